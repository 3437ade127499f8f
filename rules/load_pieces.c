#include "rules/loader.h"

/* What a scalar `$name` and a plain /…/ mean depends on the member in which they stand. */
enum place {
    PLACE_FILTER,   /* on match where ignore: the rule itself, `clear`, those of conditions */
    PLACE_NAMES,    /* match, ignore, the keys that are expected: $names */
    PLACE_WHERE,    /* clauses, by field */
    PLACE_VALUE,    /* $names, and a plain /…/ is text, written {eq: …} from here on */
    PLACE_WHEN,     /* of its members, those that are filters */
    PLACE_DIAGNOSE, /* on the way to the pattern of a log: the maps on it are as they are */
    PLACE_EVIDENCE,
    PLACE_LOG,
    PLACE_OTHER, /* as it is */
};

static const struct {
    enum place within;
    const char *member;
    enum place place;
} places[] = {
    { .within = PLACE_FILTER, .member = "match", .place = PLACE_NAMES },
    { .within = PLACE_FILTER, .member = "ignore", .place = PLACE_NAMES },
    { .within = PLACE_FILTER, .member = "where", .place = PLACE_WHERE },
    { .within = PLACE_FILTER, .member = "clear", .place = PLACE_FILTER },
    { .within = PLACE_FILTER, .member = "when", .place = PLACE_WHEN },
    { .within = PLACE_WHEN, .member = "expect", .place = PLACE_NAMES },
    { .within = PLACE_WHEN, .member = "sequence", .place = PLACE_FILTER },
    { .within = PLACE_WHEN, .member = "followed_by", .place = PLACE_FILTER },
    { .within = PLACE_WHEN, .member = "not_followed_by", .place = PLACE_FILTER },
    { .within = PLACE_WHEN, .member = "having", .place = PLACE_FILTER },
    { .within = PLACE_WHERE, .member = "any", .place = PLACE_WHERE },
    { .within = PLACE_WHERE, .member = "none", .place = PLACE_WHERE },
    { .within = PLACE_VALUE, .member = "not", .place = PLACE_VALUE },
    { .within = PLACE_VALUE, .member = "cidr", .place = PLACE_VALUE },
    { .within = PLACE_VALUE, .member = "some", .place = PLACE_WHERE },
    { .within = PLACE_FILTER, .member = "diagnose", .place = PLACE_DIAGNOSE },
    { .within = PLACE_DIAGNOSE, .member = "evidence", .place = PLACE_EVIDENCE },
    { .within = PLACE_EVIDENCE, .member = "log", .place = PLACE_LOG },
    { .within = PLACE_LOG, .member = "match", .place = PLACE_NAMES },
};

static enum place place_of_member(enum place place, struct slice member)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        if (places[i].within == place && slice_eq(member, slice_of(places[i].member)))
            return places[i].place;
    }
    return place == PLACE_WHERE ? PLACE_VALUE : PLACE_OTHER;
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
        (void)read_pattern(loader, loader->patterns->pairs[i].value,
                           NULL); /* its problems, used or not */
    if (loader->defaults && (loader->defaults->type != NODE_MAP || !loader->defaults->n_pairs))
        node_problem(loader->problems, loader->defaults, "`defaults` is a map of members, not %s",
                     loader->defaults->type == NODE_MAP ? "empty"
                                                        : node_type_text(loader->defaults));
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

/* Most likely the quotes were forgotten, and the rule would match nothing in silence. */
static void warn_unquoted(struct loader *loader, const struct node *scalar)
{
    mark_problem(
        loader->problems, PROBLEM_WARNING, scalar->mark,
        "`%.200s` is compared as text: a pattern stands in single quotes, and {eq: %.200s} "
        "says that text is meant",
        scalar->text.ptr, scalar->text.ptr);
}

static struct node *resolve_scalar(struct loader *loader, struct node *scalar, enum place place)
{
    struct node *piece = find_piece(loader, scalar);

    if (piece)
        return piece;
    if (place != PLACE_VALUE || scalar->style != NODE_PLAIN || !pattern_is_written(scalar->text))
        return scalar;
    warn_unquoted(loader, scalar);
    return map_of_one(loader, scalar->mark, "eq", scalar);
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
    struct node *copy = loader_alloc_node(loader, 1, sizeof(*copy));
    struct node **items = loader_alloc_node(loader, n_room, sizeof(struct node *));

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
    bool is_resolved = place == PLACE_NAMES || place == PLACE_VALUE;

    if (place == PLACE_OTHER)
        return node;
    switch (node->type) {
    case NODE_SCALAR:
        /* `clear: never`, `log: app`, and what is no map where a map must be: read as it is. */
        return is_resolved ? resolve_scalar(loader, node, place) : node;
    case NODE_LIST:
        return resolve_list(loader, node, place);
    case NODE_MAP:
        return resolve_map(loader, node, place);
    }
    return NULL;
}

struct node *resolve_names(struct loader *loader, const struct node *rule)
{
    return resolve_map(loader, rule, PLACE_FILTER);
}
