/* What was proposed for this signal before, and what became of it. */
#include "actions/evidence.h"

#include "actions/evidence_text.h"
#include "actions/wording.h"

#define MAX_SIMILAR 20
#define NOTE_SHOWN_BYTES 120
#define SCRATCH_BYTES ((size_t)8 << 20) /* one proposal with the outputs of its steps */

static void add_plan(const struct proposal *proposal, struct buffer *out)
{
    const struct step *steps = proposal->plan.items;

    buffer_add_text(out, "proposed ");
    for (size_t i = 0; i < proposal->plan.n_items; i++) {
        if (i)
            buffer_add_text(out, ", then ");
        buffer_add_shown(out, steps[i].action);
    }
    if (!proposal->plan.n_items)
        buffer_add_text(out, "no action");
}

/* The approval or rejection that stands; NULL when nobody decided. */
static const struct decision *find_decision(const struct proposal *proposal)
{
    const struct decision *decisions = proposal->decisions.items;

    for (size_t i = proposal->decisions.n_items; i > 0; i--) {
        const struct decision *decision = &decisions[i - 1];

        if ((decision->verdict == VERDICT_APPROVE || decision->verdict == VERDICT_REJECT) &&
            !decision->is_void)
            return decision;
    }
    return NULL;
}

static void add_decision(const struct decision *decision, struct buffer *out)
{
    struct slice note = decision->note;

    buffer_add_text(out,
                    decision->verdict == VERDICT_APPROVE ? "; approved by " : "; rejected by ");
    buffer_add_shown(out, decision->by);
    if (decision->reason.len) {
        buffer_add_text(out, " (");
        buffer_add_shown(out, decision->reason);
        buffer_add_text(out, ")");
    }
    note = slice_trim(slice_cut(&note, '\n'));
    if (note.len) {
        buffer_add_text(out, ", saying \"");
        buffer_add_shown(out, text_cut(note, NOTE_SHOWN_BYTES, NULL));
        buffer_add_text(out, "\"");
    }
}

/* kmwrt, 3 days ago: proposed rerun-failed-jobs; approved by jane; verified */
static void add_line(const struct proposal *proposal, int64_t now_ms, struct buffer *out)
{
    const struct decision *decision = find_decision(proposal);
    char ago[TIME_TEXT_BYTES];

    buffer_add_byte(out, '\n');
    buffer_add_shown(out, proposal->short_id);
    buffer_format(out, ", %s ago: ", duration_format_rough(now_ms - proposal->created_ms, ago));
    add_plan(proposal, out);
    if (decision)
        add_decision(decision, out);
    else
        buffer_add_text(out, "; nobody decided");
    if (proposal->state != PROPOSAL_REJECTED)
        buffer_format(out, "; %s", proposal_state_names[proposal->state]);
}

static enum rc add_lines(struct store_txn *txn, const struct ulid_list *ids, size_t limit,
                         int64_t now_ms, struct buffer *lines, size_t *n_lines)
{
    struct arena *scratch = NULL;
    enum rc rc = arena_new(SCRATCH_BYTES, &scratch);

    for (size_t i = 0; i < ids->n_items && *n_lines < limit && !rc; i++) {
        struct proposal proposal;

        arena_reset(scratch);
        rc = proposal_get(txn, ids->items[i], scratch, &proposal);
        if (rc == RC_NOT_FOUND || rc == RC_CORRUPT) {
            rc = RC_OK; /* one damaged row costs only itself */
            continue;
        }
        if (rc || proposal.state == PROPOSAL_OPEN)
            continue;
        add_line(&proposal, now_ms, lines);
        (*n_lines)++;
    }
    arena_free(scratch);
    return rc;
}

static enum rc hold_similar(struct slice lines, size_t n_lines, int64_t now_ms, struct arena *arena,
                            struct evidence *evidence)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    if (n_lines)
        buffer_format(&text, "%zu earlier proposal%s for this signal:", n_lines,
                      n_lines == 1 ? "" : "s");
    else
        buffer_add_text(&text, "Nothing was proposed for this signal before.");
    buffer_add(&text, lines);
    rc = buffer_rc(&text);
    if (!rc)
        rc = evidence_hold(evidence, "similar", SLICE("proposals of this signal"),
                           buffer_slice(&text), now_ms, arena);
    buffer_free(&text);
    return rc;
}

enum rc evidence_similar(struct store_txn *txn, const struct signal *signal, int64_t limit,
                         int64_t now_ms, struct arena *arena, struct evidence *evidence)
{
    size_t n_wanted = limit < 1 ? 1 : limit > MAX_SIMILAR ? MAX_SIMILAR : (size_t)limit;
    struct ulid_list ids = { 0 };
    struct buffer lines;
    size_t n_lines = 0;
    enum rc rc;

    buffer_init(&lines, 0);
    /* One more: the newest may be the one that is open now. */
    rc = proposal_list_of_signal(txn, signal->fingerprint, n_wanted + 1, arena, &ids);
    if (!rc)
        rc = add_lines(txn, &ids, n_wanted, now_ms, &lines, &n_lines);
    if (!rc)
        rc = buffer_rc(&lines);
    if (!rc)
        rc = hold_similar(buffer_slice(&lines), n_lines, now_ms, arena, evidence);
    buffer_free(&lines);
    return rc;
}
