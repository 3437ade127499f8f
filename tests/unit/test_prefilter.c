#include "rule_fixture.h"
#include "rules/literal.h"
#include "rules/match.h"
#include "rules/prefilter.h"
#include "rules/where.h"

#include <stdlib.h>

/* -- literals of a pattern -- */

/* A class of several bytes as their number: `a{10}b`. */
static void add_literal(struct buffer *text, const struct literal *literal)
{
    if (!literal->classes) {
        buffer_add_text(text, literal->is_caseless ? "~" : "");
        buffer_add(text, literal->bytes);
        return;
    }
    for (size_t i = 0; i < literal->bytes.len; i++) {
        if (byte_set_count(&literal->classes[i]) == 1)
            buffer_add_byte(text, (char)byte_set_first(&literal->classes[i]));
        else
            buffer_format(text, "{%u}", byte_set_count(&literal->classes[i]));
    }
}

/* "first|alternative & second": all that is told of a pattern, best first; `~` before what is meant in any case. */
static void add_sets(struct buffer *text, const struct literal_sets *sets)
{
    for (size_t i = 0; i < sets->n_items; i++) {
        for (size_t j = 0; j < sets->items[i].n_items; j++) {
            buffer_add_text(text, j ? "|" : i ? " & " : "");
            add_literal(text, &sets->items[i].items[j]);
        }
    }
    buffer_add_byte(text, '\0');
}

static void assert_reads(const char *source, const char *expected)
{
    struct pattern *pattern = NULL;
    struct arena *arena = NULL;
    struct json_fault fault = { 0 };
    struct literal_sets sets;
    struct buffer got;

    buffer_init(&got, 0);
    assert_int_equal(arena_new((size_t)1 << 20, &arena), RC_OK);
    if (pattern_parse(slice_of(source), arena, &pattern, &fault))
        print_message("%s: %s\n", source, fault.text);
    assert_non_null(pattern);
    assert_int_equal(literal_read_pattern(pattern_source(pattern), arena, &sets), RC_OK);
    add_sets(&got, &sets);
    if (strcmp(got.ptr, expected) != 0)
        print_message("%s: got `%s`, expected `%s`\n", source, got.ptr, expected);
    assert_string_equal(got.ptr, expected);
    buffer_free(&got);
    pattern_free(pattern);
    arena_free(arena);
}

struct reading_case {
    const char *source;
    const char *expected;
};

static void assert_all_read(const struct reading_case *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++)
        assert_reads(cases[i].source, cases[i].expected);
}

static void characters_in_a_row_are_a_literal(void **state)
{
    static const struct reading_case cases[] = {
        { "/disk full/", "disk full" },
        { "/a/", "" },
        { "/ab/", "ab" },
        { "/abc.de/", "abc{256}de & abc & de" },
        { "/^abc$/", "abc" },
        { "/\\babc\\b def\\Kghi/", "abc defghi" },
        { "/a\\.b\\/c\\[d/", "a.b/c[d" },
        { "/\\x41\\x{42}\\103\\0104\\o{105}F/", "ABC\0104EF" },
        { "/a\\tb\\n\\r\\f\\a\\e/", "a\tb\n\r\f\a\x1b" },
        { "/ab\\dcd\\Wef\\pLgh\\p{Lu}ij\\Xkl\\Rmn/", "ab{10}cd{193}ef & ab & cd & ef" },
        { "/ab\\cAcd\\Nef/", "cd{256}ef & ab & cd & ef" },
        { "/\\Qa.b*\\Ecd/", "a.b*cd" },
        { "/\\Qab+\\E+c/", "ab+ & +c" },
        { "/\\Qa|b/", "a|b" },
        { "/(a)ab\\1cd\\g{1}ef\\g1gh/", "aab & cd & ef & gh" },
        { "/(?<n>x)ab\\k<n>cd\\k'n'ef(?P=n)gh/", "xab & cd & ef & gh" },
        { "/(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)xx\\10yy/", "abcdefghijxx & yy" },
        { "/aa\\101bb/", "aaAbb" },
        { "/aa\\1011bb/", "aaA1bb" },
        { "/aa{bb/", "aa{bb" },
        { "/aa{x}bb/", "aa{x}bb" },
        { "/caf\xc3\xa9s/", "caf\xc3\xa9s" },
        { "/caf\xc3\xa9+s/", "caf\xc3\xa9 & \xa9s" },
        { "/caf\xc3\xa9+s/u", "caf\xc3\xa9 & \xc3\xa9s" },
        { "/caf\xc3\xa9?st/u", "caf & st" },
        { "/ab\\xe9cd/", "ab\xe9"
                         "cd" },
        { "/ab\\xe9cd/u", "ab & cd" },
    };

    (void)state;
    assert_all_read(cases, sizeof(cases) / sizeof(*cases));
}

