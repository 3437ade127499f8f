#include "rules/literal.h"

#include <string.h>

static bool stands_in_any_case(struct slice bytes, const char *place)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (literal_fold((unsigned char)place[i]) != (unsigned char)bytes.ptr[i])
            return false;
    }
    return true;
}

bool literal_stands_at(const struct literal *literal, const char *place)
{
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

static bool is_in(const struct literal *literal, struct slice text)
{
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
    return false;
}
