#include "rule_fixture.h"
#include "rules/gram_private.h"
#include "rules/literal.h"
#include "rules/match.h"
#include "rules/prefilter_private.h"
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

/* As many repetitions as a literal has room for. */
#define SIX "abcdefgabcdefgabcdefgabcdefgabcdefgabcdefg"

static void quantifiers_end_a_literal(void **state)
{
    static const struct reading_case cases[] = {
        { "/abc?de/", "ab & de" },
        { "/abc*de/", "ab & de" },
        { "/abc+de/", "abc & cde" },
        { "/abc+?de/", "abc & cde" },
        { "/abc++de/", "abc & cde" },
        { "/abc??de/", "ab & de" },
        { "/abc{0}de/", "ab & de" },
        { "/abc{0,3}de/", "ab & de" },
        { "/abc{1}de/", "abcde" },
        { "/abc{2,}de/", "abcc & ccde" },
        { "/abc{,3}de/", "ab & de" },
        { "/(abc)?de/", "de" },
        { "/(abc)+de/", "abcde & abc" },
        { "/(abc){0,2}de/", "de" },
        { "/(?:abcdefg){7}hij/", SIX " & " SIX "hij" },
        { "/ab(?=c)+cd/", "ab & cd" },
        { "/uvwa{2 }bcd/", "uvw & bcd" },
        { "/uvwa{1,3 }bcd/", "uvw & bcd" },
        { "/uvwa{2,3,4}bcd/", "uvw & bcd" },
        { "/ab\\b{,5}cd/", "ab & cd" },
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
        { "/ab[\\g{a]|b}c]de/", "ab|b}c]de" },
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

static void a_cr_is_no_part_of_a_line_where_an_lf_follows(void **state)
{
    struct sight sight = look("rules: [{id: a, on: log, match: '/ab\\r/'}]", SLICE(""), NULL, 0);

    (void)state;
    assert_int_equal(prefilter_scan_lines(sight.prefilter, SLICE("ab\r\nab\rx\nab\r"),
                                          sight.scratch, &sight.candidates),
                     RC_OK);
    assert_int_equal(sight.candidates.n_items, 2);
    assert_int_equal(sight.candidates.items[0].begin, 4);
    assert_int_equal(sight.candidates.items[1].begin, 9);
    sight_free(&sight);
}

/* -- tables -- */

/* So many literals that some of them alone are asked how far apart probes may be. The last ones would need millions of grams there. */
static void a_window_that_is_too_wide_is_in_no_table(void **state)
{
    struct prefilter *prefilter = NULL;
    struct ruleset *set;
    struct buffer rules;

    (void)state;
    buffer_init(&rules, 0);
    buffer_add_text(&rules, "rules:\n");
    for (int i = 0; i < 4096; i++)
        buffer_format(&rules, "  - {id: r%d, on: log, match: '/qx%dzvjkwq/'}\n", i, 10000 + i);
    for (char byte = 'a'; byte < 'g'; byte++)
        buffer_format(&rules, "  - {id: %c, on: log, match: '/[0-7]{4}[^%c]{3}[0-7]/'}\n", byte,
                      byte);
    buffer_add_byte(&rules, '\0');
    set = rules_of(rules.ptr);
    assert_int_equal(prefilter_new(set, &of_logs, &prefilter), RC_OK);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(prefilter_means(prefilter, 4096 + i), PREFILTER_CLASSES);
    assert_true(prefilter->table->wide.n_entries <
                (size_t)4102 * STRIDE_MAX + 6 * (size_t)LITERAL_MAX_EXPANSIONS * STRIDE_MAX);
    prefilter_free(prefilter);
    ruleset_free(set);
    buffer_free(&rules);
}

/* `/\d\d\d[abcdefgh]/` with other letters in each, more of them than any table has room for, and a word. */
static void classes_that_would_fill_the_table_are_tried_on_every_text(void **state)
{
    struct buffer rules;
    struct ruleset *set;
    struct prefilter *prefilter = NULL;
    size_t n_by[PREFILTER_ALWAYS + 1] = { 0 };

    (void)state;
    buffer_init(&rules, 0);
    buffer_add_text(&rules, "rules:\n  - {id: word, on: log, match: '/disk full/'}\n");
    for (unsigned i = 0; i < 256; i++) {
        buffer_format(&rules, "  - {id: c%u, on: log, match: '/\\d\\d\\d[", i);
        for (unsigned bit = 0; bit < 8; bit++)
            buffer_add_byte(&rules, (char)((i >> bit & 1) ? 'a' + (int)bit : 'A' + (int)bit + 9));
        buffer_add_text(&rules, "]/'}\n");
    }
    buffer_add_byte(&rules, '\0');
    set = rules_of(rules.ptr);
    assert_int_equal(prefilter_new(set, &of_logs, &prefilter), RC_OK);
    for (uint32_t i = 0; i < set->n_rules; i++)
        n_by[prefilter_means(prefilter, i)]++;
    assert_int_equal(n_by[PREFILTER_LITERAL], 1);
    assert_in_range(n_by[PREFILTER_CLASSES], 10, 250);
    assert_int_equal(n_by[PREFILTER_LITERAL] + n_by[PREFILTER_CLASSES] + n_by[PREFILTER_ALWAYS],
                     set->n_rules);
    prefilter_free(prefilter);
    ruleset_free(set);
    buffer_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_that_would_fill_the_table_are_tried_on_every_text),
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
        cmocka_unit_test(a_cr_is_no_part_of_a_line_where_an_lf_follows),
        cmocka_unit_test(a_window_that_is_too_wide_is_in_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
