/* journal_own.h - which entries of the journal this daemon wrote itself.
 *
 * Lines that bear our mark (src/base/log_mark.h) are ours, also those of an earlier run. What is printed without one is told by who printed it: a service has an invocation id, which
 * its entries carry; it is ours only where systemd started this very process (a terminal's unit has one, too, that its programs inherit). Else the entries are those of our pid in this
 * boot.
 */
#pragma once

#include "watchers/journal_line.h"

struct journal_own {
    char pid[24], boot[40];
    char invocation[40]; /* "": none */
};

struct journal_own journal_own_find(void);
bool journal_own_wrote(const struct journal_own *own, const struct journal_glance *glance);
