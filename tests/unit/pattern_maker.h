/* pattern_maker.h - random patterns over the syntax of PCRE2, and beside each a text that it may match. */
#pragma once

#include "random.h"
#include "src/base/buffer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAKER_DEPTH_MAX 4
#define MAKER_SAMPLE_MAX 200

struct maker {
    uint64_t state;
    struct buffer pattern;
    struct buffer sample;
    bool is_any_case;
    unsigned depth;
    unsigned n_groups;
};

static unsigned pick(struct maker *maker, unsigned n)
{
    return random_pick(&maker->state, n);
}

static void write_pattern(struct maker *maker, const char *text)
{
    buffer_add_text(&maker->pattern, text);
}

/* With UTF-8, k and s have relatives beyond ASCII: the Kelvin sign, the long s. */
static bool write_relative(struct maker *maker, char byte)
{
    const char *relative = byte == 'k' || byte == 'K'   ? "\xe2\x84\xaa"
                           : byte == 's' || byte == 'S' ? "\xc5\xbf"
                                                        : NULL;

    if (!relative || !maker->is_any_case || pick(maker, 8))
        return false;
    buffer_add_text(&maker->sample, relative);
    return true;
}

static void write_sample(struct maker *maker, char byte)
{
    bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');

    if (write_relative(maker, byte))
        return;
    if (is_letter && pick(maker, maker->is_any_case ? 2 : 40) == 0)
        byte = (char)(byte ^ 0x20);
    buffer_add_byte(&maker->sample, byte);
}

static void write_sequence(struct maker *maker);

/* -- words -- */

static void write_letters(struct maker *maker, unsigned n_letters)
{
    static const char letters[] = "abcdekKsSxyZ0123 _-:=@~";

    for (unsigned i = 0; i < n_letters; i++) {
        char letter = letters[pick(maker, sizeof(letters) - 1)];

        if (pick(maker, 40) == 0) {
            const char *beyond = pick(maker, 8) ? "\xc3\xa9" : "\xe9"; /* the second is no UTF-8 */

            write_pattern(maker, beyond);
            buffer_add_text(&maker->sample, beyond);
            continue;
        }
        buffer_add_byte(&maker->pattern, letter);
        write_sample(maker, letter);
    }
}

/* Perhaps with a group in its middle, or something that takes no byte. */
static void write_word(struct maker *maker)
{
    static const char *const between[][2] = {
        { "(", ")" },   { "(?:", ")" },      { "(?<w>", ")" }, { "(?>", ")" },  { "\\b", "" },
        { "\\B", "" },  { "(?#c)", "" },     { "\\K", "" },    { "(?i:", ")" }, { "\\Q", "\\E" },
        { "(?=", ")" }, { "(?i)", "(?-i)" }, { "(?!", ")" },   { "(?<=", ")" }, { "((", "))" }
    };
    const char *const *pair = RANDOM_OF(&maker->state, between);
    size_t n_sample;

    write_letters(maker, 1 + pick(maker, 9));
    if (pick(maker, 3))
        return;
    write_pattern(maker, pair[0]);
    n_sample = maker->sample.len;
    write_letters(maker, pick(maker, 4));
    write_pattern(maker, pair[1]);
    if (strcmp(pair[0], "(?!") == 0)
        maker->sample.len = n_sample;
    write_letters(maker, 1 + pick(maker, 6));
}

/* -- classes -- */

