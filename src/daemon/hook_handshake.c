#include "src/daemon/hook_handshake.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <inttypes.h>
#include <stdio.h>

#define RATE_BYTES 24

/* Requests per minute: as many as were asked for, and no more than the hook lets in. "*": no limit. */
static struct slice granted_rate(struct webhook_rate own, struct slice asked, char text[RATE_BYTES])
{
    int64_t own_rate = own.n ? own.n * MINUTE_MS / own.window_ms : INT64_MAX, asked_rate;

    if (own_rate < 1)
        own_rate = 1;
    if (slice_to_int(asked, &asked_rate) != RC_OK || asked_rate < 1)
        asked_rate = INT64_MAX;
    if (asked_rate > own_rate)
        asked_rate = own_rate;
    if (asked_rate == INT64_MAX)
        return SLICE("*");
    snprintf(text, RATE_BYTES, "%" PRId64, asked_rate);
    return slice_of(text);
}

/* WebHook-Request-Callback is never fetched: it is a request that a stranger chooses. */
bool hook_handshake_answer(const struct webhook *hook, struct http_exchange *exchange)
{
    const struct slice origin = http_header(exchange, "WebHook-Request-Origin"),
                       asked = http_header(exchange, "WebHook-Request-Rate");
    char rate[RATE_BYTES];
    const struct http_answer_header headers[] = {
        { "Allow", SLICE("POST") },
        { "WebHook-Allowed-Origin", origin },
        { "WebHook-Allowed-Rate", granted_rate(webhook_rate_of(hook), asked, rate) },
    };

    if (!slice_eq(http_method(exchange), SLICE("OPTIONS")) || !webhook_consents(hook, origin))
        return false;
    log_info("handshake answered with consent hook=%.*s origin=%.*s peer=%.*s",
             SLICE_ARG(webhook_name(hook)), SLICE_ARG(origin),
             SLICE_ARG(http_peer_of(exchange).address));
    http_answer(exchange, 200, NULL, (struct slice){ 0 }, headers,
                sizeof headers / sizeof *headers);
    return true;
}
