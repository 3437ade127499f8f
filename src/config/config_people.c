#include "src/config/config_private.h"

#include "actions/channels/slack.h"
#include "src/base/digest.h"

#define APPROVERS_NEED_MAX 10

/* --- reading --- */

/* Names and tokens share one table for the check of members; the tokens themselves are read as secrets. */
struct person_read {
    struct person person;
    struct node *elsewhere;
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct person_read, member)
static const struct setting person_members[] = {
    { .name = "user",       .type = SETTING_TEXT, AT(person.user),  .help = "Unix user" },
    { .name = "slack",      .type = SETTING_TEXT, AT(person.slack), .help = "Slack member id" },
    { .name = "token",      .type = SETTING_NODE, AT(elsewhere), .shape = &shape_texts, .help = "what they sign in with: ${NAME} of the environment" },
    { .name = "token_file", .type = SETTING_NODE, AT(elsewhere), .shape = &shape_texts, .help = "the file of what they sign in with, or files" },
};
#undef AT
/* clang-format on */
static const struct shape shape_person = { .name = "person", SHAPE_OF(person_members) };
const struct shape shape_people = { .kind = SHAPE_MAP, .item = &shape_person };

static enum rc read_person(struct config_reader *reader, const struct node_pair *pair,
                           struct person *person)
{
    struct config *config = reader->config;
    struct person_read read = { 0 };
    enum rc rc;

    rc = settings_read(person_members, sizeof person_members / sizeof *person_members, pair->value,
                       config->arena, reader->problems, &read);
    if (rc)
        return rc;
    *person = read.person;
    person->name = pair->key;
    if (!slice_is_absent(person->slack) && !slack_is_id(person->slack, "UW")) {
        node_problem(
            reader->problems, node_find(pair->value, "slack"),
            "`slack: %.*s` is no member id (U… or W…), and names change: in Slack it is in "
            "the person's profile, ⋮, Copy member ID",
            SLICE_ARG(person->slack));
        return RC_INVALID;
    }
    rc = secret_read(pair->value, "token", config->directory, reader->options->resolve_secrets,
                     config->arena, reader->problems, &person->tokens);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc read_people(struct config_reader *reader)
{
    struct config *config = reader->config;
    const struct node *map = reader->file.people;
    enum rc rc = RC_OK;

    if (!map)
        return RC_OK;
    if (map->type != NODE_MAP) {
        node_problem(reader->problems, map, "`people` is a map: NAME: {user: …, token_file: …}");
        return RC_INVALID;
    }
    config->people = arena_alloc(config->arena, map->n_pairs + 1, sizeof *config->people);
    if (!config->people)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++) {
        enum rc one = read_person(reader, &map->pairs[i], &config->people[config->n_people]);

        config->n_people += !one;
        rc = rc ? rc : one;
    }
    return rc;
}

static enum rc read_names(struct config_reader *reader, const struct node *list,
                          struct slice_list *names)
{
    struct arena *arena = reader->config->arena;

    names->items = arena_alloc(arena, list->n_items + 1, sizeof *names->items);
    if (!names->items)
        return RC_NO_MEMORY;
    if (list->type == NODE_SCALAR) {
        names->items[0] = list->text;
        names->n_items = 1;
        return RC_OK;
    }
    for (size_t i = 0; list->type == NODE_LIST && i < list->n_items; i++) {
        if (list->items[i]->type != NODE_SCALAR) {
            node_problem(reader->problems, list->items[i], "a name is wanted here, not %s",
                         node_type_text(list->items[i]));
            return RC_INVALID;
        }
        names->items[names->n_items++] = list->items[i]->text;
    }
    return RC_OK;
}

static enum rc check_members(struct config_reader *reader, const struct node *node,
                             struct slice_list members)
{
    for (size_t i = 0; i < members.n_items; i++) {
        if (config_person_by_name(reader->config, members.items[i]))
            continue;
        node_problem(reader->problems, node, "`%.*s` is nobody in `people`",
                     SLICE_ARG(members.items[i]));
        return RC_INVALID;
    }
    return RC_OK;
}

#define AT(member) .offset = offsetof(struct group_read, member)
struct group_read {
    struct slice_list members;
    struct slice slack;
};
static const struct setting group_members[] = {
    { .name = "members", .type = SETTING_TEXTS, AT(members), .help = "People of `people`" },
    { .name = "slack", .type = SETTING_TEXT, AT(slack), .help = "Slack user group, by id" },
};
#undef AT

static const struct shape group_map = { .name = "group", SHAPE_OF(group_members) };
static const struct shape *const group_either[] = { &shape_texts, &group_map, NULL };
static const struct shape shape_group = { .kind = SHAPE_EITHER, .either = group_either };
const struct shape shape_groups = { .kind = SHAPE_MAP, .item = &shape_group };

