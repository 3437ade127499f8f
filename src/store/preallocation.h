/* preallocation.h - pages that are in the store's file before a commit needs them.
 *
 * Behind the end of a file a flush has to find blocks and to write down that it did, so that one becomes several. And
 * Linux keeps what is written at once as one folio (ext4 from 6.16 on, too): to write one page of a large folio again
 * takes three to ten times as long as one that came alone. So zeros are written behind the pages in use, page by page,
 * and the next commits write over them. Figures: tests/bench/README.md. */
#pragma once

#include "src/base/rc.h"

#include <stddef.h>
#include <stdint.h>

/* Kept behind the pages in use: twice what the file grew by since the last call, at least and at most so much. */
#define PREALLOCATION_LEAST_BYTES ((int64_t)256 << 10)
#define PREALLOCATION_MOST_BYTES ((int64_t)4 << 20)

struct preallocation {
    int fd; /* borrowed */
    size_t page_bytes;
    int64_t n_pages_max;
    int64_t n_used; /* when it was last extended; 0: never */
    int64_t
        n_pages; /* in the file; some may be holes (a copy that is sparse), which only costs time */
};

/* Of a file that is open, which may have `n_pages_max` pages. RC_INVALID: a page has more than 32 KB. RC_IO. */
enum rc preallocation_begin(struct preallocation *pages, int fd, size_t page_bytes,
                            int64_t n_pages_max) MUST_CHECK;
/* While nobody writes: `n_used` pages from the file's begin on are in use, and stay as they are. What cannot be written
 * is left out without a word: the commit that needs room and finds none is told. */
void preallocation_extend(struct preallocation *pages, int64_t n_used);
