#include "slack_fixture.h"

#include "src/base/clock.h"

/* -- what Slack said -- */

static struct channel_result read_http(struct slack_fixture *fixture, enum message_part part,
                                       struct http_answer answer)
{
    struct channel_result result;

    slack_read(slack_call(fixture, part), RC_OK, &answer, fixture->arena, &result);
    return result;
}

static struct channel_result read_json(struct slack_fixture *fixture, enum message_part part,
                                       const char *json)
{
    return read_http(fixture, part,
                     (struct http_answer){ .status = 200,
                                           .content_type = SLICE("application/json; charset=utf-8"),
                                           .body = slice_of(json) });
}

static struct channel_result search_json(struct slack_fixture *fixture, enum message_part part,
                                         const char *json)
{
    fixture->call.is_search = true;
    return read_json(fixture, part, json);
}

static struct channel_result read_code(struct slack_fixture *fixture, enum message_part part,
                                       const char *code)
{
    struct slice json;

    assert_int_equal(arena_format(fixture->arena, &json, "{\"ok\":false,\"error\":\"%s\"}", code),
                     RC_OK);
    return read_json(fixture, part, json.ptr);
}

static struct channel_result fail_with(struct slack_fixture *fixture, enum message_part part,
                                       enum rc rc, struct http_answer answer)
{
    struct channel_result result;

    slack_read(slack_call(fixture, part), rc, &answer, fixture->arena, &result);
    return result;
}

static void check_text(struct slice text, const char *expected)
{
    if (!slice_eq(text, slice_of(expected)))
        fail_msg("got: %.*s\nnot: %s", SLICE_ARG(text), expected ? expected : "(absent)");
}

static bool says(struct slice text, const char *part)
{
    size_t ignored;

    return slice_find(text, slice_of(part), &ignored) == RC_OK;
}

/* -- done -- */

static void a_card_that_slack_took_is_known_by_the_channel_and_ts_of_the_answer(void **state)
{
    struct channel_result result =
        read_json(*state, MESSAGE_CARD,
                  "{\"ok\":true,\"channel\":\"C0987654321\",\"ts\":\"1503435956.000247\","
                  "\"message\":{\"text\":\"x\"}}");

    assert_int_equal(result.outcome, CHANNEL_SENT);
    check_text(result.handle, "1503435956.000247");
    check_text(result.place, "C0987654321");
    check_text(result.error, NULL);
}

static void a_changed_card_and_a_note_have_no_handle_of_their_own(void **state)
{
    static const enum message_part parts[] = { MESSAGE_EDIT, MESSAGE_NOTE };

    for (size_t i = 0; i < 2; i++) {
        struct channel_result result = read_json(
            *state, parts[i], "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"1503435957.000100\"}");

        assert_int_equal(result.outcome, CHANNEL_SENT);
        assert_true(slice_is_absent(result.handle) && slice_is_absent(result.place));
    }
}

/* -- no answer -- */

static void o03_a_lost_answer_may_be_a_posted_card_but_a_change_can_be_repeated(void **state)
{
    static const struct {
        enum message_part part;
        bool may_have_arrived;
        enum channel_outcome outcome;
    } cases[] = {
        { MESSAGE_CARD, false, CHANNEL_RETRY }, { MESSAGE_CARD, true, CHANNEL_LOST },
        { MESSAGE_NOTE, false, CHANNEL_RETRY }, { MESSAGE_NOTE, true, CHANNEL_LOST },
        { MESSAGE_EDIT, false, CHANNEL_RETRY }, { MESSAGE_EDIT, true, CHANNEL_RETRY },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel_result result =
            fail_with(*state, cases[i].part, RC_TIMEOUT,
                      (struct http_answer){ .error = "no answer in time",
                                            .may_have_arrived = cases[i].may_have_arrived });

        assert_int_equal(result.outcome, cases[i].outcome);
        check_text(result.error, "no answer in time");
    }
}

static void o14_a_certificate_that_proves_nothing_stops_the_channel_with_what_to_do(void **state)
{
    struct channel_result result = fail_with(
        *state, MESSAGE_CARD, RC_IO,
        (struct http_answer){ .error = "the certificate is not valid", .is_unproven = true });

    assert_int_equal(result.outcome, CHANNEL_STOPPED);
    check_text(result.error,
               "the certificate is not valid, so nothing was sent: is something between us and "
               "Slack, is the clock right, are the system's ca-certificates there?");
}

