#include "src/engine/rule_test_private.h"

#include "src/base/buffer.h"

#include <stdlib.h>

#define CELLS_MAX ((size_t)32 << 20)

/* -- telling -- */

static enum rc fail_with(struct test_run *run, const struct expectation *wanted,
                         const struct change_seen *got)
{
    struct rule_test_failure failure = { .mark = wanted->node->mark };
    struct buffer texts[3];
    enum rc rc;

    for (size_t i = 0; i < COUNT(texts); i++)
        buffer_init(&texts[i], (size_t)1 << 20);
    rule_test_show_node(wanted->node, &texts[0]);
    failure.expected = buffer_slice(&texts[0]);
    if (got) {
        rule_test_show_change(wanted, got, &texts[1]);
        rule_test_show_differences(wanted, got, &texts[2]);
        failure.got = buffer_slice(&texts[1]);
        failure.differs = texts[2].len ? buffer_slice(&texts[2]) : SLICE("its place in the order");
    }
    rc = rule_test_fail(run, &failure);
    for (size_t i = 0; i < COUNT(texts); i++)
        buffer_free(&texts[i]);
    return rc;
}

static enum rc fail_unexpected(struct test_run *run, const struct change_seen *got)
{
    struct rule_test_failure failure = { .mark = run->text.expect_node->mark,
                                         .text = SLICE("this came and is not expected") };
    struct buffer text;
    enum rc rc;

    buffer_init(&text, (size_t)1 << 20);
    rule_test_show_change(NULL, got, &text);
    failure.got = buffer_slice(&text);
    rc = rule_test_fail(run, &failure);
    buffer_free(&text);
    return rc;
}

/* -- signals: every firing and resolved of the rules named, in order, and no other -- */

/* The two rows, and how they are put beside each other. */
struct rows {
    const struct expectation **wanted;
    size_t n_wanted;
    struct change_seen **got;
    size_t n_got;
    uint16_t *best; /* of the rest from each pair on: how many can be matched in order */
};

static bool is_pending(const struct change_seen *got)
{
    return slice_eq(got->state, slice_of(signal_state_names[SIGNAL_PENDING]));
}

static bool is_named(const struct rule_test_text *text, struct slice rule)
{
    for (size_t i = 0; i < text->n_expectations; i++)
        if (rule_test_is_about_signal(&text->expectations[i]) &&
            slice_eq(text->expectations[i].rule, rule))
            return true;
    return false;
}

static enum rc take_rows(struct test_run *run, struct rows *rows)
{
    const struct rule_test_text *text = &run->text;

    rows->wanted = arena_alloc(run->arena, text->n_expectations + 1, sizeof(*rows->wanted));
    rows->got = arena_alloc(run->arena, run->n_seen + 1, sizeof(*rows->got));
    if (!rows->wanted || !rows->got)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < text->n_expectations; i++)
        if (rule_test_is_about_signal(&text->expectations[i]))
            rows->wanted[rows->n_wanted++] = &text->expectations[i];
    for (size_t i = 0; i < run->n_seen; i++)
        if (!run->seen[i].is_proposal && is_named(text, run->seen[i].rule))
            rows->got[rows->n_got++] = &run->seen[i];
    return RC_OK;
}

static uint16_t *cell(const struct rows *rows, size_t wanted, size_t got)
{
    return &rows->best[wanted * (rows->n_got + 1) + got];
}

/* The longest row of pairs that fit, so that one that is missing is told as missing and does not put all behind it out of step. */
static enum rc find_best(struct rows *rows)
{
    size_t n_cells = (rows->n_wanted + 1) * (rows->n_got + 1);

    if (n_cells > CELLS_MAX)
        return RC_LIMIT;
    rows->best = calloc(n_cells, sizeof *rows->best);
    if (!rows->best)
        return RC_NO_MEMORY;
    for (size_t i = rows->n_wanted; i-- > 0;)
        for (size_t j = rows->n_got; j-- > 0;) {
            uint16_t without_wanted = *cell(rows, i + 1, j), without_got = *cell(rows, i, j + 1);
            uint16_t best = without_wanted > without_got ? without_wanted : without_got;

            if (rule_test_fits(rows->wanted[i], rows->got[j]) &&
                *cell(rows, i + 1, j + 1) + 1 > best)
                best = (uint16_t)(*cell(rows, i + 1, j + 1) + 1);
            *cell(rows, i, j) = best;
        }
    return RC_OK;
}

/* Pairs that are taken leave the row of what is expected; what came is marked. */
static void take_pairs(struct rows *rows)
{
    size_t i = 0, j = 0;

    while (i < rows->n_wanted && j < rows->n_got) {
        if (rule_test_fits(rows->wanted[i], rows->got[j]) &&
            *cell(rows, i, j) == *cell(rows, i + 1, j + 1) + 1) {
            rows->got[j++]->taken = rows->wanted[i];
            rows->wanted[i++] = NULL;
        } else if (*cell(rows, i + 1, j) >= *cell(rows, i, j + 1)) {
            i++;
        } else {
            j++;
        }
    }
}

