/* process_output.h - the first and last parts of what a child writes.
 *
 * However much comes, no more than PROCESS_HEAD_BYTES and PROCESS_TAIL_BYTES are held; every byte is counted and hashed. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/process.h"

struct process_output {
    struct buffer head;
    char
        *tail; /* a ring of PROCESS_TAIL_BYTES, from the first byte that the head has no room for */
    size_t tail_at;       /* where its next byte goes */
    int64_t n_after_head; /* bytes that went to the tail, overwritten ones included */
    int64_t n_bytes;
    struct sha256_stream *hash;
    struct buffer kept; /* head, gap, tail; made by process_output_end */
};

enum rc process_output_init(struct process_output *output) MUST_CHECK;
void process_output_add(struct process_output *output, struct slice bytes);
/* Fills the output members of `result`; `result->output` lives until process_output_free. */
void process_output_end(struct process_output *output, struct process_result *result);
/* Accepts a zeroed one. */
void process_output_free(struct process_output *output);
