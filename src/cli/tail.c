#include "src/cli/client.h"
#include "src/cli/commands_all.h"
#include "src/cli/sse.h"
#include "src/cli/value.h"

#include <time.h>

#define RECONNECT_MS 2000
#define NAME_COLUMNS 10

struct tailing {
    const struct invocation *invocation;
    struct sse sse;
    bool is_connected; /* something came over this connection */
    bool has_failed;   /* standard output takes no more */
};

/* --- for people --- */

static void show_signal(const struct screen *screen, const struct json *json, struct buffer *out)
{
    show_word(screen, out, value_text(json, "transition"));
    buffer_add_text(out, "  ");
    show_text(out, value_text(json, "rule"));
    buffer_add_text(out, "  ");
    value_show_list(json_get_text(json, "key"), " · ", out);
    buffer_format(out, "  (count %lld)", (long long)value_int(json, "count"));
}

static void show_task(const struct screen *screen, const struct json *json, struct buffer *out)
{
    struct slice reason = value_text(json, "reason");

    show_word(screen, out, value_text(json, "state"));
    buffer_add_text(out, "  ");
    show_text(out, value_text(json, "rule"));
    buffer_add_text(out, "  ");
    show_text(out, value_text(json, "task"));
    if (reason.len) {
        buffer_add_text(out, "  ");
        show_text(out, reason);
    }
}

static void show_proposal(const struct screen *screen, const struct json *json, struct buffer *out)
{
    struct slice outcome = value_text(json, "outcome");

    show_word(screen, out, value_text(json, "state"));
    buffer_add_text(out, "  ");
    show_text(out, value_text(json, "short"));
    buffer_add_text(out, "  ");
    show_text(out, value_text(json, "title"));
    if (outcome.len) {
        buffer_add_text(out, ": ");
        show_text(out, outcome);
    }
}

static void show_silence(const struct screen *screen, const struct json *json, struct buffer *out)
{
    show_word(screen, out, value_text(json, "state"));
    buffer_add_text(out, "  ");
    value_show_pairs(json_get_text(json, "where"), out);
    buffer_add_text(out, "  by ");
    show_text(out, value_text(json, "by"));
    buffer_add_text(out, ": ");
    show_text(out, value_text(json, "reason"));
}

static void show_flapping(const struct screen *screen, const struct json *json, struct buffer *out)
{
    int64_t until_ms;

    show_text(out, value_text(json, "title"));
    if (!value_time(json, "until", &until_ms))
        return;
    buffer_add_text(out, "  asks nobody before it has held still: ");
    show_time(screen, out, until_ms, false);
    buffer_add_text(out, " at the earliest");
}

static void show_clock(const struct json *json, struct buffer *out)
{
    int64_t time_ms;
    struct tm at;
    time_t time;
    char text[16];

    if (!value_time(json, "time", &time_ms))
        return;
    time = (time_t)(time_ms / SECOND_MS);
    if (localtime_r(&time, &at) && strftime(text, sizeof text, "%H:%M:%S ", &at))
        buffer_add_text(out, text);
}

static void show_line(const struct screen *screen, struct slice name, const struct json *json,
                      struct buffer *out)
{
    static const struct {
        const char *name;
        void (*show)(const struct screen *screen, const struct json *json, struct buffer *out);
    } lines[] = { { "signal", show_signal },
                  { "task", show_task },
                  { "proposal", show_proposal },
                  { "silence", show_silence },
                  { "flapping", show_flapping } };

    show_clock(json, out);
    show_text(out, name);
    for (size_t used = name.len; used < NAME_COLUMNS; used++)
        buffer_add_byte(out, ' ');
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (slice_eq(name, slice_of(lines[i].name)))
            lines[i].show(screen, json, out);
    buffer_add_text(out, "\n");
}

/* --- following --- */

static bool on_event(void *context, struct slice name, struct slice data)
{
    struct tailing *tailing = context;
    struct json_fault fault;
    struct json *json = NULL;
    struct buffer out;

    if (slice_eq(name, SLICE("reset"))) {
        complain(tailing->invocation->command,
                 "more happened than is kept: some changes are not shown");
        return true;
    }
    if (json_parse(data, JSON_LIMITS_DEFAULT, &json, &fault))
        return true;
    buffer_init(&out, 0);
    if (tailing->invocation->options.json) {
        value_add_line(json, &out);
        buffer_add_text(&out, "\n");
    } else {
        show_line(&tailing->invocation->screen, name, json, &out);
    }
    tailing->has_failed = screen_write(&out) != RC_OK;
    buffer_free(&out);
    json_free(json);
    return !tailing->has_failed;
}

