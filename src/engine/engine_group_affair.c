#include "src/engine/engine_private.h"

#define SCRATCH_LIMIT_BYTES ((size_t)16 << 20)

/* --- the others --- */

/* What is done to each signal but the one in hand. */
struct each {
    const struct ulid_list *ids;
    struct ulid in_hand;
    enum rc (*change)(struct turn *turn, void *context, struct signal *signal);
    void *context;
};

static enum rc alter_one(struct turn *turn, const struct each *each, struct ulid id)
{
    struct signal signal = { 0 };
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    rc = each->change(turn, each->context, &signal);
    return rc ? rc : signal_put(turn->txn, &signal);
}

/* There may be many: the memory of each is given back before the next. Nothing of what `change` does may outlive it. */
static enum rc alter_each(struct turn *turn, const struct each *each)
{
    struct arena *of_turn = turn->arena;
    struct arena *of_signal = NULL;
    enum rc rc = arena_new(SCRATCH_LIMIT_BYTES, &of_signal);

    for (size_t i = 0; i < each->ids->n_items && !rc; i++) {
        if (!ulid_compare(each->ids->items[i], each->in_hand))
            continue;
        arena_reset(of_signal);
        turn->arena = of_signal;
        rc = alter_one(turn, each, each->ids->items[i]);
        turn->arena = of_turn;
    }
    arena_free(of_signal);
    return rc;
}

/* What is asked about a signal from now on. */
struct marking {
    struct ulid task;
    const struct proposal *proposal; /* NULL: its task runs */
};

static enum rc mark(struct turn *turn, void *context, struct signal *signal)
{
    const struct marking *marking = context;

    signal->task = marking->task;
    signal->attention = ATTENTION_TASK;
    if (!marking->proposal)
        return RC_OK;
    signal->attention = ATTENTION_PROPOSAL;
    signal->proposal = marking->proposal->id;
    return proposal_add_signal(turn->txn, marking->proposal->id, signal->fingerprint);
}

static enum rc mark_each(struct turn *turn, const struct ulid_list *ids, struct ulid in_hand,
                         struct marking *marking)
{
    const struct each each = { .ids = ids, .in_hand = in_hand, .change = mark, .context = marking };

    return alter_each(turn, &each);
}

enum rc groups_mark(struct turn *turn, const struct ulid_list *ids, const struct proposal *proposal)
{
    struct marking marking = { .task = proposal->task, .proposal = proposal };

    return mark_each(turn, ids, (struct ulid){ 0 }, &marking);
}

/* It waits in its group as it did before. */
static enum rc wait_again(struct turn *turn, void *context, struct signal *signal)
{
    struct signal_group *group = context;
    enum rc rc;

    signal->attention = ATTENTION_NONE;
    if (signal->state != SIGNAL_FIRING) {
        signal->group = (struct ulid){ 0 };
        return gates_release(turn, signal);
    }
    rc = groups_wait(turn, group, signal);
    return rc ? rc : gates_note(turn, signal);
}

enum rc groups_make_wait(struct turn *turn, struct signal_group *group, const struct ulid_list *ids,
                         struct ulid in_hand)
{
    const struct each each = {
        .ids = ids, .in_hand = in_hand, .change = wait_again, .context = group
    };

    return alter_each(turn, &each);
}

/* --- its task --- */

enum rc groups_task_opened(struct turn *turn, const struct task *task, const struct signal *leader)
{
    struct marking marking = { .task = task->id };
    struct signal_group group = { 0 };
    enum rc rc;

    if (ulid_is_absent(task->group))
        return RC_OK;
    rc = groups_get(turn, task->group, &group);
    if (rc)
        return rc;
    group.task = task->id;
    group.leader = leader->id;
    rc = group_put(turn->txn, &group);
    /* Of a proposal that is there already nobody's attention changes. */
    if (rc || !ulid_is_absent(group.proposal))
        return rc;
    return mark_each(turn, &task->signals, leader->id, &marking);
}

/* Nothing comes of the task: the others wait again, and ask at once. Where it was for an open proposal, that one goes on being about them. */
enum rc groups_lose_task(struct turn *turn, struct signal_group *group, const struct task *task,
                         struct ulid in_hand)
{
    const bool is_asked = !ulid_is_absent(group->proposal);
    enum rc rc;

    group->task = (struct ulid){ 0 };
    group->leader = (struct ulid){ 0 };
    rc = group_put(turn->txn, group); /* what holds them is told by it */
    if (!rc && !is_asked)
        rc = groups_make_wait(turn, group, &task->signals, in_hand);
    if (!rc && (is_asked || group->n_waiting))
        rc = groups_arm(turn, group, turn->now_ms);
    return rc ? rc : groups_keep(turn, group);
}

enum rc groups_task_withdrawn(struct turn *turn, const struct task *task, struct signal *leader)
{
    struct signal_group group = { 0 };
    enum rc rc;

