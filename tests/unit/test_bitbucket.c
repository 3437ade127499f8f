#include "tests/unit/sender_cases.h"
#include "tests/unit/sender_door.h"

#define CLOUD                                                                                      \
    "'actor':{'display_name':'Kim K','nickname':'kim'},'repository':{'full_name':'acme/shop',"     \
    "'links':{'html':{'href':'https://bb.example/acme/shop'}}}"
#define OWN_REPO                                                                                   \
    "'repository':{'slug':'shop','project':{'key':'ACME'},'links':{'self':[{'href':'https://"      \
    "bb.example/shop/browse'}]}}"
#define OWN "'date':'2026-11-21T09:04:00+0100','actor':{'name':'kim','displayName':'Kim K'}"

/* What an event of each looks like: those of Cloud by their header alone, those of Data Center by their body too. */
static const struct sender_case cases[] = {
    { .event = "repo:commit_status_updated",
      .body = "{'commit_status':{'key':'ci/unit','name':'unit #12','state':'FAILED','refname':"
              "'main','commit':{'hash':'0c6e'},'url':'https://ci.example/12','description':'2 of "
              "9','created_on':'2026-11-21T08:00:00.5+00:00','updated_on':'2026-11-21T08:01:30.5"
              "+00:00'}," CLOUD "}",
      .time = "2026-11-21T08:01:30.500Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "check",
                    [FIELD_STATE] = "failing",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "ci/unit",
                    [FIELD_SERVICE] = "ci/unit",
                    [FIELD_TITLE] = "unit #12",
                    [FIELD_TEXT] = "2 of 9",
                    [FIELD_DURATION] = "1m30s",
                    [FIELD_URL] = "https://ci.example/12",
                    [FIELD_SUBJECT] = "repo=acme/shop check=ci/unit branch=main" } },
    /* Bitbucket's own pipelines: two runs under two keys are about one thing; the commit by its address alone */
    { .event = "repo:commit_status_updated",
      .body = "{'commit_status':{'key':'333','name':'Pipeline #4 for main','state':'SUCCESSFUL',"
              "'refname':'main','links':{'commit':{'href':'https://api.example/commit/0c6e'}},"
              "'url':'https://bb.example/4','description':''}," CLOUD "}",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "check",
                    [FIELD_STATE] = "ok",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_WORKFLOW] = "Pipeline",
                    [FIELD_SERVICE] = "Pipeline",
                    [FIELD_RUN] = "4",
                    [FIELD_TITLE] = "Pipeline #4 for main",
                    [FIELD_URL] = "https://bb.example/4",
                    [FIELD_SUBJECT] = "repo=acme/shop check=Pipeline branch=main" } },
    { .event = "repo:commit_status_created",
      .body = "{'commit_status':{'key':'444','name':'Pipeline #5 for main','state':'INPROGRESS',"
              "'refname':'main','commit':{'hash':'1d7f'},'url':'https://bb.example/5',"
              "'created_on':'2026-11-21T08:00:00+00:00'}," CLOUD "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "check",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "1d7f",
                    [FIELD_WORKFLOW] = "Pipeline",
                    [FIELD_SERVICE] = "Pipeline",
                    [FIELD_RUN] = "5",
                    [FIELD_TITLE] = "Pipeline #5 for main",
                    [FIELD_URL] = "https://bb.example/5",
                    [FIELD_SUBJECT] = "repo=acme/shop check=Pipeline branch=main" } },
    { .event = "repo:push",
      .body = "{'push':{'changes':[{'old':null,'new':{'type':'branch','name':'main','target':{"
              "'hash':'0c6e','message':'Count\\n\\nmore'}},'links':{'html':{'href':'https://"
              "bb.example/c'}}}]}," CLOUD "}",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_TITLE] = "Count",
                    [FIELD_URL] = "https://bb.example/c",
                    [FIELD_SUBJECT] = "repo=acme/shop ref=main" } },
    { .event = "repo:push",
      .body = "{'push':{'changes':[{'old':null,'new':{'type':'tag','name':'v1','target':{'hash':"
              "'0c6e','message':'Count'}}}]}," CLOUD "}",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_TITLE] = "Count",
                    [FIELD_URL] = "https://bb.example/acme/shop",
                    [FIELD_SUBJECT] = "repo=acme/shop ref=v1" } },
    /* deleted */
    { .event = "repo:push",
      .body = "{'push':{'changes':[{'old':{'type':'branch','name':'x'},'new':null}]}," CLOUD "}",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "x",
                    [FIELD_TITLE] = "x",
                    [FIELD_URL] = "https://bb.example/acme/shop",
                    [FIELD_SUBJECT] = "repo=acme/shop ref=x" } },
    { .event = "pullrequest:fulfilled",
      .body = "{'pullrequest':{'id':5,'title':'Add x','description':'why','source':{'branch':{"
              "'name':'x'},'commit':{'hash':'ab'}},'links':{'html':{'href':'https://bb.example/5'"
              "}},'updated_on':'2026-11-21T08:00:00+00:00'}," CLOUD "}",
      .time = "2026-11-21T08:00:00.000Z",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_TEXT] = "why",
                    [FIELD_URL] = "https://bb.example/5",
                    [FIELD_SUBJECT] = "repo=acme/shop pull_request=5" } },
    { .event = "pullrequest:comment_created",
      .body = "{'comment':{'content':{'raw':'no'},'links':{'html':{'href':'https://bb.example/5#1'"
              "}}},'pullrequest':{'id':5,'title':'Add x','description':'why','source':{'branch':{"
              "'name':'x'},'commit':{'hash':'ab'}}}," CLOUD "}",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_TEXT] = "no",
                    [FIELD_URL] = "https://bb.example/5#1",
                    [FIELD_SUBJECT] = "repo=acme/shop pull_request=5" } },
    { .event = "issue:created",
      .body = "{'issue':{'id':6,'title':'Broken','content':{'raw':'all'},'links':{'html':{'href':"
              "'https://bb.example/i/6'}}}," CLOUD "}",
      .expected = { [FIELD_KIND] = "issue",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_TITLE] = "Broken",
                    [FIELD_TEXT] = "all",
                    [FIELD_URL] = "https://bb.example/i/6",
                    [FIELD_SUBJECT] = "repo=acme/shop issue=6" } },
    { .event = "repo:fork",
      .body = "{" CLOUD "}",
      .expected = { [FIELD_STATE] = "info",
                    [FIELD_REPO] = "acme/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_URL] = "https://bb.example/acme/shop",
                    [FIELD_SUBJECT] = "repo=acme/shop event=repo:fork" } },
    { .event = "repo:refs_changed",
      .body = "{'eventKey':'repo:refs_changed'," OWN "," OWN_REPO ",'changes':[{'ref':{'id':'refs/"
              "heads/main','displayId':'main','type':'BRANCH'},'toHash':'0c6e','type':'UPDATE'}],"
              "'toCommit':{'id':'0c6e','message':'Count\\n\\nmore'}}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "ACME/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "main",
                    [FIELD_COMMIT] = "0c6e",
                    [FIELD_TITLE] = "Count",
                    [FIELD_URL] = "https://bb.example/shop/browse",
                    [FIELD_SUBJECT] = "repo=ACME/shop ref=refs/heads/main" } },
    { .event = "repo:refs_changed",
      .body = "{'eventKey':'repo:refs_changed'," OWN "," OWN_REPO ",'changes':[{'ref':{'id':'refs/"
              "tags/v1','displayId':'v1','type':'TAG'},'toHash':"
              "'0000000000000000000000000000000000000000','type':'DELETE'}]}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "push",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "ACME/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_TITLE] = "v1",
                    [FIELD_URL] = "https://bb.example/shop/browse",
                    [FIELD_SUBJECT] = "repo=ACME/shop ref=refs/tags/v1" } },
    { .event = "pr:merged",
      .body = "{'eventKey':'pr:merged'," OWN ",'pullRequest':{'id':5,'title':'Add x','fromRef':{"
              "'id':'refs/heads/x','latestCommit':'ab'},'toRef':{" OWN_REPO "}}}",
      .time = "2026-11-21T08:04:00.000Z",
      .expected = { [FIELD_KIND] = "change.request",
                    [FIELD_STATE] = "info",
                    [FIELD_REPO] = "ACME/shop",
                    [FIELD_ACTOR] = "kim",
                    [FIELD_BRANCH] = "x",
                    [FIELD_COMMIT] = "ab",
                    [FIELD_TITLE] = "Add x",
                    [FIELD_SUBJECT] = "repo=ACME/shop pull_request=5" } },
    { .event = "diagnostics:ping",
      .body = "{'test':true}",
      .expected = { [FIELD_STATE] = "info", [FIELD_SUBJECT] = "event=diagnostics:ping" } },
    { .event = "repo:commit_status_updated",
      .body = "{'commit_status':{'key':'k','state':'EXPLODED','url':'https://ci.example'}}",
      .drift = "unknown state `EXPLODED`",
      .expected = { [FIELD_KIND] = "ci.run",
                    [FIELD_LEVEL] = "check",
                    [FIELD_STATE] = "info",
                    [FIELD_WORKFLOW] = "k",
                    [FIELD_SERVICE] = "k",
                    [FIELD_TITLE] = "k",
                    [FIELD_URL] = "https://ci.example",
                    [FIELD_SUBJECT] = "check=k" } },
};
#define N_CASES (sizeof cases / sizeof *cases)

