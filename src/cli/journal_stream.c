#include "src/cli/journal_stream.h"

#include "src/base/clock.h"
#include "src/cli/value.h"

#include <errno.h>
#include <string.h>

#define PAGE_ITEMS 1000

static void write_url(const struct journal_stream *stream, struct buffer *url)
{
    char since[TIME_TEXT_BYTES];

    buffer_format(url, "/api/v1/events?order=oldest&kind=%%2A&limit=%d&since=", PAGE_ITEMS);
    url_add_encoded(url, slice_of(time_format(stream->since_ms, since)));
    if (stream->after.len) {
        buffer_add_text(url, "&after=");
        url_add_encoded(url, buffer_slice(&stream->after));
    }
}

/* A page that is followed by itself would be asked for without end. */
static bool is_page(const struct journal_stream *stream, const struct json *page)
{
    struct slice next = value_text(page, "next");

    return json_type_of(json_get_text(page, "items")) == JSON_ARRAY &&
           (!next.len || !slice_eq(next, buffer_slice(&stream->after)));
}

static void take_page(struct journal_stream *stream, const struct json *page)
{
    struct slice next = value_text(page, "next");

    buffer_clear(&stream->lines);
    stream->n_taken = 0;
    for (const struct json *item = json_first(json_get_text(page, "items")); item;
         item = json_next(item)) {
        value_add_line(item, &stream->lines);
        buffer_add_text(&stream->lines, "\n");
    }
    buffer_clear(&stream->after);
    buffer_add(&stream->after, next);
    stream->is_over = !next.len;
}

static enum exit_code ask_page(struct journal_stream *stream)
{
    struct json *page = NULL;
    struct buffer url;
    enum exit_code code;

    buffer_init(&url, 0);
    write_url(stream, &url);
    code = client_get(stream->client, buffer_slice(&url), &page);
    if (!code && !is_page(stream, page))
        code = client_refuse(stream->client);
    if (!code)
        take_page(stream, page);
    json_free(page);
    buffer_free(&url);
    return code;
}

/* A page may be empty and still not the last one. */
static ssize_t read_stream(void *context, char *bytes, size_t len)
{
    struct journal_stream *stream = context;
    size_t n_left;

    while (stream->n_taken == stream->lines.len && !stream->is_over) {
        stream->code = ask_page(stream);
        if (!stream->code && !buffer_rc(&stream->lines) && !buffer_rc(&stream->after))
            continue;
        errno = EIO;
        return -1;
    }
    n_left = stream->lines.len - stream->n_taken;
    if (len > n_left)
        len = n_left;
    if (len)
        memcpy(bytes, stream->lines.ptr + stream->n_taken, len);
    stream->n_taken += len;
    return (ssize_t)len;
}

static int close_stream(void *context)
{
    struct journal_stream *stream = context;

    buffer_free(&stream->lines);
    buffer_free(&stream->after);
    return 0;
}

FILE *journal_stream_open(struct journal_stream *stream)
{
    const cookie_io_functions_t functions = { .read = read_stream, .close = close_stream };

    buffer_init(&stream->lines, 0);
    buffer_init(&stream->after, 0);
    return fopencookie(stream, "r", functions);
}