/* What came instead, most likely. */
static struct change_seen *find_nearest(const struct rows *rows, const struct expectation *wanted)
{
    struct change_seen *nearest = NULL;
    unsigned best = 0;

    for (size_t j = 0; j < rows->n_got; j++) {
        unsigned nearness = rows->got[j]->taken ? 0 : rule_test_nearness(wanted, rows->got[j]);

        if (nearness > best) {
            best = nearness;
            nearest = rows->got[j];
        }
    }
    return nearest;
}

static enum rc fail_rest(struct test_run *run, const struct rows *rows)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < rows->n_wanted && !rc; i++) {
        struct change_seen *nearest;

        if (!rows->wanted[i])
            continue;
        nearest = find_nearest(rows, rows->wanted[i]);
        if (nearest)
            nearest->taken = rows->wanted[i];
        rc = fail_with(run, rows->wanted[i], nearest);
    }
    for (size_t j = 0; j < rows->n_got && !rc; j++)
        if (!rows->got[j]->taken && !is_pending(rows->got[j]))
            rc = fail_unexpected(run, rows->got[j]);
    return rc;
}

static enum rc compare_signals(struct test_run *run)
{
    struct rows rows = { 0 };
    enum rc rc = take_rows(run, &rows);

    if (!rc)
        rc = find_best(&rows);
    if (!rc) {
        take_pairs(&rows);
        rc = fail_rest(run, &rows);
    }
    free(rows.best);
    return rc;
}

/* -- proposals: each that is expected came -- */

/* One that fits: what another has is taken where that one finds something else. So no order of the expectations makes them fail. */
static bool find_place(struct test_run *run, const struct expectation *wanted,
                       const struct expectation *for_whom)
{
    for (size_t i = 0; i < run->n_seen; i++) {
        struct change_seen *got = &run->seen[i];

        if (!got->is_proposal || got->asked_for == for_whom || !rule_test_fits(wanted, got))
            continue;
        got->asked_for = for_whom;
        if (got->taken && !find_place(run, got->taken, for_whom))
            continue;
        got->taken = wanted;
        return true;
    }
    return false;
}

static void find_places(struct test_run *run)
{
    for (size_t i = 0; i < run->text.n_expectations; i++) {
        const struct expectation *wanted = &run->text.expectations[i];

        if (wanted->proposal)
            (void)find_place(run, wanted, wanted);
    }
}

static enum rc compare_proposal(struct test_run *run, const struct expectation *wanted)
{
    struct change_seen *nearest = NULL;
    unsigned best = 0;

    for (size_t i = 0; i < run->n_seen; i++) {
        struct change_seen *got = &run->seen[i];
        unsigned nearness;

        if (got->is_proposal && got->taken == wanted)
            return RC_OK;
        if (!got->is_proposal || got->taken)
            continue;
        nearness = rule_test_nearness(wanted, got);
        if (nearness > best) {
            best = nearness;
            nearest = got;
        }
    }
    return fail_with(run, wanted, nearest);
}

/* -- numbers -- */

static bool is_counted(const struct expectation *wanted, const struct change_seen *got)
{
    bool is_first = got->is_proposal
                        ? got->is_opening
                        : slice_eq(got->state, slice_of(signal_state_names[SIGNAL_FIRING]));

    return got->is_proposal == (wanted->n_proposals >= 0) && is_first &&
           (slice_is_absent(wanted->rule) || slice_eq(wanted->rule, got->rule));
}

static enum rc compare_number(struct test_run *run, const struct expectation *wanted)
{
    struct rule_test_failure failure = { .mark = wanted->node->mark };
    bool is_of_proposals = wanted->n_proposals >= 0;
    int64_t expected = is_of_proposals ? wanted->n_proposals : wanted->n_signals;
    int64_t n = 0;
    struct buffer text;
    enum rc rc;

    for (size_t i = 0; i < run->n_seen; i++)
        n += is_counted(wanted, &run->seen[i]);
    if (n == expected)
        return RC_OK;
    buffer_init(&text, 0);
    rule_test_show_node(wanted->node, &text);
    failure.expected = buffer_slice(&text);
    rc = arena_format(run->arena, &failure.got, "{%s: %lld}",
                      is_of_proposals ? "proposals" : "signals", (long long)n);
    if (!rc)
        rc = rule_test_fail(run, &failure);
    buffer_free(&text);
    return rc;
}

enum rc rule_test_compare(struct test_run *run)
{
    enum rc rc = compare_signals(run);

    find_places(run);
    for (size_t i = 0; i < run->text.n_expectations && !rc; i++) {
        const struct expectation *wanted = &run->text.expectations[i];

        if (wanted->proposal)
            rc = compare_proposal(run, wanted);
        else if (!rule_test_is_about_signal(wanted))
            rc = compare_number(run, wanted);
    }
    return rc;
}
