/* journal_tail.h - follows the systemd journal for all journal watchers, through restarts, and hands on its entries.
 *
 * Each watcher has a child `journalctl --follow --output=json` (journal_command.h). Promises:
 *   - an entry is handed on once, in journald's order. The cursor is stored by whoever takes the entries, together with what came of them; what is handed on and not stored is read
 *     again.
 *   - a child that ends is started again, after 1 s, 2 s, … 60 s, where the last one left off; why is told once.
 *   - where journald has thrown the entry of the cursor away, reading goes on at the oldest that is left after it, and that something is lost is told. How much it was nobody knows.
 *   - what this daemon writes to the journal is never handed on, only counted: a rule must not answer itself.
 *   - at the first start with `start: end` entries count from that moment on, whenever the child comes up.
 * While the sink has no room nothing is read, and journalctl waits.
 *
 * Its rows are those without a path whose `head` is the digest of what the watcher asks for: with other filters the entry of the cursor may be hidden, and is not missed.
 *
 * Driven by its owner as log_tail: wait for journal_tail_fd to be readable or for the due time, then call journal_tail_step. For one thread, but for journal_tail_facts.
 */
#pragma once

#include "watchers/journal_line.h"
#include "watchers/log_tail.h"

struct journal_tail;

/* Entries in a row. */
struct journal_batch {
    const struct journal_watch *watch;
    struct log_line *lines;    /* as journalctl printed them: what is to be stored */
    const struct slice *texts; /* what patterns look at, of each: its event's text */
    struct slice bytes;        /* in which the texts lie, in order, an LF behind each */
    size_t n_lines;
    size_t n_bytes; /* as they were printed */
    const struct file_offset *row;
};

struct journal_sink {
    void *context;
    /* As those of struct log_sink. `take`: never without lines. */
    enum rc (*take)(void *context, const struct journal_batch *batch, bool *stored);
    enum rc (*store)(void *context, const struct log_rows *rows);
    /* It cannot be read (what, and what to do), or (`why` NULL) can be read again. Told once for each change. */
    void (*tell)(void *context, const struct journal_watch *watch, const char *why);
    /* Entries that were there and were never read, nobody knows how many. */
    void (*lose)(void *context, const struct journal_watch *watch, const char *why);
};

struct journal_tail_options {
    const struct watchers *watchers; /* kept */
    const struct file_offset *rows;  /* as stored; borrowed */
    size_t n_rows;
    struct journal_sink sink;
    int64_t now_ms;
};
enum rc journal_tail_new(const struct journal_tail_options *options,
                         struct journal_tail **tail) MUST_CHECK;
/* Ends the children; accepts NULL. */
void journal_tail_free(struct journal_tail *tail);
/* An epoll descriptor. */
int journal_tail_fd(const struct journal_tail *tail);
/* As log_tail_step, log_tail_wake and log_tail_flush. */
void journal_tail_step(struct journal_tail *tail, int64_t now_ms, int64_t now_mono_ms,
                       int64_t *due_mono_ms);
void journal_tail_wake(struct journal_tail *tail);
enum rc journal_tail_flush(struct journal_tail *tail, int64_t now_ms) MUST_CHECK;

#define JOURNAL_TROUBLE_BYTES 512

struct journal_facts {
    uint64_t n_lines, n_bytes;           /* handed on */
    uint64_t n_own;                      /* written by this daemon: passed over */
    uint64_t n_cut;                      /* longer than JOURNAL_LINE_BYTES */
    uint64_t n_starts;                   /* of its child */
    uint64_t n_gaps;                     /* how often entries were lost */
    int64_t last_ms;                     /* when an entry came last; 0: never */
    char cursor[JOURNAL_CURSOR_BYTES];   /* of the last one; "": none */
    char trouble[JOURNAL_TROUBLE_BYTES]; /* what is wrong now; "" when nothing is */
    bool is_running;
};
/* Of the `watch`-th journal watcher, as of the last step. From any thread. */
void journal_tail_facts(struct journal_tail *tail, size_t watch, struct journal_facts *facts);
