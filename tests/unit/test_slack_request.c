#include "slack_fixture.h"

#include "src/base/json.h"

#define LEFT_OUT "(left out)"

/* The request for a call, and its body as a tree. */
struct sent {
    struct http_request request;
    struct json *body; /* NULL: a form */
};

static struct sent make(struct slack_fixture *fixture, const struct channel_call *call)
{
    struct sent sent = { 0 };
    struct json_fault fault;

    assert_int_equal(slack_request(call, fixture->arena, &sent.request), RC_OK);
    if (slice_starts(sent.request.body, SLICE("{")))
        assert_int_equal(json_parse(sent.request.body, JSON_LIMITS_DEFAULT, &sent.body, &fault),
                         RC_OK);
    return sent;
}

static void check_text(struct slice text, const char *expected)
{
    if (!slice_eq(text, slice_of(expected)))
        fail_msg("got: %.*s\nnot: %s", SLICE_ARG(text), expected ? expected : "(absent)");
}

static void check_member(const struct sent *sent, const char *path, const char *expected)
{
    struct arena *arena;
    struct json_path *found;
    struct json_fault fault;
    struct slice text;

    assert_int_equal(arena_new(1 << 16, &arena), RC_OK);
    assert_int_equal(json_path_parse(slice_of(path), arena, &found, &fault), RC_OK);
    text = json_text(json_path_get(found, sent->body));
    if (slice_is_absent(text))
        text = SLICE(LEFT_OUT);
    print_message("# %s\n", path);
    check_text(text, expected);
    arena_free(arena);
}

struct member {
    const char *path, *value;
};

#define check_members(sent, ...)                                                                   \
    check_all((sent), (const struct member[]){ __VA_ARGS__ },                                      \
              sizeof((const struct member[]){ __VA_ARGS__ }) / sizeof(struct member))
static void check_all(const struct sent *sent, const struct member *members, size_t n_members)
{
    for (size_t i = 0; i < n_members; i++)
        check_member(sent, members[i].path, members[i].value);
}

/* -- what every call has -- */

static void the_token_is_in_one_header_and_nowhere_else(void **state)
{
    static const enum message_part parts[] = { MESSAGE_CARD, MESSAGE_EDIT, MESSAGE_NOTE };
    struct slack_fixture *fixture = *state;
    size_t ignored;

    for (size_t i = 0; i < 3; i++) {
        struct sent sent = make(fixture, slack_call(fixture, parts[i]));

        check_text(sent.request.method, "POST");
        assert_int_equal(sent.request.n_headers, 2);
        check_text(sent.request.headers[0].name, "Authorization");
        check_text(sent.request.headers[0].value, "Bearer " SLACK_TOKEN);
        check_text(sent.request.headers[1].name, "Content-Type");
        check_text(sent.request.headers[1].value, "application/json; charset=utf-8");
        assert_int_equal(slice_find(sent.request.url, SLICE("xoxb"), &ignored), RC_NOT_FOUND);
        assert_int_equal(slice_find(sent.request.body, SLICE("xoxb"), &ignored), RC_NOT_FOUND);
        assert_int_equal(sent.request.timeout_ms, 10000);
        json_free(sent.body);
    }
}

/* -- cards -- */

static void a_card_is_posted_so_that_it_pings_nobody_and_fetches_nothing(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent = make(fixture, slack_call(fixture, MESSAGE_CARD));

    check_text(sent.request.url, "https://slack.example.com/api/chat.postMessage");
    check_members(&sent, { "channel", "C0123456789" }, { "parse", "none" }, { "mrkdwn", "false" },
                  { "unfurl_links", "false" }, { "unfurl_media", "false" },
                  { "link_names", LEFT_OUT }, { "thread_ts", LEFT_OUT },
                  { "reply_broadcast", LEFT_OUT });
    assert_true(json_string(json_get_text(sent.body, "text")).len > 0);
    assert_int_equal(json_type_of(json_get_text(sent.body, "blocks")), JSON_ARRAY);
    json_free(sent.body);
}

