#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/process.h"
#include "src/base/process_child.h"
#include "watchers/journal_tail.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS (30 * SECOND_MS)
#define REMOTE "/lib/systemd/systemd-journal-remote"
#define MAX_ROWS 4
#define NOW_MS ((int64_t)1700000000000)

/* What stands in for journalctl: prints the lines of the file `entries` from the place that it is asked for, then follows. Each start adds its arguments to `starts`. Where there is a
 * file `fail` it says that and fails; where there is `crash` it ends after the last line. */
static const char fake[] = "#!/bin/sh\n"
                           "cd \"${0%/*}\" || exit 9\n"
                           "echo \"$$ $*\" >> starts\n"
                           "if [ -e fail ]; then cat fail >&2; exit 1; fi\n"
                           "n=1\n"
                           "for arg; do case $arg in\n"
                           "  --cursor=bad|--after-cursor=bad) echo 'Failed to seek to cursor: "
                           "Invalid argument' >&2; exit 1;;\n"
                           "  --cursor=*|--after-cursor=*)\n"
                           "    at=$(grep -n -F \"\\\"__CURSOR\\\":\\\"${arg#*=}\\\"\" entries | "
                           "head -n 1 | cut -d: -f1)\n"
                           "    case $arg in --after*) [ -z \"$at\" ] || at=$((at + 1));; esac\n"
                           "    n=${at:-1};;\n"
                           "  --since=*) n=$(($(cat before 2>/dev/null || echo 0) + 1));;\n"
                           "esac; done\n"
                           "if [ -e crash ]; then tail -n \"+$n\" entries; exit 3; fi\n"
                           "[ ! -e hint ] || cat hint >&2\n"
                           "exec tail -n \"+$n\" -f entries\n";

/* A journal, the tail that follows it, and what it handed on. */
struct story {
    struct configured configured;
    char dir[64];
    char program[96];
    struct journal_tail *tail;
    int64_t ahead_ms; /* of the clock */
    bool is_busy, may_store;
    struct buffer texts;               /* each with a blank behind it */
    struct buffer lines;               /* as they would be stored, each with an LF */
    char cursor[JOURNAL_CURSOR_BYTES]; /* of the row that came last, with entries or alone */
    struct file_offset rows[MAX_ROWS]; /* stored */
    char cursors[MAX_ROWS][JOURNAL_CURSOR_BYTES];
    char heads[MAX_ROWS][OFFSET_HEAD_BYTES];
    size_t n_rows;
    bool refuses_entries; /* there is room for rows alone */
    size_t n_busy, n_stores;
    struct buffer told; /* "why;" or "well;" */
    size_t n_lost;
};

/* -- files of the fake -- */

static const char *path_of(struct story *story, const char *name)
{
    static char path[160];

    snprintf(path, sizeof path, "%s/%s", story->dir, name);
    return path;
}

