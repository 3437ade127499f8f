/* condition.h - what each `when` offers. To add one: copy conditions/count.c, add a row in conditions.c, test it at its edges.
 *
 * A condition is a pure function over what its key sees: its memory is a byte string that the caller stores with the signal and hands back with the
 * next match. It is asked with every match, and at a time that it asked for itself (`due_ms`).
 *
 * Two times: windows are in event time, waiting is on the engine's clock. What comes true or ends because time passes is due when the key's own time gets
 * there: condition_due() says when that is on the engine's clock. */
#pragma once

#include "rules/field_ref.h"
#include "src/base/document.h"
#include "src/base/event.h"
#include "src/base/shape.h"

struct rule_reading;

/* Bits of condition_input.parts. */
#define PART_OWN 1U            /* the rule's own filter */
#define PART_OF(i) (2U << (i)) /* the FILTER that read_part() gave the index i */

struct condition_input {
    int64_t now_ms;    /* the engine's clock */
    int64_t newest_ms; /* W: the newest event time of the key, this match included */
    int64_t
        key_now_ms; /* the key's own time: its newest event time, and what has passed since that came */
    int64_t lateness_ms;   /* of the rule: what is older than W - lateness never comes here */
    int64_t rule_since_ms; /* engine's clock: since when this condition has been watching */
    const struct slice_list *key; /* whose it is: rendered values */
    /* Of its watcher, on the engine's clock: since when it has been heard without a break, where there was one since the key was seen last; and when the program was
     * started since then. 0: not since. */
    int64_t watched_since_ms;
    int64_t started_ms;
    bool is_firing;
    /* The match; of a wake-up there is none: parts is 0, event NULL, time_ms is newest_ms. */
    unsigned parts; /* what the event passed */
    int64_t time_ms;
    const struct event *event;
    struct captures captures;
};

enum condition_verdict {
    CONDITION_RESTS, /* nothing is on its way: there is memory at most. Without: the row goes, or shows its last episode only */
    CONDITION_WAITS, /* on its way: the signal is pending, `count` matches count towards it */
    CONDITION_HOLDS, /* true now; where the signal fires already: nothing new */
    CONDITION_ENDS, /* what fired is over, by the condition's own end; `state` is what outlives it */
    CONDITION_FORGETS, /* the key is not known any more: its next match is a first sight */
};

struct condition_result {
    struct slice state; /* the new memory, in the arena */
    enum condition_verdict verdict;
    int64_t count;    /* WAITS, HOLDS: matches that count towards it */
    int64_t first_ms; /* event time of the oldest of them */
    int64_t due_ms;   /* engine's clock: ask again then, whatever happens; 0: never */
    bool is_first;    /* the run of steps begins anew with this event: it is what `first.` means */
    bool
        is_last; /* HOLDS: the event completes it, and bare fields are its own, also where a newer one was seen */
    bool is_coarse; /* there was more than a window holds exactly */
};

