/* The `actions:` map of the configuration, member by member. */
#include "actions/action_private.h"

#include "src/base/clock.h"
#include "src/base/settings.h"

#define DEFAULT_TIMEOUT_MS (60 * SECOND_MS)
#define DEFAULT_HOLD_MS (10 * SECOND_MS)
#define DEFAULT_RETRIES 2
#define NOT_SAID (-1)

struct action_members {
    struct node *run;
    struct node *request;
    struct node *params;
    int effect;
    struct slice undo;
    struct node *check;
    int64_t timeout_ms;
    int64_t hold_ms;
    int64_t retries;
    struct slice user;
    struct node *approvers;
    struct slice_list env;
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct action, member)
static const struct setting approver_settings[] = {
    { .name = "from", .type = SETTING_TEXTS, AT(approvers_from), .help = "people and groups" },
    { .name = "need", .type = SETTING_INT,   AT(approvers_need), .min = 1, .max = 100, .help = "how many of them" },
};
#undef AT
static const struct shape shape_approvers = { .name = "approvers_of_action", SHAPE_OF(approver_settings)};

#define AT(member) .offset = offsetof(struct action_members, member)
static const struct setting action_settings[] = {
    { .name = "run",       .type = SETTING_NODE,     AT(run),       .shape = &shape_declared_command, .help = "the program, an absolute path, and its arguments" },
    { .name = "request",   .type = SETTING_NODE,     AT(request),   .shape = &shape_declared_request, .help = "or an HTTP request: method, url, headers, json" },
    { .name = "params",    .type = SETTING_NODE,     AT(params),    .shape = &shape_parameters, .help = "the pattern of each parameter, matched whole" },
    { .name = "effect",    .type = SETTING_ENUM,     AT(effect),    .required = true, .names = effect_names, .help = "none, write or external" },
    { .name = "undo",      .type = SETTING_TEXT,     AT(undo),      .help = "the action that undoes it, or null" },
    { .name = "check",     .type = SETTING_NODE,     AT(check),     .shape = &shape_declared_command, .help = "a command that must succeed just before the start" },
    { .name = "timeout",   .type = SETTING_DURATION, AT(timeout_ms), .min = 100, .max = DAY_MS, .help = "default 60s" },
    { .name = "hold",      .type = SETTING_DURATION, AT(hold_ms),    .min = 0, .max = HOUR_MS, .help = "time to take an approval back; default 10s from page and Slack, else 0s" },
    { .name = "retries",   .type = SETTING_INT,      AT(retries),    .min = 0, .max = 100, .help = "how often the same plan may be offered when the signal recurs; default 2" },
    { .name = "user",      .type = SETTING_TEXT,     AT(user),       .help = "run as; default the daemon's user" },
    { .name = "approvers", .type = SETTING_NODE,     AT(approvers),  .shape = &shape_approvers, .help = "from and need; the stricter of this and the rule's wins" },
    { .name = "env",       .type = SETTING_TEXTS,    AT(env),        .help = "names of our environment that the child may see" },
};
#undef AT
static const struct shape shape_action = { .name = "action", SHAPE_OF(action_settings)};
const struct shape shape_actions = { .kind = SHAPE_MAP, .item = &shape_action };
/* clang-format on */

struct action_reader {
    struct arena *arena;
    struct problems *problems;
    struct secret_names secrets;
    struct actions *actions;
};

/* Goes on after RC_INVALID, so that one run shows all problems; false: give up. */
static bool go_on(enum rc rc, enum rc *worst)
{
    if (rc)
        *worst = rc;
    return !rc || rc == RC_INVALID;
}

/* -- one action -- */

static bool is_env_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_' &&
            !(i && c >= '0' && c <= '9'))
            return false;
    }
    return name.len > 0;
}

static enum rc check_env(const struct action_reader *reader, const struct node *node,
                         struct slice_list env)
{
    for (size_t i = 0; i < env.n_items; i++) {
        if (is_env_name(env.items[i]))
            continue;
        node_problem(reader->problems, node_find(node, "env"),
                     "`env` lists names of environment variables, without values: not `%.*s`",
                     SLICE_ARG(env.items[i]));
        return RC_INVALID;
    }
    return RC_OK;
}

/* What it does: a command or a request, never both. */
static enum rc load_deed(const struct action_reader *reader, const struct node *node,
                         const struct action_members *members, struct action *action)
{
    struct action_private *private = action->private;

    if (!members->run == !members->request) {
        node_problem(reader->problems, node, "an action has either `run` or `request`");
        return RC_INVALID;
    }
    if (members->run)
        return declared_command_load(members->run, "run", &private->params, reader->arena,
                                     reader->problems, &private->run);
    action->is_request = true;
    if (members->user.len || members->env.n_items) {
        node_problem(reader->problems, node, "`user` and `env` are for commands, not for requests");
        return RC_INVALID;
    }
    return declared_request_load(members->request, &private->params, &reader->secrets,
                                 reader->arena, reader->problems, &private->request);
}

static void take_members(const struct action_members *members, struct action *action)
{
    action->effect = (enum effect)members->effect;
    action->undo = members->undo;
    action->timeout_ms = members->timeout_ms;
    action->hold_ms = members->hold_ms == NOT_SAID ? DEFAULT_HOLD_MS : members->hold_ms;
    action->hold_local_ms = members->hold_ms == NOT_SAID ? 0 : members->hold_ms;
    action->retries = members->retries;
    action->user = members->user;
    action->env = members->env;
}

