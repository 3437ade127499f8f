/* catching_up.h - asks GitHub again for deliveries that we missed: at the start, and then every `every` of each webhook's `catch_up`.
 *
 * On a thread of its own, one webhook after the other; what it asks for comes in by the door like any other delivery, under its first id. A round that fails is tried
 * again after a minute, then after twice as long, up to an hour; where GitHub says how long to wait, not before. Another configuration ends the round that is under way, and all are
 * asked anew. */
#pragma once

#include "src/daemon/service.h"
#include "watchers/catch_up_api.h"

struct catching_up;

/* The doors are open. Also where no webhook catches up: a reload may bring one. */
enum rc catching_up_start(struct service *service, struct catching_up **catching_up) MUST_CHECK;
/* Returns when the thread has ended, within about a second. Accepts NULL. */
void catching_up_stop(struct catching_up *catching_up);
/* Stops first; accepts NULL. */
void catching_up_free(struct catching_up *catching_up);

/* Of the last round. */
struct catching_up_fact {
    int64_t ran_ms;                   /* wall clock; 0: not yet */
    int64_t next_ms;                  /* the next one, about */
    int64_t n_missed;                 /* deliveries that failed and are not here */
    int64_t n_asked;                  /* of these, GitHub was asked for */
    int64_t n_refused;                /* GitHub does not send again */
    bool is_partial;                  /* there are more than were looked at */
    char error[CATCH_UP_ERROR_BYTES]; /* "": none */
};
/* Of the webhook `name`; all zero where nothing is known. From any thread. */
struct catching_up_fact catching_up_fact_of(struct catching_up *catching_up, struct slice name);
