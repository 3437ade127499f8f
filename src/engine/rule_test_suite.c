#include "src/engine/rule_test_private.h"

#include "rules/coverage.h"
#include "src/base/map.h"

#include <stdlib.h>

#define SCRATCH_BYTES ((size_t)64 << 20)

struct slice rule_test_name(const struct rule_test *test)
{
    const struct node *name = test->node->type == NODE_MAP ? node_find(test->node, "name") : NULL;

    return name && name->type == NODE_SCALAR ? name->text : SLICE("(a test without a name)");
}

/* -- who is named -- */

static bool visit_members(const struct node *list, bool (*visit)(void *, const struct node *),
                          void *context)
{
    static const char *const members[] = { "rule", "resolve" };

    for (size_t i = 0; list && list->type == NODE_LIST && i < list->n_items; i++)
        for (size_t j = 0; j < COUNT(members); j++) {
            const struct node *name = node_find(list->items[i], members[j]);

            if (name && name->type == NODE_SCALAR && !visit(context, name))
                return false;
        }
    return true;
}

void rule_test_each_rule(const struct rule_test *test,
                         bool (*visit)(void *context, const struct node *name), void *context)
{
    if (visit_members(node_find(test->node, "expect"), visit, context))
        (void)visit_members(node_find(test->node, "events"), visit, context);
}

bool rule_test_looks_at(const struct rule_test_suite *suite, struct slice rule)
{
    return map_get(suite->names, rule) != NULL;
}

/* -- who is needed -- */

/* Which of all rules are loaded: whole files of them, as what a file gives a name to is its own. */
struct choosing {
    struct rule_test_suite *suite;
    bool *is_needed; /* of each rule of the whole set */
    bool has_grown;
};

static void need_file_of(struct choosing *choosing, const struct rule *rule)
{
    const struct ruleset *all = choosing->suite->all;

    if (choosing->is_needed[rule->index])
        return;
    for (size_t i = 0; i < all->n_rules; i++)
        if (slice_eq(all->rules[i].mark.file, rule->mark.file))
            choosing->is_needed[i] = true;
    choosing->has_grown = true;
}

static void need_named(struct choosing *choosing, struct slice id)
{
    const struct rule *rule = ruleset_find(choosing->suite->all, id);

    if (rule)
        need_file_of(choosing, rule);
}

static bool take_name(void *context, const struct node *name)
{
    struct choosing *choosing = context;

    map_put(choosing->suite->names, name->text, choosing);
    need_named(choosing, name->text);
    return true;
}

static void need_list(struct choosing *choosing, const struct rule_name_list *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        need_named(choosing, list->items[i].id);
}

static void need_group(struct choosing *choosing, const struct rule *rule)
{
    const struct ruleset *all = choosing->suite->all;

    if (!rule->group.is_there || slice_is_absent(rule->group.name))
        return;
    for (size_t i = 0; i < all->n_rules; i++)
        if (all->rules[i].group.is_there && slice_eq(all->rules[i].group.name, rule->group.name))
            need_file_of(choosing, &all->rules[i]);
}

/* Any rule may fire what it asks for. */
static bool asks_for_signals(const struct ruleset *all, const struct rule *rule)
{
    for (size_t i = 0; i < all->n_own_kind_rules; i++)
        if (all->own_kind_rules[i] == rule->index)
            return true;
    return false;
}

static void need_what(struct choosing *choosing, const struct rule *rule)
{
    const struct ruleset *all = choosing->suite->all;

    need_list(choosing, &rule->unless);
    need_list(choosing, &rule->while_firing);
    need_group(choosing, rule);
    for (size_t i = 0; asks_for_signals(all, rule) && i < all->n_rules; i++)
        need_file_of(choosing, &all->rules[i]);
}

static void choose(struct choosing *choosing)
{
    const struct ruleset *all = choosing->suite->all;

    for (size_t i = 0; i < all->n_rules; i++) {
        if (!slice_eq(all->rules[i].mark.file, choosing->suite->file))
            continue;
        choosing->is_needed[i] = true;
        map_put(choosing->suite->names, all->rules[i].id, choosing);
    }
    for (size_t i = 0; i < all->n_tests; i++)
        if (slice_eq(all->tests[i].file, choosing->suite->file))
            rule_test_each_rule(&all->tests[i], take_name, choosing);
    do {
        choosing->has_grown = false;
        for (size_t i = 0; i < all->n_rules; i++)
            if (choosing->is_needed[i])
                need_what(choosing, &all->rules[i]);
    } while (choosing->has_grown);
}

/* Few of many: the files of these rules, each once. */
static enum rc list_files(const struct choosing *choosing, struct slice_list *names)
{
    const struct ruleset *all = choosing->suite->all;

