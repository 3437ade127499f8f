#include "src/engine/engine_private.h"

#include "rules/snapshot.h"
#include "src/base/crash_point.h"
#include "src/base/log_mark.h"
#include "src/store/rulesets.h"

/* A signal with its task, its proposal and what is rendered for them. */
#define SIGNAL_LIMIT_BYTES ((size_t)256 << 20)

#define ONLY_OBSERVES "its rule only observes now"

/* --- signals follow the rules --- */

/* Has its rule gone, or changed its meaning since the signal last saw it? */
static bool is_outdated(const struct turn *turn, const struct signal_glance *glance)
{
    const struct rule *rule = turn_rule(turn, glance->rule);

    /* What has ended and asks for nothing meets its rule again with its next match. */
    if (glance->state == SIGNAL_RESOLVED && glance->attention == ATTENTION_NONE &&
        !glance->condition_due_ms)
        return false;
    return !rule || !slice_eq(rule->version, glance->rule_version);
}

/* A look in passing at each: there may be any number of them. */
static enum rc list_outdated(struct turn *turn, struct ulid_list *ids)
{
    struct signal_glance glance = { 0 };
    size_t n_room = 0;
    enum rc rc;

    for (size_t i = 0; i < SIGNAL_STATES; i++)
        n_room += (size_t)turn->engine->counts.signals[i];
    ids->items = arena_alloc(turn->arena, n_room + 1, sizeof(struct ulid));
    if (!ids->items)
        return RC_NO_MEMORY;
    do {
        rc = signal_glance_next(turn->txn, glance.id, &glance);
        if (!rc && ids->n_items < n_room && is_outdated(turn, &glance))
            ids->items[ids->n_items++] = glance.id;
    } while (!rc || rc == RC_CORRUPT);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* Which group it is part of under this rule; absent: none. */
static enum rc find_group(struct turn *turn, const struct rule *rule, const struct signal *signal,
                          struct ulid *group)
{
    *group = (struct ulid){ 0 };
    if (!rule->group.is_there || rule->mode != RULE_PROPOSE)
        return RC_OK;
    return groups_identify(turn, rule, signal, group);
}

/* An undecided proposal that was its own is absorbed by that of its group. */
static enum rc give_up_own(struct turn *turn, struct signal *signal)
{
    struct proposal proposal = { 0 };
    enum rc rc = proposal_get(turn->txn, signal->proposal, turn->arena, &proposal);

    if (rc || proposal.state != PROPOSAL_OPEN)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = proposals_move(turn, signal, &proposal, PROPOSAL_SUPERSEDED,
                        SLICE("its rule groups what fires together: the group asks for it"));
    return rc ? rc : proposal_put(turn->txn, &proposal);
}

/* The rule groups, or groups otherwise, or no longer. What is decided goes on; what is not is asked anew, by a timer: nothing is opened while signals adopt their rules. */
static enum rc regroup(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    const struct slice reason = SLICE("its rule groups its signals otherwise now");
    struct ulid group;
    enum rc rc = find_group(turn, rule, signal, &group);

    if (rc || !ulid_compare(group, signal->group))
        return rc;
    if (rule->mode != RULE_PROPOSE)
        return groups_leave(turn, signal, PROPOSAL_WITHDRAWN, SLICE(ONLY_OBSERVES));
    if (!ulid_is_absent(signal->group))
        rc = groups_leave(turn, signal, PROPOSAL_SUPERSEDED, reason);
    else if (signal->attention == ATTENTION_TASK)
        rc = tasks_withdraw(turn, signal, reason);
    else if (signal->attention == ATTENTION_PROPOSAL)
        rc = give_up_own(turn, signal);
    if (rc || signal->attention != ATTENTION_NONE || signal->state != SIGNAL_FIRING)
        return rc;
    return gates_ask_soon(turn, signal, HOLD_GROUP);
}

/* What people were asked under the old meaning is asked anew under the new one: in the same message, as a new revision. */
static enum rc revise(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    struct proposal proposal = { 0 };
    struct proposal before;
    struct task task = { 0 };
    enum rc rc;

    if (signal->attention != ATTENTION_PROPOSAL)
        return RC_OK;
    if (rule->mode != RULE_PROPOSE)
        return proposals_premise_gone(turn, signal, SLICE(ONLY_OBSERVES));
    rc = proposal_get(turn->txn, signal->proposal, turn->arena, &proposal);
    /* Of a group it shows the plan of the one that leads. */
    if (rc || proposal.state != PROPOSAL_OPEN || ulid_compare(proposal.signal, signal->id))
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    before = proposal;
    rc = task_get(turn->txn, proposal.task, turn->arena, &task);
    if (!rc || rc == RC_NOT_FOUND) /* without it the latest match says what to do */
        rc = proposals_render(turn, rule, signal, &task, &proposal);
    if (!rc)
        rc = proposal_drop_edits(&proposal, SLICE("the rule has changed"), turn->arena);
    if (!rc)
        rc = proposal_revise(&proposal, turn->now_ms, false, turn->arena);
    if (!rc && !slice_eq(proposal.edited, before.edited))
        rc = messages_tell_edit(turn, &proposal);
    if (!rc)
        rc = proposals_moved(turn, signal, &proposal, &before);
    return rc ? rc : proposal_put(turn->txn, &proposal);
}

/* Its proposal and its task say why: a rule that is gone is no recovery. */
static enum rc close_without_rule(struct turn *turn, struct signal *signal)
{
    struct slice reason = SLICE("rule removed");
    enum rc rc = groups_leave(turn, signal, PROPOSAL_WITHDRAWN, reason);

