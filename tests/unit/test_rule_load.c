#include "rule_fixture.h"

#include "rules/where.h"

static bool has_text(const struct buffer *said, const char *wanted)
{
    return strstr(said->ptr, wanted) != NULL;
}

/* `rule` as the only one of a file: its members begin at column 5 of line 2. */
static const char *file_of(const char *rule, char *text, size_t text_bytes)
{
    (void)snprintf(text, text_bytes, "rules:\n  - %s\n", rule);
    return text;
}

/* -- what is refused, where, and in which words -- */

static const struct {
    const char *rule;
    const char *said;
} bad_rules[] = {
    /* r01: members */
    { "{id: a, on: alert, whn: x}",
      "t.yaml:2:24: error: unknown member `whn`; did you mean `when`? valid here: id on where" },
    { "{on: alert}", "t.yaml:2:5: error: `id` is missing here" },
    { "{id: a}", "t.yaml:2:5: error: `on` is missing here" },
    { "{id: a, on: }", "t.yaml:2:13: error: `on` is empty" },
    { "{id: 'a b', on: alert}", "t.yaml:2:10: error: an id is letters, digits" },
    { "[a]", "t.yaml:2:5: error: a rule is a map of members, not a list" },
    { "{id: a, on: alert, severity: hihg}",
      "error: `severity` must be one of (did you mean `high`?)" },
    { "{id: a, on: alert, mode: watch}", "error: `mode` must be one of propose observe" },
    { "{id: a, on: alert, lateness: 5}", "error: `lateness` must be a duration with its unit" },
    { "{id: a, on: []}", "error: `on` is empty" },
    { "{id: a, on: {kind: alert}}", "error: `on` names kinds" },
    { "{id: a, on: alert, title: '{{first_bad}}'}",
      "t.yaml:2:34: error: `first_bad` is known to rules that are `on` ci.run and that an event "
      "clears; this is none" },
    { "{id: a, on: ci.run, clear: {quiet: 1h}, diagnose: {question: 'since {{last_good}}?'}}",
      "error: `last_good` is known to rules that are `on` ci.run" },
    { "{id: a, on: ci.run, key: [repo, last_good]}", "no event of this rule can have `last_good`" },
    { "{id: a, on: ci.run, match: '/(?<first_bad>x)/'}",
      "error: a capture may not be named `first_bad`" },
    { "{id: a, on: alert, active: mon-fri}", "error: `active` is a map: {days: mon-fri" },
    { "{id: a, on: alert, active: {}}", "error: `active` is a map: {days: mon-fri" },
    { "{id: a, on: alert, active: {days: mon-fry}}",
      "t.yaml:2:39: error: `fry` is no day; did you mean `fri`?" },
    { "{id: a, on: alert, active: {from: 9}}",
      "t.yaml:2:39: error: a time of day has four digits" },
    { "{id: a, on: alert, active: {tz: Berlin}}",
      "t.yaml:2:37: error: this machine knows no such time zone" },
    { "{id: a, on: alert, unless: [b]}", "t.yaml:2:33: error: there is no rule `b`" },
    { "{id: db-down, on: alert, while: [db-dwn]}",
      "t.yaml:2:38: error: there is no rule `db-dwn`; did you mean `db-down`?" },
    { "{id: a, on: alert, unless: a}", "t.yaml:2:32: error: a rule cannot name itself here" },
    { "{id: a, on: alert, unless: []}", "error: `unless` is" },
    { "{id: a, on: alert, while: {b: c}}", "error: `while` is a list of rules" },
    { "{id: a, on: alert, same: [service]}", "error: `same` belongs to `unless` or `while`" },
    { "{id: a, on: alert, unless: [b], same: [servise]}", "did you mean `service`?" },
    { "{id: a, on: alert, unless: [b], while: [b]}\n  - {id: b, on: alert}",
      "t.yaml:2:45: error: `b` stands in `unless` and in `while`" },
    { "{id: a, on: log, match: '/(?<order>x)/', unless: [b], same: [order]}\n  - {id: b, on: "
      "alert}",
      "error: no signal of `b` can have `order`, which `same` names" },
    { "{id: a, on: alert, unless: [b]}\n  - {id: b, on: alert, unless: [c]}\n  - {id: c, on: "
      "alert, "
      "unless: [b]}",
      "t.yaml:4:33: error: `unless` goes round: b → c → b;" },
    { "{id: a, on: log, when: {count: 2, within: 1m, weight: n}}",
      "t.yaml:2:59: error: no event of this rule can have `n`" },
    { "{id: a, on: log, when: {count: 2, within: 1m, weight: [a]}}",
      "the name of a field is expected here, not a list" },
    { "{id: a, on: alert, diagnose: {agent: triage}}", "`agent` is not in this version" },
    { "{id: a, on: alert, clear: {count: 0}}", "`count`" },
    /* when */
    { "{id: a, on: log, when: {cuont: 2}}",
      "error: `when` names no condition; did you mean `count`?" },
    { "{id: a, on: log, when: {flap: state, count: 3, within: 1h}}",
      "t.yaml:2:29: error: there is no condition `flap`; did you mean `flaps`?" },
    { "{id: a, on: log, when: {count: 3, withn: 1h}}",
      "error: unknown member `withn`; did you mean `within`?" },
    { "{id: a, on: log, when: {count: 2}}", "error: `within` is missing here" },
    { "{id: a, on: log, when: {count: 0, within: 1m}}",
      "error: `count` must be between 1 and 1000000" },
    { "{id: a, on: log, when: {count: 2, within: 5}}", "error: `within` must be a duration" },
    { "{id: a, on: log, when: {count: 2, within: 99999999999h}}",
      "error: `within` must be a duration" },
    { "{id: a, on: log, when: {spike: 4, within: 5m, against: 1h, at_least: 20}}",
      "t.yaml:2:36: error: `spike` must be a factor with an x, as 4x or 2.5x, more than 1x" },
    { "{id: a, on: log, when: {spike: 4x, within: 5m, at_least: 20}}",
      "error: `against` is missing here" },
    { "{id: a, on: log, when: {spike: 4x, within: 5m, against: 1h}}",
      "error: `at_least` is missing here" },
    { "{id: a, on: log, when: {spike: 4x, within: 5m, against: 1h, at_least: 0}}",
      "error: `at_least` must be between 1 and 1000000" },
    { "{id: a, on: log, when: {spike: 4x, within: 5m, agianst: 1h, at_least: 1}}",
      "unknown member `agianst`; did you mean `against`? valid here: spike within against" },
    { "{id: a, on: log, when: {spik: 4x, within: 5m, against: 1h, at_least: 1}}",
      "error: `when` names no condition; did you mean `spike`?" },
    { "{id: a, on: log, when: {drop: 1x, within: 5m, against: 1h, at_least: 20}}",
      "t.yaml:2:35: error: `drop` must be a factor with an x" },
    { "{id: a, on: log, when: {drop: 4x, within: 400d, against: 1h, at_least: 20}}",
      "error: `within` must be between 1s and 366d" },
    { "{id: a, on: log, when: {ratio: 5, having: {match: '/x/'}, within: 5m, at_least: 1}}",
      "t.yaml:2:36: error: `ratio` must be a share with a %, as 5% or 0.5%, more than 0%" },
    { "{id: a, on: log, when: {ratio: 5%, within: 5m, at_least: 1}}",
      "error: `having` is missing here" },
    { "{id: a, on: log, when: {ratio: 5%, having: x, within: 5m, at_least: 1}}",
      "a filter is a map of on, match, where, ignore, key, count, not text" },
    { "{id: a, on: log, when: {ratio: 5%, having: {on: push}, within: 5m, at_least: 1}}",
      "t.yaml:2:49: error: `having` looks at the rule's own matches one by one, so it cannot name "
      "`on`; valid here: match where ignore" },
    { "{id: a, on: log, when: {ratio: 5%, having: {key: [host]}, within: 5m, at_least: 1}}",
      "so it cannot name `key`" },
    { "{id: a, on: log, when: {ratio: 5%, having: {count: 2}, within: 5m, at_least: 1}}",
      "so it cannot name `count`" },
    { "{id: a, on: log, when: {avg: duration, within: 1h}}",
      "t.yaml:2:28: error: `avg` needs a bound: one of `above` and `below`" },
    { "{id: a, on: log, when: {avg: duration, above: 1, below: 2, within: 1h}}",
      "error: `avg` needs a bound: one of `above` and `below`, not both" },
    { "{id: a, on: log, when: {max: duration, above: lots, within: 1h}}",
      "t.yaml:2:51: error: `above` must be a number, a duration (90s), a size (64KB) or, with "
      "`against`, a factor (2x)" },
    { "{id: a, on: log, when: {min: duration, below: 2x, within: 1h}}",
      "error: a factor needs `against`: the time before, as 7d" },
    { "{id: a, on: log, when: {p95: duration, above: 5m, within: 1h, against: 7d}}",
      "error: `above` must be a factor with an x, as 4x or 2.5x, more than 0x" },
    { "{id: a, on: log, when: {sum: drtn, above: 5m, within: 1h}}",
      "error: no event of this rule can have `drtn`" },
    { "{id: a, on: log, when: {sum: [a], above: 5m, within: 1h}}",
      "the name of a field is expected here, not a list" },
    { "{id: a, on: log, when: {sum: duration, above: 5m}}", "error: `within` is missing here" },
    { "{id: a, on: log, when: {avg: duration, above: 5m, within: 1h, clear_below: 6m}}",
      "error: `clear_below` must not be more than `above`" },
    { "{id: a, on: log, when: {avg: duration, below: 5m, within: 1h, clear_above: 4m}}",
      "error: `clear_above` must not be less than `below`" },
    { "{id: a, on: log, when: {avg: data.took, above: 5m, within: 1h, clear_below: 4}}",
      "error: `clear_below` must be in the unit of `above`" },
    { "{id: a, on: log, when: {avg: duration, above: 5m, within: 1h, clear_above: 4m}}",
      "error: `clear_above` ends `below`; what ends `above` is `clear_below`" },
    { "{id: a, on: log, when: {avg: duration, sum: duration, above: 5m, within: 1h}}",
      "error: unknown member `avg`" },
    { "{id: a, on: log, when: {avg: duration, above: 5m, within: 1h, at_leest: 2}}",
      "unknown member `at_leest`; did you mean `at_least`? valid here: avg above below" },
    /* when: fewer, absent */
    { "{id: a, on: log, when: {fewer: 0, within: 1h}}",
      "error: `fewer` must be between 1 and 10000" },
    { "{id: a, on: log, when: {fewer: 10001, within: 1h}}",
      "error: `fewer` must be between 1 and 10000" },
    { "{id: a, on: log, when: {fewer: 5}}", "error: `within` is missing here" },
    { "{id: a, on: log, when: {fewer: 5, within: 1h, grace: 2h}}",
      "t.yaml:2:51: error: unknown member `grace`; valid here: fewer within" },
    { "{id: a, on: log, when: {absent: 24}}",
      "t.yaml:2:37: error: `absent` is a duration from 1s to 366d with its unit, as 24h, or a map: "
      "{cron: \"0 2 * * mon-fri\", tz: UTC}" },
    { "{id: a, on: log, when: {absent: 999ms}}", "error: `absent` is a duration from 1s" },
    { "{id: a, on: log, when: {absent: [24h]}}", "error: `absent` is a duration from 1s" },
    { "{id: a, on: log, when: {absent: 24h, within: 1h}}",
      "error: unknown member `within`; valid here: absent grace expect forget" },
    { "{id: a, on: log, when: {absent: 24h, graec: 1h}}", "did you mean `grace`?" },
    { "{id: a, on: log, when: {absent: 24h, grace: 2h, forget: 26h}}",
      "t.yaml:2:61: error: a key would be forgotten (`forget: 1d2h`) before it is missed: it must "
      "be longer than `absent` (1d) and `grace` (2h) together" },
    { "{id: a, on: log, when: {absent: {cron: '0 2 * * sun'}, forget: 7d}}",
      "it must be longer than the longest time between two slots of `cron` (7d) and `grace` (0s)" },
    { "{id: a, on: log, when: {absent: {cron: '0 2 * *'}}}",
      "t.yaml:2:45: error: `cron`: a schedule has five fields" },
    { "{id: a, on: log, when: {absent: {cron: '0 25 * * *'}}}",
      "t.yaml:2:47: error: `cron`: `25` is no hour: 0 to 23" },
    { "{id: a, on: log, when: {absent: {cron: '0 2 30 feb *'}}}",
      "error: `cron`: `30` is no day of the month: none of its months ever has such a day" },
    { "{id: a, on: log, when: {absent: {cron: [0, 2]}}}",
      "error: `cron` is a text of five fields, as \"0 2 * * mon-fri\", not a list" },
    { "{id: a, on: log, when: {absent: {tz: UTC}}}", "error: `cron` is missing here" },
    { "{id: a, on: log, when: {absent: {cron: '0 2 * * *', tz: Berlin}}}",
      "t.yaml:2:61: error: `tz` is the name of a zone that this machine knows" },
    { "{id: a, on: log, key: [host], when: {absent: 1h, expect: orders}}",
      "error: `expect` is a list of 1 to 10000 keys" },
    { "{id: a, on: log, key: [host], when: {absent: 1h, expect: [[a], [b, c]]}}",
      "t.yaml:2:68: error: the key of this rule has 1 value, and this one 2" },
    { "{id: a, on: log, key: [host, service], when: {absent: 1h, expect: [[a, b], c]}}",
      "error: the key of this rule has 2 values, and this one 1" },
    { "{id: a, on: log, key: [host], when: {absent: 1h, expect: [[]]}}",
      "error: the key of this rule has 1 value, and this one 0" },
    { "{id: a, on: log, key: [host], when: {absent: 1h, expect: [['']]}}",
      "error: a value of a key is a text, not nothing" },
    { "{id: a, on: log, key: [host], when: {absent: 1h, expect: [{a: b}]}}",
      "error: a value of a key is a text, not a map" },
    { "{id: a, on: log, when: often}", "error: `when` names no condition" },
    { "{id: a, on: log, when: {distinct: hots, count: 2, within: 1m}}",
      "t.yaml:2:39: error: no event of this rule can have `hots`; did you mean `host`?" },
    { "{id: a, on: log, when: {distinct: [host], count: 2, within: 1m}}",
      "the name of a field is expected here, not a list" },
    { "{id: a, on: log, when: {distinct: host, within: 1m}}", "error: `count` is missing here" },
    { "{id: a, on: log, when: {distinct: host, count: 2}}", "error: `within` is missing here" },
    { "{id: a, on: log, when: {distinct: host, count: 10001, within: 1m}}",
      "error: `count` must be between 1 and 10000" },
    { "{id: a, on: log, when: {distinct: host, count: 2, within: 1m, weight: host}}",
      "error: unknown member `weight`" },
    { "{id: a, on: deploy, when: {change: version}}",
      "t.yaml:2:40: error: no event of this rule can have `version`" },
    { "{id: a, on: deploy, when: {change: branch, within: 1h}}",
      "error: unknown member `within`; valid here: change from to" },
    { "{id: a, on: deploy, when: {change: branch, from: {a: b}}}",
      "t.yaml:2:54: error: `from` and `to` name values, one or a list of them, not a map" },
    { "{id: a, on: deploy, when: {change: branch, to: [a, '/b/']}}",
      "a list of them, not a pattern" },
    { "{id: a, on: deploy, when: {change: branch, to: []}}", "an empty list of values" },
    { "{id: a, on: deploy, when: {change: branch, to: [a, null]}}", "a list of them, not nothing" },
    { "{id: a, on: ci.run, when: {change: state, to: [faling]}}",
      "t.yaml:2:52: error: `state` changes between `failing` and `ok`, never to `faling`; did you "
      "mean `failing`?" },
    { "{id: a, on: ci.run, when: {change: state, from: info}}", "never to `info`" },
    { "{id: a, on: ci.run, when: {flaps: stat, count: 3, within: 7d}}",
      "t.yaml:2:39: error: no event of this rule can have `stat`; did you mean `state`?" },
    { "{id: a, on: ci.run, when: {flaps: state, count: 3, within: 7d, by: comit}}",
      "t.yaml:2:72: error: no event of this rule can have `comit`; did you mean `commit`?" },
    { "{id: a, on: ci.run, when: {flaps: state, within: 7d}}", "error: `count` is missing here" },
    { "{id: a, on: ci.run, when: {flaps: state, count: 3}}", "error: `within` is missing here" },
    { "{id: a, on: ci.run, when: {flaps: state, count: 10000, within: 7d}}",
      "error: `count` must be between 1 and 9999" },
    { "{id: a, on: log, when: {sequence: [{match: '/a/'}, {match: '/b/'}]}}",
      "t.yaml:2:28: error: `within` is missing here" },
    { "{id: a, on: log, when: {sequence: {match: '/a/'}, within: 1m}}",
      "t.yaml:2:39: error: `sequence` is a list of filters, one for each step, not a map" },
    { "{id: a, on: log, when: {sequence: [{match: '/a/'}], within: 1m}}",
      "t.yaml:2:39: error: `sequence` has 2 to 15 steps, not 1" },
    { "{id: a, on: log, when: {sequence: [{match: '/a/'}, {}], within: 1m}}",
      "t.yaml:2:56: error: a filter is a map of on, match, where, ignore, key, count, not an "
      "empty one" },
    { "{id: a, on: log, when: {sequence: [{match: '/a/'}, '/b/'], within: 1m}}",
      "t.yaml:2:56: error: a filter is a map of on, match, where, ignore, key, count, not text" },
    { "{id: a, on: log, when: {sequence: [{mach: '/a/'}, {match: '/b/'}], within: 1m}}",
      "t.yaml:2:41: error: unknown member `mach`; did you mean `match`?" },
    { "{id: a, on: log, where: {host: h}, when: {sequence: [{match: '/a/'}, {match: '/b/'}], "
      "within: 1m}}",
      "t.yaml:2:29: error: a sequence has its steps and nothing else: put `where` into the steps "
      "that it is about" },
    { "{id: a, on: log, when: {sequence: [{match: '/a/', count: 999}, {match: '/b/', count: 2}], "
      "within: 1m}}",
      "t.yaml:2:68: error: a run has at most 1000 events; up to here it has 1001" },
    { "{id: a, on: log, when: {sequence: [{match: '/a/', count: 10001}, {match: '/b/'}], "
      "within: 1m}}",
      "error: `count` must be between 1 and 10000" },
    { "{id: a, on: log, when: {sequence: [{match: '/a/'}, {match: '/b/'}], within: 1m, repeat: "
      "kep}}",
      "error: `repeat` must be one of (did you mean `keep`?)" },
    { "{id: a, on: log, when: {sequence: [{match: '/(?<user>a)/'}, {match: '/b/'}], within: 1m}, "
      "key: [user]}",
      "t.yaml:2:65: error: an event of this filter cannot have `user`, which the key names: "
      "capture it there as well" },
    { "{id: a, on: log, when: {sequence: [{match: '/a/'}, {match: '/b/'}], count: 2, within: 1m}}",
      "error: unknown member `count`; valid here: sequence within repeat" },
    { "{id: a, on: log, when: {followed_by: {match: '/b/'}}}", "error: `within` is missing here" },
    { "{id: a, on: log, when: {followed_by: [{match: '/b/'}], within: 1m}}",
      "t.yaml:2:42: error: a filter is a map of on, match, where, ignore, key, count, not a list" },
    { "{id: a, on: log, when: {followed_by: {match: '/b/'}, within: 0s}}",
      "error: `within` must be" },
    { "{id: a, on: log, when: {not_followed_by: {match: '/b/', key: [host, watcher]}, within: 1m}, "
      "key: [host]}",
      "the key of a filter must name as many fields as the rule's, in the same order: 1, not 2" },
    { "{id: a, on: log, when: {not_folowed_by: {match: '/b/'}, within: 1m}}",
      "error: `when` names no condition; did you mean `not_followed_by`?" },
    { "{id: a, on: log, when: {new: shape, learn: 1d}}",
      "t.yaml:2:34: error: `new: shape` is not in this version of Vedette yet" },
    { "{id: a, on: log, when: {new: exception}}",
      "t.yaml:2:34: error: no event of this rule can have `exception`" },
    { "{id: a, on: log, when: {new: host, forget: 59s}}", "error: `forget` must be" },
    { "{id: a, on: log, when: {new: host, limit: 0}}", "error: `limit` must be between 1 and" },
    { "{id: a, on: log, key: '{{service}}', when: {new: host}}",
      "t.yaml:2:27: error: `host` joins the key, since every value of it is a signal of its own: "
      "write the key as a list of fields, not as a template" },
    { "{id: a, on: log, match: '/at (?<place>.+)/', when: {new: place}, clear: {match: '/well/'}}",
      "an event that clears cannot have `place`, which the key names: capture it there as well" },
    /* patterns */
    { "{id: a, on: log, match: /x/}",
      "t.yaml:2:29: error: a pattern stands in single quotes: '/x/'" },
    { "{id: a, on: log, match: 'x'}", "error: a pattern is expected here, between slashes" },
    { "{id: a, on: log, match: '/a(b/'}", "t.yaml:2:34: error: bad pattern: missing closing" },
    { "{id: a, on: log, match: '/x/q'}", "error: a pattern is expected here" },
    { "{id: a, on: log, match: '/x/g'}", "t.yaml:2:33: error: bad pattern: unknown flag" },
    { "{id: a, on: log, match: []}", "error: an empty list of patterns" },
    { "{id: a, on: log, match: '/(*UTF)x/'}", "error: bad pattern: a pattern may not start" },
    { "{id: a, on: log, match: \"/a\\x01b/\"}", "control character" },
    { "{id: a, on: log, match: '/(?<state>x)/'}", "error: a capture may not be named `state`" },
    { "{id: a, on: log, match: '/(?<time>x)/'}", "error: a capture may not be named `time`" },
    { "{id: a, on: log, match: '/(?<count>x)/'}", "error: a capture may not be named `count`" },
    /* where */
    { "{id: a, on: alert, where: {brnch: x}}",
      "t.yaml:2:32: error: no event of this rule can have `brnch`; did you mean `branch`?" },
    { "{id: a, on: alert, where: {data.: x}}", "error: `data.` is no path: a name was expected" },
    { "{id: a, on: alert, where: {branch: }}", "error: a value is missing here" },
    { "{id: a, on: alert, where: {branch: []}}", "error: an empty list would never hold" },
    { "{id: a, on: alert, where: {branch: {}}}", "error: an empty map says nothing" },
    { "{id: a, on: alert, where: {branch: {contains: x}}}",
      "error: unknown member `contains`; valid here: eq not exists gt ge lt le before after cidr "
      "file "
      "some" },
    { "{id: a, on: alert, where: {branch: {exists: yes}}}",
      "error: `exists` must be true or false" },
    { "{id: a, on: alert, where: {duration: {gt: long}}}", "error: a bound on `duration` is" },
    { "{id: a, on: alert, where: {severity: {ge: 3}}}", "error: a bound on `severity` is" },
    { "{id: a, on: alert, where: {state: failed}}",
      "t.yaml:2:39: error: `state` is never `failed`, but one of failing ok info;" },
    { "{id: a, on: alert, where: {severity: [high, page]}}", "error: `severity` is never `page`" },
    { "{id: a, on: alert, where: {any: {branch: x}}}", "error: `any` is a list of maps" },
    { "{id: a, on: alert, where: {}}", "error: a map of clauses is expected here" },
    { "{id: a, on: alert, where: {branch: $mains}}", "error: no list and no pattern of this file" },
    { "{id: a, on: log, where: {ip: {not: x}}}", "error: no event of this rule can have `ip`" },
    { "{id: a, on: log, where: {text: {not: '/(?<ip>x)/'}}, title: '{{ip}}'}",
      "error: no event of this rule can have `ip`" },
    /* key */
    { "{id: a, on: alert, key: []}", "error: an empty key would fold everything together" },
    { "{id: a, on: alert, key: [repo, nope]}",
      "t.yaml:2:36: error: no event of this rule can have `nope`" },
    { "{id: a, on: alert, key: {repo: x}}", "error: a key is a list of field names" },
    { "{id: a, on: alert, key: '{{count}}'}", "error: `count` cannot be part of a key" },
    { "{id: a, on: alert, key: '{{first.repo}}'}", "error: `first.repo` cannot be part of a key" },
    /* i04: templates */
    { "{id: a, on: alert, title: '{{brnch}} is red'}",
      "t.yaml:2:34: error: no event of this rule can have `brnch`; did you mean `branch`?" },
    { "{id: a, on: alert, title: '{{first.nope}}'}", "can have `nope`" },
    { "{id: a, on: alert, title: '{{branch'}", "error: bad template: " },
    { "{id: a, on: alert, title: '{{branch | shout}}'}", "error: bad template: unknown filter" },
    { "{id: a, on: alert, title: '{{signal.title}}'}", "error: a title cannot name signal.title" },
    { "{id: a, on: alert, title: [x]}", "error: a text is expected here, not a list" },
    { "{id: a, on: alert, propose: {plan: [{do: x, with: {p: '{{nope}}'}}]}}", "can have `nope`" },
    { "{id: a, on: alert, diagnose: {question: '{{nope}}'}}", "can have `nope`" },
    /* clear */
    { "{id: a, on: alert, clear: sometimes}", "error: `clear` is `never`, {quiet: 1h} or a map" },
    { "{id: a, on: alert, clear: {quiet: 5}}", "error: `quiet` must be a duration" },
    { "{id: a, on: alert, clear: {quiet: 5m, where: {state: ok}}}",
      "error: `clear` has either `quiet` or a filter, not both" },
    { "{id: a, on: log, match: '/(?<port>[0-9]+) down/', key: [port], clear: {match: '/up/'}}",
      "error: an event that clears cannot have `port`" },
    /* group */
    { "{id: a, on: alert, group: {by: [sevrice]}}",
      "t.yaml:2:37: error: no event of this rule can have `sevrice`; did you mean `service`?" },
    { "{id: a, on: alert, group: {by: [service, [host]]}}",
      "t.yaml:2:46: error: `by` is a list of field names" },
    { "{id: a, on: alert, group: {by: {service: x}}}",
      "error: `by` is a list of field names, not" },
    { "{id: a, on: alert, group: {by: [service], wait: 61m}}",
      "t.yaml:2:53: error: `wait` must be between 0s and 1h, not" },
    { "{id: a, on: alert, group: {by: [service], wait: 30}}", "error: `wait` must be a duration" },
    { "{id: a, on: alert, group: {name: 'a b'}}",
      "t.yaml:2:38: error: the name of a group is letters, digits" },
    { "{id: a, on: alert, group: {by: [service], wiat: 30s}}",
      "error: unknown member `wiat`; did you mean `wait`? valid here: by wait name" },
    { "{id: a, on: alert, group: [service]}", "error: `group` is a map of by, wait, name" },
    { "{id: a, on: alert, group: {}}", "error: `group` is a map of by, wait, name" },
    /* propose, verify, diagnose */
    { "{id: a, on: alert, propose: {plan: []}}", "error: `plan` is a list of steps" },
    { "{id: a, on: alert, propose: {plan: [{with: {}}]}}", "error: `do` is missing here" },
    { "{id: a, on: alert, propose: {plan: [{do: x}], allow: [y]}}",
      "error: the plan does `x`, which `allow` does not name" },
    { "{id: a, on: alert, propose: {approvers: {need: 0}}}",
      "error: `need` must be between 1 and 20" },
    { "{id: a, on: alert, propose: {approvers: {not: [nobody]}}}", "can have `nobody`" },
    { "{id: a, on: alert, verify: {ok: 1h, quiet: 1h}}", "error: `verify` is one of" },
    { "{id: a, on: alert, verify: {quiet: 1}}", "error: `quiet` must be a duration" },
    { "{id: a, on: alert, diagnose: {evidence: [{changes: {within: 2h}, similar: 5}]}}",
      "error: one piece of evidence is one of" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: w, similar: 5}]}}",
      "error: one piece of evidence is one of" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: w, with: {a: b}}]}}",
      "error: one piece of evidence is one of" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {around: 5m}}]}}",
      "t.yaml:2:52: error: `watcher` is missing here" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {wacher: w}}]}}",
      "error: unknown member `wacher`; did you mean `watcher`? valid here: watcher around match "
      "lines" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: [w]}]}}",
      "t.yaml:2:52: error: `log` is the name of a watcher, or {watcher: app" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: }]}}", "error: `log` is empty" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {watcher: w, around: 5}}]}}",
      "error: `around` must be a duration" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {watcher: w, around: 25h}}]}}",
      "error: `around` must be between 1s and" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {watcher: w, lines: 1001}}]}}",
      "error: `lines` must be between 1 and 1000" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {watcher: w, lines: 0}}]}}",
      "error: `lines` must be between 1 and 1000" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {watcher: w, match: error}}]}}",
      "t.yaml:2:72: error: a pattern is expected here" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {watcher: w, match: ['/a/', '/b/']}}]}}",
      "error: a pattern is expected here, not a list" },
    { "{id: a, on: alert, diagnose: {evidence: [{log: {watcher: w, match: $errors}}]}}",
      "error: no list and no pattern of this file is named `errors`" },
    { "{id: a, on: alert, diagnose: {evidence: [{similar: 0}]}}",
      "error: `similar` must be between 1 and 20" },
};

