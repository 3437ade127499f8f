#include "src/base/json_escape.h"

#include <string.h>

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

int32_t json_read_unit(const char *at, const char *end)
{
    int32_t unit = 0;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (size_t i = 2; i < 6; i++) {
        int digit = hex_value(at[i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static size_t encode_utf8(uint32_t code_point, char *out)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xc0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xe0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code_point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code_point & 0x3f));
    return 4;
}

/* The character of the one or two \u escapes at `*at`; moves behind them. -1: they are none. */
static int32_t cut_code_point(const char **at, const char *end)
{
    int32_t first = json_read_unit(*at, end), second;

    if (first < 0 || (first >= 0xdc00 && first <= 0xdfff))
        return -1;
    if (first < 0xd800 || first > 0xdbff) {
        *at += 6;
        return first;
    }
    second = json_read_unit(*at + 6, end);
    if (second < 0xdc00 || second > 0xdfff)
        return -1;
    *at += 12;
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

/* The backslash at `*at`, and what belongs to it: writes what it stands for, moves behind it. */
static size_t unescape_one(const char **at, const char *end, char *out)
{
    static const char written[] = { '"', '\\', '/', 'b', 'f', 'n', 'r', 't' };
    static const char meant[] = { '"', '\\', '/', '\b', '\f', '\n', '\r', '\t' };
    const char *found = end - *at > 1 ? memchr(written, (*at)[1], sizeof written) : NULL;
    int32_t code_point = cut_code_point(at, end);

    if (code_point >= 0)
        return encode_utf8((uint32_t)code_point, out);
    *out = found ? meant[found - written] : '\\';
    *at += found ? 2 : 1;
    return 1;
}

size_t json_unescape(struct slice text, char *out)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    size_t len = 0;

    while (at < end) {
        if (*at == '\\')
            len += unescape_one(&at, end, out + len);
        else
            out[len++] = *at++;
    }
    return len;
}
