/* Azure DevOps, by its service hooks. Source: Microsoft's documentation, "Service hook events", of which pipelines come in two generations: `build.complete` and the state changes of runs, stages and jobs. A push may be of several refs: each is an event, about which `batch` says what is common. */
#include "watchers/senders/batch.h"
#include "watchers/senders/rows.h"

/* -- states -- */

/* clang-format off */
static const struct word results[] = {
    { "failed", "failing" }, { "rejected", "failing" }, { "partiallySucceeded", "failing" }, { "abandoned", "failing" },
    { "succeeded", "ok" }, { "succeededWithIssues", "ok" },
    { "canceled", "info" }, { "stopped", "info" }, { "skipped", "info" }, { "none", "info" }, { "completed", "info" },
    { "queued", "info" }, { "inProgress", "info" }, { "notStarted", "info" }, { "scheduled", "info" }, { "undefined", "info" },
    { NULL, NULL },
};
/* clang-format on */

static bool is_run_over(const struct json *payload)
{
    return slice_eq_nocase(payload_text(payload, "resource.run.state"), SLICE("completed"));
}

static bool is_stage_over(const struct json *payload)
{
    return slice_eq_nocase(payload_text(payload, "resource.stage.state"), SLICE("completed"));
}

static bool is_job_over(const struct json *payload)
{
    return slice_eq_nocase(payload_text(payload, "resource.job.state"), SLICE("completed"));
}

/* -- what no path says -- */

/* What stands behind `mark`; absent where it does not stand in `text`. */
static struct slice behind(struct slice text, struct slice mark)
{
    size_t offset;

    if (slice_find(text, mark, &offset) != RC_OK)
        return (struct slice){ 0 };
    offset += mark.len;
    return (struct slice){ text.ptr + offset, text.len - offset };
}

/* Of a repository that is not Azure's own the id is its name. */
static void take_repo(const struct json *payload, struct event *event)
{
    struct slice id = payload_text(payload, "resource.repository.id"), rest = id;
    struct slice url = payload_text(payload, "resource.repositories.0.url");
    struct slice own = behind(url, SLICE("/_git/")), github = behind(url, SLICE("/repos/"));

    if (event->fields[FIELD_REPO].len)
        return;
    (void)slice_cut(&rest, '/');
    if (rest.len)
        event->fields[FIELD_REPO] = id;
    else if (own.len || github.len)
        event->fields[FIELD_REPO] = own.len ? own : github;
}

/* Some of it worked, and some did not. */
static void weigh(const struct json *payload, const char *result, struct event *event)
{
    if (slice_eq_nocase(payload_text(payload, result), SLICE("partiallySucceeded")))
        event->fields[FIELD_SEVERITY] = SLICE("low");
}

/* What the older version tells as "LG:refs/heads/main:0c6e7a3d". */
static void split_source(struct slice source, struct event *event)
{
    struct slice ref;

    if (!source.len || event->fields[FIELD_COMMIT].len)
        return;
    (void)slice_cut(&source, ':');
    ref = slice_cut(&source, ':');
    event->fields[FIELD_BRANCH] = payload_branch(ref);
    if (source.len)
        event->fields[FIELD_COMMIT] = source;
}

static enum rc finish_build(const struct json *payload, struct arena *arena, struct event *event)
{
    (void)arena;
    split_source(payload_text(payload, "resource.sourceGetVersion"), event);
    weigh(payload, "resource.result|resource.status", event);
    take_repo(payload, event);
    return RC_OK;
}

static enum rc finish_run(const struct json *payload, struct arena *arena, struct event *event)
{
    (void)arena;
    weigh(payload, "resource.job.result|resource.stage.result|resource.run.result", event);
    take_repo(payload, event);
    return RC_OK;
}

/* Of the commits that were pushed that which its ref is at now. */
static enum rc finish_push(const struct json *payload, struct arena *arena, struct event *event)
{
    const struct json *commit = json_first(payload_at(payload, SLICE("batch.resource.commits")));

    (void)arena;
    for (; commit; commit = json_next(commit)) {
        struct slice title = payload_first_line(payload_text(commit, "comment"));

        if (title.len && slice_eq(payload_text(commit, "commitId"), event->fields[FIELD_COMMIT]))
            event->fields[FIELD_TITLE] = title;
    }
    return RC_OK;
}

