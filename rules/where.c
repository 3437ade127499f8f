#include "rules/where_private.h"

/* -- gates: what a clause saw -- */

static void add_json(struct buffer *out, const struct json *node)
{
    struct json_writer writer = json_writer_to(out);

    json_write_node(&writer, node);
}

/* All texts that the field is; a list or a map as JSON. */
static void add_saw(struct buffer *out, const struct trying *trying)
{
    const struct field_values *values = trying->values;

    for (size_t i = 0; i < values->n_texts; i++) {
        if (i)
            buffer_add_text(out, ", ");
        buffer_add(out, values->texts[i]);
    }
    if (!values->n_texts && values->exists)
        add_json(out, json_path_get(trying->field->path, trying->evaluation->event->data));
}

static struct slice keep_text(struct evaluation *evaluation, struct buffer *text)
{
    struct slice kept = { 0 };

    if (buffer_rc(text) || arena_copy(evaluation->arena, buffer_slice(text), &kept))
        evaluation->out_of_memory = true;
    buffer_free(text);
    return kept;
}

static struct slice saw_of(const struct clause *clause, const struct trying *trying, bool held)
{
    const char *why = held ? NULL : test_unreadable(&clause->test, trying);
    struct buffer saw;

    if (!trying->values->exists)
        return (struct slice){ 0 };
    buffer_init(&saw, 0);
    add_saw(&saw, trying);
    if (why)
        buffer_format(&saw, " (%s)", why);
    return keep_text(trying->evaluation, &saw);
}

static void note_clause(const struct clause *clause, const struct trying *trying, bool held)
{
    struct evaluation *evaluation = trying->evaluation;
    struct slice name;

    if (!evaluation_is_noted(evaluation))
        return;
    if (arena_format(evaluation->arena, &name, "where.%.*s", SLICE_ARG(clause->field.name))) {
        evaluation->out_of_memory = true;
        return;
    }
    evaluation_note(evaluation, name, held, clause->wanted, saw_of(clause, trying, held));
}

static bool is_named_before(const struct where *maps, size_t map, size_t clause)
{
    struct slice name = maps[map].clauses[clause].field.name;

    for (size_t i = 0; i <= map; i++) {
        size_t n_clauses = i < map ? maps[i].n_clauses : clause;

        for (size_t j = 0; j < n_clauses; j++) {
            if (slice_eq(maps[i].clauses[j].field.name, name))
                return true;
        }
    }
    return false;
}

static void add_field(struct buffer *out, const struct field_ref *field,
                      struct evaluation *evaluation)
{
    struct field_values values;
    struct trying trying = { .field = field, .values = &values, .evaluation = evaluation };

    if (field_ref_get_all(field, evaluation->event, &evaluation->captures, evaluation->arena,
                          &values))
        evaluation->out_of_memory = true;
    buffer_add_text(out, out->len ? ", " : "");
    buffer_add(out, field->name);
    buffer_add_text(out, values.exists ? ": " : " is absent");
    add_saw(out, &trying);
}

/* "branch: dev, actor is absent": every field that the maps name. */
static void add_fields(struct buffer *out, const struct where *maps, size_t n_maps,
                       struct evaluation *evaluation)
{
    for (size_t i = 0; i < n_maps; i++) {
        for (size_t j = 0; j < maps[i].n_clauses; j++) {
            if (!is_named_before(maps, i, j))
                add_field(out, &maps[i].clauses[j].field, evaluation);
        }
        add_fields(out, maps[i].any, maps[i].n_any, evaluation);
        add_fields(out, maps[i].none, maps[i].n_none, evaluation);
    }
}

static void note_maps(struct evaluation *evaluation, struct slice name, bool held,
                      struct slice wanted, const struct where *maps, size_t n_maps)
{
    struct buffer saw;

    if (!evaluation_is_noted(evaluation))
        return;
    buffer_init(&saw, 0);
    add_fields(&saw, maps, n_maps, evaluation);
    evaluation_note(evaluation, name, held, wanted, keep_text(evaluation, &saw));
}

