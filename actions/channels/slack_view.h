/* slack_view.h - a modal around its blocks; for slack_*.c alone. */
#pragma once

#include "actions/channels/slack_blocks.h"

struct slack_view {
    const char *callback_id;
    const char *title, *submit,
        *close; /* `submit` NULL: nothing is sent. At most 24 characters each */
    void (*put)(struct slack_blocks *blocks, const struct card *card);
};

/* The view as JSON, in `arena`. RC_LIMIT: the metadata is longer than Slack takes. */
enum rc slack_view_make(const struct slack_view *kind, const struct card *card,
                        struct slice metadata, struct arena *arena, struct slice *view) MUST_CHECK;
