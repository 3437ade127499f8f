/* log_status.h - how it goes with a watcher of a log or a journal, for the status. */
#pragma once

#include "src/daemon/tailing.h"

/* Writes one object. `tailing` NULL: nothing is followed. */
void log_status_write(struct tailing *tailing, const struct log_watch *watch,
                      struct json_writer *writer);
void journal_status_write(struct tailing *tailing, const struct journal_watch *watch,
                          struct json_writer *writer);
