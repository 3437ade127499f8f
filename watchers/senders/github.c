/* One row for each GitHub event that says something in our words; any other becomes an event of its repository and nothing more. */
#include "src/store/headers.h"
#include "watchers/senders/rows.h"

/* -- states -- */

/* clang-format off */
static const struct word conclusions[] = {
    { "failure", "failing" }, { "timed_out", "failing" }, { "startup_failure", "failing" }, { "error", "failing" },
    { "success", "ok" },
    { "neutral", "info" }, { "cancelled", "info" }, { "skipped", "info" }, { "stale", "info" }, { "action_required", "info" },
    { "pending", "info" }, { "in_progress", "info" }, { "queued", "info" }, { "waiting", "info" }, { "inactive", "info" },
    { NULL, NULL },
};

static const struct word advisory_words[] = {
    { "open", "failing" }, { "created", "failing" }, { "create", "failing" }, { "reopened", "failing" }, { "reopen", "failing" },
    { "reopened_by_user", "failing" }, { "appeared_in_branch", "failing" }, { "publicly_leaked", "failing" },
    { "fixed", "ok" }, { "dismissed", "ok" }, { "dismiss", "ok" }, { "auto_dismissed", "ok" }, { "resolved", "ok" },
    { "resolve", "ok" }, { "closed_by_user", "ok" }, { "revoked", "ok" },
    { "validated", "info" }, { "assignees_changed", "info" },
    { NULL, NULL },
};

static const struct word page_words[] = {
    { "errored", "failing" }, { "built", "ok" }, { "building", "info" }, { "queued", "info" },
    { NULL, NULL },
};
/* clang-format on */

/* A conclusion counts when it is reached: asked to run again, a check still carries its old one. */
static bool is_concluded(const struct json *payload)
{
    struct slice action = payload_text(payload, "action");

    return slice_eq(action, SLICE("completed")) || slice_eq(action, SLICE("created"));
}

/* -- what no path says -- */

static enum rc mark_fork(const struct json *payload, struct arena *arena, struct event *event)
{
    return row_mark_fork(event, payload_text(payload, "workflow_run.head_repository.full_name"),
                         arena);
}

/* A status belongs to a commit, which may be the head of several branches: then it is said of none. */
static enum rc take_only_branch(const struct json *payload, struct arena *arena,
                                struct event *event)
{
    const struct json *branches = payload_at(payload, SLICE("branches"));

    (void)arena;
    if (json_count(branches) == 1)
        event->fields[FIELD_BRANCH] = payload_text(payload, "branches.0.name");
    return RC_OK;
}

static enum rc name_deployment(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice task = payload_text(payload, "deployment.task");
    struct slice environment = event->fields[FIELD_ENVIRONMENT];

    if (slice_eq(event->fields[FIELD_BRANCH], event->fields[FIELD_COMMIT]))
        event->fields[FIELD_BRANCH] = (struct slice){ 0 };
    if (slice_is_absent(task) || slice_is_absent(environment))
        return RC_OK;
    return arena_format(arena, &event->fields[FIELD_TITLE], "%.*s to %.*s", SLICE_ARG(task),
                        SLICE_ARG(environment));
}

/* `create` and `delete` name tags as they name branches. */
static enum rc drop_tag(const struct json *payload, struct arena *arena, struct event *event)
{
    (void)arena;
    if (!slice_eq(payload_text(payload, "ref_type"), SLICE("branch")))
        event->fields[FIELD_BRANCH] = (struct slice){ 0 };
    return RC_OK;
}

/* What has no title of its own; some of it has no action either. */
static enum rc name_event(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice action = payload_text(payload, "action");
    struct slice name = event->fields[FIELD_TYPE];

    (void)slice_cut(&name, '.');
    return arena_format(arena, &event->fields[FIELD_TITLE], "%.*s%s%.*s", SLICE_ARG(name),
                        action.len ? " " : "", SLICE_ARG(action));
}

static enum rc name_review(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice environment = event->fields[FIELD_ENVIRONMENT];
    enum rc rc = name_event(payload, arena, event);

    if (!rc && environment.len)
        rc = arena_format(arena, &event->fields[FIELD_TITLE], "deploy to %.*s: %.*s",
                          SLICE_ARG(environment), SLICE_ARG(payload_text(payload, "action")));
    return rc ? rc : mark_fork(payload, arena, event);
}

