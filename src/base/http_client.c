#include "src/base/http_client.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 5000L
#define REQUEST_HEAD_BYTES 65536 /* of URL and headers */
#define ANSWER_HEAD_BYTES (32 * 1024)
#define SMTP_CLOSING 221 /* answers our QUIT, not the message (RFC 5321, 4.2.3) */

struct http_transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *recipients; /* of an e-mail */
    struct buffer message;         /* an e-mail, as it is sent */
    size_t n_sent_bytes;           /* of it */
    int smtp_code;                 /* of the last line that was heard */
    bool is_mail;
    struct http_multi *multi; /* while it is under way there */
    struct buffer head;       /* of the final answer */
    struct buffer body;
    bool (*on_bytes)(void *context, struct slice bytes);
    void *context;
    const _Atomic bool *give_up;
    bool has_status; /* the head of the final answer is complete */
    bool is_cut;     /* by us */
    bool is_done;
    enum rc rc;
    struct http_answer answer;
};

struct http_multi {
    CURLM *curl;
    struct curl_waitfd *fds;
    size_t max_fds;
};

/* What libcurl says, in our words. */
static const struct failure {
    CURLcode code;
    enum rc rc;
    const char *text;
    bool is_unproven;
} failures[] = {
    { CURLE_URL_MALFORMAT, RC_INVALID, "not a URL" },
    { CURLE_UNSUPPORTED_PROTOCOL, RC_IO, "the answer is not HTTP" }, /* HTTP/0.9, to libcurl */
    { CURLE_OUT_OF_MEMORY, RC_NO_MEMORY, "out of memory" },
    { CURLE_OPERATION_TIMEDOUT, RC_TIMEOUT, "no answer in time" },
    { CURLE_ABORTED_BY_CALLBACK, RC_BUSY, "given up" },
    { CURLE_USE_SSL_FAILED, RC_IO, "the mail server offers no TLS" },
    { CURLE_LOGIN_DENIED, RC_DENIED, "the mail server takes no sign-in" },
    { CURLE_COULDNT_RESOLVE_HOST, RC_IO, "the host has no address" },
    { CURLE_COULDNT_RESOLVE_PROXY, RC_IO, "the proxy has no address" },
    { CURLE_COULDNT_CONNECT, RC_IO, "could not connect" },
    { CURLE_SSL_CONNECT_ERROR, RC_IO, "no TLS connection" },
    { CURLE_PEER_FAILED_VERIFICATION, RC_IO, "the certificate is not valid", true },
    { CURLE_SSL_CACERT_BADFILE, RC_IO, "the file of certificates to trust cannot be read", true },
    { CURLE_SEND_ERROR, RC_IO, "the connection broke while sending" },
    { CURLE_RECV_ERROR, RC_IO, "the connection broke before the answer" },
    { CURLE_GOT_NOTHING, RC_IO, "the connection was closed without an answer" },
    { CURLE_WRITE_ERROR, RC_LIMIT, "the head of the answer is too long" }, /* on_head gave up */
    { CURLE_WEIRD_SERVER_REPLY, RC_IO, "the answer makes no sense" },
};

enum rc http_client_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? RC_OK : RC_IO;
}

static enum rc refuse(struct http_answer *answer, enum rc rc, const char *why)
{
    *answer = (struct http_answer){ .error = why };
    return rc;
}

/* What may stand in a method or a header's name (RFC 9110, token). */
static bool is_token(struct slice text)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_alnum && (!c || !strchr(marks, c)))
            return false;
    }
    return text.len > 0;
}

/* What could end the command that it stands in, or leave its angle brackets. */
static bool is_mail_address(struct slice address)
{
    for (size_t i = 0; i < address.len; i++) {
        if (strchr(" <>", address.ptr[i]))
            return false;
    }
    return address.len > 0 && !slice_has_control(address);
}

static enum rc check_mail(const struct http_mail *mail, struct http_answer *answer)
{
    bool is_fit = is_mail_address(mail->from) && mail->n_to > 0;

    for (size_t i = 0; i < mail->n_to; i++)
        is_fit = is_fit && is_mail_address(mail->to[i]);
    if (!is_fit)
        return refuse(answer, RC_INVALID, "not an e-mail address");
    if (slice_has_control(mail->user) || slice_has_control(mail->password))
        return refuse(answer, RC_INVALID, "a sign-in holds a character that it must not");
    return RC_OK;
}

