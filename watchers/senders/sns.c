#include "watchers/senders/sns.h"

#include "src/base/digest.h"

/* What a message says of itself, in the order in which it is signed. */
static const struct {
    const char *name;
    bool is_optional;
    bool of_confirmations; /* of (un)subscribing alone */
    bool has_lines;        /* every other one is one line: see sns_is_message */
} members[] = {
    { .name = "Message", .has_lines = true },
    { .name = "MessageId" },
    { .name = "Subject", .is_optional = true },
    { .name = "SubscribeURL", .is_optional = true },
    { .name = "Timestamp" },
    { .name = "Token", .of_confirmations = true },
    { .name = "TopicArn" },
    { .name = "Type" },
};
#define N_MEMBERS (sizeof members / sizeof *members)

static bool is_notification(const struct json *message)
{
    return slice_eq(json_string(json_get_text(message, "Type")), SLICE("Notification"));
}

static bool is_signed(size_t member, const struct json *message)
{
    return json_get_text(message, members[member].name) &&
           !(members[member].of_confirmations && is_notification(message));
}

/* -- topics and URLs -- */

/* Where SNS is, by the partition that an ARN begins with. */
static const struct {
    const char *start, *domain;
} partitions[] = {
    { "arn:aws:sns:", ".amazonaws.com" },
    { "arn:aws-us-gov:sns:", ".amazonaws.com" },
    { "arn:aws-cn:sns:", ".amazonaws.com.cn" },
};
#define N_PARTITIONS (sizeof partitions / sizeof *partitions)

struct place {
    struct slice region, domain;
};

static bool take_start(struct slice *text, struct slice start)
{
    if (!slice_starts(*text, start))
        return false;
    *text = (struct slice){ text->ptr + start.len, text->len - start.len };
    return true;
}

static bool is_region(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return text.len > 0;
}

static bool find_place(struct slice topic, struct place *place)
{
    for (size_t i = 0; i < N_PARTITIONS; i++) {
        struct slice rest = topic;

        if (!take_start(&rest, slice_of(partitions[i].start)))
            continue;
        *place = (struct place){ .region = slice_cut(&rest, ':'),
                                 .domain = slice_of(partitions[i].domain) };
        return is_region(place->region) && slice_cut(&rest, ':').len && rest.len &&
               !slice_has_control(topic);
    }
    return false;
}

bool sns_is_topic(struct slice arn)
{
    struct place place;

    return find_place(arn, &place);
}

/* Leaves the path. */
static bool take_origin(struct slice topic, struct slice *url)
{
    struct place place;

    return find_place(topic, &place) && !slice_has_control(*url) &&
           take_start(url, SLICE("https://sns.")) && take_start(url, place.region) &&
           take_start(url, place.domain) && slice_starts(*url, SLICE("/"));
}

bool sns_is_url_of(struct slice topic, struct slice url)
{
    return take_origin(topic, &url);
}

bool sns_is_certificate_url_of(struct slice topic, struct slice url)
{
    size_t n_digits = 0;

    if (!take_origin(topic, &url) || !take_start(&url, SLICE("/SimpleNotificationService-")))
        return false;
    while (n_digits < url.len && ((url.ptr[n_digits] >= '0' && url.ptr[n_digits] <= '9') ||
                                  (url.ptr[n_digits] >= 'a' && url.ptr[n_digits] <= 'f')))
        n_digits++;
    return n_digits &&
           slice_eq((struct slice){ url.ptr + n_digits, url.len - n_digits }, SLICE(".pem"));
}

/* -- the signature -- */

static bool is_known_type(const struct json *message)
{
    static const char *const types[] = { "Notification", "SubscriptionConfirmation",
                                         "UnsubscribeConfirmation", NULL };
    int type;

    return !slice_to_enum(json_string(json_get_text(message, "Type")), types, &type);
}

static bool is_member_right(size_t member, const struct json *message)
{
    const struct json *said = json_get_text(message, members[member].name);

    if (!said)
        return members[member].is_optional ||
               (members[member].of_confirmations && is_notification(message));
    return json_type_of(said) == JSON_STRING &&
           (members[member].has_lines || !slice_has_control(json_string(said)));
}

bool sns_is_message(const struct json *message)
{
    bool is_right = is_known_type(message);

    for (size_t i = 0; i < N_MEMBERS && is_right; i++)
        is_right = is_member_right(i, message);
    return is_right;
}

enum rc sns_signed_text(const struct json *message, struct arena *arena, struct slice *text)
{
    struct buffer signed_text;
    enum rc rc;

    if (!sns_is_message(message))
        return RC_DENIED;
    buffer_init(&signed_text, 0);
    for (size_t i = 0; i < N_MEMBERS; i++) {
        if (!is_signed(i, message))
            continue;
        buffer_format(&signed_text, "%s\n", members[i].name);
        buffer_add(&signed_text, json_string(json_get_text(message, members[i].name)));
        buffer_add_byte(&signed_text, '\n');
    }
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
