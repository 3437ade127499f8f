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
#define PIECE_ARENA_BYTES ((size_t)256 << 20)
#define LINE_ARENA_BYTES ((size_t)16 << 20)
#define PIECE_LINES (PIECE_BYTES / 2)

static struct {
    struct ruleset *ruleset;
    struct prefilter *prefilter;
    const uint32_t *always; /* rules to be tried on every line */
    size_t n_always;
    struct matcher *matcher;
    struct arena *piece, *line;
    uint32_t *rules; /* of one line; room for all */
    struct event event;
    struct slice texts[PIECE_LINES];
} bench;

static void need(enum rc rc, const char *what)
{
    if (rc)
        bench_die(what, rc_text(rc));
}

static void load_rules(const char *path, struct problems *problems, struct arena *arena)
{
    struct slice name = slice_of(path);
    struct rule_files files;

    need(rule_files_read((struct slice_list){ .items = &name, .n_items = 1 }, arena, problems,
                         &files),
         path);
    need(ruleset_parse(&files, problems, &bench.ruleset), path);
}

static void load(const char *path)
{
    struct problems *problems;
    struct arena *arena;

    need(problems_new(&problems), "problems");
    need(arena_new(FILES_BYTES, &arena), "arena");
    load_rules(path, problems, arena);
    arena_free(arena);
    problems_free(problems);
    bench.event.is_line = true;
    bench.event.fields[FIELD_SUBJECT] = SLICE("app"); /* the key of a rule that names none */
    bench.event.fields[FIELD_KIND] = SLICE("log");
    bench.event.fields[FIELD_TYPE] = SLICE("log.line");
    need(prefilter_new(bench.ruleset, bench.event.fields[FIELD_KIND],
                       bench.event.fields[FIELD_TYPE], &bench.prefilter),
         "prefilter");
    bench.always = prefilter_always(bench.prefilter, &bench.n_always);
    need(matcher_new(&bench.matcher), "matcher");
    need(arena_new(PIECE_ARENA_BYTES, &bench.piece), "arena");
    need(arena_new(LINE_ARENA_BYTES, &bench.line), "arena");
    bench.rules = calloc(bench.ruleset->n_rules + 1, sizeof *bench.rules);
    if (!bench.rules)
        bench_die("rules", "no memory");
}

static void ask_rules(struct slice text, size_t n_rules, struct bench_counts *counts)
{
    struct match_list matches;

    arena_reset(bench.line);
    bench.event.fields[FIELD_TEXT] = text;
    need(match_event_by(bench.matcher, bench.ruleset, &bench.event, bench.rules, n_rules,
                        bench.line, &matches),
         "a line");
    counts->n_candidates += n_rules;
    counts->n_hits += matches.n_items;
}

/* Both lists ascend, and have no rule in common. */
static size_t merge_rules(const struct candidate **next, const struct candidate *end, size_t line)
{
    size_t n_rules = 0, i = 0;

    for (; *next < end && (*next)->text == line; (*next)++) {
        while (i < bench.n_always && bench.always[i] < (*next)->rule)
            bench.rules[n_rules++] = bench.always[i++];
        bench.rules[n_rules++] = (*next)->rule;
    }
    while (i < bench.n_always)
        bench.rules[n_rules++] = bench.always[i++];
    return n_rules;
}

static size_t cut_lines(struct slice piece)
{
    const char *end = piece.ptr + piece.len;
    size_t n_lines = 0;

    for (const char *at = piece.ptr; at < end && n_lines < PIECE_LINES;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;

        bench.texts[n_lines++] = (struct slice){ .ptr = at, .len = (size_t)(line_end - at) };
        at = line_end + 1;
    }
    return n_lines;
}

/* All that knows how a prefilter is asked. */
static void search_piece(struct slice piece, struct bench_counts *counts)
{
    size_t n_lines = cut_lines(piece);
    struct candidate_list candidates;
    const struct candidate *next, *end;

    arena_reset(bench.piece);
    need(prefilter_scan(bench.prefilter, piece, bench.texts, n_lines, bench.piece, &candidates),
         "a piece");
    next = candidates.items;
    end = next + candidates.n_items;
    for (size_t i = 0; i < n_lines; i++) {
        size_t n_rules = merge_rules(&next, end, i);

        if (n_rules)
            ask_rules(bench.texts[i], n_rules, counts);
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
