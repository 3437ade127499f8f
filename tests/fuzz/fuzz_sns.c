/* Any message as of Amazon SNS: only URLs of its own in the topic's region are ever asked, and only what was signed passes, whatever stands around it.
 *
 * Input: JSON. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/sns_messages.h"
#include "watchers/senders/sns.h"

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

static const char *const signed_messages[] = { sns_alarm_v1,
                                               sns_alarm_v2,
                                               sns_confirmation,
                                               sns_confirmation_v1,
                                               sns_confirmation_elsewhere,
                                               sns_unsubscribed };
#define N_SIGNED (sizeof signed_messages / sizeof *signed_messages)

static struct slice signed_text_of(struct slice message, struct arena *arena)
{
    struct json *tree = NULL;
    struct json_fault fault;
    struct slice text;

    CLAIM(json_parse(message, JSON_LIMITS_DEFAULT, &tree, &fault) == RC_OK);
    CLAIM(sns_signed_text(tree, arena, &text) == RC_OK);
    json_free(tree);
    return text;
}

static const struct slice *signed_texts(void)
{
    static struct slice texts[N_SIGNED];
    static struct arena *kept;

    if (!kept) {
        kept = fuzz_arena();
        for (size_t i = 0; i < N_SIGNED; i++)
            texts[i] = signed_text_of(slice_of(signed_messages[i]), kept);
    }
    return texts;
}

/* Somebody may move members about or add some, but what passes says what the holder of the key said. */
static void claim_was_signed(struct slice text)
{
    const struct slice *known = signed_texts();
    bool is_known = false;

    for (size_t i = 0; i < N_SIGNED; i++)
        is_known |= slice_eq(text, known[i]);
    CLAIM(is_known);
}

static struct public_key *certified_key(void)
{
    static struct public_key *key;

    if (!key)
        CLAIM(public_key_of_certificate(slice_of(sns_certificate), NOW_MS, &key) == RC_OK);
    return key;
}

/* The region in an ARN of a topic. */
static struct slice region_of(struct slice topic)
{
    for (int i = 0; i < 3; i++)
        (void)slice_cut(&topic, ':');
    return slice_cut(&topic, ':');
}

/* Read another way than sns.c does. */
static void claim_own_url(struct slice topic, struct slice url)
{
    struct slice host = { url.ptr + 8, url.len - 8 };

    CLAIM(slice_starts(url, SLICE("https://")));
    host = slice_cut(&host, '/');
    CLAIM(slice_eq(slice_cut(&host, '.'), SLICE("sns")));
    CLAIM(slice_eq(slice_cut(&host, '.'), region_of(topic)));
    CLAIM(slice_eq(host, SLICE("amazonaws.com")) || slice_eq(host, SLICE("amazonaws.com.cn")));
}

static void try_url(struct slice topic, struct slice url)
{
    const struct slice ours = SLICE("arn:aws:sns:eu-north-1:210987654321:alarms");

    if (!sns_is_topic(topic))
        topic = ours;
    if (sns_is_certificate_url_of(topic, url))
        CLAIM(sns_is_url_of(topic, url));
    if (sns_is_url_of(topic, url))
        claim_own_url(topic, url);
}

static void try_message(const struct json *message)
{
    const struct slice topic = json_string(json_get_text(message, "TopicArn"));
    struct arena *arena = fuzz_arena();
    struct slice text;
    enum rc rc = sns_check(message, certified_key(), arena);

    CLAIM(rc == RC_OK || rc == RC_DENIED);
    if (!rc) {
        CLAIM(sns_signed_text(message, arena, &text) == RC_OK);
        claim_was_signed(text);
    }
    try_url(topic, json_string(json_get_text(message, "SigningCertURL")));
    try_url(topic, json_string(json_get_text(message, "SubscribeURL")));
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_fault fault;
    struct json *message = NULL;

    if (json_parse(fuzz_input(data, size), JSON_LIMITS_DEFAULT, &message, &fault) == RC_OK)
        try_message(message);
    json_free(message);
    return 0;
}
