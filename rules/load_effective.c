#include "rules/loader.h"

#include "src/base/clock.h"

#include <string.h>

/* What a scalar `$name` and a plain /…/ mean depends on the member in which they stand. */
enum place {
    PLACE_FILTER,   /* on match where ignore: the rule itself, and `clear` */
    PLACE_PATTERNS, /* match, ignore: $names */
    PLACE_WHERE,    /* $names, and a plain /…/ is text, written {eq: …} from here on */
    PLACE_OTHER,    /* as it is */
};

static const struct {
    const char *member;
    enum place place;
} places[] = {
    { .member = "match", .place = PLACE_PATTERNS },
    { .member = "ignore", .place = PLACE_PATTERNS },
    { .member = "where", .place = PLACE_WHERE },
    { .member = "clear", .place = PLACE_FILTER },
};

static enum place place_of_member(enum place place, struct slice member)
{
    if (place == PLACE_WHERE)
        return slice_eq(member, SLICE("eq")) ? PLACE_OTHER : PLACE_WHERE;
    for (size_t i = 0; place == PLACE_FILTER && i < sizeof(places) / sizeof(*places); i++) {
        if (slice_eq(member, slice_of(places[i].member)))
            return places[i].place;
    }
    return PLACE_OTHER;
}

/* -- new nodes -- */

static struct node *new_text(struct loader *loader, struct mark mark, struct slice text)
{
    struct node *node = loader_alloc(loader, 1, sizeof(*node));

    if (node)
        *node = (struct node){ .type = NODE_SCALAR, .mark = mark, .text = text };
    return node;
}

static struct node *new_map(struct loader *loader, struct mark mark, size_t n_room)
{
    struct node *node = loader_alloc(loader, 1, sizeof(*node));

    if (!node)
        return NULL;
    *node = (struct node){ .type = NODE_MAP, .mark = mark };
    node->pairs = loader_alloc(loader, n_room, sizeof(*node->pairs));
    return node->pairs ? node : NULL;
}

/* The caller has made room. */
static void add_pair(struct node *map, const char *key, struct node *value)
{
    if (map && value)
        map->pairs[map->n_pairs++] =
            (struct node_pair){ .key = slice_of(key), .key_mark = value->mark, .value = value };
}

static struct node *map_of_one(struct loader *loader, struct mark mark, const char *key,
                               struct node *value)
{
    struct node *map = new_map(loader, mark, 1);

    add_pair(map, key, value);
    return map;
}

/* A copy with room for `n_more` members. */
static struct node *copy_map(struct loader *loader, const struct node *map, size_t n_more)
{
    struct node *copy = new_map(loader, map->mark, map->n_pairs + n_more);

    if (!copy)
        return NULL;
    if (map->n_pairs)
        memcpy(copy->pairs, map->pairs, map->n_pairs * sizeof(*copy->pairs));
    copy->n_pairs = map->n_pairs;
    return copy;
}

/* -- lists, patterns, defaults of the file -- */

static bool is_name(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_other = (byte >= '0' && byte <= '9') || byte == '-';

        if (byte != '_' && !is_letter && !(i && is_other))
            return false;
    }
    return text.len > 0;
}

static void check_list(struct loader *loader, const struct node_pair *pair)
{
    const struct node *list = pair->value;

    if (list->type != NODE_LIST || !list->n_items)
        node_problem(loader->problems, list, "the list `%.*s` must be a list of values: [a, b]",
                     SLICE_ARG(pair->key));
    for (size_t i = 0; list->type == NODE_LIST && i < list->n_items; i++) {
        if (list->items[i]->type != NODE_SCALAR || list->items[i]->is_null)
            node_problem(loader->problems, list->items[i], "a value of a list is a text, not %s",
                         list->items[i]->is_null ? "nothing" : node_type_text(list->items[i]));
    }
    if (node_find_slice(loader->patterns, pair->key))
        mark_problem(loader->problems, PROBLEM_ERROR, pair->key_mark,
                     "`%.*s` is the name of a pattern, too: $%.*s could mean either",
                     SLICE_ARG(pair->key), SLICE_ARG(pair->key));
}