/* Who did it, by name: as text that may end in an address, or as an identity. */
static struct slice person(const struct json *value)
{
    struct slice name = payload_text(value, "displayName|uniqueName");

    if (!name.len)
        name = json_text(value);
    return slice_ends(name, SLICE(">")) ? slice_trim(slice_cut(&name, '<')) : name;
}

/* The names of the fields of a work item hold points. */
static enum rc finish_work_item(const struct json *payload, struct arena *arena,
                                struct event *event)
{
    static const char *const people[] = { "System.ChangedBy", "System.CreatedBy" };
    const struct json *fields = payload_at(payload, SLICE("resource.revision.fields"));
    struct slice title, *actor = &event->fields[FIELD_ACTOR];

    (void)arena;
    if (!fields)
        fields = payload_at(payload, SLICE("resource.fields"));
    title = payload_first_line(json_text(json_get(fields, SLICE("System.Title"))));
    if (title.len)
        event->fields[FIELD_TITLE] = title;
    for (size_t i = 0; i < sizeof people / sizeof *people && !actor->len; i++)
        *actor = person(json_get(fields, slice_of(people[i])));
    return RC_OK;
}

/* -- the events -- */

/* Most runs do not tell on what they ran. */
#define RUN_FIELDS                                                                                 \
    { FIELD_BRANCH, "?resource.run.resources.repositories.self.refName" },                         \
        { FIELD_COMMIT, "?resource.run.resources.repositories.self.version" },                     \
        { FIELD_WORKFLOW, "resource.pipeline.name" }, { FIELD_RUN, "resource.run.id" },            \
    {                                                                                              \
        FIELD_TEXT, "?message.text"                                                                \
    }

