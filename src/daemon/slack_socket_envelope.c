#include "src/base/form.h"
#include "src/daemon/slack_socket_private.h"

#include <stdlib.h>

/* HTTP wraps the same words in three ways. */

static enum rc body_of_interaction(struct slice payload, const struct json *node,
                                   struct buffer *body)
{
    (void)node;
    form_add_field(body, "payload", payload);
    return buffer_rc(body);
}

static enum rc body_of_event(struct slice payload, const struct json *node, struct buffer *body)
{
    (void)node;
    buffer_add(body, payload);
    return buffer_rc(body);
}

/* A slash command's members are texts, and HTTP's are the fields of a form. */
static enum rc body_of_command(struct slice payload, const struct json *node, struct buffer *body)
{
    static const char *const fields[] = {
        "command",         "text",          "user_id",
        "user_name",       "team_id",       "channel_id",
        "channel_name",    "enterprise_id", "is_enterprise_install",
        "api_app_id",      "trigger_id",    "response_url",
        "enterprise_name", "team_domain",
    };

    (void)payload;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct slice value = json_text(json_get_text(node, fields[i]));

        if (!slice_is_absent(value))
            form_add_field(body, fields[i], value);
    }
    return buffer_rc(body);
}

static const struct way {
    const char *type;
    enum slack_door door;
    enum rc (*body)(struct slice payload, const struct json *node, struct buffer *body);
} ways[] = {
    { "interactive", SLACK_DOOR_INTERACTIONS, body_of_interaction },
    { "slash_commands", SLACK_DOOR_COMMANDS, body_of_command },
    { "events_api", SLACK_DOOR_EVENTS, body_of_event },
};

static const struct way *way_of(struct slice type)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (slice_eq(type, slice_of(ways[i].type)))
            return &ways[i];
    return NULL;
}

void envelope_free(struct envelope *envelope)
{
    if (!envelope)
        return;
    service_release_config(envelope->socket->service, envelope->request.config);
    buffer_free(&envelope->json);
    arena_free(envelope->request.arena);
    free(envelope);
}

/* On any thread. */
static void on_answer(struct slack_door_request *request, int status, struct slice json)
{
    struct envelope *envelope = (struct envelope *)request;
    struct slack_socket *socket = envelope->socket;

    envelope->status = status;
    buffer_add(&envelope->json, json);
    pthread_mutex_lock(&socket->lock);
    envelope->next = socket->answered;
    socket->answered = envelope;
    pthread_mutex_unlock(&socket->lock);
    slack_socket_wake(socket);
}

/* The payload as it was written, so that nothing is lost in between. */
static enum rc write_body(const struct way *way, const struct json *payload, struct arena *arena,
                          struct slice *body)
{
    struct buffer text, form;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&text, ENVELOPE_LIMIT_BYTES);
    buffer_init(&form, 3 * ENVELOPE_LIMIT_BYTES);
    writer = json_writer_to(&text);
    json_write_node(&writer, payload);
    rc = buffer_rc(&text);
    if (!rc)
        rc = way->body(buffer_slice(&text), payload, &form);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&form), body);
    buffer_free(&text);
    buffer_free(&form);
    return rc;
}

static enum rc fill(struct envelope *envelope, const struct json *root)
{
    const struct way *way = way_of(json_string(json_get_text(root, "type")));
    struct slack_door_request *request = &envelope->request;
    struct slice id = json_string(json_get_text(root, "envelope_id"));
    enum rc rc;

    if (!id.len || !way)
        return RC_INVALID;
    envelope->takes_payload =
        json_type_of(json_get_text(root, "accepts_response_payload")) == JSON_TRUE;
    rc = arena_new(8 * ENVELOPE_LIMIT_BYTES, &request->arena);
    if (!rc)
        rc = arena_copy(request->arena, id, &envelope->id);
    if (!rc)
        rc = write_body(way, json_get_text(root, "payload"), request->arena, &request->body);
    request->door = way->door;
    return rc;
}

enum rc envelope_take(struct slack_socket *socket, const struct link *link, const struct json *root)
{
    struct envelope *envelope = calloc(1, sizeof *envelope);
    enum rc rc;

    if (!envelope)
        return RC_NO_MEMORY;
    envelope->socket = socket;
    envelope->link = link->number;
    envelope->request.service = socket->service;
    envelope->request.config = service_hold_config(socket->service);
    envelope->request.answer = on_answer;
    buffer_init(&envelope->json, ENVELOPE_LIMIT_BYTES);
    rc = fill(envelope, root);
    if (rc) {
        envelope_free(envelope);
        return rc;
    }
    slack_door_take(&envelope->request);
    return RC_OK;
}

enum rc envelope_write_answer(struct envelope *envelope, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    /* Without an acknowledgement Slack tells the person that it did not work, as a 503 would. */
    if (envelope->status >= 500)
        return RC_NOT_FOUND;
    json_object_begin(&writer);
    json_member_text(&writer, "envelope_id", envelope->id);
    if (envelope->takes_payload && envelope->status == 200 && envelope->json.len) {
        json_key(&writer, "payload");
        json_write_raw(&writer, buffer_slice(&envelope->json));
    }
    json_object_end(&writer);
    return buffer_rc(out);
}
