#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

#define JOB "'name':'main','display_name':'main','url':'job/shop/job/main/'"
#define BUILD                                                                                      \
    "'full_url':'https://j.example/job/shop/job/main/12/','number':12,'timestamp':1795248240000,"  \
    "'duration':90000,'scm':{'url':'https://git.example/acme/shop.git','branch':'origin/main',"    \
    "'commit':'0c6e','culprits':['kim']}"
#define COMMON                                                                                     \
    [FIELD_KIND] = "ci.run", [FIELD_LEVEL] = "run", [FIELD_REPO] = "acme/shop",                    \
    [FIELD_BRANCH] = "main", [FIELD_COMMIT] = "0c6e", [FIELD_WORKFLOW] = "shop/main",              \
    [FIELD_SERVICE] = "main", [FIELD_TITLE] = "main", [FIELD_RUN] = "12",                          \
    [FIELD_URL] = "https://j.example/job/shop/job/main/12/",                                       \
    [FIELD_SUBJECT] = "job=shop/main branch=main"
#define AT "2026-11-21T08:04:00.000Z"

static const struct sender_case cases[] = {
    { .event = "FINALIZED",
      .body = "{" JOB ",'build':{'phase':'FINALIZED','status':'FAILURE'," BUILD "}}",
      .time = AT,
      .expected = { COMMON, [FIELD_STATE] = "failing", [FIELD_DURATION] = "1m30s" } },
    { .event = "FINALIZED",
      .body = "{" JOB ",'build':{'phase':'FINALIZED','status':'SUCCESS'," BUILD "}}",
      .time = AT,
      .expected = { COMMON, [FIELD_STATE] = "ok", [FIELD_DURATION] = "1m30s" } },
    /* built, but tests failed */
    { .event = "FINALIZED",
      .body = "{" JOB ",'build':{'phase':'FINALIZED','status':'UNSTABLE'," BUILD "}}",
      .time = AT,
      .expected = { COMMON, [FIELD_STATE] = "failing", [FIELD_SEVERITY] = "low",
                    [FIELD_DURATION] = "1m30s" } },
    { .event = "FINALIZED",
      .body = "{" JOB ",'build':{'phase':'FINALIZED','status':'ABORTED'," BUILD "}}",
      .time = AT,
      .expected = { COMMON, [FIELD_STATE] = "info", [FIELD_DURATION] = "1m30s" } },
    /* the same end a first time, which may be all that is sent */
    { .event = "COMPLETED",
      .body = "{" JOB ",'build':{'phase':'COMPLETED','status':'FAILURE'," BUILD "}}",
      .time = AT,
      .expected = { COMMON, [FIELD_STATE] = "failing", [FIELD_DURATION] = "1m30s" } },
    { .event = "STARTED",
      .body = "{" JOB ",'build':{'phase':'STARTED'," BUILD "}}",
      .time = AT,
      .expected = { COMMON, [FIELD_STATE] = "info" } },
    /* in no folder, of no repository, the time as an older plugin tells it */
    { .event = "FINALIZED",
      .body = "{'name':'shop','url':'job/shop/','build':{'phase':'FINALIZED','status':'FAILURE',"
              "'number':1,'url':'job/shop/1/','timestamp':'2026-11-21T08:04:00.0+00:00','scm':{"
              "'branch':'detached'}}}",
      .time = AT,
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "failing",
                    [FIELD_WORKFLOW] = "shop",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_TITLE] = "shop",
                    [FIELD_RUN] = "1",
                    [FIELD_URL] = "job/shop/1/",
                    [FIELD_SUBJECT] = "job=shop" } },
    { .event = "FINALIZED",
      .body = "{'name':'shop','url':'elsewhere','build':{'phase':'FINALIZED','status':'EXPLODED',"
              "'number':1,'scm':{'branch':'refs/remotes/origin/x/y'}}}",
      .drift = "unknown state `EXPLODED`",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_BRANCH] = "x/y",
                    [FIELD_WORKFLOW] = "shop",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_TITLE] = "shop",
                    [FIELD_RUN] = "1",
                    [FIELD_URL] = "elsewhere",
                    [FIELD_SUBJECT] = "job=shop branch=x/y" } },
};
#define N_CASES (sizeof cases / sizeof *cases)

static void every_phase_comes_to_its_fields(void **state)
{
    assert_cases(*state, "jenkins", NULL, cases, N_CASES);
}

static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "jenkins", NULL, cases, N_CASES);
}

