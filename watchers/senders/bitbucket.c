/* Bitbucket Cloud ("repo:push") and Bitbucket Data Center ("repo:refs_changed"), which have nothing in common but their headers and how they sign. Sources: Atlassian's documentation, "Event payloads" of
 * the one and "Event payload" of the other. A push may be of several refs: each is an event, about which `batch` says what is common. */
#include "src/store/headers.h"
#include "watchers/senders/batch.h"
#include "watchers/senders/rows.h"

static const struct word status_words[] = { { "FAILED", "failing" },
                                            { "SUCCESSFUL", "ok" },
                                            { "INPROGRESS", "info" },
                                            { "STOPPED", "info" },
                                            { NULL, NULL } };

static bool is_over(const struct json *payload)
{
    struct slice state = payload_text(payload, "commit_status.state");

    return !slice_eq(word_means(status_words, state), SLICE("info"));
}

/* -- what no path says -- */

/* Data Center has no full name: the key of the project and the slug. */
static enum rc name_repo(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice project =
        payload_text(payload, "repository.project.key|batch.repository.project.key"
                              "|pullRequest.toRef.repository.project.key");
    struct slice slug = payload_text(payload, "repository.slug|batch.repository.slug"
                                              "|pullRequest.toRef.repository.slug");

    if (event->fields[FIELD_REPO].len || !project.len || !slug.len)
        return RC_OK;
    return arena_format(arena, &event->fields[FIELD_REPO], "%.*s/%.*s", SLICE_ARG(project),
                        SLICE_ARG(slug));
}

static struct slice behind(struct slice text, struct slice head)
{
    return (struct slice){ text.ptr + head.len, text.len - head.len };
}

/* A tool sets its status under a key that stays; Bitbucket's own pipelines take a new key for each run, so they go by what they all are. */
static enum rc finish_status(const struct json *payload, struct arena *arena, struct event *event)
{
    const struct slice own = SLICE("Pipeline #");
    struct slice rest, *title = &event->fields[FIELD_TITLE];

    (void)arena;
    if (slice_is_absent(event->fields[FIELD_COMMIT]))
        event->fields[FIELD_COMMIT] =
            payload_last_segment(payload_text(payload, "commit_status.links.commit.href"));
    if (!slice_starts(*title, own))
        return RC_OK;
    rest = behind(*title, own);
    event->fields[FIELD_WORKFLOW] = SLICE("Pipeline");
    event->fields[FIELD_SERVICE] = SLICE("Pipeline");
    event->fields[FIELD_RUN] = slice_cut(&rest, ' ');
    return RC_OK;
}

/* Tags are pushed as branches are. */
static enum rc drop_tag(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice type = payload_text(payload, "new.type|old.type");

    (void)arena;
    if (slice_eq(type, SLICE("tag")))
        event->fields[FIELD_BRANCH] = (struct slice){ 0 };
    return RC_OK;
}

/* Of the refs that were pushed one alone is told with its commit. */
static enum rc finish_ref(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice id = payload_text(payload, "batch.toCommit.id");
    struct slice title = payload_first_line(payload_text(payload, "batch.toCommit.message"));

    if (title.len && slice_eq(id, event->fields[FIELD_COMMIT]))
        event->fields[FIELD_TITLE] = title;
    return name_repo(payload, arena, event);
}

/* -- the events -- */

