#include "tests/unit/recorded.h"

static const struct event *read_github(struct recorded *recorded, const char *type,
                                       const char *body)
{
    const struct event_list *events =
        recorded_read(recorded, "github", "X-GitHub-Event", type, slice_of(body));

    assert_int_equal(events->n_items, 1);
    return &events->items[0];
}

static void h13_a_failed_workflow_run_fills_every_field_it_knows(void **state)
{
    struct slice body = recorded_fixture("workflow_run.failed.json");
    const struct event_list *events =
        recorded_read(*state, "github", "x-github-event", "workflow_run", body);
    const struct event *event = &events->items[0];

    assert_int_equal(events->n_items, 1);
    assert_field(event, FIELD_SOURCE, "github");
    assert_field(event, FIELD_TYPE, "github.workflow_run");
    assert_field(event, FIELD_KIND, "ci.run");
    assert_field(event, FIELD_LEVEL, "run");
    assert_field(event, FIELD_STATE, "failing");
    assert_field(event, FIELD_WATCHER, "github");
    assert_field(event, FIELD_REPO, "acme/shop");
    assert_field(event, FIELD_BRANCH, "main");
    assert_field(event, FIELD_COMMIT, "0c6e7a3d5b1f48e2a9d4c7b0f6e3a1d8c5b2f9e0");
    assert_field(event, FIELD_WORKFLOW, "test");
    assert_field(event, FIELD_TITLE, "test");
    assert_field(event, FIELD_RUN, "90071992547409931"); /* beyond 2^53 */
    assert_field(event, FIELD_ATTEMPT, "2");
    assert_field(event, FIELD_ACTOR, "robin");
    assert_field(event, FIELD_DURATION, "4m30s");
    assert_field(event, FIELD_URL, "https://github.com/acme/shop/actions/runs/90071992547409931");
    assert_field(event, FIELD_SUBJECT, "repo=acme/shop workflow=test branch=main");
    assert_int_equal(event->time_ms, RECEIVED_MS - 20 * SECOND_MS);
    assert_int_equal(event->received_ms, RECEIVED_MS);
    assert_int_equal(event->door, DOOR_DATA);
    assert_int_equal(event->seq, 7);
}

