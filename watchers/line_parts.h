/* line_parts.h - names and values that were found in a line; line_format.c makes `data` of them.
 *
 * A line holds at most 256 of them; one with more is not of its format. Where a name stands twice, the last value counts. */
#pragma once

#include "src/base/arena.h"

#define LINE_PAIRS_MAX 256

struct line_pair {
    struct slice group; /* syslog: the element's id; absent in logfmt */
    struct slice name;  /* absent: the group alone, with nothing in it */
    struct slice value; /* absent: true */
};

struct line_pairs {
    struct line_pair items[LINE_PAIRS_MAX];
    size_t n_items;
};

/* RC_LIMIT when there is no room. Borrows the slices until `pairs` is done with. */
enum rc line_pairs_add(struct line_pairs *pairs, struct line_pair pair) MUST_CHECK;

/* What stands up to the next `"`, which is taken too; a backslash takes the next byte as it is where `escapable` has it, and is a
 * backslash elsewhere. `n` and `t` in `escapable` are a line end and a tab. RC_INVALID: no end. */
enum rc line_cut_quoted(struct slice *rest, const char *escapable, struct arena *arena,
                        struct slice *value) MUST_CHECK;

/* Words with blanks between: name=value, name="va\"lue", or a name alone. A name is any bytes but blanks, `=` and `"`. RC_INVALID:
 * not one name has a value, a value has no name, a quote does not end. */
enum rc line_logfmt_read(struct slice text, struct arena *arena,
                         struct line_pairs *pairs) MUST_CHECK;

struct line_syslog {
    struct slice host, program, pid, msgid, message;
    const char *facility, *severity; /* NULL without <PRI> */
    struct line_pairs structured;
};

/* RC_INVALID: it begins neither with <PRI> nor with a time as syslog's files have it, or is no whole RFC 5424 header though it says so. */
enum rc line_syslog_read(struct slice text, struct arena *arena,
                         struct line_syslog *syslog) MUST_CHECK;
