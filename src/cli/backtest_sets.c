#include "src/cli/backtest_sets.h"

#include "rules/load.h"
#include "src/cli/value.h"

#include <string.h>
#include <sys/stat.h>

#define NODES_BYTES ((size_t)256 << 20)

/* --- the files of each --- */

static enum rc take_ruleset(const struct json *ruleset, struct arena *arena,
                            struct rule_files *files)
{
    const struct json *list = json_get_text(ruleset, "files");
    enum rc rc = RC_OK;

    *files = (struct rule_files){ .files = arena_alloc(arena, json_count(list) + 1,
                                                       sizeof *files->files) };
    if (!files->files)
        return RC_NO_MEMORY;
    for (const struct json *item = json_first(list); item && !rc; item = json_next(item)) {
        struct rule_file *file = &files->files[files->n_files++];

        file->is_list = value_is_true(item, "list");
        files->n_lists += file->is_list;
        rc = arena_copy(arena, value_text(item, "name"), &file->name);
        if (!rc)
            rc = arena_copy(arena, value_text(item, "text"), &file->text);
    }
    return rc;
}

static enum exit_code ask_files(const struct invocation *invocation, struct client *client,
                                struct arena *arena, struct rule_files *files)
{
    struct json *ruleset = NULL;
    enum exit_code code = client_get(client, SLICE("/api/v1/ruleset"), &ruleset);
    enum rc rc = RC_OK;

    if (!code && json_type_of(json_get_text(ruleset, "files")) != JSON_ARRAY)
        code = client_refuse(client);
    if (!code)
        rc = take_ruleset(ruleset, arena, files);
    json_free(ruleset);
    if (rc) {
        complain(invocation->command, "%s", rc_text(rc));
        code = EXIT_REFUSED;
    }
    return code;
}

/* --- which of the loaded ones stay --- */

struct replacing {
    const struct rule_files *given;
    struct node *
        *roots;      /* of the given files; NULL: it is no YAML, which is told when it is loaded */
    bool *is_placed; /* a given file has its place among the loaded ones */
    struct arena *nodes;
    struct problems *ignored;
};

static struct slice base_name(struct slice path)
{
    const char *slash = memrchr(path.ptr, '/', path.len);
    size_t n_before = slash ? (size_t)(slash - path.ptr) + 1 : 0;

    return (struct slice){ path.ptr + n_before, path.len - n_before };
}

static struct node *parse(struct replacing *replacing, const struct rule_file *file)
{
    struct node *root = NULL;

    if (file->is_list ||
        document_parse(file->name, file->text, replacing->nodes, replacing->ignored, &root))
        return NULL;
    return root;
}

static const struct node *rules_of(const struct node *root)
{
    const struct node *rules = root && root->type == NODE_MAP ? node_find(root, "rules") : NULL;

    return rules && rules->type == NODE_LIST ? rules : NULL;
}

static struct slice id_of(const struct node *rule)
{
    const struct node *id = rule->type == NODE_MAP ? node_find(rule, "id") : NULL;

    return id && id->type == NODE_SCALAR ? id->text : (struct slice){ 0 };
}

static bool has_rule(const struct node *rules, struct slice id)
{
    for (size_t i = 0; rules && id.len && i < rules->n_items; i++)
        if (slice_eq(id_of(rules->items[i]), id))
            return true;
    return false;
}

static bool share_a_rule(const struct node *one, const struct node *other)
{
    const struct node *rules = rules_of(one);

    for (size_t i = 0; rules && i < rules->n_items; i++)
        if (has_rule(rules_of(other), id_of(rules->items[i])))
            return true;
    return false;
}

/* A list stays, unless it was given as well: the same file, as it is now. */
static bool stands_for(const struct replacing *replacing, size_t given,
                       const struct rule_file *loaded, const struct node *root)
{
    const struct rule_file *file = &replacing->given->files[given];

    if (file->is_list != loaded->is_list)
        return false;
    if (file->is_list)
        return slice_eq(file->name, loaded->name);
    return slice_eq(base_name(file->name), base_name(loaded->name)) ||
           share_a_rule(replacing->roots[given], root);
}

/* Given files come where the first of those stood that they replace; `*stays`: none does. */
static void place(struct replacing *replacing, const struct rule_file *loaded,
                  struct rule_files *all, bool *stays)
{
    const struct node *root = parse(replacing, loaded);

    *stays = true;
    for (size_t i = 0; i < replacing->given->n_files; i++) {
        if (!stands_for(replacing, i, loaded, root))
            continue;
        *stays = false;
        if (!replacing->is_placed[i])
            all->files[all->n_files++] = replacing->given->files[i];
        replacing->is_placed[i] = true;
    }
}

static enum rc parse_given(struct replacing *replacing, struct arena *arena)
{
    const struct rule_files *given = replacing->given;

    replacing->roots = arena_alloc(arena, given->n_files + 1, sizeof(struct node *));
    replacing->is_placed = arena_alloc(arena, given->n_files + 1, sizeof *replacing->is_placed);
    if (!replacing->roots || !replacing->is_placed)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < given->n_files; i++)
        replacing->roots[i] = parse(replacing, &given->files[i]);
    return RC_OK;
}

static enum rc put_together(struct replacing *replacing, const struct rule_files *loaded,
                            struct arena *arena, struct rule_files *all, size_t *n_kept)
{
    const struct rule_files *given = replacing->given;
    enum rc rc = parse_given(replacing, arena);

