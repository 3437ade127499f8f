#include "rules/literal_reading.h"

#include <string.h>

/* -- the classes that have a letter of their own, of one byte each -- */

#define ALL ~UINT64_C(0)
#define DIGITS (UINT64_C(0x3ff) << 48)
#define LETTERS (UINT64_C(0x07fffffe07fffffe)) /* of the second word */
#define UNDERSCORE (UINT64_C(1) << ('_' - 64))
#define SPACES (UINT64_C(0x3e00) | UINT64_C(1) << ' ') /* \t \n \v \f \r and the blank */
#define HORIZONTAL (UINT64_C(1) << '\t' | UINT64_C(1) << ' ')
#define VERTICAL UINT64_C(0x3c00)

static const struct byte_set any_byte = { { ALL, ALL, ALL, ALL } };

static const struct escape_class {
    char letter;
    bool is_ascii; /* with UTF-8 it is the same */
    struct byte_set set;
} escape_classes[] = {
    { 'd', true, { { DIGITS } } },
    { 'w', true, { { DIGITS, LETTERS | UNDERSCORE } } },
    { 's', true, { { SPACES } } },
    { 'D', false, { { ~DIGITS, ALL, ALL, ALL } } },
    { 'W', false, { { ~DIGITS, ~(LETTERS | UNDERSCORE), ALL, ALL } } },
    { 'S', false, { { ~SPACES, ALL, ALL, ALL } } },
    /* the no-break space; the next line */
    { 'h', false, { { HORIZONTAL, 0, UINT64_C(1) << (0xa0 - 128) } } },
    { 'v', false, { { VERTICAL, 0, UINT64_C(1) << (0x85 - 128) } } },
    { 'H', false, { { ~HORIZONTAL, ALL, ~(UINT64_C(1) << (0xa0 - 128)), ALL } } },
    { 'V', false, { { ~VERTICAL, ALL, ~(UINT64_C(1) << (0x85 - 128)), ALL } } },
};

bool reading_escape_class(const struct reading *reading, char letter, const struct byte_set **set)
{
    for (size_t i = 0; i < sizeof(escape_classes) / sizeof(*escape_classes); i++) {
        const struct escape_class *class = &escape_classes[i];

        if (class->letter != letter)
            continue;
        *set = &class->set;
        return class->is_ascii || !reading->is_utf;
    }
    return false;
}

void reading_set_any(const struct reading *reading, struct atom *atom)
{
    *atom = (struct atom){ .kind = reading->is_utf ? ATOM_ANY : ATOM_CLASS, .class = &any_byte };
}

/* -- classes in brackets -- */

struct class
{
    struct byte_set set;
    bool is_negated;
    bool is_unknown; /* something in it was not understood: any byte */
};

/* [:alpha:]; the C locale's, as PCRE2's own tables are. */
static const struct posix_class {
    struct slice name;
    struct byte_set set;
} posix_classes[] = {
    { { "alpha", 5 }, { { 0, LETTERS } } },
    { { "lower", 5 }, { { 0, LETTERS & ~UINT64_C(0xffffffff) } } },
    { { "upper", 5 }, { { 0, LETTERS &UINT64_C(0xffffffff) } } },
    { { "digit", 5 }, { { DIGITS } } },
    { { "alnum", 5 }, { { DIGITS, LETTERS } } },
    { { "word", 4 }, { { DIGITS, LETTERS | UNDERSCORE } } },
    { { "xdigit", 6 }, { { DIGITS, UINT64_C(0x7e0000007e) } } },
    { { "space", 5 }, { { SPACES } } },
    { { "blank", 5 }, { { HORIZONTAL } } },
};

static bool is_posix_start(const struct reading *reading)
{
    char next = reading_peek_at(reading, 1);

    return reading_peek(reading) == '[' && (next == ':' || next == '.' || next == '=');
}

static void add_posix(struct class *class, struct slice name)
{
    for (size_t i = 0; i < sizeof(posix_classes) / sizeof(*posix_classes); i++) {
        if (slice_eq(name, posix_classes[i].name)) {
            byte_set_unite(&class->set, &posix_classes[i].set);
            return;
        }
    }
    class->is_unknown = true;
}

/* [:alpha:], [:^digit:] within a class. */
static void read_posix_class(struct reading *reading, struct class *class)
{
    size_t i = 2;

    while (reading_peek_at(reading, i) == '^' || byte_is_letter(reading_peek_at(reading, i)))
        i++;
    if (reading_peek_at(reading, 1) != ':' || reading_peek_at(reading, i) != ':' ||
        reading_peek_at(reading, i + 1) != ']') {
        reading_lose(reading);
        return;
    }
    add_posix(class, (struct slice){ reading->rest.ptr + 2, i - 2 });
    reading_skip(reading, i + 2);
}

