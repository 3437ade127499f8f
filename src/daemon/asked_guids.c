#include "src/daemon/asked_guids.h"

#include <stdlib.h>
#include <string.h>

static void forget_old(struct asked_guids *asked, int64_t now_ms)
{
    size_t n_old = 0;

    while (n_old < asked->n_items && asked->items[n_old].at_ms <= now_ms - ASKED_KEEP_MS)
        free(asked->items[n_old++].guid);
    if (!n_old)
        return;
    asked->n_items -= n_old;
    memmove(asked->items, asked->items + n_old, asked->n_items * sizeof *asked->items);
}

static enum rc make_room(struct asked_guids *asked)
{
    size_t n_room = asked->n_room ? 2 * asked->n_room : 64;
    struct asked_guid *grown;

    if (asked->n_items < asked->n_room)
        return RC_OK;
    grown = realloc(asked->items, n_room * sizeof *grown);
    if (!grown)
        return RC_NO_MEMORY;
    asked->items = grown;
    asked->n_room = n_room;
    return RC_OK;
}

enum rc asked_guids_note(struct asked_guids *asked, struct slice guid, int64_t now_ms)
{
    enum rc rc;
    char *copy;

    forget_old(asked, now_ms);
    rc = make_room(asked);
    if (rc)
        return rc;
    copy = strndup(guid.ptr, guid.len);
    if (!copy)
        return RC_NO_MEMORY;
    asked->items[asked->n_items++] = (struct asked_guid){ .guid = copy, .at_ms = now_ms };
    return RC_OK;
}

void asked_guids_take_back(struct asked_guids *asked)
{
    if (asked->n_items)
        free(asked->items[--asked->n_items].guid);
}

int64_t asked_guids_find(const struct asked_guids *asked, struct slice guid, int64_t now_ms)
{
    for (size_t i = asked->n_items; i-- > 0 && asked->items[i].at_ms > now_ms - ASKED_KEEP_MS;)
        if (slice_eq(slice_of(asked->items[i].guid), guid))
            return asked->items[i].at_ms;
    return 0;
}

void asked_guids_free(struct asked_guids *asked)
{
    for (size_t i = 0; i < asked->n_items; i++)
        free(asked->items[i].guid);
    free(asked->items);
    *asked = (struct asked_guids){ 0 };
}
