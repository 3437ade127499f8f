#include "src/base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HELD 200
#define TEXT_BYTES 1024              /* of one problem; the rest is cut */
#define HELD_BYTES ((size_t)4 << 20) /* of all problems */
#define MAX_WORD 64                  /* longer ones are not misspelt names */
#define MAX_DISTANCE 2

static const char *const severity_names[] = {
    [PROBLEM_ERROR] = "error",
    [PROBLEM_WARNING] = "warning",
};

struct problems {
    struct arena *arena;
    size_t n_held;
    size_t
        counts[sizeof(severity_names) / sizeof(severity_names[0])]; /* by severity, held or not */
    struct problem held[MAX_HELD];
};

enum rc problems_new(struct problems **problems)
{
    enum rc rc;

    *problems = calloc(1, sizeof(**problems));
    if (!*problems)
        return RC_NO_MEMORY;
    rc = arena_new(HELD_BYTES, &(*problems)->arena);
    if (rc) {
        free(*problems);
        *problems = NULL;
    }
    return rc;
}

void problems_free(struct problems *problems)
{
    if (!problems)
        return;
    arena_free(problems->arena);
    free(problems);
}

void problems_clear(struct problems *problems)
{
    arena_reset(problems->arena);
    problems->n_held = 0;
    memset(problems->counts, 0, sizeof problems->counts);
}

/* Texts quote what was found in a file: shown like this they stay one line and harmless to a terminal. */
static enum rc copy_shown(struct arena *arena, struct slice text, struct slice *copy)
{
    struct buffer shown;
    enum rc rc;

    buffer_init(&shown, 0);
    buffer_add_shown(&shown, text);
    rc = buffer_rc(&shown);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&shown), copy);
    buffer_free(&shown);
    return rc;
}

static enum rc hold(struct problems *problems, const struct problem *problem)
{
    struct problem *held = &problems->held[problems->n_held];
    enum rc rc;

    *held = *problem;
    rc = arena_copy(problems->arena, problem->file, &held->file);
    if (!rc)
        rc = copy_shown(problems->arena, problem->text, &held->text);
    if (!rc)
        problems->n_held++;
    return rc;
}

/* Cut at a character border, with "…" behind it. */
static struct slice cut_text(char *text)
{
    static const char mark[] = "…";
    size_t len = TEXT_BYTES - sizeof(mark);

    while (len && ((uint8_t)text[len] & 0xc0) == 0x80)
        len--;
    memcpy(text + len, mark, sizeof(mark));
    return slice_of(text);
}

__attribute__((format(printf, 3, 0))) static void add(struct problems *problems,
                                                      struct problem problem, const char *format,
                                                      va_list args)
{
    char text[TEXT_BYTES];
    int len;

    problems->counts[problem.severity]++;
    if (problems->n_held == MAX_HELD)
        return;
    len = vsnprintf(text, sizeof(text), format, args);
    if (len < 0)
        return;
    problem.text = (size_t)len < sizeof(text) ? slice_of(text) : cut_text(text);
    if (hold(problems, &problem))
        return; /* counted above; it shows as one of "and N more" */
}

void problems_add(struct problems *problems, enum problem_severity severity, struct slice file,
                  uint32_t line, uint32_t column, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(problems,
        (struct problem){ .severity = severity, .file = file, .line = line, .column = column },
        format, args);
    va_end(args);
}

void problems_add_named(struct problems *problems, const char *name, enum problem_severity severity,
                        struct slice file, uint32_t line, uint32_t column, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(problems,
        (struct problem){
            .severity = severity, .file = file, .line = line, .column = column, .name = name },
        format, args);
    va_end(args);
}

size_t problems_count(const struct problems *problems, enum problem_severity severity)
{
    return problems->counts[severity];
}

const struct problem *problems_at(const struct problems *problems, size_t i)
{
    return i < problems->n_held ? &problems->held[i] : NULL;
}

