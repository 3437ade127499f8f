#include "tests/unit/other_channel.h"

#define HOOK "https://mm.example.com/hooks/" SECRET
#define POST_ID "gfabcd7q17nkzp1w4tb9e8k1hr"
#define CHANNEL_ID "4xp9fdt9mtbq8yzp1jt9e8k1hr"
#define ZWSP "\xe2\x80\x8b"

static const char bot[] =
    "base_url: https://mm.example.com/\ntoken: " SECRET "\nchannel: " CHANNEL_ID "\n";
static const char webhook[] = "url: \"" HOOK "\"\n";

static int open_bot(void **state)
{
    int rc = other_open(state);

    if (!rc)
        assert_int_equal(other_load(*state, &channel_mattermost, bot), RC_OK);
    return rc;
}

static void be_a_webhook(struct other_channel *other)
{
    assert_int_equal(other_load(other, &channel_mattermost, webhook), RC_OK);
}

static struct slice header(const struct other_channel *other, const char *name)
{
    for (size_t i = 0; i < other->request.n_headers; i++) {
        if (slice_eq_nocase(other->request.headers[i].name, slice_of(name)))
            return other->request.headers[i].value;
    }
    return (struct slice){ 0 };
}

static void a_bot_posts_changes_and_answers_in_the_thread(void **state)
{
    struct other_channel *other = *state;

    other_ask(other, MESSAGE_CARD);
    assert_slice(other->request.method, "POST");
    assert_slice(other->request.url, "https://mm.example.com/api/v4/posts");
    assert_slice(header(other, "authorization"), "Bearer " SECRET);
    assert_slice(other_text(other, "channel_id"), CHANNEL_ID);
    assert_holds(other_text(other, "message"), "test is red on main");
    assert_true(slice_ends(other_text(other, "message"), SLICE("\n\n" PAGE_URL)));
    assert_true(slice_is_absent(other_text(other, "root_id")));

    other->message.handle = SLICE(POST_ID);
    other_ask(other, MESSAGE_EDIT);
    assert_slice(other->request.method, "PUT");
    assert_slice(other->request.url, "https://mm.example.com/api/v4/posts/" POST_ID "/patch");
    assert_holds(other_text(other, "message"), "test is red on main");

    other_ask(other, MESSAGE_NOTE);
    assert_slice(other_text(other, "root_id"), POST_ID);
    assert_slice(other_text(other, "message"), "step 1 of 1 is done");
    other->message.is_unthreaded = true;
    other_ask(other, MESSAGE_NOTE);
    assert_true(slice_is_absent(other_text(other, "root_id")));
    assert_holds(other_text(other, "message"), "test is red on main");
}

static void a_route_leads_to_another_channel(void **state)
{
    struct other_channel *other = *state;

    other->message.place = SLICE("another1");
    other_ask(other, MESSAGE_CARD);
    assert_slice(other_text(other, "channel_id"), "another1");
}

static void a_webhook_posts_and_changes_nothing(void **state)
{
    struct other_channel *other = *state;

    be_a_webhook(other);
    other_ask(other, MESSAGE_CARD);
    assert_slice(other->request.url, HOOK);
    assert_true(slice_is_absent(header(other, "authorization")));
    assert_holds(other_text(other, "text"), "test is red on main");
    other_ask(other, MESSAGE_NOTE);
    assert_slice(other_text(other, "text"),
                 "high:" ZWSP " test is red on main\nstep 1 of 1 is done\n\n" PAGE_URL);
    other_call(other, MESSAGE_EDIT);
    assert_int_equal(other->channel.kind->request(&other->call, other->arena, &other->request),
                     RC_NOT_FOUND);
}

