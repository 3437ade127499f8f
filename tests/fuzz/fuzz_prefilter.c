/* A byte of choices, a pattern (the rest of the first line) and texts (the rest, cut at each byte 0x1e, or at line ends): what the pattern matches is always a candidate of its rule.
 * The choices: whether the pattern is asked of the text or of the member `a` of lines of JSON, what is known of the texts beforehand, and texts or lines. */
#include "rules/match.h"
#include "rules/prefilter.h"
#include "rules/where.h"
#include "tests/fuzz/fuzz.h"

#define N_TEXTS_MAX 256

enum { OF_MEMBER = 1, KNOWS_TEXTS = 2, KNOWS_ZEROES = 4, IN_LINES = 8 };

struct trial {
    unsigned choices;
    struct slice bytes;
    struct slice texts[N_TEXTS_MAX];
    size_t n_texts;
    struct rule rule;
    struct ruleset set;
    struct arena *arena;
};

static bool is_told(const struct candidate_list *candidates, size_t begin)
{
    for (size_t i = 0; i < candidates->n_items; i++) {
        if (candidates->items[i].begin == begin)
            return true;
    }
    return false;
}

/* Of a text that is no JSON, there are no members. */
static struct json *read_members(const struct trial *trial, struct slice text)
{
    struct json_fault fault;
    struct json *tree = NULL;

    if (!(trial->choices & OF_MEMBER) ||
        json_parse(text, JSON_LIMITS_DEFAULT, &tree, &fault) != RC_OK)
        return NULL;
    return tree;
}

static void claim_told(const struct trial *trial, const struct candidate_list *candidates)
{
    struct matcher *matcher = NULL;

    CLAIM(matcher_new(&matcher) == RC_OK);
    for (size_t i = 0; i < trial->n_texts; i++) {
        struct json *tree = read_members(trial, trial->texts[i]);
        struct event event = {
            .fields = { [FIELD_KIND] = SLICE("log"), [FIELD_TEXT] = trial->texts[i] },
            .data = tree,
            .data_is_of_text = true
        };
        struct match_list matches;

        CLAIM(match_event(matcher, &trial->set, &event, trial->arena, &matches) == RC_OK);
        CLAIM(!matches.n_items ||
              is_told(candidates, (size_t)(trial->texts[i].ptr - trial->bytes.ptr)));
        json_free(tree);
    }
    matcher_free(matcher);
}

static enum rc scan(const struct trial *trial, const struct prefilter *prefilter,
                    struct prefilter_scratch *scratch, struct candidate_list *candidates)
{
    if (trial->choices & IN_LINES)
        return prefilter_scan_lines(prefilter, trial->bytes, scratch, candidates);
    return prefilter_scan(prefilter, trial->bytes, trial->texts, trial->n_texts, scratch,
                          candidates);
}

static struct slice known_of(const struct trial *trial)
{
    static const char zeroes[1024];

    if (trial->choices & KNOWS_ZEROES)
        return (struct slice){ zeroes, sizeof(zeroes) };
    return trial->choices & KNOWS_TEXTS ? trial->bytes : (struct slice){ 0 };
}

static void claim_sound(const struct trial *trial)
{
    const struct prefilter_texts of_logs = { .kind = SLICE("log"),
                                             .holds_data = trial->choices & OF_MEMBER,
                                             .sample = known_of(trial) };
    struct candidate_list candidates;
    struct prefilter_scratch *scratch = NULL;
    struct prefilter *prefilter = NULL;
    size_t n_always;

    CLAIM(prefilter_new(&trial->set, &of_logs, &prefilter) == RC_OK);
    CLAIM(prefilter_scratch_new(&scratch) == RC_OK);
    CLAIM(scan(trial, prefilter, scratch, &candidates) == RC_OK);
    (void)prefilter_always(prefilter, &n_always);
    CLAIM(!n_always || !candidates.n_items);
    if (!n_always)
        claim_told(trial, &candidates);
    prefilter_free(prefilter);
    prefilter_scratch_free(scratch);
}

static void cut_texts(struct trial *trial)
{
    bool is_lines = trial->choices & IN_LINES;

    for (struct slice rest = trial->bytes; rest.len && trial->n_texts < N_TEXTS_MAX;) {
        struct slice text = slice_cut(&rest, is_lines ? '\n' : '\x1e');
        bool has_end = text.ptr + text.len < trial->bytes.ptr + trial->bytes.len;

        if (is_lines && has_end && slice_ends(text, SLICE("\r")))
            text.len--;
        trial->texts[trial->n_texts++] = text;
    }
}

static void try_pattern(struct trial *trial, struct pattern *pattern)
{
    static struct slice on = SLICE("log");
    struct clause clause = { .test = { .kind = TEST_MATCHES, .pattern = pattern } };
    struct where where = { .clauses = &clause, .n_clauses = 1, .n_early = 1 };
    struct filter *filter = &trial->rule.filter;

    CLAIM(field_ref_make(SLICE("data.a"), trial->arena, &clause.field) == RC_OK);
    trial->rule.id = SLICE("fuzz");
    trial->rule.clear.kind = CLEAR_NEVER;
    filter->on = (struct slice_list){ .items = &on, .n_items = 1 };
    filter->match = &pattern;
    filter->n_match = !(trial->choices & OF_MEMBER);
    filter->where = trial->choices & OF_MEMBER ? &where : NULL;
    trial->set = (struct ruleset){ .rules = &trial->rule, .n_rules = 1 };
    claim_sound(trial);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trial trial = { .bytes = fuzz_input(data, size), .arena = fuzz_arena() };
    struct pattern *pattern = NULL;
    struct json_fault fault = { 0 };
    struct slice text;

    trial.choices = fuzz_cut_byte(&trial.bytes);
    text = slice_cut(&trial.bytes, '\n');
    cut_texts(&trial);
    if (pattern_parse(text, trial.arena, &pattern, &fault) == RC_OK)
        try_pattern(&trial, pattern);
    pattern_free(pattern);
    arena_free(trial.arena);
    return 0;
}
