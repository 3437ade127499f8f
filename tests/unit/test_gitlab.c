#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

#define PROJECT                                                                                    \
    "'project':{'path_with_namespace':'acme/tools/shop','web_url':'https://git.example/acme/"      \
    "tools/shop'}"
#define USER "'user':{'name':'Kim K','username':'kim'}"
#define REPO [FIELD_REPO] = "acme/tools/shop"
#define ACTOR [FIELD_ACTOR] = "kim"

static const struct sender_case cases[] = {
    { .event = "pipeline",
      .body = "{'object_kind':'pipeline','object_attributes':{'id':90071992547409931,'name':null,"
              "'ref':'main','tag':false,'sha':'0c6e','status':'failed','created_at':'2026-11-21 "
              "08:00:00 UTC','finished_at':'2026-11-21 08:04:30 UTC'},'merge_request':null," USER
              "," PROJECT ",'commit':{'title':'Count','message':'Count\\n\\nmore'},'builds':["
              "{'name':'unit','status':'failed','allow_failure':false},"
              "{'name':'flaky','status':'failed','allow_failure':true},"
              "{'name':'lint','status':'success','allow_failure':false},"
              "{'name':'arm','status':'failed','allow_failure':false}]}",
      .time = "2026-11-21T08:04:30.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_TITLE] = "Count",
                    [FIELD_TEXT] = "failed: unit, arm",
                    [FIELD_RUN] = "90071992547409931",
                    [FIELD_DURATION] = "4m30s",
                    [FIELD_URL] =
                        "https://git.example/acme/tools/shop/-/pipelines/90071992547409931",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop pipeline=main" } },
    /* one that it started, on the same branch: its end is not that of the whole */
    { .event = "pipeline",
      .body = "{'object_kind':'pipeline','object_attributes':{'id':8,'ref':'main','sha':'0c6e',"
              "'status':'success','source':'parent_pipeline'},'user':{'username':'kim'},'project':{"
              "'path_with_namespace':'acme/tools/shop'},'commit':{'title':'Count'}}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "ok",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "child pipeline",
                    [FIELD_TITLE] = "Count",
                    [FIELD_RUN] = "8",
                    [FIELD_SUBJECT] =
                        "repo=acme/tools/shop pipeline=main child=\"child pipeline\"" } },
    /* the next one on the same branch: the same condition, by name and page as newer GitLab tells them */
    { .event = "pipeline",
      .body =
          "{'object_kind':'pipeline','object_attributes':{'id':8,'name':'Nightly','ref':'main',"
          "'sha':'1d7f','status':'success','url':'https://git.example/p/8'}," USER "," PROJECT "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "ok",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "1d7f",
                    [FIELD_TITLE] = "Nightly",
                    [FIELD_RUN] = "8",
                    [FIELD_URL] = "https://git.example/p/8",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop pipeline=main" } },
    /* going on: no duration yet */
    { .event = "pipeline",
      .body = "{'object_kind':'pipeline','object_attributes':{'id':8,'name':'Nightly','ref':'main',"
              "'sha':'1d7f','status':'running','created_at':'2026-11-21 08:00:00 UTC',"
              "'finished_at':null,'url':'https://git.example/p/8'}," USER "," PROJECT "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "1d7f",
                    [FIELD_TITLE] = "Nightly",
                    [FIELD_RUN] = "8",
                    [FIELD_URL] = "https://git.example/p/8",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop pipeline=main" } },
    /* of a tag that is called as a branch may be */
    { .event = "pipeline",
      .body = "{'object_kind':'pipeline','object_attributes':{'id':9,'name':'r','ref':'v1','tag':"
              "true,'sha':'1d7f','status':'canceled','url':'https://git.example/p/9'}," USER
              "," PROJECT "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_COMMIT] = "1d7f",
                    [FIELD_TITLE] = "r",
                    [FIELD_RUN] = "9",
                    [FIELD_URL] = "https://git.example/p/9",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop pipeline=v1" } },
    /* of a merge request of this project */
    { .event = "pipeline",
      .body = "{'object_kind':'pipeline','object_attributes':{'id':9,'name':'r','ref':'refs/"
              "merge-requests/5/head','tag':false,'sha':'1d7f','status':'failed','url':'https://"
              "git.example/p/9'},'merge_request':{'source_branch':'topic','source_project_id':3,"
              "'target_project_id':3}," USER "," PROJECT "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "topic",
                    [FIELD_COMMIT] = "1d7f",
                    [FIELD_TITLE] = "r",
                    [FIELD_RUN] = "9",
                    [FIELD_URL] = "https://git.example/p/9",
                    [FIELD_SUBJECT] =
                        "repo=acme/tools/shop pipeline=refs/merge-requests/5/head" } },
    /* of a fork's: its `main` is not ours */
    { .event = "pipeline",
      .body = "{'object_kind':'pipeline','object_attributes':{'id':9,'name':'r','ref':'refs/"
              "merge-requests/6/head','tag':false,'sha':'1d7f','status':'failed','url':'https://"
              "git.example/p/9'},'merge_request':{'source_branch':'main','source_project_id':4,"
              "'target_project_id':3}," USER "," PROJECT "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    REPO,
                    ACTOR,
                    [FIELD_COMMIT] = "1d7f",
                    [FIELD_TITLE] = "r",
                    [FIELD_RUN] = "9",
                    [FIELD_URL] = "https://git.example/p/9",
                    [FIELD_SUBJECT] =
                        "repo=acme/tools/shop pipeline=refs/merge-requests/6/head" } },
    { .event = "build",
      .body =
          "{'object_kind':'build','ref':'main','tag':false,'sha':'0c6e','build_id':77,"
          "'build_name':'unit','build_status':'failed','build_started_at':'2026-11-21 08:00:00 "
          "UTC','build_started_at_iso':'2026-11-21T08:00:00Z','build_finished_at_iso':'2026-11-"
          "21T08:01:00Z','build_allow_failure':false,'build_failure_reason':'script_failure',"
          "'pipeline_id':7,'commit':{'id':7,'sha':'0c6e'},'environment':null," USER "," PROJECT "}",
      .time = "2026-11-21T08:01:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "job",
                    [FIELD_STATE] = "failing",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_JOB] = "unit",
                    [FIELD_SERVICE] = "unit",
                    [FIELD_TITLE] = "unit",
                    [FIELD_TEXT] = "script_failure",
                    [FIELD_RUN] = "7",
                    [FIELD_DURATION] = "1m",
                    [FIELD_URL] = "https://git.example/acme/tools/shop/-/jobs/77",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop job=unit ref=main" } },
    /* allowed to fail; of a GitLab that told no project yet; by somebody without a name to log in */
    { .event = "build",
      .body = "{'object_kind':'build','ref':'v1','tag':true,'sha':'0c6e','build_id':78,'build_name'"
              ":'flaky','build_status':'failed','build_finished_at':'2026-11-21 08:01:00 UTC',"
              "'build_allow_failure':true,'pipeline_id':7,'environment':{'name':'staging'},'user':"
              "{'name':'Kim K'},'repository':{'homepage':'https://git.example/acme/tools/shop'}}",
      .time = "2026-11-21T08:01:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "job",
                    [FIELD_STATE] = "info",
                    REPO,
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_JOB] = "flaky",
                    [FIELD_SERVICE] = "flaky",
                    [FIELD_TITLE] = "flaky",
                    [FIELD_RUN] = "7",
                    [FIELD_ENVIRONMENT] = "staging",
                    [FIELD_URL] = "https://git.example/acme/tools/shop/-/jobs/78",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop job=flaky ref=v1" } },
    { .event = "deployment",
      .body = "{'object_kind':'deployment','status':'failed','status_changed_at':'2026-11-21 "
              "09:04:00 +0100','deployable_url':'https://git.example/j/9','environment':'prod',"
              "'ref':'main','short_sha':'0c6e7a3d','commit_url':'https://git.example/acme/tools/"
              "shop/-/commit/0c6e7a3d5b1f','commit_title':'Count'," USER "," PROJECT "}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "deploy",
                    [FIELD_STATE] = "failing",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e7a3d5b1f",
                    [FIELD_ENVIRONMENT] = "prod",
                    [FIELD_TITLE] = "Count",
                    [FIELD_URL] = "https://git.example/j/9",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop environment=prod" } },
    { .event = "deployment",
      .body = "{'object_kind':'deployment','status':'success','deployable_url':null,"
              "'environment':'prod','short_sha':'0c6e','commit_url':'https://elsewhere/1',"
              "'commit_title':'Count'," USER "," PROJECT "}",
      .expected = { [FIELD_KIND] = "deploy",
                    [FIELD_STATE] = "ok",
                    REPO,
                    ACTOR,
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_ENVIRONMENT] = "prod",
                    [FIELD_TITLE] = "Count",
                    [FIELD_URL] = "https://elsewhere/1",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop environment=prod" } },
    { .event = "push",
      .body = "{'object_kind':'push','ref':'refs/heads/release/1','after':'ab','user_name':'Kim K',"
              "'user_username':'kim','commits':[{'id':'aa','message':'One'},{'id':'ab','message':"
              "'Two\\n\\nmore'}]," PROJECT "}",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "release/1",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Two",
                    [FIELD_URL] = "https://git.example/acme/tools/shop",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop ref=refs/heads/release/1" } },
    /* deleted */
    { .event = "push",
      .body = "{'object_kind':'push','ref':'refs/heads/x','after':"
              "'0000000000000000000000000000000000000000','user_username':'kim','commits':[]"
              "," PROJECT "}",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "x",
                    [FIELD_TITLE] = "refs/heads/x",
                    [FIELD_URL] = "https://git.example/acme/tools/shop",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop ref=refs/heads/x" } },
    { .event = "tag_push",
      .body = "{'object_kind':'tag_push','ref':'refs/tags/v1','after':'ab','user_username':'kim',"
              "'commits':[{'id':'ab','message':'Two'}]," PROJECT "}",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Two",
                    [FIELD_URL] = "https://git.example/acme/tools/shop",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop ref=refs/tags/v1" } },
    { .event = "merge_request",
      .body = "{'object_kind':'merge_request','object_attributes':{'iid':5,'title':'Add x',"
              "'description':'why','source_branch':'x','last_commit':{'id':'ab'},'updated_at':"
              "'2026-11-21 08:00:00 UTC','url':'https://git.example/mr/5'}," USER "," PROJECT "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_TEXT] = "why",
                    [FIELD_URL] = "https://git.example/mr/5",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop merge_request=5" } },
    { .event = "issue",
      .body = "{'object_kind':'issue','object_attributes':{'iid':6,'title':'Broken','description':"
              "null,'created_at':'2026-11-21 08:00:00 UTC','url':'https://git.example/i/6'}," USER
              "," PROJECT "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_TITLE] = "Broken",
                    [FIELD_URL] = "https://git.example/i/6",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop issue=6" } },
    { .event = "work_item",
      .body = "{'object_kind':'work_item','object_attributes':{'iid':6,'title':'Task',"
              "'description':'do'}," USER "," PROJECT "}",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_TITLE] = "Task",
                    [FIELD_TEXT] = "do",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop issue=6" } },
    { .event = "note",
      .body = "{'object_kind':'note','object_attributes':{'note':'me too','noteable_type':'Issue',"
              "'url':'https://git.example/i/6#1'},'issue':{'iid':6,'title':'Broken'}," USER
              "," PROJECT "}",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "me too",
                    [FIELD_URL] = "https://git.example/i/6#1",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop note_on=Issue number=6" } },
    { .event = "note",
      .body = "{'object_kind':'note','object_attributes':{'note':'no','noteable_type':"
              "'MergeRequest','url':'https://git.example/mr/5#1'},'merge_request':{'iid':5,'title':"
              "'Add x','source_branch':'x','last_commit':{'id':'ab'}}," USER "," PROJECT "}",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_TEXT] = "no",
                    [FIELD_URL] = "https://git.example/mr/5#1",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop note_on=MergeRequest number=5" } },
    { .event = "release",
      .body = "{'object_kind':'release','name':'','tag':'v1','description':'All','released_at':"
              "'2026-11-21 08:00:00 UTC','url':'https://git.example/r/1','commit':{'id':'ab'}"
              "," PROJECT "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "release",
                    [FIELD_STATE] = "info",
                    REPO,
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "v1",
                    [FIELD_TEXT] = "All",
                    [FIELD_URL] = "https://git.example/r/1",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop tag=v1" } },
    { .event = "vulnerability",
      .body = "{'object_kind':'vulnerability','object_attributes':{'title':'Bad','state':"
              "'detected','severity':'high','url':'https://git.example/v/1'}}",
      .expected = { [FIELD_KIND] = "advisory",
                    [FIELD_STATE] = "failing",
                    [FIELD_TITLE] = "Bad",
                    [FIELD_SEVERITY] = "high",
                    [FIELD_URL] = "https://git.example/v/1",
                    [FIELD_SUBJECT] = "vulnerability=https://git.example/v/1" } },
    { .event = "vulnerability",
      .body = "{'object_kind':'vulnerability','object_attributes':{'title':'Bad','state':"
              "'resolved','severity':'unknown','url':'https://git.example/v/1'}}",
      .expected = { [FIELD_KIND] = "advisory",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Bad",
                    [FIELD_URL] = "https://git.example/v/1",
                    [FIELD_SUBJECT] = "vulnerability=https://git.example/v/1" } },
    /* of the others, whatever they say alike */
    { .event = "wiki_page",
      .body = "{'object_kind':'wiki_page','object_attributes':{'title':'Home','url':'https://w'}"
              "," USER "," PROJECT "}",
      .expected = { [FIELD_STATE] = "info",
                    REPO,
                    ACTOR,
                    [FIELD_TITLE] = "Home",
                    [FIELD_URL] = "https://w",
                    [FIELD_SUBJECT] = "repo=acme/tools/shop event=wiki_page" } },
    { .event = "project_create",
      .body = "{'event_name':'project_create','name':'shop','path_with_namespace':'acme/shop'}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_TITLE] = "shop",
                    [FIELD_SUBJECT] = "repo=acme/shop event=project_create" } },
    { .event = "unknown",
      .body = "{'object_kind':'pipe line'}",
      .expected = { [FIELD_STATE] = "info", [FIELD_SUBJECT] = "event=unknown" } },
    /* what has drifted is told, and the rest is there */
    { .event = "pipeline",
      .body = "{'object_kind':'pipeline','object_attributes':{'id':9,'ref':'main','sha':'ab',"
              "'status':'exploded'}}",
      .drift = "unknown state `exploded`",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_RUN] = "9",
                    [FIELD_SUBJECT] = "pipeline=main" } },
};
#define N_CASES (sizeof cases / sizeof *cases)

static void every_event_comes_to_its_fields(void **state)
{
    assert_cases(*state, "gitlab", NULL, cases, N_CASES);
}

static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "gitlab", NULL, cases, N_CASES);
}

#define PIPELINE "{\"object_kind\":\"pipeline\"}"
#define PROOF "v1,AZhxo+B5cFSUZ2r2DAKi+Tw4lhBPpASnPh5q/tDj2YI="

static void h14_the_door_opens_to_the_token_or_to_what_the_signing_token_signed(void **state)
{
    static const struct door_attempt attempts[] = {
        { .what = "token",
          .door = "by-token",
          .headers = { { "X-Gitlab-Token", "our-token" } },
          .body = PIPELINE },
        { .what = "with a delivery id",
          .door = "by-token",
          .headers = { { "X-Gitlab-Token", "our-token" }, { "Idempotency-Key", "d-17" } },
          .body = PIPELINE,
          .delivery_id = "d-17" },
        { .what = "another token",
          .door = "by-token",
          .headers = { { "X-Gitlab-Token", "our-tokem" } },
          .body = PIPELINE,
          .status = 401 },
        { .what = "no token", .door = "by-token", .body = PIPELINE, .status = 401 },
        { .what = "signed",
          .door = "signed",
          .headers = { { "webhook-id", "d-17" },
                       { "webhook-timestamp", "1795248300" },
                       { "webhook-signature", PROOF } },
          .body = PIPELINE,
          .delivery_id = "d-17" },
        { .what = "with the old and the new key",
          .door = "signed",
          .headers = { { "webhook-id", "d-17" },
                       { "webhook-timestamp", "1795248300" },
                       { "webhook-signature", "v1,b2xk " PROOF } },
          .body = PIPELINE,
          .delivery_id = "d-17" },
        { .what = "for another delivery",
          .door = "signed",
          .headers = { { "webhook-id", "d-18" },
                       { "webhook-timestamp", "1795248300" },
                       { "webhook-signature", PROOF } },
          .body = PIPELINE,
          .status = 401 },
        { .what = "six minutes ago",
          .door = "signed",
          .headers = { { "webhook-id", "d-17" },
                       { "webhook-timestamp", "1795248300" },
                       { "webhook-signature", PROOF } },
          .body = PIPELINE,
          .later_ms = 6 * MINUTE_MS,
          .status = 401 },
        { .what = "the token where a signature is due",
          .door = "signed",
          .headers = { { "X-Gitlab-Token", "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBvdXIgb3duLCB5ZXM=" } },
          .body = PIPELINE,
          .status = 401 },
    };

    assert_doors(*state,
                 "- {webhook: gitlab, name: by-token, token: our-token}\n"
                 "- {webhook: gitlab, name: signed, secret: "
                 "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBvdXIgb3duLCB5ZXM=}\n",
                 attempts, sizeof attempts / sizeof *attempts);
}

/* A payload of 25 MB holds more jobs than a field has room for. */
static void failed_jobs_are_named_as_long_as_there_is_room(void **state)
{
    static char body[256 * 1024];
    struct recorded *recorded = *state;
    size_t len = (size_t)snprintf(body, sizeof body,
                                  "{\"object_kind\":\"pipeline\",\"object_attributes\":{\"status\":"
                                  "\"failed\"},\"builds\":[{}");

    while (len + 64 < sizeof body)
        len += (size_t)snprintf(body + len, sizeof body - len,
                                ",{\"name\":\"unit\",\"status\":\"failed\"}");
    (void)snprintf(body + len, sizeof body - len, "]}");
    recorded_read(recorded, "gitlab", NULL, NULL, slice_of(body)); /* within the arena's 64 MB */
    assert_true(
        slice_starts(recorded->events.items[0].fields[FIELD_TEXT], SLICE("failed: unit, unit, ")));
    assert_int_equal(recorded->events.items[0].fields[FIELD_TEXT].len, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(failed_jobs_are_named_as_long_as_there_is_room),
        RECORDED_TEST(every_event_comes_to_its_fields),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        DOOR_TEST(h14_the_door_opens_to_the_token_or_to_what_the_signing_token_signed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
