#include "src/base/clock.h"
#include "watchers/log_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINES 64

/* Somebody who prints, and what came of it: texts with a blank behind each. */
struct printing {
    struct log_watch watch;
    struct log_sink sink;
    struct log_stream *stream;
    struct pattern_scratch *scratch;
    struct log_line lines[MAX_LINES];
    int writer, reader;
    int64_t now_mono_ms;
    bool is_busy;
    size_t n_lines;
    char texts[256];
};

static void add_text(struct printing *printing, struct slice text)
{
    size_t len = strlen(printing->texts);

    if (len + text.len + 2 > sizeof printing->texts)
        return;
    memcpy(printing->texts + len, text.ptr, text.len);
    memcpy(printing->texts + len + text.len, " ", 2);
}

static enum rc take(void *context, const struct log_batch *batch, bool *stored)
{
    struct printing *printing = context;

    if (printing->is_busy)
        return RC_BUSY;
    assert_true(slice_is_absent(batch->path));
    assert_null(batch->row);
    for (size_t i = 0; i < batch->n_lines; i++)
        add_text(printing, batch->lines[i].text);
    printing->n_lines += batch->n_lines;
    *stored = false;
    return RC_OK;
}

static int set_up(void **state)
{
    struct printing *printing = calloc(1, sizeof *printing);
    int ends[2];

    *state = printing;
    if (!printing || pipe2(ends, O_CLOEXEC) || pattern_scratch_new(&printing->scratch))
        return -1;
    printing->reader = ends[0];
    printing->writer = ends[1];
    printing->watch = (struct log_watch){ .max_line_bytes = 65536, .last_line_ms = 10 * SECOND_MS };
    printing->sink = (struct log_sink){ .context = printing, .take = take };
    return log_stream_new(printing->reader, &printing->stream) ? -1 : 0;
}

static int tear_down(void **state)
{
    struct printing *printing = *state;

    log_stream_free(printing->stream);
    pattern_scratch_free(printing->scratch);
    close(printing->reader);
    if (printing->writer >= 0)
        close(printing->writer);
    free(printing);
    return 0;
}

static void print(const struct printing *printing, const char *text)
{
    assert_int_equal(write(printing->writer, text, strlen(text)), (ssize_t)strlen(text));
}

static struct log_stream_result look(struct printing *printing)
{
    const struct log_stream_use use = { .watch = &printing->watch,
                                        .sink = &printing->sink,
                                        .scratch = printing->scratch,
                                        .lines = printing->lines,
                                        .n_lines = MAX_LINES };
    struct log_stream_result result = { 0 };

    log_stream_read(printing->stream, &use, printing->now_mono_ms, &result);
    return result;
}

static void what_is_not_open_is_no_stream(void **state)
{
    struct log_stream *stream = NULL;

    (void)state;
    assert_int_equal(log_stream_new(-1, &stream), RC_IO);
    assert_null(stream);
}

static void lines_come_when_they_are_whole_and_the_last_one_when_nobody_waits_for_it(void **state)
{
    struct printing *printing = *state;

    print(printing, "one\ntw");
    (void)look(printing);
    assert_string_equal(printing->texts, "one ");
    print(printing, "o\nhalf");
    (void)look(printing);
    (void)look(printing);
    assert_string_equal(printing->texts, "one two ");
    assert_int_equal(log_stream_due_mono_ms(printing->stream), 10 * SECOND_MS);
    printing->now_mono_ms = 10 * SECOND_MS;
    (void)look(printing);
    assert_string_equal(printing->texts, "one two half ");
    assert_true(log_stream_due_mono_ms(printing->stream) == INT64_MAX);
}

static void what_nobody_has_room_for_comes_again(void **state)
{
    struct printing *printing = *state;

    printing->is_busy = true;
    print(printing, "one\n");
    assert_true(look(printing).is_blocked);
    assert_int_equal(log_stream_n_waiting(printing->stream), 4);
    printing->is_busy = false;
    assert_false(look(printing).is_blocked);
    assert_string_equal(printing->texts, "one ");
}

static void the_rest_is_told_when_it_ends(void **state)
{
    struct printing *printing = *state;

    print(printing, "one\nhalf");
    (void)look(printing);
    close(printing->writer);
    printing->writer = -1;
    assert_true(look(printing).is_over);
    assert_string_equal(printing->texts, "one half ");
}

/* No kernel tells that a file is readable: it is read on without. */
static void a_file_is_read_to_its_end_without_being_waited_for(void **state)
{
    struct printing *printing = *state;
    char path[] = "/tmp/vedette-stream-XXXXXX";
    int file = mkstemp(path), n_looks = 0;

    assert_true(file >= 0);
    for (int i = 0; i < 300000; i++)
        assert_int_equal(write(file, "x\n", 2), 2);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    assert_int_equal(dup2(file, printing->reader), printing->reader);
    while (!look(printing).is_over) {
        assert_true(n_looks++ < 10);
        assert_true(log_stream_due_mono_ms(printing->stream) <= printing->now_mono_ms);
    }
    assert_int_equal(printing->n_lines, 300000);
    close(file);
    unlink(path);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_open_is_no_stream),
        EACH(lines_come_when_they_are_whole_and_the_last_one_when_nobody_waits_for_it),
        EACH(what_nobody_has_room_for_comes_again),
        EACH(the_rest_is_told_when_it_ends),
        EACH(a_file_is_read_to_its_end_without_being_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
