/* inlet.h - the one door into the engine: bounded lanes, and the thread that drives it.
 *
 * Doors push items and are called back after the commit that holds them. The control lane (decisions, results, reloads, pause) goes first in every round and has places of its own; the data lane
 * is bounded by count and bytes, and a full one refuses at once (503). Lines of logs come last: while deliveries wait to be folded, their turn comes once a second. Rounds:
 * control, then one accepting commit for what waits, then lines, then folding for a bounded time, then a piece of what is put in order behind them, and pages for the next
 * commits. Where folding has come to the end it rests for some milliseconds, so that who sends one delivery after the other does not wait for it each time.
 */
#pragma once

#include "src/engine/engine.h"

struct inlet;

struct inlet_options {
    struct engine *engine;  /* kept */
    size_t n_deliveries;    /* waiting at most; 0: 4096 */
    int64_t delivery_bytes; /* waiting at most; 0: 64 MB */
    int64_t fold_every_ms;  /* what comes meanwhile is folded together; 0: 5 */
    void (*on_fatal)(void *context,
                     enum rc rc); /* the store failed in a way that must end the process */
    void *context;
};
/* Makes it; it takes items from now on and works on them once it is started. */
enum rc inlet_new(const struct inlet_options *options, struct inlet **inlet) MUST_CHECK;
enum rc inlet_start(struct inlet *inlet) MUST_CHECK;
/* Refuses new deliveries (RC_BUSY), stores what waits, stops the thread. What is not folded by then is folded after the next start. */
void inlet_drain(struct inlet *inlet);
void inlet_free(struct inlet *inlet);

/* A delivery. `done` is called on the engine's thread after the commit, with RC_OK, or with why it was not stored. The item and what it points at stay alive until then. */
struct inlet_delivery {
    struct engine_accept_item item;
    void (*done)(struct inlet_delivery *delivery, enum rc rc);
    void *context;
    struct inlet_delivery *next; /* the inlet's */
};
/* RC_FULL, RC_BUSY at once: `done` is then not called. */
enum rc inlet_push(struct inlet *inlet, struct inlet_delivery *delivery) MUST_CHECK;

/* Lines that were read. `done` is called on the engine's thread once they are stored, in the order in which they were pushed; while they cannot be stored (a full disk) they
 * wait here and are tried again. RC_BUSY: they were dropped, with all that were pushed behind them, because we stop. The item and what it points at stay alive until then. */
struct inlet_lines {
    struct engine_lines item;
    void (*done)(struct inlet_lines *lines, enum rc rc);
    void *context;
    struct inlet_lines *next; /* the inlet's */
};
/* RC_BUSY at once: `done` is then not called. Whoever pushes has a bounded number of them. */
enum rc inlet_push_lines(struct inlet *inlet, struct inlet_lines *lines) MUST_CHECK;

/* Anything else that changes state: `run` is called on the engine's thread, `done` after its commit. */
struct inlet_control {
    enum rc (*run)(struct inlet_control *control, struct engine *engine, int64_t now_ms);
    void (*done)(struct inlet_control *control, enum rc rc);
    void *context;
    int64_t
        not_before_mono_ms; /* 0: at once; a result that could not be stored is tried again later */
    struct inlet_control *next; /* the inlet's */
};
/* Once the thread has ended, `done` is called at once with RC_BUSY. */
void inlet_push_control(struct inlet *inlet, struct inlet_control *control);
/* Runs it and waits: for threads that may wait (never an HTTP thread). */
enum rc inlet_run_and_wait(struct inlet *inlet, struct inlet_control *control) MUST_CHECK;

struct inlet_facts {
    size_t n_waiting;
    bool data_is_refused; /* the store is full, the disk is full, or we are stopping */
    bool store_failed;
};
struct inlet_facts inlet_facts(struct inlet *inlet);
/* The rules in force, for a thread that may not wait for the engine's: free them with ruleset_free. */
struct ruleset *inlet_hold_ruleset(const struct inlet *inlet);
