/* playbook.h - what a rule asks for once it fires: diagnose, propose, verify.
 *
 * Parsed with the rule, carried out by actions/; a noun that both wings know. Everything here lives in the rule set's arena. */
#pragma once

#include "src/base/clock.h"
#include "src/base/document.h"
#include "src/base/pattern.h"
#include "src/base/template.h"

struct named_template {
    struct slice name;
    struct template *template;
};

/* `do: ACTION, with: {…}, why: …`: a declared action with the templates of its parameters. */
struct action_use {
    struct mark mark;
    struct slice action;
    struct named_template *params;
    size_t n_params;
    struct template *why; /* NULL: not said */
};

enum evidence_source {
    EVIDENCE_FROM_CHANGES, /* changes: {within: 2h} */
    EVIDENCE_FROM_SIMILAR, /* similar: 5 */
    EVIDENCE_FROM_ACTION,  /* do: an action with effect none */
    EVIDENCE_FROM_LOG,     /* log: {watcher: app, around: 5m, match: '/error/', lines: 100} */
};

/* Lines of a log watcher's files. */
struct log_use {
    struct mark mark;
    struct slice watcher;
    int64_t around_ms;     /* before the signal was first seen, and after it was last seen */
    struct pattern *match; /* NULL: those of the signal's events, or all of that time */
    int64_t n_lines;       /* at most */
};

struct evidence_request {
    enum evidence_source source;
    union {
        int64_t within_ms;     /* CHANGES */
        int64_t limit;         /* SIMILAR */
        struct action_use use; /* ACTION */
        struct log_use log;    /* LOG */
    };
};

struct diagnose_part {
    struct template *question; /* NULL: made from the title */
    struct slice_list scope_in;
    struct slice_list scope_out;
    struct evidence_request *evidence;
    size_t n_evidence;
    struct slice_list constraints;
    struct slice_list criteria;
    int64_t timeout_ms; /* default 5m */
};

struct propose_part {
    struct action_use *plan;
    size_t n_plan;
    struct slice_list allow;          /* default: the actions of the plan */
    struct slice_list approvers_from; /* none: the configuration's */
    int64_t approvers_need;           /* 0: the configuration's */
    struct slice_list approvers_not;  /* fields that name people who may not decide, as `actor` */
    int64_t expires_ms;               /* 0: 4h with a plan, 24h without */
    int64_t cooldown_ms;              /* default 1h */
};

enum playbook_verify {
    PLAYBOOK_VERIFY_OK,
    PLAYBOOK_VERIFY_QUIET,
    PLAYBOOK_VERIFY_CHECK,
    PLAYBOOK_VERIFY_NONE
};

#define VERIFY_MAX_MS (30 * DAY_MS)

struct verify_part {
    enum playbook_verify kind;
    int64_t window_ms;       /* up to VERIFY_MAX_MS */
    struct action_use check; /* CHECK */
};

struct playbook {
    struct diagnose_part diagnose;
    struct propose_part propose;
    struct verify_part verify;
};
