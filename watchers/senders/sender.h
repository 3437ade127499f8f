/* sender.h - what each webhook sender offers. To add one: copy github.c, add a row in senders.c, give it fixtures and a test.
 *
 * A sender is one const struct: where its event type and delivery id stand, how it proves itself, which headers are worth keeping, and
 * one function that turns a payload into events. */
#pragma once

#include "src/base/document.h"
#include "src/base/event.h"
#include "src/store/journal.h"
#include "watchers/senders/signature.h"

/* Events of one delivery, at most; a delivery of more is refused. */
#define SENDER_MAX_EVENTS 10000

/* What a normaliser gets. */
struct sender_delivery {
    const struct journal_entry *entry;
    const struct json *payload;
    void *
        options; /* what the sender's `parse` made of its members in the configuration; NULL when it has none */
    struct arena *arena;
};

/* Where it puts its events. `items` are zeroed but for id, seq, door, received_ms, delivery_id, watcher, time_ms (= received) and data (= the payload).
 * Fields may borrow from the payload, from `owned` trees and from the arena; their length is cut afterwards. */
struct sender_events {
    struct event *items;
    size_t n_items; /* what `count` said, 1 to SENDER_MAX_EVENTS */
    struct json **
        owned; /* trees the normaliser made (a batch's elements), at most n_items; freed with the events */
    size_t n_owned;
};

struct certificates; /* watchers/certificates.h */

/* A request whose proof holds, or is in question. */
struct sender_request {
    const struct header *headers;
    size_t n_headers;
    struct slice content_type;
    struct slice json;          /* the body, out of its form */
    const struct json *payload; /* its tree; for `verify` and `identify` */
    const void *options;
    struct signature_keys keys;
    struct certificates *certificates; /* NULL: none but `keys` */
    int64_t now_ms;                    /* real time */
    struct arena *arena;
};

/* What a proof that stands in the body comes to. */
struct sender_verdict {
    const char *reason;   /* of RC_DENIED: static, for metric and log */
    struct slice problem; /* of RC_INVALID: told to whoever sent it */
    struct slice
        certificate; /* a URL that is to be fetched, of RC_BUSY because it is not there, of RC_OK if it is old; absent: none */
    struct slice confirmation; /* of RC_OK: a URL to be asked once it is stored; absent: none */
};

struct sender {
    const char *name;  /* `webhook: NAME` */
    const char *title; /* for people: "GitHub" */
    const char
        *door; /* its own ("/slack/events"), where no webhook is configured; NULL: /hooks/NAME */
    const char *instead;      /* with `door`: what is configured instead */
    const char *event_header; /* NULL: the type stands in the body */
    const char *handshake;    /* the event type that only tries the door ("ping"); NULL: none */
    const char *const *
        delivery_headers; /* the first of them that is there holds the delivery id; NULL-ended. None there: the body's digest, for `dedup` */
    const char *const *kept_headers; /* stored with the delivery; NULL-ended */
    const struct signature_scheme *
        schemes; /* those it may be configured with, the default first; ended by .name NULL; none with `door` */
    int64_t max_body_bytes; /* default of `max_body` */
    bool takes_form;        /* application/x-www-form-urlencoded with one `payload` field as well */
    bool takes_array;       /* a body may be an array of events */
    bool takes_plain;       /* JSON that is said to be text/plain */
    bool takes_any_token_header; /* `token_header:` names the header of its token */
    bool takes_any_signature;    /* `signature:` says how its secret is used */
    bool takes_catch_up;         /* what failed can be asked for again (catch_up_config.h) */
    const char *events_to_tick;  /* for `vedette hooks` */
    const char *const *kinds;    /* kinds it can yield; NULL-ended */
    const char *const
        *types; /* types it can yield; NULL-ended; NULL: any that begins with its name */
    /* Members of the watcher's map that are this sender's own, read into *options; NULL: none. */
    enum rc (*parse)(const struct node *map, struct arena *arena, struct problems *problems,
                     void **options);
    const struct setting *
        members; /* those, at most SENDER_MAX_MEMBERS; a row without a name ends them; NULL: none */
    /* Where the body holds the delivery id, tried before the headers: literal paths (payload.h), or as configured. NULL, or NULL returned: nowhere. It costs a tree of
     * each body before its answer. */
    const char *id_paths;
    const struct json_path *(*id_path)(const void *options);
    /* Or the header that holds it, before those above; NULL, or NULL returned: none is configured. */
    const char *(*id_header)(const void *options);
    /* Whether it takes this media type, and what to tell whoever sends another. NULL: application/json, what ends in +json, and what is said above. */
    bool (*accepts_type)(struct slice media_type);
    const char *refused_type;
    const char *sent_type;  /* what `vedette send` says its body is; NULL: application/json */
    bool takes_query_token; /* its token may stand in the query as `access_token` (RFC 6750) */
    /* True where this origin may send, if it asks by the handshake of CloudEvents' web hooks; NULL: nobody may ask. */
    bool (*consents)(const void *options, struct slice origin);
    bool is_subscribed; /* it sends nothing before its subscription is confirmed */
    bool fetches_keys;  /* its key need not be configured: certificates.h has it */
    /* Of SIGNATURE_IN_BODY: is it theirs? RC_DENIED: 401; RC_INVALID: 400; RC_BUSY: 503, and somebody fetches the certificate meanwhile. */
    enum rc (*verify)(const struct sender_request *request, struct sender_verdict *verdict);
    /* Where headers say what others have in the body: makes `*json`, which was the body, the whole. It may not be JSON yet. RC_INVALID with a `problem`, in the arena: 400. */
    enum rc (*rewrap)(const struct sender_request *request, struct slice *json,
                      struct slice *problem);
    /* Judges the payload and names the delivery; an absent `id`: by id_path, headers or digest. RC_INVALID likewise. */
    enum rc (*identify)(const struct sender_request *request, struct slice *id,
                        struct slice *problem);
    /* How many events the payload is; NULL: always one. */
    size_t (*count)(const struct json *payload);
    /* Likewise, where its options say so; one of the two at most. */
    size_t (*count_of)(const void *options, const struct json *payload);
    enum rc (*normalise)(const struct sender_delivery *delivery, struct sender_events *events);
};
#define SENDER_MAX_MEMBERS 5

/* NULL when there is none. */
const struct sender *sender_find(struct slice name);
/* In order; NULL past the end. */
const struct sender *sender_at(size_t i);
/* All names, NULL-ended, for messages. */
const char *const *sender_names(void);
/* True where nothing but `event_header` says what kind of event it is: with a header that is not kept the body says it, too. */
bool sender_needs_event_header(const struct sender *sender);

extern const struct sender sender_alertmanager, sender_azure_devops, sender_bitbucket,
    sender_buildkite, sender_circleci, sender_cloudevents, sender_cloudwatch, sender_datadog,
    sender_generic, sender_gitea, sender_github, sender_gitlab, sender_grafana, sender_jenkins,
    sender_jira, sender_linear, sender_newrelic, sender_opsgenie, sender_pagerduty, sender_sentry,
    sender_slack, sender_standard_webhooks, sender_travis, sender_uptimerobot;
