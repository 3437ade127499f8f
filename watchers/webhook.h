/* webhook.h - one webhook door: is this request theirs, whole, and new to us to read?
 *
 * Everything here runs before the delivery is stored, in the HTTP thread, on raw bytes: content type, size, signature or token in constant time,
 * then the strict scan (the other way round where the signature stands in the body itself). What passes becomes a journal entry; folding follows later. No clock, no store: both are parameters or the engine's. */
#pragma once

#include "watchers/watchers.h"

struct webhook_request {
    const struct header *headers; /* as they came; names in any case */
    size_t n_headers;
    struct slice content_type;
    struct slice access_token; /* of the query, decoded; absent: none */
    struct slice body;
    int64_t received_ms; /* wall clock */
    int64_t real_ms;     /* CLOCK_REALTIME, for signed timestamps */
    struct certificates
        *certificates; /* certificates.h: those that senders sign with; NULL: none */
};

struct webhook_answer {
    int status; /* 0: store `entry`, then 202 (or 200 when it is a duplicate); else this status at once */
    const char
        *reason; /* static, for the metric and the log: "signature", "json", "content_type", … */
    const char *title;          /* static, for the problem document */
    struct slice detail;        /* for 400: what and at which byte; never a hint for 401 */
    struct journal_entry entry; /* borrows the request and `arena` */
    int64_t dedup_ms;           /* how far back the delivery id is looked for */
    struct slice
        certificate; /* the URL of a certificate that is to be fetched: of 503 before this request can be judged, else if the one that proved it is old; absent: none */
    struct slice confirmation; /* once stored: a URL that is to be asked, once; absent: none */
    bool is_handshake;         /* a ping: stored and answered like any other */
};

struct slice webhook_name(const struct webhook *hook);
struct slice webhook_sender(const struct webhook *hook);
/* True where its sender sends nothing before somebody confirmed the subscription. */
bool webhook_is_subscribed(const struct webhook *hook);
/* False for what comes in by a door of its own (Slack), and for what only reads recorded deliveries: no request to /hooks/NAME is theirs. */
bool webhook_has_door(const struct webhook *hook);
/* "/hooks/NAME", or the path of its sender's own door. */
enum rc webhook_path(const struct webhook *hook, struct arena *arena,
                     struct slice *path) MUST_CHECK;
int64_t webhook_max_body_bytes(const struct webhook *hook);
/* How many requests it takes in each window; 0: any number. */
struct webhook_rate {
    int64_t n;
    int64_t window_ms;
};
struct webhook_rate webhook_rate_of(const struct webhook *hook);
/* Whom to ask for what could not be delivered here (catch_up_config.h); NULL: nobody. */
struct catch_up;
const struct catch_up *webhook_catch_up(const struct webhook *hook);
/* Content types are looked at before the body is read: true when it may go on. */
bool webhook_accepts_type(const struct webhook *hook, struct slice content_type);
/* What to say where it may not. */
const char *webhook_refused_type(const struct webhook *hook);
/* True where OPTIONS with this WebHook-Request-Origin is answered with consent; else it is a method like any other that is not POST. */
bool webhook_consents(const struct webhook *hook, struct slice origin);
/* Verifies and scans; fills `answer`. */
enum rc webhook_receive(const struct webhook *hook, const struct webhook_request *request,
                        struct arena *arena, struct webhook_answer *answer) MUST_CHECK;
/* A delivery that somebody kept (replays): read as above, but nobody asks for its signature, size or content type. */
enum rc webhook_receive_recorded(const struct webhook *hook, const struct webhook_request *request,
                                 struct arena *arena, struct webhook_answer *answer) MUST_CHECK;
/* How many events a payload is: at least 1. */
size_t webhook_count_events(const struct webhook *hook, const struct json *payload);
/* What `vedette send` needs, first: `body` with the time of now, where this hook wants one in it (signature_renew). */
enum rc webhook_renew(const struct webhook *hook, struct slice body, int64_t now_ms,
                      struct arena *arena, struct slice *renewed) MUST_CHECK;
/* Then the headers (signature, event type, delivery id) that make it acceptable to this hook now. RC_DENIED: only the sender can sign. */
enum rc webhook_sign(const struct webhook *hook, struct slice event_type, struct slice delivery_id,
                     struct slice body, int64_t now_ms, struct arena *arena,
                     struct header **headers, size_t *n_headers) MUST_CHECK;
