#include "rules/conditions/conditions.h"

#include "rules/conditions/window.h"
#include "rules/conditions/window_members.h"
#include "rules/field_nature.h"
#include "rules/loader.h"
#include "src/base/clock.h"

/* {count: N, within: D}: true at the Nth match within D. With {weight: n} an event counts as often as its field says; sums stop at the greatest int64.
 *
 * Its memory is a window (window.h) whose values are how many matches there were at that time. Beyond WINDOW_ENTRIES_MAX
 * times, neighbours are put together under the older one's time: a match may then leave the window too early, never too
 * late, so that what fires has really happened that often. */

#define MAX_COUNT 1000000

struct count_spec {
    int64_t count;
    int64_t within_ms;
    struct node *weight;
    struct field_ref weight_field; /* without a name: none */
};

static const struct setting settings[] = {
    { .name = "count",
      .type = SETTING_INT,
      .offset = offsetof(struct count_spec, count),
      .required = true,
      .min = 1,
      .max = MAX_COUNT,
      .help = "how many matches" },
    WITHIN_MEMBER(struct count_spec, "10m"),
    { .name = "weight",
      .type = SETTING_NODE,
      .offset = offsetof(struct count_spec, weight),
      .shape = &shape_field,
      .help = "a field that says how many one event stands for" },
};
static const struct shape members = {
    SHAPE_OF(settings),
};

static void read_weight(struct rule_reading *reading, struct count_spec *spec)
{
    if (read_condition_field(reading, spec->weight, &spec->weight_field) &&
        field_is_never_plain_number(&spec->weight_field))
        node_problem(reading->loader->problems, spec->weight,
                     "`%.*s` is never a plain number: it is no `weight`",
                     SLICE_ARG(spec->weight_field.name));
}

static void *parse_count(struct rule_reading *reading, const struct node *when)
{
    struct count_spec *spec = loader_alloc(reading->loader, 1, sizeof(*spec));

    if (spec)
        (void)loader_read_members(reading->loader, &members, when, spec);
    if (spec && spec->weight)
        read_weight(reading, spec);
    if (spec)
        spec->weight = NULL; /* nodes die */
    return spec;
}

/* Absent where it says none, or is not asked. */
static struct slice weight_text(const struct count_spec *wanted,
                                const struct condition_input *input, struct arena *arena)
{
    if (!wanted->weight_field.name.len)
        return (struct slice){ 0 };
    return field_ref_get(&wanted->weight_field, input->event, &input->captures, arena);
}

static bool is_weight(struct slice text, int64_t *weight)
{
    return slice_to_int(text, weight) == RC_OK && *weight >= 1;
}

/* An event that does not say it stands for itself, and so does one that says what no number of events is. */
static int64_t weigh(const void *spec, const struct condition_input *input, struct arena *arena)
{
    int64_t weight;

    return is_weight(weight_text(spec, input, arena), &weight) ? weight : 1;
}

static struct slice misread_weight(const void *spec, const struct condition_input *input,
                                   struct arena *arena)
{
    struct slice text = weight_text(spec, input, arena);
    int64_t weight;

    return is_weight(text, &weight) ? (struct slice){ 0 } : text;
}

static enum rc fold_count(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct condition_result *result)
{
    const struct count_spec *wanted = spec;
    int64_t oldest_ms = input->newest_ms - wanted->within_ms; /* itself already out */
    struct window window;
    enum rc rc = window_take(&state, arena, &window);

    if (rc)
        return rc;
    window_drop(&window, oldest_ms);
    if (input->time_ms > oldest_ms)
        window_count(&window, input->time_ms, (uint64_t)weigh(spec, input, arena));
    result->is_coarse = window_coarsen(&window);
    result->count = (int64_t)window_sum(&window);
    result->verdict = result->count >= wanted->count ? CONDITION_HOLDS : CONDITION_WAITS;
    result->first_ms = window.n_entries ? window.entries[0].time_ms : input->time_ms;
    return window_store(&window, arena, &result->state);
}

static enum rc describe_count(const void *spec, const struct condition_input *input,
                              struct slice state, struct arena *arena, struct slice *text)
{
    const struct count_spec *wanted = spec;
    char within[TIME_TEXT_BYTES];
    struct window window;
    enum rc rc = window_take(&state, arena, &window);

    if (rc)
        return rc;
    window_drop(&window, input->key_now_ms - wanted->within_ms);
    return arena_format(arena, text, "%lld of %lld within %s", (long long)window_sum(&window),
                        (long long)wanted->count, duration_format(wanted->within_ms, within));
}

/* Of all that are enough in number, those that lie nearest together. Where an event stands for several, times alone do not tell. */
static enum rc near_count(const void *spec, const int64_t *times, size_t n_times,
                          struct arena *arena, struct slice *text)
{
    const struct count_spec *wanted = spec;
    size_t n_wanted = (size_t)wanted->count;
    char span_text[TIME_TEXT_BYTES], late_text[TIME_TEXT_BYTES];
    int64_t span_ms = INT64_MAX, late_ms;

    *text = (struct slice){ 0 };
    if (wanted->weight_field.name.len)
        return RC_OK;
    for (size_t i = 0; n_wanted > 1 && i + n_wanted <= n_times; i++)
        if (times[i + n_wanted - 1] - times[i] < span_ms)
            span_ms = times[i + n_wanted - 1] - times[i];
    if (span_ms == INT64_MAX || span_ms < wanted->within_ms)
        return RC_OK;
    late_ms = span_ms > wanted->within_ms ? span_ms - wanted->within_ms : 1;
    return arena_format(arena, text, "%zu came within %s, the last of them %s too late", n_wanted,
                        duration_format(span_ms, span_text), duration_format(late_ms, late_text));
}

static int64_t within_of_count(const void *spec)
{
    const struct count_spec *wanted = spec;

    return wanted->within_ms;
}

const struct condition condition_count = {
    .name = "count",
    .members = &members,
    .parse = parse_count,
    .fold = fold_count,
    .weigh = weigh,
    .misreads = misread_weight,
    .misread_name = "when.weight",
    .misread_wanted = "a whole number from 1 on",
    .misread_taken = "1",
    .describe = describe_count,
    .near_miss = near_count,
    .within_ms = within_of_count,
    .match_is_trouble = true,
};
