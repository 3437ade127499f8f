#include "src/engine/engine_private.h"

/* --- joined: a new revision of what is open --- */

/* Those that joined make one: what was approved was approved without them. */
static enum rc revise_for(struct turn *turn, struct signal_group *group, struct proposal *proposal,
                          size_t n_joined)
{
    struct proposal before = *proposal;
    struct signal leader = { 0 };
    enum rc rc = signal_get(turn->txn, proposal->signal, turn->arena, &leader);

    if (!rc)
        rc = proposals_title(turn, &leader, proposal);
    if (!rc)
        rc = proposal_revise(proposal, turn->now_ms, false, turn->arena);
    if (!rc)
        rc = proposals_moved(turn, &leader, proposal, &before);
    if (!rc)
        rc = messages_note(turn, proposal->id, false,
                           "%zu more signal%s joined: revision %lld waits for a decision", n_joined,
                           n_joined == 1 ? "" : "s", (long long)proposal->revision);
    group->asked_ms = turn->now_ms;
    if (!rc)
        rc = proposal_put(turn->txn, proposal);
    return rc ? rc : groups_keep(turn, group);
}

/* No revision: counts never make one. */
static enum rc retell(struct turn *turn, struct signal_group *group, struct proposal *proposal)
{
    struct signal leader = { 0 };
    enum rc rc = signal_get(turn->txn, proposal->signal, turn->arena, &leader);

    if (!rc)
        rc = proposals_title(turn, &leader, proposal);
    proposal->updated_ms = turn->now_ms;
    if (!rc)
        rc = turn_feed_proposal(turn, proposal);
    if (!rc)
        rc = proposal_put(turn->txn, proposal);
    return rc ? rc : groups_keep(turn, group);
}

/* --- another one leads --- */

/* The proposal's own place among those of the signal that led goes, unless it is still about that one. */
static enum rc take_lead(struct turn *turn, const struct signal *leader, struct proposal *proposal)
{
    enum rc rc = RC_OK;

    if (!ulid_compare(proposal->signal, leader->id))
        return ids_lead(turn->arena, &proposal->signals, leader->id, &proposal->signals);
    if (!ids_have(&proposal->signals, proposal->signal))
        rc = proposal_remove_signal(turn->txn, proposal->id, proposal->fingerprint);
    proposal->rule = leader->rule;
    proposal->key = leader->key;
    proposal->signal = leader->id;
    proposal->fingerprint = leader->fingerprint;
    proposal->episode = leader->episode;
    return rc ? rc : ids_lead(turn->arena, &proposal->signals, leader->id, &proposal->signals);
}

/* Until it is known what to do about the others there is nothing to approve. */
static enum rc wait_for_task(struct turn *turn, struct proposal *proposal, const struct task *task)
{
    struct proposal before = *proposal;
    struct signal leader = { 0 };
    enum rc rc = signal_get(turn->txn, task->signals.items[0], turn->arena, &leader);

    if (!rc)
        rc = take_lead(turn, &leader, proposal);
    if (!rc)
        rc = proposals_title(turn, &leader, proposal);
    if (rc)
        return rc;
    proposal->task = task->id;
    proposal->plan = (struct record_list){ 0 };
    proposal->verify = VERIFY_NONE;
    proposal->verify_step = (struct step){ 0 };
    proposal->verify_check = (struct slice_list){ 0 };
    proposal->refused = SLICE("what it was about has resolved; the others are being looked at");
    proposal->diagnosis = (struct diagnosis){
        .title = leader.title,
        .summary = SLICE("The signal that led has resolved. What is behind the others is being "
                         "looked at."),
        .by = SLICE("vedette"),
    };
    rc = proposal_drop_edits(proposal, SLICE("another signal leads"), turn->arena);
    if (!rc)
        rc = proposal_revise(proposal, turn->now_ms, false, turn->arena);
    if (!rc)
        rc = proposals_moved(turn, &leader, proposal, &before);
    return rc ? rc : proposal_put(turn->txn, proposal);
}

/* The diagnosis of the one that leads from now on is there, and with it its plan. */
enum rc groups_lead(struct turn *turn, const struct rule *rule, struct signal_group *group,
                    struct signal *leader, const struct task *task)
{
    struct proposal proposal = { 0 };
    struct proposal before;
    enum rc rc = proposal_get(turn->txn, group->proposal, turn->arena, &proposal);

