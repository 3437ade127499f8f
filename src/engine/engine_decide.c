#include "src/engine/engine_private.h"

/* Adds who `fields` name in the event. */
static enum rc add_not_names(struct turn *turn, const struct slice_list *fields,
                             struct slice event_json, struct slice_list *names)
{
    struct json *event = NULL;
    struct json_fault fault;
    enum rc rc;

    if (slice_is_absent(event_json))
        return RC_OK;
    rc = json_parse(event_json, JSON_LIMITS_DEFAULT, &event, &fault);
    for (size_t i = 0; i < fields->n_items && !rc; i++) {
        struct slice value = json_text(json_get(event, fields->items[i]));

        if (!slice_is_absent(value))
            rc = arena_copy(turn->arena, value, &names->items[names->n_items++]);
    }
    json_free(event);
    return rc;
}

/* The rule's `not: [actor]` names fields. Who they name is in the event from which the plan was made, and in the one
 * that the signal saw last: a later event of somebody else makes nobody an approver. */
static enum rc list_not_names(struct turn *turn, const struct proposal *proposal,
                              const struct signal *signal, struct slice_list *names)
{
    const struct slice_list *fields = &proposal->approvers.not_from;
    struct task task = { 0 };
    enum rc rc;

    *names = (struct slice_list){ 0 };
    if (!fields->n_items)
        return RC_OK;
    names->items = arena_alloc(turn->arena, 2 * fields->n_items, sizeof *names->items);
    if (!names->items)
        return RC_NO_MEMORY;
    rc = task_get(turn->txn, proposal->task, turn->arena, &task);
    if (rc && rc != RC_NOT_FOUND)
        return rc;
    rc = add_not_names(turn, fields, task.event, names);
    return rc ? rc : add_not_names(turn, fields, signal->last_event, names);
}

/* An answer of Slack about a group counts for a day: longer without one, and nobody is a member. */
#define MEMBERS_FRESH_MS DAY_MS

static bool is_listed(struct slice_list users, struct slice user)
{
    for (size_t i = 0; i < users.n_items; i++)
        if (slice_eq(users.items[i], user))
            return true;
    return false;
}

/* Is this person in one of the approvers' groups that Slack keeps, as it was last asked? */
static enum rc ask_slack_groups(struct turn *turn, struct slice person,
                                const struct proposal *proposal, bool *is_member)
{
    const struct config *config = turn->engine->config;
    const struct channel *slack = channels_slack(config->channels);
    struct slice user = config_slack_of(config, person);
    struct slice group;

    *is_member = false;
    if (!slack || !user.len)
        return RC_OK;
    for (size_t i = 0; !*is_member; i++) {
        struct group_members members;
        enum rc rc;

        group = config_slack_group_at(config, proposal->approvers.from, i);
        if (slice_is_absent(group))
            break;
        rc = group_members_get(turn->txn, slack->name, group, turn->arena, &members);
        if (rc && rc != RC_NOT_FOUND)
            return rc;
        *is_member = !rc && turn->real_ms - members.at_ms < MEMBERS_FRESH_MS &&
                     is_listed(members.users, user);
    }
    return RC_OK;
}

/* A test of rules may name anybody: it asks what they do, and is run where other people decide. Whom the configuration knows is judged as in earnest. */
static void let_anybody_decide(const struct config *config, struct slice person,
                               struct slice_list not_names, struct decider_rights *rights)
{
    if (!config->is_default && config_person_by_name(config, person))
        return;
    rights->may_decide = !is_listed(not_names, person);
    rights->why_not = SLICE("the rule does not let the one who caused it decide");
}

enum rc proposals_rights(struct turn *turn, struct slice person, const struct proposal *proposal,
                         const struct signal *signal, struct decider_rights *rights)
{
    struct slice_list not_names = { 0 };
    bool is_member = false;
    enum rc rc = list_not_names(turn, proposal, signal, &not_names);

    if (!rc)
        rc = ask_slack_groups(turn, person, proposal, &is_member);
    if (rc)
        return rc;
    *rights =
        config_rights(turn->engine->config, person, &proposal->approvers, is_member, not_names);
    if (turn->engine->deterministic)
        let_anybody_decide(turn->engine->config, person, not_names, rights);
    return RC_OK;
}

