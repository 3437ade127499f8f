/* vectorscan_bench RULES LOG - Vectorscan in its best mode for this: pieces of many lines at once with PREFILTER, without SINGLEMATCH (which costs several times the scan and
 * the compilation), and PCRE2's JIT on each line that it names. See matcher_bench.h. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "matcher_bench.h"

#include <hs.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)256 << 10)
#define N_GROUPS 16

static struct {
    size_t n_rules;
    hs_database_t *database;
    hs_scratch_t *scratch;
    pcre2_code **codes;
    pcre2_match_data *groups;
    const char **last; /* of each rule: the line that it was asked about last */
} bench;

/* What a scan works with. */
struct piece {
    const char *text;
    size_t len;
    struct bench_counts *counts;
};

static void compile_codes(const struct bench_rule *rules)
{
    bench.codes = calloc(bench.n_rules, sizeof(pcre2_code *));
    bench.last = calloc(bench.n_rules, sizeof(char *));
    bench.groups = pcre2_match_data_create(N_GROUPS, NULL);
    if (!bench.codes || !bench.last || !bench.groups)
        bench_die("rules", "no memory");
    for (size_t i = 0; i < bench.n_rules; i++) {
        int error;
        PCRE2_SIZE at;

        bench.codes[i] = pcre2_compile((PCRE2_SPTR)rules[i].pattern, PCRE2_ZERO_TERMINATED,
                                       rules[i].folds_case ? PCRE2_CASELESS : 0, &error, &at, NULL);
        if (!bench.codes[i] || pcre2_jit_compile(bench.codes[i], PCRE2_JIT_COMPLETE))
            bench_die(rules[i].pattern, "PCRE2 refuses it");
    }
}

static void compile_database(const struct bench_rule *rules)
{
    const char **patterns = calloc(bench.n_rules, sizeof(char *));
    unsigned *flags = calloc(bench.n_rules, sizeof(unsigned));
    unsigned *ids = calloc(bench.n_rules, sizeof(unsigned));
    hs_compile_error_t *error = NULL;

    if (!patterns || !flags || !ids)
        bench_die("rules", "no memory");
    for (size_t i = 0; i < bench.n_rules; i++) {
        patterns[i] = rules[i].pattern;
        flags[i] = HS_FLAG_PREFILTER | HS_FLAG_MULTILINE;
        if (rules[i].folds_case)
            flags[i] |= HS_FLAG_CASELESS;
        ids[i] = (unsigned)i;
    }
    if (hs_compile_multi(patterns, flags, ids, (unsigned)bench.n_rules, HS_MODE_BLOCK, NULL,
                         &bench.database, &error))
        bench_die("Vectorscan", error->message);
    if (hs_alloc_scratch(bench.database, &bench.scratch))
        bench_die("Vectorscan", "no memory");
    free(patterns);
    free(flags);
    free(ids);
}

static void load(const char *path, const char *text, size_t len)
{
    const struct bench_rule *rules = bench_rules(path, &bench.n_rules);

    (void)text, (void)len;
    compile_codes(rules);
    compile_database(rules);
}

/* A match ends at `to`, on the line's last byte or before: every end of it is told, so that the line it began on is among them. */
static int confirm(unsigned rule, unsigned long long from, unsigned long long to, unsigned flags,
                   void *context)
{
    struct piece *piece = context;
    size_t last = to ? (size_t)to - 1 : 0;
    const char *before = last ? memrchr(piece->text, '\n', last) : NULL;
    const char *line = before ? before + 1 : piece->text;
    const char *end;

    (void)from, (void)flags;
    if (bench.last[rule] == line)
        return 0;
    bench.last[rule] = line;
    end = memchr(line, '\n', (size_t)(piece->text + piece->len - line));
    if (!end)
        end = piece->text + piece->len;
    piece->counts->n_candidates++;
    if (pcre2_jit_match(bench.codes[rule], (PCRE2_SPTR)line, (PCRE2_SIZE)(end - line), 0, 0,
                        bench.groups, NULL) >= 0)
        piece->counts->n_hits++;
    return 0;
}

static void pass(const char *text, size_t len, struct bench_counts *counts)
{
    memset(bench.last, 0, bench.n_rules * sizeof(char *));
    while (len) {
        struct piece piece = { .text = text,
                               .len = bench_piece(text, len, PIECE_BYTES),
                               .counts = counts };

        if (hs_scan(bench.database, piece.text, (unsigned)piece.len, 0, bench.scratch, confirm,
                    &piece))
            bench_die("Vectorscan", "the scan failed");
        text += piece.len;
        len -= piece.len;
    }
}

int main(int argc, char **argv)
{
    static const struct bench_matcher matcher = { .load = load, .pass = pass };

    return bench_main(argc, argv, &matcher);
}
