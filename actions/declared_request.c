#include "actions/declared_request.h"

#include "src/base/settings.h"

#include <string.h>

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", NULL };

static const struct shape shape_headers = { .kind = SHAPE_MAP, .item = &shape_text };

struct request_members {
    int method;
    struct node *url;
    struct node *headers;
    struct node *json;
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct request_members, member)
static const struct setting request_settings[] = {
    { .name = "method",  .type = SETTING_ENUM, AT(method), .required = true, .names = methods, .help = "GET, POST, …" },
    { .name = "url",     .type = SETTING_NODE, AT(url),    .required = true, .shape = &shape_text, .help = "scheme, host and port literal" },
    { .name = "headers", .type = SETTING_NODE, AT(headers), .shape = &shape_headers, .help = "names and values; {{secret.NAME}} is put in when it is sent" },
    { .name = "json",    .type = SETTING_NODE, AT(json),    .help = "the body; {{NAME}} inside its texts" },
};
#undef AT
/* clang-format on */
const struct shape shape_declared_request = { .name = "request", SHAPE_OF(request_settings) };

/* -- headers -- */

/* RFC 9110, 5.6.2. */
static bool is_token(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            (!c || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return name.len > 0;
}

static bool is_secret(const struct secret_names *secrets, struct slice name)
{
    for (size_t i = 0; i < secrets->n_items; i++)
        if (slice_eq(secrets->items[i], name))
            return true;
    return false;
}

/* Only {{secret.NAME}} may stand in a header: of a parameter nobody could tell whether it names a secret. */
static enum rc check_header_value(const struct node *value, const struct secret_names *secrets,
                                  struct arena *arena, struct problems *problems)
{
    struct template *template = NULL;
    struct json_fault fault = { 0 };
    enum rc rc = template_parse(value->text, arena, &template, &fault);

    if (rc == RC_INVALID)
        node_problem(problems, value, "%s (at byte %zu)", fault.text, fault.offset + 1);
    if (rc)
        return rc;
    for (size_t i = 0;; i++) {
        struct slice name = template_name(template, i);

        if (slice_is_absent(name))
            return RC_OK;
        if (!slice_starts(name, SLICE("secret.")) || parameter_text_has_filter(value->text)) {
            node_problem(problems, value,
                         "only {{secret.NAME}} may stand in a header, without filters");
            return RC_INVALID;
        }
        name.ptr += sizeof("secret.") - 1;
        name.len -= sizeof("secret.") - 1;
        if (!is_secret(secrets, name)) {
            node_problem(problems, value, "no secret `%.*s` is declared under `secrets`",
                         SLICE_ARG(name));
            return RC_INVALID;
        }
    }
}

static enum rc load_header(const struct node_pair *pair, const struct secret_names *secrets,
                           struct arena *arena, struct problems *problems,
                           struct declared_header *header)
{
    if (!is_token(pair->key)) {
        mark_problem(problems, PROBLEM_ERROR, pair->key_mark, "this cannot be a header's name");
        return RC_INVALID;
    }
    if (pair->value->type != NODE_SCALAR || pair->value->is_null ||
        slice_has_control(pair->value->text)) {
        node_problem(problems, pair->value, "a header's value is one line of text");
        return RC_INVALID;
    }
    header->name = pair->key;
    header->value = pair->value->text;
    return check_header_value(pair->value, secrets, arena, problems);
}

static enum rc load_headers(const struct node *map, const struct secret_names *secrets,
                            struct arena *arena, struct problems *problems,
                            struct declared_request *request)
{
    enum rc worst = RC_OK;

    if (map->type != NODE_MAP) {
        node_problem(problems, map, "`headers` is a map of names to values, not %s",
                     node_type_text(map));
        return RC_INVALID;
    }
    request->headers = arena_alloc(arena, map->n_pairs, sizeof(*request->headers));
    if (!request->headers && map->n_pairs)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < map->n_pairs; i++) {
        enum rc rc = load_header(&map->pairs[i], secrets, arena, problems, &request->headers[i]);

        if (rc && rc != RC_INVALID)
            return rc;
        if (rc)
            worst = rc;
    }
    request->n_headers = map->n_pairs;
    return worst;
}

/* -- the request -- */

enum rc declared_request_load(const struct node *map, const struct parameter_list *params,
                              const struct secret_names *secrets, struct arena *arena,
                              struct problems *problems, struct declared_request *request)
{
    struct request_members members = { 0 };
    enum rc worst;
    enum rc rc;

    worst = settings_read(request_settings, sizeof(request_settings) / sizeof(*request_settings),
                          map, arena, problems, &members);
    if (worst)
        return worst;
    request->method = slice_of(methods[members.method]);
    rc = request_url_load(members.url, params, arena, problems, &request->url);
    if (rc)
        worst = rc;
    rc = members.headers ? load_headers(members.headers, secrets, arena, problems, request) : RC_OK;
    if (rc)
        worst = rc;
    rc = members.json ? json_body_load(members.json, params, arena, problems, &request->body)
                      : RC_OK;
    return rc ? rc : worst;
}

enum rc declared_request_render(const struct declared_request *request,
                                const struct parameter_values *values, struct arena *arena,
                                struct slice *json)
{
    struct buffer out, url;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&out, REQUEST_MAX_BYTES);
    buffer_init(&url, REQUEST_MAX_BYTES);
    request_url_render(&request->url, values, &url);
    writer = json_writer_to(&out);
    json_object_begin(&writer);
    json_member_text(&writer, "method", request->method);
    json_member_text(&writer, "url", buffer_slice(&url));
    json_key(&writer, "headers");
    json_object_begin(&writer);
    for (size_t i = 0; i < request->n_headers; i++) {
        json_key_slice(&writer, request->headers[i].name);
        json_write_text(&writer, request->headers[i].value);
    }
    json_object_end(&writer);
    if (request->body.n_pieces) {
        json_key(&writer, "json");
        json_body_write(&request->body, values, &writer);
    }
    json_object_end(&writer);
    rc = buffer_rc(&url);
    if (!rc)
        rc = buffer_rc(&out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), json);
    buffer_free(&url);
    buffer_free(&out);
    return rc;
}
