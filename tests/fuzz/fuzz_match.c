/* Any event against rules of every clause: matching and explaining tell the same, and a match folds. */
#include "rules/fold.h"
#include "rules/load.h"
#include "tests/fuzz/fuzz.h"

#include <sanitizer/lsan_interface.h>

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

static const char rules[] =
    "rules:\n"
    "  - {id: any, on: alert}\n"
    "  - {id: globs, on: ['github.*', 'vedette.*'], key: [repo, branch], where: {state: [failing, "
    "ok]}}\n"
    "  - {id: text, on: [log, message], match: ['/(?<host>\\w+) fell/i', '/^x+y$/'], ignore: "
    "'/test/', key: [host]}\n"
    "  - {id: bounds, on: [deploy], where: {duration: {gt: 90s, le: 2h}, severity: {ge: high}, "
    "data.n: {lt: 10}}}\n"
    "  - id: deep\n"
    "    on: ['*']\n"
    "    where: {'data.items[*].name': {not: [a, b]}, 'data[\"odd key\"]': {exists: true}}\n"
    "    when: {count: 2, within: 1h}\n"
    "  - id: inside\n"
    "    on: ['*']\n"
    "    where: {data.items: {some: {name: '/^(?<initial>.)/', n: {ge: 2}, of: {not: {some: {k: "
    "x}}}}},\n"
    "            'data.at[*]': {before: 14d, after: 1h}}\n"
    "  - {id: lines, on: ['*'], where: {host: [{cidr: [10.0.0.0/8, '2001:db8::/32']}, {file: "
    "a.txt}]}, key: [kind]}\n"
    "  - id: either\n"
    "    on: [ci.run, issue]\n"
    "    where: {any: [{branch: main}, {data.a: '/^(a|b)*c/'}], none: [{actor: {exists: false}}]}\n"
    "    key: ['data.k', subject]\n"
    "    clear: {where: {state: ok}}\n"
    "    title: \"{{subject | truncate: 9}} {{data.k | json}}\"\n";

/* Made once: rules are read-only. */
static struct ruleset *loaded_rules(void)
{
    static struct ruleset *set;
    struct rule_file all[] = {
        { .name = SLICE("fuzz.yaml"), .text = slice_of(rules) },
        { .name = SLICE("a.txt"), .text = SLICE("web1\nweb2\n"), .is_list = true },
    };
    struct rule_files files = { .files = all, .n_files = 2, .n_lists = 1 };
    struct problems *problems = NULL;
    struct buffer said;
    enum rc rc;

    if (set)
        return set;
    CLAIM(problems_new(&problems) == RC_OK);
    /* Kept for all inputs; who looks for leaks does not look into the pages that hold its pointers. */
    __lsan_disable();
    rc = ruleset_parse(&files, problems, &set);
    __lsan_enable();
    if (rc) {
        buffer_init(&said, 0);
        problems_format(problems, &said);
        fprintf(stderr, "%.*s", SLICE_ARG(buffer_slice(&said)));
        abort();
    }
    problems_free(problems);
    return set;
}

static const struct match *match_of(const struct match_list *matches, const struct rule *rule)
{
    for (size_t i = 0; i < matches->n_items; i++)
        if (matches->items[i].rule == rule)
            return &matches->items[i];
    return NULL;
}

static void claim_explained(struct matcher *matcher, const struct rule *rule,
                            const struct event *event, const struct match *match,
                            struct arena *arena)
{
    struct gate *gates;
    size_t n_gates;
    bool matched;

    CLAIM(match_explain(matcher, rule, event, arena, &gates, &n_gates, &matched) == RC_OK);
    /* What clears is looked for first and explained as such: it is not a match. */
    if (!match || !match->clears)
        CLAIM(matched == (match != NULL));
    for (size_t i = 0; i + 1 < n_gates && matched; i++)
        CLAIM(gates[i].passed);
}

static void claim_folds(const struct match *match, const struct event *event, struct arena *arena)
{
    const struct fold_clock first = { .now_ms = NOW_MS };
    const struct fold_clock second = { .now_ms = NOW_MS + 1 };
    struct signal signal = { 0 };
    struct fold fold = { 0 };
    struct template_values values;
    struct buffer title;

    CLAIM(fold_match(match, event, &first, arena, &signal, &fold) == RC_OK);
    CLAIM(fold.n_transitions <= 2);
    if (match->clears)
        return;
    CLAIM(fold_match(match, event, &second, arena, &signal, &fold) == RC_OK);
    CLAIM(signal_values(&signal, NOW_MS, arena, &values) == RC_OK);
    buffer_init(&title, 0);
    template_render(match->rule->title, &values, &title, NULL);
    CLAIM(buffer_rc(&title) == RC_OK);
    buffer_free(&title);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ruleset *set = loaded_rules();
    struct arena *arena = fuzz_arena();
    struct event event = { .time_ms = NOW_MS, .received_ms = NOW_MS };
    struct match_list matches = { 0 };
    struct matcher *matcher = NULL;
    struct json *tree = NULL;
    struct json_fault fault;

    if (json_parse(fuzz_input(data, size), JSON_LIMITS_DEFAULT, &tree, &fault) ||
        event_read_json(tree, arena, &event))
        goto out;
    CLAIM(matcher_new(&matcher) == RC_OK);
    CLAIM(match_event(matcher, set, &event, arena, &matches) == RC_OK);
    for (size_t i = 0; i < set->n_rules; i++)
        claim_explained(matcher, &set->rules[i], &event, match_of(&matches, &set->rules[i]), arena);
    for (size_t i = 0; i < matches.n_items; i++)
        claim_folds(&matches.items[i], &event, arena);

out:
    matcher_free(matcher);
    json_free(tree);
    arena_free(arena);
    return 0;
}