static void r01_what_is_wrong_is_refused_where_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_rules) / sizeof(*bad_rules); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        char text[1024];
        enum rc rc = parse_rules(file_of(bad_rules[i].rule, text, sizeof(text)), &set, &said);

        if (!has_text(&said, bad_rules[i].said))
            print_message("%s\nsaid: %swanted: %s\n", bad_rules[i].rule, said.ptr,
                          bad_rules[i].said);
        assert_true(has_text(&said, bad_rules[i].said));
        assert_int_equal(rc, RC_INVALID);
        assert_null(set);
        buffer_free(&said);
    }
}

static const char *const good_rules[] = {
    "{id: any-alert, on: alert}",
    "{id: a.b_c-1, on: [github.workflow_run, alert, 'jenkins.*'], where: {state: ok}}",
    "{id: a, on: alert, clear: never, verify: none}",
    "{id: a, on: alert, clear: null}",
    "{id: a, on: log, match: ['/(?<host>x)/i', '/(?<host>y)/'], ignore: '/z/', key: [host, type]}",
    "{id: a, on: log, match: '/(?<ip>[0-9.]+)/', where: {ip: {not: 10.0.0.1}}, key: [ip]}",
    "{id: a, on: log, where: {ip: x, text: '/(?<ip>[0-9.]+)/'}}",
    "{id: a, on: log, match: \"/a b/\"}",
    "{id: a, on: alert, where: {'data.labels[0].name': x, 'data[\"odd key\"]': y}}",
    "{id: a, on: alert, where: {url: {eq: /x/}, title: {eq: '/x/'}, text: '/usr/local/bin'}}",
    "{id: a, on: push, where: {data.l: {some: {name: '/x(?<p>.)/'}}}, key: [p], clear: never}",
    "{id: a, on: alert, where: {duration: {ge: 5m, lt: 1h}, data.n: {gt: 5}}}",
    "{id: a, on: alert, where: {severity: {ge: high}}}",
    "{id: a, on: alert, where: {any: [{branch: x}, {branch: y}], none: [{actor: bot}]}}",
    "{id: a, on: alert, key: '{{repo}}/{{branch | default: none}}'}",
    "{id: a, on: alert, key: service}",
    "{id: a, on: alert, title: '{{first.branch}} {{count}} {{time | ago}} {{data.x}}'}",
    "{id: a, on: alert, verify: {check: probe, with: {url: '{{url}}'}}}",
    "{id: a, on: alert, group: {by: [service, data.zone], wait: 1h, name: storm}}",
    "{id: a, on: alert, group: {by: [], wait: 0s}}",
    "{id: a, on: log, match: '/rack (?<rack>.)/', group: {by: rack}}",
    "{id: a, on: tick, propose: {approvers: {from: [oncall], need: 2, not: [actor]}}}",
};

