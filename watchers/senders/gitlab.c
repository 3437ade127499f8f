/* One row for each GitLab event that says something in our words. Source of the payloads: GitLab's documentation, "Webhook events". The body names its event; X-Gitlab-Event says the same for people. */
#include "src/base/clock.h"
#include "watchers/senders/rows.h"

/* -- states -- */

/* clang-format off */
static const struct word statuses[] = {
    { "failed", "failing" },
    { "success", "ok" },
    { "created", "info" }, { "waiting_for_resource", "info" }, { "preparing", "info" }, { "waiting_for_callback", "info" },
    { "pending", "info" }, { "running", "info" }, { "canceling", "info" }, { "canceled", "info" }, { "skipped", "info" },
    { "manual", "info" }, { "scheduled", "info" }, { "blocked", "info" },
    { NULL, NULL },
};

static const struct word vulnerability_states[] = {
    { "detected", "failing" }, { "confirmed", "failing" }, { "resolved", "ok" }, { "dismissed", "ok" },
    { NULL, NULL },
};
/* clang-format on */

/* What goes on or was called off is info, and took no time yet. */
static bool is_over(const struct json *payload)
{
    struct slice status = payload_text(payload, "object_attributes.status|build_status");

    return !slice_eq(word_means(statuses, status), SLICE("info"));
}

static bool is_true(const struct json *payload, const char *path)
{
    return slice_eq(payload_text(payload, path), SLICE("true"));
}

/* A job that may fail does not make its pipeline fail. */
static bool is_job_over(const struct json *payload)
{
    bool is_failed = slice_eq(payload_text(payload, "build_status"), SLICE("failed"));

    return is_over(payload) && !(is_failed && is_true(payload, "build_allow_failure"));
}

/* -- what no path says -- */

/* A page below that of the project. */
static enum rc take_url(const struct json *payload, const char *place, const char *id_paths,
                        struct arena *arena, struct event *event)
{
    struct slice project = payload_text(payload, "project.web_url|repository.homepage");
    struct slice id = payload_text(payload, id_paths);

    if (event->fields[FIELD_URL].len || !project.len || !id.len)
        return RC_OK;
    return arena_format(arena, &event->fields[FIELD_URL], "%.*s/-/%s/%.*s", SLICE_ARG(project),
                        place, SLICE_ARG(id));
}

/* A pipeline of a merge request runs on refs/merge-requests/N/head: its branch is that which is to be merged, where it is in this project. */
static void take_source_branch(const struct json *payload, struct event *event)
{
    struct slice source = payload_text(payload, "merge_request.source_project_id");
    struct slice target = payload_text(payload, "merge_request.target_project_id");

    if (slice_is_absent(event->fields[FIELD_BRANCH]) && source.len && slice_eq(source, target))
        event->fields[FIELD_BRANCH] = payload_text(payload, "merge_request.source_branch");
}

/* What a pipeline starts within its project runs on the same ref, and says nothing of the whole. */
static void name_child(const struct json *payload, struct event *event)
{
    struct slice name = payload_text(payload, "object_attributes.name");

    if (slice_eq(payload_text(payload, "object_attributes.source"), SLICE("parent_pipeline")))
        event->fields[FIELD_WORKFLOW] = name.len ? name : SLICE("child pipeline");
}

/* The names of the jobs that made it fail: as many as a field holds. */
static enum rc name_failed_jobs(const struct json *payload, struct arena *arena,
                                struct event *event)
{
    const struct json *build = json_first(payload_at(payload, SLICE("builds")));
    struct slice *text = &event->fields[FIELD_TEXT];
    enum rc rc = RC_OK;

    for (; build && !rc && event_field_cut(*text).len == text->len; build = json_next(build)) {
        struct slice name = payload_text(build, "name");

        if (!slice_eq(payload_text(build, "status"), SLICE("failed")) || !name.len ||
            is_true(build, "allow_failure"))
            continue;
        rc = arena_format(arena, text, "%.*s%s%.*s", SLICE_ARG(*text),
                          text->len ? ", " : "failed: ", SLICE_ARG(name));
    }
    return rc;
}

static enum rc finish_pipeline(const struct json *payload, struct arena *arena, struct event *event)
{
    enum rc rc;

    if (is_true(payload, "object_attributes.tag"))
        event->fields[FIELD_BRANCH] = (struct slice){ 0 };
    else
        take_source_branch(payload, event);
    name_child(payload, event);
    rc = take_url(payload, "pipelines", "object_attributes.id", arena, event);
    if (rc || !slice_eq(event->fields[FIELD_STATE], SLICE("failing")))
        return rc;
    return name_failed_jobs(payload, arena, event);
}

/* Before GitLab 15 a job came without its project. */
static enum rc finish_job(const struct json *payload, struct arena *arena, struct event *event)
{
    if (is_true(payload, "tag"))
        event->fields[FIELD_BRANCH] = (struct slice){ 0 };
    if (slice_is_absent(event->fields[FIELD_REPO]))
        event->fields[FIELD_REPO] = payload_repo(payload_text(payload, "repository.homepage"));
    return take_url(payload, "jobs", "build_id", arena, event);
}

