#include "watchers/line_cut.h"

#include <string.h>

#define BYTE_ORDER_MARK SLICE("\xef\xbb\xbf")
#define COUNT_LANES 32
#define COUNT_BYTES (COUNT_LANES * UINT8_MAX)

/* The line that begins at a place. */
struct piece {
    size_t begin;
    size_t text_end; /* without the end of line, and not longer than may be */
    size_t next;     /* where the one after it begins */
    bool is_whole;   /* its LF is there */
    bool is_cut;
};

/* The event that lines are put together to. */
struct gathering {
    size_t begin, text_end, next;
    enum cut_state after; /* where its last line leaves off */
    int64_t n_lines;
    bool is_cut, is_partial;
};

static bool find_piece(const struct line_cut *cut, size_t begin, struct piece *piece)
{
    const char *start = cut->bytes.ptr + begin;
    size_t n_left = cut->bytes.len - begin;
    size_t max_bytes = (size_t)cut->watch->max_line_bytes;
    const char *lf = n_left ? memchr(start, '\n', n_left) : NULL;
    size_t len = lf ? (size_t)(lf - start) : n_left;

    bool ends_in_cr = len && start[len - 1] == '\r';
    /* A CR at the end may be half of an end of line. */
    size_t text_len = len - (ends_in_cr && (lf || len == max_bytes + 1));

    *piece = (struct piece){ .begin = begin, .next = begin + len + (lf ? 1 : 0), .is_whole = lf };
    piece->is_cut = text_len > max_bytes;
    piece->text_end = begin + (piece->is_cut ? max_bytes : text_len);
    return n_left > 0;
}

static struct slice text_at(struct slice bytes, int64_t offset, size_t begin, size_t end)
{
    struct slice text = { bytes.ptr + begin, end - begin };

    if (offset + (int64_t)begin == 0 && slice_starts(text, BYTE_ORDER_MARK))
        text = (struct slice){ text.ptr + 3, text.len - 3 };
    return text;
}

static struct slice text_of(const struct line_cut *cut, size_t begin, size_t end)
{
    return text_at(cut->bytes, cut->offset, begin, end);
}

static void tell(struct line_cut *cut, struct gathering *gathering)
{
    if (!gathering->n_lines)
        return;
    cut->lines[cut->n_lines++] =
        (struct log_line){ .offset = cut->offset + (int64_t)gathering->begin,
                           .is_truncated = gathering->is_cut,
                           .is_partial = gathering->is_partial,
                           .text = text_of(cut, gathering->begin, gathering->text_end) };
    cut->n_consumed = gathering->next;
    cut->state = gathering->after;
    *gathering = (struct gathering){ 0 };
}

static bool is_multiline(const struct line_cut *cut)
{
    return cut->watch->multiline.first || cut->watch->multiline.continuation;
}

/* Does the line begin an event? A pattern that ran into its limit does not tell: the line stands for itself. */
static bool begins_event(const struct line_cut *cut, const struct piece *piece)
{
    const struct multiline *multiline = &cut->watch->multiline;
    struct slice text = text_of(cut, piece->begin, piece->text_end);

    if (multiline->first)
        return pattern_search(multiline->first, text, cut->scratch) != PATTERN_NO_MATCH;
    if (multiline->continuation)
        return pattern_search(multiline->continuation, text, cut->scratch) != PATTERN_MATCH;
    return true;
}

static bool has_room(const struct line_cut *cut, const struct gathering *gathering,
                     const struct piece *piece)
{
    const struct multiline *multiline = &cut->watch->multiline;

    return gathering->n_lines < multiline->max_lines && !gathering->is_cut &&
           (int64_t)(piece->text_end - gathering->begin) <= multiline->max_bytes;
}

static void gather(struct line_cut *cut, struct gathering *gathering, const struct piece *piece)
{
    bool begins = begins_event(cut, piece);
    bool is_overflow = gathering->n_lines && !begins && !has_room(cut, gathering, piece);

    if (begins || is_overflow)
        tell(cut, gathering);
    if (!gathering->n_lines) {
        gathering->begin = piece->begin;
        gathering->is_partial = is_overflow || cut->state == CUT_WITHIN_LINE;
    }
    gathering->text_end = piece->text_end;
    gathering->next = piece->next;
    gathering->n_lines++;
    gathering->is_cut |= piece->is_cut;
    gathering->is_partial |= !piece->is_whole && !piece->is_cut;
    cut->n_cut += piece->is_cut;
    gathering->after = piece->is_whole ? CUT_AT_LINE
                       : piece->is_cut ? CUT_SKIPPING
                                       : CUT_WITHIN_LINE;
}

