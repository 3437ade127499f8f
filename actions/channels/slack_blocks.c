#include "actions/channels/slack_blocks.h"

/* --- the list --- */

void slack_blocks_begin(struct slack_blocks *blocks, struct json_writer *writer,
                        struct arena *arena, size_t max_blocks, size_t max_characters)
{
    *blocks = (struct slack_blocks){ .writer = writer,
                                     .arena = arena,
                                     .max_blocks = max_blocks,
                                     .n_characters_left = max_characters };
    json_key(writer, "blocks");
    json_array_begin(writer);
}

enum rc slack_blocks_end(struct slack_blocks *blocks)
{
    json_array_end(blocks->writer);
    return blocks->rc ? blocks->rc : buffer_rc(blocks->writer->out);
}

void slack_blocks_note(struct slack_blocks *blocks, enum rc rc)
{
    if (!blocks->rc)
        blocks->rc = rc;
}

bool slack_block_begin(struct slack_blocks *blocks, const char *type)
{
    if (blocks->n_blocks == blocks->max_blocks)
        return false;
    blocks->n_blocks++;
    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", slice_of(type));
    return true;
}

void slack_block_end(struct slack_blocks *blocks)
{
    json_object_end(blocks->writer);
}

/* --- texts --- */

/* Cleaned, cut to what is left, and taken off that; never empty, as an empty text is refused. */
static struct slice take_text(struct slack_blocks *blocks, struct slice text, size_t max_characters)
{
    struct slice clean = { 0 };
    size_t max =
        max_characters < blocks->n_characters_left ? max_characters : blocks->n_characters_left;
    size_t n_characters;

    if (!blocks->rc)
        slack_blocks_note(blocks, slack_clean(text, max ? max : 1, blocks->arena, &clean));
    if (!clean.len)
        clean = SLICE("-");
    n_characters = slack_count(clean);
    blocks->n_characters_left -=
        n_characters < blocks->n_characters_left ? n_characters : blocks->n_characters_left;
    return clean;
}

void slack_put_plain(struct slack_blocks *blocks, const char *member, struct slice text,
                     size_t max_characters)
{
    if (member)
        json_key(blocks->writer, member);
    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", SLICE("plain_text"));
    json_member_text(blocks->writer, "text", take_text(blocks, text, max_characters));
    json_member_bool(blocks->writer, "emoji", false);
    json_object_end(blocks->writer);
}

void slack_put_header(struct slack_blocks *blocks, struct slice text)
{
    if (!text.len || !slack_block_begin(blocks, "header"))
        return;
    slack_put_plain(blocks, "text", text, SLACK_HEADER);
    slack_block_end(blocks);
}

void slack_put_section(struct slack_blocks *blocks, struct slice text, size_t max_characters)
{
    if (!text.len || !slack_block_begin(blocks, "section"))
        return;
    slack_put_plain(blocks, "text", text, max_characters);
    json_member_bool(blocks->writer, "expand", true);
    slack_block_end(blocks);
}

static size_t count_present(const struct slice *texts, size_t n_texts)
{
    size_t n_present = 0;

    for (size_t i = 0; i < n_texts; i++)
        n_present += texts[i].len != 0;
    return n_present;
}

void slack_put_context(struct slack_blocks *blocks, const struct slice *texts, size_t n_texts,
                       size_t max_characters)
{
    if (!count_present(texts, n_texts) || !slack_block_begin(blocks, "context"))
        return;
    json_key(blocks->writer, "elements");
    json_array_begin(blocks->writer);
    for (size_t i = 0; i < n_texts; i++)
        if (texts[i].len)
            slack_put_plain(blocks, NULL, texts[i], max_characters);
    json_array_end(blocks->writer);
    slack_block_end(blocks);
}

/* A link is made by slack_link: escaped there, and never cut. */
static void put_link(struct slack_blocks *blocks, struct slice link)
{
    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", SLICE("mrkdwn"));
    json_member_text(blocks->writer, "text", link);
    json_member_bool(blocks->writer, "verbatim", true);
    json_object_end(blocks->writer);
}

