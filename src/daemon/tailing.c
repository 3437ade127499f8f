#include "src/daemon/tailing.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/metrics.h"
#include "src/daemon/watcher_notice.h"
#include "src/engine/screen.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define N_SLOTS 16
#define SLOT_ARENA_BYTES ((size_t)16 << 20)
#define SLOT_KEPT_BYTES ((size_t)512 << 10) /* what a slot needed more is given back */
#define ROWS_ARENA_BYTES ((size_t)256 << 20)
/* A writer line by line would wake us for each of them: what comes within a moment of the last read is read together. */
#define MOMENT_NS 1000000
#define PUBLISH_MS SECOND_MS
#define FLUSH_PATIENCE_MS (2 * SECOND_MS)

/* One batch on its way to the engine. */
struct slot {
    struct inlet_lines lines;
    struct tailing *tailing;
    struct slot *next; /* of the free ones */
    struct journal_entry entry;
    struct buffer body;
    struct arena *arena; /* of the rows */
};

/* What is told of a watcher's silence. */
struct quiet {
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
    struct slot slots[N_SLOTS];
    struct slot *free_slots;
    size_t n_free;

    pthread_mutex_t lock;        /* of `tail` and `config`, for others */
    const struct config *config; /* held: the tail uses its watchers */
    struct log_tail *tail;       /* NULL: no log is watched */

    struct quiet *quiets; /* of each watcher; the thread's alone, as what follows */
    size_t n_watches;
    size_t n_read; /* bytes since the last step */
    int64_t publish_mono_ms;
    const struct config *seen; /* the configuration that was looked at last */
};

/* --- slots --- */

static void wake(struct tailing *tailing)
{
    uint64_t one = 1;

    (void)!write(tailing->wake_fd, &one, sizeof one);
}

static struct slot *take_slot(struct tailing *tailing)
{
    struct slot *slot;

    pthread_mutex_lock(&tailing->slots_lock);
    slot = tailing->free_slots;
    if (slot) {
        tailing->free_slots = slot->next;
        tailing->n_free--;
    }
    pthread_mutex_unlock(&tailing->slots_lock);
    return slot;
}

static void give_slot(struct slot *slot)
{
    struct tailing *tailing = slot->tailing;

    if (slot->body.cap > SLOT_KEPT_BYTES)
        buffer_free(&slot->body);
    pthread_mutex_lock(&tailing->slots_lock);
    slot->next = tailing->free_slots;
    tailing->free_slots = slot;
    tailing->n_free++;
    pthread_mutex_unlock(&tailing->slots_lock);
}

static size_t count_free(struct tailing *tailing)
{
    size_t n_free;

    pthread_mutex_lock(&tailing->slots_lock);
    n_free = tailing->n_free;
    pthread_mutex_unlock(&tailing->slots_lock);
    return n_free;
}

/* On the engine's thread: they are stored, or dropped because we stop. */
static void lines_done(struct inlet_lines *lines, enum rc rc)
{
    struct slot *slot = lines->context;
    struct tailing *tailing = slot->tailing;

    (void)rc;
    give_slot(slot);
    wake(tailing);
}

static enum rc copy_row(struct arena *arena, const struct file_offset *row,
                        struct file_offset *copy)
{
    struct slice *const texts[] = { &copy->watcher, &copy->path, &copy->head, &copy->tail,
                                    &copy->cursor };
    enum rc rc = RC_OK;

    *copy = *row;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc; i++)
        rc = arena_copy(arena, *texts[i], texts[i]);
    return rc;
}

static enum rc copy_rows(struct slot *slot, const struct log_rows *rows)
{
    struct file_offset *copies = arena_alloc(slot->arena, rows->n_rows + 1, sizeof *copies);
    struct ulid *forgotten = arena_alloc(slot->arena, rows->n_forgotten + 1, sizeof *forgotten);
    enum rc rc = copies && forgotten ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; i < rows->n_rows && !rc; i++)
        rc = copy_row(slot->arena, &rows->rows[i], &copies[i]);
    if (rc)
        return rc;
    if (rows->n_forgotten)
        memcpy(forgotten, rows->forgotten, rows->n_forgotten * sizeof *forgotten);
    slot->lines.item = (struct engine_lines){ .offsets = copies,
                                              .n_offsets = rows->n_rows,
                                              .forgotten = forgotten,
                                              .n_forgotten = rows->n_forgotten };
    return RC_OK;
}

static enum rc push(struct tailing *tailing, struct slot *slot)
{
    enum rc rc = inlet_push_lines(service_inlet(tailing->service), &slot->lines);

