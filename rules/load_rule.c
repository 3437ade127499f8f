#include "rules/loader.h"

#include "src/base/clock.h"

static const char *const mode_names[] = { "propose", "observe", NULL };

struct rule_nodes {
    struct slice id;
    int mode;
    int severity;
    int64_t lateness_ms;
    struct filter_nodes filter;
    struct node *key, *when, *clear, *title, *group, *diagnose, *propose, *verify;
    struct node *unless, *while_firing, *same, *active;
};

static const struct shape shape_id = {
    .kind = SHAPE_TEXT,
    .pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
    .wanted = "an id is letters, digits, - _ and ., begins with a letter or a digit and has at "
              "most 100 of them",
};

/* clang-format off */
#define AT(x) .offset = offsetof(struct rule_nodes, x)
/* In the order in which a rule reads as a sentence; messages list them so. */
static const struct setting rule_settings[] = {
    { .name = "id",       .type = SETTING_TEXT, AT(id), .required = true, .shape = &shape_id, .help = "every rule has one" },
    { .name = "on",       .type = SETTING_NODE, AT(filter.on), .required = true, .shape = &shape_on, .help = "a kind (ci.run), a type (github.workflow_run), a list, or a glob" },
    { .name = "where",    .type = SETTING_NODE, AT(filter.where), .shape = &shape_where, .help = "what the fields of its events are, all of it: {state: failing, branch: '/^main$/'}" },
    { .name = "match",    .type = SETTING_NODE, AT(filter.match), .shape = &shape_patterns, .help = "a pattern in the text, or a list of which one is enough; its named groups become fields" },
    { .name = "ignore",   .type = SETTING_NODE, AT(filter.ignore), .shape = &shape_patterns, .help = "patterns that throw an event out again" },
    { .name = "key",      .type = SETTING_NODE, AT(key), .shape = &shape_key, .help = "fields: one signal for each combination of their values; default [subject]" },
    { .name = "when",     .type = SETTING_NODE, AT(when), .shape = &shape_when, .help = "the condition that its matches must meet, for each key; default: the first match" },
    { .name = "clear",    .type = SETTING_NODE, AT(clear), .shape = &shape_clear, .help = "what ends its signals; default: an `ok` for rules about `failing`, else {quiet: 1h}" },
    { .name = "severity", .type = SETTING_ENUM, AT(severity), .names = severity_names, .usual = "medium", .help = "how bad it is" },
    { .name = "title",    .type = SETTING_NODE, AT(title), .shape = &shape_text, .help = "what people read, with {{field}} in it" },
    { .name = "group",    .type = SETTING_NODE, AT(group), .shape = &shape_group, .help = "signals that share one proposal: {by: [service], wait: 30s}" },
    { .name = "diagnose", .type = SETTING_NODE, AT(diagnose), .shape = &shape_diagnose, .help = "what is to be found out, and from what" },
    { .name = "propose",  .type = SETTING_NODE, AT(propose), .shape = &shape_propose, .help = "what may be done, and who decides" },
    { .name = "verify",   .type = SETTING_NODE, AT(verify), .shape = &shape_verify, .help = "what shows that it helped: {ok: 1h}, {quiet: 30m}, {check: ACTION} or none" },
    { .name = "unless",   .type = SETTING_NODE, AT(unless), .shape = &shape_texts, .help = "rules: while one of them fires, this one asks nothing" },
    { .name = "while",    .type = SETTING_NODE, AT(while_firing), .shape = &shape_texts, .help = "rules: only while one of them fires this one asks" },
    { .name = "same",     .type = SETTING_NODE, AT(same), .shape = &shape_texts, .help = "fields that both signals have alike, for unless and while" },
    { .name = "active",   .type = SETTING_NODE, AT(active), .shape = &shape_active, .help = "when it may propose: {days: mon-fri, from: \"08:00\", to: \"18:00\", tz: Europe/Berlin}" },
    { .name = "mode",     .type = SETTING_ENUM, AT(mode), .names = mode_names, .usual = "propose", .help = "observe: fold, test and count, and ask nobody" },
    { .name = "lateness", .type = SETTING_DURATION, AT(lateness_ms), .min = 0, .max = 31 * DAY_MS, .usual = "5m", .help = "how much older than the newest event of its key one may be, and still count" },
};
#undef AT
/* clang-format on */

