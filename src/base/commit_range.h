/* commit_range.h - between which commits something broke, for people. */
#pragma once

#include "src/base/buffer.h"

/* "broke between a1b2c3d and e4f5a6b"; "first bad e4f5a6b" where no good one is known, "bad at e4f5a6b, which was good before" where it is the same, nothing where no bad one is. Hashes
 * are shortened as git does; the text is as foreign as the commits are. */
void buffer_add_commit_range(struct buffer *out, struct slice last_good, struct slice first_bad);
