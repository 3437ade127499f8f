#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/webhook.h"

#define NOW_MS INT64_C(1795248300000)
#define JSON_TYPE SLICE("application/json")
#define N_MAX_HEADERS 8

static const char doors[] =
    "- {webhook: github, secret: gh-secret}\n"
    "- {webhook: alertmanager, token: am-token, max_body: 1KB}\n"
    "- {webhook: generic, name: any, token: any-token, dedup: 90s}\n"
    "- {webhook: generic, name: signed, secret: [new-one, old-one]}\n"
    "- {webhook: generic, name: by-header, token: t, id_header: X-Request-ID}\n"
    "- {webhook: generic, name: by-path, token: t, map: {id: a.id}}\n";

static int set_up(void **state)
{
    (void)configured_set_up(state);
    assert_int_equal(configured_load(*state, doors), RC_OK);
    return 0;
}

static const struct webhook *door(struct configured *configured, const char *name)
{
    const struct webhook *hook = watchers_find_webhook(configured->watchers, slice_of(name));

    assert_non_null(hook);
    return hook;
}

/* A request as it comes: proven, with further headers of the test's. */
struct attempt {
    struct header headers[N_MAX_HEADERS];
    size_t n_headers;
    struct slice content_type;
    struct slice body;
};

static void add_header(struct attempt *attempt, const char *name, const char *value)
{
    attempt->headers[attempt->n_headers++] = (struct header){ slice_of(name), slice_of(value) };
}

static struct attempt signed_attempt(struct configured *configured, const char *name,
                                     struct slice body)
{
    struct attempt attempt = { .content_type = JSON_TYPE, .body = body };
    struct header *headers;

    assert_int_equal(webhook_sign(door(configured, name), (struct slice){ 0 }, (struct slice){ 0 },
                                  body, NOW_MS, configured->arena, &headers, &attempt.n_headers),
                     RC_OK);
    memcpy(attempt.headers, headers, attempt.n_headers * sizeof *headers);
    return attempt;
}

static struct webhook_answer receive(struct configured *configured, const char *name,
                                     const struct attempt *attempt)
{
    const struct webhook_request request = {
        .headers = attempt->headers,
        .n_headers = attempt->n_headers,
        .content_type = attempt->content_type,
        .body = attempt->body,
        .received_ms = NOW_MS,
        .real_ms = NOW_MS,
    };
    struct webhook_answer answer;

    assert_int_equal(webhook_receive(door(configured, name), &request, configured->arena, &answer),
                     RC_OK);
    return answer;
}

static struct webhook_answer receive_body(struct configured *configured, const char *name,
                                          struct slice body)
{
    struct attempt attempt = signed_attempt(configured, name, body);

    return receive(configured, name, &attempt);
}

static void what_is_proven_and_whole_becomes_an_entry_of_the_journal(void **state)
{
    struct attempt attempt = signed_attempt(*state, "github", SLICE("{\"zen\": \"x\"}"));
    struct webhook_answer answer;
    const struct header *kept;

    add_header(&attempt, "x-github-event", "push");
    add_header(&attempt, "x-github-delivery", "72d3162e");
    add_header(&attempt, "Cookie", "secret");
    answer = receive(*state, "github", &attempt);
    assert_int_equal(answer.status, 0);
    assert_int_equal(answer.entry.door, DOOR_DATA);
    assert_int_equal(answer.entry.received_ms, NOW_MS);
    assert_true(slice_eq(answer.entry.watcher, SLICE("github")));
    assert_true(slice_eq(answer.entry.body, SLICE("{\"zen\": \"x\"}")));
    assert_true(slice_eq(answer.entry.delivery_id, SLICE("72d3162e")));
    assert_false(answer.is_handshake);
    kept = answer.entry.headers.items; /* only those on the sender's list, spelt as there */
    assert_int_equal(answer.entry.headers.n_items, 2);
    assert_true(slice_eq(kept[0].name, SLICE("X-GitHub-Event")));
    assert_true(slice_eq(kept[0].value, SLICE("push")));
}

