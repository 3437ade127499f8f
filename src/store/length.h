/* length.h - lengths in records: 7 bits a byte, the low ones first, the high bit set where another byte follows. */
#pragma once

#include "src/base/buffer.h"

/* Keeps a byte for a length that is not known before what it counts is written; that begins at the place which it gives. */
size_t length_begin(struct buffer *out);
/* Writes it, now that all of it stands behind `start`. What has more than 32 bits of length is refused as a whole, by the store. */
void length_end(struct buffer *out, size_t start);
/* One that is known. */
void length_add(struct buffer *out, size_t length);
/* Takes one off the front. False: there is none, or it has more than 32 bits. */
bool length_read(struct slice *rest, uint32_t *length);
