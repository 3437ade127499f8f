/* Standard Webhooks 1.0: what any sender of it sends, `type`, `timestamp` and `data`, signed with HMAC (`secret`) or Ed25519 (`public_key`). What stands in `data` its user says by `map:`. */
#include "src/base/clock.h"
#include "watchers/senders/mapping.h"
#include "watchers/senders/rows.h"

static const struct event_row rows[] = {
    { .time = "timestamp" },
};

static const struct row_table table = { .sender = "standard-webhooks", .rows = rows };

/* `type` is asked for by the specification; without it an event is still one. */
static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct event *event = &out->items[0];
    struct slice type = payload_text(delivery->payload, "type");
    enum rc rc = RC_OK;

    if (!type.len)
        rc = row_drift(event, delivery->arena, "no", SLICE("type"));
    if (!rc)
        rc = row_read(&table, row_word(type), delivery->payload, delivery->arena, event);
    /* An order that fails and the same that is paid are two types: what tells conditions apart is mapped. */
    event->fields[FIELD_SUBJECT] = (struct slice){ 0 };
    return rc ? rc : mapping_read(delivery->options, NULL, 0, delivery->arena, event);
}

static const char *const delivery_headers[] = { "webhook-id", NULL };
static const char *const no_headers[] = { NULL };

#define SIGNED                                                                                     \
    .header = "webhook-signature", .separator = ' ', .is_base64 = true,                            \
    .over = "{id}.{time}.{body}", .id_header = "webhook-id", .time_header = "webhook-timestamp",   \
    .tolerance_ms = 5 * MINUTE_MS

static const struct setting members[] = { MAPPING_MEMBERS, { .name = NULL } };

static const struct signature_scheme schemes[] = {
    { .name = "secret", .kind = SIGNATURE_HMAC, .key_form = KEY_BASE64, .prefix = "v1,", SIGNED },
    { .name = "public_key",
      .kind = SIGNATURE_ED25519,
      .key_form = KEY_ED25519,
      .prefix = "v1a,",
      SIGNED },
    { .name = NULL },
};

const struct sender sender_standard_webhooks = {
    .name = "standard-webhooks",
    .title = "Standard Webhooks",
    .delivery_headers = delivery_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)1024 * 1024,
    .events_to_tick = "those that `map` and `states` tell about",
    .kinds = event_kinds,
    .parse = mapping_parse,
    .members = members,
    .id_path = mapping_id,
    .normalise = normalise,
};