    *all = (struct rule_files){
        .files = arena_alloc(arena, loaded->n_files + given->n_files + 1, sizeof *all->files),
        .n_lists = given->n_lists,
    };
    if (rc || !all->files)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < loaded->n_files; i++) {
        bool stays;

        place(replacing, &loaded->files[i], all, &stays);
        if (!stays)
            continue;
        all->files[all->n_files++] = loaded->files[i];
        all->n_lists += loaded->files[i].is_list;
        *n_kept += !loaded->files[i].is_list;
    }
    for (size_t i = 0; i < given->n_files; i++)
        if (!replacing->is_placed[i])
            all->files[all->n_files++] = given->files[i];
    return RC_OK;
}

static enum rc stand_among(const struct rule_files *given, const struct rule_files *loaded,
                           struct arena *arena, struct rule_files *all, size_t *n_kept)
{
    struct replacing replacing = { .given = given };
    enum rc rc = arena_new(NODES_BYTES, &replacing.nodes);

    if (!rc)
        rc = problems_new(&replacing.ignored);
    if (!rc)
        rc = put_together(&replacing, loaded, arena, all, n_kept);
    problems_free(replacing.ignored);
    arena_free(replacing.nodes);
    return rc;
}

static bool is_any_directory(const char *const *paths, size_t n_paths)
{
    struct stat found;

    for (size_t i = 0; i < n_paths; i++)
        if (!stat(paths[i], &found) && S_ISDIR(found.st_mode))
            return true;
    return false;
}

/* --- the sets --- */

static int64_t reach_of(const struct ruleset *ruleset)
{
    int64_t reach_ms = 0;

    for (size_t i = 0; i < ruleset->n_rules; i++) {
        const struct rule *rule = &ruleset->rules[i];
        int64_t kept_ms =
            condition_kept_ms(rule->condition, rule->condition_spec, rule->lateness_ms);

        if (kept_ms > reach_ms)
            reach_ms = kept_ms;
    }
    return reach_ms;
}

/* Where the configuration that is found here lacks what the loaded rules need, it is not the daemon's, and says nothing of these either. */
static enum rc check(struct offline *offline, const struct rule_files *loaded,
                     const struct rule_files *these, const struct backtest_sets *sets)
{
    struct problems *ignored = NULL;
    bool is_the_daemons;
    enum rc rc = problems_new(&ignored);

    if (rc)
        return rc;
    is_the_daemons = config_check_rules(offline->config, loaded, sets->loaded, ignored);
    problems_free(ignored);
    if (is_the_daemons &&
        !config_check_rules(offline->config, these, sets->these, offline->problems))
        return RC_INVALID;
    return RC_OK;
}

static enum rc parse_sets(struct offline *offline, const struct rule_files *loaded,
                          const struct rule_files *these, struct backtest_sets *sets)
{
    enum rc rc = ruleset_parse(loaded, offline->problems, &sets->loaded);

    if (rc)
        return rc;
    problems_clear(offline->problems);
    rc = ruleset_parse(these, offline->problems, &sets->these);
    if (!rc)
        rc = check(offline, loaded, these, sets);
    if (rc)
        return rc;
    problems_clear(offline->problems); /* warnings are for `check` */
    sets->reach_ms = reach_of(sets->loaded);
    if (reach_of(sets->these) > sets->reach_ms)
        sets->reach_ms = reach_of(sets->these);
    return RC_OK;
}

static enum rc read_loaded(const struct invocation *invocation, struct offline *offline,
                           struct rule_files *loaded)
{
    const char *against = invocation->options.against;

    if (against)
        return offline_read_paths(offline, &against, 1, loaded);
    return config_read_rules(offline->config, offline->problems, offline->arena, loaded);
}

static enum rc read_sets(struct offline *offline, const char *const *paths, size_t n_paths,
                         const struct rule_files *loaded, struct backtest_sets *sets)
{
    struct rule_files given = { 0 }, these = { 0 };
    enum rc rc = offline_read_paths(offline, paths, n_paths, &given);

    these = given;
    sets->n_given = given.n_files - given.n_lists;
    if (!rc && !is_any_directory(paths, n_paths))
        rc = stand_among(&given, loaded, offline->arena, &these, &sets->n_kept);
    config_tell_lateness(offline->config, &these);
    return rc ? rc : parse_sets(offline, loaded, &these, sets);
}

enum exit_code backtest_sets_load(const struct invocation *invocation, struct client *client,
                                  struct offline *offline, const char *const *paths, size_t n_paths,
                                  struct backtest_sets *sets)
{
    struct rule_files loaded = { 0 };
    enum exit_code code = EXIT_DONE;
    enum rc rc = RC_OK;

    *sets = (struct backtest_sets){ 0 };
    if (client && !invocation->options.against)
        code = ask_files(invocation, client, offline->arena, &loaded);
    else
        rc = read_loaded(invocation, offline, &loaded);
    if (code)
        return code;
    config_tell_lateness(offline->config, &loaded);
    if (!rc)
        rc = read_sets(offline, paths, n_paths, &loaded, sets);
    if (rc && rc != RC_INVALID)
        complain(invocation->command, "%s", rc_text(rc));
    offline_tell(offline);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

void backtest_sets_free(struct backtest_sets *sets)
{
    ruleset_free(sets->loaded);
    ruleset_free(sets->these);
}