    names->items = arena_alloc(choosing->suite->arena, all->n_rules + 1, sizeof(*names->items));
    if (!names->items)
        return RC_NO_MEMORY;
    names->items[names->n_items++] = choosing->suite->file;
    for (size_t i = 0; i < all->n_rules; i++) {
        struct slice file = all->rules[i].mark.file;

        if (choosing->is_needed[i] && !slice_eq(names->items[names->n_items - 1], file))
            names->items[names->n_items++] = file;
    }
    return RC_OK;
}

static bool is_chosen(const struct slice_list *names, const struct rule_file *file)
{
    for (size_t i = 0; !file->is_list && i < names->n_items; i++)
        if (slice_eq(names->items[i], file->name))
            return true;
    return file->is_list;
}

static enum rc load(struct choosing *choosing, const struct rule_files *files)
{
    struct rule_test_suite *suite = choosing->suite;
    struct rule_files chosen = { .n_lists = files->n_lists,
                                 .lateness_ms = files->lateness_ms,
                                 .watchers = files->watchers };
    struct problems *problems = NULL;
    struct slice_list names = { 0 };
    enum rc rc = problems_new(&problems);

    if (!rc)
        rc = list_files(choosing, &names);
    chosen.files = arena_alloc(suite->arena, files->n_files + 1, sizeof *chosen.files);
    if (!rc && !chosen.files)
        rc = RC_NO_MEMORY;
    for (size_t i = 0; i < files->n_files && !rc; i++)
        if (is_chosen(&names, &files->files[i]))
            chosen.files[chosen.n_files++] = files->files[i];
    /* All of them together are valid, and these are all that they name. */
    if (!rc)
        rc = suite->n_coverage ? ruleset_parse_to_show(&chosen, problems, &suite->ruleset)
                               : ruleset_parse(&chosen, problems, &suite->ruleset);
    problems_free(problems);
    return rc;
}

static enum rc choose_and_load(struct rule_test_suite *suite, const struct rule_files *files)
{
    struct choosing choosing = { .suite = suite };

    choosing.is_needed =
        arena_alloc(suite->arena, suite->all->n_rules + 1, sizeof *choosing.is_needed);
    if (!choosing.is_needed)
        return RC_NO_MEMORY;
    choose(&choosing);
    return load(&choosing, files);
}

/* -- coverage -- */

static enum rc cover(struct rule_test_suite *suite)
{
    enum rc rc = RC_OK;

    suite->coverage =
        arena_alloc(suite->arena, suite->ruleset->n_rules + 1, sizeof *suite->coverage);
    if (!suite->coverage)
        return RC_NO_MEMORY;
    suite->n_coverage = 0;
    for (size_t i = 0; i < suite->ruleset->n_rules && !rc; i++) {
        const struct rule *rule = &suite->ruleset->rules[i];
        struct rule_coverage *coverage = &suite->coverage[suite->n_coverage];

        if (!slice_eq(rule->mark.file, suite->file))
            continue;
        coverage->rule = rule;
        suite->n_coverage++;
        rc = coverage_new(rule, suite->arena, &coverage->coverage);
    }
    return rc;
}

const struct rule_coverage *rule_test_suite_coverage(const struct rule_test_suite *suite, size_t i)
{
    return i < suite->n_coverage ? &suite->coverage[i] : NULL;
}

/* -- the suite -- */

/* Tests ask for no configured watcher: every sender is there under its own name. They ask what rules propose, not how much of it people are asked at a time. */
static enum rc take_config(struct rule_test_suite *suite, const struct config *config)
{
    suite->config = config;
    suite->senders = *config;
    suite->senders.n_maintenance = 0; /* rules are tested by themselves */
    suite->senders.budget.is_there = false;
    return watchers_with_senders(config->watchers, suite->arena, &suite->senders.watchers);
}

enum rc rule_test_suite_new(const struct config *config, const struct rule_files *files,
                            const struct ruleset *ruleset, struct slice file, bool is_covered,
                            struct rule_test_suite **suite)
{
    struct rule_test_suite *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->all = ruleset;
    made->file = file;
    made->n_coverage = is_covered ? 1 : 0;
    rc = arena_new(SCRATCH_BYTES, &made->arena);
    if (!rc)
        rc = arena_new(SCRATCH_BYTES, &made->scratch);
    if (!rc)
        rc = map_new(&made->names);
    if (!rc)
        rc = matcher_new(&made->matcher);
    if (!rc)
        rc = take_config(made, config);
    if (!rc)
        rc = choose_and_load(made, files);
    if (!rc && is_covered)
        rc = cover(made);
    if (rc)
        rule_test_suite_free(made);
    else
        *suite = made;
    return rc;
}

void rule_test_suite_free(struct rule_test_suite *suite)
{
    if (!suite)
        return;
    matcher_free(suite->matcher);
    ruleset_free(suite->ruleset);
    map_free(suite->names);
    arena_free(suite->scratch);
    arena_free(suite->arena);
    free(suite);
}
