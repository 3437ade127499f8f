/* declared_request.h - an HTTP request of the configuration.
 *
 * Rendered it is {"method","url","headers":{},"json":…}. Parameters fill the URL (request_url.h) and the texts inside `json`, where they are escaped as
 * data. Header values hold no parameters; {{secret.NAME}} stays there by its name: only who sends the request puts the secret in, so that it is
 * neither stored nor shown. */
#pragma once

#include "actions/json_body.h"
#include "actions/request_url.h"
#include "src/base/shape.h"

/* What may stand there. */
extern const struct shape shape_declared_request;

#define REQUEST_MAX_BYTES ((size_t)256 << 10) /* rendered */

struct declared_header {
    struct slice name;
    struct slice value; /* as written */
};

struct declared_request {
    struct slice method; /* absent: there is no request */
    struct request_url url;
    struct declared_header *headers;
    size_t n_headers;
    struct json_body body;
};

/* Names of the secrets that headers may use. */
struct secret_names {
    const struct slice *items;
    size_t n_items;
};

/* Reads the `request:` map. RC_INVALID after adding to `problems`. */
enum rc declared_request_load(const struct node *map, const struct parameter_list *params,
                              const struct secret_names *secrets, struct arena *arena,
                              struct problems *problems,
                              struct declared_request *request) MUST_CHECK;
/* RC_LIMIT above REQUEST_MAX_BYTES. */
enum rc declared_request_render(const struct declared_request *request,
                                const struct parameter_values *values, struct arena *arena,
                                struct slice *json) MUST_CHECK;
