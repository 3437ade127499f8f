#include "rules/literal_reading.h"

#include <string.h>

/* PCRE2 takes 250 groups within each other. */
#define DEPTH_MAX 200

/* Characters in a row, while it grows. */
struct run {
    char bytes[LITERAL_MAX_BYTES];
    size_t n_bytes;
    bool is_caseless;
};

struct repeat {
    bool may_be_none;
    bool is_once;
};

/* -- groups -- */

static void read_alternatives(struct reading *reading, struct literal_sets *sets);

/* What stands between an opening and its bracket. */
static void read_inside(struct reading *reading, struct options options, struct atom *atom)
{
    struct options outside = reading->options;

    if (++reading->depth > DEPTH_MAX)
        reading_lose(reading);
    reading->options = options;
    *atom = (struct atom){ .kind = ATOM_GROUP };
    read_alternatives(reading, &atom->sets);
    reading->options = outside;
    reading->depth--;
    reading_skip(reading, 1);
}

static void read_plain(struct reading *reading, struct atom *atom)
{
    read_inside(reading, reading->options, atom);
}

static void read_named(struct reading *reading, struct atom *atom)
{
    reading_skip_past(reading, '>');
    read_plain(reading, atom);
}

static void read_quote_named(struct reading *reading, struct atom *atom)
{
    reading_skip_past(reading, '\'');
    read_plain(reading, atom);
}

/* What must not match tells nothing. */
static void read_negative(struct reading *reading, struct atom *atom)
{
    read_plain(reading, atom);
    *atom = (struct atom){ .kind = ATOM_ANY };
}

/* Either branch may be taken, or none. An assertion as condition is read with them. */
static void read_conditional(struct reading *reading, struct atom *atom)
{
    switch (reading_peek(reading)) {
    case '*':
        reading_lose(reading);
        break;
    case '?':
        reading->rest.ptr--; /* its opening bracket */
        reading->rest.len++;
        break;
    default:
        reading_skip_past(reading, ')');
    }
    read_negative(reading, atom);
}

/* References and calls of groups. */
static void read_call(struct reading *reading, struct atom *atom)
{
    reading_skip_past(reading, ')');
    *atom = (struct atom){ .kind = ATOM_ANY };
}

/* (*ACCEPT) ends a match before its end. */
static void read_verb(struct reading *reading, struct atom *atom)
{
    reading_lose(reading);
    *atom = (struct atom){ .kind = ATOM_UNKNOWN };
}

/* False for what is no option that leaves the meaning of a literal alone. */
static bool set_option(struct options *options, char letter, bool is_on)
{
    switch (letter) {
    case 'i':
        options->is_caseless = is_on;
        return true;
    case 'x':
        options->is_extended = is_on;
        return true;
    default:
        return letter && strchr("smnJU", letter);
    }
}

/* (?i) up to the end of the group around it, (?i-s:…) within its own. Two x would change classes as well. */
static void read_options(struct reading *reading, struct atom *atom)
{
    struct options options = reading->options;
    bool is_on = true;
    char letter;

    *atom = (struct atom){ .kind = ATOM_NOTHING };
    if (reading_take_text(reading, SLICE("^")))
        options = (struct options){ 0 };
    while ((letter = reading_take(reading)) != ')' && letter != ':' && !reading->is_lost) {
        if (letter == '-')
            is_on = false;
        else if (!set_option(&options, letter, is_on) ||
                 (letter == 'x' && reading_peek(reading) == 'x'))
            reading_lose(reading);
    }
    if (letter == ':')
        read_inside(reading, options, atom);
    else
        reading->options = options;
}

/* The first that fits. */
static const struct opening {
    struct slice start;
    void (*read)(struct reading *reading, struct atom *atom);
} openings[] = {
    { .start = { "(*", 2 }, .read = read_verb },
    { .start = { "(?:", 3 }, .read = read_plain },
    { .start = { "(?>", 3 }, .read = read_plain },
    { .start = { "(?|", 3 }, .read = read_plain },
    { .start = { "(?=", 3 }, .read = read_plain }, /* what must stand around is in the text, too */
    { .start = { "(?*", 3 }, .read = read_plain },
    { .start = { "(?<=", 4 }, .read = read_plain },
    { .start = { "(?<*", 4 }, .read = read_plain },
    { .start = { "(?!", 3 }, .read = read_negative },
    { .start = { "(?<!", 4 }, .read = read_negative },
    { .start = { "(?<", 3 }, .read = read_named },
    { .start = { "(?P<", 4 }, .read = read_named },
    { .start = { "(?'", 3 }, .read = read_quote_named },
    { .start = { "(?(", 3 }, .read = read_conditional },
    { .start = { "(?P", 3 }, .read = read_call }, /* (?P=name), (?P>name) */
    { .start = { "(?&", 3 }, .read = read_call },
    { .start = { "(?R", 3 }, .read = read_call },
    { .start = { "(?+", 3 }, .read = read_call },
    { .start = { "(?", 2 }, .read = read_options },
    { .start = { "(", 1 }, .read = read_plain },
};

