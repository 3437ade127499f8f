#include "tests/unit/other_channel.h"

#define TOKEN "17:" SECRET
#define CHAT "-1001234567890"
#define ZWSP "\xe2\x80\x8b"

static const char configured[] = "token: \"" TOKEN "\"\nchat: " CHAT "\n";

static int open_telegram(void **state)
{
    int rc = other_open(state);

    if (!rc)
        assert_int_equal(other_load(*state, &channel_telegram, configured), RC_OK);
    return rc;
}

static void a_bot_posts_changes_and_answers(void **state)
{
    struct other_channel *other = *state;

    other_ask(other, MESSAGE_CARD);
    assert_slice(other->request.url, "https://api.telegram.org/bot" TOKEN "/sendMessage");
    assert_slice(other_text(other, "chat_id"), CHAT);
    assert_slice(other_text(other, "link_preview_options.is_disabled"), "true");
    assert_true(slice_is_absent(other_text(other, "parse_mode")));
    assert_true(slice_is_absent(other_text(other, "reply_parameters.message_id")));
    assert_holds(other_text(other, "text"), "test is red on main");
    assert_true(slice_ends(other_text(other, "text"), SLICE("\n\n" PAGE_URL)));

    other->message.handle = SLICE("17");
    other_ask(other, MESSAGE_EDIT);
    assert_slice(other->request.url, "https://api.telegram.org/bot" TOKEN "/editMessageText");
    assert_slice(other_text(other, "message_id"), "17");
    assert_slice(other_text(other, "chat_id"), CHAT);
    assert_slice(other_text(other, "link_preview_options.is_disabled"), "true");

    other_ask(other, MESSAGE_NOTE);
    assert_slice(other_text(other, "text"), "step 1 of 1 is done");
    assert_slice(other_text(other, "reply_parameters.message_id"), "17");
    assert_slice(other_text(other, "reply_parameters.allow_sending_without_reply"), "true");
    other->message.is_unthreaded = true;
    other_ask(other, MESSAGE_NOTE);
    assert_true(slice_is_absent(other_text(other, "reply_parameters.message_id")));
}

static void a_route_leads_to_another_chat(void **state)
{
    struct other_channel *other = *state;

    other->message.place = SLICE("@ops");
    other_ask(other, MESSAGE_CARD);
    assert_slice(other_text(other, "chat_id"), "@ops");
}

static void i01_nobody_is_mentioned(void **state)
{
    struct other_channel *other = *state;

    other->proposal.title = SLICE("@jane <b>x</b> *b* [x](https://evil) <!channel>");
    other_ask(other, MESSAGE_CARD);
    assert_holds(other_text(other, "text"),
                 "@" ZWSP "jane <b>x</b> *b* [x](https://evil) <!channel>");
}

/* Telegram counts UTF-16: of what lies beyond U+FFFF half as many fit. */
static void o13_every_limit_holds_whatever_is_in_it(void **state)
{
    struct other_channel *other = *state;

    other->proposal.title = other_repeat(other, "\xf0\x9f\x94\xa5", 20000);
    other->note.text = other->proposal.title;
    other_ask(other, MESSAGE_CARD);
    assert_in_range(literal_units(other_text(other, "text")), 1, 4096);
    other_ask(other, MESSAGE_NOTE);
    assert_in_range(literal_units(other_text(other, "text")), 4090, 4096);
    other->card.is_plain = true;
    other_ask(other, MESSAGE_CARD);
    assert_in_range(literal_units(other_text(other, "text")), 1, 1500);
}

static void what_was_taken_is_known_by_its_number(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "an edit that changes nothing",
          .part = MESSAGE_EDIT,
          .status = 400,
          .body = "{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: message is not "
                  "modified: specified new message content\"}",
          .outcome = CHANNEL_SENT },
        { .name = "card",
          .status = 200,
          .body = "{\"ok\":true,\"result\":{\"message_id\":4711,\"chat\":{\"id\":-100}}}",
          .outcome = CHANNEL_SENT },
    };
    struct other_channel *other = *state;

    OTHER_READ_ALL(other, answers);
    assert_slice(other->result.handle, "4711");
}

static void o07_only_ok_true_is_success(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "empty", .status = 200, .outcome = CHANNEL_LOST },
        { .name = "HTML", .status = 200, .body = "<html>", .outcome = CHANNEL_LOST },
        { .name = "not ok",
          .status = 200,
          .body = "{\"ok\":false,\"result\":{\"message_id\":1}}",
          .outcome = CHANNEL_LOST },
        { .name = "ok as text",
          .status = 200,
          .body = "{\"ok\":\"true\",\"result\":{\"message_id\":1}}",
          .outcome = CHANNEL_LOST },
        { .name = "no number", .status = 200, .body = "{\"ok\":true}", .outcome = CHANNEL_LOST },
    };

    OTHER_READ_ALL(*state, answers);
    other_reads_what_is_no_answer(*state);
}

