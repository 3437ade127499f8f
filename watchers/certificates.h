/* certificates.h - the certificates that senders sign with, by the URL where they stand.
 *
 * Only kept here: whoever fetches them (src/daemon/hook_calls.h) says so before and after. A URL that gave none is not asked again for a minute, a certificate for a day.
 * Then the old one is there until a new one has come: whoever uses it judges by its dates, and drops it when they are over.
 * At most CERTIFICATES_MAX; a new one takes the place of one that failed, or of the one that was longest unused; what is being fetched keeps its place. Safe from any thread. */
#pragma once

#include "src/base/arena.h"

#define CERTIFICATES_MAX 16
#define CERTIFICATES_MAX_PENDING 4
#define CERTIFICATE_MAX_BYTES 16384
#define CERTIFICATE_URL_MAX_BYTES 512

struct certificates;

enum rc certificates_new(struct certificates **certificates) MUST_CHECK;
/* Accepts NULL. */
void certificates_free(struct certificates *certificates);
/* Its PEM text, copied into `arena`. RC_NOT_FOUND: not here, it may have to be fetched. */
enum rc certificates_find(struct certificates *certificates, struct slice url, int64_t now_ms,
                          struct arena *arena, struct slice *pem) MUST_CHECK;
/* True where the URL is to be fetched now: it is neither here for less than a day, nor being fetched, nor has it failed lately, and there is a place. One of the two below
 * must follow. */
bool certificates_begin(struct certificates *certificates, struct slice url, int64_t now_ms);
/* Here it is. RC_NO_MEMORY, or RC_LIMIT for one that is too long: it counts as failed, and what was there stays. */
enum rc certificates_keep(struct certificates *certificates, struct slice url, struct slice pem,
                          int64_t now_ms) MUST_CHECK;
void certificates_fail(struct certificates *certificates, struct slice url, int64_t now_ms);
/* Over by its dates: no longer here, and may be fetched at once. */
void certificates_drop(struct certificates *certificates, struct slice url);