    group->leader = (struct ulid){ 0 };
    if (rc || proposal.state != PROPOSAL_OPEN || !ids_have(&proposal.signals, leader->id))
        return rc && rc != RC_NOT_FOUND ? rc : groups_keep(turn, group);
    before = proposal;
    rc = take_lead(turn, leader, &proposal);
    if (rc)
        return rc;
    proposal.task = task->id;
    proposal.diagnosis = task->diagnosis;
    rc = proposals_render(turn, rule, leader, task, &proposal);
    if (!rc)
        rc = proposal_drop_edits(&proposal, SLICE("another signal leads"), turn->arena);
    if (!rc)
        rc = proposal_revise(&proposal, turn->now_ms, false, turn->arena);
    if (!rc)
        rc = proposals_count(turn, &before, &proposal);
    if (!rc)
        rc = proposals_moved(turn, leader, &proposal, &before);
    if (!rc)
        rc = proposal_put(turn->txn, &proposal);
    if (!rc)
        rc = messages_open_missing(turn, &proposal);
    if (!rc)
        rc = messages_note(turn, proposal.id, false,
                           "another signal leads: revision %lld waits for a decision",
                           (long long)proposal.revision);
    group->asked_ms = turn->now_ms;
    return rc ? rc : groups_keep(turn, group);
}

static enum rc look_at(struct turn *turn, struct signal_group *group, struct ulid id,
                       const struct proposal *proposal)
{
    struct signal leader = { 0 };
    struct ulid_list ids = { 0 };
    const struct rule *rule;
    enum rc rc;

    if (!ulid_is_absent(group->task) && !ulid_compare(group->leader, id))
        return RC_OK; /* it is being looked at already */
    rc = groups_drop_task(turn, group, SLICE("another signal of its group leads"));
    if (!rc)
        rc = group_put(turn->txn, group);
    if (!rc)
        rc = signal_get(turn->txn, id, turn->arena, &leader);
    if (!rc)
        rc = ids_lead(turn->arena, &proposal->signals, id, &ids);
    rule = turn_rule(turn, leader.rule);
    if (!rc && rule)
        rc = tasks_open(turn, rule, &leader, &ids);
    if (!rc)
        rc = signal_put(turn->txn, &leader);
    return rc ? rc : groups_get(turn, group->id, group);
}

/* Its task may be done at once, and then the new revision is there. */
static enum rc change_lead(struct turn *turn, struct signal_group *group, struct proposal *proposal,
                           struct ulid leader, size_t n_joined)
{
    int64_t revision = proposal->revision;
    struct task task = { 0 };
    enum rc rc = proposal_put(turn->txn, proposal);

    if (!rc)
        rc = look_at(turn, group, leader, proposal);
    if (!rc)
        rc = proposal_get(turn->txn, proposal->id, turn->arena, proposal);
    if (rc || proposal->revision != revision)
        return rc;
    if (ids_have(&proposal->signals, proposal->signal))
        return n_joined ? revise_for(turn, group, proposal, n_joined) : groups_keep(turn, group);
    rc = task_get(turn->txn, group->task, turn->arena, &task);
    if (!rc)
        rc = wait_for_task(turn, proposal, &task);
    else if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    return rc ? rc : groups_keep(turn, group);
}

/* --- who is in it has changed --- */

static enum rc take_in(struct turn *turn, struct signal_group *group, struct proposal *proposal,
                       size_t *n_joined)
{
    struct ulid_list all = { 0 };
    struct ulid_list joined;
    size_t n_before = proposal->signals.n_items;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n_before && !rc; i++)
        rc = ids_add(turn->arena, &all, proposal->signals.items[i]);
    if (!rc)
        rc = groups_take_waiting(turn, group, &all);
    if (rc)
        return rc;
    *n_joined = all.n_items - n_before;
    joined = (struct ulid_list){ .items = all.items + n_before, .n_items = *n_joined };
    proposal->signals = all;
    return *n_joined ? groups_mark(turn, &joined, proposal) : RC_OK;
}

/* Those that were to take the place of the last one may not: nobody is left. One that led and still fires was taken back, and nothing cools down for it. */
static enum rc withdraw(struct turn *turn, const struct signal_group *group,
                        struct proposal *proposal, struct signal *in_hand)
{
    const bool has_led = in_hand && !ulid_compare(in_hand->id, proposal->signal);
    const int64_t cooldown_ms = proposal->cooldown_ms;
    struct slice reason = SLICE("the signal resolved");
    struct signal stored = { 0 };
    struct signal *led = has_led ? in_hand : &stored;
    enum rc rc = group_put(turn->txn, group); /* what follows reads it */

    if (!rc && !has_led)
        rc = signal_get(turn->txn, proposal->signal, turn->arena, &stored);
    if (rc)
        return rc;
    if (led->state == SIGNAL_FIRING) {
        reason = SLICE("nothing that it was about may be asked about now");
        proposal->cooldown_ms = 0;
    }
    rc = proposals_move(turn, led, proposal, PROPOSAL_WITHDRAWN, reason);
    proposal->cooldown_ms = cooldown_ms;
    if (!rc && !has_led)
        rc = signal_put(turn->txn, &stored);
    return rc ? rc : proposal_put(turn->txn, proposal);
}

