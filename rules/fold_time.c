#include "rules/fold_private.h"

#include "rules/snapshot.h"
#include "src/base/clock.h"

enum rc fold_quiet(const struct rule *rule, int64_t due_ms, struct arena *arena,
                   struct signal *signal, struct fold *fold)
{
    enum rc rc = RC_OK;

    *fold = (struct fold){ 0 };
    if (!signal->quiet_due_ms || due_ms < signal->quiet_due_ms) /* matches came since */
        return RC_OK;
    signal->quiet_due_ms = 0;
    fold->changed = true;
    if (signal->state == SIGNAL_FIRING && rule->clear.kind != CLEAR_BY_QUIET)
        return RC_OK;
    if (fold_is_open(signal))
        rc = fold_put_to_rest(rule, arena, signal);
    if (signal->state == SIGNAL_FIRING) {
        fold_end_episode(signal, SLICE("quiet"), due_ms, fold);
    } else if (signal->state != SIGNAL_RESOLVED) {
        fold_end_pending(signal, due_ms, fold);
        fold_settle_time(rule, due_ms, signal);
    }
    return rc;
}

static struct folding folding_without_event(const struct rule *rule, const struct fold_clock *clock,
                                            struct arena *arena, struct signal *signal,
                                            struct fold *fold)
{
    *fold = (struct fold){ 0 };
    return (struct folding){ .rule = rule,
                             .time_ms = signal->newest_ms,
                             .clock = clock,
                             .arena = arena,
                             .signal = signal,
                             .fold = fold };
}

enum rc fold_wake(const struct rule *rule, const struct fold_clock *clock, struct arena *arena,
                  struct signal *signal, struct fold *fold)
{
    struct folding folding = folding_without_event(rule, clock, arena, signal, fold);
    struct condition_input input = fold_input(&folding);
    struct condition_result result = { 0 };
    enum rc rc;

    if (!signal->condition_due_ms || clock->now_ms < signal->condition_due_ms)
        return RC_OK;
    signal->condition_due_ms = 0;
    fold->changed = true;
    if (!rule->condition->wake)
        return RC_OK;
    rc = rule->condition->wake(rule->condition_spec, &input, signal->window, arena, &result);
    if (!rc)
        rc = fold_follow(&folding, &result);
    if (!rc && fold->n_transitions && signal->state == SIGNAL_FIRING)
        fold_arm_quiet(&folding);
    return rc;
}

static enum rc expect(struct folding *folding)
{
    const struct rule *rule = folding->rule;
    struct condition_input input = fold_input(folding);
    struct condition_result result = { 0 };
    enum rc rc = RC_OK;

    if (!rule->condition->expect)
        return RC_OK;
    rc = rule->condition->expect(rule->condition_spec, &input, folding->arena, &result);
    if (!rc)
        fold_take_result(folding, &result);
    return rc;
}

/* Nobody has seen it yet: its key is all that can be told of it. */
static enum rc introduce(struct folding *folding, const struct match *match)
{
    struct signal *signal = folding->signal;
    enum rc rc;

    folding->match = match;
    rc = fold_identify(folding);
    folding->match = NULL;
    if (!rc)
        rc = snapshot_key(match, folding->arena, &signal->fields);
    signal->last_event = signal->fields;
    return rc;
}

enum rc fold_expect(const struct match *match, const struct fold_clock *clock, struct arena *arena,
                    struct signal *signal, struct fold *fold)
{
    struct folding folding = folding_without_event(match->rule, clock, arena, signal, fold);
    enum rc rc = RC_OK;

    if (!match->rule->condition->expect) {
        fold->forget = fold_is_new(signal);
        return RC_OK;
    }
    if (fold_is_new(signal))
        rc = introduce(&folding, match);
    fold_drop_memory_of_others(match->rule, signal, fold);
    signal->rule_version = match->rule->version;
    return rc ? rc : expect(&folding);
}

enum rc fold_resolve(const struct rule *rule, struct slice by, int64_t now_ms, struct arena *arena,
                     struct signal *signal, struct fold *fold)
{
    enum rc rc = RC_OK;

    *fold = (struct fold){ 0 };
    if (!rule || fold_is_open(signal))
        rc = fold_put_to_rest(rule, arena, signal);
    if (signal->state == SIGNAL_FIRING) {
        fold_end_episode(signal, by, now_ms, fold);
    } else if (!rule || signal->state == SIGNAL_PENDING) {
        signal->quiet_due_ms = 0;
        if (!rule)
            fold_forget_commits(signal);
        fold_end_pending(signal, now_ms, fold);
    }
    return rc;
}

static void adopt_quiet(const struct rule *rule, struct signal *signal)
{
    if (signal->state != SIGNAL_FIRING)
        return;
    if (rule->clear.kind != CLEAR_BY_QUIET)
        signal->quiet_due_ms = 0;
    else if (!signal->quiet_due_ms)
        /* Nothing says when its last match was received; event time is the best that is known. */
        signal->quiet_due_ms =
            later_of(signal->fired_ms, signal->last_seen_ms) + rule->clear.quiet_ms;
}

enum rc fold_adopt(const struct rule *rule, const struct fold_clock *clock, struct arena *arena,
                   struct signal *signal, struct fold *fold)
{
    struct folding folding = folding_without_event(rule, clock, arena, signal, fold);

    fold->changed = true;
    signal->rule_version = rule->version;
    adopt_quiet(rule, signal);
    fold_adopt_commits(rule, signal);
    if (slice_eq(signal->condition_version, rule->condition_version))
        return RC_OK;
    fold_drop_memory_of_others(rule, signal, fold);
    if (signal->state == SIGNAL_PENDING)
        fold_end_pending(signal, clock->now_ms, fold);
    return expect(&folding);
}

enum rc fold_describe(const struct rule *rule, const struct fold_clock *clock,
                      const struct signal *signal, struct arena *arena, struct slice *text)
{
    struct fold fold;
    struct signal seen = *signal;
    struct folding folding = folding_without_event(rule, clock, arena, &seen, &fold);
    struct condition_input input = fold_input(&folding);

    *text = (struct slice){ 0 };
    if (!rule->condition->describe || !signal->window.len ||
        !slice_eq(signal->condition_version, rule->condition_version))
        return RC_OK;
    return rule->condition->describe(rule->condition_spec, &input, signal->window, arena, text);
}

const char *fold_judges_from(const struct rule *rule, const struct fold_clock *clock,
                             int64_t *from_ms)
{
    const struct condition_input input = { .now_ms = clock->now_ms,
                                           .rule_since_ms = clock->rule_since_ms };

    if (!rule->condition->judges_from)
        return NULL;
    return rule->condition->judges_from(rule->condition_spec, &input, (struct slice){ 0 }, from_ms);
}
