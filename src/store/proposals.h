/* proposals.h - proposals: diagnosis and plan, awaiting a human; their decisions and steps.
 *
 * proposals:        ULID -> record of struct proposal
 * proposal_shorts:  the 5 letters of the short id -> ULID
 * signal_proposals: fingerprint (16 bytes), ULID of the proposal -> nothing; all proposals of a signal, in order.
 *                   proposal_put and proposal_delete care for that of the signal that leads, no other.
 *
 * What may follow what is in actions/proposal.c.
 */
#pragma once

#include "src/store/signals.h"
#include "src/store/tasks.h"

enum proposal_state {
    PROPOSAL_OPEN,
    PROPOSAL_APPROVED,
    PROPOSAL_RUNNING,
    PROPOSAL_VERIFYING,
    PROPOSAL_VERIFIED,
    PROPOSAL_RECURRED,
    PROPOSAL_INCONCLUSIVE,
    PROPOSAL_DONE,
    PROPOSAL_FAILED,
    PROPOSAL_UNKNOWN,
    PROPOSAL_STALE,
    PROPOSAL_REJECTED,
    PROPOSAL_EXPIRED,
    PROPOSAL_WITHDRAWN,
    PROPOSAL_SUPERSEDED,
    PROPOSAL_UNDOING,
    PROPOSAL_UNDONE,
    PROPOSAL_UNDO_FAILED,
    PROPOSAL_UNDO_UNKNOWN,
    PROPOSAL_STATES
};
extern const char *const proposal_state_names[];

enum verdict {
    VERDICT_APPROVE,
    VERDICT_REJECT,
    VERDICT_ACK,
    VERDICT_SNOOZE,
    VERDICT_EDIT,
    VERDICT_RESPOND,
    VERDICT_TAKE_BACK,
    VERDICT_UNDO,
    VERDICT_SETTLE,
};
extern const char
    *const verdict_names[]; /* approve reject ack snooze edit respond take_back undo settle */
extern const char *const reason_names[]; /* wrong_cause wrong_action known too_late not_worth_it */

struct decision {
    enum verdict verdict;
    struct slice by;  /* a person of the configuration, or the local user */
    struct slice via; /* page | socket | token | slack */
    int64_t at_ms;
    int64_t revision;
    struct slice plan_digest; /* the one its human saw */
    struct slice reason;
    struct slice note;
    int64_t for_ms;      /* snooze */
    struct slice settle; /* ran | not_ran */
    struct slice
        params; /* edit: JSON list, for each step an object of the parameters that change */
    bool
        is_void; /* an approval given to an older revision, or taken back; an edit of a plan that was rendered anew since */
};

enum step_state {
    STEP_PLANNED,
    STEP_CHECKING,
    STEP_RUNNING,
    STEP_DONE,
    STEP_FAILED,
    STEP_UNKNOWN,
    STEP_NOT_STARTED
};
extern const char *const step_state_names[];

enum effect { EFFECT_NONE, EFFECT_WRITE, EFFECT_EXTERNAL };
extern const char *const effect_names[];

struct step {
    struct slice action;
    struct slice params;    /* JSON object of texts */
    struct slice_list argv; /* of a command, rendered once a revision */
    struct slice
        request; /* of a request: JSON {"method","url","headers","json"}, secrets by name */
    struct slice why;
    enum effect effect;
    struct slice undo; /* an action, or absent */
    struct record_list
        undo_step; /* struct step: what its undo would do, rendered with the plan; empty without one */
    struct slice_list check; /* argv of the precondition */
    struct slice_list env;   /* names */
    struct slice user;
    int64_t timeout_ms;
    enum step_state state;
    struct slice output;
    bool output_truncated;
    int64_t exit_code;
    int64_t exited;     /* 1: there is such a code; stored, not shown */
    struct slice error; /* "killed by signal 9", "not started: No such file or directory", … */
    enum step_state undo_state; /* STEP_PLANNED until its undo was started; stored, not shown */
    int64_t checked_ms;         /* when the check passed */
    int64_t started_ms;
    int64_t finished_ms;
};

struct approver_rule {
    struct slice_list from; /* people and groups */
    int64_t need;
    struct slice_list not_from; /* "not": fields of the event that name people, as `actor` */
};

struct track_record {
    int64_t proposed, approved, rejected, ignored, verified, recurred;
};

