#include "src/engine/engine_private.h"

#include "rules/conditions/conditions.h"
#include "src/base/digest.h"
#include "src/store/rule_states.h"

#include <stdlib.h>

#define OVERFLOW_QUIET_MS HOUR_MS

/* Of one rule of the set in force. */
struct rule_keys {
    int64_t n_keys;    /* committed */
    int64_t n_in_turn; /* more, of the turn under way */
    int64_t since_ms;  /* 0: not known yet */
    bool is_uncounted; /* n_keys is yet to be counted */
};

struct keys {
    struct rule_keys *of_rules; /* by rule->index */
    size_t n_rules;
    bool are_greeted; /* the rules have been told that they are in force */
};

/* --- counted --- */

/* Signals of rules that are gone are nobody's. */
static struct rule_keys *keys_of(struct engine *engine, struct slice id)
{
    const struct rule *rule = ruleset_find(engine->ruleset, id);

    return rule && rule->index < engine->keys->n_rules ? &engine->keys->of_rules[rule->index]
                                                       : NULL;
}

/* Those of the rules that are marked as not counted. */
static enum rc count_keys(struct store *store, const struct ruleset *ruleset, struct keys *keys)
{
    struct signal_glance glance = { 0 };
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(store, &txn);

    while (!rc || rc == RC_CORRUPT) {
        const struct rule *rule;

        rc = signal_glance_next(txn, glance.id, &glance);
        rule = rc ? NULL : ruleset_find(ruleset, glance.rule);
        if (rule && keys->of_rules[rule->index].is_uncounted)
            keys->of_rules[rule->index].n_keys++;
    }
    store_abort(&txn);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static struct keys *keys_new(size_t n_rules)
{
    struct keys *made = calloc(1, sizeof *made);

    if (!made)
        return NULL;
    made->n_rules = n_rules;
    made->of_rules = calloc(n_rules + 1, sizeof *made->of_rules);
    if (made->of_rules)
        return made;
    free(made);
    return NULL;
}

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    free(keys->of_rules);
    free(keys);
}

enum rc keys_open(struct engine *engine)
{
    engine->keys = keys_new(engine->ruleset->n_rules);
    if (!engine->keys)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < engine->keys->n_rules; i++)
        engine->keys->of_rules[i].is_uncounted = true;
    return count_keys(engine->store, engine->ruleset, engine->keys);
}

enum rc keys_prepare(const struct engine *engine, const struct ruleset *ruleset, struct keys **keys)
{
    struct keys *made = keys_new(ruleset->n_rules);
    bool any_is_new = false;
    enum rc rc = RC_OK;

    if (!made)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < ruleset->n_rules; i++) {
        const struct rule *before = ruleset_find(engine->ruleset, ruleset->rules[i].id);

        if (before)
            made->of_rules[i].n_keys = engine->keys->of_rules[before->index].n_keys;
        made->of_rules[i].is_uncounted = !before;
        any_is_new |= !before;
    }
    /* One that was gone for a while may have left signals. */
    if (any_is_new)
        rc = count_keys(engine->store, ruleset, made);
    if (rc)
        keys_free(made);
    else
        *keys = made;
    return rc;
}

struct key_change {
    struct rule_keys *keys;
    struct key_change *next;
};

/* Forgotten with the turn where that fails. */
static enum rc change(struct turn *turn, struct slice rule, int64_t by)
{
    struct rule_keys *keys = keys_of(turn->engine, rule);
    struct key_change *link;

    if (!keys)
        return RC_OK;
    if (!keys->n_in_turn) {
        link = arena_alloc(turn->arena, 1, sizeof *link);
        if (!link)
            return RC_NO_MEMORY;
        *link = (struct key_change){ .keys = keys, .next = turn->key_changes };
        turn->key_changes = link;
    }
    keys->n_in_turn += by;
    return RC_OK;
}

enum rc keys_note_new(struct turn *turn, const struct signal *signal)
{
    return change(turn, signal->rule, 1);
}

enum rc keys_delete(struct turn *turn, const struct signal *signal)
{
    enum rc rc = change(turn, signal->rule, -1);

    return rc ? rc : signal_delete(turn->txn, signal);
}

