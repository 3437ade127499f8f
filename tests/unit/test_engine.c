/* The engine over memory, driven call by call: what happens between what a rule test can say. */
#include "tests/unit/engine_story.h"
#include "watchers/log_lines.h"

/* clang-format off */
#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "retention: {events: 1h}\n"                                                                    \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/true], effect: external, undo: unact, timeout: 10s}\n"                     \
    "  unact: {run: [/bin/true], effect: external, timeout: 10s}\n"                                \
    "  look: {run: [/bin/true], effect: none, timeout: 10s}\n"                                     \
    "  turn:\n"                                                                                    \
    "    run: [/bin/true, \"{{level}}\"]\n"                                                        \
    "    params: {level: '/[0-9]+/'}\n"                                                            \
    "    effect: external\n"                                                                       \
    "    hold: 5s\n"                                                                               \
    "watchers: [{log: [/nowhere/app.log], name: app}]\n"                                           \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
/* clang-format on */

#define RED(more) "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo]" more "}]\n"
#define PROPOSE ", propose: {plan: [{do: act}], cooldown: 0s, expires: 4h}"
#define QUIET_RULE RED(PROPOSE ", verify: {quiet: 30m}")
#define TURN_RULE(more)                                                                            \
    RED(", propose: {plan: [{do: turn, with: {level: '7'}}], cooldown: 0s, expires: 4h}" more)
#define OK_RULE RED(PROPOSE ", verify: {ok: 1h}")

static struct story *begin(const char *rules)
{
    return begin_with(CONFIG, rules);
}

static void approved_at(struct story *story, int64_t at_ms)
{
    assert_int_equal(
        decides(story, newest(story), (struct decision){ .verdict = VERDICT_APPROVE }, at_ms),
        DECISION_TAKEN);
}

static void approved_on_the_page_at(struct story *story, int64_t at_ms)
{
    assert_int_equal(decides(story, newest(story),
                             (struct decision){ .verdict = VERDICT_APPROVE, .via = SLICE("page") },
                             at_ms),
                     DECISION_TAKEN);
}

/* --- one proposal at a time --- */

static void undoing_an_older_proposal_makes_nobody_ask_twice(void **state)
{
    struct story *story = begin(QUIET_RULE);
    struct proposal first;

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    ends(story, EFFECT_DONE, NOON_MS + 2);
    fails_at(story, NOON_MS + 3); /* recurred, and asks again */
    assert_int_equal(n_proposals(story), 2);
    first = proposal_of(story, newest(story).earlier);
    assert_int_equal(first.state, PROPOSAL_RECURRED);
    assert_int_equal(
        decides(story, first, (struct decision){ .verdict = VERDICT_UNDO }, NOON_MS + 4),
        DECISION_TAKEN);
    ends(story, EFFECT_DONE, NOON_MS + 5);
    assert_int_equal(proposal_of(story, first.id).state, PROPOSAL_UNDONE);
    fails_at(story, NOON_MS + 6);
    assert_int_equal(n_proposals(story), 2);
    assert_int_equal(newest(story).state, PROPOSAL_OPEN);
    end(story);
}

static void what_fails_anew_after_a_resolve_recurred_all_the_same(void **state)
{
    struct story *story = begin(QUIET_RULE);
    struct ulid first;

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    ends(story, EFFECT_DONE, NOON_MS + 2);
    is_ok_at(story, NOON_MS + MINUTE_MS);
    first = newest(story).id;
    assert_int_equal(newest(story).state,
                     PROPOSAL_VERIFYING); /* half an hour of quiet is asked for */
    fails_at(story, NOON_MS + 2 * MINUTE_MS);
    assert_int_equal(proposal_of(story, first).state, PROPOSAL_RECURRED);
    assert_int_equal(n_proposals(story), 2);
    assert_true(!ulid_compare(newest(story).earlier, first));
    assert_int_equal(the_signal(story).state, SIGNAL_FIRING);
    end(story);
}

static void a_later_episode_has_the_earlier_proposal_on_top(void **state)
{
    struct story *story = begin(OK_RULE);
    struct ulid first;

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    ends(story, EFFECT_DONE, NOON_MS + 2);
    is_ok_at(story, NOON_MS + 3);
    first = newest(story).id;
    assert_int_equal(newest(story).state, PROPOSAL_VERIFIED);
    fails_at(story, NOON_MS + HOUR_MS);
    assert_int_equal(n_proposals(story), 2);
    assert_true(!ulid_compare(newest(story).earlier, first));
    end(story);
}

/* --- did it help --- */

static void a_source_that_is_quicker_than_the_step_verifies_it(void **state)
{
    struct story *story = begin(OK_RULE);

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    is_ok_at(story, NOON_MS + 2);
    assert_int_equal(newest(story).state, PROPOSAL_RUNNING);
    ends(story, EFFECT_DONE, NOON_MS + 3);
    assert_int_equal(newest(story).state, PROPOSAL_VERIFIED);
    end(story);
}

