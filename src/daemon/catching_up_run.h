/* catching_up_run.h - one round for one webhook: GitHub is asked which deliveries failed, then to send what is missing once again.
 *
 * At most 10 pages of its list and CATCH_UP_MAX_ASKS deliveries, one a second. It waits for the network: for a thread that may. */
#pragma once

#include "src/daemon/asked_guids.h"
#include "src/daemon/service.h"
#include "watchers/catch_up_api.h"

#define CATCH_UP_MAX_PAGES 10

struct catching_up_run {
    struct service *service;
    struct slice watcher;
    const struct catch_up *catch_up; /* of the configuration that the caller holds */
    struct asked_guids *asked;
    const _Atomic bool *give_up; /* ends it at once */
    /* Waits; it returns at once where it is to be given up. */
    void (*pause)(void *context, int64_t wait_ms);
    void *context;
};

struct catching_up_result {
    enum catch_up_outcome outcome; /* of the whole */
    size_t n_missed, n_asked, n_refused;
    bool is_partial;  /* the list goes on behind the last page that was looked at */
    int64_t wait_ms;  /* CATCH_UP_WAIT: how long */
    int64_t again_ms; /* wall clock: when there is something to ask that must wait; 0: nothing */
    char error
        [CATCH_UP_ERROR_BYTES]; /* also of what GitHub refused when all else went well; "": none */
};

/* False where it was given up: then the result says nothing. */
bool catching_up_run(const struct catching_up_run *run, struct catching_up_result *result);
