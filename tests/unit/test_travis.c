#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

#define REST                                                                                       \
    "'id':7,'number':'46','branch':'main','commit':'0c6e','author_name':'kim','message':'Count"    \
    "\\n\\nmore','build_url':'https://t.example/7','started_at':'2026-11-21T08:00:00Z',"           \
    "'finished_at':'2026-11-21T08:02:00Z','repository':{'name':'shop','owner_name':'acme','url':"  \
    "null}"
#define COMMON                                                                                     \
    [FIELD_KIND] = "ci.run", [FIELD_LEVEL] = "run", [FIELD_REPO] = "acme/shop",                    \
    [FIELD_COMMIT] = "0c6e", [FIELD_ACTOR] = "kim", [FIELD_TITLE] = "Count",                       \
    [FIELD_TEXT] = "Count\n\nmore", [FIELD_RUN] = "7", [FIELD_URL] = "https://t.example/7"
#define ON_MAIN [FIELD_BRANCH] = "main", [FIELD_SUBJECT] = "repo=acme/shop branch=main"

static const struct sender_case cases[] = {
    { .event = "build",
      .body = "{'state':'errored','status':1,'status_message':'Errored','type':'push'," REST "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { COMMON, ON_MAIN, [FIELD_STATE] = "failing", [FIELD_DURATION] = "2m" } },
    { .event = "build",
      .body = "{'state':'passed','type':'cron'," REST "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { COMMON, ON_MAIN, [FIELD_STATE] = "ok", [FIELD_DURATION] = "2m" } },
    /* by the older word */
    { .event = "build",
      .body = "{'status_message':'Still Failing','type':'push'," REST "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { COMMON, ON_MAIN, [FIELD_STATE] = "failing", [FIELD_DURATION] = "2m" } },
    { .event = "build",
      .body = "{'state':'canceled','type':'push'," REST "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { COMMON, ON_MAIN, [FIELD_STATE] = "info" } },
    { .event = "build",
      .body = "{'state':'started','type':'api','id':7,'branch':'main','commit':'0c6e',"
              "'started_at':null,'finished_at':null}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_RUN] = "7",
                    [FIELD_SUBJECT] = "branch=main" } },
    /* it is to be merged into main, which did not fail */
    { .event = "build",
      .body = "{'state':'failed','type':'pull_request','pull_request_number':5," REST "}",
      .time = "2026-11-21T08:02:00.000Z",
      .expected = { COMMON, [FIELD_STATE] = "failing", [FIELD_DURATION] = "2m",
                    [FIELD_SUBJECT] = "repo=acme/shop pull_request=5" } },
    { .event = "build",
      .body = "{'state':'exploded','id':7,'branch':'main','commit':'0c6e'}",
      .drift = "unknown state `exploded`",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "run",
                    [FIELD_STATE] = "info",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_RUN] = "7",
                    [FIELD_SUBJECT] = "branch=main" } },
};
#define N_CASES (sizeof cases / sizeof *cases)

static void every_state_of_a_build_comes_to_its_fields(void **state)
{
    assert_cases(*state, "travis", NULL, cases, N_CASES);
}

static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "travis", NULL, cases, N_CASES);
}

#define FORM_TYPE "application/x-www-form-urlencoded"
#define FORM(amount)                                                                               \
    "payload=%7B%22id%22%3A7%2C%22state%22%3A%22failed%22%2C%22message%22%3A%22a+%2B+b+%26+"       \
    "c%3Dd+" amount "%25%22%7D"

/* A key of our own signed the payload as it is once the form is decoded: with its blanks, plus, & and %. */
static const char proof[] =
    "JBbo9o79YFRGrqpMV5DcxRXbUV/OEvHxo75TvgUSmJdxLqlAqlitXdGv7hDzcfVX4V9g+GgEBbCUy6ppidRypG2APe7S"
    "WtIsOs3ubXqIMHtY7GNAt2jJuUaTj5XkExaFg9zeVXywlpVqxIivgMsdG2jPjZ51hfZ3x20a7RX5IOnQHNFyDmsgVUAe"
    "z9Uta1hY578exb7DBlZMNrmh4gJE1qhEJGg0DyRL16w7vhzDld2A9mkEIPzraWbcxcUb4LRUiUYB1SBPs3/Yk192Ghtw"
    "OYQ9zyffSXJM1BZSJEb5jPhbGA7+2Ti7bfXyW/aHMI7AWxh7GknQEaTiCf3NAgDbog==";
static const char doors[] = "- webhook: travis\n"
                            "  public_key: |\n"
                            "    -----BEGIN PUBLIC KEY-----\n"
                            "    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxOmtysodQd/BX6AgT7xS\n"
                            "    /KYMyHx0YBDAy4AUDFMg0aotxKkeyVZMYihef9Rt6g2Hu8ww6MMNGW/qu6d0KQWT\n"
                            "    7402cAhGpftC1XW5Uz2DTEQxXPzTY8Zd6o9Nxt/ykFvoEDwFNhCBG2LNqFL8P0fF\n"
                            "    TLUhxfcUuVIPA3EtkXidw8+9aGROKgbU6mFvIprQxN1aN1jhEu6Y1ZmwDsgrYMhN\n"
                            "    Z8scQIm44zY7wRbf01avhSS6HMxxyh/UL9AN3zMSpqki6EAPzny8EfTEN7TXSCM1\n"
                            "    FCRVR/+Cs+jZAJi6a/poJTaKSVnL6ghhT6fpVIutd0NPSrUb5BP5oNfvBECMuuA3\n"
                            "    NwIDAQAB\n"
                            "    -----END PUBLIC KEY-----\n";

static void h14_the_door_opens_to_what_the_public_key_proves(void **state)
{
    const struct door_attempt attempts[] = {
        { .what = "signed",
          .door = "travis",
          .headers = { { "Signature", proof } },
          .body = FORM("100"),
          .content_type = FORM_TYPE,
          .stored = "{\"id\":7,\"state\":\"failed\",\"message\":\"a + b & c=d 100%\"}" },
        { .what = "another payload",
          .door = "travis",
          .headers = { { "Signature", proof } },
          .body = FORM("101"),
          .content_type = FORM_TYPE,
          .status = 401 },
        { .what = "not base64",
          .door = "travis",
          .headers = { { "Signature", "!" } },
          .body = FORM("100"),
          .content_type = FORM_TYPE,
          .status = 401 },
        { .what = "no signature",
          .door = "travis",
          .body = FORM("100"),
          .content_type = FORM_TYPE,
          .status = 401 },
    };

    assert_doors(*state, doors, attempts, sizeof attempts / sizeof *attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(every_state_of_a_build_comes_to_its_fields),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        DOOR_TEST(h14_the_door_opens_to_what_the_public_key_proves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
