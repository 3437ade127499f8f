/* mattermost.c - Mattermost: by a bot, whose posts change in place and have threads, or by an incoming webhook, whose posts stay as they are.
 *
 *   mattermost: {base_url: "https://mm.example.com", token_file: mm.token, channel: 4xp9fdt9mtbq8yzp1jt9e8k1hr}      # a bot, and a channel's id
 *   mattermost: {url_file: mm.url}                                                                                # a webhook: https://mm.example.com/hooks/…
 *
 * mattermost/mattermost, api/v4/source/posts.yaml: POST /api/v4/posts {channel_id, message, root_id} answers 201 with the post, PUT /api/v4/posts/ID/patch 200; errors are
 * {id, message, status_code}. mattermost-developer-documentation, integrate/webhooks/incoming: POST {text} answers 200 "ok", <!channel> and <url|text> of Slack are
 * translated; a post holds 16383 characters. Limits are the administrator's (RateLimitSettings: 10 a second by default, where they are on).
 */
#include "actions/channels/answer.h"
#include "actions/channels/channel_routes.h"
#include "actions/channels/kinds.h"
#include "actions/channels/web_request.h"
#include "actions/channels/webhook.h"
#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/base/settings.h"
#include "src/base/url.h"

#define POST_MAX_UNITS 16000
#define PLAIN_MAX_UNITS 3500 /* servers of before 5.0 hold 4000 */

/* What its markdown can escape; mentions are looked for in what stands behind the escapes, and Slack's <…> before them. */
static const struct literal_rules markdown = { .escaped = "\\`*_{}[]()#+-.!>~|", .broken = "@<:" };

/* clang-format off */
static const struct setting members[] = {
    { .name = "url",      .type = SETTING_NODE, .shape = &shape_texts, .help = "the address of an incoming webhook: ${NAME} of the environment, as it is a secret" },
    { .name = "url_file", .type = SETTING_NODE, .shape = &shape_texts, .help = "its file" },
    { .name = "token",      .type = SETTING_NODE, .shape = &shape_texts, .help = "or the token of a bot: ${NAME} of the environment" },
    { .name = "token_file", .type = SETTING_NODE, .shape = &shape_texts, .help = "its file" },
    { .name = "base_url",   .type = SETTING_NODE, .shape = &shape_text, .help = "of a bot: the address of the server" },
    { .name = "channel", .type = SETTING_NODE, .shape = &shape_text, .help = "of a bot: the id of the channel" },
    { .name = "routes",  .type = SETTING_NODE, .shape = &routes_to_channels, .help = "of a bot: other channels for some rules or approvers" },
    { .name = "template", .type = SETTING_NODE, .shape = &shape_text, .help = "the text of a card, with {{headline}} and others" },
};
/* clang-format on */

/* -- its configuration -- */

static enum rc check_channel(const struct node *channel, struct problems *problems)
{
    if (channel->type == NODE_SCALAR && answer_is_id(channel->text))
        return RC_OK;
    node_problem(problems, channel,
                 "`channel` is a channel's id, letters and digits (channel menu, View Info), not "
                 "its name");
    return RC_INVALID;
}

static enum rc load_bot(const struct node *map, const struct channel_place *where,
                        struct channel *channel)
{
    const struct node *place = node_find(map, "channel");
    enum rc url_rc, place_rc, routes_rc;

    url_rc = url_read(map, "base_url", where->problems, &channel->base_url);
    if (!url_rc && !channel->base_url.len)
        url_rc =
            channel_needs(map, where, "mattermost needs `base_url`, the address of the server");
    if (place && !place->is_null)
        place_rc = check_channel(place, where->problems);
    else
        place_rc = channel_needs(
            map, where, "mattermost needs `channel`, the id of a channel that the bot is in");
    if (!place_rc)
        channel->place = place->text;
    routes_rc = channel_routes_load(node_find(map, "routes"), &routes_to_channels, check_channel,
                                    where, channel);
    if (url_rc || place_rc)
        return url_rc ? url_rc : place_rc;
    return routes_rc;
}

/* A webhook is one channel's, and speaks for itself. */
static enum rc refuse_beside_url(const struct node *map, const struct channel_place *where)
{
    static const char *const others[] = { "token", "token_file", "base_url", "channel", "routes" };

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        const struct node *node = node_find(map, others[i]);

