#include "src/cli/replay_profile.h"

#include <stdio.h>

#define N_COSTLIEST 10
#define CELL_BYTES 256
#define DECIMAL_BYTES 400 /* of any double */

/* One of the costliest. */
struct costly {
    const struct rule *rule;
    const struct rule_cost *cost;
    double share;         /* of what all rules took: 0 to 1 */
    struct slice pattern; /* that took most of it; absent: none was searched for */
};

struct costliest {
    struct costly items[N_COSTLIEST];
    size_t n_items, n_tried; /* rules */
    uint64_t n_tries;
    int64_t total_ns;
};

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static void take_costly(const struct rule *rule, const struct rule_cost *cost, int64_t total_ns,
                        struct costly *costly)
{
    const struct pattern *pattern = pattern_costs_costliest(&cost->patterns);

    *costly = (struct costly){ .rule = rule,
                               .cost = cost,
                               .share = total_ns ? (double)cost->ns / (double)total_ns : 0 };
    if (pattern)
        costly->pattern = pattern_source(pattern);
}

static void find_costliest(const struct ruleset *ruleset, struct profile *profile,
                           struct costliest *found)
{
    size_t rules[N_COSTLIEST];

    *found = (struct costliest){ .n_items = profile_costliest(profile, N_COSTLIEST, rules),
                                 .total_ns = profile_total_ns(profile) };
    for (size_t i = 0; i < found->n_items; i++)
        take_costly(&ruleset->rules[rules[i]], profile_of(profile, rules[i]), found->total_ns,
                    &found->items[i]);
    for (size_t i = 0; i < ruleset->n_rules; i++) {
        found->n_tries += profile_of(profile, i)->n_tried;
        found->n_tried += profile_of(profile, i)->n_tried > 0;
    }
}

/* -- for programs -- */

/* With as many decimals as mean something: 1.4938e-05 is a number, too, but nobody reads it. */
static void member_decimal(struct json_writer *writer, const char *key, double value, int decimals)
{
    char text[DECIMAL_BYTES];
    int len = snprintf(text, sizeof text, "%.*f", decimals, value);

    json_key(writer, key);
    json_write_raw(writer, (struct slice){ text, (size_t)len });
}

static void write_costly(const struct costly *costly, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_object_begin(&writer);
    json_key(&writer, "profile");
    json_object_begin(&writer);
    json_member_text(&writer, "rule", costly->rule->id);
    json_member_text(&writer, "file", costly->rule->mark.file);
    json_member_int(&writer, "line", costly->rule->mark.line);
    json_member_int(&writer, "tried", (int64_t)costly->cost->n_tried);
    json_member_int(&writer, "matched", (int64_t)costly->cost->n_matched);
    member_decimal(&writer, "seconds", seconds(costly->cost->ns), 9);
    member_decimal(&writer, "max_seconds", seconds(costly->cost->max_ns), 9);
    member_decimal(&writer, "share", costly->share, 4);
    json_member_text(&writer, "pattern", costly->pattern);
    json_object_end(&writer);
    json_object_end(&writer);
    buffer_add_text(out, "\n");
}

/* -- for people -- */

static const struct table_column columns[] = { { "  SHARE" }, { "   SECONDS" },       { " MAX MS" },
                                               { "  TRIED" }, { "MATCHED" },          { "RULE" },
                                               { "AT" },      { "COSTLIEST PATTERN" } };

static enum rc add_cell(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum rc add_cell(struct table *table, const char *format, ...)
{
    char text[CELL_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return table_add(table, slice_of(text));
}

static enum rc add_place(struct table *table, struct mark mark)
{
    struct buffer place;
    enum rc rc;

    buffer_init(&place, 0);
    buffer_format(&place, "%.*s:%u", SLICE_ARG(mark.file), mark.line);
    rc = buffer_rc(&place);
    if (!rc)
        rc = table_add(table, buffer_slice(&place));
    buffer_free(&place);
    return rc;
}

static enum rc add_row(struct table *table, const struct costly *costly)
{
    const struct rule_cost *cost = costly->cost;
    enum rc rc = add_cell(table, "%5.1f %%", 100 * costly->share);

    if (!rc)
        rc = add_cell(table, "%10.6f", seconds(cost->ns));
    if (!rc)
        rc = add_cell(table, "%7.3f", 1000 * seconds(cost->max_ns));
    if (!rc)
        rc = add_cell(table, "%7llu", (unsigned long long)cost->n_tried);
    if (!rc)
        rc = add_cell(table, "%7llu", (unsigned long long)cost->n_matched);
    if (!rc)
        rc = table_add(table, costly->rule->id);
    if (!rc)
        rc = add_place(table, costly->rule->mark);
    return rc ? rc : table_add(table, costly->pattern);
}

static void show_sum(const struct costliest *found, struct buffer *out)
{
    double share = 0;

    for (size_t i = 0; i < found->n_items; i++)
        share += found->items[i].share;
    buffer_format(out, "%zu rule%s tried %llu time%s, %.6f s in all", found->n_tried,
                  found->n_tried == 1 ? "" : "s", (unsigned long long)found->n_tries,
                  found->n_tries == 1 ? "" : "s", seconds(found->total_ns));
    if (found->n_tried > found->n_items)
        buffer_format(out, "; those above took %.1f %% of it", 100 * share);
    buffer_add_text(out, "\n");
}

static enum rc show_costliest(const struct screen *screen, const struct costliest *found,
                              struct buffer *out)
{
    struct table *table = NULL;
    enum rc rc = table_new(columns, sizeof columns / sizeof *columns, &table);

    for (size_t i = 0; i < found->n_items && !rc; i++)
        rc = add_row(table, &found->items[i]);
    if (!rc) {
        buffer_add_text(out, "\n");
        if (found->n_items)
            table_show(table, screen, out);
        show_sum(found, out);
    }
    table_free(table);
    return rc;
}

enum rc replay_profile_write(const struct invocation *invocation, const struct ruleset *ruleset,
                             const struct profile *where_read, struct profile *where_folded,
                             struct buffer *out)
{
    struct costliest found;

    profile_add_tries(where_folded, where_read);
    find_costliest(ruleset, where_folded, &found);
    if (!invocation->options.json)
        return show_costliest(&invocation->screen, &found, out);
    for (size_t i = 0; i < found.n_items; i++)
        write_costly(&found.items[i], out);
    return RC_OK;
}
