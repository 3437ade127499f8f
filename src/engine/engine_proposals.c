#include "src/engine/engine_private.h"

#define EXPIRES_WITH_PLAN_MS (4 * HOUR_MS)
#define EXPIRES_WITHOUT_PLAN_MS (24 * HOUR_MS)
#define EARLIER_LOOKED_AT 10

enum rc affair_load(struct turn *turn, struct ulid proposal_id, struct proposal *proposal,
                    struct signal *signal)
{
    enum rc rc = proposal_get(turn->txn, proposal_id, turn->arena, proposal);

    return rc ? rc : signal_get(turn->txn, proposal->signal, turn->arena, signal);
}

enum rc affair_store(struct turn *turn, const struct proposal *proposal,
                     const struct signal *signal)
{
    enum rc rc = proposal_put(turn->txn, proposal);

    return rc ? rc : signal_put(turn->txn, signal);
}

/* --- made and revised --- */

static int64_t longest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void proposals_take_from_actions(struct turn *turn, struct proposal *proposal)
{
    const struct step *steps = proposal->plan.items;

    proposal->hold_ms_page = 0;
    proposal->hold_ms_local = 0;
    proposal->retries = proposal->plan.n_items ? INT64_MAX : 0;
    for (size_t i = 0; i < proposal->plan.n_items; i++) {
        const struct action *action = actions_find(turn->engine->config->actions, steps[i].action);

        if (!action)
            continue;
        proposal->hold_ms_page = longest(proposal->hold_ms_page, action->hold_ms);
        proposal->hold_ms_local = longest(proposal->hold_ms_local, action->hold_local_ms);
        if (action->retries < proposal->retries)
            proposal->retries = action->retries;
        if (action->approvers_need > proposal->approvers.need)
            proposal->approvers.need = action->approvers_need;
        if (action->approvers_from.n_items)
            proposal->approvers.from = action->approvers_from;
    }
}

static void take_approvers(const struct config *config, const struct propose_part *part,
                           struct proposal *proposal)
{
    proposal->approvers = (struct approver_rule){
        .from = part->approvers_from.n_items ? part->approvers_from : config->approvers_from,
        .need = part->approvers_need ? part->approvers_need : config->approvers_need,
        .not_from = part->approvers_not,
    };
    if (proposal->approvers.need < 1)
        proposal->approvers.need = 1;
}

static enum verify_kind verify_of(const struct verify_part *part, bool has_plan)
{
    static const enum verify_kind kinds[] = { [PLAYBOOK_VERIFY_OK] = VERIFY_OK,
                                              [PLAYBOOK_VERIFY_QUIET] = VERIFY_QUIET,
                                              [PLAYBOOK_VERIFY_CHECK] = VERIFY_CHECK,
                                              [PLAYBOOK_VERIFY_NONE] = VERIFY_NONE };

    return has_plan ? kinds[part->kind] : VERIFY_NONE;
}

static enum rc render_verify(struct turn *turn, const struct rule *rule,
                             const struct template_values *values, struct proposal *proposal)
{
    const struct verify_part *part = &rule->playbook.verify;
    struct step *step = &proposal->verify_step;
    struct slice refused = { 0 };
    enum rc rc;

    proposal->verify = verify_of(part, proposal->plan.n_items != 0);
    proposal->verify_ms = part->window_ms;
    proposal->verify_check = (struct slice_list){ 0 };
    *step = (struct step){ 0 };
    if (proposal->verify != VERIFY_CHECK)
        return RC_OK;
    rc = action_render(turn->engine->config->actions, &part->check, values, turn->arena, step,
                       &refused);
    if (rc != RC_INVALID) {
        proposal->verify_check = step->argv;
        proposal->verify_ms = step->timeout_ms;
        return rc;
    }
    *step = (struct step){ 0 };
    /* A check that cannot be asked cannot tell: the outcome would be inconclusive, so say it now. */
    proposal->refused = refused;
    proposal->plan = (struct record_list){ 0 };
    proposal->verify = VERIFY_NONE;
    return RC_OK;
}

