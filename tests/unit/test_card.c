#include "actions/channels/card.h"

#include "sample_card.h"

#define BIDI "\xe2\x80\xae"       /* U+202E */
#define ZERO_WIDTH "\xe2\x80\x8b" /* U+200B */

typedef enum rc (*sentence)(const struct card *card, struct arena *arena, struct slice *text);

static struct slice said(const struct card_sample *sample, sentence say)
{
    struct slice text;

    assert_int_equal(say(&sample->card, sample->arena, &text), RC_OK);
    return text;
}
#define assert_says(sample, say, text) assert_slice(said(sample, say), text)

static struct slice whole(const struct card_sample *sample, size_t max_bytes)
{
    struct slice text;

    assert_int_equal(card_text(&sample->card, max_bytes, sample->arena, &text), RC_OK);
    return text;
}

static struct slice step_of(const struct card_sample *sample, size_t i)
{
    struct slice text;

    assert_int_equal(card_step(&sample->card, i, sample->arena, &text), RC_OK);
    return text;
}

/* --- what happened --- */

static void it_says_what_since_when_and_how_often(void **state)
{
    struct card_sample *sample = *state;

    assert_says(sample, card_headline, "high: api answers 503");
    assert_says(sample, card_when, "4 times since 11:42 UTC, last 12:00 UTC (over 18 min)");
    assert_says(sample, card_subject, "rule api-503: shop · api");
}

static void a_signal_that_still_fires_counts_on(void **state)
{
    struct card_sample *sample = *state;

    sample->signal.count = 9;
    sample->signal.last_seen_ms = NOON_MS + MINUTE_MS;
    assert_says(sample, card_when, "9 times since 11:42 UTC, last 12:01 UTC (over 19 min)");
    sample->signal.state = SIGNAL_RESOLVED;
    sample->signal.resolved_ms = NOON_MS + 2 * MINUTE_MS;
    assert_says(
        sample, card_when,
        "9 times since 11:42 UTC, last 12:01 UTC (over 19 min); well again since 12:02 UTC");
}

static void the_signals_of_a_group_are_named_and_beyond_that_counted(void **state)
{
    struct card_sample *sample = *state;
    struct ulid ids[7] = { 0 };
    const struct card_other others[] = { { SLICE("till is down"), false },
                                         { SLICE("cart is down"), true } };

    assert_true(slice_is_absent(said(sample, card_others)));
    sample->proposal.signals = (struct ulid_list){ ids, 3 };
    assert_says(sample, card_others, "together with 2 more");
    sample->card.others = others;
    sample->card.n_others = 2;
    assert_says(sample, card_others, "together with till is down · cart is down (well again)");
    assert_says(sample, card_when,
                "4 times since 11:42 UTC, last 12:00 UTC (over 18 min); 3 signals together");
    sample->proposal.n_more = 200;
    assert_says(sample, card_others,
                "together with till is down · cart is down (well again) · 200 more");
    assert_says(sample, card_when,
                "4 times since 11:42 UTC, last 12:00 UTC (over 18 min); 203 signals together");
}

static void a_later_episode_does_not_count_for_an_older_proposal(void **state)
{
    struct card_sample *sample = *state;

    sample->signal.episode = 2;
    sample->signal.count = 900;
    assert_says(sample, card_when, "4 times since 11:42 UTC, last 12:00 UTC (over 18 min)");
    sample->card.signal = NULL;
    assert_says(sample, card_when, "4 times since 11:42 UTC, last 12:00 UTC (over 18 min)");
}

static void what_was_seen_once_says_so_and_another_day_has_its_date(void **state)
{
    struct card_sample *sample = *state;

    sample->signal.count = 1;
    assert_says(sample, card_when, "once, at 11:42 UTC");
    sample->signal.first_seen_ms = NOON_MS - DAY_MS;
    assert_says(sample, card_when, "once, at 2026-11-20 12:00 UTC");
}

static void a_proposal_that_was_made_before_says_what_became_of_it(void **state)
{
    struct card_sample *sample = *state;

    assert_true(slice_is_absent(said(sample, card_earlier)));
    sample->proposal.earlier_outcome = SLICE("recurred: it failed again.");
    assert_says(sample, card_earlier, "proposed before: recurred: it failed again");
    assert_holds(whole(sample, 8000), "Proposed before: recurred: it failed again");
}

