#include "src/cli/screen.h"

#include "src/base/utf8.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define WIDTH_DEFAULT 80

struct screen screen_of_stdout(void)
{
    const char *no_color = getenv("NO_COLOR"); /* no-color.org: any value but an empty one */
    const char *term = getenv("TERM");
    struct screen screen = { .is_terminal = isatty(STDOUT_FILENO),
                             .width = WIDTH_DEFAULT,
                             .now_ms = clock_real_ms() };
    struct winsize size;

    screen.has_colours =
        screen.is_terminal && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
    if (screen.is_terminal && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
        screen.width = size.ws_col;
    return screen;
}

enum rc screen_write(struct buffer *text)
{
    struct slice bytes = buffer_slice(text);
    enum rc rc = buffer_rc(text);

    if (!rc && (fwrite(bytes.ptr, 1, bytes.len, stdout) != bytes.len || fflush(stdout)))
        rc = RC_IO;
    buffer_clear(text);
    return rc;
}

/* --- colours --- */

void show_colour(const struct screen *screen, struct buffer *out, enum colour colour)
{
    static const char *const codes[] = {
        [COLOUR_NONE] = "\x1b[0m",  [COLOUR_STRONG] = "\x1b[1m",   [COLOUR_FAINT] = "\x1b[2m",
        [COLOUR_GOOD] = "\x1b[32m", [COLOUR_WARNING] = "\x1b[33m", [COLOUR_BAD] = "\x1b[31m",
    };

    if (screen->has_colours)
        buffer_add_text(out, codes[colour]);
}

enum colour colour_of_word(struct slice word)
{
    static const struct {
        const char *word;
        enum colour colour;
    } words[] = {
        { "verified", COLOUR_GOOD },
        { "done", COLOUR_GOOD },
        { "resolved", COLOUR_GOOD },
        { "ok", COLOUR_GOOD },
        { "undone", COLOUR_GOOD },
        { "firing", COLOUR_BAD },
        { "failing", COLOUR_BAD },
        { "failed", COLOUR_BAD },
        { "recurred", COLOUR_BAD },
        { "undo_failed", COLOUR_BAD },
        { "critical", COLOUR_BAD },
        { "high", COLOUR_BAD },
        { "unknown", COLOUR_BAD },
        { "undo_unknown", COLOUR_BAD },
        { "open", COLOUR_STRONG },
        { "approved", COLOUR_WARNING },
        { "running", COLOUR_WARNING },
        { "verifying", COLOUR_WARNING },
        { "undoing", COLOUR_WARNING },
        { "pending", COLOUR_WARNING },
        { "inconclusive", COLOUR_WARNING },
        { "stale", COLOUR_WARNING },
        { "medium", COLOUR_WARNING },
        { "expired", COLOUR_FAINT },
        { "withdrawn", COLOUR_FAINT },
        { "superseded", COLOUR_FAINT },
        { "rejected", COLOUR_FAINT },
        { "info", COLOUR_FAINT },
        { "low", COLOUR_FAINT },
        { "degraded", COLOUR_WARNING },
        { "failing", COLOUR_BAD },
        { "held", COLOUR_WARNING },
        { "planned", COLOUR_FAINT },
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_eq(word, slice_of(words[i].word)))
            return words[i].colour;
    return COLOUR_NONE;
}

void show_word(const struct screen *screen, struct buffer *out, struct slice word)
{
    enum colour colour = colour_of_word(word);

    if (colour != COLOUR_NONE)
        show_colour(screen, out, colour);
    show_text(out, word);
    if (colour != COLOUR_NONE)
        show_colour(screen, out, COLOUR_NONE);
}

/* --- text --- */

void show_text(struct buffer *out, struct slice text)
{
    buffer_add_shown(out, text);
}

void show_block(struct buffer *out, const char *indent, struct slice text, size_t max_lines)
{
    size_t n_lines = 0;

    while (text.len) {
        struct slice line = slice_cut(&text, '\n');

        n_lines++;
        if (max_lines && n_lines > max_lines)
            continue;
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        buffer_add_text(out, indent);
        show_text(out, line);
        buffer_add_text(out, "\n");
    }
    if (max_lines && n_lines > max_lines)
        buffer_format(out, "%s… %zu more lines\n", indent, n_lines - max_lines);
}

static bool is_plain_argument(struct slice argument)
{
    static const char marks[] = "%+,-./:=@_";

    for (size_t i = 0; i < argument.len; i++) {
        char c = argument.ptr[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_alnum && (!c || !strchr(marks, c)))
            return false;
    }
    return argument.len > 0;
}

void show_argument(struct buffer *out, struct slice argument)
{
    char escaped[SHOWN_BYTES];
    bool must_escape = false;

    if (is_plain_argument(argument)) {
        buffer_add(out, argument);
        return;
    }
    for (struct slice rest = argument; rest.len && !must_escape;) {
        struct slice shown = slice_cut_shown(&rest, escaped);

        must_escape = shown.ptr == escaped;
    }
    buffer_add_text(out, must_escape ? "$'" : "'");
    while (argument.len) {
        struct slice shown = slice_cut_shown(&argument, escaped);

        if (slice_eq(shown, SLICE("'")))
            buffer_add_text(out, must_escape ? "\\'" : "'\\''");
        else if (must_escape && slice_eq(shown, SLICE("\\")))
            buffer_add_text(out, "\\\\");
        else
            buffer_add(out, shown);
    }
    buffer_add_byte(out, '\'');
}

static void show_clock(const struct screen *screen, struct buffer *out, int64_t time_ms)
{
    time_t time = (time_t)(time_ms / 1000), now = (time_t)(screen->now_ms / 1000);
    struct tm at, today;
    char text[64];
    bool is_today;

    if (!localtime_r(&time, &at) || !localtime_r(&now, &today))
        return;
    is_today = at.tm_year == today.tm_year && at.tm_yday == today.tm_yday;
    if (strftime(text, sizeof text, is_today ? "%H:%M:%S" : "%Y-%m-%d %H:%M", &at))
        buffer_add_text(out, text);
}

/* To the nearest of the unit that is shown: four hours from now are "4 h" a second later too. */
static int64_t rounded(int64_t duration_ms)
{
    /* As duration_format_rough has them: two days are the first that are told in days. */
    static const struct {
        int64_t from_ms, unit_ms;
    } units[] = { { 2 * DAY_MS, DAY_MS },
                  { HOUR_MS, HOUR_MS },
                  { MINUTE_MS, MINUTE_MS },
                  { SECOND_MS, SECOND_MS } };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (duration_ms >= units[i].from_ms - units[i].unit_ms / 60)
            return duration_ms + units[i].unit_ms / 2;
    return duration_ms;
}

void show_time(const struct screen *screen, struct buffer *out, int64_t time_ms, bool with_clock)
{
    char text[TIME_TEXT_BYTES];
    int64_t ago_ms = screen->now_ms - time_ms;

    if (ago_ms >= 0 && ago_ms < SECOND_MS)
        buffer_add_text(out, "now");
    else if (ago_ms >= 0)
        buffer_format(out, "%s ago", duration_format_rough(rounded(ago_ms), text));
    else
        buffer_format(out, "in %s", duration_format_rough(rounded(-ago_ms), text));
    if (!with_clock)
        return;
    buffer_add_text(out, " (");
    show_clock(screen, out, time_ms);
    buffer_add_text(out, ")");
}

/* --- tables --- */

#define TABLE_BYTES ((size_t)256 << 20)
#define CELLS_FIRST 256
#define GAP 2       /* blanks between columns */
#define LAST_MIN 10 /* however narrow the terminal */

struct table {
    const struct table_column *columns;
    size_t n_columns;
    size_t *widths; /* so far */
    struct slice *cells;
    size_t n_cells, n_room;
    struct arena *arena;
};

enum rc table_new(const struct table_column *columns, size_t n_columns, struct table **table)
{
    struct table *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->columns = columns;
    made->n_columns = n_columns;
    rc = arena_new(TABLE_BYTES, &made->arena);
    if (!rc) {
        made->widths = arena_alloc(made->arena, n_columns, sizeof *made->widths);
        rc = made->widths ? RC_OK : RC_NO_MEMORY;
    }
    if (rc) {
        table_free(made);
        return rc;
    }
    for (size_t i = 0; i < n_columns; i++)
        made->widths[i] = text_columns(slice_of(columns[i].title));
    *table = made;
    return RC_OK;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    arena_free(table->arena);
    free(table->cells);
    free(table);
}

size_t table_n_rows(const struct table *table)
{
    return table->n_cells / table->n_columns;
}

/* The C library knows how wide a character is, but only in a locale; ours stays "C" for all else. */
static size_t char_columns(uint32_t code_point)
{
    static locale_t unicode;
    locale_t before;
    int columns;

    if (code_point < 0x7f)
        return 1;
    if (!unicode)
        unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!unicode)
        return 1;
    before = uselocale(unicode);
    columns = wcwidth((wchar_t)code_point);
    uselocale(before);
    return columns < 0 ? 1 : (size_t)columns;
}

