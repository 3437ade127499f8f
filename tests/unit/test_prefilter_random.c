/* Random patterns, and texts that they are likely to match: whatever PCRE2 finds by itself is a candidate.
 *
 * VEDETTE_SEED picks another sequence of them, VEDETTE_ROUNDS more of it. */
#include "pattern_maker.h"
#include "rule_fixture.h"
#include "rules/gram_private.h"
#include "rules/match.h"
#include "rules/prefilter_private.h"
#include "rules/where.h"

#define DEFAULT_SEED 20260101
#define DEFAULT_ROUNDS 1500
#define N_RULES 8
#define N_TEXTS 24
#define N_LINES_MAX 4096

/* Rules made by hand: what is tried here is the pattern, not the file. */
struct world {
    struct maker maker;
    struct arena *arena;
    struct matcher *matcher;
    struct prefilter_scratch *scratch;
    struct slice on;
    bool has_words; /* in this round every pattern has a long one */
    struct rule rules[N_RULES];
    struct pattern *patterns[N_RULES * 4];
    size_t n_patterns;
    struct slice samples[N_RULES * 4];
    struct ruleset set;
    struct slice bytes; /* of a size of its own, so that reading past it is noticed */
    struct slice texts[N_LINES_MAX];
    size_t n_texts;
    size_t n_pairs, n_matches, n_candidates;
    size_t n_strides[STRIDE_MAX + 1]; /* prefilters with each */
    size_t n_narrow;
};

/* -- rules -- */

/* The next that PCRE2 takes. */
static struct pattern *make_pattern(struct world *world)
{
    struct maker *maker = &world->maker;
    struct pattern *pattern = NULL;

    while (!pattern) {
        struct json_fault fault;

        write_whole(maker, world->has_words);
        if (pattern_parse(buffer_slice(&maker->pattern), world->arena, &pattern, &fault))
            pattern = NULL;
    }
    assert_int_equal(
        arena_copy(world->arena, buffer_slice(&maker->sample), &world->samples[world->n_patterns]),
        RC_OK);
    world->patterns[world->n_patterns++] = pattern;
    return pattern;
}

static void make_match(struct world *world, struct filter *filter, size_t n_match)
{
    filter->on = (struct slice_list){ .items = &world->on, .n_items = 1 };
    filter->match = arena_alloc(world->arena, n_match, sizeof(struct pattern *));
    assert_non_null(filter->match);
    for (size_t i = 0; i < n_match; i++)
        filter->match[filter->n_match++] = make_pattern(world);
}

static void make_where(struct world *world, struct filter *filter)
{
    struct clause *clause = arena_alloc(world->arena, 1, sizeof(*clause));

    filter->where = arena_alloc(world->arena, 1, sizeof(*filter->where));
    assert_non_null(filter->where);
    assert_non_null(clause);
    assert_int_equal(field_ref_make(SLICE("text"), world->arena, &clause->field), RC_OK);
    clause->test = (struct test){ .kind = TEST_MATCHES, .pattern = make_pattern(world) };
    filter->where->clauses = clause;
    filter->where->n_clauses = filter->where->n_early = 1;
}

static void make_rule(struct world *world, size_t i)
{
    struct rule *rule = &world->rules[i];

    *rule = (struct rule){ .id = SLICE("r"), .index = i, .clear = { .kind = CLEAR_NEVER } };
    make_match(world, &rule->filter, pick(&world->maker, 4) ? 1 : 2);
    if (pick(&world->maker, 6) == 0)
        make_where(world, &rule->filter);
    if (pick(&world->maker, 6))
        return;
    rule->clear.kind = CLEAR_BY_EVENT;
    make_match(world, &rule->clear.filter, 1);
}

/* -- texts -- */

static struct slice pick_sample(struct world *world)
{
    return world->samples[pick(&world->maker, (unsigned)world->n_patterns)];
}

/* Pieces of samples, whole ones most of the time. */
static void write_pieces(struct world *world, struct buffer *all)
{
    struct maker *maker = &world->maker;

    for (unsigned n = pick(maker, 4); n > 0; n--) {
        struct slice piece = pick_sample(world);

        if (piece.len && pick(maker, 4) == 0)
            piece.len = pick(maker, (unsigned)piece.len);
        buffer_add(all, piece);
        if (pick(maker, 2))
            buffer_add_byte(all, "\0 \nxZ\xff"[pick(maker, 6)]);
    }
}

static void write_one_off(struct world *world, struct buffer *all)
{
    struct slice sample = pick_sample(world);
    size_t from = all->len;

    buffer_add(all, sample);
    if (sample.len)
        all->ptr[from + pick(&world->maker, (unsigned)sample.len)] ^=
            (char)(1 << pick(&world->maker, 8));
}

