#include "sample_proposal.h"

#include "actions/diagnosis.h"

static struct evidence changes(const char *text)
{
    return (struct evidence){ .id = SLICE("e1"),
                              .kind = SLICE("changes"),
                              .source = SLICE("acme/shop"),
                              .state = EVIDENCE_HELD,
                              .text = text_of(text) };
}

static struct evidence action(enum evidence_state state, const char *text, const char *error)
{
    return (struct evidence){ .id = SLICE("e2"),
                              .kind = SLICE("action"),
                              .source = SLICE("failed-run-log"),
                              .state = state,
                              .text = text_of(text),
                              .error = text_of(error) };
}

static struct evidence lines_of_app(enum evidence_state state, const char *text,
                                    const char *finding, const char *error)
{
    return (struct evidence){ .id = SLICE("e4"),
                              .kind = SLICE("log"),
                              .source = SLICE("app"),
                              .state = state,
                              .text = text_of(text),
                              .finding = text_of(finding),
                              .error = text_of(error) };
}

static struct evidence similar(const char *text)
{
    return (struct evidence){
        .id = SLICE("e3"), .kind = SLICE("similar"), .state = EVIDENCE_HELD, .text = text_of(text)
    };
}

static const char one_change[] =
    "1 change of acme/shop in the 2h before 2026-11-21 11:35 UTC:\n"
    "push to acme/shop on main at 1a2b3c4d5e6f by jane, 4 min before: Round prices down";
static const char two_changes[] = "2 changes of acme/shop in the 2h before 2026-11-21 11:35 UTC:\n"
                                  "deploy of shop to production, 4 min before\n"
                                  "push to acme/shop, 30 min before";
static const char no_change[] =
    "No push, deploy or release of acme/shop in the 2h before 2026-11-21 11:35 UTC.";
static const char red_log[] = "compiling\n\x1b[31mFAIL test_prices\x1b[0m: 3 != 4\n"
                              "1 failed, 41 passed\ncleaning up\n\n";

static struct diagnosis diagnose(struct sample *sample, struct evidence *evidence,
                                 size_t n_evidence, int64_t count)
{
    struct task task = { .evidence = { .items = evidence, .n_items = n_evidence } };
    struct signal signal = { .title = SLICE("test is red on main of acme/shop"),
                             .episode = 1,
                             .count = count,
                             .first_seen_ms = NOON_MS - 25 * MINUTE_MS,
                             .last_seen_ms = NOON_MS - 2 * MINUTE_MS };
    struct diagnosis diagnosis;

    assert_int_equal(diagnosis_make(&task, &signal, NOON_MS, sample->arena, &diagnosis), RC_OK);
    assert_slice(diagnosis.by, "vedette");
    assert_slice(diagnosis.title, "test is red on main of acme/shop");
    return diagnosis;
}

static void expect_fact_at(const struct diagnosis *diagnosis, size_t i, const char *text,
                           const char *cited, int line)
{
    const struct fact *facts = diagnosis->facts.items;

    if (i >= diagnosis->facts.n_items)
        fail_msg("line %d: only %zu facts", line, diagnosis->facts.n_items);
    assert_slice_at(facts[i].text, text, __FILE__, line);
    assert_int_equal(facts[i].evidence.n_items, cited ? 1 : 0);
    if (cited)
        assert_slice_at(facts[i].evidence.items[0], cited, __FILE__, line);
}
#define expect_fact(diagnosis, i, text, cited)                                                     \
    expect_fact_at(&(diagnosis), i, text, cited, __LINE__)

static void facts_come_in_the_order_in_which_people_ask(void **state)
{
    struct evidence evidence[] = {
        similar("1 earlier proposal for this signal:\n"
                "kmwrt, 3 days ago: proposed rerun-failed-jobs; approved by jane; verified"),
        action(EVIDENCE_HELD, red_log, NULL),
        changes(one_change),
    };
    struct diagnosis diagnosis = diagnose(*state, evidence, 3, 3);

    expect_fact(diagnosis, 0, "test is red on main of acme/shop", NULL);
    expect_fact(diagnosis, 1,
                "Seen 3 times since 2026-11-21 11:35 UTC (25 min ago), last 2 min ago.", NULL);
    expect_fact(diagnosis, 2,
                "The last change before it: push to acme/shop on main at 1a2b3c4d5e6f by jane, "
                "4 min before: Round prices down",
                "e1");
    expect_fact(diagnosis, 3,
                "failed-run-log returned: \"FAIL test_prices: 3 != 4\", \"1 failed, 41 passed\"",
                "e2");
    expect_fact(diagnosis, 4,
                "Last time: kmwrt, 3 days ago: proposed rerun-failed-jobs; approved by jane; "
                "verified",
                "e3");
    assert_int_equal(diagnosis.facts.n_items, 5);
}

