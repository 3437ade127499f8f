#include "src/engine/engine_private.h"

#include "rules/evaluation.h"

/* A rule that hears of a signal may fire, and another may hear of that one. What a rule has caused itself it does not hear: circles end where they close. Of many rules that
 * hear of everything each order is a chain of its own; so many links are followed from one transition, and so far. */
#define CHAIN_MAX_DEPTH 16
#define CHAIN_MAX_LINKS 256
#define TELLS_OF_SIGNALS SLICE("vedette.signal")
#define TELLS_OF_PROPOSALS SLICE("vedette.proposal")

/* What is told of a transition: in the engine's memory, since `turn->arena` may be one signal's for a while. */
struct chain_link {
    struct slice kind, state; /* static */
    struct slice rule, title, subject, body, last_event;
    enum severity severity;
    int64_t time_ms; /* event time */
    struct chain_link
        *parent;    /* of the signal that was heard of; NULL: something else made this one change */
    unsigned depth; /* of links that led here */
    unsigned n_followers; /* of one without parent: links that it led to */
    struct chain_link *next;
};

static enum rc keep(struct turn *turn, struct buffer *bytes, struct slice *text)
{
    enum rc rc = buffer_rc(bytes);

    if (!rc)
        rc = arena_copy(turn->engine->arena, buffer_slice(bytes), text);
    buffer_free(bytes);
    return rc;
}

/* Whether it asks people: what only observes may fire as often as it likes. Of a rule that is gone nothing is said. */
static void write_mode(const struct turn *turn, const struct signal *signal,
                       struct json_writer *writer)
{
    const struct rule *rule = ruleset_find(turn->engine->ruleset, signal->rule);

    if (rule)
        json_member_text(writer, "mode",
                         rule->mode == RULE_OBSERVE ? SLICE("observe") : SLICE("propose"));
}

static enum rc write_body(struct turn *turn, const struct signal *signal,
                          const struct transition *transition, struct slice *body)
{
    struct json_writer writer;
    struct buffer json;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    transition_write_members(signal, transition, turn->cause, &writer);
    write_mode(turn, signal, &writer);
    json_object_end(&writer);
    return keep(turn, &json, body);
}

static enum rc join_key(struct turn *turn, struct slice rule, const struct slice_list *key,
                        struct slice *subject)
{
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add(&text, rule);
    for (size_t i = 0; i < key->n_items; i++) {
        buffer_add_text(&text, i ? ", " : ": ");
        buffer_add(&text, key->items[i]);
    }
    return keep(turn, &text, subject);
}

/* Whom it is about; the rest is the caller's. */
static enum rc fill_link(struct turn *turn, struct slice rule, const struct slice_list *key,
                         struct slice title, struct slice last_event, struct chain_link *link)
{
    struct arena *arena = turn->engine->arena;
    enum rc rc = join_key(turn, rule, key, &link->subject);

    if (!rc)
        rc = arena_copy(arena, rule, &link->rule);
    if (!rc)
        rc = arena_copy(arena, title, &link->title);
    return rc ? rc : arena_copy(arena, last_event, &link->last_event);
}

/* True: it is one of those that are followed. */
static bool count_follower(const struct turn *turn, struct slice rule)
{
    static struct log_limit limit;
    struct chain_link *root = turn->heard_of;

    if (!root)
        return true;
    while (root->parent)
        root = root->parent;
    if (turn->heard_of->depth < CHAIN_MAX_DEPTH && root->n_followers < CHAIN_MAX_LINKS) {
        root->n_followers++;
        return true;
    }
    log_limited(&limit, LOG_ERROR,
                "too many rules hear of each other: what follows of one signal is dropped, say in "
                "`where` which rules they are about began=%.*s rule=%.*s",
                SLICE_ARG(root->rule), SLICE_ARG(rule));
    return false;
}

/* NULL where there is no memory. */
static struct chain_link *add_link(struct turn *turn, struct slice kind, struct slice state)
{
    struct chain_link *link = arena_alloc(turn->engine->arena, 1, sizeof *link);

    if (!link)
        return NULL;
    *link = (struct chain_link){ .kind = kind,
                                 .state = state,
                                 .parent = turn->heard_of,
                                 .depth = turn->heard_of ? turn->heard_of->depth + 1 : 1 };
    if (!turn->chain)
        turn->chain_end = &turn->chain;
    *turn->chain_end = link;
    turn->chain_end = &link->next;
    return link;
}

