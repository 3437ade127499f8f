/* catch_up.h - which deliveries GitHub is asked to send once again, out of its own list of attempts. Pure.
 *
 * docs.github.com, "Handling failed webhook deliveries": GitHub sends nothing again by itself. It keeps each attempt for 3 days and lists it: `id` of the attempt, `guid` of the
 * delivery (X-GitHub-Delivery, the same in all its attempts), `delivered_at`, `redelivery`, `status_code`.
 *
 * Asked for is a delivery of which every attempt that is listed failed and which is not here, once its last attempt is surely over. Of one that failed again when it was asked for
 * the next time comes an hour later, then after 2, 4 and 6 hours, and so on as long as its first attempt is listed: what we refuse for good does not go round for ever. All of
 * this stands in the list, so a restart asks no sooner. */
#pragma once

#include "src/base/arena.h"

#define CATCH_UP_MAX_ASKS 250 /* in a run */

struct catch_up_attempt {
    int64_t id;
    struct slice guid;
    int64_t at_ms;
    int64_t status; /* 0: no answer */
    bool is_redelivery;
};

struct catch_up_list {
    struct catch_up_attempt *items;
    size_t n_items;
};

/* Adds a page, in `arena`. What has no id, guid or time is left out. RC_INVALID: it is no list. */
enum rc catch_up_read_page(struct slice body, struct arena *arena,
                           struct catch_up_list *list) MUST_CHECK;
/* The list, newest first, goes back further than anything that would be asked for. */
bool catch_up_reaches_back(const struct catch_up_list *list, int64_t now_ms);

/* What we know of a delivery. */
struct catch_up_memory {
    void *context;
    enum rc (*is_known)(void *context, struct slice guid, bool *is_known);
    int64_t (*asked_ms)(void *context,
                        struct slice guid); /* when it was asked for; 0: not lately */
};

struct catch_up_plan {
    struct catch_up_attempt *asks; /* one of each delivery, the oldest first */
    size_t n_asks;
    size_t n_missed;  /* deliveries that failed and are not here: these, and those that must wait */
    int64_t again_ms; /* when the first of those that must wait may be asked for; 0: none has to */
};

/* Sorts the list. What is planned lives in `arena`, and borrows the list. */
enum rc catch_up_plan_make(struct catch_up_list *list, const struct catch_up_memory *memory,
                           int64_t now_ms, struct arena *arena,
                           struct catch_up_plan *plan) MUST_CHECK;
