#include "actions/channels/channels.h"

#include "actions/channels/channel_members.h"
#include "actions/channels/kinds.h"
#include "src/base/settings.h"

#include <string.h>

#define NAME_MAX_BYTES 63

static const struct channel_kind *const kinds[] = {
    &channel_slack, &channel_mattermost, &channel_discord,
    &channel_teams, &channel_telegram,   &channel_email,
};

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define N_KINDS COUNT(kinds)

const char *const channel_outcome_names[] = {
    [CHANNEL_SENT] = "sent",
    [CHANNEL_FOUND] = "found",
    [CHANNEL_NOT_FOUND] = "not found",
    [CHANNEL_WAIT] = "wait",
    [CHANNEL_RETRY] = "retry",
    [CHANNEL_LOST] = "lost",
    [CHANNEL_ANEW] = "anew",
    [CHANNEL_PLAINER] = "plainer",
    [CHANNEL_UNTHREADED] = "unthreaded",
    [CHANNEL_STOPPED] = "stopped",
    [CHANNEL_CLOSED] = "closed",
    [CHANNEL_DEAD] = "dead",
    [CHANNEL_DEAD + 1] = NULL,
};

/* -- what may stand there -- */

static const char **list_name(const char *name, struct arena *arena)
{
    const char **names = arena_alloc(arena, 2, sizeof *names);

    if (names)
        names[0] = name;
    return names;
}

/* Without `kind` it is of the kind that has its name (`usual`), or of none (NULL). */
static enum rc make_choices(const struct shape *shapes, const struct shape *usual,
                            struct arena *arena, struct shape *made)
{
    struct shape_choice *choices = arena_alloc(arena, N_KINDS + 1, sizeof *choices);

    if (!choices)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < N_KINDS; i++) {
        choices[i] = (struct shape_choice){ .member = "kind",
                                            .values = list_name(kinds[i]->name, arena),
                                            .shape = &shapes[i] };
        if (!choices[i].values)
            return RC_NO_MEMORY;
    }
    choices[N_KINDS].shape = usual;
    *made = (struct shape){ .kind = SHAPE_CHOICE,
                            .choices = choices,
                            .wanted = "`kind` says what it is, unless its name does" };
    return RC_OK;
}

static enum rc make_kinds(struct arena *arena, struct shape *made)
{
    const char **names = arena_alloc(arena, N_KINDS + 1, sizeof *names);

    if (!names)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < N_KINDS; i++)
        names[i] = kinds[i]->name;
    *made = (struct shape){ .kind = SHAPE_TEXT, .words = names };
    return RC_OK;
}

/* A channel of a kind's name, or of any name and a `kind`. */
static enum rc make_channels(struct arena *arena, struct shape *shape)
{
    struct shape *names = arena_alloc(arena, 1, sizeof *names);
    struct shape *shapes = arena_alloc(arena, N_KINDS, sizeof *shapes);
    struct shape *chosen = arena_alloc(arena, N_KINDS + 1, sizeof *chosen);
    struct setting *rows = arena_alloc(arena, N_KINDS, sizeof *rows);
    enum rc rc = names && shapes && chosen && rows ? make_kinds(arena, names) : RC_NO_MEMORY;

    for (size_t i = 0; i < N_KINDS && !rc; i++)
        rc = channel_members_shape(kinds[i], names, arena, &shapes[i]);
    for (size_t i = 0; i <= N_KINDS && !rc; i++)
        rc = make_choices(shapes, i < N_KINDS ? &shapes[i] : NULL, arena, &chosen[i]);
    for (size_t i = 0; i < N_KINDS && !rc; i++)
        rows[i] = (struct setting){ .name = kinds[i]->name,
                                    .type = SETTING_NODE,
                                    .shape = &chosen[i],
                                    .help = kinds[i]->title };
    if (rc)
        return rc;
    shape->settings = rows;
    shape->n_settings = N_KINDS;
    shape->item = &chosen[N_KINDS];
    return RC_OK;
}

const struct shape shape_channels = { .kind = SHAPE_MAP,
                                      .name = "channels",
                                      .make = make_channels };

struct channels {
    struct channel *items;
    size_t n_items;
};

/* -- what a channel is -- */

static bool is_name(struct slice name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    if (name.len == 0 || name.len > NAME_MAX_BYTES || name.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!memchr(letters, name.ptr[i], sizeof letters - 1))
            return false;
    }
    return true;
}

/* A decision says through what it came: by these names it came from elsewhere. */
static const char *const taken_names[] = { "page", "socket", "token", NULL };

static enum rc check_name(const struct node_pair *pair, struct problems *problems)
{
    int ignored;

    if (!is_name(pair->key)) {
        mark_problem(problems, PROBLEM_ERROR, pair->key_mark,
                     "a channel's name is lower-case letters, digits and `-`, at most %d, not "
                     "`%.*s`",
                     NAME_MAX_BYTES, SLICE_ARG(pair->key));
        return RC_INVALID;
    }
    if (slice_to_enum(pair->key, taken_names, &ignored) == RC_OK) {
        mark_problem(problems, PROBLEM_ERROR, pair->key_mark,
                     "`%.*s` is what a decision made elsewhere is marked with: give the channel "
                     "another name",
                     SLICE_ARG(pair->key));
        return RC_INVALID;
    }
    return RC_OK;
}

static const struct channel_kind *kind_of(struct slice name)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        if (slice_eq(name, slice_of(kinds[i]->name)))
            return kinds[i];
    }
    return NULL;
}

static enum rc refuse_kind(struct slice name, struct mark mark, struct problems *problems)
{
    const char *names[N_KINDS + 1] = { 0 };
    struct buffer list;
    const char *meant;

