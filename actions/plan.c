#include "actions/plan.h"

#include "actions/action_private.h"
#include "actions/wording.h"
#include "src/base/digest.h"

#define PLAN_MAX_STEPS 32
#define VALUE_TOLD_BYTES 80
#define CHANGES_TOLD_BYTES 400

static bool is_allowed(struct slice action, struct slice_list allow)
{
    for (size_t i = 0; i < allow.n_items; i++)
        if (slice_eq(allow.items[i], action))
            return true;
    return false;
}

/* What taking it back would do is part of what is approved: it is rendered with the step, and nothing renders again later. */
static enum rc render_undo(const struct actions *actions, struct step *step, struct arena *arena,
                           struct slice *refused)
{
    struct step *undo;
    enum rc rc;

    if (slice_is_absent(step->undo))
        return RC_OK;
    undo = arena_alloc(arena, 1, sizeof(*undo));
    if (!undo)
        return RC_NO_MEMORY;
    rc = action_render_undo(actions, step, arena, undo, refused);
    step->undo_step = (struct record_list){ .items = undo, .n_items = 1 };
    return rc;
}

enum rc plan_render(const struct actions *actions, const struct action_use *uses, size_t n_uses,
                    struct slice_list allow, const struct template_values *values,
                    struct arena *arena, struct record_list *steps, struct slice *refused)
{
    struct step *items;

    if (n_uses > PLAN_MAX_STEPS) {
        *refused = SLICE("a plan has at most 32 steps");
        return RC_INVALID;
    }
    items = arena_alloc(arena, n_uses + 1, sizeof(*items));
    if (!items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_uses; i++) {
        enum rc rc;

        if (!is_allowed(uses[i].action, allow))
            return action_refuse_name("the rule does not allow the action ", uses[i].action, "",
                                      arena, refused);
        rc = action_render(actions, &uses[i], values, arena, &items[i], refused);
        if (!rc)
            rc = render_undo(actions, &items[i], arena, refused);
        if (rc)
            return rc;
    }
    *steps = (struct record_list){ .items = items, .n_items = n_uses };
    return RC_OK;
}

/* -- an edit -- */

static void tell_value(struct slice value, struct buffer *out)
{
    bool is_cut;
    struct slice text = text_cut(value, VALUE_TOLD_BYTES, &is_cut);

    if (slice_is_absent(value)) {
        buffer_add_text(out, "nothing");
        return;
    }
    buffer_add_byte(out, '"');
    buffer_add_shown(out, text);
    buffer_add_text(out, is_cut ? "…\"" : "\"");
}

/* What of the step was given another value than it had. */
static void tell_changes(size_t number, const struct json *before, const struct json *changes,
                         struct buffer *out)
{
    for (const struct json *change = json_first(changes); change; change = json_next(change)) {
        struct slice was = json_string(json_get(before, json_name(change)));

        if (slice_eq(was, json_string(change)))
            continue;
        buffer_add_text(out, out->len ? ", `" : "`");
        buffer_add_shown(out, json_name(change));
        buffer_format(out, "` of step %zu from ", number);
        tell_value(was, out);
        buffer_add_text(out, " to ");
        tell_value(json_string(change), out);
    }
}

static enum rc edit_step(const struct actions *actions, const struct step *step,
                         const struct json *changes, struct arena *arena, struct step *edited,
                         struct slice *refused)
{
    enum rc rc;

    if (json_type_of(changes) != JSON_OBJECT) {
        *refused = SLICE("its parameters are an object of texts");
        return RC_INVALID;
    }
    rc = action_render_edit(actions, step, changes, arena, edited, refused);
    return rc ? rc : render_undo(actions, edited, arena, refused);
}

static enum rc edit_steps(const struct actions *actions, const struct record_list *plan,
                          const struct json *params, struct arena *arena, struct plan_edit *edit,
                          struct buffer *told)
{
    const struct step *steps = plan->items;
    struct step *edited = arena_alloc(arena, plan->n_items + 1, sizeof(*edited));
    const struct json *changes = json_first(params);

    if (!edited)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < plan->n_items; i++, changes = json_next(changes)) {
        struct slice why = { 0 };
        struct json *before = NULL;
        struct json_fault fault;
        enum rc rc = edit_step(actions, &steps[i], changes, arena, &edited[i], &why);

        if (rc == RC_INVALID)
            rc = arena_format(arena, &edit->refused, "step %zu: %.*s", i + 1, SLICE_ARG(why));
        if (rc || !slice_is_absent(edit->refused))
            return rc ? rc : RC_INVALID;
        rc = json_parse(steps[i].params, JSON_LIMITS_DEFAULT, &before, &fault);
        if (rc)
            return rc;
        tell_changes(i + 1, before, changes, told);
        json_free(before);
    }
    edit->plan = (struct record_list){ .items = edited, .n_items = plan->n_items };
    return RC_OK;
}

static enum rc refuse_number(const struct json *params, size_t n_steps, struct arena *arena,
                             struct slice *refused)
{
    enum rc rc;

    if (json_type_of(params) != JSON_ARRAY) {
        *refused = SLICE("`params` is a list with an object for each step");
        return RC_INVALID;
    }
    if (json_count(params) == n_steps)
        return RC_OK;
    rc = arena_format(arena, refused,
                      "`params` has an object for each step: there are %zu, and %zu are given",
                      n_steps, json_count(params));
    return rc ? rc : RC_INVALID;
}

