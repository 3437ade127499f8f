#include "src/base/http_client.h"

#include "src/base/clock.h"
#include "tests/unit/loopback.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include <cmocka.h>

struct fixture {
    struct loopback server;
    struct arena *arena;
    char url[128];
    struct http_request request;
    struct http_answer answer;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    *state = fixture;
    fixture->request = (struct http_request){ .method = SLICE("GET"), .timeout_ms = MINUTE_MS };
    return loopback_start(&fixture->server, NULL) && !arena_new(1024 * 1024, &fixture->arena) ? 0
                                                                                              : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    loopback_stop(&fixture->server);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static void aim_at(struct fixture *fixture, const char *path)
{
    snprintf(fixture->url, sizeof(fixture->url), "http://127.0.0.1:%d%s", fixture->server.port,
             path);
    fixture->request.url = slice_of(fixture->url);
}

static enum rc ask(struct fixture *fixture, const char *path)
{
    aim_at(fixture, path);
    return http_perform(&fixture->request, fixture->arena, &fixture->answer);
}

static void the_answer_comes_back(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "/ok"), RC_OK);
    assert_int_equal(fixture->answer.status, 200);
    assert_true(slice_eq(fixture->answer.body, SLICE("{\"ok\":true}")));
    assert_true(slice_eq(fixture->answer.content_type, SLICE("application/json")));
    assert_false(fixture->answer.truncated);
    assert_int_equal(ask(fixture, "/missing"), RC_OK);
    assert_int_equal(fixture->answer.status, 404);
}

static void what_is_asked_arrives_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct http_header headers[] = { { SLICE("Authorization"), SLICE("Bearer s3cret") },
                                     { SLICE("X-Empty"), SLICE("") } };

    fixture->request.method = SLICE("PATCH");
    fixture->request.headers = headers;
    fixture->request.n_headers = 2;
    fixture->request.body = SLICE("{\"a\":\"\0\"}");
    assert_int_equal(ask(fixture, "/created"), RC_OK);
    assert_int_equal(fixture->answer.status, 201);
    assert_true(loopback_was_sent(&fixture->server, "PATCH /created HTTP/1.1\r\n"));
    assert_true(loopback_was_sent(&fixture->server, "\r\nAuthorization: Bearer s3cret\r\n"));
    assert_true(loopback_was_sent(&fixture->server, "\r\nX-Empty:\r\n"));
    assert_true(loopback_was_sent(&fixture->server, "\r\nContent-Length: 9\r\n"));
    assert_true(loopback_was_sent(&fixture->server, "\r\nUser-Agent: vedette/"));
    assert_false(loopback_was_sent(&fixture->server, "Content-Type"));
    assert_false(loopback_was_sent(&fixture->server, "Expect"));
    assert_memory_equal(fixture->server.request + fixture->server.request_bytes - 9,
                        "{\"a\":\"\0\"}", 9);
}

static void a_post_without_a_body_says_so(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.method = SLICE("POST");
    assert_int_equal(ask(fixture, "/created"), RC_OK);
    assert_true(loopback_was_sent(&fixture->server, "\r\nContent-Length: 0\r\n"));
}

static void a_head_waits_for_no_body(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.method = SLICE("HEAD");
    assert_int_equal(ask(fixture, "/ok"), RC_OK);
    assert_int_equal(fixture->answer.status, 200);
    assert_int_equal(fixture->answer.body.len, 0);
}

static void o07_a_redirect_is_an_answer_not_an_order(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "/redirect"), RC_OK);
    assert_int_equal(fixture->answer.status, 302);
    assert_int_equal(fixture->server.n_requests, 1);
}

static void o07_an_endless_answer_is_cut(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "/endless"), RC_OK);
    assert_int_equal(fixture->answer.status, 200);
    assert_int_equal(fixture->answer.body.len, HTTP_ANSWER_LIMIT_BYTES);
    assert_true(fixture->answer.truncated);
    fixture->request.answer_limit_bytes = 10;
    assert_int_equal(ask(fixture, "/endless"), RC_OK);
    assert_true(slice_eq(fixture->answer.body, SLICE("more and m")));
}

