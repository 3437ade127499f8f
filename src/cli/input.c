#include "src/cli/input.h"

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/cli/exit_code.h"
#include "src/cli/log_ahead.h"
#include "src/engine/engine.h"
#include "watchers/senders/sender.h"
#include "watchers/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ITEM_BYTES ((size_t)128 << 20) /* of one entry, parsed */
#define LINE_BYTES ((size_t)32 << 20)  /* of one line, or of one payload */
#define READ_BYTES 65536
#define SENDERS_TOLD_MAX 256 /* in a did-you-mean */
#define LOGS_TOLD_MAX 256
/* Nothing is in the future of it, so that an event's own time is not held against the time of receipt. */
#define FAR_FUTURE_MS ((int64_t)253402300799000) /* 9999-12-31T23:59:59Z */

/* A pipe does not say when it was written. Times without a year are put into one that has every day, so that they lie as far from each other as they did, and the same
 * input always has the same: the end of 2000. */
#define PIPE_WRITTEN_MS ((int64_t)978307199000)

struct source {
    struct inputs *inputs;
    const struct input_option *option;
    size_t index; /* among the inputs */
    size_t hook;  /* among the --hook */
    FILE *file;   /* NULL: a log */
    struct log_ahead *log;
    struct log_watch
        own_watch; /* of a name that the configuration does not know, or with a time of the command's */
    const struct log_watch *watch; /* of a log */
    struct slice name;             /* of the file, for messages */
    struct buffer text;            /* the line, or the payload */
    uint64_t offset;               /* where it began */
    uint32_t line;                 /* 0: the whole file */
    bool is_read;
    bool is_given;           /* the event that was read last is a line that a --log has, too */
    bool goes_back;          /* that its events do not stand oldest first was told */
    struct slice watch_path; /* of a log: what its events call it */
    int64_t written_ms;      /* when its file was; 0: no file */
    int64_t last_ms;         /* when its last entry was received; INT64_MIN: none yet */
    struct arena *arena;     /* of `next` */
    struct input_entry next;
    bool has_next;
};

struct inputs {
    const struct options *options;
    const struct config *config;
    struct problems *problems;
    const struct log_input_screen *screen;
    struct watchers *configured; /* what the senders have replaced; NULL: nothing */
    struct source *sources;
    size_t n_sources;
    struct source *taken; /* whose entry the caller has */
    bool has_begun;       /* each source has shown its first entry */
    uint64_t n_bytes;
};

static enum rc refuse(const struct source *source, const char *what, struct slice detail)
{
    struct buffer shown;

    buffer_init(&shown, 4096);
    show_text(&shown, detail);
    problems_add(source->inputs->problems, PROBLEM_ERROR, source->name, source->line,
                 source->line ? 1 : 0, "%s%s%.*s", what, detail.len ? ": " : "",
                 SLICE_ARG(buffer_slice(&shown)));
    buffer_free(&shown);
    return RC_INVALID;
}

/* --- bytes --- */

static enum rc too_long(const struct source *source)
{
    return refuse(source, "more than 32 MB in one piece", (struct slice){ 0 });
}

/* The next line that is not empty, without its end. */
static enum rc read_line(struct source *source)
{
    int c;

    do {
        source->offset += source->text.len + (source->line > 0);
        source->line++;
        buffer_clear(&source->text);
        while ((c = getc_unlocked(source->file)) != EOF && c != '\n')
            buffer_add_byte(&source->text, (char)c);
        source->inputs->n_bytes += source->text.len + (c == '\n');
        if (source->text.failed)
            return too_long(source);
        if (ferror(source->file))
            return refuse(source, "cannot be read", slice_of(strerror(errno)));
    } while (c != EOF && !slice_trim(buffer_slice(&source->text)).len);
    return slice_trim(buffer_slice(&source->text)).len ? RC_OK : RC_NOT_FOUND;
}

static enum rc read_whole(struct source *source)
{
    char piece[READ_BYTES];
    size_t n_read;

