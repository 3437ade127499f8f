#include "rules/list_files.h"

#include "src/base/document.h"
#include "src/base/file.h"

#include <string.h>

#define NODES_MAX_BYTES ((size_t)256 << 20)

bool list_file_is_name(struct slice name)
{
    return name.len && name.ptr[0] != '.' && !memchr(name.ptr, '/', name.len);
}

enum rc list_file_path(struct slice rule_file, struct slice name, struct arena *arena,
                       struct slice *path)
{
    const char *slash = memrchr(rule_file.ptr, '/', rule_file.len);
    struct slice directory = { .ptr = rule_file.ptr };

    if (!slash)
        return arena_copy(arena, name, path);
    directory.len = (size_t)(slash - rule_file.ptr) + (slash == rule_file.ptr ? 1 : 0);
    return path_join(directory, name, arena, path);
}

/* -- where a rule file names them -- */

struct search {
    struct arena *arena;
    struct slice_list *names;
    size_t n_room;
    enum rc rc;
};

static bool is_known(const struct search *search, struct slice name)
{
    for (size_t i = 0; i < search->names->n_items; i++) {
        if (slice_eq(search->names->items[i], name))
            return true;
    }
    return false;
}

static void add_name(struct search *search, struct slice name)
{
    struct slice_list *names = search->names;

    if (!list_file_is_name(name) || is_known(search, name))
        return;
    if (names->n_items == search->n_room) {
        size_t n_room = search->n_room ? 2 * search->n_room : 8;
        struct slice *grown = arena_alloc(search->arena, n_room, sizeof(*grown));

        if (!grown) {
            search->rc = RC_NO_MEMORY;
            return;
        }
        if (names->n_items)
            memcpy(grown, names->items, names->n_items * sizeof(*grown));
        names->items = grown;
        search->n_room = n_room;
    }
    if (arena_copy(search->arena, name, &names->items[names->n_items]))
        search->rc = RC_NO_MEMORY;
    else
        names->n_items++;
}

static void search_where(struct search *search, const struct node *map);

static void search_value(struct search *search, const struct node *value)
{
    for (size_t i = 0; value->type == NODE_LIST && i < value->n_items; i++)
        search_value(search, value->items[i]);
    for (size_t i = 0; value->type == NODE_MAP && i < value->n_pairs; i++) {
        const struct node_pair *pair = &value->pairs[i];

        if (slice_eq(pair->key, SLICE("file")) && pair->value->type == NODE_SCALAR)
            add_name(search, pair->value->text);
        else if (slice_eq(pair->key, SLICE("not")))
            search_value(search, pair->value);
        else if (slice_eq(pair->key, SLICE("some")))
            search_where(search, pair->value);
    }
}

static void search_where(struct search *search, const struct node *map)
{
    for (size_t i = 0; map->type == NODE_LIST && i < map->n_items; i++) /* of any, of none */
        search_where(search, map->items[i]);
    for (size_t i = 0; map->type == NODE_MAP && i < map->n_pairs; i++) {
        const struct node_pair *pair = &map->pairs[i];

        if (slice_eq(pair->key, SLICE("any")) || slice_eq(pair->key, SLICE("none")))
            search_where(search, pair->value);
        else
            search_value(search, pair->value);
    }
}

/* A `where` stands in a rule, in its clear, in the filters of its conditions. */
static void search_members(struct search *search, const struct node *node)
{
    for (size_t i = 0; node->type == NODE_LIST && i < node->n_items; i++)
        search_members(search, node->items[i]);
    for (size_t i = 0; node->type == NODE_MAP && i < node->n_pairs; i++) {
        if (slice_eq(node->pairs[i].key, SLICE("where")))
            search_where(search, node->pairs[i].value);
        else
            search_members(search, node->pairs[i].value);
    }
}

static enum rc search_file(const struct rule_file *rule_file, struct arena *nodes,
                           struct search *search)
{
    struct problems *problems = NULL;
    const struct node *parts[2] = { 0 };
    struct node *root = NULL;
    enum rc rc = problems_new(&problems);

    if (!rc)
        rc = document_parse(rule_file->name, rule_file->text, nodes, problems, &root);
    if (root && root->type == NODE_MAP) {
        parts[0] = node_find(root, "rules");
        parts[1] = node_find(root, "defaults");
    }
    for (size_t i = 0; i < 2; i++) {
        if (parts[i])
            search_members(search, parts[i]);
    }
    problems_free(problems);
    return rc == RC_INVALID ? RC_OK : rc;
}

enum rc list_files_find(const struct rule_file *rule_file, struct arena *arena,
                        struct slice_list *names)
{
    struct search search = { .arena = arena, .names = names };
    struct arena *nodes = NULL;
    size_t offset;
    enum rc rc;

    *names = (struct slice_list){ 0 };
    /* Most files need not be parsed twice. */
    if (slice_find(rule_file->text, SLICE("file"), &offset))
        return RC_OK;
    rc = arena_new(NODES_MAX_BYTES, &nodes);
    if (!rc)
        rc = search_file(rule_file, nodes, &search);
    arena_free(nodes);
    return rc ? rc : search.rc;
}
