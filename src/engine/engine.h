/* engine.h - the only writer of state: events in, transitions, tasks, proposals and effects out.
 *
 * The engine is driven: it has no thread, no socket, and asks no clock for anything it decides. The daemon drives it live, `vedette test` in virtual time and `vedette replay` over recorded
 * input, over the same store interface. Each call below is one transaction: all of it, or nothing.
 *
 *   engine_accept      what the doors verified, appended raw: its commit is the 2xx
 *   engine_take_lines  lines of logs, stored with how far their files are read, folded at once where nothing older waits
 *   engine_notify      what is told of a watcher itself, as an event
 *   engine_decide, engine_result, engine_reload
 *                      control: appended and folded at once, before data
 *   engine_set_paused, engine_resolve
 *                      what is done by hand without a proposal, likewise at once
 *   engine_fold        deliveries from the journal, with the timers that were due before each
 *   engine_expire      what has been kept long enough is removed
 *
 * After RC_FULL or RC_NO_MEMORY nothing has changed and the call may be repeated; after RC_IO the process must end (what the disk holds is not known).
 */
#pragma once

#include "src/config/config.h"
#include "src/store/feed.h"
#include "src/store/journal.h"
#include "src/store/messages.h"
#include "src/store/offsets.h"
#include "src/store/outbox.h"
#include "src/store/silences.h"
#include "src/store/store.h"
#include "src/store/timers.h"

struct engine;
struct profile; /* rules/profile.h */

/* What the engine tells its driver, after the commit. */
struct engine_listener {
    void *context;
    void (*on_effect)(void *context, const struct outbox_item *item); /* carry this out */
    void (*on_cancel)(void *context,
                      struct ulid object); /* no longer wanted: evidence of a withdrawn task */
    void (*on_change)(void *context);      /* the feed has grown */
    void (*on_message)(void *context);     /* something is owed to a channel */
    void (*on_proposal)(void *context,
                        int64_t received_ms); /* a proposal is there; its event was received then */
};

struct engine_options {
    struct store *store;         /* kept */
    const struct config *config; /* kept */
    struct ruleset *ruleset;     /* taken */
    const struct rule_files *
        files; /* what it was read from: kept as the last good set by engine_recover; NULL: not kept */
    struct engine_listener listener;
    bool deterministic; /* replays and tests: ids come from the input, nothing is random */
};

enum rc engine_new(const struct engine_options *options, struct engine **engine) MUST_CHECK;
void engine_free(struct engine *engine);

/* After opening a store: steps that were started and never answered become unknown; what only collects or checks is handed out again; after a crash the
 * deliveries since the cursor are folded one at a time, and one that crashed the fold twice becomes a dead letter. */
enum rc engine_recover(struct engine *engine, int64_t now_ms) MUST_CHECK;
/* Marks an orderly stop. */
enum rc engine_stop(struct engine *engine) MUST_CHECK;

struct engine_accept_item {
    struct journal_entry *entry; /* its id is set; an id that is already there is kept (replays) */
    int64_t dedup_ms;            /* how far back its delivery id is looked for; 0: not at all */
    bool is_duplicate;           /* set: `entry->id` is the first one's */
};
/* RC_FULL also when data may no longer be stored (STORE_DATA_PERCENT). */
enum rc engine_accept(struct engine *engine, struct engine_accept_item *items,
                      size_t n_items) MUST_CHECK;

/* What was read of one log file, in the order of its lines. */
struct engine_lines {
    struct journal_entry *entry;       /* those that some rule wants (log_lines.h); NULL: none */
    const struct file_offset *offsets; /* how far it is read now */
    size_t n_offsets;
    const struct ulid *forgotten; /* offsets of files that are gone */
    size_t n_forgotten;
};
/* The ids of deliveries that were taken lie in a log until many of them can be put in their places at once (fresh_deliveries.h). Where there are
 * many, this puts the next piece of them there, in a commit of its own; RC_FULL as engine_accept. Many are more where others wait for it
 * (`can_wait`). */
bool engine_has_many_fresh_deliveries(const struct engine *engine, bool can_wait);
enum rc engine_merge_deliveries(struct engine *engine, int64_t now_ms) MUST_CHECK;

/* Stores lines together with how far they were read, and folds them in the same transaction where nothing older waits. RC_FULL as engine_accept. `*more` when there
 * is more to fold now. After a start that followed a crash, lines are stored first and folded after it, so that one which ends the process can be set aside. */
enum rc engine_take_lines(struct engine *engine, const struct engine_lines *items, size_t n_items,
                          int64_t now_ms, int64_t budget_ms, bool *more) MUST_CHECK;

