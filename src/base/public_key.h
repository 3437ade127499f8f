/* public_key.h - was it signed with the private key that belongs to this public one?
 *
 * GnuTLS stops here. Only what webhook senders use: RSA with PKCS#1 v1.5 padding over SHA-1 (Travis CI, version 1 of Amazon SNS) or SHA-256 (its version 2),
 * and Ed25519 (RFC 8032; `v1a` of Standard Webhooks). The algorithm is the caller's, never the message's. */
#pragma once

#include "src/base/slice.h"

enum public_key_algorithm {
    PUBLIC_KEY_RSA_SHA1,
    PUBLIC_KEY_RSA_SHA256,
    PUBLIC_KEY_ED25519,
};

#define ED25519_KEY_BYTES 32

struct public_key;

/* Of PEM text ("BEGIN PUBLIC KEY", SubjectPublicKeyInfo). RC_INVALID when it is none. */
enum rc public_key_of_pem(struct slice pem, struct public_key **key) MUST_CHECK;
/* Of an X.509 certificate in PEM that is valid at `now_ms`; who issued it is not asked. RC_INVALID when it is none, RC_TIMEOUT when it is not valid then. */
enum rc public_key_of_certificate(struct slice pem, int64_t now_ms,
                                  struct public_key **key) MUST_CHECK;
/* Of the 32 bytes that an Ed25519 key is. */
enum rc public_key_of_ed25519(struct slice bytes, struct public_key **key) MUST_CHECK;
/* Accepts NULL. */
void public_key_free(struct public_key *key);
/* RC_DENIED for a wrong signature and for a key of another algorithm. Safe from several threads at once. */
enum rc public_key_verify(const struct public_key *key, enum public_key_algorithm algorithm,
                          struct slice bytes, struct slice signature) MUST_CHECK;
