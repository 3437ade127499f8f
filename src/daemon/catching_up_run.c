#include "src/daemon/catching_up_run.h"

#include "src/base/clock.h"
#include "src/base/metrics.h"
#include "src/store/fresh_deliveries.h"
#include "watchers/catch_up.h"

#include <stdio.h>

#define LIST_ARENA_BYTES ((size_t)8 << 20)
#define ANSWER_ARENA_BYTES ((size_t)4 << 20)
#define PACE_MS                                                                                    \
    SECOND_MS /* GitHub's "Best practices": a second between requests that change something */

/* What a round works on. */
struct round {
    const struct catching_up_run *run;
    struct catching_up_result *result;
    struct arena *arena;  /* of the list */
    struct arena *answer; /* of one request */
    struct catch_up_list list;
    struct store_txn *txn;                     /* while it is planned */
    struct fresh_deliveries *fresh_deliveries; /* of that snapshot */
};

static void take_verdict(struct round *round, const struct catch_up_verdict *verdict)
{
    struct catching_up_result *result = round->result;

    if (verdict->outcome == CATCH_UP_REFUSED)
        result->n_refused++;
    else
        result->outcome = verdict->outcome;
    result->wait_ms = verdict->wait_ms;
    if (verdict->error[0])
        snprintf(result->error, sizeof result->error, "%s", verdict->error);
}

static void fail(struct round *round, const char *why)
{
    round->result->outcome = CATCH_UP_FAILED;
    snprintf(round->result->error, sizeof round->result->error, "%s", why);
}

static bool is_given_up(const struct round *round)
{
    return *round->run->give_up;
}

/* --- the list --- */

/* True: there is another page, from `cursor` on. */
static bool take_page(struct round *round, const struct http_answer *answer, struct slice *cursor)
{
    size_t n_before = round->list.n_items;
    enum rc rc = catch_up_read_page(answer->body, round->arena, &round->list);

    if (!rc)
        rc = arena_copy(round->arena, catch_up_next_cursor(answer), cursor);
    if (rc) {
        fail(round, rc == RC_INVALID ? "what answers is not GitHub's list of deliveries; is "
                                       "`base_url` right?"
                                     : rc_text(rc));
        return false;
    }
    return cursor->len && round->list.n_items > n_before &&
           !catch_up_reaches_back(&round->list, clock_wall_ms());
}

static bool ask_page(struct round *round, struct slice *cursor)
{
    struct http_request request;
    struct http_answer answer = { 0 };
    struct catch_up_verdict verdict;
    enum rc rc;

    arena_reset(round->answer);
    rc = catch_up_list_request(round->run->catch_up, *cursor, round->answer, &request);
    if (!rc) {
        request.give_up = round->run->give_up;
        rc = http_perform(&request, round->answer, &answer);
    }
    verdict = catch_up_judge_list(rc, &answer, clock_real_ms());
    take_verdict(round, &verdict);
    return verdict.outcome == CATCH_UP_DONE && take_page(round, &answer, cursor);
}

static void read_list(struct round *round)
{
    struct slice cursor = { 0 };
    bool goes_on = true;

    for (size_t i = 0; i < CATCH_UP_MAX_PAGES && goes_on && !is_given_up(round); i++)
        goes_on = ask_page(round, &cursor);
    round->result->is_partial = goes_on;
}

/* --- the plan --- */

static enum rc is_known(void *context, struct slice guid, bool *is_known)
{
    struct round *round = context;
    struct ulid event;
    enum rc rc = fresh_deliveries_find(round->fresh_deliveries, round->txn, round->run->watcher,
                                       guid, clock_wall_ms(), DELIVERY_KEEP_MS, &event);

