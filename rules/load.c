#include "rules/load.h"

#include "rules/equalities.h"
#include "rules/loader.h"
#include "rules/prefilters.h"
#include "rules/quarantine.h"
#include "rules/trial.h"
#include "src/base/digest.h"
#include "src/base/map.h"

#include <stdlib.h>
#include <string.h>

/* Of one set; 10,000 rules of a page each fit well. */
#define SET_MAX_BYTES ((size_t)1 << 30)
#define VERSION_BYTES 8

struct file_nodes {
    struct node *rules, *lists, *patterns, *defaults, *tests;
};
static const struct shape shape_rules = { .kind = SHAPE_LIST, .item = &shape_rule };
static const struct shape shape_values = { .kind = SHAPE_LIST, .item = &shape_text };
static const struct shape shape_lists = { .kind = SHAPE_MAP, .item = &shape_values };
static const struct shape shape_named_patterns = { .kind = SHAPE_MAP, .item = &shape_pattern };
static const struct shape shape_test = { .kind = SHAPE_ELSEWHERE, .name = "test" };
static const struct shape shape_tests = { .kind = SHAPE_LIST, .item = &shape_test };

/* clang-format off */
#define MEMBER(x) .name = #x, .type = SETTING_NODE, .offset = offsetof(struct file_nodes, x)
static const struct setting file_settings[] = {
    { MEMBER(rules), .shape = &shape_rules, .help = "the rules of this file; their order means nothing" },
    { MEMBER(lists), .shape = &shape_lists, .help = "names for lists of values: {trusted: [jane, bob]} is used as $trusted" },
    { MEMBER(patterns), .shape = &shape_named_patterns, .help = "names for patterns: {oom: '/out of memory/i'} is used as $oom" },
    { MEMBER(defaults), .shape = &shape_rule_defaults, .help = "members that rules of this file have where they leave them out; each is taken whole" },
    { MEMBER(tests), .shape = &shape_tests, .help = "what the rules do, as `vedette test` runs it" },
};
#undef MEMBER
/* clang-format on */
const struct shape shape_rule_file = {
    SHAPE_OF(file_settings),
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

static int compare_texts(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* The rule's own text, then what stands in the files of lines that it names, in an order that is not the layout's. */
static void take_version_with_lists(struct loader *loader, struct slice text, struct slice *version)
{
    const struct slice_list *lists = &loader->lists_of_rule;
    struct slice *parts = loader_alloc(loader, lists->n_items + 1, sizeof(*parts));

    if (!parts)
        return;
    parts[0] = text;
    if (lists->n_items) {
        memcpy(parts + 1, lists->items, lists->n_items * sizeof(*parts));
        qsort(parts + 1, lists->n_items, sizeof(*parts), compare_texts);
    }
    take_version(loader, parts, lists->n_items + 1, version);
}

/* Sorted members, no layout, no place: what is left is what the rule says. `form` stands before it. */
static void take_node_version(struct loader *loader, const char *form, const struct node *node,
                              struct slice *version)
{
    struct json_writer writer;
    struct buffer json;
    struct slice text;

    buffer_init(&json, 0);
    buffer_add_text(&json, form);
    writer = json_writer_to(&json);
    node_write_json(node, &writer);
    text = buffer_slice(&json);
    if (buffer_rc(&json))
        loader->rc = RC_NO_MEMORY;
    else
        take_version_with_lists(loader, text, version);
    buffer_free(&json);
}

static const char *const folded_members[] = {
    "id", "on", "where", "match", "ignore", "key", "when", "lateness", NULL,
};

/* In what form conditions keep their memory. Another form is another version: what a program of before has stored is forgotten and never misread. */
#define MEMORY_FORM "2"

static void take_condition_version(struct loader *loader, struct rule *rule)
{
    struct node *folded = new_map(loader, rule->node->mark, rule->node->n_pairs);

    for (size_t i = 0; folded && i < rule->node->n_pairs; i++) {
        int member;

        if (!slice_to_enum(rule->node->pairs[i].key, folded_members, &member))
            folded->pairs[folded->n_pairs++] = rule->node->pairs[i];
    }
    if (folded)
        take_node_version(loader, MEMORY_FORM, folded, &rule->condition_version);
}

static void take_rule_version(struct loader *loader, struct rule *rule)
{
    take_node_version(loader, "", rule->node, &rule->version);
    take_condition_version(loader, rule);
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

static bool is_list_member(struct loader *loader, const struct node *node, const char *member)
{
    if (node && node->type != NODE_LIST)
        node_problem(loader->problems, node, "`%s` is a list, not %s", member,
                     node_type_text(node));
    return node && node->type == NODE_LIST;
}

/* -- one rule, one test -- */

static void forget_nodes(struct loader *loader, struct arena *nodes)
{
    if (!loader->keeps_nodes)
        arena_reset(nodes);
}

static void read_one_rule(struct loader *loader, const struct node *written, struct rule *rule)
{
    size_t n_errors = problems_count(loader->problems, PROBLEM_ERROR);

    rule->index = loader->ruleset->n_rules++;
    loader->lists_of_rule = (struct slice_list){ 0 };
    loader->broken_groups = (struct slice_list){ 0 };
    loader->refused_names = (struct slice_list){ 0 };
    read_rule(loader, written, rule);
    rule->is_broken = problems_count(loader->problems, PROBLEM_ERROR) > n_errors;
    if (rule->node)
        take_rule_version(loader, rule);
    if (!loader->keeps_nodes)
        rule->node = NULL;
    forget_nodes(loader, loader->nodes);
}

static void read_rules(struct loader *loader, const struct node *list)
{
    struct rules_of_file *part;

    if (!is_list_member(loader, list, "rules"))
        return;
    part = arena_alloc(loader->parts, 1, sizeof(*part) + list->n_items * sizeof(*part->rules));
    if (!part) {
        loader->rc = RC_NO_MEMORY;
        return;
    }
    for (; part->n_rules < list->n_items; part->n_rules++)
        read_one_rule(loader, list->items[part->n_rules], &part->rules[part->n_rules]);
    part->before = loader->last_part;
    loader->last_part = part;
}

/* Nobody has a rule's address before this. */
static void put_together(struct loader *loader)
{
    struct ruleset *set = loader->ruleset;
    size_t n_left = set->n_rules;

    set->rules = loader_alloc(loader, set->n_rules, sizeof(*set->rules));
    for (const struct rules_of_file *part = loader->last_part; set->rules && part;
         part = part->before) {
        n_left -= part->n_rules;
        memcpy(&set->rules[n_left], part->rules, part->n_rules * sizeof(*part->rules));
    }
}

static void keep_test(struct loader *loader, struct node *test, struct slice file)
{
    struct ruleset *set = loader->ruleset;
    struct rule_test *tests = set->tests;

    /* The capacity is the next power of two; what is outgrown stays in the arena. */
    if ((set->n_tests & (set->n_tests - 1)) == 0) {
        tests = loader_alloc(loader, 2 * set->n_tests + 1, sizeof(*tests));
        if (!tests)
            return;
        if (set->n_tests)
            memcpy(tests, set->tests, set->n_tests * sizeof(*tests));
        set->tests = tests;
    }
    tests[set->n_tests] = (struct rule_test){ .file = file, .node = test };
}

/* Nothing that runs depends on them: of a set to run they are counted, and whatever is wrong with them stops nobody. */
static void read_tests(struct loader *loader, const struct node *list, struct slice file)
{
    if (!loader->keeps_nodes) {
        loader->ruleset->n_tests += list && list->type == NODE_LIST ? list->n_items : 0;
        return;
    }
    if (!is_list_member(loader, list, "tests"))
        return;
    for (size_t i = 0; i < list->n_items && !loader->rc; i++) {
        keep_test(loader, list->items[i], file);
        loader->ruleset->n_tests++;
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

/* -- one file -- */

static void read_parts(struct loader *loader, const struct node *root, struct slice name)
{
    struct file_nodes parts = { 0 };

    (void)loader_read_members(loader, &shape_rule_file, root, &parts);
    loader->lists = parts.lists;
    loader->patterns = parts.patterns;
    loader->defaults = parts.defaults;
    check_pieces(loader);
    read_rules(loader, parts.rules);
    read_tests(loader, parts.tests, name);
}

/* What it says is not known: who names a rule of it makes no mistake. */
static void add_unread(struct loader *loader, struct slice text)
{
    struct slice_list *unread = &loader->ruleset->unread;
    struct slice *items = loader_alloc(loader, unread->n_items + 1, sizeof(*items));

    if (!items)
        return;
    if (unread->n_items)
        memcpy(items, unread->items, unread->n_items * sizeof(*items));
    items[unread->n_items] = loader_keep(loader, text);
    *unread = (struct slice_list){ .items = items, .n_items = unread->n_items + 1 };
}

static void parse_file(struct loader *loader, const struct rule_file *file)
{
    struct slice name = loader_keep(loader, file->name);
    struct node *root;
    enum rc rc = document_parse(name, file->text, loader->file_nodes, loader->problems, &root);

    if (rc && rc != RC_INVALID)
        loader->rc = rc;
    else if (root)
        read_parts(loader, root, name);
    else
        add_unread(loader, file->text);
    forget_nodes(loader, loader->file_nodes);
}

static enum rc read_file(struct loader *loader, const struct rule_file *file)
{
    struct problems *found = NULL;
    struct problems *all = loader->problems;
    enum rc rc = problems_new(&found);

    if (rc)
        return rc;
    loader->problems = found;
    parse_file(loader, file);
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

static bool asks_for_own_kind(const struct rule *rule)
{
    const struct filter *filter;

    for (size_t i = 0; (filter = rule_filter(rule, i)); i++) {
        for (size_t n = 0; n < filter->on.n_items; n++) {
            if (slice_starts(filter->on.items[n], SLICE("vedette.")))
                return true;
        }
    }
    return false;
}

static void list_own_kind_rules(struct loader *loader)
{
    struct ruleset *set = loader->ruleset;

    set->own_kind_rules = loader_alloc(loader, set->n_rules, sizeof(*set->own_kind_rules));
    for (size_t i = 0; set->own_kind_rules && i < set->n_rules; i++) {
        if (asks_for_own_kind(&set->rules[i]))
            set->own_kind_rules[set->n_own_kind_rules++] = (uint32_t)i;
    }
}

static void make_quarantine(struct loader *loader)
{
    struct ruleset *set = loader->ruleset;

    set->quarantine = quarantine_new(set->n_rules, set->arena);
    if (!set->quarantine)
        loader->rc = RC_NO_MEMORY;
}

static void warn_of_set(struct loader *loader)
{
    if (!loader->ruleset->n_rules && !problems_count(loader->problems, PROBLEM_ERROR))
        problems_add(loader->problems, PROBLEM_WARNING, (struct slice){ 0 }, 0, 0,
                     "there is no rule at all: nothing that happens will be signalled");
    if (loader->n_untried)
        problems_add(loader->problems, PROBLEM_WARNING, (struct slice){ 0 }, 0, 0,
                     "%zu pattern%s not tried on hostile texts: it took too long already",
                     loader->n_untried, loader->n_untried == 1 ? " was" : "s were");
}

static enum rc read_files(struct loader *loader, const struct rule_files *files)
{
    for (size_t i = 0; i < files->n_files; i++) {
        enum rc rc = files->files[i].is_list ? RC_OK : read_file(loader, &files->files[i]);

        if (rc)
            return rc;
    }
    put_together(loader);
    if (loader->rc)
        return loader->rc;
    sort_by_id(loader);
    refuse_doubles(loader);
    check_relations(loader);
    check_groups(loader);
    take_set_version(loader);
    make_quarantine(loader);
    list_own_kind_rules(loader);
    warn_of_set(loader);
    return loader->rc;
}

static enum rc ruleset_new(struct ruleset **ruleset)
{
    struct ruleset *made = calloc(1, sizeof(*made));
    enum rc rc = made ? arena_new_of_pages(SET_MAX_BYTES, &made->arena) : RC_NO_MEMORY;

    if (!rc)
        rc = prefilters_new(&made->prefilters);
    if (rc)
        ruleset_free(made);
    else
        *ruleset = made;
    return rc;
}

/* Where they stay, one arena has them all, and it is the set's. */
static enum rc make_node_arenas(struct loader *loader)
{
    enum rc rc = arena_new(SET_MAX_BYTES, &loader->nodes);

    if (!rc && !loader->keeps_nodes)
        return arena_new_of_pages(SET_MAX_BYTES, &loader->file_nodes);
    loader->file_nodes = loader->nodes;
    loader->ruleset->nodes = loader->nodes;
    return rc;
}

static void loader_free(struct loader *loader)
{
    map_free(loader->patterns_by_source);
    trial_free(loader->trial);
    arena_free(loader->parts);
    pattern_scratch_free(loader->scratch);
    if (loader->keeps_nodes)
        return;
    arena_free(loader->nodes);
    arena_free(loader->file_nodes);
}

enum purpose { TO_RUN, TO_SHOW, TO_CHECK };

static enum rc parse(const struct rule_files *files, struct problems *problems,
                     enum purpose purpose, struct ruleset **ruleset)
{
    size_t n_errors = problems_count(problems, PROBLEM_ERROR);
    struct loader loader = { .files = files,
                             .problems = problems,
                             .keeps_nodes = purpose != TO_RUN };
    struct ruleset *made = NULL;
    enum rc rc = ruleset_new(&made);

    if (rc)
        return rc;
    loader.ruleset = made;
    loader.arena = made->arena;
    rc = pattern_scratch_new(&loader.scratch);
    if (!rc)
        rc = trial_new(&loader.trial);
    if (!rc)
        rc = map_new(&loader.patterns_by_source);
    if (!rc)
        rc = arena_new_of_pages(SET_MAX_BYTES, &loader.parts);
    if (!rc)
        rc = make_node_arenas(&loader);
    if (!rc)
        rc = read_files(&loader, files);
    if (!rc && problems_count(problems, PROBLEM_ERROR) > n_errors)
        rc = RC_INVALID;
    if (!rc)
        rc = equalities_new(made, &made->equalities);
    loader_free(&loader);
    if (rc && !(rc == RC_INVALID && purpose == TO_CHECK))
        ruleset_free(made);
    else
        *ruleset = made;
    return rc;
}

enum rc ruleset_parse(const struct rule_files *files, struct problems *problems,
                      struct ruleset **ruleset)
{
    return parse(files, problems, TO_RUN, ruleset);
}

enum rc ruleset_parse_to_show(const struct rule_files *files, struct problems *problems,
                              struct ruleset **ruleset)
{
    return parse(files, problems, TO_SHOW, ruleset);
}

enum rc ruleset_parse_to_check(const struct rule_files *files, struct problems *problems,
                               struct ruleset **ruleset)
{
    return parse(files, problems, TO_CHECK, ruleset);
}
