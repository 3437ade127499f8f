#include "rules/lint_private.h"

#include <string.h>

/* Named groups that nobody asks for. One that fills a normalised field is asked for by silences, groups and people. */

static bool is_word_byte(char byte)
{
    return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len &&
           slice_eq((struct slice){ text.ptr + text.len - end.len, end.len }, end);
}

/* As in `(?<name>`. */
static bool is_definition(struct slice before)
{
    return ends_with(before, SLICE("(?<")) || ends_with(before, SLICE("(?P<")) ||
           ends_with(before, SLICE("(?'"));
}

/* As in `\k<name>`, `\k{name}`, `(?&name)`, `(?P>name)`, `(?P=name)`, `(?(name)`. */
static bool is_reference(struct slice before)
{
    return (before.len && strchr("<'{&>=", before.ptr[before.len - 1])) ||
           ends_with(before, SLICE("(?("));
}

/* As a word; in a pattern, which may well have the word in its text, as a reference. */
static bool text_asks_for(struct slice text, struct slice name, bool is_pattern)
{
    struct slice rest = text;
    size_t offset;

    while (!slice_find(rest, name, &offset)) {
        const char *at = rest.ptr + offset;
        const char *behind = at + name.len;
        struct slice before = { text.ptr, (size_t)(at - text.ptr) };
        bool begins = !before.len || !is_word_byte(at[-1]);
        bool ends = behind == text.ptr + text.len || !is_word_byte(*behind);

        if (begins && ends && !is_definition(before) && (!is_pattern || is_reference(before)))
            return true;
        rest = (struct slice){ at + 1, (size_t)(text.ptr + text.len - at) - 1 };
    }
    return false;
}

static bool asks_for(const struct node *node, struct slice name)
{
    switch (node->type) {
    case NODE_SCALAR:
        return text_asks_for(node->text, name,
                             node->style != NODE_PLAIN && pattern_is_written(node->text));
    case NODE_LIST:
        for (size_t i = 0; i < node->n_items; i++) {
            if (asks_for(node->items[i], name))
                return true;
        }
        return false;
    case NODE_MAP:
        for (size_t i = 0; i < node->n_pairs; i++) {
            if (text_asks_for(node->pairs[i].key, name, false) ||
                asks_for(node->pairs[i].value, name))
                return true;
        }
        return false;
    }
    return false;
}

static bool is_listed(const struct slice_list *names, struct slice name)
{
    for (size_t i = 0; i < names->n_items; i++) {
        if (slice_eq(names->items[i], name))
            return true;
    }
    return false;
}

static bool has_pattern(const struct rule *rule, const struct pattern *pattern)
{
    for (size_t i = 0; i < rule->filter.n_match; i++) {
        if (rule->filter.match[i] == pattern)
            return true;
    }
    return false;
}

/* Patterns that are written alike are one: of `patterns`, or of `defaults`. */
static bool sharers_ask_for(const struct lint *lint, const struct pattern *pattern,
                            struct slice name)
{
    const struct ruleset *set = lint->set;

    for (size_t i = 0; i < set->n_rules; i++) {
        const struct rule *rule = &set->rules[i];

        if (has_pattern(rule, pattern) && (rule->is_broken || asks_for(rule->node, name)))
            return true;
    }
    return false;
}

/* By rules that name this one, and those that look at what rules say. */
static bool others_ask_for(const struct lint *lint, const struct rule *rule, struct slice name)
{
    const struct ruleset *set = lint->set;

    for (size_t i = 0; i < rule->n_named_with; i++) {
        if (is_listed(&rule->named_with[i], name))
            return true;
    }
    for (size_t i = 0; i < set->n_own_kind_rules; i++) {
        const struct rule *other = &set->rules[set->own_kind_rules[i]];

        if (other->node && asks_for(other->node, name))
            return true;
    }
    return is_listed(&lint->with->used, name);
}

static void look_at_pattern(struct lint *lint, const struct rule *rule,
                            const struct pattern *pattern, struct mark mark)
{
    struct slice name;
    int field;

    for (size_t i = 0; !slice_is_absent(name = pattern_group(pattern, i)); i++) {
        if (slice_to_enum(name, captures_may_fill, &field) &&
            !sharers_ask_for(lint, pattern, name) && !others_ask_for(lint, rule, name))
            lint_warn(lint, mark,
                      "nothing asks for the group `%.*s`: name it in `key`, `title` or `where`, or "
                      "write (?:…)",
                      SLICE_ARG(name));
    }
}

void lint_unused_captures(struct lint *lint, const struct rule *rule)
{
    const struct node *node = lint_member(rule, "match");

    for (size_t i = 0; node && i < rule->filter.n_match; i++)
        look_at_pattern(lint, rule, rule->filter.match[i], lint_mark_of(node, i));
}
