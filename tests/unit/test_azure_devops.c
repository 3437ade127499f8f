#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

#define WHERE                                                                                      \
    "'resourceContainers':{'project':{'id':'p-1'}},'createdDate':'2026-11-21T08:02:00.1234567Z'"
#define RUN                                                                                        \
    "'run':{'id':11,'name':'2026.1','state':'completed','result':'failed','createdDate':'2026-"    \
    "11-21T08:00:00Z','finishedDate':'2026-11-21T08:02:00Z','_links':{'web':{'href':'https://"     \
    "az.example/11'}}},'pipeline':{'name':'shop-ci'}"
#define REPO "'repository':{'name':'shop','project':{'name':'Acme'},'remoteUrl':'https://az/shop'}"

static const struct sender_case cases[] = {
    { .event = "build.complete",
      .body = "{'id':'e-1','eventType':'build.complete','message':{'text':'Build 7 failed'},"
              "'resource':{'id':7,'buildNumber':'2026.7','status':'completed','result':'failed',"
              "'startTime':'2026-11-21T08:00:00Z','finishTime':'2026-11-21T08:02:00Z',"
              "'sourceBranch':'refs/heads/main','sourceVersion':'0c6e','requestedFor':{"
              "'displayName':'Kim K'},'definition':{'name':'shop-ci'},'project':{'name':'Acme'},"
              "'repository':{'id':'acme/shop','type':'GitHub'},'_links':{'web':{'href':'https://"
              "az.example/7'}}}," WHERE "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_WORKFLOW] = "shop-ci",
                    [FIELD_SERVICE] = "shop-ci",
                    [FIELD_TITLE] = "2026.7",
                    [FIELD_TEXT] = "Build 7 failed",
                    [FIELD_RUN] = "7",
                    [FIELD_DURATION] = "2m",
                    [FIELD_URL] = "https://az.example/7",
                    [FIELD_SUBJECT] = "project=Acme repo=acme/shop pipeline=shop-ci branch=main "
                                      "ref=refs/heads/main" } },
    /* as version 1 tells it, some of it succeeded */
    { .event = "build.complete",
      .body = "{'eventType':'build.complete','resource':{'id':7,'buildNumber':'2026.7','status':"
              "'partiallySucceeded','sourceGetVersion':'LG:refs/heads/main:0c6e','definition':{"
              "'name':'shop-ci'},'requests':[{'requestedFor':{'displayName':'Kim K'}}],'url':"
              "'https://az.example/7'}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "low",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_WORKFLOW] = "shop-ci",
                    [FIELD_SERVICE] = "shop-ci",
                    [FIELD_TITLE] = "2026.7",
                    [FIELD_RUN] = "7",
                    [FIELD_URL] = "https://az.example/7",
                    [FIELD_SUBJECT] = "project=p-1 pipeline=shop-ci branch=main" } },
    { .event = "ms.vss-pipelines.run-state-changed-event",
      .body = "{'eventType':'ms.vss-pipelines.run-state-changed-event','message':{'text':'Run "
              "failed.'},'resource':{" RUN ",'repositories':[{'type':'Git','url':'https://az/acme/"
              "_git/shop'}]}," WHERE "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    [FIELD_REPO] = "shop",
                    [FIELD_WORKFLOW] = "shop-ci",
                    [FIELD_SERVICE] = "shop-ci",
                    [FIELD_TITLE] = "shop-ci",
                    [FIELD_TEXT] = "Run failed.",
                    [FIELD_RUN] = "11",
                    [FIELD_DURATION] = "2m",
                    [FIELD_URL] = "https://az.example/11",
                    [FIELD_SUBJECT] = "project=p-1 repo=shop pipeline=shop-ci" } },
    /* begun: no result yet, which is no drift */
    { .event = "ms.vss-pipelines.run-state-changed-event",
      .body = "{'eventType':'ms.vss-pipelines.run-state-changed-event','resource':{'run':{'id':11,"
              "'state':'inProgress'},'pipeline':{'name':'shop-ci'},'repositories':[{'url':'https://"
              "api.github.com/repos/acme/shop'}]}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_WORKFLOW] = "shop-ci",
                    [FIELD_SERVICE] = "shop-ci",
                    [FIELD_TITLE] = "shop-ci",
                    [FIELD_RUN] = "11",
                    [FIELD_SUBJECT] = "project=p-1 repo=acme/shop pipeline=shop-ci" } },
    { .event = "ms.vss-pipelines.stage-state-changed-event",
      .body = "{'eventType':'ms.vss-pipelines.stage-state-changed-event','resource':{'stage':{"
              "'name':'build','displayName':null,'state':'completed','result':'succeeded'}," RUN
              "}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "job",
                    [FIELD_STATE] = "ok",
                    [FIELD_WORKFLOW] = "shop-ci",
                    [FIELD_JOB] = "build",
                    [FIELD_SERVICE] = "build",
                    [FIELD_TITLE] = "build",
                    [FIELD_RUN] = "11",
                    [FIELD_SUBJECT] = "project=p-1 pipeline=shop-ci stage=build" } },
    { .event = "ms.vss-pipelines.job-state-changed-event",
      .body = "{'eventType':'ms.vss-pipelines.job-state-changed-event','resource':{'job':{'name':"
              "'unit','state':'completed','result':'canceled','startTime':'2026-11-21T08:00:00Z',"
              "'finishTime':'2026-11-21T08:01:00Z'},'stage':{'name':'build'}," RUN "}," WHERE "}",
      .time = "2026-11-21T08:01:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "job",
                    [FIELD_STATE] = "info",
                    [FIELD_WORKFLOW] = "shop-ci",
                    [FIELD_JOB] = "unit",
                    [FIELD_SERVICE] = "unit",
                    [FIELD_TITLE] = "unit",
                    [FIELD_RUN] = "11",
                    [FIELD_DURATION] = "1m",
                    [FIELD_SUBJECT] = "project=p-1 pipeline=shop-ci stage=build job=unit" } },
    { .event = "ms.vss-release.deployment-completed-event",
      .body = "{'eventType':'ms.vss-release.deployment-completed-event','message':{'text':"
              "'Deployment of R-1 on Prod rejected.'},'resource':{'environment':{'name':'Prod',"
              "'status':'rejected','definitionEnvironmentId':3,'owner':{'displayName':'Kim K'},"
              "'release':{'name':'R-1','url':'https://az.example/r/1'}},'project':{'name':'Acme'}"
              "}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "deploy",
                    [FIELD_STATE] = "failing",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_ENVIRONMENT] = "Prod",
                    [FIELD_TITLE] = "Deployment of R-1 on Prod rejected.",
                    [FIELD_RUN] = "R-1",
                    [FIELD_URL] = "https://az.example/r/1",
                    [FIELD_SUBJECT] = "project=Acme environment=Prod definition=3" } },
    { .event = "ms.vss-release.deployment-approval-pending-event",
      .body =
          "{'eventType':'ms.vss-release.deployment-approval-pending-event','message':{'text':"
          "'Pending'},'resource':{'approval':{'releaseEnvironment':{'name':'Prod'}}}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "deploy",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Pending",
                    [FIELD_ENVIRONMENT] = "Prod",
                    [FIELD_SUBJECT] = "project=p-1 approval=Prod" } },
    { .event = "git.push",
      .body =
          "{'eventType':'git.push','message':{'text':'Kim pushed'},'resource':{'commits':[{"
          "'commitId':'0c6e','comment':'Count\\n\\nmore'}],'refUpdates':[{'name':'refs/heads/main',"
          "'newObjectId':'0c6e'}]," REPO ",'pushedBy':{'displayName':'Kim K'},'date':'2026-11-"
          "21T08:00:00Z'}," WHERE "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "shop",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_TITLE] = "Count",
                    [FIELD_TEXT] = "Kim pushed",
                    [FIELD_URL] = "https://az/shop",
                    [FIELD_SUBJECT] = "project=Acme repo=shop ref=refs/heads/main" } },
    { .event = "git.pullrequest.updated",
      .body = "{'eventType':'git.pullrequest.updated','resource':{'pullRequestId':5,'title':'Add x'"
              ",'description':'why','sourceRefName':'refs/heads/x','lastMergeSourceCommit':{"
              "'commitId':'ab'},'createdBy':{'displayName':'Kim K'},'url':'https://az/5'," REPO
              "}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "shop",
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_TEXT] = "why",
                    [FIELD_URL] = "https://az/5",
                    [FIELD_SUBJECT] = "project=Acme repo=shop pull_request=5" } },
    { .event = "ms.vss-code.git-pullrequest-comment-event",
      .body = "{'eventType':'ms.vss-code.git-pullrequest-comment-event','resource':{'comment':{"
              "'content':'no','author':{'displayName':'Robin'}},'pullRequest':{'pullRequestId':5,"
              "'title':'Add x','sourceRefName':'refs/heads/x'," REPO "}}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "shop",
                    [FIELD_BRANCH] = "x",
                    [FIELD_ACTOR] = "Robin",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_TEXT] = "no",
                    [FIELD_SUBJECT] = "project=Acme repo=shop pull_request=5" } },
    { .event = "workitem.updated",
      .body = "{'eventType':'workitem.updated','message':{'text':'Bug 6 updated'},'resource':{'id':"
              "2,'workItemId':6,'revision':{'fields':{'System.Title':'Broken'}},'revisedBy':{"
              "'displayName':'Kim K'},'url':'https://az/6'}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "Bug 6 updated",
                    [FIELD_URL] = "https://az/6",
                    [FIELD_SUBJECT] = "project=p-1 work_item=6" } },
    { .event = "workitem.created",
      .body = "{'eventType':'workitem.created','message':{'text':'Bug 6 created'},'resource':{'id':"
              "6,'fields':{'System.Title':'Broken'}}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "Bug 6 created",
                    [FIELD_SUBJECT] = "project=p-1 work_item=6" } },
    /* who did it, as newer and older versions tell it */
    { .event = "workitem.updated",
      .body =
          "{'eventType':'workitem.updated','message':{'text':'Bug 6 updated'},'resource':{"
          "'workItemId':6,'revision':{'fields':{'System.Title':'Broken','System.CreatedBy':"
          "'Max','System.ChangedBy':{'displayName':'Kim K','uniqueName':'kim@acme'}}}}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "Bug 6 updated",
                    [FIELD_SUBJECT] = "project=p-1 work_item=6" } },
    { .event = "workitem.created",
      .body = "{'eventType':'workitem.created','message':{'text':'Bug 6 created'},'resource':{'id':"
              "6,'fields':{'System.Title':'Broken','System.CreatedBy':'Kim K <kim@acme.example>'}}"
              "," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "Bug 6 created",
                    [FIELD_SUBJECT] = "project=p-1 work_item=6" } },
    { .event = "ms.vss-pipelinechecks-events.approval-pending",
      .body = "{'eventType':'ms.vss-pipelinechecks-events.approval-pending','message':{'text':"
              "'Approval pending'}," WHERE "}",
      .time = "2026-11-21T08:02:00.123Z",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Approval pending",
                    [FIELD_SUBJECT] = "project=p-1 "
                                      "event=ms.vss-pipelinechecks-events.approval-pending" } },
    { .event = "build.complete",
      .body = "{'eventType':'build.complete','resource':{'id':7,'buildNumber':'n','result':"
              "'exploded','definition':{'name':'shop-ci'}}}",
      .drift = "unknown state `exploded`",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_WORKFLOW] = "shop-ci",
                    [FIELD_SERVICE] = "shop-ci",
                    [FIELD_TITLE] = "n",
                    [FIELD_RUN] = "7",
                    [FIELD_SUBJECT] = "pipeline=shop-ci" } },
};
#define N_CASES (sizeof cases / sizeof *cases)

