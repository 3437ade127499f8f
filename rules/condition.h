/* condition.h - what each `when` offers. To add one: copy conditions/count.c, add a row in conditions.c, test it at its edges.
 *
 * A condition is a pure function over the matches of one key: its memory is a byte string that the caller stores with the signal and
 * hands back with the next match. Times are event times; `newest_ms` is the newest the key has seen, this match included. */
#pragma once

#include "src/base/document.h"
#include "src/base/event.h"

struct condition_match {
    int64_t time_ms;
    int64_t newest_ms;
    const struct event *event;
};

struct condition_result {
    struct slice state; /* the new memory, in the arena */
    bool holds;         /* the condition is true now */
    int64_t count;      /* matches that count towards it: what `count` of a pending signal shows */
    int64_t first_ms;   /* event time of the oldest of them */
};

struct condition {
    const char *name; /* the member of `when` that selects it; NULL: no `when` */
    /* Reads `when` (NULL for none) into a spec in `arena`. RC_INVALID after adding a problem. */
    enum rc (*parse)(const struct node *when, struct arena *arena, struct problems *problems,
                     void **spec);
    /* Folds one match into `state` (absent: none yet). */
    enum rc (*fold)(const void *spec, struct slice state, const struct condition_match *match,
                    struct arena *arena, struct condition_result *result);
    /* How long a match can matter, ms; 0: it fires at once. The default of `clear: {quiet}` and how long a pending signal is kept. */
    int64_t (*within_ms)(const void *spec);
};

/* The condition that `when` names, or NULL after adding a problem that lists them. `when` NULL: the first match. */
const struct condition *condition_find(const struct node *when, struct problems *problems);
