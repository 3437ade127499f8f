/* Posting a payload to a hook of the running daemon: the way to try a rule without waiting for the world. */
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/http_client.h"
#include "src/cli/client.h"
#include "src/cli/commands_all.h"
#include "src/cli/value.h"
#include "src/config/config.h"
#include "watchers/samples.h"
#include "watchers/senders/sender.h"
#include "watchers/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BODY_BYTES ((size_t)100 << 20)
#define ARENA_BYTES (2 * BODY_BYTES)
#define READ_BYTES 65536
#define HEADERS_MAX (OPTIONS_MAX_TEXTS + 8)
#define SEND_MS (30 * SECOND_MS)
#define UUID_BYTES 16

struct sending {
    const struct invocation *invocation;
    struct config *config;
    struct arena *arena;
    const struct webhook *hook;
    const struct sample *sample; /* NULL: a file */
    const char *path;            /* NULL: the sample */
    struct slice body;
    bool is_renewed; /* the body is not what the file holds */
    struct http_header headers[HEADERS_MAX];
    size_t n_headers;
    struct slice url, unix_socket;
};

/* --- what is asked --- */

static enum exit_code list_samples(const struct invocation *invocation)
{
    const struct sample *sample;
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    for (size_t i = 0; (sample = sample_at(i)) != NULL; i++) {
        if (invocation->options.json)
            buffer_format(&out, "{\"name\":\"%s\",\"sender\":\"%s\",\"title\":\"%s\"}\n",
                          sample->name, sample->sender, sample->title);
        else
            buffer_format(&out, "%-27s%-19s%s\n", sample->name, sample->sender, sample->title);
    }
    rc = screen_write(&out);
    buffer_free(&out);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

static enum exit_code take_call(struct sending *sending, const char **hook_name)
{
    const struct invocation *invocation = sending->invocation;
    const char *sample = invocation->options.sample;

    *hook_name = invocation->n_operands ? invocation->operands[0] : NULL;
    if (sample) {
        sending->sample = sample_find(slice_of(sample));
        if (!sending->sample)
            return usage_error(invocation->command,
                               "there is no such sample; --samples lists them");
        if (invocation->n_operands > 1)
            return usage_error(invocation->command, "give FILE or --sample, not both");
        return EXIT_DONE;
    }
    if (invocation->n_operands != 2)
        return usage_error(invocation->command, "HOOK FILE, or --sample NAME, is missing");
    sending->path = invocation->operands[1];
    return EXIT_DONE;
}

/* --- the configuration: which hook, its secret, its door --- */

static enum exit_code load_config(struct sending *sending)
{
    const struct config_options options = { .path = sending->invocation->options.config,
                                            .resolve_secrets = true };
    struct problems *problems = NULL;
    struct buffer text;
    enum rc rc = problems_new(&problems);

    if (!rc)
        rc = config_load(&options, problems, &sending->config);
    if (!rc) {
        problems_free(problems);
        return EXIT_DONE;
    }
    buffer_init(&text, 0);
    if (problems)
        problems_format(problems, &text);
    fprintf(stderr, "%.*s", SLICE_ARG(buffer_slice(&text)));
    complain(sending->invocation->command,
             "the hook's secret cannot be read (without a configuration, `vedette run` makes it)");
    buffer_free(&text);
    problems_free(problems);
    return EXIT_REFUSED;
}

static const struct webhook *hook_of_sender(const struct config *config, struct slice sender)
{
    const struct webhook *hook;

    for (size_t i = 0; (hook = watchers_webhook_at(config->watchers, i)) != NULL; i++)
        if (slice_eq(webhook_sender(hook), sender))
            return hook;
    return NULL;
}

static enum exit_code find_hook(struct sending *sending, const char *name)
{
    const struct command *command = sending->invocation->command;

