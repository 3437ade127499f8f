/* declared_command.h - a command of the configuration: an argument vector, never a shell.
 *
 * The program is an absolute path and literal. A parameter stays inside the one argument that names it, whatever it holds. */
#pragma once

#include "actions/parameter.h"
#include "src/base/shape.h"

/* What may stand there. */
extern const struct shape shape_declared_command;

#define COMMAND_MAX_ARGUMENTS 256

struct declared_command {
    struct template **arguments;
    size_t n_arguments; /* 0: there is no command */
};

/* Reads a list of texts. `member` is its name for messages. RC_INVALID after adding to `problems`. */
enum rc declared_command_load(const struct node *list, const char *member,
                              const struct parameter_list *params, struct arena *arena,
                              struct problems *problems,
                              struct declared_command *command) MUST_CHECK;
/* The argument vector with its values, in `arena`. */
enum rc declared_command_render(const struct declared_command *command,
                                const struct parameter_values *values, struct arena *arena,
                                struct slice_list *argv) MUST_CHECK;
