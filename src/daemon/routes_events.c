/* GET /api/v1/events: what came in, as rules see it, newest or oldest first; decoded from the journal when asked. */
#include "src/daemon/handlers.h"
#include "src/daemon/list_query.h"
#include "src/daemon/object_kinds.h"

#include <stdio.h>

#define ROW_ARENA_BYTES ((size_t)256 << 20)

/* The states of events, and `dead`: deliveries that could not be folded and are kept. */
enum listed_state { LISTED_FAILING, LISTED_OK, LISTED_INFO, LISTED_DEAD };
struct event_listing {
    struct request *request;
    struct list_query query;
    struct slice kind;    /* a kind, a type or a glob; absent: what watchers received */
    struct slice watcher; /* absent: all */
    bool is_oldest_first;
    struct list_answer answer;
    struct store_txn *txn;
    struct arena *row;
    struct arena *scratch;
    uint64_t after_seq; /* 0: from the end at which it begins */
    uint32_t after_part;
    uint64_t next_seq; /* where the next page begins */
    uint32_t next_part;
    size_t n_rows;
    bool stopped;
    enum rc rc;
};

/* --- which ones --- */

static bool is_own(const struct journal_entry *entry)
{
    return entry->door != DOOR_DATA;
}

static bool entry_is_wanted(const struct event_listing *listing, const struct journal_entry *entry)
{
    bool asks_for_own =
        slice_starts(listing->kind, SLICE("vedette.")) || slice_eq(listing->kind, SLICE("*"));

    if (is_own(entry) && !asks_for_own)
        return false;
    return !listing->watcher.len || slice_eq(listing->watcher, entry->watcher);
}

static bool event_is_wanted(const struct event_listing *listing, const struct event *event)
{
    int state;

    if (listing->kind.len && !slice_matches_glob(event->fields[FIELD_KIND], listing->kind) &&
        !slice_matches_glob(event->fields[FIELD_TYPE], listing->kind))
        return false;
    if (!listing->query.states)
        return true;
    return !slice_to_enum(event->fields[FIELD_STATE], list_event_states, &state) &&
           (listing->query.states >> state & 1);
}

/* --- writing --- */

/* A delivery that nobody could fold: as it came. */
static void write_dead(const struct journal_entry *entry, const struct dead_letter *letter,
                       struct json_writer *writer)
{
    json_object_begin(writer);
    api_member_id(writer, "id", "evt_", entry->id);
    json_member_text(writer, "watcher", entry->watcher);
    json_member_time(writer, "received", entry->received_ms);
    json_member_text(writer, "state", SLICE("dead"));
    json_member_text(writer, "reason", letter->reason);
    json_member_text(writer, "again", letter->again);
    json_member_time(writer, "at", letter->at_ms);
    json_member_text(writer, "text", entry->body);
    json_member_text(writer, "delivery_id", entry->delivery_id);
    json_object_end(writer);
}

/* How many of its events were on the page before. */
static size_t count_told(const struct event_listing *listing, const struct journal_entry *entry,
                         size_t n_events)
{
    if (entry->seq != listing->after_seq || !listing->after_part || listing->after_part > n_events)
        return 0;
    return listing->is_oldest_first ? listing->after_part : n_events - listing->after_part;
}

/* Its events, in the order of the list. False: the page is full; `next` is where it broke off. */
static bool write_events(struct event_listing *listing, const struct journal_entry *entry)
{
    struct event_list events = { 0 };
    bool has_room = true;

    if (engine_events(listing->request->config, entry, listing->scratch, &events))
        return true; /* no longer to be read as its watcher is configured now: among the dead, if anywhere */
    for (size_t n = count_told(listing, entry, events.n_items); n < events.n_items && has_room;
         n++) {
        size_t n_left = events.n_items - 1 - n;
        const struct event *event = &events.items[listing->is_oldest_first ? n : n_left];

        listing->next_part = (uint32_t)(listing->is_oldest_first && n_left ? n + 1 : n_left);
        if (!event_is_wanted(listing, event))
            continue;
        event_write_json(event, &listing->answer.writer);
        listing->answer.n_items++;
        has_room = list_answer_has_room(&listing->answer, &listing->query);
    }
    event_list_free(&events);
    return has_room;
}

