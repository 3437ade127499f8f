/* The plan on a Slack card: exactly, or not at all. */
#include "actions/channels/slack_card_parts.h"

#define NAME_CHARACTERS 200
#define OUTPUT_CHARACTERS 400
#define NAMES_CHARACTERS 400

/* --- measuring --- */

static enum rc read_step(const struct card *card, size_t i, struct arena *arena,
                         struct slack_step *step)
{
    enum rc rc = card_step_name(card, i, arena, &step->name);

    if (!rc)
        rc = card_step_effect(card, i, arena, &step->effect);
    if (!rc)
        rc = card_step(card, i, arena, &step->exact);
    if (!rc)
        rc = card_step_check(card, i, arena, &step->check);
    if (!rc)
        rc = card_step_state(card, i, arena, &step->state);
    if (!rc && card_phase(card) == CARD_ACTED)
        rc = card_step_output(card, i, arena, &step->output);
    return rc;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What is shown exactly must fit one text; what is cut counts as much as is left of it. */
static bool take_exact(struct slice text, size_t *n_left)
{
    size_t n_characters = slack_count(text);

    if (n_characters > SLACK_TEXT || n_characters > *n_left)
        return false;
    *n_left -= n_characters;
    return true;
}

static bool take_step(const struct slack_step *step, size_t *n_left)
{
    size_t n_cut = at_most(slack_count(step->name), NAME_CHARACTERS) +
                   at_most(slack_count(step->output), OUTPUT_CHARACTERS) +
                   at_most(slack_count(step->state), NAME_CHARACTERS) +
                   sizeof("99. only if this check passes");

    if (n_cut > *n_left)
        return false;
    *n_left -= n_cut;
    return take_exact(step->effect, n_left) && take_exact(step->exact, n_left) &&
           take_exact(step->check, n_left);
}

enum rc slack_plan_measure(const struct card *card, size_t max_characters, struct arena *arena,
                           struct slack_plan *plan)
{
    size_t n_left = max_characters;
    enum rc rc = RC_OK;