    if (rc)
        give_slot(slot);
    return rc;
}

/* --- what the tail hands on --- */

static enum rc pack(struct slot *slot, const struct log_batch *batch,
                    const struct record_list *wanted)
{
    const struct log_lines lines = { .path = batch->path, .lines = *wanted };
    enum rc rc;

    buffer_clear(&slot->body);
    rc = log_lines_encode(&lines, &slot->body);
    if (rc)
        return rc;
    /* The name outlives its configuration here. */
    slot->entry = (struct journal_entry){ .door = DOOR_DATA,
                                          .type = SLICE(LOG_ENTRY_TYPE),
                                          .received_ms = clock_wall_ms(),
                                          .body = buffer_slice(&slot->body) };
    rc = arena_copy(slot->arena, batch->watch->name, &slot->entry.watcher);
    slot->lines.item.entry = &slot->entry;
    return rc;
}

static enum rc submit(struct tailing *tailing, struct slot *slot, const struct log_batch *batch,
                      const struct record_list *wanted)
{
    const struct log_rows rows = { .rows = batch->row, .n_rows = batch->row ? 1 : 0 };
    enum rc rc;

    arena_reset(slot->arena);
    rc = copy_rows(slot, &rows);
    if (!rc)
        rc = pack(slot, batch, wanted);
    if (rc) {
        give_slot(slot);
        return RC_BUSY; /* memory that is short comes back: the lines are still in their file */
    }
    return push(tailing, slot);
}

static enum rc take(void *context, const struct log_batch *batch, bool *stored)
{
    struct tailing *tailing = context;
    struct record_list wanted = { 0 };
    struct slot *slot = take_slot(tailing);
    enum rc rc;

    *stored = false;
    if (!slot)
        return RC_BUSY;
    rc = screen_batch(tailing->screen, batch, clock_wall_ms(), &wanted);
    if (rc) {
        static struct log_limit limit;

        log_limited(&limit, LOG_ERROR, "lines cannot be looked at: %s watcher=%.*s", rc_text(rc),
                    SLICE_ARG(batch->watch->name));
        give_slot(slot);
        return RC_BUSY;
    }
    if (wanted.n_items)
        rc = submit(tailing, slot, batch, &wanted);
    else
        give_slot(slot);
    if (rc)
        return RC_BUSY;
    *stored = wanted.n_items > 0;
    tailing->n_read += batch->n_bytes;
    metric_add(METRIC_LOG_BYTES, batch->watch->name, (struct slice){ 0 }, (double)batch->n_bytes);
    return RC_OK;
}

static enum rc store(void *context, const struct log_rows *rows)
{
    struct tailing *tailing = context;
    struct slot *slot = take_slot(tailing);

    if (!slot)
        return RC_BUSY;
    arena_reset(slot->arena);
    if (copy_rows(slot, rows)) {
        give_slot(slot);
        return RC_BUSY;
    }
    return push(tailing, slot) ? RC_BUSY : RC_OK;
}

static void tell(void *context, const struct log_watch *watch, const char *path, const char *why)
{
    struct tailing *tailing = context;
    const struct engine_notice notice = { .watcher = watch->name,
                                          .state = why ? WATCHER_BROKEN : WATCHER_BACK,
                                          .detail = slice_of(why),
                                          .path = slice_of(path) };

    if (why)
        log_warn("log not read: %s watcher=%.*s path=\"%s\"", why, SLICE_ARG(watch->name), path);
    else
        log_info("log is read again watcher=%.*s path=\"%s\"", SLICE_ARG(watch->name), path);
    watcher_notice_send(service_inlet(tailing->service), &notice);
}

static void lose(void *context, const struct log_watch *watch, const char *path, int64_t n_bytes,
                 const char *why)
{
    struct tailing *tailing = context;
    const struct engine_notice notice = { .watcher = watch->name,
                                          .state = WATCHER_LOST,
                                          .detail = slice_of(why),
                                          .path = slice_of(path),
                                          .n_bytes = n_bytes };

    metric_add(METRIC_LOG_LOST, watch->name, (struct slice){ 0 }, (double)n_bytes);
    log_warn("lines lost: %s watcher=%.*s path=\"%s\" bytes=%lld", why, SLICE_ARG(watch->name),
             path, (long long)n_bytes);
    watcher_notice_send(service_inlet(tailing->service), &notice);
}

/* --- silence --- */

