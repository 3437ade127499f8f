#include "rules/line_list.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static size_t count_lines(struct slice text)
{
    size_t n_lines = 0;

    while (text.len) {
        (void)slice_cut(&text, '\n');
        n_lines++;
    }
    return n_lines;
}

static void drop_doubles(struct line_list *list)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < list->n_lines; i++) {
        if (!n_kept || !slice_eq(list->lines[n_kept - 1], list->lines[i]))
            list->lines[n_kept++] = list->lines[i];
    }
    list->n_lines = n_kept;
}

enum rc line_list_make(struct slice text, struct arena *arena, struct line_list *list)
{
    static const struct slice byte_order_mark = { .ptr = "\xef\xbb\xbf", .len = 3 };

    if (slice_starts(text, byte_order_mark))
        text = (struct slice){ text.ptr + 3, text.len - 3 };
    *list = (struct line_list){ .lines = arena_alloc(arena, count_lines(text) + 1,
                                                     sizeof(*list->lines)) };
    if (!list->lines)
        return RC_NO_MEMORY;
    while (text.len) {
        struct slice line = slice_trim(slice_cut(&text, '\n'));

        if (line.len && line.ptr[0] != '#')
            list->lines[list->n_lines++] = line;
    }
    qsort(list->lines, list->n_lines, sizeof(*list->lines), compare);
    drop_doubles(list);
    return RC_OK;
}

bool line_list_has(const struct line_list *list, struct slice value)
{
    return bsearch(&value, list->lines, list->n_lines, sizeof(*list->lines), compare) != NULL;
}
