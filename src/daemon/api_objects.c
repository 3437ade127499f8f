#include "src/daemon/api_objects.h"

#include "src/store/messages.h"

#include <stdio.h>

/* What the signal has become since the proposal was last written: counts never change a revision. */
static enum rc follow_signal(struct store_txn *txn, struct arena *arena, struct proposal *proposal)
{
    struct signal signal = { 0 };
    enum rc rc = signal_get(txn, proposal->signal, arena, &signal);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    if (signal.episode != proposal->episode || proposal_state_is_final(proposal->state))
        return RC_OK;
    proposal->count = signal.count;
    proposal->first_seen_ms = signal.first_seen_ms;
    proposal->last_seen_ms = signal.last_seen_ms;
    return RC_OK;
}

#define OTHERS_MOST 10

static void write_other(const struct signal *signal, struct json_writer *writer)
{
    json_object_begin(writer);
    api_member_id(writer, "signal", "sig_", signal->id);
    json_member_text(writer, "title", signal->title);
    json_member_text(writer, "state", slice_of(signal_state_names[signal->state]));
    json_object_end(writer);
}

/* Of a group: what the first signals beside the one that leads are called, and whether they still fire. */
static enum rc write_others(struct store_txn *txn, const struct proposal *proposal,
                            struct arena *arena, struct json_writer *writer)
{
    size_t n_written = 0;

    if (proposal->signals.n_items < 2)
        return RC_OK;
    json_key(writer, "others");
    json_array_begin(writer);
    for (size_t i = 0; i < proposal->signals.n_items && n_written < OTHERS_MOST; i++) {
        struct signal signal = { 0 };
        enum rc rc;

        if (!ulid_compare(proposal->signals.items[i], proposal->signal))
            continue;
        rc = signal_get(txn, proposal->signals.items[i], arena, &signal);
        if (rc && rc != RC_NOT_FOUND && rc != RC_CORRUPT)
            return rc;
        if (rc)
            continue;
        write_other(&signal, writer);
        n_written++;
    }
    json_array_end(writer);
    return RC_OK;
}

struct message_writing {
    struct json_writer *writer;
    bool has_begun;
};

static bool write_message(void *context, const struct message *message)
{
    struct message_writing *writing = context;
    struct json_writer *writer = writing->writer;

    if (!writing->has_begun) {
        json_key(writer, "messages");
        json_array_begin(writer);
        writing->has_begun = true;
    }
    record_write_json(&message_shape, message, writer);
    return true;
}

/* Where it is posted, and what keeps it from being posted. */
static enum rc write_messages(struct store_txn *txn, struct ulid proposal, struct arena *arena,
                              struct json_writer *writer)
{
    struct message_writing writing = { .writer = writer };
    enum rc rc = message_each(txn, proposal, arena, write_message, &writing);

    if (writing.has_begun)
        json_array_end(writer);
    return rc;
}

enum rc api_write_proposal(struct store_txn *txn, const struct proposal *proposal,
                           struct arena *arena, struct json_writer *writer)
{
    struct proposal shown = *proposal;
    enum rc rc = follow_signal(txn, arena, &shown);

    if (rc)
        return rc;
    record_write_members(&proposal_shape, &shown, writer);
    rc = write_others(txn, &shown, arena, writer);
    return rc ? rc : write_messages(txn, proposal->id, arena, writer);
}

enum rc api_write_proposal_object(struct store_txn *txn, const struct proposal *proposal,
                                  struct arena *arena, struct json_writer *writer)
{
    enum rc rc;

    json_object_begin(writer);
    rc = api_write_proposal(txn, proposal, arena, writer);
    json_object_end(writer);
    return rc;
}

void api_member_id(struct json_writer *writer, const char *name, const char *prefix, struct ulid id)
{
    char text[ULID_TEXT_BYTES];
    char whole[ULID_TEXT_BYTES + 8];

    if (ulid_is_absent(id))
        return;
    snprintf(whole, sizeof whole, "%s%s", prefix, ulid_format(id, text));
    json_member_text(writer, name, slice_of(whole));
}