static void check_name(struct loader *loader, const struct node_pair *pair)
{
    if (!is_name(pair->key))
        mark_problem(loader->problems, PROBLEM_ERROR, pair->key_mark,
                     "`%.*s` cannot be used as $name: letters, digits, - and _",
                     SLICE_ARG(pair->key));
}

static bool is_map_of_names(struct loader *loader, const struct node *map, const char *member)
{
    if (!map)
        return false;
    if (map->type != NODE_MAP || !map->n_pairs) {
        node_problem(loader->problems, map, "`%s` is a map of names, not %s", member,
                     map->type == NODE_MAP ? "empty" : node_type_text(map));
        return false;
    }
    for (size_t i = 0; i < map->n_pairs; i++)
        check_name(loader, &map->pairs[i]);
    return true;
}

void check_pieces(struct loader *loader)
{
    bool has_lists = is_map_of_names(loader, loader->lists, "lists");
    bool has_patterns = is_map_of_names(loader, loader->patterns, "patterns");

    for (size_t i = 0; has_lists && i < loader->lists->n_pairs; i++)
        check_list(loader, &loader->lists->pairs[i]);
    for (size_t i = 0; has_patterns && i < loader->patterns->n_pairs; i++)
        (void)read_pattern(loader,
                           loader->patterns->pairs[i].value); /* its problems, used or not */
    if (loader->defaults && loader->defaults->type != NODE_MAP)
        node_problem(loader->problems, loader->defaults, "`defaults` is a map of members, not %s",
                     node_type_text(loader->defaults));
}

static void add_piece_names(struct loader *loader, const struct node *map, struct slice_list *names)
{
    for (size_t i = 0; map && map->type == NODE_MAP && i < map->n_pairs; i++)
        loader_add_name(loader, names, map->pairs[i].key);
}

static void refuse_unknown_piece(struct loader *loader, const struct node *scalar)
{
    static const char *const none[] = { NULL };
    struct slice name = { scalar->text.ptr + 1, scalar->text.len - 1 };
    struct slice_list names = { 0 };
    const char **table;
    const char *meant;

    add_piece_names(loader, loader->lists, &names);
    add_piece_names(loader, loader->patterns, &names);
    table = loader_name_table(loader, none, &names);
    if (!table)
        return;
    meant = problem_did_you_mean(name, table);
    node_problem(loader->problems, scalar,
                 "no list and no pattern of this file is named `%.80s`%s%s%s; text that begins "
                 "with $ stands in quotes",
                 name.ptr, meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "");
}

/* The list or pattern that a plain `$name` uses; NULL when it is none, or unknown (a problem). */
static struct node *find_piece(struct loader *loader, const struct node *scalar)
{
    struct slice name = { scalar->text.ptr + 1, scalar->text.len ? scalar->text.len - 1 : 0 };
    struct node *piece;

    if (scalar->style != NODE_PLAIN || !slice_starts(scalar->text, SLICE("$")) || !is_name(name))
        return NULL;
    piece = node_find_slice(loader->lists, name);
    if (!piece)
        piece = node_find_slice(loader->patterns, name);
    if (!piece)
        refuse_unknown_piece(loader, scalar);
    return piece;
}

/* -- copying with $names put in -- */

static struct node *resolve(struct loader *loader, struct node *node, enum place place);

static struct node *resolve_scalar(struct loader *loader, struct node *scalar, enum place place)
{
    struct node *piece = find_piece(loader, scalar);

    if (piece)
        return piece;
    if (place == PLACE_WHERE && scalar->style == NODE_PLAIN && pattern_is_written(scalar->text))
        return map_of_one(loader, scalar->mark, "eq", scalar);
    return scalar;
}

/* A list used inside a list adds its values to it. */
static size_t count_resolved(struct loader *loader, const struct node *list)
{
    size_t n_items = 0;

    for (size_t i = 0; i < list->n_items; i++) {
        const struct node *item = list->items[i];
        const struct node *piece = NULL;

        if (item->type == NODE_SCALAR && slice_starts(item->text, SLICE("$")))
            piece = node_find_slice(loader->lists,
                                    (struct slice){ item->text.ptr + 1, item->text.len - 1 });
        n_items += piece && piece->type == NODE_LIST ? piece->n_items : 1;
    }
    return n_items;
}

