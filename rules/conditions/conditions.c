#include "rules/conditions/conditions.h"

/* The first whose member is there: `count` is also how many another one asks for, and comes last. */
static const struct condition *const conditions[] = {
    &condition_distinct, &condition_change,      &condition_flaps,           &condition_new,
    &condition_sequence, &condition_followed_by, &condition_not_followed_by, &condition_count,
};
#define N_CONDITIONS (sizeof(conditions) / sizeof(*conditions))

/* Members that name a condition which this version does not have yet. */
static const char *const not_yet[] = {
    "fewer", "absent", "spike", "drop", "ratio", "avg", "sum", "max", "min", "p95", NULL,
};

static bool is_not_yet(struct slice name)
{
    int i;

    return slice_to_enum(name, not_yet, &i) == RC_OK;
}

/* `{distinct: ip, count: 20}` is a condition of its own, not a count: what is not there yet goes first. */
static const struct node_pair *find_not_yet(const struct node *when)
{
    for (size_t i = 0; i < when->n_pairs; i++) {
        if (is_not_yet(when->pairs[i].key))
            return &when->pairs[i];
    }
    return NULL;
}

static void refuse_unknown(const struct node *when, struct problems *problems)
{
    const char *names[N_CONDITIONS + 1] = { NULL };
    const char *meant = NULL;

    for (size_t i = 0; i < N_CONDITIONS; i++)
        names[i] = conditions[i]->name;
    for (size_t i = 0; !meant && when->type == NODE_MAP && i < when->n_pairs; i++)
        meant = problem_did_you_mean(when->pairs[i].key, names);
    node_problem(problems, when,
                 "`when` names no condition%s%s%s; valid here: {count: 5, within: 10m}",
                 meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "");
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

const struct condition *condition_find(const struct node *when, struct problems *problems)
{
    const struct node_pair *later = when && when->type == NODE_MAP ? find_not_yet(when) : NULL;
    const struct condition *named;

    if (later) {
        mark_problem(problems, PROBLEM_ERROR, later->key_mark,
                     "the condition `%.*s` is not in this version of Vedette yet; valid here: "
                     "{count: 5, within: 10m}",
                     SLICE_ARG(later->key));
        return NULL;
    }
    named = condition_named(when);
    if (!named)
        refuse_unknown(when, problems);
    return named;
}

int64_t condition_due(const struct condition_input *input, int64_t event_ms)
{
    int64_t left_ms = event_ms - input->key_now_ms;

    return input->now_ms + (left_ms > 0 ? left_ms : 0);
}
