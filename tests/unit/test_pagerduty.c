#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static const struct sender_case cases[] = {
    { "incident.triggered",
      "{'event':{'event_type':'incident.triggered','resource_type':'incident','occurred_at':"
      "'2026-11-21T08:04:00Z','agent':{'summary':'Kim'},'data':{'id':'Q1','type':'incident','title'"
      ":"
      "'Checkout is down','status':'triggered','urgency':'high','priority':{'summary':'P3'},"
      "'service':{'summary':'shop'},'html_url':'https://acme.pd.example/Q1'}}}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "high",
                    [FIELD_TITLE] = "Checkout is down",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_ACTOR] = "Kim",
                    [FIELD_URL] = "https://acme.pd.example/Q1",
                    [FIELD_SUBJECT] = "incident=Q1" } },
    { "incident.resolved",
      "{'event':{'event_type':'incident.resolved','agent':null,'data':{'id':'Q1','title':'Down',"
      "'status':'resolved'}}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Down",
                    [FIELD_SUBJECT] = "incident=Q1" } },
    { "incident.acknowledged",
      "{'event':{'event_type':'incident.acknowledged','data':{'id':'Q1','title':'Down'}}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Down",
                    [FIELD_SUBJECT] = "incident=Q1" } },
    /* what is said about an incident is about that incident */
    { "incident.annotated",
      "{'event':{'event_type':'incident.annotated','data':{'id':'N7','type':'incident_note',"
      "'content':'restarted "
      "it','incident':{'id':'Q1','summary':'Down','html_url':'https://q/1'}}}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Down",
                    [FIELD_TEXT] = "restarted it",
                    [FIELD_URL] = "https://q/1",
                    [FIELD_SUBJECT] = "incident=Q1" } },
    { "incident.melted", "{'event':{'event_type':'incident.melted','data':{'id':'Q1'}}}",
      .drift = "no event called `pagerduty.incident.melted` is known",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_SUBJECT] = "incident=Q1" } },
    { "service.updated",
      "{'event':{'event_type':'service.updated','resource_type':'service','data':{'id':'S1',"
      "'summary':'shop','html_url':'https://s/1'}}}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "shop",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_URL] = "https://s/1",
                    [FIELD_SUBJECT] = "type=service id=S1" } },
    { "pagey.ping",
      "{'event':{'event_type':'pagey.ping','resource_type':'pagey','data':{'message':'Hello!',"
      "'type':'ping'}}}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Hello!",
                    [FIELD_SUBJECT] = "type=pagey" } },
};

static void every_event_comes_to_its_state_and_its_incident(void **state)
{
    assert_cases(*state, "pagerduty", NULL, cases, sizeof cases / sizeof *cases);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "pagerduty", NULL, cases, sizeof cases / sizeof *cases);
}

/* Versions 1 and 2. */
static void each_message_of_older_versions_is_an_event(void **state)
{
    struct recorded *recorded = *state;
    const struct event_list *events = recorded_read(
        recorded, "pagerduty", NULL, NULL,
        case_body(recorded,
                  "{'messages':["
                  "{'type':'incident.acknowledge','created_on':'2026-11-21T08:03:00Z','data':{"
                  "'incident':{'id':'P1','status':'acknowledged','service':{'name':'shop'},"
                  "'html_url':'https://p/1','trigger_summary_data':{'subject':'Disk'}}}},"
                  "{'event':'incident.resolve','incident':{'id':'P1','status':'resolved','title':"
                  "'Disk','urgency':'low','service':{'summary':'shop'}}}]}"));
    const struct event *first = &events->items[0], *second = &events->items[1];

    assert_int_equal(events->n_items, 2);
    assert_field(first, FIELD_TYPE, "pagerduty.incident.acknowledge");
    assert_field(first, FIELD_STATE, "info");
    assert_field(first, FIELD_TITLE, "Disk");
    assert_field(first, FIELD_SERVICE, "shop");
    assert_field(first, FIELD_URL, "https://p/1");
    assert_field(first, FIELD_SUBJECT, "incident=P1");
    assert_int_equal(first->time_ms, RECEIVED_MS - 2 * MINUTE_MS);
    assert_field(second, FIELD_TYPE, "pagerduty.incident.resolve");
    assert_field(second, FIELD_STATE, "ok");
    assert_field(second, FIELD_SEVERITY, "low");
    assert_field(second, FIELD_SERVICE, "shop");
    assert_field(second, FIELD_SUBJECT, "incident=P1");
}

static const char doors[] =
    "- {webhook: pagerduty, secret: s3cret}\n"
    "- {webhook: pagerduty, name: by-header, token: t, token_header: X-K}\n";

static const struct door_attempt attempts[] = {
    { "signed",
      "pagerduty",
      { { "X-PagerDuty-Signature",
          "v1=adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" },
        { "X-Webhook-Id", "w-1" } },
      "{}",
      .delivery_id = "w-1" },
    { "with an id in what is signed, which no header changes",
      "by-header",
      { { "X-K", "t" }, { "X-Webhook-Id", "w-2" } },
      "{\"event\":{\"id\":\"e-1\"}}",
      .delivery_id = "e-1" },
    { "signed with the old secret as well",
      "pagerduty",
      { { "X-PagerDuty-Signature",
          "v1=32df24e34f0e9ecb137fa4320ab0d50bcc30843d88000f1360748b6144b4e8e5,v1="
          "adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" } },
      "{}" },
    { "signed in another version alone",
      "pagerduty",
      { { "X-PagerDuty-Signature",
          "v2=adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" } },
      "{}",
      .status = 401 },
    { "signed by another",
      "pagerduty",
      { { "X-PagerDuty-Signature",
          "v1=32df24e34f0e9ecb137fa4320ab0d50bcc30843d88000f1360748b6144b4e8e5" } },
      "{}",
      .status = 401 },
    { "a custom header of the subscription", "by-header", { { "X-K", "t" } }, "{}" },
};

static void h14_one_right_signature_of_the_list_is_enough(void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(every_event_comes_to_its_state_and_its_incident),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        RECORDED_TEST(each_message_of_older_versions_is_an_event),
        DOOR_TEST(h14_one_right_signature_of_the_list_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
