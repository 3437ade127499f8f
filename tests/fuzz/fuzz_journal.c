/* What journalctl prints, or anybody else: an event whose text and title are in their limits, and beginnings of lines that stay whole where they were.
 *
 * Input: two bytes that say where the line is cut, then the line. */
#include "tests/fuzz/fuzz.h"
#include "watchers/journal_line.h"

static void claim_event(struct slice text, struct arena *arena)
{
    struct journal_glance glance;
    const struct journal_watch watch = { .name = SLICE("x") };
    const struct log_line line = { .text = text };
    struct json *tree = NULL;
    struct event event;

    CLAIM(journal_line_event(&watch, &line, 1, arena, &event, &tree) == RC_OK);
    CLAIM(journal_line_glance(text, arena, &glance) == RC_OK);
    /* A prefilter sees what the rules see. */
    CLAIM(slice_eq(glance.text, event.fields[FIELD_TEXT]));
    CLAIM(event.data == tree);
    CLAIM(event.time_ms > 0);
    CLAIM(!slice_is_absent(event.fields[FIELD_TEXT]));
    CLAIM(event.fields[FIELD_TEXT].len <= (size_t)LOG_MAX_LINE_BYTES);
    for (size_t i = 0; i < EVENT_N_FIELDS; i++)
        CLAIM(i == FIELD_TEXT || i == FIELD_TITLE || slice_is_utf8(event.fields[i]));
    json_free(tree);
}

/* A mended line is mended already. */
static void claim_mended(struct slice beginning)
{
    struct buffer once, twice;

    buffer_init(&once, 0);
    buffer_init(&twice, 0);
    journal_line_mend(beginning, &once);
    CLAIM(buffer_slice(&once).len <= beginning.len + 2);
    journal_line_mend(buffer_slice(&once), &twice);
    CLAIM(slice_eq(buffer_slice(&once), buffer_slice(&twice)));
    buffer_free(&once);
    buffer_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct slice line, cursor;
    size_t n_kept;

    if (size < 3)
        return 0;
    if (!arena)
        arena = fuzz_arena();
    arena_reset(arena);
    line = (struct slice){ (const char *)data + 2, size - 2 };
    n_kept = 1 + ((size_t)data[0] << 8 | data[1]) % line.len;
    claim_event(line, arena);
    claim_mended((struct slice){ line.ptr, n_kept });
    if (journal_line_cursor(line, &cursor) == RC_OK)
        CLAIM(cursor.len > 0 && cursor.len < JOURNAL_CURSOR_BYTES);
    return 0;
}
