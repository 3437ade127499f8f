/* The modals that people fill in: a plan's parameters, a silence. */
#include "actions/channels/slack_view.h"

#include "actions/channels/shown.h"

#include <inttypes.h>

#define LABEL_CHARACTERS 200
#define NOTE_CHARACTERS 800
#define BLOCK_ID_MAX_BYTES 255
#define REASON_CHARACTERS 300
#define RESERVED_BLOCKS 3

/* --- inputs --- */

struct input {
    struct slice block_id, label;
    struct slice value; /* what stands in it already */
    bool is_multiline, is_optional;
    int64_t max_characters;
};

static bool begin_input(struct slack_blocks *blocks, struct slice block_id, struct slice label,
                        bool is_optional)
{
    if (!slack_block_begin(blocks, "input"))
        return false;
    json_member_text(blocks->writer, "block_id", block_id);
    slack_put_plain(blocks, "label", label, LABEL_CHARACTERS);
    json_member_bool(blocks->writer, "optional", is_optional);
    json_key(blocks->writer, "element");
    json_object_begin(blocks->writer);
    return true;
}

static void end_input(struct slack_blocks *blocks)
{
    json_object_end(blocks->writer);
    slack_block_end(blocks);
}

/* What stands in an input is sent back as it is: it is not cleaned, so what would have to be must not come here. */
static void put_input(struct slack_blocks *blocks, const struct input *input)
{
    if (!begin_input(blocks, input->block_id, input->label, input->is_optional))
        return;
    json_member_text(blocks->writer, "type", SLICE("plain_text_input"));
    json_member_text(blocks->writer, "action_id", SLICE("value"));
    json_member_bool(blocks->writer, "multiline", input->is_multiline);
    json_member_int(blocks->writer, "max_length", input->max_characters);
    if (input->value.len)
        json_member_text(blocks->writer, "initial_value", input->value);
    end_input(blocks);
}

/* --- edit --- */

struct parameter_place {
    size_t step; /* from 1 */
    struct slice action, name, value;
};

static void tell_unfit(struct slack_blocks *blocks, const struct parameter_place *place)
{
    struct slice text = { 0 };
    struct buffer words;
    enum rc rc;

    buffer_init(&words, 0);
    buffer_format(&words, "Step %zu, ", place->step);
    shown_add_line(&words, place->action);
    buffer_add_text(&words, ": ");
    shown_add_line(&words, place->name);
    buffer_add_text(&words, " is too long, or holds characters that an input would lose: it cannot "
                            "be edited here and stays as it is");
    rc = buffer_rc(&words);
    slack_blocks_note(blocks, rc ? rc : arena_copy(blocks->arena, buffer_slice(&words), &text));
    buffer_free(&words);
    slack_put_section(blocks, text, NOTE_CHARACTERS);
}

static bool fits_input(const struct parameter_place *place, struct slice block_id)
{
    return block_id.len <= BLOCK_ID_MAX_BYTES && shown_is_same(place->value) &&
           slack_count(place->value) <= SLACK_INPUT;
}

static void put_parameter(struct slack_blocks *blocks, const struct parameter_place *place)
{
    size_t offset;
    struct input input = { .value = place->value,
                           .is_multiline = !slice_find(place->value, SLICE("\n"), &offset),
                           .is_optional = !place->value.len,
                           .max_characters = SLACK_INPUT };

    slack_blocks_note(blocks, arena_format(blocks->arena, &input.block_id, "param:%zu:%.*s",
                                           place->step, SLICE_ARG(place->name)));
    slack_blocks_note(blocks,
                      arena_format(blocks->arena, &input.label, "Step %zu, %.*s: %.*s", place->step,
                                   SLICE_ARG(place->action), SLICE_ARG(place->name)));
    if (blocks->rc)
        return;
    if (fits_input(place, input.block_id) && slack_count(place->value) < blocks->n_characters_left)
        put_input(blocks, &input);
    else
        tell_unfit(blocks, place);
}

