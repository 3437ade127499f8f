/* sender.h - what each webhook sender offers. To add one: copy github.c, add a row in senders.c, give it fixtures and a test.
 *
 * A sender is one const struct: where its event type and delivery id stand, how it proves itself, which headers are worth keeping, and
 * one function that turns a payload into events. */
#pragma once

#include "src/base/document.h"
#include "src/base/event.h"
#include "src/store/journal.h"
#include "watchers/senders/signature.h"

/* What a normaliser gets. */
struct sender_delivery {
    const struct journal_entry *entry;
    const struct json *payload;
    void *options; /* what the sender's `parse` made of its members in the configuration; NULL when it has none */
    struct arena *arena;
};

/* Where it puts its events. `events` are zeroed but for id, door, received_ms, delivery_id, watcher, time_ms (= received) and data (= the payload). */
struct sender_events {
    struct event *items;
    size_t n_items; /* set by the normaliser, at most `n_max` */
    size_t n_max;
    struct json **owned; /* trees the normaliser made (a batch's elements); freed with the events */
    size_t n_owned;
};

struct sender {
    const char *name;             /* `webhook: NAME` */
    const char *title;            /* for people: "GitHub" */
    const char *event_header;     /* NULL: the type stands in the body */
    const char *delivery_header;  /* NULL: none; the body's digest stands in for `dedup` */
    const char *const *kept_headers; /* stored with the delivery; NULL-ended */
    const struct signature_scheme *schemes; /* those it may be configured with, the default first; ended by .name NULL */
    int64_t max_body_bytes;       /* default of `max_body` */
    bool takes_form;              /* application/x-www-form-urlencoded with one `payload` field as well */
    const char *events_to_tick;   /* for `vedette hooks` */
    const char *const *kinds;     /* kinds it can yield; NULL-ended */
    /* Members of the watcher's map that are this sender's own, read into *options; NULL: none. */
    enum rc (*parse)(const struct node *map, struct arena *arena, struct problems *problems, void **options);
    const char *const *members; /* names of those, for the unknown-member check; NULL: none */
    /* How many events the payload is (at most 10,000). */
    size_t (*count)(const struct sender_delivery *delivery);
    enum rc (*normalise)(const struct sender_delivery *delivery, struct sender_events *events);
};

/* NULL when there is none. */
const struct sender *sender_find(struct slice name);
/* All names, NULL-ended, for messages. */
const char *const *sender_names(void);
