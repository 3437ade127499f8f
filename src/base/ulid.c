#include "src/base/ulid.h"

#include "src/base/digest.h"

#include <stdlib.h>
#include <string.h>

#define TIME_BYTES 6
#define MAX_TIME_MS (((int64_t)1 << 48) - 1)
#define PART_BITS 20
#define TEXT_LEN (ULID_TEXT_BYTES - 1)

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* no I, L, O, U: Crockford */

static void set_time(struct ulid *ulid, int64_t time_ms)
{
    if (time_ms < 0)
        time_ms = 0;
    if (time_ms > MAX_TIME_MS)
        time_ms = MAX_TIME_MS;
    for (size_t i = 0; i < TIME_BYTES; i++)
        ulid->bytes[i] = (uint8_t)((uint64_t)time_ms >> (8 * (TIME_BYTES - 1 - i)) & 0xff);
}

/* Leaves room for the parts. */
static void clear_part(struct ulid *ulid)
{
    ulid->bytes[ULID_BYTES - 1] = 0;
    ulid->bytes[ULID_BYTES - 2] = 0;
    ulid->bytes[ULID_BYTES - 3] &= 0xf0;
}

static struct ulid add(struct ulid ulid, uint64_t value)
{
    for (size_t i = ULID_BYTES; i > 0 && value; i--) {
        value += ulid.bytes[i - 1];
        ulid.bytes[i - 1] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
    return ulid;
}

/* In the millisecond of the last id: the one behind it. */
static bool follows(struct ulid_maker *maker, int64_t now_ms)
{
    if (ulid_is_absent(maker->last) || now_ms > ulid_time_ms(maker->last))
        return false;
    maker->last = add(maker->last, (uint64_t)1 << PART_BITS);
    return true;
}

enum rc ulid_make(struct ulid_maker *maker, int64_t now_ms, struct ulid *ulid)
{
    struct ulid next = { 0 };

    if (follows(maker, now_ms)) {
        *ulid = maker->last;
        return RC_OK;
    }
    set_time(&next, now_ms);
    if (random_bytes(next.bytes + TIME_BYTES, ULID_BYTES - TIME_BYTES))
        return RC_IO;
    clear_part(&next);
    maker->last = next;
    *ulid = next;
    return RC_OK;
}

struct ulid ulid_from_seed(int64_t time_ms, struct slice seed)
{
    struct ulid ulid = { 0 };
    struct sha256 digest;

    /* Not an error to handle: digest_init has tried it, and it takes no memory. A second-best id would break replays. */
    if (sha256_of(seed, &digest))
        abort();
    set_time(&ulid, time_ms);
    memcpy(ulid.bytes + TIME_BYTES, digest.bytes, ULID_BYTES - TIME_BYTES);
    clear_part(&ulid);
    return ulid;
}

struct ulid ulid_make_from_seed(struct ulid_maker *maker, int64_t now_ms, struct slice seed)
{
    if (!follows(maker, now_ms))
        maker->last = ulid_from_seed(now_ms, seed);
    return maker->last;
}

struct ulid ulid_plus(struct ulid ulid, uint32_t part)
{
    return add(ulid, part);
}

bool ulid_is_absent(struct ulid ulid)
{
    static const struct ulid absent;

    return ulid_compare(ulid, absent) == 0;
}

int ulid_compare(struct ulid a, struct ulid b)
{
    return memcmp(a.bytes, b.bytes, ULID_BYTES);
}

int64_t ulid_time_ms(struct ulid ulid)
{
    int64_t time_ms = 0;

    for (size_t i = 0; i < TIME_BYTES; i++)
        time_ms = time_ms << 8 | ulid.bytes[i];
    return time_ms;
}

/* The 128 bits stand at the end of 26 * 5 = 130, so the first character carries three of them only. */
const char *ulid_format(struct ulid ulid, char *text)
{
    uint32_t bits = 0;
    size_t n_bits = 2, at = 0;

    for (size_t i = 0; i < ULID_BYTES; i++) {
        bits = bits << 8 | ulid.bytes[i];
        for (n_bits += 8; n_bits >= 5; n_bits -= 5)
            text[at++] = digits[bits >> (n_bits - 5) & 0x1f];
    }
    text[at] = '\0';
    return text;
}

static int digit_value(char c)
{
    char upper = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    const char *found = upper ? strchr(digits, upper) : NULL;

    return found ? (int)(found - digits) : -1;
}

enum rc ulid_parse(struct slice text, const char *prefix, struct ulid *ulid)
{
    struct slice start = slice_of(prefix);
    struct ulid parsed;
    uint32_t bits = 0;
    size_t n_bits = 0, at = 0;

    if (text.len != start.len + TEXT_LEN || !slice_starts(text, start))
        return RC_INVALID;
    for (size_t i = 0; i < TEXT_LEN; i++) {
        int value = digit_value(text.ptr[start.len + i]);

        if (value < 0 || (i == 0 && value > 7))
            return RC_INVALID;
        bits = bits << 5 | (uint32_t)value;
        n_bits += i == 0 ? 3 : 5;
        if (n_bits >= 8) {
            n_bits -= 8;
            parsed.bytes[at++] = (uint8_t)(bits >> n_bits & 0xff);
        }
    }
    *ulid = parsed;
    return RC_OK;
}
