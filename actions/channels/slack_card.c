#include "actions/channels/slack_card.h"

#include "actions/channels/slack_card_parts.h"

#define MAX_FACTS 3
/* Shares of a card. With the plan they stay below SLACK_CARD_CHARACTERS, which the texts are held to in any case. */
#define STATE_CHARACTERS 400
#define TITLE_CHARACTERS 500
#define FIELD_CHARACTERS 300
#define CONCLUSION_CHARACTERS 900
#define FACT_CHARACTERS 300
#define SMALL_CHARACTERS 200
#define BUTTON_CHARACTERS 1150 /* all of them, the largest dialog, and the small print */
#define LINK_CHARACTERS 500
/* What stands behind the plan must not be cut by it: buttons, dialogs, small print. */
_Static_assert(SLACK_HEADER + STATE_CHARACTERS + TITLE_CHARACTERS + 5 * FIELD_CHARACTERS +
                       CONCLUSION_CHARACTERS + MAX_FACTS * FACT_CHARACTERS + SLACK_PLAN_CHARACTERS +
                       BUTTON_CHARACTERS + LINK_CHARACTERS <=
                   SLACK_CARD_CHARACTERS,
               "a card with the longest plan keeps room for its buttons");

#define FALLBACK_BYTES 4000
#define FALLBACK_TEXT_BYTES 3900 /* before escaping */
#define FALLBACK_SMALL_BYTES 780 /* five times as long, it still fits */

/* --- the text beside the blocks: what notifications and screen readers read --- */

static enum rc make_fallback(const struct card *card, struct arena *arena, struct slice *escaped)
{
    struct slice text;
    enum rc rc = card_text(card, FALLBACK_TEXT_BYTES, arena, &text);

    if (!rc)
        rc = slack_escape(text, FALLBACK_BYTES, arena, escaped);
    if (rc || escaped->len <= FALLBACK_BYTES)
        return rc;
    rc = card_text(card, FALLBACK_SMALL_BYTES, arena, &text);
    return rc ? rc : slack_escape(text, FALLBACK_BYTES, arena, escaped);
}

enum rc slack_write_text(struct slice text, struct arena *arena, struct json_writer *writer)
{
    struct slice escaped;
    enum rc rc = slack_escape(text.len ? text : SLICE("-"), FALLBACK_BYTES, arena, &escaped);

    if (rc)
        return rc;
    json_member_text(writer, "text", escaped);
    return buffer_rc(writer->out);
}

/* --- parts --- */

typedef enum rc (*card_sentence)(const struct card *card, struct arena *arena, struct slice *text);

static struct slice say(struct slack_blocks *blocks, const struct card *card,
                        card_sentence sentence)
{
    struct slice text = { 0 };

    if (!blocks->rc)
        slack_blocks_note(blocks, sentence(card, blocks->arena, &text));
    return card_capital(text, blocks->arena);
}

/* A header holds 150 characters; a longer title stands below it, too. */
static void put_head(struct slack_blocks *blocks, const struct card *card)
{
    struct slice headline = say(blocks, card, card_headline);

    slack_put_header(blocks, headline);
    if (slack_count(headline) > SLACK_HEADER)
        slack_put_section(blocks, headline, TITLE_CHARACTERS);
    if (!slack_rich_begin(blocks))
        return;
    slack_rich_line(blocks, say(blocks, card, card_state), true, STATE_CHARACTERS);
    slack_rich_end(blocks);
}

static void put_field(struct slack_blocks *blocks, struct slice text)
{
    if (text.len)
        slack_put_plain(blocks, NULL, text, FIELD_CHARACTERS);
}

static void put_fields(struct slack_blocks *blocks, const struct card *card)
{
    bool is_open = card->proposal->state == PROPOSAL_OPEN;
    struct slice when = { 0 }, seen = { 0 };

    slack_blocks_note(blocks, card_when(card, blocks->arena, &when));
    slack_blocks_note(blocks, arena_format(blocks->arena, &seen, "Seen %.*s", SLICE_ARG(when)));
    if (!slack_block_begin(blocks, "section"))
        return;
    json_key(blocks->writer, "fields");
    json_array_begin(blocks->writer);
    put_field(blocks, seen);
    if (is_open) {
        put_field(blocks, say(blocks, card, card_expiry));
        put_field(blocks, say(blocks, card, card_deciders));
    }
    put_field(blocks, say(blocks, card, card_commits));
    put_field(blocks, say(blocks, card, card_earlier));
    put_field(blocks, say(blocks, card, card_borrowed));
    put_field(blocks, say(blocks, card, card_subject)); /* the longest of them, */
    put_field(blocks, say(blocks, card, card_others));  /* but for these, which are rare */
    json_array_end(blocks->writer);
    slack_block_end(blocks);
}

