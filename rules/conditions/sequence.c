#include "rules/conditions/conditions.h"

#include "rules/conditions/steps.h"
#include "rules/conditions/window_members.h"
#include "rules/loader.h"
#include "src/base/clock.h"

/* {sequence: [FILTER, …], within: D}: true when all matched, in this order, the first and the last less than D apart. The rule has nothing but its
 * steps: what it says of on, match, ignore and key they have from it, and a `where` of its own would be nobody's. */

struct sequence_nodes {
    struct node *steps;
    int64_t within_ms;
    int repeat;
};

#define AT(x) .offset = offsetof(struct sequence_nodes, x)
static const struct shape shape_steps = { .kind = SHAPE_LIST, .item = &shape_filter };

static const struct setting settings[] = {
    { .name = "sequence",
      .type = SETTING_NODE,
      AT(steps),
      .required = true,
      .shape = &shape_steps,
      .help = "filters, one for each step, in their order" },
    WITHIN_MEMBER(struct sequence_nodes, "10m"),
    { .name = "repeat",
      .type = SETTING_ENUM,
      AT(repeat),
      .names = steps_repeat_names,
      .help =
          "where a first step comes again: restart with it (the default), or keep the one before" },
};
static const struct shape members = {
    SHAPE_OF(settings),
};

static void refuse_own_where(struct rule_reading *reading)
{
    const struct node *where = node_find(reading->rule->node, "where");

    if (where)
        node_problem(reading->loader->problems, where,
                     "a sequence has its steps and nothing else: put `where` into the steps that "
                     "it is about");
}

static void read_steps(struct rule_reading *reading, const struct node *list, struct steps *steps)
{
    struct problems *problems = reading->loader->problems;

    if (list->type != NODE_LIST)
        node_problem(problems, list, "`sequence` is a list of filters, one for each step, not %s",
                     node_type_text(list));
    else if (list->n_items < 2 || list->n_items > STEPS_MAX)
        node_problem(problems, list, "`sequence` has 2 to %d steps, not %zu", STEPS_MAX,
                     list->n_items);
    else
        for (size_t i = 0; i < list->n_items; i++)
            steps_read_filter(reading, list->items[i], steps);
}

static void *parse_sequence(struct rule_reading *reading, const struct node *when)
{
    struct sequence_nodes nodes = { 0 };
    struct steps *steps = loader_alloc(reading->loader, 1, sizeof(*steps));

    refuse_own_where(reading);
    if (!steps)
        return NULL;
    (void)loader_read_members(reading->loader, &members, when, &nodes);
    steps->within_ms = nodes.within_ms;
    steps->lateness_ms = reading->rule->lateness_ms;
    steps->repeat = nodes.repeat;
    if (nodes.steps)
        read_steps(reading, nodes.steps, steps);
    return steps;
}

const struct condition condition_sequence = {
    .name = "sequence",
    .members = &members,
    .parse = parse_sequence,
    .fold = steps_fold,
    .wake = steps_wake,
    .describe = steps_describe,
    .within_ms = steps_within_ms,
    .reaches_back = true,
    .match_is_trouble = true,
    .has_only_parts = true,
};
