#include "src/base/process_output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum rc process_output_init(struct process_output *output)
{
    *output = (struct process_output){ 0 };
    buffer_init(&output->head, PROCESS_HEAD_BYTES);
    buffer_init(&output->kept, 0);
    return sha256_stream_new(&output->hash);
}

static void add_to_tail(struct process_output *output, struct slice bytes)
{
    size_t n_first;

    if (!output->tail)
        output->tail = malloc(PROCESS_TAIL_BYTES);
    if (!output->tail)
        return; /* the count of all bytes still tells that some are missing */
    output->n_after_head += (int64_t)bytes.len;
    if (bytes.len > PROCESS_TAIL_BYTES) {
        bytes.ptr += bytes.len - PROCESS_TAIL_BYTES;
        bytes.len = PROCESS_TAIL_BYTES;
    }
    n_first = PROCESS_TAIL_BYTES - output->tail_at;
    if (n_first > bytes.len)
        n_first = bytes.len;
    memcpy(output->tail + output->tail_at, bytes.ptr, n_first);
    memcpy(output->tail, bytes.ptr + n_first, bytes.len - n_first);
    output->tail_at = (output->tail_at + bytes.len) % PROCESS_TAIL_BYTES;
}

void process_output_add(struct process_output *output, struct slice bytes)
{
    struct slice first = bytes;
    size_t room = output->head.failed ? 0 : PROCESS_HEAD_BYTES - output->head.len;

    sha256_stream_add(output->hash, bytes);
    output->n_bytes += (int64_t)bytes.len;
    if (first.len > room)
        first.len = room;
    buffer_add(&output->head, first);
    bytes.ptr += first.len;
    bytes.len -= first.len;
    if (bytes.len)
        add_to_tail(output, bytes);
}

/* The last `n_tail` bytes of the ring in the order in which they came. */
static void add_ring(struct buffer *kept, const struct process_output *output, size_t n_tail)
{
    size_t n_start = output->tail_at < n_tail ? output->tail_at : n_tail; /* at the ring's start */
    size_t n_end = n_tail - n_start;

    buffer_add(kept,
               (struct slice){ .ptr = output->tail + PROCESS_TAIL_BYTES - n_end, .len = n_end });
    buffer_add(kept,
               (struct slice){ .ptr = output->tail + output->tail_at - n_start, .len = n_start });
}

void process_output_end(struct process_output *output, struct process_result *result)
{
    struct buffer *kept = &output->kept;
    size_t n_tail = PROCESS_TAIL_BYTES;
    int64_t n_left_out;

    if (output->n_after_head < PROCESS_TAIL_BYTES)
        n_tail = (size_t)output->n_after_head;
    n_left_out = output->n_bytes - (int64_t)(output->head.len + n_tail);
    buffer_add(kept, buffer_slice(&output->head));
    if (n_left_out)
        buffer_format(kept, "\n[%" PRId64 " bytes left out]\n", n_left_out);
    if (n_tail)
        add_ring(kept, output, n_tail);
    result->truncated = n_left_out || kept->failed;
    result->output = buffer_slice(kept);
    result->output_bytes = output->n_bytes;
    if (sha256_stream_end(output->hash, &result->output_digest))
        result->output_digest = (struct sha256){ 0 };
}

void process_output_free(struct process_output *output)
{
    sha256_stream_free(output->hash);
    free(output->tail);
    buffer_free(&output->head);
    buffer_free(&output->kept);
    *output = (struct process_output){ 0 };
}