/* A list of people, or {members: [people], slack: S0123ABCD}. */
static enum rc read_group(struct config_reader *reader, const struct node *node,
                          struct group *group)
{
    struct group_read read = { 0 };
    enum rc rc;

    if (node->type != NODE_MAP) {
        rc = read_names(reader, node, &group->members);
        return rc ? rc : check_members(reader, node, group->members);
    }
    rc = settings_read(group_members, sizeof group_members / sizeof *group_members, node,
                       reader->config->arena, reader->problems, &read);
    if (rc)
        return rc;
    group->members = read.members;
    group->slack = read.slack;
    if (!slice_is_absent(read.slack) && (read.slack.len < 2 || read.slack.ptr[0] != 'S')) {
        node_problem(reader->problems, node,
                     "`slack: %.*s` is no user group: its id begins with S (Slack shows it in the "
                     "group's details)",
                     SLICE_ARG(read.slack));
        return RC_INVALID;
    }
    return check_members(reader, node, group->members);
}

static enum rc read_groups(struct config_reader *reader)
{
    struct config *config = reader->config;
    const struct node *map = reader->file.groups;
    enum rc rc = RC_OK;

    if (!map)
        return RC_OK;
    if (map->type != NODE_MAP) {
        node_problem(reader->problems, map, "`groups` is a map: NAME: [people]");
        return RC_INVALID;
    }
    config->groups = arena_alloc(config->arena, map->n_pairs + 1, sizeof *config->groups);
    if (!config->groups)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++) {
        struct group *group = &config->groups[config->n_groups];
        enum rc one = read_group(reader, map->pairs[i].value, group);

        group->name = map->pairs[i].key;
        config->n_groups += !one;
        rc = rc ? rc : one;
    }
    return rc;
}

struct approvers_read {
    struct slice_list from;
    int64_t need;
};
static const struct setting approvers_members[] = {
    { .name = "from",
      .type = SETTING_TEXTS,
      .offset = offsetof(struct approvers_read, from),
      .required = true,
      .help = "people and groups" },
    { .name = "need",
      .type = SETTING_INT,
      .offset = offsetof(struct approvers_read, need),
      .min = 1,
      .max = APPROVERS_NEED_MAX,
      .usual = "1",
      .help = "how many of them" },
};
const struct shape shape_approvers = { .name = "approvers", SHAPE_OF(approvers_members) };

/* Without a configuration: the user who started it, whatever that user's name is. */
static enum rc let_local_person_decide(struct config *config)
{
    struct slice *person = arena_alloc(config->arena, 1, sizeof *person);

    if (!person)
        return RC_NO_MEMORY;
    *person = SLICE(CONFIG_LOCAL_PERSON);
    config->approvers_from = (struct slice_list){ .items = person, .n_items = 1 };
    return RC_OK;
}

/* False after a problem: one of them is nobody, or so many there are not. */
static bool check_approvers(const struct config_reader *reader, struct mark mark,
                            struct slice_list from, int64_t need)
{
    struct slice unknown = { 0 };
    int64_t n_people = config_count_approvers(reader->config, from, &unknown);

    if (n_people < 0)
        mark_problem(reader->problems, PROBLEM_ERROR, mark,
                     "`%.*s` is neither in `people` nor in `groups`", SLICE_ARG(unknown));
    else if (need > n_people)
        mark_problem(reader->problems, PROBLEM_ERROR, mark,
                     "`need: %lld` can never be met: `from` names %lld people", (long long)need,
                     (long long)n_people);
    return need <= n_people;
}

enum rc config_check_action_approvers(const struct config_reader *reader)
{
    const struct config *config = reader->config;
    const struct action *action;
    enum rc rc = RC_OK;

    for (size_t i = 0; !config->lacks_people && (action = actions_at(config->actions, i)); i++) {
        if (action->approvers_from.n_items &&
            !check_approvers(reader, action->approvers_mark, action->approvers_from,
                             action->approvers_need))
            rc = RC_INVALID;
    }
    return rc;
}

static enum rc read_approvers(struct config_reader *reader)
{
    struct approvers_read read = { .need = 1 };
    const struct node *map = reader->file.approvers;
    enum rc rc;

    if (!map) {
        if (reader->config->is_default)
            return let_local_person_decide(reader->config);
        problems_add(
            reader->problems, PROBLEM_WARNING, reader->config->path, 0, 0,
            "no `approvers`: nobody can approve what a rule proposes that names none of its own");
        return RC_OK;
    }
    rc = settings_read(approvers_members, sizeof approvers_members / sizeof *approvers_members, map,
                       reader->config->arena, reader->problems, &read);
    if (rc)
        return rc;
    if (!check_approvers(reader, map->mark, read.from, read.need))
        return RC_INVALID;
    reader->config->approvers_from = read.from;
    reader->config->approvers_need = read.need;
    return RC_OK;
}

