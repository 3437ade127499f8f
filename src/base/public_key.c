#include "src/base/public_key.h"

#include "src/base/clock.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdlib.h>

struct public_key {
    gnutls_pubkey_t handle;
};

static gnutls_datum_t datum_of(struct slice bytes)
{
    /* GnuTLS reads it, whatever the type says. */
    return (gnutls_datum_t){ .data = (unsigned char *)(uintptr_t)bytes.ptr,
                             .size = (unsigned)bytes.len };
}

static enum rc new_key(struct public_key **key)
{
    *key = calloc(1, sizeof **key);
    if (!*key)
        return RC_NO_MEMORY;
    if (gnutls_pubkey_init(&(*key)->handle) < 0) {
        free(*key);
        *key = NULL;
        return RC_NO_MEMORY;
    }
    return RC_OK;
}

static enum rc keep_if(bool taken, struct public_key **key)
{
    if (taken)
        return RC_OK;
    public_key_free(*key);
    *key = NULL;
    return RC_INVALID;
}

enum rc public_key_of_pem(struct slice pem, struct public_key **key)
{
    const gnutls_datum_t text = datum_of(pem);
    enum rc rc = new_key(key);

    if (rc)
        return rc;
    return keep_if(gnutls_pubkey_import((*key)->handle, &text, GNUTLS_X509_FMT_PEM) >= 0, key);
}

static bool is_valid_at(gnutls_x509_crt_t certificate, int64_t now_ms)
{
    const int64_t now = now_ms / SECOND_MS;

    return gnutls_x509_crt_get_activation_time(certificate) <= now &&
           now <= gnutls_x509_crt_get_expiration_time(certificate);
}

enum rc public_key_of_certificate(struct slice pem, int64_t now_ms, struct public_key **key)
{
    const gnutls_datum_t text = datum_of(pem);
    gnutls_x509_crt_t certificate;
    enum rc rc = new_key(key);
    bool taken = false;

    if (rc)
        return rc;
    if (gnutls_x509_crt_init(&certificate) < 0) {
        public_key_free(*key);
        *key = NULL;
        return RC_NO_MEMORY;
    }
    if (gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) >= 0)
        taken = gnutls_pubkey_import_x509((*key)->handle, certificate, 0) >= 0;
    rc = keep_if(taken, key);
    if (!rc && !is_valid_at(certificate, now_ms)) {
        (void)keep_if(false, key);
        rc = RC_TIMEOUT;
    }
    gnutls_x509_crt_deinit(certificate);
    return rc;
}

enum rc public_key_of_ed25519(struct slice bytes, struct public_key **key)
{
    const gnutls_datum_t x = datum_of(bytes);
    enum rc rc;

    if (bytes.len != ED25519_KEY_BYTES)
        return RC_INVALID;
    rc = new_key(key);
    if (rc)
        return rc;
    return keep_if(
        gnutls_pubkey_import_ecc_raw((*key)->handle, GNUTLS_ECC_CURVE_ED25519, &x, NULL) >= 0, key);
}

void public_key_free(struct public_key *key)
{
    if (!key)
        return;
    gnutls_pubkey_deinit(key->handle);
    free(key);
}

/* SHA-1 is broken for collisions, not for forging what somebody else signs; those two senders offer nothing better. */
static const struct {
    gnutls_pk_algorithm_t key;
    gnutls_sign_algorithm_t sign;
    unsigned flags;
} algorithms[] = {
    [PUBLIC_KEY_RSA_SHA1] = { GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA1,
                              GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 },
    [PUBLIC_KEY_RSA_SHA256] = { GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA256, 0 },
    [PUBLIC_KEY_ED25519] = { GNUTLS_PK_EDDSA_ED25519, GNUTLS_SIGN_EDDSA_ED25519, 0 },
};

enum rc public_key_verify(const struct public_key *key, enum public_key_algorithm algorithm,
                          struct slice bytes, struct slice signature)
{
    const gnutls_datum_t data = datum_of(bytes), proof = datum_of(signature);

    if (!signature.len ||
        gnutls_pubkey_get_pk_algorithm(key->handle, NULL) != (int)algorithms[algorithm].key)
        return RC_DENIED;
    if (gnutls_pubkey_verify_data2(key->handle, algorithms[algorithm].sign,
                                   algorithms[algorithm].flags, &data, &proof) < 0)
        return RC_DENIED;
    return RC_OK;
}
