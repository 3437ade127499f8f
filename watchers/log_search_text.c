#include "watchers/log_search_private.h"

#include "src/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT SLICE("\xef\xbf\xbd") /* U+FFFD */

struct writing {
    const struct searching *searching;
    struct buffer out;
    bool is_cut; /* part of a line that is shown is not */
};

struct counts {
    size_t n_wanted, n_kept_rows, n_left_out, n_files;
};

/* -- pieces -- */

/* "1,234" */
static void add_number(struct buffer *out, size_t number)
{
    char digits[24];
    size_t n_digits = (size_t)snprintf(digits, sizeof digits, "%zu", number);

    for (size_t i = 0; i < n_digits; i++) {
        if (i && (n_digits - i) % 3 == 0)
            buffer_add_byte(out, ',');
        buffer_add_byte(out, digits[i]);
    }
}

static void add_more(struct buffer *out, size_t number, const char *what)
{
    buffer_add_text(out, "\n… ");
    add_number(out, number);
    buffer_format(out, " more %s", what);
}

/* "2026-11-29 10:00 UTC" */
static void add_minute(struct buffer *out, int64_t time_ms)
{
    char text[TIME_TEXT_BYTES];

    time_format(time_ms, text);
    buffer_format(out, "%.10s %.5s UTC", text, text + 11);
}

static void add_utf8(struct buffer *out, struct slice text)
{
    while (text.len) {
        size_t len = *text.ptr ? utf8_char_len(text.ptr, text.len, NULL) : 0;

        buffer_add(out, len ? (struct slice){ text.ptr, len } : REPLACEMENT);
        len = len ? len : 1;
        text.ptr += len;
        text.len -= len;
    }
}

/* -- lines -- */

/* Of an event that is too long its beginning is shown, not cut within a character. */
static struct slice shown_part(const struct log_search *search, struct slice text)
{
    struct slice rest = text;
    size_t len = 0;

    for (size_t i = 0; i < search->n_lines && rest.len; i++)
        (void)slice_cut(&rest, '\n');
    len = text.len - rest.len;
    if (len > LOG_SEARCH_EVENT_BYTES)
        len = LOG_SEARCH_EVENT_BYTES;
    if (len == text.len)
        return text;
    for (int i = 0; i < 3 && len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80; i++)
        len--;
    return (struct slice){ text.ptr, len };
}

static void add_line(struct writing *writing, const struct search_line *line)
{
    struct slice part = shown_part(writing->searching->search, line->text);

    buffer_add_byte(&writing->out, '\n');
    add_utf8(&writing->out, part);
    if (part.len < line->text.len)
        add_more(&writing->out, line->text.len - part.len, "bytes of it");
    else if (line->is_cut)
        buffer_add_text(&writing->out, "…");
    writing->is_cut = writing->is_cut || part.len < line->text.len || line->is_cut;
}

/* What stands in a file between two lines that are shown, or before the first and behind the last one. */
struct gap {
    size_t n_left_out; /* lines that could be shown */
    size_t n_others;
};

static void add_gap(struct buffer *out, const struct gap *gap, const char *where)
{
    char what[32];

    if (gap->n_left_out) {
        (void)snprintf(what, sizeof what, "line%s %s", gap->n_left_out == 1 ? "" : "s", where);
        add_more(out, gap->n_left_out, what);
    } else if (gap->n_others && !strcmp(where, "between")) {
        buffer_add_text(out, "\n--");
    }
}

static void add_lines(struct writing *writing, const struct search_file *file)
{
    struct gap gap = { 0 };
    bool has_begun = false;

    for (size_t i = file->first_line; i < file->first_line + file->n_lines; i++) {
        const struct search_line *line = &writing->searching->lines[i];

        gap.n_left_out += line->is_chosen && !line->is_kept ? line->n_rows : 0;
        gap.n_others += !line->is_chosen;
        if (!line->is_kept)
            continue;
        add_gap(&writing->out, &gap, has_begun ? "between" : "before");
        add_line(writing, line);
        gap = (struct gap){ 0 };
        has_begun = true;
    }
    add_gap(&writing->out, &gap, has_begun ? "behind" : "here");
}

static bool shows_something(const struct searching *searching, const struct search_file *file)
{
    for (size_t i = file->first_line; i < file->first_line + file->n_lines; i++) {
        if (searching->lines[i].is_chosen)
            return true;
    }
    return false;
}

static struct counts count(const struct searching *searching)
{
    bool is_picky = search_is_picky(searching->search);
    struct counts counts = { 0 };

