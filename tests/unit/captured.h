/* captured.h - one call of the program inside the test: its exit code, and what it printed. */
#pragma once

#include "src/base/buffer.h"
#include "src/cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CAPTURED_MAX_ARGUMENTS 24

struct captured {
    int code;
    struct buffer out; /* NUL behind it that is not counted */
    struct buffer err;
};

static inline void captured_free(struct captured *captured)
{
    buffer_free(&captured->out);
    buffer_free(&captured->err);
}

static inline void captured_read(FILE *file, struct buffer *text)
{
    char piece[4096];
    size_t n_read;

    buffer_init(text, 0);
    rewind(file);
    while ((n_read = fread(piece, 1, sizeof piece, file)) > 0)
        buffer_add(text, (struct slice){ piece, n_read });
    fclose(file);
    buffer_add_byte(text, '\0');
    text->len--;
}

/* Standard input is /dev/null. `arguments` are those behind the program's name, ended by NULL. */
static inline struct captured captured_run(const char *const *arguments)
{
    static char name[] = "vedette";
    char *argv[CAPTURED_MAX_ARGUMENTS + 2] = { name };
    char copies[CAPTURED_MAX_ARGUMENTS][512];
    FILE *out = tmpfile(), *err = tmpfile();
    int kept_out, kept_err;
    struct captured captured = { 0 };
    int argc = 1;

    for (; arguments[argc - 1] && argc <= CAPTURED_MAX_ARGUMENTS; argc++) {
        snprintf(copies[argc - 1], sizeof copies[0], "%s", arguments[argc - 1]);
        argv[argc] = copies[argc - 1];
    }
    fflush(stdout);
    fflush(stderr);
    kept_out = dup(STDOUT_FILENO);
    kept_err = dup(STDERR_FILENO);
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    captured.code = command_line_run(argc, argv);
    fflush(stdout);
    fflush(stderr);
    dup2(kept_out, STDOUT_FILENO);
    dup2(kept_err, STDERR_FILENO);
    close(kept_out);
    close(kept_err);
    captured_read(out, &captured.out);
    captured_read(err, &captured.err);
    return captured;
}

/* The same, with the arguments as they come. */
#define CAPTURED(...) captured_run((const char *const[]){ __VA_ARGS__, NULL })
