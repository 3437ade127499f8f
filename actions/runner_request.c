#include "actions/runner_request.h"

#include "src/base/json.h"
#include "src/base/template.h"

#define REQUEST_BYTES (1024 * 1024)

static struct slice find_secret(void *context, struct slice name)
{
    const struct runner_secrets *secrets = context;
    struct slice prefix = SLICE("secret.");

    if (!slice_starts(name, prefix))
        return (struct slice){ 0 };
    name.ptr += prefix.len;
    name.len -= prefix.len;
    for (size_t i = 0; i < secrets->n_items; i++) {
        if (slice_eq(secrets->items[i].name, name))
            return secrets->items[i].value;
    }
    return (struct slice){ 0 };
}

static enum rc fill_value(struct slice text, const struct runner_secrets *secrets,
                          struct arena *arena, struct slice *value)
{
    struct runner_secrets borrowed = *secrets;
    struct template_values values = { .get = find_secret, .context = &borrowed };
    struct slice missing = { 0 };
    struct template *template;
    struct json_fault fault;
    struct buffer filled;
    enum rc rc = template_parse(text, arena, &template, &fault);

    if (rc)
        return rc;
    buffer_init(&filled, REQUEST_BYTES);
    template_render(template, &values, &filled, &missing);
    rc = slice_is_absent(missing) ? buffer_rc(&filled) : RC_INVALID;
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&filled), value);
    buffer_free(&filled);
    return rc;
}

/* With room for one more, the content type. */
static enum rc read_headers(const struct json *map, const struct runner_secrets *secrets,
                            struct arena *arena, struct http_request *request)
{
    request->headers = arena_alloc(arena, json_count(map) + 1, sizeof(*request->headers));
    if (!request->headers)
        return RC_NO_MEMORY;
    for (const struct json *node = json_first(map); node; node = json_next(node)) {
        struct http_header *header = &request->headers[request->n_headers++];
        enum rc rc = arena_copy(arena, json_name(node), &header->name);

        if (!rc && slice_is_absent(json_string(node)))
            rc = RC_INVALID;
        if (!rc)
            rc = fill_value(json_string(node), secrets, arena, &header->value);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static bool has_header(const struct http_request *request, struct slice name)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        if (slice_eq_nocase(request->headers[i].name, name))
            return true;
    }
    return false;
}

static enum rc read_body(const struct json *node, struct arena *arena, struct http_request *request)
{
    struct buffer text;
    struct json_writer writer;
    enum rc rc;

    if (!node)
        return RC_OK;
    buffer_init(&text, REQUEST_BYTES);
    writer = json_writer_to(&text);
    json_write_node(&writer, node);
    rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&text), &request->body);
    buffer_free(&text);
    if (!rc && !has_header(request, SLICE("content-type")))
        request->headers[request->n_headers++] =
            (struct http_header){ .name = SLICE("Content-Type"),
                                  .value = SLICE("application/json") };
    return rc;
}

static enum rc read_root(const struct json *root, const struct runner_secrets *secrets,
                         struct arena *arena, struct http_request *request)
{
    struct slice method = json_string(json_get_text(root, "method"));
    struct slice url = json_string(json_get_text(root, "url"));
    enum rc rc;

    if (slice_is_absent(method) || slice_is_absent(url))
        return RC_INVALID;
    rc = arena_copy(arena, method, &request->method);
    if (!rc)
        rc = arena_copy(arena, url, &request->url);
    if (!rc)
        rc = read_headers(json_get_text(root, "headers"), secrets, arena, request);
    if (!rc)
        rc = read_body(json_get_text(root, "json"), arena, request);
    return rc;
}

enum rc runner_request_read(struct slice json, const struct runner_secrets *secrets,
                            struct arena *arena, struct http_request *request)
{
    struct json_fault fault;
    struct json *root;
    enum rc rc = json_parse(json, JSON_LIMITS_DEFAULT, &root, &fault);

    if (rc)
        return rc;
    *request = (struct http_request){ 0 };
    rc = read_root(root, secrets, arena, request);
    json_free(root);
    return rc;
}
