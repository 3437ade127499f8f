/* hook_handshake.h - may somebody send us events? The handshake of CloudEvents' web hooks.
 *
 * Source: cloudevents/spec, http-webhook.md, section 4 "Abuse Protection": OPTIONS with WebHook-Request-Origin, answered with consent to origins that were configured. */
#pragma once

#include "src/daemon/http.h"
#include "watchers/webhook.h"

/* True where the request was one that is consented to: it is answered then. */
bool hook_handshake_answer(const struct webhook *hook, struct http_exchange *exchange);
