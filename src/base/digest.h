/* digest.h - hashes, keyed hashes, comparison in constant time, randomness, hex and base64.
 *
 * GnuTLS stops here; and libdeflate, which is used for its CRC alone: each delivery pays one twice. */
#pragma once

#include "src/base/arena.h"

#define SHA256_BYTES 32
#define SHA256_HEX_BYTES 65 /* with a NUL */

struct sha256 {
    uint8_t bytes[SHA256_BYTES];
};

/* Must be called once before threads start; RC_IO when the library cannot run. */
enum rc digest_init(void) MUST_CHECK;

enum rc sha256_of(struct slice bytes, struct sha256 *digest) MUST_CHECK;
/* For the handshake of a WebSocket alone, which asks for it (RFC 6455): it proves nothing. */
#define SHA1_BYTES 20
struct sha1 {
    uint8_t bytes[SHA1_BYTES];
};
enum rc sha1_of(struct slice bytes, struct sha1 *digest) MUST_CHECK;
/* Hashes a sequence of byte strings so that ("ab","c") and ("a","bc") differ: each is preceded by its length. */
enum rc sha256_of_parts(const struct slice *parts, size_t n_parts,
                        struct sha256 *digest) MUST_CHECK;
/* SHA-256 of bytes that come in pieces, too many to keep. */
struct sha256_stream;
enum rc sha256_stream_new(struct sha256_stream **stream) MUST_CHECK;
void sha256_stream_add(struct sha256_stream *stream, struct slice bytes);
/* RC_IO when the library failed on the way. Nothing may be added after it. */
enum rc sha256_stream_end(struct sha256_stream *stream, struct sha256 *digest) MUST_CHECK;
/* Accepts NULL. */
void sha256_stream_free(struct sha256_stream *stream);
/* HMAC-SHA256 (RFC 2104) of `bytes` under `key`. */
enum rc hmac_sha256(struct slice key, struct slice bytes, struct sha256 *mac) MUST_CHECK;
/* Of the parts one after the other, as if they stood in one string. */
enum rc hmac_sha256_of_parts(struct slice key, const struct slice *parts, size_t n_parts,
                             struct sha256 *mac) MUST_CHECK;

/* In constant time for equal lengths; different lengths are unequal, and nothing equals what is empty or
 * absent. For secrets and signatures. */
bool digest_eq(struct slice a, struct slice b);
/* Lower-case; `text` holds 2 * `len` + 1 bytes; returns it. */
const char *hex_format(const uint8_t *bytes, size_t len, char *text);
/* Lower-case hex only, exactly `len` bytes; else RC_INVALID. */
enum rc hex_parse(struct slice text, uint8_t *bytes, size_t len) MUST_CHECK;
/* The standard alphabet with its padding; what could be written in a second way is RC_INVALID. */
enum rc base64_encode(struct slice bytes, struct arena *arena, struct slice *text) MUST_CHECK;
enum rc base64_decode(struct slice text, struct arena *arena, struct slice *bytes) MUST_CHECK;

/* From the operating system; RC_IO when it gives none. */
enum rc random_bytes(uint8_t *bytes, size_t len) MUST_CHECK;
/* CRC-32 (IEEE 802.3, reflected, as in zlib): tells damaged records, not attackers. */
uint32_t crc32_of(struct slice bytes);
