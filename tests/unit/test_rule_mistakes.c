/* Every mistake in a rule is told once, at its place; none hides another, and none makes another look like one. */
#include "rule_fixture.h"

#include <stdlib.h>

/* A rule whose members stand in a line each; a case puts a mistake into one of them. */
enum member {
    ID,
    ON,
    WHERE,
    MATCH,
    IGNORE,
    KEY,
    WHEN,
    CLEAR,
    SEVERITY,
    TITLE,
    GROUP,
    DIAGNOSE,
    PROPOSE,
    VERIFY,
    UNLESS,
    SAME,
    ACTIVE,
    MODE,
    LATENESS,
    N_MEMBERS
};
#define FIRST_LINE 3 /* behind `rules:` and the dash */

static const char *const right[N_MEMBERS] = {
    [ID] = "id: a",
    [ON] = "on: log",
    [WHERE] = "where: {host: web}",
    [MATCH] = "match: '/(?<unit>\\w+) fell/'",
    [IGNORE] = "ignore: '/test/'",
    [KEY] = "key: [unit]",
    [WHEN] = "when: {count: 2, within: 5m}",
    [CLEAR] = "clear: {quiet: 1h}",
    [SEVERITY] = "severity: high",
    [TITLE] = "title: \"{{unit}}\"",
    [GROUP] = "group: {by: [host]}",
    [DIAGNOSE] = "diagnose: {question: \"why {{unit}}?\"}",
    [PROPOSE] = "propose: {expires: 4h}",
    [VERIFY] = "verify: {quiet: 30m}",
    [UNLESS] = "unless: [b]",
    [SAME] = "same: [unit]",
    [ACTIVE] = "active: {days: mon}",
    [MODE] = "mode: propose",
    [LATENESS] = "lateness: 5m",
};

#define KNOWN                                                                                      \
    "known here: source type kind watcher subject title text state severity level service host "   \
    "repo branch commit run attempt workflow job test duration actor environment url rule unit "   \
    "time received data.… and named groups of its patterns"
#define RULE_MEMBERS                                                                               \
    "valid here: id on where match ignore key when clear severity title group diagnose propose "   \
    "verify unless while same active mode lateness"

