/* engine_private.h - what the files of the engine share: the engine itself, and a turn.
 *
 * A turn is one transaction with its memory, its time, and what must be told outside once it is
 * committed. Functions that take a turn change state through it alone; whoever loads a
 * signal or a proposal is the one who stores it again, so that nothing is written over.
 */
#pragma once

#include "rules/fold.h"
#include "rules/match.h"
#include "src/base/clock.h"
#include "src/base/metrics.h"
#include "src/engine/engine.h"
#include "src/store/audit.h"
#include "src/store/changes.h"
#include "src/store/dictionaries.h"
#include "src/store/fresh_deliveries.h"
#include "src/store/groups.h"
#include "src/store/held.h"
#include "src/store/meta.h"
#include "src/store/proposals.h"
#include "src/store/signals.h"
#include "src/store/tasks.h"
#include "src/store/track_records.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct counts {
    int64_t signals[SIGNAL_STATES];
    int64_t held[HOLD_REASONS]; /* HOLD_NONE is not counted */
    int64_t tasks[TASK_WITHDRAWN + 1];
    int64_t queued[SEVERITIES]; /* by the review budget */
    int64_t proposals[PROPOSAL_STATES];
    int64_t waiting; /* proposals that the review budget counts (budget_counts) */
    int64_t outbox[OUTBOX_N_CHANNELS];
    int64_t silences[SILENCE_OVER + 1];
};

struct keys; /* engine_keys.c */

struct engine {
    struct store *store;
    const struct config *config;
    struct ruleset *ruleset;      /* those of the turn */
    pthread_mutex_t ruleset_lock; /* of what follows */
    struct ruleset
        *ruleset_in_force; /* those of the last reload that was committed, for other threads */
    const struct rule_files *files; /* until engine_recover */
    struct matcher *matcher;
    struct engine_listener listener;
    bool deterministic;
    struct ulid_maker ids;
    uint64_t n_made;   /* ids made; the seed of deterministic ones */
    struct keys *keys; /* of the rules */
    struct fresh_deliveries *fresh_deliveries;
    struct dictionaries *dictionaries;
    struct arena *arena;  /* of the turn */
    struct counts counts; /* committed */
    bool counts_are_told; /* as metrics; only changes are told since */
    struct {
        uint64_t n_events, n_matches;
    } totals;                     /* folded since the start */
    int64_t n_unfolded;           /* deliveries stored and not folded, for the metric */
    bool fold_singly;             /* a batch failed: find out which delivery it was */
    size_t n_careful;             /* batches of lines that are stored before they are folded */
    unsigned n_starved;           /* how often that one found no memory */
    size_t expire_part;           /* a call of engine_expire takes 1/expire_part of its rows */
    struct ulid expired_up_to[4]; /* where the walk of each table stands (engine_expire.c) */
    struct {
        struct arena *arena;
        struct silence_list active;
        bool is_known; /* what the store holds stands in `active` */
        int64_t
            from_ms; /* those that are not over at this time: deliveries and timers may be of an earlier one */
    } silences;               /* engine_silences.c */
    struct map *drift_shapes; /* those that were told; NULL: none yet */
    int64_t due_ms;           /* cache of the first timer; -1: not known */
    _Atomic bool rests;       /* the daemon is stopping */
};

struct effect_link {
    struct outbox_item item;
    struct effect_link *next;
};
struct id_link {
    struct ulid id;
    struct id_link *next;
};

/* Who will ask, and what made it. */
struct ask_link {
    struct ulid signal, cause;
    int64_t cause_received_ms, cause_time_ms;
    struct ask_link *next;
};

struct turn {
    struct engine *engine;
    struct store_txn *txn;
    struct arena *arena; /* dies with the turn */
    int64_t now_ms;
    int64_t
        real_ms; /* what the clock said when it began: a timer that is late has an earlier `now_ms` */
    struct ulid cause; /* the event that this is about; absent for timers and decisions */
    int64_t cause_received_ms;
    struct counts counts;        /* changes, added to the engine's at the commit */
    struct effect_link *effects; /* newest first */
    struct id_link *cancels;
    struct ask_link *asks,
        **asks_end; /* signals that will ask when the event, or the moment, is over */
    bool feed_grew;
    bool messages_owed; /* to a channel */
    bool silences_changed;
    bool runs_timers;
    struct key_change *key_changes;
    int64_t cause_time_ms;    /* event time of the cause; 0: time itself */
    struct chain_link *chain; /* transitions that rules are still to hear of */
    struct chain_link **chain_end;
    struct chain_link *heard_of;  /* of them: the one that rules are hearing of */
    bool greeted;                 /* the rules, in this turn */
    int64_t proposed_received_ms; /* 0: no proposal came of this turn */
};

