#include "actions/channels/slack.h"

#include "actions/channels/channel_routes.h"
#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/base/settings.h"
#include "src/base/url.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct written {
    struct slice channel;
    struct slice team;
    struct slice_list listen;
    struct node *routes;
    struct node *elsewhere; /* what secret.h and url.h read themselves */
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct written, member)
static const struct setting settings[] = {
    { .name = "token",               .type = SETTING_NODE,  AT(elsewhere), .shape = &shape_texts, .help = "the bot token, xoxb-…" },
    { .name = "token_file",          .type = SETTING_NODE,  AT(elsewhere), .shape = &shape_texts, .help = "its file" },
    { .name = "signing_secret",      .type = SETTING_NODE,  AT(elsewhere), .shape = &shape_texts, .help = "proves what Slack sends; a list while one is replaced" },
    { .name = "signing_secret_file", .type = SETTING_NODE,  AT(elsewhere), .shape = &shape_texts, .help = "its file, or files" },
    { .name = "app_token",           .type = SETTING_NODE,  AT(elsewhere), .shape = &shape_texts, .help = "the app token, xapp-…: Socket Mode" },
    { .name = "app_token_file",      .type = SETTING_NODE,  AT(elsewhere), .shape = &shape_texts, .help = "its file" },
    { .name = "channel",             .type = SETTING_TEXT,  AT(channel),   .required = true, .help = "the id of the conversation (C…)" },
    { .name = "routes",              .type = SETTING_NODE,  AT(routes), .shape = &routes_to_channels,    .help = "other conversations for some rules or approvers" },
    { .name = "base_url",            .type = SETTING_NODE,  AT(elsewhere), .shape = &shape_text, .help = "default https://slack.com/api" },
    { .name = "team",                .type = SETTING_TEXT,  AT(team),      .help = "the workspace whose people may decide (T…)" },
    { .name = "listen",              .type = SETTING_TEXTS, AT(listen),    .help = "a door for Slack alone" },
};
#undef AT
/* clang-format on */

/* -- ids -- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool slack_is_id(struct slice text, const char *letters)
{
    if (text.len < 2 || text.len > 32 || !text.ptr[0] || !strchr(letters, text.ptr[0]))
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (!is_digit(text.ptr[i]) && !(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'))
            return false;
    }
    return true;
}

bool slack_is_ts(struct slice text)
{
    struct slice fraction = text;
    struct slice seconds = slice_cut(&fraction, '.');

    if (!seconds.len || !fraction.len || text.len > 32)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i]) && i != seconds.len)
            return false;
    }
    return true;
}

static enum rc check_channel(const struct node *node, struct problems *problems)
{
    if (slack_is_id(node->text, "CGD"))
        return RC_OK;
    node_problem(problems, node,
                 "`channel` is the id of a conversation (C…, G… or D…), as names change, not "
                 "`%.*s`: in Slack it stands at the end of the conversation's details, as Channel "
                 "ID",
                 SLICE_ARG(node->text));
    return RC_INVALID;
}

static enum rc check_team(const struct node *map, struct slice team, struct problems *problems)
{
    if (slice_is_absent(team) || slack_is_id(team, "T"))
        return RC_OK;
    node_problem(problems, node_find(map, "team"),
                 "`team` is the id of a workspace (T…), not `%.*s`: the address of Slack in a "
                 "browser holds it",
                 SLICE_ARG(team));
    return RC_INVALID;
}

/* -- secrets -- */

/* What Slack calls them is easily confused, and each begins in its own way. */
struct slack_secret {
    const char *name, *file_name;
    const char *prefix; /* NULL: none */
    const char *what;   /* it is, and where it is found */
};

static const struct slack_secret bot_token = {
    .name = "token",
    .file_name = "token_file",
    .prefix = "xoxb-",
    .what = "the bot token (xoxb-…) of the app's page \"OAuth & Permissions\"",
};
static const struct slack_secret app_token = {
    .name = "app_token",
    .file_name = "app_token_file",
    .prefix = "xapp-",
    .what = "an app-level token (xapp-…) of the app's page \"Basic Information\"",
};
static const struct slack_secret signing_secret = {
    .name = "signing_secret",
    .file_name = "signing_secret_file",
    .what = "the signing secret of the app's page \"Basic Information\"",
};

static const struct node *node_of(const struct node *map, const struct slack_secret *secret)
{
    const struct node *node = node_find(map, secret->name);

    return node ? node : node_find(map, secret->file_name);
}

static bool has_blank_or_control(struct slice text)
{
    return slice_has_control(text) || memchr(text.ptr, ' ', text.len);
}

/* What was taken for another one, by how it begins. */
static const char *name_mistake(struct slice value)
{
    static const struct {
        struct slice prefix;
        const char *fault;
    } kinds[] = {
        { { "xoxb-", 5 }, "is a bot token" },
        { { "xapp-", 5 }, "is an app-level token" },
        { { "xoxp-", 5 }, "is a user's token" },
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_starts(value, kinds[i].prefix))
            return kinds[i].fault;
    return "is something else";
}

