#include "rules/loader.h"

#include "rules/trial.h"
#include "src/base/map.h"

#include <stdio.h>
#include <string.h>

bool node_is_pattern(const struct node *node)
{
    return node->type == NODE_SCALAR && node->style != NODE_PLAIN && pattern_is_written(node->text);
}

/* -- patterns that hurt -- */

/* "`=` on the last line", where the text had one. */
static void describe_needed(char needed, char *text, size_t n_bytes)
{
    *text = '\0';
    if (needed)
        snprintf(text, n_bytes, ", then a line `%c`", needed);
}

static void warn_slow(struct loader *loader, const struct node *scalar,
                      const struct trial_finding *slow)
{
    double took_ms = (double)slow->took_us / 1000;
    char needed[32];

    describe_needed(slow->needed, needed, sizeof(needed));
    if (slow->result == PATTERN_ERROR)
        mark_problem(
            loader->problems, PROBLEM_WARNING, scalar->mark,
            "this pattern gives up (%s) after %.1f ms on %zu bytes of `%s` repeated%s: such "
            "an event neither matches nor does not; avoid repetitions inside repetitions",
            slow->why, took_ms, slow->n_bytes, slow->unit, needed);
    else
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "this pattern takes %.0f ms on %zu bytes of `%s` repeated%s: anchor it, or "
                     "make its repetitions stop at each other's first character",
                     took_ms, slow->n_bytes, slow->unit, needed);
}

static void try_on_hostile_texts(struct loader *loader, struct owned_pattern *owned)
{
    struct trial_finding finding;
    struct trial_finding *kept;

    if (!trial_run(loader->trial, owned->pattern, &finding))
        loader->n_untried++;
    if (!finding.is_slow)
        return;
    kept = loader_alloc(loader, 1, sizeof(*kept));
    if (kept)
        *kept = finding;
    owned->slow = kept;
}

/* -- patterns without a point -- */

static bool finds(struct loader *loader, const struct pattern *pattern, struct slice subject)
{
    return pattern_search(pattern, subject, loader->scratch) == PATTERN_MATCH;
}

/* Anchors, in groups or not, and nothing else. */
static bool is_only_anchors(struct slice source)
{
    const char *end = memrchr(source.ptr, '/', source.len);

    for (const char *place = source.ptr + 1; place < end; place++) {
        if (*place == '\\' && strchr("AzZ", place[1]))
            place++;
        else if (slice_starts((struct slice){ place, (size_t)(end - place) }, SLICE("(?:")))
            place += 2;
        else if (!strchr("^$()", *place))
            return false;
    }
    return true;
}

/* What must not match is seldom there to be seen. */
static bool has_exceptions(struct slice source)
{
    return memmem(source.ptr, source.len, "(?!", 3) || memmem(source.ptr, source.len, "(?<!", 4);
}

/* Each byte by itself, but for a line end, and all of them in a row. */
static bool matches_all(struct loader *loader, const struct pattern *pattern)
{
    char bytes[256];

    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
        if (i != '\n' && !finds(loader, pattern, (struct slice){ &bytes[i], 1 }))
            return false;
    }
    return finds(loader, pattern, (struct slice){ bytes, sizeof(bytes) });
}

/* One that needs a byte to be there is neither. */
static void warn_pointless(struct loader *loader, const struct node *scalar,
                           const struct pattern *pattern)
{
    struct slice source = pattern_source(pattern);
    bool may_be_empty = pattern_may_match_empty(pattern);

    if (pattern_needed_byte(pattern) || has_exceptions(source))
        return;
    if (may_be_empty && is_only_anchors(source) && !finds(loader, pattern, SLICE("a")))
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "this pattern matches only the empty text");
    else if (matches_all(loader, pattern))
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "this pattern matches every text: `{exists: true}` says the same");
}

/* -- the set's patterns -- */

static struct owned_pattern *own(struct loader *loader, struct pattern *pattern)
{
    struct owned_pattern *owned = loader_alloc(loader, 1, sizeof(*owned));

    if (!owned) {
        pattern_free(pattern);
        return NULL;
    }
    owned->pattern = pattern;
    owned->next = loader->ruleset->patterns;
    loader->ruleset->patterns = owned;
    map_put(loader->patterns_by_source, pattern_source(pattern), owned);
    return owned;
}

#define PATTERN_WANTED                                                                             \
    "a pattern is expected here, between slashes and in single quotes: '/error|fatal/i'"

/* Would it be one, but for what stands behind the last slash? */
static bool refuse_flag(struct loader *loader, const struct node *scalar)
{
    struct slice text = scalar->text;
    const char *last;

    if (!slice_starts(text, SLICE("/")))
        return false;
    last = memrchr(text.ptr, '/', text.len);
    if (last == text.ptr)
        return false;
    while (*++last && strchr("ixsugmy", *last)) /* those are flags somewhere */
        ;
    node_problem(
        loader->problems, scalar,
        PATTERN_WANTED "; behind the last slash stand flags (i x s u), and `%.80s` is none", last);
    return true;
}

