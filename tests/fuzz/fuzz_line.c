/* A line of anybody's log, in every format and by every way to say where its time stands: fields and data that are whole, a time
 * in its limits, or none.
 *
 * Input: a byte that picks how the time is read, then the line. */
#include "src/base/clock.h"
#include "tests/fuzz/fuzz.h"
#include "watchers/line_format.h"
#include "watchers/line_time.h"

#define REFERENCE_MS INT64_C(1795946400000) /* 2026-11-29T10:00:00Z */
#define YEAR_10000_MS INT64_C(253402300800000)

static const char *const specs[] = {
    "time: {zone: UTC}",
    "time: {zone: Europe/Berlin}",
    "time: {zone: UTC, format: '%d/%b/%Y:%H:%M:%S %z'}",
    "time: {zone: UTC, format: '%A %e %B %y %I:%M:%S.%L %p %Z'}",
    "time: {zone: America/New_York, format: '%Y %j %T'}",
    "time: {zone: UTC, format: '%b %d %T', match: '/^<\\d+>(?<time>[^\\]]*)/'}",
    "time: {zone: UTC, match: '/at (?<time>.*)/'}",
    "time: {zone: UTC, field: ctx.ts, format: '%s'}",
    "time: {zone: UTC, field: 'a[0]'}",
    "time: received",
};
#define N_SPECS (sizeof specs / sizeof *specs)

static struct line_time *read_spec(const char *text, struct arena *arena)
{
    struct problems *problems = NULL;
    struct line_time *spec = NULL;
    struct node *root = NULL;

    CLAIM(problems_new(&problems) == RC_OK);
    CLAIM(document_parse(SLICE("x.yaml"), slice_of(text), arena, problems, &root) == RC_OK);
    CLAIM(line_time_read(node_find(root, "time"), arena, problems, &spec) == RC_OK);
    problems_free(problems);
    return spec;
}

static const struct line_time *spec_at(size_t i)
{
    static struct line_time *read[N_SPECS];
    static struct arena *arena;

    if (!arena) {
        arena = fuzz_arena();
        for (size_t at = 0; at < N_SPECS; at++)
            read[at] = read_spec(specs[at], arena);
    }
    return read[i];
}

static void claim_time(const struct line_time *spec, struct slice line, const struct json *data)
{
    static struct pattern_scratch *scratch;
    int64_t time_ms = -1;
    enum rc rc;

    if (!scratch)
        CLAIM(pattern_scratch_new(&scratch) == RC_OK);
    rc = line_time_find(spec, line, data, REFERENCE_MS, scratch, &time_ms);
    CLAIM(rc == RC_OK || rc == RC_NOT_FOUND);
    if (rc == RC_OK)
        CLAIM(time_ms >= 0 && time_ms < YEAR_10000_MS);
}

static void claim_event(const struct event *event)
{
    struct json_writer writer;
    struct buffer out;

    for (int i = 0; i < EVENT_N_FIELDS; i++) {
        if (i != FIELD_TEXT)
            CLAIM(event->fields[i].len <= 1024 &&
                  (i == FIELD_TITLE || slice_is_utf8(event->fields[i])));
    }
    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    event_write_json(event, &writer);
    CLAIM(buffer_rc(&out) == RC_OK);
    buffer_free(&out);
}

static void try_format(enum line_format format, struct slice line, const struct line_time *spec)
{
    struct event event = { .fields = { [FIELD_TEXT] = line } };
    struct arena *arena = fuzz_arena();
    struct json *tree = NULL;
    bool is_of_format = false;

    CLAIM(line_format_read(format, arena, &event, &tree, &is_of_format) == RC_OK);
    CLAIM(slice_eq(event.fields[FIELD_TEXT], line) && event.data == tree);
    CLAIM(!tree || (is_of_format && json_type_of(tree) == JSON_OBJECT));
    CLAIM(is_of_format || slice_is_absent(event.fields[FIELD_SEVERITY]));
    claim_event(&event);
    claim_time(spec, line, tree);
    json_free(tree);
    arena_free(arena);
}

/* A format that is accepted may be anything's: it reads any line. */
static void try_option(struct slice line)
{
    struct slice rest = line, form = slice_cut(&rest, '\n');
    struct arena *arena = fuzz_arena();
    struct line_time *spec = NULL;
    const char *why;

    if (line_time_of_option(form, arena, &spec, &why) == RC_OK)
        claim_time(spec, rest, NULL);
    line_time_free(spec);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice line = fuzz_input(data, size);
    const struct line_time *spec = spec_at(fuzz_cut_byte(&line) % N_SPECS);

    for (int format = LINE_TEXT; format <= LINE_SYSLOG; format++)
        try_format((enum line_format)format, line, spec);
    if (slice_starts(line, SLICE("%")))
        try_option(line);
    return 0;
}
