/* Prometheus Alertmanager: one delivery is a group of alerts, each an event of its own. Versions 3 and 4 of the body. */
#include "src/base/clock.h"
#include "watchers/senders/payload.h"
#include "watchers/senders/sender.h"
#include "watchers/senders/subject.h"
#include "watchers/senders/words.h"

/* Said later than this after it happened, a state is taken for one said again. */
#define FRESH_MS MINUTE_MS
/* Copies of what stands around the alerts, in all; beyond it they are left out. */
#define BATCH_COPIES_BYTES ((size_t)16 * 1024 * 1024)

static const struct word states[] = {
    { "firing", "failing" },
    { "resolved", "ok" },
    { NULL, NULL },
};

static const struct {
    enum event_field field;
    const char *paths; /* of the alert */
} fields[] = {
    { FIELD_TITLE, "annotations.summary|labels.alertname" },
    { FIELD_TEXT, "annotations.description" },
    { FIELD_SERVICE, "labels.service|labels.job" },
    { FIELD_HOST, "labels.instance" },
    { FIELD_ENVIRONMENT, "labels.environment|labels.env" },
    { FIELD_URL, "generatorURL" },
};

static const struct json *alerts_of(const struct json *payload)
{
    const struct json *alerts = json_get_text(payload, "alerts");

    return alerts && json_type_of(alerts) == JSON_ARRAY ? alerts : NULL;
}

static size_t count_alerts(const struct json *payload)
{
    size_t n_alerts = json_count(alerts_of(payload));

    return n_alerts ? n_alerts : 1; /* a delivery without alerts is one event about nothing */
}

/* -- data: the alert, and what stood around it -- */

static void write_members(const struct json *object, const char *except, struct json_writer *writer)
{
    for (const struct json *member = json_first(object); member; member = json_next(member)) {
        if (slice_eq(json_name(member), slice_of(except)))
            continue;
        json_key_slice(writer, json_name(member));
        json_write_node(writer, member);
    }
}

static void write_batch(const struct json *payload, struct buffer *batch)
{
    struct json_writer writer = json_writer_to(batch);

    json_object_begin(&writer);
    if (json_type_of(payload) == JSON_OBJECT)
        write_members(payload, "alerts", &writer);
    json_object_end(&writer);
}

static enum rc make_data(const struct json *alert, struct slice batch, struct buffer *text,
                         struct json **data)
{
    const struct json_limits limits = { .depth = JSON_LIMITS_DEFAULT.depth + 1,
                                        .n_nodes = JSON_LIMITS_DEFAULT.n_nodes + 2 };
    struct json_writer writer = json_writer_to(text);
    struct json_fault fault;
    enum rc rc;

    buffer_clear(text);
    json_object_begin(&writer);
    if (json_type_of(alert) == JSON_OBJECT)
        write_members(alert, "batch", &writer);
    json_key(&writer, "batch");
    json_write_raw(&writer, batch);
    json_object_end(&writer);
    rc = buffer_rc(text);
    return rc ? rc : json_parse(buffer_slice(text), limits, data, &fault);
}

/* -- fields -- */

/* The labels are the alert: equal labels, equal alert, at every Alertmanager of a cluster. Older ones send no fingerprint of them. */
static enum rc name_subject(const struct json *alert, struct arena *arena, struct event *event)
{
    struct slice fingerprint = payload_text(alert, "fingerprint");
    const struct json *labels = json_get_text(alert, "labels");
    struct subject_part named[] = {
        { .name = SLICE("alertname"), .value = payload_text(alert, "labels.alertname") },
        { .name = SLICE("fingerprint"), .value = fingerprint },
    };
    struct subject_part *parts;
    size_t n_parts = 0;

    if (!slice_is_absent(fingerprint))
        return subject_format(named, sizeof named / sizeof *named, arena,
                              &event->fields[FIELD_SUBJECT]);
    parts = arena_alloc(arena, json_count(labels) + 1, sizeof *parts);
    if (!parts)
        return RC_NO_MEMORY;
    for (const struct json *label = json_first(labels); label; label = json_next(label))
        parts[n_parts++] = (struct subject_part){ json_name(label), json_text(label) };
    subject_sort(parts, n_parts);
    return subject_format(parts, n_parts, arena, &event->fields[FIELD_SUBJECT]);
}

/* endsAt of a firing alert is a time-out, or year 1. */
static void read_time(const struct json *alert, struct event *event)
{
    bool is_over = slice_eq(event->fields[FIELD_STATE], SLICE("ok"));
    int64_t at_ms;

    if (payload_time(alert, is_over ? "endsAt" : "startsAt", &at_ms) != RC_OK)
        return;
    event->time_ms = at_ms;
    event->is_repeat = event->received_ms - at_ms > FRESH_MS;
}

static enum rc read_alert(const struct json *payload, const struct json *alert, struct arena *arena,
                          struct event *event)
{
    struct slice status = payload_text(alert, "status");
    struct slice state;

    if (slice_is_absent(status))
        status = payload_text(payload, "status");
    state = word_means(states, status);
    event->fields[FIELD_SOURCE] = SLICE("alertmanager");
    event->fields[FIELD_TYPE] = SLICE("alertmanager.alert");
    event->fields[FIELD_KIND] = SLICE("alert");
    event->fields[FIELD_STATE] = slice_is_absent(state) ? SLICE("info") : state;
    event->fields[FIELD_SEVERITY] =
        word_means(severity_words, payload_text(alert, "labels.severity"));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        event->fields[fields[i].field] = payload_text(alert, fields[i].paths);
    read_time(alert, event);
    return name_subject(alert, arena, event);
}

/* A delivery without alerts: it happened, and says nothing of any. */
static void read_empty(struct event *event)
{
    event->fields[FIELD_SOURCE] = SLICE("alertmanager");
    event->fields[FIELD_TYPE] = SLICE("alertmanager.notification");
    event->fields[FIELD_STATE] = SLICE("info");
}

static enum rc normalise_alerts(const struct sender_delivery *delivery, struct slice batch,
                                struct buffer *text, struct sender_events *out)
{
    const struct json *alert = json_first(alerts_of(delivery->payload));

    for (size_t i = 0; alert && i < out->n_items; i++, alert = json_next(alert)) {
        struct json **data = &out->owned[out->n_owned];
        enum rc rc;

        rc = make_data(alert, batch, text, data);
        if (rc)
            return rc;
        out->n_owned++;
        out->items[i].data = *data;
        rc = read_alert(delivery->payload, *data, delivery->arena, &out->items[i]);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct buffer batch, text;
    struct slice around;
    enum rc rc;

    if (!json_count(alerts_of(delivery->payload))) {
        read_empty(&out->items[0]);
        return RC_OK;
    }
    buffer_init(&batch, 0);
    buffer_init(&text, 0);
    write_batch(delivery->payload, &batch);
    around = buffer_slice(&batch);
    if (around.len > BATCH_COPIES_BYTES / out->n_items)
        around = SLICE("{\"omitted\":true}");
    rc = buffer_rc(&batch);
    if (!rc)
        rc = normalise_alerts(delivery, around, &text, out);
    buffer_free(&text);
    buffer_free(&batch);
    return rc;
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "alert", NULL };
static const char *const types[] = { "alertmanager.alert", "alertmanager.notification", NULL };

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = NULL },
};

const struct sender sender_alertmanager = {
    .name = "alertmanager",
    .title = "Prometheus Alertmanager",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .events_to_tick = "a webhook_configs receiver with send_resolved: true",
    .kinds = kinds,
    .types = types,
    .count = count_alerts,
    .normalise = normalise,
};
