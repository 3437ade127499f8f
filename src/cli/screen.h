/* screen.h - what people see: escaped, in colours where there are any, times relative and local, tables as wide as the terminal.
 *
 * Everything is written into a buffer first. Foreign text goes through show_text or show_block and through nothing else: control characters and those
 * that turn the direction of text are shown as "\\x1b", so that a title cannot move the cursor or forge a line. */
#pragma once

#include "src/base/clock.h"
#include "src/base/json.h"

struct screen {
    bool is_terminal; /* standard output is one */
    bool has_colours; /* it is, and NO_COLOR is not set */
    size_t width;     /* columns; means something on a terminal */
    int64_t now_ms;
};

/* Of standard output, now. */
struct screen screen_of_stdout(void);
/* Writes the buffer to standard output, flushes and empties it. RC_IO when it took not all (a full disk, a closed pipe). */
enum rc screen_write(struct buffer *text) MUST_CHECK;

enum colour { COLOUR_NONE, COLOUR_STRONG, COLOUR_FAINT, COLOUR_GOOD, COLOUR_WARNING, COLOUR_BAD };
/* What follows is in `colour`, until COLOUR_NONE. Nothing without colours. */
void show_colour(const struct screen *screen, struct buffer *out, enum colour colour);
/* The colour that a state or severity has for people. */
enum colour colour_of_word(struct slice word);

/* One line of foreign text. */
void show_text(struct buffer *out, struct slice text);
/* A word in its colour. */
void show_word(const struct screen *screen, struct buffer *out, struct slice word);
/* Foreign text of several lines, each behind `indent` and ended by a newline; at most `max_lines` of them (0: all), and how many are left out. */
void show_block(struct buffer *out, const char *indent, struct slice text, size_t max_lines);
/* Words as a shell would take them, so that an argument vector is read without doubt; control characters as $'\x1b'. */
void show_argument(struct buffer *out, struct slice argument);
/* "5 min ago", "in 2 h", and with `with_clock` the local time behind it: "in 2 h (14:02)", or with the date where it is another day. */
void show_time(const struct screen *screen, struct buffer *out, int64_t time_ms, bool with_clock);
/* Columns that the text fills; double for wide characters. */
size_t text_columns(struct slice text);

/* A table: rows of text, in columns as wide as they must be. On a terminal the last column is cut to what is left of the line. */
struct table;
struct table_column {
    const char *title;
    bool is_word; /* a state or severity: in its colour */
};
/* Gives a table; `columns` is kept. */
enum rc table_new(const struct table_column *columns, size_t n_columns,
                  struct table **table) MUST_CHECK;
/* Accepts NULL. */
void table_free(struct table *table);
/* One more cell, row by row. `text` is foreign: it is escaped here, and copied. */
enum rc table_add(struct table *table, struct slice text) MUST_CHECK;
size_t table_n_rows(const struct table *table);
void table_show(const struct table *table, const struct screen *screen, struct buffer *out);
