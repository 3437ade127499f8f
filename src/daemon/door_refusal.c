#include "src/daemon/door_refusal.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/metrics.h"

/* One log line a minute for each kind. */
static struct log_limit *limit_of(const char *reason)
{
    static struct refusal {
        const char *reason;
        struct log_limit limit;
    } refusals[] = {
        { .reason = "signature" }, { .reason = "json" },      { .reason = "content_type" },
        { .reason = "size" },      { .reason = "full" },      { .reason = "events" },
        { .reason = "shape" },     { .reason = "form" },      { .reason = "delivery_id" },
        { .reason = "method" },    { .reason = "app" },       { .reason = "team" },
        { .reason = "replay" },    { .reason = "timestamp" }, { .reason = "rate" }, { .reason = "other" },
    };
    size_t i = 0;

    while (i + 1 < sizeof refusals / sizeof *refusals &&
           !slice_eq(slice_of(refusals[i].reason), slice_of(reason)))
        i++;
    return &refusals[i].limit;
}

void door_refused(struct service *service, struct slice watcher, const char *reason,
                  struct slice peer)
{
    metric_add(METRIC_EVENTS_REJECTED, watcher, slice_of(reason), 1);
    hook_facts_refused(service_hook_facts(service), watcher, reason, clock_wall_ms());
    log_limited(limit_of(reason), LOG_WARN, "hook refused: %s hook=%.*s peer=%.*s", reason,
                SLICE_ARG(watcher), SLICE_ARG(peer));
}