static void write_to(struct story *story, const char *name, const char *mode, struct slice text)
{
    FILE *file = fopen(path_of(story, name), mode);

    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(struct story *story, const char *name)
{
    assert_int_equal(unlink(path_of(story, name)), 0);
}

/* {"__CURSOR":"cN","MESSAGE":"mN"…} for each number. */
static void log_entries(struct story *story, int first, int last, const char *more)
{
    struct buffer out;

    buffer_init(&out, 0);
    for (int i = first; i <= last; i++)
        buffer_format(&out, "{\"MESSAGE\":\"m%d\"%s,\"__CURSOR\":\"c%d\"}\n", i, more, i);
    write_to(story, "entries", "a", buffer_slice(&out));
    buffer_free(&out);
}

static struct slice starts_of(struct story *story)
{
    struct slice text = { 0 };

    if (file_read(path_of(story, "starts"), 0, story->configured.arena, &text))
        return SLICE("");
    return text;
}

static size_t count(struct slice text, const char *part)
{
    size_t n = 0, offset;

    while (slice_find(text, slice_of(part), &offset) == RC_OK) {
        text.ptr += offset + 1;
        text.len -= offset + 1;
        n++;
    }
    return n;
}

static bool has(struct slice text, const char *part)
{
    return count(text, part) > 0;
}

/* -- the sink -- */

static void copy_cursor(struct slice cursor, char *copy)
{
    assert_true(cursor.len < JOURNAL_CURSOR_BYTES);
    if (cursor.len)
        memcpy(copy, cursor.ptr, cursor.len);
    copy[cursor.len] = '\0';
}

static void keep_row(struct story *story, const struct file_offset *row)
{
    size_t i = 0;

    while (i < story->n_rows && ulid_compare(story->rows[i].id, row->id) != 0)
        i++;
    assert_true(i < MAX_ROWS);
    story->n_rows = i == story->n_rows ? i + 1 : story->n_rows;
    story->rows[i] = *row;
    copy_cursor(row->cursor, story->cursors[i]);
    memcpy(story->heads[i], row->head.ptr, row->head.len);
    story->rows[i].head.ptr = story->heads[i];
    if (!slice_is_absent(row->cursor))
        story->rows[i].cursor = slice_of(story->cursors[i]);
    copy_cursor(row->cursor, story->cursor);
}

static enum rc take(void *context, const struct journal_batch *batch, bool *stored)
{
    struct story *story = context;

    assert_true(batch->n_lines > 0);
    if (story->is_busy || story->refuses_entries) {
        story->n_busy++;
        return RC_BUSY;
    }
    for (size_t i = 0; i < batch->n_lines; i++) {
        assert_true(batch->texts[i].ptr >= batch->bytes.ptr &&
                    batch->texts[i].ptr + batch->texts[i].len <
                        batch->bytes.ptr + batch->bytes.len);
        buffer_add(&story->texts, batch->texts[i]);
        buffer_add_byte(&story->texts, ' ');
        buffer_add(&story->lines, batch->lines[i].text);
        buffer_add_byte(&story->lines, '\n');
    }
    copy_cursor(batch->row->cursor, story->cursor);
    *stored = story->may_store;
    if (*stored)
        keep_row(story, batch->row);
    return RC_OK;
}

static enum rc store(void *context, const struct log_rows *rows)
{
    struct story *story = context;

    if (story->is_busy) {
        story->n_busy++;
        return RC_BUSY;
    }
    for (size_t i = 0; i < rows->n_rows; i++)
        keep_row(story, &rows->rows[i]);
    story->n_stores++;
    return RC_OK;
}

static void tell(void *context, const struct journal_watch *watch, const char *why)
{
    struct story *story = context;

    assert_non_null(watch);
    buffer_format(&story->told, "%s;", why ? why : "well");
}

static void lose(void *context, const struct journal_watch *watch, const char *why)
{
    struct story *story = context;

    assert_non_null(watch);
    assert_non_null(why);
    story->n_lost++;
}

/* -- its life -- */

static int set_up(void **state)
{
    static struct story story;
    void *configured;

    story = (struct story){ .dir = "/tmp/vedette-journal-XXXXXX" };
    assert_int_equal(configured_set_up(&configured), 0);
    story.configured = *(struct configured *)configured;
    assert_non_null(mkdtemp(story.dir));
    snprintf(story.program, sizeof story.program, "%s/journalctl", story.dir);
    write_to(&story, "journalctl", "w", slice_of(fake));
    assert_int_equal(chmod(story.program, 0755), 0);
    write_to(&story, "entries", "w", SLICE(""));
    buffer_init(&story.texts, 0);
    buffer_init(&story.lines, 0);
    buffer_init(&story.told, 0);
    *state = &story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    static const char *const names[] = { "journalctl", "entries", "starts", "fail",     "crash",
                                         "before",     "hint",    "export", "a.journal" };
    void *configured = &story->configured;

    journal_tail_free(story->tail);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(story, names[i]));
    assert_int_equal(rmdir(story->dir), 0);
    buffer_free(&story->texts);
    buffer_free(&story->lines);
    buffer_free(&story->told);
    return configured_tear_down(&configured);
}

/* Begins to follow, with what is stored. `members` are of `journal:`, `more` of the watcher. */
static void begin_with(struct story *story, const char *members, const char *more)
{
    struct journal_tail_options options = {
        .rows = story->rows,
        .n_rows = story->n_rows,
        .sink = { .context = story, .take = take, .store = store, .tell = tell, .lose = lose },
        .now_ms = NOW_MS,
    };
    char list[512];

    snprintf(list, sizeof list, "- {journal: {%s}, name: x%s}", members, more);
    assert_int_equal(configured_load(&story->configured, list), RC_OK);
    options.watchers = story->configured.watchers;
    assert_int_equal(journal_tail_new(&options, &story->tail), RC_OK);
}

