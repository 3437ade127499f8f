#include "random.h"
#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "watchers/line_cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_LINES 64

static struct pattern_scratch *scratch;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    return arena_new(1 << 20, &arena) || pattern_scratch_new(&scratch);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    pattern_scratch_free(scratch);
    return 0;
}

static struct log_watch watch_of(int64_t max_line_bytes)
{
    return (struct log_watch){ .max_line_bytes = max_line_bytes };
}

static struct pattern *pattern_of(const char *text)
{
    struct pattern *pattern = NULL;
    struct json_fault fault;

    assert_int_equal(pattern_parse(slice_of(text), arena, &pattern, &fault), RC_OK);
    return pattern;
}

static struct log_watch multiline_of(const char *first, const char *continuation)
{
    struct log_watch watch = watch_of(65536);

    watch.multiline =
        (struct multiline){ .first = first ? pattern_of(first) : NULL,
                            .continuation = continuation ? pattern_of(continuation) : NULL,
                            .max_lines = 4,
                            .max_bytes = 40,
                            .wait_ms = SECOND_MS };
    return watch;
}

static struct line_cut cut_with(const struct log_watch *watch, struct slice bytes,
                                enum cut_state state, enum cut_end end)
{
    static struct log_line lines[MAX_LINES];
    struct line_cut cut = { .watch = watch,
                            .scratch = scratch,
                            .bytes = bytes,
                            .offset = 100,
                            .state = state,
                            .end = end,
                            .lines = lines,
                            .n_max = MAX_LINES };

    line_cut(&cut);
    return cut;
}

/* Lines as "a|b", a partial one with ~ behind it, one that was cut with +. */
static const char *shown(const struct line_cut *cut)
{
    static char text[512];
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < cut->n_lines; i++) {
        const struct log_line *line = &cut->lines[i];

        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s%s%s", i ? "|" : "",
                                SLICE_ARG(line->text), line->is_partial ? "~" : "",
                                line->is_truncated ? "+" : "");
    }
    return text;
}

static void lines_end_where_they_end(void **state)
{
    static const struct {
        const char *bytes;
        enum cut_state state;
        enum cut_end end;
        const char *lines;
        size_t n_consumed, n_last_line;
        enum cut_state after;
    } cases[] = {
        { "", CUT_AT_LINE, CUT_GOES_ON, "", 0, 0, CUT_AT_LINE },
        { "a\n", CUT_AT_LINE, CUT_GOES_ON, "a", 2, 0, CUT_AT_LINE },
        { "a\nb\n", CUT_AT_LINE, CUT_GOES_ON, "a|b", 4, 0, CUT_AT_LINE },
        { "\n\n", CUT_AT_LINE, CUT_GOES_ON, "|", 2, 0, CUT_AT_LINE },
        { "a\r\n", CUT_AT_LINE, CUT_GOES_ON, "a", 3, 0, CUT_AT_LINE },
        { "a\r\r\n", CUT_AT_LINE, CUT_GOES_ON, "a\r", 4, 0, CUT_AT_LINE },
        { "a\rb\n", CUT_AT_LINE, CUT_GOES_ON, "a\rb", 4, 0, CUT_AT_LINE },
        { "\r\n", CUT_AT_LINE, CUT_GOES_ON, "", 2, 0, CUT_AT_LINE },
        /* What has no end yet stays, unless nobody waits for it any longer. */
        { "a\nb", CUT_AT_LINE, CUT_GOES_ON, "a", 2, 1, CUT_AT_LINE },
        { "a\nb", CUT_AT_LINE, CUT_EVENT_OVER, "a", 2, 1, CUT_AT_LINE },
        { "a\nb", CUT_AT_LINE, CUT_OVER, "a|b~", 3, 0, CUT_WITHIN_LINE },
        { "a\r", CUT_AT_LINE, CUT_GOES_ON, "", 0, 2, CUT_AT_LINE },
        /* The rest of a line that was told is a piece for itself, or nothing. */
        { "rest\nb\n", CUT_WITHIN_LINE, CUT_GOES_ON, "rest~|b", 7, 0, CUT_AT_LINE },
        { "\nb\n", CUT_WITHIN_LINE, CUT_GOES_ON, "b", 3, 0, CUT_AT_LINE },
        { "\r\nb\n", CUT_WITHIN_LINE, CUT_GOES_ON, "b", 4, 0, CUT_AT_LINE },
        { "rest", CUT_WITHIN_LINE, CUT_GOES_ON, "", 0, 4, CUT_WITHIN_LINE },
        { "rest", CUT_WITHIN_LINE, CUT_OVER, "rest~", 4, 0, CUT_WITHIN_LINE },
        /* What is longer than eight bytes is cut; what follows is whole. */
        { "12345678\nb\n", CUT_AT_LINE, CUT_GOES_ON, "12345678|b", 11, 0, CUT_AT_LINE },
        { "123456789\nb\n", CUT_AT_LINE, CUT_GOES_ON, "12345678+|b", 12, 0, CUT_AT_LINE },
        { "12345678\r\n", CUT_AT_LINE, CUT_GOES_ON, "12345678", 10, 0, CUT_AT_LINE },
        { "12345678", CUT_AT_LINE, CUT_GOES_ON, "", 0, 8, CUT_AT_LINE },
        { "12345678\r", CUT_AT_LINE, CUT_GOES_ON, "", 0, 9, CUT_AT_LINE },
        { "123456789", CUT_AT_LINE, CUT_GOES_ON, "12345678+", 9, 0, CUT_SKIPPING },
        { "more of it", CUT_SKIPPING, CUT_GOES_ON, "", 10, 0, CUT_SKIPPING },
        { "its end\nb\n", CUT_SKIPPING, CUT_GOES_ON, "b", 10, 0, CUT_AT_LINE },
        { "its end", CUT_SKIPPING, CUT_OVER, "", 7, 0, CUT_SKIPPING },
    };
    const struct log_watch watch = watch_of(8);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line_cut cut =
            cut_with(&watch, slice_of(cases[i].bytes), cases[i].state, cases[i].end);

        print_message("# %zu: %s\n", i, cases[i].lines);
        assert_string_equal(shown(&cut), cases[i].lines);
        assert_int_equal(cut.n_consumed, cases[i].n_consumed);
        assert_int_equal(cut.n_last_line, cases[i].n_last_line);
        assert_int_equal(cut.state, cases[i].after);
    }
}