static void every_event_comes_to_its_fields(void **state)
{
    assert_cases(*state, "azure-devops", NULL, cases, N_CASES);
}

static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "azure-devops", NULL, cases, N_CASES);
}

#define PUSHED "{\"id\":\"e-1\",\"eventType\":\"git.push\"}"

static void h14_the_door_opens_to_its_password_or_to_a_header_of_ours(void **state)
{
    static const struct door_attempt attempts[] = {
        { .what = "user and password; its id is in the body",
          .door = "basic",
          .headers = { { "Authorization", "Basic dmVkZXR0ZTpvdXItcGFzc3dvcmQ=" } },
          .body = PUSHED,
          .delivery_id = "e-1" },
        { .what = "another password",
          .door = "basic",
          .headers = { { "Authorization", "Basic dmVkZXR0ZTpvdXItcGFzc3dvcms=" } },
          .body = PUSHED,
          .status = 401 },
        { .what = "a header of ours",
          .door = "header",
          .headers = { { "X-Vedette", "our-token" } },
          .body = PUSHED,
          .delivery_id = "e-1" },
        { .what = "no header", .door = "header", .body = PUSHED, .status = 401 },
    };

    assert_doors(*state,
                 "- {webhook: azure-devops, name: basic, basic: 'vedette:our-password'}\n"
                 "- {webhook: azure-devops, name: header, token: our-token, token_header: "
                 "X-Vedette}\n",
                 attempts, sizeof attempts / sizeof *attempts);
}

