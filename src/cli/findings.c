#include "src/cli/findings.h"

#include <stdlib.h>

const char *const difference_names[] = { "added", "gone", "changed", NULL };

enum rc findings_add(struct finding_list *list, struct arena *arena, const struct finding *told)
{
    struct finding *grown = arena_grow(arena, list->items, list->n_items, sizeof *grown);

    if (!grown)
        return RC_NO_MEMORY;
    list->items = grown;
    list->items[list->n_items] = *told;
    list->items[list->n_items].order = list->n_items;
    list->n_items++;
    return RC_OK;
}

/* --- each once --- */

static int compare_keys(const struct slice_list *a, const struct slice_list *b)
{
    for (size_t i = 0; i < a->n_items && i < b->n_items; i++) {
        int order = slice_compare(a->items[i], b->items[i]);

        if (order)
            return order;
    }
    return (a->n_items > b->n_items) - (a->n_items < b->n_items);
}

static int compare_names(const struct finding *a, const struct finding *b)
{
    int order = slice_compare(a->rule, b->rule);

    return order ? order : compare_keys(&a->key, &b->key);
}

static int compare_times(const struct finding *a, const struct finding *b)
{
    return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

/* What is one lies together. A proposal has an id, and its key is that of whoever leads; nothing of a rule and key happens while one of its signals lasts. */
static int compare_told(const void *a, const void *b)
{
    const struct finding *one = a, *other = b;
    int order = ulid_compare(one->id, other->id);

    if (!order && ulid_is_absent(one->id))
        order = compare_names(one, other);
    return order ? order : (one->order > other->order) - (one->order < other->order);
}

static bool begins_one(const struct finding *told, const struct finding *last)
{
    if (ulid_is_absent(told->id))
        return told->begins;
    return !last || ulid_compare(last->id, told->id);
}

static bool goes_on(const struct finding *one, const struct finding *told)
{
    return !ulid_is_absent(told->id) || !compare_names(one, told);
}

/* How it goes on and ends; what it began with stays. */
static void take_course(struct finding *one, const struct finding *told)
{
    one->state = told->state;
    if (told->count)
        one->count = told->count;
    if (told->until_ms)
        one->until_ms = told->until_ms;
}

static void join(struct finding_list *list)
{
    struct finding *last = NULL;
    size_t n_kept = 0;

    for (size_t i = 0; i < list->n_items; i++) {
        const struct finding *told = &list->items[i];

        if (begins_one(told, last)) {
            last = &list->items[n_kept++];
            *last = *told;
        } else if (last && goes_on(last, told)) {
            take_course(last, told);
        }
    }
    list->n_items = n_kept;
}

static int compare_joined(const void *a, const void *b)
{
    int order = compare_names(a, b);

    return order ? order : compare_times(a, b);
}

void findings_join(struct finding_list *list, int64_t since_ms)
{
    size_t n_kept = 0;

    if (!list->n_items)
        return;
    qsort(list->items, list->n_items, sizeof *list->items, compare_told);
    join(list);
    for (size_t i = 0; i < list->n_items; i++)
        if (list->items[i].at_ms >= since_ms)
            list->items[n_kept++] = list->items[i];
    list->n_items = n_kept;
    qsort(list->items, list->n_items, sizeof *list->items, compare_joined);
}

/* --- two sets of rules --- */

struct comparison {
    struct arena *arena;
    struct difference_list *found;
    const struct finding *before, *after; /* of one rule and key, in the order of time */
    size_t n_before, n_after;
    const struct finding **of_before, **of_after; /* their counterparts; NULL: none */
};

static bool began_together(const struct finding *a, const struct finding *b)
{
    return a->at_ms == b->at_ms;
}

static bool overlap(const struct finding *a, const struct finding *b)
{
    return (!a->until_ms || b->at_ms < a->until_ms) && (!b->until_ms || a->at_ms < b->until_ms);
}

/* None overlaps its neighbours in its own list: the earlier of two that do not belong together has no counterpart further on. */
static void pair_off(struct comparison *comparison,
                     bool (*belong)(const struct finding *a, const struct finding *b))
{
    size_t i = 0, k = 0;

    while (i < comparison->n_before && k < comparison->n_after) {
        const struct finding *before = &comparison->before[i], *after = &comparison->after[k];

        if (comparison->of_before[i]) {
            i++;
        } else if (comparison->of_after[k]) {
            k++;
        } else if (belong(before, after)) {
            comparison->of_before[i++] = after;
            comparison->of_after[k++] = before;
        } else if (compare_times(before, after) < 0) {
            i++;
        } else {
            k++;
        }
    }
}

static bool is_same(const struct finding *a, const struct finding *b)
{
    return a->at_ms == b->at_ms && a->until_ms == b->until_ms && a->count == b->count &&
           a->n_signals == b->n_signals && slice_eq(a->severity, b->severity) &&
           slice_eq(a->title, b->title) && slice_eq(a->plan, b->plan) &&
           slice_eq(a->state, b->state);
}

static enum rc add(struct comparison *comparison, const struct finding *before,
                   const struct finding *after)
{
    struct difference_list *found = comparison->found;
    struct difference *grown;

    if (before && after && is_same(before, after))
        return RC_OK;
    grown = arena_grow(comparison->arena, found->items, found->n_items, sizeof *grown);
    if (!grown)
        return RC_NO_MEMORY;
    found->items = grown;
    found->items[found->n_items++] = (struct difference){ .kind = !before  ? DIFFERENCE_ADDED
                                                                  : !after ? DIFFERENCE_GONE
                                                                           : DIFFERENCE_CHANGED,
                                                          .before = before,
                                                          .after = after };
    return RC_OK;
}

/* All of one rule and key. */
static enum rc compare_one(struct comparison *comparison)
{
    enum rc rc = RC_OK;

    comparison->of_before = calloc(comparison->n_before + 1, sizeof *comparison->of_before);
    comparison->of_after = calloc(comparison->n_after + 1, sizeof *comparison->of_after);
    if (!comparison->of_before || !comparison->of_after)
        rc = RC_NO_MEMORY;
    if (!rc) {
        pair_off(comparison, began_together);
        pair_off(comparison, overlap);
    }
    for (size_t i = 0; i < comparison->n_before && !rc; i++)
        rc = add(comparison, &comparison->before[i], comparison->of_before[i]);
    for (size_t i = 0; i < comparison->n_after && !rc; i++)
        if (!comparison->of_after[i])
            rc = add(comparison, NULL, &comparison->after[i]);
    free(comparison->of_before);
    free(comparison->of_after);
    return rc;
}

/* How many from `begin` on are of the same rule and key as `first`. */
static size_t count_alike(const struct finding_list *list, size_t begin,
                          const struct finding *first)
{
    size_t n = 0;

    while (begin + n < list->n_items && !compare_names(&list->items[begin + n], first))
        n++;
    return n;
}

static const struct finding *first_of(const struct finding_list *before, size_t i,
                                      const struct finding_list *after, size_t k)
{
    if (i == before->n_items)
        return &after->items[k];
    if (k == after->n_items)
        return &before->items[i];
    return compare_names(&before->items[i], &after->items[k]) <= 0 ? &before->items[i]
                                                                   : &after->items[k];
}

const struct finding *difference_finding(const struct difference *difference)
{
    return difference->after ? difference->after : difference->before;
}

static int compare_differences(const void *a, const void *b)
{
    const struct finding *one = difference_finding(a), *other = difference_finding(b);
    int order = compare_times(one, other);

    return order ? order : compare_names(one, other);
}

enum rc findings_compare(const struct finding_list *before, const struct finding_list *after,
                         struct arena *arena, struct difference_list *differences)
{
    struct comparison comparison = { .arena = arena, .found = differences };
    size_t i = 0, k = 0;
    enum rc rc = RC_OK;

    *differences = (struct difference_list){ 0 };
    while ((i < before->n_items || k < after->n_items) && !rc) {
        const struct finding *first = first_of(before, i, after, k);

        comparison.before = before->items + i;
        comparison.n_before = count_alike(before, i, first);
        comparison.after = after->items + k;
        comparison.n_after = count_alike(after, k, first);
        rc = compare_one(&comparison);
        i += comparison.n_before;
        k += comparison.n_after;
    }
    if (!rc && differences->n_items)
        qsort(differences->items, differences->n_items, sizeof *differences->items,
              compare_differences);
    return rc;
}

/* --- how many --- */

enum { COLUMN_BEFORE = DIFFERENCES, COLUMN_AFTER };

/* One thing that is counted, under its name. */
struct counted {
    struct slice name;
    enum finding_kind kind;
    int column; /* an enum difference_kind, or one of those above */
};

struct counting {
    const struct tally_request *request;
    struct arena *arena;
    struct counted *items;
    size_t n_items;
    enum rc rc;
};

static void count(struct counting *counting, const struct finding *finding, int column)
{
    const struct tally_request *request = counting->request;
    struct slice name = request->name_of(request->context, finding, counting->arena);

    if (slice_is_absent(name))
        counting->rc = RC_NO_MEMORY;
    counting->items[counting->n_items++] =
        (struct counted){ .name = name, .kind = finding->kind, .column = column };
}

static void count_list(struct counting *counting, const struct finding_list *list, int column)
{
    for (size_t i = 0; i < list->n_items; i++)
        count(counting, &list->items[i], column);
}

static int compare_counted(const void *a, const void *b)
{
    const struct counted *one = a, *other = b;

    return slice_compare(one->name, other->name);
}

static void add_up(struct tally *tally, const struct counted *counted)
{
    if (counted->column == COLUMN_BEFORE)
        tally->n_before[counted->kind]++;
    else if (counted->column == COLUMN_AFTER)
        tally->n_after[counted->kind]++;
    else
        tally->n_differences[counted->kind][counted->column]++;
}

static enum rc sum_up(struct counting *counting, struct tally_list *tallies)
{
    struct tally *tally = NULL;

    if (counting->n_items)
        qsort(counting->items, counting->n_items, sizeof *counting->items, compare_counted);
    for (size_t i = 0; i < counting->n_items; i++) {
        const struct counted *counted = &counting->items[i];

        if (!tally || !slice_eq(tally->name, counted->name)) {
            tally = arena_grow(counting->arena, tallies->items, tallies->n_items, sizeof *tally);
            if (!tally)
                return RC_NO_MEMORY;
            tallies->items = tally;
            tally = &tallies->items[tallies->n_items++];
            *tally = (struct tally){ .name = counted->name };
        }
        add_up(tally, counted);
    }
    return RC_OK;
}

enum rc findings_tally(const struct tally_request *request, struct arena *arena,
                       struct tally_list *tallies)
{
    struct counting counting = { .request = request, .arena = arena };
    size_t n_all = 1;
    enum rc rc;

    *tallies = (struct tally_list){ 0 };
    for (int kind = 0; kind < FINDING_KINDS; kind++)
        n_all += request->before[kind].n_items + request->after[kind].n_items +
                 request->differences[kind].n_items;
    counting.items = calloc(n_all, sizeof *counting.items);
    if (!counting.items)
        return RC_NO_MEMORY;
    for (int kind = 0; kind < FINDING_KINDS; kind++) {
        const struct difference_list *differences = &request->differences[kind];

        count_list(&counting, &request->before[kind], COLUMN_BEFORE);
        count_list(&counting, &request->after[kind], COLUMN_AFTER);
        for (size_t i = 0; i < differences->n_items; i++)
            count(&counting, difference_finding(&differences->items[i]),
                  (int)differences->items[i].kind);
    }
    rc = counting.rc ? counting.rc : sum_up(&counting, tallies);
    free(counting.items);
    return rc;
}
