#include "rules/loader.h"

#include "src/base/clock.h"

/* -- do, with, why -- */

struct use_nodes {
    struct slice action;
    struct node *with, *why;
};

#define USE_SETTINGS                                                                               \
    { .name = "do",                                                                                \
      .type = SETTING_TEXT,                                                                        \
      .offset = offsetof(struct use_nodes, action),                                                \
      .required = true,                                                                            \
      .help = "the name of an action of vedette.yaml" },                                           \
    {                                                                                              \
        .name = "with", .type = SETTING_NODE, .offset = offsetof(struct use_nodes, with)           \
    }

/* clang-format off */
static const struct setting step_settings[] = {
    USE_SETTINGS,
    { .name = "why", .type = SETTING_NODE, .offset = offsetof(struct use_nodes, why) },
};
static const struct setting collect_settings[] = { USE_SETTINGS };
/* clang-format on */
static const struct member_table step_members = {
    .settings = step_settings,
    .n_settings = sizeof(step_settings) / sizeof(*step_settings),
};
static const struct member_table collect_members = {
    .settings = collect_settings,
    .n_settings = sizeof(collect_settings) / sizeof(*collect_settings),
};

static void read_params(struct rule_reading *reading, const struct node *with,
                        struct action_use *use)
{
    if (with->type != NODE_MAP) {
        node_problem(reading->loader->problems, with, "`with` is a map of parameters, not %s",
                     node_type_text(with));
        return;
    }
    use->params = loader_alloc(reading->loader, with->n_pairs, sizeof(*use->params));
    for (size_t i = 0; use->params && i < with->n_pairs; i++) {
        struct named_template *param = &use->params[use->n_params++];

        param->name = with->pairs[i].key;
        param->template = read_template(reading, with->pairs[i].value, false);
    }
}

static void read_use(struct rule_reading *reading, const struct member_table *members,
                     const struct node *map, struct action_use *use)
{
    struct use_nodes nodes = { 0 };

    if (!loader_read_members(reading->loader, members, map, &nodes))
        return;
    *use = (struct action_use){ .mark = map->mark, .action = nodes.action };
    if (nodes.with)
        read_params(reading, nodes.with, use);
    if (nodes.why)
        use->why = read_template(reading, nodes.why, false);
}

/* -- diagnose -- */

struct changes_members {
    int64_t within_ms;
};
static const struct setting changes_settings[] = {
    { .name = "within",
      .type = SETTING_DURATION,
      .offset = offsetof(struct changes_members, within_ms),
      .required = true,
      .min = MINUTE_MS,
      .max = 31 * DAY_MS,
      .help = "how long before, as 2h" },
};
static const struct member_table changes_table = { .settings = changes_settings, .n_settings = 1 };

struct evidence_nodes {
    struct node *changes;
    int64_t similar;
    struct node *action, *with; /* read again by read_use */
};
static const struct setting evidence_settings[] = {
    { .name = "changes", .type = SETTING_NODE, .offset = offsetof(struct evidence_nodes, changes) },
    { .name = "similar",
      .type = SETTING_INT,
      .offset = offsetof(struct evidence_nodes, similar),
      .min = 1,
      .max = 20 },
    { .name = "do", .type = SETTING_NODE, .offset = offsetof(struct evidence_nodes, action) },
    { .name = "with", .type = SETTING_NODE, .offset = offsetof(struct evidence_nodes, with) },
};
static const char *const evidence_not_yet[] = { "log", NULL };
static const struct member_table evidence_table = {
    .settings = evidence_settings,
    .n_settings = sizeof(evidence_settings) / sizeof(*evidence_settings),
    .not_yet = evidence_not_yet,
};

static void read_changes(struct rule_reading *reading, const struct node *map,
                         struct evidence_request *request)
{
    struct changes_members members = { 0 };

    (void)loader_read_members(reading->loader, &changes_table, map, &members);
    *request = (struct evidence_request){ .source = EVIDENCE_FROM_CHANGES,
                                          .within_ms = members.within_ms };
}

static void read_request(struct rule_reading *reading, const struct node *map,
                         struct evidence_request *request)
{
    struct evidence_nodes nodes = { 0 };
    int n_sources;

    if (!loader_read_members(reading->loader, &evidence_table, map, &nodes))
        return;
    n_sources = (nodes.changes ? 1 : 0) + (nodes.similar ? 1 : 0) + (nodes.action ? 1 : 0);
    if (n_sources != 1) {
        node_problem(reading->loader->problems, map,
                     "one piece of evidence is one of {changes: {within: 2h}}, {similar: 5}, "
                     "{do: ACTION, with: {…}}");
        return;
    }
    if (nodes.changes) {
        read_changes(reading, nodes.changes, request);
    } else if (nodes.similar) {
        *request =
            (struct evidence_request){ .source = EVIDENCE_FROM_SIMILAR, .limit = nodes.similar };
    } else {
        request->source = EVIDENCE_FROM_ACTION;
        read_use(reading, &collect_members, map, &request->use);
    }
}

