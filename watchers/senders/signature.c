#include "watchers/senders/signature.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/store/headers.h"
#include "watchers/senders/signature_private.h"

#include <inttypes.h>

#define TIME_MAX_DIGITS 15 /* milliseconds until the year 33658 */

/* What stands in the headers of one request. */
struct claim {
    struct slice proofs; /* the header's value */
    struct slice id;
    struct slice time;
};

/* -- what the headers say -- */

/* False where it is missing or comes twice. */
static bool take_header(const struct signature_input *input, const char *name, struct slice *value)
{
    return header_get(input->headers, input->n_headers, name, value) == RC_OK;
}

/* The next proof, or element, of a list; the whole where it is none. */
static struct slice next_proof(const struct signature_scheme *scheme, struct slice *rest)
{
    struct slice whole = *rest;

    if (scheme->separator)
        return slice_cut(rest, scheme->separator);
    *rest = (struct slice){ 0 };
    return whole;
}

/* The one element that begins with the mark of the time. */
static bool take_marked_time(const struct signature_scheme *scheme, struct claim *claim)
{
    const struct slice mark = slice_of(scheme->time_mark);
    struct slice rest = claim->proofs;
    size_t n_times = 0;

    while (rest.len) {
        struct slice element = next_proof(scheme, &rest);

        if (!slice_starts(element, mark))
            continue;
        claim->time = (struct slice){ element.ptr + mark.len, element.len - mark.len };
        n_times++;
    }
    return n_times == 1;
}

static bool read_claim(const struct signature_scheme *scheme, const struct signature_input *input,
                       struct claim *claim)
{
    *claim = (struct claim){ 0 };
    if (!take_header(input, scheme->header, &claim->proofs))
        return false;
    if (scheme->id_header && !take_header(input, scheme->id_header, &claim->id))
        return false;
    if (scheme->time_header && !take_header(input, scheme->time_header, &claim->time))
        return false;
    return !scheme->time_mark || take_marked_time(scheme, claim);
}