bool chain_comes_from(const struct turn *turn, const struct rule *rule)
{
    for (const struct chain_link *link = turn->heard_of; link; link = link->parent) {
        if (slice_eq(link->rule, rule->id))
            return true;
    }
    return false;
}

enum rc chain_add(struct turn *turn, const struct signal *signal,
                  const struct transition *transition)
{
    struct chain_link *link;
    enum rc rc;

    if (!turn->engine->ruleset->n_own_kind_rules || transition->to == SIGNAL_PENDING ||
        !count_follower(turn, signal->rule))
        return RC_OK;
    link = add_link(turn, TELLS_OF_SIGNALS,
                    transition->to == SIGNAL_FIRING ? SLICE("failing") : SLICE("ok"));
    if (!link)
        return RC_NO_MEMORY;
    link->severity = signal->severity;
    link->time_ms = turn->cause_time_ms ? turn->cause_time_ms : transition->at_ms;
    rc = write_body(turn, signal, transition, &link->body);
    return rc ? rc
              : fill_link(turn, signal->rule, &signal->key, signal->title, signal->last_event,
                          link);
}

/* --- proposals --- */

static bool hears_of(const struct rule *rule, struct slice kind)
{
    const struct filter *filter;

    for (size_t i = 0; (filter = rule_filter(rule, i)); i++) {
        if (on_asks_for(&filter->on, DOOR_SIGNAL, kind, kind))
            return true;
    }
    return false;
}

/* Of what it proposes nothing is told: it may have been made to by what was told of a proposal, and there would be no end. */
static bool hears_of_rules(const struct rule *rule)
{
    return hears_of(rule, TELLS_OF_SIGNALS) || hears_of(rule, TELLS_OF_PROPOSALS);
}

static bool any_hears_of_proposals(const struct ruleset *set)
{
    for (size_t i = 0; i < set->n_own_kind_rules; i++) {
        if (hears_of(&set->rules[set->own_kind_rules[i]], TELLS_OF_PROPOSALS))
            return true;
    }
    return false;
}

/* What acting did not mend, or nobody knows of, has failed; what waits for people, or was decided by them, is news. */
static struct slice state_of(const struct proposal *proposal)
{
    switch (proposal->state) {
    case PROPOSAL_RECURRED:
    case PROPOSAL_FAILED:
    case PROPOSAL_UNKNOWN:
    case PROPOSAL_UNDO_FAILED:
    case PROPOSAL_UNDO_UNKNOWN:
        return SLICE("failing");
    case PROPOSAL_VERIFIED:
    case PROPOSAL_DONE:
    case PROPOSAL_UNDONE:
        return SLICE("ok");
    case PROPOSAL_OPEN:
    case PROPOSAL_APPROVED:
    case PROPOSAL_RUNNING:
    case PROPOSAL_VERIFYING:
    case PROPOSAL_INCONCLUSIVE:
    case PROPOSAL_STALE:
    case PROPOSAL_REJECTED:
    case PROPOSAL_EXPIRED:
    case PROPOSAL_WITHDRAWN:
    case PROPOSAL_SUPERSEDED:
    case PROPOSAL_UNDOING:
    case PROPOSAL_STATES:
        break;
    }
    return SLICE("info");
}

static enum rc write_proposal(struct turn *turn, const struct proposal *proposal,
                              struct slice *body)
{
    struct json_writer writer;
    struct buffer json;
    struct slice name;
    enum rc rc = turn_name(turn, "prp_", proposal->id, &name);

    if (rc)
        return rc;
    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    json_member_time(&writer, "time", turn->now_ms);
    json_member_text(&writer, "id", name);
    json_member_text(&writer, "short", proposal->short_id);
    json_member_int(&writer, "revision", proposal->revision);
    json_member_text(&writer, "state", slice_of(proposal_state_names[proposal->state]));
    json_member_text(&writer, "outcome", proposal->outcome);
    json_member_int(&writer, "count", proposal->count);
    json_member_int(&writer, "signal_count", (int64_t)proposal->signals.n_items + proposal->n_more);
    json_object_end(&writer);
    return keep(turn, &json, body);
}

