#include "src/daemon/card_read.h"

#include "src/base/buffer.h"
#include "src/store/meta.h"

#define DECIDERS_MOST 20 /* named; the rest is a number */
#define PAGE_PATH "/#/proposals/prp_"

/* --- who may decide, in words --- */

struct deciders {
    const struct config *config;
    struct store_txn *txn;
    struct arena *arena;
    struct buffer text;
    struct slice_list named; /* each once */
    size_t n_more;
};

static bool is_named(const struct deciders *deciders, struct slice name)
{
    for (size_t i = 0; i < deciders->named.n_items; i++)
        if (slice_eq(deciders->named.items[i], name))
            return true;
    return false;
}

static void add_decider(struct deciders *deciders, struct slice name)
{
    if (is_named(deciders, name))
        return;
    if (deciders->named.n_items == DECIDERS_MOST) {
        deciders->n_more++;
        return;
    }
    buffer_add_text(&deciders->text, deciders->named.n_items ? ", " : "");
    buffer_add(&deciders->text, name);
    deciders->named.items[deciders->named.n_items++] = name;
}

static const struct group *find_group(const struct config *config, struct slice name)
{
    for (size_t i = 0; i < config->n_groups; i++)
        if (slice_eq(config->groups[i].name, name))
            return &config->groups[i];
    return NULL;
}

/* Those of a group that Slack keeps: people by their names, the others as a number. */
static enum rc add_slack_members(struct deciders *deciders, const struct group *group)
{
    const struct channel *slack = channels_slack(deciders->config->channels);
    struct group_members members;
    struct slice others;
    size_t n_others = 0;
    enum rc rc;

    if (!slack || slice_is_absent(group->slack))
        return RC_OK;
    rc = group_members_get(deciders->txn, slack->name, group->slack, deciders->arena, &members);
    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    for (size_t i = 0; i < members.users.n_items; i++) {
        const struct person *person =
            config_person_of_slack(deciders->config, members.users.items[i]);

        if (person)
            add_decider(deciders, person->name);
        else
            n_others++;
    }
    if (!n_others)
        return RC_OK;
    rc = arena_format(deciders->arena, &others, "%zu of Slack's %.*s", n_others,
                      SLICE_ARG(group->slack));
    if (!rc)
        add_decider(deciders, others);
    return rc;
}

/* "jane, john (oncall)": those that were not named before, and why they may. */
static enum rc add_group(struct deciders *deciders, const struct group *group)
{
    size_t n_before = deciders->named.n_items;
    enum rc rc;

    for (size_t i = 0; i < group->members.n_items; i++)
        add_decider(deciders, group->members.items[i]);
    rc = add_slack_members(deciders, group);
    if (deciders->named.n_items > n_before)
        buffer_format(&deciders->text, " (%.*s)", SLICE_ARG(group->name));
    return rc;
}

static enum rc add_deciders(struct deciders *deciders, const struct slice_list *from)
{
    enum rc rc = RC_OK;

    if (deciders->config->is_default)
        add_decider(deciders, SLICE(CONFIG_LOCAL_PERSON));
    for (size_t i = 0; i < from->n_items && !deciders->config->is_default && !rc; i++) {
        const struct group *group = find_group(deciders->config, from->items[i]);

        if (group)
            rc = add_group(deciders, group);
        else
            add_decider(deciders, from->items[i]);
    }
    if (deciders->n_more)
        buffer_format(&deciders->text, " and %zu more", deciders->n_more);
    return rc;
}

static enum rc read_deciders(const struct config *config, struct store_txn *txn,
                             const struct proposal *proposal, struct arena *arena,
                             struct slice *text)
{
    struct slice names[DECIDERS_MOST];
    struct deciders deciders = {
        .config = config, .txn = txn, .arena = arena, .named = { .items = names }
    };
    enum rc rc;

    buffer_init(&deciders.text, 0);
    rc = add_deciders(&deciders, &proposal->approvers.from);
    if (!rc)
        rc = buffer_rc(&deciders.text);
    if (!rc && deciders.text.len)
        rc = arena_copy(arena, buffer_slice(&deciders.text), text);
    buffer_free(&deciders.text);
    return rc;
}

/* --- the rest of the card --- */

enum rc card_page_url(const struct config *config, struct ulid proposal, struct arena *arena,
                      struct slice *url)
{
    struct slice base = config->public_url;
    char id[ULID_TEXT_BYTES];

    *url = (struct slice){ 0 };
    if (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    if (!base.len)
        return RC_OK;
    return arena_format(arena, url, "%.*s" PAGE_PATH "%s", SLICE_ARG(base),
                        ulid_format(proposal, id));
}

/* What is gone, or damaged, is not shown. */
static enum rc keep(enum rc rc, const void *object, const void **place)
{
    *place = rc ? NULL : object;
    return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

/* The first ones beside the one that leads. */
static enum rc read_others(struct store_txn *txn, struct arena *arena, struct card_parts *parts)
{
    const struct ulid_list *ids = &parts->proposal.signals;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < ids->n_items && parts->card.n_others < CARD_OTHERS_MOST && !rc; i++) {
        struct signal signal = { 0 };
        const void *found = NULL;

        if (!ulid_compare(ids->items[i], parts->proposal.signal))
            continue;
        rc = keep(signal_get(txn, ids->items[i], arena, &signal), &signal, &found);
        if (found)
            parts->others[parts->card.n_others++] =
                (struct card_other){ .title = signal.title,
                                     .is_well = signal.state != SIGNAL_FIRING };
    }
    parts->card.others = parts->others;
    return rc;
}

static enum rc read_parts(struct store_txn *txn, struct arena *arena, struct card_parts *parts)
{
    const void *signal = NULL, *task = NULL;
    uint64_t paused = 0;
    enum rc rc = keep(signal_get(txn, parts->proposal.signal, arena, &parts->signal),
                      &parts->signal, &signal);

    if (!rc)
        rc = keep(task_get(txn, parts->proposal.task, arena, &parts->task), &parts->task, &task);
    if (!rc)
        rc = meta_get(txn, META_PAUSED, &paused);
    parts->card.signal = signal;
    parts->card.task = task;
    parts->card.is_paused = paused != 0;
    return rc;
}

enum rc card_read(struct store_txn *txn, const struct config *config, struct ulid proposal,
                  int64_t now_ms, struct arena *arena, struct card_parts *parts)
{
    enum rc rc = proposal_get(txn, proposal, arena, &parts->proposal);

    if (rc)
        return rc;
    parts->card = (struct card){ .proposal = &parts->proposal, .now_ms = now_ms };
    rc = read_parts(txn, arena, parts);
    if (!rc)
        rc = read_others(txn, arena, parts);
    if (!rc)
        rc = read_deciders(config, txn, &parts->proposal, arena, &parts->card.deciders);
    return rc ? rc : card_page_url(config, proposal, arena, &parts->card.page_url);
}
