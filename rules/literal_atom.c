#include "rules/literal_reading.h"

#include <string.h>

#define CLASS_LETTERS "dDwWsShHvV"

/* -- bytes -- */

void reading_lose(struct reading *reading)
{
    reading->is_lost = true;
    reading->rest.len = 0;
}

char reading_peek_at(const struct reading *reading, size_t i)
{
    return i < reading->rest.len ? reading->rest.ptr[i] : '\0';
}

char reading_peek(const struct reading *reading)
{
    return reading_peek_at(reading, 0);
}

void reading_skip(struct reading *reading, size_t n_bytes)
{
    if (n_bytes > reading->rest.len) {
        reading_lose(reading);
        return;
    }
    reading->rest.ptr += n_bytes;
    reading->rest.len -= n_bytes;
}

char reading_take(struct reading *reading)
{
    char byte = reading_peek(reading);

    reading_skip(reading, 1);
    return byte;
}

bool reading_take_text(struct reading *reading, struct slice text)
{
    if (!slice_starts(reading->rest, text))
        return false;
    reading_skip(reading, text.len);
    return true;
}

void reading_skip_past(struct reading *reading, char end)
{
    while (reading->rest.len && reading_peek(reading) != end)
        reading_skip(reading, 1);
    reading_skip(reading, 1);
}

static int hex_value(char digit)
{
    if (byte_is_digit(digit))
        return digit - '0';
    if (literal_fold((unsigned char)digit) >= 'a' && literal_fold((unsigned char)digit) <= 'f')
        return literal_fold((unsigned char)digit) - 'a' + 10;
    return -1;
}

/* -- characters -- */

/* With UTF-8, a character beyond ASCII is not the byte of its number, and k and s have relatives there (the Kelvin sign, the long s). */
void reading_set_byte(const struct reading *reading, unsigned value, struct atom *atom)
{
    bool is_any_case = reading->options.is_caseless && byte_is_letter((char)value);

    *atom = (struct atom){ .kind = ATOM_ANY };
    if (value > 0xff)
        return;
    if (reading->is_utf && (value >= 0x80 || (is_any_case && strchr("kKsS", (int)value))))
        return;
    atom->kind = ATOM_BYTES;
    atom->bytes[0] = (char)value;
    atom->n_bytes = 1;
    atom->is_caseless = is_any_case;
}