    if (source->is_read)
        return RC_NOT_FOUND;
    source->is_read = true;
    while ((n_read = fread(piece, 1, sizeof piece, source->file)) > 0)
        buffer_add(&source->text, (struct slice){ piece, n_read });
    source->inputs->n_bytes += source->text.len;
    if (source->text.failed)
        return too_long(source);
    return ferror(source->file) ? refuse(source, "cannot be read", slice_of(strerror(errno)))
                                : RC_OK;
}

/* --- entries --- */

static enum rc seed_id(struct source *source, int64_t time_ms, struct ulid *id)
{
    struct slice seed;
    enum rc rc =
        arena_format(source->arena, &seed, "%.*s %zu %llu", SLICE_ARG(source->option->name),
                     source->index, (unsigned long long)source->offset);

    if (!rc)
        *id = ulid_from_seed(time_ms, seed);
    return rc;
}

/* Newest first is how `vedette events` lists them: such a file is read to its end, and means something else. */
static void warn_of_order(struct source *source)
{
    source->goes_back = true;
    problems_add(source->inputs->problems, PROBLEM_WARNING, source->name, source->line, 1,
                 "this was received before what stands above it: events stand oldest first, and "
                 "`vedette events --json` prints the newest first; `tac` turns them");
}

/* The journal has the lines that matched; a --log of their watcher has all of them, and each counts once. */
static bool is_line_of_a_log(const struct source *source, const struct event *event)
{
    const struct options *options = source->inputs->options;

    if (source->option->path || !slice_eq(event->fields[FIELD_KIND], SLICE("log")))
        return false;
    for (size_t i = 0; i < options->n_inputs; i++)
        if (options->inputs[i].kind == INPUT_LOG &&
            slice_eq(options->inputs[i].name, event->fields[FIELD_WATCHER]))
            return true;
    return false;
}

/* It is JSON. */
static enum rc refuse_event(const struct source *source, struct slice body)
{
    struct json_fault fault;
    struct json *json = NULL;
    struct buffer told;
    enum rc rc = json_parse(body, JSON_LIMITS_DEFAULT, &json, &fault);

    if (rc)
        return rc;
    buffer_init(&told, 4096);
    event_tell_fault(json, source->arena, &told);
    rc = refuse(source, "this is no event", buffer_slice(&told));
    buffer_free(&told);
    json_free(json);
    return rc;
}

/* When the newest of its events was received, where that is recorded (`vedette events --json` does), else when it happened; FAR_FUTURE_MS: none says. So the events of
 * a daemon, replayed, make the transitions that they made live, at the same times. */
static enum rc find_time(struct source *source, const struct journal_entry *entry, int64_t *time_ms)
{
    struct journal_entry timeless = *entry;
    struct event_list events = { 0 };
    struct json_fault fault;
    enum rc rc;

    timeless.received_ms = FAR_FUTURE_MS;
    rc = engine_events(source->inputs->config, &timeless, source->arena, &events);
    if (rc == RC_INVALID && json_scan(entry->body, JSON_LIMITS_DEFAULT, &fault))
        return refuse(source, "not JSON", slice_of(fault.text));
    if (rc == RC_INVALID)
        return refuse_event(source, entry->body);
    if (rc)
        return rc;
    *time_ms = FAR_FUTURE_MS;
    for (size_t i = 0; i < events.n_items; i++) {
        const struct event *event = &events.items[i];
        int64_t event_ms =
            event->received_ms != FAR_FUTURE_MS ? event->received_ms : event->time_ms;

        if (event_ms != FAR_FUTURE_MS && (*time_ms == FAR_FUTURE_MS || event_ms > *time_ms))
            *time_ms = event_ms;
        source->is_given = is_line_of_a_log(source, event);
        /* What only says when it happened may have come late. */
        if (event->received_ms < source->last_ms && source->option->kind == INPUT_EVENTS &&
            source->option->path && !source->goes_back)
            warn_of_order(source);
    }
    event_list_free(&events);
    return RC_OK;
}

static enum rc place_in_time(struct source *source, int64_t recorded_ms)
{
    struct journal_entry *entry = &source->next.entry;
    int64_t time_ms = recorded_ms;
    enum rc rc = RC_OK;

