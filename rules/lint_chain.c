#include "rules/lint_private.h"

/* Rules that hear of each other: each that fires fires the other once more, under a key of its own where that says where it came from. One that counts several comes to rest. */

/* TEST_FAULTY: this cannot be said without an event. */
static enum test_result judge(const struct test *test, struct slice text);

static enum test_result judge_parts(const struct test *test, struct slice text,
                                    enum test_result decides)
{
    enum test_result all = decides == TEST_HELD ? TEST_FAILED : TEST_HELD;

    for (size_t i = 0; i < test->n_parts; i++) {
        enum test_result one = judge(&test->parts[i], text);

        if (one == decides)
            return decides;
        if (one == TEST_FAULTY)
            all = TEST_FAULTY;
    }
    return all;
}

static enum test_result judge(const struct test *test, struct slice text)
{
    switch (test->kind) {
    case TEST_EQUALS:
        return slice_eq(test->text, text) ? TEST_HELD : TEST_FAILED;
    case TEST_EXISTS:
        return test->exists ? TEST_HELD : TEST_FAILED;
    case TEST_ANY:
        return judge_parts(test, text, TEST_HELD);
    case TEST_ALL:
        return judge_parts(test, text, TEST_FAILED);
    case TEST_NOT:
        switch (judge(test->parts, text)) {
        case TEST_HELD:
            return TEST_FAILED;
        case TEST_FAILED:
            return TEST_HELD;
        case TEST_FAULTY:
            break;
        }
        return TEST_FAULTY;
    case TEST_MATCHES:
    case TEST_COMPARES:
    case TEST_BEFORE:
    case TEST_AFTER:
    case TEST_CIDR:
    case TEST_FILE:
    case TEST_SOME:
        break;
    }
    return TEST_FAULTY;
}

static bool asks_for_signals(const struct filter *filter)
{
    for (size_t i = 0; i < filter->on.n_items; i++) {
        if (slice_eq(filter->on.items[i], SLICE("vedette.signal")))
            return true;
    }
    return false;
}

/* For sure: whatever else it asks for, `other` may say. */
static bool hears_of(const struct rule *rule, const struct rule *other)
{
    const struct where *where = rule->filter.where;

    if (!asks_for_signals(&rule->filter) || lint_member(rule, "when") ||
        (where && (where->n_any || where->n_none)))
        return false;
    for (size_t i = 0; where && i < where->n_clauses; i++) {
        const struct clause *clause = &where->clauses[i];
        bool is_rule = slice_eq(clause->field.name, SLICE("rule"));

        if (is_rule && judge(&clause->test, other->id) != TEST_HELD)
            return false;
    }
    return true;
}

void lint_circles(struct lint *lint, const struct rule *rule)
{
    const struct node *on = lint_member(rule, "on");
    const struct ruleset *set = lint->set;

    if (!on || !asks_for_signals(&rule->filter))
        return;
    for (size_t i = 0; i < set->n_own_kind_rules; i++) {
        const struct rule *other = &set->rules[set->own_kind_rules[i]];

        if (other->is_broken || other->index <= rule->index || !hears_of(rule, other) ||
            !hears_of(other, rule))
            continue;
        lint_warn(lint, on->mark,
                  "this rule and `%.*s` hear of each other: whatever fires one fires the other "
                  "twice; say in `where` which rules it is about, `rule: [a, b]`",
                  SLICE_ARG(other->id));
        return; /* one says enough */
    }
}
