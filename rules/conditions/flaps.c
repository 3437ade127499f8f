#include "rules/conditions/conditions.h"

#include "rules/conditions/by_values.h"
#include "rules/conditions/sightings.h"
#include "rules/conditions/value.h"
#include "rules/conditions/window_members.h"
#include "rules/loader.h"
#include "src/base/clock.h"

/* {flaps: FIELD, count: N, within: D}: true when the value changed N times within D. Ends when nothing changed for D. A match that does not say the value is passed over; of
 * `state`, so is `info`.
 *
 * A change is between two neighbours in event time, and is of the time of the second; so one that comes late may move a change as well as make some. With {by: FIELD} those of
 * each value of that field have neighbours of their own, less than D apart: runs of other commits in between hide no change of one.
 *
 * The memory is all sightings in the window and the last one before it (sightings.h), which outlives episodes; with `by`, also those less than D before the window. What
 * clears is a sighting, and no change itself: it sets the count back. */

struct flaps_spec {
    struct value_field field; /* first: value_weigh */
    int64_t count;
    int64_t within_ms;
    struct node *flaps, *by;
    struct value_field by_field;
    bool has_by;
};

#define AT(x) .offset = offsetof(struct flaps_spec, x)
static const struct setting settings[] = {
    { .name = "flaps",
      .type = SETTING_NODE,
      AT(flaps),
      .required = true,
      .shape = &shape_field,
      .help = "the field whose value changes to and fro" },
    { .name = "count",
      .type = SETTING_INT,
      AT(count),
      .required = true,
      .min = 1,
      .max = SIGHTINGS_MAX - 1,
      .help = "how many changes" },
    WITHIN_MEMBER(struct flaps_spec, "7d"),
    { .name = "by",
      .type = SETTING_NODE,
      AT(by),
      .shape = &shape_field,
      .help = "the field that must stay the same, as commit" },
};
static const struct shape members = {
    SHAPE_OF(settings),
};

static void *parse_flaps(struct rule_reading *reading, const struct node *when)
{
    struct flaps_spec *spec = loader_alloc(reading->loader, 1, sizeof(*spec));

    if (!spec)
        return NULL;
    (void)loader_read_members(reading->loader, &members, when, spec);
    if (spec->flaps)
        (void)read_changing_field(reading, spec->flaps, &spec->field);
    if (spec->by)
        spec->has_by = read_value_field(reading, spec->by, &spec->by_field);
    spec->flaps = spec->by = NULL; /* nodes die */
    return spec;
}

/* -- what an event says -- */

static enum rc digest_by(const struct flaps_spec *spec, const struct condition_input *input,
                         struct arena *arena, uint64_t *by)
{
    enum rc rc;

    *by = SIGHTING_BY_NOTHING + 1;
    if (!spec->has_by)
        return RC_OK;
    rc = value_digest(&spec->by_field, input, arena, by);
    if (rc == RC_NOT_FOUND) {
        *by = SIGHTING_BY_NOTHING;
        return RC_OK;
    }
    return rc;
}

/* Lets go what neither is in the window that begins after `oldest_ms` nor stands before something in it. */
static void drop(const struct flaps_spec *spec, int64_t oldest_ms, struct sightings *sightings)
{
    sightings_drop(sightings, spec->has_by ? oldest_ms - spec->within_ms : oldest_ms);
}

/* Takes the memory as the window at the key's newest event has it, and adds what the event says. */
static enum rc see(const struct flaps_spec *spec, const struct condition_input *input,
                   uint64_t n_matches, struct slice state, struct arena *arena,
                   struct sightings *sightings)
{
    struct sighting seen = { .time_ms = input->time_ms, .n_matches = n_matches };
    int64_t oldest_ms = input->newest_ms - spec->within_ms; /* itself already out */
    enum rc rc = sightings_take(state, arena, sightings);

    if (rc)
        return rc;
    drop(spec, oldest_ms, sightings);
    rc = value_digest(&spec->field, input, arena, &seen.value);
    if (rc == RC_NOT_FOUND || (!rc && input->time_ms <= oldest_ms))
        return RC_OK;
    if (!rc)
        rc = digest_by(spec, input, arena, &seen.by);
    if (!rc)
        sightings_add(sightings, &seen);
    return rc;
}

/* -- what the window says -- */

struct window_facts {
    int64_t n_flaps;
    int64_t last_flap_ms;
    int64_t n_matches;
    int64_t first_ms; /* of the matches */
};

/* What the sightings are compared with, while they are gone through. */
struct neighbours {
    const struct flaps_spec *spec;
    const struct sighting *before; /* NULL: it is the first */
    struct by_values by_values;    /* where there is `by` */
};

static bool is_another_by(struct neighbours *neighbours, const struct sighting *sighting)
{
    struct by_value *place, before;

    if (sighting->by == SIGHTING_BY_NOTHING)
        return false;
    place = by_values_at(&neighbours->by_values, sighting->by);
    before = *place;
    place->value = sighting->value;
    place->time_ms = sighting->time_ms;
    return before.time_ms && before.value != sighting->value &&
           sighting->time_ms - before.time_ms < neighbours->spec->within_ms;
}

/* Than the value before it? */
static bool is_another(struct neighbours *neighbours, const struct sighting *sighting)
{
    const struct sighting *before = neighbours->before;

    neighbours->before = sighting;
    if (neighbours->spec->has_by)
        return is_another_by(neighbours, sighting);
    return before && before->value != sighting->value;
}

