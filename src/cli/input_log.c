#include "src/cli/input_log.h"

#include "src/base/read_ahead.h"
#include "src/base/work_pool.h"
#include "watchers/line_cut.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BATCH_LINES 4096
#define PIECE_LINES 65536
#define ARENA_BYTES ((size_t)16 << 20)
/* A log of which so many lines in a row said no time is hardly one that says any: what a piece leaves is then asked of few. */
#define SILENT_LINES 10000
#define FEW_LINES 100

struct log_input {
    struct read_ahead *file;
    const struct log_watch *watch;
    struct slice path;
    int64_t written_ms;
    struct log_input_screen screen;
    struct pattern_scratch *scratch;
    struct arena *arena; /* of one line's data */
    struct slice rest;   /* what is not cut yet */
    int64_t offset;      /* of the rest */
    enum cut_state state;
    bool has_ended;
    struct slice piece;   /* whole lines that nobody has listed; or those that are */
    int64_t piece_offset; /* of its first byte */
    bool is_listed;
    struct log_line *lines; /* BATCH_LINES: those that are listed */
    size_t n_lines;         /* of the piece */
    struct log_line *found; /* what the screen gave */
    const struct log_line *wanted;
    size_t n_wanted, next;
    int64_t timed_offset; /* up to the line that begins here, times are known */
    int64_t timed_ms;     /* of the last of them that has one */
    size_t n_untimed;     /* that were looked at since, and say none */
    struct log_input_totals totals;
};

/* Whoever waits for a pipe in a thread may wait for ever, and with him whoever wants to end. */
static bool ends_by_itself(int fd)
{
    struct stat stat;

    return !fstat(fd, &stat) && S_ISREG(stat.st_mode);
}

enum rc log_input_new(int fd, const struct log_watch *watch, struct slice path, int64_t written_ms,
                      const struct log_input_screen *screen, struct log_input **input)
{
    struct log_input *made = calloc(1, sizeof *made);
    struct gzip_file *file = NULL;
    bool is_file = ends_by_itself(fd);
    enum rc rc = gzip_file_new(fd, &file);

    if (!made) {
        gzip_file_free(file);
        return RC_NO_MEMORY;
    }
    *made = (struct log_input){ .watch = watch,
                                .path = path,
                                .written_ms = written_ms,
                                .timed_offset = -1,
                                .timed_ms = written_ms,
                                .lines = calloc(BATCH_LINES, sizeof *made->lines),
                                .totals = { .last_ms = INT64_MIN } };
    if (screen)
        made->screen = *screen;
    if (!rc)
        rc = read_ahead_new(file, is_file && work_pool_n_cpus() > 1, &made->file);
    if (!rc && !made->lines)
        rc = RC_NO_MEMORY;
    if (!rc)
        rc = pattern_scratch_new(&made->scratch);
    if (!rc)
        rc = arena_new(ARENA_BYTES, &made->arena);
    if (rc)
        log_input_free(made);
    else
        *input = made;
    return rc;
}

void log_input_free(struct log_input *input)
{
    if (!input)
        return;
    read_ahead_free(input->file);
    pattern_scratch_free(input->scratch);
    arena_free(input->arena);
    free(input->lines);
    free(input->found);
    free(input);
}

struct log_input_totals log_input_totals(const struct log_input *input)
{
    return input->totals;
}

/* -- bytes -- */

static enum rc fill(struct log_input *input)
{
    size_t n_rest = input->rest.len;
    enum rc rc = read_ahead_next(input->file, n_rest, &input->rest);

    if (rc)
        return rc;
    input->totals.n_bytes += input->rest.len - n_rest;
    input->has_ended = input->rest.len == n_rest;
    return RC_OK;
}

enum rc log_input_peek(struct log_input *input, struct slice *bytes)
{
    enum rc rc = input->rest.len || input->has_ended ? RC_OK : fill(input);

    *bytes = input->rest;
    return rc;
}

/* Of a piece of very short lines only the beginning: each may be wanted, and what is known of it takes more room than it does. */
static bool cut_whole(struct line_cut *cutting)
{
    if (!line_cut_whole(cutting))
        return false;
    if (cutting->n_lines <= PIECE_LINES || cutting->bytes.len <= PIECE_LINES)
        return true;
    cutting->bytes.len = PIECE_LINES;
    return line_cut_whole(cutting);
}

/* The whole lines that are there; one by one where they have to be looked at, or where all are wanted. */
static void cut(struct log_input *input)
{
    struct line_cut cutting = { .watch = input->watch,
                                .scratch = input->scratch,
                                .bytes = input->rest,
                                .offset = input->offset,
                                .state = input->state,
                                .end = input->has_ended ? CUT_OVER : CUT_GOES_ON,
                                .lines = input->lines,
                                .n_max = BATCH_LINES };

    input->is_listed = !input->screen.screen || !cut_whole(&cutting);
    if (input->is_listed)
        line_cut(&cutting);
    input->piece = (struct slice){ cutting.bytes.ptr, cutting.n_consumed };
    input->piece_offset = cutting.offset;
    input->state = cutting.state;
    input->rest = (struct slice){ input->rest.ptr + cutting.n_consumed,
                                  input->rest.len - cutting.n_consumed };
    input->offset += (int64_t)cutting.n_consumed;
    input->n_lines = cutting.n_lines;
}

/* -- times -- */

