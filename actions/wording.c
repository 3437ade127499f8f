#include "actions/wording.h"

#include <inttypes.h>
#include <stdio.h>

const char *when_format(int64_t time_ms, char *text)
{
    char full[TIME_TEXT_BYTES];

    time_format(time_ms, full); /* 2026-11-21T08:01:20.123Z */
    snprintf(text, WHEN_BYTES, "%.10s %.5s UTC", full, full + 11);
    return text;
}

const char *times_format(int64_t n_times, char *text)
{
    if (n_times == 1)
        snprintf(text, WHEN_BYTES, "once");
    else
        snprintf(text, WHEN_BYTES, "%" PRId64 " times", n_times);
    return text;
}

struct slice text_cut(struct slice text, size_t max_bytes, bool *was_cut)
{
    size_t len = max_bytes;

    if (was_cut)
        *was_cut = text.len > max_bytes;
    if (text.len <= max_bytes)
        return text;
    /* A character has at most three bytes after its first. */
    while (len && max_bytes - len < 3 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return (struct slice){ .ptr = text.ptr, .len = len };
}