static void a_line_says_where_it_stands(void **state)
{
    const struct log_watch watch = watch_of(100);
    struct line_cut cut = cut_with(&watch, SLICE("ab\ncd\n"), CUT_AT_LINE, CUT_GOES_ON);

    (void)state;
    assert_int_equal(cut.lines[0].offset, 100);
    assert_int_equal(cut.lines[1].offset, 103);
}

static void t13_a_nul_is_a_byte_like_others(void **state)
{
    const struct log_watch watch = watch_of(100);
    struct line_cut cut = cut_with(&watch, SLICE("a\0b\n\0\n"), CUT_AT_LINE, CUT_GOES_ON);

    (void)state;
    assert_int_equal(cut.n_lines, 2);
    assert_true(slice_eq(cut.lines[0].text, SLICE("a\0b")));
    assert_true(slice_eq(cut.lines[1].text, SLICE("\0")));
}

static void t14_a_byte_order_mark_is_left_out_at_the_beginning_of_a_file_only(void **state)
{
    const struct log_watch watch = watch_of(100);
    struct log_line lines[4];
    struct line_cut cut = { .watch = &watch,
                            .scratch = scratch,
                            .bytes = SLICE("\xef\xbb\xbf"
                                           "a\n\xef\xbb\xbf\n"),
                            .lines = lines,
                            .n_max = 4 };

    (void)state;
    line_cut(&cut);
    assert_true(slice_eq(lines[0].text, SLICE("a")));
    assert_true(slice_eq(lines[1].text, SLICE("\xef\xbb\xbf")));
}

/* In pieces, as it is read: what was not consumed comes again. */
static void t12_a_gigabyte_without_an_end_is_one_line_that_was_cut(void **state)
{
    enum { PIECE = 1 << 18 };
    static char piece[PIECE];
    const struct log_watch watch = watch_of(65536);
    enum cut_state where = CUT_AT_LINE;
    size_t n_lines = 0, n_cut = 0;

    (void)state;
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < (1 << 30) / PIECE; i++) {
        struct line_cut cut = cut_with(&watch, (struct slice){ piece, PIECE }, where, CUT_GOES_ON);

        assert_int_equal(cut.n_consumed, PIECE);
        n_lines += cut.n_lines;
        n_cut += cut.n_cut;
        where = cut.state;
    }
    assert_int_equal(n_lines, 1);
    assert_int_equal(n_cut, 1);
    assert_int_equal(where, CUT_SKIPPING);
    assert_string_equal(shown(&(struct line_cut){ 0 }), "");
}

