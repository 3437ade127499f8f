/* fold.h - (signal, match, now) -> (signal, transitions): the heart, pure.
 *
 * While pending, a signal's count and first_seen are those of its condition's window; once it fires they count on to the end of the episode.
 * Windows are in event time; everything that waits (quiet, what a condition is due for) is on the engine's clock, given as `now_ms`.
 * The timers that a fold arms are members of the signal: whoever stores it moves them. */
#pragma once

#include "rules/match.h"

struct transition {
    enum signal_state to;
    int64_t at_ms; /* engine time */
};

struct fold {
    struct transition transitions[2];
    size_t n_transitions;
    bool counted;   /* the match counted towards the signal (it is no clear, and ended nothing) */
    bool is_late;   /* older than lateness allows: kept and counted as late, moved nothing */
    bool changed;   /* the row is not what it was */
    bool forget;    /* the row may be deleted: nothing of it has to be remembered */
    bool is_coarse; /* its window holds more than it can hold exactly */
    struct slice
        misread; /* what the event says where the condition asks for something else: condition.h */
};

/* When, and since when. */
struct fold_clock {
    int64_t now_ms;        /* the engine's */
    int64_t rule_since_ms; /* of the rule's condition: when it was first loaded */
    /* As condition.h says: 0 where nothing came between the signal and who hears for it. */
    int64_t watched_since_ms;
    int64_t started_ms;
};

/* Folds a match (or a clear) into `signal`. For a first sight `signal` is zero but for its id, and filled here. Clears without an open
 * signal end nothing; where the condition notes them, they make a row. Newest event time wins: a clear that is older than the newest match, or a match older
 * than the newest clear, is late (H22). What the signal points at afterwards lives in `arena` or in what it pointed at before. Arms `signal->quiet_due_ms` and
 * `signal->condition_due_ms` (0: none). */
enum rc fold_match(const struct match *match, const struct event *event,
                   const struct fold_clock *clock, struct arena *arena, struct signal *signal,
                   struct fold *fold) MUST_CHECK;
/* The quiet timer that was due at `due_ms`: resolves, forgets a pending one, or arms again where matches came since. */
enum rc fold_quiet(const struct rule *rule, int64_t due_ms, struct arena *arena,
                   struct signal *signal, struct fold *fold) MUST_CHECK;
/* The time that the condition asked for has come: `clock->now_ms`. */
enum rc fold_wake(const struct rule *rule, const struct fold_clock *clock, struct arena *arena,
                  struct signal *signal, struct fold *fold) MUST_CHECK;
/* Its key is known without a match: `signal` is new (but for its id, `match` says which), or was adopted. Nothing where the condition waits for a match. */
enum rc fold_expect(const struct match *match, const struct fold_clock *clock, struct arena *arena,
                    struct signal *signal, struct fold *fold) MUST_CHECK;
/* Ends the episode: by "verification", "rule removed", a person's name, … Nothing when it is not open. `rule`: NULL when it is gone. */
enum rc fold_resolve(const struct rule *rule, struct slice by, int64_t now_ms, struct arena *arena,
                     struct signal *signal, struct fold *fold) MUST_CHECK;
/* The rule changed its meaning. What fires goes on firing under the new version; as long as what is folded is the same, nothing else happens. With another condition
 * a pending window starts anew, and what the key is known for is expected again. */
enum rc fold_adopt(const struct rule *rule, const struct fold_clock *clock, struct arena *arena,
                   struct signal *signal, struct fold *fold) MUST_CHECK;

/* How far its condition is, for people: "4 of 5 within 10m". Absent where there is nothing to say. */
enum rc fold_describe(const struct rule *rule, const struct fold_clock *clock,
                      const struct signal *signal, struct arena *arena,
                      struct slice *text) MUST_CHECK;

/* Why no key of the rule can be judged yet ("learning", "warming up"), and until when, on the engine's clock. NULL: they can, where there is enough of them. */
const char *fold_judges_from(const struct rule *rule, const struct fold_clock *clock,
                             int64_t *from_ms);

/* The line that replay, the stream and tail print for a transition: time rule key transition count first_seen last_seen event fields.
 * `event` is the one that caused it (absent for timers). */
void transition_write_json(const struct signal *signal, const struct transition *transition,
                           struct ulid event, struct json_writer *writer);
/* The same into an object that is begun already, and gets more members. */
void transition_write_members(const struct signal *signal, const struct transition *transition,
                              struct ulid event, struct json_writer *writer);
/* A value for templates of this rule: bare fields of the latest event, first.X, and first_seen last_seen count rule signal.key signal.title signal.severity, and last_good first_bad where they are known.
 * Kept until the values are freed with their arena. */
enum rc signal_values(const struct signal *signal, int64_t now_ms, struct arena *arena,
                      struct template_values *values) MUST_CHECK;
