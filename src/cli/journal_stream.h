/* journal_stream.h - the running daemon's journal as a file of events, oldest first, page after page: as much as there is when its end is reached. */
#pragma once

#include "src/cli/client.h"

#include <stdio.h>

struct journal_stream {
    struct client *client; /* kept until the file is closed */
    int64_t since_ms;      /* received then or later */
    enum exit_code code;   /* what went wrong, and was said */
    /* its own */
    struct buffer lines;
    size_t n_taken; /* bytes of them */
    struct buffer after;
    bool is_over;
};

/* Lines of JSON as `vedette events --json --kind '*'` prints them: with what Vedette says of itself, so that who ended a signal by hand, or was heard of again, is known. NULL: no
 * memory. Close it with fclose; `stream` must live until then. */
FILE *journal_stream_open(struct journal_stream *stream);