    if (time_ms == FAR_FUTURE_MS)
        rc = find_time(source, entry, &time_ms);
    if (rc)
        return rc;
    if (time_ms == FAR_FUTURE_MS)
        time_ms = source->last_ms == INT64_MIN ? source->written_ms : source->last_ms;
    if (time_ms < source->last_ms)
        time_ms = source->last_ms;
    entry->received_ms = source->last_ms = time_ms;
    return seed_id(source, time_ms, &entry->id);
}

/* Through the same gates as a live delivery, but for its signature. */
static enum rc take_delivery(struct source *source, struct slice body, const struct header *headers,
                             size_t n_headers, int64_t recorded_ms)
{
    const struct webhook *hook =
        watchers_find_webhook(source->inputs->config->watchers, source->option->name);
    struct webhook_request request = { .headers = headers, .n_headers = n_headers, .body = body };
    struct webhook_answer answer = { 0 };
    enum rc rc;

    for (size_t i = 0; i < n_headers; i++)
        if (slice_eq_nocase(headers[i].name, SLICE("Content-Type")))
            request.content_type = headers[i].value;
    rc = webhook_receive_recorded(hook, &request, source->arena, &answer);
    if (rc)
        return rc;
    if (answer.status)
        return refuse(source, answer.title, answer.detail);
    source->next = (struct input_entry){ .entry = answer.entry, .dedup_ms = answer.dedup_ms };
    return place_in_time(source, recorded_ms);
}

/* Most payloads would be of no kind without it, and no rule about them. */
static void warn_of_event_header(const struct source *source, const struct header *headers,
                                 size_t n_headers)
{
    const struct webhook *hook =
        watchers_find_webhook(source->inputs->config->watchers, source->option->name);
    const struct sender *sender = sender_find(webhook_sender(hook));

    if (!sender_needs_event_header(sender))
        return;
    for (size_t i = 0; i < n_headers; i++)
        if (slice_eq_nocase(headers[i].name, slice_of(sender->event_header)))
            return;
    problems_add(source->inputs->problems, PROBLEM_WARNING, source->name, 0, 0,
                 "what kind of event is it? %s says so: -H '%s: …'", sender->title,
                 sender->event_header);
}

static enum rc next_hook(struct source *source)
{
    const struct options *options = source->inputs->options;
    struct header headers[OPTIONS_MAX_TEXTS];
    size_t n_headers = 0;
    enum rc rc = read_whole(source);

    if (rc)
        return rc;
    for (size_t i = 0; i < options->n_headers; i++)
        if (options->headers[i].hook == source->hook)
            headers[n_headers++] =
                (struct header){ options->headers[i].name, options->headers[i].value };
    warn_of_event_header(source, headers, n_headers);
    return take_delivery(source, buffer_slice(&source->text), headers, n_headers, FAR_FUTURE_MS);
}

/* A body is JSON as it stands, or a text that holds what was sent. */
static enum rc read_body(struct source *source, const struct json *body, struct slice *text)
{
    struct json_writer writer;
    struct buffer json;
    enum rc rc;

    if (!body)
        return refuse(source,
                      "a delivery is {\"headers\": {…}, \"body\": {…}, \"time\": \"…\"}; this one "
                      "has no body",
                      (struct slice){ 0 });
    if (json_type_of(body) == JSON_STRING) {
        *text = json_string(body);
        return RC_OK;
    }
    buffer_init(&json, LINE_BYTES);
    writer = json_writer_to(&json);
    json_write_node(&writer, body);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(source->arena, buffer_slice(&json), text);
    buffer_free(&json);
    return rc;
}

static enum rc read_headers(struct source *source, const struct json *object,
                            struct header **headers, size_t *n_headers)
{
    *headers = arena_alloc(source->arena, json_count(object) + 1, sizeof **headers);
    if (!*headers)
        return RC_NO_MEMORY;
    for (const struct json *value = json_first(object); value; value = json_next(value))
        (*headers)[(*n_headers)++] = (struct header){ json_name(value), json_text(value) };
    return RC_OK;
}

