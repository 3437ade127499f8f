#include "actions/channels/channels.h"

#include "actions/channels/slack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct problems *problems;

static int set_up(void **state)
{
    (void)state;
    return setenv("CHANNEL_TEST_TOKEN", "xoxb-1-very-secret", 1) ||
           setenv("CHANNEL_TEST_APP", "xapp-1-very-secret", 1) ||
           setenv("CHANNEL_TEST_SIGNING", "0123456789abcdef", 1) ||
           setenv("CHANNEL_TEST_NEXT", "fedcba9876543210", 1) ||
           setenv("CHANNEL_TEST_BROKEN", "xoxb-1-very secret", 1) || arena_new(1 << 20, &arena) ||
           problems_new(&problems);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    problems_free(problems);
    return 0;
}

/* $T, $A, $S and $N stand for the secrets, so that a case is a line. */
static struct slice spell_out(const char *yaml)
{
    static const struct {
        char letter;
        const char *variable;
    } secrets[] = {
        { 'T', "${CHANNEL_TEST_TOKEN}" },   { 'A', "${CHANNEL_TEST_APP}" },
        { 'S', "${CHANNEL_TEST_SIGNING}" }, { 'N', "${CHANNEL_TEST_NEXT}" },
        { 'B', "${CHANNEL_TEST_BROKEN}" },
    };
    struct buffer out;
    struct slice text;

    buffer_init(&out, 0);
    for (const char *c = yaml; *c; c++) {
        const char *variable = NULL;

        for (size_t i = 0; *c == '$' && i < sizeof secrets / sizeof *secrets; i++)
            variable = c[1] == secrets[i].letter ? secrets[i].variable : variable;
        if (!variable) {
            buffer_add_byte(&out, *c);
            continue;
        }
        buffer_format(&out, "\"%s\"", variable);
        c++;
    }
    assert_int_equal(arena_copy(arena, buffer_slice(&out), &text), RC_OK);
    buffer_free(&out);
    return text;
}

static enum rc load_secretly(const char *yaml, bool resolve_secrets, struct channels **channels)
{
    struct node *root = NULL;

    assert_int_equal(document_parse(SLICE("v.yaml"), spell_out(yaml), arena, problems, &root),
                     RC_OK);
    return channels_load(root, SLICE("/etc/vedette"), resolve_secrets, arena, problems, channels);
}

static enum rc load(const char *yaml, struct channels **channels)
{
    return load_secretly(yaml, true, channels);
}

static struct channels *loaded(const char *yaml)
{
    struct channels *channels = NULL;

    if (load(yaml, &channels))
        fail_msg("%s: %.*s", yaml, SLICE_ARG(problems_at(problems, 0)->text));
    return channels;
}

static void check_text(struct slice text, const char *expected)
{
    if (!slice_eq(text, slice_of(expected)))
        fail_msg("got: %.*s\nnot: %s", SLICE_ARG(text), expected ? expected : "(absent)");
}

/* -- what is read -- */

static void without_channels_there_are_none(void **state)
{
    struct channels *channels;

    (void)state;
    assert_int_equal(channels_load(NULL, SLICE("/"), true, arena, problems, &channels), RC_OK);
    assert_int_equal(channels_count(channels), 0);
    assert_null(channels_at(channels, 0));
    assert_null(channels_find(channels, SLICE("slack")));
    assert_null(channels_slack(channels));
}

static void a_slack_channel_needs_a_token_a_signing_secret_and_a_conversation(void **state)
{
    struct channels *channels = loaded("slack: {token: $T, signing_secret: $S, channel: C1}");
    const struct channel *slack = channels_slack(channels);
    const struct slack_own *own = slack->own;

    (void)state;
    assert_int_equal(channels_count(channels), 1);
    assert_ptr_equal(channels_find(channels, SLICE("slack")), slack);
    assert_ptr_equal(slack->kind, &channel_slack);
    check_text(slack->name, "slack");
    check_text(slack->token, "xoxb-1-very-secret");
    check_text(slack->place, "C1");
    check_text(slack->base_url, "https://slack.com/api");
    assert_int_equal(slack->severity, SEVERITY_LOW);
    assert_false(slack->standby);
    assert_true(slice_is_absent(slack->fallback));
    assert_int_equal(own->signing_secrets.n_items, 1);
    check_text(own->signing_secrets.items[0], "0123456789abcdef");
    assert_true(slice_is_absent(own->app_token) && slice_is_absent(own->team));
    assert_int_equal(own->listen.n_items, 0);
    assert_int_equal(problems_count(problems, PROBLEM_WARNING), 0);
}