static void what_the_language_has_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good_rules) / sizeof(*good_rules); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        char text[1024];
        enum rc rc = parse_rules(file_of(good_rules[i], text, sizeof(text)), &set, &said);

        if (rc || said.len > 1)
            print_message("%s\nsaid: %s\n", good_rules[i], said.ptr);
        assert_int_equal(rc, RC_OK);
        assert_int_equal(said.len, 1); /* no warning either */
        buffer_free(&said);
        ruleset_free(set);
    }
}

static void a_file_shows_all_its_problems_in_one_run(void **state)
{
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(parse_rules("rules:\n"
                                 "  - {id: a, on: alert, severity: hot}\n"
                                 "  - {id: b, on: alert, key: [nope], title: '{{never}}'}\n"
                                 "rule: []\n",
                                 &set, &said),
                     RC_INVALID);
    assert_true(has_text(&said, "t.yaml:2:34: error: `severity`"));
    assert_true(has_text(&said, "`nope`"));
    assert_true(has_text(&said, "`never`"));
    assert_true(has_text(&said, "t.yaml:4:1: error: unknown member `rule`; did you mean `rules`?"));
    buffer_free(&said);
}

static void r07_a_double_id_names_both_places_also_across_files(void **state)
{
    struct rule_file files[] = {
        { .name = SLICE("a.yaml"), .text = SLICE("rules: [{id: x, on: alert}]") },
        { .name = SLICE("b.yaml"),
          .text = SLICE("rules:\n  - {id: y, on: alert}\n"
                        "  - {id: x, on: push}\n") },
    };
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(parse_files(files, 2, &set, &said), RC_INVALID);
    assert_string_equal(said.ptr,
                        "b.yaml:3:5: error: the id `x` is taken by the rule at a.yaml:1:9\n");
    buffer_free(&said);
    assert_null(set);
}

