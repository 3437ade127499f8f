#include "src/daemon/posting_private.h"

#include "src/daemon/budget_facts.h"
#include "src/store/held.h"

#include "actions/channels/shown.h"

#define FIRST_ONES 5
#define LOOK_ARENA_BYTES ((size_t)16 << 20)
#define DIGEST_BYTES 4096

struct digest_look {
    struct posting *posting;
    const struct config *config; /* held */
    struct store_txn *txn;
    struct arena *arena;
    struct budget_facts facts;
    int64_t now_ms; /* real, as what is stored */
    int64_t n_gone; /* of the digest that is written */
};

/* --- its words --- */

static void add_first_ones(struct digest_look *look, struct buffer *words)
{
    struct held_place place = { .reason = HOLD_BUDGET };
    int64_t n = 0;

    while (n < FIRST_ONES && !held_next(look->txn, &place)) {
        struct signal signal = { 0 };

        if (signal_get(look->txn, place.signal, look->arena, &signal))
            continue;
        buffer_format(words, "\n%s: ", severity_names[place.severity]);
        shown_add_line(words, signal.title);
        n++;
    }
    if (n && look->facts.n_queued > n)
        buffer_format(words, "\nand %lld more", (long long)(look->facts.n_queued - n));
}

static void add_queue(struct digest_look *look, struct buffer *words)
{
    const struct budget_facts *facts = &look->facts;
    bool is_one = facts->n_queued == 1;

    if (!facts->n_queued)
        return;
    buffer_format(words, "%lld more signal%s fire%s and wait%s for the review budget (",
                  (long long)facts->n_queued, is_one ? "" : "s", is_one ? "s" : "",
                  is_one ? "s" : "");
    budget_facts_count(facts, words);
    buffer_add_text(words, ")");
    if (budget_is_full(&facts->use)) {
        buffer_add_text(words, ": ");
        budget_describe(&facts->use, words);
    }
    buffer_add_text(words, ".");
    add_first_ones(look, words);
    buffer_add_text(words, "\n");
}

static void add_gone(int64_t n_gone, struct buffer *words)
{
    if (n_gone > 0)
        buffer_format(words, "%lld signal%s came and went while waiting for it.\n",
                      (long long)n_gone, n_gone == 1 ? "" : "s");
}

static enum rc write_words(struct send *send, void *context, struct slice *text)
{
    struct digest_look *look = context;
    struct slice url = look->config->public_url;
    struct buffer words;
    enum rc rc;

    buffer_init(&words, DIGEST_BYTES);
    add_queue(look, &words);
    add_gone(look->n_gone, &words);
    buffer_format(&words,
                  "Nothing is dropped: all of them are counted on, and are on the page%s%.*s",
                  url.len ? ": " : "", SLICE_ARG(url));
    rc = buffer_rc(&words);
    if (!rc)
        rc = arena_copy(send->arena, buffer_slice(&words), text);
    buffer_free(&words);
    return rc;
}

/* --- when --- */

/* It would not be shown the first of the queue's proposal either. */
static bool is_for(const struct channel *channel, const struct budget_facts *facts)
{
    for (size_t i = (size_t)channel->severity; i < SEVERITIES; i++)
        if (facts->queued[i])
            return !channel->standby;
    return !channel->standby && !facts->n_queued;
}

static void tell(struct digest_look *look, const struct channel *channel,
                 const struct channel_facts *known, int64_t *due_ms)
{
    const struct channel_facts told = { .budget_told_ms = look->now_ms,
                                        .budget_gone = look->facts.row.n_gone };
    int64_t real_ms = budget_tell_ms(&look->facts, known, look->now_ms), now_ms = clock_mono_ms();
    struct destination *place;
    int64_t ready_ms;

    if (real_ms == INT64_MAX)
        return;
    place = posting_destination(look->posting, channel->name, channel->place);
    ready_ms = posting_digest_ready_ms(look->posting, place, channel);
    if (ready_ms == POSTING_NOT_NOW)
        return;
    if (ready_ms < now_ms + real_ms - look->now_ms)
        ready_ms = now_ms + real_ms - look->now_ms;
    look->n_gone = budget_untold(&look->facts, known, look->now_ms);
    if (ready_ms > now_ms)
        posting_due(due_ms, ready_ms);
    else
        posting_start_digest(look->posting, place, &told, write_words, look);
}

static enum rc tell_all(struct digest_look *look, int64_t *due_ms)
{
    const struct channel *channel;
    enum rc rc = budget_facts_read(look->txn, &look->config->budget, look->now_ms, &look->facts);

    for (size_t i = 0; !rc && (channel = channels_at(look->config->channels, i)) != NULL; i++) {
        struct channel_facts known;

        rc = channel_facts_get(look->txn, channel->name, look->arena, &known);
        if (rc == RC_NOT_FOUND || rc == RC_CORRUPT) {
            known = (struct channel_facts){ 0 };
            rc = RC_OK;
        }
        if (!rc && is_for(channel, &look->facts))
            tell(look, channel, &known, due_ms);
    }
    return rc;
}

void posting_tell_budget(struct posting *posting, int64_t *due_ms)
{
    struct digest_look look = { .posting = posting, .now_ms = clock_wall_ms() };
    static struct log_limit limit;
    enum rc rc;

    look.config = service_hold_config(posting->service);
    rc = channels_count(look.config->channels) ? arena_new(LOOK_ARENA_BYTES, &look.arena)
                                               : RC_NOT_FOUND;
    if (!rc)
        rc = store_begin_read(service_store(posting->service), &look.txn);
    if (!rc)
        rc = tell_all(&look, due_ms);
    store_abort(&look.txn);
    arena_free(look.arena);
    service_release_config(posting->service, look.config);
    if (!rc || rc == RC_NOT_FOUND)
        return;
    log_limited(&limit, LOG_WARN, "cannot look at what waits for the review budget: %s",
                rc_text(rc));
    posting_due(due_ms, clock_mono_ms() + POSTING_TRY_AGAIN_MS);
}
