#include "src/base/map.h"

#include <glib.h>

struct map {
    GHashTable *table; /* GBytes -> what the caller gave */
};

static void free_key(gpointer key)
{
    g_bytes_unref(key);
}

enum rc map_new(struct map **map)
{
    struct map *made = g_try_new0(struct map, 1);

    if (!made)
        return RC_NO_MEMORY;
    made->table = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, free_key, NULL);
    *map = made;
    return RC_OK;
}

void map_free(struct map *map)
{
    if (!map)
        return;
    g_hash_table_destroy(map->table);
    g_free(map);
}

void map_put(struct map *map, struct slice key, void *value)
{
    g_hash_table_replace(map->table, g_bytes_new(key.ptr, key.len), value);
}

void *map_get(const struct map *map, struct slice key)
{
    GBytes *borrowed = g_bytes_new_static(key.ptr, key.len);
    void *value = g_hash_table_lookup(map->table, borrowed);

    g_bytes_unref(borrowed);
    return value;
}

void map_remove(struct map *map, struct slice key)
{
    GBytes *borrowed = g_bytes_new_static(key.ptr, key.len);

    g_hash_table_remove(map->table, borrowed);
    g_bytes_unref(borrowed);
}

void map_clear(struct map *map)
{
    g_hash_table_remove_all(map->table);
}

void *map_any(const struct map *map, struct slice *key)
{
    GHashTableIter place;
    gpointer bytes, value;

    g_hash_table_iter_init(&place, map->table);
    if (!g_hash_table_iter_next(&place, &bytes, &value))
        return NULL;
    key->ptr = g_bytes_get_data(bytes, &key->len);
    return value;
}

size_t map_count(const struct map *map)
{
    return g_hash_table_size(map->table);
}
