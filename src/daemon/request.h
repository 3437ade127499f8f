/* request.h - one request of the control listener on its way through its handler.
 *
 * Lives in the exchange's arena and holds the configuration until it is answered; every handler answers exactly once, now or from the engine's thread. */
#pragma once

#include "src/daemon/auth.h"
#include "src/daemon/routes.h"
#include "src/daemon/service.h"

struct streams; /* routes_stream.h */

struct routes {
    struct service *service;
    enum routes_use use;
    struct sessions *sessions;
    struct streams *streams; /* NULL: public */
};

struct request {
    struct routes *routes;
    struct service *service;
    const struct config *config; /* held */
    struct http_exchange *exchange;
    struct arena *arena; /* the exchange's */
    struct slice part;   /* what stood at the `*` of the route's path; absent without one */
    struct caller caller;
};

/* An answer with a body of our own making. Takes the buffer's bytes; one that failed is 503. */
void request_answer_json(struct request *request, int status, struct buffer *json);
void request_answer(struct request *request, int status, const char *content_type,
                    struct slice body, const struct http_answer_header *headers, size_t n_headers);
/* RFC 9457. `detail` may be absent. */
void request_problem(struct request *request, int status, const char *title, struct slice detail);
/* The same with members of the caller's: `json` holds {"title","status","detail", …} begun and ended. */
void request_answer_problem_json(struct request *request, int status, struct buffer *json);
/* What a failure means for who asked: 404, or 503 with Retry-After, else 500. */
void request_fail(struct request *request, enum rc rc);
/* Lets the configuration go: for answers without end. */
void request_release(struct request *request);

/* A text member of a JSON body that was parsed; absent when it is not there or not a text. */
enum rc request_parse_body(struct request *request,
                           struct json **body) MUST_CHECK; /* RC_INVALID: it was answered */

/* Work on the engine's thread: it alone sees the rules in force and changes state. Lives in the request's arena. */
struct engine_work {
    struct inlet_control control; /* the inlet's */
    struct request *request;
    enum rc (*run)(struct engine_work *work, struct engine *engine, int64_t now_ms);
    void (*answer)(struct engine_work *work,
                   enum rc rc); /* after the commit; it answers the request */
};
/* Keeps the request; or answers 503 when we are stopping. */
void request_run(struct request *request, struct engine_work *work);