static void a_proposal_says_between_which_commits_it_broke(void **state)
{
    struct card_sample *sample = *state;

    assert_true(slice_is_absent(said(sample, card_commits)));
    sample->proposal.last_good = SLICE("a1b2c3d4e5f60718293a4b5c6d7e8f9001122334");
    assert_true(slice_is_absent(said(sample, card_commits)));
    sample->proposal.first_bad = SLICE("e4f5\nx");
    assert_says(sample, card_commits, "broke between a1b2c3d and e4f5\\x0ax");
    assert_holds(whole(sample, 8000), "Broke between a1b2c3d and e4f5\\x0ax");
    /* the signal may be well by now, and know newer ones */
    sample->signal.last_good = SLICE("later");
    assert_says(sample, card_commits, "broke between a1b2c3d and e4f5\\x0ax");
}

static void only_an_http_address_is_the_source(void **state)
{
    struct card_sample *sample = *state;
    static const struct {
        const char *event, *url;
    } cases[] = {
        { "{\"url\":\"https://ci.example.com/7\"}", "https://ci.example.com/7" },
        { "{\"url\":\"http://a/\"}", "http://a/" },
        { "{\"url\":\"javascript:alert(1)\"}", NULL },
        { "{\"url\":\"https://a/\\u202ex\"}", NULL },
        { "{\"url\":\"https://a/\\nb\"}", NULL },
        { "{\"url\":7}", NULL },
        { "{}", NULL },
        { "not JSON", NULL },
        { "", NULL },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sample->signal.last_event = text_of(cases[i].event);
        assert_slice(card_source_url(&sample->card, sample->arena), cases[i].url);
    }
}

/* --- what is known --- */

static void the_conclusion_has_its_confidence_and_its_boundary(void **state)
{
    struct card_sample *sample = *state;

    assert_says(
        sample, card_conclusion,
        "likely cause (80 % sure): The pool of deploy 214 is too small for the load of noon. "
        "The database was not looked at");
    sample->proposal.diagnosis = (struct diagnosis){ .status = DIAGNOSIS_UNRESOLVED };
    assert_says(sample, card_conclusion, "no cause found");
    sample->proposal.diagnosis = (struct diagnosis){
        .conclusion = { .text = SLICE("The cause is not known."),
                        .boundary = SLICE("The facts say what happens, not why.") },
        .by = SLICE("vedette"),
    };
    assert_says(sample, card_conclusion, "no cause found");
    sample->proposal.diagnosis.status = DIAGNOSIS_NARROWED_CAUSE;
    sample->proposal.diagnosis.conclusion =
        (struct conclusion){ .text = SLICE("One change came just before it began: deploy 214."),
                             .boundary = SLICE("A change just before is not proof."),
                             .confidence = 0.3 };
    assert_says(sample, card_conclusion,
                "a suspect, not proven (30 % sure): One change came just before it began: "
                "deploy 214");
}

static void facts_that_cite_evidence_come_first(void **state)
{
    struct card_sample *sample = *state;
    struct slice_list facts;

    sample->facts[0].evidence.n_items = 0;
    assert_int_equal(card_facts(&sample->card, 2, true, sample->arena, &facts), RC_OK);
    assert_int_equal(facts.n_items, 2);
    assert_slice(facts.items[0], "Deploy 214 of 11:55 halved its size [e1]");
    assert_slice(facts.items[1], "The pool has had no free connection since 11:58");
    assert_int_equal(card_facts(&sample->card, 2, false, sample->arena, &facts), RC_OK);
    assert_slice(facts.items[0], "Deploy 214 of 11:55 halved its size");
}

static void our_own_diagnosis_says_nothing_twice(void **state)
{
    struct card_sample *sample = *state;
    struct slice_list facts;

    sample->proposal.diagnosis.by = SLICE("vedette");
    assert_int_equal(card_facts(&sample->card, 3, true, sample->arena, &facts), RC_OK);
    assert_int_equal(facts.n_items, 2); /* the third cites nothing */

    sample->facts[1].text = SLICE("The last change before it: deploy 214 of api");
    sample->proposal.diagnosis.conclusion.text =
        SLICE("One change came just before it began: deploy 214 of api");
    assert_int_equal(card_facts(&sample->card, 3, true, sample->arena, &facts), RC_OK);
    assert_int_equal(facts.n_items, 1);
}

