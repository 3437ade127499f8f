#include "src/base/log.h"

#include "src/base/digest.h"
#include "src/base/log_mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TIME_LEN (sizeof("2026-11-21T08:01:20.123Z") - 1)
#define JSON_HEAD_LEN (sizeof("{\"time\":\"2026-11-21T08:01:20.123Z\"") - 1)

static int memory = -1, real_stderr = -1;
static char captured[1 << 20];

static int capture(void **state)
{
    (void)state;
    memory = memfd_create("log", MFD_CLOEXEC);
    real_stderr = dup(STDERR_FILENO);
    log_configure(LOG_DEBUG, LOG_TEXT);
    if (memory < 0 || fcntl(memory, F_SETFL, O_APPEND)) /* as a log file is opened */
        return -1;
    return real_stderr < 0 || dup2(memory, STDERR_FILENO) < 0 ? -1 : 0;
}

static int release(void **state)
{
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(memory);
    return 0;
}

/* All that was logged since the last call. */
static const char *logged(void)
{
    off_t len = lseek(memory, 0, SEEK_END);

    assert_in_range(len, 0, sizeof(captured) - 1);
    assert_int_equal(pread(memory, captured, (size_t)len, 0), len);
    captured[len] = '\0';
    assert_int_equal(ftruncate(memory, 0), 0);
    return captured;
}

/* The same without the time, which differs each time. */
static const char *logged_text(void)
{
    const char *line = logged();

    assert_true(strlen(line) > TIME_LEN);
    assert_int_equal(line[TIME_LEN - 1], 'Z');
    return line + TIME_LEN;
}

static const char *logged_json(void)
{
    const char *line = logged();

    assert_true(strlen(line) > JSON_HEAD_LEN);
    assert_memory_equal(line, "{\"time\":\"20", 11);
    return line + JSON_HEAD_LEN;
}

static void a_line_is_time_level_and_fact(void **state)
{
    (void)state;
    log_warn("hook refused: %s hook=%s peer=%s", "bad signature", "github", "192.0.2.7");
    assert_string_equal(logged_text(),
                        " warn hook refused: bad signature hook=github peer=192.0.2.7\n");
}

static void lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    log_configure(LOG_WARN, LOG_TEXT);
    log_debug("d");
    log_info("i");
    assert_string_equal(logged(), "");
    log_warn("w");
    assert_string_equal(logged_text(), " warn w\n");
    log_error("e");
    assert_string_equal(logged_text(), " error e\n");
}

static void i03_a_value_cannot_begin_a_line_or_command_a_terminal(void **state)
{
    (void)state;
    log_info("hook refused peer=%s",
             "x\n2026-11-21T08:01:20.123Z error forged\x1b[2J\x7f\xc2\x9b\xff");
    assert_string_equal(logged_text(),
                        " info hook refused peer=x\\x0a2026-11-21T08:01:20.123Z error "
                        "forged\\x1b[2J\\x7f\\xc2\\x9b\\xff\n");
}

static void lines_for_people_stand_as_they_are_or_become_an_object_each(void **state)
{
    (void)state;
    log_lines(LOG_ERROR, SLICE("a.yaml:1:2: error: x\nb.yaml:3:4: error: y\n"));
    assert_string_equal(logged(), "a.yaml:1:2: error: x\nb.yaml:3:4: error: y\n");
    log_configure(LOG_INFO, LOG_JSON);
    log_lines(LOG_WARN, SLICE("a.yaml:1:2: error: x\n"));
    assert_string_equal(logged_json(), ",\"level\":\"warn\",\"text\":\"a.yaml:1:2: error: x\"}\n");
}

static void each_of_the_lines_for_people_has_its_mark(void **state)
{
    static const uint8_t key[LOG_MARK_KEY_BYTES] = { 1 };
    struct slice text;
    size_t n_lines = 0;

    (void)state;
    assert_int_equal(digest_init(), RC_OK);
    log_mark_use(key, true);
    log_lines(LOG_ERROR, SLICE("a.yaml:1:2: error: x\n\nb.yaml:3:4: error: y"));
    log_mark_switch(false);
    text = slice_of(logged());
    while (text.len) {
        struct slice line = slice_cut(&text, '\n');

        n_lines++;
        assert_true(line.len ? log_is_own(line) : n_lines == 2);
    }
    assert_int_equal(n_lines, 3);
}

static void json_has_the_fact_and_its_pairs(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_JSON);
    log_warn("hook refused: bad signature hook=%s n_tries=%d reason=\"%s\" peer=%s", "github", 3,
             "no such key", "192.0.2.7");
    assert_string_equal(
        logged_json(),
        ",\"level\":\"warn\",\"text\":\"hook refused: bad signature\",\"hook\":\"github\","
        "\"n_tries\":\"3\",\"reason\":\"no such key\",\"peer\":\"192.0.2.7\"}\n");
}

