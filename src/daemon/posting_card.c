#include "src/daemon/posting_private.h"

#include "src/store/meta.h"

#define DECIDERS_MOST 20 /* named; the rest is a number */
#define PAGE_PATH "/#/proposals/prp_"

/* --- who may decide, in words --- */

struct deciders {
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
static enum rc add_slack_members(struct deciders *deciders, struct store_txn *txn,
                                 const struct send *send, const struct group *group)
{
    const struct channel *slack = channels_slack(send->config->channels);
    struct group_members members;
    struct slice others;
    size_t n_others = 0;
    enum rc rc;

    if (!slack || slice_is_absent(group->slack))
        return RC_OK;
    rc = group_members_get(txn, slack->name, group->slack, send->arena, &members);
    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    for (size_t i = 0; i < members.users.n_items; i++) {
        const struct person *person = config_person_of_slack(send->config, members.users.items[i]);

        if (person)
            add_decider(deciders, person->name);
        else
            n_others++;
    }
    if (!n_others)
        return RC_OK;
    rc = arena_format(send->arena, &others, "%zu of Slack's %.*s", n_others,
                      SLICE_ARG(group->slack));
    if (!rc)
        add_decider(deciders, others);
    return rc;
}

/* "jane, john (oncall)": those that were not named before, and why they may. */
static enum rc add_group(struct deciders *deciders, struct store_txn *txn, const struct send *send,
                         const struct group *group)
{
    size_t n_before = deciders->named.n_items;
    enum rc rc;

    for (size_t i = 0; i < group->members.n_items; i++)
        add_decider(deciders, group->members.items[i]);
    rc = add_slack_members(deciders, txn, send, group);
    if (deciders->named.n_items > n_before)
        buffer_format(&deciders->text, " (%.*s)", SLICE_ARG(group->name));
    return rc;
}

static enum rc add_deciders(struct deciders *deciders, struct store_txn *txn,
                            const struct send *send)
{
    const struct slice_list *from = &send->proposal.approvers.from;
    enum rc rc = RC_OK;

    if (send->config->is_default)
        add_decider(deciders, SLICE(CONFIG_LOCAL_PERSON));
    for (size_t i = 0; i < from->n_items && !send->config->is_default && !rc; i++) {
        const struct group *group = find_group(send->config, from->items[i]);

        if (group)
            rc = add_group(deciders, txn, send, group);
        else
            add_decider(deciders, from->items[i]);
    }
    if (deciders->n_more)
        buffer_format(&deciders->text, " and %zu more", deciders->n_more);
    return rc;
}

static enum rc read_deciders(struct store_txn *txn, struct send *send)
{
    struct slice names[DECIDERS_MOST];
    struct deciders deciders = { .named = { .items = names } };
    enum rc rc;

    buffer_init(&deciders.text, 0);
    rc = add_deciders(&deciders, txn, send);
    if (!rc)
        rc = buffer_rc(&deciders.text);
    if (!rc && deciders.text.len)
        rc = arena_copy(send->arena, buffer_slice(&deciders.text), &send->card.deciders);
    buffer_free(&deciders.text);
    return rc;
}

/* --- the rest of the card --- */

static enum rc make_page_url(struct send *send)
{
    struct slice base = send->config->public_url;
    char id[ULID_TEXT_BYTES];

    if (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    if (!base.len)
        return RC_OK;
    return arena_format(send->arena, &send->card.page_url, "%.*s" PAGE_PATH "%s", SLICE_ARG(base),
                        ulid_format(send->proposal.id, id));
}

/* What is gone, or damaged, is not shown. */
static enum rc keep(enum rc rc, const void *object, const void **place)
{
    if (!rc)
        *place = object;
    return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

static enum rc read_parts(struct store_txn *txn, struct send *send)
{
    const void *signal = NULL, *task = NULL;
    uint64_t paused = 0;
    enum rc rc = keep(signal_get(txn, send->proposal.signal, send->arena, &send->signal),
                      &send->signal, &signal);

    if (!rc)
        rc = keep(task_get(txn, send->proposal.task, send->arena, &send->task), &send->task, &task);
    if (!rc)
        rc = meta_get(txn, META_PAUSED, &paused);
    send->card.signal = signal;
    send->card.task = task;
    send->card.is_paused = paused != 0;
    return rc;
}

enum rc posting_read_card(struct store_txn *txn, struct send *send)
{
    enum rc rc = proposal_get(txn, send->message.proposal, send->arena, &send->proposal);

    send->has_proposal = !rc;
    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    send->card = (struct card){ .proposal = &send->proposal,
                                .now_ms = clock_wall_ms(),
                                .is_plain = send->message.is_plain };
    rc = read_parts(txn, send);
    if (!rc)
        rc = read_deciders(txn, send);
    return rc ? rc : make_page_url(send);
}
