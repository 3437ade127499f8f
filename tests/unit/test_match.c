#include "rule_fixture.h"
#include "rules/match.h"

/* What a set makes of one event; free with seen_free. */
struct seen {
    struct ruleset *set;
    struct matcher *matcher;
    struct told told;
    struct match_list matches;
};

static struct seen see(const char *rules, const char *event, enum door door)
{
    struct seen seen = { .set = rules_of(rules), .told = told_of(event) };

    seen.told.event.door = door;
    assert_int_equal(matcher_new(&seen.matcher), RC_OK);
    assert_int_equal(
        match_event(seen.matcher, seen.set, &seen.told.event, seen.told.arena, &seen.matches),
        RC_OK);
    return seen;
}

static void seen_free(struct seen *seen)
{
    told_free(&seen->told);
    matcher_free(seen->matcher);
    ruleset_free(seen->set);
}

/* "rule/key1/key2" of each match in order, "!" before a clear, "?" before a fault and what it says. */
static void assert_seen(const char *rules, const char *event, const char *expected)
{
    struct seen seen = see(rules, event, DOOR_DATA);
    struct buffer got;

    buffer_init(&got, 0);
    for (size_t i = 0; i < seen.matches.n_items; i++) {
        const struct match *match = &seen.matches.items[i];

        buffer_format(&got, "%s%s", got.len ? " " : "", match->clears ? "!" : "");
        buffer_add(&got, match->rule->id);
        for (size_t j = 0; j < match->key.n_items; j++) {
            buffer_add_byte(&got, '/');
            buffer_add(&got, match->key.items[j]);
        }
    }
    for (size_t i = 0; i < seen.matches.n_faults; i++) {
        buffer_add_text(&got, got.len ? " ?" : "?");
        buffer_add(&got, seen.matches.faults[i].detail);
    }
    buffer_add_byte(&got, '\0');
    if (strcmp(got.ptr, expected) != 0)
        print_message("%s on %s\n", rules, event);
    assert_string_equal(got.ptr, expected);
    buffer_free(&got);
    seen_free(&seen);
}

/* -- on -- */

static void a_rule_asks_for_kinds_types_and_globs(void **state)
{
    const char *rules = "rules:\n"
                        "  - {id: kind, on: push, key: '{{kind}}', clear: never}\n"
                        "  - {id: type, on: github.push, key: '{{kind}}', clear: never}\n"
                        "  - {id: glob, on: 'github.*', key: '{{kind}}', clear: never}\n"
                        "  - {id: list, on: [issue, push], key: '{{kind}}', clear: never}\n";

    (void)state;
    assert_seen(rules, "{'kind':'push','type':'github.push'}",
                "kind/push type/push glob/push list/push");
    assert_seen(rules, "{'kind':'push','type':'gitlab.push'}", "kind/push list/push");
    assert_seen(rules, "{'kind':'issue','type':'githubX'}", "list/issue");
    assert_seen(rules, "{'kind':'pushed'}", "");
}

static void no_state_named_means_failing_on_what_can_fail(void **state)
{
    const char *rules = "rules: [{id: a, on: alert, key: '{{kind}}', clear: never}, "
                        "{id: b, on: push, key: '{{kind}}', clear: never}, "
                        "{id: c, on: alert, key: '{{kind}}', where: {state: info}},"
                        "{id: d, on: alert, key: '{{kind}}', where: {any: [{state: info}]}}]";

    (void)state;
    assert_seen(rules, "{'kind':'alert','state':'failing'}", "a/alert");
    assert_seen(rules, "{'kind':'alert','state':'info'}", "c/alert d/alert");
    assert_seen(rules, "{'kind':'alert'}", "");
    assert_seen(rules, "{'kind':'push'}", "b/push");
}

static void what_vedette_says_of_itself_is_seen_only_where_it_is_asked_for(void **state)
{
    const char *rules = "rules: [{id: all, on: '*', key: '{{kind}}'}, "
                        "{id: own, on: vedette.watcher, key: '{{kind}}'}, "
                        "{id: glob, on: 'vedette.*', key: '{{kind}}'}]";
    struct seen seen = see(rules, "{'kind':'vedette.watcher'}", DOOR_RESULT);

    (void)state;
    assert_int_equal(seen.matches.n_items, 2);
    assert_slice(seen.matches.items[0].rule->id, "own");
    assert_slice(seen.matches.items[1].rule->id, "glob");
    seen_free(&seen);
}

