#include "src/store/messages.h"

#include "src/base/log.h"
#include "src/store/meta.h"
#include "src/store/store_row.h"

#include <string.h>

#define EDITS_BEFORE_NOTE 3
/* While it is in doubt whether a note arrived: half a minute's worth, which is as long as that may last. */
#define EDITS_IN_DOUBT 30
#define NAME_BYTES 8 /* of SHA-256: names are the operator's own, and there are few */

const char *const message_state_names[] = { "live", "dead", "skipped", NULL };
const char *const message_part_names[] = { "nothing", "card", "edit", "note", NULL };
static const char *const lane_names[] = { "cards", "edits", "notes", "urgent", NULL };

/* clang-format off */
#define AT(member) .offset = offsetof(struct message_note, member)
static const struct record_field note_fields[] = {
    { .tag = 1, .type = RECORD_INT,  .name = "number", AT(number) },
    { .tag = 2, .type = RECORD_TIME, .name = "at", AT(at_ms) },
    { .tag = 3, .type = RECORD_TEXT, .name = "text", AT(text) },
    { .tag = 4, .type = RECORD_BOOL, .name = "loud", AT(is_loud) },
};
#undef AT
static const struct record_shape note_shape = RECORD_SHAPE(message_note, note_fields);

#define AT(member) .offset = offsetof(struct message, member)
static const struct record_field message_fields[] = {
    { .tag = 1,  .type = RECORD_ID,   .prefix = "prp_", AT(proposal) },
    { .tag = 2,  .type = RECORD_TEXT, .name = "channel", AT(channel) },
    { .tag = 3,  .type = RECORD_TEXT, .name = "place", AT(place) },
    { .tag = 4,  .type = RECORD_ENUM, .name = "state", .names = message_state_names, AT(state) },
    { .tag = 5,  .type = RECORD_TEXT, .name = "handle", AT(handle) },
    { .tag = 6,  .type = RECORD_TEXT, AT(handle_place) },
    { .tag = 7,  .type = RECORD_INT,  AT(wanted) },
    { .tag = 8,  .type = RECORD_INT,  AT(shown) },
    { .tag = 9,  .type = RECORD_TEXT, .name = "shown_digest", AT(shown_digest) },
    { .tag = 10, .type = RECORD_INT,  .name = "shown_revision", AT(shown_revision) },
    { .tag = 11, .type = RECORD_BOOL, .name = "plain", AT(is_plain) },
    { .tag = 12, .type = RECORD_BOOL, .name = "unthreaded", AT(is_unthreaded) },
    { .tag = 13, .type = RECORD_INT,  AT(n_edits) },
    { .tag = 14, .type = RECORD_LIST, .shape = &note_shape, AT(notes) },
    { .tag = 15, .type = RECORD_INT,  AT(n_notes) },
    { .tag = 16, .type = RECORD_INT,  AT(n_notes_folded) },
    { .tag = 17, .type = RECORD_ENUM, .names = message_part_names, AT(sending) },
    { .tag = 18, .type = RECORD_INT,  AT(sending_note) },
    { .tag = 19, .type = RECORD_TIME, AT(sent_ms) },
    { .tag = 20, .type = RECORD_INT,  .name = "tries", AT(tries) },
    { .tag = 21, .type = RECORD_TEXT, .name = "error", AT(error) },
    { .tag = 22, .type = RECORD_TIME, .name = "created", AT(created_ms) },
    { .tag = 23, .type = RECORD_TIME, .name = "owed", AT(owed_ms) },
    { .tag = 24, .type = RECORD_TEXT, .name = "taken_over_by", AT(taken_over_by) },
    { .tag = 25, .type = RECORD_INT,  AT(queue_seq) },
    { .tag = 26, .type = RECORD_ENUM, .names = lane_names, AT(queue_lane) },
    { .tag = 27, .type = RECORD_TIME, AT(shown_ms) },
    { .tag = 28, .type = RECORD_INT,  AT(n_lost) },
    { .tag = 29, .type = RECORD_INT,  AT(n_anew) },
    { .tag = 30, .type = RECORD_BOOL, AT(is_urgent) },
};
#undef AT
const struct record_shape message_shape = RECORD_SHAPE(message, message_fields);

