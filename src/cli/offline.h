/* offline.h - the configuration and rules as files, for commands that need no daemon. No secret is read, nothing is made. */
#pragma once

#include "src/cli/command.h"
#include "src/config/config.h"

struct offline {
    struct problems *problems;
    struct config *config;
    struct arena *arena; /* of the rule files */
    struct rule_files files;
    struct ruleset *ruleset; /* NULL: not asked for */
};

enum offline_rules {
    OFFLINE_NO_RULES,
    OFFLINE_RULES_AS_WRITTEN, /* of `paths`, whether the configuration's actions fit them or not; without paths as below */
    OFFLINE_RULES_TO_TEST, /* the same, with their tests */
    OFFLINE_RULES_CHECKED, /* of `paths` (none: those of the configuration), which must fit the configuration; after a mistake the rest is looked at all the same */
};

/* RC_OK, or RC_INVALID with why in `offline->problems`. Whatever came of it: offline_close. */
enum rc offline_open(const struct invocation *invocation, enum offline_rules rules,
                     const char *const *paths, size_t n_paths, struct offline *offline) MUST_CHECK;
/* The same, and says what is wrong. */
enum exit_code offline_need(const struct invocation *invocation, enum offline_rules rules,
                            const char *const *paths, size_t n_paths,
                            struct offline *offline) MUST_CHECK;
/* Reads rule files or directories into the arena of `offline`. RC_INVALID with why in its problems. */
enum rc offline_read_paths(struct offline *offline, const char *const *paths, size_t n_paths,
                           struct rule_files *files) MUST_CHECK;
/* The rule files of `--rules PATH…`: its values, and the operands, which can only be more of them. `paths` holds OPTIONS_MAX_TEXTS. */
enum exit_code offline_take_paths(const struct invocation *invocation, const char **paths,
                                  size_t *n_paths) MUST_CHECK;
void offline_close(struct offline *offline);
/* All that was found so far, on standard error; forgets it. */
void offline_tell(struct offline *offline);
