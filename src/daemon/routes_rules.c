/* GET /api/v1/rules: the rules in force. Only the engine's thread may look at them: a reload frees them. */
#include "src/daemon/handlers.h"
#include "src/daemon/list_query.h"

#include "rules/match.h"
#include "rules/quarantine.h"
#include "src/base/metrics.h"
#include "src/store/track_records.h"

static const char *const rule_mode_names[] = {
    [RULE_PROPOSE] = "propose", [RULE_OBSERVE] = "observe"
};

struct rules_work {
    struct engine_work work;
    struct list_query query;
    struct list_answer answer; /* of a list */
    struct buffer json;        /* of one */
    struct slice next;
};

static void write_key(const struct rule *rule, struct json_writer *writer)
{
    json_key(writer, "key");
    json_array_begin(writer);
    if (rule->key.template)
        json_write_text(writer, template_source(rule->key.template));
    for (size_t i = 0; i < rule->key.names.n_items && !rule->key.template; i++)
        json_write_text(writer, rule->key.names.items[i]);
    json_array_end(writer);
}

/* What it could not judge since it came into force: its say is not the whole truth. */
static int64_t count_faults(const struct rule *rule, int64_t counts[MATCH_FAULTS])
{
    int64_t n_faults = 0;

    for (size_t i = 0; i < MATCH_FAULTS; i++) {
        counts[i] =
            (int64_t)metric_value(METRIC_MATCH_FAULTS, rule->id, slice_of(match_fault_names[i]));
        n_faults += counts[i];
    }
    return n_faults;
}

static void write_faults(const int64_t counts[MATCH_FAULTS], struct json_writer *writer)
{
    json_key(writer, "faults");
    json_object_begin(writer);
    for (size_t i = 0; i < MATCH_FAULTS; i++)
        if (counts[i])
            json_member_int(writer, match_fault_names[i], counts[i]);
    json_object_end(writer);
}

static void write_health(const struct rule *rule, const struct quarantine *quarantine,
                         struct json_writer *writer)
{
    int64_t counts[MATCH_FAULTS];
    int64_t n_faults = count_faults(rule, counts);
    struct quarantined facts;
    bool is_quarantined = quarantine_has(quarantine, rule, &facts);

    json_member_bool(writer, "degraded", n_faults > 0 || is_quarantined);
    if (n_faults)
        write_faults(counts, writer);
    if (!is_quarantined)
        return;
    json_key(writer, "quarantine");
    json_object_begin(writer);
    quarantined_write(&facts, writer);
    json_object_end(writer);
}

static enum rc write_rule(struct store_txn *txn, const struct ruleset *ruleset,
                          const struct rule *rule, struct json_writer *writer)
{
    struct track_record record = { 0 };
    enum rc rc = track_record_get(txn, rule->id, rule->version, &record);

    if (rc)
        return rc;
    json_object_begin(writer);
    json_member_text(writer, "id", rule->id);
    json_member_text(writer, "mode", slice_of(rule_mode_names[rule->mode]));
    json_member_text(writer, "version", rule->version);
    json_member_text(writer, "severity", slice_of(severity_names[rule->severity]));
    json_member_text(writer, "title",
                     rule->title ? template_source(rule->title) : (struct slice){ 0 });
    write_key(rule, writer);
    json_member_text(writer, "file", rule->mark.file);
    json_member_int(writer, "line", rule->mark.line);
    json_member_int(writer, "matches",
                    (int64_t)metric_value(METRIC_MATCHES, rule->id, (struct slice){ 0 }));
    write_health(rule, ruleset->quarantine, writer);
    json_key(writer, "track_record");
    record_write_json(&track_record_shape, &record, writer);
    json_object_end(writer);
    return RC_OK;
}

/* --- the list: in the order of the set --- */

static bool is_wanted(const struct list_query *query, const struct rule *rule)
{
    if (query->states && !(query->states >> rule->mode & 1))
        return false;
    return !query->rule.len || slice_eq(query->rule, rule->id);
}

static size_t first_index(const struct ruleset *ruleset, struct slice after)
{
    const struct rule *rule = after.len ? ruleset_find(ruleset, after) : NULL;

    return rule ? rule->index + 1 : 0;
}

static enum rc run_list(struct engine_work *work, struct engine *engine, int64_t now_ms)
{
    struct rules_work *list = (struct rules_work *)work;
    const struct ruleset *ruleset = engine_ruleset(engine);
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(work->request->service), &txn);

    (void)now_ms;
    list_answer_begin(&list->answer);
    for (size_t i = first_index(ruleset, list->query.after); i < ruleset->n_rules && !rc; i++) {
        if (!is_wanted(&list->query, &ruleset->rules[i]))
            continue;
        if (!list_answer_has_room(&list->answer, &list->query)) {
            rc = arena_copy(work->request->arena, ruleset->rules[i - 1].id, &list->next);
            break;
        }
        rc = write_rule(txn, ruleset, &ruleset->rules[i], &list->answer.writer);
        list->answer.n_items++;
    }
    store_abort(&txn);
    return rc;
}

static void answer_list(struct engine_work *work, enum rc rc)
{
    struct rules_work *list = (struct rules_work *)work;

    list_answer_end(&list->answer, list->next);
    if (!rc) {
        request_answer_json(work->request, 200, &list->answer.json);
        return;
    }
    buffer_free(&list->answer.json);
    request_fail(work->request, rc);
}

/* A rule's mode is what stands for its state; order and time are not those of objects. */
static const char *const listed_modes[] = { "propose", "observe", NULL };

void list_rules(struct request *request)
{
    static const struct list_members members = { .state_names = listed_modes, .has_rule = true };
    struct rules_work *work = arena_alloc(request->arena, 1, sizeof *work);
    struct slice detail;

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct rules_work){ .work = { .run = run_list, .answer = answer_list } };
    if (list_query_read(request->exchange, &members, clock_wall_ms(), &work->query, &detail)) {
        request_problem(request, 400, "This cannot be asked", detail);
        return;
    }
    request_run(request, &work->work);
}

/* --- one --- */

static enum rc run_one(struct engine_work *work, struct engine *engine, int64_t now_ms)
{
    struct rules_work *one = (struct rules_work *)work;
    const struct ruleset *ruleset = engine_ruleset(engine);
    const struct rule *rule = ruleset_find(ruleset, work->request->part);
    struct json_writer writer = json_writer_to(&one->json);
    struct store_txn *txn = NULL;
    enum rc rc;

    (void)now_ms;
    if (!rule)
        return RC_NOT_FOUND;
    rc = store_begin_read(service_store(work->request->service), &txn);
    if (!rc)
        rc = write_rule(txn, ruleset, rule, &writer);
    store_abort(&txn);
    return rc;
}

static void answer_one(struct engine_work *work, enum rc rc)
{
    struct rules_work *one = (struct rules_work *)work;

    if (!rc) {
        request_answer_json(work->request, 200, &one->json);
        return;
    }
    buffer_free(&one->json);
    request_fail(work->request, rc);
}

void get_rule(struct request *request)
{
    struct rules_work *work = arena_alloc(request->arena, 1, sizeof *work);

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct rules_work){ .work = { .run = run_one, .answer = answer_one } };
    buffer_init(&work->json, 0);
    request_run(request, &work->work);
}