static void a_signal_resolved_by_hand_is_verified_by_the_source_that_says_so_later(void **state)
{
    struct story *story = begin(OK_RULE);

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    ends(story, EFFECT_DONE, NOON_MS + 2);
    assert_int_equal(engine_resolve(story->engine, the_signal(story).id, SLICE("jane"),
                                    SLICE("socket"), NOON_MS + 3),
                     RC_OK);
    assert_int_equal(newest(story).state, PROPOSAL_VERIFYING);
    is_ok_at(story, NOON_MS + 4);
    assert_int_equal(newest(story).state, PROPOSAL_VERIFIED);
    end(story);
}

static void what_was_received_before_the_work_was_done_is_no_recurrence(void **state)
{
    struct story *story = begin(QUIET_RULE);

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    ends(story, EFFECT_DONE, NOON_MS + 10); /* while a delivery still waits to be folded */
    fails_at(story, NOON_MS + 9);
    assert_int_equal(newest(story).state, PROPOSAL_VERIFYING);
    fails_at(story, NOON_MS + 10);
    assert_int_equal(n_proposals(story), 2);
    end(story);
}

/* --- time --- */

static void a02_a_hold_that_ends_late_does_not_start_what_has_expired(void **state)
{
    struct story *story = begin(QUIET_RULE);

    (void)state;
    fails_at(story, NOON_MS);
    approved_on_the_page_at(story, NOON_MS + 1);
    assert_int_equal(newest(story).state, PROPOSAL_APPROVED);
    fold(story,
         NOON_MS + 5 * HOUR_MS); /* the machine slept: the hold's timer is due at its old time */
    assert_int_equal(story->n_effects, 0);
    assert_int_equal(newest(story).state, PROPOSAL_STALE);
    end(story);
}

static void a_hold_that_ends_in_time_starts_it(void **state)
{
    struct story *story = begin(QUIET_RULE);

    (void)state;
    fails_at(story, NOON_MS);
    approved_on_the_page_at(story, NOON_MS + 1);
    fold(story, NOON_MS + MINUTE_MS);
    assert_int_equal(story->n_effects, 1);
    assert_int_equal(newest(story).state, PROPOSAL_RUNNING);
    end(story);
}

static void who_snoozed_approved_and_took_back_is_woken_still(void **state)
{
    struct story *story = begin(QUIET_RULE);

    (void)state;
    fails_at(story, NOON_MS);
    decides(story, newest(story), (struct decision){ .verdict = VERDICT_SNOOZE, .for_ms = HOUR_MS },
            NOON_MS + 1);
    approved_on_the_page_at(story, NOON_MS + 2);
    assert_int_equal(decides(story, newest(story),
                             (struct decision){ .verdict = VERDICT_TAKE_BACK }, NOON_MS + 3),
                     DECISION_TAKEN);
    assert_int_equal(newest(story).state, PROPOSAL_OPEN);
    fold(story, NOON_MS + 2 * HOUR_MS);
    assert_int_equal(newest(story).snoozed_until_ms, 0);
    assert_int_equal(engine_due_ms(story->engine), newest(story).expires_ms);
    end(story);
}

/* --- edits --- */

static enum decision_outcome edited_at(struct story *story, const char *level, int64_t at_ms)
{
    char params[64];

    snprintf(params, sizeof params, "[{\"level\":\"%s\"}]", level);
    return decides(story, newest(story),
                   (struct decision){ .verdict = VERDICT_EDIT, .params = slice_of(params) }, at_ms);
}

static struct slice level_of(const struct proposal *proposal)
{
    const struct step *steps = proposal->plan.items;

    return proposal->plan.n_items ? steps[0].argv.items[1] : (struct slice){ 0 };
}

static void a04_an_edited_plan_is_a_new_revision_with_the_same_hold_and_expiry(void **state)
{
    struct story *story = begin(TURN_RULE(""));
    struct proposal before, after;
    struct slice digest;

    (void)state;
    fails_at(story, NOON_MS);
    before = newest(story);
    assert_int_equal(edited_at(story, "8", NOON_MS + 1), DECISION_TAKEN);
    after = newest(story);
    assert_true(slice_eq(level_of(&after), SLICE("8")));
    assert_int_equal(after.revision, 2);
    assert_int_equal(after.hold_ms_page, 5 * SECOND_MS);
    assert_int_equal(after.expires_ms, before.expires_ms);
    assert_int_equal(engine_due_ms(story->engine), before.expires_ms);
    assert_int_equal(plan_digest(&after, story->arena, &digest), RC_OK);
    assert_true(slice_eq(digest, after.plan_digest)); /* as stored */
    end(story);
}

