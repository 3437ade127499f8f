#include "src/engine/rule_test_private.h"

#include "src/base/buffer.h"

static bool stands_plain(struct slice text)
{
    static const char special[] = ",[]{}:#&*!|>'\"%@`\n\t";

    if (!text.len || text.ptr[0] == ' ' || text.ptr[0] == '-' || text.ptr[text.len - 1] == ' ' ||
        slice_has_control(text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (memchr(special, text.ptr[i], sizeof special - 1))
            return false;
    return true;
}

void rule_test_show_value(struct slice text, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    if (slice_is_absent(text))
        buffer_add_text(out, "nothing");
    else if (stands_plain(text))
        buffer_add(out, text);
    else
        json_write_text(&writer, text);
}

void rule_test_show_list(const struct slice_list *list, struct buffer *out)
{
    buffer_add_text(out, "[");
    for (size_t i = 0; i < list->n_items; i++) {
        buffer_add_text(out, i ? ", " : "");
        rule_test_show_value(list->items[i], out);
    }
    buffer_add_text(out, "]");
}

void rule_test_show_span(int64_t ms, struct buffer *out)
{
    char text[TIME_TEXT_BYTES];

    buffer_add_text(out, ms ? duration_format(ms, text) : "0m");
}

void rule_test_show_node(const struct node *node, struct buffer *out)
{
    switch (node->type) {
    case NODE_SCALAR:
        rule_test_show_value(node->is_null ? SLICE("null") : node->text, out);
        break;
    case NODE_LIST:
        buffer_add_text(out, "[");
        for (size_t i = 0; i < node->n_items; i++) {
            buffer_add_text(out, i ? ", " : "");
            rule_test_show_node(node->items[i], out);
        }
        buffer_add_text(out, "]");
        break;
    case NODE_MAP:
        buffer_add_text(out, "{");
        for (size_t i = 0; i < node->n_pairs; i++) {
            buffer_add_text(out, i ? ", " : "");
            rule_test_show_value(node->pairs[i].key, out);
            buffer_add_text(out, ": ");
            rule_test_show_node(node->pairs[i].value, out);
        }
        buffer_add_text(out, "}");
        break;
    }
}
