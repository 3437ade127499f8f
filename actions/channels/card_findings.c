/* What is known of the cause, and how well. */
#include "actions/channels/card_words.h"

/* clang-format off */
static const struct certainty {
    const char *text;
    bool has_confidence;
} certainties[] = {
    [DIAGNOSIS_UNRESOLVED]         = { "no cause found" },
    [DIAGNOSIS_REPRODUCED_SYMPTOM] = { "symptom reproduced, cause not known", true },
    [DIAGNOSIS_NARROWED_CAUSE]     = { "cause narrowed down, not known", true },
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
    bool is_known_to_be_nothing =
        diagnosis->status == DIAGNOSIS_UNRESOLVED && slice_eq(diagnosis->by, SLICE("vedette"));

    buffer_init(&words, 0);
    buffer_add_text(&words, certainty->text);
    if (certainty->has_confidence)
        buffer_format(&words, " (%.1f)", conclusion->confidence);
    if (said.len && !is_known_to_be_nothing) { /* our own says only that again */
        buffer_add_text(&words, ": ");
        card_add_sentence(&words, said);
    }
    if (conclusion->boundary.len) {
        buffer_add_text(&words, ". ");
        card_add_sentence(&words, conclusion->boundary);
    }
    return card_end(&words, arena, text);
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
    return !fact->evidence.n_items ||
           (change.len && !slice_find(diagnosis->conclusion.text, change, &offset));
}

static enum rc tell_fact(const struct fact *fact, struct arena *arena, struct slice *text)
{
    struct buffer words;

    buffer_init(&words, 0);
    card_add_sentence(&words, fact->text);
    for (size_t i = 0; i < fact->evidence.n_items; i++) {
        buffer_add_text(&words, i ? ", " : " [");
        shown_add_line(&words, fact->evidence.items[i]);
    }
    if (fact->evidence.n_items)
        buffer_add_text(&words, "]");
    return card_end(&words, arena, text);
}

/* Those that cite evidence carry more than those that do not. */
static enum rc add_facts(const struct card *card, bool with_evidence, size_t n_max,
                         struct arena *arena, struct slice_list *facts)
{
    const struct record_list *list = &card->proposal->diagnosis.facts;
    const struct fact *items = list->items;
    enum rc rc = RC_OK;

    for (size_t i = 0; !rc && i < list->n_items && facts->n_items < n_max; i++) {
        if ((items[i].evidence.n_items > 0) != with_evidence || is_told_already(card, &items[i]) ||
            !slice_trim(items[i].text).len)
            continue;
        rc = tell_fact(&items[i], arena, &facts->items[facts->n_items++]);
    }
    return rc;
}

enum rc card_facts(const struct card *card, size_t n_max, struct arena *arena,
                   struct slice_list *facts)
{
    enum rc rc;

    *facts = (struct slice_list){ 0 };
    facts->items = arena_alloc(arena, n_max ? n_max : 1, sizeof(*facts->items));
    if (!facts->items)
        return RC_NO_MEMORY;
    rc = add_facts(card, true, n_max, arena, facts);
    return rc ? rc : add_facts(card, false, n_max, arena, facts);
}
