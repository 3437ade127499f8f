#include "actions/channels/slack_inbound.h"

#include "src/base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
#define CLICK                                                                                      \
    "{\"type\":\"block_actions\",\"api_app_id\":\"A0APP\",\"token\":\"do-not-read\","              \
    "\"team\":{\"id\":\"T0HOME\",\"domain\":\"example\"},"                                         \
    "\"user\":{\"id\":\"U0JANE\",\"username\":\"jane\",\"team_id\":\"T0HOME\"},"                   \
    "\"container\":{\"type\":\"message\",\"message_ts\":\"1503435956.000247\",\"channel_id\":\"C0OPS\",\"is_ephemeral\":false}," \
    "\"channel\":{\"id\":\"C0OPS\",\"name\":\"ops\"},"                                             \
    "\"trigger_id\":\"12.34.ab\",\"response_url\":\"https://hooks.slack.com/actions/T0HOME/1/x\"," \
    "\"actions\":[{\"type\":\"button\",\"action_id\":\"approve\",\"block_id\":\"prp_01:3:9f86:17\",\"action_ts\":\"1503435999.1\",\"value\":\"a b+c&d=e%41\"}]}"
/* clang-format on */

static int new_arena(void **state)
{
    return arena_new((size_t)8 << 20, (struct arena **)state) ? -1 : 0;
}

static int free_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static void assert_text(struct slice found, const char *expected)
{
    if (!slice_eq(found, slice_of(expected)))
        fail_msg("`%.*s`, not `%s`", SLICE_ARG(found), expected ? expected : "(absent)");
}

/* As a browser writes a form: blanks as plus, everything else that could mean something as an escape. */
static struct slice form_of(struct arena *arena, const char *name, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    char *text = arena_alloc(arena, strlen(name) + 3 * strlen(value) + 2, 1);
    size_t len = 0;

    for (; *name; name++)
        text[len++] = *name;
    text[len++] = '=';
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;

        if (c == ' ') {
            text[len++] = '+';
            continue;
        }
        text[len++] = '%';
        text[len++] = digits[c >> 4];
        text[len++] = digits[c & 15];
    }
    return (struct slice){ text, len };
}

static enum rc parse_payload(struct arena *arena, const char *json,
                             struct slack_interaction *interaction)
{
    return slack_interaction_parse(form_of(arena, "payload", json), arena, interaction);
}

static void a_click_says_who_where_and_what(void **state)
{
    struct slack_interaction click;

    assert_int_equal(parse_payload(*state, CLICK, &click), RC_OK);
    assert_int_equal(click.kind, SLACK_CLICK);
    assert_text(click.origin.app, "A0APP");
    assert_text(click.origin.user, "U0JANE");
    assert_text(click.origin.home_team, "T0HOME");
    assert_text(click.origin.team, "T0HOME");
    assert_text(click.origin.channel, "C0OPS");
    assert_text(click.origin.thread_ts, NULL);
    assert_text(click.origin.trigger_id, "12.34.ab");
    assert_text(click.origin.response_url, "https://hooks.slack.com/actions/T0HOME/1/x");
    assert_text(click.click.message_ts, "1503435956.000247");
    assert_text(click.click.action_id, "approve");
    assert_text(click.click.block_id, "prp_01:3:9f86:17");
    assert_text(click.click.action_ts, "1503435999.1");
    assert_text(click.click.value, "a b+c&d=e%41");
}

static void the_value_of_an_option_counts_as_the_value_of_a_button(void **state)
{
    struct slack_interaction click;

    assert_int_equal(
        parse_payload(*state,
                      "{\"type\":\"block_actions\",\"user\":{\"id\":\"U1\"},\"team\":null,"
                      "\"container\":{\"message_ts\":\"1.2\",\"channel_id\":\"C1\",\"thread_ts\":"
                      "\"1.1\"},\"actions\":[{\"action_id\":\"more\",\"block_id\":\"b\","
                      "\"action_ts\":\"3.4\",\"selected_option\":{\"value\":\"snooze:1h\"}}]}",
                      &click),
        RC_OK);
    assert_text(click.click.value, "snooze:1h");
    assert_text(click.origin.channel, "C1");
    assert_text(click.origin.thread_ts, "1.1");
    assert_text(click.origin.team, NULL);
    assert_text(click.origin.app, NULL);
}

/* The click above with `from` replaced. */
static enum rc parse_changed(struct arena *arena, const char *from, const char *to)
{
    const char *at = strstr(CLICK, from);
    struct slack_interaction click;
    struct slice json;

