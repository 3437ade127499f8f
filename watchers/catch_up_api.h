/* catch_up_api.h - GitHub's interface for webhook deliveries: what is asked, and what an answer means. Pure.
 *
 * docs.github.com, REST, "Webhook deliveries" of repositories and of organisations:
 *   GET  /repos/{owner}/{repo}/hooks/{hook}/deliveries?per_page=100&cursor=…   the newest first; the next page's cursor stands in `Link`
 *   POST /repos/{owner}/{repo}/hooks/{hook}/deliveries/{id}/attempts           202
 * "Rate limits for the REST API", "Best practices": 403 or 429; not before Retry-After, else not before X-RateLimit-Reset where X-RateLimit-Remaining is 0, else after a minute. */
#pragma once

#include "src/base/http_client.h"
#include "watchers/catch_up_config.h"

#define CATCH_UP_ERROR_BYTES 200

/* The request lives in `arena`. `cursor` absent: the first page. */
enum rc catch_up_list_request(const struct catch_up *catch_up, struct slice cursor,
                              struct arena *arena, struct http_request *request) MUST_CHECK;
enum rc catch_up_attempt_request(const struct catch_up *catch_up, int64_t id, struct arena *arena,
                                 struct http_request *request) MUST_CHECK;

/* Where the next page begins; absent: there is none. The rest of that address is not followed: a token goes there. Borrowed from the answer. */
struct slice catch_up_next_cursor(const struct http_answer *answer);

enum catch_up_outcome {
    CATCH_UP_DONE,
    CATCH_UP_REFUSED, /* this delivery; another one may be taken */
    CATCH_UP_WAIT,    /* too much was asked */
    CATCH_UP_FAILED,
};
struct catch_up_verdict {
    enum catch_up_outcome outcome;
    int64_t wait_ms;                  /* CATCH_UP_WAIT: nothing is asked so long */
    char error[CATCH_UP_ERROR_BYTES]; /* what is wrong and what to do; "" when it is done */
};
/* `rc` and `answer` are what http_perform gave; `real_ms` is CLOCK_REALTIME. */
struct catch_up_verdict catch_up_judge_list(enum rc rc, const struct http_answer *answer,
                                            int64_t real_ms);
struct catch_up_verdict catch_up_judge_attempt(enum rc rc, const struct http_answer *answer,
                                               int64_t real_ms);
