#include "src/cli/check_lines.h"

#include "rules/match.h"
#include "rules/prefilter.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "watchers/journal_config.h"
#include "watchers/log_config.h"

#include <stdlib.h>

#define MEASURE_US 2000
#define MEASURE_ALL_US 500000
#define BUSY_LINES_PER_SECOND 100000

static const char *const found_by[] = {
    [PREFILTER_NEVER] = "nothing",
    [PREFILTER_LITERAL] = "literal",
    [PREFILTER_CLASSES] = "classes",
    [PREFILTER_ALWAYS] = "every line",
};

/* Lines as logs have them: what a pattern that matches nothing special is tried on all day. */
static const char *const usual_lines[] = {
    "Nov 29 08:01:20 web-02 sshd[20518]: Accepted publickey for deploy from 10.4.17.8 port 50322",
    "Nov 29 08:01:20 db-01 systemd[1]: Started Session 4711 of user backup.",
    "Nov 29 08:01:21 edge-3 kernel: [81234.550112] audit: type=1400 apparmor=\"ALLOWED\" pid=2911",
    "{\"ts\":\"2026-11-29T08:01:21.353Z\",\"level\":\"info\",\"msg\":\"request "
    "completed\",\"ms\":112}",
    "{\"time\":\"2026-11-29T08:01:21Z\",\"level\":\"warn\",\"service\":\"cart\",\"msg\":\"slow "
    "query\"}",
    "time=2026-11-29T08:01:22Z level=info component=mailer msg=\"batch committed\" attempt=1",
    "2026-11-29 08:01:22,104 INFO  [http-nio-33] com.example.Handler - connection closed in 571ms",
    "10.0.8.77 - - [29/Nov/2026:08:01:23 +0000] \"GET /healthz HTTP/1.1\" 200 512 \"-\" "
    "\"curl/8.5\"",
};
#define N_USUAL_LINES (sizeof usual_lines / sizeof *usual_lines)

struct report {
    const struct ruleset *ruleset;
    enum prefilter_means *means; /* of each rule */
    struct matcher *matcher;
    struct buffer *out;
    int64_t measured_us; /* what measuring took */
    size_t n_unmeasured;
};

/* -- which lines there are -- */

static struct prefilter_texts texts_of_logs(struct slice kind, struct slice type)
{
    return (struct prefilter_texts){ .kind = kind, .type = type, .holds_data = true };
}

/* Lines as the i-th watcher has them: usual ones, then those of logs, then those of journals. False past the end. */
static bool texts_at(const struct watchers *watchers, size_t i, struct prefilter_texts *texts)
{
    const struct journal_watch *journal;
    const struct log_watch *log;
    size_t n_logs = 0;

    if (!i) {
        *texts = texts_of_logs(SLICE(LOG_KIND), SLICE(LOG_TYPE));
        return true;
    }
    log = watchers_log_at(watchers, --i);
    if (log) {
        *texts = texts_of_logs(log_watch_kind(log), log_watch_type(log));
        return true;
    }
    while (watchers_log_at(watchers, n_logs))
        n_logs++;
    journal = watchers_journal_at(watchers, i - n_logs);
    if (journal)
        *texts = (struct prefilter_texts){ .kind = journal_watch_kind(journal),
                                           .type = journal_watch_type(journal) };
    return journal != NULL;
}

static bool are_known(const struct watchers *watchers, size_t n_before,
                      const struct prefilter_texts *texts)
{
    struct prefilter_texts before;

    for (size_t i = 0; i < n_before && texts_at(watchers, i, &before); i++) {
        if (slice_eq(before.kind, texts->kind) && slice_eq(before.type, texts->type) &&
            before.holds_data == texts->holds_data)
            return true;
    }
    return false;
}

static enum rc ask(struct report *report, const struct prefilter_texts *texts)
{
    struct prefilter *prefilter = NULL;
    enum rc rc = prefilter_new(report->ruleset, texts, &prefilter);

    for (uint32_t i = 0; !rc && i < report->ruleset->n_rules; i++) {
        enum prefilter_means means = prefilter_means(prefilter, i);

        if (means > report->means[i])
            report->means[i] = means;
    }
    prefilter_free(prefilter);
    return rc;
}

/* A rule may ask for several kinds of lines: the costliest counts. */
static enum rc ask_all(struct report *report, const struct watchers *watchers)
{
    struct prefilter_texts texts;
    enum rc rc = RC_OK;

    for (size_t i = 0; !rc && texts_at(watchers, i, &texts); i++)
        if (!are_known(watchers, i, &texts))
            rc = ask(report, &texts);
    return rc;
}

/* -- what rules cost -- */

