/* line_cut.h - bytes of a log -> its events: lines, or several lines that belong together. Pure.
 *
 * An event is a stretch of the bytes as they are: nothing is copied. LF ends a line and one CR before it is no part of it. What is longer than `max_line` is cut: its
 * beginning is the event, marked, and the rest up to the next LF is passed over. */
#pragma once

#include "watchers/log_lines.h"

enum cut_state {
    CUT_AT_LINE,     /* a line begins here */
    CUT_WITHIN_LINE, /* the beginning of this line was told already, as it did not end in time: the rest is an event too */
    CUT_SKIPPING,    /* the beginning was too long: the rest is passed over */
};

/* What may follow the bytes. */
enum cut_end {
    CUT_GOES_ON,    /* more of them: what is not whole stays */
    CUT_EVENT_OVER, /* none for a while: whole lines are whole events, a line without its end stays */
    CUT_OVER,       /* none any more, or none for too long: all of it is told */
};

struct line_cut {
    const struct log_watch *watch;
    struct pattern_scratch *scratch;
    struct slice bytes;
    int64_t offset;       /* of their first */
    enum cut_state state; /* at `offset`; moves on */
    enum cut_end end;
    struct log_line *lines; /* room for n_max */
    size_t n_max;
    size_t n_lines;     /* set; times are not looked for */
    size_t n_consumed;  /* set: bytes that need not be read again */
    size_t n_cut;       /* set: lines that were too long */
    size_t n_last_line; /* set: bytes of a line without its end that stay */
};

/* A line that has no end within its bytes is too long when more than `max_line` of them are there. */
void line_cut(struct line_cut *cut);
/* Where each line is an event by itself and none is too long: how far whole lines reach, and how many there are (n_consumed, n_lines; nothing is listed). False, and nothing is
 * done, where lines have to be looked at one by one. */
bool line_cut_whole(struct line_cut *cut);
/* The whole line that begins at `begin` of such bytes, the first of which stands at `offset` of its file. */
struct log_line line_at(struct slice bytes, int64_t offset, size_t begin);