/* Slack's <!channel> is translated before markdown is read, mentions are looked for behind it. */
static void i01_nothing_from_outside_is_markup_a_mention_or_a_link(void **state)
{
    static const struct marked {
        const char *text, *written;
    } cases[] = {
        { "@channel @here", "@" ZWSP "channel @" ZWSP "here" },
        { "<!channel> <https://evil.example|x>",
          "<" ZWSP "\\!channel\\> <" ZWSP "https:" ZWSP "//evil\\.example\\|x\\>" },
        { "[click](https://evil)", "\\[click\\]\\(https:" ZWSP "//evil\\)" },
        { "# head", "\\# head" },
        { "**b** ~~s~~ `c`", "\\*\\*b\\*\\* \\~\\~s\\~\\~ \\`c\\`" },
        { "<b>html</b>", "<" ZWSP "b\\>html<" ZWSP "/b\\>" },
        { "~town-square :tada:", "\\~town\\-square :" ZWSP "tada:" ZWSP },
    };
    struct other_channel *other = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        print_message("# %s\n", cases[i].text);
        other->proposal.title = slice_of(cases[i].text);
        other->note.text = other->proposal.title;
        other_ask(other, MESSAGE_CARD);
        assert_holds(other_text(other, "message"), cases[i].written);
        other_ask(other, MESSAGE_NOTE);
        assert_holds(other_text(other, "message"), cases[i].written);
    }
}

static void o13_every_limit_holds_whatever_is_in_it(void **state)
{
    struct other_channel *other = *state;

    other->proposal.title = other_repeat(other, "@*", 20000);
    other->note.text = other->proposal.title;
    other_ask(other, MESSAGE_CARD);
    assert_in_range(literal_units(other_text(other, "message")), 1, 16383);
    assert_true(slice_ends(other_text(other, "message"), SLICE(PAGE_URL)));
    other_ask(other, MESSAGE_NOTE);
    assert_in_range(literal_units(other_text(other, "message")), 1, 16383);
    other->card.is_plain = true;
    other_ask(other, MESSAGE_CARD);
    assert_in_range(literal_units(other_text(other, "message")), 1, 4000);
}

static void what_was_taken_is_known_by_its_id(void **state)
{
    static const struct other_answer edit[] = { { .name = "edit",
                                                  .part = MESSAGE_EDIT,
                                                  .status = 200,
                                                  .body = "{\"id\":\"" POST_ID "\"}",
                                                  .outcome = CHANNEL_SENT } };
    static const struct other_answer card[] = { { .name = "card",
                                                  .status = 201,
                                                  .body = "{\"id\":\"" POST_ID "\"}",
                                                  .outcome = CHANNEL_SENT } };
    static const struct other_answer hook[] = {
        { .name = "webhook", .status = 200, .body = "ok", .outcome = CHANNEL_SENT }
    };
    struct other_channel *other = *state;

    OTHER_READ_ALL(other, edit);
    OTHER_READ_ALL(other, card);
    assert_slice(other->result.handle, POST_ID);
    be_a_webhook(other);
    OTHER_READ_ALL(other, hook);
    assert_true(other->result.handle.len > 0); /* it is posted, though nobody can say where */
}

static void o07_only_a_post_is_success(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "empty", .status = 201, .outcome = CHANNEL_LOST },
        { .name = "HTML", .status = 201, .body = "<html>", .outcome = CHANNEL_LOST },
        { .name = "no id", .status = 201, .body = "{}", .outcome = CHANNEL_LOST },
        { .name = "not created",
          .status = 200,
          .body = "{\"id\":\"" POST_ID "\"}",
          .outcome = CHANNEL_LOST },
        { .name = "what leaves the path",
          .status = 201,
          .body = "{\"id\":\"../users\"}",
          .outcome = CHANNEL_LOST },
    };
    static const struct other_answer hook[] = {
        { .name = "webhook: HTML", .status = 200, .body = "<html>", .outcome = CHANNEL_LOST },
        { .name = "webhook: more than ok", .status = 200, .body = "okay", .outcome = CHANNEL_LOST },
    };

    OTHER_READ_ALL(*state, answers);
    other_reads_what_is_no_answer(*state);
    be_a_webhook(*state);
    OTHER_READ_ALL(*state, hook);
    other_reads_what_is_no_answer(*state);
}

#define ERROR(id) "{\"id\":\"" id "\",\"message\":\"it cannot be.\",\"status_code\":400}"

