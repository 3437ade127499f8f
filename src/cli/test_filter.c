#include "src/cli/test_filter.h"

#include "src/engine/rule_test.h"

struct test_filter {
    struct slice text;
    struct pattern *pattern; /* NULL: the text is looked for */
    struct pattern_scratch *scratch;
};

enum rc test_filter_new(const char *text, struct arena *arena, struct test_filter **filter,
                        struct json_fault *fault)
{
    struct test_filter *made = arena_alloc(arena, 1, sizeof *made);
    enum rc rc = RC_OK;

    if (!made)
        return RC_NO_MEMORY;
    made->text = slice_of(text);
    if (pattern_is_written(made->text)) {
        rc = pattern_parse(made->text, arena, &made->pattern, fault);
        if (!rc)
            rc = pattern_scratch_new(&made->scratch);
    }
    if (rc)
        test_filter_free(made);
    else
        *filter = made;
    return rc;
}

void test_filter_free(struct test_filter *filter)
{
    if (!filter)
        return;
    pattern_scratch_free(filter->scratch);
    pattern_free(filter->pattern);
}

static bool holds_text(struct slice text, struct slice part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (slice_eq_nocase((struct slice){ text.ptr + i, part.len }, part))
            return true;
    return false;
}

static bool is_found_in(const struct test_filter *filter, struct slice text)
{
    if (filter->pattern)
        return pattern_search(filter->pattern, text, filter->scratch) == PATTERN_MATCH;
    return holds_text(text, filter->text);
}

struct finding {
    const struct test_filter *filter;
    bool is_found;
};

static bool look_at(void *context, const struct node *name)
{
    struct finding *finding = context;

    finding->is_found = is_found_in(finding->filter, name->text);
    return !finding->is_found;
}

bool test_filter_takes(const struct test_filter *filter, const struct rule_test *test)
{
    struct finding finding = { .filter = filter };

    finding.is_found = is_found_in(filter, rule_test_name(test)) || is_found_in(filter, test->file);
    if (!finding.is_found)
        rule_test_each_rule(test, look_at, &finding);
    return finding.is_found;
}
