#include "src/engine/screen_part.h"

#include "src/base/log.h"
#include "src/base/log_mark.h"
#include "watchers/line_cut.h"

#include <stdlib.h>
#include <string.h>

#define RESULT_ARENA_BYTES ((size_t)256 << 20)
#define LINE_ARENA_BYTES ((size_t)64 << 20)

struct screen_worker {
    struct matcher *matcher;
    struct pattern_scratch *scratch;
    struct prefilter_scratch *prefilter;
    struct arena *results; /* of all parts of a batch */
    struct arena *line;    /* of one line */
    uint32_t *rules;       /* room for all */
    size_t n_rules;
};

enum rc screen_worker_new(struct screen_worker **worker)
{
    struct screen_worker *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    rc = matcher_new(&made->matcher);
    if (!rc)
        rc = pattern_scratch_new(&made->scratch);
    if (!rc)
        rc = prefilter_scratch_new(&made->prefilter);
    if (!rc)
        rc = arena_new(RESULT_ARENA_BYTES, &made->results);
    if (!rc)
        rc = arena_new(LINE_ARENA_BYTES, &made->line);
    if (rc)
        screen_worker_free(made);
    else
        *worker = made;
    return rc;
}

void screen_worker_free(struct screen_worker *worker)
{
    if (!worker)
        return;
    matcher_free(worker->matcher);
    pattern_scratch_free(worker->scratch);
    prefilter_scratch_free(worker->prefilter);
    arena_free(worker->results);
    arena_free(worker->line);
    free(worker->rules);
    free(worker);
}

void screen_worker_set_profile(struct screen_worker *worker, struct profile *profile)
{
    matcher_set_profile(worker->matcher, profile);
}

void screen_worker_reset(struct screen_worker *worker)
{
    arena_reset(worker->results);
}

/* -- what one thread goes through -- */

struct pass {
    const struct screening *screening;
    struct screen_worker *worker;
    struct screen_part *part;
    bool is_every;      /* some rules have to be tried on every text */
    struct slice bytes; /* of the part */
    struct candidate_list candidates;
    size_t next;  /* candidate */
    size_t place; /* the next text, or where the next line begins */
};

/* -- faults -- */

/* Events that one rule fails on follow each other. */
static enum rc count_fault(struct pass *pass, const struct match_fault *fault)
{
    struct screen_part *part = pass->part;
    struct screened_fault *faults;

    for (size_t i = part->n_faults; i-- > 0 && i + 8 >= part->n_faults;) {
        if (part->faults[i].rule == fault->rule && part->faults[i].kind == fault->kind) {
            part->faults[i].n_events++;
            return RC_OK;
        }
    }
    faults = arena_grow(pass->worker->results, part->faults, part->n_faults, sizeof *faults);
    if (!faults)
        return RC_NO_MEMORY;
    part->faults = faults;
    faults[part->n_faults++] =
        (struct screened_fault){ .rule = fault->rule, .kind = fault->kind, .n_events = 1 };
    return RC_OK;
}

static enum rc note_faults(struct pass *pass, const struct match_list *matches)
{
    static struct log_limit limit;
    enum rc rc = RC_OK;

    for (size_t i = 0; !rc && i < matches->n_faults; i++) {
        const struct match_fault *fault = &matches->faults[i];

        log_limited(
            &limit, LOG_WARN, "rule could not judge a line rule=%.*s fault=%s detail=\"%.*s\"",
            SLICE_ARG(fault->rule->id), match_fault_names[fault->kind], SLICE_ARG(fault->detail));
        rc = count_fault(pass, fault);
    }
    return rc;
}

/* -- one line -- */

static enum rc keep(struct pass *pass, const struct log_line *line)
{
    struct screen_part *part = pass->part;
    struct log_line *wanted =
        arena_grow(pass->worker->results, part->wanted, part->n_wanted, sizeof *wanted);

    if (!wanted)
        return RC_NO_MEMORY;
    part->wanted = wanted;
    wanted[part->n_wanted++] = *line;
    return RC_OK;
}

/* `text` is what patterns look at: of a line, the line. */
static enum rc screen_line(struct pass *pass, size_t n_rules, struct log_line *line,
                           struct slice text)
{
    const struct screening *screening = pass->screening;
    struct screen_worker *worker = pass->worker;
    struct match_list matches = { 0 };
    struct json *tree = NULL;
    struct event event;
    enum rc rc;

    n_rules = match_choose(worker->matcher, screening->ruleset, text, screening->now_ms,
                           worker->rules, n_rules);
    if (!n_rules)
        return RC_OK;
    arena_reset(worker->line);
    rc = screening->read(screening, worker->scratch, worker->line, line, &event, &tree);
    if (!rc)
        rc = match_event_by(worker->matcher, screening->ruleset, &event, worker->rules, n_rules,
                            worker->line, &matches);
    if (!rc && matches.n_items && !log_is_own(text))
        rc = keep(pass, line);
    else if (!rc)
        rc = note_faults(pass, &matches);
    json_free(tree);
    return rc;
}