enum verify_kind { VERIFY_NONE, VERIFY_OK, VERIFY_QUIET, VERIFY_CHECK };
extern const char *const verify_kind_names[];

struct proposal {
    struct ulid id;
    struct slice short_id; /* five lower-case letters without look-alikes */
    int64_t revision;      /* from 1 */
    enum proposal_state state;
    struct slice rule;
    struct slice rule_version;
    struct slice_list key; /* of the signal that leads */
    struct ulid signal;
    struct slice fingerprint;
    int64_t episode;
    struct ulid_list signals; /* the one that leads first */
    int64_t n_more;           /* signals of its group that found no room among them */
    struct ulid group;        /* absent: it is about one signal alone; stored, not shown */
    struct slice title;       /* of the signal that leads; with others, how many */
    enum severity severity;
    int64_t created_ms;
    int64_t updated_ms;
    int64_t expires_ms;
    int64_t expires_after_ms; /* how long a revision lives */
    int64_t count;            /* of the signal, as last seen */
    int64_t first_seen_ms;
    int64_t last_seen_ms;
    struct slice last_good; /* commits between which it broke, as the signal knew them */
    struct slice first_bad;
    struct ulid task;
    struct diagnosis diagnosis;
    struct approver_rule approvers;
    struct record_list plan;  /* struct step */
    struct slice plan_digest; /* SHA-256 hex */
    struct slice
        edited; /* one sentence: what people changed in the plan last, or that it is void; absent: it is the rule's */
    struct slice
        refused; /* why there is no plan although the rule has one: a parameter that failed its pattern, … */
    struct record_list decisions; /* struct decision, oldest first */
    struct slice acknowledged_by;
    int64_t snoozed_until_ms;
    int64_t hold_until_ms; /* approved: starts then */
    int64_t
        hold_ms_page; /* how long an approval from the page or a channel is held: the longest hold of its steps */
    int64_t hold_ms_local; /* likewise from socket and token */
    enum verify_kind verify;
    struct slice_list verify_check; /* argv, as shown */
    struct step verify_step;        /* all of the check, as it runs; stored, not shown */
    int64_t verify_ms;              /* the window; of a check: how long it may take */
    int64_t verify_until_ms;        /* of a window */
    int64_t cooldown_ms;
    int64_t retries;     /* how often the same plan may be offered again after it recurred */
    struct ulid earlier; /* the proposal of this signal before this one */
    struct slice earlier_outcome;
    struct track_record track_record; /* of the rule and version, when this revision was made */
    bool is_borrowed;                 /* critical: opened above the review budget */
    struct slice outcome;             /* one sentence: what became of it */
    int64_t closed_ms;
};

extern const struct record_shape proposal_shape;
extern const struct record_shape decision_shape;
extern const struct record_shape step_shape;

/* Writes the proposal and, the first time, its short id and its place among the signal's proposals. */
enum rc proposal_put(struct store_txn *txn, const struct proposal *proposal) MUST_CHECK;
enum rc proposal_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                     struct proposal *proposal) MUST_CHECK;
/* Only its state. */
enum rc proposal_state_get(struct store_txn *txn, struct ulid id,
                           enum proposal_state *state) MUST_CHECK;
/* Removes it with its short id and its place among the signal's proposals. */
enum rc proposal_delete(struct store_txn *txn, const struct proposal *proposal) MUST_CHECK;
/* By "prp_…" or by its short id. */
enum rc proposal_find(struct store_txn *txn, struct slice name, struct arena *arena,
                      struct proposal *proposal) MUST_CHECK;
/* One more signal that it is about, or one less: its place among the proposals of that signal. */
enum rc proposal_add_signal(struct store_txn *txn, struct ulid id,
                            struct slice fingerprint_hex) MUST_CHECK;
enum rc proposal_remove_signal(struct store_txn *txn, struct ulid id,
                               struct slice fingerprint_hex) MUST_CHECK;
/* A short id that is free, made from `id`: the same id gives the same letters unless they are taken. */
enum rc proposal_make_short(struct store_txn *txn, struct ulid id, struct arena *arena,
                            struct slice *short_id) MUST_CHECK;
/* Ids of a signal's proposals, newest first, at most `limit`. */
enum rc proposal_list_of_signal(struct store_txn *txn, struct slice fingerprint_hex, size_t limit,
                                struct arena *arena, struct ulid_list *ids) MUST_CHECK;
bool proposal_state_is_final(enum proposal_state state);