/* What may stand in a class, and a byte of it. */
static const char *const class_items[][2] = {
    { "a", "a" },
    { "k", "k" },
    { "S", "S" },
    { "-", "-" },
    { "^", "^" },
    { "[", "[" },
    { "(", "(" },
    { "|", "|" },
    { " ", " " },
    { "#", "#" },
    { "\xc3\xa9", "\xc3\xa9" },
    { "\xe9", "\xe9" },
    { "a-f", "c" },
    { "0-9", "7" },
    { "A-z", "_" },
    { "!-~", "x" },
    { "a-a", "a" },
    { "+--", "," },
    { "--/", "." },
    { "\\x41-\\x44", "B" },
    { "\\101-\\103", "B" },
    { "\\x00-\\xff", "z" },
    { "\\xe0-\\xef", "\xe9" },
    { "a-\\x{7a}", "q" },
    { "\\[-\\]", "\\" },
    { "\\d", "5" },
    { "\\D", "x" },
    { "\\w", "k" },
    { "\\W", "-" },
    { "\\s", " " },
    { "\\S", "y" },
    { "\\h", "\t" },
    { "\\H", "h" },
    { "\\v", "\x0b" },
    { "\\V", "v" },
    { "\\n", "\n" },
    { "\\t", "\t" },
    { "\\e", "\x1b" },
    { "\\b", "\b" },
    { "\\g", "g" },
    { "\\g{", "{" },
    { "\\g<", "<" },
    { "\\cA", "\x01" },
    { "\\c]", "\x1d" },
    { "\\]", "]" },
    { "\\-", "-" },
    { "\\\\", "\\" },
    { "\\0", "\0" },
    { "\\060", "0" },
    { "\\8", "8" },
    { "\\o{101}", "A" },
    { "\\pL", "a" },
    { "\\p{Lu}", "A" },
    { "\\P{L}", "1" },
    { "[:alpha:]", "k" },
    { "[:^alpha:]", "3" },
    { "[:digit:]", "4" },
    { "[:^digit:]", "d" },
    { "[:alnum:]", "s" },
    { "[:upper:]", "K" },
    { "[:lower:]", "k" },
    { "[:punct:]", "!" },
    { "[:space:]", " " },
    { "[:blank:]", "\t" },
    { "[:xdigit:]", "f" },
    { "[:word:]", "_" },
    { "[:cntrl:]", "\x07" },
    { "[:graph:]", "s" },
    { "[:print:]", " " },
    { "[:ascii:]", "~" },
    { "[:", ":" },
    { "[.", "." },
    { "\\Q]\\E", "]" },
    { "\\E", "" },
    { "\\N", "n" },
};

static void write_class(struct maker *maker)
{
    static const char others[] = "xZ7 -k]\xe9\n{";
    unsigned n_items = 1 + pick(maker, 3);
    bool is_negated = pick(maker, 3) == 0;
    const char *byte = "";

    write_pattern(maker, is_negated ? "[^" : "[");
    if (pick(maker, 10) == 0) {
        write_pattern(maker, "]");
        byte = "]";
    }
    for (unsigned i = 0; i < n_items; i++) {
        const char *const *item = RANDOM_OF(&maker->state, class_items);

        write_pattern(maker, item[0]);
        if (!*byte || pick(maker, 2))
            byte = item[1];
    }
    write_pattern(maker, pick(maker, 10) ? "]" : "-]");
    if (is_negated)
        buffer_add_byte(&maker->sample, others[pick(maker, sizeof(others) - 1)]);
    else if (!byte[0])
        buffer_add_byte(&maker->sample, '\0');
    else if (!byte[1])
        write_sample(maker, byte[0]);
    else
        buffer_add_text(&maker->sample, byte);
}

/* -- what is small -- */

/* Pairs of what may be written and what it may match. */
static const char *const smalls[][2] = {
    { "\\x41", "A" },
    { "\\x{62}", "b" },
    { "\\101", "A" },
    { "\\060", "0" },
    { "\\t", "\t" },
    { "\\n", "\n" },
    { "\\.", "." },
    { "\\[", "[" },
    { "\\d", "7" },
    { "\\w", "k" },
    { "\\s", " " },
    { "\\D", "x" },
    { "\\W", ":" },
    { "\\S", "\xe9" },
    { ".", "z" },
    { ".", "\xff" },
    { "\\N", "y" },
    { "[a]", "a" },
    { "[kK]", "k" },
    { "[Ss]", "S" },
    { "[^a]", "b" },
    { "[a-c]", "b" },
    { "[[:digit:]]", "5" },
    { "[]a]", "]" },
    { "[\\]b]", "b" },
    { "[^]c]", "d" },
    { "[\\x41]", "A" },
    { "[\\101]", "A" },
    { "[.]", "." },
    { "\\b", "" },
    { "\\B", "" },
    { "\\K", "" },
    { "\\G", "" },
    { "\\A", "" },
    { "\\Z", "" },
    { "\\z", "" },
    { "^", "" },
    { "$", "" },
    { "(?#c (o)", "" },
    { "\\Qa.b|(\\E", "a.b|(" },
    { "\\Q+\\E", "+" },
    { "\\Q\\E", "" },
    { "\\E", "" },
    { "()", "" },
    { "(?:)", "" },
    { "(?!zz)", "" },
    { "(?<!zz)", "" },
    { "(?=)", "" },
    { "(?<=ab|k)", "" },
    { "(?i)", "" },
    { "(?-i)", "" },
    { "(?x) ", "" },
    { "(?-x)", "" },
    { "(?xx)", "" },
    { "(?^)", "" },
    { "(?^i)", "" },
    { "(?smUJ)", "" },
    { "(?n)", "" },
    { "(?ix-s)", "" },
    { "(?|a|b)", "b" },
    { "(?|(a)|(b)c)", "bc" },
    { "(*ACCEPT)", "" },
    { "(*COMMIT)", "" },
    { "(*pla:a)", "" },
    { "(?*a)", "" },
    { "(?<*a)", "" },
    { "\\R", "\n" },
    { "\\R", "\r\n" },
    { "\\X", "x" },
    { "\\h", " " },
    { "\\h", "\xa0" },
    { "\\H", "h" },
    { "\\v", "\x0b" },
    { "\\v", "\x85" },
    { "\\V", "v" },
    { "\\pL", "a" },
    { "\\p{L}", "b" },
    { "\\P{L}", "1" },
    { "\\cA", "\x01" },
    { "\\c]", "\x1d" },
    { "\\e", "\x1b" },
    { "\\xe9", "\xe9" },
    { "\\xff", "\xff" },
    { "\\x{e9}", "\xc3\xa9" },
    { "\\x{212a}", "k" },
    { "\\x{17f}", "s" },
    { "\\o{141}", "a" },
    { "\\N{U+41}", "A" },
    { "{", "{" },
    { "a{,2}", "a{,2}" },
    { "{x}", "{x}" },
    { "{ 2}", "{ 2}" },
    { "}", "}" },
    { "]", "]" },
    { "#", "#" },
    { "\\#", "#" },
    { "\\ ", " " },
    { "\\/", "/" },
    { "[\xc3\xa9]", "\xc3\xa9" },
    { "\xc3\x89", "\xc3\xa9" },
};