static void quantifiers_end_a_literal(void **state)
{
    static const struct reading_case cases[] = {
        { "/abc?de/", "ab & de" },       { "/abc*de/", "ab & de" },
        { "/abc+de/", "abc & cde" },     { "/abc+?de/", "abc & cde" },
        { "/abc++de/", "abc & cde" },    { "/abc??de/", "ab & de" },
        { "/abc{0}de/", "ab & de" },     { "/abc{0,3}de/", "ab & de" },
        { "/abc{1}de/", "abcde" },       { "/abc{2,}de/", "abcc & ccde" },
        { "/abc{,3}de/", "ab & de" },    { "/(abc)?de/", "de" },
        { "/(abc)+de/", "abcde & abc" }, { "/(abc){0,2}de/", "de" },
        { "/ab(?=c)+cd/", "ab & cd" },
    };

    (void)state;
    assert_all_read(cases, sizeof(cases) / sizeof(*cases));
}

static void of_alternatives_each_must_have_a_literal(void **state)
{
    static const struct reading_case cases[] = {
        { "/error|fatal/", "error|fatal" },
        { "/error|f/", "" },
        { "/error|/", "" },
        { "/error|\\d+/", "" },
        { "/ab.*cdef|ghi.*jk/", "cdef|ghi & ab|jk" },
        { "/ab.*cdef|ghi/", "cdef|ghi" },
        { "/(?:refused|reset) by peer/", " by peer & refused|reset" },
        { "/(?:refused|x) by peer/", " by peer" },
        { "/(?|(aa)|(bb))cc/", "cc & aa|bb" },
        { "/a|b/", "" },
    };

    (void)state;
    assert_all_read(cases, sizeof(cases) / sizeof(*cases));
}

static void groups_of_every_kind_are_read(void **state)
{
    static const struct reading_case cases[] = {
        { "/(?<host>web)-(?'n'one)-(?P<p>two)/", "web-one-two" },
        { "/(?>atomic)x(?=ahead)/", "atomicx & ahead" },
        { "/(?<=before)after/", "before & after" },
        { "/ab(?!not this)cd/", "ab & cd" },
        { "/ab(?<!not this)cd/", "ab & cd" },
        { "/(ab)?(?(1)cdef|ghi)kl/", "kl" },
        { "/(?<n>ab)?(?(<n>)cdef|ghi)kl/", "kl" },
        { "/(?(?=ab)cdef|ghi)kl/", "kl" },
        { "/(?(DEFINE)(?<n>long text))(?&n)kl/", "kl" },
        { "/(ab(?1)?cd)(?R)?xyz/", "xyz & ab & cd" },
        { "/(ab)(?-1)(?P>m)(?<m>cd)/", "ab & cd" },
        { "/ab(?#no text ( here)cd/", "abcd" },
        { "/abc(?#none)?de/", "ab & de" },
        { "/ab(*ACCEPT)cd/", "" },
        { "/ab(*SKIP)cd/", "" },
        { "/(?(*pla:(a)b)cd|ef)gh/", "" },
        { "/(?:a(?:bc(?:def)))/", "abcdef" },
    };

    (void)state;
    assert_all_read(cases, sizeof(cases) / sizeof(*cases));
}

static void a_class_of_one_character_is_a_character(void **state)
{
    static const struct reading_case cases[] = {
        { "/ab[c]de/", "abcde" },
        { "/ab[.]de[\\]]/", "ab.de]" },
        { "/ab[]]de/", "ab]de" },
        { "/ab[]x]de/", "ab{2}de & ab & de" },
        { "/ab[^]x]de/", "ab{254}de & ab & de" },
        { "/ab[^c]de/", "ab{255}de & ab & de" },
        { "/[Ee]rror/", "~error" },
        { "/[Ef]rror/", "rror" },
        { "/ab[a-a]cd/", "abacd" },
        { "/ab[A-a]cd/", "ab{33}cd & ab & cd" },
        { "/ab[\\d]cd[[:alpha:]]ef[[:^digit:]x]gh/", "ab{10}cd{52}ef{256}gh & ab & cd & ef" },
        { "/ab[\\x41]cd/", "abAcd" },
        { "/ab[\\101]cd/", "ab{256}cd & ab & cd" },
        { "/ab[\\b]cd/", "ab{256}cd & ab & cd" },
        { "/ab[\\c]]cd/", "ab{256}cd & ab & cd" },
        { "/ab[\\Q]\\E]cd/", "" },
        { "/ab[x[:]cd/", "" },
        { "/ab[(?|]cd/", "ab{3}cd & ab & cd" },
        { "/ab[\xc3\xa9]cd/u", "ab & cd" },
        { "/ab[c]?de/", "ab & de" },
    };

    (void)state;
    assert_all_read(cases, sizeof(cases) / sizeof(*cases));
}