static bool write_entry(struct event_listing *listing, const struct journal_entry *entry)
{
    struct dead_letter letter = { 0 };
    enum rc rc = dead_letter_get(listing->txn, entry->seq, listing->scratch, &letter);

    if (rc && rc != RC_NOT_FOUND) {
        listing->rc = rc;
        return false;
    }
    if (rc && listing->query.states == (uint64_t)1 << LISTED_DEAD)
        return true;
    if (rc)
        return write_events(listing, entry);
    if (letter.again.len)
        return true; /* it is listed as what it was taken in again as */
    if (listing->query.states && !(listing->query.states >> LISTED_DEAD & 1))
        return true;
    write_dead(entry, &letter, &listing->answer.writer);
    listing->answer.n_items++;
    return list_answer_has_room(&listing->answer, &listing->query);
}

static bool visit(void *context, const struct journal_entry *entry)
{
    struct event_listing *listing = context;
    bool has_room = true;

    bool is_too_old = entry->received_ms < listing->query.since_ms;

    if (is_too_old && !listing->is_oldest_first)
        return false; /* none of those before it is younger */
    listing->next_seq = entry->seq;
    listing->next_part = 0;
    arena_reset(listing->scratch);
    if (!is_too_old && entry_is_wanted(listing, entry))
        has_room = write_entry(listing, entry);
    listing->stopped = !has_room || ++listing->n_rows >= LIST_MAX_ROWS;
    return !listing->stopped;
}

/* --- the list --- */

/* `next` of an events list: the number in the journal and, in the middle of a delivery, the part. */
static enum rc read_after(struct slice after, uint64_t *seq, uint32_t *part)
{
    struct slice rest = after;
    struct slice head = slice_cut(&rest, '.');
    int64_t number, part_number = 0;

    if (slice_to_int(head, &number) || number < 1)
        return RC_INVALID;
    if (rest.len &&
        (slice_to_int(rest, &part_number) || part_number < 0 || part_number > UINT32_MAX))
        return RC_INVALID;
    *seq = (uint64_t)number;
    *part = (uint32_t)part_number;
    return RC_OK;
}

static enum rc walk_journal(struct event_listing *listing)
{
    /* The delivery in which the last page broke off is looked at again. */
    uint64_t again = listing->after_part ? 1 : 0;

    if (listing->is_oldest_first)
        return journal_each_oldest(listing->txn, listing->after_seq - again, LIST_MAX_ROWS,
                                   listing->row, visit, listing);
    return journal_each_newest(listing->txn, listing->after_seq + again, LIST_MAX_ROWS,
                               listing->row, visit, listing);
}

static enum rc walk(struct event_listing *listing)
{
    enum rc rc = arena_new(ROW_ARENA_BYTES, &listing->row);

    if (!rc)
        rc = arena_new(ROW_ARENA_BYTES, &listing->scratch);
    if (!rc)
        rc = store_begin_read(service_store(listing->request->service), &listing->txn);
    if (!rc)
        rc = walk_journal(listing);
    store_abort(&listing->txn);
    arena_free(listing->row);
    arena_free(listing->scratch);
    return rc ? rc : listing->rc;
}

static void answer_page(struct event_listing *listing)
{
    char next[48];

    if (listing->next_part)
        snprintf(next, sizeof next, "%llu.%u", (unsigned long long)listing->next_seq,
                 listing->next_part);
    else
        snprintf(next, sizeof next, "%llu", (unsigned long long)listing->next_seq);
    list_answer_end(&listing->answer, listing->stopped ? slice_of(next) : (struct slice){ 0 });
    request_answer_json(listing->request, 200, &listing->answer.json);
}

static enum rc read_order(struct slice order, bool *is_oldest_first)
{
    static const char *const orders[] = { "newest", "oldest", NULL };
    int chosen = 0;

    if (order.len && slice_to_enum(order, orders, &chosen))
        return RC_INVALID;
    *is_oldest_first = chosen == 1;
    return RC_OK;
}

