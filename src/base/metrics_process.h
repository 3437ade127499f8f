/* metrics_process.h - what the kernel knows of this process: the usual process_* metrics, from /proc/self. */
#pragma once

#include "src/base/buffer.h"

/* What cannot be read is left out. */
void metrics_process_write(struct buffer *out);