enum rc proposals_judge(struct turn *turn, const struct signal *signal,
                        const struct proposal *proposal, struct slice *why_not)
{
    struct ulid_list ids = { 0 };
    int64_t n_recurred = 0;
    enum rc rc;

    *why_not = (struct slice){ 0 };
    rc = proposal_list_of_signal(turn->txn, signal->fingerprint, EARLIER_LOOKED_AT, turn->arena,
                                 &ids);
    for (size_t i = 0; i < ids.n_items && !rc; i++) {
        struct proposal earlier = { 0 };

        if (!ulid_compare(ids.items[i], proposal->id))
            continue;
        rc = proposal_get(turn->txn, ids.items[i], turn->arena, &earlier);
        if (rc || !plan_same_steps(&earlier.plan, &proposal->plan))
            continue;
        if (earlier.state == PROPOSAL_RECURRED)
            n_recurred++;
        if (earlier.state == PROPOSAL_REJECTED && !ulid_compare(earlier.signal, signal->id) &&
            earlier.episode == signal->episode &&
            slice_eq(earlier.rule_version, proposal->rule_version) && slice_is_absent(*why_not))
            rc = arena_format(turn->arena, why_not, "the same plan was rejected before: %.*s",
                              SLICE_ARG(earlier.outcome));
    }
    if (!rc && n_recurred && n_recurred >= proposal->retries && slice_is_absent(*why_not))
        rc = arena_format(turn->arena, why_not,
                          "the same plan was carried out %lld times and the signal came back",
                          (long long)n_recurred);
    return rc;
}

/* The plan that was just rendered. */
static enum rc judge_by_history(struct turn *turn, const struct signal *signal,
                                struct proposal *proposal)
{
    enum rc rc = proposals_judge(turn, signal, proposal, &proposal->refused);

    if (!rc && !slice_is_absent(proposal->refused))
        proposal->plan = (struct record_list){ 0 };
    return rc;
}

/* A signal that is well again knows a newer good one, which is no answer any more. */
static void take_commits(const struct signal *signal, struct proposal *proposal)
{
    if (signal->state != SIGNAL_FIRING)
        return;
    proposal->last_good = signal->last_good;
    proposal->first_bad = signal->first_bad;
}

enum rc proposals_title(struct turn *turn, const struct signal *signal, struct proposal *proposal)
{
    int64_t n_others = (int64_t)proposal->signals.n_items - 1 + proposal->n_more;

    proposal->title = signal->title;
    proposal->severity = signal->severity;
    proposal->count = signal->count;
    proposal->first_seen_ms = signal->first_seen_ms;
    proposal->last_seen_ms = signal->last_seen_ms;
    take_commits(signal, proposal);
    if (n_others < 1)
        return RC_OK;
    return arena_format(turn->arena, &proposal->title, "%.*s (+%lld more)",
                        SLICE_ARG(signal->title), (long long)n_others);
}

/* Parameters froze when the task was opened: what was diagnosed is what is proposed, whatever came since. */
static enum rc frozen_values(struct turn *turn, const struct signal *signal,
                             const struct task *task, struct template_values *values)
{
    struct signal *frozen = arena_alloc(turn->arena, 1, sizeof *frozen);

    if (!frozen)
        return RC_NO_MEMORY;
    *frozen = *signal;
    if (!slice_is_absent(task->event))
        frozen->last_event = task->event;
    return signal_values(frozen, turn->now_ms, turn->arena, values);
}

