#include "src/daemon/request.h"

#define RETRY_AFTER "5"

void request_answer(struct request *request, int status, const char *content_type,
                    struct slice body, const struct http_answer_header *headers, size_t n_headers)
{
    struct service *service = request->service;
    const struct config *config = request->config;

    /* The request lives in the exchange, which may be gone as soon as it is answered. */
    http_answer(request->exchange, status, content_type, body, headers, n_headers);
    service_release_config(service, config);
}

void request_release(struct request *request)
{
    service_release_config(request->service, request->config);
}

static void answer_buffer(struct request *request, int status, const char *content_type,
                          struct buffer *json)
{
    /* It may lie in the request's memory, which may be gone as soon as the request is answered. */
    struct buffer text = *json;
    enum rc rc = buffer_rc(&text);

    buffer_init(json, 0);
    if (rc)
        request_fail(request, rc);
    else
        request_answer(request, status, content_type, buffer_slice(&text), NULL, 0);
    buffer_free(&text);
}

void request_answer_json(struct request *request, int status, struct buffer *json)
{
    answer_buffer(request, status, "application/json", json);
}

void request_answer_problem_json(struct request *request, int status, struct buffer *json)
{
    answer_buffer(request, status, "application/problem+json", json);
}

void request_problem(struct request *request, int status, const char *title, struct slice detail)
{
    static const struct http_answer_header retry = { "Retry-After", { RETRY_AFTER, 1 } };
    static const struct http_answer_header challenge = { "WWW-Authenticate", { "Bearer", 6 } };
    const struct http_answer_header *header = NULL;
    struct service *service = request->service;
    const struct config *config = request->config;

    if (status == 503 || status == 429)
        header = &retry;
    else if (status == 401)
        header = &challenge;
    http_answer_problem_with(request->exchange, status, title, detail, header, header ? 1 : 0);
    service_release_config(service, config);
}

void request_fail(struct request *request, enum rc rc)
{
    switch ((int)rc) {
    case RC_NOT_FOUND:
        request_problem(request, 404, "Not found", SLICE("there is nothing of that name"));
        break;
    case RC_FULL:
        request_problem(request, 503, "Cannot be stored now",
                        SLICE("the store or the disk is full"));
        break;
    case RC_IO:
        request_problem(request, 503, "Cannot be stored now", SLICE("the store failed"));
        break;
    case RC_NO_MEMORY:
    case RC_BUSY:
    case RC_LIMIT:
        request_problem(request, 503, "Busy", slice_of(rc_text(rc)));
        break;
    default:
        log_error("request failed: %s path=%.*s", rc_text(rc),
                  SLICE_ARG(http_path(request->exchange)));
        request_problem(request, 500, "Failed", slice_of(rc_text(rc)));
        break;
    }
}

enum rc request_parse_body(struct request *request, struct json **body)
{
    struct slice type = http_header(request->exchange, "Content-Type");
    struct json_fault fault = { 0 };
    struct slice detail;
    enum rc rc;

    /* A form of another site cannot send this type without asking first. */
    if (!slice_eq_nocase(slice_trim(slice_cut(&type, ';')), SLICE("application/json"))) {
        request_problem(request, 415, "Content type", SLICE("application/json is wanted here"));
        return RC_INVALID;
    }
    rc = json_parse(http_body(request->exchange), JSON_LIMITS_DEFAULT, body, &fault);
    if (!rc && json_type_of(*body) == JSON_OBJECT)
        return RC_OK;
    if (!rc) {
        json_free(*body);
        fault = (struct json_fault){ .text = "an object is wanted here" };
    }
    if (rc == RC_NO_MEMORY) {
        request_fail(request, rc);
        return RC_INVALID;
    }
    rc = arena_format(request->arena, &detail, "%s at byte %zu", fault.text, fault.offset);
    request_problem(request, 400, "The body is not a JSON object",
                    rc ? (struct slice){ 0 } : detail);
    return RC_INVALID;
}

/* --- work on the engine's thread --- */

static enum rc run_work(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    struct engine_work *work = control->context;

    return work->run(work, engine, now_ms);
}

static void end_work(struct inlet_control *control, enum rc rc)
{
    struct engine_work *work = control->context;

    work->answer(work, rc);
}

void request_run(struct request *request, struct engine_work *work)
{
    if (service_is_stopping(request->service)) {
        request_problem(request, 503, "Stopping",
                        SLICE("Vedette is about to end: try again in a moment"));
        return;
    }
    work->request = request;
    work->control = (struct inlet_control){ .run = run_work, .done = end_work, .context = work };
    http_keep(request->exchange);
    inlet_push_control(service_inlet(request->service), &work->control);
}
