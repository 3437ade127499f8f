#include "actions/channels/shown.h"

#include "src/base/utf8.h"

struct range {
    uint32_t first, last;
};

/* Nothing to be seen where they stand (Unicode: Default_Ignorable_Code_Point, and the blank of Braille). The selectors of emoji, U+FE00 to U+FE0F, are among the look-alikes: titles are full
 * of them. */
static const struct range invisible[] = {
    { 0x00ad, 0x00ad },   { 0x034f, 0x034f },   { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
    { 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2060, 0x206f }, { 0x2800, 0x2800 },
    { 0x3164, 0x3164 },   { 0xfff0, 0xfffb },   { 0xffa0, 0xffa0 }, { 0x1bca0, 0x1bca3 },
    { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

/* Blocks whose characters can pass for ASCII (Unicode Technical Standard 39), and what has no look of its own. */
static const struct range look_alikes[] = {
    { 0x00a0, 0x00a0 }, /* no-break space */
    { 0x00b4, 0x00b8 }, /* acute accent to cedilla */
    { 0x00d7, 0x00d7 }, /* multiplication sign */
    { 0x0131, 0x0131 }, /* dotless i */
    { 0x0180,
      0x05ff }, /* rare Latin, IPA, modifiers, combining, Greek, Cyrillic, Armenian, Hebrew */
    { 0x13a0, 0x13ff },   /* Cherokee */
    { 0x1680, 0x1680 },   /* ogham space */
    { 0x1ab0, 0x1aff },   /* combining */
    { 0x1c80, 0x1cff },   /* Cyrillic, Georgian */
    { 0x1d00, 0x1fff },   /* phonetic, rare Latin, Greek */
    { 0x2000, 0x20cf },   /* blanks, dashes, primes, super- and subscripts */
    { 0x2100, 0x22ff },   /* letterlike, Roman numerals, arrows, operators */
    { 0x2300, 0x25ff },   /* technical, enclosed, lines, shapes */
    { 0x2795, 0x2797 },   /* heavy signs */
    { 0x27c0, 0x27ef },   /* operators, brackets */
    { 0x2900, 0x2bff },   /* arrows, operators */
    { 0x2c60, 0x2cff },   /* Latin, Coptic */
    { 0x2e00, 0x2e7f },   /* punctuation */
    { 0x3000, 0x3000 },   /* wide space */
    { 0xa4d0, 0xa4ff },   /* Lisu */
    { 0xa640, 0xa7ff },   /* Cyrillic, Bamum, Latin */
    { 0xab30, 0xabbf },   /* Latin, Cherokee */
    { 0xe000, 0xf8ff },   /* private use */
    { 0xfb00, 0xfb4f },   /* ligatures */
    { 0xfe00, 0xfe6f },   /* selectors, vertical, small forms */
    { 0xff00, 0xffef },   /* wide and narrow forms */
    { 0x10000, 0x1efff }, /* old scripts, mathematical letters */
    { 0xf0000, 0x10ffff } /* private use */
};

static bool is_in(uint32_t code_point, const struct range *ranges, size_t n_ranges)
{
    for (size_t i = 0; i < n_ranges; i++)
        if (code_point >= ranges[i].first && code_point <= ranges[i].last)
            return true;
    return false;
}
#define IS_IN(code_point, ranges) is_in(code_point, ranges, sizeof(ranges) / sizeof(*(ranges)))

static bool is_hidden(uint32_t code_point)
{
    return utf8_acts_on_its_surroundings(code_point) ||
           (code_point >= 0x80 && IS_IN(code_point, invisible));
}

static bool is_doubtful(uint32_t code_point)
{
    return is_hidden(code_point) || (code_point >= 0x80 && IS_IN(code_point, look_alikes));
}

/* One character, or one byte that is none. */
struct character {
    struct slice bytes;
    bool is_valid;
    uint32_t code_point;
};

static struct character cut_character(struct slice *rest)
{
    struct character character = { .bytes = { .ptr = rest->ptr, .len = 1 } };
    size_t len = utf8_char_len(rest->ptr, rest->len, &character.code_point);

    character.is_valid = len != 0;
    if (len)
        character.bytes.len = len;
    rest->ptr += character.bytes.len;
    rest->len -= character.bytes.len;
    return character;
}

static void add_escaped(struct buffer *out, const struct character *character)
{
    if (!character->is_valid || character->code_point < 0x80)
        buffer_format(out, "\\x%02x", (unsigned)(uint8_t)character->bytes.ptr[0]);
    else if (character->code_point <= 0xffff)
        buffer_format(out, "\\u%04x", (unsigned)character->code_point);
    else
        buffer_format(out, "\\U%08x", (unsigned)character->code_point);
}

void shown_add_line(struct buffer *out, struct slice text)
{
    while (text.len && !out->failed) {
        struct character character = cut_character(&text);

        if (!character.is_valid || is_hidden(character.code_point))
            add_escaped(out, &character);
        else
            buffer_add(out, character.bytes);
    }
}

static bool is_line_layout(const struct character *character)
{
    return character->is_valid && (character->code_point == '\n' || character->code_point == '\t');
}

void shown_add_lines(struct buffer *out, struct slice text)
{
    while (text.len && !out->failed) {
        struct character character = cut_character(&text);

        if (is_line_layout(&character))
            buffer_add(out, character.bytes);
        else if (character.is_valid && character.code_point == '\r' && text.len &&
                 text.ptr[0] == '\n')
            continue;
        else if (!character.is_valid || is_hidden(character.code_point))
            add_escaped(out, &character);
        else
            buffer_add(out, character.bytes);
    }
}

bool shown_is_same(struct slice text)
{
    while (text.len) {
        struct character character = cut_character(&text);

        if (!character.is_valid || (is_hidden(character.code_point) && !is_line_layout(&character)))
            return false;
    }
    return true;
}

/* --- arguments --- */

static bool is_bare(struct slice argument, bool is_word)
{
    bool after_blank = true; /* at its start a blank would not be seen */

    if (!argument.len || argument.ptr[0] == '"' || slice_ends(argument, SLICE(" ")))
        return false;
    while (argument.len) {
        struct character character = cut_character(&argument);
        bool is_blank = character.code_point == ' ';

        if (!character.is_valid || is_doubtful(character.code_point))
            return false;
        if (is_blank && (after_blank || is_word))
            return false;
        after_blank = is_blank;
    }
    return true;
}

void shown_add_quoted(struct buffer *out, struct slice argument)
{
    bool after_blank = false;

    buffer_add_byte(out, '"');
    while (argument.len && !out->failed) {
        struct character character = cut_character(&argument);
        bool is_blank = character.is_valid && character.code_point == ' ';

        if (character.is_valid && (character.code_point == '"' || character.code_point == '\\'))
            buffer_add_byte(out, '\\');
        if (character.is_valid && character.code_point == '\n')
            buffer_add_text(out, "\\n");
        else if (character.is_valid && character.code_point == '\t')
            buffer_add_text(out, "\\t");
        else if (!character.is_valid || is_doubtful(character.code_point) ||
                 (is_blank && after_blank))
            add_escaped(out, &character);
        else
            buffer_add(out, character.bytes);
        after_blank = is_blank;
    }
    buffer_add_byte(out, '"');
}

void shown_add_argument(struct buffer *out, struct slice argument)
{
    if (is_bare(argument, false))
        buffer_add(out, argument);
    else
        shown_add_quoted(out, argument);
}

void shown_add_word(struct buffer *out, struct slice argument)
{
    if (is_bare(argument, true))
        buffer_add(out, argument);
    else
        shown_add_quoted(out, argument);
}
