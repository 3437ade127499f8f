#include "rules/lint_private.h"

/* Clauses that nothing can satisfy. Only of fields that have one value at a time: of `[*]` each element may satisfy another clause. */

#define PARTS_MAX 32 /* that are looked at together; of more nothing is told */

/* All that is asked of one field at the same time. */
struct demand {
    const struct test *parts[PARTS_MAX];
    size_t n_parts;
    bool is_whole; /* all of it is in `parts` */
};

static void add_parts(struct demand *demand, const struct test *test)
{
    if (test->kind == TEST_ALL) {
        for (size_t i = 0; i < test->n_parts; i++)
            add_parts(demand, &test->parts[i]);
    } else if (demand->n_parts < PARTS_MAX) {
        demand->parts[demand->n_parts++] = test;
    } else {
        demand->is_whole = false;
    }
}

/* -- words -- */

/* Does it hold for some words alone, so that `text` not being one of them means that it does not hold? */
static bool is_of_words(const struct test *test)
{
    if (test->kind == TEST_EQUALS)
        return true;
    for (size_t i = 0; test->kind == TEST_ANY && i < test->n_parts; i++) {
        if (!is_of_words(&test->parts[i]))
            return false;
    }
    return test->kind == TEST_ANY && test->n_parts;
}

static bool has_word(const struct test *test, struct slice text)
{
    if (test->kind == TEST_EQUALS)
        return slice_eq(test->text, text);
    for (size_t i = 0; i < test->n_parts; i++) {
        if (has_word(&test->parts[i], text))
            return true;
    }
    return false;
}

/* Is the word refused by one of the parts? */
static bool is_refused(const struct demand *demand, struct slice text)
{
    for (size_t i = 0; i < demand->n_parts; i++) {
        const struct test *part = demand->parts[i];

        if (is_of_words(part) && !has_word(part, text))
            return true;
        if (part->kind == TEST_NOT && is_of_words(&part->parts[0]) &&
            has_word(&part->parts[0], text))
            return true;
    }
    return false;
}

static bool are_all_refused(const struct demand *demand, const struct test *words)
{
    if (words->kind == TEST_EQUALS)
        return is_refused(demand, words->text);
    for (size_t i = 0; i < words->n_parts; i++) {
        if (!are_all_refused(demand, &words->parts[i]))
            return false;
    }
    return true;
}

static bool has_no_word_left(const struct demand *demand)
{
    for (size_t i = 0; i < demand->n_parts; i++) {
        if (is_of_words(demand->parts[i]) && are_all_refused(demand, demand->parts[i]))
            return true;
    }
    return false;
}

/* -- bounds -- */

static bool is_lower(const struct test *test)
{
    return test->comparison == COMPARE_GT || test->comparison == COMPARE_GE;
}

static bool is_strict(const struct test *test)
{
    return test->comparison == COMPARE_GT || test->comparison == COMPARE_LT;
}

static bool leave_nothing(const struct test *lower, const struct test *upper)
{
    int order = quantity_compare(&lower->bound, &upper->bound);

    return order > 0 || (order == 0 && (is_strict(lower) || is_strict(upper)));
}

/* There is nothing above critical and nothing below low. */
static bool is_beyond_severities(const struct test *test)
{
    const char *last = is_lower(test) ? "critical" : "low";
    struct quantity end;

    return test->unit == BOUND_SEVERITY && is_strict(test) &&
           !bound_parse(BOUND_SEVERITY, slice_of(last), &end) &&
           quantity_compare(&test->bound, &end) == 0;
}

static bool has_no_room(const struct demand *demand)
{
    for (size_t i = 0; i < demand->n_parts; i++) {
        const struct test *one = demand->parts[i];

        if (one->kind == TEST_COMPARES && is_beyond_severities(one))
            return true;
        for (size_t j = 0; one->kind == TEST_COMPARES && is_lower(one) && j < demand->n_parts;
             j++) {
            const struct test *other = demand->parts[j];

            if (other->kind == TEST_COMPARES && !is_lower(other) && other->unit == one->unit &&
                leave_nothing(one, other))
                return true;
        }
    }
    return false;
}

