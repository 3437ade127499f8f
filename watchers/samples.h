/* samples.h - payloads shaped as the senders send them, to try the first rule with: `vedette send --sample ci-red`.
 *
 * The files are samples/NAME.json, embedded at build time. Ids and times are made new at each use: {{now}} (RFC 3339), {{id}} (digits), {{uuid}}, {{sha}}. */
#pragma once

#include "src/base/arena.h"

struct sample {
    const char *name;   /* ci-red */
    const char *title;  /* what it is */
    const char *sender; /* github */
    const char *event_type; /* workflow_run; "" when the sender has none */
    struct slice text;
};

/* All of them, in order; NULL past the end. */
const struct sample *sample_at(size_t i);
const struct sample *sample_find(struct slice name);
/* The payload with ids and times made new. */
enum rc sample_render(const struct sample *sample, int64_t now_ms, struct arena *arena, struct slice *body) MUST_CHECK;
