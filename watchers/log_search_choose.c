#include "watchers/log_search_private.h"

#include <stdlib.h>
#include <string.h>

/* A line that is chosen, in the order of time. */
struct place {
    struct search_line *line;
    size_t file;
};

struct quota {
    size_t n_lines, n_bytes;
};

/* -- around what was picked -- */

/* So many that the first match stays within the first quarter. */
static size_t context_lines(const struct log_search *search)
{
    size_t quarter = search->n_lines / 4;
    size_t most = quarter ? quarter - 1 : 0;
    size_t wanted = (size_t)search->watch->context;

    return wanted < most ? wanted : most;
}

static void choose_in_file(struct searching *searching, const struct search_file *file)
{
    struct search_line *lines = &searching->lines[file->first_line];
    size_t n_around = context_lines(searching->search);
    bool is_picky = search_is_picky(searching->search);

    for (size_t i = 0; i < file->n_lines; i++) {
        size_t first = i > n_around ? i - n_around : 0;

        lines[i].is_chosen = lines[i].is_chosen || !is_picky;
        if (!lines[i].is_picked)
            continue;
        for (size_t j = first; j < file->n_lines && j <= i + n_around; j++)
            lines[j].is_chosen = true;
    }
}

static size_t count_chosen(const struct searching *searching)
{
    size_t n_chosen = 0;

    for (size_t i = 0; i < searching->n_lines; i++)
        n_chosen += searching->lines[i].is_chosen;
    return n_chosen;
}

/* -- in the order of time -- */

static int in_time(const void *a, const void *b)
{
    const struct place *one = a, *other = b;

    if (one->line->time_ms != other->line->time_ms)
        return one->line->time_ms < other->line->time_ms ? -1 : 1;
    if (one->file != other->file)
        return one->file < other->file ? -1 : 1;
    return one->line < other->line ? -1 : 1;
}

static void fill_places(const struct searching *searching, struct place *places)
{
    size_t n_places = 0;

    for (size_t i = 0; i < searching->n_files; i++) {
        const struct search_file *file = &searching->files[i];

        for (size_t j = file->first_line; j < file->first_line + file->n_lines; j++) {
            if (searching->lines[j].is_chosen)
                places[n_places++] = (struct place){ &searching->lines[j], i };
        }
    }
    qsort(places, n_places, sizeof *places, in_time);
}

/* -- what is shown -- */

static size_t shown_bytes(const struct search_line *line)
{
    return line->text.len < LOG_SEARCH_EVENT_BYTES ? line->text.len : LOG_SEARCH_EVENT_BYTES;
}

static bool keep(struct search_line *line, struct quota *quota)
{
    size_t n_bytes = shown_bytes(line) + 1;

    if (line->n_rows > quota->n_lines || n_bytes > quota->n_bytes)
        return false;
    quota->n_lines -= line->n_rows;
    quota->n_bytes -= n_bytes;
    line->is_kept = true;
    return true;
}

static void give_back(struct quota *to, const struct quota *from)
{
    to->n_lines += from->n_lines;
    to->n_bytes += from->n_bytes;
}

static struct quota take_quarters(struct quota *from, size_t n_quarters)
{
    struct quota part = { from->n_lines * n_quarters / 4, from->n_bytes / 4 * n_quarters };

    if (!part.n_lines)
        part.n_lines = 1;
    from->n_lines -= part.n_lines;
    from->n_bytes -= part.n_bytes;
    return part;
}

/* From `end` down to `begin`; gives the first that is kept. */
static size_t keep_before(struct place *places, size_t begin, size_t end, struct quota *quota)
{
    while (end > begin && keep(places[end - 1].line, quota))
        end--;
    return end;
}

static size_t keep_from(struct place *places, size_t begin, size_t end, struct quota *quota)
{
    while (begin < end && keep(places[begin].line, quota))
        begin++;
    return begin;
}

/* How it began, and how it is now. */
static void keep_ends(struct place *places, size_t n_places, struct quota quota)
{
    struct quota first = take_quarters(&quota, 1);
    size_t n_first = keep_from(places, 0, n_places, &first);

    give_back(&quota, &first);
    (void)keep_before(places, n_first, n_places, &quota);
}

/* What led to it, and a little of what came of it. */
static void keep_around(struct place *places, size_t n_places, int64_t last_ms, struct quota quota)
{
    struct quota before = take_quarters(&quota, 3);
    size_t begin, pivot = 0;

    while (pivot < n_places && places[pivot].line->time_ms <= last_ms)
        pivot++;
    begin = keep_before(places, 0, pivot, &before);
    give_back(&quota, &before);
    (void)keep_from(places, pivot, n_places, &quota);
    (void)keep_before(places, 0, begin, &quota);
}

/* An event that is longer than all that may be shown: its beginning is. */
static void keep_one(struct searching *searching, struct place *places, size_t n_places)
{
    for (size_t i = 0; i < n_places; i++) {
        if (places[i].line->is_kept)
            return;
    }
    for (size_t i = 0; i < n_places; i++) {
        if (!places[i].line->is_picked && search_is_picky(searching->search))
            continue;
        places[i].line->is_kept = true;
        return;
    }
}

static void keep_some(struct searching *searching, struct place *places, size_t n_places)
{
    const struct log_search *search = searching->search;
    struct quota quota = { search->n_lines, LOG_SEARCH_TEXT_BYTES };
    struct quota all = quota;

    if (keep_from(places, 0, n_places, &all) == n_places)
        return;
    for (size_t i = 0; i < n_places; i++)
        places[i].line->is_kept = false;
    if (search_is_picky(search))
        keep_ends(places, n_places, quota);
    else
        keep_around(places, n_places, search->last_ms, quota);
    keep_one(searching, places, n_places);
}

enum rc search_choose(struct searching *searching)
{
    struct place *places;
    size_t n_places;

    for (size_t i = 0; i < searching->n_files; i++)
        choose_in_file(searching, &searching->files[i]);
    n_places = count_chosen(searching);
    places = calloc(n_places + 1, sizeof *places);
    if (!places)
        return RC_NO_MEMORY;
    fill_places(searching, places);
    keep_some(searching, places, n_places);
    free(places);
    return RC_OK;
}
