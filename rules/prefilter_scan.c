#include "rules/prefilter_private.h"

#include <stdlib.h>
#include <string.h>

struct prefilter_scratch {
    uint64_t *
        tried; /* of each way, the text that it was tried on last, by a number that no other text had */
    size_t n_ways;   /* room */
    uint64_t n_seen; /* bytes of all scans before */
    struct candidate *items;
    size_t n_room;
};

enum rc prefilter_scratch_new(struct prefilter_scratch **scratch)
{
    *scratch = calloc(1, sizeof(**scratch));
    return *scratch ? RC_OK : RC_NO_MEMORY;
}

void prefilter_scratch_free(struct prefilter_scratch *scratch)
{
    if (!scratch)
        return;
    free(scratch->tried);
    free(scratch->items);
    free(scratch);
}

/* Numbers begin at 1 and grow: what stands in new room was tried on no text. */
static enum rc make_room_for_ways(struct prefilter_scratch *scratch, size_t n_ways)
{
    uint64_t *grown;

    if (n_ways <= scratch->n_ways)
        return RC_OK;
    grown = calloc(n_ways, sizeof(*grown));
    if (!grown)
        return RC_NO_MEMORY;
    free(scratch->tried);
    scratch->tried = grown;
    scratch->n_ways = n_ways;
    return RC_OK;
}

/* -- the text around a place -- */

struct scan {
    const struct prefilter *prefilter;
    struct prefilter_scratch *scratch;
    struct slice bytes;
    const struct slice *texts; /* NULL: its lines */
    size_t n_texts;
    size_t cursor;     /* of texts: that of the last place; the next is near */
    struct slice text; /* of the last place */
    const char *line_end;
    size_t n_items;
};

static bool is_behind(const struct slice *text, const char *place)
{
    return !text->len || text->ptr + text->len <= place;
}

static bool is_before(const struct slice *text, const char *place)
{
    return text->len && text->ptr <= place;
}

/* Places come in order, but for a few bytes back and for a pass that starts anew. */
static void find_text(struct scan *scan, const char *place)
{
    while (scan->cursor && !is_before(&scan->texts[scan->cursor], place))
        scan->cursor--;
    while (scan->cursor + 1 < scan->n_texts && is_behind(&scan->texts[scan->cursor], place))
        scan->cursor++;
    scan->text = scan->texts[scan->cursor];
}

static void find_line(struct scan *scan, const char *place)
{
    const char *end = scan->bytes.ptr + scan->bytes.len;
    const char *lf;

    if (scan->line_end && scan->text.ptr <= place && place < scan->line_end)
        return;
    lf = memrchr(scan->bytes.ptr, '\n', (size_t)(place - scan->bytes.ptr));
    scan->text.ptr = lf ? lf + 1 : scan->bytes.ptr;
    lf = memchr(place, '\n', (size_t)(end - place));
    scan->line_end = lf ? lf : end;
    scan->text.len = (size_t)(scan->line_end - scan->text.ptr);
    if (lf && scan->text.len && lf[-1] == '\r')
        scan->text.len--;
}

/* False where the literal does not lie in one text whole. */
static bool enter_text(struct scan *scan, const char *place, size_t len)
{
    if (scan->texts)
        find_text(scan, place);
    else
        find_line(scan, place);
    return is_before(&scan->text, place) && !is_behind(&scan->text, place) &&
           len <= (size_t)(scan->text.ptr + scan->text.len - place);
}

/* -- candidates -- */

static enum rc add_candidate(struct scan *scan, uint32_t rule)
{
    struct prefilter_scratch *scratch = scan->scratch;

    if (scan->n_items == scratch->n_room) {
        size_t n_room = scratch->n_room ? 2 * scratch->n_room : 64;
        struct candidate *grown = reallocarray(scratch->items, n_room, sizeof(*grown));

        if (!grown)
            return RC_NO_MEMORY;
        scratch->items = grown;
        scratch->n_room = n_room;
    }
    scratch->items[scan->n_items++] =
        (struct candidate){ .begin = (uint32_t)(scan->text.ptr - scan->bytes.ptr), .rule = rule };
    return RC_OK;
}

static enum rc try_way(struct scan *scan, uint32_t i)
{
    const struct way *way = &scan->prefilter->ways[i];
    uint64_t number = scan->scratch->n_seen + (uint64_t)(scan->text.ptr - scan->bytes.ptr) + 1;

    if (scan->scratch->tried[i] == number)
        return RC_OK;
    scan->scratch->tried[i] = number;
    for (size_t j = 1; j < way->sets.n_items; j++) {
        if (!literal_set_is_in(&way->sets.items[j], scan->text))
            return RC_OK;
    }
    return add_candidate(scan, way->rule);
}

