#include "src/cli/commands_all.h"

/* One script for each shell, made from the command table: what it offers is what the program takes. */

static void list_names(struct buffer *out)
{
    for (const struct command *command = commands; command->name; command++)
        buffer_format(out, "%s%s", command == commands ? "" : " ", command->name);
}

static void list_options(const struct command *command, struct buffer *out)
{
    for (size_t i = 0; command->options[i]; i++)
        buffer_format(out, "%s--%s", i ? " " : "", option_row(command->options[i])->name);
}

static void write_bash(struct buffer *out)
{
    buffer_add_text(out, "# bash completion of vedette: source it, or put it into "
                         "/usr/share/bash-completion/completions/vedette\n"
                         "_vedette() {\n"
                         "    local word=\"${COMP_WORDS[COMP_CWORD]}\" options=\n"
                         "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                         "        COMPREPLY=($(compgen -W \"");
    list_names(out);
    buffer_add_text(out, "\" -- \"$word\"))\n"
                         "        return\n"
                         "    fi\n"
                         "    case \"${COMP_WORDS[1]}\" in\n");
    for (const struct command *command = commands; command->name; command++) {
        if (!command->options[0])
            continue;
        buffer_format(out, "    %s) options=\"", command->name);
        list_options(command, out);
        buffer_add_text(out, "\" ;;\n");
    }
    buffer_add_text(
        out, "    completion) COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$word\")); return ;;\n"
             "    schema) COMPREPLY=($(compgen -W \"rules config\" -- \"$word\")); return ;;\n"
             "    help) COMPREPLY=($(compgen -W \"");
    list_names(out);
    buffer_add_text(out, "\" -- \"$word\")); return ;;\n"
                         "    esac\n"
                         "    case \"$word\" in\n"
                         "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
                         "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
                         "    esac\n"
                         "}\n"
                         "complete -o filenames -F _vedette vedette\n");
}

/* Inside single quotes of a shell, and where zsh's _arguments and _describe read `:` and brackets themselves. */
static void add_quoted(struct buffer *out, const char *text, const char *escaped)
{
    for (; *text; text++) {
        bool must_escape = false;

        for (const char *mark = escaped; *mark && !must_escape; mark++)
            must_escape = *mark == *text;
        if (*text == '\'')
            buffer_add_text(out, "'\\''");
        else if (must_escape)
            buffer_format(out, "\\%c", *text);
        else
            buffer_add_byte(out, *text);
    }
}

static void write_zsh_option(const struct option_row *row, struct buffer *out)
{
    buffer_format(out, " '--%s%s[", row->name, row->argument ? "=" : "");
    add_quoted(out, row->help, "[]:\\");
    buffer_add_text(out, "]");
    if (row->argument) {
        buffer_add_text(out, ":");
        add_quoted(out, row->argument, "[]:\\");
        buffer_add_text(out, ":_files");
    }
    buffer_add_text(out, "'");
}

static void write_zsh(struct buffer *out)
{
    buffer_add_text(out, "#compdef vedette\n"
                         "_vedette() {\n"
                         "    local -a commands=(\n");
    for (const struct command *command = commands; command->name; command++) {
        buffer_format(out, "        '%s:", command->name);
        add_quoted(out, command->summary, ":\\");
        buffer_add_text(out, "'\n");
    }
    buffer_add_text(out, "    )\n"
                         "    if (( CURRENT == 2 )); then\n"
                         "        _describe command commands\n"
                         "        return\n"
                         "    fi\n"
                         "    case \"$words[2]\" in\n");
    for (const struct command *command = commands; command->name; command++) {
        buffer_format(out, "    %s) _arguments '*:argument:_files'", command->name);
        for (size_t i = 0; command->options[i]; i++)
            write_zsh_option(option_row(command->options[i]), out);
        buffer_add_text(out, " ;;\n");
    }
    buffer_add_text(out, "    esac\n"
                         "}\n"
                         "compdef _vedette vedette\n");
}

static void write_fish_option(const struct command *command, const struct option_row *row,
                              struct buffer *out)
{
    buffer_format(out, "complete -c vedette -n '__fish_seen_subcommand_from %s' -l %s",
                  command->name, row->name);
    if (row->letter)
        buffer_format(out, " -s %c", row->letter);
    buffer_format(out, "%s -d '", row->argument ? " -r" : "");
    for (const char *at = row->help; *at; at++) {
        if (*at == '\'' || *at == '\\')
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, *at);
    }
    buffer_add_text(out, "'\n");
}

static void write_fish(struct buffer *out)
{
    for (const struct command *command = commands; command->name; command++) {
        buffer_format(out, "complete -c vedette -f -n __fish_use_subcommand -a %s -d \"%s\"\n",
                      command->name, command->summary);
        for (size_t i = 0; command->options[i]; i++)
            write_fish_option(command, option_row(command->options[i]), out);
    }
    buffer_add_text(
        out,
        "complete -c vedette -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n"
        "complete -c vedette -f -n '__fish_seen_subcommand_from schema' -a 'rules config'\n");
}

enum exit_code completion_command(const struct invocation *invocation)
{
    static const char *const names[] = { "bash", "zsh", "fish", NULL };
    static void (*const writers[])(struct buffer * out) = { write_bash, write_zsh, write_fish };
    struct buffer out;
    int shell;
    enum rc rc;

    if (slice_to_enum(slice_of(invocation->operands[0]), names, &shell))
        return usage_error(invocation->command, "the shell is bash, zsh or fish");
    buffer_init(&out, 0);
    writers[shell](&out);
    rc = screen_write(&out);
    buffer_free(&out);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}
