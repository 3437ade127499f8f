/* Evidence from logs: what is to be looked for goes into the outbox; the daemon looks for it after the commit. */
#include "src/engine/engine_private.h"

/* What is written just after a failure belongs to it: the rest of a stack trace, what the process said while it ended. */
#define SETTLE_MS SECOND_MS
/* An entry may hold all that was read of a file at once. */
#define ENTRY_BYTES ((size_t)64 << 20)

/* A task that ends sooner still needs the time to read. */
static int64_t settle_ms(const struct task *task)
{
    int64_t half_ms = (task->deadline_ms - task->created_ms) / 2;

    return half_ms < SETTLE_MS ? half_ms : SETTLE_MS;
}

/* The value that the signal's latest event has for `name`. */
static bool last_event_says(const struct signal *signal, const char *name, struct slice value)
{
    struct json *event = NULL;
    struct json_fault fault;
    bool says;

    if (slice_is_absent(signal->last_event) ||
        json_parse(signal->last_event, JSON_LIMITS_DEFAULT, &event, &fault))
        return false;
    says = slice_eq(json_text(json_get_text(event, name)), value);
    json_free(event);
    return says;
}

static enum rc copy_text(struct turn *turn, struct slice text, struct slice *copy)
{
    if (text.len > LOG_SAMPLE_BYTES)
        text.len = LOG_SAMPLE_BYTES;
    return arena_copy(turn->arena, text, copy);
}

/* The text of the event `id`, where it is a line of that watcher; else it stays absent. */
static enum rc find_text(struct turn *turn, struct ulid id, struct slice watcher,
                         struct arena *scratch, struct slice *text)
{
    struct event_list events = { 0 };
    struct journal_entry entry = { 0 };
    uint32_t part = 0;
    enum rc rc = journal_find(turn->txn, id, scratch, &entry, &part);

    if (!rc)
        rc = engine_events(turn->engine->config, &entry, scratch, &events);
    if (!rc && part < events.n_items && slice_eq(events.items[part].fields[FIELD_WATCHER], watcher))
        rc = copy_text(turn, events.items[part].fields[FIELD_TEXT], text);
    event_list_free(&events);
    /* What has expired, or is damaged, is one sample less. */
    return rc == RC_NOT_FOUND || rc == RC_CORRUPT || rc == RC_INVALID ? RC_OK : rc;
}

static enum rc fill_samples(struct turn *turn, const struct signal *signal,
                            struct log_wanted *wanted)
{
    struct slice_list *samples = &wanted->samples;
    struct arena *scratch = NULL;
    enum rc rc = arena_new(ENTRY_BYTES, &scratch);

    samples->items = arena_alloc(turn->arena, signal->samples.n_items + 1, sizeof *samples->items);
    if (!rc && !samples->items)
        rc = RC_NO_MEMORY;
    for (size_t i = 0; i < signal->samples.n_items && !rc; i++) {
        struct slice *text = &samples->items[samples->n_items];

        rc = find_text(turn, signal->samples.items[i], wanted->watcher, scratch, text);
        if (!rc && text->len)
            samples->n_items++;
        arena_reset(scratch);
    }
    arena_free(scratch);
    return rc;
}

enum rc tasks_ask_log(struct turn *turn, const struct task *task, size_t part,
                      const struct log_use *use, const struct signal *signal,
                      struct evidence *evidence)
{
    struct outbox_item item = { .channel = OUTBOX_EVIDENCE,
                                .object = task->id,
                                .part = (int64_t)part,
                                .action = use->watcher,
                                .timeout_ms = task->deadline_ms - turn->now_ms,
                                .not_before_ms = turn->now_ms + settle_ms(task),
                                .log = { .watcher = use->watcher,
                                         .first_ms = signal->first_seen_ms,
                                         .last_ms = signal->last_seen_ms,
                                         .around_ms = use->around_ms,
                                         .n_lines = use->n_lines } };
    enum rc rc = RC_OK;

    evidence->kind = SLICE("log");
    evidence->source = use->watcher;
    if (use->match)
        item.log.match = pattern_source(use->match);
    else if (last_event_says(signal, "watcher", use->watcher))
        rc = fill_samples(turn, signal, &item.log);
    return rc ? rc : turn_push_effect(turn, &item);
}