    leader->group = (struct ulid){ 0 };
    if (ulid_is_absent(task->group))
        return RC_OK;
    rc = groups_get(turn, task->group, &group);
    return rc ? rc : groups_lose_task(turn, &group, task, leader->id);
}

enum rc groups_drop_task(struct turn *turn, struct signal_group *group, struct slice reason)
{
    struct task task = { 0 };
    enum rc rc = RC_NOT_FOUND;

    if (!ulid_is_absent(group->task))
        rc = task_get(turn->txn, group->task, turn->arena, &task);
    group->task = (struct ulid){ 0 };
    group->leader = (struct ulid){ 0 };
    if (rc || task.state != TASK_RUNNING)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    return tasks_close(turn, &task, reason);
}

enum rc groups_join_task(struct turn *turn, struct signal_group *group)
{
    struct marking marking = { .task = group->task };
    struct ulid_list joined = { 0 };
    struct task task = { 0 };
    struct ulid leader;
    enum rc rc = task_get(turn->txn, group->task, turn->arena, &task);

    if (rc)
        return rc;
    for (size_t i = 0; i < task.signals.n_items && !rc; i++)
        rc = ids_add(turn->arena, &joined, task.signals.items[i]);
    if (!rc)
        rc = groups_take_waiting(turn, group, &joined);
    if (!rc)
        rc = groups_choose(turn, &joined, task.signals.items[0], &leader);
    if (rc)
        return rc == RC_NOT_FOUND ? groups_keep(turn, group) : rc;
    task.signals = joined;
    /* What is more severe than what is being looked at is looked at first. */
    if (ulid_compare(leader, joined.items[0])) {
        rc = tasks_close(turn, &task, SLICE("a signal of its group that is more severe fires"));
        return rc ? rc : groups_lose_task(turn, group, &task, (struct ulid){ 0 });
    }
    rc = mark_each(turn, &joined, leader, &marking);
    if (!rc)
        rc = task_put(turn->txn, &task);
    return rc ? rc : groups_keep(turn, group);
}

/* --- its proposal is made --- */

/* Whom a gate holds since the task began is not part of it. */
struct sifting {
    struct ulid_list *kept;
    struct arena *arena;
};

static enum rc sift(struct turn *turn, void *context, struct signal *signal)
{
    const struct rule *rule = turn_rule(turn, signal->rule);
    struct sifting *sifting = context;
    bool held = false;
    enum rc rc = RC_OK;

    if (rule && signal->state == SIGNAL_FIRING)
        rc = gates_hold(turn, rule, signal, &held);
    if (rc)
        return rc;
    if (rule && signal->state == SIGNAL_FIRING && (!held || signal->hold.reason >= HOLD_GROUP)) {
        rc = gates_release(turn, signal);
        return rc ? rc : ids_add(sifting->arena, sifting->kept, signal->id);
    }
    signal->attention = ATTENTION_NONE;
    signal->group = (struct ulid){ 0 };
    return RC_OK;
}

static enum rc open_proposal(struct turn *turn, const struct rule *rule, struct signal_group *group,
                             struct signal *leader, const struct task *task)
{
    struct ulid_list ids = { 0 };
    struct sifting sifting = { .kept = &ids, .arena = turn->arena };
    const struct each others = {
        .ids = &task->signals, .in_hand = leader->id, .change = sift, .context = &sifting
    };
    struct proposal made = { .signals = { 0 } };
    struct marking marking = { .task = task->id, .proposal = &made };
    enum rc rc = ids_add(turn->arena, &ids, leader->id);

    if (!rc)
        rc = alter_each(turn, &others);
    if (!rc)
        rc = proposals_open(turn, rule, leader, task, &ids, group->n_waiting);
    made.id = leader->proposal;
    if (!rc)
        rc = mark_each(turn, &ids, leader->id, &marking);
    group->leader = (struct ulid){ 0 };
    group->proposal = made.id;
    group->asked_ms = turn->now_ms;
    return rc ? rc : groups_keep(turn, group);
}

/* The one that asks is held since its task began. By the budget: all wait for it. By a gate of its own: the others ask without it. */
static enum rc put_back(struct turn *turn, struct signal_group *group, struct signal *leader,
                        const struct task *task)
{
    bool leads_on = leader->hold.reason > HOLD_GROUP;
    enum rc rc = RC_OK;

    leader->attention = ATTENTION_NONE;
    leader->group = (struct ulid){ 0 };
    if (leads_on)
        rc = groups_wait(turn, group, leader);
    if (!rc && !leads_on)
        return groups_lose_task(turn, group, task, leader->id);
    group->leader = leader->id;
    if (!rc)
        rc = groups_make_wait(turn, group, &task->signals, leader->id);
    return rc ? rc : groups_keep(turn, group);
}

