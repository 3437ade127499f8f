/* metrics.h - counters, gauges and histograms in Prometheus' text format.
 *
 * Every metric is written with its help and type, whether it has a series or not. It is a row of the table: its name, type, labels and help. Label values come from the configuration (watchers, rules, actions) and from enums, never from
 * events, or are replaced as a whole, so the number of series is bounded; beyond METRICS_SERIES_LIMIT a value is counted under "other". Safe from any thread. */
#pragma once

#include "src/base/buffer.h"

#define METRICS_SERIES_LIMIT 20000
#define METRICS_BEGIN_LIMIT                                                                        \
    (METRICS_SERIES_LIMIT / 2) /* what may never be counted leaves room for what is */

/* enum, name, type (counter | gauge | histogram), label names (a comma between two), help */
#define METRICS(X)                                                                                 \
    X(EVENTS, "vedette_events_total", "counter", "watcher,kind", "Events received")                \
    X(EVENTS_REJECTED, "vedette_events_rejected_total", "counter", "watcher,reason",               \
      "Deliveries refused, by reason")                                                             \
    X(EVENTS_DUPLICATE, "vedette_events_duplicate_total", "counter", "watcher",                    \
      "Deliveries seen before")                                                                    \
    X(EVENTS_DEAD, "vedette_events_dead_total", "counter", "watcher",                              \
      "Deliveries, and lines, that could not be folded and are kept")                              \
    X(EVENTS_DRIFTED, "vedette_events_drifted_total", "counter", "watcher",                        \
      "Events whose payload was not as their sender's used to be")                                 \
    X(HTTP_REFUSED, "vedette_http_refused_total", "counter", "server,reason",                      \
      "Connections and requests cut or refused before anybody looked at what they ask")            \
    X(CATCH_UP_RUNS, "vedette_catch_up_runs_total", "counter", "watcher,result",                   \
      "Rounds in which GitHub was asked what it could not deliver, by result")                     \
    X(CATCH_UP_DELIVERIES, "vedette_catch_up_deliveries_total", "counter", "watcher,result",       \
      "Missed deliveries that GitHub was asked to send again, by what it said")                    \
    X(LOG_BYTES, "vedette_log_bytes_total", "counter", "watcher", "Bytes of logs read")            \
    X(LOG_LAG, "vedette_log_lag_bytes", "gauge", "watcher", "Bytes of logs not read yet")          \
    X(LOG_FILE_LAG, "vedette_log_file_lag_bytes", "gauge", "watcher,path",                         \
      "Bytes not read yet of the files most behind, at most 20 of a watcher")                      \
    X(LOG_LOST, "vedette_log_lost_bytes_total", "counter", "watcher",                              \
      "Bytes of logs that were gone before they were read")                                        \
    X(LOG_CUT, "vedette_log_lines_truncated_total", "counter", "watcher",                          \
      "Lines longer than max_line")                                                                \
    X(LOG_FILES, "vedette_log_files", "gauge", "watcher", "Files of logs that are known")          \
    X(MATCHES, "vedette_matches_total", "counter", "rule",                                         \
      "Events that satisfied a rule's filter")                                                     \
    X(MATCH_FAULTS, "vedette_match_faults_total", "counter", "rule,fault",                         \
      "Events a rule could not judge: pattern limit, key field absent, in quarantine")             \
    X(KEYS_OVERFLOW, "vedette_keys_overflow_total", "counter", "rule",                             \
      "Matches under keys that a rule had no room for")                                            \
    X(WINDOWS_COARSE, "vedette_windows_coarse_total", "counter", "rule",                           \
      "Matches folded into a window that holds more than it can hold exactly")                     \
    X(RULES_QUARANTINED, "vedette_rules_quarantined", "gauge", "",                                 \
      "Rules that judge nothing since their patterns took too long")                               \
    X(SIGNALS, "vedette_signals", "gauge", "state", "Signals by state")                            \
    X(SIGNALS_HELD, "vedette_signals_held", "gauge", "reason",                                     \
      "Firing signals that ask nothing yet, by what holds them back")                              \
    X(BUDGET_QUEUED, "vedette_budget_queued", "gauge", "severity",                                 \
      "Firing signals that wait for a place in the review budget")                                 \
    X(BUDGET_OPEN, "vedette_budget_open", "gauge", "",                                             \
      "Proposals that wait for a decision, and tasks that will make one")                          \
    X(TASKS, "vedette_tasks", "gauge", "state", "Tasks by state")                                  \
    X(PROPOSALS, "vedette_proposals", "gauge", "state", "Proposals by state")                      \
    X(SILENCES, "vedette_silences", "gauge", "state", "Silences by state")                         \
    X(DECISIONS, "vedette_decisions_total", "counter", "verdict,channel", "Decisions taken")       \
    X(STEPS, "vedette_steps_total", "counter", "action,result", "Steps ended, by result")          \
    X(COMMIT_SECONDS, "vedette_commit_seconds", "histogram", "", "Time of a synced commit")        \
    X(PROPOSAL_SECONDS, "vedette_event_to_proposal_seconds", "histogram", "",                      \
      "From receipt of the event to the proposal")                                                 \
    X(INLET_DEPTH, "vedette_inlet_depth", "gauge", "", "Deliveries waiting for a commit")          \
    X(FOLD_LAG, "vedette_fold_lag", "gauge", "", "Deliveries stored and not folded yet")           \
    X(OUTBOX_DEPTH, "vedette_outbox_depth", "gauge", "channel",                                    \
      "Effects whose result is not known yet")                                                     \
    X(OUTBOX_FAILURES, "vedette_outbox_failures_total", "counter", "channel",                      \
      "Effects that failed")                                                                       \
    X(MESSAGES_DEAD, "vedette_messages_dead_total", "counter", "channel",                          \
      "Messages that a channel never took, since the store was made")                              \
    X(STORE_BYTES, "vedette_store_bytes", "gauge", "", "Bytes in use in the store")                \
    X(STORE_LIMIT_BYTES, "vedette_store_limit_bytes", "gauge", "", "Bytes the store may use")      \
    X(RULES_LOADED, "vedette_rules_loaded", "gauge", "", "Rules in force")                         \
    X(RULES_RELOAD_OK, "vedette_rules_last_reload_success", "gauge", "",                           \
      "1 when the last reload was taken, else 0")                                                  \
    X(RULES_RELOAD_TIME, "vedette_rules_last_reload_success_timestamp_seconds", "gauge", "",       \
      "When rules were last taken")                                                                \
    X(PAUSED, "vedette_paused", "gauge", "", "1 while nothing acts")                               \
    X(BUILD_INFO, "vedette_build_info", "gauge", "version", "1")

