#include "src/base/gzip_file.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

struct gzip_file {
    gzFile stream;
};

enum rc gzip_file_new(int fd, struct gzip_file **file)
{
    struct gzip_file *made = calloc(1, sizeof *made);

    if (made)
        made->stream = gzdopen(fd, "rb");
    if (!made || !made->stream) {
        free(made);
        close(fd);
        return RC_NO_MEMORY;
    }
    (void)gzbuffer(made->stream, 128 << 10);
    *file = made;
    return RC_OK;
}

enum rc gzip_file_read(struct gzip_file *file, char *bytes, size_t n_bytes, size_t *n_read)
{
    int n = gzread(file->stream, bytes, n_bytes > INT_MAX ? INT_MAX : (unsigned)n_bytes);
    int error = Z_OK;

    *n_read = n > 0 ? (size_t)n : 0;
    /* Asked for after a good read too: an archive that is cut short ends as a whole one does, but for this. */
    (void)gzerror(file->stream, &error);
    if (error == Z_ERRNO)
        return RC_IO;
    return error == Z_OK || error == Z_STREAM_END ? RC_OK : RC_CORRUPT;
}

void gzip_file_free(struct gzip_file *file)
{
    if (!file)
        return;
    (void)gzclose(file->stream);
    free(file);
}
