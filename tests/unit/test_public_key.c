#include "src/base/public_key.h"

#include "src/base/clock.h"
#include "src/base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Made with openssl for this test alone: `hello`, signed. */
static const char rsa_key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmkk7A7jkmDvPhEAWJuvZ\n"
                              "lHAa0hA87qoxIOt/0aorIfQrQsigclrhxr2UiO+dXVKmrVUECz9WSfUYJsKMBnNf\n"
                              "GklZJL8DbGu5T2nF23+QQn/tP3ZdUCh9e6CXpZ9/Nbt2ehHfAmZh04al58JgDcdH\n"
                              "Vut9AtrwaL4mJ6kbywv0PBoVyPsc80vYaEYOPakKO+nWdOINUbTn1hMdsJuHQ1vY\n"
                              "RNTdwv28QHmJtNN6qOlxOJXH0lDmkRr0n8BsVKLQnkqg6rD/fSFvHRYsuVO7vifU\n"
                              "9OqIfn8+7Le9Jnv2fTMwoPX6VpkHhl29uEw0IQIUpW3/p0mbxzsxDnykJLrnV+LF\n"
                              "QwIDAQAB\n"
                              "-----END PUBLIC KEY-----\n";
static const char rsa_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDBzCCAe+gAwIBAgIUceOW0cemdygx8YdgHC1RmcaKvnAwDQYJKoZIhvcNAQEL\n"
    "BQAwEzERMA8GA1UEAwwIc25zLnRlc3QwHhcNMjYxMTI5MjMwOTE3WhcNMzYxMTI2\n"
    "MjMwOTE3WjATMREwDwYDVQQDDAhzbnMudGVzdDCCASIwDQYJKoZIhvcNAQEBBQAD\n"
    "ggEPADCCAQoCggEBAJpJOwO45Jg7z4RAFibr2ZRwGtIQPO6qMSDrf9GqKyH0K0LI\n"
    "oHJa4ca9lIjvnV1Spq1VBAs/Vkn1GCbCjAZzXxpJWSS/A2xruU9pxdt/kEJ/7T92\n"
    "XVAofXugl6WffzW7dnoR3wJmYdOGpefCYA3HR1brfQLa8Gi+JiepG8sL9DwaFcj7\n"
    "HPNL2GhGDj2pCjvp1nTiDVG059YTHbCbh0Nb2ETU3cL9vEB5ibTTeqjpcTiVx9JQ\n"
    "5pEa9J/AbFSi0J5KoOqw/30hbx0WLLlTu74n1PTqiH5/Puy3vSZ79n0zMKD1+laZ\n"
    "B4ZdvbhMNCECFKVt/6dJm8c7MQ58pCS651fixUMCAwEAAaNTMFEwHQYDVR0OBBYE\n"
    "FPIjTUW9OiuHmhahWaio9t4zF9/OMB8GA1UdIwQYMBaAFPIjTUW9OiuHmhahWaio\n"
    "9t4zF9/OMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAB3hOAXh\n"
    "pSuGrrRVsJEdlnPidnMZOfQ2RrVOFDjkUziWWRudbnAhi3RFzD2nE5nGX1yruN12\n"
    "+6FbJ+6ztKADQDdNr3qtK9+Jz5wfFN+sIxw0UUc6dNLyfX4pQALl9t8rMaHZVl3O\n"
    "P/RQVbFBf2sV9H0ThApJjwlGol1eiYx28Q0CkzZM1P3HtLo8OWbH2u3cAJPGwWEK\n"
    "D6kiBk6XSPR9X3zvy5tnki1tSX3fIT5FuX/sB3gu5rDRNnNt7EZu7ruMlPJ8Gs0B\n"
    "cQQ3llTrJG1AFyBkN1u3mbGRK/P7+qD8YgU2pjLDaQ7IetTV1UjBBRt96ROorbX2\n"
    "yC/IhwMVKCXR1ZY=\n"
    "-----END CERTIFICATE-----\n";
static const char rsa_sha1[] =
    "lSD4ZJpdvlQmpqW9haR4eAOP+KZ69XjWKjPljSN4gJNJW/XQGF9oOjlq7/c3tcQind23di3UUdREB0vzgEnTtAIU"
    "TCBBNcvxi84rVb/gaOEsvU1rnbd0f90i62RY5c0rSkBHxWxP4pmwmIFUCc9vPjYghfdGZL/HjGGxrUC3J+a85lZQ"
    "6LBduG3597haXij2f+UasOfV3d9n4hPXaFazVGMvJ2a2o/1uwPdm9owes3P9/KmBWcsPBEd6sW3uG+wdqHqnlgyf"
    "WvsbIsLeheHKfo3BgDlJI8/LQ0r4uTbeqZcCSOpYKNN0QRoHyDoUvZcjoYMmQeZ0EIFnDKI5G1NZ/A==";
