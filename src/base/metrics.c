#include "src/base/metrics.h"

#include "src/base/metrics_process.h"
#include "src/base/utf8.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_LABELS 2
#define N_SLOTS ((size_t)4096) /* of the hash table: at the limit, five series share a slot */

struct row {
    const char *name;
    const char *type;
    const char *labels; /* names, a comma between two */
    const char *help;
};

static const struct row rows[] = {
#define METRIC_FACTS(id, name, type, labels, help) { name, type, labels, help },
    METRICS(METRIC_FACTS)
#undef METRIC_FACTS
};

static const double bounds[] = { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                 0.25,   0.5,   1,      2.5,   5,    10,    30,   60 };
#define N_BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

/* One line of a counter or a gauge. */
struct series {
    struct series *next_in_slot;
    struct series *next_in_row; /* in the order in which they were first seen */
    enum metric metric;
    struct slice labels[N_LABELS]; /* absent where the row has none */
    double value;
    char bytes[]; /* of the labels */
};

/* Of a row without labels: the only kind of histogram there is. */
struct histogram {
    uint64_t counts[N_BOUNDS + 1]; /* not summed up; the last is beyond all bounds */
    double sum_seconds;
};

static struct {
    pthread_mutex_t lock;
    struct series *slots[N_SLOTS];
    struct series *first[N_METRICS];
    struct series *last[N_METRICS];
    struct histogram histograms[N_METRICS];
    size_t n_series;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t add_to_hash(uint64_t hash, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (uint8_t)text.ptr[i]) * 0x100000001b3; /* FNV-1a: the values are ours */
    return (hash ^ 0xff) * 0x100000001b3;
}

static struct series **slot_of(enum metric metric, const struct slice *labels)
{
    uint64_t hash = 0xcbf29ce484222325 + (uint64_t)metric;

    for (size_t i = 0; i < N_LABELS; i++)
        hash = add_to_hash(hash, labels[i]);
    return &all.slots[hash % N_SLOTS];
}

static struct series *find_series(enum metric metric, const struct slice *labels)
{
    struct series *series = *slot_of(metric, labels);

    while (series && !(series->metric == metric && slice_eq(series->labels[0], labels[0]) &&
                       slice_eq(series->labels[1], labels[1])))
        series = series->next_in_slot;
    return series;
}

static struct series *add_series(enum metric metric, const struct slice *labels)
{
    struct series **slot = slot_of(metric, labels);
    struct series *series = calloc(1, sizeof(*series) + labels[0].len + labels[1].len);
    char *bytes;

    if (!series)
        return NULL;
    series->metric = metric;
    bytes = series->bytes;
    for (size_t i = 0; i < N_LABELS; i++) {
        if (slice_is_absent(labels[i]))
            continue;
        if (labels[i].len)
            memcpy(bytes, labels[i].ptr, labels[i].len);
        series->labels[i] = (struct slice){ .ptr = bytes, .len = labels[i].len };
        bytes += labels[i].len;
    }
    series->next_in_slot = *slot;
    *slot = series;
    if (all.last[metric])
        all.last[metric]->next_in_row = series;
    else
        all.first[metric] = series;
    all.last[metric] = series;
    all.n_series++;
    return series;
}

/* The series of these values; beyond the limit the row's "other", which always has a place. NULL: memory is out. */
static struct series *series_of(enum metric metric, struct slice label_1, struct slice label_2)
{
    struct slice labels[N_LABELS] = { label_1, label_2 };
    struct series *series = find_series(metric, labels);

    if (!series && all.n_series >= METRICS_SERIES_LIMIT) {
        for (size_t i = 0; i < N_LABELS; i++)
            labels[i] = slice_is_absent(labels[i]) ? labels[i] : SLICE("other");
        series = find_series(metric, labels);
    }
    return series ? series : add_series(metric, labels);
}

void metric_add(enum metric metric, struct slice label_1, struct slice label_2, double amount)
{
    struct series *series;

    pthread_mutex_lock(&all.lock);
    series = series_of(metric, label_1, label_2);
    if (series)
        series->value += amount;
    pthread_mutex_unlock(&all.lock);
}

void metric_begin(enum metric metric, struct slice label_1, struct slice label_2)
{
    pthread_mutex_lock(&all.lock);
    if (all.n_series < METRICS_BEGIN_LIMIT)
        (void)series_of(metric, label_1, label_2);
    pthread_mutex_unlock(&all.lock);
}

void metric_set(enum metric metric, struct slice label_1, struct slice label_2, double value)
{
    struct series *series;

    pthread_mutex_lock(&all.lock);
    series = series_of(metric, label_1, label_2);
    if (series)
        series->value = value;
    pthread_mutex_unlock(&all.lock);
}

static void unlink_from_slot(const struct series *series)
{
    struct series **link = slot_of(series->metric, series->labels);

    while (*link != series)
        link = &(*link)->next_in_slot;
    *link = series->next_in_slot;
}

static void forget_series(enum metric metric, struct slice label_1)
{
    struct series **link = &all.first[metric], *series;

    all.last[metric] = NULL;
    while ((series = *link) != NULL) {
        if (slice_eq(series->labels[0], label_1)) {
            *link = series->next_in_row;
            unlink_from_slot(series);
            free(series);
            all.n_series--;
        } else {
            all.last[metric] = series;
            link = &series->next_in_row;
        }
    }
}

