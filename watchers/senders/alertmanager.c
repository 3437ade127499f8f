/* Prometheus Alertmanager: alert_batch.h says what its body is. */
#include "watchers/senders/alert_batch.h"
#include "watchers/senders/batch.h"

static const struct row_field fields[] = {
    { FIELD_TITLE, "annotations.summary|labels.alertname" },
    { FIELD_TEXT, "annotations.description" },
    { FIELD_SERVICE, "labels.service|labels.job" },
    { FIELD_HOST, "labels.instance" },
    { FIELD_ENVIRONMENT, "labels.environment|labels.env" },
    { FIELD_URL, "generatorURL" },
    { .paths = NULL },
};

static const struct alert_batch group = {
    .sender = "alertmanager",
    .type = "alertmanager.alert",
    .empty_type = "alertmanager.notification",
    .fields = fields,
};

static enum rc read_alert(const struct sender_delivery *delivery, const struct json *alert,
                          struct event *event)
{
    return alert_batch_read_alert(&group, delivery, alert, event);
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    if (batch_elements(delivery->payload, "alerts"))
        return batch_read(delivery, "alerts", read_alert, out);
    alert_batch_read_empty(&group, &out->items[0]);
    return RC_OK;
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "alert", NULL };
static const char *const types[] = { "alertmanager.alert", "alertmanager.notification", NULL };

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = NULL },
};

const struct sender sender_alertmanager = {
    .name = "alertmanager",
    .title = "Prometheus Alertmanager",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .takes_any_token_header = true,
    .events_to_tick = "a webhook_configs receiver with send_resolved: true",
    .kinds = kinds,
    .types = types,
    .count = alert_batch_count,
    .normalise = normalise,
};