/* engine_drift.c */
void drift_tell(struct engine *engine, const struct event *event);

/* turn.c */
enum rc turn_begin(struct engine *engine, int64_t now_ms, struct turn *turn) MUST_CHECK;
/* One that may be committed on a full disk (store_use_last_room). */
enum rc turn_begin_in_last_room(struct engine *engine, int64_t now_ms,
                                struct turn *turn) MUST_CHECK;
/* Commits, counts, tells the listener. */
enum rc turn_commit(struct turn *turn) MUST_CHECK;
void turn_abort(struct turn *turn);
enum rc turn_make_id(struct turn *turn, struct ulid *id) MUST_CHECK;
/* Outbox, and handed to the listener after the commit. */
enum rc turn_push_effect(struct turn *turn, struct outbox_item *item) MUST_CHECK;
enum rc turn_cancel(struct turn *turn, struct ulid object) MUST_CHECK;
/* A turn of what people and effects do, at its own time, and its end: commits where `rc` is RC_OK. */
enum rc turn_begin_control(struct engine *engine, int64_t now_ms, struct turn *turn) MUST_CHECK;
enum rc turn_finish_control(struct turn *turn, enum rc rc) MUST_CHECK;
/* Appends what did not come as a delivery, where the deliveries stand now. */
enum rc turn_journal(struct turn *turn, enum door door, struct slice type,
                     struct slice body) MUST_CHECK;
enum rc turn_audit(struct turn *turn, const char *what, struct slice who, struct slice via,
                   struct slice object, const struct buffer *detail) MUST_CHECK;
/* Moves a timer of `object` from `old_due_ms` to `new_due_ms`; 0 means none. */
enum rc turn_move_timer(struct turn *turn, enum timer_kind kind, struct ulid object,
                        int64_t old_due_ms, int64_t new_due_ms) MUST_CHECK;
enum rc turn_feed_signal(struct turn *turn, const struct signal *signal,
                         const struct transition *transition) MUST_CHECK;
enum rc turn_feed_task(struct turn *turn, const struct task *task) MUST_CHECK;
enum rc turn_feed_proposal(struct turn *turn, const struct proposal *proposal) MUST_CHECK;
/* It begins to flap. */
enum rc turn_feed_flapping(struct turn *turn, const struct signal *signal) MUST_CHECK;
enum rc turn_feed_silence(struct turn *turn, const struct silence *silence) MUST_CHECK;
/* "prp_…" and the like, in the turn's arena. */
enum rc turn_name(struct turn *turn, const char *prefix, struct ulid id,
                  struct slice *name) MUST_CHECK;
const struct rule *turn_rule(const struct turn *turn, struct slice id);

