/* cloudevents_binary.h - a CloudEvent whose attributes came as headers, written as the one that it equals in structured mode.
 *
 * Source: CloudEvents 1.0.2, HTTP protocol binding, 3.1 "Binary Content Mode". */
#pragma once

#include "watchers/senders/sender.h"

/* False where no header says that its request is one. */
bool cloudevents_is_binary(const struct sender_request *request);
/* sender.rewrap of such a request: the attributes, extensions too, and `data`, which must be JSON. */
enum rc cloudevents_from_binary(const struct sender_request *request, struct slice *json,
                                struct slice *problem) MUST_CHECK;
/* A header's value as an attribute: quotes of older senders undone, then one round of percent-decoding. RC_INVALID when the outcome is not UTF-8 or holds control characters. */
enum rc cloudevents_header_text(struct slice value, struct arena *arena,
                                struct slice *text) MUST_CHECK;
