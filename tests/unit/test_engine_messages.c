/* What channels are owed, as the engine keeps it: one message for each proposal and channel, whatever happens, in order. */
#include "tests/unit/engine_story.h"

/* clang-format off */
#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "retention: {events: 1h}\n"                                                                    \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/true, \"{{level}}\"], params: {level: '/[0-9]/'}, effect: external, timeout: 10s}\n" \
    "people: {jane: {user: jane, slack: U1}, joe: {slack: U3}}\n"                                  \
    "groups: {sre: {members: [jane], slack: S1}}\n"                                                \
    "approvers: {from: [sre], need: 1}\n"                                                          \
    "channels:\n"                                                                                  \
    "  slack:\n"                                                                                   \
    "    token: xoxb-1\n"                                                                          \
    "    signing_secret: 8f742231b10e8888abcd99aaaeee85a5\n"                                       \
    "    channel: C0\n"                                                                            \
    "    routes: [{rules: [other-*], channel: C1}]\n"                                              \
    "  chat: {kind: teams, url: \"https://hooks.example.com/x\", standby: true}\n"
/* clang-format on */

/* The Slack channel has another name. */
#define RENAMED_CONFIG                                                                             \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/true], effect: external, timeout: 10s}\n"                                  \
    "people: {jane: {user: jane, slack: U1}}\n"                                                    \
    "approvers: {from: [jane], need: 1}\n"                                                         \
    "channels:\n"                                                                                  \
    "  talk: {kind: teams, url: \"https://hooks.example.com/y\"}\n"

#define RULE(severity)                                                                             \
    "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], severity: " severity      \
    ", propose: {plan: [{do: act, with: {level: '7'}}], cooldown: 0s, expires: 4h}, verify: {ok: " \
    "1h}}]\n"

static struct message message_of(struct story *story, struct ulid proposal, const char *channel)
{
    struct message message;
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(message_get(txn, proposal, slice_of(channel), story->arena, &message), RC_OK);
    store_abort(&txn);
    return message;
}

/* Of the newest proposal: does its card show the plan that it has? */
static bool card_shows_plan(struct story *story)
{
    struct proposal proposal = newest(story);

    return slice_eq(message_of(story, proposal.id, "slack").shown_digest, proposal.plan_digest);
}

static bool has_message(struct story *story, struct ulid proposal, const char *channel)
{
    struct message message;
    struct store_txn *txn = NULL;
    enum rc rc;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    rc = message_get(txn, proposal, slice_of(channel), story->arena, &message);
    store_abort(&txn);
    return !rc;
}

static struct story *red_at_noon(const char *severity)
{
    char rules[512];
    struct story *story;

    snprintf(rules, sizeof rules, RULE("%s"), severity);
    story = begin_with(CONFIG, rules);
    fails_at(story, NOON_MS);
    return story;
}

static void begins(struct story *story, struct ulid proposal, enum message_part part, int64_t note,
                   enum rc rc)
{
    const struct engine_message ref = {
        .proposal = proposal, .channel = SLICE("slack"), .part = part, .note = note
    };

    assert_int_equal(engine_begin_message(story->engine, &ref, NOON_MS, NOON_MS), rc);
}

/* As the one who posts does it. */
static void comes_to(struct story *story, struct ulid proposal, enum channel_outcome outcome)
{
    const struct proposal shown = proposal_of(story, proposal);
    struct message message = message_of(story, proposal, "slack");
    const struct message_note *notes = message.notes.items;
    enum message_part part = message_next(&message);
    const struct engine_message_result result = {
        .ref = { .proposal = proposal,
                 .channel = SLICE("slack"),
                 .part = part,
                 .note = part == MESSAGE_NOTE ? notes[0].number : 0 },
        .outcome = outcome,
        .handle = SLICE("1.1"),
        .place = SLICE("C0"),
        .shown = message.wanted,
        .shown_digest = shown.plan_digest,
        .real_ms = NOON_MS + message.wanted,
        .error = outcome == CHANNEL_SENT ? (struct slice){ 0 } : SLICE("told why"),
    };

    if (part != MESSAGE_EDIT && !message.sending)
        begins(story, proposal, part, result.ref.note, RC_OK);
    assert_int_equal(engine_end_message(story->engine, &result, NOON_MS), RC_OK);
}

static enum message_part owed(struct story *story, struct ulid proposal)
{
    struct message message = message_of(story, proposal, "slack");

    return message_next(&message);
}

static void a_proposal_is_owed_to_each_channel_but_those_that_stand_by(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    struct message message = message_of(story, id, "slack");

    (void)state;
    assert_true(slice_eq(message.place, SLICE("C0")));
    assert_int_equal(message_next(&message), MESSAGE_CARD);
    assert_true(message.owed_ms > 0);
    assert_false(has_message(story, id, "chat"));
    end(story);
}

