#include "src/cli/client.h"

#include "src/base/file.h"
#include "src/base/secret.h"
#include "src/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)1 << 20)
#define ANSWER_BYTES ((int64_t)64 << 20)
#define ASK_MS (30 * SECOND_MS)
#define TOKEN_BYTES 4096
#define ANSWER_LIMITS ((struct json_limits){ .depth = 256, .n_nodes = 20000000 })

struct client {
    const struct command *command;
    struct arena *arena;
    struct slice url;         /* without a slash at its end */
    struct slice unix_socket; /* absent: by url */
    struct slice authorization;
};

/* --- where --- */

static enum exit_code read_token(struct client *client, const char *path)
{
    struct slice text;
    enum rc rc = file_read(path, TOKEN_BYTES, client->arena, &text);

    if (!rc)
        rc = arena_format(client->arena, &client->authorization, "Bearer %.*s",
                          SLICE_ARG(slice_trim(text)));
    if (!rc)
        return EXIT_DONE;
    complain(client->command, "cannot read the token of %s: %s", path, rc_text(rc));
    return EXIT_REFUSED;
}

static enum exit_code take_url(struct client *client, const struct options *options,
                               const char *url)
{
    const char *token = getenv("VEDETTE_TOKEN");

    client->url = slice_of(url);
    while (client->url.len && client->url.ptr[client->url.len - 1] == '/')
        client->url.len--;
    if (options->token_file)
        return read_token(client, options->token_file);
    if (token && *token && arena_format(client->arena, &client->authorization, "Bearer %s", token))
        return EXIT_REFUSED;
    return EXIT_DONE;
}

/* A configuration that is broken, or that we may not read, does not say where its daemon is. */
static void find_socket(struct client *client, const struct options *options,
                        struct problems *problems)
{
    const struct config_options config_options = { .path = options->config };
    struct config *config = NULL;

    if (!config_load(&config_options, problems, &config) &&
        arena_copy(client->arena, config->socket, &client->unix_socket))
        client->unix_socket = (struct slice){ 0 };
    config_free(config);
}

static enum rc fall_back(struct client *client)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct slice usual = { 0 };
    enum rc rc;

    if ((client->unix_socket.ptr && !access(client->unix_socket.ptr, F_OK)) || !runtime ||
        *runtime != '/')
        return RC_OK;
    rc = arena_format(client->arena, &usual, "%s/vedette/vedette.sock", runtime);
    if (!rc && !access(usual.ptr, F_OK))
        client->unix_socket = usual;
    return rc;
}

static enum exit_code take_socket(struct client *client, const struct options *options)
{
    struct problems *problems = NULL;
    struct buffer text;
    enum rc rc = problems_new(&problems);

    client->url = SLICE("http://localhost");
    if (!rc) {
        find_socket(client, options, problems);
        rc = fall_back(client);
    }
    if (!rc && client->unix_socket.ptr) {
        problems_free(problems);
        return EXIT_DONE;
    }
    buffer_init(&text, 0);
    if (problems)
        problems_format(problems, &text);
    fprintf(stderr, "%.*s", SLICE_ARG(buffer_slice(&text)));
    complain(client->command,
             "the configuration does not say where the daemon is; give --url, or repair it");
    buffer_free(&text);
    problems_free(problems);
    return EXIT_UNREACHABLE;
}

enum exit_code client_new(const struct invocation *invocation, struct client **client)
{
    const struct options *options = &invocation->options;
    const char *url = options->url ? options->url : getenv("VEDETTE_URL");
    struct client *made = calloc(1, sizeof *made);
    enum exit_code code = EXIT_REFUSED;

    if (made && !arena_new(ARENA_BYTES, &made->arena) && !http_client_init()) {
        made->command = invocation->command;
        code = url && *url ? take_url(made, options, url) : take_socket(made, options);
    }
    if (code) {
        client_free(made);
        return code;
    }
    *client = made;
    return EXIT_DONE;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    arena_free(client->arena);
    free(client);
}

struct slice client_place(const struct client *client)
{
    return client->unix_socket.ptr ? client->unix_socket : client->url;
}

/* --- asking --- */

enum exit_code exit_code_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return EXIT_NOT_ALLOWED;
    case 409: /* otherwise decided, expired, withdrawn */
    case 412: /* the plan has changed since */
        return EXIT_CONFLICT;
    default:
        return status >= 200 && status < 300 ? EXIT_DONE : EXIT_REFUSED;
    }
}

void url_add_encoded(struct buffer *url, struct slice text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c && strchr(plain, c))
            buffer_add_byte(url, c);
        else
            buffer_format(url, "%%%02X", (unsigned)(unsigned char)c);
    }
}

static void complain_unreachable(const struct client *client, const struct http_answer *answer)
{
    complain(client->command, "the daemon cannot be reached at %.*s: %s",
             SLICE_ARG(client_place(client)), answer->error ? answer->error : "no answer");
    if (client->unix_socket.ptr)
        fprintf(stderr, "Is it running (`vedette run`)? With another configuration: -c FILE; "
                        "elsewhere: --url URL.\n");
}