/* engine_signals.c: events and timers fold into signals; what follows from a transition. */
enum rc signals_fold_event(struct turn *turn, const struct event *event) MUST_CHECK;
/* Without what rules make of the transitions that follow (engine_chain.c). */
enum rc signals_fold_alone(struct turn *turn, const struct event *event) MUST_CHECK;
enum rc signals_quiet(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;
enum rc signals_cooldown(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;
/* Its condition asked to be woken now. */
enum rc signals_wake(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;
/* The timers of a signal that a fold may have armed or let go. */
struct signal_timers {
    int64_t quiet_due_ms, condition_due_ms;
};
struct signal_timers signals_timers(const struct signal *signal);
/* What follows from a fold without an event, and the row; `before`: its state until then. */
enum rc signals_store_folded(struct turn *turn, const struct rule *rule, struct signal *signal,
                             const struct fold *fold, bool is_new,
                             enum signal_state before) MUST_CHECK;
/* Puts them where the signal says now; `before` it was folded they were there. */
enum rc signals_move_timers(struct turn *turn, const struct signal *signal,
                            struct signal_timers before) MUST_CHECK;
/* Ends an open episode and what hangs on it; the caller stores the signal. */
enum rc signals_resolve(struct turn *turn, struct signal *signal, struct slice by) MUST_CHECK;
/* The same, and stores it, or forgets what was only ever pending. */
enum rc signals_end(struct turn *turn, struct signal *signal, struct slice by) MUST_CHECK;
/* Has what fired, or fires still, ask: once all rules have seen the event, so that their order changes nothing. Settles the review budget after it. */
enum rc signals_ask_waiting(struct turn *turn) MUST_CHECK;
/* Rules hear of what has changed, and what fires asks, until nothing follows. */
enum rc signals_settle(struct turn *turn) MUST_CHECK;
/* Opens a task for a firing signal where nothing holds it back; the caller stores the signal. */
enum rc signals_ask(struct turn *turn, const struct rule *rule, struct signal *signal) MUST_CHECK;

/* The same once all rules have seen what happened (signals_ask_waiting), or once all has fired that fires at this moment (gates_ask_after_timers); whoever holds the signal stores it. */
enum rc signals_ask_later(struct turn *turn, const struct rule *rule,
                          struct signal *signal) MUST_CHECK;

/* engine_gates.c: a table of what may hold back what a firing signal asks; the first gate that does is noted in the signal, in the store's table `held` and in the counts. Whoever
 * loaded the signal stores it.
 *
 * To add a gate: a row in the table there, with a function that judges and changes nothing. It sets `until_ms` (later than now) where it knows it, and says in the row whether the
 * signal's own timer shall look again then. Where it opens at another moment, call gates_open. */
/* Is it held back now? */
enum rc gates_hold(struct turn *turn, const struct rule *rule, struct signal *signal,
                   bool *held) MUST_CHECK;
/* Notes what holds it back, of a signal that has nobody's attention any more; asks nothing. */
enum rc gates_note(struct turn *turn, struct signal *signal) MUST_CHECK;
/* Nothing holds it any more: it asks, or it has ended. */
enum rc gates_release(struct turn *turn, struct signal *signal) MUST_CHECK;
/* What holds it may have changed: a timer that is due now looks again. */
enum rc gates_look_again(struct turn *turn, struct signal *signal) MUST_CHECK;
/* It asks by a timer that is due now, and is held for `reason` until then. */
enum rc gates_ask_soon(struct turn *turn, struct signal *signal,
                       enum hold_reason reason) MUST_CHECK;
/* It asks by its own timer, which is due now: after those by which signals fire at this moment, in the same order however many turns these are spread over. What it is held for stays. */
enum rc gates_ask_after_timers(struct turn *turn, struct signal *signal) MUST_CHECK;
/* What was held for this reason asks again, the most severe first, spread over timers that are due now. */
enum rc gates_open(struct turn *turn, enum hold_reason reason) MUST_CHECK;
/* The configuration may have changed: what it alone held is looked at again. */
enum rc gates_follow_config(struct turn *turn) MUST_CHECK;
/* The timers: TIMER_SIGNAL_HELD, TIMER_GATE. */
enum rc gates_wake(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;
enum rc gates_walk(struct turn *turn, struct ulid reason, int64_t due_ms) MUST_CHECK;

/* engine_budget.c: the review budget. What it holds back queues in `held`, the most severe first, of these the one that came first; whenever a place is free the first of
 * the queue asks, one for each place. A place is one of those limits: proposals that wait for a decision (one that is snoozed does not) and tasks that will make one;
 * proposals that were opened in the last hour, and day. What goes on after it recurred, wakes, or gets a new revision is no new proposal and needs no place. */
bool budget_counts(const struct proposal *proposal);
/* The gate: a judge of engine_gates.c. */
enum rc budget_judge(struct turn *turn, const struct rule *rule, const struct signal *signal,
                     struct hold *hold) MUST_CHECK;
/* What holds the signal was `before`, and is `now`. */
enum rc budget_note_queue(struct turn *turn, const struct signal *signal, const struct hold *before,
                          const struct hold *now) MUST_CHECK;
/* At the end of all that may make or take a place: whoever has begun something (an event, a timer, a person) calls it at its end. */
enum rc budget_settle(struct turn *turn) MUST_CHECK;
/* TIMER_BUDGET. */
enum rc budget_take_turn(struct turn *turn, struct ulid object, int64_t due_ms) MUST_CHECK;
/* A proposal is opened; the caller stores it. Before it is counted as one that waits. */
enum rc budget_note_opened(struct turn *turn, const struct signal *signal,
                           struct proposal *proposal) MUST_CHECK;

/* engine_chain.c: that a rule fired, or its signal resolved, is an event (vedette.signal) for the rules that ask for such. It is folded in the turn of its
 * cause, after that. Every transition is told; whoever has begun something (an event, a timer, a person) runs the chain at its end (signals_settle). */
enum rc chain_add(struct turn *turn, const struct signal *signal,
                  const struct transition *transition) MUST_CHECK;
/* Likewise that a proposal is in another state (vedette.proposal). Of those of rules that are on vedette.signal or vedette.proposal themselves nothing is told: there would be no end. */
enum rc chain_add_proposal(struct turn *turn, const struct proposal *proposal) MUST_CHECK;
enum rc chain_run(struct turn *turn) MUST_CHECK;
/* What is being heard of goes back to a signal of this rule: it does not hear what it has caused itself. */
bool chain_comes_from(const struct turn *turn, const struct rule *rule);

/* engine_keys.c: how many keys each rule has, and since when it watches. Bounded by `limits:` of the configuration: what comes under one key too many is counted
 * together, in one signal of its rule that asks nobody. */
enum rc keys_open(struct engine *engine) MUST_CHECK;
/* For a set that is to come into force; the caller puts it into the engine, or frees it. */
enum rc keys_prepare(const struct engine *engine, const struct ruleset *ruleset,
                     struct keys **keys) MUST_CHECK;
void keys_free(struct keys *keys);
/* A row of a signal was made, or goes. */
enum rc keys_note_new(struct turn *turn, const struct signal *signal) MUST_CHECK;
enum rc keys_delete(struct turn *turn, const struct signal *signal) MUST_CHECK;
void keys_end_turn(struct turn *turn, bool is_committed);
bool keys_have_room(const struct turn *turn, const struct rule *rule);
/* For a key of which only a clear is known. What is remembered of good commits alone takes half of the room at most, so that no failing key is without. */
bool keys_have_room_to_remember(const struct turn *turn, const struct rule *rule);
/* The match that stands for `match`, whose key has no room. Counts it. */
enum rc keys_overflow(struct turn *turn, const struct match *match,
                      struct match *overflow) MUST_CHECK;
/* Names the signal of such a match once it is folded, and says so when it is the first. */
enum rc keys_mark_overflow(struct turn *turn, struct signal *signal) MUST_CHECK;
/* The rule by which a signal is folded: that of its id, or what stands for it where keys overflow; NULL: it is gone. */
enum rc keys_rule_of(struct turn *turn, const struct signal *signal,
                     const struct rule **rule) MUST_CHECK;
/* Once for a set, at the first turn that knows the time: rules that learn begin to. */
enum rc keys_greet_rules(struct turn *turn) MUST_CHECK;
struct fold_clock keys_clock(const struct turn *turn, const struct rule *rule);

/* engine_hand.c: what somebody did by hand, as the journal tells it, is done again; `*is_taken`: rules are not asked about it. Only replays read such events: no door lets one in. */
enum rc hand_take_event(struct turn *turn, const struct event *event, bool *is_taken) MUST_CHECK;

/* engine_absence.c: nobody is missed through a watcher that does not hear. */
/* What an event says of a watcher, or of a start; `*is_taken`: rules are not asked about it. */
enum rc absence_take_event(struct turn *turn, const struct event *event, bool *is_taken) MUST_CHECK;
/* The time of a signal has come whose condition judges silence: what the clock has to say of its watcher; `*waits`: it is not judged now. */
enum rc absence_ask(struct turn *turn, const struct rule *rule, const struct signal *signal,
                    struct fold_clock *clock, bool *waits) MUST_CHECK;
/* Has it still to read what was written before the start? */
enum rc absence_catches_up(struct turn *turn, struct slice watcher, bool *catches_up) MUST_CHECK;
/* Was there a time after `from_ms` in which the watcher of the signal did not hear? */
enum rc absence_was_deaf(struct turn *turn, const struct signal *signal, int64_t from_ms,
                         bool *was_deaf) MUST_CHECK;
/* What the rule is for the signal that stands for a watcher: it asks nobody. In the turn's arena; NULL: it judges silence no more. */
enum rc absence_stand_in_rule(struct turn *turn, const struct rule *rule,
                              const struct rule **stand_in) MUST_CHECK;
/* TIMER_WATCHER. */
enum rc absence_walk(struct turn *turn, struct ulid watcher, int64_t due_ms) MUST_CHECK;
/* A start; and whatever changes the watchers. */
enum rc absence_begin(struct turn *turn) MUST_CHECK;
enum rc absence_follow_config(struct turn *turn) MUST_CHECK;

/* engine_silences.c: the one that holds back what `signal` would ask now; NULL: none. Borrowed until a silence changes. */
enum rc silences_find(struct turn *turn, const struct signal *signal,
                      const struct silence **found) MUST_CHECK;
/* Did one hold it at some time after `from_ms` and before `to_ms`? */
enum rc silences_overlap(struct turn *turn, const struct signal *signal, int64_t from_ms,
                         int64_t to_ms, bool *overlap) MUST_CHECK;
/* It is over: what it held and still fires asks. */
enum rc silences_end(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;

/* engine_flapping.c: a signal that fires again and again is told of once, and asks when it has held still. Both change the signal, which the caller stores. */
enum rc flapping_note_firing(struct turn *turn, struct signal *signal, int64_t at_ms) MUST_CHECK;
void flapping_note_resolved(struct signal *signal, int64_t at_ms);
/* The gate: a judge of engine_gates.c. */
enum rc flapping_judge(struct turn *turn, const struct rule *rule, const struct signal *signal,
                       struct hold *hold) MUST_CHECK;

/* engine_inhibit.c: `unless` and `while`. A signal that begins to fire gets its rows in the table `inhibit`, one that ends loses them; who watches it is looked at then,
 * spread over timers: what is held asks, what people have not decided is taken back. The caller stores the signal. */
enum rc inhibit_begin(struct turn *turn, const struct rule *rule, struct signal *signal) MUST_CHECK;
enum rc inhibit_end(struct turn *turn, struct signal *signal) MUST_CHECK;
/* The gate: a judge of engine_gates.c. */
enum rc inhibit_judge(struct turn *turn, const struct rule *rule, const struct signal *signal,
                      struct hold *hold) MUST_CHECK;
/* TIMER_INHIBIT. */
enum rc inhibit_walk(struct turn *turn, struct ulid object, int64_t due_ms) MUST_CHECK;
/* Where the rules in force name others than before: all rows anew. */
enum rc inhibit_follow_rules(struct turn *turn) MUST_CHECK;

/* engine_maintenance.c: of vedette.yaml. The one that holds `signal` now, of several the one that ends last, and when it does (0: never); NULL: none. */
enum rc maintenance_find(struct turn *turn, const struct signal *signal,
                         const struct maintenance **found, int64_t *until_ms) MUST_CHECK;
/* Did one, as they are configured now, hold it at some time from `from_ms` on and before `to_ms`? */
enum rc maintenance_overlap(struct turn *turn, const struct signal *signal, int64_t from_ms,
                            int64_t to_ms, bool *overlap) MUST_CHECK;

/* engine_groups.c: signals that fire together wait for each other, and share one task and one proposal. Their group's row (src/store/groups.h) says what is asked about it. Of its signals one at most is in
 * somebody's hand, who stores it; the others are loaded, changed and stored here. */
/* The gate: it waits, unless it asks for all of its group. */
enum rc groups_judge(struct turn *turn, const struct rule *rule, const struct signal *signal,
                     struct hold *hold) MUST_CHECK;
/* The group that a signal of the rule is part of. One whose events tell nothing of a field that it is by (nobody has ever seen it, or its rule had no group) is one of its own. */
enum rc groups_identify(struct turn *turn, const struct rule *rule, const struct signal *signal,
                        struct ulid *id) MUST_CHECK;
/* Waits in its group from now on, unless it does already. */
enum rc groups_join(struct turn *turn, const struct rule *rule, struct signal *signal) MUST_CHECK;
/* `signal` asks for its group: a task for it and all that wait. */
enum rc groups_open(struct turn *turn, const struct rule *rule, struct signal *signal) MUST_CHECK;
/* TIMER_GROUP. */
enum rc groups_due(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;
/* What is due in the group (which may be absent) happens here and now. `in_hand` has left it; what its row says is behind, and whoever has it stores it. */
enum rc groups_settle(struct turn *turn, struct ulid id, struct signal *in_hand) MUST_CHECK;
/* For the files of groups. The row, also where there is none yet; one that is damaged begins anew with those that wait. */
enum rc groups_get(struct turn *turn, struct ulid id, struct signal_group *group) MUST_CHECK;
enum rc groups_wait(struct turn *turn, struct signal_group *group,
                    struct signal *signal) MUST_CHECK;
enum rc groups_stop_waiting(struct turn *turn, struct signal_group *group,
                            struct signal *signal) MUST_CHECK;
enum rc groups_arm(struct turn *turn, struct signal_group *group, int64_t due_ms) MUST_CHECK;
/* Stores it, or removes it where nobody waits and nothing is asked. */
enum rc groups_keep(struct turn *turn, const struct signal_group *group) MUST_CHECK;
/* Adds those that wait to `ids` (of ids_add), as many as there is room for. */
enum rc groups_take_waiting(struct turn *turn, struct signal_group *group,
                            struct ulid_list *ids) MUST_CHECK;

/* engine_quiet.c: a window of quiet is over: did it help? All signals of the proposal are looked at. */
enum rc quiet_end(struct turn *turn, struct signal *signal, struct proposal *proposal) MUST_CHECK;

/* engine_group_ids.c: lists of signals. What ids_add has not made it may not grow. */
bool ids_have(const struct ulid_list *ids, struct ulid id);
enum rc ids_add(struct arena *arena, struct ulid_list *ids, struct ulid id) MUST_CHECK;
void ids_remove(struct ulid_list *ids, struct ulid id);
/* The same with `first` in front. */
enum rc ids_lead(struct arena *arena, const struct ulid_list *ids, struct ulid first,
                 struct ulid_list *ordered) MUST_CHECK;
/* Which of those that fire leads: the most severe, of these `current` (who may be absent), then the one that fired first. RC_NOT_FOUND: none fires. */
enum rc groups_choose(struct turn *turn, const struct ulid_list *ids, struct ulid current,
                      struct ulid *leader) MUST_CHECK;

/* engine_group_affair.c: what is asked about a group: its task, and its proposal on its way. */
enum rc groups_task_opened(struct turn *turn, const struct task *task,
                           const struct signal *leader) MUST_CHECK;
/* Its leader is let go: the others wait again, and ask at once. */
enum rc groups_task_withdrawn(struct turn *turn, const struct task *task,
                              struct signal *leader) MUST_CHECK;
enum rc groups_lose_task(struct turn *turn, struct signal_group *group, const struct task *task,
                         struct ulid in_hand) MUST_CHECK;
/* They wait again as they did before, those of them that fire; the caller stores the group. */
enum rc groups_make_wait(struct turn *turn, struct signal_group *group, const struct ulid_list *ids,
                         struct ulid in_hand) MUST_CHECK;
enum rc groups_join_task(struct turn *turn, struct signal_group *group) MUST_CHECK;
/* Nothing of what it finds is wanted any more; content where none runs. The caller stores the group. */
enum rc groups_drop_task(struct turn *turn, struct signal_group *group,
                         struct slice reason) MUST_CHECK;
/* The diagnosis is there: a proposal, or a new revision of the one that is open. */
enum rc groups_propose(struct turn *turn, const struct rule *rule, struct signal *leader,
                       const struct task *task) MUST_CHECK;
/* They are part of the open proposal. */
enum rc groups_mark(struct turn *turn, const struct ulid_list *ids,
                    const struct proposal *proposal) MUST_CHECK;
/* The proposal has another state: what is done about its other signals, and about its group. */
enum rc groups_follow(struct turn *turn, struct signal *in_hand,
                      const struct proposal *proposal) MUST_CHECK;
/* Does none of the others fire? */
enum rc groups_are_well(struct turn *turn, const struct proposal *proposal, struct ulid in_hand,
                        bool *well) MUST_CHECK;
/* Ends the episodes of all of them: it was verified. */
enum rc groups_verified(struct turn *turn, const struct proposal *proposal,
                        struct signal *in_hand) MUST_CHECK;

/* engine_group_lead.c: who is in an open proposal, and who leads it. */
/* Those that wait are part of it from now on, and the one leads that is to. `in_hand`: NULL, or one that has just left (groups_settle). */
enum rc groups_revise(struct turn *turn, struct signal_group *group,
                      struct signal *in_hand) MUST_CHECK;
enum rc groups_lead(struct turn *turn, const struct rule *rule, struct signal_group *group,
                    struct signal *leader, const struct task *task) MUST_CHECK;
/* It has no part in what is undecided about its group any more; what that makes necessary is due at once. `end`: what becomes of the proposal where it is about nobody else. */
enum rc groups_leave(struct turn *turn, struct signal *signal, enum proposal_state end,
                     struct slice reason) MUST_CHECK;

/* engine_tasks.c */
/* `together`: all signals of its group that it is about, `signal` first; NULL: it is about that one alone. */
enum rc tasks_open(struct turn *turn, const struct rule *rule, struct signal *signal,
                   const struct ulid_list *together) MUST_CHECK;
/* Ends one that runs, and stores it. */
enum rc tasks_close(struct turn *turn, struct task *task, struct slice reason) MUST_CHECK;
enum rc tasks_take_evidence(struct turn *turn, const struct outbox_item *item,
                            const struct effect_result *result) MUST_CHECK;
enum rc tasks_deadline(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;
enum rc tasks_withdraw(struct turn *turn, struct signal *signal, struct slice reason) MUST_CHECK;

/* engine_task_log.c: asks for lines of a log, which will be `evidence`. */
enum rc tasks_ask_log(struct turn *turn, const struct task *task, size_t part,
                      const struct log_use *use, const struct signal *signal,
                      struct evidence *evidence) MUST_CHECK;

/* engine_proposals.c: made, revised, closed. */
/* About `signals`, of which `signal` leads, and `n_more` of its group that are not named. */
enum rc proposals_open(struct turn *turn, const struct rule *rule, struct signal *signal,
                       const struct task *task, const struct ulid_list *signals,
                       int64_t n_more) MUST_CHECK;
/* The title is that of the signal that leads, and says how many others there are; severity, count and times are its own. */
enum rc proposals_title(struct turn *turn, const struct signal *leader,
                        struct proposal *proposal) MUST_CHECK;
/* Is it the one that says what is done about the signal? */
bool proposals_speaks_for(const struct proposal *proposal, const struct signal *signal);
/* What its state means for a signal that it speaks for. */
enum rc proposals_tell_signal(struct turn *turn, const struct proposal *proposal,
                              struct signal *signal) MUST_CHECK;
/* A new revision is of another rule, or version: it was proposed as well. */
enum rc proposals_count(struct turn *turn, const struct proposal *before,
                        struct proposal *proposal) MUST_CHECK;
/* Renders the plan of `rule` into the proposal and renews what depends on the rule: for a new proposal and for a new revision. */
enum rc proposals_render(struct turn *turn, const struct rule *rule, const struct signal *signal,
                         const struct task *task, struct proposal *proposal) MUST_CHECK;
/* Why its plan is not offered again, or absent: it was rejected in this episode, or carried out as often as its actions allow and the signal came back. */
enum rc proposals_judge(struct turn *turn, const struct signal *signal,
                        const struct proposal *proposal, struct slice *why_not) MUST_CHECK;
/* What the declared actions of its plan ask for: holds, retries, stricter approvers. */
void proposals_take_from_actions(struct turn *turn, struct proposal *proposal);
/* Moves it to `state` and, where that ends it, does what an end asks for: timers, cooldown, track record, audit, feed. Both are stored by the caller. */
enum rc proposals_move(struct turn *turn, struct signal *signal, struct proposal *proposal,
                       enum proposal_state state, struct slice outcome) MUST_CHECK;
/* Bookkeeping after proposal_decide moved it. `before` is what it was. */
enum rc proposals_moved(struct turn *turn, struct signal *signal, struct proposal *proposal,
                        const struct proposal *before) MUST_CHECK;
/* The premise is gone: an undecided one is withdrawn, one that is held becomes stale. */
enum rc proposals_premise_gone(struct turn *turn, struct signal *signal,
                               struct slice reason) MUST_CHECK;
/* An undecided one is withdrawn; nothing cools down for it. */
enum rc proposals_take_back(struct turn *turn, struct signal *signal,
                            struct slice reason) MUST_CHECK;
/* A match came while the outcome was being verified. */
enum rc proposals_recur(struct turn *turn, struct signal *signal) MUST_CHECK;
/* The signal was cleared by an event while its outcome was being verified. */
enum rc proposals_cleared(struct turn *turn, struct signal *signal) MUST_CHECK;
/* Those that are approved, running or being undone, in the order of their making. */
enum rc proposals_list_unfinished(struct turn *turn, struct ulid_list *ids) MUST_CHECK;
/* Those that are not over: open ones as well, what is verified, and what nobody knows of. */
enum rc proposals_list_going(struct turn *turn, struct ulid_list *ids) MUST_CHECK;
enum rc proposals_expire(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;
enum rc proposals_wake(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;

/* engine_messages.c: what channels are owed follows what happens. In a simulation there are none. */
/* A row for each channel that wants it now and has none. */
enum rc messages_open_missing(struct turn *turn, const struct proposal *proposal) MUST_CHECK;
/* A row for each channel that wants the proposal, whose own row is stored by the caller. */
enum rc messages_open(struct turn *turn, const struct proposal *proposal) MUST_CHECK;
/* A reload: what is not over yet is posted in channels that are new, or have another name now. */
enum rc messages_follow_config(struct turn *turn, const struct config *before) MUST_CHECK;
/* What is shown of it is not what it was. */
enum rc messages_changed(struct turn *turn, struct ulid proposal) MUST_CHECK;
/* Its history grows by a note; the text is formatted like printf. */
enum rc messages_note(struct turn *turn, struct ulid proposal, bool is_loud, const char *format,
                      ...) MUST_CHECK __attribute__((format(printf, 4, 5)));
enum rc messages_tell_state(struct turn *turn, const struct proposal *proposal) MUST_CHECK;
enum rc messages_tell_decision(struct turn *turn, const struct proposal *proposal) MUST_CHECK;
/* What became of the plan that people had changed or change now. */
enum rc messages_tell_edit(struct turn *turn, const struct proposal *proposal) MUST_CHECK;
enum rc messages_tell_step(struct turn *turn, const struct proposal *proposal,
                           size_t part) MUST_CHECK;
/* A match was counted: told at 2, 3, 5, 10, 20, … */
enum rc messages_tell_count(struct turn *turn, const struct signal *signal) MUST_CHECK;
/* A resolve of what was announced is always told; `attention` is what the signal had when it resolved. */
enum rc messages_tell_resolved(struct turn *turn, const struct signal *signal,
                               enum attention attention) MUST_CHECK;
/* The message's channel cannot speak for a critical proposal. RC_NOT_FOUND: nobody does instead, or it is not critical. */
enum rc messages_take_over(struct turn *turn, struct message *message) MUST_CHECK;
/* Retention takes the proposal: its messages go, and what was still owed is counted as given up. */
enum rc messages_expire(struct turn *turn, struct ulid proposal) MUST_CHECK;
/* What is known of the channel; nothing yet where there is no row, or a damaged one. */
enum rc messages_read_facts(struct turn *turn, struct slice channel,
                            struct channel_facts *facts) MUST_CHECK;
/* One more message that its channel never took. */
enum rc messages_count_dead(struct turn *turn, struct slice channel) MUST_CHECK;
/* Stores a row that has changed, and its place in the queue. */
enum rc messages_keep(struct turn *turn, struct message *message) MUST_CHECK;

/* engine_decide.c */
enum rc proposals_decide(struct turn *turn, struct engine_decision *decision) MUST_CHECK;

/* May this person decide it, as of now? */
enum rc proposals_rights(struct turn *turn, struct slice person, const struct proposal *proposal,
                         const struct signal *signal, struct decider_rights *rights) MUST_CHECK;

/* engine_steps.c: from approved to verified. */
enum rc steps_release(struct turn *turn, struct ulid id,
                      int64_t due_ms) MUST_CHECK; /* the hold is over */
enum rc steps_advance(struct turn *turn, struct signal *signal,
                      struct proposal *proposal) MUST_CHECK;
/* At a start, when all that the outbox holds is settled: what is still said to run has lost its row there, and with it its answer. */
enum rc steps_lose_unanswered(struct turn *turn) MUST_CHECK;
/* What was approved while nothing acted (a stop, a pause) goes on from where it stands, through the same gate. */
enum rc steps_advance_all(struct turn *turn) MUST_CHECK;
enum rc steps_take_result(struct turn *turn, const struct outbox_item *item,
                          const struct effect_result *result) MUST_CHECK;
enum rc steps_verify(struct turn *turn, struct signal *signal,
                     struct proposal *proposal) MUST_CHECK;
enum rc steps_verify_due(struct turn *turn, struct ulid id, int64_t due_ms) MUST_CHECK;
enum rc steps_undo_next(struct turn *turn, struct signal *signal,
                        struct proposal *proposal) MUST_CHECK;

/* engine.c: from now on other threads get these. */
void engine_put_in_force(struct engine *engine, struct ruleset *ruleset);
/* RC_FULL when data may no longer be stored. */
enum rc engine_refuse_when_full(struct store_txn *txn) MUST_CHECK;

/* engine_fold.c: what one turn may do. */
struct fold_limits {
    size_t n_left;   /* deliveries */
    size_t n_timers; /* that one turn runs */
    int64_t end_mono_ms;
    int64_t now_ms;
    bool ran_timers; /* set */
    bool at_timer;   /* set: a timer runs, or failed */
};
#define FOLD_TIMERS_A_TURN 500 /* an outage's worth of expiries is spread over several commits */
/* Deliveries in order, before each the timers that were due by its receipt; `*more` when there is more to do now. */
enum rc turn_fold_deliveries(struct turn *turn, struct fold_limits *limits, bool *more) MUST_CHECK;
void engine_note_unfolded(struct engine *engine, int64_t n_unfolded);
bool engine_is_about_the_store(enum rc rc);

/* engine.c: takes the item out of the outbox and acts on what it came to. */
enum rc turn_take_result(struct turn *turn, const struct effect_result *result) MUST_CHECK;
/* The clock of the deliveries and timers: moves to `to_ms`, never back. */
enum rc turn_advance_clock(struct turn *turn, int64_t to_ms) MUST_CHECK;
/* Now for everything else: `now_ms`, or the clock of the deliveries where that is later. */
enum rc turn_read_clock(struct turn *turn, int64_t now_ms) MUST_CHECK;
/* Sets the delivery aside and moves the cursor past it. */
enum rc turn_bury(struct turn *turn, const struct journal_entry *entry,
                  const char *reason) MUST_CHECK;

/* engine_reload.c: signals and proposals follow the rules in force. `any_may_have_changed`: else no signal is looked at. `n_changed`: signals that had to. */
enum rc turn_adopt_rules(struct turn *turn, bool any_may_have_changed,
                         size_t *n_changed) MUST_CHECK;
enum rc turn_save_rules(struct turn *turn, const struct rule_files *files) MUST_CHECK;

/* engine_timers.c: runs what is due by `until_ms`, in order, each with its due time as now. */
enum rc timers_run(struct turn *turn, int64_t until_ms, size_t n_max, size_t *n_run) MUST_CHECK;

/* Loads a signal and a proposal that belong together. */
enum rc affair_load(struct turn *turn, struct ulid proposal_id, struct proposal *proposal,
                    struct signal *signal) MUST_CHECK;
enum rc affair_store(struct turn *turn, const struct proposal *proposal,
                     const struct signal *signal) MUST_CHECK;
