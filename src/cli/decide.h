/* decide.h - what approve.c and the other deciding commands share. */
#pragma once

#include "src/cli/remote.h"

/* The decision of a command as JSON: its verdict, and the options that were given. `plan_digest` may be absent. */
void decision_write(const struct invocation *invocation, struct slice plan_digest,
                    struct buffer *body);
/* "kwmra is rejected: …" for people, the proposal for programs. */
enum exit_code decision_report(const struct invocation *invocation,
                               const struct json *proposal) MUST_CHECK;
