#include "src/base/digest.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum rc digest_init(void)
{
    struct sha256 ignored;

    if (gnutls_global_init() < 0)
        return RC_IO;
    /* Where the library refuses SHA-256 (a failed self-test), we want to know before anything depends on it. */
    return sha256_of(SLICE("vedette"), &ignored);
}

enum rc sha256_of(struct slice bytes, struct sha256 *digest)
{
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.ptr ? bytes.ptr : "", bytes.len, digest->bytes) <
        0)
        return RC_IO;
    return RC_OK;
}

enum rc sha1_of(struct slice bytes, struct sha1 *digest)
{
    if (gnutls_hash_fast(GNUTLS_DIG_SHA1, bytes.ptr ? bytes.ptr : "", bytes.len, digest->bytes) < 0)
        return RC_IO;
    return RC_OK;
}

static int hash_part(gnutls_hash_hd_t hash, struct slice part)
{
    uint8_t length[8];
    int code;

    for (size_t i = 0; i < sizeof(length); i++)
        length[i] = (uint8_t)((uint64_t)part.len >> (8 * (7 - i)) & 0xff);
    code = gnutls_hash(hash, length, sizeof(length));
    if (code < 0 || !part.len)
        return code;
    return gnutls_hash(hash, part.ptr, part.len);
}

enum rc sha256_of_parts(const struct slice *parts, size_t n_parts, struct sha256 *digest)
{
    gnutls_hash_hd_t hash;
    int code;

    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
        return RC_NO_MEMORY;
    code = 0;
    for (size_t i = 0; i < n_parts && code >= 0; i++)
        code = hash_part(hash, parts[i]);
    gnutls_hash_deinit(hash, digest->bytes);
    return code < 0 ? RC_IO : RC_OK;
}

struct sha256_stream {
    gnutls_hash_hd_t hash;
    bool failed;
};

enum rc sha256_stream_new(struct sha256_stream **stream)
{
    struct sha256_stream *made = calloc(1, sizeof(*made));

    if (!made || gnutls_hash_init(&made->hash, GNUTLS_DIG_SHA256) < 0) {
        free(made);
        return RC_NO_MEMORY;
    }
    *stream = made;
    return RC_OK;
}

void sha256_stream_add(struct sha256_stream *stream, struct slice bytes)
{
    if (bytes.len && gnutls_hash(stream->hash, bytes.ptr, bytes.len) < 0)
        stream->failed = true;
}

enum rc sha256_stream_end(struct sha256_stream *stream, struct sha256 *digest)
{
    gnutls_hash_output(stream->hash, digest->bytes);
    return stream->failed ? RC_IO : RC_OK;
}

void sha256_stream_free(struct sha256_stream *stream)
{
    if (!stream)
        return;
    gnutls_hash_deinit(stream->hash, NULL);
    free(stream);
}

enum rc hmac_sha256(struct slice key, struct slice bytes, struct sha256 *mac)
{
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.ptr ? key.ptr : "", key.len,
                         bytes.ptr ? bytes.ptr : "", bytes.len, mac->bytes) < 0)
        return RC_IO;
    return RC_OK;
}

enum rc hmac_sha256_of_parts(struct slice key, const struct slice *parts, size_t n_parts,
                             struct sha256 *mac)
{
    gnutls_hmac_hd_t hmac;
    bool failed = false;

    if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, key.ptr ? key.ptr : "", key.len) < 0)
        return RC_IO;
    for (size_t i = 0; i < n_parts && !failed; i++)
        failed = parts[i].len && gnutls_hmac(hmac, parts[i].ptr, parts[i].len) < 0;
    gnutls_hmac_deinit(hmac, mac->bytes);
    return failed ? RC_IO : RC_OK;
}

bool digest_eq(struct slice a, struct slice b)
{
    /* A secret that is missing must not be matched by leaving the signature out. */
    if (a.len != b.len || !a.len)
        return false;
    return gnutls_memcmp(a.ptr, b.ptr, a.len) == 0;
}

static const char hex_digits[] = "0123456789abcdef";

const char *hex_format(const uint8_t *bytes, size_t len, char *text)
{
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = hex_digits[bytes[i] >> 4];
        text[2 * i + 1] = hex_digits[bytes[i] & 0xf];
    }
    text[2 * len] = '\0';
    return text;
}

/* Index of `c` in `digits`, or -1. */
static int digit_value(const char *digits, char c)
{
    const char *found = c ? strchr(digits, c) : NULL;

    return found ? (int)(found - digits) : -1;
}

enum rc hex_parse(struct slice text, uint8_t *bytes, size_t len)
{
    if (text.len / 2 != len || text.len % 2)
        return RC_INVALID;
    for (size_t i = 0; i < len; i++) {
        int high = digit_value(hex_digits, text.ptr[2 * i]);
        int low = digit_value(hex_digits, text.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return RC_INVALID;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return RC_OK;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum rc base64_encode(struct slice bytes, struct arena *arena, struct slice *text)
{
    char *out, *end;

    if (bytes.len > SIZE_MAX / 2)
        return RC_NO_MEMORY;
    out = end = arena_alloc(arena, (bytes.len + 2) / 3 * 4 + 1, 1);
    if (!out)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n_bytes = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = 0;

        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (j < n_bytes ? (uint8_t)bytes.ptr[i + j] : 0U);
        for (size_t j = 0; j < 4; j++)
            *end++ = j <= n_bytes ? base64_digits[group >> (6 * (3 - j)) & 0x3f] : '=';
    }
    *text = (struct slice){ .ptr = out, .len = (size_t)(end - out) };
    return RC_OK;
}

/* Four characters, of which the last `n_padding` are '='. False where the bits that they do not use are set: each
 * value has one text only. */
static bool decode_group(const char *group, size_t n_padding, char *bytes)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - n_padding ? digit_value(base64_digits, group[i]) : 0;

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    for (size_t i = 0; i < 3 - n_padding; i++)
        bytes[i] = (char)(bits >> (8 * (2 - i)) & 0xff);
    return (bits & ((1U << 8 * n_padding) - 1)) == 0;
}

enum rc base64_decode(struct slice text, struct arena *arena, struct slice *bytes)
{
    size_t n_padding = 0;
    char *out;

    if (slice_is_absent(text) || text.len % 4)
        return RC_INVALID;
    while (n_padding < 2 && n_padding < text.len && text.ptr[text.len - 1 - n_padding] == '=')
        n_padding++;
    out = arena_alloc(arena, text.len / 4 * 3 + 1, 1);
    if (!out)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < text.len / 4; i++) {
        bool is_last = (i + 1) * 4 == text.len;

        if (!decode_group(text.ptr + 4 * i, is_last ? n_padding : 0, out + 3 * i))
            return RC_INVALID;
    }
    *bytes = (struct slice){ .ptr = out, .len = text.len / 4 * 3 - n_padding };
    return RC_OK;
}

enum rc random_bytes(uint8_t *bytes, size_t len)
{
    while (len) {
        ssize_t n_given = getrandom(bytes, len, 0);

        if (n_given < 0 && errno == EINTR)
            continue;
        if (n_given <= 0)
            return RC_IO;
        bytes += n_given;
        len -= (size_t)n_given;
    }
    return RC_OK;
}

uint32_t crc32_of(struct slice bytes)
{
    /* Of nothing at NULL it is 0, as it should be. */
    return libdeflate_crc32(0, bytes.ptr, bytes.len);
}