static void a_card_that_was_sent_owes_nothing_until_something_changes(void **state)
{
    struct story *story = red_at_noon("high");
    struct proposal proposal = newest(story);

    (void)state;
    comes_to(story, proposal.id, CHANNEL_SENT);
    assert_int_equal(owed(story, proposal.id), MESSAGE_NOTHING);
    assert_int_equal(decides(story, proposal, (struct decision){ .verdict = VERDICT_ACK }, NOON_MS),
                     DECISION_TAKEN);
    assert_int_equal(owed(story, proposal.id), MESSAGE_EDIT);
    comes_to(story, proposal.id, CHANNEL_SENT);
    assert_int_equal(owed(story, proposal.id), MESSAGE_NOTE); /* "acknowledged by jane …" */
    comes_to(story, proposal.id, CHANNEL_SENT);
    assert_int_equal(owed(story, proposal.id), MESSAGE_NOTHING);
    assert_int_equal(message_of(story, proposal.id, "slack").owed_ms, 0);
    end(story);
}

static void a_plan_that_somebody_edits_is_told_with_what_changed_and_so_is_an_edit_that_is_void(
    void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    struct message message;
    const struct message_note *notes;

    (void)state;
    comes_to(story, id, CHANNEL_SENT);
    assert_int_equal(decides(story, newest(story),
                             (struct decision){ .verdict = VERDICT_EDIT,
                                                .params = SLICE("[{\"level\":\"8\"}]") },
                             NOON_MS),
                     DECISION_TAKEN);
    swap_rules(story, RULE("critical"), NOON_MS + 1);
    message = message_of(story, id, "slack");
    notes = message.notes.items;
    assert_int_equal(message.notes.n_items, 2);
    assert_true(slice_eq(notes[0].text, SLICE("jane changed `level` of step 1 from \"7\" to \"8\"; "
                                              "revision 2 waits for a decision")));
    assert_true(slice_eq(notes[1].text,
                         SLICE("the rule has changed, and the plan is made from it anew: what jane "
                               "changed in it before is void; revision 3 waits for a decision")));
    end(story);
}

static void one_approval_of_several_is_told_as_that(void **state)
{
    static const char rules[] =
        "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: [{do: "
        "act, with: {level: '7'}}], approvers: {from: [jane, joe], need: 2}}, verify: {ok: 1h}}]\n";
    struct story *story = begin_with(CONFIG, rules);
    struct message message;
    const struct message_note *notes;

    (void)state;
    fails_at(story, NOON_MS);
    comes_to(story, newest(story).id, CHANNEL_SENT);
    assert_int_equal(
        decides(story, newest(story), (struct decision){ .verdict = VERDICT_APPROVE }, NOON_MS),
        DECISION_TAKEN);
    assert_int_equal(decides(story, newest(story),
                             (struct decision){ .verdict = VERDICT_APPROVE, .by = SLICE("joe") },
                             NOON_MS),
                     DECISION_TAKEN);
    message = message_of(story, newest(story).id, "slack");
    notes = message.notes.items;
    assert_int_equal(message.notes.n_items, 2);
    assert_true(slice_eq(notes[0].text, SLICE("jane approved (1 of 2)")));
    assert_true(slice_starts(notes[1].text, SLICE("approved by joe at ")));
    end(story);
}

static void many_changes_are_one_edit_and_every_note(void **state)
{
    struct story *story = red_at_noon("high");
    struct proposal proposal = newest(story);

    (void)state;
    comes_to(story, proposal.id, CHANNEL_SENT);
    assert_int_equal(decides(story, proposal, (struct decision){ .verdict = VERDICT_ACK }, NOON_MS),
                     DECISION_TAKEN);
    assert_int_equal(decides(story, proposal,
                             (struct decision){ .verdict = VERDICT_SNOOZE, .for_ms = HOUR_MS },
                             NOON_MS),
                     DECISION_TAKEN);
    assert_int_equal(message_of(story, proposal.id, "slack").notes.n_items, 2);
    comes_to(story, proposal.id, CHANNEL_SENT);
    assert_int_equal(owed(story, proposal.id), MESSAGE_NOTE);
    end(story);
}

