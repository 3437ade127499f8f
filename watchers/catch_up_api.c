#include "watchers/catch_up_api.h"

#include "src/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS (20 * SECOND_MS)
#define PAGE_LIMIT_BYTES ((int64_t)1 << 20)
#define CURSOR_MAX_BYTES 256
#define WAIT_LEAST_MS MINUTE_MS
#define WAIT_MOST_MS DAY_MS

/* -- asking -- */

static enum rc make_request(const struct catch_up *catch_up, const char *method,
                            struct arena *arena, struct http_request *request)
{
    /* User-Agent, without which GitHub refuses, is http_client.h's. */
    const struct http_header headers[] = {
        { SLICE("Accept"), SLICE("application/vnd.github+json") },
        { SLICE("X-GitHub-Api-Version"), SLICE("2022-11-28") },
        { SLICE("Authorization"), { 0 } },
    };

    *request = (struct http_request){ .method = slice_of(method),
                                      .n_headers = sizeof headers / sizeof *headers,
                                      .timeout_ms = TIMEOUT_MS,
                                      .answer_limit_bytes = PAGE_LIMIT_BYTES };
    request->headers = arena_alloc(arena, request->n_headers, sizeof *headers);
    if (!request->headers)
        return RC_NO_MEMORY;
    memcpy(request->headers, headers, sizeof headers);
    return arena_format(arena, &request->headers[2].value, "Bearer %.*s",
                        SLICE_ARG(catch_up->token));
}

enum rc catch_up_list_request(const struct catch_up *catch_up, struct slice cursor,
                              struct arena *arena, struct http_request *request)
{
    enum rc rc = make_request(catch_up, "GET", arena, request);

    if (rc)
        return rc;
    return arena_format(
        arena, &request->url, "%.*s/%.*s/hooks/%" PRId64 "/deliveries?per_page=100%s%.*s",
        SLICE_ARG(catch_up->base_url), SLICE_ARG(catch_up->owner), catch_up->hook,
        cursor.len ? "&cursor=" : "", (int)cursor.len, cursor.len ? cursor.ptr : "");
}

enum rc catch_up_attempt_request(const struct catch_up *catch_up, int64_t id, struct arena *arena,
                                 struct http_request *request)
{
    enum rc rc = make_request(catch_up, "POST", arena, request);

    if (rc)
        return rc;
    request->body = SLICE("");
    return arena_format(
        arena, &request->url, "%.*s/%.*s/hooks/%" PRId64 "/deliveries/%" PRId64 "/attempts",
        SLICE_ARG(catch_up->base_url), SLICE_ARG(catch_up->owner), catch_up->hook, id);
}

/* -- the next page (RFC 8288) -- */

/* As it stands in a query: percent-encoded already, and nothing that would end it. */
static bool is_cursor(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c && strchr("-._~%=+/", c))))
            return false;
    }
    return text.len > 0 && text.len <= CURSOR_MAX_BYTES;
}

static struct slice cursor_of(struct slice url)
{
    (void)slice_cut(&url, '?');
    while (url.len) {
        struct slice value = slice_cut(&url, '&');
        struct slice name = slice_cut(&value, '=');

        if (slice_eq(name, SLICE("cursor")) && is_cursor(value))
            return value;
    }
    return (struct slice){ 0 };
}

struct slice catch_up_next_cursor(const struct http_answer *answer)
{
    struct slice rest = http_answer_header_value(answer, "Link");
    size_t ignored;

    (void)slice_cut(&rest, '<');
    while (rest.len) {
        struct slice parameters = slice_cut(&rest, '<'); /* and the address before them */
        struct slice url = slice_cut(&parameters, '>');

        if (!slice_find(parameters, SLICE("rel=\"next\""), &ignored))
            return cursor_of(url);
    }
    return (struct slice){ 0 };
}

/* -- what an answer means -- */