static void put_findings(struct slack_blocks *blocks, const struct card *card)
{
    struct slice_list facts = { 0 };

    slack_blocks_note(blocks, card_facts(card, MAX_FACTS, false, blocks->arena, &facts));
    if (!slack_rich_begin(blocks))
        return;
    slack_rich_line(blocks, say(blocks, card, card_conclusion), false, CONCLUSION_CHARACTERS);
    if (facts.n_items) {
        slack_rich_list_begin(blocks);
        for (size_t i = 0; i < facts.n_items; i++)
            slack_rich_item(blocks, facts.items[i], FACT_CHARACTERS);
        slack_rich_list_end(blocks);
    }
    slack_rich_end(blocks);
}

/* "github.com": what a reader must know of a link before they follow it. Without what may stand before an @, which only looks like a host. */
static struct slice host_of(struct slice address)
{
    size_t offset;
    struct slice host = address;

    if (slice_find(host, SLICE("://"), &offset))
        return (struct slice){ 0 };
    host.ptr += offset + 3;
    host.len -= offset + 3;
    host = slice_cut(&host, '/');
    host = slice_cut(&host, '?');
    host = slice_cut(&host, '#');
    while (!slice_find(host, SLICE("@"), &offset)) {
        host.ptr += offset + 1;
        host.len -= offset + 1;
    }
    return host;
}

static void put_links(struct slack_blocks *blocks, const struct card *card)
{
    struct slice links[2] = { { 0 }, { 0 } }, address = { 0 }, label = { 0 };

    slack_blocks_note(blocks, slack_link(card->page_url, SLICE("All of it, on Vedette's page"),
                                         blocks->arena, &links[0]));
    slack_blocks_note(blocks,
                      slack_address(card_source_url(card, blocks->arena), blocks->arena, &address));
    if (address.len && !blocks->rc) {
        slack_blocks_note(blocks, arena_format(blocks->arena, &label, "What was reported (%.*s)",
                                               SLICE_ARG(host_of(address))));
        slack_blocks_note(blocks, slack_link(address, label, blocks->arena, &links[1]));
    }
    slack_put_links(blocks, links, 2);
}

static void put_small_print(struct slack_blocks *blocks, const struct card *card)
{
    const struct slice texts[] = { say(blocks, card, card_track_record),
                                   say(blocks, card, card_name) };

    slack_put_context(blocks, texts, sizeof(texts) / sizeof(*texts), SMALL_CHARACTERS);
    put_links(blocks, card);
}

/* --- the card --- */

static void put_usual(struct slack_blocks *blocks, const struct card *card, int64_t wanted)
{
    struct slack_plan plan = { 0 };

    slack_blocks_note(blocks,
                      slack_plan_measure(card, SLACK_PLAN_CHARACTERS, blocks->arena, &plan));
    if (blocks->rc)
        return;
    put_head(blocks, card);
    put_fields(blocks, card);
    put_findings(blocks, card);
    slack_put_plan(blocks, card, &plan);
    slack_put_buttons(blocks, card, &plan, wanted);
    put_small_print(blocks, card);
}

/* Slack refused the usual card: only what it has taken since ever, and a plan that the one text holds whole. */
static void put_plain(struct slack_blocks *blocks, const struct card *card, int64_t wanted)
{
    struct slack_plan plan = { 0 };
    struct slice headline = say(blocks, card, card_headline), text = { 0 };

    slack_put_header(blocks, headline);
    slack_blocks_note(blocks, card_text_has_plan(card, SLACK_TEXT - 1, blocks->arena, &plan.fits));
    slack_blocks_note(blocks, card_text(card, SLACK_TEXT - 1, blocks->arena, &text));
    if (slack_count(headline) <= SLACK_HEADER)
        slice_cut(&text, '\n'); /* the headline once more */
    slack_put_section(blocks, text, SLACK_TEXT);
    slack_put_buttons(blocks, card, &plan, wanted);
}

enum rc slack_write_card(const struct card *card, int64_t wanted, struct arena *arena,
                         struct json_writer *writer)
{
    struct slack_blocks blocks;
    struct slice fallback;
    enum rc rc = make_fallback(card, arena, &fallback);

    if (rc)
        return rc;
    json_member_text(writer, "text", fallback);
    slack_blocks_begin(&blocks, writer, arena, SLACK_MESSAGE_BLOCKS, SLACK_CARD_CHARACTERS);
    if (card->is_plain)
        put_plain(&blocks, card, wanted);
    else
        put_usual(&blocks, card, wanted);
    return slack_blocks_end(&blocks);
}