static enum rc take_recorded(struct source *source, const struct json *recorded)
{
    const struct json *time = json_get_text(recorded, "time");
    int64_t recorded_ms = FAR_FUTURE_MS;
    struct header *headers = NULL;
    struct slice body = { 0 };
    size_t n_headers = 0;
    enum rc rc;

    if (time && time_parse_any(json_text(time), &recorded_ms))
        return refuse(source, "`time` is no time", json_text(time));
    rc = read_body(source, json_get_text(recorded, "body"), &body);
    if (!rc)
        rc = read_headers(source, json_get_text(recorded, "headers"), &headers, &n_headers);
    return rc ? rc : take_delivery(source, body, headers, n_headers, recorded_ms);
}

/* What the entry points at is copied: the tree goes. */
static enum rc keep_entry(struct source *source)
{
    struct journal_entry *entry = &source->next.entry;
    struct header *headers = entry->headers.items;
    enum rc rc = arena_copy(source->arena, entry->body, &entry->body);

    if (!rc)
        rc = arena_copy(source->arena, entry->delivery_id, &entry->delivery_id);
    if (!rc)
        rc = arena_copy(source->arena, entry->event_type, &entry->event_type);
    for (size_t i = 0; i < entry->headers.n_items && !rc; i++)
        rc = arena_copy(source->arena, headers[i].value, &headers[i].value);
    return rc;
}

static enum rc next_delivery(struct source *source)
{
    struct json_fault fault = { 0 };
    struct json *recorded = NULL;
    enum rc rc = read_line(source);

    if (rc)
        return rc;
    rc = json_parse(buffer_slice(&source->text), JSON_LIMITS_DEFAULT, &recorded, &fault);
    if (rc == RC_INVALID || rc == RC_LIMIT)
        return refuse(source, "not a line of JSON", slice_of(fault.text));
    if (!rc)
        rc = take_recorded(source, recorded);
    if (!rc)
        rc = keep_entry(source);
    json_free(recorded);
    return rc;
}

static enum rc next_event(struct source *source)
{
    enum rc rc;

    do {
        arena_reset(source->arena);
        source->is_given = false;
        rc = read_line(source);
        if (rc)
            return rc;
        source->next = (struct input_entry){ .entry = { .door = DOOR_DATA,
                                                        .type = SLICE(ENGINE_RECORDED_EVENT),
                                                        .body = buffer_slice(&source->text) } };
        rc = place_in_time(source, FAR_FUTURE_MS);
    } while (!rc && source->is_given);
    return rc;
}

/* -- logs -- */

static enum rc pack(struct source *source, const struct log_line *line, struct slice *body)
{
    struct log_line copy = *line;
    const struct log_lines lines = { .path = source->watch_path, .lines = { &copy, 1 } };
    enum rc rc;

    buffer_clear(&source->text);
    rc = log_lines_encode(&lines, &source->text);
    *body = buffer_slice(&source->text);
    return rc;
}

static enum rc next_log(struct source *source)
{
    struct log_line line = { 0 };
    struct slice body;
    enum rc rc = log_ahead_next(source->log, &line);

    /* Why the system refused is known to the thread that read. */
    if (rc == RC_IO || rc == RC_CORRUPT)
        return refuse(source, "cannot be read",
                      rc == RC_IO ? SLICE("input/output error") : SLICE("the archive is damaged"));
    if (!rc)
        rc = pack(source, &line, &body);
    if (rc)
        return rc;
    source->offset = (uint64_t)line.offset;
    source->next = (struct input_entry){ .entry = { .door = DOOR_DATA,
                                                    .watcher = source->option->name,
                                                    .type = SLICE(LOG_ENTRY_TYPE),
                                                    .body = body } };
    return place_in_time(source, line.time_ms);
}

static const struct log_watch *find_log(const struct inputs *inputs, struct slice name)
{
    const struct watchers *of = inputs->configured ? inputs->configured : inputs->config->watchers;

    return watchers_find_log(of, name);
}

