/* tailing_private.h - what the files of the tailing share: the thread's state, and the batches that are under way. */
#pragma once

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/metrics.h"
#include "src/daemon/tailing.h"
#include "src/engine/screen.h"

#include <pthread.h>
#include <stdatomic.h>

#define TAILING_SLOTS 16

/* One batch on its way to the engine. */
struct slot {
    struct inlet_lines lines;
    struct tailing *tailing;
    struct slot *next; /* of the free ones */
    struct journal_entry entry;
    struct buffer body;
    struct arena *arena; /* of the rows */
};

/* What was heard of a watcher. */
struct hearing {
    int64_t heard_mono_ms;
    uint64_t n_lines;
    bool is_silent;
    bool is_known; /* it was told since the start that it is there */
};

struct tailing {
    struct service *service;
    struct engine *engine;
    struct screen *screen;
    pthread_t thread;
    bool has_thread;
    _Atomic bool is_stopping;
    int wake_fd; /* an eventfd */
    int epoll_fd;

    pthread_mutex_t slots_lock; /* of what follows */
    struct slot slots[TAILING_SLOTS];
    struct slot *free_slots;
    size_t n_free;

    pthread_mutex_t lock;        /* of what follows, for others */
    const struct config *config; /* held: the tails use its watchers */
    struct log_tail *logs;       /* NULL: no log is watched */
    struct journal_tail *journals;

    struct hearing
        *hearings; /* of the logs, then of the journals; the thread's alone, as what follows */
    size_t n_logs;
    size_t n_read; /* bytes since the last step */
    int64_t publish_mono_ms;
    const struct config *seen; /* the configuration that was looked at last */
};

/* tailing.c: the thread has something to do. From any thread. */
void tailing_wake(struct tailing *tailing);

/* tailing_slots.c */
enum rc tailing_make_slots(struct tailing *tailing) MUST_CHECK;
void tailing_free_slots(struct tailing *tailing);
size_t tailing_count_free(struct tailing *tailing);
/* A free one; NULL: all are under way. */
struct slot *tailing_take_slot(struct tailing *tailing);
void tailing_give_slot(struct slot *slot);
/* Puts the lines into the slot and hands it to the inlet, with `row` where there is one; takes the slot, also when it fails. RC_BUSY. */
enum rc tailing_push_lines(struct slot *slot, struct slice watcher, const struct log_lines *lines,
                           const struct file_offset *row) MUST_CHECK;
/* Rows by themselves; likewise. */
enum rc tailing_push_rows(struct slot *slot, const struct log_rows *rows) MUST_CHECK;

/* tailing_sinks.c: where the tails put what they read. */
struct log_sink tailing_log_sink(struct tailing *tailing);
struct journal_sink tailing_journal_sink(struct tailing *tailing);

/* tailing_hearing.c */
enum rc tailing_begin_hearing(struct tailing *tailing, const struct watchers *watchers) MUST_CHECK;
/* What is said of watchers that may not be there any more. */
void tailing_forget_gauges(const struct watchers *watchers);
/* Sets the gauges and tells of silence: at most once a second, and when there is nothing to read. Sets when it wants to be called again, where that is earlier. */
void tailing_publish(struct tailing *tailing, bool is_idle, int64_t *due_mono_ms);
