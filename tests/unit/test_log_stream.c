#include "watchers/log_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_not_open_is_no_stream(void **state)
{
    struct log_stream *stream = NULL;

    (void)state;
    assert_int_equal(log_stream_new(-1, &stream), RC_IO);
    assert_null(stream);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_open_is_no_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
