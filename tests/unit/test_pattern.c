#include "src/base/pattern.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

struct fixture {
    struct arena *arena;
    struct pattern_scratch *scratch;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    if (arena_new(1 << 20, &fixture.arena) != RC_OK ||
        pattern_scratch_new(&fixture.scratch) != RC_OK)
        return -1;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_free(fixture->arena);
    pattern_scratch_free(fixture->scratch);
    return 0;
}

static struct pattern *parse(struct fixture *fixture, const char *text)
{
    struct pattern *pattern = NULL;
    struct json_fault fault = { 0 };

    if (pattern_parse(slice_of(text), fixture->arena, &pattern, &fault) != RC_OK)
        fail_msg("%s: %s", text, fault.text);
    return pattern;
}

static void a_pattern_is_searched_for_anywhere(void **state)
{
    static const struct {
        const char *pattern, *subject;
        enum pattern_result result;
    } cases[] = {
        { "/b/", "abc", PATTERN_MATCH },
        { "/B/", "abc", PATTERN_NO_MATCH },
        { "/B/i", "abc", PATTERN_MATCH },
        { "/^(main|release\\/.+)$/", "release/1", PATTERN_MATCH },
        { "/^(main|release/.+)$/", "release/1", PATTERN_MATCH }, /* the last slash ends it */
        { "/a.c/", "a\nc", PATTERN_NO_MATCH },
        { "/a.c/s", "a\nc", PATTERN_MATCH },
        { "/a b/x", "ab", PATTERN_MATCH },
        { "/a  B # why/xi", "ab", PATTERN_MATCH },
        { "/^.$/", "\xc3\xa9", PATTERN_NO_MATCH }, /* bytes, unless asked otherwise */
        { "/^.$/u", "\xc3\xa9", PATTERN_MATCH },
        { "/err/u", "\xff\xfe err", PATTERN_MATCH }, /* one bad byte stops nothing */
        { "/user \\S+ x/u", "user m\xc3\xbcller x", PATTERN_MATCH },
        { "/user \\S+ x/u", "user m\xc3\xbcller x \xff", PATTERN_MATCH },
        { "/^\\D$/u", "\xc3\xbc", PATTERN_MATCH },
        { "/^\\W\\W$/u", "\xc3\xbc\xe2\x82\xac",
          PATTERN_MATCH }, /* words are of ASCII, with the flag as well */
        { "/^\\w/u", "\xc3\xbc", PATTERN_NO_MATCH },
        { "/(?<=\\S)x/u", "\xc3\xbcx", PATTERN_MATCH },
        { "/a[^k]b/iu",
          "a\xff"
          "b",
          PATTERN_NO_MATCH },
        { "/a[^k]b/iu",
          "a\xc3\xbc"
          "b",
          PATTERN_MATCH },
        { "/err/", "\xff\xfe err", PATTERN_MATCH },
        { "/^$/", "", PATTERN_MATCH },
        { "/x/", "", PATTERN_NO_MATCH },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pattern *pattern = parse(fixture, cases[i].pattern);

        print_message("# %s\n", cases[i].pattern);
        assert_int_equal(pattern_search(pattern, slice_of(cases[i].subject), fixture->scratch),
                         cases[i].result);
        assert_true(slice_eq(pattern_source(pattern), slice_of(cases[i].pattern)));
        pattern_free(pattern);
    }
}

static void a_nul_is_a_byte_like_any_other(void **state)
{
    struct fixture *fixture = *state;
    struct pattern *pattern = parse(fixture, "/^a\\x00b$/");

    assert_int_equal(pattern_search(pattern, SLICE("a\0b"), fixture->scratch), PATTERN_MATCH);
    assert_int_equal(pattern_search(pattern, (struct slice){ 0 }, fixture->scratch),
                     PATTERN_NO_MATCH);
    pattern_free(pattern);
}