static void a_rule_that_changes_voids_what_was_edited_and_says_so(void **state)
{
    struct story *story = begin(TURN_RULE(""));
    const struct decision *decisions;
    struct proposal after;
    size_t offset;

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(edited_at(story, "8", NOON_MS + 1), DECISION_TAKEN);
    swap_rules(story, TURN_RULE(", severity: high"), NOON_MS + 2);
    after = newest(story);
    assert_true(slice_eq(level_of(&after), SLICE("7")));
    assert_int_equal(after.revision, 3);
    decisions = after.decisions.items;
    assert_true(decisions[0].is_void);
    assert_int_equal(
        slice_find(after.edited, SLICE("what jane changed in it before is void"), &offset), RC_OK);
    /* The same rules once more change nothing. */
    assert_int_equal(edited_at(story, "9", NOON_MS + 3), DECISION_TAKEN);
    swap_rules(story, TURN_RULE(", severity: high"), NOON_MS + 4);
    after = newest(story);
    assert_true(slice_eq(level_of(&after), SLICE("9")));
    end(story);
}

static void what_was_edited_outlives_a_stop_a_snooze_and_an_approval_taken_back(void **state)
{
    struct story *story = begin(TURN_RULE(""));
    struct proposal after;

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(edited_at(story, "8", NOON_MS + 1), DECISION_TAKEN);
    engine_free(story->engine);
    start_engine(story, TURN_RULE(""));
    assert_int_equal(engine_recover(story->engine, NOON_MS + 2), RC_OK);
    decides(story, newest(story), (struct decision){ .verdict = VERDICT_SNOOZE, .for_ms = DAY_MS },
            NOON_MS + 3);
    approved_on_the_page_at(story, NOON_MS + 4);
    assert_int_equal(decides(story, newest(story),
                             (struct decision){ .verdict = VERDICT_TAKE_BACK }, NOON_MS + 5),
                     DECISION_TAKEN);
    fold(story, NOON_MS + DAY_MS + HOUR_MS);
    after = newest(story);
    assert_int_equal(after.state, PROPOSAL_OPEN);
    assert_int_equal(after.revision, 4);
    assert_true(slice_eq(level_of(&after), SLICE("8")));
    end(story);
}

/* What an edit must not bring back; the plan of the rule itself was rejected by nobody. */
static void a_plan_that_was_rejected_stays_rejected_whoever_edits_another_into_it(void **state)
{
    struct story *story = begin(TURN_RULE(""));
    struct engine_decision asked;
    struct proposal again;

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(edited_at(story, "8", NOON_MS + 1), DECISION_TAKEN);
    assert_int_equal(
        decides(story, newest(story),
                (struct decision){ .verdict = VERDICT_REJECT, .reason = SLICE("wrong_action") },
                NOON_MS + 2),
        DECISION_TAKEN);
    fails_at(story, NOON_MS + 3);
    assert_int_equal(n_proposals(story), 2);
    again = newest(story);
    assert_true(slice_eq(level_of(&again), SLICE("7")));

    asked = (struct engine_decision){ .proposal = again.short_id,
                                      .decision = { .verdict = VERDICT_EDIT,
                                                    .by = SLICE("jane"),
                                                    .via = SLICE("socket"),
                                                    .plan_digest = again.plan_digest,
                                                    .params = SLICE("[{\"level\":\"8\"}]") },
                                      .real_ms = NOON_MS + 4,
                                      .arena = story->arena };
    assert_int_equal(engine_decide(story->engine, &asked, NOON_MS + 4), RC_OK);
    assert_int_equal(asked.answer.outcome, DECISION_INVALID);
    assert_true(slice_eq(asked.answer.detail, SLICE("the same plan was rejected before: rejected "
                                                    "by jane (wrong_action)")));
    assert_int_equal(newest(story).revision, 1);
    assert_int_equal(edited_at(story, "9", NOON_MS + 5), DECISION_TAKEN);
    end(story);
}

/* --- stops --- */

static void start_again(struct story *story, const char *rules, int64_t at_ms)
{
    engine_free(story->engine);
    start_engine(story, rules);
    assert_int_equal(engine_recover(story->engine, at_ms), RC_OK);
}

static void a09_a_hold_that_ends_during_a_stop_starts_it_after_the_next_start(void **state)
{
    struct story *story = begin(QUIET_RULE);

    (void)state;
    fails_at(story, NOON_MS);
    approved_on_the_page_at(story, NOON_MS + 1);
    engine_rest(story->engine);
    fold(story, NOON_MS + 20 * SECOND_MS);
    assert_int_equal(story->n_effects, 0);
    assert_int_equal(newest(story).state, PROPOSAL_APPROVED);
    start_again(story, QUIET_RULE, NOON_MS + 30 * SECOND_MS);
    assert_int_equal(story->n_effects, 1);
    assert_int_equal(newest(story).state, PROPOSAL_RUNNING);
    end(story);
}

