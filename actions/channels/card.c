#include "actions/channels/card.h"

#include "actions/channels/card_words.h"
#include "actions/wording.h"
#include "src/base/commit_range.h"

#include <inttypes.h>
#include <string.h>

#define PLAN_DIGEST_SHOWN 12 /* as the page and the command line show it */

/* --- sentences --- */

enum rc card_end(struct buffer *words, struct arena *arena, struct slice *text)
{
    enum rc rc = buffer_rc(words);

    if (!rc)
        rc = arena_copy(arena, buffer_slice(words), text);
    buffer_free(words);
    return rc;
}

void card_add_time(struct buffer *words, const struct card *card, int64_t at_ms)
{
    char at[WHEN_BYTES], now[WHEN_BYTES]; /* 2026-11-21 08:01 UTC */

    when_format(at_ms, at);
    when_format(card->now_ms, now);
    buffer_add_text(words, memcmp(at, now, sizeof("2026-11-21")) ? at : at + sizeof("2026-11-21"));
}

void card_add_sentence(struct buffer *words, struct slice text)
{
    text = slice_trim(text);
    if (slice_ends(text, SLICE(".")) && !slice_ends(text, SLICE("..")))
        text.len--;
    shown_add_line(words, text);
}

const struct decision *card_find_decision(const struct card *card, enum verdict verdict)
{
    const struct decision *decisions = card->proposal->decisions.items;

    for (size_t i = card->proposal->decisions.n_items; i > 0; i--)
        if (decisions[i - 1].verdict == verdict && !decisions[i - 1].is_void)
            return &decisions[i - 1];
    return NULL;
}

void card_add_author(struct buffer *words, const struct card *card, const struct decision *decision)
{
    if (!decision)
        return;
    buffer_add_text(words, " by ");
    shown_add_line(words, decision->by);
    buffer_add_text(words, " at ");
    card_add_time(words, card, decision->at_ms);
}

struct slice card_capital(struct slice sentence, struct arena *arena)
{
    struct slice copy;

    if (!sentence.len || sentence.ptr[0] < 'a' || sentence.ptr[0] > 'z' ||
        arena_format(arena, &copy, "%c%.*s", sentence.ptr[0] - 'a' + 'A', (int)sentence.len - 1,
                     sentence.ptr + 1))
        return sentence;
    return copy;
}

/* --- what happened --- */

/* While its own episode lasts, the signal knows more than the proposal. */
static const struct signal *current_signal(const struct card *card)
{
    return card->signal && card->signal->episode == card->proposal->episode ? card->signal : NULL;
}

enum rc card_headline(const struct card *card, struct arena *arena, struct slice *text)
{
    struct buffer words;
    struct slice title = slice_trim(card->proposal->title);

    buffer_init(&words, 0);
    buffer_format(&words, "%s: ", severity_names[card->proposal->severity]);
    shown_add_line(&words, title.len ? title : card->proposal->rule);
    return card_end(&words, arena, text);
}

static void add_occurrence(struct buffer *words, const struct card *card)
{
    const struct proposal *proposal = card->proposal;
    const struct signal *signal = current_signal(card);
    int64_t count = signal ? signal->count : proposal->count;
    int64_t first_ms = signal ? signal->first_seen_ms : proposal->first_seen_ms;
    int64_t last_ms = signal ? signal->last_seen_ms : proposal->last_seen_ms;
    char over[TIME_TEXT_BYTES];

    if (count <= 1) {
        buffer_add_text(words, "once, at ");
        card_add_time(words, card, first_ms);
        return;
    }
    buffer_format(words, "%" PRId64 " times since ", count);
    card_add_time(words, card, first_ms);
    buffer_add_text(words, ", last ");
    card_add_time(words, card, last_ms);
    if (last_ms - first_ms >= MINUTE_MS)
        buffer_format(words, " (over %s)", duration_format_rough(last_ms - first_ms, over));
}

static int64_t n_signals(const struct card *card)
{
    return (int64_t)card->proposal->signals.n_items + card->proposal->n_more;
}

enum rc card_when(const struct card *card, struct arena *arena, struct slice *text)
{
    const struct signal *signal = current_signal(card);
    struct buffer words;

    buffer_init(&words, 0);
    add_occurrence(&words, card);
    if (signal && signal->state == SIGNAL_RESOLVED && signal->resolved_ms) {
        buffer_add_text(&words, "; well again since ");
        card_add_time(&words, card, signal->resolved_ms);
    }
    if (n_signals(card) > 1)
        buffer_format(&words, "; %" PRId64 " signals together", n_signals(card));
    return card_end(&words, arena, text);
}

enum rc card_others(const struct card *card, struct arena *arena, struct slice *text)
{
    int64_t n_left = n_signals(card) - 1 - (int64_t)card->n_others;
    struct buffer words;

    *text = (struct slice){ 0 };
    if (n_signals(card) < 2)
        return RC_OK;
    buffer_init(&words, 0);
    buffer_add_text(&words, "together with ");
    for (size_t i = 0; i < card->n_others; i++) {
        const struct card_other *other = &card->others[i];

        buffer_add_text(&words, i ? " · " : "");
        shown_add_line(&words, other->title.len ? other->title : SLICE("(no title)"));
        buffer_add_text(&words, other->is_well ? " (well again)" : "");
    }
    if (n_left > 0)
        buffer_format(&words, "%s%" PRId64 " more", card->n_others ? " · " : "", n_left);
    return card_end(&words, arena, text);
}

