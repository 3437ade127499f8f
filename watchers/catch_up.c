#include "watchers/catch_up.h"

#include "src/base/clock.h"
#include "src/base/json.h"

#include <stdlib.h>

#define LISTED_MS (3 * DAY_MS)
#define UNDER_WAY_MS (30 * SECOND_MS) /* GitHub waits 10 s for an answer */
#define AGAIN_MS HOUR_MS
#define AGAIN_MOST_MS (6 * HOUR_MS)

/* -- the list -- */

static bool read_attempt(const struct json *item, struct catch_up_attempt *attempt)
{
    *attempt = (struct catch_up_attempt){
        .guid = json_string(json_get_text(item, "guid")),
        .is_redelivery = json_type_of(json_get_text(item, "redelivery")) == JSON_TRUE,
    };
    /* Without a status it counts as failed: asked for once too often, it is known by its id. */
    if (json_int(json_get_text(item, "status_code"), &attempt->status))
        attempt->status = 0;
    return attempt->guid.len && !json_int(json_get_text(item, "id"), &attempt->id) &&
           attempt->id > 0 &&
           !time_parse(json_string(json_get_text(item, "delivered_at")), &attempt->at_ms);
}

static enum rc add_attempt(const struct json *item, struct arena *arena, struct catch_up_list *list)
{
    struct catch_up_attempt attempt;
    struct catch_up_attempt *grown;
    enum rc rc;

    if (!read_attempt(item, &attempt))
        return RC_OK;
    rc = arena_copy(arena, attempt.guid, &attempt.guid);
    if (rc)
        return rc;
    grown = arena_grow(arena, list->items, list->n_items, sizeof attempt);
    if (!grown)
        return RC_NO_MEMORY;
    list->items = grown;
    list->items[list->n_items++] = attempt;
    return RC_OK;
}

enum rc catch_up_read_page(struct slice body, struct arena *arena, struct catch_up_list *list)
{
    struct json *page = NULL;
    struct json_fault fault;
    enum rc rc = json_parse(body, JSON_LIMITS_DEFAULT, &page, &fault);

    if (rc)
        return rc == RC_LIMIT ? RC_INVALID : rc;
    if (json_type_of(page) != JSON_ARRAY)
        rc = RC_INVALID;
    for (const struct json *item = rc ? NULL : json_first(page); item && !rc;
         item = json_next(item))
        rc = add_attempt(item, arena, list);
    json_free(page);
    return rc;
}

bool catch_up_reaches_back(const struct catch_up_list *list, int64_t now_ms)
{
    return list->n_items && list->items[list->n_items - 1].at_ms <= now_ms - LISTED_MS;
}

/* -- the plan -- */

/* Attempts of one delivery beside each other, in their order. */
static int compare_attempts(const void *left, const void *right)
{
    const struct catch_up_attempt *a = left, *b = right;
    int order = slice_compare(a->guid, b->guid);

    if (!order)
        order = (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
    return order ? order : (a->id > b->id) - (a->id < b->id);
}

static int compare_times(const void *left, const void *right)
{
    const struct catch_up_attempt *a = left, *b = right;

    return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

/* All attempts of one delivery. */
struct attempts {
    const struct catch_up_attempt *items;
    size_t n_items;
    size_t n_redeliveries;
    bool has_arrived;
};

static struct attempts attempts_from(const struct catch_up_list *list, size_t first)
{
    struct attempts attempts = { .items = &list->items[first] };

    for (size_t i = first; i < list->n_items && slice_eq(list->items[i].guid, attempts.items->guid);
         i++) {
        const struct catch_up_attempt *attempt = &list->items[i];

        attempts.n_items++;
        attempts.n_redeliveries += attempt->is_redelivery;
        attempts.has_arrived |= attempt->status >= 200 && attempt->status <= 299;
    }
    return attempts;
}

static const struct catch_up_attempt *last_of(const struct attempts *attempts)
{
    return &attempts->items[attempts->n_items - 1];
}

/* Where the first attempt is listed no more only the later ones would speak for it, and each of them for three days. */
static bool has_failed(const struct attempts *attempts, int64_t now_ms)
{
    const struct catch_up_attempt *first = attempts->items;

    return !attempts->has_arrived && !first->is_redelivery && first->at_ms > now_ms - LISTED_MS;
}

static int64_t may_be_asked_ms(const struct attempts *attempts,
                               const struct catch_up_memory *memory)
{
    const struct catch_up_attempt *last = last_of(attempts);
    int64_t asked_ms = memory->asked_ms(memory->context, last->guid);
    int64_t wait_ms = UNDER_WAY_MS;

    if (attempts->n_redeliveries)
        wait_ms = AGAIN_MS;
    for (size_t i = 1; i < attempts->n_redeliveries && wait_ms < AGAIN_MOST_MS; i++)
        wait_ms *= 2;
    if (wait_ms > AGAIN_MOST_MS)
        wait_ms = AGAIN_MOST_MS;
    if (asked_ms && asked_ms + AGAIN_MS > last->at_ms + wait_ms)
        return asked_ms + AGAIN_MS;
    return last->at_ms + wait_ms;
}

static enum rc judge(const struct attempts *attempts, const struct catch_up_memory *memory,
                     int64_t now_ms, struct catch_up_plan *plan)
{
    bool is_known = false;
    int64_t due_ms;
    enum rc rc;

    if (!has_failed(attempts, now_ms))
        return RC_OK;
    rc = memory->is_known(memory->context, attempts->items->guid, &is_known);
    if (rc || is_known)
        return rc;
    plan->n_missed++;
    due_ms = may_be_asked_ms(attempts, memory);
    if (due_ms <= now_ms)
        plan->asks[plan->n_asks++] = *last_of(attempts);
    else if (!plan->again_ms || due_ms < plan->again_ms)
        plan->again_ms = due_ms;
    return RC_OK;
}

enum rc catch_up_plan_make(struct catch_up_list *list, const struct catch_up_memory *memory,
                           int64_t now_ms, struct arena *arena, struct catch_up_plan *plan)
{
    struct attempts attempts;
    enum rc rc = RC_OK;

    *plan = (struct catch_up_plan){ 0 };
    if (!list->n_items)
        return RC_OK;
    plan->asks = arena_alloc(arena, list->n_items, sizeof *plan->asks);
    if (!plan->asks)
        return RC_NO_MEMORY;
    qsort(list->items, list->n_items, sizeof *list->items, compare_attempts);
    for (size_t i = 0; i < list->n_items && !rc; i += attempts.n_items) {
        attempts = attempts_from(list, i);
        rc = judge(&attempts, memory, now_ms, plan);
    }
    if (plan->n_asks)
        qsort(plan->asks, plan->n_asks, sizeof *plan->asks, compare_times);
    if (plan->n_asks > CATCH_UP_MAX_ASKS) {
        plan->n_asks = CATCH_UP_MAX_ASKS;
        plan->again_ms = now_ms;
    }
    return rc;
}