static void the_second_step_of_a_plan_waits_for_the_next_start_as_well(void **state)
{
    const char *rules = RED(", propose: {plan: [{do: act}, {do: act}]}, verify: {quiet: 30m}");
    struct story *story = begin(rules);

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    engine_rest(story->engine);
    ends(story, EFFECT_DONE, NOON_MS + 2);
    assert_int_equal(story->n_effects, 1);
    assert_int_equal(newest(story).state, PROPOSAL_RUNNING);
    start_again(story, rules, NOON_MS + 3);
    assert_int_equal(story->n_effects, 2);
    ends(story, EFFECT_DONE, NOON_MS + 4);
    assert_int_equal(newest(story).state, PROPOSAL_VERIFYING);
    end(story);
}

/* --- lines of logs as evidence --- */

#define LOG_RULE(log, timeout)                                                                     \
    RED(PROPOSE ", diagnose: {evidence: [{log: " log "}], timeout: " timeout "}")

static struct outbox_item newest_effect(struct story *story)
{
    struct outbox_item item = { 0 };
    struct store_txn *txn = NULL;

    assert_true(story->n_effects > 0);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(outbox_get(txn, story->effects[story->n_effects - 1].id, story->arena, &item),
                     RC_OK);
    store_abort(&txn);
    return item;
}

static struct evidence the_evidence(struct story *story)
{
    struct task task = { 0 };
    struct store_txn *txn = NULL;
    struct ulid id = { 0 };

    assert_int_equal(n_of(story, TABLE_TASKS, &task_shape, &id), 1);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(task_get(txn, id, story->arena, &task), RC_OK);
    store_abort(&txn);
    assert_int_equal(task.evidence.n_items, 1);
    return *(struct evidence *)task.evidence.items;
}

static void lines_are_found(struct story *story, const char *text, const char *finding,
                            int64_t at_ms)
{
    const struct outbox_item *item = &story->effects[story->n_answered++];
    const struct effect_result result = { .item = item->id,
                                          .channel = item->channel,
                                          .object = item->object,
                                          .part = item->part,
                                          .state = EFFECT_DONE,
                                          .output = slice_of(text),
                                          .finding = slice_of(finding),
                                          .bytes = (int64_t)strlen(text),
                                          .finished_ms = at_ms };

    assert_int_equal(engine_result(story->engine, &result, at_ms), RC_OK);
}

static void a_task_waits_for_the_lines_of_a_log_and_its_proposal_tells_them(void **state)
{
    struct story *story =
        begin(LOG_RULE("{watcher: app, around: 2m, match: '/error/i', lines: 50}", "5m"));
    struct outbox_item item;

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_proposals(story), 0);
    item = newest_effect(story);
    assert_int_equal(item.channel, OUTBOX_EVIDENCE);
    assert_true(slice_eq(item.log.watcher, SLICE("app")));
    assert_true(slice_eq(item.log.match, SLICE("/error/i")));
    assert_int_equal(item.log.first_ms, NOON_MS);
    assert_int_equal(item.log.last_ms, NOON_MS);
    assert_int_equal(item.log.around_ms, 2 * MINUTE_MS);
    assert_int_equal(item.log.n_lines, 50);
    assert_int_equal(item.log.samples.n_items, 0);
    assert_int_equal(item.not_before_ms, NOON_MS + SECOND_MS);
    assert_int_equal(item.created_ms + item.timeout_ms, NOON_MS + 5 * MINUTE_MS);
    assert_int_equal(the_evidence(story).state, EVIDENCE_WAITING);
    assert_true(slice_eq(the_evidence(story).kind, SLICE("log")));

    lines_are_found(story, "1 line of app:\nError: full", "Error: full", NOON_MS + 2 * SECOND_MS);
    assert_int_equal(n_proposals(story), 1);
    assert_int_equal(the_evidence(story).state, EVIDENCE_HELD);
    assert_true(slice_eq(the_evidence(story).source, SLICE("app")));
    assert_true(slice_eq(the_evidence(story).text, SLICE("1 line of app:\nError: full")));
    assert_true(slice_eq(((struct fact *)newest(story).diagnosis.facts.items)[2].text,
                         SLICE("1 line of app; the first: \"Error: full\"")));
    end(story);
}

