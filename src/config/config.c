#include "src/config/config_private.h"

#include "src/base/embedded.h"

#include <stdlib.h>

#define CONFIG_ARENA_BYTES ((size_t)64 << 20)

extern const struct embedded_file config_files[];

#define COUNT(table) (sizeof(table) / sizeof *(table))

#define CONNECTIONS_MAX 100000
#define KEYS_LIMIT_MAX 1000000000

static const char *const audit_words[] = { "forever", NULL };
static const struct shape shape_audit = { .kind = SHAPE_WORD, .words = audit_words };

#define AT(member) .offset = offsetof(struct config, member)
static const struct setting retention_members[] = {
    { .name = "audit", /* read by itself: there is nothing to choose */
      .type = SETTING_NODE,
      .shape = &shape_audit,
      .help = "the audit trail is kept forever" },
    { .name = "events",
      .type = SETTING_DURATION,
      AT(retention_events_ms),
      .min = HOUR_MS,
      .max = 3650 * DAY_MS,
      .help = "how long events are kept; default 30d" },
    { .name = "bytes",
      .type = SETTING_SIZE,
      AT(retention_bytes),
      .min = 1 << 20,
      .max = (int64_t)1 << 50,
      .help = "how much of events is kept; default 2GB" },
};
static const struct setting store_members[] = {
    { .name = "max",
      .type = SETTING_SIZE,
      AT(store_max_bytes),
      .min = 1 << 20,
      .max = (int64_t)1 << 46,
      .help = "how large it may grow; default 16GB" },
};
static const struct setting limits_members[] = {
    { .name = "bodies",
      .type = SETTING_SIZE,
      AT(bodies_bytes),
      .min = 1 << 20,
      .max = (int64_t)1 << 40,
      .help = "how much of bodies is taken in at a time; default 64MB" },
    { .name = "keys_per_rule",
      .type = SETTING_INT,
      AT(keys_per_rule),
      .min = 1,
      .max = KEYS_LIMIT_MAX,
      .help = "how many keys a rule may have; default 1000000" },
    { .name = "connections",
      .type = SETTING_INT,
      AT(n_connections),
      .min = 16,
      .max = CONNECTIONS_MAX,
      .help = "at each address" },
    { .name = "connections_per_peer",
      .type = SETTING_INT,
      AT(n_per_peer),
      .min = 0,
      .max = CONNECTIONS_MAX,
      .help = "of one address, but for this machine's; 0: no limit" },
    { .name = "keys",
      .type = SETTING_INT,
      AT(keys_max),
      .min = 1,
      .max = KEYS_LIMIT_MAX,
      .help = "how many keys all rules may have; default 10000000" },
};
static const struct setting log_members[] = {
    { .name = "level",
      .type = SETTING_ENUM,
      AT(log_level),
      .names = log_level_names,
      .usual = "info",
      .help = "the least that is written" },
    { .name = "format",
      .type = SETTING_ENUM,
      AT(log_format),
      .names = log_format_names,
      .usual = "text",
      .help = "lines for people, or JSON" },
};
#undef AT

static const struct shape shape_retention = { .name = "retention", SHAPE_OF(retention_members) };
static const struct shape shape_store = { .name = "store", SHAPE_OF(store_members) };
static const struct shape shape_limits = { .name = "limits", SHAPE_OF(limits_members) };
static const struct shape shape_log = { .name = "log", SHAPE_OF(log_members) };

/* What secret.h reads by itself: known here, no more. */
struct written_secret {
    struct node *elsewhere;
};
/* clang-format off */
#define AT(member) .offset = offsetof(struct written_secret, member)
static const struct setting secret_members[] = {
    { .name = "file",  .type = SETTING_NODE, AT(elsewhere), .shape = &shape_texts, .help = "the file that holds it" },
    { .name = "value", .type = SETTING_NODE, AT(elsewhere), .shape = &shape_texts, .help = "or ${NAME} of the environment" },
};
static const struct setting proxy_members[] = {
    { .name = "secret_file", .type = SETTING_NODE, AT(elsewhere), .shape = &shape_texts, .help = "the file of what the proxy proves itself with" },
    { .name = "secret",      .type = SETTING_NODE, AT(elsewhere), .shape = &shape_texts, .help = "or ${NAME} of the environment" },
};
#undef AT
/* clang-format on */
static const struct shape shape_secret = { .name = "secret", SHAPE_OF(secret_members) };
static const struct shape shape_secrets = { .kind = SHAPE_MAP, .item = &shape_secret };
static const struct shape shape_proxy = { .name = "trusted_proxy", SHAPE_OF(proxy_members) };

