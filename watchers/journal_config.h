/* journal_config.h - one watcher of the systemd journal as vedette.yaml describes it.
 *
 *   - journal:                         {}: all of it. Members of different names must all hold, of the values of one name any.
 *       units: [nginx.service]         what these units say, and what systemd says of them
 *       identifiers: [kernel]          syslog identifiers
 *       priority: warning              this and worse: emerg alert crit err warning notice info debug, or 0 to 7
 *       matches: ["_TRANSPORT=kernel"] fields of journald, as journalctl takes them
 *       directory: /var/log/journal    read these files instead of this machine's journal
 *       namespace: x                   of journald
 *       program: /usr/bin/journalctl   where journalctl is
 *     name: nginx
 *     start: end                       at the first start; later it goes on where it was
 *     silent: 1h                       no entry for so long: vedette.watcher.silent
 *     lateness: 5m
 */
#pragma once

#include "watchers/watcher_config.h"

#define JOURNAL_KIND "log"
#define JOURNAL_TYPE "journal.entry"
#define JOURNAL_PROGRAM "/usr/bin/journalctl"

struct journal_watch {
    struct slice name;
    struct slice_list units, identifiers, matches;
    int priority;                   /* 0 to 7; -1: any */
    struct slice directory;         /* absolute; absent: this machine's journal */
    struct slice journal_namespace; /* absent: the usual one */
    struct slice program;
    bool from_beginning;
    int64_t silent_ms; /* 0: silence is nothing to tell */
    int64_t lateness_ms;
    struct slice constants[EVENT_N_FIELDS]; /* stand for whatever an entry says; absent: none */
};

/* What may stand in it: a map. RC_NO_MEMORY. */
enum rc journal_watch_shape(struct arena *arena, struct shape *shape) MUST_CHECK;
/* Reads one element of `watchers:` that has `journal`; what it holds is the arena's. RC_INVALID after adding to `problems`. */
enum rc journal_watch_load(const struct node *map, const struct watcher_place *place,
                           struct arena *arena, struct problems *problems,
                           struct journal_watch *watch) MUST_CHECK;
/* The kind and type that its events have. */
struct slice journal_watch_kind(const struct journal_watch *watch);
struct slice journal_watch_type(const struct journal_watch *watch);
