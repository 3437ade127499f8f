/* window.h - the matches of a key that are still inside a window of event time, with what each of them said.
 *
 * Exact: with W the newest event time of the key, the window holds the matches in (W - within, W]. Entries stand in the order of their times; of equal
 * times, in the order in which they came. Stored as
 *
 *     u32 entries   each, oldest first: u64 time in ms, u64 value (all big-endian)
 */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

#define WINDOW_ENTRIES_MAX 10000 /* beyond, windows coarsen (RULES.md) */

struct window_entry {
    int64_t time_ms;
    uint64_t value;
};

struct window {
    struct window_entry *entries; /* in the arena that it was read into, with room for one more */
    size_t n_entries;
};

/* Takes a stored window off the front of `bytes`; what is no window is an empty one. RC_NO_MEMORY. */
enum rc window_take(struct slice *bytes, struct arena *arena, struct window *window) MUST_CHECK;
void window_put(const struct window *window, struct buffer *bytes);

/* One more, where its time belongs; gives its place. At most once after window_take. */
size_t window_add(struct window *window, int64_t time_ms, uint64_t value);
/* The same where values are numbers of matches: those of one millisecond are one entry. */
void window_count(struct window *window, int64_t time_ms, uint64_t n_matches);
/* Lets go what is `oldest_ms` old or older. */
void window_drop(struct window *window, int64_t oldest_ms);
/* Lets go the oldest ones but `n_max`; true when there were any. */
bool window_keep_newest(struct window *window, size_t n_max);
/* Lets go the oldest ones that are more than WINDOW_ENTRIES_MAX; true when there were any. */
bool window_drop_excess(struct window *window);
/* Where values are numbers of matches, and there are more than WINDOW_ENTRIES_MAX times (true): neighbours are put together under the older one's time. */
bool window_coarsen(struct window *window);
uint64_t window_sum(const struct window *window);
/* The window alone, as the memory of a condition. RC_NO_MEMORY. */
enum rc window_store(const struct window *window, struct arena *arena,
                     struct slice *state) MUST_CHECK;