static struct node *resolve_list(struct loader *loader, const struct node *list, enum place place)
{
    size_t n_room = count_resolved(loader, list);
    struct node *copy = loader_alloc(loader, 1, sizeof(*copy));
    struct node **items = loader_alloc(loader, n_room, sizeof(struct node *));

    if (!copy || !items)
        return NULL;
    *copy = *list;
    copy->items = items;
    copy->n_items = 0;
    for (size_t i = 0; i < list->n_items; i++) {
        struct node *item = resolve(loader, list->items[i], place);
        bool is_spliced = item && item->type == NODE_LIST && list->items[i]->type == NODE_SCALAR;

        if (!item)
            return NULL;
        if (!is_spliced)
            items[copy->n_items++] = item;
        for (size_t j = 0; is_spliced && j < item->n_items; j++)
            items[copy->n_items++] = item->items[j];
    }
    return copy;
}

static struct node *resolve_map(struct loader *loader, const struct node *map, enum place place)
{
    struct node *copy = copy_map(loader, map, 0);

    for (size_t i = 0; copy && i < copy->n_pairs; i++) {
        copy->pairs[i].value =
            resolve(loader, copy->pairs[i].value, place_of_member(place, copy->pairs[i].key));
        if (!copy->pairs[i].value)
            return NULL;
    }
    return copy;
}

static struct node *resolve(struct loader *loader, struct node *node, enum place place)
{
    if (place == PLACE_OTHER)
        return node;
    switch (node->type) {
    case NODE_SCALAR:
        /* `clear: never`, and what is no map where a map must be: read as it is. */
        return place == PLACE_FILTER ? node : resolve_scalar(loader, node, place);
    case NODE_LIST:
        return resolve_list(loader, node, place);
    case NODE_MAP:
        return resolve_map(loader, node, place);
    }
    return NULL;
}

/* -- defaults -- */

/* `null` written out is the same as left out. */
static bool has_member(const struct node *map, struct slice key)
{
    const struct node *value = node_find_slice(map, key);

    return value && !(value->is_null && value->text.len);
}

static void drop_nulls(struct node *map)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < map->n_pairs; i++) {
        if (has_member(map, map->pairs[i].key))
            map->pairs[n_kept++] = map->pairs[i];
    }
    map->n_pairs = n_kept;
}

/* Members that the file gives to its rules; each is taken whole. */
static struct node *with_file_defaults(struct loader *loader, const struct node *written)
{
    const struct node *defaults = loader->defaults;
    bool has_defaults = defaults && defaults->type == NODE_MAP;
    struct node *rule = copy_map(loader, written, has_defaults ? defaults->n_pairs : 0);

    if (rule)
        drop_nulls(rule);
    for (size_t i = 0; rule && has_defaults && i < defaults->n_pairs; i++) {
        if (slice_eq(defaults->pairs[i].key, SLICE("id")))
            mark_problem(loader->problems, PROBLEM_ERROR, defaults->pairs[i].key_mark,
                         "`id` cannot be a default: every rule has its own");
        else if (!has_member(written, defaults->pairs[i].key))
            rule->pairs[rule->n_pairs++] = defaults->pairs[i];
    }
    return rule;
}

static void add_default(struct loader *loader, struct node *map, const char *key, const char *text)
{
    if (!has_member(map, slice_of(key)))
        add_pair(map, key, new_text(loader, map->mark, slice_of(text)));
}

/* -- state: failing -- */

static const char *const failing_kinds[] = { "ci.run", "alert", "deploy", NULL };

static bool is_failing_kind(const struct node *name)
{
    int i;

    return name->type == NODE_SCALAR && slice_to_enum(name->text, failing_kinds, &i) == RC_OK;
}

static bool names_state(const struct node *where)
{
    for (size_t i = 0; where && where->type == NODE_MAP && i < where->n_pairs; i++) {
        const struct node *value = where->pairs[i].value;

        if (slice_eq(where->pairs[i].key, SLICE("state")))
            return true;
        for (size_t j = 0; value->type == NODE_LIST && j < value->n_items; j++) {
            if (names_state(value->items[j]))
                return true;
        }
    }
    return false;
}