/* What is said stands behind `t.yaml:LINE:`. */
static const struct {
    enum member member;
    const char *wrong;
    const char *said;
} cases[] = {
    { ID, "id: a b",
      "9: error: an id is letters, digits, - _ and ., begins with a letter or a digit and has at "
      "most 100 of them" },
    { ON, "on: []",
      "9: error: `on` is empty: name a kind (ci.run), a type (github.workflow_run) or a glob" },
    { ON, "on: {kind: log}",
      "9: error: `on` names kinds (ci.run), types (github.workflow_run) or globs (github.*)" },
    { WHERE, "where: {state: failed}",
      "20: error: `state` is never `failed`, but one of failing ok info; the sender's own words "
      "stay under data." },
    { WHERE, "where: {hosst: web}",
      "13: error: no event of this rule can have `hosst`; did you mean `host`? " KNOWN },
    { WHERE, "where: {}", "12: error: a map of clauses is expected here: {field: value}" },
    { WHERE, "where: {host: {gtt: 5}}",
      "20: error: unknown member `gtt`; did you mean `gt`? valid here: eq not exists gt ge lt le "
      "before after cidr file some" },
    { WHERE, "where: {duration: {lt: 5}}",
      "28: error: a bound on `duration` is a duration with its unit (90s 5m 1h 7d), of ten years "
      "at most, not `5`" },
    { MATCH, "match: '/(?<unit>\\w+ fell/'",
      "30: error: bad pattern: missing closing parenthesis" },
    { MATCH, "mach: '/(?<unit>\\w+) fell/'",
      "5: error: unknown member `mach`; did you mean `match`? " RULE_MEMBERS },
    { MATCH, "match: /(?<unit>\\w+)_fell/",
      "12: error: a pattern stands in single quotes: '/(?<unit>\\w+)_fell/'" },
    { MATCH, "match: \"/(?<unit>x+)\\bfell/\"",
      "12: error: a control character in the text: double quotes turn \\b and the like into one; "
      "use single quotes" },
    { IGNORE, "ignore: '/te[st/'",
      "20: error: bad pattern: missing terminating ] for character class" },
    { IGNORE, "ignore: $tests",
      "13: error: no list and no pattern of this file is named `tests`; text that begins with $ "
      "stands in quotes" },
    { KEY, "key: [unit, hoost]",
      "17: error: no event of this rule can have `hoost`; did you mean `host`? " KNOWN },
    { KEY, "key: []",
      "10: error: an empty key would fold everything together: leave it out for `subject`" },
    { KEY, "key: {a: unit}",
      "10: error: a key is a list of field names, or one template, not a map" },
    { WHEN, "when: {count: 2}", "11: error: `within` is missing here: in how long, as 10m" },
    { WHEN, "when: {cuont: 2, within: 5m}",
      "11: error: `when` names no condition; did you mean `count`?; it is a map as {count: 5, "
      "within: 10m} with one of distinct change flaps sequence followed_by not_followed_by spike "
      "drop ratio sum avg max min p95 fewer absent new count" },
    { WHEN, "when: {followed_by: {mach: '/(?<unit>b)/'}, within: 0s}",
      "26: error: unknown member `mach`; did you mean `match`? valid here: on match where ignore "
      "key count\n57: error: `within` must be between 1s and 366d, not `0s`" },
    { WHEN, "when: 5",
      "11: error: `when` names no condition; it is a map as {count: 5, within: 10m} with one of "
      "distinct change flaps sequence followed_by not_followed_by spike drop ratio sum avg max min "
      "p95 fewer absent new count" },
    { CLEAR, "clear: {quit: 1h}",
      "13: error: unknown member `quit`; did you mean `quiet`? valid here: on match where ignore "
      "key count quiet" },
    { CLEAR, "clear: {match: '/(?<unit>\\w+ rose/'}",
      "38: error: bad pattern: missing closing parenthesis" },
    { CLEAR, "clear: {match: '/rose/'}",
      "12: error: an event that clears cannot have `unit`, which the key names: capture it there "
      "as well" },
    { SEVERITY, "severity: hgh",
      "15: error: `severity` must be one of (did you mean `high`?) low medium high critical, not "
      "`hgh`" },
    { TITLE, "title: \"{{unt}}\"",
      "15: error: no event of this rule can have `unt`; did you mean `unit`? " KNOWN },
    { TITLE, "title: \"{{unit\"", "13: error: bad template: this {{ is never closed by }}" },
    { TITLE, "title: [a]", "12: error: a text is expected here, not a list" },
    { GROUP, "group: {by: [hst], wait: 1y}",
      "18: error: no event of this rule can have `hst`; did you mean `host`? " KNOWN
      "\n30: error: `wait` must be a duration with its unit (90s, 5m, 1h, 7d), not `1y`" },
    { DIAGNOSE, "diagnose: {qestion: \"why {{unti}}?\"}",
      "16: error: unknown member `qestion`; did you mean `question`? valid here: question scope "
      "evidence constraints criteria timeout\n32: error: no event of this rule can have `unti`; "
      "did you mean `unit`? " KNOWN },
    { DIAGNOSE, "diagnose: {evidence: [{changes: {within: 2}}]}",
      "46: error: `within` must be a duration with its unit (90s, 5m, 1h, 7d), not `2`" },
    { PROPOSE, "propose: {expires: 99999999999d}",
      "24: error: `expires` must be a duration of ten years at most, not `99999999999d`" },
    { PROPOSE, "propose: {plan: [{do: x, wiht: {a: \"{{b}}\"}}]}",
      "30: error: unknown member `wiht`; did you mean `with`? valid here: do with why\n43: error: "
      "no event of this rule can have `b`; where its payload has it, write `data.b`; " KNOWN },
    { VERIFY, "verify: {ok: 1h, quiet: 1h}",
      "13: error: `verify` is one of {ok: 1h}, {quiet: 30m}, {check: ACTION, with: {…}}, none" },
    { UNLESS, "unless: [c]", "14: error: there is no rule `c`" },
    { SAME, "same: [unti]",
      "12: error: no event of this rule can have `unti`; did you mean `unit`? " KNOWN },
    { ACTIVE, "active: {days: mno, from: \"8\"}",
      "20: error: `mno` is no day; did you mean `mon`? valid here: mon tue wed thu fri sat sun, "
      "ranges (mon-fri) and commas between\n31: error: a time of day has four digits: \"08:00\", "
      "from 00:00 to 23:59" },
    { MODE, "mode: observer",
      "11: error: `mode` must be one of (did you mean `observe`?) propose observe, not "
      "`observer`" },
    { LATENESS, "lateness: 5",
      "15: error: `lateness` must be a duration with its unit (90s, 5m, 1h, 7d), not `5`" },
};
#define N_CASES (sizeof(cases) / sizeof(*cases))

