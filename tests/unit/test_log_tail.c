#include "tests/unit/tailed_logs.h"

#include <sys/syscall.h>
#include <unistd.h>

/* In which a compressed file begins after the next read that finds nothing. */
static struct world *after_an_empty_read;

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
    ssize_t n_bytes = syscall(SYS_pread64, fd, bytes, len, offset);
    struct world *world = after_an_empty_read;

    if (!n_bytes && world) {
        after_an_empty_read = NULL;
        world_write(world, "app.log.2.gz", 0, SLICE("\x1f\x8b\x08\0not a line\n"));
    }
    return n_bytes;
}

static int set_up(void **state)
{
    *state = world_new();
    return 0;
}

static int tear_down(void **state)
{
    world_free(*state);
    return 0;
}

/* app.log has been read to its end when the story begins. */
static struct world *reading_app(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/app.log'}");
    world_append(world, "app.log", "before\n");
    world_start(world);
    world_pass(world, SECOND_MS);
    world_append(world, "app.log", "one\n");
    world_pass(world, SECOND_MS);
    CLAIM_LINES(world, "one");
    return world;
}

static void lines_are_handed_on_as_they_are_written(void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "two\nthree\n");
    world_step(world);
    CLAIM_LINES(world, "two", "three");
}

static void nothing_is_done_while_nothing_happens(void **state)
{
    struct world *world = reading_app(state);
    size_t n_steps;

    world_pass(world, 2 * MINUTE_MS);
    n_steps = world->n_steps;
    world_pass(world, 10 * MINUTE_MS);
    assert_true(world->due_mono_ms > world->mono_ms);
    assert_in_range(world->n_steps - n_steps, 20, 24);
}

static void after_a_refusal_it_wants_to_be_called_again_though_nobody_says_that_there_is_room(
    void **state)
{
    struct world *world = reading_app(state);

    world->is_busy = true;
    world_append(world, "app.log", "two\n");
    world_step(world);
    assert_true(world->due_mono_ms <= world->mono_ms + LOG_TAIL_BLOCKED_MS);
    world->is_busy = false;
    log_tail_wake(world->tail);
    world_step(world);
    CLAIM_LINES(world, "two");
}

static void t01_a_renamed_file_is_read_to_its_end_and_closed_when_it_is_quiet(void **state)
{
    struct world *world = reading_app(state);
    int writer = open(world_path(world, "app.log"), O_WRONLY | O_APPEND | O_CLOEXEC);

    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "new\n");
    assert_int_equal(write(writer, "late\n", 5), 5);
    world_step(world);
    CLAIM_LINES(world, "late", "new");
    assert_int_equal(world->tail->n_open, 2);
    world_pass(world, 20 * SECOND_MS);
    assert_int_equal(write(writer, "later\n", 6), 6);
    world_pass(world, 25 * SECOND_MS);
    CLAIM_LINES(world, "later");
    assert_int_equal(world->tail->n_open, 2);
    world_pass(world, 31 * SECOND_MS);
    assert_int_equal(world->tail->n_open, 1);
    assert_int_equal(write(writer, "latest\n", 7), 7);
    close(writer);
    world_pass(world, SECOND_MS);
    CLAIM_LINES(world, "latest");
    assert_int_equal(world->n_lost, 0);
}

/* -- rotation -- */

static void t02_generations_that_came_and_went_between_two_looks_are_read_whole(void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "two\n");
    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "three\n");
    world_rename(world, "app.log.1", "app.log.2");
    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "four\n");
    world_step(world);
    CLAIM_LINES(world, "two", "three", "four");
    assert_int_equal(world->n_lost, 0);
}

static void t02_what_was_rotated_out_unread_is_told_as_lost(void **state)
{
    struct world *world = reading_app(state);

    world->is_busy = true;
    world_append(world, "app.log", "12345678\n");
    world_step(world);
    world_crash(world);
    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "new\n");
    world_unlink(world, "app.log.1");
    world->is_busy = false;
    world_start(world);
    world_step(world);
    CLAIM_LINES(world, "new");
    /* Of what nobody ever saw, nobody can say how much it was. */
    assert_in_range(world->n_lost, 0, 9);
}

static void t03_a_file_that_was_rotated_while_the_daemon_was_down_is_finished_first(void **state)
{
    struct world *world = reading_app(state);

    world_crash(world);
    world_append(world, "app.log", "two\n");
    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "three\n");
    world_sleep(world, HOUR_MS);
    world_start(world);
    world_step(world);
    CLAIM_LINES(world, "two", "three");
    assert_int_equal(world->n_lost, 0);
}

