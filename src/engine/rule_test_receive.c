#include "src/engine/rule_test_private.h"

#include "src/base/buffer.h"
#include "watchers/line_cut.h"
#include "watchers/webhook.h"

#define BODY_LIMIT_BYTES ((size_t)25 << 20)
#define FIXTURE_MAX_LINES 10000

/* Ids of events in a test: the number of the event is enough. */
static struct slice next_seed(struct test_run *run)
{
    run->n_received++;
    return (struct slice){ (const char *)&run->n_received, sizeof run->n_received };
}

/* -- events as objects -- */

static enum rc receive_object(struct test_run *run, struct slice json, int64_t now_ms)
{
    struct journal_entry entry = {
        .door = DOOR_DATA, .type = SLICE(ENGINE_RECORDED_EVENT), .received_ms = now_ms, .body = json
    };

    return simulation_receive(run->simulation, &entry, next_seed(run));
}

enum rc rule_test_receive_fields(struct test_run *run, const struct test_event *event)
{
    struct buffer json;
    struct slice body;
    enum rc rc;

    buffer_init(&json, 0);
    rc = rule_test_event_json(&run->text, event, &json);
    if (!rc)
        rc = arena_copy(run->arena, buffer_slice(&json), &body);
    if (!rc)
        rc = receive_object(run, body, rule_test_now(run, event));
    buffer_free(&json);
    return rc;
}

/* -- deliveries -- */

static enum rc write_body(struct test_run *run, const struct node *node, struct slice *body)
{
    struct json_writer writer;
    struct buffer json;
    enum rc rc;

    if (node->type == NODE_SCALAR) { /* a text is what was sent, as it stands */
        *body = node->text;
        return RC_OK;
    }
    buffer_init(&json, BODY_LIMIT_BYTES);
    writer = json_writer_to(&json);
    node_write_json(node, &writer);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(run->arena, buffer_slice(&json), body);
    buffer_free(&json);
    return rc;
}

static enum rc take_headers(struct test_run *run, const struct node *map,
                            struct webhook_request *request)
{
    struct header *headers = arena_alloc(run->arena, map ? map->n_pairs + 1 : 1, sizeof *headers);

    if (!headers)
        return RC_NO_MEMORY;
    for (size_t i = 0; map && i < map->n_pairs; i++) {
        headers[i] =
            (struct header){ .name = map->pairs[i].key, .value = map->pairs[i].value->text };
        if (slice_eq_nocase(headers[i].name, SLICE("Content-Type")))
            request->content_type = headers[i].value;
    }
    request->headers = headers;
    request->n_headers = map ? map->n_pairs : 0;
    return RC_OK;
}

/* It happened when the test says, whatever times were recorded with it: else two deliveries of one fixture would always be at the same time. */
static enum rc receive_now(struct test_run *run, struct event *event, int64_t now_ms)
{
    struct json_writer writer;
    struct buffer json;
    struct slice body;
    enum rc rc;

    event->time_ms = event->received_ms = now_ms;
    event->id = (struct ulid){ 0 };
    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    event_write_json(event, &writer);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(run->arena, buffer_slice(&json), &body);
    buffer_free(&json);
    return rc ? rc : receive_object(run, body, now_ms);
}

static enum rc receive_delivery(struct test_run *run, const struct test_event *event,
                                struct journal_entry *entry)
{
    struct event_list events = { 0 };
    enum rc rc;

    entry->received_ms = rule_test_now(run, event);
    rc = engine_events(&run->suite->senders, entry, run->arena, &events);
    for (size_t i = 0; i < events.n_items && !rc; i++) {
        if (events.items[i].is_unusable)
            rc = rule_test_fail_at(run, event->node, "no rule can go by this delivery: %.*s",
                                   SLICE_ARG(events.items[i].drift));
        if (!rc)
            rc = receive_now(run, &events.items[i], entry->received_ms);
    }
    event_list_free(&events);
    return rc;
}

