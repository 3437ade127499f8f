/* Where a proposal stands, in one line. */
#include "actions/channels/card_words.h"
#include "actions/proposal.h"
#include "actions/wording.h"

#include <inttypes.h>

/* Needed by rule; what an action asks beyond that, the deciders' line says. */
static int64_t n_needed(const struct card *card)
{
    return card->proposal->approvers.need > 1 ? card->proposal->approvers.need : 1;
}

/* "jane, john": those whose approval of this revision counts. */
static void add_approvers(struct buffer *words, const struct card *card)
{
    const struct decision *decisions = card->proposal->decisions.items;
    size_t n_added = 0;

    for (size_t i = 0; i < card->proposal->decisions.n_items; i++) {
        if (!proposal_approval_counts(card->proposal, &decisions[i]))
            continue;
        buffer_add_text(words, n_added++ ? ", " : "");
        shown_add_line(words, decisions[i].by);
    }
}

/* --- open --- */

static void say_open(struct buffer *words, const struct card *card)
{
    const struct proposal *proposal = card->proposal;
    size_t n_approvals = proposal_count_approvals(proposal);

    if (n_approvals) {
        buffer_format(words, "%zu of %" PRId64 " approvals: ", n_approvals, n_needed(card));
        add_approvers(words, card);
    } else {
        buffer_add_text(words, proposal->plan.n_items ? "waits for a decision"
                                                      : "waits for somebody to look at it");
    }
    if (proposal->acknowledged_by.len) {
        buffer_add_text(words, "; ");
        shown_add_line(words, proposal->acknowledged_by);
        buffer_add_text(words, " is on it");
    }
    if (proposal->snoozed_until_ms > card->now_ms) {
        buffer_add_text(words, "; snoozed until ");
        card_add_time(words, card, proposal->snoozed_until_ms);
        card_add_author(words, card, card_find_decision(card, VERDICT_SNOOZE));
    }
    if (card->is_paused && proposal->plan.n_items)
        buffer_add_text(words,
                        "; Vedette is paused: what is approved starts after `vedette resume`");
}

/* --- approved and under way --- */

/* To the second: a card is not posted anew while a hold runs down. */
static void add_instant(struct buffer *words, int64_t at_ms)
{
    char at[WHEN_BYTES]; /* 2026-11-21 08:01 UTC */

    when_format(at_ms, at);
    buffer_format(words, "%.5s:%02d UTC", at + sizeof("2026-11-21"),
                  (int)(at_ms % MINUTE_MS / SECOND_MS));
}

static void say_approved(struct buffer *words, const struct card *card)
{
    int64_t left_ms = card->proposal->hold_until_ms - card->now_ms;
    const struct decision *approval = card_find_decision(card, VERDICT_APPROVE);

    buffer_add_text(words, "approved by ");
    add_approvers(words, card);
    if (approval) {
        buffer_add_text(words, " at ");
        card_add_time(words, card, approval->at_ms);
    }
    if (card->is_paused)
        buffer_add_text(words, "; Vedette is paused: it starts after `vedette resume`");
    else if (left_ms > 0) {
        buffer_add_text(words, "; starts at ");
        add_instant(words, card->proposal->hold_until_ms + SECOND_MS - 1);
        buffer_add_text(words, " unless it is taken back");
    } else
        buffer_add_text(words, "; starts now");
}

/* The first step in one of the states; n_items when there is none. */
static size_t find_step(const struct card *card, enum step_state a, enum step_state b)
{
    const struct step *steps = card->proposal->plan.items;
    size_t i = 0;

    while (i < card->proposal->plan.n_items && steps[i].state != a && steps[i].state != b)
        i++;
    return i;
}

static void add_step(struct buffer *words, const struct card *card, size_t i)
{
    buffer_format(words, "step %zu of %zu (", i + 1, card->proposal->plan.n_items);
    shown_add_line(words, card_step_at(card, i)->action);
    buffer_add_text(words, ")");
}

static void say_running(struct buffer *words, const struct card *card)
{
    size_t i = find_step(card, STEP_RUNNING, STEP_CHECKING);

    if (i == card->proposal->plan.n_items) {
        buffer_add_text(words, "its steps are carried out");
    } else {
        bool is_checking = card_step_at(card, i)->state == STEP_CHECKING;

        add_step(words, card, i);
        buffer_add_text(words, is_checking ? " waits for its check" : " runs");
    }
    buffer_add_text(words, "; approved by ");
    add_approvers(words, card);
}

static void say_unknown(struct buffer *words, const struct card *card)
{
    size_t i = find_step(card, STEP_UNKNOWN, STEP_UNKNOWN);

    buffer_add_text(words, "nobody knows whether ");
    if (i == card->proposal->plan.n_items)
        buffer_add_text(words, "it");
    else
        add_step(words, card, i);
    buffer_add_text(words, " ran: look for yourself, then say so");
}

