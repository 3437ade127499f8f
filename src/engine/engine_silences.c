#include "src/engine/engine_private.h"

#include "rules/kept_fields.h"

/* A walk over the signals that a silence held is spread over timers: one looks at so many in passing, and asks for one at most.
 * How many timers a turn runs is bounded in turn (FOLD_TIMERS_A_TURN). */
#define SIGNALS_LOOKED_AT 100
#define ACTIVE_LIMIT_BYTES ((size_t)64 << 20)
#define SCRATCH_LIMIT_BYTES ((size_t)1 << 20)

/* --- the gate --- */

/* All that are active, kept between the turns: every match of a firing signal asks. */
static enum rc need_active(struct turn *turn)
{
    struct engine *engine = turn->engine;
    enum rc rc = RC_OK;

    if (engine->silences.is_known && turn->now_ms >= engine->silences.from_ms)
        return RC_OK;
    if (!engine->silences.arena)
        rc = arena_new(ACTIVE_LIMIT_BYTES, &engine->silences.arena);
    if (rc)
        return rc;
    arena_reset(engine->silences.arena);
    rc = silence_list_active(turn->txn, turn->now_ms, engine->silences.arena,
                             &engine->silences.active);
    engine->silences.is_known = !rc;
    engine->silences.from_ms = turn->now_ms;
    return rc;
}

enum rc silences_find(struct turn *turn, const struct signal *signal, const struct silence **found)
{
    enum rc rc = need_active(turn);

    *found = NULL;
    return rc ? rc : silence_list_find(&turn->engine->silences.active, signal, turn->now_ms, found);
}

