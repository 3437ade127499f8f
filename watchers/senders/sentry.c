/* Sentry: the resources of its integration platform, and the older webhook plugin, which says less and signs nothing. */
#include "src/store/headers.h"
#include "watchers/senders/rows.h"

/* clang-format off */
static const struct word triggered_words[] = {
    { "triggered", "failing" },
    { NULL, NULL },
};

static const struct word metric_words[] = {
    { "critical", "failing" }, { "warning", "failing" }, { "open", "failing" }, { "resolved", "ok" },
    { NULL, NULL },
};

static const struct word issue_words[] = {
    { "created", "failing" }, { "unresolved", "failing" }, { "resolved", "ok" },
    { "assigned", "info" }, { "unassigned", "info" }, { "archived", "info" }, { "ignored", "info" },
    { NULL, NULL },
};

static const struct word error_words[] = {
    { "created", "failing" },
    { NULL, NULL },
};

static const struct word level_words[] = {
    { "fatal", "failing" }, { "error", "failing" }, { "warning", "failing" }, { "info", "info" }, { "debug", "info" },
    { "sample", "info" },
    { NULL, NULL },
};
/* clang-format on */

/* -- what no path says -- */

/* tags: [["environment", "production"], …] */
static struct slice tag_of(const struct json *tags, struct slice name)
{
    for (const struct json *tag = json_first(tags); tag; tag = json_next(tag)) {
        if (slice_eq(payload_text(tag, "0"), name))
            return payload_text(tag, "1");
    }
    return (struct slice){ 0 };
}

static void take_tag(const struct json *tags, const char *name, struct event *event,
                     enum event_field field)
{
    struct slice value = tag_of(tags, slice_of(name));

    if (slice_is_absent(event->fields[field]) && value.len)
        event->fields[field] = value;
}

/* What stands `n` parts behind `word` in an address; empty when nothing does. */
static struct slice part_behind(struct slice url, struct slice word, size_t n)
{
    while (url.len) {
        if (!slice_eq(slice_cut(&url, '/'), word))
            continue;
        while (n-- > 1)
            (void)slice_cut(&url, '/');
        return slice_cut(&url, '/');
    }
    return url;
}

static enum rc finish_event(const char *at, const struct json *payload, struct event *event)
{
    const struct json *inner = payload_at(payload, slice_of(at));
    /* An event names its project by number alone; the word stands in …/projects/ORG/PROJECT/events/… */
    struct slice project = part_behind(payload_text(inner, "url"), SLICE("projects"), 2);

    if (project.len)
        event->fields[FIELD_SERVICE] = project;
    take_tag(json_get_text(inner, "tags"), "environment", event, FIELD_ENVIRONMENT);
    take_tag(json_get_text(inner, "tags"), "server_name", event, FIELD_HOST);
    return RC_OK;
}

static enum rc finish_alert(const struct json *payload, struct arena *arena, struct event *event)
{
    (void)arena;
    return finish_event("data.event", payload, event);
}

static enum rc finish_error(const struct json *payload, struct arena *arena, struct event *event)
{
    (void)arena;
    return finish_event("data.error", payload, event);
}

static enum rc finish_plugin(const struct json *payload, struct arena *arena, struct event *event)
{
    (void)arena;
    return finish_event("event", payload, event);
}

/* -- the resources -- */

#define PROJECT                                                                                    \
    {                                                                                              \
        "project", FIELD_SERVICE, NULL                                                             \
    }

