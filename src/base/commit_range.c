#include "src/base/commit_range.h"

#define SHORT_LETTERS 7
#define HASH_LETTERS_MIN 40 /* of SHA-1; anything shorter is a name that somebody chose */

static bool is_hash(struct slice commit)
{
    for (size_t i = 0; i < commit.len; i++) {
        char c = commit.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return commit.len >= HASH_LETTERS_MIN;
}

static void add_commit(struct buffer *out, struct slice commit)
{
    if (is_hash(commit))
        commit.len = SHORT_LETTERS;
    buffer_add(out, commit);
}

void buffer_add_commit_range(struct buffer *out, struct slice last_good, struct slice first_bad)
{
    bool is_same = slice_eq(last_good, first_bad);

    if (!first_bad.len)
        return;
    if (is_same) {
        buffer_add_text(out, "bad at ");
    } else if (last_good.len) {
        buffer_add_text(out, "broke between ");
        add_commit(out, last_good);
        buffer_add_text(out, " and ");
    } else {
        buffer_add_text(out, "first bad ");
    }
    add_commit(out, first_bad);
    if (is_same)
        buffer_add_text(out, ", which was good before");
}
