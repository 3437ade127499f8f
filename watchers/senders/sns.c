#include "watchers/senders/sns.h"

#include "src/base/digest.h"

#define REGION_MIN_BYTES 3

/* In the order in which they are signed. */
static const struct {
    const char *name;
    bool of_confirmations; /* of (un)subscribing alone */
} members[] = {
    { "Message", false },      { "MessageId", false }, { "Subject", false },
    { "SubscribeURL", false }, { "Timestamp", false }, { "Token", true },
    { "TopicArn", false },     { "Type", false },
};

/* -- URLs -- */

static bool take_start(struct slice *text, struct slice start)
{
    if (!slice_starts(*text, start))
        return false;
    *text = (struct slice){ text->ptr + start.len, text->len - start.len };
    return true;
}

static bool is_region_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* sns.REGION.amazonaws.com, or .cn of it. */
static bool is_own_host(struct slice host)
{
    size_t n_region = 0;

    if (!take_start(&host, SLICE("sns.")))
        return false;
    while (n_region < host.len && is_region_byte(host.ptr[n_region]))
        n_region++;
    host = (struct slice){ host.ptr + n_region, host.len - n_region };
    return n_region >= REGION_MIN_BYTES &&
           (slice_eq(host, SLICE(".amazonaws.com")) || slice_eq(host, SLICE(".amazonaws.com.cn")));
}

bool sns_is_own_url(struct slice url)
{
    struct slice rest = url;

    if (slice_has_control(url) || !take_start(&rest, SLICE("https://")))
        return false;
    return is_own_host(slice_cut(&rest, '/'));
}

bool sns_is_certificate_url(struct slice url)
{
    const struct slice end = SLICE(".pem");

    if (!sns_is_own_url(url) || url.len < end.len)
        return false;
    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] == '?' || url.ptr[i] == '#')
            return false;
    }
    return slice_eq((struct slice){ url.ptr + url.len - end.len, end.len }, end);
}

/* -- the signature -- */

enum rc sns_signed_text(const struct json *message, struct arena *arena, struct slice *text)
{
    const bool is_notification =
        slice_eq(json_string(json_get_text(message, "Type")), SLICE("Notification"));
    struct buffer signed_text;
    enum rc rc = RC_OK;

    buffer_init(&signed_text, 0);
    for (size_t i = 0; i < sizeof members / sizeof *members && !rc; i++) {
        const struct json *member = json_get_text(message, members[i].name);

        if (!member || (members[i].of_confirmations && is_notification))
            continue;
        if (json_type_of(member) != JSON_STRING)
            rc = RC_DENIED;
        buffer_format(&signed_text, "%s\n", members[i].name);
        buffer_add(&signed_text, json_string(member));
        buffer_add_byte(&signed_text, '\n');
    }
    if (!rc)
        rc = buffer_rc(&signed_text);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&signed_text), text);
    buffer_free(&signed_text);
    return rc;
}

static bool find_algorithm(const struct json *message, enum public_key_algorithm *algorithm)
{
    const struct slice version = json_string(json_get_text(message, "SignatureVersion"));

    *algorithm = slice_eq(version, SLICE("1")) ? PUBLIC_KEY_RSA_SHA1 : PUBLIC_KEY_RSA_SHA256;
    return slice_eq(version, SLICE("1")) || slice_eq(version, SLICE("2"));
}

enum rc sns_check(const struct json *message, const struct public_key *key, struct arena *arena)
{
    const struct slice encoded = json_string(json_get_text(message, "Signature"));
    enum public_key_algorithm algorithm;
    struct slice text, signature;
    enum rc rc;

    if (!encoded.len || !find_algorithm(message, &algorithm))
        return RC_DENIED;
    rc = base64_decode(encoded, arena, &signature);
    if (!rc)
        rc = sns_signed_text(message, arena, &text);
    if (rc)
        return rc == RC_INVALID ? RC_DENIED : rc;
    return public_key_verify(key, algorithm, text, signature);
}