static const char rsa_sha256[] =
    "I4iyj3zzV9Mvk3eeT4g2xjrx3YWUBFQ7SpIxW8fbNTW9Jr4YliTKEkG1fh1nspz5p7uWfSSu3CW+rGHyIu2VZjOG"
    "1w1ut9tsldeABK5pvlkUFshwDs18Rzwj3Gk7jIMU6oqyNYU3Kn6FZFrZhQDJaDbX6BPzfz8t8Q/4CEER7axsPAFu"
    "rHiINOssI2f2lqStMI3cBmvTFRb88XlsP9psLysjPxbiom6xpgZvcHO+g2J5Tx27fAeHjuhwcF7uUve3pIP0jfLa"
    "jJ5nAvRyNpzDGOg5dNlujygL6U+lhYuYj+HMWYEnayIdWetHhf4DPuYapREsHyWT554DFHvJPnRodg==";

/* RFC 8032, 7.1, test 2: the byte 0x72. */
#define ED25519_KEY "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
#define ED25519_SIGNATURE                                                                          \
    "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA=="

#define IN_2030_MS INT64_C(1893456000000)

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    return arena_new((size_t)1 << 20, &arena) || digest_init() ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct slice decoded(const char *base64)
{
    struct slice bytes;

    assert_int_equal(base64_decode(slice_of(base64), arena, &bytes), RC_OK);
    return bytes;
}

static void only_what_was_signed_by_the_other_half_of_the_key_is_accepted(void **state)
{
    static const struct {
        const char *what;
        enum public_key_algorithm algorithm;
        const char *text, *signature;
        enum rc expected;
    } cases[] = {
        { "SHA-1", PUBLIC_KEY_RSA_SHA1, "hello", rsa_sha1, RC_OK },
        { "SHA-256", PUBLIC_KEY_RSA_SHA256, "hello", rsa_sha256, RC_OK },
        { "another text", PUBLIC_KEY_RSA_SHA256, "hellp", rsa_sha256, RC_DENIED },
        { "SHA-1 said to be SHA-256", PUBLIC_KEY_RSA_SHA256, "hello", rsa_sha1, RC_DENIED },
        { "SHA-256 said to be SHA-1", PUBLIC_KEY_RSA_SHA1, "hello", rsa_sha256, RC_DENIED },
        { "a key of another kind", PUBLIC_KEY_ED25519, "hello", rsa_sha1, RC_DENIED },
        { "cut", PUBLIC_KEY_RSA_SHA1, "hello", "lSD4", RC_DENIED },
        { "empty", PUBLIC_KEY_RSA_SHA1, "hello", "", RC_DENIED },
    };
    struct public_key *key;

    (void)state;
    assert_int_equal(public_key_of_pem(slice_of(rsa_key), &key), RC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].what);
        assert_int_equal(public_key_verify(key, cases[i].algorithm, slice_of(cases[i].text),
                                           decoded(cases[i].signature)),
                         cases[i].expected);
    }
    public_key_free(key);
}

static void ed25519_is_verified_as_in_rfc_8032(void **state)
{
    struct public_key *key;

    (void)state;
    assert_int_equal(public_key_of_ed25519(decoded(ED25519_KEY), &key), RC_OK);
    assert_int_equal(
        public_key_verify(key, PUBLIC_KEY_ED25519, SLICE("r"), decoded(ED25519_SIGNATURE)), RC_OK);
    assert_int_equal(
        public_key_verify(key, PUBLIC_KEY_ED25519, SLICE("s"), decoded(ED25519_SIGNATURE)),
        RC_DENIED);
    public_key_free(key);
}

static void a_certificate_counts_while_it_is_valid(void **state)
{
    struct public_key *key;

    (void)state;
    assert_int_equal(public_key_of_certificate(slice_of(rsa_certificate), IN_2030_MS, &key), RC_OK);
    assert_int_equal(
        public_key_verify(key, PUBLIC_KEY_RSA_SHA256, SLICE("hello"), decoded(rsa_sha256)), RC_OK);
    public_key_free(key);
    assert_int_equal(
        public_key_of_certificate(slice_of(rsa_certificate), IN_2030_MS + 10 * 366 * DAY_MS, &key),
        RC_TIMEOUT);
    assert_null(key);
    assert_int_equal(public_key_of_certificate(slice_of(rsa_certificate), 0, &key), RC_TIMEOUT);
}

static void what_is_no_key_is_none(void **state)
{
    struct public_key *key;

    (void)state;
    assert_int_equal(public_key_of_pem(SLICE("no key"), &key), RC_INVALID);
    assert_int_equal(public_key_of_pem(slice_of(rsa_certificate), &key), RC_INVALID);
    assert_int_equal(public_key_of_certificate(SLICE(""), IN_2030_MS, &key), RC_INVALID);
    assert_int_equal(public_key_of_ed25519(SLICE("thirty-one bytes, which is too few"), &key),
                     RC_INVALID);
    public_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_signed_by_the_other_half_of_the_key_is_accepted),
        cmocka_unit_test(ed25519_is_verified_as_in_rfc_8032),
        cmocka_unit_test(a_certificate_counts_while_it_is_valid),
        cmocka_unit_test(what_is_no_key_is_none),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