enum rc proposals_render(struct turn *turn, const struct rule *rule, const struct signal *signal,
                         const struct task *task, struct proposal *proposal)
{
    const struct propose_part *part = &rule->playbook.propose;
    struct template_values values;
    enum rc rc;

    proposal->rule_version = rule->version;
    proposal->cooldown_ms = part->cooldown_ms;
    proposal->refused = (struct slice){ 0 };
    rc = proposals_title(turn, signal, proposal);
    if (!rc)
        rc = frozen_values(turn, signal, task, &values);
    if (rc)
        return rc;
    rc = plan_render(turn->engine->config->actions, part->plan, part->n_plan, part->allow, &values,
                     turn->arena, &proposal->plan, &proposal->refused);
    if (rc == RC_INVALID) {
        proposal->plan = (struct record_list){ 0 };
        rc = RC_OK;
    }
    take_approvers(turn->engine->config, part, proposal);
    proposals_take_from_actions(turn, proposal);
    if (!rc)
        rc = render_verify(turn, rule, &values, proposal);
    if (!rc && proposal->plan.n_items)
        rc = judge_by_history(turn, signal, proposal);
    proposal->expires_after_ms = part->expires_ms         ? part->expires_ms
                                 : proposal->plan.n_items ? EXPIRES_WITH_PLAN_MS
                                                          : EXPIRES_WITHOUT_PLAN_MS;
    return rc;
}

static enum rc link_earlier(struct turn *turn, const struct signal *signal,
                            struct proposal *proposal)
{
    struct proposal earlier = { 0 };
    enum rc rc;

    if (ulid_is_absent(signal->proposal))
        return RC_OK;
    rc = proposal_get(turn->txn, signal->proposal, turn->arena, &earlier);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    proposal->earlier = earlier.id;
    return arena_format(turn->arena, &proposal->earlier_outcome, "%s: %.*s",
                        proposal_state_names[earlier.state], SLICE_ARG(earlier.outcome));
}

/* What is held against the rule and version from now on. */
static enum rc count_proposed(struct turn *turn, struct proposal *proposal)
{
    struct track_record record;
    enum rc rc;

    rc = track_record_get(turn->txn, proposal->rule, proposal->rule_version, &record);
    if (rc)
        return rc;
    proposal->track_record = record;
    record.proposed++;
    return track_record_put(turn->txn, proposal->rule, proposal->rule_version, &record);
}

enum rc proposals_count(struct turn *turn, const struct proposal *before, struct proposal *proposal)
{
    bool is_same = slice_eq(before->rule, proposal->rule) &&
                   slice_eq(before->rule_version, proposal->rule_version);

    return is_same ? RC_OK : count_proposed(turn, proposal);
}

static enum rc audit_state(struct turn *turn, const struct proposal *proposal)
{
    struct buffer detail;
    struct json_writer writer;
    struct slice name;
    char what[64];
    enum rc rc;

    buffer_init(&detail, 0);
    writer = json_writer_to(&detail);
    json_object_begin(&writer);
    json_member_int(&writer, "revision", proposal->revision);
    json_member_text(&writer, "plan_digest", proposal->plan_digest);
    json_member_text(&writer, "outcome", proposal->outcome);
    json_object_end(&writer);
    snprintf(what, sizeof what, "proposal.%s", proposal_state_names[proposal->state]);
    rc = turn_name(turn, "prp_", proposal->id, &name);
    if (!rc)
        rc = turn_audit(turn, what, SLICE("vedette"), (struct slice){ 0 }, name, &detail);
    buffer_free(&detail);
    return rc;
}

static enum rc announce(struct turn *turn, const struct proposal *proposal)
{
    enum rc rc = audit_state(turn, proposal);

    if (rc)
        return rc;
    log_info("proposal %s short=%.*s rule=%.*s revision=%lld",
             proposal_state_names[proposal->state], SLICE_ARG(proposal->short_id),
             SLICE_ARG(proposal->rule), (long long)proposal->revision);
    rc = messages_tell_state(turn, proposal);
    if (!rc)
        rc = chain_add_proposal(turn, proposal);
    return rc ? rc : turn_feed_proposal(turn, proposal);
}

