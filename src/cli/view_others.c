#include "src/cli/value.h"
#include "src/cli/views.h"

static void show_title(const struct screen *screen, struct slice title, struct slice state,
                       struct buffer *out)
{
    show_colour(screen, out, COLOUR_STRONG);
    show_text(out, title);
    show_colour(screen, out, COLOUR_NONE);
    buffer_add_text(out, "  ");
    show_word(screen, out, state);
    buffer_add_text(out, "\n");
}

/* --- tasks --- */

void view_task(const struct screen *screen, const struct json *task, struct buffer *out)
{
    const struct json *scope = json_get_text(task, "scope");

    show_title(screen, value_text(task, "question"), value_text(task, "state"), out);
    view_member("id", value_text(task, "id"), out);
    view_member("rule", value_text(task, "rule"), out);
    view_list_member("signals", json_get_text(task, "signals"), out);
    view_member("reason", value_text(task, "reason"), out);
    view_list_member("in scope", json_get_text(scope, "in"), out);
    view_list_member("out of it", json_get_text(scope, "out"), out);
    view_list_member("constraints", json_get_text(task, "constraints"), out);
    view_list_member("criteria", json_get_text(task, "criteria"), out);
    view_time_member(screen, "created", task, "created", out);
    view_time_member(screen, "finished", task, "finished", out);
    view_time_member(screen, "deadline", task, "deadline", out);
    view_evidence(screen, json_get_text(task, "evidence"), 0, out);
    view_diagnosis(screen, json_get_text(task, "diagnosis"), out);
}

/* --- signals --- */

/* "inhibited, db-down (shop), until …" */
static void show_hold(const struct screen *screen, const struct json *hold, struct buffer *out)
{
    struct slice detail = value_text(hold, "detail");
    struct buffer text;
    int64_t until_ms;

    if (!hold)
        return;
    buffer_init(&text, 0);
    buffer_add(&text, value_text(hold, "reason"));
    if (detail.len)
        buffer_add_text(&text, ", ");
    buffer_add(&text, detail);
    if (value_time(hold, "until", &until_ms)) {
        buffer_add_text(&text, ", until ");
        show_time(screen, &text, until_ms, false);
    }
    view_member("held back", buffer_slice(&text), out);
    buffer_free(&text);
}

void view_signal(const struct screen *screen, const struct json *signal, struct slice progress,
                 struct buffer *out)
{
    struct slice title = value_text(signal, "title");

    /* Nothing has matched yet, as with a key that is expected. */
    show_title(screen, title.len ? title : value_text(signal, "rule"), value_text(signal, "state"),
               out);
    view_member("id", value_text(signal, "id"), out);
    view_member("rule", value_text(signal, "rule"), out);
    view_list_member("key", json_get_text(signal, "key"), out);
    view_member("severity", value_text(signal, "severity"), out);
    view_member("count", value_text(signal, "count"), out);
    view_member("progress", progress, out);
    view_member("late", value_text(signal, "late"), out);
    view_time_member(screen, "first seen", signal, "first_seen", out);
    view_time_member(screen, "last seen", signal, "last_seen", out);
    view_member("last good", value_text(signal, "last_good"), out);
    view_member("first bad", value_text(signal, "first_bad"), out);
    view_time_member(screen, "fired", signal, "fired", out);
    view_time_member(screen, "resolved", signal, "resolved", out);
    view_member("resolved by", value_text(signal, "resolved_by"), out);
    view_time_member(screen, "cools down", signal, "cooldown_until", out);
    show_hold(screen, json_get_text(signal, "held"), out);
    view_member("task", value_text(signal, "task"), out);
    view_member("proposal", value_text(signal, "proposal"), out);
    view_list_member("samples", json_get_text(signal, "samples"), out);
    view_heading(screen, "Fields of the latest match", out);
    value_show_paths(json_get_text(signal, "fields"), out);
}

/* --- events --- */

void view_event(const struct screen *screen, const struct json *event, struct buffer *out)
{
    show_title(screen, value_text(event, "title"), value_text(event, "state"), out);
    value_show_paths(event, out);
}

/* --- silences --- */

void view_silence(const struct screen *screen, const struct json *silence, struct buffer *out)
{
    struct buffer where;

    buffer_init(&where, 0);
    value_show_pairs(json_get_text(silence, "where"), &where);
    show_title(screen, value_text(silence, "reason"), value_text(silence, "state"), out);
    view_member("id", value_text(silence, "id"), out);
    view_member("where", buffer_slice(&where), out);
    view_member("by", value_text(silence, "by"), out);
    view_time_member(screen, "created", silence, "created", out);
    view_time_member(screen, "until", silence, "until", out);
    view_time_member(screen, "ended", silence, "ended", out);
    view_member("ended by", value_text(silence, "ended_by"), out);
    buffer_free(&where);
}
