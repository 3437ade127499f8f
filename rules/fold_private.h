/* fold_private.h - what the files of the fold share.
 *
 *   fold.c       a match, a clear
 *   fold_time.c  what happens without an event: quiet, what a condition is due for, reloads
 *   fold_life.c  episodes, and what a condition's verdict makes of them
 *   fold_first.c what `first.X` means
 *   fold_commits.c  between which commits it broke
 */
#pragma once

#include "rules/fold.h"

/* What is being folded, and when. */
struct folding {
    const struct match *match; /* NULL: no event, but time */
    const struct event *event; /* likewise */
    struct slice event_before; /* signal.last_event as it was before this one */
    const struct rule *rule;
    int64_t time_ms; /* event time */
    const struct fold_clock *clock;
    struct arena *arena;
    struct signal *signal;
    struct fold *fold;
};

bool fold_is_new(const struct signal *signal);
bool fold_is_open(const struct signal *signal);
/* Fills what says which signal it is, by the folding's match. */
enum rc fold_identify(struct folding *folding) MUST_CHECK;
struct condition_input fold_input(const struct folding *folding);
/* The memory and the due time that the condition gave. */
void fold_take_result(struct folding *folding, const struct condition_result *result);
/* What the condition says makes an episode, goes on with it or ends it. */
enum rc fold_follow(struct folding *folding, const struct condition_result *result) MUST_CHECK;
/* The folding's event is the first one of its episode; by time alone, the last that was seen. */
enum rc fold_take_first(struct folding *folding) MUST_CHECK;
/* The same where the one that is kept counts no more. Before the signal's first_seen_ms is that of `result`. */
enum rc fold_follow_first(struct folding *folding,
                          const struct condition_result *result) MUST_CHECK;
/* One more match of what fires. */
void fold_count_on(struct folding *folding);
/* The condition keeps what it remembers beyond the episode; all of it goes where `rule` is gone (NULL). */
enum rc fold_put_to_rest(const struct rule *rule, struct arena *arena,
                         struct signal *signal) MUST_CHECK;
void fold_end_episode(struct signal *signal, struct slice by, int64_t at_ms, struct fold *fold);
/* Nothing is on its way any more. What has fired before shows its last episode. */
void fold_end_pending(struct signal *signal, int64_t now_ms, struct fold *fold);
/* What the folding's event says of its commit, before it is folded where it is a match, and after where it clears. */
enum rc fold_note_commit(struct folding *folding) MUST_CHECK;
/* Of this episode no failing event is known. */
void fold_forget_bad(struct signal *signal);
void fold_forget_commits(struct signal *signal);
/* Under another meaning of its rule. What was bad before it was noted stays unknown. */
void fold_adopt_commits(const struct rule *rule, struct signal *signal);
/* An idle row that nothing else keeps stays for its last good commit, and its quiet timer says how long. */
void fold_keep_good(struct signal *signal, int64_t now_ms, struct fold *fold);
/* Nothing is remembered beyond the last episode, and the key's own time is past its newest event by as much as lateness allows: what comes and is older has been on its way for too
 * long, and is late. Nothing where it is otherwise. */
void fold_settle_time(const struct rule *rule, int64_t now_ms, struct signal *signal);
/* Until when, on the engine's clock, a match may come that its newest clear has overtaken: so long the clear is remembered. 0: none can come. */
int64_t fold_clear_due(const struct folding *folding);
/* Every match moves it: the timer that is already set arms itself again when it is due. */
void fold_arm_quiet(struct folding *folding);
/* Another condition than the one that the signal's memory is of: it starts anew. */
void fold_drop_memory_of_others(const struct rule *rule, struct signal *signal, struct fold *fold);
