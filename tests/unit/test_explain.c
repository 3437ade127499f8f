#include "rule_fixture.h"
#include "rules/match.h"

/* "+on[wanted|saw]" for a gate that was passed, "-" for the one that was not. */
static void assert_gates(const char *rule, const char *event, bool expected_match,
                         const char *expected)
{
    char text[512];
    struct ruleset *set;
    struct told told = told_of(event);
    struct matcher *matcher = NULL;
    struct gate *gates;
    size_t n_gates;
    struct buffer got;
    bool matched;

    (void)snprintf(text, sizeof(text), "rules:\n  - %s\n", rule);
    set = rules_of(text);
    assert_int_equal(matcher_new(&matcher), RC_OK);
    assert_int_equal(
        match_explain(matcher, &set->rules[0], &told.event, told.arena, &gates, &n_gates, &matched),
        RC_OK);
    buffer_init(&got, 0);
    for (size_t i = 0; i < n_gates; i++) {
        buffer_format(&got, "%s%s", i ? " " : "", gates[i].passed ? "+" : "-");
        buffer_add(&got, gates[i].name);
        buffer_add_byte(&got, '[');
        buffer_add(&got, gates[i].wanted);
        buffer_add_byte(&got, '|');
        buffer_add(&got, slice_is_absent(gates[i].saw) ? SLICE("absent") : gates[i].saw);
        buffer_add_byte(&got, ']');
    }
    buffer_add_byte(&got, '\0');
    assert_string_equal(got.ptr, expected);
    assert_int_equal(matched, expected_match);
    buffer_free(&got);
    matcher_free(matcher);
    told_free(&told);
    ruleset_free(set);
}

static void gates_are_shown_up_to_the_first_that_failed_and_of_clauses_all(void **state)
{
    const char *rule = "{id: a, on: ci.run, where: {branch: '/^main$/', duration: {gt: 5m}}, "
                       "key: [repo]}";

    (void)state;
    assert_gates(rule, "{'kind':'push','type':'github.push'}", false,
                 "-on[ci.run|push github.push]");
    assert_gates(rule, "{'kind':'ci.run','type':'t','branch':'dev','duration':'6m'}", false,
                 "+on[ci.run|ci.run t] -where.branch[/^main$/|dev] "
                 "+where.duration[{\"gt\":\"5m\"}|6m] -where.state[failing|absent]");
    assert_gates(rule, "{'kind':'ci.run','type':'t','branch':'main','state':'failing'}", false,
                 "+on[ci.run|ci.run t] +where.branch[/^main$/|main] "
                 "-where.duration[{\"gt\":\"5m\"}|absent] +where.state[failing|failing]");
    assert_gates(
        rule, "{'kind':'ci.run','type':'t','branch':'main','duration':'6m','state':'info'}", false,
        "+on[ci.run|ci.run t] +where.branch[/^main$/|main] "
        "+where.duration[{\"gt\":\"5m\"}|6m] -where.state[failing|info]");
}

static void a_match_shows_every_gate_and_its_key(void **state)
{
    (void)state;
    assert_gates("{id: a, on: log, match: ['/x/', '/y/'], ignore: '/z/', "
                 "where: {any: [{host: a}, {host: b}], none: [{actor: bot}]}, key: [host]}",
                 "{'kind':'log','type':'l','text':'xy','host':'b'}", true,
                 "+on[log|log l] +match[/x/ /y/|xy] +ignore[/z/|xy] "
                 "+where.any[[{\"host\":\"a\"},{\"host\":\"b\"}]|host: b] "
                 "+where.none[[{\"actor\":\"bot\"}]|actor is absent] +key[host|b]");
}

/* Of a push of type t: the gates behind `on`. */
static void assert_clauses(const char *where, const char *members, const char *expected)
{
    char rule[256], event[512], gates[512];

    (void)snprintf(rule, sizeof(rule), "{id: a, on: push, key: [kind], where: %s}", where);
    (void)snprintf(event, sizeof(event),
                   "{'kind':'push','type':'t','time':'2026-11-21T08:00:00Z'%s}", members);
    (void)snprintf(gates, sizeof(gates), "+on[push|push t] %s", expected);
    assert_gates(rule, event, false, gates);
}

