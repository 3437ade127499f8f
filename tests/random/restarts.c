/* restarts - the engine over a store on disk, in the time of its input, stopped or killed on the way and started again.
 *
 *   restarts --store DIR --rules FILE --events FILE [--seed N] [--stop-after N | --kill-after N | --leave-after N]
 *   restarts --store DIR --rules FILE --events FILE --print
 *
 * Events are lines as `vedette replay --events` reads them, each with the time at which it was received. They are accepted and folded in batches of random size.
 * Each keeps the number of its line as its delivery id, so that whoever starts again asks the store how far it got and goes on with the next: nothing else
 * is known from before. --stop-after closes after so many more events as the daemon does, --kill-after ends the process with SIGKILL between
 * accepting and folding, --leave-after closes there; VEDETTE_CRASH_AT ends it inside a turn. --print writes the transitions from the feed of the store. */
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/engine/engine.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES ((size_t)256 << 20)
#define ARENA_BYTES ((size_t)1 << 30)
#define STORE_BYTES ((int64_t)256 << 20)
#define BATCH_MAX 8
#define FOLDS_MAX 4

struct trial {
    const char *directory, *rules, *events;
    int64_t seed, stop_after, kill_after, leave_after;
    int64_t
        fold_seed; /* of its own: how often is folded says nothing of what is accepted together */
    int is_printing;
    struct arena *arena;
    struct arena *rows; /* of the store, one after the other */
    struct problems *problems;
    struct config *config;
    struct store *store;
    struct engine *engine;
    struct slice rest; /* of the events */
    int64_t n_lines;   /* taken off it */
    int64_t now_ms;    /* when the last of them was received */
};

static const struct option options[] = {
    { "store", required_argument, NULL, 'd' },
    { "rules", required_argument, NULL, 'r' },
    { "events", required_argument, NULL, 'e' },
    { "seed", required_argument, NULL, 's' },
    { "stop-after", required_argument, NULL, 't' },
    { "kill-after", required_argument, NULL, 'k' },
    { "leave-after", required_argument, NULL, 'l' },
    { "print", no_argument, NULL, 'p' },
    { 0 },
};

static enum rc read_options(int argc, char **argv, struct trial *trial)
{
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char **text = option == 'd'   ? &trial->directory
                            : option == 'r' ? &trial->rules
                            : option == 'e' ? &trial->events
                                            : NULL;
        int64_t *number = option == 's'   ? &trial->seed
                          : option == 't' ? &trial->stop_after
                          : option == 'k' ? &trial->kill_after
                          : option == 'l' ? &trial->leave_after
                                          : NULL;

        if (option == '?' || (number && slice_to_int(slice_of(optarg), number)))
            return RC_INVALID;
        if (text)
            *text = optarg;
        trial->is_printing |= option == 'p';
    }
    return trial->directory && trial->rules && trial->events ? RC_OK : RC_INVALID;
}

/* -- opening -- */

static enum rc open_engine(struct trial *trial)
{
    struct config_options none = { 0 };
    struct slice path = slice_of(trial->rules);
    struct rule_files files;
    struct engine_options wanted = { .store = trial->store, .deterministic = true };
    enum rc rc = config_load(&none, trial->problems, &trial->config);

    wanted.config = trial->config;
    if (!rc)
        rc =
            rule_files_read((struct slice_list){ &path, 1 }, trial->arena, trial->problems, &files);
    if (!rc)
        rc = ruleset_parse(&files, trial->problems, &wanted.ruleset);
    if (!rc)
        rc = engine_new(&wanted, &trial->engine);
    return rc;
}

static enum rc open_trial(struct trial *trial)
{
    const struct store_options place = { .directory = trial->directory, .max_bytes = STORE_BYTES };
    enum rc rc = digest_init();

    log_configure(LOG_ERROR, LOG_TEXT);
    if (!rc)
        rc = arena_new(ARENA_BYTES, &trial->arena);
    if (!rc)
        rc = arena_new(ARENA_BYTES, &trial->rows);
    if (!rc)
        rc = problems_new(&trial->problems);
    if (!rc)
        rc = store_open(&place, trial->problems, &trial->store);
    if (!rc)
        rc = file_read(trial->events, FILE_BYTES, trial->arena, &trial->rest);
    return rc ? rc : open_engine(trial);
}

static void close_trial(struct trial *trial)
{
    engine_free(trial->engine);
    store_close(trial->store);
    config_free(trial->config);
    problems_free(trial->problems);
    arena_free(trial->arena);
    arena_free(trial->rows);
}

/* -- events -- */

/* The next line as an entry that the engine takes. */
static enum rc take_line(struct trial *trial, struct journal_entry *entry)
{
    struct slice line = slice_cut(&trial->rest, '\n');
    struct json_fault fault;
    struct json *json = NULL;
    enum rc rc = json_parse(line, JSON_LIMITS_DEFAULT, &json, &fault);