static void what_happens_to_a_step_is_told_once_and_a_failure_with_its_end(void **state)
{
    static const struct {
        enum effect_state state;
        const char *note;
    } cases[] = {
        { EFFECT_DONE, "step 1 of 1 (act): done" },
        { EFFECT_FAILED, "failed: step 1 (act) failed: " },
        { EFFECT_UNKNOWN, "unknown: nobody knows whether step 1 (act) ran: look, then settle it "
                          "as ran or not ran" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct story *story = red_at_noon("high");
        struct ulid id = newest(story).id;
        struct message message;
        const struct message_note *notes;

        comes_to(story, id, CHANNEL_SENT);
        assert_int_equal(
            decides(story, newest(story), (struct decision){ .verdict = VERDICT_APPROVE }, NOON_MS),
            DECISION_TAKEN);
        ends(story, cases[i].state, NOON_MS + 1);
        message = message_of(story, id, "slack");
        notes = message.notes.items;
        assert_int_equal(message.notes.n_items, 2); /* the first is the approval */
        assert_true(slice_eq(notes[1].text, slice_of(cases[i].note)));
        assert_int_equal(notes[1].is_loud, cases[i].state != EFFECT_DONE);
        end(story);
    }
}

static void o06_what_began_to_leave_is_looked_for_until_its_end_is_known(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    struct message message;

    (void)state;
    begins(story, id, MESSAGE_CARD, 0, RC_OK);
    message = message_of(story, id, "slack");
    assert_int_equal(message.sending, MESSAGE_CARD);
    assert_int_equal(message.sent_ms, NOON_MS);
    comes_to(story, id, CHANNEL_LOST);
    assert_int_equal(message_of(story, id, "slack").sending, MESSAGE_CARD);
    comes_to(story, id, CHANNEL_NOT_FOUND);
    assert_int_equal(message_of(story, id, "slack").sending, MESSAGE_NOTHING);
    assert_int_equal(owed(story, id), MESSAGE_CARD);
    end(story);
}

static void o03_a_card_that_is_found_is_adopted_and_brought_up_to_date(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;

    (void)state;
    comes_to(story, id, CHANNEL_LOST);
    comes_to(story, id, CHANNEL_FOUND);
    assert_true(slice_eq(message_of(story, id, "slack").handle, SLICE("1.1")));
    assert_int_equal(owed(story, id), MESSAGE_EDIT); /* nobody knows what it shows */
    end(story);
}

static void what_is_not_owed_does_not_begin(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;

    (void)state;
    begins(story, id, MESSAGE_NOTE, 1, RC_CONFLICT);
    comes_to(story, id, CHANNEL_SENT);
    begins(story, id, MESSAGE_CARD, 0, RC_CONFLICT);
    end(story);
}

static void a_card_that_is_gone_is_posted_anew_but_not_for_ever(void **state)
{
    struct story *story = red_at_noon("high");
    struct proposal proposal = newest(story);
    int n_posted = 0;

    (void)state;
    comes_to(story, proposal.id, CHANNEL_SENT);
    assert_int_equal(decides(story, proposal, (struct decision){ .verdict = VERDICT_ACK }, NOON_MS),
                     DECISION_TAKEN);
    assert_int_equal(owed(story, proposal.id), MESSAGE_EDIT);
    comes_to(story, proposal.id, CHANNEL_ANEW);
    assert_int_equal(owed(story, proposal.id), MESSAGE_CARD);
    for (; owed(story, proposal.id) == MESSAGE_CARD && n_posted < 100; n_posted++)
        comes_to(story, proposal.id, CHANNEL_ANEW);
    assert_true(n_posted < 10);
    assert_int_equal(message_of(story, proposal.id, "slack").state, MESSAGE_DEAD);
    end(story);
}

/* As where a workspace lets nobody change what is posted: each new card is taken, and no change of it. */
static void a_card_that_can_never_be_changed_is_not_posted_anew_for_ever(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    int n_posted = 0;

    (void)state;
    for (int i = 0; i < 50 && message_of(story, id, "slack").state == MESSAGE_LIVE; i++) {
        comes_to(story, id, CHANNEL_SENT);
        n_posted++;
        assert_int_equal(decides(story, newest(story),
                                 (struct decision){ .verdict = VERDICT_SNOOZE,
                                                    .for_ms = HOUR_MS + i * MINUTE_MS },
                                 NOON_MS + i),
                         DECISION_TAKEN);
        while (owed(story, id) == MESSAGE_NOTE)
            comes_to(story, id, CHANNEL_SENT);
        comes_to(story, id, CHANNEL_ANEW);
    }
    assert_in_range(n_posted, 2, 9);
    assert_true(slice_eq(message_of(story, id, "slack").error, SLICE("told why")));
    end(story);
}

static void a_card_that_can_be_changed_again_may_be_lost_again(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;

    (void)state;
    comes_to(story, id, CHANNEL_SENT);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(decides(story, newest(story),
                                 (struct decision){ .verdict = VERDICT_SNOOZE,
                                                    .for_ms = HOUR_MS + i * MINUTE_MS },
                                 NOON_MS + i),
                         DECISION_TAKEN);
        while (owed(story, id) == MESSAGE_NOTE)
            comes_to(story, id, CHANNEL_SENT);
        comes_to(story, id, i % 2 ? CHANNEL_ANEW : CHANNEL_SENT);
        if (owed(story, id) == MESSAGE_CARD)
            comes_to(story, id, CHANNEL_SENT);
    }
    assert_int_equal(message_of(story, id, "slack").state, MESSAGE_LIVE);
    end(story);
}

static void o12_a_card_whose_answer_is_always_lost_is_given_up_at_last(void **state)
{
    struct story *story = red_at_noon("critical");
    struct ulid id = newest(story).id;
    int n_sent = 0;

    (void)state;
    for (; owed(story, id) == MESSAGE_CARD && n_sent < 100; n_sent++) {
        begins(story, id, MESSAGE_CARD, 0, RC_OK);
        comes_to(story, id, CHANNEL_LOST);
    }
    assert_in_range(n_sent, 5, 20);
    assert_int_equal(message_of(story, id, "slack").state, MESSAGE_DEAD);
    assert_true(has_message(story, id, "chat"));
    end(story);
}

static void edits(struct story *story, const char *params)
{
    assert_int_equal(
        decides(story, newest(story),
                (struct decision){ .verdict = VERDICT_EDIT, .params = slice_of(params) }, NOON_MS),
        DECISION_TAKEN);
}