static void a_clause_that_does_not_hold_says_what_it_saw(void **state)
{
    (void)state;
    assert_clauses("{data.n: {gt: 5}}", ",'data':{'n':'few'}",
                   "-where.data.n[{\"gt\":5}|few (no number)]");
    assert_clauses("{data.n: {gt: 5}}", ",'data':{'n':5}", "-where.data.n[{\"gt\":5}|5]");
    assert_clauses("{data.n: {gt: 5}}", ",'data':{'n':{'of':[5]}}",
                   "-where.data.n[{\"gt\":5}|{\"of\":[5]} (no number)]");
    assert_clauses("{duration: {gt: 5m}}", ",'duration':'400'",
                   "-where.duration[{\"gt\":\"5m\"}|400 (no duration with its unit)]");
    assert_clauses("{severity: {ge: high}}", ",'severity':'page'",
                   "-where.severity[{\"ge\":\"high\"}|page (no severity)]");
    assert_clauses("{data.b: {ge: 1KB}}", ",'data':{'b':'big'}",
                   "-where.data.b[{\"ge\":\"1KB\"}|big (no size)]");
    assert_clauses("{data.t: {before: 1h}}", ",'data':{'t':'soon'}",
                   "-where.data.t[{\"before\":\"1h\"}|soon (no time)]");
    assert_clauses("{data.t: {before: 1h}}", ",'data':{}",
                   "-where.data.t[{\"before\":\"1h\"}|absent]");
    assert_clauses("{data.t: {after: 1h}}", ",'data':{'t':'2026-11-21T07:00:00Z'}",
                   "-where.data.t[{\"after\":\"1h\"}|2026-11-21T07:00:00Z]");
    assert_clauses("{host: {cidr: 10.0.0.0/8}}", ",'host':'10.0.0.1:80'",
                   "-where.host[{\"cidr\":\"10.0.0.0/8\"}|10.0.0.1:80 (no address)]");
    assert_clauses("{'data.l[*].n': x}", ",'data':{'l':[{'n':'a'},{'n':'b'}]}",
                   "-where.data.l[*].n[x|a, b]");
    assert_clauses("{data.l: {some: {n: x}}}", ",'data':{'l':[{'n':'a'}]}",
                   "-where.data.l[{\"some\":{\"n\":\"x\"}}|[{\"n\":\"a\"}]]");
    assert_clauses("{data.l: {some: {n: x}}}", ",'data':{'l':'a'}",
                   "-where.data.l[{\"some\":{\"n\":\"x\"}}|a (no list)]");
    assert_clauses("{any: [{host: a, actor: b}, {host: c}]}", ",'host':'d'",
                   "-where.any[[{\"actor\":\"b\",\"host\":\"a\"},{\"host\":\"c\"}]|"
                   "host: d, actor is absent]");
    assert_clauses("{none: [{host: d}]}", ",'host':'d'", "-where.none[[{\"host\":\"d\"}]|host: d]");
}

static void r12_a_key_without_its_field_is_a_gate_too(void **state)
{
    (void)state;
    assert_gates("{id: a, on: push, key: [repo, branch]}", "{'kind':'push','type':'t','repo':'r'}",
                 false, "+on[push|push t] -key[branch|absent]");
}

static void an_event_that_clears_says_so(void **state)
{
    (void)state;
    assert_gates("{id: a, on: alert, key: [host]}", "{'kind':'alert','state':'ok','host':'h'}",
                 false,
                 "-clear[an event that does not end the signal|it clears the signal of its key]");
}

static void each_filter_of_a_condition_shows_what_it_failed_by(void **state)
{
    const char *steps = "{id: a, on: message, key: [actor], when: {sequence: "
                        "[{where: {state: failing}}, {where: {state: ok}, key: [host]}], "
                        "within: 1m}}";

    (void)state;
    assert_gates(steps, "{'kind':'message','type':'t','state':'ok','host':'h'}", true,
                 "+when.sequence[0].on[message|message t] "
                 "-when.sequence[0].where.state[failing|ok] "
                 "+when.sequence[1].on[message|message t] +when.sequence[1].where.state[ok|ok] "
                 "+when.sequence[1].key[host|h]");
    assert_gates(steps, "{'kind':'push','type':'t','state':'ok'}", false,
                 "-when.sequence[0].on[message|push t] -when.sequence[1].on[message|push t]");
    assert_gates("{id: a, on: push, key: [repo], when: {followed_by: {on: deploy}, within: 1m}}",
                 "{'kind':'deploy','type':'t','repo':'r'}", true,
                 "-on[push|deploy t] +when.followed_by.on[deploy|deploy t] "
                 "+when.followed_by.key[repo|r]");
}

/* How many gates of the rule the event missed, and which is the first. */
static void assert_missed(const char *rule, const char *event, size_t expected,
                          const char *expected_first)
{
    char text[512];
    struct ruleset *set;
    struct told told = told_of(event);
    struct matcher *matcher = NULL;
    const struct gate *first;
    struct gate *gates;
    size_t n_gates;
    bool matched;

    (void)snprintf(text, sizeof(text), "rules:\n  - %s\n", rule);
    set = rules_of(text);
    assert_int_equal(matcher_new(&matcher), RC_OK);
    assert_int_equal(
        match_explain(matcher, &set->rules[0], &told.event, told.arena, &gates, &n_gates, &matched),
        RC_OK);
    assert_true(gates_missed(gates, n_gates) == expected);
    first = gates_first_missed(gates, n_gates);
    assert_int_equal(first != NULL, expected_first != NULL);
    if (first)
        assert_slice(first->name, expected_first);
    matcher_free(matcher);
    told_free(&told);
    ruleset_free(set);
}

