/* answer.h - what a service's answer means for the message: what all services have in common, beside a table of each.
 *
 * Success is only what the service's documentation calls success, and its kind reads that itself. All else comes here: no answer at all, 429, a redirect (never
 * followed), an error of the server, a page of HTML, JSON that is none. What may have arrived is LOST, for an edit RETRY: it may be repeated. */
#pragma once

#include "actions/channels/channel.h"

/* What a refusal means; the first row that fits. */
struct answer_row {
    int status;       /* of HTTP or SMTP; 0: any refusal, 400 and above */
    const char *says; /* stands in what the service says, or is its code; NULL: whatever it says */
    bool is_edit;     /* only of an edit */
    enum channel_outcome outcome;
    const char *advice; /* what a person can do, as the end of a sentence; NULL: nothing */
};

struct answer_table {
    const struct answer_row *rows;
    size_t n_rows;
};

/* What the service says for itself; absent what it does not. */
struct answer_said {
    struct slice code; /* for programs: "10015" */
    struct slice text; /* for people */
    int64_t wait_ms;   /* before which it wants nothing; 0: look into Retry-After */
};

/* The body as JSON, or NULL: free it with json_free. */
struct json *answer_json(const struct http_answer *answer);
/* Seconds as services give them (64.57), in milliseconds, rounded up, at most a day; 0 when there are none. */
int64_t answer_wait_ms(const struct json *seconds);
/* Fills `result` for an answer that is no success. Its error never holds `secret`. */
void answer_refused(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                    const struct answer_table *table, const struct answer_said *said,
                    struct slice secret, struct arena *arena, struct channel_result *result);
/* The card or the note was taken. `handle` is copied; absent: the service gives none. */
void answer_sent(const struct channel_call *call, struct slice handle, struct arena *arena,
                 struct channel_result *result);
/* Is it up to 64 ASCII letters and digits, and so fit for a URL? */
bool answer_is_id(struct slice text);
