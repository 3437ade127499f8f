/* silences.h - muted now by a person until a time: who, what, why, how long.
 *
 * silences:     ULID -> record of struct silence
 * silence_ends: u64 end (ms, big-endian), ULID -> nothing; all of them, by when each is over
 *
 * A silence holds what a matching signal would ask; it changes no signal and no proposal that is there already. It is over at its end or when somebody removes it, and stays
 * listed until retention takes it. */
#pragma once

#include "src/store/signals.h"

#define SILENCE_MIN_MS (60 * (int64_t)1000)
#define SILENCE_MAX_MS (30 * 24 * 60 * SILENCE_MIN_MS)
#define SILENCE_MAX_CLAUSES 16
#define SILENCE_MAX_FIELD_BYTES 256
#define SILENCE_MAX_VALUE_BYTES 1024 /* as long as the values that a signal keeps */
#define SILENCE_MAX_REASON_BYTES 1000
#define SILENCE_MAX_ACTIVE 1000

enum silence_state { SILENCE_ACTIVE, SILENCE_OVER };
extern const char *const silence_state_names[];

struct silence_clause {
    struct slice
        field; /* rule, severity, signal.key[0]…, or a normalised field or capture of the signal */
    struct slice value; /* equal to it; for `rule` a glob is taken as well */
};

struct silence {
    struct ulid id; /* sil_… */
    enum silence_state state;
    struct record_list where; /* struct silence_clause: all hold; never empty */
    struct slice reason;
    struct slice by, via;
    int64_t created_ms;
    int64_t until_ms;
    int64_t ended_ms;      /* 0: not yet */
    struct slice ended_by; /* "time", or a person */
    struct ulid
        asked_up_to; /* once it is over: signals up to here have asked what they still had to; stored, not shown */
};
extern const struct record_shape silence_shape;

/* What is wrong with its `where`, in one sentence; static. NULL: nothing. Pure. */
const char *silence_where_fault(const struct silence *silence);
/* What keeps it from being made at `now_ms`, in one sentence; static. NULL: nothing does. Pure. */
const char *silence_fault(const struct silence *silence, int64_t now_ms);
/* When it is over, or was. */
int64_t silence_end_ms(const struct silence *silence);
/* The object of the API, and its member `where` alone: {"field": "value", …}. */
void silence_write_json(const struct silence *silence, struct json_writer *writer);
void silence_write_where(const struct silence *silence, struct json_writer *writer);

/* Writes it, and its place among the ends. */
enum rc silence_put(struct store_txn *txn, const struct silence *silence) MUST_CHECK;
enum rc silence_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                    struct silence *silence) MUST_CHECK;
enum rc silence_delete(struct store_txn *txn, const struct silence *silence) MUST_CHECK;

/* Where a walk in the order of the ends stands: behind `end_ms` and `id`. */
struct silence_place {
    int64_t end_ms;
    struct ulid id;
};
/* The next one behind `place`, which moves there. A damaged one is passed over and logged. RC_NOT_FOUND at the end. */
enum rc silence_next(struct store_txn *txn, struct silence_place *place, struct arena *arena,
                     struct silence *silence) MUST_CHECK;

struct silence_list {
    struct silence *items;
    size_t n_items;
};
/* Those that are not over at `now_ms`, the one that ends first first; at most SILENCE_MAX_ACTIVE. */
enum rc silence_list_active(struct store_txn *txn, int64_t now_ms, struct arena *arena,
                            struct silence_list *list) MUST_CHECK;

/* Does it hold `signal`, whenever? A field that the signal does not have is equal to nothing. RC_NO_MEMORY. Pure. */
enum rc silence_matches(const struct silence *silence, const struct signal *signal,
                        bool *matches) MUST_CHECK;
/* The one that holds `signal` at `now_ms`, of several the one that ends last; borrows the list. NULL: none. RC_NO_MEMORY. Pure. */
enum rc silence_list_find(const struct silence_list *list, const struct signal *signal,
                          int64_t now_ms, const struct silence **found) MUST_CHECK;
