#include "src/base/process_stream.h"

#include "src/base/process_child.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_WORDS 8

static struct process_stream *start(const char *const *words)
{
    struct slice items[MAX_WORDS];
    struct process_command command = { .argv = { .items = items } };
    struct process_stream *stream;
    int error_number;

    for (; words[command.argv.n_items]; command.argv.n_items++)
        items[command.argv.n_items] = slice_of(words[command.argv.n_items]);
    assert_int_equal(process_stream_start(&command, &stream, &error_number), RC_OK);
    return stream;
}
#define START(...) start((const char *const[]){ __VA_ARGS__, NULL })

static void wait_for(int fd)
{
    struct pollfd readable = { .fd = fd, .events = POLLIN };

    assert_int_equal(poll(&readable, 1, (int)MINUTE_MS), 1);
}

static struct process_result end_of(struct process_stream *stream)
{
    struct process_result result;

    wait_for(process_stream_pidfd(stream));
    assert_true(process_stream_has_ended(stream, &result));
    assert_true(process_stream_has_ended(stream, &result)); /* told again as it was */
    return result;
}

static void assert_output(struct process_stream *stream, const char *expected)
{
    char bytes[256];
    ssize_t n_read;

    wait_for(process_stream_output_fd(stream));
    n_read = read(process_stream_output_fd(stream), bytes, sizeof bytes);
    assert_int_equal(n_read, (ssize_t)strlen(expected));
    assert_memory_equal(bytes, expected, strlen(expected));
}

static void assert_last_error(struct process_stream *stream, const char *expected)
{
    process_stream_read_errors(stream);
    if (!slice_eq(process_stream_last_error(stream), slice_of(expected)))
        fail_msg("last error: %.*s", SLICE_ARG(process_stream_last_error(stream)));
}

static void output_is_read_while_the_child_goes_on(void **state)
{
    struct process_stream *stream = START("/bin/sh", "-c", "echo out; exec sleep 1000");
    struct process_result result;

    (void)state;
    assert_output(stream, "out\n");
    assert_false(process_stream_has_ended(stream, &result));
    process_stream_free(stream);
}

static void errors_stand_apart_and_the_last_line_is_kept(void **state)
{
    struct process_stream *stream =
        START("/bin/sh", "-c", "echo first >&2; echo second >&2; echo >&2; echo out; exit 3");
    struct process_result result;

    (void)state;
    result = end_of(stream);
    assert_int_equal(result.end, PROCESS_EXITED);
    assert_int_equal(result.exit_code, 3);
    assert_output(stream, "out\n");
    assert_last_error(stream, "second");
    assert_int_equal(process_stream_errors_fd(stream), -1);
    process_stream_free(stream);
}

static void a_long_line_of_errors_keeps_its_beginning(void **state)
{
    struct process_stream *stream =
        START("/bin/sh", "-c", "printf '%01000d' 0 >&2; echo >&2; printf unended >&2");

    (void)state;
    end_of(stream);
    assert_last_error(stream, "unended");
    process_stream_free(stream);
    stream = START("/bin/sh", "-c", "printf '%01000d' 0 >&2");
    end_of(stream);
    process_stream_read_errors(stream);
    assert_int_equal(process_stream_last_error(stream).len, PROCESS_STREAM_ERROR_BYTES);
    process_stream_free(stream);
}

static void what_is_not_there_never_started(void **state)
{
    struct process_stream *stream = START("/not/there");
    struct process_result result = end_of(stream);

    (void)state;
    assert_int_equal(result.end, PROCESS_NOT_STARTED);
    assert_int_equal(result.error_number, ENOENT);
    process_stream_free(stream);
}

static void a_unix_signal_is_told(void **state)
{
    struct process_stream *stream = START("/bin/sh", "-c", "kill -9 $$");
    struct process_result result = end_of(stream);

    (void)state;
    assert_int_equal(result.end, PROCESS_KILLED);
    assert_int_equal(result.signal_number, SIGKILL);
    process_stream_free(stream);
}

static void whoever_frees_it_ends_it(void **state)
{
    struct process_stream *stream =
        START("/bin/sh", "-c", "trap '' TERM; echo $$; sleep 1000 & wait; sleep 1000");
    char bytes[32] = "";
    int pid;

    (void)state;
    wait_for(process_stream_output_fd(stream));
    assert_true(read(process_stream_output_fd(stream), bytes, sizeof bytes - 1) > 0);
    assert_int_equal(sscanf(bytes, "%d", &pid), 1);
    process_stream_free(stream);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    process_stream_free(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_is_read_while_the_child_goes_on),
        cmocka_unit_test(errors_stand_apart_and_the_last_line_is_kept),
        cmocka_unit_test(a_long_line_of_errors_keeps_its_beginning),
        cmocka_unit_test(what_is_not_there_never_started),
        cmocka_unit_test(a_unix_signal_is_told),
        cmocka_unit_test(whoever_frees_it_ends_it),
    };

    /* Children start through this very program, as through vedette. */
    if (argc > 1 && strcmp(argv[1], CHILD_COMMAND) == 0)
        return process_child_main(argc, argv);
    if (process_init())
        return 1;
    return cmocka_run_group_tests_name("process_stream", tests, NULL, NULL);
}
