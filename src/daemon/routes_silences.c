/* POST /api/v1/silences and DELETE …/silences/ID: what people mute for a time, and no longer. */
#include "src/daemon/handlers.h"
#include "src/daemon/object_kinds.h"

#include "src/base/problem.h"

struct silence_work {
    struct engine_work work;
    struct silence silence; /* of a new one: what it was asked to be; its id in either case */
    int64_t for_ms;         /* 0: `until_ms` says it */
    struct slice why_not;   /* absent: nothing keeps it from being made */
    struct slice warning;   /* absent: none */
};

static void refuse(struct request *request, struct slice detail)
{
    request_problem(request, 400, "This is no silence", detail);
}

/* --- the answer: the silence as it is now --- */

static void write_silence(const struct silence *silence, struct slice warning,
                          struct json_writer *writer)
{
    json_object_begin(writer);
    record_write_members(&silence_shape, silence, writer);
    silence_write_where(silence, writer);
    if (warning.len) {
        json_key(writer, "warnings");
        json_array_begin(writer);
        json_write_text(writer, warning);
        json_array_end(writer);
    }
    json_object_end(writer);
}

static enum rc write_stored(const struct silence_work *work, struct buffer *json)
{
    const struct request *request = work->work.request;
    struct json_writer writer = json_writer_to(json);
    struct silence silence = { 0 };
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(request->service), &txn);

    if (!rc)
        rc = silence_get(txn, work->silence.id, request->arena, &silence);
    if (!rc)
        write_silence(&silence, work->warning, &writer);
    store_abort(&txn);
    return rc;
}

static void answer_stored(struct silence_work *work, int status)
{
    struct request *request = work->work.request;
    struct buffer json;
    enum rc rc;

    buffer_init(&json, 0);
    rc = write_stored(work, &json);
    if (!rc) {
        request_answer_json(request, status, &json);
        return;
    }
    buffer_free(&json);
    request_fail(request, rc);
}

/* --- a new one --- */

static enum rc read_clauses(const struct json *where, struct arena *arena, struct silence *silence)
{
    size_t n_clauses = json_count(where);
    struct silence_clause *clause;
    enum rc rc = RC_OK;

    if (json_type_of(where) != JSON_OBJECT || n_clauses > SILENCE_MAX_CLAUSES)
        return RC_INVALID;
    clause = arena_alloc(arena, n_clauses + 1, sizeof *clause);
    if (!clause)
        return RC_NO_MEMORY;
    silence->where = (struct record_list){ clause, n_clauses };
    for (const struct json *node = json_first(where); node && !rc; node = json_next(node)) {
        if (json_type_of(node) != JSON_STRING)
            return RC_INVALID;
        rc = arena_copy(arena, json_name(node), &clause->field);
        if (!rc)
            rc = arena_copy(arena, json_string(node), &clause->value);
        clause++;
    }
    return rc;
}

static bool has_unknown_member(const struct json *body)
{
    static const char *const names[] = { "where", "for", "until", "reason", NULL };
    int ignored;

    for (const struct json *node = json_first(body); node; node = json_next(node))
        if (slice_to_enum(json_name(node), names, &ignored))
            return true;
    return false;
}

static enum rc read_end(const struct json *body, struct silence_work *work, struct slice *detail)
{
    const struct json *wait = json_get_text(body, "for");
    const struct json *until = json_get_text(body, "until");

    *detail = SLICE("either `for` or `until` says when it ends");
    if ((wait != NULL) == (until != NULL))
        return RC_INVALID;
    *detail = SLICE("`for` is how long: 30m, 2h, 3d");
    if (wait)
        return duration_parse(json_string(wait), &work->for_ms) || work->for_ms <= 0 ? RC_INVALID
                                                                                     : RC_OK;
    *detail = SLICE("`until` is a time (RFC 3339): 2026-11-21T18:00:00Z");
    return time_parse(json_string(until), &work->silence.until_ms);
}

/* RC_INVALID and why. */
static enum rc read_silence(const struct json *body, struct arena *arena, struct silence_work *work,
                            struct slice *detail)
{
    enum rc rc;

    *detail = SLICE("members are where, for or until, and reason");
    if (has_unknown_member(body))
        return RC_INVALID;
    *detail = SLICE("`where` names 1 to 16 fields and their texts: {\"rule\": \"ci-*\", "
                    "\"service\": \"shop\"}");
    rc = read_clauses(json_get_text(body, "where"), arena, &work->silence);
    if (!rc)
        rc = read_end(body, work, detail);
    return rc ? rc
              : arena_copy(arena, json_string(json_get_text(body, "reason")),
                           &work->silence.reason);
}

