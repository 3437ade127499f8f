/* Any body as a form: one field decoded, or told why not. */
#include "src/base/form.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct slice value = { 0 };
    enum rc rc = form_field(fuzz_input(data, size), SLICE("payload"), arena, &value);

    CLAIM(rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_INVALID);
    CLAIM(rc != RC_OK || value.len <= size);
    arena_free(arena);
    return 0;
}
