/* clock.h - wall time in milliseconds since 1970 UTC, and time as text.
 *
 * Nothing below src/engine asks for the time: it is a parameter. The wall
 * clock here never goes back within a process, whatever is done to the
 * machine's; monotonic time is for waits only and is never stored. */
#pragma once

#include "src/base/arena.h"

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static inline int64_t earlier_of(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static inline int64_t later_of(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

/* CLOCK_REALTIME, held at its highest value so far when it steps back. Safe from any thread. */
int64_t clock_wall_ms(void);
/* CLOCK_REALTIME as it is now, backwards steps included: what a signed timestamp is compared with. */
int64_t clock_real_ms(void);
/* CLOCK_MONOTONIC. */
int64_t clock_mono_ms(void);
/* The same: how long something short took. */
int64_t clock_mono_us(void);
int64_t clock_mono_ns(void);
/* The same, as of the kernel's last tick, 1 to 10 ms ago: a few nanoseconds to ask. */
int64_t clock_tick_ns(void);
/* CPU time of the calling thread: stands still while it waits or is preempted. A system call. */
int64_t clock_thread_ns(void);

#define TIME_TEXT_BYTES 32
/* "2026-11-21T08:01:20.123Z" (RFC 3339, UTC; milliseconds always). `text` holds TIME_TEXT_BYTES; returns it. */
const char *time_format(int64_t time_ms, char *text);
/* RFC 3339 with any offset and any number of decimals, or a blank for the T. Else RC_INVALID. */
enum rc time_parse(struct slice text, int64_t *time_ms) MUST_CHECK;
/* As senders write times: RFC 3339 (also with " UTC", or an offset without a colon), or the time since 1970 in seconds
 * (up to 12 digits, with decimals), milliseconds (13 digits), microseconds (16) or nanoseconds (19). */
enum rc time_parse_any(struct slice text, int64_t *time_ms) MUST_CHECK;

/* Midnight UTC of a day; month and day count from 1. RC_INVALID: there is no such day, or no such year of four digits. */
enum rc time_of_date(int64_t year, int64_t month, int64_t day, int64_t *time_ms) MUST_CHECK;
/* The year in UTC. */
int64_t time_year(int64_t time_ms);

/* "90s", "5m", "1h", "7d", "250ms", "1h30m". A number without a unit, a sign, or more than 10 years: RC_INVALID. */
enum rc duration_parse(struct slice text, int64_t *duration_ms) MUST_CHECK;
/* As programs write what they measured: also with decimals, and below a millisecond ("1m30.5s", "350us", "12ns"). In milliseconds; however long. */
enum rc duration_parse_real(struct slice text, double *duration_ms) MUST_CHECK;
/* True for a duration with decimals, which duration_parse refuses. `whole` is the same without them ("90m" for 1.5h), empty where no unit says it;
 * it holds TIME_TEXT_BYTES. */
bool duration_has_decimals(struct slice text, char *whole);
/* The shortest exact form ("90s" is "1m30s"); `text` holds TIME_TEXT_BYTES; returns it. */
const char *duration_format(int64_t duration_ms, char *text);
/* For people: "3 s", "5 min", "2 h", "4 days". `text` holds TIME_TEXT_BYTES; returns it. */
const char *duration_format_rough(int64_t duration_ms, char *text);
/* "64KB", "5MB", "2GB", "1TB", "512B": powers of 1024, an "i" is accepted ("64KiB"). Without a unit: RC_INVALID. */
enum rc size_parse(struct slice text, int64_t *bytes) MUST_CHECK;
/* As programs write what they measured: also with decimals, and with a blank before the unit ("1.5 GB"); however much. */
enum rc size_parse_real(struct slice text, double *bytes) MUST_CHECK;
/* As duration_has_decimals, of sizes: "1536MB" for 1.5GB. */
bool size_has_decimals(struct slice text, char *whole);