/* Filled up to where loads of 4, 8, 16, 32 and 64 bytes begin and end. */
static void write_of_length(struct world *world, struct buffer *all)
{
    static const size_t edges[] = { 4, 8, 16, 32, 64, 128 };
    struct maker *maker = &world->maker;
    struct slice sample = pick_sample(world);
    size_t len = RANDOM_OF(&maker->state, edges) + pick(maker, 3) - 1;
    bool is_behind = pick(maker, 2);

    for (size_t i = sample.len; i < len && !is_behind; i++)
        buffer_add_byte(all, 'x');
    buffer_add(all, sample);
    for (size_t i = sample.len; i < len && is_behind; i++)
        buffer_add_byte(all, 'x');
}

static void write_text(struct world *world, struct buffer *all)
{
    switch (pick(&world->maker, 4)) {
    case 0:
        write_one_off(world, all);
        break;
    case 1:
        write_of_length(world, all);
        break;
    case 2:
        buffer_add(all, pick_sample(world));
        break;
    default:
        write_pieces(world, all);
    }
}

/* One directly behind the other, or with what is no text between them; some literals lie in two. */
static void make_texts(struct world *world)
{
    static const char *const ends[] = { "", "", "\n", "\r\n", "\r", "--" };
    struct maker *maker = &world->maker;
    size_t starts[N_TEXTS], text_ends[N_TEXTS];
    struct buffer all;
    char *bytes;

    buffer_init(&all, 0);
    world->n_texts = 1 + pick(maker, N_TEXTS);
    for (size_t i = 0; i < world->n_texts; i++) {
        starts[i] = all.len;
        write_text(world, &all);
        text_ends[i] = all.len;
        if (i && text_ends[i] > starts[i] && pick(maker, 6) == 0)
            starts[i] += pick(maker, (unsigned)(text_ends[i] - starts[i]));
        if (i + 1 < world->n_texts)
            buffer_add_text(&all, RANDOM_OF(&maker->state, ends));
    }
    bytes = malloc(all.len + !all.len);
    assert_non_null(bytes);
    if (all.len)
        memcpy(bytes, all.ptr, all.len);
    world->bytes = (struct slice){ bytes, all.len };
    buffer_free(&all);
    for (size_t i = 0; i < world->n_texts; i++)
        world->texts[i] = (struct slice){ bytes + starts[i], text_ends[i] - starts[i] };
}

/* The same bytes as lines. */
static void make_lines(struct world *world)
{
    const char *end = world->bytes.ptr + world->bytes.len;

    world->n_texts = 0;
    for (const char *begin = world->bytes.ptr; begin < end;) {
        const char *lf = memchr(begin, '\n', (size_t)(end - begin));
        struct slice line = { begin, (size_t)((lf ? lf : end) - begin) };

        if (lf && line.len && lf[-1] == '\r')
            line.len--;
        assert_true(world->n_texts < N_LINES_MAX);
        world->texts[world->n_texts++] = line;
        begin = lf ? lf + 1 : end;
    }
}

/* -- what is told, and what is found -- */

static bool is_always(const struct prefilter *prefilter, size_t rule)
{
    size_t n_always;
    const uint32_t *always = prefilter_always(prefilter, &n_always);

    for (size_t i = 0; i < n_always; i++) {
        if (always[i] == rule)
            return true;
    }
    return false;
}

static bool is_told(const struct candidate_list *candidates, size_t begin, size_t rule)
{
    for (size_t i = 0; i < candidates->n_items; i++) {
        if (candidates->items[i].begin == begin && candidates->items[i].rule == rule)
            return true;
    }
    return false;
}

static void say_what_was_missed(const struct world *world, const struct rule *rule, size_t text)
{
    const struct filter *filters[] = { &rule->filter, &rule->clear.filter };

    print_message("missed: text %zu `%.*s`\n", text, SLICE_ARG(world->texts[text]));
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < filters[i]->n_match; j++)
            print_message("  %.*s\n", SLICE_ARG(pattern_source(filters[i]->match[j])));
    }
}

/* By text, then rule; none twice. */
static void assert_in_order(const struct candidate_list *candidates)
{
    for (size_t i = 1; i < candidates->n_items; i++) {
        const struct candidate *one = &candidates->items[i - 1], *next = one + 1;

        assert_true(one->begin < next->begin ||
                    (one->begin == next->begin && one->rule < next->rule));
    }
}