/* -- match, ignore -- */

static void match_searches_the_text_and_ignore_throws_out(void **state)
{
    const char *rules = "rules: [{id: a, on: log, match: ['/error/i', '/fatal/'], "
                        "ignore: ['/retrying/'], key: '{{kind}}'}]";

    (void)state;
    assert_seen(rules, "{'kind':'log','text':'an Error'}", "a/log");
    assert_seen(rules, "{'kind':'log','text':'fatal'}", "a/log");
    assert_seen(rules, "{'kind':'log','text':'Fatal'}", "");
    assert_seen(rules, "{'kind':'log','text':'error, retrying'}", "");
    assert_seen(rules, "{'kind':'log','title':'error'}", "");
}

static void named_groups_become_fields_and_fill_what_is_absent(void **state)
{
    const char *rules =
        "rules: [{id: a, on: log, match: '/(?<host>\\w+): refused from (?<ip>[0-9.]+)/', "
        "key: [host, ip]}]";

    (void)state;
    assert_seen(rules, "{'kind':'log','text':'web1: refused from 10.0.0.7'}", "a/web1/10.0.0.7");
    assert_seen(rules, "{'kind':'log','host':'db','text':'web1: refused from 10.0.0.7'}",
                "a/db/10.0.0.7");
}

/* -- key -- */

static void r12_a_field_that_the_group_is_by_is_a_fault_where_it_is_absent_or_empty(void **state)
{
    const char *rules =
        "rules: [{id: a, on: push, key: [repo], group: {by: [service, data.rack]}}]";

    (void)state;
    assert_seen(rules, "{'kind':'push','repo':'r','service':'s','data':{'rack':'1'}}", "a/r");
    assert_seen(rules, "{'kind':'push','repo':'r','data':{'rack':'1'}}", "?service");
    assert_seen(rules, "{'kind':'push','repo':'r','service':'s','data':{'rack':''}}", "?data.rack");
    assert_seen(rules, "{'kind':'push','service':'s','data':{'rack':'1'}}", "?repo");
}

static void r12_a_field_of_the_key_that_is_absent_or_empty_is_a_fault(void **state)
{
    const char *fields = "rules: [{id: a, on: push, key: [repo, branch]}]";
    const char *template = "rules: [{id: a, on: push, key: '{{repo}}:{{branch | default: x}}'}]";

    (void)state;
    assert_seen(fields, "{'kind':'push','repo':'r','branch':'b'}", "a/r/b");
    assert_seen(fields, "{'kind':'push','repo':'r'}", "?branch");
    assert_seen(fields, "{'kind':'push','repo':'r','branch':''}", "?branch");
    assert_seen(template, "{'kind':'push','repo':'r'}", "a/r:x");
    assert_seen(template, "{'kind':'push','branch':'b'}", "?repo");
    assert_seen("rules: [{id: a, on: push, key: '{{repo | default: }}'}]", "{'kind':'push'}",
                "?{{repo | default: }}");
}

static struct fingerprint fingerprint_of(const char *rules, const char *event)
{
    struct seen seen = see(rules, event, DOOR_DATA);
    struct fingerprint fingerprint;

    assert_int_equal(seen.matches.n_items, 1);
    fingerprint = seen.matches.items[0].fingerprint;
    seen_free(&seen);
    return fingerprint;
}

static bool same_signal(const char *rules, const char *a, const char *b)
{
    struct fingerprint left = fingerprint_of(rules, a);
    struct fingerprint right = fingerprint_of(rules, b);

    return memcmp(&left, &right, sizeof(left)) == 0;
}

