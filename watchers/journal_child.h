/* journal_child.h - one running journalctl: its lines, its complaints, and what its end means to people. */
#pragma once

#include "watchers/journal_command.h"
#include "watchers/journal_stream.h"

struct journal_child;

struct journal_end {
    char why[512];          /* what is wrong, and what to do about it */
    bool is_cursor_refused; /* it cannot begin at its place */
};

/* Gives a child; on failure `end` says why. */
enum rc journal_child_start(const struct journal_watch *watch, const struct journal_place *place,
                            struct journal_child **child, struct journal_end *end) MUST_CHECK;
/* Ends it; accepts NULL. */
void journal_child_free(struct journal_child *child);
/* Borrowed. */
struct journal_stream *journal_child_lines(struct journal_child *child);
/* Readable when there is something to read, or it has ended; -1: no more. */
int journal_child_output_fd(const struct journal_child *child);
int journal_child_errors_fd(const struct journal_child *child);
int journal_child_pidfd(const struct journal_child *child);
/* Reads what it complains about. Gives what it lacks though it goes on (static), or NULL. */
const char *journal_child_complaint(struct journal_child *child);
/* Fills `end` when it has ended. Lines may be left. */
bool journal_child_has_ended(struct journal_child *child, struct journal_end *end);