static void json_pairs_are_told_from_the_fact(void **state)
{
    static const struct {
        const char *message, *json; /* json: behind the level */
    } cases[] = {
        { .message = "started", .json = "\"text\":\"started\"" },
        { .message = "", .json = "\"text\":\"\"" },
        { .message = "port=80", .json = "\"text\":\"\",\"port\":\"80\"" },
        { .message = "a key=", .json = "\"text\":\"a\",\"key\":\"\"" },
        { .message = "a key=\"\" b=1", .json = "\"text\":\"a\",\"key\":\"\",\"b\":\"1\"" },
        { .message = "a url=https://x/?a=b b=1",
          .json = "\"text\":\"a\",\"url\":\"https://x/?a=b\",\"b\":\"1\"" },
        { .message = "1 == 1 A=b", .json = "\"text\":\"1 == 1 A=b\"" },
        { .message = "a b=\"say \"hi\" now\" c=1",
          .json = "\"text\":\"a\",\"b\":\"say \\u0022hi\\u0022 now\",\"c\":\"1\"" },
        { .message = "a b=\"never closed c=1",
          .json = "\"text\":\"a\",\"b\":\"\\u0022never closed c=1\"" },
        { .message = "a b=1 bare c=2", .json = "\"text\":\"a\",\"b\":\"1\",\"c\":\"2\"" },
        { .message = "a b=1 b=2 level=error", .json = "\"text\":\"a\",\"b\":\"1\"" },
        { .message = "tab\there\\ b=\"x\ny\"",
          .json = "\"text\":\"tab\\u0009here\\u005c\",\"b\":\"x\\u000ay\"" },
        { .message = "caf\xe9 \xc2\x9b\x1b é", .json = "\"text\":\"caf\\ufffd \\u009b\\u001b é\"" },
    };
    char wanted[1024];

    (void)state;
    log_configure(LOG_INFO, LOG_JSON);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# case %zu\n", i);
        log_info("%s", cases[i].message);
        snprintf(wanted, sizeof(wanted), ",\"level\":\"info\",%s}\n", cases[i].json);
        assert_string_equal(logged_json(), wanted);
    }
}

static void a_long_line_is_cut_and_still_a_line(void **state)
{
    static const enum log_format formats[] = { LOG_TEXT, LOG_JSON };
    static char text[20001];

    (void)state;
    memset(text, '\x01', sizeof(text) - 1); /* the kind that grows most */
    for (size_t i = 0; i < 2; i++) {
        const char *line;
        size_t len;

        log_configure(LOG_INFO, formats[i]);
        log_info("text %s", text);
        line = logged();
        len = strlen(line);
        assert_in_range(len, 4096, 6 * 4096 + 256);
        assert_ptr_equal(strchr(line, '\n'), line + len - 1);
        assert_non_null(strstr(line, i ? "…\"}\n" : "…\n"));
    }
}

static void one_line_a_minute_passes_a_limit_and_tells_of_the_others(void **state)
{
    struct log_limit limit = { 0 }, other = { 0 };

    (void)state;
    for (int i = 1; i <= 5; i++)
        log_limited(&limit, LOG_WARN, "line refused n=%d", i);
    assert_string_equal(logged_text(), " warn line refused n=1\n");
    limit.next_mono_ms = 0; /* a minute later */
    log_limited(&limit, LOG_WARN, "line refused n=%d", 6);
    assert_string_equal(logged_text(), " warn line refused n=6 held=4\n");
    log_limited(&limit, LOG_WARN, "line refused n=%d", 7);
    assert_string_equal(logged(), "");
    limit.next_mono_ms = 0;
    log_limited(&limit, LOG_WARN, "line refused n=%d", 8);
    assert_string_equal(logged_text(), " warn line refused n=8 held=1\n"); /* since the last line */
    log_limited(&other, LOG_WARN, "another fact");
    assert_string_equal(logged_text(), " warn another fact\n");
}

static void logging_leaves_errno_alone(void **state)
{
    (void)state;
    errno = ENOSPC;
    close(STDERR_FILENO);
    log_error("nobody reads this");
    assert_int_equal(errno, ENOSPC);
    assert_int_not_equal(dup2(memory, STDERR_FILENO), -1);
}

static void *log_many(void *letter)
{
    char text[101];

    memset(text, *(const char *)letter, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 500; i++)
        log_info("%s", text);
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    static char letters[] = "abcd";
    pthread_t threads[4];
    char *rest = captured;
    int n_lines = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, &letters[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    logged();
    for (char *line; (line = strsep(&rest, "\n")) && *line; n_lines++) {
        assert_int_equal(strlen(line), TIME_LEN + sizeof(" info ") - 1 + 100);
        assert_int_equal(
            strspn(line + strlen(line) - 100, (char[]){ line[strlen(line) - 1], '\0' }), 100);
    }
    assert_int_equal(n_lines, 2000);
}

#define log_test(test) cmocka_unit_test_setup_teardown(test, capture, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        log_test(a_line_is_time_level_and_fact),
        log_test(lines_below_the_level_are_not_written),
        log_test(i03_a_value_cannot_begin_a_line_or_command_a_terminal),
        log_test(lines_for_people_stand_as_they_are_or_become_an_object_each),
        log_test(each_of_the_lines_for_people_has_its_mark),
        log_test(json_has_the_fact_and_its_pairs),
        log_test(json_pairs_are_told_from_the_fact),
        log_test(a_long_line_is_cut_and_still_a_line),
        log_test(one_line_a_minute_passes_a_limit_and_tells_of_the_others),
        log_test(logging_leaves_errno_alone),
        log_test(lines_of_threads_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
