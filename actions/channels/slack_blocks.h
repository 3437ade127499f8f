/* slack_blocks.h - Block Kit within its limits: a list of blocks in the making, and the texts in it; for slack_*.c alone.
 *
 * docs.slack.dev "Block Kit" and the types of @slack/types 3.2.0. Which unit its limits count is not documented: ours are UTF-16 units, the largest of what it may be, and stay below. Every text is cleaned and cut here
 * (slack_clean), so no text is empty or too long, whatever comes in; what must not be cut is measured before. The first thing that goes wrong is kept and asked for at the end. */
#pragma once

#include "actions/channels/slack_card.h"
#include "actions/channels/slack_ref.h"
#include "actions/channels/slack_text.h"

#define SLACK_MESSAGE_BLOCKS 50
#define SLACK_VIEW_BLOCKS 100
#define SLACK_CARD_CHARACTERS 10000 /* refused from about 13,200 on: slackapi/bolt-js, issue 2509 */
#define SLACK_VIEW_CHARACTERS 30000 /* no limit is documented: ours */
#define SLACK_TEXT 3000
#define SLACK_HEADER 150
#define SLACK_FIELD 2000
#define SLACK_BUTTON 75
#define SLACK_OPTION 75
#define SLACK_CONFIRM_TITLE 100
#define SLACK_CONFIRM_TEXT 300
#define SLACK_CONFIRM_BUTTON 30
#define SLACK_VIEW_TITLE 24
#define SLACK_INPUT 3000
#define SLACK_METADATA 3000

struct slack_blocks {
    struct json_writer *writer;
    struct arena *arena;
    size_t n_blocks, max_blocks;
    size_t n_characters_left;
    enum rc rc;
};

/* Writes "blocks": [ into an object that is begun. */
void slack_blocks_begin(struct slack_blocks *blocks, struct json_writer *writer,
                        struct arena *arena, size_t max_blocks, size_t max_characters);
enum rc slack_blocks_end(struct slack_blocks *blocks) MUST_CHECK;
/* False when the next block would be one too many: then nothing is begun. */
bool slack_block_begin(struct slack_blocks *blocks, const char *type);
void slack_block_end(struct slack_blocks *blocks);
/* Keeps the first failure of what makes texts. */
void slack_blocks_note(struct slack_blocks *blocks, enum rc rc);

/* A member that is a plain_text object; "-" for an empty text. */
void slack_put_plain(struct slack_blocks *blocks, const char *member, struct slice text,
                     size_t max_characters);

/* Whole blocks. An absent text is no block. */
void slack_put_header(struct slack_blocks *blocks, struct slice text);
void slack_put_section(struct slack_blocks *blocks, struct slice text, size_t max_characters);
/* Small print: plain texts, absent ones left out. */
void slack_put_context(struct slack_blocks *blocks, const struct slice *texts, size_t n_texts,
                       size_t max_characters);
/* Small print that is links of slack_link. */
void slack_put_links(struct slack_blocks *blocks, const struct slice *links, size_t n_links);

/* A rich_text block: literal text. */
bool slack_rich_begin(struct slack_blocks *blocks);
void slack_rich_end(struct slack_blocks *blocks);
void slack_rich_line_begin(struct slack_blocks *blocks);
void slack_rich_line_end(struct slack_blocks *blocks);
void slack_rich_list_begin(struct slack_blocks *blocks);
void slack_rich_list_end(struct slack_blocks *blocks);
/* Within a line; nothing for an empty text. */
void slack_rich_text(struct slack_blocks *blocks, struct slice text, bool is_bold,
                     size_t max_characters);
/* A line of one text; nothing for an empty one. */
void slack_rich_line(struct slack_blocks *blocks, struct slice text, bool is_bold,
                     size_t max_characters);
/* A line of a list, which must not be without one: "-" for an empty text. */
void slack_rich_item(struct slack_blocks *blocks, struct slice text, size_t max_characters);
/* As it is, in letters of one width; nothing for an empty text. */
void slack_rich_block(struct slack_blocks *blocks, struct slice text, size_t max_characters);

/* What stands in the value of a button: "prp_… sha256:DIGEST", without the digest where there is no plan. */
enum rc slack_value(const struct card *card, struct arena *arena, struct slice *value) MUST_CHECK;
/* "prp_…" */
enum rc slack_proposal_id(const struct card *card, struct arena *arena,
                          struct slice *id) MUST_CHECK;