/* What an event must come to; NULL: absent. Everything happens in acme/shop, by kim. */
static const struct {
    const char *type, *body;
    const char *kind, *state, *level, *branch, *title, *subject;
} cases[] = {
    { "workflow_run",
      "{\"action\":\"completed\",\"workflow_run\":{\"conclusion\":\"success\",\"name\":\"ci\"}}",
      "ci.run", "ok", "run", NULL, "ci", "repo=acme/shop workflow=ci" },
    { "workflow_run",
      "{\"action\":\"completed\",\"workflow_run\":{\"conclusion\":\"cancelled\",\"name\":\"ci\"}}",
      "ci.run", "info", "run", NULL, "ci", "repo=acme/shop workflow=ci" },
    { "workflow_run",
      "{\"action\":\"requested\",\"workflow_run\":{\"conclusion\":null,\"name\":\"ci\"}}", "ci.run",
      "info", "run", NULL, "ci", "repo=acme/shop workflow=ci" },
    { "workflow_job",
      "{\"action\":\"completed\",\"workflow_job\":{\"conclusion\":\"timed_out\",\"name\":\"linux "
      "arm\",\"workflow_name\":\"ci\",\"head_branch\":\"main\"}}",
      "ci.run", "failing", "job", "main", "linux arm",
      "repo=acme/shop workflow=ci job=\"linux arm\" branch=main" },
    { "check_run",
      "{\"action\":\"completed\",\"check_run\":{\"conclusion\":\"failure\",\"name\":\"lint\","
      "\"check_suite\":{\"head_branch\":\"main\"}}}",
      "ci.run", "failing", "check", "main", "lint", "repo=acme/shop check=lint branch=main" },
    /* asked to run again, it still carries its old conclusion */
    { "check_run",
      "{\"action\":\"rerequested\",\"check_run\":{\"conclusion\":\"failure\",\"name\":\"lint\","
      "\"check_suite\":{\"head_branch\":\"main\"}}}",
      "ci.run", "info", "check", "main", "lint", "repo=acme/shop check=lint branch=main" },
    { "check_suite",
      "{\"action\":\"completed\",\"check_suite\":{\"conclusion\":\"success\",\"head_branch\":"
      "\"main\",\"app\":{\"slug\":\"ci-app\",\"name\":\"CI App\"},\"head_commit\":{\"message\":"
      "\"One\\n\\nmore\"}}}",
      "ci.run", "ok", "check", "main", "One", "repo=acme/shop suite=ci-app branch=main" },
    { "status",
      "{\"state\":\"error\",\"context\":\"ci/x\",\"sha\":\"abc\",\"branches\":[{\"name\":\"main\"}"
      "]}",
      "ci.run", "failing", "check", "main", "ci/x", "repo=acme/shop context=ci/x branch=main" },
    /* the head of two branches: said of neither; another commit, the same condition */
    { "status",
      "{\"state\":\"pending\",\"context\":\"ci/x\",\"sha\":\"def\",\"branches\":[{\"name\":\"main\""
      "},{\"name\":\"x\"}]}",
      "ci.run", "info", "check", NULL, "ci/x", "repo=acme/shop context=ci/x" },
    { "deployment_status",
      "{\"deployment_status\":{\"state\":\"failure\"},\"deployment\":{\"ref\":\"main\",\"task\":"
      "\"deploy\",\"environment\":\"production\"}}",
      "deploy", "failing", NULL, "main", "deploy to production",
      "repo=acme/shop environment=production task=deploy" },
    /* deployed by commit: no branch is named */
    { "deployment",
      "{\"deployment\":{\"ref\":\"abc\",\"sha\":\"abc\",\"task\":\"deploy\",\"environment\":\"qa\"}"
      "}",
      "deploy", "info", NULL, NULL, "deploy to qa", "repo=acme/shop environment=qa task=deploy" },
    { "push",
      "{\"ref\":\"refs/heads/release/1\",\"after\":\"abc\",\"head_commit\":{\"message\":\"Go\\r\\n"
      "on\"}}",
      "push", "info", NULL, "release/1", "Go", "repo=acme/shop ref=refs/heads/release/1" },
    { "push", "{\"ref\":\"refs/tags/v1\",\"after\":\"abc\"}", "push", "info", NULL, NULL, NULL,
      "repo=acme/shop ref=refs/tags/v1" },
    { "create", "{\"ref\":\"main\",\"ref_type\":\"branch\"}", "push", "info", NULL, "main", "main",
      "repo=acme/shop ref=main" },
    { "delete", "{\"ref\":\"v1\",\"ref_type\":\"tag\"}", "push", "info", NULL, NULL, "v1",
      "repo=acme/shop ref=v1" },
    { "pull_request",
      "{\"action\":\"opened\",\"pull_request\":{\"number\":5,\"title\":\"Add "
      "x\",\"head\":{\"ref\":\"x\"}}}",
      "change.request", "info", NULL, "x", "Add x", "repo=acme/shop pull_request=5" },
    { "issues", "{\"action\":\"opened\",\"issue\":{\"number\":6,\"title\":\"Broken\"}}", "issue",
      "info", NULL, NULL, "Broken", "repo=acme/shop issue=6" },
    { "issue_comment", "{\"action\":\"created\",\"issue\":{\"number\":6,\"title\":\"Broken\"}}",
      "issue", "info", NULL, NULL, "Broken", "repo=acme/shop issue=6" },
    { "release",
      "{\"action\":\"published\",\"release\":{\"tag_name\":\"1.0\",\"name\":\"\",\"target_"
      "commitish\":\"main\"}}",
      "release", "info", NULL, "main", "1.0", "repo=acme/shop tag=1.0" },
    { "dependabot_alert",
      "{\"action\":\"created\",\"alert\":{\"number\":9,\"state\":\"open\",\"security_advisory\":{"
      "\"summary\":\"Bad\"}}}",
      "advisory", "failing", NULL, NULL, "Bad", "repo=acme/shop dependabot=9" },
    { "dependabot_alert",
      "{\"action\":\"fixed\",\"alert\":{\"number\":9,\"state\":\"fixed\",\"security_advisory\":{"
      "\"summary\":\"Bad\"}}}",
      "advisory", "ok", NULL, NULL, "Bad", "repo=acme/shop dependabot=9" },
    /* the number of one kind of alert is not that of another */
    { "code_scanning_alert",
      "{\"action\":\"created\",\"ref\":\"refs/heads/"
      "main\",\"alert\":{\"number\":9,\"rule\":{\"description\":\"SQL\"}}}",
      "advisory", "failing", NULL, "main", "SQL", "repo=acme/shop code_scanning=9" },
    { "secret_scanning_alert",
      "{\"action\":\"resolved\",\"alert\":{\"number\":9,\"secret_type\":\"key\"}}", "advisory",
      "ok", NULL, NULL, "key", "repo=acme/shop secret_scanning=9" },
    { "ping", "{\"zen\":\"Design for failure.\"}", NULL, "info", NULL, NULL, "Design for failure.",
      "repo=acme/shop event=ping" },
    { "star", "{\"action\":\"created\"}", NULL, "info", NULL, NULL, "star created",
      "repo=acme/shop event=star" },
    { "fork", "{\"forkee\":{}}", NULL, "info", NULL, NULL, "fork", "repo=acme/shop event=fork" },
    { "pull_request_review_comment",
      "{\"action\":\"created\",\"comment\":{\"body\":\"No\"},\"pull_request\":{\"number\":5,"
      "\"title\":"
      "\"Add x\",\"head\":{\"ref\":\"x\"}}}",
      "change.request", "info", NULL, "x", "Add x", "repo=acme/shop pull_request=5" },
    { "pull_request_review_thread",
      "{\"action\":\"resolved\",\"thread\":{\"comments\":[{\"body\":\"No\"}]},\"pull_request\":{"
      "\"number\":5,\"title\":\"Add x\",\"head\":{\"ref\":\"x\"}}}",
      "change.request", "info", NULL, "x", "Add x", "repo=acme/shop pull_request=5" },
    { "merge_group",
      "{\"action\":\"checks_requested\",\"merge_group\":{\"head_ref\":\"refs/heads/queue/main/"
      "pr-5\","
      "\"head_commit\":{\"message\":\"Merge\\n\\nmore\"}}}",
      "change.request", "info", NULL, "queue/main/pr-5", "Merge",
      "repo=acme/shop merge_group=refs/heads/queue/main/pr-5" },
    { "commit_comment",
      "{\"action\":\"created\",\"comment\":{\"body\":\"Why\\nso?\",\"commit_id\":\"0c6e\"}}",
      "issue", "info", NULL, NULL, "Why", "repo=acme/shop comment_on=0c6e" },
    { "discussion", "{\"action\":\"created\",\"discussion\":{\"number\":7,\"title\":\"How\"}}",
      "issue", "info", NULL, NULL, "How", "repo=acme/shop discussion=7" },
    { "discussion_comment",
      "{\"action\":\"created\",\"comment\":{\"body\":\"So\"},\"discussion\":{\"number\":7,"
      "\"title\":"
      "\"How\"}}",
      "issue", "info", NULL, NULL, "How", "repo=acme/shop discussion=7" },
    { "deployment_review",
      "{\"action\":\"approved\",\"approver\":{\"login\":\"kim\"},\"workflow_job_runs\":[{"
      "\"environment\":\"prod\"}],\"workflow_run\":{\"head_branch\":\"main\",\"head_repository\":{"
      "\"full_name\":\"Acme/Shop\"}}}",
      "deploy", "info", NULL, "main", "deploy to prod: approved", "repo=acme/shop review=prod" },
    { "deployment_protection_rule",
      "{\"action\":\"requested\",\"environment\":\"prod\",\"deployment\":{\"task\":\"deploy\","
      "\"ref\":"
      "\"main\"}}",
      "deploy", "info", NULL, "main", "deploy to prod", "repo=acme/shop protection=prod" },
    { "page_build", "{\"build\":{\"status\":\"errored\"}}", "deploy", "failing", NULL, NULL,
      "page_build", "repo=acme/shop event=page_build" },
    { "page_build", "{\"build\":{\"status\":\"built\"}}", "deploy", "ok", NULL, NULL, "page_build",
      "repo=acme/shop event=page_build" },
    { "repository_advisory",
      "{\"action\":\"published\",\"repository_advisory\":{\"ghsa_id\":\"GHSA-1\",\"summary\":"
      "\"Bad\"}}",
      "advisory", "info", NULL, NULL, "Bad", "repo=acme/shop advisory=GHSA-1" },
};