enum rc chain_add_proposal(struct turn *turn, const struct proposal *proposal)
{
    const struct rule *rule = turn_rule(turn, proposal->rule);
    struct signal signal = { 0 };
    struct chain_link *link;
    enum rc rc;

    if (!any_hears_of_proposals(turn->engine->ruleset) || (rule && hears_of_rules(rule)) ||
        !count_follower(turn, proposal->rule))
        return RC_OK;
    rc = signal_get(turn->txn, proposal->signal, turn->arena, &signal);
    if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
        signal = (struct signal){ 0 };
    else if (rc)
        return rc;
    link = add_link(turn, TELLS_OF_PROPOSALS, state_of(proposal));
    if (!link)
        return RC_NO_MEMORY;
    link->severity = proposal->severity;
    link->time_ms = turn->cause_time_ms ? turn->cause_time_ms : turn->now_ms;
    rc = write_proposal(turn, proposal, &link->body);
    return rc ? rc
              : fill_link(turn, proposal->rule, &proposal->key, proposal->title, signal.last_event,
                          link);
}

/* --- the event that it is --- */

/* What the signal's latest event said: service, repo, branch, … */
static void take_fields(const struct json *last, struct event *event)
{
    for (int field = 0; last && field < EVENT_N_FIELDS; field++)
        event->fields[field] = json_string(json_get_text(last, event_field_names[field]));
}

static void fill_event(const struct turn *turn, const struct chain_link *link,
                       const struct json *last, const struct json *body, struct event *event)
{
    *event = (struct event){
        .door = DOOR_SIGNAL, .time_ms = link->time_ms, .received_ms = turn->now_ms, .data = body
    };
    take_fields(last, event);
    event->fields[FIELD_SOURCE] = SLICE("vedette");
    event->fields[FIELD_TYPE] = link->kind;
    event->fields[FIELD_KIND] = link->kind;
    event->fields[FIELD_RULE] = link->rule;
    event->fields[FIELD_TITLE] = link->title;
    event->fields[FIELD_TEXT] = link->title;
    event->fields[FIELD_SUBJECT] = link->subject;
    event->fields[FIELD_SEVERITY] = slice_of(severity_names[link->severity]);
    event->fields[FIELD_STATE] = link->state;
}

/* In the journal with the others, so that it can be listed and explained. */
static enum rc journal(struct turn *turn, const struct event *event)
{
    struct journal_entry entry = { .door = event->door,
                                   .id = event->id,
                                   .type = event->fields[FIELD_TYPE],
                                   .received_ms = event->received_ms };
    struct json_writer writer;
    struct buffer json;
    enum rc rc = meta_get(turn->txn, META_CURSOR, &entry.after);

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    event_write_json(event, &writer);
    if (!rc)
        rc = buffer_rc(&json);
    entry.body = buffer_slice(&json);
    if (!rc)
        rc = journal_append(turn->txn, &entry);
    buffer_free(&json);
    return rc;
}

static enum rc fold_event(struct turn *turn, const struct chain_link *link, const struct json *last,
                          const struct json *data)
{
    struct event event;
    enum rc rc;

    fill_event(turn, link, last, data, &event);
    /* Made of what it says: transitions name the event that caused them, and those of a replay shall be the same to the byte. */
    event.id = ulid_from_seed(turn->now_ms, link->body);
    rc = journal(turn, &event);
    return rc ? rc : signals_fold_alone(turn, &event);
}

static enum rc fold_link(struct turn *turn, const struct chain_link *link)
{
    struct json *last = NULL, *data = NULL;
    struct json_fault fault;
    enum rc rc = json_parse(link->body, JSON_LIMITS_DEFAULT, &data, &fault);

    if (!rc && link->last_event.len)
        rc = json_parse(link->last_event, JSON_LIMITS_DEFAULT, &last, &fault);
    if (!rc)
        rc = fold_event(turn, link, last, data);
    json_free(data);
    json_free(last);
    return rc;
}

enum rc chain_run(struct turn *turn)
{
    enum rc rc = RC_OK;

    while (turn->chain && !rc) {
        struct chain_link *link = turn->chain;

        turn->chain = link->next;
        turn->heard_of = link;
        rc = fold_link(turn, link);
    }
    turn->heard_of = NULL;
    return rc;
}
