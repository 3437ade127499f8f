#include "src/engine/rule_test_private.h"

#include "src/base/buffer.h"

int64_t rule_test_now(const struct test_run *run, const struct test_event *event)
{
    return run->text.begin_ms + event->at_ms;
}

/* Time passes first: what happens then is not this event's doing. */
static enum rc let_pass(struct test_run *run, int64_t now_ms)
{
    enum rc rc;

    run->current = NULL;
    rc = simulation_advance(run->simulation, now_ms);
    if (!rc)
        rc = run->seen_rc;
    return rc ? rc : rule_test_hear(run);
}

/* -- people -- */

/* The parameters that an edit changes, as the API takes them: an object for each step up to the one that is meant. */
static enum rc write_params(struct test_run *run, const struct test_event *event,
                            struct slice *params)
{
    struct json_writer writer;
    struct buffer json;
    enum rc rc;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_array_begin(&writer);
    for (int64_t i = 1; i < event->step_number; i++) {
        json_object_begin(&writer);
        json_object_end(&writer);
    }
    json_object_begin(&writer);
    for (size_t i = 0; i < event->with->n_pairs; i++) {
        json_key_slice(&writer, event->with->pairs[i].key);
        json_write_text(&writer, event->with->pairs[i].value->text);
    }
    json_object_end(&writer);
    json_array_end(&writer);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(run->arena, buffer_slice(&json), params);
    buffer_free(&json);
    return rc;
}

static enum rc decide(struct test_run *run, const struct test_event *event)
{
    struct decision decision = { .verdict = (enum verdict)event->verdict,
                                 .by = event->by,
                                 .via = slice_is_absent(event->via) ? SLICE("token") : event->via,
                                 .reason = event->reason,
                                 .note = event->note,
                                 .for_ms = event->for_ms,
                                 .settle = event->settle };
    struct slice_list key = { 0 };
    struct simulation_aim aim = { .rule = event->rule, .key = event->key ? &key : NULL };
    struct decision_answer answer = { 0 };
    enum rc rc = event->with ? write_params(run, event, &decision.params) : RC_OK;

    if (!rc && event->key)
        rc = rule_test_texts(event->key, run->arena, &key);
    if (!rc)
        rc = simulation_decide(run->simulation, &decision, &aim, rule_test_now(run, event),
                               run->arena, &answer);
    if (rc == RC_NOT_FOUND)
        return rule_test_fail_at(run, event->node, "there is no proposal to decide");
    if (!rc && answer.outcome != DECISION_TAKEN)
        return rule_test_fail_at(run, event->node, "the decision was not taken: %.*s",
                                 SLICE_ARG(answer.detail));
    return rc;
}

static enum rc resolve(struct test_run *run, const struct test_event *event)
{
    const struct rule *rule = ruleset_find(run->suite->ruleset, event->rule);
    struct slice_list key = { 0 };
    enum rc rc = rule_test_texts(event->key, run->arena, &key);

    if (!rc)
        rc = simulation_resolve(run->simulation, rule, &key, event->by, rule_test_now(run, event),
                                run->arena);
    if (rc == RC_NOT_FOUND || rc == RC_CONFLICT)
        return rule_test_fail_at(run, event->node, "there is no such signal to resolve");
    return rc;
}

/* -- what effects come to, and watchers -- */

static const enum effect_state outcomes[] = { EFFECT_DONE, EFFECT_FAILED, EFFECT_UNKNOWN };

static enum rc end_step(struct test_run *run, const struct test_event *event)
{
    enum rc rc =
        simulation_end_step(run->simulation, outcomes[event->outcome], rule_test_now(run, event));

    return rc == RC_NOT_FOUND ? rule_test_fail_at(run, event->node, "no step runs") : rc;
}

static enum rc set_checks(struct test_run *run, const struct test_event *event)
{
    simulation_set_checks(run->simulation, outcomes[event->outcome]);
    return RC_OK;
}

static enum rc notify(struct test_run *run, const struct test_event *event)
{
    const struct engine_notice notice = { .watcher = event->watcher,
                                          .state = (enum watcher_state)event->notice };

    return simulation_notify(run->simulation, &notice, rule_test_now(run, event));
}

static enum rc play_event(struct test_run *run, const struct test_event *event)
{
    static enum rc (*const players[])(struct test_run * run, const struct test_event *event) = {
        [TEST_FIELDS] = rule_test_receive_fields,
        [TEST_HOOK] = rule_test_receive_hook,
        [TEST_LOG] = rule_test_receive_log,
        [TEST_DECIDE] = decide,
        [TEST_STEP] = end_step,
        [TEST_CHECK] = set_checks,
        [TEST_NOTICE] = notify,
        [TEST_RESOLVE] = resolve,
    };
    enum rc rc = let_pass(run, rule_test_now(run, event));

    run->current = event;
    if (!rc)
        rc = players[event->kind](run, event);
    if (!rc)
        rc = run->seen_rc;
    return rc ? rc : rule_test_hear(run);
}

enum rc rule_test_play(struct test_run *run)
{
    const struct rule_test_text *text = &run->text;
    enum rc rc = engine_begin(simulation_engine(run->simulation), text->begin_ms);

    for (size_t i = 0; i < text->n_events && !rc; i++)
        rc = play_event(run, &text->events[i]);
    if (!rc && text->until_ms)
        rc = let_pass(run, text->begin_ms + text->until_ms);
    return rc;
}
