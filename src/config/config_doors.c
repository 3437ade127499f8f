/* The public door: one address or several, each plain or with TLS. */
#include "src/config/config_private.h"

struct written_tls {
    struct slice cert, key;
};

static const struct setting tls_settings[] = {
    { .name = "cert",
      .type = SETTING_TEXT,
      .offset = offsetof(struct written_tls, cert),
      .required = true,
      .help = "PEM: the certificate, then those that issued it" },
    { .name = "key",
      .type = SETTING_TEXT,
      .offset = offsetof(struct written_tls, key),
      .required = true,
      .help = "PEM: its private key" },
};

const struct shape shape_tls = { .name = "tls", SHAPE_OF(tls_settings) };

struct written_door {
    struct slice address;
    struct node *tls;
};

static const struct setting door_settings[] = {
    { .name = "address",
      .type = SETTING_TEXT,
      .offset = offsetof(struct written_door, address),
      .required = true,
      .help = "HOST:PORT, [IPv6]:PORT or unix:PATH" },
    { .name = "tls",
      .type = SETTING_NODE,
      .offset = offsetof(struct written_door, tls),
      .shape = &shape_tls,
      .help = "cert and key" },
};

static const struct shape door_map = { .name = "door", SHAPE_OF(door_settings) };
static const struct shape *const door_either[] = { &shape_text, &door_map, NULL };
static const struct shape shape_door = { .kind = SHAPE_EITHER, .either = door_either };
const struct shape shape_doors = { .kind = SHAPE_ONE_OR_LIST, .item = &shape_door };

static bool is_unix(struct slice address)
{
    return slice_starts(address, SLICE("unix:"));
}

/* Files that cannot be read show at the start, as they are the daemon's. */
static enum rc read_tls(struct config_reader *reader, const struct node *tls,
                        struct config_door *door)
{
    struct config *config = reader->config;
    struct written_tls written = { 0 };
    enum rc rc;

    if (is_unix(door->address)) {
        node_problem(reader->problems, tls, "a unix socket needs no TLS: take `tls` away there");
        return RC_INVALID;
    }
    rc = settings_read(tls_settings, sizeof tls_settings / sizeof *tls_settings, tls, config->arena,
                       reader->problems, &written);
    if (!rc)
        rc = config_resolve(config, written.cert, &door->cert);
    return rc ? rc : config_resolve(config, written.key, &door->key);
}

static enum rc read_door(struct config_reader *reader, const struct node *node,
                         struct config_door *door)
{
    struct written_door written = { 0 };
    enum rc rc;

    if (node->type != NODE_MAP) {
        door->address = node->text;
        return RC_OK;
    }
    rc = settings_read(door_settings, sizeof door_settings / sizeof *door_settings, node,
                       reader->config->arena, reader->problems, &written);
    door->address = written.address;
    if (!rc && written.tls)
        rc = read_tls(reader, written.tls, door);
    return rc;
}

/* `tls:` of the file is for every address that has none of its own. */
static enum rc share_tls(struct config_reader *reader)
{
    struct config *config = reader->config;
    enum rc rc = RC_OK;

    for (size_t i = 0; reader->file.tls && i < config->n_doors && !rc; i++) {
        struct config_door *door = &config->doors[i];

        if (!is_unix(door->address) && slice_is_absent(door->cert))
            rc = read_tls(reader, reader->file.tls, door);
    }
    return rc;
}

static enum rc read_list(struct config_reader *reader, const struct node *listen)
{
    struct config *config = reader->config;
    const struct node *const *items = &listen;
    size_t n_items = 1;
    enum rc worst = RC_OK;

    if (listen->type == NODE_LIST) {
        items = (const struct node *const *)listen->items;
        n_items = listen->n_items;
    }
    config->doors = arena_alloc(config->arena, n_items + 1, sizeof *config->doors);
    if (!config->doors)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_items; i++) {
        enum rc rc = read_door(reader, items[i], &config->doors[config->n_doors++]);

        worst = rc == RC_NO_MEMORY || !worst ? (rc ? rc : worst) : worst;
    }
    return worst;
}

static enum rc one_door(struct config *config, struct slice address)
{
    config->doors = arena_alloc(config->arena, 1, sizeof *config->doors);
    if (!config->doors)
        return RC_NO_MEMORY;
    config->doors[0] = (struct config_door){ .address = address };
    config->n_doors = 1;
    return RC_OK;
}

enum rc config_read_doors(struct config_reader *reader, struct slice instead)
{
    const struct node *listen = reader->file.listen;
    enum rc rc;

    if (!slice_is_absent(instead))
        rc = one_door(reader->config, instead);
    else if (!listen || (listen->type == NODE_LIST && !listen->n_items))
        rc = one_door(reader->config, SLICE("127.0.0.1:8420"));
    else
        rc = read_list(reader, listen);
    return rc ? rc : share_tls(reader);
}
