/* POST /api/v1/pause, /resume, /reload: how the daemon runs. */
#include "src/daemon/handlers.h"

/* --- pause --- */

struct pause_work {
    struct engine_work work;
    bool paused;
};

static enum rc run_pause(struct engine_work *work, struct engine *engine, int64_t now_ms)
{
    const struct caller *caller = &work->request->caller;

    return engine_set_paused(engine, ((struct pause_work *)work)->paused, caller->name, caller->via,
                             now_ms);
}

static void answer_pause(struct engine_work *work, enum rc rc)
{
    struct request *request = work->request;
    bool paused = ((struct pause_work *)work)->paused;

    if (rc) {
        request_fail(request, rc);
        return;
    }
    log_info("%s by=%.*s via=%.*s", paused ? "paused: nothing acts" : "resumed",
             SLICE_ARG(request->caller.name), SLICE_ARG(request->caller.via));
    request_answer(request, 200, "application/json",
                   paused ? SLICE("{\"paused\":true}") : SLICE("{\"paused\":false}"), NULL, 0);
}

static void set_paused(struct request *request, bool paused)
{
    struct pause_work *work = arena_alloc(request->arena, 1, sizeof *work);

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct pause_work){ .work = { .run = run_pause, .answer = answer_pause },
                                 .paused = paused };
    request_run(request, &work->work);
}

void post_pause(struct request *request)
{
    set_paused(request, true);
}

void post_resume(struct request *request)
{
    set_paused(request, false);
}

/* --- reload --- */

struct reload_work {
    struct reload_request reload;
    struct request *request;
};

/* 200 with what changed, 422 with the problems: then nothing did. */
static void answer_reload(struct reload_request *reload, enum rc rc, struct slice text)
{
    struct request *request = ((struct reload_work *)reload)->request;
    struct json_writer writer;
    struct buffer json;

    if (rc == RC_BUSY) {
        request_fail(request, rc);
        return;
    }
    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    if (rc) {
        json_member_text(&writer, "title", SLICE("Nothing has changed"));
        json_member_int(&writer, "status", 422);
        json_member_text(&writer, "detail", text);
    } else {
        json_member_text(&writer, "summary", text);
    }
    json_object_end(&writer);
    if (rc)
        request_answer_problem_json(request, 422, &json);
    else
        request_answer_json(request, 200, &json);
}

void post_reload(struct request *request)
{
    struct reload_work *work = arena_alloc(request->arena, 1, sizeof *work);
    enum rc rc;

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct reload_work){ .reload = { .done = answer_reload }, .request = request };
    http_keep(request->exchange);
    rc = service_ask_reload(request->service, &work->reload);
    if (rc)
        request_fail(request, rc);
}