/* -- being there -- */

static bool asks_to_be_there(const struct test *test)
{
    return test->kind != TEST_NOT && test->kind != TEST_ANY && test->kind != TEST_ALL &&
           (test->kind != TEST_EXISTS || test->exists);
}

static bool is_asked_to_be_and_not_to_be(const struct demand *demand)
{
    bool is_there = false, is_absent = false;

    for (size_t i = 0; i < demand->n_parts; i++) {
        const struct test *part = demand->parts[i];

        is_absent |= part->kind == TEST_EXISTS && !part->exists;
        is_there |= asks_to_be_there(part) || (part->kind == TEST_ANY && is_of_words(part));
    }
    return is_there && is_absent;
}

/* -- maps of clauses -- */

/* The maps around the one that is looked at: all of them hold as well. */
struct around {
    const struct where *where;
    const struct around *outer;
};

static bool has_many_values(const struct clause *clause)
{
    size_t offset;

    return !slice_find(clause->field.name, SLICE("[*]"), &offset);
}

static const struct clause *find_clause(const struct where *where, struct slice field)
{
    for (size_t i = 0; i < where->n_clauses; i++) {
        if (slice_eq(where->clauses[i].field.name, field))
            return &where->clauses[i];
    }
    return NULL;
}

static bool cannot_hold(const struct demand *demand)
{
    return demand->is_whole && (has_no_word_left(demand) || has_no_room(demand) ||
                                is_asked_to_be_and_not_to_be(demand));
}

static void look_at_clause(struct lint *lint, const struct clause *clause,
                           const struct around *outer)
{
    struct demand demand = { .is_whole = true };

    if (has_many_values(clause))
        return;
    add_parts(&demand, &clause->test);
    if (cannot_hold(&demand)) {
        lint_warn(lint, clause->mark,
                  "no `%.*s` is all of %.*s: this clause never holds; where one of them is enough, "
                  "write a list",
                  SLICE_ARG(clause->field.name), SLICE_ARG(clause->wanted));
        return;
    }
    for (; outer; outer = outer->outer) {
        const struct clause *other = find_clause(outer->where, clause->field.name);

        if (!other)
            continue;
        add_parts(&demand, &other->test);
        if (cannot_hold(&demand)) {
            lint_warn(lint, clause->mark,
                      "no `%.*s` is both %.*s and, as line %u asks, %.*s: these clauses never hold "
                      "together; take one of them out",
                      SLICE_ARG(clause->field.name), SLICE_ARG(clause->wanted), other->mark.line,
                      SLICE_ARG(other->wanted));
            return;
        }
    }
}

static bool are_all_among(const struct test *words, const struct test *more)
{
    if (words->kind == TEST_EQUALS)
        return has_word(more, words->text);
    for (size_t i = 0; i < words->n_parts; i++) {
        if (!are_all_among(&words->parts[i], more))
            return false;
    }
    return true;
}

/* Does what holds around it make the clause hold? */
static bool is_implied(const struct clause *clause, const struct around *outer)
{
    if (has_many_values(clause) || !is_of_words(&clause->test))
        return false;
    for (; outer; outer = outer->outer) {
        const struct clause *other = find_clause(outer->where, clause->field.name);

        if (other && is_of_words(&other->test) && are_all_among(&other->test, &clause->test))
            return true;
    }
    return false;
}

static void look_at_none(struct lint *lint, const struct where *none, const struct around *outer)
{
    for (size_t i = 0; i < none->n_clauses; i++) {
        if (!is_implied(&none->clauses[i], outer))
            return;
    }
    if (none->n_clauses && !none->n_any && !none->n_none)
        lint_warn(lint, none->clauses[0].mark,
                  "`none` refuses all that the clauses around it ask for: nothing matches; take it "
                  "out, or name in it what is to be left out");
}