static void lines_that_are_not_found_by_the_deadline_are_a_gap(void **state)
{
    struct story *story = begin(LOG_RULE("app", "1s"));

    (void)state;
    fails_at(story, NOON_MS);
    /* Half of a short time is left to read. */
    assert_int_equal(newest_effect(story).not_before_ms, NOON_MS + SECOND_MS / 2);
    fold(story, NOON_MS + SECOND_MS - 1);
    assert_int_equal(n_proposals(story), 0);
    fold(story, NOON_MS + SECOND_MS);
    assert_int_equal(n_proposals(story), 1);
    assert_int_equal(story->n_cancelled, 1);
    assert_int_equal(the_evidence(story).state, EVIDENCE_FAILED);
    lines_are_found(story, "too late", "too late", NOON_MS + SECOND_MS + 1);
    assert_int_equal(the_evidence(story).state, EVIDENCE_FAILED);
    assert_int_equal(n_proposals(story), 1);
    end(story);
}

static void lines_of_a_withdrawn_task_are_wanted_by_nobody(void **state)
{
    struct story *story = begin(LOG_RULE("app", "5m"));

    (void)state;
    fails_at(story, NOON_MS);
    is_ok_at(story, NOON_MS + 1);
    assert_int_equal(story->n_cancelled, 1);
    lines_are_found(story, "late", "late", NOON_MS + SECOND_MS);
    assert_int_equal(n_proposals(story), 0);
    assert_int_equal(the_evidence(story).state, EVIDENCE_WAITING);
    end(story);
}

static void a_search_that_a_crash_ended_is_asked_for_again(void **state)
{
    struct story *story = begin(LOG_RULE("app", "5m"));

    (void)state;
    fails_at(story, NOON_MS);
    start_again(story, LOG_RULE("app", "5m"), NOON_MS + SECOND_MS);
    assert_int_equal(story->n_effects, 2);
    assert_int_equal(story->effects[1].id, story->effects[0].id);
    end(story);
}

/* One line of the watcher `app`. */
static void says(struct story *story, struct slice text, int64_t at_ms)
{
    struct log_line line = { .time_ms = at_ms, .text = text };
    const struct log_lines lines = { .path = SLICE("/nowhere/app.log"), .lines = { &line, 1 } };
    struct journal_entry entry = { .door = DOOR_DATA,
                                   .watcher = SLICE("app"),
                                   .type = SLICE(LOG_ENTRY_TYPE),
                                   .received_ms = at_ms };
    struct engine_accept_item item = { .entry = &entry };
    struct buffer body;

    buffer_init(&body, 0);
    assert_int_equal(log_lines_encode(&lines, &body), RC_OK);
    entry.body = buffer_slice(&body);
    assert_int_equal(engine_accept(story->engine, &item, 1), RC_OK);
    fold(story, at_ms);
    buffer_free(&body);
}

static void the_lines_of_a_signal_of_that_log_are_asked_for_as_they_are(void **state)
{
    static char endless[2 * LOG_SAMPLE_BYTES];
    struct story *story =
        begin("rules: [{id: lines, on: log, match: '/boom/', when: {count: 2, within: 1h}, "
              "diagnose: {evidence: [{log: app}]}}]");
    struct slice_list samples;

    (void)state;
    memset(endless, 'x', sizeof endless);
    memcpy(endless, "boom", 4);
    says(story, SLICE("boom \xff\x1b[1m"), NOON_MS);
    says(story, SLICE("nothing"), NOON_MS + 1);
    says(story, (struct slice){ endless, sizeof endless }, NOON_MS + MINUTE_MS);
    samples = newest_effect(story).log.samples;
    assert_int_equal(samples.n_items, 2);
    assert_true(slice_eq(samples.items[0], SLICE("boom \xff\x1b[1m")));
    assert_int_equal(samples.items[1].len, LOG_SAMPLE_BYTES);
    assert_int_equal(newest_effect(story).log.first_ms, NOON_MS);
    assert_int_equal(newest_effect(story).log.last_ms, NOON_MS + MINUTE_MS);
    end(story);
}

/* --- rules that change --- */

static void a_rule_that_only_observes_by_the_end_of_its_task_proposes_nothing(void **state)
{
    struct story *story = begin(RED(PROPOSE ", diagnose: {evidence: [{do: look}]}"));

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_proposals(story), 0);
    swap_rules(story, RED(", mode: observe"), NOON_MS + 1);
    assert_int_equal(ends(story, EFFECT_DONE, NOON_MS + 2), OUTBOX_EVIDENCE);
    assert_int_equal(n_proposals(story), 0);
    assert_int_equal(the_signal(story).attention, ATTENTION_NONE);
    end(story);
}

static void a_rule_with_many_signals_is_changed_within_little_memory(void **state)
{
    struct story *story = begin(RED(", when: {count: 2, within: 1h}"));

    (void)state;
    for (int i = 0; i < 200; i++) {
        char json[256];

        snprintf(json, sizeof json, "{\"kind\":\"ci.run\",\"repo\":\"a/%d\",\"state\":\"failing\"}",
                 i);
        accept(story, NOON_MS, ENGINE_RECORDED_EVENT, json);
    }
    fold(story, NOON_MS);
    swap_rules(story, RED(", title: other, when: {count: 3, within: 1h}"), NOON_MS + 1);
    assert_true(arena_used_bytes(story->engine->arena) < (size_t)32 << 10);
    end(story);
}

