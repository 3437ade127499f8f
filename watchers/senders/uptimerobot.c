/* UptimeRobot: a monitor is down or up, or a certificate runs out. What does not apply to an alert comes as its variable's name, *unreplaced*. */
#include "watchers/senders/rows.h"

/* clang-format off */
static const struct word alert_types[] = {
    { "1", "failing" }, { "2", "ok" }, { "3", "failing" }, { "down", "failing" }, { "up", "ok" },
    { "0", "info" }, { "98", "info" }, { "99", "info" }, { "paused", "info" }, { "started", "info" },
    { NULL, NULL },
};
/* clang-format on */

static bool is_unreplaced(struct slice value)
{
    return value.len > 2 && value.ptr[0] == '*' && value.ptr[value.len - 1] == '*';
}

/* The first of `paths` that leads to a value; absent: none does. */
static struct slice replaced(const struct json *payload, const char *paths)
{
    struct slice rest = slice_of(paths);

    while (rest.len) {
        struct slice value = json_text(payload_at(payload, slice_cut(&rest, '|')));

        if (value.len && !is_unreplaced(value))
            return value;
    }
    return (struct slice){ 0 };
}

static bool is_expiry(const struct json *payload)
{
    return slice_eq(payload_text(payload, "alertType"), SLICE("3"));
}

static enum rc finish(const struct json *payload, struct arena *arena, struct event *event)
{
    (void)arena;
    for (size_t i = 0; i < EVENT_N_FIELDS; i++) {
        if (is_unreplaced(event->fields[i]))
            event->fields[i] = (struct slice){ 0 };
    }
    event->fields[FIELD_TITLE] =
        payload_first_line(replaced(payload, "monitorFriendlyName|monitorURL"));
    /* what runs out in weeks is no outage */
    if (is_expiry(payload))
        event->fields[FIELD_SEVERITY] = SLICE("low");
    return RC_OK;
}

/* That the monitor is up says nothing of its certificate. A monitor without a name is one that nobody can tell from others. */
static enum rc name_subject(const struct json *payload, struct arena *arena, struct event *event)
{
    const struct subject_part parts[] = {
        { SLICE("monitor"), replaced(payload, "monitorID|monitorFriendlyName|monitorURL") },
        { SLICE("alert"), payload_text(is_expiry(payload) ? payload : NULL, "alertType") },
    };

    enum rc rc =
        subject_format(parts, sizeof parts / sizeof *parts, arena, &event->fields[FIELD_SUBJECT]);

    return rc || parts[0].value.len ? rc : row_drift(event, arena, "no", SLICE("monitorID"));
}

#define FIELDS                                                                                     \
    .fields = { { FIELD_TITLE, "monitorFriendlyName|monitorURL" },                                 \
                { FIELD_TEXT, "?alertDetails" },                                                   \
                { FIELD_SERVICE, "?monitorFriendlyName" },                                         \
                { FIELD_URL, "?monitorURL" } },                                                    \
    .finish = finish

static const struct event_row rows[] = {
    { .name = "alert",
      .kind = "alert",
      .state = "alertType|alertTypeFriendlyName",
      .states = alert_types,
      .time = "alertDateTime",
      FIELDS },
    { .name = "expiry",
      .kind = "alert",
      .state = "alertType",
      .states = alert_types,
      .time = "alertDateTime",
      FIELDS },
    { .name = NULL },
};

static const struct row_table table = { .sender = "uptimerobot", .rows = rows };

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    const struct slice name = is_expiry(delivery->payload) ? SLICE("expiry") : SLICE("alert");
    enum rc rc = row_read(&table, name, delivery->payload, delivery->arena, &out->items[0]);

    return rc ? rc : name_subject(delivery->payload, delivery->arena, &out->items[0]);
}

/* -- the sender -- */

static const char *const no_headers[] = { NULL };
static const char *const kinds[] = { "alert", NULL };
static const char *const types[] = { "uptimerobot.alert", "uptimerobot.expiry", NULL };

static const struct signature_scheme schemes[] = {
    { .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer " },
    { .name = NULL },
};

const struct sender sender_uptimerobot = {
    .name = "uptimerobot",
    .title = "UptimeRobot",
    .delivery_headers = no_headers,
    .kept_headers = no_headers,
    .schemes = schemes,
    .max_body_bytes = (int64_t)256 * 1024,
    .takes_any_token_header = true,
    .events_to_tick = "a webhook alert contact: POST, sent as JSON, a custom header with the token",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