size_t text_columns(struct slice text)
{
    size_t columns = 0;

    while (text.len) {
        uint32_t code_point = 0;
        size_t len = utf8_char_len(text.ptr, text.len, &code_point);

        columns += len ? char_columns(code_point) : 1;
        text.ptr += len ? len : 1;
        text.len -= len ? len : 1;
    }
    return columns;
}

static enum rc grow(struct table *table)
{
    size_t n_room = table->n_room ? 2 * table->n_room : CELLS_FIRST;
    struct slice *cells;

    if (table->n_cells < table->n_room)
        return RC_OK;
    cells = realloc(table->cells, n_room * sizeof *cells);
    if (!cells)
        return RC_NO_MEMORY;
    table->cells = cells;
    table->n_room = n_room;
    return RC_OK;
}

enum rc table_add(struct table *table, struct slice text)
{
    size_t column = table->n_cells % table->n_columns;
    struct buffer shown;
    struct slice cell;
    enum rc rc = grow(table);

    if (rc)
        return rc;
    buffer_init(&shown, 0);
    show_text(&shown, text);
    rc = buffer_rc(&shown);
    if (!rc)
        rc = arena_copy(table->arena, buffer_slice(&shown), &cell);
    buffer_free(&shown);
    if (rc)
        return rc;
    table->cells[table->n_cells++] = cell;
    if (text_columns(cell) > table->widths[column])
        table->widths[column] = text_columns(cell);
    return RC_OK;
}