static void a_parameter_must_match_whole(void **state)
{
    static const struct {
        const char *pattern, *subject;
        enum pattern_result result;
    } cases[] = {
        { "/[0-9]+/", "123", PATTERN_MATCH },
        { "/[0-9]+/", "123x", PATTERN_NO_MATCH },
        { "/[0-9]+/", "x123", PATTERN_NO_MATCH },
        { "/[0-9]+/", "123\n", PATTERN_NO_MATCH },
        { "/^[0-9]+$/", "123\n", PATTERN_NO_MATCH },
        { "/[0-9]+/", "", PATTERN_NO_MATCH },
        { "/a|ab/", "ab", PATTERN_MATCH },
        { "/a|b/", "ab", PATTERN_NO_MATCH },
        { "/a*?/", "aaa", PATTERN_MATCH },
        { "/\\S+/u", "\xc3\xbcx", PATTERN_MATCH },
        { "/a+/u", "aa\xff;rm", PATTERN_NO_MATCH },
        { "/a+/u",
          "\xff"
          "aa",
          PATTERN_NO_MATCH },
        { "/a*/u", "\xff", PATTERN_NO_MATCH },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pattern *pattern = parse(fixture, cases[i].pattern);

        print_message("# %s\n", cases[i].pattern);
        assert_int_equal(pattern_match_whole(pattern, slice_of(cases[i].subject), fixture->scratch),
                         cases[i].result);
        pattern_free(pattern);
    }
}

static void named_groups_become_captures(void **state)
{
    struct fixture *fixture = *state;
    struct pattern *pattern = parse(fixture, "/(?<z>\\d+)-(x)?(?<a>y)?(?<m>)/");

    assert_true(slice_eq(pattern_group(pattern, 0), SLICE("z"))); /* as they stand, not by name */
    assert_true(slice_eq(pattern_group(pattern, 1), SLICE("a")));
    assert_true(slice_eq(pattern_group(pattern, 2), SLICE("m")));
    assert_true(slice_is_absent(pattern_group(pattern, 3)));

    assert_int_equal(pattern_search(pattern, SLICE("..42-y"), fixture->scratch), PATTERN_MATCH);
    assert_true(slice_eq(pattern_captured(pattern, 0, fixture->scratch), SLICE("42")));
    assert_true(slice_eq(pattern_captured(pattern, 1, fixture->scratch), SLICE("y")));
    assert_true(slice_eq(pattern_captured(pattern, 2, fixture->scratch), SLICE("")));
    assert_true(slice_is_absent(pattern_captured(pattern, 3, fixture->scratch)));

    assert_int_equal(pattern_search(pattern, SLICE("7-"), fixture->scratch), PATTERN_MATCH);
    assert_true(slice_is_absent(pattern_captured(pattern, 1, fixture->scratch)));
    assert_int_equal(pattern_match_whole(pattern, SLICE("8-xy"), fixture->scratch), PATTERN_MATCH);
    assert_true(slice_eq(pattern_captured(pattern, 0, fixture->scratch), SLICE("8")));
    pattern_free(pattern);
}

static void with_utf8_what_is_no_blank_is_captured_whole(void **state)
{
    static const char *const subjects[] = { "u=J\xc3\xbcrgen x", "u=J\xc3\xbcrgen \xfc x" };
    struct fixture *fixture = *state;
    struct pattern *pattern = parse(fixture, "/u=(?<u>\\S+)/u");
    struct pattern *twin = NULL;

    assert_int_equal(pattern_twin(pattern, &twin), RC_OK);
    for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
        assert_int_equal(pattern_search(pattern, slice_of(subjects[i]), fixture->scratch),
                         PATTERN_MATCH);
        assert_true(
            slice_eq(pattern_captured(pattern, 0, fixture->scratch), SLICE("J\xc3\xbcrgen")));
        assert_int_equal(pattern_search(twin, slice_of(subjects[i]), fixture->scratch),
                         PATTERN_MATCH);
    }
    pattern_free(pattern);
    pattern_free(twin);
}