static bool on_bytes(void *context, struct slice bytes)
{
    struct tailing *tailing = context;

    tailing->is_connected = true;
    return sse_take(&tailing->sse, bytes);
}

static void write_url(const struct options *options, struct buffer *url)
{
    buffer_add_text(url, "/api/v1/stream?");
    if (options->rule) {
        buffer_add_text(url, "rule=");
        url_add_encoded(url, slice_of(options->rule));
    }
    if (options->watcher) {
        buffer_add_text(url, options->rule ? "&watcher=" : "watcher=");
        url_add_encoded(url, slice_of(options->watcher));
    }
}

/* Until it is ended, or the daemon was never there, or it refuses us. */
static enum exit_code follow(struct client *client, struct tailing *tailing, struct slice url)
{
    const struct timespec pause = { .tv_sec = RECONNECT_MS / 1000 };
    struct client_stream_request request = { .path = url,
                                             .on_bytes = on_bytes,
                                             .context = tailing };
    enum exit_code code;

    for (;;) {
        sse_restart(&tailing->sse);
        tailing->is_connected = false;
        code = client_stream(client, &request);
        if (tailing->has_failed)
            return EXIT_REFUSED;
        if (tailing->is_connected)
            complain(tailing->invocation->command,
                     "the daemon is gone; following on when it is back");
        else if (code && !(code == EXIT_UNREACHABLE && request.is_again))
            return code;
        request.is_again = true;
        request.last_event_id = buffer_slice(&tailing->sse.id);
        nanosleep(&pause, NULL);
    }
}

static bool has_name(const struct json *items, const char *member, const char *name)
{
    for (const struct json *item = json_first(items); item; item = json_next(item))
        if (slice_eq(value_text(item, member), slice_of(name)))
            return true;
    return false;
}

/* Where a name is looked for among what is there. */
struct place {
    const char *path, *list, *member;
    bool by_name;                /* the path ends with it */
    const char *what, *is_there; /* "rule", "is loaded" */
};

/* What is not there yet may come with a reload, so that it is followed all the same; a misspelt one would be silent for ever. */
static enum exit_code warn_unless_there(struct client *client, const struct tailing *tailing,
                                        const struct place *place, const char *name)
{
    struct json *answer = NULL;
    struct buffer text;
    enum exit_code code;

    buffer_init(&text, 0);
    buffer_add_text(&text, place->path);
    if (place->by_name)
        url_add_encoded(&text, slice_of(name));
    code = client_get(client, buffer_slice(&text), &answer);
    if (!code && !has_name(json_get_text(answer, place->list), place->member, name)) {
        buffer_clear(&text);
        show_text(&text, slice_of(name));
        complain(tailing->invocation->command,
                 "no %s `%.*s` %s: nothing is shown until there is one", place->what,
                 SLICE_ARG(buffer_slice(&text)), place->is_there);
    }
    json_free(answer);
    buffer_free(&text);
    return code;
}

static enum exit_code look_for_names(struct client *client, const struct tailing *tailing)
{
    static const struct place rules = { .path = "/api/v1/rules?limit=1&rule=",
                                        .by_name = true,
                                        .list = "items",
                                        .member = "id",
                                        .what = "rule",
                                        .is_there = "is loaded" };
    static const struct place watchers = { .path = "/api/v1/status",
                                           .list = "watchers",
                                           .member = "name",
                                           .what = "watcher",
                                           .is_there = "is configured" };
    const struct options *options = &tailing->invocation->options;
    enum exit_code code = EXIT_DONE;

    if (options->rule)
        code = warn_unless_there(client, tailing, &rules, options->rule);
    if (!code && options->watcher)
        code = warn_unless_there(client, tailing, &watchers, options->watcher);
    return code;
}

enum exit_code tail_command(const struct invocation *invocation)
{
    struct tailing tailing = { .invocation = invocation };
    struct client *client = NULL;
    struct buffer url;
    enum exit_code code;

    buffer_init(&url, 0);
    sse_init(&tailing.sse, on_event, &tailing);
    code = client_new(invocation, &client);
    if (!code)
        code = look_for_names(client, &tailing);
    if (!code) {
        write_url(&invocation->options, &url);
        code = follow(client, &tailing, buffer_slice(&url));
    }
    client_free(client);
    sse_free(&tailing.sse);
    buffer_free(&url);
    return code;
}
