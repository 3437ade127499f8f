#include "actions/runner_effect.h"

#include "src/base/crash_point.h"
#include "src/base/log.h"

#include <stdlib.h>
#include <string.h>

#define EFFECT_BYTES (16 * 1024 * 1024)

bool runner_effect_acts(const struct runner_effect *effect)
{
    return !outbox_may_repeat(effect->item.channel);
}

static enum rc copy_list(struct slice_list *list, struct arena *arena)
{
    struct slice *items = arena_alloc(arena, list->n_items + 1, sizeof(*items));

    for (size_t i = 0; items && i < list->n_items; i++) {
        if (arena_copy(arena, list->items[i], &items[i]))
            return RC_NO_MEMORY;
    }
    list->items = items;
    return items ? RC_OK : RC_NO_MEMORY;
}

static enum rc copy_item(struct outbox_item *item, struct arena *arena)
{
    if (arena_copy(arena, item->action, &item->action) ||
        arena_copy(arena, item->request, &item->request) ||
        arena_copy(arena, item->user, &item->user) || copy_list(&item->argv, arena))
        return RC_NO_MEMORY;
    return copy_list(&item->env, arena);
}

enum rc runner_effect_new(const struct outbox_item *item, struct runner_effect **effect)
{
    struct runner_effect *made = calloc(1, sizeof(*made));
    enum rc rc = RC_NO_MEMORY;

    if (!made)
        return rc;
    rc = arena_new(EFFECT_BYTES, &made->arena);
    if (rc)
        goto fail;
    made->item = *item;
    rc = copy_item(&made->item, made->arena);
    if (rc)
        goto fail;
    made->result = (struct effect_result){ .item = item->id,
                                           .channel = item->channel,
                                           .object = item->object,
                                           .part = item->part,
                                           .revision = item->revision };
    *effect = made;
    return RC_OK;

fail:
    runner_effect_free(made);
    return rc;
}

/* The error is what people read beside the step; without memory for it the state still says enough. */
#define SAY(effect, ...)                                                                           \
    do {                                                                                           \
        if (arena_format((effect)->arena, &(effect)->result.error, __VA_ARGS__))                   \
            (effect)->result.error = SLICE("out of memory");                                       \
    } while (0)

static void end(struct runner_effect *effect, enum effect_state state)
{
    effect->is_over = true;
    effect->result.state = state;
    if (!effect->result.started_ms)
        effect->result.started_ms = effect->started_ms;
    if (!effect->result.finished_ms)
        effect->result.finished_ms = clock_wall_ms();
}

void runner_effect_refuse(struct runner_effect *effect, struct slice why)
{
    SAY(effect, "not started: %.*s", SLICE_ARG(why));
    end(effect, EFFECT_NOT_STARTED);
}

static void start_command(struct runner_effect *effect)
{
    struct process_command command = { .argv = effect->item.argv,
                                       .user = effect->item.user,
                                       .timeout_ms = effect->item.timeout_ms };
    int error_number = 0;

    if (process_environment(effect->item.env, effect->arena, &command.env))
        runner_effect_refuse(effect, SLICE("out of memory"));
    else if (process_start(&command, &effect->process, &error_number))
        runner_effect_refuse(effect, slice_of(strerrordesc_np(error_number)));
}

static void start_request(struct runner_effect *effect, struct http_multi *multi,
                          const struct runner_secrets *secrets)
{
    struct http_request request;
    const char *why;

    if (runner_request_read(effect->item.request, secrets, effect->arena, &request)) {
        runner_effect_refuse(effect, SLICE("the request cannot be read, or a secret is missing"));
        return;
    }
    request.timeout_ms = effect->item.timeout_ms;
    if (http_transfer_start(multi, &request, &effect->transfer, &why))
        runner_effect_refuse(effect, slice_of(why));
}

void runner_effect_start(struct runner_effect *effect, struct http_multi *multi,
                         const struct runner_secrets *secrets)
{
    if (runner_effect_acts(effect))
        crash_point(CRASH_STEP_BEFORE_START);
    effect->started_ms = clock_wall_ms();
    if (effect->item.timeout_ms <= 0)
        runner_effect_refuse(effect, SLICE("it has no timeout"));
    else if (effect->item.argv.n_items)
        start_command(effect);
    else
        start_request(effect, multi, secrets);
    if (runner_effect_acts(effect))
        crash_point(CRASH_STEP_AFTER_START);
}

void runner_effect_fds(const struct runner_effect *effect, int *pidfd, int *output_fd)
{
    *pidfd = *output_fd = -1;
    if (effect->process)
        process_fds(effect->process, pidfd, output_fd);
}

int64_t runner_effect_due_mono_ms(const struct runner_effect *effect)
{
    return effect->process ? process_due_mono_ms(effect->process) : INT64_MAX;
}

static void keep_digest(struct runner_effect *effect, const struct sha256 *digest)
{
    char *hex = arena_alloc(effect->arena, SHA256_HEX_BYTES, 1);

    if (hex)
        effect->result.sha256 = slice_of(hex_format(digest->bytes, SHA256_BYTES, hex));
}