/* Where logs are configured, another name is more likely a slip than a watcher that is still to be written. */
static void warn_of_unknown_log(const struct source *source)
{
    const struct inputs *inputs = source->inputs;
    const struct watchers *of = inputs->configured ? inputs->configured : inputs->config->watchers;
    const char *names[LOGS_TOLD_MAX + 1] = { NULL };
    const char *meant;

    for (size_t i = 0; i < LOGS_TOLD_MAX && watchers_log_at(of, i); i++)
        names[i] = watchers_log_at(of, i)->name.ptr; /* of the arena: a NUL is behind it */
    if (!names[0])
        return;
    meant = problem_did_you_mean(source->option->name, names);
    problems_add(inputs->problems, PROBLEM_WARNING, source->name, 0, 0,
                 "no log watcher `%.*s` stands under `watchers` of the configuration, so that "
                 "these are lines of text without constants%s%s%s",
                 SLICE_ARG(source->option->name), meant ? "; did you mean `" : "",
                 meant ? meant : "", meant ? "`?" : "");
}

static enum rc choose_time(struct source *source, const char *form)
{
    const char *why = "";
    enum rc rc = line_time_of_option(slice_of(form), source->inputs->config->arena,
                                     &source->own_watch.time, &why);
    struct buffer text;

    if (rc != RC_INVALID)
        return rc;
    buffer_init(&text, 0);
    buffer_add_text(&text, "--time-format `");
    buffer_add_shown(&text, slice_of(form));
    buffer_format(&text, "` is neither `auto` nor a form of strptime that names a time: %s", why);
    buffer_add_byte(&text, '\0');
    rc = buffer_rc(&text) ? buffer_rc(&text) : refuse(source, text.ptr, (struct slice){ 0 });
    buffer_free(&text);
    return rc;
}

/* As the watcher of that name reads it; without one it is text. */
static enum rc choose_watch(struct source *source)
{
    const struct options *options = source->inputs->options;
    const struct log_watch *known = find_log(source->inputs, source->option->name);
    struct arena *arena = source->inputs->config->arena;
    enum rc rc;

    if (!known)
        warn_of_unknown_log(source);
    if (known && !options->time_format) {
        source->watch = known;
        return RC_OK;
    }
    rc = log_watch_of_name(source->option->name, arena, &source->own_watch);
    if (!rc && known) {
        struct line_time *time = source->own_watch.time;

        source->own_watch = *known;
        source->own_watch.time = time;
        source->own_watch.is_borrowed = true;
    }
    source->watch = &source->own_watch;
    if (rc || !options->time_format)
        return rc;
    line_time_free(source->own_watch.time);
    source->own_watch.time = NULL;
    return choose_time(source, options->time_format);
}

static enum rc open_log(struct source *source)
{
    const struct log_input_screen *screen = source->inputs->screen;
    struct log_input *input = NULL;
    bool has_thread;
    int fd;
    enum rc rc = choose_watch(source);

    if (rc)
        return rc;
    fd = dup(fileno(source->file));
    if (fd < 0)
        return RC_IO;
    if (strcmp(source->option->path, "-") != 0)
        rc = path_absolute(slice_of(source->option->path), source->inputs->config->arena,
                           &source->watch_path);
    if (!rc)
        rc = log_input_new(fd, source->watch, source->watch_path,
                           source->written_ms ? source->written_ms : PIPE_WRITTEN_MS, screen,
                           &input);
    /* A pipe is waited for by whoever asks: only he can be told that there is no need any more. */
    has_thread = screen && screen->has_threads && source->written_ms;
    return rc ? rc : log_ahead_new(input, has_thread, &source->log);
}

static enum rc advance(struct source *source)
{
    static enum rc (*const readers[])(struct source * source) = {
        [INPUT_HOOK] = next_hook,
        [INPUT_DELIVERIES] = next_delivery,
        [INPUT_EVENTS] = next_event,
        [INPUT_LOG] = next_log,
    };
    enum rc rc;

    arena_reset(source->arena);
    rc = readers[source->option->kind](source);
    source->has_next = !rc;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- all of them --- */

/* Of each its first entry, so that they can be put in order; later that of the source whose last one was taken. */
static enum rc look_ahead(struct inputs *inputs)
{
    enum rc rc = inputs->taken ? advance(inputs->taken) : RC_OK;

