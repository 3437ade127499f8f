/* log_status.h - how it goes with a log watcher, for the status. */
#pragma once

#include "src/daemon/tailing.h"

/* Writes one object. `tailing` NULL: nothing is followed. */
void log_status_write(struct tailing *tailing, const struct log_watch *watch,
                      struct json_writer *writer);
