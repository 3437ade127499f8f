#include "src/engine/rule_test_private.h"

#include "src/base/buffer.h"

#define CAME_MAX_LINES 30
#define WHY_MAX_LINES 12
#define VALUE_MAX_BYTES 120

/* -- what came -- */

static void tell_change(const struct change_seen *change, struct buffer *out)
{
    buffer_add_text(out, "  ");
    rule_test_show_change(NULL, change, out);
    if (change->cause)
        buffer_format(out, "  # line %u", change->cause->node->mark.line);
    if (change->signal && change->signal->hold.reason)
        buffer_format(out, ", held back: %s%s%.*s", hold_reason_names[change->signal->hold.reason],
                      change->signal->hold.detail.len ? ", " : "",
                      SLICE_ARG(change->signal->hold.detail));
    buffer_add_text(out, "\n");
}

static void tell_changes(const struct test_run *run, struct buffer *out)
{
    size_t n_shown = run->n_seen < CAME_MAX_LINES ? run->n_seen : CAME_MAX_LINES;

    buffer_add_text(out, run->n_seen ? "what came:\n" : "nothing came\n");
    for (size_t i = 0; i < n_shown; i++)
        tell_change(&run->seen[i], out);
    if (run->n_seen > n_shown)
        buffer_format(out, "  … and %zu more\n", run->n_seen - n_shown);
}

/* -- why something did not -- */

struct telling {
    struct test_run *run;
    const struct rule *rule;
    size_t n_lines;
    struct buffer *out;
};

static struct slice cut(struct slice text)
{
    if (text.len > VALUE_MAX_BYTES)
        text.len = VALUE_MAX_BYTES;
    return text;
}

static const struct gate *first_failed(const struct gate *gates, size_t n_gates)
{
    for (size_t i = 0; i < n_gates; i++)
        if (!gates[i].passed)
            return &gates[i];
    return NULL;
}

static void tell_gate(const struct telling *telling, const struct event_heard *heard,
                      const struct gate *gate)
{
    struct buffer *out = telling->out;

    if (heard->cause)
        buffer_format(out, "  line %u", heard->cause->node->mark.line);
    else
        buffer_add_text(out, "  what time made");
    buffer_format(out, " does not match %.*s: ", SLICE_ARG(telling->rule->id));
    buffer_add(out, gate->name);
    buffer_add_text(out, " wants ");
    buffer_add(out, cut(gate->wanted));
    if (slice_is_absent(gate->saw)) {
        buffer_add_text(out, ", which the event lacks");
    } else {
        buffer_add_text(out, ", saw ");
        buffer_add(out, slice_trim(cut(gate->saw)));
    }
    buffer_add_text(out, "\n");
}

/* An event that clears is no match, and what we make ourselves is for those who ask for it. */
static bool is_beside_the_point(const struct event *event, const struct gate *failed)
{
    return slice_eq(failed->name, SLICE("clear")) ||
           (event->door != DOOR_DATA && slice_eq(failed->name, SLICE("on")));
}

/* Many alike stand in one line of the file, or in one file of lines. */
static void tell_once(struct telling *telling, const struct event_heard *heard,
                      const struct gate *failed)
{
    size_t before = telling->out->len;
    struct slice told, line;
    size_t offset;

    tell_gate(telling, heard, failed);
    told = line = buffer_slice(telling->out);
    told.len = before;
    line.ptr += before;
    line.len -= before;
    if (!slice_find(told, line, &offset) || telling->n_lines++ >= WHY_MAX_LINES)
        telling->out->len = before;
}

/* The first gate that it failed; nothing of an event that matched. */
static enum rc tell_event(struct telling *telling, const struct event_heard *heard)
{
    struct rule_test_suite *suite = telling->run->suite;
    struct gate *gates = NULL;
    const struct gate *failed;
    size_t n_gates = 0;
    bool matched = false;
    enum rc rc = match_explain(suite->matcher, telling->rule, &heard->event, telling->run->arena,
                               &gates, &n_gates, &matched);

