/* GET /api/v1/signals/ID, /tasks/ID, /proposals/ID, /silences/ID: one of them, whole. */
#include "src/daemon/handlers.h"
#include "src/daemon/object_kinds.h"

static enum rc load(struct store_txn *txn, const struct object_kind *kind, struct slice name,
                    struct arena *arena, union any_object *object)
{
    struct ulid id;

    /* Proposals also go by their short id. */
    if (kind == &proposal_kind)
        return proposal_find(txn, name, arena, &object->proposal);
    if (ulid_parse(name, kind->prefix, &id))
        return RC_NOT_FOUND;
    return object_get(txn, kind->table, kind->shape, id, arena, object);
}

static void get_object(struct request *request, const struct object_kind *kind)
{
    struct json_writer writer;
    struct buffer json;
    struct store_txn *txn = NULL;
    union any_object object = { 0 };
    enum rc rc;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    rc = store_begin_read(service_store(request->service), &txn);
    if (!rc)
        rc = load(txn, kind, request->part, request->arena, &object);
    if (!rc)
        rc = kind->write(txn, &object, request->arena, &writer);
    store_abort(&txn);
    if (!rc) {
        request_answer_json(request, 200, &json);
        return;
    }
    buffer_free(&json);
    request_fail(request, rc == RC_INVALID ? RC_NOT_FOUND : rc);
}

void get_signal(struct request *request)
{
    get_object(request, &signal_kind);
}

void get_task(struct request *request)
{
    get_object(request, &task_kind);
}

void get_proposal(struct request *request)
{
    get_object(request, &proposal_kind);
}

void get_silence(struct request *request)
{
    get_object(request, &silence_kind);
}
