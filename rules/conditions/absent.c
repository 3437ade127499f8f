#include "rules/conditions/absent.h"

#include "rules/conditions/conditions.h"
#include "rules/conditions/memory.h"
#include "src/base/clock.h"

/* {absent: 24h, grace: 2h}: true when a key goes unseen for so long; over with its next sight. With {absent: {cron: …}} it is due at the first slot after its last sight. Keys
 * are learnt at their first sight and forgotten when they stay away for long; those that are expected are known from the start and never forgotten.
 *
 * A time on the wall is the same for everybody: a schedule is due on the engine's clock as it is. How long ago something was is told in the key's own time.
 * Its memory is
 *
 *     u64 last sight, event time; 0: never   u64 since when it is known, engine's clock   u8 bits: 1 its absence was told */

#define WAS_TOLD 1U

struct memory {
    int64_t seen_ms;
    int64_t since_ms;
    bool was_told;
};

static struct memory take_memory(struct slice state)
{
    struct memory memory = { 0 };

    memory.seen_ms = (int64_t)memory_take_u64(&state);
    memory.since_ms = (int64_t)memory_take_u64(&state);
    memory.was_told = state.len && ((uint8_t)state.ptr[0] & WAS_TOLD);
    return memory;
}

static enum rc store_memory(const struct memory *memory, struct arena *arena, struct slice *state)
{
    struct buffer bytes;

    buffer_init(&bytes, 0);
    buffer_add_u64(&bytes, (uint64_t)memory->seen_ms);
    buffer_add_u64(&bytes, (uint64_t)memory->since_ms);
    buffer_add_byte(&bytes, memory->was_told ? WAS_TOLD : 0);
    return memory_keep(&bytes, arena, state);
}

/* -- when, on the engine's clock -- */

/* Its last sight, or when it became known; later where nobody could have seen it meanwhile: then it has its full time again. */
static int64_t unseen_since(const struct condition_input *input, const struct memory *memory)
{
    int64_t from_ms = memory->since_ms;

    if (memory->seen_ms)
        from_ms = input->now_ms + memory->seen_ms - input->key_now_ms;
    return later_of(from_ms, input->watched_since_ms);
}

static int64_t after_slot(const struct absent_spec *wanted, const struct condition_input *input,
                          const struct memory *memory)
{
    int64_t from_ms = memory->seen_ms ? memory->seen_ms : memory->since_ms;
    int64_t slot_ms =
        cron_next(&wanted->cron, wanted->zone, later_of(from_ms, input->watched_since_ms));

    return slot_ms > INT64_MAX - wanted->grace_ms ? INT64_MAX : slot_ms + wanted->grace_ms;
}

static int64_t absence_due(const struct absent_spec *wanted, const struct condition_input *input,
                           const struct memory *memory)
{
    int64_t due_ms = wanted->absent_ms
                         ? unseen_since(input, memory) + wanted->absent_ms + wanted->grace_ms
                         : after_slot(wanted, input, memory);

    return later_of(due_ms, condition_judged_from(input, wanted->grace_ms));
}

/* 0: never. */
static int64_t forget_due(const struct absent_spec *wanted, const struct condition_input *input,
                          const struct memory *memory)
{
    if (absent_is_expected(wanted, input->key))
        return 0;
    return later_of(unseen_since(input, memory), input->started_ms) + wanted->forget_ms;
}

/* -- judging -- */

/* Its absence has been told: all that is left to wait for is that it is forgotten. */
static int64_t next_due(const struct absent_spec *wanted, const struct condition_input *input,
                        const struct memory *memory)
{
    int64_t due_ms =
        memory->was_told ? forget_due(wanted, input, memory) : absence_due(wanted, input, memory);

    return due_ms && due_ms < input->now_ms ? input->now_ms : due_ms;
}

static enum rc wait(const struct absent_spec *wanted, const struct condition_input *input,
                    const struct memory *memory, struct arena *arena,
                    struct condition_result *result)
{
    result->due_ms = next_due(wanted, input, memory);
    return store_memory(memory, arena, &result->state);
}

static enum rc fold_absent(const void *spec, const struct condition_input *input,
                           struct slice state, struct arena *arena, struct condition_result *result)
{
    struct memory memory = take_memory(state);
    bool is_next_sight = input->time_ms >= memory.seen_ms; /* what comes late was seen before */

