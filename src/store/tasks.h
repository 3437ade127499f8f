/* tasks.h - bounded diagnosis tasks, their evidence and the diagnosis they end in.
 *
 * tasks: ULID -> record of struct task. */
#pragma once

#include "src/store/objects.h"

enum task_state { TASK_QUEUED, TASK_RUNNING, TASK_DONE, TASK_FAILED, TASK_WITHDRAWN };
extern const char *const task_state_names[];

enum evidence_state { EVIDENCE_WAITING, EVIDENCE_HELD, EVIDENCE_FAILED };
extern const char *const evidence_state_names[];

struct evidence {
    struct slice id;     /* "e1": what a diagnosis cites */
    struct slice kind;   /* changes | similar | action | log */
    struct slice source; /* the action's or the watcher's name, or what was searched */
    enum evidence_state state;
    int64_t captured_ms;
    struct slice text; /* head and tail when truncated */
    bool truncated;
    int64_t bytes;       /* before truncation */
    struct slice sha256; /* hex, of all of it */
    int64_t exit_code;
    int64_t exited;     /* 1: there is such a code; stored, not shown */
    struct slice error; /* why it failed */
    struct slice
        finding; /* of a log: the first line that was looked for; stored, not shown: it is in the text */
};

enum diagnosis_status {
    DIAGNOSIS_UNRESOLVED,
    DIAGNOSIS_REPRODUCED_SYMPTOM,
    DIAGNOSIS_NARROWED_CAUSE,
    DIAGNOSIS_LIKELY_CAUSE,
    DIAGNOSIS_CONFIRMED_CAUSE,
};
extern const char *const diagnosis_status_names[];

struct fact {
    struct slice text;
    struct slice_list evidence; /* ids */
};

struct hypothesis {
    struct slice text;
    struct slice_list supports; /* "for": evidence ids */
    struct slice_list refutes;  /* "against" */
    struct slice result;        /* supported | refuted | open */
};

struct conclusion {
    struct slice text;
    struct slice boundary; /* what it does not claim */
    double confidence;     /* 0 to 1 */
};

struct diagnosis {
    enum diagnosis_status status;
    struct slice title;
    struct slice summary;
    struct record_list facts;      /* struct fact */
    struct record_list hypotheses; /* struct hypothesis */
    struct conclusion conclusion;
    struct slice_list proof_gaps;
    struct slice next_evidence;
    struct slice by; /* "vedette" for the deterministic one */
};

struct task_scope {
    struct slice_list in;
    struct slice_list out;
};

struct task {
    struct ulid id;
    struct ulid_list signals; /* the one that leads first */
    struct ulid group;        /* whose signals these are; stored, not shown */
    struct slice rule;
    struct slice rule_version;
    int64_t episode; /* of its signal */
    struct slice
        event; /* JSON object: the fields of the match at which it was opened, from which plans take their parameters */
    struct slice question;
    struct task_scope scope;
    struct slice_list constraints;
    struct slice_list criteria;
    struct slice_list allow; /* actions a plan may name */
    enum task_state state;
    struct slice reason; /* of a failed or withdrawn one: timed_out, … */
    int64_t attempt;
    int64_t created_ms;
    int64_t started_ms;
    int64_t finished_ms;
    int64_t deadline_ms;
    struct record_list evidence; /* struct evidence */
    struct diagnosis diagnosis;
};

extern const struct record_shape task_shape;
extern const struct record_shape evidence_shape;
extern const struct record_shape diagnosis_shape;

enum rc task_put(struct store_txn *txn, const struct task *task) MUST_CHECK;
enum rc task_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                 struct task *task) MUST_CHECK;