#define AT(member) .offset = offsetof(struct channel_facts, member)
static const struct record_field facts_fields[] = {
    { .tag = 1,  .type = RECORD_TEXT, .name = "channel", AT(channel) },
    { .tag = 2,  .type = RECORD_TEXT, .name = "team", AT(team) },
    { .tag = 3,  .type = RECORD_TEXT, .name = "bot_user", AT(bot_user) },
    { .tag = 4,  .type = RECORD_TEXT, .name = "bot", AT(bot) },
    { .tag = 5,  .type = RECORD_TEXT, .name = "app", AT(app) },
    { .tag = 6,  .type = RECORD_TIME, .name = "checked", AT(checked_ms) },
    { .tag = 7,  .type = RECORD_INT,  .name = "skipped", AT(n_skipped) },
    { .tag = 8,  .type = RECORD_INT,  .name = "dead", AT(n_dead) },
    { .tag = 9,  .type = RECORD_TIME, .name = "budget_told", AT(budget_told_ms) },
    { .tag = 10, .type = RECORD_INT,  .name = "budget_gone", AT(budget_gone) },
    { .tag = 11, .type = RECORD_TIME, .name = "failing_since", AT(failing_since_ms) },
};
#undef AT
const struct record_shape channel_facts_shape = RECORD_SHAPE(channel_facts, facts_fields);

#define AT(member) .offset = offsetof(struct group_members, member)
static const struct record_field members_fields[] = {
    { .tag = 1, .type = RECORD_TEXT,  .name = "channel", AT(channel) },
    { .tag = 2, .type = RECORD_TEXT,  .name = "group", AT(group) },
    { .tag = 3, .type = RECORD_TEXTS, .name = "users", AT(users) },
    { .tag = 4, .type = RECORD_TIME,  .name = "at", AT(at_ms) },
};
#undef AT
/* clang-format on */
const struct record_shape group_members_shape = RECORD_SHAPE(group_members, members_fields);

/* --- what is owed --- */

enum message_part message_next(const struct message *message)
{
    bool edit_owed = message->wanted > message->shown;
    bool note_owed = message->notes.n_items != 0;
    /* One that may have arrived is settled before the next, and keeps nobody from seeing how things stand. */
    int64_t n_edits_first = message->sending == MESSAGE_NOTE ? EDITS_IN_DOUBT : EDITS_BEFORE_NOTE;

    if (message->state != MESSAGE_LIVE)
        return MESSAGE_NOTHING;
    if (message->sending == MESSAGE_CARD || slice_is_absent(message->handle))
        return MESSAGE_CARD;
    if (edit_owed && (!note_owed || message->n_edits < n_edits_first))
        return MESSAGE_EDIT;
    return note_owed ? MESSAGE_NOTE : MESSAGE_NOTHING;
}

static enum message_lane lane_of(const struct message *message, enum message_part part)
{
    static const enum message_lane lanes[] = { [MESSAGE_CARD] = MESSAGE_LANE_CARDS,
                                               [MESSAGE_EDIT] = MESSAGE_LANE_EDITS,
                                               [MESSAGE_NOTE] = MESSAGE_LANE_NOTES };

    return part == MESSAGE_CARD && message->is_urgent ? MESSAGE_LANE_URGENT : lanes[part];
}

/* --- keys --- */

static enum rc add_name(struct store_key *key, struct slice name)
{
    struct sha256 digest;
    enum rc rc = sha256_of(name, &digest);

    if (!rc)
        key_add(key, digest.bytes, NAME_BYTES);
    return rc;
}

static enum rc message_key(struct ulid proposal, struct slice channel, struct store_key *key)
{
    *key = key_of_ulid(proposal);
    return add_name(key, channel);
}

/* A message without a place stands under the digest of no text. */
static enum rc queue_key(const struct message *message, struct store_key *key)
{
    enum rc rc;

    *key = (struct store_key){ 0 };
    rc = add_name(key, message->channel);
    if (!rc)
        rc = add_name(key, message->place);
    if (rc)
        return rc;
    key_add_byte(key, (uint8_t)message->queue_lane);
    key_add_u64(key, message->queue_seq);
    return RC_OK;
}

