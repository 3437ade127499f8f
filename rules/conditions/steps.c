#include "rules/conditions/steps.h"

#include "rules/conditions/timeline.h"
#include "rules/loader.h"
#include "src/base/clock.h"

#include <assert.h>

static_assert(STEPS_MAX <= RULE_PARTS_MAX, "each step has its part");

/* Registers: begun[n - 1] is when the latest run began that has n events; 0: there is none. The last one is of a complete run. */

const char *const steps_repeat_names[] = { "restart", "keep", NULL };

#define FIRST_STEP 1U

/* -- loading -- */

void steps_add(struct steps *steps, unsigned part, int64_t count)
{
    steps->items[steps->n_items++] = (struct step){ .part = part, .count = count };
    steps->n_events += (size_t)count;
}

void steps_read_filter(struct rule_reading *reading, const struct node *filter, struct steps *steps)
{
    const struct rule *rule = reading->rule;
    size_t index;

    if (!read_part(reading, filter, &index))
        return;
    steps_add(steps, PART_OF(index), rule->parts[index].count);
    if (steps->n_events > STEPS_EVENTS_MAX)
        node_problem(reading->loader->problems, filter,
                     "a run has at most %d events; up to here it has %zu", STEPS_EVENTS_MAX,
                     steps->n_events);
}

/* -- what an event was -- */

unsigned steps_of_parts(const struct steps *steps, unsigned parts)
{
    unsigned what = 0;

    for (size_t i = 0; i < steps->n_items; i++) {
        if (parts & steps->items[i].part)
            what |= 1U << i;
    }
    return what;
}

/* -- the machine -- */

static bool is_inside(const struct steps *steps, int64_t begun_ms, int64_t time_ms)
{
    return begun_ms && time_ms - begun_ms < steps->within_ms;
}

/* From the last place to the first: an event moves a run on by one. */
static void move_all_on(const struct steps *steps, int64_t *begun, int64_t time_ms, unsigned what)
{
    bool begins_anew = what & FIRST_STEP;
    size_t place = steps->n_events;

    for (size_t i = steps->n_items; i-- > 0;) {
        for (int64_t n = steps->items[i].count; n-- > 0;) {
            int64_t from_ms = --place ? begun[place - 1] : time_ms;

            if (what >> i & 1 && is_inside(steps, from_ms, time_ms))
                begun[place] = begins_anew || from_ms > begun[place] ? from_ms : begun[place];
            else if (begins_anew)
                begun[place] = 0;
        }
    }
}

static size_t step_of_place(const struct steps *steps, size_t place)
{
    size_t i = 0;

    while (place >= (size_t)steps->items[i].count)
        place -= (size_t)steps->items[i++].count;
    return i;
}

/* How many events the one run has that there is. */
static size_t count_events(const struct steps *steps, const int64_t *begun)
{
    size_t n_events = steps->n_events;

    while (n_events && !begun[n_events - 1])
        n_events--;
    return n_events;
}

static void move_one_on(const struct steps *steps, int64_t *begun, int64_t time_ms, unsigned what)
{
    size_t n_events = count_events(steps, begun);
    int64_t *last = n_events ? &begun[n_events - 1] : NULL;

    if (last && is_inside(steps, *last, time_ms)) {
        if (what >> step_of_place(steps, n_events) & 1) {
            begun[n_events] = *last;
            *last = 0;
        }
    } else if (what & FIRST_STEP) {
        if (last)
            *last = 0;
        begun[0] = time_ms;
    }
}

static void step(const void *spec, int64_t *registers, int64_t time_ms, unsigned what)
{
    const struct steps *steps = spec;

    if (registers[steps->n_events - 1]) /* complete: it fires */
        return;
    if (steps->repeat == REPEAT_KEEP)
        move_one_on(steps, registers, time_ms, what);
    else
        move_all_on(steps, registers, time_ms, what);
}

static struct timeline_machine machine_of(const struct steps *steps)
{
    struct timeline_machine machine = { .step = step,
                                        .spec = steps,
                                        .n_registers = steps->n_events };

    for (size_t i = 0; i < steps->n_items; i++) {
        if (steps->items[i].count == 1)
            machine.idle_twice |= 1U << i;
    }
    return machine;
}

/* -- verdicts -- */