/* Nanoseconds for a line, of the patterns alone; false where all that is measured took long enough. */
static bool measure(struct report *report, const struct rule *rule, double *ns)
{
    int64_t begun_us = clock_mono_us(), took_us;
    size_t n_lines = 0;

    if (report->measured_us >= MEASURE_ALL_US) {
        report->n_unmeasured++;
        return false;
    }
    do {
        for (size_t i = 0; i < N_USUAL_LINES; i++) {
            uint32_t index = (uint32_t)rule->index;

            (void)match_choose(report->matcher, report->ruleset, slice_of(usual_lines[i]), 0,
                               &index, 1);
        }
        n_lines += N_USUAL_LINES;
        took_us = clock_mono_us() - begun_us;
    } while (took_us < MEASURE_US);
    report->measured_us += took_us;
    *ns = (double)took_us * 1000 / (double)n_lines;
    return true;
}

/* -- for people, and for programs -- */

static void tell_cost(struct report *report, const struct rule *rule)
{
    double ns;

    buffer_add_text(report->out, "is tried on every line");
    if (measure(report, rule, &ns))
        buffer_format(report->out, ": %.0f ns each, %.1f %% of a CPU at %d lines/s", ns,
                      ns * BUSY_LINES_PER_SECOND / 1e7, BUSY_LINES_PER_SECOND);
    buffer_add_text(report->out,
                    "; a few characters in a row that every match holds would spare that");
}

/* Of its own filter, of what clears, of a FILTER of its condition. */
static bool has_filter_without_pattern(const struct rule *rule)
{
    const struct filter *filter;

    for (size_t n = 0; (filter = rule_filter(rule, n)); n++) {
        if (!filter->n_match)
            return true;
    }
    return false;
}

static void tell_rule(struct report *report, const struct rule *rule, enum prefilter_means means)
{
    buffer_format(report->out, "  %.*s:%u:%u: rule `%.*s` ", SLICE_ARG(rule->mark.file),
                  rule->mark.line, rule->mark.column, SLICE_ARG(rule->id));
    if (means == PREFILTER_CLASSES)
        buffer_add_text(report->out, "is found by the classes of its bytes");
    else if (has_filter_without_pattern(rule))
        buffer_add_text(
            report->out,
            "has no pattern that has to match: every line is read by its format for it");
    else
        tell_cost(report, rule);
    buffer_add_text(report->out, "\n");
}

static void write_rule(struct report *report, const struct rule *rule, enum prefilter_means means)
{
    struct json_writer writer = json_writer_to(report->out);
    double ns;

    json_object_begin(&writer);
    json_member_text(&writer, "rule", rule->id);
    json_member_text(&writer, "file", rule->mark.file);
    json_member_int(&writer, "line", rule->mark.line);
    json_member_text(&writer, "lines_found_by", slice_of(found_by[means]));
    if (means == PREFILTER_ALWAYS && !has_filter_without_pattern(rule) &&
        measure(report, rule, &ns))
        json_member_int(&writer, "ns_per_line", (int64_t)ns);
    json_object_end(&writer);
    buffer_add_text(report->out, "\n");
}

static void tell_head(const struct report *report)
{
    size_t n_by[PREFILTER_ALWAYS + 1] = { 0 };

    for (uint32_t i = 0; i < report->ruleset->n_rules; i++)
        n_by[report->means[i]]++;
    buffer_format(report->out,
                  "rules that ask for lines of logs: found by a literal: %zu, by classes of bytes: "
                  "%zu, tried on every line: %zu\n",
                  n_by[PREFILTER_LITERAL], n_by[PREFILTER_CLASSES], n_by[PREFILTER_ALWAYS]);
}

static void tell_all(struct report *report)
{
    tell_head(report);
    for (uint32_t i = 0; i < report->ruleset->n_rules; i++)
        if (report->means[i] > PREFILTER_LITERAL)
            tell_rule(report, &report->ruleset->rules[i], report->means[i]);
    if (report->n_unmeasured)
        buffer_format(report->out,
                      "  what it costs is not told of %zu of them: measuring the others took %d "
                      "ms\n",
                      report->n_unmeasured, MEASURE_ALL_US / 1000);
}

static void write_all(struct report *report)
{
    for (uint32_t i = 0; i < report->ruleset->n_rules; i++)
        if (report->means[i] != PREFILTER_NEVER)
            write_rule(report, &report->ruleset->rules[i], report->means[i]);
}

enum rc check_write_lines(const struct ruleset *ruleset, const struct watchers *watchers,
                          bool as_json, struct buffer *out)
{
    struct report report = { .ruleset = ruleset,
                             .means = calloc(ruleset->n_rules + 1, sizeof *report.means),
                             .out = out };
    enum rc rc = report.means ? matcher_new(&report.matcher) : RC_NO_MEMORY;

    if (!rc)
        rc = ask_all(&report, watchers);
    if (!rc && as_json)
        write_all(&report);
    else if (!rc)
        tell_all(&report);
    matcher_free(report.matcher);
    free(report.means);
    return rc ? rc : buffer_rc(out);
}
