/* What is to be said of a watcher or a channel itself is an event like any other: journalled and folded in one turn. */
#include "src/engine/engine_private.h"

#include "src/base/crash_point.h"

static const struct {
    const char *type;
    const char *state;
    const char *word;
} told[] = {
    [WATCHER_SILENT] = { "vedette.watcher.silent", "failing", "is silent" },
    [WATCHER_BROKEN] = { "vedette.watcher.broken", "failing", "cannot be watched" },
    [WATCHER_BACK] = { "vedette.watcher.back", "ok", "is back" },
    [WATCHER_CAUGHT_UP] = { "vedette.watcher.caught_up", "info", "has caught up" },
    [WATCHER_LOST] = { "vedette.watcher.lost", "info", "lost lines" },
    [CHANNEL_FAILING] = { "vedette.channel.failing", "failing", "cannot post" },
    [CHANNEL_BACK] = { "vedette.channel.back", "ok", "posts again" },
};

static bool is_of_channel(const struct engine_notice *notice)
{
    return notice->state == CHANNEL_FAILING || notice->state == CHANNEL_BACK;
}

static void write_notice(const struct engine_notice *notice, struct buffer *body)
{
    struct json_writer writer = json_writer_to(body);

    json_object_begin(&writer);
    json_member_text(&writer, is_of_channel(notice) ? "channel" : "watcher", notice->watcher);
    json_member_text(&writer, "state", slice_of(told[notice->state].state));
    json_member_text(&writer, "word", slice_of(told[notice->state].word));
    json_member_text(&writer, "detail", notice->detail);
    json_member_text(&writer, "path", notice->path);
    json_member_time(&writer, "since", notice->since_ms);
    if (notice->n_bytes)
        json_member_int(&writer, "bytes", notice->n_bytes);
    json_object_end(&writer);
}

static enum rc append(struct turn *turn, const struct engine_notice *notice,
                      struct journal_entry *entry)
{
    struct buffer body;
    enum rc rc;

    *entry = (struct journal_entry){ .door = DOOR_WATCHER,
                                     .watcher = notice->watcher,
                                     .type = slice_of(told[notice->state].type),
                                     .received_ms = turn->now_ms };
    buffer_init(&body, 0);
    write_notice(notice, &body);
    rc = buffer_rc(&body);
    if (!rc)
        rc = arena_copy(turn->arena, buffer_slice(&body), &entry->body);
    buffer_free(&body);
    if (!rc)
        rc = turn_make_id(turn, &entry->id);
    if (!rc)
        rc = meta_get(turn->txn, META_CURSOR, &entry->after);
    return rc ? rc : journal_append(turn->txn, entry);
}

static enum rc fold(struct turn *turn, const struct journal_entry *entry)
{
    struct event_list events = { 0 };
    enum rc rc = engine_events(turn->engine->config, entry, turn->arena, &events);

    for (size_t i = 0; i < events.n_items && !rc; i++)
        rc = signals_fold_event(turn, &events.items[i]);
    event_list_free(&events);
    return rc;
}

/* What was read may lie in the journal and wait to be folded: then it is too early. */
static enum rc check_caught_up(struct turn *turn, struct slice watcher, bool *is_news)
{
    struct journal_entry entry;
    uint64_t cursor = 0;
    enum rc rc = absence_catches_up(turn, watcher, is_news);

    if (!rc)
        rc = meta_get(turn->txn, META_CURSOR, &cursor);
    if (rc || !*is_news)
        return rc;
    rc = journal_next_delivery(turn->txn, cursor, turn->arena, &entry);
    return rc == RC_NOT_FOUND ? RC_OK : rc ? rc : RC_BUSY;
}

/* Kept with the channel, so that after a restart its end is told, and its beginning is not told again. */
static enum rc check_channel(struct turn *turn, const struct engine_notice *notice, bool *is_news)
{
    struct channel_facts facts;
    enum rc rc = messages_read_facts(turn, notice->watcher, &facts);
    bool was_failing = facts.failing_since_ms != 0;
    bool is_failing = notice->state == CHANNEL_FAILING;

    *is_news = !rc && was_failing != is_failing;
    if (!*is_news)
        return rc;
    facts.failing_since_ms = !is_failing ? 0 : notice->since_ms ? notice->since_ms : turn->now_ms;
    return channel_facts_put(turn->txn, &facts);
}

static enum rc check_news(struct turn *turn, const struct engine_notice *notice, bool *is_news)
{
    *is_news = true;
    if (notice->state == WATCHER_CAUGHT_UP)
        return check_caught_up(turn, notice->watcher, is_news);
    return is_of_channel(notice) ? check_channel(turn, notice, is_news) : RC_OK;
}

enum rc engine_notify(struct engine *engine, const struct engine_notice *notice, int64_t now_ms)
{
    struct journal_entry entry;
    struct turn turn;
    bool is_news = true;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = turn_read_clock(&turn, now_ms);
    if (!rc)
        rc = check_news(&turn, notice, &is_news);
    if (rc || !is_news) {
        turn_abort(&turn);
        return rc;
    }
    if (!rc)
        rc = append(&turn, notice, &entry);
    if (!rc)
        rc = fold(&turn, &entry);
    crash_point(CRASH_CONTROL_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(&turn);
    crash_point(CRASH_CONTROL_AFTER_COMMIT);
    turn_abort(&turn);
    return rc;
}
