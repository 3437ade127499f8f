#include "rules/equalities.h"

#include "rules/where.h"

#include <stdlib.h>

/* What one rule asks of one field: values[first … first + n_values - 1]; none where it is never ruled out. */
struct equality {
    uint32_t first;
    uint16_t n_values;
    uint8_t field;
    bool may_be_filled; /* by a capture, where the event does not say it */
};

struct equalities {
    struct equality *rules; /* one each */
    uint64_t *values;       /* hashes */
};

/* FNV-1a (RFC draft-eastlake-fnv), begun with the field so that equal values of two fields differ. */
static uint64_t hash_of(enum event_field field, struct slice text)
{
    uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ field) * UINT64_C(0x100000001b3);

    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* -- clauses that ask for equality -- */

static bool is_equality(const struct test *test)
{
    if (test->kind != TEST_ANY)
        return test->kind == TEST_EQUALS;
    for (size_t i = 0; i < test->n_parts; i++) {
        if (test->parts[i].kind != TEST_EQUALS)
            return false;
    }
    return test->n_parts > 0;
}

/* Texts of lines are for the prefilter, and long. */
static bool asks_by_equality(const struct clause *clause)
{
    return clause->field.place == FIELD_OF_EVENT && clause->field.field != FIELD_TEXT &&
           is_equality(&clause->test);
}

static const struct clause *find_clause(const struct filter *filter, enum event_field field)
{
    for (size_t i = 0; filter->where && i < filter->where->n_clauses; i++) {
        const struct clause *clause = &filter->where->clauses[i];

        if (asks_by_equality(clause) && clause->field.field == field)
            return clause;
    }
    return NULL;
}

static size_t count_values(const struct clause *clause)
{
    return clause->test.kind == TEST_EQUALS ? 1 : clause->test.n_parts;
}

static uint64_t value_at(const struct clause *clause, size_t i)
{
    const struct test *test =
        clause->test.kind == TEST_EQUALS ? &clause->test : &clause->test.parts[i];

    return hash_of(clause->field.field, test->text);
}

/* Perhaps: some clause or pattern of it may have named groups. */
static bool may_capture(const struct filter *filter)
{
    const struct where *where = filter->where;

    if (filter->n_match || (where && where->n_any))
        return true;
    for (size_t i = 0; where && i < where->n_clauses; i++) {
        const struct test *test = &where->clauses[i].test;

        if (test->kind == TEST_MATCHES || test->kind == TEST_SOME ||
            (test->n_parts && !is_equality(test)))
            return true;
    }
    return false;
}

/* -- which of a rule's fields -- */

/* All values of all equality clauses of the set, each as often as it is asked for. */
struct census {
    uint64_t *values; /* sorted */
    size_t n_values;
};

static size_t each_value(const struct ruleset *set, uint64_t *values)
{
    const struct filter *filter;
    size_t n = 0;

    for (size_t i = 0; i < set->n_rules; i++) {
        for (size_t f = 0; (filter = rule_filter(&set->rules[i], f)); f++) {
            for (size_t c = 0; filter->where && c < filter->where->n_clauses; c++) {
                const struct clause *clause = &filter->where->clauses[c];
                size_t n_values = asks_by_equality(clause) ? count_values(clause) : 0;

                for (size_t v = 0; values && v < n_values; v++)
                    values[n + v] = value_at(clause, v);
                n += n_values;
            }
        }
    }
    return n;
}

