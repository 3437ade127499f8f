#include "watchers/samples.h"

#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/embedded.h"

#include <inttypes.h>
#include <stdio.h>

#define EARLIER_MS (4 * MINUTE_MS)
#define ID_MIN UINT64_C(10000000000) /* eleven digits, as a run of GitHub has today */
#define ID_SPAN UINT64_C(80000000000)
#define SHA_BYTES 20
#define UUID_BYTES 16
#define SAMPLE_MAX_BYTES ((size_t)64 * 1024)

extern const struct embedded_file sample_files[];

static const struct sample samples[] = {
    { .name = "ci-red",
      .title = "a workflow run of main failed",
      .sender = "github",
      .event_type = "workflow_run",
      .file = "ci-red.json" },
    { .name = "ci-green",
      .title = "the same workflow succeeded",
      .sender = "github",
      .event_type = "workflow_run",
      .file = "ci-green.json" },
    { .name = "alert-firing",
      .title = "an alert fires",
      .sender = "alertmanager",
      .event_type = "",
      .file = "alert-firing.json" },
    { .name = "alert-resolved",
      .title = "the same alert is resolved",
      .sender = "alertmanager",
      .event_type = "",
      .file = "alert-resolved.json" },
    { .name = "deploy",
      .title = "a deploy succeeded",
      .sender = "generic",
      .event_type = "",
      .file = "deploy.json" },
    { .name = "deploy-failed",
      .title = "a deploy of the same service failed",
      .sender = "generic",
      .event_type = "",
      .file = "deploy-failed.json" },
    { .name = "azure-devops-build-failed",
      .title = "a build of main failed",
      .sender = "azure-devops",
      .event_type = "",
      .file = "azure-devops-build-failed.json" },
    { .name = "bitbucket-build-failed",
      .title = "a build of main failed",
      .sender = "bitbucket",
      .event_type = "repo:commit_status_updated",
      .file = "bitbucket-build-failed.json" },
    { .name = "buildkite-build-failed",
      .title = "a build of main failed",
      .sender = "buildkite",
      .event_type = "build.finished",
      .file = "buildkite-build-failed.json" },
    { .name = "circleci-workflow-failed",
      .title = "a workflow of main failed",
      .sender = "circleci",
      .event_type = "",
      .file = "circleci-workflow-failed.json" },
    { .name = "cloudevents-failed",
      .title = "an event whose data says `failed`",
      .sender = "cloudevents",
      .event_type = "",
      .file = "cloudevents-failed.json" },
    { .name = "datadog-alert",
      .title = "a monitor triggered",
      .sender = "datadog",
      .event_type = "",
      .file = "datadog-alert.json" },
    { .name = "gitea-run-failed",
      .title = "a workflow run of main failed",
      .sender = "gitea",
      .event_type = "workflow_run",
      .file = "gitea-run-failed.json" },
    { .name = "gitlab-pipeline-failed",
      .title = "a pipeline of main failed",
      .sender = "gitlab",
      .event_type = "Pipeline Hook",
      .file = "gitlab-pipeline-failed.json" },
    { .name = "grafana-alert",
      .title = "an alert fires",
      .sender = "grafana",
      .event_type = "",
      .file = "grafana-alert.json" },
    { .name = "jenkins-build-failed",
      .title = "a build of main failed",
      .sender = "jenkins",
      .event_type = "",
      .file = "jenkins-build-failed.json" },
    { .name = "jira-issue",
      .title = "an issue was created",
      .sender = "jira",
      .event_type = "",
      .file = "jira-issue.json" },
    { .name = "linear-issue",
      .title = "an issue was created",
      .sender = "linear",
      .event_type = "Issue",
      .file = "linear-issue.json" },
    { .name = "newrelic-issue",
      .title = "an issue was activated",
      .sender = "newrelic",
      .event_type = "",
      .file = "newrelic-issue.json" },
    { .name = "opsgenie-alert",
      .title = "an alert was created",
      .sender = "opsgenie",
      .event_type = "",
      .file = "opsgenie-alert.json" },
    { .name = "pagerduty-incident",
      .title = "an incident was triggered",
      .sender = "pagerduty",
      .event_type = "",
      .file = "pagerduty-incident.json" },
    { .name = "sentry-alert",
      .title = "an alert rule triggered",
      .sender = "sentry",
      .event_type = "event_alert",
      .file = "sentry-alert.json" },
    { .name = "standard-webhook-failed",
      .title = "an event whose data says `failed`",
      .sender = "standard-webhooks",
      .event_type = "",
      .file = "standard-webhook-failed.json" },
    { .name = "uptimerobot-down",
      .title = "a monitor is down",
      .sender = "uptimerobot",
      .event_type = "",
      .file = "uptimerobot-down.json" },
};

