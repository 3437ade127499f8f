/* /vedette list, show, status, oncall, silence list: read in one snapshot. */
#include "src/daemon/slack_command.h"

#include "actions/wording.h"
#include "src/base/clock.h"
#include "src/base/metrics.h"
#include "src/daemon/card_read.h"
#include "src/daemon/posting.h"
#include "src/daemon/tailing.h"
#include "src/store/meta.h"

#include <stdlib.h>

#define ROW_ARENA_BYTES ((size_t)8 << 20)
#define ROWS_LOOKED_AT 2000 /* newest first: what is open is not old */
#define OPEN_SHOWN 30
#define CARD_BYTES 3500

/* --- the open proposals --- */

struct open_proposal {
    struct slice short_id, title;
    enum severity severity;
    int64_t created_ms, expires_ms, snoozed_until_ms;
    struct slice acknowledged_by;
    bool is_held; /* approved, and not begun yet */
};

struct open_proposals {
    struct arena *arena; /* of the request */
    struct open_proposal *items;
    size_t n_items, n_more;
    int64_t now_ms;
    enum rc rc;
};

static enum rc keep(struct open_proposals *open, const struct proposal *proposal)
{
    struct open_proposal *item = &open->items[open->n_items++];
    enum rc rc = arena_copy(open->arena, proposal->short_id, &item->short_id);

    if (!rc)
        rc = arena_copy(open->arena, proposal->title, &item->title);
    if (!rc)
        rc = arena_copy(open->arena, proposal->acknowledged_by, &item->acknowledged_by);
    item->severity = proposal->severity;
    item->created_ms = proposal->created_ms;
    item->expires_ms = proposal->expires_ms;
    item->snoozed_until_ms =
        proposal->snoozed_until_ms > open->now_ms ? proposal->snoozed_until_ms : 0;
    item->is_held = proposal->state == PROPOSAL_APPROVED;
    return rc;
}

static bool visit_proposal(void *context, struct ulid id, const void *object)
{
    const struct proposal *proposal = object;
    struct open_proposals *open = context;

    (void)id;
    if (proposal->state != PROPOSAL_OPEN && proposal->state != PROPOSAL_APPROVED)
        return true;
    if (open->n_items == OPEN_SHOWN)
        open->n_more++;
    else
        open->rc = keep(open, proposal);
    return !open->rc;
}

static enum rc read_open(struct slack_asking *asking, struct open_proposals *open)
{
    const struct ulid newest = { 0 };
    struct proposal scratch = { 0 };
    struct arena *row = NULL;
    enum rc rc = arena_new(ROW_ARENA_BYTES, &row);

    *open = (struct open_proposals){ .arena = asking->slack->arena, .now_ms = clock_wall_ms() };
    open->items = arena_alloc(open->arena, OPEN_SHOWN, sizeof *open->items);
    if (!rc && !open->items)
        rc = RC_NO_MEMORY;
    if (!rc)
        rc = object_each_newest(asking->txn, TABLE_PROPOSALS, &proposal_shape, newest,
                                ROWS_LOOKED_AT, row, &scratch, visit_proposal, open);
    arena_free(row);
    return rc ? rc : open->rc;
}

/* The most severe first, of those the one that waits longest. */
static int compare_urgency(const void *a, const void *b)
{
    const struct open_proposal *one = a, *other = b;

    if (one->severity != other->severity)
        return one->severity > other->severity ? -1 : 1;
    return (one->created_ms > other->created_ms) - (one->created_ms < other->created_ms);
}

static void add_proposal(struct buffer *text, const struct open_proposal *proposal)
{
    char when[WHEN_BYTES];

    buffer_add(text, proposal->short_id);
    buffer_format(text, " (%s) ", severity_names[proposal->severity]);
    buffer_add_shown(text, proposal->title);
    buffer_format(text, ", since %s", when_format(proposal->created_ms, when));
    if (proposal->is_held)
        buffer_add_text(text, ", approved");
    else if (proposal->snoozed_until_ms)
        buffer_format(text, ", snoozed until %s", when_format(proposal->snoozed_until_ms, when));
    else
        buffer_format(text, ", expires %s", when_format(proposal->expires_ms, when));
    if (proposal->acknowledged_by.len) {
        buffer_add_text(text, ", acknowledged by ");
        buffer_add_shown(text, proposal->acknowledged_by);
    }
    buffer_add_text(text, "\n");
}

