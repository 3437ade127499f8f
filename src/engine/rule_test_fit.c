#include "src/engine/rule_test_private.h"

#include "src/base/buffer.h"

bool rule_test_is_about_signal(const struct expectation *wanted)
{
    return !wanted->proposal && wanted->n_proposals < 0 && wanted->n_signals < 0;
}

/* -- the members of an expectation: how each is compared, and how it is shown -- */

static bool key_fits(const struct node *key, const struct slice_list *got)
{
    size_t n_items = key->type == NODE_LIST ? key->n_items : 1;

    if (n_items != got->n_items)
        return false;
    for (size_t i = 0; i < n_items; i++)
        if (!slice_eq(key->type == NODE_LIST ? key->items[i]->text : key->text, got->items[i]))
            return false;
    return true;
}

static int64_t count_of(const struct change_seen *got)
{
    int64_t count = 0;

    return json_int(json_get_text(got->json, "count"), &count) ? 0 : count;
}

static bool fits_at(const struct expectation *wanted, const struct change_seen *got)
{
    return wanted->at_ms == got->at_ms;
}

static void show_at(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_span(got->at_ms, out);
}

static bool fits_rule(const struct expectation *wanted, const struct change_seen *got)
{
    return slice_eq(wanted->rule, got->rule);
}

static void show_rule(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_value(got->rule, out);
}

static bool fits_key(const struct expectation *wanted, const struct change_seen *got)
{
    return key_fits(wanted->key, &got->key);
}

static void show_key(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_list(&got->key, out);
}

static bool fits_state(const struct expectation *wanted, const struct change_seen *got)
{
    return slice_eq(slice_of(signal_state_names[wanted->state]), got->state);
}

static void show_state(const struct change_seen *got, struct buffer *out)
{
    buffer_add(out, got->state);
}

static bool fits_count(const struct expectation *wanted, const struct change_seen *got)
{
    return wanted->count == count_of(got);
}

static void show_count(const struct change_seen *got, struct buffer *out)
{
    buffer_format(out, "%lld", (long long)count_of(got));
}

static bool fits_title(const struct expectation *wanted, const struct change_seen *got)
{
    return got->signal && slice_eq(wanted->title, got->signal->title);
}

static void show_title(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_value(got->signal ? got->signal->title : (struct slice){ 0 }, out);
}

static bool fits_severity(const struct expectation *wanted, const struct change_seen *got)
{
    return got->signal && wanted->severity == (int)got->signal->severity;
}

static void show_severity(const struct change_seen *got, struct buffer *out)
{
    buffer_add_text(out, got->signal ? severity_names[got->signal->severity] : "nothing");
}

static bool fits_fields(const struct expectation *wanted, const struct change_seen *got)
{
    const struct json *fields = json_get_text(got->json, "fields");

    for (size_t i = 0; i < wanted->fields->n_pairs; i++)
        if (!slice_eq(wanted->fields->pairs[i].value->text,
                      json_text(json_get(fields, wanted->fields->pairs[i].key))))
            return false;
    return true;
}

static void show_fields(const struct change_seen *got, struct buffer *out)
{
    const struct json *fields = json_get_text(got->json, "fields");

    buffer_add_text(out, "{");
    for (const struct json *field = json_first(fields); field; field = json_next(field)) {
        buffer_add_text(out, field == json_first(fields) ? "" : ", ");
        rule_test_show_value(json_name(field), out);
        buffer_add_text(out, ": ");
        rule_test_show_value(json_text(field), out);
    }
    buffer_add_text(out, "}");
}

/* -- of proposals -- */

static bool fits_proposal_title(const struct expectation *wanted, const struct change_seen *got)
{
    return slice_eq(wanted->wanted.title, got->proposal->title);
}

static void show_proposal_title(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_value(got->proposal->title, out);
}

static bool fits_proposal_state(const struct expectation *wanted, const struct change_seen *got)
{
    return slice_eq(slice_of(proposal_state_names[wanted->wanted.state]), got->state);
}

static bool fits_proposal_severity(const struct expectation *wanted, const struct change_seen *got)
{
    return wanted->wanted.severity == (int)got->proposal->severity;
}

static void show_proposal_severity(const struct change_seen *got, struct buffer *out)
{
    buffer_add_text(out, severity_names[got->proposal->severity]);
}

static bool fits_question(const struct expectation *wanted, const struct change_seen *got)
{
    return slice_eq(wanted->wanted.question, got->question);
}

static void show_question(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_value(got->question, out);
}

static bool fits_proposal_key(const struct expectation *wanted, const struct change_seen *got)
{
    return key_fits(wanted->wanted.key, &got->key);
}

static int64_t n_signals_of(const struct change_seen *got)
{
    return (int64_t)got->proposal->signals.n_items + got->proposal->n_more;
}

static bool fits_signals(const struct expectation *wanted, const struct change_seen *got)
{
    return wanted->wanted.signals == n_signals_of(got);
}