void keys_end_turn(struct turn *turn, bool is_committed)
{
    for (struct key_change *link = turn->key_changes; link; link = link->next) {
        if (is_committed)
            link->keys->n_keys += link->keys->n_in_turn;
        link->keys->n_in_turn = 0;
    }
    turn->key_changes = NULL;
    if (turn->greeted && !is_committed)
        turn->engine->keys->are_greeted = false;
    turn->greeted = false;
}

/* --- one key too many --- */

static int64_t count_signals(const struct turn *turn)
{
    int64_t n_signals = 0;

    for (size_t i = 0; i < SIGNAL_STATES; i++)
        n_signals += turn->engine->counts.signals[i] + turn->counts.signals[i];
    return n_signals;
}

/* A condition whose keys are what it remembers says itself how many. */
static int64_t limit_of(const struct turn *turn, const struct rule *rule)
{
    const struct condition *condition = rule->condition;

    return condition->limit ? condition->limit(rule->condition_spec)
                            : turn->engine->config->keys_per_rule;
}

/* In the n-th part of what there is. */
static bool have_room_in(const struct turn *turn, const struct rule *rule, int64_t n)
{
    const struct rule_keys *keys = &turn->engine->keys->of_rules[rule->index];
    const struct config *config = turn->engine->config;

    return keys->n_keys + keys->n_in_turn < limit_of(turn, rule) / n &&
           count_signals(turn) < config->keys_max / n;
}

bool keys_have_room(const struct turn *turn, const struct rule *rule)
{
    return have_room_in(turn, rule, 1);
}

bool keys_have_room_to_remember(const struct turn *turn, const struct rule *rule)
{
    if (!rule_notes_clears(rule))
        return false;
    return have_room_in(turn, rule, rule->condition->note ? 1 : 2);
}

/* Whatever the rule is about, this is about its keys: it fires at once, asks nobody, and ends when no more of them come. */
static enum rc overflow_rule(struct turn *turn, const struct rule *rule,
                             const struct rule **overflow)
{
    struct rule *copy = arena_alloc(turn->arena, 1, sizeof *copy);
    static struct slice name[] = { { "(overflow)", sizeof("(overflow)") - 1 } };

    if (!copy)
        return RC_NO_MEMORY;
    *copy = *rule;
    copy->mode = RULE_OBSERVE;
    copy->condition = &condition_first;
    copy->condition_spec = NULL;
    copy->key = (struct rule_key){ .names = { .items = name, .n_items = 1 } };
    copy->clear = (struct clear_part){ .kind = CLEAR_BY_QUIET, .quiet_ms = OVERFLOW_QUIET_MS };
    copy->notes_good = false;
    *overflow = copy;
    return RC_OK;
}

enum rc keys_rule_of(struct turn *turn, const struct signal *signal, const struct rule **rule)
{
    *rule = turn_rule(turn, signal->rule);
    if (*rule && signal->stands_for_watcher)
        return absence_stand_in_rule(turn, *rule, rule);
    return *rule && signal->is_overflow ? overflow_rule(turn, *rule, rule) : RC_OK;
}

enum rc keys_overflow(struct turn *turn, const struct match *match, struct match *overflow)
{
    const struct slice parts[] = { match->rule->id, SLICE(""), SLICE("(overflow)") };
    struct sha256 digest;
    enum rc rc = overflow_rule(turn, match->rule, &overflow->rule);

    if (!rc)
        rc = sha256_of_parts(parts, 3, &digest);
    if (rc)
        return rc;
    overflow->parts = PART_OWN;
    overflow->key = overflow->rule->key.names;
    overflow->captures = match->captures;
    overflow->n_captures = match->n_captures;
    memcpy(overflow->fingerprint.bytes, digest.bytes, sizeof overflow->fingerprint.bytes);
    metric_add(METRIC_KEYS_OVERFLOW, match->rule->id, (struct slice){ 0 }, 1);
    return RC_OK;
}

enum rc keys_mark_overflow(struct turn *turn, struct signal *signal)
{
    const struct rule_keys *keys = keys_of(turn->engine, signal->rule);

