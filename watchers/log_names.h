/* log_names.h - what the name of a file says of it: left out, or where a rotated one lives on. Pure. */
#pragma once

#include "watchers/log_config.h"

/* A glob of `exclude` matches its name, or its whole path where the glob holds a slash. */
bool log_name_is_excluded(const struct log_watch *watch, const char *path);
/* True where `name` is one that a rotated `base` gets (names without their directory): app.log.1, app.log-20261129, app.log-20261129-1764374400, app-20261129.log, app.log.old, or what
 * `rotated` of the watcher says. */
bool log_name_is_rotation(const struct log_watch *watch, const char *base, const char *name);
/* True where `rotated` of the watcher says that the last part of `path` is the name of a rotated file. */
bool log_name_is_declared(const struct log_watch *watch, const char *path);
/* What the names of all rotations of `base` begin with: all of it, but for its ending. */
struct slice log_name_stem(const char *base);
/* <0: `a` was rotated before `b`, as far as their numbers say (app.log.2, app.log.1); 0: they do not say. */
int log_name_compare_age(const char *a, const char *b);
/* gzip, bzip2, xz, zstd, lz4 or compress by their first bytes. */
bool log_is_compressed(struct slice head);
/* `directory`/`name` into `path`, which holds PATH_MAX bytes; false where that is not enough. */
bool log_join(char *path, struct slice directory, struct slice name);
/* The last part of a path. */
const char *log_name_of(const char *path);
