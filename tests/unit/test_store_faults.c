/* What the store promises when processes are killed, the disk fills and a second one comes: faults S01 to S16. */
#include "src/base/file.h"
#include "src/store/meta.h"
#include "src/store/preallocation.h"
#include "src/store/store.h"

#include "src/store/store_key.h"
#include "tests/unit/store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SMALL_MAP_BYTES ((int64_t)4 << 20)
#define N_KILLS 60

/* --- the disk as the library sees it: these stand before the system's --- */

#define MUTE ULONG_MAX /* the file system does not tell */
#define UNASKABLE (ULONG_MAX - 1)

static struct disk {
    int write_error; /* what every write fails with; 0: none does */
    int meta_error; /* likewise for the one that makes a commit count: it goes through a descriptor of its own */
    int sync_error;
    unsigned long room; /* what is left, in bytes; 0: much; or: */
    size_t n_syncs;
    size_t n_meta_writes; /* those that came after a sync */
} disk;

static ssize_t refused(int error)
{
    errno = error;
    return -1;
}

/* By the name that the library calls; ours may be compiled to pwrite64. */
ssize_t pwrite_of_the_disk(int fd, const void *bytes, size_t len, off_t offset) __asm__("pwrite");

ssize_t pwrite_of_the_disk(int fd, const void *bytes, size_t len, off_t offset)
{
    bool is_meta = fcntl(fd, F_GETFL) & O_DSYNC;

    if (disk.write_error || (is_meta && disk.meta_error))
        return refused(disk.write_error ? disk.write_error : disk.meta_error);
    if (is_meta && disk.n_syncs > disk.n_meta_writes)
        disk.n_meta_writes++;
    return syscall(SYS_pwrite64, fd, bytes, len, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int n_pieces)
{
    return disk.write_error ? refused(disk.write_error) : syscall(SYS_writev, fd, pieces, n_pieces);
}

int fdatasync(int fd)
{
    if (disk.sync_error)
        return (int)refused(disk.sync_error);
    disk.n_syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

int fstatvfs(int fd, struct statvfs *facts)
{
    (void)fd;
    if (disk.room == UNASKABLE)
        return (int)refused(EIO);
    *facts = (struct statvfs){ .f_frsize = 1, .f_blocks = LONG_MAX, .f_bavail = LONG_MAX };
    if (disk.room == MUTE)
        facts->f_blocks = facts->f_bavail = 0;
    else if (disk.room)
        facts->f_bavail = disk.room;
    return 0;
}

/* --- a store, opened by the test as it likes --- */

static int make_place(void **state)
{
    fixture_new(state);
    disk = (struct disk){ 0 };
    return 0;
}

static void open_store(struct fixture *fixture, int64_t max_bytes)
{
    assert_int_equal(fixture_open_store(fixture, max_bytes), RC_OK);
}

static void close_store(struct fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
}

/* What is said to the person who starts a daemon on the fixture's directory. */
static enum rc open_and_hear(struct fixture *fixture, const char *directory, struct buffer *heard)
{
    const struct store_options options = { .directory = directory, .max_bytes = SMALL_MAP_BYTES };
    struct problems *problems;
    struct store *second = NULL;
    enum rc rc;

    (void)fixture;
    buffer_init(heard, 0);
    assert_int_equal(problems_new(&problems), RC_OK);
    rc = store_open(&options, problems, &second);
    if (rc)
        assert_int_equal(problems_count(problems, PROBLEM_ERROR), 1);
    problems_format(problems, heard);
    problems_free(problems);
    store_close(second);
    return rc;
}

static bool is_heard(struct buffer *heard, const char *text)
{
    size_t offset;
    bool is_found = !slice_find(buffer_slice(heard), slice_of(text), &offset);

    buffer_free(heard);
    return is_found;
}

static struct store_key path_in(struct fixture *fixture, const char *name)
{
    struct store_key path = { .len = 0 };

    key_add(&path, (const uint8_t *)fixture->directory, strlen(fixture->directory));
    key_add(&path, (const uint8_t *)name, strlen(name) + 1);
    return path;
}

static enum rc put_number(struct store *store, uint64_t number)
{
    const struct store_key key = key_of_u64(number);
    struct store_txn *txn = NULL;
    enum rc rc = store_begin(store, &txn);

    if (!rc)
        rc = store_append(txn, TABLE_JOURNAL, key_slice(&key), SLICE("a row"));
    if (!rc)
        rc = meta_set(txn, META_SEQUENCE, number);
    if (!rc)
        rc = store_commit(&txn);
    store_abort(&txn);
    return rc;
}

/* --- S01 --- */

/* Has the kernel kill this process in a moment, wherever it is then. */
static bool be_killed_in(long moment_ns)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
    const struct itimerspec moment = { .it_value = { .tv_nsec = moment_ns } };
    timer_t timer;

    return !timer_create(CLOCK_MONOTONIC, &event, &timer) &&
           !timer_settime(timer, 0, &moment, NULL);
}

/* Numbers rows on from the last, one a commit, and says each number when its commit has returned. */
static void number_rows(const char *directory, int out_fd, long moment_ns)
{
    const struct store_options options = { .directory = directory, .max_bytes = FIXTURE_MAP_BYTES };
    struct problems *problems;
    struct store_txn *txn;
    struct store *store;
    uint64_t first, number;

    if (problems_new(&problems) || store_open(&options, problems, &store))
        _exit(1);
    if (store_begin_read(store, &txn) || meta_get(txn, META_SEQUENCE, &first))
        _exit(1);
    store_abort(&txn);
    for (number = first + 1;; number++) {
        if (put_number(store, number) || write(out_fd, &number, sizeof(number)) != sizeof(number))
            _exit(1);
        if (number == first + 1 && !be_killed_in(moment_ns))
            _exit(1);
        store_preallocate(store);
    }
}

/* Lets a child number rows until it is killed, `moment_ns` after its first commit, and gives the last number that it said. */
static uint64_t number_rows_until_killed(struct fixture *fixture, long moment_ns)
{
    uint64_t number = 0, said;
    int fds[2], status;
    pid_t child;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    child = fork();
    if (!child)
        number_rows(fixture->directory, fds[1], moment_ns);
    close(fds[1]);
    while (read(fds[0], &said, sizeof(said)) == sizeof(said))
        number = said;
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return number;
}

static void rows_are_complete_up_to(struct fixture *fixture, uint64_t acknowledged,
                                    uint64_t *n_rows)
{
    struct store_txn *txn;
    uint64_t last;

    open_store(fixture, FIXTURE_MAP_BYTES);
    assert_int_equal(store_begin_read(fixture->store, &txn), RC_OK);
    assert_int_equal(meta_get(txn, META_SEQUENCE, &last), RC_OK);
    assert_int_equal(store_count(txn, TABLE_JOURNAL, n_rows), RC_OK);
    assert_int_equal(*n_rows, last); /* the row and its number came together */
    assert_true(last >= acknowledged);
    assert_true(last <= acknowledged + 1); /* at most the one that was not yet said */
    store_abort(&txn);
    close_store(fixture);
}

static void s01_what_was_acknowledged_survives_a_kill_at_any_instant(void **state)
{
    struct fixture *fixture = *state;
    unsigned seed = 7;
    uint64_t n_rows = 0;

    for (size_t i = 0; i < N_KILLS; i++) {
        uint64_t acknowledged =
            number_rows_until_killed(fixture, 1 + rand_r(&seed) % (5 * 1000 * 1000));

        assert_true(acknowledged > n_rows); /* it went on where it stood */
        rows_are_complete_up_to(fixture, acknowledged, &n_rows);
    }
}

/* --- S03, S04, S05: no room, a failing disk --- */

/* Adds rows of 100 KB until the store takes no more; gives how many it took. */
static uint64_t fill(struct store *store)
{
    static const char bytes[100 * 1024];

    for (uint64_t number = 1;; number++) {
        const struct store_key key = key_of_u64(number);
        struct store_txn *txn;
        enum rc rc;

        assert_int_equal(store_begin(store, &txn), RC_OK);
        rc = store_put(txn, TABLE_FEED, key_slice(&key),
                       (struct slice){ .ptr = bytes, .len = sizeof(bytes) });
        if (rc)
            assert_int_equal(rc, RC_FULL);
        rc = store_commit(&txn); /* also after a refused change, as a careless caller might */
        if (rc) {
            assert_int_equal(rc, RC_FULL);
            return number - 1;
        }
    }
}

static void s04_a_full_map_refuses_and_takes_again_what_was_made_room_for(void **state)
{
    struct fixture *fixture = *state;
    int64_t used_bytes, max_bytes;
    struct store_txn *txn;
    uint64_t n_rows;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_in_range(fill(fixture->store), 30, 40);
    for (uint64_t round = 1; round <= 3; round++) {
        /* A quarter of it goes, a row a commit, as retention does it. */
        for (uint64_t number = 1; number <= 10; number++) {
            const struct store_key key = key_of_u64(number);
            enum rc rc;

            assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
            rc = store_delete(txn, TABLE_FEED, key_slice(&key));
            assert_true(rc == RC_OK ||
                        rc == RC_NOT_FOUND); /* the last round may have ended before it */
            assert_int_equal(store_commit(&txn), RC_OK);
        }
        assert_int_equal(put_number(fixture->store, round), RC_OK);
        assert_true(fill(fixture->store) >= 8); /* nearly all of the room is found again */
    }
    assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
    assert_int_equal(store_count(txn, TABLE_JOURNAL, &n_rows), RC_OK);
    assert_int_equal(n_rows, 3);
    assert_int_equal(store_usage(txn, &used_bytes, &max_bytes), RC_OK);
    assert_int_equal(max_bytes, SMALL_MAP_BYTES);
    assert_true(used_bytes > max_bytes / 2 && used_bytes <= max_bytes);
    store_abort(&txn);
}

static void s04_a_refused_change_takes_the_whole_transaction_with_it(void **state)
{
    static const char bytes[3 << 20];
    struct fixture *fixture = *state;
    struct store_txn *txn;
    struct slice value;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
    assert_int_equal(store_put(txn, TABLE_FEED, SLICE("small"), SLICE("1")), RC_OK);
    assert_int_equal(store_put(txn, TABLE_FEED, SLICE("large"),
                               (struct slice){ .ptr = bytes, .len = sizeof(bytes) }),
                     RC_OK);
    assert_int_equal(store_put(txn, TABLE_FEED, SLICE("larger"),
                               (struct slice){ .ptr = bytes, .len = sizeof(bytes) }),
                     RC_FULL);
    assert_int_equal(store_commit(&txn), RC_FULL);
    assert_int_equal(store_begin_read(fixture->store, &txn), RC_OK);
    assert_int_equal(store_get(txn, TABLE_FEED, SLICE("small"), &value), RC_NOT_FOUND);
    store_abort(&txn);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
}

static bool has_number(struct fixture *fixture, uint64_t number)
{
    const struct store_key key = key_of_u64(number);
    struct store_txn *txn;
    struct slice value;
    enum rc rc;

    assert_int_equal(store_begin_read(fixture->store, &txn), RC_OK);
    rc = store_get(txn, TABLE_JOURNAL, key_slice(&key), &value);
    store_abort(&txn);
    return rc == RC_OK;
}

static void s02_a_commit_returns_after_the_rows_and_then_what_makes_them_count_are_synced(
    void **state)
{
    struct fixture *fixture = *state;

    open_store(fixture, SMALL_MAP_BYTES);
    disk = (struct disk){ 0 };
    for (uint64_t number = 1; number <= 5; number++) {
        assert_int_equal(put_number(fixture->store, number), RC_OK);
        assert_int_equal(disk.n_syncs, number);
        assert_int_equal(disk.n_meta_writes, number);
    }
}

static void s03_a_full_disk_refuses_a_commit_and_takes_the_next_when_it_has_room(void **state)
{
    static const int errors[] = { ENOSPC, EDQUOT };
    struct fixture *fixture = *state;

    open_store(fixture, SMALL_MAP_BYTES);
    for (uint64_t i = 0; i < 2; i++) {
        disk.write_error = errors[i];
        assert_int_equal(put_number(fixture->store, i + 1), RC_FULL);
        assert_int_equal(put_number(fixture->store, i + 1), RC_FULL);
        assert_false(has_number(fixture, i + 1)); /* what can be read is what is stored */
        disk.write_error = 0;
        assert_int_equal(put_number(fixture->store, i + 1), RC_OK);
        assert_true(has_number(fixture, i + 1));
    }
}

static enum rc put_number_in_last_room(struct store *store, uint64_t number)
{
    struct store_txn *txn;

    assert_int_equal(store_begin(store, &txn), RC_OK);
    store_use_last_room(txn);
    assert_int_equal(meta_set(txn, META_SEQUENCE, number), RC_OK);
    return store_commit(&txn);
}

static void s03_the_last_room_of_a_disk_is_for_what_makes_room_alone(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn;

    open_store(fixture, SMALL_MAP_BYTES);
    disk.room = STORE_LAST_ROOM_BYTES / 2;
    assert_int_equal(put_number(fixture->store, 1), RC_FULL);
    assert_false(has_number(fixture, 1));
    assert_int_equal(put_number_in_last_room(fixture->store, 1), RC_OK);
    assert_int_equal(put_number(fixture->store, 1), RC_FULL);
    disk.room = STORE_LAST_ROOM_BYTES;
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    assert_true(has_number(fixture, 1));
    disk.room = 1;
    assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
    assert_int_equal(store_commit(&txn),
                     RC_OK); /* nothing was changed: there is nothing to store */
}

static void s03_on_a_full_disk_the_store_goes_on_with_pages_of_its_own_that_are_free(void **state)
{
    static char bytes[2 * STORE_LAST_ROOM_BYTES];
    const struct slice large = { .ptr = bytes, .len = sizeof bytes };
    struct fixture *fixture = *state;
    struct store_txn *txn;
    int64_t room;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
    assert_int_equal(store_put(txn, TABLE_FEED, SLICE("large"), large), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
    disk.room = 1;
    assert_int_equal(put_number(fixture->store, 1), RC_FULL);
    assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
    store_use_last_room(txn);
    assert_int_equal(store_delete(txn, TABLE_FEED, SLICE("large")), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
    store_check_readers(fixture->store);
    assert_int_equal(store_disk_room(fixture->store, &room), RC_OK);
    assert_true(room > (int64_t)sizeof bytes);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    disk.room = STORE_LAST_ROOM_BYTES + 1; /* more room is never less */
    assert_int_equal(store_disk_room(fixture->store, &room), RC_OK);
    assert_true(room > (int64_t)sizeof bytes);
}

static void s03_where_the_file_system_does_not_tell_its_room_commits_are_tried(void **state)
{
    struct fixture *fixture = *state;

    open_store(fixture, SMALL_MAP_BYTES);
    disk.room = MUTE;
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    disk.room = UNASKABLE;
    assert_int_equal(put_number(fixture->store, 2), RC_OK);
    disk.write_error = ENOSPC;
    assert_int_equal(put_number(fixture->store, 3), RC_FULL);
}

static off_t file_bytes(struct fixture *fixture)
{
    const struct store_key path = path_in(fixture, "/data.mdb");
    struct stat file;

    assert_int_equal(stat((const char *)path.bytes, &file), 0);
    return file.st_size;
}

static struct rlimit file_limit;

static int keep_file_limit(void **state)
{
    signal(SIGXFSZ, SIG_IGN);
    return getrlimit(RLIMIT_FSIZE, &file_limit) || make_place(state);
}

static int restore_file_limit(void **state)
{
    int rc = setrlimit(RLIMIT_FSIZE, &file_limit);

    return fixture_close(state) || rc;
}

static void s03_pages_that_were_made_ahead_take_the_next_commits_where_the_file_cannot_grow(
    void **state)
{
    struct fixture *fixture = *state;
    struct rlimit none_more = file_limit;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    store_preallocate(fixture->store);
    none_more.rlim_cur = (rlim_t)file_bytes(fixture);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none_more), 0);
    for (uint64_t number = 2; number <= 20; number++) {
        store_preallocate(fixture->store); /* and who finds no room for more does no harm */
        assert_int_equal(put_number(fixture->store, number), RC_OK);
        assert_true(has_number(fixture, number));
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &file_limit), 0);
    close_store(fixture);
    open_store(fixture, SMALL_MAP_BYTES);
    assert_true(has_number(fixture, 20));
}