static void options_hold_to_the_end_of_their_group(void **state)
{
    static const struct reading_case cases[] = {
        { "/Error/i", "~error" },
        { "/123/i", "123" },
        { "/(?i)Error/", "~error" },
        { "/ab(?i)Cd/", "~abcd" },
        { "/(?i:Ab)Cd/", "~abcd" },
        { "/(?:(?i)Ab)Cd/", "~abcd" },
        { "/(?:(?i)Ab|Cd)Ef/", "Ef & ~ab|~cd" },
        { "/(?-i:Ab)Cd/i", "~abcd" },
        { "/(?i)ab(?-i).CD/", "{2}{2}{256}CD & ~ab & CD" },
        { "/(?i)ab(?^).CD/", "{2}{2}{256}CD & ~ab & CD" },
        { "/(?s)ab(?mnJU)cd/", "abcd" },
        { "/ab (?x) c d # rest/", "ab cd" },
        { "/a b/x", "ab" },
        { "/a b +c d/x", "bcd & ab" },
        { "/a\\ b[ ]c/x", "a b c" },
        { "/ab\xc2\x85?cd/x", "" },
        { "/(?xx)ab/", "" },
        { "/stark/i", "~stark" },
        { "/boiler/iu", "~boiler" },
        { "/disk error/iu", "~ error & ~di" },
        { "/b\xc3\x89t\xc3\xa9/i", "~b\xc3\x89t\xc3\xa9" },
        { "/abb\xc3\x89t/iu", "~abb" },
    };

    (void)state;
    assert_all_read(cases, sizeof(cases) / sizeof(*cases));
}

/* -- candidates -- */

/* A set, its prefilter for log lines, and what it tells of texts in one buffer; free with sight_free. */
struct sight {
    struct ruleset *set;
    struct prefilter *prefilter;
    struct prefilter_scratch *scratch;
    struct candidate_list candidates;
    struct slice bytes;
    const struct slice *texts;
    size_t n_texts;
};

static const struct prefilter_texts of_logs = { .kind = { "log", 3 },
                                                .type = { "log.line", 8 },
                                                .holds_data = true };

static struct sight look(const char *rules, struct slice bytes, const struct slice *texts,
                         size_t n_texts)
{
    struct sight sight = {
        .set = rules_of(rules), .bytes = bytes, .texts = texts, .n_texts = n_texts
    };

    assert_int_equal(prefilter_new(sight.set, &of_logs, &sight.prefilter), RC_OK);
    assert_int_equal(prefilter_scratch_new(&sight.scratch), RC_OK);
    assert_int_equal(
        prefilter_scan(sight.prefilter, bytes, texts, n_texts, sight.scratch, &sight.candidates),
        RC_OK);
    return sight;
}

static void sight_free(struct sight *sight)
{
    prefilter_free(sight->prefilter);
    prefilter_scratch_free(sight->scratch);
    ruleset_free(sight->set);
}

/* The text that begins at `begin`, and is not empty. */
static size_t index_of_text(struct slice bytes, const struct slice *texts, size_t begin)
{
    size_t i = 0;

    while (!texts[i].len || texts[i].ptr != bytes.ptr + begin)
        i++;
    return i;
}

/* "always: a b; 0/c 2/d": the ids of the rules. */
static void add_sight(struct buffer *text, const struct sight *sight)
{
    size_t n_always;
    const uint32_t *always = prefilter_always(sight->prefilter, &n_always);

    for (size_t i = 0; i < n_always; i++) {
        buffer_add_text(text, i ? " " : "always: ");
        buffer_add(text, sight->set->rules[always[i]].id);
    }
    buffer_add_text(text, n_always && sight->candidates.n_items ? "; " : "");
    for (size_t i = 0; i < sight->candidates.n_items; i++) {
        buffer_format(text, "%s%zu/", i ? " " : "",
                      index_of_text(sight->bytes, sight->texts, sight->candidates.items[i].begin));
        buffer_add(text, sight->set->rules[sight->candidates.items[i].rule].id);
    }
    buffer_add_byte(text, '\0');
}

static void assert_sees_texts(const char *rules, struct slice bytes, const struct slice *texts,
                              size_t n_texts, const char *expected)
{
    struct sight sight = look(rules, bytes, texts, n_texts);
    struct buffer got;

    buffer_init(&got, 0);
    add_sight(&got, &sight);
    if (strcmp(got.ptr, expected) != 0)
        print_message("%s: got `%s`, expected `%s`\n", rules, got.ptr, expected);
    assert_string_equal(got.ptr, expected);
    buffer_free(&got);
    sight_free(&sight);
}