static void r01_what_is_no_pattern_is_refused_at_its_place(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
        const char *fault; /* its start */
    } cases[] = {
        { "abc", 0, "a pattern stands between slashes" },
        { "/", 0, "a pattern stands between slashes" },
        { "/abc", 0, "a pattern stands between slashes" },
        { "", 0, "a pattern stands between slashes" },
        { "/var/log/app", 0, "a pattern stands between slashes" },
        { "//", 1, "the pattern is empty" },
        { "/a/g", 3, "unknown flag" },
        { "/a/im", 4, "unknown flag" },
        { "/a(b/", 4, "missing closing parenthesis" },
        { "/[a/", 3, "missing terminating ]" },
        { "/*a/", 1, "quantifier does not follow" },
        { "/(?<n>a)(?<n>b)/", 13, "two named subpatterns have the same name" },
        { "/(?J)(?<n>a)|(?<n>b)/", 1, "two groups have the same name" },
        { "/a\b/", 2, "a control character in the pattern" },
        { "/a b\nc/x", 4, "a line end in the pattern: `>-` makes blanks" },
        { "/(?<=a+)b/", 1, "lookbehind assertion is not fixed length" },
        { "/((((a{1,999}){1,999}){1,999}){1,999})/", 0, "regular expression is too large" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pattern *pattern = NULL;
        struct json_fault fault = { 0 };

        print_message("# %zu: %s\n", i, cases[i].fault);
        assert_int_equal(pattern_parse(slice_of(cases[i].text), fixture->arena, &pattern, &fault),
                         RC_INVALID);
        assert_null(pattern);
        if (!slice_starts(slice_of(fault.text), slice_of(cases[i].fault)))
            fail_msg("got: %s", fault.text);
        if (cases[i].offset && fault.offset != cases[i].offset)
            fail_msg("got: %zu", fault.offset);
    }
}

static void a_text_is_told_from_a_pattern_by_its_form(void **state)
{
    (void)state;
    assert_true(pattern_is_written(SLICE("/a/")));
    assert_true(pattern_is_written(SLICE("/a/ixsu")));
    assert_true(pattern_is_written(SLICE("//")));
    assert_true(pattern_is_written(SLICE("/a/g"))); /* misspelt, not text */
    assert_false(pattern_is_written(SLICE("/")));
    assert_false(pattern_is_written(SLICE("/api")));
    assert_false(pattern_is_written(SLICE("/api/v1/users")));
    assert_false(pattern_is_written(SLICE("a/b/")));
    assert_false(pattern_is_written(SLICE("")));
    assert_false(pattern_is_written((struct slice){ 0 }));
}

