/* preallocation.h - pages that are in the store's file before a commit needs them.
 *
 * What a flush costs depends on where it writes. Behind the end of a file the file system has to find blocks and write down that it
 * did (fdatasync(2): "metadata … needed in order to allow a subsequent data retrieval"), so that one flush becomes several. And Linux keeps what is
 * written at once together as one folio (from 6.16 on ext4 too): to write a single page of a large one again costs three to ten times what a page that came
 * alone costs. So zeros are written behind the pages in use, page by page, twice as many as the file grew by since the last time; the next commits write over them.
 * They become blocks with the flush of the next commit, which is told where the disk refuses them.
 * Figures: tests/bench/README.md. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Kept behind the pages in use: at least so many, and at most about so many. */
#define PREALLOCATED_LEAST 64
#define PREALLOCATED_MOST 1024

struct preallocation {
    int fd; /* borrowed */
    size_t page_bytes;
    int64_t n_pages_max;
    int64_t n_used; /* in use when it was last asked; 0: never */
    int64_t
        n_pages; /* in the file; some may be holes (a copy that is sparse), which only costs time */
};

/* Of a file that is open; `page_bytes` is at most 32 KB. 0 or errno. */
int preallocation_begin(struct preallocation *pages, int fd, size_t page_bytes,
                        int64_t n_pages_max);
/* Call it after commits and while nobody writes: `n_used` pages from the file's begin on are in use, and stay as they are. What cannot be written is
 * left out without a word: the commit that needs room and finds none is told. */
void preallocate(struct preallocation *pages, int64_t n_used);
