/* Searches over files in a temporary directory. Lines are of 2026-11-29, the signal is of 10:00 UTC. */
#include "configured.h"

#include "src/base/clock.h"
#include "src/base/file.h"
#include "watchers/log_search.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEN_MS ((int64_t)1795946400000) /* 2026-11-29 10:00 UTC */

struct story {
    struct configured configured;
    char directory[64];
    struct pattern *match;
    struct log_search search;
    struct log_found found;
    enum rc rc;
};

/* -- files -- */

static const char *path_of(const struct story *story, const char *name)
{
    static char path[512];

    (void)snprintf(path, sizeof path, "%s/%.400s", story->directory, name);
    return path;
}

static void written_at(const struct story *story, const char *name, int64_t time_ms)
{
    struct timespec times[2] = { { .tv_sec = time_ms / 1000 }, { .tv_sec = time_ms / 1000 } };

    assert_int_equal(utimensat(AT_FDCWD, path_of(story, name), times, 0), 0);
}

/* A file that was last written a day after ten. */
static void file_holds(struct story *story, const char *name, struct slice text)
{
    assert_int_equal(file_write(path_of(story, name), text, 0600), RC_OK);
    written_at(story, name, TEN_MS + DAY_MS);
}

/* One that was last written `minutes` after ten. */
static void file_of(struct story *story, const char *name, int minutes, const char *text)
{
    file_holds(story, name, slice_of(text));
    written_at(story, name, TEN_MS + minutes * MINUTE_MS);
}

static void remove_files(const struct story *story)
{
    DIR *directory = opendir(story->directory);
    const struct dirent *entry;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.')
            assert_int_equal(unlink(path_of(story, entry->d_name)), 0);
    }
    closedir(directory);
    assert_int_equal(rmdir(story->directory), 0);
}

/* -- a story -- */

static int begin(void **state)
{
    static struct story story;
    void *configured;

    story = (struct story){ 0 };
    configured_set_up(&configured);
    story.configured = *(struct configured *)configured;
    strcpy(story.directory, "/tmp/test_log_search_XXXXXX");
    assert_non_null(mkdtemp(story.directory));
    *state = &story;
    return 0;
}

static int end(void **state)
{
    struct story *story = *state;
    void *configured = &story->configured;

    remove_files(story);
    pattern_free(story->match);
    watchers_free(story->configured.watchers);
    return configured_tear_down(&configured);
}

/* A watcher `app` of `paths` (in the directory), with further members; asks for five minutes around ten. */
static void watch_by(struct story *story, const char *paths, const char *time, const char *more)
{
    char list[1024];

    (void)snprintf(list, sizeof list, "[{log: [%s/%s], name: app, context: 0, time: %s%s}]",
                   story->directory, paths, time, more);
    if (configured_load(&story->configured, list))
        fail_msg("%.*s", SLICE_ARG(problems_at(story->configured.problems, 0)->text));
    story->search = (struct log_search){
        .watch = watchers_find_log(story->configured.watchers, SLICE("app")),
        .first_ms = TEN_MS,
        .last_ms = TEN_MS,
        .around_ms = 5 * MINUTE_MS,
        .sample_bytes = 64,
        .n_lines = 100,
    };
    assert_non_null(story->search.watch);
}

static void watch(struct story *story, const char *paths, const char *more)
{
    watch_by(story, paths, "{zone: UTC}", more);
}

static void match(struct story *story, const char *pattern)
{
    struct json_fault fault;

    assert_int_equal(
        pattern_parse(slice_of(pattern), story->configured.arena, &story->match, &fault), RC_OK);
    story->search.match = story->match;
}

static void look(struct story *story)
{
    story->rc = log_search(&story->search, story->configured.arena, &story->found);
}

