#include "src/daemon/door_refusal.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/metrics.h"

struct refusal {
    const char *reason;
    const char *hint;       /* what to look at; NULL: the reason says it */
    struct log_limit limit; /* one line a minute for each */
};

/* Those of any webhook come first. */
static struct refusal refusals[] = {
    { .reason = "signature" },
    { .reason = "json" },
    { .reason = "content_type" },
    { .reason = "size" },
    { .reason = "full" },
    { .reason = "method" },
    { .reason = "events" },
    { .reason = "shape" },
    { .reason = "form" },
    { .reason = "delivery_id" },
    { .reason = "app" },
    { .reason = "team" },
    { .reason = "replay" },
    { .reason = "timestamp",
      .hint = ": it was signed long ago or ahead of now; is the clock of this machine right?" },
    { .reason = "rate" },
    { .reason = "envelope" },
    { .reason = "topic", .hint = ": it is not among the `topics` of this hook" },
    { .reason = "certificate",
      .hint = ": it is not here yet, or not valid now; its sender tries again" },
    { .reason = "other" },
};
#define N_USUAL 6

const char *door_usual_reason(size_t i)
{
    return i < N_USUAL ? refusals[i].reason : NULL;
}

static struct refusal *find_refusal(const char *reason)
{
    size_t i = 0;

    while (i + 1 < sizeof refusals / sizeof *refusals &&
           !slice_eq(slice_of(refusals[i].reason), slice_of(reason)))
        i++;
    return &refusals[i];
}

void door_refused(struct service *service, struct slice watcher, const char *reason,
                  struct slice peer)
{
    struct refusal *refusal = find_refusal(reason);

    metric_add(METRIC_EVENTS_REJECTED, watcher, slice_of(reason), 1);
    hook_facts_refused(service_hook_facts(service), watcher, reason, clock_wall_ms());
    log_limited(&refusal->limit, LOG_WARN, "hook refused: %s%s hook=%.*s peer=%.*s", reason,
                refusal->hint ? refusal->hint : "", SLICE_ARG(watcher), SLICE_ARG(peer));
}
