#include "src/base/clock.h"
#include "watchers/catch_up_api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795248300000) /* 1795248300 s */

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    return arena_new(1 << 20, &arena) != RC_OK;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct catch_up of_shop = { .token = { "ghs_1", 5 },
                                         .base_url = { "https://api.github.com", 22 },
                                         .owner = { "repos/acme/shop", 15 },
                                         .hook = 12345678,
                                         .every_ms = HOUR_MS };

static struct slice header_of(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (slice_eq(request->headers[i].name, slice_of(name)))
            return request->headers[i].value;
    return (struct slice){ 0 };
}

static void pages_of_a_hundred_are_asked_for_with_the_token(void **state)
{
    struct http_request request;

    (void)state;
    assert_int_equal(catch_up_list_request(&of_shop, (struct slice){ 0 }, arena, &request), RC_OK);
    assert_string_equal(request.method.ptr, "GET");
    assert_string_equal(
        request.url.ptr,
        "https://api.github.com/repos/acme/shop/hooks/12345678/deliveries?per_page=100");
    assert_true(slice_eq(header_of(&request, "Authorization"), SLICE("Bearer ghs_1")));
    assert_true(slice_eq(header_of(&request, "Accept"), SLICE("application/vnd.github+json")));
    assert_true(slice_eq(header_of(&request, "X-GitHub-Api-Version"), SLICE("2022-11-28")));
    assert_true(request.timeout_ms > 0);
    assert_int_equal(catch_up_list_request(&of_shop, SLICE("v1_7%3D"), arena, &request), RC_OK);
    assert_string_equal(request.url.ptr, "https://api.github.com/repos/acme/shop/hooks/12345678/"
                                         "deliveries?per_page=100&cursor=v1_7%3D");
}

static void an_attempt_is_asked_for_by_its_whole_number(void **state)
{
    struct http_request request;

    (void)state;
    assert_int_equal(catch_up_attempt_request(&of_shop, INT64_C(9007199254740993), arena, &request),
                     RC_OK);
    assert_string_equal(request.method.ptr, "POST");
    assert_string_equal(request.url.ptr,
                        "https://api.github.com/repos/acme/shop/hooks/12345678/deliveries/"
                        "9007199254740993/attempts");
    assert_false(slice_is_absent(request.body));
}