static void begin(struct story *story, const char *more)
{
    char members[160];

    snprintf(members, sizeof members, "program: %s", story->program);
    begin_with(story, members, more);
}

#define FROM_BEGINNING ", start: beginning"

static void end(struct story *story)
{
    journal_tail_free(story->tail);
    story->tail = NULL;
    buffer_clear(&story->texts);
}

static int64_t step(struct story *story)
{
    int64_t due_mono_ms;

    journal_tail_step(story->tail, NOW_MS + 5, clock_mono_ms() + story->ahead_ms, &due_mono_ms);
    return due_mono_ms - story->ahead_ms;
}

/* Steps as the daemon does, until `holds`; fails after a while. */
static void until(struct story *story, bool (*holds)(struct story *story, const char *what),
                  const char *what)
{
    int64_t give_up_mono_ms = clock_mono_ms() + PATIENCE_MS;

    for (;;) {
        struct pollfd readable = { .fd = journal_tail_fd(story->tail), .events = POLLIN };
        int64_t wait_ms = step(story) - clock_mono_ms();

        if (holds(story, what))
            return;
        if (clock_mono_ms() > give_up_mono_ms)
            fail_msg("never: %s; texts=\"%.*s\" told=\"%.*s\"", what,
                     SLICE_ARG(buffer_slice(&story->texts)), SLICE_ARG(buffer_slice(&story->told)));
        poll(&readable, 1, wait_ms < 0 ? 0 : wait_ms > 100 ? 100 : (int)wait_ms);
    }
}

static bool are_texts(struct story *story, const char *what)
{
    return slice_eq(buffer_slice(&story->texts), slice_of(what));
}

static bool is_told(struct story *story, const char *what)
{
    return has(buffer_slice(&story->told), what);
}

static bool is_stored(struct story *story, const char *what)
{
    return story->n_rows && slice_eq(slice_of(story->cursors[0]), slice_of(what));
}

static bool is_running(struct story *story, const char *what)
{
    (void)what;
    return starts_of(story).len > 0;
}

static bool is_refused(struct story *story, const char *what)
{
    (void)what;
    return story->n_busy > 0;
}

static struct journal_facts facts_of(struct story *story)
{
    struct journal_facts facts;

    journal_tail_facts(story->tail, 0, &facts);
    return facts;
}

/* Nothing to do is no work. */
static void assert_idle(struct story *story)
{
    struct pollfd readable = { .fd = journal_tail_fd(story->tail), .events = POLLIN };

    story->ahead_ms += 2 * SECOND_MS; /* rows are stored */
    step(story);
    assert_true(step(story) > clock_mono_ms());
    assert_int_equal(poll(&readable, 1, 0), 0);
}

/* -- the stories -- */

static void entries_are_handed_on_in_their_order(void **state)
{
    struct story *story = *state;

    log_entries(story, 1, 2, "");
    begin(story, FROM_BEGINNING);
    until(story, are_texts, "m1 m2 ");
    log_entries(story, 3, 3, "");
    until(story, are_texts, "m1 m2 m3 ");
    assert_string_equal(story->cursor, "c3");
    assert_true(has(buffer_slice(&story->lines), "{\"MESSAGE\":\"m3\",\"__CURSOR\":\"c3\"}\n"));
    assert_int_equal(facts_of(story).n_lines, 3);
    assert_string_equal(facts_of(story).cursor, "c3");
    assert_int_equal(facts_of(story).last_ms, NOW_MS + 5);
    assert_true(facts_of(story).is_running);
    assert_idle(story);
    assert_int_equal(story->told.len, 0);
    assert_int_equal(story->n_lost, 0);
}