static void t03_a_file_that_was_removed_while_the_daemon_was_down_is_a_gap(void **state)
{
    struct world *world = reading_app(state);

    world->commits_late = true; /* the size is known, the lines are not */
    world_append(world, "app.log", "12345678\n");
    world->keeps_loose = true;
    world->is_busy = true;
    world_step(world);
    world->is_busy = false;
    world_unlink(world, "app.log");
    world_append(world, "app.log", "new\n");
    world_crash(world);
    world->commits_late = world->keeps_loose = false;
    world->rows[world->n_rows - 1].row.size += 9;
    world_start(world);
    world_pass(world, SECOND_MS);
    CLAIM_LINES(world, "new");
    assert_in_range(world->n_loses, 0, 1);
}

static void t04_copytruncate_is_a_new_generation_from_its_beginning(void **state)
{
    struct world *world = reading_app(state);

    world_copytruncate(world, "app.log", "app.log.1");
    world_step(world);
    world_append(world, "app.log", "two\n");
    world_step(world);
    CLAIM_LINES(world, "two");
    assert_int_equal(world->n_lost, 0);
}

static void t05_what_was_unread_when_it_was_truncated_is_read_from_the_copy(void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "two\nthree\n");
    world_copytruncate(world, "app.log", "app.log.1");
    world_append(world, "app.log", "four\n");
    world_step(world);
    CLAIM_LINES(world, "two", "three", "four");
    assert_int_equal(world->n_lost, 0);
}

static void t05_a_copy_that_ends_before_what_was_read_is_not_read_again(void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "two\nthree\n");
    world_step(world);
    CLAIM_LINES(world, "two", "three");
    world_append(world, "app.log.1", "before\none\ntwo\n"); /* begun before `three` was written */
    world_replace(world, "app.log", "four\n");
    world_pass(world, MINUTE_MS);
    CLAIM_LINES(world, "four");
    assert_int_equal(world->n_lost, 0);
}

static void t05_without_a_copy_the_bytes_known_are_told_as_lost(void **state)
{
    struct world *world = reading_app(state);

    world->is_busy = true;
    world_append(world, "app.log", "two\nthree\n");
    world_step(world);
    world->is_busy = false;
    world_replace(world, "app.log", "four\n");
    log_tail_wake(world->tail);
    world_step(world);
    CLAIM_LINES(world, "four");
    assert_int_equal(world->n_lost, 10);
}

static void t05_a_copy_that_is_being_made_is_not_read_beside_the_original(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*'}");
    world_start(world);
    world_step(world);
    world_append(world, "app.log", "one\ntwo\nthree\n");
    world_step(world);
    world_append(world, "app.log.1", "one\n");
    world_step(world);
    world_append(world, "app.log.1", "two\nthree\n");
    world_step(world);
    world_append(world, "app.log", "four\n");
    world_replace(world, "app.log", "");
    world_step(world);
    world_append(world, "app.log", "five\n");
    world_pass(world, MINUTE_MS);
    CLAIM_LINES(world, "one", "two", "three", "five");
}

static void t06_a_file_written_anew_to_the_same_or_a_larger_size_is_read_from_its_beginning(
    void **state)
{
    struct world *world = reading_app(state);

    world_replace(world, "app.log", "BEFORE\nONE\n"); /* as long as it was */
    world_step(world);
    CLAIM_LINES(world, "BEFORE", "ONE");
    world_replace(world, "app.log", "again\nand longer than it was\n");
    world_step(world);
    CLAIM_LINES(world, "again", "and longer than it was");
}

static void t06_a_file_with_the_same_first_line_is_told_by_what_stands_before_the_offset(
    void **state)
{
    struct world *world = reading_app(state);

    world_replace(world, "app.log", "before\ntwo\nthree\n");
    world_step(world);
    CLAIM_LINES(world, "before", "two", "three");
}

/* Creates a file until it has the inode of one that is gone; false where that does not happen. */
static bool create_with_inode(struct world *world, const char *name, ino_t inode)
{
    struct stat facts;

    for (int i = 0; i < 64; i++) {
        char other[32];

        world_append(world, name, "");
        if (!stat(world_path(world, name), &facts) && facts.st_ino == inode)
            return true;
        snprintf(other, sizeof other, "filler.%d", i);
        world_rename(world, name, other);
    }
    return false;
}

static void t07_an_inode_that_is_used_again_is_a_new_file(void **state)
{
    struct world *world = reading_app(state);
    struct stat facts;

    assert_int_equal(stat(world_path(world, "app.log"), &facts), 0);
    world_crash(world); /* nobody holds it open */
    world_unlink(world, "app.log");
    if (!create_with_inode(world, "app.log", facts.st_ino))
        skip();
    world_append(world, "app.log", "a line of another file, longer than the first\n");
    world_start(world);
    world_step(world);
    CLAIM_LINES(world, "a line of another file, longer than the first");
}

