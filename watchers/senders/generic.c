/* Any JSON: `map:` says where our fields stand in it, `states:` what its words for failing and ok are (mapping.h). An array, or the one at `items:`, is an event for each element. */
#include "src/base/clock.h"
#include "watchers/senders/mapping.h"
#include "watchers/senders/sender.h"

/* -- from payload to events -- */

static size_t count_elements(const void *options, const struct json *payload)
{
    size_t n_elements = json_count(mapping_elements(options, payload));

    return n_elements ? n_elements : 1; /* an empty array is one event about nothing */
}

static enum rc read_event(const struct sender_delivery *delivery, struct event *event)
{
    enum rc rc;

    event->fields[FIELD_SOURCE] = SLICE("generic");
    rc = arena_format(delivery->arena, &event->fields[FIELD_TYPE], "generic.%.*s",
                      SLICE_ARG(event->fields[FIELD_WATCHER]));
    if (!rc)
        rc = mapping_read(delivery->options, NULL, 0, delivery->arena, event);
    if (rc || json_type_of(event->data) != JSON_OBJECT ||
        !mapping_is_foreign(delivery->options, event->data))
        return rc;
    event->is_unusable = true;
    event->drift = SLICE("nothing that `map` names is in it");
    return RC_OK;
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    const struct json *element = json_first(mapping_elements(delivery->options, delivery->payload));

    for (size_t i = 0; i < out->n_items; i++) {
        enum rc rc;

        if (element)
            out->items[i].data = element;
        rc = read_event(delivery, &out->items[i]);
        if (rc)
            return rc;
        element = json_next(element);
    }
    return RC_OK;
}

/* -- the sender -- */

/* X-Request-ID is none: a proxy gives each attempt another one. Where it is the sender's, `id_header` names it. */
static const char *const delivery_headers[] = { "webhook-id", "Idempotency-Key", "ce-id", NULL };
static const struct setting members[] = {
    MAPPING_MEMBERS,
    { .name = "items",
      .type = SETTING_NODE,
      .shape = &shape_text,
      .help = "the array whose elements are events; the other paths begin there" },
    { .name = "id_header",
      .type = SETTING_NODE,
      .shape = &shape_text,
      .help = "the header that holds the delivery id" },
    { .name = NULL },
};

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = "secret",
      .kind = SIGNATURE_HMAC,
      .header = "X-Hub-Signature-256",
      .prefix = "sha256=" },
    /* Its whole text is the key, whsec_ included: the same letters mean another key to standard-webhooks, so it has a name of its own. */
    { .name = "stripe_secret",
      .kind = SIGNATURE_HMAC,
      .header = "Stripe-Signature",
      .prefix = "v1=",
      .separator = ',',
      .over = "{time}.{body}",
      .time_mark = "t=",
      .tolerance_ms = 5 * MINUTE_MS },
    { .name = NULL },
};

const struct sender sender_generic = {
    .name = "generic",
    .title = "any JSON",
    .delivery_headers = delivery_headers,
    .kept_headers = delivery_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .takes_array = true,
    .takes_any_token_header = true,
    .takes_any_signature = true,
    .events_to_tick = "whatever `map` reads",
    .kinds = event_kinds,
    .parse = mapping_parse,
    .members = members,
    .id_path = mapping_id,
    .id_header = mapping_id_header,
    .count_of = count_elements,
    .normalise = normalise,
};