/* RFC 9457: `detail` says it best, then `title`; a page of a proxy says nothing that we would repeat. */
static void complain_refused(const struct client *client, const struct http_answer *answer)
{
    struct json_fault fault;
    struct json *json = NULL;
    struct slice title = { 0 }, detail = { 0 };
    struct buffer text;

    if (!json_parse(answer->body, ANSWER_LIMITS, &json, &fault)) {
        title = json_string(json_get_text(json, "title"));
        detail = json_string(json_get_text(json, "detail"));
    }
    buffer_init(&text, 0);
    if (title.len)
        show_text(&text, title);
    else
        buffer_format(&text, "the daemon answered %d", answer->status);
    if (detail.len && !memchr(detail.ptr, '\n', detail.len)) {
        buffer_add_text(&text, ": ");
        show_text(&text, detail);
    } else if (detail.len) {
        buffer_add_text(&text, ":\n");
        show_block(&text, "", detail, 0);
        text.len--; /* the last newline is the message's */
    }
    complain(client->command, "%.*s", SLICE_ARG(buffer_slice(&text)));
    if (answer->status == 401)
        fprintf(stderr, "%s\n",
                client->unix_socket.ptr
                    ? "The daemon does not know your user: see `people` of its configuration."
                    : "Give --token-file FILE or $VEDETTE_TOKEN.");
    buffer_free(&text);
    json_free(json);
}

enum exit_code client_refuse(const struct client *client)
{
    complain(client->command, "what answers at %.*s is not Vedette, or a newer one",
             SLICE_ARG(client_place(client)));
    return EXIT_REFUSED;
}

static enum exit_code read_answer(const struct client *client, const struct http_answer *answer,
                                  struct json **json)
{
    struct json_fault fault;

    if (exit_code_of_status(answer->status)) {
        complain_refused(client, answer);
        return exit_code_of_status(answer->status);
    }
    if (!answer->body.len)
        return EXIT_DONE;
    if (!answer->truncated && !json_parse(answer->body, ANSWER_LIMITS, json, &fault))
        return EXIT_DONE;
    return client_refuse(client);
}

/* The request that every call begins with. */
static enum rc begin(const struct client *client, const char *method, struct slice path,
                     struct arena *arena, struct http_request *request)
{
    struct http_header *headers = arena_alloc(arena, 4, sizeof *headers);
    enum rc rc;

    if (!headers)
        return RC_NO_MEMORY;
    *request = (struct http_request){ .method = slice_of(method),
                                      .headers = headers,
                                      .unix_socket = client->unix_socket };
    if (client->authorization.ptr)
        headers[request->n_headers++] =
            (struct http_header){ SLICE("Authorization"), client->authorization };
    rc = arena_format(arena, &request->url, "%.*s%.*s", SLICE_ARG(client->url), SLICE_ARG(path));
    return rc;
}

enum exit_code client_ask(struct client *client, const struct client_request *asked,
                          struct json **json)
{
    struct arena *arena = NULL;
    struct http_request request;
    struct http_answer answer = { 0 };
    enum exit_code code = EXIT_REFUSED;
    enum rc rc = arena_new((size_t)ANSWER_BYTES + ARENA_BYTES, &arena);

    *json = NULL;
    if (!rc)
        rc = begin(client, asked->method ? asked->method : "GET", asked->path, arena, &request);
    if (rc) {
        complain(client->command, "%s", rc_text(rc));
        goto out;
    }
    request.timeout_ms = asked->timeout_ms ? asked->timeout_ms : ASK_MS;
    request.answer_limit_bytes = ANSWER_BYTES;
    request.body = asked->body;
    if (asked->body.ptr)
        request.headers[request.n_headers++] =
            (struct http_header){ SLICE("Content-Type"), SLICE("application/json") };
    if (http_perform(&request, arena, &answer)) {
        complain_unreachable(client, &answer);
        code = EXIT_UNREACHABLE;
    } else {
        code = read_answer(client, &answer, json);
    }
out:
    arena_free(arena);
    return code;
}

enum exit_code client_get(struct client *client, struct slice path, struct json **json)
{
    const struct client_request request = { .path = path };

    return client_ask(client, &request, json);
}

enum exit_code client_stream(struct client *client, const struct client_stream_request *asked)
{
    struct arena *arena = NULL;
    struct http_request request;
    struct http_answer answer = { 0 };
    enum exit_code code;
    enum rc rc = arena_new(ARENA_BYTES, &arena);

    if (!rc)
        rc = begin(client, "GET", asked->path, arena, &request);
    if (rc) {
        arena_free(arena);
        return EXIT_REFUSED;
    }
    if (asked->last_event_id.len)
        request.headers[request.n_headers++] =
            (struct http_header){ SLICE("Last-Event-ID"), asked->last_event_id };
    request.headers[request.n_headers++] =
        (struct http_header){ SLICE("Accept"), SLICE("text/event-stream") };
    request.on_bytes = asked->on_bytes;
    request.context = asked->context;
    rc = http_perform(&request, arena, &answer);
    code = rc ? EXIT_UNREACHABLE : exit_code_of_status(answer.status);
    if (rc && !asked->is_again)
        complain_unreachable(client, &answer);
    else if (!rc && code)
        complain(client->command, "the daemon answered %d", answer.status);
    arena_free(arena);
    return code;
}