static void after_a_restart_it_goes_on_where_it_was(void **state)
{
    struct story *story = *state;

    story->may_store = true;
    log_entries(story, 1, 2, "");
    begin(story, FROM_BEGINNING);
    until(story, is_stored, "c2");
    end(story);
    log_entries(story, 3, 4, "");
    begin(story, FROM_BEGINNING);
    until(story, are_texts, "m3 m4 ");
    assert_idle(story);
    assert_in_range(story->n_stores, 0, 1); /* where it began: the rest came with the entries */
    assert_true(has(starts_of(story), " --cursor=c2 "));
    assert_int_equal(story->n_lost, 0);
    assert_int_equal(story->n_rows, 1);
}

static void what_was_not_stored_is_read_again(void **state)
{
    struct story *story = *state;

    story->may_store = true;
    log_entries(story, 1, 1, "");
    begin(story, FROM_BEGINNING);
    until(story, is_stored, "c1");
    story->may_store = false;
    log_entries(story, 2, 2, "");
    until(story, are_texts, "m1 m2 ");
    end(story); /* as in a crash: nothing is flushed */
    assert_string_equal(story->cursors[0], "c1");
    begin(story, FROM_BEGINNING);
    until(story, are_texts, "m2 ");
}

static void a_cursor_is_stored_by_itself_now_and_then(void **state)
{
    struct story *story = *state;
    size_t n_stores;

    log_entries(story, 1, 1, "");
    begin(story, FROM_BEGINNING);
    until(story, are_texts, "m1 ");
    story->ahead_ms += SECOND_MS;
    until(story, is_stored, "c1");
    n_stores = story->n_stores;
    story->ahead_ms += MINUTE_MS;
    step(story);
    assert_int_equal(story->n_stores, n_stores); /* nothing new */
    log_entries(story, 2, 2, "");
    until(story, are_texts, "m1 m2 ");
    assert_int_equal(journal_tail_flush(story->tail, NOW_MS), RC_OK);
    assert_true(is_stored(story, "c2"));
}

static void the_first_start_is_at_the_end_and_stays_there(void **state)
{
    struct story *story = *state;

    log_entries(story, 1, 2, "");
    write_to(story, "before", "w", SLICE("2"));
    begin(story, "");
    until(story, is_running, "a start");
    until(story, is_stored, "");
    assert_true(has(starts_of(story), " --since=@1700000000.000 "));
    end(story);
    log_entries(story, 3, 3, ""); /* while nobody reads */
    begin(story, "");
    until(story, are_texts, "m3 ");
    assert_int_equal(count(starts_of(story), " --since=@1700000000.000 "), 2);
}

static void a_child_that_ends_is_started_again_where_it_was(void **state)
{
    struct story *story = *state;

    write_to(story, "crash", "w", SLICE(""));
    log_entries(story, 1, 2, "");
    begin(story, FROM_BEGINNING);
    until(story, is_told, "journalctl ended (exit code 3);");
    assert_true(are_texts(story, "m1 m2 "));
    assert_false(facts_of(story).is_running);
    assert_string_equal(facts_of(story).trouble, "journalctl ended (exit code 3)");
    log_entries(story, 3, 3, "");
    remove_file(story, "crash");
    step(story);
    assert_int_equal(facts_of(story).n_starts, 1); /* not at once */
    story->ahead_ms += SECOND_MS;
    until(story, are_texts, "m1 m2 m3 ");
    assert_true(has(starts_of(story), " --cursor=c2 "));
    until(story, is_told, "well;");
    assert_string_equal(facts_of(story).trouble, "");
    assert_int_equal(story->n_lost, 0);
}