static int compare_values(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

static size_t first_not_below(const struct census *census, uint64_t value)
{
    size_t low = 0, high = census->n_values;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (census->values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t times_asked(const struct census *census, uint64_t value)
{
    size_t end = value == UINT64_MAX ? census->n_values : first_not_below(census, value + 1);

    return end - first_not_below(census, value);
}

/* How often the values that the rule asks of the field are asked for by anybody; SIZE_MAX where one of its filters does not ask for the field. */
static size_t cost_of(const struct census *census, const struct rule *rule, enum event_field field)
{
    const struct filter *filter;
    size_t cost = 0;

    for (size_t i = 0; (filter = rule_filter(rule, i)); i++) {
        const struct clause *clause = find_clause(filter, field);

        if (!clause)
            return SIZE_MAX;
        for (size_t v = 0; v < count_values(clause); v++)
            cost += times_asked(census, value_at(clause, v));
    }
    return cost ? cost : SIZE_MAX;
}

/* EVENT_N_FIELDS: none of them serves. */
static enum event_field choose_field(const struct census *census, const struct rule *rule)
{
    enum event_field chosen = EVENT_N_FIELDS;
    size_t least = SIZE_MAX;

    for (int i = 0; i < EVENT_N_FIELDS; i++) {
        size_t cost = cost_of(census, rule, (enum event_field)i);

        if (cost >= least)
            continue;
        least = cost;
        chosen = (enum event_field)i;
    }
    return chosen;
}

static void take_values(struct equalities *made, size_t *n_taken, const struct rule *rule,
                        enum event_field field, struct equality *equality)
{
    const struct filter *filter;
    const size_t first = *n_taken;

    for (size_t i = 0; (filter = rule_filter(rule, i)); i++) {
        const struct clause *clause = find_clause(filter, field);

        for (size_t v = 0; v < count_values(clause); v++)
            made->values[(*n_taken)++] = value_at(clause, v);
        equality->may_be_filled |= clause->field.may_be_filled && may_capture(filter);
    }
    if (*n_taken - first > UINT16_MAX || first > UINT32_MAX)
        return; /* it is tried always */
    equality->first = (uint32_t)first;
    equality->n_values = (uint16_t)(*n_taken - first);
    equality->field = (uint8_t)field;
}

static void choose_fields(const struct ruleset *set, const struct census *census,
                          struct equalities *made)
{
    size_t n_taken = 0;

    for (size_t i = 0; i < set->n_rules; i++) {
        enum event_field field = choose_field(census, &set->rules[i]);

        if (field < EVENT_N_FIELDS)
            take_values(made, &n_taken, &set->rules[i], field, &made->rules[i]);
    }
}

enum rc equalities_new(const struct ruleset *set, struct equalities **equalities)
{
    struct equalities *made = arena_alloc(set->arena, 1, sizeof(*made));
    struct census census = { .n_values = each_value(set, NULL) };

    if (!made)
        return RC_NO_MEMORY;
    made->rules = arena_alloc(set->arena, set->n_rules, sizeof(*made->rules));
    made->values = arena_alloc(set->arena, census.n_values, sizeof(*made->values));
    census.values = calloc(census.n_values + 1, sizeof(*census.values));
    if (!made->rules || !made->values || !census.values) {
        free(census.values);
        return RC_NO_MEMORY;
    }
    (void)each_value(set, census.values);
    qsort(census.values, census.n_values, sizeof(*census.values), compare_values);
    choose_fields(set, &census, made);
    free(census.values);
    *equalities = made;
    return RC_OK;
}

/* -- one event -- */

static uint64_t said_hash(struct said_fields *said, enum event_field field)
{
    if (!said->is_hashed[field]) {
        said->hashes[field] = hash_of(field, said->event->fields[field]);
        said->is_hashed[field] = true;
    }
    return said->hashes[field];
}

bool equalities_rule_out(const struct equalities *equalities, size_t index,
                         struct said_fields *said)
{
    const struct equality *equality = equalities ? &equalities->rules[index] : NULL;
    uint64_t hash;

    if (!equality || !equality->n_values)
        return false;
    if (slice_is_absent(said->event->fields[equality->field]))
        return !equality->may_be_filled;
    hash = said_hash(said, (enum event_field)equality->field);
    for (size_t i = 0; i < equality->n_values; i++) {
        if (equalities->values[equality->first + i] == hash)
            return false;
    }
    return true;
}