static void s03_nothing_is_made_ahead_in_the_last_room_of_a_disk(void **state)
{
    struct fixture *fixture = *state;
    off_t bytes;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    bytes = file_bytes(fixture);
    disk.room = STORE_ROOM_AGAIN_BYTES + PREALLOCATION_MOST_BYTES - 1;
    store_preallocate(fixture->store);
    assert_int_equal(file_bytes(fixture), bytes);
    disk.room++;
    store_preallocate(fixture->store);
    assert_true(file_bytes(fixture) > bytes);
}

static void s03_a_file_that_may_not_grow_is_a_full_disk(void **state)
{
    struct fixture *fixture = *state;

    open_store(fixture, SMALL_MAP_BYTES);
    disk.write_error = EFBIG;
    assert_int_equal(put_number(fixture->store, 1), RC_FULL);
    disk.write_error = 0;
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
}

/* What the library says was not stored may be on the disk nevertheless, and then in what the next start reads. */
static void s03_after_a_commit_that_failed_at_its_meta_page_nothing_is_written_over_its_pages(
    void **state)
{
    struct fixture *fixture = *state;
    off_t bytes;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    disk.meta_error = ENOSPC;
    assert_int_equal(put_number(fixture->store, 2), RC_FULL);
    disk.meta_error = 0;
    bytes = file_bytes(fixture);
    store_preallocate(fixture->store);
    assert_int_equal(file_bytes(fixture), bytes);
}