static void a04_a_card_that_cannot_be_changed_speaks_for_no_plan_and_another_one_is_posted(
    void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    struct message message;

    (void)state;
    comes_to(story, id, CHANNEL_SENT);
    edits(story, "[{\"level\":\"8\"}]");
    assert_int_equal(owed(story, id), MESSAGE_EDIT);
    comes_to(story, id, CHANNEL_DEAD);
    message = message_of(story, id, "slack");
    assert_int_equal(message.state, MESSAGE_LIVE);
    assert_true(slice_is_absent(message.shown_digest));
    assert_int_equal(message_next(&message), MESSAGE_CARD);
    comes_to(story, id, CHANNEL_SENT);
    assert_true(card_shows_plan(story));
    end(story);
}

static void a04_what_a_card_that_was_found_shows_is_not_known_before_it_was_changed(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;

    (void)state;
    comes_to(story, id, CHANNEL_LOST);
    edits(story, "[{\"level\":\"8\"}]");
    comes_to(story, id, CHANNEL_FOUND);
    assert_true(slice_is_absent(message_of(story, id, "slack").shown_digest));
    comes_to(story, id, CHANNEL_SENT);
    assert_true(card_shows_plan(story));
    end(story);
}

static void a04_since_when_a_card_shows_its_plan_is_kept(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;

    (void)state;
    comes_to(story, id, CHANNEL_SENT);
    assert_int_equal(message_of(story, id, "slack").shown_ms, 0); /* as long as it is there */
    fails_at(story, NOON_MS + SECOND_MS); /* the second time: shown, and the plan is the same */
    assert_int_equal(owed(story, id), MESSAGE_EDIT);
    comes_to(story, id, CHANNEL_SENT);
    assert_int_equal(message_of(story, id, "slack").shown_ms, 0);
    edits(story, "[{\"level\":\"8\"}]");
    comes_to(story, id, CHANNEL_SENT);
    assert_true(message_of(story, id, "slack").shown_ms > NOON_MS);
    end(story);
}

/* Whose edit goes next. */
static struct ulid first_edit(struct story *story)
{
    struct message_destination destination;
    struct message message;
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(message_next_destination(txn, NULL, story->arena, &destination, &message),
                     RC_OK);
    assert_int_equal(
        message_next_queued(txn, &destination, MESSAGE_LANE_EDITS, 0, story->arena, &message),
        RC_OK);
    store_abort(&txn);
    return message.proposal;
}

static void snoozes(struct story *story, struct ulid id, int64_t hours)
{
    assert_int_equal(
        decides(story, proposal_of(story, id),
                (struct decision){ .verdict = VERDICT_SNOOZE, .for_ms = hours * HOUR_MS }, NOON_MS),
        DECISION_TAKEN);
}

static void a_card_that_changes_all_the_time_lets_the_others_have_their_turn(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid busy = newest(story).id;
    struct ulid other;
    struct message message;
    struct engine_message_result result;

    (void)state;
    accept(story, NOON_MS, ENGINE_RECORDED_EVENT,
           "{\"kind\":\"ci.run\",\"repo\":\"c/d\",\"state\":\"failing\"}");
    fold(story, NOON_MS);
    other = newest(story).id;
    comes_to(story, busy, CHANNEL_SENT);
    comes_to(story, other, CHANNEL_SENT);
    snoozes(story, busy, 1);
    snoozes(story, other, 1);
    assert_int_equal(ulid_compare(first_edit(story), busy), 0);
    message = message_of(story, busy, "slack");
    snoozes(story, busy, 2); /* while it is under way */
    result = (struct engine_message_result){
        .ref = { .proposal = busy, .channel = SLICE("slack"), .part = MESSAGE_EDIT },
        .outcome = CHANNEL_SENT,
        .shown = message.wanted,
    };
    assert_int_equal(engine_end_message(story->engine, &result, NOON_MS), RC_OK);
    assert_int_equal(owed(story, busy), MESSAGE_EDIT);
    assert_int_equal(ulid_compare(first_edit(story), other), 0);
    end(story);
}

static void write_row(struct story *story, enum store_table table, struct slice key)
{
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin(story->store, &txn), RC_OK);
    assert_int_equal(store_put(txn, table, key, SLICE("damaged")), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
}

static void a_card_of_a_damaged_proposal_is_given_up_once(void **state)
{
    struct story *story = red_at_noon("critical");
    struct ulid id = newest(story).id;
    const struct engine_message_result result = {
        .ref = { .proposal = id, .channel = SLICE("slack"), .part = MESSAGE_CARD },
        .outcome = CHANNEL_DEAD,
        .error = SLICE("its proposal is gone"),
    };

    (void)state;
    write_row(story, TABLE_PROPOSALS, (struct slice){ (const char *)id.bytes, ULID_BYTES });
    assert_int_equal(engine_end_message(story->engine, &result, NOON_MS), RC_OK);
    assert_int_equal(message_of(story, id, "slack").state, MESSAGE_DEAD);
    end(story);
}

static void damaged_facts_of_a_channel_hold_up_nothing(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    struct channel_facts facts = { .channel = SLICE("slack"),
                                   .team = SLICE("T1"),
                                   .checked_ms = NOON_MS };
    struct sha256 digest;
    struct store_txn *txn = NULL;

    (void)state;
    assert_int_equal(sha256_of(SLICE("slack"), &digest), RC_OK);
    write_row(story, TABLE_CHANNEL_FACTS, (struct slice){ (const char *)digest.bytes, 8 });
    is_ok_at(story, NOON_MS + MINUTE_MS);
    assert_int_equal(engine_skip_message(story->engine, id, SLICE("slack"), NOON_MS), RC_OK);
    assert_int_equal(owed(story, id), MESSAGE_NOTHING);
    assert_int_equal(engine_note_channel(story->engine, &facts), RC_OK);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(channel_facts_get(txn, SLICE("slack"), story->arena, &facts), RC_OK);
    store_abort(&txn);
    assert_true(slice_eq(facts.team, SLICE("T1")));
    assert_int_equal(facts.n_skipped, 1);
    end(story);
}