#define AT(member) .offset = offsetof(struct config_file, member)

static const struct setting members[] = {
    { .name = "listen",
      .type = SETTING_NODE,
      AT(listen),
      .shape = &shape_doors,
      .help = "The public door: /hooks/… and Slack" },
    { .name = "tls",
      .type = SETTING_NODE,
      AT(tls),
      .shape = &shape_tls,
      .help = "The certificate of the public door, and its key" },
    { .name = "control", .type = SETTING_TEXTS, AT(control), .help = "API, page, metrics, health" },
    { .name = "public_url",
      .type = SETTING_TEXT,
      AT(public_url),
      .help = "How the world reaches us" },
    { .name = "hosts",
      .type = SETTING_TEXTS,
      AT(hosts),
      .help = "Other names that requests may ask for" },
    { .name = "state", .type = SETTING_TEXT, AT(state), .help = "Directory of the store" },
    { .name = "socket", .type = SETTING_TEXT, AT(socket), .help = "Path of the control socket" },
    { .name = "rules", .type = SETTING_TEXTS, AT(rules), .help = "Rule files and directories" },
    { .name = "watchers",
      .type = SETTING_NODE,
      AT(watchers),
      .shape = &shape_watchers,
      .help = "What is watched" },
    { .name = "actions",
      .type = SETTING_NODE,
      AT(actions),
      .shape = &shape_actions,
      .help = "What may be done" },
    { .name = "secrets",
      .type = SETTING_NODE,
      AT(secrets),
      .shape = &shape_secrets,
      .help = "Secrets for request headers" },
    { .name = "people",
      .type = SETTING_NODE,
      AT(people),
      .shape = &shape_people,
      .help = "Who there is" },
    { .name = "groups",
      .type = SETTING_NODE,
      AT(groups),
      .shape = &shape_groups,
      .help = "Groups of people" },
    { .name = "approvers",
      .type = SETTING_NODE,
      AT(approvers),
      .shape = &shape_approvers,
      .help = "Who decides where a rule does not say" },
    { .name = "channels",
      .type = SETTING_NODE,
      AT(channels),
      .shape = &shape_channels,
      .help = "Where proposals are posted" },
    { .name = "agents", .type = SETTING_NODE, AT(agents), .help = "Who may diagnose" },
    { .name = "budget",
      .type = SETTING_NODE,
      AT(budget),
      .shape = &shape_budget,
      .help = "How much people are asked" },
    { .name = "maintenance",
      .type = SETTING_NODE,
      AT(maintenance),
      .shape = &shape_maintenance,
      .help = "Muted on a schedule" },
    { .name = "retention",
      .type = SETTING_NODE,
      AT(retention),
      .shape = &shape_retention,
      .help = "How long things are kept" },
    { .name = "store",
      .type = SETTING_NODE,
      AT(store),
      .shape = &shape_store,
      .help = "Size of the store" },
    { .name = "limits",
      .type = SETTING_NODE,
      AT(limits),
      .shape = &shape_limits,
      .help = "Limits of requests" },
    { .name = "trusted_proxy",
      .type = SETTING_NODE,
      AT(trusted_proxy),
      .shape = &shape_proxy,
      .help = "A proxy that says who asks" },
    { .name = "log",
      .type = SETTING_NODE,
      AT(log),
      .shape = &shape_log,
      .help = "The daemon's own log" },
};
#undef AT
const struct shape shape_config = { SHAPE_OF(members) };

const struct setting *config_members(size_t *n_members)
{
    *n_members = COUNT(members);
    return members;
}

static void set_defaults(struct config *config)
{
    config->approvers_need = 1;
    config->retention_events_ms = 30 * DAY_MS;
    config->retention_bytes = (int64_t)2 << 30;
    config->store_max_bytes = (int64_t)16 << 30;
    config->bodies_bytes = (int64_t)64 << 20;
    config->n_connections = 4096;
    config->n_per_peer = 512;
    config->keys_per_rule = 1000000;
    config->keys_max = 10000000;
    config->log_level = LOG_INFO;
    config->log_format = LOG_TEXT;
}

/* "forever" is what the audit trail is kept for; no other value is offered. */
static enum rc read_retention(struct config_reader *reader)
{
    struct node *map = reader->file.retention;
    struct node *audit = map ? node_find(map, "audit") : NULL;
    struct node rest;
    size_t n = 0;

