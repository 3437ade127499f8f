/* GET /api/v1/signals, /tasks, /proposals, /silences, /audit: newest first, a page at a time, each page one short snapshot. */
#include "src/daemon/handlers.h"
#include "src/daemon/list_query.h"
#include "src/daemon/object_kinds.h"

#include <stdio.h>

#define ROW_ARENA_BYTES ((size_t)64 << 20)

/* One list being answered. */
struct listing {
    const struct object_kind *kind;
    struct list_query query;
    struct list_answer answer;
    struct store_txn *txn;
    struct arena *row;     /* of one row; the walk empties it */
    struct arena *scratch; /* of what a row needs from elsewhere */
    struct ulid last;      /* the row looked at last */
    int64_t last_number;
    size_t n_rows;
    bool stopped; /* there may be more */
    enum rc rc;
};

static bool is_wanted(const struct listing *listing, const void *object)
{
    const struct list_query *query = &listing->query;
    const struct object_kind *kind = listing->kind;

    if (query->states ? !(query->states >> object_state(kind, object) & 1)
                      : object_state(kind, object) == kind->hidden_state)
        return false;
    if (query->rule.len && !slice_eq(query->rule, object_rule(kind, object)))
        return false;
    return object_since_ms(kind, object) >= query->since_ms;
}

/* True when the page may take one more row. */
static bool goes_on(struct listing *listing)
{
    listing->n_rows++;
    listing->stopped = listing->rc || listing->n_rows >= LIST_MAX_ROWS ||
                       !list_answer_has_room(&listing->answer, &listing->query);
    return !listing->stopped;
}

static bool visit_object(void *context, struct ulid id, const void *object)
{
    struct listing *listing = context;

    listing->last = id;
    if (is_wanted(listing, object)) {
        arena_reset(listing->scratch);
        listing->rc =
            listing->kind->write(listing->txn, object, listing->scratch, &listing->answer.writer);
        listing->answer.n_items++;
    }
    return goes_on(listing);
}

static enum rc begin(struct request *request, struct listing *listing)
{
    enum rc rc;

    list_answer_begin(&listing->answer);
    rc = arena_new(ROW_ARENA_BYTES, &listing->row);
    if (!rc)
        rc = arena_new(ROW_ARENA_BYTES, &listing->scratch);
    if (!rc)
        rc = store_begin_read(service_store(request->service), &listing->txn);
    return rc;
}

static void end(struct request *request, struct listing *listing, enum rc rc, struct slice next)
{
    store_abort(&listing->txn);
    arena_free(listing->row);
    arena_free(listing->scratch);
    list_answer_end(&listing->answer, listing->stopped ? next : (struct slice){ 0 });
    if (!rc && !listing->rc) {
        request_answer_json(request, 200, &listing->answer.json);
        return;
    }
    buffer_free(&listing->answer.json);
    request_fail(request, rc ? rc : listing->rc);
}

/* False when it was answered. */
static bool read_query(struct request *request, const struct list_members *members,
                       struct list_query *query)
{
    struct slice detail;

    if (!list_query_read(request->exchange, members, clock_wall_ms(), query, &detail))
        return true;
    request_problem(request, 400, "This cannot be asked", detail);
    return false;
}

static void list_objects(struct request *request, const struct object_kind *kind)
{
    const struct list_members members = { .state_names = kind->state_names,
                                          .has_rule = kind->rule != 0 };
    struct listing listing = { .kind = kind };
    struct ulid before = { 0 };
    union any_object object = { 0 };
    char name[ULID_TEXT_BYTES];
    char next[ULID_TEXT_BYTES + 8];
    enum rc rc;

    if (!read_query(request, &members, &listing.query))
        return;
    if (listing.query.after.len && ulid_parse(listing.query.after, kind->prefix, &before)) {
        request_problem(request, 400, "This cannot be asked", SLICE("`after` is what `next` said"));
        return;
    }
    rc = begin(request, &listing);
    if (!rc)
        rc = object_each_newest(listing.txn, kind->table, kind->shape, before, LIST_MAX_ROWS,
                                listing.row, &object, visit_object, &listing);
    snprintf(next, sizeof next, "%s%s", kind->prefix, ulid_format(listing.last, name));
    end(request, &listing, rc, slice_of(next));
}

void list_signals(struct request *request)
{
    list_objects(request, &signal_kind);
}

void list_tasks(struct request *request)
{
    list_objects(request, &task_kind);
}

void list_proposals(struct request *request)
{
    list_objects(request, &proposal_kind);
}

void list_silences(struct request *request)
{
    list_objects(request, &silence_kind);
}

/* --- audit --- */

static bool visit_entry(void *context, const struct audit_entry *entry)
{
    struct listing *listing = context;

    listing->last_number = entry->number;
    if (entry->at_ms < listing->query.since_ms)
        return false; /* none of those before it is younger */
    record_write_json(&audit_entry_shape, entry, &listing->answer.writer);
    listing->answer.n_items++;
    return goes_on(listing);
}

/* A snapshot for each page, so that a long trail holds no reader long. */
static enum rc verify_page(struct request *request, struct arena *arena, int64_t *next, bool *done)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(request->service), &txn);

    if (!rc)
        rc = audit_verify(txn, *next, LIST_MAX_ROWS, arena, next, done);
    store_abort(&txn);
    return rc;
}

static void answer_verified(struct request *request, int64_t next, bool is_whole)
{
    struct json_writer writer;
    struct buffer json;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    json_member_int(&writer, "verified", next - 1);
    json_member_bool(&writer, "ok", is_whole);
    if (!is_whole)
        json_member_int(&writer, "first_bad", next);
    json_object_end(&writer);
    request_answer_json(request, 200, &json);
}

/* ?verify=1: walks the chain of hashes from its beginning. */
static void verify_audit(struct request *request)
{
    struct arena *arena = NULL;
    int64_t next = 1;
    bool done = false;
    enum rc rc = arena_new(ROW_ARENA_BYTES, &arena);

    while (!rc && !done) {
        arena_reset(arena);
        rc = verify_page(request, arena, &next, &done);
    }
    arena_free(arena);
    if (rc && rc != RC_CORRUPT)
        request_fail(request, rc);
    else
        answer_verified(request, next, !rc);
}

void list_audit(struct request *request)
{
    static const struct list_members members = { 0 };
    struct listing listing = { 0 };
    int64_t before = 0;
    char next[32];
    enum rc rc;

    if (!slice_is_absent(http_query(request->exchange, "verify"))) {
        verify_audit(request);
        return;
    }
    if (!read_query(request, &members, &listing.query))
        return;
    if (listing.query.after.len && (slice_to_int(listing.query.after, &before) || before < 1)) {
        request_problem(request, 400, "This cannot be asked", SLICE("`after` is what `next` said"));
        return;
    }
    rc = begin(request, &listing);
    if (!rc)
        rc = audit_each_newest(listing.txn, before, LIST_MAX_ROWS, listing.row, visit_entry,
                               &listing);
    /* Its numbers have no gaps: behind the first there is nothing. */
    listing.stopped &= listing.last_number > 1;
    snprintf(next, sizeof next, "%lld", (long long)listing.last_number);
    end(request, &listing, rc, slice_of(next));
}
