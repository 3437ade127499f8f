#include "watchers/certificates.h"

#include "src/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MS DAY_MS
#define FAILED_MS MINUTE_MS

enum place_state {
    PLACE_FREE,
    PLACE_PENDING,
    PLACE_FAILED,
    PLACE_KEPT,
};

struct place {
    enum place_state state;
    char url[CERTIFICATE_URL_MAX_BYTES];
    size_t url_bytes;
    char *pem;
    size_t pem_bytes;
    int64_t since_ms; /* in this state */
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
    if (place && place->state == PLACE_KEPT && now_ms - place->since_ms < KEPT_MS) {
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

        if (place->state == PLACE_PENDING)
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
        n_pending += certificates->places[i].state == PLACE_PENDING;
    return n_pending;
}

static bool is_due(const struct place *place, int64_t now_ms)
{
    if (!place)
        return true;
    if (place->state == PLACE_PENDING)
        return false;
    return now_ms - place->since_ms >= (place->state == PLACE_KEPT ? KEPT_MS : FAILED_MS);
}

static void empty_place(struct place *place)
{
    free(place->pem);
    *place = (struct place){ 0 };
}

static bool take_place(struct certificates *certificates, struct place *place, struct slice url,
                       int64_t now_ms)
{
    if (!place)
        place = choose_place(certificates);
    if (!place)
        return false;
    empty_place(place);
    place->state = PLACE_PENDING;
    memcpy(place->url, url.ptr, url.len);
    place->url_bytes = url.len;
    place->since_ms = place->used_ms = now_ms;
    return true;
}

bool certificates_begin(struct certificates *certificates, struct slice url, int64_t now_ms)
{
    struct place *place;
    bool is_taken = false;

    if (!url.len || url.len > CERTIFICATE_URL_MAX_BYTES)
        return false;
    pthread_mutex_lock(&certificates->lock);
    place = find_place(certificates, url);
    if (is_due(place, now_ms) && count_pending(certificates) < CERTIFICATES_MAX_PENDING)
        is_taken = take_place(certificates, place, url, now_ms);
    pthread_mutex_unlock(&certificates->lock);
    return is_taken;
}

/* The place of what is being fetched, failed until it is known better. */
static struct place *end_fetching(struct certificates *certificates, struct slice url,
                                  int64_t now_ms)
{
    struct place *place = find_place(certificates, url);

    if (!place || place->state != PLACE_PENDING)
        return NULL;
    place->state = PLACE_FAILED;
    place->since_ms = now_ms;
    return place;
}

static enum rc fill_place(struct place *place, struct slice pem)
{
    if (pem.len > CERTIFICATE_MAX_BYTES)
        return RC_LIMIT;
    place->pem = malloc(pem.len + 1);
    if (!place->pem)
        return RC_NO_MEMORY;
    if (pem.len)
        memcpy(place->pem, pem.ptr, pem.len);
    place->pem_bytes = pem.len;
    place->state = PLACE_KEPT;
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
