/* signature.h - did they write it? Signatures and tokens over the raw bytes, in constant time.
 *
 * Exactly one header of the configured scheme is accepted; lists inside it may hold several values while the sender rotates its key; several secrets of ours
 * are tried. Never a fall-back to a weaker scheme. An empty secret cannot be configured (secret.h). */
#pragma once

#include "src/store/journal.h"

enum signature_kind {
    SIGNATURE_TOKEN, /* the secret itself, in a header, after `prefix` ("Bearer ") */
    SIGNATURE_HMAC,  /* HMAC-SHA256 over the raw body, lower-case hex after `prefix` ("sha256=") */
};

struct signature_scheme {
    const char *name; /* secret | token: the member of the watcher that configures it */
    enum signature_kind kind;
    const char *header; /* X-Hub-Signature-256 */
    const char *prefix;
};

/* RC_OK, or RC_DENIED: one answer for missing, doubled, malformed and wrong. */
enum rc signature_check(const struct signature_scheme *scheme, struct slice_list secrets,
                        const struct header *headers, size_t n_headers,
                        struct slice body) MUST_CHECK;
/* The header that signature_check would accept. */
enum rc signature_make(const struct signature_scheme *scheme, struct slice secret,
                       struct slice body, struct arena *arena, struct header *header) MUST_CHECK;
