/* A recorded log of several pieces, in which only some lines say when they happened. */
#include "src/cli/input_log.h"
#include "watchers/line_cut.h"

#include "src/base/clock.h"
#include "src/base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 20000
#define WRITTEN_MS INT64_C(1795946400000) /* 2026-11-29T10:00:00Z */

/* When the i-th line says that it happened; 0: it does not say. None at the beginning, for more than a piece; few, then each, then none again. */
static int64_t says_ms(int i)
{
    if (i < 6000 || i >= 14000)
        return 0;
    if (i < 12000 && i % 101 != 0)
        return 0;
    return WRITTEN_MS - (LINES - i % 1000) * SECOND_MS; /* not in order */
}

static int recorded(void)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    FILE *file = fdopen(dup(fd), "w");
    char time[TIME_TEXT_BYTES];

    assert_non_null(file);
    for (int i = 0; i < LINES; i++)
        fprintf(file, "%s line %d\n", says_ms(i) ? time_format(says_ms(i), time) : "-", i);
    fclose(file);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Every `n`-th line of each piece is wanted. */
static enum rc want_some(void *context, const struct log_batch *batch, int64_t reference_ms,
                         struct record_list *wanted)
{
    const size_t *n = context;
    struct log_line *lines = calloc(batch->n_lines, sizeof *lines);
    size_t n_lines = 0, begin = 0;

    (void)reference_ms;
    assert_non_null(lines);
    for (size_t i = 0; i < batch->n_lines; i++) {
        struct log_line line =
            batch->lines ? batch->lines[i] : line_at(batch->bytes, batch->offset, begin);

        begin += line.text.len + 1;
        if (i % *n == 0)
            lines[n_lines++] = line;
    }
    *wanted = (struct record_list){ lines, n_lines };
    return RC_OK;
}

static int64_t expected_ms(int i)
{
    while (i >= 0 && !says_ms(i))
        i--;
    return i >= 0 ? says_ms(i) : WRITTEN_MS;
}

static void claim_times(const struct log_watch *watch, size_t n)
{
    const struct log_input_screen screen = { .context = &n, .screen = want_some };
    struct log_input *input;
    struct log_line line;
    size_t n_lines = 0;
    int number;
    enum rc rc;

    assert_int_equal(
        log_input_new(recorded(), watch, (struct slice){ 0 }, WRITTEN_MS, &screen, &input), RC_OK);
    while (!(rc = log_input_next(input, &line))) {
        assert_int_equal(sscanf(line.text.ptr, "%*s line %d", &number), 1);
        assert_int_equal(line.time_ms, expected_ms(number));
        n_lines++;
    }
    assert_int_equal(rc, RC_NOT_FOUND);
    assert_in_range(n_lines, LINES / n, LINES / n + LINES / 1000);
    assert_int_equal(log_input_totals(input).n_lines, LINES);
    assert_int_equal(log_input_totals(input).last_ms, expected_ms(LINES - 1));
    log_input_free(input);
}

static void a_line_without_a_time_has_that_of_the_nearest_before_it(void **state)
{
    struct log_watch watch = { 0 };
    struct arena *arena;

    (void)state;
    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(arena_new((size_t)1 << 20, &arena), RC_OK);
    assert_int_equal(log_watch_of_name(SLICE("app"), arena, &watch), RC_OK);
    claim_times(&watch, 1);
    claim_times(&watch, 7);
    claim_times(&watch, 5000);
    log_watch_free(&watch);
    arena_free(arena);
}

/* -- a log that says hardly any time -- */

#define SILENT_LINES 300000 /* for several pieces, whichever size they have */
#define MAX_PIECES 64

struct pieces {
    int ends[MAX_PIECES]; /* the line behind the last of each */
    int n_pieces;
};

/* The first line of each piece is wanted. */
static enum rc want_first(void *context, const struct log_batch *batch, int64_t reference_ms,
                          struct record_list *wanted)
{
    struct pieces *pieces = context;
    struct log_line *line = calloc(1, sizeof *line);

    (void)reference_ms;
    assert_non_null(line);
    assert_null(batch->lines);
    assert_in_range(pieces->n_pieces, 0, MAX_PIECES - 1);
    *line = line_at(batch->bytes, batch->offset, 0);
    pieces->ends[pieces->n_pieces] = (int)batch->n_lines;
    if (pieces->n_pieces)
        pieces->ends[pieces->n_pieces] += pieces->ends[pieces->n_pieces - 1];
    pieces->n_pieces++;
    *wanted = (struct record_list){ line, 1 };
    return RC_OK;
}

/* Only the lines `timed` say a time, each another one. All lines are of one length. */
static int silent_log(const int *timed, size_t n_timed)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    FILE *file = fdopen(dup(fd), "w");
    char time[TIME_TEXT_BYTES];
    size_t next = 0;

    assert_non_null(file);
    for (int i = 0; i < SILENT_LINES; i++) {
        bool is_timed = next < n_timed && timed[next] == i;

        (void)time_format(WRITTEN_MS - i, time);
        next += is_timed;
        fprintf(file, "%*s line %06d\n", (int)sizeof "2026-11-29T10:00:00.000Z" - 1,
                is_timed ? time : "-", i);
    }
    fclose(file);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Fills the times of the first lines of all pieces. */
