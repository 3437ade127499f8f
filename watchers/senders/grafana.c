/* Grafana: what its unified alerting sends (alert_batch.h), and the one alert of the alerting before version 9. */
#include "watchers/senders/alert_batch.h"
#include "watchers/senders/batch.h"

static const struct row_field fields[] = {
    { FIELD_TITLE, "annotations.summary|labels.alertname" },
    { FIELD_TEXT, "annotations.description" },
    { FIELD_SERVICE, "labels.service|labels.job|labels.instance" },
    { FIELD_HOST, "labels.instance|labels.host" },
    { FIELD_ENVIRONMENT, "labels.environment|labels.env" },
    { FIELD_URL, "generatorURL|panelURL|dashboardURL" },
    { .paths = NULL },
};

static const struct alert_batch group = {
    .sender = "grafana",
    .type = "grafana.alert",
    .empty_type = "grafana.notification",
    .fields = fields,
};

static enum rc read_alert(const struct sender_delivery *delivery, const struct json *alert,
                          struct event *event)
{
    return alert_batch_read_alert(&group, delivery, alert, event);
}

/* -- before version 9 -- */

static const struct word legacy_states[] = {
    { "alerting", "failing" }, { "no_data", "failing" }, { "ok", "ok" }, { "pending", "info" },
    { "paused", "info" },      { "unknown", "info" },    { NULL, NULL },
};

static const struct event_row legacy_rows[] = {
    { .name = NULL,
      .kind = "alert",
      .state = "state",
      .states = legacy_states,
      .fields = { { FIELD_TITLE, "title|ruleName" },
                  { FIELD_TEXT, "?message" },
                  { FIELD_SERVICE, "ruleName|title" },
                  { FIELD_SEVERITY, "?tags.severity" },
                  { FIELD_ENVIRONMENT, "?tags.environment|tags.env" },
                  { FIELD_HOST, "?tags.instance|tags.host" },
                  { FIELD_URL, "?ruleUrl" } },
      .subject = { { "org", FIELD_TITLE, "orgId" }, { "rule", FIELD_TITLE, "ruleId|ruleName" } } },
};

static const struct row_table legacy = { .sender = "grafana", .rows = legacy_rows };

static bool is_legacy(const struct json *payload)
{
    return payload_has(payload, SLICE("ruleId|ruleName|evalMatches"));
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    if (batch_elements(delivery->payload, "alerts"))
        return batch_read(delivery, "alerts", read_alert, out);
    if (is_legacy(delivery->payload))
        return row_read(&legacy, SLICE("legacy_alert"), delivery->payload, delivery->arena,
                        &out->items[0]);
    alert_batch_read_empty(&group, &out->items[0]);
    return RC_OK;
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "alert", NULL };
static const char *const types[] = { "grafana.alert", "grafana.legacy_alert",
                                     "grafana.notification", NULL };

/* Where a time header is named on its page, it signs `{time}:{body}`: `signature: {time_header: …, over: "{time}:{body}"}`. */
static const struct signature_scheme schemes[] = {
    { .name = "secret", .kind = SIGNATURE_HMAC, .header = "X-Grafana-Alerting-Signature" },
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = NULL },
};

const struct sender sender_grafana = {
    .name = "grafana",
    .title = "Grafana",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .takes_any_token_header = true,
    .takes_any_signature = true,
    .events_to_tick = "a Webhook contact point, resolved messages left on",
    .kinds = kinds,
    .types = types,
    .count = alert_batch_count,
    .normalise = normalise,
};