static void write_small(struct maker *maker)
{
    const char *const *small = RANDOM_OF(&maker->state, smalls);

    write_pattern(maker, small[0]);
    buffer_add_text(&maker->sample, small[1]);
}

/* -- groups -- */

static const struct {
    const char *start;
    bool is_any_case;
    bool is_negative;
} group_starts[] = {
    { .start = "(" },
    { .start = "(?:" },
    { .start = "(?>" },
    { .start = "(?|" },
    { .start = "(?i:", .is_any_case = true },
    { .start = "(?-i:" },
    { .start = "(?x:" },
    { .start = "(?s:" },
    { .start = "(?i-s:", .is_any_case = true },
    { .start = "(?^:" },
    { .start = "(?^i:", .is_any_case = true },
    { .start = "(?=" },
    { .start = "(?<=" },
    { .start = "(?!", .is_negative = true },
    { .start = "(?<!", .is_negative = true },
    { .start = "(?<n>" },
    { .start = "(?P<p>" },
    { .start = "(?'q'" },
    { .start = "(?(?=a)" },
    { .start = "(?(1)" },
    { .start = "(?(DEFINE)", .is_negative = true },
};

static void write_group(struct maker *maker)
{
    unsigned i = pick(maker, sizeof(group_starts) / sizeof(*group_starts));
    size_t n_sample = maker->sample.len;
    bool was_any_case = maker->is_any_case;

    write_pattern(maker, group_starts[i].start);
    maker->n_groups++;
    maker->is_any_case = was_any_case || group_starts[i].is_any_case;
    write_sequence(maker);
    while (pick(maker, 3) == 0) {
        bool is_taken = pick(maker, 2) == 0;

        write_pattern(maker, "|");
        if (is_taken)
            maker->sample.len = n_sample;
        n_sample = maker->sample.len;
        if (pick(maker, 8))
            write_sequence(maker);
        if (!is_taken)
            maker->sample.len = n_sample;
    }
    if (group_starts[i].is_negative)
        maker->sample.len = n_sample;
    maker->is_any_case = was_any_case;
    write_pattern(maker, ")");
}

/* They are rightly refused where there is no such group. */
static void write_reference(struct maker *maker)
{
    static const char *const references[] = {
        "\\1",      "\\g{1}",  "\\g1",          "(?1)",      "(?R)?",  "(?(1)a|b)",
        "(?(1)kk)", "\\g{-1}", "(?-1)",         "(?+1)",     "\\2",    "(?(?=ab)abc|d)",
        "\\10",     "\\k<n>",  "\\k{n}",        "(?&n)",     "(?P=n)", "(?P>n)",
        "\\g<1>",   "\\g'n'",  "(?(<n>)ab|cd)", "(?(R)x|y)",
    };

    write_pattern(maker, RANDOM_OF(&maker->state, references));
}

