#include "rules/conditions/conditions.h"

#include "rules/conditions/pair.h"
#include "rules/conditions/timeline.h"
#include "src/base/clock.h"

/* {not_followed_by: FILTER, within: D}: a match of the rule's own filter waits for FILTER, and the condition is true when that has not come less than D
 * after it: at the first event + D, by the key's own time. A FILTER after that ends it. Its memory is a timeline. */

enum wait_register {
    WAITS_SINCE, /* the first event; 0: nothing waits */
    N_FOLLOWED,  /* of the FILTERs, where several are asked for */
    CAME_TRUE,   /* the begin of a wait that was over before FILTER came, and has ended since */
    TOLD, /* the begin of the last wait that fired: nothing that comes late makes it fire again. Not the machine's */
    WAIT_REGISTERS
};

#define FIRST 1U
#define FOLLOWER 2U

static bool is_over(const struct steps *pair, int64_t since_ms, int64_t time_ms)
{
    return since_ms && time_ms - since_ms >= pair->within_ms;
}

static void follow(const struct steps *pair, int64_t *registers, int64_t time_ms)
{
    if (!registers[WAITS_SINCE] || ++registers[N_FOLLOWED] < pair->items[1].count)
        return;
    if (is_over(pair, registers[WAITS_SINCE], time_ms))
        registers[CAME_TRUE] = registers[WAITS_SINCE];
    registers[WAITS_SINCE] = 0;
}

static void step(const void *spec, int64_t *registers, int64_t time_ms, unsigned what)
{
    const struct steps *pair = spec;
    int64_t since_ms;

    if (what & FOLLOWER)
        follow(pair, registers, time_ms);
    since_ms = registers[WAITS_SINCE];
    if (!(what & FIRST) ||
        (since_ms && (pair->repeat == REPEAT_KEEP || is_over(pair, since_ms, time_ms))))
        return;
    registers[WAITS_SINCE] = time_ms;
    registers[N_FOLLOWED] = 0;
}

static struct timeline_machine machine_of(const struct steps *pair)
{
    return (struct timeline_machine){ .step = step,
                                      .spec = pair,
                                      .n_registers = WAIT_REGISTERS,
                                      .idle_twice =
                                          pair->items[1].count == 1 ? FIRST | FOLLOWER : FIRST };
}

static void *parse_not_followed_by(struct rule_reading *reading, const struct node *when)
{
    return read_pair(reading, when, "not_followed_by", REPEAT_KEEP);
}

/* -- verdicts -- */

static void hold(struct timeline *timeline, int64_t since_ms, struct condition_result *result)
{
    timeline->settled[TOLD] = timeline->now[TOLD] = since_ms;
    result->verdict = CONDITION_HOLDS;
    result->count = 1;
    result->first_ms = since_ms;
}

static void wait_on(const struct steps *pair, const struct condition_input *input, int64_t since_ms,
                    struct condition_result *result)
{
    unsigned what = steps_of_parts(pair, input->parts);

    result->verdict = CONDITION_WAITS;
    result->count = 1;
    result->first_ms = since_ms;
    result->is_first = what & FIRST && since_ms == input->time_ms;
    result->due_ms = condition_due(input, since_ms + pair->within_ms);
}

/* Returns whether there is something to remember. */
static bool judge_silent(const struct steps *pair, const struct condition_input *input,
                         struct timeline *timeline, struct condition_result *result)
{
    int64_t since_ms = timeline->now[WAITS_SINCE];
    int64_t came_true_ms = timeline->now[CAME_TRUE];

    if (came_true_ms > timeline->now[TOLD]) { /* and has ended: that is for a moment after */
        hold(timeline, came_true_ms, result);
        result->due_ms = input->now_ms;
    } else if (since_ms <= timeline->now[TOLD]) {
        return timeline_rest(timeline, input, result);
    } else if (is_over(pair, since_ms, input->key_now_ms)) {
        hold(timeline, since_ms, result);
    } else {
        wait_on(pair, input, since_ms, result);
    }
    return true;
}

/* It goes on until the wait that fired is no more. What waits then is for a moment after. */
static void judge_firing(const struct condition_input *input, const struct timeline *timeline,
                         struct condition_result *result)
{
    int64_t since_ms = timeline->now[WAITS_SINCE];
    int64_t told_ms = timeline->now[TOLD];

    if (since_ms > told_ms)
        result->due_ms = input->now_ms;
    else if (!since_ms)
        (void)timeline_rest(timeline, input, result);
    result->verdict = since_ms && since_ms <= told_ms ? CONDITION_HOLDS : CONDITION_ENDS;
}

static void judge(const struct steps *pair, const struct condition_input *input,
                  struct timeline *timeline, struct condition_result *result)
{
    bool is_kept = true;

    if (input->is_firing)
        judge_firing(input, timeline, result);
    else
        is_kept = judge_silent(pair, input, timeline, result);
    if (is_kept)
        result->state = timeline_store(timeline);
}

static enum rc fold_not_followed_by(const void *spec, const struct condition_input *input,
                                    struct slice state, struct arena *arena,
                                    struct condition_result *result)
{
    const struct steps *pair = spec;
    const struct timeline_machine machine = machine_of(pair);
    struct timeline timeline;
    enum rc rc = timeline_take(&machine, state, arena, &timeline);

    if (rc)
        return rc;
    timeline_add(&timeline, input->time_ms, steps_of_parts(pair, input->parts));
    result->is_coarse = timeline_settle(&timeline, input->newest_ms - input->lateness_ms);
    judge(pair, input, &timeline, result);
    return RC_OK;
}

static enum rc wake_not_followed_by(const void *spec, const struct condition_input *input,
                                    struct slice state, struct arena *arena,
                                    struct condition_result *result)
{
    const struct timeline_machine machine = machine_of(spec);
    struct timeline timeline;
    enum rc rc = timeline_take(&machine, state, arena, &timeline);

    if (rc)
        return rc;
    judge(spec, input, &timeline, result);
    return RC_OK;
}

static enum rc describe_not_followed_by(const void *spec, const struct condition_input *input,
                                        struct slice state, struct arena *arena, struct slice *text)
{
    const struct steps *pair = spec;
    const struct timeline_machine machine = machine_of(pair);
    char duration[TIME_TEXT_BYTES];
    struct timeline timeline;
    int64_t left_ms;
    enum rc rc = timeline_take(&machine, state, arena, &timeline);

    if (rc)
        return rc;
    if (!timeline.now[WAITS_SINCE])
        return arena_format(arena, text, "nothing waits");
    if (input->is_firing)
        return arena_format(arena, text, "was not followed within %s",
                            duration_format(pair->within_ms, duration));
    left_ms = timeline.now[WAITS_SINCE] + pair->within_ms - input->key_now_ms;
    return arena_format(arena, text, "not followed yet, %s left",
                        duration_format(steps_seconds_left(left_ms), duration));
}

/* What ends nothing is no part of what fires, unless it is one more that began. */
static int64_t weigh(const void *spec, const struct condition_input *input, struct arena *arena)
{
    (void)arena;
    return steps_of_parts(spec, input->parts) & FIRST ? 1 : 0;
}

/* That something begins is no trouble: that it does not go on is. */
const struct condition condition_not_followed_by = {
    .name = "not_followed_by",
    .members = &pair_members,
    .parts_come_after = true,
    .parse = parse_not_followed_by,
    .fold = fold_not_followed_by,
    .wake = wake_not_followed_by,
    .weigh = weigh,
    .describe = describe_not_followed_by,
    .within_ms = steps_within_ms,
    .reaches_back = true,
    .folds_on = true,
    .ends_itself = true,
};
