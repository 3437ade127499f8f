#include "src/daemon/posting_private.h"

#include <stdlib.h>

#define ASIDES_MOST 1000
#define ASIDE_ARENA_BYTES ((size_t)4 << 20)

struct aside {
    struct aside *next;
    struct arena *arena; /* of the request */
    struct posting_aside order;
    struct http_transfer *transfer;
    struct lane_hold hold;
};

static void free_aside(struct aside *aside)
{
    arena_free(aside->arena);
    http_transfer_free(aside->transfer);
    free(aside);
}

/* --- a copy of its own --- */

static enum rc copy_mail(struct arena *arena, const struct http_mail **mail)
{
    struct http_mail *copy = arena_alloc(arena, 1, sizeof *copy);
    struct slice *to = arena_alloc(arena, (*mail)->n_to + 1, sizeof *to);
    enum rc rc;

    if (!copy || !to)
        return RC_NO_MEMORY;
    *copy = **mail;
    copy->to = to;
    rc = arena_copy(arena, copy->from, &copy->from);
    if (!rc)
        rc = arena_copy(arena, copy->user, &copy->user);
    if (!rc)
        rc = arena_copy(arena, copy->password, &copy->password);
    for (size_t i = 0; i < copy->n_to && !rc; i++)
        rc = arena_copy(arena, (*mail)->to[i], &to[i]);
    *mail = copy;
    return rc;
}

static enum rc copy_headers(struct arena *arena, struct http_request *request)
{
    const struct http_header *headers = request->headers;
    enum rc rc = RC_OK;

    request->headers = arena_alloc(arena, request->n_headers + 1, sizeof *request->headers);
    if (!request->headers)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < request->n_headers && !rc; i++) {
        rc = arena_copy(arena, headers[i].name, &request->headers[i].name);
        if (!rc)
            rc = arena_copy(arena, headers[i].value, &request->headers[i].value);
    }
    return rc;
}

static enum rc copy_request(struct arena *arena, struct http_request *request)
{
    struct slice *const texts[] = { &request->method, &request->url, &request->body,
                                    &request->unix_socket };
    enum rc rc = copy_headers(arena, request);

    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc; i++)
        rc = arena_copy(arena, *texts[i], texts[i]);
    if (!rc && request->mail)
        rc = copy_mail(arena, &request->mail);
    request->on_bytes = NULL;
    if (!request->timeout_ms)
        request->timeout_ms = POSTING_TIMEOUT_MS;
    return rc;
}

static enum rc new_aside(const struct posting_aside *order, struct aside **aside)
{
    struct aside *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->order = *order;
    rc = arena_new(ASIDE_ARENA_BYTES, &made->arena);
    if (!rc)
        rc = copy_request(made->arena, &made->order.request);
    if (rc)
        free_aside(made);
    else
        *aside = made;
    return rc;
}

enum rc posting_aside(struct posting *posting, const struct posting_aside *order)
{
    struct aside *aside = NULL;
    enum rc rc = new_aside(order, &aside);

    if (rc)
        return rc;
    pthread_mutex_lock(&posting->lock);
    if (posting->is_closed) {
        rc = RC_BUSY;
    } else if (posting->n_asides == ASIDES_MOST) {
        rc = RC_LIMIT;
    } else {
        aside->next = posting->new_asides;
        posting->new_asides = aside;
        posting->n_asides++;
    }
    pthread_mutex_unlock(&posting->lock);
    if (rc)
        free_aside(aside);
    else
        http_multi_wake(posting->multi);
    return rc;
}

/* --- on the poster's thread --- */

/* The new ones behind those that are there, in the order in which they came. */
static void take_new(struct posting *posting)
{
    struct aside **last = &posting->asides;
    struct aside *newest, *in_order = NULL;

    pthread_mutex_lock(&posting->lock);
    newest = posting->new_asides;
    posting->new_asides = NULL;
    pthread_mutex_unlock(&posting->lock);
    while (newest) {
        struct aside *next = newest->next;

        newest->next = in_order;
        in_order = newest;
        newest = next;
    }
    while (*last)
        last = &(*last)->next;
    *last = in_order;
}

