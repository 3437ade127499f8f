#include "actions/declared_command.h"

/* One argument may hold several values. */
#define ARGUMENT_MAX_BYTES ((size_t)64 << 10)

const struct shape shape_declared_command = { .kind = SHAPE_LIST, .item = &shape_text };

static enum rc check_program(const struct node *program, struct problems *problems)
{
    size_t offset;

    if (program->type != NODE_SCALAR || !slice_starts(program->text, SLICE("/")) ||
        !slice_find(program->text, SLICE("{{"), &offset)) {
        node_problem(problems, program,
                     "the program is an absolute path without {{}}, like /usr/bin/gh");
        return RC_INVALID;
    }
    return RC_OK;
}

enum rc declared_command_load(const struct node *list, const char *member,
                              const struct parameter_list *params, struct arena *arena,
                              struct problems *problems, struct declared_command *command)
{
    enum rc worst;

    if (list->type != NODE_LIST || !list->n_items || list->n_items > COMMAND_MAX_ARGUMENTS) {
        node_problem(problems, list,
                     "`%s` is a list of the program and its arguments, at most %d; there is no "
                     "shell that would split a text",
                     member, COMMAND_MAX_ARGUMENTS);
        return RC_INVALID;
    }
    command->arguments = arena_alloc(arena, list->n_items, sizeof(struct template *));
    if (!command->arguments)
        return RC_NO_MEMORY;
    worst = check_program(list->items[0], problems);
    for (size_t i = 0; i < list->n_items; i++) {
        enum rc rc =
            parameter_template(list->items[i], params, arena, problems, &command->arguments[i]);

        if (rc && rc != RC_INVALID)
            return rc;
        if (rc)
            worst = rc;
    }
    command->n_arguments = list->n_items;
    return worst;
}

enum rc declared_command_render(const struct declared_command *command,
                                const struct parameter_values *values, struct arena *arena,
                                struct slice_list *argv)
{
    struct buffer argument;
    enum rc rc = RC_OK;

    *argv = (struct slice_list){ 0 };
    if (!command->n_arguments)
        return RC_OK;
    argv->items = arena_alloc(arena, command->n_arguments, sizeof(*argv->items));
    if (!argv->items)
        return RC_NO_MEMORY;
    buffer_init(&argument, ARGUMENT_MAX_BYTES);
    for (size_t i = 0; i < command->n_arguments && !rc; i++) {
        buffer_clear(&argument);
        parameter_template_render(command->arguments[i], values, &argument);
        rc = buffer_rc(&argument);
        if (!rc)
            rc = arena_copy(arena, buffer_slice(&argument), &argv->items[i]);
    }
    buffer_free(&argument);
    argv->n_items = command->n_arguments;
    return rc;
}