/* What is told of a watcher itself: an event of kind vedette.watcher; or of a channel: vedette.channel. */
enum watcher_state {
    WATCHER_SILENT,
    WATCHER_BROKEN,
    WATCHER_BACK,
    WATCHER_LOST,
    WATCHER_CAUGHT_UP,
    CHANNEL_FAILING,
    CHANNEL_BACK
};
struct engine_notice {
    struct slice watcher; /* or the channel */
    enum watcher_state state;
    struct slice detail; /* for people: what is wrong and what to do */
    struct slice path;   /* of the file; absent: the whole watcher */
    int64_t since_ms;    /* 0: not known */
    int64_t n_bytes;     /* LOST: so many were there and were never read */
};
/* Of a channel each state is told once, restarts included: the same again changes nothing. */
enum rc engine_notify(struct engine *engine, const struct engine_notice *notice,
                      int64_t now_ms) MUST_CHECK;

/* Time begins: the rules are in force from then on. Without it they are from the first delivery on. */
enum rc engine_begin(struct engine *engine, int64_t now_ms) MUST_CHECK;
/* Folds what is waiting: at most `n_max` deliveries and `budget_ms` of time (one of them, however long it takes), and the timers due before each; when none is left, the timers due by `now_ms`. `*more` when there is more to do now. */
enum rc engine_fold(struct engine *engine, int64_t now_ms, size_t n_max, int64_t budget_ms,
                    bool *more) MUST_CHECK;
/* Deliveries that were accepted and not folded yet. */
int64_t engine_n_unfolded(const struct engine *engine);
/* When the next timer is due; INT64_MAX: none. */
int64_t engine_due_ms(struct engine *engine);

/* A decision, as it was proven at the door. */
struct engine_decision {
    struct slice proposal; /* "prp_…" or a short id */
    struct decision decision;
    struct slice
        malformed; /* what is wrong with it as it came; told to nobody who may not decide. Absent: nothing */
    struct slice
        once; /* of a request that could be repeated by somebody who kept it: a second one with the same words changes nothing. Absent: not looked at */
    int64_t real_ms;               /* the real time, for the expiry */
    struct decision_answer answer; /* set; `detail` lives in `arena` */
    struct ulid proposal_id;       /* set when there is one */
    struct arena *arena;           /* the caller's */
};
enum rc engine_decide(struct engine *engine, struct engine_decision *decision,
                      int64_t now_ms) MUST_CHECK;
/* The result of an effect that on_effect asked for. */
enum rc engine_result(struct engine *engine, const struct effect_result *result,
                      int64_t now_ms) MUST_CHECK;
/* Swaps the rules (and the configuration they were checked against): takes `ruleset` when RC_OK. What the rules meant to say is in `files`. `summary` gets one line. */
enum rc engine_reload(struct engine *engine, const struct config *config, struct ruleset *ruleset,
                      const struct rule_files *files, int64_t now_ms,
                      struct buffer *summary) MUST_CHECK;
enum rc engine_set_paused(struct engine *engine, bool paused, struct slice who, struct slice via,
                          int64_t now_ms) MUST_CHECK;
/* Takes a delivery that was kept aside (`event`: any of its events) in again, as a new one; its id is then `id`. RC_NOT_FOUND: it is not there; RC_CONFLICT: it was not kept aside. */
enum rc engine_replay_event(struct engine *engine, struct ulid event, struct slice who,
                            struct slice via, int64_t now_ms, struct ulid *id) MUST_CHECK;
/* Ends a signal by hand. RC_NOT_FOUND, RC_CONFLICT when it is not open. */
enum rc engine_resolve(struct engine *engine, struct ulid signal, struct slice who,
                       struct slice via, int64_t now_ms) MUST_CHECK;
/* Adds a silence (its id, state and created_ms are set), or ends one. What still fires when it ends, asks then. Adding: RC_INVALID (silence_fault and engine_unknown_field
 * say why), RC_LIMIT: there are SILENCE_MAX_ACTIVE. Ending: RC_NOT_FOUND; RC_CONFLICT: it is over already. */
enum rc engine_add_silence(struct engine *engine, struct silence *silence,
                           int64_t now_ms) MUST_CHECK;
enum rc engine_remove_silence(struct engine *engine, struct ulid id, struct slice who,
                              struct slice via, int64_t now_ms) MUST_CHECK;