static enum rc journal_decision(struct turn *turn, const struct engine_decision *decision)
{
    struct json_writer writer;
    struct buffer body;
    struct slice name;
    enum rc rc;

    buffer_init(&body, 0);
    writer = json_writer_to(&body);
    rc = turn_name(turn, "prp_", decision->proposal_id, &name);
    json_object_begin(&writer);
    json_member_text(&writer, "proposal", name);
    record_write_members(&decision_shape, &decision->decision, &writer);
    json_object_end(&writer);
    if (!rc)
        rc = buffer_rc(&body);
    if (!rc)
        rc = turn_journal(turn, DOOR_DECISION, SLICE("vedette.decision"), buffer_slice(&body));
    buffer_free(&body);
    return rc;
}

/* Refusals are kept as well: who tried what, and why it was not done. */
static enum rc audit_decision(struct turn *turn, const struct engine_decision *decision)
{
    bool is_taken = decision->answer.outcome == DECISION_TAKEN;
    struct json_writer writer;
    struct buffer detail;
    struct slice name;
    enum rc rc;

    buffer_init(&detail, 0);
    writer = json_writer_to(&detail);
    json_object_begin(&writer);
    record_write_members(&decision_shape, &decision->decision, &writer);
    json_member_text(&writer, "answer", decision->answer.detail);
    json_object_end(&writer);
    rc = turn_name(turn, "prp_", decision->proposal_id, &name);
    if (!rc)
        rc = turn_audit(turn, is_taken ? "decision" : "refused", decision->decision.by,
                        decision->decision.via, name, &detail);
    buffer_free(&detail);
    return rc;
}

/* Nobody is told that something starts now while nothing acts. */
static enum rc say_paused(struct turn *turn, const struct proposal *proposal,
                          struct engine_decision *decision)
{
    uint64_t paused = 0;
    enum rc rc;

    if (proposal->state != PROPOSAL_APPROVED || decision->decision.verdict != VERDICT_APPROVE)
        return RC_OK;
    rc = meta_get(turn->txn, META_PAUSED, &paused);
    if (!rc && paused)
        decision->answer.detail = SLICE(
            "approved; nothing acts while vedette is paused: it starts when somebody resumes");
    return rc;
}

/* What a decision that was taken sets going. */
static enum rc follow(struct turn *turn, struct signal *signal, struct proposal *proposal,
                      const struct proposal *before)
{
    enum rc rc = proposals_moved(turn, signal, proposal, before);

    if (rc || proposal->state == before->state)
        return rc;
    switch ((int)proposal->state) {
    case PROPOSAL_APPROVED:
        return proposal->hold_until_ms > turn->now_ms ? RC_OK
                                                      : steps_advance(turn, signal, proposal);
    case PROPOSAL_VERIFYING:
        return steps_verify(turn, signal, proposal);
    case PROPOSAL_UNDOING:
        return steps_undo_next(turn, signal, proposal);
    default:
        return RC_OK;
    }
}

/* What `once` is looked for among: the ids of deliveries, under a name that no watcher can have. */
#define ONCE_WATCHER SLICE("(decisions)")
#define ONCE_WINDOW_MS (10 * MINUTE_MS)

/* True: the very same request was carried out before, and somebody repeats it. */
static enum rc was_seen(struct turn *turn, struct engine_decision *decision, bool *seen)
{
    struct delivery_digest digest;
    struct ulid first;
    enum rc rc;

    *seen = false;
    if (slice_is_absent(decision->once))
        return RC_OK;
    rc = delivery_digest_of(ONCE_WATCHER, decision->once, &digest);
    if (!rc)
        rc = delivery_find(turn->txn, DELIVERY_ALL_DAYS, &digest, turn->now_ms, ONCE_WINDOW_MS,
                           &first);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    *seen = true;
    decision->answer = (struct decision_answer){ .outcome = DECISION_SAME_AGAIN,
                                                 .detail = SLICE("this was received before") };
    return RC_OK;
}

static enum rc note_seen(struct turn *turn, const struct engine_decision *decision)
{
    struct delivery seen = { .event = decision->proposal_id, .received_ms = turn->now_ms };
    enum rc rc;

