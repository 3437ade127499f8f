#include "rules/conditions/rolling.h"

#include "src/base/clock.h"

/* What is being judged, and when. */
struct judging {
    const struct rolling *rolling;
    const struct condition_input *input;
    struct tally tally;
    int64_t warm_from_ms; /* the key's own time; TALLY_NEVER: it is not known */
};

static struct judging judging_of(const struct rolling *rolling, const struct condition_input *input,
                                 const struct tally *tally)
{
    return (struct judging){ .rolling = rolling,
                             .input = input,
                             .tally = *tally,
                             .warm_from_ms = tally->known_ms == TALLY_NEVER
                                                 ? TALLY_NEVER
                                                 : tally->known_ms + rolling->warm_ms };
}

static bool has_enough(const struct rolling *rolling, const struct sliding *now)
{
    const struct totals *counted = rolling->at_least_before ? &now->before : &now->window;

    return counted->n_matches >= (uint64_t)rolling->at_least;
}

static bool holds(const struct judging *judging, const struct sliding *now)
{
    const struct rolling *rolling = judging->rolling;

    return now->at_ms >= judging->warm_from_ms && has_enough(rolling, now) &&
           rolling->holds(rolling, now);
}

static bool is_over(const struct judging *judging, const struct sliding *now)
{
    return judging->rolling->is_over(judging->rolling, now);
}

static struct sliding sums_now(const struct judging *judging, int64_t bound)
{
    struct sliding now;

    sliding_begin(&judging->rolling->kind, &judging->tally, judging->input->key_now_ms, bound,
                  &now);
    return now;
}

/* The instant after that of `now` at which the answer can be another one. */
static int64_t next_instant(const struct judging *judging, const struct sliding *now)
{
    int64_t next_ms = sliding_next_ms(now);
    int64_t warm_ms = judging->warm_from_ms;

    return warm_ms > now->at_ms && warm_ms < next_ms ? warm_ms : next_ms;
}

/* From `now` on, at which it has been asked already: when does the answer become true, if no match comes? */
static int64_t find_instant(const struct judging *judging, struct sliding *now,
                            bool (*asks)(const struct judging *judging, const struct sliding *now))
{
    int64_t next_ms = next_instant(judging, now);

    while (next_ms != TALLY_NEVER && !judging->rolling->steps) {
        sliding_go_to(now, next_ms);
        if (asks(judging, now))
            return next_ms;
        next_ms = next_instant(judging, now);
    }
    return next_ms;
}

/* -- verdicts -- */

/* When to ask again, from the sums of `now` on: when it ends, or when time alone makes it true. */
static void look_ahead(struct judging *judging, bool will_fire, struct sliding *now)
{
    judging->tally.judged_ms = now->at_ms;
    if (will_fire)
        judging->tally.next_ms = find_instant(judging, now, is_over);
    else if (judging->rolling->by_time)
        judging->tally.next_ms = find_instant(judging, now, holds);
    else
        judging->tally.next_ms = TALLY_NEVER;
}

static void judge(struct judging *judging, bool by_match, struct condition_result *result)
{
    const struct rolling *rolling = judging->rolling;
    bool is_firing = judging->input->is_firing;
    struct sliding now = sums_now(judging, is_firing ? rolling->over_bound : rolling->bound);
    bool may_fire = by_match || rolling->by_time;
    bool will_fire = is_firing ? !is_over(judging, &now) : may_fire && holds(judging, &now);

    result->count = (int64_t)now.window.n_matches;
    result->first_ms = now.window.n_matches ? now.first_ms : judging->input->time_ms;
    result->verdict = will_fire ? CONDITION_HOLDS : is_firing ? CONDITION_ENDS : CONDITION_RESTS;
    if (will_fire != is_firing)
        now = sums_now(judging, will_fire ? rolling->over_bound : rolling->bound);
    look_ahead(judging, will_fire, &now);
}

/* Nothing can have changed between when it was judged and the instant that is known; a match at the end puts that off at most. */
static bool is_put_off(const struct judging *judging)
{
    const struct rolling *rolling = judging->rolling;
    const struct condition_input *input = judging->input;
    bool is_newest = input->time_ms >= judging->tally.newest_ms;
    bool may_wait = input->is_firing ? rolling->end_is_put_off : rolling->beginning_is_put_off;

    return may_wait && is_newest && judging->tally.next_ms != TALLY_NEVER &&
           input->key_now_ms >= judging->tally.judged_ms &&
           input->key_now_ms < judging->tally.next_ms;
}

/* So long after its last match nothing that comes can stand beside it: nothing is left to be remembered. */
static int64_t forgotten_ms(const struct judging *judging)
{
    const struct tally_kind *kind = &judging->rolling->kind;

    return judging->tally.seen_ms + kind->within_ms + kind->against_ms +
           judging->input->lateness_ms;
}

static void hand_back(const struct judging *judging, struct condition_result *result)
{
    const struct tally *tally = &judging->tally;
    bool may_be_forgotten = tally->next_ms == TALLY_NEVER && result->verdict != CONDITION_HOLDS;
    bool is_forgotten =
        tally->known_ms == TALLY_NEVER || forgotten_ms(judging) <= judging->input->now_ms;

    if (may_be_forgotten && is_forgotten)
        return;
    if (tally->next_ms != TALLY_NEVER)
        result->due_ms = condition_due(judging->input, tally->next_ms);
    else if (may_be_forgotten)
        result->due_ms = forgotten_ms(judging);
    result->is_coarse = tally_is_coarse(&judging->rolling->kind, tally);
    result->state = tally_store(tally);
}