static void every_event_comes_to_its_fields(void **state)
{
    assert_cases(*state, "bitbucket", "X-Event-Key", cases, N_CASES);
}

static void a_member_of_the_wrong_type_loses_its_field_and_no_more(void **state)
{
    assert_no_shape_hurts(*state, "bitbucket", "X-Event-Key", cases, N_CASES);
}

static void an_event_that_nobody_named_is_unknown(void **state)
{
    const struct event_list *events = recorded_read(*state, "bitbucket", NULL, NULL, SLICE("{}"));

    assert_field(&events->items[0], FIELD_TYPE, "bitbucket.unknown");
}

#define OPENED "{\"eventKey\":\"pr:opened\"}"
#define PROOF "212bc911e6524142c95eca076723f4353648fcf8c21d4c470602cb1f6e0355c7"

static void h14_the_door_opens_to_its_signature_or_its_password(void **state)
{
    static const struct door_attempt attempts[] = {
        { .what = "signed, by Cloud",
          .door = "signed",
          .headers = { { "X-Hub-Signature", "sha256=" PROOF }, { "X-Request-UUID", "d-1" } },
          .body = OPENED,
          .delivery_id = "d-1" },
        { .what = "signed, by Data Center",
          .door = "signed",
          .headers = { { "X-Hub-Signature", "sha256=" PROOF }, { "X-Request-Id", "d-2" } },
          .body = OPENED,
          .delivery_id = "d-2" },
        { .what = "another body",
          .door = "signed",
          .headers = { { "X-Hub-Signature", "sha256=" PROOF } },
          .body = "{}",
          .status = 401 },
        { .what = "under GitHub's header",
          .door = "signed",
          .headers = { { "X-Hub-Signature-256", "sha256=" PROOF } },
          .body = OPENED,
          .status = 401 },
        { .what = "by the older digest",
          .door = "signed",
          .headers = { { "X-Hub-Signature", "sha1=" PROOF } },
          .body = OPENED,
          .status = 401 },
        { .what = "user and password",
          .door = "basic",
          .headers = { { "Authorization", "Basic dmVkZXR0ZTpvdXItcGFzc3dvcmQ=" } },
          .body = OPENED },
        { .what = "another password",
          .door = "basic",
          .headers = { { "Authorization", "Basic dmVkZXR0ZTpvdXItcGFzc3dvcms=" } },
          .body = OPENED,
          .status = 401 },
    };

    assert_doors(*state,
                 "- {webhook: bitbucket, name: signed, secret: our-secret}\n"
                 "- {webhook: bitbucket, name: basic, basic: 'vedette:our-password'}\n",
                 attempts, sizeof attempts / sizeof *attempts);
}