/* A set that was made by hand has no prefilters: every rule is tried. */
static void assert_none_missed(struct world *world, const struct prefilter *prefilter,
                               const struct candidate_list *candidates)
{
    for (size_t i = 0; i < world->n_texts; i++) {
        struct event event = { .fields = {
                                   [FIELD_KIND] = SLICE("log"), [FIELD_TEXT] = world->texts[i] } };
        size_t begin = (size_t)(world->texts[i].ptr - world->bytes.ptr);
        struct match_list matches;

        assert_int_equal(match_event(world->matcher, &world->set, &event, world->arena, &matches),
                         RC_OK);
        for (size_t j = 0; j < matches.n_items; j++) {
            const struct rule *rule = matches.items[j].rule;

            if (is_always(prefilter, rule->index))
                continue;
            if (!is_told(candidates, begin, rule->index))
                say_what_was_missed(world, rule, i);
            assert_true(is_told(candidates, begin, rule->index));
            world->n_matches++;
        }
    }
    assert_in_order(candidates);
    world->n_pairs += world->n_texts * N_RULES;
    world->n_candidates += candidates->n_items;
}

/* -- a round -- */

/* Which windows and which stride a table takes depends on what is known of the texts. */
static struct slice pick_known(struct world *world)
{
    static const char zeroes[4096];

    switch (pick(&world->maker, 3)) {
    case 0:
        return (struct slice){ 0 };
    case 1:
        return (struct slice){ zeroes, sizeof(zeroes) };
    default:
        return world->bytes;
    }
}

static void note_table(struct world *world, const struct prefilter *prefilter)
{
    if (prefilter->table->wide.n_entries)
        world->n_strides[prefilter->table->wide.stride]++;
    if (prefilter->table->narrow.n_entries)
        world->n_narrow++;
}

static void play_round(struct world *world)
{
    struct prefilter_texts texts = { .kind = { "log", 3 }, .type = { "log.line", 8 } };
    struct prefilter *prefilter = NULL;
    struct candidate_list candidates;

    arena_reset(world->arena);
    world->n_patterns = 0;
    world->has_words = pick(&world->maker, 2);
    for (size_t i = 0; i < N_RULES; i++)
        make_rule(world, i);
    make_texts(world);
    world->set = (struct ruleset){ .rules = world->rules,
                                   .n_rules = world->has_words ? 1 + pick(&world->maker, N_RULES)
                                                               : N_RULES };
    texts.sample = pick_known(world);
    assert_int_equal(prefilter_new(&world->set, &texts, &prefilter), RC_OK);
    note_table(world, prefilter);
    assert_int_equal(prefilter_scan(prefilter, world->bytes, world->texts, world->n_texts,
                                    world->scratch, &candidates),
                     RC_OK);
    assert_none_missed(world, prefilter, &candidates);
    make_lines(world);
    assert_int_equal(prefilter_scan_lines(prefilter, world->bytes, world->scratch, &candidates),
                     RC_OK);
    assert_none_missed(world, prefilter, &candidates);
    prefilter_free(prefilter);
    for (size_t i = 0; i < world->n_patterns; i++)
        pattern_free(world->patterns[i]);
    free((void *)(uintptr_t)world->bytes.ptr);
}

static void say_what_was_tried(const struct world *world)
{
    print_message("%zu pairs; of rules with literals: %zu matches, %zu candidates\n",
                  world->n_pairs, world->n_matches, world->n_candidates);
    print_message("strides: %zu of 1, %zu of 2, %zu of 4, %zu of 8; %zu with short literals\n",
                  world->n_strides[1], world->n_strides[2], world->n_strides[4],
                  world->n_strides[8], world->n_narrow);
}

static void whatever_a_rule_matches_is_a_candidate(void **state)
{
    static struct world world;
    uint64_t n_rounds = random_setting("VEDETTE_ROUNDS", DEFAULT_ROUNDS);

    (void)state;
    world.maker.state = random_setting("VEDETTE_SEED", DEFAULT_SEED);
    world.on = SLICE("log");
    print_message("VEDETTE_SEED=%llu VEDETTE_ROUNDS=%llu\n", (unsigned long long)world.maker.state,
                  (unsigned long long)n_rounds);
    buffer_init(&world.maker.pattern, 0);
    buffer_init(&world.maker.sample, 0);
    assert_int_equal(arena_new((size_t)256 << 20, &world.arena), RC_OK);
    assert_int_equal(prefilter_scratch_new(&world.scratch), RC_OK);
    assert_int_equal(matcher_new(&world.matcher), RC_OK);
    for (uint64_t i = 0; i < n_rounds; i++)
        play_round(&world);
    say_what_was_tried(&world);
    assert_true(world.n_matches > n_rounds);
    for (size_t stride = 1; stride <= STRIDE_MAX; stride *= 2)
        assert_true(world.n_strides[stride] > 0);
    assert_true(world.n_narrow > 0);
    matcher_free(world.matcher);
    prefilter_scratch_free(world.scratch);
    arena_free(world.arena);
    buffer_free(&world.maker.pattern);
    buffer_free(&world.maker.sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_a_rule_matches_is_a_candidate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
