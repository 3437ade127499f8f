/* telegram.c - Telegram, by a bot: plain text into a chat.
 *
 *   telegram: {token_file: telegram.token, chat: -1001234567890}     # or @name of a public channel
 *
 * core.telegram.org/bots/api: POST /botTOKEN/METHOD; {"ok":true,"result":{"message_id":…}} is success, else `description` says what is wrong and `parameters` holds
 * `retry_after` and `migrate_to_chat_id`. sendMessage: 4096 characters, counted in UTF-16; without parse_mode text is only text, but for links, mentions and
 * commands that clients find in it. editMessageText refuses a text that is the same. Bots FAQ: one message a second into a chat, 20 a minute into a group.
 *
 * The token is part of the address: neither is ever shown.
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

#include <inttypes.h>
#include <string.h>

#define TEXT_MAX_UNITS 4096
#define PLAIN_MAX_UNITS 1500

static const struct literal_rules plain = { .broken = "@" };

/* clang-format off */
static const struct setting members[] = {
    { .name = "token",      .type = SETTING_NODE, .shape = &shape_texts, .help = "the token of a bot: ${NAME} of the environment" },
    { .name = "token_file", .type = SETTING_NODE, .shape = &shape_texts, .help = "its file" },
    { .name = "base_url",   .type = SETTING_NODE, .shape = &shape_text, .help = "default https://api.telegram.org" },
    { .name = "chat",   .type = SETTING_NODE, .shape = &shape_text, .help = "the number of the chat (-1001234567890), or the @name of a public channel" },
    { .name = "routes", .type = SETTING_NODE, .shape = &routes_to_chats, .help = "other chats for some rules or approvers" },
    { .name = "template", .type = SETTING_NODE, .shape = &shape_text, .help = "the text of a card, with {{headline}} and others" },
};
/* clang-format on */

/* -- its configuration -- */

static bool holds_only(struct slice text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!text.ptr[i] || !strchr(allowed, text.ptr[i]))
            return false;
    }
    return text.len > 0;
}

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static bool is_chat(struct slice chat)
{
    struct slice name = { .ptr = chat.ptr + 1, .len = chat.len - 1 };
    int64_t id;

    if (chat.len && chat.ptr[0] == '@')
        return holds_only(name, WORD);
    return slice_to_int(chat, &id) == RC_OK;
}

static enum rc check_chat(const struct node *chat, struct problems *problems)
{
    if (chat->type == NODE_SCALAR && is_chat(chat->text))
        return RC_OK;
    node_problem(problems, chat,
                 "`chat` is the number of a chat (-1001234567890) or the @name of a public "
                 "channel");
    return RC_INVALID;
}

/* It stands in the address as it is. */
static enum rc load_token(const struct node *map, const struct channel_place *where,
                          struct channel *channel)
{
    enum rc rc = channel_load_secret(map, "token", where, &channel->token);

    if (rc == RC_NOT_FOUND)
        return channel_needs(map, where,
                             "telegram needs `token_file`, the token that @BotFather gave");
    if (rc || !where->resolve_secrets || holds_only(channel->token, WORD ":-"))
        return rc;
    return channel_needs(
        map, where, "telegram's token is digits, a colon, and letters: what is in its file is not");
}

static enum rc load_chat(const struct node *map, const struct channel_place *where,
                         struct channel *channel)
{
    const struct node *chat = node_find(map, "chat");

    if (!chat || chat->is_null)
        return channel_needs(
            map, where,
            "telegram needs `chat`, the number of the chat or the @name of a public channel");
    channel->place = chat->text;
    return check_chat(chat, where->problems);
}

static enum rc load(const struct node *map, const struct channel_place *where,
                    struct channel *channel)
{
    enum rc rcs[5];
    enum rc worst = RC_OK;

    channel->base_url = SLICE("https://api.telegram.org");
    rcs[0] = notifier_load(map, where, channel);
    rcs[1] = load_token(map, where, channel);
    rcs[2] = load_chat(map, where, channel);
    rcs[3] = url_read(map, "base_url", where->problems, &channel->base_url);
    rcs[4] =
        channel_routes_load(node_find(map, "routes"), &routes_to_chats, check_chat, where, channel);
    for (size_t i = 0; i < sizeof(rcs) / sizeof(*rcs); i++) {
        if (rcs[i] && worst != RC_NO_MEMORY)
            worst = rcs[i];
    }
    return worst;
}

/* -- its messages -- */

static void write_reply(const struct channel_call *call, struct json_writer *writer)
{
    int64_t id;

    if (!call->note || call->message->is_unthreaded || slice_to_int(call->message->handle, &id))
        return;
    json_key(writer, "reply_parameters");
    json_object_begin(writer);
    json_member_int(writer, "message_id", id);
    json_member_bool(writer, "allow_sending_without_reply", true);
    json_object_end(writer);
}

static enum rc write_message(const struct channel_call *call, struct slice text,
                             struct buffer *body)
{
    struct json_writer writer = json_writer_to(body);
    int64_t id = 0;