    if (!map)
        return RC_OK;
    if (audit && !slice_eq(audit->text, SLICE("forever"))) {
        node_problem(reader->problems, audit,
                     "the audit trail is kept forever: `audit: forever` is the only value");
        return RC_INVALID;
    }
    rest = *map;
    rest.pairs = arena_alloc(reader->config->arena, map->n_pairs + 1, sizeof *rest.pairs);
    if (!rest.pairs)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++)
        if (map->pairs[i].value != audit)
            rest.pairs[n++] = map->pairs[i];
    rest.n_pairs = n;
    return settings_read(retention_members, COUNT(retention_members), &rest, reader->config->arena,
                         reader->problems, reader->config);
}

static enum rc read_parts(struct config_reader *reader)
{
    const struct {
        const struct setting *settings;
        size_t n_settings;
        const struct node *map;
    } parts[] = {
        { store_members, COUNT(store_members), reader->file.store },
        { limits_members, COUNT(limits_members), reader->file.limits },
        { log_members, COUNT(log_members), reader->file.log },
    };
    enum rc rc = read_retention(reader);

    for (size_t i = 0; i < COUNT(parts); i++) {
        enum rc part_rc;

        if (!parts[i].map)
            continue;
        part_rc = settings_read(parts[i].settings, parts[i].n_settings, parts[i].map,
                                reader->config->arena, reader->problems, reader->config);
        rc = rc ? rc : part_rc;
    }
    return rc;
}

/* Members that the file may have already; what they ask for comes with a later version, and saying nothing would mislead. */
static void warn_of_the_future(struct config_reader *reader)
{
    const struct {
        const char *name;
        const struct node *node;
    } later[] = {
        { "agents", reader->file.agents },
    };

    for (size_t i = 0; i < COUNT(later); i++)
        if (later[i].node)
            mark_problem(reader->problems, PROBLEM_WARNING, later[i].node->mark,
                         "`%s` has no effect in this version", later[i].name);
}

/* `github: {file: PATH}` and `github: {value: ${ENV}}` are what `value_file` and `value` are elsewhere. */
static enum rc read_secret(struct config_reader *reader, const struct node *map,
                           struct slice_list *values)
{
    struct config *config = reader->config;
    struct node renamed = *map;
    struct written_secret written;
    enum rc rc = RC_OK;

    if (map->type == NODE_MAP) /* else it is told below what a secret is */
        rc = settings_read(secret_members, COUNT(secret_members), map, config->arena,
                           reader->problems, &written);
    if (rc)
        return rc;
    renamed.pairs = arena_alloc(config->arena, map->n_pairs + 1, sizeof *renamed.pairs);
    if (!renamed.pairs)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++) {
        renamed.pairs[i] = map->pairs[i];
        if (slice_eq(map->pairs[i].key, SLICE("file")))
            renamed.pairs[i].key = SLICE("value_file");
    }
    rc = secret_read(&renamed, "value", config->directory, reader->options->resolve_secrets,
                     config->arena, reader->problems, values);
    if (rc != RC_NOT_FOUND)
        return rc;
    node_problem(reader->problems, map, "a secret is {file: PATH} or {value: ${ENV}}");
    return RC_INVALID;
}

static enum rc read_secrets(struct config_reader *reader)
{
    struct config *config = reader->config;
    const struct node *map = reader->file.secrets;
    enum rc rc = RC_OK;

    if (!map)
        return RC_OK;
    if (map->type != NODE_MAP) {
        node_problem(reader->problems, map,
                     "`secrets` is a map of names, each {file: PATH} or {value: ${ENV}}");
        return RC_INVALID;
    }
    config->secrets = arena_alloc(config->arena, map->n_pairs + 1, sizeof *config->secrets);
    if (!config->secrets)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++) {
        struct slice_list values = { 0 };
        enum rc one = read_secret(reader, map->pairs[i].value, &values);

        rc = rc ? rc : one;
        if (one || !values.n_items)
            continue;
        config->secrets[config->n_secrets++] =
            (struct named_secret){ .name = map->pairs[i].key, .value = values.items[0] };
    }
    return rc;
}

static enum rc read_proxy(struct config_reader *reader)
{
    struct written_secret written;
    enum rc rc = RC_OK;

