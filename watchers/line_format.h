/* line_format.h - what a log line says in our fields, by the format that its watcher declares.
 *
 *   text     the line and nothing else
 *   json     one object a line: `data` is the object
 *   logfmt   key=value words, values in double quotes where they hold blanks: `data` is an object of texts
 *   syslog   RFC 3164 and RFC 5424, with or without <PRI>: host, and data.program data.pid data.message data.facility data.severity data.msgid data.structured (by id and name)
 *
 * From json and logfmt these members fill fields, the first that is a scalar and not empty: host (host, hostname), service (service, app, application), environment (env,
 * environment), title (message, msg, event, error). The word of a level (level, lvl, severity, loglevel, and syslog's) becomes the field severity: fatal, critical, crit, alert,
 * emerg and panic are critical; error, err and severe high; warn, warning and notice medium; the others low. Numbers are syslog's (0 to 7) or those of Pino (10 to 60). The title is
 * otherwise the first line of the text, of syslog the message.
 *
 * Not of its format is: of json what is no object, or breaks JSON (a key twice, an escaped NUL); of logfmt a line without any name=value, with a value that has no name, or with a quote that
 * does not end; of syslog one that begins neither with <PRI> nor with a time; of both one with more than 256 names. In logfmt a name alone is true, and of a name that stands twice (of
 * syslog: in elements of one id) the last counts. Bytes that are not UTF-8, and NULs, are U+FFFD in data and what is taken from it; FIELD_TEXT and its first line as the title stay as they came. */
#pragma once

#include "src/base/event.h"

enum line_format { LINE_TEXT, LINE_JSON, LINE_LOGFMT, LINE_SYSLOG };
extern const char *const line_format_names[]; /* NULL-ended, in the order of the enum */

/* Fills what `format` tells into the fields of `event` that are absent; its FIELD_TEXT is the line. Gives the tree that event->data points into (NULL: none), to be freed with
 * json_free. `*is_of_format` is false for a line that is not of the format after all: it is an event with its text alone. Texts live in `arena` or in the tree. */
enum rc line_format_read(enum line_format format, struct arena *arena, struct event *event,
                         struct json **tree, bool *is_of_format) MUST_CHECK;
