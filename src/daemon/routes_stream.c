#include "src/daemon/routes_stream.h"

#include "src/daemon/handlers.h"

#include "src/base/clock.h"
#include "src/store/tasks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_STREAMS 200
#define KEEP_ALIVE_MS (15 * SECOND_MS)
#define CHUNK_BYTES ((size_t)64 << 10) /* what one read appends, about */
#define ITEM_ARENA_BYTES ((size_t)16 << 20)
#define NAME_BYTES 256

struct open_stream {
    struct open_stream *next;
    struct streams *streams;
    struct http_stream *stream; /* NULL: not answered yet */
    uint64_t seq;               /* of the last item that was looked at */
    bool must_reset;
    bool must_say_seq;
    int64_t wrote_mono_ms;
    char rule[NAME_BYTES], watcher[NAME_BYTES]; /* filters; empty: all */
    struct arena *arena;                        /* of one item */
};

struct streams {
    struct service *service;
    pthread_mutex_t lock; /* of what follows */
    struct open_stream *first;
    size_t n_open;
    bool is_ending;
    pthread_cond_t changed;
    pthread_t keeper; /* says that we are still there; only while somebody listens */
    bool has_keeper;
};

/* --- what an item is about --- */

static bool id_member(const struct json *item, const char *name, const char *prefix,
                      struct ulid *id)
{
    return !ulid_parse(json_string(json_get_text(item, name)), prefix, id);
}

static enum rc event_of_signal(struct store_txn *txn, struct ulid id, struct arena *arena,
                               struct ulid *event)
{
    struct signal signal = { 0 };
    enum rc rc = signal_get(txn, id, arena, &signal);

    if (rc)
        return rc;
    if (!signal.samples.n_items)
        return RC_NOT_FOUND;
    *event = signal.samples.items[signal.samples.n_items - 1];
    return RC_OK;
}

/* The event that an item comes from: named in it, or the newest of the signal it belongs to. */
static enum rc event_of_item(struct store_txn *txn, const struct json *item, struct arena *arena,
                             struct ulid *event)
{
    struct proposal proposal = { 0 };
    struct task task = { 0 };
    struct ulid id;
    enum rc rc;

    if (id_member(item, "event", "evt_", event))
        return RC_OK;
    if (id_member(item, "proposal", "prp_", &id)) {
        rc = proposal_get(txn, id, arena, &proposal);
        return rc ? rc : event_of_signal(txn, proposal.signal, arena, event);
    }
    if (!id_member(item, "task", "tsk_", &id))
        return RC_NOT_FOUND;
    rc = task_get(txn, id, arena, &task);
    if (rc || !task.signals.n_items)
        return rc ? rc : RC_NOT_FOUND;
    return event_of_signal(txn, task.signals.items[0], arena, event);
}

static bool is_of_watcher(struct store_txn *txn, const struct json *item, struct slice watcher,
                          struct arena *arena)
{
    struct journal_entry entry = { 0 };
    struct ulid event;
    uint32_t part;

    return !event_of_item(txn, item, arena, &event) &&
           !journal_find(txn, event, arena, &entry, &part) && slice_eq(entry.watcher, watcher);
}

static bool is_wanted(const struct open_stream *open, struct store_txn *txn,
                      const struct feed_item *item)
{
    struct json_fault fault;
    struct json *tree = NULL;
    bool wanted;

    if (!*open->rule && !*open->watcher)
        return true;
    if (json_parse(item->json, JSON_LIMITS_DEFAULT, &tree, &fault))
        return true;
    wanted = (!*open->rule ||
              slice_eq(json_string(json_get_text(tree, "rule")), slice_of(open->rule))) &&
             (!*open->watcher || is_of_watcher(txn, tree, slice_of(open->watcher), open->arena));
    json_free(tree);
    return wanted;
}

/* --- writing --- */

static void write_item(const struct feed_item *item, struct buffer *out)
{
    buffer_format(out, "id: %llu\nevent: ", (unsigned long long)item->seq);
    buffer_add(out, item->name);
    buffer_add_text(out, "\ndata: ");
    buffer_add(out, item->json); /* one line: the writer escapes what would end it */
    buffer_add_text(out, "\n\n");
}

