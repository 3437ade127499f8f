#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static const struct sender_case cases[] = {
    { "issue_updated",
      "{'webhookEvent':'jira:issue_updated','timestamp':1795248240000,'user':{'displayName':'Kim'},"
      "'issue':{'id':'10','key':'SHOP-1','self':'https://acme.example/jira/rest/api/2/issue/10',"
      "'fields':{'summary':'Broken','description':'It "
      "is.','priority':{'name':'Highest'},'project':{"
      "'key':'SHOP','name':'Shop'}}}}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_SEVERITY] = "critical",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "It is.",
                    [FIELD_SERVICE] = "Shop",
                    [FIELD_ACTOR] = "Kim",
                    [FIELD_URL] = "https://acme.example/jira/browse/SHOP-1",
                    [FIELD_SUBJECT] = "issue=SHOP-1" } },
    { "comment_created",
      "{'webhookEvent':'comment_created','comment':{'body':'Mine.','author':{'displayName':'Lee'}},"
      "'issue':{'key':'SHOP-1','fields':{'summary':'Broken'}}}",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "Mine.",
                    [FIELD_ACTOR] = "Lee",
                    [FIELD_SUBJECT] = "issue=SHOP-1" } },
    /* of an automation: the issue alone */
    { "issue",
      "{'key':'SHOP-1','self':'https://acme.example/rest/api/2/issue/10','fields':{'summary':"
      "'Broken'}}",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_URL] = "https://acme.example/browse/SHOP-1",
                    [FIELD_SUBJECT] = "issue=SHOP-1" } },
    { "version_released",
      "{'webhookEvent':'jira:version_released','version':{'id':'3','name':'1.4','projectId':1}}",
      .expected = { [FIELD_KIND] = "release",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "1.4",
                    [FIELD_SUBJECT] = "project=1 version=3" } },
    { "sprint_started", "{'webhookEvent':'sprint_started','sprint':{'id':4,'name':'Week 47'}}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Week 47",
                    [FIELD_SUBJECT] = "event=jira.sprint_started id=4" } },
    { "issue_created", "{'webhookEvent':'jira:issue_created','issue':{}}",
      .drift = "no `issue.fields.summary`",
      .expected = { [FIELD_KIND] = "issue", [FIELD_STATE] = "info" } },
};

static void an_issue_and_what_is_said_of_it_are_one_condition(void **state)
{
    assert_cases(*state, "jira", NULL, cases, sizeof cases / sizeof *cases);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "jira", NULL, cases, sizeof cases / sizeof *cases);
}

static const char doors[] = "- {webhook: jira, secret: s3cret}\n"
                            "- {webhook: jira, name: automation, token: t, token_header: X-Key}\n";

static const struct door_attempt attempts[] = {
    { "signed",
      "jira",
      { { "X-Hub-Signature",
          "sha256=adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" },
        { "X-Atlassian-Webhook-Identifier", "w-1" } },
      "{}",
      .delivery_id = "w-1" },
    { "signed in bare hex",
      "jira",
      { { "X-Hub-Signature", "adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" } },
      "{}",
      .status = 401 },
    { "signed by another",
      "jira",
      { { "X-Hub-Signature",
          "sha256=32df24e34f0e9ecb137fa4320ab0d50bcc30843d88000f1360748b6144b4e8e5" } },
      "{}",
      .status = 401 },
    { "a header of the automation's", "automation", { { "X-Key", "t" } }, "{}" },
};

static void h14_a_webhook_signs_and_an_automation_has_a_token(void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(an_issue_and_what_is_said_of_it_are_one_condition),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        DOOR_TEST(h14_a_webhook_signs_and_an_automation_has_a_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
