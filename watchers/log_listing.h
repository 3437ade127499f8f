/* log_listing.h - the names in a directory, sorted: read once for all the files in it that are rotated together.
 *
 * Ten thousand logs of one directory that are rotated at midnight would else be ten thousand readings of twenty thousand names. It is read anew when the directory has changed. */
#pragma once

#include "src/base/slice.h"

struct log_listing;

enum rc log_listing_new(struct log_listing **listing) MUST_CHECK;
/* Accepts NULL. */
void log_listing_free(struct log_listing *listing);
/* The names in `directory` that begin with `prefix`, in the order of their bytes. They live until the next call. RC_IO: it cannot be read. */
enum rc log_listing_find(struct log_listing *listing, const char *directory, struct slice prefix,
                         char *const **names, size_t *n_names) MUST_CHECK;
