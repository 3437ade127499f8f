/* slack_signature.h - did Slack write this request? Its signature v0, over the raw bytes.
 *
 *     X-Slack-Request-Timestamp: 1531420618
 *     X-Slack-Signature: v0= and 64 lower-case hex characters, HMAC-SHA256 under the signing secret of "v0:" timestamp ":" body
 *
 * docs.slack.dev "Verifying requests from Slack". The secret is taken as the text it is, although it looks like hex. One header of each name, no more; several secrets
 * of ours are tried while they are rotated; the timestamp may be 300 s away from the real time, on either side, and not one more. */
#pragma once

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/store/journal.h"

#define SLACK_WINDOW_MS (300 * SECOND_MS)

/* What a request that passed is known by: while it would pass again, it can be told from others. */
struct slack_proof {
    struct sha256 mac;
    int64_t until_ms; /* real time: from then on the window refuses it anyway */
};

/* RC_OK, or RC_DENIED: one answer for missing, doubled, malformed, too old, too new and wrong. `real_ms`: clock_real_ms. */
enum rc slack_signature_check(struct slice_list secrets, const struct header *headers,
                              size_t n_headers, struct slice body, int64_t real_ms,
                              struct slack_proof *proof) MUST_CHECK;
