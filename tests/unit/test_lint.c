/* What is warned of in valid rules, word for word; and its neighbours, of which nothing is said. */
#include "rule_fixture.h"

#include "rules/lint.h"

static void lint(const char *text, struct slice_list used, struct buffer *said)
{
    struct rule_file file = { .name = SLICE("t.yaml"), .text = slice_of(text) };
    struct rule_files files = { .files = &file, .n_files = 1 };
    const struct lint_with with = { .files = &files, .used = used };
    struct problems *problems = NULL;
    struct ruleset *set = NULL;
    enum rc rc;

    assert_int_equal(problems_new(&problems), RC_OK);
    rc = ruleset_parse_to_check(&files, problems, &set);
    assert_true(set && (rc == RC_OK || rc == RC_INVALID));
    assert_int_equal(ruleset_lint(set, &with, problems), RC_OK);
    problems_sort(problems);
    buffer_init(said, 0);
    problems_format(problems, said);
    buffer_add_byte(said, '\0');
    problems_free(problems);
    ruleset_free(set);
}

struct sample {
    const char *text;
    const char *said; /* "": nothing */
};

static void assert_said(const struct sample *samples, size_t n_samples)
{
    size_t n_wrong = 0;

    for (size_t i = 0; i < n_samples; i++) {
        struct buffer said;

        lint(samples[i].text, (struct slice_list){ 0 }, &said);
        if (strcmp(said.ptr, samples[i].said) != 0) {
            print_message("%s\ngot: %s\n", samples[i].text, said.ptr);
            n_wrong++;
        }
        buffer_free(&said);
    }
    assert_int_equal(n_wrong, 0);
}

#define ASSERT_SAID(samples) assert_said(samples, sizeof(samples) / sizeof(*(samples)))

#define CI "rules:\n  - id: a\n    on: ci.run\n"
#define LOG "rules:\n  - id: a\n    on: log\n"
#define ALONE(field, wanted)                                                                       \
    "warning: no `" field "` is all of " wanted                                                    \
    ": this clause never holds; where one of them is enough, write a list [never-holds]\n"
#define BOTH(field, wanted, line, other)                                                           \
    "warning: no `" field "` is both " wanted " and, as line " line " asks, " other                \
    ": these clauses never hold together; take one of them out [never-holds]\n"
#define NONE                                                                                       \
    "warning: `none` refuses all that the clauses around it ask for: nothing matches; take it "    \
    "out, or name in it what is to be left out [never-holds]\n"

