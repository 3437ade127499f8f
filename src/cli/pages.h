/* pages.h - a list of the API, page after page, up to --limit. */
#pragma once

#include "src/cli/client.h"

/* Calls `visit` for each item of /api/v1/NAME, newest first, narrowed by the options of the invocation. */
enum exit_code pages_each(struct client *client, const struct invocation *invocation,
                          const char *name,
                          enum rc (*visit)(void *context, const struct json *item),
                          void *context) MUST_CHECK;
