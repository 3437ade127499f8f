/* fold.h - (signal, match, now) -> (signal, transitions): the heart, pure.
 *
 * While pending, a signal's count and first_seen are those of its condition's window; once it fires they count on to the end of the episode.
 * Windows are in event time; everything that waits (quiet) is on the engine's clock, given as `now_ms`. */
#pragma once

#include "rules/match.h"

struct transition {
    enum signal_state to;
    int64_t at_ms; /* engine time */
};

struct fold {
    struct transition transitions[2];
    size_t n_transitions;
    bool counted; /* the match counted towards the signal (it is not a clear without effect) */
    bool is_late; /* older than lateness allows: kept and counted as late, moved nothing */
    bool forget;  /* the row may be deleted: it was only ever pending and its window is empty */
};

/* Folds a match (or a clear) into `signal`. For a first sight `signal` is zero but for its id, and filled here. Clears without an open
 * signal change nothing. Newest event time wins: a clear that is older than the newest match, or a match older than the newest clear, is late (H22). What the signal points at
 * afterwards lives in `arena` or in what it pointed at before. Arms `signal->quiet_due_ms` (0: none). */
enum rc fold_match(const struct match *match, const struct event *event, int64_t now_ms,
                   struct arena *arena, struct signal *signal, struct fold *fold) MUST_CHECK;
/* The quiet timer that was due at `due_ms`: resolves, forgets a pending one, or arms again where matches came since. */
enum rc fold_quiet(const struct rule *rule, int64_t due_ms, struct arena *arena,
                   struct signal *signal, struct fold *fold) MUST_CHECK;
/* Ends the episode: by "verification", "rule removed", a person's name, … Nothing when it is not open. */
void fold_resolve(struct signal *signal, struct slice by, int64_t now_ms, struct fold *fold);
/* The rule changed its meaning: a pending window starts anew, what fires goes on firing under the new version. */
void fold_adopt(const struct rule *rule, struct signal *signal);

/* The line that replay, the stream and tail print for a transition: time rule key transition count first_seen last_seen event fields.
 * `event` is the one that caused it (absent for timers). */
void transition_write_json(const struct signal *signal, const struct transition *transition,
                           struct ulid event, struct json_writer *writer);
/* A value for templates of this rule: bare fields of the latest event, first.X, and first_seen last_seen count rule signal.key signal.title signal.severity.
 * Kept until the values are freed with their arena. */
enum rc signal_values(const struct signal *signal, int64_t now_ms, struct arena *arena,
                      struct template_values *values) MUST_CHECK;