enum rc silences_overlap(struct turn *turn, const struct signal *signal, int64_t from_ms,
                         int64_t to_ms, bool *overlap)
{
    struct silence_place place = { .end_ms = from_ms + 1 };
    struct silence silence = { 0 };
    struct arena *scratch = NULL;
    enum rc rc = arena_new(SCRATCH_LIMIT_BYTES, &scratch);

    *overlap = false;
    while (!rc && !*overlap) {
        arena_reset(scratch);
        rc = silence_next(turn->txn, &place, scratch, &silence);
        if (!rc && silence.created_ms < to_ms)
            rc = silence_matches(&silence, signal, overlap);
    }
    arena_free(scratch);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- what is told of one --- */

static enum rc write_silence(const struct silence *silence, struct buffer *json)
{
    struct json_writer writer = json_writer_to(json);

    silence_write_json(silence, &writer);
    return buffer_rc(json);
}

static enum rc tell(struct turn *turn, const char *what, const struct silence *silence,
                    struct slice who, struct slice via)
{
    struct buffer json;
    struct slice name;
    enum rc rc;

    buffer_init(&json, 0);
    rc = write_silence(silence, &json);
    if (!rc)
        rc = turn_name(turn, "sil_", silence->id, &name);
    if (!rc)
        rc = turn_audit(turn, what, who, via, name, &json);
    buffer_free(&json);
    return rc ? rc : turn_feed_silence(turn, silence);
}

/* What a person did: a replay of the journal does it again. That the time ran out follows from it. */
static enum rc journal(struct turn *turn, const struct silence *silence)
{
    struct buffer json;
    enum rc rc;

    buffer_init(&json, 0);
    rc = write_silence(silence, &json);
    if (!rc)
        rc = turn_journal(turn, DOOR_DECISION, SLICE("vedette.silence"), buffer_slice(&json));
    buffer_free(&json);
    return rc;
}

/* --- made --- */

struct slice engine_unknown_field(const struct engine *engine, const struct silence *silence)
{
    const struct silence_clause *clauses = silence->where.items;

    for (size_t i = 0; i < silence->where.n_items; i++)
        if (!ruleset_keeps_field(engine->ruleset, clauses[i].field))
            return clauses[i].field;
    return (struct slice){ 0 };
}

static bool has_rule(const struct ruleset *ruleset, struct slice glob)
{
    for (size_t i = 0; i < ruleset->n_rules; i++)
        if (slice_matches_glob(ruleset->rules[i].id, glob))
            return true;
    return false;
}

struct slice engine_unknown_rule(const struct engine *engine, const struct silence *silence)
{
    const struct silence_clause *clauses = silence->where.items;

    for (size_t i = 0; i < silence->where.n_items; i++)
        if (slice_eq(clauses[i].field, SLICE("rule")) &&
            !has_rule(engine->ruleset, clauses[i].value))
            return clauses[i].value;
    return (struct slice){ 0 };
}

static enum rc add(struct turn *turn, struct silence *silence)
{
    enum rc rc;

    if (turn->engine->counts.silences[SILENCE_ACTIVE] >= SILENCE_MAX_ACTIVE)
        return RC_LIMIT;
    rc = turn_make_id(turn, &silence->id);
    silence->state = SILENCE_ACTIVE;
    silence->created_ms = turn->now_ms;
    silence->ended_ms = 0;
    turn->silences_changed = true;
    turn->counts.silences[SILENCE_ACTIVE]++;
    if (!rc)
        rc = silence_put(turn->txn, silence);
    if (!rc)
        rc = turn_move_timer(turn, TIMER_SILENCE_END, silence->id, 0, silence->until_ms);
    if (!rc)
        rc = journal(turn, silence);
    return rc ? rc : tell(turn, "silence", silence, silence->by, silence->via);
}

enum rc engine_add_silence(struct engine *engine, struct silence *silence, int64_t now_ms)
{
    struct turn turn;
    enum rc rc;

    if (silence_fault(silence, now_ms) || !slice_is_absent(engine_unknown_field(engine, silence)))
        return RC_INVALID;
    rc = turn_begin_control(engine, now_ms, &turn);
    if (!rc)
        rc = add(&turn, silence);
    return turn_finish_control(&turn, rc);
}

/* --- ended --- */

static void close_silence(struct turn *turn, struct silence *silence, int64_t at_ms,
                          struct slice by)
{
    silence->state = SILENCE_OVER;
    silence->ended_ms = at_ms;
    silence->ended_by = by;
    turn->silences_changed = true;
    turn->counts.silences[SILENCE_ACTIVE]--;
    turn->counts.silences[SILENCE_OVER]++;
}

/* Its timer, which is due now, asks for what it held. */
static enum rc remove_by_hand(struct turn *turn, struct ulid id, struct slice who, struct slice via)
{
    struct silence silence = { 0 };
    enum rc rc = silence_get(turn->txn, id, turn->arena, &silence);

    if (rc)
        return rc;
    if (silence.state == SILENCE_OVER || silence.until_ms <= turn->now_ms)
        return RC_CONFLICT;
    close_silence(turn, &silence, turn->now_ms, who);
    rc = turn_move_timer(turn, TIMER_SILENCE_END, id, silence.until_ms, silence.ended_ms);
    if (!rc)
        rc = silence_put(turn->txn, &silence);
    if (!rc)
        rc = journal(turn, &silence);
    return rc ? rc : tell(turn, "silence.removed", &silence, who, via);
}

enum rc engine_remove_silence(struct engine *engine, struct ulid id, struct slice who,
                              struct slice via, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = remove_by_hand(&turn, id, who, via);
    return turn_finish_control(&turn, rc);
}

/* --- what it held asks --- */

static enum rc ask_for(struct turn *turn, const struct silence *silence, const struct rule *rule,
                       struct ulid id)
{
    struct signal signal = { 0 };
    bool matches = false;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    if (!rc)
        rc = silence_matches(silence, &signal, &matches);
    if (!rc && matches)
        rc = signals_ask(turn, rule, &signal);
    return rc || !matches ? rc : signal_put(turn->txn, &signal);
}

/* Goes on behind the signal that was looked at last. */
static enum rc ask_next(struct turn *turn, struct silence *silence, bool *more)
{
    *more = true;
    for (size_t n = 0; n < SIGNALS_LOOKED_AT; n++) {
        struct signal_glance glance = { 0 };
        const struct rule *rule;
        enum rc rc = signal_glance_next(turn->txn, silence->asked_up_to, &glance);

        *more = rc != RC_NOT_FOUND;
        if (rc && rc != RC_CORRUPT)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        silence->asked_up_to = glance.id;
        if (rc || glance.state != SIGNAL_FIRING || glance.attention != ATTENTION_NONE)
            continue;
        rule = turn_rule(turn, glance.rule);
        if (rule && rule->mode == RULE_PROPOSE)
            return ask_for(turn, silence, rule, glance.id);
    }
    return RC_OK;
}

enum rc silences_end(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct silence silence = { 0 };
    bool more = false;
    enum rc rc = silence_get(turn->txn, id, turn->arena, &silence);

    if (rc == RC_NOT_FOUND || (!rc && silence_end_ms(&silence) != due_ms))
        return RC_OK;
    if (!rc && silence.state == SILENCE_ACTIVE) {
        close_silence(turn, &silence, due_ms, SLICE("time"));
        rc = tell(turn, "silence.ended", &silence, SLICE("vedette"), (struct slice){ 0 });
    }
    if (!rc)
        rc = ask_next(turn, &silence, &more);
    if (!rc)
        rc = silence_put(turn->txn, &silence);
    return rc || !more ? rc : turn_move_timer(turn, TIMER_SILENCE_END, id, 0, due_ms);
}