static void add_to_facts(const struct sighting *sighting, bool is_other, struct window_facts *facts)
{
    if (!facts->n_matches)
        facts->first_ms = sighting->time_ms;
    facts->n_matches += (int64_t)sighting->n_matches;
    if (!is_other || !sighting->n_matches)
        return;
    facts->n_flaps++;
    facts->last_flap_ms = sighting->time_ms;
}

/* Of the window that begins after `oldest_ms`. */
static enum rc find_facts(const struct flaps_spec *spec, const struct sightings *sightings,
                          int64_t oldest_ms, struct arena *arena, struct window_facts *facts)
{
    struct neighbours neighbours = { .spec = spec };
    enum rc rc = RC_OK;

    *facts = (struct window_facts){ 0 };
    if (spec->has_by)
        rc = by_values_new(sightings->n_items, arena, &neighbours.by_values);
    for (size_t i = 0; !rc && i < sightings->n_items; i++) {
        const struct sighting *sighting = &sightings->items[i];
        bool is_other = is_another(&neighbours, sighting);

        if (sighting->time_ms > oldest_ms)
            add_to_facts(sighting, is_other, facts);
    }
    return rc;
}

static enum condition_verdict verdict_of(const struct flaps_spec *spec,
                                         const struct condition_input *input, int64_t n_flaps)
{
    if (input->is_firing)
        return n_flaps ? CONDITION_HOLDS : CONDITION_ENDS;
    if (n_flaps >= spec->count)
        return CONDITION_HOLDS;
    return n_flaps ? CONDITION_WAITS : CONDITION_RESTS;
}

/* What counts towards it may be joined by what comes as late as lateness allows; what fires ends on time. */
static int64_t kept_ms(const struct flaps_spec *spec, const struct condition_input *input,
                       bool fires)
{
    return spec->within_ms + (fires ? 0 : input->lateness_ms);
}

/* The window begins after `oldest_ms`. */
static enum rc judge(const struct flaps_spec *spec, const struct condition_input *input,
                     int64_t oldest_ms, struct sightings *sightings, struct arena *arena,
                     struct condition_result *result)
{
    struct window_facts facts;
    enum rc rc = find_facts(spec, sightings, oldest_ms, arena, &facts);

    if (rc)
        return rc;
    result->verdict = verdict_of(spec, input, facts.n_flaps);
    result->count = facts.n_matches;
    result->first_ms = facts.first_ms;
    if (facts.n_flaps)
        result->due_ms = condition_due(
            input, facts.last_flap_ms + kept_ms(spec, input, result->verdict == CONDITION_HOLDS));
    if (result->verdict == CONDITION_ENDS)
        sightings_rest(sightings);
    return sightings_store(sightings, arena, &result->state);
}

/* -- the condition -- */

static enum rc fold_flaps(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct condition_result *result)
{
    const struct flaps_spec *wanted = spec;
    struct sightings sightings;
    enum rc rc = see(spec, input, 1, state, arena, &sightings);

    if (rc)
        return rc;
    result->is_coarse = sightings_coarsen(&sightings);
    return judge(spec, input, input->newest_ms - wanted->within_ms, &sightings, arena, result);
}

static enum rc wake_flaps(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct condition_result *result)
{
    const struct flaps_spec *wanted = spec;
    int64_t oldest_ms = input->key_now_ms - kept_ms(wanted, input, input->is_firing);
    struct sightings sightings;
    enum rc rc = sightings_take(state, arena, &sightings);

    if (rc)
        return rc;
    if (oldest_ms < input->newest_ms - wanted->within_ms) /* that window is over already */
        oldest_ms = input->newest_ms - wanted->within_ms;
    drop(wanted, oldest_ms, &sightings);
    return judge(wanted, input, oldest_ms, &sightings, arena, result);
}

static enum rc note_flaps(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct slice *noted)
{
    struct sightings sightings;
    enum rc rc = see(spec, input, 0, state, arena, &sightings);

    if (rc)
        return rc;
    sightings_rest(&sightings); /* also where nothing was on its way yet */
    return sightings_store(&sightings, arena, noted);
}

static enum rc rest_flaps(const void *spec, struct slice state, struct arena *arena,
                          struct slice *kept)
{
    struct sightings sightings;
    enum rc rc = sightings_take(state, arena, &sightings);

    (void)spec;
    if (rc)
        return rc;
    sightings_rest(&sightings);
    return sightings_store(&sightings, arena, kept);
}

static enum rc describe_flaps(const void *spec, const struct condition_input *input,
                              struct slice state, struct arena *arena, struct slice *text)
{
    const struct flaps_spec *wanted = spec;
    int64_t oldest_ms = input->key_now_ms - wanted->within_ms;
    char within[TIME_TEXT_BYTES];
    struct sightings sightings;
    struct window_facts facts;
    enum rc rc = sightings_take(state, arena, &sightings);

    if (!rc)
        rc = find_facts(wanted, &sightings, oldest_ms, arena, &facts);
    if (rc || !facts.n_flaps)
        return rc;
    return arena_format(arena, text, "%lld of %lld changes within %s", (long long)facts.n_flaps,
                        (long long)wanted->count, duration_format(wanted->within_ms, within));
}

static int64_t within_of_flaps(const void *spec)
{
    const struct flaps_spec *wanted = spec;

    return wanted->within_ms;
}

const struct condition condition_flaps = {
    .name = "flaps",
    .members = &members,
    .parse = parse_flaps,
    .fold = fold_flaps,
    .wake = wake_flaps,
    .rest = rest_flaps,
    .note = note_flaps,
    .weigh = value_weigh,
    .within_ms = within_of_flaps,
    .describe = describe_flaps,
    .folds_on = true,
    .ends_itself = true,
};