/* The commit is named in short; its page is called by its whole name. */
static enum rc finish_deployment(const struct json *payload, struct arena *arena,
                                 struct event *event)
{
    struct slice whole = payload_last_segment(payload_text(payload, "commit_url"));

    (void)arena;
    if (event->fields[FIELD_COMMIT].len && slice_starts(whole, event->fields[FIELD_COMMIT]))
        event->fields[FIELD_COMMIT] = whole;
    return RC_OK;
}

/* Of the commits that were pushed (20 at most) the last one's message, unless it is not among them. */
static enum rc name_push(const struct json *payload, struct arena *arena, struct event *event)
{
    const struct json *commit = json_first(payload_at(payload, SLICE("commits")));

    (void)arena;
    for (; commit; commit = json_next(commit)) {
        struct slice title = payload_first_line(payload_text(commit, "message"));

        if (title.len && slice_eq(payload_text(commit, "id"), event->fields[FIELD_COMMIT]))
            event->fields[FIELD_TITLE] = title;
    }
    return RC_OK;
}

static enum rc finish_note(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice on = payload_text(payload, "object_attributes.noteable_type");

    (void)arena;
    if (slice_eq(on, SLICE("MergeRequest")))
        event->fields[FIELD_KIND] = SLICE("change.request");
    return RC_OK;
}

/* -- the events -- */

#define PUSH(word)                                                                                 \
    {                                                                                              \
        .name = (word), .kind = "push",                                                            \
        .fields = { { FIELD_BRANCH, "ref" },                                                       \
                    { FIELD_COMMIT, "after" },                                                     \
                    { FIELD_TITLE, "ref" },                                                        \
                    { FIELD_URL, "project.web_url" } },                                            \
        .subject = { { "ref", FIELD_BRANCH, "ref" } }, .finish = name_push                         \
    }

#define ISSUE(word)                                                                                \
    {                                                                                              \
        .name = (word), .kind = "issue",                                                           \
        .time = "object_attributes.updated_at|object_attributes.created_at",                       \
        .fields = { { FIELD_TITLE, "object_attributes.title" },                                    \
                    { FIELD_TEXT, "object_attributes.description" },                               \
                    { FIELD_URL, "?object_attributes.url" } },                                     \
        .subject = {                                                                               \
            { "issue", FIELD_TITLE, "object_attributes.iid" }                                      \
        }                                                                                          \
    }

static const struct event_row rows[] = {
    { .name = "pipeline",
      .kind = "ci.run",
      .level = "run",
      .state = "object_attributes.status",
      .states = statuses,
      .is_settled = is_over,
      .time = "object_attributes.finished_at|object_attributes.created_at",
      .started = "object_attributes.created_at",
      .fields = { { FIELD_BRANCH, "object_attributes.ref" },
                  { FIELD_COMMIT, "object_attributes.sha" },
                  { FIELD_TITLE, "?object_attributes.name|commit.title|commit.message" },
                  { FIELD_URL, "?object_attributes.url" },
                  { FIELD_RUN, "object_attributes.id" } },
      .subject = { { "pipeline", FIELD_BRANCH, "object_attributes.ref" },
                   { "child", FIELD_WORKFLOW, NULL } },
      .finish = finish_pipeline },
    { .name = "build",
      .kind = "ci.run",
      .level = "job",
      .state = "build_status",
      .states = statuses,
      .is_settled = is_job_over,
      .time = "build_finished_at_iso|build_finished_at|build_started_at_iso|build_started_at"
              "|build_created_at_iso|build_created_at",
      .started = "build_started_at_iso|build_started_at",
      .fields = { { FIELD_BRANCH, "ref" },
                  { FIELD_COMMIT, "sha" },
                  { FIELD_JOB, "build_name" },
                  { FIELD_SERVICE, "build_name" },
                  { FIELD_TITLE, "build_name" },
                  { FIELD_TEXT, "?build_failure_reason" },
                  { FIELD_RUN, "pipeline_id" },
                  { FIELD_ENVIRONMENT, "?environment.name" } },
      .subject = { { "job", FIELD_JOB, NULL }, { "ref", FIELD_BRANCH, "ref" } },
      .finish = finish_job },
    { .name = "deployment",
      .kind = "deploy",
      .state = "status",
      .states = statuses,
      .time = "status_changed_at",
      .fields = { { FIELD_BRANCH, "?ref" },
                  { FIELD_COMMIT, "short_sha" },
                  { FIELD_ENVIRONMENT, "environment" },
                  { FIELD_TITLE, "?commit_title" },
                  { FIELD_URL, "?deployable_url|commit_url" } },
      .subject = { { "environment", FIELD_ENVIRONMENT, NULL } },
      .finish = finish_deployment },
    PUSH("push"),
    PUSH("tag_push"),
    { .name = "merge_request",
      .kind = "change.request",
      .time = "object_attributes.updated_at|object_attributes.created_at",
      .fields = { { FIELD_BRANCH, "object_attributes.source_branch" },
                  { FIELD_COMMIT, "object_attributes.last_commit.id" },
                  { FIELD_TITLE, "object_attributes.title" },
                  { FIELD_TEXT, "object_attributes.description" },
                  { FIELD_URL, "object_attributes.url" } },
      .subject = { { "merge_request", FIELD_TITLE, "object_attributes.iid" } } },
    ISSUE("issue"),
    ISSUE("work_item"),
    /* What is said of something is not the state of it. */
    { .name = "note",
      .kind = "issue",
      .time = "object_attributes.updated_at|object_attributes.created_at",
      .fields = { { FIELD_BRANCH, "?merge_request.source_branch" },
                  { FIELD_COMMIT, "?object_attributes.commit_id|merge_request.last_commit.id" },
                  { FIELD_TITLE, "?issue.title|merge_request.title|commit.message|snippet.title" },
                  { FIELD_TEXT, "object_attributes.note" },
                  { FIELD_URL, "object_attributes.url" } },
      .subject = { { "note_on", FIELD_TITLE, "object_attributes.noteable_type" },
                   { "number", FIELD_TITLE,
                     "issue.iid|merge_request.iid|snippet.id|object_attributes.commit_id" } },
      .finish = finish_note },
    { .name = "release",
      .kind = "release",
      .time = "released_at|created_at",
      .fields = { { FIELD_COMMIT, "?commit.id" },
                  { FIELD_TITLE, "name|tag" },
                  { FIELD_TEXT, "description" },
                  { FIELD_URL, "url" } },
      .subject = { { "tag", FIELD_TITLE, "tag" } } },
    { .name = "vulnerability",
      .kind = "advisory",
      .state = "object_attributes.state",
      .states = vulnerability_states,
      .time = "object_attributes.updated_at|object_attributes.created_at",
      .fields = { { FIELD_TITLE, "object_attributes.title" },
                  { FIELD_SEVERITY, "object_attributes.severity" },
                  { FIELD_URL, "object_attributes.url" } },
      .subject = { { "vulnerability", FIELD_URL, "object_attributes.url" } } },
    { .name = NULL,
      .fields = { { FIELD_TITLE,
                    "?object_attributes.title|object_attributes.name|object_attributes.action"
                    "|name" },
                  { FIELD_URL, "?object_attributes.url" } } },
};