    if (!reader->file.trusted_proxy)
        return RC_OK;
    if (reader->file.trusted_proxy->type == NODE_MAP)
        rc = settings_read(proxy_members, COUNT(proxy_members), reader->file.trusted_proxy,
                           reader->config->arena, reader->problems, &written);
    if (rc)
        return rc;
    rc = secret_read(reader->file.trusted_proxy, "secret", reader->config->directory,
                     reader->options->resolve_secrets, reader->config->arena, reader->problems,
                     &reader->config->proxy_secrets);
    if (rc == RC_NOT_FOUND) {
        node_problem(reader->problems, reader->file.trusted_proxy,
                     "`trusted_proxy` needs `secret_file: PATH`");
        rc = RC_INVALID;
    }
    return rc;
}

/* Flag over VEDETTE_* over the file. */
static struct slice override(const char *flag, const char *variable, struct slice written)
{
    const char *value = flag ? flag : getenv(variable);

    return value && *value ? slice_of(value) : written;
}

struct word_override {
    const char *flag, *option, *variable; /* flag NULL: it was not given */
    const char *const *words;
    int *value;
};

static enum rc override_word(struct config_reader *reader, const struct word_override *from)
{
    struct slice word = override(from->flag, from->variable, (struct slice){ 0 });
    struct buffer valid;

    if (slice_is_absent(word) || !slice_to_enum(word, from->words, from->value))
        return RC_OK;
    buffer_init(&valid, 256);
    for (size_t i = 0; from->words[i]; i++)
        buffer_format(&valid, " %s", from->words[i]);
    problems_add(reader->problems, PROBLEM_ERROR, (struct slice){ 0 }, 0, 0,
                 "%s must be one of%.*s, not `%.*s`", from->flag ? from->option : from->variable,
                 SLICE_ARG(buffer_slice(&valid)), SLICE_ARG(word));
    buffer_free(&valid);
    return RC_INVALID;
}

static enum rc override_log(struct config_reader *reader)
{
    const struct word_override words[] = {
        { .flag = reader->options->log_level,
          .option = "--log-level",
          .variable = "VEDETTE_LOG_LEVEL",
          .words = log_level_names,
          .value = &reader->config->log_level },
        { .flag = reader->options->log_format,
          .option = "--log-format",
          .variable = "VEDETTE_LOG_FORMAT",
          .words = log_format_names,
          .value = &reader->config->log_format },
    };
    enum rc worst = RC_OK;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        enum rc rc = override_word(reader, &words[i]);

        worst = worst ? worst : rc;
    }
    return worst;
}

static enum rc read_addresses(struct config_reader *reader)
{
    struct config *config = reader->config;
    struct slice control = override(NULL, "VEDETTE_CONTROL", (struct slice){ 0 });
    config->control = reader->file.control.n_items ? (struct slice){ 0 } : SLICE("127.0.0.1:8421");
    for (size_t i = 0; i < reader->file.control.n_items; i++) {
        struct slice address = reader->file.control.items[i];

        if (slice_starts(address, SLICE("unix:")))
            config->socket = (struct slice){ address.ptr + 5, address.len - 5 };
        else
            config->control = address;
    }
    if (!slice_is_absent(control))
        config->control = control;
    config->public_url = override(NULL, "VEDETTE_PUBLIC_URL", reader->file.public_url);
    config->hosts = reader->file.hosts;
    return RC_OK;
}

static enum rc read_doors(struct config_reader *reader)
{
    return config_read_doors(reader, override(NULL, "VEDETTE_LISTEN", (struct slice){ 0 }));
}

static enum rc read_rule_paths(struct config_reader *reader)
{
    struct config *config = reader->config;
    static struct slice usual[] = { { "rules.d", 7 } };
    struct slice_list written = reader->file.rules;
    enum rc rc = RC_OK;

    if (!written.n_items && config->is_default)
        return RC_OK;
    if (!written.n_items)
        written = (struct slice_list){ usual, 1 };
    config->rules.items = arena_alloc(config->arena, written.n_items, sizeof *config->rules.items);
    if (!config->rules.items)
        return RC_NO_MEMORY;
    config->rules.n_items = written.n_items;
    for (size_t i = 0; i < written.n_items && !rc; i++)
        rc = config_resolve(config, written.items[i], &config->rules.items[i]);
    return rc;
}

static enum rc load_document(struct config_reader *reader, struct node **root)
{
    struct config *config = reader->config;
    enum rc rc = config_find_file(reader->options, config->arena, &config->path);

    if (rc)
        return rc;
    config->is_default = slice_is_absent(config->path);
    if (!config->is_default)
        return document_load(config->path.ptr, config->arena, reader->problems, root);
    config->path = SLICE("(embedded default)");
    return document_parse(config->path, config_files[0].text, config->arena, reader->problems,
                          root);
}