static void every_event_comes_to_its_kind_state_and_subject(void **state)
{
    struct recorded *recorded = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct event *event;
        struct slice body;

        print_message("%s %s\n", cases[i].type, cases[i].body);
        assert_int_equal(arena_format(recorded->arena, &body,
                                      "{\"repository\":{\"full_name\":\"acme/shop\"},"
                                      "\"sender\":{\"login\":\"kim\"},%s",
                                      cases[i].body + 1),
                         RC_OK);
        event = read_github(recorded, cases[i].type, body.ptr);
        assert_field(event, FIELD_KIND, cases[i].kind);
        assert_field(event, FIELD_STATE, cases[i].state);
        assert_field(event, FIELD_LEVEL, cases[i].level);
        assert_field(event, FIELD_BRANCH, cases[i].branch);
        assert_field(event, FIELD_TITLE, cases[i].title);
        assert_field(event, FIELD_SUBJECT, cases[i].subject);
        assert_field(event, FIELD_ACTOR, "kim");
    }
}

static void severities_become_ours(void **state)
{
    static const struct {
        const char *body;
        const char *expected;
    } severities[] = {
        { "{\"alert\":{\"security_advisory\":{\"severity\":\"moderate\"}}}", "medium" },
        { "{\"alert\":{\"security_advisory\":{\"severity\":\"CRITICAL\"}}}", "critical" },
        { "{\"alert\":{\"security_vulnerability\":{\"severity\":\"low\"}}}", "low" },
        { "{\"alert\":{\"security_advisory\":{\"severity\":\"rather bad\"}}}", NULL },
    };

    for (size_t i = 0; i < sizeof severities / sizeof *severities; i++)
        assert_field(read_github(*state, "dependabot_alert", severities[i].body), FIELD_SEVERITY,
                     severities[i].expected);
}