static void o03_a_card_says_in_its_metadata_whose_it_is(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent = make(fixture, slack_call(fixture, MESSAGE_CARD));

    check_members(&sent, { "metadata.event_type", "vedette_proposal" },
                  { "metadata.event_payload.proposal", SLACK_PROPOSAL },
                  { "metadata.event_payload.revision", "2" });
    json_free(sent.body);
}

static void o13_what_slack_refused_once_goes_without_metadata(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent;

    fixture->message.is_plain = true;
    fixture->card.is_plain = true;
    sent = make(fixture, slack_call(fixture, MESSAGE_CARD));
    assert_null(json_get_text(sent.body, "metadata"));
    json_free(sent.body);
}

static void a_card_goes_to_the_channels_own_place_where_no_route_says_another(void **state)
{
    static const struct {
        struct slice place;
        const char *channel;
    } cases[] = { { { NULL, 0 }, "C0123456789" }, { { "C0987654321", 11 }, "C0987654321" } };
    struct slack_fixture *fixture = *state;

    for (size_t i = 0; i < 2; i++) {
        struct sent sent;

        fixture->message.place = cases[i].place;
        sent = make(fixture, slack_call(fixture, MESSAGE_CARD));
        check_member(&sent, "channel", cases[i].channel);
        json_free(sent.body);
    }
}

/* -- changes -- */

static void a_change_has_text_and_blocks_and_is_told_not_to_parse(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent;

    (void)slack_call(fixture, MESSAGE_EDIT);
    fixture->message.handle_place = SLICE("C0AAAAAAAA");
    sent = make(fixture, &fixture->call);
    check_text(sent.request.url, "https://slack.example.com/api/chat.update");
    check_members(&sent, { "channel", "C0AAAAAAAA" }, { "ts", "1503435956.000247" },
                  { "parse", "none" }, { "metadata.event_payload.revision", "2" });
    assert_true(json_string(json_get_text(sent.body, "text")).len > 0);
    assert_true(json_count(json_get_text(sent.body, "blocks")) > 0);
    json_free(sent.body);
}

/* -- notes -- */

static void a_note_goes_into_the_cards_thread(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent = make(fixture, slack_call(fixture, MESSAGE_NOTE));

    check_text(sent.request.url, "https://slack.example.com/api/chat.postMessage");
    check_members(&sent, { "channel", "C0123456789" }, { "thread_ts", "1503435956.000247" },
                  { "reply_broadcast", LEFT_OUT }, { "text", "step 1 of 2 is done" },
                  { "parse", "none" }, { "mrkdwn", "false" },
                  { "metadata.event_type", "vedette_note" },
                  { "metadata.event_payload.proposal", SLACK_PROPOSAL },
                  { "metadata.event_payload.note", "3" });
    json_free(sent.body);
}

static void a_loud_note_is_seen_in_the_channel_as_well(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent;

    fixture->note.is_loud = true;
    sent = make(fixture, slack_call(fixture, MESSAGE_NOTE));
    check_member(&sent, "reply_broadcast", "true");
    json_free(sent.body);
}

static void a_note_beside_its_card_says_which_one_it_belongs_to(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent;

    (void)slack_call(fixture, MESSAGE_NOTE);
    fixture->message.is_unthreaded = true;
    fixture->note.is_loud = true;
    sent = make(fixture, &fixture->call);
    check_members(&sent, { "text", "test is red on main: step 1 of 2 is done" },
                  { "thread_ts", LEFT_OUT }, { "reply_broadcast", LEFT_OUT });
    json_free(sent.body);
    fixture->call.card = NULL;
    sent = make(fixture, &fixture->call);
    check_member(&sent, "text", SLACK_PROPOSAL ": step 1 of 2 is done");
    json_free(sent.body);
}

static void what_is_about_no_proposal_is_said_as_it_is(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent;

    (void)slack_call(fixture, MESSAGE_NOTE);
    fixture->message.proposal = (struct ulid){ 0 };
    fixture->message.handle = (struct slice){ 0 };
    sent = make(fixture, &fixture->call);
    check_members(&sent, { "text", "step 1 of 2 is done" }, { "metadata.event_type", LEFT_OUT });
    json_free(sent.body);
}

/* -- looking -- */

