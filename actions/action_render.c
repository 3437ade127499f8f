/* A use of an action with the values of an event: checked, then put in, once. */
#include "actions/action_private.h"

#include "src/base/event.h"

/* Rendered values: one byte more than may pass, so that a longer one is refused and not cut. */
#define VALUE_MAX_BYTES (PARAMETER_MAX_BYTES + 1)
#define WHY_MAX_BYTES ((size_t)4 << 10)

/* Where the values of a step come from: the templates of a use, or the parameters of an earlier step, before which go those that somebody changes. */
struct value_source {
    const struct action_use *use;
    const struct template_values *names;
    const struct json *params;
    const struct json *changes; /* NULL: none */
};

/* RC_NOT_FOUND and what is `missing`. */
static enum rc get_value(const struct value_source *source, struct slice param, struct arena *arena,
                         struct slice *value, struct slice *missing)
{
    const struct named_template *given;
    struct buffer out;
    enum rc rc;

    *missing = param;
    if (!source->use) {
        const struct json *changed = json_get(source->changes, param);

        *value = json_string(changed ? changed : json_get(source->params, param));
        return slice_is_absent(*value) ? RC_NOT_FOUND : RC_OK;
    }
    given = action_use_find(source->use, param);
    if (!given)
        return RC_NOT_FOUND;
    *missing = (struct slice){ 0 };
    buffer_init(&out, VALUE_MAX_BYTES);
    template_render(given->template, source->names, &out, missing);
    rc = buffer_rc(&out);
    if (!rc && !slice_is_absent(*missing))
        rc = RC_NOT_FOUND;
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), value);
    buffer_free(&out);
    return rc;
}

static enum rc refuse_missing(const struct action *action, struct slice param, struct slice missing,
                              struct arena *arena, struct slice *refused)
{
    enum rc rc;

    if (slice_eq(param, missing))
        rc = arena_format(arena, refused, "parameter `%.*s` of %.*s is not given", SLICE_ARG(param),
                          SLICE_ARG(action->name));
    else
        rc =
            arena_format(arena, refused, "parameter `%.*s` of %.*s needs {{%.*s}}, which is absent",
                         SLICE_ARG(param), SLICE_ARG(action->name), SLICE_ARG(missing));
    return rc ? rc : RC_INVALID;
}

/* What was cut names something else, and may match all the same. Free text is only told. */
static bool holds_a_cut_field(const struct value_source *source, const struct parameter *param,
                              struct slice value)
{
    const struct named_template *given =
        source->use ? action_use_find(source->use, param->name) : NULL;
    struct slice name;

    if (!param->pattern || !given)
        return false;
    for (size_t i = 0; !slice_is_absent(name = template_name(given->template, i)); i++) {
        struct slice field = source->names->get(source->names->context, name);
        size_t offset;

        if (event_field_may_be_cut(field) && !slice_find(value, field, &offset))
            return true;
    }
    return false;
}

static enum rc check_value(const struct action *action, const struct value_source *source,
                           const struct parameter *param, struct arena *arena, struct slice *value,
                           struct slice *refused)
{
    struct slice missing, why;
    enum rc rc = get_value(source, param->name, arena, value, &missing);

    if (rc == RC_NOT_FOUND)
        return refuse_missing(action, param->name, missing, arena, refused);
    if (rc == RC_LIMIT)
        return action_refuse_value(action, param->name, (struct slice){ 0 },
                                   SLICE("is longer than 4 KiB"), arena, refused);
    if (rc)
        return rc;
    if (holds_a_cut_field(source, param, *value))
        return action_refuse_value(action, param->name, *value,
                                   SLICE("may have been cut, as fields are at 1 KiB"), arena,
                                   refused);
    rc = parameter_check(param, *value, arena, &why);
    if (rc == RC_INVALID)
        return action_refuse_value(action, param->name, *value, why, arena, refused);
    return rc;
}