    for (size_t i = 0; i < searching->n_lines; i++) {
        const struct search_line *line = &searching->lines[i];

        counts.n_wanted += is_picky ? line->is_picked : line->is_chosen;
        counts.n_kept_rows += line->is_kept ? line->n_rows : 0;
        counts.n_left_out += line->is_chosen && !line->is_kept;
    }
    for (size_t i = 0; i < searching->n_files; i++)
        counts.n_files += shows_something(searching, &searching->files[i]);
    return counts;
}

/* -- the heading -- */

static void add_when(struct buffer *out, const struct log_search *search)
{
    char around[TIME_TEXT_BYTES];

    if (search->last_ms / MINUTE_MS == search->first_ms / MINUTE_MS) {
        buffer_add_text(out, " around ");
        add_minute(out, search->first_ms);
        return;
    }
    duration_format(search->around_ms, around);
    buffer_format(out, " from %s before ", around);
    add_minute(out, search->first_ms);
    buffer_format(out, " to %s after ", around);
    add_minute(out, search->last_ms);
}

static void add_nothing(struct buffer *out, const struct log_search *search)
{
    buffer_format(out, "No line of %.*s", SLICE_ARG(search->watch->name));
    if (!search_is_picky(search))
        buffer_add_text(out, " is from the time");
    add_when(out, search);
    if (search->match) {
        buffer_add_text(out, " matches ");
        buffer_add(out, pattern_source(search->match));
    } else if (search->samples.n_items) {
        buffer_add_text(out, " is one of this signal");
    }
    buffer_add_byte(out, '.');
}

static void add_heading(struct buffer *out, const struct log_search *search,
                        const struct counts *counts)
{
    if (!counts->n_wanted) {
        add_nothing(out, search);
        return;
    }
    add_number(out, counts->n_wanted);
    buffer_format(out, " line%s of %.*s", counts->n_wanted == 1 ? "" : "s",
                  SLICE_ARG(search->watch->name));
    add_when(out, search);
    if (search->match) {
        buffer_add_text(out, ", matching ");
        buffer_add(out, pattern_source(search->match));
    } else if (search->samples.n_items) {
        buffer_add_text(out, ", of this signal");
    }
    if (counts->n_left_out)
        buffer_format(out, " (%zu lines shown)", counts->n_kept_rows);
    buffer_add_byte(out, ':');
}

/* -- the whole -- */

static const struct search_line *first_picked(const struct searching *searching)
{
    const struct search_line *first = NULL;

    for (size_t i = 0; i < searching->n_lines; i++) {
        const struct search_line *line = &searching->lines[i];

        if (line->is_picked && (!first || line->time_ms < first->time_ms))
            first = line;
    }
    return first;
}

static enum rc set_finding(const struct searching *searching, struct log_found *found)
{
    const struct search_line *first = first_picked(searching);
    struct slice rest;
    struct buffer text;
    enum rc rc;

    if (!first)
        return RC_OK;
    buffer_init(&text, 0);
    rest = shown_part(searching->search, first->text);
    add_utf8(&text, slice_trim(slice_cut(&rest, '\n')));
    rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(searching->arena, buffer_slice(&text), &found->finding);
    buffer_free(&text);
    return rc;
}

static void write_all(struct writing *writing, const struct counts *counts)
{
    const struct searching *searching = writing->searching;

    add_heading(&writing->out, searching->search, counts);
    for (size_t i = 0; i < searching->n_files; i++) {
        const struct search_file *file = &searching->files[i];

        if (!shows_something(searching, file))
            continue;
        if (counts->n_files > 1) {
            buffer_add_text(&writing->out, "\n==> ");
            add_utf8(&writing->out, slice_of(file->path));
            buffer_add_text(&writing->out, " <==");
        }
        add_lines(writing, file);
    }
    add_utf8(&writing->out, buffer_slice(&searching->notes.text));
}

enum rc search_write(struct searching *searching, struct log_found *found)
{
    struct counts counts = count(searching);
    struct writing writing = { .searching = searching };
    enum rc rc = set_finding(searching, found);

    buffer_init(&writing.out, 0);
    write_all(&writing, &counts);
    found->is_truncated = counts.n_left_out || writing.is_cut;
    if (!rc)
        rc = buffer_rc(&writing.out);
    if (!rc)
        rc = arena_copy(searching->arena, buffer_slice(&writing.out), &found->text);
    buffer_free(&writing.out);
    return rc;
}
