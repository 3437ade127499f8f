/* routes.h - the routes of both listeners: a table each, and who may use them.
 *
 * The public door serves /hooks/NAME, the doors of Slack (/slack/…) where there is a Slack channel, and nothing else; a listener of the Slack channel's own
 * serves these alone; the control listener and the Unix socket serve the API, the page, metrics and health. */
#pragma once

#include "src/daemon/http.h"
#include "src/daemon/service.h"

struct routes;

/* Whom a listener is for. */
enum routes_use { ROUTES_CONTROL, ROUTES_PUBLIC, ROUTES_SLACK };

/* Gives the routes of one kind of listener. Freed with routes_free after its servers. */
enum rc routes_new(struct service *service, enum routes_use use, struct routes **routes) MUST_CHECK;
void routes_free(struct routes *routes);
struct http_routes routes_handlers(struct routes *routes);

/* A link that signs one browser in, once, within ten minutes: printed by `vedette run` on a loopback default. "http://127.0.0.1:8421/sign-in?code=…", in `arena`. */
enum rc routes_sign_in_link(struct routes *routes, struct arena *arena,
                            struct slice *link) MUST_CHECK;
