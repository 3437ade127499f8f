#include "rules/loader.h"

#include "src/base/clock.h"

#include <string.h>

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

/* What the row of `key` says. */
static void add_usual(struct loader *loader, struct node *map, const struct shape *members,
                      const char *key)
{
    for (size_t i = 0; i < members->n_settings; i++) {
        const struct setting *member = &members->settings[i];

        if (member->usual && !strcmp(member->name, key))
            add_default(loader, map, key, member->usual);
    }
}

static size_t count_usual(const struct shape *members)
{
    size_t n_usual = 0;

    for (size_t i = 0; i < members->n_settings; i++)
        n_usual += members->settings[i].usual ? 1 : 0;
    return n_usual;
}

/* What all rows say. The map has room. */
static void add_all_usual(struct loader *loader, struct node *map, const struct shape *members)
{
    for (size_t i = 0; map && i < members->n_settings; i++)
        add_usual(loader, map, members, members->settings[i].name);
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

/* Does one of the condition's FILTERs ask for states? */
static bool filters_name_state(const struct node *when)
{
    bool names = false;

    for (size_t i = 0; when && when->type == NODE_LIST && !names && i < when->n_items; i++)
        names = filters_name_state(when->items[i]);
    for (size_t i = 0; when && when->type == NODE_MAP && !names && i < when->n_pairs; i++) {
        const struct node *value = when->pairs[i].value;

        names = slice_eq(when->pairs[i].key, SLICE("where")) ? names_state(value)
                                                             : filters_name_state(value);
    }
    return names;
}

static bool are_alike(const struct node *a, const struct node *b)
{
    bool alike = a->type == b->type && a->n_items == b->n_items;

    if (alike && a->type == NODE_SCALAR)
        return slice_eq(a->text, b->text);
    for (size_t i = 0; alike && i < a->n_items; i++)
        alike = are_alike(a->items[i], b->items[i]);
    return alike && a->type == NODE_LIST;
}

/* A FILTER that is `on` the same kinds tells what comes after by its state from the rule's own matches, which fail as ever: {not_followed_by: {where: {state: ok}}}. One that is `on`
 * others says what states are good for: a deploy, {followed_by: {on: alert, where: {state: failing}}}. */
static bool filter_after_is_alike(const struct node *when, const struct node *on)
{
    const struct condition *condition = condition_named(when);
    const struct node *own_on;

    if (!condition || !condition->parts_come_after)
        return false;
    own_on = node_find(node_find(when, condition->name), "on");
    return !own_on || are_alike(own_on, on);
}

/* Is it the state that the condition looks at (change: state), or one of its FILTERs? */
static bool when_names_state(const struct node *when, const struct node *on)
{
    for (size_t i = 0; when && when->type == NODE_MAP && i < when->n_pairs; i++) {
        const struct node *value = when->pairs[i].value;

        if (value->type == NODE_SCALAR && slice_eq(value->text, SLICE("state")))
            return true;
    }
    return !filter_after_is_alike(when, on) && filters_name_state(when);
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

/* No more of it is the trouble: that nothing fails any more is none. */
static bool is_about_silence(const struct node *when)
{
    const struct condition *condition = condition_named(when);

    return condition && condition->is_about_silence && condition->is_about_silence(when);
}

/* The rule's own `where` would be nobody's. */
static bool has_only_parts(const struct node *when)
{
    const struct condition *condition = condition_named(when);

    return condition && condition->has_only_parts;
}

static void add_failing(struct loader *loader, struct node *rule)
{
    const struct node *on = node_find(rule, "on");
    const struct node *when = node_find(rule, "when");
    size_t n_all;
    size_t n_failing = count_failing_kinds(on, &n_all);

    if (!n_failing || names_state(node_find(rule, "where")) || when_names_state(when, on) ||
        is_about_silence(when) || has_only_parts(when))
        return;
    add_pair(where_with_room(loader, rule), "state",
             new_text(loader, rule->mark, SLICE("failing")));
    if (n_failing < n_all)
        mark_problem(loader->problems, PROBLEM_WARNING, on->mark,
                     "without a `state` in `where` this rule means {state: failing}, for all that "
                     "it is `on`; say {state: {exists: true}} where any state is meant");
}

/* Whichever of its maps holds. */
static bool all_ask_for_failing(const struct node *any)
{
    bool do_all = any && any->type == NODE_LIST && any->n_items;

    for (size_t i = 0; do_all && i < any->n_items; i++)
        do_all = asks_for_failing(any->items[i]);
    return do_all;
}

bool asks_for_failing(const struct node *where)
{
    const struct node *state = node_find(where, "state");
    bool is_asked = false;

    if (!state)
        return all_ask_for_failing(node_find(where, "any"));
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

/* Where its FILTERs ask for states, an `ok` is the condition's own business: as a clear it would never be asked about it. */
static bool ends_by_ok(const struct node *rule)
{
    return asks_for_failing(node_find(rule, "where")) &&
           !filters_name_state(node_find(rule, "when"));
}

/* -- built-in defaults -- */

/* 0: it says none; what is wrong with it is told when it is read. */
static int64_t duration_of(const struct node *when, const char *member)
{
    const struct node *value = node_find(when, member);
    int64_t duration_ms;

    if (!value || value->type != NODE_SCALAR || duration_parse(value->text, &duration_ms))
        return 0;
    return duration_ms;
}

static struct node *new_duration(struct loader *loader, struct mark mark, int64_t duration_ms)
{
    char text[TIME_TEXT_BYTES];
    struct slice kept;

    if (arena_copy(loader->nodes, slice_of(duration_format(duration_ms, text)), &kept)) {
        loader->rc = RC_NO_MEMORY;
        return NULL;
    }
    return new_text(loader, mark, kept);
}

/* `within` of the condition, at least an hour. */
static struct node *default_quiet(struct loader *loader, const struct node *rule)
{
    int64_t within_ms = duration_of(node_find(rule, "when"), "within");

    return new_duration(loader, rule->mark, within_ms > HOUR_MS ? within_ms : HOUR_MS);
}

static void add_default_clear(struct loader *loader, struct node *rule)
{
    struct node *value;

    if (has_member(rule, SLICE("clear")))
        return;
    if (ends_by_ok(rule)) {
        value = map_of_one(loader, rule->mark, "state", new_text(loader, rule->mark, SLICE("ok")));
        add_pair(rule, "clear", map_of_one(loader, rule->mark, "where", value));
    } else if (is_about_silence(node_find(rule, "when"))) {
        add_pair(rule, "clear", new_text(loader, rule->mark, SLICE("never")));
    } else {
        value = default_quiet(loader, rule);
        add_pair(rule, "clear", map_of_one(loader, rule->mark, "quiet", value));
    }
}

/* Where no event ends the signal, none can say that acting helped. */
static bool is_cleared_by_event(const struct node *rule)
{
    const struct node *clear = node_find(rule, "clear");

    return clear && clear->type == NODE_MAP && !node_find(clear, "quiet");
}

/* What fires for as long as its condition is true cannot be over before the condition has looked at a whole window of what came after acting. */
static int64_t verify_quiet_ms(const struct node *rule)
{
    const struct node *when = node_find(rule, "when");
    const struct condition *condition = condition_named(when);
    int64_t own_ms =
        duration_of(when, "within") + duration_of(when, "absent") + duration_of(when, "grace");

    if (!condition || !condition->ends_itself || own_ms < 30 * MINUTE_MS)
        return 30 * MINUTE_MS;
    return own_ms < VERIFY_MAX_MS ? own_ms : VERIFY_MAX_MS;
}

static void add_default_verify(struct loader *loader, struct node *rule)
{
    bool by_ok = asks_for_failing(node_find(rule, "where")) && is_cleared_by_event(rule);

    if (!has_member(rule, SLICE("verify")))
        add_pair(
            rule, "verify",
            map_of_one(loader, rule->mark, by_ok ? "ok" : "quiet",
                       new_duration(loader, rule->mark, by_ok ? HOUR_MS : verify_quiet_ms(rule))));
}

struct node *default_title(struct loader *loader, const struct node *rule)
{
    const struct node *id = node_find(rule, "id");
    const struct condition *condition = condition_named(node_find(rule, "when"));
    struct slice title;

    if (condition && condition->title)
        return new_text(loader, rule->mark, slice_of(condition->title));
    if (!id || id->type != NODE_SCALAR)
        return NULL;
    if (!arena_format(loader->nodes, &title, "{{title | default: %.*s}}", SLICE_ARG(id->text)))
        return new_text(loader, rule->mark, title);
    loader->rc = RC_NO_MEMORY;
    return NULL;
}

static void add_default_title(struct loader *loader, struct node *rule)
{
    if (!has_member(rule, SLICE("title")))
        add_pair(rule, "title", default_title(loader, rule));
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
    struct node *list = loader_alloc_node(loader, 1, sizeof(*list));
    struct node **items = loader_alloc_node(loader, 2, sizeof(struct node *));

    if (!within || !list || !items)
        return NULL;
    items[0] = map_of_one(loader, mark, "changes", within);
    items[1] = map_of_one(loader, mark, "similar", new_text(loader, mark, SLICE("5")));
    *list = (struct node){ .type = NODE_LIST, .mark = mark, .items = items, .n_items = 2 };
    return items[0] && items[1] ? list : NULL;
}

/* `log: app` is {watcher: app}. NULL when it is neither a name nor a map. */
static struct node *effective_log(struct loader *loader, const struct node *written)
{
    struct node *log = NULL;

    if (written->type == NODE_MAP && written->n_pairs) {
        log = copy_map(loader, written, count_usual(&log_members));
    } else if (written->type == NODE_SCALAR && !written->is_null) {
        log = new_map(loader, written->mark, 3);
        add_pair(log, "watcher", new_text(loader, written->mark, written->text));
    }
    if (!log)
        return NULL;
    drop_nulls(log);
    add_all_usual(loader, log, &log_members);
    return log;
}

static struct node *effective_request(struct loader *loader, struct node *written)
{
    struct node *request;

    if (written->type != NODE_MAP || !node_find(written, "log"))
        return written;
    request = copy_map(loader, written, 0);
    for (size_t i = 0; request && i < request->n_pairs; i++) {
        struct node *log = NULL;

        if (slice_eq(request->pairs[i].key, SLICE("log")))
            log = effective_log(loader, request->pairs[i].value);
        if (log)
            request->pairs[i].value = log;
    }
    return request;
}

static struct node *effective_evidence(struct loader *loader, const struct node *written)
{
    struct node *list = loader_alloc_node(loader, 1, sizeof(*list));
    struct node **items = loader_alloc_node(loader, written->n_items, sizeof(struct node *));

    if (!list || !items)
        return NULL;
    *list = *written;
    list->items = items;
    for (size_t i = 0; i < written->n_items; i++) {
        items[i] = effective_request(loader, written->items[i]);
        if (!items[i])
            return NULL;
    }
    return list;
}

static void fill_evidence(struct loader *loader, struct node *diagnose)
{
    for (size_t i = 0; i < diagnose->n_pairs; i++) {
        struct node *list = diagnose->pairs[i].value;

        if (!slice_eq(diagnose->pairs[i].key, SLICE("evidence")) || list->type != NODE_LIST)
            continue;
        list = effective_evidence(loader, list);
        if (list)
            diagnose->pairs[i].value = list;
    }
}

static void add_default_playbook(struct loader *loader, struct node *rule)
{
    struct node *diagnose = member_with_room(loader, rule, "diagnose", 2);
    struct node *propose = member_with_room(loader, rule, "propose", 2);

    if (diagnose && !has_member(diagnose, SLICE("evidence")))
        add_pair(diagnose, "evidence", default_evidence(loader, rule->mark));
    if (diagnose) {
        fill_evidence(loader, diagnose);
        add_usual(loader, diagnose, &shape_diagnose, "timeout");
    }
    if (propose) {
        add_default(loader, propose, "expires", node_find(propose, "plan") ? "4h" : "24h");
        add_usual(loader, propose, &shape_propose, "cooldown");
    }
}

static void add_default_when(struct loader *loader, struct node *rule)
{
    const struct condition *condition = condition_named(node_find(rule, "when"));
    const struct shape *members = condition ? condition->members : NULL;
    size_t n_usual = members ? count_usual(members) : 0;

    if (n_usual)
        add_all_usual(loader, member_with_room(loader, rule, "when", n_usual), members);
}

static void add_default_hours(struct loader *loader, struct node *rule)
{
    struct node *active;

    if (!has_member(rule, SLICE("active")))
        return;
    active = member_with_room(loader, rule, "active", count_usual(&shape_active));
    if (active && active->n_pairs)
        add_all_usual(loader, active, &shape_active);
}

/* Where there is one. */
static void add_default_group(struct loader *loader, struct node *rule)
{
    struct node *group;

    if (!has_member(rule, SLICE("group")) || !node_find(rule, "group")->n_pairs)
        return; /* what is no map, or an empty one, is told when it is read */
    group = member_with_room(loader, rule, "group", count_usual(&shape_group));
    add_all_usual(loader, group, &shape_group);
}

static struct node *default_key(struct loader *loader, struct mark mark)
{
    struct node *list = loader_alloc_node(loader, 1, sizeof(*list));
    struct node **items = loader_alloc_node(loader, 1, sizeof(struct node *));

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
    struct node *rule = merged ? resolve_names(loader, merged) : NULL;

    if (rule)
        rule = copy_map(loader, rule, BUILT_IN_DEFAULTS);
    if (!rule)
        return NULL;
    add_usual(loader, rule, &shape_rule, "mode");
    add_failing(loader, rule);
    if (!has_member(rule, SLICE("key")))
        add_pair(rule, "key", default_key(loader, rule->mark));
    add_default_when(loader, rule);
    add_default_clear(loader, rule);
    add_usual(loader, rule, &shape_rule, "severity");
    add_default_title(loader, rule);
    loader->lateness_is_of_watchers = !has_member(rule, SLICE("lateness"));
    add_usual(loader, rule, &shape_rule, "lateness");
    add_default_hours(loader, rule);
    add_default_group(loader, rule);
    add_default_playbook(loader, rule);
    add_default_verify(loader, rule);
    return rule;
}
