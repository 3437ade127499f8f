/* catch_up_config.h - `catch_up:` of a webhook: whom to ask for what could not be delivered while we were away.
 *
 *   catch_up: {token_file: gh.token, hook: 12345678, repo: acme/shop}     # org: acme instead, for an organisation's webhook
 *
 * Of GitHub alone: of the senders we know it keeps what failed, tells it, and sends it again when it is asked. */
#pragma once

#include "watchers/watcher_config.h"

struct catch_up {
    struct slice token;    /* a secret */
    struct slice base_url; /* without a slash at its end */
    struct slice
        owner;    /* "repos/acme/shop" or "orgs/acme": a piece of a path, as it stands there */
    int64_t hook; /* GitHub's number of the webhook */
    int64_t every_ms;
};

/* What may stand in it. */
extern const struct shape shape_catch_up;
/* Reads the map `node`. RC_INVALID after adding to `problems`; what is read lives in `arena`. */
enum rc catch_up_load(const struct node *node, const struct watcher_place *place,
                      struct arena *arena, struct problems *problems,
                      struct catch_up *catch_up) MUST_CHECK;
