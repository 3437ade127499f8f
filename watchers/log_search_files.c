#include "watchers/log_search_private.h"

#include "watchers/log_names.h"

#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Names that were looked at: a directory may hold any number of them. */
#define CANDIDATES_MAX 4096

struct listing {
    struct searching *searching;
    struct search_file *items; /* room for CANDIDATES_MAX */
    size_t n_items;
    bool is_full;
};

static bool is_listed(const struct listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->n_items; i++) {
        if (!strcmp(listing->items[i].path, path))
            return true;
    }
    return false;
}

int64_t search_mtime_ns(const struct stat *facts)
{
    return (int64_t)facts->st_mtim.tv_sec * 1000000000 + facts->st_mtim.tv_nsec;
}

/* What we may not even look at comes first: it is told of, not passed over as too old. */
static int64_t mtime_ns_of(const char *path)
{
    struct stat facts;

    return stat(path, &facts) ? INT64_MAX : search_mtime_ns(&facts);
}

static enum rc add_file(struct listing *listing, const char *path, const char *base)
{
    struct search_file *file = &listing->items[listing->n_items];
    struct slice copy;
    enum rc rc;

    if (log_name_is_excluded(listing->searching->search->watch, path) || is_listed(listing, path))
        return RC_OK;
    if (listing->n_items == CANDIDATES_MAX) {
        listing->is_full = true;
        return RC_OK;
    }
    rc = arena_copy(listing->searching->arena, slice_of(path), &copy);
    if (rc)
        return rc;
    *file = (struct search_file){ .path = copy.ptr,
                                  .base = base ? base : copy.ptr,
                                  .mtime_ns = mtime_ns_of(path) };
    listing->n_items++;
    return RC_OK;
}

/* What compressors add to a name: such a file is told of, not read. */
static size_t len_without_ending(const char *name)
{
    static const char *const endings[] = { ".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z" };
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n_ending = strlen(endings[i]);

        if (len > n_ending && !strcmp(name + len - n_ending, endings[i]))
            return len - n_ending;
    }
    return len;
}

static bool is_rotation(const struct log_watch *watch, const char *base, const char *name)
{
    char plain[NAME_MAX + 1];
    size_t len = len_without_ending(name);

    if (log_name_is_rotation(watch, base, name))
        return true;
    if (!name[len] || len >= sizeof plain)
        return false;
    memcpy(plain, name, len);
    plain[len] = '\0';
    return !strcmp(plain, base) || log_name_is_rotation(watch, base, plain);
}

static enum rc add_rotations_in(struct listing *listing, DIR *directory, const char *base)
{
    const char *base_name = log_name_of(base);
    struct slice folder = { base, (size_t)(base_name - base) };
    char path[PATH_MAX];
    const struct dirent *entry;
    enum rc rc = RC_OK;

    while (!rc && (entry = readdir(directory)) != NULL) {
        if (is_rotation(listing->searching->search->watch, base_name, entry->d_name) &&
            log_join(path, folder, slice_of(entry->d_name)))
            rc = add_file(listing, path, base);
    }
    return rc;
}

static enum rc add_rotations(struct listing *listing, const char *base)
{
    struct slice folder = { base, (size_t)(log_name_of(base) - base) };
    char path[PATH_MAX];
    enum rc rc = RC_OK;
    DIR *directory;

    if (!log_join(path, folder, SLICE("")))
        return RC_OK;
    directory = opendir(path);
    if (!directory)
        return RC_OK; /* the file itself will say what is wrong */
    rc = add_rotations_in(listing, directory, base);
    closedir(directory);
    return rc;
}

/* A path without a wildcard is looked for also where it is not: what it was rotated to may be. */
static enum rc add_paths(struct listing *listing, const char *pattern)
{
    glob_t paths = { 0 };
    int failed = glob(pattern, GLOB_NOSORT | GLOB_NOCHECK, NULL, &paths);
    enum rc rc = failed == GLOB_NOSPACE ? RC_NO_MEMORY : RC_OK;
    size_t n_before = listing->n_items, n_live;

    for (size_t i = 0; !failed && !rc && i < paths.gl_pathc; i++)
        rc = add_file(listing, paths.gl_pathv[i], NULL);
    globfree(&paths);
    n_live = listing->n_items;
    for (size_t i = n_before; !rc && i < n_live; i++)
        rc = add_rotations(listing, listing->items[i].path);
    return rc;
}

static int newest_first(const void *a, const void *b)
{
    const struct search_file *one = a, *other = b;

    if (one->mtime_ns != other->mtime_ns)
        return one->mtime_ns > other->mtime_ns ? -1 : 1;
    return strcmp(one->path, other->path);
}

enum rc search_list_files(struct searching *searching)
{
    const struct slice_list *paths = &searching->search->watch->paths;
    struct listing listing = { .searching = searching };
    enum rc rc = RC_OK;

    listing.items = arena_alloc(searching->arena, CANDIDATES_MAX + 1, sizeof *listing.items);
    if (!listing.items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < paths->n_items && !rc; i++)
        rc = add_paths(&listing, paths->items[i].ptr);
    qsort(listing.items, listing.n_items, sizeof *listing.items, newest_first);
    searching->files = listing.items;
    searching->n_files = listing.n_items < LOG_SEARCH_FILES ? listing.n_items : LOG_SEARCH_FILES;
    if (listing.is_full || listing.n_items > LOG_SEARCH_FILES)
        search_note(searching, "Only the %d newest files were looked at: there are more.",
                    LOG_SEARCH_FILES);
    return rc;
}
