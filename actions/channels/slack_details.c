/* The modal with all that is known of a proposal. */
#include "actions/channels/slack_blocks.h"
#include "actions/channels/slack_view.h"

#include "actions/channels/shown.h"
#include "actions/wording.h"

#include <inttypes.h>

#define LINE_CHARACTERS 600
#define EVIDENCE_CHARACTERS 2500 /* of each: its beginning and its end */
#define MAX_LINES 20
#define RESERVED_BLOCKS 10 /* so that much evidence leaves room for the decisions */

/* --- small pieces --- */

static struct slice end_words(struct slack_blocks *blocks, struct buffer *words)
{
    struct slice text = { 0 };
    enum rc rc = buffer_rc(words);

    slack_blocks_note(blocks, rc ? rc : arena_copy(blocks->arena, buffer_slice(words), &text));
    buffer_free(words);
    return text;
}

/* A line of foreign text makes no second one. */
static struct slice one_line(struct slack_blocks *blocks, struct slice text)
{
    struct buffer words;

    buffer_init(&words, 0);
    shown_add_line(&words, slice_trim(text));
    return end_words(blocks, &words);
}

/* A list under a title: nothing where it is empty. */
static void put_list(struct slack_blocks *blocks, const char *title, const struct slice *texts,
                     size_t n_texts)
{
    size_t n_shown = n_texts < MAX_LINES ? n_texts : MAX_LINES;

    if (!n_texts || !slack_rich_begin(blocks))
        return;
    slack_rich_line(blocks, slice_of(title), true, LINE_CHARACTERS);
    slack_rich_list_begin(blocks);
    for (size_t i = 0; i < n_shown; i++)
        slack_rich_item(blocks, one_line(blocks, texts[i]), LINE_CHARACTERS);
    if (n_shown < n_texts)
        slack_rich_line(blocks, SLICE("… and more"), false, LINE_CHARACTERS);
    slack_rich_list_end(blocks);
    slack_rich_end(blocks);
}

/* --- evidence --- */

static void name_evidence(struct buffer *words, const struct evidence *evidence)
{
    char captured[WHEN_BYTES];

    shown_add_line(words, evidence->id);
    buffer_add_text(words, " · ");
    shown_add_line(words, evidence->kind);
    if (evidence->source.len) {
        buffer_add_text(words, " · ");
        shown_add_line(words, evidence->source);
    }
    buffer_format(words, " · %s", evidence_state_names[evidence->state]);
    if (evidence->captured_ms)
        buffer_format(words, " at %s", when_format(evidence->captured_ms, captured));
    if (evidence->exited)
        buffer_format(words, " · exit code %" PRId64, evidence->exit_code);
    if (evidence->error.len) {
        buffer_add_text(words, " · ");
        shown_add_line(words, evidence->error);
    }
}

/* The first bytes of `text` that are at most `max` of them and whole characters, or the last. */
static struct slice first_bytes(struct slice text, size_t max)
{
    return text_cut(text, max, NULL);
}

static struct slice last_bytes(struct slice text, size_t max)
{
    size_t from = text.len - max;

    while (from < text.len && ((uint8_t)text.ptr[from] & 0xc0) == 0x80)
        from++;
    return (struct slice){ .ptr = text.ptr + from, .len = text.len - from };
}

/* What failed stands at the end of most outputs, and what it was at their beginning. */
static struct slice shorten(struct slack_blocks *blocks, const struct evidence *evidence,
                            bool *is_cut)
{
    struct slice text = evidence->text;
    struct buffer words;

    *is_cut = text.len > EVIDENCE_CHARACTERS;
    if (!*is_cut)
        return text;
    buffer_init(&words, 0);
    buffer_add(&words, first_bytes(text, EVIDENCE_CHARACTERS / 3));
    buffer_format(&words, "\n… %zu bytes are left out here …\n", text.len - EVIDENCE_CHARACTERS);
    buffer_add(&words, last_bytes(text, EVIDENCE_CHARACTERS - EVIDENCE_CHARACTERS / 3));
    return end_words(blocks, &words);
}