/* What a pattern may not say for itself, wherever it stands; and what only looks like it. */
static void r06_a_pattern_sets_no_limits_and_switches_of_its_own(void **state)
{
    static const struct {
        const char *text;
        size_t offset; /* of the offending byte */
        const char *fault;
    } refused[] = {
#define VERB "a pattern may not start with (*"
        { "/(*LIMIT_MATCH=1)a/", 1, VERB },
        { "/(*LIMIT_DEPTH=1)a/", 1, VERB },
        { "/(*LIMIT_RECURSION=1)a/", 1, VERB },
        { "/(*LIMIT_HEAP=1)a/", 1, VERB },
        { "/(*NOTEMPTY)a/", 1, VERB },
        { "/(*NOTEMPTY_ATSTART)a/", 1, VERB },
        { "/(*NO_AUTO_POSSESS)a/", 1, VERB },
        { "/(*NO_DOTSTAR_ANCHOR)a/", 1, VERB },
        { "/(*NO_JIT)a/", 1, VERB },
        { "/(*NO_START_OPT)a/", 1, VERB },
        { "/(*UTF)a/", 1, VERB },
        { "/(*UTF)(*UCP)a/u", 1, VERB },
        { "/(*UCP)a/", 1, VERB },
        { "/(*CR)a/", 1, VERB },
        { "/(*LF)a/", 1, VERB },
        { "/(*CRLF)a/", 1, VERB },
        { "/(*ANYCRLF)a/", 1, VERB },
        { "/(*ANY)a/", 1, VERB },
        { "/(*NUL)a/", 1, VERB },
        { "/(*BSR_ANYCRLF)a/", 1, VERB },
        { "/(*BSR_UNICODE)a/", 1, VERB },
#define NOT_AT_START "(*VERB) not recognized or malformed"
        { "/ (*UTF)a/x", 7, NOT_AT_START },
        { "/a(*UTF)b/", 7, NOT_AT_START },
        { "/(?:(*LIMIT_MATCH=1)a)/", 17, NOT_AT_START },
#define CALLOUT "callouts are not allowed"
        { "/(?C)/", 1, CALLOUT },
        { "/a(?C)b/", 2, CALLOUT },
        { "/a(?C0)b/", 2, CALLOUT },
        { "/a(?C255)b/", 2, CALLOUT },
        { "/ab(?C\"x\")/", 3, CALLOUT },
        { "/ab(?C'x')c/", 3, CALLOUT },
        { "/ab(?C`x`)c/", 3, CALLOUT },
        { "/ab(?C^x^)c/", 3, CALLOUT },
        { "/ab(?C%x%)c/", 3, CALLOUT },
        { "/ab(?C#x#)c/", 3, CALLOUT },
        { "/ab(?C$x$)c/", 3, CALLOUT },
        { "/ab(?C{x})c/", 3, CALLOUT },
        { "/a(?:b(?C1))c/", 6, CALLOUT },
        { "/a(?=b(?C1)c)/", 6, CALLOUT },
        { "/(?<=a(?C1)b)c/", 6, CALLOUT },
        { "/a(?(?C1)(?=b)b|c)/", 4, CALLOUT },
        { "/a (?C1) b/x", 3, CALLOUT },
        { "/a(?C1)b(?C2)c/", 2, CALLOUT },
#define SINGLE_BYTE "using \\C is disabled by the application"
        { "/\\C/", 1, SINGLE_BYTE },
        { "/a\\Cb/", 2, SINGLE_BYTE },
        { "/a\\Cb/u", 2, SINGLE_BYTE },
        { "/a(?:b|\\C+)/", 7, SINGLE_BYTE },
        { "/(?<=\\C)a/", 5, SINGLE_BYTE },
        { "/[a\\C]/", 4, "escape sequence is invalid in character class" },
        /* Lookbehinds have a length. */
        { "/(?<=a+)b/", 1, "lookbehind assertion is not fixed length" },
        { "/x(?<=a*|b)c/", 2, "lookbehind assertion is not fixed length" },
        { "/x(?<!a{1,2})c/", 2, "lookbehind assertion is not fixed length" },
        { "/(?<=(?<n>a+))b/", 1, "lookbehind assertion is not fixed length" },
        { "/(?<=\\X)b/", 1, "lookbehind assertion is not fixed length" },
        { "/(?<=\\R)b/", 1, "lookbehind assertion is not fixed length" },
        { "/(?<=a\\K)b/", 10, "\\K is not allowed in lookarounds" },
    };
    static const char *const good[] = {
        "/\\(?C1[(?C)]\\Q(?C1)\\E/",
        "/a(?#(?C1)b/",
        "/\\\\C/",
        "/\\Q\\C\\E/",
        "/[(*UTF)]/",
        "/\\(*UTF/",
        "/(?<=abc|d)e/",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct pattern *pattern = NULL;
        struct json_fault fault = { 0 };

        print_message("# %s\n", refused[i].text);
        assert_int_equal(pattern_parse(slice_of(refused[i].text), fixture->arena, &pattern, &fault),
                         RC_INVALID);
        if (!slice_starts(slice_of(fault.text), slice_of(refused[i].fault)) ||
            fault.offset != refused[i].offset)
            fail_msg("got: %zu %s", fault.offset, fault.text);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        pattern_free(parse(fixture, good[i]));
}

static struct slice fill(struct buffer *buffer, const char *unit, size_t n_bytes, const char *last)
{
    buffer_init(buffer, 0);
    while (buffer->len + strlen(unit) <= n_bytes)
        buffer_add_text(buffer, unit);
    buffer_add_text(buffer, last);
    return buffer_slice(buffer);
}

/* The third result: read as no match, it would silence the rule. */
static void r02_r03_a_catastrophic_pattern_ends_in_an_error(void **state)
{
    static const char *const patterns[] = { "/^(a+)+$/", "/^(a|aa)+$/", "/^(.*?,){30}P/" };
    static const char *const units[] = { "a", "a", "1," };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct pattern *pattern = parse(fixture, patterns[i]);
        struct buffer subject;

        print_message("# %s\n", patterns[i]);
        (void)fill(&subject, units[i], 1000, "!P");
        assert_int_equal(pattern_search(pattern, buffer_slice(&subject), fixture->scratch),
                         PATTERN_ERROR);
        assert_string_equal(pattern_error_text(fixture->scratch), "match limit reached");
        buffer_free(&subject);
        pattern_free(pattern);
    }
}

