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
static const struct shape shape_changes = { .name = "changes", SHAPE_OF(changes_settings) };

#define LOG_MAX_AROUND DAY_MS
#define LOG_MAX_LINES 1000

struct log_members {
    struct slice watcher;
    int64_t around_ms;
    struct node *match;
    int64_t n_lines;
};
#define AT(x) .offset = offsetof(struct log_members, x)
static const struct setting log_settings[] = {
    { .name = "watcher",
      .type = SETTING_TEXT,
      AT(watcher),
      .required = true,
      .help = "the name of a log watcher of vedette.yaml" },
    { .name = "around",
      .type = SETTING_DURATION,
      AT(around_ms),
      .min = SECOND_MS,
      .max = LOG_MAX_AROUND,
      .usual = "5m",
      .help = "how long before the first match and after the last one, as 5m" },
    { .name = "match",
      .type = SETTING_NODE,
      AT(match),
      .shape = &shape_pattern,
      .help = "only lines that match" },
    { .name = "lines",
      .type = SETTING_INT,
      AT(n_lines),
      .min = 1,
      .max = LOG_MAX_LINES,
      .usual = "100",
      .help = "at most so many" },
};
#undef AT
const struct shape log_members = {
    .name = "log",
    SHAPE_OF(log_settings),
};

static const struct shape *const log_either[] = { &log_members, &shape_text, NULL };
static const struct shape shape_log = { .kind = SHAPE_EITHER, .either = log_either };

struct evidence_nodes {
    struct node *changes;
    int64_t similar;
    struct node *action, *with; /* read again by read_use */
    struct node *log;
};
static const struct setting evidence_settings[] = {
    { .name = "changes",
      .type = SETTING_NODE,
      .offset = offsetof(struct evidence_nodes, changes),
      .shape = &shape_changes,
      .help = "pushes and deploys of the same repo or service just before: {within: 2h}" },
    { .name = "similar",
      .type = SETTING_INT,
      .offset = offsetof(struct evidence_nodes, similar),
      .min = 1,
      .max = 20,
      .help = "so many earlier proposals for this signal, and what became of them" },
    { .name = "do",
      .type = SETTING_NODE,
      .offset = offsetof(struct evidence_nodes, action),
      .shape = &shape_text,
      .help = "what an action of vedette.yaml with `effect: none` prints" },
    { .name = "with",
      .type = SETTING_NODE,
      .offset = offsetof(struct evidence_nodes, with),
      .shape = &shape_params,
      .help = "the parameters of `do`" },
    { .name = "log",
      .type = SETTING_NODE,
      .offset = offsetof(struct evidence_nodes, log),
      .shape = &shape_log,
      .help = "lines of a log watcher around the matches: its name, or {watcher: app, around: 5m, "
              "match: '/error/i'}" },
};
static const struct shape shape_request = {
    .name = "evidence",
    SHAPE_OF(evidence_settings),
};

static void read_changes(struct rule_reading *reading, const struct node *map,
                         struct evidence_request *request)
{
    struct changes_members members = { 0 };

    (void)loader_read_members(reading->loader, &shape_changes, map, &members);
    *request = (struct evidence_request){ .source = EVIDENCE_FROM_CHANGES,
                                          .within_ms = members.within_ms };
}

static void read_log(struct rule_reading *reading, const struct node *map,
                     struct evidence_request *request)
{
    struct log_members members = { 0 };

    if (map->type != NODE_MAP) {
        node_problem(reading->loader->problems, map,
                     "`log` is the name of a watcher, or {watcher: app, around: 5m, "
                     "match: '/error/i', lines: 100}, not %s",
                     node_type_text(map));
        return;
    }
    (void)loader_read_members(reading->loader, &log_members, map, &members);
    request->source = EVIDENCE_FROM_LOG;
    request->log = (struct log_use){ .mark = map->mark,
                                     .watcher = members.watcher,
                                     .around_ms = members.around_ms,
                                     .n_lines = members.n_lines };
    if (members.match)
        request->log.match = read_pattern(reading->loader, members.match, NULL);
}