static const struct event_row rows[] = {
    { .name = "event_alert",
      .kind = "alert",
      .state = "action",
      .states = triggered_words,
      .time = "data.event.datetime|data.event.timestamp",
      .fields = { { FIELD_TITLE, "data.event.title|data.event.message|data.triggered_rule" },
                  { FIELD_TEXT, "?data.event.message|data.event.logentry.formatted"
                                "|data.event.culprit" },
                  { FIELD_SEVERITY, "?data.event.level" },
                  { FIELD_SERVICE, "?data.event.project_slug|data.event.project" },
                  { FIELD_ENVIRONMENT, "?data.event.environment" },
                  { FIELD_HOST, "?data.event.server_name" },
                  { FIELD_URL, "?data.event.web_url" } },
      .subject = { PROJECT, { "issue", FIELD_TITLE, "data.event.issue_id|data.event.title" } },
      .finish = finish_alert },
    { .name = "metric_alert",
      .kind = "alert",
      .state = "action",
      .states = metric_words,
      .time = "data.metric_alert.date_closed|data.metric_alert.date_detected"
              "|data.metric_alert.date_started|data.metric_alert.date_created",
      .fields = { { FIELD_TITLE, "data.description_title|data.metric_alert.title" },
                  { FIELD_TEXT, "?data.description_text" },
                  { FIELD_SEVERITY, "?action" },
                  { FIELD_SERVICE, "?data.metric_alert.projects.0" },
                  { FIELD_ENVIRONMENT, "?data.metric_alert.alert_rule.environment" },
                  { FIELD_URL, "?data.web_url" } },
      .subject = { { "alert_rule", FIELD_TITLE,
                     "data.metric_alert.alert_rule.id|data.metric_alert.id"
                     "|data.metric_alert.title" } } },
    { .name = "issue",
      .kind = "alert",
      .state = "action",
      .states = issue_words,
      .time = "data.issue.lastSeen|data.issue.firstSeen",
      .fields = { { FIELD_TITLE, "data.issue.title" },
                  { FIELD_TEXT, "?data.issue.culprit" },
                  { FIELD_SEVERITY, "?data.issue.level" },
                  { FIELD_SERVICE, "?data.issue.project.slug|data.issue.project.name" },
                  { FIELD_URL, "?data.issue.web_url|data.issue.permalink" } },
      .subject = { PROJECT, { "issue", FIELD_TITLE, "data.issue.id|data.issue.shortId" } } },
    { .name = "error",
      .kind = "alert",
      .state = "action",
      .states = error_words,
      .time = "data.error.datetime|data.error.timestamp",
      .fields = { { FIELD_TITLE, "data.error.title|data.error.message" },
                  { FIELD_TEXT, "?data.error.message|data.error.culprit" },
                  { FIELD_SEVERITY, "?data.error.level" },
                  { FIELD_SERVICE, "?data.error.project_slug|data.error.project" },
                  { FIELD_ENVIRONMENT, "?data.error.environment" },
                  { FIELD_URL, "?data.error.web_url" } },
      .subject = { PROJECT, { "issue", FIELD_TITLE, "data.error.issue_id|data.error.title" } },
      .finish = finish_error },
    { .name = "comment",
      .kind = "issue",
      .time = "data.timestamp",
      .fields = { { FIELD_TITLE, "?data.comment" },
                  { FIELD_TEXT, "data.comment" },
                  { FIELD_SERVICE, "?data.project_slug" } },
      .subject = { PROJECT, { "issue", FIELD_TITLE, "data.issue_id" } } },
    /* of the plugin, which names no event: each is an error */
    { .name = "plugin",
      .kind = "alert",
      .state = "level|event.level",
      .states = level_words,
      .time = "event.datetime|event.timestamp|event.received",
      .fields = { { FIELD_TITLE, "event.title|event.metadata.title|message|culprit" },
                  { FIELD_TEXT, "?message|event.logentry.formatted|event.message|culprit" },
                  { FIELD_SEVERITY, "?level|event.level" },
                  { FIELD_SERVICE, "?project_slug|project|project_name" },
                  { FIELD_ENVIRONMENT, "?event.environment" },
                  { FIELD_HOST, "?server_name|event.server_name" },
                  { FIELD_URL, "?url" } },
      .subject = { PROJECT, { "issue", FIELD_TITLE, "id|event.issue_id|message" } },
      .finish = finish_plugin },
    { .name = NULL, .fields = { { FIELD_TITLE, "?action" } } },
};

static const struct row_table table = {
    .sender = "sentry",
    .common = { { FIELD_ACTOR, "?actor.name" } },
    .rows = rows,
};

/* Where the header is missing (the plugin, what was kept without headers), the body's members tell. */
static struct slice resource_of_body(const struct json *payload)
{
    static const struct {
        const char *path, *resource;
    } tells[] = {
        { "data.metric_alert", "metric_alert" },
        { "data.event", "event_alert" },
        { "data.issue", "issue" },
        { "data.error", "error" },
        { "data.comment", "comment" },
        { "event", "plugin" },
        { "project_slug", "plugin" },
        { "project", "plugin" },
    };

    for (size_t i = 0; i < sizeof tells / sizeof *tells; i++) {
        if (payload_at(payload, slice_of(tells[i].path)))
            return slice_of(tells[i].resource);
    }
    return SLICE("unknown");
}

static struct slice resource_of(const struct sender_delivery *delivery)
{
    const struct header *headers = delivery->entry->headers.items;
    struct slice name;

    if (header_get(headers, delivery->entry->headers.n_items, "Sentry-Hook-Resource", &name) !=
        RC_OK)
        return resource_of_body(delivery->payload);
    return row_word(name);
}

/* Events of older Sentrys name their issue in an address alone. Its resolve, later, has the number. */
static enum rc name_issue(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice url = payload_text(payload, "data.event.issue_url|data.error.issue_url");
    const struct subject_part parts[] = {
        { SLICE("project"), event->fields[FIELD_SERVICE] },
        { SLICE("issue"), part_behind(url, SLICE("issues"), 1) },
    };

    if (!parts[1].value.len || payload_text(payload, "data.event.issue_id|data.error.issue_id").len)
        return RC_OK;
    return subject_format(parts, sizeof parts / sizeof *parts, arena,
                          &event->fields[FIELD_SUBJECT]);
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    enum rc rc =
        row_read(&table, resource_of(delivery), delivery->payload, delivery->arena, &out->items[0]);

    return rc ? rc : name_issue(delivery->payload, delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const delivery_headers[] = { "Request-ID", NULL };
static const char *const kept_headers[] = { "Sentry-Hook-Resource", "Request-ID", NULL };
static const char *const kinds[] = { "alert", "issue", NULL };
static const char *const types[] = { "sentry.activity_alert",
                                     "sentry.comment",
                                     "sentry.error",
                                     "sentry.event_alert",
                                     "sentry.installation",
                                     "sentry.issue",
                                     "sentry.plugin",
                                     "sentry.metric_alert",
                                     "sentry.seer",
                                     "sentry.unknown",
                                     NULL };

static const struct signature_scheme schemes[] = {
    { .name = "secret", .kind = SIGNATURE_HMAC, .header = "Sentry-Hook-Signature" },
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = NULL },
};

const struct sender sender_sentry = {
    .name = "sentry",
    .title = "Sentry",
    .event_header = "Sentry-Hook-Resource",
    .handshake = "installation",
    .delivery_headers = delivery_headers,
    .kept_headers = kept_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)5 * 1024 * 1024,
    .takes_any_token_header = true,
    .events_to_tick = "issue; an alert rule's action for event_alert and metric_alert",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
