#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static const struct sender_case cases[] = {
    { "event_alert",
      "{'action':'triggered','actor':{'name':'Sentry'},'data':{'triggered_rule':'any','event':{"
      "'issue_id':'77','title':'KeyError: cart','message':'','culprit':'shop.cart in add','level':"
      "'fatal','project':12,'url':'https://sentry.acme.example/api/0/projects/acme/shop/events/e/',"
      "'web_url':'https://sentry.acme.example/issues/77/"
      "','datetime':'2026-11-21T08:04:00Z','tags':["
      "['environment','qa'],['server_name','web-1']]}}}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "critical",
                    [FIELD_TITLE] = "KeyError: cart",
                    [FIELD_TEXT] = "shop.cart in add",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_HOST] = "web-1",
                    [FIELD_ENVIRONMENT] = "qa",
                    [FIELD_ACTOR] = "Sentry",
                    [FIELD_URL] = "https://sentry.acme.example/issues/77/",
                    [FIELD_SUBJECT] = "project=shop issue=77" } },
    /* older ones name the issue by its address alone: the same condition */
    { "event_alert",
      "{'action':'triggered','data':{'event':{'issue_url':'https://s.example/api/0/issues/77/',"
      "'title':'KeyError','url':'https://s.example/api/0/projects/acme/shop/events/f/'}}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_TITLE] = "KeyError",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_SUBJECT] = "project=shop issue=77" } },
    { "issue",
      "{'action':'resolved','data':{'issue':{'id':'77','title':'KeyError: cart','culprit':'c',"
      "'level':'error','status':'resolved','project':{'slug':'shop'},'web_url':'https://s/77'}}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_SEVERITY] = "high",
                    [FIELD_TITLE] = "KeyError: cart",
                    [FIELD_TEXT] = "c",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_URL] = "https://s/77",
                    [FIELD_SUBJECT] = "project=shop issue=77" } },
    { "issue",
      "{'action':'assigned','data':{'issue':{'id':'77','title':'K','status':'unresolved'}}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "K",
                    [FIELD_SUBJECT] = "issue=77" } },
    { "metric_alert",
      "{'action':'warning','data':{'description_title':'Warning: slow','description_text':'p95',"
      "'web_url':'https://s/m','metric_alert':{'id':'9','projects':['shop'],'date_closed':null,"
      "'date_detected':'2026-11-21T08:03:00Z','alert_rule':{'id':'4','environment':null}}}}",
      .time = "2026-11-21T08:03:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "medium",
                    [FIELD_TITLE] = "Warning: slow",
                    [FIELD_TEXT] = "p95",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_URL] = "https://s/m",
                    [FIELD_SUBJECT] = "alert_rule=4" } },
    { "metric_alert",
      "{'action':'resolved','data':{'description_title':'Resolved: slow','metric_alert':{'id':'9',"
      "'alert_rule':{'id':'4'}}}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Resolved: slow",
                    [FIELD_SUBJECT] = "alert_rule=4" } },
    { "error",
      "{'action':'created','data':{'error':{'issue_id':'77','title':'KeyError','level':'error',"
      "'project':12,'web_url':'https://s/77/e'}}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "high",
                    [FIELD_TITLE] = "KeyError",
                    [FIELD_SERVICE] = "12",
                    [FIELD_URL] = "https://s/77/e",
                    [FIELD_SUBJECT] = "project=12 issue=77" } },
    { "comment",
      "{'action':'created','actor':{'name':'kim'},'data':{'comment':'Mine.','issue_id':77,"
      "'project_slug':'shop','timestamp':'2026-11-21T08:04:00Z'}}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Mine.",
                    [FIELD_TEXT] = "Mine.",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_SUBJECT] = "project=shop issue=77" } },
    { "installation",
      "{'action':'created','actor':{'name':'kim'},'data':{'installation':{'uuid':'u'}}}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "created",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_SUBJECT] = "event=installation" } },
    { "issue", "{'action':'melted','data':{'issue':{'id':'77'}}}",
      .drift = "unknown state `melted`, no `data.issue.title`",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_SUBJECT] = "issue=77" } },
};

static void every_resource_comes_to_its_state_and_its_issue(void **state)
{
    assert_cases(*state, "sentry", "Sentry-Hook-Resource", cases, sizeof cases / sizeof *cases);
}

static void without_its_header_the_body_tells_the_resource(void **state)
{
    assert_cases(*state, "sentry", NULL, cases, 6);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "sentry", "Sentry-Hook-Resource", cases,
                          sizeof cases / sizeof *cases);
}

static const struct sender_case plugin[] = {
    { "plugin",
      "{'id':'77','project':'shop','project_slug':'shop','level':'warning','culprit':'c','message':"
      "'KeyError: cart was empty','url':'https://s/77','event':{'title':'KeyError: cart',"
      "'timestamp':1795248240.5,'environment':'qa','tags':[['server_name','web-1']]}}",
      .time = "2026-11-21T08:04:00.500Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "medium",
                    [FIELD_TITLE] = "KeyError: cart",
                    [FIELD_TEXT] = "KeyError: cart was empty",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_HOST] = "web-1",
                    [FIELD_ENVIRONMENT] = "qa",
                    [FIELD_URL] = "https://s/77",
                    [FIELD_SUBJECT] = "project=shop issue=77" } },
};

static void the_older_plugin_tells_errors(void **state)
{
    assert_cases(*state, "sentry", NULL, plugin, sizeof plugin / sizeof *plugin);
}

static const char doors[] = "- {webhook: sentry, secret: s3cret}\n";

static const struct door_attempt attempts[] = {
    { "signed",
      "sentry",
      { { "Sentry-Hook-Signature",
          "adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" },
        { "Request-ID", "r-1" } },
      "{}",
      .delivery_id = "r-1" },
    { "signed as others do",
      "sentry",
      { { "Sentry-Hook-Signature",
          "sha256=adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" } },
      "{}",
      .status = 401 },
    { "signed by another",
      "sentry",
      { { "Sentry-Hook-Signature",
          "32df24e34f0e9ecb137fa4320ab0d50bcc30843d88000f1360748b6144b4e8e5" } },
      "{}",
      .status = 401 },
};

static void h14_the_signature_is_bare_hex(void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(every_resource_comes_to_its_state_and_its_issue),
        RECORDED_TEST(without_its_header_the_body_tells_the_resource),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        RECORDED_TEST(the_older_plugin_tells_errors),
        DOOR_TEST(h14_the_signature_is_bare_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
