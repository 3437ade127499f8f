#include "rules/conditions/window.h"

#include "rules/conditions/memory.h"

#include <string.h>

#define ENTRY_BYTES 16

static uint64_t take_number(struct slice *bytes, size_t n_bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n_bytes; i++)
        value = value << 8 | (uint8_t)bytes->ptr[i];
    bytes->ptr += n_bytes;
    bytes->len -= n_bytes;
    return value;
}

enum rc window_take(struct slice *bytes, struct arena *arena, struct window *window)
{
    size_t n_entries = bytes->len >= 4 ? (size_t)take_number(bytes, 4) : 0;

    if (n_entries > bytes->len / ENTRY_BYTES)
        n_entries = 0;
    window->n_entries = n_entries;
    window->entries = arena_alloc(arena, n_entries + 1, sizeof(*window->entries));
    if (!window->entries)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_entries; i++) {
        window->entries[i].time_ms = (int64_t)take_number(bytes, 8);
        window->entries[i].value = take_number(bytes, 8);
    }
    return RC_OK;
}

void window_put(const struct window *window, struct buffer *bytes)
{
    buffer_add_u32(bytes, (uint32_t)window->n_entries);
    for (size_t i = 0; i < window->n_entries; i++) {
        buffer_add_u64(bytes, (uint64_t)window->entries[i].time_ms);
        buffer_add_u64(bytes, window->entries[i].value);
    }
}

size_t window_add(struct window *window, int64_t time_ms, uint64_t value)
{
    size_t at = window->n_entries;

    while (at > 0 && window->entries[at - 1].time_ms > time_ms)
        at--;
    memmove(&window->entries[at + 1], &window->entries[at],
            (window->n_entries - at) * sizeof(*window->entries));
    window->entries[at] = (struct window_entry){ .time_ms = time_ms, .value = value };
    window->n_entries++;
    return at;
}

void window_count(struct window *window, int64_t time_ms, uint64_t n_matches)
{
    size_t at = window->n_entries;

    while (at > 0 && window->entries[at - 1].time_ms > time_ms)
        at--;
    if (at > 0 && window->entries[at - 1].time_ms == time_ms)
        window->entries[at - 1].value += n_matches;
    else
        (void)window_add(window, time_ms, n_matches);
}

static void drop_first(struct window *window, size_t n)
{
    window->n_entries -= n;
    memmove(window->entries, window->entries + n, window->n_entries * sizeof(*window->entries));
}

void window_drop(struct window *window, int64_t oldest_ms)
{
    size_t n_old = 0;

    while (n_old < window->n_entries && window->entries[n_old].time_ms <= oldest_ms)
        n_old++;
    drop_first(window, n_old);
}

bool window_keep_newest(struct window *window, size_t n_max)
{
    if (window->n_entries <= n_max)
        return false;
    drop_first(window, window->n_entries - n_max);
    return true;
}

bool window_drop_excess(struct window *window)
{
    return window_keep_newest(window, WINDOW_ENTRIES_MAX);
}

bool window_coarsen(struct window *window)
{
    size_t n_kept = 0;

    if (window->n_entries <= WINDOW_ENTRIES_MAX)
        return false;
    for (size_t i = 0; i < window->n_entries; i += 2) {
        struct window_entry entry = window->entries[i];

        if (i + 1 < window->n_entries)
            entry.value += window->entries[i + 1].value;
        window->entries[n_kept++] = entry;
    }
    window->n_entries = n_kept;
    return true;
}

uint64_t window_sum(const struct window *window)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < window->n_entries; i++)
        sum += window->entries[i].value;
    return sum;
}

enum rc window_store(const struct window *window, struct arena *arena, struct slice *state)
{
    struct buffer bytes;

    buffer_init(&bytes, 0);
    window_put(window, &bytes);
    return memory_keep(&bytes, arena, state);
}
