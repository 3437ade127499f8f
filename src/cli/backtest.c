#include "src/base/clock.h"
#include "src/base/work_pool.h"
#include "src/cli/backtest_sets.h"
#include "src/cli/backtest_show.h"
#include "src/cli/backtest_side.h"
#include "src/cli/commands_all.h"
#include "src/cli/input_screen.h"
#include "src/cli/journal_stream.h"
#include "src/cli/offline.h"
#include "src/daemon/list_query.h"

#define SINCE_DEFAULT "30d"
#define RESULT_BYTES ((size_t)4 << 30)
#define WRITE_AT_BYTES 65536 /* of output, gathered */
#define JOURNAL_NAME "the daemon's journal"

enum { SIDE_LOADED, SIDE_THESE, N_SIDES };

struct backtest {
    const struct invocation *invocation;
    const struct options *options;
    struct offline *offline;
    struct client *client; /* NULL: there is input enough without a daemon */
    struct journal_stream journal;
    struct backtest_sets sets;
    struct backtest_side *sides[N_SIDES];
    struct input_screen *screen;
    struct inputs *inputs;
    struct buffer out;
    int64_t since_ms; /* INT64_MIN: all of the input */
    int64_t now_ms;
};

/* --- making ready --- */

/* Recorded events are enough; lines of logs come beside the daemon's journal, which has only those that matched. */
static bool is_without_daemon(const struct options *options)
{
    for (size_t i = 0; i < options->n_inputs; i++)
        if (options->inputs[i].kind != INPUT_LOG)
            return true;
    return false;
}

static enum exit_code read_since(struct backtest *backtest)
{
    const char *since = backtest->options->since;

    backtest->since_ms = INT64_MIN;
    if (!since && is_without_daemon(backtest->options))
        return EXIT_DONE;
    if (!list_query_read_since(slice_of(since ? since : SINCE_DEFAULT), backtest->now_ms,
                               &backtest->since_ms))
        return EXIT_DONE;
    return usage_error(backtest->invocation->command,
                       "--since is a time (RFC 3339) or how long ago (90s, 5m, 1h, 7d)");
}

/* Nobody decides here: what is open stays so, and a limit of what may be open would hide what comes after it. How many may be asked an hour and a day counts. */
static void open_budget(struct config *config)
{
    config->budget.open = INT32_MAX;
}

static enum rc make_sides(struct backtest *backtest)
{
    struct ruleset **const rulesets[N_SIDES] = { &backtest->sets.loaded, &backtest->sets.these };
    struct engine *engines[N_SIDES] = { NULL };
    enum rc rc = RC_OK;

    open_budget(backtest->offline->config);
    for (int i = 0; i < N_SIDES && !rc; i++) {
        const struct backtest_side_options options = {
            .config = backtest->offline->config,
            .ruleset = *rulesets[i],
            .since_ms = backtest->since_ms,
            .transitions =
                i == SIDE_THESE && backtest->options->transitions ? &backtest->out : NULL,
        };

        *rulesets[i] = NULL;
        rc = backtest_side_new(&options, &backtest->sides[i]);
        if (!rc)
            engines[i] = backtest_side_engine(backtest->sides[i]);
    }
    return rc ? rc : input_screen_new(engines, N_SIDES, work_pool_n_cpus(), &backtest->screen);
}

/* What happened before `since` is folded, as far as it can matter to what happened after it. */
static enum rc add_journal(struct backtest *backtest)
{
    FILE *file;

    backtest->journal.client = backtest->client;
    backtest->journal.since_ms = backtest->since_ms - backtest->sets.reach_ms;
    if (backtest->journal.since_ms < 0)
        backtest->journal.since_ms = 0;
    file = journal_stream_open(&backtest->journal);
    return file ? inputs_add_events(backtest->inputs, file, JOURNAL_NAME) : RC_NO_MEMORY;
}

static enum rc open_inputs(struct backtest *backtest)
{
    const struct log_input_screen screen = input_screen_asked(backtest->screen);
    enum rc rc = inputs_open(backtest->options, backtest->offline->config, &screen,
                             backtest->offline->problems, &backtest->inputs);

    if (!rc && backtest->client)
        rc = add_journal(backtest);
    return rc ? rc : inputs_learn(backtest->inputs, input_screen_learn, backtest->screen);
}

/* --- going through it --- */

static enum rc write_out(struct backtest *backtest)
{
    return backtest->out.len > WRITE_AT_BYTES ? screen_write(&backtest->out) : RC_OK;
}

static enum rc receive(struct backtest *backtest, const struct input_entry *entry)
{
    enum rc rc = RC_OK;