static void tell_quiet(struct tailing *tailing, const struct log_watch *watch,
                       enum watcher_state state, int64_t since_ms)
{
    const struct engine_notice notice = { .watcher = watch->name,
                                          .state = state,
                                          .since_ms = since_ms,
                                          .detail = state == WATCHER_SILENT
                                                        ? SLICE("no line came for as long as "
                                                                "`silent` of the watcher says")
                                                        : (struct slice){ 0 } };

    if (state == WATCHER_SILENT)
        log_warn("watcher is silent watcher=%.*s", SLICE_ARG(watch->name));
    watcher_notice_send(service_inlet(tailing->service), &notice);
}

/* Whether it was silent or broken before the start nobody here knows: that it is there is told once. */
static void listen_to(struct tailing *tailing, size_t i, const struct log_watch *watch,
                      const struct log_facts *facts, int64_t *due_mono_ms)
{
    struct quiet *quiet = &tailing->quiets[i];
    int64_t now_mono_ms = clock_mono_ms();
    bool is_heard = facts->n_lines != quiet->n_lines;

    if (is_heard) {
        quiet->heard_mono_ms = now_mono_ms;
        quiet->n_lines = facts->n_lines;
    }
    if ((is_heard || !watch->silent_ms) && !facts->n_troubles &&
        (quiet->is_silent || !quiet->is_known)) {
        tell_quiet(tailing, watch, WATCHER_BACK, 0);
        quiet->is_silent = false;
        quiet->is_known = true;
    }
    if (!watch->silent_ms || quiet->is_silent)
        return;
    if (now_mono_ms - quiet->heard_mono_ms >= watch->silent_ms) {
        quiet->is_silent = true;
        tell_quiet(tailing, watch, WATCHER_SILENT,
                   clock_wall_ms() - (now_mono_ms - quiet->heard_mono_ms));
    } else if (quiet->heard_mono_ms + watch->silent_ms < *due_mono_ms) {
        *due_mono_ms = quiet->heard_mono_ms + watch->silent_ms;
    }
}

/* --- what is shown --- */

static void set_gauges(const struct log_watch *watch, const struct log_facts *facts)
{
    const struct slice none = { 0 };

    metric_set(METRIC_LOG_LAG, watch->name, none, (double)facts->lag_bytes);
    metric_set(METRIC_LOG_FILES, watch->name, none, (double)facts->n_files);
    metric_set(METRIC_LOG_CUT, watch->name, none, (double)facts->n_cut);
}

/* At most once a second, and once more when there is nothing to read. */
static void publish(struct tailing *tailing, bool is_idle, int64_t *due_mono_ms)
{
    int64_t now_mono_ms = clock_mono_ms();
    const struct log_watch *watch;

    if (!is_idle && now_mono_ms < tailing->publish_mono_ms)
        return;
    tailing->publish_mono_ms = now_mono_ms + PUBLISH_MS;
    for (size_t i = 0; (watch = watchers_log_at(tailing->config->watchers, i)) != NULL; i++) {
        struct log_facts facts;

        log_tail_facts(tailing->tail, i, &facts);
        set_gauges(watch, &facts);
        listen_to(tailing, i, watch, &facts, due_mono_ms);
    }
}

enum rc tailing_facts(struct tailing *tailing, struct slice name, struct log_facts *facts)
{
    const struct log_watch *watch;
    enum rc rc = RC_NOT_FOUND;

    pthread_mutex_lock(&tailing->lock);
    for (size_t i = 0;
         tailing->tail && (watch = watchers_log_at(tailing->config->watchers, i)) != NULL; i++) {
        if (!slice_eq(watch->name, name))
            continue;
        log_tail_facts(tailing->tail, i, facts);
        rc = RC_OK;
    }
    pthread_mutex_unlock(&tailing->lock);
    return rc;
}

/* --- beginning, and beginning anew --- */

struct row_list {
    struct arena *arena;
    struct file_offset *rows;
    size_t n_rows, n_room;
    bool out_of_memory;
};

static bool add_row(void *context, const struct file_offset *row)
{
    struct row_list *list = context;

    if (list->n_rows == list->n_room) {
        size_t n_room = list->n_room ? 2 * list->n_room : 64;
        struct file_offset *grown = arena_alloc(list->arena, n_room, sizeof *grown);

        if (!grown) {
            list->out_of_memory = true;
            return false;
        }
        if (list->n_rows)
            memcpy(grown, list->rows, list->n_rows * sizeof *grown);
        list->rows = grown;
        list->n_room = n_room;
    }
    list->rows[list->n_rows++] = *row;
    return true;
}

static enum rc load_rows(struct tailing *tailing, struct row_list *list)
{
    struct store_txn *txn = NULL;
    enum rc rc = arena_new(ROWS_ARENA_BYTES, &list->arena);

