#include "watchers/senders/batch.h"

#include "watchers/senders/payload.h"

/* Copies of what stands around the elements, in all; beyond it they are left out. */
#define COPIES_BYTES ((size_t)16 * 1024 * 1024)

const struct json *batch_elements(const struct json *payload, const char *path)
{
    const struct json *elements = payload_at(payload, slice_of(path));

    return json_type_of(elements) == JSON_ARRAY && json_count(elements) ? elements : NULL;
}

size_t batch_count(const struct json *payload, const char *path)
{
    size_t n_elements = json_count(batch_elements(payload, path));

    return n_elements ? n_elements : 1;
}

/* All but what the path `except` leads to. */
static void write_members(const struct json *object, struct slice except,
                          struct json_writer *writer)
{
    const struct slice name = slice_cut(&except, '.');

    for (const struct json *member = json_first(object); member; member = json_next(member)) {
        bool is_on_path = slice_eq(json_name(member), name);

        if (is_on_path && !except.len)
            continue;
        json_key_slice(writer, json_name(member));
        if (!is_on_path || json_type_of(member) != JSON_OBJECT) {
            json_write_node(writer, member);
            continue;
        }
        json_object_begin(writer);
        write_members(member, except, writer);
        json_object_end(writer);
    }
}

static void write_around(const struct json *payload, const char *path, struct buffer *around)
{
    struct json_writer writer = json_writer_to(around);

    json_object_begin(&writer);
    if (json_type_of(payload) == JSON_OBJECT)
        write_members(payload, slice_of(path), &writer);
    json_object_end(&writer);
}

static enum rc make_data(const struct json *element, struct slice around, struct buffer *text,
                         struct json **data)
{
    const struct json_limits limits = { .depth = JSON_LIMITS_DEFAULT.depth + 1,
                                        .n_nodes = JSON_LIMITS_DEFAULT.n_nodes + 2 };
    struct json_writer writer = json_writer_to(text);
    struct json_fault fault;
    enum rc rc;

    buffer_clear(text);
    json_object_begin(&writer);
    if (json_type_of(element) == JSON_OBJECT)
        write_members(element, SLICE("batch"), &writer);
    json_key(&writer, "batch");
    json_write_raw(&writer, around);
    json_object_end(&writer);
    rc = buffer_rc(text);
    return rc ? rc : json_parse(buffer_slice(text), limits, data, &fault);
}

enum rc batch_read(const struct sender_delivery *delivery, const char *path,
                   enum rc (*read)(const struct sender_delivery *delivery,
                                   const struct json *element, struct event *event),
                   struct sender_events *out)
{
    const struct json *element = json_first(batch_elements(delivery->payload, path));
    struct buffer around, text;
    struct slice copied;
    enum rc rc;

    buffer_init(&around, 0);
    buffer_init(&text, 0);
    write_around(delivery->payload, path, &around);
    copied = buffer_slice(&around);
    if (copied.len > COPIES_BYTES / out->n_items)
        copied = SLICE("{\"omitted\":true}");
    rc = buffer_rc(&around);
    for (size_t i = 0; element && i < out->n_items && !rc; i++, element = json_next(element)) {
        struct json **data = &out->owned[out->n_owned];

        rc = make_data(element, copied, &text, data);
        if (rc)
            break;
        out->n_owned++;
        out->items[i].data = *data;
        rc = read(delivery, *data, &out->items[i]);
    }
    buffer_free(&text);
    buffer_free(&around);
    return rc;
}
