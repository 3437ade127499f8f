/* webhook.h - a channel whose address is its secret: `url_file:` (or `url: ${ENV}`), and what it is told of. */
#pragma once

#include "actions/channels/notice.h"

/* `own` of the kinds that only notify over HTTP. */
struct notifier {
    struct slice url;          /* the webhook's; absent where a token speaks */
    struct template *template; /* NULL: the whole card */
};

/* Gives a notifier as the channel's `own`, with its `template`. RC_INVALID after adding to the problems. */
enum rc notifier_load(const struct node *map, const struct channel_place *where,
                      struct channel *channel) MUST_CHECK;
/* Reads `url` or `url_file` into `*url`: https, or http to this machine; a query is allowed. RC_NOT_FOUND: there is neither. */
enum rc webhook_load_url(const struct node *map, const struct channel_place *where,
                         struct slice *url) MUST_CHECK;
/* Both: a notifier that has nothing but a webhook. `needed`: what is told where it has no address. */
enum rc notifier_load_with_url(const struct node *map, const struct channel_place *where,
                               const char *needed, struct channel *channel) MUST_CHECK;
/* Where a member that is needed is not there. */
enum rc channel_needs(const struct node *map, const struct channel_place *where,
                      const char *what) MUST_CHECK;
/* Reads the one secret that `name` or `name_file` holds. RC_NOT_FOUND: there is neither. */
enum rc channel_load_secret(const struct node *map, const char *name,
                            const struct channel_place *where, struct slice *secret) MUST_CHECK;
