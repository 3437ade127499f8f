#include "src/cli/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

struct heard {
    char text[512]; /* "name=data|" for each event */
    size_t n_events, n_max;
};

static bool on_event(void *context, struct slice name, struct slice data)
{
    struct heard *heard = context;

    strncat(heard->text, name.ptr, name.len);
    strcat(heard->text, "=");
    strncat(heard->text, data.ptr, data.len);
    strcat(heard->text, "|");
    return ++heard->n_events != heard->n_max;
}

/* In one piece, and byte by byte: where the network cuts must not matter. */
static void assert_heard(const char *stream, const char *expected, const char *id)
{
    for (size_t step = 1; step <= strlen(stream); step += strlen(stream) - 1) {
        struct heard heard = { 0 };
        struct sse sse;

        sse_init(&sse, on_event, &heard);
        for (size_t at = 0; at < strlen(stream); at += step)
            assert_true(sse_take(&sse, (struct slice){ stream + at, step }));
        assert_string_equal(heard.text, expected);
        assert_true(slice_eq(buffer_slice(&sse.id), slice_of(id)));
        sse_free(&sse);
    }
}

static void events_are_told_when_they_are_whole(void **state)
{
    (void)state;
    assert_heard("id: 7\nevent: signal\ndata: {\"a\":1}\n\nid: 8\nevent: task\ndata: {}\n",
                 "signal={\"a\":1}|", "8");
    assert_heard("event: x\r\ndata: one\r\ndata: two\r\n\r\n", "x=one\ntwo|", "");
    assert_heard(": still here\n\nretry: 2000\nid: 9\n\nevent:y\ndata:z\n\n", "y=z|", "9");
}

static void the_reader_may_have_enough(void **state)
{
    struct heard heard = { .n_max = 1 };
    struct sse sse;

    (void)state;
    sse_init(&sse, on_event, &heard);
    assert_false(sse_take(&sse, SLICE("data: 1\n\ndata: 2\n\n")));
    assert_int_equal(heard.n_events, 1);
    sse_free(&sse);
}

static void a_new_connection_forgets_what_was_begun_but_not_where_it_was(void **state)
{
    struct heard heard = { 0 };
    struct sse sse;

    (void)state;
    sse_init(&sse, on_event, &heard);
    assert_true(sse_take(&sse, SLICE("id: 3\ndata: whole\n\ndata: ha")));
    sse_restart(&sse);
    assert_true(slice_eq(buffer_slice(&sse.id), SLICE("3")));
    assert_true(sse_take(&sse, SLICE("data: next\n\n")));
    assert_string_equal(heard.text, "=whole|=next|");
    sse_free(&sse);
}

static void a_line_without_end_is_given_up(void **state)
{
    struct heard heard = { 0 };
    char piece[4096];
    struct sse sse;
    bool goes_on = true;

    (void)state;
    memset(piece, 'x', sizeof piece);
    sse_init(&sse, on_event, &heard);
    for (size_t i = 0; i < 300 && goes_on; i++)
        goes_on = sse_take(&sse, (struct slice){ piece, sizeof piece });
    assert_false(goes_on);
    sse_free(&sse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_told_when_they_are_whole),
        cmocka_unit_test(the_reader_may_have_enough),
        cmocka_unit_test(a_new_connection_forgets_what_was_begun_but_not_where_it_was),
        cmocka_unit_test(a_line_without_end_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