static void the_main_of_a_fork_is_not_ours(void **state)
{
    const struct event *event = read_github(
        *state, "workflow_run",
        "{\"action\":\"completed\",\"repository\":{\"full_name\":\"acme/shop\"},\"workflow_run\":{"
        "\"conclusion\":\"success\",\"name\":\"ci\",\"head_branch\":\"main\",\"head_repository\":{"
        "\"full_name\":\"mallory/shop\"}}}");

    assert_field(event, FIELD_BRANCH, "mallory:main");
    assert_field(event, FIELD_SUBJECT, "repo=acme/shop workflow=ci branch=mallory:main");
}

/* A name of GitHub's in another case is the same name. */
static void a_repository_in_another_case_is_no_fork(void **state)
{
    const struct event *event = read_github(
        *state, "workflow_run",
        "{\"action\":\"completed\",\"repository\":{\"full_name\":\"acme/shop\"},\"workflow_run\":{"
        "\"conclusion\":\"success\",\"head_branch\":\"main\",\"head_repository\":{"
        "\"full_name\":\"ACME/Shop\"}}}");

    assert_field(event, FIELD_BRANCH, "main");
}

static void a_comment_is_told_with_its_text_and_its_page(void **state)
{
    static const char *const types[] = { "pull_request_review_comment", "commit_comment",
                                         "discussion_comment", "issue_comment" };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct event *event = read_github(
            *state, types[i], "{\"comment\":{\"body\":\"No\",\"html_url\":\"https://g/c\"}}");

        assert_field(event, FIELD_TEXT, "No");
        assert_field(event, FIELD_URL, "https://g/c");
    }
}

/* What is not known is kept aside, and no rule can ask for it. */
static void whatever_github_may_send_is_known(void **state)
{
    static const char *const types[] = { "branch_protection_configuration",
                                         "custom_property",
                                         "custom_property_values",
                                         "dismissal_request_code_scanning",
                                         "exemption_request_push_ruleset",
                                         "installation_target",
                                         "issue_dependencies",
                                         "marketplace_purchase",
                                         "personal_access_token_request",
                                         "projects_v2_status_update",
                                         "repository_advisory",
                                         "secret_scanning_scan",
                                         "sub_issues" };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_false(read_github(*state, types[i], "{}")->is_unusable);
    assert_true(read_github(*state, "subissues", "{}")->is_unusable);
}

static void the_commit_of_a_deleted_branch_is_none(void **state)
{
    const struct event *event =
        read_github(*state, "push",
                    "{\"ref\":\"refs/heads/x\",\"deleted\":true,\"head_commit\":null,"
                    "\"after\":\"0000000000000000000000000000000000000000\"}");

    assert_field(event, FIELD_COMMIT, NULL);
    assert_field(event, FIELD_BRANCH, "x");
}

/* Wherever a member is of another type than GitHub's, its field is absent, and the rest is there. */
static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"workflow_run\":null,\"repository\":[]}",
        "{\"workflow_run\":[],\"repository\":\"acme/shop\",\"sender\":1}",
        "{\"action\":{},\"workflow_run\":{\"conclusion\":[],\"head_branch\":{},\"updated_at\":"
        "\"soon\",\"run_started_at\":true,\"head_repository\":7}}",
        "{\"action\":\"completed\",\"workflow_run\":{\"conclusion\":1e999,\"id\":{\"a\":1},"
        "\"updated_at\":-5,\"run_started_at\":99999999999999999999}}",
        "{\"branches\":{\"0\":{}},\"alert\":[[]],\"references\":[],\"deployment\":false}",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        for (size_t row = 0; row < sizeof cases / sizeof *cases; row++) {
            const struct event *event = read_github(*state, cases[row].type, bodies[i]);

            assert_field(event, FIELD_KIND, cases[row].kind);
            assert_field(event, FIELD_RUN, NULL);
        }
    }
}

