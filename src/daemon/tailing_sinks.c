/* Where the tails put what they read: what rules want goes to the engine, what cannot be read is told. */
#include "src/daemon/tailing_private.h"

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

static void count(struct tailing *tailing, const struct screened *screened, size_t n_bytes)
{
    tailing->n_read += n_bytes;
    metric_add(METRIC_LOG_BYTES, screened->watcher, (struct slice){ 0 }, (double)n_bytes);
    screened_count(screened);
}

static enum rc store(void *context, const struct log_rows *rows)
{
    struct slot *slot = tailing_take_slot(context);

    return slot ? tailing_push_rows(slot, rows) : RC_BUSY;
}

/* --- logs --- */

static enum rc take_lines(void *context, const struct log_batch *batch, bool *stored)
{
    struct tailing *tailing = context;
    struct log_lines lines = { .path = batch->path };
    struct slot *slot = tailing_take_slot(tailing);
    struct screened screened = { 0 };
    enum rc rc;

    *stored = false;
    if (!slot)
        return RC_BUSY;
    rc = screen_batch(tailing->screen, batch, clock_wall_ms(), &screened);
    lines.lines = screened.wanted;
    rc = submit(slot, batch->watch->name, &lines, batch->row, rc);
    if (rc)
        return rc;
    *stored = lines.lines.n_items > 0;
    count(tailing, &screened, batch->n_bytes);
    return RC_OK;
}

static void tell_of_log(void *context, const struct log_watch *watch, const char *path,
                        const char *why)
{
    (void)context;
    if (why)
        log_warn("log not read: %s watcher=%.*s path=\"%s\"", why, SLICE_ARG(watch->name), path);
    else
        log_info("log is read again watcher=%.*s path=\"%s\"", SLICE_ARG(watch->name), path);
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
    metric_add(METRIC_LOG_LOST, watch->name, (struct slice){ 0 }, (double)n_bytes);
    log_warn("lines lost: %s watcher=%.*s path=\"%s\" bytes=%lld", why, SLICE_ARG(watch->name),
             path, (long long)n_bytes);
    tailing_hear_loss(context, watch->name, path, n_bytes, why);
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
    struct screened screened = { 0 };
    enum rc rc;

    *stored = false;
    if (!slot)
        return RC_BUSY;
    rc = screen_entries(tailing->screen, batch, clock_wall_ms(), &screened);
    lines.lines = screened.wanted;
    rc = submit(slot, batch->watch->name, &lines, batch->row, rc);
    if (rc)
        return rc;
    *stored = lines.lines.n_items > 0;
    count(tailing, &screened, batch->n_bytes);
    return RC_OK;
}

static void tell_of_journal(void *context, const struct journal_watch *watch, const char *why)
{
    (void)context;
    if (why)
        log_warn("journal not read: %s watcher=%.*s", why, SLICE_ARG(watch->name));
    else
        log_info("journal is read again watcher=%.*s", SLICE_ARG(watch->name));
}

static void lose_entries(void *context, const struct journal_watch *watch, const char *why)
{
    log_warn("entries lost: %s watcher=%.*s", why, SLICE_ARG(watch->name));
    tailing_hear_loss(context, watch->name, NULL, 0, why);
}

struct journal_sink tailing_journal_sink(struct tailing *tailing)
{
    return (struct journal_sink){ .context = tailing,
                                  .take = take_entries,
                                  .store = store,
                                  .tell = tell_of_journal,
                                  .lose = lose_entries };
}