static void one_change_just_before_narrows_and_proves_nothing(void **state)
{
    struct evidence evidence[] = { changes(one_change), action(EVIDENCE_HELD, red_log, NULL) };
    struct diagnosis diagnosis = diagnose(*state, evidence, 2, 3);
    const struct hypothesis *hypotheses = diagnosis.hypotheses.items;

    assert_int_equal(diagnosis.status, DIAGNOSIS_NARROWED_CAUSE);
    assert_slice(diagnosis.summary, "No confirmed cause. Seen 3 times since 2026-11-21 11:35 UTC; "
                                    "1 change came just before.");
    assert_slice(diagnosis.conclusion.text,
                 "One change came just before it began: push to acme/shop on main at 1a2b3c4d5e6f "
                 "by jane, 4 min before: Round prices down");
    assert_slice(diagnosis.conclusion.boundary,
                 "A change just before is not proof: nothing here ties it to what fails.");
    assert_true(diagnosis.conclusion.confidence < 0.5);
    assert_int_equal(diagnosis.hypotheses.n_items, 1);
    assert_slice(hypotheses[0].text,
                 "It comes from the push to acme/shop on main at 1a2b3c4d5e6f by jane, 4 min "
                 "before: Round prices down");
    assert_slice(hypotheses[0].result, "open");
    assert_slice(hypotheses[0].supports.items[0], "e1");
    assert_int_equal(diagnosis.proof_gaps.n_items, 1);
    assert_true(diagnosis.next_evidence.len > 0);
}

static void two_changes_are_two_hypotheses_and_less_confidence(void **state)
{
    struct evidence evidence[] = { changes(two_changes) };
    struct diagnosis two = diagnose(*state, evidence, 1, 3);

    assert_int_equal(two.status, DIAGNOSIS_NARROWED_CAUSE);
    assert_int_equal(two.hypotheses.n_items, 2);
    expect_fact(two, 3, "Before that: push to acme/shop, 30 min before", "e1");
    assert_slice(two.conclusion.text, "2 changes came just before it began, the last one: deploy "
                                      "of shop to production, 4 min before");
    assert_true(two.conclusion.confidence < 0.3);
}

static void without_a_change_it_is_unresolved_and_says_what_is_missing(void **state)
{
    struct evidence evidence[] = { changes(no_change),
                                   action(EVIDENCE_FAILED, "HTTP 404: not found\n", "exit 1") };
    struct diagnosis diagnosis = diagnose(*state, evidence, 2, 1);

    assert_int_equal(diagnosis.status, DIAGNOSIS_UNRESOLVED);
    assert_slice(diagnosis.summary, "No confirmed cause. Seen once, at 2026-11-21 11:35 UTC; no "
                                    "change is known to have come just before.");
    expect_fact(diagnosis, 1, "Seen once, at 2026-11-21 11:35 UTC (25 min ago).", NULL);
    expect_fact(diagnosis, 2, no_change, "e1");
    assert_slice(diagnosis.conclusion.text, "The cause is not known.");
    assert_int_equal(diagnosis.hypotheses.n_items, 0);
    assert_int_equal(diagnosis.proof_gaps.n_items, 2);
    assert_slice(diagnosis.proof_gaps.items[0], "No change was seen just before; one that no "
                                                "watcher reports would not show.");
    assert_slice(diagnosis.proof_gaps.items[1],
                 "failed-run-log gave no evidence: exit 1: \"HTTP 404: not found\"");
    assert_slice(diagnosis.next_evidence, "What failed-run-log would have shown.");
}

static void without_any_evidence_the_gaps_say_that_nobody_looked(void **state)
{
    struct diagnosis diagnosis = diagnose(*state, NULL, 0, 1);

    assert_int_equal(diagnosis.status, DIAGNOSIS_UNRESOLVED);
    assert_int_equal(diagnosis.facts.n_items, 2);
    assert_int_equal(diagnosis.proof_gaps.n_items, 2);
    assert_slice(diagnosis.proof_gaps.items[0], "What changed just before was not looked for.");
}