static void o02_it_waits_as_long_as_it_is_told(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "parameters",
          .status = 429,
          .body = "{\"ok\":false,\"description\":\"Too Many Requests: retry after "
                  "35\",\"parameters\":{\"retry_after\":35}}",
          .outcome = CHANNEL_WAIT,
          .wait_ms = 35000 },
    };

    OTHER_READ_ALL(*state, answers);
}

#define SAYS(text) "{\"ok\":false,\"description\":\"" text "\"}"

static void o04_a_refusal_says_what_to_do(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "token",
          .status = 401,
          .body = SAYS("Unauthorized"),
          .outcome = CHANNEL_STOPPED,
          .error = "Unauthorized (401): the token is not valid" },
        { .name = "token cut",
          .status = 404,
          .body = SAYS("Not Found"),
          .outcome = CHANNEL_STOPPED },
        { .name = "kicked",
          .status = 403,
          .body = SAYS("Forbidden: bot was kicked from the supergroup chat"),
          .outcome = CHANNEL_CLOSED,
          .error = "add the bot to the chat again" },
        { .name = "no chat",
          .status = 400,
          .body = SAYS("Bad Request: chat not found"),
          .outcome = CHANNEL_CLOSED },
        { .name = "no rights",
          .status = 400,
          .body = SAYS("Bad Request: not enough rights to send text messages to the chat"),
          .outcome = CHANNEL_CLOSED },
        { .name = "another number",
          .status = 400,
          .body = "{\"ok\":false,\"description\":\"Bad Request: group chat was upgraded to a "
                  "supergroup chat\",\"parameters\":{\"migrate_to_chat_id\":-1009}}",
          .outcome = CHANNEL_CLOSED,
          .error = "(-1009) (400): the chat has a new number" },
        { .name = "card deleted",
          .part = MESSAGE_EDIT,
          .status = 400,
          .body = SAYS("Bad Request: message to edit not found"),
          .outcome = CHANNEL_ANEW },
        { .name = "too old",
          .part = MESSAGE_EDIT,
          .status = 400,
          .body = SAYS("Bad Request: message can't be edited"),
          .outcome = CHANNEL_ANEW },
        { .name = "thread gone",
          .part = MESSAGE_NOTE,
          .status = 400,
          .body = SAYS("Bad Request: message to be replied not found"),
          .outcome = CHANNEL_UNTHREADED },
        { .name = "too long",
          .status = 400,
          .body = SAYS("Bad Request: message is too long"),
          .outcome = CHANNEL_PLAINER },
        { .name = "another one",
          .status = 400,
          .body = SAYS("Bad Request: what?"),
          .outcome = CHANNEL_DEAD },
    };

    OTHER_READ_ALL(*state, answers);
}

static void its_configuration_is_checked(void **state)
{
    static const struct bad {
        const char *yaml, *problem;
    } cases[] = {
        { "chat: 17\n", "telegram needs `token_file`" },
        { "token: \"" TOKEN "\"\n", "telegram needs `chat`" },
        { "token: \"../" SECRET "\"\nchat: 17\n", "telegram's token is digits" },
        { "token: \"" TOKEN "\"\nchat: ops\n", "`chat` is the number of a chat" },
        { "token: \"" TOKEN "\"\nchat: \"@\"\n", "`chat` is the number of a chat" },
        { "token: \"" TOKEN "\"\nchat: \"@a b\"\n", "`chat` is the number of a chat" },
        { "token: \"" TOKEN "\"\nchat: [17]\n", "`chat` is the number of a chat" },
        { "token: \"" TOKEN "\"\nchat: 17\nbase_url: http://evil\n", "`base_url` is https" },
        { "token: \"" TOKEN "\"\nchat: 17\ntemplate: \"{{x}}\"\n", "which no card has" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        print_message("# %s\n", cases[i].problem);
        assert_int_equal(other_load(*state, &channel_telegram, cases[i].yaml), RC_INVALID);
        other_problem(*state, cases[i].problem);
    }
}

#define TELEGRAM_TEST(test) cmocka_unit_test_setup_teardown(test, open_telegram, other_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TELEGRAM_TEST(a_bot_posts_changes_and_answers),
        TELEGRAM_TEST(a_route_leads_to_another_chat),
        TELEGRAM_TEST(i01_nobody_is_mentioned),
        TELEGRAM_TEST(o13_every_limit_holds_whatever_is_in_it),
        TELEGRAM_TEST(what_was_taken_is_known_by_its_number),
        TELEGRAM_TEST(o07_only_ok_true_is_success),
        TELEGRAM_TEST(o02_it_waits_as_long_as_it_is_told),
        TELEGRAM_TEST(o04_a_refusal_says_what_to_do),
        TELEGRAM_TEST(its_configuration_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