    inputs->taken = NULL;
    for (size_t i = 0; i < inputs->n_sources && !inputs->has_begun && !rc; i++)
        rc = advance(&inputs->sources[i]);
    inputs->has_begun = true;
    return rc;
}

enum rc inputs_next(struct inputs *inputs, struct input_entry *entry)
{
    struct source *earliest = NULL;
    enum rc rc = look_ahead(inputs);

    if (rc)
        return rc;
    for (size_t i = 0; i < inputs->n_sources; i++) {
        struct source *source = &inputs->sources[i];

        if (source->has_next &&
            (!earliest || source->next.entry.received_ms < earliest->next.entry.received_ms))
            earliest = source;
    }
    if (!earliest)
        return RC_NOT_FOUND;
    inputs->taken = earliest;
    *entry = earliest->next;
    return RC_OK;
}

enum rc inputs_learn(struct inputs *inputs,
                     enum rc (*learn)(void *context, const struct log_watch *watch,
                                      struct slice bytes),
                     void *context)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; !rc && i < inputs->n_sources; i++) {
        const struct source *source = &inputs->sources[i];
        struct slice bytes;

        /* What cannot be read is told when its turn comes. */
        if (source->log && !log_ahead_peek(source->log, &bytes))
            rc = learn(context, source->watch, bytes);
    }
    return rc;
}

uint64_t inputs_bytes(const struct inputs *inputs)
{
    uint64_t n_bytes = inputs->n_bytes;

    for (size_t i = 0; i < inputs->n_sources; i++)
        if (inputs->sources[i].log)
            n_bytes += log_ahead_totals(inputs->sources[i].log).n_bytes;
    return n_bytes;
}

uint64_t inputs_n_passed(const struct inputs *inputs)
{
    uint64_t n_passed = 0;

    for (size_t i = 0; i < inputs->n_sources; i++)
        if (inputs->sources[i].log)
            n_passed += log_ahead_totals(inputs->sources[i].log).n_passed;
    return n_passed;
}

int64_t inputs_last_ms(const struct inputs *inputs)
{
    int64_t last_ms = INT64_MIN;

    for (size_t i = 0; i < inputs->n_sources; i++) {
        struct log_ahead *log = inputs->sources[i].log;

        if (log && log_ahead_totals(log).last_ms > last_ms)
            last_ms = log_ahead_totals(log).last_ms;
    }
    return last_ms;
}

static enum rc open_source(struct source *source)
{
    const char *path = source->option->path;
    struct stat stat;

    if (!strcmp(path, "-")) {
        source->name = SLICE("standard input");
        source->file = stdin;
    } else {
        source->name = slice_of(path);
        source->file = fopen(path, "re");
    }
    if (!source->file || fstat(fileno(source->file), &stat))
        return refuse(source, "cannot be opened", slice_of(strerror(errno)));
    if (S_ISDIR(stat.st_mode))
        return refuse(source, "is a directory", (struct slice){ 0 });
    /* A pipe has no time of its own that would be the same again. */
    source->last_ms = INT64_MIN;
    source->written_ms = S_ISREG(stat.st_mode) ? (int64_t)stat.st_mtim.tv_sec * SECOND_MS : 0;
    buffer_init(&source->text, LINE_BYTES);
    if (source->option->kind == INPUT_LOG) {
        enum rc rc = open_log(source);

        if (rc)
            return rc;
    }
    return arena_new(ITEM_BYTES, &source->arena);
}

/* The first that `watchers` have no webhook for; NULL: there is none. */
static const struct input_option *find_unknown(const struct options *options,
                                               const struct watchers *watchers)
{
    for (size_t i = 0; i < options->n_inputs; i++)
        if (options->inputs[i].kind != INPUT_EVENTS && options->inputs[i].kind != INPUT_LOG &&
            !watchers_find_webhook(watchers, options->inputs[i].name))
            return &options->inputs[i];
    return NULL;
}