static void what_was_only_pending_goes_with_its_rule(void **state)
{
    struct story *story = begin(RED(", when: {count: 2, within: 1h}"));

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(the_signal(story).state, SIGNAL_PENDING);
    swap_rules(story, "rules: [{id: other, on: alert}]\n", NOON_MS + 1);
    assert_int_equal(n_of(story, TABLE_SIGNALS, &signal_shape, NULL), 0);
    assert_int_equal(story->engine->counts.signals[SIGNAL_PENDING], 0);
    end(story);
}

static void who_ends_a_pending_signal_finds_it_ended(void **state)
{
    struct story *story = begin(RED(", when: {count: 2, within: 1h}"));
    struct ulid id;

    (void)state;
    fails_at(story, NOON_MS);
    id = the_signal(story).id;
    assert_int_equal(engine_resolve(story->engine, id, SLICE("jane"), SLICE("socket"), NOON_MS + 1),
                     RC_OK);
    assert_int_equal(the_signal(story).state, SIGNAL_RESOLVED);
    assert_int_equal(engine_resolve(story->engine, id, SLICE("jane"), SLICE("socket"), NOON_MS + 2),
                     RC_CONFLICT);
    assert_int_equal(story->engine->counts.signals[SIGNAL_PENDING], 0);
    end(story);
}

static void a_proposal_that_outlives_the_retention_can_still_be_revised(void **state)
{
    struct story *story = begin(QUIET_RULE);

    (void)state;
    fails_at(story, NOON_MS);
    retention_at(story, NOON_MS + 2 * HOUR_MS);
    assert_int_equal(n_of(story, TABLE_TASKS, &task_shape, NULL), 1);
    swap_rules(story, RED(PROPOSE ", title: other, verify: {quiet: 30m}"), NOON_MS + 2 * HOUR_MS);
    assert_int_equal(newest(story).revision, 2);
    end(story);
}

static void a_signal_is_kept_as_long_as_its_proposals(void **state)
{
    struct story *story = begin(OK_RULE);
    struct proposal proposal;

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    is_ok_at(story, NOON_MS + 2);
    ends(story, EFFECT_DONE, NOON_MS + 30 * MINUTE_MS);
    retention_at(story, NOON_MS + 70 * MINUTE_MS);
    proposal = newest(story);
    assert_int_equal(proposal.state, PROPOSAL_VERIFIED);
    assert_int_equal(decides(story, proposal, (struct decision){ .verdict = VERDICT_UNDO },
                             NOON_MS + 70 * MINUTE_MS),
                     DECISION_TAKEN);
    end(story);
}

/* --- damage --- */

static void write_rows(struct story *story, enum store_table table, struct slice key,
                       struct slice value)
{
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin(story->store, &txn), RC_OK);
    assert_int_equal(store_put(txn, table, key, value), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
}

static uint64_t n_dead(struct story *story)
{
    struct store_txn *txn = NULL;
    uint64_t n_rows;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(store_count(txn, TABLE_DEAD, &n_rows), RC_OK);
    store_abort(&txn);
    return n_rows;
}

static void a_damaged_proposal_costs_its_timer_and_no_delivery(void **state)
{
    struct story *story = begin(QUIET_RULE);
    struct ulid id;

    (void)state;
    fails_at(story, NOON_MS);
    id = newest(story).id;
    write_rows(story, TABLE_PROPOSALS, (struct slice){ (const char *)id.bytes, ULID_BYTES },
               SLICE("damaged"));
    accept(story, NOON_MS + 5 * HOUR_MS, ENGINE_RECORDED_EVENT,
           "{\"kind\":\"ci.run\",\"repo\":\"c/d\",\"state\":\"failing\"}");
    fold(story, NOON_MS + 5 * HOUR_MS);
    assert_int_equal(n_dead(story), 0);
    assert_int_equal(n_of(story, TABLE_SIGNALS, &signal_shape, NULL), 2);
    end(story);
}