/* The file with the mistakes `first` and `second`, which may be one. */
static void write_file(size_t first, size_t second, struct buffer *text)
{
    buffer_init(text, 0);
    buffer_add_text(text, "rules:\n  -\n");
    for (size_t i = 0; i < N_MEMBERS; i++) {
        const char *line = right[i];

        if (cases[first].member == i)
            line = cases[first].wrong;
        if (cases[second].member == i)
            line = cases[second].wrong;
        buffer_format(text, "    %s\n", line);
    }
    buffer_add_text(text, "  - {id: b, on: log, match: '/(?<unit>\\w+) is down/'}\n");
}

/* In the order of the file, a line each. */
static void said_of(size_t first, size_t second, struct buffer *said)
{
    struct rule_file file = { .name = SLICE("t.yaml") };
    struct rule_files files = { .files = &file, .n_files = 1 };
    struct problems *problems = NULL;
    struct ruleset *set = NULL;
    struct buffer text;

    write_file(first, second, &text);
    file.text = buffer_slice(&text);
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(ruleset_parse_to_check(&files, problems, &set), RC_INVALID);
    assert_non_null(set);
    ruleset_free(set);
    problems_sort(problems);
    buffer_init(said, 0);
    problems_format(problems, said);
    problems_free(problems);
    buffer_free(&text);
}

/* What a case alone is told as: one line or more, each with its place. */
static void expect(size_t i, struct buffer *expected)
{
    struct slice rest = slice_of(cases[i].said);

    while (rest.len) {
        struct slice line = slice_cut(&rest, '\n');

        buffer_format(expected, "t.yaml:%u:%.*s\n", FIRST_LINE + (unsigned)cases[i].member,
                      SLICE_ARG(line));
    }
}

static bool is_said(size_t first, size_t second)
{
    bool is_right;
    struct buffer said, expected;

    buffer_init(&expected, 0);
    expect(first, &expected);
    if (second != first)
        expect(second, &expected);
    said_of(first, second, &said);
    is_right = slice_eq(buffer_slice(&said), buffer_slice(&expected));
    if (!is_right)
        print_message("%s / %s\ngot:\n%.*sexpected:\n%.*s", cases[first].wrong, cases[second].wrong,
                      SLICE_ARG(buffer_slice(&said)), SLICE_ARG(buffer_slice(&expected)));
    buffer_free(&expected);
    buffer_free(&said);
    return is_right;
}

static void r01_each_mistake_in_a_rule_is_told_at_its_place(void **state)
{
    size_t n_wrong = 0;

    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        n_wrong += !is_said(i, i);
    assert_int_equal(n_wrong, 0);
}

/* What is lacking of a key is not known without one. */
static bool asks_for_other(size_t first, size_t second)
{
    const char *key = cases[first].wrong;

    return cases[first].member == KEY && cases[second].member == CLEAR &&
           (strcmp(key, "key: []") == 0 || strcmp(key, "key: {a: unit}") == 0);
}

static void r01_of_two_mistakes_neither_hides_the_other_nor_brings_a_third(void **state)
{
    size_t n_wrong = 0;

    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        for (size_t j = i + 1; j < N_CASES; j++)
            n_wrong +=
                cases[i].member != cases[j].member && !asks_for_other(i, j) && !is_said(i, j);
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r01_each_mistake_in_a_rule_is_told_at_its_place),
        cmocka_unit_test(r01_of_two_mistakes_neither_hides_the_other_nor_brings_a_third),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