enum metric {
#define METRIC_ROW(id, name, type, labels, help) METRIC_##id,
    METRICS(METRIC_ROW)
#undef METRIC_ROW
        N_METRICS
};

/* Label values in the order of the row; absent for those it has not. */
void metric_add(enum metric metric, struct slice label_1, struct slice label_2, double amount);
/* A counter is there from now on, at 0 or as it stands: the first increment of a series that was not there before is one that rate() does not see. */
void metric_begin(enum metric metric, struct slice label_1, struct slice label_2);
void metric_set(enum metric metric, struct slice label_1, struct slice label_2, double value);
/* One series of those that metric_replace sets. */
struct metric_sample {
    struct slice label_2;
    double value;
};
/* All there is of a gauge with that first label: other series of it are forgotten. */
void metric_replace(enum metric metric, struct slice label_1, const struct metric_sample *samples,
                    size_t n_samples);
/* A counter or gauge as it stands; 0 when it was never touched. For what we show of ourselves. */
double metric_value(enum metric metric, struct slice label_1, struct slice label_2);
/* Every series of a counter or gauge, in the order in which they were first seen. `visit` must not touch a metric. */
void metric_each(enum metric metric,
                 void (*visit)(void *context, struct slice label_1, struct slice label_2,
                               double value),
                 void *context);
/* Histograms: buckets from 0.5 ms to 60 s. */
void metric_observe(enum metric metric, double seconds);
/* Everything, and the usual process_* (from /proc/self). */
void metrics_write(struct buffer *out);
/* Forgets everything: for tests. */
void metrics_reset(void);