/* How many of `on` are kinds that fail, of how many. */
static size_t count_failing_kinds(const struct node *on, size_t *n_all)
{
    size_t n_failing = 0;

    *n_all = on && on->type == NODE_LIST ? on->n_items : 1;
    if (!on || on->type == NODE_MAP)
        return 0;
    if (on->type == NODE_SCALAR)
        return is_failing_kind(on) ? 1 : 0;
    for (size_t i = 0; i < on->n_items; i++)
        n_failing += is_failing_kind(on->items[i]) ? 1 : 0;
    return n_failing;
}

static struct node *where_with_room(struct loader *loader, struct node *rule)
{
    for (size_t i = 0; i < rule->n_pairs; i++) {
        if (slice_eq(rule->pairs[i].key, SLICE("where")) && rule->pairs[i].value->n_pairs) {
            rule->pairs[i].value = copy_map(loader, rule->pairs[i].value, 1);
            return rule->pairs[i].value;
        }
    }
    if (has_member(rule, SLICE("where")))
        return NULL; /* not a map, or an empty one: its problem comes when it is read */
    add_pair(rule, "where", new_map(loader, rule->mark, 1));
    return node_find(rule, "where");
}

static void add_failing(struct loader *loader, struct node *rule)
{
    const struct node *on = node_find(rule, "on");
    size_t n_all;
    size_t n_failing = count_failing_kinds(on, &n_all);

    if (!n_failing || names_state(node_find(rule, "where")))
        return;
    add_pair(where_with_room(loader, rule), "state",
             new_text(loader, rule->mark, SLICE("failing")));
    if (n_failing < n_all)
        mark_problem(loader->problems, PROBLEM_WARNING, on->mark,
                     "without a `state` in `where` this rule means {state: failing}, for all that "
                     "it is `on`; say {state: {exists: true}} where any state is meant");
}

bool asks_for_failing(const struct node *where)
{
    const struct node *state = node_find(where, "state");
    bool is_asked = false;

    if (!state)
        return false;
    if (state->type == NODE_MAP)
        state = state->n_pairs == 1 ? node_find(state, "eq") : NULL;
    if (state && state->type == NODE_SCALAR)
        return slice_eq(state->text, SLICE("failing"));
    for (size_t i = 0; state && state->type == NODE_LIST && i < state->n_items; i++) {
        if (slice_eq(state->items[i]->text, SLICE("ok")))
            return false;
        is_asked = is_asked || slice_eq(state->items[i]->text, SLICE("failing"));
    }
    return is_asked;
}

/* -- built-in defaults -- */

/* `within` of the condition, at least an hour. */
static struct slice default_quiet(const struct node *rule)
{
    const struct node *within = node_find(node_find(rule, "when"), "within");
    int64_t within_ms;

    if (!within || within->type != NODE_SCALAR || duration_parse(within->text, &within_ms) ||
        within_ms < HOUR_MS)
        return SLICE("1h");
    return within->text;
}

static void add_default_clear(struct loader *loader, struct node *rule)
{
    struct node *value;

    if (has_member(rule, SLICE("clear")))
        return;
    if (asks_for_failing(node_find(rule, "where"))) {
        value = map_of_one(loader, rule->mark, "state", new_text(loader, rule->mark, SLICE("ok")));
        add_pair(rule, "clear", map_of_one(loader, rule->mark, "where", value));
    } else {
        value = new_text(loader, rule->mark, default_quiet(rule));
        add_pair(rule, "clear", map_of_one(loader, rule->mark, "quiet", value));
    }
}

static void add_default_verify(struct loader *loader, struct node *rule)
{
    bool by_ok = asks_for_failing(node_find(rule, "where"));
    struct slice window = by_ok ? SLICE("1h") : SLICE("30m");

    if (!has_member(rule, SLICE("verify")))
        add_pair(rule, "verify",
                 map_of_one(loader, rule->mark, by_ok ? "ok" : "quiet",
                            new_text(loader, rule->mark, window)));
}

