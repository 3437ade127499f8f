/* Opsgenie: what became of an alert. Any action but the making and the closing of it, those that people invent included, says nothing of its state. */
#include "watchers/senders/rows.h"

static const struct word actions[] = {
    { "Create", "failing" },
    { "Close", "ok" },
    { "Delete", "ok" },
    { NULL, NULL },
};

static const struct word priorities[] = {
    { "1", "critical" }, { "2", "high" }, { "3", "medium" },
    { "4", "low" },      { "5", "low" },  { NULL, NULL },
};

/* P1 to P5, or the digit alone. */
static enum rc take_priority(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice digit = word_means(priorities, payload_text(payload, "alert.priority"));

    (void)arena;
    if (!slice_is_absent(digit))
        event->fields[FIELD_SEVERITY] = digit;
    return RC_OK;
}

/* Those that people invent would be words that nobody knows. */
static bool says_state(const struct json *payload)
{
    return !slice_is_absent(word_means(actions, payload_text(payload, "action")));
}

static const struct event_row rows[] = {
    { .name = NULL,
      .kind = "alert",
      .state = "action",
      .states = actions,
      .is_settled = says_state,
      .time = "alert.updatedAt|alert.createdAt",
      .fields = { { FIELD_TITLE, "alert.message" },
                  { FIELD_TEXT, "?alert.description|alert.note" },
                  { FIELD_SEVERITY, "?alert.priority" },
                  { FIELD_SERVICE, "?alert.entity" },
                  { FIELD_ACTOR, "?alert.username|alert.source" },
                  { FIELD_ENVIRONMENT, "?alert.details.environment" },
                  { FIELD_HOST, "?alert.details.host" } },
      /* the alias is what Opsgenie itself folds by */
      .subject = { { "alias", FIELD_TITLE, "alert.alias|alert.alertId" } },
      .finish = take_priority },
};

static const struct row_table table = { .sender = "opsgenie", .rows = rows };

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct slice name = row_word(payload_text(delivery->payload, "action"));

    return row_read(&table, name, delivery->payload, delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "alert", NULL };

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = NULL },
};

const struct sender sender_opsgenie = {
    .name = "opsgenie",
    .title = "Opsgenie",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)1024 * 1024,
    .takes_any_token_header = true,
    .events_to_tick = "Create, Close, Delete",
    .kinds = kinds,
    .normalise = normalise,
};