/* CR and LF would begin another header, NUL would end this one. */
static enum rc check_text(const struct http_request *request, struct http_answer *answer)
{
    if (!request->mail && !is_token(request->method))
        return refuse(answer, RC_INVALID, "not a method");
    if (!request->url.len || slice_has_control(request->url))
        return refuse(answer, RC_INVALID, "not a URL");
    if (slice_has_control(request->unix_socket))
        return refuse(answer, RC_INVALID, "not a path");
    for (size_t i = 0; i < request->n_headers; i++) {
        if (!is_token(request->headers[i].name) || slice_has_control(request->headers[i].value))
            return refuse(answer, RC_INVALID, "a header holds a character that it must not");
    }
    return request->mail ? check_mail(request->mail, answer) : RC_OK;
}

static bool is_loopback(const char *host)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_eq_nocase(slice_of(host), slice_of(names[i])))
            return true;
    }
    return false;
}

/* What may be asked at all, and what an e-mail is handed to. */
static const char *const web_schemes[] = { "http", "https", NULL };
static const char *const mail_schemes[] = { "smtp", "smtps", NULL };

static enum rc refuse_url(CURLUcode code, bool is_mail, struct http_answer *answer)
{
    switch ((int)code) {
    case CURLUE_OUT_OF_MEMORY:
        return refuse(answer, RC_NO_MEMORY, "out of memory");
    case CURLUE_USER_NOT_ALLOWED:
        return refuse(answer, RC_INVALID, "a URL may not hold a user name");
    case CURLUE_UNSUPPORTED_SCHEME:
        return refuse(answer, RC_INVALID,
                      is_mail ? "only smtp and smtps are allowed"
                              : "only http and https are allowed");
    default:
        return refuse(answer, RC_INVALID, "not a URL");
    }
}

/* A user name in a URL ends up in logs; secrets have headers. The proxy of our environment is not asked for what is on
 * this machine. */
static enum rc check_url(const char *url, bool is_mail, bool *is_local, struct http_answer *answer)
{
    const char *const *schemes = is_mail ? mail_schemes : web_schemes;
    CURLU *parts = curl_url();
    char *scheme = NULL, *host = NULL;
    CURLUcode code = CURLUE_OUT_OF_MEMORY;
    int ignored;

    if (parts)
        code = curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    if (code == CURLUE_OK)
        code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK && slice_to_enum(slice_of(scheme), schemes, &ignored))
        code = CURLUE_UNSUPPORTED_SCHEME;
    if (code == CURLUE_OK)
        code = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    *is_local = host && is_loopback(host);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return code == CURLUE_OK ? RC_OK : refuse_url(code, is_mail, answer);
}

/* "250 OK", "250-SIZE": what libcurl tells of the last one is gone when it has said goodbye. */
static void hear_smtp(struct http_transfer *transfer, struct slice line)
{
    struct slice digits = { .ptr = line.ptr, .len = 3 };
    int64_t code;

    if (line.len < digits.len || slice_to_int(digits, &code) || code == SMTP_CLOSING)
        return;
    transfer->smtp_code = (int)code;
    buffer_add(&transfer->head, line);
}

/* Keeps the head of the final answer only: what "103 Early Hints" or a trailer says is not its. Too long a head ends the
 * transfer. */
static size_t on_head(char *bytes, size_t item_bytes, size_t n_items, void *context)
{
    struct http_transfer *transfer = context;
    struct slice line = { .ptr = bytes, .len = item_bytes * n_items };
    long status = 0;

    if (transfer->is_mail) {
        hear_smtp(transfer, line);
        return transfer->head.failed ? 0 : line.len;
    }
    if (transfer->has_status)
        return line.len;
    if (slice_trim(line).len) {
        buffer_add(&transfer->head, line);
        return transfer->head.failed ? 0 : line.len;
    }
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200)
        transfer->has_status = true;
    else
        buffer_clear(&transfer->head);
    return line.len;
}

