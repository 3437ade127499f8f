/* Signals that fire together: one task, one proposal, whatever joins, leaves, and is decided. */
#include "tests/unit/engine_story.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "retention: {events: 1h}\n"                                                                    \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/true, \"{{name}}\"], params: {name: '/[a-z]+/'}, effect: external, "       \
    "undo: unact, timeout: 10s}\n"                                                                 \
    "  unact: {run: [/bin/true], effect: external, timeout: 10s}\n"                                \
    "  flee: {run: [/bin/true], effect: external, timeout: 10s}\n"                                 \
    "  look: {run: [/bin/true], effect: none, timeout: 10s}\n"                                     \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
#define RULE(members)                                                                              \
    "  - {id: down, on: alert, key: [service], title: '{{service}} is down', propose: {plan: "     \
    "[{do: act, with: {name: '{{service}}'}}], cooldown: 2h}" members "}\n"
#define BY_ZONE ", group: {by: [environment], wait: 30s}"
#define GROUPED "rules:\n" RULE(BY_ZONE)
#define S SECOND_MS
#define AT(seconds) (NOON_MS + (seconds)*SECOND_MS)

/* --- what happens --- */

static void alert_of(struct story *story, int64_t at_ms, const char *kind, const char *service,
                     const char *zone, const char *state)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"%s\",\"service\":\"%s\",\"environment\":\"%s\",\"state\":\"%s\","
             "\"time\":\"%s\"}",
             kind, service, zone, state, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static void fails(struct story *story, int64_t at_ms, const char *service)
{
    alert_of(story, at_ms, "alert", service, "live", "failing");
}

static void is_well(struct story *story, int64_t at_ms, const char *service)
{
    alert_of(story, at_ms, "alert", service, "live", "ok");
}

/* Every one of "shop till cart", a second apart. */
static void all_fail(struct story *story, int64_t at_ms, const char *services)
{
    struct slice rest = slice_of(services);

    while (rest.len) {
        struct slice service = slice_cut(&rest, ' ');

        assert_int_equal(arena_copy(story->arena, service, &service), RC_OK);
        fails(story, at_ms, service.ptr);
        at_ms += S;
    }
}

static struct story *three_are_down(const char *rules)
{
    struct story *story = begin_with(CONFIG, rules);

    all_fail(story, NOON_MS, "shop till cart");
    fold(story, AT(30));
    assert_int_equal(n_proposals(story), 1);
    return story;
}

static enum decision_outcome decides_at(struct story *story, struct proposal proposal,
                                        enum verdict verdict, int64_t at_ms)
{
    struct decision decision = { .verdict = verdict };

    if (verdict == VERDICT_REJECT)
        decision.reason = SLICE("known");
    return decides(story, proposal, decision, at_ms);
}

/* What somebody saw of a proposal, whatever becomes of it. */
struct sight {
    char short_id[8], digest[65];
    int64_t revision;
};

static struct sight seen_now(struct story *story)
{
    struct proposal proposal = newest(story);
    struct sight sight = { .revision = proposal.revision };

    memcpy(sight.short_id, proposal.short_id.ptr, proposal.short_id.len);
    memcpy(sight.digest, proposal.plan_digest.ptr, proposal.plan_digest.len);
    return sight;
}

/* Approves what was seen then. */
static enum decision_outcome approves(struct story *story, const struct sight *sight, int64_t at_ms)
{
    const struct proposal proposal = { .short_id = slice_of(sight->short_id),
                                       .plan_digest = slice_of(sight->digest),
                                       .revision = sight->revision };

    return decides_at(story, proposal, VERDICT_APPROVE, at_ms);
}

static void approved_at(struct story *story, int64_t at_ms)
{
    assert_int_equal(decides_at(story, newest(story), VERDICT_APPROVE, at_ms), DECISION_TAKEN);
}

static void open_store(struct story *story, const char *directory)
{
    const struct store_options options = { .directory = directory, .max_bytes = (int64_t)64 << 20 };
    struct problems *problems;

    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(store_open(&options, problems, &story->store), RC_OK);
    problems_free(problems);
}

/* From now on the store is on the disk. */
static void keeps_on_disk(struct story *story, const char *directory, const char *rules)
{
    engine_free(story->engine);
    store_close(story->store);
    open_store(story, directory);
    start_engine(story, rules);
}

/* The process ends and another one reads what is stored: in `directory`, or where it is in memory. */
static void restarts(struct story *story, const char *directory, const char *rules, int64_t at_ms)
{
    engine_free(story->engine);
    if (directory) {
        store_close(story->store);
        open_store(story, directory);
    }
    start_engine(story, rules);
    story->n_effects = story->n_answered = 0;
    assert_int_equal(engine_recover(story->engine, at_ms), RC_OK);
}

/* --- what is there --- */

static struct signal signal_of(struct story *story, struct ulid id)
{
    struct signal signal = { 0 };
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(signal_get(txn, id, story->arena, &signal), RC_OK);
    store_abort(&txn);
    return signal;
}

static struct signal signal_at(struct story *story, const char *service)
{
    struct signal signal = { 0 };
    struct store_txn *txn = NULL;
    struct ulid at = { 0 };
    enum rc rc;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    while (!(rc = object_next(txn, TABLE_SIGNALS, &signal_shape, at, story->arena, &at, &signal)))
        if (slice_eq(signal.key.items[0], slice_of(service)))
            break;
    store_abort(&txn);
    assert_int_equal(rc, RC_OK);
    return signal;
}

static uint64_t n_rows(struct story *story, enum store_table table)
{
    struct store_txn *txn = NULL;
    uint64_t n = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(store_count(txn, table, &n), RC_OK);
    store_abort(&txn);
    return n;
}

/* "till cart": what the newest proposal is about, the one that leads first. */
static void assert_about(struct story *story, const char *expected)
{
    struct proposal proposal = newest(story);
    struct slice got = SLICE("");

    for (size_t i = 0; i < proposal.signals.n_items; i++) {
        struct signal signal = signal_of(story, proposal.signals.items[i]);

        assert_int_equal(arena_format(story->arena, &got, "%.*s%s%.*s", SLICE_ARG(got),
                                      i ? " " : "", SLICE_ARG(signal.key.items[0])),
                         RC_OK);
    }
    assert_string_equal(got.ptr, expected);
    if (proposal.signals.n_items)
        assert_int_equal(ulid_compare(proposal.signal, proposal.signals.items[0]), 0);
}

