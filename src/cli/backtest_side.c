#include "src/cli/backtest_side.h"

#include "src/base/clock.h"
#include "src/cli/value.h"

#include <stdlib.h>

#define SCRATCH_BYTES ((size_t)64 << 20)
#define FOUND_BYTES ((size_t)4 << 30)

struct backtest_side {
    struct simulation *simulation;
    const struct ruleset *ruleset; /* the simulation's */
    int64_t since_ms;
    struct buffer *transitions;
    uint64_t seen;         /* of the feed */
    struct arena *scratch; /* of one change */
    struct arena *arena;   /* of what was found */
    struct finding_list found[FINDING_KINDS];
};

enum rc backtest_side_new(const struct backtest_side_options *options, struct backtest_side **side)
{
    struct backtest_side *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made) {
        ruleset_free(options->ruleset);
        return RC_NO_MEMORY;
    }
    made->ruleset = options->ruleset;
    made->since_ms = options->since_ms;
    made->transitions = options->transitions;
    rc = simulation_new(options->config, options->ruleset, &made->simulation);
    if (!rc)
        rc = arena_new(SCRATCH_BYTES, &made->scratch);
    if (!rc)
        rc = arena_new(FOUND_BYTES, &made->arena);
    if (rc) {
        backtest_side_free(made);
        return rc;
    }
    *side = made;
    return RC_OK;
}

void backtest_side_free(struct backtest_side *side)
{
    if (!side)
        return;
    simulation_free(side->simulation);
    arena_free(side->scratch);
    arena_free(side->arena);
    free(side);
}

struct engine *backtest_side_engine(struct backtest_side *side)
{
    return simulation_engine(side->simulation);
}

struct simulation_totals backtest_side_totals(const struct backtest_side *side)
{
    return simulation_totals(side->simulation);
}

/* --- what it tells --- */

/* All texts of it, so that they outlive the change. */
static enum rc keep(struct backtest_side *side, struct finding *finding)
{
    struct slice *const texts[] = { &finding->rule, &finding->severity, &finding->title,
                                    &finding->plan, &finding->state,    &finding->event };
    struct slice *key = arena_alloc(side->arena, finding->key.n_items + 1, sizeof *key);
    enum rc rc = key ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc; i++)
        rc = arena_copy(side->arena, *texts[i], texts[i]);
    for (size_t i = 0; i < finding->key.n_items && !rc; i++)
        rc = arena_copy(side->arena, finding->key.items[i], &key[i]);
    finding->key.items = key;
    return rc ? rc : findings_add(&side->found[finding->kind], side->arena, finding);
}

static enum rc read_key(struct backtest_side *side, const struct json *key, struct slice_list *list)
{
    list->items = arena_alloc(side->scratch, json_count(key) + 1, sizeof *list->items);
    if (!list->items)
        return RC_NO_MEMORY;
    for (const struct json *value = json_first(key); value; value = json_next(value))
        list->items[list->n_items++] = json_string(value);
    return RC_OK;
}

static enum rc find_signal(const struct backtest_side *side, const struct finding *finding,
                           struct signal *signal)
{
    const struct rule *rule = ruleset_find(side->ruleset, finding->rule);

    return rule ? simulation_signal(side->simulation, rule, &finding->key, side->scratch, signal)
                : RC_NOT_FOUND;
}

/* What the transition does not say, as it is now. */
static enum rc look_at_signal(struct backtest_side *side, struct finding *finding)
{
    struct signal signal = { 0 };
    enum rc rc = find_signal(side, finding, &signal);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    finding->title = signal.title;
    finding->severity = slice_of(severity_names[signal.severity]);
    return RC_OK;
}

static enum rc take_transition(struct backtest_side *side, const struct json *told)
{
    struct finding finding = { .kind = FINDING_SIGNAL,
                               .rule = value_text(told, "rule"),
                               .state = value_text(told, "transition"),
                               .event = value_text(told, "event"),
                               .count = value_int(told, "count"),
                               .n_signals = 1 };
    enum rc rc;

    /* What flaps is told as well, and is no transition. */
    if (!value_time(told, "time", &finding.at_ms) || !finding.state.len ||
        slice_eq(finding.state, SLICE("pending")))
        return RC_OK;
    finding.begins = slice_eq(finding.state, SLICE("firing"));
    if (!finding.begins)
        finding.until_ms = finding.at_ms;
    rc = read_key(side, json_get_text(told, "key"), &finding.key);
    if (!rc && finding.begins)
        rc = look_at_signal(side, &finding);
    return rc ? rc : keep(side, &finding);
}

/* "action name=value, …; action …" */
static enum rc write_step(const struct step *step, struct buffer *text)
{
    struct json_fault fault;
    struct json *params = NULL;
    enum rc rc = RC_OK;