/* Takes `aside`, which is off the list. */
static void end(struct posting *posting, struct aside *aside, enum rc rc,
                const struct http_answer *answer)
{
    pthread_mutex_lock(&posting->lock);
    posting->n_asides--;
    pthread_mutex_unlock(&posting->lock);
    if (aside->order.done)
        aside->order.done(aside->order.context, rc, answer);
    free_aside(aside);
}

/* Nothing came back, or the other side says that it may go better later. */
static bool may_go_better(enum rc rc, const struct http_answer *answer)
{
    return rc ? rc != RC_INVALID && rc != RC_LIMIT : answer->status == 429 || answer->status >= 500;
}

int64_t posting_retry_after_ms(const struct http_answer *answer)
{
    int64_t seconds = 0;

    if (slice_to_int(http_answer_header_value(answer, "Retry-After"), &seconds) || seconds < 0)
        return 0;
    return seconds < WAIT_MOST_MS / SECOND_MS ? seconds * SECOND_MS : WAIT_MOST_MS;
}

static bool tries_again(struct aside *aside, enum rc rc, const struct http_answer *answer)
{
    int64_t now_ms = clock_mono_ms();

    if (!may_go_better(rc, answer))
        return false;
    hold_back_off(&aside->hold, posting_random(), now_ms);
    if (posting_retry_after_ms(answer))
        aside->hold.until_ms = now_ms + posting_retry_after_ms(answer);
    return clock_real_ms() + (aside->hold.until_ms - now_ms) <= aside->order.give_up_ms;
}

/* True: it is over, and off the list. */
static bool take_answer(struct posting *posting, struct aside **place, enum rc rc,
                        const struct http_answer *answer)
{
    struct aside *aside = *place;

    if (tries_again(aside, rc, answer)) {
        http_transfer_free(aside->transfer);
        aside->transfer = NULL;
        return false;
    }
    *place = aside->next;
    end(posting, aside, rc, answer);
    return true;
}

static bool collect(struct posting *posting, struct aside **place)
{
    struct http_answer answer;
    enum rc rc;

    if (!(*place)->transfer || !http_transfer_done((*place)->transfer, &rc, &answer))
        return false;
    posting->n_asides_under_way--;
    return take_answer(posting, place, rc, &answer);
}

static bool start(struct posting *posting, struct aside **place)
{
    struct aside *aside = *place;
    const char *why = NULL;
    enum rc rc;

    if (aside->transfer || posting->n_asides_under_way == POSTING_UNDER_WAY ||
        clock_mono_ms() < aside->hold.until_ms)
        return false;
    rc = http_transfer_start(posting->multi, &aside->order.request, &aside->transfer, &why);
    if (rc)
        return take_answer(posting, place, rc, &(struct http_answer){ .error = why });
    posting->n_asides_under_way++;
    return false;
}

static void for_each(struct posting *posting,
                     bool (*do_it)(struct posting *posting, struct aside **place))
{
    struct aside **place = &posting->asides;

    while (*place)
        if (!do_it(posting, place))
            place = &(*place)->next;
}

void posting_step_asides(struct posting *posting, int64_t *due_ms)
{
    take_new(posting);
    for_each(posting, collect);
    for_each(posting, start); /* those for which there is no room are started when one has ended */
    for (const struct aside *aside = posting->asides; aside; aside = aside->next)
        if (!aside->transfer && posting->n_asides_under_way < POSTING_UNDER_WAY)
            posting_due(due_ms, aside->hold.until_ms);
}

void posting_end_asides(struct posting *posting)
{
    const struct http_answer none = { .error = "vedette is stopping" };

    pthread_mutex_lock(&posting->lock);
    posting->is_closed = true;
    pthread_mutex_unlock(&posting->lock);
    take_new(posting);
    while (posting->asides) {
        struct aside *aside = posting->asides;

        posting->asides = aside->next;
        end(posting, aside, RC_BUSY, &none);
    }
}
