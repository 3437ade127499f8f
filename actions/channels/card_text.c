/* A whole card as plain text. */
#include "actions/channels/card_words.h"
#include "actions/wording.h"

#define MAX_FACTS 3
#define CUT_MARK "\n… (cut)"

/* A text in the making; the first thing that went wrong is asked for once, at the end. */
struct draft {
    const struct card *card;
    struct arena *arena;
    struct buffer out;
    enum rc rc;
};

static void add_paragraph(struct draft *draft)
{
    if (draft->out.len)
        buffer_add_text(&draft->out, "\n");
}

/* A line of our own words with one sentence of the card in it; nothing where that is absent. */
static void add_line(struct draft *draft, enum rc rc, const char *before, struct slice sentence)
{
    if (!draft->rc)
        draft->rc = rc;
    if (draft->rc || !sentence.len)
        return;
    buffer_add_text(&draft->out, before);
    buffer_add(&draft->out, *before ? sentence : card_capital(sentence, draft->arena));
    buffer_add_text(&draft->out, "\n");
}

typedef enum rc (*card_sentence)(const struct card *card, struct arena *arena, struct slice *text);

static void say(struct draft *draft, const char *before, card_sentence sentence)
{
    struct slice text = { 0 };
    enum rc rc = draft->rc ? draft->rc : sentence(draft->card, draft->arena, &text);

    add_line(draft, rc, before, text);
}

/* Each line of `text` behind `indent`: what stands there can never look like a line of ours. */
static void add_block(struct draft *draft, enum rc rc, const char *indent, struct slice text)
{
    if (!draft->rc)
        draft->rc = rc;
    while (!draft->rc && text.len) {
        buffer_add_text(&draft->out, indent);
        buffer_add(&draft->out, slice_cut(&text, '\n'));
        buffer_add_text(&draft->out, "\n");
    }
}

static void say_step(struct draft *draft, size_t i,
                     enum rc (*sentence)(const struct card *, size_t, struct arena *,
                                         struct slice *),
                     const char *indent)
{
    struct slice text = { 0 };
    enum rc rc = draft->rc ? draft->rc : sentence(draft->card, i, draft->arena, &text);

    add_block(draft, rc, indent, text);
}

/* --- the plan --- */

static void add_step(struct draft *draft, size_t i)
{
    struct slice check = { 0 };

    buffer_format(&draft->out, "%zu. ", i + 1);
    say_step(draft, i, card_step_name, "");
    say_step(draft, i, card_step_effect, "   ");
    say_step(draft, i, card_step, "       ");
    if (!draft->rc)
        draft->rc = card_step_check(draft->card, i, draft->arena, &check);
    if (check.len)
        buffer_add_text(&draft->out, "   only if this check passes:\n");
    add_block(draft, RC_OK, "       ", check);
    say_step(draft, i, card_step_state, "   => ");
    if (card_step_at(draft->card, i)->state == STEP_FAILED)
        say_step(draft, i, card_step_output, "   |   ");
}

static void add_plan(struct draft *draft)
{
    size_t n_steps = draft->card->proposal->plan.n_items;
    struct slice check = { 0 };

    say(draft, "", card_plan_heading);
    for (size_t i = 0; i < n_steps; i++)
        add_step(draft, i);
    say(draft, "", card_verification);
    if (!draft->rc)
        draft->rc = card_verify_check(draft->card, draft->arena, &check);
    add_block(draft, RC_OK, "       ", check);
}

static enum rc make_plan(const struct card *card, struct arena *arena, struct slice *plan)
{
    struct draft draft = { .card = card, .arena = arena };

    *plan = (struct slice){ 0 };
    if (card_phase(card) != CARD_OFFERED && card_phase(card) != CARD_ACTED)
        return RC_OK;
    buffer_init(&draft.out, 0);
    add_plan(&draft);
    if (!draft.rc)
        return card_end(&draft.out, arena, plan);
    buffer_free(&draft.out);
    return draft.rc;
}

