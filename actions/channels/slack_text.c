#include "actions/channels/slack_text.h"

#include "actions/channels/shown.h"
#include "src/base/utf8.h"

static const struct entity {
    char byte;
    struct slice text;
} entities[] = {
    { '&', { "&amp;", 5 } },
    { '<', { "&lt;", 4 } },
    { '>', { "&gt;", 4 } },
};

/* What one character is written as; takes it off `rest`, which is valid UTF-8. */
static struct slice cut_written(struct slice *rest, bool is_escaped)
{
    size_t len = utf8_char_len(rest->ptr, rest->len, NULL);
    struct slice written = { .ptr = rest->ptr, .len = len ? len : 1 };

    for (size_t i = 0; is_escaped && i < sizeof(entities) / sizeof(*entities); i++)
        if (rest->ptr[0] == entities[i].byte)
            written = entities[i].text;
    rest->ptr += len ? len : 1;
    rest->len -= len ? len : 1;
    return written;
}

/* UTF-16 units: which unit Slack counts is not documented, and of code points and these, these are more. An entity is ASCII. */
static size_t count_written(struct slice written)
{
    if ((uint8_t)written.ptr[0] < 0x80)
        return written.len;
    return written.len == 4 ? 2 : 1;
}

/* Bytes of `out` up to which `max_characters` and the mark of the cut fit, or all of it. */
static void add_fitting(struct buffer *out, struct slice text, size_t max_characters,
                        bool is_escaped)
{
    size_t n_characters = 0, end_bytes = 0;

    if (!text.len)
        return;
    while (text.len) {
        struct slice written = cut_written(&text, is_escaped);
        size_t n_more = count_written(written);

        if (n_characters + n_more > max_characters)
            break;
        n_characters += n_more;
        buffer_add(out, written);
        if (n_characters < max_characters)
            end_bytes = out->len; /* here the mark would still have room */
        if (!text.len)
            return;
    }
    if (out->failed)
        return;
    out->len = end_bytes;
    if (max_characters)
        buffer_add_text(out, "…");
}

static enum rc fit(struct slice text, size_t max_characters, bool is_escaped, struct arena *arena,
                   struct slice *fitting)
{
    struct buffer shown, out;
    enum rc rc;

    buffer_init(&shown, 0);
    buffer_init(&out, 0);
    shown_add_lines(&shown, text);
    rc = buffer_rc(&shown);
    if (!rc)
        add_fitting(&out, buffer_slice(&shown), max_characters, is_escaped);
    if (!rc)
        rc = buffer_rc(&out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), fitting);
    buffer_free(&out);
    buffer_free(&shown);
    return rc;
}

enum rc slack_clean(struct slice text, size_t max_characters, struct arena *arena,
                    struct slice *clean)
{
    return fit(text, max_characters, false, arena, clean);
}

enum rc slack_escape(struct slice text, size_t max_characters, struct arena *arena,
                     struct slice *escaped)
{
    return fit(text, max_characters, true, arena, escaped);
}

size_t slack_count(struct slice text)
{
    size_t n_characters = 0;

    while (text.len)
        n_characters += count_written(cut_written(&text, false));
    return n_characters;
}

/* --- links --- */

bool slack_is_address(struct slice url)
{
    struct slice rest = url;

    if (slice_starts(url, SLICE("https://")))
        rest.ptr += 8, rest.len -= 8;
    else if (slice_starts(url, SLICE("http://")))
        rest.ptr += 7, rest.len -= 7;
    else
        return false;
    return rest.len && rest.ptr[0] != '/' && rest.ptr[0] != '?' && rest.ptr[0] != '#';
}

static void add_address(struct buffer *out, struct slice url)
{
    static const char unsafe[] = "|<>\"\\^`{}";

    for (size_t i = 0; i < url.len; i++) {
        uint8_t byte = (uint8_t)url.ptr[i];
        bool is_unsafe = byte <= 0x20 || byte >= 0x7f;

        for (const char *other = unsafe; *other && !is_unsafe; other++)
            is_unsafe = byte == (uint8_t)*other;
        if (is_unsafe)
            buffer_format(out, "%%%02X", (unsigned)byte);
        else
            buffer_add_byte(out, (char)byte);
    }
}

enum rc slack_address(struct slice url, struct arena *arena, struct slice *address)
{
    struct buffer out;
    enum rc rc;

    *address = (struct slice){ 0 };
    if (!slack_is_address(url))
        return RC_OK;
    buffer_init(&out, 0);
    add_address(&out, url);
    rc = buffer_rc(&out);
    if (!rc && out.len <= SLACK_MAX_ADDRESS)
        rc = arena_copy(arena, buffer_slice(&out), address);
    buffer_free(&out);
    return rc;
}

enum rc slack_link(struct slice url, struct slice label, struct arena *arena, struct slice *link)
{
    struct slice address, escaped_address, escaped_label;
    enum rc rc = slack_address(url, arena, &address);

    *link = (struct slice){ 0 };
    if (rc || slice_is_absent(address))
        return rc;
    rc = slack_escape(address, SIZE_MAX, arena, &escaped_address); /* an & of its query */
    if (!rc)
        rc = slack_escape(label, SLACK_MAX_LABEL, arena, &escaped_label);
    if (!rc)
        rc = arena_format(arena, link, "<%.*s|%.*s>", SLICE_ARG(escaped_address),
                          SLICE_ARG(escaped_label));
    return rc;
}
