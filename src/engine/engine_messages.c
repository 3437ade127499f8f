#include "src/engine/engine_private.h"

#include <stdarg.h>

#define FLAPS_LOOKED_AT 10
#define FLAPS_WITHIN_MS DAY_MS
#define FLAPS_AT_LEAST 3

/* --- the rows of a proposal --- */

struct message_rows {
    struct arena *arena;
    struct message *items;
    size_t n_items, n_room;
    enum rc rc;
};

static bool keep_row(void *context, const struct message *message)
{
    struct message_rows *rows = context;

    if (rows->n_items == rows->n_room) {
        struct message *more = arena_alloc(rows->arena, 2 * rows->n_room + 4, sizeof *more);

        if (!more) {
            rows->rc = RC_NO_MEMORY;
            return false;
        }
        if (rows->n_items)
            memcpy(more, rows->items, rows->n_items * sizeof *more);
        rows->n_room = 2 * rows->n_room + 4;
        rows->items = more;
    }
    rows->items[rows->n_items++] = *message;
    return true;
}

/* All are read before one is written: a walk does not like a table that changes under it. */
static enum rc load_rows(struct turn *turn, struct ulid proposal, struct message_rows *rows)
{
    enum rc rc;

    *rows = (struct message_rows){ .arena = turn->arena };
    rc = message_each(turn->txn, proposal, turn->arena, keep_row, rows);
    return rc ? rc : rows->rc;
}

enum rc messages_keep(struct turn *turn, struct message *message)
{
    if (!message_next(message))
        message->owed_ms = 0;
    else if (!message->owed_ms)
        message->owed_ms = turn->real_ms;
    turn->messages_owed = true;
    return message_put(turn->txn, message);
}

/* --- made --- */

static enum rc open_row(struct turn *turn, const struct channel *channel,
                        const struct proposal *proposal, struct slice place)
{
    struct message message = { .proposal = proposal->id,
                               .channel = channel->name,
                               .place = place,
                               .wanted = 1,
                               .is_urgent = proposal->severity == SEVERITY_CRITICAL,
                               .created_ms = turn->now_ms };

    return messages_keep(turn, &message);
}

/* How many proposals of this signal were made within a day, this one included. */
static enum rc count_recent(struct turn *turn, const struct proposal *proposal, size_t *n_recent)
{
    struct ulid_list ids = { 0 };
    enum rc rc = proposal_list_of_signal(turn->txn, proposal->fingerprint, FLAPS_LOOKED_AT,
                                         turn->arena, &ids);

    *n_recent = 0;
    for (size_t i = 0; i < ids.n_items && !rc; i++)
        *n_recent += ulid_time_ms(ids.items[i]) > turn->now_ms - FLAPS_WITHIN_MS;
    return rc;
}

static enum rc tell_of_flapping(struct turn *turn, const struct proposal *proposal)
{
    size_t n_recent;
    enum rc rc = count_recent(turn, proposal, &n_recent);

    if (rc || n_recent < FLAPS_AT_LEAST)
        return rc;
    return messages_note(turn, proposal->id, false,
                         "flapping: %zu proposals for this signal within a day", n_recent);
}

enum rc messages_open(struct turn *turn, const struct proposal *proposal)
{
    const struct channels *channels = turn->engine->config->channels;
    const struct channel *channel;
    enum rc rc = RC_OK;

    if (turn->engine->deterministic)
        return RC_OK;
    for (size_t i = 0; (channel = channels_at(channels, i)) && !rc; i++) {
        struct slice place = { 0 };

        if (!channel->standby && channel_wants(channel, proposal, &place))
            rc = open_row(turn, channel, proposal, place);
    }
    if (!rc)
        rc = tell_of_flapping(turn, proposal);
    if (!rc && !ulid_is_absent(proposal->earlier))
        rc = messages_note(turn, proposal->earlier, false, "fires again: proposal %.*s",
                           SLICE_ARG(proposal->short_id));
    return rc;
}

/* --- another configuration --- */

