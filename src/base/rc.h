/* rc.h - the one way in which our functions report failure.
 *
 * Whatever can fail returns `enum rc` and is marked MUST_CHECK. Results go out
 * through the last parameters and mean something only on RC_OK. The codes of a
 * library become these in the one file that calls the library.
 */
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))

enum rc {
    RC_OK = 0,
    RC_NOT_FOUND, /* asked for by name, and not there */
    RC_INVALID,   /* the input breaks its rules; a `struct problem` says how */
    RC_DENIED,    /* not allowed, or not proven to be who they say */
    RC_LIMIT,     /* larger, deeper or more than its stated limit */
    RC_CONFLICT,  /* something else got there first */
    RC_FULL,      /* the store or the disk takes no more; it may later */
    RC_NO_MEMORY, /* this request is refused; the next may succeed */
    RC_IO,        /* the operating system refused; nothing is known to be written */
    RC_CORRUPT,   /* stored bytes are not what we wrote */
    RC_BUSY,      /* held by another, or stopping */
    RC_TIMEOUT,   /* the deadline passed */
};

/* What `rc` means, in words for a log line. Static; never NULL. */
const char *rc_text(enum rc rc);