        if (!node)
            continue;
        node_problem(where->problems, node, "`%s` is for a bot: with `url` there is none",
                     others[i]);
        return RC_INVALID;
    }
    return RC_OK;
}

static enum rc load_either(const struct node *map, const struct channel_place *where,
                           struct channel *channel)
{
    struct notifier *notifier = channel->own;
    enum rc rc = webhook_load_url(map, where, &notifier->url);

    if (rc != RC_NOT_FOUND)
        return rc ? rc : refuse_beside_url(map, where);
    rc = channel_load_secret(map, "token", where, &channel->token);
    if (rc == RC_NOT_FOUND)
        return channel_needs(map, where,
                             "mattermost needs `url_file`, the address of an incoming webhook, or "
                             "`token_file` of a bot with `base_url` and `channel`");
    return rc ? rc : load_bot(map, where, channel);
}

static enum rc load(const struct node *map, const struct channel_place *where,
                    struct channel *channel)
{
    enum rc own_rc = notifier_load(map, where, channel);
    enum rc rc;

    if (own_rc == RC_NO_MEMORY)
        return own_rc;
    rc = load_either(map, where, channel);
    return rc ? rc : own_rc;
}

/* -- its messages -- */

static bool is_webhook(const struct channel_call *call)
{
    const struct notifier *notifier = call->channel->own;

    return !slice_is_absent(notifier->url);
}

static bool is_in_thread(const struct channel_call *call)
{
    return call->note && !is_webhook(call) && !call->message->is_unthreaded &&
           call->message->handle.len;
}

static void write_post(const struct channel_call *call, struct slice text, struct buffer *body)
{
    struct json_writer writer = json_writer_to(body);

    json_object_begin(&writer);
    if (is_webhook(call)) {
        json_member_text(&writer, "text", text);
    } else {
        if (call->part != MESSAGE_EDIT)
            json_member_text(&writer, "channel_id", web_place(call));
        json_member_text(&writer, "message", text);
    }
    if (is_in_thread(call))
        json_member_text(&writer, "root_id", call->message->handle);
    json_object_end(&writer);
}

static enum rc address_of(const struct channel_call *call, struct arena *arena, struct slice *url)
{
    const struct notifier *notifier = call->channel->own;
    struct slice base = call->channel->base_url;

    *url = notifier->url;
    if (is_webhook(call))
        return RC_OK;
    if (call->part != MESSAGE_EDIT)
        return arena_format(arena, url, "%.*s/api/v4/posts", SLICE_ARG(base));
    if (!answer_is_id(call->message->handle))
        return RC_INVALID;
    return arena_format(arena, url, "%.*s/api/v4/posts/%.*s/patch", SLICE_ARG(base),
                        SLICE_ARG(call->message->handle));
}

static enum rc request(const struct channel_call *call, struct arena *arena,
                       struct http_request *request)
{
    const struct notifier *notifier = call->channel->own;
    bool is_edit = call->part == MESSAGE_EDIT;
    struct notice_form form = {
        .template = notifier->template,
        .rules = &markdown,
        .max_units = call->card && call->card->is_plain ? PLAIN_MAX_UNITS : POST_MAX_UNITS,
        .stands_alone = !is_in_thread(call),
    };
    struct slice text = { 0 }, url;
    struct buffer body;
    enum rc rc;

    if (is_edit && is_webhook(call))
        return RC_NOT_FOUND;
    rc = notice_make(call, &form, arena, &text);
    if (!rc)
        rc = address_of(call, arena, &url);
    if (rc)
        return rc;
    buffer_init(&body, 0);
    write_post(call, text, &body);
    return web_request_json(is_edit ? "PUT" : "POST", url, call->channel->token, &body, arena,
                            request);
}

#define IS_IT_RIGHT                                                                                \
    "is the webhook's address in url_file right, and are incoming webhooks switched on?"
