#include "rules/where.h"

#include "rules/evaluation.h"
#include "src/base/clock.h"
#include "src/store/signals.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX_BYTES 64

/* -- bounds -- */

static enum rc parse_number(struct slice text, double *value)
{
    char digits[NUMBER_MAX_BYTES + 1];
    char *end;

    if (text.len == 0 || text.len > NUMBER_MAX_BYTES)
        return RC_INVALID;
    /* strtod also takes "inf", "0x1p3" and blanks, which are no numbers here. */
    for (size_t i = 0; i < text.len; i++) {
        if (!text.ptr[i] || !strchr("0123456789+-.eE", text.ptr[i]))
            return RC_INVALID;
    }
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    *value = strtod(digits, &end);
    return *end ? RC_INVALID : RC_OK;
}

static enum rc parse_duration(struct slice text, double *value)
{
    int64_t duration_ms;
    enum rc rc = duration_parse(text, &duration_ms);

    if (!rc)
        *value = (double)duration_ms;
    return rc;
}

/* Payloads count bytes without a unit. */
static enum rc parse_size(struct slice text, double *value)
{
    int64_t bytes;

    if (size_parse(text, &bytes))
        return parse_number(text, value);
    *value = (double)bytes;
    return RC_OK;
}

static enum rc parse_severity(struct slice text, double *value)
{
    int severity;
    enum rc rc = slice_to_enum(text, severity_names, &severity);

    if (!rc)
        *value = severity;
    return rc ? RC_INVALID : RC_OK;
}

static enum rc (*const bound_parsers[])(struct slice text, double *value) = {
    [BOUND_NUMBER] = parse_number,
    [BOUND_DURATION] = parse_duration,
    [BOUND_SIZE] = parse_size,
    [BOUND_SEVERITY] = parse_severity,
};

enum rc bound_parse(enum bound_unit unit, struct slice text, double *value)
{
    return bound_parsers[unit](text, value);
}

static bool compares(const struct test *test, struct slice text)
{
    double value;

    if (bound_parse(test->unit, text, &value))
        return false;
    switch (test->comparison) {
    case COMPARE_GT:
        return value > test->bound;
    case COMPARE_GE:
        return value >= test->bound;
    case COMPARE_LT:
        return value < test->bound;
    case COMPARE_LE:
        return value <= test->bound;
    }
    return false;
}

/* -- tests -- */

static enum test_result test_of(bool held)
{
    return held ? TEST_HELD : TEST_FAILED;
}

static enum test_result test_text(const struct test *test, struct slice text,
                                  struct evaluation *evaluation, bool is_capturing)
{
    if (test->kind == TEST_EQUALS)
        return test_of(slice_eq(text, test->text));
    if (test->kind == TEST_COMPARES)
        return test_of(compares(test, text));
    return evaluation_search(evaluation, test->pattern, text, is_capturing);
}

/* Of several elements one is enough. */
static enum test_result test_texts(const struct test *test, const struct field_values *values,
                                   struct evaluation *evaluation, bool is_capturing)
{
    enum test_result best = TEST_FAILED;

    for (size_t i = 0; i < values->n_texts; i++) {
        enum test_result result = test_text(test, values->texts[i], evaluation, is_capturing);

        if (result == TEST_HELD)
            return result;
        if (result == TEST_FAULTY)
            best = result;
    }
    return best;
}

static enum test_result test_values(const struct test *test, const struct field_values *values,
                                    struct evaluation *evaluation, bool is_capturing);

/* `stops_at` decides: a part that held for ANY, one that failed for ALL. */
static enum test_result test_parts(const struct test *test, const struct field_values *values,
                                   struct evaluation *evaluation, bool is_capturing,
                                   enum test_result stops_at)
{
    enum test_result best = stops_at == TEST_HELD ? TEST_FAILED : TEST_HELD;

    for (size_t i = 0; i < test->n_parts; i++) {
        enum test_result result = test_values(&test->parts[i], values, evaluation, is_capturing);

        if (result == stops_at)
            return result;
        if (result == TEST_FAULTY)
            best = result;
    }
    return best;
}

static enum test_result invert(enum test_result result)
{
    return result == TEST_FAULTY ? result : test_of(result == TEST_FAILED);
}