/* (?1), (?-1): a sign alone begins options as well. */
static bool is_numbered_call(const struct reading *reading)
{
    return slice_starts(reading->rest, SLICE("(?")) &&
           byte_is_digit(reading_peek_at(reading, reading_peek_at(reading, 2) == '-' ? 3 : 2));
}

static void read_group(struct reading *reading, struct atom *atom)
{
    if (is_numbered_call(reading)) {
        read_call(reading, atom);
        return;
    }
    for (size_t i = 0; i < sizeof(openings) / sizeof(*openings); i++) {
        if (reading_take_text(reading, openings[i].start)) {
            openings[i].read(reading, atom);
            return;
        }
    }
}

/* -- what is no part of the text -- */

static bool skip_quote_mark(struct reading *reading)
{
    if (reading_take_text(reading, SLICE("\\E"))) {
        reading->is_quoted = false;
        return true;
    }
    if (reading->is_quoted || !reading_take_text(reading, SLICE("\\Q")))
        return false;
    reading->is_quoted = true;
    return true;
}

/* A comment of extended syntax ends with the line, and a pattern has one. */
static bool skip_layout(struct reading *reading)
{
    if (!reading->options.is_extended)
        return false;
    if (reading_peek(reading) == '#') {
        reading_skip(reading, reading->rest.len);
        return true;
    }
    if (!byte_is_ascii(reading_peek(reading))) /* is U+0085 a blank? */
        reading_lose(reading);
    return reading_take_text(reading, SLICE(" "));
}

static bool skip_comment(struct reading *reading)
{
    if (!slice_starts(reading->rest, SLICE("(?#")))
        return false;
    reading_skip_past(reading, ')');
    return true;
}

/* Comments, blanks and quote marks stand also between an atom and its quantifier. */
static void skip_nothing(struct reading *reading)
{
    while (reading->rest.len) {
        if (!skip_quote_mark(reading) &&
            (reading->is_quoted || (!skip_layout(reading) && !skip_comment(reading))))
            return;
    }
}

/* -- atoms and quantifiers -- */

static void read_atom(struct reading *reading, struct atom *atom)
{
    char first = reading->is_quoted ? '\0' : reading_peek(reading);

    *atom = (struct atom){ .kind = ATOM_UNKNOWN };
    switch (first) {
    case '\\':
        reading_take_escape(reading, atom);
        return;
    case '[':
        reading_take_class(reading, atom);
        return;
    case '(':
        read_group(reading, atom);
        return;
    case '.':
    case '^':
    case '$':
        reading_skip(reading, 1);
        atom->kind = first == '.' ? ATOM_ANY : ATOM_NOTHING;
        return;
    case '?':
    case '*':
    case '+':
        return;
    default:
        reading_take_character(reading, atom);
    }
}

/* {2}, {2,}, {2,5}; and what other releases take for one ({,5}, { 2 }) or for plain text: as a quantifier it asks for no more than the text would. */
static bool read_braces(struct reading *reading, struct repeat *repeat)
{
    size_t n_bytes = 1;

    while (reading_peek_at(reading, n_bytes) &&
           strchr("0123456789, ", reading_peek_at(reading, n_bytes)))
        n_bytes++;
    if (n_bytes == 1 || reading_peek_at(reading, n_bytes) != '}')
        return false;
    reading_skip(reading, 1);
    *repeat = (struct repeat){ .may_be_none = reading_take_number(reading, 10, SIZE_MAX) == 0 };
    reading_skip_past(reading, '}');
    return true;
}

static bool read_one_quantifier(struct reading *reading, struct repeat *repeat)
{
    switch (reading_peek(reading)) {
    case '?':
    case '*':
        *repeat = (struct repeat){ .may_be_none = true };
        break;
    case '+':
        *repeat = (struct repeat){ 0 };
        break;
    case '{':
        return read_braces(reading, repeat);
    default:
        return false;
    }
    reading_skip(reading, 1);
    return true;
}

