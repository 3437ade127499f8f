#include "src/base/slice.h"

#include "src/base/utf8.h"

#include <stdio.h>
#include <string.h>

struct slice slice_of(const char *text)
{
    return (struct slice){ .ptr = text, .len = text ? strlen(text) : 0 };
}

bool slice_is_absent(struct slice slice)
{
    return slice.ptr == NULL;
}

/* memcmp may not be given NULL, not even for no bytes. */
static int compare_bytes(struct slice a, struct slice b, size_t len)
{
    return len ? memcmp(a.ptr, b.ptr, len) : 0;
}

bool slice_eq(struct slice a, struct slice b)
{
    return slice_is_absent(a) == slice_is_absent(b) && a.len == b.len &&
           compare_bytes(a, b, a.len) == 0;
}

bool slice_list_eq(const struct slice_list *a, const struct slice_list *b)
{
    if (a->n_items != b->n_items)
        return false;
    for (size_t i = 0; i < a->n_items; i++) {
        if (!slice_eq(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (slice_is_absent(a) != slice_is_absent(b) || a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

int slice_compare(struct slice a, struct slice b)
{
    int order = compare_bytes(a, b, a.len < b.len ? a.len : b.len);

    if (order)
        return order;
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return (int)slice_is_absent(b) - (int)slice_is_absent(a);
}

bool slice_starts(struct slice slice, struct slice prefix)
{
    return slice.len >= prefix.len && compare_bytes(slice, prefix, prefix.len) == 0;
}

bool slice_ends(struct slice slice, struct slice suffix)
{
    if (!suffix.len)
        return true;
    if (slice.len < suffix.len)
        return false;
    return memcmp(slice.ptr + (slice.len - suffix.len), suffix.ptr, suffix.len) == 0;
}

enum rc slice_find(struct slice slice, struct slice needle, size_t *offset)
{
    const char *found = NULL;

    if (slice.ptr && needle.ptr)
        found = memmem(slice.ptr, slice.len, needle.ptr, needle.len);
    if (!found)
        return RC_NOT_FOUND;
    *offset = (size_t)(found - slice.ptr);
    return RC_OK;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    struct slice head = *rest;
    const char *found = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;

    if (found) {
        head.len = (size_t)(found - rest->ptr);
        rest->ptr = found + 1;
        rest->len -= head.len + 1;
    } else if (rest->ptr) {
        rest->ptr += rest->len;
        rest->len = 0;
    }
    return head;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice slice)
{
    while (slice.len && is_blank(slice.ptr[0])) {
        slice.ptr++;
        slice.len--;
    }
    while (slice.len && is_blank(slice.ptr[slice.len - 1]))
        slice.len--;
    return slice;
}

enum rc slice_to_int(struct slice slice, int64_t *value)
{
    bool is_negative = slice.len && slice.ptr[0] == '-';
    int64_t sum = 0;

    if (slice.len == (is_negative ? 1 : 0))
        return RC_INVALID;
    for (size_t i = is_negative ? 1 : 0; i < slice.len; i++) {
        int digit = slice.ptr[i] - '0';

        if (digit < 0 || digit > 9)
            return RC_INVALID;
        /* Downwards, because the negative side is one longer. */
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, digit, &sum))
            return RC_INVALID;
    }
    if (!is_negative && __builtin_sub_overflow(0, sum, &sum))
        return RC_INVALID;
    *value = sum;
    return RC_OK;
}

bool slice_is_utf8(struct slice slice)
{
    while (slice.len) {
        size_t len = utf8_char_len(slice.ptr, slice.len, NULL);

        if (!len)
            return false;
        slice.ptr += len;
        slice.len -= len;
    }
    return true;
}

struct slice slice_cut_shown(struct slice *rest, char *escaped)
{
    uint32_t code_point = 0;
    size_t len = utf8_char_len(rest->ptr, rest->len, &code_point);
    struct slice character = { .ptr = rest->ptr, .len = len ? len : 1 };

    rest->ptr += character.len;
    rest->len -= character.len;
    if (len && !utf8_acts_on_its_surroundings(code_point))
        return character;
    for (size_t i = 0; i < character.len; i++)
        snprintf(escaped + 4 * i, 5, "\\x%02x", (unsigned)(uint8_t)character.ptr[i]);
    return (struct slice){ .ptr = escaped, .len = 4 * character.len };
}

bool slice_has_control(struct slice slice)
{
    for (size_t i = 0; i < slice.len; i++) {
        if ((uint8_t)slice.ptr[i] < 0x20 || slice.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

bool slice_matches_glob(struct slice slice, struct slice glob)
{
    size_t at = 0, glob_at = 0;
    size_t star = SIZE_MAX, star_at = 0; /* the last '*', and where its text ends so far */

    /* Only the last '*' is ever tried again, so the steps are at most the product of the lengths. */
    while (at < slice.len) {
        if (glob_at < glob.len && glob.ptr[glob_at] == '*') {
            star = glob_at++;
            star_at = at;
        } else if (glob_at < glob.len && glob.ptr[glob_at] == slice.ptr[at]) {
            glob_at++;
            at++;
        } else if (star != SIZE_MAX) {
            glob_at = star + 1;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (glob_at < glob.len && glob.ptr[glob_at] == '*')
        glob_at++;
    return glob_at == glob.len;
}

enum rc slice_to_enum(struct slice name, const char *const *names, int *value)
{
    for (int i = 0; names[i]; i++) {
        if (slice_eq(name, slice_of(names[i]))) {
            *value = i;
            return RC_OK;
        }
    }
    return RC_NOT_FOUND;
}