    if (!signal->is_overflow)
        log_warn("rule has too many keys: what comes under new ones is counted together rule=%.*s "
                 "keys=%lld",
                 SLICE_ARG(signal->rule), (long long)(keys ? keys->n_keys + keys->n_in_turn : 0));
    signal->is_overflow = true;
    return arena_format(turn->arena, &signal->title,
                        "%.*s has more keys than it may have: matches of new ones are counted here "
                        "(limits: keys_per_rule, keys)",
                        SLICE_ARG(signal->rule));
}

/* --- in force --- */

struct fold_clock keys_clock(const struct turn *turn, const struct rule *rule)
{
    return (struct fold_clock){ .now_ms = turn->now_ms,
                                .rule_since_ms =
                                    turn->engine->keys->of_rules[rule->index].since_ms };
}

/* Nothing is known of the key, or nothing any more: it is neither on its way nor waited for. */
static bool is_unexpected(const struct rule *rule, const struct signal *signal)
{
    bool is_open = signal->state == SIGNAL_FIRING || signal->state == SIGNAL_PENDING;
    bool is_of_others = !slice_eq(signal->condition_version, rule->condition_version);

    return !is_open && (is_of_others || (!signal->condition_due_ms && !signal->window.len));
}

static enum rc expect(struct turn *turn, const struct rule *rule, const struct slice_list *key)
{
    const struct fold_clock clock = keys_clock(turn, rule);
    const struct signal_timers none = { 0 };
    struct signal signal = { 0 };
    struct match match = { 0 };
    struct fold fold = { 0 };
    bool is_new;
    enum rc rc = match_of_key(rule, key, turn->arena, &match);

    if (!rc)
        rc = signal_find(turn->txn, match.fingerprint, turn->arena, &signal);
    is_new = rc == RC_NOT_FOUND;
    if ((rc && !is_new) || (!is_new && !is_unexpected(rule, &signal)))
        return rc;
    rc = is_new ? turn_make_id(turn, &signal.id) : RC_OK;
    if (!rc)
        rc = fold_expect(&match, &clock, turn->arena, &signal, &fold);
    if (!rc)
        rc = signals_move_timers(turn, &signal, none);
    if (!rc && is_new)
        rc = keys_note_new(turn, &signal);
    if (!rc && is_new)
        turn->counts.signals[signal.state]++;
    return rc ? rc : signal_put(turn->txn, &signal);
}

static enum rc expect_all(struct turn *turn, const struct rule *rule)
{
    size_t n_keys = 0;
    const struct slice_list *keys = rule->condition->expected(rule->condition_spec, &n_keys);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < n_keys && !rc; i++)
        rc = expect(turn, rule, &keys[i]);
    return rc;
}

static enum rc greet(struct turn *turn, const struct rule *rule)
{
    struct rule_keys *keys = &turn->engine->keys->of_rules[rule->index];
    struct rule_state state = { 0 };
    enum rc rc = rule_state_get(turn->txn, rule->id, &state);

    if (rc && rc != RC_NOT_FOUND)
        return rc;
    if (!rc && slice_eq(state.condition_version, rule->condition_version)) {
        keys->since_ms = state.since_ms;
        return RC_OK;
    }
    state = (struct rule_state){ .rule = rule->id,
                                 .condition_version = rule->condition_version,
                                 .since_ms = turn->now_ms };
    keys->since_ms = turn->now_ms;
    return rule_state_put(turn->txn, &state);
}

static bool is_in_force(void *context, struct slice rule)
{
    return ruleset_find(context, rule) != NULL;
}

/* A rule that was gone has lost what it had learnt: one that comes back begins anew. */
enum rc keys_greet_rules(struct turn *turn)
{
    struct ruleset *ruleset = turn->engine->ruleset;
    enum rc rc;

    if (turn->engine->keys->are_greeted)
        return RC_OK;
    rc = rule_states_keep(turn->txn, is_in_force, ruleset);
    for (size_t i = 0; i < ruleset->n_rules && !rc; i++) {
        if (ruleset->rules[i].condition->learns)
            rc = greet(turn, &ruleset->rules[i]);
        if (!rc && ruleset->rules[i].condition->expected)
            rc = expect_all(turn, &ruleset->rules[i]);
    }
    turn->engine->keys->are_greeted = !rc;
    turn->greeted = true;
    return rc;
}