enum rc proposals_open(struct turn *turn, const struct rule *rule, struct signal *signal,
                       const struct task *task, const struct ulid_list *signals, int64_t n_more)
{
    struct proposal proposal = { .revision = 1,
                                 .state = PROPOSAL_OPEN,
                                 .rule = rule->id,
                                 .key = signal->key,
                                 .signal = signal->id,
                                 .signals = *signals,
                                 .n_more = n_more,
                                 .group = task->group,
                                 .fingerprint = signal->fingerprint,
                                 .episode = signal->episode,
                                 .task = task->id,
                                 .diagnosis = task->diagnosis,
                                 .created_ms = turn->now_ms,
                                 .updated_ms = turn->now_ms };
    enum rc rc;

    rc = turn_make_id(turn, &proposal.id);
    if (!rc)
        rc = proposal_make_short(turn->txn, proposal.id, turn->arena, &proposal.short_id);
    if (!rc)
        rc = proposals_render(turn, rule, signal, task, &proposal);
    if (!rc)
        rc = link_earlier(turn, signal, &proposal);
    if (!rc)
        rc = count_proposed(turn, &proposal);
    if (!rc)
        rc = budget_note_opened(turn, signal, &proposal);
    proposal.expires_ms = turn->now_ms + proposal.expires_after_ms;
    if (!rc)
        rc = plan_digest(&proposal, turn->arena, &proposal.plan_digest);
    if (!rc)
        rc = turn_move_timer(turn, TIMER_PROPOSAL_EXPIRY, proposal.id, 0, proposal.expires_ms);
    if (!rc)
        rc = announce(turn, &proposal);
    if (rc)
        return rc;
    signal->proposal = proposal.id;
    signal->attention = ATTENTION_PROPOSAL;
    turn->counts.proposals[PROPOSAL_OPEN]++;
    turn->counts.waiting += budget_counts(&proposal);
    turn->proposed_received_ms = turn->cause_received_ms;
    rc = proposal_put(turn->txn, &proposal);
    return rc ? rc : messages_open(turn, &proposal);
}

/* --- moved and closed --- */

/* What a final state (or a pause in the work) adds to the rule's record. */
static void count_outcome(const struct proposal *proposal, enum proposal_state before,
                          struct track_record *record)
{
    if (before == PROPOSAL_OPEN && proposal->state == PROPOSAL_APPROVED)
        record->approved++;
    if (proposal->state == PROPOSAL_REJECTED)
        record->rejected++;
    if (proposal->state == PROPOSAL_EXPIRED)
        record->ignored++;
    if (proposal->state == PROPOSAL_VERIFIED)
        record->verified++;
    if (proposal->state == PROPOSAL_RECURRED)
        record->recurred++;
}

static enum rc keep_track(struct turn *turn, const struct proposal *proposal,
                          enum proposal_state before)
{
    struct track_record record, old;
    enum rc rc;

    rc = track_record_get(turn->txn, proposal->rule, proposal->rule_version, &record);
    if (rc)
        return rc;
    old = record;
    count_outcome(proposal, before, &record);
    if (!memcmp(&old, &record, sizeof record))
        return RC_OK;
    return track_record_put(turn->txn, proposal->rule, proposal->rule_version, &record);
}

/* Its next match asks; but where its condition says by itself how long it is true, there may be none. */
static bool asks_with_its_next_match(struct turn *turn, const struct signal *signal)
{
    const struct rule *rule = turn_rule(turn, signal->rule);

    return !rule || !rule->condition->ends_itself;
}

/* A signal that recurred after acting asks at once, as does one that its group asks about instead; one whose proposal was given up on stays quiet for a while. No cooldown
 * is one that is over now. */
static enum rc start_cooldown(struct turn *turn, struct signal *signal,
                              const struct proposal *proposal)
{
    int64_t until_ms = turn->now_ms + proposal->cooldown_ms;
    enum rc rc;

    if (proposal->state == PROPOSAL_RECURRED || proposal->state == PROPOSAL_SUPERSEDED)
        return RC_OK;
    if (!proposal->cooldown_ms && asks_with_its_next_match(turn, signal))
        return RC_OK;
    rc = turn_move_timer(turn, TIMER_SIGNAL_COOLDOWN, signal->id, signal->cooldown_until_ms,
                         until_ms);
    signal->cooldown_until_ms = until_ms;
    return rc;
}

