#include "rules/conditions/conditions.h"

#include "rules/members.h"
#include "src/base/clock.h"

/* {count: N, within: D}: true at the Nth match within D.
 *
 * Exact: with W the newest event time of the key, the window holds the matches in (W - within, W]. Its memory is
 *
 *     u8 format (1)   entries, oldest first: u64 time in ms, u32 matches at that time (both big-endian)
 *
 * of at most 10,000 entries. Beyond, neighbours are put together under the older one's time: a match may then leave
 * the window too early, never too late, so that what fires has really happened that often. */

#define FORMAT 1
#define ENTRY_BYTES 12
#define MAX_ENTRIES 10000
#define MAX_COUNT 1000000

struct count_spec {
    int64_t count;
    int64_t within_ms;
};

static const struct setting settings[] = {
    { .name = "count",
      .type = SETTING_INT,
      .offset = offsetof(struct count_spec, count),
      .required = true,
      .min = 1,
      .max = MAX_COUNT,
      .help = "how many matches" },
    { .name = "within",
      .type = SETTING_DURATION,
      .offset = offsetof(struct count_spec, within_ms),
      .required = true,
      .min = SECOND_MS,
      .max = 366 * DAY_MS,
      .help = "in how long, as 10m" },
};
static const char *const not_yet[] = { "weight", NULL };
static const struct member_table members = {
    .settings = settings,
    .n_settings = sizeof(settings) / sizeof(*settings),
    .not_yet = not_yet,
};

static enum rc parse_count(const struct node *when, struct arena *arena, struct problems *problems,
                           void **spec)
{
    struct count_spec *made = arena_alloc(arena, 1, sizeof(*made));

    if (!made)
        return RC_NO_MEMORY;
    *spec = made;
    return members_read(&members, when, arena, problems, made);
}

/* -- the memory -- */

struct entry {
    int64_t time_ms;
    uint32_t n_matches;
};

struct window {
    struct entry *entries; /* oldest first */
    size_t n_entries;
};

static uint64_t read_big_endian(const char *bytes, size_t n_bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n_bytes; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}

/* With room for one more. Bytes that are not ours (of another condition, before a reload) are an empty window. */
static enum rc read_window(struct slice state, struct arena *arena, struct window *window)
{
    size_t n_entries = state.len ? (state.len - 1) / ENTRY_BYTES : 0;

    if (state.len && (state.ptr[0] != FORMAT || (state.len - 1) % ENTRY_BYTES))
        n_entries = 0;
    window->entries = arena_alloc(arena, n_entries + 1, sizeof(*window->entries));
    if (!window->entries)
        return RC_NO_MEMORY;
    window->n_entries = n_entries;
    for (size_t i = 0; i < n_entries; i++) {
        const char *bytes = state.ptr + 1 + i * ENTRY_BYTES;

        window->entries[i].time_ms = (int64_t)read_big_endian(bytes, 8);
        window->entries[i].n_matches = (uint32_t)read_big_endian(bytes + 8, 4);
    }
    return RC_OK;
}

static enum rc write_window(const struct window *window, struct arena *arena, struct slice *state)
{
    struct buffer bytes;
    enum rc rc;

    buffer_init(&bytes, 0);
    buffer_add_byte(&bytes, FORMAT);
    for (size_t i = 0; i < window->n_entries; i++) {
        buffer_add_u64(&bytes, (uint64_t)window->entries[i].time_ms);
        buffer_add_u32(&bytes, window->entries[i].n_matches);
    }
    rc = buffer_rc(&bytes);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&bytes), state);
    buffer_free(&bytes);
    return rc;
}

/* -- the window -- */

static void drop_older(struct window *window, int64_t oldest_ms)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < window->n_entries; i++) {
        if (window->entries[i].time_ms > oldest_ms)
            window->entries[n_kept++] = window->entries[i];
    }
    window->n_entries = n_kept;
}

/* Keeps the order: a late one goes where it belongs. */
static void add_match(struct window *window, int64_t time_ms)
{
    size_t at = window->n_entries;

    while (at > 0 && window->entries[at - 1].time_ms > time_ms)
        at--;
    if (at > 0 && window->entries[at - 1].time_ms == time_ms) {
        window->entries[at - 1].n_matches++;
        return;
    }
    for (size_t i = window->n_entries; i > at; i--)
        window->entries[i] = window->entries[i - 1];
    window->entries[at] = (struct entry){ .time_ms = time_ms, .n_matches = 1 };
    window->n_entries++;
}

static void coarsen(struct window *window)
{
    size_t n_kept = 0;

    if (window->n_entries <= MAX_ENTRIES)
        return;
    for (size_t i = 0; i < window->n_entries; i += 2) {
        struct entry entry = window->entries[i];

        if (i + 1 < window->n_entries)
            entry.n_matches += window->entries[i + 1].n_matches;
        window->entries[n_kept++] = entry;
    }
    window->n_entries = n_kept;
}

static int64_t count_matches(const struct window *window)
{
    int64_t n_matches = 0;

    for (size_t i = 0; i < window->n_entries; i++)
        n_matches += window->entries[i].n_matches;
    return n_matches;
}

static enum rc fold_count(const void *spec, struct slice state, const struct condition_match *match,
                          struct arena *arena, struct condition_result *result)
{
    const struct count_spec *wanted = spec;
    int64_t oldest_ms = match->newest_ms - wanted->within_ms; /* itself already out */
    struct window window;
    enum rc rc = read_window(state, arena, &window);

    if (rc)
        return rc;
    drop_older(&window, oldest_ms);
    if (match->time_ms > oldest_ms)
        add_match(&window, match->time_ms);
    coarsen(&window);
    result->count = count_matches(&window);
    result->holds = result->count >= wanted->count;
    result->first_ms = window.n_entries ? window.entries[0].time_ms : match->time_ms;
    return write_window(&window, arena, &result->state);
}

static int64_t within_of_count(const void *spec)
{
    const struct count_spec *wanted = spec;

    return wanted->within_ms;
}

const struct condition condition_count = {
    .name = "count",
    .parse = parse_count,
    .fold = fold_count,
    .within_ms = within_of_count,
};