    *entry = (struct journal_entry){ .door = DOOR_DATA,
                                     .type = SLICE(ENGINE_RECORDED_EVENT),
                                     .body = line };
    if (!rc)
        rc = time_parse_any(json_text(json_get_text(json, "received")), &entry->received_ms);
    json_free(json);
    if (rc)
        return rc;
    trial->n_lines++;
    trial->now_ms = entry->received_ms;
    rc = arena_format(trial->arena, &entry->delivery_id, "%lld", (long long)trial->n_lines);
    entry->id = ulid_from_seed(entry->received_ms, entry->delivery_id);
    return rc;
}

static bool take_number(void *context, const struct journal_entry *entry)
{
    return slice_to_int(entry->delivery_id, context) != RC_OK;
}

/* Passes over what is in the store already. */
static enum rc find_place(struct trial *trial)
{
    struct store_txn *txn = NULL;
    struct journal_entry passed;
    int64_t n_stored = 0;
    enum rc rc = store_begin_read(trial->store, &txn);

    if (!rc)
        rc = journal_each_newest(txn, 0, SIZE_MAX, trial->rows, take_number, &n_stored);
    store_abort(&txn);
    while (!rc && trial->n_lines < n_stored)
        rc = take_line(trial, &passed);
    return rc;
}

/* The first start is at the time of the first event: rules are known since then. */
static enum rc find_time(struct trial *trial)
{
    const struct slice rest = trial->rest;
    struct journal_entry first;
    enum rc rc = trial->n_lines ? RC_OK : take_line(trial, &first);

    if (trial->rest.ptr != rest.ptr)
        trial->n_lines = 0;
    trial->rest = rest;
    return rc;
}

static int64_t choose(int64_t *seed, int64_t n_most)
{
    *seed = (int64_t)((uint64_t)*seed * 6364136223846793005u + 1442695040888963407u);
    return 1 + (int64_t)((uint64_t)*seed >> 33) % n_most;
}

static enum rc accept_some(struct trial *trial, int64_t n_most)
{
    struct journal_entry entries[BATCH_MAX];
    struct engine_accept_item items[BATCH_MAX];
    int64_t n_wanted = choose(&trial->seed, BATCH_MAX);
    size_t n_items = 0;
    enum rc rc = RC_OK;

    while (!rc && trial->rest.len && n_items < (size_t)n_wanted && (int64_t)n_items < n_most) {
        items[n_items] = (struct engine_accept_item){ .entry = &entries[n_items] };
        rc = take_line(trial, &entries[n_items++]);
    }
    return rc ? rc : engine_accept(trial->engine, items, n_items);
}

static enum rc fold_all(struct trial *trial)
{
    bool more = true;
    enum rc rc = RC_OK;

    while (!rc && more)
        rc = engine_fold(trial->engine, trial->now_ms, (size_t)choose(&trial->fold_seed, FOLDS_MAX),
                         INT64_MAX / 2, &more);
    return rc;
}

static enum rc run(struct trial *trial)
{
    int64_t until = trial->stop_after    ? trial->stop_after
                    : trial->kill_after  ? trial->kill_after
                    : trial->leave_after ? trial->leave_after
                                         : INT64_MAX;
    int64_t from;
    enum rc rc = find_place(trial);

    from = trial->n_lines;
    trial->fold_seed = trial->seed;
    if (!rc)
        rc = find_time(trial);
    if (!rc)
        rc = engine_recover(trial->engine, trial->now_ms);
    if (!rc)
        rc = fold_all(trial);
    while (!rc && trial->rest.len && trial->n_lines - from < until) {
        rc = accept_some(trial, until - (trial->n_lines - from));
        if (!rc && trial->kill_after && trial->n_lines - from >= until)
            raise(SIGKILL);
        if (!rc && !(trial->leave_after && trial->n_lines - from >= until))
            rc = fold_all(trial);
    }
    return rc ? rc : engine_stop(trial->engine);
}

/* -- what came of it -- */

static enum rc print_feed(struct trial *trial)
{
    struct store_txn *txn = NULL;
    struct feed_item item = { 0 };
    uint64_t n_dead = 0;
    enum rc rc = store_begin_read(trial->store, &txn);

    while (!rc && !(rc = feed_next(txn, item.seq, trial->rows, &item))) {
        if (slice_eq(item.name, SLICE("signal")))
            printf("%.*s\n", SLICE_ARG(item.json));
        arena_reset(trial->rows);
    }
    if (rc == RC_NOT_FOUND)
        rc = store_count(txn, TABLE_DEAD, &n_dead);
    store_abort(&txn);
    if (!rc && n_dead) {
        fprintf(stderr, "restarts: %llu events were set aside\n", (unsigned long long)n_dead);
        return RC_INVALID;
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct trial trial = { 0 };
    struct buffer text;
    enum rc rc = read_options(argc, argv, &trial);

    if (!rc)
        rc = open_trial(&trial);
    if (!rc)
        rc = trial.is_printing ? print_feed(&trial) : run(&trial);
    if (rc) {
        buffer_init(&text, 0);
        if (trial.problems)
            problems_format(trial.problems, &text);
        fprintf(stderr, "restarts: %s\n%.*s", rc_text(rc), SLICE_ARG(buffer_slice(&text)));
        buffer_free(&text);
    }
    close_trial(&trial);
    return rc ? 1 : 0;
}
