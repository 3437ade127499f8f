#include "src/engine/engine_private.h"

#include "src/base/crash_point.h"

#include <time.h>

enum rc turn_begin(struct engine *engine, int64_t now_ms, struct turn *turn)
{
    *turn = (struct turn){
        .engine = engine, .now_ms = now_ms, .real_ms = now_ms, .arena = engine->arena
    };
    arena_reset(engine->arena);
    return store_begin(engine->store, &turn->txn);
}

enum rc turn_begin_in_last_room(struct engine *engine, int64_t now_ms, struct turn *turn)
{
    enum rc rc = turn_begin(engine, now_ms, turn);

    store_use_last_room(turn->txn);
    return rc;
}

/* Told once they are known, and then where they change: most turns change few of them. */
static void count_some(const struct engine *engine, enum metric metric, const char *const *names,
                       int64_t *counts, const int64_t *changes, size_t n_counts)
{
    for (size_t i = 0; i < n_counts; i++) {
        counts[i] += changes[i];
        if (changes[i] || !engine->counts_are_told)
            metric_set(metric, slice_of(names[i]), (struct slice){ 0 }, (double)counts[i]);
    }
}

/* What has a place in the review budget. */
static void count_places(struct engine *engine, const struct counts *changes)
{
    const struct counts *counts = &engine->counts;
    bool is_changed = changes->waiting || changes->tasks[TASK_RUNNING];

    engine->counts.waiting += changes->waiting;
    if (is_changed || !engine->counts_are_told)
        metric_set(METRIC_BUDGET_OPEN, (struct slice){ 0 }, (struct slice){ 0 },
                   (double)(counts->waiting + counts->tasks[TASK_RUNNING]));
}

static void count_all(struct engine *engine, const struct counts *changes)
{
    struct counts *counts = &engine->counts;

    count_some(engine, METRIC_SIGNALS, signal_state_names, counts->signals, changes->signals,
               SIGNAL_STATES);
    count_some(engine, METRIC_SIGNALS_HELD, hold_reason_names + 1, counts->held + 1,
               changes->held + 1, HOLD_REASONS - 1);
    count_some(engine, METRIC_TASKS, task_state_names, counts->tasks, changes->tasks,
               TASK_WITHDRAWN + 1);
    count_some(engine, METRIC_PROPOSALS, proposal_state_names, counts->proposals,
               changes->proposals, PROPOSAL_STATES);
    count_some(engine, METRIC_SILENCES, silence_state_names, counts->silences, changes->silences,
               SILENCE_OVER + 1);
    count_some(engine, METRIC_OUTBOX_DEPTH, outbox_channel_names, counts->outbox, changes->outbox,
               OUTBOX_N_CHANNELS);
    count_some(engine, METRIC_BUDGET_QUEUED, severity_names, counts->queued, changes->queued,
               SEVERITIES);
    count_places(engine, changes);
    engine->counts_are_told = true;
}

/* In the order in which they were pushed: the list has the newest first. */
static void tell_effects(const struct engine_listener *listener, const struct effect_link *link)
{
    if (!link)
        return;
    tell_effects(listener, link->next);
    listener->on_effect(listener->context, &link->item);
}