/* A line without its end is told where it is too long anyhow, or where nobody waits for it any longer. */
static bool may_tell(const struct line_cut *cut, const struct piece *piece)
{
    return piece->is_whole || piece->is_cut || cut->end == CUT_OVER;
}

/* What was too long, or the end of a line whose text was all told. */
static void pass_over(struct line_cut *cut)
{
    struct piece piece;
    bool is_rest =
        find_piece(cut, 0, &piece) &&
        (cut->state == CUT_SKIPPING ||
         (cut->state == CUT_WITHIN_LINE && piece.is_whole && piece.text_end == piece.begin));

    if (!is_rest)
        return;
    cut->n_consumed = piece.next;
    if (piece.is_whole)
        cut->state = CUT_AT_LINE;
}

void line_cut(struct line_cut *cut)
{
    struct gathering gathering = { 0 };
    bool is_over = false;
    struct piece piece;
    size_t begin;

    cut->n_lines = cut->n_consumed = cut->n_cut = cut->n_last_line = 0;
    pass_over(cut);
    if (cut->state == CUT_SKIPPING)
        return;
    begin = cut->n_consumed;
    /* One place is kept for what is being gathered. */
    while (cut->n_lines + 1 < cut->n_max && !(is_over = !find_piece(cut, begin, &piece))) {
        if (!may_tell(cut, &piece)) {
            cut->n_last_line = piece.next - piece.begin;
            is_over = true;
            break;
        }
        gather(cut, &gathering, &piece);
        begin = piece.next;
        if (!is_multiline(cut) || !piece.is_whole)
            tell(cut, &gathering);
    }
    if (cut->end != CUT_GOES_ON && is_over)
        tell(cut, &gathering);
}

/* -- lines that nobody has to list -- */

/* In small pieces, whose counts are bytes: compilers make it several bytes at a time. */
static size_t count_line_ends(struct slice bytes)
{
    size_t n_lines = 0;

    for (size_t i = 0; i < bytes.len;) {
        size_t end = bytes.len - i < COUNT_BYTES ? bytes.len : i + COUNT_BYTES;
        uint8_t counts[COUNT_LANES] = { 0 };

        for (; i + COUNT_LANES <= end; i += COUNT_LANES)
            for (size_t lane = 0; lane < COUNT_LANES; lane++)
                counts[lane] = (uint8_t)(counts[lane] + (bytes.ptr[i + lane] == '\n'));
        for (; i < end; i++)
            n_lines += bytes.ptr[i] == '\n';
        for (size_t lane = 0; lane < COUNT_LANES; lane++)
            n_lines += counts[lane];
    }
    return n_lines;
}

/* Each step goes as far as a line may be long, and back to the last line end before. */
static bool has_long_line(struct slice bytes, size_t max_bytes)
{
    size_t begin = 0;

    while (bytes.len - begin > max_bytes) {
        const char *lf = memrchr(bytes.ptr + begin, '\n', max_bytes + 1);

        if (!lf)
            return true;
        begin = (size_t)(lf - bytes.ptr) + 1;
    }
    return false;
}

bool line_cut_whole(struct line_cut *cut)
{
    const char *lf = cut->bytes.len ? memrchr(cut->bytes.ptr, '\n', cut->bytes.len) : NULL;
    struct slice whole = { cut->bytes.ptr, lf ? (size_t)(lf - cut->bytes.ptr) + 1 : 0 };

    if (!lf || cut->state != CUT_AT_LINE || is_multiline(cut) ||
        has_long_line(whole, (size_t)cut->watch->max_line_bytes))
        return false;
    cut->n_consumed = whole.len;
    cut->n_lines = count_line_ends(whole);
    cut->n_cut = cut->n_last_line = 0;
    return true;
}

struct log_line line_at(struct slice bytes, int64_t offset, size_t begin)
{
    const char *lf = memchr(bytes.ptr + begin, '\n', bytes.len - begin);
    size_t end = lf ? (size_t)(lf - bytes.ptr) : bytes.len;

    if (end > begin && bytes.ptr[end - 1] == '\r')
        end--;
    return (struct log_line){ .offset = offset + (int64_t)begin,
                              .text = text_at(bytes, offset, begin, end) };
}
