/* What the one who posts tells before and after: the life of a message. */
#include "src/engine/engine_private.h"

#include "src/base/crash_point.h"

/* A card that is always gone again right after it was posted is given up. */
#define ANEW_MAX 5
/* So is one whose answer is lost however often it is sent: where nobody can look for it, each time may have left a copy. */
#define LOST_MAX 10

static enum rc end_turn(struct turn *turn, enum rc rc)
{
    if (!rc)
        rc = turn_commit(turn);
    turn_abort(turn);
    return rc;
}

static enum rc load(struct turn *turn, const struct engine_message *ref, struct message *message)
{
    enum rc rc = message_get(turn->txn, ref->proposal, ref->channel, turn->arena, message);

    /* Retention took it, or its row is damaged: either way nothing is owed any more. */
    return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_CONFLICT : rc;
}

static bool is_owed(const struct message *message, const struct engine_message *ref)
{
    const struct message_note *notes = message->notes.items;

    if (message_next(message) != ref->part)
        return false;
    return ref->part != MESSAGE_NOTE || (message->notes.n_items && notes[0].number == ref->note);
}

static enum rc begin_message(struct turn *turn, const struct engine_message *ref, int64_t real_ms)
{
    struct message message;
    enum rc rc = load(turn, ref, &message);

    if (rc)
        return rc;
    if (!is_owed(&message, ref))
        return RC_CONFLICT;
    message.sending = ref->part;
    message.sending_note = ref->note;
    message.sent_ms = real_ms;
    message.tries++;
    return messages_keep(turn, &message);
}

enum rc engine_begin_message(struct engine *engine, const struct engine_message *ref,
                             int64_t real_ms, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = begin_message(&turn, ref, real_ms);
    crash_point(CRASH_MESSAGE_BEFORE_BEGIN);
    rc = end_turn(&turn, rc);
    crash_point(CRASH_MESSAGE_AFTER_BEGIN);
    return rc;
}

/* --- ends --- */

struct ending {
    struct turn *turn;
    struct message *message;
    const struct engine_message_result *result;
};

static enum rc count_dead(const struct ending *ending)
{
    log_error("message given up: %.*s channel=%.*s part=%s", SLICE_ARG(ending->result->error),
              SLICE_ARG(ending->message->channel), message_part_names[ending->result->ref.part]);
    return messages_count_dead(ending->turn, ending->message->channel);
}

/* The first note has gone, one way or the other. */
static void drop_note(struct message *message, int64_t number)
{
    struct message_note *notes = message->notes.items;

    if (!message->notes.n_items || notes[0].number != number)
        return;
    message->notes.items = notes + 1;
    message->notes.n_items--;
    message->n_edits = 0;
    message->to_back = true;
}

static void take_shown(const struct ending *ending)
{
    const struct engine_message_result *result = ending->result;

    if (!slice_eq(ending->message->shown_digest, result->shown_digest))
        ending->message->shown_ms = result->real_ms;
    ending->message->shown = result->shown;
    ending->message->shown_digest = result->shown_digest;
    ending->message->shown_revision = result->shown_revision;
    ending->message->n_edits++;
    ending->message->to_back = true; /* one that always changes lets the others have their turn */
}

static enum rc end_sent(struct ending *ending)
{
    struct message *message = ending->message;
    const struct engine_message_result *result = ending->result;

    message->tries = 0;
    message->n_lost = 0;
    message->error = (struct slice){ 0 };
    if (result->ref.part == MESSAGE_NOTE) {
        drop_note(message, result->ref.note);
        return RC_OK;
    }
    if (result->ref.part == MESSAGE_CARD) {
        message->handle = result->handle;
        message->handle_place = result->place;
        take_shown(ending);
        message->shown_ms = 0; /* nobody wrote below it before it was there */
        return RC_OK;
    }
    message->n_anew = 0;
    take_shown(ending);
    return RC_OK;
}

/* It arrived, but what it shows nobody can tell, and nothing in its thread decides before an edit has followed. */
static enum rc end_found(struct ending *ending)
{
    struct message *message = ending->message;
    enum rc rc = end_sent(ending);

    if (ending->result->ref.part != MESSAGE_CARD)
        return rc;
    message->shown = 0;
    message->shown_digest = (struct slice){ 0 };
    return rc;
}

static enum rc end_again(struct ending *ending)
{
    (void)ending;
    return RC_OK;
}

static enum rc end_anew(struct ending *ending)
{
    struct message *message = ending->message;

    if (++message->n_anew > ANEW_MAX) {
        message->state = MESSAGE_DEAD;
        return count_dead(ending);
    }
    message->handle = (struct slice){ 0 };
    message->handle_place = (struct slice){ 0 };
    message->shown = 0;
    message->shown_digest = (struct slice){ 0 };
    return RC_OK;
}

static enum rc end_dead(struct ending *ending)
{
    struct message *message = ending->message;

    switch ((int)ending->result->ref.part) {
    case MESSAGE_CARD:
        message->state = MESSAGE_DEAD;
        break;
    case MESSAGE_EDIT: /* a card that can be changed no more does not tell the truth any more */
        return end_anew(ending);
    default:
        drop_note(message, ending->result->ref.note);
        break;
    }
    message->sending = MESSAGE_NOTHING;
    message->n_lost = 0;
    message->error = ending->result->error;
    return count_dead(ending);
}