    if (!rc)
        rc = store_begin_read(service_store(tailing->service), &txn);
    if (!rc)
        rc = offset_each(txn, list->arena, add_row, list);
    store_abort(&txn);
    return !rc && list->out_of_memory ? RC_NO_MEMORY : rc;
}

static enum rc begin_quiets(struct tailing *tailing, const struct watchers *watchers)
{
    size_t n_watches = 0;

    while (watchers_log_at(watchers, n_watches))
        n_watches++;
    free(tailing->quiets);
    tailing->quiets = calloc(n_watches + 1, sizeof *tailing->quiets);
    tailing->n_watches = n_watches;
    for (size_t i = 0; tailing->quiets && i < n_watches; i++)
        tailing->quiets[i].heard_mono_ms = clock_mono_ms();
    return tailing->quiets ? RC_OK : RC_NO_MEMORY;
}

static enum rc make_tail(struct tailing *tailing, const struct config *config,
                         struct log_tail **tail)
{
    struct row_list list = { 0 };
    struct log_tail_options options = {
        .watchers = config->watchers,
        .sink = { .context = tailing, .take = take, .store = store, .tell = tell, .lose = lose },
        .now_ms = clock_wall_ms()
    };
    enum rc rc = begin_quiets(tailing, config->watchers);

    *tail = NULL;
    if (rc || !watchers_log_at(config->watchers, 0))
        return rc;
    rc = load_rows(tailing, &list);
    options.rows = list.rows;
    options.n_rows = list.n_rows;
    if (!rc)
        rc = log_tail_new(&options, tail);
    arena_free(list.arena);
    return rc;
}

static void poll_tail(struct tailing *tailing)
{
    struct epoll_event event = { .events = EPOLLIN };

    if (tailing->tail)
        (void)epoll_ctl(tailing->epoll_fd, EPOLL_CTL_ADD, log_tail_fd(tailing->tail), &event);
}

/* Takes `config`, which was held for us. */
static void begin(struct tailing *tailing, const struct config *config)
{
    struct log_tail *tail = NULL;
    const struct config *before = tailing->config;
    enum rc rc = make_tail(tailing, config, &tail);

    if (rc)
        log_error("logs are not read: %s; reload to try again", rc_text(rc));
    pthread_mutex_lock(&tailing->lock);
    tailing->tail = tail;
    tailing->config = config;
    pthread_mutex_unlock(&tailing->lock);
    if (before)
        service_release_config(tailing->service, before);
    poll_tail(tailing);
}

static void drain_wake(struct tailing *tailing)
{
    uint64_t n;

    (void)!read(tailing->wake_fd, &n, sizeof n);
}

static void wait_for(struct tailing *tailing, int64_t due_mono_ms)
{
    struct epoll_event events[4];
    int64_t wait_ms = due_mono_ms - clock_mono_ms();
    int timeout = wait_ms <= 0 ? 0 : wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms;

    if (epoll_wait(tailing->epoll_fd, events, 4, timeout) > 0)
        drain_wake(tailing);
}

/* Until all batches that are under way are stored, or dropped. */
static void wait_for_slots(struct tailing *tailing, int64_t end_mono_ms)
{
    while (count_free(tailing) < N_SLOTS && clock_mono_ms() < end_mono_ms)
        wait_for(tailing, clock_mono_ms() + 10);
}

/* Hands on how far everything is read, and lets the tail go. */
static void end(struct tailing *tailing)
{
    int64_t end_mono_ms = clock_mono_ms() + FLUSH_PATIENCE_MS;
    struct log_tail *tail = tailing->tail;

    while (tail && log_tail_flush(tail, clock_wall_ms()) && clock_mono_ms() < end_mono_ms)
        wait_for_slots(tailing, clock_mono_ms() + 10);
    wait_for_slots(tailing, end_mono_ms);
    pthread_mutex_lock(&tailing->lock);
    tailing->tail = NULL;
    pthread_mutex_unlock(&tailing->lock);
    log_tail_free(tail);
}

/* Two configurations that watch the same: a reload of rules leaves the files alone. */
static bool watch_the_same(const struct config *a, const struct config *b)
{
    struct buffer texts[2];
    const struct config *configs[2] = { a, b };
    bool is_same;

    for (size_t i = 0; i < 2; i++) {
        const struct node *watchers = node_find(configs[i]->root, "watchers");
        struct json_writer writer;

        buffer_init(&texts[i], 0);
        writer = json_writer_to(&texts[i]);
        if (watchers)
            node_write_json(watchers, &writer);
    }
    is_same = !texts[0].failed && !texts[1].failed &&
              slice_eq(buffer_slice(&texts[0]), buffer_slice(&texts[1]));
    buffer_free(&texts[0]);
    buffer_free(&texts[1]);
    return is_same;
}