static void t08_a_position_behind_the_end_begins_a_new_generation_at_once(void **state)
{
    struct world *world = reading_app(state);

    world_crash(world);
    world_replace(world, "app.log", "new\n");
    world_start(world);
    world_step(world);
    CLAIM_LINES(world, "new");
}

static void t09_two_files_with_the_same_first_bytes_are_both_read(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*.log'}");
    world_start(world);
    world_step(world);
    world_append(world, "a.log", "same\none\n");
    world_append(world, "b.log", "same\ntwo\n");
    world_step(world);
    assert_int_equal(world->n_lines, 4);
}

static void t10_small_files_are_read_from_their_first_byte(void **state)
{
    struct world *world = *state;
    char line[257];

    world_watch(world, "- {log: '@/*.log', start: beginning}");
    for (int size = 0; size <= 255; size += 15) {
        char name[32];

        memset(line, 'a' + size / 15, sizeof line);
        line[size] = '\0';
        if (size)
            line[size - 1] = '\n';
        snprintf(name, sizeof name, "%03d.log", size);
        world_append(world, name, line);
    }
    world_start(world);
    world_pass(world, SECOND_MS);
    assert_int_equal(world->n_lines, 17);
    world_append(world, "000.log", "x\n");
    world_append(world, "015.log", "y\n");
    world_crash(world);
    world_start(world);
    world_pass(world, SECOND_MS);
    assert_int_equal(world->n_lines, 19);
}

static void t11_a_last_line_without_its_end_is_told_once_and_its_rest_is_not_glued_to_it(
    void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "half");
    world_pass(world, 9 * SECOND_MS);
    CLAIM_NO_LINES(world);
    world_pass(world, 2 * SECOND_MS);
    assert_true(world->n_lines == 1 && world->lines[0].is_partial);
    CLAIM_LINES(world, "half");
    world_crash(world);
    world_start(world);
    world_pass(world, MINUTE_MS);
    CLAIM_NO_LINES(world);
    world_append(world, "app.log", " rest\nnext\n");
    world_step(world);
    assert_true(world->lines[0].is_partial && !world->lines[1].is_partial);
    CLAIM_LINES(world, " rest", "next");
}

static void t11_a_last_line_that_is_completed_after_a_restart_is_one_line(void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "half");
    world_step(world);
    world_crash(world);
    world_append(world, "app.log", " and half\n");
    world_start(world);
    world_step(world);
    assert_false(world->lines[0].is_partial);
    CLAIM_LINES(world, "half and half");
}

static void t11_a_last_line_without_its_end_is_told_when_its_file_is_rotated_or_truncated(
    void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "one half");
    world_step(world);
    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "another half");
    world_pass(world, 5 * SECOND_MS);
    world_replace(world, "app.log", "whole\n");
    world_pass(world, MINUTE_MS);
    CLAIM_LINES(world, "another half", "whole", "one half");
    assert_int_equal(world->n_lost, 0);
}

/* -- content -- */

static void t12_a_line_that_is_too_long_is_cut_and_the_next_one_is_whole(void **state)
{
    struct world *world = reading_app(state);
    static char piece[1 << 20];

    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 20; i++) {
        world_write(world, "app.log", O_APPEND, (struct slice){ piece, sizeof piece });
        world_step(world);
    }
    world_append(world, "app.log", "\nnext\n");
    world_step(world);
    assert_int_equal(world->n_lines, 2);
    assert_int_equal(world->lines[0].len, 65536);
    assert_true(world->lines[0].is_truncated && !world->lines[1].is_truncated);
    assert_true(world_has(world, 1, "next"));
}

static void t13_a_hole_at_the_beginning_is_passed_over_and_nuls_within_a_line_are_kept(void **state)
{
    struct world *world = reading_app(state);
    int writer = open(world_path(world, "app.log"), O_WRONLY | O_CLOEXEC); /* no O_APPEND */

    assert_true(lseek(writer, 1 << 20, SEEK_SET) > 0);
    world_replace(world, "app.log", "");
    assert_int_equal(write(writer, "after\n", 6), 6);
    assert_int_equal(write(writer, "a\0b\n", 4), 4);
    close(writer);
    world_step(world);
    assert_int_equal(world->n_lines, 2);
    assert_true(world_has(world, 0, "after"));
    assert_int_equal(world->lines[1].len, 3);
    assert_memory_equal(world->lines[1].text, "a\0b", 3);
}

static void t14_bytes_that_are_not_utf8_are_handed_on_as_they_are(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/app.log', start: beginning}");
    world_append(world, "app.log",
                 "\xef\xbb\xbf"
                 "first\n\xff\xc0\x80\n");
    world_start(world);
    world_step(world);
    CLAIM_LINES(world, "first", "\xff\xc0\x80");
}