static void that_nothing_was_proposed_before_is_no_fact_worth_a_line(void **state)
{
    struct card_sample *sample = *state;
    struct slice_list facts;

    sample->proposal.diagnosis.by = SLICE("vedette");
    sample->evidence[0].kind = SLICE("similar");
    sample->evidence[0].text = SLICE("Nothing was proposed for this signal before.");
    assert_int_equal(card_facts(&sample->card, 3, false, sample->arena, &facts), RC_OK);
    assert_int_equal(facts.n_items, 0);
    sample->evidence[0].text = SLICE("1 earlier proposal for this signal:\nkmwrt, 3 days ago: …");
    assert_int_equal(card_facts(&sample->card, 3, false, sample->arena, &facts), RC_OK);
    assert_int_equal(facts.n_items, 2);
}

/* --- who decides --- */

static void it_says_who_decides_and_when_it_expires(void **state)
{
    struct card_sample *sample = *state;

    assert_says(sample, card_deciders, "may be decided by jane, john (oncall)");
    assert_says(sample, card_expiry, "expires 16:00 UTC, then nothing happens");
    sample->proposal.approvers.need = 2;
    assert_says(sample, card_deciders,
                "may be decided by jane, john (oncall); 2 approvals are needed");
    sample->card.deciders = (struct slice){ 0 };
    assert_says(sample, card_deciders, "nobody may decide: no approvers are configured");
    assert_says(sample, card_track_record,
                "this rule before: 12 proposed, 9 approved, 2 rejected, 1 ignored, 8 verified, 1 "
                "came back");
    sample->proposal.track_record = (struct track_record){ .proposed = 2, .rejected = 1 };
    assert_says(sample, card_track_record, "this rule before: 2 proposed, 1 rejected");
    sample->proposal.track_record = (struct track_record){ 0 };
    assert_says(sample, card_track_record, "the first proposal of this rule");
}

static void what_is_not_open_does_not_expire(void **state)
{
    struct card_sample *sample = *state;

    card_move(sample, NULL, PROPOSAL_VERIFIED);
    assert_true(slice_is_absent(said(sample, card_expiry)));
}

/* --- where it stands --- */