static void r03_an_error_is_forgotten_by_the_next_match(void **state)
{
    struct fixture *fixture = *state;
    struct pattern *bad = parse(fixture, "/^(a+)+$/");
    struct pattern *good = parse(fixture, "/a/");
    struct buffer subject;

    (void)fill(&subject, "a", 1000, "!P");
    assert_int_equal(pattern_search(bad, buffer_slice(&subject), fixture->scratch), PATTERN_ERROR);
    assert_int_equal(pattern_search(good, SLICE("a"), fixture->scratch), PATTERN_MATCH);
    assert_int_equal(pattern_search(good, SLICE("b"), fixture->scratch), PATTERN_NO_MATCH);
    assert_int_equal(pattern_match_whole(bad, buffer_slice(&subject), fixture->scratch),
                     PATTERN_ERROR);
    buffer_free(&subject);
    pattern_free(bad);
    pattern_free(good);
}

static void a_twin_matches_the_same_and_goes_alone(void **state)
{
    struct fixture *fixture = *state;
    struct pattern *pattern = parse(fixture, "/(?<word>[a-z]+)=/i");
    struct pattern *twin = NULL;

    assert_int_equal(pattern_twin(pattern, &twin), RC_OK);
    assert_int_equal(pattern_search(twin, SLICE("A=1"), fixture->scratch), PATTERN_MATCH);
    assert_int_equal(pattern_search(twin, SLICE("1=A"), fixture->scratch), PATTERN_NO_MATCH);
    assert_int_equal(pattern_needed_byte(twin), '=');
    assert_false(pattern_may_match_empty(twin));
    pattern_free(twin);
    assert_int_equal(pattern_search(pattern, SLICE("A=1"), fixture->scratch), PATTERN_MATCH);
    assert_true(slice_eq(pattern_captured(pattern, 0, fixture->scratch), SLICE("A")));
    pattern_free(pattern);
    pattern = parse(fixture, "/a*|[bc]/");
    assert_true(pattern_may_match_empty(pattern));
    assert_int_equal(pattern_needed_byte(pattern), 0);
    pattern_free(pattern);
}

static void r02_of_a_long_text_head_and_tail_are_searched(void **state)
{
    struct fixture *fixture = *state;
    struct pattern *pattern = parse(fixture, "/(?<w>needle)/");
    struct pattern *start = parse(fixture, "/^h/");
    struct pattern *end = parse(fixture, "/h$/");
    struct buffer text;

    if (!pattern_jit_available())
        skip();
    (void)fill(&text, "h", 100000, "");
    memcpy(text.ptr + 50000, "needle", 6);
    assert_int_equal(pattern_search(pattern, buffer_slice(&text), fixture->scratch),
                     PATTERN_NO_MATCH);
    memcpy(text.ptr + 100000 - 32768, "needle", 6);
    assert_int_equal(pattern_search(pattern, buffer_slice(&text), fixture->scratch), PATTERN_MATCH);
    assert_ptr_equal(pattern_captured(pattern, 0, fixture->scratch).ptr, text.ptr + 100000 - 32768);
    memcpy(text.ptr + 32768 - 6, "needle", 6);
    assert_int_equal(pattern_search(pattern, buffer_slice(&text), fixture->scratch), PATTERN_MATCH);
    assert_ptr_equal(pattern_captured(pattern, 0, fixture->scratch).ptr, text.ptr + 32768 - 6);

    /* The cuts are neither a start nor an end. */
    text.ptr[0] = text.ptr[99999] = '.';
    assert_int_equal(pattern_search(start, buffer_slice(&text), fixture->scratch),
                     PATTERN_NO_MATCH);
    assert_int_equal(pattern_search(end, buffer_slice(&text), fixture->scratch), PATTERN_NO_MATCH);
    assert_int_equal(pattern_match_whole(end, buffer_slice(&text), fixture->scratch),
                     PATTERN_ERROR);
    assert_string_equal(pattern_error_text(fixture->scratch), "the text is longer than 64 KiB");
    buffer_free(&text);
    pattern_free(pattern);
    pattern_free(start);
    pattern_free(end);
}

