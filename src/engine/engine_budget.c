#include "src/engine/budget_use.h"
#include "src/engine/engine_private.h"

/* --- how much is used --- */

/* A damaged row costs what it remembered; the counts of what is open are the engine's own. */
static enum rc read_row(struct turn *turn, struct budget_row *row)
{
    static struct log_limit limit;
    enum rc rc = budget_get(turn->txn, row);

    if (rc != RC_CORRUPT)
        return rc;
    log_limited(&limit, LOG_ERROR, "what the review budget remembers is damaged: it begins anew");
    return RC_OK;
}

static struct budget_use measure(const struct turn *turn, const struct budget_row *row,
                                 bool borrows)
{
    const struct engine *engine = turn->engine;
    const struct budget_load load = {
        .n_waiting = engine->counts.waiting + turn->counts.waiting,
        .n_tasks = engine->counts.tasks[TASK_RUNNING] + turn->counts.tasks[TASK_RUNNING],
        .row = row,
    };

    return budget_measure(&engine->config->budget, borrows, &load, turn->now_ms);
}

static int64_t n_queued(const struct turn *turn)
{
    return turn->engine->counts.held[HOLD_BUDGET] + turn->counts.held[HOLD_BUDGET];
}

bool budget_counts(const struct proposal *proposal)
{
    return proposal->state == PROPOSAL_OPEN && !proposal->snoozed_until_ms;
}

/* Acting did not help, in this episode: what asks now goes on with what people have begun. */
static enum rc goes_on(struct turn *turn, const struct signal *signal, bool *does)
{
    struct proposal earlier = { 0 };
    enum rc rc = RC_NOT_FOUND;

    if (!ulid_is_absent(signal->proposal))
        rc = proposal_get(turn->txn, signal->proposal, turn->arena, &earlier);
    *does = !rc && earlier.state == PROPOSAL_RECURRED && earlier.episode == signal->episode;
    return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

/* --- the gate --- */

static enum rc first_of_queue(struct turn *turn, struct held_place *place)
{
    *place = (struct held_place){ .reason = HOLD_BUDGET };
    return held_next(turn->txn, place);
}

/* A place that is free is for the first of the queue; only who is more severe goes before it. */
static enum rc is_behind(struct turn *turn, const struct signal *signal, bool *behind)
{
    struct held_place first;
    enum rc rc = n_queued(turn) ? first_of_queue(turn, &first) : RC_NOT_FOUND;

    *behind = !rc && ulid_compare(first.signal, signal->id) && first.severity >= signal->severity;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc describe(struct turn *turn, const struct budget_use *use, struct hold *hold)
{
    struct buffer words;
    enum rc rc;

    hold->reason = HOLD_BUDGET;
    if (!budget_is_full(use)) {
        hold->detail = SLICE("others were before it in the queue");
        return RC_OK;
    }
    hold->until_ms = budget_next_ms(use);
    buffer_init(&words, 0);
    budget_describe(use, &words);
    rc = buffer_rc(&words);
    if (!rc)
        rc = arena_copy(turn->arena, buffer_slice(&words), &hold->detail);
    buffer_free(&words);
    return rc;
}

enum rc budget_judge(struct turn *turn, const struct rule *rule, const struct signal *signal,
                     struct hold *hold)
{
    struct budget_row row;
    struct budget_use use;
    bool waits, passes = false;
    enum rc rc;

