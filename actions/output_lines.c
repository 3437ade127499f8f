#include "actions/output_lines.h"

#include "actions/wording.h"

#define LINE_MAX_BYTES 200
#define SCANNED_MAX_LINES 2000 /* from the end */

static const char *const words_of_failure[] = {
    "error",  "fail",   "fatal",     "panic",     "exception", "denied",
    "refuse", "cannot", "not found", "timed out", "traceback", "killed",
};

static bool has_word(struct slice line, struct slice word)
{
    for (size_t i = 0; i + word.len <= line.len; i++)
        if (slice_eq_nocase((struct slice){ .ptr = line.ptr + i, .len = word.len }, word))
            return true;
    return false;
}

static bool speaks_of_failure(struct slice line)
{
    for (size_t i = 0; i < sizeof(words_of_failure) / sizeof(*words_of_failure); i++)
        if (has_word(line, slice_of(words_of_failure[i])))
            return true;
    return false;
}

/* Takes the last line off `text`. */
static struct slice cut_last_line(struct slice *text)
{
    size_t start = text->len;
    struct slice line;

    while (start && text->ptr[start - 1] != '\n')
        start--;
    line = (struct slice){ .ptr = text->ptr + start, .len = text->len - start };
    text->len = start ? start - 1 : 0;
    return line;
}

/* From the end; they come out last one first. */
static size_t collect(struct slice text, bool only_failures, struct slice lines[OUTPUT_MAX_LINES])
{
    size_t n_lines = 0;

    for (size_t i = 0; i < SCANNED_MAX_LINES && text.len && n_lines < OUTPUT_MAX_LINES; i++) {
        struct slice line = slice_trim(cut_last_line(&text));

        if (line.len && (!only_failures || speaks_of_failure(line)))
            lines[n_lines++] = line;
    }
    return n_lines;
}

size_t output_lines(struct slice text, struct slice lines[OUTPUT_MAX_LINES])
{
    size_t n_lines = collect(text, true, lines);

    if (!n_lines)
        n_lines = collect(text, false, lines);
    for (size_t i = 0; i < n_lines / 2; i++) {
        struct slice line = lines[i];

        lines[i] = lines[n_lines - 1 - i];
        lines[n_lines - 1 - i] = line;
    }
    return n_lines;
}

/* Takes "\x1b[…m" and its like (ECMA-48 control sequences) off the start; false when there is none. */
static bool cut_colour(struct slice *line)
{
    size_t i = 2;

    if (!slice_starts(*line, SLICE("\x1b[")))
        return false;
    while (i < line->len && line->ptr[i] >= 0x20 && line->ptr[i] < 0x40)
        i++;
    i = i < line->len ? i + 1 : i;
    line->ptr += i;
    line->len -= i;
    return true;
}

void output_add_line(struct buffer *out, struct slice line)
{
    size_t start = out->len;
    char escaped[SHOWN_BYTES];

    while (line.len && out->len - start < LINE_MAX_BYTES)
        if (!cut_colour(&line))
            buffer_add(out, slice_cut_shown(&line, escaped));
    if (line.len)
        buffer_add_text(out, "…");
}
