/* groups.h - signals that fire together: who waits to be asked about, and what is already asked about the others.
 *
 * groups:        ULID -> record of struct signal_group
 * group_waiting: ULID of the group, u64 when the signal fired (ms, big-endian), ULID of the signal -> nothing
 *
 * A group has no name of its own making: its id is made of what its signals have in common (group_id), so that who has the same finds the
 * same row. A row is there while somebody waits, while a task runs for the group, and while its proposal is not over. Who is in the task
 * and the proposal stands there; a signal knows its group (`signal.group`) for as long as it waits or one of these is about it.
 */
#pragma once

#include "src/store/signals.h"

/* So many signals are named in one proposal; the others go on waiting, counted, and take the places of those that resolve. What is done to all of them (verified, withdrawn,
 * decided) is done in one turn, each loaded and stored once. */
#define GROUP_MAX_SIGNALS 1000

struct signal_group {
    struct ulid id;
    struct slice name; /* as rules give it, or the id of its rule */
    int64_t wait_ms;
    int64_t
        asked_ms; /* engine time: when its task was opened or its proposal revised for those who joined */
    int64_t due_ms; /* the armed timer; 0: none */
    int64_t n_waiting;
    struct ulid leader;   /* who asks for it; absent while its wait runs */
    struct ulid task;     /* runs, or absent */
    struct ulid proposal; /* is not over, or absent */
};

struct group_field {
    struct slice name, value;
};
/* The id of the group that is called `name` (`is_shared`: by several rules; else it is the id of the one) and whose signals have these
 * values. Equal parts, and no others, give the same id. RC_IO: no digest can be taken. */
enum rc group_id(struct slice name, bool is_shared, const struct group_field *fields,
                 size_t n_fields, struct arena *arena, struct ulid *id) MUST_CHECK;

enum rc group_put(struct store_txn *txn, const struct signal_group *group) MUST_CHECK;
enum rc group_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                  struct signal_group *group) MUST_CHECK;
/* The row; nobody waits any more. */
enum rc group_delete(struct store_txn *txn, struct ulid id) MUST_CHECK;

/* Where a signal stands among those that wait. */
struct group_place {
    int64_t fired_ms;
    struct ulid signal;
};
struct group_place group_place_of(const struct signal *signal);
/* `n_waiting` is the caller's to count. */
enum rc group_add_waiting(struct store_txn *txn, struct ulid id,
                          struct group_place place) MUST_CHECK;
/* RC_NOT_FOUND when nobody waits there. */
enum rc group_remove_waiting(struct store_txn *txn, struct ulid id,
                             struct group_place place) MUST_CHECK;
/* The next one that waits behind `place` (zero: the first), which moves there: the one that fired first first. Rows may come and go in
 * between. RC_NOT_FOUND at the end. */
enum rc group_next_waiting(struct store_txn *txn, struct ulid id,
                           struct group_place *place) MUST_CHECK;
