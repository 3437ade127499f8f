/* log_mark.h - a mark at the end of each line of our own log by which a watcher knows it again, wherever it turns up (syslog, a container's log).
 *
 *   … hook refused: bad signature hook=github mark=54.0f3a9c41d2e87b56
 *
 * The number says how many bytes before the mark it speaks for, the rest is the beginning of their HMAC-SHA256 under a key that only this store has. So nobody can hide a line of his own
 * behind a mark that he has copied. */
#pragma once

#include "src/base/slice.h"

#define LOG_MARK_KEY_BYTES 16
#define LOG_MARK_BYTES 32 /* "4096.0123456789abcdef", and some room */

/* Lines are marked from now on (`is_on`), and known as ours. From any thread. */
void log_mark_use(const uint8_t *key, bool is_on);
/* Marks them, or no longer: only where lines are watched is there somebody to read the marks. */
void log_mark_switch(bool is_on);
/* The mark of `line`; empty while lines are not marked, and of a line without text: it would speak for any other. `mark` holds LOG_MARK_BYTES; returns it. */
const char *log_mark_of(struct slice line, char *mark);
/* Does `line` hold a line of ours, whole, with its mark, as it was written or as a JSON string (a container's log)? */
bool log_is_own(struct slice line);