static void expect_text_at(const struct story *story, const char *text, int line)
{
    if (story->rc)
        fail_msg("line %d: %s: %.*s", line, rc_text(story->rc), SLICE_ARG(story->found.why));
    if (!slice_eq(story->found.text, slice_of(text)))
        fail_msg("line %d: not\n%s\nbut\n%.*s", line, text, SLICE_ARG(story->found.text));
}
#define expect_text(story, text) expect_text_at(story, text, __LINE__)

static bool text_has(const struct story *story, const char *part)
{
    size_t offset;

    return !slice_find(story->found.text, slice_of(part), &offset);
}

/* What stands for @ in some texts. */
static const char *with_directory(const struct story *story, const char *text)
{
    static struct buffer made;

    buffer_free(&made);
    for (; *text; text++) {
        if (*text == '@')
            buffer_add_text(&made, story->directory);
        else
            buffer_add_byte(&made, *text);
    }
    buffer_add_byte(&made, '\0');
    return made.ptr;
}

/* -- which lines -- */

static const char three_times[] = "2026-11-29T09:54:59Z too early\n"
                                  "2026-11-29T09:55:00Z the edge before\n"
                                  "2026-11-29T10:00:00Z the failure\n"
                                  "  at its second line\n"
                                  "2026-11-29T10:05:00Z the edge after\n"
                                  "  and what belongs to it\n"
                                  "2026-11-29T10:05:01Z too late\n"
                                  "  likewise\n";

static void lines_of_the_time_are_found_and_one_without_has_that_of_the_line_before(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 6, three_times);
    watch(story, "app.log", "");
    look(story);
    expect_text(story, "5 lines of app around 2026-11-29 10:00 UTC:\n"
                       "2026-11-29T09:55:00Z the edge before\n"
                       "2026-11-29T10:00:00Z the failure\n"
                       "  at its second line\n"
                       "2026-11-29T10:05:00Z the edge after\n"
                       "  and what belongs to it");
    assert_false(story->found.is_truncated);
    assert_true(slice_is_absent(story->found.finding));
}

static void a_pattern_picks_lines_and_the_first_of_them_is_the_finding(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 6, three_times);
    watch(story, "app.log", "");
    match(story, "/edge/");
    look(story);
    expect_text(story, "2 lines of app around 2026-11-29 10:00 UTC, matching /edge/:\n"
                       "2026-11-29T09:55:00Z the edge before\n"
                       "--\n"
                       "2026-11-29T10:05:00Z the edge after");
    assert_true(slice_eq(story->found.finding, SLICE("2026-11-29T09:55:00Z the edge before")));
}

static const char numbered[] = "2026-11-29T10:00:01Z one\n2026-11-29T10:00:02Z two\n"
                               "2026-11-29T10:00:03Z error three\n2026-11-29T10:00:04Z four\n"
                               "2026-11-29T10:00:05Z five\n2026-11-29T10:00:06Z error six\n"
                               "2026-11-29T10:00:07Z seven\n2026-11-29T10:00:08Z eight\n"
                               "2026-11-29T10:00:09Z nine\n2026-11-29T10:00:10Z error ten\n";

static void matches_stand_among_their_neighbours_and_groups_that_touch_are_one(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 1, numbered);
    watch(story, "app.log", "");
    ((struct log_watch *)(uintptr_t)story->search.watch)->context = 1;
    match(story, "/error/");
    look(story);
    expect_text(story, "3 lines of app around 2026-11-29 10:00 UTC, matching /error/:\n"
                       "2026-11-29T10:00:02Z two\n"
                       "2026-11-29T10:00:03Z error three\n"
                       "2026-11-29T10:00:04Z four\n"
                       "2026-11-29T10:00:05Z five\n"
                       "2026-11-29T10:00:06Z error six\n"
                       "2026-11-29T10:00:07Z seven\n"
                       "--\n"
                       "2026-11-29T10:00:09Z nine\n"
                       "2026-11-29T10:00:10Z error ten");
}

