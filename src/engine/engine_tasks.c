#include "src/engine/engine_private.h"

#include "actions/diagnosis.h"
#include "actions/evidence.h"

#define QUESTION_LIMIT_BYTES 4096

static enum rc render(struct turn *turn, const struct template *template,
                      const struct template_values *values, struct slice *text)
{
    struct buffer buffer;
    enum rc rc;

    buffer_init(&buffer, QUESTION_LIMIT_BYTES);
    template_render(template, values, &buffer, NULL);
    rc = buffer_rc(&buffer);
    /* A longer question is cut, not lost. */
    if (!rc || rc == RC_LIMIT)
        rc = arena_copy(turn->arena, buffer_slice(&buffer), text);
    buffer_free(&buffer);
    return rc;
}

static enum rc fill_question(struct turn *turn, const struct rule *rule,
                             const struct signal *signal, const struct template_values *values,
                             struct task *task)
{
    if (rule->playbook.diagnose.question)
        return render(turn, rule->playbook.diagnose.question, values, &task->question);
    return arena_format(turn->arena, &task->question, "What is behind \"%.*s\"?",
                        SLICE_ARG(signal->title));
}

static enum rc ask_action(struct turn *turn, const struct task *task, size_t part,
                          const struct action_use *use, const struct template_values *values,
                          struct evidence *evidence)
{
    struct step step = { 0 };
    struct slice refused = { 0 };
    struct outbox_item item;
    enum rc rc;

    evidence->kind = SLICE("action");
    evidence->source = use->action;
    rc = action_render(turn->engine->config->actions, use, values, turn->arena, &step, &refused);
    if (rc == RC_INVALID) {
        evidence->state = EVIDENCE_FAILED;
        evidence->error = refused;
        return RC_OK;
    }
    if (rc)
        return rc;
    item = (struct outbox_item){ .channel = OUTBOX_EVIDENCE,
                                 .object = task->id,
                                 .part = (int64_t)part,
                                 .action = step.action,
                                 .argv = step.argv,
                                 .request = step.request,
                                 .env = step.env,
                                 .user = step.user,
                                 .timeout_ms = step.timeout_ms };
    return turn_push_effect(turn, &item);
}

static enum rc collect(struct turn *turn, const struct task *task, size_t part,
                       const struct evidence_request *request, const struct signal *signal,
                       const struct template_values *values, struct evidence *evidence)
{
    enum rc rc = arena_format(turn->arena, &evidence->id, "e%zu", part + 1);

    if (rc)
        return rc;
    switch (request->source) {
    case EVIDENCE_FROM_CHANGES:
        return evidence_changes(turn->txn, signal, request->within_ms, turn->now_ms, turn->arena,
                                evidence);
    case EVIDENCE_FROM_SIMILAR:
        return evidence_similar(turn->txn, signal, request->limit, turn->now_ms, turn->arena,
                                evidence);
    case EVIDENCE_FROM_ACTION:
        return ask_action(turn, task, part, &request->use, values, evidence);
    case EVIDENCE_FROM_LOG:
        return tasks_ask_log(turn, task, part, &request->log, signal, evidence);
    }
    return RC_INVALID;
}

static bool waits_for_evidence(const struct task *task)
{
    const struct evidence *evidence = task->evidence.items;

    for (size_t i = 0; i < task->evidence.n_items; i++)
        if (evidence[i].state == EVIDENCE_WAITING)
            return true;
    return false;
}

static enum rc move(struct turn *turn, struct task *task, enum task_state state)
{
    turn->counts.tasks[task->state]--;
    turn->counts.tasks[state]++;
    task->state = state;
    if (state != TASK_RUNNING)
        task->finished_ms = turn->now_ms;
    return turn_feed_task(turn, task);
}

/* What came to hold the signal since its task began holds it now. The diagnosis stays with its task; what still fires when the gate opens is looked at anew. */
static enum rc propose(struct turn *turn, const struct rule *rule, struct signal *signal,
                       const struct task *task)
{
    bool held = false;
    enum rc rc;

    if (!ulid_is_absent(task->group))
        return groups_propose(turn, rule, signal, task);
    rc = gates_hold(turn, rule, signal, &held);
    if (rc || !held)
        return rc ? rc : proposals_open(turn, rule, signal, task, &task->signals, 0);
    signal->attention = ATTENTION_NONE;
    return RC_OK;
}

static enum rc finish(struct turn *turn, const struct rule *rule, struct signal *signal,
                      struct task *task)
{
    enum rc rc;

    rc = turn_move_timer(turn, TIMER_TASK_DEADLINE, task->id, task->deadline_ms, 0);
    if (!rc)
        rc = diagnosis_make(task, signal, turn->now_ms, turn->arena, &task->diagnosis);
    if (!rc)
        rc = move(turn, task, TASK_DONE);
    if (rc)
        return rc;
    log_info("task done rule=%.*s status=%s", SLICE_ARG(task->rule),
             diagnosis_status_names[task->diagnosis.status]);
    return propose(turn, rule, signal, task);
}

