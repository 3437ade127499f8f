#include "watchers/log_search_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROBE_BYTES ((int64_t)2 * LOG_MAX_LINE_BYTES) /* holds the whole of some line */
#define PROBE_LINES 64
#define PROBES_MAX 8                /* one after the other, where lines say no time */
#define FINE_BYTES ((int64_t)65536) /* so near an edge nobody needs to look closer */
#define WHOLE_BYTES ((int64_t)1 << 20)
/* Threads write a little out of order. */
#define DISORDER_MS MINUTE_MS

struct probing {
    struct searching *searching;
    int fd;
    int64_t size;
    char *bytes; /* PROBE_BYTES */
};

/* Where the times of a file pass a moment. */
struct edge {
    int64_t before; /* a line of an earlier time begins here, or the file */
    int64_t behind; /* a line of that time or a later one, or the file's end */
};

struct range {
    int64_t begin, end;
    int64_t pivot;   /* where the signal's last match is, about */
    bool is_at_line; /* a line begins at `begin` */
};

static enum rc read_at(int fd, int64_t offset, char *bytes, size_t n_wanted, size_t *n_read)
{
    *n_read = 0;
    while (*n_read < n_wanted) {
        ssize_t n = pread(fd, bytes + *n_read, n_wanted - *n_read, offset + (int64_t)*n_read);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return RC_IO;
        if (!n)
            break;
        *n_read += (size_t)n;
    }
    return RC_OK;
}

/* -- halving -- */

static bool is_multiline(const struct log_watch *watch)
{
    return watch->multiline.first || watch->multiline.continuation;
}

/* The first line that says a time; `n_over`: lines that may be the rest of an event which began before. */
static enum rc cut_to_time(struct searching *searching, struct line_cut *cut, size_t n_over,
                           int64_t *line_offset, int64_t *time_ms)
{
    do {
        line_cut(cut);
        for (size_t i = n_over; i < cut->n_lines; i++) {
            if (search_time_of(searching, &cut->lines[i], time_ms))
                continue;
            *line_offset = cut->lines[i].offset;
            return RC_OK;
        }
        n_over = 0;
        cut->bytes.ptr += cut->n_consumed;
        cut->bytes.len -= cut->n_consumed;
        cut->offset += (int64_t)cut->n_consumed;
    } while (cut->n_consumed && cut->bytes.len);
    return RC_NOT_FOUND;
}

static enum rc find_timed_line(const struct probing *probing, int64_t offset, int64_t *line_offset,
                               int64_t *time_ms)
{
    struct log_line lines[PROBE_LINES];
    /* One byte earlier: a line that begins at `offset` is not passed over. */
    struct line_cut cut = { .watch = probing->searching->search->watch,
                            .scratch = probing->searching->scratch,
                            .offset = offset ? offset - 1 : 0,
                            .state = offset ? CUT_SKIPPING : CUT_AT_LINE,
                            .end = CUT_EVENT_OVER,
                            .lines = lines,
                            .n_max = PROBE_LINES };
    size_t n_read;
    enum rc rc = read_at(probing->fd, cut.offset, probing->bytes, PROBE_BYTES, &n_read);

    if (rc)
        return rc;
    cut.bytes = (struct slice){ probing->bytes, n_read };
    return cut_to_time(probing->searching, &cut, offset && is_multiline(cut.watch) ? 1 : 0,
                       line_offset, time_ms);
}

/* The first line with a time between `offset` and `end`. RC_LIMIT: nobody reads on until one comes. */
static enum rc probe(const struct probing *probing, int64_t offset, int64_t end,
                     int64_t *line_offset, int64_t *time_ms)
{
    for (int i = 0; i < PROBES_MAX; i++) {
        enum rc rc;

        if (search_is_over(probing->searching))
            return RC_TIMEOUT;
        rc = find_timed_line(probing, offset, line_offset, time_ms);
        if (!rc && *line_offset >= end)
            return RC_NOT_FOUND;
        if (rc != RC_NOT_FOUND)
            return rc;
        offset += PROBE_BYTES - LOG_MAX_LINE_BYTES;
        if (offset >= end)
            return RC_NOT_FOUND;
    }
    return RC_LIMIT;
}

struct halving {
    int64_t moment_ms;
    int64_t low, high;       /* the edge is between */
    int64_t low_ms, high_ms; /* times that were found there; NO_TIME: none yet */
};
#define NO_TIME INT64_MIN

static bool is_out_of_order(const struct halving *halving, int64_t time_ms)
{
    return (halving->low_ms != NO_TIME && time_ms < halving->low_ms - DISORDER_MS) ||
           (halving->high_ms != NO_TIME && time_ms > halving->high_ms + DISORDER_MS);
}

