/* What is wrong with Slack: the token, what it may do, the clock, each conversation, the signing secret, Socket Mode, and who decides.
 *
 * Asks with methods that change nothing, and posts nothing. docs.slack.dev: auth.test, conversations.info, usergroups.users.list, apps.connections.open, "Rate limits" (all
 * of them far from ours). */
#include "src/cli/doctor_private.h"

#include "actions/channels/slack.h"
#include "src/base/clock.h"
#include "src/cli/value.h"

#include <string.h>
#include <time.h>

#define ASK_MS (10 * SECOND_MS)
#define SKEW_MAX_MS (60 * SECOND_MS) /* signatures are void from 5 min on */
#define SIGNING_SECRET_LEN 32

/* One answer of Slack. `ok` NULL: none that could be read, and `error` says why. */
struct said {
    struct http_answer answer;
    struct json *root;
    bool is_ok;
    struct slice error; /* its code, or why there is no answer */
    int64_t asked_ms;   /* real time, in the middle of the request */
};

static bool is_error(const struct said *said, const char *code)
{
    return slice_eq(said->error, slice_of(code));
}

/* --- asking --- */

static void read_said(struct doctor *doctor, enum rc rc, struct said *said)
{
    struct json_fault fault;

    if (rc) {
        said->error = slice_of(said->answer.error ? said->answer.error : rc_text(rc));
        return;
    }
    if (json_parse(said->answer.body, JSON_LIMITS_DEFAULT, &said->root, &fault)) {
        if (arena_format(doctor->arena, &said->error, "status %d, and no JSON: is this Slack?",
                         said->answer.status))
            said->error = SLICE("no JSON: is this Slack?");
        return;
    }
    said->is_ok = value_is_true(said->root, "ok");
    if (!said->is_ok)
        said->error = json_string(json_get_text(said->root, "error"));
    if (!said->is_ok && slice_is_absent(said->error))
        said->error = SLICE("neither ok nor an error: is this Slack?");
}

/* Frees nothing: json_free(said.root) is the caller's. */
static struct said ask(struct doctor *doctor, const struct channel *channel, const char *method,
                       const char *member, struct slice value)
{
    struct said said = { 0 };
    struct http_request request;
    struct slice form = SLICE("");
    int64_t started_ms = clock_real_ms();
    enum rc rc = RC_OK;

    if (member)
        rc = arena_format(doctor->arena, &form, "%s=%.*s", member, SLICE_ARG(value));
    if (!rc)
        rc = slack_post_form(channel, method, form, doctor->arena, &request);
    if (!rc) {
        request.timeout_ms = ASK_MS;
        rc = http_perform(&request, doctor->arena, &said.answer);
    }
    said.asked_ms = started_ms + (clock_real_ms() - started_ms) / 2;
    read_said(doctor, rc, &said);
    return said;
}

/* --- scopes --- */

struct scope {
    const char *name;
    const char *costs; /* what does not work without it */
    enum finding finding;
};
static const struct scope scopes[] = {
    { "chat:write", "nothing can be posted", FINDING_WRONG },
    { "commands", "/vedette is unknown", FINDING_NOTE },
    { "app_mentions:read", "@vedette is not heard", FINDING_NOTE },
    { "channels:history",
      "a card whose answer was lost is posted twice, and replies in its thread are not heard, in "
      "public channels",
      FINDING_NOTE },
    { "groups:history",
      "a card whose answer was lost is posted twice, and replies in its thread are not heard, in "
      "private channels",
      FINDING_NOTE },
    { "channels:read", "public channels cannot be checked here", FINDING_NOTE },
    { "groups:read", "private channels cannot be checked here", FINDING_NOTE },
    { "chat:write.public", "public channels need an invitation (/invite)", FINDING_NOTE },
    { "usergroups:read", "approvers that are a user group cannot be known", FINDING_NOTE },
};

/* `list` is "chat:write,commands": absent when Slack (or who stands before it) did not say. */
static bool has_scope(struct slice list, const char *name)
{
    while (list.len)
        if (slice_eq(slice_trim(slice_cut(&list, ',')), slice_of(name)))
            return true;
    return false;
}

