/* routes_stream.h - GET /api/v1/stream: every change of a signal, task or proposal as server-sent events, from the feed.
 *
 *   id: 1042
 *   event: proposal
 *   data: {"time":"…","proposal":"prp_…","state":"approved",…}
 *
 * It begins with the number it stands at (an `id:` without data), so that a client that comes back with Last-Event-ID misses nothing. A client that comes back with a number that is no longer
 * kept, or never was, gets `event: reset` and goes on from now: its lists are to be read again. A comment every 15 s while somebody listens, and no timer while nobody does. */
#pragma once

#include "src/daemon/service.h"

struct streams;
enum rc streams_new(struct service *service, struct streams **streams) MUST_CHECK;
/* After the servers: no stream is open any more. Accepts NULL. */
void streams_free(struct streams *streams);
