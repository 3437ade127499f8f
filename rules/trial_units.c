#include "rules/trial_units.h"

#include <string.h>

#define DEPTH_MAX 32

/* What a letter behind a backslash takes; others take themselves. */
static const struct {
    char letter;
    char takes;
} escapes[] = {
    { .letter = 'd', .takes = '1' },  { .letter = 'D', .takes = 'a' },
    { .letter = 'w', .takes = 'a' },  { .letter = 'W', .takes = ' ' },
    { .letter = 's', .takes = ' ' },  { .letter = 'S', .takes = 'a' },
    { .letter = 'h', .takes = ' ' },  { .letter = 'N', .takes = 'a' },
    { .letter = 't', .takes = '\t' },
};

static char taken_by_escape(char letter)
{
    for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
        if (escapes[i].letter == letter)
            return escapes[i].takes;
    }
    return letter;
}

/* Behind the class that opens at `at`. */
static size_t skip_class(struct slice text, size_t at)
{
    at++;
    if (at < text.len && text.ptr[at] == '^')
        at++;
    if (at < text.len && text.ptr[at] == ']')
        at++;
    while (at < text.len && text.ptr[at] != ']')
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at < text.len ? at + 1 : text.len;
}

/* Its first member; of what it is not, any letter will mostly do. */
static char taken_by_class(struct slice class)
{
    if (class.len < 3 || class.ptr[1] == '^' || class.ptr[1] == '[')
        return 'a';
    return class.ptr[1] == '\\' ? taken_by_escape(class.ptr[2]) : class.ptr[1];
}

/* Behind `(` and what says which kind of group it is. */
static size_t skip_opening(struct slice text, size_t at)
{
    at++;
    if (at >= text.len || text.ptr[at] != '?')
        return at;
    while (at < text.len && !strchr(":=!>)", text.ptr[at]))
        at++;
    return at < text.len && text.ptr[at] != ')' ? at + 1 : at;
}

static size_t skip_count(struct slice text, size_t at)
{
    while (at < text.len && text.ptr[at] != '}')
        at++;
    return at < text.len ? at + 1 : at;
}

/* Behind the piece of a pattern that stands at `at`; what it takes, or 0 for what takes nothing. */
static size_t read_atom(struct slice text, size_t at, char *takes)
{
    size_t end;

    *takes = '\0';
    switch (text.ptr[at]) {
    case '\\':
        if (at + 1 < text.len)
            *takes = taken_by_escape(text.ptr[at + 1]);
        return at + 1 < text.len ? at + 2 : text.len;
    case '[':
        end = skip_class(text, at);
        *takes = taken_by_class((struct slice){ text.ptr + at, end - at });
        return end;
    case '(':
        return skip_opening(text, at);
    case '{':
        return skip_count(text, at);
    case '.':
        *takes = 'a';
        return at + 1;
    default:
        if (!strchr(")|^$*+?", text.ptr[at]))
            *takes = text.ptr[at];
        return at + 1;
    }
}

/* What one turn of a repetition takes: of a group its first alternative. */
static void write_unit(struct slice repeated, char *unit)
{
    size_t n_bytes = 0;
    size_t at = 0;

    while (at < repeated.len && n_bytes < TRIAL_UNIT_BYTES && repeated.ptr[at] != '|') {
        char takes;

        at = read_atom(repeated, at, &takes);
        if (takes)
            unit[n_bytes++] = takes;
    }
    unit[n_bytes] = '\0';
}

static void add_unit(struct trial_units *units, struct slice repeated)
{
    char *unit = units->texts[units->n_texts];

    write_unit(repeated, unit);
    for (size_t i = 0; i < units->n_texts; i++) {
        if (strcmp(units->texts[i], unit) == 0)
            return;
    }
    units->n_texts += *unit ? 1 : 0;
}

void trial_units_of(struct slice source, struct trial_units *units)
{
    size_t opened[DEPTH_MAX];
    size_t n_open = 0;
    size_t atom = 1; /* where the last piece began */

    *units = (struct trial_units){ 0 };
    for (size_t at = 1; at < source.len && units->n_texts < TRIAL_UNITS;) {
        char byte = source.ptr[at];
        char takes;

        if (byte == '*' || byte == '+' || byte == '{')
            add_unit(units, (struct slice){ source.ptr + atom, at - atom });
        else if (byte == ')' && n_open)
            atom = opened[--n_open];
        else if (byte != '?')
            atom = at;
        if (byte == '(' && n_open < DEPTH_MAX)
            opened[n_open++] = at;
        at = read_atom(source, at, &takes);
    }
}