static void a_signal_is_known_by_rule_and_key(void **state)
{
    const char *rules = "rules: [{id: a, on: push, key: [repo, branch]}]";
    struct fingerprint other;
    struct fingerprint one;

    (void)state;
    assert_true(same_signal(rules, "{'kind':'push','repo':'r','branch':'b','actor':'x'}",
                            "{'kind':'push','repo':'r','branch':'b','actor':'y'}"));
    assert_false(same_signal(rules, "{'kind':'push','repo':'ab','branch':'c'}",
                             "{'kind':'push','repo':'a','branch':'bc'}"));
    assert_true(same_signal("rules: [{id: a, on: push, key: [data.x]}]",
                            "{'kind':'push','data':{'x':1}}", "{'kind':'push','data':{'x':1.0}}"));
    assert_false(same_signal("rules: [{id: a, on: push, key: [data.x]}]",
                             "{'kind':'push','data':{'x':1}}",
                             "{'kind':'push','data':{'x':'1.0'}}"));
    one = fingerprint_of(rules, "{'kind':'push','repo':'r','branch':'b'}");
    other = fingerprint_of("rules: [{id: b, on: push, key: [repo, branch]}]",
                           "{'kind':'push','repo':'r','branch':'b'}");
    assert_memory_not_equal(&one, &other, sizeof(one));
}

/* Shown cut, told apart whole. */
static void long_keys_that_differ_at_the_end_are_two_signals(void **state)
{
    const char *rules = "rules: [{id: a, on: push, key: [data.x]}]";
    char a[2200], b[2200];

    (void)state;
    (void)snprintf(a, sizeof(a), "{'kind':'push','data':{'x':'%02000d'}}", 1);
    (void)snprintf(b, sizeof(b), "{'kind':'push','data':{'x':'%02000d'}}", 2);
    assert_false(same_signal(rules, a, b));
}

/* -- clear -- */

static void a_clear_must_satisfy_the_rest_of_the_rule(void **state)
{
    const char *rules =
        "rules: [{id: a, on: ci.run, where: {level: run, branch: '/^(main|dev)$/'}, "
        "key: [repo, branch]}]";

    (void)state;
    assert_seen(rules,
                "{'kind':'ci.run','level':'run','state':'failing','repo':'r','branch':'main'}",
                "a/r/main");
    assert_seen(rules, "{'kind':'ci.run','level':'run','state':'ok','repo':'r','branch':'main'}",
                "!a/r/main");
    assert_seen(rules, "{'kind':'ci.run','level':'run','state':'info','repo':'r','branch':'main'}",
                "");
    assert_seen(rules, "{'kind':'ci.run','level':'job','state':'ok','repo':'r','branch':'main'}",
                "");
    assert_seen(rules, "{'kind':'ci.run','level':'run','state':'ok','repo':'r','branch':'feature'}",
                "");
    assert_seen(rules, "{'kind':'ci.run','level':'run','state':'ok','branch':'main'}", "");
}

static void clear_takes_over_match_unless_it_names_its_own(void **state)
{
    const char *inherited = "rules: [{id: a, on: log, match: '/link (?<port>\\d)/', key: [port], "
                            "where: {host: {not: x}}, clear: {where: {severity: low}}}]";
    const char *own = "rules: [{id: a, on: log, match: '/link (?<port>\\d) down/', key: [port], "
                      "ignore: '/test/', clear: {match: '/link (?<port>\\d) up/'}}]";

    (void)state;
    assert_seen(inherited, "{'kind':'log','text':'link 7','severity':'low'}", "!a/7");
    assert_seen(inherited, "{'kind':'log','text':'link 7'}", "a/7");
    assert_seen(inherited, "{'kind':'log','text':'line 7','severity':'low'}", "");
    assert_seen(inherited, "{'kind':'log','text':'link 7','severity':'low','host':'x'}", "");
    assert_seen(own, "{'kind':'log','text':'link 7 up'}", "!a/7");
    assert_seen(own, "{'kind':'log','text':'link 7 down'}", "a/7");
    assert_seen(own, "{'kind':'log','text':'test: link 7 up'}", "");
}

static void clear_takes_over_any_and_none_but_for_what_it_names(void **state)
{
    const char *rules =
        "rules: [{id: a, on: alert, key: [host], where: {any: [{state: failing, service: x}, "
        "{state: failing, service: y}], none: [{actor: bot}, {state: info}]}, "
        "clear: {where: {state: ok}}}]";

    (void)state;
    assert_seen(rules, "{'kind':'alert','host':'h','state':'failing','service':'y'}", "a/h");
    assert_seen(rules, "{'kind':'alert','host':'h','state':'ok','service':'y'}", "!a/h");
    assert_seen(rules, "{'kind':'alert','host':'h','state':'ok','service':'z'}", "");
    assert_seen(rules, "{'kind':'alert','host':'h','state':'ok','service':'y','actor':'bot'}", "");
}

