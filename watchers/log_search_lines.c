#include "watchers/log_search_private.h"

#include "watchers/log_lines.h"

#include <stdlib.h>
#include <string.h>

#define CUT_LINES 256
#define TIME_UNKNOWN INT64_MIN

bool search_is_picky(const struct log_search *search)
{
    return search->match || search->samples.n_items;
}

/* -- times -- */

/* JSON and logfmt say it in a member. */
static bool has_members(const struct log_watch *watch)
{
    return watch->format == LINE_JSON || watch->format == LINE_LOGFMT;
}

enum rc search_time_of(struct searching *searching, const struct log_line *line, int64_t *time_ms)
{
    const struct log_watch *watch = searching->search->watch;
    struct event event = { 0 };
    struct json *tree = NULL;
    enum rc rc = RC_OK;

    if (has_members(watch))
        rc = log_line_event(watch, (struct slice){ 0 }, line, searching->to_ms,
                            searching->line_arena, &event, &tree);
    if (!rc)
        rc = line_time_find(watch->time, line->text, event.data, searching->to_ms,
                            searching->scratch, time_ms);
    json_free(tree);
    arena_reset(searching->line_arena);
    return rc;
}

/* `time: received`: even a line that holds nothing has one, and it is not its own. */
bool search_has_no_times(struct searching *searching)
{
    int64_t time_ms;

    return !line_time_find(searching->search->watch->time, (struct slice){ 0 }, NULL,
                           searching->to_ms, searching->scratch, &time_ms);
}

/* -- cutting -- */

static enum rc make_room(struct searching *searching)
{
    size_t n_room = searching->n_room ? 2 * searching->n_room : 1024;
    struct search_line *lines;

    if (searching->n_lines < searching->n_room)
        return RC_OK;
    lines = realloc(searching->lines, n_room * sizeof *lines);
    if (!lines)
        return RC_NO_MEMORY;
    searching->lines = lines;
    searching->n_room = n_room;
    return RC_OK;
}

static size_t count_rows(struct slice text)
{
    size_t n_rows = 1;

    for (size_t i = 0; i < text.len; i++)
        n_rows += text.ptr[i] == '\n';
    return n_rows;
}

static enum rc add_line(struct searching *searching, const struct log_line *line, bool is_timed,
                        int64_t *time_ms)
{
    enum rc rc = make_room(searching);

    if (rc)
        return rc;
    if (is_timed)
        (void)!search_time_of(searching, line, time_ms); /* else it is that of the line before */
    searching->lines[searching->n_lines++] = (struct search_line){ .text = line->text,
                                                                   .time_ms = *time_ms,
                                                                   .n_rows = count_rows(line->text),
                                                                   .is_cut = line->is_truncated };
    return RC_OK;
}

static enum rc add_lines(struct searching *searching, const struct line_cut *cut, bool is_timed,
                         int64_t *time_ms)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < cut->n_lines && !rc; i++)
        rc = add_line(searching, &cut->lines[i], is_timed, time_ms);
    searching->n_looked_at += cut->n_lines;
    return rc ? rc : search_is_over(searching) ? RC_TIMEOUT : RC_OK;
}

static enum rc cut_lines(struct searching *searching, const struct search_file *file)
{
    struct log_line lines[CUT_LINES];
    struct line_cut cut = { .watch = searching->search->watch,
                            .scratch = searching->scratch,
                            .bytes = { file->bytes, file->n_bytes },
                            .offset = file->offset,
                            .end = CUT_OVER,
                            .lines = lines,
                            .n_max = CUT_LINES };
    bool is_timed = !search_has_no_times(searching);
    int64_t time_ms = TIME_UNKNOWN;
    enum rc rc = RC_OK;

    while (!rc && cut.bytes.len && searching->n_looked_at < LOG_SEARCH_LINES) {
        line_cut(&cut);
        if (!cut.n_consumed)
            break;
        rc = add_lines(searching, &cut, is_timed, &time_ms);
        cut.bytes.ptr += cut.n_consumed;
        cut.bytes.len -= cut.n_consumed;
        cut.offset += (int64_t)cut.n_consumed;
    }
    if (!rc && cut.bytes.len)
        search_note(searching, "%s was not read to its end: only %zu lines are looked at.",
                    file->path, LOG_SEARCH_LINES);
    return rc;
}

/* -- which are of that time -- */

/* What stands before the first line that says a time has that one's; a file that says none was written last at its own. */
static void fill_first_times(struct searching *searching, const struct search_file *file)
{
    int64_t written_ms = file->mtime_ns / 1000000;
    size_t n_untimed = file->first_line;
    int64_t time_ms;

    while (n_untimed < searching->n_lines && searching->lines[n_untimed].time_ms == TIME_UNKNOWN)
        n_untimed++;
    if (n_untimed < searching->n_lines) {
        time_ms = searching->lines[n_untimed].time_ms;
    } else {
        time_ms = earlier_of(written_ms, searching->to_ms);
        if (n_untimed > file->first_line)
            search_note(searching, "The lines of %s say no time: these are its newest.",
                        file->path);
    }
    for (size_t i = file->first_line; i < n_untimed; i++)
        searching->lines[i].time_ms = time_ms;
}

static void drop_other_times(struct searching *searching, const struct search_file *file)
{
    size_t n_kept = file->first_line;

    for (size_t i = file->first_line; i < searching->n_lines; i++) {
        const struct search_line *line = &searching->lines[i];

        if (line->time_ms >= searching->from_ms && line->time_ms <= searching->to_ms)
            searching->lines[n_kept++] = *line;
    }
    searching->n_lines = n_kept;
}

/* -- which are looked for -- */

static bool is_sample(const struct log_search *search, struct slice text)
{
    for (size_t i = 0; i < search->samples.n_items; i++) {
        struct slice sample = search->samples.items[i];
        bool is_beginning = sample.len == search->sample_bytes;

        if (is_beginning ? slice_starts(text, sample) : slice_eq(text, sample))
            return true;
    }
    return false;
}

static void pick_line(struct searching *searching, struct search_line *line, size_t *n_failed)
{
    const struct log_search *search = searching->search;
    enum pattern_result result;

    if (!search->match) {
        line->is_picked = is_sample(search, line->text);
        return;
    }
    result = pattern_search(search->match, line->text, searching->scratch);
    line->is_picked = result == PATTERN_MATCH;
    *n_failed += result == PATTERN_ERROR;
}

static enum rc pick_lines(struct searching *searching, const struct search_file *file)
{
    size_t n_failed = 0;

    for (size_t i = file->first_line; i < searching->n_lines; i++) {
        pick_line(searching, &searching->lines[i], &n_failed);
        if (i % CUT_LINES == 0 && search_is_over(searching))
            return RC_TIMEOUT;
    }
    if (n_failed)
        search_note(searching, "For %zu lines of %s the pattern gave up.", n_failed, file->path);
    return RC_OK;
}

enum rc search_take_lines(struct searching *searching, struct search_file *file)
{
    enum rc rc;

    file->first_line = searching->n_lines;
    rc = cut_lines(searching, file);
    if (rc)
        return rc;
    fill_first_times(searching, file);
    drop_other_times(searching, file);
    file->n_lines = searching->n_lines - file->first_line;
    return search_is_picky(searching->search) ? pick_lines(searching, file) : RC_OK;
}