static const struct row_subject common_subject[] = { { "repo", FIELD_REPO, NULL },
                                                     { .name = NULL } };

static const struct row_table table = {
    .sender = "gitlab",
    .common = { { FIELD_REPO, "?project.path_with_namespace|path_with_namespace" },
                { FIELD_ACTOR, "?user.username|user_username|user.name|user_name" } },
    .common_subject = common_subject,
    .rows = rows,
};

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    struct slice name = payload_text(delivery->payload, "object_kind|event_name");

    return row_read(&table, row_word(name), delivery->payload, delivery->arena, &out->items[0]);
}

/* -- the sender -- */

/* The same id twice, the first of them signed; GitLab before 17.4 has neither. X-Gitlab-Event-UUID is none: hooks that other hooks caused share it. */
static const char *const delivery_headers[] = { "webhook-id", "Idempotency-Key", NULL };
static const char *const kept_headers[] = { NULL };
static const char *const kinds[] = { "ci.run", "deploy",   "push",    "change.request",
                                     "issue",  "advisory", "release", NULL };

/* clang-format off */
static const char *const types[] = {
    "gitlab.access_token", "gitlab.build", "gitlab.deployment", "gitlab.emoji", "gitlab.feature_flag", "gitlab.issue",
    "gitlab.merge_request", "gitlab.milestone", "gitlab.note", "gitlab.pipeline", "gitlab.project_create",
    "gitlab.project_destroy", "gitlab.push", "gitlab.release", "gitlab.subgroup_create", "gitlab.subgroup_destroy",
    "gitlab.tag_push", "gitlab.unknown", "gitlab.user_access_request_denied_for_group",
    "gitlab.user_access_request_to_group", "gitlab.user_add_to_group", "gitlab.user_remove_from_group",
    "gitlab.user_update_for_group", "gitlab.vulnerability", "gitlab.wiki_page", "gitlab.work_item",
    NULL,
};
/* clang-format on */

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "X-Gitlab-Token" },
    /* the "signing token", by the Standard Webhooks specification */
    { .name = "secret",
      .kind = SIGNATURE_HMAC,
      .key_form = KEY_BASE64,
      .header = "webhook-signature",
      .prefix = "v1,",
      .separator = ' ',
      .is_base64 = true,
      .over = "{id}.{time}.{body}",
      .id_header = "webhook-id",
      .time_header = "webhook-timestamp",
      .tolerance_ms = 5 * MINUTE_MS },
    { .name = NULL },
};

const struct sender sender_gitlab = {
    .name = "gitlab",
    .title = "GitLab",
    .delivery_headers = delivery_headers,
    .kept_headers = kept_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)25 * 1024 * 1024, /* pipelines hold all of their jobs */
    .events_to_tick = "Pipeline events, Deployment events, Push events",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
