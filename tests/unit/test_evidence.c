#include "sample_proposal.h"

#include "actions/evidence.h"
#include "src/base/digest.h"

/* A signal of acme/shop, first seen at noon, in a store in memory. */
struct search {
    struct sample *sample;
    struct store *store;
    struct store_txn *txn;
    struct signal signal;
};

static int search_open(void **state)
{
    static struct search search;
    void *sample;

    if (sample_open(&sample) || digest_init())
        return -1;
    search = (struct search){ .sample = sample };
    if (store_open_memory(&search.store) || store_begin(search.store, &search.txn))
        return -1;
    search.signal = (struct signal){
        .fingerprint = SLICE("000102030405060708090a0b0c0d0e0f"),
        .first_event = SLICE("{\"repo\":\"acme/shop\",\"service\":\"shop\"}"),
        .first_seen_ms = NOON_MS,
        .episode = 2,
    };
    *state = &search;
    return 0;
}

static int search_close(void **state)
{
    struct search *search = *state;
    void *sample = search->sample;

    store_abort(&search->txn);
    store_close(search->store);
    return sample_close(&sample);
}

/* -- changes -- */

static struct ulid happens(struct search *search, int64_t before_ms, struct change change)
{
    static uint8_t number;

    change.time_ms = NOON_MS - before_ms;
    change.event.bytes[0] = 1;
    change.event.bytes[15] = ++number;
    assert_int_equal(change_put(search->txn, &change), RC_OK);
    return change.event;
}

static struct evidence look_for_changes(struct search *search)
{
    struct evidence evidence = { .id = SLICE("e1") };

    assert_int_equal(evidence_changes(search->txn, &search->signal, 2 * HOUR_MS,
                                      NOON_MS + MINUTE_MS, search->sample->arena, &evidence),
                     RC_OK);
    assert_slice(evidence.id, "e1");
    assert_slice(evidence.kind, "changes");
    assert_int_equal(evidence.captured_ms, NOON_MS + MINUTE_MS);
    return evidence;
}

static void changes_of_the_repo_or_service_are_told_newest_first(void **state)
{
    struct search *search = *state;
    struct evidence evidence;

    happens(search, 30 * MINUTE_MS,
            (struct change){ .kind = SLICE("push"),
                             .repo = SLICE("acme/shop"),
                             .branch = SLICE("main"),
                             .commit = SLICE("1a2b3c4d5e6f7a8b9c0d"),
                             .actor = SLICE("jane"),
                             .state = SLICE("info"),
                             .title = SLICE("Round prices down\n\nBecause.") });
    happens(search, 4 * MINUTE_MS,
            (struct change){ .kind = SLICE("deploy"),
                             .service = SLICE("shop"),
                             .environment = SLICE("production"),
                             .state = SLICE("failing") });
    happens(search, 3 * MINUTE_MS,
            (struct change){ .kind = SLICE("push"), .repo = SLICE("acme/blog") });
    evidence = look_for_changes(search);
    assert_slice(evidence.text,
                 "2 changes of acme/shop or the service shop in the 2h before 2026-11-21 12:00 "
                 "UTC:\n"
                 "deploy of shop to production (failing), 4 min before\n"
                 "push to acme/shop on main at 1a2b3c4d5e6f by jane, 30 min before: Round prices "
                 "down");
    assert_int_equal(evidence.state, EVIDENCE_HELD);
    assert_int_equal(evidence.bytes, evidence.text.len);
    assert_int_equal(evidence.sha256.len, 64);
    assert_slice(evidence.source, "acme/shop or the service shop");
    assert_false(evidence.truncated);
}

static void a_change_counts_from_the_edge_of_the_window_to_the_first_sight(void **state)
{
    struct search *search = *state;
    struct change push = { .kind = SLICE("push"), .repo = SLICE("acme/shop") };
    struct evidence evidence;

    happens(search, 2 * HOUR_MS, push); /* exactly two hours: out */
    happens(search, -1, push);          /* after it began */
    evidence = look_for_changes(search);
    assert_slice(evidence.text, "No push, deploy or release of acme/shop or the service shop in "
                                "the 2h before 2026-11-21 12:00 UTC.");
    happens(search, 2 * HOUR_MS - 1, push);
    happens(search, 0, push);
    evidence = look_for_changes(search);
    assert_slice(evidence.text,
                 "2 changes of acme/shop or the service shop in the 2h before 2026-11-21 12:00 "
                 "UTC:\n"
                 "push to acme/shop, 0 s before\n"
                 "push to acme/shop, 1 h before");
}

