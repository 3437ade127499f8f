#include "watchers/journal_command.h"

#include "src/base/clock.h"

#include <inttypes.h>

/* --all: else what is longer than 4 KiB is null. --no-tail: else only the last ten. */
static const char *const usual[] = { "--follow", "--output=json", "--all", "--no-pager",
                                     "--no-tail" };
#define N_USUAL (sizeof usual / sizeof *usual)
#define N_SINGLE                                                                                   \
    6 /* the program, priority, directory, namespace, the place, and what ends the options */

static enum rc add(struct arena *arena, struct slice_list *argv, const char *option,
                   struct slice value)
{
    if (slice_is_absent(value))
        return RC_OK;
    return arena_format(arena, &argv->items[argv->n_items++], "%s%.*s", option, SLICE_ARG(value));
}

static enum rc add_each(struct arena *arena, struct slice_list *argv, const char *option,
                        struct slice_list values)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < values.n_items && !rc; i++)
        rc = add(arena, argv, option, values.items[i]);
    return rc;
}

static enum rc add_place(const struct journal_place *place, struct arena *arena,
                         struct slice_list *argv)
{
    struct slice *next = &argv->items[argv->n_items];

    if (!slice_is_absent(place->cursor))
        return add(arena, argv,
                   place->is_inclusive ? "--cursor=" : "--after-cursor=", place->cursor);
    if (!place->since_ms)
        return RC_OK;
    argv->n_items++;
    return arena_format(arena, next, "--since=@%" PRId64 ".%03d", place->since_ms / SECOND_MS,
                        (int)(place->since_ms % SECOND_MS));
}

enum rc journal_command(const struct journal_watch *watch, const struct journal_place *place,
                        struct arena *arena, struct slice_list *argv)
{
    static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7" };
    size_t n_values = watch->units.n_items + watch->identifiers.n_items + watch->matches.n_items;
    enum rc rc;

    *argv = (struct slice_list){ .items = arena_alloc(arena, N_SINGLE + N_USUAL + n_values,
                                                      sizeof *argv->items) };
    if (!argv->items)
        return RC_NO_MEMORY;
    rc = add(arena, argv, "", watch->program);
    for (size_t i = 0; i < N_USUAL; i++)
        argv->items[argv->n_items++] = slice_of(usual[i]);
    if (!rc)
        rc = add(arena, argv,
                 "--priority=", slice_of(watch->priority < 0 ? NULL : digits[watch->priority]));
    if (!rc)
        rc = add(arena, argv, "--directory=", watch->directory);
    if (!rc)
        rc = add(arena, argv, "--namespace=", watch->journal_namespace);
    if (!rc)
        rc = add_each(arena, argv, "--unit=", watch->units);
    if (!rc)
        rc = add_each(arena, argv, "--identifier=", watch->identifiers);
    if (!rc)
        rc = add_place(place, arena, argv);
    argv->items[argv->n_items++] = SLICE("--");
    return rc ? rc : add_each(arena, argv, "", watch->matches);
}

static struct slice without_file(struct slice cursor)
{
    struct slice rest = cursor;
    size_t offset;

    if (slice_find(cursor, SLICE(";b="), &offset) == RC_OK)
        rest = (struct slice){ cursor.ptr + offset, cursor.len - offset };
    return rest;
}

bool journal_cursor_eq(struct slice a, struct slice b)
{
    return slice_eq(without_file(a), without_file(b));
}