    (void)rule;
    /* Whose task runs, or whose proposal waits, has its place. */
    if (!turn->engine->config->budget.is_there || signal->attention != ATTENTION_NONE)
        return RC_OK;
    rc = read_row(turn, &row);
    if (rc)
        return rc;
    use = measure(turn, &row, signal->severity == SEVERITY_CRITICAL);
    waits = budget_is_full(&use);
    if (!waits)
        rc = is_behind(turn, signal, &waits);
    if (!rc && waits)
        rc = goes_on(turn, signal, &passes);
    return rc || !waits || passes ? rc : describe(turn, &use, hold);
}

/* --- the queue --- */

enum rc budget_note_queue(struct turn *turn, const struct signal *signal, const struct hold *before,
                          const struct hold *now)
{
    bool was = before->reason == HOLD_BUDGET, is = now->reason == HOLD_BUDGET;
    bool is_gone = was && !now->reason && signal->state != SIGNAL_FIRING;
    bool is_first = is && !was && !n_queued(turn);
    struct budget_row row;
    enum rc rc;

    if (was)
        turn->counts.queued[before->severity]--;
    if (is)
        turn->counts.queued[now->severity]++;
    turn->messages_owed |= was != is; /* the digest of the channels */
    if (!is_gone && !is_first)
        return RC_OK;
    rc = read_row(turn, &row);
    if (rc)
        return rc;
    if (is_first) {
        row.since_ms = turn->now_ms;
        row.n_gone_before = row.n_gone;
    }
    row.n_gone += is_gone;
    return budget_put(turn->txn, &row);
}

/* The time at which the first of the queue may ask: now where there is a place; 0: nobody knows. */
static int64_t due_of(const struct turn *turn, const struct budget_row *row,
                      const struct held_place *first)
{
    struct budget_use use = measure(turn, row, first->severity == SEVERITY_CRITICAL);

    if (budget_is_full(&use))
        return budget_next_ms(&use);
    return row->due_ms && row->due_ms < turn->now_ms ? row->due_ms : turn->now_ms;
}

static const struct ulid the_queue = { { HOLD_BUDGET } };

enum rc budget_settle(struct turn *turn)
{
    struct held_place first;
    struct budget_row row;
    int64_t due_ms;
    enum rc rc = n_queued(turn) > 0 ? first_of_queue(turn, &first) : RC_NOT_FOUND;

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = read_row(turn, &row);
    if (rc)
        return rc;
    due_ms = due_of(turn, &row, &first);
    if (due_ms == row.due_ms)
        return RC_OK;
    rc = turn_move_timer(turn, TIMER_BUDGET, the_queue, row.due_ms, due_ms);
    row.due_ms = due_ms;
    return rc ? rc : budget_put(turn->txn, &row);
}

/* What stands in the queue and cannot be read would keep all others from their turn. */
static enum rc drop(struct turn *turn, const struct held_place *place)
{
    const struct hold hold = { .reason = place->reason,
                               .severity = place->severity,
                               .since_ms = place->since_ms };

    turn->counts.held[HOLD_BUDGET]--;
    turn->counts.queued[place->severity]--;
    return held_remove(turn->txn, place->signal, &hold);
}

/* Asks all gates anew: who is held by another one by now leaves the queue, and the next has its turn. */
static enum rc ask_first(struct turn *turn)
{
    struct signal signal = { 0 };
    struct held_place first;
    const struct rule *rule;
    enum rc rc = first_of_queue(turn, &first);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = signal_get(turn->txn, first.signal, turn->arena, &signal);
    if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
        return drop(turn, &first);
    if (rc)
        return rc;
    rule = turn_rule(turn, signal.rule);
    rc = rule ? signals_ask(turn, rule, &signal) : gates_release(turn, &signal);
    return rc ? rc : signal_put(turn->txn, &signal);
}

/* One for each place: budget_settle sets the timer again while there is another. */
enum rc budget_take_turn(struct turn *turn, struct ulid object, int64_t due_ms)
{
    struct budget_row row;
    enum rc rc = read_row(turn, &row);

    (void)object;
    if (rc || row.due_ms != due_ms)
        return rc;
    row.due_ms = 0;
    rc = budget_put(turn->txn, &row);
    return rc ? rc : ask_first(turn);
}

/* --- spent --- */

enum rc budget_note_opened(struct turn *turn, const struct signal *signal,
                           struct proposal *proposal)
{
    struct budget_row row;
    struct budget_use use;
    bool is_no_new_one;
    enum rc rc = goes_on(turn, signal, &is_no_new_one);

    if (rc || is_no_new_one)
        return rc;
    rc = read_row(turn, &row);
    if (rc)
        return rc;
    use = measure(turn, &row, false);
    proposal->is_borrowed = proposal->severity == SEVERITY_CRITICAL && budget_is_full(&use);
    budget_add(&row, turn->now_ms);
    return budget_put(turn->txn, &row);
}
