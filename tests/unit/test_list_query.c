#include "src/daemon/list_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const states[] = { "open", "approved", "running", NULL };

static void one_state_or_several_narrow_a_list(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
        uint64_t states;
    } cases[] = {
        { "open", RC_OK, 1 },
        { "open,running", RC_OK, 5 },
        { "running, open", RC_OK, 5 },
        { "open,open", RC_OK, 1 },
        { "", RC_OK, 0 },
        { "closed", RC_INVALID, 0 },
        { "open,closed", RC_INVALID, 0 },
        { "open,,running", RC_INVALID, 0 },
        { "Open", RC_INVALID, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t found = 0;

        print_message("%s\n", cases[i].text);
        assert_int_equal(list_query_read_states(slice_of(cases[i].text), states, &found),
                         cases[i].rc);
        if (!cases[i].rc)
            assert_int_equal(found, cases[i].states);
    }
}

static void since_is_a_time_or_how_long_ago(void **state)
{
    const int64_t now_ms = 1700000000000;
    static const struct {
        const char *text;
        enum rc rc;
        int64_t since_ms;
    } cases[] = {
        { "1h", RC_OK, 1699996400000 },
        { "90s", RC_OK, 1699999910000 },
        { "2023-11-14T22:13:20Z", RC_OK, 1700000000000 },
        { "yesterday", RC_INVALID, 0 },
        { "3600", RC_INVALID, 0 },
        { "-1h", RC_INVALID, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t since_ms = 0;

        print_message("%s\n", cases[i].text);
        assert_int_equal(list_query_read_since(slice_of(cases[i].text), now_ms, &since_ms),
                         cases[i].rc);
        if (!cases[i].rc)
            assert_int_equal(since_ms, cases[i].since_ms);
    }
}

static void a_page_holds_one_to_a_thousand(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
    } cases[] = {
        { "1", RC_OK },
        { "1000", RC_OK },
        { "0", RC_INVALID },
        { "1001", RC_INVALID },
        { "-1", RC_INVALID },
        { "ten", RC_INVALID },
        { "99999999999999999999", RC_INVALID },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t limit = 0;

        print_message("%s\n", cases[i].text);
        assert_int_equal(list_query_read_limit(slice_of(cases[i].text), &limit), cases[i].rc);
    }
}

static void a_page_says_where_the_next_begins(void **state)
{
    struct list_answer answer;

    (void)state;
    list_answer_begin(&answer);
    json_write_int(&answer.writer, 1);
    list_answer_end(&answer, SLICE("sig_1"));
    assert_true(slice_eq(buffer_slice(&answer.json), SLICE("{\"items\":[1],\"next\":\"sig_1\"}")));
    buffer_free(&answer.json);
    list_answer_begin(&answer);
    list_answer_end(&answer, (struct slice){ 0 });
    assert_true(slice_eq(buffer_slice(&answer.json), SLICE("{\"items\":[]}")));
    buffer_free(&answer.json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_state_or_several_narrow_a_list),
        cmocka_unit_test(since_is_a_time_or_how_long_ago),
        cmocka_unit_test(a_page_holds_one_to_a_thousand),
        cmocka_unit_test(a_page_says_where_the_next_begins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
