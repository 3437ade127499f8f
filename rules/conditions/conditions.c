#include "rules/conditions/conditions.h"

#include "src/base/clock.h"
#include "src/base/settings.h"

#include <string.h>

/* Within it senders try again what they could not deliver. */
#define CATCH_UP_MS (5 * MINUTE_MS)

/* The first whose member is there: `count` is also how many another one asks for, and comes last. */
static const struct condition *const conditions[] = {
    &condition_distinct, &condition_change,      &condition_flaps,
    &condition_sequence, &condition_followed_by, &condition_not_followed_by,
    &condition_spike,    &condition_drop,        &condition_ratio,
    &condition_sum,      &condition_avg,         &condition_max,
    &condition_min,      &condition_p95,         &condition_fewer,
    &condition_absent,   &condition_new,         &condition_count,
};
#define N_CONDITIONS (sizeof(conditions) / sizeof(*conditions))

/* Each with its own name in front. */
static enum rc make_members(const struct condition *condition, struct arena *arena,
                            const struct shape **made)
{
    const struct shape *members = condition->members;
    struct shape *shape = arena_alloc(arena, 1, sizeof(*shape));
    struct setting *settings = arena_alloc(arena, members->n_settings, sizeof(*settings));
    struct slice name;

    if (!shape || !settings || arena_format(arena, &name, "when_%s", condition->name))
        return RC_NO_MEMORY;
    memcpy(settings, members->settings, members->n_settings * sizeof(*settings));
    settings[0].name = condition->name;
    *shape = *members;
    shape->name = name.ptr;
    shape->settings = settings;
    *made = shape;
    return RC_OK;
}

static enum rc make_when(struct arena *arena, struct shape *shape)
{
    struct shape_choice *choices = arena_alloc(arena, N_CONDITIONS + 1, sizeof(*choices));
    enum rc rc = choices ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; !rc && i < N_CONDITIONS; i++) {
        choices[i].member = conditions[i]->name;
        rc = make_members(conditions[i], arena, &choices[i].shape);
    }
    shape->choices = choices;
    return rc;
}

const struct shape shape_when = {
    .kind = SHAPE_CHOICE,
    .name = "when",
    .wanted = "`when` names no condition: it is a map as {count: 5, within: 10m}",
    .make = make_when
};

static void refuse_unknown(const struct node *when, struct problems *problems)
{
    const char *names[N_CONDITIONS + 1] = { NULL };
    const char *meant = NULL;
    struct buffer list;

    buffer_init(&list, 0);
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        names[i] = conditions[i]->name;
        buffer_format(&list, " %s", names[i]);
    }
    for (size_t i = 0; !meant && when->type == NODE_MAP && i < when->n_pairs; i++)
        meant = problem_did_you_mean(when->pairs[i].key, names);
    node_problem(problems, when,
                 "`when` names no condition%s%s%s; it is a map as {count: 5, within: 10m} with one "
                 "of%.*s",
                 meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "",
                 SLICE_ARG(buffer_slice(&list)));
    buffer_free(&list);
}

const struct condition *condition_named(const struct node *when)
{
    if (!when)
        return &condition_first;
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        if (node_find(when, conditions[i]->name))
            return conditions[i];
    }
    return NULL;
}

/* {flap: state, count: 3}: what stands beside `count` is no member of it, and nearly another condition's name. */
static bool is_misspelt_beside_count(const struct node *when, struct problems *problems)
{
    const char *names[N_CONDITIONS + 1] = { NULL };
    const char *members[N_CONDITIONS + 1] = { NULL };
    const struct shape *of_count = condition_count.members;

    for (size_t i = 0; i + 1 < N_CONDITIONS; i++) /* but `count` itself */
        names[i] = conditions[i]->name;
    for (size_t i = 0; i < of_count->n_settings && i < N_CONDITIONS; i++)
        members[i] = of_count->settings[i].name;
    for (size_t i = 0; i < when->n_pairs; i++) {
        struct slice key = when->pairs[i].key;
        const char *meant = problem_did_you_mean(key, names);
        int member;

        if (!meant || slice_to_enum(key, members, &member) == RC_OK ||
            problem_did_you_mean(key, members))
            continue;
        mark_problem(problems, PROBLEM_ERROR, when->pairs[i].key_mark,
                     "there is no condition `%.*s`; did you mean `%s`?", SLICE_ARG(key), meant);
        return true;
    }
    return false;
}

const struct condition *condition_find(const struct node *when, struct problems *problems)
{
    const struct condition *named = condition_named(when);

    if (!named)
        refuse_unknown(when, problems);
    if (named == &condition_count && is_misspelt_beside_count(when, problems))
        return NULL;
    return named;
}

/* What is inside of the window by its own time may come so much later than what it stands with. */
int64_t condition_kept_ms(const struct condition *condition, const void *spec, int64_t lateness_ms)
{
    return condition->within_ms(spec) + lateness_ms;
}

/* Of a window that is counted, nothing older than the window can be part. */
bool condition_reaches(const struct condition *condition, const void *spec, int64_t behind_ms)
{
    int64_t within_ms = condition->within_ms(spec);

    return condition->reaches_back || !within_ms || behind_ms < within_ms;
}

int64_t condition_due(const struct condition_input *input, int64_t event_ms)
{
    int64_t left_ms = event_ms - input->key_now_ms;

    return input->now_ms + (left_ms > 0 ? left_ms : 0);
}

int64_t condition_judged_from(const struct condition_input *input, int64_t grace_ms)
{
    if (!input->started_ms)
        return 0;
    return input->started_ms + (grace_ms > CATCH_UP_MS ? grace_ms : CATCH_UP_MS);
}
