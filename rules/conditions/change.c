#include "rules/conditions/conditions.h"

#include "rules/conditions/value.h"
#include "rules/conditions/window.h"
#include "rules/loader.h"

/* {change: FIELD}, with {from: VALUES} and {to: VALUES}: true when the value differs from the last one. A first sight is a change as well, unless `from` asks for the value
 * before. A match that does not say the value is passed over; of `state`, so is `info`.
 *
 * Its memory outlives episodes: a window (window.h) of one entry, the newest value by event time. What is older than that changes nothing. */

struct values {
    uint64_t *digests;
    size_t n_items; /* 0: any value */
};

struct change_spec {
    struct value_field field; /* first: value_weigh */
    struct node *change, *from, *to;
    struct values from_values;
    struct values to_values;
};

#define AT(x) .offset = offsetof(struct change_spec, x)
static const struct setting settings[] = {
    { .name = "change",
      .type = SETTING_NODE,
      AT(change),
      .required = true,
      .shape = &shape_field,
      .help = "the field whose value changes" },
    { .name = "from",
      .type = SETTING_NODE,
      AT(from),
      .shape = &shape_texts,
      .help = "the value before: one, or a list of them" },
    { .name = "to",
      .type = SETTING_NODE,
      AT(to),
      .shape = &shape_texts,
      .help = "the value after: one, or a list of them" },
};
static const struct shape members = {
    SHAPE_OF(settings),
};

/* -- from, to -- */

static const char *const states[] = { "failing", "ok", NULL };

static const char *what_is(const struct node *node)
{
    if (node->type != NODE_SCALAR)
        return node_type_text(node);
    return node->is_null ? "nothing" : "a pattern";
}

/* Of `state`, `info` is passed over, and there is no other: what is neither could never come true. */
static bool is_possible(struct rule_reading *reading, const struct value_field *field,
                        const struct node *scalar)
{
    const char *meant;
    int state;

    if (!field->passes_info || !slice_to_enum(scalar->text, states, &state))
        return true;
    meant = problem_did_you_mean(scalar->text, states);
    node_problem(reading->loader->problems, scalar,
                 "`state` changes between `failing` and `ok`, never to `%.*s`%s%s%s",
                 SLICE_ARG(scalar->text), meant ? "; did you mean `" : "", meant ? meant : "",
                 meant ? "`?" : "");
    return false;
}

/* Of a member that is a number all ways to write it are one value; absent where the rule writes it as its text is. */
static struct slice number_of(const struct value_field *field, const struct node *scalar,
                              char *room)
{
    struct slice number = node_number_text(scalar, room);

    if (field->field.place != FIELD_OF_DATA || slice_is_absent(number) ||
        slice_eq(number, scalar->text))
        return (struct slice){ 0 };
    return number;
}

static void add_value(struct rule_reading *reading, struct slice text, struct values *values)
{
    if (value_digest_of(text, &values->digests[values->n_items++]))
        reading->loader->rc = RC_NO_MEMORY;
}

static void read_word(struct rule_reading *reading, const struct value_field *field,
                      const struct node *scalar, struct values *values)
{
    char room[JSON_NUMBER_TEXT_BYTES];
    struct slice number = number_of(field, scalar, room);

    if (scalar->type != NODE_SCALAR || scalar->is_null || node_is_pattern(scalar))
        node_problem(reading->loader->problems, scalar,
                     "`from` and `to` name values, one or a list of them, not %s", what_is(scalar));
    else if (is_possible(reading, field, scalar)) {
        add_value(reading, scalar->text, values);
        if (!slice_is_absent(number))
            add_value(reading, number, values);
    }
}

static void read_values(struct rule_reading *reading, const struct value_field *field,
                        const struct node *node, struct values *values)
{
    bool is_list = node->type == NODE_LIST;

    values->digests =
        loader_alloc(reading->loader, 2 * (is_list ? node->n_items : 1), sizeof(*values->digests));
    if (!values->digests)
        return;
    if (!is_list)
        read_word(reading, field, node, values);
    else if (!node->n_items)
        node_problem(reading->loader->problems, node, "an empty list of values: nothing is in it");
    for (size_t i = 0; is_list && i < node->n_items; i++)
        read_word(reading, field, node->items[i], values);
}