static bool is_set_aside(const struct open_proposal *proposal)
{
    return proposal->is_held || proposal->snoozed_until_ms;
}

/* Those that wait for somebody, or those that somebody set aside. */
static void add_proposals(struct buffer *text, const char *title, const struct open_proposals *open,
                          bool set_aside)
{
    size_t n = 0;

    for (size_t i = 0; i < open->n_items; i++)
        n += is_set_aside(&open->items[i]) == set_aside;
    buffer_format(text, "%s:%s\n", title, n ? "" : " none");
    for (size_t i = 0; i < open->n_items; i++)
        if (is_set_aside(&open->items[i]) == set_aside)
            add_proposal(text, &open->items[i]);
}

static enum rc say_open(struct slack_asking *asking, bool with_set_aside)
{
    struct open_proposals open;
    enum rc rc = read_open(asking, &open);

    if (rc)
        return rc;
    qsort(open.items, open.n_items, sizeof *open.items, compare_urgency);
    add_proposals(&asking->text, "Waiting for a decision", &open, false);
    if (with_set_aside)
        add_proposals(&asking->text, "Snoozed or held", &open, true);
    if (open.n_more)
        buffer_format(&asking->text, "and %zu older\n", open.n_more);
    return RC_OK;
}

enum rc slack_say_list(struct slack_asking *asking)
{
    return say_open(asking, true);
}

/* --- one of them --- */

static enum rc find(struct slack_asking *asking, struct slice name, struct card_parts *parts)
{
    struct arena *arena = asking->slack->arena;
    enum rc rc = proposal_find(asking->txn, name, arena, &parts->proposal);

    if (rc == RC_INVALID)
        return RC_NOT_FOUND;
    return rc ? rc
              : card_read(asking->txn, asking->slack->config, parts->proposal.id, clock_wall_ms(),
                          arena, parts);
}

enum rc slack_say_show(struct slack_asking *asking)
{
    struct arena *arena = asking->slack->arena;
    struct card_parts *parts = arena_alloc(arena, 1, sizeof *parts);
    struct slice name = slack_cut_word(&asking->rest);
    struct slice text;
    enum rc rc;

    if (!parts)
        return RC_NO_MEMORY;
    if (!name.len) {
        buffer_add_text(&asking->text, "which one? /vedette show ID: `/vedette list` has the ids");
        return RC_OK;
    }
    rc = find(asking, name, parts);
    if (rc == RC_NOT_FOUND) {
        buffer_add_text(&asking->text,
                        "there is no such proposal; `/vedette list` has those that are open");
        return RC_OK;
    }
    if (!rc)
        rc = card_text(&parts->card, CARD_BYTES, arena, &text);
    if (!rc)
        buffer_add(&asking->text, text);
    return rc;
}

/* --- how it is --- */

static enum rc add_state(struct slack_asking *asking)
{
    struct service *service = asking->slack->service;
    struct inlet_facts inlet = inlet_facts(service_inlet(service));
    struct rules_report rules;
    uint64_t paused = 0;
    enum rc rc = meta_get(asking->txn, META_PAUSED, &paused);

    if (!rc)
        rc = service_rules_report(service, asking->slack->arena, &rules);
    if (rc)
        return rc;
    if (paused)
        buffer_add_text(&asking->text, "Paused: nothing acts until somebody resumes\n");
    if (inlet.data_is_refused)
        buffer_add_text(&asking->text, "Deliveries are refused: the store or the disk is full\n");
    if (inlet.store_failed)
        buffer_add_text(&asking->text, "The store failed: look into the log\n");
    if (rules.state == RULES_LAST_GOOD)
        buffer_add_text(&asking->text, "The rule files are broken: the last good rules run\n");
    return RC_OK;
}

