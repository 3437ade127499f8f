#include "rules/fold_private.h"

#include "rules/snapshot.h"

#define SAMPLES_MAX 10

/* A sender that repeats an old state says that it still holds now. */
static int64_t event_time_ms(const struct event *event)
{
    return event->is_repeat ? event->received_ms : event->time_ms;
}

/* -- late ones -- */

/* A match that its clear has overtaken: the newer state of the two is what holds. */
static bool is_overtaken(const struct signal *signal, int64_t time_ms)
{
    return time_ms < signal->cleared_ms;
}

/* How much older than the newest event of its key it may be. */
static int64_t lateness_of(const struct folding *folding)
{
    return folding->rule->lateness_is_of_watchers && folding->event->has_lateness
               ? folding->event->lateness_ms
               : folding->rule->lateness_ms;
}

static bool is_late(const struct folding *folding)
{
    const struct signal *signal = folding->signal;
    const struct rule *rule = folding->rule;
    int64_t behind_ms = signal->newest_ms - folding->time_ms;

    if (fold_is_new(signal) || behind_ms <= 0)
        return false;
    if (behind_ms > lateness_of(folding) || is_overtaken(signal, folding->time_ms))
        return true;
    return signal->state != SIGNAL_FIRING &&
           !condition_reaches(rule->condition, rule->condition_spec, behind_ms);
}

static void count_late(struct folding *folding)
{
    folding->signal->n_late++;
    folding->fold->is_late = true;
    folding->fold->changed = true;
}

/* -- a clear -- */

static void take_newest(struct folding *folding)
{
    struct signal *signal = folding->signal;

    if (signal->newest_ms && folding->time_ms < signal->newest_ms)
        return;
    signal->newest_ms = folding->time_ms;
    signal->newest_seen_ms = folding->clock->now_ms;
    folding->fold->changed = true;
}

static enum rc note_clear(struct folding *folding)
{
    const struct rule *rule = folding->rule;
    struct condition_input input = fold_input(folding);

    if (!rule->condition->note)
        return RC_OK;
    folding->fold->changed = true;
    return rule->condition->note(rule->condition_spec, &input, folding->signal->window,
                                 folding->arena, &folding->signal->window);
}

/* Is it the one that `clear` waits for, of several? */
static bool is_enough_to_clear(struct folding *folding)
{
    struct signal *signal = folding->signal;

    signal->n_clears++;
    return signal->n_clears >= folding->rule->clear.count;
}

static enum rc end_by_clear(struct folding *folding)
{
    struct signal *signal = folding->signal;
    enum rc rc = fold_put_to_rest(folding->rule, folding->arena, signal);

    if (signal->state == SIGNAL_FIRING)
        fold_end_episode(signal, SLICE("event"), folding->clock->now_ms, folding->fold);
    else
        fold_end_pending(signal, folding->clock->now_ms, folding->fold);
    signal->resolved_by = SLICE("event");
    folding->fold->counted = true;
    return rc;
}

/* So long a key that never fired is not forgotten, whatever its condition remembers. */
static void remember_clear(struct folding *folding)
{
    struct signal *signal = folding->signal;

    signal->cleared_ms = folding->time_ms;
    if (signal->state != SIGNAL_IDLE || signal->window.len)
        return;
    signal->quiet_due_ms = fold_clear_due(folding);
    folding->fold->forget = !signal->quiet_due_ms && !signal->condition_due_ms;
    fold_keep_good(signal, folding->clock->now_ms, folding->fold);
}

/* It has moved the key's own time on: what the condition waits for may be true by now, or is due at another time. */
static void ask_again(struct folding *folding)
{
    struct signal *signal = folding->signal;

    if (signal->condition_due_ms)
        signal->condition_due_ms = folding->clock->now_ms;
}

/* There is no row, or one that only shows the last episode of a key that was forgotten. */
static bool is_unknown(const struct signal *signal)
{
    return fold_is_new(signal) ||
           (signal->state == SIGNAL_RESOLVED && !signal->newest_ms && !signal->window.len);
}

static enum rc fold_clear(struct folding *folding)
{
    struct signal *signal = folding->signal;
    enum rc rc = RC_OK;