static const char *const given_by_defaults[] = { "on", NULL };
const struct shape shape_rule = {
    .name = "rule",
    SHAPE_OF(rule_settings),
    .given_elsewhere = given_by_defaults,
};
static const char *const given_by_rules[] = { "id", "on", NULL };
const struct shape shape_rule_defaults = {
    .name = "defaults",
    SHAPE_OF(rule_settings),
    .given_elsewhere = given_by_rules,
};

static void read_id(struct loader *loader, const struct node *map, struct slice id,
                    struct rule *rule)
{
    const struct node *node = node_find(map, "id");

    rule->id = id;
    if (node && node->type == NODE_SCALAR && !loader_is_id(id))
        node_problem(loader->problems, node,
                     "an id is letters, digits, - _ and ., begins with a letter or a digit and has "
                     "at most 100 of them");
}

/* -- the rest -- */

/* The title is part of what signal.title is. */
static void refuse_own_title(struct rule_reading *reading, const struct node *title)
{
    for (size_t i = 0; reading->rule->title; i++) {
        struct slice name = template_name(reading->rule->title, i);

        if (slice_is_absent(name))
            return;
        if (slice_eq(name, SLICE("signal.title")))
            node_problem(reading->loader->problems, title,
                         "a title cannot name signal.title, which is made of it");
    }
}

static void read_title(struct rule_reading *reading, const struct node *title)
{
    struct rule *rule = reading->rule;
    const struct node *usual = default_title(reading->loader, rule->node);

    if (check_not_blank(reading->loader, "title", title))
        rule->title = read_template(reading, title, &reading->captures, false);
    refuse_own_title(reading, title);
    if (usual && loader_is_id(rule->id)) /* else it would be told twice */
        rule->usual_title = read_template(reading, usual, &reading->captures, false);
}

/* Of what runs on commits, and is said to be well by an event, it is known between which commits it broke. */
static bool notes_good(const struct rule *rule)
{
    const struct slice_list *on = &rule->filter.on;
    bool is_ci = false;

    for (size_t i = 0; i < on->n_items; i++)
        is_ci = is_ci || slice_eq(on->items[i], SLICE("ci.run"));
    return is_ci && rule->clear.kind == CLEAR_BY_EVENT;
}

static void read_members(struct rule_reading *reading, const struct rule_nodes *nodes)
{
    struct loader *loader = reading->loader;
    struct rule *rule = reading->rule;

    read_filter(loader, &nodes->filter, &rule->filter, &reading->captures);
    if (rule->filter.where)
        check_where(loader, rule->filter.where, &reading->captures);
    add_names(loader, &reading->key_captures, &reading->captures);
    read_when(reading, nodes->when);
    if (nodes->key)
        read_key(reading, nodes->key, &reading->key_captures, &rule->key);
    check_key_patterns(reading, nodes->filter.match, &rule->filter, &rule->key, &reading->captures);
    finish_parts(reading);
    if (rule->condition && rule->condition->check_key)
        rule->condition->check_key(reading, nodes->when);
    if (nodes->clear)
        read_clear(reading, nodes->clear);
    rule->notes_good = notes_good(rule);
    if (nodes->title)
        read_title(reading, nodes->title);
    read_relations(reading, nodes->unless, nodes->while_firing, nodes->same);
    if (nodes->active)
        read_active(reading, nodes->active);
    if (nodes->group)
        read_group(reading, nodes->group);
    read_playbook(reading, nodes->diagnose, nodes->propose, nodes->verify);
}

void read_rule(struct loader *loader, const struct node *written, struct rule *rule)
{
    struct rule_reading reading = { .loader = loader, .rule = rule };
    struct rule_nodes nodes = { 0 };

    rule->mark = written->mark;
    if (written->type != NODE_MAP) {
        node_problem(loader->problems, written, "a rule is a map of members, not %s",
                     node_type_text(written));
        return;
    }
    rule->node = effective_rule(loader, written);
    if (!rule->node)
        return;
    /* What is readable is read all the same, so that one run shows all problems. */
    (void)loader_read_members(loader, &shape_rule, rule->node, &nodes);
    read_id(loader, rule->node, nodes.id, rule);
    rule->mode = nodes.mode == 0 ? RULE_PROPOSE : RULE_OBSERVE;
    rule->severity = (enum severity)nodes.severity;
    rule->lateness_is_of_watchers = loader->lateness_is_of_watchers;
    rule->lateness_ms = rule->lateness_is_of_watchers ? lateness_of_watchers(loader, rule->node)
                                                      : nodes.lateness_ms;
    read_members(&reading, &nodes);
}