static enum rc name_package(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice name = payload_text(payload, "alert.affected_package_name");
    struct slice range = payload_text(payload, "alert.affected_range");

    if (slice_is_absent(name) || slice_is_absent(range))
        return RC_OK;
    return arena_format(arena, &event->fields[FIELD_TITLE], "%.*s %.*s", SLICE_ARG(name),
                        SLICE_ARG(range));
}

/* -- the events -- */

static const struct event_row rows[] = {
    { .name = "workflow_run",
      .kind = "ci.run",
      .level = "run",
      .state = "workflow_run.conclusion",
      .states = conclusions,
      .is_settled = is_concluded,
      .time = "workflow_run.updated_at|workflow_run.run_started_at|workflow_run.created_at",
      .started = "workflow_run.run_started_at",
      .fields = { { FIELD_BRANCH, "workflow_run.head_branch" },
                  { FIELD_COMMIT, "workflow_run.head_sha" },
                  { FIELD_ACTOR, "workflow_run.triggering_actor.login|workflow_run.actor.login" },
                  { FIELD_WORKFLOW, "workflow.name|workflow_run.name|workflow_run.path" },
                  { FIELD_SERVICE, "workflow.name|workflow_run.name|workflow_run.path" },
                  { FIELD_TITLE, "workflow.name|workflow_run.name|workflow_run.display_title" },
                  { FIELD_URL, "workflow_run.html_url" },
                  { FIELD_RUN, "workflow_run.id" },
                  { FIELD_ATTEMPT, "workflow_run.run_attempt" } },
      .subject = { { "workflow", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } },
      .finish = mark_fork },
    /* Nothing in it tells a job of a fork's pull request from one of our own branch. */
    { .name = "workflow_job",
      .kind = "ci.run",
      .level = "job",
      .state = "workflow_job.conclusion",
      .states = conclusions,
      .is_settled = is_concluded,
      .time = "workflow_job.completed_at|workflow_job.started_at|workflow_job.created_at",
      .started = "workflow_job.started_at",
      .fields = { { FIELD_BRANCH, "workflow_job.head_branch" },
                  { FIELD_COMMIT, "workflow_job.head_sha" },
                  { FIELD_WORKFLOW, "workflow_job.workflow_name" },
                  { FIELD_JOB, "workflow_job.name" },
                  { FIELD_SERVICE, "workflow_job.name" },
                  { FIELD_TITLE, "workflow_job.name" },
                  { FIELD_URL, "workflow_job.html_url" },
                  { FIELD_RUN, "workflow_job.run_id" },
                  { FIELD_ATTEMPT, "workflow_job.run_attempt" } },
      .subject = { { "workflow", FIELD_WORKFLOW, NULL },
                   { "job", FIELD_JOB, NULL },
                   { "branch", FIELD_BRANCH, NULL } } },
    { .name = "check_run",
      .kind = "ci.run",
      .level = "check",
      .state = "check_run.conclusion",
      .states = conclusions,
      .is_settled = is_concluded,
      .time = "check_run.completed_at|check_run.started_at",
      .started = "check_run.started_at",
      .fields = { { FIELD_BRANCH, "check_run.check_suite.head_branch" },
                  { FIELD_COMMIT, "check_run.head_sha" },
                  { FIELD_WORKFLOW, "check_run.name" },
                  { FIELD_SERVICE, "check_run.name" },
                  { FIELD_TITLE, "check_run.name" },
                  { FIELD_URL, "check_run.html_url|check_run.details_url" } },
      .subject = { { "check", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } } },
    { .name = "check_suite",
      .kind = "ci.run",
      .level = "check",
      .state = "check_suite.conclusion",
      .states = conclusions,
      .is_settled = is_concluded,
      .time = "check_suite.updated_at|check_suite.created_at",
      .fields = { { FIELD_BRANCH, "check_suite.head_branch" },
                  { FIELD_COMMIT, "check_suite.head_sha" },
                  { FIELD_WORKFLOW, "check_suite.app.name|check_suite.app.slug" },
                  { FIELD_SERVICE, "check_suite.app.name|check_suite.app.slug" },
                  { FIELD_TITLE, "check_suite.head_commit.message|check_suite.app.name" } },
      .subject = { { "suite", FIELD_WORKFLOW, "check_suite.app.slug|check_suite.app.name" },
                   { "branch", FIELD_BRANCH, NULL } } },
    { .name = "status",
      .kind = "ci.run",
      .level = "check",
      .state = "state",
      .states = conclusions,
      .time = "updated_at|created_at",
      .fields = { { FIELD_COMMIT, "sha" },
                  { FIELD_ACTOR, "commit.author.login" },
                  { FIELD_WORKFLOW, "context" },
                  { FIELD_SERVICE, "context" },
                  { FIELD_TITLE, "context|description" },
                  { FIELD_TEXT, "description" },
                  { FIELD_URL, "target_url|commit.html_url" } },
      .subject = { { "context", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } },
      .finish = take_only_branch },
    { .name = "deployment",
      .kind = "deploy",
      .time = "deployment.updated_at|deployment.created_at",
      .fields = { { FIELD_BRANCH, "deployment.ref" },
                  { FIELD_COMMIT, "deployment.sha" },
                  { FIELD_ACTOR, "deployment.creator.login" },
                  { FIELD_ENVIRONMENT, "deployment.environment" },
                  { FIELD_TITLE, "deployment.description" },
                  { FIELD_URL, "deployment.url" } },
      .subject = { { "environment", FIELD_ENVIRONMENT, NULL },
                   { "task", FIELD_TITLE, "deployment.task" } },
      .finish = name_deployment },
    { .name = "deployment_status",
      .kind = "deploy",
      .state = "deployment_status.state",
      .states = conclusions,
      .time = "deployment_status.updated_at|deployment_status.created_at",
      .fields = { { FIELD_BRANCH, "deployment.ref" },
                  { FIELD_COMMIT, "deployment.sha" },
                  { FIELD_ACTOR, "deployment_status.creator.login" },
                  { FIELD_ENVIRONMENT, "deployment.environment|deployment_status.environment" },
                  { FIELD_TITLE, "deployment_status.description" },
                  { FIELD_TEXT, "deployment_status.description" },
                  { FIELD_URL, "deployment_status.log_url|deployment_status.target_url"
                               "|deployment.url" } },
      .subject = { { "environment", FIELD_ENVIRONMENT, NULL },
                   { "task", FIELD_TITLE, "deployment.task" } },
      .finish = name_deployment },
    /* Whoever guards the environment is asked, and this is what they said. */
    { .name = "deployment_review",
      .kind = "deploy",
      .time = "workflow_run.updated_at|since",
      .fields = { { FIELD_BRANCH, "workflow_run.head_branch" },
                  { FIELD_COMMIT, "workflow_run.head_sha" },
                  { FIELD_ACTOR, "?approver.login|requestor.login" },
                  { FIELD_ENVIRONMENT, "?environment|workflow_job_run.environment"
                                       "|workflow_job_runs.0.environment" },
                  { FIELD_WORKFLOW, "?workflow_run.path" },
                  { FIELD_TEXT, "?comment" },
                  { FIELD_URL, "workflow_run.html_url" },
                  { FIELD_RUN, "workflow_run.id" },
                  { FIELD_ATTEMPT, "?workflow_run.run_attempt" } },
      .subject = { { "review", FIELD_ENVIRONMENT, NULL } },
      .finish = name_review },
    { .name = "deployment_protection_rule",
      .kind = "deploy",
      .time = "deployment.updated_at|deployment.created_at",
      .fields = { { FIELD_BRANCH, "?deployment.ref" },
                  { FIELD_COMMIT, "?deployment.sha" },
                  { FIELD_ACTOR, "?deployment.creator.login" },
                  { FIELD_ENVIRONMENT, "environment" },
                  { FIELD_TITLE, "?deployment.description|environment" },
                  { FIELD_URL, "?deployment.url" } },
      .subject = { { "protection", FIELD_ENVIRONMENT, NULL } },
      .finish = name_deployment },
    { .name = "page_build",
      .kind = "deploy",
      .state = "build.status",
      .states = page_words,
      .time = "build.updated_at|build.created_at",
      .started = "build.created_at",
      .fields = { { FIELD_COMMIT, "build.commit" },
                  { FIELD_ACTOR, "?build.pusher.login" },
                  { FIELD_TEXT, "?build.error.message" },
                  { FIELD_URL, "?repository.html_url" } },
      .finish = name_event },
    { .name = "push",
      .kind = "push",
      .time = "repository.pushed_at|head_commit.timestamp",
      .fields = { { FIELD_BRANCH, "ref" },
                  { FIELD_COMMIT, "after" },
                  { FIELD_ACTOR, "pusher.name" },
                  { FIELD_TITLE, "head_commit.message" },
                  { FIELD_TEXT, "head_commit.message" },
                  { FIELD_URL, "compare" } },
      .subject = { { "ref", FIELD_BRANCH, "ref" } } },
    { .name = "create",
      .kind = "push",
      .time = "repository.pushed_at",
      .fields = { { FIELD_BRANCH, "ref" },
                  { FIELD_TITLE, "ref" },
                  { FIELD_URL, "repository.html_url" } },
      .subject = { { "ref", FIELD_BRANCH, "ref" } },
      .finish = drop_tag },
    { .name = "delete",
      .kind = "push",
      .time = "repository.pushed_at",
      .fields = { { FIELD_BRANCH, "ref" },
                  { FIELD_TITLE, "ref" },
                  { FIELD_URL, "repository.html_url" } },
      .subject = { { "ref", FIELD_BRANCH, "ref" } },
      .finish = drop_tag },
    { .name = "pull_request",
      .kind = "change.request",
      .time = "pull_request.updated_at",
      .fields = { { FIELD_BRANCH, "pull_request.head.ref" },
                  { FIELD_COMMIT, "pull_request.head.sha" },
                  { FIELD_TITLE, "pull_request.title" },
                  { FIELD_TEXT, "pull_request.body" },
                  { FIELD_URL, "pull_request.html_url" } },
      .subject = { { "pull_request", FIELD_TITLE, "pull_request.number|number" } } },
    { .name = "pull_request_review",
      .kind = "change.request",
      .time = "review.submitted_at|pull_request.updated_at",
      .fields = { { FIELD_BRANCH, "pull_request.head.ref" },
                  { FIELD_COMMIT, "review.commit_id|pull_request.head.sha" },
                  { FIELD_ACTOR, "review.user.login" },
                  { FIELD_TITLE, "pull_request.title" },
                  { FIELD_TEXT, "review.body" },
                  { FIELD_URL, "review.html_url|pull_request.html_url" } },
      .subject = { { "pull_request", FIELD_TITLE, "pull_request.number" } } },
    { .name = "pull_request_review_comment",
      .kind = "change.request",
      .time = "comment.updated_at",
      .fields = { { FIELD_BRANCH, "pull_request.head.ref" },
                  { FIELD_COMMIT, "comment.commit_id|pull_request.head.sha" },
                  { FIELD_TITLE, "pull_request.title" },
                  { FIELD_TEXT, "comment.body" },
                  { FIELD_URL, "comment.html_url" } },
      .subject = { { "pull_request", FIELD_TITLE, "pull_request.number" } } },
    { .name = "pull_request_review_thread",
      .kind = "change.request",
      .time = "updated_at|pull_request.updated_at",
      .fields = { { FIELD_BRANCH, "pull_request.head.ref" },
                  { FIELD_COMMIT, "pull_request.head.sha" },
                  { FIELD_TITLE, "pull_request.title" },
                  { FIELD_TEXT, "?thread.comments.0.body" },
                  { FIELD_URL, "?thread.comments.0.html_url|pull_request.html_url" } },
      .subject = { { "pull_request", FIELD_TITLE, "pull_request.number" } } },
    { .name = "merge_group",
      .kind = "change.request",
      .time = "merge_group.head_commit.timestamp",
      .fields = { { FIELD_BRANCH, "merge_group.head_ref" },
                  { FIELD_COMMIT, "merge_group.head_sha" },
                  { FIELD_TITLE, "merge_group.head_commit.message" },
                  { FIELD_TEXT, "?reason" },
                  { FIELD_URL, "?repository.html_url" } },
      .subject = { { "merge_group", FIELD_BRANCH, "merge_group.head_ref" } } },
    { .name = "commit_comment",
      .kind = "issue",
      .time = "comment.updated_at",
      .fields = { { FIELD_COMMIT, "comment.commit_id" },
                  { FIELD_TITLE, "comment.body" },
                  { FIELD_TEXT, "comment.body" },
                  { FIELD_URL, "comment.html_url" } },
      .subject = { { "comment_on", FIELD_COMMIT, NULL } } },
    { .name = "discussion",
      .kind = "issue",
      .time = "discussion.updated_at",
      .fields = { { FIELD_TITLE, "discussion.title" },
                  { FIELD_TEXT, "discussion.body" },
                  { FIELD_URL, "discussion.html_url" } },
      .subject = { { "discussion", FIELD_TITLE, "discussion.number" } } },
    { .name = "discussion_comment",
      .kind = "issue",
      .time = "comment.updated_at",
      .fields = { { FIELD_TITLE, "discussion.title" },
                  { FIELD_TEXT, "comment.body" },
                  { FIELD_URL, "comment.html_url" } },
      .subject = { { "discussion", FIELD_TITLE, "discussion.number" } } },
    { .name = "issues",
      .kind = "issue",
      .time = "issue.updated_at",
      .fields = { { FIELD_TITLE, "issue.title" },
                  { FIELD_TEXT, "issue.body" },
                  { FIELD_URL, "issue.html_url" } },
      .subject = { { "issue", FIELD_TITLE, "issue.number" } } },
    { .name = "issue_comment",
      .kind = "issue",
      .time = "comment.updated_at",
      .fields = { { FIELD_TITLE, "issue.title" },
                  { FIELD_TEXT, "comment.body" },
                  { FIELD_URL, "comment.html_url" } },
      .subject = { { "issue", FIELD_TITLE, "issue.number" } } },
    { .name = "release",
      .kind = "release",
      .time = "release.published_at|release.created_at",
      .fields = { { FIELD_BRANCH, "release.target_commitish" },
                  { FIELD_TITLE, "release.name|release.tag_name" },
                  { FIELD_TEXT, "release.body" },
                  { FIELD_URL, "release.html_url" } },
      .subject = { { "tag", FIELD_TITLE, "release.tag_name" } } },
    { .name = "dependabot_alert",
      .kind = "advisory",
      .state = "alert.state|action",
      .states = advisory_words,
      .time = "alert.updated_at",
      .fields = { { FIELD_TITLE, "alert.security_advisory.summary" },
                  { FIELD_SEVERITY,
                    "alert.security_advisory.severity|alert.security_vulnerability.severity" },
                  { FIELD_URL, "alert.html_url" } },
      .subject = { { "dependabot", FIELD_TITLE, "alert.number" } } },
    { .name = "code_scanning_alert",
      .kind = "advisory",
      .state = "alert.state|action",
      .states = advisory_words,
      .time = "alert.updated_at",
      .fields = { { FIELD_BRANCH, "ref" },
                  { FIELD_COMMIT, "commit_oid" },
                  { FIELD_TITLE, "alert.rule.description|alert.rule.id" },
                  { FIELD_SEVERITY, "alert.rule.security_severity_level|alert.rule.severity" },
                  { FIELD_URL, "alert.html_url" } },
      .subject = { { "code_scanning", FIELD_TITLE, "alert.number" } } },
    { .name = "secret_scanning_alert",
      .kind = "advisory",
      .state = "alert.state|action",
      .states = advisory_words,
      .time = "alert.updated_at",
      .fields = { { FIELD_TITLE, "alert.secret_type_display_name|alert.secret_type" },
                  { FIELD_URL, "?alert.html_url" } },
      .subject = { { "secret_scanning", FIELD_TITLE, "alert.number" } } },
    { .name = "repository_vulnerability_alert",
      .kind = "advisory",
      .state = "alert.state|action",
      .states = advisory_words,
      .time = "alert.updated_at",
      .fields = { { FIELD_TITLE, "alert.affected_package_name" },
                  { FIELD_SEVERITY, "alert.severity" },
                  { FIELD_URL, "alert.external_reference" } },
      .subject = { { "vulnerability", FIELD_TITLE, "alert.id" } },
      .finish = name_package },
    { .name = "security_advisory",
      .kind = "advisory",
      .time = "security_advisory.updated_at|security_advisory.published_at",
      .fields = { { FIELD_TITLE, "security_advisory.summary" },
                  { FIELD_SEVERITY, "security_advisory.severity" },
                  { FIELD_TEXT, "security_advisory.description" },
                  { FIELD_URL, "security_advisory.references.0.url" } },
      .subject = { { "advisory", FIELD_TITLE, "security_advisory.ghsa_id" } } },
    { .name = "repository_advisory",
      .kind = "advisory",
      .time = "repository_advisory.updated_at|repository_advisory.published_at",
      .fields = { { FIELD_TITLE, "repository_advisory.summary" },
                  { FIELD_SEVERITY, "?repository_advisory.severity" },
                  { FIELD_TEXT, "?repository_advisory.description" },
                  { FIELD_URL, "repository_advisory.html_url" } },
      .subject = { { "advisory", FIELD_TITLE, "repository_advisory.ghsa_id" } } },
    { .name = "ping", .fields = { { FIELD_TITLE, "zen" } } },
    { .name = NULL, .finish = name_event },
};