static void what_the_signal_is_about_is_no_change_before_it(void **state)
{
    struct search *search = *state;
    struct ulid failed =
        happens(search, 0,
                (struct change){
                    .kind = SLICE("deploy"), .service = SLICE("shop"), .state = SLICE("failing") });

    search->signal.samples = (struct ulid_list){ .items = &failed, .n_items = 1 };
    assert_slice(look_for_changes(search).text,
                 "No push, deploy or release of acme/shop or the service shop in the 2h before "
                 "2026-11-21 12:00 UTC.");
}

static void more_changes_than_anybody_reads_are_cut_and_say_so(void **state)
{
    struct search *search = *state;
    struct evidence evidence;

    for (int64_t i = 0; i < 21; i++)
        happens(search, i * MINUTE_MS,
                (struct change){ .kind = SLICE("push"), .repo = SLICE("acme/shop") });
    evidence = look_for_changes(search);
    assert_true(evidence.truncated);
    assert_true(slice_starts(evidence.text, SLICE("The newest 20 changes of acme/shop")));
    assert_true(slice_ends(evidence.text, SLICE("19 min before")));
}

static void a_signal_of_nothing_in_particular_says_so(void **state)
{
    struct search *search = *state;
    struct evidence evidence;

    search->signal.first_event = SLICE("{\"title\":\"x\"}");
    evidence = look_for_changes(search);
    assert_int_equal(evidence.state, EVIDENCE_FAILED);
    assert_slice(evidence.error, "the signal names neither a repo nor a service");
}

/* -- similar -- */

static void was_proposed(struct search *search, uint8_t number, enum proposal_state state,
                         struct decision *decision)
{
    struct proposal proposal = search->sample->proposal;

    proposal.id.bytes[0] = number;
    proposal.short_id = (struct slice){ .ptr = &"bcdfghkmnpqr"[number], .len = 5 };
    proposal.fingerprint = search->signal.fingerprint;
    proposal.created_ms = NOON_MS - (10 - number) * DAY_MS;
    proposal.state = state;
    if (decision)
        proposal.decisions = (struct record_list){ .items = decision, .n_items = 1 };
    assert_int_equal(proposal_put(search->txn, &proposal), RC_OK);
}

static struct evidence look_for_similar(struct search *search, int64_t limit)
{
    struct evidence evidence = { .id = SLICE("e2") };

    assert_int_equal(evidence_similar(search->txn, &search->signal, limit, NOON_MS,
                                      search->sample->arena, &evidence),
                     RC_OK);
    assert_slice(evidence.kind, "similar");
    return evidence;
}

static void what_became_of_earlier_proposals_is_told_newest_first(void **state)
{
    struct decision approved = { .verdict = VERDICT_APPROVE, .by = SLICE("jane") };
    struct decision rejected = { .verdict = VERDICT_REJECT,
                                 .by = SLICE("bob"),
                                 .reason = SLICE("wrong_cause"),
                                 .note = SLICE("it was DNS\nagain") };
    struct search *search = *state;

    was_proposed(search, 1, PROPOSAL_VERIFIED, &approved);
    was_proposed(search, 2, PROPOSAL_REJECTED, &rejected);
    was_proposed(search, 3, PROPOSAL_EXPIRED, NULL);
    was_proposed(search, 4, PROPOSAL_OPEN, NULL); /* the one that is asked about */
    assert_slice(look_for_similar(search, 5).text,
                 "3 earlier proposals for this signal:\n"
                 "fghkm, 7 days ago: proposed first, then second; nobody decided; expired\n"
                 "dfghk, 8 days ago: proposed first, then second; rejected by bob (wrong_cause), "
                 "saying \"it was DNS\"\n"
                 "cdfgh, 9 days ago: proposed first, then second; approved by jane; verified");
    assert_slice(look_for_similar(search, 1).text,
                 "1 earlier proposal for this signal:\n"
                 "fghkm, 7 days ago: proposed first, then second; nobody decided; expired");
}

