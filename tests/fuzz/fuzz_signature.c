/* Signatures of every scheme of every sender: nobody who lacks the key gets in, whoever has it does, and then not with another body nor at another time.
 *
 * Input: a byte that picks the scheme, a line with the secret (a carriage return in it is a line break), a line with what is signed (empty: as the scheme says), then as in request.h. */
#include "tests/fuzz/request.h"
#include "watchers/senders/sender.h"

#define MINUTE_MS 60000
#define MAX_SCHEMES 128

struct attempt {
    struct signature_scheme scheme;
    struct signature_key key;
    struct signature_input input;
};

static size_t list_schemes(const struct signature_scheme *schemes[MAX_SCHEMES])
{
    const struct sender *sender;
    size_t n_schemes = 0;

    for (size_t i = 0; (sender = sender_at(i)) != NULL; i++) {
        for (const struct signature_scheme *scheme = sender->schemes; scheme && scheme->name;
             scheme++) {
            CLAIM(n_schemes < MAX_SCHEMES);
            if (scheme->kind != SIGNATURE_IN_BODY)
                schemes[n_schemes++] = scheme;
        }
    }
    return n_schemes;
}

static enum rc check(const struct attempt *attempt)
{
    struct signature_key key = attempt->key;

    return signature_check(&attempt->scheme, (struct signature_keys){ &key, 1 }, &attempt->input);
}

/* What the input makes up. */
static void claim_no_forgery(const struct attempt *attempt)
{
    enum rc rc = check(attempt);

    CLAIM(rc == RC_OK || rc == RC_DENIED || rc == RC_TIMEOUT);
    if (attempt->scheme.kind == SIGNATURE_HMAC)
        CLAIM(rc == RC_DENIED);
}

static void claim_bound_to_body(struct attempt attempt)
{
    struct slice changed;

    CLAIM(!arena_format(attempt.input.arena, &changed, "%.*s!", SLICE_ARG(attempt.input.body)));
    attempt.input.body = changed;
    CLAIM(check(&attempt) == RC_DENIED);
}

static void claim_bound_to_time(struct attempt attempt)
{
    attempt.input.now_ms += attempt.scheme.tolerance_ms + MINUTE_MS;
    CLAIM(check(&attempt) == RC_TIMEOUT);
}

/* What the holder of the key makes of the same. */
static void claim_own_is_taken(struct attempt attempt)
{
    struct header made[SIGNATURE_MAX_HEADERS];
    struct signature_uses uses;
    size_t n_made;
    enum rc rc = signature_make(&attempt.scheme, &attempt.key, SLICE("id-1"), attempt.input.body,
                                FUZZ_NOW_MS, attempt.input.arena, made, &n_made);

    CLAIM(rc == RC_OK || rc == RC_DENIED);
    if (rc)
        return;
    attempt.input.headers = made;
    attempt.input.n_headers = n_made;
    CLAIM(check(&attempt) == RC_OK);
    if (attempt.scheme.kind == SIGNATURE_TOKEN)
        return;
    CLAIM(signature_uses(&attempt.scheme, &uses) == RC_OK);
    if (uses.body)
        claim_bound_to_body(attempt);
    if (attempt.scheme.tolerance_ms && !attempt.scheme.time_path)
        claim_bound_to_time(attempt);
}

/* PEM has lines. */
static struct slice with_lines(struct slice line, struct arena *arena)
{
    struct slice copy;
    char *bytes;

    CLAIM(arena_copy(arena, line, &copy) == RC_OK);
    bytes = (char *)(uintptr_t)copy.ptr;
    for (size_t i = 0; i < copy.len; i++) {
        if (bytes[i] == '\r')
            bytes[i] = '\n';
    }
    return copy;
}

/* The secret as the configuration has it: decoded, or refused with the reason. */
static bool take_key(struct attempt *attempt, struct slice secret)
{
    struct arena *arena = attempt->input.arena;
    const char *problem;
    enum rc rc =
        signature_key(&attempt->scheme, with_lines(secret, arena), arena, &attempt->key, &problem);

    CLAIM(rc == RC_OK || (rc == RC_INVALID && problem));
    return rc == RC_OK;
}

/* `signature:` of a configuration; false where that refuses it. */
static bool take_signed_text(struct attempt *attempt, struct slice over)
{
    struct signature_scheme *scheme = &attempt->scheme;
    struct signature_uses uses;
    struct slice copy;

    if (!over.len)
        return true;
    if (scheme->kind != SIGNATURE_HMAC || scheme->time_mark || scheme->time_path)
        return false;
    CLAIM(arena_copy(attempt->input.arena, over, &copy) == RC_OK);
    scheme->over = copy.ptr;
    if (signature_uses(scheme, &uses) != RC_OK || !uses.body)
        return false;
    scheme->id_header = uses.id ? "X-Id" : NULL;
    scheme->time_header = uses.time ? "X-Time" : NULL;
    scheme->tolerance_ms = uses.time ? 5 * MINUTE_MS : 0;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct signature_scheme *schemes[MAX_SCHEMES];
    struct header headers[FUZZ_MAX_HEADERS];
    struct webhook_request request = { 0 };
    struct slice rest = fuzz_input(data, size), secret, over;
    struct arena *arena = fuzz_arena();
    struct attempt attempt = { .input = { .now_ms = FUZZ_NOW_MS, .arena = arena } };

    attempt.scheme = *schemes[fuzz_cut_byte(&rest) % list_schemes(schemes)];
    secret = slice_cut(&rest, '\n');
    over = slice_cut(&rest, '\n');
    fuzz_cut_headers(&rest, &request, headers);
    attempt.input.headers = request.headers;
    attempt.input.n_headers = request.n_headers;
    attempt.input.body = rest;
    if (secret.len && take_signed_text(&attempt, over) && take_key(&attempt, secret)) {
        claim_no_forgery(&attempt);
        claim_own_is_taken(attempt);
        public_key_free(attempt.key.public_key);
    }
    arena_free(arena);
    return 0;
}
