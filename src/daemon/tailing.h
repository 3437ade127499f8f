/* tailing.h - the thread that follows logs and journals: reads, finds what rules want, and puts it into the inlet with how far it has read.
 *
 * A bounded number of batches is under way. While all of them wait for the engine, nothing is read: the files are the buffer. At a reload that changes what is watched it begins
 * anew from what is stored. */
#pragma once

#include "src/daemon/service.h"
#include "watchers/journal_tail.h"
#include "watchers/log_tail.h"

struct tailing;

/* Starts the thread; the service has its inlet, and the engine is there. */
enum rc tailing_start(struct service *service, struct engine *engine,
                      struct tailing **tailing) MUST_CHECK;
/* Hands on how far everything is read, and ends: before the inlet is drained. Waits at most 2 s for what is under way: what is not stored by then is read again after the next start,
 * but for standard input, whose rest is told as lost where there was no room for it. Accepts NULL. */
void tailing_stop(struct tailing *tailing);
/* After the inlet has ended: it knows our batches until then. Accepts NULL. */
void tailing_free(struct tailing *tailing);
/* What is known of the log or journal watcher `name`. RC_NOT_FOUND: none is followed. From any thread. */
enum rc tailing_log_facts(struct tailing *tailing, struct slice name,
                          struct log_facts *facts) MUST_CHECK;
enum rc tailing_journal_facts(struct tailing *tailing, struct slice name,
                              struct journal_facts *facts) MUST_CHECK;