static const struct event_row rows[] = {
    { .name = "repo:commit_status_*",
      .kind = "ci.run",
      .level = "check",
      .state = "commit_status.state",
      .states = status_words,
      .is_settled = is_over,
      .time = "commit_status.updated_on|commit_status.created_on",
      .started = "commit_status.created_on",
      .fields = { { FIELD_BRANCH, "?commit_status.refname" },
                  { FIELD_COMMIT, "?commit_status.commit.hash" },
                  { FIELD_WORKFLOW, "commit_status.key" },
                  { FIELD_SERVICE, "commit_status.key" },
                  { FIELD_TITLE, "commit_status.name|commit_status.key" },
                  { FIELD_TEXT, "?commit_status.description" },
                  { FIELD_URL, "commit_status.url" } },
      .subject = { { "check", FIELD_WORKFLOW, NULL }, { "branch", FIELD_BRANCH, NULL } },
      .finish = finish_status },
    { .name = "repo:push",
      .kind = "push",
      .fields = { { FIELD_BRANCH, "new.name|old.name" },
                  { FIELD_COMMIT, "new.target.hash" },
                  { FIELD_TITLE, "?new.target.message|new.name|old.name" },
                  { FIELD_URL, "?links.html.href|batch.repository.links.html.href" } },
      .subject = { { "ref", FIELD_BRANCH, "new.name|old.name" } },
      .finish = drop_tag },
    { .name = "pullrequest:*",
      .kind = "change.request",
      .time = "comment.updated_on|pullrequest.updated_on|pullrequest.created_on",
      .fields = { { FIELD_BRANCH, "pullrequest.source.branch.name" },
                  { FIELD_COMMIT, "pullrequest.source.commit.hash" },
                  { FIELD_TITLE, "pullrequest.title" },
                  { FIELD_TEXT, "?comment.content.raw|pullrequest.description" },
                  { FIELD_URL, "?comment.links.html.href|pullrequest.links.html.href" } },
      .subject = { { "pull_request", FIELD_TITLE, "pullrequest.id" } } },
    { .name = "issue:*",
      .kind = "issue",
      .time = "comment.created_on|issue.updated_on|issue.created_on",
      .fields = { { FIELD_TITLE, "issue.title" },
                  { FIELD_TEXT, "?comment.content.raw|issue.content.raw" },
                  { FIELD_URL, "?comment.links.html.href|issue.links.html.href" } },
      .subject = { { "issue", FIELD_TITLE, "issue.id" } } },
    { .name = "repo:refs_changed",
      .kind = "push",
      .time = "batch.date",
      .fields = { { FIELD_BRANCH, "ref.id" },
                  { FIELD_COMMIT, "toHash" },
                  { FIELD_TITLE, "?ref.displayId" },
                  { FIELD_URL, "?batch.repository.links.self.0.href" } },
      .subject = { { "ref", FIELD_BRANCH, "ref.id" } },
      .finish = finish_ref },
    { .name = "pr:*",
      .kind = "change.request",
      .time = "date|pullRequest.updatedDate",
      .fields = { { FIELD_BRANCH, "pullRequest.fromRef.id" },
                  { FIELD_COMMIT, "pullRequest.fromRef.latestCommit" },
                  { FIELD_TITLE, "pullRequest.title" },
                  { FIELD_TEXT, "?comment.text|pullRequest.description" },
                  { FIELD_URL, "?pullRequest.links.self.0.href" } },
      .subject = { { "pull_request", FIELD_TITLE, "pullRequest.id" } },
      .finish = name_repo },
    { .name = NULL,
      .time = "date",
      .fields = { { FIELD_TITLE, "?comment.content.raw|comment.text|repository.name" },
                  { FIELD_URL, "?comment.links.html.href|repository.links.html.href" } },
      .finish = name_repo },
};

static const struct row_subject common_subject[] = { { "repo", FIELD_REPO, NULL },
                                                     { .name = NULL } };

static const struct row_table table = {
    .sender = "bitbucket",
    .common = { { FIELD_REPO, "?repository.full_name|batch.repository.full_name" },
                { FIELD_ACTOR, "?actor.username|actor.nickname|actor.name|actor.display_name"
                               "|batch.actor.username|batch.actor.nickname|batch.actor.name"
                               "|batch.actor.display_name" } },
    .common_subject = common_subject,
    .rows = rows,
};

/* In the body of Data Center, in the header of both, which is not signed. */
static struct slice event_name(const struct sender_delivery *delivery)
{
    const struct header *headers = delivery->entry->headers.items;
    struct slice name = payload_text(delivery->payload, "eventKey");

    if (!name.len && header_get(headers, delivery->entry->headers.n_items, "X-Event-Key", &name))
        return SLICE("unknown");
    return row_word(name);
}

/* Where the refs of a push stand: of Data Center, which calls other lists so as well; of Cloud. */
static const char *refs_of(const struct json *payload)
{
    bool is_own = slice_eq(payload_text(payload, "eventKey"), SLICE("repo:refs_changed"));

    return is_own ? "changes" : "push.changes";
}