static void read_evidence(struct rule_reading *reading, const struct node *list,
                          struct diagnose_part *diagnose)
{
    if (list->type != NODE_LIST) {
        node_problem(reading->loader->problems, list, "`evidence` is a list, not %s",
                     node_type_text(list));
        return;
    }
    diagnose->evidence = loader_alloc(reading->loader, list->n_items, sizeof(*diagnose->evidence));
    for (size_t i = 0; diagnose->evidence && i < list->n_items; i++)
        read_request(reading, list->items[i], &diagnose->evidence[diagnose->n_evidence++]);
}

struct scope_members {
    struct slice_list in, out;
};
static const struct setting scope_settings[] = {
    { .name = "in", .type = SETTING_TEXTS, .offset = offsetof(struct scope_members, in) },
    { .name = "out", .type = SETTING_TEXTS, .offset = offsetof(struct scope_members, out) },
};
static const struct member_table scope_table = { .settings = scope_settings, .n_settings = 2 };

struct diagnose_nodes {
    struct node *question, *scope, *evidence;
    struct slice_list constraints, criteria;
    int64_t timeout_ms;
};
#define AT(x) .offset = offsetof(struct diagnose_nodes, x)
static const struct setting diagnose_settings[] = {
    { .name = "question", .type = SETTING_NODE, AT(question) },
    { .name = "scope", .type = SETTING_NODE, AT(scope) },
    { .name = "evidence", .type = SETTING_NODE, AT(evidence) },
    { .name = "constraints", .type = SETTING_TEXTS, AT(constraints) },
    { .name = "criteria", .type = SETTING_TEXTS, AT(criteria) },
    { .name = "timeout",
      .type = SETTING_DURATION,
      AT(timeout_ms),
      .min = SECOND_MS,
      .max = DAY_MS },
};
#undef AT
static const char *const diagnose_not_yet[] = { "agent", NULL };
static const struct member_table diagnose_table = {
    .settings = diagnose_settings,
    .n_settings = sizeof(diagnose_settings) / sizeof(*diagnose_settings),
    .not_yet = diagnose_not_yet,
};

static void read_diagnose(struct rule_reading *reading, const struct node *map)
{
    struct diagnose_part *diagnose = &reading->rule->playbook.diagnose;
    struct diagnose_nodes nodes = { 0 };
    struct scope_members scope = { 0 };

    (void)loader_read_members(reading->loader, &diagnose_table, map, &nodes);
    if (nodes.question)
        diagnose->question = read_template(reading, nodes.question, false);
    if (nodes.scope)
        (void)loader_read_members(reading->loader, &scope_table, nodes.scope, &scope);
    if (nodes.evidence)
        read_evidence(reading, nodes.evidence, diagnose);
    diagnose->scope_in = scope.in;
    diagnose->scope_out = scope.out;
    diagnose->constraints = nodes.constraints;
    diagnose->criteria = nodes.criteria;
    diagnose->timeout_ms = nodes.timeout_ms;
}

/* -- propose -- */

struct approver_members {
    struct slice_list from, not ;
    int64_t need;
};
static const struct setting approver_settings[] = {
    { .name = "from", .type = SETTING_TEXTS, .offset = offsetof(struct approver_members, from) },
    { .name = "need",
      .type = SETTING_INT,
      .offset = offsetof(struct approver_members, need),
      .min = 1,
      .max = 20 },
    { .name = "not", .type = SETTING_TEXTS, .offset = offsetof(struct approver_members, not ) },
};
static const struct member_table approver_table = {
    .settings = approver_settings,
    .n_settings = sizeof(approver_settings) / sizeof(*approver_settings),
};

struct propose_nodes {
    struct node *plan, *approvers;
    struct slice_list allow;
    int64_t expires_ms, cooldown_ms;
};
#define AT(x) .offset = offsetof(struct propose_nodes, x)
static const struct setting propose_settings[] = {
    { .name = "plan", .type = SETTING_NODE, AT(plan) },
    { .name = "allow", .type = SETTING_TEXTS, AT(allow) },
    { .name = "approvers", .type = SETTING_NODE, AT(approvers) },
    { .name = "expires",
      .type = SETTING_DURATION,
      AT(expires_ms),
      .min = SECOND_MS,
      .max = 30 * DAY_MS },
    { .name = "cooldown", .type = SETTING_DURATION, AT(cooldown_ms), .min = 0, .max = 30 * DAY_MS },
};
#undef AT
static const struct member_table propose_table = {
    .settings = propose_settings,
    .n_settings = sizeof(propose_settings) / sizeof(*propose_settings),
};

static void read_plan(struct rule_reading *reading, const struct node *list,
                      struct propose_part *propose)
{
    if (list->type != NODE_LIST || !list->n_items) {
        node_problem(reading->loader->problems, list,
                     "`plan` is a list of steps: [{do: ACTION, with: {…}}]");
        return;
    }
    propose->plan = loader_alloc(reading->loader, list->n_items, sizeof(*propose->plan));
    for (size_t i = 0; propose->plan && i < list->n_items; i++)
        read_use(reading, &step_members, list->items[i], &propose->plan[propose->n_plan++]);
}