static void a_request_that_cannot_be_made_stops_the_channel(void **state)
{
    struct channel_result result =
        fail_with(*state, MESSAGE_EDIT, RC_INVALID, (struct http_answer){ .error = "not a URL" });

    assert_int_equal(result.outcome, CHANNEL_STOPPED);
    check_text(result.error, "the request cannot be made: not a URL; are `base_url` and the token "
                             "right?");
}

/* -- too fast -- */

static void o02_the_pause_is_as_long_as_slack_asks_to_the_second(void **state)
{
    static const struct {
        const char *lines;
        int64_t wait_ms;
    } cases[] = {
        { "HTTP/1.1 429 Too Many Requests\r\nretry-after: 30\r\n", 30000 },
        { "Retry-After: 1\r\n", 1000 },
        { "Retry-After: 0\r\n", 1000 },
        { "Retry-After:  86399 \r\n", 86399000 },
        { "Retry-After: 86401\r\n", DAY_MS },
        { "Retry-After: -5\r\n", 30000 },
        { "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", 30000 },
        { "X-Other: 1\r\n", 30000 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel_result result =
            read_http(*state, MESSAGE_CARD,
                      (struct http_answer){ .status = 429,
                                            .header_lines = slice_of(cases[i].lines),
                                            .body = SLICE("<html>slow down</html>") });

        print_message("# %s\n", cases[i].lines);
        assert_int_equal(result.outcome, CHANNEL_WAIT);
        assert_int_equal(result.wait_ms, cases[i].wait_ms);
        assert_true(says(result.error, "too fast"));
    }
}

static void o02_the_code_ratelimited_waits_as_the_status_does(void **state)
{
    static const char *const codes[] = { "ratelimited", "rate_limited" };

    for (size_t i = 0; i < 2; i++) {
        struct channel_result result = read_code(*state, MESSAGE_EDIT, codes[i]);

        assert_int_equal(result.outcome, CHANNEL_WAIT);
        assert_int_equal(result.wait_ms, 30000);
    }
}

/* -- no answer of Slack's -- */

static void o07_nothing_but_a_whole_ok_with_status_200_and_a_ts_is_a_posted_card(void **state)
{
    const struct http_answer answers[] = {
        { .status = 200,
          .content_type = SLICE("text/html"),
          .body = SLICE("<html>sign in</html>") },
        { .status = 200, .body = SLICE("") },
        { .status = 200, .body = SLICE("null") },
        { .status = 200, .body = SLICE("[true]") },
        { .status = 200, .body = SLICE("{\"ok\":true") },
        { .status = 200, .body = SLICE("{\"ok\":true,\"ts\":\"1.2\"} trailing") },
        { .status = 200, .body = SLICE("{\"ok\":\"true\",\"ts\":\"1.2\"}") },
        { .status = 200, .body = SLICE("{\"ok\":1,\"ts\":\"1.2\"}") },
        { .status = 200, .body = SLICE("{\"ts\":\"1.2\"}") },
        { .status = 200, .body = SLICE("{\"ok\":false}") },
        { .status = 200, .body = SLICE("{\"ok\":false,\"error\":7}") },
        { .status = 200, .body = SLICE("{\"ok\":true}") },
        { .status = 200, .body = SLICE("{\"ok\":true,\"ts\":1503435956.000247}") },
        { .status = 200, .body = SLICE("{\"ok\":true,\"ts\":\"\"}") },
        { .status = 200, .body = SLICE("{\"ok\":true,\"ts\":\"1.2&channel=C2\"}") },
        { .status = 200, .body = SLICE("{\"ok\":true,\"ts\":\"1.2\"}"), .truncated = true },
        { .status = 201, .body = SLICE("{\"ok\":true,\"ts\":\"1.2\"}") },
        { .status = 302, .body = SLICE("") },
        { .status = 302, .body = SLICE("{\"ok\":true,\"ts\":\"1.2\"}") },
        { .status = 404, .body = SLICE("not found") },
        { .status = 502, .body = SLICE("<html>bad gateway</html>") },
        { .status = 503, .body = SLICE("{\"ok\":true,\"ts\":\"1.2\"}") },
        { .status = 500, .body = SLICE("{\"ok\":false,\"error\":\"fatal_error\"}") },
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct channel_result result = read_http(*state, MESSAGE_CARD, answers[i]);

        print_message("# %d %.*s: %.*s\n", answers[i].status, SLICE_ARG(answers[i].body),
                      SLICE_ARG(result.error));
        assert_int_equal(result.outcome, CHANNEL_LOST);
        assert_true(result.error.len > 0);
        assert_true(slice_is_absent(result.handle));
    }
}

static void o07_a_note_that_met_no_answer_of_slacks_may_be_there_and_a_change_is_repeated(
    void **state)
{
    const struct http_answer answer = { .status = 302, .body = SLICE("moved") };

    assert_int_equal(read_http(*state, MESSAGE_NOTE, answer).outcome, CHANNEL_LOST);
    assert_int_equal(read_http(*state, MESSAGE_EDIT, answer).outcome, CHANNEL_RETRY);
    check_text(read_http(*state, MESSAGE_EDIT, answer).error,
               "HTTP 302, and not an answer of Slack's: is `base_url` right, is something between "
               "us and Slack?");
}

static void what_a_stranger_answers_is_not_shown(void **state)
{
    struct channel_result result = read_http(
        *state, MESSAGE_CARD,
        (struct http_answer){ .status = 200, .body = SLICE("Authorization: Bearer " SLACK_TOKEN) });

    assert_false(says(result.error, SLACK_TOKEN));
    result = read_code(*state, MESSAGE_CARD, SLACK_TOKEN);
    assert_int_equal(result.outcome, CHANNEL_DEAD);
    check_text(result.error, "an answer that repeats our token, and is not shown");
}

/* -- refused -- */

static void o04_every_code_has_its_outcome_and_says_what_to_do(void **state)
{
    static const struct {
        const char *code;
        enum channel_outcome card, edit, note;
    } cases[] = {
        { "internal_error", CHANNEL_LOST, CHANNEL_RETRY, CHANNEL_LOST },
        { "fatal_error", CHANNEL_LOST, CHANNEL_RETRY, CHANNEL_LOST },
        { "service_unavailable", CHANNEL_LOST, CHANNEL_RETRY, CHANNEL_LOST },
        { "request_timeout", CHANNEL_LOST, CHANNEL_RETRY, CHANNEL_LOST },
        { "update_failed", CHANNEL_RETRY, CHANNEL_RETRY, CHANNEL_RETRY },
        { "message_not_found", CHANNEL_DEAD, CHANNEL_ANEW, CHANNEL_ANEW },
        { "thread_not_found", CHANNEL_DEAD, CHANNEL_ANEW, CHANNEL_ANEW },
        { "cant_update_message", CHANNEL_DEAD, CHANNEL_ANEW, CHANNEL_ANEW },
        { "edit_window_closed", CHANNEL_DEAD, CHANNEL_ANEW, CHANNEL_ANEW },
        { "is_inactive", CHANNEL_DEAD, CHANNEL_ANEW, CHANNEL_ANEW },
        { "cannot_reply_to_message", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_UNTHREADED },
        { "restricted_action_non_threadable_channel", CHANNEL_DEAD, CHANNEL_DEAD,
          CHANNEL_UNTHREADED },
        { "invalid_auth", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "not_authed", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "account_inactive", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "token_revoked", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "token_expired", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "missing_scope", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "not_allowed_token_type", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "no_permission", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "access_denied", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "accesslimited", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "ekm_access_denied", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "enterprise_is_restricted", CHANNEL_STOPPED, CHANNEL_STOPPED, CHANNEL_STOPPED },
        { "channel_not_found", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "not_in_channel", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "is_archived", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "restricted_action", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "restricted_action_read_only_channel", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "restricted_action_thread_only_channel", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "restricted_action_thread_locked", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "messages_tab_disabled", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "message_limit_exceeded", CHANNEL_CLOSED, CHANNEL_CLOSED, CHANNEL_CLOSED },
        { "invalid_arguments", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "invalid_arg_name", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "invalid_form_data", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "invalid_charset", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "invalid_post_type", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "no_text", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "markdown_text_conflict", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "metadata_must_be_sent_from_app", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "as_user_not_supported", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "deprecated_endpoint", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "a_code_of_tomorrow", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
        { "invalid_auth2", CHANNEL_DEAD, CHANNEL_DEAD, CHANNEL_DEAD },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel_result card = read_code(*state, MESSAGE_CARD, cases[i].code);
        struct channel_result edit = read_code(*state, MESSAGE_EDIT, cases[i].code);
        struct channel_result note = read_code(*state, MESSAGE_NOTE, cases[i].code);

        print_message("# %.*s\n", SLICE_ARG(card.error));
        assert_int_equal(card.outcome, cases[i].card);
        assert_int_equal(edit.outcome, cases[i].edit);
        assert_int_equal(note.outcome, cases[i].note);
        assert_true(slice_starts(card.error, slice_of(cases[i].code)));
        assert_true(says(card.error, "; "));
    }
}

static void o13_what_is_too_much_for_slack_is_sent_once_more_smaller_and_plain(void **state)
{
    static const char *const codes[] = {
        "msg_too_long",
        "msg_blocks_too_long",
        "invalid_blocks",
        "invalid_blocks_format",
        "block_mismatch",
        "too_many_attachments",
        "attachment_payload_limit_exceeded",
        "metadata_too_large",
        "invalid_metadata_format",
        "invalid_metadata_schema",
    };
    static const enum message_part parts[] = { MESSAGE_CARD, MESSAGE_EDIT };
    struct slack_fixture *fixture = *state;

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        for (size_t j = 0; j < 2; j++) {
            fixture->message.is_plain = false;
            assert_int_equal(read_code(fixture, parts[j], codes[i]).outcome, CHANNEL_PLAINER);
            fixture->message.is_plain = true;
            assert_int_equal(read_code(fixture, parts[j], codes[i]).outcome, CHANNEL_DEAD);
        }
    }
}

static void o04_a_missing_scope_is_named_with_those_that_are_there(void **state)
{
    struct channel_result result =
        read_json(*state, MESSAGE_CARD,
                  "{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"chat:write\","
                  "\"provided\":\"commands,app_mentions:read\"}");

    assert_int_equal(result.outcome, CHANNEL_STOPPED);
    check_text(result.error, "missing_scope: needs chat:write, has commands,app_mentions:read; add "
                             "the scope to the app and install it again");
}

static void o13_the_block_that_slack_did_not_like_is_named(void **state)
{
    struct channel_result result = read_json(
        *state, MESSAGE_CARD,
        "{\"ok\":false,\"error\":\"invalid_blocks\",\"response_metadata\":{\"messages\":["
        "\"[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]\"]}}");

    check_text(result.error, "invalid_blocks ([ERROR] must be less than 151 characters "
                             "[json-pointer:/blocks/0/text/text]); smaller and plain it may be "
                             "taken; all of it is on the page");
}

static void what_slack_says_acts_on_no_terminal_and_has_an_end(void **state)
{
    struct slack_fixture *fixture = *state;
    char code[1001];
    struct channel_result result =
        read_json(fixture, MESSAGE_CARD, "{\"ok\":false,\"error\":\"\\u001b[2Jgone\"}");

    assert_true(slice_starts(result.error, SLICE("\\x1b[2Jgone; ")));
    memset(code, 'a', sizeof code - 1);
    code[sizeof code - 1] = '\0';
    assert_true(read_code(fixture, MESSAGE_CARD, code).error.len < 300);
}

static void a_note_that_stands_beside_its_card_is_not_taken_out_of_a_thread_again(void **state)
{
    struct slack_fixture *fixture = *state;

    fixture->message.is_unthreaded = true;
    assert_int_equal(read_code(fixture, MESSAGE_NOTE, "cannot_reply_to_message").outcome,
                     CHANNEL_DEAD);
}

/* -- looking for what may have arrived -- */

#define METADATA(type, payload)                                                                    \
    "\"metadata\":{\"event_type\":\"" type "\",\"event_payload\":{" payload "}}"
#define OF_PROPOSAL "\"proposal\":\"" SLACK_PROPOSAL "\""
#define CARD(ts)                                                                                   \
    "{\"ts\":\"" ts "\"," METADATA("vedette_proposal", OF_PROPOSAL ",\"revision\":1") "}"
#define NOTE(ts, number)                                                                           \
    "{\"ts\":\"" ts "\"," METADATA("vedette_note", OF_PROPOSAL ",\"note\":" number) "}"
#define HISTORY(messages) "{\"ok\":true,\"has_more\":false,\"messages\":[" messages "]}"

static void o03_the_lost_card_is_found_by_its_metadata_among_what_others_wrote(void **state)
{
    struct channel_result result = search_json(
        *state, MESSAGE_CARD,
        HISTORY(
            "{\"ts\":\"1503435960.000001\",\"text\":\"" SLACK_PROPOSAL "\"},"
            "{\"ts\":\"1503435959.000001\"," METADATA(
                "vedette_proposal",
                "\"proposal\":\"prp_0000000000000000000000000H\"") "},"
                                                                   "{\"ts\":\"1503435958."
                                                                   "000001\"," METADATA("other", OF_PROPOSAL) "}," NOTE(
                                                                       "1503435957.000001",
                                                                       "3") "," CARD("1503435956."
                                                                                     "000247")));

    assert_int_equal(result.outcome, CHANNEL_FOUND);
    check_text(result.handle, "1503435956.000247");
    check_text(result.place, "C0123456789");
}

static void o03_a_card_that_is_not_there_is_not_found(void **state)
{
    static const char *const answers[] = {
        HISTORY(""),
        HISTORY("{\"ts\":\"1.2\",\"text\":\"hello\"}"),
        HISTORY(CARD("no ts")),
        "{\"ok\":true}",
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        assert_int_equal(search_json(*state, MESSAGE_CARD, answers[i]).outcome, CHANNEL_NOT_FOUND);
}

static void o03_the_card_that_was_given_up_is_not_the_one_posted_anew(void **state)
{
    struct slack_fixture *fixture = *state;
    struct channel_result result;

    slack_posted(fixture);
    assert_int_equal(search_json(fixture, MESSAGE_CARD, HISTORY(CARD("1503435956.000247"))).outcome,
                     CHANNEL_NOT_FOUND);
    result = search_json(fixture, MESSAGE_CARD,
                         HISTORY(CARD("1503435956.000247") "," CARD("1503436000.000001")));
    assert_int_equal(result.outcome, CHANNEL_FOUND);
    check_text(result.handle, "1503436000.000001");
}

static void o03_the_lost_note_is_found_by_its_number(void **state)
{
    struct channel_result result =
        search_json(*state, MESSAGE_NOTE,
                    HISTORY(CARD("1503435956.000247") "," NOTE("1503435957.000001", "2")));

    assert_int_equal(result.outcome, CHANNEL_NOT_FOUND);
    result = search_json(*state, MESSAGE_NOTE,
                         HISTORY(NOTE("1503435957.000001", "2") "," NOTE("1503435958.1", "3")));
    assert_int_equal(result.outcome, CHANNEL_FOUND);
    assert_true(slice_is_absent(result.handle));
}

static void o03_who_may_not_look_sends_again_and_is_told_why(void **state)
{
    struct channel_result result =
        search_json(*state, MESSAGE_CARD,
                    "{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"channels:history\","
                    "\"provided\":\"chat:write\"}");

    assert_int_equal(result.outcome, CHANNEL_NOT_FOUND);
    assert_true(
        says(result.error, "missing_scope: needs channels:history, has chat:write; add the scope"));
}

static void o03_a_search_that_failed_is_made_again_or_will_never_find(void **state)
{
    static const struct {
        const char *code;
        enum channel_outcome outcome;
    } cases[] = {
        { "internal_error", CHANNEL_RETRY },     { "ratelimited", CHANNEL_WAIT },
        { "invalid_auth", CHANNEL_STOPPED },     { "token_revoked", CHANNEL_STOPPED },
        { "not_in_channel", CHANNEL_NOT_FOUND }, { "channel_not_found", CHANNEL_NOT_FOUND },
        { "no_permission", CHANNEL_NOT_FOUND },  { "thread_not_found", CHANNEL_NOT_FOUND },
        { "who_knows", CHANNEL_NOT_FOUND },
    };
    struct slack_fixture *fixture = *state;

    fixture->call.is_search = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s\n", cases[i].code);
        assert_int_equal(read_code(fixture, MESSAGE_NOTE, cases[i].code).outcome, cases[i].outcome);
    }
    assert_int_equal(
        fail_with(fixture, MESSAGE_CARD, RC_TIMEOUT,
                  (struct http_answer){ .error = "no answer in time", .may_have_arrived = true })
            .outcome,
        CHANNEL_RETRY);
}

static void o07_a_history_that_can_never_be_read_does_not_hold_up_the_card(void **state)
{
    static char large[SLACK_SEARCH_LIMIT_BYTES];
    const struct {
        struct http_answer answer;
        enum channel_outcome outcome;
    } cases[] = {
        /* As large as is read. */
        { { .status = 200, .body = { large, sizeof large }, .truncated = true },
          CHANNEL_NOT_FOUND },
        /* The connection broke. */
        { { .status = 200, .body = { large, 100 }, .truncated = true }, CHANNEL_RETRY },
        /* JSON of Slack's that holds what ours refuses. */
        { { .status = 200,
            .content_type = SLICE("application/json; charset=utf-8"),
            .body = SLICE("{\"ok\":true,\"messages\":[{\"text\":\"\\ud800\"}]}") },
          CHANNEL_NOT_FOUND },
        { { .status = 200, .content_type = SLICE("text/html"), .body = SLICE("<html>") },
          CHANNEL_RETRY },
        { { .status = 502, .content_type = SLICE("application/json"), .body = SLICE("upstream") },
          CHANNEL_RETRY },
    };
    struct slack_fixture *fixture = *state;

    fixture->call.is_search = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(read_http(fixture, MESSAGE_CARD, cases[i].answer).outcome,
                         cases[i].outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SLACK_TEST(a_card_that_slack_took_is_known_by_the_channel_and_ts_of_the_answer),
        SLACK_TEST(a_changed_card_and_a_note_have_no_handle_of_their_own),
        SLACK_TEST(o03_a_lost_answer_may_be_a_posted_card_but_a_change_can_be_repeated),
        SLACK_TEST(o14_a_certificate_that_proves_nothing_stops_the_channel_with_what_to_do),
        SLACK_TEST(a_request_that_cannot_be_made_stops_the_channel),
        SLACK_TEST(o02_the_pause_is_as_long_as_slack_asks_to_the_second),
        SLACK_TEST(o02_the_code_ratelimited_waits_as_the_status_does),
        SLACK_TEST(o07_nothing_but_a_whole_ok_with_status_200_and_a_ts_is_a_posted_card),
        SLACK_TEST(o07_a_note_that_met_no_answer_of_slacks_may_be_there_and_a_change_is_repeated),
        SLACK_TEST(what_a_stranger_answers_is_not_shown),
        SLACK_TEST(o04_every_code_has_its_outcome_and_says_what_to_do),
        SLACK_TEST(o13_what_is_too_much_for_slack_is_sent_once_more_smaller_and_plain),
        SLACK_TEST(o04_a_missing_scope_is_named_with_those_that_are_there),
        SLACK_TEST(o13_the_block_that_slack_did_not_like_is_named),
        SLACK_TEST(what_slack_says_acts_on_no_terminal_and_has_an_end),
        SLACK_TEST(a_note_that_stands_beside_its_card_is_not_taken_out_of_a_thread_again),
        SLACK_TEST(o03_the_lost_card_is_found_by_its_metadata_among_what_others_wrote),
        SLACK_TEST(o03_a_card_that_is_not_there_is_not_found),
        SLACK_TEST(o03_the_card_that_was_given_up_is_not_the_one_posted_anew),
        SLACK_TEST(o03_the_lost_note_is_found_by_its_number),
        SLACK_TEST(o03_who_may_not_look_sends_again_and_is_told_why),
        SLACK_TEST(o03_a_search_that_failed_is_made_again_or_will_never_find),
        SLACK_TEST(o07_a_history_that_can_never_be_read_does_not_hold_up_the_card),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
