#include "src/cli/commands_all.h"
#include "src/cli/input.h"
#include "src/cli/offline.h"
#include "src/cli/value.h"
#include "src/engine/engine.h"

#define EVENTS_BYTES ((size_t)256 << 20)

static void write_event(const struct event *event, bool as_json, struct buffer *out)
{
    struct json_writer writer;
    struct buffer json;
    struct json_fault fault;
    struct json *tree = NULL;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    event_write_json(event, &writer);
    if (as_json) {
        buffer_add(out, buffer_slice(&json));
        buffer_add_text(out, "\n");
    } else if (!json_parse(buffer_slice(&json), JSON_LIMITS_DEFAULT, &tree, &fault)) {
        value_show_paths(tree, out);
        buffer_add_text(out, "\n");
    }
    json_free(tree);
    buffer_free(&json);
}

static enum rc write_entry(const struct invocation *invocation, const struct offline *offline,
                           const struct input_entry *entry, struct arena *arena)
{
    struct event_list events = { 0 };
    struct buffer out;
    enum rc rc;

    arena_reset(arena);
    buffer_init(&out, 0);
    rc = engine_events(offline->config, &entry->entry, arena, &events);
    for (size_t i = 0; i < events.n_items && !rc; i++)
        write_event(&events.items[i], invocation->options.json, &out);
    if (!rc)
        rc = screen_write(&out);
    event_list_free(&events);
    buffer_free(&out);
    return rc;
}

enum exit_code fields_command(const struct invocation *invocation)
{
    struct inputs *inputs = NULL;
    struct arena *arena = NULL;
    struct input_entry entry;
    struct offline offline;
    enum exit_code code = inputs_check_call(invocation);
    enum rc rc;

    if (!code && invocation->n_operands)
        code = usage_error(invocation->command,
                           "inputs stand behind --hook, --deliveries or --events");
    if (code)
        return code;
    code = offline_need(invocation, OFFLINE_NO_RULES, NULL, 0, &offline);
    if (code)
        goto out;
    problems_clear(offline.problems);
    rc = arena_new(EVENTS_BYTES, &arena);
    if (!rc)
        rc = inputs_open(&invocation->options, offline.config, NULL, offline.problems, &inputs);
    while (!rc && !(rc = inputs_next(inputs, &entry)))
        rc = write_entry(invocation, &offline, &entry, arena);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    offline_tell(&offline);
    if (rc && rc != RC_INVALID)
        complain(invocation->command, "%s", rc_text(rc));
    code = rc ? EXIT_REFUSED : EXIT_DONE;
out:
    inputs_close(inputs);
    arena_free(arena);
    offline_close(&offline);
    return code;
}
