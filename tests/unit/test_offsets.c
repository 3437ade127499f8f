#include "src/store/offsets.h"

#include "tests/unit/store_fixture.h"

#define MAX_FOUND 8

struct found {
    struct file_offset rows[MAX_FOUND];
    size_t n_rows, n_wanted;
};

static bool collect(void *context, const struct file_offset *offset)
{
    struct found *found = context;

    found->rows[found->n_rows++] = *offset;
    return found->n_rows < found->n_wanted;
}

static struct found read_all(struct fixture *fixture, size_t n_wanted)
{
    struct found found = { .n_wanted = n_wanted };

    assert_int_equal(offset_each(fixture->txn, fixture->arena, collect, &found), RC_OK);
    return found;
}

static void put(struct fixture *fixture, uint8_t number, const char *path)
{
    const struct file_offset row = { .id = ulid_number(number),
                                     .watcher = SLICE("app"),
                                     .path = slice_of(path) };

    assert_int_equal(offset_put(fixture->txn, &row), RC_OK);
}

static void a_row_comes_back_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    const struct file_offset row = { .id = ulid_number(7),
                                     .watcher = SLICE("app"),
                                     .path = SLICE("/var/log/app.log.1"),
                                     .live_path = SLICE("/var/log/app.log"),
                                     .device = -3,
                                     .inode = INT64_MAX,
                                     .head = SLICE("a\0\xff"),
                                     .tail = SLICE("\n"),
                                     .offset = INT64_C(10) << 30,
                                     .size = INT64_C(11) << 30,
                                     .is_within_line = true,
                                     .is_skipping = true,
                                     .is_rotated = true,
                                     .seen_ms = 1234,
                                     .cursor = SLICE("s=1;i=2") };
    struct found found;

    assert_int_equal(offset_put(fixture->txn, &row), RC_OK);
    fixture_commit(fixture);
    found = read_all(fixture, MAX_FOUND);
    assert_int_equal(found.n_rows, 1);
    assert_int_equal(ulid_compare(found.rows[0].id, row.id), 0);
    assert_slice(found.rows[0].watcher, "app");
    assert_slice(found.rows[0].path, "/var/log/app.log.1");
    assert_slice(found.rows[0].live_path, "/var/log/app.log");
    assert_true(slice_eq(found.rows[0].head, row.head) && slice_eq(found.rows[0].tail, row.tail));
    assert_slice(found.rows[0].cursor, "s=1;i=2");
    assert_true(found.rows[0].device == row.device && found.rows[0].inode == row.inode);
    assert_true(found.rows[0].offset == row.offset && found.rows[0].size == row.size);
    assert_true(found.rows[0].is_within_line && found.rows[0].is_skipping);
    assert_true(found.rows[0].is_rotated && found.rows[0].seen_ms == 1234);
}

static void a_row_without_a_path_is_kept_as_such(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, 1, NULL);
    assert_true(slice_is_absent(read_all(fixture, MAX_FOUND).rows[0].path));
}

static void rows_come_in_the_order_of_their_ids_and_one_id_is_one_row(void **state)
{
    struct fixture *fixture = *state;
    struct found found;

    put(fixture, 3, "/c");
    put(fixture, 1, "/a");
    put(fixture, 2, "/b");
    put(fixture, 1, "/a2");
    found = read_all(fixture, MAX_FOUND);
    assert_int_equal(found.n_rows, 3);
    assert_slice(found.rows[0].path, "/a2");
    assert_slice(found.rows[1].path, "/b");
    assert_slice(found.rows[2].path, "/c");
    assert_int_equal(read_all(fixture, 2).n_rows, 2);
}

static void t27_a_removed_row_is_gone_and_removing_it_again_does_no_harm(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, 1, "/a");
    put(fixture, 2, "/b");
    assert_int_equal(offset_remove(fixture->txn, ulid_number(1)), RC_OK);
    assert_int_equal(offset_remove(fixture->txn, ulid_number(1)), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(read_all(fixture, MAX_FOUND).n_rows, 1);
    assert_slice(read_all(fixture, MAX_FOUND).rows[0].path, "/b");
}

static void a_damaged_row_is_passed_over(void **state)
{
    struct fixture *fixture = *state;
    struct ulid damaged = ulid_number(1);

    put(fixture, 2, "/b");
    assert_int_equal(store_put(fixture->txn, TABLE_OFFSETS,
                               (struct slice){ (const char *)damaged.bytes, ULID_BYTES },
                               SLICE("no record")),
                     RC_OK);
    assert_int_equal(read_all(fixture, MAX_FOUND).n_rows, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_row_comes_back_as_it_was),
        TWICE(a_row_without_a_path_is_kept_as_such),
        TWICE(rows_come_in_the_order_of_their_ids_and_one_id_is_one_row),
        TWICE(t27_a_removed_row_is_gone_and_removing_it_again_does_no_harm),
        TWICE(a_damaged_row_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
