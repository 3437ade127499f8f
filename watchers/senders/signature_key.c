/* Secrets as they stand in the configuration, decoded once. */
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "watchers/senders/signature.h"

#include <string.h>

static struct slice without(struct slice text, const char *prefix)
{
    const struct slice head = slice_of(prefix);

    if (!slice_starts(text, head))
        return text;
    return (struct slice){ text.ptr + head.len, text.len - head.len };
}

/* Secrets are handed about without their padding, and cut: bits that fill no byte are passed over, as the senders' own libraries do. */
static enum rc decode_secret(struct slice text, struct arena *arena, struct slice *bytes)
{
    struct slice filled;
    enum rc rc;

    for (int i = 0; i < 2 && text.len % 4 != 1 && slice_ends(text, SLICE("=")); i++)
        text.len--;
    /* A NUL would end what is decoded before the length that is told of it. */
    if (text.len % 4 == 1 || (text.len && memchr(text.ptr, '\0', text.len)))
        return RC_INVALID;
    rc = arena_format(arena, &filled, "%.*s%.*s", SLICE_ARG(text), (int)((4 - text.len % 4) % 4),
                      "AA"); /* zeros */
    if (!rc)
        rc = base64_decode(filled, arena, bytes);
    if (!rc)
        bytes->len = text.len * 3 / 4;
    return rc;
}

static enum rc refuse(const char *why, const char **problem)
{
    *problem = why;
    return RC_INVALID;
}

static enum rc read_text(struct slice secret, struct arena *arena, struct signature_key *key,
                         const char **problem)
{
    (void)arena;
    (void)problem;
    key->bytes = secret;
    return RC_OK;
}

static enum rc read_base64(struct slice secret, struct arena *arena, struct signature_key *key,
                           const char **problem)
{
    enum rc rc = decode_secret(without(secret, "whsec_"), arena, &key->bytes);

    if (rc == RC_INVALID || (!rc && !key->bytes.len))
        return refuse("is not base64, as `whsec_…` is", problem);
    return rc;
}

static enum rc read_basic(struct slice secret, struct arena *arena, struct signature_key *key,
                          const char **problem)
{
    if (!memchr(secret.ptr, ':', secret.len))
        return refuse("must be `user:password`", problem);
    return base64_encode(secret, arena, &key->bytes);
}

static enum rc read_ed25519(struct slice secret, struct arena *arena, struct signature_key *key,
                            const char **problem)
{
    struct slice bytes;
    enum rc rc = decode_secret(without(secret, "whpk_"), arena, &bytes);

    if (!rc)
        rc = public_key_of_ed25519(bytes, &key->public_key);
    if (rc == RC_INVALID)
        return refuse("is no Ed25519 key: 32 bytes as base64, as `whpk_…`", problem);
    return rc;
}

static enum rc read_pem(struct slice secret, struct arena *arena, struct signature_key *key,
                        const char **problem)
{
    enum rc rc = public_key_of_pem(secret, &key->public_key);

    (void)arena;
    if (rc == RC_INVALID)
        return refuse("is no public key in PEM (-----BEGIN PUBLIC KEY-----)", problem);
    return rc;
}

static enum rc read_certificate(struct slice secret, struct arena *arena, struct signature_key *key,
                                const char **problem)
{
    enum rc rc = public_key_of_certificate(secret, clock_real_ms(), &key->public_key);

    (void)arena;
    if (rc == RC_INVALID)
        return refuse("is no certificate in PEM (-----BEGIN CERTIFICATE-----)", problem);
    if (rc == RC_TIMEOUT)
        return refuse("is a certificate that is not valid now", problem);
    return rc;
}

static enum rc (*const readers[])(struct slice secret, struct arena *arena,
                                  struct signature_key *key, const char **problem) = {
    [KEY_TEXT] = read_text,       [KEY_BASE64] = read_base64, [KEY_BASIC] = read_basic,
    [KEY_ED25519] = read_ed25519, [KEY_PEM] = read_pem,       [KEY_CERTIFICATE] = read_certificate,
};

enum rc signature_key(const struct signature_scheme *scheme, struct slice secret,
                      struct arena *arena, struct signature_key *key, const char **problem)
{
    *key = (struct signature_key){ 0 };
    *problem = NULL;
    /* Nobody could ever send it. */
    if (scheme->kind == SIGNATURE_TOKEN && scheme->key_form == KEY_TEXT &&
        slice_has_control(secret))
        return refuse("holds a control character, which no header can carry", problem);
    return readers[scheme->key_form](secret, arena, key, problem);
}

void signature_keys_free(struct signature_keys keys)
{
    for (size_t i = 0; i < keys.n_items; i++)
        public_key_free(keys.items[i].public_key);
}
