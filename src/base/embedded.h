/* embedded.h - files of the source tree that travel inside the program: the page, the shipped rules, the samples.
 *
 * embed.py writes a table of them at build time, and the build makes it anew when one of the files changes:
 *
 *     custom_target('web_files', input: [...], output: 'web_files.c',
 *       command: [embed, '@OUTPUT@', 'web_files', '@INPUT@'])
 *
 * Who uses a table declares it: `extern const struct embedded_file web_files[];`. A name is the file's name without its folders. */
#pragma once

#include "src/base/slice.h"

struct embedded_file {
    const char *name;  /* "page.css"; NULL ends the table */
    struct slice text; /* the bytes of the file; a NUL stands behind them that is not counted */
    const char *etag;  /* SHA-256 of the bytes, hex */
};
