#include "rule_fixture.h"
#include "rules/match.h"

/* One rule `where` against one event: does it hold? */
static bool holds(const char *where, const char *event)
{
    char text[512];
    struct ruleset *set;
    struct matcher *matcher = NULL;
    struct match_list matches;
    struct told told;
    bool held;

    (void)snprintf(text, sizeof(text),
                   "lists: {bots: [renovate, dependabot]}\n"
                   "patterns: {mains: '/^main$/'}\n"
                   "rules: [{id: a, on: '*', key: '{{kind}}', clear: never, where: %s}]\n",
                   where);
    set = rules_of(text);
    told = told_of(event);
    assert_int_equal(matcher_new(&matcher), RC_OK);
    assert_int_equal(match_event(matcher, set, &told.event, told.arena, &matches), RC_OK);
    assert_int_equal(matches.n_faults, 0);
    held = matches.n_items == 1;
    told_free(&told);
    matcher_free(matcher);
    ruleset_free(set);
    return held;
}

static const struct {
    const char *where;
    const char *event;
    bool holds;
} cases[] = {
    /* equals */
    { "{branch: main}", "{'kind':'push','branch':'main'}", true },
    { "{branch: main}", "{'kind':'push','branch':'Main'}", false },
    { "{branch: main}", "{'kind':'push','branch':'mainline'}", false },
    { "{branch: main}", "{'kind':'push'}", false },
    { "{branch: ''}", "{'kind':'push','branch':''}", true },
    { "{branch: /main/}", "{'kind':'push','branch':'main'}", false },
    { "{branch: /main/}", "{'kind':'push','branch':'/main/'}", true },
    { "{branch: {eq: '/main/'}}", "{'kind':'push','branch':'/main/'}", true },
    { "{data.id: 9007199254740993}", "{'kind':'push','data':{'id':9007199254740993}}", true },
    { "{data.id: 9007199254740993}", "{'kind':'push','data':{'id':9007199254740992}}", false },
    { "{data.ok: true}", "{'kind':'push','data':{'ok':true}}", true },
    { "{data.v: 1.10}", "{'kind':'push','data':{'v':'1.10'}}", true },
    { "{data.v: no}", "{'kind':'push','data':{'v':'no'}}", true },
    /* lists */
    { "{branch: [main, dev]}", "{'kind':'push','branch':'dev'}", true },
    { "{branch: [main, dev]}", "{'kind':'push','branch':'devel'}", false },
    { "{actor: $bots}", "{'kind':'push','actor':'renovate'}", true },
    { "{actor: [jane, $bots]}", "{'kind':'push','actor':'dependabot'}", true },
    { "{actor: '$bots'}", "{'kind':'push','actor':'renovate'}", false },
    { "{branch: [$mains, '/^rel/']}", "{'kind':'push','branch':'release'}", true },
    /* patterns */
    { "{branch: '/^(main|release/.+)$/'}", "{'kind':'push','branch':'release/1'}", true },
    { "{branch: '/^(main|release/.+)$/'}", "{'kind':'push','branch':'release/'}", false },
    { "{branch: '/MAIN/i'}", "{'kind':'push','branch':'the main one'}", true },
    { "{branch: $mains}", "{'kind':'push','branch':'main'}", true },
    /* compares */
    { "{data.n: {ge: 5}}", "{'kind':'push','data':{'n':5}}", true },
    { "{data.n: {gt: 5}}", "{'kind':'push','data':{'n':5}}", false },
    { "{data.n: {gt: 5}}", "{'kind':'push','data':{'n':5.01}}", true },
    { "{data.n: {le: 5, ge: 3}}", "{'kind':'push','data':{'n':'3'}}", true },
    { "{data.n: {le: 5, ge: 3}}", "{'kind':'push','data':{'n':2}}", false },
    { "{data.n: {lt: 5}}", "{'kind':'push','data':{'n':'few'}}", false },
    { "{data.n: {lt: 5}}", "{'kind':'push','data':{}}", false },
    { "{data.n: {lt: 5}}", "{'kind':'push','data':{'n':'0x1'}}", false },
    { "{data.n: {lt: 5}}", "{'kind':'push','data':{'n':'-inf'}}", false },
    { "{duration: {gt: 5m}}", "{'kind':'push','duration':'301s'}", true },
    { "{duration: {gt: 5m}}", "{'kind':'push','duration':'300s'}", false },
    { "{duration: {gt: 5m}}", "{'kind':'push','duration':'400'}", false },
    { "{data.bytes: {ge: 1KB}}", "{'kind':'push','data':{'bytes':1024}}", true },
    { "{data.bytes: {ge: 1KB}}", "{'kind':'push','data':{'bytes':1023}}", false },
    { "{severity: {ge: high}}", "{'kind':'push','severity':'critical'}", true },
    { "{severity: {ge: high}}", "{'kind':'push','severity':'medium'}", false },
    { "{severity: {ge: high}}", "{'kind':'push','severity':'page'}", false },
    /* not, exists */
    { "{branch: {not: main}}", "{'kind':'push','branch':'dev'}", true },
    { "{branch: {not: main}}", "{'kind':'push','branch':'main'}", false },
    { "{branch: {not: main}}", "{'kind':'push'}", true },
    { "{branch: {not: [main, dev]}}", "{'kind':'push','branch':'dev'}", false },
    { "{branch: {not: '/^m/'}}", "{'kind':'push','branch':'main'}", false },
    { "{branch: {not: {not: main}}}", "{'kind':'push','branch':'main'}", true },
    { "{branch: {not: main, exists: true}}", "{'kind':'push'}", false },
    { "{branch: {exists: true}}", "{'kind':'push','branch':''}", true },
    { "{branch: {exists: true}}", "{'kind':'push'}", false },
    { "{branch: {exists: false}}", "{'kind':'push'}", true },
    { "{data.a: {exists: true}}", "{'kind':'push','data':{'a':{}}}", true },
    { "{data.a: {exists: true}}", "{'kind':'push','data':{'a':null}}", false },
    { "{data.a: {exists: false}}", "{'kind':'push','text':'a line'}", true },
    /* paths */
    { "{'data.l[1].n': b}", "{'kind':'push','data':{'l':[{'n':'a'},{'n':'b'}]}}", true },
    { "{'data.l[*].n': b}", "{'kind':'push','data':{'l':[{'n':'a'},{'n':'b'},{'n':'c'}]}}", true },
    { "{'data.l[*].n': z}", "{'kind':'push','data':{'l':[{'n':'a'},{'n':'b'}]}}", false },
    { "{'data.l[*].n': {not: b}}", "{'kind':'push','data':{'l':[{'n':'a'},{'n':'b'}]}}", false },
    { "{'data[\"odd key\"]': x}", "{'kind':'push','data':{'odd key':'x'}}", true },
    { "{time: '/^2026-/'}", "{'kind':'push','time':'2026-11-21T08:00:00Z'}", true },
    /* any, none */
    { "{any: [{branch: main}, {branch: dev}]}", "{'kind':'push','branch':'dev'}", true },
    { "{any: [{branch: main}, {branch: dev}]}", "{'kind':'push','branch':'x'}", false },
    { "{any: [{branch: main, actor: jane}]}", "{'kind':'push','branch':'main'}", false },
    { "{none: [{branch: main}, {actor: bot}]}", "{'kind':'push','branch':'dev'}", true },
    { "{none: [{branch: main}, {actor: bot}]}", "{'kind':'push','branch':'dev','actor':'bot'}",
      false },
    { "{repo: r, none: [{branch: main, actor: bot}]}", "{'kind':'push','repo':'r','branch':'main'}",
      true },
    { "{none: [{any: [{branch: a}, {branch: b}]}]}", "{'kind':'push','branch':'b'}", false },
    /* captures, whatever the order of the clauses */
    { "{ip: 10.0.0.1, title: '/from (?<ip>[0-9.]+)/'}",
      "{'kind':'push','title':'login from 10.0.0.1'}", true },
    { "{ip: 10.0.0.1, title: '/from (?<ip>[0-9.]+)/'}",
      "{'kind':'push','title':'login from 10.0.0.2'}", false },
    { "{host: web1, title: '/on (?<host>[a-z0-9]+)/'}", "{'kind':'push','title':'on web1'}", true },
    { "{host: web1, title: '/on (?<host>[a-z0-9]+)/'}",
      "{'kind':'push','host':'db','title':'on web1'}", false },
    { "{x: '1', any: [{title: '/(?<x>1)/', actor: z}, {title: '/(?<x>.)/'}]}",
      "{'kind':'push','title':'21'}", false },
    { "{x: '1', any: [{title: '/(?<x>1)/', actor: z}, {title: '/(?<x>.)/'}]}",
      "{'kind':'push','title':'12'}", true },
};

static void a_value_says_how_its_field_is_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool held = holds(cases[i].where, cases[i].event);

        if (held != cases[i].holds)
            print_message("%s on %s\n", cases[i].where, cases[i].event);
        assert_int_equal(held, cases[i].holds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_value_says_how_its_field_is_compared) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