    if (call->part == MESSAGE_EDIT && slice_to_int(call->message->handle, &id))
        return RC_INVALID;
    json_object_begin(&writer);
    json_member_text(&writer, "chat_id", web_place(call));
    if (call->part == MESSAGE_EDIT)
        json_member_int(&writer, "message_id", id);
    json_member_text(&writer, "text", text);
    /* Nothing is fetched because an event names it. */
    json_key(&writer, "link_preview_options");
    json_write_raw(&writer, SLICE("{\"is_disabled\":true}"));
    write_reply(call, &writer);
    json_object_end(&writer);
    return buffer_rc(body);
}

static enum rc request(const struct channel_call *call, struct arena *arena,
                       struct http_request *request)
{
    const struct channel *channel = call->channel;
    const struct notifier *notifier = channel->own;
    struct notice_form form = {
        .template = notifier->template,
        .rules = &plain,
        .max_units = call->card && call->card->is_plain ? PLAIN_MAX_UNITS : TEXT_MAX_UNITS,
        .stands_alone = call->message->is_unthreaded,
    };
    struct slice text = { 0 }, url;
    struct buffer body;
    enum rc rc = notice_make(call, &form, arena, &text);

    if (!rc)
        rc = arena_format(arena, &url, "%.*s/bot%.*s/%s", SLICE_ARG(channel->base_url),
                          SLICE_ARG(channel->token),
                          call->part == MESSAGE_EDIT ? "editMessageText" : "sendMessage");
    if (rc)
        return rc;
    buffer_init(&body, 0);
    rc = write_message(call, text, &body);
    if (rc) {
        buffer_free(&body);
        return rc;
    }
    return web_request_json("POST", url, (struct slice){ 0 }, &body, arena, request);
}

#define BRING_IT_BACK "add the bot to the chat again, and let it write there"
static const struct answer_row rows[] = {
    { .status = 401,
      .outcome = CHANNEL_STOPPED,
      .advice = "the token is not valid: ask @BotFather for it, and put it into token_file" },
    { .status = 404,
      .outcome = CHANNEL_STOPPED,
      .advice = "is the token in token_file whole, and base_url right?" },
    { .says = "message to edit not found", .is_edit = true, .outcome = CHANNEL_ANEW },
    { .says = "message can't be edited", .is_edit = true, .outcome = CHANNEL_ANEW },
    { .says = "MESSAGE_ID_INVALID", .is_edit = true, .outcome = CHANNEL_ANEW },
    { .says = "message to be replied not found", .outcome = CHANNEL_UNTHREADED },
    { .says = "reply message not found", .outcome = CHANNEL_UNTHREADED },
    { .says = "chat not found",
      .outcome = CHANNEL_CLOSED,
      .advice = "is `chat` right, and is the bot in it?" },
    { .says = "upgraded to a supergroup",
      .outcome = CHANNEL_CLOSED,
      .advice = "the chat has a new number: put it into `chat`" },
    { .says = "rights to send", .outcome = CHANNEL_CLOSED, .advice = BRING_IT_BACK },
    { .says = "CHAT_WRITE_FORBIDDEN", .outcome = CHANNEL_CLOSED, .advice = BRING_IT_BACK },
    { .status = 403, .outcome = CHANNEL_CLOSED, .advice = BRING_IT_BACK },
    { .says = "too long", .outcome = CHANNEL_PLAINER },
};
static const struct answer_table table = { .rows = rows, .n_rows = sizeof(rows) / sizeof(*rows) };

/* "… supergroup chat (-100123)" */
static struct slice with_new_chat(struct slice text, const struct json *parameters,
                                  struct arena *arena)
{
    struct slice longer;
    int64_t chat;

    if (json_int(json_get_text(parameters, "migrate_to_chat_id"), &chat) ||
        arena_format(arena, &longer, "%.*s (%" PRId64 ")", SLICE_ARG(text), chat))
        return text;
    return longer;
}

static bool is_unchanged(const struct channel_call *call, struct slice text)
{
    size_t offset;

    return call->part == MESSAGE_EDIT &&
           slice_find(text, SLICE("message is not modified"), &offset) == RC_OK;
}

static void read(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                 struct arena *arena, struct channel_result *result)
{
    struct json *root = rc ? NULL : answer_json(answer);
    const struct json *parameters = json_get_text(root, "parameters");
    struct slice id = json_text(json_get_text(json_get_text(root, "result"), "message_id"));
    struct answer_said said = {
        .text = with_new_chat(json_string(json_get_text(root, "description")), parameters, arena),
        .wait_ms = answer_wait_ms(json_get_text(parameters, "retry_after")),
    };
    bool is_taken = !rc && answer->status == 200 &&
                    json_type_of(json_get_text(root, "ok")) == JSON_TRUE && answer_is_id(id);

    if (is_taken || is_unchanged(call, said.text))
        answer_sent(call, id, arena, result);
    else
        answer_refused(call, rc, answer, &table, &said, call->channel->token, arena, result);
    json_free(root);
}

const struct channel_kind channel_telegram = {
    .name = "telegram",
    .title = "Telegram",
    .edits = true,
    .cards = { .burst = 3, .interval_ms = 6 * SECOND_MS },
    .edits_rate = { .burst = 3, .interval_ms = 2 * SECOND_MS },
    .notes = { .burst = 3, .interval_ms = 6 * SECOND_MS },
    .members = members,
    .n_members = sizeof(members) / sizeof(*members),
    .load = load,
    .request = request,
    .read = read,
};