static const struct row_subject common_subject[] = { { "repo", FIELD_REPO, NULL },
                                                     { .name = NULL } };

static const struct row_table table = {
    .sender = "github",
    .common = { { FIELD_REPO, "?repository.full_name" }, { FIELD_ACTOR, "?sender.login" } },
    .common_subject = common_subject,
    .rows = rows,
};

/* The header is not signed. */
static struct slice event_name(const struct sender_delivery *delivery)
{
    const struct header *headers = delivery->entry->headers.items;
    struct slice name;

    if (header_get(headers, delivery->entry->headers.n_items, "X-GitHub-Event", &name) != RC_OK)
        return SLICE("unknown");
    return row_word(name);
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    return row_read(&table, event_name(delivery), delivery->payload, delivery->arena,
                    &out->items[0]);
}

/* -- the sender -- */

static const char *const delivery_headers[] = { "X-GitHub-Delivery", NULL };
static const char *const kept_headers[] = { "X-GitHub-Event", "X-GitHub-Delivery", NULL };
static const char *const kinds[] = { "ci.run", "deploy",   "push",    "change.request",
                                     "issue",  "advisory", "release", NULL };

/* What GitHub can send, whether it has a row above or not: a rule on any other type is misspelt. */
/* clang-format off */
static const char *const types[] = {
    "github.branch_protection_configuration", "github.branch_protection_rule", "github.bypass_request_push_ruleset",
    "github.check_run", "github.check_suite", "github.code_scanning_alert", "github.commit_comment", "github.create",
    "github.custom_property", "github.custom_property_values", "github.delete", "github.dependabot_alert",
    "github.deploy_key", "github.deployment", "github.deployment_protection_rule", "github.deployment_review",
    "github.deployment_status", "github.discussion", "github.discussion_comment",
    "github.dismissal_request_code_scanning", "github.dismissal_request_dependabot",
    "github.dismissal_request_secret_scanning", "github.exemption_request_push_ruleset",
    "github.exemption_request_secret_scanning", "github.fork", "github.github_app_authorization", "github.gollum",
    "github.installation", "github.installation_repositories", "github.installation_target", "github.issue_comment",
    "github.issue_dependencies", "github.issue_relates_to", "github.issues", "github.label",
    "github.marketplace_purchase", "github.member", "github.membership", "github.merge_group",
    "github.merge_queue_entry", "github.meta", "github.milestone", "github.org_block", "github.organization",
    "github.package", "github.page_build", "github.personal_access_token_request", "github.ping", "github.project",
    "github.project_card", "github.project_column", "github.projects_v2", "github.projects_v2_item",
    "github.projects_v2_status_update", "github.public", "github.pull_request", "github.pull_request_review",
    "github.pull_request_review_comment", "github.pull_request_review_thread", "github.push", "github.registry_package",
    "github.release", "github.repository", "github.repository_advisory", "github.repository_dispatch",
    "github.repository_import", "github.repository_ruleset", "github.repository_vulnerability_alert",
    "github.secret_scanning_alert", "github.secret_scanning_alert_location", "github.secret_scanning_scan",
    "github.security_advisory", "github.security_and_analysis", "github.sponsorship", "github.star", "github.status",
    "github.sub_issues", "github.team", "github.team_add", "github.watch", "github.workflow_dispatch",
    "github.workflow_job", "github.workflow_run",
    NULL,
};
/* clang-format on */

static const struct signature_scheme schemes[] = {
    { .name = "secret",
      .kind = SIGNATURE_HMAC,
      .header = "X-Hub-Signature-256",
      .prefix = "sha256=" },
    { .name = NULL },
};

const struct sender sender_github = {
    .name = "github",
    .title = "GitHub",
    .event_header = "X-GitHub-Event",
    .handshake = "ping",
    .delivery_headers = delivery_headers,
    .kept_headers = kept_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)25 * 1024 * 1024, /* GitHub sends nothing larger */
    .takes_form = true,
    .takes_catch_up = true,
    .events_to_tick = "Workflow runs, Deployment statuses, Pushes; Dependabot, code scanning and "
                      "secret scanning alerts",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