static void h14_the_door_opens_to_its_password_or_to_a_token_in_a_header(void **state)
{
    static const struct door_attempt attempts[] = {
        { .what = "user and password out of the URL",
          .door = "basic",
          .headers = { { "Authorization", "Basic dmVkZXR0ZTpvdXItcGFzc3dvcmQ=" } },
          .body = "{\"name\":\"shop\"}" },
        { .what = "none", .door = "basic", .body = "{\"name\":\"shop\"}", .status = 401 },
        { .what = "bearer",
          .door = "bearer",
          .headers = { { "Authorization", "Bearer our-token" } },
          .body = "{\"name\":\"shop\"}" },
        { .what = "in a header that the user named",
          .door = "header",
          .headers = { { "X-Jenkins-Token", "our-token" } },
          .body = "{\"name\":\"shop\"}" },
        { .what = "another token",
          .door = "header",
          .headers = { { "X-Jenkins-Token", "our-tokem" } },
          .body = "{\"name\":\"shop\"}",
          .status = 401 },
    };

    assert_doors(*state,
                 "- {webhook: jenkins, name: basic, basic: 'vedette:our-password'}\n"
                 "- {webhook: jenkins, name: bearer, token: our-token}\n"
                 "- {webhook: jenkins, name: header, token: our-token, token_header: "
                 "X-Jenkins-Token}\n",
                 attempts, sizeof attempts / sizeof *attempts);
}

static struct slice id_at_the_door(struct configured *configured, const char *build)
{
    const struct header header = { SLICE("Authorization"), SLICE("Bearer t") };
    struct webhook_request request = { .headers = &header,
                                       .n_headers = 1,
                                       .content_type = SLICE("application/json"),
                                       .received_ms = DOOR_NOW_MS,
                                       .real_ms = DOOR_NOW_MS };
    struct webhook_answer answer;

    assert_int_equal(arena_format(configured->arena, &request.body, "{\"build\":{%s}}", build),
                     RC_OK);
    assert_int_equal(webhook_receive(watchers_find_webhook(configured->watchers, SLICE("jenkins")),
                                     &request, configured->arena, &answer),
                     RC_OK);
    assert_int_equal(answer.status, 0);
    return answer.entry.delivery_id;
}

#define AT_12 "\"full_url\":\"https://j.example/job/shop/12/\",\"number\":12"
#define FAILED(phase) "\"phase\":\"" phase "\",\"status\":\"FAILURE\","

/* Whichever of the two are sent, a rule counts the build once. */
static void h16_the_two_ends_of_a_build_are_one_delivery(void **state)
{
    static const char *const others[] = {
        /* what came after the build made it another state */
        "\"phase\":\"FINALIZED\",\"status\":\"UNSTABLE\"," AT_12 ",\"queue_id\":40",
        /* a build 12 of a job that was made anew; of another job */
        FAILED("FINALIZED") AT_12 ",\"queue_id\":41",
        FAILED("FINALIZED") "\"full_url\":\"https://j.example/job/till/12/\",\"queue_id\":40",
        /* no end, and one that cannot be told from others */
        "\"phase\":\"STARTED\"," AT_12 ",\"queue_id\":40",
        "\"phase\":\"FINALIZED\",\"status\":\"FAILURE\"",
    };
    struct configured *configured = *state;
    struct slice completed;

    assert_int_equal(configured_load(configured, "- {webhook: jenkins, token: t}\n"), RC_OK);
    completed = id_at_the_door(configured, FAILED("COMPLETED") AT_12 ",\"queue_id\":40");
    assert_true(slice_eq(completed, id_at_the_door(configured, FAILED("FINALIZED") AT_12
                                                   ",\"queue_id\":40,\"notes\":\"more\"")));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(slice_eq(completed, id_at_the_door(configured, others[i])));
}

/* The path of a job is as long as its sender likes. */
static void a_job_in_many_folders_is_named_in_little_time(void **state)
{
    static char body[1024 * 1024];
    struct recorded *recorded = *state;
    size_t len = (size_t)snprintf(body, sizeof body, "{\"url\":\"");

    while (len + 64 < sizeof body)
        len += (size_t)snprintf(body + len, sizeof body - len, "job/a/");
    (void)snprintf(body + len, sizeof body - len, "job/end/\",\"build\":{}}");
    recorded_read(recorded, "jenkins", NULL, NULL, slice_of(body)); /* within the arena's 64 MB */
    assert_true(slice_starts(recorded->events.items[0].fields[FIELD_WORKFLOW], SLICE("a/a/a/")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(every_phase_comes_to_its_fields),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        RECORDED_TEST(a_job_in_many_folders_is_named_in_little_time),
        DOOR_TEST(h16_the_two_ends_of_a_build_are_one_delivery),
        DOOR_TEST(h14_the_door_opens_to_its_password_or_to_a_token_in_a_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
