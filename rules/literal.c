#include "rules/literal_reading.h"

#include <string.h>

/* PCRE2 takes 250 groups within each other. */
#define DEPTH_MAX 200

/* -- groups -- */

static void read_alternatives(struct reading *reading, struct atom *atom);
static void set_sets(struct reading *reading, struct atom *atom);

/* What stands between an opening and its bracket. */
static void read_inside(struct reading *reading, struct options options, struct atom *atom)
{
    struct options outside = reading->options;

    if (++reading->depth > DEPTH_MAX)
        reading_lose(reading);
    reading->options = options;
    read_alternatives(reading, atom);
    reading->options = outside;
    reading->depth--;
    reading_skip(reading, 1);
}

static void read_plain(struct reading *reading, struct atom *atom)
{
    read_inside(reading, reading->options, atom);
}

/* What must stand around is in the text, too, but takes no place of it. */
static void read_around(struct reading *reading, struct atom *atom)
{
    read_plain(reading, atom);
    set_sets(reading, atom);
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
    { .start = { "(?=", 3 }, .read = read_around },
    { .start = { "(?*", 3 }, .read = read_around },
    { .start = { "(?<=", 4 }, .read = read_around },
    { .start = { "(?<*", 4 }, .read = read_around },
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
        reading_skip(reading, 1);
        reading_set_any(reading, atom);
        return;
    case '^':
    case '$':
        reading_skip(reading, 1);
        atom->kind = ATOM_NOTHING;
        return;
    case '?':
    case '*':
    case '+':
        return;
    default:
        reading_take_character(reading, atom);
    }
}

/* {2}, {2,}, {2,5}; and what only other releases take for one ({,5}, {2 }), or none ({2,3,4}): read as one that asks for nothing, it asks for no more than the text would. */
static bool read_braces(struct reading *reading, struct repeat *repeat)
{
    size_t n_bytes = 1;

    while (reading_peek_at(reading, n_bytes) &&
           strchr("0123456789, ", reading_peek_at(reading, n_bytes)))
        n_bytes++;
    if (n_bytes == 1 || reading_peek_at(reading, n_bytes) != '}')
        return false;
    reading_skip(reading, 1);
    *repeat = (struct repeat){ .n_times = reading_take_number(reading, 10, SIZE_MAX) };
    repeat->is_exact = repeat->n_times && reading_peek(reading) == '}';
    if (reading_take_text(reading, SLICE(",")))
        (void)reading_take_number(reading, 10, SIZE_MAX);
    if (reading_peek(reading) != '}')
        *repeat = (struct repeat){ 0 };
    reading_skip_past(reading, '}');
    return true;
}

static bool read_one_quantifier(struct reading *reading, struct repeat *repeat)
{
    switch (reading_peek(reading)) {
    case '?':
    case '*':
        *repeat = (struct repeat){ 0 };
        break;
    case '+':
        *repeat = (struct repeat){ .n_times = 1 };
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
    struct repeat repeat = { .n_times = 1, .is_exact = true };
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

/* -- sequences and alternatives -- */

static bool is_at_end(const struct reading *reading)
{
    return !reading->rest.len ||
           (!reading->is_quoted && (reading_peek(reading) == '|' || reading_peek(reading) == ')'));
}

static void read_sequence(struct reading *reading, struct sequence *sequence)
{
    *sequence = (struct sequence){ 0 };
    skip_nothing(reading);
    while (!is_at_end(reading)) {
        struct atom atom;
        struct repeat repeat;

        read_atom(reading, &atom);
        repeat = read_quantifier(reading);
        sequence_add(reading, sequence, &atom, repeat);
    }
}

static void set_run(struct reading *reading, const struct run *run, struct atom *atom)
{
    struct run *copy = arena_alloc(reading->arena, 1, sizeof(*copy));

    if (!copy) {
        reading->rc = RC_NO_MEMORY;
        *atom = (struct atom){ .kind = ATOM_ANY };
        return;
    }
    *copy = *run;
    *atom = (struct atom){ .kind = ATOM_RUN, .run = copy };
}

static void read_alternatives(struct reading *reading, struct atom *atom)
{
    struct sequence sequence;

    read_sequence(reading, &sequence);
    if (!sequence.is_broken && reading_peek(reading) != '|') {
        set_run(reading, &sequence.run, atom);
        return;
    }
    sequence_end(reading, &sequence);
    *atom = (struct atom){ .kind = ATOM_GROUP, .sets = sequence.sets };
    while (reading_peek(reading) == '|') {
        reading_skip(reading, 1);
        read_sequence(reading, &sequence);
        sequence_end(reading, &sequence);
        if (literal_sets_unite(&atom->sets, &sequence.sets, reading->arena))
            reading->rc = RC_NO_MEMORY;
    }
}

/* What was read as places in a row, as what stands in the text. */
static void set_sets(struct reading *reading, struct atom *atom)
{
    struct sequence sequence = { 0 };

    if (atom->kind != ATOM_RUN)
        return;
    sequence.run = *atom->run;
    sequence_end(reading, &sequence);
    *atom = (struct atom){ .kind = ATOM_GROUP, .sets = sequence.sets };
}

enum rc literal_read_pattern(struct slice source, struct arena *arena, struct literal_sets *sets)
{
    const char *end = memrchr(source.ptr, '/', source.len);
    struct slice flags = { end + 1, (size_t)(source.ptr + source.len - end - 1) };
    struct reading reading = { .rest = { source.ptr + 1, (size_t)(end - source.ptr - 1) },
                               .arena = arena };
    struct atom atom;

    reading.options.is_caseless = memchr(flags.ptr, 'i', flags.len) != NULL;
    reading.options.is_extended = memchr(flags.ptr, 'x', flags.len) != NULL;
    reading.is_utf = memchr(flags.ptr, 'u', flags.len) != NULL;
    read_alternatives(&reading, &atom);
    set_sets(&reading, &atom);
    *sets = atom.sets;
    if (reading.is_lost || reading.rest.len)
        *sets = (struct literal_sets){ 0 };
    return reading.rc;
}
