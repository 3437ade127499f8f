/* Linear: what was made, changed or removed. An issue there is nothing that fails or recovers: every state is info. */
#include "src/base/clock.h"
#include "watchers/senders/rows.h"

static const struct event_row rows[] = {
    { .name = "Issue",
      .kind = "issue",
      .time = "data.updatedAt|createdAt",
      .fields = { { FIELD_TITLE, "data.title" },
                  { FIELD_TEXT, "?data.description" },
                  { FIELD_SEVERITY, "?data.priorityLabel" },
                  { FIELD_SERVICE, "?data.team.name|data.team.key" } },
      .subject = { { "issue", FIELD_TITLE, "data.id" } } },
    { .name = "Comment",
      .kind = "issue",
      .time = "data.updatedAt|createdAt",
      .fields = { { FIELD_TITLE, "?data.issue.title|data.project.name|data.body" },
                  { FIELD_TEXT, "?data.body" } },
      .subject = { { "issue", FIELD_TITLE, "data.issueId|data.issue.id" },
                   { "project", FIELD_TITLE, "data.projectId|data.project.id" } } },
    { .name = "IssueSLA",
      .kind = "issue",
      .time = "issueData.updatedAt|createdAt",
      .fields = { { FIELD_TITLE, "issueData.title" },
                  { FIELD_TEXT, "?issueData.description" },
                  { FIELD_SEVERITY, "?issueData.priorityLabel" },
                  { FIELD_SERVICE, "?issueData.team.name|issueData.team.key" } },
      .subject = { { "issue", FIELD_TITLE, "issueData.id" } } },
    { .name = NULL,
      .time = "data.updatedAt|createdAt",
      .fields = { { FIELD_TITLE, "?data.name|data.title|data.project.name|data.issue.title" },
                  { FIELD_TEXT, "?data.body|data.description" } },
      .subject = { { "object", FIELD_TYPE, NULL }, { "id", FIELD_TITLE, "data.id" } } },
};

static const struct row_table table = {
    .sender = "linear",
    .common = { { FIELD_ACTOR, "?actor.name|data.user.name" }, { FIELD_URL, "?url|data.url" } },
    .rows = rows,
};

/* The body is signed, the header with the same word is not. */
static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct slice name = row_word(payload_text(delivery->payload, "type"));

    return row_read(&table, name, delivery->payload, delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const delivery_headers[] = { "Linear-Delivery", NULL };
static const char *const kinds[] = { "issue", NULL };

/* Linear signs when it sent: its own library refuses what is older than a minute. */
static const struct signature_scheme schemes[] = {
    { .name = "secret",
      .kind = SIGNATURE_HMAC,
      .header = "Linear-Signature",
      .time_path = "webhookTimestamp",
      .tolerance_ms = MINUTE_MS },
    { .name = NULL },
};

const struct sender sender_linear = {
    .name = "linear",
    .title = "Linear",
    .event_header = "Linear-Event",
    .delivery_headers = delivery_headers,
    .kept_headers = delivery_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .events_to_tick = "Issues, Issue comments",
    .kinds = kinds,
    .normalise = normalise,
};
