#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

#define PIPELINE                                                                                   \
    "'pipeline':{'slug':'shop-tests','name':'Shop tests','repository':'git@github.com:acme/"       \
    "shop.git'},'sender':{'name':'Robin'}"
#define BUILD                                                                                      \
    "'number':118,'web_url':'https://bk.example/118','branch':'main','commit':'0c6e','message':"   \
    "'Count\\n\\nmore','creator':{'name':'Kim K'},'pull_request':null,'started_at':'2026-11-21"    \
    "T08:00:00.000Z'"
#define COMMON                                                                                     \
    [FIELD_KIND] = "ci.run", [FIELD_REPO] = "acme/shop", [FIELD_COMMIT] = "0c6e",                  \
    [FIELD_WORKFLOW] = "shop-tests", [FIELD_RUN] = "118", [FIELD_ACTOR] = "Kim K"
#define RUN                                                                                        \
    COMMON, [FIELD_LEVEL] = "run", [FIELD_SERVICE] = "shop-tests", [FIELD_TITLE] = "Count",        \
            [FIELD_TEXT] = "Count\n\nmore", [FIELD_URL] = "https://bk.example/118"
#define ON_MAIN                                                                                    \
    [FIELD_BRANCH] = "main", [FIELD_SUBJECT] = "repo=acme/shop pipeline=shop-tests branch=main"
#define JOB                                                                                        \
    COMMON, [FIELD_LEVEL] = "job", [FIELD_BRANCH] = "main", [FIELD_JOB] = "unit",                  \
            [FIELD_SERVICE] = "Unit tests", [FIELD_TITLE] = "Unit tests",                          \
            [FIELD_URL] = "https://bk.example/118#j",                                              \
            [FIELD_SUBJECT] = "repo=acme/shop pipeline=shop-tests job=unit branch=main"

static const struct sender_case cases[] = {
    { .event = "build.finished",
      .body = "{'event':'build.finished','build':{'state':'failed','blocked':false," BUILD
              ",'finished_at':'2026-11-21T08:02:00.000Z'}," PIPELINE "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { RUN, ON_MAIN, [FIELD_STATE] = "failing", [FIELD_DURATION] = "2m" } },
    { .event = "build.finished",
      .body = "{'event':'build.finished','build':{'state':'passed'," BUILD ",'finished_at':'2026-"
              "11-21T08:02:00.000Z'}," PIPELINE "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { RUN, ON_MAIN, [FIELD_STATE] = "ok", [FIELD_DURATION] = "2m" } },
    /* waits to be unblocked: not its end */
    { .event = "build.finished",
      .body = "{'event':'build.finished','build':{'state':'passed','blocked':true," BUILD
              ",'finished_at':'2026-11-21T08:02:00.000Z'}," PIPELINE "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { RUN, ON_MAIN, [FIELD_STATE] = "info" } },
    { .event = "build.failing",
      .body = "{'event':'build.failing','build':{'state':'failing'," BUILD "}," PIPELINE "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { RUN, ON_MAIN, [FIELD_STATE] = "failing" } },
    /* late: it shows what its build has come to since, which build.finished tells */
    { .event = "build.running",
      .body = "{'event':'build.running','build':{'state':'failed'," BUILD "}," PIPELINE "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { RUN, ON_MAIN, [FIELD_STATE] = "info" } },
    /* out of our own repository, by its name in another case */
    { .event = "build.finished",
      .body = "{'event':'build.finished','build':{'state':'passed','number':117,'branch':'x',"
              "'commit':'0c6e','message':'x','web_url':'u','pull_request':{'repository':"
              "'https://github.com/Acme/Shop.git'}}," PIPELINE "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "ok",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "shop-tests",
                    [FIELD_SERVICE] = "shop-tests",
                    [FIELD_TITLE] = "x",
                    [FIELD_TEXT] = "x",
                    [FIELD_RUN] = "117",
                    [FIELD_ACTOR] = "Robin",
                    [FIELD_URL] = "u",
                    [FIELD_SUBJECT] = "repo=acme/shop pipeline=shop-tests branch=x" } },
    /* of a fork: its `main` is not ours */
    { .event = "build.finished",
      .body = "{'event':'build.finished','build':{'state':'failed','number':119,'web_url':'https:"
              "//bk.example/119','branch':'main','commit':'0c6e','message':'x','creator':{'name':"
              "'Kim K'},'pull_request':{'id':'5','repository':'https://github.com/mallory/"
              "shop.git'}}," PIPELINE "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_BRANCH] = "mallory:main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "shop-tests",
                    [FIELD_SERVICE] = "shop-tests",
                    [FIELD_TITLE] = "x",
                    [FIELD_TEXT] = "x",
                    [FIELD_RUN] = "119",
                    [FIELD_ACTOR] = "Kim K",
                    [FIELD_URL] = "https://bk.example/119",
                    [FIELD_SUBJECT] = "repo=acme/shop pipeline=shop-tests branch=mallory:main" } },
    { .event = "job.finished",
      .body = "{'event':'job.finished','job':{'state':'failed','step_key':'unit','name':'Unit "
              "tests','soft_failed':false,'web_url':'https://bk.example/118#j','started_at':"
              "'2026-11-21T08:00:00Z','finished_at':'2026-11-21T08:01:00Z'},'build':{" BUILD
              "}," PIPELINE "}",
      .time = "2026-11-21T08:01:00.000Z",
      .expected = { JOB, [FIELD_STATE] = "failing", [FIELD_DURATION] = "1m" } },
    { .event = "job.finished",
      .body = "{'event':'job.finished','job':{'state':'failed','step_key':'unit','name':'Unit "
              "tests','soft_failed':true,'web_url':'https://bk.example/118#j'},'build':{" BUILD
              "}," PIPELINE "}",
      .expected = { JOB, [FIELD_STATE] = "info" } },
    { .event = "job.started",
      .body = "{'event':'job.started','job':{'state':'running','step_key':'unit','name':'Unit "
              "tests','web_url':'https://bk.example/118#j'},'build':{" BUILD "}," PIPELINE "}",
      .expected = { JOB, [FIELD_STATE] = "info" } },
    { .event = "agent.lost",
      .body = "{'event':'agent.lost','agent':{'name':'a-1'},'sender':{'name':'Robin'}}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "a-1",
                    [FIELD_ACTOR] = "Robin",
                    [FIELD_SUBJECT] = "event=agent.lost" } },
    { .event = "build.finished",
      .body = "{'event':'build.finished','build':{'state':'exploded','branch':'main','commit':"
              "'0c6e','number':1,'web_url':'https://bk.example/1'},'pipeline':{'slug':'s'}}",
      .drift = "unknown state `exploded`",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "s",
                    [FIELD_SERVICE] = "s",
                    [FIELD_RUN] = "1",
                    [FIELD_URL] = "https://bk.example/1",
                    [FIELD_SUBJECT] = "pipeline=s branch=main" } },
};
#define N_CASES (sizeof cases / sizeof *cases)

static void every_event_comes_to_its_fields(void **state)
{
    assert_cases(*state, "buildkite", NULL, cases, N_CASES);
}

static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "buildkite", NULL, cases, N_CASES);
}

