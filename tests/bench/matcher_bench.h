/* matcher_bench.h - one way to put a matcher of lines under measure, whoever's it is.
 *
 * MATCHER RULES LOG: reads the log into memory, loads the rules, says what that took, and then makes one pass over it for each line on standard input, so that several matchers that
 * wait beside each other can be asked in turns. Times are CPU time of the process.
 *
 *     load seconds=0.012 rss_mb=9.1
 *     pass lines=1000000 seconds=0.1234 candidates=9105 hits=974
 *
 * rss_mb is what there is besides the log. With VEDETTE_BENCH_LINES=n only the first n lines are looked at. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_rule {
    bool folds_case;
    char *pattern;
};

/* RULE<TAB>FLAG<TAB>PATTERN of each line; lives as long as the process. Ends it when the file is not to be read. */
struct bench_rule *bench_rules(const char *path, size_t *n_rules);

struct bench_counts {
    size_t n_candidates; /* pairs of line and rule that were looked at closely; 0: not told */
    size_t n_hits;       /* pairs that match */
};

struct bench_matcher {
    /* Of RULES; ends the process when that cannot be. May look at the lines that it will be asked about. */
    void (*load)(const char *rules, const char *text, size_t len);
    /* Over whole lines, each with its end. */
    void (*pass)(const char *text, size_t len, struct bench_counts *counts);
};

/* Ends the process with `what`. */
void bench_die(const char *what, const char *why);
/* The first bytes of `text`, at most `max`, that are whole lines; all of it where there is no end of a line. */
size_t bench_piece(const char *text, size_t len, size_t max);
int bench_main(int argc, char **argv, const struct bench_matcher *matcher);

#ifdef __cplusplus
}
#endif