static void say_verifying(struct buffer *words, const struct card *card)
{
    const struct proposal *proposal = card->proposal;

    buffer_add_text(words, "done");
    if (proposal->verify == VERIFY_CHECK || !proposal->verify_until_ms) {
        buffer_add_text(words, "; a check now finds out whether it helped");
    } else {
        buffer_add_text(words, "; watched until ");
        card_add_time(words, card, proposal->verify_until_ms);
        buffer_add_text(words, " to see whether it helped");
    }
    buffer_add_text(words, "; approved by ");
    add_approvers(words, card);
}

/* --- over --- */

static void say_rejected(struct buffer *words, const struct card *card)
{
    const struct decision *rejection = card_find_decision(card, VERDICT_REJECT);
    int reason;

    buffer_add_text(words, "rejected");
    card_add_author(words, card, rejection);
    if (rejection && !slice_to_enum(rejection->reason, reason_names, &reason))
        buffer_format(words, ": %s", card_reasons[reason]);
    if (rejection && rejection->note.len) {
        buffer_add_text(words, " (");
        card_add_sentence(words, rejection->note);
        buffer_add_text(words, ")");
    }
    buffer_add_text(words, "; nothing ran");
}

/* What is said of a state and when, then its outcome, then what `end` adds and who told it. */
/* clang-format off */
static const struct state_words {
    void (*say)(struct buffer *words, const struct card *card);
    const char *text;
    const char *end;
    const char *told; /* by the author of `verdict` */
    enum verdict verdict;
} state_words[PROPOSAL_STATES] = {
    [PROPOSAL_OPEN]         = { .say = say_open },
    [PROPOSAL_APPROVED]     = { .say = say_approved },
    [PROPOSAL_RUNNING]      = { .say = say_running },
    [PROPOSAL_UNKNOWN]      = { .say = say_unknown },
    [PROPOSAL_VERIFYING]    = { .say = say_verifying },
    [PROPOSAL_REJECTED]     = { .say = say_rejected },
    [PROPOSAL_VERIFIED]     = { .text = "verified", .told = "; approved", .verdict = VERDICT_APPROVE },
    [PROPOSAL_RECURRED]     = { .text = "came back", .told = "; approved", .verdict = VERDICT_APPROVE },
    [PROPOSAL_INCONCLUSIVE] = { .text = "done, but whether it helped cannot be told", .told = "; approved", .verdict = VERDICT_APPROVE },
    [PROPOSAL_DONE]         = { .text = "done", .told = "; approved", .verdict = VERDICT_APPROVE },
    [PROPOSAL_FAILED]       = { .text = "failed", .told = "; approved", .verdict = VERDICT_APPROVE },
    [PROPOSAL_STALE]        = { .text = "dropped before it started", .told = "; approved", .verdict = VERDICT_APPROVE },
    [PROPOSAL_EXPIRED]      = { .text = "expired" },
    [PROPOSAL_WITHDRAWN]    = { .text = "withdrawn", .end = "; nothing ran" },
    [PROPOSAL_SUPERSEDED]   = { .text = "taken into another proposal", .end = "; nothing ran" },
    [PROPOSAL_UNDOING]      = { .text = "being undone", .told = "; told", .verdict = VERDICT_UNDO },
    [PROPOSAL_UNDONE]       = { .text = "undone", .told = "; told", .verdict = VERDICT_UNDO },
    [PROPOSAL_UNDO_FAILED]  = { .text = "undoing failed", .told = "; told", .verdict = VERDICT_UNDO },
    [PROPOSAL_UNDO_UNKNOWN] = { .text = "how the undoing ended is not known", .told = "; told", .verdict = VERDICT_UNDO },
};
/* clang-format on */

static void say_plainly(struct buffer *words, const struct card *card,
                        const struct state_words *state)
{
    const struct proposal *proposal = card->proposal;
    const struct decision *told = state->told ? card_find_decision(card, state->verdict) : NULL;

    buffer_add_text(words, state->text);
    if (proposal->closed_ms) {
        buffer_add_text(words, " at ");
        card_add_time(words, card, proposal->closed_ms);
    }
    if (proposal->outcome.len && proposal->state != PROPOSAL_UNDOING) {
        buffer_add_text(words, ": ");
        card_add_sentence(words, proposal->outcome);
    }
    if (state->end)
        buffer_add_text(words, state->end);
    if (told) {
        buffer_add_text(words, state->told);
        card_add_author(words, card, told);
    }
}

enum rc card_state(const struct card *card, struct arena *arena, struct slice *text)
{
    const struct state_words *state = &state_words[card->proposal->state];
    struct buffer words;

    buffer_init(&words, 0);
    if (state->say)
        state->say(&words, card);
    else
        say_plainly(&words, card, state);
    return card_end(&words, arena, text);
}