/* Where the plan cannot stand, or there is none. */
static void add_no_plan(struct draft *draft)
{
    const struct card *card = draft->card;
    struct slice names = { 0 }, where = { 0 };

    say(draft, "", card_no_plan);
    if (card_phase(card) == CARD_NO_PLAN)
        return;
    if (!draft->rc)
        draft->rc = card_plan_names(card, draft->arena, &names);
    if (card_phase(card) == CARD_DROPPED) {
        add_line(draft, RC_OK, "The plan that was not carried out: ", names);
        return;
    }
    add_line(draft, RC_OK, "The plan does not fit here, and is not shown in part. It has ", names);
    if (!draft->rc)
        draft->rc = card_elsewhere(card, "show", draft->arena, &where);
    add_line(draft, RC_OK, "Read it whole ", where);
}

/* --- before and behind it --- */

static void add_facts(struct draft *draft)
{
    struct slice_list facts = { 0 };

    if (!draft->rc)
        draft->rc = card_facts(draft->card, MAX_FACTS, false, draft->arena, &facts);
    for (size_t i = 0; !draft->rc && i < facts.n_items; i++)
        add_line(draft, RC_OK, "- ", facts.items[i]);
}

static void add_head(struct draft *draft)
{
    say(draft, "", card_headline);
    say(draft, "", card_state);
    say(draft, "", card_expiry);
    add_paragraph(draft);
    say(draft, "Seen ", card_when);
    say(draft, "", card_subject);
    say(draft, "", card_others);
    say(draft, "", card_commits);
    say(draft, "", card_earlier);
    say(draft, "", card_borrowed);
    add_paragraph(draft);
    say(draft, "", card_conclusion);
    add_facts(draft);
    add_line(draft, RC_OK, "Source: ", card_source_url(draft->card, draft->arena));
}

static void add_tail(struct draft *draft)
{
    struct slice where = { 0 };
    bool can_approve = card_offers(draft->card) & CARD_APPROVE;

    add_paragraph(draft);
    if (draft->card->proposal->state == PROPOSAL_OPEN)
        say(draft, "", card_deciders);
    say(draft, "", card_track_record);
    say(draft, "", card_name);
    if (!draft->rc)
        draft->rc =
            card_elsewhere(draft->card, can_approve ? "approve" : "show", draft->arena, &where);
    add_line(draft, RC_OK, can_approve ? "Decide " : "All of it is ", where);
}

/* With `plan`, or where that is absent, with what stands for it. */
static enum rc put_together(const struct card *card, struct slice plan, struct arena *arena,
                            struct slice *text)
{
    struct draft draft = { .card = card, .arena = arena };
    size_t head_len, begun_len;

    buffer_init(&draft.out, 0);
    add_head(&draft);
    head_len = draft.out.len;
    add_paragraph(&draft);
    begun_len = draft.out.len;
    if (plan.len)
        buffer_add(&draft.out, plan);
    else
        add_no_plan(&draft);
    if (draft.out.len == begun_len) /* nothing is to be said of a plan */
        draft.out.len = head_len;
    add_tail(&draft);
    if (draft.out.len && draft.out.ptr[draft.out.len - 1] == '\n')
        draft.out.len--;
    if (!draft.rc)
        return card_end(&draft.out, arena, text);
    buffer_free(&draft.out);
    return draft.rc;
}

static enum rc make_text(const struct card *card, size_t max_bytes, struct arena *arena,
                         struct slice *text, bool *has_plan)
{
    struct slice plan, whole = { 0 };
    enum rc rc = make_plan(card, arena, &plan);

    if (!rc)
        rc = put_together(card, plan, arena, &whole);
    *has_plan = plan.len != 0;
    if (!rc && plan.len && whole.len > max_bytes) {
        *has_plan = false;
        rc = put_together(card, (struct slice){ 0 }, arena, &whole);
    }
    if (rc)
        return rc;
    *text = whole;
    if (whole.len <= max_bytes)
        return RC_OK;
    whole = text_cut(whole, max_bytes > sizeof(CUT_MARK) ? max_bytes - sizeof(CUT_MARK) : 0, NULL);
    return arena_format(arena, text, "%.*s%s", SLICE_ARG(whole), whole.len ? CUT_MARK : "");
}

enum rc card_text(const struct card *card, size_t max_bytes, struct arena *arena,
                  struct slice *text)
{
    bool has_plan;

    return make_text(card, max_bytes, arena, text, &has_plan);
}

enum rc card_text_has_plan(const struct card *card, size_t max_bytes, struct arena *arena,
                           bool *has_plan)
{
    struct slice text;

    return make_text(card, max_bytes, arena, &text, has_plan);
}
