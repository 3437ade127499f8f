#include "rules/fold_private.h"

#include "rules/snapshot.h"
#include "src/base/clock.h"

static void add_transition(struct fold *fold, enum signal_state to, int64_t at_ms)
{
    fold->transitions[fold->n_transitions++] = (struct transition){ .to = to, .at_ms = at_ms };
}

bool fold_is_new(const struct signal *signal)
{
    return slice_is_absent(signal->rule);
}

bool fold_is_open(const struct signal *signal)
{
    return signal->state == SIGNAL_FIRING || signal->state == SIGNAL_PENDING;
}

enum rc fold_identify(struct folding *folding)
{
    struct signal *signal = folding->signal;
    char hex[2 * FINGERPRINT_BYTES + 1];

    signal->rule = folding->rule->id;
    signal->rule_version = folding->rule->version;
    signal->key = folding->match->key;
    signal->state = SIGNAL_IDLE;
    signal->condition_version = folding->rule->condition_version;
    return arena_copy(folding->arena,
                      slice_of(fingerprint_format(folding->match->fingerprint, hex)),
                      &signal->fingerprint);
}

/* The key's own time goes on from its newest event as the engine's clock does. */
static int64_t key_now_ms(const struct signal *signal, int64_t now_ms)
{
    return signal->newest_ms + later_of(now_ms - signal->newest_seen_ms, 0);
}

int64_t fold_clear_due(const struct folding *folding)
{
    const struct signal *signal = folding->signal;
    int64_t now_ms = folding->clock->now_ms;
    int64_t left_ms = signal->cleared_ms + folding->rule->lateness_ms - key_now_ms(signal, now_ms);

    return signal->cleared_ms && left_ms > 0 ? now_ms + left_ms : 0;
}

struct condition_input fold_input(const struct folding *folding)
{
    const struct signal *signal = folding->signal;
    const struct match *match = folding->match;
    struct condition_input input = { .now_ms = folding->clock->now_ms,
                                     .newest_ms = signal->newest_ms,
                                     .key_now_ms = key_now_ms(signal, folding->clock->now_ms),
                                     .lateness_ms = folding->rule->lateness_ms,
                                     .rule_since_ms = folding->clock->rule_since_ms,
                                     .key = &signal->key,
                                     .watched_since_ms = folding->clock->watched_since_ms,
                                     .started_ms = folding->clock->started_ms,
                                     .is_firing = signal->state == SIGNAL_FIRING,
                                     .time_ms = folding->time_ms,
                                     .event = folding->event };

    if (match) {
        input.parts = match->parts;
        input.captures = (struct captures){ .items = match->captures,
                                            .n_items = match->n_captures,
                                            .n_room = match->n_captures };
    }
    return input;
}

void fold_take_result(struct folding *folding, const struct condition_result *result)
{
    folding->signal->window = result->state;
    folding->signal->condition_due_ms = result->due_ms;
    folding->fold->is_coarse |= result->is_coarse;
    folding->fold->changed = true;
}

/* What the condition remembers beyond the episode. */
enum rc fold_put_to_rest(const struct rule *rule, struct arena *arena, struct signal *signal)
{
    struct slice kept = { 0 };
    enum rc rc = RC_OK;

    if (rule && rule->condition->rest && signal->window.len)
        rc = rule->condition->rest(rule->condition_spec, signal->window, arena, &kept);
    signal->window = kept;
    if (!rule || !kept.len)
        signal->condition_due_ms = 0;
    return rc;
}

static enum rc begin_episode(struct folding *folding)
{
    struct signal *signal = folding->signal;

    if (signal->state == SIGNAL_RESOLVED) /* what an idle one saw led here */
        signal->samples = (struct ulid_list){ 0 };
    if (!folding->match)
        fold_forget_bad(signal);
    signal->state = SIGNAL_PENDING;
    signal->episode++;
    signal->count = 0;
    signal->fired_ms = 0;
    signal->resolved_by = (struct slice){ 0 };
    signal->task = (struct ulid){ 0 };
    return fold_take_first(folding);
}