enum rc card_subject(const struct card *card, struct arena *arena, struct slice *text)
{
    const struct slice_list *key = &card->proposal->key;
    struct buffer words;

    buffer_init(&words, 0);
    buffer_add_text(&words, "rule ");
    shown_add_line(&words, card->proposal->rule);
    for (size_t i = 0; i < key->n_items; i++) {
        buffer_add_text(&words, i ? " · " : ": ");
        shown_add_line(&words, key->items[i].len ? key->items[i] : SLICE("(empty)"));
    }
    return card_end(&words, arena, text);
}

enum rc card_commits(const struct card *card, struct arena *arena, struct slice *text)
{
    struct buffer range, words;

    *text = (struct slice){ 0 };
    if (!card->proposal->first_bad.len)
        return RC_OK;
    buffer_init(&range, 0);
    buffer_init(&words, 0);
    buffer_add_commit_range(&range, card->proposal->last_good, card->proposal->first_bad);
    shown_add_line(&words, buffer_slice(&range));
    words.failed = words.failed || range.failed;
    buffer_free(&range);
    return card_end(&words, arena, text);
}

enum rc card_earlier(const struct card *card, struct arena *arena, struct slice *text)
{
    struct buffer words;

    *text = (struct slice){ 0 };
    if (!card->proposal->earlier_outcome.len)
        return RC_OK;
    buffer_init(&words, 0);
    buffer_add_text(&words, "proposed before: ");
    card_add_sentence(&words, card->proposal->earlier_outcome);
    return card_end(&words, arena, text);
}

enum rc card_borrowed(const struct card *card, struct arena *arena, struct slice *text)
{
    (void)arena;
    *text = card->proposal->is_borrowed ? SLICE("above the review budget: critical ones may borrow")
                                        : (struct slice){ 0 };
    return RC_OK;
}

struct slice card_source_url(const struct card *card, struct arena *arena)
{
    struct slice url = { 0 }, found;
    struct json *event = NULL;
    struct json_fault fault;

    if (!card->signal || !card->signal->last_event.len ||
        json_parse(card->signal->last_event, JSON_LIMITS_DEFAULT, &event, &fault))
        return url;
    found = json_string(json_get_text(event, "url"));
    if ((slice_starts(found, SLICE("https://")) || slice_starts(found, SLICE("http://"))) &&
        shown_is_same(found) && !slice_has_control(found) && arena_copy(arena, found, &url))
        url = (struct slice){ 0 };
    json_free(event);
    return url;
}

/* --- deciding --- */

enum rc card_expiry(const struct card *card, struct arena *arena, struct slice *text)
{
    struct buffer words;

    *text = (struct slice){ 0 };
    if (card->proposal->state != PROPOSAL_OPEN)
        return RC_OK;
    buffer_init(&words, 0);
    buffer_add_text(&words, "expires ");
    card_add_time(&words, card, card->proposal->expires_ms);
    buffer_add_text(&words, ", then nothing happens");
    return card_end(&words, arena, text);
}

enum rc card_track_record(const struct card *card, struct arena *arena, struct slice *text)
{
    const struct track_record *record = &card->proposal->track_record;
    const struct {
        int64_t n;
        const char *what;
    } parts[] = {
        { record->approved, "approved" },  { record->rejected, "rejected" },
        { record->ignored, "ignored" },    { record->verified, "verified" },
        { record->recurred, "came back" },
    };
    struct buffer words;

    if (!record->proposed)
        return arena_format(arena, text, "the first proposal of this rule");
    buffer_init(&words, 0);
    buffer_format(&words, "this rule before: %" PRId64 " proposed", record->proposed);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        if (parts[i].n)
            buffer_format(&words, ", %" PRId64 " %s", parts[i].n, parts[i].what);
    return card_end(&words, arena, text);
}

enum rc card_deciders(const struct card *card, struct arena *arena, struct slice *text)
{
    struct buffer words;

    if (!card->deciders.len)
        return arena_format(arena, text, "nobody may decide: no approvers are configured");
    buffer_init(&words, 0);
    buffer_add_text(&words, "may be decided by ");
    shown_add_line(&words, card->deciders);
    if (card->proposal->approvers.need > 1)
        buffer_format(&words, "; %" PRId64 " approvals are needed", card->proposal->approvers.need);
    return card_end(&words, arena, text);
}

enum rc card_name(const struct card *card, struct arena *arena, struct slice *text)
{
    struct slice digest = card->proposal->plan_digest;
    struct buffer words;

    buffer_init(&words, 0);
    buffer_add_text(&words, "proposal ");
    shown_add_line(&words, card->proposal->short_id);
    if (card->proposal->revision > 1)
        buffer_format(&words, ", revision %" PRId64, card->proposal->revision);
    if (digest.len && card->proposal->plan.n_items) {
        buffer_add_text(&words, ", plan ");
        shown_add_line(&words, text_cut(digest, PLAN_DIGEST_SHOWN, NULL));
    }
    return card_end(&words, arena, text);
}

enum rc card_elsewhere(const struct card *card, const char *command, struct arena *arena,
                       struct slice *text)
{
    struct buffer words;

    buffer_init(&words, 0);
    if (card->page_url.len) {
        buffer_add_text(&words, "on ");
        shown_add_line(&words, card->page_url);
        buffer_add_text(&words, " or ");
    }
    buffer_format(&words, "with `vedette %s ", command);
    shown_add_line(&words, card->proposal->short_id);
    buffer_add_text(&words, "`");
    return card_end(&words, arena, text);
}
