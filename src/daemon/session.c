#include "src/daemon/session.h"

#include "src/base/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SESSIONS 256
#define MAX_CODES 8
#define MAX_TRIED 256 /* addresses that are remembered */
#define PERSON_BYTES 128
#define ADDRESS_BYTES 64
#define SECRET_BYTES 32

struct session {
    struct sha256 digest; /* of the cookie's value */
    int64_t ends_ms;      /* 0: free */
    char person[PERSON_BYTES];
    size_t person_bytes;
};

struct code {
    struct sha256 digest;
    int64_t ends_ms;
};

struct tried {
    char address[ADDRESS_BYTES];
    size_t address_bytes;
    int64_t until_ms; /* end of its minute */
    unsigned n_failures;
};

struct sessions {
    pthread_mutex_t lock;
    struct session sessions[MAX_SESSIONS];
    struct code codes[MAX_CODES];
    struct tried tried[MAX_TRIED];
};

enum rc sessions_new(struct sessions **sessions)
{
    struct sessions *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    pthread_mutex_init(&made->lock, NULL);
    *sessions = made;
    return RC_OK;
}

void sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return;
    pthread_mutex_destroy(&sessions->lock);
    free(sessions);
}

static enum rc make_secret(char text[SESSION_TEXT_BYTES], struct sha256 *digest)
{
    uint8_t bytes[SECRET_BYTES];
    enum rc rc = random_bytes(bytes, sizeof bytes);

    if (rc)
        return rc;
    return sha256_of(slice_of(hex_format(bytes, sizeof bytes, text)), digest);
}

static bool is_same(const struct sha256 *a, const struct sha256 *b)
{
    return digest_eq((struct slice){ (const char *)a->bytes, sizeof a->bytes },
                     (struct slice){ (const char *)b->bytes, sizeof b->bytes });
}

/* --- sessions --- */

enum rc sessions_begin(struct sessions *sessions, struct slice person, int64_t now_ms,
                       char text[SESSION_TEXT_BYTES])
{
    struct session *place = &sessions->sessions[0];
    struct sha256 digest;
    enum rc rc;

    if (person.len > PERSON_BYTES)
        return RC_LIMIT;
    rc = make_secret(text, &digest);
    if (rc)
        return rc;
    pthread_mutex_lock(&sessions->lock);
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (sessions->sessions[i].ends_ms < place->ends_ms)
            place = &sessions->sessions[i];
    *place = (struct session){ .digest = digest,
                               .ends_ms = now_ms + SESSION_MS,
                               .person_bytes = person.len };
    memcpy(place->person, person.ptr, person.len);
    pthread_mutex_unlock(&sessions->lock);
    return RC_OK;
}

/* Under the lock. All are compared, so that the time taken tells nothing. */
static struct session *find_session(struct sessions *sessions, const struct sha256 *digest)
{
    struct session *found = NULL;

    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (sessions->sessions[i].ends_ms && is_same(&sessions->sessions[i].digest, digest))
            found = &sessions->sessions[i];
    return found;
}

enum rc sessions_find(struct sessions *sessions, struct slice text, int64_t now_ms,
                      struct arena *arena, struct slice *person)
{
    const struct session *session;
    struct sha256 digest;
    enum rc rc = sha256_of(text, &digest);

    if (rc)
        return rc;
    rc = RC_NOT_FOUND;
    pthread_mutex_lock(&sessions->lock);
    session = find_session(sessions, &digest);
    if (session && session->ends_ms > now_ms)
        rc = arena_copy(arena, (struct slice){ session->person, session->person_bytes }, person);
    pthread_mutex_unlock(&sessions->lock);
    return rc;
}

void sessions_end(struct sessions *sessions, struct slice text)
{
    struct session *session;
    struct sha256 digest;

    if (sha256_of(text, &digest))
        return;
    pthread_mutex_lock(&sessions->lock);
    session = find_session(sessions, &digest);
    if (session)
        *session = (struct session){ 0 };
    pthread_mutex_unlock(&sessions->lock);
}

struct slice sessions_cookie(struct slice cookie_header)
{
    struct slice found = { 0 };

    while (cookie_header.len) {
        struct slice value = slice_trim(slice_cut(&cookie_header, ';'));
        struct slice name = slice_cut(&value, '=');

        if (!slice_eq(name, SLICE(SESSION_COOKIE)))
            continue;
        /* A second one was set by somebody else (a neighbour domain): neither is trusted. */
        if (!slice_is_absent(found))
            return (struct slice){ 0 };
        found = value;
    }
    return found;
}

/* --- codes --- */

enum rc sessions_make_code(struct sessions *sessions, int64_t now_ms, char text[SESSION_TEXT_BYTES])
{
    struct code *place = &sessions->codes[0];
    struct sha256 digest;
    enum rc rc = make_secret(text, &digest);

    if (rc)
        return rc;
    pthread_mutex_lock(&sessions->lock);
    for (size_t i = 0; i < MAX_CODES; i++)
        if (sessions->codes[i].ends_ms < place->ends_ms)
            place = &sessions->codes[i];
    *place = (struct code){ .digest = digest, .ends_ms = now_ms + SESSION_CODE_MS };
    pthread_mutex_unlock(&sessions->lock);
    return RC_OK;
}

bool sessions_spend_code(struct sessions *sessions, struct slice text, int64_t now_ms)
{
    struct sha256 digest;
    bool is_good = false;

    if (sha256_of(text, &digest))
        return false;
    pthread_mutex_lock(&sessions->lock);
    for (size_t i = 0; i < MAX_CODES; i++) {
        struct code *code = &sessions->codes[i];

        if (code->ends_ms <= now_ms || !is_same(&code->digest, &digest))
            continue;
        is_good = true;
        *code = (struct code){ 0 };
    }
    pthread_mutex_unlock(&sessions->lock);
    return is_good;
}

/* --- attempts --- */

/* Under the lock. A row whose minute is over is as good as none. */
static struct tried *find_tried(struct sessions *sessions, struct slice address, int64_t now_ms)
{
    for (size_t i = 0; i < MAX_TRIED; i++) {
        struct tried *tried = &sessions->tried[i];

        if (tried->until_ms > now_ms &&
            slice_eq((struct slice){ tried->address, tried->address_bytes }, address))
            return tried;
    }
    return NULL;
}

static struct slice cut_address(struct slice address)
{
    return (struct slice){ address.ptr, address.len < ADDRESS_BYTES ? address.len : ADDRESS_BYTES };
}

bool sessions_may_try(struct sessions *sessions, struct slice address, int64_t now_ms)
{
    const struct tried *tried;
    bool may;

    pthread_mutex_lock(&sessions->lock);
    tried = find_tried(sessions, cut_address(address), now_ms);
    may = !tried || tried->n_failures < SESSION_MAX_FAILURES;
    pthread_mutex_unlock(&sessions->lock);
    return may;
}

void sessions_failed(struct sessions *sessions, struct slice address, int64_t now_ms)
{
    struct slice cut = cut_address(address);
    struct tried *tried;

    pthread_mutex_lock(&sessions->lock);
    tried = find_tried(sessions, cut, now_ms);
    if (!tried) {
        tried = &sessions->tried[0];
        for (size_t i = 0; i < MAX_TRIED; i++)
            if (sessions->tried[i].until_ms < tried->until_ms)
                tried = &sessions->tried[i];
        *tried = (struct tried){ .until_ms = now_ms + MINUTE_MS, .address_bytes = cut.len };
        if (cut.len)
            memcpy(tried->address, cut.ptr, cut.len);
    }
    tried->n_failures++;
    pthread_mutex_unlock(&sessions->lock);
}