static void each_ref_of_a_push_is_an_event(void **state)
{
    struct recorded *recorded = *state;
    const struct event *events =
        recorded_read(recorded, "azure-devops", NULL, NULL,
                      case_body(recorded,
                                "{'eventType':'git.push','message':{'text':'Kim pushed'},"
                                "'resource':{'commits':[{'commitId':'1d7f','comment':'Add x'}],"
                                "'refUpdates':[{'name':'refs/heads/main','newObjectId':'0c6e'},{"
                                "'name':'refs/heads/x','newObjectId':'1d7f'}]," REPO "}," WHERE
                                "}"))
            ->items;

    assert_int_equal(recorded->events.n_items, 2);
    assert_field(&events[0], FIELD_BRANCH, "main");
    assert_field(&events[0], FIELD_TITLE, "Kim pushed");
    assert_field(&events[1], FIELD_TITLE, "Add x");
    assert_field(&events[1], FIELD_SUBJECT, "project=Acme repo=shop ref=refs/heads/x");
    assert_true(slice_eq(
        event_get(&events[1], SLICE("data.batch.resource.repository.name"), recorded->arena),
        SLICE("shop")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(each_ref_of_a_push_is_an_event),
        RECORDED_TEST(every_event_comes_to_its_fields),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        DOOR_TEST(h14_the_door_opens_to_its_password_or_to_a_header_of_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