/* Taking less than what is there ends the transfer. */
static size_t on_body(char *bytes, size_t item_bytes, size_t n_items, void *context)
{
    struct http_transfer *transfer = context;
    struct slice piece = { .ptr = bytes, .len = item_bytes * n_items };
    size_t room = transfer->body.limit - transfer->body.len;

    if (transfer->on_bytes) {
        transfer->is_cut = !transfer->on_bytes(transfer->context, piece);
        return transfer->is_cut ? 0 : piece.len;
    }
    if (piece.len > room) {
        piece.len = room;
        transfer->is_cut = true;
    }
    buffer_add(&transfer->body, piece);
    if (transfer->body.failed)
        transfer->is_cut = true;
    return transfer->is_cut ? 0 : piece.len;
}

static size_t on_message(char *bytes, size_t item_bytes, size_t n_items, void *context)
{
    struct http_transfer *transfer = context;
    size_t n_left = transfer->message.len - transfer->n_sent_bytes;
    size_t n_bytes = item_bytes * n_items < n_left ? item_bytes * n_items : n_left;

    if (n_bytes)
        memcpy(bytes, transfer->message.ptr + transfer->n_sent_bytes, n_bytes);
    transfer->n_sent_bytes += n_bytes;
    return n_bytes;
}

static bool append_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool add_header(struct http_transfer *transfer, const char *line)
{
    return append_line(&transfer->headers, line);
}

static bool add_headers(struct http_transfer *transfer, const struct http_request *request,
                        struct arena *arena)
{
    bool has_type = false;

    for (size_t i = 0; i < request->n_headers; i++) {
        struct http_header header = request->headers[i];
        struct slice name, value, line;

        has_type = has_type || slice_eq_nocase(header.name, SLICE("content-type"));
        if (arena_copy(arena, header.name, &name) ||
            arena_copy(arena, header.value.len ? header.value : SLICE(""), &value))
            return false;
        /* "Name:" would take a header away, "Name;" sends it empty. */
        if (value.len ? arena_format(arena, &line, "%s: %s", name.ptr, value.ptr)
                      : arena_format(arena, &line, "%s;", name.ptr))
            return false;
        if (!add_header(transfer, line.ptr))
            return false;
    }
    /* Neither the type that libcurl would make up, nor a second round trip before the body. */
    return (has_type || add_header(transfer, "Content-Type:")) && add_header(transfer, "Expect:");
}

static bool wants_body(const struct http_request *request)
{
    static const char *const methods[] = { "POST", "PUT", "PATCH", NULL };
    int ignored;

    return !slice_is_absent(request->body) ||
           slice_to_enum(request->method, methods, &ignored) == RC_OK;
}

#define SET(easy, option, value) (curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

/* What holds for every request, whoever asks. A connection is used once: on a kept one libcurl would send a request
 * again whose answer did not come, and a step must not run twice. */
