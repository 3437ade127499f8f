#include "src/base/rc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_result_has_words_of_its_own(void **state)
{
    (void)state;
    for (int a = RC_OK; a <= RC_TIMEOUT; a++) {
        assert_non_null(rc_text((enum rc)a));
        for (int b = RC_OK; b < a; b++)
            assert_string_not_equal(rc_text((enum rc)a), rc_text((enum rc)b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_result_has_words_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
