/* discord.c - Discord, by a webhook of one of its channels: a message with the card in an embed.
 *
 *   discord: {url_file: discord.url}          # https://discord.com/api/webhooks/ID/TOKEN, with ?thread_id=… if need be
 *
 * discord/discord-api-docs, developers/resources/webhook.mdx: POST with ?wait=true answers 200 with the message, PATCH …/messages/ID changes it, and there too
 * `allowed_mentions` counts. resources/message.mdx: content 2000 characters, an embed's title 256 and description 4096, embeds 6000 in all. topics/rate-limits.mdx: 429
 * with `retry_after`, in seconds with decimals; limits of their own for each webhook, not to be relied on in advance: ours stay below what is commonly seen, 30 a minute.
 * topics/opcodes-and-status-codes.mdx: the codes. A webhook has no threads to answer in: notes are messages.
 */
#include "actions/channels/answer.h"
#include "actions/channels/kinds.h"
#include "actions/channels/web_request.h"
#include "actions/channels/webhook.h"
#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/base/settings.h"

#include <string.h>

#define CONTENT_MAX_UNITS 2000
#define EMBED_MAX_UNITS 3900 /* 4096, and 6000 with everything beside it */
#define HEADLINE_MAX_UNITS 500

/* Whatever is punctuation to Discord's markdown, its mentions (<@…>, @everyone), timestamps, emoji and bare links. */
static const struct literal_rules markdown = { .escaped = "\\*_~`|>#-+[]()<:@" };

/* clang-format off */
static const struct setting members[] = {
    { .name = "url",      .type = SETTING_NODE, .shape = &shape_texts, .help = "the address of a webhook: ${NAME} of the environment, as it is a secret" },
    { .name = "url_file", .type = SETTING_NODE, .shape = &shape_texts, .help = "its file" },
    { .name = "template", .type = SETTING_NODE, .shape = &shape_text, .help = "the text of a card, with {{headline}} and others" },
};
/* clang-format on */

static enum rc load(const struct node *map, const struct channel_place *where,
                    struct channel *channel)
{
    return notifier_load_with_url(
        map, where,
        "discord needs `url_file`, the address of a webhook (channel settings, "
        "Integrations, Webhooks)",
        channel);
}

/* The webhook's address with `path` behind it, and `query` before what it has of its own ("thread_id=…"). */
static enum rc address_of(struct slice url, struct slice path, struct slice query,
                          struct arena *arena, struct slice *address)
{
    struct slice own = url;
    struct slice base = slice_cut(&own, '?');
    struct buffer out;
    enum rc rc;

    while (slice_ends(base, SLICE("/")))
        base.len--;
    buffer_init(&out, 0);
    buffer_add(&out, base);
    buffer_add(&out, path);
    buffer_add_text(&out, query.len || own.len ? "?" : "");
    buffer_add(&out, query);
    buffer_add_text(&out, query.len && own.len ? "&" : "");
    buffer_add(&out, own);
    rc = buffer_rc(&out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), address);
    buffer_free(&out);
    return rc;
}

static void write_embed(const struct channel_call *call, struct slice text,
                        struct json_writer *writer)
{
    struct slice url = call->card->page_url;

    json_key(writer, "embeds");
    json_array_begin(writer);
    json_object_begin(writer);
    if (url.len) {
        json_member_text(writer, "title", SLICE("Decide on the page"));
        json_member_text(writer, "url", url);
    }
    json_member_text(writer, "description", text);
    json_object_end(writer);
    json_array_end(writer);
}

static void write_message(const struct channel_call *call, struct slice content, struct slice text,
                          struct buffer *body)
{
    struct json_writer writer = json_writer_to(body);

    json_object_begin(&writer);
    json_member_text(&writer, "content", content);
    if (!slice_is_absent(text))
        write_embed(call, text, &writer);
    /* Nobody is called by what stands in a log. */
    json_key(&writer, "allowed_mentions");
    json_write_raw(&writer, SLICE("{\"parse\":[]}"));
    json_object_end(&writer);
}

