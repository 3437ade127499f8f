#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static const struct sender_case cases[] = {
    { "alert",
      "{'monitorID':'9','monitorURL':'https://shop.acme.example','monitorFriendlyName':'Shop',"
      "'alertType':'1','alertTypeFriendlyName':'Down','alertDetails':'HTTP 502','alertDateTime':"
      "'1795248240'}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_TITLE] = "Shop",
                    [FIELD_TEXT] = "HTTP 502",
                    [FIELD_SERVICE] = "Shop",
                    [FIELD_URL] = "https://shop.acme.example",
                    [FIELD_SUBJECT] = "monitor=9" } },
    /* what does not apply comes as its variable's name */
    { "alert",
      "{'monitorID':'9','monitorURL':'*monitorURL*','monitorFriendlyName':'Shop','alertType':'2',"
      "'alertDetails':'*alertDetails*','alertDateTime':'*alertDateTime*'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Shop",
                    [FIELD_SERVICE] = "Shop",
                    [FIELD_SUBJECT] = "monitor=9" } },
    { "alert",
      "{'monitorID':'*monitorID*','monitorURL':'https://shop.acme.example','monitorFriendlyName':"
      "'*monitorFriendlyName*','alertType':'1'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_TITLE] = "https://shop.acme.example",
                    [FIELD_URL] = "https://shop.acme.example",
                    [FIELD_SUBJECT] = "monitor=https://shop.acme.example" } },
    { "alert", "{'monitorID':'*monitorID*','monitorFriendlyName':'*m*','alertType':'2'}",
      .drift = "no `monitorID`", .expected = { [FIELD_KIND] = "alert", [FIELD_STATE] = "ok" } },
    /* two stars are a text, and so is one that stands alone */
    { "alert", "{'monitorID':'9','monitorFriendlyName':'**','alertType':'2','alertDetails':'*'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "**",
                    [FIELD_TEXT] = "*",
                    [FIELD_SERVICE] = "**",
                    [FIELD_SUBJECT] = "monitor=9" } },
    /* that the monitor is up says nothing of its certificate */
    { "expiry", "{'monitorID':'9','monitorFriendlyName':'Shop','alertType':'3'}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "low",
                    [FIELD_TITLE] = "Shop",
                    [FIELD_SERVICE] = "Shop",
                    [FIELD_SUBJECT] = "monitor=9 alert=3" } },
    { "alert", "{'monitorID':'9','monitorFriendlyName':'Shop','alertType':'7'}",
      .drift = "unknown state `7`",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Shop",
                    [FIELD_SERVICE] = "Shop",
                    [FIELD_SUBJECT] = "monitor=9" } },
};

static void a_monitor_is_down_or_up_or_its_certificate_runs_out(void **state)
{
    assert_cases(*state, "uptimerobot", NULL, cases, sizeof cases / sizeof *cases);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "uptimerobot", NULL, cases, sizeof cases / sizeof *cases);
}

static const char doors[] = "- {webhook: uptimerobot, token: t0ken, token_header: X-Key}\n";

static const struct door_attempt attempts[] = {
    { "a token", "uptimerobot", { { "X-Key", "t0ken" } }, "{}" },
    { "another token", "uptimerobot", { { "X-Key", "t0kem" } }, "{}", .status = 401 },
};

static void h14_a_custom_header_carries_the_token(void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(a_monitor_is_down_or_up_or_its_certificate_runs_out),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        DOOR_TEST(h14_a_custom_header_carries_the_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
