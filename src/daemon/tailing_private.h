/* tailing_private.h - what the files of the tailing share: the thread's state, and the batches that are under way. */
#pragma once

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/metrics.h"
#include "src/daemon/tailing.h"
#include "src/daemon/watcher_notice.h"
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

/* Lines that are gone, and of which rules were not told yet. */
struct loss {
    int64_t n_bytes;
    uint64_t n_times;
    char path[512]; /* of the last; "": the watcher */
    char why[256];
};

/* What was heard of a watcher, and what rules were told of it. */
struct hearing {
    char *name;
    int64_t heard_mono_ms;
    uint64_t n_lines;
    bool has_heard; /* something came since the start */
    bool is_judged;
    enum watcher_state state; /* as it is now, once it is judged */
    int64_t since_ms;
    char detail[512];
    bool is_told; /* since the start */
    enum watcher_state told;
    bool has_caught_up; /* all that was there at the start is read, and stored */
    bool is_caught_up_told;
    int64_t running_mono_ms,
        came_mono_ms; /* of a journal, until it has caught up: since when, and when something came */
    uint64_t n_came;
    struct loss loss;
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

    /* The thread's alone from here on. */
    struct hearing *hearings; /* of the logs, then of the journals */
    size_t n_hearings, n_logs;
    struct notice_post *post;
    struct loss posted_loss;
    int64_t tell_mono_ms;     /* not before that, after one that could not be stored */
    struct log_stream *input; /* standard input between two tails */
    size_t n_read;            /* bytes since the last step */
    int64_t publish_mono_ms;
    const struct config *seen; /* held: the configuration that was looked at last */
    bool has_failed;           /* not all of it could be begun */
    int64_t retry_mono_ms;
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

/* tailing_hearing.c: rules are told of the state of a watcher when it has changed, and of losses; each is tried until it is stored. */
enum rc tailing_begin_hearing(struct tailing *tailing, const struct watchers *watchers) MUST_CHECK;
void tailing_end_hearing(struct tailing *tailing);
void tailing_hear_loss(struct tailing *tailing, struct slice watcher, const char *path,
                       int64_t n_bytes, const char *why);
/* What is said of watchers that may not be there any more. */
void tailing_forget_gauges(const struct watchers *watchers);
/* Sets the gauges and tells of silence: at most once a second, and when there is nothing to read. Sets when it wants to be called again, where that is earlier. */
void tailing_publish(struct tailing *tailing, bool is_idle, int64_t *due_mono_ms);
