/* log_dirs.h - the directories in which logs may appear: their paths by pattern, and what the kernel tells of them.
 *
 * Directories are watched, not files: ten thousand files in one directory are one watch. What inotify tells is a hint; a scan says what is there. Where the kernel tells nothing (file
 * systems of other hosts: NFS, SMB, FUSE, 9P, Ceph) or takes no more watches, the directory has to be scanned again and again: log_dirs_scan_ms. */
#pragma once

#include "src/base/slice.h"

struct log_dirs;

struct log_dirs_listener {
    void *context;
    /* A scan found a path that the `watch`-th pattern owner asks for. */
    void (*on_path)(void *context, size_t watch, const char *path);
    /* The kernel says that something was written to it, or (else) that the name appeared, went or changed its meaning. */
    void (*on_event)(void *context, const char *path, bool is_written);
    /* What keeps a directory from being watched, once for each reason; `why` NULL: that is over. */
    void (*on_trouble)(void *context, size_t watch, const char *path, const char *why);
};

enum rc log_dirs_new(const struct log_dirs_listener *listener, struct log_dirs **dirs) MUST_CHECK;
void log_dirs_free(struct log_dirs *dirs);
/* Absolute globs; `*`, `?` and `[…]` in any part. `scan_ms`: look so often, and ask nothing of the kernel; 0: be told. */
enum rc log_dirs_add(struct log_dirs *dirs, size_t watch, const char *pattern,
                     int64_t scan_ms) MUST_CHECK;
/* One more directory whose events are wanted, until the next scan that does not ask for it again. */
void log_dirs_also(struct log_dirs *dirs, size_t watch, const char *directory);
/* Readable when there are events. -1: the kernel has none for us. */
int log_dirs_fd(const struct log_dirs *dirs);
/* Looks at everything anew. */
void log_dirs_scan(struct log_dirs *dirs);
/* All names in the directories that are looked at, also those that no pattern asks for. */
void log_dirs_each_name(const struct log_dirs *dirs,
                        void (*on_name)(void *context, const char *path), void *context);
/* Reads what is there, a bounded part. Sets `*lost` where the kernel dropped events: a scan is due. */
void log_dirs_read(struct log_dirs *dirs, bool *lost);
/* How often a scan is due by itself, as some directory tells nothing; INT64_MAX: all of them tell. */
int64_t log_dirs_scan_ms(const struct log_dirs *dirs);
/* Does `path` match one of the patterns of `watch`? */
bool log_dirs_wants(const struct log_dirs *dirs, size_t watch, const char *path);
