#include "src/base/form.h"

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* Takes one byte of the value off `rest`. */
static enum rc cut_byte(struct slice *rest, char *byte)
{
    size_t n_taken = 1;

    *byte = rest->ptr[0] == '+' ? ' ' : rest->ptr[0];
    if (*byte == '%') {
        int high = rest->len > 2 ? hex_digit(rest->ptr[1]) : -1;
        int low = rest->len > 2 ? hex_digit(rest->ptr[2]) : -1;

        if (high < 0 || low < 0)
            return RC_INVALID;
        *byte = (char)(high * 16 + low);
        n_taken = 3;
    }
    *rest = (struct slice){ rest->ptr + n_taken, rest->len - n_taken };
    return RC_OK;
}

static enum rc decode(struct slice text, struct arena *arena, struct slice *value)
{
    char *bytes = arena_alloc(arena, text.len + 1, 1);
    size_t len = 0;

    if (!bytes)
        return RC_NO_MEMORY;
    while (text.len) {
        enum rc rc = cut_byte(&text, &bytes[len++]);

        if (rc)
            return rc;
    }
    *value = (struct slice){ .ptr = bytes, .len = len };
    return RC_OK;
}

enum rc form_field(struct slice body, struct slice name, struct arena *arena, struct slice *value)
{
    struct slice found = { 0 };

    while (body.len) {
        struct slice field = slice_cut(&body, '&');
        struct slice field_name = slice_cut(&field, '=');

        if (!slice_eq(field_name, name))
            continue;
        if (!slice_is_absent(found))
            return RC_INVALID;
        found = field;
    }
    return slice_is_absent(found) ? RC_NOT_FOUND : decode(found, arena, value);
}

void form_add_field(struct buffer *body, const char *name, struct slice value)
{
    if (body->len)
        buffer_add_byte(body, '&');
    buffer_add_text(body, name);
    buffer_add_byte(body, '=');
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';

        if (is_plain)
            buffer_add_byte(body, c);
        else
            buffer_format(body, "%%%02X", (unsigned)(unsigned char)c);
    }
}
