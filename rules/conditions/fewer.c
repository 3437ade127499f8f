#include "rules/conditions/conditions.h"

#include "rules/conditions/memory.h"
#include "rules/conditions/window.h"
#include "rules/conditions/window_members.h"
#include "rules/loader.h"
#include "src/base/clock.h"

/* {fewer: N, within: D}: true when a time of D ends with fewer than N matches of a key that is known; over with the match that makes it N again.
 *
 * With N matches remembered, the window (T - D, T] first holds fewer when the oldest of the N newest is D old; with less than N, when the key has been
 * known for D. So the N newest are all that has to be remembered, however many there are. Its memory is
 *
 *     u64 since when the key is known, event time   the N newest matches (window.h) */

#define MAX_COUNT WINDOW_ENTRIES_MAX

struct fewer_spec {
    int64_t count;
    int64_t within_ms;
};

static const struct setting settings[] = {
    { .name = "fewer",
      .type = SETTING_INT,
      .offset = offsetof(struct fewer_spec, count),
      .required = true,
      .min = 1,
      .max = MAX_COUNT,
      .help = "how many matches are enough" },
    WITHIN_MEMBER(struct fewer_spec, "1h"),
};
static const struct shape members = {
    SHAPE_OF(settings),
};

static void *parse_fewer(struct rule_reading *reading, const struct node *when)
{
    struct fewer_spec *spec = loader_alloc(reading->loader, 1, sizeof(*spec));

    if (spec)
        (void)loader_read_members(reading->loader, &members, when, spec);
    return spec;
}

/* -- memory -- */

struct memory {
    int64_t since_ms;
    struct window window;
};

static enum rc take_memory(struct slice state, struct arena *arena, struct memory *memory)
{
    memory->since_ms = (int64_t)memory_take_u64(&state);
    return window_take(&state, arena, &memory->window);
}

static enum rc store_memory(const struct memory *memory, struct arena *arena, struct slice *state)
{
    struct buffer bytes;

    buffer_init(&bytes, 0);
    buffer_add_u64(&bytes, (uint64_t)memory->since_ms);
    window_put(&memory->window, &bytes);
    return memory_keep(&bytes, arena, state);
}

/* -- judging -- */

static bool is_enough(const struct fewer_spec *wanted, size_t n_matches)
{
    return n_matches >= (size_t)wanted->count;
}

/* The first of those that are in (T - within, T]. The others stay: where a newer match took longer on its way, the key's own time is set back. */
static size_t find_begin(const struct fewer_spec *wanted, const struct condition_input *input,
                         const struct window *window)
{
    size_t at = 0;

    while (at < window->n_entries &&
           window->entries[at].time_ms <= input->key_now_ms - wanted->within_ms)
        at++;
    return at;
}

/* In event time: when the window will hold fewer, unless another one comes. */
static int64_t due_of(const struct fewer_spec *wanted, const struct memory *memory)
{
    const struct window_entry *oldest = memory->window.entries;
    int64_t from_ms = memory->since_ms;

    if (oldest && is_enough(wanted, memory->window.n_entries) && oldest->time_ms > from_ms)
        from_ms = oldest->time_ms;
    return from_ms + wanted->within_ms;
}

/* Nobody could have heard it before: it has its full time again. */
static void begin_when_watched(const struct condition_input *input, struct memory *memory)
{
    int64_t heard_ms = input->key_now_ms - (input->now_ms - input->watched_since_ms);

    if (input->watched_since_ms && heard_ms > memory->since_ms)
        memory->since_ms = heard_ms;
}

static enum rc wait_for_due(const struct fewer_spec *wanted, const struct condition_input *input,
                            const struct memory *memory, struct arena *arena,
                            struct condition_result *result)
{
    int64_t due_ms = condition_due(input, due_of(wanted, memory));
    int64_t judged_ms = condition_judged_from(input, 0);

    result->due_ms = later_of(due_ms, judged_ms);
    return store_memory(memory, arena, &result->state);
}

