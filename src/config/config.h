/* config.h - vedette.yaml: what is watched, what may be done, who may decide, where it all lives.
 *
 * Flag over VEDETTE_* over file over default. Unknown members are errors with file:line:column. Immutable once loaded; a reload makes a new one.
 */
#pragma once

#include "actions/action.h"
#include "actions/channels/channels.h"
#include "actions/proposal.h"
#include "rules/load.h"
#include "src/base/log.h"
#include "src/store/silences.h"
#include "watchers/watchers.h"

/* What may stand in vedette.yaml. */
extern const struct shape shape_config;

struct person {
    struct slice name;
    struct slice user;  /* Unix user, or absent */
    struct slice slack; /* id, or absent */
    struct slice_list tokens;
};

struct group {
    struct slice name;
    struct slice_list members;
    struct slice
        slack; /* a Slack user group (S…) whose members belong to it as well; absent: none */
};

/* Muted on a schedule. */
struct maintenance {
    struct silence silence; /* its `where` and `reason` alone */
    struct weekly_window window;
    struct mark mark;
};

/* How much people are asked: what would be more waits in a queue. */
struct review_budget {
    bool is_there;                   /* false: `budget: none` */
    bool is_written;                 /* in the file: a replay goes by no other */
    int64_t open, per_hour, per_day; /* proposals */
    int64_t critical;                /* so many more of each where the signal is critical */
};

/* One address of the public door. */
struct config_door {
    struct slice address;
    struct slice cert, key; /* files; absent: plain HTTP */
};

struct config {
    struct arena *arena;
    const struct node *root;   /* as it was written */
    struct slice path;         /* of the file; "(embedded default)" without one */
    struct slice directory;    /* relative paths start here */
    bool is_default;           /* no configuration file: the one embedded in the program */
    struct config_door *doors; /* the public one: where it is */
    size_t n_doors;            /* at least one */
    struct slice control;      /* address of API, page and metrics; absent: only the socket */
    struct slice socket;       /* path of the control socket */
    struct slice public_url;
    struct slice_list hosts;
    struct slice state;      /* directory */
    struct slice_list rules; /* paths; empty with is_default: the embedded rules */
    struct watchers *watchers;
    struct actions *actions;
    struct channels *channels;
    struct person *people;
    size_t n_people;
    struct group *groups;
    size_t n_groups;
    struct slice_list approvers_from;
    int64_t approvers_need;
    struct maintenance *maintenance;
    size_t n_maintenance;
    struct review_budget budget;
    int64_t retention_events_ms;
    int64_t retention_bytes;
    int64_t store_max_bytes;
    int64_t bodies_bytes;
    int64_t n_connections;           /* at each address of the public door */
    int64_t n_per_peer;              /* of one peer there; 0: no limit */
    int64_t keys_per_rule;           /* signals that one rule may have, whatever their state */
    int64_t keys_max;                /* all rules together */
    struct slice_list proxy_secrets; /* empty: no trusted proxy */
    int log_level;                   /* enum log_level */
    int log_format;                  /* enum log_format */
    struct named_secret *secrets;
    size_t n_secrets;
    /* Of a configuration that is kept though it is broken: what is known of it. */
    bool lacks_watchers, lacks_actions, lacks_people;
};

struct config_options {
    const char *
        path; /* -c FILE; NULL: $VEDETTE_CONFIG, else /etc/vedette/vedette.yaml when it is there, else the embedded default */
    const char *state;      /* --state DIR, or NULL */
    const char *log_level;  /* --log-level, or NULL */
    const char *log_format; /* --log-format, or NULL */
    bool resolve_secrets;   /* false: `check`, which may run as any user */
    bool keeps_broken;      /* for who looks for mistakes in rules as well */
    bool
        make_state; /* true: `run`; makes the state directory and, for the embedded default, its secrets */
};

/* Gives a configuration; free with config_free. RC_INVALID after adding to `problems`: then there is none, but with `keeps_broken`, as far as it could be read. */
enum rc config_load(const struct config_options *options, struct problems *problems,
                    struct config **config) MUST_CHECK;
void config_free(struct config *config);
/* Only reads the configured rule files, or the embedded ones. */
enum rc config_read_rules(const struct config *config, struct problems *problems,
                          struct arena *arena, struct rule_files *files) MUST_CHECK;
/* So that rules learn of the watchers' `lateness`; nothing where `config` is NULL. Borrows the watchers. Done by config_read_rules. */
void config_tell_lateness(const struct config *config, struct rule_files *files);
/* Reads the configured rule files (or the embedded ones) and checks them against the configuration: actions that plans and evidence name, logs that are searched, kinds that no watcher yields
 * (a warning), approvers that nobody can satisfy. */
enum rc config_load_rules(const struct config *config, struct problems *problems,
                          struct rule_files *files, struct arena *files_arena,
                          struct ruleset **ruleset) MUST_CHECK;
/* Only the check, for rules that were parsed elsewhere from `files`; not of those that are broken, nor against what is broken in the configuration. */
bool config_check_rules(const struct config *config, const struct rule_files *files,
                        const struct ruleset *ruleset, struct problems *problems);
/* The effective configuration as YAML, each value with where it comes from, secrets masked. */
void config_print(const struct config *config, struct buffer *out);

/* Who holds this bearer token; NULL when nobody. Constant time for each token. */
const struct person *config_person_of_token(const struct config *config, struct slice token);
/* Who this Unix user is; NULL when nobody. */
const struct person *config_person_of_user(const struct config *config, struct slice user);
/* Who this Slack user is, by id; NULL when nobody. */
const struct person *config_person_of_slack(const struct config *config, struct slice user);
const struct person *config_person_by_name(const struct config *config, struct slice name);
/* May `person` decide a proposal with these approvers (`not_names`: the people its `not` fields named)? Resolved now, never remembered. `is_member`: who keeps one of
 * the groups elsewhere says that this person is in it. Without a configuration file the one local user may. */
struct decider_rights config_rights(const struct config *config, struct slice person,
                                    const struct approver_rule *approvers, bool is_member,
                                    struct slice_list not_names);
/* The Slack id of somebody: of a person here, or of the name CONFIG_SLACK_PREFIX + id that who is no person has; absent when there is none. */
struct slice config_slack_of(const struct config *config, struct slice name);
/* The Slack user groups among these approvers: the i-th, absent past the last. */
struct slice config_slack_group_at(const struct config *config, struct slice_list from, size_t i);
/* Before the id of a Slack user who is nobody in `people`. */
#define CONFIG_SLACK_PREFIX "slack:"
/* Name under which the embedded default's only approver decides. */
#define CONFIG_LOCAL_PERSON "you"