    if (name) {
        sending->hook = watchers_find_webhook(sending->config->watchers, slice_of(name));
        if (!sending->hook)
            complain(command, "there is no such hook; `vedette hooks` lists them");
    } else {
        sending->hook = hook_of_sender(sending->config, slice_of(sending->sample->sender));
        if (!sending->hook)
            complain(
                command,
                "the configuration has no hook for %s: `- webhook: %s` under `watchers` makes one",
                sending->sample->sender, sending->sample->sender);
    }
    return sending->hook ? EXIT_DONE : EXIT_REFUSED;
}

/* The daemon knows which port it got, where the configuration left it open. */
static enum exit_code ask_url(struct sending *sending)
{
    struct client *client = NULL;
    struct json *status = NULL;
    const struct json *hook;
    enum exit_code code = client_new(sending->invocation, &client);

    if (!code)
        code = client_get(client, SLICE("/api/v1/status"), &status);
    hook = json_first(json_get_text(status, "watchers"));
    for (; hook && !sending->url.len; hook = json_next(hook))
        if (slice_eq(value_text(hook, "name"), webhook_name(sending->hook)) &&
            arena_copy(sending->arena, value_text(hook, "url"), &sending->url))
            code = EXIT_REFUSED;
    json_free(status);
    client_free(client);
    return code;
}

/* Where "every address" is on this machine. */
static struct slice reachable(struct slice address, struct arena *arena)
{
    static const struct {
        const char *every, *here;
    } hosts[] = { { "0.0.0.0:", "127.0.0.1:" }, { "[::]:", "[::1]:" }, { ":", "127.0.0.1:" } };
    struct slice found = address;

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        const struct slice every = slice_of(hosts[i].every);

        if (slice_starts(address, every) &&
            arena_format(arena, &found, "%s%.*s", hosts[i].here, (int)(address.len - every.len),
                         address.ptr + every.len) == RC_OK)
            break;
    }
    return found;
}

/* A certificate is made out to the public name: that is how its door is asked. */
static enum rc ask_public_url(struct sending *sending)
{
    struct slice base = sending->config->public_url;

    if (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    return arena_format(sending->arena, &sending->url, "%.*s/hooks/%.*s", SLICE_ARG(base),
                        SLICE_ARG(webhook_name(sending->hook)));
}

static enum exit_code find_door(struct sending *sending)
{
    const struct config_door *door = &sending->config->doors[0];
    struct slice host = reachable(door->address, sending->arena);
    bool is_secure = !slice_is_absent(door->cert);
    enum rc rc;

    if (slice_ends(door->address, SLICE(":0")))
        return ask_url(sending);
    if (is_secure && sending->config->public_url.len)
        return ask_public_url(sending) ? EXIT_REFUSED : EXIT_DONE;
    if (slice_starts(door->address, SLICE("unix:"))) {
        sending->unix_socket = (struct slice){ door->address.ptr + 5, door->address.len - 5 };
        host = SLICE("localhost");
    }
    rc = arena_format(sending->arena, &sending->url, "%s://%.*s/hooks/%.*s",
                      is_secure ? "https" : "http", SLICE_ARG(host),
                      SLICE_ARG(webhook_name(sending->hook)));
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

/* --- what is sent --- */

static enum rc read_stream(FILE *file, struct arena *arena, struct slice *body)
{
    char piece[READ_BYTES];
    struct buffer bytes;
    size_t n_read;
    enum rc rc;

    buffer_init(&bytes, BODY_BYTES);
    while ((n_read = fread(piece, 1, sizeof piece, file)) > 0)
        buffer_add(&bytes, (struct slice){ piece, n_read });
    rc = ferror(file) ? RC_IO : buffer_rc(&bytes);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&bytes), body);
    buffer_free(&bytes);
    return rc;
}

static enum exit_code read_body(struct sending *sending)
{
    const struct command *command = sending->invocation->command;
    FILE *file;
    enum rc rc;

