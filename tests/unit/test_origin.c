#include "src/daemon/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice other_names[] = { { "vedette", 7 }, { "10.1.2.3", 8 } };
static const struct config config = { .public_url = { "https://vedette.example.com/base", 32 },
                                      .hosts = { other_names, 2 } };

static void only_our_own_names_are_served(void **state)
{
    static const struct {
        const char *host;
        bool is_ours;
    } cases[] = {
        { "127.0.0.1:8421", true },
        { "127.8.9.10", true },
        { "localhost:9", true },
        { "LOCALHOST", true },
        { "[::1]:8421", true },
        { "vedette.example.com", true },
        { "Vedette.Example.com:443", true },
        { "vedette:8421", true },
        { "10.1.2.3:8421", true },
        { "192.0.2.1:8421", true }, /* the address that the connection came in on */
        { "192.0.2.2:8421", false },
        { "evil.example", false },
        { "127.0.0.1.evil.example", false },
        { "127.evil.example", false },
        { "localhost.evil.example", false },
        { "vedette.example.com.evil.example", false },
        { "127.0.0.1:8421@evil.example", false },
        { "127.0.0.1:99999", false },
        { "127.0.0.1:", false },
        { "[::1", false },
        { "", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].host);
        assert_int_equal(origin_host_is_ours(&config, slice_of(cases[i].host), SLICE("192.0.2.1")),
                         cases[i].is_ours);
    }
}

static void a11_a_page_of_another_site_changes_nothing(void **state)
{
    static const struct {
        const char *origin, *site;
        bool must_prove, is_ours;
    } cases[] = {
        { "http://127.0.0.1:8421", NULL, true, true },
        { "https://vedette.example.com", NULL, true, true },
        { NULL, "same-origin", true, true },
        { NULL, "none", false, true },
        { NULL, NULL, false, true }, /* a command line with a token */
        { NULL, NULL, true, false }, /* a cookie and no word of who sent it */
        { NULL, "none", true, false },
        { "null", NULL, false, false }, /* a sandboxed frame, a file */
        { "http://evil.example", NULL, false, false },
        { "http://127.0.0.1:9999", NULL, true, false }, /* a neighbour on this machine */
        { "http://127.0.0.1:8421.evil.example", NULL, true, false },
        { "http://127.0.0.1:8421", "cross-site", true, false },
        { NULL, "same-site", false, false },
        { "", NULL, false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct origin_headers headers = { .host = SLICE("127.0.0.1:8421"),
                                                .origin = slice_of(cases[i].origin),
                                                .fetch_site = slice_of(cases[i].site) };

        print_message("%s %s\n", cases[i].origin ? cases[i].origin : "-",
                      cases[i].site ? cases[i].site : "-");
        assert_int_equal(origin_is_ours(&config, &headers, cases[i].must_prove), cases[i].is_ours);
    }
}

static void a_name_is_what_stands_before_the_port(void **state)
{
    (void)state;
    assert_true(slice_eq(origin_host_name(SLICE("[::1]:80")), SLICE("::1")));
    assert_true(slice_eq(origin_host_name(SLICE("a.example:80")), SLICE("a.example")));
    assert_true(slice_eq(origin_host_name(SLICE("a.example")), SLICE("a.example")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_our_own_names_are_served),
        cmocka_unit_test(a11_a_page_of_another_site_changes_nothing),
        cmocka_unit_test(a_name_is_what_stands_before_the_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