static bool has_new_channel(const struct channels *before, const struct channels *now)
{
    const struct channel *channel;

    for (size_t i = 0; (channel = channels_at(now, i)); i++)
        if (!channels_find(before, channel->name))
            return true;
    return false;
}

enum rc messages_open_missing(struct turn *turn, const struct proposal *proposal)
{
    const struct channels *channels = turn->engine->config->channels;
    const struct channel *channel;
    enum rc rc = RC_OK;

    if (turn->engine->deterministic)
        return RC_OK;
    for (size_t i = 0; (channel = channels_at(channels, i)) && !rc; i++) {
        struct slice place = { 0 };
        struct message there;

        if (channel->standby || !channel_wants(channel, proposal, &place))
            continue;
        rc = message_get(turn->txn, proposal->id, channel->name, turn->arena, &there);
        if (rc == RC_NOT_FOUND)
            rc = open_row(turn, channel, proposal, place);
    }
    return rc == RC_CORRUPT ? RC_OK : rc;
}

enum rc messages_follow_config(struct turn *turn, const struct config *before)
{
    struct ulid_list ids = { 0 };
    enum rc rc;

    if (turn->engine->deterministic ||
        !has_new_channel(before->channels, turn->engine->config->channels))
        return RC_OK;
    rc = proposals_list_going(turn, &ids);
    /* The newest stands first; people read them in the order of their making. */
    for (size_t i = ids.n_items; i > 0 && !rc; i--) {
        struct proposal proposal = { 0 };

        rc = proposal_get(turn->txn, ids.items[i - 1], turn->arena, &proposal);
        if (!rc)
            rc = messages_open_missing(turn, &proposal);
        else if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
            rc = RC_OK;
    }
    return rc;
}

/* --- changed --- */

enum rc messages_changed(struct turn *turn, struct ulid proposal)
{
    struct message_rows rows = { 0 };
    enum rc rc = turn->engine->deterministic ? RC_OK : load_rows(turn, proposal, &rows);

    for (size_t i = 0; i < rows.n_items && !rc; i++) {
        rows.items[i].wanted++;
        rc = messages_keep(turn, &rows.items[i]);
    }
    return rc;
}

/* The last one then stands for those that found no room. */
static enum rc fold_note(struct turn *turn, struct message *message, struct slice text)
{
    struct message_note *notes = message->notes.items;
    struct message_note *last = &notes[message->notes.n_items - 1];

    message->n_notes_folded++;
    last->at_ms = turn->now_ms;
    return arena_format(turn->arena, &last->text, "%lld more happened meanwhile; the last: %.*s",
                        (long long)message->n_notes_folded, SLICE_ARG(text));
}

static enum rc add_note(struct turn *turn, struct message *message, bool is_loud, struct slice text)
{
    size_t n_notes = message->notes.n_items;
    struct message_note *notes;

    if (n_notes >= MESSAGE_MAX_NOTES)
        return fold_note(turn, message, text);
    notes = arena_alloc(turn->arena, n_notes + 1, sizeof *notes);
    if (!notes)
        return RC_NO_MEMORY;
    if (n_notes)
        memcpy(notes, message->notes.items, n_notes * sizeof *notes);
    if (!n_notes)
        message->n_notes_folded = 0;
    notes[n_notes] = (struct message_note){
        .number = ++message->n_notes, .at_ms = turn->now_ms, .text = text, .is_loud = is_loud
    };
    message->notes = (struct record_list){ .items = notes, .n_items = n_notes + 1 };
    return RC_OK;
}

enum rc messages_note(struct turn *turn, struct ulid proposal, bool is_loud, const char *format,
                      ...)
{
    struct message_rows rows = { 0 };
    struct slice text;
    va_list arguments;
    enum rc rc;

    if (turn->engine->deterministic)
        return RC_OK;
    rc = load_rows(turn, proposal, &rows);
    if (rc || !rows.n_items)
        return rc;
    va_start(arguments, format);
    rc = arena_vformat(turn->arena, &text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < rows.n_items && !rc; i++) {
        if (rows.items[i].state != MESSAGE_LIVE)
            continue;
        rc = add_note(turn, &rows.items[i], is_loud, text);
        if (!rc)
            rc = messages_keep(turn, &rows.items[i]);
    }
    return rc;
}