/* Lines, as a log has them. */
static void assert_sees(const char *rules, const char *lines, const char *expected)
{
    struct slice rest = slice_of(lines);
    struct slice texts[16];
    size_t n_texts = 0;

    while (rest.len)
        texts[n_texts++] = slice_cut(&rest, '\n');
    assert_sees_texts(rules, slice_of(lines), texts, n_texts, expected);
}

static void a_line_with_the_literal_is_a_candidate(void **state)
{
    const char *rules = "rules:\n"
                        "  - {id: a, on: log, match: '/disk full on (\\w+)/'}\n"
                        "  - {id: b, on: log, match: ['/refused/', '/reset by peer/']}\n"
                        "  - {id: c, on: log, match: '/\\d{3}/'}\n"
                        "  - {id: d, on: log, match: '/up.*down/'}\n"
                        "  - {id: e, on: log, match: '/Gone/i'}\n";

    (void)state;
    assert_sees(rules, "disk full on a\ndisk full\nnothing\nx refused, y reset by peer\n",
                "always: c; 0/a 3/b");
    assert_sees(rules, "up\ndown\ndown, then up\nGONE\ngone\nGo ne", "always: c; 2/d 3/e 4/e");
    assert_sees(rules, "", "always: c");
}

/* Of every length class one literal, with its place. */
static const struct {
    const char *id;
    size_t from, to;
} places[] = { { "a", 0, 8 }, { "b", 8, 10 }, { "c", 10, 14 }, { "d", 14, 19 } };

/* Those that a cut leaves whole. */
static void add_whole_places(struct buffer *text, size_t cut)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        if (places[i].to <= cut || places[i].from >= cut)
            buffer_format(text, "%s%d/%s", text->len ? " " : "", places[i].to > cut, places[i].id);
    }
    buffer_add_byte(text, '\0');
}

static void a_literal_across_two_texts_is_no_hit(void **state)
{
    const char *rules = "rules: [{id: a, on: log, match: '/abcdefgh/'}, "
                        "{id: b, on: log, match: '/xy/'}, {id: c, on: log, match: '/klmn/'}, "
                        "{id: d, on: log, match: '/opqrs/'}]";
    const char *bytes = "abcdefghxyklmnopqrs";
    struct slice whole = slice_of(bytes);

    (void)state;
    for (size_t cut = 0; cut <= whole.len; cut++) {
        struct slice texts[] = { { bytes, cut }, { bytes + cut, whole.len - cut } };
        struct buffer expected;

        buffer_init(&expected, 0);
        add_whole_places(&expected, cut);
        assert_sees_texts(rules, whole, texts, 2, expected.ptr);
        buffer_free(&expected);
    }
}

static void what_stands_between_texts_is_no_text(void **state)
{
    const char *rules = "rules: [{id: a, on: log, match: '/abcdefgh/'}]";
    const char *bytes = "--abcdefgh--abcdefgh--abcdefgh";
    struct slice second[] = { { bytes, 0 }, { NULL, 0 }, { bytes + 12, 8 }, { bytes + 20, 0 } };
    struct slice none[] = { { bytes, 9 }, { bytes + 10, 2 }, { bytes + 13, 8 }, { bytes + 23, 7 } };

    (void)state;
    assert_sees_texts(rules, slice_of(bytes), second, 4, "2/a");
    assert_sees_texts(rules, slice_of(bytes), none, 4, "");
    assert_sees_texts(rules, slice_of(bytes), NULL, 0, "");
    assert_sees_texts(rules, (struct slice){ 0 }, NULL, 0, "");
}

static void texts_may_hold_nuls_and_line_ends(void **state)
{
    const char *rules = "rules: [{id: a, on: log, match: '/Traceback[\\s\\S]*\\nValueError/'}, "
                        "{id: b, on: log, match: '/x\\x00yz/'}]";
    static const char bytes[] = "Traceback\n  File\nValueError\0x\0yz";
    struct slice texts[] = { { bytes, 27 }, { bytes + 27, sizeof(bytes) - 28 } };

    (void)state;
    assert_sees_texts(rules, (struct slice){ bytes, sizeof(bytes) - 1 }, texts, 2, "0/a 1/b");
}

static void case_is_folded_where_it_is_asked_for_and_of_letters_only(void **state)
{
    const char *rules = "rules: [{id: a, on: log, match: '/na\xc3\xafve[[]x/i'}, "
                        "{id: b, on: log, match: '/Exact/'}]";

    (void)state;
    assert_sees(rules, "NA\xc3\xafVE[X\nNA\xc3\x8fVE[x\nNA\xc3\xafVE{x", "0/a");
    assert_sees(rules, "Exact\nexact\nEXACT", "0/b");
}

