/* literal.h - text from outside made literal for the service that shows it, and cut where a reader can see it.
 *
 * Control characters and those that turn the direction of text are shown ("\x1b"); a line's end and a tab stay. What would be markup, a mention or a link there is made
 * inert by the service's rules. */
#pragma once

#include "src/base/arena.h"

struct literal_rules {
    const char *
        escaped; /* ASCII that a backslash makes inert (markdown); a line's first blanks, which would make it code, do not break then. NULL: none */
    const char *
        broken; /* ASCII that a zero-width space behind it keeps from beginning anything; NULL: none */
};
extern const struct literal_rules literal_plain; /* where text is only text */

/* What a service counts as one character of a limit, or less: UTF-16 code units. For valid UTF-8. */
size_t literal_units(struct slice text);
/* `text` by `rules`, at most `max_units` as written, cut with "…" as the last one; no escape is cut. */
enum rc literal_make(const struct literal_rules *rules, struct slice text, size_t max_units,
                     struct arena *arena, struct slice *literal) MUST_CHECK;