static void put_evidence(struct slack_blocks *blocks, const struct evidence *evidence)
{
    struct slice text, name, sizes = { 0 };
    struct buffer words;
    bool is_cut;

    buffer_init(&words, 0);
    name_evidence(&words, evidence);
    name = end_words(blocks, &words);
    text = shorten(blocks, evidence, &is_cut);
    if (is_cut || evidence->truncated)
        slack_blocks_note(blocks, arena_format(blocks->arena, &sizes,
                                               "Shown in part: %" PRId64
                                               " bytes were captured, %zu are kept",
                                               evidence->bytes, evidence->text.len));
    if (!slack_rich_begin(blocks))
        return;
    slack_rich_line(blocks, name, true, LINE_CHARACTERS);
    if (slice_trim(text).len)
        slack_rich_block(blocks, text, SLACK_TEXT);
    slack_rich_line(blocks, sizes, false, LINE_CHARACTERS);
    slack_rich_end(blocks);
}

static void put_all_evidence(struct slack_blocks *blocks, const struct card *card)
{
    const struct evidence *evidence = card->task ? card->task->evidence.items : NULL;
    size_t n_evidence = card->task ? card->task->evidence.n_items : 0, i = 0;
    struct slice more = { 0 };

    if (!n_evidence)
        slack_put_section(blocks, SLICE("No evidence is kept of this one"), LINE_CHARACTERS);
    for (; i < n_evidence && blocks->n_blocks + RESERVED_BLOCKS < blocks->max_blocks &&
           blocks->n_characters_left > 3 * SLACK_TEXT;
         i++)
        put_evidence(blocks, &evidence[i]);
    if (i == n_evidence)
        return;
    slack_blocks_note(blocks,
                      arena_format(blocks->arena, &more,
                                   "%zu more pieces of evidence do not fit here", n_evidence - i));
    slack_put_section(blocks, more, LINE_CHARACTERS);
}

/* --- what was made of it --- */

static void put_facts(struct slack_blocks *blocks, const struct card *card)
{
    struct slice_list facts = { 0 };

    slack_blocks_note(blocks, card_facts(card, MAX_LINES + 1, true, blocks->arena, &facts));
    put_list(blocks, "Facts", facts.items, facts.n_items);
}

static void add_ids(struct buffer *words, const char *before, const struct slice_list *ids)
{
    for (size_t i = 0; i < ids->n_items; i++) {
        buffer_add_text(words, i ? ", " : before);
        shown_add_line(words, ids->items[i]);
    }
}

static struct slice say_hypothesis(struct slack_blocks *blocks, const struct hypothesis *hypothesis)
{
    struct buffer words;

    buffer_init(&words, 0);
    if (hypothesis->result.len) {
        shown_add_line(&words, hypothesis->result);
        buffer_add_text(&words, ": ");
    }
    shown_add_line(&words, hypothesis->text);
    add_ids(&words, " · for: ", &hypothesis->supports);
    add_ids(&words, " · against: ", &hypothesis->refutes);
    return end_words(blocks, &words);
}

static void put_hypotheses(struct slack_blocks *blocks, const struct card *card)
{
    const struct record_list *list = &card->proposal->diagnosis.hypotheses;
    struct slice texts[MAX_LINES];
    size_t n_shown = list->n_items < MAX_LINES ? list->n_items : MAX_LINES;

    for (size_t i = 0; i < n_shown; i++)
        texts[i] = say_hypothesis(blocks, &((const struct hypothesis *)list->items)[i]);
    put_list(blocks, "What it may be", texts, n_shown);
}

