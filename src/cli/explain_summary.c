#include "src/cli/explain_summary.h"

#include <stdio.h>
#include <stdlib.h>

#define KEPT_BYTES ((size_t)64 << 20)
#define CLAUSES_MAX 8 /* of a rule that are told apart */
#define SAW_BYTES 80  /* of a value that is kept as an example */
#define CELL_BYTES 32

/* A gate that events failed first. */
struct missed {
    struct slice name, wanted, saw, event; /* of the first such event */
    uint64_t n_events, n_alone;            /* of them: it was the only one */
};

struct rule_sum {
    uint64_t n_about, n_matched, n_cleared, n_near;
    struct missed missed[CLAUSES_MAX];
    size_t n_missed;
};

struct explain_summary {
    const struct ruleset *ruleset;
    struct rule_sum *sums; /* one for each rule */
    struct arena *kept;
};

enum rc explain_summary_new(const struct ruleset *ruleset, struct explain_summary **summary)
{
    struct explain_summary *made = calloc(1, sizeof *made);
    enum rc rc = made ? arena_new(KEPT_BYTES, &made->kept) : RC_NO_MEMORY;

    if (made && !rc) {
        made->ruleset = ruleset;
        made->sums = calloc(ruleset->n_rules + 1, sizeof *made->sums);
        rc = made->sums ? RC_OK : RC_NO_MEMORY;
    }
    if (rc) {
        explain_summary_free(made);
        return rc;
    }
    *summary = made;
    return RC_OK;
}

void explain_summary_free(struct explain_summary *summary)
{
    if (!summary)
        return;
    arena_free(summary->kept);
    free(summary->sums);
    free(summary);
}

/* --- adding up --- */

static struct missed *find_missed(struct rule_sum *sum, struct slice name)
{
    for (size_t i = 0; i < sum->n_missed; i++)
        if (slice_eq(sum->missed[i].name, name))
            return &sum->missed[i];
    return NULL;
}

static enum rc keep_missed(struct explain_summary *summary, struct rule_sum *sum,
                           const struct gate *gate, struct slice event, struct missed **missed)
{
    struct missed *kept = &sum->missed[sum->n_missed];
    struct slice saw = gate->saw;
    enum rc rc;

    if (saw.len > SAW_BYTES)
        saw.len = SAW_BYTES;
    rc = arena_copy(summary->kept, gate->name, &kept->name);
    if (!rc)
        rc = arena_copy(summary->kept, gate->wanted, &kept->wanted);
    if (!rc)
        rc = arena_copy(summary->kept, saw, &kept->saw);
    if (!rc)
        rc = arena_copy(summary->kept, event, &kept->event);
    if (rc)
        return rc;
    sum->n_missed++;
    *missed = kept;
    return RC_OK;
}

static enum rc add_miss(struct explain_summary *summary, struct rule_sum *sum,
                        const struct gate *gate, size_t n_missed, struct slice event)
{
    struct missed *missed = find_missed(sum, gate->name);
    enum rc rc = RC_OK;

    sum->n_near += n_missed == 1;
    if (!missed && sum->n_missed == CLAUSES_MAX)
        return RC_OK;
    if (!missed)
        rc = keep_missed(summary, sum, gate, event, &missed);
    if (rc)
        return rc;
    missed->n_events++;
    missed->n_alone += n_missed == 1;
    return RC_OK;
}

enum rc explain_summary_add(struct explain_summary *summary, const struct rule *rule,
                            const struct gate *gates, size_t n_gates, bool matched,
                            struct slice event)
{
    struct rule_sum *sum = &summary->sums[rule->index];
    const struct gate *gate = gates_first_missed(gates, n_gates);
    bool clears = gates_clear(gates, n_gates);

    sum->n_matched += matched;
    sum->n_cleared += clears;
    sum->n_about += matched || clears || gate;
    if (matched || !gate)
        return RC_OK;
    return add_miss(summary, sum, gate, gates_missed(gates, n_gates), event);
}

/* --- for people --- */

static enum rc add_number(struct table *table, uint64_t number)
{
    char text[CELL_BYTES];

    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return table_add(table, slice_of(text));
}

static enum rc add_row(struct table *table, const struct rule *rule, const struct rule_sum *sum)
{
    const uint64_t numbers[] = { sum->n_about, sum->n_matched, sum->n_cleared, sum->n_near };
    enum rc rc = table_add(table, rule->id);

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !rc; i++)
        rc = add_number(table, numbers[i]);
    return rc;
}

static enum rc show_table(const struct explain_summary *summary, const struct screen *screen,
                          struct buffer *out)
{
    static const struct table_column columns[] = {
        { "RULE" }, { "ABOUT IT" }, { "MATCHED" }, { "CLEARED" }, { "MISSED BY ONE" }
    };
    struct table *table = NULL;
    enum rc rc = table_new(columns, sizeof columns / sizeof *columns, &table);

    for (size_t i = 0; i < summary->ruleset->n_rules && !rc; i++)
        if (summary->sums[i].n_about)
            rc = add_row(table, &summary->ruleset->rules[i], &summary->sums[i]);
    if (!rc && table_n_rows(table)) {
        table_show(table, screen, out);
        buffer_add_text(out, "\n");
    }
    table_free(table);
    return rc;
}

static int compare_missed(const void *a, const void *b)
{
    const struct missed *one = a, *other = b;

    if (one->n_alone != other->n_alone)
        return one->n_alone < other->n_alone ? 1 : -1;
    return (one->n_events < other->n_events) - (one->n_events > other->n_events);
}

static void show_missed(const struct missed *missed, struct buffer *out)
{
    buffer_add_text(out, "    ");
    show_text(out, missed->name);
    buffer_format(out, " failed %llu", (unsigned long long)missed->n_events);
    if (missed->n_alone)
        buffer_format(out, ", %llu by it alone", (unsigned long long)missed->n_alone);
    buffer_add_text(out, ": wanted ");
    show_text(out, missed->wanted);
    buffer_add_text(out, ", saw ");
    show_text(out, missed->saw.len ? missed->saw : SLICE("nothing"));
    buffer_add_text(out, "  ");
    show_text(out, missed->event);
    buffer_add_text(out, "\n");
}

enum rc explain_summary_show(const struct explain_summary *summary, const struct screen *screen,
                             uint64_t n_events, struct buffer *out)
{
    size_t n_apart = 0;
    enum rc rc;

    buffer_format(out, "%llu events; --json explains each\n\n", (unsigned long long)n_events);
    rc = show_table(summary, screen, out);
    for (size_t i = 0; i < summary->ruleset->n_rules; i++) {
        struct rule_sum *sum = &summary->sums[i];

        n_apart += !sum->n_about;
        if (!sum->n_missed)
            continue;
        qsort(sum->missed, sum->n_missed, sizeof *sum->missed, compare_missed);
        buffer_add_text(out, "  ");
        show_text(out, summary->ruleset->rules[i].id);
        buffer_add_text(out, "\n");
        for (size_t k = 0; k < sum->n_missed; k++)
            show_missed(&sum->missed[k], out);
    }
    if (n_apart)
        buffer_format(out, "%zu rule%s not about any of them\n", n_apart,
                      n_apart == 1 ? " is" : "s are");
    return rc;
}