static enum rc refuse_sender(struct problems *problems, const struct input_option *unknown)
{
    const char *names[SENDERS_TOLD_MAX + 1] = { NULL };
    struct buffer shown;
    const char *meant;

    for (size_t i = 0; i < SENDERS_TOLD_MAX && sender_at(i); i++)
        names[i] = sender_at(i)->name;
    meant = problem_did_you_mean(unknown->name, names);
    buffer_init(&shown, 4096);
    show_text(&shown, unknown->name);
    problems_add(problems, PROBLEM_ERROR, (struct slice){ 0 }, 0, 0,
                 "no webhook of the configuration (`vedette hooks`) and no sender (`vedette hooks "
                 "--senders`) is called `%.*s`%s%s%s",
                 SLICE_ARG(buffer_slice(&shown)), meant ? "; did you mean `" : "",
                 meant ? meant : "", meant ? "`?" : "");
    buffer_free(&shown);
    return RC_INVALID;
}

/* The configuration's webhooks know more (constants, maps); where it has not all that are named, they are senders. */
static enum rc choose_watchers(const struct options *options, struct config *config,
                               struct problems *problems, struct watchers **configured)
{
    struct watchers *senders = NULL;
    enum rc rc;

    if (!find_unknown(options, config->watchers))
        return RC_OK;
    rc = watchers_of_senders(config->arena, &senders);
    if (rc)
        return rc;
    if (find_unknown(options, senders))
        return refuse_sender(problems, find_unknown(options, senders));
    *configured = config->watchers;
    config->watchers = senders;
    return RC_OK;
}

enum rc inputs_open(const struct options *options, struct config *config,
                    const struct log_input_screen *screen, struct problems *problems,
                    struct inputs **inputs)
{
    struct inputs *made = calloc(1, sizeof *made);
    struct watchers *configured = NULL;
    size_t n_hooks = 0;
    enum rc rc = choose_watchers(options, config, problems, &configured);

    if (made)
        made->sources = calloc(options->n_inputs + 1, sizeof *made->sources);
    if (!rc && (!made || !made->sources))
        rc = RC_NO_MEMORY;
    if (rc)
        goto fail;
    made->options = options;
    made->config = config;
    made->problems = problems;
    made->screen = screen;
    made->configured = configured;
    for (size_t i = 0; i < options->n_inputs && !rc; i++) {
        struct source *source = &made->sources[made->n_sources++];

        *source = (struct source){
            .inputs = made, .option = &options->inputs[i], .index = i, .hook = n_hooks
        };
        n_hooks += source->option->kind == INPUT_HOOK;
        rc = open_source(source);
    }
    if (rc)
        goto fail;
    *inputs = made;
    return RC_OK;

fail:
    inputs_close(made);
    return rc;
}

enum rc inputs_add_events(struct inputs *inputs, FILE *file, const char *name)
{
    static const struct input_option option = { .kind = INPUT_EVENTS };
    struct source *source = &inputs->sources[inputs->n_sources]; /* inputs_open left room for it */

    *source = (struct source){ .inputs = inputs,
                               .option = &option,
                               .index = inputs->n_sources++,
                               .file = file,
                               .name = slice_of(name),
                               .last_ms = INT64_MIN };
    buffer_init(&source->text, LINE_BYTES);
    return arena_new(ITEM_BYTES, &source->arena);
}

void inputs_close(struct inputs *inputs)
{
    if (!inputs)
        return;
    for (size_t i = 0; i < inputs->n_sources; i++) {
        struct source *source = &inputs->sources[i];

        if (source->file && source->file != stdin)
            fclose(source->file);
        log_ahead_free(source->log);
        log_watch_free(&source->own_watch);
        buffer_free(&source->text);
        arena_free(source->arena);
    }
    watchers_free(inputs->configured);
    free(inputs->sources);
    free(inputs);
}

enum exit_code inputs_check_call(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;

    if (!options->n_inputs)
        return usage_error(invocation->command,
                           "INPUT is missing: --log, --hook, --deliveries or --events");
    if (options->n_headers && !options->n_hooks)
        return usage_error(invocation->command, "-H belongs to a --hook");
    return EXIT_DONE;
}