static void the_lines_of_the_signal_are_found_by_their_text_or_its_beginning(void **state)
{
    struct story *story = *state;
    struct slice samples[] = { SLICE("2026-11-29T10:00:03Z error three"),
                               SLICE("2026-11-29T10:00:0") };

    file_of(story, "app.log", 1, numbered);
    watch(story, "app.log", "");
    story->search.samples = (struct slice_list){ samples, 2 };
    look(story);
    expect_text(story, "1 line of app around 2026-11-29 10:00 UTC, of this signal:\n"
                       "2026-11-29T10:00:03Z error three");
    story->search.sample_bytes = samples[1].len;
    look(story);
    assert_true(text_has(story, "9 lines of app around"));
}

static void events_of_several_lines_stay_together(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 1,
            "2026-11-29T10:00:01Z fine\n"
            "2026-11-29T10:00:02Z Exception\n  at main\n  at start\n"
            "2026-11-29T10:00:03Z fine again\n");
    watch(story, "app.log", ", multiline: {continuation: '/^ /'}");
    match(story, "/at start/");
    look(story);
    expect_text(story, "1 line of app around 2026-11-29 10:00 UTC, matching /at start/:\n"
                       "2026-11-29T10:00:02Z Exception\n  at main\n  at start");
    assert_true(slice_eq(story->found.finding, SLICE("2026-11-29T10:00:02Z Exception")));
}

static void a_member_of_a_json_line_says_its_time(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 6,
            "{\"ts\":\"2026-11-29T09:00:00Z\",\"msg\":\"early\"}\n"
            "{\"msg\":\"in time\",\"ts\":\"2026-11-29T10:01:00Z\"}\n");
    watch(story, "app.log", ", format: json");
    look(story);
    expect_text(story, "1 line of app around 2026-11-29 10:00 UTC:\n"
                       "{\"msg\":\"in time\",\"ts\":\"2026-11-29T10:01:00Z\"}");
}

static void nothing_found_is_said_and_is_no_failure(void **state)
{
    struct story *story = *state;
    struct slice sample = SLICE("no such line");

    file_of(story, "app.log", 24 * 60, three_times);
    watch(story, "app.log", "");
    match(story, "/nothing/");
    look(story);
    expect_text(story, "No line of app around 2026-11-29 10:00 UTC matches /nothing/.");
    story->search.match = NULL;
    story->search.samples = (struct slice_list){ &sample, 1 };
    look(story);
    expect_text(story, "No line of app around 2026-11-29 10:00 UTC is one of this signal.");
    story->search.samples = (struct slice_list){ 0 };
    story->search.first_ms = story->search.last_ms = TEN_MS + DAY_MS;
    look(story);
    expect_text(story, "No line of app is from the time around 2026-11-30 10:00 UTC.");
}

static void a_signal_that_went_on_is_looked_for_from_its_first_to_its_last_match(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 6, three_times);
    watch(story, "app.log", "");
    story->search.last_ms = TEN_MS + 2 * MINUTE_MS;
    look(story);
    assert_true(text_has(story, "7 lines of app from 5m before 2026-11-29 10:00 UTC to 5m after "
                                "2026-11-29 10:02 UTC:\n"));
}

/* -- which files -- */

static void rotated_files_are_searched_too_and_named(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 3, "2026-11-29T10:00:02Z new\n");
    file_of(story, "app.log.1", 1, "2026-11-29T10:00:01Z old\n");
    file_of(story, "app.log.2", -60, "2026-11-29T10:00:01Z written before that time\n");
    file_of(story, "other.log", 3, "2026-11-29T10:00:01Z of nobody\n");
    watch(story, "app.log", "");
    look(story);
    expect_text(story, with_directory(story, "2 lines of app around 2026-11-29 10:00 UTC:\n"
                                             "==> @/app.log.1 <==\n"
                                             "2026-11-29T10:00:01Z old\n"
                                             "==> @/app.log <==\n"
                                             "2026-11-29T10:00:02Z new"));
}

