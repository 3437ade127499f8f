/* client.h - the running daemon, asked over its own interface.
 *
 * Found by --url or $VEDETTE_URL (with --token-file or $VEDETTE_TOKEN), else by the socket of the configuration, else by
 * $XDG_RUNTIME_DIR/vedette/vedette.sock. What goes wrong is said on standard error, once, and becomes the exit code. */
#pragma once

#include "src/base/http_client.h"
#include "src/base/json.h"
#include "src/cli/command.h"

struct client;

/* Finds out where to ask; nothing is sent yet. Gives a client; free with client_free. */
enum exit_code client_new(const struct invocation *invocation, struct client **client) MUST_CHECK;
/* Accepts NULL. */
void client_free(struct client *client);

struct client_request {
    const char *method; /* NULL: GET */
    struct slice path;  /* "/api/v1/…", with its query */
    struct slice body;  /* JSON; absent: none */
    int64_t timeout_ms; /* 0: 30 s */
};
/* Asks, and gives the answer's tree when it is a 2xx (NULL where it has no body); free with json_free. Otherwise says why not. */
enum exit_code client_ask(struct client *client, const struct client_request *request,
                          struct json **json) MUST_CHECK;
enum exit_code client_get(struct client *client, struct slice path, struct json **json) MUST_CHECK;
/* Says that an answer is none of Vedette's. */
enum exit_code client_refuse(const struct client *client) MUST_CHECK;
struct client_stream_request {
    struct slice path;
    struct slice last_event_id; /* where to go on; absent or empty: from now on */
    bool is_again;              /* that nobody is there was said before */
    bool (*on_bytes)(void *context, struct slice bytes);
    void *context;
};
/* An answer without end: `on_bytes` gets its pieces until it returns false or the daemon is gone. EXIT_DONE when it began. */
enum exit_code client_stream(struct client *client,
                             const struct client_stream_request *asked) MUST_CHECK;
/* Where we ask, for messages. Borrowed. */
struct slice client_place(const struct client *client);

/* What an HTTP status of the API means for the shell. */
enum exit_code exit_code_of_status(int status);
/* `text` as it may stand in a query or a path: percent-encoded. */
void url_add_encoded(struct buffer *url, struct slice text);