bool signature_time_is_near(const struct signature_scheme *scheme, struct slice time,
                            int64_t unit_ms, int64_t now_ms)
{
    int64_t value, apart_ms;

    if (!time.len || time.len > TIME_MAX_DIGITS || (time.len > 1 && time.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < time.len; i++) {
        if (time.ptr[i] < '0' || time.ptr[i] > '9')
            return false;
    }
    if (slice_to_int(time, &value) != RC_OK || value > INT64_MAX / 2 / unit_ms)
        return false;
    /* Seconds: what is left of now's own second says nothing. */
    apart_ms = value * unit_ms - now_ms / unit_ms * unit_ms;
    return apart_ms <= scheme->tolerance_ms && apart_ms >= -scheme->tolerance_ms;
}

/* -- one proof -- */

/* The prefix of a token is an authentication scheme, whose case says nothing (RFC 9110); that of a signature is taken literally. */
static bool take_prefix(const struct signature_scheme *scheme, struct slice *proof)
{
    const struct slice prefix = slice_of(scheme->prefix ? scheme->prefix : "");
    const struct slice head = { proof->ptr, prefix.len };

    if (proof->len < prefix.len)
        return false;
    if (scheme->kind == SIGNATURE_TOKEN ? !slice_eq_nocase(head, prefix) : !slice_eq(head, prefix))
        return false;
    *proof = (struct slice){ proof->ptr + prefix.len, proof->len - prefix.len };
    return true;
}

/* More proofs than any sender has keys are not looked at. */
#define MAX_PROOFS 8

/* What is to be found under one key: the token, or the digest, which is computed once however many proofs there are. Absent: each proof is verified by itself. */
static enum rc expect(const struct signature_scheme *scheme, const struct signature_key *key,
                      const struct signed_text *text, struct arena *arena, struct slice *expected)
{
    *expected = key->bytes;
    if (scheme->kind != SIGNATURE_HMAC)
        return RC_OK;
    return signed_text_mac(scheme, key, text, arena, expected);
}

static enum rc check_key(const struct signature_scheme *scheme, const struct signature_key *key,
                         const struct signed_text *text, struct slice proofs, struct arena *arena)
{
    struct slice expected;
    enum rc rc = expect(scheme, key, text, arena, &expected);

    if (rc)
        return rc;
    rc = RC_DENIED;
    for (size_t i = 0; i < MAX_PROOFS && proofs.len && rc == RC_DENIED; i++) {
        struct slice proof = next_proof(scheme, &proofs);

        if (!take_prefix(scheme, &proof))
            continue;
        if (key->public_key)
            rc = signed_text_verify(scheme, key, text, proof, arena);
        else if (digest_eq(proof, expected))
            rc = RC_OK;
    }
    return rc;
}

enum rc signature_check(const struct signature_scheme *scheme, struct signature_keys keys,
                        const struct signature_input *input)
{
    struct signed_text text = { 0 };
    struct claim claim;
    enum rc rc;

    if (!read_claim(scheme, input, &claim))
        return RC_DENIED;
    rc = signed_text_split(scheme, claim.id, claim.time, input->body, &text);
    if (!rc && keys.n_items && keys.items[0].public_key)
        rc = signed_text_join(&text, input->arena);
    if (rc)
        return rc;
    rc = RC_DENIED;
    for (size_t i = 0; i < keys.n_items && rc == RC_DENIED; i++)
        rc = check_key(scheme, &keys.items[i], &text, claim.proofs, input->arena);
    if (rc || !scheme->tolerance_ms || scheme->time_path)
        return rc;
    return signature_time_is_near(scheme, claim.time, SECOND_MS, input->now_ms) ? RC_OK
                                                                                : RC_TIMEOUT;
}

/* -- the other way round -- */

static enum rc write_proof(const struct signature_scheme *scheme, const struct signature_key *key,
                           const struct signed_text *text, struct arena *arena, struct slice *proof)
{
    if (scheme->kind == SIGNATURE_TOKEN) {
        *proof = key->bytes;
        return RC_OK;
    }
    if (scheme->kind != SIGNATURE_HMAC)
        return RC_DENIED;
    return signed_text_mac(scheme, key, text, arena, proof);
}

static enum rc write_value(const struct signature_scheme *scheme, struct slice time,
                           struct slice proof, struct arena *arena, struct slice *value)
{
    const char *prefix = scheme->prefix ? scheme->prefix : "";

    if (!scheme->time_mark)
        return arena_format(arena, value, "%s%.*s", prefix, SLICE_ARG(proof));
    return arena_format(arena, value, "%s%.*s%c%s%.*s", scheme->time_mark, SLICE_ARG(time),
                        scheme->separator, prefix, SLICE_ARG(proof));
}

enum rc signature_make(const struct signature_scheme *scheme, const struct signature_key *key,
                       struct slice id, struct slice body, int64_t now_ms, struct arena *arena,
                       struct header *headers, size_t *n_headers)
{
    struct signed_text text;
    struct slice time, proof;
    enum rc rc = arena_format(arena, &time, "%" PRId64, now_ms / SECOND_MS);

    *n_headers = 0;
    if (!rc)
        rc = signed_text_split(scheme, id, time, body, &text);
    if (!rc)
        rc = write_proof(scheme, key, &text, arena, &proof);
    headers[0].name = slice_of(scheme->header);
    if (!rc)
        rc = write_value(scheme, time, proof, arena, &headers[0].value);
    if (rc)
        return rc;
    *n_headers = 1;
    if (scheme->id_header)
        headers[(*n_headers)++] = (struct header){ slice_of(scheme->id_header), id };
    if (scheme->time_header)
        headers[(*n_headers)++] = (struct header){ slice_of(scheme->time_header), time };
    return RC_OK;
}

/* Where it stood, or at the end. */
static void write_renewed(const struct json *body, struct slice time_member, int64_t now_ms,
                          struct json_writer *writer)
{
    json_object_begin(writer);
    for (const struct json *member = json_first(body); member; member = json_next(member)) {
        json_key_slice(writer, json_name(member));
        if (slice_eq(json_name(member), time_member))
            json_write_int(writer, now_ms);
        else
            json_write_node(writer, member);
    }
    if (!json_get(body, time_member)) {
        json_key_slice(writer, time_member);
        json_write_int(writer, now_ms);
    }
    json_object_end(writer);
}

enum rc signature_renew(const struct signature_scheme *scheme, struct slice body, int64_t now_ms,
                        struct arena *arena, struct slice *renewed)
{
    struct json *tree = NULL;
    struct json_fault fault;
    struct json_writer writer;
    struct buffer text;
    enum rc rc;

    *renewed = body;
    if (!scheme->time_path)
        return RC_OK;
    rc = json_parse(body, JSON_LIMITS_DEFAULT, &tree, &fault);
    if (rc)
        return rc == RC_INVALID || rc == RC_LIMIT ? RC_OK : rc; /* the hook says what is wrong */
    buffer_init(&text, 0);
    if (json_type_of(tree) == JSON_OBJECT) {
        writer = json_writer_to(&text);
        write_renewed(tree, slice_of(scheme->time_path), now_ms, &writer);
        rc = buffer_rc(&text);
        if (!rc)
            rc = arena_copy(arena, buffer_slice(&text), renewed);
    }
    buffer_free(&text);
    json_free(tree);
    return rc;
}