static void a_damaged_delivery_does_not_keep_it_from_starting(void **state)
{
    struct story *story = begin(QUIET_RULE);
    const unsigned char key[] = { 0, 0, 0, 0, 0, 0, 0, 1 };

    (void)state;
    accept(story, NOON_MS, ENGINE_RECORDED_EVENT,
           "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"state\":\"failing\"}");
    accept(story, NOON_MS, ENGINE_RECORDED_EVENT,
           "{\"kind\":\"ci.run\",\"repo\":\"c/d\",\"state\":\"failing\"}");
    write_rows(story, TABLE_JOURNAL, (struct slice){ (const char *)key, sizeof key },
               SLICE("damaged"));
    for (int i = 0; i < 3; i++) { /* as after crashes */
        engine_free(story->engine);
        start_engine(story, QUIET_RULE);
        assert_int_equal(engine_recover(story->engine, NOON_MS + i), RC_OK);
    }
    fold(story, NOON_MS + 4);
    assert_int_equal(n_dead(story), 1);
    assert_int_equal(the_signal(story).state, SIGNAL_FIRING);
    end(story);
}

static void a_damaged_proposal_whose_step_ran_does_not_keep_it_from_starting(void **state)
{
    struct story *story = begin(QUIET_RULE);
    struct ulid id;

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    id = newest(story).id;
    write_rows(story, TABLE_PROPOSALS, (struct slice){ (const char *)id.bytes, ULID_BYTES },
               SLICE("damaged"));
    start_again(story, QUIET_RULE, NOON_MS + 2);
    assert_int_equal(story->engine->counts.outbox[OUTBOX_STEP], 0);
    end(story);
}

static void a_step_whose_row_in_the_outbox_is_damaged_is_unknown(void **state)
{
    struct story *story = begin(QUIET_RULE);
    const unsigned char key[] = { 0, 0, 0, 0, 0, 0, 0, 1 };

    (void)state;
    fails_at(story, NOON_MS);
    approved_at(story, NOON_MS + 1);
    assert_int_equal(story->effects[0].id, 1);
    write_rows(story, TABLE_OUTBOX, (struct slice){ (const char *)key, sizeof key },
               SLICE("damaged"));
    start_again(story, QUIET_RULE, NOON_MS + 2);
    assert_int_equal(newest(story).state, PROPOSAL_UNKNOWN);
    assert_int_equal(story->n_effects, 1); /* it did not start again */
    end(story);
}

static void timers_that_are_due_first_make_no_delivery_a_suspect(void **state)
{
    struct story *story = begin(RED(", when: {count: 2, within: 1h}"));

    (void)state;
    for (int i = 0; i < 2200; i++) {
        struct store_txn *txn = NULL;
        struct timer timer = { .due_ms = NOON_MS + 1 + i, .kind = TIMER_SIGNAL_QUIET };

        assert_int_equal(store_begin(story->store, &txn), RC_OK);
        assert_int_equal(timer_put(txn, &timer), RC_OK);
        assert_int_equal(store_commit(&txn), RC_OK);
    }
    accept(story, NOON_MS + HOUR_MS, ENGINE_RECORDED_EVENT,
           "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"state\":\"failing\"}");
    for (int i = 0; i < 2; i++) {
        engine_free(story->engine);
        start_engine(story, RED(", when: {count: 2, within: 1h}"));
        assert_int_equal(engine_recover(story->engine, NOON_MS + HOUR_MS + i), RC_OK);
    }
    fold(story, NOON_MS + HOUR_MS + 2);
    assert_int_equal(n_dead(story), 0);
    assert_int_equal(the_signal(story).state, SIGNAL_PENDING);
    end(story);
}

/* One that takes longer to read than a turn may last would else be read again for ever, and nothing behind it be folded. */
static void each_turn_folds_a_delivery_however_little_time_it_has(void **state)
{
    struct story *story = begin(RED(""));
    bool more = true;

    (void)state;
    for (int i = 0; i < 3; i++)
        accept(story, NOON_MS + i, ENGINE_RECORDED_EVENT,
               "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"state\":\"failing\"}");
    for (int64_t left = 3; left > 0; left--) {
        assert_int_equal(engine_n_unfolded(story->engine), left);
        assert_int_equal(engine_fold(story->engine, NOON_MS + 3, 256, 0, &more), RC_OK);
    }
    assert_int_equal(engine_n_unfolded(story->engine), 0);
    end(story);
}

static void a17_who_said_no_is_not_asked_again_while_it_cools_down_and_never_for_the_same_plan(
    void **state)
{
    struct story *story =
        begin(RED(", propose: {plan: [{do: act}], cooldown: 1h, expires: 4h}, verify: {ok: 1h}"));
    struct proposal again;

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(
        decides(story, newest(story),
                (struct decision){ .verdict = VERDICT_REJECT, .reason = SLICE("wrong_action") },
                NOON_MS + MINUTE_MS),
        DECISION_TAKEN);
    for (int minute = 2; minute <= 60; minute++)
        fails_at(story, NOON_MS + minute * MINUTE_MS);
    assert_int_equal(n_proposals(story), 1);
    fails_at(story, NOON_MS + 62 * MINUTE_MS);
    assert_int_equal(n_proposals(story), 2);
    again = newest(story);
    assert_int_equal(again.plan.n_items, 0);
    assert_true(slice_starts(again.refused, SLICE("the same plan was rejected before")));
    end(story);
}

