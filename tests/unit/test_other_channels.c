/* The kinds where nobody decides, as the configuration has them. */
#include "actions/channels/channels.h"
#include "tests/unit/other_channel.h"

static const char all[] =
    "mattermost: {base_url: \"https://mm.example.com\", token: " SECRET
    ", channel: abc, routes: [{rules: [ci-*], channel: def}]}\n"
    "chat: {kind: mattermost, url: \"https://mm.example.com/hooks/" SECRET "\"}\n"
    "discord: {url: \"https://discord.example.com/" SECRET
    "\", severity: high, template: \"{{headline}}\"}\n"
    "teams: {url: \"https://flows.example.com/" SECRET "?sig=x\", standby: true}\n"
    "telegram: {token: \"17:" SECRET "\", chat: \"@ops\"}\n"
    "mail: {kind: email, url: \"smtps://mail.example.com\", from: "
    "vedette@example.com, to: ops@example.com, fallback: discord}\n";

static enum rc load(struct other_channel *other, const char *yaml, bool resolve_secrets,
                    struct channels **channels)
{
    struct node *map = NULL;

    problems_clear(other->problems);
    assert_int_equal(
        document_parse(SLICE("vedette.yaml"), slice_of(yaml), other->arena, other->problems, &map),
        RC_OK);
    return channels_load(map, SLICE("/"), resolve_secrets, other->arena, other->problems, channels);
}

static void every_kind_is_loaded_by_its_name(void **state)
{
    static const struct expected {
        const char *name;
        const struct channel_kind *kind;
    } expected[] = {
        { "mattermost", &channel_mattermost }, { "chat", &channel_mattermost },
        { "discord", &channel_discord },       { "teams", &channel_teams },
        { "telegram", &channel_telegram },     { "mail", &channel_email },
    };
    struct other_channel *other = *state;
    struct channels *channels;
    struct slice place;

    assert_int_equal(load(other, all, true, &channels), RC_OK);
    assert_int_equal(channels_count(channels), 6);
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        const struct channel *channel = channels_find(channels, slice_of(expected[i].name));

        print_message("# %s\n", expected[i].name);
        assert_non_null(channel);
        assert_ptr_equal(channel->kind, expected[i].kind);
        assert_false(channel->kind->decides);
        assert_false(channel->kind->searches);
    }
    other->proposal.rule = SLICE("ci-main-red");
    assert_true(
        channel_wants(channels_find(channels, SLICE("mattermost")), &other->proposal, &place));
    assert_slice(place, "def");
}

static void without_reading_secrets_they_are_checked_as_far_as_that_goes(void **state)
{
    static const char files[] = "mattermost: {base_url: \"https://mm.example.com\", token_file: "
                                "no/such.token, channel: abc}\n"
                                "discord: {url_file: no/such.url}\n"
                                "teams: {url_file: no/such.url}\n"
                                "telegram: {token_file: no/such.token, chat: 17}\n"
                                "email: {url: \"smtps://mail\", from: v@example.com, to: "
                                "j@example.com, user: v, password_file: no/such.password}\n";
    struct channels *channels;

    assert_int_equal(load(*state, files, false, &channels), RC_OK);
    assert_int_equal(load(*state, files, true, &channels), RC_INVALID);
    other_problem(*state, "no/such.url");
}

static void a_member_of_another_kind_is_unknown(void **state)
{
    struct channels *channels;

    assert_int_equal(
        load(*state, "discord: {url: \"https://d.example.com/x\", chat: 17}\n", true, &channels),
        RC_INVALID);
    other_problem(*state, "unknown member `chat`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OTHER_TEST(every_kind_is_loaded_by_its_name),
        OTHER_TEST(without_reading_secrets_they_are_checked_as_far_as_that_goes),
        OTHER_TEST(a_member_of_another_kind_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
