#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static const struct sender_case cases[] = {
    /* by our template */
    { "alert",
      "{'alert_id':'12','aggreg':'9f','transition':'Triggered','type':'error','priority':'P2',"
      "'scope':'service:shop,env:qa','title':'[Triggered] Queue is long','text':'jobs > 10','link':"
      "'https://dd/12','hostname':'','tags':'host:web-1,team:core','date':'1795248240000'}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "high",
                    [FIELD_TITLE] = "Queue is long",
                    [FIELD_TEXT] = "jobs > 10",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_HOST] = "web-1",
                    [FIELD_ENVIRONMENT] = "qa",
                    [FIELD_URL] = "https://dd/12",
                    [FIELD_SUBJECT] = "monitor=12 scope=service:shop,env:qa" } },
    { "alert",
      "{'alert_id':'12','transition':'Recovered','scope':'service:shop,env:qa','title':'[Recovered]"
      " "
      "Queue is long','hostname':'web-2'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Queue is long",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_HOST] = "web-2",
                    [FIELD_ENVIRONMENT] = "qa",
                    [FIELD_SUBJECT] = "monitor=12 scope=service:shop,env:qa" } },
    { "alert", "{'alert_id':'12','transition':'Re-No Data','title':'Q'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_TITLE] = "Q",
                    [FIELD_SUBJECT] = "monitor=12" } },
    /* What fails without a name could never be said to be well again. */
    { "alert", "{'transition':'Triggered','title':'Q'}", .drift = "no `monitor`",
      .expected = { [FIELD_KIND] = "alert", [FIELD_STATE] = "failing", [FIELD_TITLE] = "Q" } },
    { "alert", "{'alert_id':'12','transition':'Melted','title':'Q'}",
      .drift = "unknown state `Melted`",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Q",
                    [FIELD_SUBJECT] = "monitor=12" } },
    /* by the one that Datadog starts with: only the title says how it stands */
    { "event",
      "{'id':'77','title':'[Triggered on {host:web-1}] Disk is full','body':'97 %','last_updated':"
      "'1795248240000','event_type':'query_alert_monitor'}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_TITLE] = "Disk is full",
                    [FIELD_TEXT] = "97 %",
                    [FIELD_HOST] = "web-1",
                    [FIELD_SUBJECT] = "event=\"Disk is full\" host=web-1" } },
    /* with its priority, which is said before what it came to */
    { "event", "{'title':'[P2] [Triggered on {host:web-1,env:qa}] CPU high'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "high",
                    [FIELD_TITLE] = "CPU high",
                    [FIELD_HOST] = "web-1",
                    [FIELD_ENVIRONMENT] = "qa",
                    [FIELD_SUBJECT] = "event=\"CPU high\" env=qa host=web-1" } },
    { "event", "{'title':'[P2] [Recovered on {host:web-1,env:qa}] CPU high'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_SEVERITY] = "high",
                    [FIELD_TITLE] = "CPU high",
                    [FIELD_HOST] = "web-1",
                    [FIELD_ENVIRONMENT] = "qa",
                    [FIELD_SUBJECT] = "event=\"CPU high\" env=qa host=web-1" } },
    { "alert",
      "{'alert_id':'12','transition':'Triggered','title':'[P1] [Triggered on {host:a}] CPU high'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "critical",
                    [FIELD_TITLE] = "CPU high",
                    [FIELD_SUBJECT] = "monitor=12" } },
    /* brackets of people's own are a part of the name */
    { "event", "{'title':'[P6] [shop] CPU high'}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "[P6] [shop] CPU high",
                    [FIELD_SUBJECT] = "event=\"[P6] [shop] CPU high\"" } },
    { "event", "{'title':'[P3] [Triggered]'}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_SEVERITY] = "medium",
                    [FIELD_TITLE] = "[Triggered]",
                    [FIELD_SUBJECT] = "event=[Triggered]" } },
    { "event", "{'id':'78','title':'[Recovered] Disk is full'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Disk is full",
                    [FIELD_SUBJECT] = "event=\"Disk is full\"" } },
    { "event", "{'id':'79','title':'Kim wrote something'}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Kim wrote something",
                    [FIELD_SUBJECT] = "event=\"Kim wrote something\"" } },
    { "event", "{'title':'['}",
      .expected = { [FIELD_STATE] = "info", [FIELD_TITLE] = "[", [FIELD_SUBJECT] = "event=[" } },
    /* what was no JSON */
    { "text", "{'not_json':'{ broken','fault':'a value was expected'}",
      .drift = "not JSON: `a value was expected`",
      .expected = { [FIELD_KIND] = "message",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "{ broken",
                    [FIELD_TEXT] = "{ broken",
                    [FIELD_SUBJECT] = "event=text" } },
};

static void both_templates_come_to_their_state(void **state)
{
    assert_cases(*state, "datadog", NULL, cases, sizeof cases / sizeof *cases);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "datadog", NULL, cases, sizeof cases / sizeof *cases);
}

static const char doors[] = "- {webhook: datadog, token: t0ken}\n"
                            "- {webhook: datadog, name: basic, basic: 'kim:pw'}\n";

static const struct door_attempt attempts[] = {
    { "a token", "datadog", { { "Authorization", "Bearer t0ken" } }, "{}" },
    { "another token", "datadog", { { "Authorization", "Bearer t" } }, "{}", .status = 401 },
    { "a user and a password", "basic", { { "Authorization", "Basic a2ltOnB3" } }, "{}" },
    /* a quote in a message, pasted into the template */
    { "a body that is no JSON",
      "datadog",
      { { "Authorization", "Bearer t0ken" } },
      "{\"text\": \"say \"hi\"\"}",
      .stored = "{\"not_json\":\"{\\\"text\\\": \\\"say \\\"hi\\\"\\\"}\",\"fault\":\"a comma or "
                "the end of the object or array was expected\"}" },
    { "no JSON, and not theirs",
      "datadog",
      { { "Authorization", "Bearer t" } },
      "{",
      .status = 401 },
    { "JSON that is no object",
      "datadog",
      { { "Authorization", "Bearer t0ken" } },
      "[]",
      .status = 400 },
};

static void h09_a_body_that_its_template_broke_is_kept_as_text(void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(both_templates_come_to_their_state),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        DOOR_TEST(h09_a_body_that_its_template_broke_is_kept_as_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
