/* What people say to us in Slack: a decision in the thread of its card, or an event of the watcher that the channel brings. */
#include "src/daemon/slack_answers.h"

#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/mention.h"
#include "src/base/metrics.h"

#define EVENT_ID_KEEP_MS (7 * DAY_MS)
#define CHALLENGE_BYTES 512

/* --- one event, stored --- */

struct saying {
    struct inlet_delivery delivery;
    struct journal_entry entry;
    struct slack_request *slack;
};

static void on_stored(struct inlet_delivery *delivery, enum rc rc)
{
    struct saying *saying = delivery->context;
    struct slack_request *slack = saying->slack;

    if (rc) {
        slack_fail(slack, rc);
        return;
    }
    if (delivery->item.is_duplicate)
        metric_add(METRIC_EVENTS_DUPLICATE, slack->channel->name, (struct slice){ 0 }, 1);
    slack_acknowledge(slack);
}

static void store(struct slack_request *slack, const struct slack_delivery *delivery)
{
    struct saying *saying = arena_alloc(slack->arena, 1, sizeof *saying);
    enum rc rc;

    if (!saying) {
        slack_fail(slack, RC_NO_MEMORY);
        return;
    }
    *saying = (struct saying){
        .entry = { .door = DOOR_DATA,
                   .watcher = slack->channel->name,
                   .received_ms = clock_wall_ms(),
                   .delivery_id = delivery->event_id,
                   .body = delivery->stored },
        .slack = slack,
    };
    saying->delivery = (struct inlet_delivery){
        .item = { .entry = &saying->entry, .dedup_ms = EVENT_ID_KEEP_MS },
        .done = on_stored,
        .context = saying,
    };
    slack_keep(slack);
    rc = inlet_push(service_inlet(slack->service), &saying->delivery);
    if (rc)
        slack_fail(slack, rc);
}

/* --- which of them --- */

/* What we or another program said would come round for ever. */
static bool is_of_a_program(const struct slack_request *slack,
                            const struct slack_delivery *delivery)
{
    return delivery->bot.len || !slack->origin.user.len ||
           slice_eq(slack->origin.user, slack->facts.bot_user);
}

/* To us, or in a thread; what mentions us in a thread comes once more as that. */
static bool is_wanted(const struct slack_request *slack, const struct slack_delivery *delivery)
{
    if (delivery->subtype.len)
        return false;
    if (slice_eq(delivery->type, SLICE("app_mention")))
        return true;
    return slice_eq(delivery->type, SLICE("message")) && slack->origin.thread_ts.len &&
           !mention_names(delivery->text, slack->facts.bot_user);
}

static void take_saying(struct slack_request *slack, const struct slack_delivery *delivery)
{
    enum rc rc;

    if (!is_wanted(slack, delivery) || is_of_a_program(slack, delivery)) {
        slack_acknowledge(slack);
        return;
    }
    rc = slack_take_reply(slack, delivery);
    if (rc == RC_NOT_FOUND)
        store(slack, delivery);
}

/* --- the door --- */

static void answer_challenge(struct slack_request *slack, const struct slack_delivery *delivery)
{
    struct json_writer writer;
    struct buffer json;

    buffer_init(&json, CHALLENGE_BYTES);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    json_member_text(&writer, "challenge", delivery->challenge);
    json_object_end(&writer);
    slack_answer_json(slack, &json);
}

void slack_take_delivery(struct slack_request *slack, const struct slack_delivery *delivery)
{
    if (delivery->kind == SLACK_URL_VERIFICATION)
        answer_challenge(slack, delivery);
    else if (delivery->kind == SLACK_OTHER_DELIVERY || !delivery->stored.len)
        slack_acknowledge(slack);
    else if (!slack_identify(slack, &delivery->origin))
        take_saying(slack, delivery);
}
