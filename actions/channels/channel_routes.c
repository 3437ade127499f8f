#include "actions/channels/channel_routes.h"

#include "actions/channels/channels.h"
#include "src/base/settings.h"

/* -- at load -- */

/* clang-format off */
#define AT(name) .offset = offsetof(struct channel_route, name)
#define ROUTE_ROWS(member) \
    { .name = "rules",  .type = SETTING_TEXTS, AT(rules),  .help = "ids and globs" }, \
    { .name = "groups", .type = SETTING_TEXTS, AT(groups), .help = "groups or people who decide" }, \
    { .name = (member), .type = SETTING_TEXT,  AT(place),  .required = true, .help = "where these go" }
static const struct setting to_channel[] = { ROUTE_ROWS("channel") };
static const struct setting to_chat[] = { ROUTE_ROWS("chat") };
#undef AT
/* clang-format on */
static const struct shape route_to_channel = { .name = "route", SHAPE_OF(to_channel) };
static const struct shape route_to_chat = { .name = "route_to_chat", SHAPE_OF(to_chat) };
const struct shape routes_to_channels = { .kind = SHAPE_LIST, .item = &route_to_channel };
const struct shape routes_to_chats = { .kind = SHAPE_LIST, .item = &route_to_chat };

/* What the last row calls it. */
static const char *place_of(const struct shape *route)
{
    return route->settings[route->n_settings - 1].name;
}

static enum rc load_route(const struct node *map, const struct shape *shape,
                          enum rc (*check)(const struct node *place, struct problems *problems),
                          const struct channel_place *where, struct channel_route *route)
{
    const char *member = place_of(shape);
    enum rc rc = settings_read(shape->settings, shape->n_settings, map, where->arena,
                               where->problems, route);

    if (rc)
        return rc;
    if (!route->rules.n_items && !route->groups.n_items) {
        node_problem(where->problems, map,
                     "a route says what it is for: `rules` or `groups`; what none fits goes to the "
                     "channel's own `%s`",
                     member);
        return RC_INVALID;
    }
    return check(node_find(map, member), where->problems);
}

enum rc channel_routes_load(const struct node *list, const struct shape *shape,
                            enum rc (*check)(const struct node *place, struct problems *problems),
                            const struct channel_place *where, struct channel *channel)
{
    enum rc worst = RC_OK;

    if (!list)
        return RC_OK;
    if (list->type != NODE_LIST) {
        node_problem(where->problems, list, "`routes` is a list of {rules, groups, %s}, not %s",
                     place_of(shape->item), node_type_text(list));
        return RC_INVALID;
    }
    channel->routes = arena_alloc(where->arena, list->n_items + 1, sizeof *channel->routes);
    if (!channel->routes)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < list->n_items; i++) {
        enum rc rc = load_route(list->items[i], shape->item, check, where, &channel->routes[i]);

        if (rc && rc != RC_INVALID)
            return rc;
        worst = worst ? worst : rc;
    }
    channel->n_routes = list->n_items;
    return worst;
}

/* -- for a proposal -- */

static bool fits_rules(struct slice_list rules, struct slice id)
{
    for (size_t i = 0; i < rules.n_items; i++) {
        if (slice_matches_glob(id, rules.items[i]))
            return true;
    }
    return rules.n_items == 0;
}

static bool names_one(struct slice_list names, struct slice_list of)
{
    for (size_t i = 0; i < names.n_items; i++) {
        for (size_t j = 0; j < of.n_items; j++) {
            if (slice_eq(names.items[i], of.items[j]))
                return true;
        }
    }
    return names.n_items == 0;
}

static struct slice find_place(const struct channel *channel, const struct proposal *proposal)
{
    for (size_t i = 0; i < channel->n_routes; i++) {
        const struct channel_route *route = &channel->routes[i];

        if (fits_rules(route->rules, proposal->rule) &&
            names_one(route->groups, proposal->approvers.from))
            return route->place;
    }
    return channel->place;
}

bool channel_wants(const struct channel *channel, const struct proposal *proposal,
                   struct slice *place)
{
    *place = find_place(channel, proposal);
    return proposal->severity >= channel->severity && fits_rules(channel->rules, proposal->rule);
}
