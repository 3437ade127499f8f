#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

#define WORKFLOW                                                                                   \
    "'workflow':{'id':'w-1','name':'build','status':'failed','url':'https://ci.example/w-1',"      \
    "'created_at':'2026-11-21T08:00:00Z','stopped_at':'2026-11-21T08:02:00Z'}"
#define VCS                                                                                        \
    "'project':{'slug':'gh/acme/shop'},'pipeline':{'number':4,'vcs':{'target_repository_url':"     \
    "'https://github.com/acme/shop','revision':'0c6e','branch':'main','commit':{'subject':"        \
    "'Count','author':{'name':'Kim K'}}}}"

static const struct sender_case cases[] = {
    { .event = "workflow-completed",
      .body = "{'type':'workflow-completed','id':'e-1','happened_at':'2026-11-21T08:02:01Z',"
              "" WORKFLOW "," VCS "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_WORKFLOW] = "build",
                    [FIELD_SERVICE] = "build",
                    [FIELD_TITLE] = "build",
                    [FIELD_TEXT] = "Count",
                    [FIELD_RUN] = "w-1",
                    [FIELD_DURATION] = "2m",
                    [FIELD_URL] = "https://ci.example/w-1",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=build branch=main" } },
    /* a job's workflow tells no status: it still runs */
    { .event = "job-completed",
      .body = "{'type':'job-completed','id':'e-2','happened_at':'2026-11-21T08:01:00Z','job':{"
              "'name':'unit','status':'success','number':6},'workflow':{'id':'w-1','name':'build',"
              "'url':'https://ci.example/w-1'}," VCS "}",
      .time = "2026-11-21T08:01:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "job",
                    [FIELD_STATE] = "ok",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_WORKFLOW] = "build",
                    [FIELD_JOB] = "unit",
                    [FIELD_SERVICE] = "unit",
                    [FIELD_TITLE] = "unit",
                    [FIELD_TEXT] = "Count",
                    [FIELD_RUN] = "w-1",
                    [FIELD_URL] = "https://ci.example/w-1",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=build job=unit branch=main" } },
    /* as the newer connections tell it */
    { .event = "workflow-completed",
      .body = "{'type':'workflow-completed','id':'e-3','workflow':{'id':'w-1','name':'build',"
              "'status':'canceled'},'project':{'slug':'circleci/x/y'},'pipeline':{"
              "'trigger_parameters':{'git':{'branch':'main','checkout_sha':'0c6e','checkout_url':"
              "'git@gitlab.com:acme/shop.git'},'gitlab':{'user_username':'kim','commit_title':"
              "'Count'},'circleci':{'actor_id':'a-1'}}}}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_WORKFLOW] = "build",
                    [FIELD_SERVICE] = "build",
                    [FIELD_TITLE] = "build",
                    [FIELD_TEXT] = "Count",
                    [FIELD_RUN] = "w-1",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=build branch=main" } },
    /* by the slug alone; of a newer project the slug names nothing */
    { .event = "workflow-completed",
      .body = "{'type':'workflow-completed','workflow':{'id':'w-1','name':'build','status':'error'}"
              ",'project':{'slug':'bb/acme/shop'}}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_WORKFLOW] = "build",
                    [FIELD_SERVICE] = "build",
                    [FIELD_TITLE] = "build",
                    [FIELD_RUN] = "w-1",
                    [FIELD_SUBJECT] = "repo=acme/shop workflow=build" } },
    { .event = "workflow-completed",
      .body = "{'type':'workflow-completed','workflow':{'id':'w-1','name':'build','status':"
              "'exploded'},'project':{'slug':'circleci/x/y'}}",
      .drift = "unknown state `exploded`",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_WORKFLOW] = "build",
                    [FIELD_SERVICE] = "build",
                    [FIELD_TITLE] = "build",
                    [FIELD_RUN] = "w-1",
                    [FIELD_SUBJECT] = "workflow=build" } },
    { .event = "ping",
      .body = "{'type':'ping','id':'e-4','webhook':{'name':'ours'}}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "ours",
                    [FIELD_SUBJECT] = "event=ping" } },
};
#define N_CASES (sizeof cases / sizeof *cases)

static void every_event_comes_to_its_fields(void **state)
{
    assert_cases(*state, "circleci", NULL, cases, N_CASES);
}

static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "circleci", NULL, cases, N_CASES);
}

#define COMPLETED "{\"type\":\"workflow-completed\",\"id\":\"e-1\"}"
#define PROOF "8151bc7f00ee08f0430bce8469eaf45a450c28a3b6691501bed379f4f9b7bed0"

static void h14_the_door_opens_to_its_signature(void **state)
{
    static const struct door_attempt attempts[] = {
        { .what = "signed, with its id in the body",
          .door = "circleci",
          .headers = { { "circleci-signature", "v1=" PROOF } },
          .body = COMPLETED,
          .delivery_id = "e-1" },
        { .what = "among other versions",
          .door = "circleci",
          .headers = { { "circleci-signature", "v2=ab,v1=" PROOF ",v3=cd" } },
          .body = COMPLETED,
          .delivery_id = "e-1" },
        { .what = "by another version alone",
          .door = "circleci",
          .headers = { { "circleci-signature", "v2=" PROOF } },
          .body = COMPLETED,
          .status = 401 },
        { .what = "another body",
          .door = "circleci",
          .headers = { { "circleci-signature", "v1=" PROOF } },
          .body = "{}",
          .status = 401 },
    };

    assert_doors(*state, "- {webhook: circleci, secret: our-secret}\n", attempts,
                 sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(every_event_comes_to_its_fields),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        DOOR_TEST(h14_the_door_opens_to_its_signature),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
