/* The event that `first.X` means: the first of those that count.
 *
 * Of an episode one event is kept, the one that began it. While it is pending its window goes on, and that one may count no more: then the match before this one
 * takes its place, where that still counts, else this one. Of three or more that are left when it goes, that is not the oldest, but one that counts. */
#include "rules/fold_private.h"

#include "rules/snapshot.h"
#include "src/base/clock.h"

/* What is remembered of an event that came before the episode, where time alone began it. */
enum rc fold_take_first(struct folding *folding)
{
    struct signal *signal = folding->signal;

    if (folding->match)
        return snapshot_event(folding->match, folding->event, folding->arena, &signal->first_event);
    signal->first_event = signal->last_event;
    return RC_OK;
}

/* 0: it is not known. */
static int64_t time_of(struct slice kept)
{
    struct json_fault fault;
    struct json *event = NULL;
    int64_t time_ms = 0;

    if (!kept.len || json_parse(kept, JSON_LIMITS_DEFAULT, &event, &fault))
        return 0;
    if (time_parse(json_string(json_get_text(event, "time")), &time_ms))
        time_ms = 0;
    json_free(event);
    return time_ms;
}

enum rc fold_follow_first(struct folding *folding, const struct condition_result *result)
{
    struct signal *signal = folding->signal;
    int64_t first_ms;

    if (result->is_first)
        return fold_take_first(folding);
    /* What completes something is its end. */
    if (!folding->match || result->is_last || result->first_ms == signal->first_seen_ms)
        return RC_OK;
    first_ms = time_of(signal->first_event);
    if (!first_ms || first_ms == result->first_ms)
        return RC_OK;
    if (first_ms > result->first_ms)
        return folding->time_ms == result->first_ms ? fold_take_first(folding) : RC_OK;
    if (time_of(folding->event_before) < result->first_ms)
        return fold_take_first(folding);
    signal->first_event = folding->event_before;
    return RC_OK;
}