/* `having` says which of the matches count twice; what it passes alone is none. */
static void a_filter_that_says_more_of_a_match_makes_none(void **state)
{
    const char *ratio = "{id: a, on: message, where: {host: h}, key: [actor], when: {ratio: 50%, "
                        "having: {where: {host: [h, i]}}, within: 1h, at_least: 2}}";

    (void)state;
    assert_gates(ratio, "{'kind':'message','type':'t','host':'i','actor':'a'}", false,
                 "+on[message|message t] -where.host[h|i]");
    assert_gates(ratio, "{'kind':'message','type':'t','host':'h','actor':'a'}", true,
                 "+on[message|message t] +where.host[h|h] +key[actor|a] "
                 "+when.having.on[message|message t] "
                 "+when.having.where.host[[\"h\",\"i\"]|h] +when.having.key[actor|a]");
}

static void how_near_an_event_came_is_how_many_gates_it_missed(void **state)
{
    const char *rule =
        "{id: a, on: log, match: '/x/', ignore: '/z/', where: {host: a, service: b}, "
        "key: [actor]}";

    (void)state;
    assert_missed(rule, "{'kind':'push','type':'t','text':'x'}", GATES_FAR, NULL);
    assert_missed(rule, "{'kind':'log','type':'l','text':'y','host':'a','service':'b'}", GATES_FAR,
                  NULL); /* another text is not near */
    assert_missed(rule, "{'kind':'log','type':'l','text':'x'}", 2, "where.host");
    assert_missed(rule, "{'kind':'log','type':'l','text':'x','host':'a'}", 1, "where.service");
    assert_missed(rule, "{'kind':'log','type':'l','text':'xz','host':'a'}", 1, "ignore");
    assert_missed(rule, "{'kind':'log','type':'l','text':'x','host':'a','service':'b'}", 1, "key");
    assert_missed(rule, "{'kind':'log','type':'l','text':'x','host':'a','service':'b','actor':'c'}",
                  0, NULL);
}

static void of_several_filters_the_nearest_counts(void **state)
{
    const char *rule =
        "{id: a, on: push, key: [kind], when: {sequence: [{where: {host: a, repo: r}}, "
        "{where: {host: b}}], within: 1h}}";

    (void)state;
    assert_missed(rule, "{'kind':'push','type':'t','host':'c'}", 1, "when.sequence[1].where.host");
    assert_missed(rule, "{'kind':'push','type':'t','host':'a'}", 1, "when.sequence[0].where.repo");
}

static void what_clears_is_no_miss(void **state)
{
    (void)state;
    assert_missed("{id: a, on: ci.run, key: [repo]}",
                  "{'kind':'ci.run','type':'t','state':'ok','repo':'r'}", GATES_FAR, NULL);
}

static void what_the_condition_cannot_go_by_is_shown_behind_the_gates(void **state)
{
    const char *rule =
        "{id: a, on: push, key: [repo], when: {count: 5, within: 1h, weight: data.n}}";
    const char *gates = "+on[push|push t] +key[repo|r]";
    static const struct {
        const char *n, *shown;
    } cases[] = {
        { "3", "" },
        { "null", "" },
        { "0", " +when.weight[a whole number from 1 on|0, which counts as 1]" },
        { "1.5", " +when.weight[a whole number from 1 on|1.5, which counts as 1]" },
        { "'x'", " +when.weight[a whole number from 1 on|x, which counts as 1]" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char event[128], expected[256];

        (void)snprintf(event, sizeof(event),
                       "{'kind':'push','type':'t','repo':'r','data':{'n':%s}}", cases[i].n);
        (void)snprintf(expected, sizeof(expected), "%s%s", gates, cases[i].shown);
        assert_gates(rule, event, true, expected);
    }
    /* of what does not match nothing is said */
    assert_gates(rule, "{'kind':'push','type':'t','data':{'n':0}}", false,
                 "+on[push|push t] -key[repo|absent]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_are_shown_up_to_the_first_that_failed_and_of_clauses_all),
        cmocka_unit_test(what_the_condition_cannot_go_by_is_shown_behind_the_gates),
        cmocka_unit_test(how_near_an_event_came_is_how_many_gates_it_missed),
        cmocka_unit_test(of_several_filters_the_nearest_counts),
        cmocka_unit_test(what_clears_is_no_miss),
        cmocka_unit_test(a_match_shows_every_gate_and_its_key),
        cmocka_unit_test(a_clause_that_does_not_hold_says_what_it_saw),
        cmocka_unit_test(r12_a_key_without_its_field_is_a_gate_too),
        cmocka_unit_test(an_event_that_clears_says_so),
        cmocka_unit_test(each_filter_of_a_condition_shows_what_it_failed_by),
        cmocka_unit_test(a_filter_that_says_more_of_a_match_makes_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