    if (sending->sample) {
        rc = sample_render(sending->sample, clock_real_ms(), sending->arena, &sending->body);
        if (rc)
            complain(command, "%s", rc_text(rc));
        return rc ? EXIT_REFUSED : EXIT_DONE;
    }
    file = strcmp(sending->path, "-") != 0 ? fopen(sending->path, "re") : stdin;
    if (!file) {
        complain(command, "cannot open %s: %s", sending->path, strerror(errno));
        return EXIT_REFUSED;
    }
    rc = read_stream(file, sending->arena, &sending->body);
    if (file != stdin)
        fclose(file);
    if (rc)
        complain(command, "cannot read %s: %s", sending->path, rc_text(rc));
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

static struct slice given_header(const struct options *options, struct slice name)
{
    for (size_t i = 0; i < options->n_headers; i++)
        if (slice_eq_nocase(options->headers[i].name, name))
            return options->headers[i].value;
    return (struct slice){ 0 };
}

/* A UUID of random bits (RFC 9562, version 4). */
static enum rc make_delivery_id(struct arena *arena, struct slice *id)
{
    uint8_t bytes[UUID_BYTES];
    char hex[2 * UUID_BYTES + 1];
    enum rc rc = random_bytes(bytes, sizeof bytes);

    if (rc)
        return rc;
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    (void)hex_format(bytes, sizeof bytes, hex);
    return arena_format(arena, id, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                        hex + 20);
}

/* What a person gives goes before what we would have made. */
static enum rc make_headers(struct sending *sending, struct slice event_type)
{
    const struct options *options = &sending->invocation->options;
    struct header *signed_headers = NULL;
    struct slice delivery_id;
    size_t n_signed = 0;
    enum rc rc = make_delivery_id(sending->arena, &delivery_id);

    if (!rc)
        rc = webhook_sign(sending->hook, event_type, delivery_id, sending->body, clock_real_ms(),
                          sending->arena, &signed_headers, &n_signed);
    if (rc)
        return rc;
    for (size_t i = 0; i < n_signed; i++)
        if (slice_is_absent(given_header(options, signed_headers[i].name)))
            sending->headers[sending->n_headers++] =
                (struct http_header){ signed_headers[i].name, signed_headers[i].value };
    for (size_t i = 0; i < options->n_headers; i++)
        sending->headers[sending->n_headers++] =
            (struct http_header){ options->headers[i].name, options->headers[i].value };
    return RC_OK;
}

static void complain_of_signing(const struct sending *sending, enum rc rc)
{
    const struct command *command = sending->invocation->command;
    const struct sender *sender = sender_find(webhook_sender(sending->hook));

    if (rc != RC_DENIED)
        complain(command, "cannot sign it: %s", rc_text(rc));
    else
        complain(command,
                 "nobody but %s can sign for this hook; `vedette fields --hook %.*s=%s` shows what "
                 "becomes of a payload",
                 sender->title, SLICE_ARG(webhook_name(sending->hook)),
                 sending->path ? sending->path : "FILE");
}

static enum exit_code sign(struct sending *sending)
{
    const struct invocation *invocation = sending->invocation;
    const struct sender *sender = sender_find(webhook_sender(sending->hook));
    struct slice event_type = sending->sample ? slice_of(sending->sample->event_type) : SLICE("");
    struct slice body = sending->body;
    enum rc rc;

