#include "actions/channels/slack_replays.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_DEFAULT ((size_t)16384)

struct slack_replays {
    pthread_mutex_t lock;
    size_t n_places;
    struct slack_proof places[]; /* until_ms 0: free */
};

enum rc slack_replays_new(size_t n_places, struct slack_replays **replays)
{
    size_t n = n_places ? n_places : PLACES_DEFAULT;
    struct slack_replays *made = calloc(1, sizeof *made + n * sizeof *made->places);

    if (!made)
        return RC_NO_MEMORY;
    made->n_places = n;
    pthread_mutex_init(&made->lock, NULL);
    *replays = made;
    return RC_OK;
}

void slack_replays_free(struct slack_replays *replays)
{
    if (!replays)
        return;
    pthread_mutex_destroy(&replays->lock);
    free(replays);
}

static bool is_same(const struct slack_proof *a, const struct slack_proof *b)
{
    return a->until_ms == b->until_ms && !memcmp(&a->mac, &b->mac, sizeof a->mac);
}

/* A walk over all places takes some tens of microseconds, and Slack sends a few requests a second. NULL in `free_place`: all are taken. */
static struct slack_proof *find(struct slack_replays *replays, const struct slack_proof *proof,
                                int64_t real_ms, struct slack_proof **free_place)
{
    *free_place = NULL;
    for (size_t i = 0; i < replays->n_places; i++) {
        struct slack_proof *place = &replays->places[i];

        if (is_same(place, proof))
            return place;
        if (!*free_place && place->until_ms <= real_ms)
            *free_place = place;
    }
    return NULL;
}

enum rc slack_replays_admit(struct slack_replays *replays, const struct slack_proof *proof,
                            int64_t real_ms)
{
    struct slack_proof *free_place;
    enum rc rc = RC_OK;

    pthread_mutex_lock(&replays->lock);
    if (find(replays, proof, real_ms, &free_place))
        rc = RC_DENIED;
    else if (!free_place)
        rc = RC_FULL;
    else
        *free_place = *proof;
    pthread_mutex_unlock(&replays->lock);
    return rc;
}

void slack_replays_forget(struct slack_replays *replays, const struct slack_proof *proof)
{
    struct slack_proof *free_place;
    struct slack_proof *place;

    pthread_mutex_lock(&replays->lock);
    place = find(replays, proof, 0, &free_place);
    if (place)
        *place = (struct slack_proof){ 0 };
    pthread_mutex_unlock(&replays->lock);
}
