#include "rules/load.h"

#include "rules/loader.h"
#include "rules/prefilters.h"
#include "src/base/digest.h"

#include <stdlib.h>
#include <string.h>

/* Of one set; 10,000 rules of a page each fit well. */
#define SET_MAX_BYTES ((size_t)1 << 30)
#define VERSION_BYTES 8

struct file_nodes {
    struct node *rules, *lists, *patterns, *defaults, *tests;
};
#define MEMBER(x)                                                                                  \
    {                                                                                              \
        .name = #x, .type = SETTING_NODE, .offset = offsetof(struct file_nodes, x)                 \
    }
static const struct setting file_settings[] = {
    MEMBER(rules), MEMBER(lists), MEMBER(patterns), MEMBER(defaults), MEMBER(tests),
};
static const struct member_table file_members = {
    .settings = file_settings,
    .n_settings = sizeof(file_settings) / sizeof(*file_settings),
};

/* -- versions -- */

static void take_version(struct loader *loader, const struct slice *parts, size_t n_parts,
                         struct slice *version)
{
    char hex[2 * VERSION_BYTES + 1];
    struct sha256 digest;

    if (sha256_of_parts(parts, n_parts, &digest) ||
        arena_copy(loader->arena, slice_of(hex_format(digest.bytes, VERSION_BYTES, hex)), version))
        loader->rc = RC_NO_MEMORY;
}

/* Sorted members, no layout, no place: what is left is what the rule says. */
static void take_rule_version(struct loader *loader, struct rule *rule)
{
    struct json_writer writer;
    struct buffer json;
    struct slice text;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    node_write_json(rule->node, &writer);
    text = buffer_slice(&json);
    if (buffer_rc(&json))
        loader->rc = RC_NO_MEMORY;
    else
        take_version(loader, &text, 1, &rule->version);
    buffer_free(&json);
}

static void take_set_version(struct loader *loader)
{
    struct ruleset *set = loader->ruleset;
    struct slice *parts = loader_alloc(loader, 2 * set->n_rules + 1, sizeof(*parts));

    for (size_t i = 0; parts && set->by_id && i < set->n_rules; i++) {
        parts[2 * i] = set->by_id[i]->id;
        parts[2 * i + 1] = set->by_id[i]->version;
    }
    if (parts)
        take_version(loader, parts, 2 * set->n_rules, &set->version);
}

/* -- one file -- */

static size_t count_items(const struct node *list)
{
    return list && list->type == NODE_LIST ? list->n_items : 0;
}

static bool is_list_member(struct loader *loader, const struct node *node, const char *member)
{
    if (node && node->type != NODE_LIST)
        node_problem(loader->problems, node, "`%s` is a list, not %s", member,
                     node_type_text(node));
    return node && node->type == NODE_LIST;
}

static void read_rules(struct loader *loader, const struct node *list)
{
    for (size_t i = 0; is_list_member(loader, list, "rules") && i < list->n_items; i++) {
        struct rule *rule = &loader->ruleset->rules[loader->ruleset->n_rules];

        rule->index = loader->ruleset->n_rules++;
        read_rule(loader, list->items[i], rule);
        if (rule->node)
            take_rule_version(loader, rule);
    }
}

static void read_tests(struct loader *loader, const struct node *list, struct slice file)
{
    for (size_t i = 0; is_list_member(loader, list, "tests") && i < list->n_items; i++) {
        if (list->items[i]->type != NODE_MAP)
            node_problem(loader->problems, list->items[i],
                         "a test is a map of name, with, events, expect, until, not %s",
                         node_type_text(list->items[i]));
        loader->ruleset->tests[loader->ruleset->n_tests++] =
            (struct rule_test){ .file = file, .node = list->items[i] };
    }
}

/* What is wrong with a shared piece is found again wherever it is used; a person wants to read it once. */
static void move_problems(const struct problems *from, struct problems *to)
{
    const struct problem *problem;

    for (size_t i = 0; (problem = problems_at(from, i)); i++) {
        const struct problem *earlier;
        bool is_known = false;

        for (size_t j = 0; !is_known && (earlier = problems_at(to, j)); j++)
            is_known = slice_eq(earlier->file, problem->file) && earlier->line == problem->line &&
                       earlier->column == problem->column && slice_eq(earlier->text, problem->text);
        if (!is_known)
            problems_add(to, problem->severity, problem->file, problem->line, problem->column,
                         "%.*s", SLICE_ARG(problem->text));
    }
}

/* A file's root, and what stands in it. */
struct parsed_file {
    struct node *root;
    struct file_nodes nodes;
    struct slice name;
};

static void parse_file(struct loader *loader, const struct rule_file *file,
                       struct parsed_file *parsed)
{
    enum rc rc = arena_copy(loader->arena, file->name, &parsed->name);

    if (rc == RC_OK)
        rc = document_parse(parsed->name, file->text, loader->arena, loader->problems,
                            &parsed->root);
    if (rc == RC_INVALID)
        parsed->root = NULL;
    else if (rc)
        loader->rc = rc;
    else
        (void)loader_read_members(loader, &file_members, parsed->root, &parsed->nodes);
}

