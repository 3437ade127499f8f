/* mapping_paths.h - where a field stands in JSON of any shape: a path (json.h), or several with '|' between, of which the first that leads to something counts. */
#pragma once

#include "src/base/document.h"
#include "src/base/json.h"

struct mapping_paths {
    struct json_path **items;
    size_t n_items; /* 0: not mapped */
};

/* Reads the value of the member `name`. RC_INVALID after adding to `problems`. */
enum rc mapping_paths_parse(const struct node *value, struct slice name, struct arena *arena,
                            struct problems *problems, struct mapping_paths *paths) MUST_CHECK;
/* Likewise, where it can only be one. */
enum rc mapping_path_parse(const struct node *value, struct slice name, struct arena *arena,
                           struct problems *problems, struct json_path **path) MUST_CHECK;
/* The first of the paths as it was written. */
struct slice mapping_paths_first(struct slice text);

/* The first scalar that is not empty; absent when there is none. */
struct slice mapping_paths_text(struct mapping_paths paths, const struct json *root);
/* The first time after 1970. RC_NOT_FOUND when there is none. */
enum rc mapping_paths_time(struct mapping_paths paths, const struct json *root,
                           int64_t *time_ms) MUST_CHECK;
