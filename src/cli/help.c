#include "src/cli/commands_all.h"

#include <stdio.h>
#include <string.h>

#define NAME_COLUMNS 14 /* the longest name, and two blanks */

static void list_commands(struct buffer *out)
{
    buffer_add_text(out, "Vedette watches what your systems say, investigates, proposes, and acts "
                         "once a human has approved.\n\n"
                         "usage: vedette COMMAND [OPTION…] [ARGUMENT…]\n\n");
    for (const struct command *command = commands; command->name; command++)
        buffer_format(out, "  %-*s%s\n", NAME_COLUMNS, command->name, command->summary);
    buffer_add_text(out, "\n`vedette help COMMAND` says more. Exit codes: 0 done; 1 it failed or "
                         "is invalid; 2 wrong usage;\n"
                         "3 the daemon cannot be reached; 4 not allowed; 5 already decided, "
                         "expired or withdrawn.\n");
}

static void show_option(const struct option_row *row, struct buffer *out)
{
    if (row->letter)
        buffer_format(out, "  -%c, --%s", row->letter, row->name);
    else
        buffer_format(out, "      --%s", row->name);
    buffer_format(out, "%s%s\n            %s\n", row->argument ? " " : "",
                  row->argument ? row->argument : "", row->help);
}

static void describe(const struct command *command, struct buffer *out)
{
    buffer_format(out, "vedette %s: %s\n\nusage: vedette %s%s%s%s\n", command->name,
                  command->summary, command->name, command->options[0] ? " [OPTION…]" : "",
                  *command->operands ? " " : "", command->operands);
    if (command->more)
        buffer_format(out, "\n%s", command->more);
    if (command->options[0])
        buffer_add_text(out, "\n");
    for (size_t i = 0; command->options[i]; i++)
        show_option(option_row(command->options[i]), out);
}

enum exit_code help_command(const struct invocation *invocation)
{
    const struct command *command = NULL;
    struct buffer out;
    enum rc rc;

    if (invocation->n_operands) {
        struct slice name = slice_of(invocation->operands[0]);
        const char *meant = command_did_you_mean(name);

        command = command_find(name);
        if (!command)
            return usage_error(invocation->command, "there is no such command%s%s%s",
                               meant ? "; did you mean `" : "", meant ? meant : "",
                               meant ? "`?" : "");
    }
    buffer_init(&out, 0);
    if (command)
        describe(command, &out);
    else
        list_commands(&out);
    rc = screen_write(&out);
    buffer_free(&out);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

enum exit_code version_command(const struct invocation *invocation)
{
    printf(invocation->options.json ? "{\"version\":\"%s\"}\n" : "vedette %s\n", VEDETTE_VERSION);
    return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}