static void show_signals(const struct change_seen *got, struct buffer *out)
{
    buffer_format(out, "%lld", (long long)n_signals_of(got));
}

static bool fits_revision(const struct expectation *wanted, const struct change_seen *got)
{
    return wanted->wanted.revision == got->proposal->revision;
}

static void show_revision(const struct change_seen *got, struct buffer *out)
{
    buffer_format(out, "%lld", (long long)got->proposal->revision);
}

static bool fits_expires(const struct expectation *wanted, const struct change_seen *got)
{
    return wanted->wanted.expires_ms == got->proposal->expires_after_ms;
}

static void show_expires(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_span(got->proposal->expires_after_ms, out);
}

static bool fits_outcome(const struct expectation *wanted, const struct change_seen *got)
{
    return slice_eq(wanted->wanted.outcome, got->proposal->outcome);
}

static void show_outcome(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_value(got->proposal->outcome, out);
}

static bool fits_refused(const struct expectation *wanted, const struct change_seen *got)
{
    return slice_eq(wanted->wanted.refused, got->proposal->refused);
}

static void show_refused(const struct change_seen *got, struct buffer *out)
{
    rule_test_show_value(got->proposal->refused, out);
}

/* -- plans -- */

static bool params_fit(const struct node *with, struct slice params)
{
    struct json *json = NULL;
    struct json_fault fault;
    bool fits = !json_parse(params, JSON_LIMITS_DEFAULT, &json, &fault);

    for (size_t i = 0; fits && i < with->n_pairs; i++)
        fits = slice_eq(with->pairs[i].value->text, json_text(json_get(json, with->pairs[i].key)));
    json_free(json);
    return fits;
}

static bool step_fits(const struct node *wanted, const struct step *step)
{
    const struct node *with = node_find(wanted, "with");
    const struct node *why = node_find(wanted, "why");

    if (wanted->type == NODE_SCALAR)
        return slice_eq(wanted->text, step->action);
    return slice_eq(node_find(wanted, "do")->text, step->action) &&
           (!with || params_fit(with, step->params)) && (!why || slice_eq(why->text, step->why));
}

static bool fits_plan(const struct expectation *wanted, const struct change_seen *got)
{
    const struct node *plan = wanted->wanted.plan;
    const struct step *steps = got->proposal->plan.items;
    size_t n_steps = plan->type == NODE_LIST ? plan->n_items : 1;

    if (n_steps != got->proposal->plan.n_items)
        return false;
    for (size_t i = 0; i < n_steps; i++)
        if (!step_fits(plan->type == NODE_LIST ? plan->items[i] : plan, &steps[i]))
            return false;
    return true;
}

static void show_params(struct slice params, struct buffer *out)
{
    struct json *json = NULL;
    struct json_fault fault;

    if (json_parse(params, JSON_LIMITS_DEFAULT, &json, &fault))
        return;
    for (const struct json *param = json_first(json); param; param = json_next(param)) {
        buffer_add_text(out, param == json_first(json) ? "" : ", ");
        rule_test_show_value(json_name(param), out);
        buffer_add_text(out, ": ");
        rule_test_show_value(json_text(param), out);
    }
    json_free(json);
}

static void show_plan(const struct change_seen *got, struct buffer *out)
{
    const struct step *steps = got->proposal->plan.items;

    buffer_add_text(out, "[");
    for (size_t i = 0; i < got->proposal->plan.n_items; i++) {
        buffer_add_text(out, i ? ", {do: " : "{do: ");
        rule_test_show_value(steps[i].action, out);
        buffer_add_text(out, ", with: {");
        show_params(steps[i].params, out);
        buffer_add_text(out, "}}");
    }
    buffer_add_text(out, "]");
}

/* -- the tables -- */

enum shown { WHERE_ASKED, ALWAYS };

struct member {
    const char *name;
    enum shown shown;
    unsigned weight; /* of nearness, where it fits */
    bool (*fits)(const struct expectation *wanted, const struct change_seen *got);
    void (*show)(const struct change_seen *got, struct buffer *out);
};

/* clang-format off */
static const struct member outer[] = {
    { "at",   ALWAYS, 2, fits_at,   show_at },
    { "rule", ALWAYS, 4, fits_rule, show_rule },
};
static const struct member of_signal[] = {
    { "key",      ALWAYS,      4, fits_key,      show_key },
    { "state",    ALWAYS,      4, fits_state,    show_state },
    { "count",    ALWAYS,      1, fits_count,    show_count },
    { "title",    WHERE_ASKED, 1, fits_title,    show_title },
    { "severity", WHERE_ASKED, 1, fits_severity, show_severity },
    { "fields",   WHERE_ASKED, 1, fits_fields,   show_fields },
};
static const struct member of_proposal[] = {
    { "title",    ALWAYS,      2, fits_proposal_title,    show_proposal_title },
    { "state",    ALWAYS,      4, fits_proposal_state,    show_state },
    { "plan",     WHERE_ASKED, 2, fits_plan,              show_plan },
    { "severity", WHERE_ASKED, 1, fits_proposal_severity, show_proposal_severity },
    { "question", WHERE_ASKED, 1, fits_question,          show_question },
    { "key",      WHERE_ASKED, 4, fits_proposal_key,      show_key },
    { "signals",  WHERE_ASKED, 1, fits_signals,           show_signals },
    { "revision", WHERE_ASKED, 2, fits_revision,          show_revision },
    { "expires",  WHERE_ASKED, 1, fits_expires,           show_expires },
    { "outcome",  WHERE_ASKED, 1, fits_outcome,           show_outcome },
    { "refused",  WHERE_ASKED, 1, fits_refused,           show_refused },
};
/* clang-format on */

