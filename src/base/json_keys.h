/* json_keys.h - the keys of all objects of one text, to find a key that stands twice in one object.
 *
 * One open table for the whole text: an object is its number, so nothing is taken out when it ends. A usual webhook fits into
 * the table on the stack. Hashes are seeded, so that nobody can choose keys that collide. */
#pragma once

#include "src/base/arena.h"

#define JSON_KEYS_AT_FIRST 256 /* a power of two; 4 KiB */

struct json_key_slot {
    const char *ptr; /* NULL: free */
    uint32_t len;
    uint32_t object;
};

struct json_keys {
    struct json_key_slot first[JSON_KEYS_AT_FIRST];
    struct json_key_slot *slots; /* `first`, or from malloc */
    size_t n_slots;              /* a power of two */
    size_t n_keys;
    uint64_t seed;
    struct arena *unescaped; /* keys with escapes, as they read; made when the first one comes */
    size_t limit_bytes;      /* of that arena */
};

/* For a text of `text_bytes`; free with json_keys_free. */
void json_keys_init(struct json_keys *keys, size_t text_bytes);
void json_keys_free(struct json_keys *keys);
/* Keeps `text` (what stands between the quotes, scanned before) until json_keys_free. RC_CONFLICT when the object has it already. */
enum rc json_keys_add(struct json_keys *keys, uint32_t object, struct slice text,
                      bool has_escape) MUST_CHECK;
