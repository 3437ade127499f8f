/* start_rules.h - which rules a daemon starts with: those of its files, else the last good ones of its store. */
#pragma once

#include "src/config/config.h"
#include "src/store/store.h"

struct start_rules {
    struct ruleset *ruleset; /* given */
    struct rule_files
        files; /* in the arena; empty when the last good set runs: it is kept already */
    bool is_last_good;
    struct buffer
        problems; /* what is wrong with the files, or their warnings; freed by the caller */
};

/* RC_INVALID when the files are broken and there is no last good set: `problems` says why. */
enum rc start_rules_load(const struct config *config, struct store *store, struct arena *arena,
                         struct start_rules *rules) MUST_CHECK;
