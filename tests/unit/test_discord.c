#include "tests/unit/other_channel.h"

#define URL "https://discord.example.com/api/webhooks/17/" SECRET

static int open_discord(void **state)
{
    int rc = other_open(state);

    if (!rc)
        assert_int_equal(other_load(*state, &channel_discord, "url: \"" URL "\"\n"), RC_OK);
    return rc;
}

static void a_card_is_an_embed_that_leads_to_the_page(void **state)
{
    struct other_channel *other = *state;

    other_ask(other, MESSAGE_CARD);
    assert_slice(other->request.method, "POST");
    assert_slice(other->request.url, URL "?wait=true");
    assert_slice(other_text(other, "content"), "high\\: test is red on main");
    assert_holds(other_text(other, "embeds[0].description"), "test is red on main");
    assert_slice(other_text(other, "embeds[0].url"), PAGE_URL);
    assert_holds(other->request.body, "\"allowed_mentions\":{\"parse\":[]}");
    other->card.page_url = (struct slice){ 0 };
    other_ask(other, MESSAGE_CARD);
    assert_true(slice_is_absent(other_text(other, "embeds[0].title")));
}

static void a_card_changes_where_it_stands(void **state)
{
    struct other_channel *other = *state;

    other->message.handle = SLICE("1234567890");
    other_ask(other, MESSAGE_EDIT);
    assert_slice(other->request.method, "PATCH");
    assert_slice(other->request.url, URL "/messages/1234567890");
    assert_holds(other->request.body, "\"allowed_mentions\":{\"parse\":[]}");
}

static void a_thread_of_the_address_stays_in_it(void **state)
{
    struct other_channel *other = *state;

    assert_int_equal(other_load(other, &channel_discord, "url: \"" URL "?thread_id=9\"\n"), RC_OK);
    other_ask(other, MESSAGE_CARD);
    assert_slice(other->request.url, URL "?wait=true&thread_id=9");
    other->message.handle = SLICE("5");
    other_ask(other, MESSAGE_EDIT);
    assert_slice(other->request.url, URL "/messages/5?thread_id=9");
}

static void a_note_and_a_plain_card_are_text_alone(void **state)
{
    struct other_channel *other = *state;

    other_ask(other, MESSAGE_NOTE);
    assert_slice(other_text(other, "content"),
                 "high\\: test is red on main\nstep 1 of 1 is done\n\n" PAGE_URL);
    assert_true(slice_is_absent(other_text(other, "embeds[0].description")));
    other->card.is_plain = true;
    other_ask(other, MESSAGE_CARD);
    assert_holds(other_text(other, "content"), PAGE_URL);
    assert_true(slice_is_absent(other_text(other, "embeds[0].description")));
}

static void i01_nothing_from_outside_is_markup_a_mention_or_a_link(void **state)
{
    static const struct marked {
        const char *text, *written;
    } cases[] = {
        { "@everyone @here", "\\@everyone \\@here" },
        { "<@123> <@&9> <#5>", "\\<\\@123\\> \\<\\@&9\\> \\<\\#5\\>" },
        { "<!channel>", "\\<!channel\\>" },
        { "[click](https://evil.example)", "\\[click\\]\\(https\\://evil.example\\)" },
        { "**b** ~~s~~ ||x|| `c`", "\\*\\*b\\*\\* \\~\\~s\\~\\~ \\|\\|x\\|\\| \\`c\\`" },
        { "<b>html</b>", "\\<b\\>html\\</b\\>" },
        { "\\@everyone", "\\\\\\@everyone" },
    };
    struct other_channel *other = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        print_message("# %s\n", cases[i].text);
        other->proposal.title = slice_of(cases[i].text);
        other->note.text = other->proposal.title;
        other_ask(other, MESSAGE_CARD);
        assert_holds(other_text(other, "content"), cases[i].written);
        assert_holds(other_text(other, "embeds[0].description"), cases[i].written);
        other_ask(other, MESSAGE_NOTE);
        assert_holds(other_text(other, "content"), cases[i].written);
    }
}

static void o13_every_limit_holds_whatever_is_in_it(void **state)
{
    struct other_channel *other = *state;
    size_t n_all;

    other->proposal.title = other_repeat(other, "\xf0\x9f\x94\xa5*", 20000);
    other->note.text = other->proposal.title;
    other_ask(other, MESSAGE_CARD);
    assert_in_range(literal_units(other_text(other, "content")), 1, 2000);
    assert_in_range(literal_units(other_text(other, "embeds[0].title")), 1, 256);
    assert_in_range(literal_units(other_text(other, "embeds[0].description")), 1, 4096);
    n_all = literal_units(other_text(other, "embeds[0].title")) +
            literal_units(other_text(other, "embeds[0].description"));
    assert_in_range(n_all, 1, 6000);
    other_ask(other, MESSAGE_NOTE);
    assert_in_range(literal_units(other_text(other, "content")), 1, 2000);
    assert_holds(other_text(other, "content"), PAGE_URL);
    other->card.is_plain = true;
    other_ask(other, MESSAGE_CARD);
    assert_in_range(literal_units(other_text(other, "content")), 1, 2000);
    assert_holds(other_text(other, "content"), PAGE_URL);
}

