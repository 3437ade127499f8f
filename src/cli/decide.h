/* decide.h - what approve.c, edit.c and the other deciding commands share. */
#pragma once

#include "src/cli/remote.h"

/* Is the command's operand a proposal? Says so when it is none. */
enum exit_code decision_check_id(const struct invocation *invocation) MUST_CHECK;
/* The decision of a command as JSON: its verdict, the digest of the plan of `proposal` as it was shown, and the options that were given. */
void decision_write(const struct invocation *invocation, const struct json *proposal,
                    struct buffer *body);
/* "kwmra is rejected: …" for people, the proposal for programs. */
enum exit_code decision_report(const struct invocation *invocation,
                               const struct json *proposal) MUST_CHECK;
