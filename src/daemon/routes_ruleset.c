/* GET /api/v1/ruleset: the rule files in force, whole, so that others can run what the daemon runs: those that loaded last, which the store keeps (rulesets.h). */
#include "src/daemon/handlers.h"

#include "src/store/rulesets.h"

static void write_files(const struct saved_ruleset *saved, struct json_writer *writer)
{
    const struct saved_file *files = saved->files.items;

    json_object_begin(writer);
    json_member_time(writer, "saved", saved->saved_ms);
    json_key(writer, "files");
    json_array_begin(writer);
    for (size_t i = 0; i < saved->files.n_items; i++) {
        json_object_begin(writer);
        json_member_text(writer, "name", files[i].name);
        json_member_text(writer, "text", files[i].text);
        if (files[i].is_list)
            json_member_bool(writer, "list", true);
        json_object_end(writer);
    }
    json_array_end(writer);
    json_object_end(writer);
}

void get_ruleset(struct request *request)
{
    struct saved_ruleset saved = { 0 };
    struct store_txn *txn = NULL;
    struct json_writer writer;
    struct buffer json;
    enum rc rc = store_begin_read(service_store(request->service), &txn);

    if (!rc)
        rc = ruleset_load_saved(txn, request->arena, &saved);
    store_abort(&txn);
    if (rc) {
        request_fail(request, rc);
        return;
    }
    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    write_files(&saved, &writer);
    request_answer_json(request, 200, &json);
}
