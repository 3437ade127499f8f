/* batch.h - a delivery that is several events: the elements of an array in it.
 *
 * The data of each event is its element, and beside the element's members, as `batch`, a copy of what stood around the array. Over
 * 16 MiB of copies in all, `batch` is {"omitted": true} in each. */
#pragma once

#include "watchers/senders/sender.h"

/* What `path` (members with dots between) leads to where it is an array with elements; else NULL. */
const struct json *batch_elements(const struct json *payload, const char *path);
/* One for each element; 1 when there is none: then the delivery is an event about nothing. */
size_t batch_count(const struct json *payload, const char *path);
/* Calls `read` for each element (`element` is its data as described above) with the event to fill. There must be elements. */
enum rc batch_read(const struct sender_delivery *delivery, const char *path,
                   enum rc (*read)(const struct sender_delivery *delivery,
                                   const struct json *element, struct event *event),
                   struct sender_events *out) MUST_CHECK;
