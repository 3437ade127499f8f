#include "matcher_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MB ((double)(1 << 20))

void bench_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static double cpu_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double rss_mb(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double kb = 0;

    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmRSS:", 6))
            kb = strtod(line + 6, NULL);
    if (file)
        (void)fclose(file);
    return kb * 1024 / MB;
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    struct stat about;
    char *text;

    if (!file || fstat(fileno(file), &about))
        bench_die(path, "cannot be opened");
    *len = (size_t)about.st_size;
    text = malloc(*len + 1);
    if (!text || fread(text, 1, *len, file) != *len)
        bench_die(path, "cannot be read");
    (void)fclose(file);
    text[*len] = 0;
    return text;
}

static size_t count_lines(const char *text, size_t len)
{
    const char *end = text + len;
    size_t n_lines = 0;

    while (text < end && (text = memchr(text, '\n', (size_t)(end - text)))) {
        n_lines++;
        text++;
    }
    return n_lines;
}

static size_t first_lines(const char *text, size_t len, size_t n_lines)
{
    const char *at = text, *end = text + len;

    while (n_lines-- && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        at = newline ? newline + 1 : end;
    }
    return (size_t)(at - text);
}

struct bench_rule *bench_rules(const char *path, size_t *n_rules)
{
    size_t len, i = 0;
    char *text = read_file(path, &len);
    struct bench_rule *rules = calloc(count_lines(text, len) + 1, sizeof *rules);

    if (!rules)
        bench_die(path, "no memory");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *flag = strchr(line, '\t');

        if (!flag || !flag[1] || flag[2] != '\t')
            bench_die(path, "not RULE<TAB>FLAG<TAB>PATTERN");
        rules[i++] = (struct bench_rule){ .folds_case = flag[1] == 'i', .pattern = flag + 3 };
    }
    *n_rules = i;
    return rules;
}

size_t bench_piece(const char *text, size_t len, size_t max)
{
    const char *newline = len > max ? memrchr(text, '\n', max) : NULL;

    return newline ? (size_t)(newline + 1 - text) : len;
}

int bench_main(int argc, char **argv, const struct bench_matcher *matcher)
{
    const char *n_wanted = getenv("VEDETTE_BENCH_LINES");
    size_t len, n_bytes, n_lines;
    char order[16], *text;
    double began;

    if (argc != 3)
        bench_die(argv[0], "usage: RULES LOG");
    text = read_file(argv[2], &n_bytes);
    len = n_wanted ? first_lines(text, n_bytes, strtoul(n_wanted, NULL, 10)) : n_bytes;
    n_lines = count_lines(text, len);
    began = cpu_seconds();
    matcher->load(argv[1], text, len);
    printf("load seconds=%.4f rss_mb=%.1f\n", cpu_seconds() - began,
           rss_mb() - (double)n_bytes / MB);
    (void)fflush(stdout);
    while (fgets(order, sizeof order, stdin)) {
        struct bench_counts counts = { 0 };

        began = cpu_seconds();
        matcher->pass(text, len, &counts);
        printf("pass lines=%zu seconds=%.4f candidates=%zu hits=%zu\n", n_lines,
               cpu_seconds() - began, counts.n_candidates, counts.n_hits);
        (void)fflush(stdout);
    }
    free(text);
    return 0;
}