/* -- clauses -- */

static enum test_result clause_holds(const struct clause *clause, struct evaluation *evaluation,
                                     bool is_capturing, bool is_noted)
{
    struct field_values values;
    struct trying trying = { .field = &clause->field,
                             .values = &values,
                             .evaluation = evaluation,
                             .is_capturing = is_capturing };
    enum test_result result;

    if (field_ref_get_all(&clause->field, evaluation->event, &evaluation->captures,
                          evaluation->arena, &values)) {
        evaluation->out_of_memory = true;
        return TEST_FAILED;
    }
    result = test_holds(&clause->test, &trying);
    if (is_noted)
        note_clause(clause, &trying, result == TEST_HELD);
    return result;
}

static enum test_result any_holds(const struct where *maps, size_t n_maps,
                                  struct evaluation *evaluation, bool is_capturing)
{
    enum test_result best = n_maps ? TEST_FAILED : TEST_HELD;

    for (size_t i = 0; i < n_maps; i++) {
        size_t n_captures = evaluation->captures.n_items;
        enum test_result result = where_map_holds(&maps[i], evaluation, is_capturing, false);

        if (result == TEST_HELD)
            return result;
        /* What a map captured before it failed was never the event's. */
        evaluation->captures.n_items = n_captures;
        if (result == TEST_FAULTY)
            best = result;
    }
    return best;
}

/* The first that does not hold decides. Who explains is shown those behind it as well. */
static bool goes_on(const struct evaluation *evaluation, bool is_noted, enum test_result so_far)
{
    return so_far == TEST_HELD || (is_noted && evaluation_is_noted(evaluation));
}

static enum test_result first_of(enum test_result so_far, enum test_result next)
{
    return so_far == TEST_HELD ? next : so_far;
}

static enum test_result clauses_hold(const struct where *map, size_t from, size_t to,
                                     struct evaluation *evaluation, bool is_capturing,
                                     bool is_noted)
{
    enum test_result result = TEST_HELD;

    for (size_t i = from; i < to && goes_on(evaluation, is_noted, result); i++)
        result =
            first_of(result, clause_holds(&map->clauses[i], evaluation, is_capturing, is_noted));
    return result;
}

static enum test_result one_of_any_holds(const struct where *map, struct evaluation *evaluation,
                                         bool is_capturing, bool is_noted)
{
    enum test_result result = any_holds(map->any, map->n_any, evaluation, is_capturing);

    if (is_noted && map->n_any)
        note_maps(evaluation, SLICE("where.any"), result == TEST_HELD, map->any_wanted, map->any,
                  map->n_any);
    return result;
}

static enum test_result none_of_none_holds(const struct where *map, struct evaluation *evaluation,
                                           bool is_noted)
{
    enum test_result result;

    if (!map->n_none)
        return TEST_HELD;
    result = any_holds(map->none, map->n_none, evaluation, false);
    if (result != TEST_FAULTY)
        result = result == TEST_HELD ? TEST_FAILED : TEST_HELD;
    if (is_noted)
        note_maps(evaluation, SLICE("where.none"), result == TEST_HELD, map->none_wanted, map->none,
                  map->n_none);
    return result;
}

enum test_result where_map_holds(const struct where *map, struct evaluation *evaluation,
                                 bool is_capturing, bool is_noted)
{
    enum test_result result =
        clauses_hold(map, 0, map->n_early, evaluation, is_capturing, is_noted);

    if (goes_on(evaluation, is_noted, result))
        result = first_of(result, one_of_any_holds(map, evaluation, is_capturing, is_noted));
    if (goes_on(evaluation, is_noted, result))
        result = first_of(result, clauses_hold(map, map->n_early, map->n_clauses, evaluation,
                                               is_capturing, is_noted));
    if (goes_on(evaluation, is_noted, result))
        result = first_of(result, none_of_none_holds(map, evaluation, is_noted));
    return result;
}

enum test_result where_holds(const struct where *where, struct evaluation *evaluation)
{
    return where_map_holds(where, evaluation, true, true);
}
