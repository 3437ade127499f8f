#include "rules/members.h"

static bool is_not_yet(const struct shape *shape, struct slice name)
{
    int i;

    return shape->not_yet && slice_to_enum(name, shape->not_yet, &i) == RC_OK;
}

static void refuse_not_yet(const struct shape *shape, const struct node_pair *pair,
                           struct problems *problems)
{
    struct buffer valid;

    buffer_init(&valid, 0);
    for (size_t i = 0; i < shape->n_settings; i++)
        buffer_format(&valid, " %s", shape->settings[i].name);
    mark_problem(problems, PROBLEM_ERROR, pair->key_mark,
                 "`%.*s` is not in this version of Vedette yet; valid here:%.*s",
                 SLICE_ARG(pair->key), SLICE_ARG(buffer_slice(&valid)));
    buffer_free(&valid);
}

static bool has_not_yet(const struct shape *shape, const struct node *map)
{
    for (size_t i = 0; map->type == NODE_MAP && i < map->n_pairs; i++) {
        if (is_not_yet(shape, map->pairs[i].key))
            return true;
    }
    return false;
}

/* Copies the map without what is not there yet, so that it is not called unknown as well. */
static enum rc leave_out_not_yet(const struct shape *shape, const struct node *map,
                                 struct arena *arena, struct problems *problems, struct node *rest)
{
    *rest = *map;
    rest->pairs = arena_alloc(arena, map->n_pairs, sizeof(*rest->pairs));
    if (!rest->pairs)
        return RC_NO_MEMORY;
    rest->n_pairs = 0;
    for (size_t i = 0; i < map->n_pairs; i++) {
        if (is_not_yet(shape, map->pairs[i].key))
            refuse_not_yet(shape, &map->pairs[i], problems);
        else
            rest->pairs[rest->n_pairs++] = map->pairs[i];
    }
    return RC_OK;
}

enum rc members_read(const struct shape *shape, const struct node *map, struct arena *arena,
                     struct problems *problems, void *target)
{
    struct node rest = *map;
    bool is_whole;
    enum rc rc = RC_OK;

    if (has_not_yet(shape, map))
        rc = leave_out_not_yet(shape, map, arena, problems, &rest);
    if (rc)
        return rc;
    is_whole = rest.n_pairs == map->n_pairs;
    rc = settings_read(shape->settings, shape->n_settings, &rest, arena, problems, target);
    return rc || is_whole ? rc : RC_INVALID;
}
