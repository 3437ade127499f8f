#include "watchers/senders/cloudevents_binary.h"

#include "src/base/utf8.h"
#include "src/store/headers.h"

#define PREFIX SLICE("ce-")
#define NAME_MAX_BYTES 64

/* -- one value -- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte at the beginning, of one character or three. */
static char cut_decoded(struct slice *rest)
{
    char byte = rest->ptr[0];
    size_t n_bytes = 1;

    if (byte == '%' && rest->len >= 3 && hex_digit(rest->ptr[1]) >= 0 &&
        hex_digit(rest->ptr[2]) >= 0) {
        byte = (char)(hex_digit(rest->ptr[1]) << 4 | hex_digit(rest->ptr[2]));
        n_bytes = 3;
    }
    *rest = (struct slice){ rest->ptr + n_bytes, rest->len - n_bytes };
    return byte;
}

/* Into `bytes`, which has room for as many. */
static struct slice unquote(struct slice value, char *bytes)
{
    size_t len = 0;

    if (value.len < 2 || value.ptr[0] != '"' || value.ptr[value.len - 1] != '"')
        return value;
    for (size_t i = 1; i < value.len - 1; i++) {
        if (value.ptr[i] == '\\' && i + 1 < value.len - 1)
            i++;
        bytes[len++] = value.ptr[i];
    }
    return (struct slice){ bytes, len };
}

enum rc cloudevents_header_text(struct slice value, struct arena *arena, struct slice *text)
{
    char *bytes = arena_alloc(arena, value.len + 1, 1);
    struct slice rest;
    size_t len = 0;

    if (!bytes)
        return RC_NO_MEMORY;
    /* Decoding never lengthens, so it follows in the same place. */
    rest = unquote(value, bytes);
    while (rest.len)
        bytes[len++] = cut_decoded(&rest);
    *text = (struct slice){ bytes, len };
    return utf8_is_valid(bytes, len) && !slice_has_control(*text) ? RC_OK : RC_INVALID;
}

/* -- the headers -- */

bool cloudevents_is_binary(const struct sender_request *request)
{
    struct slice version;

    return header_get(request->headers, request->n_headers, "ce-specversion", &version) !=
           RC_NOT_FOUND;
}

/* Attributes are lower-case letters and digits; other headers that begin alike are nobody's. These have another place. */
static bool is_attribute(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!(name.ptr[i] >= 'a' && name.ptr[i] <= 'z') &&
            !(name.ptr[i] >= '0' && name.ptr[i] <= '9'))
            return false;
    }
    return name.len && !slice_eq(name, SLICE("data")) && !slice_eq(name, SLICE("datacontenttype"));
}

/* "CE-Id" is `id`; absent where it is no attribute. */
static struct slice attribute_name(struct slice header, char name[NAME_MAX_BYTES])
{
    const struct slice prefix = PREFIX;
    struct slice lower = { name, header.len - prefix.len };

    if (header.len <= prefix.len || lower.len > NAME_MAX_BYTES)
        return (struct slice){ 0 };
    if (!slice_eq_nocase((struct slice){ header.ptr, prefix.len }, prefix))
        return (struct slice){ 0 };
    for (size_t i = 0; i < lower.len; i++) {
        char c = header.ptr[prefix.len + i];

        name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return is_attribute(lower) ? lower : (struct slice){ 0 };
}

static enum rc write_attribute(const struct sender_request *request, const struct header *header,
                               struct json_writer *writer, struct slice *problem)
{
    char bytes[NAME_MAX_BYTES];
    const struct slice name = attribute_name(header->name, bytes);
    struct slice text;
    enum rc rc;

    if (slice_is_absent(name))
        return RC_OK;
    rc = cloudevents_header_text(header->value, request->arena, &text);
    if (rc == RC_INVALID &&
        arena_format(request->arena, problem, "the header ce-%.*s is not UTF-8, percent-encoded",
                     SLICE_ARG(name)) != RC_OK)
        return RC_NO_MEMORY;
    if (rc)
        return rc;
    json_key_slice(writer, name);
    json_write_text(writer, text);
    return RC_OK;
}

/* Its own scan: inside an object, what is no value could pass for the rest of it. */
static enum rc check_data(const struct sender_request *request, struct slice *problem)
{
    struct json_fault fault;
    enum rc rc = json_scan(request->json, JSON_LIMITS_DEFAULT, &fault);

    if (rc != RC_INVALID && rc != RC_LIMIT)
        return rc;
    rc = arena_format(request->arena, problem, "the data is not JSON: %s at byte %zu", fault.text,
                      fault.offset);
    return rc ? rc : RC_INVALID;
}

static enum rc write_event(const struct sender_request *request, struct json_writer *writer,
                           struct slice *problem)
{
    enum rc rc = RC_OK;

    json_object_begin(writer);
    for (size_t i = 0; i < request->n_headers && !rc; i++)
        rc = write_attribute(request, &request->headers[i], writer, problem);
    /* An event may have no data. */
    if (!rc && request->json.len) {
        rc = check_data(request, problem);
        json_member_text(writer, "datacontenttype", request->content_type);
        json_key(writer, "data");
        json_write_raw(writer, request->json);
    }
    json_object_end(writer);
    return rc;
}

enum rc cloudevents_from_binary(const struct sender_request *request, struct slice *json,
                                struct slice *problem)
{
    struct json_writer writer;
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    writer = json_writer_to(&text);
    rc = write_event(request, &writer, problem);
    if (!rc)
        rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(request->arena, buffer_slice(&text), json);
    buffer_free(&text);
    return rc;
}