static void check_scopes(struct doctor *doctor, struct slice list)
{
    static const char remedy[] =
        "add it on the app's page \"OAuth & Permissions\", then install the app again";
    size_t n_missing = 0;

    if (slice_is_absent(list))
        return;
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        if (has_scope(list, scopes[i].name))
            continue;
        n_missing++;
        doctor_say_format(doctor, scopes[i].finding, "slack scope", remedy, "%s is missing: %s",
                          scopes[i].name, scopes[i].costs);
    }
    if (!n_missing)
        doctor_say(doctor, FINDING_WELL, "slack scope", SLICE("all that Vedette uses"), NULL);
}

/* --- the token, and the clock --- */

static const struct {
    const char *code, *remedy;
} refusals[] = {
    { "invalid_auth", "copy the Bot User OAuth Token (xoxb-…) of \"OAuth & Permissions\" again" },
    { "not_authed", "copy the Bot User OAuth Token (xoxb-…) of \"OAuth & Permissions\"" },
    { "token_revoked", "install the app again and take its new token" },
    { "token_expired", "turn token rotation off, or take the new token" },
    { "account_inactive", "the app was removed: install it again and take its new token" },
};

static const char *remedy_of(const struct said *said)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (is_error(said, refusals[i].code))
            return refusals[i].remedy;
    return said->root ? "docs.slack.dev explains the code of auth.test"
                      : "is there a way out to Slack from here: name, proxy, firewall?";
}

static void check_team(struct doctor *doctor, const struct slack_own *own, const struct said *said)
{
    struct slice team = value_text(said->root, "team_id");

    if (!slice_is_absent(own->team) && !slice_eq(own->team, team))
        doctor_say_format(doctor, FINDING_WRONG, "slack team",
                          "correct `team:`, or take the token of that workspace",
                          "the token is for %.*s, `team:` says %.*s: nobody can decide",
                          SLICE_ARG(team), SLICE_ARG(own->team));
}

