/* POST …/proposals/ID/decision and …/signals/ID/resolve: what people decide, proven here and judged by the engine. */
#include "src/daemon/handlers.h"
#include "src/daemon/object_kinds.h"
#include "src/daemon/peer.h"

/* --- the decision --- */

struct decide_work {
    struct engine_work work;
    struct engine_decision decision;
    struct slice door_says; /* why the door itself refuses; the engine records it */
};

/* Statuses by outcome, and the titles of those that are problems. */
static const struct {
    int status;
    const char *title;
} outcomes[] = {
    [DECISION_TAKEN] = { 200, NULL },
    [DECISION_SAME_AGAIN] = { 200, NULL },
    [DECISION_DENIED] = { 403, "Not allowed to decide" },
    [DECISION_CONFLICT] = { 409, "Conflict" },
    [DECISION_NO_DIGEST] = { 428, "Which plan?" },
    [DECISION_CHANGED] = { 412, "The plan has changed" },
    [DECISION_INVALID] = { 400, "This is no decision" },
    [DECISION_NOT_FOUND] = { 404, "No such proposal" },
};

static enum rc run_decision(struct engine_work *work, struct engine *engine, int64_t now_ms)
{
    struct decide_work *decide = (struct decide_work *)work;

    return engine_decide(engine, &decide->decision, now_ms);
}

static enum rc write_shown(struct decide_work *decide, struct json_writer *writer)
{
    struct request *request = decide->work.request;
    struct proposal proposal = { 0 };
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(request->service), &txn);

    if (!rc)
        rc = proposal_get(txn, decide->decision.proposal_id, request->arena, &proposal);
    if (!rc)
        rc = api_write_proposal(txn, &proposal, request->arena, writer);
    store_abort(&txn);
    return rc;
}

/* The proposal as it is now: by itself where the decision stands, inside the problem where it does not. */
static enum rc write_answer(struct decide_work *decide, int status, const char *title,
                            struct slice detail, struct json_writer *writer)
{
    enum rc rc = RC_OK;

    json_object_begin(writer);
    if (!title) {
        rc = write_shown(decide, writer);
        json_member_text(writer, "detail", detail);
        json_object_end(writer);
        return rc;
    }
    json_member_text(writer, "title", slice_of(title));
    json_member_int(writer, "status", status);
    json_member_text(writer, "detail", detail);
    if (status == 409 || status == 412) {
        json_key(writer, "proposal");
        json_object_begin(writer);
        rc = write_shown(decide, writer);
        json_object_end(writer);
    }
    json_object_end(writer);
    return rc;
}

static void answer_decision(struct engine_work *work, enum rc rc)
{
    struct decide_work *decide = (struct decide_work *)work;
    struct request *request = work->request;
    const struct decision_answer *answer = &decide->decision.answer;
    int status = outcomes[answer->outcome].status;
    const char *title = outcomes[answer->outcome].title;
    bool is_refused_here = !slice_is_absent(decide->door_says);
    struct json_writer writer;
    struct buffer json;

    if (rc) {
        request_fail(request, rc);
        return;
    }
    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    rc = write_answer(decide, status, title, is_refused_here ? decide->door_says : answer->detail,
                      &writer);
    if (rc) {
        buffer_free(&json);
        request_fail(request, rc);
    } else if (title) {
        request_answer_problem_json(request, status, &json);
    } else {
        request_answer_json(request, status, &json);
    }
}

/* --- who --- */

/* Why this door lets nobody decide, whoever they say they are; absent when it does. */
static struct slice why_the_door_refuses(const struct request *request)
{
    const struct http_peer peer = http_peer_of(request->exchange);

    if (peer_is_descendant(&peer))
        return SLICE("what Vedette started decides nothing");
    if (request->caller.is_own_user)
        return SLICE("the daemon's own user decides nothing; decide as one of `people`");
    return (struct slice){ 0 };
}

/* --- what --- */

static enum rc read_text(const struct json *body, const char *name, struct arena *arena,
                         struct slice *text)
{
    const struct json *node = json_get_text(body, name);

    *text = (struct slice){ 0 };
    if (!node || json_type_of(node) == JSON_NULL)
        return RC_OK;
    if (json_type_of(node) != JSON_STRING)
        return RC_INVALID;
    return arena_copy(arena, json_string(node), text);
}

/* What an edit changes, as JSON once more: the engine knows the steps, and says what is wrong with it. */
static enum rc read_params(const struct json *body, struct arena *arena, struct slice *params)
{
    const struct json *node = json_get_text(body, "params");
    struct json_writer writer;
    struct buffer json;
    enum rc rc;

    if (!node || json_type_of(node) == JSON_NULL)
        return RC_OK;
    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_write_node(&writer, node);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&json), params);
    buffer_free(&json);
    return rc;
}

static bool has_unknown_member(const struct json *body)
{
    static const char *const names[] = { "verdict", "plan_digest", "reason", "note",
                                         "for",     "settle",      "params", NULL };
    int ignored;

    for (const struct json *node = json_first(body); node; node = json_next(node))
        if (slice_to_enum(json_name(node), names, &ignored))
            return true;
    return false;
}