/* Says what is wrong without showing it. */
static enum rc check_secret(const struct node *map, const struct slack_secret *secret,
                            struct slice value, struct problems *problems)
{
    bool is_token = slice_starts(value, SLICE("xox")) || slice_starts(value, SLICE("xapp-"));
    const char *fault = NULL;

    if (has_blank_or_control(value))
        fault = "holds a blank or a control character";
    else if (secret->prefix ? !slice_starts(value, slice_of(secret->prefix)) : is_token)
        fault = name_mistake(value);
    if (!fault)
        return RC_OK;
    node_problem(problems, node_of(map, secret), "`%s` %s: it must be %s", secret->name, fault,
                 secret->what);
    return RC_INVALID;
}

/* RC_NOT_FOUND when it is not there. */
static enum rc read_secrets(const struct node *map, const struct slack_secret *secret,
                            const struct channel_place *where, struct slice_list *values)
{
    enum rc rc = secret_read(map, secret->name, where->base_dir, where->resolve_secrets,
                             where->arena, where->problems, values);

    for (size_t i = 0; !rc && where->resolve_secrets && i < values->n_items; i++)
        rc = check_secret(map, secret, values->items[i], where->problems);
    return rc;
}

static enum rc read_token(const struct node *map, const struct slack_secret *secret,
                          const struct channel_place *where, struct slice *token)
{
    struct slice_list values = { 0 };
    enum rc rc = read_secrets(map, secret, where, &values);

    if (rc)
        return rc;
    if (values.n_items > 1) {
        node_problem(where->problems, node_of(map, secret), "`%s` is one token, not a list",
                     secret->name);
        return RC_INVALID;
    }
    *token = values.items[0];
    return RC_OK;
}

static enum rc refuse_without(const struct node *map, const struct slack_secret *secret,
                              const char *otherwise, struct problems *problems)
{
    node_problem(problems, map, "`%s` is missing here: %s%s", secret->file_name, secret->what,
                 otherwise);
    return RC_INVALID;
}

static enum rc read_all_secrets(const struct node *map, const struct channel_place *where,
                                struct channel *channel, struct slack_own *own)
{
    enum rc token_rc = read_token(map, &bot_token, where, &channel->token);
    enum rc app_rc = read_token(map, &app_token, where, &own->app_token);
    enum rc signing_rc = read_secrets(map, &signing_secret, where, &own->signing_secrets);

    if (token_rc == RC_NOT_FOUND)
        token_rc = refuse_without(map, &bot_token, "", where->problems);
    if (app_rc == RC_NOT_FOUND && signing_rc == RC_NOT_FOUND)
        signing_rc = refuse_without(map, &signing_secret,
                                    ", which proves what comes from Slack (or `app_token_file`, "
                                    "for Socket Mode)",
                                    where->problems);
    else if (signing_rc == RC_NOT_FOUND)
        signing_rc = RC_OK;
    if (app_rc == RC_NOT_FOUND)
        app_rc = RC_OK;
    if (token_rc)
        return token_rc;
    return app_rc ? app_rc : signing_rc;
}

/* -- the kind -- */

static enum rc load_places(const struct node *map, const struct written *written,
                           const struct channel_place *where, struct channel *channel)
{
    enum rc rc = RC_OK;
    enum rc one;

    if (!slice_is_absent(written->channel))
        rc = check_channel(node_find(map, "channel"), where->problems);
    one = check_team(map, written->team, where->problems);
    rc = rc ? rc : one;
    one = url_read(map, "base_url", where->problems, &channel->base_url);
    rc = rc ? rc : one;
    one = channel_routes_load(written->routes, &routes_to_channels, check_channel, where, channel);
    return rc ? rc : one;
}

/* Goes on after a problem, so that one run shows all. */
static enum rc load(const struct node *map, const struct channel_place *where,
                    struct channel *channel)
{
    struct slack_own *own = arena_alloc(where->arena, 1, sizeof *own);
    struct written written = { 0 };
    enum rc rc, one;

    if (!own)
        return RC_NO_MEMORY;
    rc = settings_read(settings, COUNT(settings), map, where->arena, where->problems, &written);
    channel->own = own;
    channel->base_url = SLICE("https://slack.com/api");
    channel->place = written.channel;
    own->team = written.team;
    own->listen = written.listen;
    one = load_places(map, &written, where, channel);
    rc = rc ? rc : one;
    one = read_all_secrets(map, where, channel, own);
    return rc ? rc : one;
}

/* docs.slack.dev "Rate limits": about one message a second in a conversation, short bursts tolerated, which cards and notes share here: three at once and one a second together; chat.update 50 a minute. */
const struct channel_kind channel_slack = {
    .name = "slack",
    .title = "Slack",
    .decides = true,
    .edits = true,
    .searches = true,
    .cards = { .burst = 2, .interval_ms = 1500 },
    .edits_rate = { .burst = 5, .interval_ms = MINUTE_MS / 50 },
    .notes = { .burst = 1, .interval_ms = 3000 },
    .members = settings,
    .n_members = COUNT(settings),
    .load = load,
    .request = slack_request,
    .read = slack_read,
};
