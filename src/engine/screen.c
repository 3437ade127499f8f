#include "src/engine/screen.h"

#include "rules/match.h"
#include "rules/prefilter.h"
#include "src/base/log.h"
#include "src/base/log_mark.h"
#include "src/base/metrics.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_ARENA_BYTES ((size_t)256 << 20)
#define LINE_ARENA_BYTES ((size_t)64 << 20)

/* Of one kind and type of events: most watchers share one. */
struct sieve {
    struct sieve *next;
    struct slice kind, type;
    struct prefilter *prefilter;
};

struct screen {
    struct engine *engine;
    struct ruleset *ruleset; /* held */
    struct sieve *sieves;    /* of these rules */
    struct arena *sieve_arena;
    struct matcher *matcher;
    struct pattern_scratch *scratch;
    struct arena *batch; /* of one call */
    struct arena *line;  /* of one line */
};

enum rc screen_new(struct engine *engine, struct screen **screen)
{
    struct screen *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->engine = engine;
    rc = matcher_new(&made->matcher);
    if (!rc)
        rc = pattern_scratch_new(&made->scratch);
    if (!rc)
        rc = arena_new(BATCH_ARENA_BYTES, &made->batch);
    if (!rc)
        rc = arena_new(LINE_ARENA_BYTES, &made->line);
    if (!rc)
        rc = arena_new(BATCH_ARENA_BYTES, &made->sieve_arena);
    if (rc)
        screen_free(made);
    else
        *screen = made;
    return rc;
}

static void free_sieves(struct screen *screen)
{
    for (struct sieve *sieve = screen->sieves; sieve; sieve = sieve->next)
        prefilter_free(sieve->prefilter);
    screen->sieves = NULL;
    if (screen->sieve_arena)
        arena_reset(screen->sieve_arena);
}

void screen_free(struct screen *screen)
{
    if (!screen)
        return;
    free_sieves(screen);
    ruleset_free(screen->ruleset);
    matcher_free(screen->matcher);
    pattern_scratch_free(screen->scratch);
    arena_free(screen->batch);
    arena_free(screen->line);
    arena_free(screen->sieve_arena);
    free(screen);
}

/* -- the rules in force -- */

static void follow_rules(struct screen *screen)
{
    struct ruleset *now = engine_hold_ruleset(screen->engine);

    if (now == screen->ruleset) {
        ruleset_free(now);
        return;
    }
    free_sieves(screen);
    ruleset_free(screen->ruleset);
    screen->ruleset = now;
}

static enum rc add_sieve(struct screen *screen, struct slice kind, struct slice type,
                         struct sieve **sieve)
{
    struct sieve *made = arena_alloc(screen->sieve_arena, 1, sizeof *made);
    enum rc rc = made ? RC_OK : RC_NO_MEMORY;

    /* Copies: a configuration may go before the rules do. */
    if (!rc)
        rc = arena_copy(screen->sieve_arena, kind, &made->kind);
    if (!rc)
        rc = arena_copy(screen->sieve_arena, type, &made->type);
    if (!rc)
        rc = prefilter_new(screen->ruleset, made->kind, made->type, &made->prefilter);
    if (rc)
        return rc;
    made->next = screen->sieves;
    *sieve = screen->sieves = made;
    return RC_OK;
}

static enum rc find_prefilter(struct screen *screen, struct slice kind, struct slice type,
                              const struct prefilter **prefilter)
{
    struct sieve *sieve = screen->sieves;
    enum rc rc = RC_OK;

    while (sieve && (!slice_eq(sieve->kind, kind) || !slice_eq(sieve->type, type)))
        sieve = sieve->next;
    if (!sieve)
        rc = add_sieve(screen, kind, type, &sieve);
    *prefilter = rc ? NULL : sieve->prefilter;
    return rc;
}

/* -- candidates -- */

