/* line_moment.h - a time as a line writes it: its parts, read by a form, and the moment that they name.
 *
 * A form is a text of conversions, as strptime(3) has them, read as C does, whatever the locale:
 *
 *   %Y %y %m %d %e %j %H %k %I %l %M %S %p %P %b %B %h %a %A    parts; names in English, short or long, in any case
 *   %T %R %r %D %F                                              %H:%M:%S, %H:%M, %I:%M:%S %p, %m/%d/%y, %Y-%m-%d
 *   %s                                                          seconds since 1970 UTC
 *   %L %f     decimals of a second, at least one; a point in front of it also takes a comma, and the other way round
 *   %z        +0200 +02:00 +02 Z UTC GMT
 *   %Z        UTC, GMT and Z are UTC; any other word (CEST) is passed over: the zone says what it means
 *   %n %t %%  blanks, a percent sign; a blank in the form takes any blanks of the text, also none
 *
 * What a text has behind its time is not looked at, but a digit there means that a number was cut: it is no time of this form. */
#pragma once

#include "src/base/time_zone.h"

#define MOMENT_FORM_MAX_BYTES 255

struct moment {
    int64_t year, month, day, day_of_year; /* -1: not said */
    int64_t hour, minute, second, ms;
    int64_t half;      /* of the day: 0 a.m., 1 p.m.; -1: not said */
    int64_t offset_ms; /* of a zone, where has_offset */
    int64_t epoch_ms;  /* since 1970, where has_epoch */
    bool has_offset, has_epoch;
};

/* RC_INVALID, with the reason in words (static): an unknown conversion, or too few of them to name a moment. */
enum rc moment_check_form(struct slice form, const char **why) MUST_CHECK;
/* Takes a time of a form off `rest`. RC_NOT_FOUND: there is none at its beginning; `rest` is unchanged then. */
enum rc moment_take(struct slice form, struct slice *rest, struct moment *moment) MUST_CHECK;
/* As line_time_find promises; RC_NOT_FOUND: there is no such day. */
enum rc moment_resolve(const struct moment *moment, const struct time_zone *zone,
                       int64_t reference_ms, int64_t *time_ms) MUST_CHECK;

/* The usual forms. Takes a time off `rest`, which begins a line or a value. */
enum rc moment_take_usual(struct slice *rest, struct moment *moment) MUST_CHECK;
/* The first time of a usual form near the beginning of a line. */
enum rc moment_find_usual(struct slice line, struct moment *moment) MUST_CHECK;
/* Where a line may begin to say when: without blanks and the <PRI> of syslog. */
struct slice moment_line_begin(struct slice line);
#define MOMENT_NEAR_BYTES 128