static void every_member_is_read(void **state)
{
    struct channels *channels =
        loaded("ops:\n"
               "  kind: slack\n"
               "  token: $T\n"
               "  signing_secret: [$S, $N]\n"
               "  app_token: $A\n"
               "  channel: G0123456789\n"
               "  team: T0123456789\n"
               "  base_url: http://127.0.0.1:8080/api/\n"
               "  listen: [127.0.0.1:8422]\n"
               "  rules: [ci-*, disk]\n"
               "  severity: high\n"
               "  standby: false\n"
               "  routes: [{rules: [ci-*], channel: C1}, {groups: [oncall], channel: D2}]\n");
    const struct channel *ops = channels_slack(channels);
    const struct slack_own *own = ops->own;

    (void)state;
    check_text(ops->name, "ops");
    check_text(ops->place, "G0123456789");
    check_text(ops->base_url, "http://127.0.0.1:8080/api");
    assert_int_equal(ops->severity, SEVERITY_HIGH);
    assert_int_equal(ops->rules.n_items, 2);
    assert_int_equal(ops->n_routes, 2);
    check_text(ops->routes[1].place, "D2");
    check_text(ops->routes[1].groups.items[0], "oncall");
    assert_int_equal(own->signing_secrets.n_items, 2);
    check_text(own->signing_secrets.items[1], "fedcba9876543210");
    check_text(own->app_token, "xapp-1-very-secret");
    check_text(own->team, "T0123456789");
    check_text(own->listen.items[0], "127.0.0.1:8422");
}

static void socket_mode_needs_no_signing_secret(void **state)
{
    const struct slack_own *own =
        channels_slack(loaded("slack: {token: $T, app_token: $A, channel: C1}"))->own;

    (void)state;
    assert_int_equal(own->signing_secrets.n_items, 0);
    check_text(own->app_token, "xapp-1-very-secret");
}

static void who_may_not_read_secrets_can_check_all_the_rest(void **state)
{
    struct channels *channels;

    (void)state;
    assert_int_equal(load_secretly("slack: {token_file: /nowhere, signing_secret_file: [/a, /b], "
                                   "channel: C1}",
                                   false, &channels),
                     RC_OK);
    assert_int_equal(problems_count(problems, PROBLEM_ERROR), 0);
}

/* -- what is refused -- */

#define SLACK "slack: {token: $T, signing_secret: $S, channel: C1"

