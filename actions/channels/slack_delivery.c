/* The Events API: one thing that happened in Slack, in its wrapper. */
#include "actions/channels/slack_inbound.h"

#include "actions/channels/slack_texts.h"

#include <stddef.h>

#define ID_BYTES 32
#define TS_BYTES 32
#define WORD_BYTES 255
#define TEXT_BYTES 160000 /* 40,000 characters */

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* clang-format off */
#define AT(member) .offset = offsetof(struct slack_delivery, member)
static const struct slack_text verification_texts[] = {
    { .path = "challenge", .form = SLACK_TEXT, .max_bytes = WORD_BYTES, AT(challenge), .is_required = true },
};
static const struct slack_text event_texts[] = {
    { .path = "api_app_id", .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.app) },
    { .path = "team_id",    .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.team) },
    { .path = "event_id",   .form = SLACK_WORD, .max_bytes = WORD_BYTES, AT(event_id), .is_required = true },
    { .path = "event.type", .form = SLACK_WORD, .max_bytes = WORD_BYTES, AT(type), .is_required = true },
};
/* Other events have members of these names that are no texts: nobody reads them. */
static const struct slack_text message_texts[] = {
    { .path = "event.user_team", .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.home_team), .other = "event.team" },
    { .path = "event.user",      .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.user) },
    { .path = "event.channel",   .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.channel), .is_required = true },
    { .path = "event.thread_ts", .form = SLACK_TS,   .max_bytes = TS_BYTES,   AT(origin.thread_ts) },
    { .path = "event.subtype",   .form = SLACK_WORD, .max_bytes = WORD_BYTES, AT(subtype) },
    { .path = "event.bot_id",    .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(bot) },
    { .path = "event.ts",        .form = SLACK_TS,   .max_bytes = TS_BYTES,   AT(ts), .is_required = true },
    { .path = "event.text",      .form = SLACK_TEXT, .max_bytes = TEXT_BYTES, AT(text) },
};
#undef AT
/* clang-format on */

/* What is kept of the wrapper: without the token, and without who else is told. */
static const char *const stored_members[] = { "type",    "event_id",   "event_time",
                                              "team_id", "api_app_id", "event" };

static enum rc write_stored(const struct json *root, struct arena *arena, struct slice *stored)
{
    struct json_writer writer;
    struct buffer json;
    enum rc rc;

    buffer_init(&json, (size_t)2 * SLACK_BODY_MAX_BYTES);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    for (size_t i = 0; i < COUNT(stored_members); i++) {
        const struct json *member = json_get_text(root, stored_members[i]);

        if (!member)
            continue;
        json_key(&writer, stored_members[i]);
        json_write_node(&writer, member);
    }
    json_object_end(&writer);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&json), stored);
    buffer_free(&json);
    return rc;
}

static bool is_message(struct slice type)
{
    return slice_eq(type, SLICE("app_mention")) || slice_eq(type, SLICE("message"));
}

static enum rc read_delivery(const struct json *root, struct arena *arena,
                             struct slack_delivery *delivery)
{
    const struct slice type = json_string(json_get_text(root, "type"));
    enum rc rc;

    delivery->kind = SLACK_OTHER_DELIVERY;
    if (!type.len)
        return RC_INVALID;
    if (slice_eq(type, SLICE("url_verification"))) {
        delivery->kind = SLACK_URL_VERIFICATION;
        return slack_texts_of_json(verification_texts, COUNT(verification_texts), root, arena,
                                   delivery);
    }
    if (!slice_eq(type, SLICE("event_callback")))
        return RC_OK;
    delivery->kind = SLACK_EVENT;
    rc = slack_texts_of_json(event_texts, COUNT(event_texts), root, arena, delivery);
    if (rc || !is_message(delivery->type))
        return rc;
    rc = slack_texts_of_json(message_texts, COUNT(message_texts), root, arena, delivery);
    return rc ? rc : write_stored(root, arena, &delivery->stored);
}

enum rc slack_delivery_parse(struct slice body, struct arena *arena,
                             struct slack_delivery *delivery)
{
    struct json *root = NULL;
    struct json_fault fault;
    enum rc rc = json_parse(body, JSON_LIMITS_DEFAULT, &root, &fault);

    *delivery = (struct slack_delivery){ 0 };
    if (rc)
        return rc;
    rc = read_delivery(root, arena, delivery);
    json_free(root);
    return rc;
}