    buffer_init(&list, 0);
    for (size_t i = 0; i < N_KINDS; i++) {
        names[i] = kinds[i]->name;
        buffer_format(&list, " %s", names[i]);
    }
    buffer_add_byte(&list, '\0');
    meant = problem_did_you_mean(name, names);
    mark_problem(problems, PROBLEM_ERROR, mark,
                 "`%.*s` is no kind of channel%s%s%s: `kind` is one of%s", SLICE_ARG(name),
                 meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "",
                 list.failed ? "" : list.ptr);
    buffer_free(&list);
    return RC_INVALID;
}

/* What `kind` says; without it the channel's name does. */
static enum rc find_kind(const struct node_pair *pair, struct problems *problems,
                         const struct channel_kind **kind)
{
    const struct node *said = node_find(pair->value, "kind");
    bool is_said = said && said->type == NODE_SCALAR && !said->is_null;
    struct slice name = is_said ? said->text : pair->key;

    *kind = kind_of(name);
    if (*kind)
        return RC_OK;
    return refuse_kind(name, is_said ? said->mark : pair->key_mark, problems);
}

/* Its doors are one application's: what arrives there says from which conversation, not for which channel. */
static enum rc check_only_slack(const struct channels *channels, const struct node_pair *pair,
                                const struct channel_kind *kind, struct problems *problems)
{
    const struct channel *first = channels_slack(channels);

    if (kind != &channel_slack || !first)
        return RC_OK;
    mark_problem(problems, PROBLEM_ERROR, pair->key_mark,
                 "`%.*s` is a Slack channel already: there is one, and its `routes` lead to other "
                 "conversations",
                 SLICE_ARG(first->name));
    return RC_INVALID;
}

static enum rc load_channel(const struct node_pair *pair, const struct channel_place *where,
                            struct channels *channels)
{
    struct channel *channel = &channels->items[channels->n_items];
    enum rc rc = check_name(pair, where->problems);

    if (pair->value->type != NODE_MAP) {
        node_problem(where->problems, pair->value,
                     "a channel is a map of members, as `slack: {channel: C0123456789}`, not %s",
                     node_type_text(pair->value));
        return RC_INVALID;
    }
    channel->name = pair->key;
    if (rc || find_kind(pair, where->problems, &channel->kind) ||
        check_only_slack(channels, pair, channel->kind, where->problems))
        return RC_INVALID;
    channels->n_items++;
    return channel_members_load(pair->value, where, channel);
}

/* -- all of them -- */

static enum rc check_fallback(const struct node *map, const struct node_pair *pair,
                              struct problems *problems)
{
    const struct node *fallback = node_find(pair->value, "fallback");

    if (!fallback || fallback->type != NODE_SCALAR || fallback->is_null)
        return RC_OK;
    if (slice_eq(fallback->text, pair->key)) {
        node_problem(problems, fallback, "`%.*s` cannot speak for itself", SLICE_ARG(pair->key));
        return RC_INVALID;
    }
    if (node_find_slice(map, fallback->text))
        return RC_OK;
    node_problem(problems, fallback, "`fallback` names no channel: there is no `%.*s`",
                 SLICE_ARG(fallback->text));
    return RC_INVALID;
}

/* A file in which nobody speaks first is valid, and silent. */
static void warn_if_all_stand_by(const struct node *map, const struct channels *channels,
                                 struct problems *problems)
{
    for (size_t i = 0; i < channels->n_items; i++) {
        if (!channels->items[i].standby)
            return;
    }
    if (channels->n_items)
        mark_problem(problems, PROBLEM_WARNING, map->mark,
                     "every channel is `standby`: no proposal is posted anywhere");
}

static enum rc load_all(const struct node *map, const struct channel_place *where,
                        struct channels *channels)
{
    enum rc worst = RC_OK;

    for (size_t i = 0; i < map->n_pairs; i++) {
        enum rc rc = load_channel(&map->pairs[i], where, channels);

        if (rc && rc != RC_INVALID)
            return rc;
        worst = worst ? worst : rc;
        rc = check_fallback(map, &map->pairs[i], where->problems);
        worst = worst ? worst : rc;
    }
    warn_if_all_stand_by(map, channels, where->problems);
    return worst;
}

enum rc channels_load(const struct node *map, struct slice base_dir, bool resolve_secrets,
                      struct arena *arena, struct problems *problems, struct channels **channels)
{
    const struct channel_place where = { .base_dir = base_dir,
                                         .resolve_secrets = resolve_secrets,
                                         .arena = arena,
                                         .problems = problems };
    struct channels *made = arena_alloc(arena, 1, sizeof *made);

    if (map && map->type != NODE_MAP) {
        node_problem(problems, map, "`channels` is a map of names, as `slack: {…}`, not %s",
                     node_type_text(map));
        return RC_INVALID;
    }
    if (made)
        made->items = arena_alloc(arena, map ? map->n_pairs + 1 : 1, sizeof *made->items);
    if (!made || !made->items)
        return RC_NO_MEMORY;
    *channels = made;
    return map ? load_all(map, &where, made) : RC_OK;
}

size_t channels_count(const struct channels *channels)
{
    return channels ? channels->n_items : 0;
}

const struct channel *channels_at(const struct channels *channels, size_t i)
{
    return i < channels_count(channels) ? &channels->items[i] : NULL;
}

const struct channel *channels_find(const struct channels *channels, struct slice name)
{
    for (size_t i = 0; i < channels_count(channels); i++) {
        if (slice_eq(channels->items[i].name, name))
            return &channels->items[i];
    }
    return NULL;
}

const struct channel *channels_slack(const struct channels *channels)
{
    for (size_t i = 0; i < channels_count(channels); i++) {
        if (channels->items[i].kind == &channel_slack)
            return &channels->items[i];
    }
    return NULL;
}