static void a_mistake_is_told_with_its_place_and_what_is_allowed(void **state)
{
    static const struct {
        const char *yaml, *problem; /* of the kinds, more may follow */
    } cases[] = {
        { "[slack]", "1:1: error: `channels` is a map of names, as `slack: {…}`, not a list" },
        { "slack: C1", "1:8: error: a channel is a map of members, as `slack: {channel: "
                       "C0123456789}`, not text" },
        { "Slack: {}", "1:1: error: a channel's name is lower-case letters, digits and `-`, at "
                       "most 63, not `Slack`" },
        { "page: {kind: slack}", "1:1: error: `page` is what a decision made elsewhere is marked "
                                 "with: give the channel another name" },
        { "slak: {}", "1:1: error: `slak` is no kind of channel; did you mean `slack`?: `kind` is "
                      "one of slack" },
        { "ops: {kind: pager}", "1:13: error: `pager` is no kind of channel: `kind` is one of "
                                "slack" },
        { SLACK ", chanel: C2}",
          "unknown member `chanel`; did you mean `channel`? valid here: kind rules severity "
          "fallback standby token token_file signing_secret signing_secret_file app_token "
          "app_token_file channel routes base_url team listen" },
        { SLACK "}\nops: {kind: slack, token: $T, signing_secret: $S, channel: C2}",
          "2:1: error: `slack` is a Slack channel already: there is one, and its `routes` lead to "
          "other conversations" },
        /* common members */
        { SLACK ", severity: urgent}",
          "`severity` must be one of low medium high critical, not `urgent`" },
        { SLACK ", standby: yes}", "`standby` must be true or false, not `yes`" },
        { SLACK ", fallback: mail}", "`fallback` names no channel: there is no `mail`" },
        { SLACK ", fallback: slack}", "`slack` cannot speak for itself" },
        { SLACK ", rules: {a: b}}", "`rules` must be a text or a list of texts, not a map" },
        { SLACK ", rules: }", "`rules` is empty: give it a value, or leave it out" },
        /* secrets */
        { "slack: {signing_secret: $S, channel: C1}",
          "1:8: error: `token_file` is missing here: the bot token (xoxb-…) of the app's page "
          "\"OAuth & Permissions\"" },
        { "slack: {token: $T, channel: C1}",
          "1:8: error: `signing_secret_file` is missing here: the signing secret of the app's page "
          "\"Basic Information\", which proves what comes from Slack (or `app_token_file`, for "
          "Socket Mode)" },
        { "slack: {token: $A, signing_secret: $S, channel: C1}",
          "1:16: error: `token` is an app-level token: it must be the bot token (xoxb-…) of the "
          "app's "
          "page \"OAuth & Permissions\"" },
        { "slack: {token: $B, signing_secret: $S, channel: C1}",
          "1:16: error: `token` holds a blank or a control character: it must be the bot token "
          "(xoxb-…) of the app's page \"OAuth & Permissions\"" },
        { "slack: {token: [$T, $T], signing_secret: $S, channel: C1}",
          "1:16: error: `token` is one token, not a list" },
        { "slack: {token: $T, signing_secret: $T, channel: C1}",
          "`signing_secret` is a bot token: it must be the signing secret of the app's page "
          "\"Basic Information\"" },
        { "slack: {token: $T, app_token: $S, channel: C1}",
          "`app_token` is something else: it must be an app-level token (xapp-…) of the app's page "
          "\"Basic Information\"" },
        { "slack: {token: $T, token_file: t, signing_secret: $S, channel: C1}",
          "1:16: error: give `token` or `token_file`, not both" },
        { "slack: {token: }", "`token` is empty: give it a value, or leave it out" },
        { "slack: {token: \"${CHANNEL_TEST_NONE}\", signing_secret: $S, channel: C1}",
          "1:16: error: the environment has no variable `CHANNEL_TEST_NONE`" },
        /* conversations */
        { "slack: {token: $T, signing_secret: $S}",
          "1:8: error: `channel` is missing here: the id of the conversation (C…)" },
        { "slack: {channel: \"#ops\", token: $T, signing_secret: $S}",
          "1:18: error: `channel` is the id of a conversation (C…, G… or D…), as names change, not "
          "`#ops`: in Slack it stands at the end of the conversation's details, as Channel ID" },
        { "slack: {channel: U0123456789, token: $T, signing_secret: $S}",
          "1:18: error: `channel` is the id of a conversation (C…, G… or D…), as names change, not "
          "`U0123456789`: in Slack it stands at the end of the conversation's details, as Channel "
          "ID" },
        { SLACK ", team: acme}", "`team` is the id of a workspace (T…), not `acme`: the address of "
                                 "Slack in a browser holds it" },
        { SLACK ", routes: C2}", "`routes` is a list of {rules, groups, channel}, not text" },
        { SLACK ", routes: [C2]}", "a map of members is expected here, not text" },
        { SLACK ", routes: [{channel: C2}]}",
          "a route says what it is for: `rules` or `groups`; what none fits goes to the channel's "
          "own `channel`" },
        { SLACK ", routes: [{rules: [a]}]}", "`channel` is missing here: where these go" },
        { SLACK ", routes: [{rules: [a], channel: ops}]}",
          "`channel` is the id of a conversation (C…, G… or D…), as names change, not `ops`: in "
          "Slack it stands at the end of the conversation's details, as Channel ID" },
        { SLACK ", routes: [{rule: [a], channel: C2}]}",
          "unknown member `rule`; did you mean `rules`? valid here: rules groups channel" },
        /* where it is */
        { SLACK ", base_url: http://slack.example.com/api}",
          "`base_url` is https, but for an address of this machine: a token goes there" },
        { SLACK ", base_url: http://localhost.example.com}",
          "`base_url` is https, but for an address of this machine: a token goes there" },
        { SLACK ", base_url: slack.com/api}",
          "`base_url` begins with https://, a host and perhaps a port, without a user name" },
        { SLACK ", base_url: ftp://slack.com}",
          "`base_url` begins with https://, a host and perhaps a port, without a user name" },
        { SLACK ", base_url: https://me@slack.com/api}",
          "`base_url` begins with https://, a host and perhaps a port, without a user name" },
        { SLACK ", base_url: \"https://slack.com/api?x=1\"}",
          "`base_url` has no query, fragment, blank or other special character" },
        { SLACK ", base_url: \"https://slack.com/a b\"}",
          "`base_url` has no query, fragment, blank or other special character" },
        { SLACK ", base_url: [a]}", "`base_url` is text" },
    };
    struct channels *channels;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;

        buffer_init(&out, 0);
        problems_clear(problems);
        print_message("# %s\n", cases[i].yaml);
        assert_int_equal(load(cases[i].yaml, &channels), RC_INVALID);
        problems_format(problems, &out);
        buffer_add_byte(&out, '\0');
        if (!strstr(out.ptr, cases[i].problem))
            fail_msg("got: %s\nnot: %s", out.ptr, cases[i].problem);
        assert_null(strstr(out.ptr, "very"));
        buffer_free(&out);
    }
}