/* --- what is worth saying --- */

/* Those that want somebody to look are loud; what a decision brought about has been told with the decision. */
static const struct {
    bool is_told, is_loud;
} ends[PROPOSAL_STATES] = {
    [PROPOSAL_VERIFIED] = { .is_told = true },
    [PROPOSAL_RECURRED] = { .is_told = true, .is_loud = true },
    [PROPOSAL_INCONCLUSIVE] = { .is_told = true },
    [PROPOSAL_DONE] = { .is_told = true },
    [PROPOSAL_FAILED] = { .is_told = true, .is_loud = true },
    [PROPOSAL_UNKNOWN] = { .is_told = true, .is_loud = true },
    [PROPOSAL_STALE] = { .is_told = true },
    [PROPOSAL_EXPIRED] = { .is_told = true },
    [PROPOSAL_WITHDRAWN] = { .is_told = true },
    [PROPOSAL_SUPERSEDED] = { .is_told = true },
    [PROPOSAL_UNDONE] = { .is_told = true },
    [PROPOSAL_UNDO_FAILED] = { .is_told = true, .is_loud = true },
    [PROPOSAL_UNDO_UNKNOWN] = { .is_told = true, .is_loud = true },
};

enum rc messages_tell_state(struct turn *turn, const struct proposal *proposal)
{
    if (!ends[proposal->state].is_told)
        return RC_OK;
    return messages_note(turn, proposal->id, ends[proposal->state].is_loud, "%s: %.*s",
                         proposal_state_names[proposal->state], SLICE_ARG(proposal->outcome));
}

enum rc messages_tell_edit(struct turn *turn, const struct proposal *proposal)
{
    return messages_note(turn, proposal->id, false, "%.*s; revision %lld waits for a decision",
                         SLICE_ARG(proposal->edited), (long long)proposal->revision);
}

/* `approved` is said once it is: of one approval of several, which they are. */
static enum rc tell_approval(struct turn *turn, const struct proposal *proposal,
                             const struct decision *approval)
{
    return messages_note(turn, proposal->id, false, "%.*s approved (%zu of %lld)",
                         SLICE_ARG(approval->by), proposal_count_approvals(proposal),
                         (long long)proposal->approvers.need);
}

enum rc messages_tell_decision(struct turn *turn, const struct proposal *proposal)
{
    const struct decision *decisions = proposal->decisions.items, *last;
    struct slice text;
    enum rc rc;

    if (!proposal->decisions.n_items)
        return RC_OK;
    last = &decisions[proposal->decisions.n_items - 1];
    if (last->verdict == VERDICT_EDIT)
        return messages_tell_edit(turn, proposal);
    if (last->verdict == VERDICT_APPROVE && proposal->state == PROPOSAL_OPEN)
        return tell_approval(turn, proposal, last);
    rc = decision_describe(last, turn->arena, &text);
    return rc ? rc : messages_note(turn, proposal->id, false, "%.*s", SLICE_ARG(text));
}

enum rc messages_tell_step(struct turn *turn, const struct proposal *proposal, size_t part)
{
    const struct step *step = (const struct step *)proposal->plan.items + part;

    /* One that is not done ends the plan, and the end is told with its reason (messages_tell_state). */
    if (step->state != STEP_DONE)
        return RC_OK;
    return messages_note(turn, proposal->id, false, "step %zu of %zu (%.*s): done", part + 1,
                         proposal->plan.n_items, SLICE_ARG(step->action));
}

/* 2, 3, 5, 10, 20, 30, 50, 100, …: often enough to be true, seldom enough to be quiet. */
static bool is_milestone(int64_t count)
{
    while (count >= 10 && count % 10 == 0)
        count /= 10;
    return count == 1 || count == 2 || count == 3 || count == 5;
}

/* 10, 100, 1000, … */
static bool is_power_of_ten(int64_t count)
{
    if (count < 10)
        return false;
    while (count % 10 == 0)
        count /= 10;
    return count == 1;
}