/* RC_LIMIT: the times are not ascending, or too far apart to tell. */
static enum rc halve(const struct probing *probing, struct halving *halving, struct edge *edge)
{
    int64_t middle = halving->low + (halving->high - halving->low) / 2, line_offset = 0,
            time_ms = 0;
    enum rc rc = probe(probing, middle, halving->high, &line_offset, &time_ms);

    if (rc && rc != RC_NOT_FOUND)
        return rc;
    if (!rc && is_out_of_order(halving, time_ms))
        return RC_LIMIT;
    if (!rc && time_ms < halving->moment_ms) {
        halving->low = middle;
        halving->low_ms = time_ms;
        edge->before = line_offset;
        return RC_OK;
    }
    /* What says no time belongs to the lines before it. */
    halving->high = middle;
    if (!rc) {
        halving->high_ms = time_ms;
        edge->behind = line_offset;
    }
    return RC_OK;
}

static enum rc find_edge(const struct probing *probing, int64_t moment_ms, struct edge *edge)
{
    struct halving halving = {
        .moment_ms = moment_ms, .high = probing->size, .low_ms = NO_TIME, .high_ms = NO_TIME
    };
    enum rc rc = RC_OK;

    *edge = (struct edge){ .before = 0, .behind = probing->size };
    while (!rc && halving.high - halving.low > FINE_BYTES)
        rc = halve(probing, &halving, edge);
    return rc;
}

static enum rc find_range(const struct probing *probing, struct range *range)
{
    const struct searching *searching = probing->searching;
    struct edge from, to, last;
    enum rc rc = find_edge(probing, searching->from_ms, &from);

    if (!rc)
        rc = find_edge(probing, searching->to_ms + 1, &to);
    if (!rc)
        rc = find_edge(probing, searching->search->last_ms + 1, &last);
    if (rc)
        return rc;
    *range = (struct range){
        .begin = from.before, .end = to.behind, .pivot = last.behind, .is_at_line = true
    };
    return RC_OK;
}

static enum rc find_by_halving(struct searching *searching, int fd, int64_t size,
                               struct range *range)
{
    struct probing probing = { .searching = searching, .fd = fd, .size = size };
    enum rc rc;

    probing.bytes = malloc((size_t)PROBE_BYTES);
    if (!probing.bytes)
        return RC_NO_MEMORY;
    rc = find_range(&probing, range);
    free(probing.bytes);
    return rc;
}

/* -- what is read -- */

/* Three quarters before the last match, one behind it; what one side does not need is the other's. */
static void narrow(struct range *range, int64_t max_bytes)
{
    int64_t begin = range->pivot - (max_bytes - max_bytes / 4), end;

    begin = begin > range->begin ? begin : range->begin;
    end = begin + max_bytes < range->end ? begin + max_bytes : range->end;
    begin = end - max_bytes > range->begin ? end - max_bytes : range->begin;
    range->is_at_line = range->is_at_line && begin == range->begin;
    range->begin = begin;
    range->end = end;
}

static enum rc read_range(struct search_file *file, int fd, const struct range *range)
{
    /* One byte earlier, so that a line which begins there is told from the rest of one. */
    int64_t begin = range->is_at_line ? range->begin : range->begin - 1;
    size_t n_wanted = (size_t)(range->end - begin);

    file->bytes = malloc(n_wanted + 1);
    if (!file->bytes)
        return RC_NO_MEMORY;
    file->offset = begin;
    return read_at(fd, begin, file->bytes, n_wanted, &file->n_bytes);
}

/* The rest of a line whose beginning was not read. */
static void pass_over_rest(struct search_file *file)
{
    struct slice rest = { file->bytes, file->n_bytes };
    size_t n_over = slice_cut(&rest, '\n').len;

    n_over += n_over < file->n_bytes ? 1 : 0;
    file->offset += (int64_t)n_over;
    file->n_bytes -= n_over;
    memmove(file->bytes, file->bytes + n_over, file->n_bytes);
}

enum rc search_read_stretch(struct searching *searching, struct search_file *file, int fd,
                            int64_t size, int64_t max_bytes)
{
    struct range range = { .end = size, .pivot = size, .is_at_line = true };
    enum rc rc = RC_OK;

    if (search_has_no_times(searching))
        rc = RC_LIMIT;
    else if (size > max_bytes || size > WHOLE_BYTES)
        rc = find_by_halving(searching, fd, size, &range);
    if (rc && rc != RC_LIMIT)
        return rc;
    if (range.end - range.begin > max_bytes) {
        search_note(
            searching,
            rc ? "Only the newest %lld KB of %s were looked at: its lines have no ascending "
                 "times."
               : "Only %lld KB of %s, around the last match, were looked at: that time "
                 "has more.",
            (long long)max_bytes / 1024, file->path);
        narrow(&range, max_bytes);
    }
    rc = read_range(file, fd, &range);
    if (!rc && !range.is_at_line)
        pass_over_rest(file);
    return rc;
}