static void what_is_rotated_away_is_found_where_the_file_is_not_there_again(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log.1", 1, "2026-11-29T10:00:01Z old\n");
    watch(story, "app.log", "");
    look(story);
    expect_text(story, with_directory(story, "1 line of app around 2026-11-29 10:00 UTC:\n"
                                             "2026-11-29T10:00:01Z old\n"
                                             "(@/app.log: there is no such file.)"));
}

static void files_that_were_written_before_that_time_are_passed_over_and_that_is_said(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", -7, "2026-11-29T10:00:01Z says a time that it cannot know\n");
    watch(story, "app.log", "");
    look(story);
    expect_text(story, with_directory(story, "No line of app is from the time around 2026-11-29 "
                                             "10:00 UTC.\n"
                                             "(No file was written since then; the newest is "
                                             "@/app.log.)"));
    written_at(story, "app.log", TEN_MS - 6 * MINUTE_MS); /* as old as clocks may differ */
    look(story);
    assert_true(text_has(story, "1 line of app around"));
}

static void what_is_excluded_or_compressed_is_not_searched(void **state)
{
    struct story *story = *state;

    file_of(story, "web-1.log", 3, "2026-11-29T10:00:02Z wanted\n");
    file_of(story, "web-2.log", 3, "2026-11-29T10:00:02Z not wanted\n");
    file_of(story, "web-1.log.1.gz", 3, "\x1f\x8b 2026-11-29T10:00:02Z compressed\n");
    watch(story, "web-*.log", ", exclude: [web-2.log]");
    look(story);
    expect_text(story, with_directory(story, "1 line of app around 2026-11-29 10:00 UTC:\n"
                                             "2026-11-29T10:00:02Z wanted\n"
                                             "(@/web-1.log.1.gz is compressed: it was not "
                                             "searched.)"));
}

static void a_file_that_two_names_lead_to_is_searched_once(void **state)
{
    struct story *story = *state;
    char other[256];

    file_of(story, "app.log", 3, "2026-11-29T10:00:02Z once\n");
    strcpy(other, path_of(story, "app.log.1"));
    assert_int_equal(link(path_of(story, "app.log"), other), 0);
    watch(story, "app.log", "");
    look(story);
    assert_true(text_has(story, "1 line of app around"));
}

static void a_link_that_somebody_planted_is_not_followed(void **state)
{
    struct story *story = *state;

    if (geteuid() != 0) /* only root can make a link of somebody else's */
        skip();
    file_of(story, "secret", 3, "2026-11-29T10:00:02Z a secret\n");
    assert_int_equal(symlink("secret", path_of(story, "app.log")), 0);
    assert_int_equal(lchown(path_of(story, "app.log"), 65534, 65534), 0);
    watch(story, "app.log", "");
    look(story);
    assert_int_equal(story->rc, RC_DENIED);
    assert_true(slice_starts(story->found.why, slice_of(path_of(story, "app.log"))));
}

static void where_there_is_no_file_the_reason_is_said(void **state)
{
    struct story *story = *state;

    watch(story, "app.log", "");
    look(story);
    assert_int_equal(story->rc, RC_NOT_FOUND);
    assert_true(slice_ends(story->found.why, SLICE("app.log: there is no such file")));
}

static void standard_input_cannot_be_searched(void **state)
{
    struct story *story = *state;

    assert_int_equal(configured_load(&story->configured, "[{stdin: true, name: app}]"), RC_OK);
    story->search.watch = watchers_find_log(story->configured.watchers, SLICE("app"));
    look(story);
    assert_int_equal(story->rc, RC_DENIED);
    assert_true(slice_starts(story->found.why, SLICE("standard input cannot be searched")));
}

/* -- lines as they are -- */