static void message_is(struct story *story, const char *title, int64_t time_ms, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"message\",\"repo\":\"a/b\",\"title\":\"%s\",\"time\":\"%s\"}", title,
             time_format(time_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

/* What came true before anybody looked fires, ends and waits on in one moment: three times due at the same millisecond. */
static void a_wake_up_that_is_due_again_at_the_same_millisecond_comes(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules: [{id: r, on: message, key: [repo], mode: observe, where: "
                           "{title: [begin, both]}, lateness: 1h, when: {not_followed_by: {where: "
                           "{title: both}}, within: 1h}}]");
    int64_t asked_ms = NOON_MS + 95 * MINUTE_MS;
    struct signal signal;

    (void)state;
    message_is(story, "begin", NOON_MS, NOON_MS + 40 * MINUTE_MS);
    message_is(story, "both", NOON_MS + 90 * MINUTE_MS, asked_ms);
    signal = the_signal(story);
    assert_int_equal(signal.state, SIGNAL_PENDING);
    assert_int_equal(signal.resolved_ms, asked_ms);
    fold(story, asked_ms + HOUR_MS - 1);
    assert_int_equal(the_signal(story).state, SIGNAL_PENDING);
    fold(story, asked_ms + HOUR_MS);
    assert_int_equal(the_signal(story).state, SIGNAL_FIRING);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undoing_an_older_proposal_makes_nobody_ask_twice),
        cmocka_unit_test(what_fails_anew_after_a_resolve_recurred_all_the_same),
        cmocka_unit_test(a_later_episode_has_the_earlier_proposal_on_top),
        cmocka_unit_test(a_source_that_is_quicker_than_the_step_verifies_it),
        cmocka_unit_test(a_signal_resolved_by_hand_is_verified_by_the_source_that_says_so_later),
        cmocka_unit_test(what_was_received_before_the_work_was_done_is_no_recurrence),
        cmocka_unit_test(a02_a_hold_that_ends_late_does_not_start_what_has_expired),
        cmocka_unit_test(a_hold_that_ends_in_time_starts_it),
        cmocka_unit_test(who_snoozed_approved_and_took_back_is_woken_still),
        cmocka_unit_test(a04_an_edited_plan_is_a_new_revision_with_the_same_hold_and_expiry),
        cmocka_unit_test(a_rule_that_changes_voids_what_was_edited_and_says_so),
        cmocka_unit_test(what_was_edited_outlives_a_stop_a_snooze_and_an_approval_taken_back),
        cmocka_unit_test(a_plan_that_was_rejected_stays_rejected_whoever_edits_another_into_it),
        cmocka_unit_test(a09_a_hold_that_ends_during_a_stop_starts_it_after_the_next_start),
        cmocka_unit_test(the_second_step_of_a_plan_waits_for_the_next_start_as_well),
        cmocka_unit_test(a_task_waits_for_the_lines_of_a_log_and_its_proposal_tells_them),
        cmocka_unit_test(lines_that_are_not_found_by_the_deadline_are_a_gap),
        cmocka_unit_test(lines_of_a_withdrawn_task_are_wanted_by_nobody),
        cmocka_unit_test(a_search_that_a_crash_ended_is_asked_for_again),
        cmocka_unit_test(the_lines_of_a_signal_of_that_log_are_asked_for_as_they_are),
        cmocka_unit_test(a_rule_that_only_observes_by_the_end_of_its_task_proposes_nothing),
        cmocka_unit_test(a_rule_with_many_signals_is_changed_within_little_memory),
        cmocka_unit_test(what_was_only_pending_goes_with_its_rule),
        cmocka_unit_test(who_ends_a_pending_signal_finds_it_ended),
        cmocka_unit_test(a_proposal_that_outlives_the_retention_can_still_be_revised),
        cmocka_unit_test(a_signal_is_kept_as_long_as_its_proposals),
        cmocka_unit_test(a_damaged_proposal_costs_its_timer_and_no_delivery),
        cmocka_unit_test(a_damaged_delivery_does_not_keep_it_from_starting),
        cmocka_unit_test(a_damaged_proposal_whose_step_ran_does_not_keep_it_from_starting),
        cmocka_unit_test(a_step_whose_row_in_the_outbox_is_damaged_is_unknown),
        cmocka_unit_test(timers_that_are_due_first_make_no_delivery_a_suspect),
        cmocka_unit_test(
            a17_who_said_no_is_not_asked_again_while_it_cools_down_and_never_for_the_same_plan),
        cmocka_unit_test(each_turn_folds_a_delivery_however_little_time_it_has),
        cmocka_unit_test(a_wake_up_that_is_due_again_at_the_same_millisecond_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