static void look_at_map(struct lint *lint, const struct where *where, const struct around *outer)
{
    const struct around here = { .where = where, .outer = outer };

    for (size_t i = 0; i < where->n_clauses; i++)
        look_at_clause(lint, &where->clauses[i], outer);
    for (size_t i = 0; i < where->n_any; i++)
        look_at_map(lint, &where->any[i], &here);
    for (size_t i = 0; i < where->n_none; i++) {
        look_at_map(lint, &where->none[i], NULL);
        look_at_none(lint, &where->none[i], &here);
    }
}

/* -- levels -- */

/* Of other kinds it is whatever a mapping makes of it. */
static bool is_about_runs(const struct filter *filter)
{
    for (size_t i = 0; i < filter->on.n_items; i++) {
        if (!slice_eq(filter->on.items[i], SLICE("ci.run")))
            return false;
    }
    return filter->on.n_items > 0;
}

static void look_at_levels_of(struct lint *lint, const struct clause *clause,
                              const struct test *test)
{
    static const char *const levels[] = { "run", "job", "check", NULL };
    int level;

    if (test->kind == TEST_EQUALS && slice_to_enum(test->text, levels, &level))
        lint_warn(lint, clause->mark,
                  "`level` of a ci.run is never `%.*s`, but one of run job check; the sender's own "
                  "words stay under data.",
                  SLICE_ARG(test->text));
    for (size_t i = 0; i < test->n_parts; i++)
        look_at_levels_of(lint, clause, &test->parts[i]);
}

static void look_at_levels(struct lint *lint, const struct where *where)
{
    for (size_t i = 0; i < where->n_clauses; i++) {
        const struct clause *clause = &where->clauses[i];

        if (clause->field.place == FIELD_OF_EVENT && clause->field.field == FIELD_LEVEL)
            look_at_levels_of(lint, clause, &clause->test);
    }
    for (size_t i = 0; i < where->n_any; i++)
        look_at_levels(lint, &where->any[i]);
    for (size_t i = 0; i < where->n_none; i++)
        look_at_levels(lint, &where->none[i]);
}

void lint_contradictions(struct lint *lint, const struct rule *rule)
{
    const struct filter *filter;

    for (size_t n = 0; (filter = rule_filter(rule, n)); n++) {
        if (filter->where)
            look_at_map(lint, filter->where, NULL);
        if (filter->where && is_about_runs(filter))
            look_at_levels(lint, filter->where);
    }
}

/* -- kinds -- */

/* Kinds by their names, so that each event is of one of them. */
static bool are_kinds(const struct slice_list *on)
{
    for (size_t i = 0; i < on->n_items; i++) {
        int kind;

        if (slice_to_enum(on->items[i], event_kinds, &kind))
            return false;
    }
    return on->n_items > 0;
}

static bool has_kind_of(const struct test *test, const struct slice_list *on)
{
    for (size_t i = 0; i < on->n_items; i++) {
        if (has_word(test, on->items[i]))
            return true;
    }
    return false;
}

static void look_at_kind(struct lint *lint, const struct filter *filter)
{
    const struct clause *clause = filter->where ? find_clause(filter->where, SLICE("kind")) : NULL;

    if (clause && are_kinds(&filter->on) && is_of_words(&clause->test) &&
        !has_kind_of(&clause->test, &filter->on))
        lint_warn(lint, clause->mark,
                  "no event that `on` names is of the kind %.*s: this clause never holds; `on` is "
                  "where kinds are asked for",
                  SLICE_ARG(clause->wanted));
}

void lint_kinds(struct lint *lint, const struct rule *rule)
{
    const struct filter *filter;

    for (size_t n = 0; (filter = rule_filter(rule, n)); n++)
        look_at_kind(lint, filter);
}
