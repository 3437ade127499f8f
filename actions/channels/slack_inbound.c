#include "actions/channels/slack_inbound.h"

#include "actions/channels/slack_texts.h"
#include "src/base/form.h"

#include <stddef.h>

#define ID_BYTES 32
#define TS_BYTES 32
#define WORD_BYTES 255
#define URL_BYTES 2000
#define VALUE_BYTES 12000 /* 3,000 characters */
#define METADATA_BYTES 3000

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* clang-format off */
#define AT(member) .offset = offsetof(struct slack_interaction, member)
static const struct slack_text origin_texts[] = {
    { .path = "api_app_id",          .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.app) },
    { .path = "user.id",             .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.user), .is_required = true },
    { .path = "user.team_id",        .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.home_team) },
    { .path = "team.id",             .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.team) },
    { .path = "channel.id",          .form = SLACK_ID,   .max_bytes = ID_BYTES,   AT(origin.channel), .other = "container.channel_id" },
    { .path = "container.thread_ts", .form = SLACK_TS,   .max_bytes = TS_BYTES,   AT(origin.thread_ts) },
    { .path = "response_url",        .form = SLACK_WORD, .max_bytes = URL_BYTES,  AT(origin.response_url) },
    { .path = "trigger_id",          .form = SLACK_WORD, .max_bytes = WORD_BYTES, AT(origin.trigger_id) },
};
static const struct slack_text click_texts[] = {
    { .path = "container.message_ts", .form = SLACK_TS,   .max_bytes = TS_BYTES,   AT(click.message_ts), .other = "message.ts" },
    { .path = "actions[0].action_id", .form = SLACK_WORD, .max_bytes = WORD_BYTES, AT(click.action_id), .is_required = true },
    { .path = "actions[0].block_id",  .form = SLACK_WORD, .max_bytes = WORD_BYTES, AT(click.block_id), .is_required = true },
    { .path = "actions[0].action_ts", .form = SLACK_TS,   .max_bytes = TS_BYTES,   AT(click.action_ts), .is_required = true },
    { .path = "actions[0].value",     .form = SLACK_TEXT, .max_bytes = VALUE_BYTES, AT(click.value), .other = "actions[0].selected_option.value" },
};
static const struct slack_text submission_texts[] = {
    { .path = "view.id",               .form = SLACK_ID,   .max_bytes = ID_BYTES,       AT(submission.view_id), .is_required = true },
    { .path = "view.callback_id",      .form = SLACK_WORD, .max_bytes = WORD_BYTES,     AT(submission.callback_id), .is_required = true },
    { .path = "view.private_metadata", .form = SLACK_WORD, .max_bytes = METADATA_BYTES, AT(submission.private_metadata) },
};
#undef AT
#define AT(member) .offset = offsetof(struct slack_input, member)
static const struct slack_text input_texts[] = {
    { .path = "value", .form = SLACK_TEXT, .max_bytes = VALUE_BYTES, AT(value), .other = "selected_option.value" },
};
#undef AT
#define AT(member) .offset = offsetof(struct slack_command, member)
static const struct slack_text command_texts[] = {
    { .path = "api_app_id",   .form = SLACK_ID,   .max_bytes = ID_BYTES,    AT(origin.app) },
    { .path = "user_id",      .form = SLACK_ID,   .max_bytes = ID_BYTES,    AT(origin.user), .is_required = true },
    { .path = "team_id",      .form = SLACK_ID,   .max_bytes = ID_BYTES,    AT(origin.team) },
    { .path = "channel_id",   .form = SLACK_ID,   .max_bytes = ID_BYTES,    AT(origin.channel) },
    { .path = "response_url", .form = SLACK_WORD, .max_bytes = URL_BYTES,   AT(origin.response_url) },
    { .path = "trigger_id",   .form = SLACK_WORD, .max_bytes = WORD_BYTES,  AT(origin.trigger_id) },
    { .path = "command",      .form = SLACK_WORD, .max_bytes = WORD_BYTES,  AT(command), .is_required = true },
    { .path = "text",         .form = SLACK_TEXT, .max_bytes = VALUE_BYTES, AT(text) },
};
#undef AT
/* clang-format on */

/* --- modals --- */