    assert_non_null(at);
    assert_int_equal(
        arena_format(arena, &json, "%.*s%s%s", (int)(at - CLICK), CLICK, to, at + strlen(from)),
        RC_OK);
    return parse_payload(arena, json.ptr, &click);
}

static void what_is_not_of_its_form_makes_the_whole_click_invalid(void **state)
{
    static const struct {
        const char *from, *to;
        enum rc expected;
    } cases[] = {
        { "\"U0JANE\"", "\"U0JOHN\"", RC_OK },
        { "\"U0JANE\"", "\"\"", RC_INVALID },
        { "\"U0JANE\"", "null", RC_INVALID },
        { "\"U0JANE\"", "7", RC_INVALID },
        { "\"U0JANE\"", "[\"U0JANE\"]", RC_INVALID },
        { "\"U0JANE\"", "\"jane\"", RC_INVALID },
        { "\"U0JANE\"", "\"U0JANE \"", RC_INVALID },
        { "\"U0JANE\"", "\"U0JANE\\n\"", RC_INVALID },
        { "\"U0JANE\"", "\"U00000000000000000000000000000000000000\"", RC_INVALID },
        { "\"T0HOME\"", "\"T0HOME'\"", RC_INVALID },
        { "\"channel\":{\"id\":\"C0OPS\"", "\"channel\":{\"id\":\"#ops\"", RC_INVALID },
        { "\"1503435956.000247\"", "1503435956.000247", RC_INVALID },
        { "\"1503435956.000247\"", "\"1503435956,000247\"", RC_INVALID },
        { "\"approve\"", "\"\"", RC_INVALID },
        { "\"approve\"", "\"app rove\"", RC_INVALID },
        { "\"prp_01:3:9f86:17\"", "\"\\u0000\"", RC_INVALID },
        { "\"12.34.ab\"", "\"12.34.ab\\r\\nX: y\"", RC_INVALID },
        { "\"https://hooks", "\"\\u00a0https://hooks", RC_INVALID },
        { "\"actions\":", "\"activities\":", RC_INVALID },
        { "\"type\":\"block_actions\"", "\"type\":7", RC_INVALID },
        { "}]}", "}]", RC_INVALID },
        { "\"U0JANE\"", "\"U0JANE\",\"id\":\"U0JOHN\"", RC_INVALID },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s -> %s\n", cases[i].from, cases[i].to);
        assert_int_equal(parse_changed(*state, cases[i].from, cases[i].to), cases[i].expected);
    }
}

static void a_form_holds_exactly_one_payload(void **state)
{
    static const char *const bodies[] = {
        "",
        "payload",
        "payload=",
        "payload=%7B",
        "payload=%7",
        "payload={}&payload={}",
        "x=1",
        "Payload={}",
        "payload=[]",
        "payload=null",
        "payload=%7B%7D",
    };
    struct slack_interaction interaction;

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        print_message("%s\n", bodies[i]);
        assert_int_equal(slack_interaction_parse(slice_of(bodies[i]), *state, &interaction),
                         RC_INVALID);
    }
}

static void what_nobody_here_reads_is_to_be_acknowledged(void **state)
{
    struct slack_interaction interaction;

    assert_int_equal(
        parse_payload(*state, "{\"type\":\"view_closed\",\"user\":{\"id\":\"U1\"}}", &interaction),
        RC_OK);
    assert_int_equal(interaction.kind, SLACK_OTHER_INTERACTION);
}

static void a_modal_brings_what_was_typed_and_picked(void **state)
{
    struct slack_interaction sent;
    const struct slack_submission *modal = &sent.submission;

    assert_int_equal(
        parse_payload(*state,
                      "{\"type\":\"view_submission\",\"user\":{\"id\":\"U1\",\"team_id\":\"T1\"},"
                      "\"view\":{\"id\":\"V1\",\"callback_id\":\"edit\",\"private_metadata\":"
                      "\"prp_01:3:9f86:17\",\"state\":{\"values\":{"
                      "\"param:1:run\":{\"value\":{\"type\":\"plain_text_input\",\"value\":\"4 "
                      "711\"}},"
                      "\"for\":{\"value\":{\"selected_option\":{\"value\":\"2h\"}}},"
                      "\"reason\":{\"value\":{\"value\":null}}}}}}",
                      &sent),
        RC_OK);
    assert_int_equal(sent.kind, SLACK_SUBMISSION);
    assert_text(modal->callback_id, "edit");
    assert_text(modal->private_metadata, "prp_01:3:9f86:17");
    assert_int_equal(modal->n_inputs, 3);
    assert_text(modal->inputs[0].block_id, "param:1:run");
    assert_text(modal->inputs[0].action_id, "value");
    assert_text(modal->inputs[0].value, "4 711");
    assert_text(modal->inputs[1].value, "2h");
    assert_text(modal->inputs[2].value, NULL);
}

