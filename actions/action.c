#include "actions/action_private.h"

#include "actions/wording.h"

#define SHOWN_MAX_BYTES 80

const struct action *actions_find(const struct actions *actions, struct slice name)
{
    for (size_t i = 0; i < actions->n_items; i++)
        if (slice_eq(actions->items[i].name, name))
            return &actions->items[i];
    return NULL;
}

const struct action *actions_at(const struct actions *actions, size_t i)
{
    return i < actions->n_items ? &actions->items[i] : NULL;
}

void actions_free(struct actions *actions)
{
    if (!actions)
        return;
    for (size_t i = 0; i < actions->n_items; i++)
        if (actions->items[i].private)
            parameters_free(&actions->items[i].private->params);
    actions->n_items = 0;
}

/* -- why a plan is refused -- */

/* Names and values may come from an event or an agent: shown cut and escaped. */
static void add_quoted(struct slice value, struct buffer *text)
{
    bool was_cut;

    buffer_add_byte(text, '"');
    buffer_add_shown(text, text_cut(value, SHOWN_MAX_BYTES, &was_cut));
    buffer_add_text(text, was_cut ? "…\"" : "\"");
}

static enum rc give_refusal(struct buffer *text, struct arena *arena, struct slice *refused)
{
    enum rc rc = buffer_rc(text);

    if (!rc)
        rc = arena_copy(arena, buffer_slice(text), refused);
    buffer_free(text);
    return rc ? rc : RC_INVALID;
}

enum rc action_refuse_value(const struct action *action, struct slice param, struct slice value,
                            struct slice why, struct arena *arena, struct slice *refused)
{
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add_text(&text, "parameter `");
    buffer_add_shown(&text, param);
    buffer_format(&text, "` of %.*s ", SLICE_ARG(action->name));
    buffer_add(&text, why);
    if (!slice_is_absent(value)) {
        buffer_add_text(&text, ": ");
        add_quoted(value, &text);
    }
    return give_refusal(&text, arena, refused);
}

enum rc action_refuse_name(const char *before, struct slice name, const char *after,
                           struct arena *arena, struct slice *refused)
{
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add_text(&text, before);
    add_quoted(name, &text);
    buffer_add_text(&text, after);
    return give_refusal(&text, arena, refused);
}

/* -- a use of it in a rule file -- */

#define CHECK_ARENA_BYTES ((size_t)64 << 10)

static bool check_name(const struct action *action, const struct action_use *use,
                       const struct named_template *given, struct arena *arena,
                       struct problems *problems)
{
    struct slice names = { 0 };

    if (parameter_find(&action->private->params, given->name))
        return true;
    if (parameters_list_names(&action->private->params, arena, &names))
        names = SLICE("");
    mark_problem(problems, PROBLEM_ERROR, use->mark,
                 "%.*s has no parameter `%.*s`; its parameters: %.*s", SLICE_ARG(action->name),
                 SLICE_ARG(given->name), SLICE_ARG(names));
    return false;
}

/* A value that no event can change is wrong now or never. */
static bool check_literal(const struct action *action, const struct action_use *use,
                          const struct named_template *given, struct arena *arena,
                          struct problems *problems)
{
    const struct parameter *param = parameter_find(&action->private->params, given->name);
    struct slice value = template_source(given->template);
    struct slice why, refused;
    enum rc rc;

    if (!param || !slice_is_absent(template_name(given->template, 0)))
        return true;
    rc = parameter_check(param, value, arena, &why);
    if (rc == RC_INVALID)
        rc = action_refuse_value(action, given->name, value, why, arena, &refused);
    if (rc)
        mark_problem(problems, PROBLEM_ERROR, use->mark, "%.*s",
                     SLICE_ARG(rc == RC_INVALID ? refused : slice_of(rc_text(rc))));
    return !rc;
}

static bool check_given(const struct action *action, const struct action_use *use,
                        struct problems *problems)
{
    struct arena *arena = NULL;
    bool is_fine = true;

    if (arena_new(CHECK_ARENA_BYTES, &arena)) {
        mark_problem(problems, PROBLEM_ERROR, use->mark, "%s", rc_text(RC_NO_MEMORY));
        return false;
    }
    for (size_t i = 0; i < use->n_params; i++) {
        const struct named_template *given = &use->params[i];

        is_fine &= check_name(action, use, given, arena, problems);
        is_fine &= check_literal(action, use, given, arena, problems);
        arena_reset(arena);
    }
    arena_free(arena);
    return is_fine;
}

const struct named_template *action_use_find(const struct action_use *use, struct slice name)
{
    for (size_t i = 0; i < use->n_params; i++)
        if (slice_eq(use->params[i].name, name))
            return &use->params[i];
    return NULL;
}

static bool check_all_given(const struct action *action, const struct action_use *use,
                            struct problems *problems)
{
    const struct parameter_list *params = &action->private->params;
    bool is_fine = true;

    for (size_t i = 0; i < params->n_items; i++) {
        if (action_use_find(use, params->items[i].name))
            continue;
        mark_problem(problems, PROBLEM_ERROR, use->mark, "%.*s needs its parameter `%.*s`",
                     SLICE_ARG(action->name), SLICE_ARG(params->items[i].name));
        is_fine = false;
    }
    return is_fine;
}

static const struct action *find_or_complain(const struct actions *actions,
                                             const struct action_use *use,
                                             struct problems *problems)
{
    const struct action *action = actions_find(actions, use->action);
    const char *meant;

    if (action)
        return action;
    meant = problem_did_you_mean(use->action, actions->names);
    mark_problem(problems, PROBLEM_ERROR, use->mark,
                 "no action `%.*s` is declared under `actions` of the configuration%s%s%s",
                 SLICE_ARG(use->action), meant ? "; did you mean `" : "", meant ? meant : "",
                 meant ? "`?" : "");
    return NULL;
}

bool action_check_use(const struct actions *actions, const struct action_use *use,
                      bool must_be_effect_none, struct problems *problems)
{
    const struct action *action = find_or_complain(actions, use, problems);
    bool is_fine = true;

    if (!action)
        return false;
    if (must_be_effect_none && action->effect != EFFECT_NONE) {
        mark_problem(problems, PROBLEM_ERROR, use->mark,
                     "%.*s has `effect: %s`: without an approval only actions with `effect: none` "
                     "may be done",
                     SLICE_ARG(action->name), effect_names[action->effect]);
        is_fine = false;
    }
    is_fine &= check_given(action, use, problems);
    is_fine &= check_all_given(action, use, problems);
    return is_fine;
}
