#include "src/daemon/tailing_private.h"

#include "src/base/work_pool.h"
#include "watchers/log_stream.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define ROWS_ARENA_BYTES ((size_t)256 << 20)
/* A writer line by line would wake us for each of them: what comes within a moment of the last read is read together. */
#define SCREEN_WORKERS_MAX 4
#define MOMENT_NS 1000000
#define STOP_PATIENCE_MS (2 * SECOND_MS)
#define HANDING_ON_MS 10 /* between two tries to hand on the rest */
#define RETRY_MS (10 * SECOND_MS)

void tailing_wake(struct tailing *tailing)
{
    uint64_t one = 1;

    (void)!write(tailing->wake_fd, &one, sizeof one);
}

/* --- what is shown --- */

enum rc tailing_log_facts(struct tailing *tailing, struct slice name, struct log_facts *facts)
{
    const struct log_watch *watch;
    enum rc rc = RC_NOT_FOUND;

    pthread_mutex_lock(&tailing->lock);
    for (size_t i = 0;
         tailing->logs && rc && (watch = watchers_log_at(tailing->config->watchers, i)) != NULL;
         i++) {
        if (!slice_eq(watch->name, name))
            continue;
        log_tail_facts(tailing->logs, i, facts);
        rc = RC_OK;
    }
    pthread_mutex_unlock(&tailing->lock);
    return rc;
}

enum rc tailing_journal_facts(struct tailing *tailing, struct slice name,
                              struct journal_facts *facts)
{
    const struct journal_watch *watch;
    enum rc rc = RC_NOT_FOUND;

