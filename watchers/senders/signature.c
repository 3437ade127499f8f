#include "watchers/senders/signature.h"

#include "src/base/digest.h"
#include "src/store/headers.h"

/* The prefix of a token is an authentication scheme, whose case says nothing (RFC 9110); that of a signature is taken literally. */
static bool has_prefix(const struct signature_scheme *scheme, struct slice value,
                       struct slice prefix)
{
    if (value.len < prefix.len)
        return false;
    if (scheme->kind == SIGNATURE_TOKEN)
        return slice_eq_nocase((struct slice){ value.ptr, prefix.len }, prefix);
    return slice_starts(value, prefix);
}

static enum rc check_hmac(struct slice secret, struct slice body, struct slice given)
{
    struct sha256 mac;
    char hex[SHA256_HEX_BYTES];
    enum rc rc;

    rc = hmac_sha256(secret, body, &mac);
    if (rc)
        return rc;
    hex_format(mac.bytes, sizeof mac.bytes, hex);
    return digest_eq(given, slice_of(hex)) ? RC_OK : RC_DENIED;
}

static enum rc check_one(const struct signature_scheme *scheme, struct slice secret,
                         struct slice body, struct slice given)
{
    if (scheme->kind == SIGNATURE_HMAC)
        return check_hmac(secret, body, given);
    return digest_eq(given, secret) ? RC_OK : RC_DENIED;
}

enum rc signature_check(const struct signature_scheme *scheme, struct slice_list secrets,
                        const struct header *headers, size_t n_headers, struct slice body)
{
    const struct slice prefix = slice_of(scheme->prefix);
    struct slice given;
    enum rc rc = RC_DENIED;

    if (header_get(headers, n_headers, scheme->header, &given) != RC_OK)
        return RC_DENIED;
    if (!has_prefix(scheme, given, prefix))
        return RC_DENIED;
    given = (struct slice){ given.ptr + prefix.len, given.len - prefix.len };
    for (size_t i = 0; i < secrets.n_items && rc == RC_DENIED; i++)
        rc = check_one(scheme, secrets.items[i], body, given);
    return rc;
}

enum rc signature_make(const struct signature_scheme *scheme, struct slice secret,
                       struct slice body, struct arena *arena, struct header *header)
{
    struct sha256 mac;
    char hex[SHA256_HEX_BYTES];
    struct slice proof = secret;
    enum rc rc;

    if (scheme->kind == SIGNATURE_HMAC) {
        rc = hmac_sha256(secret, body, &mac);
        if (rc)
            return rc;
        proof = slice_of(hex_format(mac.bytes, sizeof mac.bytes, hex));
    }
    header->name = slice_of(scheme->header);
    return arena_format(arena, &header->value, "%s%.*s", scheme->prefix, SLICE_ARG(proof));
}