/* What is in use is what commits have written, byte by byte. */
static void what_is_stored_stays_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct store_key path;
    struct slice before, after;

    open_store(fixture, SMALL_MAP_BYTES);
    path = path_in(fixture, "/data.mdb");
    for (uint64_t number = 1; number <= 1000; number++) {
        if (put_number(fixture->store, number))
            fail();
    }
    assert_int_equal(file_read((const char *)path.bytes, SMALL_MAP_BYTES, fixture->arena, &before),
                     RC_OK);
    store_preallocate(fixture->store);
    assert_int_equal(file_read((const char *)path.bytes, SMALL_MAP_BYTES, fixture->arena, &after),
                     RC_OK);
    assert_true(after.len > before.len);
    assert_memory_equal(after.ptr, before.ptr, before.len);
}

static void nothing_is_made_ahead_while_a_transaction_may_be_writing_there(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn;
    off_t bytes;

    open_store(fixture, SMALL_MAP_BYTES);
    bytes = file_bytes(fixture);
    assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
    store_preallocate(fixture->store);
    assert_int_equal(file_bytes(fixture), bytes);
    store_abort(&txn);
    store_preallocate(fixture->store);
    assert_true(file_bytes(fixture) > bytes);
}

/* The commit that failed is not there, nothing more is begun, and a new start finds all that was said to be stored. */
static void store_stops_after(struct fixture *fixture, int *error)
{
    struct store_txn *txn;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    *error = EIO;
    assert_int_equal(put_number(fixture->store, 2), RC_IO);
    *error = 0;
    assert_int_equal(store_begin(fixture->store, &txn), RC_IO);
    assert_null(txn);
    assert_int_equal(store_begin_read(fixture->store, &txn), RC_IO);
    close_store(fixture);
    open_store(fixture, SMALL_MAP_BYTES);
    assert_true(has_number(fixture, 1));
    assert_int_equal(put_number(fixture->store, 3), RC_OK);
}