/* --- rows --- */

enum rc message_get(struct store_txn *txn, struct ulid proposal, struct slice channel,
                    struct arena *arena, struct message *message)
{
    struct store_key key;
    enum rc rc = message_key(proposal, channel, &key);

    *message = (struct message){ 0 };
    return rc ? rc : row_get(txn, TABLE_MESSAGES, &message_shape, key, arena, message);
}

static enum rc leave_queue(struct store_txn *txn, struct message *message)
{
    struct store_key key;
    enum rc rc;

    if (!message->queue_seq)
        return RC_OK;
    rc = queue_key(message, &key);
    if (!rc)
        rc = row_forget(txn, TABLE_MESSAGE_QUEUE, key);
    message->queue_seq = 0;
    return rc;
}

static enum rc join_queue(struct store_txn *txn, struct message *message, enum message_lane lane)
{
    struct store_key key, place;
    enum rc rc = meta_next(txn, META_MESSAGE_SEQUENCE, &message->queue_seq);

    message->queue_lane = lane;
    if (!rc)
        rc = message_key(message->proposal, message->channel, &key);
    if (!rc)
        rc = queue_key(message, &place);
    return rc ? rc : store_put(txn, TABLE_MESSAGE_QUEUE, key_slice(&place), key_slice(&key));
}

static enum rc place_in_queue(struct store_txn *txn, struct message *message)
{
    enum message_part part = message_next(message);
    enum message_lane lane = lane_of(message, part);
    enum rc rc;

    if (part && message->queue_seq && message->queue_lane == lane && !message->to_back)
        return RC_OK;
    rc = leave_queue(txn, message);
    message->to_back = false;
    return rc || !part ? rc : join_queue(txn, message, lane);
}

enum rc message_put(struct store_txn *txn, struct message *message)
{
    struct store_key key;
    enum rc rc = place_in_queue(txn, message);

    if (!rc)
        rc = message_key(message->proposal, message->channel, &key);
    return rc ? rc : row_put(txn, TABLE_MESSAGES, &message_shape, key, message);
}

/* The row of the proposal at `*key` or behind it; its key is left in `*key`. */
static enum rc next_of_proposal(struct store_txn *txn, struct ulid proposal, struct store_key *key,
                                struct slice *record)
{
    struct slice found, rest;
    struct ulid owner;
    enum rc rc = row_at_or_after(txn, TABLE_MESSAGES, *key, &found, record);

    if (rc)
        return rc;
    rest = found;
    if (!key_read_ulid(&rest, &owner) || ulid_compare(owner, proposal))
        return RC_NOT_FOUND;
    return key_copy(found, key);
}

