/* signals.h - signals: the deduplicated condition, one row for each rule and key.
 *
 * signals:     ULID -> record of struct signal
 * signal_keys: 16 bytes of the fingerprint -> ULID
 *
 * A signal keeps its id over its episodes; `episode` counts them.
 */
#pragma once

#include "src/store/objects.h"

#define FINGERPRINT_BYTES 16

struct fingerprint {
    uint8_t bytes
        [FINGERPRINT_BYTES]; /* of SHA-256 over the rule's id and the rendered key values, each with its length */
};

/* IDLE: its key is known, and its condition may remember something, but nothing of it counts: nobody is shown it. */
enum signal_state { SIGNAL_PENDING, SIGNAL_FIRING, SIGNAL_RESOLVED, SIGNAL_IDLE };
#define SIGNAL_STATES (SIGNAL_IDLE + 1)
extern const char *const signal_state_names[];

enum severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
#define SEVERITIES (SEVERITY_CRITICAL + 1)
extern const char *const severity_names[];

/* What is already being done about a signal, so that it asks for nothing twice. */
enum attention {
    ATTENTION_NONE,
    ATTENTION_TASK,      /* its task runs */
    ATTENTION_PROPOSAL,  /* its proposal waits, or is being carried out, or is unknown */
    ATTENTION_VERIFYING, /* its proposal verifies: the next match is a recurrence */
};
extern const char *const attention_names[];

/* What holds back what a firing signal would ask, in the order in which it is looked at. */
enum hold_reason {
    HOLD_NONE,
    HOLD_COOLDOWN,
    HOLD_SILENCE,
    HOLD_MAINTENANCE,
    HOLD_INHIBITED,
    HOLD_INACTIVE, /* outside of what its rule's `active` says */
    HOLD_FLAPPING,
    HOLD_GROUP,
    HOLD_BUDGET,
    HOLD_REASONS
};
extern const char *const hold_reason_names[];

struct hold {
    enum hold_reason reason;
    struct slice detail;    /* in words: by whom, which, why; may be absent */
    int64_t since_ms;       /* engine time, as the others; held for this reason */
    int64_t until_ms;       /* 0: not known */
    int64_t wake_ms;        /* the armed timer that looks again; 0: none; stored, not shown */
    enum severity severity; /* of its place among the held (held.h); stored, not shown */
};

struct signal {
    struct ulid id;
    struct slice rule;
    struct slice rule_version;
    struct slice_list key;    /* rendered values, in the rule's order */
    struct slice fingerprint; /* 32 hex characters */
    enum signal_state state;
    enum severity severity;
    struct slice title;
    int64_t episode;       /* from 1 */
    int64_t count;         /* matches in this episode */
    int64_t first_seen_ms; /* event time, of this episode */
    int64_t last_seen_ms;
    int64_t newest_ms;      /* event time; W of the design: the newest this key has ever seen */
    int64_t newest_seen_ms; /* engine time: when that came */
    int64_t
        cleared_ms; /* event time, what is older is late: of the newest event that cleared, or found nothing to clear, or came before all was forgotten; 0: none */
    int64_t n_late; /* matches older than the lateness allows: kept, counted, moved nothing */
    int64_t fired_ms; /* engine time */
    int64_t resolved_ms;
    struct slice resolved_by; /* "event", "quiet", "verification", "rule removed", or a person */
    struct slice fields;      /* JSON object: fields of the key and captures, of the latest match */
    struct slice
        first_event; /* JSON object: normalised fields and captures of the episode's first match */
    struct slice last_event;  /* likewise of the latest */
    struct ulid_list samples; /* ids of the first event and of the newest ones, at most 10 */
    struct slice
        window;       /* the memory of its condition; its bytes are described in rules/conditions */
    struct ulid task; /* of this episode */
    struct ulid proposal;     /* its newest */
    enum attention attention; /* stored, not shown */
    struct ulid
        group; /* in which it waits, or is part of a task or of a proposal that is not over */
    int64_t n_clears;     /* events that clear, since the last match: `clear` may ask for several */
    int64_t quiet_due_ms; /* the armed quiet timer; 0: none */
    int64_t condition_due_ms; /* engine time: when its condition asked to be woken; 0: not at all */
    struct slice condition_version; /* of the rule's condition that `window` belongs to */
    int64_t cooldown_until_ms;      /* engine time: until then it proposes nothing */
    struct hold hold;               /* while it fires and asks nothing */
    bool is_overflow;               /* it stands for the keys that its rule has no room for */
    bool stands_for_watcher; /* and for the keys that it cannot hear: their absence is not judged */
    struct slice links; /* while it fires: its rows in `inhibit` (inhibit.h); stored, not shown */
    int64_t fired_before_ms
        [2]; /* when it fired before, the newest last; 0: not, or it has held still since */
    int64_t
        flapping_until_ms; /* engine time: it flaps unless it holds still up to then; 0: it does not */
    /* Of rules that note it (rule.h): commit of the newest event that said "ok", and of the first failing one of this episode; when, in event time. */
    struct slice last_good;
    struct slice first_bad;
    int64_t last_good_ms;
    int64_t first_bad_ms;
    /* By its fingerprint in this transaction (signal_find), so that signal_put need not look for that again: what is deleted
     * is not put again. Not stored. */
    bool was_found;
};

extern const struct record_shape signal_shape;

enum rc signal_put(struct store_txn *txn, const struct signal *signal) MUST_CHECK;
enum rc signal_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                   struct signal *signal) MUST_CHECK;
enum rc signal_find(struct store_txn *txn, struct fingerprint fingerprint, struct arena *arena,
                    struct signal *signal) MUST_CHECK;
enum rc signal_delete(struct store_txn *txn, const struct signal *signal) MUST_CHECK;

/* What can be told of a signal in passing. */
struct signal_glance {
    struct ulid id;
    struct slice rule, rule_version; /* borrowed as by store_get */
    enum signal_state state;
    enum attention attention;
    enum severity severity;
    int64_t fired_ms;
    int64_t condition_due_ms;
};
enum rc signal_glance_get(struct store_txn *txn, struct ulid id,
                          struct signal_glance *glance) MUST_CHECK;
/* The first signal with an id above `after`. RC_NOT_FOUND at the end; RC_CORRUPT sets the id as well, so that a walk can go on. */
enum rc signal_glance_next(struct store_txn *txn, struct ulid after,
                           struct signal_glance *glance) MUST_CHECK;
const char *fingerprint_format(struct fingerprint fingerprint, char *text); /* 33 bytes */
