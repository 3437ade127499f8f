#include "rules/lint_private.h"

#include "rules/evaluation.h"
#include "rules/literal.h"

#include <string.h>

/* -- what `ignore` throws out again -- */

/* The text of a pattern that is nothing but text, and whether its case matters. */
static bool is_plain(const struct pattern *pattern, struct slice *text, bool *is_caseless)
{
    struct slice source = pattern_source(pattern);
    const char *end = memrchr(source.ptr, '/', source.len);
    size_t n_flags = (size_t)(source.ptr + source.len - end) - 1;

    *text = (struct slice){ source.ptr + 1, (size_t)(end - source.ptr) - 1 };
    *is_caseless = n_flags == 1 && end[1] == 'i';
    if (n_flags && !*is_caseless)
        return false;
    for (size_t i = 0; i < text->len; i++) {
        unsigned char byte = (unsigned char)text->ptr[i];

        if (byte < 0x20 || byte > 0x7e || strchr("\\^$.[]|()?*+{}", byte))
            return false;
    }
    return text->len > 0;
}

static bool stands_in(struct slice text, bool is_caseless, const struct literal *literal)
{
    if (literal->classes || (literal->is_caseless && !is_caseless))
        return false;
    for (size_t i = 0; i + text.len <= literal->bytes.len; i++) {
        size_t n_same = 0;

        while (n_same < text.len &&
               (is_caseless ? literal_fold((unsigned char)literal->bytes.ptr[i + n_same]) ==
                                  literal_fold((unsigned char)text.ptr[n_same])
                            : literal->bytes.ptr[i + n_same] == text.ptr[n_same]))
            n_same++;
        if (n_same == text.len)
            return true;
    }
    return false;
}

/* In each alternative of one of the sets: then in every text that the pattern matches. */
static bool stands_in_all(struct slice text, bool is_caseless, const struct literal_sets *sets)
{
    for (size_t i = 0; i < sets->n_items; i++) {
        const struct literal_set *set = &sets->items[i];
        size_t n_with = 0;

        while (n_with < set->n_items && stands_in(text, is_caseless, &set->items[n_with]))
            n_with++;
        if (n_with == set->n_items && !set->or_escape)
            return true;
    }
    return false;
}

static bool is_ignored(struct lint *lint, const struct pattern *match, const struct pattern *ignore)
{
    struct literal_sets sets;
    struct slice text;
    bool is_caseless;

    if (match == ignore)
        return true;
    if (!is_plain(ignore, &text, &is_caseless))
        return false;
    if (literal_read_pattern(pattern_source(match), lint->arena, &sets)) {
        lint->rc = RC_NO_MEMORY;
        return false;
    }
    return stands_in_all(text, is_caseless, &sets);
}

void lint_ignored(struct lint *lint, const struct rule *rule)
{
    const struct filter *filter = &rule->filter;
    const struct node *node = lint_member(rule, "match");

    for (size_t i = 0; node && i < filter->n_match; i++) {
        for (size_t j = 0; j < filter->n_ignore; j++) {
            struct slice source = pattern_source(filter->ignore[j]);

            if (is_ignored(lint, filter->match[i], filter->ignore[j]))
                lint_warn(lint, lint_mark_of(node, i),
                          "`ignore: %.*s` throws out all that this pattern finds; narrow it, or "
                          "take one of them out",
                          SLICE_ARG(source));
        }
    }
}

/* -- what costs every line -- */

#define LOG SLICE("log")

void lint_no_literal(struct lint *lint, const struct rule *rule)
{
    const struct filter *filter = &rule->filter;
    const struct node *node = lint_member(rule, "match");

    if (!node || rule->has_only_parts || filter->where ||
        !on_asks_for(&filter->on, DOOR_DATA, LOG, LOG))
        return;
    for (size_t i = 0; i < filter->n_match; i++) {
        struct literal_sets sets = { 0 };

        if (literal_read_pattern(pattern_source(filter->match[i]), lint->arena, &sets))
            lint->rc = RC_NO_MEMORY;
        else if (!sets.n_items)
            lint_warn(lint, lint_mark_of(node, i),
                      "no characters in a row stand in all that this pattern matches, so it is "
                      "tried on every line: put a word into it that each of them has (`check "
                      "--verbose` says what it costs)");
    }
}
