/* What the loader refuses, or warns of, word for word: each message once, at its place, with what is valid there. What is said of single members, patterns and clauses stands in the tests
 * of those (test_settings.c, test_pattern_problems.c, test_where_load.c, those of the conditions). */
#include "rule_fixture.h"

#define LOG "rules:\n  - id: a\n    on: log\n"
#define CI "rules:\n  - id: a\n    on: ci.run\n"
#define KNOWN                                                                                      \
    "known here: source type kind watcher subject title text state severity level service host "   \
    "repo branch commit run attempt workflow job test duration actor environment url rule time "   \
    "received data.… and named groups of its patterns"

#define ON "`on` names kinds (ci.run), types (github.workflow_run) or globs (github.*)"

static void r01_every_refusal_names_its_place_and_what_is_valid_there(void **state)
{
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        { "rules: x\n", "t.yaml:1:8: error: `rules` is a list, not text\n" },
        { "rules:\n  - x\n", "t.yaml:2:5: error: a rule is a map of members, not text\n" },
        { LOG "    match: []\n", "t.yaml:4:12: error: an empty list of patterns would never match: "
                                 "name one, or leave it out\n" },
        { LOG "    match: error\n", "t.yaml:4:12: error: a pattern is expected here, between "
                                    "slashes and in single quotes: '/error|fatal/i'\n" },
        { LOG "    match: [error]\n", "t.yaml:4:13: error: a pattern is expected here, between "
                                      "slashes and in single quotes: '/error|fatal/i'\n" },
        { LOG "    match: '/x/q'\n",
          "t.yaml:4:12: error: a pattern is expected here, between slashes and in single quotes: "
          "'/error|fatal/i'; behind the last slash stand flags (i x s u), and `q` is none\n" },
        { LOG "    match: '/x/iq'\n",
          "t.yaml:4:12: error: a pattern is expected here, between slashes and in single quotes: "
          "'/error|fatal/i'; behind the last slash stand flags (i x s u), and `q` is none\n" },
        { "rules: [{id: a, on: '/x/'}]\n",
          "t.yaml:1:21: error: " ON ", not patterns; the text is searched by `match`\n" },
        { "rules: [{id: a, on: 5}]\n", "t.yaml:1:21: error: " ON ", not `5`\n" },
        { "rules: [{id: a, on: [push, a b]}]\n", "t.yaml:1:28: error: " ON ", not `a b`\n" },
        { "rules: [{id: a, on: \"a\\tb\"}]\n", "t.yaml:1:21: error: " ON ", not `a\\x09b`\n" },
        { "rules: [{id: a, on: '--'}]\n", "t.yaml:1:21: error: " ON ", not `--`\n" },
        { "rules: [{id: a, on: [\"*\", 'git*', com.example/x-1:y]}]\n", "" },
        { LOG "    when: {change: version}\n",
          "t.yaml:4:20: error: no event of this rule can have `version`; where its payload has it, "
          "write `data.version`; " KNOWN "\n" },
        { LOG "    when: {new: exception}\n",
          "t.yaml:4:17: error: no event of this rule can have `exception`; where its payload has "
          "it, write `data.exception`; " KNOWN "\n" },
        { LOG "    key: [foo]\n",
          "t.yaml:4:11: error: no event of this rule can have `foo`; where its payload has it, "
          "write `data.foo`; " KNOWN "\n" },
        { LOG "    where: {host: {foo: 1}}\n",
          "t.yaml:4:20: error: unknown member `foo`; valid here: eq not exists gt ge lt le before "
          "after cidr file some\n" },
        { LOG "    where: {data.x[0]: a}\n",
          "t.yaml:4:19: error: the map opened at 4:12 needs a `,` or `}` here; a path with `[` "
          "stands in quotes inside {} and []: 'data.x[0]'\n" },
        { LOG "    where: {data.x[*].y: a}\n",
          "t.yaml:4:20: error: `*` begins an alias, and aliases are refused: quote the text; a "
          "path with `[` stands in quotes inside {} and []: 'data.x[*].y'\n" },
        { LOG "    key: [host, data.x[0]]\n",
          "t.yaml:4:23: error: the list opened at 4:10 needs a `,` or `]` here; a path with `[` "
          "stands in quotes inside {} and []: 'data.x[0]'\n" },
        { LOG "    where: {host: a [b]}\n",
          "t.yaml:4:21: error: the map opened at 4:12 needs a `,` or `}` here\n" },
        { LOG "    match: {a: b}\n",
          "t.yaml:4:12: error: a pattern is expected here, not a map\n" },
        { LOG "    match: '/(?<state>x) fell/'\n",
          "t.yaml:4:12: error: a capture may not be named `state`, which says something else of an "
          "event; of those names it may have: subject service host repo branch commit actor "
          "environment severity test\n" },
        { LOG "    match: '/(?<data>x) fell/'\n",
          "t.yaml:4:12: error: a capture may not be named `data`, which says something else of an "
          "event; of those names it may have: subject service host repo branch commit actor "
          "environment severity test\n" },
        { LOG "    where: x\n",
          "t.yaml:4:12: error: a map of clauses is expected here: {field: value}\n" },
        { LOG "    where: {host: {}}\n",
          "t.yaml:4:19: error: an empty map says nothing; valid here: eq not exists gt ge lt le "
          "before after cidr file some\n" },
        { LOG "    where: {host: []}\n", "t.yaml:4:19: error: an empty list would never hold: name "
                                         "its values, or leave the clause out\n" },
        { LOG "    where: {host: {eq: [a]}}\n",
          "t.yaml:4:24: error: `eq` must be text, not a list\n" },
        { LOG "    where: {any: []}\n",
          "t.yaml:4:18: error: `any` is a list of maps of clauses: [{field: value}]\n" },
        { LOG "    where: {any: {host: a}}\n",
          "t.yaml:4:18: error: `any` is a list of maps of clauses: [{field: value}]\n" },
        { LOG "    where: {data.a: {some: [a]}}\n",
          "t.yaml:4:28: error: `some` is a map of clauses on one element: {name: api, status: "
          "down}; where the elements are text, write [*] behind the path\n" },
        { LOG "    where: {data.a: {some: {'[': a}}}\n",
          "t.yaml:4:29: error: `[` is no path inside an element: an index, [*] or [\"name\"] was "
          "expected\n" },
        { LOG "    where: {'data.[': a}\n",
          "t.yaml:4:13: error: `data.[` is no path: an index, [*] or [\"name\"] was expected\n" },
        { LOG "    where: {time: {gt: 5}}\n",
          "t.yaml:4:24: error: a time is compared with {before: 14d} or {after: 1h}, not `5`\n" },
        { LOG "    where: {host: $hosts}\n",
          "t.yaml:4:19: error: no list and no pattern of this file is named `hosts`; text that "
          "begins with $ stands in quotes\n" },
        { LOG "    key: \"{{count}}\"\n", "t.yaml:4:13: error: `count` cannot be part of a key: "
                                          "the key says which signal it is\n" },
        { LOG "    key: \"{{first.host}}\"\n", "t.yaml:4:13: error: `first.host` cannot be part of "
                                               "a key: the key says which signal it is\n" },
        { LOG "    key: [[host]]\n",
          "t.yaml:4:11: error: a key is a list of field names, or one template\n" },
        { LOG "    title: \"{{signal.title}}\"\n",
          "t.yaml:4:12: error: a title cannot name signal.title, which is made of it\n" },
        { LOG "    title: \"{{last_good}}\"\n",
          "t.yaml:4:15: error: `last_good` is known to rules that are `on` ci.run and that an "
          "event clears; this is none\n" },
        { LOG "    title: \"{{host | shout}}\"\n",
          "t.yaml:4:22: error: bad template: unknown filter; known: default: TEXT, json, truncate: "
          "N, upper, lower, ago\n" },
        { LOG "    clear: {}\n", "t.yaml:4:12: error: `clear` is `never`, {quiet: 1h} or a map of "
                                 "on, match, where, ignore, key, count\n" },
        { LOG "    clear: x\n", "t.yaml:4:12: error: `clear` is `never`, {quiet: 1h} or a map of "
                                "on, match, where, ignore, key, count\n" },
        { LOG "    clear: {quiet: 1h, match: '/up again/'}\n",
          "t.yaml:4:12: error: `clear` has either `quiet` or a filter, not both\n" },
        { LOG "    where: {any: [{host: a}]}\n    clear: {where: {any: [{host: b}]}}\n",
          "t.yaml:5:12: error: `any` stands in the rule's where and in clear.where, and both would "
          "have to hold: write it in one of them\n" },
        { LOG "    when: {count: 2, within: 5m, weight: duration}\n",
          "t.yaml:4:42: error: `duration` is never a plain number: it is no `weight`\n" },
        { LOG "    when: {count: 2, within: 5m, weight: state}\n",
          "t.yaml:4:42: error: `state` is never a plain number: it is no `weight`\n" },
        { LOG "    when: {count: 2, within: 5m, weight: {a: b}}\n",
          "t.yaml:4:42: error: the name of a field is expected here, not a map\n" },
        { LOG "    when: {count: 2, within: 5m, wieght: host}\n",
          "t.yaml:4:34: error: unknown member `wieght`; did you mean `weight`? valid here: count "
          "within weight\n" },
        { LOG "    when: {sequence: [{match: '/one up/'}], within: 5m}\n",
          "t.yaml:4:22: error: `sequence` has 2 to 15 steps, not 1\n" },
        { LOG "    when: {sequence: {}, within: 5m}\n",
          "t.yaml:4:22: error: `sequence` is a list of filters, one for each step, not a map\n" },
        { LOG "    when: {followed_by: {}, within: 5m}\n",
          "t.yaml:4:25: error: a filter is a map of on, match, where, ignore, key, count, not an "
          "empty one\n" },
        { LOG "    when: {followed_by: x, within: 5m}\n",
          "t.yaml:4:25: error: a filter is a map of on, match, where, ignore, key, count, not "
          "text\n" },
        { LOG "    when: {absent: soon}\n",
          "t.yaml:4:20: error: `absent` is a duration from 1s to 366d with its unit, as 24h, or a "
          "map: {cron: \"0 2 * * mon-fri\", tz: UTC}\n" },
        { LOG "    when: {absent: {cron: \"0 2 * *\"}}\n",
          "t.yaml:4:28: error: `cron`: a schedule has five fields (minute, hour, day of the month, "
          "month, day of the week), not 4\n" },
        { LOG "    when: {absent: {cron: \"0 2 * * *\", tz: Mars}}\n",
          "t.yaml:4:44: error: `tz` is the name of a zone that this machine knows, as "
          "Europe/Berlin or UTC, or an offset, as +02:00\n" },
        { LOG "    when: {absent: 24h, forget: 1h}\n",
          "t.yaml:4:33: error: a key would be forgotten (`forget: 1h`) before it is missed: it "
          "must be longer than `absent` (1d) and `grace` (0s) together\n" },
        { LOG "    when: {absent: 24h, expect: []}\n",
          "t.yaml:4:33: error: `expect` is a list of 1 to 10000 keys, each a list of the values of "
          "its fields, as [[orders], [users]]\n" },
        { LOG "    when: {absent: 24h, expect: [[a, b]]}\n",
          "t.yaml:4:34: error: the key of this rule has 1 value, and this one 2\n" },
        { LOG "    when: {absent: 24h, expect: [[[a]]]}\n",
          "t.yaml:4:35: error: a value of a key is a text, not a list\n" },
        { LOG "    key: \"\"\n", "t.yaml:4:10: error: an empty key would fold everything together: "
                                 "leave it out for `subject`\n" },
        { LOG "    key: \"  \"\n", "t.yaml:4:10: error: an empty key would fold everything "
                                   "together: leave it out for `subject`\n" },
        { LOG "    key: [host, \"\"]\n",
          "t.yaml:4:17: error: a key is a list of field names, or one template\n" },
        { LOG "    title: \"\"\n",
          "t.yaml:4:12: error: `title` is empty: give it a value, or leave it out\n" },
        { LOG "    title: \" \"\n",
          "t.yaml:4:12: error: `title` is empty: give it a value, or leave it out\n" },
        { LOG "    diagnose: {question: \"\"}\n",
          "t.yaml:4:26: error: `question` is empty: give it a value, or leave it out\n" },
        { LOG "    when: {change: data.v, from: a, to: a}\n",
          "t.yaml:4:41: error: from `a` to `a` nothing changes: this would never come true\n" },
        { LOG "    when: {change: data.v, from: [a], to: [a, a]}\n",
          "t.yaml:4:44: error: from `a` to `a` nothing changes: this would never come true\n" },
        { LOG "    when: {change: data.v, from: [a, b], to: a}\n", "" },
        { LOG "    when: {change: data.v, from: a, to: [a, b]}\n", "" },
        { LOG "    when: {change: data.v, to: a}\n", "" },
        { CI "    when: {avg: duration, above: 5, within: 1h}\n",
          "t.yaml:4:34: error: a bound on `duration` is a duration with its unit (90s 5m 1h 7d), "
          "of ten years at most, not `5`\n" },
        { CI "    when: {sum: duration, below: 64KB, within: 1h}\n",
          "t.yaml:4:34: error: a bound on `duration` is a duration with its unit (90s 5m 1h 7d), "
          "of ten years at most, not `64KB`\n" },
        { CI "    when: {avg: duration, above: 5m, clear_below: 4, within: 1h}\n",
          "t.yaml:4:51: error: a bound on `duration` is a duration with its unit (90s 5m 1h 7d), "
          "of ten years at most, not `4`\n" },
        { CI "    when: {avg: duration, above: 5m, clear_below: 4m, within: 1h}\n", "" },
        { CI "    when: {avg: duration, above: 2x, against: 7d, within: 1h}\n", "" },
        { CI "    when: {avg: data.n, above: 5, within: 1h}\n", "" },
        { CI "    when: {avg: attempt, above: 5, within: 1h}\n", "" },
        { CI "    when: {sum: state, above: 5, within: 1h}\n",
          "t.yaml:4:17: error: `state` is never a number, a duration or a size: it has no "
          "`sum`\n" },
        { CI "    when: {max: time, above: 5, within: 1h}\n",
          "t.yaml:4:17: error: `time` is never a number, a duration or a size: it has no `max`\n" },
        { CI "    when: {p95: severity, above: 2x, against: 7d, within: 1h}\n",
          "t.yaml:4:17: error: `severity` is never a number, a duration or a size: it has no "
          "`p95`\n" },
        { CI "    when: {change: state, to: []}\n",
          "t.yaml:4:31: error: an empty list of values: nothing is in it\n" },
        { CI "    when: {avg: duration, within: 1h}\n",
          "t.yaml:4:11: error: `avg` needs a bound: one of `above` and `below`\n" },
        { CI "    when: {avg: duration, above: 5m, clear_above: 1m, within: 1h}\n",
          "t.yaml:4:51: error: `clear_above` ends `below`; what ends `above` is `clear_below`\n" },
        { CI "    when: {avg: duration, above: 5m, clear_below: 9m, within: 1h}\n",
          "t.yaml:4:51: error: `clear_below` must not be more than `above`\n" },
        { CI "    when: {avg: duration, above: 2x, within: 1h}\n",
          "t.yaml:4:34: error: a factor needs `against`: the time before, as 7d\n" },
        { CI "    when: {ratio: 5%, having: {on: log}, within: 5m, at_least: 100}\n",
          "t.yaml:4:32: error: `having` looks at the rule's own matches one by one, so it cannot "
          "name `on`; valid here: match where ignore\n" },
        { CI "    when: {ratio: 5, having: {where: {state: failing}}, within: 5m, at_least: 100}\n",
          "t.yaml:4:19: error: `ratio` must be a share with a %, as 5% or 0.5%, more than 0% and "
          "at most 100%\n" },
        { CI "    when: {new: shape}\n",
          "t.yaml:4:17: error: `new: shape` is not in this version of Vedette yet\n" },
        { LOG "    group: {}\n",
          "t.yaml:4:12: error: `group` is a map of by, wait, name: {by: [service], wait: 30s}\n" },
        { LOG "    group: {by: {a: b}}\n",
          "t.yaml:4:17: error: `by` is a list of field names, not a map\n" },
        { LOG "    group: {name: [x]}\n",
          "t.yaml:4:19: error: the name of a group is letters, digits, - _ and ., begins with a "
          "letter or a digit and has at most 100 of them\n" },
        { LOG "    group: {name: -}\n",
          "t.yaml:4:19: error: the name of a group is letters, digits, - _ and ., begins with a "
          "letter or a digit and has at most 100 of them\n" },
        { LOG "    active: {}\n", "t.yaml:4:13: error: `active` is a map: {days: mon-fri, from: "
                                  "\"08:00\", to: \"18:00\", tz: Europe/Berlin}\n" },
        { LOG "    active: {days: {}}\n",
          "t.yaml:4:20: error: `days` is mon-fri, or sat,sun, or a list, not a map\n" },
        { LOG "    active: {days: []}\n",
          "t.yaml:4:20: error: `days` names at least one; leave it out for every day\n" },
        { LOG "    active: {tz: Mars}\n",
          "t.yaml:4:18: error: this machine knows no such time zone; one is Europe/Berlin, UTC, or "
          "an offset as +02:00\n" },
        { LOG "    active: {from: \"08:00\", to: \"08:00\"}\n",
          "t.yaml:4:33: error: `from` and `to` are the same time; leave both out for the whole "
          "day\n" },
        { LOG "    same: [host]\n", "t.yaml:4:11: error: `same` belongs to `unless` or `while`: it "
                                    "says what both signals have alike\n" },
        { LOG "    unless: {}\n",
          "t.yaml:4:13: error: `unless` is a list of rules by their ids: [db-down]\n" },
        { LOG "    unless: [a]\n", "t.yaml:4:14: error: a rule cannot name itself here: it would "
                                   "wait for itself for ever\n" },
        { LOG "    unless: [b]\n    while: [b]\n  - {id: b, on: alert}\n",
          "t.yaml:5:13: error: `b` stands in `unless` and in `while`: this rule could never "
          "ask\n" },
        { LOG "    unless: [b]\n  - {id: b, on: log, unless: [a]}\n",
          "t.yaml:5:31: error: `unless` goes round: a → b → a; fired together, each would wait for "
          "the other for ever\n" },
        { LOG "    match: '/(?<unit>x) fell/'\n    unless: [b]\n    same: [unit]\n  - {id: b, on: "
              "alert}\n",
          "t.yaml:5:14: error: no signal of `b` can have `unit`, which `same` names: the two would "
          "never be alike\n" },
        { LOG "    diagnose: {evidence: x}\n",
          "t.yaml:4:26: error: `evidence` is a list, not text\n" },
        { LOG "    diagnose: {evidence: [{}]}\n",
          "t.yaml:4:27: error: one piece of evidence is one of {changes: {within: 2h}}, {similar: "
          "5}, {do: ACTION, with: {…}}, {log: {watcher: app, match: '/error/i'}}\n" },
        { LOG "    diagnose: {evidence: [{changes: {within: 1h}, similar: 2}]}\n",
          "t.yaml:4:27: error: one piece of evidence is one of {changes: {within: 2h}}, {similar: "
          "5}, {do: ACTION, with: {…}}, {log: {watcher: app, match: '/error/i'}}\n" },
        { LOG "    diagnose: {evidence: [{log: [a]}]}\n",
          "t.yaml:4:33: error: `log` is the name of a watcher, or {watcher: app, around: 5m, "
          "match: '/error/i', lines: 100}, not a list\n" },
        { LOG "    diagnose: {agent: triage}\n",
          "t.yaml:4:16: error: `agent` is not in this version of Vedette yet; valid here: question "
          "scope evidence constraints criteria timeout\n" },
        { LOG "    propose: {plan: []}\n",
          "t.yaml:4:21: error: `plan` is a list of steps: [{do: ACTION, with: {…}}]\n" },
        { LOG "    propose: {plan: x}\n",
          "t.yaml:4:21: error: `plan` is a list of steps: [{do: ACTION, with: {…}}]\n" },
        { LOG "    propose: {plan: [{do: x, with: y}]}\n",
          "t.yaml:4:36: error: `with` is a map of parameters, not text\n" },
        { LOG "    propose: {plan: [{why: y}]}\n",
          "t.yaml:4:22: error: `do` is missing here: the name of an action of vedette.yaml\n" },
        { LOG "    propose: {plan: [{do: x}], allow: [y]}\n",
          "t.yaml:4:22: error: the plan does `x`, which `allow` does not name: add it there, or "
          "leave `allow` out\n" },
        { LOG "    propose: {approvers: {need: 0}}\n",
          "t.yaml:4:33: error: `need` must be between 1 and 20, not `0`\n" },
        { LOG "    propose: {approvers: {not: [boss]}}\n",
          "t.yaml:4:26: error: no event of this rule can have `boss`; where its payload has it, "
          "write `data.boss`; " KNOWN "\n" },
        { LOG "    verify: {}\n", "t.yaml:4:13: error: `verify` is one of {ok: 1h}, {quiet: 30m}, "
                                  "{check: ACTION, with: {…}}, none\n" },
        { LOG "    verify: {ok: 1h}\n",
          "t.yaml:4:13: warning: {ok: …} waits for an event that clears, and `clear` names none: "
          "write {quiet: 30m}, or say in `clear` which event it is\n" },
        { LOG "    verify: {check: x, quiet: 1h}\n",
          "t.yaml:4:13: error: `verify` is one of {ok: 1h}, {quiet: 30m}, {check: ACTION, with: "
          "{…}}, none\n" },
        { "defaults: {id: x}\nrules: [{id: a, on: log}]\n",
          "t.yaml:1:12: error: `id` cannot be a default: every rule has its own\n" },
        { "defaults: x\n" LOG "",
          "t.yaml:1:11: error: `defaults` is a map of members, not text\n" },
        { "lists: {a: []}\n" LOG "",
          "t.yaml:1:12: error: the list `a` must be a list of values: [a, b]\n" },
        { "lists: {a: [[b]]}\n" LOG "",
          "t.yaml:1:13: error: a value of a list is a text, not a list\n" },
        { "lists: {a b: [c]}\n" LOG "",
          "t.yaml:1:9: error: `a b` cannot be used as $name: letters, digits, - and _\n" },
        { "lists: {a: [b]}\npatterns: {a: '/bc/'}\n" LOG "",
          "t.yaml:1:9: error: `a` is the name of a pattern, too: $a could mean either\n" },
        { "patterns: {a: b}\n" LOG "", "t.yaml:1:15: error: a pattern is expected here, between "
                                       "slashes and in single quotes: '/error|fatal/i'\n" },
        { "patterns: {}\n" LOG "",
          "t.yaml:1:11: error: `patterns` is a map of names, not empty\n" },
        { "rules: [{id: a, on: [ci.run, log]}]\n",
          "t.yaml:1:21: warning: without a `state` in `where` this rule means {state: failing}, "
          "for all that it is `on`; say {state: {exists: true}} where any state is meant\n" },
    };
    size_t n_wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        enum rc rc = parse_rules(cases[i].text, &set, &said);
        bool has_error = strstr(cases[i].said, ": error: ") != NULL;

        if (strcmp(said.ptr, cases[i].said) != 0 || (rc == RC_INVALID) != has_error) {
            print_message("%s\ngot: %s\n", cases[i].text, said.ptr);
            n_wrong++;
        }
        buffer_free(&said);
        ruleset_free(set);
    }
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r01_every_refusal_names_its_place_and_what_is_valid_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
