#include "src/daemon/watcher_notice.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <stdlib.h>

#define ARENA_BYTES ((size_t)64 << 10)
#define RETRY_MS SECOND_MS
#define TRIES_MAX 60

struct sending {
    struct inlet_control control;
    struct inlet *inlet;
    struct engine_notice notice;
    struct arena *arena;
    unsigned n_tries;
};

static void free_sending(struct sending *sending)
{
    arena_free(sending->arena);
    free(sending);
}

static enum rc run(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    struct sending *sending = control->context;

    return engine_notify(engine, &sending->notice, now_ms);
}

static void done(struct inlet_control *control, enum rc rc)
{
    struct sending *sending = control->context;

    if ((rc == RC_FULL || rc == RC_NO_MEMORY) && ++sending->n_tries < TRIES_MAX) {
        control->not_before_mono_ms = clock_mono_ms() + RETRY_MS;
        inlet_push_control(sending->inlet, control);
        return;
    }
    if (rc && rc != RC_BUSY)
        log_warn("not told to the rules: %s watcher=%.*s", rc_text(rc),
                 SLICE_ARG(sending->notice.watcher));
    free_sending(sending);
}

void watcher_notice_send(struct inlet *inlet, const struct engine_notice *notice)
{
    struct sending *sending = calloc(1, sizeof *sending);
    struct slice *texts[3];
    enum rc rc;

    if (!sending)
        return;
    sending->inlet = inlet;
    sending->notice = *notice;
    sending->control = (struct inlet_control){ .run = run, .done = done, .context = sending };
    texts[0] = &sending->notice.watcher;
    texts[1] = &sending->notice.detail;
    texts[2] = &sending->notice.path;
    rc = arena_new(ARENA_BYTES, &sending->arena);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc; i++)
        rc = arena_copy(sending->arena, *texts[i], texts[i]);
    if (rc)
        free_sending(sending);
    else
        inlet_push_control(inlet, &sending->control);
}