void slack_put_links(struct slack_blocks *blocks, const struct slice *links, size_t n_links)
{
    size_t n_characters = 0;

    for (size_t i = 0; i < n_links; i++)
        n_characters += slack_count(links[i]);
    if (!n_characters || n_characters > blocks->n_characters_left ||
        !slack_block_begin(blocks, "context"))
        return;
    blocks->n_characters_left -= n_characters;
    json_key(blocks->writer, "elements");
    json_array_begin(blocks->writer);
    for (size_t i = 0; i < n_links; i++)
        if (links[i].len)
            put_link(blocks, links[i]);
    json_array_end(blocks->writer);
    slack_block_end(blocks);
}

/* --- rich text --- */

static void begin_elements(struct slack_blocks *blocks)
{
    json_key(blocks->writer, "elements");
    json_array_begin(blocks->writer);
}

bool slack_rich_begin(struct slack_blocks *blocks)
{
    if (!slack_block_begin(blocks, "rich_text"))
        return false;
    begin_elements(blocks);
    return true;
}

void slack_rich_end(struct slack_blocks *blocks)
{
    json_array_end(blocks->writer);
    slack_block_end(blocks);
}

static void begin_part(struct slack_blocks *blocks, const char *type)
{
    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", slice_of(type));
    begin_elements(blocks);
}

static void end_part(struct slack_blocks *blocks)
{
    json_array_end(blocks->writer);
    json_object_end(blocks->writer);
}

void slack_rich_line_begin(struct slack_blocks *blocks)
{
    begin_part(blocks, "rich_text_section");
}

void slack_rich_line_end(struct slack_blocks *blocks)
{
    end_part(blocks);
}

void slack_rich_list_begin(struct slack_blocks *blocks)
{
    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", SLICE("rich_text_list"));
    json_member_text(blocks->writer, "style", SLICE("bullet"));
    begin_elements(blocks);
}

void slack_rich_list_end(struct slack_blocks *blocks)
{
    end_part(blocks);
}

void slack_rich_text(struct slack_blocks *blocks, struct slice text, bool is_bold,
                     size_t max_characters)
{
    if (!text.len)
        return;
    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", SLICE("text"));
    json_member_text(blocks->writer, "text", take_text(blocks, text, max_characters));
    if (is_bold) {
        json_key(blocks->writer, "style");
        json_object_begin(blocks->writer);
        json_member_bool(blocks->writer, "bold", true);
        json_object_end(blocks->writer);
    }
    json_object_end(blocks->writer);
}

void slack_rich_line(struct slack_blocks *blocks, struct slice text, bool is_bold,
                     size_t max_characters)
{
    if (!text.len)
        return;
    slack_rich_line_begin(blocks);
    slack_rich_text(blocks, text, is_bold, max_characters);
    slack_rich_line_end(blocks);
}

void slack_rich_item(struct slack_blocks *blocks, struct slice text, size_t max_characters)
{
    slack_rich_line(blocks, text.len ? text : SLICE("-"), false, max_characters);
}

void slack_rich_block(struct slack_blocks *blocks, struct slice text, size_t max_characters)
{
    if (!text.len)
        return;
    begin_part(blocks, "rich_text_preformatted");
    slack_rich_text(blocks, text, false, max_characters);
    end_part(blocks);
}

/* --- names --- */

enum rc slack_proposal_id(const struct card *card, struct arena *arena, struct slice *id)
{
    char text[ULID_TEXT_BYTES];

    return arena_format(arena, id, "prp_%s", ulid_format(card->proposal->id, text));
}

enum rc slack_value(const struct card *card, struct arena *arena, struct slice *value)
{
    struct slice id, digest = card->proposal->plan_digest;
    enum rc rc = slack_proposal_id(card, arena, &id);

    if (!rc && digest.len)
        rc = arena_format(arena, &id, "%.*s sha256:%.*s", SLICE_ARG(id), SLICE_ARG(digest));
    *value = id;
    return rc;
}
