#include "watchers/journal_child.h"

#include "src/base/process_stream.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_BYTES ((size_t)1 << 20)

struct journal_child {
    struct process_stream *process;
    struct journal_stream *lines;
    struct slice program;
    const char *complaint;
};

/* What journalctl (252) says on its standard error, and what it means. */
static const struct {
    const char *says;
    const char *means; /* NULL: what it says */
    bool goes_on;      /* it follows what it may see */
    bool is_cursor_refused;
} sayings[] = {
    { .says = "insufficient permissions",
      .means =
          "the journal may not be read: put the daemon's user into the group systemd-journal" },
    { .says = "Permission denied",
      .means =
          "the journal may not be read: put the daemon's user into the group systemd-journal" },
    /* The last line of its hint that others' entries are not shown. */
    { .says = "Pass -q to turn off this notice",
      .means = "only entries of the daemon's own user are seen: put it into the group "
               "systemd-journal",
      .goes_on = true },
    { .says = "Failed to seek to cursor", .is_cursor_refused = true },
};
#define N_SAYINGS (sizeof sayings / sizeof *sayings)

static size_t find_saying(struct slice line)
{
    size_t i = 0, offset;

    while (i < N_SAYINGS && slice_find(line, slice_of(sayings[i].says), &offset) != RC_OK)
        i++;
    return i;
}

/* -- its end -- */

static void explain_start(struct slice program, int error_number, struct journal_end *end)
{
    int len = (int)(program.len < sizeof end->why / 2 ? program.len : sizeof end->why / 2);

    if (error_number == ENOENT)
        snprintf(end->why, sizeof end->why,
                 "%.*s is not there: install systemd, or say with `program` where journalctl is",
                 len, program.ptr);
    else
        snprintf(end->why, sizeof end->why, "%.*s cannot be started: %s", len, program.ptr,
                 strerror(error_number));
}

static void explain_exit(const struct journal_child *child, const struct process_result *result,
                         struct journal_end *end)
{
    struct slice last = process_stream_last_error(child->process);
    size_t saying = find_saying(last);
    struct buffer shown;

    if (saying < N_SAYINGS) {
        end->is_cursor_refused = sayings[saying].is_cursor_refused;
        if (sayings[saying].means && !sayings[saying].goes_on) {
            snprintf(end->why, sizeof end->why, "%s", sayings[saying].means);
            return;
        }
    }
    buffer_init(&shown, 0);
    buffer_add_shown(&shown, last);
    buffer_add_byte(&shown, '\0');
    snprintf(end->why, sizeof end->why, "journalctl ended (%s %d)%s%s",
             result->end == PROCESS_KILLED ? "unix signal" : "exit code",
             result->end == PROCESS_KILLED ? result->signal_number : result->exit_code,
             last.len ? ": " : "", shown.failed ? "" : shown.ptr);
    buffer_free(&shown);
}

bool journal_child_has_ended(struct journal_child *child, struct journal_end *end)
{
    struct process_result result;

    *end = (struct journal_end){ .is_cursor_refused = false };
    if (!process_stream_has_ended(child->process, &result))
        return false;
    (void)journal_child_complaint(child);
    if (result.end == PROCESS_NOT_STARTED)
        explain_start(child->program, result.error_number, end);
    else
        explain_exit(child, &result, end);
    return true;
}

/* -- life -- */

static enum rc start(const struct journal_watch *watch, const struct journal_place *place,
                     struct journal_child *child, struct journal_end *end)
{
    struct slice env[] = { SLICE("LC_ALL=C.UTF-8") };
    struct process_command command = { .env = { .items = env, .n_items = 1 } };
    struct arena *arena = NULL;
    int error_number = ENOMEM;
    enum rc rc = arena_new(ARGUMENTS_BYTES, &arena);

    if (!rc)
        rc = journal_command(watch, place, arena, &command.argv);
    if (!rc)
        rc = process_stream_start(&command, &child->process, &error_number);
    arena_free(arena);
    if (rc)
        explain_start(watch->program, error_number, end);
    return rc;
}

/* journalctl itself follows what is not there without a word. Another program, or another place, knows for itself. */
static bool is_missing(const struct journal_watch *watch)
{
    static const char *const patterns[] = { "/run/log/journal/*/*.journal",
                                            "/var/log/journal/*/*.journal" };
    bool is_found = !slice_eq(watch->program, SLICE(JOURNAL_PROGRAM)) ||
                    !slice_is_absent(watch->directory) ||
                    !slice_is_absent(watch->journal_namespace);

    for (size_t i = 0; i < sizeof patterns / sizeof *patterns && !is_found; i++) {
        glob_t found;

        is_found = !glob(patterns[i], GLOB_NOSORT, NULL, &found);
        globfree(&found);
    }
    return !is_found;
}

enum rc journal_child_start(const struct journal_watch *watch, const struct journal_place *place,
                            struct journal_child **child, struct journal_end *end)
{
    struct journal_child *made = calloc(1, sizeof *made);
    enum rc rc = RC_NO_MEMORY;

    *end = (struct journal_end){ .is_cursor_refused = false };
    if (made && is_missing(watch)) {
        rc = RC_NOT_FOUND;
        snprintf(end->why, sizeof end->why,
                 "there is no journal in /run/log/journal or /var/log/journal: start "
                 "systemd-journald, let the daemon's user look there, or say `directory`");
    } else if (made) {
        made->program = watch->program;
        rc = start(watch, place, made, end);
    }
    if (!rc)
        rc = journal_stream_new(process_stream_output_fd(made->process), &made->lines);
    if (rc)
        journal_child_free(made);
    if (rc && !end->why[0])
        explain_start(watch->program, ENOMEM, end);
    if (!rc)
        *child = made;
    return rc;
}

void journal_child_free(struct journal_child *child)
{
    if (!child)
        return;
    journal_stream_free(child->lines);
    process_stream_free(child->process);
    free(child);
}

struct journal_stream *journal_child_lines(struct journal_child *child)
{
    return child->lines;
}

int journal_child_output_fd(const struct journal_child *child)
{
    return journal_stream_has_ended(child->lines) ? -1 : process_stream_output_fd(child->process);
}

int journal_child_errors_fd(const struct journal_child *child)
{
    return process_stream_errors_fd(child->process);
}

int journal_child_pidfd(const struct journal_child *child)
{
    return process_stream_pidfd(child->process);
}

const char *journal_child_complaint(struct journal_child *child)
{
    size_t saying;

    process_stream_read_errors(child->process);
    saying = find_saying(process_stream_last_error(child->process));
    if (saying < N_SAYINGS && sayings[saying].goes_on)
        child->complaint = sayings[saying].means;
    return child->complaint;
}
