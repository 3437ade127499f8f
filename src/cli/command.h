/* command.h - what each command of the program is: one row in commands.c.
 *
 * Help, completion, usage errors and the choice itself are made from that table. To add a command: a function in the file of its
 * group (commands_all.h names it), a row in commands.c, its options out of the one list in options.h. */
#pragma once

#include "src/cli/exit_code.h"
#include "src/cli/options.h"
#include "src/cli/screen.h"

#define COMMAND_MAX_OPTIONS 16
#define COMMAND_ANY_NUMBER SIZE_MAX

/* One call of the program, taken apart. */
struct invocation {
    const struct command *command;
    struct options options;
    const char *const *operands;
    size_t n_operands;
    struct screen screen;
};

struct command {
    const char *name;
    const char *operands; /* as the usage line shows them; "" for none */
    size_t min_operands, max_operands;
    const char *summary;
    const char *more; /* further lines of `help NAME`, each ended by a newline; NULL: none */
    enum option_id options[COMMAND_MAX_OPTIONS]; /* ended by OPTION_END */
    enum exit_code (*run)(const struct invocation *invocation);
};

/* In the order of the help; `name` NULL ends it. */
extern const struct command commands[];
const struct command *command_find(struct slice name);
/* The nearest name to a misspelt one, or NULL. */
const char *command_did_you_mean(struct slice word);

/* The whole program behind main: the exit code. */
int command_line_run(int argc, char **argv);
/* Says on standard error what is wrong with the call and how it is meant. */
enum exit_code usage_error(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "vedette send: …" on standard error. */
void complain(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