/* Those that mean the same outside of brackets; numbers are octal here, \b and \g are bytes, \Q may hide the end. */
static bool is_same_outside(char letter)
{
    return !(byte_is_letter(letter) || byte_is_digit(letter)) ||
           (letter && strchr("aefnrtxo0pPcdDwWsShHvV", letter));
}

/* False: not one byte. */
static bool read_class_escape(struct reading *reading, struct class *class, unsigned *byte)
{
    const struct byte_set *set;
    struct atom atom;
    char letter = reading_peek_at(reading, 1);

    if ((letter >= '1' && letter <= '9') || letter == 'b' || letter == 'g') {
        reading_skip(reading, 2);
        class->is_unknown = true;
        return false;
    }
    if (!is_same_outside(letter)) {
        reading_lose(reading);
        return false;
    }
    if (reading_escape_class(reading, letter, &set)) {
        reading_skip(reading, 2);
        byte_set_unite(&class->set, set);
        return false;
    }
    reading_take_escape(reading, &atom);
    if (atom.kind == ATOM_UNKNOWN)
        reading_lose(reading);
    if (atom.kind == ATOM_BYTES && atom.n_bytes == 1)
        *byte = (unsigned char)atom.bytes[0];
    else
        class->is_unknown = true;
    return atom.kind == ATOM_BYTES && atom.n_bytes == 1;
}

static bool read_class_byte(struct reading *reading, struct class *class, unsigned *byte)
{
    struct atom atom;

    if (reading_peek(reading) == '\\')
        return read_class_escape(reading, class, byte);
    reading_take_character(reading, &atom);
    if (atom.kind != ATOM_BYTES || atom.n_bytes != 1) {
        class->is_unknown = true;
        return false;
    }
    *byte = (unsigned char)atom.bytes[0];
    return true;
}

/* The end of a range; what is no byte after a hyphen leaves the class unknown. */
static void read_range(struct reading *reading, struct class *class, unsigned first)
{
    unsigned last = 0;

    reading_skip(reading, 1);
    if (is_posix_start(reading)) {
        reading_lose(reading);
        return;
    }
    if (read_class_byte(reading, class, &last) && first <= last)
        byte_set_add_range(&class->set, first, last);
    else
        class->is_unknown = true;
}

static void read_class_item(struct reading *reading, struct class *class)
{
    unsigned byte = 0;

    if (is_posix_start(reading)) {
        read_posix_class(reading, class);
        return;
    }
    if (!read_class_byte(reading, class, &byte))
        return;
    if (reading_peek(reading) == '-' && reading_peek_at(reading, 1) != ']')
        read_range(reading, class, byte);
    else
        byte_set_add(&class->set, (unsigned char)byte);
}

/* With UTF-8 a class stands for a byte where it is of ASCII alone; k and s have relatives elsewhere. */
static bool may_be_more_than_a_byte(const struct reading *reading, const struct class *class)
{
    static const struct byte_set relatives = { { 0, UINT64_C(0x8080000080800) } }; /* K S k s */

    if (!reading->is_utf)
        return false;
    if (class->is_negated || class->is_unknown || !byte_set_is_ascii(&class->set))
        return true;
    return reading->options.is_caseless && (class->set.words[1] & relatives.words[1]);
}

static bool are_cases_of_a_letter(const struct byte_set *set)
{
    unsigned char first = byte_set_first(set);

    return byte_is_letter((char)first) && byte_set_has(set, first ^ 0x20);
}

static void set_class(struct reading *reading, struct class *class, struct atom *atom)
{
    struct byte_set *set;

    reading_set_any(reading, atom);
    if (may_be_more_than_a_byte(reading, class) || class->is_unknown)
        return;
    if (reading->options.is_caseless)
        byte_set_add_other_cases(&class->set);
    if (class->is_negated)
        byte_set_invert(&class->set);
    if (byte_set_count(&class->set) == 1 ||
        (byte_set_count(&class->set) == 2 && are_cases_of_a_letter(&class->set))) {
        *atom = (struct atom){ .kind = ATOM_BYTES,
                               .bytes = { (char)byte_set_first(&class->set) },
                               .n_bytes = 1,
                               .is_caseless = byte_set_count(&class->set) == 2 };
        return;
    }
    set = arena_alloc(reading->arena, 1, sizeof(*set));
    if (!set) {
        reading->rc = RC_NO_MEMORY;
        return;
    }
    *set = class->set;
    *atom = (struct atom){ .kind = ATOM_CLASS, .class = set };
}

void reading_take_class(struct reading *reading, struct atom *atom)
{
    struct class class = { 0 };

    reading_skip(reading, 1);
    class.is_negated = reading_take_text(reading, SLICE("^"));
    do /* a bracket that stands first is one of the bytes */
        read_class_item(reading, &class);
    while (reading->rest.len && reading_peek(reading) != ']');
    reading_skip(reading, 1);
    set_class(reading, &class, atom);
}
