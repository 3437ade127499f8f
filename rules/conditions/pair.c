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

/* Both say the same of an event that comes again while its partner is waited for; which of the two is usual differs. */
static const struct setting settings[] = {
    { .name = "followed_by", /* or "not_followed_by" */
      .type = SETTING_NODE,
      AT(filter),
      .required = true,
      .shape = &shape_filter,
      .help = "a filter: the event that must, or must not, come after it" },
    WITHIN_MEMBER(struct pair_nodes, "5m"),
    { .name = "repeat",
      .type = SETTING_ENUM,
      AT(repeat),
      .names = steps_repeat_names,
      .help = "where a match comes again meanwhile: restart with it (usual for followed_by), or "
              "keep the one before (for not_followed_by)" },
};
const struct shape pair_members = { SHAPE_OF(settings) };

struct steps *read_pair(struct rule_reading *reading, const struct node *when, const char *name,
                        enum steps_repeat repeat)
{
    struct pair_nodes nodes = { .repeat = (int)repeat };
    struct steps *steps = loader_alloc(reading->loader, 1, sizeof(*steps));

    if (!steps)
        return NULL;
    (void)read_condition_members(reading, &pair_members, name, when, &nodes);
    steps->within_ms = nodes.within_ms;
    steps->lateness_ms = reading->rule->lateness_ms;
    steps->repeat = nodes.repeat;
    steps_add(steps, PART_OWN, 1);
    if (nodes.filter)
        steps_read_filter(reading, nodes.filter, steps);
    return steps;
}
