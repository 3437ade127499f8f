#include "watchers/journal_stream.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CHUNK_BYTES ((size_t)32 << 10)

/* What journalctl writes, and the lines that come out. */
struct feed {
    int read_fd, write_fd;
    struct journal_stream *stream;
};

static struct feed feed_new(void)
{
    struct feed feed;
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    feed = (struct feed){ .read_fd = ends[0], .write_fd = ends[1] };
    assert_int_equal(journal_stream_new(feed.read_fd, &feed.stream), RC_OK);
    return feed;
}

static void feed_free(struct feed *feed)
{
    journal_stream_free(feed->stream);
    close(feed->read_fd);
    if (feed->write_fd >= 0)
        close(feed->write_fd);
}

/* Writes a little and reads it; no line may come of it. */
static void feed_part(struct feed *feed, struct slice bytes)
{
    struct journal_piece piece;
    size_t at;

    while (bytes.len) {
        size_t n_bytes = bytes.len < CHUNK_BYTES ? bytes.len : CHUNK_BYTES;

        at = 0;
        assert_int_equal(write(feed->write_fd, bytes.ptr, n_bytes), (ssize_t)n_bytes);
        assert_true(journal_stream_fill(feed->stream));
        assert_false(journal_stream_next(feed->stream, &at, &piece));
        bytes = (struct slice){ bytes.ptr + n_bytes, bytes.len - n_bytes };
    }
}

static void feed_text(struct feed *feed, const char *text)
{
    assert_int_equal(write(feed->write_fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_true(journal_stream_fill(feed->stream));
}

static struct journal_piece next(struct feed *feed, size_t *at)
{
    struct journal_piece piece;

    assert_true(journal_stream_next(feed->stream, at, &piece));
    return piece;
}

static void assert_text(struct slice actual, const char *expected)
{
    if (!slice_eq(actual, slice_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(actual), expected ? expected : "(absent)");
}

static void lines_come_whole_and_again_until_they_are_consumed(void **state)
{
    struct feed feed = feed_new();
    struct journal_piece piece;
    size_t at = 0;

    (void)state;
    assert_false(journal_stream_fill(feed.stream));
    feed_text(&feed, "{\"__CURSOR\":\"a\"}\n{\"B\":1}\n{\"__CUR");
    piece = next(&feed, &at);
    assert_text(piece.line, "{\"__CURSOR\":\"a\"}");
    assert_text(piece.cursor, "a");
    piece = next(&feed, &at);
    assert_text(piece.line, "{\"B\":1}");
    assert_text(piece.cursor, NULL);
    assert_false(journal_stream_next(feed.stream, &at, &piece));
    at = 0; /* nobody took them */
    assert_text(next(&feed, &at).cursor, "a");
    journal_stream_consume(feed.stream, at);
    feed_text(&feed, "SOR\":\"c\"}\n");
    at = 0;
    assert_text(next(&feed, &at).line, "{\"B\":1}");
    assert_text(next(&feed, &at).cursor, "c");
    feed_free(&feed);
}

static void what_has_no_end_at_the_end_is_no_line(void **state)
{
    struct feed feed = feed_new();
    struct journal_piece piece;
    size_t at = 0;

    (void)state;
    feed_text(&feed, "{\"A\":1}\n{\"B\"");
    close(feed.write_fd);
    feed.write_fd = -1;
    assert_false(journal_stream_fill(feed.stream));
    assert_true(journal_stream_has_ended(feed.stream));
    assert_text(next(&feed, &at).line, "{\"A\":1}");
    assert_false(journal_stream_next(feed.stream, &at, &piece));
    feed_free(&feed);
}

/* {"A":"xxx…", so many bytes long. */
static void write_huge(struct buffer *out, size_t n_bytes)
{
    buffer_clear(out);
    buffer_add_text(out, "{\"P\":\"3\",\"A\":\"");
    while (out->len < n_bytes)
        buffer_add_byte(out, 'x');
}

static void a_cursor_is_found_wherever_a_read_divides_it(void **state)
{
    static const char rest[] = "\",\"__CURSOR\":\"s=1;i=2\",\"Z\":\"";
    struct buffer huge;

    (void)state;
    buffer_init(&huge, 0);
    for (size_t split = 0; split < sizeof rest - 1; split++) {
        struct feed feed = feed_new();
        struct journal_piece piece;
        size_t at = 0;

        write_huge(&huge, 3 * JOURNAL_LINE_BYTES);
        feed_part(&feed, buffer_slice(&huge));
        feed_part(&feed, (struct slice){ rest, split });
        feed_part(&feed, (struct slice){ rest + split, sizeof rest - 1 - split });
        write_huge(&huge, JOURNAL_LINE_BYTES);
        feed_part(&feed, buffer_slice(&huge));
        feed_text(&feed, "\"}\n{\"__CURSOR\":\"next\"}\n");
        for (int again = 0; again < 2; again++) {
            at = 0;
            piece = next(&feed, &at);
            assert_text(piece.line, "{\"P\":\"3\"}");
            assert_text(piece.cursor, "s=1;i=2");
            assert_true(piece.is_truncated);
            assert_false(journal_stream_next(feed.stream, &at, &piece)); /* it stands alone */
        }
        journal_stream_consume(feed.stream, at);
        at = 0;
        piece = next(&feed, &at);
        assert_text(piece.cursor, "next");
        assert_false(piece.is_truncated);
        feed_free(&feed);
    }
    buffer_free(&huge);
}

static void a_long_line_that_is_there_whole_stands_alone_too(void **state)
{
    struct feed feed = feed_new();
    struct journal_piece piece;
    struct buffer huge;
    size_t at = 0;

    (void)state;
    buffer_init(&huge, 0);
    write_huge(&huge, JOURNAL_LINE_BYTES + 1);
    feed_text(&feed, "{\"__CURSOR\":\"first\"}\n");
    assert_text(next(&feed, &at).cursor, "first");
    for (size_t i = 0; i < huge.len; i += CHUNK_BYTES) {
        size_t n_bytes = huge.len - i < CHUNK_BYTES ? huge.len - i : CHUNK_BYTES;

        assert_int_equal(write(feed.write_fd, huge.ptr + i, n_bytes), (ssize_t)n_bytes);
        assert_true(journal_stream_fill(feed.stream));
    }
    feed_text(&feed, "\",\"__CURSOR\":\"huge\"}\n");
    assert_false(journal_stream_next(feed.stream, &at, &piece)); /* it waits for its turn */
    journal_stream_consume(feed.stream, at);
    at = 0;
    piece = next(&feed, &at);
    assert_text(piece.line, "{\"P\":\"3\"}");
    assert_text(piece.cursor, "huge");
    assert_true(piece.is_truncated);
    buffer_free(&huge);
    feed_free(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_whole_and_again_until_they_are_consumed),
        cmocka_unit_test(what_has_no_end_at_the_end_is_no_line),
        cmocka_unit_test(a_cursor_is_found_wherever_a_read_divides_it),
        cmocka_unit_test(a_long_line_that_is_there_whole_stands_alone_too),
    };

    return cmocka_run_group_tests_name("journal_stream", tests, NULL, NULL);
}
