#include "rules/conditions/conditions.h"

#include "rules/conditions/amount.h"
#include "rules/conditions/rolling.h"
#include "rules/conditions/window_members.h"
#include "rules/loader.h"
#include "src/base/clock.h"

#include <string.h>

/* {spike: 4x, within: 5m, against: 1h, at_least: 20}: true at a match when the rate of the last 5 minutes is 4 times that of the hour before them or more, and there were 20
 * matches in these 5 minutes. A time before without a match counts as one with one. It ends, by a match or by time, when the rate is less than twice (half the factor) that.
 *
 * {drop: 4x, within: 5m, against: 1h, at_least: 20} is its mirror: true when the rate is a quarter of that before or less, and there were 20 matches before; time
 * alone makes it true, once the key has been known for 1h and 5m. It ends when the rate is more than half of that before.
 *
 * Rates are compared as products of whole numbers: exactly 4 times is 4 times. Their memory is a tally (tally.h). Of more matches than that holds exactly, a spike has some leave
 * the window early and the time before late, a drop the other way round: less comes true. */

#define MATCHES_MAX 1000000

struct rates {
    struct rolling rolling; /* first */
    int64_t factor;         /* AMOUNT_ONE: 1x */
    int64_t within_ms, against_ms, at_least;
    struct node *factor_node;
};

#define AT(x) .offset = offsetof(struct rates, x)
static const struct setting settings[] = {
    { .name = "spike", /* or "drop" */
      .type = SETTING_NODE,
      AT(factor_node),
      .required = true,
      .shape = &shape_text,
      .help = "how many times as much, or as little, as 4x" },
    WITHIN_MEMBER(struct rates, "5m"),
    AGAINST_MEMBER(struct rates, true, "the time before it, as 1h"),
    { .name = "at_least",
      .type = SETTING_INT,
      AT(at_least),
      .required = true,
      .min = 1,
      .max = MATCHES_MAX,
      .help = "from how many matches on a rate means anything" },
};
static const struct shape members = { SHAPE_OF(settings) };

/* -- comparing -- */

static wide one_at_least(uint64_t n_matches)
{
    return n_matches ? (wide)n_matches : 1;
}

/* (rate of the window) / (rate before) against `factor` / `divisor`: negative where it is less, 0 where it is that. */
static int compare_rates(const struct rates *rates, uint64_t n_window, wide n_before, wide factor,
                         wide divisor)
{
    wide left = (wide)n_window * rates->against_ms * divisor;
    wide right = n_before * rates->within_ms * factor;

    return (left > right) - (left < right);
}

static const struct rates *rates_of(const struct rolling *rolling)
{
    return (const void *)rolling;
}

static bool spike_holds(const struct rolling *rolling, const struct sliding *now)
{
    const struct rates *rates = rates_of(rolling);

    return compare_rates(rates, now->window.n_matches, one_at_least(now->before.n_matches),
                         rates->factor, AMOUNT_ONE) >= 0;
}

static bool spike_is_over(const struct rolling *rolling, const struct sliding *now)
{
    const struct rates *rates = rates_of(rolling);

    return compare_rates(rates, now->window.n_matches, one_at_least(now->before.n_matches),
                         rates->factor, 2 * AMOUNT_ONE) < 0;
}

static bool drop_holds(const struct rolling *rolling, const struct sliding *now)
{
    const struct rates *rates = rates_of(rolling);

    return compare_rates(rates, now->window.n_matches, (wide)now->before.n_matches, AMOUNT_ONE,
                         rates->factor) <= 0;
}

/* Where nothing is left of the time before, silence goes on: the next match is what ends it. */
static bool drop_is_over(const struct rolling *rolling, const struct sliding *now)
{
    const struct rates *rates = rates_of(rolling);

    return compare_rates(rates, now->window.n_matches, one_at_least(now->before.n_matches),
                         2 * AMOUNT_ONE, rates->factor) > 0;
}

/* -- for people -- */

static double times_before(const struct rates *rates, const struct sliding *now)
{
    return (double)now->window.n_matches * (double)rates->against_ms /
           ((double)one_at_least(now->before.n_matches) * (double)rates->within_ms);
}

static enum rc tell_spike(const struct rolling *rolling, const struct sliding *now,
                          struct arena *arena, struct slice *text)
{
    const struct rates *rates = rates_of(rolling);

    return arena_format(arena, text, ": %.3gx, fires from %.6gx on", times_before(rates, now),
                        (double)rates->factor / (double)AMOUNT_ONE);
}

static enum rc tell_drop(const struct rolling *rolling, const struct sliding *now,
                         struct arena *arena, struct slice *text)
{
    const struct rates *rates = rates_of(rolling);

    return arena_format(arena, text, ": %.3gx, fires at %.3gx or less", times_before(rates, now),
                        (double)AMOUNT_ONE / (double)rates->factor);
}

/* -- reading -- */

static struct rates *parse_rates(struct rule_reading *reading, const struct node *when,
                                 const char *member)
{
    struct loader *loader = reading->loader;
    struct rates *rates = loader_alloc(loader, 1, sizeof(*rates));

    if (rates)
        (void)read_condition_members(reading, &members, member, when, rates);
    if (rates && rates->factor_node)
        (void)amount_read_factor(loader->problems, member, rates->factor_node, AMOUNT_ONE,
                                 &rates->factor);
    if (rates)
        rates->factor_node = NULL; /* nodes die */
    return rates;
}

static void *parse_spike(struct rule_reading *reading, const struct node *when)
{
    struct rates *rates = parse_rates(reading, when, "spike");

    if (rates)
        rates->rolling = (struct rolling){
            .kind = { .within_ms = rates->within_ms, .against_ms = rates->against_ms },
            .at_least = rates->at_least,
            .end_is_put_off = true,
            .holds = spike_holds,
            .is_over = spike_is_over,
            .tell = tell_spike,
        };
    return rates;
}

static void *parse_drop(struct rule_reading *reading, const struct node *when)
{
    struct rates *rates = parse_rates(reading, when, "drop");

    if (rates)
        rates->rolling = (struct rolling){
            .kind = { .within_ms = rates->within_ms,
                      .against_ms = rates->against_ms,
                      .fades_late = true },
            .at_least = rates->at_least,
            .at_least_before = true,
            .warm_ms = rates->within_ms + rates->against_ms,
            .by_time = true,
            .beginning_is_put_off = true,
            .holds = drop_holds,
            .is_over = drop_is_over,
            .tell = tell_drop,
        };
    return rates;
}

/* -- conditions -- */

static enum rc fold_rates(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct condition_result *result)
{
    const struct tally_entry one = { .time_ms = input->time_ms, .n_matches = 1 };

    return rolling_fold(spec, input, &one, state, arena, result);
}

static bool drop_is_about_silence(const struct node *when)
{
    (void)when;
    return true;
}

const struct condition condition_spike = {
    .name = "spike",
    .members = &members,
    .parse = parse_spike,
    .fold = fold_rates,
    .wake = rolling_wake,
    .expect = rolling_expect,
    .within_ms = rolling_span_ms,
    .describe = rolling_describe,
    .judges_from = rolling_judges_from,
    .folds_on = true,
    .ends_itself = true,
};

const struct condition condition_drop = {
    .name = "drop",
    .members = &members,
    .parse = parse_drop,
    .fold = fold_rates,
    .wake = rolling_wake,
    .expect = rolling_expect,
    .within_ms = rolling_span_ms,
    .describe = rolling_describe,
    .judges_from = rolling_judges_from,
    .is_about_silence = drop_is_about_silence,
    .learns = true,
    .folds_on = true,
    .ends_itself = true,
};
