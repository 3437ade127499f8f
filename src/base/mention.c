#include "src/base/mention.h"

#define MENTION SLICE("<@")

/* Takes a mention's "<@U0123ABCD|name>" off `rest`, which begins with one; its id, or absent when it has no end. */
static struct slice cut_id(struct slice *rest)
{
    struct slice after = { rest->ptr + MENTION.len, rest->len - MENTION.len };
    struct slice inside = slice_cut(&after, '>');

    if (inside.ptr + inside.len == rest->ptr + rest->len)
        return (struct slice){ 0 };
    *rest = after;
    return slice_cut(&inside, '|');
}

struct slice mention_cut(struct slice text)
{
    struct slice rest = slice_trim(text);

    if (slice_starts(rest, MENTION))
        (void)cut_id(&rest);
    return slice_trim(rest);
}

bool mention_names(struct slice text, struct slice user)
{
    size_t offset;

    while (user.len && !slice_find(text, MENTION, &offset)) {
        struct slice rest = { text.ptr + offset, text.len - offset };
        struct slice id = cut_id(&rest);

        if (slice_eq(id, user))
            return true;
        if (slice_is_absent(id))
            return false;
        text = rest;
    }
    return false;
}