    if (step->params.len)
        rc = json_parse(step->params, JSON_LIMITS_DEFAULT, &params, &fault);
    if (text->len)
        buffer_add_text(text, "; ");
    buffer_add(text, step->action);
    if (json_first(params))
        buffer_add_text(text, " ");
    value_show_pairs(params, text);
    json_free(params);
    return rc;
}

static enum rc write_plan(struct backtest_side *side, const struct proposal *proposal,
                          struct slice *plan)
{
    const struct step *steps = proposal->plan.items;
    struct buffer text;
    enum rc rc = RC_OK;

    if (!proposal->plan.n_items) {
        *plan = proposal->refused;
        return RC_OK;
    }
    buffer_init(&text, 0);
    for (size_t i = 0; i < proposal->plan.n_items && !rc; i++)
        rc = write_step(&steps[i], &text);
    if (!rc)
        rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(side->scratch, buffer_slice(&text), plan);
    buffer_free(&text);
    return rc;
}

static enum rc take_proposal(struct backtest_side *side, const struct json *told)
{
    struct proposal proposal = { 0 };
    struct finding finding = { .kind = FINDING_PROPOSAL };
    enum rc rc = ulid_parse(value_text(told, "proposal"), "prp_", &finding.id);

    if (!rc)
        rc = simulation_proposal(side->simulation, finding.id, side->scratch, &proposal);
    if (rc)
        return rc;
    finding.rule = proposal.rule;
    finding.key = proposal.key;
    finding.at_ms = proposal.created_ms;
    finding.until_ms = proposal.closed_ms;
    finding.n_signals = (int64_t)proposal.signals.n_items + proposal.n_more;
    finding.severity = slice_of(severity_names[proposal.severity]);
    finding.title = proposal.title;
    finding.state = slice_of(proposal_state_names[proposal.state]);
    rc = write_plan(side, &proposal, &finding.plan);
    return rc ? rc : keep(side, &finding);
}

static enum rc take_change(struct backtest_side *side, const struct feed_item *item)
{
    bool is_signal = slice_eq(item->name, SLICE("signal"));
    struct json_fault fault;
    struct json *told = NULL;
    int64_t time_ms = INT64_MIN;
    enum rc rc;

    if (!is_signal && !slice_eq(item->name, SLICE("proposal")))
        return RC_OK;
    rc = json_parse(item->json, JSON_LIMITS_DEFAULT, &told, &fault);
    if (!rc)
        rc = is_signal ? take_transition(side, told) : take_proposal(side, told);
    if (!rc && is_signal && side->transitions && value_time(told, "time", &time_ms) &&
        time_ms >= side->since_ms) {
        buffer_add(side->transitions, item->json);
        buffer_add_text(side->transitions, "\n");
    }
    json_free(told);
    return rc;
}

static enum rc take_changes(struct backtest_side *side)
{
    struct feed_item item;
    enum rc rc;

    arena_reset(side->scratch);
    while (!(rc = simulation_next_change(side->simulation, &side->seen, side->scratch, &item))) {
        rc = take_change(side, &item);
        if (rc)
            return rc;
        arena_reset(side->scratch);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- what it is told --- */

enum rc backtest_side_receive(struct backtest_side *side, const struct input_entry *entry)
{
    struct journal_entry copy = entry->entry; /* the other side gets it, too */
    enum rc rc =
        simulation_receive_once(side->simulation, &copy, entry->dedup_ms, (struct slice){ 0 });

    return rc ? rc : take_changes(side);
}

enum rc backtest_side_advance(struct backtest_side *side, int64_t now_ms)
{
    enum rc rc = simulation_advance(side->simulation, now_ms);

    return rc ? rc : take_changes(side);
}

/* --- the end --- */

/* No transition says how far what still fires has counted. */
static enum rc count_on(struct backtest_side *side, struct finding *finding)
{
    struct signal signal = { 0 };
    enum rc rc;

    if (finding->until_ms)
        return RC_OK;
    arena_reset(side->scratch);
    rc = find_signal(side, finding, &signal);
    if (!rc)
        finding->count = signal.count;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc backtest_side_end(struct backtest_side *side, struct finding_list found[FINDING_KINDS])
{
    struct finding_list *signals = &side->found[FINDING_SIGNAL];
    enum rc rc = RC_OK;

    for (int kind = 0; kind < FINDING_KINDS; kind++)
        findings_join(&side->found[kind], side->since_ms);
    for (size_t i = 0; i < signals->n_items && !rc; i++)
        rc = count_on(side, &signals->items[i]);
    for (int kind = 0; kind < FINDING_KINDS; kind++)
        found[kind] = side->found[kind];
    return rc;
}
