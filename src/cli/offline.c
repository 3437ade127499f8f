#include "src/cli/offline.h"

#include <stdio.h>

#define FILES_BYTES ((size_t)256 << 20)

enum rc offline_read_paths(struct offline *offline, const char *const *paths, size_t n_paths,
                           struct rule_files *files)
{
    struct slice_list list = { .items = arena_alloc(offline->arena, n_paths, sizeof *list.items),
                               .n_items = n_paths };
    enum rc rc;

    if (!list.items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_paths; i++)
        list.items[i] = slice_of(paths[i]);
    rc = rule_files_read(list, offline->arena, offline->problems, files);
    config_tell_lateness(offline->config, files);
    return rc;
}

static const struct {
    enum rc (*parse)(const struct rule_files *files, struct problems *problems,
                     struct ruleset **ruleset);
    bool is_checked; /* where paths are named; rules of the configuration always are */
} loading[] = {
    [OFFLINE_RULES_AS_WRITTEN] = { .parse = ruleset_parse },
    [OFFLINE_RULES_TO_TEST] = { .parse = ruleset_parse_to_show },
    [OFFLINE_RULES_CHECKED] = { .parse = ruleset_parse_to_check, .is_checked = true },
};

static enum rc load_rules(struct offline *offline, enum offline_rules rules,
                          const char *const *paths, size_t n_paths)
{
    const struct config *config = offline->config;
    enum rc read_rc, rc;

    if (rules == OFFLINE_NO_RULES)
        return RC_OK;
    if (n_paths)
        read_rc = offline_read_paths(offline, paths, n_paths, &offline->files);
    else
        read_rc = config_read_rules(config, offline->problems, offline->arena, &offline->files);
    if (read_rc && !(read_rc == RC_INVALID && rules == OFFLINE_RULES_CHECKED))
        return read_rc;
    rc = loading[rules].parse(&offline->files, offline->problems, &offline->ruleset);
    if (offline->ruleset && config && (loading[rules].is_checked || !n_paths) &&
        !config_check_rules(config, &offline->files, offline->ruleset, offline->problems))
        rc = rc ? rc : RC_INVALID;
    return rc ? rc : read_rc;
}

enum rc offline_open(const struct invocation *invocation, enum offline_rules rules,
                     const char *const *paths, size_t n_paths, struct offline *offline)
{
    const struct config_options options = { .path = invocation->options.config,
                                            .keeps_broken = rules == OFFLINE_RULES_CHECKED };
    enum rc config_rc, rc;

    *offline = (struct offline){ 0 };
    log_configure(LOG_ERROR, LOG_TEXT); /* what the engine tells of each proposal is no news here */
    rc = problems_new(&offline->problems);
    if (!rc)
        rc = arena_new(FILES_BYTES, &offline->arena);
    if (rc)
        return rc;
    config_rc = config_load(&options, offline->problems, &offline->config);
    /* A mistake there hides none in the rules, as long as it is known where they are. */
    if (config_rc && !(config_rc == RC_INVALID && rules == OFFLINE_RULES_CHECKED &&
                       (offline->config || n_paths)))
        return config_rc;
    rc = load_rules(offline, rules, paths, n_paths);
    return rc ? rc : config_rc;
}

enum exit_code offline_need(const struct invocation *invocation, enum offline_rules rules,
                            const char *const *paths, size_t n_paths, struct offline *offline)
{
    enum rc rc = offline_open(invocation, rules, paths, n_paths, offline);

    if (!rc)
        return EXIT_DONE;
    if (rc != RC_INVALID)
        complain(invocation->command, "%s", rc_text(rc));
    offline_tell(offline);
    return EXIT_REFUSED;
}

enum exit_code offline_take_paths(const struct invocation *invocation, const char **paths,
                                  size_t *n_paths)
{
    const struct options *options = &invocation->options;

    *n_paths = 0;
    if (invocation->n_operands && !options->n_rules)
        return usage_error(invocation->command,
                           "what is `%s`? Rule files come behind --rules, inputs behind --hook, "
                           "--deliveries or --events",
                           invocation->operands[0]);
    if (options->n_rules + invocation->n_operands > OPTIONS_MAX_TEXTS)
        return usage_error(invocation->command, "more than %d rule files: name their directory",
                           OPTIONS_MAX_TEXTS);
    for (size_t i = 0; i < options->n_rules; i++)
        paths[(*n_paths)++] = options->rules[i];
    for (size_t i = 0; i < invocation->n_operands; i++)
        paths[(*n_paths)++] = invocation->operands[i];
    return EXIT_DONE;
}

void offline_tell(struct offline *offline)
{
    struct buffer text;

    if (!offline->problems)
        return;
    buffer_init(&text, 0);
    problems_format(offline->problems, &text);
    fprintf(stderr, "%.*s", SLICE_ARG(buffer_slice(&text)));
    buffer_free(&text);
    problems_clear(offline->problems);
}

void offline_close(struct offline *offline)
{
    ruleset_free(offline->ruleset);
    config_free(offline->config);
    arena_free(offline->arena);
    problems_free(offline->problems);
}
