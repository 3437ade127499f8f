/* Why, or why not: of an event rule by rule, of a signal gate by gate. */
#include "src/cli/value.h"
#include "src/cli/views.h"

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

/* "on", "when.having.on" */
static bool is_named(struct slice gate, struct slice name)
{
    return slice_ends(gate, name) &&
           (gate.len == name.len || gate.ptr[gate.len - name.len - 1] == '.');
}

/* Of all its filters nothing was looked at but what they are on: it is about something else. */
static bool is_apart(const struct json *gates)
{
    for (const struct json *gate = json_first(gates); gate; gate = json_next(gate)) {
        if (!is_named(value_text(gate, "name"), SLICE("on")) || value_is_true(gate, "passed"))
            return false;
    }
    return json_first(gates) != NULL;
}

static enum standing standing_of(const struct json *rule)
{
    if (value_is_true(rule, "matched") || value_is_true(rule, "clears"))
        return STANDS_MATCHED;
    if (json_get_text(rule, "missed"))
        return value_int(rule, "missed") == 1 ? STANDS_NEAR : STANDS_MISSED;
    return is_apart(json_get_text(rule, "gates")) ? STANDS_APART : STANDS_MISSED;
}

/* "when.not_followed_by", where the `on` of that filter stands; absent: another gate, or the rule's own filter. */
static struct slice filter_begun(struct slice gate)
{
    const struct slice end = SLICE(".on");

    return slice_ends(gate, end) ? (struct slice){ gate.ptr, gate.len - end.len }
                                 : (struct slice){ 0 };
}

/* As which a gate counts that the event failed: an event of another kind, or without the text, came near nothing. */
static size_t weight_of(const struct json *gate)
{
    struct slice name = value_text(gate, "name");

    if (value_is_true(gate, "passed"))
        return 0;
    return is_named(name, SLICE("on")) || is_named(name, SLICE("match")) ? 2 : 1;
}

/* The first filter that one gate alone failed: its gates stand from its `on` up to the next. Absent: it is the rule's own. */
static struct slice near_filter(const struct json *rule)
{
    struct slice filter = { 0 };
    size_t n_failed = 0;

    for (const struct json *gate = json_first(json_get_text(rule, "gates")); gate;
         gate = json_next(gate)) {
        struct slice begun = filter_begun(value_text(gate, "name"));

        if (begun.len && n_failed == 1)
            break;
        if (begun.len) {
            filter = begun;
            n_failed = 0;
        }
        n_failed += weight_of(gate);
    }
    return filter;
}

static void show_verdict(const struct json *rule, enum standing standing, struct buffer *out)
{
    struct slice filter;

    if (value_is_true(rule, "clears")) {
        buffer_add_text(out, ": clears");
    } else if (standing == STANDS_MATCHED) {
        buffer_add_text(out, ": matched");
    } else if (standing == STANDS_NEAR) {
        filter = near_filter(rule);
        buffer_add_text(out, ": not matched, ");
        if (filter.len)
            show_text(out, filter);
        buffer_add_text(out, filter.len ? " by one clause alone" : "by one clause alone");
    } else {
        buffer_add_text(out, ": not matched");
    }
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
    struct slice title = value_text(explanation, "title");

    show_colour(screen, out, COLOUR_STRONG);
    show_text(out, signal.len ? signal : value_text(explanation, "event"));
    show_colour(screen, out, COLOUR_NONE);
    if (title.len)
        buffer_add_text(out, " ");
    show_text(out, title);
    buffer_add_text(out, "\n");
    view_member("watcher", value_text(explanation, "watcher"), out);
    view_member("rule", value_text(explanation, "rule"), out);
    view_list_member("key", json_get_text(explanation, "key"), out);
    view_member("kind", value_text(explanation, "kind"), out);
    view_member("state", value_text(explanation, "state"), out);
    view_member("dead", value_text(explanation, "dead"), out);
    view_member("near miss", value_text(explanation, "near_miss"), out);
    if (slice_eq(value_text(explanation, "folded"), SLICE("false")))
        view_member("folded", SLICE("not yet"), out);
    view_list_member("events", json_get_text(explanation, "events"), out);
}

void view_explanation(const struct screen *screen, const struct json *explanation,
                      struct buffer *out)
{
    show_subject(screen, explanation, out);
    show_rules(screen, json_get_text(explanation, "rules"), out);
    show_gates(screen, json_get_text(explanation, "gates"), out);
}
