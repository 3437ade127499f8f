#include "src/base/clock.h"
#include "src/base/work_pool.h"
#include "src/cli/commands_all.h"
#include "src/cli/input.h"
#include "src/cli/input_screen.h"
#include "src/cli/offline.h"
#include "src/cli/replay_profile.h"
#include "src/engine/simulation.h"

#define CHANGE_BYTES ((size_t)16 << 20)
#define WRITE_AT_BYTES 65536 /* of output, gathered */

struct replay {
    const struct invocation *invocation;
    const struct options *options;
    struct simulation *simulation;
    struct input_screen *screen;
    struct inputs *inputs;
    struct arena *arena;
    struct profile *where_read, *where_folded; /* what rules cost there; NULL: nobody asks */
    uint64_t seen;                             /* of the feed */
    struct buffer out;
};

static enum rc print_transitions(struct replay *replay)
{
    struct feed_item item;
    enum rc rc;

    arena_reset(replay->arena);
    while (
        !(rc = simulation_next_change(replay->simulation, &replay->seen, replay->arena, &item))) {
        if (!replay->options->quiet && slice_eq(item.name, SLICE("signal"))) {
            buffer_add(&replay->out, item.json);
            buffer_add_text(&replay->out, "\n");
        }
        arena_reset(replay->arena);
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    return replay->out.len > WRITE_AT_BYTES ? screen_write(&replay->out) : RC_OK;
}

/* Lines that nobody wanted let time pass all the same. */
static enum rc play_out(struct replay *replay)
{
    int64_t last_ms = inputs_last_ms(replay->inputs);
    enum rc rc = RC_OK;

    if (last_ms != INT64_MIN)
        rc = simulation_advance(replay->simulation, last_ms);
    return rc ? rc : print_transitions(replay);
}

static enum rc play(struct replay *replay)
{
    struct input_entry entry;
    enum rc rc;

    while (!(rc = inputs_next(replay->inputs, &entry))) {
        rc = simulation_receive_once(replay->simulation, &entry.entry, entry.dedup_ms,
                                     (struct slice){ 0 });
        if (!rc)
            rc = print_transitions(replay);
        if (rc)
            return rc;
    }
    return rc == RC_NOT_FOUND ? play_out(replay) : rc;
}

static void write_summary(struct replay *replay, int64_t took_ms)
{
    const struct simulation_totals totals = simulation_totals(replay->simulation);
    struct json_writer writer = json_writer_to(&replay->out);

    json_object_begin(&writer);
    json_member_int(&writer, "events",
                    (int64_t)(totals.n_events + inputs_n_passed(replay->inputs)));
    json_member_int(&writer, "matches", (int64_t)totals.n_matches);
    json_member_int(&writer, "signals", (int64_t)totals.n_signals);
    json_member_int(&writer, "proposals", (int64_t)totals.n_proposals);
    json_key(&writer, "seconds");
    json_write_real(&writer, (double)took_ms / 1000);
    json_member_int(&writer, "bytes", (int64_t)inputs_bytes(replay->inputs));
    json_object_end(&writer);
    buffer_add_text(&replay->out, "\n");
}

static enum rc begin_profile(struct replay *replay)
{
    struct engine *engine = simulation_engine(replay->simulation);
    size_t n_rules = engine_ruleset(engine)->n_rules;
    enum rc rc = profile_new(n_rules, &replay->where_read);

    if (!rc)
        rc = profile_new(n_rules, &replay->where_folded);
    input_screen_set_profile(replay->screen, replay->where_read);
    engine_set_profile(engine, replay->where_folded);
    return rc;
}

static enum rc write_profile(struct replay *replay)
{
    return replay_profile_write(replay->invocation,
                                engine_ruleset(simulation_engine(replay->simulation)),
                                replay->where_read, replay->where_folded, &replay->out);
}

static enum rc run(struct replay *replay, struct offline *offline)
{
    size_t n_workers = replay->options->profile ? 1 : work_pool_n_cpus();
    struct log_input_screen log_screen;
    struct engine *engine;
    int64_t started_ms;
    enum rc rc;

    rc = arena_new(CHANGE_BYTES, &replay->arena);
    if (rc)
        return rc;
    /* Nobody decides here: the budget that every configuration has by default would hide what the rules do. */
    offline->config->budget.is_there &= offline->config->budget.is_written;
    rc = simulation_new(offline->config, offline->ruleset, &replay->simulation);
    offline->ruleset = NULL; /* the simulation's now */
    if (rc)
        return rc;
    engine = simulation_engine(replay->simulation);
    rc = input_screen_new(&engine, 1, n_workers, &replay->screen);
    if (rc)
        return rc;
    log_screen = input_screen_asked(replay->screen);
    if (replay->options->profile)
        rc = begin_profile(replay);
    if (!rc)
        rc = inputs_open(replay->options, offline->config, &log_screen, offline->problems,
                         &replay->inputs);
    if (!rc)
        rc = inputs_learn(replay->inputs, input_screen_learn, replay->screen);
    started_ms = clock_mono_ms();
    if (!rc)
        rc = play(replay);
    if (!rc && (replay->options->summary || replay->options->quiet))
        write_summary(replay, clock_mono_ms() - started_ms);
    if (!rc && replay->options->profile)
        rc = write_profile(replay);
    if (!rc || rc == RC_INVALID) {
        enum rc write_rc =
            screen_write(&replay->out); /* what came before a broken line did happen */

        rc = rc ? rc : write_rc;
    }
    return rc;
}

enum exit_code replay_command(const struct invocation *invocation)
{
    struct replay replay = { .invocation = invocation, .options = &invocation->options };
    const char *paths[OPTIONS_MAX_TEXTS];
    struct offline offline;
    size_t n_paths = 0;
    enum exit_code code = inputs_check_call(invocation);
    enum rc rc;

    if (code)
        return code;
    code = offline_take_paths(invocation, paths, &n_paths);
    if (code)
        return code;
    buffer_init(&replay.out, 0);
    code = offline_need(invocation, OFFLINE_RULES_AS_WRITTEN, paths, n_paths, &offline);
    if (code)
        goto out;
    problems_clear(offline.problems);
    rc = run(&replay, &offline);
    offline_tell(&offline);
    if (rc && rc != RC_INVALID)
        complain(invocation->command, "%s", rc_text(rc));
    code = rc ? EXIT_REFUSED : EXIT_DONE;
out:
    inputs_close(replay.inputs); /* its threads ask the screen */
    input_screen_free(replay.screen);
    simulation_free(replay.simulation);
    profile_free(replay.where_read);
    profile_free(replay.where_folded);
    arena_free(replay.arena);
    buffer_free(&replay.out);
    offline_close(&offline);
    return code;
}
