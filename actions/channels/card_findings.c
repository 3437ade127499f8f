/* What is known of the cause, and how well. */
#include "actions/channels/card_words.h"

/* clang-format off */
static const struct certainty {
    const char *text;
    bool has_confidence;
} certainties[] = {
    [DIAGNOSIS_UNRESOLVED]         = { "no cause found" },
    [DIAGNOSIS_REPRODUCED_SYMPTOM] = { "symptom reproduced, cause not known", true },
    [DIAGNOSIS_NARROWED_CAUSE]     = { "a suspect, not proven", true },
    [DIAGNOSIS_LIKELY_CAUSE]       = { "likely cause", true },
    [DIAGNOSIS_CONFIRMED_CAUSE]    = { "confirmed cause", true },
};
/* clang-format on */

enum rc card_conclusion(const struct card *card, struct arena *arena, struct slice *text)
{
    const struct diagnosis *diagnosis = &card->proposal->diagnosis;
    const struct certainty *certainty = &certainties[diagnosis->status];
    const struct conclusion *conclusion = &diagnosis->conclusion;
    struct slice said = conclusion->text.len ? conclusion->text : diagnosis->summary;
    struct buffer words;
    bool is_ours = slice_eq(diagnosis->by, SLICE("vedette"));

    buffer_init(&words, 0);
    buffer_add_text(&words, certainty->text);
    if (certainty->has_confidence)
        buffer_format(&words, " (%.0f %% sure)", 100 * conclusion->confidence);
    /* What our own diagnosis says of finding nothing, and of what it does not claim, the words before it say. */
    if (said.len && !(is_ours && diagnosis->status == DIAGNOSIS_UNRESOLVED)) {
        buffer_add_text(&words, ": ");
        card_add_sentence(&words, said);
    }
    if (conclusion->boundary.len && !is_ours) {
        buffer_add_text(&words, ". ");
        card_add_sentence(&words, conclusion->boundary);
    }
    return card_end(&words, arena, text);
}

/* Of the signal's earlier proposals, that there are none: one line, and no list below it. */
static bool is_of_nothing_before(const struct card *card, const struct fact *fact)
{
    const struct evidence *evidence = card->task ? card->task->evidence.items : NULL;
    size_t offset;

    for (size_t i = 0; card->task && i < card->task->evidence.n_items; i++)
        if (slice_eq(evidence[i].id, fact->evidence.items[0]))
            return slice_eq(evidence[i].kind, SLICE("similar")) &&
                   slice_find(evidence[i].text, SLICE("\n"), &offset) != RC_OK;
    return false;
}

/* What our own diagnosis says without evidence is in the headline and in card_when; the change that it concludes from ("The last change before it: …") is in the conclusion. */
static bool is_told_already(const struct card *card, const struct fact *fact)
{
    const struct diagnosis *diagnosis = &card->proposal->diagnosis;
    struct slice change = fact->text;
    size_t offset;

    if (!slice_eq(diagnosis->by, SLICE("vedette")))
        return false;
    slice_cut(&change, ':');
    change = slice_trim(change);
    return !fact->evidence.n_items || is_of_nothing_before(card, fact) ||
           (change.len && !slice_find(diagnosis->conclusion.text, change, &offset));
}

static enum rc tell_fact(const struct fact *fact, bool cites, struct arena *arena,
                         struct slice *text)
{
    struct buffer words;

    buffer_init(&words, 0);
    card_add_sentence(&words, fact->text);
    for (size_t i = 0; cites && i < fact->evidence.n_items; i++) {
        buffer_add_text(&words, i ? ", " : " [");
        shown_add_line(&words, fact->evidence.items[i]);
    }
    if (cites && fact->evidence.n_items)
        buffer_add_text(&words, "]");
    return card_end(&words, arena, text);
}

/* Those that cite evidence carry more than those that do not. */
static enum rc add_facts(const struct card *card, bool with_evidence, bool cites, size_t n_max,
                         struct arena *arena, struct slice_list *facts)
{
    const struct record_list *list = &card->proposal->diagnosis.facts;
    const struct fact *items = list->items;
    enum rc rc = RC_OK;

    for (size_t i = 0; !rc && i < list->n_items && facts->n_items < n_max; i++) {
        if ((items[i].evidence.n_items > 0) != with_evidence || is_told_already(card, &items[i]) ||
            !slice_trim(items[i].text).len)
            continue;
        rc = tell_fact(&items[i], cites, arena, &facts->items[facts->n_items++]);
    }
    return rc;
}

enum rc card_facts(const struct card *card, size_t n_max, bool cites, struct arena *arena,
                   struct slice_list *facts)
{
    enum rc rc;

    *facts = (struct slice_list){ 0 };
    facts->items = arena_alloc(arena, n_max ? n_max : 1, sizeof(*facts->items));
    if (!facts->items)
        return RC_NO_MEMORY;
    rc = add_facts(card, true, cites, n_max, arena, facts);
    return rc ? rc : add_facts(card, false, cites, n_max, arena, facts);
}
