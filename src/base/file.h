/* file.h - whole files and directories, with limits. */
#pragma once

#include "src/base/arena.h"

/* Reads a regular file of at most `limit_bytes` (0: any size) into `arena`. RC_NOT_FOUND, RC_IO (errno tells), RC_LIMIT. */
enum rc file_read(const char *path, size_t limit_bytes, struct arena *arena,
                  struct slice *text) MUST_CHECK;
/* Writes a new file with `mode`, synced, in one step: it appears whole or not at all, and replaces an older one. */
enum rc file_write(const char *path, struct slice text, unsigned mode) MUST_CHECK;
/* Makes a directory and its parents; those that exist are left as they are. */
enum rc directory_make(const char *path, unsigned mode) MUST_CHECK;
/* Names in a directory that end in one of `suffixes` (NULL-ended) and start with no dot, in byte order. */
enum rc directory_list(const char *path, const char *const *suffixes, struct arena *arena,
                       struct slice_list *names) MUST_CHECK;
/* `path` from the root on: below the working directory where it is relative. What it says is kept, but for a "./" at its beginning: it may be a glob. */
enum rc path_absolute(struct slice path, struct arena *arena, struct slice *absolute) MUST_CHECK;
/* `base`/`path`, or `path` where it is absolute. */
enum rc path_join(struct slice base, struct slice path, struct arena *arena,
                  struct slice *joined) MUST_CHECK;
