#include "src/store/headers.h"

#include <string.h>

enum rc header_get(const struct header *headers, size_t n_headers, const char *name,
                   struct slice *value)
{
    const struct header *found = NULL;

    for (size_t i = 0; i < n_headers; i++) {
        if (!slice_eq_nocase(headers[i].name, slice_of(name)))
            continue;
        if (found)
            return RC_INVALID;
        found = &headers[i];
    }
    if (!found)
        return RC_NOT_FOUND;
    *value = found->value;
    return RC_OK;
}

bool header_is_name(struct slice name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            !memchr(others, c, sizeof others - 1))
            return false;
    }
    return name.len > 0;
}
