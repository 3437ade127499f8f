#include "actions/channels/slack_signature.h"

#include "src/base/buffer.h"
#include "src/store/headers.h"

#define PREFIX SLICE("v0=")
#define TIMESTAMP_MAX_BYTES 12 /* seconds for the next 30,000 years */

/* Digits alone: what is signed is the header as it came, so nothing may be read into it in two ways. */
static enum rc read_timestamp(struct slice text, int64_t *at_s)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return RC_DENIED;
    if (text.len > TIMESTAMP_MAX_BYTES || slice_to_int(text, at_s))
        return RC_DENIED;
    return RC_OK;
}

static bool is_within(int64_t at_s, int64_t real_ms)
{
    int64_t away_s = real_ms / SECOND_MS - at_s;

    return away_s >= -SLACK_WINDOW_MS / SECOND_MS && away_s <= SLACK_WINDOW_MS / SECOND_MS;
}

static enum rc compare(struct slice secret, struct slice signed_text, struct slice given,
                       struct sha256 *mac)
{
    char hex[SHA256_HEX_BYTES];
    enum rc rc = hmac_sha256(secret, signed_text, mac);

    if (rc)
        return rc;
    hex_format(mac->bytes, sizeof mac->bytes, hex);
    return digest_eq(given, slice_of(hex)) ? RC_OK : RC_DENIED;
}

static enum rc check_secrets(struct slice_list secrets, struct slice timestamp, struct slice body,
                             struct slice given, struct sha256 *mac)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    buffer_add(&text, SLICE("v0:"));
    buffer_add(&text, timestamp);
    buffer_add(&text, SLICE(":"));
    buffer_add(&text, body);
    rc = buffer_rc(&text);
    if (!rc)
        rc = RC_DENIED;
    for (size_t i = 0; i < secrets.n_items && rc == RC_DENIED; i++)
        rc = compare(secrets.items[i], buffer_slice(&text), given, mac);
    buffer_free(&text);
    return rc;
}

enum rc slack_signature_check(struct slice_list secrets, const struct header *headers,
                              size_t n_headers, struct slice body, int64_t real_ms,
                              struct slack_proof *proof)
{
    struct slice timestamp, given;
    int64_t at_s;

    if (header_get(headers, n_headers, "X-Slack-Request-Timestamp", &timestamp) ||
        header_get(headers, n_headers, "X-Slack-Signature", &given) ||
        read_timestamp(timestamp, &at_s) || !is_within(at_s, real_ms) ||
        !slice_starts(given, PREFIX))
        return RC_DENIED;
    given = (struct slice){ given.ptr + PREFIX.len, given.len - PREFIX.len };
    proof->until_ms = at_s * SECOND_MS + SLACK_WINDOW_MS + SECOND_MS;
    return check_secrets(secrets, timestamp, body, given, &proof->mac);
}
