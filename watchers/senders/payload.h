/* payload.h - reading a payload by literal paths, as normalisers do.
 *
 * A path is names and indexes with dots between ("references.0.url"); several with '|' between are tried in order. Whatever a
 * member's type turns out to be, the answer is its text or nothing: a payload of the wrong shape loses fields, never more. */
#pragma once

#include "src/base/json.h"

/* NULL when the path leads nowhere. */
const struct json *payload_at(const struct json *root, struct slice path);
/* True when one of `paths` leads to a member, null or not, or to a null on its way: the sender says that there is none. */
bool payload_has(const struct json *root, struct slice paths);
/* The first of `paths` that leads to a scalar which is not empty; absent when none does. NULL for `paths`: absent. */
struct slice payload_text(const struct json *root, const char *paths);
/* Likewise, the first that is a time after 1970. RC_NOT_FOUND when none is. */
enum rc payload_time(const struct json *root, const char *paths, int64_t *time_ms) MUST_CHECK;
/* The branch that a ref names: without refs/heads/; absent for a tag or any other ref below refs/. */
struct slice payload_branch(struct slice ref);
/* Up to the first line break. */
struct slice payload_first_line(struct slice text);
/* "acme/shop" of the URL that a repository is cloned from or looked at under, as https, ssh or scp write it (git@host:acme/shop.git); absent where it names no path. */
struct slice payload_repo(struct slice url);
/* What stands behind the last slash. */
struct slice payload_last_segment(struct slice path);
