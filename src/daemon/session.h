/* session.h - browsers that are signed in, links that sign one in, and how often signing in may be tried.
 *
 * All in memory: a restart signs everybody out. A session is 32 random bytes in a cookie, good for 12 hours; a link's code is good once,
 * within ten minutes. Both are kept as digests only. Safe from any thread. */
#pragma once

#include "src/base/arena.h"
#include "src/base/clock.h"

#define SESSION_MS (12 * HOUR_MS)
#define SESSION_CODE_MS (10 * MINUTE_MS)
#define SESSION_TEXT_BYTES 65 /* with a NUL */
#define SESSION_COOKIE "vedette_session"
/* Failed attempts of one address, before the next has to wait for the minute to end. */
#define SESSION_MAX_FAILURES 10

struct sessions;
enum rc sessions_new(struct sessions **sessions) MUST_CHECK;
void sessions_free(struct sessions *sessions);

/* A new session for `person`; `text` gets the cookie's value. When there are too many the oldest ends. */
enum rc sessions_begin(struct sessions *sessions, struct slice person, int64_t now_ms,
                       char text[SESSION_TEXT_BYTES]) MUST_CHECK;
/* Who it belongs to, in `arena`; RC_NOT_FOUND when it never was one, or ended. */
enum rc sessions_find(struct sessions *sessions, struct slice text, int64_t now_ms,
                      struct arena *arena, struct slice *person) MUST_CHECK;
void sessions_end(struct sessions *sessions, struct slice text);
/* The session's value out of a Cookie header; absent when there is none, or more than one. */
struct slice sessions_cookie(struct slice cookie_header);

enum rc sessions_make_code(struct sessions *sessions, int64_t now_ms,
                           char text[SESSION_TEXT_BYTES]) MUST_CHECK;
/* True once for a code that is still good. */
bool sessions_spend_code(struct sessions *sessions, struct slice text, int64_t now_ms);

/* False while `address` (without its port) has failed too often. */
bool sessions_may_try(struct sessions *sessions, struct slice address, int64_t now_ms);
void sessions_failed(struct sessions *sessions, struct slice address, int64_t now_ms);
