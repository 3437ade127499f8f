#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static void each_alert_of_a_group_is_an_event_with_the_group_around_it(void **state)
{
    struct recorded *recorded = *state;
    const struct event_list *events = recorded_read(
        recorded, "grafana", NULL, NULL,
        case_body(recorded,
                  "{'status':'firing','title':'[FIRING:1] Disk','orgId':7,'alerts':["
                  "{'status':'firing','fingerprint':'f1','labels':{'alertname':'Disk','severity':"
                  "'critical','service':'shop','instance':'web-1','env':'qa'},'annotations':{"
                  "'summary':'Disk is full','description':'97 %'},'startsAt':"
                  "'2026-11-21T08:04:30Z','endsAt':'0001-01-01T00:00:00Z','generatorURL':"
                  "'https://grafana.acme.example/a/1'},"
                  "{'status':'resolved','fingerprint':'f2','labels':{'alertname':'Slow','instance':"
                  "'web-2'},'endsAt':'2026-11-21T08:04:50Z','panelURL':"
                  "'https://grafana.acme.example/p'}]}"));
    const struct event *firing = &events->items[0], *resolved = &events->items[1];

    assert_int_equal(events->n_items, 2);
    assert_field(firing, FIELD_SOURCE, "grafana");
    assert_field(firing, FIELD_TYPE, "grafana.alert");
    assert_field(firing, FIELD_KIND, "alert");
    assert_field(firing, FIELD_STATE, "failing");
    assert_field(firing, FIELD_SEVERITY, "critical");
    assert_field(firing, FIELD_TITLE, "Disk is full");
    assert_field(firing, FIELD_TEXT, "97 %");
    assert_field(firing, FIELD_SERVICE, "shop");
    assert_field(firing, FIELD_HOST, "web-1");
    assert_field(firing, FIELD_ENVIRONMENT, "qa");
    assert_field(firing, FIELD_URL, "https://grafana.acme.example/a/1");
    assert_field(firing, FIELD_SUBJECT, "alertname=Disk fingerprint=f1");
    assert_int_equal(firing->time_ms, RECEIVED_MS - 30 * SECOND_MS);
    assert_true(
        slice_eq(event_get(firing, SLICE("data.batch.orgId"), recorded->arena), SLICE("7")));
    assert_field(resolved, FIELD_STATE, "ok");
    assert_field(resolved, FIELD_TITLE, "Slow");
    assert_field(resolved, FIELD_SERVICE, "web-2"); /* nothing better is said */
    assert_field(resolved, FIELD_URL, "https://grafana.acme.example/p");
    assert_field(resolved, FIELD_SUBJECT, "alertname=Slow fingerprint=f2");
}

static void a_delivery_without_alerts_is_a_notification(void **state)
{
    const struct event *event =
        recorded_read(*state, "grafana", NULL, NULL, SLICE("{\"title\":\"x\"}"))->items;

    assert_field(event, FIELD_TYPE, "grafana.notification");
    assert_field(event, FIELD_KIND, NULL);
    assert_field(event, FIELD_STATE, "info");
}

static const struct sender_case legacy[] = {
    { "legacy_alert",
      "{'ruleId':3,'orgId':1,'ruleName':'CPU of the shop','title':'[Alerting] CPU','state':"
      "'alerting','message':'hot','ruleUrl':'https://g.acme.example/3','evalMatches':[],'tags':{"
      "'severity':'warning','env':'qa','instance':'web-1'}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "medium",
                    [FIELD_TITLE] = "[Alerting] CPU",
                    [FIELD_TEXT] = "hot",
                    [FIELD_SERVICE] = "CPU of the shop",
                    [FIELD_HOST] = "web-1",
                    [FIELD_ENVIRONMENT] = "qa",
                    [FIELD_URL] = "https://g.acme.example/3",
                    [FIELD_SUBJECT] = "org=1 rule=3" } },
    /* well again: the same condition, another title */
    { "legacy_alert",
      "{'ruleId':3,'orgId':1,'ruleName':'CPU of the shop','title':'[OK] CPU','state':'ok'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "[OK] CPU",
                    [FIELD_SERVICE] = "CPU of the shop",
                    [FIELD_SUBJECT] = "org=1 rule=3" } },
    { "legacy_alert", "{'ruleId':3,'ruleName':'CPU','title':'CPU','state':'no_data'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_TITLE] = "CPU",
                    [FIELD_SERVICE] = "CPU",
                    [FIELD_SUBJECT] = "rule=3" } },
    { "legacy_alert", "{'ruleId':3,'ruleName':'CPU','title':'CPU','state':'melting'}",
      .drift = "unknown state `melting`",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "CPU",
                    [FIELD_SERVICE] = "CPU",
                    [FIELD_SUBJECT] = "rule=3" } },
};

