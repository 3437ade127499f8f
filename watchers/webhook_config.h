/* webhook_config.h - one webhook watcher as vedette.yaml describes it. */
#pragma once

#include "watchers/catch_up_config.h"
#include "watchers/senders/sender.h"
#include "watchers/watcher_config.h"
#include "watchers/webhook.h"

struct webhook {
    struct slice name; /* [a-z0-9][a-z0-9-]{0,62}; its path is /hooks/NAME */
    const struct sender *sender;
    const struct signature_scheme
        *scheme; /* NULL: no request gets in; only for reading what was recorded */
    struct signature_keys
        keys; /* never empty with a scheme, but for senders whose keys are fetched: nobody else could prove anything */
    int64_t max_body_bytes;
    int64_t dedup_ms;
    int64_t lateness_ms;
    struct webhook_rate rate;
    struct slice constants[EVENT_N_FIELDS]; /* stand for whatever the sender says; absent: none */
    const struct catch_up *catch_up;        /* NULL: none */
    void *options;                          /* what sender->parse made */
};

/* What may stand in it: a map. RC_NO_MEMORY. */
enum rc webhook_shape(struct arena *arena, struct shape *shape) MUST_CHECK;
/* Reads one element of `watchers:`. RC_INVALID after adding to `problems`. */
enum rc webhook_load(const struct node *map, const struct watcher_place *place, struct arena *arena,
                     struct problems *problems, struct webhook *hook) MUST_CHECK;
/* What lies outside the arena. */
void webhook_free(struct webhook *hook);
/* A door without a secret, named as its sender. */
struct webhook webhook_of_sender(const struct sender *sender);
