/* Datadog: the body is a template of the user's; README has the one that this reads best. Of the body that Datadog starts with, the title alone says how it stands.
 *
 * Datadog pastes the values of its variables into the text of the template. Where that breaks the JSON, what came is kept as text, and its event says so. */
#include "watchers/senders/rows.h"

/* clang-format off */
static const struct word transitions[] = {
    { "triggered", "failing" }, { "re-triggered", "failing" }, { "no data", "failing" }, { "re-no data", "failing" },
    { "warn", "failing" }, { "re-warn", "failing" }, { "renotify", "failing" }, { "error", "failing" }, { "warning", "failing" },
    { "recovered", "ok" }, { "success", "ok" }, { "ok", "ok" },
    { "info", "info" }, { "null", "info" }, { "recommendation", "info" }, { "snapshot", "info" }, { "user_update", "info" },
    { NULL, NULL },
};
/* clang-format on */

/* `[P2] [Recovered on {host:web-1}] Disk is full` */
struct title {
    struct slice priority;   /* P2 */
    struct slice transition; /* Recovered */
    struct slice scope;      /* host:web-1 */
    struct slice
        name; /* what one condition is called, in whatever state; never empty where the title is not */
};

/* What stands in the bracket that `text` begins with, which is taken away; absent: it begins with none. */
static struct slice take_bracket(struct slice *text)
{
    struct slice inside, rest = *text;

    if (!rest.len || rest.ptr[0] != '[')
        return (struct slice){ 0 };
    inside = slice_cut(&rest, ']');
    rest = slice_trim(rest);
    if (!rest.len)
        return (struct slice){ 0 };
    *text = rest;
    return (struct slice){ inside.ptr + 1, inside.len - 1 };
}

static bool is_priority(struct slice word)
{
    return word.len == 2 && word.ptr[0] == 'P' && word.ptr[1] >= '1' && word.ptr[1] <= '5';
}

static struct slice inside_braces(struct slice text)
{
    if (text.len < 2 || text.ptr[0] != '{' || text.ptr[text.len - 1] != '}')
        return (struct slice){ 0 };
    return (struct slice){ text.ptr + 1, text.len - 2 };
}

static void split_transition(struct slice bracket, struct title *title)
{
    const struct slice on = SLICE(" on ");
    size_t offset;

    title->transition = bracket;
    if (slice_find(bracket, on, &offset) != RC_OK)
        return;
    title->transition.len = offset;
    offset += on.len;
    title->scope = inside_braces((struct slice){ bracket.ptr + offset, bracket.len - offset });
}

static struct title split_title(struct slice text)
{
    struct title title = { .name = text };
    struct slice bracket = take_bracket(&text);

    if (is_priority(bracket)) {
        title.priority = bracket;
        title.name = text;
        bracket = take_bracket(&text);
    }
    split_transition(bracket, &title);
    if (title.scope.len || !slice_is_absent(word_means(transitions, title.transition)))
        title.name = text;
    return title;
}

/* $ALERT_SCOPE and $TAGS are lists of `name:value` with commas between. */
static struct slice tag_of(struct slice tags, struct slice name)
{
    while (tags.len) {
        struct slice tag = slice_trim(slice_cut(&tags, ','));
        struct slice value = tag;

        if (slice_eq(slice_trim(slice_cut(&value, ':')), name) && value.len)
            return value;
    }
    return (struct slice){ 0 };
}

static void take_tags(struct slice tags, struct event *event)
{
    static const struct {
        const char *name;
        enum event_field field;
    } known[] = { { "service", FIELD_SERVICE },
                  { "env", FIELD_ENVIRONMENT },
                  { "host", FIELD_HOST } };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct slice value = tag_of(tags, slice_of(known[i].name));

        if (slice_is_absent(event->fields[known[i].field]) && value.len)
            event->fields[known[i].field] = value;
    }
}

static void take_title(const struct title *title, struct event *event)
{
    event->fields[FIELD_TITLE] = payload_first_line(title->name);
    if (slice_is_absent(event->fields[FIELD_SEVERITY]))
        event->fields[FIELD_SEVERITY] = word_means(severity_words, title->priority);
}

