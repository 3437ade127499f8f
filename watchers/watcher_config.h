/* watcher_config.h - what the members of all watchers have in common: names and constants.
 *
 * Any normalised field may be given as a constant, but for what the event itself is. */
#pragma once

#include "src/base/document.h"
#include "src/base/event.h"
#include "src/base/settings.h"

#define WATCHER_LATENESS_MS ((int64_t)300000) /* 5m: the default of `lateness` */

/* Where relative paths start, and whether secrets are read at all. */
struct watcher_place {
    struct slice base_dir;
    bool resolve_secrets;
};

/* Rows of settings for one watcher. `constants_offset` is where its struct of written members has `struct slice constants[EVENT_N_FIELDS]`. Returns how many were added, at
 * most EVENT_N_FIELDS; `rows` has room. */
size_t watcher_add_constants(struct setting *rows, size_t constants_offset);
/* Words of fields whose words are ours; `vedette.` is what Vedette says itself. RC_INVALID after adding to `problems`. */
enum rc watcher_check_constants(const struct node *map, const struct slice *constants,
                                struct problems *problems) MUST_CHECK;
/* The words that this field may hold, where they are ours (NULL-ended); NULL: any text. */
const char *const *watcher_words_of(enum event_field field);
/* [a-z0-9][a-z0-9-]{0,62}: it stands in paths, metrics and ids. RC_INVALID after adding to `problems`. */
enum rc watcher_check_name(const struct node *map, struct slice name,
                           struct problems *problems) MUST_CHECK;
/* The worse of two, so that one run shows every problem: out of memory before invalid. */
enum rc watcher_worse(enum rc a, enum rc b);
