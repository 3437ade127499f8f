/* Any text as a pattern (the first line) over any subject (the rest): bounded, and captures lie inside the subject. */
#include "src/base/pattern.h"
#include "tests/fuzz/fuzz.h"

static bool is_inside(struct slice value, struct slice subject)
{
    return slice_is_absent(value) ||
           (value.ptr >= subject.ptr && value.ptr + value.len <= subject.ptr + subject.len);
}

static void claim_searched(const struct pattern *pattern, struct slice subject)
{
    struct pattern_scratch *scratch = NULL;
    enum pattern_result found, whole;

    CLAIM(pattern_scratch_new(&scratch) == RC_OK);
    found = pattern_search(pattern, subject, scratch);
    if (found == PATTERN_ERROR)
        CLAIM(pattern_error_text(scratch) != NULL);
    for (size_t i = 0; found == PATTERN_MATCH && !slice_is_absent(pattern_group(pattern, i)); i++)
        CLAIM(is_inside(pattern_captured(pattern, i, scratch), subject));
    whole = pattern_match_whole(pattern, subject, scratch);
    CLAIM(whole != PATTERN_MATCH || found != PATTERN_NO_MATCH);
    pattern_scratch_free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice subject = fuzz_input(data, size);
    struct slice text = slice_cut(&subject, '\n');
    struct arena *arena = fuzz_arena();
    struct pattern *pattern = NULL;
    struct json_fault fault = { 0 };

    if (pattern_parse(text, arena, &pattern, &fault) == RC_OK)
        claim_searched(pattern, subject.ptr ? subject : SLICE(""));
    else
        CLAIM(fault.text && fault.offset <= text.len);
    pattern_free(pattern);
    arena_free(arena);
    return 0;
}
