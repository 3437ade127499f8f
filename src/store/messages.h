/* messages.h - what is shown of a proposal in a channel: one row for each proposal and channel, and the queue of those that owe something.
 *
 * messages:      ULID of the proposal, 8 bytes of SHA-256 over the channel's name -> record of struct message
 * message_queue: 8 bytes of SHA-256 over the channel's name, 8 over its place, u8 lane, u64 sequence number -> key of its message
 *
 * A row is made in the transaction that makes the proposal, and every change of what is shown raises `wanted` in the transaction of that change: a crash
 * leaves both or neither. Only the newest state is owed (edits coalesce); notes, the history in the card's thread, are owed each, in order. A message stands in
 * the queue at one place, with the one thing that it owes next (message_next), so that one proposal's messages never overtake each other and a channel that is
 * away costs disk, not memory.
 *
 * A card or a note that was sent and not answered may have arrived: `sending` is committed before the request leaves and taken back with its answer. Who
 * finds it set (a lost answer, a crash) looks for the message before it is sent again.
 */
#pragma once

#include "src/store/objects.h"

enum message_state {
    MESSAGE_LIVE,
    MESSAGE_DEAD, /* given up, with its error: a dead letter */
    MESSAGE_SKIPPED, /* its proposal was closed before the card could be posted: counted in the digest */
};
extern const char *const message_state_names[];

/* What a message owes next. */
enum message_part {
    MESSAGE_NOTHING,
    MESSAGE_CARD, /* to be posted the first time, or anew */
    MESSAGE_EDIT, /* what is shown has changed */
    MESSAGE_NOTE, /* the oldest of its notes, into the thread */
};
extern const char *const message_part_names[];

/* Lanes of the queue: what has limits of its own. */
enum message_lane {
    MESSAGE_LANE_CARDS,
    MESSAGE_LANE_EDITS,
    MESSAGE_LANE_NOTES,
    MESSAGE_LANE_URGENT, /* cards that no flood of others holds back */
    MESSAGE_N_LANES
};

#define MESSAGE_MAX_NOTES 50 /* owed at a time; what comes then is one note: "and n more" */

struct message_note {
    int64_t number; /* of this message, from 1: what it is found by */
    int64_t at_ms;
    struct slice text; /* plain, one line or more; each channel escapes it as it must */
    bool is_loud;      /* worth being seen in the channel as well, where it can do that */
};

struct message {
    struct ulid proposal;
    struct slice channel; /* its name in `channels:` */
    struct slice place;   /* the conversation as configured; absent: the channel has but one */
    enum message_state state;
    struct slice
        handle; /* the id that the channel gave the card ("1503435956.000247"); absent: not posted */
    struct slice handle_place; /* where it is, as the channel names it */
    int64_t wanted;            /* raised with each change of what is shown */
    int64_t shown;             /* the `wanted` of what was sent last */
    struct slice
        shown_digest; /* the plan that the card shows: a decision in its thread is for this one; absent: nobody can tell */
    int64_t shown_revision;
    int64_t
        shown_ms; /* real time since when: what was said before was said of another plan; 0: from the first */
    bool is_plain;            /* the channel refused the card as it was: smaller, without layout */
    bool is_unthreaded;       /* notes go beside the card */
    int64_t n_edits;          /* since the last note: an edit goes first, but not for ever */
    struct record_list notes; /* struct message_note, owed, oldest first */
    int64_t n_notes;          /* made so far */
    int64_t n_notes_folded;   /* beyond MESSAGE_MAX_NOTES */
    enum message_part sending;
    int64_t sending_note;
    int64_t sent_ms; /* real time at which what is `sending` left */
    int64_t tries;
    int64_t n_lost;     /* answers lost since it was known to have arrived */
    int64_t n_anew;     /* times it was gone, or could not be changed, since it was changed last */
    struct slice error; /* of the last try; absent when it went well */
    int64_t created_ms;
    int64_t owed_ms;            /* since when it has owed something; 0: nothing */
    struct slice taken_over_by; /* the channel that spoke instead */
    uint64_t queue_seq;         /* 0: not in the queue */
    enum message_lane queue_lane;
    bool is_urgent; /* of a critical proposal */
    bool to_back;   /* for message_put: behind all others, also where the lane stays the same */
};
extern const struct record_shape message_shape;

/* What is owed next; MESSAGE_NOTHING for one that is not live. Pure. */
enum message_part message_next(const struct message *message);

enum rc message_get(struct store_txn *txn, struct ulid proposal, struct slice channel,
                    struct arena *arena, struct message *message) MUST_CHECK;
/* Writes it and its place in the queue: behind all others when it owes something else than before. */
enum rc message_put(struct store_txn *txn, struct message *message) MUST_CHECK;
/* All of a proposal: calls `visit` with each until it returns false. A damaged row is passed over and logged. */
enum rc message_each(struct store_txn *txn, struct ulid proposal, struct arena *arena,
                     bool (*visit)(void *context, const struct message *message),
                     void *context) MUST_CHECK;
/* Removes all of a proposal, and their places in the queue. */
enum rc message_delete_all(struct store_txn *txn, struct ulid proposal,
                           struct arena *arena) MUST_CHECK;

/* A destination: one place of one channel, with limits of its own. */
struct message_destination {
    uint8_t bytes[16];
};
/* The first destination behind `*destination` (NULL: the first of all) that has something queued, with its first message. RC_NOT_FOUND at the end. */
enum rc message_next_destination(struct store_txn *txn, const struct message_destination *after,
                                 struct arena *arena, struct message_destination *found,
                                 struct message *first) MUST_CHECK;
/* The first message of a destination's lane with a sequence number above `after`. RC_NOT_FOUND at the end. */
enum rc message_next_queued(struct store_txn *txn, const struct message_destination *destination,
                            enum message_lane lane, uint64_t after, struct arena *arena,
                            struct message *message) MUST_CHECK;

/* What is known of a channel itself, kept over restarts.
 *
 * channel_facts: 8 bytes of SHA-256 over the channel's name -> record of struct channel_facts */
struct channel_facts {
    struct slice channel;
    struct slice team;     /* Slack: the workspace whose people may decide */
    struct slice bot_user; /* ours: what it says is not heard */
    struct slice bot;
    struct slice app;
    int64_t checked_ms;
    int64_t n_skipped; /* proposals that came and went unposted, and are to be told in a digest */
    int64_t n_dead;    /* messages given up since the store was made */
    int64_t
        budget_told_ms; /* real time of the last digest about the review budget's queue; 0: never */
    int64_t budget_gone; /* `n_gone` of budget.h that it told */
    int64_t
        failing_since_ms; /* real time; it was told that it cannot post. 0: it can, as far as was told */
};
extern const struct record_shape channel_facts_shape;
enum rc channel_facts_get(struct store_txn *txn, struct slice channel, struct arena *arena,
                          struct channel_facts *facts) MUST_CHECK;
enum rc channel_facts_put(struct store_txn *txn, const struct channel_facts *facts) MUST_CHECK;

/* Who is in a group that somebody else keeps (a Slack user group).
 *
 * group_members: 8 bytes of SHA-256 over the channel's name, 8 over the group's id there -> record of struct group_members */
struct group_members {
    struct slice channel;
    struct slice group; /* S0123ABCD */
    struct slice_list users;
    int64_t at_ms; /* when it was asked */
};
extern const struct record_shape group_members_shape;
enum rc group_members_get(struct store_txn *txn, struct slice channel, struct slice group,
                          struct arena *arena, struct group_members *members) MUST_CHECK;
enum rc group_members_put(struct store_txn *txn, const struct group_members *members) MUST_CHECK;
