#include "actions/channels/literal.h"

#include "src/base/buffer.h"

#include <string.h>

#define ZERO_WIDTH_SPACE "\xe2\x80\x8b"
#define NO_BREAK_SPACE "\xc2\xa0"
#define CUT_MARK "…"
#define PIECE_BYTES (SHOWN_BYTES + sizeof("\\" ZERO_WIDTH_SPACE))

const struct literal_rules literal_plain = { 0 };

size_t literal_units(struct slice text)
{
    size_t n_units = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];

        n_units += (byte & 0xc0) != 0x80; /* the first byte of a character */
        n_units += byte >= 0xf0;          /* beyond U+FFFF: a pair */
    }
    return n_units;
}

static bool is_one_of(const char *set, char byte)
{
    return set && byte && strchr(set, byte);
}

/* A blank at the start of a line: four of them would make it code. */
static struct slice cut_indent(const struct literal_rules *rules, struct slice *rest)
{
    struct slice blank = { .ptr = rest->ptr, .len = 1 };

    rest->ptr++;
    rest->len--;
    if (!rules->escaped)
        return blank;
    return blank.ptr[0] == '\t' ? SLICE(NO_BREAK_SPACE NO_BREAK_SPACE) : SLICE(NO_BREAK_SPACE);
}

/* Takes one character off `rest` and gives how it is written; `piece` holds PIECE_BYTES. */
static struct slice cut_literal(const struct literal_rules *rules, struct slice *rest, char *piece)
{
    char escaped[SHOWN_BYTES];
    char byte = rest->ptr[0];
    struct slice shown;
    size_t len = 0;

    if (slice_starts(*rest, SLICE("\r\n"))) { /* the end of a line like any */
        rest->ptr++;
        rest->len--;
        byte = '\n';
    }
    if (byte == '\n' || byte == '\t') {
        shown = (struct slice){ .ptr = rest->ptr++, .len = 1 };
        rest->len--;
        return shown;
    }
    shown = slice_cut_shown(rest, escaped);
    if (is_one_of(rules->escaped, byte))
        piece[len++] = '\\';
    memcpy(piece + len, shown.ptr, shown.len);
    len += shown.len;
    if (is_one_of(rules->broken, byte)) {
        memcpy(piece + len, ZERO_WIDTH_SPACE, strlen(ZERO_WIDTH_SPACE));
        len += strlen(ZERO_WIDTH_SPACE);
    }
    return (struct slice){ .ptr = piece, .len = len };
}

static void write_literal(const struct literal_rules *rules, struct slice rest, size_t max_units,
                          struct buffer *out)
{
    size_t n_units = 0;
    size_t markable_len = 0; /* up to where the mark has room behind it */
    bool begins_line = true;

    while (rest.len) {
        char bytes[PIECE_BYTES];
        bool is_indent = begins_line && is_one_of(" \t", rest.ptr[0]);
        struct slice piece =
            is_indent ? cut_indent(rules, &rest) : cut_literal(rules, &rest, bytes);

        n_units += literal_units(piece);
        if (n_units > max_units) {
            out->len = markable_len;
            if (max_units)
                buffer_add_text(out, CUT_MARK);
            return;
        }
        buffer_add(out, piece);
        if (out->failed)
            return;
        if (n_units < max_units)
            markable_len = out->len;
        begins_line = is_indent || piece.ptr[0] == '\n';
    }
}

enum rc literal_make(const struct literal_rules *rules, struct slice text, size_t max_units,
                     struct arena *arena, struct slice *literal)
{
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    write_literal(rules, text, max_units, &out);
    rc = buffer_rc(&out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), literal);
    buffer_free(&out);
    return rc;
}
