/* trusted_open.h - opens a log for reading, and never what somebody else wanted us to read instead.
 *
 * A daemon may read what the owner of a log may not. So a symbolic link on the way is followed only where root or our own user made it, or where it and what it leads to belong to
 * the same user. What is no regular file is not opened. */
#pragma once

#include "src/base/slice.h"

#include <sys/stat.h>

/* Gives a descriptor (close-on-exec, not blocking) and what fstat says of it. RC_NOT_FOUND; RC_DENIED with `*why` (static) for a link that is not followed, a file that is none, or
 * one that we may not read; RC_FULL when no descriptor is left; RC_IO. */
enum rc trusted_open(const char *path, int *fd, struct stat *facts, const char **why) MUST_CHECK;
