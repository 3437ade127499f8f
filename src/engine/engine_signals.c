#include "src/engine/engine_private.h"

/* Kinds that say that somebody changed something: what `changes` evidence is made of. */
static const char *const change_kinds[] = { "push", "deploy", "release", "change.request", NULL };

static enum rc note_change(struct turn *turn, const struct event *event)
{
    struct change change = {
        .event = event->id,
        .time_ms = event->time_ms,
        .kind = event->fields[FIELD_KIND],
        .state = event->fields[FIELD_STATE],
        .title = event->fields[FIELD_TITLE],
        .repo = event->fields[FIELD_REPO],
        .service = event->fields[FIELD_SERVICE],
        .environment = event->fields[FIELD_ENVIRONMENT],
        .branch = event->fields[FIELD_BRANCH],
        .commit = event->fields[FIELD_COMMIT],
        .actor = event->fields[FIELD_ACTOR],
        .url = event->fields[FIELD_URL],
    };
    int kind;

    if (slice_to_enum(change.kind, change_kinds, &kind))
        return RC_OK;
    return change_put(turn->txn, &change);
}

static void count_fault(const struct match_fault *fault)
{
    static struct log_limit limit;

    metric_add(METRIC_MATCH_FAULTS, fault->rule->id, slice_of(match_fault_names[fault->kind]), 1);
    log_limited(
        &limit, LOG_WARN, "rule could not judge an event rule=%.*s fault=%s detail=\"%.*s\"",
        SLICE_ARG(fault->rule->id), match_fault_names[fault->kind], SLICE_ARG(fault->detail));
}

static void count_misread(const struct rule *rule, struct slice said)
{
    const struct condition *condition = rule->condition;
    static struct log_limit limit;

    if (slice_is_absent(said))
        return;
    metric_add(METRIC_MATCH_FAULTS, rule->id, slice_of(match_fault_names[MATCH_FAULT_MISREAD]), 1);
    log_limited(&limit, LOG_WARN,
                "event says what its rule cannot go by rule=%.*s in=%s wanted=\"%s\" said=\"%.*s\" "
                "taken=%s",
                SLICE_ARG(rule->id), condition->misread_name, condition->misread_wanted,
                SLICE_ARG(event_field_cut(said)), condition->misread_taken);
}

static void count_state(struct turn *turn, bool is_new, enum signal_state before,
                        enum signal_state after)
{
    if (!is_new)
        turn->counts.signals[before]--;
    turn->counts.signals[after]++;
}

enum rc signals_ask(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    bool held = false;
    enum rc rc;

    if (rule->mode != RULE_PROPOSE || signal->state != SIGNAL_FIRING ||
        signal->attention != ATTENTION_NONE || signal->is_overflow || signal->stands_for_watcher)
        return gates_release(turn, signal);
    rc = gates_hold(turn, rule, signal, &held);
    if (rc)
        return rc;
    if (held)
        return signal->hold.reason == HOLD_GROUP ? groups_join(turn, rule, signal) : RC_OK;
    return rule->group.is_there ? groups_open(turn, rule, signal)
                                : tasks_open(turn, rule, signal, NULL);
}

/* --- asked once all rules have seen it --- */

enum rc signals_ask_later(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    struct ask_link *link;

    if (rule->mode != RULE_PROPOSE || signal->attention != ATTENTION_NONE)
        return RC_OK;
    if (turn->runs_timers)
        return gates_ask_after_timers(turn, signal);
    /* Of the engine's: `turn->arena` may be one signal's for a while. */
    link = arena_alloc(turn->engine->arena, 1, sizeof *link);
    if (!link)
        return RC_NO_MEMORY;
    *link = (struct ask_link){ .signal = signal->id,
                               .cause = turn->cause,
                               .cause_received_ms = turn->cause_received_ms,
                               .cause_time_ms = turn->cause_time_ms };
    if (!turn->asks)
        turn->asks_end = &turn->asks;
    *turn->asks_end = link;
    turn->asks_end = &link->next;
    return RC_OK;
}

