/* Any headers and body as a CloudEvent in binary mode: JSON whose members are the attributes, or a problem that says what is wrong.
 *
 * Input: as in request.h. */
#include "tests/fuzz/request.h"
#include "watchers/senders/cloudevents_binary.h"

static void claim_header_text(struct slice value, struct arena *arena)
{
    struct slice text;
    enum rc rc = cloudevents_header_text(value, arena, &text);

    CLAIM(rc == RC_OK || rc == RC_INVALID);
    if (rc)
        return;
    CLAIM(text.len <= value.len);
    CLAIM(slice_is_utf8(text) && !slice_has_control(text));
}

/* One attribute by two headers is for the scan of the whole to refuse. */
static void claim_event(struct slice json)
{
    struct json_fault fault = { 0 };
    struct json *tree = NULL;
    enum rc rc = json_parse(json, JSON_LIMITS_DEFAULT, &tree, &fault);

    CLAIM(rc == RC_OK || rc == RC_INVALID || rc == RC_LIMIT);
    if (!rc)
        CLAIM(json_type_of(tree) == JSON_OBJECT);
    if (rc == RC_INVALID)
        CLAIM(strstr(fault.text, "twice"));
    json_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header headers[FUZZ_MAX_HEADERS];
    struct webhook_request request = { 0 };
    struct slice rest = fuzz_input(data, size), json, problem = { 0 };
    struct arena *arena = fuzz_arena();
    struct sender_request event;
    enum rc rc;

    fuzz_cut_headers(&rest, &request, headers);
    for (size_t i = 0; i < request.n_headers; i++)
        claim_header_text(request.headers[i].value, arena);
    event = (struct sender_request){ .headers = request.headers,
                                     .n_headers = request.n_headers,
                                     .content_type = request.content_type,
                                     .json = rest,
                                     .arena = arena };
    rc = cloudevents_from_binary(&event, &json, &problem);
    CLAIM(rc == RC_OK || (rc == RC_INVALID && problem.len));
    if (!rc)
        claim_event(json);
    arena_free(arena);
    return 0;
}
