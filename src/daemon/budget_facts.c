#include "src/daemon/budget_facts.h"

#include "src/base/clock.h"
#include "src/base/metrics.h"
#include "src/store/tasks.h"

#define GATHER_MS (10 * SECOND_MS)
#define EVERY_MS HOUR_MS
/* What came and went that long ago is news for nobody, in a channel that was told of no queue yet. */
#define NEWS_MS DAY_MS

static int64_t gauge(enum metric metric, const char *label)
{
    return (int64_t)metric_value(metric, label ? slice_of(label) : (struct slice){ 0 },
                                 (struct slice){ 0 });
}

enum rc budget_facts_read(struct store_txn *txn, const struct review_budget *budget, int64_t now_ms,
                          struct budget_facts *facts)
{
    struct budget_load load = { .row = &facts->row };
    struct budget_use use;
    enum rc rc = budget_get(txn, &facts->row);

    if (rc && rc != RC_CORRUPT)
        return rc;
    load.n_tasks = gauge(METRIC_TASKS, task_state_names[TASK_RUNNING]);
    load.n_waiting = gauge(METRIC_BUDGET_OPEN, NULL) - load.n_tasks;
    facts->n_queued = 0;
    for (size_t i = 0; i < SEVERITIES; i++) {
        facts->queued[i] = gauge(METRIC_BUDGET_QUEUED, severity_names[i]);
        facts->n_queued += facts->queued[i];
    }
    facts->use = budget_measure(budget, false, &load, now_ms);
    use = budget_measure(budget, facts->queued[SEVERITY_CRITICAL] > 0, &load, now_ms);
    facts->next_ms = budget_is_full(&use) ? budget_next_ms(&use) : 0;
    return RC_OK;
}

static void write_use(const struct budget_facts *facts, const struct review_budget *budget,
                      struct json_writer *writer)
{
    static const char *const used[BUDGET_LIMITS] = { "open", "in_hour", "in_day" };
    static const char *const limits[BUDGET_LIMITS] = { "open_limit", "per_hour", "per_day" };

    json_member_bool(writer, "none", !budget->is_there);
    for (size_t i = 0; i < BUDGET_LIMITS; i++) {
        json_member_int(writer, used[i], facts->use.used[i]);
        if (budget->is_there)
            json_member_int(writer, limits[i], facts->use.limit[i]);
    }
    if (budget->is_there)
        json_member_int(writer, "critical", budget->critical);
}

static void write_queue(const struct budget_facts *facts, struct json_writer *writer)
{
    json_member_int(writer, "waiting", facts->n_queued);
    json_key(writer, "waiting_by_severity");
    json_object_begin(writer);
    for (size_t i = SEVERITIES; i-- > 0;)
        if (facts->queued[i])
            json_member_int(writer, severity_names[i], facts->queued[i]);
    json_object_end(writer);
    if (facts->n_queued) {
        json_member_time(writer, "since", facts->row.since_ms);
        json_member_time(writer, "next", facts->next_ms);
    }
    json_member_int(writer, "came_and_went", facts->row.n_gone);
}

void budget_facts_write(const struct budget_facts *facts, const struct review_budget *budget,
                        struct json_writer *writer)
{
    struct buffer words;

    buffer_init(&words, 0);
    budget_describe(&facts->use, &words);
    json_key(writer, "budget");
    json_object_begin(writer);
    write_use(facts, budget, writer);
    if (!words.failed && buffer_slice(&words).len)
        json_member_text(writer, "full", buffer_slice(&words));
    write_queue(facts, writer);
    json_object_end(writer);
    buffer_free(&words);
}

void budget_facts_count(const struct budget_facts *facts, struct buffer *out)
{
    bool is_first = true;

    for (size_t i = SEVERITIES; i-- > 0;) {
        if (!facts->queued[i])
            continue;
        buffer_format(out, "%s%lld %s", is_first ? "" : ", ", (long long)facts->queued[i],
                      severity_names[i]);
        is_first = false;
    }
}

/* --- when it is told --- */

int64_t budget_untold(const struct budget_facts *facts, const struct channel_facts *channel,
                      int64_t now_ms)
{
    const struct budget_row *row = &facts->row;

    if (channel->budget_told_ms)
        return row->n_gone - channel->budget_gone;
    return row->since_ms > now_ms - NEWS_MS ? row->n_gone - row->n_gone_before : 0;
}

int64_t budget_tell_ms(const struct budget_facts *facts, const struct channel_facts *channel,
                       int64_t now_ms)
{
    int64_t at_ms = facts->row.since_ms + GATHER_MS;

    if (!facts->n_queued && budget_untold(facts, channel, now_ms) <= 0)
        return INT64_MAX;
    if (channel->budget_told_ms && channel->budget_told_ms + EVERY_MS > at_ms)
        at_ms = channel->budget_told_ms + EVERY_MS;
    return at_ms;
}
