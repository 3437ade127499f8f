/* http_client.h - one HTTP request out, or one e-mail, bounded in every way.
 *
 * libcurl stops here. http and https only (smtp and smtps for an e-mail, and those for nothing else), certificates always checked, no redirects, connect 5 s, answers cut at a
 * limit, SIGPIPE and libcurl's own signals off. A Unix socket stands in for host and port for the daemon's own
 * interface. Refused: CR, LF, NUL and other control characters in method, URL or headers, and a user name in the URL.
 * A connection serves one request and is never kept, so that none is ever sent twice.
 */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

#define HTTP_ANSWER_LIMIT_BYTES (256 * 1024)

struct http_header {
    struct slice name, value;
};

/* An e-mail instead of a request: the URL is smtp:// or smtps://, the body the whole message (RFC 5322, lines ended by CR LF); method and headers are not looked at.
 *
 * smtp:// goes on only once STARTTLS has made it secure, except to this machine, where it stays plain. The answer is the server's last one: its code (RFC 5321) as
 * `status`, and all of its lines as `header_lines`; 250 with a line of 5xx among them: it was refused for some of `to`. An address is plain ("jane@example.com"):
 * blanks, control characters and <> in one are refused. */
struct http_mail {
    struct slice from;
    const struct slice *to;
    size_t n_to;
    struct slice user, password; /* absent: no sign-in */
};

struct http_request {
    const struct http_mail *mail; /* NULL: HTTP */
    struct slice method;
    struct slice url;
    struct http_header *headers;
    size_t n_headers;
    struct slice body;          /* absent: none */
    struct slice unix_socket;   /* path, or absent */
    int64_t timeout_ms;         /* in all; 0: none (streams) */
    int64_t answer_limit_bytes; /* 0: HTTP_ANSWER_LIMIT_BYTES */
    /* Called with each piece of the answer as it comes instead of keeping it; false ends the request. NULL: keep. */
    bool (*on_bytes)(void *context, struct slice bytes);
    void *context;
    /* Looked at about once a second, from any thread set: true ends the request. NULL: nobody gives up. Kept until it is over. */
    const _Atomic bool *give_up;
};

struct http_answer {
    int status;
    struct slice content_type;
    struct slice header_lines; /* as they came, at most 32 KiB: see http_answer_header_value */
    struct slice body;         /* cut at the limit */
    bool
        truncated; /* at the limit, by `on_bytes`, or because the connection broke inside the body */
    const char *error;     /* static, when there is no answer: "could not connect", … */
    bool may_have_arrived; /* no answer, but the request may have been processed */
    bool is_unproven;      /* no answer: the certificate proves nobody, and nothing was sent */
};

/* The value of a header of the answer, by its name in any case; absent when it is not there. Borrowed from the answer. */
struct slice http_answer_header_value(const struct http_answer *answer, const char *name);

/* Before threads start. */
enum rc http_client_init(void) MUST_CHECK;
/* Does the request and waits. RC_OK with a status; RC_TIMEOUT, RC_IO, RC_INVALID, RC_LIMIT fill `answer->error`. What is read lives in `arena`. */
enum rc http_perform(const struct http_request *request, struct arena *arena,
                     struct http_answer *answer) MUST_CHECK;

/* Many at once, for one thread's loop: start, wait with other descriptors, collect. */
struct http_multi;
struct http_transfer;
enum rc http_multi_new(struct http_multi **multi) MUST_CHECK;
/* Accepts NULL. Its transfers are freed before it. */
void http_multi_free(struct http_multi *multi);
/* Copies what it needs. On failure nothing was sent, and `*why` says why (static). */
enum rc http_transfer_start(struct http_multi *multi, const struct http_request *request,
                            struct http_transfer **transfer, const char **why) MUST_CHECK;
/* Waits until a transfer needs something, one of `fds` is readable, or the timeout (INT64_MAX: none) has passed, and
 * goes on with the transfers. It may return early. `ready[i]` is set. */
enum rc http_multi_wait(struct http_multi *multi, const int *fds, size_t n_fds, bool *ready,
                        int64_t timeout_ms) MUST_CHECK;
/* From any thread: ends a wait. */
void http_multi_wake(struct http_multi *multi);
/* True once the transfer is over; `answer` then lives until http_transfer_free. */
bool http_transfer_done(struct http_transfer *transfer, enum rc *rc, struct http_answer *answer);
/* Ends it where it stands; accepts NULL. */
void http_transfer_free(struct http_transfer *transfer);
