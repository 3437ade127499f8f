#include "actions/channels/web_request.h"

#include "src/base/buffer.h"

#include <string.h>

static enum rc add_headers(struct slice bearer, struct arena *arena, struct http_request *request)
{
    struct http_header *headers = arena_alloc(arena, 2, sizeof(*headers));

    if (!headers)
        return RC_NO_MEMORY;
    headers[0] = (struct http_header){ .name = SLICE("Content-Type"),
                                       .value = SLICE("application/json; charset=utf-8") };
    request->headers = headers;
    request->n_headers = 1;
    if (slice_is_absent(bearer))
        return RC_OK;
    headers[1].name = SLICE("Authorization");
    request->n_headers = 2;
    return arena_format(arena, &headers[1].value, "Bearer %.*s", SLICE_ARG(bearer));
}

enum rc web_request_json(const char *method, struct slice url, struct slice bearer,
                         struct buffer *body, struct arena *arena, struct http_request *request)
{
    enum rc rc = buffer_rc(body);

    *request =
        (struct http_request){ .method = slice_of(method), .timeout_ms = CHANNEL_TIMEOUT_MS };
    if (!rc)
        rc = arena_copy(arena, buffer_slice(body), &request->body);
    buffer_free(body);
    if (!rc)
        rc = arena_copy(arena, url, &request->url);
    return rc ? rc : add_headers(bearer, arena, request);
}

struct slice web_secret_part(struct slice url)
{
    size_t offset;

    if (slice_find(url, SLICE("://"), &offset) == RC_OK) {
        url.ptr += offset + 3;
        url.len -= offset + 3;
    }
    slice_cut(&url, '/');
    return url;
}

struct slice web_place(const struct channel_call *call)
{
    return call->message->place.len ? call->message->place : call->channel->place;
}
