#include "rules/conditions/conditions.h"

#include "rules/conditions/memory.h"
#include "rules/loader.h"
#include "src/base/clock.h"

/* {new: FIELD, learn: D, forget: D, limit: N}: true at a value that was never seen before, once the rule has watched for `learn`. The value joins the key, so every value
 * has a row of its own, and the row is what is remembered of it, from the first sight on until it was not seen for `forget`. Its memory is
 *
 *     u64 last sight, event time
 *
 * which is that of a match: what clears has a value and moves the key's newest event time, and is no sight. */

struct new_spec {
    struct node *new;
    int64_t learn_ms;
    int64_t forget_ms;
    int64_t limit;
    struct field_ref field;
};

#define AT(x) .offset = offsetof(struct new_spec, x)
static const struct setting settings[] = {
    { .name = "new",
      .type = SETTING_NODE,
      AT(new),
      .required = true,
      .shape = &shape_field,
      .help = "the field whose values are remembered" },
    { .name = "learn",
      .type = SETTING_DURATION,
      AT(learn_ms),
      .min = 0,
      .max = 366 * DAY_MS,
      .usual = "7d",
      .help = "how long values are taken as they come" },
    { .name = "forget",
      .type = SETTING_DURATION,
      AT(forget_ms),
      .min = MINUTE_MS,
      .max = 3660 * DAY_MS,
      .usual = "30d",
      .help = "after its last sight a value is new again" },
    { .name = "limit",
      .type = SETTING_INT,
      AT(limit),
      .min = 1,
      .max = 1000000,
      .usual = "10000",
      .help = "how many values the rule remembers" },
};
static const struct shape members = {
    SHAPE_OF(settings),
};

static void *parse_new(struct rule_reading *reading, const struct node *when)
{
    struct new_spec *spec = loader_alloc(reading->loader, 1, sizeof(*spec));

    if (!spec)
        return NULL;
    (void)loader_read_members(reading->loader, &members, when, spec);
    if (!spec->new)
        return spec;
    if (spec->new->type == NODE_SCALAR && slice_eq(spec->new->text, SLICE("shape")))
        node_problem(reading->loader->problems, spec->new,
                     "`new: shape` is not in this version of Vedette yet");
    else if (read_condition_field(reading, spec->new, &spec->field))
        reading->joins_key = spec->field.name;
    spec->new = NULL; /* nodes die */
    return spec;
}

static enum rc remember(const struct new_spec *wanted, const struct condition_input *input,
                        int64_t seen_ms, struct arena *arena, struct condition_result *result)
{
    struct buffer bytes;

    buffer_init(&bytes, 0);
    buffer_add_u64(&bytes, (uint64_t)seen_ms);
    result->due_ms = condition_due(input, seen_ms + wanted->forget_ms);
    return memory_keep(&bytes, arena, &result->state);
}

static enum rc fold_new(const void *spec, const struct condition_input *input, struct slice state,
                        struct arena *arena, struct condition_result *result)
{
    const struct new_spec *wanted = spec;
    struct slice rest = state;
    int64_t seen_ms = (int64_t)memory_take_u64(&rest);
    bool has_learnt = input->now_ms >= input->rule_since_ms + wanted->learn_ms;

    result->verdict = has_learnt && !state.len ? CONDITION_HOLDS : CONDITION_RESTS;
    result->count = 1;
    result->first_ms = input->time_ms;
    if (input->time_ms > seen_ms)
        seen_ms = input->time_ms;
    return remember(wanted, input, seen_ms, arena, result);
}

/* It is asked after each clear, too, since that moves the key's own time. */
static enum rc wake_new(const void *spec, const struct condition_input *input, struct slice state,
                        struct arena *arena, struct condition_result *result)
{
    const struct new_spec *wanted = spec;
    int64_t seen_ms = (int64_t)memory_take_u64(&state);

    result->verdict = CONDITION_RESTS;
    if (seen_ms + wanted->forget_ms > input->key_now_ms)
        return remember(wanted, input, seen_ms, arena, result);
    result->verdict = CONDITION_FORGETS;
    return RC_OK;
}

static enum rc rest_new(const void *spec, struct slice state, struct arena *arena,
                        struct slice *kept)
{
    (void)spec;
    (void)arena;
    *kept = state;
    return RC_OK;
}

static int64_t within_of_new(const void *spec)
{
    (void)spec;
    return 0;
}

static const char *new_judges_from(const void *spec, const struct condition_input *input,
                                   struct slice state, int64_t *from_ms)
{
    const struct new_spec *wanted = spec;

    (void)state;
    *from_ms = input->rule_since_ms + wanted->learn_ms;
    return input->now_ms < *from_ms ? "learning" : NULL;
}

static int64_t limit_of_new(const void *spec)
{
    const struct new_spec *wanted = spec;

    return wanted->limit;
}

const struct condition condition_new = {
    .name = "new",
    .members = &members,
    .parse = parse_new,
    .fold = fold_new,
    .wake = wake_new,
    .rest = rest_new,
    .within_ms = within_of_new,
    .judges_from = new_judges_from,
    .limit = limit_of_new,
    .learns = true,
    .folds_on = true,
    .match_is_trouble = true,
};
