#include "rules/conditions/conditions.h"

#include "rules/conditions/amount.h"
#include "rules/conditions/rolling.h"
#include "rules/conditions/window_members.h"
#include "rules/loader.h"
#include "src/base/clock.h"

/* {ratio: 5%, having: FILTER, within: 5m, at_least: 100}: true at a match when 5 % or more of the last 5 minutes' matches, at least 100, satisfy FILTER too. It ends, by
 * a match or by time, when it is less than half of that; of no match nothing is a part.
 *
 * Its memory is a tally (tally.h) whose values are how many of the matches at that time satisfied it. Of more matches than it holds exactly, those of one of 4096
 * slices of the window leave it together. */

#define MATCHES_MAX 1000000

struct ratio {
    struct rolling rolling; /* first */
    int64_t percent;        /* AMOUNT_ONE: 1% */
    size_t part;            /* of the rule: `having` */
    int64_t within_ms, at_least;
    struct node *percent_node, *having;
};

#define AT(x) .offset = offsetof(struct ratio, x)
static const struct setting settings[] = {
    { .name = "ratio",
      .type = SETTING_NODE,
      AT(percent_node),
      .required = true,
      .shape = &shape_text,
      .help = "how many of the matches, as 5%" },
    { .name = "having",
      .type = SETTING_NODE,
      AT(having),
      .required = true,
      .shape = &shape_filter,
      .help = "a filter that these satisfy, too" },
    WITHIN_MEMBER(struct ratio, "5m"),
    { .name = "at_least",
      .type = SETTING_INT,
      AT(at_least),
      .required = true,
      .min = 1,
      .max = MATCHES_MAX,
      .help = "from how many matches on a share means anything" },
};
static const struct shape members = {
    SHAPE_OF(settings),
};

/* The share against `percent`, of which `n_hundreds` hundreds are all: negative where it is less. */
static int compare_share(const struct ratio *ratio, const struct totals *window, wide n_hundreds)
{
    wide left = window->sum * n_hundreds * 100 * AMOUNT_ONE;
    wide right = (wide)window->n_matches * ratio->percent;

    return (left > right) - (left < right);
}

static bool ratio_holds(const struct rolling *rolling, const struct sliding *now)
{
    return compare_share((const void *)rolling, &now->window, 1) >= 0;
}

static bool ratio_is_over(const struct rolling *rolling, const struct sliding *now)
{
    return !now->window.n_matches || compare_share((const void *)rolling, &now->window, 2) < 0;
}

/* -- for people -- */

static enum rc tell_ratio(const struct rolling *rolling, const struct sliding *now,
                          struct arena *arena, struct slice *text)
{
    const struct ratio *ratio = (const void *)rolling;
    double n_matches = now->window.n_matches ? (double)now->window.n_matches : 1;

    return arena_format(arena, text, ", %lld of them: %.3g%%, fires from %.6g%% on",
                        (long long)now->window.sum, 100 * (double)now->window.sum / n_matches,
                        (double)ratio->percent / (double)AMOUNT_ONE);
}

/* -- reading -- */

/* What it asks of the rule's own matches: which events they are, and under which key, stands there. */
static bool refuse_own_events(struct rule_reading *reading, const struct node *having)
{
    static const char *const refused[] = { "on", "key", "count", NULL };
    bool is_refused = false;

    for (size_t i = 0; having->type == NODE_MAP && i < having->n_pairs; i++) {
        int which;

        if (slice_to_enum(having->pairs[i].key, refused, &which))
            continue;
        mark_problem(reading->loader->problems, PROBLEM_ERROR, having->pairs[i].key_mark,
                     "`having` looks at the rule's own matches one by one, so it cannot name `%s`; "
                     "valid here: match where ignore",
                     refused[which]);
        is_refused = true;
    }
    return is_refused;
}

static void read_ratio(struct rule_reading *reading, struct ratio *ratio)
{
    if (ratio->percent_node)
        (void)amount_read_percent(reading->loader->problems, "ratio", ratio->percent_node,
                                  &ratio->percent);
    reading->rule->parts_qualify = true;
    if (ratio->having && !refuse_own_events(reading, ratio->having))
        (void)read_part(reading, ratio->having, &ratio->part);
    ratio->rolling = (struct rolling){
        .kind = { .values = TALLY_ADDS, .within_ms = ratio->within_ms },
        .at_least = ratio->at_least,
        .holds = ratio_holds,
        .is_over = ratio_is_over,
        .tell = tell_ratio,
    };
}

static void *parse_ratio(struct rule_reading *reading, const struct node *when)
{
    struct ratio *ratio = loader_alloc(reading->loader, 1, sizeof(*ratio));

    if (!ratio)
        return NULL;
    (void)loader_read_members(reading->loader, &members, when, ratio);
    read_ratio(reading, ratio);
    ratio->percent_node = ratio->having = NULL; /* nodes die */
    return ratio;
}

static enum rc fold_ratio(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct condition_result *result)
{
    const struct ratio *ratio = spec;
    const struct tally_entry one = { .time_ms = input->time_ms,
                                     .n_matches = 1,
                                     .value = input->parts & PART_OF(ratio->part) ? 1 : 0 };

    return rolling_fold(&ratio->rolling, input, &one, state, arena, result);
}

const struct condition condition_ratio = {
    .name = "ratio",
    .members = &members,
    .parse = parse_ratio,
    .fold = fold_ratio,
    .wake = rolling_wake,
    .expect = rolling_expect,
    .within_ms = rolling_span_ms,
    .describe = rolling_describe,
    .judges_from = rolling_judges_from,
    .folds_on = true,
    .ends_itself = true,
};