static enum rc ask_now(struct turn *turn, const struct ask_link *link)
{
    struct signal signal = { 0 };
    const struct rule *rule;
    struct ulid group;
    struct hold before;
    enum rc rc = signal_get(turn->txn, link->signal, turn->arena, &signal);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    turn->cause = link->cause;
    turn->cause_received_ms = link->cause_received_ms;
    turn->cause_time_ms = link->cause_time_ms;
    before = signal.hold;
    group = signal.group;
    rule = turn_rule(turn, signal.rule);
    rc = rule ? signals_ask(turn, rule, &signal) : RC_OK;
    /* Held as it was: every match of it comes here. */
    if (rc || (signal.attention == ATTENTION_NONE && !ulid_compare(group, signal.group) &&
               !memcmp(&before, &signal.hold, sizeof before)))
        return rc;
    return signal_put(turn->txn, &signal);
}

enum rc signals_ask_waiting(struct turn *turn)
{
    enum rc rc = RC_OK;

    for (const struct ask_link *link = turn->asks; link && !rc; link = link->next)
        rc = ask_now(turn, link);
    turn->asks = NULL;
    turn->cause = (struct ulid){ 0 };
    turn->cause_received_ms = 0;
    turn->cause_time_ms = 0;
    return rc ? rc : budget_settle(turn);
}

enum rc signals_settle(struct turn *turn)
{
    enum rc rc;

    do {
        rc = chain_run(turn);
        if (!rc)
            rc = signals_ask_waiting(turn);
    } while (!rc && turn->chain);
    return rc;
}

/* --- what follows --- */

static enum rc on_resolved(struct turn *turn, struct signal *signal, bool by_event)
{
    const struct slice reason = SLICE("the signal resolved");
    const enum attention attention = signal->attention;
    const struct ulid group = signal->group;
    enum rc rc;

    /* "It came back by itself" ends what waits for a person; a verification that waits for exactly this is answered. */
    rc = gates_release(turn, signal);
    if (!rc)
        rc = inhibit_end(turn, signal);
    if (!rc)
        rc = groups_leave(turn, signal, PROPOSAL_WITHDRAWN, reason);
    if (!rc)
        rc = tasks_withdraw(turn, signal, reason);
    if (rc)
        return rc;
    if (by_event && signal->attention == ATTENTION_VERIFYING)
        rc = proposals_cleared(turn, signal);
    else
        rc = proposals_premise_gone(turn, signal, reason);
    if (!rc)
        rc = messages_tell_resolved(turn, signal, attention);
    return rc ? rc : groups_settle(turn, group, signal);
}

static enum rc follow_transitions(struct turn *turn, const struct rule *rule, struct signal *signal,
                                  const struct fold *fold, bool by_event)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < fold->n_transitions && !rc; i++) {
        const struct transition *transition = &fold->transitions[i];

        rc = turn_feed_signal(turn, signal, transition);
        if (!rc)
            rc = chain_add(turn, signal, transition);
        if (!rc && transition->to == SIGNAL_RESOLVED)
            rc = on_resolved(turn, signal, by_event);
        if (!rc && transition->to == SIGNAL_RESOLVED)
            flapping_note_resolved(signal, transition->at_ms);
        if (!rc && transition->to == SIGNAL_FIRING && rule)
            rc = flapping_note_firing(turn, signal, transition->at_ms);
        if (!rc && transition->to == SIGNAL_FIRING && rule)
            rc = inhibit_begin(turn, rule, signal);
        if (!rc && transition->to == SIGNAL_FIRING && rule)
            rc = signals_ask_later(turn, rule, signal);
    }
    return rc;
}