static void add_default_title(struct loader *loader, struct node *rule)
{
    const struct node *id = node_find(rule, "id");
    struct slice title;

    if (has_member(rule, SLICE("title")) || !id || id->type != NODE_SCALAR)
        return;
    if (arena_format(loader->arena, &title, "{{title | default: %.*s}}", SLICE_ARG(id->text)))
        loader->rc = RC_NO_MEMORY;
    else
        add_pair(rule, "title", new_text(loader, rule->mark, title));
}

/* A map member with room for defaults of its own, made where there is none; NULL when it is no map. */
static struct node *member_with_room(struct loader *loader, struct node *rule, const char *member,
                                     size_t n_more)
{
    for (size_t i = 0; i < rule->n_pairs; i++) {
        if (!slice_eq(rule->pairs[i].key, slice_of(member)))
            continue;
        if (rule->pairs[i].value->type != NODE_MAP)
            return NULL;
        rule->pairs[i].value = copy_map(loader, rule->pairs[i].value, n_more);
        if (rule->pairs[i].value)
            drop_nulls(rule->pairs[i].value);
        return rule->pairs[i].value;
    }
    add_pair(rule, member, new_map(loader, rule->mark, n_more));
    return node_find(rule, member);
}

/* What costs nothing but a look into the store: what changed just before, and what happened last time. */
static struct node *default_evidence(struct loader *loader, struct mark mark)
{
    struct node *within = map_of_one(loader, mark, "within", new_text(loader, mark, SLICE("2h")));
    struct node *list = loader_alloc(loader, 1, sizeof(*list));
    struct node **items = loader_alloc(loader, 2, sizeof(struct node *));

    if (!within || !list || !items)
        return NULL;
    items[0] = map_of_one(loader, mark, "changes", within);
    items[1] = map_of_one(loader, mark, "similar", new_text(loader, mark, SLICE("5")));
    *list = (struct node){ .type = NODE_LIST, .mark = mark, .items = items, .n_items = 2 };
    return items[0] && items[1] ? list : NULL;
}

static void add_default_playbook(struct loader *loader, struct node *rule)
{
    struct node *diagnose = member_with_room(loader, rule, "diagnose", 2);
    struct node *propose = member_with_room(loader, rule, "propose", 2);

    if (diagnose && !has_member(diagnose, SLICE("evidence")))
        add_pair(diagnose, "evidence", default_evidence(loader, rule->mark));
    if (diagnose)
        add_default(loader, diagnose, "timeout", "5m");
    if (propose) {
        add_default(loader, propose, "expires", node_find(propose, "plan") ? "4h" : "24h");
        add_default(loader, propose, "cooldown", "1h");
    }
}

static struct node *default_key(struct loader *loader, struct mark mark)
{
    struct node *list = loader_alloc(loader, 1, sizeof(*list));
    struct node **items = loader_alloc(loader, 1, sizeof(struct node *));

    if (!list || !items)
        return NULL;
    items[0] = new_text(loader, mark, SLICE("subject"));
    *list = (struct node){ .type = NODE_LIST, .mark = mark, .items = items, .n_items = 1 };
    return items[0] ? list : NULL;
}

#define BUILT_IN_DEFAULTS 10

struct node *effective_rule(struct loader *loader, const struct node *written)
{
    struct node *merged = with_file_defaults(loader, written);
    struct node *rule = merged ? resolve_map(loader, merged, PLACE_FILTER) : NULL;

    if (rule)
        rule = copy_map(loader, rule, BUILT_IN_DEFAULTS);
    if (!rule)
        return NULL;
    add_default(loader, rule, "mode", "propose");
    add_failing(loader, rule);
    if (!has_member(rule, SLICE("key")))
        add_pair(rule, "key", default_key(loader, rule->mark));
    add_default_clear(loader, rule);
    add_default(loader, rule, "severity", "medium");
    add_default_title(loader, rule);
    add_default(loader, rule, "lateness", "5m");
    add_default_playbook(loader, rule);
    add_default_verify(loader, rule);
    return rule;
}