/* A field of its `where` that no signal of the rules in force can have; absent: none. */
struct slice engine_unknown_field(const struct engine *engine, const struct silence *silence);
/* The `rule` of its `where` that no rule in force has as its id, nor, where it is a glob, fits; absent: none. It may come with the next reload: no reason to refuse. */
struct slice engine_unknown_rule(const struct engine *engine, const struct silence *silence);

/* What each gate says of a signal, in the order in which they are asked; `hold.reason` is HOLD_NONE where it lets it pass. A look, on the engine's thread and between its calls: nothing is
 * noted. Lives in `arena`. `verdicts` has room for HOLD_REASONS; none of a rule that is gone. */
struct gate_verdict {
    enum hold_reason gate;
    struct hold hold;
};
enum rc engine_judge_gates(struct engine *engine, struct store_txn *txn,
                           const struct signal *signal, int64_t now_ms, struct arena *arena,
                           struct gate_verdict *verdicts, size_t *n_verdicts) MUST_CHECK;

/* How far a signal is, for people; what there is nothing to say of is absent. */
struct signal_description {
    struct slice progress; /* "4 of 5 within 10m" */
    struct slice
        near_miss; /* of one that is pending, by the times of its samples: "5 came within 10m12s, the last of them 12s too late" */
};
/* A look, on the engine's thread and between its calls. Lives in `arena`. */
enum rc engine_describe_signal(const struct engine *engine, struct store_txn *txn,
                               const struct signal *signal, int64_t now_ms, struct arena *arena,
                               struct signal_description *description) MUST_CHECK;

/* --- what is posted in channels (src/store/messages.h); the one who sends asks, before and after --- */

struct engine_message {
    struct ulid proposal;
    struct slice channel;
    enum message_part part; /* CARD, EDIT, NOTE */
    int64_t note;           /* its number */
};
/* A card or a note is about to leave: kept before it does, so that after a crash it is looked for. RC_CONFLICT: it is not owed any more. */
enum rc engine_begin_message(struct engine *engine, const struct engine_message *ref,
                             int64_t real_ms, int64_t now_ms) MUST_CHECK;
/* What came of it. */
struct engine_message_result {
    struct engine_message ref;
    enum channel_outcome
        outcome; /* SENT or FOUND: done. NOT_FOUND: not there, to be sent again. The others as channel.h says */
    struct slice handle, place;
    int64_t shown; /* the `wanted` that was rendered */
    struct slice shown_digest;
    int64_t shown_revision;
    int64_t real_ms; /* when it came */
    struct slice error;
};
enum rc engine_end_message(struct engine *engine, const struct engine_message_result *result,
                           int64_t now_ms) MUST_CHECK;
/* The channel cannot speak: its fallback does for this (critical) proposal. RC_NOT_FOUND: there is none. */
enum rc engine_take_over_message(struct engine *engine, struct ulid proposal, struct slice channel,
                                 int64_t now_ms) MUST_CHECK;
/* The card's proposal was closed before it could be posted: it is counted for the digest instead. */
enum rc engine_skip_message(struct engine *engine, struct ulid proposal, struct slice channel,
                            int64_t now_ms) MUST_CHECK;
/* What a channel says of itself, and who is in a group that it keeps. */
enum rc engine_note_channel(struct engine *engine, const struct channel_facts *facts) MUST_CHECK;
enum rc engine_note_group(struct engine *engine, const struct group_members *members) MUST_CHECK;

/* Retention: a bounded number of rows a call; `*more` when there is more to remove now. */
enum rc engine_expire(struct engine *engine, int64_t now_ms, bool *more) MUST_CHECK;
/* Between turns, so that the next commits are cheaper (store.h). */
void engine_preallocate(struct engine *engine);
/* After RC_FULL: whether a delivery could be stored by now. */
bool engine_has_room(struct engine *engine);

/* From now on no step starts: what is approved goes on after the next start. From any thread. */
void engine_rest(struct engine *engine);

/* The rules in force, for another thread: free them with ruleset_free. */
struct ruleset *engine_hold_ruleset(struct engine *engine);
const struct ruleset *engine_ruleset(const struct engine *engine);
/* What rules cost where events are folded is added to `profile` (kept). Not across a reload. */
void engine_set_profile(struct engine *engine, struct profile *profile);

/* Type of an entry whose body is an event object as `vedette events --json` prints it. Only replays and tests make such entries: a door never
 * takes a type from outside. */
#define ENGINE_RECORDED_EVENT "vedette.recorded"

/* The events of a journal entry, as rules see them: deliveries through their watcher, ours as vedette.* events. Pure; any thread. */
enum rc engine_events(const struct config *config, const struct journal_entry *entry,
                      struct arena *arena, struct event_list *events) MUST_CHECK;