static void end_exited(struct runner_effect *effect, const struct process_result *process)
{
    effect->result.exit_code = process->exit_code;
    effect->result.exited = 1;
    if (process->exit_code)
        SAY(effect, "exit code %d", process->exit_code);
    end(effect, process->exit_code ? EFFECT_FAILED : EFFECT_DONE);
}

static void end_killed(struct runner_effect *effect, const struct process_result *process)
{
    const char *name = sigdescr_np(process->signal_number);

    SAY(effect, "killed by signal %d (%s)", process->signal_number, name ? name : "unknown");
    end(effect, EFFECT_FAILED);
}

static void end_timed_out(struct runner_effect *effect, const struct process_result *process)
{
    char text[TIME_TEXT_BYTES];
    const char *rest = process->left_running ? ", and could not be killed" : "";

    if (effect->is_stopped) {
        SAY(effect, "withdrawn%s", rest);
        end(effect, EFFECT_FAILED);
        return;
    }
    SAY(effect, "timed out after %s%s", duration_format(effect->item.timeout_ms, text), rest);
    end(effect, EFFECT_TIMED_OUT);
}

static void end_not_started(struct runner_effect *effect, const struct process_result *process)
{
    const char *why = strerrordesc_np(process->error_number);
    bool is_exec = strcmp(process->not_started_at, "exec") == 0;

    SAY(effect, "not started: %s%s%s", is_exec ? "" : process->not_started_at, is_exec ? "" : ": ",
        why ? why : "unknown error");
    end(effect, EFFECT_NOT_STARTED);
}

static void end_command(struct runner_effect *effect)
{
    static void (*const ends[])(struct runner_effect *, const struct process_result *) = {
        [PROCESS_EXITED] = end_exited,
        [PROCESS_KILLED] = end_killed,
        [PROCESS_TIMED_OUT] = end_timed_out,
        [PROCESS_NOT_STARTED] = end_not_started,
    };
    const struct process_result *process = process_result(effect->process);
    struct effect_result *result = &effect->result;

    result->output = process->output;
    result->truncated = process->truncated;
    result->bytes = process->output_bytes;
    result->started_ms = process->started_ms;
    result->finished_ms = process->finished_ms;
    keep_digest(effect, &process->output_digest);
    if (process->n_strays)
        log_warn("processes left behind were killed: n=%u action=%.*s", process->n_strays,
                 SLICE_ARG(effect->item.action));
    ends[process->end](effect, process);
}

static void end_answered(struct runner_effect *effect, const struct http_answer *answer)
{
    struct effect_result *result = &effect->result;
    bool is_done = answer->status >= 200 && answer->status < 300;
    struct sha256 digest;

    result->exit_code = answer->status;
    result->exited = 1;
    result->output = answer->body;
    result->truncated = answer->truncated;
    result->bytes = (int64_t)answer->body.len;
    if (sha256_of(answer->body, &digest) == RC_OK)
        keep_digest(effect, &digest);
    if (!is_done)
        SAY(effect, "answered with status %d", answer->status);
    end(effect, is_done ? EFFECT_DONE : EFFECT_FAILED);
}

/* No answer is no proof: a request that went out may have been carried out. */
static void end_unanswered(struct runner_effect *effect, enum rc rc,
                           const struct http_answer *answer)
{
    if (!answer->may_have_arrived) {
        runner_effect_refuse(effect, slice_of(answer->error));
        return;
    }
    SAY(effect, "%s", answer->error);
    if (runner_effect_acts(effect))
        end(effect, EFFECT_UNKNOWN);
    else
        end(effect, rc == RC_TIMEOUT ? EFFECT_TIMED_OUT : EFFECT_FAILED);
}

void runner_effect_step(struct runner_effect *effect, int64_t now_mono_ms)
{
    struct http_answer answer;
    bool done = false;
    enum rc rc;

    if (effect->is_over)
        return;
    if (effect->process) {
        process_step(effect->process, now_mono_ms, &done);
        if (done)
            end_command(effect);
    } else if (http_transfer_done(effect->transfer, &rc, &answer)) {
        if (rc)
            end_unanswered(effect, rc, &answer);
        else
            end_answered(effect, &answer);
    }
}

void runner_effect_stop(struct runner_effect *effect)
{
    if (effect->is_over || effect->is_stopped)
        return;
    effect->is_stopped = true;
    if (effect->process) {
        process_stop(effect->process);
        return;
    }
    http_transfer_free(effect->transfer);
    effect->transfer = NULL;
    SAY(effect, "withdrawn");
    end(effect, EFFECT_FAILED);
}

void runner_effect_leave(struct runner_effect *effect, struct slice why)
{
    process_leave(effect->process);
    effect->process = NULL;
    effect->result.error = why;
    end(effect, EFFECT_UNKNOWN);
}

void runner_effect_free(struct runner_effect *effect)
{
    if (!effect)
        return;
    process_free(effect->process);
    http_transfer_free(effect->transfer);
    arena_free(effect->arena);
    free(effect);
}