/* Through the same door as a live delivery, but for its signature. */
enum rc rule_test_receive_hook(struct test_run *run, const struct test_event *event)
{
    const struct webhook *hook = watchers_find_webhook(run->suite->senders.watchers, event->source);
    struct webhook_request request = { .received_ms = rule_test_now(run, event),
                                       .real_ms = rule_test_now(run, event) };
    struct webhook_answer answer = { 0 };
    enum rc rc = RC_OK;

    if (event->body)
        rc = write_body(run, event->body, &request.body);
    else
        request.body = event->fixture;

    if (!rc)
        rc = take_headers(run, event->headers, &request);
    if (!rc)
        rc = webhook_receive_recorded(hook, &request, run->arena, &answer);
    if (rc)
        return rc;
    if (answer.status)
        return rule_test_fail_at(run, event->node, "the door refuses this delivery: %s%s%.*s",
                                 answer.title ? answer.title : answer.reason,
                                 answer.detail.len ? ": " : "", SLICE_ARG(answer.detail));
    return receive_delivery(run, event, &answer.entry);
}

/* -- lines -- */

/* A file is cut as its watcher cuts it: where several lines are one event, they are here. */
static enum rc cut_lines(struct test_run *run, const struct test_event *event, struct slice bytes,
                         struct record_list *lines)
{
    const struct log_watch *known = watchers_find_log(run->suite->senders.watchers, event->source);
    struct log_watch usual = { 0 };
    struct line_cut cut = {
        .watch = known ? known : &usual, .bytes = bytes, .end = CUT_OVER, .n_max = FIXTURE_MAX_LINES
    };
    enum rc rc = known ? RC_OK : log_watch_of_name(event->source, run->arena, &usual);

    cut.lines = arena_alloc(run->arena, FIXTURE_MAX_LINES, sizeof *cut.lines);
    if (!rc && !cut.lines)
        rc = RC_NO_MEMORY;
    if (!rc)
        rc = pattern_scratch_new(&cut.scratch);
    if (!rc) {
        line_cut(&cut);
        *lines = (struct record_list){ cut.lines, cut.n_lines };
    }
    pattern_scratch_free(cut.scratch);
    log_watch_free(&usual);
    if (rc || cut.n_consumed == bytes.len)
        return rc;
    node_problem(run->problems, node_find(event->node, "file"),
                 "more than %d lines: take those that the rule is about", FIXTURE_MAX_LINES);
    return RC_INVALID;
}

static struct slice without_last_newline(struct slice text)
{
    if (slice_ends(text, SLICE("\n")))
        text.len--;
    return text;
}

static enum rc read_lines(struct test_run *run, const struct test_event *event,
                          struct record_list *lines)
{
    struct log_line *line;

    if (slice_is_absent(event->line))
        return cut_lines(run, event, event->fixture, lines);
    line = arena_alloc(run->arena, 1, sizeof *line);
    if (!line)
        return RC_NO_MEMORY;
    line->text = without_last_newline(event->line);
    *lines = (struct record_list){ line, 1 };
    return RC_OK;
}

enum rc rule_test_receive_log(struct test_run *run, const struct test_event *event)
{
    struct journal_entry entry = { .door = DOOR_DATA,
                                   .watcher = event->source,
                                   .type = SLICE(LOG_ENTRY_TYPE),
                                   .received_ms = rule_test_now(run, event) };
    struct log_lines lines = { 0 };
    struct buffer body;
    enum rc rc = read_lines(run, event, &lines.lines);

    buffer_init(&body, 0);
    if (!rc)
        rc = log_lines_encode(&lines, &body);
    if (!rc)
        rc = arena_copy(run->arena, buffer_slice(&body), &entry.body);
    buffer_free(&body);
    if (rc)
        return rc;
    /* What a journal exports carries its time. */
    if (watchers_find_journal(run->suite->senders.watchers, event->source))
        return receive_delivery(run, event, &entry);
    return simulation_receive(run->simulation, &entry, next_seed(run));
}
