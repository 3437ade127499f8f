/* watcher_states.h - whether the watchers hear, as far as that matters to those who wait for what they bring, and who these are.
 *
 * watcher_states:   16 bytes of SHA-256 over the watcher's name -> record of struct known_watcher
 * watcher_waiting:  the same 16 bytes, ULID of a signal -> nothing: its time came while the watcher did not hear
 */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"

struct known_watcher {
    struct slice name;
    struct slice away; /* "is silent", "cannot be watched": what was told of it; absent: it hears */
    int64_t heard_since_ms; /* engine's clock: since when, after it was away; 0: it never was */
    bool reads_on;   /* it goes on where it stood: nothing is lost while the program is down */
    bool catches_up; /* since the start it has not read all that was written before */
};

/* RC_NOT_FOUND: nothing was told of it, ever. */
enum rc watcher_state_get(struct store_txn *txn, struct slice name, struct arena *arena,
                          struct known_watcher *state) MUST_CHECK;
enum rc watcher_state_put(struct store_txn *txn, const struct known_watcher *state) MUST_CHECK;
/* RC_OK also when it is not there. */
enum rc watcher_state_remove(struct store_txn *txn, struct slice name) MUST_CHECK;
/* All of them, in `arena`. */
enum rc watcher_states_list(struct store_txn *txn, struct arena *arena,
                            struct record_list *states) MUST_CHECK;

enum rc watcher_waiting_put(struct store_txn *txn, struct slice watcher,
                            struct ulid signal) MUST_CHECK;
/* Takes the first one; RC_NOT_FOUND: nobody waits any more. */
enum rc watcher_waiting_take(struct store_txn *txn, struct slice watcher,
                             struct ulid *signal) MUST_CHECK;