static void o07_html_is_an_answer_like_any(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "/html"), RC_OK);
    assert_int_equal(fixture->answer.status, 200);
    assert_true(slice_eq(fixture->answer.body, SLICE("<h1>Hi</h1>\r\n")));
    assert_true(slice_eq(fixture->answer.content_type, SLICE("text/html")));
}

static void o02_what_the_head_says_can_be_asked(void **state)
{
    struct fixture *fixture = *state;
    const struct http_answer *answer = &fixture->answer;

    assert_int_equal(ask(fixture, "/too-fast"), RC_OK);
    assert_int_equal(answer->status, 429);
    assert_true(slice_eq(http_answer_header_value(answer, "Retry-After"), SLICE("17")));
    assert_true(slice_eq(http_answer_header_value(answer, "x-empty"), SLICE("")));
    assert_false(slice_is_absent(http_answer_header_value(answer, "x-empty")));
    assert_true(slice_is_absent(http_answer_header_value(answer, "Retry")));
    assert_true(slice_is_absent(http_answer_header_value(answer, "X-Trailer")));
    assert_true(
        slice_is_absent(http_answer_header_value(answer, "HTTP/1.1 429 Too Many Requests")));
}

static void o07_an_endless_head_ends(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "/endless-head"), RC_LIMIT);
    assert_string_equal(fixture->answer.error, "the head of the answer is too long");
    assert_true(fixture->answer.may_have_arrived);
    assert_true(slice_is_absent(http_answer_header_value(&fixture->answer, "X-More")));
}

static void an_answer_that_breaks_off_is_truncated(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "/cut"), RC_OK);
    assert_int_equal(fixture->answer.status, 200);
    assert_true(fixture->answer.truncated);
    assert_true(slice_eq(fixture->answer.body, SLICE("only this")));
    fixture->request.timeout_ms = 100;
    assert_int_equal(ask(fixture, "/hang-in-body"), RC_OK);
    assert_true(fixture->answer.truncated);
}

static void a_lost_answer_may_have_been_a_request_that_arrived(void **state)
{
    static const struct lost_case {
        const char *path;
        enum rc rc;
    } cases[] = {
        { "/lost", RC_IO },
        { "/half-head", RC_IO },
        { "/not-http", RC_IO },
        { "/hang", RC_TIMEOUT },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s\n", cases[i].path);
        fixture->request.timeout_ms = cases[i].rc == RC_TIMEOUT ? 100 : MINUTE_MS;
        assert_int_equal(ask(fixture, cases[i].path), cases[i].rc);
        assert_true(fixture->answer.may_have_arrived);
        assert_non_null(fixture->answer.error);
        /* Sent once: nobody tries again behind our back. */
        assert_int_equal(fixture->server.n_requests, i + 1);
    }
}

static void what_never_connected_never_arrived(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.url = SLICE("http://127.0.0.1:1/");
    assert_int_equal(http_perform(&fixture->request, fixture->arena, &fixture->answer), RC_IO);
    assert_string_equal(fixture->answer.error, "could not connect");
    assert_false(fixture->answer.may_have_arrived);
}

static void without_tls_nothing_is_sent(void **state)
{
    struct fixture *fixture = *state;

    snprintf(fixture->url, sizeof(fixture->url), "https://127.0.0.1:%d/ok", fixture->server.port);
    fixture->request.url = slice_of(fixture->url);
    fixture->request.timeout_ms = 100; /* the server waits for a request's end, and there is none */
    assert_int_equal(http_perform(&fixture->request, fixture->arena, &fixture->answer), RC_TIMEOUT);
    assert_false(fixture->answer.may_have_arrived);
    assert_int_equal(fixture->server.n_requests, 0);
}