void fold_end_episode(struct signal *signal, struct slice by, int64_t at_ms, struct fold *fold)
{
    signal->state = SIGNAL_RESOLVED;
    signal->resolved_ms = at_ms;
    signal->resolved_by = by;
    signal->quiet_due_ms = 0;
    signal->n_clears = 0;
    fold->changed = true;
    add_transition(fold, SIGNAL_RESOLVED, at_ms);
}

/* Nothing is on its way any more. What has fired before shows its last episode. */
void fold_end_pending(struct signal *signal, int64_t now_ms, struct fold *fold)
{
    bool has_fired = signal->resolved_ms != 0;

    signal->count = 0;
    signal->n_clears = 0;
    signal->state = has_fired ? SIGNAL_RESOLVED : SIGNAL_IDLE;
    if (has_fired || signal->window.len)
        signal->quiet_due_ms = 0;
    fold->forget = !has_fired && !signal->window.len && !signal->quiet_due_ms;
    fold->changed = true;
    fold_keep_good(signal, now_ms, fold);
}

static enum severity severity_of(const struct match *match)
{
    for (size_t i = 0; i < match->n_captures; i++) {
        int severity;

        if (slice_eq(match->captures[i].name, SLICE("severity")) &&
            slice_to_enum(match->captures[i].value, severity_names, &severity) == RC_OK)
            return (enum severity)severity;
    }
    return match->rule->severity;
}

/* Until it fires; then people have read it. */
static enum rc take_title(struct folding *folding)
{
    folding->signal->severity =
        folding->match ? severity_of(folding->match) : folding->rule->severity;
    return snapshot_title(folding->rule, folding->signal, folding->clock->now_ms, folding->arena);
}

static void fire(struct folding *folding)
{
    struct signal *signal = folding->signal;

    signal->state = SIGNAL_FIRING;
    signal->fired_ms = folding->clock->now_ms;
    if (!folding->rule->condition->folds_on) { /* it counts on by itself from here */
        signal->window = (struct slice){ 0 };
        signal->condition_due_ms = 0;
    }
    add_transition(folding->fold, SIGNAL_FIRING, folding->clock->now_ms);
}

static enum rc take_completing_event(struct folding *folding)
{
    struct signal *signal = folding->signal;
    enum rc rc =
        snapshot_event(folding->match, folding->event, folding->arena, &signal->last_event);

    return rc ? rc
              : snapshot_fields(folding->match, folding->event, folding->arena, &signal->fields);
}

/* On its way, or there. `was_open`: not for the first time. */
static enum rc show(struct folding *folding, const struct condition_result *result, bool was_open)
{
    struct signal *signal = folding->signal;
    enum rc rc = RC_OK;

    if (!was_open)
        rc = begin_episode(folding);
    else
        rc = fold_follow_first(folding, result);
    if (!rc && result->is_last)
        rc = take_completing_event(folding);
    signal->count = result->count;
    signal->first_seen_ms = result->first_ms;
    if (!rc)
        rc = take_title(folding);
    if (rc)
        return rc;
    if (result->verdict == CONDITION_HOLDS)
        fire(folding);
    else if (!was_open)
        add_transition(folding->fold, SIGNAL_PENDING, folding->clock->now_ms);
    return RC_OK;
}

/* It is forgotten, unless its clear has to be remembered. What is still remembered when a match without a value moves the key's own time goes on until
 * nothing can come any more that is late by that match. */
static void rest_without_memory(struct folding *folding)
{
    struct signal *signal = folding->signal;

    if (folding->match && signal->quiet_due_ms > folding->clock->now_ms)
        signal->quiet_due_ms = signal->newest_seen_ms + folding->rule->lateness_ms;
    else
        signal->quiet_due_ms = fold_clear_due(folding);
    folding->fold->forget = !signal->quiet_due_ms;
}

/* Its next match is a first sight again; only its last episode is still shown. */
static void forget_time(struct signal *signal)
{
    signal->newest_ms = 0;
    signal->newest_seen_ms = 0;
    signal->cleared_ms = 0;
}

static bool remembers_nothing(const struct signal *signal)
{
    return !signal->window.len && !signal->condition_due_ms;
}

