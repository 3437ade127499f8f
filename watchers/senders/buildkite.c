/* Buildkite: builds and their jobs. A payload may show a later state than that of its event, so an event counts where it ends what it is about. Source: Buildkite's documentation, "Pipelines webhooks" and
 * "Builds API". */
#include "src/base/clock.h"
#include "watchers/senders/rows.h"

/* clang-format off */
static const struct word states[] = {
    { "failed", "failing" }, { "failing", "failing" }, { "timed_out", "failing" }, { "expired", "failing" },
    { "passed", "ok" },
    { "creating", "info" }, { "scheduled", "info" }, { "running", "info" }, { "blocked", "info" }, { "canceled", "info" },
    { "canceling", "info" }, { "skipped", "info" }, { "not_run", "info" }, { "waiting", "info" }, { "waiting_failed", "info" },
    { "broken", "info" }, { "finished", "info" }, { "unblocked", "info" }, { "timing_out", "info" }, { "limited", "info" },
    { "assigned", "info" }, { "accepted", "info" }, { "pending", "info" },
    { NULL, NULL },
};
/* clang-format on */

static bool is_true(const struct json *payload, const char *path)
{
    return slice_eq(payload_text(payload, path), SLICE("true"));
}

/* A build that waits to be unblocked "finishes" too, and goes on. */
static bool is_build_over(const struct json *payload)
{
    return !is_true(payload, "build.blocked");
}

/* One that may fail fails softly. */
static bool is_job_over(const struct json *payload)
{
    return !is_true(payload, "job.soft_failed");
}

/* A pull request out of a fork tells where it comes from; a build of ours has none. */
static enum rc finish(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice repo = payload_repo(payload_text(payload, "pipeline.repository"));
    struct slice head = payload_repo(payload_text(payload, "build.pull_request.repository"));

    if (repo.len)
        event->fields[FIELD_REPO] = repo;
    return row_mark_fork(event, head, arena);
}

#define COMMON_FIELDS                                                                              \
    { FIELD_BRANCH, "build.branch" }, { FIELD_COMMIT, "build.commit" },                            \
        { FIELD_WORKFLOW, "pipeline.slug" },                                                       \
    {                                                                                              \
        FIELD_RUN, "build.number|build.id"                                                         \
    }

#define BUILD(word)                                                                                \
    .name = (word), .kind = "ci.run", .level = "run",                                              \
    .time = "build.finished_at|build.started_at|build.scheduled_at|build.created_at",              \
    .fields = { COMMON_FIELDS,                                                                     \
                { FIELD_SERVICE, "pipeline.slug" },                                                \
                { FIELD_TITLE, "?build.message|pipeline.name" },                                   \
                { FIELD_TEXT, "?build.message" },                                                  \
                { FIELD_URL, "build.web_url" } },                                                  \
    .subject = { { "pipeline", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } },         \
    .finish = finish

#define JOB(word)                                                                                  \
    .name = (word), .kind = "ci.run", .level = "job",                                              \
    .time = "job.finished_at|job.started_at|job.scheduled_at|job.created_at",                      \
    .fields = { COMMON_FIELDS,                                                                     \
                { FIELD_JOB, "?job.step_key|job.name|job.label|job.type" },                        \
                { FIELD_SERVICE, "?job.name|job.label|job.step_key|job.type" },                    \
                { FIELD_TITLE, "?job.name|job.label|job.step_key|job.type" },                      \
                { FIELD_URL, "?job.web_url|build.web_url" } },                                     \
    .subject = { { "pipeline", FIELD_WORKFLOW, NULL },                                             \
                 { "job", FIELD_JOB, NULL },                                                       \
                 { "branch", FIELD_BRANCH, NULL } },                                               \
    .finish = finish

static const struct event_row rows[] = {
    { BUILD("build.finished"), .state = "build.state", .states = states,
      .is_settled = is_build_over, .started = "build.started_at" },
    /* before its end: whoever ticks it wants to know at once */
    { BUILD("build.failing"), .state = "build.state", .states = states },
    { BUILD("build.*") },
    { JOB("job.finished"), .state = "job.state", .states = states, .is_settled = is_job_over,
      .started = "job.started_at" },
    { JOB("job.*") },
    { .name = NULL, .fields = { { FIELD_TITLE, "?agent.name|service.name" } } },
};

static const struct row_subject common_subject[] = { { "repo", FIELD_REPO, NULL },
                                                     { .name = NULL } };

static const struct row_table table = {
    .sender = "buildkite",
    .common = { { FIELD_ACTOR, "?build.creator.name|build.author.name|sender.name" } },
    .common_subject = common_subject,
    .rows = rows,
};

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct slice name = payload_text(delivery->payload, "event");

    return row_read(&table, row_word(name), delivery->payload, delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "ci.run", NULL };

/* clang-format off */
static const char *const types[] = {
    "buildkite.agent.blocked", "buildkite.agent.connected", "buildkite.agent.disconnected", "buildkite.agent.lost",
    "buildkite.agent.stopped", "buildkite.agent.stopping", "buildkite.build.failing", "buildkite.build.finished",
    "buildkite.build.running", "buildkite.build.scheduled", "buildkite.build.skipped",
    "buildkite.cluster_token.registration_blocked", "buildkite.job.activated", "buildkite.job.finished",
    "buildkite.job.promised_exit_status", "buildkite.job.scheduled", "buildkite.job.started", "buildkite.ping",
    "buildkite.unknown",
    NULL,
};
/* clang-format on */

/* What its page calls the token is sent as it is, or signs. */
static const struct signature_scheme schemes[] = {
    { .name = "secret",
      .kind = SIGNATURE_HMAC,
      .header = "X-Buildkite-Signature",
      .prefix = "signature=",
      .separator = ',',
      .over = "{time}.{body}",
      .time_mark = "timestamp=",
      .tolerance_ms = 5 * MINUTE_MS },
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "X-Buildkite-Token" },
    { .name = NULL },
};

const struct sender sender_buildkite = {
    .name = "buildkite",
    .title = "Buildkite",
    .event_header = "X-Buildkite-Event",
    .handshake = "ping",
    .delivery_headers = no_headers, /* it tells none */
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .events_to_tick = "build.finished",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
