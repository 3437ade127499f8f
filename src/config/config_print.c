#include "src/config/config_private.h"

#include <stdlib.h>

/* Members whose texts are secrets when they stand in the file itself. */
static const char *const secret_names[] = { "token",          "app_token", "secret", "password",
                                            "signing_secret", "value",     "key",    NULL };

/* In `channels:`, where the address of a webhook is its secret. */
static const char *const channel_secret_names[] = { "token",          "app_token", "password",
                                                    "signing_secret", "url",       NULL };

/* Environment variables that go before the file. */
static const struct {
    const char *member;
    const char *variable;
} variables[] = {
    { "listen", "VEDETTE_LISTEN" },
    { "control", "VEDETTE_CONTROL" },
    { "public_url", "VEDETTE_PUBLIC_URL" },
    { "state", "VEDETTE_STATE" },
};

static bool is_secret(struct slice name, const char *const *names)
{
    int index;

    return !slice_to_enum(name, names, &index);
}

static void write_masked(const struct node *node, const char *const *names, bool mask,
                         struct json_writer *writer)
{
    switch (node->type) {
    case NODE_SCALAR:
        if (mask && !slice_starts(node->text, SLICE("${")))
            json_write_text(writer, SLICE("***"));
        else
            node_write_json(node, writer);
        return;
    case NODE_LIST:
        json_array_begin(writer);
        for (size_t i = 0; i < node->n_items; i++)
            write_masked(node->items[i], names, mask, writer);
        json_array_end(writer);
        return;
    case NODE_MAP:
        json_object_begin(writer);
        for (size_t i = 0; i < node->n_pairs; i++) {
            json_key_slice(writer, node->pairs[i].key);
            write_masked(node->pairs[i].value, names, is_secret(node->pairs[i].key, names), writer);
        }
        json_object_end(writer);
        return;
    }
}

static void print_doors(const struct config *config, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_array_begin(&writer);
    for (size_t i = 0; i < config->n_doors; i++)
        json_write_text(&writer, config->doors[i].address);
    json_array_end(&writer);
}

static void print_texts(struct slice_list texts, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_array_begin(&writer);
    for (size_t i = 0; i < texts.n_items; i++)
        json_write_text(&writer, texts.items[i]);
    json_array_end(&writer);
}

/* What is in force where the file says nothing. */
static void print_default(const struct config *config, struct slice name, struct buffer *out)
{
    if (slice_eq(name, SLICE("listen")))
        print_doors(config, out);
    else if (slice_eq(name, SLICE("control")))
        buffer_add(out, config->control);
    else if (slice_eq(name, SLICE("state")))
        buffer_add(out, config->state);
    else if (slice_eq(name, SLICE("socket")))
        buffer_add(out, config->socket);
    else if (slice_eq(name, SLICE("rules")))
        print_texts(config->rules, out);
    else if (slice_eq(name, SLICE("retention")))
        buffer_format(out, "{events: %lldd, bytes: %lldMB, audit: forever}",
                      (long long)(config->retention_events_ms / DAY_MS),
                      (long long)(config->retention_bytes >> 20));
    else if (slice_eq(name, SLICE("budget")))
        buffer_format(out, "{open: %lld, per_hour: %lld, per_day: %lld, critical: %lld}",
                      (long long)config->budget.open, (long long)config->budget.per_hour,
                      (long long)config->budget.per_day, (long long)config->budget.critical);
    else if (slice_eq(name, SLICE("store")))
        buffer_format(out, "{max: %lldMB}", (long long)(config->store_max_bytes >> 20));
    else if (slice_eq(name, SLICE("limits")))
        buffer_format(out, "{bodies: %lldMB, keys_per_rule: %lld, keys: %lld}",
                      (long long)(config->bodies_bytes >> 20), (long long)config->keys_per_rule,
                      (long long)config->keys_max);
    else if (slice_eq(name, SLICE("log")))
        buffer_format(out, "{level: %s, format: %s}", log_level_names[config->log_level],
                      log_format_names[config->log_format]);
    else
        buffer_add_text(out, "null");
}

static const char *variable_of(struct slice name)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (slice_eq(name, slice_of(variables[i].member)) && getenv(variables[i].variable))
            return variables[i].variable;
    return NULL;
}

void config_print(const struct config *config, struct buffer *out)
{
    size_t n_members;
    const struct setting *members = config_members(&n_members);

    buffer_format(out, "# %.*s\n", SLICE_ARG(config->path));
    for (size_t i = 0; i < n_members; i++) {
        struct slice name = slice_of(members[i].name);
        const struct node *written = node_find_slice(config->root, name);
        const char *variable = variable_of(name);
        bool is_channels = slice_eq(name, SLICE("channels"));
        struct json_writer writer = json_writer_to(out);

        buffer_format(out, "%s: ", members[i].name);
        if (written && !variable)
            write_masked(written, is_channels ? channel_secret_names : secret_names, false,
                         &writer);
        else
            print_default(config, name, out);
        if (variable)
            buffer_format(out, "  # $%s\n", variable);
        else if (written)
            buffer_format(out, "  # line %u\n", written->mark.line);
        else
            buffer_add_text(out, "  # default\n");
    }
}