/* `content` is what a phone shows; the card is in the embed, unless it was refused there. */
static enum rc make_texts(const struct channel_call *call, struct arena *arena,
                          struct slice *content, struct slice *embed)
{
    const struct notifier *notifier = call->channel->own;
    bool is_plain = call->note || call->card->is_plain;
    struct notice_form form = {
        .template = notifier->template,
        .rules = &markdown,
        .max_units = is_plain ? CONTENT_MAX_UNITS : EMBED_MAX_UNITS,
        .has_button = !is_plain,
        .stands_alone = true,
    };
    enum rc rc;

    if (is_plain)
        return notice_make(call, &form, arena, content);
    rc = notice_headline(call, &markdown, HEADLINE_MAX_UNITS, arena, content);
    return rc ? rc : notice_make(call, &form, arena, embed);
}

static enum rc request(const struct channel_call *call, struct arena *arena,
                       struct http_request *request)
{
    const struct notifier *notifier = call->channel->own;
    bool is_edit = call->part == MESSAGE_EDIT;
    struct slice content = { 0 }, embed = { 0 }, path = SLICE(""), url;
    struct buffer body;
    enum rc rc;

    rc = make_texts(call, arena, &content, &embed);
    if (!rc && is_edit && !answer_is_id(call->message->handle))
        rc = RC_INVALID;
    if (!rc && is_edit)
        rc = arena_format(arena, &path, "/messages/%.*s", SLICE_ARG(call->message->handle));
    if (!rc)
        rc = address_of(notifier->url, path, is_edit ? SLICE("") : SLICE("wait=true"), arena, &url);
    if (rc)
        return rc;
    buffer_init(&body, 0);
    write_message(call, content, embed, &body);
    return web_request_json(is_edit ? "PATCH" : "POST", url, (struct slice){ 0 }, &body, arena,
                            request);
}

static const struct answer_row rows[] = {
    { .says = "10008", .is_edit = true, .outcome = CHANNEL_ANEW },
    { .says = "10015",
      .outcome = CHANNEL_STOPPED,
      .advice = "the webhook is gone: make a new one, and put its address into url_file" },
    { .says = "50027",
      .outcome = CHANNEL_STOPPED,
      .advice = "the address is not whole: copy that of the webhook into url_file" },
    { .says = "220001",
      .outcome = CHANNEL_STOPPED,
      .advice = "the webhook is a forum's: add ?thread_id=… to its address, or choose a text "
                "channel" },
    { .says = "10003",
      .outcome = CHANNEL_CLOSED,
      .advice = "the channel or thread is gone: make a webhook of another one" },
    { .status = 400, .says = "50035", .outcome = CHANNEL_PLAINER },
    { .status = 413, .outcome = CHANNEL_PLAINER },
    { .status = 401,
      .outcome = CHANNEL_STOPPED,
      .advice = "is the webhook's address in url_file right?" },
    { .status = 403,
      .outcome = CHANNEL_STOPPED,
      .advice = "is the webhook's address in url_file right?" },
    { .status = 404,
      .outcome = CHANNEL_STOPPED,
      .advice = "is the webhook's address in url_file right?" },
};
static const struct answer_table table = { .rows = rows, .n_rows = sizeof(rows) / sizeof(*rows) };

static void read(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                 struct arena *arena, struct channel_result *result)
{
    const struct notifier *notifier = call->channel->own;
    struct json *root = rc ? NULL : answer_json(answer);
    struct slice id = json_string(json_get_text(root, "id"));
    struct answer_said said = {
        .code = json_text(json_get_text(root, "code")),
        .text = json_string(json_get_text(root, "message")),
        .wait_ms = answer_wait_ms(json_get_text(root, "retry_after")),
    };

    if (!rc && answer->status == 200 && answer_is_id(id))
        answer_sent(call, id, arena, result);
    else
        answer_refused(call, rc, answer, &table, &said, web_secret_part(notifier->url), arena,
                       result);
    json_free(root);
}

const struct channel_kind channel_discord = {
    .name = "discord",
    .title = "Discord",
    .edits = true,
    .cards = { .burst = 3, .interval_ms = 4 * SECOND_MS },
    .edits_rate = { .burst = 3, .interval_ms = 2 * SECOND_MS },
    .notes = { .burst = 2, .interval_ms = 4 * SECOND_MS },
    .members = members,
    .n_members = sizeof(members) / sizeof(*members),
    .load = load,
    .request = request,
    .read = read,
};
