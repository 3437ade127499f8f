#include "rules/conditions/conditions.h"

#include "rules/conditions/value.h"
#include "rules/conditions/window.h"
#include "rules/conditions/window_members.h"
#include "rules/loader.h"
#include "src/base/clock.h"

#include <string.h>

/* {distinct: FIELD, count: N, within: D}: true when N different values were seen within D. A match that says none does not count.
 *
 * Its memory is two windows (window.h), one behind the other: of values, when each was seen last (at most N of them, so that they are exact however many matches
 * there are); and of matches, how many there were at that time, which is what people are shown. */

struct distinct_spec {
    struct value_field field; /* first: value_weigh */
    int64_t count;
    int64_t within_ms;
    struct node *distinct;
};

#define AT(x) .offset = offsetof(struct distinct_spec, x)
static const struct setting settings[] = {
    { .name = "distinct",
      .type = SETTING_NODE,
      AT(distinct),
      .required = true,
      .shape = &shape_field,
      .help = "the field whose values are counted" },
    { .name = "count",
      .type = SETTING_INT,
      AT(count),
      .required = true,
      .min = 1,
      .max = WINDOW_ENTRIES_MAX,
      .help = "how many different values" },
    WITHIN_MEMBER(struct distinct_spec, "10m"),
};
static const struct shape members = {
    SHAPE_OF(settings),
};

static void *parse_distinct(struct rule_reading *reading, const struct node *when)
{
    struct distinct_spec *spec = loader_alloc(reading->loader, 1, sizeof(*spec));

    if (spec)
        (void)loader_read_members(reading->loader, &members, when, spec);
    if (spec && spec->distinct)
        (void)read_value_field(reading, spec->distinct, &spec->field);
    if (spec)
        spec->distinct = NULL; /* nodes die */
    return spec;
}

/* One that was there already stands where it was seen last. */
static void see_value(struct window *values, int64_t time_ms, uint64_t digest)
{
    size_t at = 0;

    while (at < values->n_entries && values->entries[at].value != digest)
        at++;
    if (at < values->n_entries) {
        if (values->entries[at].time_ms >= time_ms)
            return;
        values->n_entries--;
        memmove(&values->entries[at], &values->entries[at + 1],
                (values->n_entries - at) * sizeof(*values->entries));
    }
    (void)window_add(values, time_ms, digest);
}

struct seen {
    struct window values;
    struct window matches;
};

static enum rc take_seen(struct slice state, struct arena *arena, struct seen *seen)
{
    enum rc rc = window_take(&state, arena, &seen->values);

    return rc ? rc : window_take(&state, arena, &seen->matches);
}

static enum rc store_seen(const struct seen *seen, struct arena *arena, struct slice *state)
{
    struct buffer bytes;
    enum rc rc = RC_OK;

    *state = (struct slice){ 0 };
    buffer_init(&bytes, 0);
    if (seen->values.n_entries) {
        window_put(&seen->values, &bytes);
        window_put(&seen->matches, &bytes);
        rc = buffer_rc(&bytes);
    }
    if (!rc && bytes.len)
        rc = arena_copy(arena, buffer_slice(&bytes), state);
    buffer_free(&bytes);
    return rc;
}

/* Only what is counted can be waited for. Matches that were put together may leave before the values that they said. */
static void judge(const struct distinct_spec *spec, const struct seen *seen,
                  struct condition_result *result)
{
    int64_t n_values = (int64_t)seen->values.n_entries;
    int64_t n_matches = (int64_t)window_sum(&seen->matches);

    if (!n_values)
        return;
    result->verdict = n_values >= spec->count ? CONDITION_HOLDS : CONDITION_WAITS;
    result->count = n_matches > n_values ? n_matches : n_values;
    result->first_ms = seen->matches.n_entries ? seen->matches.entries[0].time_ms
                                               : seen->values.entries[0].time_ms;
}

static enum rc fold_distinct(const void *spec, const struct condition_input *input,
                             struct slice state, struct arena *arena,
                             struct condition_result *result)
{
    const struct distinct_spec *wanted = spec;
    int64_t oldest_ms = input->newest_ms - wanted->within_ms; /* itself already out */
    struct seen seen;
    uint64_t digest;
    enum rc rc = take_seen(state, arena, &seen);

    if (rc)
        return rc;
    window_drop(&seen.values, oldest_ms);
    window_drop(&seen.matches, oldest_ms);
    rc = value_digest(&wanted->field, input, arena, &digest);
    if (rc && rc != RC_NOT_FOUND)
        return rc;
    if (!rc && input->time_ms > oldest_ms) {
        see_value(&seen.values, input->time_ms, digest);
        window_count(&seen.matches, input->time_ms, 1);
    }
    result->is_coarse = window_coarsen(&seen.matches);
    judge(wanted, &seen, result);
    return store_seen(&seen, arena, &result->state);
}

static enum rc describe_distinct(const void *spec, const struct condition_input *input,
                                 struct slice state, struct arena *arena, struct slice *text)
{
    const struct distinct_spec *wanted = spec;
    char within[TIME_TEXT_BYTES];
    struct seen seen;
    enum rc rc = take_seen(state, arena, &seen);

    if (rc)
        return rc;
    window_drop(&seen.values, input->key_now_ms - wanted->within_ms);
    return arena_format(arena, text, "%zu of %lld values within %s", seen.values.n_entries,
                        (long long)wanted->count, duration_format(wanted->within_ms, within));
}

static int64_t within_of_distinct(const void *spec)
{
    const struct distinct_spec *wanted = spec;

    return wanted->within_ms;
}

const struct condition condition_distinct = {
    .name = "distinct",
    .members = &members,
    .parse = parse_distinct,
    .fold = fold_distinct,
    .weigh = value_weigh,
    .within_ms = within_of_distinct,
    .describe = describe_distinct,
    .match_is_trouble = true,
};