static void what_did_not_come_back_in_time_is_a_gap(void **state)
{
    struct evidence evidence[] = { action(EVIDENCE_WAITING, NULL, NULL) };
    struct diagnosis diagnosis = diagnose(*state, evidence, 1, 1);

    assert_slice(diagnosis.proof_gaps.items[1],
                 "failed-run-log had not come back when the time was up.");
}

static const char one_line[] = "1 line of app around 2026-11-21 11:35 UTC, matching /error/:\n"
                               "compiling\n\x1b[31merror\x1b[0m: no space\ncleaning up";

static void the_first_line_of_a_log_that_was_looked_for_is_a_fact(void **state)
{
    struct evidence evidence[] = { lines_of_app(EVIDENCE_HELD, one_line,
                                                "\x1b[31merror\x1b[0m: no space", NULL) };
    struct diagnosis diagnosis = diagnose(*state, evidence, 1, 1);

    expect_fact(diagnosis, 2,
                "1 line of app around 2026-11-21 11:35 UTC, matching /error/; the first: \"error: "
                "no space\"",
                "e4");
    /* It was collected from what fails: only the changes were not looked for. */
    assert_int_equal(diagnosis.proof_gaps.n_items, 1);
}

static void of_a_whole_stretch_of_a_log_the_lines_that_speak_of_failure_are_told(void **state)
{
    struct evidence evidence[] = {
        lines_of_app(EVIDENCE_HELD,
                     "3 lines of app around 2026-11-21 11:35 UTC:\nfine\nit failed\nfine", NULL,
                     NULL),
        lines_of_app(EVIDENCE_HELD, "No line of app around 2026-11-21 11:35 UTC matches /x/.", NULL,
                     NULL),
        lines_of_app(EVIDENCE_HELD, "", NULL, NULL),
    };
    struct diagnosis diagnosis = diagnose(*state, evidence, 3, 1);

    expect_fact(diagnosis, 2, "3 lines of app around 2026-11-21 11:35 UTC: \"it failed\"", "e4");
    expect_fact(diagnosis, 3, "No line of app around 2026-11-21 11:35 UTC matches /x/.", "e4");
    expect_fact(diagnosis, 4, "app showed nothing.", "e4");
}

static void a_log_that_could_not_be_searched_is_a_gap(void **state)
{
    struct evidence evidence[] = { lines_of_app(EVIDENCE_FAILED, NULL, NULL,
                                                "/var/log/app.log: there is no such file") };
    struct diagnosis diagnosis = diagnose(*state, evidence, 1, 1);

    assert_slice(diagnosis.proof_gaps.items[1], "The search in app gave no evidence: "
                                                "/var/log/app.log: there is no such file");
    assert_slice(diagnosis.next_evidence, "What app would have shown.");
}

static void a_flood_of_evidence_stays_bounded(void **state)
{
    static struct evidence evidence[200];
    struct diagnosis diagnosis;

    for (size_t i = 0; i < 200; i++)
        evidence[i] = action(i % 2 ? EVIDENCE_HELD : EVIDENCE_FAILED, red_log, "x");
    diagnosis = diagnose(*state, evidence, 200, 1);
    assert_true(diagnosis.facts.n_items <= 64);
    assert_true(diagnosis.proof_gaps.n_items <= 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(facts_come_in_the_order_in_which_people_ask),
        SAMPLE_TEST(one_change_just_before_narrows_and_proves_nothing),
        SAMPLE_TEST(two_changes_are_two_hypotheses_and_less_confidence),
        SAMPLE_TEST(without_a_change_it_is_unresolved_and_says_what_is_missing),
        SAMPLE_TEST(without_any_evidence_the_gaps_say_that_nobody_looked),
        SAMPLE_TEST(what_did_not_come_back_in_time_is_a_gap),
        SAMPLE_TEST(the_first_line_of_a_log_that_was_looked_for_is_a_fact),
        SAMPLE_TEST(of_a_whole_stretch_of_a_log_the_lines_that_speak_of_failure_are_told),
        SAMPLE_TEST(a_log_that_could_not_be_searched_is_a_gap),
        SAMPLE_TEST(a_flood_of_evidence_stays_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