static void an_event_that_clears_is_never_a_match(void **state)
{
    (void)state;
    assert_seen("rules: [{id: a, on: push, key: [repo], clear: {where: {branch: main}}}]",
                "{'kind':'push','repo':'r','branch':'main'}", "!a/r");
    assert_seen("rules: [{id: a, on: push, key: [repo], clear: {on: deploy}}]",
                "{'kind':'deploy','repo':'r'}", "!a/r");
}

/* -- faults of patterns -- */

static void r03_a_pattern_at_its_limit_is_neither_match_nor_no_match(void **state)
{
    const char *rules = "rules: [{id: a, on: log, match: '/^(a|a)*$/', key: '{{kind}}'}, "
                        "{id: b, on: log, ignore: '/^(a|a)*$/', key: '{{kind}}'}, "
                        "{id: c, on: log, where: {text: {not: '/^(a|a)*$/'}}, key: '{{kind}}'}, "
                        "{id: d, on: log, key: '{{kind}}'}, "
                        /* It may be what clears, and an event that clears is never a match. */
                        "{id: e, on: log, key: '{{kind}}', clear: {match: '/^(a|a)*$/'}}]";
    struct seen seen =
        see(rules, "{'kind':'log','text':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'}", DOOR_DATA);

    (void)state;
    assert_int_equal(seen.matches.n_items, 1);
    assert_slice(seen.matches.items[0].rule->id, "d");
    assert_int_equal(seen.matches.n_faults, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen.matches.faults[i].kind, MATCH_FAULT_PATTERN);
        assert_slice(seen.matches.faults[i].detail, "/^(a|a)*$/: match limit reached");
    }
    seen_free(&seen);
}

/* Wherever a pattern stands: where its answer decides, the rule cannot judge; where another clause has decided already, it need not. */
static void r03_a_pattern_at_its_limit_is_a_third_result_in_every_place(void **state)
{
#define LIMIT "'/^(a|a)*$/'"
#define FAULTY "?/^(a|a)*$/: match limit reached"
    static const struct {
        const char *members;
        const char *seen;
    } cases[] = {
        { "match: " LIMIT, FAULTY },
        { "match: [" LIMIT ", '/b/']", FAULTY },
        { "match: [" LIMIT ", '/!/']", "r/log" }, /* another holds: one is enough */
        { "match: ['/!/', " LIMIT "]", "r/log" },
        { "ignore: " LIMIT, FAULTY },
        { "ignore: [" LIMIT ", '/b/']", FAULTY },
        { "ignore: [" LIMIT ", '/!/']", "" }, /* another throws it out */
        { "match: '/b/', ignore: " LIMIT, "" },
        { "where: {text: " LIMIT "}", FAULTY },
        { "where: {text: [" LIMIT ", b]}", FAULTY },
        { "where: {text: {not: " LIMIT "}}", FAULTY },
        { "where: {text: {not: {not: " LIMIT "}}}", FAULTY },
        { "where: {repo: x, text: " LIMIT "}", "" },
        { "where: {any: [{text: " LIMIT "}, {repo: x}]}", FAULTY },
        { "where: {any: [{text: " LIMIT "}, {repo: r}]}", "r/log" },
        { "where: {none: [{text: " LIMIT "}]}", FAULTY },
        { "where: {none: [{text: " LIMIT "}, {repo: r}]}", "" },
        { "clear: {match: " LIMIT "}", FAULTY },
        { "clear: {where: {text: " LIMIT "}}", FAULTY },
        { "clear: {where: {repo: x, text: " LIMIT "}}", "r/log" }, /* it surely does not clear */
        { "match: '/b/', clear: {match: " LIMIT "}", FAULTY },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char rules[256];

        (void)snprintf(rules, sizeof rules, "rules: [{id: r, on: log, key: '{{kind}}', %s}]",
                       cases[i].members);
        assert_seen(rules,
                    "{'kind':'log','repo':'r','text':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'}",
                    cases[i].seen);
    }
}

