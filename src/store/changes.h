/* changes.h - pushes, deploys, releases and the like: what changed just before.
 *
 * Key: u64 event time (ms), ULID of the event. Value: record of struct change. */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"

struct change {
    struct ulid event;
    int64_t time_ms;
    struct slice kind, state, title, repo, service, environment, branch, commit, actor, url;
};
extern const struct record_shape change_shape;

enum rc change_put(struct store_txn *txn, const struct change *change) MUST_CHECK;
/* Newest first, those with a time in (from_ms, to_ms], until `visit` returns false. The arena is reset between visits; a damaged row is
 * passed over and logged. */
enum rc change_each(struct store_txn *txn, int64_t from_ms, int64_t to_ms, struct arena *arena,
                    bool (*visit)(void *context, const struct change *change),
                    void *context) MUST_CHECK;
/* Removes at most `limit` older than `before_ms`. */
enum rc change_expire(struct store_txn *txn, int64_t before_ms, size_t limit) MUST_CHECK;