static const struct event_row rows[] = {
    { .name = "build.complete",
      .kind = "ci.run",
      .level = "run",
      .state = "resource.result|resource.status",
      .states = results,
      .time = "resource.finishTime|createdDate",
      .started = "resource.startTime",
      .fields = { { FIELD_BRANCH, "?resource.sourceBranch" },
                  { FIELD_COMMIT, "?resource.sourceVersion" },
                  { FIELD_ACTOR, "?resource.requestedFor.displayName"
                                 "|resource.requests.0.requestedFor.displayName"
                                 "|resource.lastChangedBy.displayName" },
                  { FIELD_WORKFLOW, "resource.definition.name" },
                  { FIELD_SERVICE, "resource.definition.name" },
                  { FIELD_TITLE, "resource.buildNumber" },
                  { FIELD_TEXT, "?message.text" },
                  { FIELD_URL, "?resource._links.web.href|resource.url" },
                  { FIELD_RUN, "resource.id" } },
      .subject = { { "pipeline", FIELD_WORKFLOW, NULL },
                   { "branch", FIELD_BRANCH, NULL },
                   { "ref", FIELD_BRANCH, "resource.sourceBranch" } }, /* of a pull request */
      .finish = finish_build },
    { .name = "ms.vss-pipelines.run-state-changed-event",
      .kind = "ci.run",
      .level = "run",
      .state = "resource.run.result",
      .states = results,
      .is_settled = is_run_over,
      .time = "resource.run.finishedDate|createdDate",
      .started = "resource.run.createdDate",
      .fields = { RUN_FIELDS,
                  { FIELD_SERVICE, "resource.pipeline.name" },
                  { FIELD_TITLE, "resource.pipeline.name" },
                  { FIELD_URL, "?resource.run._links.web.href|resource.run.url" } },
      .subject = { { "pipeline", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } },
      .finish = finish_run },
    { .name = "ms.vss-pipelines.stage-state-changed-event",
      .kind = "ci.run",
      .level = "job",
      .state = "resource.stage.result",
      .states = results,
      .is_settled = is_stage_over,
      .time = "resource.stage.finishTime|createdDate",
      .started = "resource.stage.startTime",
      .fields = { RUN_FIELDS,
                  { FIELD_JOB, "resource.stage.name" },
                  { FIELD_SERVICE, "?resource.stage.displayName|resource.stage.name" },
                  { FIELD_TITLE, "?resource.stage.displayName|resource.stage.name" },
                  { FIELD_URL, "?resource.stage._links.web.href" } },
      .subject = { { "pipeline", FIELD_WORKFLOW, NULL },
                   { "stage", FIELD_JOB, NULL },
                   { "branch", FIELD_BRANCH, NULL } },
      .finish = finish_run },
    { .name = "ms.vss-pipelines.job-state-changed-event",
      .kind = "ci.run",
      .level = "job",
      .state = "resource.job.result",
      .states = results,
      .is_settled = is_job_over,
      .time = "resource.job.finishTime|createdDate",
      .started = "resource.job.startTime",
      .fields = { RUN_FIELDS,
                  { FIELD_JOB, "resource.job.name" },
                  { FIELD_SERVICE, "resource.job.name" },
                  { FIELD_TITLE, "resource.job.name" },
                  { FIELD_URL, "?resource.job._links.web.href" } },
      .subject = { { "pipeline", FIELD_WORKFLOW, NULL },
                   { "stage", FIELD_JOB, "resource.stage.name" },
                   { "job", FIELD_JOB, NULL },
                   { "branch", FIELD_BRANCH, NULL } },
      .finish = finish_run },
    { .name = "ms.vss-release.deployment-approval-*",
      .kind = "deploy",
      .time = "createdDate",
      .fields = { { FIELD_ENVIRONMENT, "?resource.approval.releaseEnvironment.name" },
                  { FIELD_WORKFLOW, "?resource.release.releaseDefinition.name" },
                  { FIELD_TITLE, "?message.text" },
                  { FIELD_RUN, "?resource.release.name" } },
      .subject = { { "approval", FIELD_ENVIRONMENT, NULL } } },
    { .name = "ms.vss-release.deployment-*",
      .kind = "deploy",
      .state = "resource.environment.status|resource.deployment.deploymentStatus",
      .states = results,
      .time = "createdDate",
      .fields = { { FIELD_ACTOR, "?resource.deployment.requestedFor.displayName"
                                 "|resource.environment.owner.displayName" },
                  { FIELD_ENVIRONMENT, "resource.environment.name" },
                  { FIELD_WORKFLOW, "?resource.release.releaseDefinition.name"
                                    "|resource.environment.releaseDefinition.name" },
                  { FIELD_TITLE, "message.text" },
                  { FIELD_RUN, "?resource.release.name|resource.environment.release.name" },
                  { FIELD_URL, "?resource.release._links.web.href"
                               "|resource.environment.release._links.web.href"
                               "|resource.environment.release.url" } },
      .subject = { { "environment", FIELD_ENVIRONMENT, NULL },
                   { "definition", FIELD_TITLE,
                     "resource.environment.definitionEnvironmentId" } } },
    { .name = "git.push",
      .kind = "push",
      .time = "batch.resource.date|batch.createdDate",
      .fields = { { FIELD_BRANCH, "name" },
                  { FIELD_COMMIT, "newObjectId" },
                  { FIELD_ACTOR, "batch.resource.pushedBy.displayName" },
                  { FIELD_TITLE, "?batch.message.text" },
                  { FIELD_TEXT, "?batch.message.text" },
                  { FIELD_URL, "?batch.resource._links.web.href|batch.resource.repository.remoteUrl"
                               "|batch.resource.url" } },
      .subject = { { "ref", FIELD_BRANCH, "name" } },
      .finish = finish_push },
    { .name = "git.pullrequest.*",
      .kind = "change.request",
      .time = "createdDate",
      .fields = { { FIELD_BRANCH, "resource.sourceRefName" },
                  { FIELD_COMMIT, "?resource.lastMergeSourceCommit.commitId" },
                  { FIELD_ACTOR, "resource.createdBy.displayName" },
                  { FIELD_TITLE, "resource.title" },
                  { FIELD_TEXT, "?resource.description" },
                  { FIELD_URL, "?resource._links.web.href|resource.url" } },
      .subject = { { "pull_request", FIELD_TITLE, "resource.pullRequestId" } } },
    { .name = "ms.vss-code.git-pullrequest-comment-event",
      .kind = "change.request",
      .time = "createdDate",
      .fields = { { FIELD_REPO, "?resource.pullRequest.repository.name" },
                  { FIELD_BRANCH, "?resource.pullRequest.sourceRefName" },
                  { FIELD_ACTOR, "?resource.comment.author.displayName" },
                  { FIELD_TITLE, "?resource.pullRequest.title|message.text" },
                  { FIELD_TEXT, "?resource.comment.content" },
                  { FIELD_URL, "?resource.pullRequest._links.web.href|resource.pullRequest.url" } },
      .subject = { { "pull_request", FIELD_TITLE, "resource.pullRequest.pullRequestId" } } },
    { .name = "workitem.*",
      .kind = "issue",
      .time = "createdDate",
      .fields = { { FIELD_ACTOR, "?resource.revisedBy.displayName" },
                  { FIELD_TITLE, "message.text" },
                  { FIELD_TEXT, "?detailedMessage.text|message.text" },
                  { FIELD_URL, "?resource._links.html.href|resource.url" } },
      .subject = { { "work_item", FIELD_TITLE, "resource.workItemId|resource.id" } },
      .finish = finish_work_item },
    { .name = "tfvc.checkin",
      .kind = "push",
      .time = "resource.createdDate|createdDate",
      .fields = { { FIELD_ACTOR, "?resource.checkedInBy.displayName|resource.author.displayName" },
                  { FIELD_TITLE, "?resource.comment|message.text" },
                  { FIELD_URL, "?resource.url" } } },
    { .name = NULL, .time = "createdDate", .fields = { { FIELD_TITLE, "?message.text" } } },
};

