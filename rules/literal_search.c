#include "rules/literal_reading.h"

#include <string.h>

static bool stands_in_any_case(struct slice bytes, const char *place)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (literal_fold((unsigned char)place[i]) != (unsigned char)bytes.ptr[i])
            return false;
    }
    return true;
}

static bool stand_at(const struct byte_set *classes, size_t n_classes, const char *place)
{
    for (size_t i = 0; i < n_classes; i++) {
        if (!byte_set_has(&classes[i], (unsigned char)place[i]))
            return false;
    }
    return true;
}

bool literal_stands_at(const struct literal *literal, const char *place)
{
    if (literal->classes)
        return stand_at(literal->classes, literal->bytes.len, place);
    return literal->is_caseless ? stands_in_any_case(literal->bytes, place)
                                : memcmp(literal->bytes.ptr, place, literal->bytes.len) == 0;
}

static bool is_in_any_case(struct slice bytes, struct slice text)
{
    for (size_t i = 0; i + bytes.len <= text.len; i++) {
        if (stands_in_any_case(bytes, text.ptr + i))
            return true;
    }
    return false;
}

static bool are_in(const struct literal *literal, struct slice text)
{
    for (size_t i = 0; i + literal->bytes.len <= text.len; i++) {
        if (stand_at(literal->classes, literal->bytes.len, text.ptr + i))
            return true;
    }
    return false;
}

static bool is_in(const struct literal *literal, struct slice text)
{
    if (literal->classes)
        return are_in(literal, text);
    if (literal->is_caseless)
        return is_in_any_case(literal->bytes, text);
    return memmem(text.ptr, text.len, literal->bytes.ptr, literal->bytes.len) != NULL;
}

bool literal_set_is_in(const struct literal_set *set, struct slice text)
{
    for (size_t i = 0; i < set->n_items; i++) {
        if (is_in(&set->items[i], text))
            return true;
    }
    return (set->or_escape && literal_find_escape(text)) ||
           (set->or_exponent && literal_find_exponent(text));
}

/* Literals of members are of printable ASCII: \u0020 to \u007e. */
const char *literal_find_escape(struct slice text)
{
    static const char begin[] = "\\u00";
    const size_t n_begin = sizeof(begin) - 1;
    const char *end = text.ptr + text.len;
    const char *place = text.len ? memmem(text.ptr, text.len, begin, n_begin) : NULL;

    while (place && place + n_begin < end) {
        if (place[n_begin] >= '2' && place[n_begin] <= '7')
            return place;
        place += n_begin;
        place = memmem(place, (size_t)(end - place), begin, n_begin);
    }
    return NULL;
}

static bool is_one_of(char byte, struct slice bytes)
{
    return memchr(bytes.ptr, byte, bytes.len) != NULL;
}

/* Is what has its exponent at `at` a whole value, and no part of a word? There is a digit in front. */
static bool is_number_with_exponent(struct slice text, size_t at)
{
    size_t begin = at, end = at + 1;

    while (begin && is_one_of(text.ptr[begin - 1], SLICE("0123456789.-")))
        begin--;
    if (end < text.len && is_one_of(text.ptr[end], SLICE("+-")))
        end++;
    if (!begin || !is_one_of(text.ptr[begin - 1], SLICE(":,[ \t\r\n")) || end == text.len ||
        !byte_is_digit(text.ptr[end]))
        return false;
    while (end < text.len && byte_is_digit(text.ptr[end]))
        end++;
    return end == text.len || is_one_of(text.ptr[end], SLICE(",]} \t\r\n"));
}

const char *literal_find_exponent(struct slice text)
{
    for (size_t i = 1; i < text.len; i++) {
        if ((text.ptr[i] | 0x20) == 'e' && byte_is_digit(text.ptr[i - 1]) &&
            is_number_with_exponent(text, i))
            return text.ptr + i;
    }
    return NULL;
}

/* -- one place of it -- */

struct byte_set literal_class(const struct literal *literal, size_t place)
{
    struct byte_set set = { 0 };

    if (literal->classes)
        return literal->classes[place];
    byte_set_add(&set, (unsigned char)literal->bytes.ptr[place]);
    if (literal->is_caseless)
        byte_set_add_other_cases(&set);
    return set;
}

size_t literal_expansions(const struct literal *literal, size_t offset)
{
    size_t product = 1;

    for (size_t i = offset; literal->classes && i < offset + LITERAL_WINDOW_BYTES; i++) {
        const struct byte_set folded = byte_set_folded(&literal->classes[i]);

        product *= byte_set_count(&folded);
    }
    return product;
}

int literal_compare(const struct literal *left, const struct literal *right)
{
    if (!left->classes != !right->classes)
        return left->classes ? 1 : -1;
    if (left->bytes.len != right->bytes.len)
        return left->bytes.len < right->bytes.len ? -1 : 1;
    if (left->classes)
        return memcmp(left->classes, right->classes, left->bytes.len * sizeof(*left->classes));
    if (left->is_caseless != right->is_caseless)
        return left->is_caseless ? 1 : -1;
    return memcmp(left->bytes.ptr, right->bytes.ptr, left->bytes.len);
}