static struct pieces read_silent(const int *timed, size_t n_timed, int64_t *times)
{
    struct pieces pieces = { 0 };
    const struct log_input_screen screen = { .context = &pieces, .screen = want_first };
    struct log_watch watch = { 0 };
    struct log_input *input;
    struct arena *arena;
    struct log_line line;
    size_t n_lines = 0;
    enum rc rc;

    assert_int_equal(arena_new((size_t)1 << 20, &arena), RC_OK);
    assert_int_equal(log_watch_of_name(SLICE("app"), arena, &watch), RC_OK);
    assert_int_equal(log_input_new(silent_log(timed, n_timed), &watch, (struct slice){ 0 },
                                   WRITTEN_MS, &screen, &input),
                     RC_OK);
    while (!(rc = log_input_next(input, &line)))
        times[n_lines++] = line.time_ms;
    assert_int_equal(rc, RC_NOT_FOUND);
    assert_int_equal(n_lines, pieces.n_pieces);
    log_input_free(input);
    log_watch_free(&watch);
    arena_free(arena);
    return pieces;
}

static void where_lines_say_no_time_only_the_last_of_a_piece_are_asked(void **state)
{
    int64_t times[MAX_PIECES];
    struct pieces pieces = read_silent(NULL, 0, times);
    int timed[3];

    (void)state;
    assert_true(pieces.n_pieces > 4 && pieces.ends[0] >= 10000);
    for (int i = 0; i < pieces.n_pieces; i++)
        assert_int_equal(times[i], WRITTEN_MS);
    timed[0] = pieces.ends[1] - 101; /* too far from the end */
    timed[1] = pieces.ends[2] - 100;
    timed[2] = pieces.ends[3] - 5000; /* and now each is asked again */
    (void)read_silent(timed, 3, times);
    assert_int_equal(times[1], WRITTEN_MS);
    assert_int_equal(times[2], WRITTEN_MS);
    assert_int_equal(times[3], WRITTEN_MS - timed[1]);
    assert_int_equal(times[4], WRITTEN_MS - timed[2]);
}

/* -- lines of nothing -- */

static enum rc want_none(void *context, const struct log_batch *batch, int64_t reference_ms,
                         struct record_list *wanted)
{
    (void)context;
    (void)reference_ms;
    assert_in_range(batch->n_lines, 1, 65536);
    *wanted = (struct record_list){ 0 };
    return RC_OK;
}

static void a_piece_of_very_short_lines_is_small(void **state)
{
    const struct log_input_screen screen = { .screen = want_none };
    char ends[4096];
    int fd = memfd_create("log", MFD_CLOEXEC);
    struct log_watch watch = { 0 };
    struct log_input *input;
    struct arena *arena;
    struct log_line line;

    (void)state;
    memset(ends, '\n', sizeof(ends));
    for (int i = 0; i < 1024; i++)
        assert_int_equal(write(fd, ends, sizeof(ends)), sizeof(ends));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(arena_new((size_t)1 << 20, &arena), RC_OK);
    assert_int_equal(log_watch_of_name(SLICE("app"), arena, &watch), RC_OK);
    assert_int_equal(log_input_new(fd, &watch, (struct slice){ 0 }, WRITTEN_MS, &screen, &input),
                     RC_OK);
    assert_int_equal(log_input_next(input, &line), RC_NOT_FOUND);
    assert_int_equal(log_input_totals(input).n_lines, 1024 * sizeof(ends));
    log_input_free(input);
    log_watch_free(&watch);
    arena_free(arena);
}

/* -- times in data -- */

static void a_time_that_is_a_member_is_found_where_lines_are_data(void **state)
{
    static const char text[] =
        "{\"n\":1}\n"
        "{\"due\":\"2026-11-29T09:30:00Z\",\"time\":\"2026-11-29T09:00:00Z\"}\n"
        "{\"n\":3}\n";
    int64_t said_ms = WRITTEN_MS - HOUR_MS;
    int64_t first_ms = WRITTEN_MS - HOUR_MS / 2; /* in the text */
    const struct {
        enum line_format format;
        int64_t expected_ms[3];
    } rows[] = {
        { LINE_JSON, { WRITTEN_MS, said_ms, said_ms } },
        { LINE_TEXT, { WRITTEN_MS, first_ms, first_ms } },
    };
    struct log_watch watch = { 0 };
    struct arena *arena;

    (void)state;
    assert_int_equal(arena_new((size_t)1 << 20, &arena), RC_OK);
    assert_int_equal(log_watch_of_name(SLICE("app"), arena, &watch), RC_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = memfd_create("log", MFD_CLOEXEC);
        struct log_input *input;
        struct log_line line;

        assert_int_equal(pwrite(fd, text, sizeof text - 1, 0), sizeof text - 1);
        watch.format = rows[i].format;
        assert_int_equal(log_input_new(fd, &watch, (struct slice){ 0 }, WRITTEN_MS, NULL, &input),
                         RC_OK);
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(log_input_next(input, &line), RC_OK);
            assert_int_equal(line.time_ms, rows[i].expected_ms[k]);
        }
        log_input_free(input);
    }
    log_watch_free(&watch);
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_without_a_time_has_that_of_the_nearest_before_it),
        cmocka_unit_test(where_lines_say_no_time_only_the_last_of_a_piece_are_asked),
        cmocka_unit_test(a_piece_of_very_short_lines_is_small),
        cmocka_unit_test(a_time_that_is_a_member_is_found_where_lines_are_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
