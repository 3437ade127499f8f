/* A delivery of any sender as somebody kept it: refused with a status, or read as events that are whole, have their sender's name and come out the same a second time.
 *
 * Input: a line with the sender's name (any other: its first byte picks one), then as in request.h. */
#include "tests/fuzz/request.h"
#include "watchers/senders/sender.h"

static const struct watchers *all_senders(void)
{
    static struct watchers *watchers;
    static struct arena *kept;

    if (!kept) {
        kept = fuzz_arena();
        CLAIM(watchers_of_senders(kept, &watchers) == RC_OK);
    }
    return watchers;
}

static const struct webhook *pick_sender(const struct watchers *watchers, struct slice line)
{
    const struct webhook *named = watchers_find_webhook(watchers, line);
    unsigned first = fuzz_cut_byte(&line);

    return named ? named : watchers_webhook_at(watchers, first % watchers_count(watchers));
}

static bool is_word(struct slice text, const char *const *words)
{
    int i;

    return slice_is_absent(text) || slice_to_enum(text, words, &i) == RC_OK;
}

/* Rules compare these with words of their own. */
static void claim_vocabulary(const struct event *event, const struct sender *sender)
{
    static const char *const states[] = { "failing", "ok", "info", NULL };
    static const char *const severities[] = { "low", "medium", "high", "critical", NULL };
    static const char *const levels[] = { "run", "job", "check", NULL };

    CLAIM(is_word(event->fields[FIELD_STATE], states));
    CLAIM(is_word(event->fields[FIELD_SEVERITY], severities));
    CLAIM(is_word(event->fields[FIELD_LEVEL], levels));
    CLAIM(is_word(event->fields[FIELD_KIND], sender->kinds));
}

static void claim_theirs(const struct event *event, const struct sender *sender)
{
    const struct slice name = slice_of(sender->name), type = event->fields[FIELD_TYPE];

    if (slice_is_absent(type))
        return;
    CLAIM(slice_starts(type, name));
    CLAIM(type.len == name.len || (type.len > name.len + 1 && type.ptr[name.len] == '.'));
    /* A condition that goes red or green has a name to be known by, unless the payload has lost what it is made of, or only its user knows what that is. */
    if (sender->types && (slice_eq(event->fields[FIELD_STATE], SLICE("failing")) ||
                          slice_eq(event->fields[FIELD_STATE], SLICE("ok"))))
        CLAIM(event->fields[FIELD_SUBJECT].len || event->drift.len);
}

static void claim_same(const struct event *event, const struct event *again)
{
    struct buffer first = fuzz_event_json(event), second = fuzz_event_json(again);

    CLAIM(slice_eq(buffer_slice(&first), buffer_slice(&second)));
    buffer_free(&first);
    buffer_free(&second);
}

static void claim_events(const struct watchers *watchers, const struct sender *sender,
                         const struct journal_entry *entry, struct arena *arena)
{
    struct event_list events = { 0 }, again = { 0 };

    CLAIM(watchers_events(watchers, entry, arena, &events) == RC_OK);
    CLAIM(watchers_events(watchers, entry, arena, &again) == RC_OK);
    CLAIM(events.n_items >= 1 && events.n_items <= SENDER_MAX_EVENTS);
    CLAIM(events.n_items == again.n_items);
    for (size_t i = 0; i < events.n_items; i++) {
        fuzz_claim_whole(&events.items[i]);
        claim_vocabulary(&events.items[i], sender);
        claim_theirs(&events.items[i], sender);
        claim_same(&events.items[i], &again.items[i]);
    }
    event_list_free(&events);
    event_list_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct watchers *watchers = all_senders();
    struct header headers[FUZZ_MAX_HEADERS];
    struct webhook_request request = { .received_ms = FUZZ_NOW_MS, .real_ms = FUZZ_NOW_MS };
    struct slice rest = fuzz_input(data, size);
    const struct webhook *hook = pick_sender(watchers, slice_cut(&rest, '\n'));
    struct arena *arena = fuzz_arena();
    struct webhook_answer answer;

    fuzz_cut_headers(&rest, &request, headers);
    request.body = rest;
    CLAIM(webhook_receive_recorded(hook, &request, arena, &answer) == RC_OK);
    if (answer.status) {
        CLAIM(answer.status >= 400 && answer.reason && answer.title);
        CLAIM(slice_is_utf8(answer.detail));
    } else {
        CLAIM(answer.entry.delivery_id.len && answer.dedup_ms > 0);
        claim_events(watchers, sender_find(webhook_sender(hook)), &answer.entry, arena);
    }
    arena_free(arena);
    return 0;
}
