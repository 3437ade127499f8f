/* screen.h - which lines of a log any rule in force wants, found where they are read.
 *
 * A line that no rule wants never reaches the engine. One pass over the bytes tells which rules may want which line (rules/prefilter.h); for those the line is read by its format,
 * its time is looked for, and the rules are asked. What is wanted is matched once more where it is folded: the rules may have changed in between, and then those in force count.
 * One thread each. */
#pragma once

#include "src/engine/engine.h"
#include "watchers/journal_tail.h"
#include "watchers/log_tail.h"

struct screen;

/* Gives a screen that follows the rules of `engine` (kept). */
enum rc screen_new(struct engine *engine, struct screen **screen) MUST_CHECK;
/* Accepts NULL; before the engine is freed. */
void screen_free(struct screen *screen);
/* What came of a batch; lives until the next one. */
struct screened {
    struct record_list
        wanted; /* struct log_line: those that some rule wants (a match, or what clears a signal), with their times */
    size_t n_unwanted; /* the others */
    struct slice watcher, kind;
    const struct ruleset *ruleset;
    const uint32_t *n_faults; /* of each rule and kind (rules/match.h), among the others */
};
enum rc screen_batch(struct screen *screen, const struct log_batch *batch, int64_t now_ms,
                     struct screened *screened) MUST_CHECK;
/* The same for entries of a journal: their times stand in them. */
enum rc screen_entries(struct screen *screen, const struct journal_batch *batch, int64_t now_ms,
                       struct screened *screened) MUST_CHECK;
/* The others count as events, and their faults: once the wanted ones are taken. A batch that is refused comes again. */
void screened_count(const struct screened *screened);