/* IMF-fixdate, the only form that is sent (RFC 9110, 5.6.7). */
static bool parse_http_date(struct doctor *doctor, struct slice text, int64_t *time_ms)
{
    struct tm tm = { 0 };
    struct slice copy;
    const char *end;

    if (slice_is_absent(text) || arena_copy(doctor->arena, text, &copy))
        return false;
    end = strptime(copy.ptr, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    if (!end || *end)
        return false;
    *time_ms = (int64_t)timegm(&tm) * SECOND_MS;
    return true;
}

static void check_skew(struct doctor *doctor, const struct said *said)
{
    char text[TIME_TEXT_BYTES];
    int64_t theirs_ms, skew_ms;

    if (!parse_http_date(doctor, http_answer_header_value(&said->answer, "Date"), &theirs_ms))
        return;
    skew_ms = said->asked_ms - theirs_ms;
    if (skew_ms > SKEW_MAX_MS || skew_ms < -SKEW_MAX_MS)
        doctor_say_format(doctor, FINDING_WRONG, "slack clock",
                          "set this machine's clock: at 5 min every click is refused as too old",
                          "%s %s Slack's",
                          duration_format_rough(skew_ms < 0 ? -skew_ms : skew_ms, text),
                          skew_ms < 0 ? "behind" : "before");
    else
        doctor_say(doctor, FINDING_WELL, "slack clock", SLICE("agrees with Slack's"), NULL);
}

/* False when nothing else can be asked. Gives the scopes. */
static bool check_token(struct doctor *doctor, const struct channel *channel, struct slice *list)
{
    struct said said = ask(doctor, channel, "auth.test", NULL, (struct slice){ 0 });

    if (!said.is_ok)
        doctor_say_format(doctor, FINDING_WRONG, "slack token", remedy_of(&said), "%.*s: %.*s",
                          SLICE_ARG(channel->name), SLICE_ARG(said.error));
    else {
        doctor_say_format(doctor, FINDING_WELL, "slack token", NULL, "%.*s: %.*s in %.*s (%.*s)",
                          SLICE_ARG(channel->name), SLICE_ARG(value_text(said.root, "user")),
                          SLICE_ARG(value_text(said.root, "team")),
                          SLICE_ARG(value_text(said.root, "team_id")));
        check_team(doctor, channel->own, &said);
        check_scopes(doctor, http_answer_header_value(&said.answer, "x-oauth-scopes"));
    }
    check_skew(doctor, &said);
    *list = http_answer_header_value(&said.answer, "x-oauth-scopes");
    json_free(said.root);
    return said.is_ok;
}

/* --- conversations --- */

/* What conversations.info says of one; the first that is so decides. */
static const struct {
    const char *member;
    enum finding finding;
    const char *what, *remedy;
} troubles[] = {
    { "is_archived", FINDING_WRONG, "is archived", "unarchive it, or name another as `channel`" },
    { "is_read_only", FINDING_WRONG, "takes no messages",
      "let the app post there, or name another as `channel`" },
    { "is_thread_only", FINDING_WRONG, "takes replies only", "name another as `channel`" },
    { "is_ext_shared", FINDING_NOTE,
      "is shared with other companies: they see the cards and the buttons",
      "nobody of another workspace can decide; may they read this?" },
};

static void say_refused_place(struct doctor *doctor, struct slice place, const struct said *said)
{
    bool is_absent = is_error(said, "channel_not_found");
    bool is_scope = is_error(said, "missing_scope");

    doctor_say_format(doctor, is_scope ? FINDING_NOTE : FINDING_WRONG, "slack channel",
                      is_absent  ? "is the id right? A private one needs: /invite @vedette"
                      : is_scope ? "channels:read and groups:read would tell"
                                 : NULL,
                      "%.*s: %.*s", SLICE_ARG(place), SLICE_ARG(said->error));
}

/* A public conversation can be posted to from outside; heard it is only from inside. */
static void say_membership(struct doctor *doctor, struct slice place, struct slice name,
                           bool may_post)
{
    doctor_say_format(doctor, may_post ? FINDING_NOTE : FINDING_WRONG, "slack channel",
                      "in that channel: /invite @vedette",
                      may_post ? "#%.*s (%.*s): posts, but as no member it hears no replies and "
                                 "finds no lost card"
                               : "#%.*s (%.*s): no member, and chat:write.public is missing",
                      SLICE_ARG(name), SLICE_ARG(place));
}

static void say_place(struct doctor *doctor, struct slice place, const struct json *found,
                      bool may_post_outside)
{
    struct slice name = value_text(found, "name");

    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++)
        if (value_is_true(found, troubles[i].member)) {
            doctor_say_format(doctor, troubles[i].finding, "slack channel", troubles[i].remedy,
                              "#%.*s (%.*s) %s", SLICE_ARG(name), SLICE_ARG(place),
                              troubles[i].what);
            if (troubles[i].finding == FINDING_WRONG)
                return;
        }
    if (!value_is_true(found, "is_member") && !value_is_true(found, "is_im"))
        say_membership(doctor, place, name,
                       may_post_outside && !value_is_true(found, "is_private"));
    else
        doctor_say_format(doctor, FINDING_WELL, "slack channel", NULL, "#%.*s (%.*s)",
                          SLICE_ARG(name), SLICE_ARG(place));
}

static void check_place(struct doctor *doctor, const struct channel *channel, struct slice place,
                        struct slice list)
{
    struct said said = ask(doctor, channel, "conversations.info", "channel", place);

    if (said.is_ok)
        say_place(doctor, place, json_get_text(said.root, "channel"),
                  has_scope(list, "chat:write.public"));
    else
        say_refused_place(doctor, place, &said);
    json_free(said.root);
}

static bool is_route_known(const struct channel *channel, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (slice_eq(channel->routes[j].place, channel->routes[i].place))
            return true;
    return slice_eq(channel->routes[i].place, channel->place);
}

static void check_places(struct doctor *doctor, const struct channel *channel, struct slice list)
{
    check_place(doctor, channel, channel->place, list);
    for (size_t i = 0; i < channel->n_routes; i++)
        if (!is_route_known(channel, i))
            check_place(doctor, channel, channel->routes[i].place, list);
}

