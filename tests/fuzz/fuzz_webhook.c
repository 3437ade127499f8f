/* A request from anybody who knows the secret: refused with a status, or stored and read as events that are whole.
 *
 * Input: a byte that picks the hook and says whether the request is signed, header lines (Name: value), an empty line, the body. */
#include "tests/fuzz/request.h"

#define UNSIGNED 0x80U

static const char hooks[] = "- {webhook: github, secret: s}\n"
                            "- {webhook: alertmanager, token: s}\n"
                            "- {webhook: generic, name: plain, token: s}\n"
                            "- webhook: generic\n"
                            "  name: mapped\n"
                            "  secret: s\n"
                            "  map: {kind: deploy, service: app.name, state: status, title: "
                            "message, id: delivery, time: at, subject: 'l[*].x'}\n"
                            "  states: {failing: [failed, error], ok: [succeeded]}\n"
                            /* One of each way to prove oneself, and of each way to travel. */
                            "- {webhook: gitea, secret: s}\n"
                            "- {webhook: linear, secret: s}\n"
                            "- {webhook: gitlab, secret: whsec_czEyMw}\n"
                            "- {webhook: standard-webhooks, secret: whsec_czEyMw}\n"
                            "- {webhook: buildkite, secret: s}\n"
                            "- {webhook: cloudevents, basic: 'u:p'}\n"
                            "- {webhook: cloudevents, name: asked, token: s}\n"
                            "- {webhook: cloudwatch, topics: ['arn:aws:sns:eu-north-1:1:t']}\n"
                            "- {webhook: generic, name: stripe, stripe_secret: s}\n"
                            "- webhook: generic\n"
                            "  name: items\n"
                            "  secret: s\n"
                            "  signature: {header: X-Sig, over: 'v0:{id}:{time}:{body}', "
                            "time_header: X-Time, id_header: X-Id, encoding: base64}\n"
                            "  map: {title: 'a|b.c', subject: [n, a], severity: s, time: at}\n"
                            "  severities: {critical: [S1]}\n"
                            "  items: list\n";

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

/* The signature is right, as a sender's is; what it signs is anything. None where only the sender can sign. */
static void add_proof(const struct webhook *hook, struct webhook_request *request,
                      struct header *headers, struct arena *arena)
{
    struct header *made;
    size_t n_made = 0;
    enum rc rc;

    rc = webhook_sign(hook, (struct slice){ 0 }, (struct slice){ 0 }, request->body, FUZZ_NOW_MS,
                      arena, &made, &n_made);
    CLAIM(rc == RC_OK || rc == RC_DENIED);
    for (size_t i = 0; i < n_made; i++) {
        if (!slice_eq_nocase(made[i].name, SLICE("content-type")))
            headers[request->n_headers++] = made[i];
        else if (!request->content_type.len)
            request->content_type = made[i].value;
    }
}

static void claim_events(const struct watchers *watchers, const struct journal_entry *entry,
                         struct arena *arena)
{
    struct event_list events = { 0 };

    CLAIM(watchers_events(watchers, entry, arena, &events) == RC_OK);
    CLAIM(events.n_items >= 1);
    for (size_t i = 0; i < events.n_items; i++)
        fuzz_claim_whole(&events.items[i]);
    event_list_free(&events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct watchers *watchers = loaded_watchers();
    struct header headers[FUZZ_MAX_HEADERS + 4];
    struct webhook_request request = { .received_ms = FUZZ_NOW_MS, .real_ms = FUZZ_NOW_MS };
    struct slice rest = fuzz_input(data, size);
    struct webhook_answer answer;
    struct arena *arena = fuzz_arena();
    const struct webhook *hook;
    unsigned pick = fuzz_cut_byte(&rest);

    hook = watchers_webhook_at(watchers, (pick & ~UNSIGNED) % watchers_count(watchers));
    (void)slice_cut(&rest, '\n');
    fuzz_cut_headers(&rest, &request, headers);
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