static const struct event_list *read_push(struct recorded *recorded, const char *event,
                                          const char *body)
{
    return recorded_read(recorded, "bitbucket", "X-Event-Key", event, case_body(recorded, body));
}

static void each_ref_of_a_push_is_an_event(void **state)
{
    struct recorded *recorded = *state;
    const struct event *events =
        read_push(recorded, "repo:push",
                  "{'push':{'changes':[{'new':{'type':'branch','name':'main','target':{'hash':"
                  "'0c6e','message':'Count'}}},{'old':{'type':'branch','name':'x'},'new':null},"
                  "{'new':{'type':'tag','name':'v1','target':{'hash':'1d7f'}}}]}," CLOUD "}")
            ->items;

    assert_int_equal(recorded->events.n_items, 3);
    assert_field(&events[0], FIELD_BRANCH, "main");
    assert_field(&events[1], FIELD_BRANCH, "x");
    assert_field(&events[2], FIELD_BRANCH, NULL);
    assert_field(&events[2], FIELD_COMMIT, "1d7f");
    assert_field(&events[2], FIELD_SUBJECT, "repo=acme/shop ref=v1");
    assert_true(slice_eq(event_get(&events[1], SLICE("data.batch.actor.nickname"), recorded->arena),
                         SLICE("kim")));
    assert_true(slice_is_absent(
        event_get(&events[1], SLICE("data.batch.push.changes.0.new.name"), recorded->arena)));
}