static void r07_each_double_of_an_id_is_told_with_the_one_before(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "rules:\n  - {id: x, on: alert}\n  - {id: x, on: alert}\n",
          "t.yaml:3:5: error: the id `x` is taken by the rule at t.yaml:2:5\n" },
        { "rules:\n  - {id: x, on: alert}\n  - {id: y, on: alert}\n  - {id: x, on: push}\n"
          "  - {id: x, on: deploy}\n",
          "t.yaml:4:5: error: the id `x` is taken by the rule at t.yaml:2:5\n"
          "t.yaml:5:5: error: the id `x` is taken by the rule at t.yaml:4:5\n" },
        { "rules:\n  - {id: x, on: alert}\n  - {id: X, on: alert}\n  - {id: x.x, on: alert}\n",
          "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ruleset *set = NULL;
        struct buffer said;

        assert_int_equal(parse_rules(cases[i].text, &set, &said),
                         *cases[i].said ? RC_INVALID : RC_OK);
        assert_string_equal(said.ptr, cases[i].said);
        assert_int_equal(!set, !!*cases[i].said);
        buffer_free(&said);
        ruleset_free(set);
    }
}

/* As an editor leaves it that writes while somebody reads. */
static void r10_a_file_that_is_half_written_is_refused_wherever_it_ends(void **state)
{
    const struct slice whole =
        SLICE("rules: [{id: a, on: log, match: '/disk full/'}, {id: b, on: ci.run, title: \"t\"}]");

    (void)state;
    for (size_t len = 1; len <= whole.len; len++) {
        struct rule_file file = { .name = SLICE("t.yaml"), .text = { whole.ptr, len } };
        struct ruleset *set = NULL;
        struct buffer said;
        enum rc rc = parse_files(&file, 1, &set, &said);

        if (len == whole.len) {
            assert_int_equal(rc, RC_OK);
            assert_int_equal(set->n_rules, 2);
        } else if (rc != RC_INVALID || set || strncmp(said.ptr, "t.yaml:", 7) != 0) {
            fail_msg("%.*s: %s", (int)len, whole.ptr, said.ptr);
        }
        buffer_free(&said);
        ruleset_free(set);
    }
}