static void what_was_taken_is_known_by_its_id(void **state)
{
    static const struct other_answer taken[] = {
        { .name = "card",
          .status = 200,
          .body = "{\"id\":\"1234567890\",\"channel_id\":\"5\"}",
          .outcome = CHANNEL_SENT },
    };
    struct other_channel *other = *state;

    OTHER_READ_ALL(other, taken);
    assert_slice(other->result.handle, "1234567890");
}

static void o07_only_a_message_is_success(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "empty", .status = 200, .outcome = CHANNEL_LOST },
        { .name = "HTML", .status = 200, .body = "<html>", .outcome = CHANNEL_LOST },
        { .name = "no id", .status = 200, .body = "{}", .outcome = CHANNEL_LOST },
        { .name = "a number", .status = 200, .body = "{\"id\":17}", .outcome = CHANNEL_LOST },
        { .name = "what leaves the path",
          .status = 200,
          .body = "{\"id\":\"../..\"}",
          .outcome = CHANNEL_LOST },
        { .name = "cut", .status = 200, .body = "{\"id\":\"123", .outcome = CHANNEL_LOST },
    };

    OTHER_READ_ALL(*state, answers);
    other_reads_what_is_no_answer(*state);
}

static void o02_it_waits_as_long_as_it_is_told(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "body",
          .status = 429,
          .body = "{\"message\":\"slow\",\"retry_after\":64.57,\"global\":false}",
          .outcome = CHANNEL_WAIT,
          .wait_ms = 64570 },
        { .name = "body and head",
          .status = 429,
          .body = "{\"retry_after\":64.57}",
          .head = "Retry-After: 65\r\n",
          .outcome = CHANNEL_WAIT,
          .wait_ms = 65000 },
        { .name = "nonsense",
          .status = 429,
          .body = "{\"retry_after\":-1}",
          .head = "Retry-After: soon\r\n",
          .outcome = CHANNEL_RETRY },
    };

    OTHER_READ_ALL(*state, answers);
}

static void o04_a_refusal_says_what_to_do(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "webhook gone",
          .status = 404,
          .body = "{\"message\":\"Unknown Webhook\",\"code\":10015}",
          .outcome = CHANNEL_STOPPED,
          .error = "Unknown Webhook (404): the webhook is gone: make a new one" },
        { .name = "token wrong",
          .status = 401,
          .body = "{\"message\":\"Invalid Webhook Token\",\"code\":50027}",
          .outcome = CHANNEL_STOPPED,
          .error = "copy that of the webhook into url_file" },
        { .name = "not found at all", .status = 404, .outcome = CHANNEL_STOPPED },
        { .name = "channel gone",
          .status = 404,
          .body = "{\"message\":\"Unknown Channel\",\"code\":10003}",
          .outcome = CHANNEL_CLOSED },
        { .name = "forum",
          .status = 400,
          .body = "{\"message\":\"needs a thread\",\"code\":220001}",
          .outcome = CHANNEL_STOPPED },
        { .name = "card deleted",
          .part = MESSAGE_EDIT,
          .status = 404,
          .body = "{\"message\":\"Unknown Message\",\"code\":10008}",
          .outcome = CHANNEL_ANEW },
        { .name = "layout",
          .status = 400,
          .body = "{\"message\":\"Invalid Form Body\",\"code\":50035}",
          .outcome = CHANNEL_PLAINER },
        { .name = "another one",
          .status = 400,
          .body = "{\"message\":\"Cannot send an empty message\",\"code\":50006}",
          .outcome = CHANNEL_DEAD },
    };

    OTHER_READ_ALL(*state, answers);
}

static void its_configuration_is_checked(void **state)
{
    struct other_channel *other = *state;

    assert_int_equal(other_load(other, &channel_discord, "template: \"{{headline}}\"\n"),
                     RC_INVALID);
    other_problem(other, "discord needs `url_file`");
    assert_int_equal(
        other_load(other, &channel_discord, "url: \"http://discord.example.com/" SECRET "\"\n"),
        RC_INVALID);
    other_problem(other, "the webhook's address is https");
    assert_int_equal(other_load(other, &channel_discord, "url: \"" SECRET "\"\n"), RC_INVALID);
    assert_int_equal(
        other_load(other, &channel_discord, "url: \"" URL "\"\ntemplate: \"{{nothing}}\"\n"),
        RC_INVALID);
    assert_int_equal(other_load(other, &channel_discord, "url: \"http://127.0.0.1:9/x\"\n"), RC_OK);
}

#define DISCORD_TEST(test) cmocka_unit_test_setup_teardown(test, open_discord, other_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISCORD_TEST(a_card_is_an_embed_that_leads_to_the_page),
        DISCORD_TEST(a_card_changes_where_it_stands),
        DISCORD_TEST(a_thread_of_the_address_stays_in_it),
        DISCORD_TEST(a_note_and_a_plain_card_are_text_alone),
        DISCORD_TEST(i01_nothing_from_outside_is_markup_a_mention_or_a_link),
        DISCORD_TEST(o13_every_limit_holds_whatever_is_in_it),
        DISCORD_TEST(what_was_taken_is_known_by_its_id),
        DISCORD_TEST(o07_only_a_message_is_success),
        DISCORD_TEST(o02_it_waits_as_long_as_it_is_told),
        DISCORD_TEST(o04_a_refusal_says_what_to_do),
        DISCORD_TEST(its_configuration_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
