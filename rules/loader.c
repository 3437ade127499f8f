#include "rules/loader.h"

#include <string.h>

void *loader_alloc(struct loader *loader, size_t n_items, size_t item_bytes)
{
    void *items = arena_alloc(loader->arena, n_items, item_bytes);

    if (!items)
        loader->rc = RC_NO_MEMORY;
    return items;
}

struct slice loader_keep(struct loader *loader, struct slice text)
{
    struct slice kept;

    if (arena_copy(loader->arena, text, &kept))
        loader->rc = RC_NO_MEMORY;
    return kept;
}

bool names_have(const struct slice_list *names, struct slice name)
{
    for (size_t i = 0; i < names->n_items; i++) {
        if (slice_eq(names->items[i], name))
            return true;
    }
    return false;
}

void loader_add_name(struct loader *loader, struct slice_list *names, struct slice name)
{
    struct slice *items;

    if (names_have(names, name))
        return;
    /* A handful a rule: copied each time, so that the list stays a plain one. */
    items = loader_alloc(loader, names->n_items + 1, sizeof(*items));
    if (!items)
        return;
    if (names->n_items)
        memcpy(items, names->items, names->n_items * sizeof(*items));
    items[names->n_items] = loader_keep(loader, name);
    if (!loader->rc)
        *names = (struct slice_list){ .items = items, .n_items = names->n_items + 1 };
}

const char **loader_name_table(struct loader *loader, const char *const *fixed,
                               const struct slice_list *names)
{
    size_t n_fixed = 0;
    const char **table;

    while (fixed[n_fixed])
        n_fixed++;
    table = loader_alloc(loader, n_fixed + names->n_items + 1, sizeof(*table));
    if (!table)
        return NULL;
    for (size_t i = 0; i < n_fixed; i++)
        table[i] = fixed[i];
    for (size_t i = 0; i < names->n_items; i++)
        table[n_fixed + i] = names->items[i].ptr; /* the arena puts a NUL behind every copy */
    return table;
}

bool loader_read_members(struct loader *loader, const struct shape *members, const struct node *map,
                         void *target)
{
    enum rc rc = members_read(members, map, loader->arena, loader->problems, target);

    if (rc && rc != RC_INVALID)
        loader->rc = rc;
    return rc == RC_OK;
}

#define ID_MAX_BYTES 100

bool loader_is_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        bool is_word = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9');

        if (!is_word && (i == 0 || (byte != '-' && byte != '_' && byte != '.')))
            return false;
    }
    return text.len > 0 && text.len <= ID_MAX_BYTES;
}
