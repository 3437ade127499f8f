#include "src/daemon/start_rules.h"

#include "src/store/rulesets.h"

static enum rc load_last_good(const struct config *config, struct store *store, struct arena *arena,
                              struct ruleset **ruleset)
{
    struct saved_ruleset saved = { 0 };
    struct problems *problems = NULL;
    struct store_txn *txn = NULL;
    struct rule_files files = { 0 };
    enum rc rc = store_begin_read(store, &txn);

    if (!rc)
        rc = ruleset_load_saved(txn, arena, &saved);
    store_abort(&txn);
    if (!rc)
        rc = problems_new(&problems);
    if (!rc) {
        const struct saved_file *kept = saved.files.items;

        files.n_files = saved.files.n_items;
        files.files = arena_alloc(arena, files.n_files + 1, sizeof *files.files);
        rc = files.files ? RC_OK : RC_NO_MEMORY;
        for (size_t i = 0; i < files.n_files && !rc; i++)
            files.files[i] = (struct rule_file){ .name = kept[i].name,
                                                 .text = kept[i].text,
                                                 .is_list = kept[i].is_list };
    }
    config_tell_lateness(config, &files);
    if (!rc)
        rc = ruleset_parse(&files, problems, ruleset);
    /* The configuration may have lost an action since: such rules would promise what nobody can do. */
    if (!rc && !config_check_rules(config, &files, *ruleset, problems)) {
        ruleset_free(*ruleset);
        *ruleset = NULL;
        rc = RC_INVALID;
    }
    problems_free(problems);
    return rc;
}

enum rc start_rules_load(const struct config *config, struct store *store, struct arena *arena,
                         struct start_rules *rules)
{
    struct problems *problems = NULL;
    enum rc rc = problems_new(&problems);

    *rules = (struct start_rules){ 0 };
    buffer_init(&rules->problems, (size_t)1 << 20);
    if (!rc)
        rc = config_load_rules(config, problems, &rules->files, arena, &rules->ruleset);
    if (problems)
        problems_format(problems, &rules->problems);
    problems_free(problems);
    if (rc != RC_INVALID && rc != RC_NOT_FOUND && rc != RC_IO)
        return rc;
    rules->files = (struct rule_files){ 0 };
    rules->is_last_good = true;
    return load_last_good(config, store, arena, &rules->ruleset) ? RC_INVALID : RC_OK;
}
