/* GET /metrics, /healthz, /readyz. */
#include "src/daemon/handlers.h"
#include "src/daemon/posting.h"

#include "rules/quarantine.h"
#include "src/base/metrics.h"

#include <sys/statvfs.h>

#define DISK_FREE_PERCENT 2 /* below it the next deliveries will be refused: say so before */
#define DISK_FREE_BYTES ((uint64_t)64 << 20) /* or below this */

enum check_state { CHECK_OK, CHECK_DEGRADED, CHECK_FAILED };
static const char *const check_names[] = { "ok", "degraded", "failed" };
static const char *const ready_names[] = { "ready", "degraded", "not ready" };

struct check {
    enum check_state state;
    struct slice detail;
};

/* Lines are judged on other threads than the engine's: counted when somebody asks. */
static void count_quarantined(struct request *request)
{
    struct ruleset *ruleset = inlet_hold_ruleset(service_inlet(request->service));

    metric_set(METRIC_RULES_QUARANTINED, (struct slice){ 0 }, (struct slice){ 0 },
               (double)quarantine_n_rules(ruleset->quarantine));
    ruleset_free(ruleset);
}

void get_metrics(struct request *request)
{
    struct buffer text;

    buffer_init(&text, 0);
    count_quarantined(request);
    metrics_write(&text);
    request_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", buffer_slice(&text),
                   NULL, 0);
    buffer_free(&text);
}

void get_healthz(struct request *request)
{
    bool has_failed = inlet_facts(service_inlet(request->service)).store_failed;

    request_answer(request, has_failed ? 503 : 200, "text/plain; charset=utf-8",
                   has_failed ? SLICE("the store failed\n") : SLICE("ok\n"), NULL, 0);
}

/* --- ready: each check by itself --- */

static struct check check_store(struct request *request)
{
    struct inlet_facts facts = inlet_facts(service_inlet(request->service));

    if (facts.store_failed)
        return (struct check){ CHECK_FAILED, SLICE("the store failed") };
    if (facts.data_is_refused)
        return (struct check){ CHECK_FAILED,
                               SLICE("the store or the disk is full: deliveries are refused") };
    return (struct check){ CHECK_OK, { 0 } };
}

static struct check check_rules(struct request *request)
{
    struct rules_report report;

    if (service_rules_report(request->service, request->arena, &report))
        return (struct check){ CHECK_DEGRADED, SLICE("cannot tell") };
    if (report.state == RULES_LAST_GOOD)
        return (struct check){ CHECK_DEGRADED, report.problems };
    return (struct check){ CHECK_OK, { 0 } };
}

static struct check check_doors(struct request *request)
{
    if (service_is_stopping(request->service))
        return (struct check){ CHECK_FAILED, SLICE("stopping") };
    if (slice_is_absent(service_public_address(request->service)))
        return (struct check){ CHECK_FAILED, SLICE("not open yet") };
    return (struct check){ CHECK_OK, { 0 } };
}

static struct check check_disk(struct request *request)
{
    struct statvfs disk;
    uint64_t free_bytes;

    if (statvfs(request->config->state.ptr, &disk))
        return (struct check){ CHECK_DEGRADED, SLICE("the state directory cannot be looked at") };
    free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (free_bytes < DISK_FREE_BYTES || disk.f_bavail < disk.f_blocks / 100 * DISK_FREE_PERCENT)
        return (struct check){ CHECK_DEGRADED,
                               SLICE("almost no room is left on the disk of the state directory") };
    return (struct check){ CHECK_OK, { 0 } };
}

/* Proposals wait, and can be decided on the page: degraded, never unready. */
static struct check check_channels(struct request *request)
{
    struct posting *posting = service_posting(request->service);
    struct posting_facts *facts = NULL;
    size_t n_facts = 0;
    struct slice detail;

    if (posting && posting_list_facts(posting, request->arena, &facts, &n_facts))
        return (struct check){ CHECK_DEGRADED, SLICE("cannot tell") };
    for (size_t i = 0; i < n_facts; i++) {
        if (!facts[i].failing_since_ms)
            continue;
        if (arena_format(request->arena, &detail, "%.*s: %.*s", SLICE_ARG(facts[i].channel),
                         SLICE_ARG(facts[i].error)))
            detail = facts[i].channel;
        return (struct check){ CHECK_DEGRADED, detail };
    }
    return (struct check){ CHECK_OK, { 0 } };
}

static const struct {
    const char *name;
    struct check (*look)(struct request *request);
} checks[] = {
    { "store", check_store }, { "rules", check_rules },       { "doors", check_doors },
    { "disk", check_disk },   { "channels", check_channels },
};
#define N_CHECKS (sizeof checks / sizeof *checks)

static void answer_verbose(struct request *request, const struct check *results, int status,
                           enum check_state worst)
{
    struct json_writer writer;
    struct buffer json;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    json_member_text(&writer, "status", slice_of(ready_names[worst]));
    json_key(&writer, "checks");
    json_array_begin(&writer);
    for (size_t i = 0; i < N_CHECKS; i++) {
        json_object_begin(&writer);
        json_member_text(&writer, "name", slice_of(checks[i].name));
        json_member_text(&writer, "status", slice_of(check_names[results[i].state]));
        json_member_text(&writer, "detail", results[i].detail);
        json_object_end(&writer);
    }
    json_array_end(&writer);
    json_object_end(&writer);
    request_answer_json(request, status, &json);
}

void get_readyz(struct request *request)
{
    struct check results[N_CHECKS];
    enum check_state worst = CHECK_OK;
    struct slice text;
    int status;

    for (size_t i = 0; i < N_CHECKS; i++) {
        results[i] = checks[i].look(request);
        if (results[i].state > worst)
            worst = results[i].state;
    }
    status = worst == CHECK_FAILED ? 503 : 200;
    if (!slice_is_absent(http_query(request->exchange, "verbose"))) {
        answer_verbose(request, results, status, worst);
        return;
    }
    text = slice_of(ready_names[worst]);
    request_answer(request, status, "text/plain; charset=utf-8", text, NULL, 0);
}