static enum rc write_items(struct open_stream *open, struct store_txn *txn, struct buffer *out)
{
    struct feed_item item = { 0 };
    size_t start = out->len;
    enum rc rc = RC_OK;

    while (!rc && out->len - start < CHUNK_BYTES) {
        arena_reset(open->arena);
        rc = feed_next(txn, open->seq, open->arena, &item);
        if (rc)
            break;
        open->seq = item.seq;
        if (is_wanted(open, txn, &item))
            write_item(&item, out);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc start_anew(struct open_stream *open, struct store_txn *txn, struct buffer *out)
{
    uint64_t oldest, newest;
    enum rc rc = feed_range(txn, &oldest, &newest);

    if (rc)
        return rc;
    open->seq = newest;
    open->must_reset = false;
    buffer_format(out, "id: %llu\nevent: reset\ndata: {}\n\n", (unsigned long long)newest);
    return RC_OK;
}

/* A reader that was slow while the feed went on may find that what came next is gone. */
static enum rc check_gap(struct open_stream *open, struct store_txn *txn)
{
    uint64_t oldest, newest;
    enum rc rc = feed_range(txn, &oldest, &newest);

    if (!rc && (open->seq > newest || (oldest && open->seq + 1 < oldest)))
        open->must_reset = true;
    return rc;
}

static enum rc write_news(struct open_stream *open, struct buffer *out)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(open->streams->service), &txn);

    if (!rc)
        rc = check_gap(open, txn);
    if (!rc && open->must_reset)
        rc = start_anew(open, txn, out);
    else if (!rc && open->must_say_seq)
        buffer_format(out, "retry: 2000\nid: %llu\n\n", (unsigned long long)open->seq);
    open->must_say_seq = false;
    if (!rc)
        rc = write_items(open, txn, out);
    store_abort(&txn);
    return rc;
}

static bool on_read(void *context, struct buffer *out)
{
    struct open_stream *open = context;
    int64_t now_mono_ms = clock_mono_ms();
    size_t start = out->len;

    if (service_is_stopping(open->streams->service) || write_news(open, out))
        return false; /* the client comes back with the number of what it has */
    if (out->len == start && now_mono_ms - open->wrote_mono_ms >= KEEP_ALIVE_MS)
        buffer_add_text(out, ": still here\n\n");
    if (out->len != start)
        open->wrote_mono_ms = now_mono_ms;
    return !out->failed;
}

/* --- who listens --- */

static void free_stream(struct open_stream *open)
{
    arena_free(open->arena);
    free(open);
}

static void on_closed(void *context)
{
    struct open_stream *open = context;
    struct streams *streams = open->streams;
    struct open_stream **place;

    pthread_mutex_lock(&streams->lock);
    place = &streams->first;
    while (*place && *place != open)
        place = &(*place)->next;
    if (*place) {
        *place = open->next;
        streams->n_open--;
    }
    pthread_cond_signal(&streams->changed);
    pthread_mutex_unlock(&streams->lock);
    free_stream(open);
}

/* Under the lock. */
static void wake_all(struct streams *streams)
{
    for (struct open_stream *open = streams->first; open; open = open->next)
        if (open->stream)
            http_stream_wake(open->stream);
}

static void on_change(void *context)
{
    struct streams *streams = context;

    pthread_mutex_lock(&streams->lock);
    wake_all(streams);
    pthread_mutex_unlock(&streams->lock);
}

static struct timespec mono_after(int64_t wait_ms)
{
    int64_t mono_ms = clock_mono_ms() + wait_ms;

    return (struct timespec){ .tv_sec = mono_ms / SECOND_MS,
                              .tv_nsec = mono_ms % SECOND_MS * 1000000 };
}

/* Sleeps without a timer while nobody listens. */
static void *keep_alive(void *argument)
{
    struct streams *streams = argument;

    pthread_mutex_lock(&streams->lock);
    while (!streams->is_ending) {
        struct timespec until = mono_after(KEEP_ALIVE_MS);

        if (!streams->first)
            pthread_cond_wait(&streams->changed, &streams->lock);
        else if (pthread_cond_timedwait(&streams->changed, &streams->lock, &until))
            wake_all(streams);
    }
    pthread_mutex_unlock(&streams->lock);
    return NULL;
}

