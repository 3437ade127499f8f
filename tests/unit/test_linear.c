#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static const struct sender_case cases[] = {
    { "Issue",
      "{'type':'Issue','action':'update','actor':{'name':'Kim'},'url':'https://linear.example/A-1',"
      "'createdAt':'2026-11-21T08:04:10Z','data':{'id':'i-1','identifier':'A-1','title':'Broken',"
      "'description':'It is.','priorityLabel':'Urgent','updatedAt':'2026-11-21T08:04:00Z','team':{"
      "'key':'A','name':'Apps'}}}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_SEVERITY] = "critical",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "It is.",
                    [FIELD_SERVICE] = "Apps",
                    [FIELD_ACTOR] = "Kim",
                    [FIELD_URL] = "https://linear.example/A-1",
                    [FIELD_SUBJECT] = "issue=i-1" } },
    /* a comment is about its issue */
    { "Comment",
      "{'type':'Comment','action':'create','data':{'id':'c-1','body':'Mine.','issueId':'i-1',"
      "'issue':{'id':'i-1','title':'Broken'},'user':{'name':'Lee'}}}",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "Mine.",
                    [FIELD_ACTOR] = "Lee",
                    [FIELD_SUBJECT] = "issue=i-1" } },
    { "IssueSLA",
      "{'type':'IssueSLA','action':'breached','issueData':{'id':'i-1','title':'Broken'}}",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_SUBJECT] = "issue=i-1" } },
    { "ProjectUpdate",
      "{'type':'ProjectUpdate','action':'create','data':{'id':'u-1','body':'Late.','project':{"
      "'name':'Checkout'}}}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Checkout",
                    [FIELD_TEXT] = "Late.",
                    [FIELD_SUBJECT] = "object=linear.ProjectUpdate id=u-1" } },
    { "Issue", "{'type':'Issue','data':{'id':'i-1'}}", .drift = "no `data.title`",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_SUBJECT] = "issue=i-1" } },
};

static void an_issue_and_what_is_said_of_it_are_one_condition(void **state)
{
    assert_cases(*state, "linear", NULL, cases, sizeof cases / sizeof *cases);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "linear", NULL, cases, sizeof cases / sizeof *cases);
}

#define BODY "{\"webhookTimestamp\":1795248300000}"

static const char doors[] =
    "- {webhook: linear, secret: s3cret}\n"
    "- {webhook: linear, name: patient, secret: s3cret, signature: {tolerance: 8h}}\n";

static const struct door_attempt attempts[] = {
    { "signed now",
      "linear",
      { { "Linear-Signature", "647ea02fd47772fa3219e4d15d1414c310941172b729376082212292eb2416b8" },
        { "Linear-Delivery", "d-1" } },
      BODY,
      .delivery_id = "d-1" },
    { "signed a minute ago",
      "linear",
      { { "Linear-Signature",
          "647ea02fd47772fa3219e4d15d1414c310941172b729376082212292eb2416b8" } },
      BODY,
      .later_ms = MINUTE_MS },
    { "signed longer ago",
      "linear",
      { { "Linear-Signature",
          "647ea02fd47772fa3219e4d15d1414c310941172b729376082212292eb2416b8" } },
      BODY,
      .later_ms = MINUTE_MS + 1,
      .status = 401 },
    { "tried again with the time of the first attempt",
      "patient",
      { { "Linear-Signature",
          "647ea02fd47772fa3219e4d15d1414c310941172b729376082212292eb2416b8" } },
      BODY,
      .later_ms = 8 * HOUR_MS },
    { "tried again too late",
      "patient",
      { { "Linear-Signature",
          "647ea02fd47772fa3219e4d15d1414c310941172b729376082212292eb2416b8" } },
      BODY,
      .later_ms = 8 * HOUR_MS + 1,
      .status = 401 },
    { "signed ahead of us",
      "linear",
      { { "Linear-Signature",
          "647ea02fd47772fa3219e4d15d1414c310941172b729376082212292eb2416b8" } },
      BODY,
      .later_ms = -MINUTE_MS - 1,
      .status = 401 },
    { "signed without a time",
      "linear",
      { { "Linear-Signature",
          "adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" } },
      "{}",
      .status = 401 },
    { "signed by another",
      "linear",
      { { "Linear-Signature",
          "0137f85eae5ed723ecbe6de0d48851c7925ebbd3268bf94be527e08996e9d3cd" } },
      BODY,
      .status = 401 },
};

static void h15_the_time_in_the_signed_body_is_within_a_minute_or_as_near_as_tolerance_says(
    void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

/* As `vedette send` does with a payload that somebody kept. */
static void a_payload_of_another_day_is_taken_with_the_time_of_now(void **state)
{
    static const struct {
        const char *body, *renewed;
        int status;
    } payloads[] = {
        { "{\"type\":\"Issue\",\"webhookTimestamp\":1,\"n\":1.50}",
          "{\"type\":\"Issue\",\"webhookTimestamp\":1795248300000,\"n\":1.50}", 0 },
        { "{\"webhookTimestamp\": \"1\"}", "{\"webhookTimestamp\":1795248300000}", 0 },
        { "{\"a\": {\"webhookTimestamp\": 1}}",
          "{\"a\":{\"webhookTimestamp\":1},\"webhookTimestamp\":1795248300000}", 0 },
        { "{}", "{\"webhookTimestamp\":1795248300000}", 0 },
        { "[1]", "[1]", 401 },
        { "{\"type\"", "{\"type\"", 400 },
    };
    struct configured *configured = *state;
    const struct webhook *hook;

    assert_int_equal(configured_load(configured, doors), RC_OK);
    hook = watchers_find_webhook(configured->watchers, SLICE("linear"));
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        struct webhook_request request = { .content_type = SLICE("application/json"),
                                           .received_ms = DOOR_NOW_MS,
                                           .real_ms = DOOR_NOW_MS };
        struct webhook_answer answer;
        struct header *headers;

        print_message("%s\n", payloads[i].body);
        assert_int_equal(webhook_renew(hook, slice_of(payloads[i].body), DOOR_NOW_MS,
                                       configured->arena, &request.body),
                         RC_OK);
        assert_true(slice_eq(request.body, slice_of(payloads[i].renewed)));
        assert_int_equal(webhook_sign(hook, (struct slice){ 0 }, (struct slice){ 0 }, request.body,
                                      DOOR_NOW_MS, configured->arena, &headers, &request.n_headers),
                         RC_OK);
        request.headers = headers;
        assert_int_equal(webhook_receive(hook, &request, configured->arena, &answer), RC_OK);
        assert_int_equal(answer.status, payloads[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(an_issue_and_what_is_said_of_it_are_one_condition),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        DOOR_TEST(a_payload_of_another_day_is_taken_with_the_time_of_now),
        DOOR_TEST(h15_the_time_in_the_signed_body_is_within_a_minute_or_as_near_as_tolerance_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