static enum rc take_input(const struct json *block, const struct json *element, struct arena *arena,
                          struct slack_submission *submission)
{
    struct slack_input *input = &submission->inputs[submission->n_inputs];
    enum rc rc;

    if (submission->n_inputs == SLACK_MAX_INPUTS)
        return RC_LIMIT;
    rc = arena_copy(arena, json_name(block), &input->block_id);
    if (!rc)
        rc = arena_copy(arena, json_name(element), &input->action_id);
    if (!rc)
        rc = slack_texts_of_json(input_texts, COUNT(input_texts), element, arena, input);
    submission->n_inputs += !rc;
    return rc;
}

/* state.values: {BLOCK: {ACTION: {"value": …}}}. */
static enum rc take_inputs(const struct json *root, struct arena *arena,
                           struct slack_submission *submission)
{
    const struct json *view = json_get_text(root, "view");
    const struct json *values = json_get_text(json_get_text(view, "state"), "values");
    enum rc rc = RC_OK;

    submission->inputs = arena_alloc(arena, SLACK_MAX_INPUTS, sizeof *submission->inputs);
    if (!submission->inputs)
        return RC_NO_MEMORY;
    if (json_type_of(values) != JSON_OBJECT)
        return RC_OK;
    for (const struct json *block = json_first(values); block && !rc; block = json_next(block)) {
        if (json_type_of(block) != JSON_OBJECT)
            return RC_INVALID;
        for (const struct json *element = json_first(block); element && !rc;
             element = json_next(element))
            rc = take_input(block, element, arena, submission);
    }
    return rc;
}

/* --- interactions --- */

static enum rc read_click(const struct json *root, struct arena *arena,
                          struct slack_interaction *interaction)
{
    interaction->kind = SLACK_CLICK;
    return slack_texts_of_json(click_texts, COUNT(click_texts), root, arena, interaction);
}

static enum rc read_submission(const struct json *root, struct arena *arena,
                               struct slack_interaction *interaction)
{
    enum rc rc =
        slack_texts_of_json(submission_texts, COUNT(submission_texts), root, arena, interaction);

    interaction->kind = SLACK_SUBMISSION;
    return rc ? rc : take_inputs(root, arena, &interaction->submission);
}

static enum rc read_interaction(const struct json *root, struct arena *arena,
                                struct slack_interaction *interaction)
{
    static const struct {
        const char *type;
        enum rc (*read)(const struct json *root, struct arena *arena,
                        struct slack_interaction *interaction);
    } types[] = {
        { "block_actions", read_click },
        { "view_submission", read_submission },
    };
    const struct slice type = json_string(json_get_text(root, "type"));
    enum rc rc;

    interaction->kind = SLACK_OTHER_INTERACTION;
    if (!type.len)
        return RC_INVALID;
    rc = slack_texts_of_json(origin_texts, COUNT(origin_texts), root, arena, interaction);
    for (size_t i = 0; i < COUNT(types) && !rc; i++)
        if (slice_eq(type, slice_of(types[i].type)))
            rc = types[i].read(root, arena, interaction);
    return rc;
}

enum rc slack_interaction_parse(struct slice body, struct arena *arena,
                                struct slack_interaction *interaction)
{
    struct json *root = NULL;
    struct json_fault fault;
    struct slice payload;
    enum rc rc = form_field(body, SLICE("payload"), arena, &payload);

    *interaction = (struct slack_interaction){ 0 };
    if (rc)
        return rc == RC_NOT_FOUND ? RC_INVALID : rc;
    rc = json_parse(payload, JSON_LIMITS_DEFAULT, &root, &fault);
    if (rc)
        return rc;
    rc = read_interaction(root, arena, interaction);
    json_free(root);
    return rc;
}

/* --- commands --- */

enum rc slack_command_parse(struct slice body, struct arena *arena, struct slack_command *command)
{
    enum rc rc;

    *command = (struct slack_command){ .text = SLICE("") };
    rc = slack_texts_of_form(command_texts, COUNT(command_texts), body, arena, command);
    command->origin.home_team = command->origin.team;
    return rc;
}

bool slack_is_ssl_check(struct slice body)
{
    while (body.len) {
        struct slice field = slice_cut(&body, '&');

        if (slice_eq(field, SLICE("ssl_check=1")))
            return true;
    }
    return false;
}