/* The first match makes the key known; one that comes late and was earlier made it known then. */
static void note_match(const struct condition_input *input, struct memory *memory)
{
    struct window *window = &memory->window;
    bool was_first = window->n_entries && window->entries[0].time_ms == memory->since_ms;

    if (!memory->since_ms || (was_first && input->time_ms < memory->since_ms))
        memory->since_ms = input->time_ms;
    (void)window_add(window, input->time_ms, 1);
}

static enum rc fold_fewer(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct condition_result *result)
{
    const struct fewer_spec *wanted = spec;
    struct memory memory;
    size_t n_now;
    enum rc rc = take_memory(state, arena, &memory);

    if (rc)
        return rc;
    note_match(input, &memory);
    (void)window_keep_newest(&memory.window, (size_t)wanted->count);
    n_now = memory.window.n_entries - find_begin(wanted, input, &memory.window);
    if (!input->is_firing || is_enough(wanted, n_now)) {
        result->verdict = input->is_firing ? CONDITION_ENDS : CONDITION_RESTS;
        return wait_for_due(wanted, input, &memory, arena, result);
    }
    result->verdict = CONDITION_HOLDS;
    return store_memory(&memory, arena, &result->state);
}

static enum rc wake_fewer(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct condition_result *result)
{
    const struct fewer_spec *wanted = spec;
    struct memory memory;
    size_t begin;
    enum rc rc = take_memory(state, arena, &memory);

    if (rc)
        return rc;
    begin_when_watched(input, &memory);
    result->verdict = CONDITION_RESTS;
    if (input->key_now_ms < due_of(wanted, &memory) ||
        input->now_ms < condition_judged_from(input, 0))
        return wait_for_due(wanted, input, &memory, arena, result);
    begin = find_begin(wanted, input, &memory.window);
    result->verdict = CONDITION_HOLDS;
    result->count = (int64_t)(memory.window.n_entries - begin);
    result->first_ms = result->count ? memory.window.entries[begin].time_ms : input->newest_ms;
    return store_memory(&memory, arena, &result->state);
}

/* Whatever was counted before was counted by another condition: it begins now. */
static enum rc expect_fewer(const void *spec, const struct condition_input *input,
                            struct arena *arena, struct condition_result *result)
{
    struct memory memory = { .since_ms = input->key_now_ms };

    result->verdict = CONDITION_RESTS;
    if (input->is_firing)
        return store_memory(&memory, arena, &result->state);
    return wait_for_due(spec, input, &memory, arena, result);
}

/* Ended by hand, or by what clears: the key stays known, and the next match goes on from here. */
static enum rc keep_all(const void *spec, struct slice state, struct arena *arena,
                        struct slice *kept)
{
    (void)spec;
    (void)arena;
    *kept = state;
    return RC_OK;
}

static enum rc describe_fewer(const void *spec, const struct condition_input *input,
                              struct slice state, struct arena *arena, struct slice *text)
{
    const struct fewer_spec *wanted = spec;
    char within[TIME_TEXT_BYTES];
    struct memory memory;
    enum rc rc = take_memory(state, arena, &memory);

    if (rc)
        return rc;
    return arena_format(arena, text, "%zu within %s, %lld are enough",
                        memory.window.n_entries - find_begin(wanted, input, &memory.window),
                        duration_format(wanted->within_ms, within), (long long)wanted->count);
}

static int64_t within_of_fewer(const void *spec)
{
    const struct fewer_spec *wanted = spec;

    return wanted->within_ms;
}

static bool always(const struct node *when)
{
    (void)when;
    return true;
}

const struct condition condition_fewer = {
    .name = "fewer",
    .members = &members,
    .parse = parse_fewer,
    .fold = fold_fewer,
    .wake = wake_fewer,
    .expect = expect_fewer,
    .rest = keep_all,
    .describe = describe_fewer,
    .within_ms = within_of_fewer,
    .is_about_silence = always,
    .title = "{{rule}}: too few of {{signal.key}}",
    .judges_silence = true,
    .folds_on = true,
    .ends_itself = true,
};
