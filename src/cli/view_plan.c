#include "src/cli/value.h"
#include "src/cli/views.h"

#define DIGEST_SHORT 12
#define OUTPUT_LINES 20
#define LABEL_COLUMNS 9

static void label(struct buffer *out, const char *text)
{
    buffer_format(out, "     %-*s", LABEL_COLUMNS, text);
}

static void show_argv(const struct json *argv, struct buffer *out)
{
    for (const struct json *argument = json_first(argv); argument; argument = json_next(argument)) {
        if (argument != json_first(argv))
            buffer_add_byte(out, ' ');
        show_argument(out, json_text(argument));
    }
    buffer_add_text(out, "\n");
}

static void show_request(const struct json *request, struct buffer *out)
{
    const struct json *headers = json_get_text(request, "headers");
    const struct json *body = json_get_text(request, "json");

    label(out, "request");
    show_text(out, value_text(request, "method"));
    buffer_add_text(out, " ");
    show_text(out, value_text(request, "url"));
    buffer_add_text(out, "\n");
    for (const struct json *header = json_first(headers); header; header = json_next(header)) {
        label(out, "");
        show_text(out, json_name(header));
        buffer_add_text(out, ": ");
        show_text(out, json_text(header));
        buffer_add_text(out, "\n");
    }
    if (!body)
        return;
    label(out, "");
    value_show(body, out);
    buffer_add_text(out, "\n");
}

static void show_effect(const struct json *step, struct buffer *out)
{
    int64_t timeout_ms = value_int(step, "timeout_ms");
    char text[TIME_TEXT_BYTES];
    struct slice undo = value_text(step, "undo");
    struct slice user = value_text(step, "user");

    buffer_add_text(out, "   effect ");
    show_text(out, value_text(step, "effect"));
    buffer_add_text(out, ", ");
    if (undo.len)
        buffer_add_text(out, "undone by ");
    show_text(out, undo.len ? undo : SLICE("cannot be undone"));
    if (user.len) {
        buffer_add_text(out, ", as user ");
        show_text(out, user);
    }
    if (timeout_ms)
        buffer_format(out, ", at most %s", duration_format(timeout_ms, text));
    buffer_add_text(out, "\n");
}

static void show_output(const struct json *step, struct buffer *out)
{
    struct slice output = value_text(step, "output");

    if (!output.len)
        return;
    show_block(out, "       | ", output, OUTPUT_LINES);
}

void view_step_outcome(const struct screen *screen, const struct json *step, struct buffer *out)
{
    struct slice error = value_text(step, "error");
    int64_t started_ms = 0, finished_ms = 0;

    label(out, "");
    show_word(screen, out, value_text(step, "state"));
    if (value_time(step, "started", &started_ms) && value_time(step, "finished", &finished_ms))
        buffer_format(out, " in %.1f s", (double)(finished_ms - started_ms) / 1000);
    if (value_int(step, "exit_code"))
        buffer_format(out, ", exit %lld", (long long)value_int(step, "exit_code"));
    if (error.len) {
        buffer_add_text(out, ": ");
        show_text(out, error);
    }
    buffer_add_text(out, "\n");
    show_output(step, out);
}

/* What `vedette edit` takes: `1.run` is the `run` of step 1. */
static void show_params(const struct json *params, struct buffer *out)
{
    for (const struct json *param = json_first(params); param; param = json_next(param)) {
        label(out, param == json_first(params) ? "with" : "");
        show_text(out, json_name(param));
        buffer_add_byte(out, '=');
        show_argument(out, json_text(param));
        buffer_add_text(out, "\n");
    }
}

static void show_step(const struct screen *screen, const struct json *step, size_t number,
                      struct buffer *out)
{
    const struct json *check = json_get_text(step, "check");
    struct slice why = value_text(step, "why");

    buffer_format(out, "  %zu. ", number);
    show_colour(screen, out, COLOUR_STRONG);
    show_text(out, value_text(step, "action"));
    show_colour(screen, out, COLOUR_NONE);
    show_effect(step, out);
    if (json_get_text(step, "argv")) {
        label(out, "runs");
        show_argv(json_get_text(step, "argv"), out);
    }
    if (json_get_text(step, "request"))
        show_request(json_get_text(step, "request"), out);
    show_params(json_get_text(step, "params"), out);
    if (why.len) {
        label(out, "why");
        show_text(out, why);
        buffer_add_text(out, "\n");
    }
    if (json_first(check)) {
        label(out, "if");
        show_argv(check, out);
    }
    if (json_get_text(step, "state") && !slice_eq(value_text(step, "state"), SLICE("planned")))
        view_step_outcome(screen, step, out);
}

void view_plan(const struct screen *screen, const struct json *proposal, struct buffer *out)
{
    const struct json *plan = json_get_text(proposal, "plan");
    struct slice digest = value_text(proposal, "plan_digest");
    struct slice refused = value_text(proposal, "refused");
    struct slice edited = value_text(proposal, "edited");
    size_t number = 0;

    view_heading(screen, "Plan", out);
    for (const struct json *step = json_first(plan); step; step = json_next(step))
        show_step(screen, step, ++number, out);
    if (!number)
        buffer_add_text(out, "  Nothing would be done: this is for you to read.\n");
    if (edited.len) {
        buffer_add_text(out, "  ");
        show_text(out, edited);
        buffer_add_text(out, "\n");
    }
    if (refused.len) {
        buffer_add_text(out, "  No plan is offered: ");
        show_text(out, refused);
        buffer_add_text(out, "\n");
    }
    if (!number || !digest.len)
        return;
    buffer_add_text(out, "  digest ");
    show_text(out,
              (struct slice){ digest.ptr, digest.len < DIGEST_SHORT ? digest.len : DIGEST_SHORT });
    buffer_format(out, ", revision %lld\n", (long long)value_int(proposal, "revision"));
}