static enum attention attention_of(enum proposal_state state)
{
    if (state == PROPOSAL_VERIFYING)
        return ATTENTION_VERIFYING;
    return proposal_state_is_final(state) ? ATTENTION_NONE : ATTENTION_PROPOSAL;
}

/* Only the newest proposal speaks for its signal: an older one that is undone must not make it ask a second time. */
bool proposals_speaks_for(const struct proposal *proposal, const struct signal *signal)
{
    bool waits_in_group = signal->attention == ATTENTION_NONE && !ulid_is_absent(signal->group);

    return signal->attention != ATTENTION_TASK && !waits_in_group &&
           !ulid_compare(signal->proposal, proposal->id);
}

enum rc proposals_tell_signal(struct turn *turn, const struct proposal *proposal,
                              struct signal *signal)
{
    enum rc rc = RC_OK;

    signal->attention = attention_of(proposal->state);
    if (proposal_state_is_final(proposal->state)) {
        signal->group = (struct ulid){ 0 };
        rc = start_cooldown(turn, signal, proposal);
    }
    return rc ? rc : gates_note(turn, signal);
}

/* When a timer of this kind is due in the state that the proposal is in; 0: it has none. */
static int64_t due_of(const struct proposal *proposal, enum timer_kind kind)
{
    bool is_open = proposal->state == PROPOSAL_OPEN;
    bool is_held = proposal->state == PROPOSAL_APPROVED;

    switch ((int)kind) {
    case TIMER_PROPOSAL_EXPIRY:
        return is_open || is_held ? proposal->expires_ms : 0;
    case TIMER_PROPOSAL_SNOOZE:
        return is_open ? proposal->snoozed_until_ms : 0;
    case TIMER_PROPOSAL_HOLD:
        return is_held ? proposal->hold_until_ms : 0;
    case TIMER_PROPOSAL_VERIFY:
        return proposal->state == PROPOSAL_VERIFYING ? proposal->verify_until_ms : 0;
    default:
        return 0;
    }
}

/* A state that is entered again (taken back) gets its timers again. */
static enum rc move_timers(struct turn *turn, const struct proposal *proposal,
                           const struct proposal *before)
{
    static const enum timer_kind kinds[] = { TIMER_PROPOSAL_EXPIRY, TIMER_PROPOSAL_SNOOZE,
                                             TIMER_PROPOSAL_HOLD, TIMER_PROPOSAL_VERIFY };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !rc; i++)
        rc = turn_move_timer(turn, kinds[i], proposal->id, due_of(before, kinds[i]),
                             due_of(proposal, kinds[i]));
    return rc;
}

enum rc proposals_moved(struct turn *turn, struct signal *signal, struct proposal *proposal,
                        const struct proposal *before)
{
    enum rc rc = move_timers(turn, proposal, before);

    if (rc)
        return rc;
    proposal->updated_ms = turn->now_ms;
    turn->counts.waiting += budget_counts(proposal) - budget_counts(before);
    if (proposal->state == before->state)
        return turn_feed_proposal(turn, proposal);
    turn->counts.proposals[before->state]--;
    turn->counts.proposals[proposal->state]++;
    if (proposal_state_is_final(proposal->state))
        proposal->closed_ms = turn->now_ms;
    if (proposals_speaks_for(proposal, signal))
        rc = proposals_tell_signal(turn, proposal, signal);
    if (!rc)
        rc = groups_follow(turn, signal, proposal);
    if (!rc)
        rc = keep_track(turn, proposal, before->state);
    return rc ? rc : announce(turn, proposal);
}

enum rc proposals_move(struct turn *turn, struct signal *signal, struct proposal *proposal,
                       enum proposal_state state, struct slice outcome)
{
    struct proposal before = *proposal;
    enum rc rc = proposal_move(proposal, state, turn->now_ms);