static void the_next_page_is_where_the_link_says(void **state)
{
    static const struct {
        const char *header, *cursor; /* NULL: none */
    } cases[] = {
        { "", NULL },
        { "Link: <https://api.github.com/x?per_page=100&cursor=v1_22>; rel=\"next\"\r\n", "v1_22" },
        { "link: <https://h/x?cursor=a&per_page=100>; rel=\"prev\", "
          "<https://h/x?cursor=b%3D&per_page=100>; rel=\"next\"\r\n",
          "b%3D" },
        { "Link: <https://h/x?cursor=n>; rel=\"next\", <https://h/x?cursor=l>; rel=\"last\"\r\n",
          "n" },
        { "Link: <https://elsewhere.example/?cursor=v1>; rel=\"next\"\r\n", "v1" },
        { "Link: <https://h/x?cursor=a>; rel=\"prev\"\r\n", NULL },
        { "Link: <https://h/x?page=2>; rel=\"next\"\r\n", NULL },
        { "Link: <https://h/x?cursor=>; rel=\"next\"\r\n", NULL },
        { "Link: <https://h/x?cursor=a b>; rel=\"next\"\r\n", NULL },
        { "Link: <https://h/x?cursor=a#b>; rel=\"next\"\r\n", NULL },
        { "Link: <https://h/x?cursor=a\r\n", NULL },
        { "Link: rel=\"next\"\r\n", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct http_answer answer = { .status = 200,
                                            .header_lines = slice_of(cases[i].header) };

        print_message("%s\n", cases[i].header);
        assert_true(slice_eq(catch_up_next_cursor(&answer), slice_of(cases[i].cursor)));
    }
}

static struct catch_up_verdict judged(int status, const char *headers, const char *body)
{
    const struct http_answer answer = { .status = status,
                                        .header_lines = slice_of(headers),
                                        .body = slice_of(body) };

    return catch_up_judge_list(RC_OK, &answer, NOW_MS);
}

static void too_much_is_left_alone_as_long_as_github_says(void **state)
{
    static const struct {
        int status;
        const char *headers, *body;
        int64_t wait_ms; /* 0: it is about something else */
    } cases[] = {
        { 429, "", "", MINUTE_MS },
        { 429, "Retry-After: 90\r\n", "", 90 * SECOND_MS },
        { 403, "Retry-After: 90\r\n", "", 90 * SECOND_MS },
        { 429, "Retry-After: 999999999999\r\n", "", DAY_MS },
        { 429, "Retry-After: soon\r\n", "", MINUTE_MS },
        { 403, "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1795248900\r\n", "",
          601 * SECOND_MS },
        { 403, "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1795240000\r\n", "", MINUTE_MS },
        { 429, "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 9999999999\r\n", "", DAY_MS },
        { 429, "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 9223372036854775807\r\n", "",
          MINUTE_MS },
        { 403, "X-RateLimit-Remaining: 4999\r\nX-RateLimit-Reset: 1795248900\r\n",
          "{\"message\":\"You have exceeded a secondary rate limit.\"}", MINUTE_MS },
        { 403, "X-RateLimit-Remaining: 4999\r\nX-RateLimit-Reset: 1795248900\r\n",
          "{\"message\":\"Resource not accessible by personal access token\"}", 0 },
        { 401, "Retry-After: 90\r\n", "", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct catch_up_verdict verdict =
            judged(cases[i].status, cases[i].headers, cases[i].body);

        print_message("%d %s%s\n", cases[i].status, cases[i].headers, cases[i].body);
        assert_int_equal(verdict.outcome, cases[i].wait_ms ? CATCH_UP_WAIT : CATCH_UP_FAILED);
        assert_int_equal(verdict.wait_ms, cases[i].wait_ms);
        assert_true(strlen(verdict.error) > 0);
    }
}

static void what_a_person_must_repair_is_said(void **state)
{
    static const struct {
        int status;
        const char *says;
    } cases[] = {
        { 301, "301: the webhook is elsewhere now" },
        { 401, "401: it does not take the token; put a new one into `token_file`" },
        { 403, "403: the token may not do this; it needs write access to webhooks" },
        { 404, "404: there is no such webhook" },
        { 502, "502: it has trouble of its own" },
        { 418, "is `base_url` right?" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct catch_up_verdict verdict = judged(cases[i].status, "", "");

        assert_int_equal(verdict.outcome, CATCH_UP_FAILED);
        if (!strstr(verdict.error, cases[i].says))
            fail_msg("said: %s", verdict.error);
    }
    assert_int_equal(judged(200, "", "[]").outcome, CATCH_UP_DONE);
    assert_string_equal(judged(200, "", "[]").error, "");
}

static void no_answer_is_a_failure_that_says_why(void **state)
{
    const struct http_answer answer = { .error = "could not connect" };
    const struct catch_up_verdict verdict = catch_up_judge_attempt(RC_IO, &answer, NOW_MS);

    (void)state;
    assert_int_equal(verdict.outcome, CATCH_UP_FAILED);
    assert_string_equal(verdict.error, "GitHub cannot be asked: could not connect");
}

static void one_that_github_does_not_send_again_stops_no_other(void **state)
{
    static const struct {
        int status;
        enum catch_up_outcome outcome;
    } cases[] = {
        { 202, CATCH_UP_DONE },    { 400, CATCH_UP_REFUSED }, { 404, CATCH_UP_REFUSED },
        { 422, CATCH_UP_REFUSED }, { 401, CATCH_UP_FAILED },  { 403, CATCH_UP_FAILED },
        { 429, CATCH_UP_WAIT },    { 500, CATCH_UP_FAILED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct http_answer answer = { .status = cases[i].status };

        assert_int_equal(catch_up_judge_attempt(RC_OK, &answer, NOW_MS).outcome, cases[i].outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_of_a_hundred_are_asked_for_with_the_token),
        cmocka_unit_test(an_attempt_is_asked_for_by_its_whole_number),
        cmocka_unit_test(the_next_page_is_where_the_link_says),
        cmocka_unit_test(too_much_is_left_alone_as_long_as_github_says),
        cmocka_unit_test(what_a_person_must_repair_is_said),
        cmocka_unit_test(no_answer_is_a_failure_that_says_why),
        cmocka_unit_test(one_that_github_does_not_send_again_stops_no_other),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