static void fields_are_cut_at_one_kilobyte_and_the_payload_keeps_the_rest(void **state)
{
    struct recorded *recorded = *state;
    static char long_name[3000];
    const struct event *event;
    struct slice body;

    memset(long_name, 'x', sizeof long_name - 1);
    assert_int_equal(
        arena_format(recorded->arena, &body, "{\"issue\":{\"title\":\"%s\"}}", long_name), RC_OK);
    event = read_github(recorded, "issues", body.ptr);
    assert_int_equal(event->fields[FIELD_TITLE].len, 1024);
    assert_int_equal(event_get(event, SLICE("data.issue.title"), recorded->arena).len, 2999);
}

/* The header is not covered by the signature. */
static void a_type_that_is_no_word_is_not_passed_on(void **state)
{
    assert_field(read_github(*state, "work flow", "{}"), FIELD_TYPE, "github.unknown");
    assert_field(read_github(*state, "", "{}"), FIELD_TYPE, "github.unknown");
    assert_field(read_github(*state, "x\"vedette", "{}"), FIELD_TYPE, "github.unknown");
}

static void a_time_in_the_future_is_the_time_of_receipt(void **state)
{
    const struct event *event = read_github(
        *state, "issues", "{\"issue\":{\"title\":\"x\",\"updated_at\":\"2035-01-01T00:00:00Z\"}}");

    assert_int_equal(event->time_ms, RECEIVED_MS);
}

#define REST                                                                                       \
    "\"head_branch\":\"main\",\"head_sha\":\"ab\",\"name\":\"ci\",\"actor\":null,\"html_url\":"    \
    "null,\"id\":1,"                                                                               \
    "\"run_attempt\":1"

/* A sender changes its payloads as it likes: what is there still counts. */
static void what_a_payload_misses_or_says_anew_is_told_beside_what_it_says(void **state)
{
    static const struct {
        const char *body, *drift;
    } drifted[] = {
        { "{\"action\":\"completed\",\"workflow_run\":{\"conclusion\":\"exploded\"," REST "}}",
          "unknown state `exploded`" },
        { "{\"action\":\"completed\",\"workflow_run\":{" REST "}}",
          "no `workflow_run.conclusion`" },
        { "{\"action\":\"completed\",\"workflow_run\":{\"conclusion\":null," REST "}}", NULL },
        { "{\"action\":\"requested\",\"workflow_run\":{" REST "}}", NULL },
    };

    for (size_t i = 0; i < sizeof drifted / sizeof *drifted; i++) {
        const struct event *event = read_github(*state, "workflow_run", drifted[i].body);

        print_message("%s\n", drifted[i].body);
        assert_true(slice_eq(event->drift, slice_of(drifted[i].drift)));
        assert_field(event, FIELD_STATE, "info");
        assert_field(event, FIELD_BRANCH, "main");
        assert_field(event, FIELD_SUBJECT, "workflow=ci branch=main");
    }
}

static void what_is_told_of_a_payload_is_bounded(void **state)
{
    const struct event *event = read_github(*state, "workflow_run", "{\"workflow_run\":{}}");

    assert_true(slice_starts(event->drift, SLICE("no `workflow_run.head_branch`, no `")));
    assert_true(event->drift.len <= 256);
}

#define RECORDED_TEST(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, recorded_set_up, recorded_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(h13_a_failed_workflow_run_fills_every_field_it_knows),
        RECORDED_TEST(every_event_comes_to_its_kind_state_and_subject),
        RECORDED_TEST(severities_become_ours),
        RECORDED_TEST(the_main_of_a_fork_is_not_ours),
        RECORDED_TEST(a_repository_in_another_case_is_no_fork),
        RECORDED_TEST(a_comment_is_told_with_its_text_and_its_page),
        RECORDED_TEST(whatever_github_may_send_is_known),
        RECORDED_TEST(the_commit_of_a_deleted_branch_is_none),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        RECORDED_TEST(fields_are_cut_at_one_kilobyte_and_the_payload_keeps_the_rest),
        RECORDED_TEST(a_type_that_is_no_word_is_not_passed_on),
        RECORDED_TEST(what_a_payload_misses_or_says_anew_is_told_beside_what_it_says),
        RECORDED_TEST(what_is_told_of_a_payload_is_bounded),
        RECORDED_TEST(a_time_in_the_future_is_the_time_of_receipt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