/* Parameters that the action does not declare may not slip by unseen: a plan from data is refused with them. */
static enum rc refuse_unknown(const struct action *action, const struct action_use *use,
                              struct arena *arena, struct slice *refused)
{
    for (size_t i = 0; i < use->n_params; i++)
        if (!parameter_find(&action->private->params, use->params[i].name))
            return action_refuse_value(action, use->params[i].name, (struct slice){ 0 },
                                       SLICE("is not declared"), arena, refused);
    return RC_OK;
}

static enum rc check_values(const struct action *action, const struct value_source *source,
                            struct arena *arena, struct parameter_values *values,
                            struct slice *refused)
{
    const struct parameter_list *params = &action->private->params;

    values->params = params;
    values->items = arena_alloc(arena, params->n_items + 1, sizeof(*values->items));
    if (!values->items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < params->n_items; i++) {
        enum rc rc =
            check_value(action, source, &params->items[i], arena, &values->items[i], refused);

        if (rc)
            return rc;
    }
    return RC_OK;
}

/* -- the step -- */

static enum rc write_params(const struct parameter_values *values, struct arena *arena,
                            struct slice *json)
{
    struct buffer out;
    struct json_writer writer;
    enum rc rc;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    json_object_begin(&writer);
    for (size_t i = 0; i < values->params->n_items; i++) {
        json_key_slice(&writer, values->params->items[i].name);
        json_write_text(&writer, values->items[i]);
    }
    json_object_end(&writer);
    rc = buffer_rc(&out);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&out), json);
    buffer_free(&out);
    return rc;
}

/* Steps outlive the configuration that declared them. */
static enum rc copy_declaration(const struct action *action, struct arena *arena, struct step *step)
{
    enum rc rc;

    step->effect = action->effect;
    step->timeout_ms = action->timeout_ms;
    step->state = STEP_PLANNED;
    rc = arena_copy(arena, action->name, &step->action);
    if (!rc)
        rc = arena_copy(arena, action->undo, &step->undo);
    if (!rc)
        rc = arena_copy(arena, action->user, &step->user);
    if (rc)
        return rc;
    step->env.items = arena_alloc(arena, action->env.n_items + 1, sizeof(*step->env.items));
    if (!step->env.items)
        return RC_NO_MEMORY;
    for (; step->env.n_items < action->env.n_items && !rc; step->env.n_items++)
        rc = arena_copy(arena, action->env.items[step->env.n_items],
                        &step->env.items[step->env.n_items]);
    return rc;
}

/* Its command or request, and its check. */
static enum rc render_deed(const struct action *action, const struct parameter_values *values,
                           struct arena *arena, struct step *step)
{
    struct action_private *private = action->private;
    enum rc rc = declared_command_render(&private->check, values, arena, &step->check);

    if (rc)
        return rc;
    if (action->is_request)
        return declared_request_render(&private->request, values, arena, &step->request);
    return declared_command_render(&private->run, values, arena, &step->argv);
}

static enum rc render_step(const struct action *action, const struct value_source *source,
                           struct arena *arena, struct step *step, struct slice *refused)
{
    struct parameter_values values;
    enum rc rc = check_values(action, source, arena, &values, refused);

    *step = (struct step){ 0 };
    if (!rc)
        rc = copy_declaration(action, arena, step);
    if (!rc)
        rc = write_params(&values, arena, &step->params);
    if (rc)
        return rc;
    rc = render_deed(action, &values, arena, step);
    /* Values that are each short enough may still add up. */
    if (rc == RC_LIMIT)
        rc = action_refuse_name("what would be given to ", action->name, " is too long", arena,
                                refused);
    return rc;
}

static enum rc render_why(const struct template *why, const struct template_values *names,
                          struct arena *arena, struct slice *text)
{
    struct buffer out;
    enum rc rc;

