#include "src/daemon/slack_door.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/daemon/door_refusal.h"

#define MEMBERS_FRESH_MS DAY_MS

/* --- answers --- */

void slack_acknowledge(struct slack_request *slack)
{
    slack->request->answer(slack->request, 200, SLICE(""));
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
        slack->request->answer(slack->request, 200, buffer_slice(&text));
    buffer_free(&text);
}

void slack_refuse(struct slack_request *slack, int status, const char *reason)
{
    const struct slack_door_request *request = slack->request;

    door_refused(slack->service, slack->channel->name, reason,
                 request->peer.len ? request->peer : SLICE("slack"));
    slack->request->answer(slack->request, status, SLICE(""));
}

void slack_fail(struct slack_request *slack, enum rc rc)
{
    static struct log_limit limit;

    log_limited(&limit, LOG_WARN, "a request of Slack's could not be carried out: %s", rc_text(rc));
    slack_refuse(slack, 503, rc == RC_FULL || rc == RC_IO ? "full" : "other");
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

void slack_keep(struct slack_request *slack)
{
    if (slack->request->keep)
        slack->request->keep(slack->request);
}

void slack_run(struct slack_request *slack, struct slack_work *work)
{
    if (service_is_stopping(slack->service)) {
        slack_fail(slack, RC_BUSY);
        return;
    }
    work->slack = slack;
    work->control = (struct inlet_control){ .run = run_work, .done = end_work, .context = work };
    slack_keep(slack);
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
        slack_refuse(slack, 403, "app");
    else if (rc)
        slack_fail(slack, rc);
    return rc;
}

/* --- what it is --- */

static enum rc take_interaction(struct slack_request *slack, struct slice body)
{
    struct slack_interaction interaction;
    enum rc rc = slack_interaction_parse(body, slack->arena, &interaction);

    if (rc)
        return rc;
    if (interaction.kind == SLACK_OTHER_INTERACTION)
        slack_acknowledge(slack);
    else if (slack_identify(slack, &interaction.origin))
        return RC_OK;
    else if (interaction.kind == SLACK_CLICK)
        slack_take_click(slack, &interaction.click);
    else
        slack_take_modal(slack, &interaction.submission);
    return RC_OK;
}

static enum rc take_command(struct slack_request *slack, struct slice body)
{
    struct slack_command command;
    enum rc rc = slack_command_parse(body, slack->arena, &command);

    if (!rc)
        slack_take_command(slack, &command);
    return rc;
}

static enum rc take_delivery(struct slack_request *slack, struct slice body)
{
    struct slack_delivery delivery;
    enum rc rc = slack_delivery_parse(body, slack->arena, &delivery);

    if (!rc)
        slack_take_delivery(slack, &delivery);
    return rc;
}

static void take(struct slack_request *slack)
{
    static enum rc (*const takes[])(struct slack_request * slack, struct slice body) = {
        [SLACK_DOOR_INTERACTIONS] = take_interaction,
        [SLACK_DOOR_COMMANDS] = take_command,
        [SLACK_DOOR_EVENTS] = take_delivery,
    };
    /* Once it was read it is answered, and may be gone. */
    enum rc rc = takes[slack->request->door](slack, slack->request->body);

    if (rc == RC_INVALID || rc == RC_LIMIT)
        slack_refuse(slack, 400, "shape");
    else if (rc)
        slack_fail(slack, rc);
}

void slack_door_take(struct slack_door_request *request)
{
    struct slack_request *slack = arena_alloc(request->arena, 1, sizeof *slack);

    if (!slack) {
        request->answer(request, 503, SLICE(""));
        return;
    }
    *slack = (struct slack_request){ .request = request,
                                     .service = request->service,
                                     .config = request->config,
                                     .channel = channels_slack(request->config->channels),
                                     .arena = request->arena };
    /* A reload may have taken the channel away meanwhile. */
    if (slack->channel)
        take(slack);
    else
        request->answer(request, 404, SLICE(""));
}