    if (is_next_sight) {
        memory.seen_ms = input->time_ms;
        memory.was_told = false;
    }
    result->verdict = CONDITION_RESTS;
    if (input->is_firing)
        result->verdict = is_next_sight ? CONDITION_ENDS : CONDITION_HOLDS;
    return wait(spec, input, &memory, arena, result);
}

static enum rc wake_absent(const void *spec, const struct condition_input *input,
                           struct slice state, struct arena *arena, struct condition_result *result)
{
    const struct absent_spec *wanted = spec;
    struct memory memory = take_memory(state);
    int64_t due_ms = next_due(wanted, input, &memory);
    bool is_due = due_ms && due_ms <= input->now_ms;

    result->verdict = CONDITION_RESTS;
    if (is_due && memory.was_told)
        result->verdict = CONDITION_FORGETS;
    if (!is_due || memory.was_told)
        return is_due ? RC_OK : wait(wanted, input, &memory, arena, result);
    memory.was_told = true;
    result->verdict = CONDITION_HOLDS;
    result->first_ms = memory.seen_ms ? memory.seen_ms : memory.since_ms;
    return wait(wanted, input, &memory, arena, result);
}

/* An absence that was told under another meaning goes on; one that was ended by a person is judged anew. */
static enum rc expect_absent(const void *spec, const struct condition_input *input,
                             struct arena *arena, struct condition_result *result)
{
    const struct memory memory = { .seen_ms = input->newest_ms,
                                   .since_ms = later_of(input->rule_since_ms, 1),
                                   .was_told = input->is_firing };

    result->verdict = CONDITION_RESTS;
    return wait(spec, input, &memory, arena, result);
}

static const struct slice_list *expected_of_absent(const void *spec, size_t *n_keys)
{
    const struct absent_spec *wanted = spec;

    *n_keys = wanted->n_expected;
    return wanted->expected;
}

/* "seen last 2026-11-21T08:00:00.000Z, missed from 2026-11-22T10:00:00.000Z on" */
static enum rc describe_absent(const void *spec, const struct condition_input *input,
                               struct slice state, struct arena *arena, struct slice *text)
{
    const struct absent_spec *wanted = spec;
    struct memory memory = take_memory(state);
    char seen[TIME_TEXT_BYTES], due[TIME_TEXT_BYTES];
    int64_t due_ms = absence_due(wanted, input, &memory);

    if (memory.was_told || due_ms == INT64_MAX)
        return arena_format(arena, text, "%s%s", memory.seen_ms ? "seen last " : "never seen",
                            memory.seen_ms ? time_format(memory.seen_ms, seen) : "");
    return arena_format(
        arena, text, "%s%s, missed from %s on", memory.seen_ms ? "seen last " : "never seen",
        memory.seen_ms ? time_format(memory.seen_ms, seen) : "", time_format(due_ms, due));
}

/* Ended by hand: not told again before its next sight. */
static enum rc keep_all(const void *spec, struct slice state, struct arena *arena,
                        struct slice *kept)
{
    (void)spec;
    (void)arena;
    *kept = state;
    return RC_OK;
}

/* Nothing that comes is part of an absence. */
static int64_t weigh(const void *spec, const struct condition_input *input, struct arena *arena)
{
    (void)spec;
    (void)input;
    (void)arena;
    return 0;
}

/* The last sight is all that matters, and only the newest can be it. */
static int64_t within_of_absent(const void *spec)
{
    (void)spec;
    return 0;
}

static bool always(const struct node *when)
{
    (void)when;
    return true;
}

const struct condition condition_absent = {
    .name = "absent",
    .members = &absent_members,
    .parse = absent_parse,
    .fold = fold_absent,
    .wake = wake_absent,
    .expect = expect_absent,
    .expected = expected_of_absent,
    .describe = describe_absent,
    .check_key = absent_check_key,
    .rest = keep_all,
    .weigh = weigh,
    .within_ms = within_of_absent,
    .is_about_silence = always,
    .title = "{{rule}}: {{signal.key}} not seen since {{first_seen}}",
    .judges_silence = true,
    .learns = true,
    .folds_on = true,
    .ends_itself = true,
};
