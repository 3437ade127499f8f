/* Gitea, Forgejo and Gogs, which sends the same under headers of its own. Sources: Gitea's documentation, "Webhooks", and what prepares the requests in the code of the three (services/webhook/deliver.go). */
#include "src/store/headers.h"
#include "watchers/senders/rows.h"

/* -- states -- */

/* clang-format off */
static const struct word conclusions[] = {
    { "failure", "failing" }, { "error", "failing" }, { "timed_out", "failing" },
    { "success", "ok" },
    { "pending", "info" }, { "warning", "info" }, { "skipped", "info" }, { "cancelled", "info" }, { "neutral", "info" },
    { "blocked", "info" }, { "waiting", "info" }, { "running", "info" }, { "unknown", "info" },
    { NULL, NULL },
};
/* clang-format on */

static bool is_completed(const struct json *payload)
{
    return slice_eq(payload_text(payload, "action"), SLICE("completed"));
}

/* -- what no path says -- */

/* `create` and `delete` name tags as they name branches. */
static enum rc drop_tag(const struct json *payload, struct arena *arena, struct event *event)
{
    (void)arena;
    if (!slice_eq(payload_text(payload, "ref_type"), SLICE("branch")))
        event->fields[FIELD_BRANCH] = (struct slice){ 0 };
    return RC_OK;
}

static enum rc mark_fork(const struct json *payload, struct arena *arena, struct event *event)
{
    return row_mark_fork(event, payload_text(payload, "workflow_run.head_repository.full_name"),
                         arena);
}

/* Forgejo tells a pull request's ref as "#5", a tag's as its name; of a fork, nothing tells whose branch it is. */
static enum rc finish_action_run(const struct json *payload, struct arena *arena,
                                 struct event *event)
{
    struct slice *branch = &event->fields[FIELD_BRANCH];

    (void)arena;
    if (slice_starts(*branch, SLICE("#")) ||
        slice_eq(payload_text(payload, "run.is_fork_pull_request"), SLICE("true")))
        *branch = (struct slice){ 0 };
    return RC_OK;
}

/* -- the events -- */

#define REF(word)                                                                                  \
    {                                                                                              \
        .name = (word), .kind = "push",                                                            \
        .fields = { { FIELD_BRANCH, "ref" },                                                       \
                    { FIELD_COMMIT, "?sha" },                                                      \
                    { FIELD_TITLE, "ref" },                                                        \
                    { FIELD_URL, "?repository.html_url" } },                                       \
        .subject = { { "ref", FIELD_BRANCH, "ref" } }, .finish = drop_tag                          \
    }