static enum rc load_parts(const struct action_reader *reader, const struct node *node,
                          const struct action_members *members, struct action *action)
{
    struct action_private *private = action->private;
    enum rc worst = RC_OK;

    if (!go_on(parameters_load(members->params, reader->arena, reader->problems, &private->params),
               &worst))
        return worst;
    if (!go_on(load_deed(reader, node, members, action), &worst))
        return worst;
    if (members->check &&
        !go_on(declared_command_load(members->check, "check", &private->params, reader->arena,
                                     reader->problems, &private->check),
               &worst))
        return worst;
    if (members->approvers &&
        !go_on(settings_read(approver_settings,
                             sizeof(approver_settings) / sizeof(*approver_settings),
                             members->approvers, reader->arena, reader->problems, action),
               &worst))
        return worst;
    if (members->approvers)
        action->approvers_mark = members->approvers->mark;
    (void)go_on(check_env(reader, node, members->env), &worst);
    return worst;
}

static enum rc load_one(const struct action_reader *reader, const struct node_pair *pair,
                        struct action *action)
{
    struct action_members members = { .timeout_ms = DEFAULT_TIMEOUT_MS,
                                      .hold_ms = NOT_SAID,
                                      .retries = DEFAULT_RETRIES };
    enum rc rc;

    action->mark = pair->key_mark;
    action->private = arena_alloc(reader->arena, 1, sizeof(*action->private));
    if (!action->private)
        return RC_NO_MEMORY;
    rc = arena_copy(reader->arena, pair->key, &action->name);
    if (rc)
        return rc;
    rc = settings_read(action_settings, sizeof(action_settings) / sizeof(*action_settings),
                       pair->value, reader->arena, reader->problems, &members);
    if (rc)
        return rc;
    take_members(&members, action);
    return load_parts(reader, pair->value, &members, action);
}

/* -- all of them -- */

/* What is undone is undone with the parameters of the step: its undo may need no other. */
static enum rc check_undo(const struct action_reader *reader, const struct action *action)
{
    const struct action *undo;

    if (slice_is_absent(action->undo))
        return RC_OK;
    undo = actions_find(reader->actions, action->undo);
    if (!undo || undo == action) {
        mark_problem(reader->problems, PROBLEM_ERROR, action->mark,
                     "`undo: %.*s` of %.*s is not the name of another declared action",
                     SLICE_ARG(action->undo), SLICE_ARG(action->name));
        return RC_INVALID;
    }
    for (size_t i = 0; undo->private && i < undo->private->params.n_items; i++) {
        struct slice name = undo->private->params.items[i].name;

        if (parameter_find(&action->private->params, name))
            continue;
        mark_problem(reader->problems, PROBLEM_ERROR, action->mark,
                     "its undo %.*s needs `%.*s`, which %.*s has not: an undo gets the parameters "
                     "of what it undoes",
                     SLICE_ARG(undo->name), SLICE_ARG(name), SLICE_ARG(action->name));
        return RC_INVALID;
    }
    return RC_OK;
}

static enum rc load_all(const struct action_reader *reader, const struct node *map)
{
    struct actions *actions = reader->actions;
    enum rc worst = RC_OK;

    actions->items = arena_alloc(reader->arena, map->n_pairs + 1, sizeof(*actions->items));
    actions->names = arena_alloc(reader->arena, map->n_pairs + 1, sizeof(*actions->names));
    if (!actions->items || !actions->names)
        return RC_NO_MEMORY;
    while (actions->n_items < map->n_pairs) {
        struct action *action = &actions->items[actions->n_items];
        enum rc rc = load_one(reader, &map->pairs[actions->n_items], action);

        actions->n_items++; /* before anything can fail: its patterns are to be freed */
        if (!go_on(rc, &worst))
            return rc;
        actions->names[actions->n_items - 1] = action->name.ptr;
    }
    for (size_t i = 0; i < actions->n_items; i++)
        (void)go_on(check_undo(reader, &actions->items[i]), &worst);
    return worst;
}

static enum rc list_secrets(const struct named_secret *secrets, size_t n_secrets,
                            struct arena *arena, struct secret_names *names)
{
    struct slice *items = arena_alloc(arena, n_secrets + 1, sizeof(*items));

    if (!items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_secrets; i++)
        items[i] = secrets[i].name;
    *names = (struct secret_names){ .items = items, .n_items = n_secrets };
    return RC_OK;
}

enum rc actions_load(const struct node *map, const struct named_secret *secrets, size_t n_secrets,
                     struct arena *arena, struct problems *problems, struct actions **actions)
{
    static const struct node no_actions = { .type = NODE_MAP };
    struct action_reader reader = { .arena = arena, .problems = problems };
    enum rc rc;

    if (map && map->type != NODE_MAP) {
        node_problem(problems, map, "`actions` is a map of names to actions, not %s",
                     node_type_text(map));
        return RC_INVALID;
    }
    rc = list_secrets(secrets, n_secrets, arena, &reader.secrets);
    if (rc)
        return rc;
    reader.actions = arena_alloc(arena, 1, sizeof(*reader.actions));
    if (!reader.actions)
        return RC_NO_MEMORY;
    rc = load_all(&reader, map ? map : &no_actions);
    if (rc)
        actions_free(reader.actions);
    else
        *actions = reader.actions;
    return rc;
}
