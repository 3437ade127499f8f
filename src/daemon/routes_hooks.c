/* POST /hooks/NAME: verified and scanned on the server's thread, answered after the commit that holds it. */
#include "src/daemon/door_refusal.h"
#include "src/daemon/handlers.h"
#include "src/daemon/hook_handshake.h"

#include "src/base/metrics.h"
#include "watchers/webhook.h"

#include <stdio.h>

#define PREFIX SLICE("/hooks/")
#define RETRY_AFTER SLICE("5")

/* One delivery on its way to the commit; in the exchange's arena. */
struct hook_delivery {
    struct inlet_delivery delivery;
    struct http_exchange *exchange;
    struct service *service;
    const struct config *config; /* held: the entry borrows the watcher's name */
    struct webhook_answer answer;
};

/* --- refusals --- */

static void answer_problem(struct http_exchange *exchange, int status, const char *title,
                           struct slice detail, const struct http_answer_header *header)
{
    http_answer_problem_with(exchange, status, title, detail, header, header ? 1 : 0);
}

/* What every stranger may know. Which of the checks failed stands in our log alone. */
#define DETAIL_401                                                                                 \
    SLICE("the signature or token of this request is missing or wrong: compare the secret at the " \
          "sender with the one of this hook; `vedette hooks` and the log say why")
#define DETAIL_404 SLICE("the path is /hooks/NAME; `vedette hooks` lists the names")
#define DETAIL_405 SLICE("deliveries are sent here with POST")

static void answer_not_stored(struct http_exchange *exchange, const char *detail)
{
    const struct http_answer_header retry = { "Retry-After", RETRY_AFTER };

    answer_problem(exchange, 503, "Cannot be stored now", slice_of(detail), &retry);
}

static void answer_wrong_type(struct http_exchange *exchange, const struct webhook *hook)
{
    struct slice type = http_header(exchange, "Content-Type"), detail;

    if (arena_format(http_arena(exchange), &detail,
                     "Content-Type is \"%.*s\": set the one named above at the sender",
                     SLICE_ARG(type)))
        detail = (struct slice){ 0 };
    answer_problem(exchange, 415, webhook_refused_type(hook), detail, NULL);
}

static void answer_too_long(struct http_exchange *exchange, const struct webhook *hook)
{
    struct slice detail;

    if (arena_format(http_arena(exchange), &detail,
                     "at most %lld bytes are taken here: `max_body` of the hook says how many",
                     (long long)webhook_max_body_bytes(hook)))
        detail = (struct slice){ 0 };
    answer_problem(exchange, 413, "The body is larger than this hook takes", detail, NULL);
}

/* --- headers --- */

static struct slice hook_name(const struct http_exchange *exchange)
{
    struct slice path = http_path(exchange);

    if (!slice_starts(path, PREFIX))
        return (struct slice){ 0 };
    return (struct slice){ path.ptr + PREFIX.len, path.len - PREFIX.len };
}

static bool is_too_long(const struct http_exchange *exchange, int64_t max_bytes)
{
    int64_t announced;

    return !slice_to_int(http_header(exchange, "Content-Length"), &announced) &&
           announced > max_bytes;
}

/* Answers, or says how much may follow. Everything that can be told without the body is told before it is read. */
static enum rc judge_headers(struct routes *routes, const struct webhook *hook,
                             struct http_exchange *exchange, int64_t *max_body_bytes)
{
    const struct http_answer_header allow = { "Allow", SLICE("POST") };
    struct slice peer = http_peer_of(exchange).address;

    if (!hook) {
        answer_problem(exchange, 404, "No such hook", DETAIL_404, NULL);
        return RC_NOT_FOUND;
    }
    if (hook_handshake_answer(hook, exchange))
        return RC_DENIED;
    if (!slice_eq(http_method(exchange), SLICE("POST"))) {
        door_refused(routes->service, webhook_name(hook), "method", peer);
        answer_problem(exchange, 405, "Method not allowed", DETAIL_405, &allow);
        return RC_INVALID;
    }
    if (!webhook_accepts_type(hook, http_header(exchange, "Content-Type"))) {
        door_refused(routes->service, webhook_name(hook), "content_type", peer);
        answer_wrong_type(exchange, hook);
        return RC_INVALID;
    }
    if (is_too_long(exchange, webhook_max_body_bytes(hook))) {
        door_refused(routes->service, webhook_name(hook), "size", peer);
        answer_too_long(exchange, hook);
        return RC_LIMIT;
    }
    *max_body_bytes = webhook_max_body_bytes(hook);
    return RC_OK;
}

/* NULL where no request is taken. */
static const struct webhook *find_hook(const struct config *config,
                                       const struct http_exchange *exchange)
{
    const struct webhook *hook = watchers_find_webhook(config->watchers, hook_name(exchange));

    return hook && webhook_has_door(hook) ? hook : NULL;
}

enum rc hooks_on_headers(struct routes *routes, struct http_exchange *exchange,
                         int64_t *max_body_bytes)
{
    const struct config *config = service_hold_config(routes->service);
    const struct webhook *hook = find_hook(config, exchange);
    enum rc rc = judge_headers(routes, hook, exchange, max_body_bytes);

    service_release_config(routes->service, config);
    return rc;
}

/* --- the whole request --- */

static void answer_stored(struct http_exchange *exchange, struct ulid id, bool is_duplicate)
{
    char text[ULID_TEXT_BYTES];
    char json[96];
    int len = snprintf(json, sizeof json, "{\"id\":\"evt_%s\"%s}", ulid_format(id, text),
                       is_duplicate ? ",\"duplicate\":true" : "");

    http_answer(exchange, is_duplicate ? 200 : 202, "application/json",
                (struct slice){ json, (size_t)len }, NULL, 0);
}