static void what_is_no_utf8_is_replaced_and_the_rest_is_kept(void **state)
{
    struct story *story = *state;

    file_holds(story, "app.log",
               SLICE("2026-11-29T10:00:02Z \x1b[31m caf\xe9 \0 \xc3\xa9 end\r\n"));
    watch(story, "app.log", "");
    look(story);
    expect_text(story, "1 line of app around 2026-11-29 10:00 UTC:\n"
                       "2026-11-29T10:00:02Z \x1b[31m caf\xef\xbf\xbd \xef\xbf\xbd \xc3\xa9 end");
}

static void lines_without_any_time_are_the_newest_of_a_file_written_then(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 1, "no time here\nnor here\n");
    watch(story, "app.log", "");
    match(story, "/nor/");
    look(story);
    expect_text(story, with_directory(story, "1 line of app around 2026-11-29 10:00 UTC, "
                                             "matching /nor/:\n"
                                             "nor here\n"
                                             "(The lines of @/app.log say no time: these are its "
                                             "newest.)"));
}

/* -- limits -- */

/* `n_lines` lines from `first_s` seconds after ten, one a second. */
static void add_seconds(struct buffer *text, int first_s, int n_lines, const char *more)
{
    char time[TIME_TEXT_BYTES];

    for (int i = 0; i < n_lines; i++)
        buffer_format(text, "%.19sZ line %d%s\n",
                      time_format(TEN_MS + (first_s + i) * SECOND_MS, time), first_s + i, more);
}

static void many_lines(struct story *story, int first_s, int n_lines, const char *more)
{
    struct buffer text;

    buffer_init(&text, 0);
    add_seconds(&text, first_s, n_lines, more);
    file_holds(story, "app.log", buffer_slice(&text));
    buffer_free(&text);
}

static void of_many_matches_the_first_and_the_newest_are_shown(void **state)
{
    struct story *story = *state;

    many_lines(story, 0, 200, " error");
    watch(story, "app.log", "");
    match(story, "/error/");
    story->search.n_lines = 8;
    look(story);
    expect_text(story, "200 lines of app around 2026-11-29 10:00 UTC, matching /error/ (8 lines "
                       "shown):\n"
                       "2026-11-29T10:00:00Z line 0 error\n"
                       "2026-11-29T10:00:01Z line 1 error\n"
                       "… 192 more lines between\n"
                       "2026-11-29T10:03:14Z line 194 error\n"
                       "2026-11-29T10:03:15Z line 195 error\n"
                       "2026-11-29T10:03:16Z line 196 error\n"
                       "2026-11-29T10:03:17Z line 197 error\n"
                       "2026-11-29T10:03:18Z line 198 error\n"
                       "2026-11-29T10:03:19Z line 199 error");
    assert_true(story->found.is_truncated);
    assert_true(slice_eq(story->found.finding, SLICE("2026-11-29T10:00:00Z line 0 error")));
}

static void few_lines_have_few_neighbours_so_that_the_first_match_is_among_them(void **state)
{
    struct story *story = *state;

    many_lines(story, 0, 200, "");
    watch(story, "app.log", "");
    ((struct log_watch *)(uintptr_t)story->search.watch)->context = 5;
    match(story, "/line (100|150)$/");
    story->search.n_lines = 8;
    look(story);
    expect_text(story, "2 lines of app around 2026-11-29 10:00 UTC, matching /line (100|150)$/:\n"
                       "2026-11-29T10:01:39Z line 99\n"
                       "2026-11-29T10:01:40Z line 100\n"
                       "2026-11-29T10:01:41Z line 101\n"
                       "--\n"
                       "2026-11-29T10:02:29Z line 149\n"
                       "2026-11-29T10:02:30Z line 150\n"
                       "2026-11-29T10:02:31Z line 151");
}

static void of_a_whole_stretch_what_is_near_the_last_match_is_shown(void **state)
{
    struct story *story = *state;

    many_lines(story, -200, 400, "");
    watch(story, "app.log", "");
    story->search.n_lines = 4;
    look(story);
    expect_text(story, "400 lines of app around 2026-11-29 10:00 UTC (4 lines shown):\n"
                       "… 198 more lines before\n"
                       "2026-11-29T09:59:58Z line -2\n"
                       "2026-11-29T09:59:59Z line -1\n"
                       "2026-11-29T10:00:00Z line 0\n"
                       "2026-11-29T10:00:01Z line 1\n"
                       "… 198 more lines behind");
}