void metric_replace(enum metric metric, struct slice label_1, const struct metric_sample *samples,
                    size_t n_samples)
{
    pthread_mutex_lock(&all.lock);
    forget_series(metric, label_1);
    for (size_t i = 0; i < n_samples; i++) {
        struct series *series = series_of(metric, label_1, samples[i].label_2);

        if (series)
            series->value = samples[i].value;
    }
    pthread_mutex_unlock(&all.lock);
}

double metric_value(enum metric metric, struct slice label_1, struct slice label_2)
{
    const struct slice labels[N_LABELS] = { label_1, label_2 };
    const struct series *series;
    double value;

    pthread_mutex_lock(&all.lock);
    series = find_series(metric, labels);
    value = series ? series->value : 0;
    pthread_mutex_unlock(&all.lock);
    return value;
}

void metric_each(enum metric metric,
                 void (*visit)(void *context, struct slice label_1, struct slice label_2,
                               double value),
                 void *context)
{
    pthread_mutex_lock(&all.lock);
    for (const struct series *series = all.first[metric]; series; series = series->next_in_row)
        visit(context, series->labels[0], series->labels[1], series->value);
    pthread_mutex_unlock(&all.lock);
}

void metric_observe(enum metric metric, double seconds)
{
    struct histogram *histogram = &all.histograms[metric];
    size_t i = 0;

    while (i < N_BOUNDS && seconds > bounds[i])
        i++;
    pthread_mutex_lock(&all.lock);
    histogram->counts[i]++;
    histogram->sum_seconds += seconds;
    pthread_mutex_unlock(&all.lock);
}

/* As the text format wants it: backslash, quote and line feed escaped, and valid UTF-8. */
static void write_label_value(struct buffer *out, struct slice value)
{
    while (value.len) {
        size_t len = utf8_char_len(value.ptr, value.len, NULL);
        struct slice character = { .ptr = value.ptr, .len = len };

        if (!len)
            buffer_add_text(out, "\xef\xbf\xbd"); /* U+FFFD */
        else if (*value.ptr == '\n')
            buffer_add_text(out, "\\n");
        else if (*value.ptr == '\\' || *value.ptr == '"')
            buffer_format(out, "\\%c", *value.ptr);
        else
            buffer_add(out, character);
        value.ptr += len ? len : 1;
        value.len -= len ? len : 1;
    }
}

static void write_labels(struct buffer *out, const struct series *series)
{
    struct slice names = slice_of(rows[series->metric].labels);
    char mark = '{';

    for (size_t i = 0; i < N_LABELS && names.len; i++) {
        struct slice name = slice_cut(&names, ',');

        buffer_add_byte(out, mark);
        buffer_add(out, name);
        buffer_add_text(out, "=\"");
        write_label_value(out, series->labels[i]);
        buffer_add_byte(out, '"');
        mark = ',';
    }
    if (mark == ',')
        buffer_add_byte(out, '}');
}

static void write_number(struct buffer *out, double value)
{
    if (isfinite(value))
        buffer_format(out, " %.15g\n", value);
    else
        buffer_add_text(out, isnan(value) ? " NaN\n" : value > 0 ? " +Inf\n" : " -Inf\n");
}

static void write_series(struct buffer *out, enum metric metric)
{
    for (const struct series *series = all.first[metric]; series; series = series->next_in_row) {
        buffer_add_text(out, rows[metric].name);
        write_labels(out, series);
        write_number(out, series->value);
    }
    /* What has no labels is there from the start, so that an alert on it can be tried. */
    if (!all.first[metric] && !*rows[metric].labels)
        buffer_format(out, "%s 0\n", rows[metric].name);
}

static void write_histogram(struct buffer *out, enum metric metric)
{
    const struct histogram *histogram = &all.histograms[metric];
    const char *name = rows[metric].name;
    uint64_t count = 0;

    for (size_t i = 0; i < N_BOUNDS; i++) {
        count += histogram->counts[i];
        buffer_format(out, "%s_bucket{le=\"%g\"} %llu\n", name, bounds[i],
                      (unsigned long long)count);
    }
    count += histogram->counts[N_BOUNDS];
    buffer_format(out, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)count);
    buffer_format(out, "%s_sum", name);
    write_number(out, histogram->sum_seconds);
    buffer_format(out, "%s_count %llu\n", name, (unsigned long long)count);
}

static void write_row(struct buffer *out, enum metric metric)
{
    const struct row *row = &rows[metric];

    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, row->type);
    if (strcmp(row->type, "histogram") == 0)
        write_histogram(out, metric);
    else
        write_series(out, metric);
}

void metrics_write(struct buffer *out)
{
    pthread_mutex_lock(&all.lock);
    for (int metric = 0; metric < N_METRICS; metric++)
        write_row(out, (enum metric)metric);
    pthread_mutex_unlock(&all.lock);
    metrics_process_write(out);
}

void metrics_reset(void)
{
    pthread_mutex_lock(&all.lock);
    for (int metric = 0; metric < N_METRICS; metric++) {
        for (struct series *series = all.first[metric], *next; series; series = next) {
            next = series->next_in_row;
            free(series);
        }
        all.first[metric] = NULL;
        all.last[metric] = NULL;
    }
    memset(all.slots, 0, sizeof(all.slots));
    memset(all.histograms, 0, sizeof(all.histograms));
    all.n_series = 0;
    pthread_mutex_unlock(&all.lock);
}