static void h04_a_body_over_the_limit_is_413(void **state)
{
    static char body[1100] = "{\"a\": 1}";

    memset(body + 8, ' ', sizeof body - 8);
    assert_int_equal(receive_body(*state, "alertmanager", (struct slice){ body, 1024 }).status, 0);
    assert_int_equal(receive_body(*state, "alertmanager", (struct slice){ body, 1025 }).status,
                     413);
    assert_int_equal(webhook_max_body_bytes(door(*state, "github")), 25 * 1024 * 1024);
    assert_int_equal(webhook_max_body_bytes(door(*state, "any")), 5 * 1024 * 1024);
}

static void h08_content_types_other_than_the_senders_are_415(void **state)
{
    static const struct {
        const char *door, *type;
        bool is_taken;
    } types[] = {
        { "any", "application/json", true },
        { "any", "Application/JSON; charset=utf-8", true },
        { "any", "application/cloudevents+json", true },
        { "any", "application/x-www-form-urlencoded", false },
        { "any", "text/plain", false },
        { "any", "application/jsonp", false },
        { "any", "application/+json", false },
        { "any", "", false },
        { "any", NULL, false },
        { "github", "application/x-www-form-urlencoded", true },
        { "alertmanager", "application/x-www-form-urlencoded", false },
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct attempt attempt = signed_attempt(*state, types[i].door, SLICE("{}"));
        struct webhook_answer answer;

        print_message("%s %s\n", types[i].door, types[i].type ? types[i].type : "(none)");
        attempt.content_type = slice_of(types[i].type);
        answer = receive(*state, types[i].door, &attempt);
        assert_int_equal(answer.status == 415, !types[i].is_taken);
    }
}

static void h09_what_is_not_one_json_value_is_400_and_says_where(void **state)
{
    static const struct {
        const char *body;
        const char *where;
    } bodies[] = {
        { "", "byte 0" },
        { " ", "byte 1" },
        { "{\"a\":1} x", "byte 8" },
        { "{}{}", "byte 2" },
        { "nullx", "byte 4" },
        { "\xef\xbb\xbf{}", "byte 0" },
        { "{\"a\":01}", "byte" },
        { "{\"a\":1", "byte" },
        { "{\"a\":\"\xff\"}", "byte" },
        { "Hello, World!", "byte 0" },
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct webhook_answer answer = receive_body(*state, "any", slice_of(bodies[i].body));
        size_t offset;

        print_message("%s -> %.*s\n", bodies[i].body, SLICE_ARG(answer.detail));
        assert_int_equal(answer.status, 400);
        assert_string_equal(answer.reason, "json");
        assert_int_equal(slice_find(answer.detail, slice_of(bodies[i].where), &offset), RC_OK);
    }
}

static void h10_a_key_twice_is_400(void **state)
{
    assert_int_equal(receive_body(*state, "any", SLICE("{\"a\":1,\"a\":2}")).status, 400);
    assert_int_equal(receive_body(*state, "any", SLICE("{\"x\":{\"a\":1,\"a\":2}}")).status, 400);
    assert_int_equal(receive_body(*state, "any", SLICE("{\"a\":1,\"A\":2}")).status, 0);
}

static void h11_nesting_bombs_are_400(void **state)
{
    static char deep[200000];
    struct buffer wide;

    memset(deep, '[', sizeof deep);
    assert_int_equal(receive_body(*state, "any", (struct slice){ deep, sizeof deep }).status, 400);
    buffer_init(&wide, 0);
    buffer_add_byte(&wide, '[');
    for (size_t i = 0; i < 250000; i++)
        buffer_add_text(&wide, "[],");
    buffer_add_text(&wide, "[]]");
    assert_int_equal(receive_body(*state, "any", buffer_slice(&wide)).status, 400);
    buffer_free(&wide);
}

static void h12_a_nul_in_a_string_is_400_for_every_sender(void **state)
{
    static const char *const names[] = { "github", "alertmanager", "any", "signed", "by-path" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        print_message("%s\n", names[i]);
        assert_int_equal(receive_body(*state, names[i], SLICE("{\"a\":\"a\\u0000b\"}")).status,
                         400);
        assert_int_equal(receive_body(*state, names[i], SLICE("{\"a\":\"a\0b\"}")).status, 400);
        assert_int_equal(receive_body(*state, names[i], SLICE("{\"a\\u0000\":1}")).status, 400);
    }
}

