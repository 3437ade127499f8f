/* What is sent to Slack: cards, their changes, notes in their threads, and the look for what may have arrived. */
#include "actions/channels/slack.h"
#include "actions/channels/slack_card.h"
#include "src/base/clock.h"
#include "src/base/form.h"
#include "src/base/json.h"

#include <inttypes.h>
#include <stdio.h>

#define REQUEST_BYTES ((size_t)256 * 1024) /* a card is about 10,000 characters */
#define TIMEOUT_MS (10 * SECOND_MS)

/* Where a lost message can be: it was stamped by Slack's clock, and the two differ by less than five minutes, or no request of Slack's would pass our doors. */
#define BEFORE_MS (60 * SECOND_MS)
#define AFTER_MS (5 * MINUTE_MS)
#define SEARCH_LIMIT "100"

/* -- calls -- */

static enum rc post(const struct channel *channel, const char *method, struct slice content_type,
                    struct slice body, struct arena *arena, struct http_request *request)
{
    struct http_header *headers = arena_alloc(arena, 2, sizeof *headers);
    enum rc rc;

    *request = (struct http_request){ .method = SLICE("POST"), .timeout_ms = TIMEOUT_MS };
    if (!headers)
        return RC_NO_MEMORY;
    headers[0].name = SLICE("Authorization");
    headers[1] = (struct http_header){ .name = SLICE("Content-Type"), .value = content_type };
    request->headers = headers;
    request->n_headers = 2;
    rc = arena_format(arena, &headers[0].value, "Bearer %.*s", SLICE_ARG(channel->token));
    if (!rc)
        rc = arena_format(arena, &request->url, "%.*s/%s", SLICE_ARG(channel->base_url), method);
    if (!rc)
        rc = arena_copy(arena, body, &request->body);
    return rc;
}

enum rc slack_post_json(const struct channel *channel, const char *method, struct slice json,
                        struct arena *arena, struct http_request *request)
{
    return post(channel, method, SLICE("application/json; charset=utf-8"), json, arena, request);
}

enum rc slack_post_form(const struct channel *channel, const char *method, struct slice form,
                        struct arena *arena, struct http_request *request)
{
    return post(channel, method, SLICE("application/x-www-form-urlencoded"), form, arena, request);
}

/* -- what a message says -- */

struct slice slack_place(const struct channel_call *call)
{
    const struct message *message = call->message;

    if (call->part != MESSAGE_CARD && !slice_is_absent(message->handle_place))
        return message->handle_place;
    return slice_is_absent(message->place) ? call->channel->place : message->place;
}

bool slack_is_in_thread(const struct channel_call *call)
{
    return call->part == MESSAGE_NOTE && !call->message->is_unthreaded &&
           !slice_is_absent(call->message->handle);
}

/* By what it is found again. Whoever reads the conversation can read this, so it names and no more. A card that Slack refused once goes without: it might be what was
 * refused, and a card is worth more than finding it. */
static enum rc write_metadata(const struct channel_call *call, struct arena *arena,
                              struct json_writer *writer)
{
    bool is_note = call->part == MESSAGE_NOTE;
    char text[ULID_TEXT_BYTES];
    struct slice proposal;
    enum rc rc;

    if (call->message->is_plain || ulid_is_absent(call->message->proposal))
        return RC_OK;
    rc = arena_format(arena, &proposal, "prp_%s", ulid_format(call->message->proposal, text));
    if (rc)
        return rc;
    json_key(writer, "metadata");
    json_object_begin(writer);
    json_member_text(writer, "event_type",
                     is_note ? SLICE(SLACK_METADATA_NOTE) : SLICE(SLACK_METADATA_PROPOSAL));
    json_key(writer, "event_payload");
    json_object_begin(writer);
    json_member_text(writer, "proposal", proposal);
    if (is_note)
        json_member_int(writer, "note", call->note->number);
    else
        json_member_int(writer, "revision", call->card->proposal->revision);
    json_object_end(writer);
    json_object_end(writer);
    return RC_OK;
}

/* Beside the card, a note says which one it belongs to. */
static enum rc write_note_text(const struct channel_call *call, struct arena *arena,
                               struct json_writer *writer)
{
    struct slice text = call->note->text;
    char id[ULID_TEXT_BYTES];
    struct buffer titled;
    enum rc rc = RC_OK;