    if (rc)
        return rc;
    if (!slice_is_absent(outcome))
        proposal->outcome = outcome;
    return proposals_moved(turn, signal, proposal, &before);
}

static enum rc load_newest(struct turn *turn, const struct signal *signal,
                           struct proposal *proposal)
{
    if (ulid_is_absent(signal->proposal))
        return RC_NOT_FOUND;
    return proposal_get(turn->txn, signal->proposal, turn->arena, proposal);
}

enum rc proposals_premise_gone(struct turn *turn, struct signal *signal, struct slice reason)
{
    struct proposal proposal = { 0 };
    enum rc rc = RC_OK;

    if (signal->attention == ATTENTION_PROPOSAL)
        rc = groups_leave(turn, signal, PROPOSAL_WITHDRAWN, reason);
    if (rc || signal->attention != ATTENTION_PROPOSAL)
        return rc;
    rc = load_newest(turn, signal, &proposal);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    /* What was decided was decided about the one that leads; the others only verify with it. */
    if (ulid_compare(proposal.signal, signal->id))
        return RC_OK;
    if (proposal.state == PROPOSAL_OPEN)
        rc = proposals_move(turn, signal, &proposal, PROPOSAL_WITHDRAWN, reason);
    else if (proposal.state == PROPOSAL_APPROVED)
        rc = proposals_move(turn, signal, &proposal, PROPOSAL_STALE, reason);
    if (!rc)
        rc = proposals_title(turn, signal, &proposal);
    return rc ? rc : proposal_put(turn->txn, &proposal);
}

/* Of a group, the others go on without it. */
static enum rc withdraw_open(struct turn *turn, struct signal *signal, struct proposal *proposal,
                             struct slice reason)
{
    enum rc rc;

    if (!ulid_is_absent(signal->group))
        return groups_leave(turn, signal, PROPOSAL_WITHDRAWN, reason);
    rc = proposals_move(turn, signal, proposal, PROPOSAL_WITHDRAWN, reason);
    if (!rc)
        rc = proposals_title(turn, signal, proposal);
    return rc ? rc : proposal_put(turn->txn, proposal);
}

enum rc proposals_take_back(struct turn *turn, struct signal *signal, struct slice reason)
{
    int64_t cooldown_before_ms = signal->cooldown_until_ms;
    struct proposal proposal = { 0 };
    enum rc rc;

    if (signal->attention != ATTENTION_PROPOSAL)
        return RC_OK;
    rc = load_newest(turn, signal, &proposal);
    if (rc || proposal.state != PROPOSAL_OPEN)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = withdraw_open(turn, signal, &proposal, reason);
    if (!rc)
        rc = turn_move_timer(turn, TIMER_SIGNAL_COOLDOWN, signal->id, signal->cooldown_until_ms,
                             cooldown_before_ms);
    if (rc)
        return rc;
    signal->cooldown_until_ms = cooldown_before_ms;
    signal->attention = ATTENTION_NONE;
    return RC_OK;
}

enum rc proposals_recur(struct turn *turn, struct signal *signal)
{
    struct proposal proposal = { 0 };
    enum rc rc = load_newest(turn, signal, &proposal);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    /* Received before the work was done, and folded after it. */
    if (turn->now_ms < proposal.verify_until_ms - proposal.verify_ms)
        return RC_OK;
    rc = proposals_move(turn, signal, &proposal, PROPOSAL_RECURRED,
                        SLICE("it failed again while the outcome was being verified"));
    return rc ? rc : proposal_put(turn->txn, &proposal);
}

enum rc proposals_cleared(struct turn *turn, struct signal *signal)
{
    struct proposal proposal = { 0 };
    bool others_are_well = false;
    enum rc rc = load_newest(turn, signal, &proposal);

    if (rc || proposal.verify != VERIFY_OK)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = groups_are_well(turn, &proposal, signal->id, &others_are_well);
    if (rc || !others_are_well)
        return rc;
    rc = proposals_move(turn, signal, &proposal, PROPOSAL_VERIFIED,
                        SLICE("the source says that it is well again"));
    return rc ? rc : proposal_put(turn->txn, &proposal);
}