static void assert_newest(struct story *story, enum proposal_state state, int64_t revision)
{
    assert_string_equal(proposal_state_names[newest(story).state], proposal_state_names[state]);
    assert_int_equal(newest(story).revision, revision);
}

/* What its first step would do to whom. */
static void assert_plan(struct story *story, const char *expected)
{
    struct proposal proposal = newest(story);
    const struct step *steps = proposal.plan.items;
    struct slice got = SLICE("");

    if (proposal.plan.n_items)
        assert_int_equal(arena_format(story->arena, &got, "%.*s %.*s", SLICE_ARG(steps->action),
                                      SLICE_ARG(steps->argv.items[steps->argv.n_items - 1])),
                         RC_OK);
    assert_string_equal(got.ptr, expected);
}

static void assert_title(struct story *story, const char *title)
{
    struct slice got;

    assert_int_equal(arena_copy(story->arena, newest(story).title, &got), RC_OK);
    assert_string_equal(got.ptr, title);
}

static void write_row(struct story *story, enum store_table table, struct ulid id, const char *text)
{
    const struct slice key = { (const char *)id.bytes, sizeof id.bytes };
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin(story->store, &txn), RC_OK);
    assert_int_equal(store_put(txn, table, key, slice_of(text)), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
}

static void remove_store(const char *directory)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "lock" };
    char path[128];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    rmdir(directory);
}

/* Nothing of a group is left where nothing is asked about it. */
static void assert_no_group(struct story *story)
{
    assert_int_equal(n_rows(story, TABLE_GROUPS), 0);
    assert_int_equal(n_rows(story, TABLE_GROUP_WAITING), 0);
}

/* --- together --- */

static void what_fires_within_the_wait_is_asked_about_once(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    fails(story, AT(0), "shop");
    fails(story, AT(1), "till");
    fails(story, AT(30) - 1, "cart");
    assert_int_equal(n_proposals(story), 0);
    fold(story, AT(30));
    assert_int_equal(n_proposals(story), 1);
    assert_about(story, "shop till cart");
    assert_title(story, "shop is down (+2 more)");
    assert_plan(story, "act shop");
    assert_int_equal(n_of(story, TABLE_TASKS, &task_shape, NULL), 1);
    end(story);
}

static void what_fires_when_the_wait_is_over_joins(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    fails(story, AT(0), "shop");
    fails(story, AT(30), "till"); /* the timer was due before it */
    assert_about(story, "shop");
    fold(story, AT(60));
    assert_about(story, "shop till");
    assert_newest(story, PROPOSAL_OPEN, 2);
    end(story);
}

static void what_waits_says_that_it_does_and_until_when(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    fails(story, AT(0), "shop");
    assert_int_equal(signal_at(story, "shop").hold.reason, HOLD_GROUP);
    assert_int_equal(signal_at(story, "shop").hold.until_ms, AT(30));
    fails(story, AT(10), "till");
    fails(story, AT(11), "till"); /* once more: nothing new */
    assert_int_equal(signal_at(story, "till").hold.until_ms, AT(30));
    assert_int_equal(n_rows(story, TABLE_GROUP_WAITING), 2);
    fold(story, AT(30));
    assert_int_equal(signal_at(story, "till").hold.reason, HOLD_NONE);
    assert_int_equal(n_rows(story, TABLE_HELD), 0);
    end(story);
}

static void a_signal_alone_is_a_group_of_one(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    fails(story, AT(0), "shop");
    fold(story, AT(30));
    assert_about(story, "shop");
    assert_title(story, "shop is down");
    end(story);
}

static void a_wait_of_nothing_asks_at_once(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules:\n" RULE(", group: {by: [environment], wait: 0s}"));

    (void)state;
    fails(story, AT(0), "shop");
    assert_int_equal(n_proposals(story), 1);
    fails(story, AT(1), "till");
    assert_int_equal(n_proposals(story), 1);
    assert_about(story, "shop till");
    assert_newest(story, PROPOSAL_OPEN, 2);
    end(story);
}

static void other_values_make_other_groups(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    alert_of(story, AT(0), "alert", "shop", "live", "failing");
    alert_of(story, AT(1), "alert", "till", "test", "failing");
    fold(story, AT(30));
    assert_int_equal(n_proposals(story), 1);
    assert_about(story, "shop");
    fold(story, AT(31));
    assert_int_equal(n_proposals(story), 2);
    assert_about(story, "till");
    end(story);
}

static void without_by_all_signals_of_the_rule_are_one_group(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" RULE(", group: {wait: 30s}"));

    (void)state;
    alert_of(story, AT(0), "alert", "shop", "live", "failing");
    alert_of(story, AT(1), "alert", "till", "test", "failing");
    fold(story, AT(30));
    assert_about(story, "shop till");
    end(story);
}

static void whoever_resolves_within_the_wait_is_out(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    all_fail(story, AT(0), "shop till cart");
    is_well(story, AT(30) - 1, "shop");
    fold(story, AT(30));
    assert_about(story, "till cart");
    end(story);
}

static void where_nobody_fires_any_more_nothing_is_opened(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    all_fail(story, AT(0), "shop till");
    is_well(story, AT(10), "till");
    is_well(story, AT(11), "shop");
    assert_no_group(story);
    fold(story, AT(60));
    assert_int_equal(n_proposals(story), 0);
    /* A wait of its own begins with the next one. */
    fails(story, AT(60), "cart");
    fold(story, AT(90) - 1);
    assert_int_equal(n_proposals(story), 0);
    fold(story, AT(90));
    assert_about(story, "cart");
    end(story);
}

/* --- joined --- */

static void a_late_joiner_makes_a_new_revision_of_the_same_proposal(void **state)
{
    struct story *story = three_are_down(GROUPED);
    struct sight before = seen_now(story);

    (void)state;
    fails(story, AT(45), "desk");
    assert_newest(story, PROPOSAL_OPEN, 1);
    assert_int_equal(signal_at(story, "desk").hold.until_ms, AT(60));
    fold(story, AT(60) - 1);
    assert_newest(story, PROPOSAL_OPEN, 1);
    fold(story, AT(60));
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_int_equal(n_proposals(story), 1);
    assert_about(story, "shop till cart desk");
    assert_title(story, "shop is down (+3 more)");
    assert_plan(story, "act shop");
    assert_int_equal(approves(story, &before, AT(61)), DECISION_CHANGED);
    approved_at(story, AT(62));
    end(story);
}

