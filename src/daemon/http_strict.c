/* What RFC 9112 forbids because two readers may take it for two different requests. libmicrohttpd before 0.9.77 reads
 * most of it; it has forgotten the bytes by the time it calls us, but not where they stood: it parses in place, in one
 * buffer, and replaces the end of every line by NULs. So between the end of one thing and the start of the next there
 * are exactly two bytes where CRLF stood, one where a bare LF did, more where a NUL ended the text early, and a
 * folded line stands somewhere else altogether. One thing this cannot see: a NUL right before a bare LF. */
#include "src/daemon/http_private.h"

#include <string.h>

/* What fits into 64 bits, whoever adds to it. */
#define MAX_LENGTH_DIGITS 18

static const struct http_refusal bad_lines = {
    .status = 400,
    .title = "Bad request",
    .detail = "lines end in CRLF, are not folded and hold no NUL"
};
static const struct http_refusal bad_line = {
    .status = 400,
    .title = "Bad request",
    .detail = "the request line is METHOD TARGET VERSION with one blank between"
};
static const struct http_refusal bad_header = {
    .status = 400,
    .title = "Bad request",
    .detail = "a header's name is a token and its value holds no control characters"
};
static const struct http_refusal bad_host = { .status = 400,
                                              .title = "Bad request",
                                              .detail = "expected exactly one Host" };
static const struct http_refusal bad_length = {
    .status = 400,
    .title = "Bad request",
    .detail = "expected one Content-Length, or one Transfer-Encoding, never both"
};
static const struct http_refusal bad_coding = {
    .status = 501,
    .title = "Not implemented",
    .detail = "the only transfer coding known here is chunked"
};

/* From 0.9.77 on it can be told to be strict, and parses in another way. */
bool http_strict_is_inherent(void)
{
    struct slice rest = slice_of(MHD_get_version());
    int64_t version = 0;

    for (int i = 0; i < 3; i++) {
        int64_t part;

        if (slice_to_int(slice_cut(&rest, '.'), &part))
            return false;
        version = version * 1000 + part;
    }
    return version >= 9077;
}

/* Where the bytes stood: only compared, never read. */
static uintptr_t end_of(struct slice text)
{
    return (uintptr_t)text.ptr + text.len;
}

static bool is_at(struct slice text, uintptr_t place)
{
    return (uintptr_t)text.ptr == place;
}

static bool has_plain_request_line(const struct http_exchange *exchange, struct slice version)
{
    struct slice target = { .ptr = exchange->target_start, .len = exchange->target.len };

    return is_at(target, end_of(exchange->method) + 1) && is_at(version, end_of(target) + 1);
}

static bool has_plain_lines(const struct http_exchange *exchange, struct slice version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    uintptr_t next = end_of(version) + 2;

    for (size_t i = 0; i < exchange->n_headers; i++) {
        struct slice name = exchange->headers[i].name;
        struct slice value = exchange->headers[i].value;

        if (!is_at(name, next) || (uintptr_t)value.ptr <= end_of(name))
            return false;
        next = end_of(value) + 2;
    }
    return info && (uintptr_t)exchange->method.ptr + info->header_size == next + 2;
}

static bool is_token(struct slice text)
{
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (size_t i = 0; i < text.len; i++) {
        if (!memchr(allowed, text.ptr[i], sizeof(allowed) - 1))
            return false;
    }
    return text.len > 0;
}

static bool is_target(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((uint8_t)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
            return false;
    }
    return text.len > 0;
}

static bool is_value(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (((uint8_t)text.ptr[i] < 0x20 && text.ptr[i] != '\t') || text.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

static bool has_plain_headers(const struct http_exchange *exchange)
{
    for (size_t i = 0; i < exchange->n_headers; i++) {
        if (!is_token(exchange->headers[i].name) || !is_value(exchange->headers[i].value))
            return false;
    }
    return true;
}

static size_t count(const struct http_exchange *exchange, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < exchange->n_headers; i++)
        n += slice_eq_nocase(exchange->headers[i].name, slice_of(name));
    return n;
}

static bool is_length(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len > 0 && text.len <= MAX_LENGTH_DIGITS;
}

static const struct http_refusal *check_framing(const struct http_exchange *exchange, bool is_1_0)
{
    size_t n_lengths = count(exchange, "Content-Length");
    size_t n_codings = count(exchange, "Transfer-Encoding");

    if (n_lengths + n_codings > 1 || (n_codings && is_1_0))
        return &bad_length;
    if (n_lengths && !is_length(http_header(exchange, "Content-Length")))
        return &bad_length;
    if (n_codings && !slice_eq_nocase(http_header(exchange, "Transfer-Encoding"), SLICE("chunked")))
        return &bad_coding;
    return NULL;
}

const struct http_refusal *http_strict_check(const struct http_exchange *exchange,
                                             const char *version)
{
    struct slice said = slice_of(version);
    bool is_1_0 = slice_eq(said, SLICE("HTTP/1.0"));
    size_t n_hosts = count(exchange, "Host");

    if (!http_strict_is_inherent()) {
        if (!has_plain_request_line(exchange, said))
            return &bad_line;
        if (!has_plain_lines(exchange, said))
            return &bad_lines;
    }
    if (!is_token(exchange->method) || !is_target(exchange->target))
        return &bad_line;
    if (!has_plain_headers(exchange))
        return &bad_header;
    if (n_hosts > 1 || (n_hosts == 0 && !is_1_0))
        return &bad_host;
    return check_framing(exchange, is_1_0);
}
