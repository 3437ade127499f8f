#include "rules/conditions/window.h"

#include "rules/conditions/memory.h"

#include <endian.h>
#include <string.h>

#define ENTRY_BYTES 16
#define PUT_AT_ONCE 64

static size_t take_size(struct slice *bytes)
{
    uint32_t size;

    if (bytes->len < sizeof(size))
        return 0;
    memcpy(&size, bytes->ptr, sizeof(size));
    bytes->ptr += sizeof(size);
    bytes->len -= sizeof(size);
    return be32toh(size);
}

enum rc window_take(struct slice *bytes, struct arena *arena, struct window *window)
{
    size_t n_entries = take_size(bytes);

    if (n_entries > bytes->len / ENTRY_BYTES)
        n_entries = 0;
    window->n_entries = n_entries;
    window->entries = arena_alloc(arena, n_entries + 1, sizeof(*window->entries));
    if (!window->entries)
        return RC_NO_MEMORY;
    if (!n_entries) /* of nothing at all there is not even a place */
        return RC_OK;
    for (size_t i = 0; i < n_entries; i++) {
        uint64_t stored[2];

        memcpy(stored, bytes->ptr + i * ENTRY_BYTES, sizeof(stored));
        window->entries[i] = (struct window_entry){ .time_ms = (int64_t)be64toh(stored[0]),
                                                    .value = be64toh(stored[1]) };
    }
    bytes->ptr += n_entries * ENTRY_BYTES;
    bytes->len -= n_entries * ENTRY_BYTES;
    return RC_OK;
}

void window_put(const struct window *window, struct buffer *bytes)
{
    uint64_t stored[2 * PUT_AT_ONCE];

    buffer_add_u32(bytes, (uint32_t)window->n_entries);
    for (size_t from = 0; from < window->n_entries; from += PUT_AT_ONCE) {
        const struct window_entry *entries = window->entries + from;
        size_t n = window->n_entries - from < PUT_AT_ONCE ? window->n_entries - from : PUT_AT_ONCE;

        for (size_t i = 0; i < n; i++) {
            stored[2 * i] = htobe64((uint64_t)entries[i].time_ms);
            stored[2 * i + 1] = htobe64(entries[i].value);
        }
        buffer_add(bytes, (struct slice){ (const char *)stored, n * ENTRY_BYTES });
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

/* What cannot be counted any more is as much as can be. */
static uint64_t plus(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) || sum > INT64_MAX ? INT64_MAX : sum;
}

void window_count(struct window *window, int64_t time_ms, uint64_t n_matches)
{
    size_t at = window->n_entries;

    while (at > 0 && window->entries[at - 1].time_ms > time_ms)
        at--;
    if (at > 0 && window->entries[at - 1].time_ms == time_ms)
        window->entries[at - 1].value = plus(window->entries[at - 1].value, n_matches);
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
            entry.value = plus(entry.value, window->entries[i + 1].value);
        window->entries[n_kept++] = entry;
    }
    window->n_entries = n_kept;
    return true;
}

uint64_t window_sum(const struct window *window)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < window->n_entries; i++)
        sum = plus(sum, window->entries[i].value);
    return sum;
}

enum rc window_store(const struct window *window, struct arena *arena, struct slice *state)
{
    struct buffer bytes;

    buffer_init(&bytes, 0);
    window_put(window, &bytes);
    return memory_keep(&bytes, arena, state);
}