static void a_storm_of_joiners_makes_one_revision_a_wait(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    for (int i = 0; i < 26; i++) {
        const char name[] = { (char)('a' + i), 'x', '\0' };

        fails(story, AT(31 + i), name);
    }
    assert_newest(story, PROPOSAL_OPEN, 1);
    fold(story, AT(60));
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_int_equal(newest(story).signals.n_items, 29);
    /* Long after the last one nobody has to wait. */
    fails(story, AT(300), "desk");
    assert_newest(story, PROPOSAL_OPEN, 3);
    fails(story, AT(301), "lamp");
    fold(story, AT(330) - 1);
    assert_newest(story, PROPOSAL_OPEN, 3);
    fold(story, AT(330));
    assert_newest(story, PROPOSAL_OPEN, 4);
    end(story);
}

static void a_joiner_voids_what_was_approved_by_some(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules:\n"
                           "  - {id: down, on: alert, key: [service], title: down, group: {wait: "
                           "30s}, propose: {plan: "
                           "[{do: flee}], approvers: {from: [jane], need: 2}}}\n");
    const struct decision *decisions;
    struct proposal proposal;

    (void)state;
    fails(story, AT(0), "shop");
    fold(story, AT(30));
    approved_at(story, AT(31));
    assert_newest(story, PROPOSAL_OPEN, 1);
    fails(story, AT(40), "till");
    fold(story, AT(60));
    proposal = newest(story);
    decisions = proposal.decisions.items;
    assert_int_equal(proposal.revision, 2);
    assert_true(decisions[0].is_void);
    end(story);
}

static void repeats_of_who_is_in_make_no_revision(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    all_fail(story, AT(40), "cart till shop");
    fold(story, AT(200));
    assert_newest(story, PROPOSAL_OPEN, 1);
    assert_int_equal(n_proposals(story), 1);
    end(story);
}

/* --- left --- */

static void one_that_resolves_leaves_the_others_and_their_plan(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    is_well(story, AT(40), "till");
    assert_newest(story, PROPOSAL_OPEN, 1); /* nothing to decide has changed */
    assert_about(story, "shop cart");
    assert_title(story, "shop is down (+1 more)");
    /* It comes back into the same proposal. */
    fails(story, AT(70), "till");
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_about(story, "shop cart till");
    end(story);
}

static void where_the_one_that_leads_resolves_the_rest_is_a_new_revision(void **state)
{
    struct story *story = three_are_down(GROUPED);
    struct sight before = seen_now(story);

    (void)state;
    is_well(story, AT(40), "shop");
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_about(story, "till cart");
    assert_title(story, "till is down (+1 more)");
    assert_plan(story, "act till");
    assert_int_equal(approves(story, &before, AT(41)), DECISION_CHANGED);
    is_well(story, AT(42), "till");
    assert_newest(story, PROPOSAL_OPEN, 3);
    assert_title(story, "cart is down");
    assert_plan(story, "act cart");
    assert_int_equal(n_proposals(story), 1);
    end(story);
}

static void it_is_withdrawn_when_the_last_one_resolves(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    is_well(story, AT(40), "cart");
    is_well(story, AT(41), "shop");
    assert_newest(story, PROPOSAL_OPEN, 2);
    is_well(story, AT(42), "till");
    assert_newest(story, PROPOSAL_WITHDRAWN, 2);
    assert_no_group(story);
    end(story);
}

static void who_takes_the_place_of_the_last_one_keeps_it_open(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    fails(story, AT(0), "shop");
    fold(story, AT(30));
    fails(story, AT(40), "till"); /* would join at 60 */
    is_well(story, AT(50), "shop");
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_about(story, "till");
    assert_plan(story, "act till");
    end(story);
}

static void who_comes_after_a_reload_waits_as_long_as_its_rule_says_now(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    swap_rules(story, "rules:\n" RULE(", group: {by: [environment], wait: 10m}"), AT(40));
    fails(story, AT(41), "desk");
    fold(story, AT(630) - 1);
    assert_int_equal(newest(story).signals.n_items, 3);
    fold(story, AT(630)); /* ten minutes after it was asked about */
    assert_int_equal(newest(story).signals.n_items, 4);
    end(story);
}

static void who_waited_for_what_is_decided_waits_as_long_as_its_rule_says_now(void **state)
{
    struct story *story = three_are_down("rules:\n" RULE(BY_ZONE ", verify: none"));

    (void)state;
    approved_at(story, AT(40));
    fails(story, AT(41), "desk");
    swap_rules(story, "rules:\n" RULE(", group: {by: [environment], wait: 5m}, verify: none"),
               AT(42));
    ends(story, EFFECT_DONE, AT(50));
    fold(story, AT(350) - 1);
    assert_int_equal(n_proposals(story), 1);
    fold(story, AT(350));
    assert_int_equal(n_proposals(story), 2);
    assert_about(story, "desk");
    end(story);
}

/* --- across rules --- */

#define SEVERE(more)                                                                               \
    "  - {id: burns, on: issue, where: {state: failing}, clear: {where: {state: ok}}, key: "       \
    "[service], severity: critical, title: '{{service}} burns', group: {name: storm, by: "         \
    "[environment]}, propose: {plan: [{do: flee}]}" more "}\n"
#define STORM                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: slow, on: alert, key: [service], severity: low, title: '{{service}} is slow', "      \
    "group: {name: storm, by: [environment]}, propose: {plan: [{do: act, with: {name: "            \
    "'{{service}}'}}]}}\n" SEVERE("")

#define STORM_LOOKED_AT(more)                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: slow, on: alert, key: [service], severity: low, title: '{{service}} is slow', "      \
    "group: {name: storm, by: [environment]}, propose: {plan: [{do: act, with: {name: "            \
    "'{{service}}'}}]}}\n" SEVERE(", diagnose: {evidence: [{do: look}]}" more)

static void burns(struct story *story, int64_t at_ms, const char *service, const char *state)
{
    alert_of(story, at_ms, "issue", service, "live", state);
}