static enum rc add_channels(struct slack_asking *asking, size_t *n_failing)
{
    struct posting *posting = service_posting(asking->slack->service);
    struct posting_facts *facts = NULL;
    size_t n_facts = 0;
    enum rc rc = RC_OK;

    if (posting)
        rc = posting_list_facts(posting, asking->slack->arena, &facts, &n_facts);
    for (size_t i = 0; i < n_facts && !rc; i++) {
        char when[WHEN_BYTES];

        if (!facts[i].failing_since_ms)
            continue;
        ++*n_failing;
        buffer_add_text(&asking->text, "Channel ");
        buffer_add_shown(&asking->text, facts[i].channel);
        buffer_format(&asking->text,
                      " fails since %s: ", when_format(facts[i].failing_since_ms, when));
        buffer_add_shown(&asking->text, facts[i].error);
        buffer_add_text(&asking->text, "\n");
    }
    return rc;
}

static void add_trouble(struct buffer *text, struct slice watcher, const char *trouble,
                        size_t *n_failing)
{
    if (!*trouble)
        return;
    ++*n_failing;
    buffer_add_text(text, "Watcher ");
    buffer_add_shown(text, watcher);
    buffer_add_text(text, " fails: ");
    buffer_add_shown(text, slice_of(trouble));
    buffer_add_text(text, "\n");
}

static enum rc add_watchers(struct slack_asking *asking, size_t *n_failing)
{
    const struct watchers *watchers = asking->slack->config->watchers;
    struct tailing *tailing = service_tailing(asking->slack->service);
    struct log_facts *log_facts = arena_alloc(asking->slack->arena, 1, sizeof *log_facts);
    struct journal_facts journal_facts;
    const struct log_watch *log;
    const struct journal_watch *journal;

    if (!log_facts)
        return RC_NO_MEMORY;
    for (size_t i = 0; tailing && (log = watchers_log_at(watchers, i)) != NULL; i++)
        if (!tailing_log_facts(tailing, log->name, log_facts) && log_facts->n_troubles)
            add_trouble(&asking->text, log->name, log_facts->trouble, n_failing);
    for (size_t i = 0; tailing && (journal = watchers_journal_at(watchers, i)) != NULL; i++)
        if (!tailing_journal_facts(tailing, journal->name, &journal_facts))
            add_trouble(&asking->text, journal->name, journal_facts.trouble, n_failing);
    return RC_OK;
}

static enum rc add_failing(struct slack_asking *asking)
{
    size_t n_failing = 0;
    enum rc rc = add_channels(asking, &n_failing);

    if (!rc)
        rc = add_watchers(asking, &n_failing);
    if (!rc && !n_failing)
        buffer_add_text(&asking->text, "No channel and no watcher fails\n");
    return rc;
}

enum rc slack_say_status(struct slack_asking *asking)
{
    const struct slice none = { 0 };
    char when[WHEN_BYTES];
    enum rc rc;

    buffer_format(&asking->text, "Vedette %s, started %s\n", VEDETTE_VERSION,
                  when_format(service_started_ms(asking->slack->service), when));
    rc = add_state(asking);
    if (rc)
        return rc;
    buffer_format(
        &asking->text, "%.0f proposals open, %.0f signals firing\n",
        metric_value(METRIC_PROPOSALS, slice_of(proposal_state_names[PROPOSAL_OPEN]), none),
        metric_value(METRIC_SIGNALS, slice_of(signal_state_names[SIGNAL_FIRING]), none));
    return add_failing(asking);
}

enum rc slack_say_oncall(struct slack_asking *asking)
{
    enum rc rc = add_state(asking);

    if (!rc)
        rc = say_open(asking, true);
    if (!rc)
        rc = slack_say_silences(asking);
    return rc ? rc : add_failing(asking);
}
