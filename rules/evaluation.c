#include "rules/evaluation.h"

#include "src/base/digest.h"

#include <string.h>

bool evaluation_is_noted(const struct evaluation *evaluation)
{
    return evaluation->gates != NULL;
}

void evaluation_note(struct evaluation *evaluation, struct slice name, bool passed,
                     struct slice wanted, struct slice saw)
{
    struct gate_list *gates = evaluation->gates;

    if (!gates)
        return;
    if (gates->n_items == gates->n_room) {
        size_t n_room = gates->n_room ? 2 * gates->n_room : 8;
        struct gate *items = arena_alloc(evaluation->arena, n_room, sizeof(*items));

        if (!items) {
            evaluation->out_of_memory = true;
            return;
        }
        if (gates->n_items)
            memcpy(items, gates->items, gates->n_items * sizeof(*items));
        gates->items = items;
        gates->n_room = n_room;
    }
    gates->items[gates->n_items++] = (struct gate){
        .name = name, .passed = passed, .wanted = wanted, .saw = event_field_cut(saw)
    };
}

/* -- patterns -- */

static void note_fault(struct evaluation *evaluation, const struct pattern *pattern)
{
    struct slice source = pattern_source(pattern);

    if (arena_format(evaluation->arena, &evaluation->fault, "%.*s: %s", SLICE_ARG(source),
                     pattern_error_text(evaluation->scratch)))
        evaluation->out_of_memory = true;
}

static void capture_groups(struct evaluation *evaluation, const struct pattern *pattern)
{
    for (size_t i = 0; !slice_is_absent(pattern_group(pattern, i)); i++) {
        struct slice value = pattern_captured(pattern, i, evaluation->scratch);

        if (captures_add(&evaluation->captures, pattern_group(pattern, i), value,
                         evaluation->arena))
            evaluation->out_of_memory = true;
    }
}

enum pattern_result evaluation_try(struct evaluation *evaluation, const struct pattern *pattern,
                                   struct slice subject)
{
    enum pattern_result result;
    int64_t started_ns;

    if (!evaluation->costs)
        return pattern_search(pattern, subject, evaluation->scratch);
    started_ns = evaluation->costs_ns();
    result = pattern_search(pattern, subject, evaluation->scratch);
    pattern_costs_add(evaluation->costs, pattern, evaluation->costs_ns() - started_ns);
    return result;
}

enum test_result evaluation_search(struct evaluation *evaluation, const struct pattern *pattern,
                                   struct slice subject, bool is_capturing)
{
    switch (evaluation_try(evaluation, pattern, subject)) {
    case PATTERN_NO_MATCH:
        return TEST_FAILED;
    case PATTERN_ERROR:
        note_fault(evaluation, pattern);
        return TEST_FAULTY;
    case PATTERN_MATCH:
        break;
    }
    if (is_capturing)
        capture_groups(evaluation, pattern);
    return TEST_HELD;
}

/* One of `patterns` is enough. */
static enum test_result search_any(struct evaluation *evaluation, struct pattern *const *patterns,
                                   size_t n_patterns, bool is_capturing)
{
    struct slice text = evaluation->event->fields[FIELD_TEXT];
    enum test_result best = TEST_FAILED;

    if (slice_is_absent(text))
        return TEST_FAILED;
    for (size_t i = 0; i < n_patterns; i++) {
        enum test_result result = evaluation_search(evaluation, patterns[i], text, is_capturing);

        if (result == TEST_HELD)
            return result;
        if (result == TEST_FAULTY)
            best = result;
    }
    return best;
}

/* -- filters -- */

bool on_asks_for(const struct slice_list *on, enum door door, struct slice kind, struct slice type)
{
    for (size_t i = 0; i < on->n_items; i++) {
        /* A glob like `*` asks for what watchers see, never for what Vedette says of itself. */
        if (door != DOOR_DATA && !slice_starts(on->items[i], SLICE("vedette.")))
            continue;
        if (slice_eq(kind, on->items[i]) || slice_matches_glob(kind, on->items[i]) ||
            slice_matches_glob(type, on->items[i]))
            return true;
    }
    return false;
}

static bool is_asked_for(const struct slice_list *on, const struct event *event)
{
    return on_asks_for(on, event->door, event->fields[FIELD_KIND], event->fields[FIELD_TYPE]);
}