static void r11_what_a_document_has_too_much_of_is_refused_word_for_word(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "rules:\n  - &a {id: a, on: log}\n",
          "t.yaml:2:5: error: anchors (&) are refused: quote the text, or write it out\n" },
        { "rules:\n  - {id: a, on: log}\n  - *a\n",
          "t.yaml:3:5: error: aliases (*) are refused: quote the text, or write it out\n" },
        { "rules: !x []\n", "t.yaml:1:8: error: tags (!) are refused: quote the text\n" },
        { "rules: [[[[[[[[[[[[[[[[[\n", "t.yaml:1:23: error: nested more than 16 deep\n" },
        { "rules:\n  - {id: a, on: log, id: b}\n",
          "t.yaml:2:22: error: `id` stands twice here; first at 2:6\n" },
        { "rules:\n  - id: a\n    on: log\n    where: {host: a, host: b}\n",
          "t.yaml:4:22: error: `host` stands twice here; first at 4:13\n" },
        { "rules: []\nrules: []\n",
          "t.yaml:2:1: error: `rules` stands twice here; first at 1:1\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ruleset *set = NULL;
        struct buffer said;

        assert_int_equal(parse_rules(cases[i].text, &set, &said), RC_INVALID);
        assert_string_equal(said.ptr, cases[i].said);
        assert_null(set);
        buffer_free(&said);
    }
}

static void rules_that_share_a_group_name_the_same_fields(void **state)
{
    struct rule_file files[] = {
        { .name = SLICE("a.yaml"),
          .text = SLICE("rules: [{id: x, on: alert, group: {name: storm, by: [service, host]}},\n"
                        "        {id: y, on: alert, group: {name: calm, by: [host]}}]") },
        { .name = SLICE("b.yaml"),
          .text = SLICE("rules:\n  - {id: z, on: push, group: {name: storm, by: [service, host]}}\n"
                        "  - {id: w, on: push, group: {name: storm, by: [host]}}\n") },
    };
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(parse_files(files, 2, &set, &said), RC_INVALID);
    assert_string_equal(said.ptr,
                        "b.yaml:3:30: error: the group `storm` is by [host] here and by [service, "
                        "host] at a.yaml:1:35: rules that share a group name the same fields in "
                        "the same order\n");
    buffer_free(&said);
}

static void r08_one_broken_file_and_there_is_no_set(void **state)
{
    struct rule_file files[] = {
        { .name = SLICE("a.yaml"), .text = SLICE("rules: [{id: x, on: alert}]") },
        { .name = SLICE("b.yaml"), .text = SLICE("rules: [{id: y, on: alert") },
    };
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(parse_files(files, 2, &set, &said), RC_INVALID);
    assert_null(set);
    assert_true(has_text(&said, "b.yaml:"));
    assert_false(has_text(&said, "a.yaml:"));
    buffer_free(&said);
}

static void an_empty_set_is_loud(void **state)
{
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(parse_rules("", &set, &said), RC_OK);
    assert_int_equal(set->n_rules, 0);
    assert_true(has_text(&said, "warning: there is no rule at all"));
    assert_null(ruleset_find(set, SLICE("x")));
    ruleset_free(set);
    buffer_free(&said);
}

/* -- warnings -- */

static const struct {
    const char *rule;
    const char *said;
} doubtful_rules[] = {
    { "{id: a, on: alerts}", "warning: `alerts` is not a kind of event; did you mean `alert`?" },
    { "{id: a, on: log, match: '/x*/'}", "warning: this pattern matches every text" },
    { "{id: a, on: log, match: '/^$/'}", "warning: this pattern matches only the empty text" },
    { "{id: a, on: log, match: '/^\\A\\z/'}", "warning: this pattern matches only the empty text" },
    { "{id: a, on: alert, where: {branch: /main/}}",
      "warning: `/main/` is compared as text: a pattern stands in single quotes" },
    { "{id: a, on: [alert, push]}", "warning: without a `state` in `where` this rule means" },
    { "{id: a, on: push, verify: {ok: 1h}}", "warning: {ok: …} waits for an event that clears" },
    /* What has no key is no match, and clears nothing. */
    { "{id: a, on: log, key: [who], match: ['/(?<who>x)/', '/y/']}",
      "t.yaml:2:57: warning: this pattern has no group `who`, which the key names" },
    { "{id: a, on: log, key: [host], match: '/(?<host>x)/', clear: {match: '/y/'}}",
      "t.yaml:2:73: warning: this pattern has no group `host`, which the key names and others "
      "capture: an event that it finds has no key unless its sender fills that field" },
    { "{id: a, on: log, key: [host], match: '/(?<host>x)/', clear: {match: ['/(?<host>y)/', "
      "'/z/']}}",
      "warning: this pattern has no group `host`" },
    { "{id: a, on: log, key: [host], match: '/(?<host>x)/', when: {followed_by: {match: '/y/'}, "
      "within: 5m}}",
      "warning: this pattern has no group `host`" },
    /* r02 */
    { "{id: a, on: log, match: '/(a+)+(a+)+(a+)+$/'}", "t.yaml:2:29: warning: this pattern " },
};

static void what_is_surely_not_meant_is_a_warning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(doubtful_rules) / sizeof(*doubtful_rules); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        char text[512];
        enum rc rc = parse_rules(file_of(doubtful_rules[i].rule, text, sizeof(text)), &set, &said);

        if (!has_text(&said, doubtful_rules[i].said))
            print_message("%s\nsaid: %s\n", doubtful_rules[i].rule, said.ptr);
        assert_int_equal(rc, RC_OK);
        assert_true(has_text(&said, doubtful_rules[i].said));
        buffer_free(&said);
        ruleset_free(set);
    }
}

static const char *const sound_rules[] = {
    "{id: a, on: log, key: [who], match: ['/(?<who>x)/', '/(?<who>y)/']}",
    "{id: a, on: log, key: [host], match: ['/x/', '/y/']}", /* their watcher fills it */
    "{id: a, on: log, key: [who], match: ['/x/', '/y/'], where: {text: '/by (?<who>\\w+)/'}}",
    "{id: a, on: log, key: [who], match: '/(?<who>x)(?<why>z)/', clear: {match: '/(?<who>y)/'}}",
    "{id: a, on: log, key: [who], match: '/(?<who>x)/', clear: {where: {severity: low}}}",
    "{id: a, on: log, key: [host], match: '/(?<host>x)/', clear: {match: '/y/', key: [service]}}",
};

static void a_pattern_that_has_all_of_the_key_is_no_doubt(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sound_rules) / sizeof(*sound_rules); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        char text[512];

        assert_int_equal(parse_rules(file_of(sound_rules[i], text, sizeof(text)), &set, &said),
                         RC_OK);
        print_message("%s\n", sound_rules[i]);
        assert_false(has_text(&said, "warning"));
        buffer_free(&said);
        ruleset_free(set);
    }
}

