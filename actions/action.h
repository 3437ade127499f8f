/* action.h - the declared actions: the only things that may ever be done.
 *
 * A command is an argument vector, never a shell; a request has a literal scheme, host and port. Parameters are validated whole against their patterns
 * before they are put in; a value with a leading '-', a NUL, a newline or another control character never passes, and in a URL a parameter fills one
 * percent-encoded segment or query value, never empty, "." or "..", unless its declaration says `path: true`. */
#pragma once

#include "src/base/document.h"
#include "src/base/playbook.h"
#include "src/base/shape.h"
#include "src/store/proposals.h"

struct actions;

/* What may stand in `actions:`. */
extern const struct shape shape_actions;

struct action {
    struct slice name;
    struct mark mark;
    enum effect effect;
    struct slice undo;     /* name of another action, or absent */
    int64_t timeout_ms;    /* default 60s */
    int64_t hold_ms;       /* from page and Slack; default 10s */
    int64_t hold_local_ms; /* from socket and token; default 0, or `hold` where it is given */
    int64_t retries;       /* default 2 */
    struct slice user;
    struct slice_list env;
    struct slice_list approvers_from;
    int64_t approvers_need; /* 0: not said */
    struct mark approvers_mark;
    bool is_request;
    struct action_private *private;
};

/* Secrets that request headers may name as {{secret.NAME}}. */
struct named_secret {
    struct slice name;
    struct slice value;
};

/* Reads the `actions:` map (NULL: none) of the configuration. Lives in `arena` and borrows the map's tree; its patterns are freed with actions_free. RC_INVALID after adding
 * to `problems`: then there is nothing to free. */
enum rc actions_load(const struct node *map, const struct named_secret *secrets, size_t n_secrets,
                     struct arena *arena, struct problems *problems,
                     struct actions **actions) MUST_CHECK;
/* Frees the patterns, before the arena goes; accepts NULL. */
void actions_free(struct actions *actions);
const struct action *actions_find(const struct actions *actions, struct slice name);
const struct action *actions_at(const struct actions *actions, size_t i); /* NULL past the end */
/* At load: does `use` name a declared action, only parameters it has, all it needs; is a parameter without {{}} valid? Adds problems; false when it added an error. */
bool action_check_use(const struct actions *actions, const struct action_use *use,
                      bool must_be_effect_none, struct problems *problems);

/* Renders one use into `step` (action params argv|request why effect undo check env user timeout, state planned), everything in `arena`. RC_INVALID when a value
 * is missing or fails its pattern: `refused` says which, with the value shown escaped. */
enum rc action_render(const struct actions *actions, const struct action_use *use,
                      const struct template_values *values, struct arena *arena, struct step *step,
                      struct slice *refused) MUST_CHECK;
/* The step once more, with the parameters that `changes` (a JSON object of texts) names, and its own for the rest; what it is for stays as it was told.
 * RC_INVALID as action_render, also for a name that the action does not declare and for what is no text. */
enum rc action_render_edit(const struct actions *actions, const struct step *step,
                           const struct json *changes, struct arena *arena, struct step *edited,
                           struct slice *refused) MUST_CHECK;
/* The undo of a finished step: its undo action with the step's own parameters of the same names. */
enum rc action_render_undo(const struct actions *actions, const struct step *done,
                           struct arena *arena, struct step *undo,
                           struct slice *refused) MUST_CHECK;