static enum rc read_file(struct loader *loader, const struct parsed_file *parsed)
{
    struct problems *found = NULL;
    struct problems *all = loader->problems;
    enum rc rc = problems_new(&found);

    if (rc)
        return rc;
    loader->problems = found;
    loader->lists = parsed->nodes.lists;
    loader->patterns = parsed->nodes.patterns;
    loader->defaults = parsed->nodes.defaults;
    check_pieces(loader);
    read_rules(loader, parsed->nodes.rules);
    read_tests(loader, parsed->nodes.tests, parsed->name);
    loader->problems = all;
    move_problems(found, all);
    /* Where no memory was left to hold a problem, it must not be forgotten that there was one. */
    if (problems_count(found, PROBLEM_ERROR) && !problems_count(all, PROBLEM_ERROR))
        loader->rc = RC_NO_MEMORY;
    problems_free(found);
    return loader->rc;
}

/* -- the set -- */

static int compare_ids(const void *a, const void *b)
{
    const struct rule *const *left = a;
    const struct rule *const *right = b;
    int order = slice_compare((*left)->id, (*right)->id);

    if (order)
        return order;
    return (*left)->index < (*right)->index ? -1 : 1;
}

static void sort_by_id(struct loader *loader)
{
    struct ruleset *set = loader->ruleset;

    set->by_id = loader_alloc(loader, set->n_rules, sizeof(*set->by_id));
    if (!set->by_id)
        return;
    for (size_t i = 0; i < set->n_rules; i++)
        set->by_id[i] = &set->rules[i];
    qsort(set->by_id, set->n_rules, sizeof(*set->by_id), compare_ids);
}

static void refuse_doubles(struct loader *loader)
{
    const struct ruleset *set = loader->ruleset;

    for (size_t i = 1; set->by_id && i < set->n_rules; i++) {
        const struct rule *first = set->by_id[i - 1];
        const struct rule *second = set->by_id[i];

        if (second->id.len && slice_eq(first->id, second->id))
            mark_problem(loader->problems, PROBLEM_ERROR, second->mark,
                         "the id `%.*s` is taken by the rule at %.*s:%u:%u", SLICE_ARG(second->id),
                         SLICE_ARG(first->mark.file), first->mark.line, first->mark.column);
    }
}

static void make_room(struct loader *loader, const struct parsed_file *files, size_t n_files)
{
    size_t n_rules = 0, n_tests = 0;

    for (size_t i = 0; i < n_files; i++) {
        n_rules += count_items(files[i].nodes.rules);
        n_tests += count_items(files[i].nodes.tests);
    }
    loader->ruleset->rules = loader_alloc(loader, n_rules, sizeof(struct rule));
    loader->ruleset->tests = loader_alloc(loader, n_tests, sizeof(struct rule_test));
}

static void warn_of_set(struct loader *loader)
{
    if (!loader->ruleset->n_rules)
        problems_add(loader->problems, PROBLEM_WARNING, (struct slice){ 0 }, 0, 0,
                     "there is no rule at all: nothing that happens will be signalled");
    if (loader->n_untried)
        problems_add(loader->problems, PROBLEM_WARNING, (struct slice){ 0 }, 0, 0,
                     "%zu patterns were not tried on hostile texts: it took too long already",
                     loader->n_untried);
}

static enum rc read_files(struct loader *loader, const struct rule_files *files)
{
    struct parsed_file *parsed = loader_alloc(loader, files->n_files, sizeof(*parsed));

    for (size_t i = 0; parsed && i < files->n_files; i++)
        parse_file(loader, &files->files[i], &parsed[i]);
    if (!loader->rc)
        make_room(loader, parsed, files->n_files);
    for (size_t i = 0; !loader->rc && i < files->n_files; i++) {
        if (read_file(loader, &parsed[i]))
            return RC_NO_MEMORY;
    }
    if (loader->rc)
        return loader->rc;
    sort_by_id(loader);
    refuse_doubles(loader);
    take_set_version(loader);
    warn_of_set(loader);
    return loader->rc;
}

static enum rc ruleset_new(struct ruleset **ruleset)
{
    struct arena *arena = NULL;
    enum rc rc = arena_new(SET_MAX_BYTES, &arena);

    if (rc)
        return rc;
    *ruleset = calloc(1, sizeof(**ruleset));
    if (!*ruleset) {
        arena_free(arena);
        return RC_NO_MEMORY;
    }
    (*ruleset)->arena = arena;
    return prefilters_new(&(*ruleset)->prefilters);
}

enum rc ruleset_parse(const struct rule_files *files, struct problems *problems,
                      struct ruleset **ruleset)
{
    size_t n_errors = problems_count(problems, PROBLEM_ERROR);
    struct loader loader = { .problems = problems };
    struct ruleset *made = NULL;
    enum rc rc;

    rc = pattern_scratch_new(&loader.scratch);
    if (!rc)
        rc = ruleset_new(&made);
    if (rc)
        goto out;
    loader.ruleset = made;
    loader.arena = made->arena;
    rc = read_files(&loader, files);
    if (!rc && problems_count(problems, PROBLEM_ERROR) > n_errors)
        rc = RC_INVALID;

out:
    pattern_scratch_free(loader.scratch);
    if (rc)
        ruleset_free(made);
    else
        *ruleset = made;
    return rc;
}