static enum rc store_folded(struct turn *turn, const struct signal *signal, const struct fold *fold,
                            bool is_new, enum signal_state before)
{
    if (fold->forget && signal->attention == ATTENTION_NONE && !signal->cooldown_until_ms) {
        if (is_new)
            return RC_OK;
        turn->counts.signals[before]--;
        return keys_delete(turn, signal);
    }
    count_state(turn, is_new, before, signal->state);
    if (is_new) {
        enum rc rc = keys_note_new(turn, signal);

        if (rc)
            return rc;
    }
    return signal_put(turn->txn, signal);
}

enum rc signals_store_folded(struct turn *turn, const struct rule *rule, struct signal *signal,
                             const struct fold *fold, bool is_new, enum signal_state before)
{
    enum rc rc = follow_transitions(turn, rule, signal, fold, false);

    return rc ? rc : store_folded(turn, signal, fold, is_new, before);
}

struct signal_timers signals_timers(const struct signal *signal)
{
    return (struct signal_timers){ .quiet_due_ms = signal->quiet_due_ms,
                                   .condition_due_ms = signal->condition_due_ms };
}

/* Every match puts them off: one that is yet to come stays where it is, and is put on when it does (put_on). One whose time has passed is gone: its watcher was
 * not heard, and it waits (engine_absence.c). */
static enum rc move_timer(struct turn *turn, enum timer_kind kind, const struct signal *signal,
                          int64_t before_ms, int64_t due_ms)
{
    if (before_ms > turn->now_ms && due_ms >= before_ms)
        return RC_OK;
    return turn_move_timer(turn, kind, signal->id, before_ms, due_ms);
}

enum rc signals_move_timers(struct turn *turn, const struct signal *signal,
                            struct signal_timers before)
{
    enum rc rc =
        move_timer(turn, TIMER_SIGNAL_QUIET, signal, before.quiet_due_ms, signal->quiet_due_ms);

    return rc ? rc
              : move_timer(turn, TIMER_SIGNAL_WAKE, signal, before.condition_due_ms,
                           signal->condition_due_ms);
}

/* A timer has come that was due at `due_ms`. The signal's own due time is another one: later, and then it is set for that; or there is none any more. */
static enum rc put_on(struct turn *turn, enum timer_kind kind, const struct signal *signal,
                      int64_t due_ms, int64_t own_ms)
{
    return own_ms > due_ms ? turn_move_timer(turn, kind, signal->id, 0, own_ms) : RC_OK;
}

/* Acting did not help: one more of the same, or, where matches are no trouble by themselves, the same again. */
static bool is_recurrence(const struct rule *rule, const struct signal *signal,
                          const struct fold *fold)
{
    if (signal->attention != ATTENTION_VERIFYING)
        return false;
    if (rule->condition->match_is_trouble)
        return fold->counted;
    return fold->n_transitions && signal->state == SIGNAL_FIRING;
}

struct found {
    bool is_new; /* there was no such signal */
    bool
        is_overflow; /* its rule has no room for one more key: it is what stands for these, and so is the match */
};

static enum rc find_signal(struct turn *turn, struct match *match, struct signal *signal,
                           struct found *found)
{
    struct match overflow = { 0 };
    enum rc rc = signal_find(turn->txn, match->fingerprint, turn->arena, signal);

    found->is_overflow = rc == RC_NOT_FOUND && !match->clears && !keys_have_room(turn, match->rule);
    if (found->is_overflow) {
        rc = keys_overflow(turn, match, &overflow);
        *match = overflow;
        if (!rc)
            rc = signal_find(turn->txn, match->fingerprint, turn->arena, signal);
    }
    found->is_new = rc == RC_NOT_FOUND;
    return found->is_new ? turn_make_id(turn, &signal->id) : rc;
}

static void count_coarse(const struct rule *rule, const struct fold *fold)
{
    if (fold->is_coarse)
        metric_add(METRIC_WINDOWS_COARSE, rule->id, (struct slice){ 0 }, 1);
}

