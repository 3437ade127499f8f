/* rulesets.h - the last rule files that loaded, whole, with the files of lines that they name: what a daemon runs that starts beside a broken file.
 *
 * Key: "last_good". Value: record of struct saved_ruleset. */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"

struct saved_file {
    struct slice name;
    struct slice text;
    bool is_list; /* lines that a rule names, no rules */
};
struct saved_ruleset {
    int64_t saved_ms;
    struct record_list files; /* struct saved_file, in name order */
};

enum rc ruleset_save(struct store_txn *txn, const struct saved_ruleset *saved) MUST_CHECK;
enum rc ruleset_load_saved(struct store_txn *txn, struct arena *arena,
                           struct saved_ruleset *saved) MUST_CHECK;