    if (sender_needs_event_header(sender) && !event_type.len &&
        slice_is_absent(given_header(&invocation->options, slice_of(sender->event_header))))
        return usage_error(invocation->command, "what kind of event is it? %s says so: -H '%s: …'",
                           sender->title, sender->event_header);
    rc = webhook_renew(sending->hook, body, clock_real_ms(), sending->arena, &sending->body);
    sending->is_renewed = sending->body.ptr != body.ptr;
    if (!rc)
        rc = make_headers(sending, event_type);
    if (rc)
        complain_of_signing(sending, rc);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

/* --- sending --- */

/* For a shell, byte by byte: what is pasted must be what was signed. */
static void add_quoted(struct buffer *out, struct slice text)
{
    buffer_add_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buffer_add_text(out, "'\\''");
        else
            buffer_add_byte(out, text.ptr[i]);
    }
    buffer_add_byte(out, '\'');
}

static enum exit_code print_curl(const struct sending *sending)
{
    bool is_file = sending->path && strcmp(sending->path, "-") != 0 && !sending->is_renewed;
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    buffer_add_text(&out, "curl -sS -X POST");
    if (sending->unix_socket.ptr) {
        buffer_add_text(&out, " --unix-socket ");
        add_quoted(&out, sending->unix_socket);
    }
    buffer_add_text(&out, " ");
    add_quoted(&out, sending->url);
    for (size_t i = 0; i < sending->n_headers; i++) {
        struct slice line;

        if (arena_format(sending->arena, &line, "%.*s: %.*s", SLICE_ARG(sending->headers[i].name),
                         SLICE_ARG(sending->headers[i].value)))
            break;
        buffer_add_text(&out, " -H ");
        add_quoted(&out, line);
    }
    buffer_add_text(&out, is_file ? " --data-binary @" : " --data-binary ");
    add_quoted(&out, is_file ? slice_of(sending->path) : sending->body);
    buffer_add_text(&out, "\n");
    rc = screen_write(&out);
    buffer_free(&out);
    return rc ? EXIT_REFUSED : EXIT_DONE;
}

static enum exit_code report(const struct sending *sending, const struct http_answer *answer)
{
    const struct invocation *invocation = sending->invocation;
    struct json_fault fault;
    struct json *json = NULL;
    struct buffer out;
    enum exit_code code = exit_code_of_status(answer->status);

    if (json_parse(answer->body, JSON_LIMITS_DEFAULT, &json, &fault))
        json = NULL;
    buffer_init(&out, 0);
    if (code) {
        show_text(&out, json_string(json_get_text(json, "title")));
        if (value_text(json, "detail").len)
            buffer_add_text(&out, ": ");
        show_text(&out, value_text(json, "detail"));
        complain(invocation->command, "%d %.*s", answer->status, SLICE_ARG(buffer_slice(&out)));
    } else {
        if (invocation->options.json && json)
            value_add_line(json, &out);
        else
            show_text(&out, value_text(json, "id"));
        if (!invocation->options.json)
            buffer_add_text(&out, answer->status == 200 ? " was there already" : " stored");
        buffer_add_text(&out, "\n");
        code = screen_write(&out) ? EXIT_REFUSED : EXIT_DONE;
    }
    buffer_free(&out);
    json_free(json);
    return code;
}

static enum exit_code post(struct sending *sending)
{
    const struct http_request request = { .method = SLICE("POST"),
                                          .url = sending->url,
                                          .headers = sending->headers,
                                          .n_headers = sending->n_headers,
                                          .body = sending->body,
                                          .unix_socket = sending->unix_socket,
                                          .timeout_ms = SEND_MS };
    struct http_answer answer = { 0 };

    if (!http_perform(&request, sending->arena, &answer))
        return report(sending, &answer);
    complain(sending->invocation->command, "%.*s cannot be reached: %s", SLICE_ARG(sending->url),
             answer.error ? answer.error : "no answer");
    return EXIT_UNREACHABLE;
}

enum exit_code send_command(const struct invocation *invocation)
{
    struct sending sending = { .invocation = invocation };
    const char *hook_name = NULL;
    enum exit_code code;

    if (invocation->options.samples)
        return list_samples(invocation);
    code = take_call(&sending, &hook_name);
    if (!code && (arena_new(ARENA_BYTES, &sending.arena) || digest_init() || http_client_init()))
        code = EXIT_REFUSED;
    if (!code)
        code = load_config(&sending);
    if (!code)
        code = find_hook(&sending, hook_name);
    if (!code)
        code = find_door(&sending);
    if (!code)
        code = read_body(&sending);
    if (!code)
        code = sign(&sending);
    if (!code)
        code = invocation->options.print_curl ? print_curl(&sending) : post(&sending);
    config_free(sending.config);
    arena_free(sending.arena);
    return code;
}