static void one_mistake_is_one_problem(void **state)
{
    static const char *const yamls[] = {
        SLACK ", fallback: mail}",
        SLACK ", severity: urgent}",
        SLACK ", team: }",
        SLACK ", routes: }",
        SLACK ", chanel: C2}",
        SLACK ", routes: [{rules: [a], channel: ops}]}",
        "slack: {token: $A, signing_secret: $S, channel: C1}",
        "slack: {token: $T, signing_secret: $S}",
        "slack: {token: $T, signing_secret: $S, channel: }",
        "slack: {token: $T, signing_secret: $S, channel: [C1, C2]}",
    };
    struct channels *channels;

    (void)state;
    for (size_t i = 0; i < sizeof yamls / sizeof *yamls; i++) {
        problems_clear(problems);
        print_message("# %s\n", yamls[i]);
        assert_int_equal(load(yamls[i], &channels), RC_INVALID);
        assert_int_equal(problems_count(problems, PROBLEM_ERROR), 1);
    }
}

static void all_mistakes_are_told_in_one_run(void **state)
{
    struct channels *channels;

    (void)state;
    assert_int_equal(load("slack: {token: $A, signing_secret: $T, app_token: $S, channel: ops, "
                          "team: acme, base_url: x, severity: y, routes: z, fallback: mail}\n"
                          "ops: {kind: pager}",
                          &channels),
                     RC_INVALID);
    assert_int_equal(problems_count(problems, PROBLEM_ERROR), 10);
}

static void channels_that_all_stand_by_are_warned_of(void **state)
{
    (void)state;
    (void)loaded(SLACK ", standby: true}");
    assert_int_equal(problems_count(problems, PROBLEM_WARNING), 1);
    check_text(problems_at(problems, 0)->text,
               "every channel is `standby`: no proposal is posted anywhere");
}

/* -- what goes there -- */

struct wish {
    const char *rule;
    enum severity severity;
    const char *approver;
    const char *place; /* NULL: it does not go there */
};