void fold_settle_time(const struct rule *rule, int64_t now_ms, struct signal *signal)
{
    bool is_long_ago = key_now_ms(signal, now_ms) - signal->newest_ms >= rule->lateness_ms;

    if (signal->state == SIGNAL_RESOLVED && remembers_nothing(signal) && is_long_ago)
        signal->cleared_ms = signal->newest_ms;
}

static enum rc follow_before_firing(struct folding *folding, const struct condition_result *result)
{
    struct signal *signal = folding->signal;
    bool was_open = fold_is_open(signal);

    switch (result->verdict) {
    case CONDITION_WAITS:
    case CONDITION_HOLDS:
        folding->fold->counted = folding->match != NULL;
        return show(folding, result, was_open);
    case CONDITION_FORGETS:
        signal->window = (struct slice){ 0 };
        if (signal->state == SIGNAL_RESOLVED && !fold_clear_due(folding))
            forget_time(signal);
        break;
    case CONDITION_RESTS:
    case CONDITION_ENDS:
        break;
    }
    if (was_open)
        fold_end_pending(signal, folding->clock->now_ms, folding->fold);
    if (signal->state == SIGNAL_IDLE && remembers_nothing(signal))
        rest_without_memory(folding);
    else if (!folding->match)
        fold_settle_time(folding->rule, folding->clock->now_ms, signal);
    fold_keep_good(signal, folding->clock->now_ms, folding->fold);
    return RC_OK;
}

void fold_count_on(struct folding *folding)
{
    const struct condition *condition = folding->rule->condition;
    struct condition_input input = fold_input(folding);
    struct signal *signal = folding->signal;
    int64_t weight = condition->weigh
                         ? condition->weigh(folding->rule->condition_spec, &input, folding->arena)
                         : 1;

    folding->fold->changed = true;
    if (!weight)
        return;
    folding->fold->counted = true;
    if (__builtin_add_overflow(signal->count, weight, &signal->count))
        signal->count = INT64_MAX;
    if (folding->time_ms < signal->first_seen_ms)
        signal->first_seen_ms = folding->time_ms;
}

static void follow_while_firing(struct folding *folding, const struct condition_result *result)
{
    struct signal *signal = folding->signal;
    int64_t now_ms = folding->clock->now_ms;

    if (result->verdict == CONDITION_ENDS) {
        fold_end_episode(signal, folding->match ? SLICE("condition") : SLICE("time"), now_ms,
                         folding->fold);
    } else if (result->verdict == CONDITION_FORGETS) {
        fold_end_episode(signal, SLICE("forgotten"), now_ms, folding->fold);
        forget_time(signal);
    } else if (folding->match) {
        fold_count_on(folding);
    }
}

enum rc fold_follow(struct folding *folding, const struct condition_result *result)
{
    fold_take_result(folding, result);
    if (folding->signal->state != SIGNAL_FIRING)
        return follow_before_firing(folding, result);
    follow_while_firing(folding, result);
    return RC_OK;
}

/* Every match moves it: the timer that is already set arms itself again when it is due. */
void fold_arm_quiet(struct folding *folding)
{
    const struct rule *rule = folding->rule;
    struct signal *signal = folding->signal;
    int64_t now_ms = folding->clock->now_ms;

    if (signal->state == SIGNAL_PENDING && !signal->condition_due_ms)
        signal->quiet_due_ms =
            now_ms + condition_kept_ms(rule->condition, rule->condition_spec, rule->lateness_ms);
    else if (signal->state == SIGNAL_PENDING)
        signal->quiet_due_ms = 0;
    else if (signal->state == SIGNAL_FIRING && rule->clear.kind == CLEAR_BY_QUIET)
        signal->quiet_due_ms = now_ms + rule->clear.quiet_ms;
    else if (signal->state != SIGNAL_IDLE || signal->window.len)
        signal->quiet_due_ms = 0;
}

void fold_drop_memory_of_others(const struct rule *rule, struct signal *signal, struct fold *fold)
{
    if (slice_eq(signal->condition_version, rule->condition_version))
        return;
    signal->condition_version = rule->condition_version;
    signal->window = (struct slice){ 0 };
    signal->condition_due_ms = 0;
    if (signal->state != SIGNAL_FIRING)
        fold_forget_commits(signal);
    fold->changed = true;
}