/* -- sequences -- */

static void write_atom(struct maker *maker)
{
    unsigned i = pick(maker, 12);

    if (i < 4)
        write_word(maker);
    else if (i < 6)
        write_class(maker);
    else if (i < 9 || maker->depth > MAKER_DEPTH_MAX)
        write_small(maker);
    else if (i < 11)
        write_group(maker);
    else if (pick(maker, 3) == 0)
        write_reference(maker);
}

/* Of how many times, and what behind it, where it is plain text. */
static const struct {
    const char *text;
    unsigned n_times;
    const char *behind;
} quantifiers[] = {
    { "?", 0, "" },
    { "*", 0, "" },
    { "+", 2, "" },
    { "{0}", 0, "" },
    { "{1}", 1, "" },
    { "{2}", 2, "" },
    { "{3}", 3, "" },
    { "{4}", 4, "" },
    { "{7}", 7, "" },
    { "{30}", 30, "" },
    { "{3,3}", 3, "" },
    { "{1,3}", 3, "" },
    { "{2,}", 2, "" },
    { "{3,}", 4, "" },
    { "{2,5}", 5, "" },
    { "??", 0, "" },
    { "*?", 0, "" },
    { "++", 1, "" },
    { "{2}+", 2, "" },
    { "{2}?", 2, "" },
    { "{0,2}", 0, "" },
    { "?+", 1, "" },
    { " +", 2, "" },
    { "(?#q)?", 0, "" },
    { "(?#q){2}", 2, "" },
    { "\\Q\\E{2}", 2, "" },
    { "\\Q\\E+", 2, "" },
    { "{,3}", 1, "{,3}" },
    { "{2 }", 1, "{2 }" },
    { "{ 2}", 1, "{ 2}" },
    { "{1,3 }", 1, "{1,3 }" },
    { "{2, 3}", 1, "{2, 3}" },
    { "{2,3,4}", 1, "{2,3,4}" },
    { "{,}", 1, "{,}" },
    { "{}", 1, "{}" },
    { "{2", 1, "{2" },
};

/* The sample repeats what it ends with as often as the quantifier asks for, or leaves it out. */
static void write_quantifier(struct maker *maker, size_t from)
{
    unsigned i = pick(maker, sizeof(quantifiers) / sizeof(*quantifiers));
    struct buffer atom;

    write_pattern(maker, quantifiers[i].text);
    buffer_init(&atom, 0);
    buffer_add(&atom, (struct slice){ maker->sample.ptr + from, maker->sample.len - from });
    maker->sample.len = from;
    for (unsigned n = 0; n < quantifiers[i].n_times; n++)
        buffer_add(&maker->sample, buffer_slice(&atom));
    buffer_add_text(&maker->sample, quantifiers[i].behind);
    buffer_free(&atom);
}

static void write_sequence(struct maker *maker)
{
    unsigned n_atoms = 1 + pick(maker, 4);

    maker->depth++;
    for (unsigned i = 0; i < n_atoms && maker->sample.len < MAKER_SAMPLE_MAX; i++) {
        size_t from = maker->sample.len;

        write_atom(maker);
        if (maker->sample.len > MAKER_SAMPLE_MAX)
            continue;
        /* Of a word, a quantifier takes the last byte. */
        if (pick(maker, 4) == 0)
            write_quantifier(
                maker, pick(maker, 2) || maker->sample.len == from ? from : maker->sample.len - 1);
    }
    maker->depth--;
}

/* `/pattern/flags`, which PCRE2 may refuse. `has_words`: a long word stands in it. */
static void write_whole(struct maker *maker, bool has_words)
{
    static const char *const flags[] = { "",   "",   "",   "i",   "x",   "s",   "u",  "iu",
                                         "ix", "is", "su", "iux", "ixs", "xsu", "isu" };
    const char *letters = RANDOM_OF(&maker->state, flags);

    maker->is_any_case = letters[0] == 'i';
    maker->n_groups = 0;
    maker->pattern.len = 0;
    maker->sample.len = 0;
    write_pattern(maker, "/");
    if (!has_words || pick(maker, 2))
        write_sequence(maker);
    if (has_words)
        write_letters(maker, 12 + pick(maker, 20));
    if (has_words && pick(maker, 2))
        write_sequence(maker);
    if (!has_words && pick(maker, 6) == 0) {
        write_pattern(maker, "|");
        write_sequence(maker);
    }
    buffer_format(&maker->pattern, "/%s", letters);
}
