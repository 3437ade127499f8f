/* The text that a signature covers: `{time}.{body}` and its like. */
#include "src/base/digest.h"
#include "watchers/senders/signature_private.h"

#include <string.h>

static bool add_part(struct signed_text *text, struct slice part)
{
    if (text->n_parts == SIGNED_TEXT_MAX_PARTS)
        return false;
    if (part.len)
        text->parts[text->n_parts++] = part;
    return true;
}

/* "{name}" at the beginning of `rest`; absent when it is none of ours. */
static bool take_name(struct slice *rest, const char *name)
{
    const struct slice braced = slice_of(name);

    if (!slice_starts(*rest, braced))
        return false;
    *rest = (struct slice){ rest->ptr + braced.len, rest->len - braced.len };
    return true;
}

enum rc signed_text_split(const struct signature_scheme *scheme, struct slice id, struct slice time,
                          struct slice body, struct signed_text *text)
{
    struct slice rest = slice_of(scheme->over ? scheme->over : "{body}");
    const struct {
        const char *name;
        struct slice value;
    } named[] = { { "{id}", id }, { "{time}", time }, { "{body}", body } };

    *text = (struct signed_text){ 0 };
    while (rest.len) {
        const char *brace = memchr(rest.ptr, '{', rest.len);
        size_t literal = brace ? (size_t)(brace - rest.ptr) : rest.len, i = 0;

        if (!add_part(text, (struct slice){ rest.ptr, literal }))
            return RC_INVALID;
        rest = (struct slice){ rest.ptr + literal, rest.len - literal };
        if (!rest.len)
            break;
        while (i < sizeof named / sizeof *named && !take_name(&rest, named[i].name))
            i++;
        if (i == sizeof named / sizeof *named || !add_part(text, named[i].value))
            return RC_INVALID;
    }
    return RC_OK;
}

enum rc signature_uses(const struct signature_scheme *scheme, struct signature_uses *uses)
{
    const struct slice id = SLICE("i"), time = SLICE("t"), body = SLICE("b");
    struct signed_text text;
    enum rc rc = signed_text_split(scheme, id, time, body, &text);

    *uses = (struct signature_uses){ 0 };
    for (size_t i = 0; i < text.n_parts; i++) {
        uses->id |= text.parts[i].ptr == id.ptr;
        uses->time |= text.parts[i].ptr == time.ptr;
        uses->body |= text.parts[i].ptr == body.ptr;
    }
    return rc;
}

enum rc signed_text_mac(const struct signature_scheme *scheme, const struct signature_key *key,
                        const struct signed_text *text, struct arena *arena, struct slice *mac)
{
    struct sha256 bytes;
    char hex[SHA256_HEX_BYTES];
    enum rc rc = hmac_sha256_of_parts(key->bytes, text->parts, text->n_parts, &bytes);

    if (rc)
        return rc;
    if (scheme->is_base64)
        return base64_encode((struct slice){ (const char *)bytes.bytes, sizeof bytes.bytes }, arena,
                             mac);
    return arena_copy(arena, slice_of(hex_format(bytes.bytes, sizeof bytes.bytes, hex)), mac);
}

enum rc signed_text_join(struct signed_text *text, struct arena *arena)
{
    size_t len = 0;
    char *whole, *end;

    if (text->n_parts <= 1)
        return RC_OK;
    for (size_t i = 0; i < text->n_parts; i++)
        len += text->parts[i].len;
    whole = end = arena_alloc(arena, len + 1, 1);
    if (!whole)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < text->n_parts; i++) {
        memcpy(end, text->parts[i].ptr, text->parts[i].len);
        end += text->parts[i].len;
    }
    text->parts[0] = (struct slice){ whole, len };
    text->n_parts = 1;
    return RC_OK;
}

static enum rc decode_proof(const struct signature_scheme *scheme, struct slice proof,
                            struct arena *arena, struct slice *bytes)
{
    char *decoded;
    enum rc rc;

    if (scheme->is_base64)
        return base64_decode(proof, arena, bytes);
    decoded = arena_alloc(arena, proof.len / 2 + 1, 1);
    if (!decoded)
        return RC_NO_MEMORY;
    rc = hex_parse(proof, (uint8_t *)decoded, proof.len / 2);
    *bytes = (struct slice){ decoded, proof.len / 2 };
    return rc;
}

enum rc signed_text_verify(const struct signature_scheme *scheme, const struct signature_key *key,
                           const struct signed_text *text, struct slice proof, struct arena *arena)
{
    struct slice bytes;
    enum rc rc = decode_proof(scheme, proof, arena, &bytes);

    if (rc == RC_INVALID)
        return RC_DENIED;
    if (rc)
        return rc;
    return public_key_verify(key->public_key,
                             scheme->kind == SIGNATURE_ED25519 ? PUBLIC_KEY_ED25519
                                                               : PUBLIC_KEY_RSA_SHA1,
                             text->parts[0], bytes);
}
