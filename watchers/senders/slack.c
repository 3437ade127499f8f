/* Slack: what people say to us, or in a thread, as the Events API tells it (docs.slack.dev "app_mention", "message"). It comes in by the channel's door, which has proven it and
 * dropped what we or another program said. */
#include "src/base/mention.h"
#include "watchers/senders/payload.h"
#include "watchers/senders/sender.h"
#include "watchers/senders/subject.h"

/* The thread is what goes on: a message that begins none is a thread of its own. */
static enum rc name_subject(const struct json *payload, struct arena *arena, struct event *event)
{
    const struct subject_part parts[] = {
        { .name = SLICE("channel"), .value = payload_text(payload, "event.channel") },
        { .name = SLICE("thread"), .value = payload_text(payload, "event.thread_ts|event.ts") },
    };

    return subject_format(parts, sizeof parts / sizeof *parts, arena,
                          &event->fields[FIELD_SUBJECT]);
}

static enum rc name_type(const struct json *payload, struct arena *arena, struct event *event)
{
    struct slice type = payload_text(payload, "event.type");

    return arena_format(arena, &event->fields[FIELD_TYPE], "slack.%.*s",
                        SLICE_ARG(type.len ? type : SLICE("unknown")));
}

static enum rc normalise(const struct sender_delivery *delivery, struct sender_events *out)
{
    const struct json *payload = delivery->payload;
    struct event *event = &out->items[0];
    struct slice text = mention_cut(payload_text(payload, "event.text"));
    enum rc rc = name_type(payload, delivery->arena, event);

    if (rc)
        return rc;
    event->fields[FIELD_SOURCE] = SLICE("slack");
    event->fields[FIELD_KIND] = SLICE("message");
    event->fields[FIELD_STATE] = SLICE("info");
    event->fields[FIELD_ACTOR] = payload_text(payload, "event.user");
    if (text.len) {
        event->fields[FIELD_TEXT] = text;
        event->fields[FIELD_TITLE] = payload_first_line(text);
    }
    /* Named by its time in microseconds: seconds, a point, six digits. */
    if (payload_time(payload, "event.ts|event_time", &event->time_ms))
        event->time_ms = event->received_ms;
    return name_subject(payload, delivery->arena, event);
}

static const char *const delivery_headers[] = { NULL };
static const char *const kinds[] = { "message", NULL };
static const char *const types[] = { "slack.app_mention", "slack.message", NULL };

const struct sender sender_slack = {
    .name = "slack",
    .title = "Slack",
    .door = "/slack/events",
    .instead = "it comes with the channel: see `slack` in `channels:`",
    .delivery_headers = delivery_headers,
    .kept_headers = delivery_headers,
    .max_body_bytes = (int64_t)1024 * 1024,
    .events_to_tick = "app_mention, message.channels, message.groups",
    .kinds = kinds,
    .types = types,
    .normalise = normalise,
};
