#include "rules/conditions/conditions.h"

#include "rules/conditions/aggregate_value.h"
#include "rules/conditions/amount.h"
#include "rules/conditions/rolling.h"
#include "rules/conditions/window_members.h"
#include "rules/field_nature.h"
#include "rules/loader.h"
#include "src/base/clock.h"

#include <string.h>

/* {avg: duration, above: 5m, within: 1h}, and so sum, max, min and p95: true at a match when the aggregate of a field over the last hour is more than the bound (`below`:
 * less). `above: 2x, against: 7d`: more than twice what it was over the 7 days before, once the key has been known for both spans; a sum is compared per time.
 * It ends, by a match or by time, when the aggregate is less than `clear_below` (for `below`: more than `clear_above`), which is the bound where it is not given, or when
 * no value is left. `sum ... below` becomes true by time, too, once the key has been known for `within`, and no value at all is a sum of 0.
 *
 * A field is read as what the bound is, exact to a millionth (amount.h); a match whose field is absent or is none of that does not count. The memory is a tally (tally.h).
 * Of more matches than that holds exactly, sums and extremes are kept by slices of time; of p95's values an even part is. */

#define MATCHES_MAX 1000000

struct bounded {
    struct rolling rolling; /* first */
    enum aggregate aggregate;
    struct field_ref field;
    bool is_above;
    enum bound_unit unit; /* where there is no `against` */
    int64_t within_ms, against_ms, at_least;
    struct node *field_node, *above, *below, *clear_below, *clear_above;
};

#define AT(x) .offset = offsetof(struct bounded, x)
static const struct setting settings[] = {
    { .name = "avg", /* or another */
      .type = SETTING_NODE,
      AT(field_node),
      .required = true,
      .shape = &shape_field,
      .help = "the field whose values are put together" },
    { .name = "above",
      .type = SETTING_NODE,
      AT(above),
      .shape = &shape_text,
      .help = "more than that, as 5m" },
    { .name = "below",
      .type = SETTING_NODE,
      AT(below),
      .shape = &shape_text,
      .help = "less than that" },
    WITHIN_MEMBER(struct bounded, "1h"),
    AGAINST_MEMBER(struct bounded, false, "the time before it, where the bound is a factor, as 2x"),
    { .name = "clear_below",
      .type = SETTING_NODE,
      AT(clear_below),
      .shape = &shape_text,
      .help = "what ends `above`; default: that bound" },
    { .name = "clear_above",
      .type = SETTING_NODE,
      AT(clear_above),
      .shape = &shape_text,
      .help = "what ends `below`; default: that bound" },
    { .name = "at_least",
      .type = SETTING_INT,
      AT(at_least),
      .min = 1,
      .max = MATCHES_MAX,
      .help = "from how many values on they mean anything" },
};
static const struct shape members = { SHAPE_OF(settings) };

/* -- judging -- */

static bool passes(const struct bounded *bounded, const struct sliding *now, bool is_above)
{
    return bounded->against_ms
               ? aggregate_passes_before(bounded->aggregate, now, is_above, now->bound)
               : aggregate_passes(bounded->aggregate, now, is_above);
}

static bool holds(const struct rolling *rolling, const struct sliding *now)
{
    const struct bounded *bounded = (const void *)rolling;

    return passes(bounded, now, bounded->is_above);
}

static bool is_over(const struct rolling *rolling, const struct sliding *now)
{
    const struct bounded *bounded = (const void *)rolling;

    if (!now->window.n_matches && !rolling->by_time)
        return true;
    return passes(bounded, now, !bounded->is_above);
}

/* -- reading bounds -- */

static bool read_bound(struct problems *problems, const struct bounded *bounded, const char *member,
                       const struct node *node, enum bound_unit *unit, int64_t *bound)
{
    if (bounded->against_ms)
        return amount_read_factor(problems, member, node, 0, bound);
    if (!amount_is_factor(node))
        return amount_read_bound(problems, member, node, unit, bound);
    node_problem(problems, node, "a factor needs `against`: the time before, as 7d");
    return false;
}

static bool is_of_duration(const struct bounded *bounded)
{
    return bounded->field.place == FIELD_OF_EVENT && bounded->field.field == FIELD_DURATION;
}

