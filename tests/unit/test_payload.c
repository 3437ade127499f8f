#include "watchers/senders/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(struct slice got, const char *expected)
{
    if (!slice_eq(got, slice_of(expected)))
        fail_msg("%.*s, not %s", SLICE_ARG(got), expected ? expected : "absent");
}

static void a_repository_is_the_path_of_its_url(void **state)
{
    static const struct {
        const char *url, *repo;
    } cases[] = {
        { "https://github.com/acme/shop.git", "acme/shop" },
        { "https://git.example.com:8443/acme/tools/shop/", "acme/tools/shop" },
        { "git@github.com:acme/shop.git", "acme/shop" },
        { "ssh://git@git.example.com:7999/acme/shop.git", "acme/shop" },
        { "https://git.example.com/", NULL },
        { "https://git.example.com", NULL },
        { "https://git.example.com/.git", NULL },
        { "shop", NULL },
        { "", NULL },
        { NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_text(payload_repo(slice_of(cases[i].url)), cases[i].repo);
}

static void the_last_segment_is_what_stands_behind_the_last_slash(void **state)
{
    (void)state;
    assert_text(payload_last_segment(SLICE("https://h/acme/commit/0c6e")), "0c6e");
    assert_text(payload_last_segment(SLICE("0c6e")), "0c6e");
    assert_text(payload_last_segment((struct slice){ 0 }), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repository_is_the_path_of_its_url),
        cmocka_unit_test(the_last_segment_is_what_stands_behind_the_last_slash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