static enum rc fold_one(struct turn *turn, const struct event *event, struct match *match)
{
    struct fold_clock clock = keys_clock(turn, match->rule);
    struct signal signal = { 0 };
    struct fold fold = { 0 };
    struct signal_timers timers;
    enum signal_state before;
    struct found found;
    bool is_well_again;
    enum rc rc = find_signal(turn, match, &signal, &found);

    if (rc || (found.is_new && match->clears && !keys_have_room_to_remember(turn, match->rule)))
        return rc;
    before = signal.state;
    timers = signals_timers(&signal);

    rc = fold_match(match, event, &clock, turn->arena, &signal, &fold);
    count_coarse(match->rule, &fold);
    count_misread(match->rule, fold.misread);
    /* What was carried out may be judged by a clear that finds the signal resolved already. */
    is_well_again = match->clears && !fold.is_late && signal.attention == ATTENTION_VERIFYING;
    if (rc || (!fold.changed && !is_well_again))
        return rc;
    if (found.is_overflow)
        rc = keys_mark_overflow(turn, &signal);
    if (!rc)
        rc = signals_move_timers(turn, &signal, timers);
    if (!rc && !match->clears && is_recurrence(match->rule, &signal, &fold))
        rc = proposals_recur(turn, &signal);
    if (!rc && is_well_again && !fold.n_transitions)
        rc = proposals_cleared(turn, &signal);
    if (!rc)
        rc = follow_transitions(turn, match->rule, &signal, &fold, true);
    if (!rc && fold.counted && !fold.n_transitions && signal.state == SIGNAL_FIRING)
        rc = signals_ask_later(turn, match->rule, &signal);
    if (!rc && fold.counted && !match->clears)
        rc = messages_tell_count(turn, &signal);
    if (rc)
        return rc;
    return store_folded(turn, &signal, &fold, found.is_new, before);
}

/* An event that clears is never a match. */
static void count_match(struct engine *engine, const struct rule *rule)
{
    engine->totals.n_matches++;
    metric_add(METRIC_MATCHES, rule->id, (struct slice){ 0 }, 1);
}

enum rc signals_fold_event(struct turn *turn, const struct event *event)
{
    enum rc rc = signals_fold_alone(turn, event);

    return rc ? rc : signals_settle(turn);
}

enum rc signals_fold_alone(struct turn *turn, const struct event *event)
{
    struct engine *engine = turn->engine;
    struct match_list matches = { 0 };
    bool is_taken;
    enum rc rc = absence_take_event(turn, event, &is_taken);

    if (!rc && !is_taken)
        rc = hand_take_event(turn, event, &is_taken);
    if (rc || is_taken)
        return rc;
    turn->cause = event->id;
    turn->cause_received_ms = event->received_ms;
    turn->cause_time_ms = event->time_ms;
    engine->totals.n_events++;
    metric_add(METRIC_EVENTS, event->fields[FIELD_WATCHER], event->fields[FIELD_KIND], 1);
    rc = note_change(turn, event);
    if (!rc)
        rc = match_event(engine->matcher, engine->ruleset, event, turn->arena, &matches);
    for (size_t i = 0; i < matches.n_faults && !rc; i++)
        count_fault(&matches.faults[i]);
    for (size_t i = 0; i < matches.n_items && !rc; i++) {
        if (chain_comes_from(turn, matches.items[i].rule))
            continue;
        if (!matches.items[i].clears)
            count_match(engine, matches.items[i].rule);
        rc = fold_one(turn, event, &matches.items[i]);
    }
    turn->cause = (struct ulid){ 0 };
    turn->cause_received_ms = 0;
    turn->cause_time_ms = 0;
    return rc;
}

/* A signal into which time alone folds something. */
struct due {
    struct signal signal;
    const struct rule *rule; /* NULL: nothing is due */
    struct signal_timers timers;
    enum signal_state before;
};

