/* slack.h - the Slack channel: what it keeps of its configuration, and how a method of Slack's Web API is called.
 *
 *   slack:
 *     token_file: slack.token                   # the bot token, xoxb-…
 *     signing_secret_file: slack.secret         # proves what Slack sends us; a list while one is replaced
 *     app_token_file: slack.app                 # xapp-…: Socket Mode, instead of a door or beside it
 *     channel: C0123456789                      # the conversation, by id
 *     routes: [{rules: [ci-*], channel: C1}, {groups: [oncall], channel: C2}]
 *     base_url: https://slack.com/api · team: T0123456789 · listen: [127.0.0.1:8422]
 *
 * docs.slack.dev "Web API": POST base_url/METHOD with the token in a header, never in the URL. What writes takes JSON; what reads takes a form everywhere, JSON
 * only in places. */
#pragma once

#include "actions/channels/channel.h"

/* `own` of the Slack channel. */
struct slack_own {
    struct slice_list
        signing_secrets;      /* any of them proves a request; empty: only Socket Mode brings any */
    struct slice app_token;   /* absent: no Socket Mode */
    struct slice team;        /* "T…" whose people may decide; absent: the one of our token */
    struct slice_list listen; /* addresses of a door for Slack alone; empty: the public one */
};

/* "C0123456789": one of `letters`, then capital letters and digits. */
bool slack_is_id(struct slice text, const char *letters);
/* "1503435956.000247": what a message is known by in its conversation. It looks like a number and is none. */
bool slack_is_ts(struct slice text);

/* A call of `method` ("views.open") with a JSON object. All of it in `arena`; borrows the channel. */
enum rc slack_post_json(const struct channel *channel, const char *method, struct slice json,
                        struct arena *arena, struct http_request *request) MUST_CHECK;
/* The same with a form ("channel=C1&limit=100"), for methods that read. */
enum rc slack_post_form(const struct channel *channel, const char *method, struct slice form,
                        struct arena *arena, struct http_request *request) MUST_CHECK;

/* slack_request.c, slack_answer.c: what the kind's row holds (channel.h). */
enum rc slack_request(const struct channel_call *call, struct arena *arena,
                      struct http_request *request) MUST_CHECK;
void slack_read(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                struct arena *arena, struct channel_result *result);
/* The conversation that a call is for: where the card is, once it is posted, as Slack may name it otherwise than the configuration. */
struct slice slack_place(const struct channel_call *call);
/* A note that goes into its card's thread. */
bool slack_is_in_thread(const struct channel_call *call);

/* Of the answer to a search, which holds up to 100 messages with their blocks; what is larger is cut. */
#define SLACK_SEARCH_LIMIT_BYTES ((int64_t)2 << 20)