    if (slack_is_in_thread(call) || ulid_is_absent(call->message->proposal))
        return slack_write_text(text, arena, writer);
    buffer_init(&titled, REQUEST_BYTES);
    if (call->card)
        buffer_add(&titled, call->card->proposal->title);
    else
        buffer_format(&titled, "prp_%s", ulid_format(call->message->proposal, id));
    buffer_add(&titled, SLICE(": "));
    buffer_add(&titled, text);
    rc = buffer_rc(&titled);
    if (!rc)
        rc = slack_write_text(buffer_slice(&titled), arena, writer);
    buffer_free(&titled);
    return rc;
}

/* chat.postMessage. Nobody is pinged, nothing fetched and nothing set in bold by text that came out of an event. */
static enum rc write_post(const struct channel_call *call, struct arena *arena,
                          struct json_writer *writer)
{
    json_member_text(writer, "channel", slack_place(call));
    json_member_text(writer, "parse", SLICE("none"));
    json_member_bool(writer, "mrkdwn", false);
    json_member_bool(writer, "unfurl_links", false);
    json_member_bool(writer, "unfurl_media", false);
    if (slack_is_in_thread(call)) {
        json_member_text(writer, "thread_ts", call->message->handle);
        if (call->note->is_loud)
            json_member_bool(writer, "reply_broadcast", true);
    }
    if (call->part == MESSAGE_NOTE)
        return write_note_text(call, arena, writer);
    return slack_write_card(call->card, call->message->wanted, arena, writer);
}

/* chat.update. `parse` is not "none" there by itself; text without blocks would take the blocks away, so both always come (slack_card.h). */
static enum rc write_update(const struct channel_call *call, struct arena *arena,
                            struct json_writer *writer)
{
    json_member_text(writer, "channel", slack_place(call));
    json_member_text(writer, "ts", call->message->handle);
    json_member_text(writer, "parse", SLICE("none"));
    return slack_write_card(call->card, call->message->wanted, arena, writer);
}

static enum rc send_part(const struct channel_call *call, struct arena *arena,
                         struct http_request *request)
{
    bool is_edit = call->part == MESSAGE_EDIT;
    struct buffer body;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&body, REQUEST_BYTES);
    writer = json_writer_to(&body);
    json_object_begin(&writer);
    rc = is_edit ? write_update(call, arena, &writer) : write_post(call, arena, &writer);
    if (!rc)
        rc = write_metadata(call, arena, &writer);
    json_object_end(&writer);
    if (!rc)
        rc = buffer_rc(&body);
    if (!rc)
        rc = slack_post_json(call->channel, is_edit ? "chat.update" : "chat.postMessage",
                             buffer_slice(&body), arena, request);
    buffer_free(&body);
    return rc;
}

/* -- looking for it -- */

static void add_moment(struct buffer *form, const char *name, int64_t time_ms)
{
    char text[48];

    if (time_ms < 0)
        time_ms = 0;
    (void)snprintf(text, sizeof text, "%" PRId64 ".%03" PRId64 "000", time_ms / SECOND_MS,
                   time_ms % SECOND_MS);
    form_add_field(form, name, slice_of(text));
}

/* One page: what Slack stamped in six minutes. A conversation that is busier than that makes us post a second copy at worst, which decides nothing
 * that the first does not; walking through all of its history would cost more calls than Slack allows. */
static enum rc look(const struct channel_call *call, struct arena *arena,
                    struct http_request *request)
{
    bool is_thread = slack_is_in_thread(call);
    struct buffer form;
    enum rc rc;

    buffer_init(&form, 0);
    form_add_field(&form, "channel", slack_place(call));
    if (is_thread)
        form_add_field(&form, "ts", call->message->handle);
    add_moment(&form, "oldest", call->message->sent_ms - BEFORE_MS);
    add_moment(&form, "latest", call->message->sent_ms + AFTER_MS);
    form_add_field(&form, "limit", SLICE(SEARCH_LIMIT));
    form_add_field(&form, "include_all_metadata", SLICE("true"));
    rc = buffer_rc(&form);
    if (!rc)
        rc = slack_post_form(call->channel,
                             is_thread ? "conversations.replies" : "conversations.history",
                             buffer_slice(&form), arena, request);
    request->answer_limit_bytes = SLACK_SEARCH_LIMIT_BYTES;
    buffer_free(&form);
    return rc;
}

/* What is no id Slack would refuse in any case. */
static bool is_addressed(const struct channel_call *call)
{
    if (!slack_is_id(slack_place(call), "CGD"))
        return false;
    if (call->part == MESSAGE_EDIT || slack_is_in_thread(call))
        return slack_is_ts(call->message->handle);
    return true;
}

enum rc slack_request(const struct channel_call *call, struct arena *arena,
                      struct http_request *request)
{
    if (!is_addressed(call))
        return RC_INVALID;
    return call->is_search ? look(call, arena, request) : send_part(call, arena, request);
}