static void it_is_tried_again_ever_more_seldom_and_told_once(void **state)
{
    static const int64_t waits_ms[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
    struct story *story = *state;

    write_to(story, "fail", "w", SLICE("first\nit is broken\n"));
    begin(story, "");
    for (size_t i = 0; i < sizeof waits_ms / sizeof *waits_ms; i++) {
        until(story, is_told, "journalctl ended (exit code 1): it is broken;");
        while (facts_of(story).is_running)
            step(story);
        story->ahead_ms += waits_ms[i] - 900; /* the test itself takes time, too */
        step(story);
        assert_int_equal(facts_of(story).n_starts, i + 1);
        story->ahead_ms += 900;
        step(story);
        assert_int_equal(facts_of(story).n_starts, i + 2);
    }
    assert_int_equal(count(buffer_slice(&story->told), ";"), 1);
}

static void a_child_that_only_finds_its_place_is_not_well(void **state)
{
    struct story *story = *state;

    log_entries(story, 1, 1, "");
    write_to(story, "crash", "w", SLICE(""));
    begin(story, FROM_BEGINNING);
    for (size_t i = 1; i <= 3; i++) {
        until(story, is_told, "journalctl ended (exit code 3);");
        while (facts_of(story).is_running)
            step(story);
        story->ahead_ms += MINUTE_MS;
        step(story);
        assert_int_equal(facts_of(story).n_starts, i + 1);
    }
    assert_int_equal(count(buffer_slice(&story->told), ";"), 1);
    assert_true(are_texts(story, "m1 "));
}

static void what_keeps_it_from_reading_is_told_with_the_remedy(void **state)
{
    static const struct {
        const char *says;
        const char *told;
    } cases[] = {
        { "No journal files were opened due to insufficient permissions.\n",
          "put the daemon's user into the group systemd-journal" },
        { "Failed to open files: Permission denied\n",
          "put the daemon's user into the group systemd-journal" },
        { "odd \x1b[0m\n", "journalctl ended (exit code 1): odd \\x1b[0m" },
        { "", "journalctl ended (exit code 1);" },
    };
    struct story *story = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s\n", cases[i].told);
        write_to(story, "fail", "w", slice_of(cases[i].says));
        begin(story, "");
        until(story, is_told, cases[i].told);
        end(story);
    }
}

static void a_missing_program_is_told_with_the_remedy(void **state)
{
    struct story *story = *state;

    begin_with(story, "program: /not/there/journalctl", "");
    until(story, is_told,
          "/not/there/journalctl is not there: install systemd, or say with `program` where "
          "journalctl is;");
    end(story);
    assert_int_equal(chmod(story->program, 0644), 0);
    begin(story, "");
    until(story, is_told, "cannot be started: Permission denied;");
}

static void a_reader_that_sees_only_its_own_entries_says_so(void **state)
{
    struct story *story = *state;

    write_to(story, "hint", "w",
             SLICE("Hint: You are currently not seeing messages from other users and the system.\n"
                   "      Users in groups 'adm', 'systemd-journal' can see all messages.\n"
                   "      Pass -q to turn off this notice.\n"));
    log_entries(story, 1, 1, "");
    begin(story, FROM_BEGINNING);
    until(story, is_told, "only entries of the daemon's own user are seen");
    until(story, are_texts, "m1 ");
    story->ahead_ms += MINUTE_MS;
    step(story);
    assert_false(is_told(story, "well;"));
}

static void without_room_nothing_is_read_and_nothing_lost(void **state)
{
    struct story *story = *state;
    struct pollfd readable;

    story->refuses_entries = true;
    log_entries(story, 1, 2000, "");
    begin(story, FROM_BEGINNING);
    until(story, is_refused, "a refusal");
    readable = (struct pollfd){ .fd = journal_tail_fd(story->tail), .events = POLLIN };
    assert_int_equal(poll(&readable, 1, 0), 0); /* it does not wake us either */
    step(story);
    assert_int_equal(story->n_busy, 1);
    assert_int_equal(story->texts.len, 0);
    story->refuses_entries = false;
    journal_tail_wake(story->tail);
    while (count(buffer_slice(&story->texts), " ") < 2000)
        until(story, is_running, "more");
    assert_int_equal(count(buffer_slice(&story->texts), " "), 2000);
    assert_true(slice_starts(buffer_slice(&story->texts), SLICE("m1 m2 m3 ")));
    assert_string_equal(story->cursor, "c2000");
}

static void after_a_refusal_it_wants_to_be_called_again_though_nobody_says_that_there_is_room(
    void **state)
{
    struct story *story = *state;

    story->refuses_entries = true;
    log_entries(story, 1, 3, "");
    begin(story, FROM_BEGINNING);
    until(story, is_refused, "a refusal");
    assert_true(step(story) <= clock_mono_ms() + LOG_TAIL_BLOCKED_MS);
}

