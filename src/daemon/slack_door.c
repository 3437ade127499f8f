#include "src/daemon/slack_door.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <string.h>

#define MEMBERS_FRESH_MS DAY_MS

/* --- answers --- */

void slack_acknowledge(struct slack_request *slack)
{
    slack->answer(slack, 200, (struct slice){ 0 });
}

void slack_answer_json(struct slack_request *slack, struct buffer *json)
{
    /* The request may be gone as soon as it is answered, and the buffer may lie in it. */
    struct buffer text = *json;
    enum rc rc = buffer_rc(&text);

    buffer_init(json, 0);
    if (rc)
        slack_fail(slack, rc);
    else
        slack->answer(slack, 200, buffer_slice(&text));
    buffer_free(&text);
}

void slack_fail(struct slack_request *slack, enum rc rc)
{
    static struct log_limit limit;

    log_limited(&limit, LOG_WARN, "a request of Slack's could not be carried out: %s", rc_text(rc));
    slack->refuse(slack, 503, rc == RC_FULL || rc == RC_IO ? "full" : "other");
}

/* --- the engine's thread --- */

static enum rc run_work(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    struct slack_work *work = control->context;

    return work->run(work, engine, now_ms);
}

static void end_work(struct inlet_control *control, enum rc rc)
{
    struct slack_work *work = control->context;

    work->done(work, rc);
}

void slack_run(struct slack_request *slack, struct slack_work *work)
{
    if (service_is_stopping(slack->service)) {
        slack_fail(slack, RC_BUSY);
        return;
    }
    work->slack = slack;
    work->control = (struct inlet_control){ .run = run_work, .done = end_work, .context = work };
    slack->keep(slack);
    inlet_push_control(service_inlet(slack->service), &work->control);
}

/* --- who --- */

static bool is_among(struct slice_list names, struct slice name)
{
    for (size_t i = 0; i < names.n_items; i++)
        if (slice_eq(names.items[i], name))
            return true;
    return false;
}

/* In a group of ours that Slack keeps, as it was asked last. */
static enum rc ask_groups(struct slack_request *slack, struct store_txn *txn)
{
    const struct config *config = slack->config;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < config->n_groups && !slack->is_person && !rc; i++) {
        struct group_members members;

        if (slice_is_absent(config->groups[i].slack))
            continue;
        rc = group_members_get(txn, slack->channel->name, config->groups[i].slack, slack->arena,
                               &members);
        slack->is_person = !rc && clock_real_ms() - members.at_ms < MEMBERS_FRESH_MS &&
                           is_among(members.users, slack->origin.user);
        rc = rc == RC_NOT_FOUND ? RC_OK : rc;
    }
    return rc;
}

/* Ids alone: what people call themselves changes, and anybody may call themselves anything. */
static enum rc name_user(struct slack_request *slack, struct store_txn *txn)
{
    const struct slack_origin *origin = &slack->origin;
    const struct person *person = config_person_of_slack(slack->config, origin->user);
    enum rc rc;

    slack->is_person = person != NULL;
    if (person) {
        slack->who = person->name;
        return RC_OK;
    }
    rc = arena_format(slack->arena, &slack->who, CONFIG_SLACK_PREFIX "%.*s",
                      SLICE_ARG(origin->user));
    return rc ? rc : ask_groups(slack, txn);
}

/* A name that nobody has: the engine denies it, and the audit trail keeps it. */
static enum rc name_stranger(struct slack_request *slack)
{
    const struct slack_origin *origin = &slack->origin;
    struct slice home = origin->home_team.len ? origin->home_team : origin->team;

    slack->is_stranger = true;
    slack->turned = SLICE("only people of our own workspace may do this");
    return arena_format(slack->arena, &slack->who, CONFIG_SLACK_PREFIX "%.*s/%.*s",
                        SLICE_ARG(home.len ? home : SLICE("?")), SLICE_ARG(origin->user));
}

/* Every workspace that the request names is ours: in a shared channel, strangers see the buttons too. */
static bool is_of(const struct slack_origin *origin, struct slice ours)
{
    if (!origin->home_team.len && !origin->team.len)
        return false;
    return (!origin->home_team.len || slice_eq(origin->home_team, ours)) &&
           (!origin->team.len || slice_eq(origin->team, ours));
}

static enum rc identify(struct slack_request *slack, struct store_txn *txn)
{
    struct slice ours = slack_own(slack)->team;
    enum rc rc = channel_facts_get(txn, slack->channel->name, slack->arena, &slack->facts);

    if (rc == RC_NOT_FOUND)
        slack->facts = (struct channel_facts){ 0 };
    else if (rc)
        return rc;
    if (slack->facts.app.len && !slice_eq(slack->origin.app, slack->facts.app))
        return RC_DENIED;
    if (slice_is_absent(ours))
        ours = slack->facts.team;
    if (!ours.len) {
        slack->turned = SLICE("Slack has not said yet which workspace is ours: please try again "
                              "in a minute");
        return RC_OK;
    }
    return is_of(&slack->origin, ours) ? name_user(slack, txn) : name_stranger(slack);
}

enum rc slack_identify(struct slack_request *slack, const struct slack_origin *origin)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(slack->service), &txn);

    slack->origin = *origin;
    if (!rc)
        rc = identify(slack, txn);
    store_abort(&txn);
    if (rc == RC_DENIED)
        slack->refuse(slack, 403, "app");
    else if (rc)
        slack_fail(slack, rc);
    return rc;
}

/* --- interactions --- */

void slack_take_interaction(struct slack_request *slack,
                            const struct slack_interaction *interaction)
{
    if (interaction->kind == SLACK_OTHER_INTERACTION) {
        slack_acknowledge(slack);
        return;
    }
    if (slack_identify(slack, &interaction->origin))
        return;
    if (interaction->kind == SLACK_CLICK)
        slack_take_click(slack, &interaction->click);
    else
        slack_take_modal(slack, &interaction->submission);
}
