/* request_url.h - the URL of a declared request: what is literal, and what a parameter may fill.
 *
 * Scheme (http or https), host and port are literal. A parameter stands alone between two slashes of the path, or as the whole value of a query member, and is
 * percent-encoded there; with `path: true` its own slashes stay and each segment is encoded. */
#pragma once

#include "actions/parameter.h"

struct url_part {
    struct slice literal;
    struct slice param; /* what follows it; absent after the last literal */
    bool keeps_slashes; /* a `path: true` parameter in the path */
};

struct request_url {
    struct url_part *parts;
    size_t n_parts;
};

/* Marks the parameters it uses as `in_url`. RC_INVALID after adding to `problems`. */
enum rc request_url_load(const struct node *node, const struct parameter_list *params,
                         struct arena *arena, struct problems *problems,
                         struct request_url *url) MUST_CHECK;
void request_url_render(const struct request_url *url, const struct parameter_values *values,
                        struct buffer *out);