    *plan = (struct slack_plan){ .fits = true, .n_steps = card->proposal->plan.n_items };
    plan->steps = arena_alloc(arena, plan->n_steps + 1, sizeof(*plan->steps));
    if (!plan->steps)
        return RC_NO_MEMORY;
    for (size_t i = 0; !rc && i < plan->n_steps; i++) {
        rc = read_step(card, i, arena, &plan->steps[i]);
        plan->fits = plan->fits && !rc && take_step(&plan->steps[i], &n_left);
    }
    if (!rc)
        rc = card_verification(card, arena, &plan->verification);
    if (!rc)
        rc = card_verify_check(card, arena, &plan->verify_check);
    plan->fits = plan->fits && take_exact(plan->verification, &n_left) &&
                 take_exact(plan->verify_check, &n_left);
    if (!rc)
        rc = card_undo(card, arena, &plan->undo);
    if (!plan->fits || !take_exact(plan->undo, &n_left))
        plan->undo = (struct slice){ 0 };
    return rc;
}

/* --- showing --- */

/* "1. roll-back: the version before it ran for nine days": its number and name stand out, not its reason. */
static void put_name(struct slack_blocks *blocks, struct slice name, size_t number)
{
    struct slice numbered = { 0 }, why = name;
    struct slice action = slice_cut(&why, ':');
    size_t n_action = at_most(slack_count(action), NAME_CHARACTERS);

    why = (struct slice){ .ptr = name.ptr + action.len, .len = name.len - action.len };
    slack_blocks_note(blocks, arena_format(blocks->arena, &numbered, "%zu. ", number));
    slack_rich_text(blocks, numbered, true, SLACK_TEXT);
    slack_rich_text(blocks, action, true, NAME_CHARACTERS);
    if (n_action < NAME_CHARACTERS)
        slack_rich_text(blocks, why, false, NAME_CHARACTERS - n_action);
}

static void put_step(struct slack_blocks *blocks, const struct card *card,
                     const struct slack_step *step, size_t number)
{
    const struct step *steps = card->proposal->plan.items;

    if (!slack_rich_begin(blocks))
        return;
    slack_rich_line_begin(blocks);
    put_name(blocks, step->name, number);
    slack_rich_text(blocks, SLICE("\n"), false, 1);
    slack_rich_text(blocks, step->effect, false, SLACK_TEXT);
    slack_rich_line_end(blocks);
    slack_rich_block(blocks, step->exact, SLACK_TEXT);
    if (step->check.len)
        slack_rich_line(blocks, SLICE("only if this check passes"), false, SLACK_TEXT);
    slack_rich_block(blocks, step->check, SLACK_TEXT);
    slack_rich_line(blocks, step->state, true, NAME_CHARACTERS);
    if (steps[number - 1].state == STEP_FAILED || steps[number - 1].state == STEP_UNKNOWN)
        slack_rich_block(blocks, step->output, OUTPUT_CHARACTERS);
    slack_rich_end(blocks);
}

static void put_heading(struct slack_blocks *blocks, const struct card *card)
{
    struct slice heading = { 0 };

    slack_blocks_note(blocks, card_plan_heading(card, blocks->arena, &heading));
    if (!slack_rich_begin(blocks))
        return;
    slack_rich_line(blocks, card_capital(heading, blocks->arena), true, SLACK_TEXT);
    slack_rich_end(blocks);
}

static void put_exact(struct slack_blocks *blocks, struct slice title, struct slice text)
{
    if ((!title.len && !text.len) || !slack_rich_begin(blocks))
        return;
    slack_rich_line(blocks, card_capital(title, blocks->arena), false, SLACK_TEXT);
    slack_rich_block(blocks, text, SLACK_TEXT);
    slack_rich_end(blocks);
}

static void put_whole(struct slack_blocks *blocks, const struct card *card,
                      const struct slack_plan *plan)
{
    put_heading(blocks, card);
    for (size_t i = 0; i < plan->n_steps; i++)
        put_step(blocks, card, &plan->steps[i], i + 1);
    put_exact(blocks, plan->verification, plan->verify_check);
    if (plan->undo.len)
        put_exact(blocks, SLICE("Undo would run"), plan->undo);
}

/* Two lines: why there is no plan to be seen, and what to do about it. */
static void put_why(struct slack_blocks *blocks, struct slice why, struct slice more)
{
    if (!why.len || !slack_rich_begin(blocks))
        return;
    slack_rich_line_begin(blocks);
    slack_rich_text(blocks, card_capital(why, blocks->arena), true, NAMES_CHARACTERS);
    if (more.len)
        slack_rich_text(blocks, SLICE("\n"), false, 1);
    slack_rich_text(blocks, more, false, NAMES_CHARACTERS);
    slack_rich_line_end(blocks);
    slack_rich_end(blocks);
}

static void put_too_long(struct slack_blocks *blocks, const struct card *card)
{
    struct slice names = { 0 }, elsewhere = { 0 }, why = { 0 }, where = { 0 };
    bool is_offered = card_offers(card) & CARD_APPROVE;

    slack_blocks_note(blocks, card_plan_names(card, blocks->arena, &names));
    slack_blocks_note(
        blocks, card_elsewhere(card, is_offered ? "approve" : "show", blocks->arena, &elsewhere));
    slack_blocks_note(blocks,
                      arena_format(blocks->arena, &where, "%s %.*s",
                                   is_offered ? "Read it whole, and approve it," : "It is whole",
                                   SLICE_ARG(elsewhere)));
    slack_blocks_note(
        blocks, arena_format(blocks->arena, &why,
                             "The plan is too long to be shown here whole, so it is not "
                             "shown in part%s. It has %.*s",
                             is_offered ? " and cannot be approved here" : "", SLICE_ARG(names)));
    put_why(blocks, why, where);
}

void slack_put_plan(struct slack_blocks *blocks, const struct card *card,
                    const struct slack_plan *plan)
{
    struct slice why = { 0 }, names = { 0 };

    switch (card_phase(card)) {
    case CARD_NO_PLAN:
        slack_blocks_note(blocks, card_no_plan(card, blocks->arena, &why));
        put_why(blocks, why, (struct slice){ 0 });
        return;
    case CARD_DROPPED:
        slack_blocks_note(blocks, card_plan_names(card, blocks->arena, &names));
        slack_blocks_note(blocks, arena_format(blocks->arena, &why,
                                               "The plan that was not carried out: %.*s",
                                               SLICE_ARG(names)));
        put_why(blocks, why, (struct slice){ 0 });
        return;
    case CARD_OFFERED:
    case CARD_ACTED:
        break;
    }
    if (plan->fits)
        put_whole(blocks, card, plan);
    else
        put_too_long(blocks, card);
}