static bool are_all(const struct values *values, uint64_t digest)
{
    for (size_t i = 0; i < values->n_items; i++) {
        if (values->digests[i] != digest)
            return false;
    }
    return values->n_items > 0;
}

/* What differs from the value before cannot be the only one that it may have been. */
static void check_differ(struct rule_reading *reading, const struct change_spec *spec)
{
    const struct node *only = spec->to;

    if (!spec->from_values.n_items || !are_all(&spec->from_values, spec->from_values.digests[0]) ||
        !are_all(&spec->to_values, spec->from_values.digests[0]))
        return;
    if (only->type == NODE_LIST)
        only = only->items[0];
    node_problem(reading->loader->problems, only,
                 "from `%.*s` to `%.*s` nothing changes: this would never come true",
                 SLICE_ARG(only->text), SLICE_ARG(only->text));
}

static void *parse_change(struct rule_reading *reading, const struct node *when)
{
    struct change_spec *spec = loader_alloc(reading->loader, 1, sizeof(*spec));

    if (!spec)
        return NULL;
    (void)loader_read_members(reading->loader, &members, when, spec);
    if (spec->change)
        (void)read_changing_field(reading, spec->change, &spec->field);
    if (spec->from)
        read_values(reading, &spec->field, spec->from, &spec->from_values);
    if (spec->to)
        read_values(reading, &spec->field, spec->to, &spec->to_values);
    check_differ(reading, spec);
    spec->change = spec->from = spec->to = NULL; /* nodes die */
    return spec;
}

/* -- a match -- */

static bool has_value(const struct values *values, uint64_t digest)
{
    for (size_t i = 0; i < values->n_items; i++) {
        if (values->digests[i] == digest)
            return true;
    }
    return !values->n_items;
}

/* `before`: without an entry nothing was seen yet. */
static bool is_wanted(const struct change_spec *spec, const struct window *before, uint64_t digest)
{
    if (!before->n_entries)
        return !spec->from_values.n_items && has_value(&spec->to_values, digest);
    return before->entries[0].value != digest &&
           has_value(&spec->from_values, before->entries[0].value) &&
           has_value(&spec->to_values, digest);
}

/* Gives the memory with what the event says, and whether that is what the rule is about. */
static enum rc see(const struct change_spec *spec, const struct condition_input *input,
                   struct slice state, struct arena *arena, struct slice *seen, bool *changed)
{
    struct slice rest = state;
    struct window last;
    uint64_t digest;
    enum rc rc = value_digest(&spec->field, input, arena, &digest);

    *seen = state;
    *changed = false;
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = window_take(&rest, arena, &last);
    if (rc || (last.n_entries && input->time_ms < last.entries[0].time_ms))
        return rc;
    *changed = is_wanted(spec, &last, digest);
    last.n_entries = 0;
    (void)window_add(&last, input->time_ms, digest);
    return window_store(&last, arena, seen);
}

static enum rc fold_change(const void *spec, const struct condition_input *input,
                           struct slice state, struct arena *arena, struct condition_result *result)
{
    bool changed;
    enum rc rc = see(spec, input, state, arena, &result->state, &changed);

    if (rc || !changed)
        return rc;
    result->verdict = CONDITION_HOLDS;
    result->count = 1;
    result->first_ms = input->time_ms;
    return RC_OK;
}

static enum rc note_change(const void *spec, const struct condition_input *input,
                           struct slice state, struct arena *arena, struct slice *noted)
{
    bool changed;

    return see(spec, input, state, arena, noted, &changed);
}

static enum rc rest_change(const void *spec, struct slice state, struct arena *arena,
                           struct slice *kept)
{
    (void)spec;
    (void)arena;
    *kept = state;
    return RC_OK;
}

static int64_t within_of_change(const void *spec)
{
    (void)spec;
    return 0;
}

const struct condition condition_change = {
    .name = "change",
    .members = &members,
    .parse = parse_change,
    .fold = fold_change,
    .rest = rest_change,
    .note = note_change,
    .weigh = value_weigh,
    .within_ms = within_of_change,
    .folds_on = true,
};
