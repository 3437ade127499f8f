#include "tests/unit/other_channel.h"

#define URL "https://flows.example.com/workflows/17?sig=" SECRET
#define ZWSP "\xe2\x80\x8b"
#define CARD "attachments[0].content."

static int open_teams(void **state)
{
    int rc = other_open(state);

    if (!rc)
        assert_int_equal(other_load(*state, &channel_teams, "url: \"" URL "\"\n"), RC_OK);
    return rc;
}

static void a_card_has_a_button_that_opens_the_page(void **state)
{
    struct other_channel *other = *state;

    other_ask(other, MESSAGE_CARD);
    assert_slice(other->request.method, "POST");
    assert_slice(other->request.url, URL);
    assert_slice(other_text(other, "type"), "message");
    assert_slice(other_text(other, "attachments[0].contentType"),
                 "application/vnd.microsoft.card.adaptive");
    assert_slice(other_text(other, CARD "type"), "AdaptiveCard");
    assert_slice(other_text(other, CARD "version"), "1.2");
    assert_holds(other_text(other, CARD "body[0].inlines[0].text"), "test is red on main");
    assert_slice(other_text(other, CARD "body[0].inlines[0].weight"), "Bolder");
    assert_true(slice_is_absent(other_text(other, CARD "body[1].inlines[0].weight")));
    assert_slice(other_text(other, CARD "actions[0].type"), "Action.OpenUrl");
    assert_slice(other_text(other, CARD "actions[0].url"), PAGE_URL);
    other->card.page_url = (struct slice){ 0 };
    other_ask(other, MESSAGE_CARD);
    assert_true(slice_is_absent(other_text(other, CARD "actions[0].url")));
}

static void a_note_is_a_message_and_an_edit_is_nothing(void **state)
{
    struct other_channel *other = *state;

    other->note.text = SLICE("one\n\ntwo");
    other_ask(other, MESSAGE_NOTE);
    assert_slice(other_text(other, CARD "body[0].inlines[0].text"), "high: test is red on main");
    assert_slice(other_text(other, CARD "body[1].inlines[0].text"), "one");
    assert_slice(other_text(other, CARD "body[2].inlines[0].text"), "two");
    other_call(other, MESSAGE_EDIT);
    assert_int_equal(other->channel.kind->request(&other->call, other->arena, &other->request),
                     RC_NOT_FOUND);
}

/* A TextRun knows no markdown: there is nothing to escape but what is replaced by a date. */
static void i01_text_from_outside_is_only_in_runs(void **state)
{
    static const char *const texts[] = { "<!channel> @everyone **b** [x](https://evil) <b>h</b>",
                                         "<at>Jane</at>", "# head" };
    struct other_channel *other = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        other->proposal.title = slice_of(texts[i]);
        other_ask(other, MESSAGE_CARD);
        assert_holds(other_text(other, CARD "body[0].inlines[0].text"), texts[i]);
        assert_false(holds(other->request.body, "\"TextBlock\""));
    }
    other->proposal.title = SLICE("{{DATE(2026-01-01T00:00:00Z)}}");
    other_ask(other, MESSAGE_CARD);
    assert_holds(other_text(other, CARD "body[0].inlines[0].text"), "{" ZWSP "{" ZWSP "DATE(");
}

static void o13_every_limit_holds_whatever_is_in_it(void **state)
{
    static const char *const parts[] = { "\x1b", "a\n", "\"\\", "\xf0\x9f\x94\xa5", "\n" };
    struct other_channel *other = *state;

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        print_message("# part %zu\n", i);
        other->proposal.title = other_repeat(other, parts[i], 20000);
        other->note.text = other->proposal.title;
        other_ask(other, MESSAGE_CARD);
        assert_in_range(other->request.body.len, 1, 28 * 1024);
        other_ask(other, MESSAGE_NOTE);
        assert_in_range(other->request.body.len, 1, 28 * 1024);
    }
}

static void o07_only_accepted_is_success(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "HTML", .status = 200, .body = "<html>", .outcome = CHANNEL_LOST },
        { .name = "old connector", .status = 200, .body = "1", .outcome = CHANNEL_LOST },
        { .name = "accepted", .status = 202, .outcome = CHANNEL_SENT },
    };
    struct other_channel *other = *state;

    OTHER_READ_ALL(other, answers);
    assert_true(other->result.handle.len > 0);
    other_reads_what_is_no_answer(other);
}

#define ERROR(code) "{\"error\":{\"code\":\"" code "\",\"message\":\"It cannot be.\"}}"

static void o04_a_refusal_says_what_to_do(void **state)
{
    static const struct other_answer answers[] = {
        { .name = "switched off",
          .status = 400,
          .body = ERROR("WorkflowTriggerIsNotEnabled"),
          .outcome = CHANNEL_STOPPED,
          .error = "It cannot be. (400): the workflow is switched off" },
        { .name = "signature", .status = 401, .outcome = CHANNEL_STOPPED },
        { .name = "forbidden", .status = 403, .outcome = CHANNEL_STOPPED },
        { .name = "gone",
          .status = 404,
          .body = ERROR("WorkflowNotFound"),
          .outcome = CHANNEL_STOPPED,
          .error = "make a new one" },
        { .name = "too large", .status = 413, .outcome = CHANNEL_PLAINER },
        { .name = "layout", .status = 400, .outcome = CHANNEL_PLAINER },
    };

    OTHER_READ_ALL(*state, answers);
}

static void its_configuration_is_checked(void **state)
{
    assert_int_equal(other_load(*state, &channel_teams, "{}\n"), RC_INVALID);
    other_problem(*state, "teams needs `url_file`");
    assert_int_equal(other_load(*state, &channel_teams, "url: \"http://evil/" SECRET "\"\n"),
                     RC_INVALID);
    other_problem(*state, "the webhook's address is https");
}

#define TEAMS_TEST(test) cmocka_unit_test_setup_teardown(test, open_teams, other_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEAMS_TEST(a_card_has_a_button_that_opens_the_page),
        TEAMS_TEST(a_note_is_a_message_and_an_edit_is_nothing),
        TEAMS_TEST(i01_text_from_outside_is_only_in_runs),
        TEAMS_TEST(o13_every_limit_holds_whatever_is_in_it),
        TEAMS_TEST(o07_only_accepted_is_success),
        TEAMS_TEST(o04_a_refusal_says_what_to_do),
        TEAMS_TEST(its_configuration_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
