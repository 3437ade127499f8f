/* routes_slack.h - the doors of the public listener for Slack: POST /slack/interactions, /slack/commands, /slack/events.
 *
 * Every request is proven before anything of it is read (actions/channels/slack_signature.h), but for ssl_check, which Slack sends unsigned and which does nothing. A click and a command
 * that was let in is not let in again; an event may come again, and is known by its id. Without a Slack channel, or with Socket Mode alone, there are no such paths. */
#pragma once

#include "src/daemon/request.h"

/* Is it a path of these doors? */
bool slack_is_path(struct slice path);
enum rc slack_on_headers(struct routes *routes, struct http_exchange *exchange,
                         int64_t *max_body_bytes) MUST_CHECK;
void slack_on_request(struct routes *routes, struct http_exchange *exchange);
