/* match_alone RULES LOG - our matching and nothing else: the prefilter over pieces of the log, and the rules on the lines that it names, as src/engine/screen.c does. What a line
 * says of its time and fields is not read, and nothing is folded. RULES are files of ours. See matcher_bench.h. */
#include "tests/bench/matcher_bench.h"

#include "rules/load.h"
#include "rules/match.h"
#include "rules/prefilter.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)256 << 10)
#define FILES_BYTES ((size_t)256 << 20)
#define LINE_ARENA_BYTES ((size_t)16 << 20)
#define SAMPLE_BYTES ((size_t)256 << 10)

static struct {
    struct ruleset *ruleset;
    struct prefilter *prefilter;
    struct prefilter_scratch *scratch;
    const uint32_t *always; /* rules to be tried on every line */
    size_t n_always;
    struct matcher *matcher;
    struct arena *line;
    uint32_t *rules; /* of one line; room for all */
    struct event event;
} bench;

static void need(enum rc rc, const char *what)
{
    if (rc)
        bench_die(what, rc_text(rc));
}

static void load_rules(const char *path)
{
    struct slice name = slice_of(path);
    struct problems *problems;
    struct rule_files files;
    struct arena *arena;

    need(problems_new(&problems), "problems");
    need(arena_new(FILES_BYTES, &arena), "arena");
    need(rule_files_read((struct slice_list){ .items = &name, .n_items = 1 }, arena, problems,
                         &files),
         path);
    need(ruleset_parse(&files, problems, &bench.ruleset), path);
    arena_free(arena);
    problems_free(problems);
}

static void make_event(void)
{
    bench.event.is_line = true;
    bench.event.fields[FIELD_SUBJECT] = SLICE("app"); /* the key of a rule that names none */
    bench.event.fields[FIELD_KIND] = SLICE("log");
    bench.event.fields[FIELD_TYPE] = SLICE("log.line");
}

static void make_prefilter(struct slice text)
{
    const struct prefilter_texts texts = {
        .kind = bench.event.fields[FIELD_KIND],
        .type = bench.event.fields[FIELD_TYPE],
        .sample = { .ptr = text.ptr, .len = text.len < SAMPLE_BYTES ? text.len : SAMPLE_BYTES },
    };

    need(prefilter_new(bench.ruleset, &texts, &bench.prefilter), "prefilter");
    need(prefilter_scratch_new(&bench.scratch), "prefilter");
    bench.always = prefilter_always(bench.prefilter, &bench.n_always);
}

static void load(const char *path, const char *text, size_t len)
{
    load_rules(path);
    make_event();
    make_prefilter((struct slice){ .ptr = text, .len = len });
    need(matcher_new(&bench.matcher), "matcher");
    need(arena_new(LINE_ARENA_BYTES, &bench.line), "arena");
    bench.rules = calloc(bench.ruleset->n_rules + 1, sizeof *bench.rules);
    if (!bench.rules)
        bench_die("rules", "no memory");
}

static void ask_rules(struct slice text, size_t n_rules, struct bench_counts *counts)
{
    struct match_list matches;

    counts->n_candidates += n_rules;
    n_rules = match_choose(bench.matcher, bench.ruleset, text, 0, bench.rules, n_rules);
    if (!n_rules)
        return;
    arena_reset(bench.line);
    bench.event.fields[FIELD_TEXT] = text;
    need(match_event_by(bench.matcher, bench.ruleset, &bench.event, bench.rules, n_rules,
                        bench.line, &matches),
         "a line");
    counts->n_hits += matches.n_items;
}

/* Both lists ascend, and have no rule in common. */
static size_t merge_rules(const struct candidate **next, const struct candidate *end, size_t begin)
{
    size_t n_rules = 0, i = 0;

    for (; *next < end && (*next)->begin == begin; (*next)++) {
        while (i < bench.n_always && bench.always[i] < (*next)->rule)
            bench.rules[n_rules++] = bench.always[i++];
        bench.rules[n_rules++] = (*next)->rule;
    }
    while (i < bench.n_always)
        bench.rules[n_rules++] = bench.always[i++];
    return n_rules;
}

/* All that knows how a prefilter is asked. Where no rule has to be tried on every line, those without a candidate are passed over. */
static void search_piece(struct slice piece, struct bench_counts *counts)
{
    struct candidate_list candidates;
    const struct candidate *next, *end;
    size_t begin = 0;

    need(prefilter_scan_lines(bench.prefilter, piece, bench.scratch, &candidates), "a piece");
    next = candidates.items;
    end = next + candidates.n_items;
    while (begin < piece.len && (bench.n_always || next < end)) {
        const char *line = piece.ptr + (bench.n_always ? begin : next->begin);
        size_t n_left = piece.len - (size_t)(line - piece.ptr);
        const char *newline = memchr(line, '\n', n_left);
        size_t len = newline ? (size_t)(newline - line) : n_left;

        begin = (size_t)(line - piece.ptr);
        ask_rules((struct slice){ .ptr = line, .len = len }, merge_rules(&next, end, begin),
                  counts);
        begin += len + 1;
    }
}

static void pass(const char *text, size_t len, struct bench_counts *counts)
{
    while (len) {
        size_t n_bytes = bench_piece(text, len, PIECE_BYTES);

        search_piece((struct slice){ .ptr = text, .len = n_bytes }, counts);
        text += n_bytes;
        len -= n_bytes;
    }
}

int main(int argc, char **argv)
{
    static const struct bench_matcher matcher = { .load = load, .pass = pass };

    return bench_main(argc, argv, &matcher);
}