static void only_rules_that_may_see_the_kind_count(void **state)
{
    const char *rules = "rules:\n"
                        "  - {id: kind, on: log, match: '/refused/'}\n"
                        "  - {id: type, on: log.line, match: '/refused/'}\n"
                        "  - {id: glob, on: 'log.*', match: '/refused/'}\n"
                        "  - {id: all, on: '*', match: '/refused/'}\n"
                        "  - {id: list, on: [push, log], match: '/\\d/'}\n"
                        "  - {id: other, on: push, match: '/refused/'}\n"
                        "  - {id: none, on: [alert, 'log2*'], match: '/\\d/'}\n";

    (void)state;
    assert_sees(rules, "refused", "always: list; 0/kind 0/type 0/glob 0/all");
}

static void clauses_on_the_text_count_and_others_do_not(void **state)
{
    const char *rules = "rules:\n"
                        "  - {id: pattern, on: log, where: {text: '/refused/'}}\n"
                        "  - {id: equal, on: log, where: {text: 'disk full'}}\n"
                        "  - {id: list, on: log, where: {text: ['disk full', '/reset/']}}\n"
                        "  - {id: with, on: log, match: '/\\d/', where: {text: '/refused/'}}\n"
                        "  - {id: both, on: log, match: '/disk/', where: {text: '/full/'}}\n"
                        "  - {id: not, on: log, where: {text: {not: '/refused/'}}}\n"
                        "  - {id: title, on: log, where: {title: '/refused/'}}\n"
                        "  - {id: none, on: log, where: {none: [{text: '/refused/'}]}}\n"
                        "  - {id: ignore, on: log, ignore: '/refused/'}\n"
                        "  - {id: exists, on: log, where: {text: {exists: true}}}\n"
                        "  - {id: any, on: log, where: {any: [{text: '/refused/'}]}}\n";
    const char *always = "always: not title none ignore exists any";
    char expected[200];

    (void)state;
    (void)snprintf(expected, sizeof(expected), "%s; %s", always, "0/pattern 0/with");
    assert_sees(rules, "refused", expected);
    (void)snprintf(expected, sizeof(expected), "%s; %s", always, "0/equal 0/list 0/both");
    assert_sees(rules, "disk full", expected);
    (void)snprintf(expected, sizeof(expected), "%s; %s", always, "1/list");
    assert_sees(rules, "full\nreset", expected);
}

static void what_may_clear_is_a_candidate_too(void **state)
{
    const char *rules =
        "rules:\n"
        "  - {id: own, on: log, match: '/link down/', clear: {match: '/link up/'}}\n"
        "  - {id: open, on: log, match: '/link down/', clear: {where: {severity: low}, match: "
        "'/./'}}\n"
        "  - {id: same, on: log, match: '/link down/', clear: {where: {severity: low}}}\n"
        "  - {id: quiet, on: log, match: '/link down/', clear: {quiet: 1h}}\n"
        "  - {id: elsewhere, on: push, match: '/./', clear: {on: log, match: '/link up/'}}\n"
        "  - {id: other, on: log, match: '/link down/', clear: {on: push, match: '/./'}}\n";

    (void)state;
    assert_sees(rules, "link down", "always: open; 0/own 0/same 0/quiet 0/other");
    assert_sees(rules, "link up", "always: open; 0/own 0/elsewhere");
}

/* -- random patterns, and texts that they are likely to match -- */

#define DEFAULT_SEED 20260101
#define N_ROUNDS 4000
#define N_RULES 8
#define N_TEXTS 24
#define DEPTH_MAX 4

/* Writes a pattern, and beside it a text that it may match. */
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
    maker->state = maker->state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(maker->state >> 33) % n;
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

static void write_word(struct maker *maker)
{
    static const char letters[] = "abcdekKsSxyZ0123 _-:=@~\xc3\xa9";
    unsigned n_letters = 1 + pick(maker, 9);

    for (unsigned i = 0; i < n_letters; i++) {
        char letter = letters[pick(maker, sizeof(letters) - 1)];

        buffer_add_byte(&maker->pattern, letter);
        write_sample(maker, letter);
    }
}

/* Pairs of what may be written and what it may match. */
static void write_small(struct maker *maker)
{
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
        { ".", "z" },
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
        { "^", "" },
        { "$", "" },
        { "(?#c (o)", "" },
        { "\\Qa.b|(\\E", "a.b|(" },
        { "\\Q+\\E", "+" },
        { "\\E", "" },
        { "(?!zz)", "" },
        { "(?<!zz)", "" },
        { "(?i)", "" },
        { "(?-i)", "" },
        { "(?x) ", "" },
        { "(?-x)", "" },
        { "(?^)", "" },
        { "(*ACCEPT)", "" },
        { "\\R", "\n" },
        { "\\h", " " },
        { "\\pL", "a" },
        { "\\p{L}", "b" },
        { "\\cA", "\x01" },
        { "\\e", "\x1b" },
        { "\\xe9", "\xe9" },
        { "\\o{141}", "a" },
        { "{", "{" },
        { "a{,2}", "aa" },
        { "{x}", "{x}" },
        { "\\/", "/" },
        { "[\xc3\xa9]", "\xc3\xa9" },
    };
    unsigned i = pick(maker, sizeof(smalls) / sizeof(*smalls));

    write_pattern(maker, smalls[i][0]);
    buffer_add_text(&maker->sample, smalls[i][1]);
}

