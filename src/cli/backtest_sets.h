/* backtest_sets.h - the two sets of rules that a backtest compares: those that are loaded, and these.
 *
 * A rule is not alone: others hold it back, share its proposals and its budget. So single files stand among the loaded ones, in place of those that have their name or
 * one of their rules; a directory stands for all. */
#pragma once

#include "src/cli/client.h"
#include "src/cli/offline.h"

struct backtest_sets {
    struct ruleset *loaded, *these; /* to be freed with ruleset_free, or taken */
    size_t n_given,
        n_kept;       /* files of `these`: that were given; loaded ones that stay beside them */
    int64_t reach_ms; /* as long before an event others may matter to what it does */
};

/* The loaded ones are those of `--against`, else of the daemon behind `client`, else (NULL) of the configuration. What is wrong was said. */
enum exit_code backtest_sets_load(const struct invocation *invocation, struct client *client,
                                  struct offline *offline, const char *const *paths, size_t n_paths,
                                  struct backtest_sets *sets) MUST_CHECK;
void backtest_sets_free(struct backtest_sets *sets);