struct condition {
    const char *name; /* the member of `when` that selects it; NULL: no `when` */
    const struct shape *
        members; /* of `when`, a map; its first row is the condition itself, whose name stands above. NULL: no `when` */
    /* Reads `when` (NULL for none) into a spec of the rule set. Adds what is wrong to the reading's problems. */
    void *(*parse)(struct rule_reading *reading, const struct node *when);
    /* Folds one match into `state` (absent: none yet). */
    enum rc (*fold)(const void *spec, const struct condition_input *input, struct slice state,
                    struct arena *arena, struct condition_result *result);
    /* The time that `due_ms` asked for has come. NULL: it never asks. */
    enum rc (*wake)(const void *spec, const struct condition_input *input, struct slice state,
                    struct arena *arena, struct condition_result *result);
    /* The key is known, though nothing matched: the rule was loaded, or has a new condition (then newest_ms is the last sight, else 0). NULL: it waits for a match. */
    enum rc (*expect)(const void *spec, const struct condition_input *input, struct arena *arena,
                      struct condition_result *result);
    /* The keys that it is about whether anything matches or not: as many values each as the rule's key has. NULL: none. */
    const struct slice_list *(*expected)(const void *spec, size_t *n_keys);
    /* The key of the rule is known: `when` may have to fit it. NULL: it need not. */
    void (*check_key)(struct rule_reading *reading, const struct node *when);
    /* What outlives an episode that ended otherwise than by ENDS. NULL: nothing. */
    enum rc (*rest)(const void *spec, struct slice state, struct arena *arena, struct slice *kept);
    /* An event that clears is no match; its value is noted all the same. NULL: nothing of it is. */
    enum rc (*note)(const void *spec, const struct condition_input *input, struct slice state,
                    struct arena *arena, struct slice *noted);
    /* As how many a match counts once the signal fires; 0: it does not. NULL: as one. */
    int64_t (*weigh)(const void *spec, const struct condition_input *input, struct arena *arena);
    /* What the event says where the condition asks for something else, so that it goes by its usual one; absent: nothing. NULL: it takes whatever is said. */
    struct slice (*misreads)(const void *spec, const struct condition_input *input,
                             struct arena *arena);
    /* Where that stands, and what is asked for there: "when.weight", "a whole number from 1 on"; and what it goes by instead. */
    const char *misread_name, *misread_wanted, *misread_taken;
    /* How long a match can matter, ms; 0: not beyond itself. condition_kept_ms and condition_reaches say what follows. */
    int64_t (*within_ms)(const void *spec);
    /* How far it is, for people: "4 of 5 within 10m". `state` is its memory; of what fires there may be none. NULL: `count` says it. */
    enum rc (*describe)(const void *spec, const struct condition_input *input, struct slice state,
                        struct arena *arena, struct slice *text);
    /* How near matches at `times` (event times, ascending) came to what they did not bring about: "5 within 10m12s, the last of them 12s too late". Absent: they were not near. NULL:
     * nothing can be said. */
    enum rc (*near_miss)(const void *spec, const int64_t *times, size_t n_times,
                         struct arena *arena, struct slice *text);
    /* Why it cannot judge yet ("warming up", "too few matches"; NULL: it can), and until when, on the engine's clock (0: nobody knows). `input` without a match. Without `state` it is asked
     * whether it can judge any key at all, by rule_since_ms. NULL: it always can. */
    const char *(*judges_from)(const void *spec, const struct condition_input *input,
                               struct slice state, int64_t *from_ms);
    /* How many keys the rule may have, where the condition is what makes them; NULL: as many as any rule. */
    int64_t (*limit)(const void *spec);
    /* With `when` as it stands: would `clear: {quiet}` end what it is about, since silence is the trouble? NULL: no. */
    bool (*is_about_silence)(const struct node *when);
    bool learns; /* rule_since_ms matters to it */
    bool
        has_only_parts; /* what the rule's own filter passes is no match: it has FILTERs and nothing else */
    bool
        parts_come_after; /* what its FILTERs pass comes after a match of the rule, and is none itself */
    bool
        reaches_back; /* what is older than its window may still complete something, as far as lateness goes */
    const char *title;   /* of its signals, where the rule has none; NULL: that of the event */
    bool judges_silence; /* that nothing comes says something only while its watcher hears */
    bool folds_on;       /* it is asked about matches while it fires, too */
    bool
        ends_itself; /* it fires for as long as it is true: no new match while it does says nothing */
    bool
        match_is_trouble; /* each match is one more of what the rule is about; false: matches are what happens all day */
};

/* The condition that `when` names, or NULL after adding a problem that lists them. `when` NULL: the first match. */
const struct condition *condition_find(const struct node *when, struct problems *problems);
/* The same; NULL where it names none, in silence. */
const struct condition *condition_named(const struct node *when);

/* For how long what is pending is kept after its last match: no match that may still come could be part of the same as it. */
int64_t condition_kept_ms(const struct condition *condition, const void *spec, int64_t lateness_ms);
/* Can a match that is so much older than the newest event of its key, and not late, still be part of what is counted? */
bool condition_reaches(const struct condition *condition, const void *spec, int64_t behind_ms);
/* When the key's own time will be `event_ms`, on the engine's clock; what has been already is due now. */
int64_t condition_due(const struct condition_input *input, int64_t event_ms);
/* From when on silence may be judged, engine's clock: what was sent while the program was down is sent again within some minutes, or `grace_ms` where that is longer. 0: at any
 * time. */
int64_t condition_judged_from(const struct condition_input *input, int64_t grace_ms);
