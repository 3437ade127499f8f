#include "src/daemon/hook_calls.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/public_key.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_TIMEOUT_MS (10 * SECOND_MS)
#define CALL_ARENA_BYTES ((size_t)1 << 20)
#define OUTCOME_BYTES HOOK_SUBSCRIPTION_BYTES
#define KEPT_CALLS 16

struct call {
    struct call *next;
    struct slice hook; /* whose subscription; absent: a certificate */
    struct slice url;
    bool is_confirmed;
    char outcome[OUTCOME_BYTES]; /* of a subscription, for hook_facts */
    char bytes[];                /* of hook and url */
};

struct hook_calls {
    struct certificates *certificates;
    struct hook_facts *facts;
    hook_calls_get *get;
    _Atomic bool give_up;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct call *first, **last;
    size_t n_waiting;
    struct call *current;               /* NULL: none is under way */
    struct call *confirmed[KEPT_CALLS]; /* the last ones; NULL: none yet */
    size_t n_confirmed;
    bool has_thread;
    pthread_t thread;
};

static enum rc get_by_http(struct slice url, const _Atomic bool *give_up, struct arena *arena,
                           struct http_answer *answer)
{
    const struct http_request request = { .method = SLICE("GET"),
                                          .url = url,
                                          .timeout_ms = CALL_TIMEOUT_MS,
                                          .answer_limit_bytes = CERTIFICATE_MAX_BYTES,
                                          .give_up = give_up };

    return http_perform(&request, arena, answer);
}

/* -- one call -- */

/* RC_OK for any answer of success; else `why`, OUTCOME_BYTES. */
static enum rc ask(struct hook_calls *calls, const struct call *call, struct arena *arena,
                   struct http_answer *answer, char *why)
{
    enum rc rc = calls->get(call->url, &calls->give_up, arena, answer);

    if (rc) {
        snprintf(why, OUTCOME_BYTES, "%s", answer->error ? answer->error : rc_text(rc));
        return rc;
    }
    snprintf(why, OUTCOME_BYTES, "the answer is HTTP %d", answer->status);
    return answer->status >= 200 && answer->status < 300 ? RC_OK : RC_DENIED;
}

static enum rc check_certificate(const struct http_answer *answer, char *why)
{
    struct public_key *key = NULL;
    enum rc rc = answer->truncated ? RC_LIMIT
                                   : public_key_of_certificate(answer->body, clock_real_ms(), &key);

    public_key_free(key);
    if (rc)
        snprintf(why, OUTCOME_BYTES, "%s",
                 rc == RC_TIMEOUT ? "it is not valid now" : "the answer is no certificate");
    return rc;
}

static void fetch(struct hook_calls *calls, const struct call *call, struct arena *arena)
{
    struct http_answer answer = { 0 };
    char why[OUTCOME_BYTES];
    enum rc rc = ask(calls, call, arena, &answer, why);

    if (!rc)
        rc = check_certificate(&answer, why);
    if (!rc) {
        snprintf(why, sizeof why, "it cannot be kept");
        rc = certificates_keep(calls->certificates, call->url, answer.body, clock_wall_ms());
    }
    if (!rc) {
        log_info("certificate fetched url=%.*s", SLICE_ARG(call->url));
        return;
    }
    certificates_fail(calls->certificates, call->url, clock_wall_ms());
    log_warn("certificate not fetched: %s url=%.*s", why, SLICE_ARG(call->url));
}

/* The URL holds the token that confirms, so it is not logged. */
static void confirm(struct hook_calls *calls, struct call *call, struct arena *arena)
{
    struct http_answer answer = { 0 };
    char why[OUTCOME_BYTES];

    call->is_confirmed = !ask(calls, call, arena, &answer, why);
    if (call->is_confirmed) {
        snprintf(call->outcome, sizeof call->outcome, "confirmed");
        log_info("subscription confirmed hook=%.*s", SLICE_ARG(call->hook));
        return;
    }
    snprintf(call->outcome, sizeof call->outcome, "not confirmed: %.60s", why);
    log_warn("subscription not confirmed: %s; ask its sender to send it again hook=%.*s", why,
             SLICE_ARG(call->hook));
}

static void carry_out(struct hook_calls *calls, struct call *call)
{
    struct arena *arena;

    if (arena_new(CALL_ARENA_BYTES, &arena) != RC_OK) {
        log_warn("a delivery's request is left out: %s", rc_text(RC_NO_MEMORY));
        if (!call->hook.len)
            certificates_fail(calls->certificates, call->url, clock_wall_ms());
        snprintf(call->outcome, sizeof call->outcome, "not confirmed: %s", rc_text(RC_NO_MEMORY));
        return;
    }
    if (call->hook.len)
        confirm(calls, call, arena);
    else
        fetch(calls, call, arena);
    arena_free(arena);
}

/* -- the thread -- */

/* NULL: it is over. */
static struct call *next_call(struct hook_calls *calls)
{
    struct call *call = NULL;

    pthread_mutex_lock(&calls->lock);
    while (!calls->first && !calls->give_up)
        pthread_cond_wait(&calls->changed, &calls->lock);
    if (!calls->give_up) {
        call = calls->current = calls->first;
        calls->first = call->next;
        calls->n_waiting--;
        if (!calls->first)
            calls->last = &calls->first;
    }
    pthread_mutex_unlock(&calls->lock);
    return call;
}