static void the_most_severe_rule_of_a_name_supplies_the_plan(void **state)
{
    struct story *story = begin_with(CONFIG, STORM);

    (void)state;
    all_fail(story, AT(0), "shop till");
    burns(story, AT(5), "barn", "failing");
    fold(story, AT(30));
    assert_int_equal(n_proposals(story), 1);
    assert_about(story, "barn shop till");
    assert_title(story, "barn burns (+2 more)");
    assert_plan(story, "flee /bin/true");
    assert_true(slice_eq(newest(story).rule, SLICE("burns")));
    assert_int_equal(newest(story).severity, SEVERITY_CRITICAL);
    end(story);
}

static void a_joiner_that_is_more_severe_takes_the_lead(void **state)
{
    struct story *story = begin_with(CONFIG, STORM);

    (void)state;
    all_fail(story, AT(0), "shop till");
    fold(story, AT(30));
    assert_plan(story, "act shop");
    burns(story, AT(40), "barn", "failing");
    fold(story, AT(60));
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_about(story, "barn shop till");
    assert_plan(story, "flee /bin/true");
    assert_int_equal(n_proposals(story), 1);
    /* And gives it back. */
    burns(story, AT(70), "barn", "ok");
    assert_newest(story, PROPOSAL_OPEN, 3);
    assert_about(story, "shop till");
    assert_plan(story, "act shop");
    assert_true(slice_eq(newest(story).rule, SLICE("slow")));
    end(story);
}

/* Its result comes before the timer by which the proposal goes back to the one that led. */
static void who_was_to_lead_and_only_observes_leaves_the_open_proposal_as_it_is(void **state)
{
    struct story *story = begin_with(CONFIG, STORM_LOOKED_AT(""));
    struct signal till;

    (void)state;
    all_fail(story, AT(0), "shop till");
    fold(story, AT(30));
    burns(story, AT(40), "barn", "failing");
    fold(story, AT(60)); /* it is looked at; until then the proposal is as it was */
    assert_plan(story, "act shop");
    swap_rules(story, STORM_LOOKED_AT(", mode: observe"), AT(61));
    ends(story, EFFECT_DONE, AT(61));
    till = signal_at(story, "till");
    assert_int_equal(till.attention, ATTENTION_PROPOSAL);
    assert_int_equal(n_rows(story, TABLE_GROUP_WAITING), 0);
    fold(story, AT(100));
    assert_about(story, "shop till");
    assert_plan(story, "act shop");
    assert_int_equal(newest(story).state, PROPOSAL_OPEN);
    assert_int_equal(n_proposals(story), 1);
    end(story);
}

/* --- decided --- */

static void who_joins_what_is_decided_waits_until_it_is_over(void **state)
{
    struct story *story = three_are_down("rules:\n" RULE(BY_ZONE ", verify: {quiet: 30m}"));
    struct proposal first;

    (void)state;
    approved_at(story, AT(40));
    first = newest(story);
    assert_int_equal(first.state, PROPOSAL_RUNNING);
    fails(story, AT(41), "desk");
    fold(story, AT(300));
    assert_int_equal(n_proposals(story), 1);
    assert_int_equal(newest(story).signals.n_items, 3);
    assert_int_equal(signal_at(story, "desk").hold.reason, HOLD_GROUP);
    assert_int_equal(signal_at(story, "desk").hold.until_ms, 0);
    ends(story, EFFECT_FAILED, AT(300));
    assert_newest(story, PROPOSAL_FAILED, 1);
    fold(story, AT(330) - 1);
    assert_int_equal(n_proposals(story), 1);
    fold(story, AT(330));
    assert_int_equal(n_proposals(story), 2);
    assert_about(story, "desk"); /* the others are in their cooldown */
    end(story);
}

static void who_was_held_by_an_earlier_one_joins_the_next_once(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules:\n"
                "  - {id: down, on: alert, key: [service], propose: {plan: [{do: act, with: {name: "
                "'{{service}}'}}], cooldown: 0s}" BY_ZONE "}\n");

    (void)state;
    fails(story, AT(0), "shop");
    fold(story, AT(30));
    approved_at(story, AT(40));
    ends(story, EFFECT_FAILED, AT(41));
    fails(story, AT(50), "till");
    fold(story, AT(80));
    assert_about(story, "till");
    approved_at(story, AT(90));
    fails(story, AT(100), "shop"); /* held as it was: nothing but its group is new */
    fails(story, AT(101), "shop");
    assert_false(ulid_is_absent(signal_at(story, "shop").group));
    assert_int_equal(n_rows(story, TABLE_GROUP_WAITING), 1);
    is_well(story, AT(102), "shop");
    assert_int_equal(n_rows(story, TABLE_GROUP_WAITING), 0);
    ends(story, EFFECT_FAILED, AT(103));
    assert_no_group(story);
    end(story);
}

static void what_is_taken_back_takes_in_who_waited(void **state)
{
    struct story *story = three_are_down(GROUPED);
    struct decision decision = { .verdict = VERDICT_APPROVE, .via = SLICE("page") };

    (void)state;
    assert_int_equal(decides(story, newest(story), decision, AT(40)), DECISION_TAKEN);
    if (newest(story).state == PROPOSAL_APPROVED) {
        fails(story, AT(41), "desk");
        assert_int_equal(newest(story).signals.n_items, 3);
        assert_int_equal(decides_at(story, newest(story), VERDICT_TAKE_BACK, AT(42)),
                         DECISION_TAKEN);
        fold(story, AT(42));
        assert_about(story, "shop till cart desk");
    }
    end(story);
}

static void what_is_held_becomes_stale_with_the_one_that_leads_and_the_rest_asks_again(void **state)
{
    struct story *story = three_are_down(GROUPED);
    struct decision decision = { .verdict = VERDICT_APPROVE, .via = SLICE("page") };

    (void)state;
    assert_int_equal(decides(story, newest(story), decision, AT(40)), DECISION_TAKEN);
    assert_newest(story, PROPOSAL_APPROVED, 1);
    is_well(story, AT(41), "till"); /* not what the plan is for */
    assert_newest(story, PROPOSAL_APPROVED, 1);
    is_well(story, AT(42), "shop");
    assert_newest(story, PROPOSAL_STALE, 1);
    fold(story, AT(72));
    assert_int_equal(n_proposals(story), 2);
    assert_about(story, "cart");
    end(story);
}