    if (is_unknown(signal) && !rule_notes_clears(folding->rule)) {
        folding->fold->forget = fold_is_new(signal);
        return RC_OK;
    }
    if (fold_is_new(signal))
        rc = fold_identify(folding);
    else if (folding->time_ms < signal->newest_ms) {
        count_late(folding);
        return fold_note_commit(folding);
    }
    take_newest(folding);
    if (!rc && fold_is_open(signal) && is_enough_to_clear(folding))
        rc = end_by_clear(folding);
    if (!rc)
        rc = fold_note_commit(folding);
    if (!rc)
        rc = note_clear(folding);
    remember_clear(folding);
    ask_again(folding);
    return rc;
}

/* -- a match -- */

/* The first one, and the newest: the second is let go where there are too many. */
static enum rc add_sample(struct folding *folding)
{
    struct ulid_list *samples = &folding->signal->samples;
    size_t n_kept = samples->n_items < SAMPLES_MAX ? samples->n_items : SAMPLES_MAX - 1;
    struct ulid *items = arena_alloc(folding->arena, n_kept + 1, sizeof(*items));

    if (!items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_kept; i++) {
        size_t n_dropped = i ? samples->n_items - n_kept : 0;

        items[i] = samples->items[i + n_dropped];
    }
    items[n_kept] = folding->event->id;
    *samples = (struct ulid_list){ .items = items, .n_items = n_kept + 1 };
    return RC_OK;
}

/* What the latest match says; one that came late leaves it as it is. */
static enum rc take_latest(struct folding *folding)
{
    struct signal *signal = folding->signal;
    enum rc rc;

    if (folding->time_ms < signal->last_seen_ms)
        return RC_OK;
    signal->last_seen_ms = folding->time_ms;
    rc = snapshot_event(folding->match, folding->event, folding->arena, &signal->last_event);
    if (!rc)
        rc = snapshot_fields(folding->match, folding->event, folding->arena, &signal->fields);
    return rc;
}

static enum rc fold_condition(struct folding *folding)
{
    const struct rule *rule = folding->rule;
    struct condition_input input = fold_input(folding);
    struct condition_result result = { 0 };
    enum rc rc;

    if (input.is_firing && !rule->condition->folds_on) {
        fold_count_on(folding);
        return RC_OK;
    }
    rc = rule->condition->fold(rule->condition_spec, &input, folding->signal->window,
                               folding->arena, &result);
    return rc ? rc : fold_follow(folding, &result);
}

static enum rc fold_counted(struct folding *folding)
{
    struct signal *signal = folding->signal;
    enum rc rc = RC_OK;

    if (fold_is_new(signal))
        rc = fold_identify(folding);
    if (rc)
        return rc;
    fold_drop_memory_of_others(folding->rule, signal, folding->fold);
    signal->rule_version = folding->rule->version;
    signal->n_clears = 0;
    take_newest(folding);
    if (!fold_is_open(signal) && !signal->window.len)
        signal->last_seen_ms = 0; /* of the episode before, or of what was forgotten */
    folding->event_before = signal->last_event;
    rc = take_latest(folding);
    if (!rc)
        rc = fold_note_commit(folding);
    if (!rc)
        rc = fold_condition(folding);
    if (!rc && signal->state != SIGNAL_RESOLVED)
        rc = add_sample(folding);
    fold_arm_quiet(folding);
    return rc;
}

static struct slice misread_by(const struct folding *folding)
{
    const struct condition *condition = folding->rule->condition;
    struct condition_input input;

    if (!condition->misreads)
        return (struct slice){ 0 };
    input = fold_input(folding);
    return condition->misreads(folding->rule->condition_spec, &input, folding->arena);
}

enum rc fold_match(const struct match *match, const struct event *event,
                   const struct fold_clock *clock, struct arena *arena, struct signal *signal,
                   struct fold *fold)
{
    struct folding folding = { .match = match,
                               .event = event,
                               .rule = match->rule,
                               .time_ms = event_time_ms(event),
                               .clock = clock,
                               .arena = arena,
                               .signal = signal,
                               .fold = fold };

    *fold = (struct fold){ 0 };
    if (match->clears)
        return fold_clear(&folding);
    if (is_late(&folding)) {
        count_late(&folding);
        return RC_OK;
    }
    fold->misread = misread_by(&folding);
    return fold_counted(&folding);
}
