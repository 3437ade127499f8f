#include "src/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    struct arena *arena;

    if (arena_new(1 << 20, &arena) != RC_OK)
        return -1;
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static const char payload[] =
    "{\"a\":{\"b\":[{\"c\":1},{\"c\":2,\"d\":\"x\"}]},\"odd key\":{\"q\\\"\":3},\"0\":\"zero\","
    "\"list\":[[10,11],[20]],\"@timestamp\":\"t\",\"x-y\":7}";

static void a_path_leads_to_its_first_node(void **state)
{
    static const struct {
        const char *path;
        const char *value; /* NULL: leads nowhere, or to something that is no scalar */
    } cases[] = {
        { .path = "a.b[0].c", .value = "1" },
        { .path = "a.b[1].d", .value = "x" },
        { .path = "a.b[*].c", .value = "1" },
        { .path = "a.b[*].d", .value = "x" },
        { .path = "a.b[2].c" },
        { .path = "a.b" },
        { .path = "a.b.c" },
        { .path = "a[0]" },
        { .path = "A.b[0].c" },
        { .path = "[\"odd key\"][\"q\\\"\"]", .value = "3" },
        { .path = "[\"a\"].b[0][\"c\"]", .value = "1" },
        { .path = "0", .value = "zero" },
        { .path = "[0]" },
        { .path = "list[1][0]", .value = "20" },
        { .path = "list[*][*]", .value = "10" },
        { .path = "list[*][1]", .value = "11" },
        { .path = "@timestamp", .value = "t" },
        { .path = "x-y", .value = "7" },
        { .path = "x-y.z" },
    };
    struct json_fault fault;
    struct json *root = NULL;

    assert_int_equal(json_parse(SLICE(payload), JSON_LIMITS_DEFAULT, &root, &fault), RC_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_path *path = NULL;

        print_message("# %s\n", cases[i].path);
        assert_int_equal(json_path_parse(slice_of(cases[i].path), *state, &path, &fault), RC_OK);
        assert_true(slice_eq(json_text(json_path_get(path, root)), slice_of(cases[i].value)));
        assert_int_equal(json_path_has_wildcard(path), strchr(cases[i].path, '*') != NULL);
        assert_null(json_path_get(path, NULL));
    }
    json_free(root);
}

static void what_is_no_path_is_refused_at_its_place(void **state)
{
    static const struct {
        const char *path;
        size_t offset;
    } cases[] = {
        { .path = "", .offset = 0 },
        { .path = ".a", .offset = 0 },
        { .path = "a.", .offset = 2 },
        { .path = "a..b", .offset = 2 },
        { .path = "a b", .offset = 1 },
        { .path = "a[", .offset = 2 },
        { .path = "a[]", .offset = 2 },
        { .path = "a[0", .offset = 1 },
        { .path = "a[-1]", .offset = 2 },
        { .path = "a[x]", .offset = 2 },
        { .path = "a[99999999]", .offset = 2 },
        { .path = "a[*", .offset = 1 },
        { .path = "a[\"x]", .offset = 2 },
        { .path = "a[\"x\\", .offset = 2 },
        { .path = "a[\"x\"", .offset = 1 },
        { .path = "a[\"x\"y]", .offset = 1 },
        { .path = "a]b", .offset = 1 },
        { .path = "a[0]b", .offset = 4 },
        { .path = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", .offset = 31 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_path *path = NULL;
        struct json_fault fault = { 0 };

        print_message("# %s\n", cases[i].path);
        assert_int_equal(json_path_parse(slice_of(cases[i].path), *state, &path, &fault),
                         RC_INVALID);
        assert_int_equal(fault.offset, cases[i].offset);
        assert_non_null(fault.text);
    }
}

static bool take_two(void *context, const struct json *node)
{
    struct buffer *seen = context;

    buffer_add(seen, json_text(node));
    buffer_add_byte(seen, ' ');
    return seen->len < 4;
}

static void a_wildcard_visits_in_order_until_told_to_stop(void **state)
{
    struct json_path *path = NULL;
    struct json_fault fault;
    struct json *root = NULL;
    struct buffer seen;

    buffer_init(&seen, 0);
    assert_int_equal(json_parse(SLICE("[[1,2],[3],[],4]"), JSON_LIMITS_DEFAULT, &root, &fault),
                     RC_OK);
    assert_int_equal(json_path_parse(SLICE("[*][*]"), *state, &path, &fault), RC_OK);
    json_path_each(path, root, take_two, &seen);
    assert_true(slice_eq(buffer_slice(&seen), SLICE("1 2 ")));
    buffer_free(&seen);
    json_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_path_leads_to_its_first_node, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_path_is_refused_at_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wildcard_visits_in_order_until_told_to_stop, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