static enum rc finish_alert(const struct json *payload, struct arena *arena, struct event *event)
{
    const struct title title = split_title(payload_text(payload, "title"));

    (void)arena;
    take_title(&title, event);
    take_tags(payload_text(payload, "scope"), event);
    take_tags(payload_text(payload, "tags"), event);
    return RC_OK;
}

static enum rc finish_event(const struct json *payload, struct arena *arena, struct event *event)
{
    const struct title title = split_title(payload_text(payload, "title"));
    struct slice state = word_means(transitions, title.transition);

    (void)arena;
    if (!slice_is_absent(state)) {
        event->fields[FIELD_STATE] = state;
        event->fields[FIELD_KIND] = SLICE("alert");
    }
    take_title(&title, event);
    take_tags(title.scope, event);
    return RC_OK;
}

static enum rc finish_text(const struct json *payload, struct arena *arena, struct event *event)
{
    return row_drift(event, arena, "not JSON:", payload_text(payload, "fault"));
}

static const struct event_row rows[] = {
    /* by our template */
    { .name = "alert",
      .kind = "alert",
      .state = "transition|type",
      .states = transitions,
      .time = "date",
      .fields = { { FIELD_TITLE, "title" },
                  { FIELD_TEXT, "?text" },
                  { FIELD_SEVERITY, "?priority" },
                  { FIELD_HOST, "?hostname" },
                  { FIELD_URL, "?link" } },
      .subject = { { "monitor", FIELD_TITLE, "alert_id|aggreg" },
                   { "scope", FIELD_TITLE, "scope" } },
      .finish = finish_alert },
    /* by Datadog's */
    { .name = "event",
      .time = "last_updated|date",
      .fields = { { FIELD_TITLE, "title" }, { FIELD_TEXT, "?body" } },
      .subject = { { "event", FIELD_TITLE, NULL },
                   { "service", FIELD_SERVICE, NULL },
                   { "env", FIELD_ENVIRONMENT, NULL },
                   { "host", FIELD_HOST, NULL } },
      .finish = finish_event },
    { .name = "text",
      .kind = "message",
      .fields = { { FIELD_TITLE, "not_json" }, { FIELD_TEXT, "not_json" } },
      .finish = finish_text },
    { .name = NULL },
};

static const struct row_table table = { .sender = "datadog", .rows = rows };

static struct slice name_of(const struct json *payload)
{
    if (payload_has(payload, SLICE("not_json")))
        return SLICE("text");
    return payload_has(payload, SLICE("transition|alert_id")) ? SLICE("alert") : SLICE("event");
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    return row_read(&table, name_of(delivery->payload), delivery->payload, delivery->arena,
                    &out->items[0]);
}

/* What is not JSON becomes {"not_json": TEXT, "fault": WHY}: better told broken than lost. */
static enum rc keep_text(const struct sender_request *request, struct slice *json,
                         struct slice *problem)
{
    struct json_fault fault;
    struct json_writer writer;
    struct buffer text;
    enum rc rc = json_scan(*json, JSON_LIMITS_DEFAULT, &fault);

    (void)problem;
    if (rc != RC_INVALID && rc != RC_LIMIT)
        return rc;
    buffer_init(&text, 0);
    writer = json_writer_to(&text);
    json_object_begin(&writer);
    json_member_text(&writer, "not_json", *json);
    json_member_text(&writer, "fault", slice_of(fault.text));
    json_object_end(&writer);
    rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(request->arena, buffer_slice(&text), json);
    buffer_free(&text);
    return rc;
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "alert", "message", NULL };
static const char *const types[] = { "datadog.alert", "datadog.event", "datadog.text", NULL };

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = "basic",
      .kind = SIGNATURE_TOKEN,
      .key_form = KEY_BASIC,
      .header = "Authorization",
      .prefix = "Basic " },
    { .name = NULL },
};

const struct sender sender_datadog = {
    .name = "datadog",
    .title = "Datadog",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)1024 * 1024,
    .takes_any_token_header = true,
    .events_to_tick = "@webhook-NAME in the text of a monitor, with the payload of README",
    .kinds = kinds,
    .types = types,
    .rewrap = keep_text,
    .normalise = normalise,
};