bool rule_may_see(const struct rule *rule, const struct event *event)
{
    const struct filter *filter;

    for (size_t i = 0; (filter = rule_filter(rule, i)); i++) {
        if (is_asked_for(&filter->on, event))
            return true;
    }
    return false;
}

struct slice evaluation_join(struct evaluation *evaluation, const struct slice_list *parts,
                             const char *separator)
{
    struct slice joined = SLICE("");
    struct buffer text;

    buffer_init(&text, 0);
    for (size_t i = 0; i < parts->n_items; i++) {
        if (i)
            buffer_add_text(&text, separator);
        buffer_add(&text, parts->items[i]);
    }
    if (buffer_rc(&text) || arena_copy(evaluation->arena, buffer_slice(&text), &joined))
        evaluation->out_of_memory = true;
    buffer_free(&text);
    return joined;
}

static void note_on(struct evaluation *evaluation, const struct filter *filter, bool passed)
{
    const struct event *event = evaluation->event;
    struct slice saw[] = { event->fields[FIELD_KIND], event->fields[FIELD_TYPE] };
    struct slice_list both = { .items = saw, .n_items = 2 };

    if (evaluation_is_noted(evaluation))
        evaluation_note(evaluation, SLICE("on"), passed,
                        evaluation_join(evaluation, &filter->on, " "),
                        evaluation_join(evaluation, &both, " "));
}

static void note_patterns(struct evaluation *evaluation, struct slice name, bool passed,
                          struct pattern *const *patterns, size_t n_patterns)
{
    struct slice *sources;
    struct slice_list list;

    if (!evaluation_is_noted(evaluation))
        return;
    sources = arena_alloc(evaluation->arena, n_patterns, sizeof(*sources));
    if (!sources) {
        evaluation->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < n_patterns; i++)
        sources[i] = pattern_source(patterns[i]);
    list = (struct slice_list){ .items = sources, .n_items = n_patterns };
    evaluation_note(evaluation, name, passed, evaluation_join(evaluation, &list, " "),
                    evaluation->event->fields[FIELD_TEXT]);
}

static enum test_result match_holds(const struct filter *filter, struct evaluation *evaluation)
{
    enum test_result result;

    if (!filter->n_match)
        return TEST_HELD;
    result = search_any(evaluation, filter->match, filter->n_match, true);
    note_patterns(evaluation, SLICE("match"), result == TEST_HELD, filter->match, filter->n_match);
    return result;
}

static enum test_result ignore_holds(const struct filter *filter, struct evaluation *evaluation)
{
    enum test_result result;

    if (!filter->n_ignore)
        return TEST_HELD;
    result = search_any(evaluation, filter->ignore, filter->n_ignore, false);
    if (result != TEST_FAULTY)
        result = result == TEST_HELD ? TEST_FAILED : TEST_HELD;
    note_patterns(evaluation, SLICE("ignore"), result == TEST_HELD, filter->ignore,
                  filter->n_ignore);
    return result;
}

enum test_result filter_holds(const struct filter *filter, struct evaluation *evaluation)
{
    bool is_wanted = is_asked_for(&filter->on, evaluation->event);
    enum test_result result;

    note_on(evaluation, filter, is_wanted);
    if (!is_wanted)
        return TEST_FAILED;
    result = match_holds(filter, evaluation);
    if (result == TEST_HELD)
        result = ignore_holds(filter, evaluation);
    if (result == TEST_HELD && filter->where)
        result = where_holds(filter->where, evaluation);
    return result;
}

/* -- keys -- */

static struct slice get_for_template(void *context, struct slice name)
{
    struct evaluation *evaluation = context;
    struct field_ref ref;

    if (field_ref_make(name, evaluation->arena, &ref)) {
        evaluation->out_of_memory = true;
        return (struct slice){ 0 };
    }
    return field_ref_get(&ref, evaluation->event, &evaluation->captures, evaluation->arena);
}

static bool render_template(const struct rule_key *key, struct evaluation *evaluation,
                            struct slice *value, struct slice *absent)
{
    struct template_values values = { .get = get_for_template,
                                      .context = evaluation,
                                      .now_ms = evaluation->event->time_ms };
    struct buffer text;

