/* CircleCI: workflows and jobs that have ended. What started them is told in two shapes: `vcs` by the older connections, `trigger_parameters` by the newer. Source: CircleCI's documentation, "Outbound webhooks
 * reference". */
#include "watchers/senders/rows.h"

static const struct word statuses[] = {
    { "failed", "failing" }, { "error", "failing" },     { "success", "ok" },
    { "canceled", "info" },  { "unauthorized", "info" }, { NULL, NULL },
};

static bool is_workflow_over(const struct json *payload)
{
    struct slice status = payload_text(payload, "workflow.status");

    return !slice_eq(word_means(statuses, status), SLICE("info"));
}

static bool is_job_over(const struct json *payload)
{
    struct slice status = payload_text(payload, "job.status");

    return !slice_eq(word_means(statuses, status), SLICE("info"));
}

/* Where nothing names a repository, older projects do: "gh/acme/shop". */
static enum rc name_repo(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice slug = payload_text(payload, "project.slug"), host;
    struct slice repo =
        payload_repo(payload_text(payload, "pipeline.vcs.target_repository_url"
                                           "|pipeline.trigger_parameters.git.checkout_url"
                                           "|pipeline.trigger_parameters.gitlab.repo_url"
                                           "|pipeline.trigger_parameters.github_app.repo_url"));

    (void)arena;
    if (!repo.len) {
        host = slice_cut(&slug, '/');
        repo = slice_eq(host, SLICE("circleci")) ? repo : slug;
    }
    if (repo.len)
        event->fields[FIELD_REPO] = repo;
    return RC_OK;
}

#define BRANCH_PATHS                                                                               \
    "?pipeline.vcs.branch|pipeline.trigger_parameters.git.branch"                                  \
    "|pipeline.trigger_parameters.gitlab.branch|pipeline.trigger_parameters.github_app.branch"
#define COMMIT_PATHS                                                                               \
    "?pipeline.vcs.revision|pipeline.trigger_parameters.git.checkout_sha"                          \
    "|pipeline.trigger_parameters.gitlab.checkout_sha"                                             \
    "|pipeline.trigger_parameters.github_app.checkout_sha"
#define SUBJECT_PATHS                                                                              \
    "?pipeline.vcs.commit.subject|pipeline.trigger_parameters.gitlab.commit_title"                 \
    "|pipeline.trigger_parameters.github_app.commit_title"

static const struct event_row rows[] = {
    { .name = "workflow-completed",
      .kind = "ci.run",
      .level = "run",
      .state = "workflow.status",
      .states = statuses,
      .is_settled = is_workflow_over,
      .time = "workflow.stopped_at|happened_at",
      .started = "workflow.created_at",
      .fields = { { FIELD_BRANCH, BRANCH_PATHS },
                  { FIELD_COMMIT, COMMIT_PATHS },
                  { FIELD_WORKFLOW, "workflow.name" },
                  { FIELD_SERVICE, "workflow.name" },
                  { FIELD_TITLE, "workflow.name" },
                  { FIELD_TEXT, SUBJECT_PATHS },
                  { FIELD_URL, "?workflow.url" },
                  { FIELD_RUN, "workflow.id" } },
      .subject = { { "workflow", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } },
      .finish = name_repo },
    { .name = "job-completed",
      .kind = "ci.run",
      .level = "job",
      .state = "job.status",
      .states = statuses,
      .is_settled = is_job_over,
      .time = "job.stopped_at|happened_at",
      .started = "job.started_at",
      .fields = { { FIELD_BRANCH, BRANCH_PATHS },
                  { FIELD_COMMIT, COMMIT_PATHS },
                  { FIELD_WORKFLOW, "workflow.name" },
                  { FIELD_JOB, "job.name" },
                  { FIELD_SERVICE, "job.name" },
                  { FIELD_TITLE, "job.name" },
                  { FIELD_TEXT, SUBJECT_PATHS },
                  { FIELD_URL, "?workflow.url" },
                  { FIELD_RUN, "workflow.id" } },
      .subject = { { "workflow", FIELD_WORKFLOW, NULL },
                   { "job", FIELD_JOB, NULL },
                   { "branch", FIELD_BRANCH, NULL } },
      .finish = name_repo },
    /* the "Test ping" of its page */
    { .name = NULL, .time = "happened_at", .fields = { { FIELD_TITLE, "?webhook.name" } } },
};

static const struct row_subject common_subject[] = { { "repo", FIELD_REPO, NULL },
                                                     { .name = NULL } };

static const struct row_table table = {
    .sender = "circleci",
    .common = { { FIELD_ACTOR, "?pipeline.vcs.commit.author.name"
                               "|pipeline.trigger_parameters.gitlab.user_username"
                               "|pipeline.trigger_parameters.github_app.user_username"
                               "|pipeline.trigger_parameters.circleci.actor_id" } },
    .common_subject = common_subject,
    .rows = rows,
};

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct slice name = payload_text(delivery->payload, "type");

    return row_read(&table, row_word(name), delivery->payload, delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "ci.run", NULL };
static const char *const types[] = { "circleci.job-completed", "circleci.ping", "circleci.unknown",
                                     "circleci.workflow-completed", NULL };

/* A list of versions, of which there is one. */
static const struct signature_scheme schemes[] = {
    { .name = "secret",
      .kind = SIGNATURE_HMAC,
      .header = "circleci-signature",
      .prefix = "v1=",
      .separator = ',' },
    { .name = NULL },
};

const struct sender sender_circleci = {
    .name = "circleci",
    .title = "CircleCI",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)1024 * 1024,
    .events_to_tick = "Workflow Completed",
    .kinds = kinds,
    .types = types,
    .id_paths = "id",
    .normalise = normalise,
};