enum rc tasks_open(struct turn *turn, const struct rule *rule, struct signal *signal,
                   const struct ulid_list *together)
{
    const struct diagnose_part *part = &rule->playbook.diagnose;
    struct template_values values;
    struct evidence *evidence;
    struct task task = { .rule = rule->id,
                         .rule_version = rule->version,
                         .episode = signal->episode,
                         .event = signal->last_event,
                         .signals = { &signal->id, 1 },
                         .scope = { part->scope_in, part->scope_out },
                         .constraints = part->constraints,
                         .criteria = part->criteria,
                         .allow = rule->playbook.propose.allow,
                         .state = TASK_RUNNING,
                         .attempt = 1,
                         .created_ms = turn->now_ms,
                         .started_ms = turn->now_ms,
                         .deadline_ms = turn->now_ms + part->timeout_ms };
    enum rc rc;

    if (together) {
        task.signals = *together;
        task.group = signal->group;
    }
    rc = turn_make_id(turn, &task.id);
    if (!rc)
        rc = signal_values(signal, turn->now_ms, turn->arena, &values);
    if (!rc)
        rc = fill_question(turn, rule, signal, &values, &task);
    if (rc)
        return rc;
    evidence = arena_alloc(turn->arena, part->n_evidence + 1, sizeof *evidence);
    if (!evidence)
        return RC_NO_MEMORY;
    task.evidence = (struct record_list){ evidence, part->n_evidence };
    signal->task = task.id;
    /* An open proposal of its group goes on being about it. */
    if (signal->attention == ATTENTION_NONE)
        signal->attention = ATTENTION_TASK;
    turn->counts.tasks[TASK_RUNNING]++;
    rc = groups_task_opened(turn, &task, signal);
    for (size_t i = 0; i < part->n_evidence && !rc; i++)
        rc = collect(turn, &task, i, &part->evidence[i], signal, &values, &evidence[i]);
    if (!rc)
        rc = turn_feed_task(turn, &task);
    if (!rc && waits_for_evidence(&task))
        rc = turn_move_timer(turn, TIMER_TASK_DEADLINE, task.id, 0, task.deadline_ms);
    else if (!rc)
        rc = finish(turn, rule, signal, &task);
    if (rc)
        return rc;
    return task_put(turn->txn, &task);
}

/* The rule went, or only observes since its task began: there is nobody to propose for. */
static enum rc finish_or_withdraw(struct turn *turn, struct task *task, struct signal *signal)
{
    const struct rule *rule = turn_rule(turn, task->rule);
    enum rc rc;

    if (rule && rule->mode == RULE_PROPOSE)
        return finish(turn, rule, signal, task);
    signal->attention = ATTENTION_NONE;
    rc = groups_task_withdrawn(turn, task, signal);
    if (rc)
        return rc;
    task->reason = rule ? SLICE("its rule only observes now") : SLICE("rule removed");
    return move(turn, task, TASK_WITHDRAWN);
}

static enum rc load_running(struct turn *turn, struct ulid id, struct task *task,
                            struct signal *signal)
{
    enum rc rc = task_get(turn->txn, id, turn->arena, task);

    if (rc)
        return rc;
    if (task->state != TASK_RUNNING || !task->signals.n_items)
        return RC_NOT_FOUND;
    return signal_get(turn->txn, task->signals.items[0], turn->arena, signal);
}

static enum rc store_both(struct turn *turn, const struct task *task, const struct signal *signal)
{
    enum rc rc = task_put(turn->txn, task);

    return rc ? rc : signal_put(turn->txn, signal);
}

enum rc tasks_take_evidence(struct turn *turn, const struct outbox_item *item,
                            const struct effect_result *result)
{
    struct signal signal = { 0 };
    struct task task = { 0 };
    struct evidence *evidence;
    enum rc rc;

    rc = load_running(turn, item->object, &task, &signal);
    if (rc == RC_NOT_FOUND)
        return RC_OK; /* withdrawn meanwhile */
    if (rc)
        return rc;
    if (item->part < 0 || (size_t)item->part >= task.evidence.n_items)
        return RC_CORRUPT;
    evidence = (struct evidence *)task.evidence.items + item->part;
    rc = evidence_from_result(item, result, turn->arena, evidence);
    if (!rc && !waits_for_evidence(&task))
        rc = finish_or_withdraw(turn, &task, &signal);
    if (rc)
        return rc;
    return store_both(turn, &task, &signal);
}

enum rc tasks_deadline(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct signal signal = { 0 };
    struct task task = { 0 };
    struct evidence *evidence;
    enum rc rc;

    rc = load_running(turn, id, &task, &signal);
    if (rc == RC_NOT_FOUND || (!rc && task.deadline_ms != due_ms))
        return RC_OK;
    if (rc)
        return rc;
    /* What did not come in time is a gap in the diagnosis, not a reason to say nothing. */
    evidence = task.evidence.items;
    for (size_t i = 0; i < task.evidence.n_items; i++) {
        if (evidence[i].state != EVIDENCE_WAITING)
            continue;
        evidence[i].state = EVIDENCE_FAILED;
        evidence[i].error = SLICE("not there at the task's deadline");
    }
    rc = turn_cancel(turn, task.id);
    if (!rc)
        rc = finish_or_withdraw(turn, &task, &signal);
    if (rc)
        return rc;
    return store_both(turn, &task, &signal);
}

enum rc tasks_close(struct turn *turn, struct task *task, struct slice reason)
{
    enum rc rc;

    task->reason = reason;
    rc = turn_move_timer(turn, TIMER_TASK_DEADLINE, task->id, task->deadline_ms, 0);
    if (!rc)
        rc = turn_cancel(turn, task->id);
    if (!rc)
        rc = move(turn, task, TASK_WITHDRAWN);
    return rc ? rc : task_put(turn->txn, task);
}

enum rc tasks_withdraw(struct turn *turn, struct signal *signal, struct slice reason)
{
    struct task task = { 0 };
    enum rc rc = RC_OK;

    if (signal->attention == ATTENTION_TASK)
        rc = groups_leave(turn, signal, PROPOSAL_WITHDRAWN, reason);
    if (rc || signal->attention != ATTENTION_TASK)
        return rc;
    signal->attention = ATTENTION_NONE;
    rc = task_get(turn->txn, signal->task, turn->arena, &task);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    return tasks_close(turn, &task, reason);
}