/* Of the runs that began less than `within_ms` ago the one that has the most events; 0: there is none. */
static size_t find_furthest(const struct steps *steps, const int64_t *begun, int64_t newest_ms,
                            int64_t within_ms)
{
    size_t n_events = steps->n_events;

    while (n_events && (!begun[n_events - 1] || newest_ms - begun[n_events - 1] >= within_ms))
        n_events--;
    return n_events;
}

/* What is out of the window can still be completed by what comes late. */
static size_t find_run(const struct steps *steps, const int64_t *begun, int64_t newest_ms)
{
    size_t n_events = find_furthest(steps, begun, newest_ms, steps->within_ms);

    return n_events ? n_events
                    : find_furthest(steps, begun, newest_ms, steps->within_ms + steps->lateness_ms);
}

static void rest(struct timeline *timeline, const struct condition_input *input,
                 struct condition_result *result)
{
    if (timeline_rest(timeline, input, result))
        result->state = timeline_store(timeline);
}

enum rc steps_fold(const void *spec, const struct condition_input *input, struct slice state,
                   struct arena *arena, struct condition_result *result)
{
    const struct steps *steps = spec;
    const struct timeline_machine machine = machine_of(steps);
    unsigned what = steps_of_parts(steps, input->parts);
    struct timeline timeline;
    size_t n_events;
    enum rc rc = timeline_take(&machine, state, arena, &timeline);

    if (rc)
        return rc;
    timeline_add(&timeline, input->time_ms, what);
    result->is_coarse = timeline_settle(&timeline, input->newest_ms - input->lateness_ms);
    n_events = timeline.now[steps->n_events - 1] ? steps->n_events
                                                 : find_run(steps, timeline.now, input->newest_ms);
    if (!n_events) {
        rest(&timeline, input, result);
        return RC_OK;
    }
    result->verdict = n_events == steps->n_events ? CONDITION_HOLDS : CONDITION_WAITS;
    result->count = (int64_t)n_events;
    result->first_ms = timeline.now[n_events - 1];
    result->is_first = what & FIRST_STEP && result->first_ms == input->time_ms;
    result->is_last = result->verdict == CONDITION_HOLDS && what >> (steps->n_items - 1) & 1;
    result->state = timeline_store(&timeline);
    return RC_OK;
}

enum rc steps_wake(const void *spec, const struct condition_input *input, struct slice state,
                   struct arena *arena, struct condition_result *result)
{
    const struct timeline_machine machine = machine_of(spec);
    struct timeline timeline;
    enum rc rc = timeline_take(&machine, state, arena, &timeline);

    if (rc)
        return rc;
    rest(&timeline, input, result);
    return RC_OK;
}

int64_t steps_within_ms(const void *spec)
{
    const struct steps *steps = spec;

    return steps->within_ms;
}

/* -- for people -- */

int64_t steps_seconds_left(int64_t left_ms)
{
    return left_ms > 0 ? (left_ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS : 0;
}

static enum rc describe_run(const struct steps *steps, size_t n_events, int64_t left_ms,
                            struct arena *arena, struct slice *text)
{
    size_t n_steps = step_of_place(steps, n_events);
    char left[TIME_TEXT_BYTES];
    struct slice events = { 0 };
    enum rc rc = RC_OK;

    if (steps->n_events > steps->n_items)
        rc = arena_format(arena, &events, " (%zu of %zu events)", n_events, steps->n_events);
    if (rc)
        return rc;
    if (left_ms <= 0)
        return arena_format(arena, text, "%zu of %zu steps%.*s, goes on only with what comes late",
                            n_steps, steps->n_items, SLICE_ARG(events));
    return arena_format(arena, text, "%zu of %zu steps%.*s, %s left", n_steps, steps->n_items,
                        SLICE_ARG(events), duration_format(steps_seconds_left(left_ms), left));
}

enum rc steps_describe(const void *spec, const struct condition_input *input, struct slice state,
                       struct arena *arena, struct slice *text)
{
    const struct steps *steps = spec;
    const struct timeline_machine machine = machine_of(steps);
    struct timeline timeline;
    size_t n_events;
    enum rc rc = timeline_take(&machine, state, arena, &timeline);

    if (rc)
        return rc;
    n_events = find_run(steps, timeline.now, input->newest_ms);
    if (!n_events || n_events == steps->n_events)
        return arena_format(arena, text, "no step of %zu", steps->n_items);
    return describe_run(steps, n_events,
                        timeline.now[n_events - 1] + steps->within_ms - input->key_now_ms, arena,
                        text);
}
