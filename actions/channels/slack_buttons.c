/* What can be done with a proposal, as buttons: who clicks one says which plan they saw. */
#include "actions/channels/slack_card_parts.h"

/* Confirm dialogs. */
struct confirm {
    struct slice title, text;
    const char *yes;
    bool is_danger;
};

static void put_confirm(struct slack_blocks *blocks, const struct confirm *confirm)
{
    json_key(blocks->writer, "confirm");
    json_object_begin(blocks->writer);
    slack_put_plain(blocks, "title", confirm->title, SLACK_CONFIRM_TITLE);
    slack_put_plain(blocks, "text", confirm->text, SLACK_CONFIRM_TEXT);
    slack_put_plain(blocks, "confirm", slice_of(confirm->yes), SLACK_CONFIRM_BUTTON);
    slack_put_plain(blocks, "deny", SLICE("Back"), SLACK_CONFIRM_BUTTON);
    json_member_text(blocks->writer, "style",
                     confirm->is_danger ? SLICE("danger") : SLICE("primary"));
    json_object_end(blocks->writer);
}

struct button {
    const char *action_id;
    const char *text;
    const char *style; /* primary, danger; NULL */
    const struct confirm *confirm;
};

static void put_button(struct slack_blocks *blocks, const struct card *card,
                       const struct button *button)
{
    struct slice value = { 0 };

    slack_blocks_note(blocks, slack_value(card, blocks->arena, &value));
    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", SLICE("button"));
    json_member_text(blocks->writer, "action_id", slice_of(button->action_id));
    slack_put_plain(blocks, "text", slice_of(button->text), SLACK_BUTTON);
    json_member_text(blocks->writer, "value", value);
    json_member_text(blocks->writer, "style", slice_of(button->style));
    if (button->confirm)
        put_confirm(blocks, button->confirm);
    json_object_end(blocks->writer);
}

/* --- what a confirm dialog says --- */

/* The words exactly where they fit, else where they are shown: never a part of them. */
static struct slice line_or(struct slice line, struct slice otherwise)
{
    return slack_count(line) <= SLACK_CONFIRM_TEXT ? line : otherwise;
}

static void put_approve(struct slack_blocks *blocks, const struct card *card)
{
    size_t n_steps = card->proposal->plan.n_items;
    struct confirm confirm = { .yes = "Approve", .is_danger = card_is_irrevocable(card) };
    struct slice line = { 0 }, names = { 0 }, shown = { 0 };
    const struct button button = { .action_id = "approve",
                                   .text = "Approve",
                                   .style = "primary",
                                   .confirm = card_has_effects(card) ? &confirm : NULL };

    slack_blocks_note(blocks, card_plan_line(card, blocks->arena, &line));
    slack_blocks_note(blocks, card_plan_names(card, blocks->arena, &names));
    slack_blocks_note(blocks, arena_format(blocks->arena, &shown, "As shown on the card: %.*s",
                                           SLICE_ARG(names)));
    slack_blocks_note(blocks, arena_format(blocks->arena, &confirm.title, "Run %zu step%s%s?",
                                           n_steps, n_steps == 1 ? "" : "s",
                                           confirm.is_danger ? " (not all can be undone)" : ""));
    confirm.text = line_or(line, shown);
    put_button(blocks, card, &button);
}

static void put_undo(struct slack_blocks *blocks, const struct card *card)
{
    struct confirm confirm = { .title = SLICE("Undo what was done?"),
                               .yes = "Undo",
                               .is_danger = true };
    struct slice line = { 0 };
    const struct button button = {
        .action_id = "undo", .text = "Undo", .style = "danger", .confirm = &confirm
    };

    slack_blocks_note(blocks, card_undo_line(card, blocks->arena, &line));
    confirm.text = line_or(line, SLICE("What the card shows as the undo, last step first"));
    put_button(blocks, card, &button);
}

static void put_settle(struct slack_blocks *blocks, const struct card *card)
{
    const struct confirm ran = {
        .title = SLICE("Did it run?"),
        .text = SLICE("It is then settled as done; where it was the last step, what follows is the "
                      "verification"),
        .yes = "It ran",
    };
    const struct confirm not_ran = {
        .title = SLICE("Did it not run?"),
        .text = SLICE("It is then settled as failed and may be proposed again: if it did run, it "
                      "would run twice"),
        .yes = "It did not run",
        .is_danger = true,
    };

    put_button(blocks, card,
               &(struct button){ .action_id = "settle_ran", .text = "It ran", .confirm = &ran });
    put_button(blocks, card,
               &(struct button){ .action_id = "settle_not_ran",
                                 .text = "It did not run",
                                 .style = "danger",
                                 .confirm = &not_ran });
}

