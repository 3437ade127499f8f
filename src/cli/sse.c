#include "src/cli/sse.h"

#define LINE_BYTES ((size_t)1 << 20)
#define ID_BYTES 256

void sse_init(struct sse *sse,
              bool (*on_event)(void *context, struct slice name, struct slice data), void *context)
{
    *sse = (struct sse){ .on_event = on_event, .context = context };
    buffer_init(&sse->line, LINE_BYTES);
    buffer_init(&sse->name, ID_BYTES);
    buffer_init(&sse->data, LINE_BYTES);
    buffer_init(&sse->id, ID_BYTES);
}

void sse_free(struct sse *sse)
{
    buffer_free(&sse->line);
    buffer_free(&sse->name);
    buffer_free(&sse->data);
    buffer_free(&sse->id);
}

void sse_restart(struct sse *sse)
{
    buffer_clear(&sse->line);
    buffer_clear(&sse->name);
    buffer_clear(&sse->data);
    sse->after_cr = false;
}

static bool end_event(struct sse *sse)
{
    bool goes_on = true;

    if (sse->data.len)
        goes_on = sse->on_event(sse->context, buffer_slice(&sse->name), buffer_slice(&sse->data));
    buffer_clear(&sse->name);
    buffer_clear(&sse->data);
    return goes_on;
}

static void set(struct buffer *buffer, struct slice value)
{
    buffer_clear(buffer);
    buffer_add(buffer, value);
}

static bool end_line(struct sse *sse)
{
    struct slice value = buffer_slice(&sse->line);
    struct slice field;

    if (!value.len)
        return end_event(sse);
    field = slice_cut(&value, ':');
    if (value.len && value.ptr[0] == ' ')
        value = (struct slice){ value.ptr + 1, value.len - 1 };
    if (slice_eq(field, SLICE("event")))
        set(&sse->name, value);
    else if (slice_eq(field, SLICE("id")))
        set(&sse->id, value);
    else if (slice_eq(field, SLICE("data"))) {
        if (sse->data.len)
            buffer_add_byte(&sse->data, '\n');
        buffer_add(&sse->data, value);
    }
    buffer_clear(&sse->line);
    return !sse->data.failed;
}

bool sse_take(struct sse *sse, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.ptr[i];
        bool ends = c == '\r' || (c == '\n' && !sse->after_cr);

        sse->after_cr = c == '\r';
        if (ends && !end_line(sse))
            return false;
        if (!ends && c != '\n')
            buffer_add_byte(&sse->line, c);
        if (sse->line.failed)
            return false;
    }
    return true;
}