static bool set_limits(CURL *easy, const struct http_request *request)
{
    return SET(easy, CURLOPT_PROTOCOLS_STR, request->mail ? "smtp,smtps" : "http,https") &&
           SET(easy, CURLOPT_FOLLOWLOCATION, 0L) && SET(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
           SET(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
           SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           SET(easy, CURLOPT_FRESH_CONNECT, 1L) && SET(easy, CURLOPT_FORBID_REUSE, 1L) &&
           SET(easy, CURLOPT_NOSIGNAL, 1L) && SET(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) &&
           SET(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) &&
           SET(easy, CURLOPT_TCP_KEEPALIVE, 1L) &&
           /* A name server that hangs must not hold the thread that gives the request up. */
           SET(easy, CURLOPT_QUICK_EXIT, 1L);
}

static bool set_request(struct http_transfer *transfer, const struct http_request *request,
                        struct arena *arena)
{
    CURL *easy = transfer->easy;
    struct slice method;

    if (arena_copy(arena, request->method, &method) || !add_headers(transfer, request, arena))
        return false;
    if (wants_body(request) &&
        (!SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len) ||
         !SET(easy, CURLOPT_COPYPOSTFIELDS, request->body.ptr ? request->body.ptr : "")))
        return false;
    if (slice_eq(request->method, SLICE("HEAD")) && !SET(easy, CURLOPT_NOBODY, 1L))
        return false;
    return SET(easy, CURLOPT_CUSTOMREQUEST, method.ptr) &&
           SET(easy, CURLOPT_HTTPHEADER, transfer->headers) &&
           SET(easy, CURLOPT_USERAGENT, "vedette/" VEDETTE_VERSION);
}

static bool set_recipients(struct http_transfer *transfer, const struct http_mail *mail,
                           struct arena *arena)
{
    struct slice address;

    for (size_t i = 0; i < mail->n_to; i++) {
        if (arena_copy(arena, mail->to[i], &address) ||
            !append_line(&transfer->recipients, address.ptr))
            return false;
    }
    /* One address that is gone does not keep the message from the others. */
    return SET(transfer->easy, CURLOPT_MAIL_RCPT, transfer->recipients) &&
           SET(transfer->easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
}

static bool set_sign_in(CURL *easy, const struct http_mail *mail, struct arena *arena)
{
    struct slice user, password;

    if (slice_is_absent(mail->user))
        return true;
    return !arena_copy(arena, mail->user, &user) &&
           !arena_copy(arena, mail->password.len ? mail->password : SLICE(""), &password) &&
           SET(easy, CURLOPT_USERNAME, user.ptr) && SET(easy, CURLOPT_PASSWORD, password.ptr);
}

static bool set_mail(struct http_transfer *transfer, const struct http_request *request,
                     struct arena *arena)
{
    CURL *easy = transfer->easy;
    struct slice from;

    buffer_add(&transfer->message, request->body);
    if (transfer->message.failed || arena_copy(arena, request->mail->from, &from))
        return false;
    return SET(easy, CURLOPT_MAIL_FROM, from.ptr) &&
           set_recipients(transfer, request->mail, arena) &&
           set_sign_in(easy, request->mail, arena) && SET(easy, CURLOPT_UPLOAD, 1L) &&
           SET(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body.len) &&
           SET(easy, CURLOPT_READFUNCTION, on_message) && SET(easy, CURLOPT_READDATA, transfer);
}

static bool set_callbacks(struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;

    /* A proxy's answer is not the host's. */
    return SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
           SET(easy, CURLOPT_HEADERFUNCTION, on_head) && SET(easy, CURLOPT_HEADERDATA, transfer) &&
           SET(easy, CURLOPT_WRITEFUNCTION, on_body) && SET(easy, CURLOPT_WRITEDATA, transfer) &&
           SET(easy, CURLOPT_PRIVATE, transfer);
}

/* Not 0 ends the transfer. */
static int on_progress(void *context, curl_off_t to_get, curl_off_t got, curl_off_t to_send,
                       curl_off_t sent)
{
    const struct http_transfer *transfer = context;

    (void)to_get;
    (void)got;
    (void)to_send;
    (void)sent;
    return *transfer->give_up;
}

static bool set_give_up(struct http_transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;

    transfer->give_up = request->give_up;
    return !request->give_up ||
           (SET(easy, CURLOPT_NOPROGRESS, 0L) && SET(easy, CURLOPT_XFERINFODATA, transfer) &&
            SET(easy, CURLOPT_XFERINFOFUNCTION, on_progress));
}

static enum rc set_address(struct http_transfer *transfer, const struct http_request *request,
                           struct arena *arena, struct http_answer *answer)
{
    CURL *easy = transfer->easy;
    struct slice url, path;
    bool is_local, is_set;
    enum rc rc;

    if (arena_copy(arena, request->url, &url) || arena_copy(arena, request->unix_socket, &path))
        return refuse(answer, RC_LIMIT, "the request is too long");
    rc = check_url(url.ptr, request->mail != NULL, &is_local, answer);
    if (rc)
        return rc;
    is_set = SET(easy, CURLOPT_URL, url.ptr);
    if (path.ptr)
        is_set = is_set && SET(easy, CURLOPT_UNIX_SOCKET_PATH, path.ptr);
    if (path.ptr || is_local)
        is_set = is_set && SET(easy, CURLOPT_PROXY, "");
    if (request->mail && !is_local)
        is_set = is_set && SET(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    return is_set ? RC_OK : refuse(answer, RC_NO_MEMORY, "out of memory");
}

static enum rc configure(struct http_transfer *transfer, const struct http_request *request,
                         struct arena *arena, struct http_answer *answer)
{
    enum rc rc = set_address(transfer, request, arena, answer);

    if (rc)
        return rc;
    if (!set_limits(transfer->easy, request) ||
        !(request->mail ? set_mail : set_request)(transfer, request, arena) ||
        !set_callbacks(transfer) || !set_give_up(transfer, request))
        return refuse(answer, RC_LIMIT, "the request is too long");
    return RC_OK;
}

/* `*transfer` is set also when it fails, for the caller to free. */
static enum rc new_transfer(const struct http_request *request, struct http_transfer **transfer,
                            struct http_answer *answer)
{
    struct http_transfer *made;
    struct arena *arena = NULL;
    enum rc rc = check_text(request, answer);

    if (rc)
        return rc;
    made = calloc(1, sizeof(*made));
    if (made)
        made->easy = curl_easy_init();
    *transfer = made;
    if (!made || !made->easy || arena_new(REQUEST_HEAD_BYTES, &arena))
        return refuse(answer, RC_NO_MEMORY, "out of memory");
    made->is_mail = request->mail != NULL;
    buffer_init(&made->message, 0);
    buffer_init(&made->head, ANSWER_HEAD_BYTES);
    buffer_init(&made->body, request->answer_limit_bytes ? (size_t)request->answer_limit_bytes
                                                         : HTTP_ANSWER_LIMIT_BYTES);
    made->on_bytes = request->on_bytes;
    made->context = request->context;
    rc = configure(made, request, arena, answer);
    arena_free(arena);
    return rc;
}

static enum rc fail_transfer(struct http_transfer *transfer, CURLcode code)
{
    struct http_answer *answer = &transfer->answer;
    curl_off_t ready_us = 0;
    long n_sent = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &n_sent);
    answer->may_have_arrived = ready_us > 0 || n_sent > 0;
    if (transfer->is_mail) /* it counts from its last byte on */
        answer->may_have_arrived = transfer->n_sent_bytes == transfer->message.len;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].code != code)
            continue;
        answer->error = failures[i].text;
        answer->is_unproven = failures[i].is_unproven;
        return failures[i].rc;
    }
    answer->error = curl_easy_strerror(code);
    return RC_IO;
}

