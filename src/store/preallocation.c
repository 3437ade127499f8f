#include "src/store/preallocation.h"

#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES_MAX ((size_t)32 * 1024) /* LMDB's, too */
#define PIECE 16 /* a call for each page that a commit took would be one too many */

enum rc preallocation_begin(struct preallocation *pages, int fd, size_t page_bytes,
                            int64_t n_pages_max)
{
    struct stat file;

    if (!page_bytes || page_bytes > PAGE_BYTES_MAX)
        return RC_INVALID;
    if (fstat(fd, &file))
        return RC_IO;
    *pages = (struct preallocation){ .fd = fd,
                                     .page_bytes = page_bytes,
                                     .n_pages_max = n_pages_max,
                                     .n_pages = file.st_size / (int64_t)page_bytes };
    return RC_OK;
}

/* Pages behind the `n_used`. */
static int64_t wanted_behind(const struct preallocation *pages, int64_t n_used)
{
    const int64_t n_least = PREALLOCATION_LEAST_BYTES / (int64_t)pages->page_bytes;
    const int64_t n_most = PREALLOCATION_MOST_BYTES / (int64_t)pages->page_bytes;
    const int64_t n_pages = pages->n_used ? 2 * (n_used - pages->n_used) : 0;

    if (n_pages < n_least)
        return n_least;
    return n_pages < n_most ? n_pages : n_most;
}

void preallocation_extend(struct preallocation *pages, int64_t n_used)
{
    static const char zeros[PAGE_BYTES_MAX];
    const int64_t wanted = n_used + wanted_behind(pages, n_used);
    int64_t end;

    pages->n_used = n_used;
    if (pages->n_pages < n_used)
        pages->n_pages = n_used; /* commits went ahead of us */
    if (pages->n_pages >= wanted)
        return;
    end = pages->n_pages + PIECE > wanted ? pages->n_pages + PIECE : wanted;
    if (end > pages->n_pages_max)
        end = pages->n_pages_max;
    while (pages->n_pages < end &&
           pwrite(pages->fd, zeros, pages->page_bytes,
                  pages->n_pages * (int64_t)pages->page_bytes) == (ssize_t)pages->page_bytes)
        pages->n_pages++;
}
