#include "rules/evaluation.h"

static bool explain_key(const struct rule *rule, const struct rule_key *key,
                        struct evaluation *evaluation)
{
    struct match match = { 0 };
    struct slice absent;
    bool passed = key_render(rule, key, evaluation, &match, &absent);
    struct slice wanted = key->template ? template_source(key->template)
                                        : evaluation_join(evaluation, &key->names, ", ");

    if (passed)
        evaluation_note(evaluation, SLICE("key"), true, wanted,
                        evaluation_join(evaluation, &match.key, ", "));
    else
        evaluation_note(evaluation, SLICE("key"), false, absent, (struct slice){ 0 });
    return passed;
}

static bool explain_group(const struct rule *rule, unsigned part, struct evaluation *evaluation)
{
    struct slice absent;
    bool passed = group_has_fields(rule, part, evaluation, &absent);

    if (!passed)
        evaluation_note(evaluation, SLICE("group"), false, absent, (struct slice){ 0 });
    else if (rule->group.is_there)
        evaluation_note(evaluation, SLICE("group"), true,
                        evaluation_join(evaluation, &rule->group.by, ", "), (struct slice){ 0 });
    return passed;
}

/* It is looked for first: an event that clears is never a match. */
static bool explain_clear(const struct rule *rule, struct evaluation *evaluation)
{
    struct gate_list *gates = evaluation->gates;
    struct match match = { 0 };
    bool clears;

    evaluation->gates = NULL;
    clears = rule_is_cleared(rule, evaluation, &match);
    evaluation->gates = gates;
    evaluation->captures = (struct captures){ 0 };
    if (clears)
        evaluation_note(evaluation, SLICE("clear"), false,
                        SLICE("an event that does not end the signal"),
                        SLICE("it clears the signal of its key"));
    return clears;
}

static bool explain_filter(const struct rule *rule, const struct filter *filter,
                           const struct rule_key *key, unsigned part, struct evaluation *evaluation)
{
    evaluation->captures = (struct captures){ 0 };
    return filter_holds(filter, evaluation) == TEST_HELD && explain_key(rule, key, evaluation) &&
           explain_group(rule, part, evaluation);
}

/* Its gates say whose they are: when.sequence[1].where.state. */
static bool explain_part(const struct rule *rule, const struct rule_part *part,
                         struct evaluation *evaluation)
{
    struct gate_list *gates = evaluation->gates;
    size_t n_before = gates->n_items;
    bool passed =
        explain_filter(rule, &part->filter, &part->key, PART_OF(part - rule->parts), evaluation);

    for (size_t i = n_before; i < gates->n_items; i++) {
        struct slice *name = &gates->items[i].name;

        if (arena_format(evaluation->arena, name, "%.*s.%.*s", SLICE_ARG(part->name),
                         SLICE_ARG(*name)))
            evaluation->out_of_memory = true;
    }
    return passed;
}

/* It is a match when it passes any of the filters. Those that say more of a match are not asked where there is none. */
static bool explain_filters(const struct rule *rule, struct evaluation *evaluation)
{
    bool matched = !rule->has_only_parts &&
                   explain_filter(rule, &rule->filter, &rule->key, PART_OWN, evaluation);

    if (rule->parts_qualify && !matched)
        return false;
    for (size_t i = 0; i < rule->n_parts; i++)
        matched = explain_part(rule, &rule->parts[i], evaluation) || matched;
    return matched;
}

/* It matches all the same: what the event says there is not what the condition goes by. */
static void explain_misread(const struct rule *rule, struct evaluation *evaluation)
{
    const struct condition *condition = rule->condition;
    const struct condition_input input = { .event = evaluation->event,
                                           .captures = evaluation->captures };
    struct slice said = { 0 }, saw;

    if (condition && condition->misreads)
        said = condition->misreads(rule->condition_spec, &input, evaluation->arena);
    if (slice_is_absent(said))
        return;
    if (arena_format(evaluation->arena, &saw, "%.*s, which counts as %s",
                     SLICE_ARG(event_field_cut(said)), condition->misread_taken))
        evaluation->out_of_memory = true;
    else
        evaluation_note(evaluation, slice_of(condition->misread_name), true,
                        slice_of(condition->misread_wanted), saw);
}

enum rc match_explain(struct matcher *matcher, const struct rule *rule, const struct event *event,
                      struct arena *arena, struct gate **gates, size_t *n_gates, bool *matched)
{
    struct gate_list list = { 0 };
    struct evaluation evaluation = {
        .event = event, .scratch = matcher->scratch, .arena = arena, .gates = &list
    };

    *matched = !explain_clear(rule, &evaluation) && explain_filters(rule, &evaluation);
    if (*matched)
        explain_misread(rule, &evaluation);
    if (evaluation.out_of_memory)
        return RC_NO_MEMORY;
    *gates = list.items;
    *n_gates = list.n_items;
    return RC_OK;
}

/* --- how near it came --- */

static bool is_named(const struct gate *gate, struct slice name)
{
    struct slice end = gate->name;

    if (end.len > name.len && end.ptr[end.len - name.len - 1] == '.')
        end = (struct slice){ end.ptr + end.len - name.len, name.len };
    return slice_eq(end, name);
}

/* Of one filter: from its `on` up to the next. */
struct nearness {
    size_t n_missed;
    const struct gate *first;
};

static void miss(struct nearness *filter, const struct gate *gate)
{
    if (is_named(gate, SLICE("on")) || is_named(gate, SLICE("match")))
        filter->n_missed = GATES_FAR;
    else if (filter->n_missed != GATES_FAR && !filter->n_missed++)
        filter->first = gate;
}

static struct nearness find_nearest(const struct gate *gates, size_t n_gates)
{
    struct nearness nearest = { .n_missed = GATES_FAR }, filter = { .n_missed = GATES_FAR };

    for (size_t i = 0; i < n_gates; i++) {
        if (is_named(&gates[i], SLICE("on"))) {
            if (filter.n_missed < nearest.n_missed)
                nearest = filter;
            filter = (struct nearness){ 0 };
        }
        if (!gates[i].passed)
            miss(&filter, &gates[i]);
    }
    return filter.n_missed < nearest.n_missed ? filter : nearest;
}

size_t gates_missed(const struct gate *gates, size_t n_gates)
{
    return find_nearest(gates, n_gates).n_missed;
}

const struct gate *gates_first_missed(const struct gate *gates, size_t n_gates)
{
    const struct nearness nearest = find_nearest(gates, n_gates);

    return nearest.n_missed == GATES_FAR ? NULL : nearest.first;
}

bool gates_clear(const struct gate *gates, size_t n_gates)
{
    return n_gates == 1 && !gates[0].passed && slice_eq(gates[0].name, SLICE("clear"));
}