    pthread_mutex_lock(&tailing->lock);
    for (size_t i = 0; tailing->journals && rc &&
                       (watch = watchers_journal_at(tailing->config->watchers, i)) != NULL;
         i++) {
        if (!slice_eq(watch->name, name))
            continue;
        journal_tail_facts(tailing->journals, i, facts);
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

static bool reads_input(const struct config *config)
{
    const struct log_watch *watch = NULL;

    for (size_t i = 0; config && (watch = watchers_log_at(config->watchers, i)) != NULL; i++)
        if (watch->is_stdin)
            break;
    return watch != NULL;
}

static enum rc make_tails(struct tailing *tailing, const struct config *config,
                          struct log_tail **logs, struct journal_tail **journals)
{
    struct row_list list = { 0 };
    struct log_tail_options log_options = { .watchers = config->watchers,
                                            .sink = tailing_log_sink(tailing),
                                            .now_ms = clock_wall_ms(),
                                            .input = tailing->input };
    struct journal_tail_options journal_options = { .watchers = config->watchers,
                                                    .sink = tailing_journal_sink(tailing),
                                                    .now_ms = clock_wall_ms() };
    enum rc rc = tailing_begin_hearing(tailing, config->watchers);

    if (!rc)
        rc = load_rows(tailing, &list);
    log_options.rows = journal_options.rows = list.rows;
    log_options.n_rows = journal_options.n_rows = list.n_rows;
    if (!rc && watchers_log_at(config->watchers, 0)) {
        rc = log_tail_new(&log_options, logs);
        if (!rc && reads_input(config))
            tailing->input = NULL;
    }
    if (!rc && watchers_journal_at(config->watchers, 0))
        rc = journal_tail_new(&journal_options, journals);
    arena_free(list.arena);
    return rc;
}

static enum rc poll_for(struct tailing *tailing, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };

    return epoll_ctl(tailing->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? RC_IO : RC_OK;
}

/* Takes `config`, which was held for us. */
static void begin(struct tailing *tailing, const struct config *config)
{
    struct log_tail *logs = NULL;
    struct journal_tail *journals = NULL;
    const struct config *before = tailing->config;
    enum rc rc = make_tails(tailing, config, &logs, &journals);

    if (!rc && logs)
        rc = poll_for(tailing, log_tail_fd(logs));
    if (!rc && journals)
        rc = poll_for(tailing, journal_tail_fd(journals));
    if (rc)
        log_error("not all logs are read: %s; tried again every 10 seconds", rc_text(rc));
    tailing->has_failed = rc != RC_OK;
    tailing->retry_mono_ms = clock_mono_ms() + RETRY_MS;
    pthread_mutex_lock(&tailing->lock);
    tailing->logs = logs;
    tailing->journals = journals;
    tailing->config = config;
    pthread_mutex_unlock(&tailing->lock);
    if (before) {
        tailing_forget_gauges(before->watchers);
        service_release_config(tailing->service, before);
    }
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

static enum rc flush(struct tailing *tailing)
{
    enum rc rc = RC_OK;

    if (tailing->logs)
        rc = log_tail_flush(tailing->logs, clock_wall_ms());
    if (!rc && tailing->journals)
        rc = journal_tail_flush(tailing->journals, clock_wall_ms());
    return rc;
}

/* Until a batch is stored, for a moment: the tails, which nobody reads now, are not waited for. */
static void wait_for_batches(struct tailing *tailing)
{
    struct pollfd wake = { .fd = tailing->wake_fd, .events = POLLIN };

    if (poll(&wake, 1, HANDING_ON_MS) > 0)
        drain_wake(tailing);
}

/* Has the time come at which a stop waits no longer? A reload waits: lines that are under way and not stored yet would be read a second time. */
static bool is_over(const struct tailing *tailing, int64_t *end_mono_ms)
{
    if (tailing->is_stopping && *end_mono_ms == INT64_MAX)
        *end_mono_ms = clock_mono_ms() + STOP_PATIENCE_MS;
    return clock_mono_ms() >= *end_mono_ms;
}

/* Standard input that nobody reads on is at its end. */
static enum rc hand_on(struct tailing *tailing, const struct config *next)
{
    bool ends_input = tailing->is_stopping || !reads_input(next);
    enum rc rc = RC_OK;

    if (tailing->logs && ends_input)
        rc = log_tail_end_input(tailing->logs, clock_wall_ms());
    return rc ? rc : flush(tailing);
}

/* Hands on how far everything is read, and lets the tails go when all that is under way is stored. True: `next` (NULL: none) is to be begun, as we do not stop. */
static bool end(struct tailing *tailing, const struct config *next)
{
    int64_t end_mono_ms = INT64_MAX;
    struct log_tail *logs = tailing->logs;
    struct journal_tail *journals = tailing->journals;
    bool goes_on;

    while ((hand_on(tailing, next) || tailing_count_free(tailing) < TAILING_SLOTS) &&
           !is_over(tailing, &end_mono_ms))
        wait_for_batches(tailing);
    goes_on = next && !tailing->is_stopping;
    if (logs && goes_on && reads_input(next))
        tailing->input = log_tail_take_input(logs);
    else if (logs)
        log_tail_lose_input(logs);
    pthread_mutex_lock(&tailing->lock);
    tailing->logs = NULL;
    tailing->journals = NULL;
    pthread_mutex_unlock(&tailing->lock);
    log_tail_free(logs);
    journal_tail_free(journals);
    return goes_on;
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

static bool is_news(const struct tailing *tailing, const struct config *config)
{
    if (tailing->has_failed)
        return config != tailing->seen || clock_mono_ms() >= tailing->retry_mono_ms;
    return config != tailing->seen && !watch_the_same(config, tailing->config);
}

static void see(struct tailing *tailing, const struct config *config)
{
    service_release_config(tailing->service, tailing->seen);
    tailing->seen = config;
}

static void follow_config(struct tailing *tailing)
{
    const struct config *config = service_hold_config(tailing->service);
    bool must_begin = is_news(tailing, config);

    see(tailing, config);
    if (!must_begin)
        return;
    log_info("logs are followed anew");
    config = service_hold_config(tailing->service);
    if (end(tailing, config))
        begin(tailing, config);
    else
        service_release_config(tailing->service, config);
}

/* --- the thread --- */

static void rest_for_a_moment(void)
{
    const struct timespec moment = { .tv_nsec = MOMENT_NS };

    nanosleep(&moment, NULL);
}

static void step_logs(struct tailing *tailing, bool has_room, int64_t *due_mono_ms)
{
    if (has_room)
        log_tail_wake(tailing->logs);
    log_tail_step(tailing->logs, clock_wall_ms(), clock_mono_ms(), due_mono_ms);
}

static void step_journals(struct tailing *tailing, bool has_room, int64_t *due_mono_ms)
{
    int64_t due = INT64_MAX;

    if (has_room)
        journal_tail_wake(tailing->journals);
    journal_tail_step(tailing->journals, clock_wall_ms(), clock_mono_ms(), &due);
    *due_mono_ms = due < *due_mono_ms ? due : *due_mono_ms;
}

static int64_t step(struct tailing *tailing)
{
    int64_t due_mono_ms = INT64_MAX;
    bool has_room = tailing_count_free(tailing) > 0;
    bool is_idle;

    tailing->n_read = 0;
    if (tailing->logs)
        step_logs(tailing, has_room, &due_mono_ms);
    if (tailing->journals)
        step_journals(tailing, has_room, &due_mono_ms);
    is_idle = !tailing->n_read;
    tailing_publish(tailing, is_idle, &due_mono_ms);
    if (tailing->has_failed && tailing->retry_mono_ms < due_mono_ms)
        due_mono_ms = tailing->retry_mono_ms;
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
    (void)end(tailing, NULL);
    return NULL;
}

/* --- life --- */

static void on_wake(void *context)
{
    tailing_wake(context);
}

/* A catch-up may use several CPUs, and leaves some to those who answer. */
static size_t n_screen_workers(void)
{
    size_t n_cpus = work_pool_n_cpus();

    return n_cpus < SCREEN_WORKERS_MAX ? n_cpus : SCREEN_WORKERS_MAX;
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
             : tailing_make_slots(made);
    if (!rc)
        rc = screen_new(engine, n_screen_workers(), &made->screen);
    if (!rc)
        rc = notice_post_new(service_inlet(service), on_wake, made, &made->post);
    if (rc) {
        tailing_free(made);
        return rc;
    }
    made->seen = service_hold_config(service);
    begin(made, service_hold_config(service));
    service_on_config(service, on_wake, made);
    made->has_thread = !pthread_create(&made->thread, NULL, work, made);
    *tailing = made;
    return made->has_thread ? RC_OK : RC_NO_MEMORY;
}

void tailing_stop(struct tailing *tailing)
{
    if (!tailing)
        return;
    service_on_config(tailing->service, NULL, tailing);
    if (!tailing->has_thread)
        return;
    tailing->is_stopping = true;
    tailing_wake(tailing);
    pthread_join(tailing->thread, NULL);
    tailing->has_thread = false;
}

void tailing_free(struct tailing *tailing)
{
    if (!tailing)
        return;
    tailing_stop(tailing);
    tailing_free_slots(tailing);
    screen_free(tailing->screen);
    log_tail_free(tailing->logs);
    log_stream_free(tailing->input);
    journal_tail_free(tailing->journals);
    notice_post_free(tailing->post);
    if (tailing->config)
        service_release_config(tailing->service, tailing->config);
    if (tailing->seen)
        service_release_config(tailing->service, tailing->seen);
    if (tailing->wake_fd >= 0)
        close(tailing->wake_fd);
    if (tailing->epoll_fd >= 0)
        close(tailing->epoll_fd);
    pthread_mutex_destroy(&tailing->lock);
    pthread_mutex_destroy(&tailing->slots_lock);
    tailing_end_hearing(tailing);
    free(tailing);
}
