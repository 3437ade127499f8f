#include "rules/fold_private.h"

#include "src/base/clock.h"

/* So long after its last event a key that nothing else keeps is remembered for its last good commit. */
#define GOOD_KEPT_MS (90 * DAY_MS)

/* A capture may say it where the sender does not. */
static struct slice commit_of(const struct folding *folding)
{
    struct condition_input input = fold_input(folding);
    struct slice commit = folding->event->fields[FIELD_COMMIT];

    if (slice_is_absent(commit))
        commit = captures_get(&input.captures, slice_of(event_field_names[FIELD_COMMIT]));
    return event_field_cut(commit);
}

static bool says(const struct folding *folding, struct slice state)
{
    return slice_eq(folding->event->fields[FIELD_STATE], state);
}

/* One that leaves the episode open was not enough to call it well; what came before the trouble was good all the same. */
static enum rc take_good(struct folding *folding)
{
    struct signal *signal = folding->signal;
    bool is_newer = slice_is_absent(signal->last_good) || folding->time_ms >= signal->last_good_ms;
    bool is_doubted = fold_is_open(signal) && folding->time_ms >= signal->first_bad_ms;
    struct slice commit = commit_of(folding);

    if (!commit.len || !is_newer || is_doubted)
        return RC_OK;
    signal->last_good_ms = folding->time_ms;
    folding->fold->changed = true;
    return arena_copy(folding->arena, commit, &signal->last_good);
}

/* Where the first one names no commit none is known: a later one would be another. */
static enum rc take_bad(struct folding *folding)
{
    struct signal *signal = folding->signal;

    if (signal->first_bad_ms && folding->time_ms >= signal->first_bad_ms)
        return RC_OK;
    if (folding->time_ms < signal->last_good_ms)
        return RC_OK;
    signal->first_bad_ms = folding->time_ms;
    return arena_copy(folding->arena, commit_of(folding), &signal->first_bad);
}

enum rc fold_note_commit(struct folding *folding)
{
    if (!folding->rule->notes_good)
        return RC_OK;
    if (folding->match->clears)
        return says(folding, SLICE("ok")) ? take_good(folding) : RC_OK;
    if (!fold_is_open(folding->signal))
        fold_forget_bad(folding->signal);
    return says(folding, SLICE("failing")) ? take_bad(folding) : RC_OK;
}

void fold_forget_bad(struct signal *signal)
{
    signal->first_bad = (struct slice){ 0 };
    signal->first_bad_ms = 0;
}

void fold_forget_commits(struct signal *signal)
{
    fold_forget_bad(signal);
    signal->last_good = (struct slice){ 0 };
    signal->last_good_ms = 0;
}

void fold_adopt_commits(const struct rule *rule, struct signal *signal)
{
    if (!rule->notes_good)
        fold_forget_commits(signal);
    else if (fold_is_open(signal) && !signal->first_bad_ms)
        signal->first_bad_ms = signal->first_seen_ms;
}

void fold_keep_good(struct signal *signal, int64_t now_ms, struct fold *fold)
{
    int64_t until_ms = signal->newest_seen_ms + GOOD_KEPT_MS;

    if (signal->state != SIGNAL_IDLE || slice_is_absent(signal->last_good) || until_ms <= now_ms)
        return;
    if (signal->quiet_due_ms < until_ms)
        signal->quiet_due_ms = until_ms;
    fold->forget = false;
}