/* Only what can say a time is read. */
static enum rc read_data(struct log_input *input, const struct log_line *line,
                         const struct json **data, struct json **tree)
{
    struct event event;
    enum rc rc;

    if (input->watch->format == LINE_TEXT || !line_time_may_be_data(input->watch->time))
        return RC_OK;
    arena_reset(input->arena);
    rc = log_line_event(input->watch, input->path, line, input->written_ms, input->arena, &event,
                        tree);
    if (!rc)
        *data = event.data;
    return rc;
}

/* What a line itself says; 0: nothing. */
static enum rc own_time(struct log_input *input, const struct log_line *line, int64_t *time_ms)
{
    const struct json *data = NULL;
    struct json *tree = NULL;
    enum rc rc = read_data(input, line, &data, &tree);

    if (!rc)
        rc = line_time_find(input->watch->time, line->text, data, input->written_ms, input->scratch,
                            time_ms);
    json_free(tree);
    if (rc == RC_NOT_FOUND)
        *time_ms = 0;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* The line before the one that begins at `begin` of the piece. */
static bool line_before(const struct log_input *input, size_t begin, struct log_line *line)
{
    const char *lf;

    if (!begin)
        return false;
    lf = memrchr(input->piece.ptr, '\n', begin - 1);
    *line =
        line_at(input->piece, input->piece_offset, lf ? (size_t)(lf - input->piece.ptr) + 1 : 0);
    return true;
}

static size_t index_of(const struct log_input *input, const struct log_line *line)
{
    size_t low = 0, high = input->n_lines;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (input->lines[middle].offset < line->offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The line before `line` in the piece, if there is one. */
static bool step_back(const struct log_input *input, struct log_line *line)
{
    size_t i;

    if (!input->is_listed)
        return line_before(input, (size_t)(line->offset - input->piece_offset), line);
    i = index_of(input, line);
    if (i)
        *line = input->lines[i - 1];
    return i > 0;
}

/* All lines before `end` are timed now, the last of them with `found_ms` (0: none of those that were looked at said it). */
static void note_time(struct log_input *input, int64_t end, int64_t found_ms, size_t n_untimed)
{
    if (found_ms)
        input->timed_ms = found_ms;
    input->n_untimed = found_ms ? n_untimed : input->n_untimed + n_untimed;
    input->timed_offset = end;
}

/* The time of a line of the piece, or of the nearest before it that has one. Asked for in their order: no line is looked at twice. */
static enum rc time_of(struct log_input *input, struct log_line line, int64_t *time_ms)
{
    size_t n_max = input->n_untimed < SILENT_LINES ? SIZE_MAX : FEW_LINES;
    int64_t end = line.offset;
    int64_t found_ms = 0;
    size_t n_untimed = 0;
    bool is_there = true;
    enum rc rc = RC_OK;

    while (!rc && !found_ms && is_there && n_untimed < n_max && line.offset > input->timed_offset) {
        rc = own_time(input, &line, &found_ms);
        n_untimed += !found_ms;
        is_there = step_back(input, &line);
    }
    if (rc)
        return rc;
    note_time(input, end, found_ms, n_untimed);
    *time_ms = input->timed_ms;
    return RC_OK;
}

static struct log_line last_line(const struct log_input *input)
{
    struct log_line line;

    if (input->is_listed)
        return input->lines[input->n_lines - 1];
    (void)line_before(input, input->piece.len, &line);
    return line;
}

/* -- pieces -- */

static enum rc screen_piece(struct log_input *input)
{
    const struct log_batch batch = { .watch = input->watch,
                                     .path = input->path,
                                     .bytes = input->piece,
                                     .offset = input->piece_offset,
                                     .lines = input->is_listed ? input->lines : NULL,
                                     .n_lines = input->n_lines };
    struct record_list wanted = { 0 };
    enum rc rc;

    input->next = 0;
    input->wanted = input->lines;
    input->n_wanted = input->n_lines;
    if (!input->screen.screen || !input->n_lines)
        return RC_OK;
    rc = input->screen.screen(input->screen.context, &batch, input->written_ms, &wanted);
    free(input->found);
    input->wanted = input->found = wanted.items;
    input->n_wanted = wanted.n_items;
    input->totals.n_passed += input->n_lines - wanted.n_items;
    return rc;
}

/* What the piece leaves for the ones behind it: the time of its last line. */
static enum rc leave_piece(struct log_input *input)
{
    int64_t last_ms = INT64_MIN;
    enum rc rc;

    if (!input->n_lines)
        return RC_OK;
    rc = time_of(input, last_line(input), &last_ms);
    if (last_ms > input->totals.last_ms)
        input->totals.last_ms = last_ms;
    input->totals.n_lines += input->n_lines;
    input->n_lines = 0;
    return rc;
}

static enum rc next_piece(struct log_input *input)
{
    enum rc rc = leave_piece(input);

    while (!rc && !input->n_lines) {
        bool was_over = input->has_ended;

        cut(input);
        if (input->n_lines)
            return screen_piece(input);
        if (was_over)
            return RC_NOT_FOUND;
        rc = fill(input);
    }
    return rc;
}

enum rc log_input_next(struct log_input *input, struct log_line *line)
{
    enum rc rc = RC_OK;

    while (!rc && input->next == input->n_wanted) {
        input->next = input->n_wanted = 0;
        rc = next_piece(input);
    }
    if (rc)
        return rc;
    *line = input->wanted[input->next++];
    if (!line->time_ms)
        return time_of(input, *line, &line->time_ms);
    note_time(input, line->offset, line->time_ms, 0);
    return RC_OK;
}
