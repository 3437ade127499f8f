/* Any value inside a URL: it goes where the declaration says, and stays in its one segment or value. libcurl, which will
 * send it, is asked what it understands.
 *
 * Input: a byte that picks the action, then the value. */
#include "tests/fuzz/actions.h"

#include <curl/curl.h>

static const char declared[] =
    "segment:\n"
    "  request: {method: POST, url: \"https://api.example.com:8443/repos/{{value}}/issues?n=1\"}\n"
    "  params: {value: '/(?s).*/'}\n"
    "  effect: external\n"
    "query:\n"
    "  request: {method: POST, url: "
    "\"https://api.example.com:8443/repos/x/issues?n={{value}}&m=1\"}\n"
    "  params: {value: text}\n"
    "  effect: external\n"
    "path:\n"
    "  request: {method: POST, url: \"https://api.example.com:8443/repos/{{value}}/issues?n=1\"}\n"
    "  params: {value: {match: '/(?s).*/', path: true}}\n"
    "  effect: external\n";

enum place { IN_SEGMENT, IN_QUERY, IN_PATH, N_PLACES };

static void claim_part(CURLU *url, CURLUPart part, const char *expected)
{
    char *text = NULL;

    CLAIM(curl_url_get(url, part, &text, 0) == CURLUE_OK && strcmp(text, expected) == 0);
    curl_free(text);
}

static struct slice part_of(CURLU *url, CURLUPart part, char **text)
{
    CLAIM(curl_url_get(url, part, text, 0) == CURLUE_OK);
    return slice_of(*text);
}

/* `encoded` without what stands around it. */
static struct slice between(struct slice encoded, struct slice before, struct slice after)
{
    CLAIM(slice_starts(encoded, before) && slice_ends(encoded, after));
    CLAIM(encoded.len >= before.len + after.len);
    return (struct slice){ .ptr = encoded.ptr + before.len,
                           .len = encoded.len - before.len - after.len };
}

static void claim_decodes_to(struct slice encoded, struct slice value)
{
    int len = 0;
    char *decoded = curl_easy_unescape(NULL, encoded.ptr, (int)encoded.len, &len);

    CLAIM(decoded && slice_eq((struct slice){ .ptr = decoded, .len = (size_t)len }, value));
    curl_free(decoded);
}

static void claim_stays(const char *text, enum place place, struct slice value)
{
    CURLU *url = curl_url();
    char *path = NULL, *query = NULL;
    struct slice inside;

    CLAIM(url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK);
    claim_part(url, CURLUPART_SCHEME, "https");
    claim_part(url, CURLUPART_HOST, "api.example.com");
    claim_part(url, CURLUPART_PORT, "8443");
    if (place == IN_QUERY) {
        claim_part(url, CURLUPART_PATH, "/repos/x/issues");
        inside = between(part_of(url, CURLUPART_QUERY, &query), SLICE("n="), SLICE("&m=1"));
    } else {
        claim_part(url, CURLUPART_QUERY, "n=1");
        inside = between(part_of(url, CURLUPART_PATH, &path), SLICE("/repos/"), SLICE("/issues"));
    }
    CLAIM(!memchr(inside.ptr, '&', inside.len) && !memchr(inside.ptr, '?', inside.len));
    if (place == IN_SEGMENT)
        CLAIM(!memchr(inside.ptr, '/', inside.len));
    claim_decodes_to(inside, value);
    curl_free(path);
    curl_free(query);
    curl_url_cleanup(url);
}

/* The "url" of the request as it will be sent. */
static void claim_request(struct slice request, enum place place, struct slice value)
{
    struct json *tree = NULL;
    struct json_fault fault;
    struct slice url;

    CLAIM(!json_parse(request, JSON_LIMITS_DEFAULT, &tree, &fault));
    url = json_string(json_get_text(tree, "url"));
    CLAIM(url.len);
    claim_stays(url.ptr, place, value); /* cJSON ends its strings with a NUL */
    json_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actions *actions = fuzz_actions(declared);
    struct slice value = fuzz_input(data, size);
    enum place place = fuzz_cut_byte(&value) % N_PLACES;
    struct arena *arena = fuzz_arena();
    struct slice refused = { 0 };
    struct step step = { 0 };

    if (fuzz_render(actions, actions_at(actions, place)->name, value, arena, &step, &refused) ==
        RC_OK)
        claim_request(step.request, place, value);
    else
        CLAIM(refused.len);
    arena_free(arena);
    return 0;
}