/* The field is never anything else: a bound without a unit, or with another one, would be no bound on it. */
static bool fits_field(struct problems *problems, const struct bounded *bounded,
                       const struct node *node, enum bound_unit unit)
{
    if (bounded->against_ms || !is_of_duration(bounded) || unit == BOUND_DURATION)
        return true;
    node_problem(problems, node,
                 "a bound on `duration` is a duration with its unit (90s 5m 1h 7d), of ten years "
                 "at most, not `%.80s`",
                 node->text.ptr);
    return false;
}

/* `other` ends what `member` begins; the wrong one of the two is refused. */
static bool check_clear(struct problems *problems, const struct bounded *bounded)
{
    const struct node *wrong = bounded->is_above ? bounded->clear_above : bounded->clear_below;

    if (wrong)
        node_problem(problems, wrong, "`%s` ends `%s`; what ends `%s` is `%s`",
                     bounded->is_above ? "clear_above" : "clear_below",
                     bounded->is_above ? "below" : "above", bounded->is_above ? "above" : "below",
                     bounded->is_above ? "clear_below" : "clear_above");
    return !wrong;
}

static void read_clear_bound(struct problems *problems, const struct bounded *bounded,
                             struct rolling *rolling)
{
    const struct node *node = bounded->is_above ? bounded->clear_below : bounded->clear_above;
    const char *member = bounded->is_above ? "clear_below" : "clear_above";
    const char *begins = bounded->is_above ? "above" : "below";
    enum bound_unit unit = bounded->unit;

    rolling->over_bound = rolling->bound;
    if (!check_clear(problems, bounded) || !node ||
        !read_bound(problems, bounded, member, node, &unit, &rolling->over_bound) ||
        !fits_field(problems, bounded, node, unit))
        return;
    if (unit != bounded->unit)
        node_problem(problems, node, "`%s` must be in the unit of `%s`", member, begins);
    else if (bounded->is_above ? rolling->over_bound > rolling->bound
                               : rolling->over_bound < rolling->bound)
        node_problem(problems, node, "`%s` must not be %s than `%s`", member,
                     bounded->is_above ? "more" : "less", begins);
}

static bool has_one_bound(struct problems *problems, const struct node *when,
                          const struct bounded *bounded)
{
    if (!bounded->above == !bounded->below)
        node_problem(problems, when, "`%s` needs a bound: one of `above` and `below`%s",
                     aggregate_names[bounded->aggregate], bounded->above ? ", not both" : "");
    return !bounded->above != !bounded->below;
}

/* -- reading -- */

/* What falls together leaves at the time that makes less come true. */
static struct tally_kind kind_of(const struct bounded *bounded)
{
    static const enum tally_values values[] = {
        [AGGREGATE_SUM] = TALLY_ADDS,           [AGGREGATE_AVG] = TALLY_ADDS,
        [AGGREGATE_MAX] = TALLY_KEEPS_GREATEST, [AGGREGATE_MIN] = TALLY_KEEPS_LEAST,
        [AGGREGATE_P95] = TALLY_THINS,
    };

    return (struct tally_kind){ .values = values[bounded->aggregate],
                                .within_ms = bounded->within_ms,
                                .against_ms = bounded->against_ms,
                                .fades_late =
                                    bounded->is_above == (bounded->aggregate == AGGREGATE_MIN) };
}

static struct rolling rolling_of(const struct bounded *bounded)
{
    enum aggregate aggregate = bounded->aggregate;
    bool is_above = bounded->is_above;
    bool by_time = aggregate == AGGREGATE_SUM && !is_above;
    int64_t usual_ms = by_time ? bounded->within_ms : 0;

    return (struct rolling){
        .kind = kind_of(bounded),
        .warm_ms = bounded->against_ms ? bounded->within_ms + bounded->against_ms : usual_ms,
        .at_least = by_time || bounded->at_least ? bounded->at_least : 1,
        .by_time = by_time,
        .beginning_is_put_off = by_time && !bounded->against_ms,
        .end_is_put_off = aggregate == AGGREGATE_MIN ? !is_above
                                                     : is_above && (aggregate == AGGREGATE_SUM ||
                                                                    aggregate == AGGREGATE_MAX),
        .steps = bounded->against_ms && aggregate != AGGREGATE_SUM && aggregate != AGGREGATE_AVG,
        .holds = holds,
        .is_over = is_over,
    };
}

