#include "watchers/line_parts.h"

#include <string.h>

enum rc line_pairs_add(struct line_pairs *pairs, struct line_pair pair)
{
    if (pairs->n_items == LINE_PAIRS_MAX)
        return RC_LIMIT;
    pairs->items[pairs->n_items++] = pair;
    return RC_OK;
}

static void skip(struct slice *rest, size_t n_bytes)
{
    rest->ptr += n_bytes;
    rest->len -= n_bytes;
}

/* -- quoted values -- */

/* Bytes up to the quote that ends; RC_INVALID when none does. */
static enum rc find_quote(struct slice text, const char *escapable, size_t *end)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') {
            *end = i;
            return RC_OK;
        }
        if (text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] &&
            strchr(escapable, text.ptr[i + 1]))
            i++;
    }
    return RC_INVALID;
}

static char meant_by(char escaped)
{
    switch (escaped) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    default:
        return escaped;
    }
}

static enum rc unescape(struct slice quoted, const char *escapable, struct arena *arena,
                        struct slice *value)
{
    char *copy;
    size_t len = 0;

    *value = quoted;
    if (!quoted.len || !memchr(quoted.ptr, '\\', quoted.len))
        return RC_OK;
    copy = arena_alloc(arena, quoted.len, 1);
    if (!copy)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < quoted.len; i++) {
        bool is_escape = quoted.ptr[i] == '\\' && i + 1 < quoted.len && quoted.ptr[i + 1] &&
                         strchr(escapable, quoted.ptr[i + 1]);

        copy[len++] = is_escape ? meant_by(quoted.ptr[++i]) : quoted.ptr[i];
    }
    *value = (struct slice){ .ptr = copy, .len = len };
    return RC_OK;
}

enum rc line_cut_quoted(struct slice *rest, const char *escapable, struct arena *arena,
                        struct slice *value)
{
    struct slice quoted = *rest;

    if (find_quote(*rest, escapable, &quoted.len) != RC_OK)
        return RC_INVALID;
    skip(rest, quoted.len + 1);
    return unescape(quoted, escapable, arena, value);
}

/* -- logfmt -- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct slice cut_name(struct slice *rest)
{
    struct slice name = { .ptr = rest->ptr };

    while (name.len < rest->len && !is_blank(rest->ptr[name.len]) && rest->ptr[name.len] != '=' &&
           rest->ptr[name.len] != '"')
        name.len++;
    skip(rest, name.len);
    return name;
}

/* Behind the `=`: in quotes, or up to the next blank. */
static enum rc cut_value(struct slice *rest, struct arena *arena, struct slice *value)
{
    if (rest->len && *rest->ptr == '"') {
        skip(rest, 1);
        return line_cut_quoted(rest, "\"\\ntr", arena, value);
    }
    *value = (struct slice){ .ptr = rest->ptr };
    while (value->len < rest->len && !is_blank(rest->ptr[value->len]))
        value->len++;
    skip(rest, value->len);
    return RC_OK;
}

static enum rc cut_pair(struct slice *rest, struct arena *arena, struct line_pair *pair)
{
    *pair = (struct line_pair){ .name = cut_name(rest) };
    if (!pair->name.len)
        return RC_INVALID;
    if (rest->len && *rest->ptr == '=') {
        enum rc rc;

        skip(rest, 1);
        rc = cut_value(rest, arena, &pair->value);
        if (rc)
            return rc;
    }
    return !rest->len || is_blank(*rest->ptr) ? RC_OK : RC_INVALID;
}

enum rc line_logfmt_read(struct slice text, struct arena *arena, struct line_pairs *pairs)
{
    bool has_value = false;

    pairs->n_items = 0;
    for (text = slice_trim(text); text.len; text = slice_trim(text)) {
        struct line_pair pair;
        enum rc rc = cut_pair(&text, arena, &pair);

        if (!rc)
            rc = line_pairs_add(pairs, pair);
        if (rc)
            return rc;
        has_value = has_value || !slice_is_absent(pair.value);
    }
    return has_value ? RC_OK : RC_INVALID;
}