    if (slice_is_absent(decision->once))
        return RC_OK;
    rc = delivery_digest_of(ONCE_WATCHER, decision->once, &seen.digest);
    return rc ? rc : delivery_put(turn->txn, &seen);
}

/* What an edit would make of the plan; a plan that was given up on stays given up, whoever asks for it. */
static enum rc render_edit(struct turn *turn, const struct decision *decision,
                           const struct signal *signal, const struct proposal *proposal,
                           struct plan_edit *edit)
{
    struct proposal edited = *proposal;
    enum rc rc = plan_edit(turn->engine->config->actions, &proposal->plan, decision->params,
                           turn->arena, edit);

    if (rc || slice_is_absent(edit->changes))
        return rc == RC_INVALID ? RC_OK : rc;
    edited.plan = edit->plan;
    return proposals_judge(turn, signal, &edited, &edit->refused);
}

static enum rc judge(struct turn *turn, struct engine_decision *decision,
                     const struct decider_rights *rights, const struct signal *signal,
                     struct proposal *proposal)
{
    bool edits = decision->decision.verdict == VERDICT_EDIT && decision->decision.params.len;
    struct plan_edit edit = { 0 };
    enum rc rc = RC_OK;

    if (rights->may_decide && edits)
        rc = render_edit(turn, &decision->decision, signal, proposal, &edit);
    if (!rc)
        rc = proposal_decide(proposal, &decision->decision, rights, edits ? &edit : NULL,
                             turn->now_ms, decision->real_ms, turn->arena, &decision->answer);
    if (rc || decision->answer.outcome != DECISION_TAKEN)
        return rc;
    /* It was rendered with the actions as they are by now: so be their hold and their approvers. */
    if (edits)
        proposals_take_from_actions(turn, proposal);
    return say_paused(turn, proposal, decision);
}

static enum rc decide_loaded(struct turn *turn, struct engine_decision *decision,
                             struct signal *signal, struct proposal *proposal)
{
    struct proposal before = *proposal;
    struct decider_rights rights;
    enum rc rc;

    rc = proposals_rights(turn, decision->decision.by, proposal, signal, &rights);
    if (rc)
        return rc;
    if (rights.may_decide && !slice_is_absent(decision->malformed)) {
        decision->answer =
            (struct decision_answer){ .outcome = DECISION_INVALID, .detail = decision->malformed };
        return RC_OK;
    }
    rc = judge(turn, decision, &rights, signal, proposal);
    if (!rc && decision->answer.outcome != DECISION_SAME_AGAIN)
        rc = audit_decision(turn, decision);
    if (rc || decision->answer.outcome != DECISION_TAKEN)
        return rc;
    metric_add(METRIC_DECISIONS, slice_of(verdict_names[decision->decision.verdict]),
               decision->decision.via, 1);
    rc = note_seen(turn, decision);
    if (!rc)
        rc = journal_decision(turn, decision);
    if (!rc)
        rc = messages_tell_decision(turn, proposal);
    if (!rc)
        rc = follow(turn, signal, proposal, &before);
    return rc ? rc : affair_store(turn, proposal, signal);
}

enum rc proposals_decide(struct turn *turn, struct engine_decision *decision)
{
    struct proposal proposal = { 0 };
    struct signal signal = { 0 };
    bool seen = false;
    enum rc rc;

    rc = proposal_find(turn->txn, decision->proposal, turn->arena, &proposal);
    if (rc == RC_NOT_FOUND || rc == RC_INVALID) {
        decision->answer = (struct decision_answer){ .outcome = DECISION_NOT_FOUND,
                                                     .detail = SLICE("no such proposal") };
        return RC_OK;
    }
    if (!rc)
        rc = signal_get(turn->txn, proposal.signal, turn->arena, &signal);
    if (rc)
        return rc;
    decision->proposal_id = proposal.id;
    decision->decision.at_ms = decision->real_ms;
    rc = was_seen(turn, decision, &seen);
    if (!rc && !seen)
        rc = decide_loaded(turn, decision, &signal, &proposal);
    /* The turn's memory ends with it; the sentence is for the one who asked. */
    if (!rc)
        rc = arena_copy(decision->arena, decision->answer.detail, &decision->answer.detail);
    return rc;
}
