#include "actions/channels/slack.h"
#include "src/daemon/slack_socket_private.h"

#define OPEN_TIMEOUT_MS (10 * SECOND_MS)
#define OPENING_ARENA_BYTES ((size_t)1 << 20)

/* Asking again changes nothing about these: node-slack-sdk, "unrecoverable socket mode start errors". */
static const struct {
    const char *code, *error;
} final_errors[] = {
    { "not_authed", "Slack knows no such app token: app_token is the one that begins with xapp-" },
    { "invalid_auth", "Slack refuses the app token: make a new one with connections:write" },
    { "account_inactive", "the app's account is inactive" },
    { "user_removed_from_team", "the app's account was removed from the workspace" },
    { "team_disabled", "the workspace is disabled" },
    { "missing_scope", "the app token lacks the scope connections:write" },
    { "not_allowed_token_type", "app_token must be the app's token, which begins with xapp-" },
    { "no_permission", "Socket Mode is off: switch it on in the app's settings" },
};

static void judge(struct opening *opening, struct slice code)
{
    opening->rc = RC_IO;
    opening->error = "Slack gives no address for Socket Mode";
    for (size_t i = 0; i < sizeof final_errors / sizeof *final_errors; i++) {
        if (!slice_eq(code, slice_of(final_errors[i].code)))
            continue;
        opening->error = final_errors[i].error;
        opening->is_final = true;
    }
}

static enum rc take_url(struct opening *opening, const struct http_answer *answer,
                        struct slice *url)
{
    struct json *root = NULL;
    struct json_fault fault;
    enum rc rc = json_parse(answer->body, JSON_LIMITS_DEFAULT, &root, &fault);

    if (rc) {
        judge(opening, (struct slice){ 0 });
        return opening->rc;
    }
    if (answer->status == 200 && json_type_of(json_get_text(root, "ok")) == JSON_TRUE) {
        rc = arena_copy(opening->arena, json_string(json_get_text(root, "url")), url);
    } else {
        judge(opening, json_string(json_get_text(root, "error")));
        rc = opening->rc;
    }
    json_free(root);
    return rc;
}

static enum rc ask_url(struct opening *opening, struct slice *url)
{
    struct http_header headers[] = {
        { SLICE("Authorization"), { 0 } },
        { SLICE("Content-Type"), SLICE("application/x-www-form-urlencoded") },
    };
    const struct http_request request = { .method = SLICE("POST"),
                                          .url = opening->url,
                                          .headers = headers,
                                          .n_headers = 2,
                                          .timeout_ms = OPEN_TIMEOUT_MS,
                                          .give_up = &opening->give_up };
    struct http_answer answer = { 0 };
    enum rc rc =
        arena_format(opening->arena, &headers[0].value, "Bearer %.*s", SLICE_ARG(opening->token));

    if (!rc)
        rc = http_perform(&request, opening->arena, &answer);
    if (rc) {
        opening->error = answer.error ? answer.error : "out of memory";
        return rc;
    }
    return take_url(opening, &answer, url);
}

static void *run_opening(void *context)
{
    struct slack_socket *socket = context;
    struct opening *opening = &socket->opening;
    struct websocket_options options = { .message_limit_bytes = ENVELOPE_LIMIT_BYTES,
                                         .give_up = &opening->give_up };

    opening->rc = ask_url(opening, &options.url);
    if (!opening->rc)
        opening->rc = websocket_open(&options, &opening->websocket, &opening->error);
    pthread_mutex_lock(&socket->lock);
    opening->is_done = true;
    pthread_mutex_unlock(&socket->lock);
    slack_socket_wake(socket);
    return NULL;
}

enum rc opening_begin(struct slack_socket *socket, const struct channel *channel)
{
    struct opening *opening = &socket->opening;
    const struct slack_own *own = channel->own;
    enum rc rc;

    *opening = (struct opening){ .error = "out of memory" };
    rc = arena_new(OPENING_ARENA_BYTES, &opening->arena);
    if (!rc)
        rc = arena_copy(opening->arena, own->app_token, &opening->token);
    if (!rc)
        rc = arena_format(opening->arena, &opening->url, "%.*s/apps.connections.open",
                          SLICE_ARG(channel->base_url));
    if (!rc && pthread_create(&opening->thread, NULL, run_opening, socket))
        rc = RC_NO_MEMORY;
    opening->is_running = !rc;
    if (rc)
        arena_free(opening->arena);
    return rc;
}

void opening_end(struct slack_socket *socket)
{
    pthread_join(socket->opening.thread, NULL);
    arena_free(socket->opening.arena);
    socket->opening.is_running = false;
}