/* The longest start of `text` that fits, with a mark when something is missing. */
static struct slice cut_to(struct slice text, size_t columns, bool *is_cut)
{
    struct slice rest = text;
    size_t used = 0;

    *is_cut = text_columns(text) > columns;
    if (!*is_cut)
        return text;
    while (rest.len) {
        uint32_t code_point = 0;
        size_t len = utf8_char_len(rest.ptr, rest.len, &code_point);
        size_t wide = len ? char_columns(code_point) : 1;

        if (used + wide + 1 > columns)
            break;
        used += wide;
        rest.ptr += len ? len : 1;
        rest.len -= len ? len : 1;
    }
    return (struct slice){ text.ptr, text.len - rest.len };
}

static void show_cell(const struct table *table, size_t column, struct slice cell,
                      const struct screen *screen, struct buffer *out)
{
    bool is_last = column + 1 == table->n_columns;
    size_t width = is_last ? 0 : table->widths[column] + GAP;
    enum colour colour = table->columns[column].is_word ? colour_of_word(cell) : COLOUR_NONE;

    if (colour != COLOUR_NONE)
        show_colour(screen, out, colour);
    buffer_add(out, cell);
    if (colour != COLOUR_NONE)
        show_colour(screen, out, COLOUR_NONE);
    for (size_t used = text_columns(cell); used < width; used++)
        buffer_add_byte(out, ' ');
}

static size_t last_width(const struct table *table, const struct screen *screen)
{
    size_t used = 0;

    if (!screen->is_terminal)
        return SIZE_MAX;
    for (size_t i = 0; i + 1 < table->n_columns; i++)
        used += table->widths[i] + GAP;
    return screen->width > used + LAST_MIN ? screen->width - used : LAST_MIN;
}

/* Blanks at the end of a line are nobody's. */
static void end_row(struct buffer *out, bool is_cut)
{
    while (out->len && out->ptr[out->len - 1] == ' ')
        out->len--;
    buffer_add_text(out, is_cut ? "…\n" : "\n");
}

void table_show(const struct table *table, const struct screen *screen, struct buffer *out)
{
    size_t width = last_width(table, screen);

    show_colour(screen, out, COLOUR_FAINT);
    for (size_t i = 0; i < table->n_columns; i++)
        show_cell(table, i, slice_of(table->columns[i].title), screen, out);
    show_colour(screen, out, COLOUR_NONE);
    buffer_add_text(out, "\n");
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t column = i % table->n_columns;
        bool is_last = column + 1 == table->n_columns;
        bool is_cut = false;
        struct slice cell = is_last ? cut_to(table->cells[i], width, &is_cut) : table->cells[i];

        show_cell(table, column, cell, screen, out);
        if (is_last)
            end_row(out, is_cut);
    }
}