static void lines_of_one_event_are_one_stretch_of_bytes(void **state)
{
    static const struct {
        const char *first, *continuation, *bytes;
        enum cut_end end;
        const char *lines;
        size_t n_consumed;
    } cases[] = {
        { NULL, "/^ /", "a\n b\n c\nd\n", CUT_GOES_ON, "a\n b\n c", 8 },
        { NULL, "/^ /", "a\n b\n c\nd\n", CUT_EVENT_OVER, "a\n b\n c|d", 10 },
        { NULL, "/^ /", "a\n b\n c", CUT_EVENT_OVER, "a\n b", 5 },
        { NULL, "/^ /", "a\n b\n c", CUT_OVER, "a\n b\n c~", 7 },
        { NULL, "/^ /", " b\n c\nd\n", CUT_GOES_ON, " b\n c", 6 },
        { "/^\\d/", NULL, "1\nx\n2\n", CUT_GOES_ON, "1\nx", 4 },
        { "/^\\d/", NULL, "x\ny\n2\n", CUT_GOES_ON, "x\ny", 4 },
        { "/^\\d/", NULL, "1\nx\n", CUT_GOES_ON, "", 0 },
        { "/^\\d/", NULL, "1\r\nx\r\n2\n", CUT_GOES_ON, "1\r\nx", 6 },
        /* Four lines and forty bytes are the most: the rest is an event that says that it is one. */
        { NULL, "/^ /", "a\n 1\n 2\n 3\n 4\n 5\nb\n", CUT_GOES_ON, "a\n 1\n 2\n 3| 4\n 5~", 17 },
        { NULL, "/^ /", "a\n 12345678901234567890123456789012345678\nb\n", CUT_GOES_ON,
          "a| 12345678901234567890123456789012345678~", 42 },
        { NULL, "/^ /", "a\n 123456789012345678901234567890123456\nb\n", CUT_GOES_ON,
          "a\n 123456789012345678901234567890123456", 40 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log_watch watch = multiline_of(cases[i].first, cases[i].continuation);
        struct line_cut cut = cut_with(&watch, slice_of(cases[i].bytes), CUT_AT_LINE, cases[i].end);

        print_message("# %zu\n", i);
        assert_string_equal(shown(&cut), cases[i].lines);
        assert_int_equal(cut.n_consumed, cases[i].n_consumed);
        log_watch_free(&watch);
    }
}

static void more_lines_than_there_is_room_for_come_the_next_time(void **state)
{
    const struct log_watch watch = watch_of(100);
    struct log_line lines[3];
    struct line_cut cut = { .watch = &watch,
                            .scratch = scratch,
                            .bytes = SLICE("a\nb\nc\nd\n"),
                            .lines = lines,
                            .n_max = 3 };

    (void)state;
    line_cut(&cut);
    assert_in_range(cut.n_lines, 1, 3);
    assert_int_equal(cut.n_consumed, 2 * cut.n_lines);
}

/* -- lines that nobody lists -- */

static struct line_cut whole_of(const struct log_watch *watch, struct slice bytes, int64_t offset)
{
    return (
        struct line_cut){ .watch = watch, .scratch = scratch, .bytes = bytes, .offset = offset };
}

/* Lines that are told one by one, and those that line_at finds where each begins, are the same. */
static void assert_same_lines(const struct log_watch *watch, struct slice bytes, int64_t offset)
{
    static struct log_line lines[4096];
    struct line_cut whole = whole_of(watch, bytes, offset);
    struct line_cut listed;
    size_t begin = 0;

    if (!line_cut_whole(&whole)) {
        assert_int_equal(whole.n_consumed, 0);
        assert_int_equal(whole.n_lines, 0);
        return;
    }
    /* What stands behind them is the next call's, be it too long or not. */
    listed = whole_of(watch, (struct slice){ bytes.ptr, whole.n_consumed }, offset);
    listed.lines = lines;
    listed.n_max = sizeof lines / sizeof *lines;
    line_cut(&listed);
    assert_int_equal(whole.n_consumed, listed.n_consumed);
    assert_int_equal(whole.n_lines, listed.n_lines);
    assert_int_equal(whole.n_cut, 0);
    assert_int_equal(listed.n_cut, 0);
    assert_int_equal(whole.state, CUT_AT_LINE);
    for (size_t i = 0; i < listed.n_lines; i++) {
        struct log_line line = line_at(bytes, offset, begin);

        assert_int_equal(line.offset, lines[i].offset);
        assert_true(slice_eq(line.text, lines[i].text));
        assert_ptr_equal(line.text.ptr, lines[i].text.ptr);
        assert_int_equal(line.is_truncated, lines[i].is_truncated);
        assert_int_equal(line.is_partial, lines[i].is_partial);
        begin =
            (size_t)((const char *)memchr(bytes.ptr + begin, '\n', bytes.len - begin) - bytes.ptr) +
            1;
    }
    assert_int_equal(begin, whole.n_consumed);
}

static void whole_lines_are_counted_where_none_has_to_be_looked_at(void **state)
{
    static const struct {
        const char *bytes;
        bool is_whole;
        size_t n_lines, n_consumed;
    } cases[] = {
        { "", false, 0, 0 },
        { "no end", false, 0, 0 },
        { "\n", true, 1, 1 },
        { "\r\n\n", true, 2, 3 },
        { "a\nbb\r\nccc\n", true, 3, 10 },
        { "a\nrest", true, 1, 2 },
        { "12345678\n", true, 1, 9 },   /* as long as may be */
        { "123456789\n", false, 0, 0 }, /* too long */
        { "123456789\r\n", false, 0, 0 },
        { "a\n123456789\nb\n", false, 0, 0 },
        { "a\n123456789", true, 1, 2 }, /* its end may not be far */
        { "\xef\xbb\xbf"
          "12345\n",
          true, 1, 9 },
    };
    const struct log_watch watch = watch_of(8);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line_cut cut = whole_of(&watch, slice_of(cases[i].bytes), 0);

        print_message("# case %zu\n", i);
        assert_int_equal(line_cut_whole(&cut), cases[i].is_whole);
        assert_int_equal(cut.n_lines, cases[i].n_lines);
        assert_int_equal(cut.n_consumed, cases[i].n_consumed);
        assert_same_lines(&watch, slice_of(cases[i].bytes), 0);
        assert_same_lines(&watch, slice_of(cases[i].bytes), 7);
    }
}

