/* alert_batch.h - one delivery is a group of alerts, each an event of its own: Alertmanager's body, versions 3 and 4, and what Grafana makes of it.
 *
 * The labels are the alert: equal labels, equal `fingerprint`, and that is its subject. A state that is said later than a minute after it
 * happened is one said again (event.is_repeat). */
#pragma once

#include "watchers/senders/rows.h"

struct alert_batch {
    const char *sender;             /* the source */
    const char *type;               /* of each alert: "grafana.alert" */
    const char *empty_type;         /* of a delivery without alerts */
    const struct row_field *fields; /* paths of the alert */
};

size_t alert_batch_count(const struct json *payload);
/* An alert, already with the batch around it (batch.h). */
enum rc alert_batch_read_alert(const struct alert_batch *batch,
                               const struct sender_delivery *delivery, const struct json *alert,
                               struct event *event) MUST_CHECK;
/* A delivery without alerts: it happened, and says nothing of any. */
void alert_batch_read_empty(const struct alert_batch *batch, struct event *event);
