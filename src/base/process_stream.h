/* process_stream.h - a child whose output is read as it comes: one that runs as long as we want to hear from it.
 *
 * It is started as every child (process.h), without a timeout, and counts as a reader: it is trusted to leave no strays. While its output is not read, it waits. Of its standard
 * error the last line is kept. Whoever frees it ends it, with SIGKILL: for children that only read. */
#pragma once

#include "src/base/process.h"

struct process_stream;

#define PROCESS_STREAM_ERROR_BYTES 512

/* As process_start: on failure `*stream` is NULL, nothing ran and `error_number` says why; what fails in the child is told at its end. */
enum rc process_stream_start(const struct process_command *command, struct process_stream **stream,
                             int *error_number) MUST_CHECK;
/* Accepts NULL. */
void process_stream_free(struct process_stream *stream);
/* Its output, which is read by the caller and never blocks; the descriptor stays the stream's. */
int process_stream_output_fd(const struct process_stream *stream);
/* Becomes readable at its end. */
int process_stream_pidfd(const struct process_stream *stream);
/* Its standard error; -1: closed. */
int process_stream_errors_fd(const struct process_stream *stream);
/* Reads what is there of its standard error. */
void process_stream_read_errors(struct process_stream *stream);
/* The last line of it that was not empty, its end included or not; at most PROCESS_STREAM_ERROR_BYTES; borrowed until it is read again. */
struct slice process_stream_last_error(const struct process_stream *stream);
/* Has it ended? Fills `end`, `exit_code`, `signal_number`, `error_number` of `result`. */
bool process_stream_has_ended(struct process_stream *stream, struct process_result *result);
