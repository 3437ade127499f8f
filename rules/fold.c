#include "rules/fold.h"

#include "rules/snapshot.h"

#include <string.h>

#define SAMPLES_MAX 10

/* What is being folded, and when. */
struct folding {
    const struct match *match;
    const struct event *event;
    int64_t time_ms; /* event time */
    int64_t now_ms;  /* engine time */
    struct arena *arena;
    struct signal *signal;
    struct fold *fold;
};

/* A sender that repeats an old state says that it still holds now. */
static int64_t event_time_ms(const struct event *event)
{
    return event->is_repeat ? event->received_ms : event->time_ms;
}

static void add_transition(struct fold *fold, enum signal_state to, int64_t at_ms)
{
    fold->transitions[fold->n_transitions++] = (struct transition){ .to = to, .at_ms = at_ms };
}

static int64_t window_ms(const struct rule *rule)
{
    return rule->condition->within_ms(rule->condition_spec);
}

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* -- life of an episode -- */

static bool is_new(const struct signal *signal)
{
    return slice_is_absent(signal->rule);
}

/* Pending with an empty window: a clear set it back, or its rule has changed. */
static bool is_open(const struct signal *signal)
{
    return signal->state == SIGNAL_FIRING || (signal->state == SIGNAL_PENDING && signal->count);
}

static enum rc identify(struct folding *folding)
{
    struct signal *signal = folding->signal;
    char hex[2 * FINGERPRINT_BYTES + 1];

    signal->rule = folding->match->rule->id;
    signal->key = folding->match->key;
    return arena_copy(folding->arena,
                      slice_of(fingerprint_format(folding->match->fingerprint, hex)),
                      &signal->fingerprint);
}

static enum rc begin_episode(struct folding *folding)
{
    struct signal *signal = folding->signal;

    signal->state = SIGNAL_PENDING;
    signal->episode++;
    signal->count = 0;
    signal->first_seen_ms = folding->time_ms;
    signal->last_seen_ms = folding->time_ms;
    signal->fired_ms = 0;
    signal->resolved_by = (struct slice){ 0 };
    signal->window = (struct slice){ 0 };
    signal->samples = (struct ulid_list){ 0 };
    signal->task = (struct ulid){ 0 };
    return snapshot_event(folding->match, folding->event, folding->arena, &signal->first_event);
}

static void end_episode(struct signal *signal, struct slice by, int64_t at_ms, struct fold *fold)
{
    signal->state = SIGNAL_RESOLVED;
    signal->resolved_ms = at_ms;
    signal->resolved_by = by;
    signal->window = (struct slice){ 0 };
    signal->quiet_due_ms = 0;
    add_transition(fold, SIGNAL_RESOLVED, at_ms);
}

/* Back to nothing seen. What has fired before keeps its row. */
static void reset_pending(struct signal *signal, struct fold *fold)
{
    signal->count = 0;
    signal->window = (struct slice){ 0 };
    if (signal->resolved_ms) {
        signal->state = SIGNAL_RESOLVED;
        signal->quiet_due_ms = 0;
    } else {
        fold->forget = signal->quiet_due_ms == 0;
    }
}

/* -- late ones -- */

/* A match that its clear has overtaken: the newer state of the two is what holds. What is newer than the last match was a clear. */
static bool is_overtaken(const struct signal *signal, int64_t time_ms)
{
    bool was_cleared =
        slice_eq(signal->resolved_by, SLICE("event")) || signal->newest_ms > signal->last_seen_ms;

    return !is_open(signal) && was_cleared && time_ms < signal->newest_ms;
}

static bool is_late(const struct folding *folding)
{
    const struct signal *signal = folding->signal;
    const struct rule *rule = folding->match->rule;
    int64_t behind_ms = signal->newest_ms - folding->time_ms;

    if (is_new(signal) || behind_ms <= 0)
        return false;
    if (behind_ms > rule->lateness_ms || is_overtaken(signal, folding->time_ms))
        return true;
    /* Of a window that is still counted, nothing older than the window can be part. */
    return signal->state == SIGNAL_PENDING && window_ms(rule) && behind_ms >= window_ms(rule);
}

static void count_late(struct folding *folding)
{
    folding->signal->n_late++;
    folding->fold->is_late = true;
}

/* -- a clear -- */

static void fold_clear(struct folding *folding)
{
    struct signal *signal = folding->signal;
    bool was_open = is_open(signal);

    if (is_new(signal)) {
        folding->fold->forget = true;
        return;
    }
    if (folding->time_ms < signal->newest_ms) {
        count_late(folding);
        return;
    }
    signal->newest_ms = folding->time_ms;
    folding->fold->counted = was_open;
    if (signal->state == SIGNAL_FIRING)
        end_episode(signal, SLICE("event"), folding->now_ms, folding->fold);
    else if (was_open)
        reset_pending(signal, folding->fold);
    if (was_open)
        signal->resolved_by = SLICE("event");
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
    folding->signal->severity = severity_of(folding->match);
    return snapshot_title(folding->match->rule, folding->signal, folding->now_ms, folding->arena);
}

