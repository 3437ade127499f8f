#include "rules/trial.h"

#include "rules/trial_units.h"
#include "src/base/clock.h"

#include <stdlib.h>
#include <string.h>

/* Growing, so that even a cubic pattern is found out before it takes seconds. The next size is tried when this one took so long that what grows with the
 * square of the text could become slow; what is less grows in proportion, and is left in peace. */
static const struct {
    size_t n_bytes;
    int64_t enough_us;
} sizes[] = {
    { .n_bytes = 1024, .enough_us = 40 },
    { .n_bytes = 4096, .enough_us = 600 },
    { .n_bytes = 16384, .enough_us = 0 },
};
#define TEXT_BYTES ((size_t)16384)
#define SLOW_US 20000
/* Of all patterns together: a set of 10,000 rules must still load. */
#define ALL_MAX_US 2000000

static const char *const usual_units[] = { "a", " ", "1", "a ", "1.", "/a", "a=1," };
#define N_USUAL (sizeof(usual_units) / sizeof(*usual_units))

/* Behind the units: nothing that a repetition takes, and room for the byte that is needed. */
#define END "\x01!\n?"
#define END_BYTES (sizeof(END) - 1)
#define NEEDED_BYTES 2 /* of it */

struct text {
    const char *unit;
    char bytes[TEXT_BYTES + END_BYTES];
};

struct trial {
    struct pattern_scratch *scratch;
    int64_t took_us;
    struct text usual[N_USUAL];
    struct text own;
};

static void fill(struct text *text, const char *unit)
{
    size_t unit_bytes = strlen(unit);

    text->unit = unit;
    for (size_t at = 0; at < TEXT_BYTES; at += unit_bytes)
        memcpy(text->bytes + at, unit, unit_bytes < TEXT_BYTES - at ? unit_bytes : TEXT_BYTES - at);
    memcpy(text->bytes + TEXT_BYTES, END, END_BYTES);
}

enum rc trial_new(struct trial **trial)
{
    struct trial *made = calloc(1, sizeof(*made));
    enum rc rc = made ? pattern_scratch_new(&made->scratch) : RC_NO_MEMORY;

    if (rc) {
        trial_free(made);
        return rc;
    }
    for (size_t i = 0; i < N_USUAL; i++)
        fill(&made->usual[i], usual_units[i]);
    *trial = made;
    return RC_OK;
}

void trial_free(struct trial *trial)
{
    if (!trial)
        return;
    pattern_scratch_free(trial->scratch);
    free(trial);
}

/* What has no repetition without an end takes time in proportion to the text, whatever that is. */
static bool may_be_slow(struct slice source)
{
    for (size_t i = 0; i < source.len; i++) {
        if (strchr("*+{", source.ptr[i]))
            return true;
    }
    return false;
}

/* The last so many units of a text, and its end: with the byte that is needed, or before that line. */
static struct slice part_of(struct text *text, size_t n_bytes, char needed)
{
    char *start = text->bytes + TEXT_BYTES - n_bytes;

    text->bytes[TEXT_BYTES + END_BYTES - 1] = needed;
    return (struct slice){ start, n_bytes + END_BYTES - (needed ? 0 : NEEDED_BYTES) };
}

static int64_t time_one(struct trial *trial, const struct pattern *pattern, struct slice subject,
                        enum pattern_result *result)
{
    int64_t start_us = clock_mono_us();

    *result = pattern_search(pattern, subject, trial->scratch);
    start_us = clock_mono_us() - start_us;
    trial->took_us += start_us;
    return start_us;
}

/* Who seems slow may only have been interrupted: the better of two times counts. */
static int64_t time_fairly(struct trial *trial, const struct pattern *pattern, struct slice subject,
                           enum pattern_result *result)
{
    int64_t took_us = time_one(trial, pattern, subject, result);
    int64_t again_us;

    if (took_us <= SLOW_US || *result == PATTERN_ERROR)
        return took_us;
    again_us = time_one(trial, pattern, subject, result);
    return again_us < took_us ? again_us : took_us;
}

static bool is_slow_on(struct trial *trial, const struct pattern *pattern, struct text *text,
                       struct trial_finding *finding)
{
    char needed = pattern_needed_byte(pattern);

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        enum pattern_result result;
        int64_t took_us =
            time_fairly(trial, pattern, part_of(text, sizes[i].n_bytes, needed), &result);

        if (result == PATTERN_ERROR || took_us > SLOW_US) {
            *finding = (struct trial_finding){ .is_slow = true,
                                               .result = result,
                                               .why = pattern_error_text(trial->scratch),
                                               .n_bytes = sizes[i].n_bytes,
                                               .needed = needed,
                                               .took_us = took_us };
            memcpy(finding->unit, text->unit, strlen(text->unit));
            return true;
        }
        if (took_us < sizes[i].enough_us)
            return false;
    }
    return false;
}

static bool is_usual(const char *unit)
{
    for (size_t i = 0; i < N_USUAL; i++) {
        if (strcmp(usual_units[i], unit) == 0)
            return true;
    }
    return false;
}

static void try_all(struct trial *trial, const struct pattern *pattern, struct slice source,
                    struct trial_finding *finding)
{
    struct trial_units own;

    for (size_t i = 0; i < N_USUAL; i++) {
        if (is_slow_on(trial, pattern, &trial->usual[i], finding))
            return;
    }
    trial_units_of(source, &own);
    for (size_t i = 0; i < own.n_texts; i++) {
        if (is_usual(own.texts[i]))
            continue;
        fill(&trial->own, own.texts[i]);
        if (is_slow_on(trial, pattern, &trial->own, finding))
            return;
    }
}

bool trial_run(struct trial *trial, const struct pattern *pattern, struct trial_finding *finding)
{
    struct slice source = pattern_source(pattern);
    struct pattern *twin;

    *finding = (struct trial_finding){ 0 };
    if (!may_be_slow(source))
        return true;
    if (trial->took_us > ALL_MAX_US || pattern_twin(pattern, &twin))
        return false;
    try_all(trial, twin, source, finding);
    pattern_free(twin);
    return true;
}