static void follow_config(struct tailing *tailing)
{
    const struct config *config = service_hold_config(tailing->service);

    if (config == tailing->seen || watch_the_same(config, tailing->config)) {
        tailing->seen = config;
        service_release_config(tailing->service, config);
        return;
    }
    tailing->seen = config;
    log_info("the watchers have changed: logs are followed anew");
    end(tailing);
    begin(tailing, config);
}

/* --- the thread --- */

static void rest_for_a_moment(void)
{
    const struct timespec moment = { .tv_nsec = MOMENT_NS };

    nanosleep(&moment, NULL);
}

static int64_t step(struct tailing *tailing)
{
    int64_t due_mono_ms = INT64_MAX;
    bool is_idle;

    if (!tailing->tail)
        return due_mono_ms;
    tailing->n_read = 0;
    if (count_free(tailing))
        log_tail_wake(tailing->tail);
    log_tail_step(tailing->tail, clock_wall_ms(), clock_mono_ms(), &due_mono_ms);
    is_idle = !tailing->n_read;
    publish(tailing, is_idle, &due_mono_ms);
    if (!is_idle && tailing->publish_mono_ms < due_mono_ms)
        due_mono_ms = tailing->publish_mono_ms;
    if (!is_idle && due_mono_ms > clock_mono_ms())
        rest_for_a_moment();
    return due_mono_ms;
}

static void *work(void *argument)
{
    struct tailing *tailing = argument;

    while (!tailing->is_stopping) {
        int64_t due_mono_ms = step(tailing);

        wait_for(tailing, due_mono_ms);
        follow_config(tailing);
    }
    end(tailing);
    return NULL;
}

/* --- life --- */

static void on_config(void *context)
{
    wake(context);
}

static enum rc make_slots(struct tailing *tailing)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < N_SLOTS && !rc; i++) {
        struct slot *slot = &tailing->slots[i];

        slot->tailing = tailing;
        slot->lines = (struct inlet_lines){ .done = lines_done, .context = slot };
        buffer_init(&slot->body, 0);
        rc = arena_new(SLOT_ARENA_BYTES, &slot->arena);
        give_slot(slot);
    }
    return rc;
}

enum rc tailing_start(struct service *service, struct engine *engine, struct tailing **tailing)
{
    struct tailing *made = calloc(1, sizeof *made);
    struct epoll_event event = { .events = EPOLLIN };
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->service = service;
    made->engine = engine;
    pthread_mutex_init(&made->lock, NULL);
    pthread_mutex_init(&made->slots_lock, NULL);
    made->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    made->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    rc = made->wake_fd < 0 || made->epoll_fd < 0 ||
                 epoll_ctl(made->epoll_fd, EPOLL_CTL_ADD, made->wake_fd, &event)
             ? RC_IO
             : make_slots(made);
    if (!rc)
        rc = screen_new(engine, &made->screen);
    if (rc) {
        tailing_free(made);
        return rc;
    }
    made->seen = service_hold_config(service);
    begin(made, made->seen);
    service_on_config(service, on_config, made);
    made->has_thread = !pthread_create(&made->thread, NULL, work, made);
    *tailing = made;
    return made->has_thread ? RC_OK : RC_NO_MEMORY;
}

void tailing_stop(struct tailing *tailing)
{
    if (!tailing || !tailing->has_thread)
        return;
    service_on_config(tailing->service, NULL, NULL);
    tailing->is_stopping = true;
    wake(tailing);
    pthread_join(tailing->thread, NULL);
    tailing->has_thread = false;
}

void tailing_free(struct tailing *tailing)
{
    if (!tailing)
        return;
    tailing_stop(tailing);
    for (size_t i = 0; i < N_SLOTS; i++) {
        buffer_free(&tailing->slots[i].body);
        arena_free(tailing->slots[i].arena);
    }
    screen_free(tailing->screen);
    log_tail_free(tailing->tail);
    if (tailing->config)
        service_release_config(tailing->service, tailing->config);
    if (tailing->wake_fd >= 0)
        close(tailing->wake_fd);
    if (tailing->epoll_fd >= 0)
        close(tailing->epoll_fd);
    pthread_mutex_destroy(&tailing->lock);
    pthread_mutex_destroy(&tailing->slots_lock);
    free(tailing->quiets);
    free(tailing);
}