static enum test_result test_values(const struct test *test, const struct field_values *values,
                                    struct evaluation *evaluation, bool is_capturing)
{
    switch (test->kind) {
    case TEST_EQUALS:
    case TEST_MATCHES:
    case TEST_COMPARES:
        return test_texts(test, values, evaluation, is_capturing);
    case TEST_EXISTS:
        return test_of(values->exists == test->exists);
    case TEST_NOT:
        return invert(test_values(&test->parts[0], values, evaluation, false));
    case TEST_ANY:
        return test_parts(test, values, evaluation, is_capturing, TEST_HELD);
    case TEST_ALL:
        return test_parts(test, values, evaluation, is_capturing, TEST_FAILED);
    }
    return TEST_FAILED;
}

/* -- clauses -- */

static void note_clause(struct evaluation *evaluation, const struct clause *clause, bool held,
                        const struct field_values *values)
{
    struct slice name;

    if (!evaluation_is_noted(evaluation))
        return;
    if (arena_format(evaluation->arena, &name, "where.%.*s", SLICE_ARG(clause->field.name))) {
        evaluation->out_of_memory = true;
        return;
    }
    evaluation_note(evaluation, name, held, clause->wanted,
                    values->n_texts ? values->texts[0] : (struct slice){ 0 });
}

static enum test_result clause_holds(const struct clause *clause, struct evaluation *evaluation,
                                     bool is_capturing, bool is_noted)
{
    struct field_values values;
    enum test_result result;

    if (field_ref_get_all(&clause->field, evaluation->event, &evaluation->captures,
                          evaluation->arena, &values)) {
        evaluation->out_of_memory = true;
        return TEST_FAILED;
    }
    result = test_values(&clause->test, &values, evaluation, is_capturing);
    if (is_noted)
        note_clause(evaluation, clause, result == TEST_HELD, &values);
    return result;
}

static enum test_result map_holds(const struct where *map, struct evaluation *evaluation,
                                  bool is_capturing, bool is_noted);

static enum test_result any_holds(const struct where *maps, size_t n_maps,
                                  struct evaluation *evaluation, bool is_capturing)
{
    enum test_result best = n_maps ? TEST_FAILED : TEST_HELD;

    for (size_t i = 0; i < n_maps; i++) {
        size_t n_captures = evaluation->captures.n_items;
        enum test_result result = map_holds(&maps[i], evaluation, is_capturing, false);

        if (result == TEST_HELD)
            return result;
        /* What a map captured before it failed was never the event's. */
        evaluation->captures.n_items = n_captures;
        if (result == TEST_FAULTY)
            best = result;
    }
    return best;
}

static enum test_result clauses_hold(const struct where *map, size_t from, size_t to,
                                     struct evaluation *evaluation, bool is_capturing,
                                     bool is_noted)
{
    for (size_t i = from; i < to; i++) {
        enum test_result result =
            clause_holds(&map->clauses[i], evaluation, is_capturing, is_noted);

        if (result != TEST_HELD)
            return result;
    }
    return TEST_HELD;
}

static enum test_result one_of_any_holds(const struct where *map, struct evaluation *evaluation,
                                         bool is_capturing, bool is_noted)
{
    enum test_result result = any_holds(map->any, map->n_any, evaluation, is_capturing);

    if (is_noted && map->n_any)
        evaluation_note(evaluation, SLICE("where.any"), result == TEST_HELD, map->any_wanted,
                        (struct slice){ 0 });
    return result;
}

static enum test_result none_of_none_holds(const struct where *map, struct evaluation *evaluation,
                                           bool is_noted)
{
    enum test_result result;

    if (!map->n_none)
        return TEST_HELD;
    result = invert(any_holds(map->none, map->n_none, evaluation, false));
    if (is_noted)
        evaluation_note(evaluation, SLICE("where.none"), result == TEST_HELD, map->none_wanted,
                        (struct slice){ 0 });
    return result;
}

static enum test_result map_holds(const struct where *map, struct evaluation *evaluation,
                                  bool is_capturing, bool is_noted)
{
    enum test_result result =
        clauses_hold(map, 0, map->n_early, evaluation, is_capturing, is_noted);

    if (result == TEST_HELD)
        result = one_of_any_holds(map, evaluation, is_capturing, is_noted);
    if (result == TEST_HELD)
        result =
            clauses_hold(map, map->n_early, map->n_clauses, evaluation, is_capturing, is_noted);
    if (result == TEST_HELD)
        result = none_of_none_holds(map, evaluation, is_noted);
    return result;
}

enum test_result where_holds(const struct where *where, struct evaluation *evaluation)
{
    return map_holds(where, evaluation, true, true);
}
