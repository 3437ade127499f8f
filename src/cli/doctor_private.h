/* doctor_private.h - what the files of `vedette doctor` share: one finding is one line, with its remedy. */
#pragma once

#include "src/cli/client.h"
#include "src/cli/command.h"
#include "src/cli/offline.h"

enum finding { FINDING_WELL, FINDING_NOTE, FINDING_WRONG };

struct doctor {
    const struct invocation *invocation;
    struct offline offline;
    struct client *client;
    struct json *status; /* of the daemon; NULL: it does not run */
    struct arena *arena;
    struct buffer out;
    size_t n_wrong;
};

/* `what` is foreign; `remedy` is ours, or NULL. */
void doctor_say(struct doctor *doctor, enum finding finding, const char *check, struct slice what,
                const char *remedy);
/* The same, formatted; no longer than 511 bytes. */
void doctor_say_format(struct doctor *doctor, enum finding finding, const char *check,
                       const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Each webhook that the daemon has a door for. */
void doctor_check_hooks(struct doctor *doctor);
/* Each of `channels:`: can we speak there, and may we? Nothing is posted. */
void doctor_check_channels(struct doctor *doctor);
/* A channel of the kind slack: token, scopes, clock, conversations, signing secret, Socket Mode, who decides. */
void doctor_check_slack(struct doctor *doctor, const struct channel *channel);