static void a_body_of_another_shape_is_400(void **state)
{
    static const struct {
        const char *door, *body;
        int status;
    } shapes[] = {
        { "any", "{\"a\":1}", 0 }, { "any", " [{\"a\":1}]", 0 },  { "any", "\"text\"", 400 },
        { "any", "7", 400 },       { "any", "null", 400 },        { "github", "{}", 0 },
        { "github", "[{}]", 400 }, { "alertmanager", "\n{}", 0 }, { "alertmanager", "[]", 400 },
    };

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        print_message("%s %s\n", shapes[i].door, shapes[i].body);
        assert_int_equal(receive_body(*state, shapes[i].door, slice_of(shapes[i].body)).status,
                         shapes[i].status);
    }
}

static void h14_missing_wrong_and_doubled_proofs_get_the_same_401(void **state)
{
    static const char wrong[] = "sha256="
                                "0000000000000000000000000000000000000000000000000000000000000000";
    struct attempt attempts[4];

    attempts[0] = (struct attempt){ .content_type = JSON_TYPE, .body = SLICE("{}") };
    attempts[1] = attempts[0];
    add_header(&attempts[1], "X-Hub-Signature-256", wrong);
    attempts[2] = attempts[0];
    add_header(&attempts[2], "Authorization", "Bearer gh-secret"); /* another scheme's header */
    attempts[3] = signed_attempt(*state, "github", SLICE("{}"));
    add_header(&attempts[3], "X-Hub-Signature-256", wrong);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        struct webhook_answer answer = receive(*state, "github", &attempts[i]);

        assert_int_equal(answer.status, 401);
        assert_string_equal(answer.reason, "signature");
        assert_string_equal(answer.title, "Not authorised");
        assert_true(slice_is_absent(answer.detail));
    }
}

static void h14_a_body_written_out_again_is_401(void **state)
{
    struct attempt attempt = signed_attempt(*state, "github", SLICE("{\"a\": 1.0}"));

    attempt.body = SLICE("{\"a\":1.0}");
    assert_int_equal(receive(*state, "github", &attempt).status, 401);
}

static void h14_nothing_of_a_body_is_read_before_its_signature(void **state)
{
    struct attempt attempt = { .content_type = JSON_TYPE, .body = SLICE("{{{") };

    assert_int_equal(receive(*state, "github", &attempt).status, 401);
}

static void both_secrets_open_the_door_while_they_rotate(void **state)
{
    struct configured *configured = *state;
    struct attempt attempt = signed_attempt(configured, "signed", SLICE("{}"));
    struct configured other = *configured;

    assert_int_equal(receive(configured, "signed", &attempt).status, 0);
    assert_int_equal(configured_load(&other, "- {webhook: generic, name: signed, secret: old-one}"),
                     RC_OK);
    attempt = signed_attempt(&other, "signed", SLICE("{}"));
    assert_int_equal(receive(configured, "signed", &attempt).status, 0);
}

