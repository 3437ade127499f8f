/* New Relic: issues, by the template that a workflow starts with, and incidents of the alerting before it. The template is the user's: members may be missing. */
#include "watchers/senders/rows.h"

/* clang-format off */
static const struct word states[] = {
    { "activated", "failing" }, { "active", "failing" }, { "created", "failing" }, { "open", "failing" }, { "opened", "failing" },
    { "closed", "ok" }, { "resolved", "ok" }, { "deactivated", "ok" },
    { "acknowledged", "info" }, { "unacknowledged", "info" }, { "test", "info" },
    { NULL, NULL },
};
/* clang-format on */

static const struct event_row rows[] = {
    { .name = "issue",
      .kind = "alert",
      .state = "state",
      .states = states,
      .time = "updatedAt|createdAt",
      .fields = { { FIELD_TITLE, "title|condition_name|alertConditionNames.0|alertConditionNames" },
                  { FIELD_TEXT, "?details|description|annotations.description.0" },
                  { FIELD_SEVERITY, "?priority|severity" },
                  { FIELD_SERVICE, "?impactedEntities.0|impactedEntities" },
                  { FIELD_ACTOR, "?owner" },
                  { FIELD_URL, "?issueUrl|issuePageUrl" } },
      .subject = { { "issue", FIELD_TITLE, "id|issueId|title" } } },
    { .name = "incident",
      .kind = "alert",
      .state = "current_state",
      .states = states,
      .time = "timestamp",
      .fields = { { FIELD_TITLE, "condition_name|details|policy_name" },
                  { FIELD_TEXT, "?details" },
                  { FIELD_SEVERITY, "?severity|priority" },
                  { FIELD_SERVICE, "?targets.0.name" },
                  { FIELD_ACTOR, "?owner" },
                  { FIELD_URL, "?incident_url" } },
      .subject = { { "condition", FIELD_TITLE, "condition_id|condition_name" },
                   { "incident", FIELD_TITLE, "incident_id" } } },
    { .name = NULL },
};

static const struct row_table table = { .sender = "newrelic", .rows = rows };

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    bool is_legacy = payload_has(delivery->payload, SLICE("current_state|incident_id"));

    return row_read(&table, is_legacy ? SLICE("incident") : SLICE("issue"), delivery->payload,
                    delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "alert", NULL };
static const char *const types[] = { "newrelic.incident", "newrelic.issue", NULL };

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = NULL },
};

const struct sender sender_newrelic = {
    .name = "newrelic",
    .title = "New Relic",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)1024 * 1024,
    .takes_any_token_header = true,
    .events_to_tick = "a workflow's webhook with the template it starts with",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