static void o13_what_is_refused_as_it_is_goes_once_more_and_plain(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;

    (void)state;
    comes_to(story, id, CHANNEL_PLAINER);
    assert_true(message_of(story, id, "slack").is_plain);
    assert_int_equal(owed(story, id), MESSAGE_CARD);
    comes_to(story, id, CHANNEL_PLAINER);
    assert_int_equal(message_of(story, id, "slack").state, MESSAGE_DEAD);
    end(story);
}

static void o04_a_dead_card_of_a_critical_proposal_is_posted_elsewhere(void **state)
{
    struct story *story = red_at_noon("critical");
    struct ulid id = newest(story).id;
    struct message message;

    (void)state;
    comes_to(story, id, CHANNEL_DEAD);
    message = message_of(story, id, "slack");
    assert_int_equal(message.state, MESSAGE_DEAD);
    assert_true(slice_eq(message.error, SLICE("told why")));
    assert_true(slice_eq(message.taken_over_by, SLICE("chat")));
    assert_true(has_message(story, id, "chat"));
    end(story);
}

static void o04_only_critical_ones_are_taken_over_and_once(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;

    (void)state;
    assert_int_equal(engine_take_over_message(story->engine, id, SLICE("slack"), NOON_MS),
                     RC_NOT_FOUND);
    assert_false(has_message(story, id, "chat"));
    end(story);
    story = red_at_noon("critical");
    id = newest(story).id;
    assert_int_equal(engine_take_over_message(story->engine, id, SLICE("slack"), NOON_MS), RC_OK);
    assert_int_equal(engine_take_over_message(story->engine, id, SLICE("slack"), NOON_MS),
                     RC_NOT_FOUND);
    assert_int_equal(owed(story, id), MESSAGE_CARD); /* and Slack still gets its own */
    end(story);
}

static void o01_what_came_and_went_unposted_is_counted_instead(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    struct channel_facts facts;
    struct store_txn *txn = NULL;

    (void)state;
    is_ok_at(story, NOON_MS + MINUTE_MS);
    assert_int_equal(newest(story).state, PROPOSAL_WITHDRAWN);
    assert_int_equal(engine_skip_message(story->engine, id, SLICE("slack"), NOON_MS), RC_OK);
    assert_int_equal(engine_skip_message(story->engine, id, SLICE("slack"), NOON_MS), RC_OK);
    assert_int_equal(owed(story, id), MESSAGE_NOTHING);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(channel_facts_get(txn, SLICE("slack"), story->arena, &facts), RC_OK);
    store_abort(&txn);
    assert_int_equal(facts.n_skipped, 1);
    end(story);
}

static void o11_a_resolve_of_what_was_announced_is_always_told(void **state)
{
    struct story *story = red_at_noon("high");
    struct proposal proposal = newest(story);
    struct message message;
    const struct message_note *notes;

    (void)state;
    comes_to(story, proposal.id, CHANNEL_SENT);
    assert_int_equal(
        decides(story, proposal,
                (struct decision){ .verdict = VERDICT_REJECT, .reason = SLICE("known") }, NOON_MS),
        DECISION_TAKEN);
    is_ok_at(story, NOON_MS + MINUTE_MS);
    message = message_of(story, proposal.id, "slack");
    notes = message.notes.items;
    assert_int_equal(message.notes.n_items, 2);
    assert_true(slice_eq(notes[1].text, SLICE("well again: its source says so")));
    end(story);
}

static void o11_a_resolve_that_ends_a_proposal_is_told_with_its_end_only(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    struct message message;
    const struct message_note *notes;

    (void)state;
    comes_to(story, id, CHANNEL_SENT);
    is_ok_at(story, NOON_MS + MINUTE_MS);
    message = message_of(story, id, "slack");
    notes = message.notes.items;
    assert_int_equal(message.notes.n_items, 1);
    assert_true(slice_eq(notes[0].text, SLICE("withdrawn: the signal resolved")));
    end(story);
}

static void counts_are_told_at_round_numbers_only(void **state)
{
    static const int64_t told[] = { 2, 3, 5, 10, 20 };
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    size_t n_told = 0;

    (void)state;
    for (int64_t count = 2; count <= 20; count++) {
        int64_t before = message_of(story, id, "slack").wanted;

        fails_at(story, NOON_MS + count * SECOND_MS);
        if (message_of(story, id, "slack").wanted == before)
            continue;
        assert_true(n_told < sizeof told / sizeof *told);
        assert_int_equal(told[n_told++], count);
    }
    assert_int_equal(n_told, sizeof told / sizeof *told);
    assert_int_equal(message_of(story, id, "slack").notes.n_items, 1); /* at 10 */
    end(story);
}