/* -- one after the other -- */

static size_t begin_of(const struct pass *pass, size_t place)
{
    const struct screening *screening = pass->screening;

    return screening->texts ? (size_t)(screening->texts[place].ptr - pass->bytes.ptr) : place;
}

/* Where no rule has to be tried on every text, those without a candidate are passed over. */
static void pass_over(struct pass *pass)
{
    size_t begin = pass->candidates.items[pass->next].begin;

    if (!pass->screening->texts)
        pass->place = begin;
    else
        while (!pass->screening->texts[pass->place].len || begin_of(pass, pass->place) < begin)
            pass->place++;
}

static bool is_over(const struct pass *pass)
{
    if (!pass->is_every)
        return pass->next == pass->candidates.n_items;
    return pass->place == (pass->screening->texts ? pass->part->end : pass->bytes.len);
}

static size_t take_rules(struct pass *pass, size_t begin)
{
    const struct candidate *first = pass->candidates.items + pass->next;
    size_t n_candidates = 0;

    while (pass->next < pass->candidates.n_items &&
           pass->candidates.items[pass->next].begin == begin) {
        pass->next++;
        n_candidates++;
    }
    return prefilter_merge(pass->screening->prefilter, first, n_candidates, pass->worker->rules);
}

static struct log_line take_line(struct pass *pass)
{
    const struct screening *screening = pass->screening;
    const char *begin = pass->bytes.ptr + pass->place;
    const char *lf;

    if (screening->texts)
        return screening->lines[pass->place++];
    lf = memchr(begin, '\n', pass->bytes.len - pass->place);
    pass->place = lf ? (size_t)(lf - pass->bytes.ptr) + 1 : pass->bytes.len;
    return line_at(screening->bytes, screening->offset, (size_t)(begin - screening->bytes.ptr));
}

/* A text that is empty stands nowhere: no candidate begins there. */
static enum rc screen_next(struct pass *pass)
{
    const struct slice *texts = pass->screening->texts;
    struct log_line line;
    size_t n_rules, place;

    if (!pass->is_every)
        pass_over(pass);
    place = pass->place;
    if (texts && !texts[place].len)
        n_rules = take_rules(pass, SIZE_MAX);
    else
        n_rules = take_rules(pass, begin_of(pass, place));
    line = take_line(pass);
    return screen_line(pass, n_rules, &line, texts ? texts[place] : line.text);
}

/* -- the part -- */

/* An empty text need not stand anywhere. */
static struct slice bytes_of(const struct slice *texts, size_t begin, size_t end)
{
    while (begin < end && !texts[begin].len)
        begin++;
    while (begin < end && !texts[end - 1].len)
        end--;
    if (begin == end)
        return (struct slice){ 0 };
    return (struct slice){ texts[begin].ptr,
                           (size_t)(texts[end - 1].ptr - texts[begin].ptr) + texts[end - 1].len };
}

static enum rc find_candidates(struct pass *pass)
{
    const struct screening *screening = pass->screening;
    const struct screen_part *part = pass->part;
    struct prefilter_scratch *scratch = pass->worker->prefilter;

    if (!screening->texts) {
        pass->bytes = (struct slice){ screening->bytes.ptr + part->begin, part->end - part->begin };
        return prefilter_scan_lines(screening->prefilter, pass->bytes, scratch, &pass->candidates);
    }
    pass->place = part->begin;
    pass->bytes = bytes_of(screening->texts, part->begin, part->end);
    return prefilter_scan(screening->prefilter, pass->bytes, screening->texts + part->begin,
                          part->end - part->begin, scratch, &pass->candidates);
}

static enum rc make_room_for_rules(struct screen_worker *worker, size_t n_rules)
{
    uint32_t *grown;

    if (n_rules <= worker->n_rules)
        return RC_OK;
    grown = reallocarray(worker->rules, n_rules, sizeof *grown);
    if (!grown)
        return RC_NO_MEMORY;
    worker->rules = grown;
    worker->n_rules = n_rules;
    return RC_OK;
}

void screen_part_run(const struct screening *screening, struct screen_worker *worker,
                     struct screen_part *part)
{
    struct pass pass = { .screening = screening, .worker = worker, .part = part };
    size_t n_always;
    enum rc rc = make_room_for_rules(worker, screening->ruleset->n_rules);

    (void)prefilter_always(screening->prefilter, &n_always);
    pass.is_every = n_always > 0;
    if (!rc)
        rc = find_candidates(&pass);
    while (!rc && !is_over(&pass))
        rc = screen_next(&pass);
    part->rc = rc;
}