static void t15_one_carriage_return_before_the_end_of_a_line_is_no_part_of_it(void **state)
{
    struct world *world = reading_app(state);

    world_append(world, "app.log", "a\r\n\r\nb\rc\n\n");
    world_step(world);
    CLAIM_LINES(world, "a", "", "b\rc", "");
}

/* -- links and what is no file -- */

static void t16_where_a_link_leads_elsewhere_the_new_target_is_read_from_its_beginning(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/current'}");
    world_append(world, "a.txt", "before\n");
    assert_int_equal(symlink("a.txt", world_path(world, "current")), 0);
    world_start(world);
    world_step(world);
    world_append(world, "a.txt", "one\n");
    world_step(world);
    CLAIM_LINES(world, "one");
    world_append(world, "a.txt", "two\n");
    world_append(world, "b.txt", "three\n");
    assert_int_equal(symlink("b.txt", world_path(world, "next")), 0);
    world_rename(world, "next", "current");
    world_step(world);
    CLAIM_LINES(world, "two", "three");
    world_append(world, "b.txt", "four\n");
    world_step(world);
    CLAIM_LINES(world, "four");
}

static void t16_a_link_may_be_there_before_its_target(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*.log'}");
    world_start(world);
    world_step(world);
    assert_int_equal(symlink("a.txt", world_path(world, "current.log")), 0);
    world_step(world);
    world_append(world, "a.txt", "one\n");
    world_step(world);
    CLAIM_LINES(world, "one");
    world_append(world, "a.txt", "two\n");
    world_step(world);
    CLAIM_LINES(world, "two");
}

static void t17_a_link_that_another_user_planted_is_not_followed(void **state)
{
    struct world *world = *state;

    if (geteuid())
        skip();
    world_watch(world, "- {log: '@/*.log', start: beginning}");
    world_append(world, "secret", "secret\n");
    assert_int_equal(symlink("secret", world_path(world, "planted.log")), 0);
    assert_int_equal(lchown(world_path(world, "planted.log"), 65534, 65534), 0);
    world_start(world);
    world_pass(world, MINUTE_MS);
    CLAIM_NO_LINES(world);
    assert_int_equal(world->n_tells, 1);
    assert_non_null(strstr(world->told, "symbolic link"));
}

static void t18_a_pipe_and_a_directory_are_not_read_and_nothing_waits_for_them(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*.log', start: beginning}");
    assert_int_equal(mkfifo(world_path(world, "pipe.log"), 0644), 0);
    assert_int_equal(mkdir(world_path(world, "directory.log"), 0755), 0);
    world_start(world);
    world_pass(world, 2 * MINUTE_MS);
    CLAIM_NO_LINES(world);
    assert_int_equal(world->n_tells, 1);
    assert_string_equal(world->told, "it is no regular file");
}

static void a_second_name_of_a_file_does_not_double_its_lines(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*.log', start: beginning}");
    world_append(world, "a.log", "one\n");
    assert_int_equal(link(world_path(world, "a.log"), world_path(world, "b.log")), 0);
    assert_int_equal(symlink("a.log", world_path(world, "c.log")), 0);
    world_start(world);
    world_pass(world, 2 * MINUTE_MS);
    world_append(world, "b.log", "two\n");
    world_pass(world, MINUTE_MS);
    CLAIM_LINES(world, "one", "two");
    assert_int_equal(world->n_rows, 2);
}

/* -- coming and going -- */

static void t19_a_file_that_is_deleted_is_read_to_its_end_and_let_go(void **state)
{
    struct world *world = reading_app(state);
    size_t n_open = world_n_open();

    world_append(world, "app.log", "last\n");
    world_unlink(world, "app.log");
    world_step(world);
    CLAIM_LINES(world, "last");
    world_pass(world, 5 * SECOND_MS);
    assert_int_equal(world->tail->n_open, 0);
    assert_int_equal(world_n_open(), n_open - 1);
    assert_int_equal(world->n_rows, 1); /* the watcher's own */
    assert_int_equal(world->n_lost, 0);
}

static void t20_what_cannot_be_read_is_told_once_and_read_when_it_can_be(void **state)
{
    struct world *world = *state;
    struct log_facts facts;

    if (geteuid())
        skip();
    world_watch(world, "- {log: '@/*.log'}");
    assert_int_equal(chmod(world->directory, 0755), 0);
    assert_int_equal(seteuid(65534), 0);
    world_start(world);
    world_step(world);
    assert_int_equal(seteuid(0), 0);
    world_append(world, "a.log", "one\n");
    assert_int_equal(chmod(world_path(world, "a.log"), 0600), 0);
    assert_int_equal(seteuid(65534), 0);
    world_pass(world, 2 * MINUTE_MS);
    assert_int_equal(world->n_tells, 1);
    assert_non_null(strstr(world->told, "no permission"));
    log_tail_facts(world->tail, 0, &facts);
    assert_int_equal(facts.n_troubles, 1);
    assert_non_null(strstr(facts.trouble, "a.log: no permission"));
    CLAIM_NO_LINES(world);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(world_path(world, "a.log"), 0644), 0);
    assert_int_equal(seteuid(65534), 0);
    world_step(world);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(world->n_overs, 1);
    log_tail_facts(world->tail, 0, &facts);
    assert_true(facts.n_troubles == 0 && !facts.trouble[0]);
    CLAIM_LINES(world, "one");
}