    if (!rc)
        rc = tasks_withdraw(turn, signal, reason);
    if (!rc)
        rc = proposals_premise_gone(turn, signal, reason);
    return rc ? rc : signals_end(turn, signal, reason);
}

/* What people read of it is in the words of the new rule; a severity that the event itself gave stays. */
static enum rc retitle(struct turn *turn, const struct rule *rule, struct signal *signal)
{
    size_t offset;

    if ((signal->state != SIGNAL_FIRING && signal->state != SIGNAL_PENDING) ||
        signal->is_overflow || signal->stands_for_watcher)
        return RC_OK;
    if (slice_find(signal->fields, SLICE("\"severity\":"), &offset))
        signal->severity = rule->severity;
    return snapshot_title(rule, signal, turn->now_ms, turn->arena);
}

static enum rc adopt_one(struct turn *turn, struct ulid id)
{
    struct signal signal = { 0 };
    struct fold fold = { 0 };
    struct fold_clock clock;
    const struct rule *rule;
    struct signal_timers timers;
    enum signal_state before;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    if (rc)
        return rc;
    rc = keys_rule_of(turn, &signal, &rule);
    if (rc)
        return rc;
    if (!rule)
        return close_without_rule(turn, &signal);
    clock = keys_clock(turn, rule);
    timers = signals_timers(&signal);
    before = signal.state;
    rc = fold_adopt(rule, &clock, turn->arena, &signal, &fold);
    turn->counts.signals[before]--;
    turn->counts.signals[signal.state]++;
    if (!rc)
        rc = signals_move_timers(turn, &signal, timers);
    if (!rc)
        rc = retitle(turn, rule, &signal);
    if (!rc)
        rc = regroup(turn, rule, &signal);
    if (!rc)
        rc = revise(turn, rule, &signal);
    if (!rc)
        rc = gates_look_again(turn, &signal);
    /* Its rule only observed until now, say: nothing may ever match again that would make it ask. */
    if (!rc && signal.state == SIGNAL_FIRING && !signal.hold.reason)
        rc = signals_ask_later(turn, rule, &signal);
    return rc ? rc : signal_put(turn->txn, &signal);
}

/* A rule may have any number of signals: the memory of each is given back before the next. */
static enum rc adopt_all(struct turn *turn, const struct ulid_list *ids)
{
    struct arena *of_turn = turn->arena;
    struct arena *of_signal = NULL;
    enum rc rc = arena_new(SIGNAL_LIMIT_BYTES, &of_signal);

    turn->arena = of_signal;
    for (size_t i = 0; i < ids->n_items && !rc; i++) {
        arena_reset(of_signal);
        rc = adopt_one(turn, ids->items[i]);
    }
    turn->arena = of_turn;
    arena_free(of_signal);
    return rc;
}

enum rc turn_adopt_rules(struct turn *turn, bool any_may_have_changed, size_t *n_changed)
{
    struct ulid_list ids = { 0 };
    enum rc rc = any_may_have_changed ? list_outdated(turn, &ids) : RC_OK;

    *n_changed = ids.n_items;
    if (!rc)
        rc = adopt_all(turn, &ids);
    return rc ? rc : inhibit_follow_rules(turn);
}

enum rc turn_save_rules(struct turn *turn, const struct rule_files *files)
{
    struct saved_ruleset saved = { .saved_ms = turn->now_ms };
    struct saved_file *copies = arena_alloc(turn->arena, files->n_files + 1, sizeof *copies);

    if (!copies)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < files->n_files; i++)
        copies[i] = (struct saved_file){ .name = files->files[i].name,
                                         .text = files->files[i].text,
                                         .is_list = files->files[i].is_list };
    saved.files = (struct record_list){ copies, files->n_files };
    return ruleset_save(turn->txn, &saved);
}

/* --- the swap --- */

static void forget_fault(const struct rule *rule, enum match_fault_kind kind)
{
    struct slice fault = slice_of(match_fault_names[kind]);

    if (metric_value(METRIC_MATCH_FAULTS, rule->id, fault) > 0)
        metric_set(METRIC_MATCH_FAULTS, rule->id, fault, 0);
}

