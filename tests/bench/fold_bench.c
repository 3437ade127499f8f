/* fold_bench - what folding costs: matches of many keys through the engine over a store on disk, in the time of its input.
 *
 *   fold_bench DIR count|distinct|absent|beats|none N_KEYS N_MATCHES [JITTER]
 *
 * Makes N_KEYS keys, then folds N_MATCHES of keys at random, a thousand a commit (`beats` is `absent` with keys that come as heartbeats do: each once a round, at its
 * own time in it, JITTER of them in any order), and puts as many rows of the same size at random into a table of as many,
 * likewise. `absent` and `beats` then let all of them come due. Prints one line: condition keys used_bytes row_bytes, then of a match and of a put each
 * ns cpu_ns written_bytes, and due_per_second. CPU time and bytes are the steadier figures where others use the disk. `none` has no rule: what its
 * store takes is the journal alone. */
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/engine/engine.h"
#include "src/store/objects.h"
#include "src/store/signals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 1000
/* Of a million heartbeats an hour those of seven seconds. */
#define JITTER 2000
#define STORE_BYTES ((int64_t)16 << 30)
#define BEGIN_MS ((int64_t)1795262400000)

static const struct load {
    const char *name, *rule;
    bool is_due, in_turns;
} loads[] = {
    { "count", "rules: [{id: r, mode: observe, on: t.b, key: [host], when: {count: 1000, within: "
               "1d}}]" },
    { "distinct", "rules: [{id: r, mode: observe, on: t.b, key: [host], when: {distinct: service, "
                  "count: 1000, within: 1d}}]" },
    { "absent", "rules: [{id: r, mode: observe, on: t.b, key: [host], when: {absent: 1d}}]", true },
    { "beats", "rules: [{id: r, mode: observe, on: t.b, key: [host], when: {absent: 1d}}]", true,
      true },
    { "none", "rules: [{id: r, mode: observe, on: t.other, key: [host]}]" },
};

/* Of a batch, or of many. */
struct cost {
    int64_t ns, cpu_ns, written_bytes;
};

struct bench {
    struct store *store;
    struct config *config;
    struct engine *engine;
    struct problems *problems;
    int64_t now_ms;
    uint64_t random;
};

static void need(enum rc rc, const char *what)
{
    if (!rc)
        return;
    fprintf(stderr, "fold_bench: %s: %s\n", what, rc_text(rc));
    exit(1);
}

static uint64_t draw(struct bench *bench)
{
    bench->random = bench->random * 6364136223846793005u + 1442695040888963407u;
    return bench->random >> 33;
}

static const struct load *load_of(const char *name)
{
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        if (!strcmp(loads[i].name, name))
            return &loads[i];
    need(RC_INVALID, name);
    return NULL;
}

static void begin(struct bench *bench, const char *directory, const struct load *load)
{
    const struct store_options place = { .directory = directory, .max_bytes = STORE_BYTES };
    struct config_options none = { 0 };
    struct rule_file file = { .name = SLICE("bench.yaml"), .text = slice_of(load->rule) };
    const struct rule_files files = { &file, 1 };
    struct engine_options options = { .deterministic = true };

    log_configure(LOG_ERROR, LOG_TEXT);
    need(digest_init(), "digest");
    need(problems_new(&bench->problems), "problems");
    need(store_open(&place, bench->problems, &bench->store), "store");
    need(config_load(&none, bench->problems, &bench->config), "configuration");
    need(ruleset_parse(&files, bench->problems, &options.ruleset), "rules");
    options.store = bench->store;
    options.config = bench->config;
    need(engine_new(&options, &bench->engine), "engine");
    bench->now_ms = BEGIN_MS;
    bench->random = 1;
}

static void end(struct bench *bench)
{
    engine_free(bench->engine);
    store_close(bench->store);
    config_free(bench->config);
    problems_free(bench->problems);
}

/* --- events --- */