static void t20_a_directory_that_appears_later_is_looked_at_at_once(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/a/b/*.log'}");
    world_start(world);
    world_pass(world, MINUTE_MS);
    assert_int_equal(mkdir(world_path(world, "a"), 0755), 0);
    world_step(world);
    assert_int_equal(mkdir(world_path(world, "a/b"), 0755), 0);
    world_step(world);
    world_append(world, "a/b/x.log", "one\n");
    world_step(world);
    CLAIM_LINES(world, "one");
}

static void t21_a_pattern_may_have_wildcards_in_its_directories(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*/app-?.log', exclude: ['app-9.log', '@/c/*']}");
    world_start(world);
    world_step(world);
    assert_int_equal(mkdir(world_path(world, "a"), 0755), 0);
    assert_int_equal(mkdir(world_path(world, "c"), 0755), 0);
    world_append(world, "a/app-1.log", "one\n");
    world_append(world, "a/app-10.log", "no\n");
    world_append(world, "a/app-9.log", "no\n");
    world_append(world, "c/app-1.log", "no\n");
    world_step(world);
    CLAIM_LINES(world, "one");
}

#define N_MANY 2000

static void t21_thousands_of_files_are_read_with_512_of_them_open(void **state)
{
    struct world *world = *state;
    size_t n_open = world_n_open();
    char name[32], line[32];

    world_watch(world, "- {log: '@/*.log'}");
    world_start(world);
    world_step(world);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N_MANY; i++) {
            snprintf(name, sizeof name, "%d.log", i);
            snprintf(line, sizeof line, "%d of %d\n", i, round);
            world_append(world, name, line);
        }
        world_pass(world, MINUTE_MS);
        assert_int_equal(world->n_lines, (round + 1) * N_MANY);
        assert_in_range(world->tail->n_open, 1, TAIL_MAX_OPEN);
        assert_in_range(world_n_open(), n_open, n_open + TAIL_MAX_OPEN + 4);
    }
    for (int i = 0; i < N_MANY; i++) {
        char rotated[40];

        snprintf(name, sizeof name, "%d.log", i);
        snprintf(rotated, sizeof rotated, "%d.log.1", i);
        world_append(world, name, "last\n");
        world_rename(world, name, rotated);
    }
    world_pass(world, 2 * MINUTE_MS);
    assert_int_equal(world->n_lines, 3 * N_MANY);
    assert_int_equal(world->tail->n_open, 0);
    assert_int_equal(world->n_lost, 0);
}

static void t22_what_the_kernel_did_not_tell_is_found_by_looking(void **state)
{
    struct world *world = reading_app(state);
    char name[32];

    for (int i = 0; i < 9000; i++) { /* twice as many events: more than the kernel keeps */
        snprintf(name, sizeof name, "noise.%d", i);
        world_append(world, name, "");
        world_unlink(world, name);
    }
    world_append(world, "app.log", "two\n");
    world_pass(world, SECOND_MS);
    CLAIM_LINES(world, "two");
}

static void t22_without_any_event_everything_is_looked_at_every_thirty_seconds(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/app.log', scan: 1h}");
    world_start(world);
    world_pass(world, SECOND_MS);
    world_append(world, "app.log", "one\n");
    world_step(world);
    CLAIM_NO_LINES(world);
    world_pass(world, 30 * SECOND_MS);
    CLAIM_LINES(world, "one");
}

static void t22_with_scan_files_are_found_and_rotated_without_the_kernel(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/app.log', scan: 1s}");
    world_start(world);
    world_step(world);
    world_append(world, "app.log", "one\n");
    world_pass(world, SECOND_MS);
    world_append(world, "app.log", "two\n");
    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "three\n");
    world_pass(world, SECOND_MS);
    CLAIM_LINES(world, "one", "two", "three");
}

static void t23_a_compressed_file_is_never_read_and_told_once(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*', start: beginning}");
    world_write(world, "app.log.2.gz", O_TRUNC, SLICE("\x1f\x8b\x08\0not a line\n"));
    world_start(world);
    world_pass(world, 2 * MINUTE_MS);
    CLAIM_NO_LINES(world);
    assert_int_equal(world->n_left_alone, 1);
    assert_non_null(strstr(world->told, "compressed"));
}

