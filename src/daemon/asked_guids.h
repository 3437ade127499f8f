/* asked_guids.h - which deliveries were asked for in the last hour, so that none is asked for twice in it. For one thread. */
#pragma once

#include "src/base/slice.h"

#define ASKED_KEEP_MS ((int64_t)3600000)

struct asked_guid {
    char *guid;
    int64_t at_ms;
};
/* Zeroed: none. */
struct asked_guids {
    struct asked_guid *items; /* in the order of their times */
    size_t n_items, n_room;
};

/* Forgets what is older than an hour. */
enum rc asked_guids_note(struct asked_guids *asked, struct slice guid, int64_t now_ms) MUST_CHECK;
/* The newest was not asked for after all. */
void asked_guids_take_back(struct asked_guids *asked);
/* When it was asked for; 0: not in the last hour. */
int64_t asked_guids_find(const struct asked_guids *asked, struct slice guid, int64_t now_ms);
void asked_guids_free(struct asked_guids *asked);
