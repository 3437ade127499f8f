/* What could not be used is kept aside; once a rule, a mapping or the program was mended, it is folded as if it came now. */
#include "src/engine/engine_private.h"

static enum rc find_dead(struct turn *turn, struct ulid event, struct journal_entry *entry,
                         struct dead_letter *letter)
{
    uint32_t part;
    enum rc rc = journal_find(turn->txn, event, turn->arena, entry, &part);

    if (rc)
        return rc;
    rc = dead_letter_get(turn->txn, entry->seq, turn->arena, letter);
    /* Folded once already: a second time would count it twice. */
    return rc == RC_NOT_FOUND || (!rc && letter->again.len) ? RC_CONFLICT : rc;
}

static enum rc replay(struct turn *turn, struct ulid event, struct slice who, struct slice via,
                      struct ulid *id)
{
    struct journal_entry entry = { 0 };
    struct dead_letter letter = { 0 };
    struct slice name;
    enum rc rc = find_dead(turn, event, &entry, &letter);

    if (!rc)
        rc = turn_name(turn, "evt_", entry.id, &name);
    if (!rc)
        rc = turn_make_id(turn, id);
    if (!rc)
        rc = turn_name(turn, "evt_", *id, &letter.again);
    /* The letter stays: without it the first would be an event like any other, and who reads all of them would count it twice. */
    if (!rc)
        rc = dead_letter_put(turn->txn, &letter);
    entry.id = *id;
    entry.received_ms = turn->now_ms;
    if (!rc)
        rc = journal_append(turn->txn, &entry);
    return rc ? rc : turn_audit(turn, "replay-event", who, via, name, NULL);
}

enum rc engine_replay_event(struct engine *engine, struct ulid event, struct slice who,
                            struct slice via, int64_t now_ms, struct ulid *id)
{
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = engine_refuse_when_full(turn.txn);
    if (!rc)
        rc = replay(&turn, event, who, via, id);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    if (!rc)
        engine_note_unfolded(engine, engine->n_unfolded + 1);
    return rc;
}