enum rc rolling_fold(const struct rolling *rolling, const struct condition_input *input,
                     const struct tally_entry *entry, struct slice state, struct arena *arena,
                     struct condition_result *result)
{
    struct judging judging;
    struct tally tally;
    bool waits;
    enum rc rc;

    tally_take(state, &tally);
    judging = judging_of(rolling, input, &tally);
    waits = entry && entry->value >= 0 && is_put_off(&judging);
    tally.seen_ms = input->now_ms;
    rc = tally_update(&rolling->kind, input->newest_ms, entry, arena, &tally);
    if (rc)
        return rc;
    judging = judging_of(rolling, input, &tally);
    if (!waits)
        judge(&judging, entry != NULL, result);
    else
        result->verdict = input->is_firing ? CONDITION_HOLDS : CONDITION_RESTS;
    hand_back(&judging, result);
    return RC_OK;
}

enum rc rolling_wake(const void *spec, const struct condition_input *input, struct slice state,
                     struct arena *arena, struct condition_result *result)
{
    const struct rolling *rolling = spec;
    struct judging judging;
    struct tally tally;
    enum rc rc;

    tally_take(state, &tally);
    rc = tally_update(&rolling->kind, input->newest_ms, NULL, arena, &tally);
    if (rc)
        return rc;
    judging = judging_of(rolling, input, &tally);
    /* Where time alone changes nothing, a clear that sets it back begins nothing either: only the forgetting is due. */
    if (!input->is_firing && tally.next_ms == TALLY_NEVER)
        result->verdict = CONDITION_RESTS;
    else
        judge(&judging, false, result);
    hand_back(&judging, result);
    return RC_OK;
}

enum rc rolling_expect(const void *spec, const struct condition_input *input, struct arena *arena,
                       struct condition_result *result)
{
    const struct rolling *rolling = spec;

    (void)arena;
    if (input->is_firing)
        result->due_ms = condition_due(input, input->key_now_ms + rolling->kind.within_ms);
    return RC_OK;
}

int64_t rolling_span_ms(const void *spec)
{
    const struct rolling *rolling = spec;

    return rolling->kind.within_ms + rolling->kind.against_ms;
}

static const char *find_hindrance(const struct judging *judging, const struct sliding *now,
                                  int64_t *from_ms)
{
    const struct rolling *rolling = judging->rolling;

    *from_ms = 0;
    if (rolling->warm_ms && now->at_ms < judging->warm_from_ms) {
        if (judging->warm_from_ms != TALLY_NEVER)
            *from_ms = condition_due(judging->input, judging->warm_from_ms);
        return "warming up";
    }
    return has_enough(rolling, now) ? NULL : "too few matches";
}

/* No key is known for longer than its rule. */
static const char *find_hindrance_of_all(const struct rolling *rolling,
                                         const struct condition_input *input, int64_t *from_ms)
{
    *from_ms = input->rule_since_ms + rolling->warm_ms;
    return rolling->warm_ms && input->now_ms < *from_ms ? "warming up" : NULL;
}

const char *rolling_judges_from(const void *spec, const struct condition_input *input,
                                struct slice state, int64_t *from_ms)
{
    struct judging judging;
    struct sliding now;
    struct tally tally;

    if (!state.len)
        return find_hindrance_of_all(spec, input, from_ms);
    tally_take(state, &tally);
    judging = judging_of(spec, input, &tally);
    now = sums_now(&judging, 0);
    return find_hindrance(&judging, &now, from_ms);
}

enum rc rolling_describe(const void *spec, const struct condition_input *input, struct slice state,
                         struct arena *arena, struct slice *text)
{
    const struct rolling *rolling = spec;
    char within[TIME_TEXT_BYTES], against[TIME_TEXT_BYTES];
    struct slice before = SLICE(""), told = SLICE("");
    struct judging judging;
    struct sliding now;
    struct tally tally;
    const char *hindrance;
    int64_t from_ms;
    enum rc rc = RC_OK;

    tally_take(state, &tally);
    judging = judging_of(rolling, input, &tally);
    now = sums_now(&judging, 0);
    hindrance = input->is_firing ? NULL : find_hindrance(&judging, &now, &from_ms);
    if (rolling->kind.against_ms)
        rc = arena_format(arena, &before, ", %llu in the %s before",
                          (unsigned long long)now.before.n_matches,
                          duration_format(rolling->kind.against_ms, against));
    if (!rc && rolling->tell)
        rc = rolling->tell(rolling, &now, arena, &told);
    if (rc)
        return rc;
    return arena_format(arena, text, "%llu within %s%.*s%.*s%s%s",
                        (unsigned long long)now.window.n_matches,
                        duration_format(rolling->kind.within_ms, within), SLICE_ARG(before),
                        SLICE_ARG(told), hindrance ? "; " : "", hindrance ? hindrance : "");
}
