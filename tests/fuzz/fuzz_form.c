/* Any body as a form: one field decoded, or told why not; and what we write as one is read back. */
#include "src/base/form.h"
#include "tests/fuzz/fuzz.h"

static void claim_read_back(struct slice value, struct arena *arena)
{
    struct slice read = { 0 };
    struct buffer body;

    buffer_init(&body, 0);
    form_add_field(&body, "before", value);
    form_add_field(&body, "payload", value);
    CLAIM(buffer_rc(&body) == RC_OK);
    CLAIM(form_field(buffer_slice(&body), SLICE("payload"), arena, &read) == RC_OK);
    CLAIM(slice_eq(read, value));
    buffer_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct slice value = { 0 };
    enum rc rc = form_field(fuzz_input(data, size), SLICE("payload"), arena, &value);

    CLAIM(rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_INVALID);
    CLAIM(rc != RC_OK || value.len <= size);
    claim_read_back(fuzz_input(data, size), arena);
    arena_free(arena);
    return 0;
}