static void accept_batch(struct bench *bench, const uint64_t *keys, size_t n)
{
    static char bodies[BATCH][160];
    struct journal_entry entries[BATCH];
    struct engine_accept_item items[BATCH];
    char time[TIME_TEXT_BYTES];

    (void)time_format(bench->now_ms, time);
    for (size_t i = 0; i < n; i++) {
        snprintf(
            bodies[i], sizeof bodies[i],
            "{\"kind\":\"alert\",\"type\":\"t.b\",\"host\":\"host-%llu\",\"service\":\"s%llu\","
            "\"time\":\"%s\"}",
            (unsigned long long)keys[i], (unsigned long long)draw(bench), time);
        entries[i] = (struct journal_entry){ .door = DOOR_DATA,
                                             .watcher = SLICE("bench"),
                                             .type = SLICE(ENGINE_RECORDED_EVENT),
                                             .received_ms = bench->now_ms,
                                             .body = slice_of(bodies[i]) };
        items[i] = (struct engine_accept_item){ .entry = &entries[i] };
    }
    need(engine_accept(bench->engine, items, n), "accept");
}

/* --- what it costs --- */

/* What this process has handed to write calls. */
static int64_t written_bytes(void)
{
    FILE *file = fopen("/proc/self/io", "re");
    char line[64];
    long long bytes = -1;

    while (file && bytes < 0 && fgets(line, sizeof line, file))
        if (!strncmp(line, "wchar:", 6))
            bytes = strtoll(line + 6, NULL, 10);
    if (file)
        fclose(file);
    need(bytes < 0 ? RC_IO : RC_OK, "/proc/self/io");
    return bytes;
}

static void begin_cost(struct cost *cost)
{
    cost->written_bytes -= written_bytes();
    cost->cpu_ns -= clock_thread_ns();
    cost->ns -= clock_mono_ns();
}

static void end_cost(struct cost *cost)
{
    cost->ns += clock_mono_ns();
    cost->cpu_ns += clock_thread_ns();
    cost->written_bytes += written_bytes();
}

static void print_cost(const struct cost *cost, uint64_t n)
{
    printf(" %.0f %.0f %.0f", (double)cost->ns / (double)n, (double)cost->cpu_ns / (double)n,
           (double)cost->written_bytes / (double)n);
}

static void fold_batch(struct bench *bench, struct cost *cost)
{
    bool more = true;

    begin_cost(cost);
    while (more) {
        need(engine_fold(bench->engine, bench->now_ms, BATCH, INT64_MAX / 2, &more), "fold");
        engine_preallocate(bench->engine); /* as the inlet does */
    }
    end_cost(cost);
}

static void make_keys(struct bench *bench, uint64_t n_keys)
{
    struct cost unasked = { 0 };

    for (uint64_t made = 0; made < n_keys; made += BATCH) {
        uint64_t keys[BATCH];
        size_t n = n_keys - made < BATCH ? (size_t)(n_keys - made) : BATCH;

        for (size_t i = 0; i < n; i++)
            keys[i] = made + i;
        bench->now_ms++;
        accept_batch(bench, keys, n);
        fold_batch(bench, &unasked);
    }
}

static void fold_keys(struct bench *bench, const uint64_t *keys, size_t n, struct cost *cost)
{
    bench->now_ms++;
    accept_batch(bench, keys, n);
    fold_batch(bench, cost);
}

static void fold_at_random(struct bench *bench, uint64_t n_keys, uint64_t n_matches,
                           struct cost *cost)
{
    for (uint64_t done = 0; done < n_matches; done += BATCH) {
        uint64_t keys[BATCH];

        for (size_t i = 0; i < BATCH; i++)
            keys[i] = draw(bench) % n_keys;
        fold_keys(bench, keys, BATCH, cost);
    }
}

/* The next of a round, shuffled. */
static void draw_beats(struct bench *bench, uint64_t from, uint64_t n_keys, uint64_t *keys,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t other = draw(bench) % (i + 1);

        keys[i] = keys[other];
        keys[other] = (from + i) % n_keys;
    }
}

static void fold_in_turns(struct bench *bench, uint64_t n_keys, uint64_t n_matches, size_t jitter,
                          struct cost *cost)
{
    uint64_t *keys = calloc(jitter, sizeof *keys);

    need(keys ? RC_OK : RC_NO_MEMORY, "keys");
    for (uint64_t done = 0; done < n_matches; done += jitter) {
        draw_beats(bench, done, n_keys, keys, jitter);
        for (size_t i = 0; i < jitter; i += BATCH)
            fold_keys(bench, keys + i, BATCH, cost);
    }
    free(keys);
}

/* --- the same without an engine --- */

