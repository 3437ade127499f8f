/* slack_door.h - one request of Slack's that was proven, on its way through whoever answers it.
 *
 * Where it came in is not known here: it is answered exactly once, now or from the engine's thread. What it does is known by its once key and is decided by the
 * engine alone; what a person is told beside that leaves through the poster (slack_answers.h).
 *
 * routes_slack.c    the doors of HTTP: proof, form, method
 * slack_door.c      what it is; which workspace, which app, who
 * slack_decide.c    a click that decides
 * slack_views.c     a click that opens a modal
 * slack_modal.c     a modal that was sent
 * slack_command.c   /vedette
 * slack_events.c    what people say to us
 * slack_thread.c    a decision in words, in the thread of a card */
#pragma once

#include "actions/channels/slack.h"
#include "actions/channels/slack_inbound.h"
#include "src/daemon/service.h"

/* What is done on the engine's thread. Lives in the request's arena. */
struct slack_request;
struct slack_work {
    struct inlet_control control; /* the inlet's */
    struct slack_request *slack;
    enum rc (*run)(struct slack_work *work, struct engine *engine, int64_t now_ms);
    void (*done)(struct slack_work *work, enum rc rc); /* after the commit; it answers */
};

/* A request as it came, by HTTP or by Socket Mode, from Slack itself: that was proven before. */
enum slack_door { SLACK_DOOR_INTERACTIONS, SLACK_DOOR_COMMANDS, SLACK_DOOR_EVENTS };
struct slack_door_request {
    struct service *service;
    const struct config *config; /* held by whoever made the request, until it is answered */
    struct arena *arena;         /* lives until then */
    enum slack_door door;
    struct slice body; /* as HTTP carries it: a form, or JSON */
    struct slice peer; /* for the log; absent: Slack, over our own connection */
    /* Once, from any thread. `json` absent or empty: an empty body. The request may be gone as soon as it is called. */
    void (*answer)(struct slack_door_request *request, int status, struct slice json);
    /* It will be answered from another thread: called before that one gets to know it. NULL: it may always be. */
    void (*keep)(struct slack_door_request *request);
};
/* The one door. There is a Slack channel in `config`. */
void slack_door_take(struct slack_door_request *request);

/* The same on its way through what answers it. */
struct slack_request {
    struct slack_door_request *request;
    struct service *service;
    const struct config *config;
    const struct channel *channel; /* the Slack channel of it */
    struct arena *arena;
    /* Filled by slack_identify: */
    struct slack_origin origin;
    struct channel_facts facts;
    struct slice
        who; /* a person's name, "slack:U…" for who is none, "slack:T…/U…" for a stranger */
    struct slice turned; /* why nothing is done for them, in a sentence; absent: something may be */
    bool is_person;      /* of `people`, or in a group of ours that Slack keeps */
    bool is_stranger;    /* of another workspace */
};

static inline const struct slack_own *slack_own(const struct slack_request *slack)
{
    return slack->channel->own;
}

/* Which app, which workspace, who. RC_OK also for who is turned away; RC_DENIED: it is for another app, and was refused. */
enum rc slack_identify(struct slack_request *slack, const struct slack_origin *origin) MUST_CHECK;

/* 200 and nothing: it was received. */
void slack_acknowledge(struct slack_request *slack);
/* 200 and the object; takes the buffer's bytes. One that failed is 503. */
void slack_answer_json(struct slack_request *slack, struct buffer *json);
/* It was turned away for a reason (static, of door_refusal.h): counted, and answered with the status. */
void slack_refuse(struct slack_request *slack, int status, const char *reason);
/* It could not be carried out, and nothing has changed: 503. */
void slack_fail(struct slack_request *slack, enum rc rc);
/* It will be answered from another thread, which gets to know it next. */
void slack_keep(struct slack_request *slack);
/* Runs it on the engine's thread, or answers 503 when we are stopping. */
void slack_run(struct slack_request *slack, struct slack_work *work);

/* What came in, read and proven. Each is answered by whoever takes it. */
void slack_take_command(struct slack_request *slack, const struct slack_command *command);
void slack_take_delivery(struct slack_request *slack, const struct slack_delivery *delivery);

/* slack_decide.c */
void slack_take_click(struct slack_request *slack, const struct slack_click *click);
struct slack_decision {
    struct slack_work work;
    struct engine_decision decision;
    struct slice card_ts; /* of the message that was clicked; absent: it was none */
    /* Answers the request once it is decided, and tells the one who did. */
    void (*answer)(struct slack_decision *deciding, struct slice sentence);
};
/* Decides as who was identified, on the engine's thread. `deciding` lives in the request's arena; its verdict and what belongs to it, `proposal`, `once` and `answer` are set. */
void slack_decide(struct slack_request *slack, struct slack_decision *deciding);
/* The usual answer: what was taken shows on the card, where that was seen; all else is said to the one who decided alone. */
void slack_answer_decision(struct slack_decision *deciding, struct slice sentence);

/* slack_views.c: opens the modal "details", "edit" or "mute" for what a click was about. */
void slack_open_view(struct slack_request *slack, const char *view,
                     const struct slack_click *click);
/* slack_modal.c */
void slack_take_modal(struct slack_request *slack, const struct slack_submission *modal);
/* slack_thread.c: RC_NOT_FOUND: it is no decision here; nothing was answered. Else it was. */
enum rc slack_take_reply(struct slack_request *slack,
                         const struct slack_delivery *delivery) MUST_CHECK;