/* --- lists --- */

static void put_option(struct slack_blocks *blocks, const char *text, const char *value)
{
    json_object_begin(blocks->writer);
    slack_put_plain(blocks, "text", slice_of(text), SLACK_OPTION);
    json_member_text(blocks->writer, "value", slice_of(value));
    json_object_end(blocks->writer);
}

static void put_reject(struct slack_blocks *blocks)
{
    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", SLICE("static_select"));
    json_member_text(blocks->writer, "action_id", SLICE("reject"));
    slack_put_plain(blocks, "placeholder", SLICE("Reject: why?"), SLACK_BUTTON);
    json_key(blocks->writer, "options");
    json_array_begin(blocks->writer);
    for (size_t i = 0; reason_names[i]; i++)
        put_option(blocks, card_reasons[i], reason_names[i]);
    json_array_end(blocks->writer);
    json_object_end(blocks->writer);
}

static void put_more(struct slack_blocks *blocks, unsigned offers)
{
    static const struct more {
        enum card_offer offer;
        const char *text, *value;
    } mores[] = {
        { CARD_SNOOZE, "Snooze for 1 hour", "snooze:1h" },
        { CARD_SNOOZE, "Snooze for 4 hours", "snooze:4h" },
        { CARD_SNOOZE, "Snooze until tomorrow", "snooze:1d" },
        { CARD_MUTE, "Mute this…", "mute" },
        { CARD_EDIT, "Edit the plan…", "edit" },
    };

    json_object_begin(blocks->writer);
    json_member_text(blocks->writer, "type", SLICE("overflow"));
    json_member_text(blocks->writer, "action_id", SLICE("more"));
    json_key(blocks->writer, "options");
    json_array_begin(blocks->writer);
    for (size_t i = 0; i < sizeof(mores) / sizeof(*mores); i++)
        if (offers & mores[i].offer)
            put_option(blocks, mores[i].text, mores[i].value);
    json_array_end(blocks->writer);
    json_object_end(blocks->writer);
}

/* --- the block --- */

/* What somebody could not have read here cannot be decided here. */
static unsigned offers_here(const struct card *card, const struct slack_plan *plan)
{
    unsigned offers = card_offers(card);

    if (!plan->fits)
        offers &= ~(unsigned)CARD_APPROVE;
    if (!plan->undo.len)
        offers &= ~(unsigned)CARD_UNDO;
    return offers;
}

static void put_elements(struct slack_blocks *blocks, const struct card *card, unsigned offers)
{
    /* clang-format off */
    static const struct { enum card_offer offer; struct button button; } plain[] = {
        { CARD_TAKE_BACK, { .action_id = "take_back", .text = "Take back" } },
        { CARD_ACK,       { .action_id = "ack",       .text = "I'm on it" } },
        { CARD_DETAILS,   { .action_id = "details",   .text = "Details" } },
    };
    /* clang-format on */

    if (offers & CARD_APPROVE)
        put_approve(blocks, card);
    if (offers & CARD_REJECT)
        put_reject(blocks);
    if (offers & CARD_SETTLE)
        put_settle(blocks, card);
    if (offers & CARD_UNDO)
        put_undo(blocks, card);
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        if (offers & plain[i].offer)
            put_button(blocks, card, &plain[i].button);
    if (offers & (CARD_SNOOZE | CARD_MUTE | CARD_EDIT))
        put_more(blocks, offers);
}

void slack_put_buttons(struct slack_blocks *blocks, const struct card *card,
                       const struct slack_plan *plan, int64_t wanted)
{
    unsigned offers = offers_here(card, plan);
    struct slack_ref ref = { .revision = card->proposal->revision,
                             .plan_digest = card->proposal->plan_digest,
                             .wanted = wanted };
    struct slice block_id = { 0 };

    slack_blocks_note(blocks, slack_proposal_id(card, blocks->arena, &ref.proposal));
    if (blocks->rc || !offers)
        return;
    slack_blocks_note(blocks, slack_ref_format(&ref, 0, blocks->arena, &block_id));
    if (!slack_block_begin(blocks, "actions"))
        return;
    json_member_text(blocks->writer, "block_id", block_id);
    json_key(blocks->writer, "elements");
    json_array_begin(blocks->writer);
    put_elements(blocks, card, offers);
    json_array_end(blocks->writer);
    slack_block_end(blocks);
}
