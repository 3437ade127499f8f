#include "src/engine/rule_test_private.h"

#include "watchers/watcher_config.h"

#define TEST_BYTES ((size_t)256 << 20) /* of one test, its fixtures too */

struct checking {
    const struct ruleset *ruleset;
    bool names_broken;
};

static bool look_at_name(void *context, const struct node *name)
{
    struct checking *checking = context;
    const struct rule *rule = ruleset_find(checking->ruleset, name->text);

    checking->names_broken |= rule && rule->is_broken;
    return !checking->names_broken;
}

/* Its rule has to be repaired first, and may be another one then. */
static bool waits_for_its_rule(const struct ruleset *ruleset, const struct rule_test *test)
{
    struct checking checking = { .ruleset = ruleset };

    rule_test_each_rule(test, look_at_name, &checking);
    return checking.names_broken;
}

static enum rc check_all(struct rule_test_reading *reading)
{
    enum rc worst = RC_OK;

    for (size_t i = 0; i < reading->ruleset->n_tests && worst != RC_NO_MEMORY; i++) {
        struct rule_test_text text;

        reading->test = &reading->ruleset->tests[i];
        if (waits_for_its_rule(reading->ruleset, reading->test))
            continue;
        worst = watcher_worse(worst, rule_test_read(reading, &text));
        arena_reset(reading->arena);
    }
    return worst;
}

enum rc rule_tests_check(const struct config *config, const struct ruleset *ruleset,
                         struct problems *problems)
{
    struct rule_test_reading reading = { .ruleset = ruleset, .problems = problems };
    struct watchers *watchers = NULL;
    struct arena *senders = NULL;
    enum rc rc = arena_new(TEST_BYTES, &reading.arena);

    if (!rc)
        rc = arena_new(TEST_BYTES, &senders);
    if (!rc && config && !config->lacks_watchers)
        rc = watchers_with_senders(config->watchers, senders, &watchers);
    reading.watchers = watchers;
    if (!rc)
        rc = check_all(&reading);
    arena_free(senders);
    arena_free(reading.arena);
    return rc;
}
