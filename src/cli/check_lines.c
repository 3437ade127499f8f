#include "src/cli/check_lines.h"

#include "rules/match.h"
#include "rules/prefilter.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "watchers/log_config.h"

#define MEASURE_US 2000
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
    const struct prefilter *prefilter;
    struct matcher *matcher;
    struct buffer *out;
    size_t n_by[PREFILTER_ALWAYS + 1];
};

/* Nanoseconds for a line, of the patterns alone. */
static double measure(const struct report *report, const struct rule *rule)
{
    int64_t begun_us = clock_mono_us(), took_us;
    size_t n_lines = 0;

    do {
        for (size_t i = 0; i < N_USUAL_LINES; i++) {
            uint32_t index = (uint32_t)rule->index;

            (void)match_choose(report->matcher, report->ruleset, slice_of(usual_lines[i]), 0,
                               &index, 1);
        }
        n_lines += N_USUAL_LINES;
        took_us = clock_mono_us() - begun_us;
    } while (took_us < MEASURE_US);
    return (double)took_us * 1000 / (double)n_lines;
}

static void tell_rule(const struct report *report, const struct rule *rule,
                      enum prefilter_means means)
{
    double ns = means == PREFILTER_ALWAYS ? measure(report, rule) : 0;

    buffer_format(report->out, "  %.*s:%u:%u: rule `%.*s` ", SLICE_ARG(rule->mark.file),
                  rule->mark.line, rule->mark.column, SLICE_ARG(rule->id));
    if (means == PREFILTER_CLASSES)
        buffer_add_text(report->out, "is found by the classes of its bytes");
    else if (!rule->filter.n_match)
        buffer_add_text(
            report->out,
            "has no pattern that has to match: every line is read by its format for it");
    else
        buffer_format(report->out,
                      "is tried on every line: %.0f ns each, %.1f %% of a CPU at %d lines/s; a few "
                      "characters in a row that every match holds would spare that",
                      ns, ns * BUSY_LINES_PER_SECOND / 1e7, BUSY_LINES_PER_SECOND);
    buffer_add_text(report->out, "\n");
}

static void write_rule(const struct report *report, const struct rule *rule,
                       enum prefilter_means means)
{
    struct json_writer writer = json_writer_to(report->out);

    json_object_begin(&writer);
    json_member_text(&writer, "rule", rule->id);
    json_member_text(&writer, "file", rule->mark.file);
    json_member_int(&writer, "line", rule->mark.line);
    json_member_text(&writer, "lines_found_by", slice_of(found_by[means]));
    if (means == PREFILTER_ALWAYS && rule->filter.n_match)
        json_member_int(&writer, "ns_per_line", (int64_t)measure(report, rule));
    json_object_end(&writer);
    buffer_add_text(report->out, "\n");
}

static void write_head(struct report *report)
{
    for (uint32_t i = 0; i < report->ruleset->n_rules; i++)
        report->n_by[prefilter_means(report->prefilter, i)]++;
    buffer_format(report->out,
                  "rules that ask for lines of logs: found by a literal: %zu, by classes of bytes: "
                  "%zu, tried on every line: %zu\n",
                  report->n_by[PREFILTER_LITERAL], report->n_by[PREFILTER_CLASSES],
                  report->n_by[PREFILTER_ALWAYS]);
}

static void write_rules(const struct report *report, bool as_json)
{
    for (uint32_t i = 0; i < report->ruleset->n_rules; i++) {
        const struct rule *rule = &report->ruleset->rules[i];
        enum prefilter_means means = prefilter_means(report->prefilter, i);

        if (as_json && means != PREFILTER_NEVER)
            write_rule(report, rule, means);
        else if (!as_json && means > PREFILTER_LITERAL)
            tell_rule(report, rule, means);
    }
}

enum rc check_write_lines(const struct ruleset *ruleset, bool as_json, struct buffer *out)
{
    const struct prefilter_texts lines = { .kind = SLICE(LOG_KIND),
                                           .type = SLICE(LOG_TYPE),
                                           .holds_data = true };
    struct report report = { .ruleset = ruleset, .out = out };
    struct prefilter *prefilter = NULL;
    enum rc rc = prefilter_new(ruleset, &lines, &prefilter);

    report.prefilter = prefilter;
    if (!rc)
        rc = matcher_new(&report.matcher);
    if (!rc && !as_json)
        write_head(&report);
    if (!rc)
        write_rules(&report, as_json);
    matcher_free(report.matcher);
    prefilter_free(prefilter);
    return rc ? rc : buffer_rc(out);
}