    failed = rc || matched ? NULL : first_failed(gates, n_gates);
    if (!failed || is_beside_the_point(&heard->event, failed))
        return rc;
    tell_once(telling, heard, failed);
    return RC_OK;
}

/* A key that was forgotten in between is another signal, and the same to its reader. */
static bool is_told_before(const struct test_run *run, const struct change_seen *change)
{
    for (const struct change_seen *other = run->seen; other < change; other++)
        if (!other->is_proposal && other->signal && slice_eq(other->rule, change->rule) &&
            slice_list_eq(&other->key, &change->key))
            return true;
    return false;
}

static void add_key(struct buffer *out, const struct slice_list *key)
{
    for (size_t i = 0; i < key->n_items; i++) {
        buffer_add_text(out, i ? ", " : " [");
        buffer_add_shown(out, key->items[i]);
    }
    buffer_add_text(out, key->n_items ? "]" : "");
}

/* How far each of its signals is in the end, where it does not fire. */
static enum rc tell_progress(struct telling *telling, const struct change_seen *change)
{
    struct test_run *run = telling->run;
    struct signal signal = { 0 };
    struct slice progress = { 0 };
    enum rc rc;

    if (change->is_proposal || !change->signal || !slice_eq(change->rule, telling->rule->id) ||
        is_told_before(run, change))
        return RC_OK;
    rc = simulation_signal(run->simulation, telling->rule, &change->key, run->arena, &signal);
    if (!rc && signal.state == SIGNAL_PENDING)
        rc = simulation_progress(run->simulation, telling->rule, &signal, run->arena, &progress);
    if (rc == RC_NOT_FOUND || slice_is_absent(progress))
        return RC_OK;
    buffer_format(telling->out, "  %.*s", SLICE_ARG(telling->rule->id));
    add_key(telling->out, &change->key);
    buffer_format(telling->out, " is pending in the end: %.*s\n", SLICE_ARG(progress));
    return rc;
}

static enum rc tell_rule(struct test_run *run, const struct rule *rule, struct buffer *out)
{
    struct telling telling = { .run = run, .rule = rule, .out = out };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < run->n_heard && !rc; i++)
        rc = tell_event(&telling, &run->heard[i]);
    if (telling.n_lines > WHY_MAX_LINES)
        buffer_format(out, "  … and %zu events more\n", telling.n_lines - WHY_MAX_LINES);
    for (size_t i = 0; i < run->n_seen && !rc; i++)
        rc = tell_progress(&telling, &run->seen[i]);
    return rc;
}

/* An expectation that failed names the rule. */
static bool is_missed(const struct test_run *run, struct slice rule)
{
    for (size_t i = 0; i < run->text.n_expectations; i++) {
        const struct expectation *wanted = &run->text.expectations[i];

        for (size_t j = 0; slice_eq(wanted->rule, rule) && j < run->n_failures; j++)
            if (run->failures[j].mark.line == wanted->node->mark.line &&
                run->failures[j].mark.column == wanted->node->mark.column)
                return true;
    }
    return false;
}

enum rc rule_test_tell(struct test_run *run, struct slice *text)
{
    const struct ruleset *ruleset = run->suite->ruleset;
    struct buffer came, why;
    enum rc rc = RC_OK;

    buffer_init(&came, (size_t)1 << 20);
    buffer_init(&why, (size_t)1 << 20);
    tell_changes(run, &came);
    for (size_t i = 0; i < ruleset->n_rules && !rc; i++)
        if (is_missed(run, ruleset->rules[i].id))
            rc = tell_rule(run, &ruleset->rules[i], &why);
    if (why.len)
        buffer_add_text(&came, "why not more:\n");
    buffer_add(&came, buffer_slice(&why));
    if (!rc)
        rc = arena_copy(run->arena, buffer_slice(&came), text);
    buffer_free(&came);
    buffer_free(&why);
    return rc;
}
