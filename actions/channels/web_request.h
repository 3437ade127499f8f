/* web_request.h - a message as the request that most services take: JSON to an https address. */
#pragma once

#include "actions/channels/channel.h"
#include "src/base/json.h"

#define CHANNEL_TIMEOUT_MS ((int64_t)15000) /* of one request, in all */

/* `body` as the JSON of a request, all of it in `arena`. Takes the buffer, also when it fails. `bearer` absent: no Authorization. */
enum rc web_request_json(const char *method, struct slice url, struct slice bearer,
                         struct buffer *body, struct arena *arena,
                         struct http_request *request) MUST_CHECK;

/* What a webhook's secret address holds besides the host: what may not be shown. */
struct slice web_secret_part(struct slice url);

/* The conversation of `call`. */
struct slice web_place(const struct channel_call *call);