static void i06_what_could_smuggle_a_line_is_refused(void **state)
{
    struct http_header headers[] = {
        { SLICE("X-A"), SLICE("a\r\nX-B: b") }, { SLICE("X-A"), SLICE("a\nb") },
        { SLICE("X-A"), SLICE("a\rb") },        { SLICE("X-A"), SLICE("a\0b") },
        { SLICE("X-A: b\r\nX-B"), SLICE("c") }, { SLICE("X A"), SLICE("b") },
        { SLICE("X-A:"), SLICE("b") },          { SLICE(""), SLICE("b") },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        print_message("# header %zu\n", i);
        fixture->request.headers = &headers[i];
        fixture->request.n_headers = 1;
        assert_int_equal(ask(fixture, "/ok"), RC_INVALID);
        assert_false(fixture->answer.may_have_arrived);
    }
    assert_int_equal(fixture->server.n_requests, 0);
}

static void i06_only_a_plain_url_is_asked(void **state)
{
    static const char *const urls[] = {
        "",
        "ok",
        "/ok",
        "http://",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a\nb",
        "http://127.0.0.1/a\r\nX: y",
        "http://127.0.0.1:99999/",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        print_message("# url %zu\n", i);
        fixture->request.url = slice_of(urls[i]);
        assert_int_equal(http_perform(&fixture->request, fixture->arena, &fixture->answer),
                         RC_INVALID);
        assert_non_null(fixture->answer.error);
    }
    fixture->request.method = SLICE("GET / HTTP/1.1\r\nX:");
    assert_int_equal(ask(fixture, "/ok"), RC_INVALID);
}

static void a_unix_socket_stands_in_for_the_host(void **state)
{
    struct fixture *fixture = *state;
    struct loopback local;
    char path[64];

    snprintf(path, sizeof(path), "/tmp/vedette-http-%d.sock", (int)getpid());
    unlink(path);
    assert_true(loopback_start(&local, path));
    fixture->request.url = SLICE("http://localhost/ok");
    fixture->request.unix_socket = slice_of(path);
    assert_int_equal(http_perform(&fixture->request, fixture->arena, &fixture->answer), RC_OK);
    assert_int_equal(fixture->answer.status, 200);
    assert_int_equal(local.n_requests, 1);
    loopback_stop(&local);
    unlink(path);
}

static void our_own_machine_is_not_asked_through_a_proxy(void **state)
{
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    assert_int_equal(ask(*state, "/ok"), RC_OK);
    unsetenv("http_proxy");
}

static bool take_three(void *context, struct slice bytes)
{
    (void)bytes;
    return ++*(int *)context < 3;
}

static void a_stream_is_handed_on_until_its_reader_has_enough(void **state)
{
    struct fixture *fixture = *state;
    int n_pieces = 0;

    fixture->request.on_bytes = take_three;
    fixture->request.context = &n_pieces;
    assert_int_equal(ask(fixture, "/endless"), RC_OK);
    assert_int_equal(n_pieces, 3);
    assert_int_equal(fixture->answer.status, 200);
}

static void several_are_under_way_at_once(void **state)
{
    static const char *const paths[] = { "/ok", "/missing", "/lost" };
    struct fixture *fixture = *state;
    struct http_transfer *transfers[3];
    struct http_answer answers[3] = { 0 };
    enum rc rcs[3] = { 0 };
    struct http_multi *multi;
    const char *why;
    size_t n_done = 0;

    assert_int_equal(http_multi_new(&multi), RC_OK);
    for (size_t i = 0; i < 3; i++) {
        aim_at(fixture, paths[i]);
        assert_int_equal(http_transfer_start(multi, &fixture->request, &transfers[i], &why), RC_OK);
    }
    while (n_done < 3) {
        assert_int_equal(http_multi_wait(multi, NULL, 0, NULL, MINUTE_MS), RC_OK);
        n_done = 0;
        for (size_t i = 0; i < 3; i++)
            n_done += http_transfer_done(transfers[i], &rcs[i], &answers[i]);
    }
    assert_int_equal(answers[0].status, 200);
    assert_int_equal(answers[1].status, 404);
    assert_int_equal(rcs[2], RC_IO);
    for (size_t i = 0; i < 3; i++)
        http_transfer_free(transfers[i]);
    http_multi_free(multi);
}