static void o04_a_refusal_says_what_to_do(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "token",
          .status = 401,
          .body = ERROR("api.context.session_expired.app_error"),
          .outcome = CHANNEL_STOPPED,
          .error = "it cannot be. (401): the token is not valid" },
        { .name = "not in the channel",
          .status = 403,
          .body = ERROR("api.context.permissions.app_error"),
          .outcome = CHANNEL_CLOSED,
          .error = "add the bot to the channel" },
        { .name = "no such channel", .status = 404, .outcome = CHANNEL_CLOSED },
        { .name = "archived",
          .status = 400,
          .body = ERROR("api.post.create_post.can_not_post_to_deleted.error"),
          .outcome = CHANNEL_CLOSED },
        { .name = "too long",
          .status = 400,
          .body = ERROR("model.post.is_valid.message_length.app_error"),
          .outcome = CHANNEL_PLAINER },
        { .name = "card deleted", .part = MESSAGE_EDIT, .status = 404, .outcome = CHANNEL_ANEW },
        { .name = "too old to be edited",
          .part = MESSAGE_EDIT,
          .status = 400,
          .body = ERROR("api.post.update_post.permissions_time_limit.app_error"),
          .outcome = CHANNEL_ANEW },
        { .name = "thread gone",
          .part = MESSAGE_NOTE,
          .status = 400,
          .body = ERROR("api.post.create_post.root_id.app_error"),
          .outcome = CHANNEL_UNTHREADED },
        { .name = "another one", .status = 400, .body = ERROR("x"), .outcome = CHANNEL_DEAD },
    };
    static const struct other_answer hook[] = {
        { .name = "webhook gone",
          .status = 400,
          .body = ERROR("web.incoming_webhook.invalid.app_error"),
          .outcome = CHANNEL_STOPPED,
          .error = "is the webhook's address" },
        { .name = "webhooks off",
          .status = 501,
          .body = ERROR("web.incoming_webhook.disabled.app_error"),
          .outcome = CHANNEL_STOPPED },
        { .name = "its channel gone",
          .status = 404,
          .body = ERROR("web.incoming_webhook.channel.app_error"),
          .outcome = CHANNEL_CLOSED },
    };

    OTHER_READ_ALL(*state, answers);
    be_a_webhook(*state);
    OTHER_READ_ALL(*state, hook);
}

static void its_configuration_is_checked(void **state)
{
    static const struct bad {
        const char *yaml, *problem;
    } cases[] = {
        { "template: \"{{url}}\"\n", "mattermost needs `url_file`" },
        { "token: " SECRET "\nchannel: abc\n", "mattermost needs `base_url`" },
        { "token: " SECRET "\nbase_url: https://mm.example.com\n", "mattermost needs `channel`" },
        { "token: " SECRET "\nbase_url: http://mm.example.com\nchannel: abc\n",
          "`base_url` is https" },
        { "token: " SECRET "\nbase_url: https://mm.example.com\nchannel: \"#town square\"\n",
          "`channel` is a channel's id" },
        { "token: " SECRET "\nbase_url: https://mm.example.com\nchannel: abc\nroutes: [{rules: "
          "[a], channel: \"/x\"}]\n",
          "`channel` is a channel's id" },
        { "url: \"" HOOK "\"\nchannel: abc\n", "`channel` is for a bot" },
        { "url: \"" HOOK "\"\ntoken: abc\n", "`token` is for a bot" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        print_message("# %s\n", cases[i].problem);
        assert_int_equal(other_load(*state, &channel_mattermost, cases[i].yaml), RC_INVALID);
        other_problem(*state, cases[i].problem);
    }
}

#define BOT_TEST(test) cmocka_unit_test_setup_teardown(test, open_bot, other_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOT_TEST(a_bot_posts_changes_and_answers_in_the_thread),
        BOT_TEST(a_route_leads_to_another_channel),
        BOT_TEST(a_webhook_posts_and_changes_nothing),
        BOT_TEST(i01_nothing_from_outside_is_markup_a_mention_or_a_link),
        BOT_TEST(o13_every_limit_holds_whatever_is_in_it),
        BOT_TEST(what_was_taken_is_known_by_its_id),
        BOT_TEST(o07_only_a_post_is_success),
        BOT_TEST(o04_a_refusal_says_what_to_do),
        BOT_TEST(its_configuration_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