static enum rc place(struct config_reader *reader)
{
    struct config *config = reader->config;
    struct slice path = config->path;
    enum rc rc;

    while (path.len && path.ptr[path.len - 1] != '/')
        path.len--;
    config->directory =
        path.len ? (struct slice){ path.ptr, path.len > 1 ? path.len - 1 : 1 } : SLICE(".");
    reader->file.state = override(reader->options->state, "VEDETTE_STATE", reader->file.state);
    rc = config_place_state(reader);
    if (!rc && config->is_default)
        config->directory = config->state; /* its secrets are made there */
    if (!rc)
        rc = config_place_socket(reader);
    return rc;
}

static enum rc read_people(struct config_reader *reader)
{
    enum rc rc = config_read_people(reader);

    reader->config->lacks_people = rc;
    return rc;
}

static enum rc read_watchers(struct config_reader *reader)
{
    struct config *config = reader->config;
    enum rc rc =
        watchers_load(reader->file.watchers, config->directory, reader->options->resolve_secrets,
                      config->arena, reader->problems, &config->watchers);

    config->lacks_watchers = rc;
    return rc;
}

/* After the watchers, of which it is one more. */
static enum rc read_channel_watcher(struct config_reader *reader)
{
    enum rc rc = reader->config->watchers ? config_add_channel_watcher(reader) : RC_OK;

    reader->config->lacks_watchers |= rc;
    return rc;
}

static enum rc read_actions(struct config_reader *reader)
{
    struct config *config = reader->config;
    enum rc rc = actions_load(reader->file.actions, config->secrets, config->n_secrets,
                              config->arena, reader->problems, &config->actions);

    config->lacks_actions = rc;
    if (!rc)
        rc = config_check_action_approvers(reader);
    config->lacks_people |=
        rc && !config->lacks_actions; /* it need not be said again of each rule */
    return rc;
}

/* Everything is read even after a problem, so that one run shows all of them. */
static enum rc read_all(struct config_reader *reader)
{
    enum rc (*const readers[])(struct config_reader *) = {
        read_doors,         read_parts,           override_log,
        read_rule_paths,    read_secrets,         read_proxy,
        read_people,        config_read_channels, config_read_maintenance,
        config_read_budget, read_watchers,        read_channel_watcher,
        read_actions
    };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < COUNT(readers); i++) {
        enum rc one = readers[i](reader);

        if (one && one != RC_INVALID)
            return one;
        rc = rc ? rc : one;
    }
    warn_of_the_future(reader);
    return rc;
}

static enum rc load(struct config_reader *reader)
{
    struct node *root = NULL;
    enum rc settings_rc;
    enum rc document_rc = load_document(reader, &root);
    enum rc rc;

    if (document_rc && !(document_rc == RC_INVALID && root && reader->options->keeps_broken))
        return document_rc;
    reader->config->root = root;
    settings_rc = settings_read(members, COUNT(members), root, reader->config->arena,
                                reader->problems, &reader->file);
    if (settings_rc && settings_rc != RC_INVALID)
        return settings_rc;
    config_check_addresses(reader);
    rc = read_addresses(reader);
    if (!rc)
        rc = place(reader);
    /* The embedded default has no mistakes, and its secrets must be there before they are read. */
    if (!rc && reader->options->make_state && reader->config->is_default)
        rc = config_make_state(reader);
    if (!rc)
        rc = read_all(reader);
    if (!rc && reader->options->make_state && !problems_count(reader->problems, PROBLEM_ERROR))
        rc = config_make_state(reader);
    return settings_rc ? settings_rc : rc;
}

enum rc config_load(const struct config_options *options, struct problems *problems,
                    struct config **config)
{
    struct config *made = calloc(1, sizeof *made);
    struct config_reader reader = { .config = made, .options = options, .problems = problems };
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    set_defaults(made);
    rc = arena_new(CONFIG_ARENA_BYTES, &made->arena);
    if (!rc)
        rc = load(&reader);
    if (!rc && problems_count(problems, PROBLEM_ERROR))
        rc = RC_INVALID;
    /* Whatever was missing or unreadable has been said as a problem: to the caller it is an invalid configuration. */
    if (rc && rc != RC_NO_MEMORY)
        rc = RC_INVALID;
    if (rc == RC_OK || (rc == RC_INVALID && options->keeps_broken && made->root))
        *config = made;
    else
        config_free(made);
    return rc;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    watchers_free(config->watchers);
    actions_free(config->actions);
    arena_free(config->arena);
    free(config);
}