static void refuse_form(struct loader *loader, const struct node *node)
{
    if (node->type != NODE_SCALAR)
        node_problem(loader->problems, node, "a pattern is expected here, not %s",
                     node_type_text(node));
    else if (node->style == NODE_PLAIN && slice_starts(node->text, SLICE("$")))
        return; /* an unknown $name has had its problem */
    else if (node->style == NODE_PLAIN && pattern_is_written(node->text))
        node_problem(loader->problems, node, "a pattern stands in single quotes: '%.200s'",
                     node->text.ptr);
    else if (!refuse_flag(loader, node))
        node_problem(loader->problems, node, PATTERN_WANTED);
}

static struct owned_pattern *compile(struct loader *loader, const struct node *scalar)
{
    struct owned_pattern *owned;
    struct pattern *pattern = NULL;
    struct json_fault fault = { 0 };
    enum rc rc = pattern_parse(scalar->text, loader->nodes, &pattern, &fault);

    if (rc == RC_INVALID)
        mark_problem(loader->problems, PROBLEM_ERROR, mark_inside(scalar, fault.offset),
                     "bad pattern: %s", fault.text);
    else if (rc)
        loader->rc = rc;
    owned = rc ? NULL : own(loader, pattern);
    if (owned)
        try_on_hostile_texts(loader, owned);
    return owned;
}

/* -- captures -- */

/* Names with a meaning of their own in templates. */
static const char *const reserved[] = {
    "time",   "received", "first_seen", "last_seen", "count",     "rule",
    "signal", "first",    "data",       "last_good", "first_bad", NULL,
};

static bool may_be_captured(struct slice name)
{
    int i;

    if (slice_to_enum(name, captures_may_fill, &i) == RC_OK)
        return true;
    return slice_to_enum(name, event_field_names, &i) != RC_OK &&
           slice_to_enum(name, reserved, &i) != RC_OK;
}

/* Adds the named groups of a pattern, after checking that a capture may have these names. */
static void add_captures(struct loader *loader, const struct node *scalar,
                         const struct pattern *pattern, struct slice_list *captures)
{
    for (size_t i = 0; !slice_is_absent(pattern_group(pattern, i)); i++) {
        struct slice name = pattern_group(pattern, i);

        if (may_be_captured(name))
            loader_add_name(loader, captures, name);
        else
            node_problem(
                loader->problems, scalar,
                "a capture may not be named `%.*s`, which says something else of an event; "
                "of those names it may have: subject service host repo branch commit actor "
                "environment severity test",
                SLICE_ARG(name));
    }
}

/* -- of patterns that are none -- */

static bool is_word_byte(char byte)
{
    return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

/* `(?<name>`, `(?P<name>`; takes what stands before its end off `rest`. Absent: there is none. */
static struct slice next_group(struct slice *rest)
{
    size_t offset;

    while (!slice_find(*rest, SLICE("<"), &offset)) {
        struct slice name = { rest->ptr + offset + 1, 0 };
        const char *end = rest->ptr + rest->len;

        while (name.ptr + name.len < end && is_word_byte(name.ptr[name.len]))
            name.len++;
        *rest = (struct slice){ name.ptr + name.len, (size_t)(end - (name.ptr + name.len)) };
        if (name.len && rest->len && rest->ptr[0] == '>')
            return name;
    }
    return (struct slice){ 0 };
}

static void add_broken_groups(struct loader *loader, const struct node *node,
                              struct slice_list *captures)
{
    struct slice rest = node->type == NODE_SCALAR ? node->text : SLICE("");
    struct slice name;

    while (!slice_is_absent(name = next_group(&rest))) {
        loader_add_name(loader, &loader->broken_groups, name);
        if (captures)
            loader_add_name(loader, captures, name);
    }
}

/* -- one of them -- */

static struct owned_pattern *find_or_compile(struct loader *loader, const struct node *scalar)
{
    struct owned_pattern *owned;

    if (!node_is_pattern(scalar)) {
        refuse_form(loader, scalar);
        return NULL;
    }
    owned = map_get(loader->patterns_by_source, scalar->text);
    return owned ? owned : compile(loader, scalar);
}

struct pattern *read_pattern(struct loader *loader, const struct node *scalar,
                             struct slice_list *captures)
{
    struct owned_pattern *owned = find_or_compile(loader, scalar);

    if (!owned) {
        add_broken_groups(loader, scalar, captures);
        return NULL;
    }
    warn_pointless(loader, scalar, owned->pattern);
    if (owned->slow)
        warn_slow(loader, scalar, owned->slow);
    if (captures)
        add_captures(loader, scalar, owned->pattern, captures);
    return owned->pattern;
}
