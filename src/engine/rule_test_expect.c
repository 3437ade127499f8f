#include "src/engine/rule_test_private.h"

#include "watchers/watcher_config.h"

/* Nobody is shown an idle one. */
static const char *const state_names[] = {
    [SIGNAL_PENDING] = "pending", [SIGNAL_FIRING] = "firing", [SIGNAL_RESOLVED] = "resolved", NULL
};

/* clang-format off */
#define NUMBER .type = SETTING_INT, .min = 0, .max = INT64_MAX
static const struct shape shape_values = { .kind = SHAPE_MAP, .item = &shape_text };

static const struct setting plan_members[] = {
    { .name = "do", .type = SETTING_NODE, .required = true, .shape = &shape_text, .help = "an action" },
    { .name = "with", .type = SETTING_NODE, .shape = &shape_values, .help = "parameters, among others" },
    { .name = "why", .type = SETTING_NODE, .shape = &shape_text, .help = "why" },
};
static const struct shape plan_map = { .name = "planned", SHAPE_OF(plan_members) };
static const struct shape *const plan_either[] = { &plan_map, &shape_text, NULL };
static const struct shape shape_planned = { .kind = SHAPE_EITHER, .either = plan_either };
static const struct shape plan_list = { .kind = SHAPE_LIST, .item = &shape_planned };
static const struct shape *const plan_forms[] = { &plan_list, &shape_text, NULL };
static const struct shape shape_plan = { .kind = SHAPE_EITHER, .either = plan_forms };

#define AT(member) .offset = offsetof(struct expected_proposal, member)
static const struct setting proposal_members[] = {
    { .name = "title", .type = SETTING_TEXT, AT(title), .help = "its title" },
    { .name = "plan", .type = SETTING_NODE, AT(plan), .shape = &shape_plan, .help = "the actions of its plan in order, or {do, with, why} of each" },
    { .name = "state", .type = SETTING_ENUM, AT(state), .names = proposal_state_names, .help = "what becomes of it; left out: it is made" },
    { .name = "severity", .type = SETTING_ENUM, AT(severity), .names = severity_names, .help = "how bad it is" },
    { .name = "question", .type = SETTING_TEXT, AT(question), .help = "what its task asked" },
    { .name = "key", .type = SETTING_NODE, AT(key), .shape = &shape_texts, .help = "the key of the signal that leads" },
    { .name = "signals", .type = SETTING_INT, AT(signals), .min = 1, .max = 1000000, .help = "how many signals it is about" },
    { .name = "revision", .type = SETTING_INT, AT(revision), .min = 1, .max = 1000000, .help = "which revision it is" },
    { .name = "expires", .type = SETTING_DURATION, AT(expires_ms), .help = "how long a revision waits" },
    { .name = "outcome", .type = SETTING_TEXT, AT(outcome), .help = "the sentence that says what became of it" },
    { .name = "refused", .type = SETTING_TEXT, AT(refused), .help = "why there is no plan although the rule has one" },
};
#undef AT
static const struct shape shape_expected = { .name = "proposal", SHAPE_OF(proposal_members) };

#define AT(member) .offset = offsetof(struct expectation, member)
static const struct setting expect_members[] = {
    { .name = "at", .type = SETTING_DURATION, AT(at_ms), .shape = &shape_moment, .help = "when, since the test began" },
    { .name = "rule", .type = SETTING_TEXT, AT(rule), .help = "whose signal" },
    { .name = "key", .type = SETTING_NODE, AT(key), .shape = &shape_texts, .help = "the values of its key" },
    { .name = "state", .type = SETTING_ENUM, AT(state), .names = state_names, .help = "what the signal becomes" },
    { .name = "count", NUMBER, AT(count), .help = "how many matches it has counted" },
    { .name = "title", .type = SETTING_TEXT, AT(title), .help = "its title" },
    { .name = "severity", .type = SETTING_ENUM, AT(severity), .names = severity_names, .help = "how bad it is" },
    { .name = "fields", .type = SETTING_NODE, AT(fields), .shape = &shape_values, .help = "captures and fields of its key, among others" },
    { .name = "proposal", .type = SETTING_NODE, AT(proposal), .shape = &shape_expected, .help = "a proposal that is made, or changes" },
    { .name = "proposals", NUMBER, AT(n_proposals), .help = "how many were made in the whole test" },
    { .name = "signals", NUMBER, AT(n_signals), .help = "how many fired in the whole test" },
};
#undef AT
const struct shape shape_expectation = { .name = "expectation", SHAPE_OF(expect_members) };
/* clang-format on */

static bool refuse(const struct rule_test_reading *reading, const struct node *node,
                   const char *text)
{
    node_problem(reading->problems, node, "%s", text);
    return false;
}

/* A step is named by its action, or more of it is said. */
static bool check_step(const struct rule_test_reading *reading, const struct node *item)
{
    struct node *members[COUNT(plan_members)]; /* what settings_read fills is looked at nowhere */

    if (item->type == NODE_SCALAR)
        return true;
    if (item->type != NODE_MAP)
        return refuse(reading, item, "a step is an action, or {do: ACTION, with: {NAME: VALUE}}");
    if (settings_read(plan_members, COUNT(plan_members), item, reading->arena, reading->problems,
                      members))
        return false;
    return !node_find(item, "with") || node_find(item, "with")->type == NODE_MAP ||
           refuse(reading, node_find(item, "with"), "`with` is a map of parameters");
}