/* What one call works with: lines of one watcher. */
struct screening {
    struct screen *screen;
    int64_t now_ms;
    struct slice watcher, kind, type;
    struct slice bytes; /* in which the texts lie, in order */
    const struct slice *texts;
    struct log_line *lines;
    size_t n_lines;
    /* The event of a line, and its time where it says one. */
    enum rc (*read)(struct screening *screening, struct log_line *line, struct event *event,
                    struct json **tree);
    const void *batch;      /* of `read` */
    const uint32_t *always; /* rules to be tried on every line */
    size_t n_always;
    struct candidate_list candidates;
    size_t next;     /* candidate */
    uint32_t *rules; /* room for all */
    struct log_line *wanted;
    size_t n_wanted;
    uint32_t *n_faults; /* of each rule and kind */
};

static enum rc find_candidates(struct screening *screening)
{
    struct screen *screen = screening->screen;
    const struct prefilter *prefilter;
    enum rc rc = find_prefilter(screen, screening->kind, screening->type, &prefilter);

    if (rc)
        return rc;
    screening->always = prefilter_always(prefilter, &screening->n_always);
    screening->rules =
        arena_alloc(screen->batch, screen->ruleset->n_rules + 1, sizeof *screening->rules);
    screening->wanted =
        arena_alloc(screen->batch, screening->n_lines + 1, sizeof *screening->wanted);
    screening->n_faults = arena_alloc(screen->batch, (screen->ruleset->n_rules + 1) * MATCH_FAULTS,
                                      sizeof *screening->n_faults);
    if (!screening->rules || !screening->wanted || !screening->n_faults)
        return RC_NO_MEMORY;
    return prefilter_scan(prefilter, screening->bytes, screening->texts, screening->n_lines,
                          screen->batch, &screening->candidates);
}

/* Both lists ascend, and have no rule in common. */
static size_t merge_rules(struct screening *screening, size_t line)
{
    const struct candidate_list *candidates = &screening->candidates;
    size_t n_rules = 0, i = 0;

    while (screening->next < candidates->n_items &&
           candidates->items[screening->next].text == line) {
        uint32_t rule = candidates->items[screening->next++].rule;

        while (i < screening->n_always && screening->always[i] < rule)
            screening->rules[n_rules++] = screening->always[i++];
        screening->rules[n_rules++] = rule;
    }
    while (i < screening->n_always)
        screening->rules[n_rules++] = screening->always[i++];
    return n_rules;
}

/* -- one line -- */

static void note_faults(struct screening *screening, const struct match_list *matches)
{
    static struct log_limit limit;

    for (size_t i = 0; i < matches->n_faults; i++) {
        const struct match_fault *fault = &matches->faults[i];

        screening->n_faults[fault->rule->index * MATCH_FAULTS + fault->kind]++;
        log_limited(
            &limit, LOG_WARN, "rule could not judge a line rule=%.*s fault=%s detail=\"%.*s\"",
            SLICE_ARG(fault->rule->id), match_fault_names[fault->kind], SLICE_ARG(fault->detail));
    }
}

static enum rc ask_rules(struct screening *screening, size_t n_rules, const struct event *event,
                         struct match_list *matches)
{
    struct screen *screen = screening->screen;

    return match_event_by(screen->matcher, screen->ruleset, event, screening->rules, n_rules,
                          screen->line, matches);
}

static enum rc screen_line(struct screening *screening, size_t i, size_t n_rules, bool *is_wanted)
{
    struct match_list matches = { 0 };
    struct json *tree = NULL;
    struct event event;
    enum rc rc;

    arena_reset(screening->screen->line);
    rc = screening->read(screening, &screening->lines[i], &event, &tree);
    if (!rc)
        rc = ask_rules(screening, n_rules, &event, &matches);
    *is_wanted = !rc && matches.n_items && !log_is_own(screening->texts[i]);
    if (!rc && !*is_wanted)
        note_faults(screening, &matches);
    json_free(tree);
    return rc;
}

/* -- the batch -- */

