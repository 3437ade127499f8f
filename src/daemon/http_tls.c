#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/daemon/http_tls_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 16
#define FILE_MAX_BYTES ((size_t)1 << 20)

/* A certificate with its issuers, and its key. Handshakes that go on may still use one that was replaced: it stays until the end, as renewals are rare. */
struct pair {
    struct pair *older;
    struct sha256 files; /* of both */
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned chain_len;
    gnutls_privkey_t key;
};

struct http_tls {
    char *cert_path, *key_path;
    pthread_mutex_t lock; /* of `newest` */
    struct pair *newest;
};

static enum rc report(struct problems *problems, const char *path, enum rc rc, const char *why)
{
    problems_add(problems, PROBLEM_ERROR, slice_of(path), 0, 0, "cannot be used for TLS: %s", why);
    return rc;
}

/* -- one pair -- */

static void free_pair(struct pair *pair)
{
    if (!pair)
        return;
    for (unsigned i = 0; i < pair->chain_len; i++)
        gnutls_pcert_deinit(&pair->chain[i]);
    if (pair->key)
        gnutls_privkey_deinit(pair->key);
    free(pair);
}

static enum rc read_chain(const char *path, const gnutls_datum_t *pem, struct problems *problems,
                          struct pair *pair)
{
    unsigned n_certificates = CHAIN_MAX;
    int error = gnutls_pcert_list_import_x509_raw(pair->chain, &n_certificates, pem,
                                                  GNUTLS_X509_FMT_PEM, 0);

    if (error < 0)
        return report(problems, path, RC_INVALID, gnutls_strerror(error));
    pair->chain_len = n_certificates;
    return n_certificates ? RC_OK : report(problems, path, RC_INVALID, "no certificate is in it");
}

static enum rc read_key(const char *path, const gnutls_datum_t *pem, struct problems *problems,
                        struct pair *pair)
{
    int error = gnutls_privkey_init(&pair->key);

    if (error >= 0)
        error = gnutls_privkey_import_x509_raw(pair->key, pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    return error < 0 ? report(problems, path, RC_INVALID, gnutls_strerror(error)) : RC_OK;
}

/* A new certificate beside the old key: another program is writing them. */
static enum rc check_fit(const char *path, struct problems *problems, const struct pair *pair)
{
    unsigned char ours[64], theirs[64];
    size_t n_ours = sizeof ours, n_theirs = sizeof theirs;
    gnutls_pubkey_t key;
    bool fits = false;

    if (gnutls_pubkey_init(&key) < 0)
        return RC_NO_MEMORY;
    if (gnutls_pubkey_import_privkey(key, pair->key, 0, 0) >= 0 &&
        gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, ours, &n_ours) >= 0 &&
        gnutls_pubkey_get_key_id(pair->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, theirs,
                                 &n_theirs) >= 0)
        fits = n_ours == n_theirs && memcmp(ours, theirs, n_ours) == 0;
    gnutls_pubkey_deinit(key);
    return fits ? RC_OK
                : report(problems, path, RC_INVALID, "it is not the key of the certificate");
}

static enum rc read_one(const char *path, struct arena *arena, struct problems *problems,
                        struct slice *text)
{
    enum rc rc = file_read(path, FILE_MAX_BYTES, arena, text);

    return rc ? report(problems, path, rc, rc_text(rc)) : RC_OK;
}

static enum rc make_pair(const struct http_tls *tls, struct slice cert, struct slice key,
                         struct problems *problems, struct pair **pair)
{
    const gnutls_datum_t cert_pem = { (unsigned char *)(uintptr_t)cert.ptr, (unsigned)cert.len };
    const gnutls_datum_t key_pem = { (unsigned char *)(uintptr_t)key.ptr, (unsigned)key.len };
    struct pair *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    rc = read_chain(tls->cert_path, &cert_pem, problems, made);
    if (!rc)
        rc = read_key(tls->key_path, &key_pem, problems, made);
    if (!rc)
        rc = check_fit(tls->key_path, problems, made);
    if (rc) {
        free_pair(made);
        return rc;
    }
    *pair = made;
    return RC_OK;
}

