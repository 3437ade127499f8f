/* sns.h - did Amazon SNS write it? Signatures of its messages, which stand in the message itself, and the URLs in it that we may ask.
 *
 * Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages". Version 1 is RSA over SHA-1, version 2 over SHA-256. */
#pragma once

#include "src/base/json.h"
#include "watchers/senders/signature.h"

/* https, no port, no user, a host of SNS in some region; nothing else is ever asked. */
bool sns_is_own_url(struct slice url);
/* Such a URL of a certificate: its path ends in ".pem", and nothing follows. */
bool sns_is_certificate_url(struct slice url);
/* What is signed of the message, in `arena`. RC_DENIED where a member has no text. */
enum rc sns_signed_text(const struct json *message, struct arena *arena,
                        struct slice *text) MUST_CHECK;
/* RC_DENIED: not signed by the holder of `key`, or in no version that we know. */
enum rc sns_check(const struct json *message, const struct public_key *key,
                  struct arena *arena) MUST_CHECK;
