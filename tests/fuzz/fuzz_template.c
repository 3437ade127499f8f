/* Any text as a template, with any values: rendered in one pass, or a fault at a place of it.
 *
 * Input: the value, an empty line, the template. */
#include "src/base/template.h"
#include "tests/fuzz/fuzz.h"

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

/* Names that begin with n have no value. */
static struct slice get(void *context, struct slice name)
{
    const struct slice *value = context;

    return slice_starts(name, SLICE("n")) ? (struct slice){ 0 } : *value;
}

static void claim_rendered(const struct template *template, struct slice *value)
{
    const struct template_values values = { .get = get, .context = value, .now_ms = NOW_MS };
    struct slice missing = { 0 };
    struct buffer first, again;

    buffer_init(&first, 0);
    buffer_init(&again, 0);
    template_render(template, &values, &first, &missing);
    template_render(template, &values, &again, NULL);
    CLAIM(buffer_rc(&first) == RC_OK);
    CLAIM(slice_eq(buffer_slice(&first), buffer_slice(&again)));
    CLAIM(slice_is_absent(missing) || slice_starts(missing, SLICE("n")));
    /* Without names the text stands for itself. */
    if (slice_is_absent(template_name(template, 0)))
        CLAIM(slice_eq(buffer_slice(&first), template_source(template)));
    buffer_free(&first);
    buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice value = fuzz_input(data, size), text = value;
    struct arena *arena = fuzz_arena();
    struct template *template = NULL;
    struct json_fault fault = { 0 };
    size_t split;

    if (!slice_find(value, SLICE("\n\n"), &split)) {
        value.len = split;
        text = (struct slice){ .ptr = text.ptr + split + 2, .len = text.len - split - 2 };
    }
    if (template_parse(text, arena, &template, &fault) == RC_OK)
        claim_rendered(template, &value);
    else
        CLAIM(fault.text && fault.offset <= text.len);
    arena_free(arena);
    return 0;
}
