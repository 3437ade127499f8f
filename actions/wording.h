/* wording.h - times and counts as sentences for people say them. */
#pragma once

#include "src/base/clock.h"

#define WHEN_BYTES TIME_TEXT_BYTES

/* "2026-11-21 08:01 UTC"; `text` holds WHEN_BYTES; returns it. */
const char *when_format(int64_t time_ms, char *text);
/* "once", "2 times"; `text` holds WHEN_BYTES; returns it. */
const char *times_format(int64_t n_times, char *text);
/* At most `max_bytes` of `text`, cut on a character border; `*was_cut` (may be NULL) says so. */
struct slice text_cut(struct slice text, size_t max_bytes, bool *was_cut);
