/* secret.h - values that are never shown: from a file, the environment, systemd's credentials, or (with a warning) the file itself.
 *
 * `NAME_file: PATH` (relative to the configuration's directory; $CREDENTIALS_DIRECTORY is tried when there is no such file), `NAME: ${ENV}`, or literal. A trailing
 * newline is taken off; a file that others can read is a warning; an empty secret is an error. */
#pragma once

#include "src/base/document.h"

/* Reads member `name` or `name_file` of `map` (each may be a list, while a secret is rotated) into `secrets`, in `arena`. `base_dir` is where
 * relative paths start. Neither member: RC_NOT_FOUND, no problem added. RC_INVALID after adding a problem; with `resolve` false nothing is
 * read (`vedette check` runs as any user) and each value is the text "(not read)". */
enum rc secret_read(const struct node *map, const char *name, struct slice base_dir, bool resolve,
                    struct arena *arena, struct problems *problems,
                    struct slice_list *secrets) MUST_CHECK;
