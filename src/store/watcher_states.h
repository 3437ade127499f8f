/* watcher_states.h - whether the watchers hear, as far as that matters to those who wait for what they bring, and who these are.
 *
 * watcher_states:   16 bytes of SHA-256 over the watcher's name -> record of struct known_watcher
 * watcher_waiting:  the same 16 bytes, ULID of a signal -> nothing: its time came while the watcher did not hear
 *
 * The 16 bytes are what a timer of a watcher is about.
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
/* The same of the watcher that a timer is about. */
enum rc watcher_state_of(struct store_txn *txn, struct ulid watcher, struct arena *arena,
                         struct known_watcher *state) MUST_CHECK;
enum rc watcher_state_put(struct store_txn *txn, const struct known_watcher *state) MUST_CHECK;
/* RC_OK also when it is not there. */
enum rc watcher_state_remove(struct store_txn *txn, struct slice name) MUST_CHECK;
/* All of them, in `arena`. */
enum rc watcher_states_list(struct store_txn *txn, struct arena *arena,
                            struct record_list *states) MUST_CHECK;

enum rc watcher_waiting_put(struct store_txn *txn, struct slice watcher,
                            struct ulid signal) MUST_CHECK;
/* What a timer of the watcher is about. RC_IO: no digest can be taken. */
enum rc watcher_object(struct slice watcher, struct ulid *object) MUST_CHECK;
/* Takes the first one that waits for it; RC_NOT_FOUND: nobody does any more. */
enum rc watcher_waiting_take(struct store_txn *txn, struct ulid watcher,
                             struct ulid *signal) MUST_CHECK;