enum rc groups_propose(struct turn *turn, const struct rule *rule, struct signal *leader,
                       const struct task *task)
{
    struct signal_group group = { 0 };
    bool held = false;
    enum rc rc = groups_get(turn, task->group, &group);

    if (rc)
        return rc;
    group.task = (struct ulid){ 0 };
    if (!ulid_is_absent(group.proposal))
        return groups_lead(turn, rule, &group, leader, task);
    rc = gates_hold(turn, rule, leader, &held);
    if (rc)
        return rc;
    return held ? put_back(turn, &group, leader, task)
                : open_proposal(turn, rule, &group, leader, task);
}

/* --- its proposal moves --- */

struct following {
    const struct proposal *proposal;
    struct signal_group *group; /* NULL: it is not about this proposal any more */
    bool asks_again;
};

static enum rc follow_one(struct turn *turn, void *context, struct signal *signal)
{
    const struct following *following = context;
    const struct proposal *proposal = following->proposal;

    if (!proposals_speaks_for(proposal, signal))
        return RC_OK;
    if (proposal_state_is_final(proposal->state) && following->asks_again && following->group)
        return wait_again(turn, following->group, signal);
    return proposals_tell_signal(turn, proposal, signal);
}

/* It came back, or it was about a signal that has resolved before anything ran: what else fires has not been decided on. */
static bool asks_again(const struct proposal *proposal, const struct signal *in_hand)
{
    bool led_resolved =
        !ulid_compare(proposal->signal, in_hand->id) && in_hand->state != SIGNAL_FIRING;

    return proposal->state == PROPOSAL_RECURRED ||
           (proposal->state == PROPOSAL_STALE && led_resolved);
}

static enum rc follow_group(struct turn *turn, struct signal_group *group,
                            const struct proposal *proposal)
{
    bool is_over = proposal_state_is_final(proposal->state);
    enum rc rc = RC_OK;

    if (proposal->state != PROPOSAL_OPEN)
        rc = groups_drop_task(turn, group, SLICE("what it was to be for is decided"));
    if (is_over)
        group->proposal = (struct ulid){ 0 };
    return rc ? rc : group_put(turn->txn, group); /* what holds them is told by it */
}

/* Whoever waited for it to be over, or open again, is asked about. */
static enum rc go_on(struct turn *turn, struct signal_group *group, const struct proposal *proposal)
{
    const struct rule *rule = turn_rule(turn, proposal->rule);
    enum rc rc = RC_OK;

    if (rule && rule->group.is_there)
        group->wait_ms = rule->group.wait_ms;

    if (group->n_waiting && proposal_state_is_final(proposal->state))
        rc = groups_arm(turn, group, turn->now_ms + group->wait_ms);
    else if (group->n_waiting && proposal->state == PROPOSAL_OPEN)
        rc = groups_arm(turn, group, turn->now_ms);
    return rc ? rc : groups_keep(turn, group);
}

enum rc groups_follow(struct turn *turn, struct signal *in_hand, const struct proposal *proposal)
{
    struct signal_group group = { 0 };
    struct following following = { .proposal = proposal,
                                   .asks_again = asks_again(proposal, in_hand) };
    const struct each others = { .ids = &proposal->signals,
                                 .in_hand = in_hand->id,
                                 .change = follow_one,
                                 .context = &following };
    enum rc rc;

    if (ulid_is_absent(proposal->group))
        return RC_OK;
    rc = groups_get(turn, proposal->group, &group);
    if (rc)
        return rc;
    if (!ulid_compare(group.proposal, proposal->id))
        following.group = &group;
    rc = following.group ? follow_group(turn, &group, proposal) : RC_OK;
    if (!rc)
        rc = alter_each(turn, &others);
    return rc || !following.group ? rc : go_on(turn, &group, proposal);
}

/* --- all of them --- */

enum rc groups_are_well(struct turn *turn, const struct proposal *proposal, struct ulid in_hand,
                        bool *well)
{
    *well = true;
    for (size_t i = 0; i < proposal->signals.n_items && *well; i++) {
        struct signal_glance glance = { 0 };
        enum rc rc;

        if (!ulid_compare(proposal->signals.items[i], in_hand))
            continue;
        rc = signal_glance_get(turn->txn, proposal->signals.items[i], &glance);
        if (rc && rc != RC_NOT_FOUND && rc != RC_CORRUPT)
            return rc;
        *well = rc || glance.state != SIGNAL_FIRING;
    }
    return RC_OK;
}

static enum rc end_firing(struct turn *turn, void *context, struct signal *signal)
{
    (void)context;
    return signal->state == SIGNAL_FIRING ? signals_resolve(turn, signal, SLICE("verification"))
                                          : RC_OK;
}

enum rc groups_verified(struct turn *turn, const struct proposal *proposal, struct signal *in_hand)
{
    const struct each others = { .ids = &proposal->signals,
                                 .in_hand = in_hand->id,
                                 .change = end_firing };
    enum rc rc = signals_resolve(turn, in_hand, SLICE("verification"));

    return rc ? rc : alter_each(turn, &others);
}