void list_events(struct request *request)
{
    static const struct list_members members = { .state_names = list_event_states };
    struct event_listing listing = { .request = request,
                                     .kind = http_query(request->exchange, "kind"),
                                     .watcher = http_query(request->exchange, "watcher") };
    struct slice detail;
    enum rc rc;

    rc = list_query_read(request->exchange, &members, clock_wall_ms(), &listing.query, &detail);
    if (!rc && listing.query.after.len &&
        read_after(listing.query.after, &listing.after_seq, &listing.after_part)) {
        detail = SLICE("`after` is what `next` said");
        rc = RC_INVALID;
    }
    if (!rc && read_order(http_query(request->exchange, "order"), &listing.is_oldest_first)) {
        detail = SLICE("`order` is newest or oldest");
        rc = RC_INVALID;
    }
    if (rc) {
        request_problem(request, 400, "This cannot be asked", detail);
        return;
    }
    list_answer_begin(&listing.answer);
    rc = walk(&listing);
    if (!rc) {
        answer_page(&listing);
        return;
    }
    buffer_free(&listing.answer.json);
    request_fail(request, rc);
}

/* --- one --- */

static enum rc write_one(struct request *request, struct store_txn *txn, struct ulid id,
                         struct json_writer *writer)
{
    struct journal_entry entry = { 0 };
    struct event_list events = { 0 };
    struct dead_letter letter = { 0 };
    uint32_t part = 0;
    enum rc rc = journal_find(txn, id, request->arena, &entry, &part);

    if (rc)
        return rc;
    rc = dead_letter_get(txn, entry.seq, request->arena, &letter);
    if (!rc)
        write_dead(&entry, &letter, writer);
    if (rc != RC_NOT_FOUND)
        return rc;
    rc = engine_events(request->config, &entry, request->arena, &events);
    if (!rc && part < events.n_items)
        event_write_json(&events.items[part], writer);
    else if (!rc || rc == RC_INVALID)
        rc = RC_NOT_FOUND;
    event_list_free(&events);
    return rc;
}

void get_event(struct request *request)
{
    struct json_writer writer;
    struct buffer json;
    struct store_txn *txn = NULL;
    struct ulid id;
    enum rc rc = ulid_parse(request->part, "evt_", &id) ? RC_NOT_FOUND : RC_OK;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    if (!rc)
        rc = store_begin_read(service_store(request->service), &txn);
    if (!rc)
        rc = write_one(request, txn, id, &writer);
    store_abort(&txn);
    if (!rc) {
        request_answer_json(request, 200, &json);
        return;
    }
    buffer_free(&json);
    request_fail(request, rc);
}

/* --- once more --- */

struct replay_work {
    struct engine_work work;
    struct ulid event;
    struct ulid id; /* it has now */
};

static enum rc run_replay(struct engine_work *work, struct engine *engine, int64_t now_ms)
{
    const struct caller *caller = &work->request->caller;
    struct replay_work *replay = (struct replay_work *)work;

    return engine_replay_event(engine, replay->event, caller->name, caller->via, now_ms,
                               &replay->id);
}

static void answer_replay(struct engine_work *work, enum rc rc)
{
    struct buffer json;
    struct json_writer writer;

    if (rc == RC_CONFLICT) {
        request_problem(
            work->request, 409, "Conflict",
            SLICE("this delivery is not kept aside: it is folded, and a second time would "
                  "count it twice"));
        return;
    }
    if (rc) {
        request_fail(work->request, rc);
        return;
    }
    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    api_member_id(&writer, "id", "evt_", ((struct replay_work *)work)->id);
    json_object_end(&writer);
    request_answer_json(work->request, 202, &json);
}

void post_event_replay(struct request *request)
{
    struct replay_work *work = arena_alloc(request->arena, 1, sizeof *work);

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct replay_work){ .work = { .run = run_replay, .answer = answer_replay } };
    if (ulid_parse(request->part, "evt_", &work->event))
        request_fail(request, RC_NOT_FOUND);
    else
        request_run(request, &work->work);
}