static void t23_a_file_that_was_empty_and_is_compressed_is_left_alone(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*', start: beginning}");
    world_start(world);
    world_append(world, "app.log.2.gz", "");
    world_step(world);
    world_write(world, "app.log.2.gz", 0, SLICE("\x1f\x8b\x08\0not a line\n"));
    world_pass(world, 2 * MINUTE_MS);
    CLAIM_NO_LINES(world);
    assert_int_equal(world->n_left_alone, 1);
}

static void
t23_a_file_whose_first_bytes_come_while_it_is_looked_at_is_left_alone_if_it_is_compressed(
    void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*', start: beginning}");
    world_start(world);
    world_append(world, "app.log.2.gz", "");
    after_an_empty_read = world;
    world_step(world);
    assert_null(after_an_empty_read);
    world_pass(world, 2 * MINUTE_MS);
    CLAIM_NO_LINES(world);
    assert_int_equal(world->n_left_alone, 1);
}

static void t24_the_first_start_begins_at_the_end_and_later_files_at_their_beginning(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/*.log'}");
    world_append(world, "old.log", "old\nhal");
    world_start(world);
    world_step(world);
    world_append(world, "old.log", "f\none\n");
    world_append(world, "new.log", "two\n");
    world_step(world);
    CLAIM_LINES(world, "one", "two");
    world_crash(world);
    world_append(world, "old.log", "three\n");
    world_append(world, "newer.log", "four\n");
    world_start(world);
    world_step(world);
    assert_int_equal(world->n_lines, 2);
}

static void t24_from_the_beginning_means_the_file_and_not_its_rotated_ones(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/app.log', start: beginning}");
    world_append(world, "app.log.1", "old\n");
    world_append(world, "app.log", "one\n");
    world_start(world);
    world_step(world);
    world_rename(world, "app.log.1", "app.log.2");
    world_rename(world, "app.log", "app.log.1");
    world_append(world, "app.log", "two\n");
    world_step(world);
    CLAIM_LINES(world, "one", "two");
}

/* -- the store -- */

static void t25_while_there_is_no_room_nothing_is_read_and_nothing_dropped(void **state)
{
    struct world *world = reading_app(state);
    struct log_facts facts;
    size_t n_steps;

    world->is_busy = true;
    for (int i = 0; i < 1000; i++)
        world_append(world, "app.log", "a line of some length, so that there is something\n");
    world_step(world);
    n_steps = world->n_steps;
    world_pass(world, MINUTE_MS);
    assert_in_range(world->n_steps - n_steps, 1, 65); /* it waits: once a second it asks */
    log_tail_facts(world->tail, 0, &facts);
    assert_int_equal(facts.lag_bytes, 50000);
    world->is_busy = false;
    log_tail_wake(world->tail);
    world_step(world);
    assert_int_equal(world->n_lines, 1000);
    log_tail_facts(world->tail, 0, &facts);
    assert_true(facts.lag_bytes == 0 && facts.n_lines == 1001);
}

static void t26_lines_that_were_taken_and_not_stored_come_again_after_a_crash(void **state)
{
    struct world *world = reading_app(state);

    world->commits_late = true;
    world_append(world, "app.log", "two\n");
    world_step(world);
    world_crash(world);
    world_start(world);
    world_step(world);
    world_commit(world);
    CLAIM_LINES(world, "two");
    world_crash(world);
    world_start(world);
    world_pass(world, MINUTE_MS);
    world_commit(world);
    CLAIM_NO_LINES(world);
}

static void t26_rows_of_lines_that_mattered_to_nobody_are_stored_within_a_second_or_by_flush(
    void **state)
{
    struct world *world = reading_app(state);

    world_pass(world, MINUTE_MS);
    world->keeps_loose = true;
    world_append(world, "app.log", "two\n");
    world_step(world);
    world_append(world, "app.log", "three\n");
    world_step(world);
    world_pass(world, SECOND_MS);
    CLAIM_LINES(world, "two", "three");
    world_append(world, "app.log", "four\n");
    world_step(world);
    assert_int_equal(log_tail_flush(world->tail, world->now_ms), RC_OK);
    CLAIM_LINES(world, "four");
}

static void t27_rows_of_files_that_are_gone_are_removed(void **state)
{
    struct world *world = reading_app(state);
    char name[32];

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "app.log-2026%04d", i + 101);
        world_append(world, "app.log", "line\n");
        world_rename(world, "app.log", name);
        world_append(world, "app.log", "");
        world_pass(world, MINUTE_MS);
        if (i >= 3) {
            snprintf(name, sizeof name, "app.log-2026%04d", i + 101 - 3);
            world_unlink(world, name);
        }
        assert_in_range(world->n_rows, 1, 8);
    }
    assert_int_equal(world->n_lines, 100);
}