/* Of a group the count is that of the signal that leads. */
static enum rc leads(struct turn *turn, const struct signal *signal, bool *leading)
{
    struct proposal proposal = { 0 };
    enum rc rc;

    *leading = true;
    if (ulid_is_absent(signal->group))
        return RC_OK;
    rc = proposal_get(turn->txn, signal->proposal, turn->arena, &proposal);
    *leading = !rc && !ulid_compare(proposal.signal, signal->id);
    return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

enum rc messages_tell_count(struct turn *turn, const struct signal *signal)
{
    bool leading = true;
    enum rc rc;

    if (signal->attention != ATTENTION_PROPOSAL && signal->attention != ATTENTION_VERIFYING)
        return RC_OK;
    if (!is_milestone(signal->count))
        return RC_OK;
    rc = leads(turn, signal, &leading);
    if (rc || !leading)
        return rc;
    rc = messages_changed(turn, signal->proposal);
    if (rc || !is_power_of_ten(signal->count))
        return rc;
    return messages_note(turn, signal->proposal, false, "still firing: seen %lld times",
                         (long long)signal->count);
}

/* Its end has the reason already. */
static bool ended_by_resolve(const struct turn *turn, const struct proposal *proposal)
{
    return proposal->closed_ms == turn->now_ms &&
           (proposal->state == PROPOSAL_WITHDRAWN || proposal->state == PROPOSAL_STALE ||
            proposal->state == PROPOSAL_VERIFIED);
}

static enum rc word_resolved(struct turn *turn, const struct signal *signal, struct slice *text)
{
    static const struct {
        struct slice by;
        const char *text;
    } ways[] = {
        { { "event", 5 }, "well again: its source says so" },
        { { "quiet", 5 }, "well again: it stayed quiet" },
        { { "verification", 12 }, "well again: it was verified" },
        { { "rule removed", 12 }, "no longer watched: its rule was removed" },
    };

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        *text = slice_of(ways[i].text);
        if (slice_eq(signal->resolved_by, ways[i].by))
            return RC_OK;
    }
    return arena_format(turn->arena, text, "well again, says %.*s", SLICE_ARG(signal->resolved_by));
}

/* Of several, and of one that is out of it, it says which one. */
static enum rc tell_resolved(struct turn *turn, const struct signal *signal,
                             const struct proposal *proposal)
{
    struct slice text;
    enum rc rc = word_resolved(turn, signal, &text);

    if (rc)
        return rc;
    if (proposal->signals.n_items < 2 && !ulid_compare(proposal->signal, signal->id))
        return messages_note(turn, proposal->id, false, "%.*s", SLICE_ARG(text));
    return messages_note(turn, proposal->id, false, "\"%.*s\" is %.*s", SLICE_ARG(signal->title),
                         SLICE_ARG(text));
}

/* Is it about this episode? That of a signal that does not lead is known by its task: a new one has none yet. */
static bool is_of_episode(const struct proposal *proposal, const struct signal *signal)
{
    return ulid_compare(proposal->signal, signal->id) ? !ulid_is_absent(signal->task)
                                                      : proposal->episode == signal->episode;
}

/* Nothing is told of the end of what this resolve ends, nor of a signal that does not lead where that goes on. It says nothing of one that was out of it before. */
static bool tells_itself(const struct proposal *proposal, const struct signal *signal,
                         enum attention attention)
{
    bool leads = !ulid_compare(proposal->signal, signal->id);

    if (attention != ATTENTION_PROPOSAL)
        return false;
    return proposal->state == PROPOSAL_OPEN || (leads && proposal->state == PROPOSAL_APPROVED);
}

enum rc messages_tell_resolved(struct turn *turn, const struct signal *signal,
                               enum attention attention)
{
    struct proposal proposal = { 0 };
    enum rc rc;

