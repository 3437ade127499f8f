/* A pattern (the first line) and texts (the rest, cut at each byte 0x1e): what the pattern matches is always a candidate of its rule. */
#include "rules/match.h"
#include "rules/prefilter.h"
#include "tests/fuzz/fuzz.h"

#define N_TEXTS_MAX 64

static bool is_told(const struct candidate_list *candidates, size_t begin)
{
    for (size_t i = 0; i < candidates->n_items; i++) {
        if (candidates->items[i].begin == begin)
            return true;
    }
    return false;
}

static void claim_told(const struct ruleset *set, struct slice bytes, const struct slice *texts,
                       size_t n_texts, const struct candidate_list *candidates, struct arena *arena)
{
    struct matcher *matcher = NULL;

    CLAIM(matcher_new(&matcher) == RC_OK);
    for (size_t i = 0; i < n_texts; i++) {
        struct event event = { .fields = { [FIELD_KIND] = SLICE("log"), [FIELD_TEXT] = texts[i] } };
        struct match_list matches;

        CLAIM(match_event(matcher, set, &event, arena, &matches) == RC_OK);
        CLAIM(!matches.n_items || is_told(candidates, (size_t)(texts[i].ptr - bytes.ptr)));
    }
    matcher_free(matcher);
}

static void claim_sound(struct pattern *pattern, struct slice bytes, struct arena *arena)
{
    struct slice on = SLICE("log");
    struct rule rule = { .id = SLICE("fuzz"), .clear = { .kind = CLEAR_NEVER } };
    struct ruleset set = { .rules = &rule, .n_rules = 1 };
    struct slice texts[N_TEXTS_MAX];
    const struct prefilter_texts of_logs = { .kind = SLICE("log"), .sample = bytes };
    struct candidate_list candidates;
    struct prefilter_scratch *scratch = NULL;
    struct prefilter *prefilter = NULL;
    size_t n_texts = 0;
    size_t n_always;

    rule.filter.on = (struct slice_list){ .items = &on, .n_items = 1 };
    rule.filter.match = &pattern;
    rule.filter.n_match = 1;
    for (struct slice rest = bytes; rest.len && n_texts < N_TEXTS_MAX;)
        texts[n_texts++] = slice_cut(&rest, '\x1e');
    CLAIM(prefilter_new(&set, &of_logs, &prefilter) == RC_OK);
    CLAIM(prefilter_scratch_new(&scratch) == RC_OK);
    CLAIM(prefilter_scan(prefilter, bytes, texts, n_texts, scratch, &candidates) == RC_OK);
    (void)prefilter_always(prefilter, &n_always);
    CLAIM(!n_always || !candidates.n_items);
    if (!n_always)
        claim_told(&set, bytes, texts, n_texts, &candidates, arena);
    prefilter_free(prefilter);
    prefilter_scratch_free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = fuzz_input(data, size);
    struct slice text = slice_cut(&bytes, '\n');
    struct arena *arena = fuzz_arena();
    struct pattern *pattern = NULL;
    struct json_fault fault = { 0 };

    if (pattern_parse(text, arena, &pattern, &fault) == RC_OK)
        claim_sound(pattern, bytes, arena);
    pattern_free(pattern);
    arena_free(arena);
    return 0;
}
