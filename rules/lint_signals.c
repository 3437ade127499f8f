#include "rules/evaluation.h"
#include "rules/lint_private.h"

/* Rules about what other rules found: `on: vedette.signal, where: {rule: ID}`, or made of it, vedette.proposal. */

static bool may_name_either(struct slice on)
{
    const struct slice_list alone = { .items = &on, .n_items = 1 };

    return on_asks_for(&alone, DOOR_SIGNAL, SLICE("vedette.signal"), SLICE("vedette.signal")) ||
           on_asks_for(&alone, DOOR_SIGNAL, SLICE("vedette.proposal"), SLICE("vedette.proposal"));
}

/* Is nothing but signals and proposals asked for? A payload of somebody else's may be mapped to `rule` as well. */
static bool is_about_signals(const struct filter *filter)
{
    for (size_t i = 0; i < filter->on.n_items; i++) {
        struct slice on = filter->on.items[i];

        if (!may_name_either(on))
            return false;
    }
    return filter->on.n_items > 0;
}

/* NULL-ended; NULL when memory is out: then nothing is suggested. */
static const char **ids_of(struct lint *lint)
{
    const struct ruleset *set = lint->set;
    const char **ids = arena_alloc(lint->arena, set->n_rules + 1, sizeof(*ids));

    for (size_t i = 0; ids && i < set->n_rules; i++) {
        struct slice id = set->rules[i].id;

        ids[i] = arena_copy(lint->arena, id, &id) || slice_is_absent(id) ? "" : id.ptr;
    }
    return ids;
}

static void look_at_id(struct lint *lint, const struct clause *clause, struct slice id)
{
    const char **ids;
    const char *meant;

    if (ruleset_find(lint->set, id) || ruleset_may_have(lint->set, id))
        return;
    ids = ids_of(lint);
    meant = ids ? problem_did_you_mean(id, ids) : NULL;
    lint_warn(lint, clause->mark, "there is no rule `%.*s`, so nothing of it%s%s%s", SLICE_ARG(id),
              meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "");
}

static void look_at_test(struct lint *lint, const struct clause *clause, const struct test *test)
{
    if (test->kind == TEST_EQUALS)
        look_at_id(lint, clause, test->text);
    for (size_t i = 0; i < test->n_parts; i++)
        look_at_test(lint, clause, &test->parts[i]);
}

static void look_at_map(struct lint *lint, const struct where *where)
{
    for (size_t i = 0; i < where->n_clauses; i++) {
        const struct clause *clause = &where->clauses[i];

        if (clause->field.place == FIELD_OF_EVENT && clause->field.field == FIELD_RULE)
            look_at_test(lint, clause, &clause->test);
    }
    for (size_t i = 0; i < where->n_any; i++)
        look_at_map(lint, &where->any[i]);
    for (size_t i = 0; i < where->n_none; i++)
        look_at_map(lint, &where->none[i]);
}

/* -- `rule` of other events -- */

#define ONLY_SIGNALS                                                                               \
    "`rule` is a field of vedette.signal and vedette.proposal, which `on` does not name: "
#define OWN_RULE "a template has the rule's own name as {{rule}}"

static bool may_be_signal(const struct filter *filter)
{
    for (size_t i = 0; i < filter->on.n_items; i++) {
        if (may_name_either(filter->on.items[i]))
            return true;
    }
    return !filter->on.n_items;
}

/* May it hold where the field is absent? */
static bool allows_absence(const struct test *test)
{
    bool are_all = test->kind == TEST_ALL;

    if (test->kind == TEST_NOT || (test->kind == TEST_EXISTS && !test->exists))
        return true;
    for (size_t i = 0; i < test->n_parts; i++) {
        if (allows_absence(&test->parts[i]) != are_all)
            return !are_all;
    }
    return are_all;
}

static void look_for_rule(struct lint *lint, const struct where *where)
{
    for (size_t i = 0; i < where->n_clauses; i++) {
        const struct clause *clause = &where->clauses[i];

        if (clause->field.place == FIELD_OF_EVENT && clause->field.field == FIELD_RULE &&
            !allows_absence(&clause->test))
            lint_warn(lint, clause->mark, ONLY_SIGNALS "this clause never holds");
    }
    for (size_t i = 0; i < where->n_any; i++)
        look_for_rule(lint, &where->any[i]);
}

static void look_for_rule_in(struct lint *lint, const struct node *list,
                             const struct slice_list *names, const char *what)
{
    for (size_t i = 0; list && i < names->n_items; i++) {
        if (slice_eq(names->items[i], SLICE("rule")))
            lint_warn(lint, lint_mark_of(list, i),
                      ONLY_SIGNALS "an event has no such %s, so nothing matches; " OWN_RULE, what);
    }
}

void lint_rule_of_others(struct lint *lint, const struct rule *rule)
{
    const struct node *group = lint_member(rule, "group");
    const struct filter *filter;

    for (size_t n = 0; (filter = rule_filter(rule, n)); n++) {
        if (filter->where && !may_be_signal(filter))
            look_for_rule(lint, filter->where);
    }
    if (may_be_signal(&rule->filter) || rule->has_only_parts)
        return;
    look_for_rule_in(lint, lint_member(rule, "key"), &rule->key.names, "key");
    look_for_rule_in(lint, group ? node_find(group, "by") : NULL, &rule->group.by, "group");
}

/* -- rules that are not there -- */

void lint_unknown_rules(struct lint *lint, const struct rule *rule)
{
    const struct filter *filter;

    for (size_t n = 0; (filter = rule_filter(rule, n)); n++) {
        if (filter->where && is_about_signals(filter))
            look_at_map(lint, filter->where);
    }
}