static void it_is_verified_when_all_are_well(void **state)
{
    struct story *story = three_are_down("rules:\n" RULE(BY_ZONE ", verify: {ok: 1h}"));

    (void)state;
    approved_at(story, AT(40));
    is_well(story, AT(41), "cart"); /* while it runs */
    ends(story, EFFECT_DONE, AT(42));
    assert_newest(story, PROPOSAL_VERIFYING, 1);
    is_well(story, AT(43), "shop");
    assert_newest(story, PROPOSAL_VERIFYING, 1);
    is_well(story, AT(44), "till");
    assert_newest(story, PROPOSAL_VERIFIED, 1);
    assert_no_group(story);
    end(story);
}

static void it_is_verified_at_once_where_all_were_well_before_the_step_ended(void **state)
{
    struct story *story = three_are_down("rules:\n" RULE(BY_ZONE ", verify: {ok: 1h}"));

    (void)state;
    approved_at(story, AT(40));
    is_well(story, AT(41), "cart");
    is_well(story, AT(41), "till");
    is_well(story, AT(41), "shop");
    ends(story, EFFECT_DONE, AT(42));
    assert_newest(story, PROPOSAL_VERIFIED, 1);
    end(story);
}

static void that_the_one_that_leads_is_well_is_not_enough(void **state)
{
    struct story *story = three_are_down("rules:\n" RULE(BY_ZONE ", verify: {ok: 1h}"));

    (void)state;
    approved_at(story, AT(40));
    is_well(story, AT(41), "shop");
    ends(story, EFFECT_DONE, AT(42));
    assert_newest(story, PROPOSAL_VERIFYING, 1);
    is_well(story, AT(43), "till");
    is_well(story, AT(44), "cart");
    assert_newest(story, PROPOSAL_VERIFIED, 1);
    end(story);
}

static void one_that_goes_on_failing_leaves_it_inconclusive(void **state)
{
    struct story *story = three_are_down("rules:\n" RULE(BY_ZONE ", verify: {ok: 1h}"));

    (void)state;
    approved_at(story, AT(40));
    ends(story, EFFECT_DONE, AT(42));
    is_well(story, AT(43), "shop");
    is_well(story, AT(43), "cart");
    fold(story, AT(42) + HOUR_MS);
    assert_newest(story, PROPOSAL_INCONCLUSIVE, 1);
    end(story);
}

static void any_that_fails_again_while_it_verifies_is_a_recurrence(void **state)
{
    struct story *story = three_are_down("rules:\n" RULE(BY_ZONE ", verify: {ok: 1h}"));
    struct proposal first;

    (void)state;
    approved_at(story, AT(40));
    ends(story, EFFECT_DONE, AT(42));
    is_well(story, AT(43), "cart");
    fails(story, AT(50), "till");
    first = newest(story);
    assert_newest(story, PROPOSAL_RECURRED, 1);
    fold(story, AT(80) - 1);
    assert_int_equal(n_proposals(story), 1);
    fold(story, AT(80));
    /* All that fire are asked about again, not the one that came back alone. */
    assert_int_equal(n_proposals(story), 2);
    assert_about(story, "shop till");
    assert_int_equal(ulid_compare(newest(story).earlier, first.id), 0);
    end(story);
}

static void quiet_verifies_all_and_ends_all(void **state)
{
    struct story *story =
        three_are_down("rules:\n" RULE(BY_ZONE ", clear: {quiet: 24h}, verify: {quiet: 30m}"));

    (void)state;
    approved_at(story, AT(40));
    ends(story, EFFECT_DONE, AT(42));
    fold(story, AT(42) + 30 * MINUTE_MS);
    assert_newest(story, PROPOSAL_VERIFIED, 1);
    assert_int_equal(signal_at(story, "shop").state, SIGNAL_RESOLVED);
    assert_int_equal(signal_at(story, "till").state, SIGNAL_RESOLVED);
    assert_int_equal(signal_at(story, "cart").state, SIGNAL_RESOLVED);
    assert_true(slice_eq(signal_at(story, "cart").resolved_by, SLICE("verification")));
    end(story);
}

static void a_rejection_is_for_all_of_them_and_so_is_what_follows(void **state)
{
    struct story *story = three_are_down(GROUPED);
    int64_t again_ms = AT(40) + 2 * HOUR_MS;

    (void)state;
    assert_int_equal(decides_at(story, newest(story), VERDICT_REJECT, AT(40)), DECISION_TAKEN);
    all_fail(story, AT(50), "shop till cart");
    assert_int_equal(signal_at(story, "cart").hold.reason, HOLD_COOLDOWN);
    assert_int_equal(signal_at(story, "cart").hold.until_ms, again_ms);
    assert_no_group(story);
    fold(story, again_ms + 30 * S - 1);
    assert_int_equal(n_proposals(story), 1);
    fold(story, again_ms + 30 * S);
    assert_int_equal(n_proposals(story), 2);
    assert_about(story, "shop till cart");
    assert_plan(story, ""); /* it was rejected in this episode */
    end(story);
}

static void an_expiry_is_for_all_of_them(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    fold(story, AT(30) + 4 * HOUR_MS);
    assert_newest(story, PROPOSAL_EXPIRED, 1);
    assert_int_equal(signal_at(story, "till").attention, ATTENTION_NONE);
    assert_int_equal(signal_at(story, "till").cooldown_until_ms, AT(30) + 6 * HOUR_MS);
    end(story);
}

/* --- silenced --- */

static void silenced(struct story *story, const char *service, int64_t at_ms, int64_t until_ms)
{
    struct silence_clause clause = { SLICE("service"), slice_of(service) };
    struct silence silence = {
        .where = { &clause, 1 }, .reason = SLICE("moved"), .by = SLICE("jane"), .until_ms = until_ms
    };

    assert_int_equal(engine_add_silence(story->engine, &silence, at_ms), RC_OK);
}

static void whom_a_silence_holds_is_no_part_of_it(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    all_fail(story, AT(0), "shop till cart desk");
    silenced(story, "shop", AT(10), AT(300)); /* would lead */
    silenced(story, "cart", AT(11), AT(400));
    fold(story, AT(30));
    assert_about(story, "till desk");
    assert_int_equal(signal_at(story, "shop").hold.reason, HOLD_SILENCE);
    assert_int_equal(signal_at(story, "cart").hold.reason, HOLD_SILENCE);
    fold(story, AT(300));
    fold(story, AT(330));
    assert_about(story, "till desk shop");
    assert_newest(story, PROPOSAL_OPEN, 2);
    end(story);
}