static void each_ref_of_a_push_to_data_center_is_an_event(void **state)
{
    struct recorded *recorded = *state;
    const struct event *events =
        read_push(recorded, "repo:refs_changed",
                  "{'eventKey':'repo:refs_changed'," OWN "," OWN_REPO ",'changes':[{'ref':{'id':"
                  "'refs/heads/main','displayId':'main'},'toHash':'0c6e'},{'ref':{'id':'refs/heads/"
                  "x','displayId':'x'},'toHash':'1d7f'}],'toCommit':{'id':'1d7f','message':'Add"
                  " x'}}")
            ->items;

    assert_int_equal(recorded->events.n_items, 2);
    assert_field(&events[0], FIELD_SUBJECT, "repo=ACME/shop ref=refs/heads/main");
    assert_field(&events[0], FIELD_TITLE, "main");
    assert_field(&events[1], FIELD_SUBJECT, "repo=ACME/shop ref=refs/heads/x");
    assert_field(&events[1], FIELD_TITLE, "Add x");
    assert_field(&events[1], FIELD_ACTOR, "kim");
}

/* Their changes are no refs that somebody pushed. */
static void changes_of_another_event_are_no_push(void **state)
{
    read_push(*state, "mirror:repo_synchronized",
              "{'eventKey':'mirror:repo_synchronized','changes':[{},{}]}");
    assert_int_equal(((struct recorded *)*state)->events.n_items, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(each_ref_of_a_push_is_an_event),
        RECORDED_TEST(each_ref_of_a_push_to_data_center_is_an_event),
        RECORDED_TEST(changes_of_another_event_are_no_push),
        RECORDED_TEST(every_event_comes_to_its_fields),
        RECORDED_TEST(a_member_of_the_wrong_type_loses_its_field_and_no_more),
        RECORDED_TEST(an_event_that_nobody_named_is_unknown),
        DOOR_TEST(h14_the_door_opens_to_its_signature_or_its_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
