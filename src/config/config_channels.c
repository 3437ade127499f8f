/* `channels:`, and whether its routes name people there are. */
#include "src/config/config_private.h"

static enum rc check_name(const struct config_reader *reader, const struct node *node)
{
    struct slice name = node->text;
    struct slice unknown;

    if (config_count_approvers(reader->config, (struct slice_list){ &name, 1 }, &unknown) >= 0)
        return RC_OK;
    node_problem(reader->problems, node, "`%.*s` is neither in `people` nor in `groups`",
                 SLICE_ARG(name));
    return RC_INVALID;
}

/* One text or a list of them: that much is known by now. */
static enum rc check_names(const struct config_reader *reader, const struct node *names)
{
    enum rc rc = RC_OK;

    if (!names || names->is_null)
        return RC_OK;
    if (names->type == NODE_SCALAR)
        return check_name(reader, names);
    for (size_t i = 0; i < names->n_items; i++) {
        enum rc one = check_name(reader, names->items[i]);

        rc = rc ? rc : one;
    }
    return rc;
}

/* A name that is nobody's would route nothing, without a word. */
static enum rc check_routes(const struct config_reader *reader, const struct node *channel)
{
    const struct node *routes = node_find(channel, "routes");
    enum rc rc = RC_OK;

    for (size_t i = 0; routes && i < routes->n_items; i++) {
        enum rc one = check_names(reader, node_find(routes->items[i], "groups"));

        rc = rc ? rc : one;
    }
    return rc;
}

/* What people say in Slack comes in as the events of a watcher: of its channel's name. */
enum rc config_add_channel_watcher(struct config_reader *reader)
{
    struct config *config = reader->config;
    const struct channel *slack = channels_slack(config->channels);

    if (!slack)
        return RC_OK;
    return watchers_add_channel(config->watchers, slack->name, slack->kind->name,
                                node_find_slice(reader->file.channels, slack->name), config->arena,
                                reader->problems);
}

enum rc config_read_channels(struct config_reader *reader)
{
    struct config *config = reader->config;
    const struct node *map = reader->file.channels;
    enum rc rc = channels_load(map, config->directory, reader->options->resolve_secrets,
                               config->arena, reader->problems, &config->channels);

    if (rc)
        return rc;
    for (size_t i = 0; map && i < map->n_pairs; i++) {
        enum rc one = check_routes(reader, map->pairs[i].value);

        rc = rc ? rc : one;
    }
    return rc;
}
