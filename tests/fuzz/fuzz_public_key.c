/* Any bytes as a public key, whichever way it is written: refused, or one that no made-up signature is right for.
 *
 * Input: a byte that picks the form, then the key. */
#include "src/base/public_key.h"
#include "tests/fuzz/fuzz.h"

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

static enum rc read_certificate(struct slice text, struct public_key **key)
{
    return public_key_of_certificate(text, NOW_MS, key);
}

static enum rc (*const readers[])(struct slice text, struct public_key **key) = {
    public_key_of_pem,
    read_certificate,
    public_key_of_ed25519,
};

/* 64 bytes are as long as a signature of Ed25519, the whole is as long as whatever the key says. */
static void try_signatures(const struct public_key *key, struct slice text)
{
    static const char long_enough[64] = "no signature";
    const struct slice signatures[] = { SLICE(""), { long_enough, sizeof long_enough }, text };

    for (int algorithm = PUBLIC_KEY_RSA_SHA1; algorithm <= PUBLIC_KEY_ED25519; algorithm++) {
        for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
            CLAIM(public_key_verify(key, (enum public_key_algorithm)algorithm, SLICE("hello"),
                                    signatures[i]) == RC_DENIED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = fuzz_input(data, size);
    struct public_key *key = NULL;
    enum rc rc = readers[fuzz_cut_byte(&text) % 3](text, &key);

    CLAIM(rc == RC_OK || rc == RC_INVALID || rc == RC_TIMEOUT);
    CLAIM((rc == RC_OK) == (key != NULL));
    if (!rc)
        try_signatures(key, text);
    public_key_free(key);
    return 0;
}
