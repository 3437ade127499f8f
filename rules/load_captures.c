#include "rules/loader.h"

/* Named groups that a filter gives to the event that passes it, inherited patterns included. */

static void add_pattern_groups(struct loader *loader, const struct pattern *pattern,
                               struct slice_list *names)
{
    for (size_t i = 0; !slice_is_absent(pattern_group(pattern, i)); i++)
        loader_add_name(loader, names, pattern_group(pattern, i));
}

static void add_where_groups(struct loader *loader, const struct where *where,
                             struct slice_list *names);

static void add_test_groups(struct loader *loader, const struct test *test,
                            struct slice_list *names)
{
    if (test->kind == TEST_MATCHES && test->pattern)
        add_pattern_groups(loader, test->pattern, names);
    if (test->kind == TEST_SOME && test->element)
        add_where_groups(loader, test->element, names);
    if (test->kind == TEST_NOT)
        return;
    for (size_t i = 0; i < test->n_parts && test->parts; i++)
        add_test_groups(loader, &test->parts[i], names);
}

static void add_where_groups(struct loader *loader, const struct where *where,
                             struct slice_list *names)
{
    for (size_t i = 0; i < where->n_clauses; i++)
        add_test_groups(loader, &where->clauses[i].test, names);
    for (size_t i = 0; i < where->n_any; i++)
        add_where_groups(loader, &where->any[i], names);
}

void collect_captures(struct loader *loader, const struct filter *filter, struct slice_list *names)
{
    for (size_t i = 0; i < filter->n_match; i++)
        add_pattern_groups(loader, filter->match[i], names);
    if (filter->where)
        add_where_groups(loader, filter->where, names);
}

void add_names(struct loader *loader, struct slice_list *names, const struct slice_list *more)
{
    for (size_t i = 0; i < more->n_items; i++)
        loader_add_name(loader, names, more->items[i]);
}
