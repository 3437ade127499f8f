#include "rules/conditions/pair.h"

#include "rules/conditions/window_members.h"
#include "rules/loader.h"
#include "src/base/clock.h"

struct pair_nodes {
    struct node *filter;
    int64_t within_ms;
    int repeat;
};

#define AT(x) .offset = offsetof(struct pair_nodes, x)

static void read_nodes(struct rule_reading *reading, const struct node *when, const char *name,
                       struct pair_nodes *nodes)
{
    const struct setting settings[] = {
        { .name = name, .type = SETTING_NODE, AT(filter), .required = true },
        WITHIN_MEMBER(struct pair_nodes, "5m"),
        { .name = "repeat", .type = SETTING_ENUM, AT(repeat), .names = steps_repeat_names },
    };
    const struct member_table members = {
        .settings = settings,
        .n_settings = sizeof(settings) / sizeof(*settings),
    };

    (void)loader_read_members(reading->loader, &members, when, nodes);
}

struct steps *read_pair(struct rule_reading *reading, const struct node *when, const char *name,
                        enum steps_repeat repeat)
{
    struct pair_nodes nodes = { .repeat = (int)repeat };
    struct steps *steps = loader_alloc(reading->loader, 1, sizeof(*steps));

    if (!steps)
        return NULL;
    read_nodes(reading, when, name, &nodes);
    steps->within_ms = nodes.within_ms;
    steps->lateness_ms = reading->rule->lateness_ms;
    steps->repeat = nodes.repeat;
    steps_add(steps, PART_OWN, 1);
    if (nodes.filter)
        steps_read_filter(reading, nodes.filter, steps);
    return steps;
}
