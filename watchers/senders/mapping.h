/* mapping.h - where our fields stand in JSON of any shape, as its user says it.
 *
 *     map: {kind: deploy, service: "app.name|app.id", state: status, subject: [site, app.name], id: delivery, time: at}
 *     states: {failing: [failed, error], ok: [succeeded]}      # without: the usual words
 *     severities: {critical: [S1], medium: [S3, S4]}           # beside the usual words
 *     items: data.alerts                                       # of the generic sender: an array, each element an event, and paths begin there
 *     id_header: X-Request-ID                                   # likewise: the header that holds the delivery id
 *
 * Of paths with '|' between, the first that leads to something counts. A `subject` that is a list is made of parts called as their (first) paths.
 *
 * For senders whose payload only their user knows. The members of a watcher that it reads are MAPPING_MEMBERS; what mapping_parse makes of them is
 * the sender's `options`. */
#pragma once

#include "src/base/document.h"
#include "src/base/event.h"
#include "src/base/settings.h"
#include "watchers/senders/subject.h"

/* What may stand in `map`, `states` and `severities`. */
extern const struct shape shape_mapping_map, shape_mapping_states, shape_mapping_severities;
/* Rows of the members that every such sender has, for its table. */
#define MAPPING_MEMBERS                                                                            \
    { .name = "map",                                                                               \
      .type = SETTING_NODE,                                                                        \
      .shape = &shape_mapping_map,                                                                 \
      .help = "where in the payload each field is: {service: app.name, state: status}" },          \
        { .name = "states",                                                                        \
          .type = SETTING_NODE,                                                                    \
          .shape = &shape_mapping_states,                                                          \
          .help = "what the sender's words for `state` mean" },                                    \
    {                                                                                              \
        .name = "severities", .type = SETTING_NODE, .shape = &shape_mapping_severities,            \
        .help = "what the sender's words for `severity` mean"                                      \
    }

/* sender.parse, sender.id_path, sender.id_header */
enum rc mapping_parse(const struct node *map, struct arena *arena, struct problems *problems,
                      void **options) MUST_CHECK;
const struct json_path *mapping_id(const void *options);
const char *mapping_id_header(const void *options);
/* The array whose elements are events: the one that `items` leads to, else the payload where it is one. NULL: the payload is one event. */
const struct json *mapping_elements(const void *options, const struct json *payload);
/* True when something is mapped and nothing of it is in `payload`: it is some other program's, or the mapping is wrong. */
bool mapping_is_foreign(const void *options, const struct json *payload);
/* Fills the mapped fields and the time of `event` out of event->data, and names its subject, where none is mapped, by `parts` (NULL: none) and the fields that tell conditions apart. NULL for
 * `options`: nothing is mapped. At most MAPPING_MAX_PARTS. */
#define MAPPING_MAX_PARTS 2
enum rc mapping_read(const void *options, const struct subject_part *parts, size_t n_parts,
                     struct arena *arena, struct event *event) MUST_CHECK;
