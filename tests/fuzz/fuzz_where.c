/* Any clauses against any event: refused with a place, or evaluated as explained; and where `check` says that they never hold, they do not.
 *
 * Input: the members of `where` as YAML, an empty line, the event as JSON. */
#include "rules/lint.h"
#include "rules/load.h"
#include "rules/match.h"
#include "rules/where.h"
#include "tests/fuzz/fuzz.h"

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

static const char head[] = "rules:\n"
                           "  - id: a\n"
                           "    on: '*'\n"
                           "    key: [kind]\n"
                           "    where:\n";

static void write_rule(struct slice clauses, struct buffer *out)
{
    buffer_add_text(out, head);
    while (clauses.len) {
        buffer_add_text(out, "      ");
        buffer_add(out, slice_cut(&clauses, '\n'));
        buffer_add_text(out, "\n");
    }
}

static struct ruleset *load(struct slice text, struct problems *problems)
{
    struct rule_file all[] = {
        { .name = SLICE("fuzz.yaml"), .text = text },
        { .name = SLICE("a.txt"), .text = SLICE("web1\nweb2\n"), .is_list = true },
    };
    struct rule_files files = { .files = all, .n_files = 2, .n_lists = 1 };
    struct ruleset *set = NULL;
    enum rc rc = ruleset_parse_to_show(&files, problems, &set);
    const struct lint_with with = { .files = &files };

    CLAIM((rc == RC_OK) == (problems_count(problems, PROBLEM_ERROR) == 0));
    if (rc)
        return NULL;
    CLAIM(ruleset_lint(set, &with, problems) == RC_OK);
    CLAIM(problems_count(problems, PROBLEM_ERROR) == 0);
    return set;
}

static bool is_said_never_to_hold(const struct problems *problems)
{
    const struct problem *problem;

    for (size_t i = 0; (problem = problems_at(problems, i)); i++)
        if (problem->name && strcmp(problem->name, "never-holds") == 0)
            return true;
    return false;
}

/* Of maps in `any` and `none` it may be said of one that matters to none. */
static bool is_plain(const struct where *where)
{
    return where && !where->n_any && !where->n_none;
}

static void claim_explained(const struct rule *rule, const struct ruleset *set,
                            const struct event *event, const struct problems *problems,
                            struct arena *arena)
{
    struct match_list matches = { 0 };
    struct matcher *matcher = NULL;
    struct gate *gates;
    size_t n_gates;
    bool matched;

    CLAIM(matcher_new(&matcher) == RC_OK);
    CLAIM(match_event(matcher, set, event, arena, &matches) == RC_OK);
    CLAIM(match_explain(matcher, rule, event, arena, &gates, &n_gates, &matched) == RC_OK);
    CLAIM(matched == (matches.n_items == 1));
    if (is_plain(rule->filter.where) && is_said_never_to_hold(problems))
        CLAIM(!matched);
    matcher_free(matcher);
}

static void try_event(const struct ruleset *set, struct slice text, const struct problems *problems)
{
    struct arena *arena = fuzz_arena();
    struct event event = { .time_ms = NOW_MS, .received_ms = NOW_MS };
    struct json *tree = NULL;
    struct json_fault fault;

    if (!json_parse(text, JSON_LIMITS_DEFAULT, &tree, &fault) &&
        !event_read_json(tree, arena, &event) && set->n_rules == 1)
        claim_explained(&set->rules[0], set, &event, problems, arena);
    json_free(tree);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice clauses = fuzz_input(data, size), event = SLICE("{}");
    struct problems *problems = NULL;
    struct ruleset *set;
    struct buffer rule;
    size_t split;

    if (!slice_find(clauses, SLICE("\n\n"), &split)) {
        event = (struct slice){ clauses.ptr + split + 2, clauses.len - split - 2 };
        clauses.len = split;
    }
    buffer_init(&rule, 0);
    write_rule(clauses, &rule);
    CLAIM(buffer_rc(&rule) == RC_OK);
    CLAIM(problems_new(&problems) == RC_OK);
    set = load(buffer_slice(&rule), problems);
    if (set)
        try_event(set, event, problems);
    ruleset_free(set);
    problems_free(problems);
    buffer_free(&rule);
    return 0;
}