static void t27_rows_of_a_directory_that_is_not_there_are_kept_for_a_day(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/a/app.log'}");
    assert_int_equal(mkdir(world_path(world, "a"), 0755), 0);
    world_append(world, "a/app.log", "one\n");
    world_start(world);
    world_step(world);
    world_crash(world);
    world_rename(world, "a", "away");
    world_start(world);
    world_pass(world, HOUR_MS);
    assert_int_equal(world->n_rows, 2);
    world_rename(world, "away", "a");
    world_append(world, "a/app.log", "two\n");
    world_pass(world, MINUTE_MS);
    CLAIM_LINES(world, "two");
    world_rename(world, "a", "away");
    world_pass(world, MINUTE_MS);
    world_crash(world);
    world_start(world);
    world_pass(world, 25 * HOUR_MS);
    assert_int_equal(world->n_rows, 1);
}

static void our_own_log_is_not_read(void **state)
{
    struct world *world = *state;
    struct stat facts;

    world_watch(world, "- {log: '@/*.log', start: beginning}");
    world_append(world, "vedette.log", "a line of ours\n");
    assert_int_equal(stat(world_path(world, "vedette.log"), &facts), 0);
    world_start(world);
    world->tail->own_device[0] = (int64_t)facts.st_dev;
    world->tail->own_inode[0] = (int64_t)facts.st_ino;
    world_pass(world, MINUTE_MS);
    CLAIM_NO_LINES(world);
    assert_int_equal(world->n_left_alone, 1);
}

static void lines_of_one_event_wait_for_what_belongs_to_them(void **state)
{
    struct world *world = *state;

    world_watch(world, "- {log: '@/app.log', multiline: {continuation: '/^\\s/', wait: 1s}}");
    world_start(world);
    world_step(world);
    world_append(world, "app.log", "error\n  at a\n");
    world_step(world);
    world_append(world, "app.log", "  at b\n");
    world_step(world);
    CLAIM_NO_LINES(world);
    world_pass(world, 2 * SECOND_MS);
    CLAIM_LINES(world, "error\n  at a\n  at b");
}

/* Standard input is a pipe; gives the end to write to. */
static int pipe_input(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    return ends[1];
}

static void what_was_read_of_a_pipe_goes_on_in_the_next_tail(void **state)
{
    struct world *world = *state;
    int writer = pipe_input();

    world_watch(world, "- {stdin: true, name: piped}");
    world_start(world);
    world_step(world);
    world->is_busy = true;
    assert_int_equal(write(writer, "one\ntw", 6), 6);
    world_step(world);
    world->input = log_tail_take_input(world->tail);
    assert_non_null(world->input);
    log_tail_free(world->tail);
    world->is_busy = false;
    world_start(world);
    world_step(world);
    CLAIM_LINES(world, "one");
    assert_int_equal(write(writer, "o\n", 2), 2);
    close(writer);
    world_step(world);
    CLAIM_LINES(world, "two");
    assert_int_equal(world->n_lost, 0);
}

static bool is_readable(const struct world *world)
{
    struct pollfd tail = { .fd = log_tail_fd(world->tail), .events = POLLIN };

    return poll(&tail, 1, 0) > 0;
}

static void a_pipe_for_which_there_is_no_room_wakes_nobody(void **state)
{
    struct world *world = *state;
    int writer = pipe_input();

    world_watch(world, "- {stdin: true, name: piped}");
    world_start(world);
    world_step(world);
    world->is_busy = true;
    assert_int_equal(write(writer, "one\n", 4), 4);
    assert_true(is_readable(world));
    world_step(world);
    assert_int_equal(write(writer, "two\n", 4), 4);
    close(writer);
    assert_false(is_readable(world));
    world->is_busy = false;
    log_tail_wake(world->tail);
    world_step(world);
    CLAIM_LINES(world, "one", "two");
}