/* Under the lock. */
static enum rc need_keeper(struct streams *streams)
{
    if (!streams->has_keeper)
        streams->has_keeper = !pthread_create(&streams->keeper, NULL, keep_alive, streams);
    return streams->has_keeper ? RC_OK : RC_NO_MEMORY;
}

static enum rc add_stream(struct streams *streams, struct open_stream *open)
{
    enum rc rc;

    pthread_mutex_lock(&streams->lock);
    rc = streams->n_open < MAX_STREAMS ? need_keeper(streams) : RC_LIMIT;
    if (!rc) {
        open->next = streams->first;
        streams->first = open;
        streams->n_open++;
        pthread_cond_signal(&streams->changed);
    }
    pthread_mutex_unlock(&streams->lock);
    return rc;
}

enum rc streams_new(struct service *service, struct streams **streams)
{
    struct streams *made = calloc(1, sizeof *made);
    pthread_condattr_t attributes;

    if (!made)
        return RC_NO_MEMORY;
    made->service = service;
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    service_on_change(service, on_change, made);
    *streams = made;
    return RC_OK;
}

void streams_free(struct streams *streams)
{
    if (!streams)
        return;
    service_on_change(streams->service, NULL, NULL);
    pthread_mutex_lock(&streams->lock);
    streams->is_ending = true;
    pthread_cond_signal(&streams->changed);
    pthread_mutex_unlock(&streams->lock);
    if (streams->has_keeper)
        pthread_join(streams->keeper, NULL);
    pthread_cond_destroy(&streams->changed);
    pthread_mutex_destroy(&streams->lock);
    free(streams);
}

/* --- the route --- */

static bool take_filter(struct request *request, const char *name, char text[NAME_BYTES])
{
    struct slice value = http_query(request->exchange, name);

    if (value.len >= NAME_BYTES)
        return false;
    if (value.len)
        memcpy(text, value.ptr, value.len);
    return true;
}

/* Where it begins: at now, or behind the number that the client had. */
static enum rc place(struct request *request, struct open_stream *open)
{
    struct slice last = http_header(request->exchange, "Last-Event-ID");
    struct store_txn *txn = NULL;
    uint64_t oldest = 0, newest = 0;
    int64_t number;
    enum rc rc = store_begin_read(service_store(request->service), &txn);

    if (!rc)
        rc = feed_range(txn, &oldest, &newest);
    store_abort(&txn);
    if (rc)
        return rc;
    open->seq = newest;
    open->must_say_seq = true;
    if (!last.len)
        return RC_OK;
    open->must_reset = slice_to_int(last, &number) || number < 0;
    if (!open->must_reset)
        open->seq = (uint64_t)number;
    return RC_OK;
}

static enum rc open_one(struct request *request, struct open_stream **opened)
{
    struct open_stream *open = calloc(1, sizeof *open);
    enum rc rc;

    if (!open)
        return RC_NO_MEMORY;
    open->streams = request->routes->streams;
    open->wrote_mono_ms = clock_mono_ms();
    rc = arena_new(ITEM_ARENA_BYTES, &open->arena);
    if (!rc && !(take_filter(request, "rule", open->rule) &&
                 take_filter(request, "watcher", open->watcher)))
        rc = RC_NOT_FOUND;
    if (!rc)
        rc = place(request, open);
    if (!rc)
        rc = add_stream(open->streams, open);
    if (rc) {
        free_stream(open);
        return rc;
    }
    *opened = open;
    return RC_OK;
}

void get_stream(struct request *request)
{
    struct open_stream *open = NULL;
    struct http_stream_source source = { .read = on_read, .closed = on_closed };
    struct http_stream *stream = NULL;
    enum rc rc;

    if (slice_eq(http_method(request->exchange), SLICE("HEAD"))) {
        request_answer(request, 200, "text/event-stream", (struct slice){ 0 }, NULL, 0);
        return;
    }
    rc = open_one(request, &open);
    if (rc) {
        request_fail(request, rc);
        return;
    }
    source.context = open;
    rc = http_answer_stream(request->exchange, "text/event-stream", &source, &stream);
    if (rc) {
        on_closed(open);
        request_fail(request, rc);
        return;
    }
    /* `closed` comes on this very thread, so the stream is still there. */
    pthread_mutex_lock(&open->streams->lock);
    open->stream = stream;
    pthread_mutex_unlock(&open->streams->lock);
    request_release(request);
}
