#include "src/store/store_key.h"

#include <assert.h>
#include <string.h>

void key_add(struct store_key *key, const uint8_t *bytes, size_t len)
{
    assert(len <= sizeof(key->bytes) - key->len);
    memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

void key_add_byte(struct store_key *key, uint8_t byte)
{
    key_add(key, &byte, 1);
}

static void add_number(struct store_key *key, uint64_t value, size_t len)
{
    uint8_t bytes[sizeof(value)];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * (len - 1 - i)) & 0xff);
    key_add(key, bytes, len);
}

void key_add_u32(struct store_key *key, uint32_t value)
{
    add_number(key, value, sizeof(value));
}

void key_add_u64(struct store_key *key, uint64_t value)
{
    add_number(key, value, sizeof(value));
}

void key_add_time(struct store_key *key, int64_t time_ms)
{
    key_add_u64(key, time_ms < 0 ? 0 : (uint64_t)time_ms);
}

void key_add_ulid(struct store_key *key, struct ulid ulid)
{
    key_add(key, ulid.bytes, sizeof(ulid.bytes));
}

struct store_key key_of_u64(uint64_t value)
{
    struct store_key key = { .len = 0 };

    key_add_u64(&key, value);
    return key;
}

struct store_key key_of_ulid(struct ulid ulid)
{
    struct store_key key = { .len = 0 };

    key_add_ulid(&key, ulid);
    return key;
}

enum rc key_copy(struct slice bytes, struct store_key *key)
{
    if (bytes.len > sizeof(key->bytes))
        return RC_CORRUPT;
    memcpy(key->bytes, bytes.ptr, bytes.len);
    key->len = bytes.len;
    return RC_OK;
}

struct slice key_slice(const struct store_key *key)
{
    return (struct slice){ .ptr = (const char *)key->bytes, .len = key->len };
}

bool key_read(struct slice *rest, uint8_t *bytes, size_t len)
{
    if (rest->len < len)
        return false;
    memcpy(bytes, rest->ptr, len);
    rest->ptr += len;
    rest->len -= len;
    return true;
}

bool key_read_byte(struct slice *rest, uint8_t *byte)
{
    return key_read(rest, byte, 1);
}

static bool read_number(struct slice *rest, size_t len, uint64_t *value)
{
    uint8_t bytes[sizeof(*value)];

    if (!key_read(rest, bytes, len))
        return false;
    *value = 0;
    for (size_t i = 0; i < len; i++)
        *value = *value << 8 | bytes[i];
    return true;
}

bool key_read_u32(struct slice *rest, uint32_t *value)
{
    uint64_t number;

    if (!read_number(rest, sizeof(*value), &number))
        return false;
    *value = (uint32_t)number;
    return true;
}

bool key_read_u64(struct slice *rest, uint64_t *value)
{
    return read_number(rest, sizeof(*value), value);
}

bool key_read_ulid(struct slice *rest, struct ulid *ulid)
{
    return key_read(rest, ulid->bytes, sizeof(ulid->bytes));
}
