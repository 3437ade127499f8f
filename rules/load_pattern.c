#include "rules/loader.h"

#include "src/base/clock.h"

#include <string.h>

/* A pattern is tried on texts of growing size, so that even a cubic one is found out before it takes seconds. What takes no
 * time that the clock can see on the first two sizes grows in proportion to the text, and is left in peace. */
static const size_t trial_bytes[] = { 1024, 4096, 16384 };
#define TRIAL_TELLS_BYTES 4096
#define TRIAL_MAX_BYTES 16384
#define TRIAL_SLOW_MS 20
/* Of all patterns together: a set of 10,000 rules must still load. */
#define TRIALS_MAX_MS 2000

/* Repeated to the wanted size and ended by what most patterns do not expect: they try every way to match before they give up. */
static const char *const hostile[] = { "a", " ", "1", "a ", "1.", "/a", "a=1," };
#define HOSTILE_END "\x01!"

bool node_is_pattern(const struct node *node)
{
    return node->type == NODE_SCALAR && node->style != NODE_PLAIN && pattern_is_written(node->text);
}

static struct slice fill_hostile(char *text, const char *unit, size_t n_bytes)
{
    size_t unit_bytes = strlen(unit);
    size_t n_filled = n_bytes - (sizeof(HOSTILE_END) - 1);

    for (size_t i = 0; i < n_filled; i++)
        text[i] = unit[i % unit_bytes];
    memcpy(text + n_filled, HOSTILE_END, sizeof(HOSTILE_END) - 1);
    return (struct slice){ text, n_bytes };
}

/* What has no repetition without an end takes time in proportion to the text, whatever that is. */
static bool may_be_slow(struct slice source)
{
    for (size_t i = 0; i < source.len; i++) {
        if (source.ptr[i] == '*' || source.ptr[i] == '+' || source.ptr[i] == '{')
            return true;
    }
    return false;
}

static void warn_slow(struct loader *loader, const struct node *scalar, const char *unit,
                      size_t n_bytes, enum pattern_result result, int64_t took_ms)
{
    if (result == PATTERN_ERROR)
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "this pattern gives up (%s) on %zu bytes of `%s` repeated: such an event "
                     "neither matches nor does not; avoid repetitions inside repetitions",
                     pattern_error_text(loader->scratch), n_bytes, unit);
    else
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "this pattern takes %lld ms on %zu bytes of `%s` repeated: anchor it, or "
                     "make its repetitions stop at each other's first character",
                     (long long)took_ms, n_bytes, unit);
}

/* True when it was slow, and said so. */
static bool try_on(struct loader *loader, const struct node *scalar, const struct pattern *pattern,
                   const char *unit, size_t n_bytes, int64_t *took_ms)
{
    char text[TRIAL_MAX_BYTES];
    int64_t start_ms = clock_mono_ms();
    enum pattern_result result =
        pattern_search(pattern, fill_hostile(text, unit, n_bytes), loader->scratch);

    *took_ms = clock_mono_ms() - start_ms;
    loader->trial_ms += *took_ms;
    if (result != PATTERN_ERROR && *took_ms <= TRIAL_SLOW_MS)
        return false;
    warn_slow(loader, scalar, unit, n_bytes, result, *took_ms);
    return true;
}

static bool try_on_growing(struct loader *loader, const struct node *scalar,
                           const struct pattern *pattern, const char *unit)
{
    for (size_t i = 0; i < sizeof(trial_bytes) / sizeof(*trial_bytes); i++) {
        int64_t took_ms;

        if (try_on(loader, scalar, pattern, unit, trial_bytes[i], &took_ms))
            return true;
        if (trial_bytes[i] >= TRIAL_TELLS_BYTES && took_ms == 0)
            return false;
    }
    return false;
}

static void try_on_hostile_texts(struct loader *loader, const struct node *scalar,
                                 const struct pattern *pattern)
{
    if (!may_be_slow(pattern_source(pattern)))
        return;
    if (loader->trial_ms > TRIALS_MAX_MS) {
        loader->n_untried++;
        return;
    }
    for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
        if (try_on_growing(loader, scalar, pattern, hostile[i]))
            return;
    }
}

static bool finds(struct loader *loader, const struct pattern *pattern, struct slice subject)
{
    return pattern_search(pattern, subject, loader->scratch) == PATTERN_MATCH;
}

/* Anchors and nothing else: what is between the slashes without ^ $ \A \z \Z. */
static bool is_only_anchors(struct slice source)
{
    struct slice rest = { source.ptr + 1, source.len - 1 };
    struct slice inside = slice_cut(&rest, '/');

    for (size_t i = 0; i < inside.len; i++) {
        if (inside.ptr[i] == '\\' && i + 1 < inside.len && strchr("AzZ", inside.ptr[i + 1]))
            i++;
        else if (inside.ptr[i] != '^' && inside.ptr[i] != '$')
            return false;
    }
    return true;
}

static void warn_pointless(struct loader *loader, const struct node *scalar,
                           const struct pattern *pattern)
{
    if (!finds(loader, pattern, SLICE("")))
        return;
    if (finds(loader, pattern, SLICE("\x01")) && finds(loader, pattern, SLICE("a 1")))
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "this pattern matches every text: `{exists: true}` says the same");
    else if (is_only_anchors(pattern_source(pattern)))
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "this pattern matches only the empty text");
}

static struct pattern *own(struct loader *loader, struct pattern *pattern)
{
    struct owned_pattern *owned = loader_alloc(loader, 1, sizeof(*owned));

    if (!owned) {
        pattern_free(pattern);
        return NULL;
    }
    owned->pattern = pattern;
    owned->next = loader->ruleset->patterns;
    loader->ruleset->patterns = owned;
    return pattern;
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
    else
        node_problem(loader->problems, node,
                     "a pattern is expected here, between slashes and in single quotes: "
                     "'/error|fatal/i'");
}

struct pattern *read_pattern(struct loader *loader, const struct node *scalar)
{
    struct pattern *pattern = NULL;
    struct json_fault fault = { 0 };
    enum rc rc;

    if (!node_is_pattern(scalar)) {
        refuse_form(loader, scalar);
        return NULL;
    }
    rc = pattern_parse(scalar->text, loader->arena, &pattern, &fault);
    if (rc == RC_INVALID)
        mark_problem(loader->problems, PROBLEM_ERROR, mark_inside(scalar, fault.offset),
                     "bad pattern: %s", fault.text);
    else if (rc)
        loader->rc = rc;
    if (rc || !own(loader, pattern))
        return NULL;
    warn_pointless(loader, scalar, pattern);
    try_on_hostile_texts(loader, scalar, pattern);
    return pattern;
}

/* -- captures -- */

/* Names with a meaning of their own in templates. */
static const char *const reserved[] = {
    "time", "received", "first_seen", "last_seen", "count", "rule", "signal", "first", "data", NULL,
};

static bool may_be_captured(struct slice name)
{
    int i;

    if (slice_to_enum(name, captures_may_fill, &i) == RC_OK)
        return true;
    return slice_to_enum(name, event_field_names, &i) != RC_OK &&
           slice_to_enum(name, reserved, &i) != RC_OK;
}

void add_captures(struct loader *loader, const struct node *scalar, const struct pattern *pattern,
                  struct slice_list *captures)
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