static enum rc end_lost(struct ending *ending)
{
    return ++ending->message->n_lost > LOST_MAX ? end_dead(ending) : RC_OK;
}

static enum rc end_plainer(struct ending *ending)
{
    if (ending->message->is_plain)
        return end_dead(ending);
    ending->message->is_plain = true;
    return RC_OK;
}

static enum rc end_unthreaded(struct ending *ending)
{
    if (ending->message->is_unthreaded)
        return end_dead(ending);
    ending->message->is_unthreaded = true;
    return RC_OK;
}

static enum rc end_message(struct turn *turn, const struct engine_message_result *result)
{
    static const struct {
        enum rc (*end)(struct ending *ending);
        bool may_have_arrived; /* `sending` stays: it is looked for */
    } ways[] = {
        [CHANNEL_SENT] = { end_sent, false },
        [CHANNEL_FOUND] = { end_found, false },
        [CHANNEL_NOT_FOUND] = { end_again, false },
        [CHANNEL_WAIT] = { end_again, false },
        [CHANNEL_RETRY] = { end_again, false },
        [CHANNEL_LOST] = { end_lost, true },
        [CHANNEL_ANEW] = { end_anew, false },
        [CHANNEL_PLAINER] = { end_plainer, false },
        [CHANNEL_UNTHREADED] = { end_unthreaded, false },
        [CHANNEL_STOPPED] = { end_again, false },
        [CHANNEL_CLOSED] = { end_again, false },
        [CHANNEL_DEAD] = { end_dead, false },
    };
    struct message message;
    struct ending ending = { .turn = turn, .message = &message, .result = result };
    enum rc rc = load(turn, &result->ref, &message);

    if (rc)
        return rc == RC_CONFLICT ? RC_OK : rc;
    if (message.sending == result->ref.part && !ways[result->outcome].may_have_arrived)
        message.sending = MESSAGE_NOTHING;
    message.error = result->error;
    rc = ways[result->outcome].end(&ending);
    if (!rc && message.state == MESSAGE_DEAD)
        rc = messages_take_over(turn, &message);
    if (rc && rc != RC_NOT_FOUND)
        return rc;
    return messages_keep(turn, &message);
}

enum rc engine_end_message(struct engine *engine, const struct engine_message_result *result,
                           int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = end_message(&turn, result);
    crash_point(CRASH_MESSAGE_BEFORE_END);
    rc = end_turn(&turn, rc);
    crash_point(CRASH_MESSAGE_AFTER_END);
    return rc;
}

static enum rc take_over(struct turn *turn, const struct engine_message *ref)
{
    struct message message;
    enum rc rc = load(turn, ref, &message);

    return rc ? rc : messages_take_over(turn, &message);
}

enum rc engine_take_over_message(struct engine *engine, struct ulid proposal, struct slice channel,
                                 int64_t now_ms)
{
    const struct engine_message ref = { .proposal = proposal, .channel = channel };
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = take_over(&turn, &ref);
    return end_turn(&turn, rc);
}

static enum rc skip(struct turn *turn, const struct engine_message *ref)
{
    struct channel_facts facts;
    struct message message;
    enum rc rc = load(turn, ref, &message);

    if (rc)
        return rc == RC_CONFLICT ? RC_OK : rc;
    /* What may stand there already is a card like any other, and is kept true. */
    if (message_next(&message) != MESSAGE_CARD || message.sending)
        return RC_OK;
    message.state = MESSAGE_SKIPPED;
    rc = messages_read_facts(turn, message.channel, &facts);
    facts.n_skipped++;
    if (!rc)
        rc = channel_facts_put(turn->txn, &facts);
    return rc ? rc : messages_keep(turn, &message);
}

enum rc engine_skip_message(struct engine *engine, struct ulid proposal, struct slice channel,
                            int64_t now_ms)
{
    const struct engine_message ref = { .proposal = proposal, .channel = channel };
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = skip(&turn, &ref);
    return end_turn(&turn, rc);
}

/* --- channels and their groups --- */

/* Who it is is its own word; what was counted stays ours, less what a digest has just told. */
static enum rc note_channel(struct turn *turn, const struct channel_facts *facts)
{
    struct channel_facts stored;
    enum rc rc = messages_read_facts(turn, facts->channel, &stored);

    if (rc)
        return rc;
    stored.n_skipped =
        facts->n_skipped < stored.n_skipped ? stored.n_skipped - facts->n_skipped : 0;
    if (facts->budget_told_ms) {
        stored.budget_told_ms = facts->budget_told_ms;
        stored.budget_gone = facts->budget_gone;
    }
    if (facts->checked_ms) {
        stored.team = facts->team;
        stored.bot_user = facts->bot_user;
        stored.bot = facts->bot;
        stored.app = facts->app;
        stored.checked_ms = facts->checked_ms;
    }
    return channel_facts_put(turn->txn, &stored);
}

enum rc engine_note_channel(struct engine *engine, const struct channel_facts *facts)
{
    struct turn turn;
    enum rc rc = turn_begin(engine, facts->checked_ms, &turn);

    if (!rc)
        rc = note_channel(&turn, facts);
    return end_turn(&turn, rc);
}

enum rc engine_note_group(struct engine *engine, const struct group_members *members)
{
    struct turn turn;
    enum rc rc = turn_begin(engine, members->at_ms, &turn);

    if (!rc)
        rc = group_members_put(turn.txn, members);
    return end_turn(&turn, rc);
}
