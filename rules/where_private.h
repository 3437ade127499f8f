/* where_private.h - what where.c (maps of clauses) and where_value.c (one value of a field) share. */
#pragma once

#include "rules/evaluation.h"
#include "rules/where.h"

/* A clause being tried: what its field is for the event. */
struct trying {
    const struct field_ref *field;
    const struct field_values *values;
    struct evaluation *evaluation;
    bool is_capturing;
};

enum test_result test_holds(const struct test *test, const struct trying *trying);
/* Why the test could make nothing of a field that is there: "no number"; NULL where it could. */
const char *test_unreadable(const struct test *test, const struct trying *trying);
/* All clauses and maps of `map`; `is_noted` as gates, where somebody asks for them. */
enum test_result where_map_holds(const struct where *map, struct evaluation *evaluation,
                                 bool is_capturing, bool is_noted);