static int64_t *own_due_ms(enum timer_kind kind, struct due *due)
{
    return kind == TIMER_SIGNAL_QUIET ? &due->timers.quiet_due_ms : &due->timers.condition_due_ms;
}

static enum rc take_due(struct turn *turn, enum timer_kind kind, struct ulid id, int64_t due_ms,
                        struct due *due)
{
    int64_t *own_ms = own_due_ms(kind, due);
    enum rc rc = signal_get(turn->txn, id, turn->arena, &due->signal);

    due->rule = NULL;
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    due->before = due->signal.state;
    due->timers = signals_timers(&due->signal);
    if (*own_ms != due_ms)
        return put_on(turn, kind, &due->signal, due_ms, *own_ms);
    *own_ms = 0; /* it has just run: due at the same time again is another one */
    return keys_rule_of(turn, &due->signal, &due->rule);
}

static enum rc store_due(struct turn *turn, struct due *due, const struct fold *fold)
{
    enum rc rc = signals_move_timers(turn, &due->signal, due->timers);

    if (!rc && is_recurrence(due->rule, &due->signal, fold))
        rc = proposals_recur(turn, &due->signal);
    return rc ? rc : signals_store_folded(turn, due->rule, &due->signal, fold, false, due->before);
}

enum rc signals_quiet(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct due due = { 0 };
    struct fold fold = { 0 };
    enum rc rc = take_due(turn, TIMER_SIGNAL_QUIET, id, due_ms, &due);

    if (rc || !due.rule)
        return rc;
    rc = fold_quiet(due.rule, due_ms, turn->arena, &due.signal, &fold);
    return rc ? rc : store_due(turn, &due, &fold);
}

enum rc signals_wake(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct due due = { 0 };
    struct fold fold = { 0 };
    struct fold_clock clock;
    bool waits = false;
    enum rc rc = take_due(turn, TIMER_SIGNAL_WAKE, id, due_ms, &due);

    if (rc || !due.rule)
        return rc;
    clock = keys_clock(turn, due.rule);
    if (due.rule->condition->judges_silence)
        rc = absence_ask(turn, due.rule, &due.signal, &clock, &waits);
    if (rc || waits)
        return rc;
    rc = fold_wake(due.rule, &clock, turn->arena, &due.signal, &fold);
    return rc ? rc : store_due(turn, &due, &fold);
}

enum rc signals_cooldown(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct signal signal = { 0 };
    const struct rule *rule;
    enum rc rc;

    rc = signal_get(turn->txn, id, turn->arena, &signal);
    if (rc == RC_NOT_FOUND || (!rc && signal.cooldown_until_ms != due_ms))
        return RC_OK;
    if (rc)
        return rc;
    signal.cooldown_until_ms = 0;
    rule = turn_rule(turn, signal.rule);
    if (rule)
        rc = signals_ask(turn, rule, &signal);
    if (rc)
        return rc;
    return signal_put(turn->txn, &signal);
}

static enum rc resolve(struct turn *turn, struct signal *signal, struct slice by, struct fold *fold)
{
    struct signal_timers timers = signals_timers(signal);
    enum rc rc =
        fold_resolve(turn_rule(turn, signal->rule), by, turn->now_ms, turn->arena, signal, fold);

    if (!rc)
        rc = signals_move_timers(turn, signal, timers);
    return rc ? rc : follow_transitions(turn, NULL, signal, fold, false);
}

enum rc signals_resolve(struct turn *turn, struct signal *signal, struct slice by)
{
    struct fold fold = { 0 };
    enum signal_state before = signal->state;
    enum rc rc = resolve(turn, signal, by, &fold);

    count_state(turn, false, before, signal->state);
    return rc;
}

enum rc signals_end(struct turn *turn, struct signal *signal, struct slice by)
{
    struct fold fold = { 0 };
    enum signal_state before = signal->state;
    enum rc rc = resolve(turn, signal, by, &fold);

    return rc ? rc : store_folded(turn, signal, &fold, false, before);
}
