#include "src/daemon/watcher_notice.h"

#include "src/base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>

#define ARENA_BYTES ((size_t)64 << 10)

enum post_state { POST_FREE, POST_UNDER_WAY, POST_DONE };

struct notice_post {
    struct inlet_control control;
    struct inlet *inlet;
    void (*wake)(void *context);
    void *context;
    struct engine_notice notice;
    struct arena *arena; /* of its texts */
    enum rc result;
    _Atomic enum post_state state;
};

static enum rc run(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    struct notice_post *post = control->context;

    return engine_notify(engine, &post->notice, now_ms);
}

static void done(struct inlet_control *control, enum rc rc)
{
    struct notice_post *post = control->context;

    post->result = rc;
    post->state = POST_DONE;
    post->wake(post->context);
}

enum rc notice_post_new(struct inlet *inlet, void (*wake)(void *context), void *context,
                        struct notice_post **post)
{
    struct notice_post *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    *made = (struct notice_post){ .inlet = inlet, .wake = wake, .context = context };
    made->control = (struct inlet_control){ .run = run, .done = done, .context = made };
    rc = arena_new(ARENA_BYTES, &made->arena);
    if (rc)
        notice_post_free(made);
    else
        *post = made;
    return rc;
}

void notice_post_free(struct notice_post *post)
{
    if (!post)
        return;
    arena_free(post->arena);
    free(post);
}

enum rc notice_post_send(struct notice_post *post, const struct engine_notice *notice)
{
    struct slice *const texts[] = { &post->notice.watcher, &post->notice.detail,
                                    &post->notice.path };
    enum rc rc = RC_OK;

    if (post->state != POST_FREE)
        return RC_BUSY;
    arena_reset(post->arena);
    post->notice = *notice;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc; i++)
        rc = arena_copy(post->arena, *texts[i], texts[i]);
    if (rc)
        return rc;
    post->state = POST_UNDER_WAY;
    inlet_push_control(post->inlet, &post->control);
    return RC_OK;
}

enum rc notice_post_result(struct notice_post *post, const struct engine_notice **notice,
                           enum rc *result)
{
    if (post->state != POST_DONE)
        return RC_NOT_FOUND;
    post->state = POST_FREE;
    *notice = &post->notice;
    *result = post->result;
    return RC_OK;
}
