#include "src/daemon/routes_slack.h"

#include "actions/channels/slack_signature.h"
#include "src/daemon/door_refusal.h"
#include "src/daemon/slack_door.h"

#define PREFIX SLICE("/slack/")
#define RETRY_AFTER SLICE("5")
#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"

/* A request of HTTP's; in the exchange's arena. */
struct slack_exchange {
    struct slack_request slack;
    struct http_exchange *exchange;
    struct slack_proof proof;
    bool is_remembered; /* it would not be let in again */
};

/* --- answers --- */

static const struct {
    int status;
    const char *title;
} titles[] = {
    { 400, "This is no request of Slack's" },
    { 401, "Not authorised" },
    { 403, "This is for another app" },
    { 503, "Cannot be done now" },
};

static const char *title_of(int status)
{
    size_t i = 0;

    while (i + 1 < sizeof titles / sizeof *titles && titles[i].status != status)
        i++;
    return titles[i].title;
}

static void keep(struct slack_request *slack)
{
    http_keep(((struct slack_exchange *)slack)->exchange);
}

static void answer(struct slack_request *slack, int status, struct slice json)
{
    struct http_exchange *exchange = ((struct slack_exchange *)slack)->exchange;
    struct service *service = slack->service;
    const struct config *config = slack->config;

    hook_facts_accepted(service_hook_facts(service), slack->channel->name, false, clock_wall_ms());
    http_answer(exchange, status, JSON, slice_is_absent(json) ? SLICE("") : json, NULL, 0);
    service_release_config(service, config);
}

/* What was not carried out may come again. */
static void refuse(struct slack_request *slack, int status, const char *reason)
{
    struct slack_exchange *refused = (struct slack_exchange *)slack;
    const struct http_answer_header retry = { "Retry-After", RETRY_AFTER };
    struct http_exchange *exchange = refused->exchange;
    struct service *service = slack->service;
    const struct config *config = slack->config;

    if (status == 503 && refused->is_remembered)
        slack_replays_forget(service_slack_replays(service), &refused->proof);
    door_refused(service, slack->channel->name, reason, http_peer_of(exchange).address);
    http_answer_problem_with(exchange, status, title_of(status), (struct slice){ 0 }, &retry,
                             status == 503);
    service_release_config(service, config);
}

/* --- the doors --- */

static void fail_to_read(struct slack_request *slack, enum rc rc)
{
    if (rc == RC_INVALID || rc == RC_LIMIT)
        slack->refuse(slack, 400, "shape");
    else
        slack_fail(slack, rc);
}

static void take_interaction(struct slack_request *slack, struct slice body)
{
    struct slack_interaction interaction;
    enum rc rc = slack_interaction_parse(body, slack->arena, &interaction);

    if (rc)
        fail_to_read(slack, rc);
    else
        slack_take_interaction(slack, &interaction);
}

static void take_command(struct slack_request *slack, struct slice body)
{
    struct slack_command command;
    enum rc rc = slack_command_parse(body, slack->arena, &command);

    if (rc)
        fail_to_read(slack, rc);
    else
        slack_take_command(slack, &command);
}

static void take_delivery(struct slack_request *slack, struct slice body)
{
    struct slack_delivery delivery;
    enum rc rc = slack_delivery_parse(body, slack->arena, &delivery);

    if (rc)
        fail_to_read(slack, rc);
    else
        slack_take_delivery(slack, &delivery);
}

static const struct slack_entrance {
    const char *path;
    const char *content_type;
    bool is_form;
    bool may_repeat; /* a second try is the same event, and known by its id */
    void (*take)(struct slack_request *slack, struct slice body);
} doors[] = {
    { .path = "/slack/interactions",
      .content_type = FORM,
      .is_form = true,
      .take = take_interaction },
    { .path = "/slack/commands", .content_type = FORM, .is_form = true, .take = take_command },
    { .path = "/slack/events", .content_type = JSON, .may_repeat = true, .take = take_delivery },
};

static const struct slack_entrance *find_door(struct slice path)
{
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
        if (slice_eq(path, slice_of(doors[i].path)))
            return &doors[i];
    return NULL;
}

bool slack_is_path(struct slice path)
{
    return slice_starts(path, PREFIX);
}

/* The channel whose doors these are; NULL: there are none. */
static const struct channel *find_channel(const struct config *config)
{
    const struct channel *channel = channels_slack(config->channels);
    const struct slack_own *own = channel ? channel->own : NULL;

    return own && own->signing_secrets.n_items ? channel : NULL;
}

/* --- headers --- */

