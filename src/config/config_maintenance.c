#include "src/config/config_private.h"

#include "rules/kept_fields.h"

#define MAINTENANCE_MAX 200

struct maintenance_nodes {
    struct node *where;
    struct weekly_window_nodes window;
    struct slice reason;
};

static const struct shape shape_clauses = { .kind = SHAPE_MAP, .item = &shape_text };

#define AT(member) .offset = offsetof(struct maintenance_nodes, member)
static const struct setting members[] = {
    { .name = "where",
      .type = SETTING_NODE,
      AT(where),
      .required = true,
      .shape = &shape_clauses,
      .help = "what is muted, as a silence says it: {service: shop}" },
    WEEKLY_WINDOW_SETTINGS(struct maintenance_nodes, window),
    { .name = "reason", .type = SETTING_TEXT, AT(reason), .required = true, .help = "why" },
};
#undef AT
static const struct shape shape_one = { .name = "maintenance", SHAPE_OF(members) };
const struct shape shape_maintenance = { .kind = SHAPE_LIST, .item = &shape_one };

static enum rc add_clause(struct config_reader *reader, const struct node_pair *pair,
                          struct silence_clause *clause)
{
    if (pair->value->type != NODE_SCALAR || pair->value->is_null) {
        node_problem(reader->problems, pair->value,
                     "a value of `where` is a text that the field is equal to, not %s",
                     node_type_text(pair->value));
        return RC_INVALID;
    }
    *clause = (struct silence_clause){ .field = pair->key, .value = pair->value->text };
    return RC_OK;
}

static enum rc read_where(struct config_reader *reader, const struct node *map,
                          struct silence *silence)
{
    struct silence_clause *clauses;
    const char *fault;
    enum rc rc = RC_OK;

    if (map->type != NODE_MAP) {
        node_problem(reader->problems, map, "`where` is a map, {service: shop}, not %s",
                     node_type_text(map));
        return RC_INVALID;
    }
    clauses = arena_alloc(reader->config->arena, map->n_pairs + 1, sizeof *clauses);
    if (!clauses)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++) {
        enum rc one = add_clause(reader, &map->pairs[i], &clauses[i]);

        rc = rc ? rc : one;
    }
    silence->where = (struct record_list){ clauses, map->n_pairs };
    fault = rc ? NULL : silence_where_fault(silence);
    if (!fault)
        return rc;
    node_problem(reader->problems, map, "%s", fault);
    return RC_INVALID;
}

static enum rc read_one(struct config_reader *reader, const struct node *map,
                        struct maintenance *maintenance)
{
    struct maintenance_nodes nodes = { 0 };
    enum rc rc, where_rc = RC_OK, window_rc;

    if (map->type != NODE_MAP) {
        node_problem(reader->problems, map,
                     "maintenance is a map: {where: {service: shop}, days: sun, from: \"02:00\", "
                     "to: \"04:00\", tz: UTC, reason: backup}");
        return RC_INVALID;
    }
    rc = settings_read(members, sizeof members / sizeof *members, map, reader->config->arena,
                       reader->problems, &nodes);
    if (rc && rc != RC_INVALID)
        return rc;
    maintenance->mark = map->mark;
    maintenance->silence.reason = nodes.reason;
    if (nodes.where)
        where_rc = read_where(reader, nodes.where, &maintenance->silence);
    if (where_rc && where_rc != RC_INVALID)
        return where_rc;
    window_rc = weekly_window_read(&nodes.window, map, reader->config->arena, reader->problems,
                                   &maintenance->window);
    rc = rc ? rc : where_rc;
    return rc ? rc : window_rc;
}

enum rc config_read_maintenance(struct config_reader *reader)
{
    const struct node *list = reader->file.maintenance;
    struct config *config = reader->config;
    enum rc rc = RC_OK;

    if (!list)
        return RC_OK;
    if (list->type != NODE_LIST || list->n_items > MAINTENANCE_MAX) {
        node_problem(reader->problems, list,
                     "`maintenance` is a list of at most %d maps, each with where, days, from, to, "
                     "tz, reason",
                     MAINTENANCE_MAX);
        return RC_INVALID;
    }
    config->maintenance =
        arena_alloc(config->arena, list->n_items + 1, sizeof *config->maintenance);
    if (!config->maintenance)
        return RC_NO_MEMORY;
    config->n_maintenance = list->n_items;
    for (size_t i = 0; i < list->n_items; i++) {
        enum rc one = read_one(reader, list->items[i], &config->maintenance[i]);

        if (one && one != RC_INVALID)
            return one;
        rc = rc ? rc : one;
    }
    return rc;
}

void config_check_maintenance(const struct config *config, const struct ruleset *ruleset,
                              struct problems *problems)
{
    for (size_t i = 0; i < config->n_maintenance; i++) {
        const struct maintenance *maintenance = &config->maintenance[i];
        const struct silence_clause *clauses = maintenance->silence.where.items;

        for (size_t j = 0; j < maintenance->silence.where.n_items; j++) {
            struct slice field = clauses[j].field;
            const char *meant;

            if (ruleset_keeps_field(ruleset, field))
                continue;
            meant = problem_did_you_mean(field, event_field_names);
            mark_problem(problems, PROBLEM_WARNING, maintenance->mark,
                         "this maintenance holds nothing back: no signal has the field "
                         "`%.*s`%s%s%s",
                         SLICE_ARG(field), meant ? "; did you mean `" : "", meant ? meant : "",
                         meant ? "`?" : "");
        }
    }
}