static size_t count(const struct json *payload)
{
    return batch_count(payload, refs_of(payload));
}

static enum rc read_ref(const struct sender_delivery *delivery, const struct json *ref,
                        struct event *event)
{
    return row_read(&table, event_name(delivery), ref, delivery->arena, event);
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    const char *refs = refs_of(delivery->payload);

    if (batch_elements(delivery->payload, refs))
        return batch_read(delivery, refs, read_ref, out);
    return row_read(&table, event_name(delivery), delivery->payload, delivery->arena,
                    &out->items[0]);
}

/* -- the sender -- */

/* Of Cloud, the same for each attempt; of Data Center. */
static const char *const delivery_headers[] = { "X-Request-UUID", "X-Request-Id", NULL };
static const char *const kept_headers[] = { "X-Event-Key", NULL };
static const char *const kinds[] = { "ci.run", "push", "change.request", "issue", NULL };

/* clang-format off */
static const char *const types[] = {
    /* Cloud */
    "bitbucket.repo:push", "bitbucket.repo:fork", "bitbucket.repo:updated", "bitbucket.repo:transfer", "bitbucket.repo:created",
    "bitbucket.repo:deleted", "bitbucket.repo:imported", "bitbucket.repo:commit_comment_created",
    "bitbucket.repo:commit_status_created", "bitbucket.repo:commit_status_updated", "bitbucket.project:updated",
    "bitbucket.issue:created", "bitbucket.issue:updated", "bitbucket.issue:comment_created",
    "bitbucket.pullrequest:created", "bitbucket.pullrequest:updated", "bitbucket.pullrequest:push",
    "bitbucket.pullrequest:superseded", "bitbucket.pullrequest:changes_request_created",
    "bitbucket.pullrequest:changes_request_removed", "bitbucket.pullrequest:approved", "bitbucket.pullrequest:unapproved",
    "bitbucket.pullrequest:fulfilled", "bitbucket.pullrequest:rejected", "bitbucket.pullrequest:comment_created",
    "bitbucket.pullrequest:comment_updated", "bitbucket.pullrequest:comment_deleted",
    "bitbucket.pullrequest:comment_resolved", "bitbucket.pullrequest:comment_reopened",
    /* Data Center */
    "bitbucket.diagnostics:ping", "bitbucket.project:modified", "bitbucket.repo:refs_changed", "bitbucket.repo:modified",
    "bitbucket.repo:forked", "bitbucket.repo:comment:added", "bitbucket.repo:comment:edited",
    "bitbucket.repo:comment:deleted", "bitbucket.repo:secret_detected", "bitbucket.mirror:repo_synchronized",
    "bitbucket.pr:opened", "bitbucket.pr:from_ref_updated", "bitbucket.pr:to_ref_updated", "bitbucket.pr:modified",
    "bitbucket.pr:reviewer:updated", "bitbucket.pr:reviewer:approved", "bitbucket.pr:reviewer:unapproved",
    "bitbucket.pr:reviewer:needs_work", "bitbucket.pr:reviewer:changes_requested", "bitbucket.pr:merged",
    "bitbucket.pr:declined", "bitbucket.pr:deleted", "bitbucket.pr:comment:added", "bitbucket.pr:comment:edited",
    "bitbucket.pr:comment:deleted",
    "bitbucket.unknown",
    NULL,
};
/* clang-format on */

/* What GitHub calls X-Hub-Signature-256. */
static const struct signature_scheme schemes[] = {
    { .name = "secret", .kind = SIGNATURE_HMAC, .header = "X-Hub-Signature", .prefix = "sha256=" },
    /* Data Center alone */
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = NULL },
};

const struct sender sender_bitbucket = {
    .name = "bitbucket",
    .title = "Bitbucket",
    .event_header = "X-Event-Key",
    .handshake = "diagnostics:ping",
    .delivery_headers = delivery_headers,
    .kept_headers = kept_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .events_to_tick = "Build status created, Build status updated, Push",
    .kinds = kinds,
    .types = types,
    .count = count,
    .normalise = normalise,
};