static void write_group(struct maker *maker)
{
    static const char *const starts[] = { "(",    "(?:",  "(?>",    "(?|",  "(?i:", "(?-i:",
                                          "(?x:", "(?s:", "(?i-s:", "(?^:", "(?=",  "(?<=" };
    unsigned i = pick(maker, sizeof(starts) / sizeof(*starts) + 1);
    size_t n_sample = maker->sample.len;
    bool was_any_case = maker->is_any_case;

    if (i == sizeof(starts) / sizeof(*starts))
        buffer_format(&maker->pattern, "(?<n%u>", maker->n_groups);
    else
        write_pattern(maker, starts[i]);
    maker->n_groups++;
    maker->is_any_case = was_any_case || i == 4 || i == 8;
    write_sequence(maker);
    while (pick(maker, 3) == 0) {
        bool is_taken = pick(maker, 2) == 0;

        write_pattern(maker, "|");
        if (is_taken)
            maker->sample.len = n_sample;
        n_sample = maker->sample.len;
        write_sequence(maker);
        if (!is_taken)
            maker->sample.len = n_sample;
    }
    maker->is_any_case = was_any_case;
    write_pattern(maker, ")");
}

/* They are rightly refused where there is no such group. */
static void write_reference(struct maker *maker)
{
    static const char *const references[] = { "\\1",     "\\g{1}",    "\\g1",           "(?1)",
                                              "(?R)?",   "(?(1)a|b)", "(?(1)kk)",       "\\g{-1}",
                                              "(?-1)",   "\\2",       "(?(?=ab)abc|d)", "\\10",
                                              "\\k<n1>", "(?&n1)",    "(?P=n1)" };

    write_pattern(maker, references[pick(maker, sizeof(references) / sizeof(*references))]);
}

static void write_atom(struct maker *maker)
{
    unsigned i = pick(maker, 10);

    if (i < 4)
        write_word(maker);
    else if (i < 7 || maker->depth > DEPTH_MAX)
        write_small(maker);
    else if (i < 9)
        write_group(maker);
    else if (pick(maker, 3) == 0)
        write_reference(maker);
}

/* The sample repeats the last atom as often as the quantifier asks for, or leaves it out. */
static void write_quantifier(struct maker *maker, size_t from)
{
    static const struct {
        const char *text;
        unsigned n_times;
    } quantifiers[] = { { "?", 0 },     { "*", 0 },    { "+", 2 },  { "{2}", 2 },   { "{0}", 0 },
                        { "{1,3}", 3 }, { "{2,}", 2 }, { "??", 0 }, { "*?", 0 },    { "++", 1 },
                        { "{0,2}", 0 }, { "?+", 1 },   { " +", 2 }, { "(?#q)?", 0 } };
    unsigned i = pick(maker, sizeof(quantifiers) / sizeof(*quantifiers));
    struct buffer atom;

    write_pattern(maker, quantifiers[i].text);
    buffer_init(&atom, 0);
    buffer_add(&atom, (struct slice){ maker->sample.ptr + from, maker->sample.len - from });
    maker->sample.len = from;
    for (unsigned n = 0; n < quantifiers[i].n_times; n++)
        buffer_add(&maker->sample, buffer_slice(&atom));
    buffer_free(&atom);
}

static void write_sequence(struct maker *maker)
{
    unsigned n_atoms = 1 + pick(maker, 4);

    maker->depth++;
    for (unsigned i = 0; i < n_atoms; i++) {
        size_t from = maker->sample.len;

        write_atom(maker);
        if (maker->sample.len == from || maker->sample.len > 200)
            continue;
        /* Of a word, a quantifier takes the last byte. */
        if (pick(maker, 4) == 0)
            write_quantifier(maker, pick(maker, 2) ? from : maker->sample.len - 1);
    }
    maker->depth--;
}

/* Rules made by hand: what is tried here is the pattern, not the file. */
struct world {
    struct maker maker;
    struct arena *arena;
    struct prefilter_scratch *scratch;
    struct slice on;
    struct rule rules[N_RULES];
    struct pattern *patterns[N_RULES * 4];
    size_t n_patterns;
    struct slice samples[N_RULES * 4];
    struct ruleset set;
    struct slice bytes;
    struct slice texts[N_TEXTS];
    size_t n_matches;
    size_t n_candidates;
};

