#include "watchers/certificates.h"

#include "src/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MS DAY_MS
#define FAILED_MS MINUTE_MS

enum place_state {
    PLACE_FREE,
    PLACE_EMPTY, /* nothing came yet */
    PLACE_KEPT,
};

struct place {
    enum place_state state;
    bool is_pending; /* being fetched: for the first time, or again */
    char url[CERTIFICATE_URL_MAX_BYTES];
    size_t url_bytes;
    char *pem; /* where kept */
    size_t pem_bytes;
    int64_t tried_ms; /* when it was begun, or what it came to known */
    int64_t wait_ms;  /* from then, until it may be fetched again */
    int64_t used_ms;
};

struct certificates {
    pthread_mutex_t lock; /* of what follows */
    struct place places[CERTIFICATES_MAX];
};

enum rc certificates_new(struct certificates **certificates)
{
    *certificates = calloc(1, sizeof **certificates);
    if (!*certificates)
        return RC_NO_MEMORY;
    pthread_mutex_init(&(*certificates)->lock, NULL);
    return RC_OK;
}

void certificates_free(struct certificates *certificates)
{
    if (!certificates)
        return;
    for (size_t i = 0; i < CERTIFICATES_MAX; i++)
        free(certificates->places[i].pem);
    pthread_mutex_destroy(&certificates->lock);
    free(certificates);
}

static struct place *find_place(struct certificates *certificates, struct slice url)
{
    for (size_t i = 0; i < CERTIFICATES_MAX; i++) {
        struct place *place = &certificates->places[i];

        if (place->state && slice_eq((struct slice){ place->url, place->url_bytes }, url))
            return place;
    }
    return NULL;
}

enum rc certificates_find(struct certificates *certificates, struct slice url, int64_t now_ms,
                          struct arena *arena, struct slice *pem)
{
    enum rc rc = RC_NOT_FOUND;
    struct place *place;

    pthread_mutex_lock(&certificates->lock);
    place = find_place(certificates, url);
    if (place && place->state == PLACE_KEPT) {
        place->used_ms = now_ms;
        rc = arena_copy(arena, (struct slice){ place->pem, place->pem_bytes }, pem);
    }
    pthread_mutex_unlock(&certificates->lock);
    return rc;
}

/* What is worth less stands lower in enum place_state; of equals, what was not used for longer. */
static struct place *choose_place(struct certificates *certificates)
{
    struct place *chosen = NULL;

    for (size_t i = 0; i < CERTIFICATES_MAX; i++) {
        struct place *place = &certificates->places[i];

        if (place->is_pending)
            continue;
        if (!chosen || place->state < chosen->state ||
            (place->state == chosen->state && place->used_ms < chosen->used_ms))
            chosen = place;
    }
    return chosen;
}

static size_t count_pending(const struct certificates *certificates)
{
    size_t n_pending = 0;

    for (size_t i = 0; i < CERTIFICATES_MAX; i++)
        n_pending += certificates->places[i].is_pending;
    return n_pending;
}

static bool is_due(const struct place *place, int64_t now_ms)
{
    return !place || (!place->is_pending && now_ms - place->tried_ms >= place->wait_ms);
}

static void empty_place(struct place *place)
{
    free(place->pem);
    place->pem = NULL;
    place->pem_bytes = 0;
    place->state = PLACE_EMPTY;
}

/* NULL where each of them is being fetched. */
static struct place *take_place(struct certificates *certificates, struct slice url)
{
    struct place *place = choose_place(certificates);

    if (!place)
        return NULL;
    empty_place(place);
    *place = (struct place){ .state = PLACE_EMPTY, .url_bytes = url.len };
    memcpy(place->url, url.ptr, url.len);
    return place;
}

bool certificates_begin(struct certificates *certificates, struct slice url, int64_t now_ms)
{
    struct place *place;
    bool is_taken;

    if (!url.len || url.len > CERTIFICATE_URL_MAX_BYTES)
        return false;
    pthread_mutex_lock(&certificates->lock);
    place = find_place(certificates, url);
    is_taken = is_due(place, now_ms) && count_pending(certificates) < CERTIFICATES_MAX_PENDING;
    if (is_taken && !place)
        place = take_place(certificates, url);
    is_taken = is_taken && place;
    if (is_taken) {
        place->is_pending = true;
        place->tried_ms = place->used_ms = now_ms;
    }
    pthread_mutex_unlock(&certificates->lock);
    return is_taken;
}

/* The place of what was being fetched, for a minute as after a failure. NULL: it was not. */
static struct place *end_fetching(struct certificates *certificates, struct slice url,
                                  int64_t now_ms)
{
    struct place *place = find_place(certificates, url);

    if (!place || !place->is_pending)
        return NULL;
    place->is_pending = false;
    place->tried_ms = now_ms;
    place->wait_ms = FAILED_MS;
    return place;
}

static enum rc fill_place(struct place *place, struct slice pem)
{
    char *copy;

    if (pem.len > CERTIFICATE_MAX_BYTES)
        return RC_LIMIT;
    copy = malloc(pem.len + 1);
    if (!copy)
        return RC_NO_MEMORY;
    if (pem.len)
        memcpy(copy, pem.ptr, pem.len);
    empty_place(place);
    place->pem = copy;
    place->pem_bytes = pem.len;
    place->state = PLACE_KEPT;
    place->wait_ms = KEPT_MS;
    return RC_OK;
}

enum rc certificates_keep(struct certificates *certificates, struct slice url, struct slice pem,
                          int64_t now_ms)
{
    struct place *place;
    enum rc rc = RC_OK;

    pthread_mutex_lock(&certificates->lock);
    place = end_fetching(certificates, url, now_ms);
    if (place)
        rc = fill_place(place, pem);
    pthread_mutex_unlock(&certificates->lock);
    return rc;
}

void certificates_fail(struct certificates *certificates, struct slice url, int64_t now_ms)
{
    pthread_mutex_lock(&certificates->lock);
    (void)end_fetching(certificates, url, now_ms);
    pthread_mutex_unlock(&certificates->lock);
}

void certificates_drop(struct certificates *certificates, struct slice url)
{
    struct place *place;

    pthread_mutex_lock(&certificates->lock);
    place = find_place(certificates, url);
    if (place && place->state == PLACE_KEPT) {
        empty_place(place);
        place->wait_ms = 0;
    }
    pthread_mutex_unlock(&certificates->lock);
}