static void where_all_are_silenced_nobody_asks_until_the_silence_ends(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    all_fail(story, AT(0), "shop till");
    silenced(story, "shop", AT(10), AT(300));
    silenced(story, "till", AT(10), AT(300));
    fold(story, AT(299));
    assert_int_equal(n_proposals(story), 0);
    assert_no_group(story);
    fold(story, AT(330) - 1);
    assert_int_equal(n_proposals(story), 0);
    fold(story, AT(330));
    assert_about(story, "shop till");
    end(story);
}

static void quiet_of_one_that_was_silenced_proves_nothing(void **state)
{
    struct story *story =
        three_are_down("rules:\n" RULE(BY_ZONE ", clear: {quiet: 24h}, verify: {quiet: 30m}"));

    (void)state;
    approved_at(story, AT(40));
    ends(story, EFFECT_DONE, AT(42));
    silenced(story, "cart", AT(50), AT(200));
    fold(story, AT(42) + 30 * MINUTE_MS);
    assert_newest(story, PROPOSAL_INCONCLUSIVE, 1);
    assert_int_equal(signal_at(story, "shop").state, SIGNAL_FIRING);
    end(story);
}

static void who_is_silenced_does_not_take_the_place_of_the_last_one(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    fails(story, AT(0), "shop");
    fold(story, AT(30));
    fails(story, AT(40), "till"); /* would join at 60 */
    silenced(story, "till", AT(45), AT(400));
    is_well(story, AT(50), "shop");
    assert_newest(story, PROPOSAL_WITHDRAWN, 1);
    assert_no_group(story);
    assert_int_equal(n_rows(story, TABLE_HELD), 1); /* till */
    assert_int_equal(story->engine->counts.held[HOLD_COOLDOWN], 0);
    assert_int_equal(signal_at(story, "shop").cooldown_until_ms, AT(50) + 2 * HOUR_MS);
    /* As after any withdrawal it asks no sooner. */
    fails(story, AT(60), "shop");
    fold(story, AT(90));
    assert_int_equal(n_proposals(story), 1);
    assert_int_equal(signal_at(story, "shop").hold.reason, HOLD_COOLDOWN);
    end(story);
}

/* --- inhibited --- */

#define UNLESS_DB                                                                                  \
    "rules:\n" RULE(BY_ZONE ", unless: [db-down]") "  - {id: db-down, on: db, where: {state: "     \
                                                   "failing}, clear: {where: {state: ok}}, mode: " \
                                                   "observe, key: [service]}\n"

static void db(struct story *story, int64_t at_ms, const char *state)
{
    alert_of(story, at_ms, "db", "main", "live", state);
}

static void what_all_are_held_from_ends_and_they_are_asked_about_again(void **state)
{
    struct story *story = begin_with(CONFIG, UNLESS_DB);

    (void)state;
    assert_int_equal(engine_recover(story->engine, NOON_MS), RC_OK);
    fails(story, AT(0), "shop");
    fold(story, AT(30));
    assert_about(story, "shop");
    fails(story, AT(40), "till"); /* would join at 60 */
    db(story, AT(50), "failing");
    assert_newest(story, PROPOSAL_WITHDRAWN, 1);
    assert_int_equal(signal_at(story, "shop").hold.reason, HOLD_INHIBITED);
    assert_int_equal(signal_at(story, "shop").cooldown_until_ms, 0); /* nobody decided */
    assert_int_equal(signal_at(story, "till").hold.reason, HOLD_INHIBITED);
    assert_no_group(story);
    db(story, AT(100), "ok");
    fold(story, AT(130));
    assert_int_equal(n_proposals(story), 2);
    assert_about(story, "shop till");
    assert_title(story, "shop is down (+1 more)");
    end(story);
}

/* --- its task --- */

#define LOOKS ", diagnose: {evidence: [{do: look}], timeout: 5m}"

static void who_fires_while_the_task_runs_joins_it(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" RULE(BY_ZONE LOOKS));

    (void)state;
    all_fail(story, AT(0), "shop till");
    fold(story, AT(30));
    assert_int_equal(story->n_effects, 1);
    fails(story, AT(31), "cart");
    assert_int_equal(signal_at(story, "cart").attention, ATTENTION_TASK);
    assert_int_equal(n_proposals(story), 0);
    ends(story, EFFECT_DONE, AT(40));
    assert_about(story, "shop till cart");
    assert_newest(story, PROPOSAL_OPEN, 1);
    assert_int_equal(n_of(story, TABLE_TASKS, &task_shape, NULL), 1);
    end(story);
}

static void where_the_one_that_is_looked_at_resolves_the_next_is_looked_at(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" RULE(BY_ZONE LOOKS));

    (void)state;
    all_fail(story, AT(0), "shop till");
    fold(story, AT(30));
    is_well(story, AT(35), "shop");
    assert_int_equal(story->n_effects, 2);
    assert_int_equal(story->n_cancelled, 1);
    ends(story, EFFECT_DONE, AT(36)); /* of the first: nobody waits for it */
    assert_int_equal(n_proposals(story), 0);
    ends(story, EFFECT_DONE, AT(40));
    assert_about(story, "till");
    end(story);
}

static void until_the_next_one_is_looked_at_there_is_nothing_to_approve(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" RULE(BY_ZONE LOOKS));
    struct sight before;

    (void)state;
    all_fail(story, AT(0), "shop till");
    fold(story, AT(30));
    ends(story, EFFECT_DONE, AT(31));
    before = seen_now(story);
    is_well(story, AT(40), "shop");
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_about(story, "till");
    assert_plan(story, "");
    assert_int_equal(approves(story, &before, AT(41)), DECISION_CHANGED);
    ends(story, EFFECT_DONE, AT(50));
    assert_newest(story, PROPOSAL_OPEN, 3);
    assert_plan(story, "act till");
    approved_at(story, AT(51));
    end(story);
}

