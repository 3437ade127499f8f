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
    struct slack_door_request request; /* first: `answer` gets it back */
    struct http_exchange *exchange;
    struct slice watcher; /* the channel's name, of the configuration */
    struct slack_proof proof;
    bool is_remembered; /* it would not be let in again */
};

static const struct slack_entrance {
    const char *path;
    const char *content_type;
    enum slack_door door;
    bool may_repeat; /* a second try is the same event, and known by its id */
} entrances[] = {
    { .path = "/slack/interactions", .content_type = FORM, .door = SLACK_DOOR_INTERACTIONS },
    { .path = "/slack/commands", .content_type = FORM, .door = SLACK_DOOR_COMMANDS },
    { .path = "/slack/events",
      .content_type = JSON,
      .door = SLACK_DOOR_EVENTS,
      .may_repeat = true },
};

static const struct slack_entrance *find_entrance(struct slice path)
{
    for (size_t i = 0; i < sizeof entrances / sizeof *entrances; i++)
        if (slice_eq(path, slice_of(entrances[i].path)))
            return &entrances[i];
    return NULL;
}

/* --- answers --- */

struct problem_text {
    int status;
    const char *title;
    const char *detail;
};

static const struct problem_text *problem_text_of(int status)
{
    static const struct problem_text texts[] = {
        { 400, "This is no request of Slack's",
          "the body is not what Slack sends to this path; the log says what is wrong" },
        { 401, "Not authorised",
          "the signature of this request is missing, wrong or old: compare the signing "
          "secret with the app's; the log says why" },
        { 403, "This is for another app",
          "another app or workspace than the one of this channel sent it" },
        { 404, "Not found",
          "Slack's paths are /slack/interactions, /slack/commands and /slack/events, "
          "where a Slack channel with a signing secret is configured" },
        { 405, "Method not allowed", "Slack sends its requests here with POST" },
        { 413, "Larger than what Slack sends", "no request of Slack's is as large" },
        { 415, "Not what Slack sends here",
          "interactions and commands are application/x-www-form-urlencoded, events "
          "application/json" },
        { 503, "Cannot be done now", "try again in a moment; the log says why" },
    };
    size_t i = 0;

    while (i + 1 < sizeof texts / sizeof *texts && texts[i].status != status)
        i++;
    return &texts[i];
}

static void answer_problem(struct http_exchange *exchange, int status)
{
    const struct problem_text *text = problem_text_of(status);
    const struct http_answer_header retry = { "Retry-After", RETRY_AFTER };
    const struct http_answer_header allow = { "Allow", SLICE("POST") };

    http_answer_problem_with(exchange, status, text->title, slice_of(text->detail),
                             status == 405 ? &allow : &retry, status == 503 || status == 405);
}

static void answer(struct slack_door_request *request, int status, struct slice json)
{
    struct slack_exchange *answered = (struct slack_exchange *)request;
    struct http_exchange *exchange = answered->exchange;
    struct service *service = request->service;
    const struct config *config = request->config;

    /* What was not carried out may come again. */
    if (status == 503 && answered->is_remembered)
        slack_replays_forget(service_slack_replays(service), &answered->proof);
    if (status == 200) {
        hook_facts_accepted(service_hook_facts(service), answered->watcher, false, clock_wall_ms());
        http_answer(exchange, status, JSON, json, NULL, 0);
    } else {
        answer_problem(exchange, status);
    }
    service_release_config(service, config);
}

static void keep(struct slack_door_request *request)
{
    http_keep(((struct slack_exchange *)request)->exchange);
}

static void refuse(struct slack_exchange *refused, int status, const char *reason)
{
    struct slack_door_request *request = &refused->request;

    door_refused(request->service, refused->watcher, reason, request->peer);
    request->answer(request, status, SLICE(""));
}

/* --- the doors --- */

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
                         struct http_exchange *exchange, int status, const char *reason)
{
    door_refused(routes->service, channel->name, reason, http_peer_of(exchange).address);
    answer_problem(exchange, status);
    return RC_INVALID;
}

static enum rc judge_headers(struct routes *routes, const struct channel *channel,
                             struct http_exchange *exchange)
{
    const struct slack_entrance *entrance = find_entrance(http_path(exchange));
    struct slice type = http_header(exchange, "Content-Type");

    if (!channel || !entrance) {
        answer_problem(exchange, 404);
        return RC_NOT_FOUND;
    }
    if (!slice_eq(http_method(exchange), SLICE("POST")))
        return turn_away(routes, channel, exchange, 405, "method");
    type = slice_trim(slice_cut(&type, ';'));
    if (!slice_eq_nocase(type, slice_of(entrance->content_type)))
        return turn_away(routes, channel, exchange, 415, "content_type");
    if (is_too_long(exchange))
        return turn_away(routes, channel, exchange, 413, "size");
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

/* RC_DENIED: one answer for all reasons. */
static enum rc prove(struct slack_exchange *proving, const struct channel *channel, bool may_repeat)
{
    const struct slack_own *own = channel->own;
    size_t n_headers;
    const struct header *headers = http_headers(proving->exchange, &n_headers);
    int64_t real_ms = clock_real_ms();
    enum rc rc = slack_signature_check(own->signing_secrets, headers, n_headers,
                                       proving->request.body, real_ms, &proving->proof);

    if (rc || may_repeat)
        return rc;
    rc = slack_replays_admit(service_slack_replays(proving->request.service), &proving->proof,
                             real_ms);
    proving->is_remembered = !rc;
    return rc;
}

static void take(struct slack_exchange *taking, const struct channel *channel, bool may_repeat)
{
    enum rc rc = prove(taking, channel, may_repeat);

    if (rc == RC_DENIED)
        refuse(taking, 401, "signature");
    else if (rc)
        refuse(taking, 503, rc == RC_FULL ? "replay" : "other");
    else
        slack_door_take(&taking->request);
}

/* Slack tries the certificate, unsigned: nothing else of such a body is read. */
static bool is_ssl_check(const struct slack_entrance *entrance, struct slice body)
{
    return entrance->door != SLACK_DOOR_EVENTS && slack_is_ssl_check(body);
}

void slack_on_request(struct routes *routes, struct http_exchange *exchange)
{
    const struct slack_entrance *entrance = find_entrance(http_path(exchange));
    struct slack_exchange *taking = arena_alloc(http_arena(exchange), 1, sizeof *taking);
    const struct channel *channel;
    const struct config *config;

    if (!taking || !entrance || service_is_stopping(routes->service)) {
        answer_problem(exchange, entrance ? 503 : 404);
        return;
    }
    if (is_ssl_check(entrance, http_body(exchange))) {
        http_answer(exchange, 200, JSON, SLICE(""), NULL, 0);
        return;
    }
    config = service_hold_config(routes->service);
    channel = find_channel(config);
    *taking = (struct slack_exchange){ .request = { .service = routes->service,
                                                    .config = config,
                                                    .arena = http_arena(exchange),
                                                    .door = entrance->door,
                                                    .body = http_body(exchange),
                                                    .peer = http_peer_of(exchange).address,
                                                    .answer = answer,
                                                    .keep = keep },
                                       .exchange = exchange };
    /* A reload may have taken the channel away since its headers came. */
    if (!channel) {
        answer(&taking->request, 404, SLICE(""));
        return;
    }
    taking->watcher = channel->name;
    take(taking, channel, entrance->may_repeat);
}