struct table {
    const struct member *members;
    size_t n_members;
    const struct node *asked; /* the map in which they stand; NULL: nobody asks */
};

#define TABLE(rows, map) ((struct table){ (rows), COUNT(rows), (map) })

static struct table outer_of(const struct expectation *wanted)
{
    return TABLE(outer, wanted ? wanted->node : NULL);
}

static struct table inner_of(const struct expectation *wanted, const struct change_seen *got)
{
    if (got->is_proposal)
        return TABLE(of_proposal, wanted ? wanted->proposal : NULL);
    return TABLE(of_signal, wanted ? wanted->node : NULL);
}

static bool is_asked(const struct table *table, size_t i)
{
    return table->asked && node_find(table->asked, table->members[i].name);
}

static bool table_fits(struct table table, const struct expectation *wanted,
                       const struct change_seen *got)
{
    for (size_t i = 0; i < table.n_members; i++)
        if (is_asked(&table, i) && !table.members[i].fits(wanted, got))
            return false;
    return true;
}

/* What is told of a proposal without a state or a revision is told of its opening. */
static bool moment_fits(const struct expectation *wanted, const struct change_seen *got)
{
    return !wanted->proposal || wanted->wanted.state >= 0 || wanted->wanted.revision >= 0 ||
           got->is_opening;
}

bool rule_test_fits(const struct expectation *wanted, const struct change_seen *got)
{
    return !!wanted->proposal == got->is_proposal && moment_fits(wanted, got) &&
           table_fits(outer_of(wanted), wanted, got) &&
           table_fits(inner_of(wanted, got), wanted, got);
}

static unsigned table_nearness(struct table table, const struct expectation *wanted,
                               const struct change_seen *got)
{
    unsigned nearness = 0;

    for (size_t i = 0; i < table.n_members; i++)
        if (is_asked(&table, i) && table.members[i].fits(wanted, got))
            nearness += table.members[i].weight;
    return nearness;
}

unsigned rule_test_nearness(const struct expectation *wanted, const struct change_seen *got)
{
    if (!!wanted->proposal != got->is_proposal)
        return 0;
    if (!slice_is_absent(wanted->rule) && !slice_eq(wanted->rule, got->rule))
        return 0;
    return 1U + (moment_fits(wanted, got) ? 2U : 0U) +
           table_nearness(outer_of(wanted), wanted, got) +
           table_nearness(inner_of(wanted, got), wanted, got);
}

static void show_table(struct table table, const struct change_seen *got, struct buffer *out,
                       bool *is_first)
{
    for (size_t i = 0; i < table.n_members; i++) {
        if (table.members[i].shown == WHERE_ASKED && !is_asked(&table, i))
            continue;
        buffer_format(out, "%s%s: ", *is_first ? "" : ", ", table.members[i].name);
        table.members[i].show(got, out);
        *is_first = false;
    }
}

void rule_test_show_change(const struct expectation *wanted, const struct change_seen *got,
                           struct buffer *out)
{
    bool is_first = true;

    buffer_add_text(out, "{");
    show_table(outer_of(wanted), got, out, &is_first);
    if (got->is_proposal) {
        buffer_add_text(out, ", proposal: {");
        is_first = true;
    }
    show_table(inner_of(wanted, got), got, out, &is_first);
    buffer_add_text(out, got->is_proposal ? "}}" : "}");
}

static void show_table_differences(struct table table, const struct expectation *wanted,
                                   const struct change_seen *got, struct buffer *out)
{
    for (size_t i = 0; i < table.n_members; i++) {
        if (!is_asked(&table, i) || table.members[i].fits(wanted, got))
            continue;
        buffer_format(out, "%s%s: ", out->len ? "; " : "", table.members[i].name);
        rule_test_show_node(node_find(table.asked, table.members[i].name), out);
        buffer_add_text(out, " expected, ");
        table.members[i].show(got, out);
        buffer_add_text(out, " came");
    }
}

void rule_test_show_differences(const struct expectation *wanted, const struct change_seen *got,
                                struct buffer *out)
{
    show_table_differences(outer_of(wanted), wanted, got, out);
    show_table_differences(inner_of(wanted, got), wanted, got, out);
    if (!moment_fits(wanted, got))
        buffer_format(out, "%sthat is no opening: `state` or `revision` would name it",
                      out->len ? "; " : "");
}