/* On the engine's thread, after the commit: nothing of the delivery may be touched once it is answered. */
static void on_stored(struct inlet_delivery *delivery, enum rc rc)
{
    struct hook_delivery *stored = delivery->context;
    struct http_exchange *exchange = stored->exchange;
    struct service *service = stored->service;
    const struct config *config = stored->config;
    struct slice hook = stored->answer.entry.watcher;
    struct ulid id = stored->answer.entry.id;
    bool is_duplicate = delivery->item.is_duplicate;

    if (rc) {
        door_refused(service, hook, "full", http_peer_of(exchange).address);
        answer_not_stored(exchange, rc_text(rc));
    } else {
        if (stored->answer.confirmation.len)
            hook_calls_confirm(service_hook_calls(service), hook, stored->answer.confirmation);
        if (is_duplicate)
            metric_add(METRIC_EVENTS_DUPLICATE, hook, (struct slice){ 0 }, 1);
        hook_facts_accepted(service_hook_facts(service), hook, is_duplicate, clock_wall_ms());
        if (stored->answer.is_handshake)
            hook_facts_shaken(service_hook_facts(service), hook, clock_wall_ms());
        answer_stored(exchange, id, is_duplicate);
    }
    service_release_config(service, config);
}

static enum rc receive(struct service *service, const struct webhook *hook,
                       struct http_exchange *exchange, struct webhook_answer *answer)
{
    struct webhook_request request = { .content_type = http_header(exchange, "Content-Type"),
                                       .access_token = http_query(exchange, "access_token"),
                                       .body = http_body(exchange),
                                       .received_ms = clock_wall_ms(),
                                       .real_ms = clock_real_ms(),
                                       .certificates = service_certificates(service) };

    request.headers = http_headers(exchange, &request.n_headers);
    return webhook_receive(hook, &request, http_arena(exchange), answer);
}

/* Kept first: the commit may be faster than we are. */
static void store(struct hook_delivery *delivery)
{
    struct http_exchange *exchange = delivery->exchange;
    struct service *service = delivery->service;
    const struct config *config = delivery->config;
    struct slice hook = delivery->answer.entry.watcher;
    enum rc rc;

    delivery->delivery = (struct inlet_delivery){
        .item = { .entry = &delivery->answer.entry, .dedup_ms = delivery->answer.dedup_ms },
        .done = on_stored,
        .context = delivery,
    };
    http_keep(exchange);
    rc = inlet_push(service_inlet(service), &delivery->delivery);
    if (!rc)
        return;
    door_refused(service, hook, "full", http_peer_of(exchange).address);
    service_release_config(service, config);
    answer_not_stored(exchange, rc == RC_BUSY ? "stopping" : "too much is waiting already");
}

/* Only what was proven counts: nobody else can use up the sender's share. */
static bool is_let_in(struct service *service, const struct webhook *hook)
{
    const struct webhook_rate rate = webhook_rate_of(hook);

    return hook_facts_let_in(service_hook_facts(service), webhook_name(hook), rate.n,
                             rate.window_ms, clock_mono_ms());
}

/* True when it is to be stored. Else it was answered. */
static bool take(struct hook_delivery *delivery, const struct webhook *hook)
{
    struct http_exchange *exchange = delivery->exchange;
    const struct webhook_answer *answer = &delivery->answer;
    const struct http_answer_header challenge = { "WWW-Authenticate", SLICE("Bearer") },
                                    retry = { "Retry-After", RETRY_AFTER };
    enum rc rc = receive(delivery->service, hook, exchange, &delivery->answer);

    if (rc) {
        door_refused(delivery->service, webhook_name(hook), "other",
                     http_peer_of(exchange).address);
        answer_not_stored(exchange, rc_text(rc));
        return false;
    }
    if (answer->certificate.len)
        hook_calls_fetch(service_hook_calls(delivery->service), answer->certificate);
    if (!answer->status && is_let_in(delivery->service, hook))
        return true;
    if (!answer->status) {
        door_refused(delivery->service, webhook_name(hook), "rate", http_peer_of(exchange).address);
        answer_not_stored(exchange, "more comes here than `rate` lets in");
        return false;
    }
    door_refused(delivery->service, webhook_name(hook), answer->reason,
                 http_peer_of(exchange).address);
    answer_problem(exchange, answer->status, answer->title,
                   answer->status == 401 ? DETAIL_401 : answer->detail,
                   answer->status == 401   ? &challenge
                   : answer->status == 503 ? &retry
                                           : NULL);
    return false;
}

void hooks_on_request(struct routes *routes, struct http_exchange *exchange)
{
    struct hook_delivery *delivery = arena_alloc(http_arena(exchange), 1, sizeof *delivery);
    const struct webhook *hook;
    const struct config *config;

    if (!delivery) {
        answer_not_stored(exchange, rc_text(RC_NO_MEMORY));
        return;
    }
    if (service_is_stopping(routes->service)) {
        answer_not_stored(exchange, "stopping");
        return;
    }
    config = service_hold_config(routes->service);
    hook = find_hook(config, exchange);
    *delivery = (struct hook_delivery){ .exchange = exchange,
                                        .service = routes->service,
                                        .config = config };
    /* A reload may have taken the hook away since its headers came. */
    if (hook && take(delivery, hook)) {
        store(delivery);
        return;
    }
    if (!hook)
        answer_problem(exchange, 404, "No such hook", DETAIL_404, NULL);
    service_release_config(routes->service, config);
}