#define FINISHED "{\"event\":\"build.finished\"}"
#define PROOF "ae72a1588f88a7a0db2417030c5e5342a2c730eb9449a4ebafec204ccef9fc93"

static void h14_the_door_opens_to_its_signature_or_its_token(void **state)
{
    static const struct door_attempt attempts[] = {
        { .what = "signed",
          .door = "signed",
          .headers = { { "X-Buildkite-Signature", "timestamp=1795248300,signature=" PROOF } },
          .body = FINISHED },
        { .what = "five minutes ago",
          .door = "signed",
          .headers = { { "X-Buildkite-Signature", "timestamp=1795248300,signature=" PROOF } },
          .body = FINISHED,
          .later_ms = 5 * MINUTE_MS },
        { .what = "longer ago",
          .door = "signed",
          .headers = { { "X-Buildkite-Signature", "timestamp=1795248300,signature=" PROOF } },
          .body = FINISHED,
          .later_ms = 5 * MINUTE_MS + SECOND_MS,
          .status = 401 },
        { .what = "at another time",
          .door = "signed",
          .headers = { { "X-Buildkite-Signature", "timestamp=1795248301,signature=" PROOF } },
          .body = FINISHED,
          .status = 401 },
        { .what = "without a time",
          .door = "signed",
          .headers = { { "X-Buildkite-Signature", "signature=" PROOF } },
          .body = FINISHED,
          .status = 401 },
        { .what = "token",
          .door = "by-token",
          .headers = { { "X-Buildkite-Token", "our-token" } },
          .body = FINISHED },
        { .what = "another token",
          .door = "by-token",
          .headers = { { "X-Buildkite-Token", "our-token " } },
          .body = FINISHED,
          .status = 401 },
    };

    assert_doors(*state,
                 "- {webhook: buildkite, name: signed, secret: our-secret}\n"
                 "- {webhook: buildkite, name: by-token, token: our-token}\n",
                 attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(every_event_comes_to_its_fields),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        DOOR_TEST(h14_the_door_opens_to_its_signature_or_its_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
