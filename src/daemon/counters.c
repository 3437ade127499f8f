#include "src/daemon/counters.h"

#include "src/base/metrics.h"
#include "src/daemon/door_refusal.h"
#include "src/store/outbox.h"
#include "watchers/journal_config.h"
#include "watchers/log_config.h"
#include "watchers/webhook.h"

static void begin(enum metric metric, struct slice label)
{
    metric_begin(metric, label, (struct slice){ 0 });
}

static void begin_doors(const struct watchers *watchers)
{
    const struct webhook *hook;

    for (size_t i = 0; (hook = watchers_webhook_at(watchers, i)) != NULL; i++) {
        const char *reason;

        begin(METRIC_EVENTS_DUPLICATE, webhook_name(hook));
        begin(METRIC_EVENTS_DEAD, webhook_name(hook));
        for (size_t j = 0; (reason = door_usual_reason(j)) != NULL; j++)
            metric_begin(METRIC_EVENTS_REJECTED, webhook_name(hook), slice_of(reason));
    }
}

static void begin_lines(struct slice watcher)
{
    begin(METRIC_LOG_BYTES, watcher);
    begin(METRIC_LOG_LOST, watcher);
    begin(METRIC_EVENTS_DEAD, watcher);
}

static void begin_tails(const struct watchers *watchers)
{
    const struct log_watch *log;
    const struct journal_watch *journal;

    for (size_t i = 0; (log = watchers_log_at(watchers, i)) != NULL; i++)
        begin_lines(log->name);
    for (size_t i = 0; (journal = watchers_journal_at(watchers, i)) != NULL; i++)
        begin_lines(journal->name);
}

static void begin_actions(const struct actions *actions)
{
    const struct action *action;

    for (size_t i = 0; (action = actions_at(actions, i)) != NULL; i++)
        for (size_t j = 0; effect_state_names[j]; j++)
            metric_begin(METRIC_STEPS, action->name, slice_of(effect_state_names[j]));
}

void counters_begin(const struct config *config, const struct ruleset *ruleset)
{
    const struct channel *channel;

    begin_doors(config->watchers);
    begin_tails(config->watchers);
    begin_actions(config->actions);
    for (size_t i = 0; outbox_channel_names[i]; i++)
        begin(METRIC_OUTBOX_FAILURES, slice_of(outbox_channel_names[i]));
    for (size_t i = 0; (channel = channels_at(config->channels, i)) != NULL; i++)
        begin(METRIC_OUTBOX_FAILURES, channel->name);
    for (size_t i = 0; i < ruleset->n_rules; i++)
        begin(METRIC_MATCHES, ruleset->rules[i].id);
}