/* Whoever was to lead and left is nobody special when it comes back. */
static void who_was_to_lead_and_left_opens_nothing_of_its_own(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules:\n" RULE(", group: {name: storm, by: [environment]}" LOOKS) SEVERE(LOOKS));

    (void)state;
    fails(story, AT(0), "shop");
    fold(story, AT(30));
    ends(story, EFFECT_DONE, AT(31));
    burns(story, AT(61), "barn", "failing"); /* more severe: it is looked at */
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_plan(story, "act shop");
    burns(story, AT(62), "barn", "ok");
    assert_int_equal(story->n_cancelled, 1); /* nobody waits for what is found */
    ends(story, EFFECT_DONE, AT(63));
    assert_about(story, "shop");
    burns(story, AT(64), "barn", "failing");
    fold(story, AT(65));
    assert_int_equal(n_proposals(story), 1);
    fold(story, AT(91));
    ends(story, EFFECT_DONE, AT(92));
    assert_int_equal(n_proposals(story), 1);
    assert_about(story, "barn shop");
    assert_plan(story, "flee /bin/true");
    end(story);
}

static void a_decision_ends_the_look_at_the_next_one(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" RULE(BY_ZONE LOOKS));

    (void)state;
    all_fail(story, AT(0), "shop till");
    fold(story, AT(30));
    ends(story, EFFECT_DONE, AT(31));
    is_well(story, AT(40), "shop");
    assert_int_equal(decides_at(story, newest(story), VERDICT_REJECT, AT(41)), DECISION_TAKEN);
    assert_int_equal(story->n_cancelled, 1);
    ends(story, EFFECT_DONE, AT(50));
    assert_newest(story, PROPOSAL_REJECTED, 2);
    assert_int_equal(n_proposals(story), 1);
    assert_no_group(story);
    end(story);
}

/* --- many --- */

static void very_many(struct story *story, int from, int to, int64_t at_ms)
{
    for (int i = from; i < to; i++) {
        char name[] = "aaa";

        name[0] = (char)('a' + i / 676);
        name[1] = (char)('a' + i / 26 % 26);
        name[2] = (char)('a' + i % 26);
        fails(story, at_ms, name);
    }
}

static void so_many_are_named_and_the_others_are_counted_until_there_is_room(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);

    (void)state;
    very_many(story, 0, GROUP_MAX_SIGNALS + 2, AT(0));
    fold(story, AT(30));
    assert_int_equal(newest(story).signals.n_items, GROUP_MAX_SIGNALS);
    assert_int_equal(newest(story).n_more, 2);
    assert_title(story, "aaa is down (+1001 more)");
    arena_reset(story->arena);
    is_well(story, AT(70), "aab");
    assert_int_equal(newest(story).signals.n_items, GROUP_MAX_SIGNALS);
    assert_int_equal(newest(story).n_more, 1);
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_int_equal(decides_at(story, newest(story), VERDICT_REJECT, AT(80)), DECISION_TAKEN);
    fold(story, AT(110));
    assert_int_equal(n_proposals(story), 2);
    assert_int_equal(newest(story).signals.n_items, 1); /* who was not named was not decided on */
    end(story);
}

/* --- rules change --- */

static void singles_that_are_open_are_absorbed_when_their_rule_groups(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" RULE(""));
    struct ulid singles[2];

    (void)state;
    fails(story, AT(0), "shop");
    singles[0] = newest(story).id;
    fails(story, AT(1), "till");
    singles[1] = newest(story).id;
    assert_int_equal(n_proposals(story), 2);
    swap_rules(story, GROUPED, AT(10));
    fold(story, AT(10));
    assert_int_equal(proposal_of(story, singles[0]).state, PROPOSAL_SUPERSEDED);
    assert_int_equal(proposal_of(story, singles[1]).state, PROPOSAL_SUPERSEDED);
    fold(story, AT(40));
    assert_int_equal(n_proposals(story), 3);
    assert_about(story, "shop till");
    end(story);
}

static void a_group_falls_apart_when_its_rule_groups_no_longer(void **state)
{
    struct story *story = three_are_down(GROUPED);
    struct ulid together = newest(story).id;

    (void)state;
    swap_rules(story, "rules:\n" RULE(""), AT(40));
    fold(story, AT(40));
    assert_int_equal(proposal_of(story, together).state, PROPOSAL_SUPERSEDED);
    assert_int_equal(n_proposals(story), 4);
    assert_no_group(story);
    end(story);
}

static void it_is_withdrawn_with_its_rule(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    swap_rules(story, "rules: [{id: other, on: alert, where: {service: none}}]", AT(40));
    fold(story, AT(40));
    assert_newest(story, PROPOSAL_WITHDRAWN, 1);
    assert_true(slice_eq(newest(story).outcome, SLICE("rule removed")));
    assert_no_group(story);
    end(story);
}

static void a_rule_that_only_observes_asks_for_no_group(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    swap_rules(story, "rules:\n" RULE(BY_ZONE ", mode: observe"), AT(40));
    fold(story, AT(100));
    assert_newest(story, PROPOSAL_WITHDRAWN, 1);
    assert_no_group(story);
    end(story);
}

static void a_changed_rule_makes_one_revision_of_its_groups_proposal(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    swap_rules(story, "rules:\n" RULE(BY_ZONE ", severity: high"), AT(40));
    fold(story, AT(40));
    assert_newest(story, PROPOSAL_OPEN, 2);
    assert_title(story, "shop is down (+2 more)");
    assert_int_equal(newest(story).severity, SEVERITY_HIGH);
    assert_about(story, "shop till cart");
    end(story);
}

/* --- restarts, and the end --- */

static void a_restart_changes_nothing_of_a_group(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);
    char directory[] = "/tmp/engine_groups_XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(directory));
    keeps_on_disk(story, directory, GROUPED);
    all_fail(story, AT(0), "shop till");
    restarts(story, directory, GROUPED, AT(10));
    fails(story, AT(12), "cart");
    fold(story, AT(30) - 1);
    assert_int_equal(n_proposals(story), 0);
    fold(story, AT(30));
    assert_about(story, "shop till cart");
    restarts(story, directory, GROUPED, AT(31));
    fails(story, AT(32), "desk");
    restarts(story, directory, GROUPED, AT(33));
    fold(story, AT(60) - 1);
    assert_newest(story, PROPOSAL_OPEN, 1);
    fold(story, AT(60));
    assert_newest(story, PROPOSAL_OPEN, 2);
    is_well(story, AT(61), "shop");
    restarts(story, directory, GROUPED, AT(62));
    assert_newest(story, PROPOSAL_OPEN, 3);
    assert_about(story, "till cart desk");
    assert_int_equal(n_proposals(story), 1);
    end(story);
    remove_store(directory);
}