static void r02_a_pattern_that_explodes_is_told_with_its_hostile_text(void **state)
{
    struct ruleset *set = NULL;
    struct buffer said;
    int64_t start_ms = clock_mono_ms();

    (void)state;
    assert_int_equal(parse_rules("rules: [{id: a, on: log, match: '/^(a|a)*$/'}]", &set, &said),
                     RC_OK);
    assert_true(has_text(&said, "bytes of `a` repeated"));
    assert_true(clock_mono_ms() - start_ms < 10 * SECOND_MS); /* bounded, however bad it is */
    buffer_free(&said);
    ruleset_free(set);
}

/* The one that is compiled is told of at both places. */
/* Each number before `unit` as one #: no two machines are alike. */
static void hide_numbers(char *text, const char *unit)
{
    char *end;

    for (char *from = text; (end = strstr(from, unit)); from++) {
        from = end;
        while (from > text && strchr("0123456789.", from[-1]))
            from--;
        *from++ = '#';
        memmove(from, end, strlen(end) + 1);
    }
}

static void r02_what_hurts_a_pattern_is_told_word_for_word(void **state)
{
    static const struct {
        const char *pattern, *said;
    } cases[] = {
        { "/^(a|a)*$/",
          "t.yaml:1:33: warning: this pattern gives up (match limit reached) after # ms on # "
          "bytes of `a` repeated: such an event neither matches nor does not; avoid repetitions "
          "inside repetitions\n" },
        { "/(.*)*x/",
          "t.yaml:1:33: warning: this pattern gives up (match limit reached) after # ms on # "
          "bytes of `a` repeated, then a line `x`: such an event neither matches nor does not; "
          "avoid repetitions inside repetitions\n" },
        { "/(?:a|b)+6/",
          "t.yaml:1:33: warning: this pattern takes # ms on # bytes of `a` repeated, then a "
          "line `6`: anchor it, or make its repetitions stop at each other's first character\n" },
        { "/^(?:a|b)+6/", "" },
    };

    (void)state;
    if (!pattern_jit_available())
        skip();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        char text[96];

        (void)snprintf(text, sizeof(text), "rules: [{id: a, on: log, match: '%s'}]",
                       cases[i].pattern);
        assert_int_equal(parse_rules(text, &set, &said), RC_OK);
        hide_numbers(said.ptr, " ms on ");
        hide_numbers(said.ptr, " bytes of ");
        assert_string_equal(said.ptr, cases[i].said);
        buffer_free(&said);
        ruleset_free(set);
    }
}

/* Two seconds are all that a load gives to trials: these take more on any machine. */
static void r02_patterns_that_are_left_untried_are_counted_and_the_load_goes_on(void **state)
{
    enum { N_SLOW = 100 };
    struct ruleset *set = NULL;
    struct buffer text, said;
    size_t n_told = 0;
    char last[128];

    (void)state;
    if (!pattern_jit_available())
        skip();
    buffer_init(&text, 0);
    buffer_add_text(&text, "rules:\n");
    for (size_t i = 0; i < N_SLOW; i++)
        buffer_format(&text, "  - {id: r%zu, on: log, match: '/(?:a|b)+%zu/'}\n", i, i);
    buffer_add_byte(&text, '\0');
    assert_int_equal(parse_rules(text.ptr, &set, &said), RC_OK);
    for (const char *at = said.ptr; (at = strstr(at, ": this pattern takes ")); at++)
        n_told++;
    assert_true(n_told > 0 && n_told < N_SLOW);
    (void)snprintf(last, sizeof(last),
                   "\nwarning: %zu patterns were not tried on hostile texts: it took too long "
                   "already\n",
                   N_SLOW - n_told);
    assert_true(has_text(&said, last));
    assert_int_equal(set->n_rules, N_SLOW);
    buffer_free(&text);
    buffer_free(&said);
    ruleset_free(set);
}

static void a_pattern_that_is_written_twice_is_compiled_once(void **state)
{
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(parse_rules("rules:\n"
                                 "  - {id: a, on: log, match: '/^(a|a)*$/'}\n"
                                 "  - {id: b, on: log, match: '/^(a|a)*$/'}\n"
                                 "  - {id: c, on: log, match: '/^(a|a)*$/i'}\n",
                                 &set, &said),
                     RC_OK);
    assert_ptr_equal(set->rules[0].filter.match[0], set->rules[1].filter.match[0]);
    assert_ptr_not_equal(set->rules[0].filter.match[0], set->rules[2].filter.match[0]);
    assert_true(has_text(&said, "t.yaml:2:29: warning: this pattern gives up"));
    assert_true(has_text(&said, "t.yaml:3:29: warning: this pattern gives up"));
    buffer_free(&said);
    ruleset_free(set);
}

static void a_set_to_run_keeps_nothing_of_what_was_written(void **state)
{
    struct ruleset *set = rules_of("rules: [{id: a, on: alert}]\ntests: [{name: x, events: []}]\n");

    (void)state;
    assert_null(set->rules[0].node);
    assert_null(set->nodes);
    assert_null(set->tests);
    assert_int_equal(set->n_tests, 1); /* they are counted all the same */
    ruleset_free(set);
}

static void what_is_wrong_with_tests_stops_no_set_to_run(void **state)
{
    static const char *const tests[] = { "{}", "x", "[x]", "[{nam: x}]" };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        struct ruleset *set = NULL;
        struct buffer said;
        char text[64];

        (void)snprintf(text, sizeof(text), "rules: [{id: a, on: alert}]\ntests: %s\n", tests[i]);
        assert_int_equal(parse_rules(text, &set, &said), RC_OK);
        assert_string_equal(said.ptr, "");
        buffer_free(&said);
        ruleset_free(set);
    }
}

static void r01_tests_that_are_no_list_are_told_to_who_shows_or_checks(void **state)
{
    enum rc (*const parsers[])(const struct rule_files *, struct problems *,
                               struct ruleset **) = { ruleset_parse_to_show,
                                                      ruleset_parse_to_check };
    struct rule_file file = { .name = SLICE("t.yaml"),
                              .text = SLICE("rules: [{id: a, on: alert}]\ntests: {}\n") };
    const struct rule_files files = { .files = &file, .n_files = 1 };

    (void)state;
    for (size_t i = 0; i < sizeof(parsers) / sizeof(*parsers); i++) {
        struct problems *problems = NULL;
        struct ruleset *set = NULL;

        assert_int_equal(problems_new(&problems), RC_OK);
        assert_int_equal(parsers[i](&files, problems, &set), RC_INVALID);
        assert_slice(problems_at(problems, 0)->text, "`tests` is a list, not a map");
        assert_int_equal(problems_at(problems, 0)->line, 2);
        assert_int_equal(problems_at(problems, 0)->column, 8);
        problems_free(problems);
        ruleset_free(set);
    }
}

/* -- defaults -- */

static void the_smallest_rule_is_two_members(void **state)
{
    struct ruleset *set = rules_of("rules: [{id: any-alert, on: alert}]");
    const struct rule *rule = ruleset_find(set, SLICE("any-alert"));

    (void)state;
    assert_non_null(rule);
    assert_int_equal(rule->mode, RULE_PROPOSE);
    assert_int_equal(rule->severity, SEVERITY_MEDIUM);
    assert_int_equal(rule->key.names.n_items, 1);
    assert_slice(rule->key.names.items[0], "subject");
    assert_int_equal(rule->lateness_ms, 5 * MINUTE_MS);
    assert_int_equal(rule->clear.kind, CLEAR_BY_EVENT); /* it asks for state: failing */
    assert_int_equal(rule->playbook.verify.kind, PLAYBOOK_VERIFY_OK);
    assert_int_equal(rule->playbook.verify.window_ms, HOUR_MS);
    assert_int_equal(rule->playbook.propose.expires_ms, 24 * HOUR_MS);
    assert_int_equal(rule->playbook.propose.cooldown_ms, HOUR_MS);
    assert_int_equal(rule->playbook.diagnose.timeout_ms, 5 * MINUTE_MS);
    assert_int_equal(rule->playbook.diagnose.n_evidence, 2);
    assert_slice(template_source(rule->title), "{{title | default: any-alert}}");
    ruleset_free(set);
}