/* The next that PCRE2 takes. */
static struct pattern *make_pattern(struct world *world)
{
    static const char *const flags[] = { "", "", "", "i", "x", "s", "u", "iu", "ix" };
    struct maker *maker = &world->maker;
    struct pattern *pattern = NULL;

    while (!pattern) {
        const char *letters = flags[pick(maker, sizeof(flags) / sizeof(*flags))];
        struct json_fault fault;

        maker->is_any_case = letters[0] == 'i';
        maker->n_groups = 0;
        maker->pattern.len = 0;
        maker->sample.len = 0;
        write_pattern(maker, "/");
        write_sequence(maker);
        if (pick(maker, 6) == 0) {
            write_pattern(maker, "|");
            write_sequence(maker);
        }
        buffer_format(&maker->pattern, "/%s", letters);
        if (pattern_parse(buffer_slice(&maker->pattern), world->arena, &pattern, &fault))
            pattern = NULL;
    }
    assert_int_equal(
        arena_copy(world->arena, buffer_slice(&maker->sample), &world->samples[world->n_patterns]),
        RC_OK);
    world->patterns[world->n_patterns++] = pattern;
    return pattern;
}

static void make_match(struct world *world, struct filter *filter, size_t n_match)
{
    filter->on = (struct slice_list){ .items = &world->on, .n_items = 1 };
    filter->match = arena_alloc(world->arena, n_match, sizeof(struct pattern *));
    assert_non_null(filter->match);
    for (size_t i = 0; i < n_match; i++)
        filter->match[filter->n_match++] = make_pattern(world);
}

static void make_where(struct world *world, struct filter *filter)
{
    struct clause *clause = arena_alloc(world->arena, 1, sizeof(*clause));

    filter->where = arena_alloc(world->arena, 1, sizeof(*filter->where));
    assert_non_null(filter->where);
    assert_non_null(clause);
    assert_int_equal(field_ref_make(SLICE("text"), world->arena, &clause->field), RC_OK);
    clause->test = (struct test){ .kind = TEST_MATCHES, .pattern = make_pattern(world) };
    filter->where->clauses = clause;
    filter->where->n_clauses = filter->where->n_early = 1;
}

static void make_rule(struct world *world, size_t i)
{
    struct rule *rule = &world->rules[i];

    *rule = (struct rule){ .id = SLICE("r"), .index = i, .clear = { .kind = CLEAR_NEVER } };
    make_match(world, &rule->filter, pick(&world->maker, 4) ? 1 : 2);
    if (pick(&world->maker, 6) == 0)
        make_where(world, &rule->filter);
    if (pick(&world->maker, 6))
        return;
    rule->clear.kind = CLEAR_BY_EVENT;
    make_match(world, &rule->clear.filter, 1);
}

/* Pieces of samples, whole ones most of the time, one text directly behind the other or not. */
static void make_texts(struct world *world)
{
    struct maker *maker = &world->maker;
    size_t starts[N_TEXTS], ends[N_TEXTS];
    struct buffer all;

    buffer_init(&all, 0);
    for (size_t i = 0; i < N_TEXTS; i++) {
        starts[i] = all.len;
        for (unsigned n = pick(maker, 4); n > 0; n--) {
            struct slice piece = world->samples[pick(maker, (unsigned)world->n_patterns)];

            if (piece.len && pick(maker, 4) == 0)
                piece.len = pick(maker, (unsigned)piece.len);
            buffer_add(&all, piece);
            if (pick(maker, 2))
                buffer_add_byte(&all, "\0 \nxZ\xff"[pick(maker, 6)]);
        }
        ends[i] = all.len;
        if (pick(maker, 2))
            buffer_add_byte(&all, '\n');
    }
    assert_int_equal(arena_copy(world->arena, buffer_slice(&all), &world->bytes), RC_OK);
    buffer_free(&all);
    for (size_t i = 0; i < N_TEXTS; i++)
        world->texts[i] = (struct slice){ world->bytes.ptr + starts[i], ends[i] - starts[i] };
}

static bool is_always(const struct prefilter *prefilter, size_t rule)
{
    size_t n_always;
    const uint32_t *always = prefilter_always(prefilter, &n_always);

    for (size_t i = 0; i < n_always; i++) {
        if (always[i] == rule)
            return true;
    }
    return false;
}

static bool is_told(const struct candidate_list *candidates, size_t begin, size_t rule)
{
    for (size_t i = 0; i < candidates->n_items; i++) {
        if (candidates->items[i].begin == begin && candidates->items[i].rule == rule)
            return true;
    }
    return false;
}

