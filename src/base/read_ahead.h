/* read_ahead.h - the bytes of a file in large pieces, read by a thread of its own while the last piece is worked on. */
#pragma once

#include "src/base/gzip_file.h"

/* So much of a piece may be left for the next one. */
#define READ_AHEAD_REST_BYTES ((size_t)512 << 10)

struct read_ahead;

/* Takes `file`, also when it fails. `has_thread` false: each piece is read when it is asked for. Gives one; free with read_ahead_free. RC_NO_MEMORY. */
enum rc read_ahead_new(struct gzip_file *file, bool has_thread,
                       struct read_ahead **read) MUST_CHECK;
/* Waits for what is being read. Accepts NULL. */
void read_ahead_free(struct read_ahead *read);
/* The next piece, behind the last `n_rest` bytes of the one before, which ends with this call. It lives until the next one. At the end of the file there is the rest alone; what went wrong is said again each time.
 * RC_LIMIT for a rest of more than READ_AHEAD_REST_BYTES; RC_IO, RC_CORRUPT as gzip_file_read. */
enum rc read_ahead_next(struct read_ahead *read, size_t n_rest, struct slice *bytes) MUST_CHECK;