/* What is damaged is told, and holds up nobody who still fires. */
static void a_damaged_group_begins_anew_with_those_that_wait(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED);
    struct ulid id;

    (void)state;
    all_fail(story, AT(0), "shop till");
    id = signal_at(story, "shop").group;
    write_row(story, TABLE_GROUPS, id, "damaged");
    fails(story, AT(10), "cart");
    fold(story, AT(40));
    assert_about(story, "shop till cart");
    end(story);
}

static void retention_takes_a_proposal_and_all_of_its_signals(void **state)
{
    struct story *story = three_are_down(GROUPED);

    (void)state;
    is_well(story, AT(40), "shop");
    approved_at(story, AT(41));
    is_well(story, AT(42), "cart");
    is_well(story, AT(43), "till");
    ends(story, EFFECT_DONE, AT(44));
    fold(story, AT(44) + 4 * HOUR_MS);
    retention_at(story, AT(44) + 8 * HOUR_MS);
    retention_at(story, AT(44) + 8 * HOUR_MS);
    retention_at(story, AT(44) + 8 * HOUR_MS);
    assert_int_equal(n_rows(story, TABLE_PROPOSALS), 0);
    assert_int_equal(n_rows(story, TABLE_SIGNAL_PROPOSALS), 0);
    assert_int_equal(n_rows(story, TABLE_SIGNALS), 0);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fires_within_the_wait_is_asked_about_once),
        cmocka_unit_test(what_fires_when_the_wait_is_over_joins),
        cmocka_unit_test(what_waits_says_that_it_does_and_until_when),
        cmocka_unit_test(a_signal_alone_is_a_group_of_one),
        cmocka_unit_test(a_wait_of_nothing_asks_at_once),
        cmocka_unit_test(other_values_make_other_groups),
        cmocka_unit_test(without_by_all_signals_of_the_rule_are_one_group),
        cmocka_unit_test(whoever_resolves_within_the_wait_is_out),
        cmocka_unit_test(where_nobody_fires_any_more_nothing_is_opened),
        cmocka_unit_test(a_late_joiner_makes_a_new_revision_of_the_same_proposal),
        cmocka_unit_test(a_storm_of_joiners_makes_one_revision_a_wait),
        cmocka_unit_test(a_joiner_voids_what_was_approved_by_some),
        cmocka_unit_test(repeats_of_who_is_in_make_no_revision),
        cmocka_unit_test(one_that_resolves_leaves_the_others_and_their_plan),
        cmocka_unit_test(where_the_one_that_leads_resolves_the_rest_is_a_new_revision),
        cmocka_unit_test(it_is_withdrawn_when_the_last_one_resolves),
        cmocka_unit_test(who_takes_the_place_of_the_last_one_keeps_it_open),
        cmocka_unit_test(who_comes_after_a_reload_waits_as_long_as_its_rule_says_now),
        cmocka_unit_test(who_waited_for_what_is_decided_waits_as_long_as_its_rule_says_now),
        cmocka_unit_test(the_most_severe_rule_of_a_name_supplies_the_plan),
        cmocka_unit_test(a_joiner_that_is_more_severe_takes_the_lead),
        cmocka_unit_test(who_was_to_lead_and_only_observes_leaves_the_open_proposal_as_it_is),
        cmocka_unit_test(who_joins_what_is_decided_waits_until_it_is_over),
        cmocka_unit_test(who_was_held_by_an_earlier_one_joins_the_next_once),
        cmocka_unit_test(what_is_taken_back_takes_in_who_waited),
        cmocka_unit_test(
            what_is_held_becomes_stale_with_the_one_that_leads_and_the_rest_asks_again),
        cmocka_unit_test(it_is_verified_when_all_are_well),
        cmocka_unit_test(it_is_verified_at_once_where_all_were_well_before_the_step_ended),
        cmocka_unit_test(that_the_one_that_leads_is_well_is_not_enough),
        cmocka_unit_test(one_that_goes_on_failing_leaves_it_inconclusive),
        cmocka_unit_test(any_that_fails_again_while_it_verifies_is_a_recurrence),
        cmocka_unit_test(quiet_verifies_all_and_ends_all),
        cmocka_unit_test(a_rejection_is_for_all_of_them_and_so_is_what_follows),
        cmocka_unit_test(an_expiry_is_for_all_of_them),
        cmocka_unit_test(whom_a_silence_holds_is_no_part_of_it),
        cmocka_unit_test(where_all_are_silenced_nobody_asks_until_the_silence_ends),
        cmocka_unit_test(quiet_of_one_that_was_silenced_proves_nothing),
        cmocka_unit_test(who_is_silenced_does_not_take_the_place_of_the_last_one),
        cmocka_unit_test(what_all_are_held_from_ends_and_they_are_asked_about_again),
        cmocka_unit_test(who_fires_while_the_task_runs_joins_it),
        cmocka_unit_test(where_the_one_that_is_looked_at_resolves_the_next_is_looked_at),
        cmocka_unit_test(until_the_next_one_is_looked_at_there_is_nothing_to_approve),
        cmocka_unit_test(who_was_to_lead_and_left_opens_nothing_of_its_own),
        cmocka_unit_test(a_decision_ends_the_look_at_the_next_one),
        cmocka_unit_test(so_many_are_named_and_the_others_are_counted_until_there_is_room),
        cmocka_unit_test(singles_that_are_open_are_absorbed_when_their_rule_groups),
        cmocka_unit_test(a_group_falls_apart_when_its_rule_groups_no_longer),
        cmocka_unit_test(it_is_withdrawn_with_its_rule),
        cmocka_unit_test(a_rule_that_only_observes_asks_for_no_group),
        cmocka_unit_test(a_changed_rule_makes_one_revision_of_its_groups_proposal),
        cmocka_unit_test(a_restart_changes_nothing_of_a_group),
        cmocka_unit_test(a_damaged_group_begins_anew_with_those_that_wait),
        cmocka_unit_test(retention_takes_a_proposal_and_all_of_its_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