static void check_wishes(const char *yaml, const struct wish *wishes, size_t n_wishes)
{
    const struct channel *channel = channels_at(loaded(yaml), 0);

    for (size_t i = 0; i < n_wishes; i++) {
        struct slice names[] = { SLICE("jane"), slice_of(wishes[i].approver) };
        const struct proposal proposal = { .rule = slice_of(wishes[i].rule),
                                           .severity = wishes[i].severity,
                                           .approvers.from = { names, 2 } };
        struct slice place = { 0 };

        print_message("# %s %s\n", wishes[i].rule, wishes[i].approver);
        assert_int_equal(channel_wants(channel, &proposal, &place), wishes[i].place != NULL);
        if (wishes[i].place)
            check_text(place, wishes[i].place);
    }
}

#define CHECK_WISHES(yaml, wishes) check_wishes(yaml, wishes, sizeof(wishes) / sizeof *(wishes))

static void a_channel_without_conditions_takes_everything(void **state)
{
    static const struct wish wishes[] = { { "a", SEVERITY_LOW, "oncall", "C1" },
                                          { "b", SEVERITY_CRITICAL, "leads", "C1" } };

    (void)state;
    CHECK_WISHES(SLACK "}", wishes);
}

static void rules_and_severity_keep_the_rest_out(void **state)
{
    static const struct wish wishes[] = {
        { "ci-main", SEVERITY_HIGH, "oncall", "C1" },   { "disk", SEVERITY_CRITICAL, "x", "C1" },
        { "ci-main", SEVERITY_MEDIUM, "oncall", NULL }, { "disk-2", SEVERITY_CRITICAL, "x", NULL },
        { "xci-main", SEVERITY_HIGH, "oncall", NULL },
    };

    (void)state;
    CHECK_WISHES(SLACK ", rules: [ci-*, disk], severity: high}", wishes);
}

static void the_first_route_that_fits_says_where(void **state)
{
    static const struct wish wishes[] = {
        { "ci-main", SEVERITY_LOW, "leads", "C2" }, { "ci-main", SEVERITY_LOW, "oncall", "C2" },
        { "disk", SEVERITY_LOW, "leads", "C3" },    { "net", SEVERITY_LOW, "oncall", "C4" },
        { "net", SEVERITY_LOW, "leads", "C1" },     { "disk", SEVERITY_LOW, "oncall", "C4" },
        { "net", SEVERITY_LOW, "oncall-2", "C1" },
    };

    (void)state;
    CHECK_WISHES(SLACK ", routes: [{rules: ci-*, channel: C2}, {rules: [disk], groups: leads, "
                       "channel: C3}, {groups: [none, oncall], channel: C4}]}",
                 wishes);
}

static void a_route_is_told_also_for_what_a_channel_does_not_want_by_itself(void **state)
{
    const struct channel *channel = channels_at(
        loaded(SLACK ", severity: critical, routes: [{rules: [disk], channel: C2}]}"), 0);
    const struct proposal proposal = { .rule = SLICE("disk"), .severity = SEVERITY_LOW };
    struct slice place;

    (void)state;
    assert_false(channel_wants(channel, &proposal, &place));
    check_text(place, "C2");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_channels_there_are_none),
        TEST(a_slack_channel_needs_a_token_a_signing_secret_and_a_conversation),
        TEST(every_member_is_read),
        TEST(socket_mode_needs_no_signing_secret),
        TEST(who_may_not_read_secrets_can_check_all_the_rest),
        TEST(a_mistake_is_told_with_its_place_and_what_is_allowed),
        TEST(one_mistake_is_one_problem),
        TEST(all_mistakes_are_told_in_one_run),
        TEST(channels_that_all_stand_by_are_warned_of),
        TEST(a_channel_without_conditions_takes_everything),
        TEST(rules_and_severity_keep_the_rest_out),
        TEST(the_first_route_that_fits_says_where),
        TEST(a_route_is_told_also_for_what_a_channel_does_not_want_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