/* RC_INVALID and why. */
static enum rc read_decision(const struct json *body, struct arena *arena,
                             struct decision *decision, struct slice *detail)
{
    const struct {
        const char *name;
        struct slice *text;
    } texts[] = {
        { "plan_digest", &decision->plan_digest },
        { "reason", &decision->reason },
        { "note", &decision->note },
        { "settle", &decision->settle },
    };
    struct slice wait = { 0 };
    int verdict = 0;
    enum rc rc = RC_OK;

    *detail =
        SLICE("`verdict` is one of approve reject ack snooze edit respond take_back undo settle");
    if (slice_to_enum(json_string(json_get_text(body, "verdict")), verdict_names, &verdict))
        return RC_INVALID;
    decision->verdict = (enum verdict)verdict;
    *detail = SLICE("members are verdict plan_digest reason note for settle params");
    if (has_unknown_member(body))
        return RC_INVALID;
    *detail = SLICE("plan_digest, reason, note, settle and for are texts");
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc; i++)
        rc = read_text(body, texts[i].name, arena, texts[i].text);
    if (!rc)
        rc = read_text(body, "for", arena, &wait);
    if (!rc)
        rc = read_params(body, arena, &decision->params);
    if (rc)
        return rc;
    *detail = SLICE("`for` is how long: 30m, 1h, 2d");
    return wait.len ? duration_parse(wait, &decision->for_ms) : RC_OK;
}

/* Whether there is such a proposal is told before what is wrong with the decision. */
static enum rc find_proposal(struct request *request)
{
    struct proposal proposal = { 0 };
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(request->service), &txn);

    if (!rc)
        rc = proposal_find(txn, request->part, request->arena, &proposal);
    store_abort(&txn);
    return rc == RC_INVALID ? RC_NOT_FOUND : rc;
}

static void decide(struct request *request, const struct decision *decision, struct slice malformed,
                   struct slice door_says)
{
    struct decide_work *work = arena_alloc(request->arena, 1, sizeof *work);

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct decide_work){
        .work = { .run = run_decision, .answer = answer_decision },
        .decision = { .proposal = request->part,
                      .decision = *decision,
                      .malformed = malformed,
                      .real_ms = clock_real_ms(),
                      .arena = request->arena },
        .door_says = door_says,
    };
    work->decision.decision.via = request->caller.via;
    /* Nobody's name: whoever the door refuses is denied by the engine, which records the attempt. */
    work->decision.decision.by = request->caller.name;
    if (!slice_is_absent(door_says) &&
        arena_format(request->arena, &work->decision.decision.by, "(refused) %.*s",
                     SLICE_ARG(request->caller.name))) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    request_run(request, &work->work);
}

void post_decision(struct request *request)
{
    struct decision decision = { 0 };
    struct json *body = NULL;
    struct slice detail;
    enum rc rc = find_proposal(request);

    if (rc) {
        request_fail(request, rc);
        return;
    }
    if (request_parse_body(request, &body))
        return;
    rc = read_decision(body, request->arena, &decision, &detail);
    json_free(body);
    /* Who may not decide is told only that: the engine looks at this first, and records it. */
    if (rc && rc != RC_INVALID)
        request_fail(request, rc);
    else
        decide(request, &decision, rc ? detail : (struct slice){ 0 },
               why_the_door_refuses(request));
}

/* --- resolve --- */

struct resolve_work {
    struct engine_work work;
    struct ulid signal;
};

static enum rc run_resolve(struct engine_work *work, struct engine *engine, int64_t now_ms)
{
    const struct caller *caller = &work->request->caller;

    return engine_resolve(engine, ((struct resolve_work *)work)->signal, caller->name, caller->via,
                          now_ms);
}

static enum rc write_signal(struct request *request, struct ulid id, struct buffer *json)
{
    struct json_writer writer = json_writer_to(json);
    struct signal signal = { 0 };
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(request->service), &txn);

    if (!rc)
        rc = signal_get(txn, id, request->arena, &signal);
    if (!rc)
        record_write_json(&signal_shape, &signal, &writer);
    store_abort(&txn);
    return rc;
}

static void answer_resolve(struct engine_work *work, enum rc rc)
{
    struct request *request = work->request;
    struct buffer json;

    if (rc == RC_CONFLICT) {
        request_problem(request, 409, "Conflict", SLICE("this signal is resolved already"));
        return;
    }
    buffer_init(&json, 0);
    if (!rc)
        rc = write_signal(request, ((struct resolve_work *)work)->signal, &json);
    if (!rc) {
        request_answer_json(request, 200, &json);
        return;
    }
    buffer_free(&json);
    request_fail(request, rc);
}

void post_resolve(struct request *request)
{
    struct resolve_work *work = arena_alloc(request->arena, 1, sizeof *work);

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct resolve_work){ .work = { .run = run_resolve, .answer = answer_resolve } };
    if (ulid_parse(request->part, "sig_", &work->signal))
        request_fail(request, RC_NOT_FOUND);
    else
        request_run(request, &work->work);
}