static const struct event_row rows[] = {
    { .name = "push",
      .kind = "push",
      .time = "head_commit.timestamp",
      .fields = { { FIELD_BRANCH, "ref" },
                  { FIELD_COMMIT, "after" },
                  { FIELD_TITLE, "?head_commit.message|commits.0.message|ref" },
                  { FIELD_TEXT, "?head_commit.message|commits.0.message" },
                  { FIELD_URL, "?compare_url|repository.html_url" } },
      .subject = { { "ref", FIELD_BRANCH, "ref" } } },
    REF("create"),
    REF("delete"),
    /* The comments on a pull request are those of the issue that it also is. */
    { .name = "issue_comment",
      .kind = "issue",
      .time = "comment.updated_at",
      .fields = { { FIELD_TITLE, "issue.title" },
                  { FIELD_TEXT, "comment.body" },
                  { FIELD_URL, "?comment.html_url|issue.html_url" } },
      .subject = { { "issue", FIELD_TITLE, "issue.number" } } },
    { .name = "issue*",
      .kind = "issue",
      .time = "issue.updated_at",
      .fields = { { FIELD_TITLE, "issue.title" },
                  { FIELD_TEXT, "issue.body" },
                  { FIELD_URL, "?issue.html_url" } },
      .subject = { { "issue", FIELD_TITLE, "issue.number" } } },
    { .name = "pull_request*",
      .kind = "change.request",
      .time = "comment.updated_at|pull_request.updated_at",
      .fields = { { FIELD_BRANCH, "?pull_request.head.ref|pull_request.head_branch" },
                  { FIELD_COMMIT, "?pull_request.head.sha" },
                  { FIELD_TITLE, "?pull_request.title|issue.title" },
                  { FIELD_TEXT, "?review.content|comment.body|pull_request.body" },
                  { FIELD_URL, "?comment.html_url|pull_request.html_url" } },
      .subject = { { "pull_request", FIELD_TITLE, "pull_request.number|issue.number|number" } } },
    { .name = "release",
      .kind = "release",
      .time = "release.published_at|release.created_at",
      .fields = { { FIELD_BRANCH, "?release.target_commitish" },
                  { FIELD_TITLE, "release.name|release.tag_name" },
                  { FIELD_TEXT, "?release.body" },
                  { FIELD_URL, "?release.html_url|release.url" } },
      .subject = { { "tag", FIELD_TITLE, "release.tag_name" } } },
    { .name = "status",
      .kind = "ci.run",
      .level = "check",
      .state = "state",
      .states = conclusions,
      .time = "updated_at|created_at",
      .fields = { { FIELD_COMMIT, "sha" },
                  { FIELD_WORKFLOW, "context" },
                  { FIELD_SERVICE, "context" },
                  { FIELD_TITLE, "context" },
                  { FIELD_TEXT, "?description" },
                  { FIELD_URL, "?target_url|commit.url" } },
      .subject = { { "context", FIELD_WORKFLOW, NULL } } },
    { .name = "workflow_run",
      .kind = "ci.run",
      .level = "run",
      .state = "workflow_run.conclusion",
      .states = conclusions,
      .is_settled = is_completed,
      .time = "workflow_run.completed_at|workflow_run.started_at",
      .started = "workflow_run.started_at",
      .fields = { { FIELD_BRANCH, "workflow_run.head_branch" },
                  { FIELD_COMMIT, "workflow_run.head_sha" },
                  { FIELD_ACTOR, "?workflow_run.trigger_actor.login|workflow_run.actor.login" },
                  { FIELD_WORKFLOW, "?workflow.name|workflow_run.path" },
                  { FIELD_SERVICE, "?workflow.name|workflow_run.path" },
                  { FIELD_TITLE, "?workflow.name|workflow_run.display_title" },
                  { FIELD_URL, "?workflow_run.html_url" },
                  { FIELD_RUN, "workflow_run.id" },
                  { FIELD_ATTEMPT, "?workflow_run.run_attempt" } },
      .subject = { { "workflow", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } },
      .finish = mark_fork },
    /* Nothing in it tells a job of a fork's pull request from one of our own branch. */
    { .name = "workflow_job",
      .kind = "ci.run",
      .level = "job",
      .state = "workflow_job.conclusion",
      .states = conclusions,
      .is_settled = is_completed,
      .time = "workflow_job.completed_at|workflow_job.started_at|workflow_job.created_at",
      .started = "workflow_job.started_at",
      .fields = { { FIELD_BRANCH, "workflow_job.head_branch" },
                  { FIELD_COMMIT, "workflow_job.head_sha" },
                  { FIELD_JOB, "workflow_job.name" },
                  { FIELD_SERVICE, "workflow_job.name" },
                  { FIELD_TITLE, "workflow_job.name" },
                  { FIELD_URL, "?workflow_job.html_url" },
                  { FIELD_RUN, "workflow_job.run_id" },
                  { FIELD_ATTEMPT, "?workflow_job.run_attempt" } },
      .subject = { { "job", FIELD_JOB, NULL }, { "branch", FIELD_BRANCH, NULL } } },
    /* Forgejo's word for a success after a failure, sent beside that of the success: one of them counts. */
    { .name = "action_run_recover",
      .kind = "ci.run",
      .level = "run",
      .fields = { { FIELD_REPO, "?run.repository.full_name" },
                  { FIELD_TITLE, "run.title" },
                  { FIELD_WORKFLOW, "run.workflow_id" },
                  { FIELD_URL, "?run.html_url" },
                  { FIELD_RUN, "run.id" } },
      .subject = { { "workflow", FIELD_WORKFLOW, NULL } } },
    { .name = "action_run_*",
      .kind = "ci.run",
      .level = "run",
      .state = "run.status",
      .states = conclusions,
      .time = "run.stopped|run.updated",
      .started = "run.started",
      .fields = { { FIELD_REPO, "?run.repository.full_name" },
                  { FIELD_BRANCH, "run.prettyref" },
                  { FIELD_COMMIT, "run.commit_sha" },
                  { FIELD_ACTOR, "?run.trigger_user.login" },
                  { FIELD_WORKFLOW, "run.workflow_id" },
                  { FIELD_SERVICE, "run.workflow_id" },
                  { FIELD_TITLE, "run.title" },
                  { FIELD_URL, "?run.html_url" },
                  { FIELD_RUN, "run.id" } },
      .subject = { { "workflow", FIELD_WORKFLOW, NULL }, { "ref", FIELD_BRANCH, "run.prettyref" } },
      .finish = finish_action_run },
    { .name = NULL,
      .fields = { { FIELD_TITLE, "?action" }, { FIELD_URL, "?repository.html_url" } } },
};

