#include "actions/request_url.h"

#include "src/base/url.h"

#include <string.h>

#define MAX_PARTS 64

/* -- at load -- */

/* A client would fold them away, and the request would go elsewhere than it says. */
static bool has_dot_segment(struct slice path)
{
    path = slice_cut(&path, '?');
    while (path.len) {
        struct slice segment = slice_cut(&path, '/');

        if (slice_eq(segment, SLICE(".")) || slice_eq(segment, SLICE("..")))
            return true;
    }
    return false;
}

struct url_reader {
    const struct node *node;
    struct slice rest;
    const struct parameter_list *params;
    struct problems *problems;
    bool in_query;
};

static enum rc refuse(const struct url_reader *reader, const char *reason)
{
    node_problem(reader->problems, reader->node, "`url`: %s", reason);
    return RC_INVALID;
}

/* Alone between slashes, or the whole value of a query member: then percent-encoding keeps it there. */
static bool stands_alone(const struct url_reader *reader, struct slice literal)
{
    char before = literal.len ? literal.ptr[literal.len - 1] : '\0';
    char after = reader->rest.len ? reader->rest.ptr[0] : '\0';

    if (reader->in_query)
        return before == '=' && (after == '\0' || after == '&');
    return before == '/' && (after == '\0' || after == '/' || after == '?');
}

/* Takes a literal and the {{NAME}} behind it, if there is one, off the rest. */
static enum rc read_part(struct url_reader *reader, struct url_part *part)
{
    struct parameter *parameter;
    size_t open, close;

    if (slice_find(reader->rest, SLICE("{{"), &open))
        open = reader->rest.len;
    part->literal = (struct slice){ .ptr = reader->rest.ptr, .len = open };
    reader->rest.ptr += open;
    reader->rest.len -= open;
    if (!url_is_literal(part->literal))
        return refuse(reader, "write spaces and other special characters percent-encoded, and no "
                              "fragment (#)");
    if (memchr(part->literal.ptr, '?', part->literal.len))
        reader->in_query = true;
    if (!reader->rest.len)
        return RC_OK;
    if (slice_find(reader->rest, SLICE("}}"), &close))
        return refuse(reader, "a {{ has no }}");
    part->param = slice_trim((struct slice){ .ptr = reader->rest.ptr + 2, .len = close - 2 });
    reader->rest.ptr += close + 2;
    reader->rest.len -= close + 2;
    parameter = parameter_find(reader->params, part->param);
    if (!parameter)
        return refuse(reader, "it names something that is not in `params`");
    if (!stands_alone(reader, part->literal))
        return refuse(reader, "a parameter stands alone between two slashes or as the whole value "
                              "of a query member");
    parameter->in_url = true;
    part->keeps_slashes = parameter->is_path && !reader->in_query;
    return RC_OK;
}

enum rc request_url_load(const struct node *node, const struct parameter_list *params,
                         struct arena *arena, struct problems *problems, struct request_url *url)
{
    struct url_reader reader = { .node = node, .params = params, .problems = problems };
    struct slice path;
    size_t start;

    if (node->type != NODE_SCALAR)
        return refuse(&reader, "a text is expected");
    start = url_start_bytes(node->text);
    if (!start)
        return refuse(&reader, "it starts with http:// or https:// and a literal host (and port); "
                               "no parameter, user or password stands there");
    path = (struct slice){ .ptr = node->text.ptr + start, .len = node->text.len - start };
    if (has_dot_segment(path))
        return refuse(&reader, "its path has a segment `.` or `..`");
    url->parts = arena_alloc(arena, MAX_PARTS, sizeof(*url->parts));
    if (!url->parts)
        return RC_NO_MEMORY;
    url->parts[url->n_parts++].literal = (struct slice){ .ptr = node->text.ptr, .len = start };
    reader.rest = path;
    while (reader.rest.len) {
        enum rc rc;

        if (url->n_parts == MAX_PARTS)
            return refuse(&reader, "more parameters than anybody could review");
        rc = read_part(&reader, &url->parts[url->n_parts++]);
        if (rc)
            return rc;
    }
    return RC_OK;
}

/* -- at rendering -- */

/* RFC 3986, 2.3: what needs no encoding anywhere. */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void add_encoded(struct slice value, bool keeps_slashes, struct buffer *out)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        if (is_unreserved(c) || (keeps_slashes && c == '/'))
            buffer_add_byte(out, c);
        else
            buffer_format(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

void request_url_render(const struct request_url *url, const struct parameter_values *values,
                        struct buffer *out)
{
    for (size_t i = 0; i < url->n_parts; i++) {
        const struct url_part *part = &url->parts[i];

        buffer_add(out, part->literal);
        if (!slice_is_absent(part->param))
            add_encoded(parameter_value(values, part->param), part->keeps_slashes, out);
    }
}