/* A rule that is written anew has everything to prove again: what the old one could not judge says nothing of it. Every reload ends a quarantine. */
static void forget_faults(const struct ruleset *before, const struct ruleset *after)
{
    for (size_t i = 0; i < before->n_rules; i++) {
        const struct rule *rule = &before->rules[i];
        const struct rule *now = ruleset_find(after, rule->id);
        bool is_another = !now || !slice_eq(now->version, rule->version);

        for (int kind = 0; kind < MATCH_FAULTS; kind++)
            if (is_another || kind == MATCH_FAULT_QUARANTINED)
                forget_fault(rule, (enum match_fault_kind)kind);
    }
}

struct difference {
    size_t n_added, n_removed, n_changed;
};

static struct difference compare(const struct ruleset *before, const struct ruleset *after)
{
    struct difference difference = { 0 };

    for (size_t i = 0; i < after->n_rules; i++) {
        const struct rule *old = ruleset_find(before, after->rules[i].id);

        difference.n_added += !old;
        difference.n_changed += old && !slice_eq(old->version, after->rules[i].version);
    }
    for (size_t i = 0; i < before->n_rules; i++)
        difference.n_removed += !ruleset_find(after, before->rules[i].id);
    return difference;
}

static enum rc journal_reload(struct turn *turn, struct slice summary)
{
    struct json_writer writer;
    struct buffer body;
    enum rc rc;

    buffer_init(&body, 0);
    writer = json_writer_to(&body);
    json_object_begin(&writer);
    json_member_text(&writer, "summary", summary);
    json_member_text(&writer, "version", turn->engine->ruleset->version);
    json_object_end(&writer);
    rc = buffer_rc(&body);
    if (!rc)
        rc = turn_journal(turn, DOOR_RELOAD, SLICE("vedette.reload"), buffer_slice(&body));
    if (!rc)
        rc = turn_audit(turn, "reload", SLICE("vedette"), (struct slice){ 0 }, (struct slice){ 0 },
                        &body);
    buffer_free(&body);
    return rc;
}

static enum rc reload(struct turn *turn, const struct config *config_before,
                      const struct rule_files *files, const struct difference *difference,
                      struct buffer *summary)
{
    size_t n_signals = 0;
    enum rc rc = keys_greet_rules(turn);

    if (!rc)
        rc = turn_adopt_rules(turn, difference->n_changed + difference->n_removed > 0, &n_signals);
    buffer_format(summary, "%zu rules: %zu added, %zu removed, %zu changed; %zu signals follow",
                  turn->engine->ruleset->n_rules, difference->n_added, difference->n_removed,
                  difference->n_changed, n_signals);
    if (!rc)
        rc = buffer_rc(summary);
    if (!rc)
        rc = absence_follow_config(turn);
    if (!rc)
        rc = signals_settle(turn);
    if (!rc)
        rc = messages_follow_config(turn, config_before);
    if (!rc)
        rc = gates_follow_config(turn);
    if (!rc)
        rc = turn_save_rules(turn, files);
    if (!rc)
        rc = journal_reload(turn, buffer_slice(summary));
    return rc;
}

enum rc engine_reload(struct engine *engine, const struct config *config, struct ruleset *ruleset,
                      const struct rule_files *files, int64_t now_ms, struct buffer *summary)
{
    struct difference difference = compare(engine->ruleset, ruleset);
    const struct config *config_before = engine->config;
    struct ruleset *ruleset_before = engine->ruleset;
    struct keys *keys_before = engine->keys;
    struct keys *keys = NULL;
    struct turn turn;
    enum rc rc = keys_prepare(engine, ruleset, &keys);

    if (rc)
        return rc;
    /* The turn sees the new rules; when it fails nobody ever did. */
    engine->keys = keys;
    engine->ruleset = ruleset;
    engine->config = config;
    rc = turn_begin(engine, now_ms, &turn);
    if (!rc)
        rc = turn_read_clock(&turn, now_ms);
    if (!rc)
        rc = reload(&turn, config_before, files, &difference, summary);
    crash_point(CRASH_RELOAD_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    keys_free(rc ? keys : keys_before);
    if (rc) {
        engine->keys = keys_before;
        engine->ruleset = ruleset_before;
        engine->config = config_before;
        return rc;
    }
    forget_faults(ruleset_before, ruleset);
    engine_put_in_force(engine, ruleset);
    log_mark_switch(watchers_read_lines(config->watchers));
    ruleset_free(ruleset_before);
    metric_set(METRIC_RULES_LOADED, (struct slice){ 0 }, (struct slice){ 0 },
               (double)ruleset->n_rules);
    return RC_OK;
}