static void a_clause_that_no_value_satisfies_is_told(void **state)
{
    static const struct sample samples[] = {
        { CI "    where: {duration: {gt: 5m, lt: 3m}}\n",
          "t.yaml:4:13: " ALONE("duration", "{\"gt\":\"5m\",\"lt\":\"3m\"}") },
        { CI "    where: {data.n: {gt: 5, lt: 5}}\n",
          "t.yaml:4:13: " ALONE("data.n", "{\"gt\":5,\"lt\":5}") },
        { CI "    where: {data.n: {ge: 5, le: 5}}\n", "" },
        { CI "    where: {data.n: {gt: 5, lt: 6}}\n", "" },
        { CI "    where: {data.n: {gt: 5, lt: 3s}}\n",
          "" }, /* of another unit: one may be either */
        { CI "    where: {'data.n[*]': {gt: 5, lt: 3}}\n", "" }, /* one element each */
        { CI "    where: {severity: {gt: critical}}\n",
          "t.yaml:4:13: " ALONE("severity", "{\"gt\":\"critical\"}") },
        { CI "    where: {severity: {lt: low}}\n",
          "t.yaml:4:13: " ALONE("severity", "{\"lt\":\"low\"}") },
        { CI "    where: {severity: {ge: critical}}\n", "" },
        { CI "    where: {branch: {eq: main, not: main}}\n",
          "t.yaml:4:13: " ALONE("branch", "{\"eq\":\"main\",\"not\":\"main\"}") },
        { CI "    where: {branch: {eq: main, not: [dev, main]}}\n",
          "t.yaml:4:13: " ALONE("branch", "{\"eq\":\"main\",\"not\":[\"dev\",\"main\"]}") },
        { CI "    where: {branch: {eq: main, not: dev}}\n", "" },
        { CI "    where: {branch: {eq: main, exists: false}}\n",
          "t.yaml:4:13: " ALONE("branch", "{\"eq\":\"main\",\"exists\":false}") },
        { CI "    where: {branch: {not: main, exists: false}}\n", "" },
        { CI "    where: {branch: {eq: main, exists: true}}\n", "" },
        { CI "    where: {data.items: {some: {n: {gt: 5, lt: 3}}}}\n", "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void clauses_that_never_hold_together_are_told_at_the_inner_one(void **state)
{
    static const struct sample samples[] = {
        { CI "    where:\n      state: failing\n      any: [{state: ok}, {branch: main}]\n",
          "t.yaml:6:14: " BOTH("state", "ok", "5", "failing") },
        { CI "    where:\n      branch: [main, dev]\n      any: [{branch: dev}, {repo: x}]\n", "" },
        { CI "    where:\n      data.n: {gt: 5}\n      any: [{data.n: {lt: 3}}]\n",
          "t.yaml:6:14: " BOTH("data.n", "{\"lt\":3}", "5", "{\"gt\":5}") },
        { CI "    where:\n      branch: main\n      none: [{branch: [main, dev]}]\n",
          "t.yaml:6:15: " NONE },
        { CI "    where:\n      branch: [main, dev]\n      none: [{branch: main}]\n", "" },
        { CI "    where:\n      branch: main\n      none: [{branch: main, repo: x}]\n", "" },
        { CI "    where:\n      branch: main\n      none: [{branch: {exists: false}}]\n", "" },
        /* what clears has the clauses of the rule: told once */
        { CI "    where: {data.n: {gt: 5, lt: 3}, state: failing}\n",
          "t.yaml:4:13: " ALONE("data.n", "{\"gt\":5,\"lt\":3}") },
        /* in a filter of the condition */
        { CI "    when: {followed_by: {on: deploy, where: {data.n: {gt: 5, lt: 3}}}, within: 5m}\n",
          "t.yaml:4:46: " ALONE("data.n", "{\"gt\":5,\"lt\":3}") },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_kind_that_on_does_not_name_is_told(void **state)
{
    static const struct sample samples[] = {
        { CI "    where: {kind: alert}\n",
          "t.yaml:4:13: warning: no event that `on` names is of the kind alert: this clause never "
          "holds; `on` is where kinds are asked for [other-kind]\n" },
        { CI "    where: {kind: [alert, ci.run]}\n", "" },
        { CI "    where: {kind: '/alert/'}\n", "" },
        { "rules:\n  - {id: a, on: [ci.run, 'gitlab.*'], where: {kind: alert, state: ok}}\n", "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

#define SIGNALS(id, more) "  - {id: " id ", on: vedette.signal, key: [repo]" more "}\n"
#define CIRCLE(other)                                                                              \
    "warning: this rule and `" other "` hear of each other: whatever fires one fires the other "   \
    "twice; say in `where` which rules it is about, `rule: [a, b]` [circle]\n"

static void rules_that_hear_of_each_other_are_told(void **state)
{
    static const struct sample samples[] = {
        { "rules:\n" SIGNALS("a", "") SIGNALS("b", ""), "t.yaml:2:17: " CIRCLE("b") },
        { "rules:\n" SIGNALS("a", "") SIGNALS("b", ", where: {rule: a}"),
          "t.yaml:2:17: " CIRCLE("b") },
        { "rules:\n" SIGNALS("a", ", where: {rule: [a, b]}") SIGNALS("b", ", where: {rule: a}"),
          "t.yaml:2:17: " CIRCLE("b") },
        { "rules:\n" SIGNALS("a", ", where: {rule: {not: a}}")
              SIGNALS("b", ", where: {state: failing}"),
          "t.yaml:2:17: " CIRCLE("b") },
        /* what a rule has caused itself it does not hear */
        { "rules:\n" SIGNALS("a", ""), "" },
        { "rules:\n" SIGNALS("a", ", where: {rule: {not: b}}") SIGNALS("b", ""), "" },
        { "rules:\n" SIGNALS("a", ", where: {rule: c}")
              SIGNALS("b", ", where: {rule: a}") "  - {id: c, on: alert}\n",
          "" },
        { "rules:\n" SIGNALS("a", ", where: {rule: '/^x/'}") SIGNALS("b", ""), "" },
        { "rules:\n" SIGNALS("a", ", when: {count: 5, within: 1h}") SIGNALS("b", ""), "" },
        { "rules:\n  - {id: a, on: vedette.watcher}\n  - {id: b, on: vedette.watcher}\n", "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_clear_that_every_match_satisfies_is_told(void **state)
{
#define CLEARS                                                                                     \
    "warning: every event that matches clears as well, and what clears is no match: this rule "    \
    "never fires; name in `clear` what only the good ones have [clears-all]\n"
    static const struct sample samples[] = {
        { CI "    where: {branch: main, state: failing}\n    clear: {where: {branch: main}}\n",
          "t.yaml:5:12: " CLEARS },
        { LOG "    match: '/down/'\n    clear: {match: '/down/'}\n", "t.yaml:5:12: " CLEARS },
        { LOG "    match: ['/link down/', '/card down/']\n    clear: {match: '/link down/'}\n",
          "" },
        { LOG "    match: '/down/'\n    clear: {match: '/up/'}\n", "" },
        { LOG "    match: '/down/'\n    clear: {ignore: '/down/', match: '/down/'}\n", "" },
        { CI "    where: {branch: main}\n    clear: {where: {state: ok}}\n", "" },
        { CI "    where: {branch: main}\n    clear: {on: deploy}\n", "" },
        { CI "    where: {branch: main}\n    clear: {where: {branch: main}, count: 3}\n", "" },
        { CI "    where: {branch: main}\n    clear: {quiet: 2h}\n    verify: {quiet: 1h}\n", "" },
        /* fires for what never came */
        { "rules:\n  - {id: a, on: deploy, key: [service], when: {absent: 1h, expect: [shop]}, "
          "clear: {on: deploy}}\n",
          "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_pattern_that_ignore_throws_out_again_is_told(void **state)
{
#define IGNORED(pattern)                                                                           \
    "warning: `ignore: " pattern                                                                   \
    "` throws out all that this pattern finds; narrow it, or take one of them out [ignored]\n"
    static const struct sample samples[] = {
        { LOG "    match: '/disk full/'\n    ignore: '/disk full/'\n",
          "t.yaml:4:12: " IGNORED("/disk full/") },
        { LOG "    match: ['/disk (full|gone)/', '/fan stopped/']\n    ignore: '/disk/'\n",
          "t.yaml:4:13: " IGNORED("/disk/") },
        { LOG "    match: '/Disk full/'\n    ignore: '/disk/i'\n",
          "t.yaml:4:12: " IGNORED("/disk/i") },
        { LOG "    match: '/disk full/i'\n    ignore: '/disk/'\n", "" }, /* DISK FULL is not */
        { LOG "    match: '/Disk full/'\n    ignore: '/disk/'\n", "" },
        { LOG "    match: '/(disk|volume) full/'\n    ignore: '/disk/'\n", "" },
        { LOG "    match: '/disk full/'\n    ignore: '/disk full on tmp/'\n", "" },
        { LOG "    match: '/disk full/'\n    ignore: '/^disk/'\n", "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_pattern_for_every_line_is_told(void **state)
{
#define LITERAL                                                                                    \
    "warning: no characters in a row stand in all that this pattern matches, so it is tried on "   \
    "every line: put a word into it that each of them has (`check --verbose` says what it costs) " \
    "[no-literal]\n"
    static const struct sample samples[] = {
        { LOG "    match: '/\\d+ *[a-z]*$/'\n", "t.yaml:4:12: " LITERAL },
        { LOG "    match: ['/error \\d+/', '/\\d+ *[a-z]*$/']\n", "t.yaml:4:28: " LITERAL },
        { LOG "    match: '/error|fatal/i'\n", "" },
        { LOG "    match: '/\\d+ *[a-z]*$/'\n    where: {data.level: error}\n", "" },
        { CI "    match: '/\\d+ *[a-z]*$/'\n", "" }, /* no line */
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_group_that_nobody_asks_for_is_told(void **state)
{
#define UNUSED(name)                                                                               \
    "warning: nothing asks for the group `" name                                                   \
    "`: name it in `key`, `title` or `where`, or write (?:…) [unused-capture]\n"
    static const struct sample samples[] = {
        { LOG "    match: '/unit (?<unit>\\w+) fell/'\n", "t.yaml:4:12: " UNUSED("unit") },
        { LOG "    match: '/unit (?P<unit>\\w+) fell/'\n", "t.yaml:4:12: " UNUSED("unit") },
        { LOG "    match: '/unit (?<host>\\w+) fell/'\n", "" }, /* a field of the event */
        { LOG "    match: '/unit (?<unit>\\w+) fell/'\n    key: [unit]\n", "" },
        { LOG "    match: '/unit (?<unit>\\w+) fell/'\n    title: \"{{unit | upper}}\"\n", "" },
        { LOG "    match: '/unit (?<unit>\\w+) fell/'\n    where: {unit: {not: a}}\n", "" },
        { LOG "    match: '/unit (?<unit>\\w+) fell on \\k<unit>/'\n", "" },
        { LOG "    match: '/unit (?<unit>\\w+) fell/'\n    when: {distinct: unit, count: 5, "
              "within: 5m}\n",
          "" },
        { LOG "    match: '/unit (?<unit>\\w+) fell/'\n    propose: {plan: [{do: x, with: {u: "
              "\"{{unit}}\"}}]}\n",
          "" },
        /* a shared pattern, of which one rule wants one group and another one the other */
        { "patterns: {p: '/unit (?<unit>\\w+) of (?<rack>\\w+)/'}\nrules:\n  - {id: a, on: log, "
          "match: $p, key: [unit]}\n  - {id: b, on: log, match: $p, key: [rack]}\n",
          "" },
        /* another rule compares it */
        { "rules:\n  - {id: a, on: log, match: '/unit (?<unit>\\w+) fell/'}\n  - {id: b, on: log, "
          "match: '/fan of (?<unit>\\w+)/', unless: [a], same: [unit]}\n",
          "" },
        /* a rule about rules may ask for whatever they have */
        { "rules:\n  - {id: a, on: log, match: '/unit (?<unit>\\w+) fell/'}\n  - {id: b, on: "
          "vedette.signal, where: {data.fields.unit: x}}\n",
          "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_group_that_maintenance_asks_for_is_used(void **state)
{
    struct slice names[] = { SLICE("rack") };
    struct buffer said;

    (void)state;
    lint(LOG "    match: '/unit (?<rack>\\w+) fell/'\n",
         (struct slice_list){ .items = names, .n_items = 1 }, &said);
    assert_string_equal(said.ptr, "");
    buffer_free(&said);
}

static void a_key_that_is_never_seen_twice_is_told(void **state)
{
#define VOLATILE(name)                                                                             \
    "warning: `" name                                                                              \
    "` is another one each time: every event is a signal of its own, and none ends what an "       \
    "earlier one began; leave it out of the key, and show it in the title [volatile-key]\n"
    static const struct sample samples[] = {
        { CI "    key: [repo, commit]\n", "t.yaml:4:17: " VOLATILE("commit") },
        { CI "    key: [run]\n", "t.yaml:4:11: " VOLATILE("run") },
        { CI "    key: time\n", "t.yaml:4:10: " VOLATILE("time") },
        { CI "    key: \"{{repo}} at {{received}}\"\n", "t.yaml:4:10: " VOLATILE("received") },
        { CI "    key: [repo, branch, workflow]\n", "" },
        /* what belongs together has it alike */
        { "rules:\n  - {id: a, on: push, key: [repo, commit], where: {repo: x}, when: "
          "{not_followed_by: {on: ci.run}, within: 10m}}\n",
          "" },
        { CI "    key: [repo, commit]\n    when: {count: 3, within: 7d}\n", "" },
        { CI "    key: [run]\n    when: {distinct: workflow, count: 3, within: 1h}\n", "" },
        { CI "    key: [repo, duration]\n    when: {count: 3, within: 7d}\n",
          "t.yaml:4:17: " VOLATILE("duration") },
        { CI "    key: [repo, test]\n    when: {flaps: state, count: 3, within: 7d, by: commit}\n",
          "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_level_that_no_run_has_is_told(void **state)
{
#define LEVEL(word)                                                                                \
    "warning: `level` of a ci.run is never `" word                                                 \
    "`, but one of run job check; the sender's own words stay under data. [never-holds]\n"
    static const struct sample samples[] = {
        { CI "    where: {level: foo}\n", "t.yaml:4:13: " LEVEL("foo") },
        { CI "    where: {level: [run, jobs]}\n", "t.yaml:4:13: " LEVEL("jobs") },
        { CI "    where: {level: {not: runn}}\n", "t.yaml:4:13: " LEVEL("runn") },
        { CI "    where: {any: [{level: foo}, {repo: x}]}\n", "t.yaml:4:20: " LEVEL("foo") },
        { CI "    where: {level: [run, job, check]}\n", "" },
        { CI "    where: {level: '/foo/'}\n", "" },
        /* a mapping may make anything of it */
        { "rules:\n  - {id: a, on: message, where: {level: health}}\n", "" },
        { "rules:\n  - {id: a, on: [ci.run, message], where: {level: health, state: ok}}\n", "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_rule_that_asks_others_than_signals_for_their_rule_is_told(void **state)
{
#define ONLY_SIGNALS                                                                               \
    "warning: `rule` is a field of vedette.signal and vedette.proposal, which `on` does not "      \
    "name: "
#define NO_SUCH(what)                                                                              \
    ONLY_SIGNALS "an event has no such " what                                                      \
                 ", so nothing matches; a template has the rule's own name as {{rule}} "           \
                 "[other-kind]\n"
#define ALERT "rules:\n  - id: a\n    on: alert\n"
    static const struct sample samples[] = {
        { ALERT "    key: [rule, service]\n", "t.yaml:4:11: " NO_SUCH("key") },
        { ALERT "    key: rule\n", "t.yaml:4:10: " NO_SUCH("key") },
        { ALERT "    group: {by: [service, rule]}\n", "t.yaml:4:27: " NO_SUCH("group") },
        { ALERT "    where: {rule: x}\n",
          "t.yaml:4:13: " ONLY_SIGNALS "this clause never holds [other-kind]\n" },
        { ALERT "    where: {any: [{rule: '/x/'}, {service: x}]}\n",
          "t.yaml:4:20: " ONLY_SIGNALS "this clause never holds [other-kind]\n" },
        { ALERT "    where: {rule: {exists: false}}\n", "" },
        { ALERT "    where: {rule: {not: x}}\n", "" },
        { ALERT "    title: \"{{rule}}\"\n", "" },
        { ALERT "    where: {rule: x} # accept: other-kind\n", "" },
        { "rules:\n  - {id: a, on: [alert, vedette.signal], key: [rule], where: {state: "
          "failing}}\n",
          "" },
        { "rules:\n  - {id: a, on: vedette.signal, key: [rule], where: {rule: '/x/'}}\n", "" },
        { "rules:\n  - {id: a, on: 'vedette.*', key: [rule], where: {rule: '/x/'}}\n", "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_rule_about_signals_of_no_rule_is_told(void **state)
{
#define ABOUT(wanted)                                                                              \
    "rules:\n  - {id: down, on: alert}\n  - {id: b, on: vedette.signal, where: {" wanted "}}\n"
#define NO_RULE(id) "warning: there is no rule `" id "`, so nothing of it"
    static const struct sample samples[] = {
        { ABOUT("rule: dwon"),
          "t.yaml:3:41: " NO_RULE("dwon") "; did you mean `down`? [unknown-rule]\n" },
        { ABOUT("rule: [down, other-thing]"),
          "t.yaml:3:41: " NO_RULE("other-thing") " [unknown-rule]\n" },
        { ABOUT("rule: {not: dwn}"),
          "t.yaml:3:41: " NO_RULE("dwn") "; did you mean `down`? [unknown-rule]\n" },
        { ABOUT("rule: down"), "" },
        { ABOUT("rule: '/^do/'"), "" },
        { ABOUT("rule: b"), "" },
        { "rules:\n  - {id: down, on: alert}\n  - {id: b, on: push, where: {repo: x}, when: "
          "{followed_by: {on: vedette.signal, key: [subject], where: {rule: doown}}, within: "
          "1h}}\n",
          "t.yaml:3:106: " NO_RULE("doown") "; did you mean `down`? [unknown-rule]\n" },
        /* a mapping may fill it */
        { "rules:\n  - {id: a, on: [alert, vedette.signal], where: {rule: x, state: failing}}\n",
          "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void what_forgets_before_it_has_learnt_is_told(void **state)
{
#define FORGETS(forget, learn)                                                                     \
    "warning: a value is forgotten (`forget: " forget                                              \
    "`) before the rule has learnt (`learn: " learn                                                \
    "`): what comes less often is told as new again; let `forget` be at least as long as "         \
    "`learn` [forgets-first]\n"
    static const struct sample samples[] = {
        { LOG "    when: {new: data.e, learn: 7d, forget: 1d}\n",
          "t.yaml:4:44: " FORGETS("1d", "7d") },
        { LOG "    when: {new: data.e, forget: 1d}\n", "t.yaml:4:33: " FORGETS("1d", "7d") },
        { LOG "    when: {new: data.e, learn: 31d}\n", "t.yaml:4:11: " FORGETS("30d", "31d") },
        { LOG "    when: {new: data.e, learn: 7d, forget: 7d}\n", "" },
        { LOG "    when: {new: data.e}\n", "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_rule_that_would_ask_about_everything_is_told(void **state)
{
#define BROAD(on)                                                                                  \
    "warning: people would be asked about every `" on                                              \
    "` event: say which by `match` or `where`, how many by `when: {count: 5, within: 10m}`, or "   \
    "`mode: observe` [broad]\n"
    static const struct sample samples[] = {
        { LOG, "t.yaml:3:9: " BROAD("log") },
        { "rules:\n  - {id: a, on: '*'}\n", "t.yaml:2:17: " BROAD("*") },
        { "rules:\n  - {id: a, on: [alert, push], where: {state: failing}}\n", "" },
        { LOG "    match: '/error/'\n", "" },
        { LOG "    where: {host: db}\n", "" },
        { LOG "    when: {count: 5, within: 10m}\n", "" },
        { LOG "    ignore: '/debug/'\n", "" },
        { LOG "    mode: observe\n", "" },
        { "rules:\n  - {id: any-alert, on: alert}\n", "" },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_comment_accepts_a_warning_by_its_name(void **state)
{
    static const struct sample samples[] = {
        { "rules:\n  - id: a\n    on: log # accept: broad\n", "" },
        { "rules:\n  - id: a\n    # every line is wanted here  # accept: no-literal, broad\n    "
          "on: log\n",
          "" },
        { "rules:\n  - id: a\n    on: log # accept: no-literal\n", "t.yaml:3:9: " BROAD("log") },
        { "rules:\n  # accept: broad\n  - id: a\n    on: log\n", "t.yaml:4:9: " BROAD("log") },
    };

    (void)state;
    ASSERT_SAID(samples);
}

static void a_broken_rule_is_not_looked_at_and_its_neighbour_is(void **state)
{
    static const struct sample samples[] = {
        { "rules:\n  - {id: a, on: log, severity: hgh}\n  - {id: b, on: log}\n",
          "t.yaml:2:32: error: `severity` must be one of (did you mean `high`?) low medium high "
          "critical, not `hgh`\nt.yaml:3:17: " BROAD("log") },
    };

    (void)state;
    ASSERT_SAID(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clause_that_no_value_satisfies_is_told),
        cmocka_unit_test(clauses_that_never_hold_together_are_told_at_the_inner_one),
        cmocka_unit_test(a_kind_that_on_does_not_name_is_told),
        cmocka_unit_test(rules_that_hear_of_each_other_are_told),
        cmocka_unit_test(a_clear_that_every_match_satisfies_is_told),
        cmocka_unit_test(a_pattern_that_ignore_throws_out_again_is_told),
        cmocka_unit_test(a_pattern_for_every_line_is_told),
        cmocka_unit_test(a_group_that_nobody_asks_for_is_told),
        cmocka_unit_test(a_group_that_maintenance_asks_for_is_used),
        cmocka_unit_test(a_key_that_is_never_seen_twice_is_told),
        cmocka_unit_test(a_level_that_no_run_has_is_told),
        cmocka_unit_test(a_rule_that_asks_others_than_signals_for_their_rule_is_told),
        cmocka_unit_test(a_rule_about_signals_of_no_rule_is_told),
        cmocka_unit_test(what_forgets_before_it_has_learnt_is_told),
        cmocka_unit_test(a_rule_that_would_ask_about_everything_is_told),
        cmocka_unit_test(a_comment_accepts_a_warning_by_its_name),
        cmocka_unit_test(a_broken_rule_is_not_looked_at_and_its_neighbour_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
