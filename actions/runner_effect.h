/* runner_effect.h - one item of the outbox on its way: a copy of it, the command or request, and what it came to. */
#pragma once

#include "actions/runner_request.h"
#include "src/base/process.h"
#include "src/store/outbox.h"

struct runner_effect {
    struct runner_effect *next;
    struct arena *arena;
    struct outbox_item item; /* in the arena */
    struct process *process; /* of a command; or */
    struct http_transfer *transfer;
    bool is_withdrawn; /* asked for; the runner's lock */
    bool is_stopped;   /* done about it; the runner's thread */
    bool is_over;      /* then `result` is complete, and borrows from here */
    int64_t started_ms;
    struct effect_result result;
};

/* Steps and undos: what must not run twice, and whose end nobody may guess. */
bool runner_effect_acts(const struct runner_effect *effect);
enum rc runner_effect_new(const struct outbox_item *item, struct runner_effect **effect) MUST_CHECK;
/* Starts it; what cannot be started is over. */
void runner_effect_start(struct runner_effect *effect, struct http_multi *multi,
                         const struct runner_secrets *secrets);
/* What to wait for: -1 for none. */
void runner_effect_fds(const struct runner_effect *effect, int *pidfd, int *output_fd);
int64_t runner_effect_due_mono_ms(const struct runner_effect *effect);
/* Looks how far it is; never blocks. */
void runner_effect_step(struct runner_effect *effect, int64_t now_mono_ms);
/* Ends what runs; the next steps tell. */
void runner_effect_stop(struct runner_effect *effect);
/* It is over, and never ran. Borrows `why`. */
void runner_effect_refuse(struct runner_effect *effect, struct slice why);
/* It is over for us, and what it did is not known: a command is left running. */
void runner_effect_leave(struct runner_effect *effect, struct slice why);
/* Ends what runs; accepts NULL. */
void runner_effect_free(struct runner_effect *effect);