static bool is_too_long(const struct http_exchange *exchange)
{
    int64_t announced;

    return !slice_to_int(http_header(exchange, "Content-Length"), &announced) &&
           announced > SLACK_BODY_MAX_BYTES;
}

static enum rc turn_away(struct routes *routes, const struct channel *channel,
                         struct http_exchange *exchange, int status, const char *title,
                         const char *reason)
{
    const struct http_answer_header allow = { "Allow", SLICE("POST") };

    door_refused(routes->service, channel->name, reason, http_peer_of(exchange).address);
    http_answer_problem_with(exchange, status, title, (struct slice){ 0 }, &allow, status == 405);
    return RC_INVALID;
}

static enum rc judge_headers(struct routes *routes, const struct channel *channel,
                             struct http_exchange *exchange)
{
    const struct slack_entrance *door = find_door(http_path(exchange));
    struct slice type = http_header(exchange, "Content-Type");

    if (!channel || !door) {
        http_answer_problem(exchange, 404, "Not found", (struct slice){ 0 });
        return RC_NOT_FOUND;
    }
    if (!slice_eq(http_method(exchange), SLICE("POST")))
        return turn_away(routes, channel, exchange, 405, "Method not allowed", "method");
    type = slice_trim(slice_cut(&type, ';'));
    if (!slice_eq_nocase(type, slice_of(door->content_type)))
        return turn_away(routes, channel, exchange, 415, "Not what Slack sends here",
                         "content_type");
    if (is_too_long(exchange))
        return turn_away(routes, channel, exchange, 413, "Larger than what Slack sends", "size");
    return RC_OK;
}

enum rc slack_on_headers(struct routes *routes, struct http_exchange *exchange,
                         int64_t *max_body_bytes)
{
    const struct config *config = service_hold_config(routes->service);
    enum rc rc = judge_headers(routes, find_channel(config), exchange);

    service_release_config(routes->service, config);
    *max_body_bytes = SLACK_BODY_MAX_BYTES;
    return rc;
}

/* --- the whole request --- */

/* One answer for all reasons: RC_DENIED. */
static enum rc prove(struct slack_exchange *proving, const struct slack_entrance *door)
{
    const struct slack_own *own = slack_own(&proving->slack);
    size_t n_headers;
    const struct header *headers = http_headers(proving->exchange, &n_headers);
    int64_t real_ms = clock_real_ms();
    enum rc rc = slack_signature_check(own->signing_secrets, headers, n_headers,
                                       http_body(proving->exchange), real_ms, &proving->proof);

    if (rc || door->may_repeat)
        return rc;
    rc = slack_replays_admit(service_slack_replays(proving->slack.service), &proving->proof,
                             real_ms);
    proving->is_remembered = !rc;
    return rc;
}

static void take(struct slack_exchange *taking, const struct slack_entrance *door)
{
    struct slack_request *slack = &taking->slack;
    struct slice body = http_body(taking->exchange);
    const struct config *config = slack->config;
    enum rc rc;

    /* Unsigned, and so nothing of it is read but this. */
    if (door->is_form && slack_is_ssl_check(body)) {
        http_answer(taking->exchange, 200, JSON, SLICE(""), NULL, 0);
        service_release_config(slack->service, config);
        return;
    }
    rc = prove(taking, door);
    if (rc == RC_DENIED)
        slack->refuse(slack, 401, "signature");
    else if (rc)
        slack_fail(slack, rc);
    else
        door->take(slack, body);
}

static void answer_at_once(struct http_exchange *exchange, int status, const char *title)
{
    const struct http_answer_header retry = { "Retry-After", RETRY_AFTER };

    http_answer_problem_with(exchange, status, title, (struct slice){ 0 }, &retry, status == 503);
}

void slack_on_request(struct routes *routes, struct http_exchange *exchange)
{
    const struct slack_entrance *door = find_door(http_path(exchange));
    struct slack_exchange *taking = arena_alloc(http_arena(exchange), 1, sizeof *taking);
    const struct config *config;

    if (!taking || service_is_stopping(routes->service)) {
        answer_at_once(exchange, 503, taking ? "Stopping" : "Busy");
        return;
    }
    config = service_hold_config(routes->service);
    *taking = (struct slack_exchange){ .slack = { .service = routes->service,
                                                  .config = config,
                                                  .channel = find_channel(config),
                                                  .arena = http_arena(exchange),
                                                  .keep = keep,
                                                  .answer = answer,
                                                  .refuse = refuse },
                                       .exchange = exchange };
    /* A reload may have taken the channel away since its headers came. */
    if (door && taking->slack.channel) {
        take(taking, door);
        return;
    }
    service_release_config(routes->service, config);
    answer_at_once(exchange, 404, "Not found");
}
