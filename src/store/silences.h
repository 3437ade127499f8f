/* silences.h - muted now by a person until a time: who, what, why, how long.
 *
 * silences: ULID -> record of struct silence
 *
 * A silence holds what a matching signal would ask; it changes no signal and no proposal that is there already. It is over at its end or when somebody removes it, and stays
 * listed until retention takes it. */
#pragma once

#include "src/store/objects.h"

struct silence_clause {
    struct slice field; /* rule, signal.key[0]…, or a normalised field or capture of the signal */
    struct slice value; /* equal to it; for `rule` a glob is taken as well */
};

struct silence {
    struct ulid id;           /* sil_… */
    struct record_list where; /* struct silence_clause: all hold; never empty */
    struct slice reason;
    struct slice by, via;
    int64_t created_ms;
    int64_t until_ms;
    int64_t ended_ms;      /* 0: not yet */
    struct slice ended_by; /* "time", or a person */
};
extern const struct record_shape silence_shape;

enum rc silence_put(struct store_txn *txn, const struct silence *silence) MUST_CHECK;
enum rc silence_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                    struct silence *silence) MUST_CHECK;