static void captures_are_given_with_the_match(void **state)
{
    struct seen seen =
        see("rules: [{id: a, on: log, match: '/(?<user>\\w+)@(?<host>\\w+)(?<x>!)?/', "
            "where: {title: '/(?<n>\\d+)/'}, key: [user]}]",
            "{'kind':'log','text':'jane@web','title':'no 42'}", DOOR_DATA);
    const struct match *match = &seen.matches.items[0];

    (void)state;
    assert_int_equal(seen.matches.n_items, 1);
    assert_int_equal(match->n_captures, 3); /* x took no part */
    assert_slice(match->captures[0].name, "user");
    assert_slice(match->captures[0].value, "jane");
    assert_slice(match->captures[1].value, "web");
    assert_slice(match->captures[2].name, "n");
    assert_slice(match->captures[2].value, "42");
    seen_free(&seen);
}

static void out_of_memory_is_no_result(void **state)
{
    struct ruleset *set = rules_of("rules: [{id: a, on: log, match: '/(?<x>.+)/', key: [x]}]");
    struct told told = told_of("{'kind':'log','text':'0123456789'}");
    struct matcher *matcher = NULL;
    struct match_list matches;
    enum rc rc = RC_NO_MEMORY;

    (void)state;
    assert_int_equal(matcher_new(&matcher), RC_OK);
    for (size_t limit = 16; rc; limit += 16) { /* p04: wherever it runs out */
        struct arena *arena = NULL;

        assert_true(limit < 65536);
        assert_int_equal(arena_new(limit, &arena), RC_OK);
        rc = match_event(matcher, set, &told.event, arena, &matches);
        assert_true(rc == RC_NO_MEMORY || (rc == RC_OK && matches.n_items == 1));
        arena_free(arena);
    }
    matcher_free(matcher);
    told_free(&told);
    ruleset_free(set);
}

static void only_the_rules_that_are_given_are_tried(void **state)
{
    const char *rules =
        "rules: [{id: a, on: log, key: '{{kind}}'}, {id: b, on: log, key: '{{kind}}'}, "
        "{id: c, on: push, key: '{{kind}}'}, {id: d, on: log, key: '{{kind}}'}]";
    const uint32_t given[] = { 0, 2, 3 };
    struct ruleset *set = rules_of(rules);
    struct told told = told_of("{'kind':'log'}");
    struct matcher *matcher = NULL;
    struct match_list matches;

    (void)state;
    assert_int_equal(matcher_new(&matcher), RC_OK);
    assert_int_equal(match_event_by(matcher, set, &told.event, given, 3, told.arena, &matches),
                     RC_OK);
    assert_int_equal(matches.n_items, 2);
    assert_slice(matches.items[0].rule->id, "a");
    assert_slice(matches.items[1].rule->id, "d");
    assert_int_equal(match_event_by(matcher, set, &told.event, NULL, 0, told.arena, &matches),
                     RC_OK);
    assert_int_equal(matches.n_items, 0);
    matcher_free(matcher);
    told_free(&told);
    ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_asks_for_kinds_types_and_globs),
        cmocka_unit_test(only_the_rules_that_are_given_are_tried),
        cmocka_unit_test(no_state_named_means_failing_on_what_can_fail),
        cmocka_unit_test(what_vedette_says_of_itself_is_seen_only_where_it_is_asked_for),
        cmocka_unit_test(match_searches_the_text_and_ignore_throws_out),
        cmocka_unit_test(named_groups_become_fields_and_fill_what_is_absent),
        cmocka_unit_test(r12_a_field_that_the_group_is_by_is_a_fault_where_it_is_absent_or_empty),
        cmocka_unit_test(r12_a_field_of_the_key_that_is_absent_or_empty_is_a_fault),
        cmocka_unit_test(a_signal_is_known_by_rule_and_key),
        cmocka_unit_test(long_keys_that_differ_at_the_end_are_two_signals),
        cmocka_unit_test(a_clear_must_satisfy_the_rest_of_the_rule),
        cmocka_unit_test(clear_takes_over_match_unless_it_names_its_own),
        cmocka_unit_test(clear_takes_over_any_and_none_but_for_what_it_names),
        cmocka_unit_test(an_event_that_clears_is_never_a_match),
        cmocka_unit_test(r03_a_pattern_at_its_limit_is_neither_match_nor_no_match),
        cmocka_unit_test(r03_a_pattern_at_its_limit_is_a_third_result_in_every_place),
        cmocka_unit_test(captures_are_given_with_the_match),
        cmocka_unit_test(out_of_memory_is_no_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
