/* Why, or why not: of an event rule by rule, of a signal gate by gate. */
#include "src/cli/value.h"
#include "src/cli/views.h"

static void show_list(const char *name, const struct json *list, struct buffer *out)
{
    struct buffer text;

    if (!json_first(list))
        return;
    buffer_init(&text, 0);
    value_show_list(list, ", ", &text);
    view_member(name, buffer_slice(&text), out);
    buffer_free(&text);
}

/* --- gates --- */

static void show_gate(const struct screen *screen, const struct json *gate, struct buffer *out)
{
    bool passed = value_is_true(gate, "passed");
    const struct json *wanted = json_get_text(gate, "wanted");
    const struct json *saw = json_get_text(gate, "saw");

    show_colour(screen, out, passed ? COLOUR_GOOD : COLOUR_BAD);
    buffer_add_text(out, passed ? "    passed  " : "    failed  ");
    show_colour(screen, out, COLOUR_NONE);
    show_text(out, value_text(gate, "name"));
    if (wanted) {
        buffer_add_text(out, ": wanted ");
        value_show(wanted, out);
    }
    buffer_add_text(out, wanted ? ", saw " : ": ");
    if (saw)
        value_show(saw, out);
    else
        buffer_add_text(out, wanted ? "nothing" : "clear");
    buffer_add_text(out, "\n");
}

static void show_gates(const struct screen *screen, const struct json *gates, struct buffer *out)
{
    for (const struct json *gate = json_first(gates); gate; gate = json_next(gate))
        show_gate(screen, gate, out);
}

/* --- rules, the nearest first --- */

/* How a rule took the event; those of a kind stand together, in this order. */
enum standing { STANDS_MATCHED, STANDS_NEAR, STANDS_MISSED, STANDS_APART, STANDINGS };

static enum standing standing_of(const struct json *rule)
{
    const struct json *gate = json_first(json_get_text(rule, "gates"));

    if (value_is_true(rule, "matched") || value_is_true(rule, "clears"))
        return STANDS_MATCHED;
    if (json_get_text(rule, "missed"))
        return value_int(rule, "missed") == 1 ? STANDS_NEAR : STANDS_MISSED;
    /* Of the first gate alone there is nothing more to say than that it is about something else. */
    return slice_eq(value_text(gate, "name"), SLICE("on")) && !json_next(gate) ? STANDS_APART
                                                                               : STANDS_MISSED;
}

static void show_verdict(const struct json *rule, enum standing standing, struct buffer *out)
{
    if (value_is_true(rule, "clears"))
        buffer_add_text(out, ": clears");
    else if (standing == STANDS_MATCHED)
        buffer_add_text(out, ": matched");
    else
        buffer_add_text(out, standing == STANDS_NEAR ? ": not matched, by one clause alone"
                                                     : ": not matched");
}

static void show_rule(const struct screen *screen, const struct json *rule, enum standing standing,
                      struct buffer *out)
{
    const struct json *signal = json_get_text(rule, "signal");

    buffer_add_text(out, "  ");
    show_text(out, value_text(rule, "rule"));
    show_verdict(rule, standing, out);
    if (signal) {
        buffer_add_text(out, "; its signal ");
        show_text(out, value_text(signal, "id"));
        buffer_add_text(out, " is ");
        show_word(screen, out, value_text(signal, "state"));
        buffer_format(out, ", count %lld", (long long)value_int(signal, "count"));
    }
    buffer_add_text(out, "\n");
    if (!value_is_true(rule, "clears"))
        show_gates(screen, json_get_text(rule, "gates"), out);
}

/* "  not on deploy: ci-red, ci-slow" */
static void show_apart(const struct json *rules, struct buffer *out)
{
    const struct json *saw = NULL;

    for (const struct json *rule = json_first(rules); rule; rule = json_next(rule)) {
        if (standing_of(rule) != STANDS_APART)
            continue;
        if (!saw) {
            saw = json_get_text(json_first(json_get_text(rule, "gates")), "saw");
            buffer_add_text(out, "  not on ");
            value_show(saw, out);
            buffer_add_text(out, ": ");
        } else {
            buffer_add_text(out, ", ");
        }
        show_text(out, value_text(rule, "rule"));
    }
    if (saw)
        buffer_add_text(out, "\n");
}

static void show_rules(const struct screen *screen, const struct json *rules, struct buffer *out)
{
    for (int standing = 0; standing < STANDS_APART; standing++)
        for (const struct json *rule = json_first(rules); rule; rule = json_next(rule))
            if (standing_of(rule) == (enum standing)standing)
                show_rule(screen, rule, (enum standing)standing, out);
    show_apart(rules, out);
}

/* --- all of it --- */

static void show_subject(const struct screen *screen, const struct json *explanation,
                         struct buffer *out)
{
    struct slice signal = value_text(explanation, "signal");

    show_colour(screen, out, COLOUR_STRONG);
    show_text(out, signal.len ? signal : value_text(explanation, "event"));
    show_colour(screen, out, COLOUR_NONE);
    buffer_add_text(out, " ");
    show_text(out, value_text(explanation, "title"));
    buffer_add_text(out, "\n");
    view_member("watcher", value_text(explanation, "watcher"), out);
    view_member("rule", value_text(explanation, "rule"), out);
    view_member("kind", value_text(explanation, "kind"), out);
    view_member("state", value_text(explanation, "state"), out);
    view_member("dead", value_text(explanation, "dead"), out);
    view_member("near miss", value_text(explanation, "near_miss"), out);
    if (slice_eq(value_text(explanation, "folded"), SLICE("false")))
        view_member("folded", SLICE("not yet"), out);
    show_list("events", json_get_text(explanation, "events"), out);
}

void view_explanation(const struct screen *screen, const struct json *explanation,
                      struct buffer *out)
{
    show_subject(screen, explanation, out);
    show_rules(screen, json_get_text(explanation, "rules"), out);
    show_gates(screen, json_get_text(explanation, "gates"), out);
}