static void tell(const struct turn *turn)
{
    const struct engine_listener *listener = &turn->engine->listener;

    if (listener->on_effect)
        tell_effects(listener, turn->effects);
    for (const struct id_link *link = turn->cancels; link && listener->on_cancel; link = link->next)
        listener->on_cancel(listener->context, link->id);
    if (turn->feed_grew && listener->on_change)
        listener->on_change(listener->context);
    if (turn->messages_owed && listener->on_message)
        listener->on_message(listener->context);
    if (turn->proposed_received_ms && listener->on_proposal)
        listener->on_proposal(listener->context, turn->proposed_received_ms);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

enum rc turn_commit(struct turn *turn)
{
    struct timespec start;
    enum rc rc;

    clock_gettime(CLOCK_MONOTONIC, &start);
    rc = store_commit(&turn->txn);
    if (rc)
        return rc;
    keys_end_turn(turn, true);
    fresh_deliveries_end(turn->engine->fresh_deliveries, true);
    dictionaries_end(turn->engine->dictionaries, true);
    metric_observe(METRIC_COMMIT_SECONDS, seconds_since(&start));
    turn->engine->due_ms = -1;
    count_all(turn->engine, &turn->counts);
    tell(turn);
    return RC_OK;
}

void turn_abort(struct turn *turn)
{
    store_abort(&turn->txn);
    /* Of a turn that failed they are not what the store holds. */
    if (turn->silences_changed)
        turn->engine->silences.is_known = false;
    keys_end_turn(turn, false);
    fresh_deliveries_end(turn->engine->fresh_deliveries, false);
    dictionaries_end(turn->engine->dictionaries, false);
}

enum rc turn_begin_control(struct engine *engine, int64_t now_ms, struct turn *turn)
{
    enum rc rc = turn_begin(engine, now_ms, turn);

    return rc ? rc : turn_read_clock(turn, now_ms);
}

enum rc turn_finish_control(struct turn *turn, enum rc rc)
{
    if (!rc)
        rc = signals_settle(turn);
    crash_point(CRASH_CONTROL_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(turn);
    crash_point(CRASH_CONTROL_AFTER_COMMIT);
    turn_abort(turn);
    return rc;
}

enum rc turn_make_id(struct turn *turn, struct ulid *id)
{
    struct engine *engine = turn->engine;

    engine->n_made++;
    if (!engine->deterministic)
        return ulid_make(&engine->ids, turn->now_ms, id);
    *id =
        ulid_make_from_seed(&engine->ids, turn->now_ms,
                            (struct slice){ (const char *)&engine->n_made, sizeof engine->n_made });
    return RC_OK;
}

enum rc turn_push_effect(struct turn *turn, struct outbox_item *item)
{
    struct effect_link *link;
    enum rc rc;

    item->created_ms = turn->now_ms;
    rc = outbox_push(turn->txn, item);
    if (rc)
        return rc;
    link = arena_alloc(turn->arena, 1, sizeof *link);
    if (!link)
        return RC_NO_MEMORY;
    link->item = *item;
    link->next = turn->effects;
    turn->effects = link;
    turn->counts.outbox[item->channel]++;
    return RC_OK;
}

enum rc turn_cancel(struct turn *turn, struct ulid object)
{
    /* Of the engine's: `turn->arena` may be one signal's for a while. */
    struct id_link *link = arena_alloc(turn->engine->arena, 1, sizeof *link);

    if (!link)
        return RC_NO_MEMORY;
    link->id = object;
    link->next = turn->cancels;
    turn->cancels = link;
    return RC_OK;
}

enum rc turn_journal(struct turn *turn, enum door door, struct slice type, struct slice body)
{
    struct journal_entry entry = {
        .door = door, .type = type, .received_ms = turn->now_ms, .body = body
    };
    enum rc rc = turn_make_id(turn, &entry.id);

    if (!rc)
        rc = meta_get(turn->txn, META_CURSOR, &entry.after);
    return rc ? rc : journal_append(turn->txn, &entry);
}

enum rc turn_audit(struct turn *turn, const char *what, struct slice who, struct slice via,
                   struct slice object, const struct buffer *detail)
{
    struct audit_entry entry = {
        .at_ms = turn->now_ms, .what = slice_of(what), .who = who, .via = via, .object = object
    };

    if (detail) {
        enum rc rc = buffer_rc(detail);

        if (rc)
            return rc;
        entry.detail = buffer_slice(detail);
    }
    return audit_append(turn->txn, &entry);
}

enum rc turn_move_timer(struct turn *turn, enum timer_kind kind, struct ulid object,
                        int64_t old_due_ms, int64_t new_due_ms)
{
    struct timer timer = { .due_ms = old_due_ms, .kind = kind, .object = object };
    enum rc rc = RC_OK;

    if (old_due_ms == new_due_ms)
        return RC_OK;
    if (old_due_ms)
        rc = timer_remove(turn->txn, &timer);
    if (rc || !new_due_ms)
        return rc;
    timer.due_ms = new_due_ms;
    return timer_put(turn->txn, &timer);
}

static enum rc push_feed(struct turn *turn, const char *name, const struct buffer *json)
{
    struct feed_item item = { .name = slice_of(name) };
    enum rc rc = buffer_rc(json);

    if (rc)
        return rc;
    item.json = buffer_slice(json);
    rc = feed_push(turn->txn, &item);
    turn->feed_grew = true;
    return rc;
}

enum rc turn_feed_signal(struct turn *turn, const struct signal *signal,
                         const struct transition *transition)
{
    struct buffer json;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    transition_write_json(signal, transition, turn->cause, &writer);
    rc = push_feed(turn, "signal", &json);
    buffer_free(&json);
    return rc;
}

static void write_head(struct json_writer *writer, const struct turn *turn, const char *member,
                       const char *prefix, struct ulid id)
{
    char text[ULID_TEXT_BYTES];
    char name[ULID_TEXT_BYTES + 8];

    json_object_begin(writer);
    json_member_time(writer, "time", turn->now_ms);
    snprintf(name, sizeof name, "%s%s", prefix, ulid_format(id, text));
    json_member_text(writer, member, slice_of(name));
}

enum rc turn_feed_task(struct turn *turn, const struct task *task)
{
    struct buffer json;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    write_head(&writer, turn, "task", "tsk_", task->id);
    json_member_text(&writer, "state", slice_of(task_state_names[task->state]));
    json_member_text(&writer, "rule", task->rule);
    json_member_text(&writer, "reason", task->reason);
    json_object_end(&writer);
    rc = push_feed(turn, "task", &json);
    buffer_free(&json);
    return rc;
}

enum rc turn_feed_proposal(struct turn *turn, const struct proposal *proposal)
{
    struct buffer json;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    write_head(&writer, turn, "proposal", "prp_", proposal->id);
    json_member_text(&writer, "short", proposal->short_id);
    json_member_int(&writer, "revision", proposal->revision);
    json_member_text(&writer, "state", slice_of(proposal_state_names[proposal->state]));
    json_member_text(&writer, "rule", proposal->rule);
    json_member_text(&writer, "title", proposal->title);
    json_member_text(&writer, "severity", slice_of(severity_names[proposal->severity]));
    json_member_int(&writer, "signal_count", (int64_t)proposal->signals.n_items + proposal->n_more);
    json_member_text(&writer, "outcome", proposal->outcome);
    json_object_end(&writer);
    rc = push_feed(turn, "proposal", &json);
    buffer_free(&json);
    return rc ? rc : messages_changed(turn, proposal->id);
}

enum rc turn_feed_flapping(struct turn *turn, const struct signal *signal)
{
    struct buffer json;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    write_head(&writer, turn, "signal", "sig_", signal->id);
    json_member_text(&writer, "rule", signal->rule);
    json_member_text(&writer, "title", signal->title);
    json_member_time(&writer, "until", signal->flapping_until_ms);
    json_object_end(&writer);
    rc = push_feed(turn, "flapping", &json);
    buffer_free(&json);
    return rc;
}

enum rc turn_feed_silence(struct turn *turn, const struct silence *silence)
{
    struct buffer json;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    write_head(&writer, turn, "silence", "sil_", silence->id);
    json_member_text(&writer, "state", slice_of(silence_state_names[silence->state]));
    silence_write_where(silence, &writer);
    json_member_text(&writer, "reason", silence->reason);
    json_member_text(&writer, "by", silence->by);
    json_member_time(&writer, "until", silence->until_ms);
    json_object_end(&writer);
    rc = push_feed(turn, "silence", &json);
    buffer_free(&json);
    return rc;
}

enum rc turn_name(struct turn *turn, const char *prefix, struct ulid id, struct slice *name)
{
    char text[ULID_TEXT_BYTES];

    return arena_format(turn->arena, name, "%s%s", prefix, ulid_format(id, text));
}

const struct rule *turn_rule(const struct turn *turn, struct slice id)
{
    return ruleset_find(turn->engine->ruleset, id);
}