/* Whoever can send a line can send a bad byte in it. */
static void r02_nothing_hides_unseen_behind_a_bad_byte(void **state)
{
    static char text[4096];
    const struct slice all = { text, sizeof(text) };
    struct fixture *fixture = *state;
    struct pattern *pattern = parse(fixture, "/attack/u");

    memset(text, 'x', sizeof(text));
    memcpy(text + 2000, "attack", 6);
    assert_int_equal(pattern_search(pattern, all, fixture->scratch), PATTERN_MATCH);
    text[0] = '\xff';
    assert_int_equal(pattern_search(pattern, all, fixture->scratch), PATTERN_ERROR);
    assert_string_equal(pattern_error_text(fixture->scratch),
                        "the text is not UTF-8: only its first and last KiB were searched");
    assert_int_equal(pattern_search(pattern, (struct slice){ text, 2048 }, fixture->scratch),
                     PATTERN_MATCH);
    memcpy(text + 2000, "xxxxxx", 6);
    assert_int_equal(pattern_search(pattern, (struct slice){ text, 2048 }, fixture->scratch),
                     PATTERN_NO_MATCH);
    memcpy(text + 1000, "attack", 6);
    assert_int_equal(pattern_search(pattern, all, fixture->scratch), PATTERN_MATCH);
    pattern_free(pattern);
}

/* A cut through a character would make a text of UTF-8 one that has bad bytes. */
static void r02_with_utf8_a_long_text_is_cut_between_characters(void **state)
{
    struct fixture *fixture = *state;
    struct pattern *pattern = parse(fixture, "/needle/u");
    struct buffer text;

    if (!pattern_jit_available())
        skip();
    for (size_t n_before = 0; n_before < 4; n_before++) {
        buffer_init(&text, 0);
        buffer_add(&text, (struct slice){ "xxx", n_before });
        while (text.len < 100000)
            buffer_add_text(&text, "\xf0\x9f\x98\x80");
        assert_int_equal(pattern_search(pattern, buffer_slice(&text), fixture->scratch),
                         PATTERN_NO_MATCH);
        memcpy(text.ptr + n_before + 90000, "needle..", 8); /* further than bad text is searched */
        assert_int_equal(pattern_search(pattern, buffer_slice(&text), fixture->scratch),
                         PATTERN_MATCH);
        memcpy(text.ptr + n_before + 90000, "........", 8);
        memcpy(text.ptr + n_before + 4000, "needle..", 8);
        assert_int_equal(pattern_search(pattern, buffer_slice(&text), fixture->scratch),
                         PATTERN_MATCH);
        buffer_free(&text);
    }
    pattern_free(pattern);
}

/* With the library's own 32 KiB of stack these end in an error: every round of a repetition leaves a way back. */
static const struct {
    const char *text;
    const char *unit, *last; /* of the subject that it matches */
} deep_patterns[] = {
    { "/^(?:a|b)*c$/", "ab", "c" },
    { "/^(?:[^\"\\\\]|\\\\.)*\"$/", "ab\\n", "\"" },
    { "/^(?:(a)|(b))*c$/", "ab", "c" },
    { "/^(?:(a)(b)|(c)(d)|(e)(f)|(g)(h))*x$/", "abcdefgh", "x" },
    { "/^((?:a|b)(?1)?)c$/", "ab", "c" },
    { "/^(?:(\\w+) ?= ?(\\w+|\"[^\"]*\");)*end$/", "k = \"v v\";", "end" },
};

static void r05_the_jit_stack_suffices_for_deep_backtracking(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(deep_patterns) / sizeof(deep_patterns[0]); i++) {
        struct pattern *pattern = parse(fixture, deep_patterns[i].text);
        struct buffer subject;

        print_message("# %s\n", deep_patterns[i].text);
        (void)fill(&subject, deep_patterns[i].unit, 16000, deep_patterns[i].last);
        assert_int_equal(pattern_search(pattern, buffer_slice(&subject), fixture->scratch),
                         PATTERN_MATCH);
        buffer_free(&subject);
        pattern_free(pattern);
    }
}