static void the_stretch_is_found_in_a_large_file(void **state)
{
    struct story *story = *state;
    char padding[512];

    memset(padding, 'x', sizeof padding);
    padding[sizeof padding - 1] = '\0';
    many_lines(story, -40000, 80000, padding); /* 43 MB */
    watch(story, "app.log", "");
    story->search.around_ms = 2 * SECOND_MS;
    match(story, "/line -?\\d+x/");
    look(story);
    assert_true(text_has(story, "5 lines of app around"));
    assert_true(text_has(story, "2026-11-29T09:59:58Z line -2x"));
    assert_true(text_has(story, "2026-11-29T10:00:02Z line 2x"));
    assert_false(text_has(story, "looked at"));
}

static void of_more_than_is_read_what_is_near_the_last_match_is_and_that_is_said(void **state)
{
    struct story *story = *state;
    char padding[512];

    memset(padding, 'x', sizeof padding);
    padding[sizeof padding - 1] = '\0';
    many_lines(story, -40000, 80000, padding);
    watch(story, "app.log", "");
    story->search.around_ms = DAY_MS;
    match(story, "/line 0x/");
    look(story);
    assert_true(text_has(story, "1 line of app around"));
    assert_true(text_has(story, "(Only 16384 KB of "));
    assert_true(text_has(story, ", around the last match, were looked at: that time has more.)"));
    pattern_free(story->match);
    match(story, "/^(?!2026-)/"); /* where it begins to read, the rest of a line is none */
    look(story);
    assert_true(text_has(story, "No line of app around"));
}

static void times_that_do_not_ascend_leave_the_newest_part(void **state)
{
    struct story *story = *state;
    struct buffer text;

    buffer_init(&text, 0);
    for (int i = 0; i < 40; i++)
        add_seconds(&text, (i % 4) * 10000, 20000, "");
    file_holds(story, "app.log", buffer_slice(&text));
    buffer_free(&text);
    watch(story, "app.log", "");
    story->search.first_ms = story->search.last_ms = TEN_MS + 35000 * SECOND_MS;
    match(story, "/line 35000/");
    look(story);
    assert_true(text_has(story, "matching /line 35000/:\n2026-11-29T19:43:20Z line 35000"));
    assert_true(text_has(story, "its lines have no ascending times.)"));
}

static void long_stretches_without_a_time_do_not_hide_where_it_is(void **state)
{
    struct story *story = *state;
    struct buffer text;

    buffer_init(&text, 0);
    for (int i = -60; i < 60; i++) { /* a trace of 220 KB every ten seconds */
        add_seconds(&text, i * 10, 1, " Exception");
        for (int j = 0; j < 4000; j++)
            buffer_format(&text, "  at the %d-th of very many functions of %d\n", j, i);
    }
    file_holds(story, "app.log", buffer_slice(&text));
    buffer_free(&text);
    watch(story, "app.log", "");
    story->search.around_ms = 2 * SECOND_MS;
    match(story, "/Exception|functions of 0/");
    look(story);
    assert_true(text_has(story, "4,001 lines of app around"));
    assert_false(text_has(story, "looked at"));
}

static void of_a_large_log_whose_times_are_those_of_receipt_the_newest_part_is_read(void **state)
{
    struct story *story = *state;
    char padding[512];

    memset(padding, 'x', sizeof padding);
    padding[sizeof padding - 1] = '\0';
    many_lines(story, 0, 40000, padding);
    watch_by(story, "app.log", "received", "");
    match(story, "/line 39999x/");
    look(story);
    assert_true(text_has(story, "1 line of app around"));
    assert_true(text_has(story, "its lines have no ascending times.)"));
}

