#include "src/base/json_keys.h"

#include "src/base/json_escape.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* "a" and "\u0061" are the same key, so keys are compared as they read. */
static enum rc unescape_key(struct json_keys *keys, struct slice *key)
{
    char *out;

    if (!keys->unescaped && arena_new(keys->limit_bytes, &keys->unescaped) != RC_OK)
        return RC_NO_MEMORY;
    out = arena_alloc(keys->unescaped, key->len, 1);
    if (!out)
        return RC_NO_MEMORY;
    *key = (struct slice){ out, json_unescape(*key, out) };
    return RC_OK;
}

/* --- the set --- */

static uint64_t load_u64(const char *ptr)
{
    uint64_t word;

    memcpy(&word, ptr, sizeof word);
    return word;
}

/* Fewer than 8 bytes, each of them somewhere in the word: loads of known length, that may overlap, instead of one of any length. */
static uint64_t load_few(const char *ptr, size_t len)
{
    uint32_t first, last;

    if (!len)
        return 0;
    if (len < 4)
        return (uint64_t)(uint8_t)ptr[0] << 16 | (uint64_t)(uint8_t)ptr[len / 2] << 8 |
               (uint8_t)ptr[len - 1];
    memcpy(&first, ptr, sizeof first);
    memcpy(&last, ptr + len - sizeof last, sizeof last);
    return (uint64_t)first << 32 | last;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Seeded, so that nobody can choose keys that collide. One multiplication for a key of up to 16 bytes. */
static uint64_t hash_key(const struct json_keys *keys, const struct json_key_slot *key)
{
    uint64_t seed = keys->seed ^ key->object * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t first, last = 0;
    const char *at = key->ptr;
    size_t left = key->len;

    for (; left > 16; at += 16, left -= 16)
        seed = mix(load_u64(at) ^ UINT64_C(0xa0761d6478bd642f), load_u64(at + 8) ^ seed);
    if (left >= 8) {
        first = load_u64(at);
        last = load_u64(at + left - 8);
    } else {
        first = load_few(at, left);
    }
    return mix(first ^ key->len ^ UINT64_C(0xe7037ed1a0b428db), last ^ seed);
}

/* The slot that holds `key`, or the free one where it belongs. */
static struct json_key_slot *find_slot(const struct json_keys *keys,
                                       const struct json_key_slot *key)
{
    size_t i = (size_t)hash_key(keys, key) & (keys->n_slots - 1);

    for (;; i = (i + 1) & (keys->n_slots - 1)) {
        struct json_key_slot *slot = &keys->slots[i];

        if (!slot->ptr || (slot->object == key->object && slot->len == key->len &&
                           memcmp(slot->ptr, key->ptr, key->len) == 0))
            return slot;
    }
}

static bool grow_keys(struct json_keys *keys)
{
    struct json_key_slot *old = keys->slots;
    size_t n_old = keys->n_slots;
    struct json_key_slot *slots = calloc(n_old * 4, sizeof *slots);

    if (!slots)
        return false;
    keys->slots = slots;
    keys->n_slots = n_old * 4;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].ptr)
            *find_slot(keys, &old[i]) = old[i];
    if (old != keys->first)
        free(old);
    return true;
}

/* The kernel's 16 random bytes for this process. */
static uint64_t process_seed(void)
{
    const void *random = (const void *)getauxval(AT_RANDOM); /* NOLINT(performance-no-int-to-ptr) */

    return random ? load_u64(random) : 0;
}

void json_keys_init(struct json_keys *keys, size_t text_bytes)
{
    memset(keys->first, 0, sizeof keys->first);
    keys->slots = keys->first;
    keys->n_slots = JSON_KEYS_AT_FIRST;
    keys->n_keys = 0;
    keys->seed = process_seed();
    keys->unescaped = NULL;
    /* Each key may be rounded up to a multiple of the strictest alignment: never more than 16 times its bytes. */
    keys->limit_bytes = 16 * text_bytes + 4096;
}

void json_keys_free(struct json_keys *keys)
{
    if (keys->slots != keys->first)
        free(keys->slots);
    arena_free(keys->unescaped);
}

enum rc json_keys_add(struct json_keys *keys, uint32_t object, struct slice text, bool has_escape)
{
    enum rc rc = has_escape ? unescape_key(keys, &text) : RC_OK;
    struct json_key_slot key = { .ptr = text.ptr, .len = (uint32_t)text.len, .object = object };
    struct json_key_slot *slot;

    if (rc)
        return rc;
    if (keys->n_keys * 4 >= keys->n_slots * 3 && !grow_keys(keys))
        return RC_NO_MEMORY;
    slot = find_slot(keys, &key);
    if (slot->ptr)
        return RC_CONFLICT;
    *slot = key;
    keys->n_keys++;
    return RC_OK;
}
