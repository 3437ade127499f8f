/* map.h - finds what was put in under a name.
 *
 * A hash table of GLib; keys are copied, values are the caller's. For one thread.
 *
 * Where memory is out GLib ends the process: map_put cannot fail. What is put in is small and bounded by the number of files and directories that are watched, never by what stands
 * in them, so a process that has no memory for it has none for anything else. Of files nothing is lost: systemd starts the daemon anew, and how far they are read is stored with what
 * came of it. */
#pragma once

#include "src/base/slice.h"

struct map;

enum rc map_new(struct map **map) MUST_CHECK;
/* Accepts NULL. The values stay. */
void map_free(struct map *map);
/* Puts `value` (not NULL) under `key`, in place of what is there. */
void map_put(struct map *map, struct slice key, void *value);
/* NULL when there is none. */
void *map_get(const struct map *map, struct slice key);
/* Content where there is none. */
void map_remove(struct map *map, struct slice key);
/* Removes all of it. */
void map_clear(struct map *map);
/* Any of its values, and the key that it has, borrowed until the map changes; NULL where there is none. */
void *map_any(const struct map *map, struct slice *key);
size_t map_count(const struct map *map);
