#include "actions/channels/channel_members.h"

#include "src/base/settings.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* The common members as they stand in the file. */
struct written {
    struct slice kind;
    struct slice_list rules;
    int severity;
    struct slice fallback;
    bool standby;
    struct node *elsewhere; /* what the kind reads itself: known here, no more */
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct written, member)
static const struct setting common_settings[] = {
    { .name = "kind",     .type = SETTING_TEXT,  AT(kind),     .help = "which kind of channel it is; default: its name" },
    { .name = "rules",    .type = SETTING_TEXTS, AT(rules),    .help = "ids and globs of the rules it is for; default: all" },
    { .name = "severity", .type = SETTING_ENUM,  AT(severity), .names = severity_names, .help = "at least this severe; default low" },
    { .name = "fallback", .type = SETTING_TEXT,  AT(fallback), .help = "the channel that speaks for a critical proposal while this one cannot; default: the next one" },
    { .name = "standby",  .type = SETTING_BOOL,  AT(standby),  .help = "true: gets only what another channel could not deliver" },
};
#undef AT
/* clang-format on */

static bool is_own(const struct channel_kind *kind, struct slice name)
{
    for (size_t i = 0; i < kind->n_members; i++) {
        if (slice_eq(name, slice_of(kind->members[i].name)))
            return true;
    }
    return false;
}

/* The kind reads its own members by a table of its own; the common ones, and those that nobody knows, are read here. */
static enum rc split_members(const struct node *map, const struct channel_kind *kind,
                             struct arena *arena, struct node *common, struct node *own)
{
    *common = *own = *map;
    common->n_pairs = own->n_pairs = 0;
    common->pairs = arena_alloc(arena, map->n_pairs + 1, sizeof *common->pairs);
    own->pairs = arena_alloc(arena, map->n_pairs + 1, sizeof *own->pairs);
    if (!common->pairs || !own->pairs)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++) {
        struct node *into = is_own(kind, map->pairs[i].key) ? own : common;

        into->pairs[into->n_pairs++] = map->pairs[i];
    }
    return RC_OK;
}

/* The common ones, then the kind's own; NULL when memory is out. */
static struct setting *list_rows(const struct channel_kind *kind, struct arena *arena)
{
    struct setting *rows =
        arena_alloc(arena, COUNT(common_settings) + kind->n_members, sizeof *rows);

    if (!rows)
        return NULL;
    memcpy(rows, common_settings, sizeof common_settings);
    for (size_t i = 0; i < kind->n_members; i++)
        rows[COUNT(common_settings) + i] = kind->members[i];
    return rows;
}

/* The names of the kind's own members are among the rows, for what is told of an unknown one. */
static enum rc read_common(const struct node *map, const struct channel_kind *kind,
                           const struct channel_place *where, struct written *written)
{
    size_t n_rows = COUNT(common_settings) + kind->n_members;
    struct setting *rows = list_rows(kind, where->arena);

    if (!rows)
        return RC_NO_MEMORY;
    for (size_t i = COUNT(common_settings); i < n_rows; i++)
        rows[i] = (struct setting){ .name = rows[i].name,
                                    .type = SETTING_NODE,
                                    .offset = offsetof(struct written, elsewhere) };
    return settings_read(rows, n_rows, map, where->arena, where->problems, written);
}

enum rc channel_members_shape(const struct channel_kind *kind, const struct shape *kinds,
                              struct arena *arena, struct shape *shape)
{
    struct setting *rows = list_rows(kind, arena);

    if (!rows)
        return RC_NO_MEMORY;
    rows[0].shape = kinds; /* `kind` */
    *shape = (struct shape){ .kind = SHAPE_MAP,
                             .name = kind->name,
                             .settings = rows,
                             .n_settings = COUNT(common_settings) + kind->n_members };
    return RC_OK;
}

enum rc channel_members_load(const struct node *map, const struct channel_place *where,
                             struct channel *channel)
{
    struct written written = { .severity = SEVERITY_LOW };
    struct node common, own;
    enum rc rc, own_rc;

    rc = split_members(map, channel->kind, where->arena, &common, &own);
    if (!rc)
        rc = read_common(&common, channel->kind, where, &written);
    if (rc && rc != RC_INVALID)
        return rc;
    channel->rules = written.rules;
    channel->severity = (enum severity)written.severity;
    channel->fallback = written.fallback;
    channel->standby = written.standby;
    own_rc = channel->kind->load(&own, where, channel);
    return rc ? rc : own_rc;
}
