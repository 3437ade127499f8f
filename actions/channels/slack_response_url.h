/* slack_response_url.h - may we answer there? A response_url came in a request: it names a host that we would call. */
#pragma once

#include "src/base/slice.h"

/* True for https://hooks.slack.com/…; and, where the API is not Slack's own (`base_url` of another host: a relay, a test), for the same scheme, host and port as that.
 * Nothing else is ever called, and no redirect is followed. */
bool slack_may_respond_to(struct slice response_url, struct slice base_url);