static void lines_that_belong_together_have_to_be_looked_at(void **state)
{
    struct log_watch watch = multiline_of("/^\\d/", NULL);
    const struct log_watch plain = watch_of(65536);
    struct line_cut cut = whole_of(&watch, SLICE("1\n2\n"), 0);

    (void)state;
    assert_false(line_cut_whole(&cut));
    cut = whole_of(&plain, SLICE("rest\nline\n"), 0);
    cut.state = CUT_SKIPPING;
    assert_false(line_cut_whole(&cut));
    cut.state = CUT_WITHIN_LINE;
    assert_false(line_cut_whole(&cut));
    pattern_free(watch.multiline.first);
}

static void a_mark_of_byte_order_is_no_part_of_the_first_line_of_a_file(void **state)
{
    struct slice bytes = SLICE("\xef\xbb\xbf"
                               "first\r\n\xef\xbb\xbfnext\n");

    (void)state;
    assert_true(slice_eq(line_at(bytes, 0, 0).text, SLICE("first")));
    assert_true(slice_eq(line_at(bytes, 1, 0).text, SLICE("\xef\xbb\xbf"
                                                          "first")));
    assert_true(slice_eq(line_at(bytes, 0, 10).text, SLICE("\xef\xbb\xbfnext")));
    assert_int_equal(line_at(bytes, 5, 10).offset, 15);
}

static void whole_lines_are_the_lines_of_any_bytes(void **state)
{
    static const char *const pieces[] = {
        "\n",           "\r\n", "\r",
        "\n\n",         "a",    "some words",
        "\xef\xbb\xbf", "\xff", "0123456789012345678901234567890123456789"
    };
    uint64_t random = random_setting("VEDETTE_SEED", 20260103);

    (void)state;
    for (int round = 0; round < 2000; round++) {
        const struct log_watch watch = watch_of(1 + random_pick(&random, 80));
        unsigned n_pieces = random_pick(&random, 200);
        struct buffer bytes;

        buffer_init(&bytes, 0);
        for (unsigned i = 0; i < n_pieces; i++)
            buffer_add_text(&bytes, RANDOM_OF(&random, pieces));
        assert_same_lines(&watch, buffer_slice(&bytes), random_pick(&random, 2) ? 0 : 100);
        buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_where_they_end),
        cmocka_unit_test(a_line_says_where_it_stands),
        cmocka_unit_test(t13_a_nul_is_a_byte_like_others),
        cmocka_unit_test(t14_a_byte_order_mark_is_left_out_at_the_beginning_of_a_file_only),
        cmocka_unit_test(t12_a_gigabyte_without_an_end_is_one_line_that_was_cut),
        cmocka_unit_test(lines_of_one_event_are_one_stretch_of_bytes),
        cmocka_unit_test(more_lines_than_there_is_room_for_come_the_next_time),
        cmocka_unit_test(whole_lines_are_counted_where_none_has_to_be_looked_at),
        cmocka_unit_test(lines_that_belong_together_have_to_be_looked_at),
        cmocka_unit_test(a_mark_of_byte_order_is_no_part_of_the_first_line_of_a_file),
        cmocka_unit_test(whole_lines_are_the_lines_of_any_bytes),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
