/* signature_private.h - the text that was signed, and what is computed over it; for signature.c alone. */
#pragma once

#include "watchers/senders/signature.h"

/* {id}, {time}, {body} and what stands around them. */
#define SIGNED_TEXT_MAX_PARTS 8
struct signed_text {
    struct slice parts[SIGNED_TEXT_MAX_PARTS]; /* borrowed */
    size_t n_parts;
};

/* RC_INVALID when the scheme's text has more parts, or one that is none of the three. */
enum rc signed_text_split(const struct signature_scheme *scheme, struct slice id, struct slice time,
                          struct slice body, struct signed_text *text) MUST_CHECK;
/* The HMAC under this key, encoded as the scheme says. */
enum rc signed_text_mac(const struct signature_scheme *scheme, const struct signature_key *key,
                        const struct signed_text *text, struct arena *arena,
                        struct slice *mac) MUST_CHECK;
/* Makes one part of them, in `arena`: GnuTLS verifies one piece. */
enum rc signed_text_join(struct signed_text *text, struct arena *arena) MUST_CHECK;
/* RC_OK or RC_DENIED for a proof of the asymmetric kinds; of a text that was joined. */
enum rc signed_text_verify(const struct signature_scheme *scheme, const struct signature_key *key,
                           const struct signed_text *text, struct slice proof,
                           struct arena *arena) MUST_CHECK;
