/* samples.h - payloads shaped as the senders send them, to try the first rule with: `vedette send --sample ci-red`.
 *
 * The files are samples/NAME.json, embedded at build time. What has to be new is made at each use, the same wherever it stands in one payload:
 * {{now}} and {{earlier}}, four minutes before it (RFC 3339), {{now_ms}} and {{now_s}} (Unix time), {{id}} (digits), {{uuid}}, {{sha}} (40 hex digits).
 *
 * ci-red and ci-green, alert-firing and alert-resolved, deploy-failed and deploy are about the same condition each. The deploys are read with
 * map: {kind: deploy, service: app.name, state: status, environment: env, title: message, id: delivery, time: at}; those of cloudevents and standard-webhooks
 * say what they are with map: {state: data.status}. The senders that alone can sign (travis, cloudwatch) have none. */
#pragma once

#include "src/base/arena.h"

struct sample {
    const char *name;       /* ci-red */
    const char *title;      /* what it is */
    const char *sender;     /* github */
    const char *event_type; /* workflow_run; "" when the sender has none */
    const char *file;       /* of samples/ */
};

/* All of them, in order; NULL past the end. */
const struct sample *sample_at(size_t i);
const struct sample *sample_find(struct slice name);
/* The payload with ids and times made new. */
enum rc sample_render(const struct sample *sample, int64_t now_ms, struct arena *arena,
                      struct slice *body) MUST_CHECK;
