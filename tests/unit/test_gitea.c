#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

#define REST                                                                                       \
    "'repository':{'full_name':'acme/shop','html_url':'https://git.example/acme/shop'},"           \
    "'sender':{'login':'kim'}"
#define COMMON [FIELD_REPO] = "acme/shop", [FIELD_ACTOR] = "kim"

static const struct sender_case cases[] = {
    { .event = "push",
      .body = "{'ref':'refs/heads/main','after':'0c6e','compare_url':'https://git.example/c',"
              "'commits':[{'id':'0c6e','message':'Count\\n'}],'head_commit':{'id':'0c6e',"
              "'message':'Count\\n\\nmore','timestamp':'2026-11-21T08:00:00Z'}," REST "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_TITLE] = "Count",
                    [FIELD_TEXT] = "Count\n\nmore",
                    [FIELD_URL] = "https://git.example/c",
                    [FIELD_SUBJECT] = "repo=acme/shop ref=refs/heads/main" } },
    { .event = "create",
      .body = "{'ref':'v1','ref_type':'tag','sha':'0c6e'," REST "}",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_TITLE] = "v1",
                    [FIELD_URL] = "https://git.example/acme/shop",
                    [FIELD_SUBJECT] = "repo=acme/shop ref=v1" } },
    { .event = "delete",
      .body = "{'ref':'x','ref_type':'branch'," REST "}",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_BRANCH] = "x",
                    [FIELD_TITLE] = "x",
                    [FIELD_URL] = "https://git.example/acme/shop",
                    [FIELD_SUBJECT] = "repo=acme/shop ref=x" } },
    { .event = "issues",
      .body = "{'action':'opened','issue':{'number':6,'title':'Broken','body':'all','updated_at':"
              "'2026-11-21T08:00:00Z'}," REST "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "all",
                    [FIELD_SUBJECT] = "repo=acme/shop issue=6" } },
    { .event = "issue_comment",
      .body = "{'action':'created','issue':{'number':6,'title':'Broken'},'comment':{'body':'me too'"
              ",'html_url':'https://git.example/6#1'}," REST "}",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "me too",
                    [FIELD_URL] = "https://git.example/6#1",
                    [FIELD_SUBJECT] = "repo=acme/shop issue=6" } },
    { .event = "pull_request",
      .body = "{'action':'opened','number':5,'pull_request':{'number':5,'title':'Add x','body':"
              "'why','head':{'ref':'x','sha':'ab'},'html_url':'https://git.example/5'}," REST "}",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_TEXT] = "why",
                    [FIELD_URL] = "https://git.example/5",
                    [FIELD_SUBJECT] = "repo=acme/shop pull_request=5" } },
    { .event = "pull_request_rejected",
      .body = "{'action':'reviewed','number':5,'pull_request':{'number':5,'title':'Add x','body':"
              "'why','head':{'ref':'x','sha':'ab'}},'review':{'content':'no'}," REST "}",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_TEXT] = "no",
                    [FIELD_SUBJECT] = "repo=acme/shop pull_request=5" } },
    { .event = "release",
      .body = "{'action':'published','release':{'tag_name':'v1','name':'','target_commitish':"
              "'main','body':'All','html_url':'https://git.example/r','published_at':'2026-11-21T"
              "08:00:00Z'}," REST "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "release",
                    [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_BRANCH] = "main",
                    [FIELD_TITLE] = "v1",
                    [FIELD_TEXT] = "All",
                    [FIELD_URL] = "https://git.example/r",
                    [FIELD_SUBJECT] = "repo=acme/shop tag=v1" } },
    { .event = "status",
      .body = "{'sha':'0c6e','context':'ci/x','state':'error','description':'2 of 9','target_url':"
              "'https://ci.example'," REST "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "check",
                    [FIELD_STATE] = "failing",
                    COMMON,
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "ci/x",
                    [FIELD_SERVICE] = "ci/x",
                    [FIELD_TITLE] = "ci/x",
                    [FIELD_TEXT] = "2 of 9",
                    [FIELD_URL] = "https://ci.example",
                    [FIELD_SUBJECT] = "repo=acme/shop context=ci/x" } },
    { .event = "workflow_run",
      .body = "{'action':'completed','workflow':{'name':'test'},'workflow_run':{'id':7,"
              "'conclusion':'failure','head_branch':'main','head_sha':'0c6e','path':'test.yml@refs/"
              "heads/main','run_attempt':2,'html_url':'https://git.example/a/7','started_at':"
              "'2026-11-21T08:00:00Z','completed_at':'2026-11-21T08:02:00Z','head_repository':{"
              "'full_name':'acme/shop'}}," REST "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    COMMON,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "test",
                    [FIELD_SERVICE] = "test",
                    [FIELD_TITLE] = "test",
                    [FIELD_RUN] = "7",
                    [FIELD_ATTEMPT] = "2",
                    [FIELD_DURATION] = "2m",
                    [FIELD_URL] = "https://git.example/a/7",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=test branch=main" } },
    /* of a fork, by somebody else than who sent it, not over */
    { .event = "workflow_run",
      .body = "{'action':'requested','workflow':{'name':'test'},'workflow_run':{'id':7,"
              "'conclusion':'','head_branch':'main','head_sha':'0c6e','trigger_actor':{'login':"
              "'mallory'},'head_repository':{'full_name':'mallory/shop'}}," REST "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "mallory",
                    [FIELD_BRANCH] = "mallory:main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "test",
                    [FIELD_SERVICE] = "test",
                    [FIELD_TITLE] = "test",
                    [FIELD_RUN] = "7",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=test branch=mallory:main" } },
    { .event = "workflow_job",
      .body =
          "{'action':'completed','workflow_job':{'name':'arm','conclusion':'success','run_id':7"
          ",'head_branch':'main','head_sha':'0c6e','html_url':'https://git.example/j'}," REST "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "job",
                    [FIELD_STATE] = "ok",
                    COMMON,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_JOB] = "arm",
                    [FIELD_SERVICE] = "arm",
                    [FIELD_TITLE] = "arm",
                    [FIELD_RUN] = "7",
                    [FIELD_URL] = "https://git.example/j",
                    [FIELD_SUBJECT] = "repo=acme/shop job=arm branch=main" } },
    { .event = "action_run_failure",
      .body = "{'action':'failure','prior_status':'running','run':{'id':7,'title':'Count',"
              "'workflow_id':'test.yml','status':'failure','prettyref':'main','commit_sha':'0c6e',"
              "'repository':{'full_name':'acme/shop'},'trigger_user':{'login':'kim'},'html_url':"
              "'https://git.example/a/7','started':'2026-11-21T08:00:00Z',"
              "'stopped':'2026-11-21T08:02:00Z'}}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    COMMON,
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "test.yml",
                    [FIELD_SERVICE] = "test.yml",
                    [FIELD_TITLE] = "Count",
                    [FIELD_RUN] = "7",
                    [FIELD_DURATION] = "2m",
                    [FIELD_URL] = "https://git.example/a/7",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=test.yml ref=main" } },
    /* of a pull request: no branch of ours */
    { .event = "action_run_success",
      .body = "{'run':{'id':8,'title':'Count','workflow_id':'test.yml','status':'success',"
              "'prettyref':'#5','commit_sha':'0c6e','repository':{'full_name':'acme/shop'}}}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "ok",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "test.yml",
                    [FIELD_SERVICE] = "test.yml",
                    [FIELD_TITLE] = "Count",
                    [FIELD_RUN] = "8",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=test.yml ref=#5" } },
    /* the same success a second time */
    { .event = "action_run_recover",
      .body = "{'run':{'id':8,'title':'Count','workflow_id':'test.yml','status':'success',"
              "'repository':{'full_name':'acme/shop'}}}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_WORKFLOW] = "test.yml",
                    [FIELD_TITLE] = "Count",
                    [FIELD_RUN] = "8",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=test.yml" } },
    { .event = "fork",
      .body = "{" REST "}",
      .expected = { [FIELD_STATE] = "info",
                    COMMON,
                    [FIELD_URL] = "https://git.example/acme/shop",
                    [FIELD_SUBJECT] = "repo=acme/shop event=fork" } },
    { .event = "status",
      .body = "{'sha':'0c6e','context':'ci/x','state':'exploded'}",
      .drift = "unknown state `exploded`",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "check",
                    [FIELD_STATE] = "info",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "ci/x",
                    [FIELD_SERVICE] = "ci/x",
                    [FIELD_TITLE] = "ci/x",
                    [FIELD_SUBJECT] = "context=ci/x" } },
};
#define N_CASES (sizeof cases / sizeof *cases)

static void every_event_comes_to_its_fields(void **state)
{
    assert_cases(*state, "gitea", "X-Gitea-Event", cases, N_CASES);
}

static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "gitea", "X-Gitea-Event", cases, N_CASES);
}

