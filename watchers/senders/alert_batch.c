#include "watchers/senders/alert_batch.h"

#include "src/base/clock.h"
#include "watchers/senders/batch.h"

/* Said later than this after it happened, a state is taken for one said again. */
#define FRESH_MS MINUTE_MS

static const struct word states[] = {
    { "firing", "failing" },
    { "resolved", "ok" },
    { NULL, NULL },
};

size_t alert_batch_count(const struct json *payload)
{
    return batch_count(payload, "alerts");
}

/* Older Alertmanagers send no fingerprint of the labels. */
static enum rc name_by_labels(const struct json *labels, struct arena *arena, struct event *event)
{
    struct subject_part *parts = arena_alloc(arena, json_count(labels) + 1, sizeof *parts);
    size_t n_parts = 0;

    if (!parts)
        return RC_NO_MEMORY;
    for (const struct json *label = json_first(labels); label; label = json_next(label))
        parts[n_parts++] = (struct subject_part){ json_name(label), json_text(label) };
    subject_sort(parts, n_parts);
    return subject_format(parts, n_parts, arena, &event->fields[FIELD_SUBJECT]);
}

static enum rc name_subject(const struct json *alert, struct arena *arena, struct event *event)
{
    const struct subject_part named[] = {
        { .name = SLICE("alertname"), .value = payload_text(alert, "labels.alertname") },
        { .name = SLICE("fingerprint"), .value = payload_text(alert, "fingerprint") },
    };

    enum rc rc = slice_is_absent(named[1].value)
                     ? name_by_labels(json_get_text(alert, "labels"), arena, event)
                     : subject_format(named, sizeof named / sizeof *named, arena,
                                      &event->fields[FIELD_SUBJECT]);

    /* Without a name it is about nothing that could end. */
    if (!rc && !event->fields[FIELD_SUBJECT].len)
        rc = row_drift(event, arena, "no", SLICE("labels"));
    return rc;
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

static enum rc read_state(const struct sender_delivery *delivery, const struct json *alert,
                          struct event *event)
{
    struct slice status = payload_text(alert, "status");
    struct slice state;

    if (slice_is_absent(status))
        status = payload_text(delivery->payload, "status");
    state = word_means(states, status);
    event->fields[FIELD_STATE] = slice_is_absent(state) ? SLICE("info") : state;
    if (slice_is_absent(status))
        return row_drift(event, delivery->arena, "no", SLICE("status"));
    return slice_is_absent(state) ? row_drift(event, delivery->arena, "unknown state", status)
                                  : RC_OK;
}

enum rc alert_batch_read_alert(const struct alert_batch *batch,
                               const struct sender_delivery *delivery, const struct json *alert,
                               struct event *event)
{
    enum rc rc;

    event->fields[FIELD_SOURCE] = slice_of(batch->sender);
    event->fields[FIELD_TYPE] = slice_of(batch->type);
    event->fields[FIELD_KIND] = SLICE("alert");
    event->fields[FIELD_SEVERITY] =
        word_means(severity_words, payload_text(alert, "labels.severity"));
    for (const struct row_field *field = batch->fields; field->paths; field++)
        event->fields[field->field] = payload_text(alert, field->paths);
    rc = read_state(delivery, alert, event);
    read_time(alert, event);
    return rc ? rc : name_subject(alert, delivery->arena, event);
}

void alert_batch_read_empty(const struct alert_batch *batch, struct event *event)
{
    event->fields[FIELD_SOURCE] = slice_of(batch->sender);
    event->fields[FIELD_TYPE] = slice_of(batch->empty_type);
    event->fields[FIELD_STATE] = SLICE("info");
}