    for (int i = 0; i < N_SIDES && !rc; i++)
        rc = backtest_side_receive(backtest->sides[i], entry);
    return rc ? rc : write_out(backtest);
}

/* What the daemon received goes up to now; of files nobody knows more than their last line. */
static enum rc play_out(struct backtest *backtest)
{
    int64_t last_ms = backtest->client ? backtest->now_ms : inputs_last_ms(backtest->inputs);
    enum rc rc = RC_OK;

    for (int i = 0; i < N_SIDES && !rc && last_ms != INT64_MIN; i++)
        rc = backtest_side_advance(backtest->sides[i], last_ms);
    return rc;
}

static enum rc play(struct backtest *backtest)
{
    struct input_entry entry;
    enum rc rc;

    while (!(rc = inputs_next(backtest->inputs, &entry))) {
        rc = receive(backtest, &entry);
        if (rc)
            return rc;
    }
    return rc == RC_NOT_FOUND ? play_out(backtest) : rc;
}

/* --- what came of it --- */

static enum rc compare(struct backtest *backtest, struct backtest_result *result)
{
    enum rc rc = backtest_side_end(backtest->sides[SIDE_LOADED], result->loaded);

    if (!rc)
        rc = backtest_side_end(backtest->sides[SIDE_THESE], result->these);
    for (int kind = 0; kind < FINDING_KINDS && !rc; kind++)
        rc = findings_compare(&result->loaded[kind], &result->these[kind], result->arena,
                              &result->differences[kind]);
    return rc;
}

static enum rc tell(struct backtest *backtest)
{
    struct backtest_result result = {
        .n_given = backtest->sets.n_given,
        .n_kept = backtest->sets.n_kept,
        .since_ms = backtest->since_ms,
        .n_events = backtest_side_totals(backtest->sides[SIDE_THESE]).n_events +
                    inputs_n_passed(backtest->inputs),
        .is_of_daemon = backtest->client != NULL,
    };
    enum rc rc = arena_new(RESULT_BYTES, &result.arena);

    if (!rc)
        rc = compare(backtest, &result);
    if (!rc)
        rc = backtest_show(backtest->invocation, &result, &backtest->out);
    arena_free(result.arena);
    return rc;
}

static enum rc run(struct backtest *backtest)
{
    enum rc rc = make_sides(backtest);

    if (!rc)
        rc = open_inputs(backtest);
    if (!rc)
        rc = play(backtest);
    if (!rc && !backtest->options->transitions)
        rc = tell(backtest);
    return rc ? rc : screen_write(&backtest->out);
}

/* --- the command --- */

static enum exit_code begin(struct backtest *backtest, const char *const *paths, size_t n_paths)
{
    enum exit_code code =
        offline_need(backtest->invocation, OFFLINE_NO_RULES, NULL, 0, backtest->offline);

    if (!code && !is_without_daemon(backtest->options))
        code = client_new(backtest->invocation, &backtest->client);
    return code ? code
                : backtest_sets_load(backtest->invocation, backtest->client, backtest->offline,
                                     paths, n_paths, &backtest->sets);
}

static enum exit_code finish(struct backtest *backtest, enum rc rc)
{
    if (backtest->journal.code)
        return backtest->journal.code; /* why the daemon's journal could not be read was said */
    offline_tell(backtest->offline);
    if (rc && rc != RC_INVALID)
        complain(backtest->invocation->command, "%s", rc_text(rc));
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

static void end(struct backtest *backtest)
{
    inputs_close(backtest->inputs); /* its threads ask the screen */
    input_screen_free(backtest->screen);
    for (int i = 0; i < N_SIDES; i++)
        backtest_side_free(backtest->sides[i]);
    backtest_sets_free(&backtest->sets);
    client_free(backtest->client);
    buffer_free(&backtest->out);
    offline_close(backtest->offline);
}

enum exit_code backtest_command(const struct invocation *invocation)
{
    struct offline offline = { 0 };
    struct backtest backtest = { .invocation = invocation,
                                 .options = &invocation->options,
                                 .offline = &offline,
                                 .now_ms = clock_wall_ms() };
    const char *paths[OPTIONS_MAX_TEXTS];
    size_t n_paths = 0;
    enum exit_code code = offline_take_paths(invocation, paths, &n_paths);

    if (!code && !n_paths)
        code = usage_error(invocation->command, "give the rules to try: --rules PATH…");
    if (!code)
        code = read_since(&backtest);
    if (code)
        return code;
    buffer_init(&backtest.out, 0);
    code = begin(&backtest, paths, n_paths);
    if (!code)
        code = finish(&backtest, run(&backtest));
    end(&backtest);
    return code;
}
