#include "actions/channels/slack_response_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void o08_we_answer_at_slacks_host_or_where_the_api_is_and_nowhere_else(void **state)
{
    static const struct {
        const char *url, *base;
        bool expected;
    } cases[] = {
        { "https://hooks.slack.com/actions/T1/2/x", "https://slack.com/api", true },
        { "https://hooks.slack.com/commands/T1/2/x", "http://127.0.0.1:4000/api", true },
        { "http://127.0.0.1:4000/respond/1", "http://127.0.0.1:4000/api", true },
        { "http://127.0.0.1:4000/respond/1", "http://127.0.0.1:4000", true },
        { "http://127.0.0.1:4000", "http://127.0.0.1:4000", false },
        { "http://127.0.0.1:40001/", "http://127.0.0.1:4000/api", false },
        { "https://127.0.0.1:4000/", "http://127.0.0.1:4000/api", false },
        { "http://127.0.0.1:4000@192.0.2.1/", "http://127.0.0.1:4000/api", false },
        { "https://slack.com/x", "https://slack.com/api", false },
        { "http://hooks.slack.com/x", "https://slack.com/api", false },
        { "https://hooks.slack.com", "https://slack.com/api", false },
        { "https://hooks.slack.com:8443/", "https://slack.com/api", false },
        { "https://hooks.slack.com.example.com/", "https://slack.com/api", false },
        { "https://hooks.slack.com@example.com/", "https://slack.com/api", false },
        { "https://user@hooks.slack.com/", "https://slack.com/api", false },
        { "https://HOOKS.slack.com/", "https://slack.com/api", false },
        { "https://hooks.slack.com/a b", "https://slack.com/api", false },
        { "https://hooks.slack.com/\r\nHost: x", "https://slack.com/api", false },
        { "https://hooks.slack.com/\\x", "https://slack.com/api", false },
        { "file:///etc/passwd", "https://slack.com/api", false },
        { "/respond", "", false },
        { "", "", false },
        { NULL, "https://slack.com/api", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s at %s\n", cases[i].url ? cases[i].url : "(none)", cases[i].base);
        assert_int_equal(slack_may_respond_to(slice_of(cases[i].url), slice_of(cases[i].base)),
                         cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(o08_we_answer_at_slacks_host_or_where_the_api_is_and_nowhere_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
