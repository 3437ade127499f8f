/* The bytes of a log, cut in pieces of any size as they are read, against a splitter that has all of them at once: the same lines at
 * the same places, and nothing is left behind.
 *
 * Input: a byte for the longest line, a byte that begins the sizes of the pieces, then the log. */
#include "tests/fuzz/fuzz.h"
#include "watchers/line_cut.h"

#define MAX_LINES 5

struct fed {
    const struct log_watch *watch;
    struct slice all;
    int64_t offset; /* consumed */
    size_t n_seen;  /* of `all`, by the reader */
    enum cut_state state;
    size_t place; /* of the naive splitter: where its next line begins */
};

/* The next line as it must be. */
static void claim_line(struct fed *fed, const struct log_line *line)
{
    const char *start = fed->all.ptr + fed->place;
    size_t n_left = fed->all.len - fed->place, max = (size_t)fed->watch->max_line_bytes, len;
    const char *lf = n_left ? memchr(start, '\n', n_left) : NULL;
    bool has_mark;

    CLAIM(n_left > 0);
    len = lf ? (size_t)(lf - start) : n_left;
    fed->place += len + (lf ? 1 : 0);
    /* At the very end, half of an end of line is none that anybody misses. */
    if (len && start[len - 1] == '\r' && (lf || len == max + 1))
        len--;
    CLAIM(line->is_truncated == (len > max));
    CLAIM(line->is_partial == (!lf && len <= max));
    len = len > max ? max : len;
    has_mark = start == fed->all.ptr && len >= 3 && !memcmp(start, "\xef\xbb\xbf", 3);
    CLAIM(line->offset == start - fed->all.ptr);
    CLAIM(slice_eq(line->text,
                   (struct slice){ start + (has_mark ? 3 : 0), len - (has_mark ? 3 : 0) }));
}

static void feed(struct fed *fed, enum cut_end end)
{
    struct log_line lines[MAX_LINES];
    struct line_cut cut = { .watch = fed->watch, .end = end, .lines = lines, .n_max = MAX_LINES };

    do {
        cut.bytes = (struct slice){ fed->all.ptr + fed->offset, fed->n_seen - (size_t)fed->offset };
        cut.offset = fed->offset;
        cut.state = fed->state;
        line_cut(&cut);
        CLAIM(cut.n_lines <= MAX_LINES && cut.n_consumed <= cut.bytes.len);
        CLAIM(!cut.n_lines || cut.n_consumed);
        for (size_t i = 0; i < cut.n_lines; i++)
            claim_line(fed, &lines[i]);
        fed->state = cut.state;
        fed->offset += (int64_t)cut.n_consumed;
    } while (cut.n_consumed && (size_t)fed->offset < fed->n_seen);
    CLAIM(fed->n_seen - (size_t)fed->offset <= (size_t)fed->watch->max_line_bytes + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_watch watch = { 0 };
    struct slice input = fuzz_input(data, size);
    struct fed fed = { .watch = &watch };
    unsigned random;

    watch.max_line_bytes = 1 + fuzz_cut_byte(&input) % 32;
    random = fuzz_cut_byte(&input);
    fed.all = input;
    while (fed.n_seen < fed.all.len) {
        size_t n_more = random % 9 + 1;

        random = random * 1103515245 + 12345;
        fed.n_seen += n_more < fed.all.len - fed.n_seen ? n_more : fed.all.len - fed.n_seen;
        feed(&fed, CUT_GOES_ON);
    }
    feed(&fed, CUT_OVER);
    CLAIM((size_t)fed.offset == fed.all.len && fed.place == fed.all.len);
    return 0;
}