static void a_modal_of_more_inputs_than_one_can_have_is_refused(void **state)
{
    struct slack_interaction sent;

    for (int n = SLACK_MAX_INPUTS; n <= SLACK_MAX_INPUTS + 1; n++) {
        struct buffer json;

        buffer_init(&json, 0);
        buffer_add_text(&json, "{\"type\":\"view_submission\",\"user\":{\"id\":\"U1\"},\"view\":{"
                               "\"id\":\"V1\",\"callback_id\":\"edit\",\"state\":{\"values\":{");
        for (int i = 0; i < n; i++)
            buffer_format(&json, "%s\"b%d\":{\"value\":{\"value\":\"x\"}}", i ? "," : "", i);
        buffer_add(&json, (struct slice){ "}}}}", 5 });
        assert_int_equal(parse_payload(*state, json.ptr, &sent),
                         n == SLACK_MAX_INPUTS ? RC_OK : RC_LIMIT);
        buffer_free(&json);
    }
}

static void a_command_is_a_form(void **state)
{
    struct slack_command command;

    assert_int_equal(
        slack_command_parse(
            SLICE("token=x&team_id=T1&channel_id=D1&user_id=U1&user_name=jane&command=%2Fvedette&"
                  "text=show+abcde%26&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2Fx&"
                  "trigger_id=1.2.a&api_app_id=A1"),
            *state, &command),
        RC_OK);
    assert_text(command.command, "/vedette");
    assert_text(command.text, "show abcde&");
    assert_text(command.origin.app, "A1");
    assert_text(command.origin.user, "U1");
    assert_text(command.origin.team, "T1");
    assert_text(command.origin.home_team, "T1");
    assert_text(command.origin.channel, "D1");
    assert_int_equal(slack_command_parse(SLICE("user_id=U1&command=/v&text="), *state, &command),
                     RC_OK);
    assert_text(command.text, "");
}

static void a_command_that_is_none_is_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "command=/v",
        "user_id=U1",
        "user_id=u1&command=/v",
        "user_id=U1&user_id=U2&command=/v",
        "user_id=U1&command=/v&text=%ff",
        "user_id=U1&command=/v&text=%00",
        "user_id=U1&command=/v&text=%4",
    };
    struct slack_command command;

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        print_message("%s\n", bodies[i]);
        assert_int_equal(slack_command_parse(slice_of(bodies[i]), *state, &command), RC_INVALID);
    }
}

static void only_the_field_itself_is_a_check_of_the_certificate(void **state)
{
    (void)state;
    assert_true(slack_is_ssl_check(SLICE("ssl_check=1&token=x")));
    assert_true(slack_is_ssl_check(SLICE("token=x&ssl_check=1")));
    assert_false(slack_is_ssl_check(SLICE("ssl_check=0")));
    assert_false(slack_is_ssl_check(SLICE("xssl_check=1")));
    assert_false(slack_is_ssl_check(SLICE("payload=ssl_check=1")));
    assert_false(slack_is_ssl_check(SLICE("")));
}

static void the_address_of_events_is_proven_with_a_challenge(void **state)
{
    struct slack_delivery delivery;

    assert_int_equal(slack_delivery_parse(SLICE("{\"token\":\"x\",\"challenge\":\"3eZbrw1a\","
                                                "\"type\":\"url_verification\"}"),
                                          *state, &delivery),
                     RC_OK);
    assert_int_equal(delivery.kind, SLACK_URL_VERIFICATION);
    assert_text(delivery.challenge, "3eZbrw1a");
    assert_int_equal(
        slack_delivery_parse(SLICE("{\"type\":\"url_verification\"}"), *state, &delivery),
        RC_INVALID);
}