static void entries_that_journald_threw_away_are_told_as_lost(void **state)
{
    struct story *story = *state;

    story->may_store = true;
    log_entries(story, 1, 2, "");
    begin(story, FROM_BEGINNING);
    until(story, is_stored, "c2");
    end(story);
    write_to(story, "entries", "w", SLICE(""));
    log_entries(story, 5, 6, "");
    begin(story, "");
    until(story, are_texts, "m5 m6 ");
    assert_int_equal(story->n_lost, 1);
    assert_int_equal(facts_of(story).n_gaps, 1);
}

static void a_cursor_that_is_refused_is_given_up(void **state)
{
    struct story *story = *state;

    story->may_store = true;
    write_to(story, "entries", "w", SLICE("{\"MESSAGE\":\"m0\",\"__CURSOR\":\"bad\"}\n"));
    begin(story, FROM_BEGINNING);
    until(story, is_stored, "bad");
    end(story);
    begin(story, "");
    until(story, are_texts, "m0 ");
    assert_int_equal(story->n_lost, 1);
    assert_false(has(buffer_slice(&story->told), "ended"));
}

static void with_other_filters_the_old_entry_is_not_missed(void **state)
{
    struct story *story = *state;
    char members[160];

    story->may_store = true;
    log_entries(story, 1, 2, "");
    begin(story, FROM_BEGINNING);
    until(story, is_stored, "c2");
    end(story);
    log_entries(story, 3, 3, "");
    snprintf(members, sizeof members, "program: %s, units: [a.service]", story->program);
    begin_with(story, members, "");
    until(story, are_texts, "m3 ");
    assert_true(has(starts_of(story), " --after-cursor=c2 "));
    assert_int_equal(story->n_lost, 0);
}

static void what_this_daemon_wrote_is_no_event(void **state)
{
    struct story *story = *state;
    struct slice boot;
    char more[160], boot_id[40] = "";
    size_t len = 0;

    assert_int_equal(
        file_read("/proc/sys/kernel/random/boot_id", 0, story->configured.arena, &boot), RC_OK);
    for (size_t i = 0; i < boot.len && boot.ptr[i] != '\n'; i++) {
        if (boot.ptr[i] != '-')
            boot_id[len++] = boot.ptr[i];
    }
    log_entries(story, 1, 1, ",\"_PID\":\"1\"");
    snprintf(more, sizeof more, ",\"_PID\":\"%d\",\"_BOOT_ID\":\"%s\"", (int)getpid(), boot_id);
    log_entries(story, 2, 2, more);
    snprintf(more, sizeof more, ",\"_PID\":\"%d\",\"_BOOT_ID\":\"another\"", (int)getpid());
    log_entries(story, 3, 3, more);
    begin(story, FROM_BEGINNING);
    until(story, are_texts, "m1 m3 ");
    assert_int_equal(facts_of(story).n_own, 1);
}

static void a_cursor_moves_over_what_is_no_event(void **state)
{
    struct story *story = *state;
    char invocation[] = "0123456789abcdef0123456789abcdef";
    char pid[24];

    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_int_equal(setenv("INVOCATION_ID", invocation, 1), 0);
    assert_int_equal(setenv("SYSTEMD_EXEC_PID", pid, 1), 0);
    log_entries(story, 1, 3, ",\"_SYSTEMD_INVOCATION_ID\":\"0123456789abcdef0123456789abcdef\"");
    begin(story, FROM_BEGINNING);
    story->ahead_ms += SECOND_MS;
    until(story, is_stored, "c3");
    assert_int_equal(story->texts.len, 0);
    assert_int_equal(facts_of(story).n_own, 3);
    assert_int_equal(facts_of(story).n_lines, 0);
    end(story);
    /* Inherited from a terminal, say: it is not ours. */
    assert_int_equal(setenv("SYSTEMD_EXEC_PID", "1", 1), 0);
    story->n_rows = 0;
    begin(story, FROM_BEGINNING);
    until(story, are_texts, "m1 m2 m3 ");
    unsetenv("INVOCATION_ID");
    unsetenv("SYSTEMD_EXEC_PID");
}

static void remarks_are_no_entries(void **state)
{
    struct story *story = *state;

    write_to(story, "entries", "w", SLICE("-- Journal begins --\n\n"));
    log_entries(story, 1, 1, "");
    begin(story, FROM_BEGINNING);
    until(story, are_texts, "m1 ");
}

