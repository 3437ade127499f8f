/* actions.h - declared actions with one parameter, `value`, rendered with what an event brought. */
#pragma once

#include "actions/action.h"
#include "tests/fuzz/fuzz.h"

/* Loaded once: a target has one text of them. */
static inline const struct actions *fuzz_actions(const char *yaml)
{
    static struct actions *actions;
    static struct arena *arena;
    struct problems *problems = NULL;
    struct node *map;

    if (actions)
        return actions;
    arena = fuzz_arena();
    CLAIM(problems_new(&problems) == RC_OK);
    CLAIM(!document_parse(SLICE("fuzz.yaml"), slice_of(yaml), arena, problems, &map));
    CLAIM(!actions_load(map, NULL, 0, arena, problems, &actions));
    problems_free(problems);
    return actions;
}

static inline struct slice fuzz_value(void *context, struct slice name)
{
    const struct slice *value = context;

    return slice_eq(name, SLICE("said")) ? *value : (struct slice){ 0 };
}

static inline enum rc fuzz_render(const struct actions *actions, struct slice action,
                                  struct slice value, struct arena *arena, struct step *step,
                                  struct slice *refused)
{
    struct named_template param = { .name = SLICE("value") };
    const struct action_use use = { .action = action, .params = &param, .n_params = 1 };
    const struct template_values values = { .get = fuzz_value, .context = &value };
    struct json_fault fault;

    CLAIM(!template_parse(SLICE("{{said}}"), arena, &param.template, &fault));
    return action_render(actions, &use, &values, arena, step, refused);
}
