/* gzip_file.h - a file read from its beginning to its end, unpacked on the way where it is gzip. zlib stops here. */
#pragma once

#include "src/base/slice.h"

struct gzip_file;

/* Reads `fd`, which is taken also when it fails. */
enum rc gzip_file_new(int fd, struct gzip_file **file) MUST_CHECK;
/* Up to `n_bytes`; 0 at the end. RC_IO; RC_CORRUPT for a broken archive. */
enum rc gzip_file_read(struct gzip_file *file, char *bytes, size_t n_bytes,
                       size_t *n_read) MUST_CHECK;
/* Accepts NULL. */
void gzip_file_free(struct gzip_file *file);