static bool is_before(const struct problem *a, const struct problem *b)
{
    int order = slice_compare(a->file, b->file);

    if (order)
        return order < 0;
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* By insertion: what is of one place stays in the order in which it came. */
void problems_sort(struct problems *problems)
{
    for (size_t i = 1; i < problems->n_held; i++) {
        const struct problem one = problems->held[i];
        size_t place = i;

        for (; place > 0 && is_before(&one, &problems->held[place - 1]); place--)
            problems->held[place] = problems->held[place - 1];
        problems->held[place] = one;
    }
}

static void format_problem(const struct problem *problem, struct buffer *out)
{
    if (!slice_is_absent(problem->file)) {
        buffer_add_shown(out, problem->file);
        if (problem->line)
            buffer_format(out, ":%u:%u", problem->line, problem->column);
        buffer_add(out, SLICE(": "));
    }
    buffer_add_text(out, severity_names[problem->severity]);
    buffer_add(out, SLICE(": "));
    buffer_add(out, problem->text);
    if (problem->name)
        buffer_format(out, " [%s]", problem->name);
    buffer_add_byte(out, '\n');
}

void problems_format(const struct problems *problems, struct buffer *out)
{
    size_t n_all = problems->counts[PROBLEM_ERROR] + problems->counts[PROBLEM_WARNING];

    for (size_t i = 0; i < problems->n_held; i++)
        format_problem(&problems->held[i], out);
    if (n_all > problems->n_held)
        buffer_format(out, "and %zu more\n", n_all - problems->n_held);
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower_of(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool are_alike(char a, char b)
{
    return lower_of(a) == lower_of(b);
}

static bool are_swapped(struct slice a, size_t i, struct slice b, size_t j)
{
    return i > 1 && j > 1 && are_alike(a.ptr[i - 1], b.ptr[j - 2]) &&
           are_alike(a.ptr[i - 2], b.ptr[j - 1]);
}

/* Letters to insert, remove or replace, and neighbours to swap, row by row; capitals are no other letters. Both at most MAX_WORD long. */
static size_t edit_distance(struct slice a, struct slice b)
{
    size_t rows[3][MAX_WORD + 1]; /* of i: rows[i % 3] */

    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *second_above = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = above[j - 1] + (are_alike(a.ptr[i - 1], b.ptr[j - 1]) ? 0 : 1);

            row[j] = min_of(replaced, min_of(above[j], row[j - 1]) + 1);
            if (are_swapped(a, i, b, j))
                row[j] = min_of(row[j], second_above[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

/* In another order. */
static bool have_same_letters(struct slice a, struct slice b)
{
    int8_t n_more[256] = { 0 };

    for (size_t i = 0; a.len == b.len && i < a.len; i++) {
        n_more[(uint8_t)lower_of(a.ptr[i])]++;
        n_more[(uint8_t)lower_of(b.ptr[i])]--;
    }
    for (size_t i = 0; i < sizeof(n_more); i++) {
        if (n_more[i])
            return false;
    }
    return a.len == b.len;
}

/* Where more than a third of the letters differ it is another word. */
static bool may_be_meant(struct slice word, struct slice name, size_t distance)
{
    size_t n_letters = word.len > name.len ? word.len : name.len;

    return word.len &&
           (3 * distance <= n_letters || (word.len > 3 && have_same_letters(word, name)));
}

const char *problem_did_you_mean(struct slice word, const char *const *names)
{
    const char *nearest = NULL;
    size_t best = MAX_DISTANCE + 1;

    if (word.len > MAX_WORD)
        return NULL;
    for (size_t i = 0; names[i]; i++) {
        struct slice name = slice_of(names[i]);
        size_t n_more = name.len > word.len ? name.len - word.len : word.len - name.len;
        size_t distance =
            name.len <= MAX_WORD && n_more <= MAX_DISTANCE ? edit_distance(word, name) : best;

        if (distance < best && may_be_meant(word, name, distance)) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