static void notes_beyond_their_number_are_folded_into_the_last(void **state)
{
    struct story *story = red_at_noon("high");
    struct proposal proposal = newest(story);
    struct message message;
    const struct message_note *notes;

    (void)state;
    for (int i = 0; i < MESSAGE_MAX_NOTES + 10; i++)
        assert_int_equal(decides(story, proposal,
                                 (struct decision){ .verdict = VERDICT_SNOOZE,
                                                    .for_ms = HOUR_MS + i * MINUTE_MS },
                                 NOON_MS + i),
                         DECISION_TAKEN);
    message = message_of(story, proposal.id, "slack");
    notes = message.notes.items;
    assert_int_equal(message.notes.n_items, MESSAGE_MAX_NOTES);
    assert_true(slice_starts(notes[MESSAGE_MAX_NOTES - 1].text,
                             SLICE("10 more happened meanwhile; the last: snoozed by jane")));
    end(story);
}

static void a_request_that_somebody_kept_is_carried_out_once(void **state)
{
    struct story *story = red_at_noon("high");
    struct proposal proposal = newest(story);
    struct engine_decision asked = { .proposal = proposal.short_id,
                                     .decision = { .verdict = VERDICT_SNOOZE,
                                                   .by = SLICE("jane"),
                                                   .via = SLICE("slack"),
                                                   .for_ms = HOUR_MS },
                                     .once = SLICE("C0 1.1 snooze 2.2 U1"),
                                     .real_ms = NOON_MS,
                                     .arena = story->arena };

    (void)state;
    assert_int_equal(engine_decide(story->engine, &asked, NOON_MS), RC_OK);
    assert_int_equal(asked.answer.outcome, DECISION_TAKEN);
    assert_int_equal(engine_decide(story->engine, &asked, NOON_MS + MINUTE_MS), RC_OK);
    assert_int_equal(asked.answer.outcome, DECISION_SAME_AGAIN);
    assert_int_equal(newest(story).decisions.n_items, 1);
    end(story);
}

static enum decision_outcome approves(struct story *story, const char *who, int64_t at_ms)
{
    struct proposal proposal = newest(story);
    struct engine_decision asked = { .proposal = proposal.short_id,
                                     .decision = { .verdict = VERDICT_APPROVE,
                                                   .by = slice_of(who),
                                                   .via = SLICE("slack"),
                                                   .plan_digest = proposal.plan_digest },
                                     .real_ms = at_ms,
                                     .arena = story->arena };

    assert_int_equal(engine_decide(story->engine, &asked, at_ms), RC_OK);
    return asked.answer.outcome;
}

static void a03_members_of_a_slack_group_decide_while_its_answer_is_fresh(void **state)
{
    struct slice users[] = { SLICE("U1"), SLICE("U9") };
    const struct group_members members = {
        .channel = SLICE("slack"), .group = SLICE("S1"), .users = { users, 2 }, .at_ms = NOON_MS
    };
    struct story *story = red_at_noon("high");

    (void)state;
    assert_int_equal(approves(story, "slack:U9", NOON_MS), DECISION_DENIED);
    assert_int_equal(engine_note_group(story->engine, &members), RC_OK);
    assert_int_equal(approves(story, "joe", NOON_MS), DECISION_DENIED);
    assert_int_equal(approves(story, "slack:U8", NOON_MS), DECISION_DENIED);
    assert_int_equal(approves(story, "U9", NOON_MS), DECISION_DENIED);
    assert_int_equal(approves(story, "slack:U9", NOON_MS), DECISION_TAKEN);
    end(story);

    story = begin_with(CONFIG, RULE("high"));
    assert_int_equal(engine_note_group(story->engine, &members), RC_OK);
    fails_at(story, NOON_MS + DAY_MS);
    assert_int_equal(approves(story, "slack:U9", NOON_MS + DAY_MS), DECISION_DENIED);
    assert_int_equal(approves(story, "jane", NOON_MS + DAY_MS), DECISION_TAKEN);
    end(story);
}

static void what_is_closed_goes_with_its_messages(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;

    (void)state;
    is_ok_at(story, NOON_MS + MINUTE_MS);
    retention_at(story, NOON_MS + DAY_MS);
    assert_int_equal(n_proposals(story), 0);
    assert_false(has_message(story, id, "slack"));
    end(story);
}

static int64_t n_given_up(struct story *story)
{
    struct channel_facts facts;
    struct store_txn *txn = NULL;
    enum rc rc;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    rc = channel_facts_get(txn, SLICE("slack"), story->arena, &facts);
    store_abort(&txn);
    return rc ? 0 : facts.n_dead;
}

static void o12_what_a_broken_channel_is_owed_goes_with_its_proposal_and_is_counted(void **state)
{
    struct story *story = red_at_noon("high");

    (void)state;
    is_ok_at(story, NOON_MS + MINUTE_MS);
    assert_int_equal(n_given_up(story), 0);
    retention_at(story, NOON_MS + DAY_MS);
    assert_int_equal(n_given_up(story), 1);
    end(story);

    story = red_at_noon("high");
    comes_to(story, newest(story).id, CHANNEL_SENT);
    is_ok_at(story, NOON_MS + MINUTE_MS);
    while (owed(story, newest(story).id))
        comes_to(story, newest(story).id, CHANNEL_SENT);
    retention_at(story, NOON_MS + DAY_MS);
    assert_int_equal(n_given_up(story), 0);
    end(story);
}

