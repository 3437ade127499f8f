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
/* `wanted` are those of the batch's lines that some rule wants (a match, or what clears a signal), with their times; borrowed until the next call. The others are counted. */
enum rc screen_batch(struct screen *screen, const struct log_batch *batch, int64_t now_ms,
                     struct record_list *wanted) MUST_CHECK;
/* The same for entries of a journal: their times stand in them. */
enum rc screen_entries(struct screen *screen, const struct journal_batch *batch, int64_t now_ms,
                       struct record_list *wanted) MUST_CHECK;