static void check_allow(struct rule_reading *reading, const struct propose_part *propose)
{
    for (size_t i = 0; i < propose->n_plan; i++) {
        const struct action_use *use = &propose->plan[i];

        if (use->action.len && !names_have(&propose->allow, use->action))
            mark_problem(reading->loader->problems, PROBLEM_ERROR, use->mark,
                         "the plan does `%.*s`, which `allow` does not name",
                         SLICE_ARG(use->action));
    }
}

/* Left out, the plan is all that may be done. */
static void allow_plan(struct rule_reading *reading, struct propose_part *propose)
{
    for (size_t i = 0; i < propose->n_plan; i++) {
        if (propose->plan[i].action.len)
            loader_add_name(reading->loader, &propose->allow, propose->plan[i].action);
    }
}

static void read_approvers(struct rule_reading *reading, const struct node *map,
                           struct propose_part *propose)
{
    struct approver_members members = { 0 };

    (void)loader_read_members(reading->loader, &approver_table, map, &members);
    for (size_t i = 0; i < members.not .n_items; i++)
        (void)check_field(reading->loader, map->mark, members.not .items[i], &reading->captures);
    propose->approvers_from = members.from;
    propose->approvers_need = members.need;
    propose->approvers_not = members.not ;
}

static void read_propose(struct rule_reading *reading, const struct node *map)
{
    struct propose_part *propose = &reading->rule->playbook.propose;
    struct propose_nodes nodes = { 0 };

    (void)loader_read_members(reading->loader, &propose_table, map, &nodes);
    if (nodes.plan)
        read_plan(reading, nodes.plan, propose);
    if (nodes.approvers)
        read_approvers(reading, nodes.approvers, propose);
    propose->allow = nodes.allow;
    propose->expires_ms = nodes.expires_ms;
    propose->cooldown_ms = nodes.cooldown_ms;
    if (nodes.allow.n_items)
        check_allow(reading, propose);
    else
        allow_plan(reading, propose);
}

/* -- verify -- */

struct verify_nodes {
    int64_t ok_ms, quiet_ms;
    struct slice check;
    struct node *with;
};
#define AT(x) .offset = offsetof(struct verify_nodes, x)
static const struct setting verify_settings[] = {
    { .name = "ok", .type = SETTING_DURATION, AT(ok_ms), .min = SECOND_MS, .max = 30 * DAY_MS },
    { .name = "quiet",
      .type = SETTING_DURATION,
      AT(quiet_ms),
      .min = SECOND_MS,
      .max = 30 * DAY_MS },
    { .name = "check", .type = SETTING_TEXT, AT(check) },
    { .name = "with", .type = SETTING_NODE, AT(with) },
};
#undef AT
static const struct member_table verify_table = {
    .settings = verify_settings,
    .n_settings = sizeof(verify_settings) / sizeof(*verify_settings),
};

static void read_check(struct rule_reading *reading, const struct node *map,
                       const struct verify_nodes *nodes)
{
    struct verify_part *verify = &reading->rule->playbook.verify;

    verify->kind = PLAYBOOK_VERIFY_CHECK;
    verify->check = (struct action_use){ .mark = map->mark, .action = nodes->check };
    if (nodes->with)
        read_params(reading, nodes->with, &verify->check);
}

/* No event ever ends such a signal well, so that {ok} could only end inconclusive. */
static void warn_never_ok(struct rule_reading *reading, const struct node *map)
{
    if (reading->rule->clear.kind != CLEAR_BY_EVENT)
        mark_problem(reading->loader->problems, PROBLEM_WARNING, map->mark,
                     "{ok: …} waits for an event that clears, and `clear` names none");
}

static void read_verify(struct rule_reading *reading, const struct node *map)
{
    struct verify_part *verify = &reading->rule->playbook.verify;
    struct verify_nodes nodes = { 0 };
    int n_kinds;

    if (map->type == NODE_SCALAR && slice_eq(map->text, SLICE("none"))) {
        verify->kind = PLAYBOOK_VERIFY_NONE;
        return;
    }
    if (!loader_read_members(reading->loader, &verify_table, map, &nodes))
        return;
    n_kinds = (nodes.ok_ms ? 1 : 0) + (nodes.quiet_ms ? 1 : 0) + (nodes.check.len ? 1 : 0);
    if (n_kinds != 1 || (nodes.with && !nodes.check.len)) {
        node_problem(reading->loader->problems, map,
                     "`verify` is one of {ok: 1h}, {quiet: 30m}, {check: ACTION, with: {…}}, none");
        return;
    }
    if (nodes.check.len) {
        read_check(reading, map, &nodes);
        return;
    }
    verify->kind = nodes.ok_ms ? PLAYBOOK_VERIFY_OK : PLAYBOOK_VERIFY_QUIET;
    verify->window_ms = nodes.ok_ms ? nodes.ok_ms : nodes.quiet_ms;
    if (nodes.ok_ms)
        warn_never_ok(reading, map);
}

void read_playbook(struct rule_reading *reading, const struct node *diagnose,
                   const struct node *propose, const struct node *verify)
{
    if (diagnose)
        read_diagnose(reading, diagnose);
    if (propose)
        read_propose(reading, propose);
    if (verify)
        read_verify(reading, verify);
}
