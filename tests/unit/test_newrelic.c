#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static const struct sender_case cases[] = {
    { "issue",
      "{'id':'i-1','state':'ACTIVATED','title':'Storage is low','priority':'CRITICAL','issueUrl':"
      "'https://nr/i-1','impactedEntities':['shop'],'updatedAt':1795248240000}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "critical",
                    [FIELD_TITLE] = "Storage is low",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_URL] = "https://nr/i-1",
                    [FIELD_SUBJECT] = "issue=i-1" } },
    { "issue", "{'id':'i-1','state':'closed','title':'Storage is low','owner':'kim'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Storage is low",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_SUBJECT] = "issue=i-1" } },
    /* a template with members of both */
    { "issue", "{'id':'i-1','state':'acknowledged','condition_name':'Disk','details':'97 %'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Disk",
                    [FIELD_TEXT] = "97 %",
                    [FIELD_SUBJECT] = "issue=i-1" } },
    { "incident",
      "{'incident_id':5,'condition_id':3,'condition_name':'Server down','current_state':'open',"
      "'severity':'WARNING','details':'no answer','incident_url':'https://nr/5','targets':[{'name':"
      "'web-1'}],'timestamp':1795248240000}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "medium",
                    [FIELD_TITLE] = "Server down",
                    [FIELD_TEXT] = "no answer",
                    [FIELD_SERVICE] = "web-1",
                    [FIELD_URL] = "https://nr/5",
                    [FIELD_SUBJECT] = "condition=3 incident=5" } },
    { "incident",
      "{'incident_id':5,'condition_id':3,'condition_name':'Server down','current_state':'closed'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Server down",
                    [FIELD_SUBJECT] = "condition=3 incident=5" } },
    { "issue", "{'id':'i-1','state':'MELTED'}", .drift = "unknown state `MELTED`, no `title`",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_SUBJECT] = "issue=i-1" } },
};

static void issues_and_incidents_come_to_their_state(void **state)
{
    assert_cases(*state, "newrelic", NULL, cases, sizeof cases / sizeof *cases);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "newrelic", NULL, cases, sizeof cases / sizeof *cases);
}

static const char doors[] = "- {webhook: newrelic, token: t0ken}\n"
                            "- {webhook: newrelic, name: basic, basic: 'kim:pw'}\n"
                            "- {webhook: newrelic, name: own, token: t0ken, token_header: X-Key}\n";

static const struct door_attempt attempts[] = {
    { "a token", "newrelic", { { "Authorization", "Bearer t0ken" } }, "{}" },
    { "another token", "newrelic", { { "Authorization", "Bearer t" } }, "{}", .status = 401 },
    { "a user and a password", "basic", { { "Authorization", "Basic a2ltOnB3" } }, "{}" },
    { "a header of its own", "own", { { "X-Key", "t0ken" } }, "{}" },
};

static void h14_a_destination_proves_itself_by_token_or_password(void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(issues_and_incidents_come_to_their_state),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        DOOR_TEST(h14_a_destination_proves_itself_by_token_or_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