static void what_a_channel_says_of_itself_leaves_our_counts_alone(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    const struct channel_facts said = { .channel = SLICE("slack"),
                                        .team = SLICE("T1"),
                                        .checked_ms = NOON_MS };
    const struct channel_facts told = { .channel = SLICE("slack"), .n_skipped = 1 };
    struct channel_facts facts;
    struct store_txn *txn = NULL;

    (void)state;
    assert_int_equal(engine_note_channel(story->engine, &said), RC_OK);
    is_ok_at(story, NOON_MS + MINUTE_MS);
    assert_int_equal(engine_skip_message(story->engine, id, SLICE("slack"), NOON_MS), RC_OK);
    assert_int_equal(engine_note_channel(story->engine, &said), RC_OK);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(channel_facts_get(txn, SLICE("slack"), story->arena, &facts), RC_OK);
    assert_int_equal(facts.n_skipped, 1);
    assert_true(slice_eq(facts.team, SLICE("T1")));
    store_abort(&txn);
    assert_int_equal(engine_note_channel(story->engine, &told), RC_OK);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(channel_facts_get(txn, SLICE("slack"), story->arena, &facts), RC_OK);
    assert_int_equal(facts.n_skipped, 0);
    assert_true(slice_eq(facts.team, SLICE("T1")));
    store_abort(&txn);
    end(story);
}

static void a_channel_that_a_reload_brings_gets_what_is_not_over(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid id = newest(story).id;
    struct config *before = story->config;
    struct config_options options = { .path = story->config_path };
    struct problems *problems;
    struct message message;

    (void)state;
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(file_write(story->config_path, SLICE(RENAMED_CONFIG), 0600), RC_OK);
    assert_int_equal(config_load(&options, problems, &story->config), RC_OK);
    swap_rules(story, RULE("high"), NOON_MS);
    assert_true(has_message(story, id, "talk"));
    message = message_of(story, id, "talk");
    assert_int_equal(message_next(&message), MESSAGE_CARD);
    swap_rules(story, RULE("high"), NOON_MS); /* and once */
    config_free(before);
    problems_free(problems);
    end(story);
}

static bool has_note(const struct message *message, const char *beginning)
{
    const struct message_note *notes = message->notes.items;

    for (size_t i = 0; i < message->notes.n_items; i++)
        if (slice_starts(notes[i].text, slice_of(beginning)))
            return true;
    return false;
}

static void a_signal_that_comes_and_goes_is_told_in_the_threads_of_its_proposals(void **state)
{
    struct story *story = red_at_noon("high");
    struct ulid first = newest(story).id;
    struct message message;

    (void)state;
    is_ok_at(story, NOON_MS + MINUTE_MS);
    fails_at(story, NOON_MS + 2 * MINUTE_MS);
    message = message_of(story, first, "slack");
    assert_true(has_note(&message, "fires again: proposal "));
    message = message_of(story, newest(story).id, "slack");
    assert_false(has_note(&message, "flapping"));
    is_ok_at(story, NOON_MS + 3 * MINUTE_MS);
    fails_at(story, NOON_MS + HOUR_MS); /* an hour after: not so often that it would be held back */
    message = message_of(story, newest(story).id, "slack");
    assert_true(has_note(&message, "flapping: 3 proposals for this signal within a day"));
    end(story);
}

/* --- a group --- */

#define GROUP_RULES                                                                                \
    "rules:\n"                                                                                     \
    "  - {id: red, on: ci.run, where: {state: failing}, key: [repo, workflow], title: "            \
    "'{{workflow}} is red', group: {wait: 30s}, propose: {plan: [{do: act, with: {level: "         \
    "'7'}}]}}\n"

static void flow_is(struct story *story, int64_t at_ms, const char *workflow, const char *state)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"workflow\":\"%s\",\"state\":\"%s\",\"time\":"
             "\"%s\"}",
             workflow, state, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static uint64_t n_messages(struct story *story)
{
    struct store_txn *txn = NULL;
    uint64_t n = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(store_count(txn, TABLE_MESSAGES, &n), RC_OK);
    store_abort(&txn);
    return n;
}

static void a_group_has_one_message_whoever_joins_leads_and_leaves(void **state)
{
    struct story *story = begin_with(CONFIG, GROUP_RULES);
    int64_t wanted;

    (void)state;
    flow_is(story, NOON_MS, "test", "failing");
    flow_is(story, NOON_MS + 1, "lint", "failing");
    fold(story, NOON_MS + 30 * SECOND_MS);
    assert_int_equal(n_messages(story), 1);
    wanted = message_of(story, newest(story).id, "slack").wanted;
    flow_is(story, NOON_MS + 31 * SECOND_MS, "docs", "failing");
    fold(story, NOON_MS + 60 * SECOND_MS); /* joined: the same message, anew */
    assert_int_equal(n_messages(story), 1);
    assert_true(message_of(story, newest(story).id, "slack").wanted > wanted);
    flow_is(story, NOON_MS + 61 * SECOND_MS, "test", "ok"); /* it led */
    flow_is(story, NOON_MS + 62 * SECOND_MS, "docs", "ok");
    assert_int_equal(n_messages(story), 1);
    flow_is(story, NOON_MS + 63 * SECOND_MS, "lint", "ok");
    assert_int_equal(newest(story).state, PROPOSAL_WITHDRAWN);
    assert_int_equal(n_messages(story), 1);
    assert_int_equal(n_proposals(story), 1);
    end(story);
}