static void count_faults(const struct rule *rule, const uint32_t *n_faults)
{
    for (size_t kind = 0; kind < MATCH_FAULTS; kind++)
        if (n_faults[kind])
            metric_add(METRIC_MATCH_FAULTS, rule->id, slice_of(match_fault_names[kind]),
                       n_faults[kind]);
}

void screened_count(const struct screened *screened)
{
    if (screened->n_unwanted)
        metric_add(METRIC_EVENTS, screened->watcher, screened->kind, (double)screened->n_unwanted);
    for (size_t i = 0; i < screened->ruleset->n_rules; i++)
        count_faults(&screened->ruleset->rules[i], screened->n_faults + i * MATCH_FAULTS);
}

static enum rc run(struct screening *screening, struct screened *screened)
{
    enum rc rc = find_candidates(screening);

    for (size_t i = 0; i < screening->n_lines && !rc; i++) {
        size_t n_rules = merge_rules(screening, i);
        bool is_wanted = false;

        if (!n_rules)
            continue;
        rc = screen_line(screening, i, n_rules, &is_wanted);
        if (is_wanted)
            screening->wanted[screening->n_wanted++] = screening->lines[i];
    }
    if (rc)
        return rc;
    *screened = (struct screened){ .wanted = { screening->wanted, screening->n_wanted },
                                   .n_unwanted = screening->n_lines - screening->n_wanted,
                                   .watcher = screening->watcher,
                                   .kind = screening->kind,
                                   .ruleset = screening->screen->ruleset,
                                   .n_faults = screening->n_faults };
    return RC_OK;
}

/* -- lines of logs -- */

static enum rc read_line(struct screening *screening, struct log_line *line, struct event *event,
                         struct json **tree)
{
    const struct log_batch *batch = screening->batch;
    enum rc rc = log_line_event(batch->watch, batch->path, line, screening->now_ms,
                                screening->screen->line, event, tree);

    if (!rc)
        rc = line_time_find(batch->watch->time, line->text, event->data, screening->now_ms,
                            screening->screen->scratch, &line->time_ms);
    if (rc == RC_NOT_FOUND)
        line->time_ms = 0;
    else if (!rc)
        event->time_ms = line->time_ms;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc screen_batch(struct screen *screen, const struct log_batch *batch, int64_t now_ms,
                     struct screened *screened)
{
    struct screening screening = { .screen = screen,
                                   .now_ms = now_ms,
                                   .watcher = batch->watch->name,
                                   .kind = log_watch_kind(batch->watch),
                                   .type = log_watch_type(batch->watch),
                                   .bytes = batch->bytes,
                                   .lines = batch->lines,
                                   .n_lines = batch->n_lines,
                                   .read = read_line,
                                   .batch = batch };
    struct slice *texts;

    arena_reset(screen->batch);
    follow_rules(screen);
    texts = arena_alloc(screen->batch, batch->n_lines + 1, sizeof *texts);
    if (!texts)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < batch->n_lines; i++)
        texts[i] = batch->lines[i].text;
    screening.texts = texts;
    return run(&screening, screened);
}

/* -- entries of a journal -- */

static enum rc read_entry(struct screening *screening, struct log_line *line, struct event *event,
                          struct json **tree)
{
    const struct journal_batch *batch = screening->batch;

    return journal_line_event(batch->watch, line, screening->now_ms, screening->screen->line, event,
                              tree);
}

enum rc screen_entries(struct screen *screen, const struct journal_batch *batch, int64_t now_ms,
                       struct screened *screened)
{
    struct screening screening = { .screen = screen,
                                   .now_ms = now_ms,
                                   .watcher = batch->watch->name,
                                   .kind = journal_watch_kind(batch->watch),
                                   .type = journal_watch_type(batch->watch),
                                   .bytes = batch->bytes,
                                   .texts = batch->texts,
                                   .lines = batch->lines,
                                   .n_lines = batch->n_lines,
                                   .read = read_entry,
                                   .batch = batch };

    arena_reset(screen->batch);
    follow_rules(screen);
    return run(&screening, screened);
}
