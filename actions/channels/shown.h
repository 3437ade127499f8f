/* shown.h - foreign text as it may stand on a card: nothing in it moves, hides or imitates what stands around it.
 *
 * Controls, what turns the direction of text, invisible characters and bytes that are not UTF-8 are shown as \x1b or \u202e. That is all: the markup of a channel is
 * escaped by that channel. */
#pragma once

#include "src/base/buffer.h"

/* One line: line ends and tabs are shown escaped as well. */
void shown_add_line(struct buffer *out, struct slice text);
/* Several lines: newlines and tabs stay, a CR before a newline goes. */
void shown_add_lines(struct buffer *out, struct slice text);
/* True when shown_add_lines would write the very same bytes. */
bool shown_is_same(struct slice text);
/* One argument of a plan, so that nobody can take it for another one: bare where that is without doubt, else in double quotes with \" \\ \n \t \x20 \u0430. Characters that look like
 * others (Cyrillic, Greek, mathematical and wide letters, odd blanks and dashes) are escaped, and so are blanks behind blanks, which could push an end out of sight. */
void shown_add_argument(struct buffer *out, struct slice argument);
/* The same beside other words: one with a blank in it is quoted too. */
void shown_add_word(struct buffer *out, struct slice argument);
/* The same, always quoted. */
void shown_add_quoted(struct buffer *out, struct slice argument);
