/* store_place.h - a directory that may hold a store, and the lock that says whose it is.
 *
 * LMDB would let several processes write one store; ours has one writer. So DIRECTORY/lock is held with flock for as long as the
 * store is open. It holds the pid as decimal text and a newline, for whoever comes second; the lock counts, not the text. */
#pragma once

#include "src/base/problem.h"

/* Makes the directory (mode 0700) where it is absent and takes its lock; the lock ends when `lock_fd` (closed on exec) is closed.
 * RC_BUSY names the holder; RC_IO: it cannot be written, or lies on a network file system, where locks and maps are not kept. */
enum rc store_place_take(const char *directory, struct problems *problems, int *lock_fd) MUST_CHECK;
/* Makes the names of new files in the directory durable, and its own. */
enum rc store_place_sync(const char *directory, struct problems *problems) MUST_CHECK;