static void s05_after_a_failed_sync_the_store_begins_nothing_more(void **state)
{
    store_stops_after(*state, &disk.sync_error);
}

static void s05_after_a_failed_write_the_store_begins_nothing_more(void **state)
{
    store_stops_after(*state, &disk.write_error);
}

static void s06_after_a_failed_write_of_the_meta_page_the_store_begins_nothing_more(void **state)
{
    store_stops_after(*state, &disk.meta_error);
}

static void s07_a_file_that_is_not_a_store_is_refused_in_words(void **state)
{
    struct fixture *fixture = *state;
    const struct store_key path = path_in(fixture, "/data.mdb");
    struct buffer heard;
    char garbage[16384];
    FILE *file = fopen((const char *)path.bytes, "w");

    assert_non_null(file);
    memset(garbage, 'x', sizeof(garbage));
    assert_int_equal(fwrite(garbage, 1, sizeof(garbage), file), sizeof(garbage));
    fclose(file);
    assert_int_equal(open_and_hear(fixture, fixture->directory, &heard), RC_CORRUPT);
    assert_true(is_heard(&heard, "the store cannot be opened"));
}

/* --- S08, S09 --- */

static void s08_a_second_daemon_is_told_the_pid_of_the_first(void **state)
{
    struct fixture *fixture = *state;
    struct buffer heard;
    char expected[64];
    int status;
    pid_t child;

    open_store(fixture, SMALL_MAP_BYTES);
    snprintf(expected, sizeof(expected), "in use by process %ld", (long)getpid());
    child = fork();
    if (!child) {
        enum rc rc = open_and_hear(fixture, fixture->directory, &heard);

        _exit(rc == RC_BUSY && is_heard(&heard, expected) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    /* Nor is it opened twice by one process: that would break the library's own locks. */
    assert_int_equal(open_and_hear(fixture, fixture->directory, &heard), RC_BUSY);
    assert_true(is_heard(&heard, expected));
    assert_int_equal(put_number(fixture->store, 1), RC_OK); /* the first one goes on */
    close_store(fixture);
    open_store(fixture, SMALL_MAP_BYTES); /* and a later one may */
}

static void s08_the_lock_of_a_killed_daemon_holds_nobody_up(void **state)
{
    struct fixture *fixture = *state;

    number_rows_until_killed(fixture, 1);
    open_store(fixture, FIXTURE_MAP_BYTES);
}

static void s09_no_descriptor_of_the_store_is_left_to_a_child(void **state)
{
    struct fixture *fixture = *state;
    size_t n_ours = 0;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    for (int fd = 0; fd < 256; fd++) {
        char name[64], path[256];
        ssize_t len;

        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        len = readlink(name, path, sizeof(path) - 1);
        if (len < 0)
            continue;
        path[len] = '\0';
        if (!slice_starts(slice_of(path), slice_of(fixture->directory)))
            continue;
        n_ours++;
        if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
            fail_msg("%s is inherited", path);
    }
    assert_true(n_ours >= 3); /* the data, the library's lock, our lock */
}

/* --- S10, S12: readers --- */

/* A tool that somebody runs on the live store: it removes our lock, reads, and is killed while it does. */
static void read_and_be_killed(struct fixture *fixture)
{
    const struct store_key lock = path_in(fixture, "/lock");
    struct store_txn *txn;

    if (unlink((const char *)lock.bytes) || fixture_open_store(fixture, SMALL_MAP_BYTES) ||
        store_begin_read(fixture->store, &txn))
        _exit(1);
    raise(SIGKILL);
}

/* Begun before the store is open here: a library that is forked while open knows the parent's pid only. */
static pid_t start_reader(struct fixture *fixture, int *go_fd)
{
    int fds[2];
    char go;
    pid_t child;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    child = fork();
    if (!child) {
        if (read(fds[0], &go, 1) != 1)
            _exit(1);
        read_and_be_killed(fixture);
    }
    close(fds[0]);
    *go_fd = fds[1];
    return child;
}

static void let_reader_die(pid_t child, int go_fd)
{
    int status;

    assert_int_equal(write(go_fd, "g", 1), 1);
    close(go_fd);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

/* Overwrites the same large row again and again; how often before the store is full. */
static size_t overwrite(struct store *store, size_t n_times)
{
    static const char bytes[100 * 1024];

    for (size_t i = 0; i < n_times; i++) {
        struct store_txn *txn;
        enum rc rc;

        assert_int_equal(store_begin(store, &txn), RC_OK);
        rc = store_put(txn, TABLE_FEED, SLICE("same"),
                       (struct slice){ .ptr = bytes, .len = sizeof(bytes) });
        if (!rc)
            rc = store_commit(&txn);
        store_abort(&txn);
        if (rc) {
            assert_int_equal(rc, RC_FULL);
            return i;
        }
    }
    return n_times;
}

static void s10_a_reader_killed_while_it_read_holds_no_pages_for_long(void **state)
{
    struct fixture *fixture = *state;
    int go_fd;
    pid_t reader = start_reader(fixture, &go_fd);

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(overwrite(fixture->store, 200), 200); /* pages are used again */
    let_reader_die(reader, go_fd);
    assert_true(overwrite(fixture->store, 200) < 200); /* its snapshot keeps them all */
    store_check_readers(fixture->store);
    assert_int_equal(overwrite(fixture->store, 200), 200);
}

static void s12_readers_beyond_the_slots_are_refused_and_cost_nobody_else_anything(void **state)
{
    struct store_txn *readers[600];
    struct fixture *fixture = *state;
    size_t n_readers = 0;
    enum rc rc = RC_OK;

    open_store(fixture, SMALL_MAP_BYTES);
    while (n_readers < 600) {
        rc = store_begin_read(fixture->store, &readers[n_readers]);
        if (rc)
            break;
        n_readers++;
    }
    assert_int_equal(rc, RC_BUSY);
    assert_true(n_readers >= 256);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    store_abort(&readers[0]);
    assert_int_equal(store_begin_read(fixture->store, &readers[0]), RC_OK);
    for (size_t i = 0; i < n_readers; i++)
        store_abort(&readers[i]);
}

static void a_reader_sees_the_store_as_it_was_when_it_began(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *reader;
    uint64_t number;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(put_number(fixture->store, 1), RC_OK);
    assert_int_equal(store_begin_read(fixture->store, &reader), RC_OK);
    assert_int_equal(put_number(fixture->store, 2), RC_OK);
    assert_int_equal(meta_get(reader, META_SEQUENCE, &number), RC_OK);
    assert_int_equal(number, 1);
    store_abort(&reader);
    assert_int_equal(store_begin_read(fixture->store, &reader), RC_OK);
    assert_int_equal(meta_get(reader, META_SEQUENCE, &number), RC_OK);
    assert_int_equal(number, 2);
    store_abort(&reader);
}

/* --- S14, S16 --- */

static void s14_a_store_of_a_newer_schema_is_refused_and_left_alone(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn;
    struct buffer heard;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
    assert_int_equal(meta_set(txn, META_SCHEMA, STORE_SCHEMA_VERSION + 1), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
    close_store(fixture);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(open_and_hear(fixture, fixture->directory, &heard), RC_INVALID);
        assert_true(is_heard(&heard, "newer version (schema 6"));
    }
}

static void s14_a_store_of_an_older_schema_is_taken_over_and_then_refused_by_older_programs(
    void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn;
    uint64_t version;

    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(store_begin(fixture->store, &txn), RC_OK);
    assert_int_equal(meta_set(txn, META_SCHEMA, STORE_SCHEMA_VERSION - 1), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
    close_store(fixture);
    open_store(fixture, SMALL_MAP_BYTES);
    assert_int_equal(store_begin_read(fixture->store, &txn), RC_OK);
    assert_int_equal(meta_get(txn, META_SCHEMA, &version), RC_OK);
    assert_int_equal(version, STORE_SCHEMA_VERSION);
    store_abort(&txn);
    close_store(fixture);
}

static void s16_a_place_that_cannot_be_written_is_refused_with_its_reason(void **state)
{
    struct fixture *fixture = *state;
    struct buffer heard;

    assert_int_equal(open_and_hear(fixture, "/dev/null/store", &heard), RC_IO);
    assert_true(is_heard(&heard, "Not a directory"));
    /* A file system of the kernel's own, which takes no files of ours. */
    assert_int_equal(open_and_hear(fixture, "/proc/self", &heard), RC_IO);
    assert_true(is_heard(&heard, "the store cannot be opened here"));
}

static void a_directory_that_is_not_there_is_made_for_its_owner_alone(void **state)
{
    struct fixture *fixture = *state;
    const struct store_key path = path_in(fixture, "/a/b");
    struct buffer heard;
    struct stat stat_of;

    assert_int_equal(open_and_hear(fixture, (const char *)path.bytes, &heard), RC_OK);
    buffer_free(&heard);
    assert_int_equal(stat((const char *)path.bytes, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0700);
}

#define FAULT(test) cmocka_unit_test_setup_teardown(test, make_place, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(s01_what_was_acknowledged_survives_a_kill_at_any_instant),
        FAULT(s02_a_commit_returns_after_the_rows_and_then_what_makes_them_count_are_synced),
        FAULT(s03_a_full_disk_refuses_a_commit_and_takes_the_next_when_it_has_room),
        FAULT(s03_the_last_room_of_a_disk_is_for_what_makes_room_alone),
        FAULT(s03_on_a_full_disk_the_store_goes_on_with_pages_of_its_own_that_are_free),
        FAULT(s03_where_the_file_system_does_not_tell_its_room_commits_are_tried),
        cmocka_unit_test_setup_teardown(
            s03_pages_that_were_made_ahead_take_the_next_commits_where_the_file_cannot_grow,
            keep_file_limit, restore_file_limit),
        FAULT(s03_nothing_is_made_ahead_in_the_last_room_of_a_disk),
        FAULT(s03_a_file_that_may_not_grow_is_a_full_disk),
        FAULT(s03_after_a_commit_that_failed_at_its_meta_page_nothing_is_written_over_its_pages),
        FAULT(what_is_stored_stays_as_it_is),
        FAULT(nothing_is_made_ahead_while_a_transaction_may_be_writing_there),
        FAULT(s04_a_full_map_refuses_and_takes_again_what_was_made_room_for),
        FAULT(s04_a_refused_change_takes_the_whole_transaction_with_it),
        FAULT(s05_after_a_failed_sync_the_store_begins_nothing_more),
        FAULT(s05_after_a_failed_write_the_store_begins_nothing_more),
        FAULT(s06_after_a_failed_write_of_the_meta_page_the_store_begins_nothing_more),
        FAULT(s07_a_file_that_is_not_a_store_is_refused_in_words),
        FAULT(s08_a_second_daemon_is_told_the_pid_of_the_first),
        FAULT(s08_the_lock_of_a_killed_daemon_holds_nobody_up),
        FAULT(s09_no_descriptor_of_the_store_is_left_to_a_child),
        FAULT(s10_a_reader_killed_while_it_read_holds_no_pages_for_long),
        FAULT(s12_readers_beyond_the_slots_are_refused_and_cost_nobody_else_anything),
        FAULT(a_reader_sees_the_store_as_it_was_when_it_began),
        FAULT(s14_a_store_of_a_newer_schema_is_refused_and_left_alone),
        FAULT(s14_a_store_of_an_older_schema_is_taken_over_and_then_refused_by_older_programs),
        FAULT(s16_a_place_that_cannot_be_written_is_refused_with_its_reason),
        FAULT(a_directory_that_is_not_there_is_made_for_its_owner_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