static void read_field(struct rule_reading *reading, struct bounded *bounded)
{
    if (read_condition_field(reading, bounded->field_node, &bounded->field) &&
        field_is_never_quantity(&bounded->field))
        node_problem(reading->loader->problems, bounded->field_node,
                     "`%.*s` is never a number, a duration or a size: it has no `%s`",
                     SLICE_ARG(bounded->field.name), aggregate_names[bounded->aggregate]);
}

static void read_bounded(struct rule_reading *reading, const struct node *when,
                         struct bounded *bounded)
{
    struct problems *problems = reading->loader->problems;
    const struct node *bound;

    read_field(reading, bounded);
    if (!has_one_bound(problems, when, bounded))
        return;
    bounded->is_above = bounded->above != NULL;
    bound = bounded->is_above ? bounded->above : bounded->below;
    bounded->rolling = rolling_of(bounded);
    if (read_bound(problems, bounded, bounded->is_above ? "above" : "below", bound, &bounded->unit,
                   &bounded->rolling.bound) &&
        fits_field(problems, bounded, bound, bounded->unit))
        read_clear_bound(problems, bounded, &bounded->rolling);
}

static enum aggregate find_aggregate(const struct node *when)
{
    enum aggregate aggregate = 0;

    while (!node_find(when, aggregate_names[aggregate]))
        aggregate++;
    return aggregate;
}

static void *parse_bounded(struct rule_reading *reading, const struct node *when)
{
    struct bounded *bounded = loader_alloc(reading->loader, 1, sizeof(*bounded));

    if (!bounded)
        return NULL;
    bounded->aggregate = find_aggregate(when);
    if (read_condition_members(reading, &members, aggregate_names[bounded->aggregate], when,
                               bounded))
        read_bounded(reading, when, bounded);
    else if (bounded->field_node) /* what a bound is depends on what was wrong */
        read_field(reading, bounded);
    bounded->field_node = NULL; /* nodes die */
    bounded->above = bounded->below = bounded->clear_below = bounded->clear_above = NULL;
    return bounded;
}

/* -- conditions -- */

static enum rc take_value(const struct bounded *bounded, const struct condition_input *input,
                          struct arena *arena, int64_t *value)
{
    struct slice text = field_ref_get(&bounded->field, input->event, &input->captures, arena);

    if (slice_is_absent(text))
        return RC_INVALID;
    return bounded->against_ms ? amount_parse_any(text, value)
                               : amount_parse(bounded->unit, text, value);
}

static enum rc fold_bounded(const void *spec, const struct condition_input *input,
                            struct slice state, struct arena *arena,
                            struct condition_result *result)
{
    const struct bounded *bounded = spec;
    struct tally_entry one = { .time_ms = input->time_ms, .n_matches = 1 };
    bool counts = take_value(bounded, input, arena, &one.value) == RC_OK;

    return rolling_fold(&bounded->rolling, input, counts ? &one : NULL, state, arena, result);
}

static int64_t weigh_bounded(const void *spec, const struct condition_input *input,
                             struct arena *arena)
{
    int64_t value;

    return take_value(spec, input, arena, &value) ? 0 : 1;
}

static bool sum_is_about_silence(const struct node *when)
{
    return node_find(when, "below") != NULL;
}

#define BOUNDED                                                                                    \
    .members = &members, .parse = parse_bounded, .fold = fold_bounded, .wake = rolling_wake,       \
    .expect = rolling_expect, .weigh = weigh_bounded, .within_ms = rolling_span_ms,                \
    .describe = rolling_describe, .judges_from = rolling_judges_from, .learns = true,              \
    .folds_on = true, .ends_itself = true

const struct condition condition_sum = { .name = "sum",
                                         .is_about_silence = sum_is_about_silence,
                                         BOUNDED };
const struct condition condition_avg = { .name = "avg", BOUNDED };
const struct condition condition_max = { .name = "max", BOUNDED };
const struct condition condition_min = { .name = "min", BOUNDED };
const struct condition condition_p95 = { .name = "p95", BOUNDED };