static void the_first_time_says_so(void **state)
{
    assert_slice(look_for_similar(*state, 5).text, "Nothing was proposed for this signal before.");
}

/* -- actions -- */

static void what_an_action_returned_is_kept_with_its_hash(void **state)
{
    struct search *search = *state;
    struct outbox_item item = { .action = SLICE("failed-run-log") };
    struct effect_result result = { .state = EFFECT_DONE,
                                    .output = SLICE("FAIL\n"),
                                    .bytes = 5000000,
                                    .truncated = true,
                                    .sha256 = SLICE("abcd"),
                                    .finished_ms = NOON_MS };
    struct evidence evidence = { .id = SLICE("e3") };

    assert_int_equal(evidence_from_result(&item, &result, search->sample->arena, &evidence), RC_OK);
    assert_slice(evidence.id, "e3");
    assert_slice(evidence.kind, "action");
    assert_slice(evidence.source, "failed-run-log");
    assert_int_equal(evidence.state, EVIDENCE_HELD);
    assert_slice(evidence.text, "FAIL\n");
    assert_int_equal(evidence.bytes, 5000000);
    assert_true(evidence.truncated);
    assert_slice(evidence.sha256, "abcd");
}

static void an_action_that_failed_says_how_and_keeps_its_words(void **state)
{
    struct search *search = *state;
    struct outbox_item item = { .action = SLICE("failed-run-log") };
    struct effect_result result = { .state = EFFECT_FAILED,
                                    .exit_code = 1,
                                    .output = SLICE("HTTP 404\n") };
    struct evidence evidence = { .id = SLICE("e3") };

    assert_int_equal(evidence_from_result(&item, &result, search->sample->arena, &evidence), RC_OK);
    assert_int_equal(evidence.state, EVIDENCE_FAILED);
    assert_slice(evidence.error, "it ended with 1");
    assert_slice(evidence.text, "HTTP 404\n");
    result.state = EFFECT_TIMED_OUT;
    result.error = SLICE("stopped after 30s");
    assert_int_equal(evidence_from_result(&item, &result, search->sample->arena, &evidence), RC_OK);
    assert_slice(evidence.error, "stopped after 30s");
}

static void what_a_search_in_a_log_found_is_kept_with_its_first_line(void **state)
{
    struct search *search = *state;
    struct outbox_item item = { .action = SLICE("app"), .log = { .watcher = SLICE("app") } };
    struct effect_result result = { .state = EFFECT_DONE,
                                    .output = SLICE("1 line of app:\nerror"),
                                    .finding = SLICE("error"),
                                    .sha256 = SLICE("abcd"),
                                    .bytes = 20,
                                    .finished_ms = NOON_MS };
    struct evidence evidence = { .id = SLICE("e3") };

    assert_int_equal(evidence_from_result(&item, &result, search->sample->arena, &evidence), RC_OK);
    assert_slice(evidence.kind, "log");
    assert_slice(evidence.source, "app");
    assert_int_equal(evidence.state, EVIDENCE_HELD);
    assert_slice(evidence.text, "1 line of app:\nerror");
    assert_slice(evidence.finding, "error");
    assert_slice(evidence.sha256, "abcd");
    assert_int_equal(evidence.bytes, 20);
}

#define SEARCH_TEST(test) cmocka_unit_test_setup_teardown(test, search_open, search_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEARCH_TEST(changes_of_the_repo_or_service_are_told_newest_first),
        SEARCH_TEST(a_change_counts_from_the_edge_of_the_window_to_the_first_sight),
        SEARCH_TEST(what_the_signal_is_about_is_no_change_before_it),
        SEARCH_TEST(more_changes_than_anybody_reads_are_cut_and_say_so),
        SEARCH_TEST(a_signal_of_nothing_in_particular_says_so),
        SEARCH_TEST(what_became_of_earlier_proposals_is_told_newest_first),
        SEARCH_TEST(the_first_time_says_so),
        SEARCH_TEST(what_an_action_returned_is_kept_with_its_hash),
        SEARCH_TEST(what_a_search_in_a_log_found_is_kept_with_its_first_line),
        SEARCH_TEST(an_action_that_failed_says_how_and_keeps_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