static enum rc edit_parsed(const struct actions *actions, const struct record_list *plan,
                           const struct json *params, struct arena *arena, struct plan_edit *edit)
{
    enum rc rc = refuse_number(params, plan->n_items, arena, &edit->refused);
    struct buffer told;

    if (rc)
        return rc;
    buffer_init(&told, 0);
    rc = edit_steps(actions, plan, params, arena, edit, &told);
    if (!rc)
        rc = buffer_rc(&told);
    if (!rc && told.len)
        rc = arena_copy(arena, text_cut(buffer_slice(&told), CHANGES_TOLD_BYTES, NULL),
                        &edit->changes);
    buffer_free(&told);
    return rc;
}

enum rc plan_edit(const struct actions *actions, const struct record_list *plan,
                  struct slice params, struct arena *arena, struct plan_edit *edit)
{
    struct json *parsed = NULL;
    struct json_fault fault;
    enum rc rc;

    *edit = (struct plan_edit){ 0 };
    if (params.len > PLAN_EDIT_MAX_BYTES) {
        edit->refused = SLICE("the parameters of an edit are at most 16 KiB together");
        return RC_INVALID;
    }
    rc = json_parse(params, JSON_LIMITS_DEFAULT, &parsed, &fault);
    if (rc == RC_INVALID || rc == RC_LIMIT)
        edit->refused = SLICE("`params` cannot be read");
    if (!rc)
        rc = edit_parsed(actions, plan, parsed, arena, edit);
    json_free(parsed);
    return rc == RC_LIMIT ? RC_INVALID : rc;
}

/* -- the digest -- */

/* A record does not tell empty from absent: what was stored must come to the same digest as what was rendered. */
static struct slice or_empty(struct slice text)
{
    return text.len ? text : SLICE("");
}

static void write_texts(struct json_writer *writer, const char *name, struct slice_list texts)
{
    json_key(writer, name);
    json_array_begin(writer);
    for (size_t i = 0; i < texts.n_items; i++)
        json_write_text(writer, or_empty(texts.items[i]));
    json_array_end(writer);
}

static void write_text(struct json_writer *writer, const char *name, struct slice text)
{
    json_key(writer, name);
    json_write_text(writer, or_empty(text));
}

/* Every member always, absent ones empty: no two plans may come to the same bytes. What a run adds (state, output, times) is left out, and so is
 * why, which is told and not done. */
static void write_step_members(struct json_writer *writer, const struct step *step)
{
    write_text(writer, "action", step->action);
    write_texts(writer, "argv", step->argv);
    write_text(writer, "request", step->request);
    write_texts(writer, "env", step->env);
    write_text(writer, "user", step->user);
    write_texts(writer, "check", step->check);
    write_text(writer, "undo", step->undo);
    json_member_int(writer, "timeout_ms", step->timeout_ms);
    json_member_int(writer, "effect", step->effect);
}

static void write_step(struct json_writer *writer, const struct step *step)
{
    json_object_begin(writer);
    write_step_members(writer, step);
    json_key(writer, "undo_step");
    json_object_begin(writer);
    if (step->undo_step.n_items)
        write_step_members(writer, step->undo_step.items);
    json_object_end(writer);
    json_object_end(writer);
}

static void write_plan(struct json_writer *writer, const struct proposal *proposal)
{
    const struct step *steps = proposal->plan.items;
    char id[ULID_TEXT_BYTES];

    json_object_begin(writer);
    write_text(writer, "proposal", slice_of(ulid_format(proposal->id, id)));
    json_member_int(writer, "revision", proposal->revision);
    write_text(writer, "rule", proposal->rule);
    write_text(writer, "rule_version", proposal->rule_version);
    json_member_int(writer, "expires_ms", proposal->expires_ms);
    json_key(writer, "steps");
    json_array_begin(writer);
    for (size_t i = 0; i < proposal->plan.n_items; i++)
        write_step(writer, &steps[i]);
    json_array_end(writer);
    json_object_end(writer);
}

enum rc plan_digest(const struct proposal *proposal, struct arena *arena, struct slice *digest)
{
    char hex[SHA256_HEX_BYTES];
    struct sha256 sha256;
    struct json_writer writer;
    struct buffer canonical;
    enum rc rc;

    buffer_init(&canonical, 0);
    writer = json_writer_to(&canonical);
    write_plan(&writer, proposal);
    rc = buffer_rc(&canonical);
    if (!rc)
        rc = sha256_of(buffer_slice(&canonical), &sha256);
    buffer_free(&canonical);
    if (rc)
        return rc;
    return arena_copy(arena, slice_of(hex_format(sha256.bytes, SHA256_BYTES, hex)), digest);
}

/* -- the same plan again -- */

static bool same_texts(struct slice_list a, struct slice_list b)
{
    if (a.n_items != b.n_items)
        return false;
    for (size_t i = 0; i < a.n_items; i++)
        if (!slice_eq(or_empty(a.items[i]), or_empty(b.items[i])))
            return false;
    return true;
}

bool plan_same_steps(const struct record_list *a, const struct record_list *b)
{
    const struct step *of_a = a->items;
    const struct step *of_b = b->items;

    if (a->n_items != b->n_items)
        return false;
    for (size_t i = 0; i < a->n_items; i++)
        if (!slice_eq(of_a[i].action, of_b[i].action) || !same_texts(of_a[i].argv, of_b[i].argv) ||
            !slice_eq(or_empty(of_a[i].request), or_empty(of_b[i].request)))
            return false;
    return true;
}