static void say_what_was_missed(const struct world *world, const struct rule *rule, size_t text)
{
    const struct filter *filters[] = { &rule->filter, &rule->clear.filter };

    print_message("missed: text %zu `%.*s`\n", text, SLICE_ARG(world->texts[text]));
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < filters[i]->n_match; j++)
            print_message("  %s\n", pattern_source(filters[i]->match[j]).ptr);
    }
}

static void assert_none_missed(struct world *world, const struct prefilter *prefilter,
                               const struct candidate_list *candidates, struct matcher *matcher)
{
    for (size_t i = 0; i < N_TEXTS; i++) {
        struct event event = { .fields = {
                                   [FIELD_KIND] = SLICE("log"), [FIELD_TEXT] = world->texts[i] } };
        size_t begin = (size_t)(world->texts[i].ptr - world->bytes.ptr);
        struct match_list matches;

        assert_int_equal(match_event(matcher, &world->set, &event, world->arena, &matches), RC_OK);
        for (size_t j = 0; j < matches.n_items; j++) {
            const struct rule *rule = matches.items[j].rule;

            if (is_always(prefilter, rule->index))
                continue;
            if (!is_told(candidates, begin, rule->index))
                say_what_was_missed(world, rule, i);
            assert_true(is_told(candidates, begin, rule->index));
            world->n_matches++;
        }
    }
    for (size_t i = 1; i < candidates->n_items; i++) {
        const struct candidate *one = &candidates->items[i - 1], *next = one + 1;

        assert_true(one->begin < next->begin ||
                    (one->begin == next->begin && one->rule < next->rule));
    }
    world->n_candidates += candidates->n_items;
}

static void play_round(struct world *world, struct matcher *matcher)
{
    struct prefilter *prefilter = NULL;
    struct candidate_list candidates;

    arena_reset(world->arena);
    world->n_patterns = 0;
    for (size_t i = 0; i < N_RULES; i++)
        make_rule(world, i);
    make_texts(world);
    world->set = (struct ruleset){ .rules = world->rules, .n_rules = N_RULES };
    assert_int_equal(prefilter_new(&world->set, &of_logs, &prefilter), RC_OK);
    assert_int_equal(
        prefilter_scan(prefilter, world->bytes, world->texts, N_TEXTS, world->scratch, &candidates),
        RC_OK);
    assert_none_missed(world, prefilter, &candidates, matcher);
    prefilter_free(prefilter);
    for (size_t i = 0; i < world->n_patterns; i++)
        pattern_free(world->patterns[i]);
}

static void whatever_a_rule_matches_is_a_candidate(void **state)
{
    static struct world world;
    const char *seed = getenv("VEDETTE_SEED");
    struct matcher *matcher = NULL;

    (void)state;
    world.maker.state = seed ? strtoull(seed, NULL, 10) : DEFAULT_SEED;
    world.on = SLICE("log");
    print_message("VEDETTE_SEED=%llu\n", (unsigned long long)world.maker.state);
    buffer_init(&world.maker.pattern, 0);
    buffer_init(&world.maker.sample, 0);
    assert_int_equal(arena_new((size_t)256 << 20, &world.arena), RC_OK);
    assert_int_equal(prefilter_scratch_new(&world.scratch), RC_OK);
    assert_int_equal(matcher_new(&matcher), RC_OK);
    for (int i = 0; i < N_ROUNDS; i++)
        play_round(&world, matcher);
    print_message("of rules with literals: %zu matches, %zu candidates\n", world.n_matches,
                  world.n_candidates);
    assert_true(world.n_matches > N_ROUNDS);
    assert_true(world.n_candidates > N_ROUNDS);
    matcher_free(matcher);
    prefilter_scratch_free(world.scratch);
    arena_free(world.arena);
    buffer_free(&world.maker.pattern);
    buffer_free(&world.maker.sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_in_a_row_are_a_literal),
        cmocka_unit_test(quantifiers_end_a_literal),
        cmocka_unit_test(of_alternatives_each_must_have_a_literal),
        cmocka_unit_test(groups_of_every_kind_are_read),
        cmocka_unit_test(a_class_of_one_character_is_a_character),
        cmocka_unit_test(options_hold_to_the_end_of_their_group),
        cmocka_unit_test(a_line_with_the_literal_is_a_candidate),
        cmocka_unit_test(a_literal_across_two_texts_is_no_hit),
        cmocka_unit_test(what_stands_between_texts_is_no_text),
        cmocka_unit_test(texts_may_hold_nuls_and_line_ends),
        cmocka_unit_test(case_is_folded_where_it_is_asked_for_and_of_letters_only),
        cmocka_unit_test(only_rules_that_may_see_the_kind_count),
        cmocka_unit_test(clauses_on_the_text_count_and_others_do_not),
        cmocka_unit_test(what_may_clear_is_a_candidate_too),
        cmocka_unit_test(whatever_a_rule_matches_is_a_candidate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
