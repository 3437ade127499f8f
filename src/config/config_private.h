/* config_private.h - what the files that read the configuration share. */
#pragma once

#include "src/base/clock.h"
#include "src/base/secret.h"
#include "src/base/settings.h"
#include "src/config/config.h"

#include <string.h>

/* The members of vedette.yaml as they were written, before they mean anything. */
struct config_file {
    struct node *listen;
    struct node *tls;
    struct slice_list control;
    struct slice public_url;
    struct slice_list hosts;
    struct slice state;
    struct slice socket;
    struct slice_list rules;
    struct node *watchers;
    struct node *actions;
    struct node *secrets;
    struct node *people;
    struct node *groups;
    struct node *approvers;
    struct node *channels;
    struct node *agents;
    struct node *budget;
    struct node *maintenance;
    struct node *retention;
    struct node *store;
    struct node *limits;
    struct node *trusted_proxy;
    struct node *log;
};

struct config_reader {
    struct config *config;
    struct config_file file;
    const struct config_options *options;
    struct problems *problems;
};

/* What may stand in the members that have files of their own. */
extern const struct shape shape_doors, shape_tls;                      /* config_doors.c */
extern const struct shape shape_people, shape_groups, shape_approvers; /* config_people.c */
extern const struct shape shape_budget;                                /* config_budget.c */
extern const struct shape shape_maintenance;                           /* config_maintenance.c */

/* config.c: the members that vedette.yaml may have. */
const struct setting *config_members(size_t *n_members);
/* config_doors.c: the public door; `instead`, where it is there, stands for what the file says of it. */
enum rc config_read_doors(struct config_reader *reader, struct slice instead) MUST_CHECK;
/* config_addresses.c: adds a problem for what can be no address. */
void config_check_addresses(const struct config_reader *reader);
/* config_people.c: people, groups, approvers. */
enum rc config_read_people(struct config_reader *reader) MUST_CHECK;
/* After the actions were read: do those that say who decides name people, and enough of them? */
enum rc config_check_action_approvers(const struct config_reader *reader) MUST_CHECK;
/* config_budget.c: how much people are asked. */
extern const struct review_budget config_default_budget;
enum rc config_read_budget(struct config_reader *reader) MUST_CHECK;
/* config_channels.c: where proposals are posted, after the people. */
enum rc config_read_channels(struct config_reader *reader) MUST_CHECK;
/* After channels and watchers were read. */
enum rc config_add_channel_watcher(struct config_reader *reader) MUST_CHECK;
/* How many people `from` names, groups resolved; -1 when one of them is nobody (`unknown` says who). INT64_MAX where a group of Slack's is among them: who is in it is not known here. */
int64_t config_count_approvers(const struct config *config, struct slice_list from,
                               struct slice *unknown);
/* config_maintenance.c: muted on a schedule. */
enum rc config_read_maintenance(struct config_reader *reader) MUST_CHECK;
/* Warns of what asks for a field that no signal has. */
void config_check_maintenance(const struct config *config, const struct ruleset *ruleset,
                              struct problems *problems);
/* config_paths.c: where things are, on this machine and for this user. */
enum rc config_find_file(const struct config_options *options, struct arena *arena,
                         struct slice *path) MUST_CHECK;
enum rc config_place_state(struct config_reader *reader) MUST_CHECK;
enum rc config_place_socket(struct config_reader *reader) MUST_CHECK;
/* Makes the state directory and the secrets of the embedded default. */
enum rc config_make_state(struct config_reader *reader) MUST_CHECK;
/* Absolute form of a path of the file, relative to its directory. */
enum rc config_resolve(const struct config *config, struct slice path,
                       struct slice *resolved) MUST_CHECK;