    *is_known = !rc;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static int64_t asked_ms(void *context, struct slice guid)
{
    const struct round *round = context;

    return asked_guids_find(round->run->asked, guid, clock_wall_ms());
}

static void make_plan(struct round *round, struct catch_up_plan *plan)
{
    const struct catch_up_memory memory = { .context = round,
                                            .is_known = is_known,
                                            .asked_ms = asked_ms };
    enum rc rc = store_begin_read(service_store(round->run->service), &round->txn);

    if (!rc)
        rc = fresh_deliveries_read(round->txn, &fresh_bounds_usual, &round->fresh_deliveries);
    if (!rc)
        rc = catch_up_plan_make(&round->list, &memory, clock_wall_ms(), round->arena, plan);
    fresh_deliveries_free(round->fresh_deliveries);
    round->fresh_deliveries = NULL;
    store_abort(&round->txn);
    if (rc)
        fail(round, rc_text(rc));
    round->result->n_missed = plan->n_missed;
    round->result->again_ms = plan->again_ms;
}

/* --- asking --- */

/* It may be asked for again before an hour is over only where GitHub surely knows nothing of it. */
static bool was_not_taken(enum rc rc, const struct http_answer *answer,
                          const struct catch_up_verdict *verdict)
{
    if (rc)
        return !answer->may_have_arrived;
    return verdict->outcome == CATCH_UP_WAIT || answer->status == 401 || answer->status == 403;
}

static void count(const struct round *round, const char *result)
{
    metric_add(METRIC_CATCH_UP_DELIVERIES, round->run->watcher, slice_of(result), 1);
}

static void ask(struct round *round, const struct catch_up_attempt *attempt)
{
    struct http_request request;
    struct http_answer answer = { 0 };
    struct catch_up_verdict verdict;
    enum rc rc;

    arena_reset(round->answer);
    rc = catch_up_attempt_request(round->run->catch_up, attempt->id, round->answer, &request);
    if (!rc)
        rc = asked_guids_note(round->run->asked, attempt->guid, clock_wall_ms());
    if (rc) {
        fail(round, rc_text(rc));
        return;
    }
    request.give_up = round->run->give_up;
    rc = http_perform(&request, round->answer, &answer);
    verdict = catch_up_judge_attempt(rc, &answer, clock_real_ms());
    if (was_not_taken(rc, &answer, &verdict))
        asked_guids_take_back(round->run->asked);
    take_verdict(round, &verdict);
    round->result->n_asked += verdict.outcome == CATCH_UP_DONE;
    if (verdict.outcome == CATCH_UP_DONE || verdict.outcome == CATCH_UP_REFUSED)
        count(round, verdict.outcome == CATCH_UP_DONE ? "asked" : "refused");
}

static void ask_all(struct round *round, const struct catch_up_plan *plan)
{
    const struct catching_up_run *run = round->run;

    for (size_t i = 0; i < plan->n_asks && round->result->outcome == CATCH_UP_DONE; i++) {
        if (i)
            run->pause(run->context, PACE_MS);
        if (is_given_up(round))
            return;
        ask(round, &plan->asks[i]);
    }
}

/* --- the whole --- */

static bool may_take_them(const struct round *round)
{
    return !inlet_facts(service_inlet(round->run->service)).data_is_refused;
}

static void go(struct round *round)
{
    struct catch_up_plan plan = { 0 };

    if (!may_take_them(round)) {
        fail(round, "GitHub is not asked while new deliveries are refused here: the store is full");
        return;
    }
    read_list(round);
    if (round->result->outcome != CATCH_UP_DONE || is_given_up(round))
        return;
    make_plan(round, &plan);
    ask_all(round, &plan);
}

bool catching_up_run(const struct catching_up_run *run, struct catching_up_result *result)
{
    struct round round = { .run = run, .result = result };
    enum rc rc = arena_new(LIST_ARENA_BYTES, &round.arena);

    *result = (struct catching_up_result){ .outcome = CATCH_UP_DONE };
    if (!rc)
        rc = arena_new(ANSWER_ARENA_BYTES, &round.answer);
    if (rc)
        fail(&round, rc_text(rc));
    else
        go(&round);
    arena_free(round.answer);
    arena_free(round.arena);
    return !is_given_up(&round);
}
