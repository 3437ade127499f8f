/* action_private.h - what an action is made of; for action*.c alone. */
#pragma once

#include "actions/action.h"
#include "actions/declared_command.h"
#include "actions/declared_request.h"

struct action_private {
    struct parameter_list params;
    struct declared_command run;
    struct declared_request request;
    struct declared_command check;
};

struct actions {
    struct action *items;
    size_t n_items;
    const char **names; /* NULL-ended, for did-you-mean */
};

/* Say why a plan is refused, in `arena`, and return RC_INVALID. Names and values are cut and shown escaped. An absent value is left out:
 * parameter `run` of rerun-failed-jobs does not match /[0-9]+/ as a whole: "7; reboot" */
enum rc action_refuse_value(const struct action *action, struct slice param, struct slice value,
                            struct slice why, struct arena *arena,
                            struct slice *refused) MUST_CHECK;
enum rc action_refuse_name(const char *before, struct slice name, const char *after,
                           struct arena *arena, struct slice *refused) MUST_CHECK;
/* NULL when the use gives no such parameter. */
const struct named_template *action_use_find(const struct action_use *use, struct slice name);
