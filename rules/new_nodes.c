#include "rules/loader.h"

#include <string.h>

void *loader_alloc_node(struct loader *loader, size_t n_items, size_t item_bytes)
{
    void *items = arena_alloc(loader->nodes, n_items, item_bytes);

    if (!items)
        loader->rc = RC_NO_MEMORY;
    return items;
}

struct node *new_text(struct loader *loader, struct mark mark, struct slice text)
{
    struct node *node = loader_alloc_node(loader, 1, sizeof(*node));

    if (node)
        *node = (struct node){ .type = NODE_SCALAR, .mark = mark, .text = text };
    return node;
}

struct node *new_map(struct loader *loader, struct mark mark, size_t n_room)
{
    struct node *node = loader_alloc_node(loader, 1, sizeof(*node));

    if (!node)
        return NULL;
    *node = (struct node){ .type = NODE_MAP, .mark = mark };
    node->pairs = loader_alloc_node(loader, n_room, sizeof(*node->pairs));
    return node->pairs ? node : NULL;
}

void add_pair(struct node *map, const char *key, struct node *value)
{
    if (map && value)
        map->pairs[map->n_pairs++] =
            (struct node_pair){ .key = slice_of(key), .key_mark = value->mark, .value = value };
}

struct node *map_of_one(struct loader *loader, struct mark mark, const char *key,
                        struct node *value)
{
    struct node *map = new_map(loader, mark, 1);

    add_pair(map, key, value);
    return map;
}

struct node *copy_map(struct loader *loader, const struct node *map, size_t n_more)
{
    struct node *copy = new_map(loader, map->mark, map->n_pairs + n_more);

    if (!copy)
        return NULL;
    if (map->n_pairs)
        memcpy(copy->pairs, map->pairs, map->n_pairs * sizeof(*copy->pairs));
    copy->n_pairs = map->n_pairs;
    return copy;
}