static void each_state_has_its_sentence(void **state)
{
    static const struct {
        enum proposal_state state;
        const char *text;
    } cases[] = {
        { PROPOSAL_OPEN, "waits for a decision" },
        { PROPOSAL_APPROVED,
          "approved by jane at 12:01 UTC; starts at 12:02:08 UTC unless it is taken back" },
        { PROPOSAL_RUNNING, "step 1 of 2 (restart-api) runs; approved by jane" },
        { PROPOSAL_UNKNOWN, "nobody knows whether step 1 of 2 (restart-api) ran: look for "
                            "yourself, then say so" },
        { PROPOSAL_VERIFYING, "done; a check now finds out whether it helped; approved by jane" },
        { PROPOSAL_VERIFIED, "verified at 12:02 UTC: what became of it; approved by "
                             "jane at 12:01 UTC" },
        { PROPOSAL_RECURRED,
          "came back at 12:02 UTC: what became of it; approved by jane at 12:01 UTC" },
        { PROPOSAL_FAILED,
          "failed at 12:02 UTC: what became of it; approved by jane at 12:01 UTC" },
        { PROPOSAL_STALE, "dropped before it started at 12:02 UTC: what became of it; "
                          "approved by jane at 12:01 UTC" },
        { PROPOSAL_REJECTED, "rejected by john at 12:01 UTC: right cause, wrong action (the pool "
                             "is somebody else's); nothing ran" },
        { PROPOSAL_EXPIRED, "expired at 12:02 UTC: what became of it" },
        { PROPOSAL_WITHDRAWN, "withdrawn at 12:02 UTC: what became of it; nothing ran" },
        { PROPOSAL_SUPERSEDED,
          "taken into another proposal at 12:02 UTC: what became of it; nothing ran" },
        { PROPOSAL_UNDOING, "being undone; told by john at 12:01 UTC" },
        { PROPOSAL_UNDONE, "undone at 12:02 UTC: what became of it; told by john at 12:01 UTC" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct card_sample *sample = *state;

        card_make(sample, 2, NULL);
        card_move(sample, NULL, cases[i].state);
        assert_says(sample, card_state, cases[i].text);
    }
}

static void no_state_is_without_words(void **state)
{
    struct card_sample *sample = *state;

    for (int i = 0; i < PROPOSAL_STATES; i++) {
        card_make(sample, 2, NULL);
        card_move(sample, NULL, (enum proposal_state)i);
        assert_true(said(sample, card_state).len > 3);
    }
}

static void the_first_of_two_approvals_is_named(void **state)
{
    struct card_sample *sample = *state;

    sample->proposal.approvers.need = 2;
    card_decide(sample, NULL, VERDICT_APPROVE, "jane");
    assert_says(sample, card_state, "1 of 2 approvals: jane");
    sample->decisions[0].is_void = true;
    assert_says(sample, card_state, "waits for a decision");
}

static void who_is_on_it_and_until_when_it_sleeps(void **state)
{
    struct card_sample *sample = *state;

    sample->proposal.acknowledged_by = SLICE("jane");
    card_decide(sample, NULL, VERDICT_SNOOZE, "john");
    sample->proposal.snoozed_until_ms = NOON_MS + HOUR_MS;
    assert_says(
        sample, card_state,
        "waits for a decision; jane is on it; snoozed until 13:00 UTC by john at 12:01 UTC");
    sample->card.now_ms = NOON_MS + HOUR_MS; /* awake again */
    assert_says(sample, card_state, "waits for a decision; jane is on it");
}

static void while_paused_it_says_that_nothing_starts(void **state)
{
    struct card_sample *sample = *state;

    sample->card.is_paused = true;
    assert_holds(said(sample, card_state), "Vedette is paused");
    card_move(sample, NULL, PROPOSAL_APPROVED);
    assert_says(sample, card_state,
                "approved by jane at 12:01 UTC; Vedette is paused: it starts "
                "after `vedette resume`");
}

static void a_hold_that_is_over_says_that_it_starts(void **state)
{
    struct card_sample *sample = *state;

    card_move(sample, NULL, PROPOSAL_APPROVED);
    sample->card.now_ms = sample->proposal.hold_until_ms;
    assert_says(sample, card_state, "approved by jane at 12:01 UTC; starts now");
    assert_false(card_offers(&sample->card) & CARD_TAKE_BACK);
}

/* --- what can be done --- */

static void each_state_offers_what_the_engine_takes_there(void **state)
{
    static const unsigned open =
        CARD_APPROVE | CARD_REJECT | CARD_ACK | CARD_SNOOZE | CARD_MUTE | CARD_EDIT | CARD_DETAILS;
    static const struct {
        enum proposal_state state;
        unsigned offers;
    } cases[] = {
        { PROPOSAL_OPEN, open },
        { PROPOSAL_APPROVED, CARD_TAKE_BACK | CARD_DETAILS },
        { PROPOSAL_RUNNING, CARD_DETAILS },
        { PROPOSAL_UNKNOWN, CARD_SETTLE | CARD_DETAILS },
        { PROPOSAL_VERIFYING, CARD_DETAILS },
        { PROPOSAL_VERIFIED, CARD_UNDO | CARD_DETAILS },
        { PROPOSAL_DONE, CARD_UNDO | CARD_DETAILS },
        { PROPOSAL_FAILED, CARD_DETAILS }, /* no step was done */
        { PROPOSAL_UNDONE, CARD_DETAILS },
        { PROPOSAL_REJECTED, 0 },
        { PROPOSAL_EXPIRED, 0 },
        { PROPOSAL_WITHDRAWN, 0 },
        { PROPOSAL_SUPERSEDED, 0 },
        { PROPOSAL_STALE, 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct card_sample *sample = *state;

        card_make(sample, 2, NULL);
        card_move(sample, NULL, cases[i].state);
        assert_int_equal(card_offers(&sample->card), cases[i].offers);
    }
}

static void a_step_without_undo_takes_undo_away(void **state)
{
    struct card_sample *sample = *state;

    card_move(sample, NULL, PROPOSAL_DONE);
    assert_true(card_offers(&sample->card) & CARD_UNDO);
    sample->steps[1].undo = (struct slice){ 0 };
    assert_false(card_offers(&sample->card) & CARD_UNDO);
    assert_true(slice_is_absent(said(sample, card_undo)));
    sample->steps[1].state = STEP_NOT_STARTED; /* then there is nothing of it to undo */
    assert_true(card_offers(&sample->card) & CARD_UNDO);
}

static void without_a_plan_there_is_nothing_to_approve(void **state)
{
    struct card_sample *sample = *state;

    card_make(sample, 0, NULL);
    assert_false(card_offers(&sample->card) & (CARD_APPROVE | CARD_EDIT));
    assert_says(sample, card_state, "waits for somebody to look at it");
    assert_says(sample, card_no_plan, "no plan is offered: this is for you to look at");
    sample->proposal.refused = SLICE("unit: \"a b\" does not match.");
    assert_says(sample, card_no_plan,
                "no plan is offered, as it could not be made: unit: \"a b\" does not match");
    card_move(sample, NULL, PROPOSAL_REJECTED);
    assert_true(slice_is_absent(said(sample, card_no_plan)));
    assert_lacks(whole(sample, 8000), "\n\n\n");
}

/* --- the plan --- */

static void a_short_command_is_one_line_in_which_no_word_is_taken_for_two(void **state)
{
    struct card_sample *sample = *state;
    struct slice words[] = { SLICE("/bin/sh"), SLICE("-c"), SLICE("restart api; exit 3"),
                             SLICE("") };

    sample->steps[0].argv = (struct slice_list){ .items = words, .n_items = 4 };
    assert_slice(step_of(sample, 0), "/bin/sh -c \"restart api; exit 3\" \"\"");
}

static void a_long_command_is_shown_one_argument_a_line_and_says_how_many(void **state)
{
    struct card_sample *sample = *state;
    struct slice words[] = { SLICE("/usr/bin/kubectl"),
                             SLICE("--context=production-eu-central-1"),
                             SLICE("rollout"),
                             SLICE("restart"),
                             SLICE("deployment/shop-frontend"),
                             SLICE("--field-manager=the people who are on call for the shop in "
                                   "this week and in the next one") };
    struct slice text;

    sample->steps[0].argv = (struct slice_list){ .items = words, .n_items = 6 };
    assert_slice(
        step_of(sample, 0),
        "/usr/bin/kubectl\n--context=production-eu-central-1\nrollout\n"
        "restart\ndeployment/shop-frontend\n"
        "--field-manager=the people who are on call for the shop in this week and in the next one");
    assert_int_equal(card_step_effect(&sample->card, 0, sample->arena, &text), RC_OK);
    assert_holds(text, "; a command of 6 words, one a line; ");
}

static void a_step_says_what_it_changes_and_what_it_waits_for(void **state)
{
    struct card_sample *sample = *state;
    struct slice text;

    assert_slice(step_of(sample, 0), "/usr/bin/systemctl restart api.service");
    assert_int_equal(card_step_check(&sample->card, 0, sample->arena, &text), RC_OK);
    assert_slice(text, "/usr/bin/systemctl is-active api.service");
    assert_int_equal(card_step_check(&sample->card, 1, sample->arena, &text), RC_OK);
    assert_true(slice_is_absent(text));
    assert_int_equal(card_step_effect(&sample->card, 0, sample->arena, &text), RC_OK);
    assert_slice(text, "changes things here; undo: start-old; as user deploy; at most 1m");
    assert_says(sample, card_plan_line,
                "1. /usr/bin/systemctl restart api.service; 2. /usr/bin/systemctl restart "
                "api.service");
}

static void a_request_is_shown_one_member_a_line(void **state)
{
    struct card_sample *sample = *state;

    sample->steps[0].request =
        SLICE("{\"method\":\"POST\",\"url\":\"https://ci.example.com/rerun\",\"headers\":"
              "{\"Authorization\":\"Bearer {{secret.ci}}\"},\"json\":{\"run\":7,\"tags\":[\"a\","
              "\"b \\\"c\\\"\"],\"none\":{},\"deep\":{\"yes\":true,\"no\":null}}}");
    assert_slice(step_of(sample, 0), "POST https://ci.example.com/rerun\n"
                                     "Authorization: Bearer {{secret.ci}}\n"
                                     "{\n"
                                     "  \"run\": 7,\n"
                                     "  \"tags\": [\n"
                                     "    \"a\",\n"
                                     "    \"b \\\"c\\\"\"\n"
                                     "  ],\n"
                                     "  \"none\": {},\n"
                                     "  \"deep\": {\n"
                                     "    \"yes\": true,\n"
                                     "    \"no\": null\n"
                                     "  }\n"
                                     "}");
    sample->steps[0].request = SLICE("{broken");
    assert_slice(step_of(sample, 0), "{broken");
}

static void a14_an_argument_hides_and_fakes_nothing(void **state)
{
    struct card_sample *sample = *state;
    static const struct {
        const char *argument, *shown;
    } cases[] = {
        { "api.service", "api.service" },
        { "two words", "\"two words\"" },
        { "C:\\dir", "C:\\dir" },
        { "", "\"\"" },
        { " lead", "\" lead\"" },
        { "trail ", "\"trail \"" },
        { "\"quoted\"", "\"\\\"quoted\\\"\"" },
        { "a\nrm -rf /", "\"a\\nrm -rf /\"" },
        { "far     away", "\"far \\x20\\x20\\x20\\x20away\"" },
        { "x" BIDI "y", "\"x\\u202ey\"" },
        { "x" ZERO_WIDTH "y", "\"x\\u200by\"" },
        { "\xd0\xb0pi", "\"\\u0430pi\"" },         /* Cyrillic a */
        { "\xef\xbd\x81", "\"\\uff41\"" },         /* wide a */
        { "\xf0\x9d\x97\xae", "\"\\U0001d5ee\"" }, /* mathematical a */
        { "a\xc2\xa0"
          "b",
          "\"a\\u00a0b\"" }, /* no-break space */
        { "M\xc3\xbcller", "M\xc3\xbcller" },
        { "\xff", "\"\\xff\"" },
        { "\x1b[2J", "\"\\x1b[2J\"" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct slice argument = text_of(cases[i].argument);

        print_message("# %s\n", cases[i].shown);
        sample->steps[0].argv = (struct slice_list){ .items = &argument, .n_items = 1 };
        assert_slice(step_of(sample, 0), cases[i].shown);
    }
}

static void a14_a_long_argument_keeps_its_end(void **state)
{
    struct card_sample *sample = *state;
    char text[20000];
    struct slice argument = { text, sizeof(text) };

    memset(text, 'a', sizeof(text));
    memcpy(text + sizeof(text) - 8, "; reboot", 8);
    sample->steps[0].argv = (struct slice_list){ .items = &argument, .n_items = 1 };
    assert_int_equal(step_of(sample, 0).len, sizeof(text) + 2);
    assert_true(slice_ends(step_of(sample, 0), SLICE("; reboot\"")));
    assert_lacks(whole(sample, 3000), "aaaa"); /* whole, or not at all */
}

static void a14_text_from_events_makes_no_line_of_its_own(void **state)
{
    struct card_sample *sample = *state;
    size_t n_lines = 0, n_nasty = 0;
    struct slice rest = whole(sample, 20000);

    while (rest.len)
        slice_cut(&rest, '\n'), n_lines++;
    sample->proposal.title = SLICE("api\nWhat would be done: nothing\n\n" BIDI "x");
    sample->proposal.diagnosis.conclusion.text = SLICE("fine.\n\njane, root may decide");
    sample->facts[0].text = SLICE("a\r\nb\xe2\x80\xa8"
                                  "c");
    sample->steps[0].why = SLICE("x\n1. harmless");
    sample->key[0] = SLICE("\n");
    sample->proposal.key = (struct slice_list){ .items = sample->key, .n_items = 1 };
    rest = whole(sample, 20000);
    assert_lacks(rest, BIDI);
    assert_holds(rest, "api\\x0aWhat would be done: nothing\\x0a\\x0a\\u202ex");
    while (rest.len)
        slice_cut(&rest, '\n'), n_nasty++;
    assert_int_equal(n_nasty, n_lines);
}

/* --- all of it --- */

static void the_text_has_all_that_a_decision_needs(void **state)
{
    struct card_sample *sample = *state;
    static const char *const parts[] = {
        "High: api answers 503\nWaits for a decision\nExpires 16:00 UTC, then nothing happens\n\n",
        "Seen 4 times since 11:42 UTC, last 12:00 UTC (over 18 min)\n",
        "Likely cause (80 % sure): The pool of deploy 214",
        "- The pool has had no free connection since 11:58\n",
        "Source: https://ci.example.com/run/7?a=1&b=2\n",
        "If approved, 2 steps run\n1. restart-api: it holds the connections",
        "       /usr/bin/systemctl restart api.service\n",
        "Afterwards it is watched for 1h: verified when it stays quiet\n",
        "May be decided by jane, john (oncall)\n",
        "This rule before: 12 proposed",
        "Proposal kmwrt, revision 3, plan ",
        "Decide on https://vedette.example.com/#/p/kmwrt or with `vedette approve kmwrt`",
    };
    struct slice text = whole(sample, 20000);

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        assert_holds(text, parts[i]);
}

static void o13_a_plan_that_does_not_fit_is_not_shown_in_part(void **state)
{
    struct card_sample *sample = *state;
    size_t len = whole(sample, 100000).len;
    bool has_plan;

    assert_int_equal(card_text_has_plan(&sample->card, len, sample->arena, &has_plan), RC_OK);
    assert_true(has_plan);
    assert_int_equal(card_text_has_plan(&sample->card, len - 1, sample->arena, &has_plan), RC_OK);
    assert_false(has_plan);
    assert_lacks(whole(sample, len - 1), "systemctl");
    assert_holds(whole(sample, len - 1),
                 "The plan does not fit here, and is not shown in part. It has 2 steps: "
                 "restart-api, restart-api\nRead it whole on https://");
}

static void o13_whatever_the_limit_the_text_keeps_it_and_its_characters(void **state)
{
    struct card_sample *sample = *state;

    sample->proposal.title = SLICE("äöüäöüäöüäöüäöüäöüäöüäöü 😀😀😀");
    for (size_t max = 0; max < 400; max++) {
        struct slice text = whole(sample, max);

        assert_true(text.len <= max);
        assert_true(slice_is_utf8(text));
        assert_true(max < 30 || slice_ends(text, SLICE("… (cut)")));
    }
}

static void a_plan_is_conditional_until_it_is_approved_and_verified_only_once(void **state)
{
    struct card_sample *sample = *state;

    assert_says(sample, card_plan_heading, "if approved, 2 steps run");
    card_move(sample, NULL, PROPOSAL_APPROVED);
    assert_says(sample, card_plan_heading, "what was approved: 2 steps");
    assert_says(sample, card_verification,
                "afterwards it is watched for 1h: verified when it stays quiet");
    card_make(sample, 2, NULL);
    card_move(sample, NULL, PROPOSAL_FAILED);
    assert_true(slice_is_absent(said(sample, card_verification)));
}

static void how_a_lost_step_ended_has_no_duration(void **state)
{
    struct card_sample *sample = *state;
    struct slice text;

    card_move(sample, NULL, PROPOSAL_UNKNOWN);
    assert_int_equal(card_step_state(&sample->card, 0, sample->arena, &text), RC_OK);
    assert_slice(text, "nobody knows how it ended");
}

static void a_first_revision_is_not_worth_a_word(void **state)
{
    struct card_sample *sample = *state;

    assert_holds(said(sample, card_name), "proposal kmwrt, revision 3, plan ");
    sample->proposal.revision = 1;
    assert_holds(said(sample, card_name), "proposal kmwrt, plan ");
    sample->proposal.plan.n_items = 0; /* that there is none has a digest, too */
    assert_says(sample, card_name, "proposal kmwrt");
}

static void what_never_ran_says_so_and_a_failed_step_shows_its_output(void **state)
{
    struct card_sample *sample = *state;

    card_move(sample, NULL, PROPOSAL_REJECTED);
    assert_holds(whole(sample, 8000), "The plan that was not carried out: 2 steps: restart-api");
    assert_lacks(whole(sample, 8000), "systemctl");
    card_make(sample, 1, NULL);
    card_move(sample, NULL, PROPOSAL_FAILED);
    assert_holds(whole(sample, 8000), "=> failed in 3 s\n   |   Job for api.service failed\n");
    sample->steps[0].exited = true;
    sample->steps[0].exit_code = 3;
    sample->steps[0].error = SLICE("exit code 3");
    assert_holds(whole(sample, 8000), "=> failed in 3 s: exit code 3\n");
}

static void undo_is_shown_exactly_last_step_first(void **state)
{
    struct card_sample *sample = *state;

    card_move(sample, NULL, PROPOSAL_DONE);
    assert_says(sample, card_undo,
                "undo of step 2: start-old\n  /usr/bin/systemctl start api-old.service\n"
                "undo of step 1: start-old\n  /usr/bin/systemctl start api-old.service");
    assert_says(sample, card_undo_line,
                "1. /usr/bin/systemctl start api-old.service; 2. /usr/bin/systemctl start "
                "api-old.service");
}

static void out_of_memory_is_refused(void **state)
{
    struct card_sample *sample = *state;
    struct arena *small;
    struct slice text;

    assert_int_equal(arena_new(64, &small), RC_OK);
    assert_int_equal(card_text(&sample->card, 8000, small, &text), RC_NO_MEMORY);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CARD_TEST(it_says_what_since_when_and_how_often),
        CARD_TEST(a_signal_that_still_fires_counts_on),
        CARD_TEST(the_signals_of_a_group_are_named_and_beyond_that_counted),
        CARD_TEST(a_later_episode_does_not_count_for_an_older_proposal),
        CARD_TEST(what_was_seen_once_says_so_and_another_day_has_its_date),
        CARD_TEST(a_proposal_that_was_made_before_says_what_became_of_it),
        CARD_TEST(a_proposal_says_between_which_commits_it_broke),
        CARD_TEST(only_an_http_address_is_the_source),
        CARD_TEST(the_conclusion_has_its_confidence_and_its_boundary),
        CARD_TEST(facts_that_cite_evidence_come_first),
        CARD_TEST(our_own_diagnosis_says_nothing_twice),
        CARD_TEST(that_nothing_was_proposed_before_is_no_fact_worth_a_line),
        CARD_TEST(it_says_who_decides_and_when_it_expires),
        CARD_TEST(what_is_not_open_does_not_expire),
        CARD_TEST(each_state_has_its_sentence),
        CARD_TEST(no_state_is_without_words),
        CARD_TEST(the_first_of_two_approvals_is_named),
        CARD_TEST(who_is_on_it_and_until_when_it_sleeps),
        CARD_TEST(while_paused_it_says_that_nothing_starts),
        CARD_TEST(a_hold_that_is_over_says_that_it_starts),
        CARD_TEST(each_state_offers_what_the_engine_takes_there),
        CARD_TEST(a_step_without_undo_takes_undo_away),
        CARD_TEST(without_a_plan_there_is_nothing_to_approve),
        CARD_TEST(a_short_command_is_one_line_in_which_no_word_is_taken_for_two),
        CARD_TEST(a_long_command_is_shown_one_argument_a_line_and_says_how_many),
        CARD_TEST(a_step_says_what_it_changes_and_what_it_waits_for),
        CARD_TEST(a_request_is_shown_one_member_a_line),
        CARD_TEST(a14_an_argument_hides_and_fakes_nothing),
        CARD_TEST(a14_a_long_argument_keeps_its_end),
        CARD_TEST(a14_text_from_events_makes_no_line_of_its_own),
        CARD_TEST(the_text_has_all_that_a_decision_needs),
        CARD_TEST(o13_a_plan_that_does_not_fit_is_not_shown_in_part),
        CARD_TEST(o13_whatever_the_limit_the_text_keeps_it_and_its_characters),
        CARD_TEST(a_plan_is_conditional_until_it_is_approved_and_verified_only_once),
        CARD_TEST(how_a_lost_step_ended_has_no_duration),
        CARD_TEST(a_first_revision_is_not_worth_a_word),
        CARD_TEST(what_never_ran_says_so_and_a_failed_step_shows_its_output),
        CARD_TEST(undo_is_shown_exactly_last_step_first),
        CARD_TEST(out_of_memory_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