/* A FILTER that is `on` other kinds, and one that looks at the same event, say which states are meant. */
static void a_state_that_only_what_comes_after_has_leaves_the_rule_at_failing(void **state)
{
    static const struct {
        const char *when;
        bool means_failing;
    } cases[] = {
        { "{not_followed_by: {where: {state: ok}}, within: 5m}", true },
        { "{not_followed_by: {where: {any: [{state: ok}, {branch: x}]}}, within: 5m}", true },
        { "{followed_by: {where: {state: ok}}, within: 5m}", true },
        { "{followed_by: {match: '/x/'}, within: 5m}", true },
        { "{not_followed_by: {on: alert, where: {state: ok}}, within: 5m}", true },
        { "{followed_by: {on: ci.run, where: {state: failing}}, within: 5m}", false },
        { "{not_followed_by: {on: deploy, where: {state: ok}}, within: 5m}", false },
        { "{ratio: 5%, having: {where: {state: failing}}, within: 5m, at_least: 9}", false },
        { "{change: state}", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[256];
        const struct where *where;
        struct ruleset *set;

        snprintf(text, sizeof(text), "rules: [{id: a, on: alert, key: [repo], when: %s}]",
                 cases[i].when);
        set = rules_of(text);
        where = set->rules[0].filter.where;
        if ((where && where->n_clauses == 1) != cases[i].means_failing)
            fail_msg("%s", cases[i].when);
        ruleset_free(set);
    }
}

static void rules_that_ask_for_failing_end_by_an_ok(void **state)
{
    static const char *const wheres[] = {
        "{state: failing}",
        "{state: [failing, info]}",
        "{any: [{state: failing, branch: main}, {state: failing, branch: dev}]}",
        "{branch: x, any: [{state: failing}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wheres) / sizeof(*wheres); i++) {
        char text[256];
        struct ruleset *set;

        snprintf(text, sizeof(text), "rules: [{id: a, on: alert, where: %s}]", wheres[i]);
        set = rules_of(text);
        assert_int_equal(set->rules[0].clear.kind, CLEAR_BY_EVENT);
        assert_int_equal(set->rules[0].playbook.verify.kind, PLAYBOOK_VERIFY_OK);
        ruleset_free(set);
    }
}

static void rules_that_do_not_ask_for_failing_end_by_quiet(void **state)
{
    static const struct {
        const char *rule;
        int64_t quiet_ms;
    } cases[] = {
        { "{id: a, on: push}", HOUR_MS },
        { "{id: a, on: log, when: {count: 2, within: 10m}}", HOUR_MS },
        { "{id: a, on: log, when: {count: 2, within: 1h}}", HOUR_MS },
        { "{id: a, on: log, when: {count: 2, within: 3h}}", 3 * HOUR_MS },
        { "{id: a, on: alert, where: {state: info}}", HOUR_MS },
        { "{id: a, on: alert, where: {state: [failing, ok]}}", HOUR_MS },
        { "{id: a, on: alert, where: {any: [{state: failing}, {branch: dev}]}}", HOUR_MS },
        { "{id: a, on: ci.run, when: {sequence: [{match: '/a/'}, {match: '/b/'}], within: 2h}}",
          2 * HOUR_MS },
        { "{id: a, on: log, when: {followed_by: {match: '/b/'}, within: 5m}}", HOUR_MS },
        /* The `ok` is what it waits for. */
        { "{id: a, on: alert, where: {state: failing}, when: {followed_by: {where: {state: ok}}, "
          "within: 5m}}",
          HOUR_MS },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[256];
        struct ruleset *set = rules_of(file_of(cases[i].rule, text, sizeof(text)));

        assert_int_equal(set->rules[0].clear.kind, CLEAR_BY_QUIET);
        assert_int_equal(set->rules[0].clear.quiet_ms, cases[i].quiet_ms);
        assert_int_equal(set->rules[0].playbook.verify.kind, PLAYBOOK_VERIFY_QUIET);
        assert_int_equal(set->rules[0].playbook.verify.window_ms, 30 * MINUTE_MS);
        ruleset_free(set);
    }
}

static void a_plan_gives_its_actions_to_allow_and_a_shorter_expiry(void **state)
{
    struct ruleset *set = rules_of("rules:\n"
                                   "  - id: a\n"
                                   "    on: alert\n"
                                   "    propose:\n"
                                   "      plan:\n"
                                   "        - {do: note, with: {text: '{{title}}'}, why: because}\n"
                                   "        - {do: rerun}\n"
                                   "        - {do: note}\n");
    const struct propose_part *propose = &set->rules[0].playbook.propose;

    (void)state;
    assert_int_equal(propose->n_plan, 3);
    assert_slice(propose->plan[0].action, "note");
    assert_slice(propose->plan[0].params[0].name, "text");
    assert_slice(template_source(propose->plan[0].params[0].template), "{{title}}");
    assert_slice(template_source(propose->plan[0].why), "because");
    assert_int_equal(propose->allow.n_items, 2);
    assert_slice(propose->allow.items[0], "note");
    assert_slice(propose->allow.items[1], "rerun");
    assert_int_equal(propose->expires_ms, 4 * HOUR_MS);
    ruleset_free(set);
}

#define OF_EVIDENCE(piece) "rules: [{id: a, on: alert, diagnose: {evidence: [" piece "]}}]"

static void the_name_of_a_watcher_is_all_that_lines_of_a_log_need(void **state)
{
    struct ruleset *set = rules_of(OF_EVIDENCE("{log: app}"));
    const struct evidence_request *request = &set->rules[0].playbook.diagnose.evidence[0];

    (void)state;
    assert_int_equal(request->source, EVIDENCE_FROM_LOG);
    assert_slice(request->log.watcher, "app");
    assert_int_equal(request->log.around_ms, 5 * MINUTE_MS);
    assert_int_equal(request->log.n_lines, 100);
    assert_null(request->log.match);
    ruleset_free(set);
}

static void lines_of_a_log_may_be_told_from_others_by_a_pattern_of_the_file(void **state)
{
    struct ruleset *set = rules_of("patterns: {errors: '/error|fatal/i'}\n" OF_EVIDENCE(
        "{log: {watcher: app, around: 90s, match: $errors, lines: 7}}"));
    const struct log_use *log = &set->rules[0].playbook.diagnose.evidence[0].log;

    (void)state;
    assert_int_equal(log->around_ms, 90 * SECOND_MS);
    assert_int_equal(log->n_lines, 7);
    assert_slice(pattern_source(log->match), "/error|fatal/i");
    ruleset_free(set);
}

/* -- shared pieces -- */

static void what_ends_by_itself_is_given_a_whole_window_to_do_so_before_it_is_judged(void **state)
{
    static const struct {
        const char *when;
        int64_t quiet_ms;
    } cases[] = {
        { "{fewer: 5, within: 10m}", 30 * MINUTE_MS },
        { "{fewer: 5, within: 6h}", 6 * HOUR_MS },
        { "{absent: 24h}", 24 * HOUR_MS },
        { "{absent: 24h, grace: 2h}", 26 * HOUR_MS },
        { "{absent: {cron: '0 2 * * *'}, grace: 2h}", 2 * HOUR_MS },
        { "{ratio: 5%, having: {match: '/x/'}, within: 2h, at_least: 10}", 2 * HOUR_MS },
        { "{avg: duration, above: 5m, within: 90m}", 90 * MINUTE_MS },
        { "{flaps: state, count: 3, within: 7d}", 7 * DAY_MS },
        { "{flaps: state, count: 3, within: 60d}", 30 * DAY_MS }, /* verify can be no longer */
        { "{count: 5, within: 6h}", 30 * MINUTE_MS },             /* one more match is what tells */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char rules[256];
        struct ruleset *set;

        snprintf(rules, sizeof(rules), "rules: [{id: a, on: log, when: %s}]", cases[i].when);
        set = rules_of(rules);
        print_message("%s\n", cases[i].when);
        assert_int_equal(set->rules[0].playbook.verify.kind, PLAYBOOK_VERIFY_QUIET);
        assert_int_equal(set->rules[0].playbook.verify.window_ms, cases[i].quiet_ms);
        ruleset_free(set);
    }
}

static void a_default_is_taken_whole_where_the_rule_leaves_it_out(void **state)
{
    struct ruleset *set =
        rules_of("defaults:\n"
                 "  severity: high\n"
                 "  propose: {expires: 2h, cooldown: 5m}\n"
                 "rules:\n"
                 "  - {id: a, on: alert}\n"
                 "  - {id: b, on: alert, severity: low, propose: {expires: 3h}}\n");

    (void)state;
    assert_int_equal(set->rules[0].severity, SEVERITY_HIGH);
    assert_int_equal(set->rules[0].playbook.propose.cooldown_ms, 5 * MINUTE_MS);
    assert_int_equal(set->rules[1].severity, SEVERITY_LOW);
    assert_int_equal(set->rules[1].playbook.propose.expires_ms, 3 * HOUR_MS);
    assert_int_equal(set->rules[1].playbook.propose.cooldown_ms, HOUR_MS); /* never merged */
    ruleset_free(set);
}

static void a_wrong_shared_piece_is_told_once(void **state)
{
    struct ruleset *set = NULL;
    struct buffer said;

    (void)state;
    assert_int_equal(parse_rules("defaults: {severity: warm, id: x}\n"
                                 "patterns: {bad: '/(/', 'x y': '/a/', oops: '/b/'}\n"
                                 "lists: {empty: [], oops: [a]}\n"
                                 "rules:\n"
                                 "  - {id: a, on: log, match: $bad}\n"
                                 "  - {id: b, on: log, match: $bad}\n",
                                 &set, &said),
                     RC_INVALID);
    assert_string_equal(
        said.ptr,
        "t.yaml:2:24: error: `x y` cannot be used as $name: letters, digits, - and _\n"
        "t.yaml:3:16: error: the list `empty` must be a list of values: [a, b]\n"
        "t.yaml:3:20: error: `oops` is the name of a pattern, too: $oops could mean either\n"
        "t.yaml:2:20: error: bad pattern: missing closing parenthesis\n"
        "t.yaml:1:28: error: `id` cannot be a default: every rule has its own\n"
        "t.yaml:1:22: error: `severity` must be one of low medium high critical, not `warm`\n");
    buffer_free(&said);
}

/* -- versions -- */

static struct slice version_of(const char *text, struct ruleset **set)
{
    *set = rules_of(text);
    return (*set)->rules[0].version;
}

static void assert_versions(const char *a, const char *b, bool same)
{
    struct ruleset *left, *right;
    bool is_same = slice_eq(version_of(a, &left), version_of(b, &right));

    if (is_same != same)
        print_message("%s\n%s\nare%s the same version\n", a, b, is_same ? "" : " not");
    assert_int_equal(is_same, same);
    assert_int_equal(left->rules[0].version.len, 16);
    ruleset_free(left);
    ruleset_free(right);
}

static void a_version_is_of_the_meaning_not_of_the_layout(void **state)
{
    const char *plain = "rules: [{id: a, on: alert, key: [repo], where: {branch: main}}]";

    (void)state;
    assert_versions(plain,
                    "# said in another way\n"
                    "rules:\n"
                    "  - where:\n"
                    "      branch: \"main\"\n"
                    "    on: 'alert'\n"
                    "    id: a\n"
                    "    key:\n"
                    "      - repo\n"
                    "  - {id: neighbour, on: push}\n",
                    true);
    assert_versions(plain,
                    "lists: {mains: [main]}\nrules: [{id: a, on: alert, key: [repo], where: "
                    "{branch: main}}]",
                    true);
    assert_versions(
        plain, "defaults: {key: [repo]}\nrules: [{id: a, on: alert, where: {branch: main}}]", true);
    /* What a default says may as well be written out. */
    assert_versions(plain,
                    "rules: [{id: a, on: alert, key: [repo], mode: propose, severity: medium, "
                    "where: {branch: main, state: failing}}]",
                    true);
    assert_versions(plain, "rules: [{id: a, on: alert, key: [repo], where: {branch: trunk}}]",
                    false);
    assert_versions("lists: {l: [x]}\nrules: [{id: a, on: alert, where: {branch: $l}}]",
                    "lists: {l: [y]}\nrules: [{id: a, on: alert, where: {branch: $l}}]", false);
    /* Lines of logs: the short form is the long one, and each member is part of what is meant. */
    assert_versions(OF_EVIDENCE("{log: app}"),
                    OF_EVIDENCE("{log: {lines: 100, watcher: app, around: 5m}}"), true);
    assert_versions(OF_EVIDENCE("{log: app}"), OF_EVIDENCE("{log: web}"), false);
    assert_versions(OF_EVIDENCE("{log: app}"), OF_EVIDENCE("{log: {watcher: app, lines: 99}}"),
                    false);
    assert_versions(OF_EVIDENCE("{log: app}"), OF_EVIDENCE("{log: {watcher: app, around: 6m}}"),
                    false);
    assert_versions("patterns: {p: '/x/'}\n" OF_EVIDENCE("{log: {watcher: app, match: $p}}"),
                    "patterns: {p: '/y/'}\n" OF_EVIDENCE("{log: {watcher: app, match: $p}}"),
                    false);
    assert_versions("rules: [{id: a, on: alert, where: {branch: '/x/'}}]",
                    "rules: [{id: a, on: alert, where: {branch: /x/}}]", false);
    assert_versions("rules: [{id: a, on: alert, where: {branch: {eq: '/x/'}}}]",
                    "rules: [{id: a, on: alert, where: {branch: /x/}}]", true);
}

static void what_is_printed_means_the_same(void **state)
{
    struct ruleset *set =
        rules_to_show("lists: {bots: [renovate, dependabot]}\n"
                      "patterns: {mains: '/^(main|release\\/.+)$/i'}\n"
                      "rules:\n"
                      "  - id: a\n"
                      "    on: [ci.run]\n"
                      "    where: {branch: $mains, actor: {not: $bots}, url: /x/}\n"
                      "    key: [repo, branch]\n"
                      "    when: {count: 2, within: 1h}\n"
                      "    title: \"{{repo}}: \\\"{{branch}}\\\"\"\n"
                      "    diagnose: {evidence: [{log: {watcher: app, match: '/a/i'}}]}\n"
                      "    propose: {plan: [{do: note, with: {text: 'true'}}]}\n");
    struct buffer printed;
    struct ruleset *again;

    (void)state;
    buffer_init(&printed, 0);
    ruleset_print(set, &printed);
    buffer_add_byte(&printed, '\0');
    again = rules_of(printed.ptr);
    if (!slice_eq(set->rules[0].version, again->rules[0].version))
        print_message("%s", printed.ptr);
    assert_true(slice_eq(set->rules[0].version, again->rules[0].version));
    assert_true(slice_eq(set->version, again->version));
    buffer_free(&printed);
    ruleset_free(set);
    ruleset_free(again);
}

static void tests_are_kept_for_their_runner(void **state)
{
    struct ruleset *set = rules_to_show("rules: [{id: a, on: alert}]\n"
                                        "tests: [{name: x, events: []}, {name: y}]\n");

    (void)state;
    assert_int_equal(set->n_tests, 2);
    assert_slice(set->tests[0].file, "t.yaml");
    assert_slice(node_find(set->tests[1].node, "name")->text, "y");
    ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r01_what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(what_the_language_has_is_taken),
        cmocka_unit_test(a_file_shows_all_its_problems_in_one_run),
        cmocka_unit_test(r07_a_double_id_names_both_places_also_across_files),
        cmocka_unit_test(r07_each_double_of_an_id_is_told_with_the_one_before),
        cmocka_unit_test(r10_a_file_that_is_half_written_is_refused_wherever_it_ends),
        cmocka_unit_test(r11_what_a_document_has_too_much_of_is_refused_word_for_word),
        cmocka_unit_test(rules_that_share_a_group_name_the_same_fields),
        cmocka_unit_test(r08_one_broken_file_and_there_is_no_set),
        cmocka_unit_test(an_empty_set_is_loud),
        cmocka_unit_test(a_pattern_that_has_all_of_the_key_is_no_doubt),
        cmocka_unit_test(what_is_surely_not_meant_is_a_warning),
        cmocka_unit_test(r02_a_pattern_that_explodes_is_told_with_its_hostile_text),
        cmocka_unit_test(r02_what_hurts_a_pattern_is_told_word_for_word),
        cmocka_unit_test(r02_patterns_that_are_left_untried_are_counted_and_the_load_goes_on),
        cmocka_unit_test(a_pattern_that_is_written_twice_is_compiled_once),
        cmocka_unit_test(a_set_to_run_keeps_nothing_of_what_was_written),
        cmocka_unit_test(what_is_wrong_with_tests_stops_no_set_to_run),
        cmocka_unit_test(r01_tests_that_are_no_list_are_told_to_who_shows_or_checks),
        cmocka_unit_test(the_smallest_rule_is_two_members),
        cmocka_unit_test(a_state_that_only_what_comes_after_has_leaves_the_rule_at_failing),
        cmocka_unit_test(rules_that_ask_for_failing_end_by_an_ok),
        cmocka_unit_test(rules_that_do_not_ask_for_failing_end_by_quiet),
        cmocka_unit_test(a_plan_gives_its_actions_to_allow_and_a_shorter_expiry),
        cmocka_unit_test(the_name_of_a_watcher_is_all_that_lines_of_a_log_need),
        cmocka_unit_test(lines_of_a_log_may_be_told_from_others_by_a_pattern_of_the_file),
        cmocka_unit_test(what_ends_by_itself_is_given_a_whole_window_to_do_so_before_it_is_judged),
        cmocka_unit_test(a_default_is_taken_whole_where_the_rule_leaves_it_out),
        cmocka_unit_test(a_wrong_shared_piece_is_told_once),
        cmocka_unit_test(a_version_is_of_the_meaning_not_of_the_layout),
        cmocka_unit_test(what_is_printed_means_the_same),
        cmocka_unit_test(tests_are_kept_for_their_runner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
