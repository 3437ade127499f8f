/* remote.h - one object of the API by its id. */
#pragma once

#include "src/cli/client.h"

/* Which list it belongs to, by its prefix: "proposals" (also for a short id), "signals", "tasks", "events", "silences"; NULL for what is no id. Static. */
const char *remote_kind(struct slice id);
/* GET /api/v1/KIND/ID; free with json_free. */
enum exit_code remote_get(struct client *client, const char *kind, struct slice id,
                          struct json **object) MUST_CHECK;
/* POST /api/v1/KIND/ID/VERB with `body` (absent: none). */
enum exit_code remote_post(struct client *client, const char *kind, struct slice id,
                           const char *verb, struct slice body, struct json **answer) MUST_CHECK;