/* 1 MiB is for some 43,000 ways back; what needs more is neither a match nor none. */
static void r05_beyond_the_jit_stack_is_an_error_and_the_next_match_is_not(void **state)
{
    struct fixture *fixture = *state;
    struct pattern *pattern = parse(fixture, "/^(?:a|b)*c$/");
    struct buffer subject;

    if (!pattern_jit_available())
        skip();
    (void)fill(&subject, "ab", 65000, "c");
    assert_int_equal(pattern_search(pattern, buffer_slice(&subject), fixture->scratch),
                     PATTERN_ERROR);
    assert_string_equal(pattern_error_text(fixture->scratch), "JIT stack limit reached");
    assert_int_equal(pattern_search(pattern, SLICE("abc"), fixture->scratch), PATTERN_MATCH);
    buffer_free(&subject);
    pattern_free(pattern);
}

static void *match_deeply(void *context)
{
    const struct pattern *pattern = context;
    struct pattern_scratch *scratch = NULL;
    struct buffer subject;
    size_t n_matched = 0;

    (void)fill(&subject, "ab", 30000, "c");
    if (!pattern_scratch_new(&scratch)) {
        for (int i = 0; i < 20; i++)
            n_matched += pattern_search(pattern, buffer_slice(&subject), scratch) == PATTERN_MATCH;
    }
    pattern_scratch_free(scratch);
    buffer_free(&subject);
    return n_matched == 20 ? context : NULL;
}

static void r05_each_thread_has_a_stack_of_its_own(void **state)
{
    struct pattern *pattern = parse(*state, "/^(?:a|b)*c$/");
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, match_deeply, pattern), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;

        pthread_join(threads[i], &result);
        assert_ptr_equal(result, pattern);
    }
    pattern_free(pattern);
}

/* In a child whose memory is never both written and executed, as under MemoryDenyWriteExecute=. 0: all as it should be. */
static int match_without_jit(struct fixture *fixture)
{
    struct pattern *pattern;
    struct buffer text;
    bool is_right;

    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
        return 77;
    if (pattern_jit_available())
        return 1;
    pattern = parse(fixture, "/x$/");
    (void)fill(&text, "x", 3000, "");
    is_right = pattern_search(pattern, SLICE("ax"), fixture->scratch) == PATTERN_MATCH &&
               pattern_search(pattern, SLICE("ay"), fixture->scratch) == PATTERN_NO_MATCH;
    text.ptr[2999] = 'y';
    is_right &= pattern_search(pattern, buffer_slice(&text), fixture->scratch) == PATTERN_NO_MATCH;
    pattern_free(pattern);
    pattern = parse(fixture, "/y/");
    text.ptr[1024] = 'y'; /* just behind the first KiB */
    text.ptr[2999] = 'x';
    is_right &= pattern_search(pattern, buffer_slice(&text), fixture->scratch) == PATTERN_NO_MATCH;
    text.ptr[1023] = 'y';
    is_right &= pattern_search(pattern, buffer_slice(&text), fixture->scratch) == PATTERN_MATCH;
    pattern_free(pattern);
    buffer_free(&text);
    return is_right ? 0 : 2;
}

static void r04_without_jit_matching_is_right_and_subjects_short(void **state)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(match_without_jit(*state));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip(); /* this kernel cannot forbid it */
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: once JIT has memory in this process, a child keeps it. */
        cmocka_unit_test_setup_teardown(r04_without_jit_matching_is_right_and_subjects_short,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pattern_is_searched_for_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_nul_is_a_byte_like_any_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_parameter_must_match_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(named_groups_become_captures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_utf8_what_is_no_blank_is_captured_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r01_what_is_no_pattern_is_refused_at_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_text_is_told_from_a_pattern_by_its_form, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r06_a_pattern_sets_no_limits_and_switches_of_its_own,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(r02_r03_a_catastrophic_pattern_ends_in_an_error, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r03_an_error_is_forgotten_by_the_next_match, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_twin_matches_the_same_and_goes_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(r02_with_utf8_a_long_text_is_cut_between_characters, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r02_of_a_long_text_head_and_tail_are_searched, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            r05_beyond_the_jit_stack_is_an_error_and_the_next_match_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(r05_each_thread_has_a_stack_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(r02_nothing_hides_unseen_behind_a_bad_byte, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(r05_the_jit_stack_suffices_for_deep_backtracking, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