/* A refusal is an answer, unless the connection broke: then it was for one of the recipients, and what followed is not known. */
static bool has_mail_status(const struct http_transfer *transfer, CURLcode code)
{
    bool is_broken =
        code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_OPERATION_TIMEDOUT;

    return transfer->is_mail && (code == CURLE_OK || (transfer->smtp_code >= 400 && !is_broken));
}

/* Once there is a status, that is the answer, even where its body was cut or broke off. */
static void finish(struct http_transfer *transfer, CURLcode code)
{
    struct http_answer *answer = &transfer->answer;
    char *content_type = NULL;
    long status = 0;

    transfer->is_done = true;
    transfer->has_status = transfer->has_status || has_mail_status(transfer, code);
    if (!transfer->has_status) {
        transfer->rc = fail_transfer(transfer, code == CURLE_OK ? CURLE_WEIRD_SERVER_REPLY : code);
        return;
    }
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &content_type);
    answer->status = transfer->is_mail ? transfer->smtp_code : (int)status;
    answer->content_type = slice_of(content_type);
    answer->header_lines = buffer_slice(&transfer->head);
    answer->body = buffer_slice(&transfer->body);
    answer->truncated = transfer->is_cut || code != CURLE_OK;
    transfer->rc = RC_OK;
}

/* The transfer's answer, in memory that outlives it. */
static enum rc copy_answer(const struct http_transfer *transfer, struct arena *arena,
                           struct http_answer *answer)
{
    *answer = transfer->answer;
    if (arena_copy(arena, transfer->answer.body, &answer->body) ||
        arena_copy(arena, transfer->answer.header_lines, &answer->header_lines) ||
        arena_copy(arena, transfer->answer.content_type, &answer->content_type)) {
        *answer = (struct http_answer){ .error = "out of memory", .may_have_arrived = true };
        return RC_NO_MEMORY;
    }
    return transfer->rc;
}

struct slice http_answer_header_value(const struct http_answer *answer, const char *name)
{
    struct slice rest = answer->header_lines;

    while (rest.len) {
        struct slice line = slice_cut(&rest, '\n');
        struct slice found = slice_cut(&line, ':');

        if (slice_eq_nocase(found, slice_of(name)))
            return slice_trim(line);
    }
    return (struct slice){ 0 };
}