static void put_row(struct bench *bench, struct store_txn *txn, uint64_t key, size_t bytes)
{
    static char row[4096];
    struct sha256 digest;
    struct slice part = { (const char *)&key, sizeof key };

    need(sha256_of_parts(&part, 1, &digest), "digest");
    memcpy(row, &bench->random, sizeof bench->random);
    need(store_put(txn, TABLE_CHANGES, (struct slice){ (const char *)digest.bytes, 16 },
                   (struct slice){ row, bytes < sizeof row ? bytes : sizeof row }),
         "put");
}

static void put_batch(struct bench *bench, uint64_t from, uint64_t n_keys, size_t bytes,
                      struct cost *cost)
{
    struct store_txn *txn = NULL;

    begin_cost(cost);
    need(store_begin(bench->store, &txn), "begin");
    for (uint64_t i = 0; i < BATCH; i++)
        put_row(bench, txn, from + i < n_keys ? from + i : draw(bench) % n_keys, bytes);
    need(store_commit(&txn), "commit");
    store_preallocate(bench->store);
    end_cost(cost);
}

static void put_at_random(struct bench *bench, uint64_t n_keys, uint64_t n_rows, size_t bytes,
                          struct cost *cost)
{
    struct cost unasked = { 0 };

    for (uint64_t made = 0; made < n_keys; made += BATCH)
        put_batch(bench, made, n_keys, bytes, &unasked);
    for (uint64_t done = 0; done < n_rows; done += BATCH)
        put_batch(bench, n_keys, n_keys, bytes, cost);
}

/* --- looking --- */

static int64_t used_bytes(struct bench *bench)
{
    struct store_txn *txn = NULL;
    int64_t used = 0, most = 0;

    store_check_readers(bench->store);
    need(store_begin(bench->store, &txn), "begin");
    need(store_commit(&txn), "commit");
    need(store_begin_read(bench->store, &txn), "begin");
    need(store_usage(txn, &used, &most), "usage");
    store_abort(&txn);
    return used;
}

/* Of the first signals. */
static size_t row_bytes(struct bench *bench)
{
    struct store_cursor *cursor;
    struct store_txn *txn = NULL;
    struct slice key, row;
    size_t n_rows = 0, n_bytes = 0;

    need(store_begin_read(bench->store, &txn), "begin");
    need(store_cursor_open(txn, TABLE_SIGNALS, &cursor), "cursor");
    for (enum store_move move = STORE_FIRST; n_rows < BATCH; move = STORE_NEXT, n_rows++) {
        if (store_cursor_move(cursor, move, &key, &row))
            break;
        n_bytes += row.len;
    }
    store_cursor_close(cursor);
    store_abort(&txn);
    return n_rows ? n_bytes / n_rows : 0;
}

static double let_all_come_due(struct bench *bench, uint64_t n_keys)
{
    struct cost cost = { 0 };

    bench->now_ms += 2 * DAY_MS;
    fold_batch(bench, &cost);
    return (double)n_keys * 1e9 / (double)cost.ns;
}

int main(int argc, char **argv)
{
    struct bench bench = { 0 };
    const struct load *load;
    uint64_t n_keys, n_matches;
    size_t jitter;
    struct cost folded = { 0 }, put = { 0 };
    int64_t used;
    size_t bytes;
    double due = 0;

    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: fold_bench DIR count|distinct|absent|beats|none N_KEYS N_MATCHES "
                        "[JITTER]\n");
        return 2;
    }
    n_keys = strtoull(argv[3], NULL, 10);
    jitter = argc == 6 ? strtoull(argv[5], NULL, 10) : JITTER;
    if (jitter > n_keys)
        jitter = n_keys;
    jitter = jitter < BATCH ? BATCH : jitter / BATCH * BATCH;
    n_matches = strtoull(argv[4], NULL, 10) / jitter * jitter;
    load = load_of(argv[2]);
    begin(&bench, argv[1], load);
    make_keys(&bench, n_keys);
    used = used_bytes(&bench);
    bytes = row_bytes(&bench);
    if (load->in_turns)
        fold_in_turns(&bench, n_keys, n_matches, jitter, &folded);
    else
        fold_at_random(&bench, n_keys, n_matches, &folded);
    if (load->is_due)
        due = let_all_come_due(&bench, n_keys);
    put_at_random(&bench, n_keys, n_matches, bytes, &put);
    printf("%s %llu %lld %zu", argv[2], (unsigned long long)n_keys, (long long)used, bytes);
    print_cost(&folded, n_matches);
    print_cost(&put, n_matches);
    printf(" %.0f\n", due);
    end(&bench);
    return 0;
}
