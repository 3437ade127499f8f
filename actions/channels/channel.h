/* channel.h - a place where proposals are posted, and perhaps decided: what each kind offers. To add one: copy teams.c, declare it in kinds.h, add a row in channels.c, test
 * it as test_teams.c does (other_channel.h).
 *
 * A kind makes requests and reads answers; it never sends, sleeps or stores. Who sends is src/daemon/posting.c: one queue for each destination, in order,
 * within the limits below. What is owed is in the store (src/store/messages.h). */
#pragma once

#include "actions/channels/card.h"
#include "src/base/document.h"
#include "src/base/http_client.h"
#include "src/store/messages.h"

/* A rule's or a group's proposals go to a place of their own: the first route that fits. */
struct channel_route {
    struct slice_list rules;  /* ids and globs; empty: any */
    struct slice_list groups; /* one of the approvers' groups or people; empty: any */
    struct slice place;
};

/* One of `channels:`. Immutable once loaded. */
struct channel {
    struct slice name;
    const struct channel_kind *kind;
    struct slice_list rules; /* ids and globs of the rules that it is for; empty: all */
    enum severity severity;  /* at least this severe */
    struct slice
        fallback; /* the channel that speaks for a critical proposal while this one cannot; absent: the next one of the file */
    bool standby; /* gets only what another channel could not deliver */
    struct slice place; /* the conversation where no route says another */
    struct channel_route *routes;
    size_t n_routes;
    struct slice base_url; /* without a slash at its end */
    struct slice token;    /* the secret it speaks with; absent where the address is the secret */
    void *own;             /* what the kind's `load` kept */
};

/* While it is loaded: where secrets are, and whether to read them. */
struct channel_place {
    struct slice base_dir;
    bool resolve_secrets;
    struct arena *arena;
    struct problems *problems;
};

/* One request to be made. */
struct channel_call {
    const struct channel *channel;
    const struct message *message;
    enum message_part part;
    bool is_search;          /* look for `part`, which may have arrived, instead of sending it */
    const struct card *card; /* CARD, EDIT; of a NOTE for its title, or NULL */
    const struct message_note *note; /* NOTE */
    int64_t now_ms;
};

enum channel_outcome {
    CHANNEL_SENT,       /* done; `handle` and `place` of a card */
    CHANNEL_FOUND,      /* a search found it: likewise */
    CHANNEL_NOT_FOUND,  /* a search that could look found nothing */
    CHANNEL_WAIT,       /* too fast: not before `wait_ms` from now, this lane of this destination */
    CHANNEL_RETRY,      /* nothing arrived: again, with backoff */
    CHANNEL_LOST,       /* it may have arrived: look first, or send again where nobody can look */
    CHANNEL_ANEW,       /* the card is gone or may not be changed: post another one */
    CHANNEL_PLAINER,    /* refused as it is: again, smaller and plain; a second time it is dead */
    CHANNEL_UNTHREADED, /* no thread here: the note beside the card */
    CHANNEL_STOPPED, /* the whole channel is refused (token, scope): loud, kept, tried again slowly and after a reload */
    CHANNEL_CLOSED, /* this place is refused (gone, archived, not invited): likewise, for the place */
    CHANNEL_DEAD,   /* this message alone will never be taken: a dead letter */
};
extern const char *const channel_outcome_names[];

struct channel_result {
    enum channel_outcome outcome;
    struct slice handle, place; /* in the caller's arena */
    struct slice error; /* what the channel said, and what to do: for log, status and page */
    int64_t wait_ms;
};

/* What a channel may be sent, as a token bucket: `burst` at once, then one every `interval_ms`. */
struct channel_rate {
    int64_t burst;
    int64_t interval_ms;
};

struct channel_kind {
    const char *name;  /* `kind:`, and the default of a channel of this name */
    const char *title; /* for people: "Slack" */
    bool decides;      /* people decide here; else the message links to the page */
    bool edits;        /* a card can be changed in place; else changes are notes */
    bool searches;     /* can look for what may have arrived */
    struct channel_rate cards, edits_rate,
        notes; /* cards and notes for each destination, edits for the channel */
    const struct setting
        *members; /* its own besides the common ones; what `load` reads by itself are NODEs */
    size_t n_members;
    /* Checks and keeps its own members: `own`, `place`, `base_url`, `token`, `routes`. `map` holds these alone: the common ones and the unknown ones were read. RC_INVALID
     * after adding to the problems. */
    enum rc (*load)(const struct node *map, const struct channel_place *where,
                    struct channel *channel);
    /* The request for `call`, all of it in `arena`. RC_NOT_FOUND: nothing to be sent (an edit here is nothing). */
    enum rc (*request)(const struct channel_call *call, struct arena *arena,
                       struct http_request *request);
    /* What came of it: `rc` and `answer` are http_perform's. */
    void (*read)(const struct channel_call *call, enum rc rc, const struct http_answer *answer,
                 struct arena *arena, struct channel_result *result);
};

extern const struct channel_kind channel_slack;
