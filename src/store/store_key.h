/* store_key.h - keys put together from numbers and ids so that they sort as these do, and taken apart again.
 *
 * Numbers are big-endian and unsigned. A time before 1970 counts as 1970. */
#pragma once

#include "src/base/ulid.h"

#define STORE_KEY_PARTS_BYTES 40

struct store_key {
    size_t len;
    uint8_t bytes[STORE_KEY_PARTS_BYTES];
};

/* Our own parts only: more than fits is asserted. */
void key_add(struct store_key *key, const uint8_t *bytes, size_t len);
void key_add_byte(struct store_key *key, uint8_t byte);
void key_add_u32(struct store_key *key, uint32_t value);
void key_add_u64(struct store_key *key, uint64_t value);
void key_add_time(struct store_key *key, int64_t time_ms);
void key_add_ulid(struct store_key *key, struct ulid ulid);
/* A key that is only a number. */
struct store_key key_of_u64(uint64_t value);
struct store_key key_of_ulid(struct ulid ulid);
/* A copy of a stored key; RC_CORRUPT when it is longer than any of ours. */
enum rc key_copy(struct slice bytes, struct store_key *key) MUST_CHECK;
/* Borrows the key. */
struct slice key_slice(const struct store_key *key);

/* Take a part off the front of stored bytes; false when there is not that much. */
bool key_read(struct slice *rest, uint8_t *bytes, size_t len);
bool key_read_byte(struct slice *rest, uint8_t *byte);
bool key_read_u32(struct slice *rest, uint32_t *value);
bool key_read_u64(struct slice *rest, uint64_t *value);
bool key_read_ulid(struct slice *rest, struct ulid *ulid);
