/* request.h - a webhook request out of a fuzzer's input, and what must be true of the events that it becomes.
 *
 * Header lines (Name: value; access_token stands for that of the query), an empty line, the body. */
#pragma once

#include "tests/fuzz/fuzz.h"
#include "watchers/webhook.h"

#define FUZZ_NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */
#define FUZZ_MAX_HEADERS 16

/* Takes the lines up to the empty one from `rest` into `headers`, of which `request` borrows. */
static inline void fuzz_cut_headers(struct slice *rest, struct webhook_request *request,
                                    struct header headers[FUZZ_MAX_HEADERS])
{
    request->headers = headers;
    while (rest->len && request->n_headers < FUZZ_MAX_HEADERS) {
        struct slice value = slice_cut(rest, '\n');
        struct slice name = slice_cut(&value, ':');

        if (!name.len)
            return;
        if (slice_eq_nocase(name, SLICE("content-type")))
            request->content_type = slice_trim(value);
        if (slice_eq(name, SLICE("access_token")))
            request->access_token = value;
        headers[request->n_headers++] = (struct header){ name, slice_trim(value) };
    }
}

/* Gives the event as JSON, to be freed. */
static inline struct buffer fuzz_event_json(const struct event *event)
{
    struct json_writer writer;
    struct buffer out;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    event_write_json(event, &writer);
    CLAIM(buffer_rc(&out) == RC_OK);
    return out;
}

static inline void fuzz_claim_whole(const struct event *event)
{
    struct buffer json = fuzz_event_json(event);

    fuzz_claim_json(buffer_slice(&json));
    buffer_free(&json);
    for (int i = 0; i < EVENT_N_FIELDS; i++)
        CLAIM(event->fields[i].len <= 1024 && slice_is_utf8(event->fields[i]));
    CLAIM(event->door == DOOR_DATA && event->received_ms == FUZZ_NOW_MS);
    CLAIM(event->time_ms > 0 && event->time_ms <= FUZZ_NOW_MS + 60000);
    CLAIM(slice_is_utf8(event->drift));
    CLAIM(!slice_starts(event->fields[FIELD_TYPE], SLICE("vedette.")));
    CLAIM(!slice_starts(event->fields[FIELD_KIND], SLICE("vedette.")));
}
