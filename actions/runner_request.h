/* runner_request.h - a stored request as it goes out.
 *
 * A request is stored as {"method","url","headers":{…},"json":…} with its secrets by name ({{secret.NAME}} in a header's
 * value). Here, at the last moment, they are put in. */
#pragma once

#include "actions/action.h"
#include "src/base/http_client.h"

struct runner_secrets {
    const struct named_secret *items;
    size_t n_items;
};

/* Gives the request in `arena`: it holds secrets and is for sending only. RC_INVALID when it is not such JSON or names a secret that is not there. */
enum rc runner_request_read(struct slice json, const struct runner_secrets *secrets,
                            struct arena *arena, struct http_request *request) MUST_CHECK;