static void put_diagnosis(struct slack_blocks *blocks, const struct card *card)
{
    const struct diagnosis *diagnosis = &card->proposal->diagnosis;
    struct slice conclusion = { 0 };

    slack_blocks_note(blocks, card_conclusion(card, blocks->arena, &conclusion));
    slack_put_section(blocks, card_capital(conclusion, blocks->arena), SLACK_TEXT);
    slack_put_section(blocks, one_line(blocks, diagnosis->summary), SLACK_TEXT);
    put_facts(blocks, card);
    put_hypotheses(blocks, card);
    put_list(blocks, "What is not proven", diagnosis->proof_gaps.items,
             diagnosis->proof_gaps.n_items);
    put_list(blocks, "What would tell", &diagnosis->next_evidence,
             diagnosis->next_evidence.len != 0);
}

static void put_scope(struct slack_blocks *blocks, const struct card *card)
{
    if (!card->task)
        return;
    put_list(blocks, "The question", &card->task->question, card->task->question.len != 0);
    put_list(blocks, "Looked at", card->task->scope.in.items, card->task->scope.in.n_items);
    put_list(blocks, "Not looked at", card->task->scope.out.items, card->task->scope.out.n_items);
}

/* --- decisions --- */

static struct slice say_decision(struct slack_blocks *blocks, const struct decision *decision)
{
    char when[WHEN_BYTES];
    struct buffer words;

    buffer_init(&words, 0);
    buffer_format(&words, "%s: ", when_format(decision->at_ms, when));
    buffer_add_text(&words, verdict_names[decision->verdict]);
    buffer_add_text(&words, " by ");
    shown_add_line(&words, decision->by);
    buffer_add_text(&words, " via ");
    shown_add_line(&words, decision->via);
    buffer_format(&words, ", revision %" PRId64, decision->revision);
    if (decision->reason.len || decision->settle.len) {
        buffer_add_text(&words, " · ");
        shown_add_line(&words, decision->reason.len ? decision->reason : decision->settle);
    }
    if (decision->note.len) {
        buffer_add_text(&words, " · ");
        shown_add_line(&words, decision->note);
    }
    if (decision->is_void)
        buffer_add_text(&words, " (void: given to an earlier revision, or taken back)");
    return end_words(blocks, &words);
}

/* The newest ones, oldest first. */
static void put_decisions(struct slack_blocks *blocks, const struct card *card)
{
    const struct record_list *list = &card->proposal->decisions;
    const struct decision *decisions = list->items;
    size_t n_shown = list->n_items < MAX_LINES ? list->n_items : MAX_LINES;
    struct slice texts[MAX_LINES];

    for (size_t i = 0; i < n_shown; i++)
        texts[i] = say_decision(blocks, &decisions[list->n_items - n_shown + i]);
    put_list(blocks, n_shown < list->n_items ? "The last decisions" : "Decisions so far", texts,
             n_shown);
}

static void put_end(struct slack_blocks *blocks, const struct card *card)
{
    struct slice elsewhere = { 0 }, text = { 0 };

    slack_blocks_note(blocks, card_elsewhere(card, "show", blocks->arena, &elsewhere));
    slack_blocks_note(
        blocks, arena_format(blocks->arena, &text, "All of it is %.*s", SLICE_ARG(elsewhere)));
    slack_put_context(blocks, &text, 1, LINE_CHARACTERS);
}

/* What was measured last is written last, so that evidence takes only what is left. */
static void put_details(struct slack_blocks *blocks, const struct card *card)
{
    struct slice headline = { 0 };

    slack_blocks_note(blocks, card_headline(card, blocks->arena, &headline));
    slack_put_section(blocks, card_capital(headline, blocks->arena), SLACK_TEXT);
    put_diagnosis(blocks, card);
    put_all_evidence(blocks, card);
    put_scope(blocks, card);
    put_decisions(blocks, card);
    put_end(blocks, card);
}

enum rc slack_view_details(const struct card *card, struct slice metadata, struct arena *arena,
                           struct slice *view)
{
    static const struct slack_view details = {
        .callback_id = "details", .title = "What is known", .close = "Close", .put = put_details
    };

    return slack_view_make(&details, card, metadata, arena, view);
}
