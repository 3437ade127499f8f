/* ulid.h - time-ordered names (the ULID specification): 48 bits of milliseconds, 80 random bits.
 *
 * Ids only name; order is the store's own sequence. Within a process they
 * never go back, whatever the clock does. */
#pragma once

#include "src/base/slice.h"

#define ULID_BYTES 16
#define ULID_TEXT_BYTES 27 /* 26 characters of Crockford's base 32, and a NUL */

struct ulid {
    uint8_t bytes[ULID_BYTES]; /* big-endian; all zero: absent */
};

/* Makes ids that ascend; one maker for each thread that makes ids. */
struct ulid_maker {
    struct ulid last;
};

/* The next id: `now_ms` or the last id's time, whichever is later; random from the operating system. The low 20
 * bits are zero, so that ulid_plus can name up to 2^20 parts of what the id names. RC_IO without randomness. */
enum rc ulid_make(struct ulid_maker *maker, int64_t now_ms, struct ulid *ulid) MUST_CHECK;
/* The id made from nothing but `seed`: the same bytes give the same id (replays have no randomness). */
struct ulid ulid_from_seed(int64_t time_ms, struct slice seed);
/* As ulid_make, but with the seed instead of randomness: ids ascend as live ones do, so that what goes by their order goes the same way. */
struct ulid ulid_make_from_seed(struct ulid_maker *maker, int64_t now_ms, struct slice seed);
struct ulid ulid_plus(struct ulid ulid, uint32_t part);
bool ulid_is_absent(struct ulid ulid);
int ulid_compare(struct ulid a, struct ulid b);
int64_t ulid_time_ms(struct ulid ulid);
/* 26 characters without the prefix; `text` holds ULID_TEXT_BYTES; returns it. */
const char *ulid_format(struct ulid ulid, char *text);
/* With `prefix` ("evt_") before it, which may be "". RC_INVALID otherwise. */
enum rc ulid_parse(struct slice text, const char *prefix, struct ulid *ulid) MUST_CHECK;
