/* rule_states.h - what is remembered of a rule itself: since when its condition has been watching.
 *
 * Key: 16 bytes of SHA-256 over the rule's id. Value: record of struct rule_state. */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"

struct rule_state {
    struct slice rule;              /* its id */
    struct slice condition_version; /* another condition begins anew */
    int64_t since_ms;               /* engine time */
};

/* Borrowed as by store_get. RC_NOT_FOUND: it was never loaded. */
enum rc rule_state_get(struct store_txn *txn, struct slice rule,
                       struct rule_state *state) MUST_CHECK;
/* Since when it has been watching, with this condition; 0: it has not. */
enum rc rule_state_since(struct store_txn *txn, struct slice rule, struct slice condition_version,
                         int64_t *since_ms) MUST_CHECK;
enum rc rule_state_put(struct store_txn *txn, const struct rule_state *state) MUST_CHECK;
/* Removes those of rules that `is_there` does not know. */
enum rc rule_states_keep(struct store_txn *txn, bool (*is_there)(void *context, struct slice rule),
                         void *context) MUST_CHECK;
