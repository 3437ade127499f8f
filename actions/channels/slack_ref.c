#include "actions/channels/slack_ref.h"

#include "src/base/ulid.h"

#include <inttypes.h>

#define DIGEST_HEX 64

enum rc slack_ref_format(const struct slack_ref *ref, size_t block, struct arena *arena,
                         struct slice *text)
{
    struct slice digest = ref->plan_digest.len ? ref->plan_digest : SLICE("-");

    if (!block)
        return arena_format(arena, text, "%.*s:%" PRId64 ":%.*s:%" PRId64, SLICE_ARG(ref->proposal),
                            ref->revision, SLICE_ARG(digest), ref->wanted);
    return arena_format(arena, text, "%.*s:%" PRId64 ":%.*s:%" PRId64 ".%zu",
                        SLICE_ARG(ref->proposal), ref->revision, SLICE_ARG(digest), ref->wanted,
                        block);
}

static enum rc parse_digest(struct slice text, struct slice *digest)
{
    *digest = (struct slice){ 0 };
    if (slice_eq(text, SLICE("-")))
        return RC_OK;
    if (text.len != DIGEST_HEX)
        return RC_INVALID;
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
              (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return RC_INVALID;
    *digest = text;
    return RC_OK;
}

/* "17" or "17.2" */
static enum rc parse_wanted(struct slice text, int64_t *wanted)
{
    size_t len = text.len;
    struct slice number = slice_cut(&text, '.');
    int64_t block;

    if (slice_to_int(number, wanted) || *wanted < 0)
        return RC_INVALID;
    if (number.len == len)
        return RC_OK;
    return slice_to_int(text, &block) || block < 1 ? RC_INVALID : RC_OK;
}

enum rc slack_ref_parse(struct slice text, struct slack_ref *ref)
{
    struct slice proposal = slice_cut(&text, ':');
    struct slice revision = slice_cut(&text, ':');
    struct slice digest = slice_cut(&text, ':');
    struct ulid id;

    *ref = (struct slack_ref){ .proposal = proposal };
    if (ulid_parse(proposal, "prp_", &id) || slice_to_int(revision, &ref->revision) ||
        ref->revision < 1 || parse_digest(digest, &ref->plan_digest))
        return RC_INVALID;
    return parse_wanted(text, &ref->wanted);
}