static void o03_a_lost_card_is_looked_for_around_the_time_it_was_sent(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent;

    fixture->call.is_search = true;
    sent = make(fixture, slack_call(fixture, MESSAGE_CARD));
    check_text(sent.request.url, "https://slack.example.com/api/conversations.history");
    check_text(sent.request.headers[1].value, "application/x-www-form-urlencoded");
    check_text(sent.request.body,
               "channel=C0123456789&oldest=1795262340.250000&latest=1795262700.250000&limit=100"
               "&include_all_metadata=true");
    assert_int_equal(sent.request.answer_limit_bytes, SLACK_SEARCH_LIMIT_BYTES);
    assert_int_equal(sent.request.timeout_ms, 10000);
}

static void o03_a_lost_note_is_looked_for_where_it_was_sent_to(void **state)
{
    struct slack_fixture *fixture = *state;
    struct sent sent;

    fixture->call.is_search = true;
    sent = make(fixture, slack_call(fixture, MESSAGE_NOTE));
    check_text(sent.request.url, "https://slack.example.com/api/conversations.replies");
    check_text(sent.request.body,
               "channel=C0123456789&ts=1503435956.000247&oldest=1795262340.250000"
               "&latest=1795262700.250000&limit=100&include_all_metadata=true");
    fixture->message.is_unthreaded = true;
    sent = make(fixture, &fixture->call);
    check_text(sent.request.url, "https://slack.example.com/api/conversations.history");
}

/* -- what nothing is made of -- */

static void what_is_no_id_is_put_into_no_request(void **state)
{
    static const struct {
        enum message_part part;
        const char *place, *ts;
    } cases[] = {
        { MESSAGE_CARD, "#ops", "1.2" },       { MESSAGE_CARD, "C1&limit=1", "1.2" },
        { MESSAGE_CARD, "", "1.2" },           { MESSAGE_EDIT, "C0123456789", "" },
        { MESSAGE_EDIT, "C0123456789", "1" },  { MESSAGE_NOTE, "C0123456789", "1.2&ts=3.4" },
        { MESSAGE_NOTE, "C0123456789", ".2" }, { MESSAGE_NOTE, "C0123456789", "1.2.3" },
    };
    struct slack_fixture *fixture = *state;
    struct http_request request;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)slack_call(fixture, cases[i].part);
        fixture->message.place = slice_of(cases[i].place);
        fixture->message.handle_place = fixture->message.place;
        fixture->message.handle = slice_of(cases[i].ts);
        print_message("# %s %s\n", cases[i].place, cases[i].ts);
        assert_int_equal(slack_request(&fixture->call, fixture->arena, &request), RC_INVALID);
    }
}

static void a_call_without_memory_is_refused(void **state)
{
    struct slack_fixture *fixture = *state;
    struct http_request request;
    struct arena *small;

    assert_int_equal(arena_new(64, &small), RC_OK);
    assert_int_not_equal(slack_request(slack_call(fixture, MESSAGE_CARD), small, &request), RC_OK);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SLACK_TEST(the_token_is_in_one_header_and_nowhere_else),
        SLACK_TEST(a_card_is_posted_so_that_it_pings_nobody_and_fetches_nothing),
        SLACK_TEST(o03_a_card_says_in_its_metadata_whose_it_is),
        SLACK_TEST(o13_what_slack_refused_once_goes_without_metadata),
        SLACK_TEST(a_card_goes_to_the_channels_own_place_where_no_route_says_another),
        SLACK_TEST(a_change_has_text_and_blocks_and_is_told_not_to_parse),
        SLACK_TEST(a_note_goes_into_the_cards_thread),
        SLACK_TEST(a_loud_note_is_seen_in_the_channel_as_well),
        SLACK_TEST(a_note_beside_its_card_says_which_one_it_belongs_to),
        SLACK_TEST(what_is_about_no_proposal_is_said_as_it_is),
        SLACK_TEST(o03_a_lost_card_is_looked_for_around_the_time_it_was_sent),
        SLACK_TEST(o03_a_lost_note_is_looked_for_where_it_was_sent_to),
        SLACK_TEST(what_is_no_id_is_put_into_no_request),
        SLACK_TEST(a_call_without_memory_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