    if (turn->engine->deterministic || ulid_is_absent(signal->proposal))
        return RC_OK;
    rc = proposal_get(turn->txn, signal->proposal, turn->arena, &proposal);
    /* What this ended says so itself; an older episode's thread is closed. */
    if (rc || !is_of_episode(&proposal, signal) || tells_itself(&proposal, signal, attention))
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    rc = messages_changed(turn, proposal.id);
    if (rc || ended_by_resolve(turn, &proposal))
        return rc;
    return tell_resolved(turn, signal, &proposal);
}

/* --- given up --- */

/* What is damaged is begun anew: Slack says again who it is, and counts are worth less than messages. */
enum rc messages_read_facts(struct turn *turn, struct slice channel, struct channel_facts *facts)
{
    enum rc rc = channel_facts_get(turn->txn, channel, turn->arena, facts);

    if (rc == RC_NOT_FOUND || rc == RC_CORRUPT) {
        *facts = (struct channel_facts){ 0 };
        rc = RC_OK;
    }
    facts->channel = channel;
    return rc;
}

enum rc messages_count_dead(struct turn *turn, struct slice channel)
{
    struct channel_facts facts;
    enum rc rc = messages_read_facts(turn, channel, &facts);

    if (rc)
        return rc;
    facts.n_dead++;
    return channel_facts_put(turn->txn, &facts);
}

enum rc messages_expire(struct turn *turn, struct ulid proposal)
{
    static struct log_limit limit;
    struct message_rows rows;
    enum rc rc = load_rows(turn, proposal, &rows);

    for (size_t i = 0; i < rows.n_items && !rc; i++) {
        const struct message *message = &rows.items[i];

        if (!message_next(message))
            continue;
        log_limited(&limit, LOG_ERROR,
                    "message given up: its proposal is too old channel=%.*s part=%s",
                    SLICE_ARG(message->channel), message_part_names[message_next(message)]);
        rc = messages_count_dead(turn, message->channel);
    }
    return rc ? rc : message_delete_all(turn->txn, proposal, turn->arena);
}

/* --- another channel speaks --- */

/* The one it names, else the next of the file, else the first. */
static const struct channel *fallback_of(const struct channels *channels, struct slice name)
{
    const struct channel *channel = channels_find(channels, name);
    const struct channel *first = NULL;
    const struct channel *other;
    bool is_behind = false;

    if (channel && !slice_is_absent(channel->fallback))
        return channels_find(channels, channel->fallback);
    for (size_t i = 0; (other = channels_at(channels, i)); i++) {
        if (slice_eq(other->name, name)) {
            is_behind = true;
            continue;
        }
        if (is_behind)
            return other;
        first = first ? first : other;
    }
    return first;
}

/* Where it would go if its rule and severity were this channel's. */
static struct slice place_in(const struct channel *channel, const struct proposal *proposal)
{
    struct slice place = channel->place;
    bool is_wanted = channel_wants(channel, proposal, &place);

    (void)is_wanted; /* nobody else is there to take it */
    return place;
}

enum rc messages_take_over(struct turn *turn, struct message *message)
{
    const struct channel *other = fallback_of(turn->engine->config->channels, message->channel);
    struct proposal proposal = { 0 };
    struct message there;
    enum rc rc;

    if (!other || !slice_is_absent(message->taken_over_by))
        return RC_NOT_FOUND;
    rc = proposal_get(turn->txn, message->proposal, turn->arena, &proposal);
    /* What cannot be read cannot be posted elsewhere either. */
    if (rc == RC_CORRUPT || (!rc && proposal.severity != SEVERITY_CRITICAL))
        rc = RC_NOT_FOUND;
    if (rc)
        return rc;
    message->taken_over_by = other->name;
    rc = message_get(turn->txn, message->proposal, other->name, turn->arena, &there);
    if (rc == RC_NOT_FOUND)
        rc = open_row(turn, other, &proposal, place_in(other, &proposal));
    if (!rc)
        rc = messages_keep(turn, message);
    if (!rc)
        log_warn("channel cannot speak: another one does channel=%.*s instead=%.*s proposal=%.*s",
                 SLICE_ARG(message->channel), SLICE_ARG(other->name), SLICE_ARG(proposal.short_id));
    return rc;
}