/* An entry whose fields stand around a value of so many bytes. */
static void log_huge_entry(struct story *story, const char *name, size_t n_bytes)
{
    struct buffer out;

    buffer_init(&out, 0);
    buffer_format(&out, "{\"PRIORITY\":\"3\",\"%s\":\"", name);
    for (size_t i = 0; i < n_bytes; i++)
        buffer_add_byte(&out, 'x');
    buffer_add_text(&out, "\",\"__CURSOR\":\"huge\"}\n");
    write_to(story, "entries", "a", buffer_slice(&out));
    buffer_free(&out);
}

static bool is_at(struct story *story, const char *what)
{
    return slice_eq(slice_of(story->cursor), slice_of(what));
}

static void a_huge_entry_is_cut_and_its_cursor_kept(void **state)
{
    static const size_t sizes[] = { 300000, 524288, 600000, 5000000 };
    struct story *story = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct slice lines;

        print_message("# %zu bytes\n", sizes[i]);
        write_to(story, "entries", "w", SLICE(""));
        buffer_clear(&story->lines);
        log_entries(story, 1, 1, "");
        log_huge_entry(story, i % 2 ? "MESSAGE" : "COREDUMP", sizes[i]);
        begin(story, FROM_BEGINNING);
        until(story, is_at, "huge");
        lines = buffer_slice(&story->lines);
        assert_true(has(lines, "\n{\"PRIORITY\":\"3\""));
        assert_true(lines.len < (i % 2 ? JOURNAL_LINE_BYTES + 100 : 100));
        assert_int_equal(facts_of(story).n_cut, 1);
        log_entries(story, 2, 2, "");
        until(story, is_at, "c2");
        end(story);
        story->n_rows = 0;
    }
}

static void whoever_frees_it_ends_its_child(void **state)
{
    struct story *story = *state;
    int pid;

    begin(story, "");
    until(story, is_running, "a start");
    assert_int_equal(sscanf(starts_of(story).ptr, "%d", &pid), 1);
    assert_int_equal(kill(pid, 0), 0);
    end(story);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

/* -- the real one -- */

static void run(struct story *story, const char *const *words)
{
    struct slice items[8];
    struct process_command command = { .argv = { .items = items }, .timeout_ms = MINUTE_MS };
    struct process *process;
    int error_number;
    bool done = false;

    for (; words[command.argv.n_items]; command.argv.n_items++)
        items[command.argv.n_items] = slice_of(words[command.argv.n_items]);
    assert_int_equal(process_start(&command, &process, &error_number), RC_OK);
    while (!done) {
        struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };

        process_fds(process, &fds[0].fd, &fds[1].fd);
        poll(fds, 2, 100);
        process_step(process, clock_mono_ms(), &done);
    }
    if (process_result(process)->exit_code)
        fail_msg("%.*s", SLICE_ARG(process_result(process)->output));
    process_free(process);
    (void)story;
}

/* Adds entries to the journal, one a second from NOW_MS on; the third is binary. */
static void add_to_journal(struct story *story, int first, int last)
{
    struct buffer out;
    char output[200], input[200];

    buffer_init(&out, 0);
    for (int i = first; i <= last; i++) {
        buffer_format(&out,
                      "__REALTIME_TIMESTAMP=%lld\n__MONOTONIC_TIMESTAMP=%d\n"
                      "_BOOT_ID=0123456789abcdef0123456789abcdef\n_SYSTEMD_UNIT=nginx.service\n"
                      "PRIORITY=%d\n",
                      (long long)(NOW_MS + i * SECOND_MS) * 1000, i * 1000000, i == 2 ? 6 : 3);
        if (i == 3) {
            static const char binary[] = "MESSAGE\n\3\0\0\0\0\0\0\0m\0013\n\n";

            buffer_add(&out, (struct slice){ binary, sizeof binary - 1 });
        } else {
            buffer_format(&out, "MESSAGE=m%d\n\n", i);
        }
    }
    write_to(story, "export", "w", buffer_slice(&out));
    buffer_free(&out);
    snprintf(output, sizeof output, "--output=%s/a.journal", story->dir);
    snprintf(input, sizeof input, "%s/export", story->dir);
    run(story, (const char *const[]){ REMOTE, output, input, NULL });
}

