#include "rules/loader.h"

#include "src/base/clock.h"

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
        read_action_to_collect(reading, map, &request->use);
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

void read_diagnose(struct rule_reading *reading, const struct node *map)
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