static void what_waits_of_a_pipe_that_nobody_reads_on_is_handed_on_or_told_as_lost(void **state)
{
    struct world *world = *state;
    int writer = pipe_input();

    world_watch(world, "- {stdin: true, name: piped}");
    world_start(world);
    assert_int_equal(write(writer, "one\ntwo", 7), 7);
    world->n_until_busy = 1;
    world_step(world);
    CLAIM_LINES(world, "one");
    assert_int_equal(log_tail_end_input(world->tail, world->now_ms), RC_BUSY);
    log_tail_lose_input(world->tail);
    assert_int_equal(world->n_loses, 1);
    assert_int_equal(world->gifts->n_lost, 3);
    world->n_until_busy = 1;
    assert_int_equal(log_tail_end_input(world->tail, world->now_ms), RC_OK);
    CLAIM_LINES(world, "two");
    log_tail_lose_input(world->tail);
    assert_int_equal(world->n_loses, 1);
    close(writer);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(lines_are_handed_on_as_they_are_written),
        EACH(nothing_is_done_while_nothing_happens),
        EACH(after_a_refusal_it_wants_to_be_called_again_though_nobody_says_that_there_is_room),
        EACH(t01_a_renamed_file_is_read_to_its_end_and_closed_when_it_is_quiet),
        EACH(t02_generations_that_came_and_went_between_two_looks_are_read_whole),
        EACH(t02_what_was_rotated_out_unread_is_told_as_lost),
        EACH(t03_a_file_that_was_rotated_while_the_daemon_was_down_is_finished_first),
        EACH(t03_a_file_that_was_removed_while_the_daemon_was_down_is_a_gap),
        EACH(t04_copytruncate_is_a_new_generation_from_its_beginning),
        EACH(t05_what_was_unread_when_it_was_truncated_is_read_from_the_copy),
        EACH(t05_a_copy_that_ends_before_what_was_read_is_not_read_again),
        EACH(t05_without_a_copy_the_bytes_known_are_told_as_lost),
        EACH(t05_a_copy_that_is_being_made_is_not_read_beside_the_original),
        EACH(t06_a_file_written_anew_to_the_same_or_a_larger_size_is_read_from_its_beginning),
        EACH(t06_a_file_with_the_same_first_line_is_told_by_what_stands_before_the_offset),
        EACH(t07_an_inode_that_is_used_again_is_a_new_file),
        EACH(t08_a_position_behind_the_end_begins_a_new_generation_at_once),
        EACH(t09_two_files_with_the_same_first_bytes_are_both_read),
        EACH(t10_small_files_are_read_from_their_first_byte),
        EACH(t11_a_last_line_without_its_end_is_told_once_and_its_rest_is_not_glued_to_it),
        EACH(t11_a_last_line_that_is_completed_after_a_restart_is_one_line),
        EACH(t11_a_last_line_without_its_end_is_told_when_its_file_is_rotated_or_truncated),
        EACH(t12_a_line_that_is_too_long_is_cut_and_the_next_one_is_whole),
        EACH(t13_a_hole_at_the_beginning_is_passed_over_and_nuls_within_a_line_are_kept),
        EACH(t14_bytes_that_are_not_utf8_are_handed_on_as_they_are),
        EACH(t15_one_carriage_return_before_the_end_of_a_line_is_no_part_of_it),
        EACH(t16_where_a_link_leads_elsewhere_the_new_target_is_read_from_its_beginning),
        EACH(t16_a_link_may_be_there_before_its_target),
        EACH(t17_a_link_that_another_user_planted_is_not_followed),
        EACH(t18_a_pipe_and_a_directory_are_not_read_and_nothing_waits_for_them),
        EACH(a_second_name_of_a_file_does_not_double_its_lines),
        EACH(t19_a_file_that_is_deleted_is_read_to_its_end_and_let_go),
        EACH(t20_what_cannot_be_read_is_told_once_and_read_when_it_can_be),
        EACH(t20_a_directory_that_appears_later_is_looked_at_at_once),
        EACH(t21_a_pattern_may_have_wildcards_in_its_directories),
        EACH(t21_thousands_of_files_are_read_with_512_of_them_open),
        EACH(t22_what_the_kernel_did_not_tell_is_found_by_looking),
        EACH(t22_without_any_event_everything_is_looked_at_every_thirty_seconds),
        EACH(t22_with_scan_files_are_found_and_rotated_without_the_kernel),
        EACH(t23_a_compressed_file_is_never_read_and_told_once),
        EACH(t23_a_file_that_was_empty_and_is_compressed_is_left_alone),
        EACH(
            t23_a_file_whose_first_bytes_come_while_it_is_looked_at_is_left_alone_if_it_is_compressed),
        EACH(t24_the_first_start_begins_at_the_end_and_later_files_at_their_beginning),
        EACH(t24_from_the_beginning_means_the_file_and_not_its_rotated_ones),
        EACH(t25_while_there_is_no_room_nothing_is_read_and_nothing_dropped),
        EACH(t26_lines_that_were_taken_and_not_stored_come_again_after_a_crash),
        EACH(t26_rows_of_lines_that_mattered_to_nobody_are_stored_within_a_second_or_by_flush),
        EACH(t27_rows_of_files_that_are_gone_are_removed),
        EACH(t27_rows_of_a_directory_that_is_not_there_are_kept_for_a_day),
        EACH(our_own_log_is_not_read),
        EACH(lines_of_one_event_wait_for_what_belongs_to_them),
        EACH(what_was_read_of_a_pipe_goes_on_in_the_next_tail),
        EACH(a_pipe_for_which_there_is_no_room_wakes_nobody),
        EACH(what_waits_of_a_pipe_that_nobody_reads_on_is_handed_on_or_told_as_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