enum rc message_each(struct store_txn *txn, struct ulid proposal, struct arena *arena,
                     bool (*visit)(void *context, const struct message *message), void *context)
{
    struct store_key key = key_of_ulid(proposal);
    struct slice record;
    enum rc rc;

    while (!(rc = next_of_proposal(txn, proposal, &key, &record))) {
        struct message message = { 0 };

        rc = record_decode(&message_shape, record, arena, &message);
        key_add_byte(&key, 0);
        if (rc == RC_CORRUPT) {
            log_error("damaged row passed over table=messages");
            continue;
        }
        if (rc || !visit(context, &message))
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc message_delete_all(struct store_txn *txn, struct ulid proposal, struct arena *arena)
{
    struct store_key key = key_of_ulid(proposal);
    struct slice record;
    enum rc rc;

    while (!(rc = next_of_proposal(txn, proposal, &key, &record))) {
        struct message message = { 0 };

        rc = record_decode(&message_shape, record, arena, &message);
        /* A damaged row goes as well; its place in the queue is passed over by whoever finds it. */
        if (!rc)
            rc = leave_queue(txn, &message);
        if (!rc || rc == RC_CORRUPT)
            rc = row_forget(txn, TABLE_MESSAGES, key);
        if (rc)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- the queue --- */

struct queue_place {
    struct message_destination destination;
    uint8_t lane;
    uint64_t seq;
};

static bool read_place(struct slice key, struct queue_place *place)
{
    return key_read(&key, place->destination.bytes, sizeof place->destination.bytes) &&
           key_read_byte(&key, &place->lane) && key_read_u64(&key, &place->seq);
}

static enum rc load_queued(struct store_txn *txn, struct slice value, struct arena *arena,
                           struct message *message)
{
    struct store_key key;
    enum rc rc = key_copy(value, &key);

    *message = (struct message){ 0 };
    return rc ? rc : row_get(txn, TABLE_MESSAGES, &message_shape, key, arena, message);
}

/* The first place at `from` or behind it whose message can be read: one without its message tells nothing, and holds up nobody. */
static enum rc next_place(struct store_txn *txn, struct store_key from, struct arena *arena,
                          struct queue_place *place, struct message *message)
{
    struct slice key, value;
    enum rc rc;

    while (!(rc = row_at_or_after(txn, TABLE_MESSAGE_QUEUE, from, &key, &value))) {
        if (!read_place(key, place))
            return RC_CORRUPT;
        rc = load_queued(txn, value, arena, message);
        if (rc != RC_NOT_FOUND && rc != RC_CORRUPT)
            return rc;
        rc = key_copy(key, &from);
        if (rc)
            return rc;
        key_add_byte(&from, 0);
    }
    return rc;
}

enum rc message_next_destination(struct store_txn *txn, const struct message_destination *after,
                                 struct arena *arena, struct message_destination *found,
                                 struct message *first)
{
    struct store_key from = { 0 };
    struct queue_place place;
    enum rc rc;

    if (after) {
        key_add(&from, after->bytes, sizeof after->bytes);
        key_add_byte(&from, UINT8_MAX); /* behind every lane */
    } else {
        key_add_byte(&from, 0);
    }
    rc = next_place(txn, from, arena, &place, first);
    if (!rc)
        *found = place.destination;
    return rc;
}

enum rc message_next_queued(struct store_txn *txn, const struct message_destination *destination,
                            enum message_lane lane, uint64_t after, struct arena *arena,
                            struct message *message)
{
    struct store_key from = { 0 };
    struct queue_place place;
    enum rc rc;

    key_add(&from, destination->bytes, sizeof destination->bytes);
    key_add_byte(&from, (uint8_t)lane);
    key_add_u64(&from, after + 1);
    rc = next_place(txn, from, arena, &place, message);
    if (rc)
        return rc;
    return place.lane == (uint8_t)lane &&
                   !memcmp(place.destination.bytes, destination->bytes, sizeof destination->bytes)
               ? RC_OK
               : RC_NOT_FOUND;
}

/* --- channels and their groups --- */

enum rc channel_facts_get(struct store_txn *txn, struct slice channel, struct arena *arena,
                          struct channel_facts *facts)
{
    struct store_key key = { 0 };
    enum rc rc = add_name(&key, channel);

    *facts = (struct channel_facts){ 0 };
    return rc ? rc : row_get(txn, TABLE_CHANNEL_FACTS, &channel_facts_shape, key, arena, facts);
}

enum rc channel_facts_put(struct store_txn *txn, const struct channel_facts *facts)
{
    struct store_key key = { 0 };
    enum rc rc = add_name(&key, facts->channel);

    return rc ? rc : row_put(txn, TABLE_CHANNEL_FACTS, &channel_facts_shape, key, facts);
}

static enum rc members_key(struct slice channel, struct slice group, struct store_key *key)
{
    enum rc rc;

    *key = (struct store_key){ 0 };
    rc = add_name(key, channel);
    return rc ? rc : add_name(key, group);
}

enum rc group_members_get(struct store_txn *txn, struct slice channel, struct slice group,
                          struct arena *arena, struct group_members *members)
{
    struct store_key key;
    enum rc rc = members_key(channel, group, &key);

    *members = (struct group_members){ 0 };
    return rc ? rc : row_get(txn, TABLE_GROUP_MEMBERS, &group_members_shape, key, arena, members);
}

enum rc group_members_put(struct store_txn *txn, const struct group_members *members)
{
    struct store_key key;
    enum rc rc = members_key(members->channel, members->group, &key);

    return rc ? rc : row_put(txn, TABLE_GROUP_MEMBERS, &group_members_shape, key, members);
}
