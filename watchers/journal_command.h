/* journal_command.h - the command that reads a journal from a place on. Pure.
 *
 * journalctl takes any well-formed cursor: where its entry is gone, it begins at the entry that would follow, and says nothing. So where the cursor's own entry must be there
 * (`--cursor`, the place included) it is asked for, too, and whoever reads compares. Its entry is one that the same command printed before: filters do not hide it. */
#pragma once

#include "watchers/journal_config.h"

struct journal_place {
    struct slice cursor; /* journald's; absent: none */
    bool is_inclusive;   /* print the entry of the cursor, too */
    int64_t since_ms;    /* without a cursor: entries from this time on; 0: all there are */
};

/* The argument vector in `arena`: watch->program, and options that are each one argument. */
enum rc journal_command(const struct journal_watch *watch, const struct journal_place *place,
                        struct arena *arena, struct slice_list *argv) MUST_CHECK;
/* Do both name the same entry? The first part, of the file that it was read from, may differ. */
bool journal_cursor_eq(struct slice a, struct slice b);
