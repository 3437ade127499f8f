/* Jira: Cloud, Data Center and the "send web request" of its automation, whose body may be the issue alone. An issue's states are the team's own words: every state is info. */
#include "watchers/senders/rows.h"

/* An issue is shown at SITE/browse/KEY; the payload names its place in the API. */
static enum rc make_url(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice api = payload_text(payload, "issue.self|self");
    struct slice key = payload_text(payload, "issue.key|key");
    const struct slice rest = SLICE("/rest/");

    if (slice_is_absent(key))
        return RC_OK;
    for (size_t i = 0; i + rest.len <= api.len; i++) {
        if (slice_starts((struct slice){ api.ptr + i, api.len - i }, rest))
            return arena_format(arena, &event->fields[FIELD_URL], "%.*s/browse/%.*s", (int)i,
                                api.ptr, SLICE_ARG(key));
    }
    return RC_OK;
}

static const struct event_row issue_rows[] = {
    { .name = NULL,
      .kind = "issue",
      .time = "timestamp|issue.fields.updated|fields.updated",
      .fields = { { FIELD_TITLE, "issue.fields.summary|fields.summary|issue.key|key" },
                  { FIELD_SEVERITY, "?issue.fields.priority.name|fields.priority.name" },
                  { FIELD_SERVICE, "?issue.fields.project.name|issue.fields.project.key"
                                   "|fields.project.name|fields.project.key" },
                  { FIELD_TEXT, "?comment.body|worklog.comment|issue.fields.description"
                                "|fields.description" },
                  { FIELD_ACTOR, "?user.displayName|user.name|comment.updateAuthor.displayName"
                                 "|comment.author.displayName|worklog.updateAuthor.displayName" } },
      .subject = { { "issue", FIELD_TITLE, "issue.key|key|issue.id" } },
      .finish = make_url },
};
static const struct row_table issues = { .sender = "jira", .rows = issue_rows };

static const struct event_row other_rows[] = {
    { .name = "version_released",
      .kind = "release",
      .time = "timestamp",
      .fields = { { FIELD_TITLE, "version.name" },
                  { FIELD_TEXT, "?version.description" },
                  { FIELD_ACTOR, "?user.displayName" } },
      .subject = { { "project", FIELD_TITLE, "version.projectId" },
                   { "version", FIELD_TITLE, "version.id|version.name" } } },
    { .name = NULL,
      .time = "timestamp",
      .fields = { { FIELD_TITLE, "?version.name|sprint.name|project.name|board.name" },
                  { FIELD_ACTOR, "?user.displayName|worklog.updateAuthor.displayName" } },
      .subject = { { "event", FIELD_TYPE, NULL },
                   { "id", FIELD_TITLE,
                     "version.id|sprint.id|project.id|board.id|issueLink.id"
                     "|worklog.id" } } },
};
static const struct row_table others = { .sender = "jira", .rows = other_rows };

/* `jira:issue_created` and `comment_created` alike: the former's head says nothing. */
static struct slice name_of(const struct json *payload)
{
    const struct slice head = SLICE("jira:");
    struct slice name = row_word(payload_text(payload, "webhookEvent"));

    if (payload_has(payload, SLICE("fields")) && !payload_has(payload, SLICE("webhookEvent")))
        return SLICE("issue");
    if (slice_starts(name, head))
        return (struct slice){ name.ptr + head.len, name.len - head.len };
    return name;
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    bool is_issue = payload_has(delivery->payload, SLICE("issue|fields"));

    return row_read(is_issue ? &issues : &others, name_of(delivery->payload), delivery->payload,
                    delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const delivery_headers[] = { "X-Atlassian-Webhook-Identifier", NULL };
static const char *const kinds[] = { "issue", "release", NULL };

static const struct signature_scheme schemes[] = {
    { .name = "secret", .kind = SIGNATURE_HMAC, .header = "X-Hub-Signature", .prefix = "sha256=" },
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = NULL },
};

const struct sender sender_jira = {
    .name = "jira",
    .title = "Jira",
    .delivery_headers = delivery_headers,
    .kept_headers = delivery_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .takes_any_token_header = true,
    .events_to_tick = "Issue created, Issue updated, Comment created",
    .kinds = kinds,
    .normalise = normalise,
};
