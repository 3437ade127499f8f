#include "rules/kept_fields.h"

static bool is_listed(const struct slice_list *names, struct slice name)
{
    for (size_t i = 0; i < names->n_items; i++)
        if (slice_eq(names->items[i], name))
            return true;
    return false;
}

static bool is_of_key_template(const struct rule *rule, struct slice name)
{
    struct slice used;

    for (size_t i = 0; rule->key.template; i++) {
        used = template_name(rule->key.template, i);
        if (slice_is_absent(used) || slice_eq(used, name))
            return !slice_is_absent(used);
    }
    return false;
}

static bool is_captured_by(const struct pattern *pattern, struct slice name)
{
    struct slice group;

    for (size_t i = 0; !slice_is_absent(group = pattern_group(pattern, i)); i++)
        if (slice_eq(group, name))
            return true;
    return false;
}

/* What signals of the rule keep beside the normalised fields: key, captures, and what its templates name. */
static bool is_kept_by(const struct rule *rule, struct slice name)
{
    const struct filter *filter;

    for (size_t n = 0; (filter = rule_filter(rule, n)); n++)
        for (size_t i = 0; i < filter->n_match; i++)
            if (is_captured_by(filter->match[i], name))
                return true;
    return is_listed(&rule->key.names, name) || is_listed(&rule->data_paths, name) ||
           is_of_key_template(rule, name);
}

static bool is_normalised(struct slice field)
{
    int ignored;

    return slice_to_enum(field, event_field_names, &ignored) == RC_OK;
}

bool rule_keeps_field(const struct rule *rule, struct slice field)
{
    return is_normalised(field) || is_kept_by(rule, field);
}

bool ruleset_keeps_field(const struct ruleset *ruleset, struct slice field)
{
    if (slice_eq(field, SLICE("rule")) || slice_starts(field, SLICE("signal.key[")) ||
        is_normalised(field))
        return true;
    for (size_t i = 0; i < ruleset->n_rules; i++)
        if (is_kept_by(&ruleset->rules[i], field))
            return true;
    return false;
}