static bool check_plan(const struct rule_test_reading *reading, const struct node *plan)
{
    bool is_right = true;

    if (!plan || plan->type == NODE_SCALAR)
        return true;
    if (plan->type != NODE_LIST)
        return refuse(reading, plan, "`plan` is a list of steps");
    for (size_t i = 0; i < plan->n_items; i++)
        is_right = check_step(reading, plan->items[i]) && is_right;
    return is_right;
}

static enum rc read_proposal(const struct rule_test_reading *reading, struct expectation *wanted)
{
    enum rc rc;

    if (wanted->proposal->type != NODE_MAP) {
        (void)refuse(reading, wanted->proposal, "`proposal` is a map: {state: verified}");
        return RC_INVALID;
    }
    rc = settings_read(proposal_members, COUNT(proposal_members), wanted->proposal, reading->arena,
                       reading->problems, &wanted->wanted);
    if (!check_plan(reading, wanted->wanted.plan))
        rc = watcher_worse(rc, RC_INVALID);
    return rc;
}

/* Of a proposal, or of a number, only `at` and `rule` are said outside of it; what else stands there would never be looked at. */
static bool has_one_subject(const struct rule_test_reading *reading,
                            const struct expectation *wanted)
{
    static const char *const of_signals[] = {
        "key", "state", "count", "title", "severity", "fields"
    };
    bool is_number = wanted->n_proposals >= 0 || wanted->n_signals >= 0;
    int n_subjects = !!wanted->proposal + (wanted->n_proposals >= 0) + (wanted->n_signals >= 0);

    if (n_subjects > 1)
        return refuse(
            reading, wanted->node,
            "one of `proposal`, `proposals` and `signals`: write an expectation for each");
    if (is_number && wanted->at_ms >= 0)
        return refuse(reading, wanted->node, "a number is that of the whole test: without `at`");
    for (size_t i = 0; n_subjects && i < COUNT(of_signals); i++)
        if (node_find(wanted->node, of_signals[i])) {
            node_problem(reading->problems, node_find(wanted->node, of_signals[i]),
                         wanted->proposal ? "of a proposal, `%s` stands inside `proposal: {…}`"
                                          : "`%s` says nothing about a number",
                         of_signals[i]);
            return false;
        }
    if (!n_subjects && slice_is_absent(wanted->rule))
        return refuse(reading, wanted->node,
                      "`rule` is missing: {at: 20m, rule: ID, state: firing}, {proposal: {…}}, "
                      "{proposals: 0} or {signals: 0}");
    return true;
}

static bool check_maps(const struct rule_test_reading *reading, const struct expectation *wanted)
{
    if (wanted->fields && wanted->fields->type != NODE_MAP)
        return refuse(reading, wanted->fields, "`fields` is a map: {pid: '77'}");
    if (wanted->key && wanted->key->type == NODE_MAP)
        return refuse(reading, wanted->key, "`key` is a list of the rendered values");
    return true;
}

static enum rc read_expectation(const struct rule_test_reading *reading, const struct node *node,
                                struct expectation *wanted)
{
    const struct node *map;
    enum rc rc;

    *wanted = (struct expectation){
        .node = node,
        .at_ms = -1,
        .state = -1,
        .count = -1,
        .severity = -1,
        .n_proposals = -1,
        .n_signals = -1,
        .wanted = { .signals = -1, .revision = -1, .state = -1, .severity = -1, .expires_ms = -1 }
    };
    if (node->type != NODE_MAP) {
        (void)refuse(reading, node, "an expectation is a map: {at: 20m, rule: ID, state: firing}");
        return RC_INVALID;
    }
    map = rule_test_without_zero(node, reading->arena);
    if (!map)
        return RC_NO_MEMORY;
    if (map->n_pairs != node->n_pairs)
        wanted->at_ms = 0;
    rc = settings_read(expect_members, COUNT(expect_members), map, reading->arena,
                       reading->problems, wanted);
    if (wanted->proposal)
        rc = watcher_worse(rc, read_proposal(reading, wanted));
    if (rc)
        return rc;
    if (!has_one_subject(reading, wanted) || !check_maps(reading, wanted) ||
        !rule_test_knows_rule(reading, wanted->rule, node_find(node, "rule")))
        return RC_INVALID;
    return RC_OK;
}

enum rc rule_test_read_expectations(const struct rule_test_reading *reading,
                                    struct rule_test_text *text)
{
    const struct node *list = text->expect_node;
    enum rc rc = RC_OK;

    if (!list->n_items) {
        (void)refuse(reading, list,
                     "`expect` is empty: nothing could fail; {proposals: 0} says that nobody is "
                     "asked anything");
        return RC_INVALID;
    }
    text->expectations = arena_alloc(reading->arena, list->n_items, sizeof *text->expectations);
    if (!text->expectations)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < list->n_items; i++)
        rc = watcher_worse(rc, read_expectation(reading, list->items[i],
                                                &text->expectations[text->n_expectations++]));
    return rc;
}