static const struct row_subject common_subject[] = { { "repo", FIELD_REPO, NULL },
                                                     { .name = NULL } };

static const struct row_table table = {
    .sender = "gitea",
    .common = { { FIELD_REPO, "?repository.full_name" },
                { FIELD_ACTOR, "?sender.login|sender.username|pusher.login|pusher.username" } },
    .common_subject = common_subject,
    .rows = rows,
};

static const char *const event_headers[] = { "X-Gitea-Event", "X-Forgejo-Event", "X-Gogs-Event",
                                             NULL };

/* The headers are not signed. */
static struct slice event_name(const struct sender_delivery *delivery)
{
    const struct journal_entry *entry = delivery->entry;
    struct slice name;

    for (const char *const *header = event_headers; *header; header++) {
        if (header_get(entry->headers.items, entry->headers.n_items, *header, &name) == RC_OK)
            return row_word(name);
    }
    return SLICE("unknown");
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    return row_read(&table, event_name(delivery), delivery->payload, delivery->arena,
                    &out->items[0]);
}

/* -- the sender -- */

static const char *const delivery_headers[] = { "X-Gitea-Delivery", "X-Forgejo-Delivery",
                                                "X-Gogs-Delivery", NULL };
static const char *const kept_headers[] = { "X-Gitea-Event", "X-Forgejo-Event", "X-Gogs-Event",
                                            NULL };
static const char *const kinds[] = { "ci.run", "push", "change.request", "issue", "release", NULL };

/* clang-format off */
static const char *const types[] = {
    "gitea.action_run_failure", "gitea.action_run_recover", "gitea.action_run_success", "gitea.create", "gitea.delete",
    "gitea.fork", "gitea.issue_comment", "gitea.issues", "gitea.package", "gitea.pull_request",
    "gitea.pull_request_approved", "gitea.pull_request_comment", "gitea.pull_request_rejected", "gitea.push", "gitea.release",
    "gitea.repository", "gitea.status", "gitea.unknown", "gitea.wiki", "gitea.workflow_job", "gitea.workflow_run",
    NULL,
};
/* clang-format on */

/* Of the JSON, also where it comes in a form. */
static const struct signature_scheme schemes[] = {
    { .name = "secret",
      .kind = SIGNATURE_HMAC,
      .header = "X-Gitea-Signature",
      .is_over_payload = true },
    { .name = "gogs_secret",
      .kind = SIGNATURE_HMAC,
      .header = "X-Gogs-Signature",
      .is_over_payload = true },
    { .name = NULL },
};

const struct sender sender_gitea = {
    .name = "gitea",
    .title = "Gitea, Forgejo, Gogs",
    .event_header = "X-Gitea-Event",
    .delivery_headers = delivery_headers,
    .kept_headers = kept_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)25 * 1024 * 1024,
    .takes_form = true,
    .events_to_tick = "Push, Workflow Run (Forgejo: Action Run Failure, Action Run Success)",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
