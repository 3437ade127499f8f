/* sse.h - server-sent events, taken apart as their bytes come (the HTML standard's event stream format, as much of it as our daemon writes). */
#pragma once

#include "src/base/buffer.h"

struct sse {
    struct buffer line;
    struct buffer name, data, id; /* of the event that is being read; `id` stays until the next */
    bool after_cr;
    /* A whole event; false ends the reading. An event without data is not one. */
    bool (*on_event)(void *context, struct slice name, struct slice data);
    void *context;
};

void sse_init(struct sse *sse,
              bool (*on_event)(void *context, struct slice name, struct slice data), void *context);
void sse_free(struct sse *sse);
/* False: on_event wants no more, or a line was over 1 MB. */
bool sse_take(struct sse *sse, struct slice bytes);
/* A new connection: what was begun is forgotten, the last id stays. */
void sse_restart(struct sse *sse);