struct id_collector {
    const bool *states;
    struct arena *arena;
    struct ulid_list *ids;
    size_t n_room;
};

static bool collect_those(void *context, struct ulid id, const void *object)
{
    const struct proposal *proposal = object;
    struct id_collector *collector = context;

    if (!collector->states[proposal->state])
        return true;
    if (collector->ids->n_items == collector->n_room)
        return false;
    collector->ids->items[collector->ids->n_items++] = id;
    return true;
}

static enum rc list_those(struct turn *turn, const bool *states, struct ulid_list *ids)
{
    struct id_collector collector = { .states = states, .ids = ids };
    struct proposal scratch;
    enum rc rc;

    for (size_t i = 0; i < PROPOSAL_STATES; i++)
        collector.n_room += states[i] ? (size_t)turn->engine->counts.proposals[i] : 0;
    *ids = (struct ulid_list){ .items = arena_alloc(turn->arena, collector.n_room + 1,
                                                    sizeof *ids->items) };
    if (!ids->items)
        return RC_NO_MEMORY;
    rc = arena_new((size_t)64 << 20, &collector.arena);
    if (!rc)
        rc = object_each_newest(turn->txn, TABLE_PROPOSALS, &proposal_shape, (struct ulid){ 0 },
                                SIZE_MAX, collector.arena, &scratch, collect_those, &collector);
    arena_free(collector.arena);
    return rc;
}

enum rc proposals_list_unfinished(struct turn *turn, struct ulid_list *ids)
{
    static const bool states[PROPOSAL_STATES] = {
        [PROPOSAL_APPROVED] = true, [PROPOSAL_RUNNING] = true, [PROPOSAL_UNDOING] = true
    };

    return list_those(turn, states, ids);
}

enum rc proposals_list_going(struct turn *turn, struct ulid_list *ids)
{
    static const bool states[PROPOSAL_STATES] = {
        [PROPOSAL_OPEN] = true,      [PROPOSAL_APPROVED] = true, [PROPOSAL_RUNNING] = true,
        [PROPOSAL_VERIFYING] = true, [PROPOSAL_UNKNOWN] = true,  [PROPOSAL_UNDOING] = true
    };

    return list_those(turn, states, ids);
}

enum rc proposals_expire(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct proposal proposal = { 0 };
    struct signal signal = { 0 };
    enum rc rc = affair_load(turn, id, &proposal, &signal);

    if (rc == RC_NOT_FOUND || (!rc && proposal.expires_ms != due_ms))
        return RC_OK;
    if (rc)
        return rc;
    if (proposal.state == PROPOSAL_OPEN)
        rc = proposals_move(turn, &signal, &proposal, PROPOSAL_EXPIRED,
                            SLICE("nobody decided in time: nothing happened"));
    else if (proposal.state == PROPOSAL_APPROVED)
        rc = proposals_move(turn, &signal, &proposal, PROPOSAL_STALE,
                            SLICE("it expired before it could start: nothing ran"));
    return rc ? rc : affair_store(turn, &proposal, &signal);
}

enum rc proposals_wake(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct proposal proposal = { 0 };
    enum rc rc = proposal_get(turn->txn, id, turn->arena, &proposal);

    if (rc == RC_NOT_FOUND || (!rc && proposal.snoozed_until_ms != due_ms))
        return RC_OK;
    if (rc)
        return rc;
    turn->counts.waiting -= budget_counts(&proposal);
    proposal.snoozed_until_ms = 0;
    turn->counts.waiting += budget_counts(&proposal);
    proposal.updated_ms = turn->now_ms;
    rc = turn_feed_proposal(turn, &proposal);
    if (!rc)
        rc = messages_note(turn, id, true, "awake again, and still undecided");
    return rc ? rc : proposal_put(turn->txn, &proposal);
}
