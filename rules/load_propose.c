#include "rules/loader.h"

#include "src/base/clock.h"

struct approver_members {
    struct slice_list from, not ;
    int64_t need;
};
static const struct setting approver_settings[] = {
    { .name = "from",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct approver_members, from),
      .help = "people and groups of vedette.yaml" },
    { .name = "need",
      .type = SETTING_INT,
      .offset = offsetof(struct approver_members, need),
      .min = 1,
      .max = 20,
      .help = "how many of them" },
    { .name = "not",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct approver_members, not ),
      .help = "fields whose values may not decide: [actor]" },
};
static const struct shape shape_approvers = {
    .name = "approvers",
    SHAPE_OF(approver_settings),
};

static const struct shape shape_plan = { .kind = SHAPE_LIST, .item = &shape_step };

struct propose_nodes {
    struct node *plan, *approvers;
    struct slice_list allow;
    int64_t expires_ms, cooldown_ms;
};
#define AT(x) .offset = offsetof(struct propose_nodes, x)
static const struct setting propose_settings[] = {
    { .name = "plan",
      .type = SETTING_NODE,
      AT(plan),
      .shape = &shape_plan,
      .help = "the steps: [{do: ACTION, with: {…}, why: …}]" },
    { .name = "allow",
      .type = SETTING_TEXTS,
      AT(allow),
      .help = "the actions that a plan may be made of; default: those of the plan" },
    { .name = "approvers",
      .type = SETTING_NODE,
      AT(approvers),
      .shape = &shape_approvers,
      .help = "who decides; default: the approvers of vedette.yaml" },
    { .name = "expires",
      .type = SETTING_DURATION,
      AT(expires_ms),
      .min = SECOND_MS,
      .max = 30 * DAY_MS,
      .help = "how long it waits for a decision; default 4h with a plan, else 24h" },
    { .name = "cooldown",
      .type = SETTING_DURATION,
      AT(cooldown_ms),
      .min = 0,
      .max = 30 * DAY_MS,
      .usual = "1h",
      .help = "how long the same signal asks nothing after a decision" },
};
#undef AT
const struct shape shape_propose = {
    .name = "propose",
    SHAPE_OF(propose_settings),
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
        read_step(reading, list->items[i], &propose->plan[propose->n_plan++]);
}

static void check_allow(struct rule_reading *reading, const struct propose_part *propose)
{
    for (size_t i = 0; i < propose->n_plan; i++) {
        const struct action_use *use = &propose->plan[i];

        if (use->action.len && !names_have(&propose->allow, use->action))
            mark_problem(reading->loader->problems, PROBLEM_ERROR, use->mark,
                         "the plan does `%.*s`, which `allow` does not name: add it there, or "
                         "leave `allow` out",
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

    (void)loader_read_members(reading->loader, &shape_approvers, map, &members);
    for (size_t i = 0; i < members.not .n_items; i++)
        (void)check_field(reading->loader, map->mark, members.not .items[i], &reading->captures);
    propose->approvers_from = members.from;
    propose->approvers_need = members.need;
    propose->approvers_not = members.not ;
}

void read_propose(struct rule_reading *reading, const struct node *map)
{
    struct propose_part *propose = &reading->rule->playbook.propose;
    struct propose_nodes nodes = { 0 };

    (void)loader_read_members(reading->loader, &shape_propose, map, &nodes);
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
