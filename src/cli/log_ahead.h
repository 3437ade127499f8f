/* log_ahead.h - the wanted lines of a recorded log, found by a thread of its own while those before them are worked on. */
#pragma once

#include "src/cli/input_log.h"

struct log_ahead;

/* Takes `input`, also when it fails. `has_thread` false: each line is found when it is asked for. Gives one; free with log_ahead_free. RC_NO_MEMORY. */
enum rc log_ahead_new(struct log_input *input, bool has_thread,
                      struct log_ahead **ahead) MUST_CHECK;
/* Accepts NULL. */
void log_ahead_free(struct log_ahead *ahead);
/* As log_input_peek, and before the first line is asked for. */
enum rc log_ahead_peek(struct log_ahead *ahead, struct slice *bytes) MUST_CHECK;
/* As log_input_next. */
enum rc log_ahead_next(struct log_ahead *ahead, struct log_line *line) MUST_CHECK;
/* Those of what was found, which is all once the end was told. */
struct log_input_totals log_ahead_totals(struct log_ahead *ahead);
