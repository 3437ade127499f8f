/* problem.h - what a person must repair, and where.
 *
 *   rules.d/ci.yaml:12:5: error: unknown member `whn`; did you mean `when`? valid here: id on where …
 */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

enum problem_severity { PROBLEM_ERROR, PROBLEM_WARNING };

struct problem {
    enum problem_severity severity;
    struct slice file; /* absent when the problem has no place in a file */
    uint32_t line;     /* from 1; 0: the whole file */
    uint32_t column;   /* from 1, in bytes */
    struct slice text; /* one line: what is wrong, what is allowed, what to do */
    const char *name;  /* of a kind of warnings that may be accepted; NULL */
};

/* Holds at most 200; the rest are counted. Owns its texts. */
struct problems;

/* Gives an empty list; free with problems_free. */
enum rc problems_new(struct problems **problems) MUST_CHECK;
void problems_free(struct problems *problems);
/* Forgets what it holds. */
void problems_clear(struct problems *problems);
/* Adds one. Copies everything. When memory is out it is still counted. */
void problems_add(struct problems *problems, enum problem_severity severity, struct slice file,
                  uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The same of a kind that has a name, which is kept. */
void problems_add_named(struct problems *problems, const char *name, enum problem_severity severity,
                        struct slice file, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 7, 8)));
size_t problems_count(const struct problems *problems, enum problem_severity severity);
/* The `i`-th held one, or NULL. Borrowed until the next change. */
const struct problem *problems_at(const struct problems *problems, size_t i);
/* By file, line and column. */
void problems_sort(struct problems *problems);
/* A line each, as above, with "and N more" at the end where some were not held. */
void problems_format(const struct problems *problems, struct buffer *out);
/* The one of `names` (NULL-ended) nearest to `word`: at most two letters, and at most a third of them, are other, missing,
 * too many, or swapped with their neighbour, or it is the same letters in another order; capitals are no other letters. Else NULL. */
const char *problem_did_you_mean(struct slice word, const char *const *names);