static void use(struct http_tls *tls, struct pair *pair)
{
    pthread_mutex_lock(&tls->lock);
    pair->older = tls->newest;
    tls->newest = pair;
    pthread_mutex_unlock(&tls->lock);
}

static enum rc take(struct http_tls *tls, struct slice cert, struct slice key,
                    struct problems *problems, bool *renewed)
{
    const struct slice files[] = { cert, key };
    struct sha256 digest;
    struct pair *pair;
    enum rc rc = sha256_of_parts(files, 2, &digest);

    if (rc)
        return rc;
    if (tls->newest && memcmp(&digest, &tls->newest->files, sizeof digest) == 0)
        return RC_OK;
    rc = make_pair(tls, cert, key, problems, &pair);
    if (rc)
        return rc;
    pair->files = digest;
    use(tls, pair);
    *renewed = true;
    return RC_OK;
}

/* -- life -- */

enum rc http_tls_renew(struct http_tls *tls, struct problems *problems, bool *renewed)
{
    struct arena *arena;
    struct slice cert, key;
    enum rc rc = arena_new(3 * FILE_MAX_BYTES, &arena);

    *renewed = false;
    if (rc)
        return rc;
    rc = read_one(tls->cert_path, arena, problems, &cert);
    if (!rc)
        rc = read_one(tls->key_path, arena, problems, &key);
    if (!rc)
        rc = take(tls, cert, key, problems, renewed);
    arena_free(arena);
    return rc;
}

enum rc http_tls_new(struct slice cert_path, struct slice key_path, struct problems *problems,
                     struct http_tls **tls)
{
    struct http_tls *made = calloc(1, sizeof *made);
    bool renewed;
    enum rc rc = RC_NO_MEMORY;

    if (!made)
        return RC_NO_MEMORY;
    pthread_mutex_init(&made->lock, NULL);
    made->cert_path = strndup(cert_path.ptr, cert_path.len);
    made->key_path = strndup(key_path.ptr, key_path.len);
    if (made->cert_path && made->key_path)
        rc = http_tls_renew(made, problems, &renewed);
    if (rc)
        http_tls_free(made);
    else
        *tls = made;
    return rc;
}

void http_tls_free(struct http_tls *tls)
{
    if (!tls)
        return;
    while (tls->newest) {
        struct pair *older = tls->newest->older;

        free_pair(tls->newest);
        tls->newest = older;
    }
    pthread_mutex_destroy(&tls->lock);
    free(tls->cert_path);
    free(tls->key_path);
    free(tls);
}

/* -- connections -- */

static gnutls_session_t session_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    return info ? info->tls_session : NULL;
}

void http_tls_begin(struct http_tls *tls, struct MHD_Connection *mhd)
{
    gnutls_session_t session = session_of(mhd);

    /* libmicrohttpd uses the pointer for pre-shared keys alone, which there are none of. */
    if (session)
        gnutls_session_set_ptr(session, tls);
}

int http_tls_choose(gnutls_session_t session, const gnutls_datum_t *issuers, int n_issuers,
                    const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
                    gnutls_pcert_st **chain, unsigned *chain_len, gnutls_privkey_t *key)
{
    struct http_tls *tls = gnutls_session_get_ptr(session);
    struct pair *pair;

    (void)issuers;
    (void)n_issuers;
    (void)algorithms;
    (void)n_algorithms;
    if (!tls)
        return -1;
    pthread_mutex_lock(&tls->lock);
    pair = tls->newest;
    pthread_mutex_unlock(&tls->lock);
    *chain = pair->chain;
    *chain_len = pair->chain_len;
    *key = pair->key;
    return 0;
}

void http_tls_send_last(struct MHD_Connection *mhd, struct slice bytes)
{
    gnutls_session_t session = session_of(mhd);

    if (!session)
        return;
    (void)gnutls_record_send(session, bytes.ptr, bytes.len);
    (void)gnutls_bye(session, GNUTLS_SHUT_WR);
}