static void forgejo_and_gogs_name_their_events_under_headers_of_their_own(void **state)
{
    static const char *const headers[] = { "X-Forgejo-Event", "X-Gogs-Event" };

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_cases(*state, "gitea", headers[i], cases, 1);
    assert_field(&recorded_read(*state, "gitea", NULL, NULL, SLICE("{}"))->items[0], FIELD_TYPE,
                 "gitea.unknown");
}

#define PUSH "{\"ref\":\"refs/heads/main\"}"
#define FORM "payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D"
#define PROOF "18fed3ea10ec51cc2dbff6dac82c653ee20e0bb001e1735aa193312812951082"

static void h14_the_door_opens_to_what_signed_the_json(void **state)
{
    static const struct door_attempt attempts[] = {
        { .what = "Gitea",
          .door = "gitea",
          .headers = { { "X-Gitea-Signature", PROOF }, { "X-Gitea-Delivery", "d-1" } },
          .body = PUSH,
          .delivery_id = "d-1" },
        { .what = "in a form, of which the payload is signed",
          .door = "gitea",
          .headers = { { "X-Gitea-Signature", PROOF } },
          .body = FORM,
          .content_type = "application/x-www-form-urlencoded",
          .stored = PUSH },
        { .what = "Gogs",
          .door = "gogs",
          .headers = { { "X-Gogs-Signature", PROOF }, { "X-Gogs-Delivery", "d-2" } },
          .body = PUSH,
          .delivery_id = "d-2" },
        { .what = "as GitHub writes it",
          .door = "gitea",
          .headers = { { "X-Gitea-Signature", "sha256=" PROOF } },
          .body = PUSH,
          .status = 401 },
        { .what = "under the header of Gogs",
          .door = "gitea",
          .headers = { { "X-Gogs-Signature", PROOF } },
          .body = PUSH,
          .status = 401 },
        { .what = "of a hook without a secret",
          .door = "gitea",
          .headers = { { "X-Gitea-Signature", "" } },
          .body = PUSH,
          .status = 401 },
        { .what = "another body",
          .door = "gitea",
          .headers = { { "X-Gitea-Signature", PROOF } },
          .body = "{}",
          .status = 401 },
    };

    assert_doors(*state,
                 "- {webhook: gitea, secret: our-secret}\n"
                 "- {webhook: gitea, name: gogs, gogs_secret: our-secret}\n",
                 attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(every_event_comes_to_its_fields),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        RECORDED_TEST(forgejo_and_gogs_name_their_events_under_headers_of_their_own),
        DOOR_TEST(h14_the_door_opens_to_what_signed_the_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