/* A misspelt field would hold nothing, and nobody would hear of it. */
static enum rc say_unknown(struct silence_work *work, struct slice field)
{
    const char *meant = problem_did_you_mean(field, event_field_names);

    return arena_format(work->work.request->arena, &work->why_not,
                        "no signal of the rules in force has a field `%.*s`%s%s%s",
                        SLICE_ARG(field), meant ? "; did you mean `" : "", meant ? meant : "",
                        meant ? "`?" : "");
}

/* It may be meant for a rule that is about to come. */
static enum rc warn_of_unknown_rule(struct silence_work *work, const struct engine *engine)
{
    const struct ruleset *ruleset = engine_ruleset(engine);
    struct slice unknown = engine_unknown_rule(engine, &work->silence);
    struct arena *arena = work->work.request->arena;
    const char **ids;
    const char *meant;

    if (slice_is_absent(unknown))
        return RC_OK;
    ids = arena_alloc(arena, ruleset->n_rules + 1, sizeof *ids);
    if (!ids)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < ruleset->n_rules; i++) {
        struct slice id;
        enum rc rc = arena_copy(arena, ruleset->rules[i].id, &id);

        if (rc)
            return rc;
        ids[i] = id.ptr;
    }
    meant = problem_did_you_mean(unknown, ids);
    return arena_format(arena, &work->warning,
                        "no rule `%.*s` is loaded%s%s%s; the silence is active all the same",
                        SLICE_ARG(unknown), meant ? " (did you mean `" : "", meant ? meant : "",
                        meant ? "`?)" : "");
}

static enum rc run_add(struct engine_work *engine_work, struct engine *engine, int64_t now_ms)
{
    struct silence_work *work = (struct silence_work *)engine_work;
    struct slice unknown = engine_unknown_field(engine, &work->silence);
    enum rc rc;

    if (work->for_ms)
        work->silence.until_ms = now_ms + work->for_ms;
    work->why_not = slice_of(silence_fault(&work->silence, now_ms));
    if (!slice_is_absent(work->why_not))
        return RC_INVALID;
    if (!slice_is_absent(unknown)) {
        rc = say_unknown(work, unknown);
        return rc ? rc : RC_INVALID;
    }
    rc = warn_of_unknown_rule(work, engine);
    return rc ? rc : engine_add_silence(engine, &work->silence, now_ms);
}

static void answer_add(struct engine_work *engine_work, enum rc rc)
{
    struct silence_work *work = (struct silence_work *)engine_work;
    struct request *request = engine_work->request;

    if (rc == RC_INVALID)
        refuse(request, work->why_not);
    else if (rc == RC_LIMIT)
        request_problem(request, 409, "Too many",
                        SLICE("1000 silences are active: remove some that nobody needs"));
    else if (rc)
        request_fail(request, rc);
    else
        answer_stored(work, 201);
}

static struct silence_work *new_work(struct request *request,
                                     enum rc (*run)(struct engine_work *work, struct engine *engine,
                                                    int64_t now_ms),
                                     void (*answer)(struct engine_work *work, enum rc rc))
{
    struct silence_work *work = arena_alloc(request->arena, 1, sizeof *work);

    if (work)
        *work = (struct silence_work){ .work = { .run = run, .answer = answer } };
    else
        request_fail(request, RC_NO_MEMORY);
    return work;
}

void post_silence(struct request *request)
{
    struct silence_work *work = new_work(request, run_add, answer_add);
    struct json *body = NULL;
    struct slice detail;
    enum rc rc;

    if (!work || request_parse_body(request, &body))
        return;
    rc = read_silence(body, request->arena, work, &detail);
    json_free(body);
    work->silence.by = request->caller.name;
    work->silence.via = request->caller.via;
    if (rc == RC_INVALID)
        refuse(request, detail);
    else if (rc)
        request_fail(request, rc);
    else
        request_run(request, &work->work);
}

/* --- no longer --- */

static enum rc run_remove(struct engine_work *work, struct engine *engine, int64_t now_ms)
{
    const struct caller *caller = &work->request->caller;

    return engine_remove_silence(engine, ((struct silence_work *)work)->silence.id, caller->name,
                                 caller->via, now_ms);
}

static void answer_remove(struct engine_work *work, enum rc rc)
{
    if (rc == RC_CONFLICT)
        request_problem(work->request, 409, "Conflict", SLICE("this silence is over already"));
    else if (rc)
        request_fail(work->request, rc);
    else
        answer_stored((struct silence_work *)work, 200);
}

void delete_silence(struct request *request)
{
    struct silence_work *work = new_work(request, run_remove, answer_remove);

    if (!work)
        return;
    if (ulid_parse(request->part, silence_kind.prefix, &work->silence.id))
        request_fail(request, RC_NOT_FOUND);
    else
        request_run(request, &work->work);
}