enum rc http_perform(const struct http_request *request, struct arena *arena,
                     struct http_answer *answer)
{
    struct http_transfer *transfer = NULL;
    enum rc rc = new_transfer(request, &transfer, answer);

    if (!rc) {
        finish(transfer, curl_easy_perform(transfer->easy));
        rc = copy_answer(transfer, arena, answer);
    }
    http_transfer_free(transfer);
    return rc;
}

enum rc http_multi_new(struct http_multi **multi)
{
    struct http_multi *made = calloc(1, sizeof(*made));

    if (made)
        made->curl = curl_multi_init();
    if (!made || !made->curl) {
        free(made);
        return RC_NO_MEMORY;
    }
    *multi = made;
    return RC_OK;
}

void http_multi_free(struct http_multi *multi)
{
    if (!multi)
        return;
    curl_multi_cleanup(multi->curl);
    free(multi->fds);
    free(multi);
}

enum rc http_transfer_start(struct http_multi *multi, const struct http_request *request,
                            struct http_transfer **transfer, const char **why)
{
    struct http_answer answer = { 0 };
    struct http_transfer *made = NULL;
    enum rc rc = new_transfer(request, &made, &answer);

    if (!rc && curl_multi_add_handle(multi->curl, made->easy) != CURLM_OK)
        rc = refuse(&answer, RC_NO_MEMORY, "out of memory");
    if (rc) {
        http_transfer_free(made);
        *why = answer.error;
        return rc;
    }
    made->multi = multi;
    *transfer = made;
    return RC_OK;
}

static void leave_multi(struct http_transfer *transfer)
{
    if (transfer->multi)
        curl_multi_remove_handle(transfer->multi->curl, transfer->easy);
    transfer->multi = NULL;
}

/* Does what can be done without waiting; true when some transfer came to its end. */
static enum rc advance(struct http_multi *multi, bool *some_done)
{
    struct http_transfer *transfer;
    CURLMsg *message;
    int n_more;

    if (curl_multi_perform(multi->curl, &n_more) != CURLM_OK)
        return RC_NO_MEMORY;
    while ((message = curl_multi_info_read(multi->curl, &n_more)) != NULL) {
        CURLcode code = message->data.result; /* gone with the handle */

        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK)
            continue;
        leave_multi(transfer);
        finish(transfer, code);
        *some_done = true;
    }
    return RC_OK;
}

static enum rc hold_fds(struct http_multi *multi, const int *fds, size_t n_fds)
{
    if (n_fds > multi->max_fds) {
        struct curl_waitfd *more = calloc(n_fds, sizeof(*more));

        if (!more)
            return RC_NO_MEMORY;
        free(multi->fds);
        multi->fds = more;
        multi->max_fds = n_fds;
    }
    for (size_t i = 0; i < n_fds; i++)
        multi->fds[i] = (struct curl_waitfd){ .fd = fds[i], .events = CURL_WAIT_POLLIN };
    return RC_OK;
}

enum rc http_multi_wait(struct http_multi *multi, const int *fds, size_t n_fds, bool *ready,
                        int64_t timeout_ms)
{
    bool some_done = false;
    enum rc rc;

    rc = hold_fds(multi, fds, n_fds);
    if (!rc)
        rc = advance(multi, &some_done);
    if (rc)
        return rc;
    if (some_done || timeout_ms < 0)
        timeout_ms = 0;
    if (timeout_ms > INT_MAX)
        timeout_ms = INT_MAX;
    if (curl_multi_poll(multi->curl, multi->fds, (unsigned)n_fds, (int)timeout_ms, NULL) !=
        CURLM_OK)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_fds; i++)
        ready[i] = multi->fds[i].revents != 0;
    return advance(multi, &some_done);
}

void http_multi_wake(struct http_multi *multi)
{
    curl_multi_wakeup(multi->curl);
}

bool http_transfer_done(struct http_transfer *transfer, enum rc *rc, struct http_answer *answer)
{
    if (!transfer->is_done)
        return false;
    *rc = transfer->rc;
    *answer = transfer->answer;
    return true;
}

void http_transfer_free(struct http_transfer *transfer)
{
    if (!transfer)
        return;
    leave_multi(transfer);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    curl_slist_free_all(transfer->recipients);
    buffer_free(&transfer->message);
    buffer_free(&transfer->head);
    buffer_free(&transfer->body);
    free(transfer);
}