static void an_event_that_is_too_long_is_cut_and_says_so(void **state)
{
    struct story *story = *state;
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add_text(&text, "2026-11-29T10:00:01Z ");
    for (int i = 0; i < 10000; i++)
        buffer_add_text(&text, "\xc3\xa9");
    file_holds(story, "app.log", buffer_slice(&text));
    buffer_free(&text);
    watch(story, "app.log", "");
    look(story);
    assert_int_equal(story->rc, RC_OK);
    assert_true(story->found.is_truncated);
    assert_true(text_has(story, "\n… 11,830 more bytes of it"));
    assert_true(slice_is_utf8(story->found.text));
}

static void an_event_of_more_lines_than_may_be_shown_is_its_beginning(void **state)
{
    struct story *story = *state;

    file_of(story, "app.log", 1, "2026-11-29T10:00:01Z one\n two\n three\n four\n");
    watch(story, "app.log", ", multiline: {continuation: '/^ /'}");
    story->search.n_lines = 2;
    look(story);
    assert_true(text_has(story, "one\n two\n\n… 12 more bytes of it"));
}

static bool is_over(void *context)
{
    return --*(int *)context < 0;
}

static void a_search_that_nobody_wants_ends(void **state)
{
    struct story *story = *state;
    int n_asked = 0;

    many_lines(story, 0, 2000, "");
    watch(story, "app.log", "");
    story->search.is_over = is_over;
    story->search.context = &n_asked;
    look(story);
    assert_int_equal(story->rc, RC_TIMEOUT);
    n_asked = 2;
    look(story);
    assert_int_equal(story->rc, RC_TIMEOUT);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(lines_of_the_time_are_found_and_one_without_has_that_of_the_line_before),
        STORY(a_pattern_picks_lines_and_the_first_of_them_is_the_finding),
        STORY(matches_stand_among_their_neighbours_and_groups_that_touch_are_one),
        STORY(the_lines_of_the_signal_are_found_by_their_text_or_its_beginning),
        STORY(events_of_several_lines_stay_together),
        STORY(a_member_of_a_json_line_says_its_time),
        STORY(nothing_found_is_said_and_is_no_failure),
        STORY(a_signal_that_went_on_is_looked_for_from_its_first_to_its_last_match),
        STORY(rotated_files_are_searched_too_and_named),
        STORY(what_is_rotated_away_is_found_where_the_file_is_not_there_again),
        STORY(files_that_were_written_before_that_time_are_passed_over_and_that_is_said),
        STORY(what_is_excluded_or_compressed_is_not_searched),
        STORY(a_file_that_two_names_lead_to_is_searched_once),
        STORY(a_link_that_somebody_planted_is_not_followed),
        STORY(where_there_is_no_file_the_reason_is_said),
        STORY(standard_input_cannot_be_searched),
        STORY(what_is_no_utf8_is_replaced_and_the_rest_is_kept),
        STORY(lines_without_any_time_are_the_newest_of_a_file_written_then),
        STORY(of_many_matches_the_first_and_the_newest_are_shown),
        STORY(few_lines_have_few_neighbours_so_that_the_first_match_is_among_them),
        STORY(of_a_whole_stretch_what_is_near_the_last_match_is_shown),
        STORY(the_stretch_is_found_in_a_large_file),
        STORY(of_more_than_is_read_what_is_near_the_last_match_is_and_that_is_said),
        STORY(times_that_do_not_ascend_leave_the_newest_part),
        STORY(long_stretches_without_a_time_do_not_hide_where_it_is),
        STORY(of_a_large_log_whose_times_are_those_of_receipt_the_newest_part_is_read),
        STORY(an_event_that_is_too_long_is_cut_and_says_so),
        STORY(an_event_of_more_lines_than_may_be_shown_is_its_beginning),
        STORY(a_search_that_nobody_wants_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
