/* Any `map:` of a user and any payload: refused at its place, or read into fields whatever the payload's shape.
 *
 * Input: YAML of a watcher's map, a line of "---", JSON. */
#include "tests/fuzz/fuzz.h"
#include "watchers/senders/mapping.h"

static const struct subject_part own_parts[] = { { SLICE("sender"), SLICE("fuzz") } };

/* Fields are cut where all events are finished, so here only their bytes are looked at. */
static void try_element(const void *options, const struct json *element, struct arena *arena)
{
    struct event event = { .data = element, .time_ms = 1, .received_ms = 1 };
    enum rc rc = mapping_read(options, own_parts, 1, arena, &event);

    CLAIM(rc == RC_OK);
    for (int i = 0; i < EVENT_N_FIELDS; i++)
        CLAIM(slice_is_utf8(event_field_cut(event.fields[i])));
    CLAIM(event.time_ms > 0);
    (void)mapping_is_foreign(options, element);
}

static void try_payload(const void *options, const struct json *payload, struct arena *arena)
{
    const struct json *elements = mapping_elements(options, payload);
    const struct json_path *id = mapping_id(options);

    if (id)
        CLAIM(slice_is_utf8(json_text(json_path_get(id, payload))));
    if (!elements) {
        try_element(options, payload, arena);
        return;
    }
    CLAIM(json_type_of(elements) == JSON_ARRAY);
    for (const struct json *one = json_first(elements); one; one = json_next(one))
        try_element(options, one, arena);
}

static void try_map(const struct node *map, struct slice json, struct arena *arena,
                    struct problems *problems)
{
    struct json *payload = NULL;
    struct json_fault fault;
    void *options = NULL;
    enum rc rc = mapping_parse(map, arena, problems, &options);

    CLAIM(rc == RC_OK || (rc == RC_INVALID && problems_count(problems, PROBLEM_ERROR)));
    if (!rc && json_parse(json, JSON_LIMITS_DEFAULT, &payload, &fault) == RC_OK)
        try_payload(options, payload, arena);
    json_free(payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice whole = fuzz_input(data, size), mark = SLICE("\n---\n");
    const char *at = memmem(whole.ptr, whole.len, mark.ptr, mark.len);
    struct slice yaml = { whole.ptr, at ? (size_t)(at - whole.ptr) + 1 : whole.len };
    struct slice json = { at ? at + mark.len : "", at ? whole.len - yaml.len - mark.len + 1 : 0 };
    struct arena *arena = fuzz_arena();
    struct problems *problems = NULL;
    struct node *map = NULL;

    CLAIM(problems_new(&problems) == RC_OK);
    if (document_parse(SLICE("fuzz.yaml"), yaml, arena, problems, &map) == RC_OK && map &&
        map->type == NODE_MAP)
        try_map(map, json, arena, problems);
    problems_free(problems);
    arena_free(arena);
    return 0;
}