/* Takes `call`. What it came to is told once the same may be asked again. */
static void end_call(struct hook_calls *calls, struct call *call)
{
    struct call **kept = &calls->confirmed[calls->n_confirmed % KEPT_CALLS], *gone = call;

    pthread_mutex_lock(&calls->lock);
    calls->current = NULL;
    if (call->is_confirmed) {
        gone = *kept;
        *kept = call;
        calls->n_confirmed++;
    }
    pthread_mutex_unlock(&calls->lock);
    if (call->hook.len)
        hook_facts_subscription(calls->facts, call->hook, call->outcome);
    free(gone);
}

static void *run(void *context)
{
    struct hook_calls *calls = context;
    struct call *call;

    while ((call = next_call(calls)) != NULL) {
        carry_out(calls, call);
        end_call(calls, call);
    }
    return NULL;
}

static struct call *new_call(struct slice hook, struct slice url)
{
    struct call *call = malloc(sizeof *call + hook.len + url.len);

    if (!call)
        return NULL;
    *call = (struct call){ .hook = { call->bytes, hook.len },
                           .url = { call->bytes + hook.len, url.len } };
    if (hook.len)
        memcpy(call->bytes, hook.ptr, hook.len);
    memcpy(call->bytes + hook.len, url.ptr, url.len);
    return call;
}

/* Under the lock. RC_LIMIT, RC_NO_MEMORY or RC_BUSY (stopping): not taken. */
static enum rc queue(struct hook_calls *calls, struct call *call)
{
    if (calls->give_up)
        return RC_BUSY;
    if (calls->n_waiting == HOOK_CALLS_MAX)
        return RC_LIMIT;
    if (!calls->has_thread)
        calls->has_thread = !pthread_create(&calls->thread, NULL, run, calls);
    if (!calls->has_thread)
        return RC_NO_MEMORY;
    *calls->last = call;
    calls->last = &call->next;
    calls->n_waiting++;
    pthread_cond_signal(&calls->changed);
    return RC_OK;
}

static bool is_same(const struct call *call, struct slice hook, struct slice url)
{
    return call && slice_eq(call->hook, hook) && slice_eq(call->url, url);
}

/* Confirmed since the start, or about to be. */
static bool is_confirming(struct hook_calls *calls, struct slice hook, struct slice url)
{
    bool is_found;

    pthread_mutex_lock(&calls->lock);
    is_found = is_same(calls->current, hook, url);
    for (const struct call *call = calls->first; call && !is_found; call = call->next)
        is_found = is_same(call, hook, url);
    for (size_t i = 0; i < KEPT_CALLS && !is_found; i++)
        is_found = is_same(calls->confirmed[i], hook, url);
    pthread_mutex_unlock(&calls->lock);
    return is_found;
}

static enum rc push(struct hook_calls *calls, struct slice hook, struct slice url)
{
    struct call *call = new_call(hook, url);
    enum rc rc = RC_NO_MEMORY;

    if (!call)
        return rc;
    pthread_mutex_lock(&calls->lock);
    rc = queue(calls, call);
    pthread_mutex_unlock(&calls->lock);
    if (rc)
        free(call);
    return rc;
}

void hook_calls_fetch(struct hook_calls *calls, struct slice url)
{
    enum rc rc;

    if (!certificates_begin(calls->certificates, url, clock_wall_ms()))
        return;
    rc = push(calls, (struct slice){ 0 }, url);
    if (!rc)
        return;
    log_warn("certificate not fetched: %s url=%.*s", rc_text(rc), SLICE_ARG(url));
    certificates_fail(calls->certificates, url, clock_wall_ms());
}

void hook_calls_confirm(struct hook_calls *calls, struct slice hook, struct slice url)
{
    enum rc rc;

    if (is_confirming(calls, hook, url))
        return;
    hook_facts_subscription(calls->facts, hook, "being confirmed");
    rc = push(calls, hook, url);
    if (!rc)
        return;
    log_warn("subscription not confirmed: %s; ask its sender to send it again hook=%.*s",
             rc_text(rc), SLICE_ARG(hook));
    hook_facts_subscription(calls->facts, hook, "not confirmed: too much is waiting");
}

/* -- life -- */

enum rc hook_calls_new(struct certificates *certificates, struct hook_facts *facts,
                       hook_calls_get *get, struct hook_calls **calls)
{
    struct hook_calls *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    made->certificates = certificates;
    made->facts = facts;
    made->get = get ? get : get_by_http;
    made->last = &made->first;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    *calls = made;
    return RC_OK;
}

void hook_calls_stop(struct hook_calls *calls)
{
    bool has_thread;

    pthread_mutex_lock(&calls->lock);
    calls->give_up = true;
    has_thread = calls->has_thread;
    calls->has_thread = false;
    pthread_cond_signal(&calls->changed);
    pthread_mutex_unlock(&calls->lock);
    if (has_thread)
        pthread_join(calls->thread, NULL);
}

void hook_calls_free(struct hook_calls *calls)
{
    if (!calls)
        return;
    hook_calls_stop(calls);
    while (calls->first) {
        struct call *call = calls->first;

        calls->first = call->next;
        free(call);
    }
    for (size_t i = 0; i < KEPT_CALLS; i++)
        free(calls->confirmed[i]);
    pthread_cond_destroy(&calls->changed);
    pthread_mutex_destroy(&calls->lock);
    free(calls);
}