static void o11_a_resolve_of_one_that_is_out_of_its_group_is_told(void **state)
{
    struct story *story = begin_with(
        CONFIG,
        "rules:\n"
        "  - {id: red, on: ci.run, where: {state: failing}, key: [repo, workflow], title: "
        "'{{workflow}} is red', group: {wait: 30s}, unless: [frozen], same: [workflow], propose: "
        "{plan: [{do: act, with: {level: '7'}}]}}\n"
        "  - {id: frozen, on: freeze, key: [workflow], mode: observe}\n");
    struct message message;
    struct ulid id;

    (void)state;
    assert_int_equal(engine_recover(story->engine, NOON_MS), RC_OK);
    flow_is(story, NOON_MS, "test", "failing");
    flow_is(story, NOON_MS + 1, "lint", "failing");
    fold(story, NOON_MS + 30 * SECOND_MS);
    id = newest(story).id;
    comes_to(story, id, CHANNEL_SENT);
    accept(story, NOON_MS + 31 * SECOND_MS, ENGINE_RECORDED_EVENT,
           "{\"kind\":\"freeze\",\"workflow\":\"lint\",\"state\":\"failing\"}");
    fold(story, NOON_MS + 31 * SECOND_MS);
    assert_int_equal(newest(story).state, PROPOSAL_OPEN);
    assert_int_equal(newest(story).signals.n_items, 1);
    flow_is(story, NOON_MS + 40 * SECOND_MS, "lint", "ok");
    message = message_of(story, id, "slack");
    assert_true(has_note(&message, "\"lint is red\" is well again: its source says so"));
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_has_one_message_whoever_joins_leads_and_leaves),
        cmocka_unit_test(a_proposal_is_owed_to_each_channel_but_those_that_stand_by),
        cmocka_unit_test(a_card_that_was_sent_owes_nothing_until_something_changes),
        cmocka_unit_test(
            a_plan_that_somebody_edits_is_told_with_what_changed_and_so_is_an_edit_that_is_void),
        cmocka_unit_test(one_approval_of_several_is_told_as_that),
        cmocka_unit_test(many_changes_are_one_edit_and_every_note),
        cmocka_unit_test(what_happens_to_a_step_is_told_once_and_a_failure_with_its_end),
        cmocka_unit_test(o06_what_began_to_leave_is_looked_for_until_its_end_is_known),
        cmocka_unit_test(o03_a_card_that_is_found_is_adopted_and_brought_up_to_date),
        cmocka_unit_test(what_is_not_owed_does_not_begin),
        cmocka_unit_test(a_card_that_is_gone_is_posted_anew_but_not_for_ever),
        cmocka_unit_test(a_card_that_can_never_be_changed_is_not_posted_anew_for_ever),
        cmocka_unit_test(a_card_that_can_be_changed_again_may_be_lost_again),
        cmocka_unit_test(o12_a_card_whose_answer_is_always_lost_is_given_up_at_last),
        cmocka_unit_test(
            a04_a_card_that_cannot_be_changed_speaks_for_no_plan_and_another_one_is_posted),
        cmocka_unit_test(a04_what_a_card_that_was_found_shows_is_not_known_before_it_was_changed),
        cmocka_unit_test(a04_since_when_a_card_shows_its_plan_is_kept),
        cmocka_unit_test(a_card_that_changes_all_the_time_lets_the_others_have_their_turn),
        cmocka_unit_test(a_card_of_a_damaged_proposal_is_given_up_once),
        cmocka_unit_test(damaged_facts_of_a_channel_hold_up_nothing),
        cmocka_unit_test(o13_what_is_refused_as_it_is_goes_once_more_and_plain),
        cmocka_unit_test(o04_a_dead_card_of_a_critical_proposal_is_posted_elsewhere),
        cmocka_unit_test(o04_only_critical_ones_are_taken_over_and_once),
        cmocka_unit_test(o01_what_came_and_went_unposted_is_counted_instead),
        cmocka_unit_test(o11_a_resolve_of_what_was_announced_is_always_told),
        cmocka_unit_test(o11_a_resolve_of_one_that_is_out_of_its_group_is_told),
        cmocka_unit_test(o11_a_resolve_that_ends_a_proposal_is_told_with_its_end_only),
        cmocka_unit_test(a_signal_that_comes_and_goes_is_told_in_the_threads_of_its_proposals),
        cmocka_unit_test(counts_are_told_at_round_numbers_only),
        cmocka_unit_test(notes_beyond_their_number_are_folded_into_the_last),
        cmocka_unit_test(a_request_that_somebody_kept_is_carried_out_once),
        cmocka_unit_test(a03_members_of_a_slack_group_decide_while_its_answer_is_fresh),
        cmocka_unit_test(a_channel_that_a_reload_brings_gets_what_is_not_over),
        cmocka_unit_test(what_is_closed_goes_with_its_messages),
        cmocka_unit_test(o12_what_a_broken_channel_is_owed_goes_with_its_proposal_and_is_counted),
        cmocka_unit_test(what_a_channel_says_of_itself_leaves_our_counts_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
