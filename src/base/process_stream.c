#include "src/base/process_stream.h"

#include "src/base/process_spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 4096
#define READS_AT_ONCE 16

struct process_stream {
    struct process_leader leader;
    struct process_spawned spawned;
    char line[PROCESS_STREAM_ERROR_BYTES]; /* of its standard error, which goes on */
    size_t n_line;
    char last[PROCESS_STREAM_ERROR_BYTES]; /* the line before */
    size_t n_last;
    bool has_ended;
    struct process_result result;
};

enum rc process_stream_start(const struct process_command *command, struct process_stream **stream,
                             int *error_number)
{
    struct process_stream *made = calloc(1, sizeof *made);

    *stream = NULL;
    *error_number = ENOMEM;
    if (!made)
        return RC_NO_MEMORY;
    made->leader.is_reader = true;
    *error_number = process_spawn_leader(command, PROCESS_TWO_PIPES, &made->leader, &made->spawned);
    if (*error_number) {
        process_stream_free(made);
        return RC_IO;
    }
    process_say_go(made->spawned.line_fd);
    *stream = made;
    return RC_OK;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void process_stream_free(struct process_stream *stream)
{
    uint32_t n_killed = 0;

    if (!stream)
        return;
    if (stream->leader.pid) {
        kill(-stream->leader.pid, SIGKILL);
        process_strays_kill(&stream->leader, &n_killed);
        process_leader_reap(&stream->leader);
    }
    close_fd(&stream->spawned.output_fd);
    close_fd(&stream->spawned.errors_fd);
    close_fd(&stream->spawned.line_fd);
    close_fd(&stream->spawned.pidfd);
    free(stream);
}

int process_stream_output_fd(const struct process_stream *stream)
{
    return stream->spawned.output_fd;
}

int process_stream_pidfd(const struct process_stream *stream)
{
    return stream->spawned.pidfd;
}

int process_stream_errors_fd(const struct process_stream *stream)
{
    return stream->spawned.errors_fd;
}

static void end_line(struct process_stream *stream)
{
    if (!stream->n_line)
        return;
    memcpy(stream->last, stream->line, stream->n_line);
    stream->n_last = stream->n_line;
    stream->n_line = 0;
}

static void add_errors(struct process_stream *stream, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] == '\n')
            end_line(stream);
        else if (stream->n_line < sizeof stream->line)
            stream->line[stream->n_line++] = bytes.ptr[i];
    }
}

void process_stream_read_errors(struct process_stream *stream)
{
    char bytes[READ_BYTES];

    for (int i = 0; i < READS_AT_ONCE && stream->spawned.errors_fd >= 0; i++) {
        ssize_t n_read = read(stream->spawned.errors_fd, bytes, sizeof bytes);

        if (n_read > 0)
            add_errors(stream, (struct slice){ bytes, (size_t)n_read });
        else if (n_read < 0 && errno == EAGAIN)
            return;
        else if (n_read == 0 || errno != EINTR)
            close_fd(&stream->spawned.errors_fd);
    }
}

struct slice process_stream_last_error(const struct process_stream *stream)
{
    if (stream->n_line)
        return (struct slice){ stream->line, stream->n_line };
    return (struct slice){ stream->last, stream->n_last };
}

static void on_end(struct process_stream *stream, const siginfo_t *info)
{
    struct child_report report = { .stage = CHILD_LIMITS, .error_number = ECANCELED };
    struct process_result *result = &stream->result;

    stream->has_ended = true;
    result->end = PROCESS_NOT_STARTED;
    if (process_read_report(stream->spawned.line_fd, &report) || report.error_number ||
        report.stage != CHILD_EXEC) {
        result->error_number = report.error_number;
        return;
    }
    result->end = info->si_code == CLD_EXITED ? PROCESS_EXITED : PROCESS_KILLED;
    if (info->si_code == CLD_EXITED)
        result->exit_code = info->si_status;
    else
        result->signal_number = info->si_status;
}

bool process_stream_has_ended(struct process_stream *stream, struct process_result *result)
{
    siginfo_t info;

    if (!stream->has_ended && process_leader_has_ended(&stream->leader, &info))
        on_end(stream, &info);
    *result = stream->result;
    return stream->has_ended;
}