/* --- what comes from Slack --- */

static bool looks_like_signing_secret(struct slice secret)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < secret.len; i++)
        if (!memchr(hex, secret.ptr[i], sizeof hex - 1))
            return false;
    return secret.len == SIGNING_SECRET_LEN;
}

static void check_signing_secrets(struct doctor *doctor, const struct slack_own *own)
{
    for (size_t i = 0; i < own->signing_secrets.n_items; i++) {
        bool is_well = looks_like_signing_secret(own->signing_secrets.items[i]);

        doctor_say(doctor, is_well ? FINDING_WELL : FINDING_NOTE, "slack secret",
                   is_well ? SLICE("the signing secret looks like one")
                           : SLICE("the signing secret is not 32 characters of 0-9 and a-f"),
                   is_well ? NULL
                           : "copy Signing Secret of the app's page \"Basic Information\"; "
                             "with a wrong one every click is refused");
    }
}

/* The address that it gives is used by nobody and goes out of use by itself. */
static void check_socket_mode(struct doctor *doctor, const struct channel *channel)
{
    const struct slack_own *own = channel->own;
    struct channel as_app = *channel;
    struct said said;

    if (slice_is_absent(own->app_token))
        return;
    as_app.token = own->app_token;
    said = ask(doctor, &as_app, "apps.connections.open", NULL, (struct slice){ 0 });
    doctor_say_format(doctor, said.is_ok ? FINDING_WELL : FINDING_WRONG, "slack socket",
                      said.is_ok ? NULL
                                 : "Socket Mode must be on, and the app-level token needs the "
                                   "scope connections:write",
                      "Socket Mode: %.*s",
                      SLICE_ARG(said.is_ok ? SLICE("a connection may be opened") : said.error));
    json_free(said.root);
}

/* --- who decides --- */

static void check_group(struct doctor *doctor, const struct channel *channel,
                        const struct group *group)
{
    struct said said = ask(doctor, channel, "usergroups.users.list", "usergroup", group->slack);

    if (said.is_ok)
        doctor_say_format(doctor, FINDING_WELL, "slack group", NULL, "%.*s (%.*s): %zu people",
                          SLICE_ARG(group->name), SLICE_ARG(group->slack),
                          json_count(json_get_text(said.root, "users")));
    else
        doctor_say_format(doctor, FINDING_WRONG, "slack group",
                          "is the id right (S…), and has the app the scope usergroups:read?",
                          "%.*s (%.*s): %.*s; nobody decides through it", SLICE_ARG(group->name),
                          SLICE_ARG(group->slack), SLICE_ARG(said.error));
    json_free(said.root);
}

static void check_deciders(struct doctor *doctor, const struct channel *channel)
{
    const struct config *config = doctor->offline.config;
    size_t n_known = 0;

    for (size_t i = 0; i < config->n_people; i++)
        n_known += !slice_is_absent(config->people[i].slack);
    for (size_t i = 0; i < config->n_groups; i++) {
        if (slice_is_absent(config->groups[i].slack))
            continue;
        n_known++;
        check_group(doctor, channel, &config->groups[i]);
    }
    if (n_known)
        doctor_say_format(doctor, FINDING_WELL, "slack people", NULL,
                          "%zu people and groups of the configuration are known by their ids",
                          n_known);
    else
        doctor_say(doctor, FINDING_WRONG, "slack people",
                   SLICE("nobody of `people` has a `slack:` id: nobody can decide there"),
                   "people: {jane: {slack: U0123456789}}; in Slack: profile, ⋮, Copy member ID");
}

void doctor_check_slack(struct doctor *doctor, const struct channel *channel)
{
    struct slice list = { 0 };

    if (check_token(doctor, channel, &list)) {
        check_places(doctor, channel, list);
        check_deciders(doctor, channel);
    }
    check_signing_secrets(doctor, channel->own);
    check_socket_mode(doctor, channel);
    if (slice_is_absent(doctor->offline.config->public_url))
        doctor_say(doctor, FINDING_NOTE, "slack link",
                   SLICE("without `public_url` cards do not link to the page"),
                   "set `public_url: https://…` to where people open it");
}