static void read_request(struct rule_reading *reading, const struct node *map,
                         struct evidence_request *request)
{
    struct evidence_nodes nodes = { 0 };
    bool is_whole = loader_read_members(reading->loader, &shape_request, map, &nodes);
    int n_sources;

    n_sources = (nodes.changes ? 1 : 0) + (nodes.similar ? 1 : 0) + (nodes.action ? 1 : 0) +
                (nodes.log ? 1 : 0);
    if (!is_whole && n_sources != 1)
        return;
    if (n_sources != 1 || (nodes.with && !nodes.action)) {
        node_problem(reading->loader->problems, map,
                     "one piece of evidence is one of {changes: {within: 2h}}, {similar: 5}, "
                     "{do: ACTION, with: {…}}, {log: {watcher: app, match: '/error/i'}}");
        return;
    }
    if (nodes.changes) {
        read_changes(reading, nodes.changes, request);
    } else if (nodes.similar) {
        *request =
            (struct evidence_request){ .source = EVIDENCE_FROM_SIMILAR, .limit = nodes.similar };
    } else if (nodes.log) {
        read_log(reading, nodes.log, request);
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
    { .name = "in",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct scope_members, in),
      .help = "what belongs to the question" },
    { .name = "out",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct scope_members, out),
      .help = "what does not" },
};
static const struct shape shape_scope = { .kind = SHAPE_MAP,
                                          .settings = scope_settings,
                                          .n_settings = 2 };

static const struct shape shape_evidence = { .kind = SHAPE_LIST, .item = &shape_request };

struct diagnose_nodes {
    struct node *question, *scope, *evidence;
    struct slice_list constraints, criteria;
    int64_t timeout_ms;
};
#define AT(x) .offset = offsetof(struct diagnose_nodes, x)
static const struct setting diagnose_settings[] = {
    { .name = "question",
      .type = SETTING_NODE,
      AT(question),
      .shape = &shape_text,
      .help = "what is to be found out, with {{field}} in it" },
    { .name = "scope",
      .type = SETTING_NODE,
      AT(scope),
      .shape = &shape_scope,
      .help = "what belongs to the question, and what does not" },
    { .name = "evidence",
      .type = SETTING_NODE,
      AT(evidence),
      .shape = &shape_evidence,
      .help = "what is collected; default [{changes: {within: 2h}}, {similar: 5}]" },
    { .name = "constraints",
      .type = SETTING_TEXTS,
      AT(constraints),
      .help = "what must not be done; told to who diagnoses, while `allow` is enforced" },
    { .name = "criteria", .type = SETTING_TEXTS, AT(criteria), .help = "what a good answer has" },
    { .name = "timeout",
      .type = SETTING_DURATION,
      AT(timeout_ms),
      .min = SECOND_MS,
      .max = DAY_MS,
      .usual = "5m",
      .help = "how long evidence is waited for" },
};
#undef AT
static const char *const diagnose_not_yet[] = { "agent", NULL };
const struct shape shape_diagnose = {
    .name = "diagnose",
    SHAPE_OF(diagnose_settings),
    .not_yet = diagnose_not_yet,
};

void read_diagnose(struct rule_reading *reading, const struct node *map)
{
    struct diagnose_part *diagnose = &reading->rule->playbook.diagnose;
    struct diagnose_nodes nodes = { 0 };
    struct scope_members scope = { 0 };

    (void)loader_read_members(reading->loader, &shape_diagnose, map, &nodes);
    if (nodes.question && check_not_blank(reading->loader, "question", nodes.question))
        diagnose->question = read_template(reading, nodes.question, &reading->captures, false);
    if (nodes.scope)
        (void)loader_read_members(reading->loader, &shape_scope, nodes.scope, &scope);
    if (nodes.evidence)
        read_evidence(reading, nodes.evidence, diagnose);
    diagnose->scope_in = scope.in;
    diagnose->scope_out = scope.out;
    diagnose->constraints = nodes.constraints;
    diagnose->criteria = nodes.criteria;
    diagnose->timeout_ms = nodes.timeout_ms;
}