/* With what makes it lazy or possessive. A quantifier of a quantifier is refused today. */
static struct repeat read_quantifier(struct reading *reading)
{
    struct repeat repeat = { .is_once = true };
    struct repeat second;

    skip_nothing(reading);
    if (reading->is_quoted || !read_one_quantifier(reading, &repeat))
        return repeat;
    if (reading_peek(reading) == '?' || reading_peek(reading) == '+')
        reading_skip(reading, 1);
    skip_nothing(reading);
    if (!reading->is_quoted && read_one_quantifier(reading, &second))
        reading_lose(reading);
    return repeat;
}

/* -- runs of characters -- */

static void end_run(struct reading *reading, struct run *run, struct literal_sets *sets)
{
    for (size_t i = 0; run->is_caseless && i < run->n_bytes; i++)
        run->bytes[i] = (char)literal_fold((unsigned char)run->bytes[i]);
    if (literal_sets_add(sets, (struct slice){ run->bytes, run->n_bytes }, run->is_caseless,
                         reading->arena))
        reading->rc = RC_NO_MEMORY;
    run->n_bytes = 0;
    run->is_caseless = false;
}

static void extend_run(struct reading *reading, struct run *run, const struct atom *atom,
                       struct literal_sets *sets)
{
    if (run->n_bytes + atom->n_bytes > sizeof(run->bytes))
        end_run(reading, run, sets);
    memcpy(run->bytes + run->n_bytes, atom->bytes, atom->n_bytes);
    run->n_bytes += atom->n_bytes;
    run->is_caseless = run->is_caseless || atom->is_caseless;
}

/* The first repetition follows what stood before, the last is followed by what comes. */
static void add_bytes(struct reading *reading, struct run *run, const struct atom *atom,
                      struct repeat repeat, struct literal_sets *sets)
{
    extend_run(reading, run, atom, sets);
    if (repeat.is_once)
        return;
    end_run(reading, run, sets);
    extend_run(reading, run, atom, sets);
}

static void add_atom(struct reading *reading, struct run *run, const struct atom *atom,
                     struct repeat repeat, struct literal_sets *sets)
{
    if (atom->kind == ATOM_UNKNOWN)
        reading_lose(reading);
    if (atom->kind == ATOM_NOTHING)
        return;
    if (atom->kind == ATOM_BYTES && !repeat.may_be_none) {
        add_bytes(reading, run, atom, repeat, sets);
        return;
    }
    end_run(reading, run, sets);
    if (atom->kind == ATOM_GROUP && !repeat.may_be_none)
        literal_sets_join(sets, &atom->sets);
}

static bool is_at_end(const struct reading *reading)
{
    return !reading->rest.len ||
           (!reading->is_quoted && (reading_peek(reading) == '|' || reading_peek(reading) == ')'));
}

static void read_sequence(struct reading *reading, struct literal_sets *sets)
{
    struct run run = { 0 };

    *sets = (struct literal_sets){ 0 };
    skip_nothing(reading);
    while (!is_at_end(reading)) {
        struct atom atom;
        struct repeat repeat;

        read_atom(reading, &atom);
        repeat = read_quantifier(reading);
        add_atom(reading, &run, &atom, repeat, sets);
    }
    end_run(reading, &run, sets);
}

static void read_alternatives(struct reading *reading, struct literal_sets *sets)
{
    read_sequence(reading, sets);
    while (reading_peek(reading) == '|') {
        struct literal_sets other;

        reading_skip(reading, 1);
        read_sequence(reading, &other);
        if (literal_sets_unite(sets, &other, reading->arena))
            reading->rc = RC_NO_MEMORY;
    }
}

enum rc literal_read_pattern(struct slice source, struct arena *arena, struct literal_sets *sets)
{
    const char *end = memrchr(source.ptr, '/', source.len);
    struct slice flags = { end + 1, (size_t)(source.ptr + source.len - end - 1) };
    struct reading reading = { .rest = { source.ptr + 1, (size_t)(end - source.ptr - 1) },
                               .arena = arena };

    reading.options.is_caseless = memchr(flags.ptr, 'i', flags.len) != NULL;
    reading.options.is_extended = memchr(flags.ptr, 'x', flags.len) != NULL;
    reading.is_utf = memchr(flags.ptr, 'u', flags.len) != NULL;
    read_alternatives(&reading, sets);
    if (reading.is_lost || reading.rest.len)
        *sets = (struct literal_sets){ 0 };
    return reading.rc;
}