static void the_alert_of_older_versions_is_one_event(void **state)
{
    assert_cases(*state, "grafana", NULL, legacy, sizeof legacy / sizeof *legacy);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "grafana", NULL, legacy, sizeof legacy / sizeof *legacy);
}

/* Expected signatures: openssl dgst -sha256 -hmac. */
static const char doors[] =
    "- {webhook: grafana, name: plain, secret: s3cret}\n"
    "- {webhook: grafana, name: timed, secret: s3cret, signature: {header: X-Sig, over: "
    "'{time}:{body}', time_header: X-At}}\n"
    "- {webhook: grafana, name: by-token, token: t0ken}\n"
    "- {webhook: grafana, name: by-header, token: t0ken, token_header: X-Key}\n"
    "- {webhook: grafana, name: by-basic, basic: 'kim:pw'}\n";

static const struct door_attempt attempts[] = {
    { "signed",
      "plain",
      { { "X-Grafana-Alerting-Signature",
          "adbde1ce40c89c14215687d5d762a47df6dfaefcfad61e2e86718ffc8498571b" } },
      "{}" },
    { "signed by another",
      "plain",
      { { "X-Grafana-Alerting-Signature",
          "32df24e34f0e9ecb137fa4320ab0d50bcc30843d88000f1360748b6144b4e8e5" } },
      "{}",
      .status = 401 },
    { "unsigned", "plain", { { NULL, NULL } }, "{}", .status = 401 },
    { "signed with its time",
      "timed",
      { { "X-Sig", "c3ba97a0542d2bf9de5a39fd8a5826303ea66db63d8568769fbf07012d5c24ed" },
        { "X-At", "1795248300" } },
      "{}" },
    { "signed five minutes ago",
      "timed",
      { { "X-Sig", "c3ba97a0542d2bf9de5a39fd8a5826303ea66db63d8568769fbf07012d5c24ed" },
        { "X-At", "1795248300" } },
      "{}",
      .later_ms = 300 * SECOND_MS },
    { "signed longer ago",
      "timed",
      { { "X-Sig", "c3ba97a0542d2bf9de5a39fd8a5826303ea66db63d8568769fbf07012d5c24ed" },
        { "X-At", "1795248300" } },
      "{}",
      .later_ms = 301 * SECOND_MS,
      .status = 401 },
    { "without the time that is signed",
      "timed",
      { { "X-Sig", "c3ba97a0542d2bf9de5a39fd8a5826303ea66db63d8568769fbf07012d5c24ed" } },
      "{}",
      .status = 401 },
    { "a bearer token", "by-token", { { "Authorization", "Bearer t0ken" } }, "{}" },
    { "another token", "by-token", { { "Authorization", "Bearer token" } }, "{}", .status = 401 },
    { "a token in a header of its own", "by-header", { { "X-Key", "t0ken" } }, "{}" },
    { "a user and a password", "by-basic", { { "Authorization", "Basic a2ltOnB3" } }, "{}" },
};

static void h14_every_way_to_prove_it_is_grafana(void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(each_alert_of_a_group_is_an_event_with_the_group_around_it),
        RECORDED_TEST(a_delivery_without_alerts_is_a_notification),
        RECORDED_TEST(the_alert_of_older_versions_is_one_event),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        DOOR_TEST(h14_every_way_to_prove_it_is_grafana),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
