/* A request from anybody who knows the secret: refused with a status, or stored and read as events that are whole.
 *
 * Input: a byte that picks the hook and says whether the request is signed, header lines (Name: value), an empty line, the body. */
#include "tests/fuzz/fuzz.h"
#include "watchers/webhook.h"

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */
#define MAX_HEADERS 16
#define UNSIGNED 0x80

static const char hooks[] = "- {webhook: github, secret: s}\n"
                            "- {webhook: alertmanager, token: s}\n"
                            "- {webhook: generic, name: plain, token: s}\n"
                            "- webhook: generic\n"
                            "  name: mapped\n"
                            "  secret: s\n"
                            "  map: {kind: deploy, service: app.name, state: status, title: "
                            "message, id: delivery, time: at, subject: 'l[*].x'}\n"
                            "  states: {failing: [failed, error], ok: [succeeded]}\n";

static struct watchers *loaded_watchers(void)
{
    static struct watchers *watchers;
    static struct arena *arena;
    struct problems *problems = NULL;
    struct node *root;

    if (watchers)
        return watchers;
    arena = fuzz_arena();
    CLAIM(problems_new(&problems) == RC_OK);
    CLAIM(!document_parse(SLICE("fuzz.yaml"), slice_of(hooks), arena, problems, &root));
    CLAIM(!watchers_load(root, SLICE("/nowhere"), true, arena, problems, &watchers));
    problems_free(problems);
    return watchers;
}

static void cut_headers(struct slice *rest, struct webhook_request *request, struct header *headers)
{
    while (rest->len && request->n_headers < MAX_HEADERS) {
        struct slice value = slice_cut(rest, '\n');
        struct slice name = slice_cut(&value, ':');

        if (!name.len)
            return;
        if (slice_eq_nocase(name, SLICE("content-type")))
            request->content_type = slice_trim(value);
        headers[request->n_headers++] = (struct header){ name, slice_trim(value) };
    }
}

/* The signature is right, as a sender's is; what it signs is anything. */
static void add_proof(const struct webhook *hook, struct webhook_request *request,
                      struct header *headers, struct arena *arena)
{
    struct header *made;
    size_t n_made;

    CLAIM(!webhook_sign(hook, (struct slice){ 0 }, (struct slice){ 0 }, request->body, NOW_MS,
                        arena, &made, &n_made));
    for (size_t i = 0; i < n_made; i++) {
        if (!slice_eq_nocase(made[i].name, SLICE("content-type")))
            headers[request->n_headers++] = made[i];
        else if (!request->content_type.len)
            request->content_type = made[i].value;
    }
}

static void claim_whole(const struct event *event)
{
    struct buffer out;
    struct json_writer writer;

    for (int i = 0; i < EVENT_N_FIELDS; i++)
        CLAIM(event->fields[i].len <= 1024 && slice_is_utf8(event->fields[i]));
    CLAIM(event->door == DOOR_DATA && event->received_ms == NOW_MS);
    CLAIM(!slice_starts(event->fields[FIELD_TYPE], SLICE("vedette.")));
    CLAIM(!slice_starts(event->fields[FIELD_KIND], SLICE("vedette.")));
    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    event_write_json(event, &writer);
    CLAIM(buffer_rc(&out) == RC_OK);
    fuzz_claim_json(buffer_slice(&out));
    buffer_free(&out);
}

static void claim_events(const struct watchers *watchers, const struct journal_entry *entry,
                         struct arena *arena)
{
    struct event_list events = { 0 };

    CLAIM(watchers_events(watchers, entry, arena, &events) == RC_OK);
    CLAIM(events.n_items >= 1);
    for (size_t i = 0; i < events.n_items; i++)
        claim_whole(&events.items[i]);
    event_list_free(&events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct watchers *watchers = loaded_watchers();
    struct header headers[MAX_HEADERS + 4];
    struct webhook_request request = { .headers = headers,
                                       .received_ms = NOW_MS,
                                       .real_ms = NOW_MS };
    struct slice rest = fuzz_input(data, size);
    struct webhook_answer answer;
    struct arena *arena = fuzz_arena();
    const struct webhook *hook;
    unsigned pick = fuzz_cut_byte(&rest);

    hook = watchers_webhook_at(watchers, pick % watchers_count(watchers));
    (void)slice_cut(&rest, '\n');
    cut_headers(&rest, &request, headers);
    request.body = rest;
    if (!(pick & UNSIGNED))
        add_proof(hook, &request, headers, arena);
    CLAIM(webhook_receive(hook, &request, arena, &answer) == RC_OK);
    if (answer.status) {
        CLAIM(answer.status >= 400 && answer.reason && answer.title);
    } else {
        CLAIM(!(pick & UNSIGNED));
        CLAIM(answer.entry.delivery_id.len && answer.dedup_ms > 0);
        claim_events(watchers, &answer.entry, arena);
    }
    arena_free(arena);
    return 0;
}