enum rc config_read_people(struct config_reader *reader)
{
    enum rc rc = read_people(reader);

    if (!rc)
        rc = read_groups(reader);
    return rc ? rc : read_approvers(reader);
}

/* --- asking --- */

const struct person *config_person_by_name(const struct config *config, struct slice name)
{
    for (size_t i = 0; i < config->n_people; i++)
        if (slice_eq(config->people[i].name, name))
            return &config->people[i];
    return NULL;
}

const struct person *config_person_of_slack(const struct config *config, struct slice user)
{
    for (size_t i = 0; i < config->n_people; i++)
        if (user.len && slice_eq(config->people[i].slack, user))
            return &config->people[i];
    return NULL;
}

struct slice config_slack_of(const struct config *config, struct slice name)
{
    const struct slice prefix = SLICE(CONFIG_SLACK_PREFIX);
    const struct person *person = config_person_by_name(config, name);

    if (person)
        return person->slack;
    if (!slice_starts(name, prefix))
        return (struct slice){ 0 };
    return (struct slice){ name.ptr + prefix.len, name.len - prefix.len };
}

const struct person *config_person_of_user(const struct config *config, struct slice user)
{
    for (size_t i = 0; i < config->n_people; i++)
        if (!slice_is_absent(user) && slice_eq(config->people[i].user, user))
            return &config->people[i];
    return NULL;
}

const struct person *config_person_of_token(const struct config *config, struct slice token)
{
    const struct person *found = NULL;

    /* Every token is compared, so that the time taken tells nothing of which one came near. */
    for (size_t i = 0; i < config->n_people; i++) {
        const struct person *person = &config->people[i];

        for (size_t j = 0; j < person->tokens.n_items; j++)
            if (token.len && digest_eq(person->tokens.items[j], token))
                found = person;
    }
    return found;
}

static const struct group *find_group(const struct config *config, struct slice name)
{
    for (size_t i = 0; i < config->n_groups; i++)
        if (slice_eq(config->groups[i].name, name))
            return &config->groups[i];
    return NULL;
}

struct slice config_slack_group_at(const struct config *config, struct slice_list from, size_t i)
{
    for (size_t j = 0; j < from.n_items; j++) {
        const struct group *group = find_group(config, from.items[j]);

        if (group && !slice_is_absent(group->slack) && i-- == 0)
            return group->slack;
    }
    return (struct slice){ 0 };
}

static bool is_among(struct slice_list names, struct slice name)
{
    for (size_t i = 0; i < names.n_items; i++)
        if (slice_eq(names.items[i], name))
            return true;
    return false;
}

static bool may_approve(const struct config *config, struct slice_list from, struct slice person)
{
    for (size_t i = 0; i < from.n_items; i++) {
        const struct group *group = find_group(config, from.items[i]);

        if (slice_eq(from.items[i], person) || (group && is_among(group->members, person)))
            return true;
    }
    return false;
}

int64_t config_count_approvers(const struct config *config, struct slice_list from,
                               struct slice *unknown)
{
    int64_t n_people = 0;

    for (size_t i = 0; i < from.n_items; i++) {
        if (config_person_by_name(config, from.items[i]) || find_group(config, from.items[i]))
            continue;
        *unknown = from.items[i];
        return -1;
    }
    /* Who is in a group that Slack keeps is not known here, and changes. */
    if (!slice_is_absent(config_slack_group_at(config, from, 0)))
        return INT64_MAX;
    for (size_t i = 0; i < config->n_people; i++)
        n_people += may_approve(config, from, config->people[i].name);
    return n_people;
}

/* A field such as `actor` holds a login: it names a person by the name here or by the Unix user. */
static bool is_excluded(const struct config *config, struct slice person,
                        struct slice_list not_names)
{
    const struct person *known = config_person_by_name(config, person);

    return is_among(not_names, person) ||
           (known && !slice_is_absent(known->user) && is_among(not_names, known->user));
}

struct decider_rights config_rights(const struct config *config, struct slice person,
                                    const struct approver_rule *approvers, bool is_member,
                                    struct slice_list not_names)
{
    struct decider_rights rights = { .need = approvers->need > 0 ? approvers->need : 1 };

    if (config->is_default) {
        rights.need = 1;
        rights.may_decide = slice_eq(person, SLICE(CONFIG_LOCAL_PERSON));
        rights.why_not = SLICE("only the user who started vedette decides");
        return rights;
    }
    if (!is_member && !may_approve(config, approvers->from, person))
        rights.why_not = SLICE("you are not among the approvers of this proposal");
    else if (is_excluded(config, person, not_names))
        rights.why_not = SLICE("the rule does not let the one who caused it decide");
    else
        rights.may_decide = true;
    return rights;
}
