#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

static const struct sender_case cases[] = {
    { "Create",
      "{'action':'Create','alert':{'alertId':'a-1','alias':'disk web-1','message':'Disk is full',"
      "'description':'97 %','entity':'shop','priority':'P1','username':'kim','createdAt':"
      "1795248240000,'updatedAt':1795248240000000110}}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SEVERITY] = "critical",
                    [FIELD_TITLE] = "Disk is full",
                    [FIELD_TEXT] = "97 %",
                    [FIELD_SERVICE] = "shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_SUBJECT] = "alias=\"disk web-1\"" } },
    { "Close",
      "{'action':'Close','alert':{'alertId':'a-2','alias':'disk web-1','message':'Disk','priority':"
      "4,'entity':'','source':'api'}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_SEVERITY] = "low",
                    [FIELD_TITLE] = "Disk",
                    [FIELD_ACTOR] = "api",
                    [FIELD_SUBJECT] = "alias=\"disk web-1\"" } },
    { "Delete", "{'action':'Delete','alert':{'alertId':'a-1','message':'Disk'}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "ok",
                    [FIELD_TITLE] = "Disk",
                    [FIELD_SUBJECT] = "alias=a-1" } },
    { "AddNote", "{'action':'AddNote','alert':{'alertId':'a-1','message':'Disk','note':'mine'}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Disk",
                    [FIELD_TEXT] = "mine",
                    [FIELD_SUBJECT] = "alias=a-1" } },
    /* what people invent is no drift */
    { "Reboot-it", "{'action':'Reboot-it','alert':{'alertId':'a-1','message':'Disk'}}",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "info",
                    [FIELD_TITLE] = "Disk",
                    [FIELD_SUBJECT] = "alias=a-1" } },
    { "Create", "{'action':'Create','alert':{'alertId':'a-1'}}", .drift = "no `alert.message`",
      .expected = { [FIELD_KIND] = "alert",
                    [FIELD_STATE] = "failing",
                    [FIELD_SUBJECT] = "alias=a-1" } },
};

static void making_fails_closing_heals_and_nothing_else_says_anything(void **state)
{
    assert_cases(*state, "opsgenie", NULL, cases, sizeof cases / sizeof *cases);
}

static void members_of_another_shape_lose_their_fields_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "opsgenie", NULL, cases, sizeof cases / sizeof *cases);
}

static const char doors[] = "- {webhook: opsgenie, token: t0ken}\n"
                            "- {webhook: opsgenie, name: own, token: t0ken, token_header: X-Key}\n";

static const struct door_attempt attempts[] = {
    { "a token", "opsgenie", { { "Authorization", "Bearer t0ken" } }, "{}" },
    { "another token", "opsgenie", { { "Authorization", "Bearer t" } }, "{}", .status = 401 },
    { "a header of its own", "own", { { "X-Key", "t0ken" } }, "{}" },
    { "the usual header instead",
      "own",
      { { "Authorization", "Bearer t0ken" } },
      "{}",
      .status = 401 },
};

static void h14_a_custom_header_carries_the_token(void **state)
{
    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(making_fails_closing_heals_and_nothing_else_says_anything),
        RECORDED_TEST(members_of_another_shape_lose_their_fields_and_no_more),
        DOOR_TEST(h14_a_custom_header_carries_the_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
