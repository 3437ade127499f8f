/* screen.h - which lines of a log any rule in force wants, found where they are read.
 *
 * A line that no rule wants never reaches the engine. One pass over the bytes tells which rules may want which line (rules/prefilter.h); of those that do, a pattern has to match
 * the text before the line is read by its format, its time is looked for, and the rules are asked. A large batch is cut into parts that several threads look at; what is wanted
 * comes in the order of the lines all the same. What is wanted is matched once more where it is folded: the rules may have changed in between, and then those in force count.
 * One caller at a time. */
#pragma once

#include "src/engine/engine.h"
#include "watchers/journal_tail.h"
#include "watchers/log_tail.h"

struct screen;

/* Gives a screen that follows the rules of `engine` (kept). `n_workers`: threads that look at one batch, the caller among them. */
enum rc screen_new(struct engine *engine, size_t n_workers, struct screen **screen) MUST_CHECK;
/* Accepts NULL; before the engine is freed. */
void screen_free(struct screen *screen);
/* What rules cost on the lines that they are asked about is added to `profile` (kept). Of a screen with one worker; not across a reload. */
void screen_set_profile(struct screen *screen, struct profile *profile);

/* Makes ready for lines of a log that are like `sample`: what the first batch would otherwise wait for. */
enum rc screen_learn(struct screen *screen, const struct log_watch *watch,
                     struct slice sample) MUST_CHECK;

/* An event that some rule could not judge, and that none wanted. */
struct screened_fault {
    const struct rule *rule;
    uint32_t kind; /* rules/match.h */
    uint32_t n_events;
};
/* What came of a batch; lives until the next one. */
struct screened {
    struct record_list
        wanted; /* struct log_line: those that some rule wants (a match, or what clears a signal), with their times */
    size_t n_unwanted; /* the others */
    struct slice watcher, kind;
    const struct screened_fault *faults;
    size_t n_faults;
};
enum rc screen_batch(struct screen *screen, const struct log_batch *batch, int64_t now_ms,
                     struct screened *screened) MUST_CHECK;
/* The same for entries of a journal: their times stand in them. */
enum rc screen_entries(struct screen *screen, const struct journal_batch *batch, int64_t now_ms,
                       struct screened *screened) MUST_CHECK;
/* The others count as events, and their faults: once the wanted ones are taken. A batch that is refused comes again. */
void screened_count(const struct screened *screened);