static size_t utf8_length(char lead)
{
    unsigned char byte = (unsigned char)lead;

    return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

/* Several bytes are one to a quantifier. Which others they equal in any case is PCRE2's to know. */
static void read_utf8(struct reading *reading, struct atom *atom)
{
    size_t n_bytes = utf8_length(reading_peek(reading));

    *atom = (struct atom){ .kind = reading->options.is_caseless ? ATOM_ANY : ATOM_BYTES };
    for (; atom->n_bytes < n_bytes; atom->n_bytes++)
        atom->bytes[atom->n_bytes] = reading_take(reading);
}

void reading_take_character(struct reading *reading, struct atom *atom)
{
    if (reading->is_utf && !byte_is_ascii(reading_peek(reading)))
        read_utf8(reading, atom);
    else
        reading_set_byte(reading, (unsigned char)reading_take(reading), atom);
}

/* -- escapes; the backslash and the letter are taken -- */

unsigned reading_take_number(struct reading *reading, unsigned base, size_t n_digits_max)
{
    unsigned value = 0;

    for (size_t i = 0; i < n_digits_max; i++) {
        int digit = hex_value(reading_peek(reading));

        if (digit < 0 || (unsigned)digit >= base)
            break;
        value = value < 0x1000000 ? value * base + (unsigned)digit : value;
        reading_skip(reading, 1);
    }
    return value;
}

/* \x41, \x{41}, \o{101} */
static void read_coded(struct reading *reading, struct atom *atom, unsigned base, size_t n_digits)
{
    bool is_braced = reading_take_text(reading, SLICE("{"));
    unsigned value = reading_take_number(reading, base, is_braced ? SIZE_MAX : n_digits);

    if (is_braced && reading_take(reading) != '}')
        reading_lose(reading);
    reading_set_byte(reading, value, atom);
}

static void read_hex(struct reading *reading, struct atom *atom)
{
    read_coded(reading, atom, 16, 2);
}

static void read_octal(struct reading *reading, struct atom *atom)
{
    if (reading_peek(reading) != '{')
        reading_lose(reading);
    read_coded(reading, atom, 8, 0);
}

static void read_nul_octal(struct reading *reading, struct atom *atom)
{
    reading_set_byte(reading, reading_take_number(reading, 8, 2), atom);
}

/* The number is of a group, or octal where there are not so many groups: no pattern of ours has more than a hundred. */
static void read_digits(struct reading *reading, struct atom *atom)
{
    struct slice digits;
    unsigned number;

    reading->rest.ptr--; /* the first digit belongs to it */
    reading->rest.len++;
    digits = reading->rest;
    number = reading_take_number(reading, 10, SIZE_MAX);
    *atom = (struct atom){ .kind = ATOM_ANY };
    if (number <= 100 || digits.ptr[0] >= '8')
        return;
    reading->rest = digits;
    reading_set_byte(reading, reading_take_number(reading, 8, 3), atom);
}

static void read_control(struct reading *reading, struct atom *atom)
{
    reading_skip(reading, 1);
    *atom = (struct atom){ .kind = ATOM_ANY };
}

/* \pL, \p{Lu} */
static void read_property(struct reading *reading, struct atom *atom)
{
    if (reading_peek(reading) == '{')
        reading_skip_past(reading, '}');
    else
        reading_skip(reading, 1);
    *atom = (struct atom){ .kind = ATOM_ANY };
}

/* \g1, \g-1, \g{name}, \g<name>, \k'name' */
static void read_reference(struct reading *reading, struct atom *atom)
{
    static const char closing[][2] = { { '{', '}' }, { '<', '>' }, { '\'', '\'' } };

    *atom = (struct atom){ .kind = ATOM_ANY };
    for (size_t i = 0; i < sizeof(closing) / sizeof(*closing); i++) {
        if (reading_peek(reading) == closing[i][0]) {
            reading_skip(reading, 1);
            reading_skip_past(reading, closing[i][1]);
            return;
        }
    }
    if (reading_peek(reading) == '-' || reading_peek(reading) == '+')
        reading_skip(reading, 1);
    (void)reading_take_number(reading, 10, SIZE_MAX);
}

/* \N is any character but a line's end; \N{U+41} is not. */
static void read_not_newline(struct reading *reading, struct atom *atom)
{
    if (slice_starts(reading->rest, SLICE("{U")))
        reading_lose(reading);
    reading_set_any(reading, atom);
}

/* What is not here is a letter that PCRE2 refuses, or a character that stands for itself. */
static const struct escape {
    enum atom_kind kind;
    char byte;                                                /* of ATOM_BYTES */
    void (*read)(struct reading *reading, struct atom *atom); /* NULL: there is no more to it */
} escapes[128] = {
    ['a'] = { .kind = ATOM_BYTES, .byte = 0x07 },
    ['e'] = { .kind = ATOM_BYTES, .byte = 0x1b },
    ['f'] = { .kind = ATOM_BYTES, .byte = '\f' },
    ['n'] = { .kind = ATOM_BYTES, .byte = '\n' },
    ['r'] = { .kind = ATOM_BYTES, .byte = '\r' },
    ['t'] = { .kind = ATOM_BYTES, .byte = '\t' },
    ['R'] = { .kind = ATOM_ANY },
    ['X'] = { .kind = ATOM_ANY },
    ['b'] = { .kind = ATOM_NOTHING },
    ['B'] = { .kind = ATOM_NOTHING },
    ['A'] = { .kind = ATOM_NOTHING },
    ['Z'] = { .kind = ATOM_NOTHING },
    ['z'] = { .kind = ATOM_NOTHING },
    ['G'] = { .kind = ATOM_NOTHING },
    ['K'] = { .kind = ATOM_NOTHING },
    ['N'] = { .kind = ATOM_ANY, .read = read_not_newline },
    ['p'] = { .kind = ATOM_ANY, .read = read_property },
    ['P'] = { .kind = ATOM_ANY, .read = read_property },
    ['g'] = { .kind = ATOM_ANY, .read = read_reference },
    ['k'] = { .kind = ATOM_ANY, .read = read_reference },
    ['c'] = { .kind = ATOM_ANY, .read = read_control },
    ['x'] = { .kind = ATOM_BYTES, .read = read_hex },
    ['o'] = { .kind = ATOM_BYTES, .read = read_octal },
    ['0'] = { .kind = ATOM_BYTES, .read = read_nul_octal },
    ['1'] = { .kind = ATOM_ANY, .read = read_digits },
    ['2'] = { .kind = ATOM_ANY, .read = read_digits },
    ['3'] = { .kind = ATOM_ANY, .read = read_digits },
    ['4'] = { .kind = ATOM_ANY, .read = read_digits },
    ['5'] = { .kind = ATOM_ANY, .read = read_digits },
    ['6'] = { .kind = ATOM_ANY, .read = read_digits },
    ['7'] = { .kind = ATOM_ANY, .read = read_digits },
    ['8'] = { .kind = ATOM_ANY, .read = read_digits },
    ['9'] = { .kind = ATOM_ANY, .read = read_digits },
};

void reading_take_escape(struct reading *reading, struct atom *atom)
{
    char letter = reading_peek_at(reading, 1);
    const struct escape *escape;

    reading_skip(reading, 1);
    if (!byte_is_ascii(letter) || !(byte_is_letter(letter) || byte_is_digit(letter))) {
        reading_take_character(reading, atom);
        return;
    }
    reading_skip(reading, 1);
    escape = &escapes[(unsigned char)letter];
    *atom = (struct atom){ .kind = escape->kind };
    if (reading_escape_class(reading, letter, &atom->class))
        atom->kind = ATOM_CLASS;
    else if (strchr(CLASS_LETTERS, letter))
        atom->kind = ATOM_ANY;
    else if (escape->read)
        escape->read(reading, atom);
    else if (escape->kind == ATOM_BYTES)
        reading_set_byte(reading, (unsigned char)escape->byte, atom);
}