static void h15_a_senders_own_id_is_remembered_for_seven_days(void **state)
{
    struct attempt attempt = signed_attempt(*state, "github", SLICE("{}"));
    struct webhook_answer answer;

    add_header(&attempt, "X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    answer = receive(*state, "github", &attempt);
    assert_int_equal(answer.dedup_ms, 7 * DAY_MS);
}

static void h16_a_delivery_sent_again_has_the_same_id(void **state)
{
    struct attempt attempt = signed_attempt(*state, "alertmanager", SLICE("{\"alerts\":[]}"));
    struct webhook_answer first = receive(*state, "alertmanager", &attempt);
    struct webhook_answer second = receive(*state, "alertmanager", &attempt);

    assert_true(first.entry.delivery_id.len > 0);
    assert_true(slice_eq(first.entry.delivery_id, second.entry.delivery_id));
}

static void h17_without_an_id_the_digest_of_the_body_stands_in_for_a_while(void **state)
{
    struct webhook_answer one = receive_body(*state, "any", SLICE("{\"a\":1}"));
    struct webhook_answer same = receive_body(*state, "any", SLICE("{\"a\":1}"));
    struct webhook_answer other = receive_body(*state, "any", SLICE("{\"a\":2}"));

    assert_true(slice_eq(one.entry.delivery_id, same.entry.delivery_id));
    assert_false(slice_eq(one.entry.delivery_id, other.entry.delivery_id));
    assert_int_equal(one.dedup_ms, 90 * SECOND_MS);
    assert_int_equal(receive_body(*state, "alertmanager", SLICE("{}")).dedup_ms, 5 * MINUTE_MS);
}

static void h17_the_configured_path_comes_before_the_headers(void **state)
{
    static const struct {
        const char *body;
        const char *expected;
    } bodies[] = {
        { "{\"a\":{\"id\":\"x-1\"}}", "x-1" },
        { "{\"a\":{\"id\":9007199254740993}}", "9007199254740993" }, /* beyond 2^53 */
        { "{\"a\":{\"id\":null}}", "from-header" },
        { "{\"a\":[]}", "from-header" },
        { "[{\"a\":{\"id\":\"x-1\"}}]", "from-header" },
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct attempt attempt = signed_attempt(*state, "by-path", slice_of(bodies[i].body));
        struct webhook_answer answer;

        print_message("%s\n", bodies[i].body);
        add_header(&attempt, "Idempotency-Key", "from-header");
        answer = receive(*state, "by-path", &attempt);
        assert_true(slice_eq(answer.entry.delivery_id, slice_of(bodies[i].expected)));
        assert_int_equal(answer.dedup_ms, 7 * DAY_MS);
    }
}

static void the_first_of_the_senders_id_headers_counts(void **state)
{
    struct attempt attempt = signed_attempt(*state, "any", SLICE("{}"));

    add_header(&attempt, "ce-id", "3");
    add_header(&attempt, "Idempotency-Key", "2");
    add_header(&attempt, "Webhook-Id", "1");
    assert_true(slice_eq(receive(*state, "any", &attempt).entry.delivery_id, SLICE("1")));
}

/* A proxy gives each attempt an X-Request-ID of its own: a retry would be another delivery. */
static void h17_the_id_of_a_request_is_the_deliverys_where_it_is_configured(void **state)
{
    struct attempt attempt = signed_attempt(*state, "any", SLICE("{}"));
    struct attempt named = signed_attempt(*state, "by-header", SLICE("{}"));

    add_header(&attempt, "X-Request-ID", "2");
    assert_true(slice_starts(receive(*state, "any", &attempt).entry.delivery_id, SLICE("sha256:")));
    add_header(&named, "Webhook-Id", "1");
    add_header(&named, "X-Request-ID", "2");
    assert_true(slice_eq(receive(*state, "by-header", &named).entry.delivery_id, SLICE("2")));
    add_header(&named, "X-Request-Id", "3");
    assert_int_equal(receive(*state, "by-header", &named).status, 400);
}

static void a_delivery_id_that_cannot_be_used_is_400(void **state)
{
    static char long_id[258];
    struct attempt attempts[3];

    for (size_t i = 0; i < 3; i++)
        attempts[i] = signed_attempt(*state, "any", SLICE("{}"));
    memset(long_id, 'x', sizeof long_id - 1);
    add_header(&attempts[0], "webhook-id", "a\tb");
    add_header(&attempts[1], "webhook-id", long_id);
    add_header(&attempts[2], "webhook-id", "a");
    add_header(&attempts[2], "Webhook-ID", "b");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(receive(*state, "any", &attempts[i]).status, 400);
}

static void a_form_of_github_is_signed_raw_and_read_decoded(void **state)
{
    static const struct {
        const char *body;
        int status;
    } forms[] = {
        { "payload=%7B%22a%22%3A+1%7D", 0 },
        { "payload=%7B%22a%22%3A", 400 },
        { "payload=%7B%22a%22%3A%22%5Cu0000%22%7D", 400 },
        { "other=%7B%7D", 400 },
        { "payload=%7B%7D&payload=%7B%7D", 400 },
        { "", 400 },
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct attempt attempt = signed_attempt(*state, "github", slice_of(forms[i].body));
        struct webhook_answer answer;

        print_message("%s\n", forms[i].body);
        attempt.content_type = SLICE("application/x-www-form-urlencoded");
        answer = receive(*state, "github", &attempt);
        assert_int_equal(answer.status, forms[i].status);
        if (!answer.status)
            assert_true(slice_eq(answer.entry.body, SLICE("{\"a\": 1}")));
    }
}

static void a_ping_is_a_handshake_and_taken_like_any_other(void **state)
{
    struct attempt attempt = signed_attempt(*state, "github", SLICE("{\"zen\":\"x\"}"));
    struct webhook_answer answer;

    add_header(&attempt, "X-GitHub-Event", "ping");
    answer = receive(*state, "github", &attempt);
    assert_int_equal(answer.status, 0);
    assert_true(answer.is_handshake);
}

static void more_than_ten_thousand_events_are_413(void **state)
{
    struct buffer body;

    buffer_init(&body, 0);
    buffer_add_text(&body, "[{}");
    for (size_t i = 1; i < 10000; i++)
        buffer_add_text(&body, ",{}");
    buffer_add_byte(&body, ']');
    assert_int_equal(receive_body(*state, "any", buffer_slice(&body)).status, 0);
    body.ptr[body.len - 1] = ',';
    buffer_add_text(&body, "{}]");
    assert_int_equal(receive_body(*state, "any", buffer_slice(&body)).status, 413);
    buffer_free(&body);
}

static void what_is_signed_is_accepted_with_its_type_and_id(void **state)
{
    struct configured *configured = *state;
    struct attempt attempt = { .content_type = JSON_TYPE, .body = SLICE("{}") };
    struct webhook_answer answer;
    struct header *headers;

    assert_int_equal(webhook_sign(door(configured, "github"), SLICE("ping"), SLICE("id-1"),
                                  attempt.body, NOW_MS, configured->arena, &headers,
                                  &attempt.n_headers),
                     RC_OK);
    memcpy(attempt.headers, headers, attempt.n_headers * sizeof *headers);
    answer = receive(configured, "github", &attempt);
    assert_int_equal(answer.status, 0);
    assert_true(answer.is_handshake);
    assert_true(slice_eq(answer.entry.delivery_id, SLICE("id-1")));
    assert_true(slice_eq(answer.entry.event_type, SLICE("ping")));
}

static void the_event_type_is_what_a_header_says_and_absent_where_none_does(void **state)
{
    struct attempt attempt = signed_attempt(*state, "github", SLICE("{}"));

    assert_true(slice_is_absent(receive(*state, "github", &attempt).entry.event_type));
    add_header(&attempt, "X-GitHub-Event", "check_run");
    assert_true(slice_eq(receive(*state, "github", &attempt).entry.event_type, SLICE("check_run")));
}

#define DOOR_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, configured_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOOR_TEST(what_is_proven_and_whole_becomes_an_entry_of_the_journal),
        DOOR_TEST(h04_a_body_over_the_limit_is_413),
        DOOR_TEST(h08_content_types_other_than_the_senders_are_415),
        DOOR_TEST(h09_what_is_not_one_json_value_is_400_and_says_where),
        DOOR_TEST(h10_a_key_twice_is_400),
        DOOR_TEST(h11_nesting_bombs_are_400),
        DOOR_TEST(h12_a_nul_in_a_string_is_400_for_every_sender),
        DOOR_TEST(a_body_of_another_shape_is_400),
        DOOR_TEST(h14_missing_wrong_and_doubled_proofs_get_the_same_401),
        DOOR_TEST(h14_a_body_written_out_again_is_401),
        DOOR_TEST(h14_nothing_of_a_body_is_read_before_its_signature),
        DOOR_TEST(both_secrets_open_the_door_while_they_rotate),
        DOOR_TEST(h15_a_senders_own_id_is_remembered_for_seven_days),
        DOOR_TEST(h16_a_delivery_sent_again_has_the_same_id),
        DOOR_TEST(h17_without_an_id_the_digest_of_the_body_stands_in_for_a_while),
        DOOR_TEST(h17_the_configured_path_comes_before_the_headers),
        DOOR_TEST(the_first_of_the_senders_id_headers_counts),
        DOOR_TEST(h17_the_id_of_a_request_is_the_deliverys_where_it_is_configured),
        DOOR_TEST(a_delivery_id_that_cannot_be_used_is_400),
        DOOR_TEST(a_form_of_github_is_signed_raw_and_read_decoded),
        DOOR_TEST(a_ping_is_a_handshake_and_taken_like_any_other),
        DOOR_TEST(the_event_type_is_what_a_header_says_and_absent_where_none_does),
        DOOR_TEST(more_than_ten_thousand_events_are_413),
        DOOR_TEST(what_is_signed_is_accepted_with_its_type_and_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