/* The names of repositories and pipelines are those of their project. */
static const struct row_subject common_subject[] = {
    { "project", FIELD_REPO,
      "resource.repository.project.name|resource.pullRequest.repository.project.name"
      "|resource.project.name|resource.definition.project.name|resourceContainers.project.id"
      "|batch.resource.repository.project.name" },
    { "repo", FIELD_REPO, NULL },
    { .name = NULL },
};

static const struct row_table table = {
    .sender = "azure-devops",
    .common = { { FIELD_REPO, "?resource.repository.name|batch.resource.repository.name" } },
    .common_subject = common_subject,
    .rows = rows,
};

/* Where the refs of a push stand. */
#define REFS "resource.refUpdates"

static struct slice event_name(const struct sender_delivery *delivery)
{
    return row_word(payload_text(delivery->payload, "eventType"));
}

static size_t count(const struct json *payload)
{
    return batch_count(payload, REFS);
}

static enum rc read_ref(const struct sender_delivery *delivery, const struct json *ref,
                        struct event *event)
{
    return row_read(&table, event_name(delivery), ref, delivery->arena, event);
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    if (batch_elements(delivery->payload, REFS))
        return batch_read(delivery, REFS, read_ref, out);
    return row_read(&table, event_name(delivery), delivery->payload, delivery->arena,
                    &out->items[0]);
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "ci.run", "deploy", "push", "change.request", "issue", NULL };

/* clang-format off */
static const char *const types[] = {
    "azure-devops.build.complete", "azure-devops.git.push", "azure-devops.git.pullrequest.created",
    "azure-devops.git.pullrequest.merged", "azure-devops.git.pullrequest.updated", "azure-devops.tfvc.checkin",
    "azure-devops.ms.vss-code.git-pullrequest-comment-event",
    "azure-devops.ms.vss-pipelines.run-state-changed-event", "azure-devops.ms.vss-pipelines.stage-state-changed-event",
    "azure-devops.ms.vss-pipelines.job-state-changed-event", "azure-devops.ms.vss-pipelinechecks-events.approval-pending",
    "azure-devops.ms.vss-pipelinechecks-events.approval-completed",
    "azure-devops.ms.vss-release.release-created-event", "azure-devops.ms.vss-release.release-abandoned-event",
    "azure-devops.ms.vss-release.deployment-approval-completed-event",
    "azure-devops.ms.vss-release.deployment-approval-pending-event",
    "azure-devops.ms.vss-release.deployment-completed-event", "azure-devops.ms.vss-release.deployment-started-event",
    "azure-devops.workitem.commented", "azure-devops.workitem.created", "azure-devops.workitem.deleted",
    "azure-devops.workitem.restored", "azure-devops.workitem.updated",
    "azure-devops.unknown",
    NULL,
};
/* clang-format on */

/* It signs nothing: a user and a password, or a header of our choice. */
static const struct signature_scheme schemes[] = {
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = NULL },
};

const struct sender sender_azure_devops = {
    .name = "azure-devops",
    .title = "Azure DevOps",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .takes_any_token_header = true,
    .events_to_tick = "Build completed (Run state changed does not tell the branch), Release "
                      "deployment completed, Code pushed",
    .kinds = kinds,
    .types = types,
    .id_paths = "id",
    .count = count,
    .normalise = normalise,
};
