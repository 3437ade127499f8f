/* teams.c - Microsoft Teams, by a workflow's webhook: an Adaptive Card whose button opens the page.
 *
 *   teams: {url_file: teams.url}              # of a workflow "When a Teams webhook request is received" that posts the card
 *
 * learn.microsoft.com "Create incoming webhooks with Workflows", "Adaptive Cards: TextRun" (no markdown in it, since 1.2; a TextBlock has it), "Text features" (DATE and TIME
 * in braces are replaced), "Create Incoming Webhooks" (28 KB a message, throttled above four requests a second). The workflow runs after it has answered 202: what becomes of the
 * card is not told, and it cannot be changed. Changes are notes.
 */
#include "actions/channels/answer.h"
#include "actions/channels/kinds.h"
#include "actions/channels/web_request.h"
#include "actions/channels/webhook.h"
#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/base/settings.h"

#define TEXT_MAX_UNITS 6000
#define PLAIN_MAX_UNITS 1500
#define BODY_MAX_BYTES 25000 /* of the 28 KB */
#define LINES_MAX 100

/* A run of text knows no markdown, but {{DATE(…)}}. */
static const struct literal_rules run = { .broken = "{" };

/* clang-format off */
static const struct setting members[] = {
    { .name = "url",      .type = SETTING_NODE, .shape = &shape_texts, .help = "the address of a workflow that posts to the channel: ${NAME} of the environment, as it is a secret" },
    { .name = "url_file", .type = SETTING_NODE, .shape = &shape_texts, .help = "its file" },
    { .name = "template", .type = SETTING_NODE, .shape = &shape_text, .help = "the text of a card, with {{headline}} and others" },
};
/* clang-format on */

static enum rc load(const struct node *map, const struct channel_place *where,
                    struct channel *channel)
{
    return notifier_load_with_url(
        map, where,
        "teams needs `url_file`, the address of a workflow that posts to the "
        "channel when a Teams webhook request is received",
        channel);
}

static void write_run(struct slice text, bool is_bold, struct json_writer *writer)
{
    json_object_begin(writer);
    json_member_text(writer, "type", SLICE("RichTextBlock"));
    json_key(writer, "inlines");
    json_array_begin(writer);
    json_object_begin(writer);
    json_member_text(writer, "type", SLICE("TextRun"));
    json_member_text(writer, "text", text);
    if (is_bold)
        json_member_text(writer, "weight", SLICE("Bolder"));
    json_object_end(writer);
    json_array_end(writer);
    json_object_end(writer);
}

/* Line by line, the first one bold: what becomes of a line's end within a run is up to each client. What does not fit the message is on the page. */
static void write_lines(struct slice text, struct json_writer *writer)
{
    size_t n_lines = 0;

    while (text.len && n_lines < LINES_MAX && writer->out->len < BODY_MAX_BYTES) {
        struct slice line = slice_cut(&text, '\n');

        if (!line.len)
            continue;
        write_run(line, n_lines == 0, writer);
        n_lines++;
    }
    if (text.len)
        write_run(SLICE("… the rest is on the page"), false, writer);
}

static void write_button(struct slice url, struct json_writer *writer)
{
    json_key(writer, "actions");
    json_array_begin(writer);
    json_object_begin(writer);
    json_member_text(writer, "type", SLICE("Action.OpenUrl"));
    json_member_text(writer, "title", SLICE("Open the page"));
    json_member_text(writer, "url", url);
    json_object_end(writer);
    json_array_end(writer);
}

static void write_card(const struct channel_call *call, struct slice text,
                       struct json_writer *writer)
{
    json_object_begin(writer);
    json_member_text(writer, "type", SLICE("AdaptiveCard"));
    json_member_text(writer, "$schema",
                     SLICE("http://adaptivecards.io/schemas/adaptive-card.json"));
    json_member_text(writer, "version", SLICE("1.2"));
    json_key(writer, "body");
    json_array_begin(writer);
    write_lines(text, writer);
    json_array_end(writer);
    if (call->card && call->card->page_url.len)
        write_button(call->card->page_url, writer);
    json_object_end(writer);
}

static void write_message(const struct channel_call *call, struct slice text, struct buffer *body)
{
    struct json_writer writer = json_writer_to(body);

    json_object_begin(&writer);
    json_member_text(&writer, "type", SLICE("message"));
    json_key(&writer, "attachments");
    json_array_begin(&writer);
    json_object_begin(&writer);
    json_member_text(&writer, "contentType", SLICE("application/vnd.microsoft.card.adaptive"));
    json_key(&writer, "content");
    write_card(call, text, &writer);
    json_object_end(&writer);
    json_array_end(&writer);
    json_object_end(&writer);
}

static enum rc request(const struct channel_call *call, struct arena *arena,
                       struct http_request *request)
{
    const struct notifier *notifier = call->channel->own;
    struct notice_form form = {
        .template = notifier->template,
        .rules = &run,
        .max_units = call->card && call->card->is_plain ? PLAIN_MAX_UNITS : TEXT_MAX_UNITS,
        .has_button = true,
        .stands_alone = true,
    };
    struct slice text = { 0 };
    struct buffer body;
    enum rc rc;

    if (call->part == MESSAGE_EDIT)
        return RC_NOT_FOUND;
    rc = notice_make(call, &form, arena, &text);
    if (rc)
        return rc;
    buffer_init(&body, 0);
    write_message(call, text, &body);
    return web_request_json("POST", notifier->url, (struct slice){ 0 }, &body, arena, request);
}

#define IS_IT_RIGHT "is the workflow's address in url_file right, and may anyone trigger it?"
static const struct answer_row rows[] = {
    { .status = 400,
      .says = "WorkflowTriggerIsNotEnabled",
      .outcome = CHANNEL_STOPPED,
      .advice = "the workflow is switched off: switch it on in Workflows" },
    { .status = 413, .outcome = CHANNEL_PLAINER },
    { .status = 400,
      .outcome = CHANNEL_PLAINER,
      .advice = "does the workflow post the card as it comes?" },
    { .status = 401, .outcome = CHANNEL_STOPPED, .advice = IS_IT_RIGHT },
    { .status = 403, .outcome = CHANNEL_STOPPED, .advice = IS_IT_RIGHT },
    { .status = 404,
      .outcome = CHANNEL_STOPPED,
      .advice = "the workflow is gone: make a new one, and put its address into url_file" },
    { .status = 410,
      .outcome = CHANNEL_STOPPED,
      .advice = "the workflow is gone: make a new one, and put its address into url_file" },
};
static const struct answer_table table = { .rows = rows, .n_rows = sizeof(rows) / sizeof(*rows) };

static void read(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                 struct arena *arena, struct channel_result *result)
{
    const struct notifier *notifier = call->channel->own;
    struct json *root = rc ? NULL : answer_json(answer);
    const struct json *error = json_get_text(root, "error");
    struct answer_said said = {
        .code = json_string(json_get_text(error, "code")),
        .text = json_string(json_get_text(error, "message")),
    };

    if (!rc && answer->status == 202)
        answer_sent(call, (struct slice){ 0 }, arena, result);
    else
        answer_refused(call, rc, answer, &table, &said, web_secret_part(notifier->url), arena,
                       result);
    json_free(root);
}

const struct channel_kind channel_teams = {
    .name = "teams",
    .title = "Teams",
    .cards = { .burst = 3, .interval_ms = 5 * SECOND_MS },
    .notes = { .burst = 3, .interval_ms = 5 * SECOND_MS },
    .members = members,
    .n_members = sizeof(members) / sizeof(*members),
    .load = load,
    .request = request,
    .read = read,
};