enum rc groups_revise(struct turn *turn, struct signal_group *group, struct signal *in_hand)
{
    struct proposal proposal = { 0 };
    struct ulid leader;
    size_t n_joined = 0;
    int64_t n_more;
    enum rc rc = proposal_get(turn->txn, group->proposal, turn->arena, &proposal);

    if (rc || proposal.state != PROPOSAL_OPEN)
        return rc ? rc : groups_keep(turn, group);
    n_more = proposal.n_more;
    rc = take_in(turn, group, &proposal, &n_joined);
    proposal.n_more = group->n_waiting;
    if (!rc)
        rc = groups_choose(turn, &proposal.signals, proposal.signal, &leader);
    if (rc)
        return rc == RC_NOT_FOUND ? withdraw(turn, group, &proposal, in_hand) : rc;
    if (ulid_compare(leader, proposal.signal))
        return change_lead(turn, group, &proposal, leader, n_joined);
    rc = groups_drop_task(turn, group, SLICE("the signal that leads goes on leading"));
    if (rc)
        return rc;
    if (n_joined)
        return revise_for(turn, group, &proposal, n_joined);
    return n_more != proposal.n_more ? retell(turn, group, &proposal) : groups_keep(turn, group);
}

/* --- left --- */

static enum rc leave_task(struct turn *turn, struct signal_group *group, struct signal *signal,
                          struct slice reason)
{
    struct task task = { 0 };
    bool led;
    enum rc rc = task_get(turn->txn, signal->task, turn->arena, &task);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    led = task.signals.n_items && !ulid_compare(task.signals.items[0], signal->id);
    if (led) {
        rc = tasks_close(turn, &task, reason);
        return rc ? rc : groups_lose_task(turn, group, &task, signal->id);
    }
    ids_remove(&task.signals, signal->id);
    rc = task_put(turn->txn, &task);
    return rc ? rc : groups_keep(turn, group);
}

/* One of several: the proposal is about the others from now on. */
static enum rc leave_others(struct turn *turn, struct signal_group *group, struct signal *signal,
                            struct proposal *proposal, struct slice reason)
{
    bool led = !ulid_compare(proposal->signal, signal->id);
    bool was_to_lead = !ulid_compare(group->leader, signal->id);
    enum rc rc = RC_OK;

    ids_remove(&proposal->signals, signal->id);
    signal->attention = ATTENTION_NONE;
    if (!led)
        rc = proposal_remove_signal(turn->txn, proposal->id, signal->fingerprint);
    if (!rc && (led || was_to_lead || group->n_waiting))
        rc = groups_arm(turn, group, turn->now_ms);
    if (!rc)
        rc = messages_note(turn, proposal->id, false, "\"%.*s\" is out, %.*s: %zu signal%s left",
                           SLICE_ARG(signal->title), SLICE_ARG(reason), proposal->signals.n_items,
                           proposal->signals.n_items == 1 ? " is" : "s are");
    if (rc)
        return rc;
    if (!led)
        return retell(turn, group, proposal);
    rc = proposal_put(turn->txn, proposal);
    return rc ? rc : groups_keep(turn, group);
}

static enum rc leave_proposal(struct turn *turn, struct signal_group *group, struct signal *signal,
                              enum proposal_state end, struct slice reason)
{
    struct proposal proposal = { 0 };
    enum rc rc = proposal_get(turn->txn, signal->proposal, turn->arena, &proposal);

    if (rc || proposal.state != PROPOSAL_OPEN)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    if (proposal.signals.n_items > 1 || group->n_waiting) {
        rc = leave_others(turn, group, signal, &proposal, reason);
        signal->group = (struct ulid){ 0 };
        return rc;
    }
    rc = proposals_move(turn, signal, &proposal, end, reason);
    return rc ? rc : proposal_put(turn->txn, &proposal);
}

enum rc groups_leave(struct turn *turn, struct signal *signal, enum proposal_state end,
                     struct slice reason)
{
    struct signal_group group = { 0 };
    enum rc rc;

    if (ulid_is_absent(signal->group))
        return RC_OK;
    rc = groups_get(turn, signal->group, &group);
    if (rc)
        return rc;
    switch (signal->attention) {
    case ATTENTION_NONE:
        return groups_stop_waiting(turn, &group, signal);
    case ATTENTION_TASK:
        rc = leave_task(turn, &group, signal, reason);
        signal->attention = ATTENTION_NONE;
        signal->group = (struct ulid){ 0 };
        return rc;
    case ATTENTION_PROPOSAL:
        return leave_proposal(turn, &group, signal, end, reason);
    case ATTENTION_VERIFYING:
        break;
    }
    return RC_OK;
}
