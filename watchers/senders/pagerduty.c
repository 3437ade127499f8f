/* PagerDuty: webhooks of version 3, one event each; and the `messages` of versions 1 and 2, each an event of its own. */
#include "watchers/senders/batch.h"
#include "watchers/senders/rows.h"

/* clang-format off */
static const struct word incident_words[] = {
    { "incident.triggered", "failing" }, { "incident.reopened", "failing" },
    { "incident.unacknowledged", "failing" }, { "incident.escalated", "failing" },
    { "incident.resolved", "ok" },
    { "incident.acknowledged", "info" }, { "incident.annotated", "info" }, { "incident.delegated", "info" },
    { "incident.reassigned", "info" }, { "incident.priority_updated", "info" }, { "incident.service_updated", "info" },
    { "incident.conference_bridge.updated", "info" }, { "incident.custom_field_values.updated", "info" },
    { "incident.incident_type.changed", "info" }, { "incident.responder.added", "info" },
    { "incident.responder.replied", "info" }, { "incident.role.assigned", "info" },
    { "incident.status_update_published", "info" }, { "incident.workflow.started", "info" },
    { "incident.workflow.completed", "info" }, { "incident.action_invocation.created", "info" },
    { "incident.action_invocation.updated", "info" }, { "incident.action_invocation.terminated", "info" },
    { NULL, NULL },
};

/* Of versions 1 and 2, where the incident says how it stands. */
static const struct word status_words[] = {
    { "triggered", "failing" }, { "acknowledged", "info" }, { "resolved", "ok" },
    { NULL, NULL },
};
/* clang-format on */

/* What is said about an incident (a note, a responder) holds it as `incident`. */
static const struct event_row incident_rows[] = {
    { .name = NULL,
      .kind = "alert",
      .state = "event.event_type",
      .states = incident_words,
      .time = "event.occurred_at",
      .fields = { { FIELD_TITLE, "event.data.incident.summary|event.data.title" },
                  { FIELD_TEXT, "?event.data.content|event.data.message|event.data.description" },
                  { FIELD_SEVERITY, "?event.data.urgency|event.data.priority.summary" },
                  { FIELD_SERVICE,
                    "?event.data.service.summary|event.data.incident.service.summary" },
                  { FIELD_ACTOR, "?event.agent.summary" },
                  { FIELD_URL, "?event.data.incident.html_url|event.data.html_url" } },
      .subject = { { "incident", FIELD_TITLE, "event.data.incident.id|event.data.id" } } },
};
static const struct row_table incidents = { .sender = "pagerduty", .rows = incident_rows };

/* Services and the test of a subscription (pagey.ping). */
static const struct event_row other_rows[] = {
    { .name = NULL,
      .time = "event.occurred_at",
      .fields = { { FIELD_TITLE, "?event.data.summary|event.data.name|event.data.message" },
                  { FIELD_SERVICE, "?event.data.summary|event.data.name" },
                  { FIELD_ACTOR, "?event.agent.summary" },
                  { FIELD_URL, "?event.data.html_url" } },
      .subject = { { "type", FIELD_TITLE, "event.resource_type" },
                   { "id", FIELD_TITLE, "event.data.id" } } },
};
static const struct row_table others = { .sender = "pagerduty", .rows = other_rows };

static const struct event_row message_rows[] = {
    { .name = NULL,
      .kind = "alert",
      .state = "incident.status|data.incident.status",
      .states = status_words,
      .time = "created_on|incident.last_status_change_at|data.incident.last_status_change_on",
      .fields = { { FIELD_TITLE, "incident.title|incident.summary"
                                 "|incident.trigger_summary_data.subject"
                                 "|incident.trigger_summary_data.description"
                                 "|data.incident.trigger_summary_data.subject"
                                 "|data.incident.trigger_summary_data.description"
                                 "|data.incident.incident_key" },
                  { FIELD_SEVERITY, "?incident.urgency|data.incident.urgency" },
                  { FIELD_SERVICE, "?incident.service.summary|incident.service.name"
                                   "|data.incident.service.name" },
                  { FIELD_ACTOR, "?incident.last_status_change_by.summary"
                                 "|data.incident.resolved_by_user.name"
                                 "|data.incident.last_status_change_by.name" },
                  { FIELD_URL, "?incident.html_url|data.incident.html_url" } },
      .subject = { { "incident", FIELD_TITLE, "incident.id|data.incident.id" } } },
};
static const struct row_table messages = { .sender = "pagerduty", .rows = message_rows };

static enum rc read_message(const struct sender_delivery *delivery, const struct json *message,
                            struct event *event)
{
    struct slice name = row_word(payload_text(message, "type|event"));

    return row_read(&messages, name, message, delivery->arena, event);
}

static size_t count(const struct json *payload)
{
    return batch_count(payload, "messages");
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct slice name = row_word(payload_text(delivery->payload, "event.event_type"));
    bool is_incident = slice_starts(name, SLICE("incident."));

    if (batch_elements(delivery->payload, "messages"))
        return batch_read(delivery, "messages", read_message, out);
    return row_read(is_incident ? &incidents : &others, name, delivery->payload, delivery->arena,
                    &out->items[0]);
}

/* -- the sender -- */

static const char *const delivery_headers[] = { "X-Webhook-Id", NULL };
static const char *const kinds[] = { "alert", NULL };

/* clang-format off */
static const char *const types[] = {
    "pagerduty.incident.acknowledge", "pagerduty.incident.acknowledged",
    "pagerduty.incident.action_invocation.created", "pagerduty.incident.action_invocation.terminated",
    "pagerduty.incident.action_invocation.updated", "pagerduty.incident.annotate", "pagerduty.incident.annotated",
    "pagerduty.incident.assign", "pagerduty.incident.conference_bridge.updated",
    "pagerduty.incident.custom_field_values.updated", "pagerduty.incident.delegate",
    "pagerduty.incident.delegated", "pagerduty.incident.escalate", "pagerduty.incident.escalated",
    "pagerduty.incident.incident_type.changed", "pagerduty.incident.priority_updated",
    "pagerduty.incident.reassigned", "pagerduty.incident.reopened", "pagerduty.incident.resolve",
    "pagerduty.incident.resolved", "pagerduty.incident.responder.added", "pagerduty.incident.responder.replied",
    "pagerduty.incident.role.assigned", "pagerduty.incident.service_updated",
    "pagerduty.incident.status_update_published", "pagerduty.incident.trigger", "pagerduty.incident.triggered",
    "pagerduty.incident.unacknowledge", "pagerduty.incident.unacknowledged",
    "pagerduty.incident.workflow.completed", "pagerduty.incident.workflow.started", "pagerduty.pagey.ping",
    "pagerduty.service.created", "pagerduty.service.custom_field_values.updated", "pagerduty.service.deleted",
    "pagerduty.service.updated", "pagerduty.unknown",
    NULL,
};
/* clang-format on */

static const struct signature_scheme schemes[] = {
    { .name = "secret",
      .kind = SIGNATURE_HMAC,
      .header = "X-PagerDuty-Signature",
      .prefix = "v1=",
      .separator = ',' },
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = NULL },
};

const struct sender sender_pagerduty = {
    .name = "pagerduty",
    .title = "PagerDuty",
    .delivery_headers = delivery_headers,
    .kept_headers = delivery_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)1024 * 1024, /* PagerDuty drops what is over 256 KB */
    .takes_any_token_header = true,
    .events_to_tick = "incident.triggered, incident.reopened, incident.resolved",
    .kinds = kinds,
    .types = types,
    .id_paths = "event.id", /* which is signed, as the header is not */
    .count = count,
    .normalise = normalise,
};