static void an_event_is_kept_without_its_token_and_who_else_is_told(void **state)
{
    struct slack_delivery delivery;

    assert_int_equal(
        slack_delivery_parse(
            SLICE("{\"token\":\"secret\",\"team_id\":\"T1\",\"api_app_id\":\"A1\",\"type\":"
                  "\"event_callback\",\"event_id\":\"Ev1\",\"event_time\":1795248300,"
                  "\"authorizations\":[{\"team_id\":\"T1\"}],\"event\":{\"type\":\"app_mention\","
                  "\"user\":\"U1\",\"user_team\":\"T2\",\"team\":\"T1\",\"text\":\"<@U2> hi\","
                  "\"ts\":\"1.2\",\"channel\":\"C1\",\"thread_ts\":\"1.1\"}}"),
            *state, &delivery),
        RC_OK);
    assert_int_equal(delivery.kind, SLACK_EVENT);
    assert_text(delivery.event_id, "Ev1");
    assert_text(delivery.type, "app_mention");
    assert_text(delivery.subtype, NULL);
    assert_text(delivery.bot, NULL);
    assert_text(delivery.origin.user, "U1");
    assert_text(delivery.origin.team, "T1");
    assert_text(delivery.origin.home_team, "T2");
    assert_text(delivery.origin.channel, "C1");
    assert_text(delivery.origin.thread_ts, "1.1");
    assert_text(delivery.ts, "1.2");
    assert_text(delivery.text, "<@U2> hi");
    assert_text(delivery.stored,
                "{\"type\":\"event_callback\",\"event_id\":\"Ev1\",\"event_time\":1795248300,"
                "\"team_id\":\"T1\",\"api_app_id\":\"A1\",\"event\":{\"type\":\"app_mention\","
                "\"user\":\"U1\",\"user_team\":\"T2\",\"team\":\"T1\",\"text\":\"<@U2> hi\","
                "\"ts\":\"1.2\",\"channel\":\"C1\",\"thread_ts\":\"1.1\"}}");
}

static void events_that_are_none_of_ours_are_to_be_acknowledged(void **state)
{
    static const struct {
        const char *body;
        enum rc expected;
        enum slack_delivery_kind kind;
    } cases[] = {
        { "{\"type\":\"app_rate_limited\",\"minute_rate_limited\":1}", RC_OK,
          SLACK_OTHER_DELIVERY },
        /* its channel is an object, not a name */
        { "{\"type\":\"event_callback\",\"event_id\":\"Ev1\",\"event\":{\"type\":\"channel_"
          "created\",\"channel\":{\"id\":\"C1\"}}}",
          RC_OK, SLACK_EVENT },
        { "{\"type\":\"event_callback\",\"event_id\":\"Ev1\",\"event\":{\"type\":\"message\","
          "\"channel\":{\"id\":\"C1\"},\"ts\":\"1.2\"}}",
          RC_INVALID, SLACK_EVENT },
        { "{\"type\":\"event_callback\",\"event\":{\"type\":\"message\",\"channel\":\"C1\","
          "\"ts\":\"1.2\"}}",
          RC_INVALID, SLACK_EVENT },
        { "{\"type\":\"event_callback\",\"event_id\":\"Ev1\",\"event\":[]}", RC_INVALID,
          SLACK_EVENT },
        { "{\"type\":\"event_callback\",\"event_id\":\"Ev1\"}", RC_INVALID, SLACK_EVENT },
        { "{}", RC_INVALID, SLACK_OTHER_DELIVERY },
        { "[]", RC_INVALID, SLACK_OTHER_DELIVERY },
        { "\"event_callback\"", RC_INVALID, SLACK_OTHER_DELIVERY },
        { "", RC_INVALID, SLACK_OTHER_DELIVERY },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slack_delivery delivery;

        print_message("%s\n", cases[i].body);
        assert_int_equal(slack_delivery_parse(slice_of(cases[i].body), *state, &delivery),
                         cases[i].expected);
        if (!cases[i].expected)
            assert_int_equal(delivery.kind, cases[i].kind);
    }
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, new_arena, free_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_click_says_who_where_and_what),
        STORY(the_value_of_an_option_counts_as_the_value_of_a_button),
        STORY(what_is_not_of_its_form_makes_the_whole_click_invalid),
        STORY(a_form_holds_exactly_one_payload),
        STORY(what_nobody_here_reads_is_to_be_acknowledged),
        STORY(a_modal_brings_what_was_typed_and_picked),
        STORY(a_modal_of_more_inputs_than_one_can_have_is_refused),
        STORY(a_command_is_a_form),
        STORY(a_command_that_is_none_is_refused),
        STORY(only_the_field_itself_is_a_check_of_the_certificate),
        STORY(the_address_of_events_is_proven_with_a_challenge),
        STORY(an_event_is_kept_without_its_token_and_who_else_is_told),
        STORY(events_that_are_none_of_ours_are_to_be_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
