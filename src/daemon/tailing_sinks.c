/* Where the tails put what they read: what rules want goes to the engine, what cannot be read is told. */
#include "src/daemon/tailing_private.h"

#include "src/daemon/watcher_notice.h"

/* What was looked at goes on its way, or its slot is free again. */
static enum rc submit(struct slot *slot, struct slice watcher, const struct log_lines *lines,
                      const struct file_offset *row, enum rc rc)
{
    static struct log_limit limit;

    if (rc)
        log_limited(&limit, LOG_ERROR, "lines cannot be looked at: %s watcher=%.*s", rc_text(rc),
                    SLICE_ARG(watcher));
    if (!rc && lines->lines.n_items)
        return tailing_push_lines(slot, watcher, lines, row);
    tailing_give_slot(slot);
    return rc ? RC_BUSY : RC_OK;
}

static void count(struct tailing *tailing, struct slice watcher, size_t n_bytes)
{
    tailing->n_read += n_bytes;
    metric_add(METRIC_LOG_BYTES, watcher, (struct slice){ 0 }, (double)n_bytes);
}

static enum rc store(void *context, const struct log_rows *rows)
{
    struct slot *slot = tailing_take_slot(context);

    return slot ? tailing_push_rows(slot, rows) : RC_BUSY;
}

static void notify(struct tailing *tailing, const struct engine_notice *notice)
{
    watcher_notice_send(service_inlet(tailing->service), notice);
}

/* --- logs --- */

static enum rc take_lines(void *context, const struct log_batch *batch, bool *stored)
{
    struct tailing *tailing = context;
    struct log_lines lines = { .path = batch->path };
    struct slot *slot = tailing_take_slot(tailing);
    enum rc rc;

    *stored = false;
    if (!slot)
        return RC_BUSY;
    rc = screen_batch(tailing->screen, batch, clock_wall_ms(), &lines.lines);
    rc = submit(slot, batch->watch->name, &lines, batch->row, rc);
    if (rc)
        return rc;
    *stored = lines.lines.n_items > 0;
    count(tailing, batch->watch->name, batch->n_bytes);
    return RC_OK;
}

static void tell_of_log(void *context, const struct log_watch *watch, const char *path,
                        const char *why)
{
    const struct engine_notice notice = { .watcher = watch->name,
                                          .state = why ? WATCHER_BROKEN : WATCHER_BACK,
                                          .detail = slice_of(why),
                                          .path = slice_of(path) };

    if (why)
        log_warn("log not read: %s watcher=%.*s path=\"%s\"", why, SLICE_ARG(watch->name), path);
    else
        log_info("log is read again watcher=%.*s path=\"%s\"", SLICE_ARG(watch->name), path);
    notify(context, &notice);
}

static void leave_log(void *context, const struct log_watch *watch, const char *path,
                      const char *why)
{
    (void)context;
    log_info("file left alone: %s watcher=%.*s path=\"%s\"", why, SLICE_ARG(watch->name), path);
}

static void lose_lines(void *context, const struct log_watch *watch, const char *path,
                       int64_t n_bytes, const char *why)
{
    const struct engine_notice notice = { .watcher = watch->name,
                                          .state = WATCHER_LOST,
                                          .detail = slice_of(why),
                                          .path = slice_of(path),
                                          .n_bytes = n_bytes };

    metric_add(METRIC_LOG_LOST, watch->name, (struct slice){ 0 }, (double)n_bytes);
    log_warn("lines lost: %s watcher=%.*s path=\"%s\" bytes=%lld", why, SLICE_ARG(watch->name),
             path, (long long)n_bytes);
    notify(context, &notice);
}

struct log_sink tailing_log_sink(struct tailing *tailing)
{
    return (struct log_sink){ .context = tailing,
                              .take = take_lines,
                              .store = store,
                              .tell = tell_of_log,
                              .leave = leave_log,
                              .lose = lose_lines };
}

/* --- journals --- */

static enum rc take_entries(void *context, const struct journal_batch *batch, bool *stored)
{
    struct tailing *tailing = context;
    struct log_lines lines = { 0 };
    struct slot *slot = tailing_take_slot(tailing);
    enum rc rc;

    *stored = false;
    if (!slot)
        return RC_BUSY;
    rc = screen_entries(tailing->screen, batch, clock_wall_ms(), &lines.lines);
    rc = submit(slot, batch->watch->name, &lines, batch->row, rc);
    if (rc)
        return rc;
    *stored = lines.lines.n_items > 0;
    count(tailing, batch->watch->name, batch->n_bytes);
    return RC_OK;
}

static void tell_of_journal(void *context, const struct journal_watch *watch, const char *why)
{
    const struct engine_notice notice = { .watcher = watch->name,
                                          .state = why ? WATCHER_BROKEN : WATCHER_BACK,
                                          .detail = slice_of(why) };

    if (why)
        log_warn("journal not read: %s watcher=%.*s", why, SLICE_ARG(watch->name));
    else
        log_info("journal is read again watcher=%.*s", SLICE_ARG(watch->name));
    notify(context, &notice);
}

static void lose_entries(void *context, const struct journal_watch *watch, const char *why)
{
    const struct engine_notice notice = { .watcher = watch->name,
                                          .state = WATCHER_LOST,
                                          .detail = slice_of(why) };

    log_warn("entries lost: %s watcher=%.*s", why, SLICE_ARG(watch->name));
    notify(context, &notice);
}

struct journal_sink tailing_journal_sink(struct tailing *tailing)
{
    return (struct journal_sink){ .context = tailing,
                                  .take = take_entries,
                                  .store = store,
                                  .tell = tell_of_journal,
                                  .lose = lose_entries };
}