/* Gives how many have no room. */
static size_t put_parameters(struct slack_blocks *blocks, const struct step *step, size_t number)
{
    size_t n_left_out = 0;
    struct json *params = NULL;
    struct json_fault fault;

    if (!step->params.len || json_parse(step->params, JSON_LIMITS_DEFAULT, &params, &fault))
        return 0;
    for (const struct json *param = json_first(params); param; param = json_next(param)) {
        const struct parameter_place place = { .step = number,
                                               .action = step->action,
                                               .name = json_name(param),
                                               .value = json_text(param) };

        if (blocks->n_blocks + RESERVED_BLOCKS < blocks->max_blocks)
            put_parameter(blocks, &place);
        else
            n_left_out++;
    }
    json_free(params);
    return n_left_out;
}

static void put_edit(struct slack_blocks *blocks, const struct card *card)
{
    const struct step *steps = card->proposal->plan.items;
    size_t n_before, n_left_out = 0;
    struct slice note = { 0 }, left_out = { 0 };

    slack_blocks_note(blocks,
                      arena_format(blocks->arena, &note,
                                   "What you send makes revision %" PRId64
                                   " of the plan. Nothing runs by it: the new plan has to be "
                                   "approved, and approvals of this one are void",
                                   card->proposal->revision + 1));
    slack_put_section(blocks, note, NOTE_CHARACTERS);
    n_before = blocks->n_blocks;
    for (size_t i = 0; i < card->proposal->plan.n_items; i++)
        n_left_out += put_parameters(blocks, &steps[i], i + 1);
    if (n_left_out)
        slack_blocks_note(blocks,
                          arena_format(blocks->arena, &left_out,
                                       "%zu more parameters have no room here and stay as they are",
                                       n_left_out));
    slack_put_section(blocks, left_out, NOTE_CHARACTERS);
    if (blocks->n_blocks == n_before)
        slack_put_section(blocks, SLICE("This plan has no parameters"), NOTE_CHARACTERS);
}

enum rc slack_view_edit(const struct card *card, struct slice metadata, struct arena *arena,
                        struct slice *view)
{
    static const struct slack_view edit = { .callback_id = "edit",
                                            .title = "Edit the plan",
                                            .submit = "Make this the plan",
                                            .close = "Back",
                                            .put = put_edit };

    return slack_view_make(&edit, card, metadata, arena, view);
}

/* --- mute --- */

static void put_span(struct slack_blocks *blocks, const char *text, const char *value)
{
    json_object_begin(blocks->writer);
    slack_put_plain(blocks, "text", slice_of(text), SLACK_OPTION);
    json_member_text(blocks->writer, "value", slice_of(value));
    json_object_end(blocks->writer);
}

static void put_spans(struct slack_blocks *blocks)
{
    static const char *const spans[][2] = {
        { "1 hour", "1h" }, { "4 hours", "4h" }, { "1 day", "1d" }, { "7 days", "7d" }
    };

    if (!begin_input(blocks, SLICE("for"), SLICE("For how long"), false))
        return;
    json_member_text(blocks->writer, "type", SLICE("static_select"));
    json_member_text(blocks->writer, "action_id", SLICE("value"));
    json_key(blocks->writer, "options");
    json_array_begin(blocks->writer);
    for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++)
        put_span(blocks, spans[i][0], spans[i][1]);
    json_array_end(blocks->writer);
    json_key(blocks->writer, "initial_option");
    put_span(blocks, spans[0][0], spans[0][1]);
    end_input(blocks);
}

static void put_mute(struct slack_blocks *blocks, const struct card *card)
{
    const struct input reason = { .block_id = SLICE("reason"),
                                  .label = SLICE("Why"),
                                  .max_characters = REASON_CHARACTERS };
    struct slice subject = { 0 }, note = { 0 };

    slack_blocks_note(blocks, card_subject(card, blocks->arena, &subject));
    slack_blocks_note(blocks, arena_format(blocks->arena, &note,
                                           "Muted is exactly this: %.*s\nUntil then it is counted "
                                           "and asks for nothing. This proposal stays as it is",
                                           SLICE_ARG(subject)));
    slack_put_section(blocks, note, SLACK_TEXT);
    put_spans(blocks);
    put_input(blocks, &reason);
}

enum rc slack_view_mute(const struct card *card, struct slice metadata, struct arena *arena,
                        struct slice *view)
{
    static const struct slack_view mute = { .callback_id = "mute",
                                            .title = "Mute this",
                                            .submit = "Mute",
                                            .close = "Back",
                                            .put = put_mute };

    return slack_view_make(&mute, card, metadata, arena, view);
}