    buffer_init(&out, WHY_MAX_BYTES);
    template_render(why, names, &out, NULL);
    /* Too long a reason is cut: it is told, never acted on. */
    rc = out.out_of_memory ? RC_NO_MEMORY : arena_copy(arena, buffer_slice(&out), text);
    buffer_free(&out);
    return rc;
}

static enum rc find_action(const struct actions *actions, struct slice name, struct arena *arena,
                           const struct action **action, struct slice *refused)
{
    *action = actions_find(actions, name);
    if (*action)
        return RC_OK;
    return action_refuse_name("no action is declared as ", name, "", arena, refused);
}

enum rc action_render(const struct actions *actions, const struct action_use *use,
                      const struct template_values *values, struct arena *arena, struct step *step,
                      struct slice *refused)
{
    struct value_source source = { .use = use, .names = values };
    const struct action *action;
    enum rc rc = find_action(actions, use->action, arena, &action, refused);

    if (!rc)
        rc = refuse_unknown(action, use, arena, refused);
    if (!rc)
        rc = render_step(action, &source, arena, step, refused);
    if (!rc && use->why)
        rc = render_why(use->why, values, arena, &step->why);
    return rc;
}

/* `action` with the parameters of `earlier`, but for the changed ones. */
static enum rc render_after(const struct action *action, const struct step *earlier,
                            const struct json *changes, struct arena *arena, struct step *step,
                            struct slice *refused)
{
    struct value_source source = { .changes = changes };
    struct json_fault fault;
    struct json *params = NULL;
    enum rc rc = json_parse(earlier->params, JSON_LIMITS_DEFAULT, &params, &fault);

    if (rc == RC_NO_MEMORY)
        return rc;
    if (rc) {
        *refused = SLICE("the parameters of the step cannot be read");
        return RC_INVALID;
    }
    source.params = params;
    rc = render_step(action, &source, arena, step, refused);
    json_free(params);
    return rc;
}

enum rc action_render_undo(const struct actions *actions, const struct step *done,
                           struct arena *arena, struct step *undo, struct slice *refused)
{
    const struct action *action;
    enum rc rc = find_action(actions, done->undo, arena, &action, refused);

    if (!rc)
        rc = render_after(action, done, NULL, arena, undo, refused);
    if (!rc)
        rc = arena_format(arena, &undo->why, "Undoes %.*s.", SLICE_ARG(done->action));
    return rc;
}

/* Whoever types a name is told those that there are. */
static enum rc refuse_undeclared(const struct action *action, struct slice name,
                                 struct arena *arena, struct slice *refused)
{
    struct slice names, why;
    enum rc rc = parameters_list_names(&action->private->params, arena, &names);

    if (!rc)
        rc = arena_format(arena, &why, "is not declared; there is: %.*s", SLICE_ARG(names));
    return rc ? rc : action_refuse_value(action, name, (struct slice){ 0 }, why, arena, refused);
}

static enum rc check_changes(const struct action *action, const struct json *changes,
                             struct arena *arena, struct slice *refused)
{
    for (const struct json *change = json_first(changes); change; change = json_next(change)) {
        if (!parameter_find(&action->private->params, json_name(change)))
            return refuse_undeclared(action, json_name(change), arena, refused);
        if (json_type_of(change) != JSON_STRING)
            return action_refuse_value(action, json_name(change), (struct slice){ 0 },
                                       SLICE("is given as something that is no text"), arena,
                                       refused);
    }
    return RC_OK;
}

enum rc action_render_edit(const struct actions *actions, const struct step *step,
                           const struct json *changes, struct arena *arena, struct step *edited,
                           struct slice *refused)
{
    const struct action *action;
    enum rc rc = find_action(actions, step->action, arena, &action, refused);

    if (!rc)
        rc = check_changes(action, changes, arena, refused);
    if (!rc)
        rc = render_after(action, step, changes, arena, edited, refused);
    if (!rc)
        edited->why = step->why;
    return rc;
}