#define N_SAMPLES (sizeof samples / sizeof *samples)

const struct sample *sample_at(size_t i)
{
    return i < N_SAMPLES ? &samples[i] : NULL;
}

const struct sample *sample_find(struct slice name)
{
    for (size_t i = 0; i < N_SAMPLES; i++) {
        if (slice_eq(name, slice_of(samples[i].name)))
            return &samples[i];
    }
    return NULL;
}

static struct slice text_of(const struct sample *sample)
{
    for (const struct embedded_file *file = sample_files; file->name; file++) {
        if (slice_eq(slice_of(file->name), slice_of(sample->file)))
            return file->text;
    }
    return (struct slice){ 0 };
}

/* -- what is made new -- */

struct fresh {
    char now[TIME_TEXT_BYTES];
    char now_ms[24], now_s[24];
    char earlier[TIME_TEXT_BYTES];
    char id[24];
    char sha[2 * SHA_BYTES + 1];
    char uuid[40];
};

static enum rc make_id(struct fresh *fresh)
{
    union {
        uint8_t bytes[sizeof(uint64_t)];
        uint64_t number;
    } random;
    enum rc rc = random_bytes(random.bytes, sizeof random.bytes);

    if (!rc)
        (void)snprintf(fresh->id, sizeof fresh->id, "%" PRIu64, ID_MIN + random.number % ID_SPAN);
    return rc;
}

static enum rc make_uuid(struct fresh *fresh)
{
    uint8_t bytes[UUID_BYTES];
    char hex[2 * UUID_BYTES + 1];
    enum rc rc = random_bytes(bytes, sizeof bytes);

    if (rc)
        return rc;
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* RFC 9562: version 4 … */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* … and variant */
    hex_format(bytes, sizeof bytes, hex);
    (void)snprintf(fresh->uuid, sizeof fresh->uuid, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                   hex + 12, hex + 16, hex + 20);
    return RC_OK;
}

static enum rc make_fresh(int64_t now_ms, struct fresh *fresh)
{
    uint8_t sha[SHA_BYTES];
    enum rc rc = random_bytes(sha, sizeof sha);

    if (rc)
        return rc;
    hex_format(sha, sizeof sha, fresh->sha);
    time_format(now_ms, fresh->now);
    (void)snprintf(fresh->now_ms, sizeof fresh->now_ms, "%" PRId64, now_ms);
    (void)snprintf(fresh->now_s, sizeof fresh->now_s, "%" PRId64, now_ms / SECOND_MS);
    time_format(now_ms - EARLIER_MS, fresh->earlier);
    rc = make_id(fresh);
    return rc ? rc : make_uuid(fresh);
}

/* -- into its places -- */

static struct slice value_of(const struct fresh *fresh, struct slice name)
{
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        { "now", fresh->now },         { "now_ms", fresh->now_ms }, { "now_s", fresh->now_s },
        { "earlier", fresh->earlier }, { "id", fresh->id },         { "sha", fresh->sha },
        { "uuid", fresh->uuid },
    };

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (slice_eq(name, slice_of(values[i].name)))
            return slice_of(values[i].value);
    }
    return (struct slice){ 0 };
}

/* Takes what stands before `end`, and `end` itself, off `text`. */
static enum rc cut_before(struct slice *text, struct slice end, struct slice *before)
{
    size_t offset;

    if (slice_find(*text, end, &offset) != RC_OK)
        return RC_NOT_FOUND;
    *before = (struct slice){ text->ptr, offset };
    *text = (struct slice){ text->ptr + offset + end.len, text->len - offset - end.len };
    return RC_OK;
}

static enum rc fill(struct slice text, const struct fresh *fresh, struct buffer *out)
{
    struct slice before, name;

    while (cut_before(&text, SLICE("{{"), &before) == RC_OK) {
        struct slice value;

        buffer_add(out, before);
        if (cut_before(&text, SLICE("}}"), &name) != RC_OK)
            return RC_INVALID;
        value = value_of(fresh, name);
        if (slice_is_absent(value))
            return RC_INVALID;
        buffer_add(out, value);
    }
    buffer_add(out, text);
    return buffer_rc(out);
}

enum rc sample_render(const struct sample *sample, int64_t now_ms, struct arena *arena,
                      struct slice *body)
{
    struct fresh fresh;
    struct buffer out;
    enum rc rc;

    rc = make_fresh(now_ms, &fresh);
    if (rc)
        return rc;
    buffer_init(&out, SAMPLE_MAX_BYTES);
    rc = fill(text_of(sample), &fresh, &out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), body);
    buffer_free(&out);
    return rc;
}
