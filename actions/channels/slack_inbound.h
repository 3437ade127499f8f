/* slack_inbound.h - what Slack sends to the doors, read strictly: clicks, modals, slash commands, events.
 *
 * Pure. Whatever the bytes are, the answer is a struct or RC_INVALID, never more; what is not of the form that the documentation gives is not there. Every text is copied into the
 * arena: ids are capital letters and digits, timestamps digits with a point (they are names, not numbers: "1503435956.000247"), other texts valid UTF-8 within a limit. Nothing here
 * is believed: a click names, the engine decides. The deprecated `token` is never read.
 *
 * docs.slack.dev "Handling user interaction", "Slash commands", "The Events API". */
#pragma once

#include "src/base/arena.h"

#define SLACK_BODY_MAX_BYTES ((int64_t)1 << 20)
#define SLACK_MAX_INPUTS 100 /* a modal holds no more blocks */

/* Who did it, where, and how to answer. What is not said is absent. */
struct slack_origin {
    struct slice app;       /* A… */
    struct slice user;      /* U…, W… */
    struct slice home_team; /* of the user: T…; in a shared channel it may be another than ours */
    struct slice team;      /* of the request; absent for an app of a whole organisation */
    struct slice channel;   /* C…, G…, D… */
    struct slice thread_ts;
    struct slice response_url; /* whoever has it can write there: never stored, never logged */
    struct slice trigger_id;   /* opens one modal, within 3 s */
};

/* block_actions: the first of its actions; Slack sends one. */
struct slack_click {
    struct slice message_ts; /* absent: in a modal */
    struct slice action_id, block_id, action_ts;
    struct slice value; /* a button's, or that of the option that was picked */
};

struct slack_input {
    struct slice block_id, action_id;
    struct slice value; /* typed, or that of the option that was picked; absent: left empty */
};

/* view_submission: somebody sent a modal. */
struct slack_submission {
    struct slice callback_id, private_metadata, view_id;
    struct slack_input *inputs;
    size_t n_inputs;
};

enum slack_interaction_kind {
    SLACK_CLICK,
    SLACK_SUBMISSION,
    SLACK_OTHER_INTERACTION, /* to be acknowledged, and nothing else */
};
struct slack_interaction {
    enum slack_interaction_kind kind;
    struct slack_origin origin;
    struct slack_click click;
    struct slack_submission submission;
};
/* A form with the one field `payload`. RC_INVALID; RC_LIMIT: more inputs than a modal has. */
enum rc slack_interaction_parse(struct slice body, struct arena *arena,
                                struct slack_interaction *interaction) MUST_CHECK;

struct slack_command {
    struct slack_origin origin;
    struct slice command; /* "/vedette" */
    struct slice text;    /* what stood behind it; empty, never absent */
};
enum rc slack_command_parse(struct slice body, struct arena *arena,
                            struct slack_command *command) MUST_CHECK;

/* `ssl_check=1`: Slack tries the certificate, unsigned. Nothing else of such a body counts. */
bool slack_is_ssl_check(struct slice body);

enum slack_delivery_kind {
    SLACK_URL_VERIFICATION,
    SLACK_EVENT,
    SLACK_OTHER_DELIVERY, /* app_rate_limited and the like: to be acknowledged */
};
struct slack_delivery {
    enum slack_delivery_kind kind;
    struct slack_origin origin;
    struct slice challenge; /* URL_VERIFICATION */
    struct slice event_id;  /* equal on every try of the same event */
    struct slice
        type; /* of the event: "app_mention", "message"; what follows is read of these two alone */
    struct slice subtype; /* absent for what a person just wrote */
    struct slice bot;     /* a bot wrote it */
    struct slice ts;      /* of the message */
    struct slice text;
    struct slice
        stored; /* the delivery again as JSON, without its token and what else is no part of what happened: for the journal */
};
enum rc slack_delivery_parse(struct slice body, struct arena *arena,
                             struct slack_delivery *delivery) MUST_CHECK;