    *absent = (struct slice){ 0 };
    buffer_init(&text, 0);
    template_render(key->template, &values, &text, absent);
    if (buffer_rc(&text) || arena_copy(evaluation->arena, buffer_slice(&text), value))
        evaluation->out_of_memory = true;
    if (slice_is_absent(*absent) && !text.len)
        *absent = template_source(key->template);
    buffer_free(&text);
    return slice_is_absent(*absent);
}

/* Into values[0 … n_values - 1]. What is there but empty would fold unlike things together, as what is absent. */
static bool get_values(const struct rule_key *key, struct evaluation *evaluation,
                       struct slice *values, struct slice *absent)
{
    if (key->template)
        return render_template(key, evaluation, &values[0], absent);
    for (size_t i = 0; i < key->names.n_items; i++) {
        values[i] = field_ref_get(&key->fields[i], evaluation->event, &evaluation->captures,
                                  evaluation->arena);
        if (!values[i].len) {
            *absent = key->names.items[i];
            return false;
        }
    }
    return true;
}

/* `parts`: the rule's id, then the key. */
static bool take_fingerprint(const struct slice *parts, size_t n_parts,
                             struct fingerprint *fingerprint)
{
    struct sha256 digest;

    if (sha256_of_parts(parts, n_parts, &digest))
        return false;
    memcpy(fingerprint->bytes, digest.bytes, sizeof(fingerprint->bytes));
    return true;
}

bool key_render(const struct rule *rule, const struct rule_key *key, struct evaluation *evaluation,
                struct match *match, struct slice *absent)
{
    size_t n_values = key->template ? 1 : key->names.n_items;
    struct slice *parts = arena_alloc(evaluation->arena, n_values + 1, sizeof(*parts));

    *absent = (struct slice){ 0 };
    if (!parts) {
        evaluation->out_of_memory = true;
        return false;
    }
    parts[0] = rule->id;
    if (!get_values(key, evaluation, parts + 1, absent))
        return false;
    if (!take_fingerprint(parts, n_values + 1, &match->fingerprint))
        evaluation->out_of_memory = true;
    for (size_t i = 1; i <= n_values; i++) {
        if (arena_copy(evaluation->arena, event_field_cut(parts[i]), &parts[i]))
            evaluation->out_of_memory = true;
    }
    match->key = (struct slice_list){ .items = parts + 1, .n_items = n_values };
    return !evaluation->out_of_memory;
}

enum rc match_of_key(const struct rule *rule, const struct slice_list *key, struct arena *arena,
                     struct match *match)
{
    struct slice *parts = arena_alloc(arena, key->n_items + 1, sizeof(*parts));

    if (!parts)
        return RC_NO_MEMORY;
    parts[0] = rule->id;
    for (size_t i = 0; i < key->n_items; i++)
        parts[i + 1] = key->items[i];
    *match = (struct match){ .rule = rule, .key = *key };
    return take_fingerprint(parts, key->n_items + 1, &match->fingerprint) ? RC_OK : RC_NO_MEMORY;
}

bool group_has_fields(const struct rule *rule, unsigned part, struct evaluation *evaluation,
                      struct slice *absent)
{
    const struct group_part *group = &rule->group;
    bool is_asked = part == (rule->has_only_parts ? PART_OF(0) : PART_OWN);

    for (size_t i = 0; is_asked && i < group->by.n_items; i++) {
        *absent = group->by.items[i];
        if (!field_ref_get(&group->by_fields[i], evaluation->event, &evaluation->captures,
                           evaluation->arena)
                 .len)
            return false;
    }
    return true;
}

bool rule_is_cleared(const struct rule *rule, struct evaluation *evaluation, struct match *match)
{
    struct slice absent;

    if (rule->clear.kind != CLEAR_BY_EVENT)
        return false;
    evaluation->captures = (struct captures){ 0 };
    if (filter_holds(&rule->clear.filter, evaluation) != TEST_HELD ||
        !key_render(rule, &rule->clear.key, evaluation, match, &absent))
        return false;
    match->rule = rule;
    match->clears = true;
    match->captures = evaluation->captures.items;
    match->n_captures = evaluation->captures.n_items;
    return true;
}