static enum rc on_found(void *context, uint32_t literal, const char *place)
{
    struct scan *scan = context;
    const struct prefilter *prefilter = scan->prefilter;
    enum rc rc = RC_OK;

    if (!enter_text(scan, place, prefilter->literals[literal].bytes.len))
        return RC_OK;
    for (uint32_t i = prefilter->first_use[literal]; !rc && i < prefilter->first_use[literal + 1];
         i++)
        rc = try_way(scan, prefilter->uses[i].way);
    return rc;
}

/* Of what is found in a text, each of the ways is tried on it. */
static enum rc find_all(struct scan *scan, const char *(*find)(struct slice text), size_t n_bytes,
                        const uint32_t *ways, size_t n_ways)
{
    const char *end = scan->bytes.ptr + scan->bytes.len;
    struct slice rest = scan->bytes;
    const char *place;
    enum rc rc = RC_OK;

    while (!rc && n_ways && (place = find(rest))) {
        bool is_inside = enter_text(scan, place, n_bytes);

        for (size_t i = 0; is_inside && !rc && i < n_ways; i++)
            rc = try_way(scan, ways[i]);
        rest = (struct slice){ place + 1, (size_t)(end - place) - 1 };
    }
    return rc;
}

/* Where a text has an escape, or a number with an exponent, a member may say what does not stand there. */
static enum rc find_written_otherwise(struct scan *scan)
{
    const struct prefilter *made = scan->prefilter;
    enum rc rc =
        find_all(scan, literal_find_escape, LITERAL_ESCAPE_BYTES, made->escaped, made->n_escaped);

    return rc ? rc : find_all(scan, literal_find_exponent, 1, made->of_number, made->n_of_number);
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;

    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return left->rule < right->rule ? -1 : left->rule > right->rule;
}

static void put_in_order(const struct scan *scan, struct candidate_list *candidates)
{
    struct candidate *items = scan->scratch->items;
    size_t n_kept = 0;

    if (scan->n_items > 1)
        qsort(items, scan->n_items, sizeof(*items), compare_candidates);
    for (size_t i = 0; i < scan->n_items; i++) {
        if (n_kept && compare_candidates(&items[n_kept - 1], &items[i]) == 0)
            continue;
        items[n_kept++] = items[i];
    }
    *candidates = (struct candidate_list){ .items = items, .n_items = n_kept };
}

/* Both lists ascend, and have no rule in common. */
size_t prefilter_merge(const struct prefilter *prefilter, const struct candidate *candidates,
                       size_t n_candidates, uint32_t *rules)
{
    size_t n_rules = 0, next = 0;

    for (size_t i = 0; i < n_candidates; i++) {
        while (next < prefilter->n_always && prefilter->always[next] < candidates[i].rule)
            rules[n_rules++] = prefilter->always[next++];
        rules[n_rules++] = candidates[i].rule;
    }
    while (next < prefilter->n_always)
        rules[n_rules++] = prefilter->always[next++];
    return n_rules;
}

static enum rc run(struct scan *scan, struct candidate_list *candidates)
{
    enum rc rc;

    *candidates = (struct candidate_list){ 0 };
    if (scan->bytes.len >= UINT32_MAX)
        return RC_LIMIT;
    if (!scan->bytes.len || !scan->prefilter->n_ways)
        return RC_OK;
    rc = make_room_for_ways(scan->scratch, scan->prefilter->n_ways);
    if (!rc)
        rc = gram_table_scan(scan->prefilter->table, scan->bytes, on_found, scan);
    if (!rc)
        rc = find_written_otherwise(scan);
    scan->scratch->n_seen += scan->bytes.len + 1;
    if (!rc)
        put_in_order(scan, candidates);
    return rc;
}

enum rc prefilter_scan(const struct prefilter *prefilter, struct slice bytes,
                       const struct slice *texts, size_t n_texts, struct prefilter_scratch *scratch,
                       struct candidate_list *candidates)
{
    struct scan scan = { .prefilter = prefilter,
                         .scratch = scratch,
                         .bytes = bytes,
                         .texts = texts,
                         .n_texts = n_texts };

    *candidates = (struct candidate_list){ 0 };
    return n_texts ? run(&scan, candidates) : RC_OK;
}

enum rc prefilter_scan_lines(const struct prefilter *prefilter, struct slice bytes,
                             struct prefilter_scratch *scratch, struct candidate_list *candidates)
{
    struct scan scan = { .prefilter = prefilter, .scratch = scratch, .bytes = bytes };

    return run(&scan, candidates);
}