static enum rc fold_condition(struct folding *folding, bool *holds)
{
    const struct rule *rule = folding->match->rule;
    struct signal *signal = folding->signal;
    struct condition_match match = { .time_ms = folding->time_ms,
                                     .newest_ms = signal->newest_ms,
                                     .event = folding->event };
    struct condition_result result = { 0 };
    enum rc rc = rule->condition->fold(rule->condition_spec, signal->window, &match, folding->arena,
                                       &result);

    if (rc)
        return rc;
    signal->window = result.state;
    signal->count = result.count;
    signal->first_seen_ms = result.first_ms;
    *holds = result.holds;
    return RC_OK;
}

static void fire(struct folding *folding)
{
    struct signal *signal = folding->signal;

    signal->state = SIGNAL_FIRING;
    signal->fired_ms = folding->now_ms;
    signal->window = (struct slice){ 0 }; /* it counts on by itself from here */
    add_transition(folding->fold, SIGNAL_FIRING, folding->now_ms);
}

static enum rc fold_pending(struct folding *folding, bool is_first)
{
    bool holds = false;
    enum rc rc = fold_condition(folding, &holds);

    if (!rc)
        rc = take_title(folding);
    if (rc)
        return rc;
    if (holds)
        fire(folding);
    else if (is_first)
        add_transition(folding->fold, SIGNAL_PENDING, folding->now_ms);
    return RC_OK;
}

static void count_on(struct folding *folding)
{
    struct signal *signal = folding->signal;

    signal->count++;
    if (folding->time_ms < signal->first_seen_ms)
        signal->first_seen_ms = folding->time_ms;
}

/* Every match moves it: the timer that is already set arms itself again when it is due. */
static void arm_quiet(struct folding *folding)
{
    const struct rule *rule = folding->match->rule;
    struct signal *signal = folding->signal;

    if (signal->state == SIGNAL_PENDING)
        signal->quiet_due_ms = folding->now_ms + window_ms(rule);
    else if (rule->clear.kind == CLEAR_BY_QUIET)
        signal->quiet_due_ms = folding->now_ms + rule->clear.quiet_ms;
    else
        signal->quiet_due_ms = 0;
}

static enum rc fold_counted(struct folding *folding)
{
    struct signal *signal = folding->signal;
    bool is_first = !is_open(signal);
    enum rc rc = RC_OK;

    folding->fold->counted = true;
    if (is_new(signal))
        rc = identify(folding);
    if (!rc && is_first)
        rc = begin_episode(folding);
    if (rc)
        return rc;
    signal->rule_version = folding->match->rule->version;
    signal->newest_ms = max_of(signal->newest_ms, folding->time_ms);
    rc = take_latest(folding);
    if (!rc)
        rc = add_sample(folding);
    if (!rc && signal->state == SIGNAL_PENDING)
        rc = fold_pending(folding, is_first);
    else if (!rc)
        count_on(folding);
    arm_quiet(folding);
    return rc;
}

enum rc fold_match(const struct match *match, const struct event *event, int64_t now_ms,
                   struct arena *arena, struct signal *signal, struct fold *fold)
{
    struct folding folding = { .match = match,
                               .event = event,
                               .time_ms = event_time_ms(event),
                               .now_ms = now_ms,
                               .arena = arena,
                               .signal = signal,
                               .fold = fold };

    *fold = (struct fold){ 0 };
    if (match->clears) {
        fold_clear(&folding);
        return RC_OK;
    }
    if (is_late(&folding)) {
        count_late(&folding);
        return RC_OK;
    }
    return fold_counted(&folding);
}

/* -- without an event -- */

enum rc fold_quiet(const struct rule *rule, int64_t due_ms, struct arena *arena,
                   struct signal *signal, struct fold *fold)
{
    (void)arena;
    *fold = (struct fold){ 0 };
    if (!signal->quiet_due_ms || due_ms < signal->quiet_due_ms) /* matches came since */
        return RC_OK;
    signal->quiet_due_ms = 0;
    if (signal->state == SIGNAL_PENDING)
        reset_pending(signal, fold);
    else if (signal->state == SIGNAL_FIRING && rule->clear.kind == CLEAR_BY_QUIET)
        end_episode(signal, SLICE("quiet"), due_ms, fold);
    return RC_OK;
}

void fold_resolve(struct signal *signal, struct slice by, int64_t now_ms, struct fold *fold)
{
    *fold = (struct fold){ 0 };
    if (signal->state == SIGNAL_FIRING) {
        end_episode(signal, by, now_ms, fold);
    } else if (signal->state == SIGNAL_PENDING) {
        signal->quiet_due_ms = 0;
        reset_pending(signal, fold);
    }
}

void fold_adopt(const struct rule *rule, struct signal *signal)
{
    signal->rule_version = rule->version;
    if (signal->state == SIGNAL_PENDING) {
        signal->count = 0;
        signal->window = (struct slice){ 0 };
    }
    if (signal->state != SIGNAL_FIRING)
        return;
    if (rule->clear.kind != CLEAR_BY_QUIET)
        signal->quiet_due_ms = 0;
    else if (!signal->quiet_due_ms)
        /* Nothing says when its last match was received; event time is the best that is known. */
        signal->quiet_due_ms =
            max_of(signal->fired_ms, signal->last_seen_ms) + rule->clear.quiet_ms;
}
