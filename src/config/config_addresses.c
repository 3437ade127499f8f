/* Where the doors are: whether what stands there can be an address at all. That it is free shows only at the start. */
#include "src/config/config_private.h"

#define PORT_MAX 65535

static bool is_port(struct slice text)
{
    int64_t port;

    return !slice_to_int(text, &port) && port >= 0 && port <= PORT_MAX;
}

static bool is_address(struct slice address)
{
    const char *colon = address.len ? memrchr(address.ptr, ':', address.len) : NULL;

    if (!colon || slice_has_control(address))
        return false;
    if (slice_starts(address, SLICE("unix:")))
        return address.len > strlen("unix:");
    return is_port((struct slice){ colon + 1, address.len - (size_t)(colon + 1 - address.ptr) });
}

static void check_address(struct problems *problems, const struct node *node)
{
    if (node && node->type == NODE_MAP)
        node = node_find(node, "address");
    if (!node)
        return; /* its reader says so */
    if (node->type == NODE_SCALAR && !node->is_null && !is_address(node->text))
        node_problem(problems, node, "an address is HOST:PORT, [IPv6]:PORT or unix:PATH");
}

static void check_addresses(struct problems *problems, const struct node *node)
{
    if (!node)
        return;
    check_address(problems, node);
    for (size_t i = 0; node->type == NODE_LIST && i < node->n_items; i++) {
        const struct node *item = node->items[i];

        if (item->type == NODE_LIST || item->is_null)
            node_problem(problems, item, "an address is HOST:PORT, [IPv6]:PORT or unix:PATH");
        else
            check_address(problems, item);
    }
}

/* There is one of each: a second one would be left out without a word. */
static void check_control(struct problems *problems, const struct node *node)
{
    size_t n_sockets = 0;

    if (!node || node->type != NODE_LIST)
        return;
    for (size_t i = 0; i < node->n_items; i++)
        n_sockets += slice_starts(node->items[i]->text, SLICE("unix:"));
    if (n_sockets > 1 || node->n_items - n_sockets > 1)
        node_problem(problems, node, "`control` is one HOST:PORT, and one unix:PATH beside it");
}

/* Doors of their own. */
static void check_channels(struct problems *problems, const struct node *channels)
{
    for (size_t i = 0; channels && channels->type == NODE_MAP && i < channels->n_pairs; i++) {
        if (channels->pairs[i].value->type == NODE_MAP)
            check_addresses(problems, node_find(channels->pairs[i].value, "listen"));
    }
}

void config_check_addresses(const struct config_reader *reader)
{
    const struct node *control = node_find(reader->config->root, "control");

    check_addresses(reader->problems, node_find(reader->config->root, "listen"));
    check_addresses(reader->problems, control);
    check_control(reader->problems, control);
    check_channels(reader->problems, node_find(reader->config->root, "channels"));
}
