#include "watchers/log_listing.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The kernel's times of files are a tick apart: what changed just before it was read may change once more within the same tick. */
#define TICK_NS INT64_C(20000000)

struct log_listing {
    char *directory; /* NULL: none */
    struct stat facts;
    bool is_settled; /* no change can have the same time as the one that is known */
    char **names;
    size_t n_names, n_room;
};

enum rc log_listing_new(struct log_listing **listing)
{
    *listing = calloc(1, sizeof **listing);
    return *listing ? RC_OK : RC_NO_MEMORY;
}

static void forget(struct log_listing *listing)
{
    for (size_t i = 0; i < listing->n_names; i++)
        free(listing->names[i]);
    listing->n_names = 0;
    free(listing->directory);
    listing->directory = NULL;
}

void log_listing_free(struct log_listing *listing)
{
    if (!listing)
        return;
    forget(listing);
    free(listing->names);
    free(listing);
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_current(const struct log_listing *listing, const char *directory,
                       const struct stat *facts)
{
    return listing->directory && listing->is_settled && !strcmp(listing->directory, directory) &&
           listing->facts.st_dev == facts->st_dev && listing->facts.st_ino == facts->st_ino &&
           is_same_time(listing->facts.st_mtim, facts->st_mtim) &&
           is_same_time(listing->facts.st_ctim, facts->st_ctim);
}

static enum rc add(struct log_listing *listing, const char *name)
{
    if (listing->n_names == listing->n_room) {
        size_t n_room = listing->n_room ? 2 * listing->n_room : 256;
        char **grown = realloc(listing->names, n_room * sizeof *grown);

        if (!grown)
            return RC_NO_MEMORY;
        listing->names = grown;
        listing->n_room = n_room;
    }
    listing->names[listing->n_names] = strdup(name);
    return listing->names[listing->n_names++] ? RC_OK : RC_NO_MEMORY;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_settled(const struct stat *facts)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)(now.tv_sec - facts->st_ctim.tv_sec) * 1000000000 + now.tv_nsec -
               facts->st_ctim.tv_nsec >
           TICK_NS;
}

static enum rc read_names(struct log_listing *listing, const char *directory,
                          const struct stat *facts)
{
    DIR *stream = opendir(directory);
    struct dirent *entry;
    enum rc rc = stream ? RC_OK : RC_IO;

    forget(listing);
    listing->facts = *facts;
    listing->is_settled = is_settled(facts);
    while (!rc && (entry = readdir(stream)) != NULL)
        rc = add(listing, entry->d_name);
    if (stream)
        closedir(stream);
    if (!rc) {
        listing->directory = strdup(directory);
        rc = listing->directory ? RC_OK : RC_NO_MEMORY;
    }
    if (rc)
        forget(listing);
    else if (listing->n_names)
        qsort(listing->names, listing->n_names, sizeof *listing->names, compare);
    return rc;
}

/* The first name that is not before `prefix`; with `past`, that is behind all that begin with it. */
static size_t find_place(const struct log_listing *listing, struct slice prefix, bool past)
{
    size_t low = 0, high = listing->n_names;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strncmp(listing->names[middle], prefix.ptr, prefix.len);

        if (order < 0 || (past && !order))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum rc log_listing_find(struct log_listing *listing, const char *directory, struct slice prefix,
                         char *const **names, size_t *n_names)
{
    struct stat facts;
    enum rc rc = RC_OK;
    size_t first;

    if (stat(directory, &facts))
        return RC_IO;
    if (!is_current(listing, directory, &facts))
        rc = read_names(listing, directory, &facts);
    if (rc)
        return rc;
    first = find_place(listing, prefix, false);
    *names = listing->names + first;
    *n_names = find_place(listing, prefix, true) - first;
    return RC_OK;
}
