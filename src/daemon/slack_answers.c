#include "src/daemon/slack_answers.h"

#include "actions/channels/slack_card.h"
#include "actions/channels/slack_response_url.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/daemon/posting.h"

#include <stdlib.h>

#define ERRAND_ARENA_BYTES ((size_t)2 << 20)
#define ERRAND_MAX_WAYS 3
#define ANSWER_BYTES ((size_t)256 << 10)
#define TELL_TIMEOUT_MS (10 * SECOND_MS)
#define TELL_WITHIN_MS (30 * MINUTE_MS) /* a response_url lives no longer */
#define SHOW_TIMEOUT_MS (3 * SECOND_MS) /* nor a trigger_id */

/* One thing to be said, and the ways to say it, in the order in which they are tried. */
struct errand {
    struct posting *posting;
    struct arena *arena;
    struct way {
        struct http_request request;
        int64_t give_up_ms;
    } ways[ERRAND_MAX_WAYS];
    size_t n_ways, next;
};

static struct log_limit lost;

static void free_errand(struct errand *errand)
{
    if (!errand)
        return;
    arena_free(errand->arena);
    free(errand);
}

static enum rc new_errand(struct slack_request *slack, struct errand **errand)
{
    struct errand *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->posting = service_posting(slack->service);
    rc = made->posting ? arena_new(ERRAND_ARENA_BYTES, &made->arena) : RC_BUSY;
    if (rc)
        free_errand(made);
    else
        *errand = made;
    return rc;
}

/* --- sending --- */

/* The Web API says {"ok":true}; a response_url says it with its status. */
static bool was_taken(const struct http_answer *answer)
{
    struct json *root = NULL;
    struct json_fault fault;
    bool ok;

    if (answer->status != 200)
        return false;
    if (json_parse(answer->body, JSON_LIMITS_DEFAULT, &root, &fault))
        return slice_eq(slice_trim(answer->body), SLICE("ok")) || !answer->body.len;
    ok = json_type_of(root) != JSON_OBJECT || json_type_of(json_get_text(root, "ok")) != JSON_FALSE;
    json_free(root);
    return ok;
}

static void try_next(struct errand *errand);

static void on_answer(void *context, enum rc rc, const struct http_answer *answer)
{
    struct errand *errand = context;

    if (!rc && was_taken(answer)) {
        free_errand(errand);
        return;
    }
    if (rc && answer->may_have_arrived)
        errand->next = errand->n_ways;
    try_next(errand);
}

/* Takes the errand. */
static void try_next(struct errand *errand)
{
    while (errand->next < errand->n_ways) {
        const struct way *way = &errand->ways[errand->next++];
        const struct posting_aside aside = { .request = way->request,
                                             .give_up_ms = way->give_up_ms,
                                             .done = on_answer,
                                             .context = errand };

        if (!posting_aside(errand->posting, &aside))
            return;
    }
    /* The addresses are secrets, and what was to be said may be: neither is logged. */
    log_limited(&lost, LOG_WARN, "somebody in Slack could not be told what became of a request");
    free_errand(errand);
}

/* --- the ways --- */

static struct way *add_way(struct errand *errand, int64_t timeout_ms, int64_t give_up_ms)
{
    struct way *way = &errand->ways[errand->n_ways++];

    way->request.timeout_ms = timeout_ms;
    way->give_up_ms = give_up_ms;
    return way;
}

static enum rc write_respond(struct slice sentence, struct slice thread_ts, struct arena *arena,
                             struct buffer *json)
{
    struct json_writer writer = json_writer_to(json);
    enum rc rc;

    json_object_begin(&writer);
    json_member_text(&writer, "response_type", SLICE("ephemeral"));
    json_member_bool(&writer, "replace_original", false);
    json_member_text(&writer, "thread_ts", thread_ts);
    rc = slack_write_text(sentence, arena, &writer);
    json_object_end(&writer);
    return rc ? rc : buffer_rc(json);
}

static enum rc add_response_url(const struct slack_request *slack, struct slice sentence,
                                struct errand *errand)
{
    struct http_header *header = arena_alloc(errand->arena, 1, sizeof *header);
    struct http_request request = { .method = SLICE("POST"), .headers = header, .n_headers = 1 };
    struct buffer json;
    enum rc rc;

    if (!slack_may_respond_to(slack->origin.response_url, slack->channel->base_url))
        return RC_OK;
    if (!header)
        return RC_NO_MEMORY;
    *header =
        (struct http_header){ SLICE("Content-Type"), SLICE("application/json; charset=utf-8") };
    buffer_init(&json, ANSWER_BYTES);
    rc = write_respond(sentence, slack->origin.thread_ts, errand->arena, &json);
    if (!rc)
        rc = arena_copy(errand->arena, buffer_slice(&json), &request.body);
    if (!rc)
        rc = arena_copy(errand->arena, slack->origin.response_url, &request.url);
    buffer_free(&json);
    if (!rc) {
        request.timeout_ms = TELL_TIMEOUT_MS;
        add_way(errand, TELL_TIMEOUT_MS, clock_real_ms() + TELL_WITHIN_MS)->request = request;
    }
    return rc;
}