static void a_wait_ends_with_a_descriptor_or_a_wake(void **state)
{
    int fds[2] = { eventfd(0, EFD_CLOEXEC), eventfd(1, EFD_CLOEXEC) };
    bool ready[2] = { false };
    struct http_multi *multi;

    (void)state;
    assert_int_equal(http_multi_new(&multi), RC_OK);
    assert_int_equal(http_multi_wait(multi, fds, 2, ready, INT64_MAX), RC_OK);
    assert_false(ready[0]);
    assert_true(ready[1]);
    http_multi_wake(multi);
    assert_int_equal(http_multi_wait(multi, fds, 1, ready, INT64_MAX), RC_OK);
    assert_false(ready[0]);
    http_multi_free(multi);
    close(fds[0]);
    close(fds[1]);
}

static void o09_one_that_hangs_is_given_up_in_time(void **state)
{
    struct fixture *fixture = *state;
    int64_t began_ms = clock_mono_ms();
    struct http_answer answer = { 0 };
    struct http_transfer *transfer;
    struct http_multi *multi;
    const char *why;
    enum rc rc = RC_OK;

    fixture->request.timeout_ms = 200;
    aim_at(fixture, "/hang");
    assert_int_equal(http_multi_new(&multi), RC_OK);
    assert_int_equal(http_transfer_start(multi, &fixture->request, &transfer, &why), RC_OK);
    while (!http_transfer_done(transfer, &rc, &answer))
        assert_int_equal(http_multi_wait(multi, NULL, 0, NULL, INT64_MAX), RC_OK);
    assert_int_equal(rc, RC_TIMEOUT);
    assert_true(answer.may_have_arrived);
    assert_in_range(clock_mono_ms() - began_ms, 200, 10000);
    http_transfer_free(transfer);
    http_multi_free(multi);
}

static void one_under_way_can_be_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct http_transfer *transfer;
    struct http_multi *multi;
    const char *why;

    aim_at(fixture, "/hang");
    assert_int_equal(http_multi_new(&multi), RC_OK);
    assert_int_equal(http_transfer_start(multi, &fixture->request, &transfer, &why), RC_OK);
    assert_int_equal(http_multi_wait(multi, NULL, 0, NULL, 10), RC_OK);
    http_transfer_free(transfer);
    http_multi_free(multi);
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(the_answer_comes_back),
        HTTP_TEST(what_is_asked_arrives_as_it_is),
        HTTP_TEST(a_post_without_a_body_says_so),
        HTTP_TEST(a_head_waits_for_no_body),
        HTTP_TEST(o07_a_redirect_is_an_answer_not_an_order),
        HTTP_TEST(o07_an_endless_answer_is_cut),
        HTTP_TEST(o07_html_is_an_answer_like_any),
        HTTP_TEST(o02_what_the_head_says_can_be_asked),
        HTTP_TEST(o07_an_endless_head_ends),
        HTTP_TEST(an_answer_that_breaks_off_is_truncated),
        HTTP_TEST(a_lost_answer_may_have_been_a_request_that_arrived),
        HTTP_TEST(what_never_connected_never_arrived),
        HTTP_TEST(without_tls_nothing_is_sent),
        HTTP_TEST(i06_what_could_smuggle_a_line_is_refused),
        HTTP_TEST(i06_only_a_plain_url_is_asked),
        HTTP_TEST(a_unix_socket_stands_in_for_the_host),
        HTTP_TEST(our_own_machine_is_not_asked_through_a_proxy),
        HTTP_TEST(a_stream_is_handed_on_until_its_reader_has_enough),
        HTTP_TEST(several_are_under_way_at_once),
        HTTP_TEST(a_wait_ends_with_a_descriptor_or_a_wake),
        HTTP_TEST(o09_one_that_hangs_is_given_up_in_time),
        HTTP_TEST(one_under_way_can_be_dropped),
    };

    if (http_client_init())
        return 1;
    return cmocka_run_group_tests_name("http_client", tests, NULL, NULL);
}
