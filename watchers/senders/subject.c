#include "watchers/senders/subject.h"

#include "src/base/digest.h"
#include "src/base/json.h"

#include <stdlib.h>

#define SUBJECT_MAX_BYTES 1024
#define SUBJECT_HEAD_BYTES 900 /* of a longer one; its digest follows */

static bool is_plain(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.ptr[i];

        if (byte <= ' ' || byte == '"' || byte == '=' || byte == '\\' || byte == 0x7f)
            return false;
    }
    return value.len > 0;
}

static void add_word(struct buffer *out, struct slice word)
{
    struct json_writer writer = json_writer_to(out);

    if (is_plain(word))
        buffer_add(out, word);
    else
        json_write_text(&writer, word);
}

static enum rc shorten(struct slice text, struct arena *arena, struct slice *subject)
{
    struct slice head = { text.ptr, SUBJECT_HEAD_BYTES };
    struct sha256 digest;
    char hex[SHA256_HEX_BYTES];
    enum rc rc;

    rc = sha256_of(text, &digest);
    if (rc)
        return rc;
    while (head.len && !slice_is_utf8(head))
        head.len--;
    return arena_format(arena, subject, "%.*s #%s", SLICE_ARG(head),
                        hex_format(digest.bytes, sizeof digest.bytes, hex));
}

enum rc subject_format(const struct subject_part *parts, size_t n_parts, struct arena *arena,
                       struct slice *subject)
{
    struct buffer out;
    enum rc rc;

    *subject = (struct slice){ 0 };
    buffer_init(&out, 0);
    for (size_t i = 0; i < n_parts; i++) {
        if (slice_is_absent(parts[i].value))
            continue;
        if (out.len)
            buffer_add_byte(&out, ' ');
        add_word(&out, parts[i].name);
        buffer_add_byte(&out, '=');
        add_word(&out, parts[i].value);
    }
    rc = buffer_rc(&out);
    if (!rc && out.len > SUBJECT_MAX_BYTES)
        rc = shorten(buffer_slice(&out), arena, subject);
    else if (!rc && out.len)
        rc = arena_copy(arena, buffer_slice(&out), subject);
    buffer_free(&out);
    return rc;
}

static int compare_parts(const void *a, const void *b)
{
    const struct subject_part *left = a, *right = b;
    int order = slice_compare(left->name, right->name);

    return order ? order : slice_compare(left->value, right->value);
}

void subject_sort(struct subject_part *parts, size_t n_parts)
{
    if (n_parts)
        qsort(parts, n_parts, sizeof *parts, compare_parts);
}