static const struct answer_row bot_rows[] = {
    { .status = 401,
      .outcome = CHANNEL_STOPPED,
      .advice = "the token is not valid: make a new one, and put it into token_file" },
    { .says = "model.post.is_valid.message_length.app_error", .outcome = CHANNEL_PLAINER },
    { .says = "model.post.is_valid.msg.app_error", .outcome = CHANNEL_PLAINER },
    { .status = 413, .outcome = CHANNEL_PLAINER },
    { .says = "api.post.update_post.permissions_time_limit.app_error",
      .is_edit = true,
      .outcome = CHANNEL_ANEW },
    { .status = 404, .is_edit = true, .outcome = CHANNEL_ANEW },
    { .says = "api.post.create_post.root_id.app_error", .outcome = CHANNEL_UNTHREADED },
    { .says = "api.post.create_post.channel_root_id.app_error", .outcome = CHANNEL_UNTHREADED },
    { .status = 403,
      .outcome = CHANNEL_CLOSED,
      .advice = "add the bot to the channel, and let it post there" },
    { .status = 404, .outcome = CHANNEL_CLOSED, .advice = "are `channel` and `base_url` right?" },
    { .says = "api.post.create_post.can_not_post_to_deleted.error",
      .outcome = CHANNEL_CLOSED,
      .advice = "the channel is archived: choose another one" },
};
static const struct answer_row webhook_rows[] = {
    { .says = "web.incoming_webhook.channel_locked.app_error",
      .outcome = CHANNEL_CLOSED,
      .advice = "the webhook is for another channel" },
    { .says = "web.incoming_webhook.channel.app_error",
      .outcome = CHANNEL_CLOSED,
      .advice = "the channel is gone: make a webhook of another one" },
    { .says = "web.incoming_webhook.permissions.app_error",
      .outcome = CHANNEL_CLOSED,
      .advice = "who made the webhook may not post in the channel any more" },
    { .says = "web.incoming_webhook.invalid.app_error",
      .outcome = CHANNEL_STOPPED,
      .advice = IS_IT_RIGHT },
    { .says = "web.incoming_webhook.disabled.app_error",
      .outcome = CHANNEL_STOPPED,
      .advice = IS_IT_RIGHT },
    { .status = 401, .outcome = CHANNEL_STOPPED, .advice = IS_IT_RIGHT },
    { .status = 403, .outcome = CHANNEL_CLOSED, .advice = "may the webhook post in this channel?" },
    { .status = 404, .outcome = CHANNEL_STOPPED, .advice = IS_IT_RIGHT },
    { .status = 413, .outcome = CHANNEL_PLAINER },
};
static const struct answer_table tables[] = {
    { .rows = bot_rows, .n_rows = sizeof(bot_rows) / sizeof(*bot_rows) },
    { .rows = webhook_rows, .n_rows = sizeof(webhook_rows) / sizeof(*webhook_rows) },
};

static bool is_taken(const struct channel_call *call, const struct http_answer *answer,
                     struct slice id)
{
    if (is_webhook(call))
        return answer->status == 200 && slice_eq(slice_trim(answer->body), SLICE("ok"));
    return answer->status == (call->part == MESSAGE_EDIT ? 200 : 201) && answer_is_id(id);
}

static void read(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                 struct arena *arena, struct channel_result *result)
{
    const struct notifier *notifier = call->channel->own;
    struct json *root = rc ? NULL : answer_json(answer);
    struct slice id = json_string(json_get_text(root, "id")); /* of the post, or of an error */
    struct answer_said said = { .code = id, .text = json_string(json_get_text(root, "message")) };
    struct slice secret = is_webhook(call) ? web_secret_part(notifier->url) : call->channel->token;

    if (!rc && is_taken(call, answer, id))
        answer_sent(call, is_webhook(call) ? (struct slice){ 0 } : id, arena, result);
    else
        answer_refused(call, rc, answer, &tables[is_webhook(call)], &said, secret, arena, result);
    json_free(root);
}

const struct channel_kind channel_mattermost = {
    .name = "mattermost",
    .title = "Mattermost",
    .edits = true,
    .cards = { .burst = 5, .interval_ms = SECOND_MS },
    .edits_rate = { .burst = 5, .interval_ms = SECOND_MS / 2 },
    .notes = { .burst = 5, .interval_ms = SECOND_MS },
    .members = members,
    .n_members = sizeof(members) / sizeof(*members),
    .load = load,
    .request = request,
    .read = read,
};