static enum rc write_post(const struct slack_request *slack, struct slice channel,
                          struct slice thread_ts, struct slice sentence, struct arena *arena,
                          struct buffer *json)
{
    struct json_writer writer = json_writer_to(json);
    enum rc rc;

    json_object_begin(&writer);
    json_member_text(&writer, "channel", channel);
    json_member_text(&writer, "user", slack->origin.user);
    json_member_text(&writer, "thread_ts", thread_ts);
    json_member_text(&writer, "parse", SLICE("none"));
    rc = slack_write_text(sentence, arena, &writer);
    json_object_end(&writer);
    return rc ? rc : buffer_rc(json);
}

static enum rc add_post(const struct slack_request *slack, struct slice channel,
                        struct slice thread_ts, struct slice sentence, struct errand *errand)
{
    struct http_request request;
    struct buffer json;
    enum rc rc;

    if (!channel.len || !slack->origin.user.len)
        return RC_OK;
    buffer_init(&json, ANSWER_BYTES);
    rc = write_post(slack, channel, thread_ts, sentence, errand->arena, &json);
    if (!rc)
        rc = slack_post_json(slack->channel, "chat.postEphemeral", buffer_slice(&json),
                             errand->arena, &request);
    buffer_free(&json);
    if (!rc)
        add_way(errand, request.timeout_ms, clock_real_ms() + TELL_WITHIN_MS)->request = request;
    return rc;
}

static enum rc add_telling(const struct slack_request *slack, struct slice sentence,
                           struct errand *errand)
{
    enum rc rc = add_response_url(slack, sentence, errand);

    return rc ? rc
              : add_post(slack, slack->origin.channel, slack->origin.thread_ts, sentence, errand);
}

static enum rc write_view(const struct slack_request *slack, struct slice view, struct buffer *json)
{
    struct json_writer writer = json_writer_to(json);

    json_object_begin(&writer);
    json_member_text(&writer, "trigger_id", slack->origin.trigger_id);
    json_key(&writer, "view");
    json_write_raw(&writer, view);
    json_object_end(&writer);
    return buffer_rc(json);
}

static enum rc add_view(const struct slack_request *slack, struct slice view, struct errand *errand)
{
    struct http_request request;
    struct buffer json;
    enum rc rc;

    buffer_init(&json, ANSWER_BYTES);
    rc = write_view(slack, view, &json);
    if (!rc)
        rc = slack_post_json(slack->channel, "views.open", buffer_slice(&json), errand->arena,
                             &request);
    buffer_free(&json);
    if (rc)
        return rc;
    request.timeout_ms = SHOW_TIMEOUT_MS;
    add_way(errand, SHOW_TIMEOUT_MS, 0)->request = request; /* once: a trigger is used up */
    return RC_OK;
}

/* --- --- */

/* Takes the errand, which may be NULL after a failure. */
static void send(struct errand *errand, enum rc rc)
{
    if (!rc) {
        try_next(errand);
        return;
    }
    log_limited(&lost, LOG_WARN, "somebody in Slack could not be told: %s", rc_text(rc));
    free_errand(errand);
}

void slack_tell(struct slack_request *slack, struct slice sentence)
{
    struct errand *errand = NULL;
    enum rc rc = new_errand(slack, &errand);

    if (!rc)
        rc = add_telling(slack, sentence, errand);
    send(errand, rc);
}

void slack_tell_at(struct slack_request *slack, struct slice channel, struct slice thread_ts,
                   struct slice sentence)
{
    struct errand *errand = NULL;
    enum rc rc = new_errand(slack, &errand);

    if (!rc)
        rc = add_post(slack, channel, thread_ts, sentence, errand);
    send(errand, rc);
}

void slack_show_view(struct slack_request *slack, struct slice view, struct slice otherwise)
{
    struct errand *errand = NULL;
    enum rc rc = new_errand(slack, &errand);

    if (!rc)
        rc = add_view(slack, view, errand);
    if (!rc)
        rc = add_telling(slack, otherwise, errand);
    send(errand, rc);
}

enum rc slack_write_ephemeral(struct slice text, struct arena *arena, struct buffer *json)
{
    struct json_writer writer = json_writer_to(json);
    enum rc rc;

    json_object_begin(&writer);
    json_member_text(&writer, "response_type", SLICE("ephemeral"));
    rc = slack_write_text(text, arena, &writer);
    json_object_end(&writer);
    return rc ? rc : buffer_rc(json);
}

void slack_hurry(struct slack_request *slack, struct ulid proposal)
{
    struct posting *posting = service_posting(slack->service);

    if (posting)
        posting_hurry(posting, proposal);
}
