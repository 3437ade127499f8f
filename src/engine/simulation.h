/* simulation.h - an engine over memory, in the time of its input: what rule tests and replays run on.
 *
 * The same engine, rules and store interface as live; nothing outside is touched and nothing survives. Effects are not carried out: evidence and checks are
 * answered at once as done and empty (checks as the caller says), steps wait until the caller says what became of them. Whoever decides is let: who may decide is no matter of rules
 * alone.
 */
#pragma once

#include "src/engine/engine.h"

struct simulation;

/* `config` is kept; `ruleset` is taken. */
enum rc simulation_new(const struct config *config, struct ruleset *ruleset,
                       struct simulation **simulation) MUST_CHECK;
void simulation_free(struct simulation *simulation);

/* Its engine, for a screen of lines (screen.h). */
struct engine *simulation_engine(struct simulation *simulation);
/* One delivery, received at `entry->received_ms` (never before the one before it): timers due by then run first, then it is folded. Its id is made from `seed` when it has none. */
enum rc simulation_receive(struct simulation *simulation, struct journal_entry *entry,
                           struct slice seed) MUST_CHECK;
/* The same, but a delivery id that was received within `dedup_ms` before is passed over, as the door does (0: none is). */
enum rc simulation_receive_once(struct simulation *simulation, struct journal_entry *entry,
                                int64_t dedup_ms, struct slice seed) MUST_CHECK;
/* An event object, as `vedette events --json` prints it; received at `received_ms`. */
enum rc simulation_receive_event(struct simulation *simulation, struct slice json,
                                 int64_t received_ms, struct slice seed) MUST_CHECK;
/* Lets time pass. */
enum rc simulation_advance(struct simulation *simulation, int64_t now_ms) MUST_CHECK;
/* Which of them is meant: the newest one of this rule (absent: of any) and this key (NULL: any). */
struct simulation_aim {
    struct slice rule;
    const struct slice_list *key;
};
/* Decides the newest proposal that `aim` tells and that is not over, or may be undone where that is asked. RC_NOT_FOUND when there is none. `detail` says what came of it. */
enum rc simulation_decide(struct simulation *simulation, const struct decision *decision,
                          const struct simulation_aim *aim, int64_t now_ms, struct arena *arena,
                          struct decision_answer *answer) MUST_CHECK;
/* Answers the oldest step that runs. RC_NOT_FOUND when none does. */
enum rc simulation_end_step(struct simulation *simulation, enum effect_state state,
                            int64_t now_ms) MUST_CHECK;
/* What checks come to from now on: preconditions of steps, and what verifies. */
void simulation_set_checks(struct simulation *simulation, enum effect_state state);
/* What is told of a watcher itself. */
enum rc simulation_notify(struct simulation *simulation, const struct engine_notice *notice,
                          int64_t now_ms) MUST_CHECK;
/* Ends a signal by hand. RC_NOT_FOUND when `rule` has no such signal, RC_CONFLICT when it is not open. */
enum rc simulation_resolve(struct simulation *simulation, const struct rule *rule,
                           const struct slice_list *key, struct slice who, int64_t now_ms,
                           struct arena *arena) MUST_CHECK;

/* Calls `on_change` after each commit that changed a signal, a task or a proposal: then what is read here is how it stood right after. */
void simulation_listen(struct simulation *simulation, void (*on_change)(void *context),
                       void *context);
/* The changes since `*seq`, which moves on; RC_NOT_FOUND at the end. */
enum rc simulation_next_change(struct simulation *simulation, uint64_t *seq, struct arena *arena,
                               struct feed_item *item) MUST_CHECK;
/* What came in, by its number: from 1, without a gap. RC_NOT_FOUND behind the last. */
enum rc simulation_entry(struct simulation *simulation, uint64_t seq, struct arena *arena,
                         struct journal_entry *entry) MUST_CHECK;
/* Calls `visit` for each signal that people would be shown, those that are idle where it can be said how far they are, the newest first, until it returns false. What it is given lives until it returns. */
enum rc simulation_each_signal(struct simulation *simulation,
                               bool (*visit)(void *context, const struct signal *signal,
                                             const struct signal_description *description),
                               void *context) MUST_CHECK;
enum rc simulation_proposal(struct simulation *simulation, struct ulid id, struct arena *arena,
                            struct proposal *proposal) MUST_CHECK;
enum rc simulation_task(struct simulation *simulation, struct ulid id, struct arena *arena,
                        struct task *task) MUST_CHECK;
/* The signal of a rule under a key; RC_NOT_FOUND. */
enum rc simulation_signal(struct simulation *simulation, const struct rule *rule,
                          const struct slice_list *key, struct arena *arena,
                          struct signal *signal) MUST_CHECK;
/* How far its condition is, for people: "4 of 5 within 10m"; absent where there is nothing to say. */
enum rc simulation_progress(struct simulation *simulation, const struct rule *rule,
                            const struct signal *signal, struct arena *arena,
                            struct slice *text) MUST_CHECK;
/* How many there are of each, since the beginning. */
struct simulation_totals {
    uint64_t n_events, n_matches, n_signals, n_proposals;
};
struct simulation_totals simulation_totals(const struct simulation *simulation);