static const struct {
    int first, last; /* statuses */
    const char *what;
} faults[] = {
    { 300, 399, "the webhook is elsewhere now; correct `repo`, `org` or `base_url`" },
    { 401, 401, "it does not take the token; put a new one into `token_file` and reload" },
    { 403, 403, "the token may not do this; it needs write access to webhooks" },
    { 404, 404,
      "there is no such webhook, or the token may not see it; look at `repo` or `org`, at `hook`, "
      "and that the token has write access to webhooks" },
    { 500, 599, "it has trouble of its own" },
};

static const char *fault_of(int status)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (status >= faults[i].first && status <= faults[i].last)
            return faults[i].what;
    return "that is not how GitHub answers; is `base_url` right?";
}

static bool says(const struct http_answer *answer, struct slice text)
{
    size_t ignored;

    return !slice_find(answer->body, text, &ignored);
}

static int64_t header_number(const struct http_answer *answer, const char *name)
{
    int64_t number;

    return slice_to_int(http_answer_header_value(answer, name), &number) ? -1 : number;
}

/* A 403 is either about the token or about how much was asked. */
static bool is_too_much(const struct http_answer *answer)
{
    if (answer->status != 403)
        return answer->status == 429;
    return header_number(answer, "Retry-After") >= 0 ||
           header_number(answer, "X-RateLimit-Remaining") == 0 || says(answer, SLICE("rate limit"));
}

static int64_t wait_of(const struct http_answer *answer, int64_t real_ms)
{
    int64_t after_s = header_number(answer, "Retry-After");
    int64_t reset_s = header_number(answer, "X-RateLimit-Reset");
    int64_t wait_ms = WAIT_LEAST_MS;

    if (after_s >= 0 && after_s <= WAIT_MOST_MS / SECOND_MS)
        return after_s * SECOND_MS;
    if (after_s < 0 && header_number(answer, "X-RateLimit-Remaining") == 0 && reset_s > 0 &&
        reset_s < INT64_MAX / SECOND_MS)
        wait_ms = (reset_s + 1) * SECOND_MS - real_ms; /* its second is over */
    else if (after_s >= 0)
        wait_ms = WAIT_MOST_MS;
    if (wait_ms < WAIT_LEAST_MS)
        return WAIT_LEAST_MS;
    return wait_ms < WAIT_MOST_MS ? wait_ms : WAIT_MOST_MS;
}

struct catch_up_verdict catch_up_judge_list(enum rc rc, const struct http_answer *answer,
                                            int64_t real_ms)
{
    struct catch_up_verdict verdict = { .outcome = CATCH_UP_FAILED };

    if (rc) {
        snprintf(verdict.error, sizeof verdict.error, "GitHub cannot be asked: %s",
                 answer->error ? answer->error : rc_text(rc));
    } else if (answer->status >= 200 && answer->status <= 299) {
        verdict.outcome = CATCH_UP_DONE;
    } else if (is_too_much(answer)) {
        verdict.outcome = CATCH_UP_WAIT;
        verdict.wait_ms = wait_of(answer, real_ms);
        snprintf(verdict.error, sizeof verdict.error,
                 "GitHub answers %d: more was asked of it than it allows the token; it is left "
                 "alone so long",
                 answer->status);
    } else {
        snprintf(verdict.error, sizeof verdict.error, "GitHub answers %d: %s", answer->status,
                 fault_of(answer->status));
    }
    return verdict;
}

/* One that it keeps no more says nothing of the others. */
struct catch_up_verdict catch_up_judge_attempt(enum rc rc, const struct http_answer *answer,
                                               int64_t real_ms)
{
    struct catch_up_verdict verdict = catch_up_judge_list(rc, answer, real_ms);
    int status = rc ? 0 : answer->status;

    if (status == 400 || status == 404 || status == 410 || status == 422) {
        verdict.outcome = CATCH_UP_REFUSED;
        snprintf(verdict.error, sizeof verdict.error,
                 "GitHub answers %d when it is to send one again: it keeps it no more, or the "
                 "token has no write access to webhooks",
                 status);
    }
    return verdict;
}