static void begin_real(struct story *story, const char *more_members)
{
    char members[200];

    snprintf(members, sizeof members, "directory: %s%s", story->dir, more_members);
    begin_with(story, members, "");
}

static void the_real_journalctl_is_followed_across_restarts(void **state)
{
    struct story *story = *state;

    if (access(JOURNAL_PROGRAM, X_OK) || access(REMOTE, X_OK)) {
        print_message("# skipped: needs " JOURNAL_PROGRAM " and " REMOTE
                      " (packages systemd, systemd-journal-remote)\n");
        skip();
    }
    story->may_store = true;
    add_to_journal(story, 1, 4);
    begin_real(story, ""); /* all of it is after NOW_MS */
    until(story, are_texts, "m1 m2 m\0013 m4 ");
    assert_true(has(slice_of(story->cursors[0]), ";b=0123456789abcdef0123456789abcdef;"));
    add_to_journal(story, 5, 5);
    until(story, are_texts, "m1 m2 m\0013 m4 m5 ");
    end(story);
    add_to_journal(story, 6, 6);
    begin_real(story, "");
    until(story, are_texts, "m6 ");
    end(story);
    /* Other files, as after a restore: the entry is known by what it is. */
    unlink(path_of(story, "a.journal"));
    add_to_journal(story, 1, 7);
    begin_real(story, "");
    until(story, are_texts, "m7 ");
    assert_int_equal(story->n_lost, 0);
    assert_int_equal(story->told.len, 0);
    end(story);
    unlink(path_of(story, "a.journal"));
    add_to_journal(story, 8, 9);
    begin_real(story, "");
    until(story, are_texts, "m8 m9 ");
    assert_int_equal(story->n_lost, 1);
    end(story);
    story->n_rows = 0;
    add_to_journal(story, 1, 3);
    begin_real(story, ", units: [nginx.service], priority: err, matches: [PRIORITY=3]");
    until(story, are_texts, "m8 m9 m1 m\0013 ");
}

#define TAIL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TAIL_TEST(entries_are_handed_on_in_their_order),
        TAIL_TEST(after_a_restart_it_goes_on_where_it_was),
        TAIL_TEST(what_was_not_stored_is_read_again),
        TAIL_TEST(a_cursor_is_stored_by_itself_now_and_then),
        TAIL_TEST(the_first_start_is_at_the_end_and_stays_there),
        TAIL_TEST(a_child_that_ends_is_started_again_where_it_was),
        TAIL_TEST(it_is_tried_again_ever_more_seldom_and_told_once),
        TAIL_TEST(a_child_that_only_finds_its_place_is_not_well),
        TAIL_TEST(what_keeps_it_from_reading_is_told_with_the_remedy),
        TAIL_TEST(a_missing_program_is_told_with_the_remedy),
        TAIL_TEST(a_reader_that_sees_only_its_own_entries_says_so),
        TAIL_TEST(without_room_nothing_is_read_and_nothing_lost),
        TAIL_TEST(
            after_a_refusal_it_wants_to_be_called_again_though_nobody_says_that_there_is_room),
        TAIL_TEST(entries_that_journald_threw_away_are_told_as_lost),
        TAIL_TEST(a_cursor_that_is_refused_is_given_up),
        TAIL_TEST(with_other_filters_the_old_entry_is_not_missed),
        TAIL_TEST(what_this_daemon_wrote_is_no_event),
        TAIL_TEST(a_cursor_moves_over_what_is_no_event),
        TAIL_TEST(remarks_are_no_entries),
        TAIL_TEST(a_huge_entry_is_cut_and_its_cursor_kept),
        TAIL_TEST(whoever_frees_it_ends_its_child),
        TAIL_TEST(the_real_journalctl_is_followed_across_restarts),
    };

    /* Children start through this very program, as through vedette. */
    if (argc > 1 && strcmp(argv[1], CHILD_COMMAND) == 0)
        return process_child_main(argc, argv);
    if (digest_init() || process_init())
        return 1;
    return cmocka_run_group_tests_name("journal_tail", tests, NULL, NULL);
}
